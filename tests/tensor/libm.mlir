// Functions of complex numbers: round trip, verifier, calls.
// RUN: npir-opt %s | npir-opt | FileCheck %s --check-prefix=SAME
// RUN: npir-opt %s --npir-libm-calls | FileCheck %s

// CHECK-DAG: func.func private @csqrt(complex<f64>) -> complex<f64>
// CHECK-DAG: func.func private @cpow(complex<f64>, complex<f64>) -> complex<f64>

// CHECK-LABEL: func.func @root_of_power
func.func @root_of_power(%z: complex<f64>, %w: complex<f64>) -> complex<f64> {
  // SAME: tensor_ext.libm cpow %{{.*}}, %{{.*}} : complex<f64>, complex<f64> -> complex<f64>
  // CHECK: %[[POWER:.*]] = call @cpow(%{{.*}}, %{{.*}})
  %0 = tensor_ext.libm cpow %z, %w : complex<f64>, complex<f64> -> complex<f64>
  // CHECK: call @csqrt(%[[POWER]])
  %1 = tensor_ext.libm csqrt %0 : complex<f64> -> complex<f64>
  return %1 : complex<f64>
}
