// Every op prints what it parses, in its own form, in the generic form and as bytecode.
// RUN: npir-opt %s | FileCheck %s
// RUN: npir-opt %s | npir-opt | FileCheck %s
// RUN: npir-opt %s --mlir-print-op-generic | npir-opt | FileCheck %s
// RUN: npir-opt %s --emit-bytecode | npir-opt | FileCheck %s

// CHECK-LABEL: func.func @view
func.func @view(%x: tensor<4x?xf64>, %i: index, %n: index) -> tensor<3x?x2xf64> {
  // CHECK: tensor_ext.view %{{.*}}[1, %{{.*}}] sizes [3, %{{.*}}, 2] steps [1, -2, 0] dims [0, 1, -1] : tensor<4x?xf64> -> tensor<3x?x2xf64>
  %0 = tensor_ext.view %x[1, %i] sizes [3, %n, 2] steps [1, -2, 0] dims [0, 1, -1] : tensor<4x?xf64> -> tensor<3x?x2xf64>
  return %0 : tensor<3x?x2xf64>
}

// CHECK-LABEL: func.func @scalar_view
func.func @scalar_view(%x: tensor<4xi8>, %i: index) -> tensor<i8> {
  // CHECK: tensor_ext.view %{{.*}}[%{{.*}}] sizes [] steps [] dims [] {note = "kept"} : tensor<4xi8> -> tensor<i8>
  %0 = tensor_ext.view %x[%i] sizes [] steps [] dims [] {note = "kept"} : tensor<4xi8> -> tensor<i8>
  return %0 : tensor<i8>
}

// CHECK-LABEL: func.func @insert_view
func.func @insert_view(%v: tensor<2xf32>, %x: tensor<4x?xf32>, %i: index) -> tensor<4x?xf32> {
  // CHECK: tensor_ext.insert_view %{{.*}} into %{{.*}}[0, %{{.*}}] sizes [2] steps [2] dims [0] : tensor<2xf32> into tensor<4x?xf32>
  %0 = tensor_ext.insert_view %v into %x[0, %i] sizes [2] steps [2] dims [0] : tensor<2xf32> into tensor<4x?xf32>
  return %0 : tensor<4x?xf32>
}

// CHECK-LABEL: func.func @reshape
func.func @reshape(%x: tensor<?x6xf32>, %n: index) -> tensor<?x2x3xf32> {
  // CHECK: tensor_ext.reshape %{{.*}}[%{{.*}}, 2, 3] : tensor<?x6xf32> -> tensor<?x2x3xf32>
  %0 = tensor_ext.reshape %x[%n, 2, 3] : tensor<?x6xf32> -> tensor<?x2x3xf32>
  return %0 : tensor<?x2x3xf32>
}

// CHECK-LABEL: func.func @scatter
func.func @scatter(%u: tensor<9x4xf64>, %x: tensor<3x4xf64>, %i: tensor<9xi64>) -> tensor<3x4xf64> {
  // CHECK: tensor_ext.scatter %{{.*}} into %{{.*}} at %{{.*}} : tensor<9x4xf64> into tensor<3x4xf64> at tensor<9xi64>
  // CHECK-NEXT: ^bb0(%[[OLD:.*]]: f64, %[[NEW:.*]]: f64):
  // CHECK-NEXT: %[[SUM:.*]] = arith.addf %[[OLD]], %[[NEW]] : f64
  // CHECK-NEXT: tensor_ext.yield %[[SUM]] : f64
  %0 = tensor_ext.scatter %u into %x at %i : tensor<9x4xf64> into tensor<3x4xf64> at tensor<9xi64> {
  ^bb0(%old: f64, %new: f64):
    %s = arith.addf %old, %new : f64
    tensor_ext.yield %s : f64
  }
  return %0 : tensor<3x4xf64>
}

// CHECK-LABEL: func.func @check
func.func @check(%c: i1, %i: index, %n: i64) {
  // CHECK: tensor_ext.check %{{.*}}, index_out_of_bounds, "numpy.take: index {} is out of bounds for axis 0 with size {}"{{ ?}}(%{{.*}}, %{{.*}} : index, i64)
  tensor_ext.check %c, index_out_of_bounds, "numpy.take: index {} is out of bounds for axis 0 with size {}"(%i, %n : index, i64)
  // CHECK: tensor_ext.check %{{.*}}, value_error, "no {{[{]}}{braces}"
  tensor_ext.check %c, value_error, "no {{braces}"
  return
}
