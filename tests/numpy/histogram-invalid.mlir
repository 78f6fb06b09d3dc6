// RUN: npir-opt %s --split-input-file --verify-diagnostics

func.func @no_bins(%x: tensor<3xf64>) -> tensor<1xf64> {
  %n = arith.constant 0 : index
  // expected-error @+1 {{`bins` must be positive, when an integer: 0}}
  %0 = numpy.histogram_bin_edges %x bins %n : (tensor<3xf64>, index) -> tensor<1xf64>
  return %0 : tensor<1xf64>
}

// -----

func.func @matrix_of_edges(%x: tensor<3xf64>, %e: tensor<2x2xf64>) -> (tensor<?xi64>, tensor<2x2xf64>) {
  // expected-error @+1 {{`bins` must be 1d, when an array, not (2, 2)}}
  %0:2 = numpy.histogram %x bins %e : (tensor<3xf64>, tensor<2x2xf64>) -> (tensor<?xi64>, tensor<2x2xf64>)
  return %0#0, %0#1 : tensor<?xi64>, tensor<2x2xf64>
}

// -----

func.func @other_edges(%x: tensor<3xi64>, %e: tensor<2xf64>) -> (tensor<1xi64>, tensor<2xf64>) {
  // expected-error @+1 {{sorts int64 elements into bins between float64 edges; cast both to one type of integers or floats first}}
  %0:2 = numpy.histogram %x bins %e : (tensor<3xi64>, tensor<2xf64>) -> (tensor<1xi64>, tensor<2xf64>)
  return %0#0, %0#1 : tensor<1xi64>, tensor<2xf64>
}

// -----

func.func @weights(%x: tensor<3xf64>, %e: tensor<2xf64>, %w: tensor<4xf64>) -> (tensor<1xf64>, tensor<2xf64>) {
  // expected-error @+1 {{weights should have the same shape as a: shapes (4,) and (3,)}}
  %0:2 = numpy.histogram %x bins %e weights %w : (tensor<3xf64>, tensor<2xf64>, tensor<4xf64>) -> (tensor<1xf64>, tensor<2xf64>)
  return %0#0, %0#1 : tensor<1xf64>, tensor<2xf64>
}

// -----

func.func @range_type(%x: tensor<3xf32>, %n: index, %r: tensor<f32>) -> tensor<?xf32> {
  // expected-error @+1 {{needs a range of 0-d arrays of float64, got tensor<f32>}}
  %0 = numpy.histogram_bin_edges %x bins %n range %r, %r : (tensor<3xf32>, index, tensor<f32>, tensor<f32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @digitize(%x: tensor<3xi1>, %e: tensor<2xi1>) -> tensor<3xi64> {
  // expected-error @+1 {{sorts bool elements into bins between bool edges; cast both to one type of integers or floats first}}
  %0 = numpy.digitize %x, %e : tensor<3xi1>, tensor<2xi1> -> tensor<3xi64>
  return %0 : tensor<3xi64>
}

// -----

func.func @linspace(%a: tensor<f32>, %b: tensor<f64>) -> tensor<5xf32> {
  // expected-error @+1 {{needs 0-d arrays of one type, got tensor<f32> and tensor<f64>}}
  %0 = numpy.linspace %a, %b shape [5] : tensor<f32>, tensor<f64> -> tensor<5xf32>
  return %0 : tensor<5xf32>
}
