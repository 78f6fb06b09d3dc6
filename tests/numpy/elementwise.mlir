// Lowering of elementwise operations: one linalg.generic over the common shape.
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// Missing and unit dimensions are dropped from the index maps: no broadcast is left.
// CHECK-DAG: #[[ALL:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[ROW:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func.func @missing_dimension
// CHECK-SAME: (%[[A:.*]]: tensor<3x4xf64>, %[[B:.*]]: tensor<4xf64>)
func.func @missing_dimension(%a: tensor<3x4xf64>, %b: tensor<4xf64>) -> tensor<3x4xf64> {
  // CHECK-NOT: tensor_ext
  // CHECK: %[[OUT:.*]] = tensor.empty() : tensor<3x4xf64>
  // CHECK: linalg.generic {indexing_maps = [#[[ALL]], #[[ROW]], #[[ALL]]], iterator_types = ["parallel", "parallel"]}
  // CHECK-SAME: ins(%[[A]], %[[B]] : tensor<3x4xf64>, tensor<4xf64>) outs(%[[OUT]] : tensor<3x4xf64>)
  // CHECK: ^bb0(%[[X:.*]]: f64, %[[Y:.*]]: f64, %{{.*}}: f64):
  // CHECK-NEXT: %[[SUM:.*]] = arith.addf %[[X]], %[[Y]] : f64
  // CHECK-NEXT: linalg.yield %[[SUM]]
  %0 = numpy.add %a, %b : tensor<3x4xf64>, tensor<4xf64> -> tensor<3x4xf64>
  return %0 : tensor<3x4xf64>
}

// -----

