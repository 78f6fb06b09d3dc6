// RUN: npir-opt %s --split-input-file --verify-diagnostics

func.func @weights(%x: tensor<2x3xf64>, %w: tensor<2xf64>) -> tensor<2xf64> {
  // expected-error @+1 {{Shape of weights must be consistent with shape of a along specified axis: (2,) and (2, 3)}}
  %0 = numpy.average %x weights %w axes [1] : tensor<2x3xf64> weights tensor<2xf64> -> tensor<2xf64>
  return %0 : tensor<2xf64>
}

// -----

func.func @rank(%x: tensor<2x3x4xf64>) -> tensor<2x2xf64> {
  // expected-error @+1 {{m has more than 2 dimensions}}
  %0 = numpy.cov %x : tensor<2x3x4xf64> -> tensor<2x2xf64>
  return %0 : tensor<2x2xf64>
}

// -----

func.func @keys(%x: tensor<2xf64>, %y: tensor<3xf64>) -> tensor<2xi64> {
  // expected-error @+1 {{all keys need to be the same shape, but they have (2,) and (3,)}}
  %0 = numpy.lexsort %x, %y : tensor<2xf64>, tensor<3xf64> -> tensor<2xi64>
  return %0 : tensor<2xi64>
}
