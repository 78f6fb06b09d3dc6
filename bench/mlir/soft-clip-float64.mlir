module {
  func.func @compiled(%arg0: tensor<10000000xf64> {numpy.name = "x"}, %arg1: tensor<f64> {numpy.name = "low"}, %arg2: tensor<f64> {numpy.name = "high"}) -> tensor<10000000xf64> {
    %0 = numpy.less %arg0, %arg1 : tensor<10000000xf64>, tensor<f64> -> tensor<10000000xi1>
    %1 = numpy.subtract %arg1, %arg0 : tensor<f64>, tensor<10000000xf64> -> tensor<10000000xf64>
    %2 = numpy.constant dense<1.000000e-01> : tensor<f64>
    %3 = numpy.multiply %2, %1 : tensor<f64>, tensor<10000000xf64> -> tensor<10000000xf64>
    %4 = numpy.subtract %arg1, %3 : tensor<f64>, tensor<10000000xf64> -> tensor<10000000xf64>
    %5 = numpy.greater %arg0, %arg2 : tensor<10000000xf64>, tensor<f64> -> tensor<10000000xi1>
    %6 = numpy.subtract %arg0, %arg2 : tensor<10000000xf64>, tensor<f64> -> tensor<10000000xf64>
    %7 = numpy.constant dense<1.000000e-01> : tensor<f64>
    %8 = numpy.multiply %7, %6 : tensor<f64>, tensor<10000000xf64> -> tensor<10000000xf64>
    %9 = numpy.add %arg2, %8 : tensor<f64>, tensor<10000000xf64> -> tensor<10000000xf64>
    %10 = numpy.where %5, %9, %arg0 : tensor<10000000xi1>, tensor<10000000xf64>, tensor<10000000xf64> -> tensor<10000000xf64>
    %11 = numpy.where %0, %4, %10 : tensor<10000000xi1>, tensor<10000000xf64>, tensor<10000000xf64> -> tensor<10000000xf64>
    return %11 : tensor<10000000xf64>
  }
}
