module {
  func.func @compiled(%arg0: tensor<2000x16xf64> {numpy.name = "x"}, %arg1: tensor<2000x16xf64> {numpy.name = "y"}) -> tensor<2000x2000xf64> {
    %0 = numpy.slice %arg0[:, newaxis, :] : tensor<2000x16xf64> -> tensor<2000x1x16xf64>
    %1 = numpy.slice %arg1[newaxis, :, :] : tensor<2000x16xf64> -> tensor<1x2000x16xf64>
    %2 = numpy.slice %arg0[:, newaxis, :] : tensor<2000x16xf64> -> tensor<2000x1x16xf64>
    %3 = numpy.slice %arg1[newaxis, :, :] : tensor<2000x16xf64> -> tensor<1x2000x16xf64>
    %4 = numpy.subtract %2, %3 : tensor<2000x1x16xf64>, tensor<1x2000x16xf64> -> tensor<2000x2000x16xf64>
    %5 = numpy.absolute %4 : tensor<2000x2000x16xf64> -> tensor<2000x2000x16xf64>
    %6 = numpy.sum %5 axes [-1] : tensor<2000x2000x16xf64> -> tensor<2000x2000xf64>
    return %6 : tensor<2000x2000xf64>
  }
}
