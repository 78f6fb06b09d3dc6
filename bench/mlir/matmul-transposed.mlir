module {
  func.func @compiled(%arg0: tensor<1500x1500xf64> {numpy.name = "a"}, %arg1: tensor<1500x1500xf64> {numpy.name = "b"}) -> tensor<1500x1500xf64> {
    %0 = numpy.transpose %arg1 axes [1, 0] : tensor<1500x1500xf64> -> tensor<1500x1500xf64>
    %1 = numpy.transpose %arg1 axes [1, 0] : tensor<1500x1500xf64> -> tensor<1500x1500xf64>
    %2 = numpy.matmul %arg0, %1 : tensor<1500x1500xf64>, tensor<1500x1500xf64> -> tensor<1500x1500xf64>
    return %2 : tensor<1500x1500xf64>
  }
}
