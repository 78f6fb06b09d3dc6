// argmin and argmax: value and position together, in an order that does not depend on the grouping.
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// Smaller first, a NaN before every number, then the smaller position.
// CHECK-LABEL: func.func @argmin
func.func @argmin(%x: tensor<?x3xf64>) -> tensor<?xi64> {
  // CHECK: %[[WORST:.*]] = arith.constant 0x7FF0000000000000 : f64
  // CHECK: %[[FIRST:.*]] = arith.constant 0 : i64
  // CHECK: linalg.fill ins(%[[WORST]] : f64)
  // CHECK: linalg.fill ins(%[[FIRST]] : i64)
  // CHECK: %[[R:.*]]:2 = linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]} {{.*}} attrs = {tensor_ext.associative}
  // CHECK: ^bb0(%[[NEW:.*]]: f64, %[[OLD:.*]]: f64, %[[OLD_AT:.*]]: i64):
  // CHECK: %[[I:.*]] = linalg.index 1
  // CHECK: %[[NEW_AT:.*]] = arith.index_cast %[[I]] : index to i64
  // CHECK: %[[EARLIER:.*]] = arith.cmpi slt, %[[NEW_AT]], %[[OLD_AT]]
  // CHECK: %[[NUMBER:.*]] = arith.cmpf ord, %[[OLD]], %[[OLD]]
  // CHECK: %[[NAN:.*]] = arith.cmpf uno, %[[NEW]], %[[NEW]]
  // CHECK: %[[LESS:.*]] = arith.cmpf ult, %[[NEW]], %[[OLD]]
  // CHECK: %[[BETTER:.*]] = arith.andi %[[LESS]], %[[NUMBER]]
  // CHECK: %[[LE:.*]] = arith.cmpf ole, %[[NEW]], %[[OLD]]
  // CHECK: %[[TIED:.*]] = arith.ori %[[LE]], %[[NAN]]
  // CHECK: %[[AHEAD:.*]] = arith.andi %[[TIED]], %[[EARLIER]]
  // CHECK: %[[WINS:.*]] = arith.ori %[[BETTER]], %[[AHEAD]]
  // CHECK: arith.select %[[WINS]], %[[NEW]], %[[OLD]]
  // CHECK: arith.select %[[WINS]], %[[NEW_AT]], %[[OLD_AT]]
  // CHECK: return %[[R]]#1 : tensor<?xi64>
  %0 = numpy.argmin %x axis 1 : tensor<?x3xf64> -> tensor<?xi64>
  return %0 : tensor<?xi64>
}

// -----

// Without an axis the position is that in the flattened array.
// CHECK-LABEL: func.func @flattened
func.func @flattened(%x: tensor<2x5xui8>) -> tensor<1x1xi64> {
  // CHECK: %[[FIVE:.*]] = arith.constant 5 : index
  // CHECK: iterator_types = ["reduction", "reduction"]
  // CHECK: %[[I:.*]] = linalg.index 0
  // CHECK: %[[J:.*]] = linalg.index 1
  // CHECK: %[[ROW:.*]] = arith.muli %[[I]], %[[FIVE]]
  // CHECK: arith.addi %[[ROW]], %[[J]]
  // CHECK: arith.cmpi ugt
  // CHECK: tensor_ext.view
  %0 = numpy.argmax %x keepdims : tensor<2x5xui8> -> tensor<1x1xi64>
  return %0 : tensor<1x1xi64>
}

// -----

// CHECK-LABEL: func.func @empty_axis
func.func @empty_axis(%x: tensor<3x?xf32>) -> tensor<3xi64> {
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.argmax: attempt to get argmax of an empty sequence"
  %0 = numpy.argmax %x axis -1 : tensor<3x?xf32> -> tensor<3xi64>
  return %0 : tensor<3xi64>
}

// -----

// Of bytes the extreme comes first, then the position of what is equal to it.
// CHECK-LABEL: func.func @bytes
func.func @bytes(%x: tensor<?xui8>) -> (tensor<i64>, tensor<i64>) {
  // CHECK: linalg.generic {{.*}} attrs = {tensor_ext.absorbing = -1 : i8, tensor_ext.associative}
  // CHECK: arith.maxui
  // CHECK: arith.cmpi ne
  // CHECK: linalg.generic {{.*}} attrs = {tensor_ext.absorbing = 0 : i8, tensor_ext.associative}
  %0 = numpy.argmax %x : tensor<?xui8> -> tensor<i64>
  // CHECK: arith.minui
  // CHECK: arith.cmpi eq
  // CHECK: linalg.generic {{.*}} attrs = {tensor_ext.absorbing = 1 : i8, tensor_ext.associative}
  %1 = numpy.argmin %x : tensor<?xui8> -> tensor<i64>
  return %0, %1 : tensor<i64>, tensor<i64>
}
