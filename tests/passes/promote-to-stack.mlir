// Small buffers that stay in their function are on its stack.

// RUN: npir-opt %s --split-input-file --pass-pipeline="builtin.module(func.func(loop-promote-to-stack))" | FileCheck %s
// RUN: npir-opt %s --split-input-file --pass-pipeline="builtin.module(func.func(loop-promote-to-stack{max-bytes=16}))" | FileCheck %s --check-prefix=SMALL

// One element, used in a loop and through a view; the stack memory belongs to the function.
// CHECK-LABEL: func.func @number
// CHECK-NEXT: %[[A:.*]] = memref.alloca() {alignment = 64 : i64} : memref<1xf64>
// CHECK-NOT: memref.alloc()
func.func @number(%n: index, %x: f64, %out: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: scf.for
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.alloc() {alignment = 64 : i64} : memref<1xf64>
    // CHECK: memref.store %{{.*}}, %[[A]]
    memref.store %x, %a[%c0] : memref<1xf64>
    // CHECK: memref.reinterpret_cast %[[A]]
    %v = memref.reinterpret_cast %a to offset: [0], sizes: [], strides: [] : memref<1xf64> to memref<f64>
    %y = memref.load %v[] : memref<f64>
    memref.store %y, %out[%i] : memref<?xf64>
  }
  return
}

// -----

// Several elements, up to the limit; what a callee gets comes back.
func.func private @callee(memref<4xf64>)
// CHECK-LABEL: func.func @array
// CHECK: memref.alloca
// SMALL-LABEL: func.func @array
// SMALL: memref.alloc()
func.func @array() {
  %a = memref.alloc() : memref<4xf64>
  call @callee(%a) : (memref<4xf64>) -> ()
  return
}

// -----

// On the heap: what is returned, carried by a loop, chosen, of unknown size or large.
// CHECK-LABEL: func.func @kept
// CHECK-NOT: memref.alloca
func.func @kept(%p: i1, %n: index, %x: f64) -> (memref<f64>, memref<2xf64>, memref<3xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = memref.alloc() : memref<f64>
  %b = memref.alloc() : memref<2xf64>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%y = %b) -> memref<2xf64> {
    %fresh = memref.alloc() : memref<2xf64>
    scf.yield %fresh : memref<2xf64>
  }
  %c = memref.alloc() : memref<3xf64>
  %d = memref.alloc() : memref<3xf64>
  %e = arith.select %p, %c, %d : memref<3xf64>
  %dynamic = memref.alloc(%n) : memref<?xf64>
  memref.store %x, %dynamic[%c0] : memref<?xf64>
  %large = memref.alloc() : memref<1000xf64>
  memref.store %x, %large[%c0] : memref<1000xf64>
  return %a, %r, %e : memref<f64>, memref<2xf64>, memref<3xf64>
}

// -----

// A thread's own memory is inside the body that it runs.
// CHECK-LABEL: func.func @threads
func.func @threads(%n: index, %x: f64) {
  %c0 = arith.constant 0 : index
  // CHECK: loop.parallel_for
  // CHECK: memref.alloca() : memref<f64>
  loop.parallel_for %n grain %n : index, index {
  ^bb0(%i: index, %end: index):
    %a = memref.alloc() : memref<f64>
    memref.store %x, %a[] : memref<f64>
    loop.yield
  }
  return
}
