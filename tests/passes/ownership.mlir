// Who frees which buffer.

// RUN: npir-opt %s --split-input-file --verify-diagnostics --pass-pipeline="builtin.module(func.func(loop-ownership))" | FileCheck %s

// A buffer of the block's own dies after its last use, through views too; a returned one is moved.
// CHECK-LABEL: func.func @local
func.func @local(%x: f64) -> memref<4xf64> {
  %c0 = arith.constant 0 : index
  // CHECK: %[[A:.*]] = memref.alloc
  // CHECK: %[[B:.*]] = memref.alloc
  %a = memref.alloc() : memref<4xf64>
  %b = memref.alloc() : memref<4xf64>
  // CHECK: %[[VIEW:.*]] = memref.subview %[[A]]
  %view = memref.subview %a[1] [2] [1] : memref<4xf64> to memref<2xf64, strided<[1], offset: 1>>
  // CHECK-NEXT: memref.store %{{.*}}, %[[VIEW]]
  memref.store %x, %view[%c0] : memref<2xf64, strided<[1], offset: 1>>
  // CHECK-NEXT: loop.release %[[A]]
  // CHECK-NEXT: memref.store %{{.*}}, %[[B]]
  memref.store %x, %b[%c0] : memref<4xf64>
  // CHECK-NEXT: return %[[B]]
  return %b : memref<4xf64>
}

// -----

// Returned views count for their buffer; twice the same buffer needs one more owner; arguments are borrowed.
// CHECK-LABEL: func.func @returns
// CHECK-SAME: %[[ARG:.*]]: memref<4xf64>
func.func @returns(%arg: memref<4xf64>) -> (memref<4xf64>, memref<2xf64, strided<[1]>>, memref<4xf64>) {
  // CHECK: %[[A:.*]] = memref.alloc
  %a = memref.alloc() : memref<4xf64>
  // CHECK: %[[VIEW:.*]] = memref.subview
  %view = memref.subview %a[0] [2] [1] : memref<4xf64> to memref<2xf64, strided<[1]>>
  // CHECK-DAG: loop.retain %[[VIEW]]
  // CHECK-DAG: loop.retain %[[ARG]]
  // CHECK-NOT: loop.release
  // CHECK: return %[[A]], %[[VIEW]], %[[ARG]]
  return %a, %view, %arg : memref<4xf64>, memref<2xf64, strided<[1]>>, memref<4xf64>
}

// -----

// Without uses: freed at once.
// CHECK-LABEL: func.func @unused
func.func @unused() {
  // CHECK: %[[A:.*]] = memref.alloc
  // CHECK-NEXT: loop.release %[[A]]
  // CHECK-NEXT: return
  %a = memref.alloc() : memref<4xf64>
  return
}

// -----

// Branches yield owners: their own by moving, outer ones by retaining.
// CHECK-LABEL: func.func @branches
// CHECK-SAME: %[[ARG:.*]]: memref<4xf64>, %{{.*}}: i1
func.func @branches(%arg: memref<4xf64>, %p: i1) -> f64 {
  %c0 = arith.constant 0 : index
  // CHECK: %[[OUTER:.*]] = memref.alloc
  %outer = memref.alloc() : memref<4xf64>
  // CHECK: %[[R:.*]]:2 = scf.if
  %r:2 = scf.if %p -> (memref<4xf64>, memref<4xf64>) {
    // CHECK: %[[INNER:.*]] = memref.alloc
    // CHECK-NEXT: loop.retain %[[OUTER]]
    // CHECK-NEXT: scf.yield %[[INNER]], %[[OUTER]]
    %inner = memref.alloc() : memref<4xf64>
    scf.yield %inner, %outer : memref<4xf64>, memref<4xf64>
  } else {
    // CHECK: loop.retain %[[ARG]]
    // CHECK-NEXT: loop.retain %[[ARG]]
    // CHECK-NEXT: scf.yield %[[ARG]], %[[ARG]]
    scf.yield %arg, %arg : memref<4xf64>, memref<4xf64>
  }
  // CHECK: loop.release %[[R]]#1
  // CHECK: loop.release %[[OUTER]]
  // CHECK: %[[X:.*]] = memref.load %[[R]]#0
  // CHECK-NEXT: loop.release %[[R]]#0
  %x = memref.load %r#0[%c0] : memref<4xf64>
  return %x : f64
}

