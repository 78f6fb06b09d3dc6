// Nests on the same rows run block by block; what only they use is a block of rows.
// RUN: npir-opt %s --loop-fuse-rows --canonicalize --cse | FileCheck %s
// RUN: npir-opt %s --loop-fuse-rows=threads=false --canonicalize --cse | FileCheck %s --check-prefix=SERIAL
// RUN: npir-opt %s --loop-fuse-rows --loop-schedule | FileCheck %s --check-prefix=SCHEDULED

#i = affine_map<(i, j) -> (i)>
#j = affine_map<(i, j) -> (j)>
#ij = affine_map<(i, j) -> (i, j)>
#ji = affine_map<(i, j) -> (j, i)>
#one = affine_map<(i) -> (i)>

// A row's largest element, and then the row without it. 40,000 rows: the last block may be short.
// CHECK-LABEL: func.func @peaks
// CHECK-SAME: %[[N:.*]]: index, %[[X:.*]]: memref<?x64xf64>, %[[OUT:.*]]: memref<?x64xf64>, %{{.*}}: f64
// CHECK: %[[BLOCKS:.*]] = arith.ceildivsi %[[N]], %[[ROWS:.*]] : index
// CHECK: loop.parallel_for %[[BLOCKS]] grain %c1
// CHECK-NEXT: ^bb0(%[[LO:.*]]: index, %[[HI:.*]]: index):
// CHECK-NEXT: %[[LOCAL:.*]] = memref.alloc() : memref<[[B:[0-9]+]]xf64>
// CHECK-NEXT: scf.for %[[BLOCK:.*]] = %[[LO]] to %[[HI]]
// CHECK: %[[BEGIN:.*]] = arith.muli %[[BLOCK]], %[[ROWS]]
// CHECK: %[[LEFT:.*]] = arith.subi %[[N]], %[[BEGIN]]
// CHECK: %[[SIZE:.*]] = arith.minsi %[[LEFT]], %[[ROWS]]
// CHECK: loop.nest bounds [%[[SIZE]], 64] iterators [parallel, reduction]
// CHECK-NEXT: ins(%[[PART:.*]] : {{.*}}) outs(%[[LOCAL]] :
// CHECK: loop.nest bounds [%[[SIZE]], 64] iterators [parallel, parallel]
// CHECK-NEXT: ins(%[[PART2:.*]], %[[LOCAL]] :
// A position is that in the whole array.
// CHECK: %[[ROW:.*]] = loop.index 0
// CHECK: arith.addi %[[ROW]], %[[BEGIN]]
// SERIAL-LABEL: func.func @peaks
// SERIAL-NOT: loop.parallel_for
// SERIAL: scf.for
// SERIAL: loop.nest
// Blocks keep the threads busy.
// SCHEDULED-LABEL: func.func @peaks
// SCHEDULED: loop.parallel_for
// SCHEDULED: loop.nest
// SCHEDULED-NOT: parallel =
// SCHEDULED: func.func
func.func @peaks(%n: index, %x: memref<?x64xf64>, %out: memref<?x64xf64>, %low: f64) {
  %m = memref.alloc(%n) : memref<?xf64>
  loop.nest bounds [%n, 64] iterators [parallel, reduction]
      ins(%x : memref<?x64xf64>) outs(%m : memref<?xf64>) maps [#ij, #i] init(%low : f64)
  body (%a: f64, %max: f64) {
    %s = arith.maximumf %a, %max : f64
    loop.yield %s : f64
  } combine (%a: f64, %max: f64) {
    %s = arith.maximumf %a, %max : f64
    loop.yield %s : f64
  }
  loop.nest bounds [%n, 64] iterators [parallel, parallel]
      ins(%x, %m : memref<?x64xf64>, memref<?xf64>) outs(%out : memref<?x64xf64>) maps [#ij, #i, #ij]
  body (%a: f64, %max: f64, %old: f64) {
    %d = arith.subf %a, %max : f64
    %i = loop.index 0 : index
    %k = arith.index_cast %i : index to i64
    %f = arith.sitofp %k : i64 to f64
    %s = arith.addf %d, %f : f64
    loop.yield %s : f64
  }
  return
}

// A reader that needs other rows, too, comes after all of them are there.
// CHECK-LABEL: func.func @transposed
// CHECK-NOT: loop.parallel_for
// CHECK: return
func.func @transposed(%x: memref<1000x1000xf64>, %out: memref<1000x1000xf64>) {
  %t = memref.alloc() : memref<1000x1000xf64>
  loop.nest bounds [1000, 1000] iterators [parallel, parallel]
      ins(%x : memref<1000x1000xf64>) outs(%t : memref<1000x1000xf64>) maps [#ij, #ij]
  body (%a: f64, %old: f64) {
    %s = arith.mulf %a, %a : f64
    loop.yield %s : f64
  }
  loop.nest bounds [1000, 1000] iterators [parallel, parallel]
      ins(%t : memref<1000x1000xf64>) outs(%out : memref<1000x1000xf64>) maps [#ji, #ij]
  body (%a: f64, %old: f64) {
    %s = arith.addf %a, %a : f64
    loop.yield %s : f64
  }
  return
}

// What lies between and depends on none of them comes first; what uses the rows afterwards finds all of them.
// CHECK-LABEL: func.func @between
// CHECK: loop.nest bounds [64] iterators [parallel]
// CHECK: loop.parallel_for
// CHECK: memref.alloc() : memref<{{[0-9]+}}xf64>
// CHECK: loop.nest bounds [{{[0-9]+}}, 64] iterators [parallel, parallel]
// CHECK-NEXT: ins({{.*}}) outs(%[[ALL:.*]] :
// CHECK: loop.nest bounds [{{[0-9]+}}, 64] iterators [parallel, reduction]
// CHECK: return
func.func @between(%x: memref<32000x64xf64>, %t: memref<32000x64xf64>, %w: memref<64xf64>, %sums: memref<32000xf64>,
                   %zero: f64) {
  loop.nest bounds [32000, 64] iterators [parallel, parallel]
      ins(%x : memref<32000x64xf64>) outs(%t : memref<32000x64xf64>) maps [#ij, #ij]
  body (%a: f64, %old: f64) {
    %s = arith.mulf %a, %a : f64
    loop.yield %s : f64
  }
  %v = memref.alloc() : memref<64xf64>
  loop.nest bounds [64] iterators [parallel]
      ins(%w : memref<64xf64>) outs(%v : memref<64xf64>) maps [#one, #one]
  body (%a: f64, %old: f64) {
    %s = arith.addf %a, %a : f64
    loop.yield %s : f64
  }
  %local = memref.alloc() : memref<32000xf64>
  loop.nest bounds [32000, 64] iterators [parallel, reduction]
      ins(%t, %v : memref<32000x64xf64>, memref<64xf64>) outs(%local : memref<32000xf64>) maps [#ij, #j, #i] init(%zero : f64)
  body (%a: f64, %b: f64, %sum: f64) {
    %p = arith.mulf %a, %b : f64
    %s = arith.addf %p, %sum : f64
    loop.yield %s : f64
  } combine (%a: f64, %sum: f64) {
    %s = arith.addf %a, %sum : f64
    loop.yield %s : f64
  }
  loop.nest bounds [32000, 64] iterators [parallel, parallel]
      ins(%local : memref<32000xf64>) outs(%t : memref<32000x64xf64>) maps [#i, #ij]
  body (%a: f64, %old: f64) {
    %s = arith.divf %old, %a : f64
    loop.yield %s : f64
  }
  return
}

// Sums at places that are known at run time: chunks of the rows have sums of their own, with what finds the places.
// CHECK-LABEL: func.func @counts
// CHECK-SAME: %[[X:.*]]: memref<1000000xf64>, %[[OUT:.*]]: memref<?xi64>, %[[ONES:.*]]: memref<1000000xi64>
// CHECK: %[[UPTO:.*]] = arith.minsi %{{.*}}, %c64
// CHECK-NEXT: %[[MOST:.*]] = arith.maxsi %[[UPTO]], %c1
// CHECK-NEXT: %[[UP:.*]] = arith.addi %[[MOST]], %c199
// CHECK-NEXT: %[[SHARE:.*]] = arith.divui %[[UP]], %[[MOST]]
// CHECK-NEXT: %[[EACH:.*]] = arith.maxsi %[[SHARE]], %c1
// CHECK-NEXT: %[[LAST:.*]] = arith.addi %[[EACH]], %c199
// CHECK-NEXT: %[[CHUNKS:.*]] = arith.divui %[[LAST]], %[[EACH]]
// CHECK-NEXT: %[[SEVERAL:.*]] = arith.cmpi sgt, %[[CHUNKS]], %c1
// CHECK: %[[COUNT:.*]] = arith.select %[[SEVERAL]], %[[CHUNKS]], %c0
// CHECK: %[[PARTS:.*]] = memref.alloc(%{{.*}}) : memref<?xi64>
// CHECK: loop.parallel_for %[[CHUNKS]] grain %c1
// CHECK: memref.alloc() : memref<[[B:[0-9]+]]xi64>
// CHECK: scf.for
// CHECK: %[[SUMS:.*]] = scf.if %[[SEVERAL]]
// CHECK: loop.nest
// CHECK: } else {
// CHECK: scf.for
// CHECK: loop.nest bounds {{.*}} iterators [parallel]
// CHECK: loop.nest bounds {{.*}} iterators [sequential]
// CHECK: memref.load %[[SUMS]]
// CHECK: memref.store %{{.*}}, %[[SUMS]]
// CHECK: scf.if %[[SEVERAL]]
// CHECK: loop.nest bounds [%{{.*}}, %[[COUNT]]] iterators [parallel, reduction]
// CHECK-NEXT: outs(%[[OUT]] :
// SERIAL-LABEL: func.func @counts
// SERIAL-NOT: loop.parallel_for
// SERIAL: loop.nest bounds {{.*}} iterators [sequential]
func.func @counts(%x: memref<1000000xf64>, %out: memref<?xi64>, %ones: memref<1000000xi64>) {
  %at = memref.alloc() : memref<1000000xi64>
  loop.nest bounds [1000000] iterators [parallel]
      ins(%x : memref<1000000xf64>) outs(%at : memref<1000000xi64>) maps [#one, #one]
  body (%a: f64, %old: i64) {
    %k = arith.fptosi %a : f64 to i64
    loop.yield %k : i64
  }
  loop.nest bounds [1000000] iterators [sequential]
      ins(%at, %ones : memref<1000000xi64>, memref<1000000xi64>) maps [#one, #one]
  body (%k: i64, %n: i64) {
    %i = arith.index_castui %k : i64 to index
    %before = memref.load %out[%i] : memref<?xi64>
    %sum = arith.addi %before, %n : i64
    memref.store %sum, %out[%i] : memref<?xi64>
    loop.yield
  }
  return
}

// What is stored is no sum, or a sum of what the rows themselves are.
// CHECK-LABEL: func.func @no_sums
// CHECK-NOT: loop.parallel_for
// CHECK: return
func.func @no_sums(%at: memref<1000000xindex>, %x: memref<1000000xf64>, %out: memref<?xf64>) {
  loop.nest bounds [1000000] iterators [sequential]
      ins(%at, %x : memref<1000000xindex>, memref<1000000xf64>) maps [#one, #one]
  body (%k: index, %a: f64) {
    memref.store %a, %out[%k] : memref<?xf64>
    loop.yield
  }
  loop.nest bounds [1000000] iterators [sequential]
      ins(%at, %x : memref<1000000xindex>, memref<1000000xf64>) maps [#one, #one]
  body (%k: index, %a: f64) {
    %before = memref.load %x[%k] : memref<1000000xf64>
    %sum = arith.addf %before, %a : f64
    memref.store %sum, %x[%k] : memref<1000000xf64>
    loop.yield
  }
  return
}

// Rows of a stack of matrices: too much of a matrix for a block, so blocks are of rows of one of them. What they share
// moves with the matrix.
// CHECK-LABEL: func.func @stack
// CHECK: loop.parallel_for %c128 grain %c1
// CHECK-NEXT: ^bb0(%[[LO:.*]]: index, %[[HI:.*]]: index):
// CHECK: %[[OWN:.*]] = memref.alloc() : memref<1x8x512xf64>
// CHECK: %[[FROM:.*]] = arith.divui %[[LO]], %c16
// CHECK: %[[TO:.*]] = arith.ceildivsi %[[HI]], %c16
// CHECK: scf.for %[[MATRIX:.*]] = %[[FROM]] to %[[TO]]
// CHECK: memref.reinterpret_cast %arg1 {{.*}} sizes: [1, 512]
// CHECK: scf.for %[[BLOCK:.*]] =
// CHECK: %[[FIRST:.*]] = arith.muli %[[BLOCK]], %c8
// CHECK: memref.reinterpret_cast %arg0 {{.*}} sizes: [1, 8, 512]
// CHECK: loop.nest bounds [1, 8, 512] iterators [parallel, parallel, parallel]
// CHECK: %[[ROW:.*]] = loop.index 1
// CHECK: arith.addi %[[ROW]], %[[FIRST]]
// CHECK: loop.nest bounds [1, 8, 512] iterators [parallel, parallel, reduction]
// CHECK-NEXT: ins(%[[OWN]]
#m = affine_map<(b, i, j) -> (b, i, j)>
#shared = affine_map<(b, i, j) -> (b, j)>
#row = affine_map<(b, i, j) -> (b, i)>
func.func @stack(%x: memref<8x128x512xf64>, %s: memref<8x512xf64>, %out: memref<8x128xf64>) {
  %zero = arith.constant 0.0 : f64
  %t = memref.alloc() : memref<8x128x512xf64>
  loop.nest bounds [8, 128, 512] iterators [parallel, parallel, parallel]
      ins(%x, %s : memref<8x128x512xf64>, memref<8x512xf64>) outs(%t : memref<8x128x512xf64>) maps [#m, #shared, #m]
  body (%a: f64, %b: f64, %old: f64) {
    %i = loop.index 1 : index
    %k = arith.index_cast %i : index to i64
    %n = arith.sitofp %k : i64 to f64
    %c = arith.addf %a, %b : f64
    %d = arith.mulf %c, %n : f64
    loop.yield %d : f64
  }
  loop.nest bounds [8, 128, 512] iterators [parallel, parallel, reduction]
      ins(%t : memref<8x128x512xf64>) outs(%out : memref<8x128xf64>) maps [#m, #row] init(%zero : f64)
  body (%a: f64, %b: f64) {
    %c = arith.addf %a, %b : f64
    loop.yield %c : f64
  } combine (%a: f64, %b: f64) {
    %c = arith.addf %a, %b : f64
    loop.yield %c : f64
  }
  return
}

// The second needs all rows of a matrix.
// CHECK-LABEL: func.func @columns_of_a_stack
// CHECK-NOT: loop.parallel_for
// CHECK: return
#column = affine_map<(b, j, i) -> (b, j)>
#turned = affine_map<(b, j, i) -> (b, i, j)>
func.func @columns_of_a_stack(%x: memref<8x128x512xf64>, %out: memref<8x512xf64>) {
  %zero = arith.constant 0.0 : f64
  %t = memref.alloc() : memref<8x128x512xf64>
  loop.nest bounds [8, 128, 512] iterators [parallel, parallel, parallel]
      ins(%x : memref<8x128x512xf64>) outs(%t : memref<8x128x512xf64>) maps [#m, #m]
  body (%a: f64, %old: f64) {
    %c = math.exp %a : f64
    loop.yield %c : f64
  }
  loop.nest bounds [8, 512, 128] iterators [parallel, parallel, reduction]
      ins(%t : memref<8x128x512xf64>) outs(%out : memref<8x512xf64>) maps [#turned, #column] init(%zero : f64)
  body (%a: f64, %b: f64) {
    %c = arith.addf %a, %b : f64
    loop.yield %c : f64
  } combine (%a: f64, %b: f64) {
    %c = arith.addf %a, %b : f64
    loop.yield %c : f64
  }
  return
}

// A tile of a product stays in the cache for what comes next.
// CHECK-LABEL: func.func @product
// CHECK-SAME: %[[X:.*]]: memref<2048x1024xf64>, %[[W:.*]]: memref<1024x2048xf64>, %[[Y:.*]]: memref<2048x2048xf64>
// CHECK: loop.parallel_for
// CHECK: %[[TILE:.*]] = memref.alloc() : memref<64x256xf64>
// CHECK: scf.for
// CHECK: memref.reinterpret_cast %[[W]] {{.*}} sizes: [1024, 256]
// CHECK: scf.for
// CHECK: memref.reinterpret_cast %[[X]] {{.*}} sizes: [64, 1024]
// CHECK: loop.nest bounds [64, 256, 1024]
// CHECK-NEXT: outs(%[[TILE]] :
// CHECK: %[[PART:.*]] = memref.reinterpret_cast %[[Y]] {{.*}} sizes: [64, 256]
// CHECK: loop.nest bounds [64, 256]
// CHECK-NEXT: ins(%[[TILE]] : {{.*}}) outs(%[[PART]] :
// CHECK: return
#left = affine_map<(i, j, k) -> (i, k)>
#right = affine_map<(i, j, k) -> (k, j)>
#out = affine_map<(i, j, k) -> (i, j)>
func.func @product(%x: memref<2048x1024xf64>, %w: memref<1024x2048xf64>, %y: memref<2048x2048xf64>) {
  %zero = arith.constant 0.0 : f64
  %t = memref.alloc() : memref<2048x2048xf64>
  loop.nest bounds [2048, 2048, 1024] iterators [parallel, parallel, reduction]
      ins(%x, %w : memref<2048x1024xf64>, memref<1024x2048xf64>) outs(%t : memref<2048x2048xf64>) maps [#left, #right, #out] init(%zero : f64)
  body (%a: f64, %b: f64, %s: f64) {
    %p = arith.mulf %a, %b : f64
    %c = arith.addf %s, %p : f64
    loop.yield %c : f64
  } combine (%a: f64, %b: f64) {
    %c = arith.addf %a, %b : f64
    loop.yield %c : f64
  }
  loop.nest bounds [2048, 2048] iterators [parallel, parallel]
      ins(%t : memref<2048x2048xf64>) outs(%y : memref<2048x2048xf64>) maps [#ij, #ij]
  body (%a: f64, %old: f64) {
    %c = arith.maximumf %a, %zero : f64
    loop.yield %c : f64
  }
  return
}

// Sizes may be unknown; what comes next may take the place of the product.
// CHECK-LABEL: func.func @in_place
// CHECK-SAME: {{.*}}, %[[Y:[a-z0-9]*]]: memref<?x?xf64>, %[[BIAS:[a-z0-9]*]]: memref<?xf64>)
// CHECK: loop.parallel_for
// CHECK: memref.reinterpret_cast %[[BIAS]]
// CHECK: scf.for
// CHECK: %[[PART:.*]] = memref.reinterpret_cast %{{.*}} sizes: [%{{.*}}, %{{.*}}], strides
// CHECK: loop.nest bounds [%{{.*}}, %{{.*}}, 32]
// CHECK-NEXT: outs(%[[PART]] :
// CHECK: loop.nest bounds [%{{.*}}, %{{.*}}] iterators [parallel, parallel]
// CHECK-NEXT: ins(%[[PART]], %{{.*}}) outs(%[[PART]] :
func.func @in_place(%n: index, %m: index, %x: memref<?x32xf64>, %w: memref<32x?xf64>, %y: memref<?x?xf64>, %bias: memref<?xf64>) {
  %zero = arith.constant 0.0 : f64
  loop.nest bounds [%n, %m, 32] iterators [parallel, parallel, reduction]
      ins(%x, %w : memref<?x32xf64>, memref<32x?xf64>) outs(%y : memref<?x?xf64>) maps [#left, #right, #out] init(%zero : f64)
  body (%a: f64, %b: f64, %s: f64) {
    %p = arith.mulf %a, %b : f64
    %c = arith.addf %s, %p : f64
    loop.yield %c : f64
  } combine (%a: f64, %b: f64) {
    %c = arith.addf %a, %b : f64
    loop.yield %c : f64
  }
  loop.nest bounds [%n, %m] iterators [parallel, parallel]
      ins(%y, %bias : memref<?x?xf64>, memref<?xf64>) outs(%y : memref<?x?xf64>) maps [#ij, #j, #ij]
  body (%a: f64, %b: f64, %old: f64) {
    %c = arith.addf %a, %b : f64
    loop.yield %c : f64
  }
  return
}

// A product of a product: bands of rows, for the second needs rows of the first as a whole.
// CHECK-LABEL: func.func @layers
// CHECK: loop.parallel_for %c32 grain %c1
// CHECK: %[[HIDDEN:.*]] = memref.alloc() : memref<64x1024xf32>
// CHECK: scf.for
// CHECK: loop.nest bounds [64, 1024, 1024]
// CHECK-NEXT: outs(%[[HIDDEN]] :
// CHECK: loop.nest bounds [64, 256, 1024]
// CHECK-NEXT: ins(%[[HIDDEN]],
// CHECK: return
func.func @layers(%x: memref<2048x1024xf32>, %v: memref<1024x1024xf32>, %w: memref<1024x256xf32>, %y: memref<2048x256xf32>) {
  %zero = arith.constant 0.0 : f32
  %t = memref.alloc() : memref<2048x1024xf32>
  loop.nest bounds [2048, 1024, 1024] iterators [parallel, parallel, reduction]
      ins(%x, %v : memref<2048x1024xf32>, memref<1024x1024xf32>) outs(%t : memref<2048x1024xf32>) maps [#left, #right, #out] init(%zero : f32)
  body (%a: f32, %b: f32, %s: f32) {
    %p = arith.mulf %a, %b : f32
    %c = arith.addf %s, %p : f32
    loop.yield %c : f32
  } combine (%a: f32, %b: f32) {
    %c = arith.addf %a, %b : f32
    loop.yield %c : f32
  }
  loop.nest bounds [2048, 256, 1024] iterators [parallel, parallel, reduction]
      ins(%t, %w : memref<2048x1024xf32>, memref<1024x256xf32>) outs(%y : memref<2048x256xf32>) maps [#left, #right, #out] init(%zero : f32)
  body (%a: f32, %b: f32, %s: f32) {
    %p = arith.mulf %a, %b : f32
    %c = arith.addf %s, %p : f32
    loop.yield %c : f32
  } combine (%a: f32, %b: f32) {
    %c = arith.addf %a, %b : f32
    loop.yield %c : f32
  }
  return
}

// Not where each band would read more again than the cache holds.
// CHECK-LABEL: func.func @large_layers
// CHECK: loop.nest bounds [2048, 4096, 1024]
// CHECK: return
func.func @large_layers(%x: memref<2048x1024xf32>, %v: memref<1024x4096xf32>, %w: memref<4096x256xf32>, %y: memref<2048x256xf32>) {
  %zero = arith.constant 0.0 : f32
  %t = memref.alloc() : memref<2048x4096xf32>
  loop.nest bounds [2048, 4096, 1024] iterators [parallel, parallel, reduction]
      ins(%x, %v : memref<2048x1024xf32>, memref<1024x4096xf32>) outs(%t : memref<2048x4096xf32>) maps [#left, #right, #out] init(%zero : f32)
  body (%a: f32, %b: f32, %s: f32) {
    %p = arith.mulf %a, %b : f32
    %c = arith.addf %s, %p : f32
    loop.yield %c : f32
  } combine (%a: f32, %b: f32) {
    %c = arith.addf %a, %b : f32
    loop.yield %c : f32
  }
  loop.nest bounds [2048, 256, 4096] iterators [parallel, parallel, reduction]
      ins(%t, %w : memref<2048x4096xf32>, memref<4096x256xf32>) outs(%y : memref<2048x256xf32>) maps [#left, #right, #out] init(%zero : f32)
  body (%a: f32, %b: f32, %s: f32) {
    %p = arith.mulf %a, %b : f32
    %c = arith.addf %s, %p : f32
    loop.yield %c : f32
  } combine (%a: f32, %b: f32) {
    %c = arith.addf %a, %b : f32
    loop.yield %c : f32
  }
  return
}

// Products x.T @ y: chunks of the rows have sums of their own, to which each block adds; they are merged in the end.
// CHECK-LABEL: func.func @gram
// CHECK-SAME: %[[X:.*]]: memref<90000x64xf64>, %{{.*}}: memref<64xf64>, %[[OUT:.*]]: memref<64x64xf64>
// CHECK: loop.parallel_for %c[[CHUNKS:[0-9]+]] grain
// CHECK: %[[ROWS:.*]] = memref.alloc() : memref<[[B:[0-9]+]]x64xf64>
// CHECK: scf.for
// CHECK: loop.nest bounds [64, 64] iterators [parallel, parallel]
// CHECK-NEXT: outs(%[[SUMS:.*]] : memref<64x64xf64, strided<[64, 1], offset: ?>>)
// CHECK: scf.for
// CHECK: outs(%[[ROWS]] :
// CHECK: loop.nest bounds [64, 64, [[B]]] iterators [parallel, parallel, reduction]
// CHECK-NEXT: ins(%[[ROWS]], %[[ROWS]] : {{.*}}) outs(%[[SUMS]] :
// CHECK: loop.nest bounds [64, 64, [[CHUNKS]]] iterators [parallel, parallel, reduction]
// CHECK-NEXT: outs(%[[OUT]] : {{.*}} init(
func.func @gram(%x: memref<90000x64xf64>, %m: memref<64xf64>, %out: memref<64x64xf64>) {
  %zero = arith.constant 0.0 : f64
  %c = memref.alloc() : memref<90000x64xf64>
  loop.nest bounds [90000, 64] iterators [parallel, parallel]
      ins(%x, %m : memref<90000x64xf64>, memref<64xf64>) outs(%c : memref<90000x64xf64>) maps [#ij, #j, #ij]
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

// The check of places comes after what adds at them, to memory that nobody else sees: they are kept within bounds.
// CHECK-LABEL: func.func @checked
// CHECK-NOT: loop.check
// CHECK: loop.parallel_for
// CHECK: loop.nest bounds [[[B:[0-9]+]]] iterators [reduction]
// CHECK: arith.select %{{.*}}, %c0{{[_0-9]*}}, %c[[B]]
// CHECK: loop.nest bounds {{.*}} iterators [sequential]
// CHECK: arith.minui
// CHECK: loop.check %{{.*}}, index_out_of_bounds, "label {} is too large"
// The argument would be seen to change.
// CHECK-LABEL: func.func @checked_before
// CHECK: loop.check
// CHECK: loop.nest bounds {{.*}} iterators [sequential]
func.func @checked(%labels: memref<1000000xi64>, %w: memref<1000000xf64>, %n: index) -> memref<?xf64> {
  %zero = arith.constant 0.0 : f64
  %least = arith.constant -1 : i64
  %out = memref.alloc(%n) : memref<?xf64>
  loop.nest bounds [%n] iterators [parallel] outs(%out : memref<?xf64>) maps [#one]
  body (%old: f64) {
    loop.yield %zero : f64
  }
  %largest = memref.alloc() : memref<i64>
  loop.nest bounds [1000000] iterators [reduction]
      ins(%labels : memref<1000000xi64>) outs(%largest : memref<i64>) maps [#one, affine_map<(i) -> ()>] init(%least : i64)
  body (%a: i64, %m: i64) {
    %s = arith.maxsi %a, %m : i64
    loop.yield %s : i64
  } combine (%a: i64, %m: i64) {
    %s = arith.maxsi %a, %m : i64
    loop.yield %s : i64
  }
  %found = memref.load %largest[] : memref<i64>
  %place = arith.index_cast %found : i64 to index
  %fits = arith.cmpi slt, %place, %n : index
  loop.check %fits, index_out_of_bounds, "label {} is too large" (%place : index)
  loop.nest bounds [1000000] iterators [sequential]
      ins(%labels, %w : memref<1000000xi64>, memref<1000000xf64>) maps [#one, #one]
  body (%l: i64, %a: f64) {
    %at = arith.index_castui %l : i64 to index
    %old = memref.load %out[%at] : memref<?xf64>
    %sum = arith.addf %old, %a : f64
    memref.store %sum, %out[%at] : memref<?xf64>
    loop.yield
  }
  return %out : memref<?xf64>
}
func.func @checked_before(%labels: memref<1000000xi64>, %w: memref<1000000xf64>, %out: memref<?xf64>, %n: index) {
  %least = arith.constant -1 : i64
  %largest = memref.alloc() : memref<i64>
  loop.nest bounds [1000000] iterators [reduction]
      ins(%labels : memref<1000000xi64>) outs(%largest : memref<i64>) maps [#one, affine_map<(i) -> ()>] init(%least : i64)
  body (%a: i64, %m: i64) {
    %s = arith.maxsi %a, %m : i64
    loop.yield %s : i64
  } combine (%a: i64, %m: i64) {
    %s = arith.maxsi %a, %m : i64
    loop.yield %s : i64
  }
  %found = memref.load %largest[] : memref<i64>
  %place = arith.index_cast %found : i64 to index
  %fits = arith.cmpi slt, %place, %n : index
  loop.check %fits, index_out_of_bounds, "label {} is too large" (%place : index)
  loop.nest bounds [1000000] iterators [sequential]
      ins(%labels, %w : memref<1000000xi64>, memref<1000000xf64>) maps [#one, #one]
  body (%l: i64, %a: f64) {
    %at = arith.index_castui %l : i64 to index
    %old = memref.load %out[%at] : memref<?xf64>
    %sum = arith.addf %old, %a : f64
    memref.store %sum, %out[%at] : memref<?xf64>
    loop.yield
  }
  return
}

// A division that the check makes possible stays behind it; a product need not.
// CHECK-LABEL: func.func @checked_division
// CHECK: loop.check
// CHECK: arith.remsi
// CHECK-LABEL: func.func @checked_product
// CHECK: arith.muli
// CHECK: loop.check
func.func @checked_division(%divisors: memref<1000000xi64>) -> memref<1000000xi64> {
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %most = arith.constant 9223372036854775807 : i64
  %least = memref.alloc() : memref<i64>
  loop.nest bounds [1000000] iterators [reduction]
      ins(%divisors : memref<1000000xi64>) outs(%least : memref<i64>) maps [#one, affine_map<(i) -> ()>] init(%most : i64)
  body (%a: i64, %m: i64) {
    %s = arith.minsi %a, %m : i64
    loop.yield %s : i64
  } combine (%a: i64, %m: i64) {
    %s = arith.minsi %a, %m : i64
    loop.yield %s : i64
  }
  %found = memref.load %least[] : memref<i64>
  %positive = arith.cmpi sgt, %found, %zero : i64
  loop.check %positive, value_error, "divisor {} is not positive" (%found : i64)
  %out = memref.alloc() : memref<1000000xi64>
  loop.nest bounds [1000000] iterators [parallel]
      ins(%divisors : memref<1000000xi64>) outs(%out : memref<1000000xi64>) maps [#one, #one]
  body (%a: i64, %old: i64) {
    %s = arith.remsi %one, %a : i64
    loop.yield %s : i64
  }
  return %out : memref<1000000xi64>
}
func.func @checked_product(%divisors: memref<1000000xi64>) -> memref<1000000xi64> {
  %zero = arith.constant 0 : i64
  %most = arith.constant 9223372036854775807 : i64
  %least = memref.alloc() : memref<i64>
  loop.nest bounds [1000000] iterators [reduction]
      ins(%divisors : memref<1000000xi64>) outs(%least : memref<i64>) maps [#one, affine_map<(i) -> ()>] init(%most : i64)
  body (%a: i64, %m: i64) {
    %s = arith.minsi %a, %m : i64
    loop.yield %s : i64
  } combine (%a: i64, %m: i64) {
    %s = arith.minsi %a, %m : i64
    loop.yield %s : i64
  }
  %out = memref.alloc() : memref<1000000xi64>
  %found = memref.load %least[] : memref<i64>
  %positive = arith.cmpi sgt, %found, %zero : i64
  loop.check %positive, value_error, "divisor {} is not positive" (%found : i64)
  loop.nest bounds [1000000] iterators [parallel]
      ins(%divisors : memref<1000000xi64>) outs(%out : memref<1000000xi64>) maps [#one, #one]
  body (%a: i64, %old: i64) {
    %s = arith.muli %a, %a : i64
    loop.yield %s : i64
  }
  return %out : memref<1000000xi64>
}
