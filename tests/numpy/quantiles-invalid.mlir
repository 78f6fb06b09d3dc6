// RUN: npir-opt %s --split-input-file --verify-diagnostics

func.func @integers(%x: tensor<3xf64>, %q: tensor<i64>) -> tensor<f64> {
  // expected-error @+1 {{needs q of floats, not of int64}}
  %0 = numpy.quantile %x, %q : tensor<3xf64>, tensor<i64> -> tensor<f64>
  return %0 : tensor<f64>
}

// -----

func.func @weak_vector(%x: tensor<3xf32>, %q: tensor<2xf64>) -> tensor<2xf32> {
  // expected-error @+1 {{needs a 0-d q of float64 where it is weak, not tensor<2xf64>}}
  %0 = numpy.quantile %x, %q weak : tensor<3xf32>, tensor<2xf64> -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @between_bools(%x: tensor<3xi1>, %q: tensor<f64>) -> tensor<f64> {
  // expected-error @+1 {{is not defined between bools; cast them first}}
  %0 = numpy.percentile %x, %q : tensor<3xi1>, tensor<f64> -> tensor<f64>
  return %0 : tensor<f64>
}

// -----

func.func @rank(%x: tensor<3xf64>, %q: tensor<1x1x1xf64>) -> tensor<1x1x1xf64> {
  // expected-error @+1 {{q must be a scalar or 1d, not of shape (1, 1, 1)}}
  %0 = numpy.quantile %x, %q : tensor<3xf64>, tensor<1x1x1xf64> -> tensor<1x1x1xf64>
  return %0 : tensor<1x1x1xf64>
}

// -----

func.func @axis(%x: tensor<3xf64>) -> tensor<f64> {
  // expected-error @+1 {{axis 1 is out of bounds for array of dimension 1}}
  %0 = numpy.median %x axes [1] : tensor<3xf64> -> tensor<f64>
  return %0 : tensor<f64>
}
