// RUN: npir-opt %s --pass-pipeline='builtin.module(convert-tensor-to-loop,canonicalize,cse)' --split-input-file --verify-diagnostics | FileCheck %s

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// The fill becomes the start of the sum; the square is what is mapped, the addition combines.
// CHECK-LABEL: func.func @sum_of_squares
// CHECK-NOT: linalg.fill
// CHECK: %[[A:.*]] = memref.alloc
// CHECK: loop.nest bounds [%{{.*}}, 6] iterators [parallel, reduction]
// CHECK: outs(%[[A]] : {{.*}} init(%{{.*}} : f64)
// CHECK: body (%[[X:.*]]: f64, %[[ACC:.*]]: f64) {
// CHECK-NEXT: %[[SQ:.*]] = arith.mulf %[[X]], %[[X]]
// CHECK-NEXT: %[[S:.*]] = arith.addf %[[ACC]], %[[SQ]]
// CHECK-NEXT: loop.yield %[[S]]
// CHECK-NEXT: } combine (%[[P:.*]]: f64, %[[Q:.*]]: f64) {
// CHECK-NEXT: %[[C:.*]] = arith.addf %[[P]], %[[Q]]
// CHECK-NEXT: loop.yield %[[C]]
func.func @sum_of_squares(%x: memref<?x6xf64>, %n: index) -> memref<?xf64> {
  %z = arith.constant 0.0 : f64
  %a = memref.alloc(%n) : memref<?xf64>
  linalg.fill ins(%z : f64) outs(%a : memref<?xf64>)
  linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%x : memref<?x6xf64>) outs(%a : memref<?xf64>) attrs = {tensor_ext.associative} {
  ^bb0(%e: f64, %acc: f64):
    %sq = arith.mulf %e, %e : f64
    %s = arith.addf %acc, %sq : f64
    linalg.yield %s : f64
  }
  return %a : memref<?xf64>
}

// -----

#id = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>

