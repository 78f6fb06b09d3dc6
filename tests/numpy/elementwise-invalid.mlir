// What the verifier of the elementwise operations says.
// RUN: npir-opt %s --split-input-file --verify-diagnostics

func.func @shapes(%a: tensor<3x4xf64>, %b: tensor<5xf64>) -> tensor<3x4xf64> {
  // expected-error @+1 {{'numpy.add' op shapes (3, 4) and (5,) do not broadcast}}
  %0 = numpy.add %a, %b : tensor<3x4xf64>, tensor<5xf64> -> tensor<3x4xf64>
  return %0 : tensor<3x4xf64>
}

// -----

func.func @shapes_of_three(%c: tensor<2xi1>, %x: tensor<3xf32>, %y: tensor<f32>) -> tensor<3xf32> {
  // expected-error @+1 {{'numpy.where' op shapes (2,), (3,) and () do not broadcast}}
  %0 = numpy.where %c, %x, %y : tensor<2xi1>, tensor<3xf32>, tensor<f32> -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @dynamic_against_static(%a: tensor<?x3xf64>, %b: tensor<?x4xf64>) -> tensor<?x4xf64> {
  // expected-error @+1 {{'numpy.multiply' op shapes (?, 3) and (?, 4) do not broadcast}}
  %0 = numpy.multiply %a, %b : tensor<?x3xf64>, tensor<?x4xf64> -> tensor<?x4xf64>
  return %0 : tensor<?x4xf64>
}

// -----

func.func @element_types_differ(%a: tensor<3xf64>, %b: tensor<3xi32>) -> tensor<3xf64> {
  // expected-error @+1 {{'numpy.add' op operands have element types float64 and int32; cast one first}}
  %0 = numpy.add %a, %b : tensor<3xf64>, tensor<3xi32> -> tensor<3xf64>
  return %0 : tensor<3xf64>
}

// -----

func.func @element_type_is_not_taken(%a: tensor<3xf64>) -> tensor<3xf64> {
  // expected-error @+1 {{'numpy.bitwise_and' op takes bool or integer elements, not float64; cast first}}
  %0 = numpy.bitwise_and %a, %a : tensor<3xf64>, tensor<3xf64> -> tensor<3xf64>
  return %0 : tensor<3xf64>
}

// -----

func.func @bool_has_no_negative(%a: tensor<3xi1>) -> tensor<3xi1> {
  // expected-error @+1 {{'numpy.negative' op takes integer, float or complex elements, not bool; cast first}}
  %0 = numpy.negative %a : tensor<3xi1> -> tensor<3xi1>
  return %0 : tensor<3xi1>
}

// -----

func.func @result_element_type(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{'numpy.less' op has a result of float32 elements, but less of float32 gives bool}}
  %0 = numpy.less %a, %a : tensor<3xf32>, tensor<3xf32> -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @float_of_integer(%a: tensor<3xi8>) -> tensor<3xf64> {
  // expected-error @+1 {{'numpy.exp' op has a result of float64 elements, but exp of int8 gives float16}}
  %0 = numpy.exp %a : tensor<3xi8> -> tensor<3xf64>
  return %0 : tensor<3xf64>
}

// -----

func.func @result_shape(%a: tensor<3x1xf32>, %b: tensor<4xf32>) -> tensor<3x5xf32> {
  // expected-error @+1 {{'numpy.add' op has result type tensor<3x5xf32>, but tensor<3x4xf32> is inferred}}
  %0 = numpy.add %a, %b : tensor<3x1xf32>, tensor<4xf32> -> tensor<3x5xf32>
  return %0 : tensor<3x5xf32>
}

// -----

func.func @condition(%a: tensor<3xi32>) -> tensor<3xi32> {
  // expected-error @+1 {{'numpy.where' op operand 'condition' must be bool, not int32}}
  %0 = numpy.where %a, %a, %a : tensor<3xi32>, tensor<3xi32>, tensor<3xi32> -> tensor<3xi32>
  return %0 : tensor<3xi32>
}

// -----

func.func @no_element_type_of_numpy(%a: tensor<3xi7>) -> tensor<3xi7> {
  // expected-error @+1 {{'numpy.add' op operand 'lhs' must be an array}}
  %0 = numpy.add %a, %a : tensor<3xi7>, tensor<3xi7> -> tensor<3xi7>
  return %0 : tensor<3xi7>
}

// -----

func.func @cast_changes_shape(%a: tensor<3xf32>) -> tensor<4xf64> {
  // expected-error @+1 {{'numpy.cast' op cannot change shape (3,) to (4,)}}
  %0 = numpy.cast %a : tensor<3xf32> -> tensor<4xf64>
  return %0 : tensor<4xf64>
}
