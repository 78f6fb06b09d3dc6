// RUN: npir-opt %s --npir-optimize=mode=relaxed | FileCheck %s

// Products are made in the cheapest order, through transposes and sums.
// CHECK-LABEL: func.func @vector
// CHECK-SAME: (%[[A:[a-z0-9]*]]: tensor<900x800xf64>, %[[B:[a-z0-9]*]]: tensor<800x700xf64>, %[[V:[a-z0-9]*]]: tensor<900xf64>)
// CHECK-DAG: %[[AT:.*]] = numpy.transpose %[[A]]
// CHECK-DAG: %[[BT:.*]] = numpy.transpose %[[B]]
// CHECK: %[[AV:.*]] = numpy.matmul %[[AT]], %[[V]]
// CHECK: %[[R:.*]] = numpy.matmul %[[BT]], %[[AV]]
// CHECK: return %[[R]]
func.func @vector(%a: tensor<900x800xf64>, %b: tensor<800x700xf64>, %v: tensor<900xf64>) -> tensor<700xf64> {
  %p = numpy.matmul %a, %b : tensor<900x800xf64>, tensor<800x700xf64> -> tensor<900x700xf64>
  %t = numpy.transpose %p : tensor<900x700xf64> -> tensor<700x900xf64>
  %r = numpy.matmul %t, %v : tensor<700x900xf64>, tensor<900xf64> -> tensor<700xf64>
  return %r : tensor<700xf64>
}

// CHECK-LABEL: func.func @row
// CHECK-SAME: (%[[A:[a-z0-9]*]]: tensor<900x800xf64>, %[[B:[a-z0-9]*]]: tensor<800x700xf64>)
// CHECK: %[[ROW:.*]] = numpy.slice %[[A]][5, :]
// CHECK: numpy.matmul %[[ROW]], %[[B]]
func.func @row(%a: tensor<900x800xf64>, %b: tensor<800x700xf64>) -> tensor<700xf64> {
  %p = numpy.matmul %a, %b : tensor<900x800xf64>, tensor<800x700xf64> -> tensor<900x700xf64>
  %r = numpy.slice %p[5] : tensor<900x700xf64> -> tensor<700xf64>
  return %r : tensor<700xf64>
}

// CHECK-LABEL: func.func @total
// CHECK-SAME: (%[[A:[a-z0-9]*]]: tensor<900x800xf64>, %[[B:[a-z0-9]*]]: tensor<800x700xf64>)
// CHECK-DAG: %[[ROWS:.*]] = numpy.sum %[[A]] axes [0]
// CHECK-DAG: %[[COLUMNS:.*]] = numpy.sum %[[B]] axes [1]
// CHECK: numpy.matmul %[[ROWS]], %[[COLUMNS]]
func.func @total(%a: tensor<900x800xf64>, %b: tensor<800x700xf64>) -> tensor<f64> {
  %p = numpy.matmul %a, %b : tensor<900x800xf64>, tensor<800x700xf64> -> tensor<900x700xf64>
  %r = numpy.sum %p : tensor<900x700xf64> -> tensor<f64>
  return %r : tensor<f64>
}

// Both are wanted: the product is made once, and read from.
// CHECK-LABEL: func.func @shared
// CHECK: %[[P:.*]] = numpy.matmul
// CHECK-NEXT: %[[R:.*]] = numpy.slice %[[P]][5]
// CHECK-NEXT: return %[[P]], %[[R]]
func.func @shared(%a: tensor<900x800xf64>, %b: tensor<800x700xf64>) -> (tensor<900x700xf64>, tensor<700xf64>) {
  %p = numpy.matmul %a, %b : tensor<900x800xf64>, tensor<800x700xf64> -> tensor<900x700xf64>
  %r = numpy.slice %p[5] : tensor<900x700xf64> -> tensor<700xf64>
  return %p, %r : tensor<900x700xf64>, tensor<700xf64>
}
