module {
  func.func @compiled(%arg0: tensor<4096x1024xf64> {numpy.name = "x"}) -> tensor<4096xf64> {
    %0 = numpy.max %arg0 axes [1] : tensor<4096x1024xf64> -> tensor<4096xf64>
    %1 = numpy.slice %0[:, newaxis] : tensor<4096xf64> -> tensor<4096x1xf64>
    %2 = numpy.slice %0[:, newaxis] : tensor<4096xf64> -> tensor<4096x1xf64>
    %3 = numpy.subtract %arg0, %2 : tensor<4096x1024xf64>, tensor<4096x1xf64> -> tensor<4096x1024xf64>
    %4 = numpy.exp %3 : tensor<4096x1024xf64> -> tensor<4096x1024xf64>
    %5 = numpy.sum %4 axes [1] : tensor<4096x1024xf64> -> tensor<4096xf64>
    %6 = numpy.log %5 : tensor<4096xf64> -> tensor<4096xf64>
    %7 = numpy.add %0, %6 : tensor<4096xf64>, tensor<4096xf64> -> tensor<4096xf64>
    return %7 : tensor<4096xf64>
  }
}
