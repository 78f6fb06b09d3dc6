// Folding: constants are computed as NumPy would, and only exact simplifications are made.
// RUN: npir-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @identities
// CHECK-SAME: (%[[X:.*]]: tensor<3xf64>, %[[I:.*]]: tensor<3xi32>, %[[B:.*]]: tensor<3xi1>)
func.func @identities(%x: tensor<3xf64>, %i: tensor<3xi32>, %b: tensor<3xi1>)
    -> (tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi1>) {
  %one = numpy.constant dense<1.0> : tensor<f64>
  %zero = numpy.constant dense<0.0> : tensor<f64>
  %izero = numpy.constant dense<0> : tensor<3xi32>
  %ones = numpy.constant dense<-1> : tensor<i32>
  %0 = numpy.multiply %x, %one : tensor<3xf64>, tensor<f64> -> tensor<3xf64>
  %1 = numpy.subtract %x, %zero : tensor<3xf64>, tensor<f64> -> tensor<3xf64>
  %2 = numpy.negative %x : tensor<3xf64> -> tensor<3xf64>
  %3 = numpy.negative %2 : tensor<3xf64> -> tensor<3xf64>
  %4 = numpy.add %izero, %i : tensor<3xi32>, tensor<3xi32> -> tensor<3xi32>
  %5 = numpy.bitwise_and %i, %ones : tensor<3xi32>, tensor<i32> -> tensor<3xi32>
  %6 = numpy.floor %i : tensor<3xi32> -> tensor<3xi32>
  %7 = numpy.logical_not %b : tensor<3xi1> -> tensor<3xi1>
  %8 = numpy.logical_not %7 : tensor<3xi1> -> tensor<3xi1>
  // CHECK: return %[[X]], %[[X]], %[[X]], %[[I]], %[[I]], %[[I]], %[[B]]
  return %0, %1, %3, %4, %5, %6, %8 : tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi1>
}

// -----

// x + 0 is not x: it turns -0 to 0. A constant that broadcasts x is no identity either, and
// `not not` of a number is its truth value.
// CHECK-LABEL: func.func @near_misses
func.func @near_misses(%x: tensor<3xf64>, %s: tensor<f64>) -> (tensor<3xf64>, tensor<3xf64>, tensor<3xi1>) {
  %zero = numpy.constant dense<0.0> : tensor<f64>
  %ones = numpy.constant dense<1.0> : tensor<3xf64>
  // CHECK: numpy.add
  %0 = numpy.add %x, %zero : tensor<3xf64>, tensor<f64> -> tensor<3xf64>
  // CHECK: numpy.multiply
  %1 = numpy.multiply %s, %ones : tensor<f64>, tensor<3xf64> -> tensor<3xf64>
  // CHECK: numpy.logical_not
  %2 = numpy.logical_not %x : tensor<3xf64> -> tensor<3xi1>
  // CHECK: numpy.logical_not
  %3 = numpy.logical_not %2 : tensor<3xi1> -> tensor<3xi1>
  return %0, %1, %3 : tensor<3xf64>, tensor<3xf64>, tensor<3xi1>
}

// -----

// CHECK-LABEL: func.func @constants
func.func @constants() -> (tensor<2xi8>, tensor<i32>, tensor<i32>, tensor<f32>, tensor<i1>, tensor<f64>, tensor<ui8>, tensor<f16>) {
  %a = numpy.constant dense<100> : tensor<2xi8>
  %b = numpy.constant dense<100> : tensor<i8>
  %seven = numpy.constant dense<-7> : tensor<i32>
  %two = numpy.constant dense<2> : tensor<i32>
  %none = numpy.constant dense<0> : tensor<i32>
  %x = numpy.constant dense<1.0> : tensor<f32>
  %three = numpy.constant dense<3.0> : tensor<f32>
  %nan = numpy.constant dense<0x7FF8000000000000> : tensor<f64>
  %u = numpy.constant dense<1> : tensor<ui8>
  %h = numpy.constant dense<2.0> : tensor<f16>
  // CHECK-DAG: %[[WRAPPED:.*]] = numpy.constant dense<-56> : tensor<2xi8>
  %0 = numpy.add %a, %b : tensor<2xi8>, tensor<i8> -> tensor<2xi8>
  // CHECK-DAG: %[[FLOOR:.*]] = numpy.constant dense<-4> : tensor<i32>
  %1 = numpy.floor_divide %seven, %two : tensor<i32>, tensor<i32> -> tensor<i32>
  // CHECK-DAG: %[[BY_ZERO:.*]] = numpy.constant dense<0> : tensor<i32>
  %2 = numpy.remainder %seven, %none : tensor<i32>, tensor<i32> -> tensor<i32>
  // CHECK-DAG: %[[THIRD:.*]] = numpy.constant dense<0.333333343> : tensor<f32>
  %3 = numpy.divide %x, %three : tensor<f32>, tensor<f32> -> tensor<f32>
  // CHECK-DAG: %[[UNEQUAL:.*]] = numpy.constant dense<true> : tensor<i1>
  %4 = numpy.not_equal %nan, %nan : tensor<f64>, tensor<f64> -> tensor<i1>
  // CHECK-DAG: %[[NAN:.*]] = numpy.constant dense<0x7FF8000000000000> : tensor<f64>
  %5 = numpy.maximum %nan, %nan : tensor<f64>, tensor<f64> -> tensor<f64>
  // CHECK-DAG: %[[INVERTED:.*]] = numpy.constant dense<254> : tensor<ui8>
  %6 = numpy.invert %u : tensor<ui8> -> tensor<ui8>
  // CHECK-DAG: %[[ROOT:.*]] = numpy.constant dense<1.414060e+00> : tensor<f16>
  %7 = numpy.sqrt %h : tensor<f16> -> tensor<f16>
  // CHECK: return %[[WRAPPED]], %[[FLOOR]], %[[BY_ZERO]], %[[THIRD]], %[[UNEQUAL]], %[[NAN]], %[[INVERTED]], %[[ROOT]]
  return %0, %1, %2, %3, %4, %5, %6, %7 : tensor<2xi8>, tensor<i32>, tensor<i32>, tensor<f32>, tensor<i1>, tensor<f64>, tensor<ui8>, tensor<f16>
}

