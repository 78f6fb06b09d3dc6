module {
  func.func @compiled(%arg0: tensor<4000x4000xf64> {numpy.name = "a"}, %arg1: tensor<4000xf64> {numpy.name = "x"}) -> tensor<4000xf64> {
    %0 = numpy.matmul %arg0, %arg1 : tensor<4000x4000xf64>, tensor<4000xf64> -> tensor<4000xf64>
    return %0 : tensor<4000xf64>
  }
}
