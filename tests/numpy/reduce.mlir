// Reductions: one generic from the identity, marked as associative.
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// CHECK-DAG: #[[IN:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[OUT:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func.func @sum
// CHECK-SAME: (%[[X:.*]]: tensor<?x3xf64>)
func.func @sum(%x: tensor<?x3xf64>) -> tensor<3xf64> {
  // CHECK: %[[ZERO:.*]] = arith.constant 0.000000e+00 : f64
  // CHECK: %[[INIT:.*]] = linalg.fill ins(%[[ZERO]] : f64)
  // CHECK: linalg.generic {indexing_maps = [#[[IN]], #[[OUT]]], iterator_types = ["reduction", "parallel"]}
  // CHECK-SAME: ins(%[[X]] : tensor<?x3xf64>) outs(%[[INIT]] : tensor<3xf64>) attrs = {tensor_ext.associative}
  // CHECK: ^bb0(%[[A:.*]]: f64, %[[ACC:.*]]: f64):
  // CHECK: %[[SUM:.*]] = arith.addf %[[ACC]], %[[A]]
  // CHECK: linalg.yield %[[SUM]]
  %0 = numpy.sum %x axes [0] : tensor<?x3xf64> -> tensor<3xf64>
  return %0 : tensor<3xf64>
}

// -----

// Bool and narrow integers are counted in 64 bits, by their own signedness.
// CHECK-LABEL: func.func @widen
func.func @widen(%b: tensor<4xi1>, %u: tensor<4xui8>, %s: tensor<4xi8>) -> (tensor<i64>, tensor<ui64>, tensor<i64>) {
  // CHECK: %[[TRUE:.*]] = arith.cmpi ne
  // CHECK: arith.extui %[[TRUE]] : i1 to i64
  // CHECK: arith.addi
  %0 = numpy.sum %b : tensor<4xi1> -> tensor<i64>
  // CHECK: arith.extui %{{.*}} : i8 to i64
  // CHECK: arith.muli
  %1 = numpy.prod %u : tensor<4xui8> -> tensor<ui64>
  // CHECK: arith.extsi %{{.*}} : i8 to i64
  // CHECK: arith.addi
  %2 = numpy.sum %s axes [-1] : tensor<4xi8> -> tensor<i64>
  return %0, %1, %2 : tensor<i64>, tensor<ui64>, tensor<i64>
}

// -----

// 16-bit floats accumulate in f32 and are rounded once.
// CHECK-LABEL: func.func @half
func.func @half(%x: tensor<?xf16>) -> tensor<f16> {
  // CHECK: linalg.fill ins(%{{.*}} : f32)
  // CHECK: %[[WIDE:.*]] = arith.extf %{{.*}} : f16 to f32
  // CHECK: arith.addf %{{.*}}, %[[WIDE]] : f32
  // CHECK: linalg.generic
  // CHECK: arith.truncf %{{.*}} : f32 to f16
  %0 = numpy.sum %x : tensor<?xf16> -> tensor<f16>
  return %0 : tensor<f16>
}

// -----

// The dtype is the accumulator's type.
// CHECK-LABEL: func.func @dtype
func.func @dtype(%x: tensor<?xf32>) -> tensor<f64> {
  // CHECK: linalg.fill ins(%{{.*}} : f64)
  // CHECK: arith.extf %{{.*}} : f32 to f64
  // CHECK: arith.addf %{{.*}} : f64
  %0 = numpy.sum %x dtype f64 : tensor<?xf32> -> tensor<f64>
  return %0 : tensor<f64>
}

// -----

// CHECK-LABEL: func.func @mean
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xi32>)
func.func @mean(%x: tensor<?x4xi32>) -> tensor<f64> {
  // CHECK: %[[N:.*]] = tensor.dim %[[X]]
  // CHECK: arith.sitofp %{{.*}} : i32 to f64
  // CHECK: %[[SIZE:.*]] = arith.muli %[[N]]
  // CHECK: %[[WIDE:.*]] = arith.index_cast %[[SIZE]] : index to i64
  // CHECK: %[[COUNT:.*]] = arith.sitofp %[[WIDE]] : i64 to f64
  // CHECK: arith.divf %{{.*}}, %[[COUNT]] : f64
  %0 = numpy.mean %x : tensor<?x4xi32> -> tensor<f64>
  return %0 : tensor<f64>
}

