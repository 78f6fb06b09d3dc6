// What the verifiers of functions with two results or parameters say.
// RUN: npir-opt %s --split-input-file --verify-diagnostics

func.func @bools(%x: tensor<3xi1>) {
  // expected-error @+1 {{'numpy.divmod' op takes integer or float elements, not bool; cast first}}
  %q, %r = numpy.divmod %x, %x : tensor<3xi1>, tensor<3xi1> -> tensor<3xi1>, tensor<3xi1>
  return
}

// -----

func.func @shapes(%x: tensor<3xf64>, %y: tensor<4xf64>) {
  // expected-error @+1 {{'numpy.divmod' op shapes (3,) and (4,) do not broadcast}}
  %q, %r = numpy.divmod %x, %y : tensor<3xf64>, tensor<4xf64> -> tensor<3xf64>, tensor<3xf64>
  return
}

// -----

func.func @exponents(%x: tensor<3xf64>) {
  // expected-error @+1 {{'numpy.frexp' op has result type tensor<3xi64>, but tensor<3xi32> is inferred}}
  %m, %e = numpy.frexp %x : tensor<3xf64> -> tensor<3xf64>, tensor<3xi64>
  return
}

// -----

func.func @tolerance(%x: tensor<3xf64>) -> tensor<3xi1> {
  // expected-error @+1 {{'numpy.isclose' op needs a finite rtol}}
  %0 = numpy.isclose %x, %x rtol 0x7FF0000000000000 : tensor<3xf64>, tensor<3xf64> -> tensor<3xi1>
  return %0 : tensor<3xi1>
}

// -----

func.func @exponent(%x: tensor<3xf64>, %n: tensor<3xi32>) -> tensor<3xf64> {
  // expected-error @+1 {{'numpy.ldexp' op operand 'exponent' must be int64, not int32}}
  %0 = numpy.ldexp %x, %n : tensor<3xf64>, tensor<3xi32> -> tensor<3xf64>
  return %0 : tensor<3xf64>
}

// -----

func.func @scalar(%x: tensor<f64>, %y: tensor<3xf64>) -> tensor<f64> {
  // expected-error @+1 {{'numpy.vecdot' op the left operand has 0 dimensions, but needs at least 1}}
  %0 = numpy.vecdot %x, %y : tensor<f64>, tensor<3xf64> -> tensor<f64>
  return %0 : tensor<f64>
}

// -----

func.func @lengths(%a: tensor<2x3xf64>, %x: tensor<4xf64>) -> tensor<2xf64> {
  // expected-error @+1 {{'numpy.matvec' op shapes (2, 3) and (4,) do not align: 3 (dim 1) != 4 (dim 0)}}
  %0 = numpy.matvec %a, %x : tensor<2x3xf64>, tensor<4xf64> -> tensor<2xf64>
  return %0 : tensor<2xf64>
}
