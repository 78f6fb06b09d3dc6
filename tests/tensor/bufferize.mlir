// RUN: npir-opt %s --pass-pipeline='builtin.module(one-shot-bufferize{bufferize-function-boundaries function-boundary-type-conversion=fully-dynamic-layout-map},canonicalize,cse)' --split-input-file | FileCheck %s

// A view shares its source's memory.
// CHECK-LABEL: func.func @view
// CHECK-SAME: %[[X:.*]]: memref<?x4xf64, strided<[?, ?], offset: ?>>, %[[N:.*]]: index
// CHECK: %{{.*}}, %[[O:.*]], %{{.*}}:2, %[[S:.*]]:2 = memref.extract_strided_metadata %[[X]]
// CHECK-DAG: %[[M:.*]] = arith.muli %[[S]]#1, %{{.*}} : index
// CHECK-DAG: %[[P:.*]] = arith.addi %[[O]], %[[M]] : index
// CHECK-DAG: %[[T:.*]] = arith.muli %[[S]]#0, %{{.*}} : index
// CHECK: memref.reinterpret_cast %[[X]] to offset: [%[[P]]], sizes: [%[[N]], 7], strides: [%[[T]], 0]
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
func.func @view(%x: tensor<?x4xf64>, %n: index) -> tensor<?x7xf64> {
  %0 = tensor_ext.view %x[0, 2] sizes [%n, 7] steps [-2, 0] dims [0, -1] : tensor<?x4xf64> -> tensor<?x7xf64>
  return %0 : tensor<?x7xf64>
}

// -----

// Static layouts stay static.
// CHECK-LABEL: func.func @static_view
// CHECK: memref.reinterpret_cast %{{.*}} to offset: [3], sizes: [3], strides: [1] : memref<4x3xf64> to memref<3xf64, strided<[1], offset: 3>>
func.func @static_view(%v: f64) -> tensor<3xf64> {
  %e = tensor.empty() : tensor<4x3xf64>
  %f = linalg.fill ins(%v : f64) outs(%e : tensor<4x3xf64>) -> tensor<4x3xf64>
  %0 = tensor_ext.view %f[1, 0] sizes [3] steps [1] dims [1] : tensor<4x3xf64> -> tensor<3xf64>
  return %0 : tensor<3xf64>
}

// -----

// x[1:3] = v, in place.
// CHECK-LABEL: func.func @in_place
// CHECK-NOT: memref.alloc
// CHECK: memref.copy
// CHECK-NOT: memref.copy
// CHECK: return
func.func @in_place(%x: tensor<8xf64>, %v: tensor<2xf64>) -> tensor<8xf64> {
  %1 = tensor_ext.insert_view %v into %x[1] sizes [2] steps [1] dims [0] : tensor<2xf64> into tensor<8xf64>
  return %1 : tensor<8xf64>
}

// -----

// The old value is needed: a copy is updated.
// CHECK-LABEL: func.func @old_value_needed
// CHECK: memref.alloc() {{.*}} : memref<8xf64>
// CHECK: memref.copy
// CHECK: memref.copy
func.func @old_value_needed(%x: tensor<8xf64>, %v: tensor<2xf64>) -> (tensor<8xf64>, tensor<8xf64>) {
  %1 = tensor_ext.insert_view %v into %x[1] sizes [2] steps [1] dims [0] : tensor<2xf64> into tensor<8xf64>
  return %1, %x : tensor<8xf64>, tensor<8xf64>
}

// -----

// x[1:] = x[:-1]: the overlap goes through a temporary of the slice.
// CHECK-LABEL: func.func @overlap
// CHECK: memref.alloc() {{.*}} : memref<7xf64>
func.func @overlap(%x: tensor<8xf64>) -> tensor<8xf64> {
  %0 = tensor_ext.view %x[0] sizes [7] steps [1] dims [0] : tensor<8xf64> -> tensor<7xf64>
  %1 = tensor_ext.insert_view %0 into %x[1] sizes [7] steps [1] dims [0] : tensor<7xf64> into tensor<8xf64>
  return %1 : tensor<8xf64>
}

// -----

