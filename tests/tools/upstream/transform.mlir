// Upstream's transform dialect runs unchanged: tiling and vectorization that the program describes.
// DEFINE: %{passes} = --transform-interpreter --canonicalize --cse
// RUN: npir-opt %s %{passes} > %t.npir
// RUN: mlir-opt %s %{passes} > %t.mlir
// RUN: diff %t.mlir %t.npir
// RUN: FileCheck %s --input-file %t.npir

// CHECK: func.func @matmul
// CHECK: scf.for
// CHECK: vector.multi_reduction <add>
func.func @matmul(%a: tensor<32x32xf32>, %b: tensor<32x32xf32>, %c: tensor<32x32xf32>) -> tensor<32x32xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<32x32xf32>, tensor<32x32xf32>)
                     outs(%c : tensor<32x32xf32>) -> tensor<32x32xf32>
  return %0 : tensor<32x32xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.readonly}) {
    %matmul = transform.structured.match ops{["linalg.matmul"]} in %module : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:3 = transform.structured.tile_using_for %matmul tile_sizes [8, 8, 4]
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.structured.vectorize %tiled : !transform.any_op
    transform.yield
  }
}
