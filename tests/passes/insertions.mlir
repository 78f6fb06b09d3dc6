// What is computed to be inserted into an array is computed in its place.
// RUN: npir-opt %s --split-input-file --npir-lower-to-loop | FileCheck %s

// CHECK-LABEL: func.func @joined
func.func @joined(%a: tensor<?xf64>, %b: tensor<?x3xf64>) -> tensor<?xf64> {
  %x = numpy.negative %a : tensor<?xf64> -> tensor<?xf64>
  %y = numpy.sum %b axes [1] : tensor<?x3xf64> -> tensor<?xf64>
  // CHECK: memref.alloc
  // CHECK-NOT: memref.alloc
  // CHECK: loop.nest
  // CHECK: arith.negf
  // CHECK: loop.nest bounds [%{{.*}}, 3] {{.*}}
  // CHECK: init(%{{.*}} : f64)
  // CHECK-NOT: loop.nest
  // CHECK: return
  %0 = numpy.concatenate %x, %y axis 0 : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}

// -----

// A step of a stencil into a copy of its input: the copy and the inner points, without an array of these.
// CHECK-LABEL: func.func @stencil
func.func @stencil(%u: tensor<9xf64>) -> tensor<9xf64> {
  %l = numpy.slice %u[:-2] : tensor<9xf64> -> tensor<7xf64>
  %r = numpy.slice %u[2:] : tensor<9xf64> -> tensor<7xf64>
  %s = numpy.add %l, %r : tensor<7xf64>, tensor<7xf64> -> tensor<7xf64>
  // CHECK-COUNT-1: memref.alloc
  // CHECK-NOT: memref.alloc
  // CHECK-COUNT-2: loop.nest
  // CHECK-NOT: loop.nest
  // CHECK: return
  %0 = numpy.set_slice %u[1:-1], %s : tensor<9xf64>, tensor<7xf64> -> tensor<9xf64>
  return %0 : tensor<9xf64>
}

// -----

// In the caller's memory, element by element: nothing is allocated.
// CHECK-LABEL: func.func @in_place
func.func @in_place(%u: tensor<9xf64> {numpy.updates = 0 : i64}) -> tensor<9xf64> {
  %m = numpy.slice %u[1:-1] : tensor<9xf64> -> tensor<7xf64>
  %s = numpy.multiply %m, %m : tensor<7xf64>, tensor<7xf64> -> tensor<7xf64>
  // CHECK-NOT: memref.alloc
  // CHECK-COUNT-1: loop.nest
  // CHECK-NOT: loop.nest
  // CHECK: return
  %0 = numpy.set_slice %u[1:-1], %s : tensor<9xf64>, tensor<7xf64> -> tensor<9xf64>
  return %0 : tensor<9xf64>
}

// -----

// In the caller's memory from neighbours there: the sums need memory of their own.
// CHECK-LABEL: func.func @neighbours
func.func @neighbours(%u: tensor<9xf64> {numpy.updates = 0 : i64}) -> tensor<9xf64> {
  %l = numpy.slice %u[:-2] : tensor<9xf64> -> tensor<7xf64>
  %r = numpy.slice %u[2:] : tensor<9xf64> -> tensor<7xf64>
  %s = numpy.add %l, %r : tensor<7xf64>, tensor<7xf64> -> tensor<7xf64>
  // CHECK: memref.alloc
  // CHECK-COUNT-2: loop.nest
  // CHECK: return
  %0 = numpy.set_slice %u[1:-1], %s : tensor<9xf64>, tensor<7xf64> -> tensor<9xf64>
  return %0 : tensor<9xf64>
}

// -----

// The array is read between the computation and the insertion.
// CHECK-LABEL: func.func @read_between
func.func @read_between(%u: tensor<9xf64> {numpy.updates = 0 : i64}, %v: tensor<9xf64>) -> (tensor<9xf64>, tensor<f64>) {
  %m = numpy.slice %v[1:-1] : tensor<9xf64> -> tensor<7xf64>
  %s = numpy.negative %m : tensor<7xf64> -> tensor<7xf64>
  %t = numpy.sum %u : tensor<9xf64> -> tensor<f64>
  // CHECK: arith.addf
  // CHECK: arith.negf
  // CHECK: return
  %0 = numpy.set_slice %u[1:-1], %s : tensor<9xf64>, tensor<7xf64> -> tensor<9xf64>
  return %0, %t : tensor<9xf64>, tensor<f64>
}
