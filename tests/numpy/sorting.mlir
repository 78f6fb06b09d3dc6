// Sorting is a routine of the runtime on rows; another axis is a view with that axis last.
// RUN: npir-opt %s --split-input-file | npir-opt --split-input-file | FileCheck %s --check-prefix=TEXT
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// TEXT: numpy.sort %{{.*}} axis 0 stable : tensor<2x3xui8> -> tensor<2x3xui8>
// CHECK-LABEL: func.func @sort
func.func @sort(%x: tensor<2x3xui8>) -> tensor<2x3xui8> {
  // CHECK: %[[ROWS:.*]] = tensor_ext.view %{{.*}} dims [1, 0] : tensor<2x3xi8> -> tensor<3x2xi8>
  // CHECK: %[[SORTED:.*]] = tensor_ext.library sort for "numpy.sort" params [1, 1] ins (%[[ROWS]] : tensor<3x2xi8>)
  // CHECK: tensor_ext.view %[[SORTED]]{{.*}} dims [1, 0]
  %0 = numpy.sort %x axis 0 stable : tensor<2x3xui8> -> tensor<2x3xui8>
  return %0 : tensor<2x3xui8>
}

// -----

// CHECK-LABEL: func.func @argsort
func.func @argsort(%x: tensor<?xf64>) -> tensor<?xi64> {
  // CHECK: tensor_ext.library argsort for "numpy.argsort" params [0]
  %0 = numpy.argsort %x flat : tensor<?xf64> -> tensor<?xi64>
  return %0 : tensor<?xi64>
}

// -----

// CHECK-LABEL: func.func @partition
func.func @partition(%x: tensor<?xf64>) -> tensor<?xf64> {
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.partition: kth(=3) out of bounds ({})"
  // CHECK: tensor_ext.library partition for "numpy.partition" params [0, 3]
  %0 = numpy.partition %x kth 3 : tensor<?xf64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}

// -----

// TEXT: numpy.searchsorted %{{.*}}, %{{.*}} right : tensor<5xf32>, tensor<2x2xf32> -> tensor<2x2xi64>
// CHECK-LABEL: func.func @searchsorted
func.func @searchsorted(%a: tensor<5xf32>, %v: tensor<2x2xf32>) -> tensor<2x2xi64> {
  // CHECK: tensor_ext.library searchsorted for "numpy.searchsorted" params [0, 1]
  %0 = numpy.searchsorted %a, %v right : tensor<5xf32>, tensor<2x2xf32> -> tensor<2x2xi64>
  return %0 : tensor<2x2xi64>
}

// -----

// TEXT: numpy.unique %{{.*}} inverse counts : tensor<6xi32> -> tensor<?xi32>, tensor<6xi64>, tensor<?xi64>
// CHECK-LABEL: func.func @unique
func.func @unique(%x: tensor<6xi32>) -> (tensor<?xi32>, tensor<6xi64>, tensor<?xi64>) {
  // CHECK: tensor_ext.library argsort
  // CHECK: tensor_ext.library compress
  // CHECK: tensor_ext.scan
  // CHECK: tensor_ext.scatter
  // CHECK: tensor_ext.library nonzero
  %0:3 = numpy.unique %x inverse counts : tensor<6xi32> -> tensor<?xi32>, tensor<6xi64>, tensor<?xi64>
  return %0#0, %0#1, %0#2 : tensor<?xi32>, tensor<6xi64>, tensor<?xi64>
}
