// An upstream pipeline runs unchanged: affine loops, tiled, vectorized and lowered.
// DEFINE: %{tiled} = --pass-pipeline="builtin.module(func.func(affine-loop-fusion, affine-loop-tile{tile-sizes=4,8}, affine-loop-unroll{unroll-factor=2}), canonicalize)"
// DEFINE: %{vectorized} = --affine-super-vectorize="virtual-vector-size=8" --canonicalize
// DEFINE: %{lowered} = --lower-affine --convert-scf-to-cf --canonicalize
// RUN: npir-opt %s %{tiled} > %t.npir
// RUN: mlir-opt %s %{tiled} > %t.mlir
// RUN: diff %t.mlir %t.npir
// RUN: FileCheck %s --input-file %t.npir
// RUN: npir-opt %s %{vectorized} %{lowered} > %t.npir
// RUN: mlir-opt %s %{vectorized} %{lowered} > %t.mlir
// RUN: diff %t.mlir %t.npir
// RUN: FileCheck %s --input-file %t.npir --check-prefix VECTOR

// CHECK: affine.for %{{.*}} = 0 to 64 step 4
// VECTOR: vector.transfer_read
func.func @scaled_sum(%a: memref<64x64xf32>, %b: memref<64x64xf32>, %s: f32) {
  %t = memref.alloc() : memref<64x64xf32>
  affine.for %i = 0 to 64 {
    affine.for %j = 0 to 64 {
      %x = affine.load %a[%i, %j] : memref<64x64xf32>
      %y = arith.mulf %x, %s : f32
      affine.store %y, %t[%i, %j] : memref<64x64xf32>
    }
  }
  affine.for %i = 0 to 64 {
    affine.for %j = 0 to 64 {
      %x = affine.load %t[%i, %j] : memref<64x64xf32>
      %y = affine.load %b[%i, %j] : memref<64x64xf32>
      %z = arith.addf %x, %y : f32
      affine.store %z, %b[%i, %j] : memref<64x64xf32>
    }
  }
  memref.dealloc %t : memref<64x64xf32>
  return
}
