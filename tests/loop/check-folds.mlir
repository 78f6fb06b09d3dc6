// A check that holds disappears; one that fails, or that nobody knows about, stays.

// RUN: npir-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @checks
func.func @checks(%ok: i1) {
  %true = arith.constant true
  %false = arith.constant false
  // CHECK-NOT: always
  loop.check %true, value_error, "always"
  // CHECK: "never"
  loop.check %false, value_error, "never"
  // CHECK: "perhaps"
  loop.check %ok, value_error, "perhaps"
  return
}
