module {
  func.func @compiled(%arg0: tensor<2048x1024xf32> {numpy.name = "x"}, %arg1: tensor<1024x1024xf32> {numpy.name = "a"}, %arg2: tensor<1024xf32> {numpy.name = "p"}, %arg3: tensor<1024x1024xf32> {numpy.name = "b"}, %arg4: tensor<1024xf32> {numpy.name = "q"}, %arg5: tensor<1024x256xf32> {numpy.name = "c"}, %arg6: tensor<256xf32> {numpy.name = "r"}) -> tensor<2048x256xf32> {
    %0 = numpy.matmul %arg0, %arg1 : tensor<2048x1024xf32>, tensor<1024x1024xf32> -> tensor<2048x1024xf32>
    %1 = numpy.add %0, %arg2 : tensor<2048x1024xf32>, tensor<1024xf32> -> tensor<2048x1024xf32>
    %2 = numpy.constant dense<0.000000e+00> : tensor<f32>
    %3 = numpy.maximum %1, %2 : tensor<2048x1024xf32>, tensor<f32> -> tensor<2048x1024xf32>
    %4 = numpy.matmul %3, %arg3 : tensor<2048x1024xf32>, tensor<1024x1024xf32> -> tensor<2048x1024xf32>
    %5 = numpy.add %4, %arg4 : tensor<2048x1024xf32>, tensor<1024xf32> -> tensor<2048x1024xf32>
    %6 = numpy.constant dense<0.000000e+00> : tensor<f32>
    %7 = numpy.maximum %5, %6 : tensor<2048x1024xf32>, tensor<f32> -> tensor<2048x1024xf32>
    %8 = numpy.matmul %7, %arg5 : tensor<2048x1024xf32>, tensor<1024x256xf32> -> tensor<2048x256xf32>
    %9 = numpy.add %8, %arg6 : tensor<2048x256xf32>, tensor<256xf32> -> tensor<2048x256xf32>
    return %9 : tensor<2048x256xf32>
  }
}
