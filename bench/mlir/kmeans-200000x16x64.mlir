module {
  func.func @compiled(%arg0: tensor<200000x16xf64> {numpy.name = "x"}, %arg1: tensor<64x16xf64> {numpy.name = "centres"}, %arg2: tensor<i1> {numpy.name = "iterations"}) -> tensor<64x16xf64> {
    %c10 = arith.constant 10 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %0 = numpy.constant dense<0> : tensor<i64>
    %1 = numpy.constant dense<false> : tensor<i1>
    %2 = numpy.constant dense<true> : tensor<i1>
    %3 = numpy.constant dense<0.000000e+00> : tensor<f64>
    %4 = numpy.full %3 shape [200000, 64] : tensor<f64> -> tensor<200000x64xf64>
    %5 = numpy.constant dense<false> : tensor<i1>
    %6 = numpy.constant dense<0> : tensor<i64>
    %7 = numpy.full %6 shape [200000] : tensor<i64> -> tensor<200000xi64>
    %8 = numpy.constant dense<false> : tensor<i1>
    %9 = numpy.constant dense<0.000000e+00> : tensor<f64>
    %10 = numpy.full %9 shape [64, 16] : tensor<f64> -> tensor<64x16xf64>
    %11 = numpy.constant dense<false> : tensor<i1>
    %c10_0 = arith.constant 10 : index
    %c0_1 = arith.constant 0 : index
    %c1_2 = arith.constant 1 : index
    %12:10 = scf.for %arg3 = %c0_1 to %c10_0 step %c1_2 iter_args(%arg4 = %0, %arg5 = %1, %arg6 = %arg1, %arg7 = %2, %arg8 = %4, %arg9 = %5, %arg10 = %7, %arg11 = %8, %arg12 = %10, %arg13 = %11) -> (tensor<i64>, tensor<i1>, tensor<64x16xf64>, tensor<i1>, tensor<200000x64xf64>, tensor<i1>, tensor<200000xi64>, tensor<i1>, tensor<64x16xf64>, tensor<i1>) {
      %13 = numpy.constant dense<0> : tensor<i64>
      %14 = numpy.constant dense<1> : tensor<i64>
      %15 = numpy.from_scalar %arg3 : index
      %16 = numpy.multiply %15, %14 : tensor<i64>, tensor<i64> -> tensor<i64>
      %17 = numpy.add %16, %13 : tensor<i64>, tensor<i64> -> tensor<i64>
      %18 = numpy.square %arg6 : tensor<64x16xf64> -> tensor<64x16xf64>
      %19 = numpy.sum %18 axes [1] : tensor<64x16xf64> -> tensor<64xf64>
      %20 = numpy.constant dense<2.000000e+00> : tensor<f64>
      %21 = numpy.multiply %20, %arg0 : tensor<f64>, tensor<200000x16xf64> -> tensor<200000x16xf64>
      %22 = numpy.transpose %arg6 axes [1, 0] : tensor<64x16xf64> -> tensor<16x64xf64>
      %23 = numpy.transpose %arg6 axes [1, 0] : tensor<64x16xf64> -> tensor<16x64xf64>
      %24 = numpy.matmul %21, %23 : tensor<200000x16xf64>, tensor<16x64xf64> -> tensor<200000x64xf64>
      %25 = numpy.subtract %19, %24 : tensor<64xf64>, tensor<200000x64xf64> -> tensor<200000x64xf64>
      %26 = numpy.argmin %25 axis 1 : tensor<200000x64xf64> -> tensor<200000xi64>
      %27 = numpy.constant dense<0.000000e+00> : tensor<f64>
      %28 = numpy.full %27 shape [64, 16] : tensor<f64> -> tensor<64x16xf64>
      %29 = numpy.add_at %28 [%26], %arg0 : tensor<64x16xf64> [tensor<200000xi64>], tensor<200000x16xf64> -> tensor<64x16xf64>
      %c64 = arith.constant 64 : index
      %30 = numpy.bincount %26 minlength %c64 : (tensor<200000xi64>, index) -> tensor<?xi64>
      %31 = numpy.slice %30[:, newaxis] : tensor<?xi64> -> tensor<?x1xi64>
      %32 = numpy.slice %30[:, newaxis] : tensor<?xi64> -> tensor<?x1xi64>
      %33 = numpy.cast %32 : tensor<?x1xi64> -> tensor<?x1xf64>
      %34 = numpy.divide %29, %33 : tensor<64x16xf64>, tensor<?x1xf64> -> tensor<64x16xf64>
      %35 = numpy.constant dense<true> : tensor<i1>
      %36 = numpy.constant dense<false> : tensor<i1>
      %37 = numpy.constant dense<true> : tensor<i1>
      %38 = numpy.constant dense<true> : tensor<i1>
      %39 = numpy.constant dense<true> : tensor<i1>
      scf.yield %17, %35, %34, %36, %25, %37, %26, %38, %29, %39 : tensor<i64>, tensor<i1>, tensor<64x16xf64>, tensor<i1>, tensor<200000x64xf64>, tensor<i1>, tensor<200000xi64>, tensor<i1>, tensor<64x16xf64>, tensor<i1>
    }
    return %12#2 : tensor<64x16xf64>
  }
}
