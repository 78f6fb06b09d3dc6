// An upstream pipeline runs unchanged: parallel loops to GPU kernels in the NVVM dialect.
// DEFINE: %{pipeline} = builtin.module(func.func(gpu-map-parallel-loops, convert-parallel-loops-to-gpu), gpu-kernel-outlining, lower-affine, gpu.module(convert-gpu-to-nvvm, canonicalize, reconcile-unrealized-casts), canonicalize)
// RUN: npir-opt %s --pass-pipeline="%{pipeline}" > %t.npir
// RUN: mlir-opt %s --pass-pipeline="%{pipeline}" > %t.mlir
// RUN: diff %t.mlir %t.npir
// RUN: FileCheck %s --input-file %t.npir

// CHECK: gpu.module
// CHECK: nvvm.read.ptx.sreg
func.func @scale(%m: memref<?xf32>, %n: index, %s: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    %x = memref.load %m[%i] : memref<?xf32>
    %y = arith.mulf %x, %s : f32
    memref.store %y, %m[%i] : memref<?xf32>
    scf.reduce
  }
  return
}
