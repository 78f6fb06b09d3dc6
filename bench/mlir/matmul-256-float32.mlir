module {
  func.func @compiled(%arg0: tensor<256x256xf32> {numpy.name = "a"}, %arg1: tensor<256x256xf32> {numpy.name = "b"}) -> tensor<256x256xf32> {
    %0 = numpy.matmul %arg0, %arg1 : tensor<256x256xf32>, tensor<256x256xf32> -> tensor<256x256xf32>
    return %0 : tensor<256x256xf32>
  }
}
