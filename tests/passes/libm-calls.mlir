// RUN: npir-opt %s --npir-libm-calls | FileCheck %s

// CHECK-DAG: func.func private @expm1(f64) -> f64 attributes {llvm.readnone}
// CHECK-DAG: func.func private @log1pf(f32) -> f32 attributes {llvm.readnone}

// CHECK-LABEL: func.func @scalars
// CHECK-SAME: (%[[X:.*]]: f64, %[[Y:.*]]: f32)
func.func @scalars(%x: f64, %y: f32) -> (f64, f64, f32) {
  // CHECK: %[[A:.*]] = call @expm1(%[[X]])
  %0 = math.expm1 %x : f64
  // CHECK: %[[B:.*]] = call @expm1(%[[A]])
  %1 = math.expm1 %0 : f64
  // CHECK: %[[C:.*]] = call @log1pf(%[[Y]])
  %2 = math.log1p %y : f32
  // CHECK: return %[[A]], %[[B]], %[[C]]
  return %0, %1, %2 : f64, f64, f32
}

// Functions of vectors are written out.
// CHECK-LABEL: func.func @vector
// CHECK-SAME: (%[[X:.*]]: vector<2xf64>)
func.func @vector(%x: vector<2xf64>) -> vector<2xf64> {
  // CHECK-NOT: call
  // CHECK: math.fma %{{.*}} : vector<2xf64>
  // CHECK: %[[Z:.*]] = arith.select %{{.*}}, %[[X]], %{{.*}} : vector<2xi1>, vector<2xf64>
  // CHECK: return %[[Z]]
  %0 = math.expm1 %x : vector<2xf64>
  return %0 : vector<2xf64>
}

// libm computes what is too large, in a function of the module.
// CHECK-LABEL: func.func @periodic
// CHECK-SAME: (%[[X:.*]]: vector<2xf64>)
func.func @periodic(%x: vector<2xf64>) -> vector<2xf64> {
  // CHECK: %[[NEAR:.*]] = arith.select %{{.*}}, %[[X]], %{{.*}} : vector<2xi1>, vector<2xf64>
  // CHECK: %[[HOLDS:.*]] = arith.cmpf olt, %{{.*}} : vector<2xf64>
  // CHECK: %[[ALL:.*]] = vector.reduction <and>, %[[HOLDS]] : vector<2xi1> into i1
  // CHECK: %[[Y:.*]] = scf.if %[[ALL]] -> (vector<2xf64>) {
  // CHECK: scf.yield %[[NEAR]]
  // CHECK: else
  // CHECK: func.call @npir_rare_sin_2xf64(%[[X]])
  // CHECK: return %[[Y]]
  %0 = math.sin %x : vector<2xf64>
  return %0 : vector<2xf64>
}

// Vectors side by side have one branch, and one more each where it is taken; what reads another one has its own.
// CHECK-LABEL: func.func @streams
func.func @streams(%x: vector<2xf64>, %y: vector<2xf64>) -> (vector<2xf64>, vector<2xf64>, vector<2xf64>) {
  // CHECK: %[[BOTH:.*]] = arith.andi %{{.*}} : vector<2xi1>
  // CHECK: %[[ALL:.*]] = vector.reduction <and>, %[[BOTH]]
  // CHECK: %[[LOG:.*]]:2 = scf.if %[[ALL]] -> (vector<2xf64>, vector<2xf64>) {
  // CHECK: else
  // CHECK: scf.if {{.*}} -> (vector<2xf64>) {
  // CHECK: func.call @npir_rare_log_2xf64
  // CHECK: scf.if {{.*}} -> (vector<2xf64>) {
  // CHECK: func.call @npir_rare_log_2xf64
  %0 = math.log %x : vector<2xf64>
  %1 = math.log %y : vector<2xf64>
  // CHECK: %[[LAST:.*]] = scf.if {{.*}} -> (vector<2xf64>) {
  // CHECK: func.call @npir_rare_log_2xf64(%[[LOG]]#1)
  // CHECK: return %[[LOG]]#0, %[[LOG]]#1, %[[LAST]]
  %2 = math.log %1 : vector<2xf64>
  return %0, %1, %2 : vector<2xf64>, vector<2xf64>, vector<2xf64>
}

