// Passes that run where there is something for them: by the names of ops, by a dialect, by element types.

// RUN: npir-opt %s --pass-pipeline="builtin.module(func.func(npir-if{ops=arith.muli,math.* pipeline=canonicalize}))" | FileCheck %s --check-prefixes=CHECK,OPS
// RUN: npir-opt %s --pass-pipeline="builtin.module(func.func(npir-if{element-types=bf16 pipeline=canonicalize}))" | FileCheck %s --check-prefixes=CHECK,TYPES
// RUN: npir-opt %s --pass-pipeline="builtin.module(npir-if{ops=arith.muli pipeline=\"func.func(canonicalize),cse\"})" | FileCheck %s --check-prefixes=CHECK,ALL
// RUN: not npir-opt %s --pass-pipeline="builtin.module(npir-if{element-types=nothing pipeline=cse})" 2>&1 | FileCheck %s --check-prefix=TYPE
// RUN: not npir-opt %s --pass-pipeline="builtin.module(npir-if{ops=arith.muli pipeline=no-such-pass})" 2>&1 | FileCheck %s --check-prefix=PASS

// TYPE: no type 'nothing'
// PASS: no-such-pass

// CHECK-LABEL: func.func @multiplies
func.func @multiplies(%a: i32) -> i32 {
  %one = arith.constant 1 : i32
  // OPS-NOT: arith.muli
  // TYPES: arith.muli
  // ALL-NOT: arith.muli
  %b = arith.muli %a, %one : i32
  return %b : i32
}

// CHECK-LABEL: func.func @roots
func.func @roots(%a: f32) -> f32 {
  // OPS-NOT: arith.constant
  // TYPES: arith.constant
  // ALL-NOT: arith.constant
  %unused = arith.constant 2.0 : f32
  %b = math.sqrt %a : f32
  return %b : f32
}

// CHECK-LABEL: func.func @brains
func.func @brains(%a: vector<4xbf16>) -> vector<4xbf16> {
  // OPS: arith.constant
  // TYPES-NOT: arith.constant
  // ALL-NOT: arith.constant
  %unused = arith.constant 2.0 : f32
  return %a : vector<4xbf16>
}

// CHECK-LABEL: func.func @plain
func.func @plain(%a: f32) -> f32 {
  // OPS: arith.constant
  // TYPES: arith.constant
  // ALL-NOT: arith.constant
  %unused = arith.constant 2.0 : f32
  return %a : f32
}
