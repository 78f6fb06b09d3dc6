// numpy.take: the range of the positions is checked in one pass, then a generic extracts.
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// CHECK-DAG: #[[I:.*]] = affine_map<(d0, d1, d2) -> (d1)>
// CHECK-DAG: #[[ALL:.*]] = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-LABEL: func.func @along_axis
// CHECK-SAME: (%[[X:.*]]: tensor<2x?x3xf32>, %[[P:.*]]: tensor<5xi32>)
func.func @along_axis(%x: tensor<2x?x3xf32>, %i: tensor<5xi32>) -> tensor<2x5x3xf32> {
  // CHECK: %[[N:.*]] = tensor.dim %[[X]], %c1
  // CHECK: %[[RANGE:.*]]:2 = linalg.generic {{.*}} ins(%[[P]] : tensor<5xi32>) {{.*}} attrs = {tensor_ext.associative}
  // CHECK: %[[WIDE:.*]] = arith.extsi
  // CHECK: arith.minsi %{{.*}}, %[[WIDE]]
  // CHECK: arith.maxsi %{{.*}}, %[[WIDE]]
  // CHECK: %[[LOW:.*]] = tensor.extract %[[RANGE]]#0[]
  // CHECK: %[[HIGH:.*]] = tensor.extract %[[RANGE]]#1[]
  // CHECK: %[[LEAST:.*]] = arith.subi %{{.*}}, %[[N]]
  // CHECK: arith.cmpi sge, %{{.*}}, %[[LEAST]]
  // CHECK: arith.cmpi slt, %{{.*}}, %[[N]]
  // CHECK: tensor_ext.check %{{.*}}, index_out_of_bounds, "numpy.take: index {} is out of bounds for axis 1 with size {}"
  // CHECK: linalg.generic {indexing_maps = [#[[I]], #[[ALL]]], iterator_types = ["parallel", "parallel", "parallel"]} ins(%[[P]]
  // CHECK: arith.select
  // CHECK: %[[D0:.*]] = linalg.index 0
  // CHECK: %[[D2:.*]] = linalg.index 2
  // CHECK: tensor.extract %[[X]][%[[D0]], %{{.*}}, %[[D2]]]
  %0 = numpy.take %x, %i axis 1 : tensor<2x?x3xf32>, tensor<5xi32> -> tensor<2x5x3xf32>
  return %0 : tensor<2x5x3xf32>
}

// -----

// Unsigned positions do not wrap; those that no i64 holds are out of bounds, not negative.
// CHECK-LABEL: func.func @flattened
func.func @flattened(%x: tensor<2x3xf32>, %i: tensor<?xui64>) -> tensor<?xf32> {
  // CHECK: tensor_ext.reshape %{{.*}} tensor<6xf32>
  // CHECK: %[[MOST:.*]] = arith.constant 9223372036854775807 : i64
  // CHECK: arith.minui %{{.*}}, %[[MOST]]
  // CHECK: tensor_ext.check %{{.*}}, index_out_of_bounds, "numpy.take: index {} is out of bounds for axis 0 with size {}"
  // CHECK: linalg.generic
  // CHECK-NOT: arith.select
  // CHECK: tensor.extract
  %0 = numpy.take %x, %i : tensor<2x3xf32>, tensor<?xui64> -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// Positions from argmin along a dimension of the same size are not checked again.
// CHECK-LABEL: func.func @positions_of_argmin
func.func @positions_of_argmin(%d: tensor<?x4xf64>, %c: tensor<4x2xf64>) -> tensor<?x2xf64> {
  %i = numpy.argmin %d axis 1 : tensor<?x4xf64> -> tensor<?xi64>
  // CHECK: %[[R:.*]]:2 = linalg.generic
  // CHECK-NOT: tensor_ext.check
  // CHECK: linalg.generic {{.*}} ins(%[[R]]#1 : tensor<?xi64>)
  // CHECK-NEXT: ^bb0
  // CHECK-NEXT: arith.index_cast
  // CHECK-NEXT: linalg.index 1
  // CHECK-NEXT: tensor.extract
  %0 = numpy.take %c, %i axis 0 : tensor<4x2xf64>, tensor<?xi64> -> tensor<?x2xf64>
  return %0 : tensor<?x2xf64>
}
