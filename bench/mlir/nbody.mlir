module {
  func.func @compiled(%arg0: tensor<2000x3xf64> {numpy.name = "position"}, %arg1: tensor<2000x3xf64> {numpy.name = "velocity"}, %arg2: tensor<2000xf64> {numpy.name = "mass"}, %arg3: tensor<i1> {numpy.name = "steps"}, %arg4: tensor<f64> {numpy.name = "dt"}) -> tensor<2000x3xf64> {
    %c5 = arith.constant 5 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %0 = numpy.constant dense<0> : tensor<i64>
    %1 = numpy.constant dense<false> : tensor<i1>
    %2 = numpy.constant dense<0.000000e+00> : tensor<f64>
    %3 = numpy.full %2 shape [2000, 2000, 3] : tensor<f64> -> tensor<2000x2000x3xf64>
    %4 = numpy.constant dense<false> : tensor<i1>
    %5 = numpy.constant dense<true> : tensor<i1>
    %6 = numpy.constant dense<0.000000e+00> : tensor<f64>
    %7 = numpy.full %6 shape [2000, 2000] : tensor<f64> -> tensor<2000x2000xf64>
    %8 = numpy.constant dense<false> : tensor<i1>
    %9 = numpy.constant dense<true> : tensor<i1>
    %10 = numpy.constant dense<0.000000e+00> : tensor<f64>
    %11 = numpy.full %10 shape [2000, 2000] : tensor<f64> -> tensor<2000x2000xf64>
    %12 = numpy.constant dense<false> : tensor<i1>
    %c5_0 = arith.constant 5 : index
    %c0_1 = arith.constant 0 : index
    %c1_2 = arith.constant 1 : index
    %13:12 = scf.for %arg5 = %c0_1 to %c5_0 step %c1_2 iter_args(%arg6 = %0, %arg7 = %1, %arg8 = %3, %arg9 = %4, %arg10 = %arg0, %arg11 = %5, %arg12 = %7, %arg13 = %8, %arg14 = %arg1, %arg15 = %9, %arg16 = %11, %arg17 = %12) -> (tensor<i64>, tensor<i1>, tensor<2000x2000x3xf64>, tensor<i1>, tensor<2000x3xf64>, tensor<i1>, tensor<2000x2000xf64>, tensor<i1>, tensor<2000x3xf64>, tensor<i1>, tensor<2000x2000xf64>, tensor<i1>) {
      %14 = numpy.constant dense<0> : tensor<i64>
      %15 = numpy.constant dense<1> : tensor<i64>
      %16 = numpy.from_scalar %arg5 : index
      %17 = numpy.multiply %16, %15 : tensor<i64>, tensor<i64> -> tensor<i64>
      %18 = numpy.add %17, %14 : tensor<i64>, tensor<i64> -> tensor<i64>
      %19 = numpy.slice %arg10[newaxis, :, :] : tensor<2000x3xf64> -> tensor<1x2000x3xf64>
      %20 = numpy.slice %arg10[:, newaxis, :] : tensor<2000x3xf64> -> tensor<2000x1x3xf64>
      %21 = numpy.slice %arg10[newaxis, :, :] : tensor<2000x3xf64> -> tensor<1x2000x3xf64>
      %22 = numpy.slice %arg10[:, newaxis, :] : tensor<2000x3xf64> -> tensor<2000x1x3xf64>
      %23 = numpy.subtract %21, %22 : tensor<1x2000x3xf64>, tensor<2000x1x3xf64> -> tensor<2000x2000x3xf64>
      %24 = numpy.multiply %23, %23 : tensor<2000x2000x3xf64>, tensor<2000x2000x3xf64> -> tensor<2000x2000x3xf64>
      %25 = numpy.sum %24 axes [2] : tensor<2000x2000x3xf64> -> tensor<2000x2000xf64>
      %26 = numpy.constant dense<1.000000e-02> : tensor<f64>
      %27 = numpy.add %25, %26 : tensor<2000x2000xf64>, tensor<f64> -> tensor<2000x2000xf64>
      %28 = numpy.slice %arg2[newaxis, :] : tensor<2000xf64> -> tensor<1x2000xf64>
      %29 = numpy.constant dense<-1.500000e+00> : tensor<f64>
      %30 = numpy.power %27, %29 : tensor<2000x2000xf64>, tensor<f64> -> tensor<2000x2000xf64>
      %31 = numpy.slice %arg2[newaxis, :] : tensor<2000xf64> -> tensor<1x2000xf64>
      %32 = numpy.multiply %31, %30 : tensor<1x2000xf64>, tensor<2000x2000xf64> -> tensor<2000x2000xf64>
      %33 = numpy.slice %32[:, :, newaxis] : tensor<2000x2000xf64> -> tensor<2000x2000x1xf64>
      %34 = numpy.slice %32[:, :, newaxis] : tensor<2000x2000xf64> -> tensor<2000x2000x1xf64>
      %35 = numpy.multiply %34, %23 : tensor<2000x2000x1xf64>, tensor<2000x2000x3xf64> -> tensor<2000x2000x3xf64>
      %36 = numpy.sum %35 axes [1] : tensor<2000x2000x3xf64> -> tensor<2000x3xf64>
      %37 = numpy.multiply %arg4, %36 : tensor<f64>, tensor<2000x3xf64> -> tensor<2000x3xf64>
      %38 = numpy.add %arg14, %37 : tensor<2000x3xf64>, tensor<2000x3xf64> -> tensor<2000x3xf64>
      %39 = numpy.multiply %arg4, %38 : tensor<f64>, tensor<2000x3xf64> -> tensor<2000x3xf64>
      %40 = numpy.add %arg10, %39 : tensor<2000x3xf64>, tensor<2000x3xf64> -> tensor<2000x3xf64>
      %41 = numpy.constant dense<true> : tensor<i1>
      %42 = numpy.constant dense<true> : tensor<i1>
      %43 = numpy.constant dense<false> : tensor<i1>
      %44 = numpy.constant dense<true> : tensor<i1>
      %45 = numpy.constant dense<false> : tensor<i1>
      %46 = numpy.constant dense<true> : tensor<i1>
      scf.yield %18, %41, %23, %42, %40, %43, %27, %44, %38, %45, %32, %46 : tensor<i64>, tensor<i1>, tensor<2000x2000x3xf64>, tensor<i1>, tensor<2000x3xf64>, tensor<i1>, tensor<2000x2000xf64>, tensor<i1>, tensor<2000x3xf64>, tensor<i1>, tensor<2000x2000xf64>, tensor<i1>
    }
    return %13#4 : tensor<2000x3xf64>
  }
}
