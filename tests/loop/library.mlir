// RUN: npir-opt %s --split-input-file --verify-diagnostics | npir-opt --split-input-file | FileCheck %s
// RUN: npir-opt %s --split-input-file --verify-diagnostics --loop-abi | FileCheck %s --check-prefix=ABI

// CHECK-LABEL: func @factor
// CHECK: loop.library cholesky for "numpy.linalg_cholesky" params [0] ins (%{{.*}} : memref<?x?xf64>) outs (%{{.*}} : memref<?x?xf64>)

// ABI: llvm.func @npir_lib_cholesky(!llvm.ptr, !llvm.ptr) -> i32
// ABI-LABEL: func private @npir_fn_factor(
// ABI-SAME: %[[CTX:.*]]: !llvm.ptr
// ABI: %[[STATUS:.*]] = llvm.call @npir_lib_cholesky(%[[CTX]], %{{.*}}) : (!llvm.ptr, !llvm.ptr) -> i32
// ABI: %[[FAILED:.*]] = llvm.icmp "ne" %[[STATUS]]
// ABI: loop.exit_if %[[FAILED]], %[[STATUS]]
func.func @factor(%a: memref<?x?xf64>, %l: memref<?x?xf64>) {
  loop.library cholesky for "numpy.linalg_cholesky" params [0] ins (%a : memref<?x?xf64>) outs (%l : memref<?x?xf64>)
  return
}

// -----

func.func @params(%a: memref<?x?xf64>) {
  // expected-error@+1 {{cholesky expects 1 params, got 0}}
  loop.library cholesky for "f" ins (%a : memref<?x?xf64>) outs (%a : memref<?x?xf64>)
  return
}

// -----

func.func @count(%a: memref<?x?xf64>) {
  // expected-error@+1 {{cholesky expects 1 ins, got 2}}
  loop.library cholesky for "f" params [0] ins (%a, %a : memref<?x?xf64>, memref<?x?xf64>) outs (%a : memref<?x?xf64>)
  return
}

// -----

func.func @element(%a: memref<?x?xi32>) {
  // expected-error@+1 {{cholesky does not work on elements of type 'i32'}}
  loop.library cholesky for "f" params [0] ins (%a : memref<?x?xi32>) outs (%a : memref<?x?xi32>)
  return
}

// -----

func.func @relation(%a: memref<?x?xf64>, %b: memref<?x?xf32>) {
  // expected-error@+1 {{array 1 has elements of type 'f32', expected 'f64'}}
  loop.library cholesky for "f" params [0] ins (%a : memref<?x?xf64>) outs (%b : memref<?x?xf32>)
  return
}

// -----

func.func @rank(%a: memref<?xf64>) {
  // expected-error@+1 {{array 0 of cholesky needs at least 2 dimensions}}
  loop.library cholesky for "f" params [0] ins (%a : memref<?xf64>) outs (%a : memref<?xf64>)
  return
}

// -----

func.func @batch(%a: memref<3x2x2xf64>, %b: memref<4x2x2xf64>) {
  // expected-error@+1 {{array 1 has another batch than array 0}}
  loop.library cholesky for "f" params [0] ins (%a : memref<3x2x2xf64>) outs (%b : memref<4x2x2xf64>)
  return
}
