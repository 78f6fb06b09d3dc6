// Windows are views; what is summed over them reads the array itself, and nothing is padded.
// RUN: npir-opt %s --split-input-file | npir-opt --split-input-file | FileCheck %s --check-prefix=TEXT
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// TEXT: numpy.sliding_window_view %{{.*}} window [%{{.*}}, 2] {axes = array<i64: 1, 0>} : tensor<4x?xf64> -> tensor<3x?x?x2xf64>
// CHECK-LABEL: func.func @windows
func.func @windows(%x: tensor<4x?xf64>, %k: index) -> tensor<3x?x?x2xf64> {
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.sliding_window_view: negative dimensions are not allowed: size {}"
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.sliding_window_view: window shape cannot be larger than input array shape: ({}, {}) and ({}, {})"
  // CHECK: tensor_ext.view %{{.*}}[0, 0] sizes [3, %{{.*}}, %{{.*}}, 2] steps [1, 1, 1, 1] dims [0, 1, 1, 0]
  // CHECK-NOT: linalg
  %0 = numpy.sliding_window_view %x window [%k, 2] {axes = array<i64: 1, 0>} : tensor<4x?xf64> -> tensor<3x?x?x2xf64>
  return %0 : tensor<3x?x?x2xf64>
}

// -----

// TEXT: numpy.convolve %{{.*}}, %{{.*}} mode valid : tensor<9xi32>, tensor<4xi32> -> tensor<6xi32>
// CHECK-LABEL: func.func @valid
func.func @valid(%a: tensor<9xi32>, %v: tensor<4xi32>) -> tensor<6xi32> {
  // CHECK-DAG: tensor_ext.view %{{.*}}[3] sizes [4] steps [-1] dims [0]
  // CHECK-DAG: tensor_ext.view %{{.*}}[0] sizes [6, 4] steps [1, 1] dims [0, 0]
  // CHECK: linalg.generic
  // CHECK-NOT: scf
  // CHECK-NOT: insert_view
  %0 = numpy.convolve %a, %v mode valid : tensor<9xi32>, tensor<4xi32> -> tensor<6xi32>
  return %0 : tensor<6xi32>
}

// -----

// Which one is longer is known when the program runs.
// TEXT: numpy.correlate %{{.*}}, %{{.*}} mode full : tensor<?xcomplex<f32>>, tensor<?xcomplex<f32>> -> tensor<?xcomplex<f32>>
// CHECK-LABEL: func.func @unknown
func.func @unknown(%a: tensor<?xcomplex<f32>>, %v: tensor<?xcomplex<f32>>) -> tensor<?xcomplex<f32>> {
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.correlate: a cannot be empty"
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.correlate: v cannot be empty"
  // CHECK: scf.if
  // CHECK-COUNT-2: scf.for
  // CHECK: else
  // CHECK-COUNT-2: scf.for
  %0 = numpy.correlate %a, %v mode full : tensor<?xcomplex<f32>>, tensor<?xcomplex<f32>> -> tensor<?xcomplex<f32>>
  return %0 : tensor<?xcomplex<f32>>
}
