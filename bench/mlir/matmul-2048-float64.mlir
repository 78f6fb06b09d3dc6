module {
  func.func @compiled(%arg0: tensor<2048x2048xf64> {numpy.name = "a"}, %arg1: tensor<2048x2048xf64> {numpy.name = "b"}) -> tensor<2048x2048xf64> {
    %0 = numpy.matmul %arg0, %arg1 : tensor<2048x2048xf64>, tensor<2048x2048xf64> -> tensor<2048x2048xf64>
    return %0 : tensor<2048x2048xf64>
  }
}