// -----

// A loop that updates its buffer in place counts nothing inside.
// CHECK-LABEL: func.func @in_place
func.func @in_place(%n: index, %x: f64) -> memref<4xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: %[[A:.*]] = memref.alloc
  %a = memref.alloc() : memref<4xf64>
  // CHECK-NEXT: %[[R:.*]] = scf.for {{.*}} iter_args(%[[T:.*]] = %[[A]])
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%t = %a) -> (memref<4xf64>) {
    // CHECK-NEXT: memref.store %{{.*}}, %[[T]]
    // CHECK-NEXT: scf.yield %[[T]]
    memref.store %x, %t[%c0] : memref<4xf64>
    scf.yield %t : memref<4xf64>
  }
  // CHECK: return %[[R]]
  return %r : memref<4xf64>
}

// -----

// A loop with a new buffer per iteration frees the old one; an argument as initial value is retained; a buffer that
// the body uses by its own name is not given away.
// CHECK-LABEL: func.func @fresh
// CHECK-SAME: %[[ARG:.*]]: memref<4xf64>
func.func @fresh(%arg: memref<4xf64>, %n: index) -> memref<4xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: %[[A:.*]] = memref.alloc
  %a = memref.alloc() : memref<4xf64>
  // CHECK-DAG: loop.retain %[[ARG]]
  // CHECK-DAG: loop.retain %[[A]]
  // CHECK: %[[R:.*]]:2 = scf.for {{.*}} iter_args(%[[T:.*]] = %[[ARG]], %[[U:.*]] = %[[A]])
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%t = %arg, %u = %a) -> (memref<4xf64>, memref<4xf64>) {
    // CHECK: %[[NEW:.*]] = memref.alloc
    %new = memref.alloc() : memref<4xf64>
    // CHECK: memref.load %[[T]]
    // CHECK-NEXT: loop.release %[[T]]
    %x = memref.load %t[%c0] : memref<4xf64>
    %y = memref.load %a[%c0] : memref<4xf64>
    // CHECK: scf.yield %[[NEW]], %[[U]]
    scf.yield %new, %u : memref<4xf64>, memref<4xf64>
  }
  // CHECK-DAG: loop.release %[[A]]
  // CHECK-DAG: loop.release %[[R]]#1
  // CHECK: return %[[R]]#0
  return %r#0 : memref<4xf64>
}

// -----

// CHECK-LABEL: func.func @while
func.func @while(%p: i1) -> memref<4xf64> {
  // CHECK: %[[A:.*]] = memref.alloc
  %a = memref.alloc() : memref<4xf64>
  // CHECK: %[[R:.*]]:2 = scf.while (%[[S:.*]] = %[[A]])
  %r:2 = scf.while (%s = %a) : (memref<4xf64>) -> (memref<4xf64>, memref<4xf64>) {
    // CHECK: %[[T:.*]] = memref.alloc
    // CHECK-NEXT: scf.condition(%{{.*}}) %[[S]], %[[T]]
    %t = memref.alloc() : memref<4xf64>
    scf.condition(%p) %s, %t : memref<4xf64>, memref<4xf64>
  } do {
  // CHECK: ^bb0(%[[X:.*]]: memref<4xf64>, %[[Y:.*]]: memref<4xf64>):
  ^bb0(%x: memref<4xf64>, %y: memref<4xf64>):
    // CHECK-NEXT: loop.release %[[X]]
    // CHECK-NEXT: scf.yield %[[Y]]
    scf.yield %y : memref<4xf64>
  }
  // CHECK: loop.release %[[R]]#1
  // CHECK: return %[[R]]#0
  return %r#0 : memref<4xf64>
}

// -----

// A choice has an owner of its own.
// CHECK-LABEL: func.func @choice
func.func @choice(%arg: memref<4xf64>, %p: i1) -> memref<4xf64> {
  // CHECK: %[[A:.*]] = memref.alloc
  %a = memref.alloc() : memref<4xf64>
  // CHECK-NEXT: %[[S:.*]] = arith.select
  // CHECK-NEXT: loop.retain %[[S]]
  // CHECK-NEXT: loop.release %[[A]]
  // CHECK-NEXT: return %[[S]]
  %s = arith.select %p, %a, %arg : memref<4xf64>
  return %s : memref<4xf64>
}

