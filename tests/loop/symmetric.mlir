// Products of a matrix and its own transpose: blocks up to the diagonal, then copies of them.
// RUN: npir-opt %s --loop-symmetric --canonicalize --cse | FileCheck %s

#ik = affine_map<(i, j, k) -> (i, k)>
#jk = affine_map<(i, j, k) -> (j, k)>
#kj = affine_map<(i, j, k) -> (k, j)>
#ij = affine_map<(i, j, k) -> (i, j)>

// CHECK-DAG: #[[SWAPPED:.*]] = affine_map<(d0, d1) -> (d1, d0)>
// CHECK-DAG: #[[STRAIGHT:.*]] = affine_map<(d0, d1) -> (d0, d1)>

// CHECK-LABEL: func.func @gram
// CHECK-SAME: %[[N:.*]]: index, %[[K:.*]]: index, %[[X:.*]]: memref<?x?xf32>, %[[G:.*]]: memref<?x?xf64>, %[[ZERO:.*]]: f64
// CHECK: %[[DEEP:.*]] = arith.cmpi sge, %[[K]], %c32
// CHECK: %[[BLOCK:.*]] = arith.select %[[DEEP]]
// CHECK: scf.for %[[BEGIN:.*]] = %c0 to %[[N]] step %[[BLOCK]]
// CHECK:   %[[END:.*]] = arith.minsi
// CHECK:   %[[SIZE:.*]] = arith.subi %[[END]], %[[BEGIN]]
// CHECK:   %[[ROWS:.*]] = memref.reinterpret_cast {{.*}} to offset: [%{{.*}}], sizes: [%[[SIZE]], %{{.*}}], strides: [%{{.*}}, 1]
// CHECK:   %[[COLUMNS:.*]] = memref.reinterpret_cast {{.*}} to offset: [0], sizes: [%[[END]], %{{.*}}]
// CHECK:   loop.nest bounds [%[[SIZE]], %[[END]], %[[K]]] iterators [parallel, parallel, reduction]
// CHECK-NEXT: ins(%[[ROWS]], %[[COLUMNS]] :
// CHECK: scf.for %[[BEGIN:.*]] = %[[BLOCK]] to %[[N]] step %[[BLOCK]]
// CHECK:   loop.nest bounds [%[[BEGIN]], %{{.*}}] iterators [parallel, parallel]
// CHECK-NEXT: maps [#[[SWAPPED]], #[[STRAIGHT]]]
func.func @gram(%n: index, %k: index, %x: memref<?x?xf32>, %g: memref<?x?xf64>, %zero: f64) {
  loop.nest bounds [%n, %n, %k] iterators [parallel, parallel, reduction]
      ins(%x, %x : memref<?x?xf32>, memref<?x?xf32>) outs(%g : memref<?x?xf64>) maps [#ik, #jk, #ij] init(%zero : f64)
  body (%a: f32, %b: f32, %sum: f64) {
    %p = arith.extf %a : f32 to f64
    %q = arith.extf %b : f32 to f64
    %product = arith.mulf %p, %q : f64
    %new = arith.addf %sum, %product : f64
    loop.yield %new : f64
  } combine (%a: f64, %b: f64) {
    %new = arith.addf %a, %b : f64
    loop.yield %new : f64
  }
  return
}

// Another product of the same matrix, one that is not symmetric in its elements, one that adds to what is there, and a
// small one.
// CHECK-LABEL: func.func @others
// CHECK-NOT: scf.for
func.func @others(%n: index, %k: index, %x: memref<?x?xf64>, %s: memref<64x100xf64>, %g: memref<?x?xf64>, %zero: f64) {
  loop.nest bounds [%n, %n, %n] iterators [parallel, parallel, reduction]
      ins(%x, %x : memref<?x?xf64>, memref<?x?xf64>) outs(%g : memref<?x?xf64>) maps [#ik, #kj, #ij] init(%zero : f64)
  body (%a: f64, %b: f64, %sum: f64) {
    %product = arith.mulf %a, %b : f64
    %new = arith.addf %sum, %product : f64
    loop.yield %new : f64
  }
  loop.nest bounds [%n, %n, %k] iterators [parallel, parallel, reduction]
      ins(%x, %x : memref<?x?xf64>, memref<?x?xf64>) outs(%g : memref<?x?xf64>) maps [#ik, #jk, #ij] init(%zero : f64)
  body (%a: f64, %b: f64, %sum: f64) {
    %c = arith.negf %b : f64
    %product = arith.mulf %a, %c : f64
    %new = arith.addf %sum, %product : f64
    loop.yield %new : f64
  }
  loop.nest bounds [%n, %n, %k] iterators [parallel, parallel, reduction]
      ins(%x, %x : memref<?x?xf64>, memref<?x?xf64>) outs(%g : memref<?x?xf64>) maps [#ik, #jk, #ij]
  body (%a: f64, %b: f64, %sum: f64) {
    %product = arith.mulf %a, %b : f64
    %new = arith.addf %sum, %product : f64
    loop.yield %new : f64
  }
  loop.nest bounds [64, 64, 100] iterators [parallel, parallel, reduction]
      ins(%s, %s : memref<64x100xf64>, memref<64x100xf64>) outs(%g : memref<?x?xf64>) maps [#ik, #jk, #ij] init(%zero : f64)
  body (%a: f64, %b: f64, %sum: f64) {
    %product = arith.mulf %a, %b : f64
    %new = arith.addf %sum, %product : f64
    loop.yield %new : f64
  }
  return
}
