// numpy.bincount: the largest value gives the size, then a scatter counts.
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @counts
// CHECK-SAME: (%[[X:.*]]: tensor<?xi64>, %[[MIN:.*]]: index)
func.func @counts(%x: tensor<?xi64>, %n: index) -> tensor<?xi64> {
  // CHECK: %[[RANGE:.*]]:2 = linalg.generic
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.bincount: 'list' argument must have no negative elements: {}"
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.bincount: the array is too big"
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.bincount: 'minlength' must not be negative: {}"
  // CHECK: %[[BINS:.*]] = arith.maxsi %{{.*}}, %[[MIN]]
  // CHECK: %[[EMPTY:.*]] = tensor.empty(%[[BINS]]) : tensor<?xi64>
  // CHECK: %[[ZEROS:.*]] = linalg.fill {{.*}} outs(%[[EMPTY]]
  // CHECK: %[[ONES:.*]] = tensor_ext.view %{{.*}} tensor<?xi64>
  // CHECK: tensor_ext.scatter %[[ONES]] into %[[ZEROS]] at %[[X]]
  // CHECK: arith.addi
  %0 = numpy.bincount %x minlength %n : (tensor<?xi64>, index) -> tensor<?xi64>
  return %0 : tensor<?xi64>
}

// -----

// CHECK-LABEL: func.func @weights
// CHECK-SAME: (%[[X:.*]]: tensor<7xi8>, %[[W:.*]]: tensor<?xf64>)
func.func @weights(%x: tensor<7xui8>, %w: tensor<?xf64>) -> tensor<?xf64> {
  // CHECK: tensor_ext.check %{{.*}}, shape_mismatch, "numpy.bincount: the weights and list don't have the same length: shapes ({},) and ({},)"
  // CHECK: %[[SAME:.*]] = tensor.cast %[[W]] : tensor<?xf64> to tensor<7xf64>
  // Bytes above 127 are not negative.
  // CHECK: %[[P:.*]] = linalg.generic {{.*}} ins(%[[X]] : tensor<7xi8>) outs(%{{.*}} : tensor<7xi64>)
  // CHECK: arith.extui %{{.*}} : i8 to i64
  // CHECK: tensor_ext.scatter %[[SAME]] into %{{.*}} at %[[P]]
  // CHECK: arith.addf
  %0 = numpy.bincount %x weights %w : (tensor<7xui8>, tensor<?xf64>) -> tensor<?xf64>
  return %0 : tensor<?xf64>
}
