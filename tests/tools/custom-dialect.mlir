// A dialect from another crate, in that crate's own tool: examples/custom_dialect.
// RUN: units-opt %s | units-opt | FileCheck %s --check-prefix ROUND
// RUN: units-opt %s --units-to-numpy | FileCheck %s
// RUN: units-opt %s --emit-bytecode | units-opt | FileCheck %s --check-prefix ROUND
// It mixes with npir's pipelines, and is no part of npir's own tool.
// RUN: units-opt %s --units-to-numpy --npir-lower-to=tensor | FileCheck %s --check-prefix TENSOR
// RUN: not npir-opt %s 2>&1 | FileCheck %s --check-prefix UNKNOWN

// UNKNOWN: units
// TENSOR-NOT: units.

// ROUND-LABEL: func.func @way
// CHECK-LABEL: func.func @way(
// CHECK-SAME: %[[X:.*]]: tensor<?xf64>, %[[Y:.*]]: tensor<?xf64>) -> tensor<?xf64>
func.func @way(%x: tensor<?xf64>, %y: tensor<?xf64>) -> tensor<?xf64> {
  // ROUND: units.of %{{.*}} : tensor<?xf64> -> !units.quantity<tensor<?xf64>, "m">
  %m = units.of %x : tensor<?xf64> -> !units.quantity<tensor<?xf64>, "m">
  %km = units.of %y : tensor<?xf64> -> !units.quantity<tensor<?xf64>, "km">
  // CHECK-DAG: %[[K:.*]] = numpy.constant dense<1.000000e+03> : tensor<f64>
  // CHECK: %[[YM:.*]] = numpy.multiply %[[Y]], %[[K]]
  // CHECK: %[[S:.*]] = numpy.add %[[X]], %[[YM]]
  // ROUND: units.add %{{.*}}, %{{.*}} : !units.quantity<tensor<?xf64>, "m">, !units.quantity<tensor<?xf64>, "km"> -> !units.quantity<tensor<?xf64>, "m">
  %sum = units.add %m, %km : !units.quantity<tensor<?xf64>, "m">, !units.quantity<tensor<?xf64>, "km"> -> !units.quantity<tensor<?xf64>, "m">
  // CHECK: %[[C:.*]] = numpy.constant dense<1.000000e+02> : tensor<f64>
  // CHECK: %[[R:.*]] = numpy.multiply %[[S]], %[[C]]
  // CHECK: return %[[R]]
  // ROUND: units.in "cm", %{{.*}} : !units.quantity<tensor<?xf64>, "m"> -> tensor<?xf64>
  %0 = units.in "cm", %sum : !units.quantity<tensor<?xf64>, "m"> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}

// Quantities in signatures and loops; one unit needs no multiplication.
// CHECK-LABEL: func.func @loop(
// CHECK-SAME: tensor<3xf32>
// CHECK-SAME: -> tensor<3xf32>
func.func @loop(%x: !units.quantity<tensor<3xf32>, "h">, %n: index) -> !units.quantity<tensor<3xf32>, "h"> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  // CHECK: scf.for {{.*}} -> (tensor<3xf32>)
  // CHECK-NOT: numpy.multiply
  // CHECK: numpy.add
  %r = scf.for %i = %zero to %n step %one iter_args(%a = %x) -> (!units.quantity<tensor<3xf32>, "h">) {
    %b = units.add %a, %x : !units.quantity<tensor<3xf32>, "h">, !units.quantity<tensor<3xf32>, "h"> -> !units.quantity<tensor<3xf32>, "h">
    scf.yield %b : !units.quantity<tensor<3xf32>, "h">
  }
  return %r : !units.quantity<tensor<3xf32>, "h">
}
