module {
  func.func @compiled(%arg0: tensor<2000x2000xui8> {numpy.name = "cells"}, %arg1: tensor<i1> {numpy.name = "steps"}) -> tensor<2000x2000xui8> {
    %c10 = arith.constant 10 : index
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %0 = numpy.constant dense<0> : tensor<i64>
    %1 = numpy.constant dense<false> : tensor<i1>
    %2 = numpy.constant dense<0> : tensor<ui8>
    %3 = numpy.full %2 shape [1998, 1998] : tensor<ui8> -> tensor<1998x1998xui8>
    %4 = numpy.constant dense<false> : tensor<i1>
    %c10_0 = arith.constant 10 : index
    %c0_1 = arith.constant 0 : index
    %c1_2 = arith.constant 1 : index
    %5:5 = scf.for %arg2 = %c0_1 to %c10_0 step %c1_2 iter_args(%arg3 = %0, %arg4 = %1, %arg5 = %3, %arg6 = %4, %arg7 = %arg0) -> (tensor<i64>, tensor<i1>, tensor<1998x1998xui8>, tensor<i1>, tensor<2000x2000xui8>) {
      %6 = numpy.constant dense<0> : tensor<i64>
      %7 = numpy.constant dense<1> : tensor<i64>
      %8 = numpy.from_scalar %arg2 : index
      %9 = numpy.multiply %8, %7 : tensor<i64>, tensor<i64> -> tensor<i64>
      %10 = numpy.add %9, %6 : tensor<i64>, tensor<i64> -> tensor<i64>
      %11 = numpy.slice %arg7[:-2, :-2] : tensor<2000x2000xui8> -> tensor<1998x1998xui8>
      %12 = numpy.slice %arg7[:-2, 1:-1] : tensor<2000x2000xui8> -> tensor<1998x1998xui8>
      %13 = numpy.slice %arg7[:-2, :-2] : tensor<2000x2000xui8> -> tensor<1998x1998xui8>
      %14 = numpy.slice %arg7[:-2, 1:-1] : tensor<2000x2000xui8> -> tensor<1998x1998xui8>
      %15 = numpy.add %13, %14 : tensor<1998x1998xui8>, tensor<1998x1998xui8> -> tensor<1998x1998xui8>
      %16 = numpy.slice %arg7[:-2, 2:] : tensor<2000x2000xui8> -> tensor<1998x1998xui8>
      %17 = numpy.slice %arg7[:-2, 2:] : tensor<2000x2000xui8> -> tensor<1998x1998xui8>
      %18 = numpy.add %15, %17 : tensor<1998x1998xui8>, tensor<1998x1998xui8> -> tensor<1998x1998xui8>
      %19 = numpy.slice %arg7[1:-1, :-2] : tensor<2000x2000xui8> -> tensor<1998x1998xui8>
      %20 = numpy.slice %arg7[1:-1, :-2] : tensor<2000x2000xui8> -> tensor<1998x1998xui8>
      %21 = numpy.add %18, %20 : tensor<1998x1998xui8>, tensor<1998x1998xui8> -> tensor<1998x1998xui8>
      %22 = numpy.slice %arg7[1:-1, 2:] : tensor<2000x2000xui8> -> tensor<1998x1998xui8>
      %23 = numpy.slice %arg7[1:-1, 2:] : tensor<2000x2000xui8> -> tensor<1998x1998xui8>
      %24 = numpy.add %21, %23 : tensor<1998x1998xui8>, tensor<1998x1998xui8> -> tensor<1998x1998xui8>
      %25 = numpy.slice %arg7[2:, :-2] : tensor<2000x2000xui8> -> tensor<1998x1998xui8>
      %26 = numpy.slice %arg7[2:, :-2] : tensor<2000x2000xui8> -> tensor<1998x1998xui8>
      %27 = numpy.add %24, %26 : tensor<1998x1998xui8>, tensor<1998x1998xui8> -> tensor<1998x1998xui8>
      %28 = numpy.slice %arg7[2:, 1:-1] : tensor<2000x2000xui8> -> tensor<1998x1998xui8>
      %29 = numpy.slice %arg7[2:, 1:-1] : tensor<2000x2000xui8> -> tensor<1998x1998xui8>
      %30 = numpy.add %27, %29 : tensor<1998x1998xui8>, tensor<1998x1998xui8> -> tensor<1998x1998xui8>
      %31 = numpy.slice %arg7[2:, 2:] : tensor<2000x2000xui8> -> tensor<1998x1998xui8>
      %32 = numpy.slice %arg7[2:, 2:] : tensor<2000x2000xui8> -> tensor<1998x1998xui8>
      %33 = numpy.add %30, %32 : tensor<1998x1998xui8>, tensor<1998x1998xui8> -> tensor<1998x1998xui8>
      %34 = numpy.constant dense<3> : tensor<ui8>
      %35 = numpy.equal %33, %34 : tensor<1998x1998xui8>, tensor<ui8> -> tensor<1998x1998xi1>
      %36 = numpy.slice %arg7[1:-1, 1:-1] : tensor<2000x2000xui8> -> tensor<1998x1998xui8>
      %37 = numpy.slice %arg7[1:-1, 1:-1] : tensor<2000x2000xui8> -> tensor<1998x1998xui8>
      %38 = numpy.constant dense<1> : tensor<ui8>
      %39 = numpy.equal %37, %38 : tensor<1998x1998xui8>, tensor<ui8> -> tensor<1998x1998xi1>
      %40 = numpy.constant dense<2> : tensor<ui8>
      %41 = numpy.equal %33, %40 : tensor<1998x1998xui8>, tensor<ui8> -> tensor<1998x1998xi1>
      %42 = numpy.bitwise_and %39, %41 : tensor<1998x1998xi1>, tensor<1998x1998xi1> -> tensor<1998x1998xi1>
      %43 = numpy.bitwise_or %35, %42 : tensor<1998x1998xi1>, tensor<1998x1998xi1> -> tensor<1998x1998xi1>
      %44 = numpy.cast %43 : tensor<1998x1998xi1> -> tensor<1998x1998xui8>
      %45 = numpy.set_slice %arg7[1:-1, 1:-1], %44 : tensor<2000x2000xui8>, tensor<1998x1998xui8> -> tensor<2000x2000xui8>
      %46 = numpy.constant dense<true> : tensor<i1>
      %47 = numpy.constant dense<true> : tensor<i1>
      scf.yield %10, %46, %33, %47, %45 : tensor<i64>, tensor<i1>, tensor<1998x1998xui8>, tensor<i1>, tensor<2000x2000xui8>
    }
    return %5#4 : tensor<2000x2000xui8>
  }
}
