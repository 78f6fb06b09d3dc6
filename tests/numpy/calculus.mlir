// Grids are views of their vectors; differences, integrals and interpolation are made of other ops.
// RUN: npir-opt %s --split-input-file | npir-opt --split-input-file | FileCheck %s --check-prefix=TEXT
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// TEXT: numpy.meshgrid %{{.*}}, %{{.*}} ij : tensor<2xf64>, tensor<?xi8> -> tensor<2x?xf64>, tensor<2x?xi8>
// CHECK-LABEL: func.func @meshgrid
func.func @meshgrid(%x: tensor<2xf64>, %y: tensor<?xi8>) -> (tensor<2x?xf64>, tensor<2x?xi8>) {
  // CHECK-COUNT-2: tensor_ext.view
  // CHECK-NOT: linalg
  // CHECK: return
  %0:2 = numpy.meshgrid %x, %y ij : tensor<2xf64>, tensor<?xi8> -> tensor<2x?xf64>, tensor<2x?xi8>
  return %0#0, %0#1 : tensor<2x?xf64>, tensor<2x?xi8>
}

// -----

// TEXT: numpy.indices shape [2, %{{.*}}] : tensor<2x2x?xi32>
// CHECK-LABEL: func.func @indices
func.func @indices(%n: index) -> tensor<2x2x?xi32> {
  // CHECK: linalg.index 1
  %0 = numpy.indices shape [2, %n] : tensor<2x2x?xi32>
  return %0 : tensor<2x2x?xi32>
}

// -----

// TEXT: numpy.gradient %{{.*}} spacing %{{.*}} axis 0 second_order : (tensor<5x2xi32>, tensor<5xf64>) -> tensor<5x2xf64>
// CHECK-LABEL: func.func @gradient
func.func @gradient(%x: tensor<5x2xi32>, %h: tensor<5xf64>) -> tensor<5x2xf64> {
  // CHECK: arith.divf
  // CHECK: tensor_ext.insert_view
  %0 = numpy.gradient %x spacing %h axis 0 second_order : (tensor<5x2xi32>, tensor<5xf64>) -> tensor<5x2xf64>
  return %0 : tensor<5x2xf64>
}

// -----

// TEXT: numpy.trapezoid %{{.*}} dx 5.000000e-01 axis 0 : (tensor<?x2xf32>) -> tensor<2xf32>
// CHECK-LABEL: func.func @trapezoid
func.func @trapezoid(%y: tensor<?x2xf32>) -> tensor<2xf32> {
  // CHECK: iterator_types = ["reduction", "parallel"]
  %0 = numpy.trapezoid %y dx 0.5 axis 0 : (tensor<?x2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

// CHECK-LABEL: func.func @cross
func.func @cross(%a: tensor<?x3xf32>, %b: tensor<3xf32>) -> tensor<?x3xf32> {
  // CHECK-COUNT-3: arith.subf
  %0 = numpy.cross %a, %b : tensor<?x3xf32>, tensor<3xf32> -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// -----

// TEXT: numpy.interp %{{.*}}, %{{.*}}, %{{.*}} right %{{.*}} : (tensor<2x2xf64>, tensor<?xf64>, tensor<?xf64>, tensor<f64>) -> tensor<2x2xf64>
// CHECK-LABEL: func.func @interp
func.func @interp(%x: tensor<2x2xf64>, %xp: tensor<?xf64>, %fp: tensor<?xf64>, %r: tensor<f64>) -> tensor<2x2xf64> {
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.interp: array of sample points is empty"
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.interp: fp and xp are not of the same length: {} and {}"
  // CHECK: tensor_ext.library searchsorted for "numpy.interp" params [0, 1]
  %0 = numpy.interp %x, %xp, %fp right %r : (tensor<2x2xf64>, tensor<?xf64>, tensor<?xf64>, tensor<f64>) -> tensor<2x2xf64>
  return %0 : tensor<2x2xf64>
}
