// RUN: npir-opt %s --canonicalize --split-input-file | FileCheck %s

// x[1::2][::-1]: one view.
// CHECK-LABEL: func.func @view_of_view
func.func @view_of_view(%x: tensor<8xf64>) -> tensor<4xf64> {
  // CHECK-NEXT: %[[V:.*]] = tensor_ext.view %{{.*}}[7] sizes [4] steps [-2] dims [0] : tensor<8xf64> -> tensor<4xf64>
  // CHECK-NEXT: return %[[V]]
  %0 = tensor_ext.view %x[1] sizes [4] steps [2] dims [0] : tensor<8xf64> -> tensor<4xf64>
  %1 = tensor_ext.view %0[3] sizes [4] steps [-1] dims [0] : tensor<4xf64> -> tensor<4xf64>
  return %1 : tensor<4xf64>
}

// -----

// x.T[:, None] broadcast along the new axis, then one row of it.
// CHECK-LABEL: func.func @broadcast_of_transpose
func.func @broadcast_of_transpose(%x: tensor<3x5xf64>, %i: index) -> tensor<7x3xf64> {
  // CHECK-NEXT: %[[V:.*]] = tensor_ext.view %{{.*}}[0, %{{.*}}] sizes [7, 3] steps [0, 1] dims [-1, 0] : tensor<3x5xf64> -> tensor<7x3xf64>
  // CHECK-NEXT: return %[[V]]
  %0 = tensor_ext.view %x[0, 0] sizes [5, 3] steps [1, 1] dims [1, 0] : tensor<3x5xf64> -> tensor<5x3xf64>
  %1 = tensor_ext.view %0[0, 0] sizes [5, 7, 3] steps [1, 0, 1] dims [0, -1, 1] : tensor<5x3xf64> -> tensor<5x7x3xf64>
  %2 = tensor_ext.view %1[%i, 0, 0] sizes [7, 3] steps [1, 1] dims [1, 2] : tensor<5x7x3xf64> -> tensor<7x3xf64>
  return %2 : tensor<7x3xf64>
}

// -----

// Offsets that are values scale by the inner step.
// CHECK-LABEL: func.func @dynamic_offsets
// CHECK-SAME: %[[X:.*]]: tensor<?xf64>, %[[I:.*]]: index, %[[J:.*]]: index, %[[N:.*]]: index
func.func @dynamic_offsets(%x: tensor<?xf64>, %i: index, %j: index, %n: index) -> tensor<?xf64> {
  // CHECK-DAG: %[[C3:.*]] = arith.constant 3 : index
  // CHECK: %[[M:.*]] = arith.muli %[[J]], %[[C3]] : index
  // CHECK: %[[O:.*]] = arith.addi %[[I]], %[[M]] : index
  // CHECK: tensor_ext.view %[[X]][%[[O]]] sizes [%[[N]]] steps [3] dims [0]
  %0 = tensor_ext.view %x[%i] sizes [%n] steps [3] dims [0] : tensor<?xf64> -> tensor<?xf64>
  %1 = tensor_ext.view %0[%j] sizes [%n] steps [1] dims [0] : tensor<?xf64> -> tensor<?xf64>
  return %1 : tensor<?xf64>
}

// -----

// CHECK-LABEL: func.func @identity
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf64>
// CHECK-NEXT: return %[[X]]
func.func @identity(%x: tensor<?x4xf64>) -> tensor<?x4xf64> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x4xf64>
  %0 = tensor_ext.view %x[0, 0] sizes [%n, 4] steps [1, 1] dims [0, 1] : tensor<?x4xf64> -> tensor<?x4xf64>
  return %0 : tensor<?x4xf64>
}

// -----

// A slice is not its source, though the types agree.
// CHECK-LABEL: func.func @not_identity
// CHECK: tensor_ext.view
func.func @not_identity(%x: tensor<?xf64>, %n: index) -> tensor<?xf64> {
  %0 = tensor_ext.view %x[0] sizes [%n] steps [1] dims [0] : tensor<?xf64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}

// -----

// CHECK-LABEL: func.func @constants_refine_the_type
// CHECK: %[[V:.*]] = tensor_ext.view %{{.*}}[1] sizes [3] steps [2] dims [0] : tensor<?xf64> -> tensor<3xf64>
// CHECK: tensor.cast %[[V]] : tensor<3xf64> to tensor<?xf64>
func.func @constants_refine_the_type(%x: tensor<?xf64>) -> tensor<?xf64> {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %0 = tensor_ext.view %x[%c1] sizes [%c3] steps [%c2] dims [0] : tensor<?xf64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}

// -----

// Constants that make no sense stay: the code may never run.
// CHECK-LABEL: func.func @impossible_constants
// CHECK: tensor_ext.view %{{.*}}[%{{.*}}] sizes
func.func @impossible_constants(%x: tensor<4xf64>) -> tensor<2xf64> {
  %c9 = arith.constant 9 : index
  %0 = tensor_ext.view %x[%c9] sizes [2] steps [1] dims [0] : tensor<4xf64> -> tensor<2xf64>
  return %0 : tensor<2xf64>
}

// -----

