// RUN: npir-opt %s --split-input-file --verify-diagnostics | npir-opt --split-input-file | FileCheck %s
// RUN: npir-opt %s --split-input-file --verify-diagnostics --numpy-to-tensor | FileCheck %s --check-prefix=TENSOR

// CHECK-LABEL: func @round_trip
func.func @round_trip(%x: tensor<4x6xf64>, %z: tensor<?x?xcomplex<f32>>, %n: index) {
  // CHECK: numpy.fft_fft %{{.*}} s %{{.*}} axes [0] norm ortho : tensor<4x6xf64> -> tensor<?x6xcomplex<f64>>
  %0 = numpy.fft_fft %x s %n axes [0] norm ortho : tensor<4x6xf64> -> tensor<?x6xcomplex<f64>>
  // CHECK: numpy.fft_rfft2 %{{.*}} : tensor<4x6xf64> -> tensor<4x4xcomplex<f64>>
  %1 = numpy.fft_rfft2 %x : tensor<4x6xf64> -> tensor<4x4xcomplex<f64>>
  // CHECK: numpy.fft_irfftn %{{.*}} : tensor<?x?xcomplex<f32>> -> tensor<?x?xf32>
  %2 = numpy.fft_irfftn %z : tensor<?x?xcomplex<f32>> -> tensor<?x?xf32>
  // CHECK: numpy.fft_fftfreq %{{.*}} d 5.000000e-01 : tensor<?xf64>
  %3 = numpy.fft_fftfreq %n d 0.5 : tensor<?xf64>
  %eight = arith.constant 8 : index
  // CHECK: numpy.fft_rfftfreq %{{.*}} : tensor<5xf64>
  %4 = numpy.fft_rfftfreq %eight : tensor<5xf64>
  // CHECK: numpy.fft_fftshift %{{.*}} axes [1] : tensor<4x6xf64> -> tensor<4x6xf64>
  %5 = numpy.fft_fftshift %x axes [1] : tensor<4x6xf64> -> tensor<4x6xf64>
  return
}

// The transform along columns reads and writes views.
// TENSOR-LABEL: func @columns
// TENSOR: %[[V:.*]] = tensor_ext.view %{{.*}}[0, 0] sizes [6, 4] steps [1, 1] dims [1, 0]
// TENSOR: %[[E:.*]] = tensor.empty() : tensor<6x4xcomplex<f64>>
// TENSOR: %[[R:.*]] = tensor_ext.library fft for "numpy.fft_fft" params [0, 0] ins (%[[V]] : tensor<6x4xcomplex<f64>>) outs (%[[E]] : tensor<6x4xcomplex<f64>>)
// TENSOR: tensor_ext.view %[[R]][0, 0] sizes [4, 6] steps [1, 1] dims [1, 0]
func.func @columns(%z: tensor<4x6xcomplex<f64>>) -> tensor<4x6xcomplex<f64>> {
  %0 = numpy.fft_fft %z axes [0] : tensor<4x6xcomplex<f64>> -> tensor<4x6xcomplex<f64>>
  return %0 : tensor<4x6xcomplex<f64>>
}

// -----

func.func @nothing(%x: tensor<4x0xf64>) {
  // expected-error@+1 {{Invalid number of FFT data points (0) specified.}}
  %0 = numpy.fft_fft %x : tensor<4x0xf64> -> tensor<4x0xcomplex<f64>>
  return
}

// -----

func.func @complex(%x: tensor<4xcomplex<f64>>) {
  // expected-error@+1 {{transforms real numbers, not complex128}}
  %0 = numpy.fft_rfft %x : tensor<4xcomplex<f64>> -> tensor<3xcomplex<f64>>
  return
}

// -----

func.func @lengths(%x: tensor<4x4xf64>, %n: index) {
  // expected-error@+1 {{Shape and axes have different lengths.}}
  %0 = numpy.fft_fftn %x s %n axes [0, 1] : tensor<4x4xf64> -> tensor<4x4xcomplex<f64>>
  return
}

// -----

func.func @axis(%x: tensor<4x4xf64>) {
  // expected-error@+1 {{axis 2 is out of bounds for array of dimension 2}}
  %0 = numpy.fft_fft %x axes [2] : tensor<4x4xf64> -> tensor<4x4xcomplex<f64>>
  return
}

// -----

func.func @frequencies() {
  %zero = arith.constant 0 : index
  // expected-error@+1 {{division by zero: neither 'n' nor 'd' can be 0}}
  %0 = numpy.fft_fftfreq %zero : tensor<0xf64>
  return
}