// What LLVM has stays.
// CHECK-LABEL: func.func @others
func.func @others(%x: f64, %y: bf16) -> (f64, bf16) {
  // CHECK: math.exp
  %0 = math.exp %x : f64
  // CHECK: math.expm1
  %1 = math.expm1 %y : bf16
  return %0, %1 : f64, bf16
}

// Without fused products, those that must be exact are sums of parts.
// RUN: npir-opt %s --pass-pipeline="builtin.module(npir-libm-calls{fma=false})" | FileCheck %s --check-prefix=ROUNDED

// ROUNDED-LABEL: func.func @logarithm
func.func @logarithm(%x: vector<8xf64>) -> vector<8xf64> {
  // ROUNDED-NOT: math.fma
  // ROUNDED: arith.bitcast %{{.*}} : vector<8xf64> to vector<8xi64>
  // ROUNDED: arith.divf %{{.*}} : vector<8xf64>
  // ROUNDED-NOT: math.fma
  // ROUNDED: return
  %0 = math.log2 %x : vector<8xf64>
  return %0 : vector<8xf64>
}

// ROUNDED-LABEL: func.func @power
func.func @power(%x: vector<8xf64>) -> vector<8xf64> {
  // ROUNDED: math.powf %{{.*}} : vector<8xf64>
  %0 = math.powf %x, %x : vector<8xf64>
  return %0 : vector<8xf64>
}

// Powers of `f32` are written out in `f64`.
// CHECK-LABEL: func.func @powers
// CHECK-SAME: (%[[X:.*]]: vector<8xf32>, %[[Y:.*]]: vector<8xf32>, %[[Z:.*]]: f32)
func.func @powers(%x: vector<8xf32>, %y: vector<8xf32>, %z: f32) -> (vector<8xf32>, f32) {
  // CHECK-NOT: powf
  // CHECK: arith.extf %{{.*}} : vector<8xf32> to vector<8xf64>
  // CHECK: arith.divf %{{.*}} : vector<8xf64>
  // CHECK: math.fma %{{.*}} : vector<8xf64>
  // CHECK: arith.truncf %{{.*}} : vector<8xf64> to vector<8xf32>
  %0 = math.powf %x, %y : vector<8xf32>
  // CHECK: math.powf %[[Z]], %[[Z]] : f32
  %1 = math.powf %z, %z : f32
  return %0, %1 : vector<8xf32>, f32
}

// Powers by constants are products, also where several stand side by side.
// CHECK-LABEL: func.func @cubes
func.func @cubes(%a: vector<8xf64>, %b: vector<8xf64>, %c: vector<8xf64>) -> (vector<8xf64>, vector<8xf64>, vector<8xf64>) {
  // CHECK-NOT: powf
  // CHECK-NOT: call
  // CHECK: return
  %three = arith.constant dense<3.0> : vector<8xf64>
  %two = arith.constant dense<-1.5> : vector<8xf64>
  %0 = math.powf %a, %three : vector<8xf64>
  %1 = math.powf %b, %three : vector<8xf64>
  %2 = math.powf %c, %two : vector<8xf64>
  return %0, %1, %2 : vector<8xf64>, vector<8xf64>, vector<8xf64>
}

// CHECK: func.func private @npir_rare_sin_2xf64(%[[X:.*]]: vector<2xf64>) -> vector<2xf64> attributes {passthrough = ["cold", "noinline"]}
// CHECK: %[[HOLDS:.*]] = arith.cmpf olt
// CHECK: %[[X0:.*]] = vector.extract %[[X]][0]
// CHECK: math.sin %[[X0]] : f64
// CHECK: %[[X1:.*]] = vector.extract %[[X]][1]
// CHECK: math.sin %[[X1]] : f64
// CHECK: arith.select %[[HOLDS]], %{{.*}}, %{{.*}} : vector<2xi1>, vector<2xf64>
