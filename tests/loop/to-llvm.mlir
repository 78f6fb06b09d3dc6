// The way from memrefs to LLVM IR through upstream's conversions leaves nothing of ours behind.

// RUN: npir-opt %s --pass-pipeline="builtin.module(loop-abi,convert-scf-to-cf,expand-strided-metadata,lower-affine,convert-to-llvm,reconcile-unrealized-casts,loop-finish-llvm)" | mlir-translate --mlir-to-llvmir | opt -passes=verify -S | FileCheck %s

// CHECK-LABEL: define internal { i32, { ptr, ptr, i64, [1 x i64], [1 x i64] } } @npir_fn_f(
// CHECK: call ptr @npir_rt_alloc(
// CHECK: br i1 %{{.*}}, label %{{.*}}, label %{{.*}}, !prof
// CHECK: call i32 @npir_rt_parallel_for(ptr %0, ptr @npir_par_f_0,
// CHECK-LABEL: define internal i32 @npir_par_f_0(ptr %0, ptr noalias readonly %1, i64 %2, i64 %3)
// CHECK: call void @npir_rt_raise(ptr %0, i32 1,
// CHECK-LABEL: define i32 @npir_entry_f(ptr %0, ptr %1, ptr %2)
func.func @f(%a: memref<?xf64, strided<[?], offset: ?>>, %k: index) -> memref<?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %a, %c0 : memref<?xf64, strided<[?], offset: ?>>
  %m = memref.alloc(%n) : memref<?xf64>
  loop.parallel_for %n grain %k : index, index {
  ^bb0(%lo: index, %hi: index):
    scf.for %i = %lo to %hi step %c1 {
      %ok = arith.cmpi slt, %i, %k : index
      loop.check %ok, index_out_of_bounds, "index {} of {}" (%i, %k : index, index)
      %x = memref.load %a[%i] : memref<?xf64, strided<[?], offset: ?>>
      memref.store %x, %m[%i] : memref<?xf64>
    }
    loop.yield
  }
  return %m : memref<?xf64>
}
