module {
  func.func @compiled(%arg0: tensor<4096x1024xf32> {numpy.name = "x"}) -> tensor<4096x1024xf32> {
    %0 = numpy.constant dense<5.000000e-01> : tensor<f32>
    %1 = numpy.multiply %0, %arg0 : tensor<f32>, tensor<4096x1024xf32> -> tensor<4096x1024xf32>
    %2 = numpy.constant dense<3.000000e+00> : tensor<f32>
    %3 = numpy.power %arg0, %2 : tensor<4096x1024xf32>, tensor<f32> -> tensor<4096x1024xf32>
    %4 = numpy.constant dense<4.471500e-02> : tensor<f32>
    %5 = numpy.multiply %4, %3 : tensor<f32>, tensor<4096x1024xf32> -> tensor<4096x1024xf32>
    %6 = numpy.add %arg0, %5 : tensor<4096x1024xf32>, tensor<4096x1024xf32> -> tensor<4096x1024xf32>
    %7 = numpy.constant dense<0.797884583> : tensor<f32>
    %8 = numpy.multiply %7, %6 : tensor<f32>, tensor<4096x1024xf32> -> tensor<4096x1024xf32>
    %9 = numpy.tanh %8 : tensor<4096x1024xf32> -> tensor<4096x1024xf32>
    %10 = numpy.constant dense<1.000000e+00> : tensor<f32>
    %11 = numpy.add %10, %9 : tensor<f32>, tensor<4096x1024xf32> -> tensor<4096x1024xf32>
    %12 = numpy.multiply %1, %11 : tensor<4096x1024xf32>, tensor<4096x1024xf32> -> tensor<4096x1024xf32>
    return %12 : tensor<4096x1024xf32>
  }
}
