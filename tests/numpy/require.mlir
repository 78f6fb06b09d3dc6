// Conditions of the program.
// RUN: npir-opt %s --canonicalize --numpy-to-tensor --split-input-file --verify-diagnostics | FileCheck %s
// RUN: npir-opt %s --split-input-file --verify-diagnostics | FileCheck %s --check-prefix=ROUND

// A condition that holds is nothing; one that does not stays, though nothing uses it.
// CHECK-LABEL: func.func @known
// ROUND-LABEL: func.func @known
func.func @known() {
  // CHECK-NOT: first
  %true = numpy.constant dense<true> : tensor<i1>
  numpy.require %true : tensor<i1>, value_error, "first"
  // CHECK: tensor_ext.check %{{.*}}, assertion, "second"
  %false = numpy.constant dense<false> : tensor<i1>
  // ROUND: numpy.require %{{.*}} : tensor<i1>, assertion, "second"
  numpy.require %false : tensor<i1>, assertion, "second"
  return
}

// -----

// Braces are no placeholders.
// CHECK-LABEL: func.func @unknown
func.func @unknown(%x: tensor<i1>) {
  // CHECK: %[[BYTE:.*]] = tensor.extract
  // CHECK: %[[HOLDS:.*]] = arith.cmpi ne, %[[BYTE]]
  // CHECK: tensor_ext.check %[[HOLDS]], zero_division, "a {{.}}{b}}"
  numpy.require %x : tensor<i1>, zero_division, "a {b}"
  return
}

// -----

func.func @array(%x: tensor<2xi1>) {
  // expected-error @+1 {{expects an operand of type tensor<i1>, got tensor<2xi1>}}
  numpy.require %x : tensor<2xi1>, overflow, "no"
  return
}
