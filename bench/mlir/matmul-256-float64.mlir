module {
  func.func @compiled(%arg0: tensor<256x256xf64> {numpy.name = "a"}, %arg1: tensor<256x256xf64> {numpy.name = "b"}) -> tensor<256x256xf64> {
    %0 = numpy.matmul %arg0, %arg1 : tensor<256x256xf64>, tensor<256x256xf64> -> tensor<256x256xf64>
    return %0 : tensor<256x256xf64>
  }
}
