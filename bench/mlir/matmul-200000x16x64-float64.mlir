module {
  func.func @compiled(%arg0: tensor<200000x16xf64> {numpy.name = "a"}, %arg1: tensor<16x64xf64> {numpy.name = "b"}) -> tensor<200000x64xf64> {
    %0 = numpy.matmul %arg0, %arg1 : tensor<200000x16xf64>, tensor<16x64xf64> -> tensor<200000x64xf64>
    return %0 : tensor<200000x64xf64>
  }
}
