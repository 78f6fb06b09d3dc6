module {
  func.func @compiled(%arg0: tensor<8x512x64xf32> {numpy.name = "q"}, %arg1: tensor<8x512x64xf32> {numpy.name = "k"}, %arg2: tensor<8x512x64xf32> {numpy.name = "v"}) -> tensor<8x512x64xf32> {
    %0 = numpy.transpose %arg1 axes [0, 2, 1] : tensor<8x512x64xf32> -> tensor<8x64x512xf32>
    %1 = numpy.transpose %arg1 axes [0, 2, 1] : tensor<8x512x64xf32> -> tensor<8x64x512xf32>
    %2 = numpy.matmul %arg0, %1 : tensor<8x512x64xf32>, tensor<8x64x512xf32> -> tensor<8x512x512xf32>
    %3 = numpy.constant dense<8.000000e+00> : tensor<f32>
    %4 = numpy.divide %2, %3 : tensor<8x512x512xf32>, tensor<f32> -> tensor<8x512x512xf32>
    %5 = numpy.max %4 axes [-1] keepdims : tensor<8x512x512xf32> -> tensor<8x512x1xf32>
    %6 = numpy.subtract %4, %5 : tensor<8x512x512xf32>, tensor<8x512x1xf32> -> tensor<8x512x512xf32>
    %7 = numpy.exp %6 : tensor<8x512x512xf32> -> tensor<8x512x512xf32>
    %8 = numpy.sum %7 axes [-1] keepdims : tensor<8x512x512xf32> -> tensor<8x512x1xf32>
    %9 = numpy.divide %7, %8 : tensor<8x512x512xf32>, tensor<8x512x1xf32> -> tensor<8x512x512xf32>
    %10 = numpy.set_slice %7[:, :, :], %9 : tensor<8x512x512xf32>, tensor<8x512x512xf32> -> tensor<8x512x512xf32>
    %11 = numpy.matmul %10, %arg2 : tensor<8x512x512xf32>, tensor<8x512x64xf32> -> tensor<8x512x64xf32>
    return %11 : tensor<8x512x64xf32>
  }
}
