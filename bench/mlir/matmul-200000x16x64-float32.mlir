module {
  func.func @compiled(%arg0: tensor<200000x16xf32> {numpy.name = "a"}, %arg1: tensor<16x64xf32> {numpy.name = "b"}) -> tensor<200000x64xf32> {
    %0 = numpy.matmul %arg0, %arg1 : tensor<200000x16xf32>, tensor<16x64xf32> -> tensor<200000x64xf32>
    return %0 : tensor<200000x64xf32>
  }
}
