// Between arrays and scalars, and sizes as index values.
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// Scalars of bool are i1, arrays of bool are bytes.
// CHECK-LABEL: func.func @item
// CHECK-SAME: (%[[X:.*]]: tensor<1x?xi8>) -> i1
func.func @item(%x: tensor<1x?xi1>) -> i1 {
  // CHECK: %[[N:.*]] = tensor.dim %[[X]]
  // CHECK: %[[SINGLE:.*]] = arith.cmpi eq, %[[N]]
  // CHECK: tensor_ext.check %[[SINGLE]], value_error, "numpy.item: can only convert an array of size 1 to a scalar, not one of shape ({}, {})"
  // CHECK: %[[BYTE:.*]] = tensor.extract %[[X]]
  // CHECK: %[[BOOL:.*]] = arith.cmpi ne, %[[BYTE]]
  // CHECK: return %[[BOOL]] : i1
  %0 = numpy.item %x : tensor<1x?xi1>
  return %0 : i1
}

// -----

// CHECK-LABEL: func.func @from_scalar
// CHECK-SAME: (%[[B:.*]]: i1, %[[N:.*]]: index, %[[U:.*]]: i16) -> (tensor<i8>, tensor<i64>, tensor<i16>)
func.func @from_scalar(%b: i1, %n: index, %u: ui16) -> (tensor<i1>, tensor<i64>, tensor<ui16>) {
  // CHECK: %[[BYTE:.*]] = arith.extui %[[B]] : i1 to i8
  // CHECK: tensor.from_elements %[[BYTE]] : tensor<i8>
  %0 = numpy.from_scalar %b : i1
  // CHECK: %[[I64:.*]] = arith.index_cast %[[N]] : index to i64
  // CHECK: tensor.from_elements %[[I64]] : tensor<i64>
  %1 = numpy.from_scalar %n : index
  // CHECK: tensor.from_elements %[[U]] : tensor<i16>
  %2 = numpy.from_scalar %u : ui16
  return %0, %1, %2 : tensor<i1>, tensor<i64>, tensor<ui16>
}

// -----

// CHECK-LABEL: func.func @sizes
// CHECK-SAME: (%[[X:.*]]: tensor<4x?xf32>)
func.func @sizes(%x: tensor<4x?xf32>) -> (index, index, index, index) {
  // CHECK: %[[LAST:.*]] = tensor.dim %[[X]], %c1
  %0 = numpy.dim %x axis -1 : tensor<4x?xf32>
  // CHECK: %[[FIRST:.*]] = arith.constant 4 : index
  %1:2 = numpy.shape %x : tensor<4x?xf32>
  // CHECK: %[[SIZE:.*]] = arith.muli
  %2 = numpy.size %x : tensor<4x?xf32>
  // CHECK: return %[[LAST]], %[[FIRST]], %{{.*}}, %[[SIZE]]
  return %0, %1#0, %1#1, %2 : index, index, index, index
}
