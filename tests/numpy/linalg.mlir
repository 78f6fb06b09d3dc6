// RUN: npir-opt %s --split-input-file --verify-diagnostics | npir-opt --split-input-file | FileCheck %s
// RUN: npir-opt %s --split-input-file --verify-diagnostics --numpy-to-tensor | FileCheck %s --check-prefix=TENSOR

// CHECK-LABEL: func @round_trip
func.func @round_trip(%a: tensor<4x3x3xf64>, %m: tensor<?x?xcomplex<f32>>, %b: tensor<3xf64>, %t: tensor<f64>) {
  // CHECK: numpy.linalg_cholesky upper %{{.*}} : tensor<4x3x3xf64> -> tensor<4x3x3xf64>
  %0 = numpy.linalg_cholesky upper %a : tensor<4x3x3xf64> -> tensor<4x3x3xf64>
  // CHECK: numpy.linalg_qr complete %{{.*}} : tensor<?x?xcomplex<f32>> -> tensor<?x?xcomplex<f32>>, tensor<?x?xcomplex<f32>>
  %1:2 = numpy.linalg_qr complete %m : tensor<?x?xcomplex<f32>> -> tensor<?x?xcomplex<f32>>, tensor<?x?xcomplex<f32>>
  // CHECK: numpy.linalg_svd %{{.*}} : tensor<?x?xcomplex<f32>> -> tensor<?x?xcomplex<f32>>, tensor<?xf32>, tensor<?x?xcomplex<f32>>
  %2:3 = numpy.linalg_svd %m : tensor<?x?xcomplex<f32>> -> tensor<?x?xcomplex<f32>>, tensor<?xf32>, tensor<?x?xcomplex<f32>>
  // CHECK: numpy.linalg_eig %{{.*}} : tensor<4x3x3xf64> -> tensor<4x3xcomplex<f64>>, tensor<4x3x3xcomplex<f64>>
  %3:2 = numpy.linalg_eig %a : tensor<4x3x3xf64> -> tensor<4x3xcomplex<f64>>, tensor<4x3x3xcomplex<f64>>
  // CHECK: numpy.linalg_solve %{{.*}}, %{{.*}} : tensor<4x3x3xf64>, tensor<3xf64> -> tensor<4x3xf64>
  %4 = numpy.linalg_solve %a, %b : tensor<4x3x3xf64>, tensor<3xf64> -> tensor<4x3xf64>
  // CHECK: numpy.linalg_matrix_rank relative %{{.*}} tol %{{.*}} : (tensor<4x3x3xf64>, tensor<f64>) -> tensor<4xi64>
  %5 = numpy.linalg_matrix_rank relative %a tol %t : (tensor<4x3x3xf64>, tensor<f64>) -> tensor<4xi64>
  // CHECK: numpy.linalg_matrix_rank relative hermitian %{{.*}} tol
  %h0 = numpy.linalg_matrix_rank relative hermitian %a tol %t : (tensor<4x3x3xf64>, tensor<f64>) -> tensor<4xi64>
  // CHECK: numpy.linalg_pinv hermitian %{{.*}} : (tensor<4x3x3xf64>) -> tensor<4x3x3xf64>
  %h1 = numpy.linalg_pinv hermitian %a : (tensor<4x3x3xf64>) -> tensor<4x3x3xf64>
  // CHECK: numpy.linalg_pinv %{{.*}} : (tensor<4x3x3xf64>) -> tensor<4x3x3xf64>
  %6 = numpy.linalg_pinv %a : (tensor<4x3x3xf64>) -> tensor<4x3x3xf64>
  // CHECK: numpy.linalg_norm %{{.*}} ord 3.500000e+00 axes [0] keepdims : tensor<3xf64> -> tensor<1xf64>
  %7 = numpy.linalg_norm %b ord 3.5 axes [0] keepdims : tensor<3xf64> -> tensor<1xf64>
  // CHECK: numpy.linalg_cond %{{.*}} kind fro : tensor<4x3x3xf64> -> tensor<4xf64>
  %8 = numpy.linalg_cond %a kind fro : tensor<4x3x3xf64> -> tensor<4xf64>
  // CHECK: numpy.linalg_matrix_power %{{.*}} to -2 : tensor<4x3x3xf64> -> tensor<4x3x3xf64>
  %9 = numpy.linalg_matrix_power %a to -2 : tensor<4x3x3xf64> -> tensor<4x3x3xf64>
  return
}

