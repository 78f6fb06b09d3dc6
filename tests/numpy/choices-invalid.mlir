// RUN: npir-opt %s --split-input-file --verify-diagnostics

func.func @types(%i: tensor<3xi64>, %a: tensor<3xi16>, %b: tensor<3xi32>) -> tensor<3xi16> {
  // expected-error @+1 {{chooses from element types int16 and int32; cast one first}}
  %0 = numpy.choose %i, %a, %b : tensor<3xi64>, tensor<3xi16>, tensor<3xi32> -> tensor<3xi16>
  return %0 : tensor<3xi16>
}

// -----

func.func @lengths(%c: tensor<3xi1>, %a: tensor<3xf64>) -> tensor<3xf64> {
  // expected-error @+1 {{list of cases must be same length as list of conditions}}
  %0 = numpy.select %c choices %a, %a default %a : (tensor<3xi1>, tensor<3xf64>, tensor<3xf64>, tensor<3xf64>) -> tensor<3xf64>
  return %0 : tensor<3xf64>
}

// -----

func.func @mask(%x: tensor<3xf64>, %m: tensor<2xi1>) -> tensor<3xf64> {
  // expected-error @+1 {{mask and data must be the same size: shapes (2,) and (3,)}}
  %0 = numpy.putmask %x, %m, %x : tensor<3xf64>, tensor<2xi1>, tensor<3xf64> -> tensor<3xf64>
  return %0 : tensor<3xf64>
}

// -----

func.func @grids(%x: tensor<3xf64>) -> tensor<3x3xf64> {
  // expected-error @+1 {{has 1 results, but 2 are inferred}}
  %0 = numpy.meshgrid %x, %x : tensor<3xf64>, tensor<3xf64> -> tensor<3x3xf64>
  return %0 : tensor<3x3xf64>
}

// -----

func.func @gradient(%x: tensor<2xf64>) -> tensor<2xf64> {
  // expected-error @+1 {{Shape of array too small to calculate a numerical gradient}}
  %0 = numpy.gradient %x second_order : (tensor<2xf64>) -> tensor<2xf64>
  return %0 : tensor<2xf64>
}

// -----

func.func @cross(%x: tensor<4xf64>) -> tensor<3xf64> {
  // expected-error @+1 {{needs vectors of 3 elements, not of 4}}
  %0 = numpy.cross %x, %x : tensor<4xf64>, tensor<4xf64> -> tensor<3xf64>
  return %0 : tensor<3xf64>
}

// -----

func.func @points(%x: tensor<2xf64>, %y: tensor<3xf64>) -> tensor<2xf64> {
  // expected-error @+1 {{fp and xp are not of the same length: 3 and 2}}
  %0 = numpy.interp %x, %x, %y : (tensor<2xf64>, tensor<2xf64>, tensor<3xf64>) -> tensor<2xf64>
  return %0 : tensor<2xf64>
}
