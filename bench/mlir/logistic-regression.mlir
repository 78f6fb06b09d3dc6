module {
  func.func @compiled(%arg0: tensor<100000x32xf64> {numpy.name = "x"}, %arg1: tensor<100000xf64> {numpy.name = "y"}, %arg2: tensor<i1> {numpy.name = "steps"}, %arg3: tensor<f64> {numpy.name = "rate"}) -> tensor<32xf64> {
    %0 = numpy.constant dense<0.000000e+00> : tensor<f64>
    %1 = numpy.full %0 shape [32] : tensor<f64> -> tensor<32xf64>
    %c10 = arith.constant 10 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %2 = numpy.constant dense<0> : tensor<i64>
    %3 = numpy.constant dense<false> : tensor<i1>
    %4 = numpy.constant dense<0.000000e+00> : tensor<f64>
    %5 = numpy.full %4 shape [100000] : tensor<f64> -> tensor<100000xf64>
    %6 = numpy.constant dense<false> : tensor<i1>
    %c10_0 = arith.constant 10 : index
    %c0_1 = arith.constant 0 : index
    %c1_2 = arith.constant 1 : index
    %7:5 = scf.for %arg4 = %c0_1 to %c10_0 step %c1_2 iter_args(%arg5 = %2, %arg6 = %3, %arg7 = %5, %arg8 = %6, %arg9 = %1) -> (tensor<i64>, tensor<i1>, tensor<100000xf64>, tensor<i1>, tensor<32xf64>) {
      %8 = numpy.constant dense<0> : tensor<i64>
      %9 = numpy.constant dense<1> : tensor<i64>
      %10 = numpy.from_scalar %arg4 : index
      %11 = numpy.multiply %10, %9 : tensor<i64>, tensor<i64> -> tensor<i64>
      %12 = numpy.add %11, %8 : tensor<i64>, tensor<i64> -> tensor<i64>
      %13 = numpy.matmul %arg0, %arg9 : tensor<100000x32xf64>, tensor<32xf64> -> tensor<100000xf64>
      %14 = numpy.negative %13 : tensor<100000xf64> -> tensor<100000xf64>
      %15 = numpy.exp %14 : tensor<100000xf64> -> tensor<100000xf64>
      %16 = numpy.constant dense<1.000000e+00> : tensor<f64>
      %17 = numpy.add %16, %15 : tensor<f64>, tensor<100000xf64> -> tensor<100000xf64>
      %18 = numpy.constant dense<1.000000e+00> : tensor<f64>
      %19 = numpy.divide %18, %17 : tensor<f64>, tensor<100000xf64> -> tensor<100000xf64>
      %20 = numpy.subtract %19, %arg1 : tensor<100000xf64>, tensor<100000xf64> -> tensor<100000xf64>
      %21 = numpy.constant dense<1.000000e+05> : tensor<f64>
      %22 = numpy.divide %arg3, %21 : tensor<f64>, tensor<f64> -> tensor<f64>
      %23 = numpy.transpose %arg0 axes [1, 0] : tensor<100000x32xf64> -> tensor<32x100000xf64>
      %24 = numpy.transpose %arg0 axes [1, 0] : tensor<100000x32xf64> -> tensor<32x100000xf64>
      %25 = numpy.matmul %24, %20 : tensor<32x100000xf64>, tensor<100000xf64> -> tensor<32xf64>
      %26 = numpy.multiply %22, %25 : tensor<f64>, tensor<32xf64> -> tensor<32xf64>
      %27 = numpy.subtract %arg9, %26 : tensor<32xf64>, tensor<32xf64> -> tensor<32xf64>
      %28 = numpy.constant dense<true> : tensor<i1>
      %29 = numpy.constant dense<true> : tensor<i1>
      scf.yield %12, %28, %20, %29, %27 : tensor<i64>, tensor<i1>, tensor<100000xf64>, tensor<i1>, tensor<32xf64>
    }
    return %7#4 : tensor<32xf64>
  }
}
