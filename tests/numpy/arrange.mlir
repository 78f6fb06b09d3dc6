// Views and new arrangements: what moves nothing is one view, what is copied is inserted once.
// RUN: npir-opt %s --split-input-file | npir-opt --split-input-file | FileCheck %s --check-prefix=TEXT
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// TEXT: numpy.rot90 %{{.*}} k 1 axes [0, 1] : tensor<2x3xf32> -> tensor<3x2xf32>
// CHECK-LABEL: func.func @rot90
func.func @rot90(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  // CHECK: %[[V:.*]] = tensor_ext.view %{{.*}}[0, 2] sizes [3, 2] steps [-1, 1] dims [1, 0]
  // CHECK-NEXT: return %[[V]]
  %0 = numpy.rot90 %x k 1 axes [0, 1] : tensor<2x3xf32> -> tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}

// -----

// One loop walks two dimensions.
// CHECK: #[[DIAGONAL:.*]] = affine_map<(d0) -> (d0, d0)>
// CHECK-LABEL: func.func @diagonal
func.func @diagonal(%x: tensor<3x5xf64>) -> tensor<3xf64> {
  // CHECK: tensor_ext.view %{{.*}}[0, 1] sizes [3, 3]
  // CHECK: linalg.generic {indexing_maps = [#[[DIAGONAL]],
  %0 = numpy.diagonal %x offset 1 : tensor<3x5xf64> -> tensor<3xf64>
  return %0 : tensor<3xf64>
}

// -----

// TEXT: numpy.tile %{{.*}} reps [2, 1] : tensor<3xi8> -> tensor<2x3xi8>
// CHECK-LABEL: func.func @tile
func.func @tile(%x: tensor<3xi8>) -> tensor<2x3xi8> {
  // CHECK: tensor_ext.view %{{.*}}[0] sizes [2, 1, 1, 3] steps [0, 1, 0, 1] dims [-1, -1, -1, 0]
  // CHECK: tensor_ext.reshape
  %0 = numpy.tile %x reps [2, 1] : tensor<3xi8> -> tensor<2x3xi8>
  return %0 : tensor<2x3xi8>
}

// -----

// CHECK-LABEL: func.func @roll
func.func @roll(%x: tensor<5xi8>) -> tensor<5xi8> {
  // CHECK-COUNT-2: tensor_ext.insert_view
  // CHECK-NOT: tensor_ext.insert_view
  %0 = numpy.roll %x shift [-2] : tensor<5xi8> -> tensor<5xi8>
  return %0 : tensor<5xi8>
}

// -----

// The array, then one slab on each side.
// TEXT: numpy.pad_reflect %{{.*}} widths [2, 1] : tensor<4xf64> -> tensor<7xf64>
// CHECK-LABEL: func.func @pad
func.func @pad(%x: tensor<4xf64>) -> tensor<7xf64> {
  // CHECK: tensor_ext.insert_view %{{.*}} into %{{.*}}[2] sizes [4]
  // CHECK: tensor_ext.insert_view %{{.*}} into %{{.*}}[0] sizes [2]
  // CHECK: tensor_ext.insert_view %{{.*}} into %{{.*}}[6] sizes [1]
  %0 = numpy.pad_reflect %x widths [2, 1] : tensor<4xf64> -> tensor<7xf64>
  return %0 : tensor<7xf64>
}

// -----

// Counted in one pass, listed by a routine.
// CHECK-LABEL: func.func @flatnonzero
func.func @flatnonzero(%x: tensor<?xi1>) -> tensor<?xi64> {
  // CHECK: linalg.generic {{.*}} iterator_types = ["reduction"]
  // CHECK: tensor_ext.library nonzero for "numpy.flatnonzero"
  %0 = numpy.flatnonzero %x : tensor<?xi1> -> tensor<?xi64>
  return %0 : tensor<?xi64>
}

// -----

// Arrays next to each other stay in place; apart from each other they come first.
// TEXT: numpy.index %{{.*}}[:, array %{{.*}}, array %{{.*}}] : tensor<2x3x4xf64>, tensor<5xi64>, tensor<5xi64> -> tensor<2x5xf64>
// TEXT: numpy.index %{{.*}}[array %{{.*}}, :, array %{{.*}}] : tensor<2x3x4xf64>, tensor<5xi64>, tensor<5xi64> -> tensor<5x3xf64>
// CHECK-LABEL: func.func @index
func.func @index(%x: tensor<2x3x4xf64>, %i: tensor<5xi64>) -> (tensor<2x5xf64>, tensor<5x3xf64>) {
  // CHECK: tensor_ext.check %{{.*}}, index_out_of_bounds, "numpy.index: index {} is out of bounds for axis 1 with size {}"
  // CHECK: tensor.extract
  %0 = numpy.index %x[:, array %i, array %i] : tensor<2x3x4xf64>, tensor<5xi64>, tensor<5xi64> -> tensor<2x5xf64>
  %1 = numpy.index %x[array %i, :, array %i] : tensor<2x3x4xf64>, tensor<5xi64>, tensor<5xi64> -> tensor<5x3xf64>
  return %0, %1 : tensor<2x5xf64>, tensor<5x3xf64>
}

// -----

// One value where a mask is true is a selection; arrays of positions are a scatter.
// CHECK-LABEL: func.func @set_index
func.func @set_index(%x: tensor<?xf64>, %m: tensor<?xi1>, %v: tensor<f64>, %i: tensor<4xi64>) -> tensor<?xf64> {
  // CHECK: arith.select
  // CHECK: tensor_ext.scatter
  %0 = numpy.set_index %x[array %m], %v : tensor<?xf64>, tensor<f64>, tensor<?xi1> -> tensor<?xf64>
  %1 = numpy.set_index %0[array %i], %v : tensor<?xf64>, tensor<f64>, tensor<4xi64> -> tensor<?xf64>
  return %1 : tensor<?xf64>
}

// -----

// A scan accumulates in its own type.
// CHECK-LABEL: func.func @cumsum
func.func @cumsum(%x: tensor<?x3xi32>, %h: tensor<?xf16>) -> (tensor<?x3xi64>, tensor<?xf16>) {
  // CHECK: tensor_ext.scan %{{.*}} into %{{.*}} axis 0 : tensor<?x3xi32> into tensor<?x3xi64>
  // CHECK: arith.extsi
  // CHECK: tensor_ext.scan %{{.*}} into %{{.*}} axis 0 : tensor<?xf16> into tensor<?xf16>
  // CHECK: arith.addf %{{.*}} : f32
  // CHECK: arith.truncf
  %0 = numpy.cumsum %x axis 0 : tensor<?x3xi32> -> tensor<?x3xi64>
  %1 = numpy.cumsum %h : tensor<?xf16> -> tensor<?xf16>
  return %0, %1 : tensor<?x3xi64>, tensor<?xf16>
}
