module {
  func.func @compiled(%arg0: tensor<4000x4000xf64> {numpy.name = "x"}, %arg1: tensor<4000xf64> {numpy.name = "rows"}, %arg2: tensor<4000xf64> {numpy.name = "columns"}) -> tensor<4000x4000xf64> {
    %0 = numpy.slice %arg1[:, newaxis] : tensor<4000xf64> -> tensor<4000x1xf64>
    %1 = numpy.slice %arg1[:, newaxis] : tensor<4000xf64> -> tensor<4000x1xf64>
    %2 = numpy.multiply %arg0, %1 : tensor<4000x4000xf64>, tensor<4000x1xf64> -> tensor<4000x4000xf64>
    %3 = numpy.add %2, %arg2 : tensor<4000x4000xf64>, tensor<4000xf64> -> tensor<4000x4000xf64>
    return %3 : tensor<4000x4000xf64>
  }
}
