module {
  func.func @compiled(%arg0: tensor<100000x64xf64> {numpy.name = "x"}) -> tensor<64x64xf64> {
    %0 = numpy.mean %arg0 axes [0] : tensor<100000x64xf64> -> tensor<64xf64>
    %1 = numpy.subtract %arg0, %0 : tensor<100000x64xf64>, tensor<64xf64> -> tensor<100000x64xf64>
    %2 = numpy.transpose %1 axes [1, 0] : tensor<100000x64xf64> -> tensor<64x100000xf64>
    %3 = numpy.transpose %1 axes [1, 0] : tensor<100000x64xf64> -> tensor<64x100000xf64>
    %4 = numpy.matmul %3, %1 : tensor<64x100000xf64>, tensor<100000x64xf64> -> tensor<64x64xf64>
    %5 = numpy.constant dense<9.999900e+04> : tensor<f64>
    %6 = numpy.divide %4, %5 : tensor<64x64xf64>, tensor<f64> -> tensor<64x64xf64>
    return %6 : tensor<64x64xf64>
  }
}
