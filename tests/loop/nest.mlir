// The assembly of loop.nest: as text, in generic form, as bytecode.
// RUN: npir-opt %s | FileCheck %s
// RUN: npir-opt %s | npir-opt | FileCheck %s
// RUN: npir-opt %s --mlir-print-op-generic | npir-opt | FileCheck %s
// RUN: npir-opt %s --emit-bytecode | npir-opt | FileCheck %s

#all = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
#shifted = affine_map<(i, j) -> (i + 1, j floordiv 2)>

// CHECK-LABEL: func.func @elementwise
// CHECK: loop.nest bounds [%[[M:.*]], 64] iterators [parallel, parallel]
// CHECK-NEXT: ins(%{{.*}}, %{{.*}} : memref<?x64xf64>, memref<?xf64>)
// CHECK-SAME: outs(%{{.*}} : memref<?x64xf64>) maps [#map, #map1, #map]
// CHECK-NEXT: body (%[[X:.*]]: f64, %[[Y:.*]]: f64, %{{.*}}: f64) {
// CHECK-NEXT: arith.addf %[[X]], %[[Y]] : f64
// CHECK-NEXT: loop.yield %{{.*}} : f64
// CHECK-NEXT: }
// CHECK-NOT: combine
func.func @elementwise(%m: index, %a: memref<?x64xf64>, %b: memref<?xf64>, %c: memref<?x64xf64>) {
  loop.nest bounds [%m, 64] iterators [parallel, parallel]
      ins(%a, %b : memref<?x64xf64>, memref<?xf64>) outs(%c : memref<?x64xf64>) maps [#all, #row, #all]
  body (%x: f64, %y: f64, %old: f64) {
    %s = arith.addf %x, %y : f64
    loop.yield %s : f64
  }
  return
}

// CHECK-LABEL: func.func @sum
// CHECK: init(%{{.*}} : f64)
// CHECK-NEXT: schedule <parallel = 1, grain = 4096, vector = 8, unroll = 4, block = 512>
// CHECK: combine (%[[P:.*]]: f64, %[[Q:.*]]: f64) {
// CHECK-NEXT: arith.addf %[[P]], %[[Q]]
func.func @sum(%m: index, %n: index, %a: memref<?x?xf64>, %c: memref<?xf64>) {
  %zero = arith.constant 0.0 : f64
  loop.nest bounds [%m, %n] iterators [parallel, reduction]
      ins(%a : memref<?x?xf64>) outs(%c : memref<?xf64>) maps [#all, #row] init(%zero : f64)
      schedule <order = [0, 1], vector = 8, unroll = 4, parallel = 1, grain = 4096, block = 512, lanes = 1>
  body (%x: f64, %acc: f64) {
    %s = arith.addf %acc, %x : f64
    loop.yield %s : f64
  } combine (%p: f64, %q: f64) {
    %s = arith.addf %p, %q : f64
    loop.yield %s : f64
  }
  return
}

// CHECK-LABEL: func.func @scatter
// CHECK: loop.nest bounds [16] iterators [sequential]
// CHECK-NEXT: ins(%{{.*}} : memref<16xindex>) maps [#{{.*}}]
// CHECK-NEXT: body (%[[I:.*]]: index) {
// CHECK-NEXT: loop.index 0 : index
// CHECK: loop.yield
func.func @scatter(%at: memref<16xindex>, %table: memref<?xindex>) {
  loop.nest bounds [16] iterators [sequential] ins(%at : memref<16xindex>) maps [affine_map<(i) -> (i)>]
  body (%i: index) {
    %k = loop.index 0 : index
    memref.store %k, %table[%i] : memref<?xindex>
    loop.yield
  }
  return
}

// CHECK-LABEL: func.func @scalar
// CHECK: loop.nest bounds [] iterators []
// CHECK-NEXT: outs(%{{.*}} : memref<f32>)
// CHECK-SAME: {note = "kept"}
// CHECK-LABEL: func.func @views
// CHECK: schedule <order = [1, 0], tile = [0, 32], lanes = 1, jam = [4, 1], collapse = 1>
func.func @scalar(%out: memref<f32>) {
  %one = arith.constant 1.0 : f32
  loop.nest bounds [] iterators [] outs(%out : memref<f32>) maps [affine_map<() -> ()>] {note = "kept"}
  body (%old: f32) {
    loop.yield %one : f32
  }
  return
}

func.func @views(%a: memref<?x?xi8, strided<[?, -2], offset: ?>>, %b: memref<?x?xi8>, %m: index, %n: index) {
  loop.nest bounds [%m, %n] iterators [parallel, parallel]
      ins(%a : memref<?x?xi8, strided<[?, -2], offset: ?>>) outs(%b : memref<?x?xi8>) maps [#shifted, #all]
      schedule <order = [1, 0], tile = [0, 32], jam = [4, 1], lanes = 1, collapse = 1>
  body (%x: i8, %old: i8) {
    loop.yield %x : i8
  }
  return
}
