// From tensors to buffers; results that update arguments are written into the caller's memory.

// RUN: npir-opt %s --split-input-file --verify-diagnostics --npir-bufferize | FileCheck %s

// The computation takes place in the argument's memory; other arguments are not written.
// CHECK-LABEL: func.func @in_place(
// CHECK-SAME: %[[A:.*]]: memref<?xf64, strided<[?], offset: ?>>, %[[B:.*]]: memref<?xf64, strided<[?], offset: ?>>) {
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: linalg.generic {{.*}} ins(%[[B]] : {{.*}}) outs(%[[A]] :
// CHECK: return{{$}}
#id = affine_map<(i) -> (i)>
func.func @in_place(%a: tensor<?xf64> {numpy.updates = 0 : i64}, %b: tensor<?xf64>) -> tensor<?xf64> {
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%b : tensor<?xf64>) outs(%a : tensor<?xf64>) {
  ^bb0(%x: f64, %y: f64):
    %z = arith.addf %x, %y : f64
    linalg.yield %z : f64
  } -> tensor<?xf64>
  return %r : tensor<?xf64>
}

// -----

// A new value is computed in the argument's memory as well, if the extents agree.
// CHECK-LABEL: func.func @new_value(
// CHECK-SAME: %[[A:.*]]: memref<?xf64, strided<[?], offset: ?>>, %[[B:.*]]: memref<?xf64,
// CHECK-NOT: memref.alloc
// CHECK: loop.check %{{.*}}, shape_mismatch, "an argument is updated in place: axis 0 has {} elements, its new value {}"
// CHECK: linalg.generic {{.*}} ins(%[[B]] : {{.*}}) outs(%[[A]] :
// CHECK-NOT: memref.copy
// CHECK: return{{$}}
#id = affine_map<(i) -> (i)>
func.func @new_value(%a: tensor<?xf64> {numpy.updates = 0 : i64}, %b: tensor<?xf64>, %n: index) -> tensor<?xf64> {
  %empty = tensor.empty(%n) : tensor<?xf64>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%b : tensor<?xf64>) outs(%empty : tensor<?xf64>) {
  ^bb0(%x: f64, %y: f64):
    %z = arith.addf %x, %x : f64
    linalg.yield %z : f64
  } -> tensor<?xf64>
  return %r : tensor<?xf64>
}

// -----

// CHECK-LABEL: func.func @in_a_loop(
// CHECK-SAME: %[[A:.*]]: memref<4xf64,
// CHECK-NOT: memref.alloc
// CHECK: scf.for {{.*}} iter_args(%[[T:.*]] = %[[A]])
// CHECK: memref.store %{{.*}}, %[[T]]
// CHECK-NOT: memref.copy
// CHECK: return{{$}}
func.func @in_a_loop(%a: tensor<4xf64> {numpy.updates = 0 : i64}, %n: index, %x: f64) -> tensor<4xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%t = %a) -> tensor<4xf64> {
    %u = tensor.insert %x into %t[%c0] : tensor<4xf64>
    scf.yield %u : tensor<4xf64>
  }
  return %r : tensor<4xf64>
}

// -----

// Exchanged arguments: the first that is written is saved.
// CHECK-LABEL: func.func @exchange(
// CHECK-SAME: %[[A:.*]]: memref<4xf64, {{.*}}>, %[[B:.*]]: memref<4xf64, {{.*}}>) {
// CHECK: %[[OLD:.*]] = memref.alloc
// CHECK: memref.copy %[[A]], %[[OLD]]
// CHECK: %[[SAVED:.*]] = memref.cast %[[OLD]]
// CHECK-NOT: memref.alloc
// CHECK: memref.copy %[[B]], %[[A]]
// CHECK: memref.copy %[[SAVED]], %[[B]]
// CHECK: return{{$}}
func.func @exchange(%a: tensor<4xf64> {numpy.updates = 0 : i64}, %b: tensor<4xf64> {numpy.updates = 1 : i64})
    -> (tensor<4xf64>, tensor<4xf64>) {
  return %b, %a : tensor<4xf64>, tensor<4xf64>
}

