module {
  func.func @compiled(%arg0: tensor<4096x64xf64> {numpy.name = "a"}, %arg1: tensor<64x4096xf64> {numpy.name = "b"}) -> tensor<4096x4096xf64> {
    %0 = numpy.matmul %arg0, %arg1 : tensor<4096x64xf64>, tensor<64x4096xf64> -> tensor<4096x4096xf64>
    return %0 : tensor<4096x4096xf64>
  }
}
