// `isin` is a routine of the runtime; the others are made of it and of sorting.
// RUN: npir-opt %s --split-input-file | npir-opt --split-input-file | FileCheck %s --check-prefix=TEXT
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// TEXT: numpy.isin %{{.*}}, %{{.*}} invert : tensor<2x2xcomplex<f32>>, tensor<?xcomplex<f32>> -> tensor<2x2xi1>
// CHECK-LABEL: func.func @isin
func.func @isin(%x: tensor<2x2xcomplex<f32>>, %t: tensor<?xcomplex<f32>>) -> tensor<2x2xi1> {
  // CHECK: tensor_ext.library isin for "numpy.isin" params [1]
  %0 = numpy.isin %x, %t invert : tensor<2x2xcomplex<f32>>, tensor<?xcomplex<f32>> -> tensor<2x2xi1>
  return %0 : tensor<2x2xi1>
}

// -----

// CHECK-LABEL: func.func @union1d
func.func @union1d(%a: tensor<4xui8>, %b: tensor<2x3xui8>) -> tensor<?xui8> {
  // CHECK: tensor_ext.library sort
  // CHECK-NOT: isin
  // CHECK: return
  %0 = numpy.union1d %a, %b : tensor<4xui8>, tensor<2x3xui8> -> tensor<?xui8>
  return %0 : tensor<?xui8>
}

// -----

// TEXT: numpy.intersect1d %{{.*}}, %{{.*}} indices : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>, tensor<?xi64>, tensor<?xi64>
// CHECK-LABEL: func.func @intersect1d
func.func @intersect1d(%a: tensor<?xf64>, %b: tensor<?xf64>) -> (tensor<?xf64>, tensor<?xi64>, tensor<?xi64>) {
  // CHECK-COUNT-2: tensor_ext.library isin for "numpy.isin" params [0]
  %0:3 = numpy.intersect1d %a, %b indices : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>, tensor<?xi64>, tensor<?xi64>
  return %0#0, %0#1, %0#2 : tensor<?xf64>, tensor<?xi64>, tensor<?xi64>
}

// -----

// CHECK-LABEL: func.func @differences
func.func @differences(%a: tensor<?xi32>, %b: tensor<?xi32>) -> (tensor<?xi32>, tensor<?xi32>) {
  // CHECK-COUNT-3: tensor_ext.library isin for "numpy.isin" params [1]
  %0 = numpy.setdiff1d %a, %b : tensor<?xi32>, tensor<?xi32> -> tensor<?xi32>
  %1 = numpy.setxor1d %a, %b : tensor<?xi32>, tensor<?xi32> -> tensor<?xi32>
  return %0, %1 : tensor<?xi32>, tensor<?xi32>
}