// -----

// A NaN wins; no elements along a reduced axis are an error. keepdims is a view.
// CHECK-LABEL: func.func @max
// CHECK-SAME: (%[[X:.*]]: tensor<2x?xf32>)
func.func @max(%x: tensor<2x?xf32>) -> tensor<2x1xf32> {
  // CHECK: %[[N:.*]] = tensor.dim %[[X]]
  // CHECK: %[[SOME:.*]] = arith.cmpi ne, %[[N]]
  // CHECK: tensor_ext.check %[[SOME]], value_error, "numpy.max: zero-size array to reduction operation maximum which has no identity"
  // CHECK: arith.constant 0xFF800000 : f32
  // CHECK: %[[GREATER:.*]] = arith.cmpf ogt, %[[ACC:.*]], %[[A:.*]] : f32
  // CHECK: %[[PICKED:.*]] = arith.select %[[GREATER]], %[[ACC]], %[[A]]
  // CHECK: %[[NAN:.*]] = arith.cmpf uno, %[[ACC]], %[[ACC]]
  // CHECK: arith.select %[[NAN]], %[[ACC]], %[[PICKED]]
  // CHECK: tensor_ext.view %{{.*}} -> tensor<2x1xf32>
  %0 = numpy.max %x axes [1] keepdims : tensor<2x?xf32> -> tensor<2x1xf32>
  return %0 : tensor<2x1xf32>
}

// -----

// CHECK-LABEL: func.func @min_of_ints
func.func @min_of_ints(%x: tensor<3xi16>, %u: tensor<3xui16>) -> (tensor<i16>, tensor<ui16>) {
  // CHECK: arith.constant 32767 : i16
  // CHECK: arith.minsi
  %0 = numpy.min %x : tensor<3xi16> -> tensor<i16>
  // CHECK: arith.constant -1 : i16
  // CHECK: arith.minui
  %1 = numpy.min %u : tensor<3xui16> -> tensor<ui16>
  return %0, %1 : tensor<i16>, tensor<ui16>
}

// -----

// NaN is true.
// CHECK-LABEL: func.func @truth
func.func @truth(%x: tensor<3xf64>) -> (tensor<i1>, tensor<i1>, tensor<i64>) {
  // CHECK: tensor_ext.absorbing = 1 : i8
  // CHECK: arith.cmpf une
  // CHECK: arith.ori %{{.*}} : i8
  %0 = numpy.any %x : tensor<3xf64> -> tensor<i1>
  // CHECK: arith.constant 1 : i8
  // CHECK: tensor_ext.absorbing = 0 : i8
  // CHECK: arith.cmpf une
  // CHECK: arith.andi %{{.*}} : i8
  %1 = numpy.all %x : tensor<3xf64> -> tensor<i1>
  // CHECK: arith.cmpf une
  // CHECK: arith.addi %{{.*}} : i64
  %2 = numpy.count_nonzero %x : tensor<3xf64> -> tensor<i64>
  return %0, %1, %2 : tensor<i1>, tensor<i1>, tensor<i64>
}

// -----

// No axes: nothing is reduced, but types still change.
// CHECK-LABEL: func.func @no_axes
func.func @no_axes(%x: tensor<3xf64>) -> tensor<3xi1> {
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel"]
  // CHECK: arith.cmpf une
  %0 = numpy.any %x axes [] : tensor<3xf64> -> tensor<3xi1>
  return %0 : tensor<3xi1>
}

// -----

// A declared size may be missing: the value is cast to the declared type.
// CHECK-LABEL: func.func @declared_less
func.func @declared_less(%x: tensor<2x3xf64>) -> tensor<?xf64> {
  // CHECK: tensor.cast %{{.*}} : tensor<3xf64> to tensor<?xf64>
  %0 = numpy.sum %x axes [0] : tensor<2x3xf64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}
