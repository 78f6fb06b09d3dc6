// Variances, ptp and positions without NaN are made of other ops; `where` and `initial` of reductions.
// RUN: npir-opt %s --split-input-file | npir-opt --split-input-file | FileCheck %s --check-prefix=TEXT
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// Two reductions: the mean, then the squares of the differences.
// TEXT: numpy.var %{{.*}} axes [1] keepdims ddof 1.000000e+00 : tensor<?x3xf64> -> tensor<?x1xf64>
// CHECK-LABEL: func.func @var
func.func @var(%x: tensor<?x3xf64>) -> tensor<?x1xf64> {
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]
  // CHECK: arith.subf
  // CHECK: arith.mulf
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]
  // CHECK: arith.addf
  // CHECK: arith.divf
  // CHECK-NOT: numpy
  %0 = numpy.var %x axes [1] keepdims ddof 1.0 : tensor<?x3xf64> -> tensor<?x1xf64>
  return %0 : tensor<?x1xf64>
}

// -----

// What is not NaN is counted.
// TEXT: numpy.nanstd %{{.*}} where %{{.*}} : tensor<4xf32> where tensor<4xi1> -> tensor<f32>
// CHECK-LABEL: func.func @nanstd
func.func @nanstd(%x: tensor<4xf32>, %m: tensor<4xi1>) -> tensor<f32> {
  // CHECK: arith.cmpf uno
  // CHECK: arith.addi %{{.*}} : i64
  // CHECK: math.sqrt
  %0 = numpy.nanstd %x where %m : tensor<4xf32> where tensor<4xi1> -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

// CHECK-LABEL: func.func @nanargmin
func.func @nanargmin(%x: tensor<?x3xf64>) -> tensor<3xi64> {
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.nanargmin: All-NaN slice encountered"
  %0 = numpy.nanargmin %x axis 0 : tensor<?x3xf64> -> tensor<3xi64>
  return %0 : tensor<3xi64>
}

// -----

// An element that does not count contributes the identity.
// TEXT: numpy.sum %{{.*}} axes [0] where %{{.*}} initial %{{.*}} : tensor<2x3xf64> where tensor<3xi1> initial tensor<f64> -> tensor<3xf64>
// CHECK-LABEL: func.func @sum_where
func.func @sum_where(%x: tensor<2x3xf64>, %m: tensor<3xi1>, %i: tensor<f64>) -> tensor<3xf64> {
  // CHECK: %[[ZERO:.*]] = arith.constant 0.000000e+00 : f64
  // CHECK: linalg.generic
  // CHECK: %[[TERM:.*]] = arith.select %{{.*}}, %{{.*}}, %[[ZERO]]
  // CHECK: arith.addf %{{.*}}, %[[TERM]]
  // CHECK-NOT: tensor_ext.check
  // CHECK: return
  %0 = numpy.sum %x axes [0] where %m initial %i : tensor<2x3xf64> where tensor<3xi1> initial tensor<f64> -> tensor<3xf64>
  return %0 : tensor<3xf64>
}

// -----

// A mean counts the elements that take part, in the same pass.
// CHECK-LABEL: func.func @nanmean
func.func @nanmean(%x: tensor<?xf64>) -> tensor<f64> {
  // CHECK: %[[R:.*]]:2 = linalg.generic
  // CHECK: arith.cmpf ord
  // CHECK: arith.extui %{{.*}} : i1 to i64
  // CHECK: arith.divf
  %0 = numpy.nanmean %x : tensor<?xf64> -> tensor<f64>
  return %0 : tensor<f64>
}

// -----

// An empty minimum is what there is to start with.
// CHECK-LABEL: func.func @min_initial
func.func @min_initial(%x: tensor<?xi32>, %i: tensor<i32>) -> tensor<i32> {
  // CHECK-NOT: tensor_ext.check
  // CHECK: arith.minsi
  %0 = numpy.min %x initial %i : tensor<?xi32> initial tensor<i32> -> tensor<i32>
  return %0 : tensor<i32>
}
