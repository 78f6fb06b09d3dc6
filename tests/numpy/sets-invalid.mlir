// RUN: npir-opt %s --split-input-file --verify-diagnostics

func.func @other_type(%x: tensor<3xf64>, %t: tensor<2xf32>) -> tensor<3xi1> {
  // expected-error @+1 {{operands have element types float64 and float32; cast one first}}
  %0 = numpy.isin %x, %t : tensor<3xf64>, tensor<2xf32> -> tensor<3xi1>
  return %0 : tensor<3xi1>
}

// -----

func.func @missing_result(%x: tensor<3xf64>) -> tensor<?xf64> {
  // expected-error @+1 {{has 1 results, but 3 are inferred}}
  %0 = numpy.intersect1d %x, %x indices : tensor<3xf64>, tensor<3xf64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}