// -----

// The old value of an updated argument is returned from a copy.
// CHECK-LABEL: func.func @old_value(
// CHECK-SAME: %[[A:.*]]: memref<4xf64, {{.*}}>, %[[B:.*]]: memref<4xf64, {{.*}}>) -> memref<4xf64
// CHECK: memref.copy %[[A]], %[[OLD:.*]] :
// CHECK: memref.copy %[[B]], %[[A]]
// CHECK: return %{{.*}} : memref<4xf64
func.func @old_value(%a: tensor<4xf64> {numpy.updates = 1 : i64}, %b: tensor<4xf64>) -> (tensor<4xf64>, tensor<4xf64>) {
  return %a, %b : tensor<4xf64>, tensor<4xf64>
}

// -----

// Updates mean something to callers from outside only: calls from inside go to a twin that returns values.
// CHECK-LABEL: func.func @entry(
// CHECK-SAME: %{{.*}}: memref<4xf64, {{.*}}>, %{{.*}}: f64) {
func.func @entry(%a: tensor<4xf64> {numpy.updates = 0 : i64}, %x: f64) -> tensor<4xf64> {
  %c0 = arith.constant 0 : index
  %r = tensor.insert %x into %a[%c0] : tensor<4xf64>
  return %r : tensor<4xf64>
}
// CHECK-LABEL: func.func private @entry_values(
// CHECK-SAME: -> memref<4xf64
// CHECK-LABEL: func.func @caller
func.func @caller(%a: tensor<4xf64>, %x: f64) -> tensor<4xf64> {
  // CHECK: call @entry_values(
  %r = func.call @entry(%a, %x) : (tensor<4xf64>, f64) -> tensor<4xf64>
  return %r : tensor<4xf64>
}

// -----

// A loop may not carry one buffer in two places: an update of the one would change the other.
// CHECK-LABEL: func.func @carried_twice
func.func @carried_twice(%a: tensor<4xf64>, %n: index, %x: f64) -> (tensor<4xf64>, tensor<4xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%s = %a, %t = %a) -> (tensor<4xf64>, tensor<4xf64>) {
    // CHECK: memref.load
    // CHECK: %[[NEW:.*]] = memref.alloc
    %y = tensor.extract %t[%c0] : tensor<4xf64>
    %e = tensor.empty() : tensor<4xf64>
    %f = linalg.fill ins(%y : f64) outs(%e : tensor<4xf64>) -> tensor<4xf64>
    // CHECK: linalg.fill
    // CHECK: %[[COPY:.*]] = memref.alloc
    // CHECK: memref.copy %[[NEW]], %[[COPY]]
    // CHECK: scf.yield %[[NEW]], %[[COPY]]
    scf.yield %f, %f : tensor<4xf64>, tensor<4xf64>
  }
  return %r#0, %r#1 : tensor<4xf64>, tensor<4xf64>
}

// -----

// Exchanging buffers in a loop copies nothing.
// CHECK-LABEL: func.func @exchange_in_loop
func.func @exchange_in_loop(%a: tensor<4xf64>, %b: tensor<4xf64>, %n: index) -> (tensor<4xf64>, tensor<4xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: scf.for {{.*}} iter_args(%[[S:.*]] = %{{.*}}, %[[T:.*]] = %{{.*}})
  // CHECK-NEXT: scf.yield %[[T]], %[[S]]
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%s = %a, %t = %b) -> (tensor<4xf64>, tensor<4xf64>) {
    scf.yield %t, %s : tensor<4xf64>, tensor<4xf64>
  }
  return %r#0, %r#1 : tensor<4xf64>, tensor<4xf64>
}

// -----

