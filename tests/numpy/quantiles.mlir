// The elements around each quantile come from a routine of the runtime; what is between is computed here.
// RUN: npir-opt %s --split-input-file | npir-opt --split-input-file | FileCheck %s --check-prefix=TEXT
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// TEXT: numpy.median %{{.*}} axes [0] keepdims : tensor<?x4xi32> -> tensor<1x4xf64>
// CHECK-LABEL: func.func @median
func.func @median(%x: tensor<?x4xi32>) -> tensor<1x4xf64> {
  // CHECK: %[[ROWS:.*]] = tensor_ext.view %{{.*}} dims [1, 0] : tensor<?x4xi32> -> tensor<4x?xi32>
  // CHECK: tensor_ext.library ranks for "numpy.median" params [0, 0] ins (%[[ROWS]]
  %0 = numpy.median %x axes [0] keepdims : tensor<?x4xi32> -> tensor<1x4xf64>
  return %0 : tensor<1x4xf64>
}

// -----

// TEXT: numpy.quantile %{{.*}}, %{{.*}} method hazen axes [1] weak : tensor<3x5xf32>, tensor<f64> -> tensor<3xf32>
// CHECK-LABEL: func.func @quantile
func.func @quantile(%x: tensor<3x5xf32>, %q: tensor<f64>) -> tensor<3xf32> {
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.quantile: Quantiles must be in the range [0, 1]"
  // CHECK: tensor_ext.library ranks for "numpy.quantile" params [0, 1]
  %0 = numpy.quantile %x, %q method hazen axes [1] weak : tensor<3x5xf32>, tensor<f64> -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

// What is not NaN is counted in each row.
// TEXT: numpy.nanpercentile %{{.*}}, %{{.*}} : tensor<?x?xf32>, tensor<2xf64> -> tensor<2xf64>
// CHECK-LABEL: func.func @nanpercentile
func.func @nanpercentile(%x: tensor<?x?xf32>, %q: tensor<2xf64>) -> tensor<2xf64> {
  // CHECK: arith.cmpf uno
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.nanpercentile: Percentiles must be in the range [0, 100]"
  // CHECK-NOT: index_out_of_bounds
  // CHECK: tensor_ext.library ranks for "numpy.nanpercentile" params [0, 0]
  %0 = numpy.nanpercentile %x, %q : tensor<?x?xf32>, tensor<2xf64> -> tensor<2xf64>
  return %0 : tensor<2xf64>
}

// -----

// An element keeps its type.
// CHECK-LABEL: func.func @lower
func.func @lower(%x: tensor<?xui8>, %q: tensor<2x2xf64>) -> tensor<2x2xui8> {
  // CHECK: tensor_ext.check %{{.*}}, index_out_of_bounds, "numpy.quantile: index -1 is out of bounds for axis 0 with size 0"
  // CHECK: tensor_ext.library ranks for "numpy.quantile" params [1, 0]
  // CHECK-NOT: arith.uitofp
  // CHECK: return
  %0 = numpy.quantile %x, %q method lower : tensor<?xui8>, tensor<2x2xf64> -> tensor<2x2xui8>
  return %0 : tensor<2x2xui8>
}
