// RUN: npir-opt %s --split-input-file --verify-diagnostics

func.func @one_axis(%x: tensor<2x3xf64>) -> tensor<3x2xf64> {
  // expected-error @+1 {{exchanges two axes, not 1}}
  %0 = numpy.swapaxes %x axes [0] : tensor<2x3xf64> -> tensor<3x2xf64>
  return %0 : tensor<3x2xf64>
}

// -----

func.func @diagonal_of_vector(%x: tensor<3xf64>) -> tensor<3xf64> {
  // expected-error @+1 {{requires an array of at least two dimensions, not 1}}
  %0 = numpy.diagonal %x : tensor<3xf64> -> tensor<3xf64>
  return %0 : tensor<3xf64>
}

// -----

func.func @stack_shapes(%x: tensor<3xf64>, %y: tensor<4xf64>) -> tensor<2x3xf64> {
  // expected-error @+1 {{all input arrays must have the same shape, but there are (3,) and (4,)}}
  %0 = numpy.stack %x, %y axis 0 : tensor<3xf64>, tensor<4xf64> -> tensor<2x3xf64>
  return %0 : tensor<2x3xf64>
}

// -----

func.func @repeat_less_than_nothing(%x: tensor<3xf64>) -> tensor<0xf64> {
  // expected-error @+1 {{repeats may not contain negative values}}
  %0 = numpy.repeat %x times -1 : tensor<3xf64> -> tensor<0xf64>
  return %0 : tensor<0xf64>
}

// -----

func.func @pad_nothing(%x: tensor<0xf64>) -> tensor<2xf64> {
  // expected-error @+1 {{can't extend empty axis 0 using modes other than 'constant' or 'empty'}}
  %0 = numpy.pad_edge %x widths [1, 1] : tensor<0xf64> -> tensor<2xf64>
  return %0 : tensor<2xf64>
}

// -----

func.func @mask_shape(%x: tensor<3x4xf64>, %m: tensor<3x5xi1>) -> tensor<?xf64> {
  // expected-error @+1 {{boolean index did not match indexed array along axis 1; size of axis is 4 but size of corresponding boolean axis is 5}}
  %0 = numpy.index %x[array %m] : tensor<3x4xf64>, tensor<3x5xi1> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}

// -----

func.func @too_many(%x: tensor<3xf64>, %i: tensor<2xi64>) -> tensor<2xf64> {
  // expected-error @+1 {{too many indices for array: array is 1-dimensional, but 2 were indexed}}
  %0 = numpy.index %x[array %i, array %i] : tensor<3xf64>, tensor<2xi64>, tensor<2xi64> -> tensor<2xf64>
  return %0 : tensor<2xf64>
}

// -----

func.func @values(%x: tensor<3xf64>, %i: tensor<2xi64>, %v: tensor<3xf64>) -> tensor<3xf64> {
  // expected-error @+1 {{shape mismatch: value array of shape (3,) could not be broadcast to indexing result of shape (2,)}}
  %0 = numpy.set_index %x[array %i], %v : tensor<3xf64>, tensor<3xf64>, tensor<2xi64> -> tensor<3xf64>
  return %0 : tensor<3xf64>
}

// -----

func.func @nonzero_of_scalar(%x: tensor<f64>) -> tensor<?xi64> {
  // expected-error @+1 {{is not allowed on 0d arrays}}
  %0 = numpy.nonzero %x : tensor<f64> -> tensor<?xi64>
  return %0 : tensor<?xi64>
}

// -----

func.func @accumulate_scalar(%x: tensor<f64>) -> tensor<f64> {
  // expected-error @+1 {{cannot accumulate on a scalar}}
  %0 = numpy.maximum_accumulate %x : tensor<f64> -> tensor<f64>
  return %0 : tensor<f64>
}
