// NumPy's ufunc.at: positions are checked and wrapped, values broadcast, then tensor_ext.scatter.
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @rows
// CHECK-SAME: (%[[X:.*]]: tensor<4x3xf32>, %[[I:.*]]: tensor<5xi32>, %[[V:.*]]: tensor<3xf32>)
func.func @rows(%x: tensor<4x3xf32>, %i: tensor<5xi32>, %v: tensor<3xf32>) -> tensor<4x3xf32> {
  // CHECK: tensor_ext.check %{{.*}}, index_out_of_bounds, "numpy.add_at: index {} is out of bounds for axis 0 with size {}"
  // CHECK: %[[P:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<5xi64>)
  // CHECK: arith.select
  // CHECK: %[[ROWS:.*]] = tensor_ext.view %[[V]]{{.*}} tensor<5x3xf32>
  // CHECK: tensor_ext.scatter %[[ROWS]] into %[[X]] at %[[P]]
  // CHECK: arith.addf
  %0 = numpy.add_at %x[%i], %v : tensor<4x3xf32>[tensor<5xi32>], tensor<3xf32> -> tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}

// -----

// Several index arrays broadcast together; a scalar value serves all.
// CHECK-LABEL: func.func @elements
func.func @elements(%x: tensor<4x3xi16>, %i: tensor<5x1xui8>, %j: tensor<2xi64>, %v: tensor<i16>) -> tensor<4x3xi16> {
  // CHECK: tensor_ext.check %{{.*}} axis 0
  // CHECK: tensor_ext.view %{{.*}} tensor<5x2xi8>
  // CHECK: arith.extui %{{.*}} : i8 to i64
  // CHECK: tensor_ext.check %{{.*}} axis 1
  // CHECK: tensor_ext.view %{{.*}} tensor<5x2xi64>
  // CHECK: tensor_ext.view %{{.*}} tensor<5x2xi16>
  // CHECK: tensor_ext.scatter
  // CHECK: arith.maxsi
  %0 = numpy.maximum_at %x[%i, %j], %v : tensor<4x3xi16>[tensor<5x1xui8>, tensor<2xi64>], tensor<i16> -> tensor<4x3xi16>
  return %0 : tensor<4x3xi16>
}

// -----

// CHECK-LABEL: func.func @functions
func.func @functions(%x: tensor<4xf64>, %b: tensor<4xi1>, %i: tensor<2xi64>, %v: tensor<2xf64>, %c: tensor<2xi1>) -> (tensor<4xf64>, tensor<4xi1>) {
  // CHECK: tensor_ext.scatter
  // CHECK: arith.subf
  %0 = numpy.subtract_at %x[%i], %v : tensor<4xf64>[tensor<2xi64>], tensor<2xf64> -> tensor<4xf64>
  // CHECK: tensor_ext.scatter
  // CHECK: arith.mulf
  %1 = numpy.multiply_at %0[%i], %v : tensor<4xf64>[tensor<2xi64>], tensor<2xf64> -> tensor<4xf64>
  // CHECK: tensor_ext.scatter
  // CHECK: arith.cmpf olt
  %2 = numpy.minimum_at %1[%i], %v : tensor<4xf64>[tensor<2xi64>], tensor<2xf64> -> tensor<4xf64>
  // CHECK: tensor_ext.scatter
  // CHECK: arith.ori %{{.*}} : i8
  %3 = numpy.add_at %b[%i], %c : tensor<4xi1>[tensor<2xi64>], tensor<2xi1> -> tensor<4xi1>
  return %2, %3 : tensor<4xf64>, tensor<4xi1>
}

// -----

// CHECK-LABEL: func.func @values_at_run_time
func.func @values_at_run_time(%x: tensor<4xf64>, %i: tensor<2xi64>, %v: tensor<?xf64>) -> tensor<4xf64> {
  // CHECK: tensor_ext.check %{{.*}}, shape_mismatch, "numpy.add_at: values of shape ({},) do not broadcast to ({},)"
  %0 = numpy.add_at %x[%i], %v : tensor<4xf64>[tensor<2xi64>], tensor<?xf64> -> tensor<4xf64>
  return %0 : tensor<4xf64>
}

// -----

// The update of k-means: labels come from argmin over as many centres as there are rows of sums, and
// there are as many labels as rows. Nothing is left to check, wrap or broadcast.
// CHECK-LABEL: func.func @kmeans
// CHECK-SAME: (%[[X:.*]]: tensor<?x?xf64>, %[[D:.*]]: tensor<?x?xf64>, %[[C:.*]]: tensor<?x?xf64>)
func.func @kmeans(%x: tensor<?x?xf64>, %d: tensor<?x?xf64>, %c: tensor<?x?xf64>) -> tensor<?x?xf64> {
  %rows = numpy.expand_dims %x axes [1] : tensor<?x?xf64> -> tensor<?x1x?xf64>
  %centres = numpy.expand_dims %c axes [0] : tensor<?x?xf64> -> tensor<1x?x?xf64>
  %difference = numpy.subtract %rows, %centres : tensor<?x1x?xf64>, tensor<1x?x?xf64> -> tensor<?x?x?xf64>
  %distance = numpy.sum %difference axes [2] : tensor<?x?x?xf64> -> tensor<?x?xf64>
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.argmin
  // CHECK: %[[L:.*]]:2 = linalg.generic
  %labels = numpy.argmin %distance axis 1 : tensor<?x?xf64> -> tensor<?xi64>
  %k = numpy.dim %c axis 0 : tensor<?x?xf64>
  %m = numpy.dim %x axis 1 : tensor<?x?xf64>
  %zero = numpy.constant dense<0.0> : tensor<f64>
  %zeros = numpy.full %zero shape [%k, %m] : tensor<f64> -> tensor<?x?xf64>
  // CHECK-NOT: index_out_of_bounds
  // CHECK-NOT: shape_mismatch
  // CHECK: tensor_ext.scatter %[[X]] into %{{.*}} at %[[L]]#1
  %sums = numpy.add_at %zeros[%labels], %x : tensor<?x?xf64>[tensor<?xi64>], tensor<?x?xf64> -> tensor<?x?xf64>
  return %sums : tensor<?x?xf64>
}
