module {
  func.func @compiled(%arg0: tensor<10000000xf32> {numpy.name = "x"}, %arg1: tensor<f32> {numpy.name = "low"}, %arg2: tensor<f32> {numpy.name = "high"}) -> tensor<10000000xf32> {
    %0 = numpy.less %arg0, %arg1 : tensor<10000000xf32>, tensor<f32> -> tensor<10000000xi1>
    %1 = numpy.subtract %arg1, %arg0 : tensor<f32>, tensor<10000000xf32> -> tensor<10000000xf32>
    %2 = numpy.constant dense<1.000000e-01> : tensor<f32>
    %3 = numpy.multiply %2, %1 : tensor<f32>, tensor<10000000xf32> -> tensor<10000000xf32>
    %4 = numpy.subtract %arg1, %3 : tensor<f32>, tensor<10000000xf32> -> tensor<10000000xf32>
    %5 = numpy.greater %arg0, %arg2 : tensor<10000000xf32>, tensor<f32> -> tensor<10000000xi1>
    %6 = numpy.subtract %arg0, %arg2 : tensor<10000000xf32>, tensor<f32> -> tensor<10000000xf32>
    %7 = numpy.constant dense<1.000000e-01> : tensor<f32>
    %8 = numpy.multiply %7, %6 : tensor<f32>, tensor<10000000xf32> -> tensor<10000000xf32>
    %9 = numpy.add %arg2, %8 : tensor<f32>, tensor<10000000xf32> -> tensor<10000000xf32>
    %10 = numpy.where %5, %9, %arg0 : tensor<10000000xi1>, tensor<10000000xf32>, tensor<10000000xf32> -> tensor<10000000xf32>
    %11 = numpy.where %0, %4, %10 : tensor<10000000xi1>, tensor<10000000xf32>, tensor<10000000xf32> -> tensor<10000000xf32>
    return %11 : tensor<10000000xf32>
  }
}
