module {
  func.func @compiled(%arg0: tensor<10000000xf64> {numpy.name = "x"}, %arg1: tensor<f64> {numpy.name = "a"}, %arg2: tensor<f64> {numpy.name = "b"}, %arg3: tensor<f64> {numpy.name = "c"}) -> tensor<10000000xf64> {
    %0 = numpy.negative %arg0 : tensor<10000000xf64> -> tensor<10000000xf64>
    %1 = numpy.multiply %0, %arg0 : tensor<10000000xf64>, tensor<10000000xf64> -> tensor<10000000xf64>
    %2 = numpy.exp %1 : tensor<10000000xf64> -> tensor<10000000xf64>
    %3 = numpy.multiply %arg1, %2 : tensor<f64>, tensor<10000000xf64> -> tensor<10000000xf64>
    %4 = numpy.multiply %arg2, %arg0 : tensor<f64>, tensor<10000000xf64> -> tensor<10000000xf64>
    %5 = numpy.add %3, %4 : tensor<10000000xf64>, tensor<10000000xf64> -> tensor<10000000xf64>
    %6 = numpy.add %5, %arg3 : tensor<10000000xf64>, tensor<f64> -> tensor<10000000xf64>
    return %6 : tensor<10000000xf64>
  }
}
