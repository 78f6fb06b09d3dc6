// Several iterations of a loop over time, on rows that stay in the cache.
// RUN: npir-opt %s --loop-tile-time=window=4096 --canonicalize --cse | FileCheck %s
// RUN: npir-opt %s "--loop-tile-time=window=4096 threads=false" --canonicalize --cse | FileCheck %s --check-prefix=SERIAL
// RUN: npir-opt %s --loop-tile-time --canonicalize --cse | FileCheck %s --check-prefix=CACHED

// With the usual window all of this is in the cache anyway.
// CACHED-NOT: loop.parallel_for

#ij = affine_map<(i, j) -> (i, j)>
#i = affine_map<(i) -> (i)>

// In place: what row i reads, i to i + 2, is written one row behind; the next iteration follows two rows behind.
// CHECK-LABEL: func.func @in_place
// CHECK: %[[T:.*]] = memref.alloc() : memref<998x8xf64>
// CHECK: scf.for %[[BEGIN:.*]] = %c0 to %c100 step %[[MOST:.*]] {
// CHECK:   %[[LEFT:.*]] = arith.subi %c100, %[[BEGIN]]
// CHECK:   %[[COUNT:.*]] = arith.minsi %[[LEFT]], %[[MOST]]
// CHECK:   loop.parallel_for %[[PARTS:.*]] grain %c1
// CHECK:     scf.for %[[WAVE:.*]] = {{.*}} step %[[STEP:.*]] {
// CHECK:       scf.for %[[TIME:.*]] = %c0 to %[[COUNT]] step %c1 {
// CHECK:         %[[BEHIND:.*]] = arith.muli %[[TIME]], %c2
// CHECK:         scf.if
// CHECK:           loop.nest bounds [%{{.*}}, 8]
// CHECK:         %[[MORE:.*]] = arith.addi %[[BEHIND]], %c1
// CHECK:         scf.if
// CHECK:           loop.nest bounds [%{{.*}}, 8]
// CHECK:   loop.parallel_for
// CHECK: return
// SERIAL-LABEL: func.func @in_place
// SERIAL-NOT: loop.parallel_for
// SERIAL: loop.nest bounds [%{{.*}}, 8]
// SERIAL-LABEL: func.func @in_turn
func.func @in_place(%u: memref<1000x8xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c100 = arith.constant 100 : index
  scf.for %t = %c0 to %c100 step %c1 {
    %new = memref.alloc() : memref<998x8xf64>
    %a = memref.reinterpret_cast %u to offset: [0], sizes: [998, 8], strides: [8, 1] : memref<1000x8xf64> to memref<998x8xf64, strided<[8, 1]>>
    %b = memref.reinterpret_cast %u to offset: [16], sizes: [998, 8], strides: [8, 1] : memref<1000x8xf64> to memref<998x8xf64, strided<[8, 1], offset: 16>>
    %mid = memref.reinterpret_cast %u to offset: [8], sizes: [998, 8], strides: [8, 1] : memref<1000x8xf64> to memref<998x8xf64, strided<[8, 1], offset: 8>>
    loop.nest bounds [998, 8] iterators [parallel, parallel]
        ins(%a, %b : memref<998x8xf64, strided<[8, 1]>>, memref<998x8xf64, strided<[8, 1], offset: 16>>) outs(%new : memref<998x8xf64>) maps [#ij, #ij, #ij]
    body (%x: f64, %y: f64, %old: f64) {
      %s = arith.addf %x, %y : f64
      loop.yield %s : f64
    }
    loop.nest bounds [998, 8] iterators [parallel, parallel]
        ins(%new : memref<998x8xf64>) outs(%mid : memref<998x8xf64, strided<[8, 1], offset: 8>>) maps [#ij, #ij]
    body (%x: f64, %old: f64) {
      loop.yield %x : f64
    }
  }
  return
}

// Arrays that take turns: three of them, for a new one is made of two. The first is the caller's, and is copied.
// CHECK-LABEL: func.func @in_turn
// CHECK-SAME: (%[[U:.*]]: memref<10000xf64>, %[[N:.*]]: index)
// CHECK: %[[ONE:.*]] = memref.alloc() : memref<10000xf64>
// CHECK: %[[COPY:.*]] = memref.alloc() : memref<10000xf64>
// CHECK: loop.nest bounds [10000]
// CHECK-NEXT: ins(%[[U]] : memref<10000xf64>) outs(%[[COPY]] : memref<10000xf64>)
// CHECK: %[[NEW:.*]] = memref.alloc() : memref<10000xf64>
// CHECK: loop.parallel_for
// CHECK: arith.remui %{{.*}}, %c3
// CHECK: arith.select %{{.*}}, %[[ONE]], %[[COPY]]
// CHECK: arith.select %{{.*}}, %[[NEW]]
// CHECK: loop.parallel_for
// CHECK: return
func.func @in_turn(%u: memref<10000xf64>, %n: index) -> memref<10000xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %own = memref.alloc() : memref<10000xf64>
  loop.nest bounds [10000] iterators [parallel]
      ins(%u : memref<10000xf64>) outs(%own : memref<10000xf64>) maps [#i, #i]
  body (%x: f64, %old: f64) {
    loop.yield %x : f64
  }
  %r:2 = scf.for %t = %c0 to %n step %c1 iter_args(%before = %u, %now = %own) -> (memref<10000xf64>, memref<10000xf64>) {
    %next = memref.alloc() : memref<10000xf64>
    %left = memref.reinterpret_cast %now to offset: [0], sizes: [9998], strides: [1] : memref<10000xf64> to memref<9998xf64, strided<[1]>>
    %right = memref.reinterpret_cast %now to offset: [2], sizes: [9998], strides: [1] : memref<10000xf64> to memref<9998xf64, strided<[1], offset: 2>>
    %mid = memref.reinterpret_cast %next to offset: [1], sizes: [9998], strides: [1] : memref<10000xf64> to memref<9998xf64, strided<[1], offset: 1>>
    loop.nest bounds [10000] iterators [parallel]
        ins(%before : memref<10000xf64>) outs(%next : memref<10000xf64>) maps [#i, #i]
    body (%x: f64, %old: f64) {
      %y = arith.negf %x : f64
      loop.yield %y : f64
    }
    loop.nest bounds [9998] iterators [parallel]
        ins(%left, %right, %mid : memref<9998xf64, strided<[1]>>, memref<9998xf64, strided<[1], offset: 2>>, memref<9998xf64, strided<[1], offset: 1>>) outs(%mid : memref<9998xf64, strided<[1], offset: 1>>) maps [#i, #i, #i, #i]
    body (%x: f64, %y: f64, %z: f64, %old: f64) {
      %s = arith.addf %x, %y : f64
      %q = arith.addf %s, %z : f64
      loop.yield %q : f64
    }
    scf.yield %now, %next : memref<10000xf64>, memref<10000xf64>
  }
  return %r#1 : memref<10000xf64>
}

// Each row needs the row before, of the same iteration; all rows need the first one; an array that all iterations read
// changes with the place where they do.
// CHECK-LABEL: func.func @not
// CHECK-NOT: loop.parallel_for
// CHECK: return
func.func @not(%u: memref<10000xf64>, %h: memref<100x10000xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c100 = arith.constant 100 : index
  %x0 = memref.reinterpret_cast %u to offset: [0], sizes: [9999], strides: [1] : memref<10000xf64> to memref<9999xf64, strided<[1]>>
  %x1 = memref.reinterpret_cast %u to offset: [1], sizes: [9999], strides: [1] : memref<10000xf64> to memref<9999xf64, strided<[1], offset: 1>>
  scf.for %t = %c0 to %c100 step %c1 {
    loop.nest bounds [9999] iterators [sequential]
        ins(%x0 : memref<9999xf64, strided<[1]>>) outs(%x1 : memref<9999xf64, strided<[1], offset: 1>>) maps [#i, #i]
    body (%a: f64, %old: f64) {
      loop.yield %a : f64
    }
  }
  scf.for %t = %c0 to %c100 step %c1 {
    loop.nest bounds [10000] iterators [parallel]
        ins(%u : memref<10000xf64>) outs(%u : memref<10000xf64>) maps [affine_map<(i) -> (0)>, #i]
    body (%a: f64, %old: f64) {
      loop.yield %a : f64
    }
  }
  scf.for %t = %c0 to %c100 step %c1 {
    %at = arith.muli %t, %c100 : index
    %row = memref.reinterpret_cast %h to offset: [%at], sizes: [10000], strides: [1] : memref<100x10000xf64> to memref<10000xf64, strided<[1], offset: ?>>
    loop.nest bounds [10000] iterators [parallel]
        ins(%u : memref<10000xf64>) outs(%row : memref<10000xf64, strided<[1], offset: ?>>) maps [#i, #i]
    body (%a: f64, %old: f64) {
      loop.yield %a : f64
    }
  }
  return
}
