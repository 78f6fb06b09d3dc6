// RUN: npir-opt %s --split-input-file --verify-diagnostics

func.func @no_identity(%x: tensor<3xf64>, %m: tensor<3xi1>) -> tensor<f64> {
  // expected-error @+1 {{reduction operation 'minimum' does not have an identity, so to use a where mask one has to specify 'initial'}}
  %0 = numpy.min %x where %m : tensor<3xf64> where tensor<3xi1> -> tensor<f64>
  return %0 : tensor<f64>
}

// -----

func.func @mask_of_numbers(%x: tensor<3xf64>, %m: tensor<3xi8>) -> tensor<f64> {
  // expected-error @+1 {{needs a bool array as 'where', not int8 elements}}
  %0 = numpy.sum %x where %m : tensor<3xf64> where tensor<3xi8> -> tensor<f64>
  return %0 : tensor<f64>
}

// -----

func.func @mask_shape(%x: tensor<3xf64>, %m: tensor<2xi1>) -> tensor<f64> {
  // expected-error @+1 {{'where': shape (2,) does not broadcast to (3,)}}
  %0 = numpy.var %x where %m : tensor<3xf64> where tensor<2xi1> -> tensor<f64>
  return %0 : tensor<f64>
}

// -----

func.func @initial_type(%x: tensor<3xi32>, %i: tensor<i32>) -> tensor<i64> {
  // expected-error @+1 {{needs a 0-d array of int64 as 'initial', not tensor<i32>}}
  %0 = numpy.sum %x initial %i : tensor<3xi32> initial tensor<i32> -> tensor<i64>
  return %0 : tensor<i64>
}

// -----

func.func @no_initial(%x: tensor<3xi32>, %i: tensor<i1>) -> tensor<i1> {
  // expected-error @+1 {{takes no 'initial'}}
  %0 = numpy.any %x initial %i : tensor<3xi32> initial tensor<i1> -> tensor<i1>
  return %0 : tensor<i1>
}

// -----

func.func @bool_ptp(%x: tensor<3xi1>) -> tensor<i1> {
  // expected-error @+1 {{subtracts numbers, not bool; cast first}}
  %0 = numpy.ptp %x : tensor<3xi1> -> tensor<i1>
  return %0 : tensor<i1>
}

// -----

func.func @integer_variance(%x: tensor<3xf64>) -> tensor<i32> {
  // expected-error @+1 {{divides in floats, so its dtype cannot be i32}}
  %0 = numpy.var %x dtype i32 : tensor<3xf64> -> tensor<i32>
  return %0 : tensor<i32>
}
