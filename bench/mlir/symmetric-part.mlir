module {
  func.func @compiled(%arg0: tensor<4000x4000xf64> {numpy.name = "x"}) -> tensor<4000x4000xf64> {
    %0 = numpy.transpose %arg0 axes [1, 0] : tensor<4000x4000xf64> -> tensor<4000x4000xf64>
    %1 = numpy.transpose %arg0 axes [1, 0] : tensor<4000x4000xf64> -> tensor<4000x4000xf64>
    %2 = numpy.add %arg0, %1 : tensor<4000x4000xf64>, tensor<4000x4000xf64> -> tensor<4000x4000xf64>
    %3 = numpy.constant dense<5.000000e-01> : tensor<f64>
    %4 = numpy.multiply %3, %2 : tensor<f64>, tensor<4000x4000xf64> -> tensor<4000x4000xf64>
    return %4 : tensor<4000x4000xf64>
  }
}
