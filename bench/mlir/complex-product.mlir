module {
  func.func @compiled(%arg0: tensor<10000000xcomplex<f64>> {numpy.name = "z"}, %arg1: tensor<10000000xcomplex<f64>> {numpy.name = "w"}) -> tensor<10000000xcomplex<f64>> {
    %0 = numpy.multiply %arg0, %arg1 : tensor<10000000xcomplex<f64>>, tensor<10000000xcomplex<f64>> -> tensor<10000000xcomplex<f64>>
    %1 = numpy.conjugate %arg0 : tensor<10000000xcomplex<f64>> -> tensor<10000000xcomplex<f64>>
    %2 = numpy.constant dense<(2.000000e+00,0.000000e+00)> : tensor<complex<f64>>
    %3 = numpy.divide %1, %2 : tensor<10000000xcomplex<f64>>, tensor<complex<f64>> -> tensor<10000000xcomplex<f64>>
    %4 = numpy.add %0, %3 : tensor<10000000xcomplex<f64>>, tensor<10000000xcomplex<f64>> -> tensor<10000000xcomplex<f64>>
    return %4 : tensor<10000000xcomplex<f64>>
  }
}
