module {
  func.func @compiled(%arg0: tensor<2000000xf64> {numpy.name = "u"}, %arg1: tensor<i1> {numpy.name = "steps"}, %arg2: tensor<f64> {numpy.name = "c"}) -> tensor<2000000xf64> {
    %c20 = arith.constant 20 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %0 = numpy.constant dense<0> : tensor<i64>
    %1 = numpy.constant dense<false> : tensor<i1>
    %2 = numpy.constant dense<0.000000e+00> : tensor<f64>
    %3 = numpy.full %2 shape [2000000] : tensor<f64> -> tensor<2000000xf64>
    %4 = numpy.constant dense<false> : tensor<i1>
    %5 = numpy.constant dense<false> : tensor<i1>
    %6 = numpy.constant dense<true> : tensor<i1>
    %c20_0 = arith.constant 20 : index
    %c0_1 = arith.constant 0 : index
    %c1_2 = arith.constant 1 : index
    %7:8 = scf.for %arg3 = %c0_1 to %c20_0 step %c1_2 iter_args(%arg4 = %0, %arg5 = %1, %arg6 = %3, %arg7 = %4, %arg8 = %arg0, %arg9 = %5, %arg10 = %arg0, %arg11 = %6) -> (tensor<i64>, tensor<i1>, tensor<2000000xf64>, tensor<i1>, tensor<2000000xf64>, tensor<i1>, tensor<2000000xf64>, tensor<i1>) {
      %8 = numpy.constant dense<0> : tensor<i64>
      %9 = numpy.constant dense<1> : tensor<i64>
      %10 = numpy.from_scalar %arg3 : index
      %11 = numpy.multiply %10, %9 : tensor<i64>, tensor<i64> -> tensor<i64>
      %12 = numpy.add %11, %8 : tensor<i64>, tensor<i64> -> tensor<i64>
      %13 = numpy.constant dense<2.000000e+00> : tensor<f64>
      %14 = numpy.multiply %13, %arg10 : tensor<f64>, tensor<2000000xf64> -> tensor<2000000xf64>
      %15 = numpy.subtract %14, %arg8 : tensor<2000000xf64>, tensor<2000000xf64> -> tensor<2000000xf64>
      %16 = numpy.slice %15[1:-1] : tensor<2000000xf64> -> tensor<1999998xf64>
      %17 = numpy.slice %arg10[:-2] : tensor<2000000xf64> -> tensor<1999998xf64>
      %18 = numpy.slice %arg10[1:-1] : tensor<2000000xf64> -> tensor<1999998xf64>
      %19 = numpy.constant dense<2.000000e+00> : tensor<f64>
      %20 = numpy.slice %arg10[1:-1] : tensor<2000000xf64> -> tensor<1999998xf64>
      %21 = numpy.multiply %19, %20 : tensor<f64>, tensor<1999998xf64> -> tensor<1999998xf64>
      %22 = numpy.slice %arg10[:-2] : tensor<2000000xf64> -> tensor<1999998xf64>
      %23 = numpy.subtract %22, %21 : tensor<1999998xf64>, tensor<1999998xf64> -> tensor<1999998xf64>
      %24 = numpy.slice %arg10[2:] : tensor<2000000xf64> -> tensor<1999998xf64>
      %25 = numpy.slice %arg10[2:] : tensor<2000000xf64> -> tensor<1999998xf64>
      %26 = numpy.add %23, %25 : tensor<1999998xf64>, tensor<1999998xf64> -> tensor<1999998xf64>
      %27 = numpy.multiply %arg2, %26 : tensor<f64>, tensor<1999998xf64> -> tensor<1999998xf64>
      %28 = numpy.slice %15[1:-1] : tensor<2000000xf64> -> tensor<1999998xf64>
      %29 = numpy.add %28, %27 : tensor<1999998xf64>, tensor<1999998xf64> -> tensor<1999998xf64>
      %30 = numpy.slice %15[1:-1] : tensor<2000000xf64> -> tensor<1999998xf64>
      %31 = numpy.set_slice %15[1:-1], %29 : tensor<2000000xf64>, tensor<1999998xf64> -> tensor<2000000xf64>
      %32 = numpy.constant dense<true> : tensor<i1>
      %33 = numpy.constant dense<true> : tensor<i1>
      %34 = numpy.constant dense<false> : tensor<i1>
      scf.yield %12, %32, %31, %33, %arg10, %arg11, %31, %34 : tensor<i64>, tensor<i1>, tensor<2000000xf64>, tensor<i1>, tensor<2000000xf64>, tensor<i1>, tensor<2000000xf64>, tensor<i1>
    }
    return %7#6 : tensor<2000000xf64>
  }
}
