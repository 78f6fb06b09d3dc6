module {
  func.func @compiled(%arg0: tensor<1300x1300xf64> {numpy.name = "u"}, %arg1: tensor<i1> {numpy.name = "steps"}) -> tensor<1300x1300xf64> {
    %c100 = arith.constant 100 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %0 = numpy.constant dense<0> : tensor<i64>
    %1 = numpy.constant dense<false> : tensor<i1>
    %c100_0 = arith.constant 100 : index
    %c0_1 = arith.constant 0 : index
    %c1_2 = arith.constant 1 : index
    %2:3 = scf.for %arg2 = %c0_1 to %c100_0 step %c1_2 iter_args(%arg3 = %0, %arg4 = %1, %arg5 = %arg0) -> (tensor<i64>, tensor<i1>, tensor<1300x1300xf64>) {
      %3 = numpy.constant dense<0> : tensor<i64>
      %4 = numpy.constant dense<1> : tensor<i64>
      %5 = numpy.from_scalar %arg2 : index
      %6 = numpy.multiply %5, %4 : tensor<i64>, tensor<i64> -> tensor<i64>
      %7 = numpy.add %6, %3 : tensor<i64>, tensor<i64> -> tensor<i64>
      %8 = numpy.slice %arg5[:-2, 1:-1] : tensor<1300x1300xf64> -> tensor<1298x1298xf64>
      %9 = numpy.slice %arg5[2:, 1:-1] : tensor<1300x1300xf64> -> tensor<1298x1298xf64>
      %10 = numpy.slice %arg5[:-2, 1:-1] : tensor<1300x1300xf64> -> tensor<1298x1298xf64>
      %11 = numpy.slice %arg5[2:, 1:-1] : tensor<1300x1300xf64> -> tensor<1298x1298xf64>
      %12 = numpy.add %10, %11 : tensor<1298x1298xf64>, tensor<1298x1298xf64> -> tensor<1298x1298xf64>
      %13 = numpy.slice %arg5[1:-1, :-2] : tensor<1300x1300xf64> -> tensor<1298x1298xf64>
      %14 = numpy.slice %arg5[1:-1, :-2] : tensor<1300x1300xf64> -> tensor<1298x1298xf64>
      %15 = numpy.add %12, %14 : tensor<1298x1298xf64>, tensor<1298x1298xf64> -> tensor<1298x1298xf64>
      %16 = numpy.slice %arg5[1:-1, 2:] : tensor<1300x1300xf64> -> tensor<1298x1298xf64>
      %17 = numpy.slice %arg5[1:-1, 2:] : tensor<1300x1300xf64> -> tensor<1298x1298xf64>
      %18 = numpy.add %15, %17 : tensor<1298x1298xf64>, tensor<1298x1298xf64> -> tensor<1298x1298xf64>
      %19 = numpy.constant dense<2.500000e-01> : tensor<f64>
      %20 = numpy.multiply %19, %18 : tensor<f64>, tensor<1298x1298xf64> -> tensor<1298x1298xf64>
      %21 = numpy.set_slice %arg5[1:-1, 1:-1], %20 : tensor<1300x1300xf64>, tensor<1298x1298xf64> -> tensor<1300x1300xf64>
      %22 = numpy.constant dense<true> : tensor<i1>
      scf.yield %7, %22, %21 : tensor<i64>, tensor<i1>, tensor<1300x1300xf64>
    }
    return %2#2 : tensor<1300x1300xf64>
  }
}
