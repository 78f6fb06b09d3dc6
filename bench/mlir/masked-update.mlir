module {
  func.func @compiled(%arg0: tensor<10000000xf64> {numpy.name = "x"}, %arg1: tensor<10000000xf64> {numpy.name = "y"}) -> tensor<10000000xf64> {
    %0 = numpy.constant dense<0.000000e+00> : tensor<f64>
    %1 = numpy.greater %arg1, %0 : tensor<10000000xf64>, tensor<f64> -> tensor<10000000xi1>
    %2 = numpy.index %arg1[array %1] : tensor<10000000xf64>, tensor<10000000xi1> -> tensor<?xf64>
    %3 = numpy.sqrt %2 : tensor<?xf64> -> tensor<?xf64>
    %4 = numpy.set_index %arg0[array %1], %3 : tensor<10000000xf64>, tensor<?xf64>, tensor<10000000xi1> -> tensor<10000000xf64>
    return %4 : tensor<10000000xf64>
  }
}
