module {
  func.func @compiled(%arg0: tensor<4096x1024xf32> {numpy.name = "x"}, %arg1: tensor<1024xf32> {numpy.name = "gain"}, %arg2: tensor<1024xf32> {numpy.name = "shift"}) -> tensor<4096x1024xf32> {
    %0 = numpy.mean %arg0 axes [-1] keepdims : tensor<4096x1024xf32> -> tensor<4096x1xf32>
    %1 = numpy.var %arg0 axes [-1] keepdims : tensor<4096x1024xf32> -> tensor<4096x1xf32>
    %2 = numpy.subtract %arg0, %0 : tensor<4096x1024xf32>, tensor<4096x1xf32> -> tensor<4096x1024xf32>
    %3 = numpy.constant dense<9.99999974E-6> : tensor<f32>
    %4 = numpy.add %1, %3 : tensor<4096x1xf32>, tensor<f32> -> tensor<4096x1xf32>
    %5 = numpy.sqrt %4 : tensor<4096x1xf32> -> tensor<4096x1xf32>
    %6 = numpy.divide %2, %5 : tensor<4096x1024xf32>, tensor<4096x1xf32> -> tensor<4096x1024xf32>
    %7 = numpy.multiply %6, %arg1 : tensor<4096x1024xf32>, tensor<1024xf32> -> tensor<4096x1024xf32>
    %8 = numpy.add %7, %arg2 : tensor<4096x1024xf32>, tensor<1024xf32> -> tensor<4096x1024xf32>
    return %8 : tensor<4096x1024xf32>
  }
}
