module {
  func.func @compiled(%arg0: tensor<4000x4000xf64> {numpy.name = "x"}) -> tensor<4000xi64> {
    %0 = numpy.argmax %arg0 axis 1 : tensor<4000x4000xf64> -> tensor<4000xi64>
    return %0 : tensor<4000xi64>
  }
}