// CHECK-DAG: #[[ALL:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[COLUMN:.*]] = affine_map<(d0, d1) -> (d0, 0)>
// CHECK-DAG: #[[ROW:.*]] = affine_map<(d0, d1) -> (0, d1)>
// CHECK-LABEL: func.func @unit_dimensions
func.func @unit_dimensions(%a: tensor<3x1xf32>, %b: tensor<1x4xf32>) -> tensor<3x4xf32> {
  // CHECK: linalg.generic {indexing_maps = [#[[COLUMN]], #[[ROW]], #[[ALL]]]
  %0 = numpy.multiply %a, %b : tensor<3x1xf32>, tensor<1x4xf32> -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// -----

// CHECK-DAG: #[[SCALAR:.*]] = affine_map<(d0) -> ()>
// CHECK-LABEL: func.func @zero_dimensional_operand
func.func @zero_dimensional_operand(%a: tensor<3xf32>, %s: tensor<f32>) -> tensor<3xf32> {
  // CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[SCALAR]], #{{.*}}]
  %0 = numpy.subtract %a, %s : tensor<3xf32>, tensor<f32> -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

// CHECK-LABEL: func.func @zero_dimensional
func.func @zero_dimensional(%a: tensor<f32>, %b: tensor<f32>) -> tensor<f32> {
  // CHECK: linalg.generic {indexing_maps = [#{{.*}}, #{{.*}}, #{{.*}}], iterator_types = []}
  // CHECK: arith.divf
  %0 = numpy.divide %a, %b : tensor<f32>, tensor<f32> -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

// A constant is a constant of the body and no operand.
// CHECK-LABEL: func.func @constant_operand
// CHECK-SAME: (%[[A:.*]]: tensor<3xf64>)
func.func @constant_operand(%a: tensor<3xf64>) -> tensor<3xf64> {
  %two = numpy.constant dense<2.0> : tensor<f64>
  // CHECK: linalg.generic
  // CHECK-SAME: ins(%[[A]] : tensor<3xf64>)
  // CHECK: %[[TWO:.*]] = arith.constant 2.000000e+00 : f64
  // CHECK: arith.mulf %{{.*}}, %[[TWO]]
  %0 = numpy.multiply %a, %two : tensor<3xf64>, tensor<f64> -> tensor<3xf64>
  return %0 : tensor<3xf64>
}

// -----

// Two dynamic sizes: a check that both are equal or 1, and each operand is stretched if it is 1.
// CHECK-LABEL: func.func @both_dynamic
// CHECK-SAME: (%[[A:.*]]: tensor<?xf64>, %[[B:.*]]: tensor<?xf64>)
func.func @both_dynamic(%a: tensor<?xf64>, %b: tensor<?xf64>) -> tensor<?xf64> {
  // CHECK-DAG: %[[M:.*]] = tensor.dim %[[A]]
  // CHECK-DAG: %[[N:.*]] = tensor.dim %[[B]]
  // CHECK: %[[SIZE:.*]] = arith.select %{{.*}}, %[[N]], %[[M]] : index
  // CHECK: tensor_ext.check
  // CHECK-SAME: shape_mismatch
  // CHECK-SAME: "numpy.add: shapes ({},) and ({},) do not broadcast"
  // CHECK-SAME: %[[M]], %[[N]]
  // CHECK: %[[STEP:.*]] = arith.select
  // CHECK: %[[VA:.*]] = tensor_ext.view %[[A]]
  // CHECK: %[[VB:.*]] = tensor_ext.view %[[B]]
  // CHECK: %[[OUT:.*]] = tensor.empty(%[[SIZE]]) : tensor<?xf64>
  // CHECK: linalg.generic
  // CHECK-SAME: ins(%[[VA]], %[[VB]] : tensor<?xf64>, tensor<?xf64>) outs(%[[OUT]] : tensor<?xf64>)
  %0 = numpy.add %a, %b : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}

// -----

// Against a static size only the dynamic operand can be stretched.
// CHECK-LABEL: func.func @dynamic_and_static
// CHECK-SAME: (%[[A:.*]]: tensor<2x?xf64>, %[[B:.*]]: tensor<5xf64>)
func.func @dynamic_and_static(%a: tensor<2x?xf64>, %b: tensor<5xf64>) -> tensor<2x5xf64> {
  // CHECK: tensor_ext.check
  // CHECK-SAME: "numpy.add: shapes ({}, {}) and ({},) do not broadcast"
  // CHECK: %[[VA:.*]] = tensor_ext.view %[[A]]
  // CHECK: linalg.generic
  // CHECK-SAME: ins(%[[VA]], %[[B]] : tensor<2x5xf64>, tensor<5xf64>)
  %0 = numpy.add %a, %b : tensor<2x?xf64>, tensor<5xf64> -> tensor<2x5xf64>
  return %0 : tensor<2x5xf64>
}

// -----

// One size is the same number everywhere: nothing to check, nothing to stretch.
// CHECK-LABEL: func.func @one_dynamic_size
func.func @one_dynamic_size(%a: tensor<?x3xf64>, %s: tensor<3xf64>) -> tensor<?x3xf64> {
  // CHECK-NOT: tensor_ext
  %0 = numpy.multiply %a, %a : tensor<?x3xf64>, tensor<?x3xf64> -> tensor<?x3xf64>
  %1 = numpy.add %0, %a : tensor<?x3xf64>, tensor<?x3xf64> -> tensor<?x3xf64>
  %2 = numpy.subtract %1, %s : tensor<?x3xf64>, tensor<3xf64> -> tensor<?x3xf64>
  %3 = numpy.maximum %2, %0 : tensor<?x3xf64>, tensor<?x3xf64> -> tensor<?x3xf64>
  // CHECK: return
  return %3 : tensor<?x3xf64>
}

// -----

// A result may be declared with less than what is inferred.
// CHECK-LABEL: func.func @declared_dynamic
func.func @declared_dynamic(%a: tensor<3xf64>) -> tensor<?xf64> {
  // CHECK: linalg.generic
  // CHECK: tensor.cast %{{.*}} : tensor<3xf64> to tensor<?xf64>
  %0 = numpy.sqrt %a : tensor<3xf64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}

// -----

// The condition of `where` broadcasts too; in memory it is a byte.
// CHECK-LABEL: func.func @where
// CHECK-SAME: %{{.*}}: tensor<2x1xi8>
func.func @where(%c: tensor<2x1xi1>, %x: tensor<3xf32>, %y: tensor<f32>) -> tensor<2x3xf32> {
  // CHECK: ^bb0(%[[C:.*]]: i8, %[[X:.*]]: f32, %[[Y:.*]]: f32, %{{.*}}: f32):
  // CHECK: %[[HOLDS:.*]] = arith.cmpi ne, %[[C]], %{{.*}} : i8
  // CHECK: arith.select %[[HOLDS]], %[[X]], %[[Y]] : f32
  %0 = numpy.where %c, %x, %y : tensor<2x1xi1>, tensor<3xf32>, tensor<f32> -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

// The array that has a common size is not stretched when it meets an array again that the size was
// chosen from.
// CHECK-LABEL: func.func @broadcast_again
// CHECK-SAME: (%[[A:.*]]: tensor<?xf64>, %[[B:.*]]: tensor<?xf64>)
func.func @broadcast_again(%a: tensor<?xf64>, %b: tensor<?xf64>) -> tensor<?xf64> {
  // CHECK: %[[SUM:.*]] = linalg.generic
  %0 = numpy.add %a, %b : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
  // CHECK: tensor_ext.check
  // CHECK: %[[VB:.*]] = tensor_ext.view %[[B]]
  // CHECK-NOT: tensor_ext
  // CHECK: linalg.generic
  // CHECK-SAME: ins(%[[VB]], %[[SUM]] :
  %1 = numpy.multiply %b, %0 : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
  // CHECK-NOT: tensor_ext
  // CHECK: return
  %2 = numpy.subtract %1, %0 : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
  return %2 : tensor<?xf64>
}
