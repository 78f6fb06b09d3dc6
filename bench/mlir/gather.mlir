module {
  func.func @compiled(%arg0: tensor<100000xf64> {numpy.name = "table"}, %arg1: tensor<10000000xi64> {numpy.name = "labels"}, %arg2: tensor<10000000xf64> {numpy.name = "weights"}) -> tensor<10000000xf64> {
    %0 = numpy.index %arg0[array %arg1] : tensor<100000xf64>, tensor<10000000xi64> -> tensor<10000000xf64>
    %1 = numpy.multiply %0, %arg2 : tensor<10000000xf64>, tensor<10000000xf64> -> tensor<10000000xf64>
    return %1 : tensor<10000000xf64>
  }
}
