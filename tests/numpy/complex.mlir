// Complex elements: types, and the scalar code on their parts.
// RUN: npir-opt %s --split-input-file | npir-opt --split-input-file | FileCheck %s --check-prefix=SAME
// RUN: npir-opt %s --split-input-file --numpy-to-tensor --canonicalize --cse | FileCheck %s

// SAME-LABEL: func.func @product
// CHECK-LABEL: func.func @product
// CHECK: linalg.generic
// CHECK: ^bb0(%[[A:.*]]: complex<f64>, %[[B:.*]]: complex<f64>, %{{.*}}: complex<f64>):
// CHECK-DAG: %[[AR:.*]] = complex.re %[[A]]
// CHECK-DAG: %[[AI:.*]] = complex.im %[[A]]
// CHECK-DAG: %[[BR:.*]] = complex.re %[[B]]
// CHECK-DAG: %[[BI:.*]] = complex.im %[[B]]
// CHECK: %[[RR:.*]] = arith.mulf %[[AR]], %[[BR]]
// CHECK: %[[II:.*]] = arith.mulf %[[AI]], %[[BI]]
// CHECK: %[[RE:.*]] = arith.subf %[[RR]], %[[II]]
// CHECK: complex.create %[[RE]], %{{.*}}
func.func @product(%a: tensor<3xcomplex<f64>>, %b: tensor<3xcomplex<f64>>) -> tensor<3xcomplex<f64>> {
  // SAME: numpy.multiply %{{.*}}, %{{.*}} : tensor<3xcomplex<f64>>, tensor<3xcomplex<f64>> -> tensor<3xcomplex<f64>>
  %0 = numpy.multiply %a, %b : tensor<3xcomplex<f64>>, tensor<3xcomplex<f64>> -> tensor<3xcomplex<f64>>
  return %0 : tensor<3xcomplex<f64>>
}

// -----

// The magnitude is real, functions of complex64 are computed in complex128.
// CHECK-LABEL: func.func @parts
func.func @parts(%z: tensor<?xcomplex<f32>>) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xcomplex<f32>>) {
  // SAME: numpy.absolute %{{.*}} : tensor<?xcomplex<f32>> -> tensor<?xf32>
  %0 = numpy.absolute %z : tensor<?xcomplex<f32>> -> tensor<?xf32>
  %1 = numpy.imag %z : tensor<?xcomplex<f32>> -> tensor<?xf32>
  // CHECK: tensor_ext.libm cexp %{{.*}} : complex<f64> -> complex<f64>
  %2 = numpy.exp %z : tensor<?xcomplex<f32>> -> tensor<?xcomplex<f32>>
  return %0, %1, %2 : tensor<?xf32>, tensor<?xf32>, tensor<?xcomplex<f32>>
}

// -----

// What is its own stays.
// CHECK-LABEL: func.func @own
// CHECK-SAME: (%[[X:.*]]: tensor<3xf64>, %[[Z:.*]]: tensor<3xcomplex<f64>>)
// CHECK: return %[[X]], %[[X]], %[[Z]]
func.func @own(%x: tensor<3xf64>, %z: tensor<3xcomplex<f64>>) -> (tensor<3xf64>, tensor<3xf64>, tensor<3xcomplex<f64>>) {
  %0 = numpy.real %x : tensor<3xf64> -> tensor<3xf64>
  %1 = numpy.conjugate %x : tensor<3xf64> -> tensor<3xf64>
  %2 = numpy.conjugate %z : tensor<3xcomplex<f64>> -> tensor<3xcomplex<f64>>
  %3 = numpy.conjugate %2 : tensor<3xcomplex<f64>> -> tensor<3xcomplex<f64>>
  return %0, %1, %3 : tensor<3xf64>, tensor<3xf64>, tensor<3xcomplex<f64>>
}
