// What the verifiers of the array ops say, with shapes as NumPy writes them.
// RUN: npir-opt %s --split-input-file --verify-diagnostics

func.func @constant_no_array() {
  // expected-error @+1 {{'numpy.constant' op needs elements of an array type, got dense<1> : tensor<2xindex>}}
  %0 = "numpy.constant"() {value = dense<1> : tensor<2xindex>} : () -> tensor<2xf64>
  return
}

// -----

func.func @constant_type() {
  // expected-error @+1 {{'numpy.constant' op has result type tensor<3xf64>, but its value is tensor<2xf64>}}
  %0 = "numpy.constant"() {value = dense<1.0> : tensor<2xf64>} : () -> tensor<3xf64>
  return
}

// -----

func.func @item(%x: tensor<2x1xf64>) {
  // expected-error @+1 {{'numpy.item' op can only convert an array of size 1 to a scalar, not one of shape (2, 1)}}
  %0 = "numpy.item"(%x) : (tensor<2x1xf64>) -> f64
  return
}

// -----

func.func @dim(%x: tensor<2xf64>) {
  // expected-error @+1 {{'numpy.dim' op axis 1 is out of bounds for array of dimension 1}}
  %0 = "numpy.dim"(%x) {axis = 1 : i64} : (tensor<2xf64>) -> index
  return
}

// -----

func.func @full_value(%v: tensor<1xf64>) -> tensor<2xf64> {
  // expected-error @+1 {{'numpy.full' op needs a 0-d array as value, got tensor<1xf64>}}
  %0 = numpy.full %v shape [2] : tensor<1xf64> -> tensor<2xf64>
  return %0 : tensor<2xf64>
}

// -----

func.func @full_negative(%v: tensor<f64>) -> tensor<?xf64> {
  // expected-error @+1 {{'numpy.full' op negative dimensions are not allowed: size -2}}
  %0 = numpy.full %v shape [-2] : tensor<f64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}

// -----

func.func @full_too_big(%v: tensor<f64>) {
  // expected-error @+1 {{'numpy.full' op array of shape (4294967296, 4294967296, 0) is too big}}
  %0 = numpy.full %v shape [4294967296, 4294967296, 0] : tensor<f64> -> tensor<4294967296x4294967296x0xf64>
  return
}

// -----

func.func @full_operands(%v: tensor<f64>, %n: index) {
  // expected-error @+1 {{'numpy.full' op has 0 dynamic sizes but 1 size operands}}
  %0 = "numpy.full"(%v, %n) {shape = array<i64: 2>} : (tensor<f64>, index) -> tensor<2xf64>
  return
}

// -----

func.func @iota_bool() {
  // expected-error @+1 {{'numpy.iota' op counts in numbers, not in bool}}
  %0 = numpy.iota shape [2] : tensor<2xi1>
  return
}

// -----

func.func @iota_rank() {
  // expected-error @+1 {{'numpy.iota' op has one dimension, but 2 sizes are given}}
  %0 = numpy.iota shape [2, 2] : tensor<2x2xi64>
  return
}

// -----

func.func @arange_types(%a: tensor<f64>, %b: tensor<f32>) {
  // expected-error @+1 {{'numpy.arange' op needs 0-d arrays of one type, got tensor<f64> and tensor<f32>}}
  %0 = numpy.arange %a, %b shape [2] : tensor<f64>, tensor<f32> -> tensor<2xf64>
  return
}

// -----

func.func @reduce_axis(%x: tensor<2x3xf64>) {
  // expected-error @+1 {{'numpy.sum' op axis 2 is out of bounds for array of dimension 2}}
  %0 = numpy.sum %x axes [2] : tensor<2x3xf64> -> tensor<2x3xf64>
  return
}

// -----

func.func @reduce_twice(%x: tensor<2x3xf64>) {
  // expected-error @+1 {{'numpy.prod' op duplicate value in 'axis'}}
  %0 = numpy.prod %x axes [0, -2] : tensor<2x3xf64> -> tensor<3xf64>
  return
}

// -----

func.func @reduce_result(%x: tensor<2x3xf64>) {
  // expected-error @+1 {{'numpy.sum' op has result type tensor<2xf64>, but tensor<3xf64> is inferred}}
  %0 = numpy.sum %x axes [0] : tensor<2x3xf64> -> tensor<2xf64>
  return
}

// -----

// A declaration may say less than is known, never more.
func.func @reduce_claims(%x: tensor<?x3xf64>) {
  // expected-error @+1 {{'numpy.sum' op has result type tensor<4xf64>, but tensor<?xf64> is inferred}}
  %0 = numpy.sum %x axes [1] : tensor<?x3xf64> -> tensor<4xf64>
  return
}

// -----

