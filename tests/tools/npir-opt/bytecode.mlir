// Bytecode holds the same program as text.
// RUN: npir-opt %s -o %t.text
// RUN: npir-opt %s --emit-bytecode -o %t.bytecode
// RUN: npir-opt %t.bytecode | diff %t.text -
// RUN: npir-opt %t.text --mlir-print-op-generic | npir-opt | diff %t.text -
// RUN: FileCheck %s --input-file %t.text
// The same at the loop level, and with source places.
// RUN: npir-opt %s --npir-lower-to=loop --mlir-print-debuginfo -o %t.loop
// RUN: npir-opt %t.loop --emit-bytecode | npir-opt --mlir-print-debuginfo | diff %t.loop -
// Bytecode is a program for every tool. (MLIR keeps no names of values.)
// RUN: npir run %t.bytecode --entry f --input arg0=2 | FileCheck %s --check-prefix VALUE

// CHECK: numpy.constant dense<[1.000000e+00, 2.000000e+00]>
// CHECK: numpy.slice %{{.*}}[::-1]
// VALUE: [4.0, 2.0]
func.func @f(%x: tensor<f64>) -> tensor<2xf64> {
  %c = numpy.constant dense<[1.0, 2.0]> : tensor<2xf64>
  %0 = numpy.multiply %c, %x : tensor<2xf64>, tensor<f64> -> tensor<2xf64>
  %1 = numpy.slice %0[::-1] : tensor<2xf64> -> tensor<2xf64>
  return %1 : tensor<2xf64>
}

func.func @g(%x: tensor<?x4xi32>) -> tensor<?xi1> {
  %0 = numpy.any %x axes [1] : tensor<?x4xi32> -> tensor<?xi1>
  return %0 : tensor<?xi1>
}
