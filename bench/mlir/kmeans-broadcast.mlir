module {
  func.func @compiled(%arg0: tensor<200000x16xf64> {numpy.name = "x"}, %arg1: tensor<64x16xf64> {numpy.name = "centres"}, %arg2: tensor<i1> {numpy.name = "iterations"}) -> tensor<64x16xf64> {
    %c5 = arith.constant 5 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %0 = numpy.constant dense<0> : tensor<i64>
    %1 = numpy.constant dense<false> : tensor<i1>
    %2 = numpy.constant dense<0> : tensor<i64>
    %3 = numpy.constant dense<false> : tensor<i1>
    %4 = numpy.constant dense<0> : tensor<i64>
    %5 = numpy.full %4 shape [200000] : tensor<i64> -> tensor<200000xi64>
    %6 = numpy.constant dense<false> : tensor<i1>
    %c5_0 = arith.constant 5 : index
    %c0_1 = arith.constant 0 : index
    %c1_2 = arith.constant 1 : index
    %7:7 = scf.for %arg3 = %c0_1 to %c5_0 step %c1_2 iter_args(%arg4 = %0, %arg5 = %1, %arg6 = %2, %arg7 = %3, %arg8 = %5, %arg9 = %6, %arg10 = %arg1) -> (tensor<i64>, tensor<i1>, tensor<i64>, tensor<i1>, tensor<200000xi64>, tensor<i1>, tensor<64x16xf64>) {
      %8 = numpy.constant dense<0> : tensor<i64>
      %9 = numpy.constant dense<1> : tensor<i64>
      %10 = numpy.from_scalar %arg3 : index
      %11 = numpy.multiply %10, %9 : tensor<i64>, tensor<i64> -> tensor<i64>
      %12 = numpy.add %11, %8 : tensor<i64>, tensor<i64> -> tensor<i64>
      %13 = numpy.slice %arg0[:, newaxis, :] : tensor<200000x16xf64> -> tensor<200000x1x16xf64>
      %14 = numpy.slice %arg10[newaxis, :, :] : tensor<64x16xf64> -> tensor<1x64x16xf64>
      %15 = numpy.slice %arg0[:, newaxis, :] : tensor<200000x16xf64> -> tensor<200000x1x16xf64>
      %16 = numpy.slice %arg10[newaxis, :, :] : tensor<64x16xf64> -> tensor<1x64x16xf64>
      %17 = numpy.subtract %15, %16 : tensor<200000x1x16xf64>, tensor<1x64x16xf64> -> tensor<200000x64x16xf64>
      %18 = numpy.square %17 : tensor<200000x64x16xf64> -> tensor<200000x64x16xf64>
      %19 = numpy.sum %18 axes [2] : tensor<200000x64x16xf64> -> tensor<200000x64xf64>
      %20 = numpy.argmin %19 axis 1 : tensor<200000x64xf64> -> tensor<200000xi64>
      %c64 = arith.constant 64 : index
      %c0_3 = arith.constant 0 : index
      %c1_4 = arith.constant 1 : index
      %c64_5 = arith.constant 64 : index
      %c0_6 = arith.constant 0 : index
      %c1_7 = arith.constant 1 : index
      %21:3 = scf.for %arg11 = %c0_6 to %c64_5 step %c1_7 iter_args(%arg12 = %arg6, %arg13 = %arg7, %arg14 = %arg10) -> (tensor<i64>, tensor<i1>, tensor<64x16xf64>) {
        %25 = numpy.constant dense<0> : tensor<i64>
        %26 = numpy.constant dense<1> : tensor<i64>
        %27 = numpy.from_scalar %arg11 : index
        %28 = numpy.multiply %27, %26 : tensor<i64>, tensor<i64> -> tensor<i64>
        %29 = numpy.add %28, %25 : tensor<i64>, tensor<i64> -> tensor<i64>
        %30 = numpy.equal %20, %29 : tensor<200000xi64>, tensor<i64> -> tensor<200000xi1>
        %31 = numpy.index %arg0[array %30] : tensor<200000x16xf64>, tensor<200000xi1> -> tensor<?x16xf64>
        %32 = numpy.mean %31 axes [0] : tensor<?x16xf64> -> tensor<16xf64>
        %33 = numpy.item %29 : tensor<i64>
        %34 = arith.index_cast %33 : i64 to index
        %35 = numpy.set_slice %arg14[%34], %32 : tensor<64x16xf64>, tensor<16xf64> -> tensor<64x16xf64>
        %36 = numpy.constant dense<true> : tensor<i1>
        scf.yield %29, %36, %35 : tensor<i64>, tensor<i1>, tensor<64x16xf64>
      }
      %22 = numpy.constant dense<true> : tensor<i1>
      %23 = numpy.constant dense<true> : tensor<i1>
      %24 = numpy.constant dense<true> : tensor<i1>
      scf.yield %12, %22, %21#0, %23, %20, %24, %21#2 : tensor<i64>, tensor<i1>, tensor<i64>, tensor<i1>, tensor<200000xi64>, tensor<i1>, tensor<64x16xf64>
    }
    return %7#6 : tensor<64x16xf64>
  }
}
