// Ops that move no element: all are one tensor_ext.view.
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @transpose
// CHECK-SAME: (%[[X:.*]]: tensor<2x3x4xi8>)
func.func @transpose(%x: tensor<2x3x4xi1>) -> (tensor<4x3x2xi1>, tensor<3x4x2xi1>) {
  // CHECK: tensor_ext.view %[[X]]
  // CHECK-SAME: tensor<4x3x2xi8>
  %0 = numpy.transpose %x : tensor<2x3x4xi1> -> tensor<4x3x2xi1>
  // CHECK: tensor_ext.view %[[X]]
  // CHECK-SAME: tensor<3x4x2xi8>
  %1 = numpy.transpose %x axes [1, -1, 0] : tensor<2x3x4xi1> -> tensor<3x4x2xi1>
  return %0, %1 : tensor<4x3x2xi1>, tensor<3x4x2xi1>
}

// -----

// CHECK-LABEL: func.func @broadcast_to
// CHECK-SAME: (%[[X:.*]]: tensor<?x1xf32>, %[[N:.*]]: index)
func.func @broadcast_to(%x: tensor<?x1xf32>, %n: index) -> tensor<2x?x3xf32> {
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.broadcast_to: negative dimensions are not allowed: size {}"
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.broadcast_to: the array is too big"
  // CHECK: %[[M:.*]] = tensor.dim %[[X]]
  // CHECK: %[[SAME:.*]] = arith.cmpi eq, %[[M]], %[[N]]
  // CHECK: %[[ONE:.*]] = arith.cmpi eq, %[[M]], %c1
  // CHECK: %[[FITS:.*]] = arith.ori %[[SAME]], %[[ONE]]
  // CHECK: tensor_ext.check %[[FITS]], shape_mismatch, "numpy.broadcast_to: shape ({}, {}) does not broadcast to ({}, {}, {})"
  // CHECK: %[[STEP:.*]] = arith.select %{{.*}}, %c0{{.*}}, %c1
  // CHECK: tensor_ext.view %[[X]]
  // CHECK-SAME: %[[STEP]]
  // CHECK-SAME: tensor<2x?x3xf32>
  %0 = numpy.broadcast_to %x shape [2, %n, 3] : tensor<?x1xf32> -> tensor<2x?x3xf32>
  return %0 : tensor<2x?x3xf32>
}

// -----

// CHECK-LABEL: func.func @unit_dimensions
func.func @unit_dimensions(%x: tensor<2x1xf32>) -> (tensor<1x2x1x1xf32>, tensor<2xf32>, tensor<2xf32>) {
  // CHECK-NOT: tensor_ext.check
  // CHECK: tensor_ext.view %{{.*}}tensor<1x2x1x1xf32>
  %0 = numpy.expand_dims %x axes [0, -2] : tensor<2x1xf32> -> tensor<1x2x1x1xf32>
  // CHECK: tensor_ext.view %{{.*}}tensor<2xf32>
  %1 = numpy.squeeze %x : tensor<2x1xf32> -> tensor<2xf32>
  // CHECK: tensor_ext.view %{{.*}}tensor<2xf32>
  %2 = numpy.squeeze %x axes [1] : tensor<2x1xf32> -> tensor<2xf32>
  return %0, %1, %2 : tensor<1x2x1x1xf32>, tensor<2xf32>, tensor<2xf32>
}

// -----

// CHECK-LABEL: func.func @squeeze_at_run_time
func.func @squeeze_at_run_time(%x: tensor<2x?xf32>) -> tensor<2xf32> {
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.squeeze: cannot select an axis to squeeze out which has size not equal to one"
  %0 = numpy.squeeze %x axes [1] : tensor<2x?xf32> -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

// CHECK-LABEL: func.func @flip
func.func @flip(%x: tensor<4x?xf32>) -> (tensor<4x?xf32>, tensor<4x?xf32>) {
  // CHECK: tensor_ext.view %{{.*}}[3, 0]
  %0 = numpy.flip %x axes [0] : tensor<4x?xf32> -> tensor<4x?xf32>
  // CHECK: %[[LAST:.*]] = arith.subi
  // CHECK: tensor_ext.view %{{.*}}[3, %[[LAST]]]
  %1 = numpy.flip %x : tensor<4x?xf32> -> tensor<4x?xf32>
  return %0, %1 : tensor<4x?xf32>, tensor<4x?xf32>
}
