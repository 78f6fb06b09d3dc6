// The schedules that nests get, by their kind.
// RUN: npir-opt %s --loop-schedule=vector-bits=512 | FileCheck %s
// RUN: npir-opt %s "--loop-schedule=vector-bits=128 threads=false" | FileCheck %s --check-prefix=SSE
// RUN: npir-opt %s --loop-schedule=vector-bits=0 | FileCheck %s --check-prefix=SCALAR
// RUN: npir-opt %s "--loop-schedule=vector-bits=512 set=unroll=1,collapse=0" | FileCheck %s --check-prefix=SET
// RUN: not npir-opt %s --loop-schedule=set=width=4 2>&1 | FileCheck %s --check-prefix=FIELD
// RUN: not npir-opt %s --loop-schedule=set=order=0x0 2>&1 | FileCheck %s --check-prefix=ORDER

// FIELD: `set` takes field=value, with a field out of order, tile, parallel, {{.*}}; found `width=4`
// ORDER: schedule.mlir:[[#]]:3: error: 'loop.nest' op cannot have the fields of `set`: schedule order [0, 0] is not a permutation of the 2 axes

#ij = affine_map<(i, j) -> (i, j)>
#ji = affine_map<(i, j) -> (j, i)>
#i = affine_map<(i, j) -> (i)>
#j = affine_map<(i, j) -> (j)>
#none = affine_map<(i, j) -> ()>

// Everything contiguous: one loop where memory allows, two where not.
// CHECK-LABEL: func.func @elementwise
// CHECK: schedule <parallel = 2, grain = {{[0-9]+}}, vector = 8, unroll = 4, collapse = 2, stream = 33554432>
// SSE-LABEL: func.func @elementwise
// SSE: schedule <vector = 2, unroll = 4, collapse = 2>
// SCALAR-LABEL: func.func @elementwise
// SCALAR: schedule <parallel = {{[0-9]}}, grain = {{[0-9]+}}>
// SET-LABEL: func.func @elementwise
// SET: schedule <{{.*}}vector = 8>
func.func @elementwise(%m: index, %n: index, %a: memref<?x?xf64>, %b: memref<?x?xf64>) {
  loop.nest bounds [%m, %n] iterators [parallel, parallel] ins(%a : memref<?x?xf64>) outs(%b : memref<?x?xf64>)
      maps [#ij, #ij] body (%x: f64, %old: f64) {
    %y = arith.mulf %x, %x : f64
    loop.yield %y : f64
  }
  return
}

// A small nest stays on its thread, and has no more vectors in flight than there are.
// CHECK-LABEL: func.func @small
// CHECK: schedule <vector = 8, unroll = 2, collapse = 2>
func.func @small(%a: memref<3x16xf64>, %b: memref<3x16xf64>) {
  loop.nest bounds [3, 16] iterators [parallel, parallel] ins(%a : memref<3x16xf64>) outs(%b : memref<3x16xf64>)
      maps [#ij, #ij] body (%x: f64, %old: f64) {
    loop.yield %x : f64
  }
  return
}

// Lanes along the sum, compensated in blocks; rows on threads.
// CHECK-LABEL: func.func @row_sums
// CHECK: schedule <parallel = 1, grain = {{[0-9]+}}, vector = 8, unroll = 4, block = 512>
// SSE-LABEL: func.func @row_sums
// SSE: schedule <vector = 2, unroll = 4, block = 128>
func.func @row_sums(%m: index, %n: index, %a: memref<?x?xf64>, %s: memref<?xf64>, %zero: f64) {
  loop.nest bounds [%m, %n] iterators [parallel, reduction] ins(%a : memref<?x?xf64>) outs(%s : memref<?xf64>)
      maps [#ij, #i] init(%zero : f64) body (%x: f64, %acc: f64) {
    %r = arith.addf %acc, %x : f64
    loop.yield %r : f64
  } combine (%p: f64, %q: f64) {
    %r = arith.addf %p, %q : f64
    loop.yield %r : f64
  }
  return
}