// Memory of any layout: contiguity is decided at run time.
// CHECK-LABEL: func.func @reshape
// CHECK: %{{.*}}, %{{.*}}, %{{.*}}:2, %[[S:.*]]:2 = memref.extract_strided_metadata
// CHECK-DAG: %[[A:.*]] = arith.cmpi eq, %[[S]]#1, %c1
// CHECK-DAG: %[[B:.*]] = arith.cmpi eq, %[[S]]#0, %c6
// CHECK: %[[C:.*]] = arith.andi %[[A]], %[[B]]
// CHECK: scf.if %[[C]] -> (memref<8x3xf64, strided<[3, 1], offset: ?>>)
// CHECK-NEXT: memref.reinterpret_cast
// CHECK-NEXT: scf.yield
// CHECK-NEXT: else
// CHECK: memref.alloc() : memref<4x6xf64>
// CHECK-NEXT: memref.copy
func.func @reshape(%x: tensor<4x6xf64>) -> tensor<8x3xf64> {
  %1 = tensor_ext.reshape %x[8, 3] : tensor<4x6xf64> -> tensor<8x3xf64>
  return %1 : tensor<8x3xf64>
}

// -----

// Strides of dimensions of at most one element do not matter.
// CHECK-LABEL: func.func @reshape_dynamic
// CHECK: %[[ONE:.*]] = arith.cmpi ule, %{{.*}}, %c1
// CHECK: arith.ori
// CHECK: scf.if
func.func @reshape_dynamic(%x: tensor<?x6xf64>, %n: index) -> tensor<?xf64> {
  %1 = tensor_ext.reshape %x[%n] : tensor<?x6xf64> -> tensor<?xf64>
  return %1 : tensor<?xf64>
}

// -----

// Fresh memory is contiguous: no test, no copy.
// CHECK-LABEL: func.func @reshape_fresh
// CHECK-NOT: scf.if
// CHECK: memref.reinterpret_cast %{{.*}} to offset: [0], sizes: [12], strides: [1] : memref<4x3xf64> to memref<12xf64
// CHECK-NOT: scf.if
func.func @reshape_fresh(%v: f64) -> tensor<12xf64> {
  %e = tensor.empty() : tensor<4x3xf64>
  %f = linalg.fill ins(%v : f64) outs(%e : tensor<4x3xf64>) -> tensor<4x3xf64>
  %0 = tensor_ext.reshape %f[12] : tensor<4x3xf64> -> tensor<12xf64>
  return %0 : tensor<12xf64>
}

// -----

// A transpose is never contiguous.
// CHECK-LABEL: func.func @reshape_transposed
// CHECK-NOT: scf.if
// CHECK: memref.copy
func.func @reshape_transposed(%v: f64) -> tensor<12xf64> {
  %e = tensor.empty() : tensor<4x3xf64>
  %f = linalg.fill ins(%v : f64) outs(%e : tensor<4x3xf64>) -> tensor<4x3xf64>
  %t = tensor_ext.view %f[0, 0] sizes [3, 4] steps [1, 1] dims [1, 0] : tensor<4x3xf64> -> tensor<3x4xf64>
  %0 = tensor_ext.reshape %t[12] : tensor<3x4xf64> -> tensor<12xf64>
  return %0 : tensor<12xf64>
}

// -----

// CHECK: #[[PLACE:.*]] = affine_map<(d0, d1) -> (d0)>
// CHECK: #[[ALL:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-LABEL: func.func @scatter
// CHECK-SAME: %[[U:.*]]: memref<9x4xf64, {{.*}}>, %[[X:.*]]: memref<3x4xf64, {{.*}}>, %[[I:.*]]: memref<9xi32
// CHECK: loop.nest bounds [9, 4] iterators [sequential, parallel]
// CHECK-NEXT: ins(%[[I]], %[[U]] : {{.*}}) maps [#[[PLACE]], #[[ALL]]]
// CHECK-NEXT: body (%[[IDX:.*]]: i32, %[[NEW:.*]]: f64)
// CHECK-NEXT: %[[P:.*]] = arith.index_castui %[[IDX]] : i32 to index
// CHECK-NEXT: %[[J:.*]] = loop.index 1
// CHECK-NEXT: %[[OLD:.*]] = memref.load %[[X]][%[[P]], %[[J]]]
// CHECK-NEXT: %[[SUM:.*]] = arith.addf %[[OLD]], %[[NEW]]
// CHECK-NEXT: memref.store %[[SUM]], %[[X]][%[[P]], %[[J]]]
// CHECK: return %[[X]]
func.func @scatter(%u: tensor<9x4xf64>, %x: tensor<3x4xf64>, %i: tensor<9xi32>) -> tensor<3x4xf64> {
  %0 = tensor_ext.scatter %u into %x at %i : tensor<9x4xf64> into tensor<3x4xf64> at tensor<9xi32> {
  ^bb0(%old: f64, %new: f64):
    %s = arith.addf %old, %new : f64
    tensor_ext.yield %s : f64
  }
  return %0 : tensor<3x4xf64>
}