// CHECK-LABEL: func.func @extents
// CHECK-SAME: %{{.*}}: tensor<?x?xf64>, %[[N:.*]]: index, %[[M:.*]]: index
// CHECK-NEXT: return %[[N]], %[[M]]
func.func @extents(%x: tensor<?x?xf64>, %n: index, %m: index) -> (index, index) {
  %c0 = arith.constant 0 : index
  %0 = tensor_ext.view %x[0, 0] sizes [%n, 2] steps [1, 1] dims [0, 1] : tensor<?x?xf64> -> tensor<?x2xf64>
  %1 = tensor_ext.reshape %0[%m] : tensor<?x2xf64> -> tensor<?xf64>
  %a = tensor.dim %0, %c0 : tensor<?x2xf64>
  %b = tensor.dim %1, %c0 : tensor<?xf64>
  return %a, %b : index, index
}

// -----

// CHECK-LABEL: func.func @reshape_of_reshape
// CHECK-NEXT: %[[R:.*]] = tensor_ext.reshape %{{.*}}[3, 8] : tensor<4x6xf64> -> tensor<3x8xf64>
// CHECK-NEXT: return %[[R]]
func.func @reshape_of_reshape(%x: tensor<4x6xf64>) -> tensor<3x8xf64> {
  %0 = tensor_ext.reshape %x[24] : tensor<4x6xf64> -> tensor<24xf64>
  %1 = tensor_ext.reshape %0[3, 8] : tensor<24xf64> -> tensor<3x8xf64>
  return %1 : tensor<3x8xf64>
}

// -----

// Dimensions of extent one come and go without moving elements.
// CHECK-LABEL: func.func @reshape_to_view
// CHECK-NEXT: %[[V:.*]] = tensor_ext.view %{{.*}}[0, 0, 0] sizes [4, 1, 5, 1] steps [1, 0, 1, 0] dims [0, -1, 2, -1] : tensor<4x1x5xf64> -> tensor<4x1x5x1xf64>
// CHECK-NEXT: return %[[V]]
func.func @reshape_to_view(%x: tensor<4x1x5xf64>) -> tensor<4x1x5x1xf64> {
  %0 = tensor_ext.reshape %x[4, 5] : tensor<4x1x5xf64> -> tensor<4x5xf64>
  %1 = tensor_ext.reshape %0[4, 1, 5, 1] : tensor<4x5xf64> -> tensor<4x1x5x1xf64>
  return %1 : tensor<4x1x5x1xf64>
}

// -----

// CHECK-LABEL: func.func @insert_all
// CHECK-SAME: %[[V:.*]]: tensor<4xf64>, %{{.*}}: tensor<4xf64>
// CHECK-NEXT: return %[[V]]
func.func @insert_all(%v: tensor<4xf64>, %x: tensor<4xf64>) -> tensor<4xf64> {
  %0 = tensor_ext.insert_view %v into %x[0] sizes [4] steps [1] dims [0] : tensor<4xf64> into tensor<4xf64>
  return %0 : tensor<4xf64>
}

// -----

// CHECK-LABEL: func.func @insert_nothing
// CHECK-SAME: %{{.*}}: tensor<0xf64>, %[[X:.*]]: tensor<4xf64>
// CHECK-NEXT: return %[[X]]
func.func @insert_nothing(%v: tensor<0xf64>, %x: tensor<4xf64>) -> tensor<4xf64> {
  %0 = tensor_ext.insert_view %v into %x[0] sizes [0] steps [1] dims [0] : tensor<0xf64> into tensor<4xf64>
  return %0 : tensor<4xf64>
}

// -----

// CHECK-LABEL: func.func @constant_view
// CHECK-NEXT: %[[C:.*]] = arith.constant dense<2.000000e+00> : tensor<2xf64>
// CHECK-NEXT: return %[[C]]
func.func @constant_view() -> tensor<2xf64> {
  %x = arith.constant dense<2.0> : tensor<4xf64>
  %0 = tensor_ext.view %x[0] sizes [2] steps [2] dims [0] : tensor<4xf64> -> tensor<2xf64>
  return %0 : tensor<2xf64>
}

// -----

// CHECK-LABEL: func.func @checks
// CHECK-SAME: %[[C:.*]]: i1
// CHECK-NEXT: tensor_ext.check %[[C]], value_error, "kept"
// CHECK-NEXT: return
func.func @checks(%c: i1) {
  %true = arith.constant true
  tensor_ext.check %true, value_error, "gone"
  tensor_ext.check %c, value_error, "kept"
  return
}

// -----

// Equal ops merge, ops with other attributes do not.
// CHECK-LABEL: func.func @cse
func.func @cse(%x: tensor<4xf64>) -> (tensor<2xf64>, tensor<2xf64>) {
  %0 = tensor_ext.view %x[0] sizes [2] steps [1] dims [0] : tensor<4xf64> -> tensor<2xf64>
  %1 = tensor_ext.view %x[1] sizes [2] steps [1] dims [0] : tensor<4xf64> -> tensor<2xf64>
  // CHECK: tensor_ext.view %{{.*}}[0]
  // CHECK: tensor_ext.view %{{.*}}[1]
  return %0, %1 : tensor<2xf64>, tensor<2xf64>
}
