module {
  func.func @compiled(%arg0: tensor<120x120x120xf64> {numpy.name = "u"}, %arg1: tensor<i1> {numpy.name = "steps"}, %arg2: tensor<f64> {numpy.name = "alpha"}) -> tensor<120x120x120xf64> {
    %c50 = arith.constant 50 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %0 = numpy.constant dense<0> : tensor<i64>
    %1 = numpy.constant dense<false> : tensor<i1>
    %c50_0 = arith.constant 50 : index
    %c0_1 = arith.constant 0 : index
    %c1_2 = arith.constant 1 : index
    %2:3 = scf.for %arg3 = %c0_1 to %c50_0 step %c1_2 iter_args(%arg4 = %0, %arg5 = %1, %arg6 = %arg0) -> (tensor<i64>, tensor<i1>, tensor<120x120x120xf64>) {
      %3 = numpy.constant dense<0> : tensor<i64>
      %4 = numpy.constant dense<1> : tensor<i64>
      %5 = numpy.from_scalar %arg3 : index
      %6 = numpy.multiply %5, %4 : tensor<i64>, tensor<i64> -> tensor<i64>
      %7 = numpy.add %6, %3 : tensor<i64>, tensor<i64> -> tensor<i64>
      %8 = numpy.slice %arg6[1:-1, 1:-1, 1:-1] : tensor<120x120x120xf64> -> tensor<118x118x118xf64>
      %9 = numpy.slice %arg6[:-2, 1:-1, 1:-1] : tensor<120x120x120xf64> -> tensor<118x118x118xf64>
      %10 = numpy.slice %arg6[2:, 1:-1, 1:-1] : tensor<120x120x120xf64> -> tensor<118x118x118xf64>
      %11 = numpy.slice %arg6[:-2, 1:-1, 1:-1] : tensor<120x120x120xf64> -> tensor<118x118x118xf64>
      %12 = numpy.slice %arg6[2:, 1:-1, 1:-1] : tensor<120x120x120xf64> -> tensor<118x118x118xf64>
      %13 = numpy.add %11, %12 : tensor<118x118x118xf64>, tensor<118x118x118xf64> -> tensor<118x118x118xf64>
      %14 = numpy.slice %arg6[1:-1, :-2, 1:-1] : tensor<120x120x120xf64> -> tensor<118x118x118xf64>
      %15 = numpy.slice %arg6[1:-1, :-2, 1:-1] : tensor<120x120x120xf64> -> tensor<118x118x118xf64>
      %16 = numpy.add %13, %15 : tensor<118x118x118xf64>, tensor<118x118x118xf64> -> tensor<118x118x118xf64>
      %17 = numpy.slice %arg6[1:-1, 2:, 1:-1] : tensor<120x120x120xf64> -> tensor<118x118x118xf64>
      %18 = numpy.slice %arg6[1:-1, 2:, 1:-1] : tensor<120x120x120xf64> -> tensor<118x118x118xf64>
      %19 = numpy.add %16, %18 : tensor<118x118x118xf64>, tensor<118x118x118xf64> -> tensor<118x118x118xf64>
      %20 = numpy.slice %arg6[1:-1, 1:-1, :-2] : tensor<120x120x120xf64> -> tensor<118x118x118xf64>
      %21 = numpy.slice %arg6[1:-1, 1:-1, :-2] : tensor<120x120x120xf64> -> tensor<118x118x118xf64>
      %22 = numpy.add %19, %21 : tensor<118x118x118xf64>, tensor<118x118x118xf64> -> tensor<118x118x118xf64>
      %23 = numpy.slice %arg6[1:-1, 1:-1, 2:] : tensor<120x120x120xf64> -> tensor<118x118x118xf64>
      %24 = numpy.slice %arg6[1:-1, 1:-1, 2:] : tensor<120x120x120xf64> -> tensor<118x118x118xf64>
      %25 = numpy.add %22, %24 : tensor<118x118x118xf64>, tensor<118x118x118xf64> -> tensor<118x118x118xf64>
      %26 = numpy.slice %arg6[1:-1, 1:-1, 1:-1] : tensor<120x120x120xf64> -> tensor<118x118x118xf64>
      %27 = numpy.constant dense<6.000000e+00> : tensor<f64>
      %28 = numpy.slice %arg6[1:-1, 1:-1, 1:-1] : tensor<120x120x120xf64> -> tensor<118x118x118xf64>
      %29 = numpy.multiply %27, %28 : tensor<f64>, tensor<118x118x118xf64> -> tensor<118x118x118xf64>
      %30 = numpy.subtract %25, %29 : tensor<118x118x118xf64>, tensor<118x118x118xf64> -> tensor<118x118x118xf64>
      %31 = numpy.multiply %arg2, %30 : tensor<f64>, tensor<118x118x118xf64> -> tensor<118x118x118xf64>
      %32 = numpy.slice %arg6[1:-1, 1:-1, 1:-1] : tensor<120x120x120xf64> -> tensor<118x118x118xf64>
      %33 = numpy.add %32, %31 : tensor<118x118x118xf64>, tensor<118x118x118xf64> -> tensor<118x118x118xf64>
      %34 = numpy.slice %arg6[1:-1, 1:-1, 1:-1] : tensor<120x120x120xf64> -> tensor<118x118x118xf64>
      %35 = numpy.set_slice %arg6[1:-1, 1:-1, 1:-1], %33 : tensor<120x120x120xf64>, tensor<118x118x118xf64> -> tensor<120x120x120xf64>
      %36 = numpy.constant dense<true> : tensor<i1>
      scf.yield %7, %36, %35 : tensor<i64>, tensor<i1>, tensor<120x120x120xf64>
    }
    return %2#2 : tensor<120x120x120xf64>
  }
}
