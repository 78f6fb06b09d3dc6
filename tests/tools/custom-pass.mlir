// A pass from another crate, in that crate's own tool: examples/custom_pass.
// RUN: my-opt %s --expand-power | FileCheck %s
// RUN: my-opt %s --expand-power=max-exponent=3 | FileCheck %s --check-prefix THREE
// RUN: my-opt %s --pass-pipeline="builtin.module(func.func(expand-power{max-exponent=3}))" | FileCheck %s --check-prefix THREE
// RUN: my-opt --help | FileCheck %s --check-prefix HELP
// It mixes with npir's passes and pipelines, and is no part of npir's own tool.
// RUN: my-opt %s --expand-power --npir-lower-to=tensor | FileCheck %s --check-prefix TENSOR
// RUN: not npir-opt %s --expand-power 2>&1 | FileCheck %s --check-prefix UNKNOWN

// HELP: --expand-power - Write powers with a small constant exponent as multiplications
// HELP-NEXT: --max-exponent=<long> - Largest exponent that is expanded
// UNKNOWN: Unknown command line argument '--expand-power'

// CHECK-LABEL: func.func @seventh
// THREE-LABEL: func.func @seventh
// TENSOR-LABEL: func.func @seventh
// TENSOR-NOT: math.powf
func.func @seventh(%x: tensor<?xf64>) -> tensor<?xf64> {
  // CHECK-SAME: %[[X:.*]]: tensor<?xf64>
  // CHECK: %[[X2:.*]] = numpy.multiply %[[X]], %[[X]] : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
  // CHECK-NEXT: %[[X3:.*]] = numpy.multiply %[[X]], %[[X2]]
  // CHECK-NEXT: %[[X4:.*]] = numpy.multiply %[[X2]], %[[X2]]
  // CHECK-NEXT: %[[X7:.*]] = numpy.multiply %[[X3]], %[[X4]]
  // CHECK-NEXT: return %[[X7]]
  // THREE: numpy.power
  %seven = numpy.constant dense<7.0> : tensor<f64>
  %0 = numpy.power %x, %seven : tensor<?xf64>, tensor<f64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}

// CHECK-LABEL: func.func @cube
// THREE-LABEL: func.func @cube
// TENSOR-LABEL: func.func @cube
func.func @cube(%x: tensor<f32>) -> tensor<f32> {
  // CHECK-COUNT-2: numpy.multiply
  // THREE-COUNT-2: numpy.multiply
  %three = numpy.constant dense<3.0> : tensor<f32>
  %0 = numpy.power %x, %three : tensor<f32>, tensor<f32> -> tensor<f32>
  return %0 : tensor<f32>
}

// What it leaves alone: other exponents, integers, exponents that broadcast.
// CHECK-LABEL: func.func @others
// TENSOR-LABEL: func.func @others
func.func @others(%x: tensor<?xf64>, %y: tensor<f64>, %i: tensor<4xi32>)
    -> (tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<4xi32>, tensor<4xf64>) {
  // CHECK-NOT: numpy.multiply
  %half = numpy.constant dense<0.5> : tensor<f64>
  %minus = numpy.constant dense<-2.0> : tensor<f64>
  %three = numpy.constant dense<3> : tensor<i32>
  %vector = numpy.constant dense<3.0> : tensor<4xf64>
  %0 = numpy.power %x, %half : tensor<?xf64>, tensor<f64> -> tensor<?xf64>
  %1 = numpy.power %x, %minus : tensor<?xf64>, tensor<f64> -> tensor<?xf64>
  %2 = numpy.power %x, %y : tensor<?xf64>, tensor<f64> -> tensor<?xf64>
  %3 = numpy.power %i, %three : tensor<4xi32>, tensor<i32> -> tensor<4xi32>
  %4 = numpy.power %y, %vector : tensor<f64>, tensor<4xf64> -> tensor<4xf64>
  return %0, %1, %2, %3, %4 : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<4xi32>, tensor<4xf64>
}
