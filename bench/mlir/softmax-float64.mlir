module {
  func.func @compiled(%arg0: tensor<4096x1024xf64> {numpy.name = "x"}) -> tensor<4096x1024xf64> {
    %0 = numpy.max %arg0 axes [1] keepdims : tensor<4096x1024xf64> -> tensor<4096x1xf64>
    %1 = numpy.subtract %arg0, %0 : tensor<4096x1024xf64>, tensor<4096x1xf64> -> tensor<4096x1024xf64>
    %2 = numpy.exp %1 : tensor<4096x1024xf64> -> tensor<4096x1024xf64>
    %3 = numpy.sum %2 axes [1] keepdims : tensor<4096x1024xf64> -> tensor<4096x1xf64>
    %4 = numpy.divide %2, %3 : tensor<4096x1024xf64>, tensor<4096x1xf64> -> tensor<4096x1024xf64>
    return %4 : tensor<4096x1024xf64>
  }
}
