module {
  func.func @compiled(%arg0: tensor<1000000xf64> {numpy.name = "a"}) -> tensor<1000000xf64> {
    %c100 = arith.constant 100 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %0 = numpy.constant dense<0> : tensor<i64>
    %1 = numpy.constant dense<false> : tensor<i1>
    %2 = numpy.constant dense<0.000000e+00> : tensor<f64>
    %3 = numpy.constant dense<false> : tensor<i1>
    %4 = numpy.constant dense<0.000000e+00> : tensor<f64>
    %5 = numpy.full %4 shape [1000000] : tensor<f64> -> tensor<1000000xf64>
    %6 = numpy.constant dense<false> : tensor<i1>
    %c100_0 = arith.constant 100 : index
    %c0_1 = arith.constant 0 : index
    %c1_2 = arith.constant 1 : index
    %7:9 = scf.while (%arg1 = %c0_1, %arg2 = %c0_1, %arg3 = %0, %arg4 = %1, %arg5 = %2, %arg6 = %3, %arg7 = %5, %arg8 = %6, %arg9 = %arg0) : (index, index, tensor<i64>, tensor<i1>, tensor<f64>, tensor<i1>, tensor<1000000xf64>, tensor<i1>, tensor<1000000xf64>) -> (index, index, tensor<i64>, tensor<i1>, tensor<f64>, tensor<i1>, tensor<1000000xf64>, tensor<i1>, tensor<1000000xf64>) {
      %8 = arith.cmpi slt, %arg1, %c100_0 : index
      %c1_3 = arith.constant 1 : index
      %9 = arith.andi %arg2, %c1_3 : index
      %c0_4 = arith.constant 0 : index
      %10 = arith.cmpi eq, %9, %c0_4 : index
      %11 = arith.andi %8, %10 : i1
      scf.condition(%11) %arg1, %arg2, %arg3, %arg4, %arg5, %arg6, %arg7, %arg8, %arg9 : index, index, tensor<i64>, tensor<i1>, tensor<f64>, tensor<i1>, tensor<1000000xf64>, tensor<i1>, tensor<1000000xf64>
    } do {
    ^bb0(%arg1: index, %arg2: index, %arg3: tensor<i64>, %arg4: tensor<i1>, %arg5: tensor<f64>, %arg6: tensor<i1>, %arg7: tensor<1000000xf64>, %arg8: tensor<i1>, %arg9: tensor<1000000xf64>):
      %8 = numpy.constant dense<0> : tensor<i64>
      %9 = numpy.constant dense<1> : tensor<i64>
      %10 = numpy.from_scalar %arg1 : index
      %11 = numpy.multiply %10, %9 : tensor<i64>, tensor<i64> -> tensor<i64>
      %12 = numpy.add %11, %8 : tensor<i64>, tensor<i64> -> tensor<i64>
      %13 = numpy.constant dense<3.000000e+00> : tensor<f64>
      %14 = numpy.power %arg9, %13 : tensor<1000000xf64>, tensor<f64> -> tensor<1000000xf64>
      %15 = numpy.subtract %14, %arg0 : tensor<1000000xf64>, tensor<1000000xf64> -> tensor<1000000xf64>
      %16 = numpy.square %arg9 : tensor<1000000xf64> -> tensor<1000000xf64>
      %17 = numpy.constant dense<3.000000e+00> : tensor<f64>
      %18 = numpy.multiply %17, %16 : tensor<f64>, tensor<1000000xf64> -> tensor<1000000xf64>
      %19 = numpy.divide %15, %18 : tensor<1000000xf64>, tensor<1000000xf64> -> tensor<1000000xf64>
      %20 = numpy.subtract %arg9, %19 : tensor<1000000xf64>, tensor<1000000xf64> -> tensor<1000000xf64>
      %21 = numpy.subtract %20, %arg9 : tensor<1000000xf64>, tensor<1000000xf64> -> tensor<1000000xf64>
      %22 = numpy.absolute %21 : tensor<1000000xf64> -> tensor<1000000xf64>
      %23 = numpy.max %22 : tensor<1000000xf64> -> tensor<f64>
      %24 = numpy.constant dense<9.9999999999999998E-13> : tensor<f64>
      %25 = numpy.less %23, %24 : tensor<f64>, tensor<f64> -> tensor<i1>
      %26 = numpy.item %25 : tensor<i1>
      %27 = scf.if %26 -> (index) {
        %c1_3 = arith.constant 1 : index
        scf.yield %c1_3 : index
      } else {
        %c0_3 = arith.constant 0 : index
        scf.yield %c0_3 : index
      }
      %28 = numpy.constant dense<true> : tensor<i1>
      %29 = numpy.constant dense<true> : tensor<i1>
      %30 = numpy.constant dense<true> : tensor<i1>
      %31 = arith.addi %arg1, %c1_2 : index
      scf.yield %31, %27, %12, %28, %23, %29, %20, %30, %20 : index, index, tensor<i64>, tensor<i1>, tensor<f64>, tensor<i1>, tensor<1000000xf64>, tensor<i1>, tensor<1000000xf64>
    }
    return %7#8 : tensor<1000000xf64>
  }
}
