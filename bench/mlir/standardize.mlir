module {
  func.func @compiled(%arg0: tensor<200000x32xf64> {numpy.name = "x"}) -> tensor<200000x32xf64> {
    %0 = numpy.mean %arg0 axes [0] : tensor<200000x32xf64> -> tensor<32xf64>
    %1 = numpy.subtract %arg0, %0 : tensor<200000x32xf64>, tensor<32xf64> -> tensor<200000x32xf64>
    %2 = numpy.std %arg0 axes [0] : tensor<200000x32xf64> -> tensor<32xf64>
    %3 = numpy.divide %1, %2 : tensor<200000x32xf64>, tensor<32xf64> -> tensor<200000x32xf64>
    return %3 : tensor<200000x32xf64>
  }
}
