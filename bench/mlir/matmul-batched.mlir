module {
  func.func @compiled(%arg0: tensor<256x128x128xf64> {numpy.name = "a"}, %arg1: tensor<256x128x128xf64> {numpy.name = "b"}) -> tensor<256x128x128xf64> {
    %0 = numpy.matmul %arg0, %arg1 : tensor<256x128x128xf64>, tensor<256x128x128xf64> -> tensor<256x128x128xf64>
    return %0 : tensor<256x128x128xf64>
  }
}
