module {
  func.func @compiled(%arg0: tensor<10000000xf64> {numpy.name = "x"}, %arg1: tensor<12xf64> {numpy.name = "coefficients"}) -> tensor<10000000xf64> {
    %0 = numpy.constant dense<0.000000e+00> : tensor<f64>
    %1 = numpy.full %0 shape [10000000] : tensor<f64> -> tensor<10000000xf64>
    %c12 = arith.constant 12 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %2 = numpy.constant dense<0.000000e+00> : tensor<f64>
    %3 = numpy.constant dense<false> : tensor<i1>
    %c12_0 = arith.constant 12 : index
    %c0_1 = arith.constant 0 : index
    %c1_2 = arith.constant 1 : index
    %4:3 = scf.for %arg2 = %c0_1 to %c12_0 step %c1_2 iter_args(%arg3 = %2, %arg4 = %3, %arg5 = %1) -> (tensor<f64>, tensor<i1>, tensor<10000000xf64>) {
      %5 = numpy.from_scalar %arg2 : index
      %6 = numpy.item %5 : tensor<i64>
      %7 = arith.index_cast %6 : i64 to index
      %8 = numpy.slice %arg1[%7] : tensor<12xf64> -> tensor<f64>
      %9 = numpy.multiply %arg5, %arg0 : tensor<10000000xf64>, tensor<10000000xf64> -> tensor<10000000xf64>
      %10 = numpy.add %9, %8 : tensor<10000000xf64>, tensor<f64> -> tensor<10000000xf64>
      %11 = numpy.constant dense<true> : tensor<i1>
      scf.yield %8, %11, %10 : tensor<f64>, tensor<i1>, tensor<10000000xf64>
    }
    return %4#2 : tensor<10000000xf64>
  }
}
