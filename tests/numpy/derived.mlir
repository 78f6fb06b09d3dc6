// Functions with two results or parameters, products of stacked vectors: round trip and conversion.
// RUN: npir-opt %s --split-input-file | npir-opt --split-input-file | FileCheck %s --check-prefix=SAME
// RUN: npir-opt %s --split-input-file --numpy-to-tensor --canonicalize --cse | FileCheck %s

// One computation gives both results.
// SAME-LABEL: func.func @pairs
// CHECK-LABEL: func.func @pairs
// CHECK-COUNT-3: linalg.generic
// CHECK-NOT: linalg.generic
func.func @pairs(%x: tensor<3xf64>, %y: tensor<3xf64>) -> (tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xi32>) {
  // SAME: numpy.divmod %{{.*}}, %{{.*}} : tensor<3xf64>, tensor<3xf64> -> tensor<3xf64>, tensor<3xf64>
  %q, %r = numpy.divmod %x, %y : tensor<3xf64>, tensor<3xf64> -> tensor<3xf64>, tensor<3xf64>
  // SAME: numpy.modf %{{.*}} : tensor<3xf64> -> tensor<3xf64>, tensor<3xf64>
  %f, %i = numpy.modf %x : tensor<3xf64> -> tensor<3xf64>, tensor<3xf64>
  // SAME: numpy.frexp %{{.*}} : tensor<3xf64> -> tensor<3xf64>, tensor<3xi32>
  %m, %e = numpy.frexp %x : tensor<3xf64> -> tensor<3xf64>, tensor<3xi32>
  return %q, %r, %f, %i, %m, %e : tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xi32>
}

// -----

// CHECK-LABEL: func.func @parameters
func.func @parameters(%x: tensor<?xf32>, %i: tensor<3xi64>) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xi1>, tensor<3xi64>) {
  // SAME: numpy.round %{{.*}} decimals 2 : tensor<?xf32> -> tensor<?xf32>
  // CHECK: arith.mulf %{{.*}}, %[[HUNDRED:.*]] : f32
  // CHECK: math.roundeven
  // CHECK: arith.divf %{{.*}}, %[[HUNDRED]] : f32
  %0 = numpy.round %x decimals 2 : tensor<?xf32> -> tensor<?xf32>
  // SAME: numpy.nan_to_num %{{.*}} nan 1.000000e+00
  %1 = numpy.nan_to_num %x nan 1.0 : tensor<?xf32> -> tensor<?xf32>
  // SAME: numpy.isclose %{{.*}}, %{{.*}} atol 5.000000e-01 equal_nan
  %2 = numpy.isclose %x, %1 atol 0.5 equal_nan : tensor<?xf32>, tensor<?xf32> -> tensor<?xi1>
  // Integers have no decimals.
  %3 = numpy.round %i decimals 2 : tensor<3xi64> -> tensor<3xi64>
  return %0, %1, %2, %3 : tensor<?xf32>, tensor<?xf32>, tensor<?xi1>, tensor<3xi64>
}

// -----

// A product of views.
// CHECK-LABEL: func.func @vectors
func.func @vectors(%a: tensor<4x2x3xf64>, %x: tensor<3xf64>, %z: tensor<5xcomplex<f64>>) -> (tensor<4x2xf64>, tensor<complex<f64>>) {
  // CHECK: linalg.generic
  %0 = numpy.matvec %a, %x : tensor<4x2x3xf64>, tensor<3xf64> -> tensor<4x2xf64>
  // CHECK: arith.negf
  %1 = numpy.vecdot %z, %z : tensor<5xcomplex<f64>>, tensor<5xcomplex<f64>> -> tensor<complex<f64>>
  return %0, %1 : tensor<4x2xf64>, tensor<complex<f64>>
}
