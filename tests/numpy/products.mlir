// RUN: npir-opt %s --split-input-file --verify-diagnostics | npir-opt --split-input-file | FileCheck %s
// RUN: npir-opt %s --split-input-file --verify-diagnostics --numpy-to-tensor | FileCheck %s --check-prefix=TENSOR

// CHECK-LABEL: func @round_trip
func.func @round_trip(%a: tensor<2x3xf64>, %b: tensor<3x?xf64>, %v: tensor<3xf64>) {
  // CHECK: numpy.einsum "ij,jk->ki", %{{.*}}, %{{.*}} : tensor<2x3xf64>, tensor<3x?xf64> -> tensor<?x2xf64>
  %0 = numpy.einsum "ij,jk->ki", %a, %b : tensor<2x3xf64>, tensor<3x?xf64> -> tensor<?x2xf64>
  // CHECK: numpy.dot %{{.*}}, %{{.*}} : tensor<2x3xf64>, tensor<3xf64> -> tensor<2xf64>
  %1 = numpy.dot %a, %v : tensor<2x3xf64>, tensor<3xf64> -> tensor<2xf64>
  // CHECK: numpy.tensordot %{{.*}}, %{{.*}} lhs_axes [1] rhs_axes [0] : tensor<2x3xf64>, tensor<3x?xf64> -> tensor<2x?xf64>
  %2 = numpy.tensordot %a, %b lhs_axes [1] rhs_axes [0] : tensor<2x3xf64>, tensor<3x?xf64> -> tensor<2x?xf64>
  // CHECK: numpy.kron %{{.*}}, %{{.*}} : tensor<2x3xf64>, tensor<3xf64> -> tensor<2x9xf64>
  %3 = numpy.kron %a, %v : tensor<2x3xf64>, tensor<3xf64> -> tensor<2x9xf64>
  // CHECK: numpy.linalg_multi_dot %{{.*}}, %{{.*}} : tensor<2x3xf64>, tensor<3x?xf64> -> tensor<2x?xf64>
  %4 = numpy.linalg_multi_dot %a, %b : tensor<2x3xf64>, tensor<3x?xf64> -> tensor<2x?xf64>
  return
}

// The trace walks the diagonal; nothing is copied.
// TENSOR-DAG: #[[DIAGONAL:.*]] = affine_map<(d0) -> (d0, d0)>
// TENSOR-LABEL: func @trace
// TENSOR: linalg.generic {indexing_maps = [#[[DIAGONAL]], #{{.*}}], iterator_types = ["reduction"]}
func.func @trace(%a: tensor<4x4xf64>) -> tensor<f64> {
  %0 = numpy.einsum "ii", %a : tensor<4x4xf64> -> tensor<f64>
  return %0 : tensor<f64>
}

// The cheap product comes first: (100 x 2) is the smaller result.
// TENSOR-LABEL: func @order
// TENSOR-SAME: %[[A:[a-z0-9]*]]: tensor<100x100xf64>, %[[B:[a-z0-9]*]]: tensor<100x100xf64>, %[[C:[a-z0-9]*]]: tensor<100x2xf64>
// TENSOR: %[[BC:.*]] = linalg.generic {{.*}} ins(%[[B]], %[[C]] :
// TENSOR: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} :
func.func @order(%a: tensor<100x100xf64>, %b: tensor<100x100xf64>, %c: tensor<100x2xf64>) -> tensor<100x2xf64> {
  %0 = numpy.linalg_multi_dot %a, %b, %c : tensor<100x100xf64>, tensor<100x100xf64>, tensor<100x2xf64> -> tensor<100x2xf64>
  return %0 : tensor<100x2xf64>
}

// -----

func.func @align(%a: tensor<2x3xf64>) {
  // expected-error@+1 {{shapes (2, 3) and (2, 3) do not align: 3 != 2}}
  %0 = numpy.dot %a, %a : tensor<2x3xf64>, tensor<2x3xf64> -> tensor<2x3xf64>
  return
}

// -----

func.func @letters(%a: tensor<2x3xf64>) {
  // expected-error@+1 {{subscripts 'ijk' do not fit an operand of 2 dimensions}}
  %0 = numpy.einsum "ijk->i", %a : tensor<2x3xf64> -> tensor<2xf64>
  return
}

// -----

func.func @nowhere(%a: tensor<2x3xf64>) {
  // expected-error@+1 {{the result has subscript 'k', which no operand has}}
  %0 = numpy.einsum "ij->k", %a : tensor<2x3xf64> -> tensor<2xf64>
  return
}

// -----

func.func @count(%a: tensor<2x3xf64>) {
  // expected-error@+1 {{has subscripts of 2 operands and 1 operands}}
  %0 = numpy.einsum "ij,jk", %a : tensor<2x3xf64> -> tensor<2xf64>
  return
}

// -----

func.func @axes(%a: tensor<2x3xf64>) {
  // expected-error@+1 {{axis 2 is out of bounds for array of dimension 2}}
  %0 = numpy.tensordot %a, %a lhs_axes [2] rhs_axes [0] : tensor<2x3xf64>, tensor<2x3xf64> -> tensor<2x3xf64>
  return
}
