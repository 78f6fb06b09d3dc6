module {
  func.func @compiled(%arg0: tensor<4000000xf64> {numpy.name = "lat1"}, %arg1: tensor<4000000xf64> {numpy.name = "lon1"}, %arg2: tensor<4000000xf64> {numpy.name = "lat2"}, %arg3: tensor<4000000xf64> {numpy.name = "lon2"}) -> tensor<4000000xf64> {
    %0 = numpy.subtract %arg2, %arg0 : tensor<4000000xf64>, tensor<4000000xf64> -> tensor<4000000xf64>
    %1 = numpy.constant dense<2.000000e+00> : tensor<f64>
    %2 = numpy.divide %0, %1 : tensor<4000000xf64>, tensor<f64> -> tensor<4000000xf64>
    %3 = numpy.sin %2 : tensor<4000000xf64> -> tensor<4000000xf64>
    %4 = numpy.square %3 : tensor<4000000xf64> -> tensor<4000000xf64>
    %5 = numpy.cos %arg0 : tensor<4000000xf64> -> tensor<4000000xf64>
    %6 = numpy.cos %arg2 : tensor<4000000xf64> -> tensor<4000000xf64>
    %7 = numpy.multiply %5, %6 : tensor<4000000xf64>, tensor<4000000xf64> -> tensor<4000000xf64>
    %8 = numpy.subtract %arg3, %arg1 : tensor<4000000xf64>, tensor<4000000xf64> -> tensor<4000000xf64>
    %9 = numpy.constant dense<2.000000e+00> : tensor<f64>
    %10 = numpy.divide %8, %9 : tensor<4000000xf64>, tensor<f64> -> tensor<4000000xf64>
    %11 = numpy.sin %10 : tensor<4000000xf64> -> tensor<4000000xf64>
    %12 = numpy.square %11 : tensor<4000000xf64> -> tensor<4000000xf64>
    %13 = numpy.multiply %7, %12 : tensor<4000000xf64>, tensor<4000000xf64> -> tensor<4000000xf64>
    %14 = numpy.add %4, %13 : tensor<4000000xf64>, tensor<4000000xf64> -> tensor<4000000xf64>
    %15 = numpy.sqrt %14 : tensor<4000000xf64> -> tensor<4000000xf64>
    %16 = numpy.arcsin %15 : tensor<4000000xf64> -> tensor<4000000xf64>
    %17 = numpy.constant dense<1.274200e+04> : tensor<f64>
    %18 = numpy.multiply %17, %16 : tensor<f64>, tensor<4000000xf64> -> tensor<4000000xf64>
    return %18 : tensor<4000000xf64>
  }
}