func.func @reduce_dtype(%x: tensor<3xf64>) {
  // expected-error @+1 {{'numpy.max' op has result type tensor<f32>, but tensor<f64> is inferred}}
  %0 = numpy.max %x : tensor<3xf64> -> tensor<f32>
  return
}

// -----

func.func @reduce_dtype_int(%x: tensor<3xf64>) {
  // expected-error @+1 {{'numpy.sum' op cannot accumulate float64 elements in int32; cast them first}}
  %0 = numpy.sum %x dtype i32 : tensor<3xf64> -> tensor<i32>
  return
}

// -----

func.func @mean_dtype(%x: tensor<3xi32>) {
  // expected-error @+1 {{'numpy.mean' op divides in floats, so its dtype cannot be int64}}
  %0 = numpy.mean %x dtype i64 : tensor<3xi32> -> tensor<i64>
  return
}

// -----

func.func @min_of_nothing(%x: tensor<0x3xf64>) {
  // expected-error @+1 {{'numpy.min' op zero-size array to reduction operation minimum which has no identity: input has shape (0, 3)}}
  %0 = numpy.min %x axes [0] : tensor<0x3xf64> -> tensor<3xf64>
  return
}

// -----

func.func @reduce_complex(%x: tensor<3xcomplex<f64>>) {
  // expected-error @+1 {{'numpy.sum' op cannot accumulate complex128 elements in float64; cast them first}}
  %0 = numpy.sum %x dtype f64 : tensor<3xcomplex<f64>> -> tensor<f64>
  return
}

// -----

func.func @argmin_of_nothing(%x: tensor<3x0xf64>) {
  // expected-error @+1 {{'numpy.argmin' op attempt to get argmin of an empty sequence: input has shape (3, 0)}}
  %0 = numpy.argmin %x axis 1 : tensor<3x0xf64> -> tensor<3xi64>
  return
}

// -----

func.func @matmul_inner(%a: tensor<2x3xf64>, %b: tensor<4x5xf64>) {
  // expected-error @+1 {{'numpy.matmul' op shapes (2, 3) and (4, 5) do not align: 3 (dim 1) != 4 (dim 0)}}
  %0 = numpy.matmul %a, %b : tensor<2x3xf64>, tensor<4x5xf64> -> tensor<2x5xf64>
  return
}

// -----

func.func @matmul_scalar(%a: tensor<f64>, %b: tensor<4xf64>) {
  // expected-error @+1 {{'numpy.matmul' op the left operand is a scalar: multiply instead}}
  %0 = numpy.matmul %a, %b : tensor<f64>, tensor<4xf64> -> tensor<4xf64>
  return
}

// -----

func.func @matmul_stacks(%a: tensor<2x5x3xf64>, %b: tensor<4x3x5xf64>) {
  // expected-error @+1 {{'numpy.matmul' op the stacks of shapes (2, 5, 3) and (4, 3, 5) do not broadcast}}
  %0 = numpy.matmul %a, %b : tensor<2x5x3xf64>, tensor<4x3x5xf64> -> tensor<4x5x5xf64>
  return
}

// -----

func.func @matmul_types(%a: tensor<2x3xf64>, %b: tensor<3xf32>) {
  // expected-error @+1 {{'numpy.matmul' op operands have element types float64 and float32; cast one first}}
  %0 = numpy.matmul %a, %b : tensor<2x3xf64>, tensor<3xf32> -> tensor<2xf64>
  return
}

// -----

func.func @transpose_repeated(%x: tensor<2x3xf64>) {
  // expected-error @+1 {{'numpy.transpose' op repeated axis in transpose}}
  %0 = numpy.transpose %x axes [1, 1] : tensor<2x3xf64> -> tensor<3x3xf64>
  return
}

// -----

func.func @transpose_count(%x: tensor<2x3xf64>) {
  // expected-error @+1 {{'numpy.transpose' op axes don't match array: 1 axes for dimension 2}}
  %0 = numpy.transpose %x axes [1] : tensor<2x3xf64> -> tensor<3xf64>
  return
}

// -----

func.func @broadcast_to(%x: tensor<3xf64>) {
  // expected-error @+1 {{'numpy.broadcast_to' op shape (3,) does not broadcast to (2, 4)}}
  %0 = numpy.broadcast_to %x shape [2, 4] : tensor<3xf64> -> tensor<2x4xf64>
  return
}

// -----

func.func @expand_dims(%x: tensor<3xf64>) {
  // expected-error @+1 {{'numpy.expand_dims' op axis 2 is out of bounds for array of dimension 2}}
  %0 = numpy.expand_dims %x axes [2] : tensor<3xf64> -> tensor<3x1xf64>
  return
}

// -----

