// An upstream pipeline runs unchanged: tensors to buffers that are freed.
// DEFINE: %{pipeline} = builtin.module(func.func(empty-tensor-to-alloc-tensor), one-shot-bufferize{bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map}, drop-equivalent-buffer-results, buffer-results-to-out-params, ownership-based-buffer-deallocation, canonicalize, buffer-deallocation-simplification, bufferization-lower-deallocations, cse, canonicalize)
// RUN: npir-opt %s --pass-pipeline="%{pipeline}" > %t.npir
// RUN: mlir-opt %s --pass-pipeline="%{pipeline}" > %t.mlir
// RUN: diff %t.mlir %t.npir
// RUN: FileCheck %s --input-file %t.npir
// The analysis alone, with its remarks on ops.
// RUN: npir-opt %s --one-shot-bufferize="test-analysis-only bufferize-function-boundaries" > %t.npir.analysis
// RUN: mlir-opt %s --one-shot-bufferize="test-analysis-only bufferize-function-boundaries" > %t.mlir.analysis
// RUN: diff %t.mlir.analysis %t.npir.analysis

// CHECK-LABEL: func.func @two_values
// CHECK-SAME: memref<?xf32>
// CHECK: memref.alloc
// CHECK-NOT: tensor<
func.func @two_values(%t: tensor<?xf32>, %i: index, %x: f32) -> (f32, f32) {
  %changed = tensor.insert %x into %t[%i] : tensor<?xf32>
  %a = tensor.extract %changed[%i] : tensor<?xf32>
  %b = tensor.extract %t[%i] : tensor<?xf32>
  return %a, %b : f32, f32
}

func.func @slices(%t: tensor<16x16xf32>, %n: index) -> tensor<16x16xf32> {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %zero = arith.constant 0.0 : f32
  %result = scf.for %i = %c0 to %n step %c4 iter_args(%acc = %t) -> tensor<16x16xf32> {
    %slice = tensor.extract_slice %acc[%i, 0] [4, 16] [1, 1] : tensor<16x16xf32> to tensor<4x16xf32>
    %filled = linalg.fill ins(%zero : f32) outs(%slice : tensor<4x16xf32>) -> tensor<4x16xf32>
    %next = tensor.insert_slice %filled into %acc[%i, 0] [4, 16] [1, 1] : tensor<4x16xf32> into tensor<16x16xf32>
    scf.yield %next : tensor<16x16xf32>
  }
  return %result : tensor<16x16xf32>
}
