// numpy.reshape: sizes resolved and checked, then tensor_ext.reshape.
// RUN: npir-opt %s --numpy-to-tensor --cse --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @static
func.func @static(%x: tensor<2x6xf32>) -> (tensor<3x4xf32>, tensor<12xf32>) {
  // CHECK-NOT: tensor_ext.check
  // CHECK: tensor_ext.reshape %{{.*}} tensor<3x4xf32>
  %0 = numpy.reshape %x shape [3, -1] : tensor<2x6xf32> -> tensor<3x4xf32>
  // CHECK: tensor_ext.reshape %{{.*}} tensor<12xf32>
  %1 = numpy.reshape %x shape [12] : tensor<2x6xf32> -> tensor<12xf32>
  return %0, %1 : tensor<3x4xf32>, tensor<12xf32>
}

// -----

// Flattening always works.
// CHECK-LABEL: func.func @flatten
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xf32>)
func.func @flatten(%x: tensor<?x4xf32>) -> tensor<?xf32> {
  // CHECK-NOT: tensor_ext.check
  // CHECK: %[[N:.*]] = tensor.dim %[[X]]
  // CHECK: %[[SIZE:.*]] = arith.muli %[[N]]
  // CHECK: tensor_ext.reshape %[[X]][%[[SIZE]]]
  %0 = numpy.reshape %x shape [-1] : tensor<?x4xf32> -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// The unknown size is a quotient; it must be exact, and not by zero.
// CHECK-LABEL: func.func @quotient
// CHECK-SAME: (%[[X:.*]]: tensor<?xf32>, %[[N:.*]]: index)
func.func @quotient(%x: tensor<?xf32>, %n: index) -> tensor<?x?xf32> {
  // CHECK: %[[SIZE:.*]] = tensor.dim %[[X]]
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.reshape: negative dimensions are not allowed: size {}"
  // CHECK: %[[DIVISOR:.*]] = arith.maxsi %[[N]], %{{.*}}
  // CHECK: %[[REST:.*]] = arith.divui %[[SIZE]], %[[DIVISOR]]
  // CHECK: %[[PRODUCT:.*]] = arith.muli %[[REST]], %[[DIVISOR]]
  // CHECK: %[[EXACT:.*]] = arith.cmpi eq, %[[PRODUCT]], %[[SIZE]]
  // CHECK: %[[NONZERO:.*]] = arith.cmpi ne, %[[N]], %c0
  // CHECK: %[[FITS:.*]] = arith.andi %[[EXACT]], %[[NONZERO]]
  // CHECK: tensor_ext.check %[[FITS]], shape_mismatch, "numpy.reshape: cannot reshape array of shape ({},) into shape ({}, -1)"
  // CHECK: tensor_ext.reshape
  %0 = numpy.reshape %x shape [%n, -1] : tensor<?xf32> -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

// Sizes whose product overflows do not agree by accident.
// CHECK-LABEL: func.func @overflow
func.func @overflow(%x: tensor<?xf32>, %n: index, %m: index) -> tensor<?x?xf32> {
  // CHECK: arith.mulsi_extended
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.reshape: the array is too big"
  // CHECK: tensor_ext.check %{{.*}}, shape_mismatch, "numpy.reshape: cannot reshape array of shape ({},) into shape ({}, {})"
  %0 = numpy.reshape %x shape [%n, %m] : tensor<?xf32> -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