// Nor does going round a while loop.
// CHECK-LABEL: func.func @while
func.func @while(%a: tensor<4xf64>, %p: i1, %x: f64) -> tensor<4xf64> {
  // CHECK: scf.while (%[[S:.*]] = %{{.*}})
  %r = scf.while (%s = %a) : (tensor<4xf64>) -> tensor<4xf64> {
    // CHECK-NOT: memref.copy
    // CHECK: scf.condition(%{{.*}}) %[[S]]
    scf.condition(%p) %s : tensor<4xf64>
  } do {
  ^bb0(%t: tensor<4xf64>):
    // CHECK: %[[NEW:.*]] = memref.alloc
    // CHECK-NOT: memref.copy
    // CHECK: scf.yield %[[NEW]]
    %e = tensor.empty() : tensor<4xf64>
    %f = linalg.fill ins(%x : f64) outs(%e : tensor<4xf64>) -> tensor<4xf64>
    scf.yield %f : tensor<4xf64>
  }
  return %r : tensor<4xf64>
}

// -----

// What a while loop takes in from around it is copied before the loop can write to it.
// CHECK-LABEL: func.func @while_around
// CHECK-SAME: %[[A:.*]]: memref<4xf64,
func.func @while_around(%a: tensor<4xf64>, %p: i1, %x: f64) -> tensor<4xf64> {
  %c0 = arith.constant 0 : index
  %r = scf.while (%s = %a) : (tensor<4xf64>) -> tensor<4xf64> {
    %t = tensor.insert %x into %s[%c0] : tensor<4xf64>
    scf.condition(%p) %t : tensor<4xf64>
  } do {
  ^bb0(%t: tensor<4xf64>):
    // CHECK: ^bb0
    // CHECK: %[[COPY:.*]] = memref.alloc
    // CHECK: memref.copy %[[A]], %[[COPY]]
    // CHECK: scf.yield
    scf.yield %a : tensor<4xf64>
  }
  return %r : tensor<4xf64>
}

// -----

// What each round of a loop begins with is filled in that round, into memory of its own, and not copied.
// CHECK-LABEL: func.func @fills_in_rounds
func.func @fills_in_rounds(%a: tensor<9x4xf64>, %n: index) -> tensor<4xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %e = tensor.empty() : tensor<4xf64>
  %f = linalg.fill ins(%zero : f64) outs(%e : tensor<4xf64>) -> tensor<4xf64>
  // CHECK: scf.for
  // CHECK-NOT: memref.copy
  // CHECK: %[[SUM:.*]] = memref.alloc
  // CHECK-NOT: memref.copy
  // CHECK: linalg.fill {{.*}} outs(%[[SUM]]
  // CHECK-NOT: memref.copy
  // CHECK: scf.yield %[[SUM]]
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%x = %f) -> (tensor<4xf64>) {
    %s = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (j)>],
                         iterator_types = ["reduction", "parallel"]}
        ins(%a, %x : tensor<9x4xf64>, tensor<4xf64>) outs(%f : tensor<4xf64>) {
    ^bb0(%p: f64, %q: f64, %acc: f64):
      %t = arith.mulf %p, %q : f64
      %u = arith.addf %acc, %t : f64
      linalg.yield %u : f64
    } -> tensor<4xf64>
    scf.yield %s : tensor<4xf64>
  }
  return %r : tensor<4xf64>
}

// -----

// Results do not share memory.
// CHECK-LABEL: func.func @twice
func.func @twice(%x: f64) -> (tensor<4xf64>, tensor<4xf64>) {
  // CHECK: %[[A:.*]] = memref.alloc
  // CHECK: %[[B:.*]] = memref.alloc
  // CHECK: memref.copy %{{.*}}, %[[B]]
  %e = tensor.empty() : tensor<4xf64>
  %f = linalg.fill ins(%x : f64) outs(%e : tensor<4xf64>) -> tensor<4xf64>
  return %f, %f : tensor<4xf64>, tensor<4xf64>
}

// -----

// expected-error @+1 {{updates arguments and has branches between blocks}}
func.func @blocks(%a: tensor<4xf64> {numpy.updates = 0 : i64}) -> tensor<4xf64> {
  cf.br ^x(%a : tensor<4xf64>)
^x(%r: tensor<4xf64>):
  return %r : tensor<4xf64>
}