// Without a combine region the order is fixed: lanes go along the rows instead, where
// the stores are.
// CHECK-LABEL: func.func @ordered_row_sums
// CHECK-NOT: block
// CHECK: body
func.func @ordered_row_sums(%m: index, %n: index, %a: memref<?x?xf64>, %s: memref<?xf64>, %zero: f64) {
  loop.nest bounds [%m, %n] iterators [parallel, reduction] ins(%a : memref<?x?xf64>) outs(%s : memref<?xf64>)
      maps [#ij, #i] init(%zero : f64) body (%x: f64, %acc: f64) {
    %r = arith.subf %acc, %x : f64
    loop.yield %r : f64
  }
  return
}

// Lanes along the columns, which are the innermost loop; eight rows per visit of the sums.
// CHECK-LABEL: func.func @column_sums
// CHECK: schedule <tile = [0, 128], parallel = 1, grain = {{[0-9]+}}, vector = 8, unroll = 2, jam = [8, 1]>
func.func @column_sums(%m: index, %n: index, %a: memref<?x?xf64>, %s: memref<?xf64>, %zero: f64) {
  loop.nest bounds [%m, %n] iterators [reduction, parallel] ins(%a : memref<?x?xf64>) outs(%s : memref<?xf64>)
      maps [#ij, #j] init(%zero : f64) body (%x: f64, %acc: f64) {
    %r = arith.addf %acc, %x : f64
    loop.yield %r : f64
  } combine (%p: f64, %q: f64) {
    %r = arith.addf %p, %q : f64
    loop.yield %r : f64
  }
  return
}

// A product of rows and a vector: four rows per visit of the vector.
// CHECK-LABEL: func.func @rows_and_vector
// CHECK: schedule <parallel = 1, grain = {{[0-9]+}}, vector = 8, unroll = 2, jam = [4, 1], block = {{[0-9]+}}>
func.func @rows_and_vector(%m: index, %n: index, %a: memref<?x?xf64>, %x: memref<?xf64>, %s: memref<?xf64>, %zero: f64) {
  loop.nest bounds [%m, %n] iterators [parallel, reduction] ins(%a, %x : memref<?x?xf64>, memref<?xf64>)
      outs(%s : memref<?xf64>) maps [#ij, #j, #i] init(%zero : f64) body (%y: f64, %z: f64, %acc: f64) {
    %p = arith.mulf %y, %z : f64
    %r = arith.addf %acc, %p : f64
    loop.yield %r : f64
  } combine (%p: f64, %q: f64) {
    %r = arith.addf %p, %q : f64
    loop.yield %r : f64
  }
  return
}

