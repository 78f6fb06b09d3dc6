// An upstream pipeline runs unchanged: vectors to the LLVM dialect, with pass options.
// DEFINE: %{passes} = --convert-vector-to-scf="full-unroll=true" --convert-scf-to-cf --expand-strided-metadata --lower-affine --convert-vector-to-llvm="reassociate-fp-reductions=true enable-x86vector" --convert-math-to-llvm --convert-arith-to-llvm --finalize-memref-to-llvm --convert-func-to-llvm --convert-cf-to-llvm --reconcile-unrealized-casts
// RUN: npir-opt %s %{passes} > %t.npir
// RUN: mlir-opt %s %{passes} > %t.mlir
// RUN: diff %t.mlir %t.npir
// RUN: FileCheck %s --input-file %t.npir

// CHECK: llvm.func @transfer
// CHECK: llvm.func @contract
// CHECK: llvm.intr.vector.reduce.fadd
func.func @transfer(%m: memref<?x?xf32>, %i: index) -> vector<4x8xf32> {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  %v = vector.transfer_read %m[%i, %c0], %pad : memref<?x?xf32>, vector<4x8xf32>
  %w = math.fma %v, %v, %v : vector<4x8xf32>
  vector.transfer_write %w, %m[%i, %c0] : vector<4x8xf32>, memref<?x?xf32>
  return %w : vector<4x8xf32>
}

func.func @contract(%a: vector<16xf32>, %b: vector<16xf32>) -> f32 {
  %0 = arith.mulf %a, %b : vector<16xf32>
  %1 = vector.reduction <add>, %0 : vector<16xf32> into f32
  %2 = vector.shuffle %a, %b [0, 16, 1, 17] : vector<16xf32>, vector<16xf32>
  %3 = vector.extract %2[3] : f32 from vector<4xf32>
  %4 = arith.addf %1, %3 : f32
  return %4 : f32
}
