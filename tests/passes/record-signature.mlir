// What callers see of a public function is kept through lowering.

// RUN: npir-opt %s --split-input-file --verify-diagnostics --pass-pipeline="builtin.module(func.func(npir-record-signature))" | FileCheck %s

// CHECK-LABEL: func.func @f(
// CHECK-SAME: npir.signature = {arg_names = ["arg0", "points", "arg2", "arg3"]
// CHECK-SAME: arg_types = [tensor<?x3xf32>, tensor<ui8>, i1, complex<f64>]
// CHECK-SAME: name = "f"
// CHECK-SAME: result_types = [tensor<?x3xf32>, complex<f64>]
// CHECK-SAME: updates = array<i64: 0, -1, -1, -1>
func.func @f(%a: tensor<?x3xf32> {numpy.updates = 0 : i64}, %b: tensor<ui8> {numpy.name = "points"}, %c: i1,
             %z: complex<f64>)
    -> (tensor<?x3xf32>, complex<f64>) {
  return %a, %z : tensor<?x3xf32>, complex<f64>
}

// -----

// CHECK-LABEL: func.func private @hidden
// CHECK-NOT: npir.signature
func.func private @hidden(%v: vector<4xf64>) {
  return
}

// -----

// expected-error @+1 {{argument 0: public functions cannot take or return vector<4xf64>}}
func.func @vectors(%v: vector<4xf64>) {
  return
}

// -----

// expected-error @+1 {{argument 0: public functions cannot take or return tensor<4xi3>}}
func.func @odd(%t: tensor<4xi3>) -> tensor<4xi3> {
  return %t : tensor<4xi3>
}
