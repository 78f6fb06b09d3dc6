module {
  func.func @compiled(%arg0: tensor<1000x1000xf64> {numpy.name = "a"}, %arg1: tensor<1000x200xf64> {numpy.name = "b"}) -> tensor<1000x200xf64> {
    %0 = numpy.linalg_solve %arg0, %arg1 : tensor<1000x1000xf64>, tensor<1000x200xf64> -> tensor<1000x200xf64>
    return %0 : tensor<1000x200xf64>
  }
}
