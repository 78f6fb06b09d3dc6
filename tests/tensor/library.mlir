// RUN: npir-opt %s | npir-opt | FileCheck %s
// RUN: npir-opt %s --npir-bufferize | FileCheck %s --check-prefix=BUFFERS

// The ins are read where they lie, the outs are new memory that nobody has to fill.

// CHECK-LABEL: func @factor
// CHECK: tensor_ext.library cholesky for "numpy.linalg_cholesky" params [0] ins (%{{.*}} : tensor<4x4xf64>) outs (%{{.*}} : tensor<4x4xf64>)
// BUFFERS-LABEL: func @factor
// BUFFERS-SAME: %[[A:.*]]: memref
// BUFFERS-NEXT: %[[L:.*]] = memref.alloc
// BUFFERS-NEXT: loop.library cholesky for "numpy.linalg_cholesky" params [0] ins (%[[A]] : {{.*}}) outs (%[[L]] : memref<4x4xf64>)
func.func @factor(%a: tensor<4x4xf64>) -> tensor<4x4xf64> {
  %e = tensor.empty() : tensor<4x4xf64>
  %l = tensor_ext.library cholesky for "numpy.linalg_cholesky" params [0] ins (%a : tensor<4x4xf64>) outs (%e : tensor<4x4xf64>)
  return %l : tensor<4x4xf64>
}

// A routine may not read what it writes: an updated argument that is also an in is written afterwards, another one
// at once.

// BUFFERS-LABEL: func @own
// BUFFERS-SAME: %[[A:[a-z0-9]*]]: memref
// BUFFERS: %[[L:.*]] = memref.alloc
// BUFFERS: loop.library cholesky {{.*}} outs (%[[L]] : memref<4x4xf64>)
func.func @own(%a: tensor<4x4xf64> {numpy.updates = 0 : i64}) -> tensor<4x4xf64> {
  %e = tensor.empty() : tensor<4x4xf64>
  %l = tensor_ext.library cholesky for "f" params [0] ins (%a : tensor<4x4xf64>) outs (%e : tensor<4x4xf64>)
  return %l : tensor<4x4xf64>
}

// BUFFERS-LABEL: func @other
// BUFFERS-SAME: %[[A:[a-z0-9]*]]: memref<{{.*}}>, %[[B:[a-z0-9]*]]: memref
// BUFFERS-NEXT: loop.library cholesky for "f" params [0] ins (%[[A]] : {{.*}}) outs (%[[B]] : {{.*}})
// BUFFERS-NEXT: return
func.func @other(%a: tensor<4x4xf64>, %b: tensor<4x4xf64> {numpy.updates = 0 : i64}) -> tensor<4x4xf64> {
  %e = tensor.empty() : tensor<4x4xf64>
  %l = tensor_ext.library cholesky for "f" params [0] ins (%a : tensor<4x4xf64>) outs (%e : tensor<4x4xf64>)
  return %l : tensor<4x4xf64>
}