// -----

// Calls borrow their arguments and own their results; deallocations of others go; a clone is another owner.
// CHECK-LABEL: func.func @calls
func.func private @callee(memref<4xf64>) -> memref<4xf64>
func.func @calls() -> memref<4xf64> {
  // CHECK: %[[A:.*]] = memref.alloc
  %a = memref.alloc() : memref<4xf64>
  // CHECK-NEXT: %[[B:.*]] = call @callee(%[[A]])
  %b = func.call @callee(%a) : (memref<4xf64>) -> memref<4xf64>
  // CHECK-NEXT: loop.release %[[A]]
  // CHECK-NOT: memref.dealloc
  memref.dealloc %a : memref<4xf64>
  // CHECK-NEXT: loop.retain %[[B]]
  // CHECK-NEXT: %[[C:.*]] = memref.cast %[[B]]
  // CHECK-NEXT: loop.release %[[B]]
  %c = bufferization.clone %b : memref<4xf64> to memref<4xf64>
  // CHECK-NEXT: return %[[C]]
  return %c : memref<4xf64>
}

// -----

// Each chunk of a parallel loop frees its own buffers.
// CHECK-LABEL: func.func @parallel
func.func @parallel(%n: index, %x: f64) {
  %c0 = arith.constant 0 : index
  // CHECK: %[[SHARED:.*]] = memref.alloc
  %shared = memref.alloc() : memref<4xf64>
  // CHECK: loop.parallel_for
  loop.parallel_for %n grain %n : index, index {
  ^bb0(%lo: index, %hi: index):
    // CHECK: %[[OWN:.*]] = memref.alloc
    // CHECK: memref.store %{{.*}}, %[[OWN]]
    // CHECK-NEXT: loop.release %[[OWN]]
    // CHECK-NEXT: memref.store %{{.*}}, %[[SHARED]]
    // CHECK-NEXT: loop.yield
    %own = memref.alloc() : memref<4xf64>
    memref.store %x, %own[%c0] : memref<4xf64>
    memref.store %x, %shared[%lo] : memref<4xf64>
    loop.yield
  }
  // CHECK: loop.release %[[SHARED]]
  return
}

// -----

// An address that has become a number keeps its buffer to the end of the block.
// CHECK-LABEL: func.func @address
func.func @address() -> index {
  // CHECK: %[[A:.*]] = memref.alloc
  %a = memref.alloc() : memref<4xf64>
  // CHECK-NEXT: %[[P:.*]] = memref.extract_aligned_pointer_as_index
  %p = memref.extract_aligned_pointer_as_index %a : memref<4xf64> -> index
  // CHECK-NEXT: %[[Q:.*]] = arith.addi
  %q = arith.addi %p, %p : index
  // CHECK-NEXT: loop.release %[[A]]
  // CHECK-NEXT: return %[[Q]]
  return %q : index
}

// -----

// What is there already is decided anew.
// CHECK-LABEL: func.func @releases_of_a_lowering
func.func @releases_of_a_lowering(%x: f64) {
  // CHECK: %[[A:.*]] = memref.alloc
  %a = memref.alloc() : memref<4xf64>
  %c = memref.cast %a : memref<4xf64> to memref<?xf64>
  %i = arith.constant 0 : index
  loop.retain %c : memref<?xf64>
  // CHECK: memref.store
  memref.store %x, %a[%i] : memref<4xf64>
  // CHECK-NEXT: loop.release %[[A]]
  // CHECK-NOT: loop.release
  loop.release %c : memref<?xf64>
  // CHECK: return
  return
}

// -----

// expected-error @+1 {{has branches between blocks: run `lift-cf-to-scf` before bufferization}}
func.func @branches_between_blocks(%p: i1) {
  cf.cond_br %p, ^a, ^b
^a:
  return
^b:
  return
}

// -----

func.func @unknown(%t: tensor<4xf64>) {
  // expected-error @+1 {{produces a buffer, and ownership does not know who owns it}}
  %m = bufferization.to_buffer %t : tensor<4xf64> to memref<4xf64>
  return
}
