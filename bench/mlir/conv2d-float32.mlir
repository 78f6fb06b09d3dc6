module {
  func.func @compiled(%arg0: tensor<8x64x64x3xf32> {numpy.name = "x"}, %arg1: tensor<5x5x3x16xf32> {numpy.name = "w"}) -> tensor<8x60x60x16xf32> {
    %0 = numpy.constant dense<0.000000e+00> : tensor<f32>
    %1 = numpy.full %0 shape [8, 60, 60, 16] : tensor<f32> -> tensor<8x60x60x16xf32>
    %c60 = arith.constant 60 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %2 = numpy.constant dense<0> : tensor<i64>
    %3 = numpy.constant dense<false> : tensor<i1>
    %4 = numpy.constant dense<0> : tensor<i64>
    %5 = numpy.constant dense<false> : tensor<i1>
    %c60_0 = arith.constant 60 : index
    %c0_1 = arith.constant 0 : index
    %c1_2 = arith.constant 1 : index
    %6:5 = scf.for %arg2 = %c0_1 to %c60_0 step %c1_2 iter_args(%arg3 = %2, %arg4 = %3, %arg5 = %4, %arg6 = %5, %arg7 = %1) -> (tensor<i64>, tensor<i1>, tensor<i64>, tensor<i1>, tensor<8x60x60x16xf32>) {
      %7 = numpy.constant dense<0> : tensor<i64>
      %8 = numpy.constant dense<1> : tensor<i64>
      %9 = numpy.from_scalar %arg2 : index
      %10 = numpy.multiply %9, %8 : tensor<i64>, tensor<i64> -> tensor<i64>
      %11 = numpy.add %10, %7 : tensor<i64>, tensor<i64> -> tensor<i64>
      %c60_3 = arith.constant 60 : index
      %c0_4 = arith.constant 0 : index
      %c1_5 = arith.constant 1 : index
      %c60_6 = arith.constant 60 : index
      %c0_7 = arith.constant 0 : index
      %c1_8 = arith.constant 1 : index
      %12:3 = scf.for %arg8 = %c0_7 to %c60_6 step %c1_8 iter_args(%arg9 = %arg5, %arg10 = %arg6, %arg11 = %arg7) -> (tensor<i64>, tensor<i1>, tensor<8x60x60x16xf32>) {
        %15 = numpy.constant dense<0> : tensor<i64>
        %16 = numpy.constant dense<1> : tensor<i64>
        %17 = numpy.from_scalar %arg8 : index
        %18 = numpy.multiply %17, %16 : tensor<i64>, tensor<i64> -> tensor<i64>
        %19 = numpy.add %18, %15 : tensor<i64>, tensor<i64> -> tensor<i64>
        %20 = numpy.constant dense<5> : tensor<i64>
        %21 = numpy.add %11, %20 : tensor<i64>, tensor<i64> -> tensor<i64>
        %22 = numpy.constant dense<5> : tensor<i64>
        %23 = numpy.add %19, %22 : tensor<i64>, tensor<i64> -> tensor<i64>
        %24 = numpy.item %11 : tensor<i64>
        %25 = arith.index_cast %24 : i64 to index
        %26 = numpy.item %21 : tensor<i64>
        %27 = arith.index_cast %26 : i64 to index
        %28 = numpy.item %19 : tensor<i64>
        %29 = arith.index_cast %28 : i64 to index
        %30 = numpy.item %23 : tensor<i64>
        %31 = arith.index_cast %30 : i64 to index
        %32 = numpy.slice %arg0[:, %25:%27, %29:%31, :, newaxis] : tensor<8x64x64x3xf32> -> tensor<8x?x?x3x1xf32>
        %33 = numpy.slice %arg1[newaxis, :, :, :] : tensor<5x5x3x16xf32> -> tensor<1x5x5x3x16xf32>
        %34 = numpy.slice %arg0[:, %25:%27, %29:%31, :, newaxis] : tensor<8x64x64x3xf32> -> tensor<8x?x?x3x1xf32>
        %35 = numpy.slice %arg1[newaxis, :, :, :] : tensor<5x5x3x16xf32> -> tensor<1x5x5x3x16xf32>
        %36 = numpy.multiply %34, %35 : tensor<8x?x?x3x1xf32>, tensor<1x5x5x3x16xf32> -> tensor<8x5x5x3x16xf32>
        %37 = numpy.sum %36 axes [1, 2, 3] : tensor<8x5x5x3x16xf32> -> tensor<8x16xf32>
        %38 = numpy.item %11 : tensor<i64>
        %39 = arith.index_cast %38 : i64 to index
        %40 = numpy.item %19 : tensor<i64>
        %41 = arith.index_cast %40 : i64 to index
        %42 = numpy.set_slice %arg11[:, %39, %41, :], %37 : tensor<8x60x60x16xf32>, tensor<8x16xf32> -> tensor<8x60x60x16xf32>
        %43 = numpy.constant dense<true> : tensor<i1>
        scf.yield %19, %43, %42 : tensor<i64>, tensor<i1>, tensor<8x60x60x16xf32>
      }
      %13 = numpy.constant dense<true> : tensor<i1>
      %14 = numpy.constant dense<true> : tensor<i1>
      scf.yield %11, %13, %12#0, %14, %12#2 : tensor<i64>, tensor<i1>, tensor<i64>, tensor<i1>, tensor<8x60x60x16xf32>
    }
    return %6#4 : tensor<8x60x60x16xf32>
  }
}