// The routine reads the argument where it lies.
// TENSOR-LABEL: func @inverse
// TENSOR-SAME: %[[A:.*]]: tensor<?x?xf64>
// TENSOR: tensor_ext.check %{{.*}}, linalg, "numpy.linalg_inv: Last 2 dimensions of the array must be square
// TENSOR: %[[E:.*]] = tensor.empty
// TENSOR: tensor_ext.library inv for "numpy.linalg_inv" params [0] ins (%[[A]] : tensor<?x?xf64>) outs (%[[E]] : tensor<?x?xf64>)
func.func @inverse(%a: tensor<?x?xf64>) -> tensor<?x?xf64> {
  %0 = numpy.linalg_inv %a : tensor<?x?xf64> -> tensor<?x?xf64>
  return %0 : tensor<?x?xf64>
}

// A right side that is repeated over a stack is a view.
// TENSOR-LABEL: func @stack
// TENSOR: %[[B:.*]] = tensor_ext.view %{{.*}}[0, 0] sizes [4, 3, 1] steps [0, 1, 1] dims [-1, 0, 1]
// TENSOR: tensor_ext.library solve for "numpy.linalg_solve" ins (%{{.*}}, %[[B]] : tensor<4x3x3xf64>, tensor<4x3x1xf64>)
func.func @stack(%a: tensor<4x3x3xf64>, %b: tensor<3xf64>) -> tensor<4x3xf64> {
  %0 = numpy.linalg_solve %a, %b : tensor<4x3x3xf64>, tensor<3xf64> -> tensor<4x3xf64>
  return %0 : tensor<4x3xf64>
}

// -----

func.func @not_square(%a: tensor<2x3xf64>) {
  // expected-error@+1 {{Last 2 dimensions of the array must be square, but they have shape (2, 3)}}
  %0 = numpy.linalg_det %a : tensor<2x3xf64> -> tensor<f64>
  return
}

// -----

func.func @not_hermitian(%a: tensor<2x3xf64>) {
  // expected-error@+1 {{Last 2 dimensions of the array must be square, but they have shape (2, 3)}}
  %0 = numpy.linalg_pinv hermitian %a : (tensor<2x3xf64>) -> tensor<3x2xf64>
  return
}

// -----

func.func @vector(%a: tensor<3xf64>) {
  // expected-error@+1 {{1-dimensional array given. Array must be at least two-dimensional}}
  %0 = numpy.linalg_svdvals %a : tensor<3xf64> -> tensor<3xf64>
  return
}

// -----

func.func @half(%a: tensor<3x3xf16>) {
  // expected-error@+1 {{array type float16 is unsupported in linalg}}
  %0 = numpy.linalg_inv %a : tensor<3x3xf16> -> tensor<3x3xf16>
  return
}

// -----

func.func @order(%a: tensor<3x3xf64>) {
  // expected-error@+1 {{takes 'ord' or 'kind', not both}}
  %0 = numpy.linalg_norm %a ord 1.0 kind fro : tensor<3x3xf64> -> tensor<f64>
  return
}

// -----

func.func @complex_result(%a: tensor<3x3xf64>) {
  // expected-error@+1 {{has result type tensor<3xf64>, but tensor<3xcomplex<f64>> is inferred}}
  %0 = numpy.linalg_eigvals %a : tensor<3x3xf64> -> tensor<3xf64>
  return
}
