// numpy.concatenate: each array is inserted into a new one.
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @concatenate
// CHECK-SAME: (%[[A:.*]]: tensor<?x3xi8>, %[[B:.*]]: tensor<2x?xi8>)
func.func @concatenate(%a: tensor<?x3xi1>, %b: tensor<2x?xi1>) -> tensor<?x3xi1> {
  // CHECK: tensor_ext.check %{{.*}}, shape_mismatch, "numpy.concatenate: shapes ({}, {}) and ({}, {}) differ outside axis 0"
  // CHECK: %[[N:.*]] = arith.addi
  // CHECK: %[[NEW:.*]] = tensor.empty(%[[N]]) : tensor<?x3xi8>
  // CHECK: %[[FIRST:.*]] = tensor_ext.insert_view %[[A]] into %[[NEW]][0, 0]
  // CHECK: tensor_ext.insert_view %[[B]] into %[[FIRST]][%{{.*}}, 0]
  %0 = numpy.concatenate %a, %b axis 0 : tensor<?x3xi1>, tensor<2x?xi1> -> tensor<?x3xi1>
  return %0 : tensor<?x3xi1>
}
