// numpy.matmul: one generic whose loops are the stack, rows, columns and the inner dimension.
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// CHECK-DAG: #[[A:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[B:.*]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-DAG: #[[C:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-LABEL: func.func @matrices
func.func @matrices(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>) -> tensor<2x4xf32> {
  // CHECK-NOT: tensor_ext
  // CHECK: linalg.generic {indexing_maps = [#[[A]], #[[B]], #[[C]]], iterator_types = ["parallel", "parallel", "reduction"]}
  // CHECK-SAME: attrs = {tensor_ext.associative}
  // CHECK: %[[P:.*]] = arith.mulf
  // CHECK-SAME: fastmath<contract>
  // CHECK: arith.addf %[[P]], %{{.*}} fastmath<contract>
  %0 = numpy.matmul %a, %b : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

// A vector is a row on the left and a column on the right.
// CHECK-DAG: #[[V:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-DAG: #[[M:.*]] = affine_map<(d0, d1) -> (d1, d0)>
// CHECK-DAG: #[[OUT:.*]] = affine_map<(d0, d1) -> (d0)>
// CHECK-DAG: #[[MT:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[S:.*]] = affine_map<(d0) -> (d0)>
// CHECK-DAG: #[[NONE:.*]] = affine_map<(d0) -> ()>
// CHECK-LABEL: func.func @vectors
func.func @vectors(%v: tensor<3xi64>, %m: tensor<3x4xi64>, %n: tensor<4x3xi64>) -> (tensor<4xi64>, tensor<4xi64>, tensor<i64>) {
  // CHECK: linalg.generic {indexing_maps = [#[[V]], #[[M]], #[[OUT]]]
  %0 = numpy.matmul %v, %m : tensor<3xi64>, tensor<3x4xi64> -> tensor<4xi64>
  // CHECK: linalg.generic {indexing_maps = [#[[MT]], #[[V]], #[[OUT]]]
  %1 = numpy.matmul %n, %v : tensor<4x3xi64>, tensor<3xi64> -> tensor<4xi64>
  // CHECK: linalg.generic {indexing_maps = [#[[S]], #[[S]], #[[NONE]]], iterator_types = ["reduction"]}
  %2 = numpy.matmul %v, %v : tensor<3xi64>, tensor<3xi64> -> tensor<i64>
  return %0, %1, %2 : tensor<4xi64>, tensor<4xi64>, tensor<i64>
}

// -----

// Bool multiplies with and, adds with or.
// CHECK-LABEL: func.func @bool
func.func @bool(%a: tensor<2x3xi1>, %b: tensor<3xi1>) -> tensor<2xi1> {
  // CHECK: %[[P:.*]] = arith.andi %{{.*}} : i8
  // CHECK: arith.ori %{{.*}}, %[[P]] : i8
  %0 = numpy.matmul %a, %b : tensor<2x3xi1>, tensor<3xi1> -> tensor<2xi1>
  return %0 : tensor<2xi1>
}

// -----

// CHECK-LABEL: func.func @half
func.func @half(%a: tensor<2x3xf16>, %b: tensor<3xf16>) -> tensor<2xf16> {
  // CHECK: arith.extf
  // CHECK: arith.mulf %{{.*}} : f32
  // CHECK: arith.addf %{{.*}} : f32
  // CHECK: arith.truncf %{{.*}} : f32 to f16
  %0 = numpy.matmul %a, %b : tensor<2x3xf16>, tensor<3xf16> -> tensor<2xf16>
  return %0 : tensor<2xf16>
}

// -----

// A stack of one matrix serves all; a missing one too.
// CHECK-DAG: #[[A:.*]] = affine_map<(d0, d1, d2, d3) -> (0, d1, d3)>
// CHECK-DAG: #[[B:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d3, d2)>
// CHECK-DAG: #[[C:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK-DAG: #[[D:.*]] = affine_map<(d0, d1, d2, d3) -> (d3, d2)>
// CHECK-LABEL: func.func @stacks
func.func @stacks(%a: tensor<1x5x3xf64>, %b: tensor<?x3x5xf64>, %c: tensor<5x2xf64>) -> (tensor<?x5x5xf64>, tensor<?x5x2xf64>) {
  // CHECK-NOT: tensor_ext.check
  // CHECK: linalg.generic {indexing_maps = [#[[A]], #[[B]], #[[C]]]
  %0 = numpy.matmul %a, %b : tensor<1x5x3xf64>, tensor<?x3x5xf64> -> tensor<?x5x5xf64>
  // CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[D]], #[[C]]]
  %1 = numpy.matmul %0, %c : tensor<?x5x5xf64>, tensor<5x2xf64> -> tensor<?x5x2xf64>
  return %0, %1 : tensor<?x5x5xf64>, tensor<?x5x2xf64>
}

// -----

// What types do not tell is checked, and a stack that may be 1 is seen through a view.
// CHECK-LABEL: func.func @dynamic
func.func @dynamic(%a: tensor<?x2x?xf64>, %b: tensor<?x3x4xf64>) -> tensor<?x2x4xf64> {
  // CHECK: tensor_ext.check %{{.*}}, shape_mismatch, "numpy.matmul: shapes ({}, {}, {}) and ({}, {}, {}) do not align: {} (dim 2) != {} (dim 1)"
  // CHECK: tensor_ext.check %{{.*}}, shape_mismatch, "numpy.matmul: shapes ({}, {}, {}) and ({}, {}, {}): the stacks do not broadcast"
  // CHECK: tensor_ext.view
  // CHECK: tensor_ext.view
  // CHECK: linalg.generic
  %0 = numpy.matmul %a, %b : tensor<?x2x?xf64>, tensor<?x3x4xf64> -> tensor<?x2x4xf64>
  return %0 : tensor<?x2x4xf64>
}