func.func @squeeze(%x: tensor<3x1xf64>) {
  // expected-error @+1 {{'numpy.squeeze' op cannot select an axis to squeeze out which has size not equal to one: input has shape (3, 1)}}
  %0 = numpy.squeeze %x axes [0] : tensor<3x1xf64> -> tensor<1xf64>
  return
}

// -----

func.func @squeeze_dynamic(%x: tensor<?x1xf64>) {
  // expected-error @+1 {{'numpy.squeeze' op the rank of the result depends on sizes in (?, 1): give the axes}}
  %0 = numpy.squeeze %x : tensor<?x1xf64> -> tensor<?xf64>
  return
}

// -----

func.func @reshape_size(%x: tensor<2x3xf64>) {
  // expected-error @+1 {{'numpy.reshape' op cannot reshape array of size 6 and shape (2, 3) into shape (4, -1)}}
  %0 = numpy.reshape %x shape [4, -1] : tensor<2x3xf64> -> tensor<4x?xf64>
  return
}

// -----

func.func @reshape_unknown(%x: tensor<2x3xf64>) {
  // expected-error @+1 {{'numpy.reshape' op can only specify one unknown dimension}}
  %0 = numpy.reshape %x shape [-1, -1] : tensor<2x3xf64> -> tensor<?x?xf64>
  return
}

// -----

func.func @slice_items(%x: tensor<2xf64>) {
  // expected-error @+1 {{'numpy.slice' op too many indices for array: array is 1-dimensional, but 2 were indexed}}
  %0 = numpy.slice %x[0, :] : tensor<2xf64> -> tensor<2xf64>
  return
}

// -----

func.func @slice_bounds(%x: tensor<2x3xf64>) {
  // expected-error @+1 {{'numpy.slice' op index -4 is out of bounds for axis 1 with size 3: array has shape (2, 3)}}
  %0 = numpy.slice %x[0, -4] : tensor<2x3xf64> -> tensor<f64>
  return
}

// -----

func.func @slice_step(%x: tensor<?xf64>) {
  // expected-error @+1 {{'numpy.slice' op slice step cannot be zero}}
  %0 = numpy.slice %x[::0] : tensor<?xf64> -> tensor<?xf64>
  return
}

// -----

func.func @slice_syntax(%x: tensor<?xf64>) {
  // expected-error @+1 {{expected a position, a slice or newaxis}}
  %0 = numpy.slice %x[,] : tensor<?xf64> -> tensor<?xf64>
  return
}

// -----

func.func @slice_operands(%x: tensor<4xf64>, %i: index) {
  // expected-error @+1 {{'numpy.slice' op has 0 bounds in operands, but 1 operands}}
  %0 = "numpy.slice"(%x, %i) {items = [array<i64: 0>]} : (tensor<4xf64>, index) -> tensor<f64>
  return
}

// -----

func.func @slice_attribute(%x: tensor<4xf64>) {
  // expected-error @+1 {{'numpy.slice' op attribute 'items' must be an index expression}}
  %0 = "numpy.slice"(%x) {items = [array<i64: 9, 1, 2, 3>]} : (tensor<4xf64>) -> tensor<f64>
  return
}

// -----

func.func @set_slice_shape(%x: tensor<3xf64>, %v: tensor<2x2xf64>) {
  // expected-error @+1 {{'numpy.set_slice' op could not broadcast input array from shape (2, 2) into shape (2,)}}
  %0 = numpy.set_slice %x[0:2], %v : tensor<3xf64>, tensor<2x2xf64> -> tensor<3xf64>
  return
}

// -----

func.func @set_slice_types(%x: tensor<3xf64>, %v: tensor<i64>) {
  // expected-error @+1 {{'numpy.set_slice' op sets float64 elements to int64 values; cast them first}}
  %0 = numpy.set_slice %x[0], %v : tensor<3xf64>, tensor<i64> -> tensor<3xf64>
  return
}

// -----

func.func @take_mask(%x: tensor<3xf64>, %m: tensor<3xi1>) {
  // expected-error @+1 {{'numpy.take' op operand 'indices' must be an array of integers, but is}}
  %0 = numpy.take %x, %m axis 0 : tensor<3xf64>, tensor<3xi1> -> tensor<3xf64>
  return
}

// -----

func.func @take_from_nothing(%x: tensor<3x0xf64>, %i: tensor<2xi64>) {
  // expected-error @+1 {{'numpy.take' op cannot do a non-empty take from an empty axis: array has shape (3, 0)}}
  %0 = numpy.take %x, %i axis 1 : tensor<3x0xf64>, tensor<2xi64> -> tensor<3x2xf64>
  return
}

// -----

