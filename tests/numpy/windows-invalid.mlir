// RUN: npir-opt %s --split-input-file --verify-diagnostics

func.func @empty(%a: tensor<0xf64>, %v: tensor<3xf64>) -> tensor<?xf64> {
  // expected-error @+1 {{a cannot be empty}}
  %0 = numpy.convolve %a, %v : tensor<0xf64>, tensor<3xf64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}

// -----

func.func @rank(%a: tensor<2x2xf64>, %v: tensor<3xf64>) -> tensor<?xf64> {
  // expected-error @+1 {{needs arrays of one dimension, not of 2 and 1}}
  %0 = numpy.convolve %a, %v : tensor<2x2xf64>, tensor<3xf64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}

// -----

func.func @types(%a: tensor<3xf64>, %v: tensor<3xf32>) -> tensor<?xf64> {
  // expected-error @+1 {{operands have element types float64 and float32; cast one first}}
  %0 = numpy.correlate %a, %v : tensor<3xf64>, tensor<3xf32> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}

// -----

func.func @size(%a: tensor<5xf64>, %v: tensor<3xf64>) -> tensor<5xf64> {
  // expected-error @+1 {{'numpy.correlate' op}}
  %0 = numpy.correlate %a, %v : tensor<5xf64>, tensor<3xf64> -> tensor<5xf64>
  return %0 : tensor<5xf64>
}

// -----

func.func @mode(%a: tensor<5xf64>, %v: tensor<3xf64>) -> tensor<5xf64> {
  // expected-error @+1 {{half}}
  %0 = numpy.correlate %a, %v mode half : tensor<5xf64>, tensor<3xf64> -> tensor<5xf64>
  return %0 : tensor<5xf64>
}

// -----

func.func @large(%x: tensor<4x5xf64>) -> tensor<?x?x?x?xf64> {
  // expected-error @+1 {{window shape cannot be larger than input array shape: (5, 2) and (4, 5)}}
  %0 = numpy.sliding_window_view %x window [5, 2] : tensor<4x5xf64> -> tensor<?x?x?x?xf64>
  return %0 : tensor<?x?x?x?xf64>
}

// -----

func.func @missing(%x: tensor<4x5xf64>) -> tensor<?x?x?xf64> {
  // expected-error @+1 {{must provide window_shape for all dimensions of `x`; got 1 window_shape elements and `x.ndim` is 2.}}
  %0 = numpy.sliding_window_view %x window [2] : tensor<4x5xf64> -> tensor<?x?x?xf64>
  return %0 : tensor<?x?x?xf64>
}

// -----

func.func @axes(%x: tensor<4x5xf64>) -> tensor<?x?x?xf64> {
  // expected-error @+1 {{got 1 window_shape elements and 2 axes elements.}}
  %0 = numpy.sliding_window_view %x window [2] {axes = array<i64: 0, 1>} : tensor<4x5xf64> -> tensor<?x?x?xf64>
  return %0 : tensor<?x?x?xf64>
}