// argmin: two accumulators that belong together; values and indices pair up.
// CHECK-LABEL: func.func @argmin
// CHECK: init(%{{.*}}, %{{.*}} : f64, i64)
// CHECK: } combine (%[[V:.*]]: f64, %[[I:.*]]: i64, %[[W:.*]]: f64, %[[J:.*]]: i64) {
// CHECK-NEXT: %[[LT:.*]] = arith.cmpf olt, %[[W]], %[[V]]
// CHECK-NEXT: %[[EQ:.*]] = arith.cmpf oeq, %[[W]], %[[V]]
// CHECK-NEXT: %[[FIRST:.*]] = arith.cmpi slt, %[[J]], %[[I]]
// CHECK-NEXT: %[[TIE:.*]] = arith.andi %[[EQ]], %[[FIRST]]
// CHECK-NEXT: %[[TAKE:.*]] = arith.ori %[[LT]], %[[TIE]]
// CHECK-NEXT: %[[NV:.*]] = arith.select %[[TAKE]], %[[W]], %[[V]]
// CHECK-NEXT: %[[NI:.*]] = arith.select %[[TAKE]], %[[J]], %[[I]]
// CHECK-NEXT: loop.yield %[[NV]], %[[NI]]
func.func @argmin(%x: memref<9xf64>) -> (memref<f64>, memref<i64>) {
  %inf = arith.constant 0x7FF0000000000000 : f64
  %last = arith.constant 9223372036854775807 : i64
  %v = memref.alloc() : memref<f64>
  %i = memref.alloc() : memref<i64>
  linalg.fill ins(%inf : f64) outs(%v : memref<f64>)
  linalg.fill ins(%last : i64) outs(%i : memref<i64>)
  linalg.generic {indexing_maps = [#id, #none, #none], iterator_types = ["reduction"]} ins(%x : memref<9xf64>) outs(%v, %i : memref<f64>, memref<i64>) attrs = {tensor_ext.associative} {
  ^bb0(%e: f64, %best: f64, %at: i64):
    %n = linalg.index 0 : index
    %k = arith.index_cast %n : index to i64
    %lt = arith.cmpf olt, %e, %best : f64
    %eq = arith.cmpf oeq, %e, %best : f64
    %first = arith.cmpi slt, %k, %at : i64
    %tie = arith.andi %eq, %first : i1
    %take = arith.ori %lt, %tie : i1
    %nv = arith.select %take, %e, %best : f64
    %ni = arith.select %take, %k, %at : i64
    linalg.yield %nv, %ni : f64, i64
  }
  return %v, %i : memref<f64>, memref<i64>
}

// -----

#id = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>

// From position zero the body need not ask which position is first: along one axis they ascend.
// CHECK-LABEL: func.func @first
// CHECK: body (%[[W:.*]]: f64, %[[V:.*]]: f64, %[[I:.*]]: i64) {
// CHECK-NEXT: %[[N:.*]] = loop.index 0
// CHECK-NEXT: %[[K:.*]] = arith.index_cast %[[N]]
// CHECK-NEXT: %[[LT:.*]] = arith.cmpf olt, %[[W]], %[[V]]
// CHECK-NEXT: %[[NV:.*]] = arith.select %[[LT]], %[[W]], %[[V]]
// CHECK-NEXT: %[[NI:.*]] = arith.select %[[LT]], %[[K]], %[[I]]
// CHECK-NEXT: loop.yield %[[NV]], %[[NI]]
// CHECK: combine
// CHECK: arith.cmpi slt
func.func @first(%x: memref<9xf64>) -> (memref<f64>, memref<i64>) {
  %inf = arith.constant 0x7FF0000000000000 : f64
  %last = arith.constant 0 : i64
  %v = memref.alloc() : memref<f64>
  %i = memref.alloc() : memref<i64>
  linalg.fill ins(%inf : f64) outs(%v : memref<f64>)
  linalg.fill ins(%last : i64) outs(%i : memref<i64>)
  linalg.generic {indexing_maps = [#id, #none, #none], iterator_types = ["reduction"]} ins(%x : memref<9xf64>) outs(%v, %i : memref<f64>, memref<i64>) attrs = {tensor_ext.associative} {
  ^bb0(%e: f64, %best: f64, %at: i64):
    %n = linalg.index 0 : index
    %k = arith.index_cast %n : index to i64
    %lt = arith.cmpf olt, %e, %best : f64
    %eq = arith.cmpf oeq, %e, %best : f64
    %first = arith.cmpi slt, %k, %at : i64
    %tie = arith.andi %eq, %first : i1
    %take = arith.ori %lt, %tie : i1
    %nv = arith.select %take, %e, %best : f64
    %ni = arith.select %take, %k, %at : i64
    linalg.yield %nv, %ni : f64, i64
  }
  return %v, %i : memref<f64>, memref<i64>
}

// -----

#id = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>

// Two integer accumulators: each pairs with the value that joins it.
// CHECK-LABEL: func.func @same_types
// CHECK: } combine (%[[A:.*]]: i64, %[[B:.*]]: i64, %[[C:.*]]: i64, %[[D:.*]]: i64) {
// CHECK-NEXT: %[[S:.*]] = arith.addi %[[A]], %[[C]]
// CHECK-NEXT: %[[M:.*]] = arith.maxsi %[[D]], %[[B]]
// CHECK-NEXT: loop.yield %[[S]], %[[M]]
func.func @same_types(%x: memref<9xi64>, %s: memref<i64>, %m: memref<i64>) {
  linalg.generic {indexing_maps = [#id, #none, #none], iterator_types = ["reduction"]} ins(%x : memref<9xi64>) outs(%s, %m : memref<i64>, memref<i64>) attrs = {tensor_ext.associative} {
  ^bb0(%e: i64, %sum: i64, %most: i64):
    %sq = arith.muli %e, %e : i64
    %0 = arith.addi %sum, %sq : i64
    %1 = arith.maxsi %e, %most : i64
    linalg.yield %0, %1 : i64, i64
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>

// Without the attribute, or where the accumulator takes part in more than the step, order counts.
// CHECK-LABEL: func.func @ordered
// CHECK-COUNT-2: loop.nest
// CHECK-NOT: combine
func.func @ordered(%x: memref<9xf64>, %s: memref<f64>) {
  linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]} ins(%x : memref<9xf64>) outs(%s : memref<f64>) {
  ^bb0(%e: f64, %acc: f64):
    %0 = arith.addf %acc, %e : f64
    linalg.yield %0 : f64
  }
  linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]} ins(%x : memref<9xf64>) outs(%s : memref<f64>) attrs = {tensor_ext.associative} {
  ^bb0(%e: f64, %acc: f64):
    %twice = arith.addf %e, %e : f64
    %p = arith.mulf %acc, %twice : f64
    %0 = arith.addf %p, %e : f64
    linalg.yield %0 : f64
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>

// What was filled is read before the sum: the fill stays.
// CHECK-LABEL: func.func @fill_is_read
// CHECK: loop.nest
// CHECK: memref.load
// CHECK: loop.nest
// CHECK-NOT: init
func.func @fill_is_read(%x: memref<9xf64>) -> (memref<f64>, f64) {
  %z = arith.constant 0.0 : f64
  %a = memref.alloc() : memref<f64>
  linalg.fill ins(%z : f64) outs(%a : memref<f64>)
  %old = memref.load %a[] : memref<f64>
  linalg.generic {indexing_maps = [#id, affine_map<(i) -> ()>], iterator_types = ["reduction"]} ins(%x : memref<9xf64>) outs(%a : memref<f64>) {
  ^bb0(%e: f64, %acc: f64):
    %0 = arith.addf %acc, %e : f64
    linalg.yield %0 : f64
  }
  return %a, %old : memref<f64>, f64
}

// -----

// CHECK-LABEL: func.func @copy_fill_check
// CHECK: loop.check %{{.*}}, value_error, "no"
// CHECK: loop.nest bounds [4, 3] iterators [parallel, parallel]
// CHECK-NEXT: ins({{.*}}) outs
// CHECK: loop.nest bounds [] iterators []
// CHECK-NEXT: outs(%{{.*}} : memref<f64>)
func.func @copy_fill_check(%x: memref<?x3xf64>, %y: memref<4x?xf64>, %s: memref<f64>, %v: f64, %c: i1) {
  tensor_ext.check %c, value_error, "no"
  memref.copy %x, %y : memref<?x3xf64> to memref<4x?xf64>
  memref.copy %y, %y : memref<4x?xf64> to memref<4x?xf64>
  linalg.fill ins(%v : f64) outs(%s : memref<f64>)
  return
}

// -----

#id = affine_map<(i) -> (i)>

// Inputs that are not used only gave the bounds; indices and gathers stay.
// CHECK-LABEL: func.func @gather
// CHECK-SAME: %[[T:.*]]: memref<100xf64>
// CHECK: loop.nest bounds [9] iterators [parallel]
// CHECK-NEXT: outs
// CHECK: %[[I:.*]] = loop.index 0
// CHECK: memref.load %[[T]][%[[I]]]
func.func @gather(%t: memref<100xf64>, %shape: memref<9xi8>, %y: memref<?xf64>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%shape : memref<9xi8>) outs(%y : memref<?xf64>) {
  ^bb0(%e: i8, %o: f64):
    %i = linalg.index 0 : index
    %v = memref.load %t[%i] : memref<100xf64>
    linalg.yield %v : f64
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>

func.func @on_tensors(%x: tensor<4xf64>, %y: tensor<4xf64>) -> tensor<4xf64> {
  // expected-error @below {{works on tensors; bufferize first}}
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<4xf64>) outs(%y : tensor<4xf64>) {
  ^bb0(%e: f64, %o: f64):
    linalg.yield %e : f64
  } -> tensor<4xf64>
  return %0 : tensor<4xf64>
}

// -----

#id = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>

// Reductions that start alike: one fill, copied for the second. Neither remains. The reductions
// share the element; each combines its own accumulator. The test for NaN follows from the element.
// CHECK-LABEL: func.func @shared_fill
// CHECK-NOT: loop.nest bounds []
// CHECK: loop.nest bounds [9] {{.*}}
// CHECK: init(%[[Z:.*]], %[[Z]] : f64, f64)
// CHECK: } combine (%[[A:.*]]: f64, %[[B:.*]]: f64, %[[C:.*]]: f64, %[[D:.*]]: f64) {
// CHECK-NEXT: %[[S:.*]] = arith.addf %[[A]], %[[C]]
// CHECK-NEXT: %[[GT:.*]] = arith.cmpf ogt, %[[D]], %[[B]]
// CHECK-NEXT: %[[NAN:.*]] = arith.cmpf uno, %[[D]], %[[D]]
// CHECK-NEXT: %[[OR:.*]] = arith.ori %[[GT]], %[[NAN]]
// CHECK-NEXT: %[[M:.*]] = arith.select %[[OR]], %[[D]], %[[B]]
// CHECK-NEXT: loop.yield %[[S]], %[[M]]
func.func @shared_fill(%x: memref<9xf64>) -> (memref<f64>, memref<f64>) {
  %z = arith.constant 0.0 : f64
  %s = memref.alloc() : memref<f64>
  linalg.fill ins(%z : f64) outs(%s : memref<f64>)
  %m = memref.alloc() : memref<f64>
  memref.copy %s, %m : memref<f64> to memref<f64>
  linalg.generic {indexing_maps = [#id, #none, #none], iterator_types = ["reduction"]} ins(%x : memref<9xf64>) outs(%s, %m : memref<f64>, memref<f64>) attrs = {tensor_ext.associative} {
  ^bb0(%e: f64, %sum: f64, %most: f64):
    %nan = arith.cmpf uno, %e, %e : f64
    %0 = arith.addf %sum, %e : f64
    %gt = arith.cmpf ogt, %e, %most : f64
    %or = arith.ori %gt, %nan : i1
    %1 = arith.select %or, %e, %most : f64
    linalg.yield %0, %1 : f64, f64
  }
  return %s, %m : memref<f64>, memref<f64>
}

// -----

#id = affine_map<(i) -> (i)>

// x[1:3] = x[1:3] + v: each element is read where it is stored, so no temporary is needed. The
// destination is made before the nest.
// CHECK-LABEL: func.func @forward
// CHECK-SAME: %[[X:.*]]: memref<8xf64>, %[[V:.*]]: memref<2xf64>
// CHECK-NEXT: %[[D:.*]] = memref.reinterpret_cast %[[X]] to offset: [1]
// CHECK-NEXT: loop.nest bounds [2] iterators [parallel]
// CHECK-NEXT: ins(%[[D]], %[[V]] : {{.*}}) outs(%[[D]] :
// CHECK-NOT: loop.nest
// CHECK: return
func.func @forward(%x: memref<8xf64>, %v: memref<2xf64>) {
  %a = memref.reinterpret_cast %x to offset: [1], sizes: [2], strides: [1] : memref<8xf64> to memref<2xf64, strided<[1], offset: 1>>
  %t = memref.alloc() : memref<2xf64>
  linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%a, %v : memref<2xf64, strided<[1], offset: 1>>, memref<2xf64>) outs(%t : memref<2xf64>) {
  ^bb0(%p: f64, %q: f64, %o: f64):
    %0 = arith.addf %p, %q : f64
    linalg.yield %0 : f64
  }
  %d = memref.reinterpret_cast %x to offset: [1], sizes: [2], strides: [1] : memref<8xf64> to memref<2xf64, strided<[1], offset: 1>>
  memref.copy %t, %d : memref<2xf64> to memref<2xf64, strided<[1], offset: 1>>
  return
}

// -----

#id = affine_map<(i) -> (i)>

// x[1:] = -x[:-1] reads what it would overwrite: the temporary stays.
// CHECK-LABEL: func.func @overlap
// CHECK: memref.alloc
// CHECK-COUNT-2: loop.nest
func.func @overlap(%x: memref<8xf64>) {
  %a = memref.reinterpret_cast %x to offset: [0], sizes: [7], strides: [1] : memref<8xf64> to memref<7xf64, strided<[1]>>
  %d = memref.reinterpret_cast %x to offset: [1], sizes: [7], strides: [1] : memref<8xf64> to memref<7xf64, strided<[1], offset: 1>>
  %t = memref.alloc() : memref<7xf64>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%a : memref<7xf64, strided<[1]>>) outs(%t : memref<7xf64>) {
  ^bb0(%p: f64, %o: f64):
    %0 = arith.negf %p : f64
    linalg.yield %0 : f64
  }
  memref.copy %t, %d : memref<7xf64> to memref<7xf64, strided<[1], offset: 1>>
  return
}

// -----

#id = affine_map<(i) -> (i)>

// x = x[::-1] + 0: the same memory, but not the same element.
// CHECK-LABEL: func.func @reversed
// CHECK: memref.alloc
// CHECK-COUNT-2: loop.nest
func.func @reversed(%x: memref<8xf64>) {
  %t = memref.alloc() : memref<8xf64>
  linalg.generic {indexing_maps = [affine_map<(i) -> (7 - i)>, #id], iterator_types = ["parallel"]} ins(%x : memref<8xf64>) outs(%t : memref<8xf64>) {
  ^bb0(%p: f64, %o: f64):
    linalg.yield %p : f64
  }
  memref.copy %t, %x : memref<8xf64> to memref<8xf64>
  return
}

// -----

#id = affine_map<(i) -> (i)>

// An error in between must find the destination as it was; so must a read.
// CHECK-LABEL: func.func @in_between
// CHECK: memref.alloc
// CHECK: loop.nest
// CHECK: loop.check
// CHECK: loop.nest
// CHECK: memref.alloc
// CHECK: loop.nest
// CHECK: memref.load
// CHECK: loop.nest
func.func @in_between(%x: memref<8xf64>, %v: memref<8xf64>, %c: i1) -> f64 {
  %c0 = arith.constant 0 : index
  %t = memref.alloc() : memref<8xf64>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%v : memref<8xf64>) outs(%t : memref<8xf64>) {
  ^bb0(%p: f64, %o: f64):
    linalg.yield %p : f64
  }
  tensor_ext.check %c, value_error, "no"
  memref.copy %t, %x : memref<8xf64> to memref<8xf64>
  %u = memref.alloc() : memref<8xf64>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%v : memref<8xf64>) outs(%u : memref<8xf64>) {
  ^bb0(%p: f64, %o: f64):
    linalg.yield %p : f64
  }
  %r = memref.load %x[%c0] : memref<8xf64>
  memref.copy %u, %x : memref<8xf64> to memref<8xf64>
  return %r : f64
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// out[:, k] = x.sum(1), in a loop that carries `out`.
// CHECK-LABEL: func.func @forward_sum
// CHECK: scf.for
// CHECK: %[[D:.*]] = memref.reinterpret_cast
// CHECK-NEXT: loop.nest bounds [3, 8] iterators [parallel, reduction]
// CHECK-NEXT: outs(%[[D]]
// CHECK-NOT: loop.nest
// CHECK: return
func.func @forward_sum(%x: memref<3x8xf64>, %out: memref<3x5xf64>, %n: index) -> memref<3x5xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.constant 0.0 : f64
  %r = scf.for %k = %c0 to %n step %c1 iter_args(%y = %out) -> (memref<3x5xf64>) {
    %t = memref.alloc() : memref<3xf64>
    linalg.fill ins(%z : f64) outs(%t : memref<3xf64>)
    %e = memref.alloc() : memref<3x8xf64>
    linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]} ins(%e : memref<3x8xf64>) outs(%t : memref<3xf64>) {
    ^bb0(%p: f64, %acc: f64):
      %0 = arith.addf %acc, %p : f64
      linalg.yield %0 : f64
    }
    %d = memref.reinterpret_cast %y to offset: [%k], sizes: [3], strides: [5] : memref<3x5xf64> to memref<3xf64, strided<[5], offset: ?>>
    memref.copy %t, %d : memref<3xf64> to memref<3xf64, strided<[5], offset: ?>>
    scf.yield %y : memref<3x5xf64>
  }
  return %r : memref<3x5xf64>
}

// -----

// What decides a reduction goes with it, if parts of it can be merged.
#id = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>

// CHECK-LABEL: func.func @any
// CHECK: loop.nest
// CHECK: {absorbing = 1 : i8}
// CHECK: loop.nest
// CHECK-NOT: absorbing
// CHECK: return
func.func @any(%x: memref<9xi8>) -> (memref<i8>, memref<i8>) {
  %zero = arith.constant 0 : i8
  %a = memref.alloc() : memref<i8>
  %b = memref.alloc() : memref<i8>
  linalg.fill ins(%zero : i8) outs(%a : memref<i8>)
  linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]} ins(%x : memref<9xi8>) outs(%a : memref<i8>) attrs = {tensor_ext.absorbing = 1 : i8, tensor_ext.associative} {
  ^bb0(%e: i8, %acc: i8):
    %r = arith.ori %acc, %e : i8
    linalg.yield %r : i8
  }
  linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]} ins(%x : memref<9xi8>) outs(%b : memref<i8>) attrs = {tensor_ext.absorbing = 1 : i8} {
  ^bb0(%e: i8, %acc: i8):
    %r = arith.ori %acc, %e : i8
    linalg.yield %r : i8
  }
  return %a, %b : memref<i8>, memref<i8>
}
