module {
  func.func @compiled(%arg0: tensor<10000000xf32> {numpy.name = "x"}, %arg1: tensor<f32> {numpy.name = "a"}, %arg2: tensor<f32> {numpy.name = "b"}, %arg3: tensor<f32> {numpy.name = "c"}) -> tensor<10000000xf32> {
    %0 = numpy.negative %arg0 : tensor<10000000xf32> -> tensor<10000000xf32>
    %1 = numpy.multiply %0, %arg0 : tensor<10000000xf32>, tensor<10000000xf32> -> tensor<10000000xf32>
    %2 = numpy.exp %1 : tensor<10000000xf32> -> tensor<10000000xf32>
    %3 = numpy.multiply %arg1, %2 : tensor<f32>, tensor<10000000xf32> -> tensor<10000000xf32>
    %4 = numpy.multiply %arg2, %arg0 : tensor<f32>, tensor<10000000xf32> -> tensor<10000000xf32>
    %5 = numpy.add %3, %4 : tensor<10000000xf32>, tensor<10000000xf32> -> tensor<10000000xf32>
    %6 = numpy.add %5, %arg3 : tensor<10000000xf32>, tensor<f32> -> tensor<10000000xf32>
    return %6 : tensor<10000000xf32>
  }
}
