module {
  func.func @compiled(%arg0: tensor<4096x1024xf64> {numpy.name = "x"}, %arg1: tensor<1024xf64> {numpy.name = "gain"}, %arg2: tensor<1024xf64> {numpy.name = "shift"}) -> tensor<4096x1024xf64> {
    %0 = numpy.mean %arg0 axes [-1] keepdims : tensor<4096x1024xf64> -> tensor<4096x1xf64>
    %1 = numpy.var %arg0 axes [-1] keepdims : tensor<4096x1024xf64> -> tensor<4096x1xf64>
    %2 = numpy.subtract %arg0, %0 : tensor<4096x1024xf64>, tensor<4096x1xf64> -> tensor<4096x1024xf64>
    %3 = numpy.constant dense<1.000000e-05> : tensor<f64>
    %4 = numpy.add %1, %3 : tensor<4096x1xf64>, tensor<f64> -> tensor<4096x1xf64>
    %5 = numpy.sqrt %4 : tensor<4096x1xf64> -> tensor<4096x1xf64>
    %6 = numpy.divide %2, %5 : tensor<4096x1024xf64>, tensor<4096x1xf64> -> tensor<4096x1024xf64>
    %7 = numpy.multiply %6, %arg1 : tensor<4096x1024xf64>, tensor<1024xf64> -> tensor<4096x1024xf64>
    %8 = numpy.add %7, %arg2 : tensor<4096x1024xf64>, tensor<1024xf64> -> tensor<4096x1024xf64>
    return %8 : tensor<4096x1024xf64>
  }
}
