module {
  func.func @compiled(%arg0: tensor<10000000xf64> {numpy.name = "x"}, %arg1: tensor<i1> {numpy.name = "width"}) -> tensor<9999951xf64> {
    %0 = numpy.cumsum %arg0 : tensor<10000000xf64> -> tensor<10000000xf64>
    %1 = numpy.constant dense<0.000000e+00> : tensor<f64>
    %2 = numpy.full %1 shape [9999951] : tensor<f64> -> tensor<9999951xf64>
    %3 = numpy.slice %0[49] : tensor<10000000xf64> -> tensor<f64>
    %4 = numpy.set_slice %2[0], %3 : tensor<9999951xf64>, tensor<f64> -> tensor<9999951xf64>
    %5 = numpy.slice %0[50:] : tensor<10000000xf64> -> tensor<9999950xf64>
    %6 = numpy.slice %0[:-50] : tensor<10000000xf64> -> tensor<9999950xf64>
    %7 = numpy.slice %0[50:] : tensor<10000000xf64> -> tensor<9999950xf64>
    %8 = numpy.slice %0[:-50] : tensor<10000000xf64> -> tensor<9999950xf64>
    %9 = numpy.subtract %7, %8 : tensor<9999950xf64>, tensor<9999950xf64> -> tensor<9999950xf64>
    %10 = numpy.set_slice %4[1:], %9 : tensor<9999951xf64>, tensor<9999950xf64> -> tensor<9999951xf64>
    %11 = numpy.constant dense<5.000000e+01> : tensor<f64>
    %12 = numpy.divide %10, %11 : tensor<9999951xf64>, tensor<f64> -> tensor<9999951xf64>
    return %12 : tensor<9999951xf64>
  }
}
