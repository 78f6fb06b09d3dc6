module {
  func.func @compiled(%arg0: tensor<2000x32xf64> {numpy.name = "x"}, %arg1: tensor<2000x32xf64> {numpy.name = "y"}, %arg2: tensor<f64> {numpy.name = "gamma"}) -> tensor<2000x2000xf64> {
    %0 = numpy.multiply %arg0, %arg0 : tensor<2000x32xf64>, tensor<2000x32xf64> -> tensor<2000x32xf64>
    %1 = numpy.sum %0 axes [1] : tensor<2000x32xf64> -> tensor<2000xf64>
    %2 = numpy.slice %1[:, newaxis] : tensor<2000xf64> -> tensor<2000x1xf64>
    %3 = numpy.multiply %arg1, %arg1 : tensor<2000x32xf64>, tensor<2000x32xf64> -> tensor<2000x32xf64>
    %4 = numpy.sum %3 axes [1] : tensor<2000x32xf64> -> tensor<2000xf64>
    %5 = numpy.slice %1[:, newaxis] : tensor<2000xf64> -> tensor<2000x1xf64>
    %6 = numpy.add %5, %4 : tensor<2000x1xf64>, tensor<2000xf64> -> tensor<2000x2000xf64>
    %7 = numpy.transpose %arg1 axes [1, 0] : tensor<2000x32xf64> -> tensor<32x2000xf64>
    %8 = numpy.transpose %arg1 axes [1, 0] : tensor<2000x32xf64> -> tensor<32x2000xf64>
    %9 = numpy.matmul %arg0, %8 : tensor<2000x32xf64>, tensor<32x2000xf64> -> tensor<2000x2000xf64>
    %10 = numpy.constant dense<2.000000e+00> : tensor<f64>
    %11 = numpy.multiply %10, %9 : tensor<f64>, tensor<2000x2000xf64> -> tensor<2000x2000xf64>
    %12 = numpy.subtract %6, %11 : tensor<2000x2000xf64>, tensor<2000x2000xf64> -> tensor<2000x2000xf64>
    %13 = numpy.negative %arg2 : tensor<f64> -> tensor<f64>
    %14 = numpy.constant dense<0.000000e+00> : tensor<f64>
    %15 = numpy.maximum %12, %14 : tensor<2000x2000xf64>, tensor<f64> -> tensor<2000x2000xf64>
    %16 = numpy.multiply %13, %15 : tensor<f64>, tensor<2000x2000xf64> -> tensor<2000x2000xf64>
    %17 = numpy.exp %16 : tensor<2000x2000xf64> -> tensor<2000x2000xf64>
    return %17 : tensor<2000x2000xf64>
  }
}
