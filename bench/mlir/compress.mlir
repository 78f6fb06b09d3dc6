module {
  func.func @compiled(%arg0: tensor<10000000xf64> {numpy.name = "x"}) -> tensor<?xf64> {
    %0 = numpy.constant dense<5.000000e-01> : tensor<f64>
    %1 = numpy.greater %arg0, %0 : tensor<10000000xf64>, tensor<f64> -> tensor<10000000xi1>
    %2 = numpy.index %arg0[array %1] : tensor<10000000xf64>, tensor<10000000xi1> -> tensor<?xf64>
    %3 = numpy.constant dense<2.000000e+00> : tensor<f64>
    %4 = numpy.multiply %3, %2 : tensor<f64>, tensor<?xf64> -> tensor<?xf64>
    return %4 : tensor<?xf64>
  }
}
