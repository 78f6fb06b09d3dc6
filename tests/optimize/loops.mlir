// RUN: npir-opt %s --npir-optimize=mode=exact | FileCheck %s

// The norms of the rows do not change; what is cheap stays, and so does what might fail in a loop that may not run.
// CHECK-LABEL: func.func @invariant
// CHECK-SAME: (%[[X:[a-z0-9]*]]: tensor<?x3xf64>, %[[Y:[a-z0-9]*]]: tensor<?xf64>
// CHECK: %[[SQUARE:.*]] = numpy.square %[[X]]
// CHECK: %[[NORMS:.*]] = numpy.sum %[[SQUARE]] axes [1]
// CHECK: scf.for
// CHECK-NOT: numpy.square
// CHECK: %[[TWICE:.*]] = numpy.add %[[NORMS]], %[[NORMS]]
// CHECK: %[[MAX:.*]] = numpy.max %[[X]]
// CHECK: %[[EXP:.*]] = numpy.exp
// CHECK: scf.yield
func.func @invariant(%x: tensor<?x3xf64>, %y: tensor<?xf64>, %n: index) -> tensor<?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %y) -> tensor<?xf64> {
    %q = numpy.square %x : tensor<?x3xf64> -> tensor<?x3xf64>
    %s = numpy.sum %q axes [1] : tensor<?x3xf64> -> tensor<?xf64>
    %t = numpy.add %s, %s : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
    %m = numpy.max %x : tensor<?x3xf64> -> tensor<f64>
    %u = numpy.add %y, %s : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
    %e = numpy.exp %u : tensor<?xf64> -> tensor<?xf64>
    %a = numpy.add %acc, %t : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
    %b = numpy.multiply %a, %m : tensor<?xf64>, tensor<f64> -> tensor<?xf64>
    %c = numpy.add %b, %e : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
    scf.yield %c : tensor<?xf64>
  }
  return %r : tensor<?xf64>
}

// Out of both loops at once; a branch is no loop.
// CHECK-LABEL: func.func @nested
// CHECK: numpy.exp
// CHECK: scf.while
// CHECK: scf.if
// CHECK: numpy.sin
func.func @nested(%x: tensor<?xf64>, %n: index, %p: i1) -> tensor<?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.while (%a = %x) : (tensor<?xf64>) -> tensor<?xf64> {
    %w = numpy.tanh %a : tensor<?xf64> -> tensor<?xf64>
    scf.condition(%p) %w : tensor<?xf64>
  } do {
  ^bb0(%v: tensor<?xf64>):
    %s = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %v) -> tensor<?xf64> {
      %e = numpy.exp %x : tensor<?xf64> -> tensor<?xf64>
      %t = numpy.add %acc, %e : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
      %u = scf.if %p -> tensor<?xf64> {
        %f = numpy.sin %x : tensor<?xf64> -> tensor<?xf64>
        scf.yield %f : tensor<?xf64>
      } else {
        scf.yield %t : tensor<?xf64>
      }
      scf.yield %u : tensor<?xf64>
    }
    scf.yield %s : tensor<?xf64>
  }
  return %r : tensor<?xf64>
}