func.func @at_values(%x: tensor<4x3xf64>, %i: tensor<5xi64>, %v: tensor<2x3xf64>) {
  // expected-error @+1 {{'numpy.add_at' op values of shape (2, 3) do not broadcast to (5, 3)}}
  %0 = numpy.add_at %x[%i], %v : tensor<4x3xf64>[tensor<5xi64>], tensor<2x3xf64> -> tensor<4x3xf64>
  return
}

// -----

func.func @at_indices(%x: tensor<4x3xf64>, %i: tensor<5xi64>, %j: tensor<2xi64>, %v: tensor<f64>) {
  // expected-error @+1 {{'numpy.add_at' op index arrays: shapes (5,) and (2,) do not broadcast}}
  %0 = numpy.add_at %x[%i, %j], %v : tensor<4x3xf64>[tensor<5xi64>, tensor<2xi64>], tensor<f64> -> tensor<4x3xf64>
  return
}

// -----

func.func @at_too_many(%x: tensor<4xf64>, %i: tensor<5xi64>, %v: tensor<f64>) {
  // expected-error @+1 {{'numpy.add_at' op too many indices for array: array is 1-dimensional, but 2 were indexed}}
  %0 = numpy.add_at %x[%i, %i], %v : tensor<4xf64>[tensor<5xi64>, tensor<5xi64>], tensor<f64> -> tensor<4xf64>
  return
}

// -----

func.func @at_bool(%x: tensor<4xi1>, %i: tensor<5xi64>, %v: tensor<i1>) {
  // expected-error @+1 {{'numpy.subtract_at' op is not defined for bool elements}}
  %0 = numpy.subtract_at %x[%i], %v : tensor<4xi1>[tensor<5xi64>], tensor<i1> -> tensor<4xi1>
  return
}

// -----

func.func @bincount_rank(%x: tensor<4x2xi64>) {
  // expected-error @+1 {{'numpy.bincount' op counts in a vector, not in shape (4, 2)}}
  %0 = "numpy.bincount"(%x) {operandSegmentSizes = array<i32: 1, 0, 0>} : (tensor<4x2xi64>) -> tensor<?xi64>
  return
}

// -----

func.func @bincount_weights(%x: tensor<4xi64>, %w: tensor<3xf64>) {
  // expected-error @+1 {{'numpy.bincount' op the weights and list don't have the same length: shapes (3,) and (4,)}}
  %0 = numpy.bincount %x weights %w : (tensor<4xi64>, tensor<3xf64>) -> tensor<?xf64>
  return
}

// -----

func.func @bincount_minlength(%x: tensor<4xi64>) {
  %n = arith.constant -1 : index
  // expected-error @+1 {{'numpy.bincount' op 'minlength' must not be negative: -1}}
  %0 = numpy.bincount %x minlength %n : (tensor<4xi64>, index) -> tensor<?xi64>
  return
}

// -----

func.func @concatenate_shapes(%a: tensor<2x3xf64>, %b: tensor<2x4xf64>) {
  // expected-error @+1 {{'numpy.concatenate' op all the input array dimensions except for the concatenation axis must match exactly, but the arrays at index 0 and 1 have shapes (2, 3) and (2, 4)}}
  %0 = numpy.concatenate %a, %b axis 0 : tensor<2x3xf64>, tensor<2x4xf64> -> tensor<4x3xf64>
  return
}

// -----

func.func @concatenate_scalars(%a: tensor<f64>) {
  // expected-error @+1 {{'numpy.concatenate' op zero-dimensional arrays cannot be concatenated}}
  %0 = numpy.concatenate %a axis 0 : tensor<f64> -> tensor<1xf64>
  return
}

// -----

// expected-error @+1 {{'func.func' op 'numpy.updates' says that argument 0 becomes result 0, but their types are tensor<4xf64> and tensor<4xf32>}}
func.func @updates_type(%x: tensor<4xf64> {numpy.updates = 0}, %y: tensor<4xf32>) -> tensor<4xf32> {
  return %y : tensor<4xf32>
}

// -----

// expected-error @+1 {{'func.func' op 'numpy.updates' on argument 0 names result 1, but there are 1}}
func.func @updates_result(%x: tensor<4xf64> {numpy.updates = 1}) -> tensor<4xf64> {
  return %x : tensor<4xf64>
}

// -----

// expected-error @+1 {{'func.func' op 'numpy.updates' of arguments 0 and 1 name the same result}}
func.func @updates_twice(%x: tensor<4xf64> {numpy.updates = 0}, %y: tensor<4xf64> {numpy.updates = 0}) -> tensor<4xf64> {
  return %x : tensor<4xf64>
}

// -----

// expected-error @+1 {{'func.func' op has an unknown or malformed attribute 'numpy.update' on argument 0}}
func.func @updates_name(%x: tensor<4xf64> {numpy.update = 0}) -> tensor<4xf64> {
  return %x : tensor<4xf64>
}
