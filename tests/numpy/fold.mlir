// Folding and canonicalization that change no bit of any result.
// RUN: npir-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @constants
func.func @constants() -> (tensor<2x2xf32>, f64, tensor<i64>, tensor<i1>) {
  // CHECK-DAG: numpy.constant dense<1.000000e+00> : tensor<2x2xf32>
  %one = numpy.constant dense<1.0> : tensor<f32>
  %0 = numpy.full %one shape [2, 2] : tensor<f32> -> tensor<2x2xf32>
  // CHECK-DAG: arith.constant 2.000000e+00 : f64
  %two = numpy.constant dense<2.0> : tensor<1x1xf64>
  %1 = numpy.item %two : tensor<1x1xf64>
  // CHECK-DAG: numpy.constant dense<3> : tensor<i64>
  %three = arith.constant 3 : index
  %2 = numpy.from_scalar %three : index
  // CHECK-DAG: numpy.constant dense<true> : tensor<i1>
  %true = arith.constant true
  %3 = numpy.from_scalar %true : i1
  return %0, %1, %2, %3 : tensor<2x2xf32>, f64, tensor<i64>, tensor<i1>
}

// -----

// CHECK-LABEL: func.func @sizes
func.func @sizes(%x: tensor<2x?xf32>, %y: tensor<2x3xf32>) -> (index, index, index) {
  // CHECK-DAG: %[[TWO:.*]] = arith.constant 2 : index
  // CHECK-DAG: %[[SIX:.*]] = arith.constant 6 : index
  %0 = numpy.dim %x axis -2 : tensor<2x?xf32>
  // CHECK-DAG: %[[N:.*]] = numpy.dim
  %1 = numpy.dim %x axis 1 : tensor<2x?xf32>
  %2 = numpy.size %y : tensor<2x3xf32>
  // CHECK: return %[[TWO]], %[[N]], %[[SIX]]
  return %0, %1, %2 : index, index, index
}

// -----

// CHECK-LABEL: func.func @nothing_to_do
// CHECK-SAME: (%[[X:.*]]: tensor<2x3xf64>, %[[B:.*]]: tensor<?xi1>, %[[S:.*]]: f64, %[[Z:.*]]: tensor<f64>)
func.func @nothing_to_do(%x: tensor<2x3xf64>, %b: tensor<?xi1>, %s: f64, %z: tensor<f64>)
    -> (tensor<2x3xf64>, tensor<2x3xf64>, tensor<2x3xf64>, tensor<2x3xf64>, tensor<2x3xf64>, tensor<?xi1>, tensor<?xi1>, f64, tensor<f64>, tensor<2x3xf64>) {
  %0 = numpy.transpose %x axes [0, 1] : tensor<2x3xf64> -> tensor<2x3xf64>
  %1 = numpy.reshape %x shape [-1, 3] : tensor<2x3xf64> -> tensor<2x3xf64>
  %2 = numpy.broadcast_to %x shape [2, 3] : tensor<2x3xf64> -> tensor<2x3xf64>
  %3 = numpy.slice %x[:, :] : tensor<2x3xf64> -> tensor<2x3xf64>
  %4 = numpy.max %x axes [] : tensor<2x3xf64> -> tensor<2x3xf64>
  %5 = numpy.any %b axes [] : tensor<?xi1> -> tensor<?xi1>
  %6 = numpy.reshape %b shape [-1] : tensor<?xi1> -> tensor<?xi1>
  %t = numpy.from_scalar %s : f64
  %7 = numpy.item %t : tensor<f64>
  %i = numpy.item %z : tensor<f64>
  %8 = numpy.from_scalar %i : f64
  %9 = numpy.concatenate %x axis 0 : tensor<2x3xf64> -> tensor<2x3xf64>
  // CHECK-NEXT: return %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[B]], %[[B]], %[[S]], %[[Z]], %[[X]]
  return %0, %1, %2, %3, %4, %5, %6, %7, %8, %9 : tensor<2x3xf64>, tensor<2x3xf64>, tensor<2x3xf64>, tensor<2x3xf64>, tensor<2x3xf64>, tensor<?xi1>, tensor<?xi1>, f64, tensor<f64>, tensor<2x3xf64>
}

// -----

// What looks alike and is not.
// CHECK-LABEL: func.func @kept
func.func @kept(%x: tensor<?x?xf64>, %n: index) -> (tensor<?x?xf64>, tensor<?x?xf64>, tensor<?x?xf64>, tensor<?x?xi1>) {
  // CHECK: numpy.transpose
  %0 = numpy.transpose %x : tensor<?x?xf64> -> tensor<?x?xf64>
  // CHECK: numpy.reshape
  %1 = numpy.reshape %x shape [%n, -1] : tensor<?x?xf64> -> tensor<?x?xf64>
  // CHECK: numpy.slice
  %2 = numpy.slice %x[:, ::-1] : tensor<?x?xf64> -> tensor<?x?xf64>
  // CHECK: numpy.any
  %3 = numpy.any %x axes [] : tensor<?x?xf64> -> tensor<?x?xi1>
  return %0, %1, %2, %3 : tensor<?x?xf64>, tensor<?x?xf64>, tensor<?x?xf64>, tensor<?x?xi1>
}

// -----

// CHECK-LABEL: func.func @reshape_of_reshape
// CHECK-SAME: (%[[X:.*]]: tensor<2x6xf64>, %[[Y:.*]]: tensor<?xf64>)
func.func @reshape_of_reshape(%x: tensor<2x6xf64>, %y: tensor<?xf64>) -> (tensor<4x3xf64>, tensor<4x3xf64>) {
  // CHECK: numpy.reshape %[[X]] shape [4, 3]
  %0 = numpy.reshape %x shape [12] : tensor<2x6xf64> -> tensor<12xf64>
  %1 = numpy.reshape %0 shape [4, 3] : tensor<12xf64> -> tensor<4x3xf64>
  // The inner one may fail.
  // CHECK: %[[Z:.*]] = numpy.reshape %[[Y]] shape [6, 2]
  // CHECK: numpy.reshape %[[Z]] shape [4, 3]
  %2 = numpy.reshape %y shape [6, 2] : tensor<?xf64> -> tensor<6x2xf64>
  %3 = numpy.reshape %2 shape [4, 3] : tensor<6x2xf64> -> tensor<4x3xf64>
  return %1, %3 : tensor<4x3xf64>, tensor<4x3xf64>
}