// Two sums for each row: half as many vectors in flight, so that all stay in registers.
// CHECK-LABEL: func.func @complex_rows_and_vector
// CHECK: schedule <parallel = 1, grain = {{[0-9]+}}, vector = 8, jam = [4, 1], block = {{[0-9]+}}>
func.func @complex_rows_and_vector(%m: index, %n: index, %a: memref<?x?xcomplex<f64>>, %x: memref<?xf64>, %re: memref<?xf64>, %im: memref<?xf64>, %zero: f64) {
  loop.nest bounds [%m, %n] iterators [parallel, reduction] ins(%a, %x : memref<?x?xcomplex<f64>>, memref<?xf64>)
      outs(%re, %im : memref<?xf64>, memref<?xf64>) maps [#ij, #j, #i, #i] init(%zero, %zero : f64, f64)
      body (%y: complex<f64>, %z: f64, %acc: f64, %acc2: f64) {
    %y1 = complex.re %y : complex<f64>
    %y2 = complex.im %y : complex<f64>
    %p1 = arith.mulf %y1, %z : f64
    %p2 = arith.mulf %y2, %z : f64
    %r1 = arith.addf %acc, %p1 : f64
    %r2 = arith.addf %acc2, %p2 : f64
    loop.yield %r1, %r2 : f64, f64
  } combine (%p1: f64, %p2: f64, %q1: f64, %q2: f64) {
    %r1 = arith.addf %p1, %q1 : f64
    %r2 = arith.addf %p2, %q2 : f64
    loop.yield %r1, %r2 : f64, f64
  }
  return
}

// Accumulators that may be decided early stay in registers, the loop that decides them innermost.
// CHECK-LABEL: func.func @any_of_columns
// CHECK: schedule <order = [1, 0], parallel = 1, grain = {{[0-9]+}}, lanes = 1, vector = 64, unroll = 4>
func.func @any_of_columns(%m: index, %n: index, %a: memref<?x?xi8>, %s: memref<?xi8>, %zero: i8) {
  loop.nest bounds [%m, %n] iterators [reduction, parallel] ins(%a : memref<?x?xi8>) outs(%s : memref<?xi8>)
      maps [#ij, #j] init(%zero : i8) {absorbing = 1 : i8} body (%x: i8, %acc: i8) {
    %r = arith.ori %acc, %x : i8
    loop.yield %r : i8
  } combine (%p: i8, %q: i8) {
    %r = arith.ori %p, %q : i8
    loop.yield %r : i8
  }
  return
}

// Of many sums that may be decided soon, each is asked after one vector.
// CHECK-LABEL: func.func @any_of_rows
// CHECK: schedule <parallel = 1, grain = {{[0-9]+}}, vector = 64>
func.func @any_of_rows(%m: index, %n: index, %a: memref<?x?xi8>, %s: memref<?xi8>, %zero: i8) {
  loop.nest bounds [%m, %n] iterators [parallel, reduction] ins(%a : memref<?x?xi8>) outs(%s : memref<?xi8>)
      maps [#ij, #i] init(%zero : i8) {absorbing = 1 : i8} body (%x: i8, %acc: i8) {
    %r = arith.ori %acc, %x : i8
    loop.yield %r : i8
  } combine (%p: i8, %q: i8) {
    %r = arith.ori %p, %q : i8
    loop.yield %r : i8
  }
  return
}

// The middle dimension is the contiguous one, which a kernel of its own could not see.
// CHECK-LABEL: func.func @hidden_stride
// CHECK: {unit_strides = array<i64: 0>}
func.func @hidden_stride(%a: memref<?x?xf64, strided<[?, ?], offset: ?>>, %n: index, %b: memref<?xf64>) {
  %base, %offset, %sizes:2, %strides:2 = memref.extract_strided_metadata %a : memref<?x?xf64, strided<[?, ?], offset: ?>> -> memref<f64>, index, index, index, index, index
  %v = memref.reinterpret_cast %a to offset: [0], sizes: [%n, 1], strides: [%strides#1, 0] : memref<?x?xf64, strided<[?, ?], offset: ?>> to memref<?x1xf64, strided<[?, 0]>>
  loop.nest bounds [%n, 1] iterators [parallel, parallel] ins(%v : memref<?x1xf64, strided<[?, 0]>>) outs(%b : memref<?xf64>)
      maps [#ij, affine_map<(i, j) -> (i + j)>] body (%x: f64, %old: f64) {
    loop.yield %x : f64
  }
  return
}

// One number: both axes are shared between threads, each with a sum of its own.
// CHECK-LABEL: func.func @sum
// CHECK: schedule <parallel = 2, grain = {{[0-9]+}}, vector = 8, unroll = 4, block = 512, collapse = 2>
func.func @sum(%m: index, %n: index, %a: memref<?x?xf64>, %s: memref<f64>, %zero: f64) {
  loop.nest bounds [%m, %n] iterators [reduction, reduction] ins(%a : memref<?x?xf64>) outs(%s : memref<f64>)
      maps [#ij, #none] init(%zero : f64) body (%x: f64, %acc: f64) {
    %r = arith.addf %acc, %x : f64
    loop.yield %r : f64
  } combine (%p: f64, %q: f64) {
    %r = arith.addf %p, %q : f64
    loop.yield %r : f64
  }
  return
}

// Square tiles, so that each cache line is used up.
// CHECK-LABEL: func.func @transpose
// CHECK: tile = [32, 32]
func.func @transpose(%m: index, %n: index, %a: memref<?x?xf64>, %b: memref<?x?xf64>) {
  loop.nest bounds [%m, %n] iterators [parallel, parallel] ins(%a : memref<?x?xf64>) outs(%b : memref<?x?xf64>)
      maps [#ji, #ij] body (%x: f64, %old: f64) {
    loop.yield %x : f64
  }
  return
}

// Rows are scattered in order, the columns of a row in lanes.
// CHECK-LABEL: func.func @scatter_rows
// CHECK: schedule <vector = 8, unroll = 4>
func.func @scatter_rows(%m: index, %n: index, %at: memref<?xindex>, %u: memref<?x?xf64>, %t: memref<?x?xf64>) {
  loop.nest bounds [%m, %n] iterators [sequential, parallel] ins(%at, %u : memref<?xindex>, memref<?x?xf64>)
      maps [#i, #ij] body (%row: index, %x: f64) {
    %j = loop.index 1 : index
    %old = memref.load %t[%row, %j] : memref<?x?xf64>
    %new = arith.addf %old, %x : f64
    memref.store %new, %t[%row, %j] : memref<?x?xf64>
    loop.yield
  }
  return
}

// Short rows fill a vector of their own,
// CHECK-LABEL: func.func @scatter_pairs
// CHECK: schedule <vector = 2>
func.func @scatter_pairs(%m: index, %at: memref<?xindex>, %u: memref<?x2xf64>, %t: memref<?x2xf64>) {
  loop.nest bounds [%m, 2] iterators [sequential, parallel] ins(%at, %u : memref<?xindex>, memref<?x2xf64>)
      maps [#i, #ij] body (%row: index, %x: f64) {
    %j = loop.index 1 : index
    %old = memref.load %t[%row, %j] : memref<?x2xf64>
    %new = arith.addf %old, %x : f64
    memref.store %new, %t[%row, %j] : memref<?x2xf64>
    loop.yield
  }
  return
}

// or none: what a mask has written is slow to read again.
// CHECK-LABEL: func.func @scatter_triples
// CHECK: schedule <>
func.func @scatter_triples(%m: index, %at: memref<?xindex>, %u: memref<?x3xf64>, %t: memref<?x3xf64>) {
  loop.nest bounds [%m, 3] iterators [sequential, parallel] ins(%at, %u : memref<?xindex>, memref<?x3xf64>)
      maps [#i, #ij] body (%row: index, %x: f64) {
    %j = loop.index 1 : index
    %old = memref.load %t[%row, %j] : memref<?x3xf64>
    %new = arith.addf %old, %x : f64
    memref.store %new, %t[%row, %j] : memref<?x3xf64>
    loop.yield
  }
  return
}

// CHECK-LABEL: func.func @product
// CHECK: schedule <order = [1, 0, 2], tile = [64, {{[0-9]+}}, {{[0-9]+}}], parallel = 2, grain = {{[0-9]+}}, lanes = 1, vector = 8, unroll = 2, jam = [8, 1, 1]>
func.func @product(%m: index, %n: index, %k: index, %a: memref<?x?xf64>, %b: memref<?x?xf64>, %c: memref<?x?xf64>, %zero: f64) {
  loop.nest bounds [%m, %n, %k] iterators [parallel, parallel, reduction]
      ins(%a, %b : memref<?x?xf64>, memref<?x?xf64>) outs(%c : memref<?x?xf64>)
      maps [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
      init(%zero : f64)
  body (%x: f64, %y: f64, %acc: f64) {
    %r = math.fma %x, %y, %acc : f64
    loop.yield %r : f64
  } combine (%p: f64, %q: f64) {
    %r = arith.addf %p, %q : f64
    loop.yield %r : f64
  }
  return
}

// A schedule that is there stays.
// CHECK-LABEL: func.func @kept
// CHECK: schedule <unroll = 3>
func.func @kept(%a: memref<64x64xf64>) {
  loop.nest bounds [64, 64] iterators [parallel, parallel] outs(%a : memref<64x64xf64>) maps [#ij] schedule <unroll = 3>
  body (%x: f64) {
    loop.yield %x : f64
  }
  return
}

// An axis of one point holds no lanes: here the points lie two elements apart.
// CHECK-LABEL: func.func @every_other
// CHECK: schedule <{{.*}}grain = {{[0-9]+}}>
func.func @every_other(%n: index, %a: memref<?x1xf64>, %b: memref<?x1xf64, strided<[2, 1]>>) {
  loop.nest bounds [%n, 1] iterators [parallel, parallel] ins(%a : memref<?x1xf64>) outs(%b : memref<?x1xf64, strided<[2, 1]>>)
      maps [#ij, #ij] body (%x: f64, %old: f64) {
    loop.yield %x : f64
  }
  return
}

// Complex numbers that the body loads by itself are vectors like any others.
// CHECK-LABEL: func.func @take_complex
// CHECK: vector = 8
func.func @take_complex(%n: index, %at: memref<?xindex>, %a: memref<?xcomplex<f64>>, %b: memref<?xcomplex<f64>>) {
  loop.nest bounds [%n] iterators [parallel] ins(%at : memref<?xindex>) outs(%b : memref<?xcomplex<f64>>)
      maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] body (%i: index, %old: complex<f64>) {
    %x = memref.load %a[%i] : memref<?xcomplex<f64>>
    loop.yield %x : complex<f64>
  }
  return
}

// Reductions that may be decided early, in lanes that one operand is gathered for: one vector of them.
// CHECK-LABEL: func.func @decided
// CHECK: schedule <parallel = 1, grain = {{[0-9]+}}, lanes = 0, vector = 16>
func.func @decided(%m: index, %k: index, %a: memref<?x?xi8>, %b: memref<?x?xi8>, %o: memref<?xi8>, %zero: i8) {
  loop.nest bounds [%m, %k] iterators [parallel, reduction] ins(%a, %b : memref<?x?xi8>, memref<?x?xi8>) outs(%o : memref<?xi8>)
      maps [#ij, #ji, #i] init(%zero : i8) {absorbing = 1 : i8}
  body (%x: i8, %y: i8, %any: i8) {
    %both = arith.andi %x, %y : i8
    %new = arith.ori %any, %both : i8
    loop.yield %new : i8
  } combine (%x: i8, %y: i8) {
    %new = arith.ori %x, %y : i8
    loop.yield %new : i8
  }
  return
}

// An output of 64 MB leaves all caches before it is read. It is not stored past them where the nest reads it.
// CHECK-LABEL: func.func @large
// CHECK: schedule <parallel = 1, {{.*}}, stream = 33554432>
// CHECK: schedule <parallel = 1, {{.*}}unroll = 4>
// CHECK: schedule <parallel = 1, {{.*}}unroll = 4>
// CHECK: return
#1 = affine_map<(i) -> (i)>
func.func @large(%x: memref<8388608xf64>, %y: memref<8388608xf64>) {
  loop.nest bounds [8388608] iterators [parallel] ins(%x : memref<8388608xf64>) outs(%y : memref<8388608xf64>) maps [#1, #1]
  body (%a: f64, %old: f64) {
    %b = arith.mulf %a, %a : f64
    loop.yield %b : f64
  }
  loop.nest bounds [8388608] iterators [parallel] ins(%y : memref<8388608xf64>) outs(%y : memref<8388608xf64>) maps [#1, #1]
  body (%a: f64, %old: f64) {
    %b = arith.mulf %a, %a : f64
    loop.yield %b : f64
  }
  loop.nest bounds [8388608] iterators [parallel] ins(%x : memref<8388608xf64>) outs(%y : memref<8388608xf64>) maps [#1, #1]
  body (%a: f64, %old: f64) {
    %b = arith.addf %a, %old : f64
    loop.yield %b : f64
  }
  return
}

// A number of f64 that is the same at every point takes no lanes from those of f32, nor does what is computed of it alone.
// CHECK-LABEL: func.func @factor
// CHECK: schedule <{{.*}}vector = 16, unroll = {{[0-9]}}, collapse = 2{{.*}}>
// SSE-LABEL: func.func @factor
// SSE: schedule <vector = 4, unroll = 4, collapse = 2{{.*}}>
func.func @factor(%m: index, %n: index, %k: memref<f64>, %a: memref<?x?xf32>, %b: memref<?x?xf32>) {
  loop.nest bounds [%m, %n] iterators [parallel, parallel] ins(%k, %a : memref<f64>, memref<?x?xf32>)
      outs(%b : memref<?x?xf32>) maps [#none, #ij, #ij] body (%wide: f64, %x: f32, %old: f32) {
    %square = arith.mulf %wide, %wide : f64
    %factor = arith.truncf %square : f64 to f32
    %y = arith.mulf %x, %factor : f32
    loop.yield %y : f32
  }
  return
}
