// Choices are made one after another, from the last one to the first.
// RUN: npir-opt %s --split-input-file | npir-opt --split-input-file | FileCheck %s --check-prefix=TEXT
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// TEXT: numpy.choose %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} mode wrap : tensor<3xi32>, tensor<2x3xf64>, tensor<f64>, tensor<1xf64> -> tensor<2x3xf64>
// CHECK-LABEL: func.func @choose
func.func @choose(%i: tensor<3xi32>, %a: tensor<2x3xf64>, %b: tensor<f64>, %c: tensor<1xf64>) -> tensor<2x3xf64> {
  // CHECK-NOT: tensor_ext.check
  // CHECK-COUNT-2: arith.select %{{.*}} : f64
  // CHECK: return
  %0 = numpy.choose %i, %a, %b, %c mode wrap : tensor<3xi32>, tensor<2x3xf64>, tensor<f64>, tensor<1xf64> -> tensor<2x3xf64>
  return %0 : tensor<2x3xf64>
}

// -----

// CHECK-LABEL: func.func @checked
func.func @checked(%i: tensor<3xui8>, %a: tensor<3xi16>, %b: tensor<3xi16>) -> tensor<3xi16> {
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.choose: invalid entry in choice array"
  %0 = numpy.choose %i, %a, %b : tensor<3xui8>, tensor<3xi16>, tensor<3xi16> -> tensor<3xi16>
  return %0 : tensor<3xi16>
}

// -----

// TEXT: numpy.select %{{.*}}, %{{.*}} choices %{{.*}}, %{{.*}} default %{{.*}} : (tensor<4xi1>, tensor<4xi1>, tensor<4xui8>, tensor<ui8>, tensor<ui8>) -> tensor<4xui8>
// CHECK-LABEL: func.func @select
func.func @select(%c: tensor<4xi1>, %d: tensor<4xi1>, %a: tensor<4xui8>, %b: tensor<ui8>) -> tensor<4xui8> {
  // CHECK-COUNT-2: arith.select
  %0 = numpy.select %c, %d choices %a, %b default %b : (tensor<4xi1>, tensor<4xi1>, tensor<4xui8>, tensor<ui8>, tensor<ui8>) -> tensor<4xui8>
  return %0 : tensor<4xui8>
}

// -----

// TEXT: numpy.putmask %{{.*}}, %{{.*}}, %{{.*}} : tensor<2x2xf32>, tensor<2x2xi1>, tensor<?xf32> -> tensor<2x2xf32>
// CHECK-LABEL: func.func @putmask
func.func @putmask(%x: tensor<2x2xf32>, %m: tensor<2x2xi1>, %v: tensor<?xf32>) -> tensor<2x2xf32> {
  // CHECK: scf.if
  // CHECK: arith.remui
  %0 = numpy.putmask %x, %m, %v : tensor<2x2xf32>, tensor<2x2xi1>, tensor<?xf32> -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

// CHECK-LABEL: func.func @place
func.func @place(%x: tensor<?xf32>, %m: tensor<?xi1>, %v: tensor<?xf32>) -> tensor<?xf32> {
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.place: mask and data must be the same size, but sizes are {} and {}"
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.place: Cannot insert from an empty array!"
  // CHECK: tensor_ext.scatter
  %0 = numpy.place %x, %m, %v : tensor<?xf32>, tensor<?xi1>, tensor<?xf32> -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
