// Weighted means, covariances and orders are made of other ops.
// RUN: npir-opt %s --split-input-file | npir-opt --split-input-file | FileCheck %s --check-prefix=TEXT
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// TEXT: numpy.average %{{.*}} weights %{{.*}} axes [1] : tensor<2x3xi32> weights tensor<3xi32> -> tensor<2xf64>
// CHECK-LABEL: func.func @average
func.func @average(%x: tensor<2x3xi32>, %w: tensor<3xi32>) -> tensor<2xf64> {
  // CHECK: tensor_ext.check %{{.*}}, zero_division, "numpy.average: Weights sum to zero, can't be normalized"
  %0 = numpy.average %x weights %w axes [1] : tensor<2x3xi32> weights tensor<3xi32> -> tensor<2xf64>
  return %0 : tensor<2xf64>
}

// -----

// TEXT: numpy.cov %{{.*}} columns ddof 0 : tensor<?x3xf32> -> tensor<3x3xf64>
// CHECK-LABEL: func.func @cov
func.func @cov(%x: tensor<?x3xf32>) -> tensor<3x3xf64> {
  // CHECK: arith.extf
  // CHECK: iterator_types = ["parallel", "parallel", "reduction"]
  %0 = numpy.cov %x columns ddof 0 : tensor<?x3xf32> -> tensor<3x3xf64>
  return %0 : tensor<3x3xf64>
}

// -----

// A vector is one variable.
// CHECK-LABEL: func.func @corrcoef
func.func @corrcoef(%x: tensor<?xf64>) -> tensor<f64> {
  // CHECK: arith.divf
  %0 = numpy.corrcoef %x : tensor<?xf64> -> tensor<f64>
  return %0 : tensor<f64>
}

// -----

// TEXT: numpy.lexsort %{{.*}}, %{{.*}} axis 0 : tensor<4xf64>, tensor<4xi8> -> tensor<4xi64>
// CHECK-LABEL: func.func @lexsort
func.func @lexsort(%a: tensor<4xf64>, %b: tensor<4xi8>) -> tensor<4xi64> {
  // CHECK-COUNT-2: tensor_ext.library argsort
  %0 = numpy.lexsort %a, %b axis 0 : tensor<4xf64>, tensor<4xi8> -> tensor<4xi64>
  return %0 : tensor<4xi64>
}

// -----

// TEXT: numpy.random_permutation %{{.*}} shape [%{{.*}}] {draw = 1 : i64} : tensor<ui64> -> tensor<?xi64>
// CHECK-LABEL: func.func @permutation
func.func @permutation(%k: tensor<ui64>, %n: index) -> tensor<?xi64> {
  // CHECK: tensor_ext.library argsort
  %0 = numpy.random_permutation %k shape [%n] {draw = 1 : i64} : tensor<ui64> -> tensor<?xi64>
  return %0 : tensor<?xi64>
}
