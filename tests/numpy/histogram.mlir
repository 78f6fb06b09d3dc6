// Histograms compute the bin of each element, one more for what is in none, and scatter into them.
// RUN: npir-opt %s --split-input-file | npir-opt --split-input-file | FileCheck %s --check-prefix=TEXT
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// TEXT: numpy.histogram %{{.*}} bins %{{.*}} weights %{{.*}} density : (tensor<?xf32>, index, tensor<?xi16>) -> (tensor<4xf64>, tensor<5xf32>)
// CHECK-LABEL: func.func @uniform
func.func @uniform(%x: tensor<?xf32>, %w: tensor<?xi16>) -> (tensor<4xf64>, tensor<5xf32>) {
  %n = arith.constant 4 : index
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.histogram: autodetected range is not finite"
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.histogram: Too many bins for data range. Cannot create {} finite-sized bins."
  // CHECK: tensor_ext.scatter
  // CHECK: tensor_ext.view %{{.*}} -> tensor<4xi64>
  %0:2 = numpy.histogram %x bins %n weights %w density : (tensor<?xf32>, index, tensor<?xi16>) -> (tensor<4xf64>, tensor<5xf32>)
  return %0#0, %0#1 : tensor<4xf64>, tensor<5xf32>
}

// -----

// TEXT: numpy.histogram %{{.*}} bins %{{.*}} range %{{.*}}, %{{.*}} : (tensor<2x3xi1>, index, tensor<f64>, tensor<f64>) -> (tensor<?xi64>, tensor<?xf64>)
// CHECK-LABEL: func.func @range
func.func @range(%x: tensor<2x3xi1>, %n: index, %low: tensor<f64>, %high: tensor<f64>) -> (tensor<?xi64>, tensor<?xf64>) {
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.histogram: `bins` must be positive, when an integer: {}"
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.histogram: max must be larger than min in range parameter."
  %0:2 = numpy.histogram %x bins %n range %low, %high : (tensor<2x3xi1>, index, tensor<f64>, tensor<f64>) -> (tensor<?xi64>, tensor<?xf64>)
  return %0#0, %0#1 : tensor<?xi64>, tensor<?xf64>
}

// -----

// Between edges the bin is searched for; the edges are those that were given.
// CHECK-LABEL: func.func @edges
// CHECK-SAME: %[[X:.*]]: tensor<7xi8>, %[[E:.*]]: tensor<4xi8>
func.func @edges(%x: tensor<7xui8>, %edges: tensor<4xui8>) -> (tensor<3xi64>, tensor<4xui8>) {
  // CHECK: arith.cmpi ugt
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.histogram: `bins` must increase monotonically, when an array"
  // CHECK: tensor_ext.library searchsorted for "numpy.histogram" params [1, 1] ins (%[[E]], %[[X]]
  // CHECK: return %{{.*}}, %[[E]]
  %0:2 = numpy.histogram %x bins %edges : (tensor<7xui8>, tensor<4xui8>) -> (tensor<3xi64>, tensor<4xui8>)
  return %0#0, %0#1 : tensor<3xi64>, tensor<4xui8>
}

// -----

// TEXT: numpy.histogram_bin_edges %{{.*}} bins %{{.*}} : (tensor<?xi64>, index) -> tensor<?xf64>
// CHECK-LABEL: func.func @bin_edges
func.func @bin_edges(%x: tensor<?xi64>, %n: index) -> tensor<?xf64> {
  // CHECK-NOT: tensor_ext.scatter
  %0 = numpy.histogram_bin_edges %x bins %n : (tensor<?xi64>, index) -> tensor<?xf64>
  return %0 : tensor<?xf64>
}

// -----

// Falling edges are searched backwards.
// TEXT: numpy.digitize %{{.*}}, %{{.*}} right : tensor<2x2xf32>, tensor<?xf32> -> tensor<2x2xi64>
// CHECK-LABEL: func.func @digitize
func.func @digitize(%x: tensor<2x2xf32>, %bins: tensor<?xf32>) -> tensor<2x2xi64> {
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.digitize: bins must be monotonically increasing or decreasing"
  // CHECK: %[[SORTED:.*]] = tensor_ext.view
  // CHECK: tensor_ext.library searchsorted for "numpy.digitize" params [0, 0] ins (%[[SORTED]]
  %0 = numpy.digitize %x, %bins right : tensor<2x2xf32>, tensor<?xf32> -> tensor<2x2xi64>
  return %0 : tensor<2x2xi64>
}

// -----

// TEXT: numpy.linspace %{{.*}}, %{{.*}} shape [5] {open} : tensor<f32>, tensor<f32> -> tensor<5xf32>
// CHECK-LABEL: func.func @linspace
func.func @linspace(%a: tensor<f32>, %b: tensor<f32>) -> tensor<5xf32> {
  // CHECK: linalg.generic
  // CHECK: arith.mulf
  %0 = numpy.linspace %a, %b shape [5] {open} : tensor<f32>, tensor<f32> -> tensor<5xf32>
  return %0 : tensor<5xf32>
}
