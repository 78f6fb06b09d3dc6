// RUN: npir-opt %s --split-input-file --verify-diagnostics

func.func @sort_scalar(%x: tensor<f64>) -> tensor<f64> {
  // expected-error @+1 {{axis -1 is out of bounds for array of dimension 0}}
  %0 = numpy.sort %x : tensor<f64> -> tensor<f64>
  return %0 : tensor<f64>
}

// -----

func.func @kth(%x: tensor<3xf64>) -> tensor<3xf64> {
  // expected-error @+1 {{kth(=3) out of bounds (3)}}
  %0 = numpy.partition %x kth 3 : tensor<3xf64> -> tensor<3xf64>
  return %0 : tensor<3xf64>
}

// -----

func.func @other_values(%a: tensor<3xf64>, %v: tensor<2xf32>) -> tensor<2xi64> {
  // expected-error @+1 {{searches for float32 values among float64 elements; cast one first}}
  %0 = numpy.searchsorted %a, %v : tensor<3xf64>, tensor<2xf32> -> tensor<2xi64>
  return %0 : tensor<2xi64>
}

// -----

func.func @missing_result(%x: tensor<3xf64>) -> tensor<?xf64> {
  // expected-error @+1 {{has 1 results, but 2 are inferred}}
  %0 = numpy.unique %x counts : tensor<3xf64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}
