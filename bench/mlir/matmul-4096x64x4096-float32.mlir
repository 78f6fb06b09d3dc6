module {
  func.func @compiled(%arg0: tensor<4096x64xf32> {numpy.name = "a"}, %arg1: tensor<64x4096xf32> {numpy.name = "b"}) -> tensor<4096x4096xf32> {
    %0 = numpy.matmul %arg0, %arg1 : tensor<4096x64xf32>, tensor<64x4096xf32> -> tensor<4096x4096xf32>
    return %0 : tensor<4096x4096xf32>
  }
}
