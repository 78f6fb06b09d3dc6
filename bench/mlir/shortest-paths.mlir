module {
  func.func @compiled(%arg0: tensor<600x600xf64> {numpy.name = "d"}) -> tensor<600x600xf64> {
    %c600 = arith.constant 600 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %0 = numpy.constant dense<0> : tensor<i64>
    %1 = numpy.constant dense<false> : tensor<i1>
    %c600_0 = arith.constant 600 : index
    %c0_1 = arith.constant 0 : index
    %c1_2 = arith.constant 1 : index
    %2:3 = scf.for %arg1 = %c0_1 to %c600_0 step %c1_2 iter_args(%arg2 = %arg0, %arg3 = %0, %arg4 = %1) -> (tensor<600x600xf64>, tensor<i64>, tensor<i1>) {
      %3 = numpy.constant dense<0> : tensor<i64>
      %4 = numpy.constant dense<1> : tensor<i64>
      %5 = numpy.from_scalar %arg1 : index
      %6 = numpy.multiply %5, %4 : tensor<i64>, tensor<i64> -> tensor<i64>
      %7 = numpy.add %6, %3 : tensor<i64>, tensor<i64> -> tensor<i64>
      %8 = numpy.item %7 : tensor<i64>
      %9 = arith.index_cast %8 : i64 to index
      %10 = numpy.slice %arg2[:, %9, newaxis] : tensor<600x600xf64> -> tensor<600x1xf64>
      %11 = numpy.item %7 : tensor<i64>
      %12 = arith.index_cast %11 : i64 to index
      %13 = numpy.slice %arg2[%12, newaxis, :] : tensor<600x600xf64> -> tensor<1x600xf64>
      %14 = numpy.slice %arg2[:, %9, newaxis] : tensor<600x600xf64> -> tensor<600x1xf64>
      %15 = numpy.slice %arg2[%12, newaxis, :] : tensor<600x600xf64> -> tensor<1x600xf64>
      %16 = numpy.add %14, %15 : tensor<600x1xf64>, tensor<1x600xf64> -> tensor<600x600xf64>
      %17 = numpy.minimum %arg2, %16 : tensor<600x600xf64>, tensor<600x600xf64> -> tensor<600x600xf64>
      %18 = numpy.constant dense<true> : tensor<i1>
      scf.yield %17, %7, %18 : tensor<600x600xf64>, tensor<i64>, tensor<i1>
    }
    return %2#0 : tensor<600x600xf64>
  }
}