// -----

// CHECK-LABEL: func.func @where_of_constant
// CHECK-SAME: (%[[X:.*]]: tensor<3xf32>, %[[Y:.*]]: tensor<3xf32>)
func.func @where_of_constant(%x: tensor<3xf32>, %y: tensor<3xf32>) -> tensor<3xf32> {
  %false = numpy.constant dense<false> : tensor<i1>
  %0 = numpy.where %false, %x, %y : tensor<i1>, tensor<3xf32>, tensor<3xf32> -> tensor<3xf32>
  // CHECK: return %[[Y]]
  return %0 : tensor<3xf32>
}

// -----

// CHECK-LABEL: func.func @casts
// CHECK-SAME: (%[[X:.*]]: tensor<3xf32>, %[[I:.*]]: tensor<3xi32>)
func.func @casts(%x: tensor<3xf32>, %i: tensor<3xi32>) -> (tensor<3xf32>, tensor<3xf16>, tensor<3xf16>, tensor<f32>) {
  %0 = numpy.cast %x : tensor<3xf32> -> tensor<3xf64>
  %1 = numpy.cast %0 : tensor<3xf64> -> tensor<3xf32>
  // CHECK-DAG: %[[DIRECT:.*]] = numpy.cast %[[X]] : tensor<3xf32> -> tensor<3xf16>
  %2 = numpy.cast %0 : tensor<3xf64> -> tensor<3xf16>
  // By way of float64 an int32 is rounded once to float16, directly twice.
  // CHECK-DAG: %[[WIDE:.*]] = numpy.cast %[[I]] : tensor<3xi32> -> tensor<3xf64>
  // CHECK-DAG: %[[ONCE:.*]] = numpy.cast %[[WIDE]] : tensor<3xf64> -> tensor<3xf16>
  %3 = numpy.cast %i : tensor<3xi32> -> tensor<3xf64>
  %4 = numpy.cast %3 : tensor<3xf64> -> tensor<3xf16>
  // CHECK-DAG: %[[C:.*]] = numpy.constant dense<3.000000e+00> : tensor<f32>
  %c = numpy.constant dense<3> : tensor<ui8>
  %5 = numpy.cast %c : tensor<ui8> -> tensor<f32>
  // CHECK: return %[[X]], %[[DIRECT]], %[[ONCE]], %[[C]]
  return %1, %2, %4, %5 : tensor<3xf32>, tensor<3xf16>, tensor<3xf16>, tensor<f32>
}

// What stands for the result gives it its shape: not where another operand may be larger, or not fit.

// CHECK-LABEL: func.func @other_sizes
func.func @other_sizes(%x: tensor<?xf32>, %y: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>) {
  // CHECK: %[[W:.*]] = numpy.where
  // CHECK: %[[S:.*]] = numpy.subtract
  // CHECK: return %[[W]], %[[S]], %arg0
  %true = numpy.constant dense<true> : tensor<i1>
  %zero = numpy.constant dense<0.0> : tensor<f32>
  %zeros = numpy.constant dense<0.0> : tensor<3xf32>
  %0 = numpy.where %true, %x, %y : tensor<i1>, tensor<?xf32>, tensor<?xf32> -> tensor<?xf32>
  %1 = numpy.subtract %x, %zeros : tensor<?xf32>, tensor<3xf32> -> tensor<?xf32>
  %2 = numpy.subtract %x, %zero : tensor<?xf32>, tensor<f32> -> tensor<?xf32>
  return %0, %1, %2 : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>
}
