// What nests become: loops, vectors, accumulators, threads.
// RUN: npir-opt %s --lower-loop-nest --canonicalize --cse | FileCheck %s

#i = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>
#ij = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
#column = affine_map<(i, j) -> (j)>

// Two vectors in flight, interleaved op by op; the tail masks its last vector.
// CHECK-LABEL: func.func @vectors
// CHECK-SAME: (%[[N:.*]]: index, %[[A:.*]]: memref<?xf32>, %[[B:.*]]: memref<?xf32>)
// CHECK: scf.for %[[I:.*]] = %c0 to %{{.*}} step %c16 {
// CHECK:   %[[X0:.*]] = vector.load %[[A]][%[[I]]] {alignment = 1 : i64} : memref<?xf32>, vector<8xf32>
// CHECK:   %[[I1:.*]] = arith.addi %[[I]], %c8
// CHECK:   %[[X1:.*]] = vector.load %[[A]][%[[I1]]]
// CHECK:   %[[Y0:.*]] = arith.mulf %[[X0]], %[[X0]] : vector<8xf32>
// CHECK:   %[[Y1:.*]] = arith.mulf %[[X1]], %[[X1]] : vector<8xf32>
// CHECK:   %[[Z0:.*]] = arith.addf %[[Y0]], %{{.*}} : vector<8xf32>
// CHECK:   %[[Z1:.*]] = arith.addf %[[Y1]], %{{.*}} : vector<8xf32>
// CHECK:   vector.store %[[Z0]], %[[B]][%[[I]]] {alignment = 1 : i64}
// CHECK:   vector.store %[[Z1]], %[[B]][%[[I1]]] {alignment = 1 : i64}
// CHECK: }
// CHECK: scf.for %[[T:.*]] = %{{.*}} to %{{.*}} step %c8 {
// CHECK:   %[[MASK:.*]] = vector.create_mask %{{.*}} : vector<8xi1>
// CHECK:   vector.maskedload %[[A]][%[[T]]], %[[MASK]], %{{.*}} {alignment = 1 : i64}
// CHECK:   vector.maskedstore %[[B]][%[[T]]], %[[MASK]], %{{.*}} {alignment = 1 : i64}
// CHECK: }
func.func @vectors(%n: index, %a: memref<?xf32>, %b: memref<?xf32>) {
  loop.nest bounds [%n] iterators [parallel] ins(%a : memref<?xf32>) outs(%b : memref<?xf32>) maps [#i, #i]
      schedule <vector = 8, unroll = 2> body (%x: f32, %old: f32) {
    %one = arith.constant 1.0 : f32
    %y = arith.mulf %x, %x : f32
    %z = arith.addf %y, %one : f32
    loop.yield %z : f32
  }
  return
}

// A shape that vectors divide leaves neither loop nor mask.
// CHECK-LABEL: func.func @static
// CHECK-NOT: scf.for
// CHECK-COUNT-2: vector.load %{{.*}} : memref<8xf64>, vector<4xf64>
// CHECK-NOT: mask
// CHECK: return
func.func @static(%a: memref<8xf64>, %b: memref<8xf64>) {
  loop.nest bounds [8] iterators [parallel] ins(%a : memref<8xf64>) outs(%b : memref<8xf64>) maps [#i, #i]
      schedule <vector = 4, unroll = 2> body (%x: f64, %old: f64) {
    loop.yield %x : f64
  }
  return
}

// Long rows that are copied as they are go to memcpy, short ones into vectors.
// CHECK-LABEL: func.func @rows
// CHECK: scf.for %[[I:.*]] = %c0 to %{{.*}} step %c1 {
// CHECK:   %[[LONG:.*]] = arith.cmpi sge, %{{.*}}, %c512
// CHECK:   scf.if %[[LONG]] {
// CHECK-NEXT: loop.copy_row %{{.*}} at %{{.*}}, %{{.*}} at %{{.*}}, %{{.*}}
// CHECK-NEXT: } else {
// CHECK:   vector.load
// CHECK:   vector.store
// CHECK-LABEL: func.func @long_row
// CHECK: loop.copy_row %{{.*}} at %c0, %{{.*}} at %c0, %c4096 : memref<4096xi8>, memref<4096xi8>
// CHECK-NOT: vector.load
// A body that computes something copies nothing.
// CHECK-LABEL: func.func @long_negated
// CHECK-NOT: loop.copy_row
// CHECK: return
func.func @rows(%m: index, %n: index, %a: memref<?x?xf64>, %b: memref<?x?xf64, strided<[?, 1], offset: ?>>) {
  loop.nest bounds [%m, %n] iterators [parallel, parallel] ins(%a : memref<?x?xf64>)
      outs(%b : memref<?x?xf64, strided<[?, 1], offset: ?>>) maps [#ij, #ij]
      schedule <vector = 4, unroll = 2, collapse = 2> body (%x: f64, %old: f64) {
    loop.yield %x : f64
  }
  return
}
func.func @long_row(%a: memref<4096xi8>, %b: memref<4096xi8>) {
  loop.nest bounds [4096] iterators [parallel] ins(%a : memref<4096xi8>) outs(%b : memref<4096xi8>) maps [#i, #i]
      schedule <vector = 32, unroll = 2> body (%x: i8, %old: i8) {
    loop.yield %x : i8
  }
  return
}
func.func @long_negated(%a: memref<4096xf64>, %b: memref<4096xf64>) {
  loop.nest bounds [4096] iterators [parallel] ins(%a : memref<4096xf64>) outs(%b : memref<4096xf64>) maps [#i, #i]
      schedule <vector = 8, unroll = 2> body (%x: f64, %old: f64) {
    %y = arith.negf %x : f64
    loop.yield %y : f64
  }
  return
}

// Unit strides are tested once; without them elements are loaded one by one, into vectors or,
// where machines do not gather them at the end of a row, for scalar code.
// CHECK-LABEL: func.func @strided
// CHECK: %{{.*}}, %{{.*}}, %{{.*}}, %[[S:.*]] = memref.extract_strided_metadata
// CHECK: %[[UNIT:.*]] = arith.cmpi eq, %[[S]], %c1
// CHECK: scf.if %[[UNIT]] {
// CHECK:   vector.load
// CHECK: } else {
// CHECK-NOT: vector.load
// CHECK:   memref.load
// CHECK:   memref.load
// CHECK:   memref.load
// CHECK:   memref.load
// CHECK:   vector.from_elements
// CHECK:   vector.gather
// CHECK: }
// CHECK-LABEL: func.func @strided_bytes
// CHECK: scf.if
// CHECK:   vector.load
// CHECK: } else {
// CHECK:   scf.for
// CHECK-NEXT: arith.muli
// CHECK-NEXT: arith.addi
// CHECK-NEXT: memref.load %{{.*}} {alignment = 1 : i64}
func.func @strided(%n: index, %a: memref<?xf64, strided<[?], offset: ?>>, %b: memref<?xf64>) {
  loop.nest bounds [%n] iterators [parallel] ins(%a : memref<?xf64, strided<[?], offset: ?>>) outs(%b : memref<?xf64>)
      maps [#i, #i] schedule <vector = 4> body (%x: f64, %old: f64) {
    loop.yield %x : f64
  }
  return
}
func.func @strided_bytes(%n: index, %a: memref<?xi8, strided<[?], offset: ?>>, %b: memref<?xi8>) {
  loop.nest bounds [%n] iterators [parallel] ins(%a : memref<?xi8, strided<[?], offset: ?>>) outs(%b : memref<?xi8>)
      maps [#i, #i] schedule <vector = 32> body (%x: i8, %old: i8) {
    loop.yield %x : i8
  }
  return
}

// A reversed operand is loaded and shuffled.
// CHECK-LABEL: func.func @reversed
// CHECK: %[[V:.*]] = vector.load
// CHECK: vector.shuffle %[[V]], %[[V]] [3, 2, 1, 0]
func.func @reversed(%a: memref<8xf64, strided<[-1], offset: 7>>, %b: memref<8xf64>) {
  loop.nest bounds [8] iterators [parallel] ins(%a : memref<8xf64, strided<[-1], offset: 7>>) outs(%b : memref<8xf64>)
      maps [#i, #i] schedule <vector = 4> body (%x: f64, %old: f64) {
    loop.yield %x : f64
  }
  return
}

// A sum in lanes: block by block, with the error of each addition kept; lanes are
// merged in halves.
// CHECK-LABEL: func.func @sum
// CHECK: %[[ALL:.*]]:2 = scf.for {{.*}} step %c32 iter_args(%[[S:.*]] = %{{.*}}, %[[E:.*]] = %{{.*}}) -> (vector<4xf64>, vector<4xf64>) {
// CHECK:   %[[ACC:.*]]:2 = scf.for {{.*}} step %c8 iter_args
// CHECK:   %[[SUM:.*]] = arith.addf %[[ACC]]#0, %[[ACC]]#1 : vector<4xf64>
// CHECK:   %[[BLOCK:.*]] = scf.for {{.*}} step %c4 iter_args(%{{.*}} = %[[SUM]]) -> (vector<4xf64>) {
// CHECK:     vector.maskedload
// CHECK:     arith.select
// CHECK:   }
// CHECK:   %[[T:.*]] = arith.addf %[[S]], %[[BLOCK]]
// CHECK:   %[[BP:.*]] = arith.subf %[[T]], %[[S]]
// CHECK:   %[[AP:.*]] = arith.subf %[[T]], %[[BP]]
// CHECK:   arith.subf %[[S]], %[[AP]]
// CHECK:   arith.subf %[[BLOCK]], %[[BP]]
// CHECK: }
// CHECK: vector.shuffle %{{.*}}[0, 1]
// CHECK: vector.shuffle %{{.*}}[2, 3]
// CHECK: vector.extract
// CHECK: memref.store
func.func @sum(%n: index, %a: memref<?xf64>, %s: memref<f64>, %zero: f64) {
  loop.nest bounds [%n] iterators [reduction] ins(%a : memref<?xf64>) outs(%s : memref<f64>) maps [#i, #none]
      init(%zero : f64) schedule <vector = 4, unroll = 2, block = 32> body (%x: f64, %acc: f64) {
    %r = arith.addf %acc, %x : f64
    loop.yield %r : f64
  } combine (%p: f64, %q: f64) {
    %r = arith.addf %p, %q : f64
    loop.yield %r : f64
  }
  return
}

// A sum shared between threads: chunks by size alone, each with a sum of its own, merged
// in order.
// CHECK-LABEL: func.func @shared_sum
// CHECK: %[[PARTS:.*]] = memref.alloca() : memref<64xf64>
// CHECK: loop.parallel_for %[[CHUNKS:.*]] grain %c1
// CHECK:   memref.store %{{.*}}, %[[PARTS]]
// CHECK:   loop.yield
// CHECK: scf.for %{{.*}} = %c0 to %[[CHUNKS]] step %c1
// CHECK:   memref.load %[[PARTS]]
// CHECK: memref.store %{{.*}}
func.func @shared_sum(%n: index, %a: memref<?xf64>, %s: memref<f64>, %zero: f64) {
  loop.nest bounds [%n] iterators [reduction] ins(%a : memref<?xf64>) outs(%s : memref<f64>) maps [#i, #none]
      init(%zero : f64) schedule <parallel = 1, grain = 1000> body (%x: f64, %acc: f64) {
    %r = arith.maximumf %acc, %x : f64
    loop.yield %r : f64
  } combine (%p: f64, %q: f64) {
    %r = arith.maximumf %p, %q : f64
    loop.yield %r : f64
  }
  return
}

// Larger parts come from the heap, and go.
// CHECK-LABEL: func.func @shared_columns
// CHECK: %[[PARTS:.*]] = memref.alloc(%{{.*}}) : memref<?xf64>
// CHECK: loop.parallel_for
// CHECK: loop.release %[[PARTS]] : memref<?xf64>
func.func @shared_columns(%m: index, %n: index, %a: memref<?x?xf64>, %s: memref<?xf64>, %zero: f64) {
  loop.nest bounds [%m, %n] iterators [reduction, parallel] ins(%a : memref<?x?xf64>) outs(%s : memref<?xf64>)
      maps [#ij, #column] init(%zero : f64) schedule <parallel = 1, grain = 1000, vector = 4>
  body (%x: f64, %acc: f64) {
    %r = arith.addf %acc, %x : f64
    loop.yield %r : f64
  } combine (%p: f64, %q: f64) {
    %r = arith.addf %p, %q : f64
    loop.yield %r : f64
  }
  return
}

// What the innermost loop does not move is loaded outside of it, and stored after it.
// CHECK-LABEL: func.func @hoisted
// CHECK: scf.for
// CHECK:   %[[B:.*]] = memref.load
// CHECK:   %[[ACC:.*]] = scf.for {{.*}} iter_args
// CHECK-NOT: memref.store
// CHECK:   }
// CHECK:   memref.store %[[ACC]]
func.func @hoisted(%m: index, %n: index, %a: memref<?x?xf64>, %b: memref<?xf64>, %s: memref<?xf64>) {
  loop.nest bounds [%m, %n] iterators [parallel, reduction] ins(%a, %b : memref<?x?xf64>, memref<?xf64>)
      outs(%s : memref<?xf64>) maps [#ij, #row, #row] body (%x: f64, %y: f64, %acc: f64) {
    %z = arith.mulf %x, %y : f64
    %r = arith.addf %acc, %z : f64
    loop.yield %r : f64
  }
  return
}

// Rows by index: the index is read once per row, the row in vectors.
// CHECK-LABEL: func.func @take_rows
// CHECK: scf.for
// CHECK:   %[[ROW:.*]] = memref.load
// CHECK:   scf.for
// CHECK:     vector.load
// CHECK:     vector.store
func.func @take_rows(%m: index, %n: index, %at: memref<?xindex>, %t: memref<?x?xf64>, %b: memref<?x?xf64>) {
  loop.nest bounds [%m, %n] iterators [parallel, parallel] ins(%at : memref<?xindex>) outs(%b : memref<?x?xf64>)
      maps [#row, #ij] schedule <vector = 4> body (%i: index, %old: f64) {
    %j = loop.index 1 : index
    %x = memref.load %t[%i, %j] : memref<?x?xf64>
    loop.yield %x : f64
  }
  return
}

// Axes merge where the strides say at run time that memory is contiguous: the bounds
// are selected, the code is the same.
// CHECK-LABEL: func.func @collapsed
// CHECK: %[[WHOLE:.*]] = arith.muli %[[N:.*]], %[[M:.*]] : index
// CHECK: %[[ROWS:.*]] = arith.select %[[TEST:.*]], %c1, %[[M]] : index
// CHECK: %[[COLUMNS:.*]] = arith.select %[[TEST]], %[[WHOLE]], %[[N]] : index
// CHECK: scf.for %{{.*}} = %c0 to %[[ROWS]] step %c1
func.func @collapsed(%m: index, %n: index, %a: memref<?x?xf64, strided<[?, 1]>>, %b: memref<?x?xf64>) {
  loop.nest bounds [%m, %n] iterators [parallel, parallel] ins(%a : memref<?x?xf64, strided<[?, 1]>>)
      outs(%b : memref<?x?xf64>) maps [#ij, #ij] schedule <vector = 4, collapse = 2> body (%x: f64, %old: f64) {
    loop.yield %x : f64
  }
  return
}

// Nothing to do, still an initial value to store.
// CHECK-LABEL: func.func @empty
// CHECK-SAME: %[[S:.*]]: memref<f64>, %[[ZERO:.*]]: f64
// CHECK-NOT: scf.for
// CHECK: memref.store %[[ZERO]]
func.func @empty(%a: memref<0xf64>, %s: memref<f64>, %zero: f64) {
  loop.nest bounds [0] iterators [reduction] ins(%a : memref<0xf64>) outs(%s : memref<f64>) maps [#i, #none]
      init(%zero : f64) body (%x: f64, %acc: f64) {
    %r = arith.addf %acc, %x : f64
    loop.yield %r : f64
  }
  return
}

// Blocks that double in size, until an accumulator is decided; the first points alone before threads.
// CHECK-LABEL: func.func @any
// CHECK: scf.while (%{{.*}} = %c0, %[[SIZE:.*]] = %c16, %{{.*}} = %{{.*}}) : (index, index, vector<16xi8>)
// CHECK:   %[[HIT:.*]] = arith.cmpi eq, %{{.*}}, %{{.*}} : vector<16xi8>
// CHECK:   vector.reduction <or>, %[[HIT]] : vector<16xi1> into i1
// CHECK:   scf.condition
// CHECK: %[[FIRST:.*]] = memref.load
// CHECK: %[[OPEN:.*]] = arith.cmpi ne, %[[FIRST]], %c1_i8
// CHECK: scf.if %[[OPEN]] {
// CHECK:   loop.parallel_for
// CHECK:   scf.while
func.func @any(%n: index, %a: memref<?xi8>, %s: memref<i8>) {
  %zero = arith.constant 0 : i8
  loop.nest bounds [%n] iterators [reduction] ins(%a : memref<?xi8>) outs(%s : memref<i8>) maps [#i, #none]
      init(%zero : i8) schedule <parallel = 1, grain = 4096, vector = 16> {absorbing = 1 : i8} body (%x: i8, %acc: i8) {
    %r = arith.ori %acc, %x : i8
    loop.yield %r : i8
  } combine (%p: i8, %q: i8) {
    %r = arith.ori %p, %q : i8
    loop.yield %r : i8
  }
  return
}

// A complex number is one piece of a vector that does not lie in one.
// CHECK-LABEL: func.func @every_other_complex
// CHECK: %[[X:.*]] = vector.load %{{.*}} : memref<16xf64>, vector<2xf64>
// CHECK: %[[Y:.*]] = vector.load %{{.*}} : memref<16xf64>, vector<2xf64>
// CHECK: vector.shuffle %[[X]], %[[Y]] [0, 1, 2, 3]
func.func @every_other_complex(%a: memref<16xcomplex<f64>>, %b: memref<8xcomplex<f64>>) {
  loop.nest bounds [8] iterators [parallel] ins(%a : memref<16xcomplex<f64>>) outs(%b : memref<8xcomplex<f64>>)
      maps [affine_map<(i) -> (2 * i)>, #i] schedule <vector = 2> body (%x: complex<f64>, %old: complex<f64>) {
    loop.yield %x : complex<f64>
  }
  return
}

// Outputs that no cache keeps are stored past the caches: first up to a cache line, then whole vectors.
// CHECK-LABEL: func.func @streamed
// CHECK-SAME: (%[[A:.*]]: memref<8388608xf64>, %[[B:.*]]: memref<8388608xf64>)
// CHECK: %[[P:.*]] = memref.extract_aligned_pointer_as_index %[[B]]
// CHECK: %[[GAP:.*]] = arith.andi %{{.*}}, %c63
// CHECK: %[[LEFT:.*]] = arith.remui %[[GAP]], %c8
// CHECK: %[[WHOLE:.*]] = arith.cmpi eq, %[[LEFT]], %c0
// CHECK: %[[NUMBER:.*]] = arith.divui %[[GAP]], %c8
// CHECK: %[[HEAD:.*]] = arith.select %[[WHOLE]], %{{.*}}, %c8388608
// CHECK: scf.for %{{.*}} = %c0 to %[[HEAD]] step %c8 {
// CHECK:   vector.maskedstore
// CHECK: }
// CHECK: scf.for %{{.*}} = %[[HEAD]] to %{{.*}} step %c16 {
// CHECK-COUNT-2: vector.store {{.*}} {alignment = 64 : i64, nontemporal = true}
// CHECK: }
// CHECK: vector.maskedstore
func.func @streamed(%a: memref<8388608xf64>, %b: memref<8388608xf64>) {
  loop.nest bounds [8388608] iterators [parallel] ins(%a : memref<8388608xf64>) outs(%b : memref<8388608xf64>) maps [#i, #i]
      schedule <vector = 8, unroll = 2, stream = 33554432>
  body (%x: f64, %old: f64) {
    %y = arith.mulf %x, %x : f64
    loop.yield %y : f64
  }
  return
}

// How large it is shows at run time.
// CHECK-LABEL: func.func @perhaps_streamed
// CHECK-SAME: (%[[N:.*]]: index,
// CHECK: %[[BYTES:.*]] = arith.muli %[[N]], %c8
// CHECK: %[[LARGE:.*]] = arith.cmpi sge, %[[BYTES]], %c33554432
// CHECK: scf.if %[[LARGE]] {
// CHECK:   nontemporal
// CHECK: } else {
// CHECK-NOT: nontemporal
// CHECK: return
func.func @perhaps_streamed(%n: index, %a: memref<?xf64>, %b: memref<?xf64>) {
  loop.nest bounds [%n] iterators [parallel] ins(%a : memref<?xf64>) outs(%b : memref<?xf64>) maps [#i, #i]
      schedule <vector = 8, stream = 33554432>
  body (%x: f64, %old: f64) {
    %y = arith.mulf %x, %x : f64
    loop.yield %y : f64
  }
  return
}
