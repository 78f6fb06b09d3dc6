module {
  func.func @compiled(%arg0: tensor<2048x2048xf64> {numpy.name = "a"}) -> tensor<2048x2048xf64> {
    %0 = numpy.linalg_cholesky %arg0 : tensor<2048x2048xf64> -> tensor<2048x2048xf64>
    return %0 : tensor<2048x2048xf64>
  }
}
