// Ops of the runtime: round trip, and what the verifiers refuse.

// RUN: npir-opt %s --split-input-file --verify-diagnostics | FileCheck %s
// RUN: npir-opt %s --split-input-file --verify-diagnostics --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

// CHECK-LABEL: func.func @all
// GENERIC-LABEL: sym_name = "all"
func.func @all(%n: index, %m: memref<?xf64>, %ok: i1, %status: i32) {
  // CHECK: loop.parallel_for %{{.*}} grain %{{.*}} : index, index {
  // CHECK-NEXT: ^bb0(%{{.*}}: index, %{{.*}}: index):
  // GENERIC: "loop.parallel_for"(%{{.*}}, %{{.*}}) ({
  loop.parallel_for %n grain %n : index, index {
  ^bb0(%lo: index, %hi: index):
    // CHECK: loop.check %{{.*}}, index_out_of_bounds, "index {} of {}" (%{{.*}}, %{{.*}} : index, index)
    // GENERIC: "loop.check"(%{{.*}}, %{{.*}}, %{{.*}}) <{kind = "index_out_of_bounds", message = "index {} of {}"}>
    loop.check %ok, index_out_of_bounds, "index {} of {}" (%lo, %hi : index, index)
    loop.yield
  }
  // CHECK: loop.check %{{.*}}, value_error, "a {{[{][{]}}} is a brace"{{$}}
  loop.check %ok, value_error, "a {{} is a brace"
  // CHECK: loop.exit_if %{{.*}}, %{{.*}} : i32
  loop.exit_if %ok, %status : i32
  // CHECK: loop.retain %{{.*}} : memref<?xf64>
  loop.retain %m : memref<?xf64>
  // CHECK: loop.release %{{.*}} : memref<?xf64>
  loop.release %m : memref<?xf64>
  // CHECK: loop.copy_row %[[M:.*]] at %[[N:.*]], %[[M]] at %[[N]], %[[N]] : memref<?xf64>, memref<?xf64>
  loop.copy_row %m at %n, %m at %n, %n : memref<?xf64>, memref<?xf64>
  return
}

// -----

func.func @rows_of_other_elements(%n: index, %a: memref<?xf64>, %b: memref<?xi64>) {
  // expected-error @+1 {{'loop.copy_row' op copies elements of memref<?xf64> to memref<?xi64>, of another type}}
  loop.copy_row %a at %n, %b at %n, %n : memref<?xf64>, memref<?xi64>
  return
}

// -----

func.func @columns(%n: index, %a: memref<?xf64>, %b: memref<?xf64, strided<[2]>>) {
  // expected-error @+1 {{'loop.copy_row' op expects one dimension of unit stride and no offset, not memref<?xf64, strided<[2]>>}}
  loop.copy_row %a at %n, %b at %n, %n : memref<?xf64>, memref<?xf64, strided<[2]>>
  return
}

// -----

func.func @matrix(%n: index, %a: memref<?x4xf64>, %b: memref<?xf64>) {
  // expected-error @+1 {{'loop.copy_row' op expects one dimension of unit stride and no offset, not memref<?x4xf64>}}
  loop.copy_row %a at %n, %b at %n, %n : memref<?x4xf64>, memref<?xf64>
  return
}

// -----

func.func @rows_of_vectors(%n: index, %a: memref<?xvector<4xf64>>) {
  // expected-error @+1 {{'loop.copy_row' op copies elements of type vector<4xf64>}}
  loop.copy_row %a at %n, %a at %n, %n : memref<?xvector<4xf64>>, memref<?xvector<4xf64>>
  return
}

// -----

func.func @count(%n: index, %ok: i1) {
  // expected-error @+1 {{'loop.check' op has 2 placeholders in its message and 1 arguments}}
  loop.check %ok, value_error, "{} of {}" (%n : index)
  return
}

// -----

func.func @bounds(%n: index) {
  // expected-error @+1 {{'loop.parallel_for' op expects a body with two arguments of type index}}
  loop.parallel_for %n grain %n : index, index {
  ^bb0(%lo: i64, %hi: i64):
    loop.yield
  }
  return
}

// -----

func.func @grain(%n: index, %g: i64) {
  // expected-error @+1 {{'loop.parallel_for' op expects `n` and `grain` of one type}}
  loop.parallel_for %n grain %g : index, i64 {
  ^bb0(%lo: index, %hi: index):
    loop.yield
  }
  return
}

// -----

func.func @kind(%ok: i1) {
  // expected-error @+1 {{no_such_kind}}
  loop.check %ok, no_such_kind, "message"
  return
}
