module {
  func.func @compiled(%arg0: tensor<200000x16xf64> {numpy.name = "x"}, %arg1: tensor<64x16xf64> {numpy.name = "centres"}) -> tensor<200000xi64> {
    %0 = numpy.slice %arg0[:, newaxis, :] : tensor<200000x16xf64> -> tensor<200000x1x16xf64>
    %1 = numpy.slice %arg1[newaxis, :, :] : tensor<64x16xf64> -> tensor<1x64x16xf64>
    %2 = numpy.slice %arg0[:, newaxis, :] : tensor<200000x16xf64> -> tensor<200000x1x16xf64>
    %3 = numpy.slice %arg1[newaxis, :, :] : tensor<64x16xf64> -> tensor<1x64x16xf64>
    %4 = numpy.subtract %2, %3 : tensor<200000x1x16xf64>, tensor<1x64x16xf64> -> tensor<200000x64x16xf64>
    %5 = numpy.square %4 : tensor<200000x64x16xf64> -> tensor<200000x64x16xf64>
    %6 = numpy.sum %5 axes [2] : tensor<200000x64x16xf64> -> tensor<200000x64xf64>
    %7 = numpy.argmin %6 axis 1 : tensor<200000x64xf64> -> tensor<200000xi64>
    return %7 : tensor<200000xi64>
  }
}
