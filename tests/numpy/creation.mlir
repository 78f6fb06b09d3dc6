// Arrays made from nothing: constants, full, iota, arange.
// RUN: npir-opt %s --numpy-to-tensor --split-input-file | FileCheck %s

// Bool becomes bytes, unsigned becomes signless; a splat is a filled tensor, so that it fuses.
// CHECK-LABEL: func.func @constants
// CHECK-SAME: -> (tensor<2xf64>, tensor<i8>, tensor<3xi8>, tensor<3xi8>, tensor<0xf32>)
func.func @constants() -> (tensor<2xf64>, tensor<i1>, tensor<3xui8>, tensor<3xi1>, tensor<0xf32>) {
  // CHECK: arith.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf64>
  %a = numpy.constant dense<[1.0, 2.0]> : tensor<2xf64>
  // CHECK: %[[TRUE:.*]] = arith.constant 1 : i8
  // CHECK: linalg.fill ins(%[[TRUE]] : i8) outs(%{{.*}} : tensor<i8>)
  %b = numpy.constant dense<true> : tensor<i1>
  // CHECK: arith.constant dense<[1, -1, 3]> : tensor<3xi8>
  %c = numpy.constant dense<[1, 255, 3]> : tensor<3xui8>
  // CHECK: arith.constant dense<[1, 0, 1]> : tensor<3xi8>
  %d = numpy.constant dense<[true, false, true]> : tensor<3xi1>
  // CHECK: arith.constant dense<> : tensor<0xf32>
  %e = numpy.constant dense<> : tensor<0xf32>
  return %a, %b, %c, %d, %e : tensor<2xf64>, tensor<i1>, tensor<3xui8>, tensor<3xi1>, tensor<0xf32>
}

// -----

// Sizes given at run time are checked, also their product.
// CHECK-LABEL: func.func @full
// CHECK-SAME: (%[[V:.*]]: tensor<f32>, %[[N:.*]]: index)
func.func @full(%v: tensor<f32>, %n: index) -> tensor<2x?xf32> {
  // CHECK: %[[NATURAL:.*]] = arith.cmpi sge, %[[N]], %{{.*}} : index
  // CHECK: tensor_ext.check %[[NATURAL]], value_error, "numpy.full: negative dimensions are not allowed: size {}" (%[[N]] : index)
  // CHECK: arith.mulsi_extended
  // CHECK: tensor_ext.check %{{.*}}, value_error, "numpy.full: the array is too big"
  // CHECK: %[[SCALAR:.*]] = tensor.extract %[[V]][]
  // CHECK: %[[EMPTY:.*]] = tensor.empty(%[[N]]) : tensor<2x?xf32>
  // CHECK: linalg.fill ins(%[[SCALAR]] : f32) outs(%[[EMPTY]] : tensor<2x?xf32>)
  %0 = numpy.full %v shape [2, %n] : tensor<f32> -> tensor<2x?xf32>
  return %0 : tensor<2x?xf32>
}

// -----

// The size of an existing array needs no check.
// CHECK-LABEL: func.func @full_like
// CHECK-NOT: tensor_ext.check
func.func @full_like(%v: tensor<i1>, %x: tensor<?xf32>) -> tensor<?xi1> {
  // CHECK: %[[N:.*]] = tensor.dim
  // CHECK: tensor.empty(%[[N]]) : tensor<?xi8>
  %n = numpy.dim %x axis 0 : tensor<?xf32>
  %0 = numpy.full %v shape [%n] : tensor<i1> -> tensor<?xi1>
  return %0 : tensor<?xi1>
}

// -----

// CHECK-LABEL: func.func @iota
func.func @iota() -> (tensor<4xui8>, tensor<4xf64>) {
  // CHECK: %[[I:.*]] = linalg.index 0
  // CHECK: %[[WIDE:.*]] = arith.index_cast %[[I]] : index to i64
  // CHECK: arith.trunci %[[WIDE]] : i64 to i8
  %0 = numpy.iota shape [4] : tensor<4xui8>
  // CHECK: %[[J:.*]] = linalg.index 0
  // CHECK: %[[WIDE:.*]] = arith.index_cast %[[J]] : index to i64
  // CHECK: arith.sitofp %[[WIDE]] : i64 to f64
  %1 = numpy.iota shape [4] : tensor<4xf64>
  return %0, %1 : tensor<4xui8>, tensor<4xf64>
}

// -----

// NumPy fills from the first two elements: start + i * ((start + step) - start).
// CHECK-LABEL: func.func @arange
// CHECK-SAME: (%[[A:.*]]: tensor<f64>, %[[B:.*]]: tensor<f64>)
func.func @arange(%a: tensor<f64>, %b: tensor<f64>) -> tensor<5xf64> {
  // CHECK: %[[START:.*]] = tensor.extract %[[A]][]
  // CHECK: %[[STEP:.*]] = tensor.extract %[[B]][]
  // CHECK: %[[NEXT:.*]] = arith.addf %[[START]], %[[STEP]]
  // CHECK: %[[DELTA:.*]] = arith.subf %[[NEXT]], %[[START]]
  // CHECK: %[[I:.*]] = linalg.index 0
  // CHECK: %[[F:.*]] = arith.sitofp
  // CHECK: %[[WAY:.*]] = arith.mulf %[[F]], %[[DELTA]]
  // CHECK: %[[X:.*]] = arith.addf %[[START]], %[[WAY]]
  // CHECK: %[[Y:.*]] = arith.select %{{.*}}, %[[NEXT]], %[[X]]
  // CHECK: arith.select %{{.*}}, %[[START]], %[[Y]]
  %0 = numpy.arange %a, %b shape [5] : tensor<f64>, tensor<f64> -> tensor<5xf64>
  return %0 : tensor<5xf64>
}
