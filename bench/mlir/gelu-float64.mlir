module {
  func.func @compiled(%arg0: tensor<4096x1024xf64> {numpy.name = "x"}) -> tensor<4096x1024xf64> {
    %0 = numpy.constant dense<5.000000e-01> : tensor<f64>
    %1 = numpy.multiply %0, %arg0 : tensor<f64>, tensor<4096x1024xf64> -> tensor<4096x1024xf64>
    %2 = numpy.constant dense<3.000000e+00> : tensor<f64>
    %3 = numpy.power %arg0, %2 : tensor<4096x1024xf64>, tensor<f64> -> tensor<4096x1024xf64>
    %4 = numpy.constant dense<4.471500e-02> : tensor<f64>
    %5 = numpy.multiply %4, %3 : tensor<f64>, tensor<4096x1024xf64> -> tensor<4096x1024xf64>
    %6 = numpy.add %arg0, %5 : tensor<4096x1024xf64>, tensor<4096x1024xf64> -> tensor<4096x1024xf64>
    %7 = numpy.constant dense<0.79788456080000003> : tensor<f64>
    %8 = numpy.multiply %7, %6 : tensor<f64>, tensor<4096x1024xf64> -> tensor<4096x1024xf64>
    %9 = numpy.tanh %8 : tensor<4096x1024xf64> -> tensor<4096x1024xf64>
    %10 = numpy.constant dense<1.000000e+00> : tensor<f64>
    %11 = numpy.add %10, %9 : tensor<f64>, tensor<4096x1024xf64> -> tensor<4096x1024xf64>
    %12 = numpy.multiply %1, %11 : tensor<4096x1024xf64>, tensor<4096x1024xf64> -> tensor<4096x1024xf64>
    return %12 : tensor<4096x1024xf64>
  }
}
