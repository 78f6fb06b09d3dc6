// RUN: npir-opt %s --npir-optimize | FileCheck %s
// RUN: npir-opt %s --npir-optimize --npir-optimize -o %t && npir-opt %s --npir-optimize -o - | diff - %t

// Ops with regions stay, values from outside are what they were, and dominance is kept.
// CHECK-LABEL: func.func @loop
// CHECK-SAME: (%[[X:.*]]: tensor<?xf64>, %[[N:.*]]: index)
// CHECK: %[[SUM:.*]] = scf.for
// CHECK-SAME: iter_args(%[[ACC:.*]] = %[[X]])
// CHECK-NEXT: %[[SQUARE:.*]] = numpy.subtract %[[ACC]], %[[X]]
// CHECK-NEXT: scf.yield %[[SQUARE]]
// CHECK: numpy.absolute %[[SUM]]
func.func @loop(%x: tensor<?xf64>, %n: index) -> tensor<?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %one = numpy.constant dense<1.0> : tensor<f64>
  %minus = numpy.negative %x : tensor<?xf64> -> tensor<?xf64>
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %x) -> tensor<?xf64> {
    %m = numpy.negative %x : tensor<?xf64> -> tensor<?xf64>
    %a = numpy.add %acc, %m : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
    %b = numpy.multiply %a, %one : tensor<?xf64>, tensor<f64> -> tensor<?xf64>
    scf.yield %b : tensor<?xf64>
  }
  %neg = numpy.negative %sum : tensor<?xf64> -> tensor<?xf64>
  %abs = numpy.absolute %neg : tensor<?xf64> -> tensor<?xf64>
  return %abs : tensor<?xf64>
}

// A declared type with fewer sizes stays as it is declared.
// CHECK-LABEL: func.func @declared
// CHECK-SAME: (%[[X:.*]]: tensor<4xf64>)
// CHECK-NEXT: %[[CAST:.*]] = tensor.cast %[[X]] : tensor<4xf64> to tensor<?xf64>
// CHECK-NEXT: return %[[CAST]] : tensor<?xf64>
func.func @declared(%x: tensor<4xf64>) -> tensor<?xf64> {
  %a = numpy.negative %x : tensor<4xf64> -> tensor<4xf64>
  %b = numpy.negative %a : tensor<4xf64> -> tensor<?xf64>
  return %b : tensor<?xf64>
}

// Two arrays of unknown sizes may not fit: the error must come. A vector of one element is repeated.
// CHECK-LABEL: func.func @errors
// CHECK: numpy.where
func.func @errors(%c: tensor<?xi1>, %x: tensor<?xf64>) -> tensor<?xf64> {
  %r = numpy.where %c, %x, %x : tensor<?xi1>, tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
  return %r : tensor<?xf64>
}

// New ops have the locations of those that they stand for.
// RUN: npir-opt %s --npir-optimize --mlir-print-debuginfo | FileCheck %s --check-prefix LOC
// LOC-LABEL: func.func @location
// LOC: numpy.square {{.*}} loc(#[[LOC:.*]])
// LOC: #[[LOC]] = loc("same":1:1)
func.func @location(%x: tensor<4xf64>) -> tensor<4xf64> {
  %two = numpy.constant dense<2.0> : tensor<f64> loc("two":1:1)
  %r = numpy.power %x, %two : tensor<4xf64>, tensor<f64> -> tensor<4xf64> loc("same":1:1)
  return %r : tensor<4xf64>
}
