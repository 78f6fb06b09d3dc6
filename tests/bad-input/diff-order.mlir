// Orders of differences that would take forever are refused; where nothing is left, any order will do.
// RUN: npir-opt %s --verify-diagnostics --split-input-file --npir-lower-to=tensor | FileCheck %s

// CHECK-LABEL: func.func @nothing_left
// CHECK-NOT: linalg.generic
func.func @nothing_left(%a: tensor<5xi32>) -> tensor<0xi32> {
  %0 = numpy.diff %a n 9000000000000000000 : tensor<5xi32> -> tensor<0xi32>
  return %0 : tensor<0xi32>
}

// -----

func.func @unknown(%a: tensor<?xi32>) -> tensor<?xi32> {
  // expected-error @+1 {{'numpy.diff' op differences of order 2000 are not supported, only up to 1000}}
  %0 = numpy.diff %a n 2000 : tensor<?xi32> -> tensor<?xi32>
  return %0 : tensor<?xi32>
}
