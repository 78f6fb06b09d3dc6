// Operands of contractions in which the columns lie apart, or whose rows drive each other out of the cache, are copied
// once for all rows.
// RUN: npir-opt %s --loop-pack=vector-bits=512 --canonicalize --cse | FileCheck %s

#ik = affine_map<(i, j, k) -> (i, k)>
#jk = affine_map<(i, j, k) -> (j, k)>
#kj = affine_map<(i, j, k) -> (k, j)>
#ij = affine_map<(i, j, k) -> (i, j)>

// CHECK-LABEL: func.func @transposed
// CHECK-SAME: %[[X:.*]]: memref<1000x16xf64>, %[[C:.*]]: memref<64x16xf64>, %[[D:.*]]: memref<1000x64xf64>
// CHECK: %[[FLAT:.*]] = memref.alloc() : memref<1152xf64>
// CHECK: %[[COPY:.*]] = memref.reinterpret_cast %[[FLAT]] to offset: [0], sizes: [64, 16], strides: [1, 72]
// CHECK: loop.nest bounds [64, 16] iterators [parallel, parallel]
// CHECK-NEXT: ins(%[[C]] : {{.*}}) outs(%[[COPY]] :
// CHECK: loop.nest bounds [1000, 64, 16] iterators [parallel, parallel, reduction]
// CHECK-NEXT: ins(%[[X]], %[[COPY]] :
func.func @transposed(%x: memref<1000x16xf64>, %c: memref<64x16xf64>, %d: memref<1000x64xf64>) {
  %zero = arith.constant 0.0 : f64
  loop.nest bounds [1000, 64, 16] iterators [parallel, parallel, reduction]
      ins(%x, %c : memref<1000x16xf64>, memref<64x16xf64>) outs(%d : memref<1000x64xf64>) maps [#ik, #jk, #ij] init(%zero : f64)
  body (%a: f64, %b: f64, %sum: f64) {
    %p = arith.mulf %a, %b : f64
    %s = arith.addf %sum, %p : f64
    loop.yield %s : f64
  } combine (%a: f64, %b: f64) {
    %s = arith.addf %a, %b : f64
    loop.yield %s : f64
  }
  return
}

// Where only a call can tell how far rows lie apart, and how many there are, it decides.
// CHECK-LABEL: func.func @perhaps
// CHECK-SAME: %[[X:.*]]: memref<?x?xf64>, %[[B:.*]]: memref<?x?xf64>, %[[D:.*]]: memref<?x?xf64>, %[[N:.*]]: index, %[[M:.*]]: index, %[[K:.*]]: index)
// CHECK: %{{.*}}, %{{.*}}, %[[SIZES:.*]]:2, %[[STRIDES:.*]]:2 = memref.extract_strided_metadata %[[B]]
// CHECK: %[[REST:.*]] = arith.remsi %[[STRIDES]]#0, %c64
// CHECK: arith.cmpi eq, %[[REST]], %c0
// CHECK: arith.cmpi sge, %[[N]], %c256
// CHECK: arith.cmpi sge, %[[K]], %c64
// CHECK: %[[CHOSEN:.*]] = scf.if
// CHECK: %[[FLAT:.*]] = memref.alloc
// CHECK: loop.nest
// CHECK-NEXT: ins(%[[B]] :
// CHECK: } else {
// CHECK-NOT: memref.alloc
// CHECK: }
// CHECK: loop.nest bounds [%[[N]], %[[M]], %[[K]]]
// CHECK-NEXT: ins(%[[X]], %[[CHOSEN]] :
func.func @perhaps(%x: memref<?x?xf64>, %b: memref<?x?xf64>, %d: memref<?x?xf64>, %n: index, %m: index, %k: index) {
  %zero = arith.constant 0.0 : f64
  loop.nest bounds [%n, %m, %k] iterators [parallel, parallel, reduction]
      ins(%x, %b : memref<?x?xf64>, memref<?x?xf64>) outs(%d : memref<?x?xf64>) maps [#ik, #kj, #ij] init(%zero : f64)
  body (%a: f64, %y: f64, %sum: f64) {
    %p = arith.mulf %a, %y : f64
    %s = arith.addf %sum, %p : f64
    loop.yield %s : f64
  } combine (%a: f64, %y: f64) {
    %s = arith.addf %a, %y : f64
    loop.yield %s : f64
  }
  return
}

// What is contiguous along the columns stays where its rows lie in different sets of the cache, and so does what few rows
// read.
// CHECK-LABEL: func.func @as_it_is
// CHECK-NOT: memref.alloc
// CHECK: return
func.func @as_it_is(%x: memref<1000x100xf64>, %b: memref<100x72xf64>, %d: memref<1000x72xf64>,
                    %few: memref<8x16xf64>, %c: memref<64x16xf64>, %e: memref<8x64xf64>) {
  %zero = arith.constant 0.0 : f64
  loop.nest bounds [1000, 72, 100] iterators [parallel, parallel, reduction]
      ins(%x, %b : memref<1000x100xf64>, memref<100x72xf64>) outs(%d : memref<1000x72xf64>) maps [#ik, #kj, #ij] init(%zero : f64)
  body (%a: f64, %y: f64, %sum: f64) {
    %p = arith.mulf %a, %y : f64
    %s = arith.addf %sum, %p : f64
    loop.yield %s : f64
  } combine (%a: f64, %y: f64) {
    %s = arith.addf %a, %y : f64
    loop.yield %s : f64
  }
  loop.nest bounds [8, 64, 16] iterators [parallel, parallel, reduction]
      ins(%few, %c : memref<8x16xf64>, memref<64x16xf64>) outs(%e : memref<8x64xf64>) maps [#ik, #jk, #ij] init(%zero : f64)
  body (%a: f64, %y: f64, %sum: f64) {
    %p = arith.mulf %a, %y : f64
    %s = arith.addf %sum, %p : f64
    loop.yield %s : f64
  } combine (%a: f64, %y: f64) {
    %s = arith.addf %a, %y : f64
    loop.yield %s : f64
  }
  return
}

// Rows of 8192 bytes fall into the same sets of a cache: those of the copy are one cache line longer.
// CHECK-LABEL: func.func @conflicting
// CHECK: memref.reinterpret_cast %{{.*}} to offset: [0], sizes: [1024, 1024], strides: [1032, 1]
// CHECK-NOT: memref.alloc
// CHECK-LABEL: func.func @apart
// CHECK-NOT: memref.alloc
func.func @conflicting(%x: memref<1024x1024xf64>, %b: memref<1024x1024xf64>, %d: memref<1024x1024xf64>) {
  %zero = arith.constant 0.0 : f64
  loop.nest bounds [1024, 1024, 1024] iterators [parallel, parallel, reduction]
      ins(%x, %b : memref<1024x1024xf64>, memref<1024x1024xf64>) outs(%d : memref<1024x1024xf64>) maps [#ik, #kj, #ij] init(%zero : f64)
  body (%a: f64, %y: f64, %sum: f64) {
    %p = arith.mulf %a, %y : f64
    %s = arith.addf %sum, %p : f64
    loop.yield %s : f64
  } combine (%a: f64, %y: f64) {
    %s = arith.addf %a, %y : f64
    loop.yield %s : f64
  }
  return
}
func.func @apart(%x: memref<1000x1000xf64>, %b: memref<1000x1000xf64>, %d: memref<1000x1000xf64>) {
  %zero = arith.constant 0.0 : f64
  loop.nest bounds [1000, 1000, 1000] iterators [parallel, parallel, reduction]
      ins(%x, %b : memref<1000x1000xf64>, memref<1000x1000xf64>) outs(%d : memref<1000x1000xf64>) maps [#ik, #kj, #ij] init(%zero : f64)
  body (%a: f64, %y: f64, %sum: f64) {
    %p = arith.mulf %a, %y : f64
    %s = arith.addf %sum, %p : f64
    loop.yield %s : f64
  } combine (%a: f64, %y: f64) {
    %s = arith.addf %a, %y : f64
    loop.yield %s : f64
  }
  return
}
