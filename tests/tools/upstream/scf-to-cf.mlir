// An upstream pipeline runs unchanged: structured control flow to branches, with locations.
// DEFINE: %{passes} = --scf-for-loop-canonicalization --convert-scf-to-cf --canonicalize --cse --mlir-print-debuginfo --mlir-print-local-scope
// RUN: npir-opt %s %{passes} > %t.npir
// RUN: mlir-opt %s %{passes} > %t.mlir
// RUN: diff %t.mlir %t.npir
// RUN: FileCheck %s --input-file %t.npir

// CHECK: func.func @collatz
// CHECK: cf.cond_br
// CHECK-NOT: scf.
func.func @collatz(%start: i64) -> i64 {
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %three = arith.constant 3 : i64
  %result:2 = scf.while (%n = %start, %steps = %zero) : (i64, i64) -> (i64, i64) {
    %more = arith.cmpi ne, %n, %one : i64
    scf.condition(%more) %n, %steps : i64, i64
  } do {
  ^bb0(%n: i64, %steps: i64):
    %bit = arith.andi %n, %one : i64
    %odd = arith.trunci %bit : i64 to i1
    %next = scf.if %odd -> i64 {
      %0 = arith.muli %n, %three : i64
      %1 = arith.addi %0, %one : i64
      scf.yield %1 : i64
    } else {
      %0 = arith.shrsi %n, %one : i64
      scf.yield %0 : i64
    }
    %more_steps = arith.addi %steps, %one : i64
    scf.yield %next, %more_steps : i64, i64
  }
  return %result#1 : i64
}

func.func @sum(%m: memref<?xf32>, %n: index) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> f32 {
    %x = memref.load %m[%i] : memref<?xf32>
    %next = arith.addf %acc, %x : f32
    scf.yield %next : f32
  }
  return %sum : f32
}
