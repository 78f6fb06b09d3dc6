module {
  func.func @compiled(%arg0: tensor<4000x4000xf64> {numpy.name = "x"}) -> tensor<4000x4000xf64> {
    %0 = numpy.slice %arg0[::-1, ::-1] : tensor<4000x4000xf64> -> tensor<4000x4000xf64>
    %1 = numpy.slice %arg0[::-1, ::-1] : tensor<4000x4000xf64> -> tensor<4000x4000xf64>
    %2 = numpy.add %1, %arg0 : tensor<4000x4000xf64>, tensor<4000x4000xf64> -> tensor<4000x4000xf64>
    return %2 : tensor<4000x4000xf64>
  }
}
