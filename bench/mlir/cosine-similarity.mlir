module {
  func.func @compiled(%arg0: tensor<50000x128xf64> {numpy.name = "x"}, %arg1: tensor<50000x128xf64> {numpy.name = "y"}) -> tensor<50000xf64> {
    %0 = numpy.multiply %arg0, %arg1 : tensor<50000x128xf64>, tensor<50000x128xf64> -> tensor<50000x128xf64>
    %1 = numpy.sum %0 axes [1] : tensor<50000x128xf64> -> tensor<50000xf64>
    %2 = numpy.multiply %arg0, %arg0 : tensor<50000x128xf64>, tensor<50000x128xf64> -> tensor<50000x128xf64>
    %3 = numpy.sum %2 axes [1] : tensor<50000x128xf64> -> tensor<50000xf64>
    %4 = numpy.sqrt %3 : tensor<50000xf64> -> tensor<50000xf64>
    %5 = numpy.multiply %arg1, %arg1 : tensor<50000x128xf64>, tensor<50000x128xf64> -> tensor<50000x128xf64>
    %6 = numpy.sum %5 axes [1] : tensor<50000x128xf64> -> tensor<50000xf64>
    %7 = numpy.sqrt %6 : tensor<50000xf64> -> tensor<50000xf64>
    %8 = numpy.multiply %4, %7 : tensor<50000xf64>, tensor<50000xf64> -> tensor<50000xf64>
    %9 = numpy.divide %1, %8 : tensor<50000xf64>, tensor<50000xf64> -> tensor<50000xf64>
    return %9 : tensor<50000xf64>
  }
}
