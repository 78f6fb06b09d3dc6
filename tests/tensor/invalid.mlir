// RUN: npir-opt %s --split-input-file --verify-diagnostics

func.func @offsets(%x: tensor<4x5xf64>) -> tensor<2xf64> {
  // expected-error @below {{expects one offset per source dimension, got 1 for rank 2}}
  %0 = tensor_ext.view %x[0] sizes [2] steps [1] dims [0] : tensor<4x5xf64> -> tensor<2xf64>
  return %0 : tensor<2xf64>
}

// -----

func.func @dims(%x: tensor<4x5xf64>) -> tensor<2xf64> {
  // expected-error @below {{dims has 2, but the source has rank 2}}
  %0 = tensor_ext.view %x[0, 0] sizes [2] steps [1] dims [2] : tensor<4x5xf64> -> tensor<2xf64>
  return %0 : tensor<2xf64>
}

// -----

func.func @lengths(%x: tensor<4x5xf64>) -> tensor<2xf64> {
  // expected-error @below {{expects as many steps and dims as sizes, got 1 sizes, 2 steps and 1 dims}}
  %0 = tensor_ext.view %x[0, 0] sizes [2] steps [1, 1] dims [0] : tensor<4x5xf64> -> tensor<2xf64>
  return %0 : tensor<2xf64>
}

// -----

func.func @too_far(%x: tensor<4xf64>) -> tensor<3xf64> {
  // expected-error @below {{walks elements 1 to 5 of source dimension 0, which has size 4}}
  %0 = tensor_ext.view %x[1] sizes [3] steps [2] dims [0] : tensor<4xf64> -> tensor<3xf64>
  return %0 : tensor<3xf64>
}

// -----

func.func @before_start(%x: tensor<?xf64>) -> tensor<3xf64> {
  // expected-error @below {{walks elements -1 to 1 of source dimension 0, which has size ?}}
  %0 = tensor_ext.view %x[1] sizes [3] steps [-1] dims [0] : tensor<?xf64> -> tensor<3xf64>
  return %0 : tensor<3xf64>
}

// -----

func.func @negative(%x: tensor<4xf64>) -> tensor<4xf64> {
  // expected-error @below {{has the negative size -3}}
  %0 = "tensor_ext.view"(%x) <{operandSegmentSizes = array<i32: 1, 0, 0, 0>, static_offsets = array<i64: 0>, static_sizes = array<i64: -3>, static_steps = array<i64: 1>, dims = array<i64: 0>}> : (tensor<4xf64>) -> tensor<4xf64>
  return %0 : tensor<4xf64>
}

// -----

func.func @result_type(%x: tensor<4xf64>) -> tensor<3xf64> {
  // expected-error @below {{infers result type 'tensor<2xf64>', which does not fit the written 'tensor<3xf64>'}}
  // expected-error @below {{failed to infer returned types}}
  %0 = tensor_ext.view %x[0] sizes [2] steps [1] dims [0] : tensor<4xf64> -> tensor<3xf64>
  return %0 : tensor<3xf64>
}

// -----

func.func @insert_shape(%v: tensor<3xf64>, %x: tensor<4xf64>) -> tensor<4xf64> {
  // expected-error @below {{expects a value of the shape of sizes, got tensor<3xf64>}}
  %0 = tensor_ext.insert_view %v into %x[0] sizes [2] steps [1] dims [0] : tensor<3xf64> into tensor<4xf64>
  return %0 : tensor<4xf64>
}

// -----

func.func @insert_type(%v: tensor<2xf32>, %x: tensor<4xf64>) -> tensor<4xf64> {
  // expected-error @below {{expects a value of the destination's element type f64, got f32}}
  %0 = tensor_ext.insert_view %v into %x[0] sizes [2] steps [1] dims [0] : tensor<2xf32> into tensor<4xf64>
  return %0 : tensor<4xf64>
}

// -----

func.func @insert_repeats(%v: tensor<2xf64>, %x: tensor<4xf64>) -> tensor<4xf64> {
  // expected-error @below {{writes the same element repeatedly along dimension 0}}
  %0 = tensor_ext.insert_view %v into %x[0] sizes [2] steps [0] dims [-1] : tensor<2xf64> into tensor<4xf64>
  return %0 : tensor<4xf64>
}

// -----

func.func @reshape(%x: tensor<4x5xf64>) -> tensor<3x6xf64> {
  // expected-error @below {{cannot turn tensor<4x5xf64> with 20 elements into tensor<3x6xf64> with 18}}
  %0 = tensor_ext.reshape %x[3, 6] : tensor<4x5xf64> -> tensor<3x6xf64>
  return %0 : tensor<3x6xf64>
}

// -----

func.func @scatter_updates(%u: tensor<9x5xf64>, %x: tensor<3x4xf64>, %i: tensor<9xi64>) -> tensor<3x4xf64> {
  // expected-error @below {{expects updates of the shape of the indices followed by the destination's dimensions from 1, got}}
  %0 = tensor_ext.scatter %u into %x at %i : tensor<9x5xf64> into tensor<3x4xf64> at tensor<9xi64> {
  ^bb0(%old: f64, %new: f64):
    tensor_ext.yield %new : f64
  }
  return %0 : tensor<3x4xf64>
}

// -----

func.func @scatter_indices(%u: tensor<9xf64>, %x: tensor<3xf64>, %i: tensor<9xf32>) -> tensor<3xf64> {
  // expected-error @below {{expects indices of an integer type}}
  %0 = tensor_ext.scatter %u into %x at %i : tensor<9xf64> into tensor<3xf64> at tensor<9xf32> {
  ^bb0(%old: f64, %new: f64):
    tensor_ext.yield %new : f64
  }
  return %0 : tensor<3xf64>
}

// -----

func.func @scatter_yield(%u: tensor<9xf64>, %x: tensor<3xf64>, %i: tensor<9xi64>) -> tensor<3xf64> {
  // expected-error @below {{expects to yield one f64}}
  %0 = tensor_ext.scatter %u into %x at %i : tensor<9xf64> into tensor<3xf64> at tensor<9xi64> {
  ^bb0(%old: f64, %new: f64):
    tensor_ext.yield %new, %new : f64, f64
  }
  return %0 : tensor<3xf64>
}

// -----

func.func @check(%c: i1, %i: index) {
  // expected-error @below {{has 2 placeholders in its message and 1 arguments}}
  tensor_ext.check %c, shape_mismatch, "shapes ({},) and ({},)"(%i : index)
  return
}

// -----

func.func @check_kind(%c: i1) {
  // expected-error @below {{expected one of shape_mismatch, index_out_of_bounds, value_error, overflow, zero_division, memory, unsupported, assertion, unbound, linalg, but found 'oops'}}
  tensor_ext.check %c, oops, "text"
  return
}

// -----

func.func @one_operand(%z: complex<f64>) -> complex<f64> {
  // expected-error @+1 {{'tensor_ext.libm' op takes 1 operands for cexp, got 2}}
  %0 = tensor_ext.libm cexp %z, %z : complex<f64>, complex<f64> -> complex<f64>
  return %0 : complex<f64>
}
