// What all blocks of rows use is copied once, in front of the loops over them; what moves with the columns of tiles, for all
// rows of these columns.
// RUN: npir-opt %s --loop-fuse-rows --loop-pack=vector-bits=512 --canonicalize --cse | FileCheck %s

#ik = affine_map<(i, j, k) -> (i, k)>
#jk = affine_map<(i, j, k) -> (j, k)>
#ij = affine_map<(i, j, k) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
#both = affine_map<(i, j) -> (i, j)>

// CHECK-LABEL: func.func @blocks
// CHECK-SAME: %{{.*}}: memref<40000x16xf64>, %[[C:.*]]: memref<64x16xf64>
// CHECK: loop.nest bounds [64, 16]
// CHECK-NEXT: ins(%[[C]] : {{.*}}) outs(%[[COPY:.*]] :
// CHECK: loop.parallel_for
// CHECK: loop.nest bounds [{{[0-9]+}}, 64, 16]
// CHECK-NEXT: ins(%{{.*}}, %[[COPY]] :
func.func @blocks(%x: memref<40000x16xf64>, %c: memref<64x16xf64>, %least: memref<40000xf64>) {
  %zero = arith.constant 0.0 : f64
  %d = memref.alloc() : memref<40000x64xf64>
  loop.nest bounds [40000, 64, 16] iterators [parallel, parallel, reduction]
      ins(%x, %c : memref<40000x16xf64>, memref<64x16xf64>) outs(%d : memref<40000x64xf64>) maps [#ik, #jk, #ij] init(%zero : f64)
  body (%a: f64, %b: f64, %sum: f64) {
    %p = arith.mulf %a, %b : f64
    %s = arith.addf %sum, %p : f64
    loop.yield %s : f64
  } combine (%a: f64, %b: f64) {
    %s = arith.addf %a, %b : f64
    loop.yield %s : f64
  }
  loop.nest bounds [40000, 64] iterators [parallel, reduction]
      ins(%d : memref<40000x64xf64>) outs(%least : memref<40000xf64>) maps [#both, #row] init(%zero : f64)
  body (%a: f64, %b: f64) {
    %s = arith.minimumf %a, %b : f64
    loop.yield %s : f64
  } combine (%a: f64, %b: f64) {
    %s = arith.minimumf %a, %b : f64
    loop.yield %s : f64
  }
  return
}

// CHECK-LABEL: func.func @tiles
// CHECK: loop.parallel_for
// CHECK: scf.for
// CHECK: memref.alloc
// CHECK: loop.nest bounds [256, 16] iterators [parallel, parallel]
// CHECK-NEXT: outs(%[[COPY:.*]] :
// CHECK: scf.for
// CHECK: loop.nest bounds [64, 256, 16]
// CHECK-NEXT: ins(%{{.*}}, %[[COPY]] :
func.func @tiles(%x: memref<2048x16xf64>, %c: memref<4096x16xf64>, %d: memref<2048x4096xf64>) {
  %zero = arith.constant 0.0 : f64
  loop.nest bounds [2048, 4096, 16] iterators [parallel, parallel, reduction]
      ins(%x, %c : memref<2048x16xf64>, memref<4096x16xf64>) outs(%d : memref<2048x4096xf64>) maps [#ik, #jk, #ij] init(%zero : f64)
  body (%a: f64, %b: f64, %sum: f64) {
    %p = arith.mulf %a, %b : f64
    %s = arith.addf %sum, %p : f64
    loop.yield %s : f64
  } combine (%a: f64, %b: f64) {
    %s = arith.addf %a, %b : f64
    loop.yield %s : f64
  }
  loop.nest bounds [2048, 4096] iterators [parallel, parallel]
      ins(%d : memref<2048x4096xf64>) outs(%d : memref<2048x4096xf64>) maps [#both, #both]
  body (%a: f64, %b: f64) {
    %s = math.sqrt %a : f64
    loop.yield %s : f64
  }
  return
}

// What a block writes before the product is another operand in each block: there is no copy in front of all of them.
// CHECK-LABEL: func.func @written_in_blocks
// CHECK: loop.parallel_for
// CHECK-NOT: scf.if
// CHECK: scf.for
// CHECK: scf.for
// CHECK: loop.nest bounds {{.*}} iterators [parallel, parallel]
// CHECK: loop.nest bounds {{.*}} iterators [parallel, parallel, reduction]
func.func @written_in_blocks(%x: memref<90000x64xf64>, %m: memref<64xf64>, %out: memref<64x64xf64>) {
  %zero = arith.constant 0.0 : f64
  %c = memref.alloc() : memref<90000x64xf64>
  loop.nest bounds [90000, 64] iterators [parallel, parallel]
      ins(%x, %m : memref<90000x64xf64>, memref<64xf64>) outs(%c : memref<90000x64xf64>)
      maps [#both, affine_map<(i, j) -> (j)>, #both]
  body (%a: f64, %b: f64, %old: f64) {
    %s = arith.subf %a, %b : f64
    loop.yield %s : f64
  }
  loop.nest bounds [64, 64, 90000] iterators [parallel, parallel, reduction]
      ins(%c, %c : memref<90000x64xf64>, memref<90000x64xf64>) outs(%out : memref<64x64xf64>)
      maps [affine_map<(i, j, k) -> (k, i)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>] init(%zero : f64)
  body (%a: f64, %b: f64, %sum: f64) {
    %p = arith.mulf %a, %b : f64
    %s = arith.addf %p, %sum : f64
    loop.yield %s : f64
  } combine (%a: f64, %sum: f64) {
    %s = arith.addf %a, %sum : f64
    loop.yield %s : f64
  }
  return
}
