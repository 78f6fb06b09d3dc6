module {
  func.func @compiled(%arg0: tensor<1000x1000xcomplex<f64>> {numpy.name = "c"}, %arg1: tensor<i1> {numpy.name = "limit"}) -> tensor<1000x1000xi64> {
    %0 = numpy.constant dense<(0.000000e+00,0.000000e+00)> : tensor<complex<f64>>
    %1 = numpy.full %0 shape [1000, 1000] : tensor<complex<f64>> -> tensor<1000x1000xcomplex<f64>>
    %2 = numpy.constant dense<0> : tensor<i64>
    %3 = numpy.full %2 shape [1000, 1000] : tensor<i64> -> tensor<1000x1000xi64>
    %4 = numpy.constant dense<true> : tensor<i1>
    %5 = numpy.full %4 shape [1000, 1000] : tensor<i1> -> tensor<1000x1000xi1>
    %c100 = arith.constant 100 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %6 = numpy.constant dense<0> : tensor<i64>
    %7 = numpy.constant dense<false> : tensor<i1>
    %c100_0 = arith.constant 100 : index
    %c0_1 = arith.constant 0 : index
    %c1_2 = arith.constant 1 : index
    %8:5 = scf.for %arg2 = %c0_1 to %c100_0 step %c1_2 iter_args(%arg3 = %6, %arg4 = %7, %arg5 = %1, %arg6 = %3, %arg7 = %5) -> (tensor<i64>, tensor<i1>, tensor<1000x1000xcomplex<f64>>, tensor<1000x1000xi64>, tensor<1000x1000xi1>) {
      %9 = numpy.constant dense<0> : tensor<i64>
      %10 = numpy.constant dense<1> : tensor<i64>
      %11 = numpy.from_scalar %arg2 : index
      %12 = numpy.multiply %11, %10 : tensor<i64>, tensor<i64> -> tensor<i64>
      %13 = numpy.add %12, %9 : tensor<i64>, tensor<i64> -> tensor<i64>
      %14 = numpy.index %arg5[array %arg7] : tensor<1000x1000xcomplex<f64>>, tensor<1000x1000xi1> -> tensor<?xcomplex<f64>>
      %15 = numpy.index %arg5[array %arg7] : tensor<1000x1000xcomplex<f64>>, tensor<1000x1000xi1> -> tensor<?xcomplex<f64>>
      %16 = numpy.multiply %14, %15 : tensor<?xcomplex<f64>>, tensor<?xcomplex<f64>> -> tensor<?xcomplex<f64>>
      %17 = numpy.index %arg0[array %arg7] : tensor<1000x1000xcomplex<f64>>, tensor<1000x1000xi1> -> tensor<?xcomplex<f64>>
      %18 = numpy.add %16, %17 : tensor<?xcomplex<f64>>, tensor<?xcomplex<f64>> -> tensor<?xcomplex<f64>>
      %19 = numpy.set_index %arg5[array %arg7], %18 : tensor<1000x1000xcomplex<f64>>, tensor<?xcomplex<f64>>, tensor<1000x1000xi1> -> tensor<1000x1000xcomplex<f64>>
      %20 = numpy.real %19 : tensor<1000x1000xcomplex<f64>> -> tensor<1000x1000xf64>
      %21 = numpy.real %19 : tensor<1000x1000xcomplex<f64>> -> tensor<1000x1000xf64>
      %22 = numpy.real %19 : tensor<1000x1000xcomplex<f64>> -> tensor<1000x1000xf64>
      %23 = numpy.real %19 : tensor<1000x1000xcomplex<f64>> -> tensor<1000x1000xf64>
      %24 = numpy.multiply %22, %23 : tensor<1000x1000xf64>, tensor<1000x1000xf64> -> tensor<1000x1000xf64>
      %25 = numpy.imag %19 : tensor<1000x1000xcomplex<f64>> -> tensor<1000x1000xf64>
      %26 = numpy.imag %19 : tensor<1000x1000xcomplex<f64>> -> tensor<1000x1000xf64>
      %27 = numpy.imag %19 : tensor<1000x1000xcomplex<f64>> -> tensor<1000x1000xf64>
      %28 = numpy.imag %19 : tensor<1000x1000xcomplex<f64>> -> tensor<1000x1000xf64>
      %29 = numpy.multiply %27, %28 : tensor<1000x1000xf64>, tensor<1000x1000xf64> -> tensor<1000x1000xf64>
      %30 = numpy.add %24, %29 : tensor<1000x1000xf64>, tensor<1000x1000xf64> -> tensor<1000x1000xf64>
      %31 = numpy.constant dense<4.000000e+00> : tensor<f64>
      %32 = numpy.less_equal %30, %31 : tensor<1000x1000xf64>, tensor<f64> -> tensor<1000x1000xi1>
      %33 = numpy.bitwise_and %arg7, %32 : tensor<1000x1000xi1>, tensor<1000x1000xi1> -> tensor<1000x1000xi1>
      %34 = numpy.set_slice %arg7[:, :], %33 : tensor<1000x1000xi1>, tensor<1000x1000xi1> -> tensor<1000x1000xi1>
      %35 = numpy.index %arg6[array %34] : tensor<1000x1000xi64>, tensor<1000x1000xi1> -> tensor<?xi64>
      %36 = numpy.constant dense<1> : tensor<i64>
      %37 = numpy.add %35, %36 : tensor<?xi64>, tensor<i64> -> tensor<?xi64>
      %38 = numpy.set_index %arg6[array %34], %37 : tensor<1000x1000xi64>, tensor<?xi64>, tensor<1000x1000xi1> -> tensor<1000x1000xi64>
      %39 = numpy.constant dense<true> : tensor<i1>
      scf.yield %13, %39, %19, %38, %34 : tensor<i64>, tensor<i1>, tensor<1000x1000xcomplex<f64>>, tensor<1000x1000xi64>, tensor<1000x1000xi1>
    }
    return %8#3 : tensor<1000x1000xi64>
  }
}
