module {
  func.func @compiled(%arg0: tensor<2160x3840x3xui8> {numpy.name = "image"}) -> tensor<2160x3840xui8> {
    %0 = numpy.slice %arg0[:, :, 0] : tensor<2160x3840x3xui8> -> tensor<2160x3840xui8>
    %1 = numpy.constant dense<2.990000e-01> : tensor<f64>
    %2 = numpy.slice %arg0[:, :, 0] : tensor<2160x3840x3xui8> -> tensor<2160x3840xui8>
    %3 = numpy.cast %2 : tensor<2160x3840xui8> -> tensor<2160x3840xf64>
    %4 = numpy.multiply %1, %3 : tensor<f64>, tensor<2160x3840xf64> -> tensor<2160x3840xf64>
    %5 = numpy.slice %arg0[:, :, 1] : tensor<2160x3840x3xui8> -> tensor<2160x3840xui8>
    %6 = numpy.constant dense<5.870000e-01> : tensor<f64>
    %7 = numpy.slice %arg0[:, :, 1] : tensor<2160x3840x3xui8> -> tensor<2160x3840xui8>
    %8 = numpy.cast %7 : tensor<2160x3840xui8> -> tensor<2160x3840xf64>
    %9 = numpy.multiply %6, %8 : tensor<f64>, tensor<2160x3840xf64> -> tensor<2160x3840xf64>
    %10 = numpy.add %4, %9 : tensor<2160x3840xf64>, tensor<2160x3840xf64> -> tensor<2160x3840xf64>
    %11 = numpy.slice %arg0[:, :, 2] : tensor<2160x3840x3xui8> -> tensor<2160x3840xui8>
    %12 = numpy.constant dense<1.140000e-01> : tensor<f64>
    %13 = numpy.slice %arg0[:, :, 2] : tensor<2160x3840x3xui8> -> tensor<2160x3840xui8>
    %14 = numpy.cast %13 : tensor<2160x3840xui8> -> tensor<2160x3840xf64>
    %15 = numpy.multiply %12, %14 : tensor<f64>, tensor<2160x3840xf64> -> tensor<2160x3840xf64>
    %16 = numpy.add %10, %15 : tensor<2160x3840xf64>, tensor<2160x3840xf64> -> tensor<2160x3840xf64>
    %17 = numpy.constant dense<5.000000e-01> : tensor<f64>
    %18 = numpy.add %16, %17 : tensor<2160x3840xf64>, tensor<f64> -> tensor<2160x3840xf64>
    %19 = numpy.constant dense<0.000000e+00> : tensor<f64>
    %20 = numpy.constant dense<2.550000e+02> : tensor<f64>
    %21 = numpy.clip %18, %19, %20 : tensor<2160x3840xf64>, tensor<f64>, tensor<f64> -> tensor<2160x3840xf64>
    %22 = numpy.cast %21 : tensor<2160x3840xf64> -> tensor<2160x3840xui8>
    return %22 : tensor<2160x3840xui8>
  }
}
