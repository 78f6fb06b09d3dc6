// An upstream pipeline runs unchanged: linalg on tensors to the LLVM dialect.
// DEFINE: %{pipeline} = builtin.module(one-shot-bufferize{bufferize-function-boundaries}, convert-linalg-to-loops, convert-scf-to-cf, expand-strided-metadata, lower-affine, convert-arith-to-llvm, finalize-memref-to-llvm, convert-func-to-llvm, convert-cf-to-llvm, reconcile-unrealized-casts)
// RUN: npir-opt %s --pass-pipeline="%{pipeline}" > %t.npir
// RUN: mlir-opt %s --pass-pipeline="%{pipeline}" > %t.mlir
// RUN: diff %t.mlir %t.npir
// RUN: FileCheck %s --input-file %t.npir
// The output is what LLVM takes.
// RUN: npir-translate --mlir-to-llvmir %t.npir > %t.npir.ll
// RUN: mlir-translate --mlir-to-llvmir %t.mlir > %t.mlir.ll
// RUN: diff %t.mlir.ll %t.npir.ll

// CHECK: llvm.func @matmul_bias
// CHECK: llvm.fmul
// CHECK-NOT: linalg
func.func @matmul_bias(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %bias: tensor<16xf32>) -> tensor<4x16xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x16xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x16xf32>) -> tensor<4x16xf32>
  %product = linalg.matmul ins(%a, %b : tensor<4x8xf32>, tensor<8x16xf32>)
                           outs(%init : tensor<4x16xf32>) -> tensor<4x16xf32>
  %sum = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%product, %bias : tensor<4x16xf32>, tensor<16xf32>) outs(%empty : tensor<4x16xf32>) {
  ^bb0(%x: f32, %y: f32, %unused: f32):
    %0 = arith.addf %x, %y : f32
    linalg.yield %0 : f32
  } -> tensor<4x16xf32>
  return %sum : tensor<4x16xf32>
}

func.func @dynamic_dot(%x: tensor<?xf64>, %y: tensor<?xf64>) -> f64 {
  %zero = arith.constant 0.0 : f64
  %empty = tensor.empty() : tensor<f64>
  %init = linalg.fill ins(%zero : f64) outs(%empty : tensor<f64>) -> tensor<f64>
  %dot = linalg.dot ins(%x, %y : tensor<?xf64>, tensor<?xf64>) outs(%init : tensor<f64>) -> tensor<f64>
  %value = tensor.extract %dot[] : tensor<f64>
  return %value : f64
}
