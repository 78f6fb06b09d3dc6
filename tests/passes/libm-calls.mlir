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

// CHECK-LABEL: func.func @vector
// CHECK-SAME: (%[[X:.*]]: vector<2xf64>)
func.func @vector(%x: vector<2xf64>) -> vector<2xf64> {
  // CHECK: %[[X0:.*]] = vector.extract %[[X]][0]
  // CHECK: %[[Y0:.*]] = call @cbrt(%[[X0]])
  // CHECK: %[[HALF:.*]] = vector.insert %[[Y0]], %[[X]] [0]
  // CHECK: %[[X1:.*]] = vector.extract %[[X]][1]
  // CHECK: %[[Y1:.*]] = call @cbrt(%[[X1]])
  // CHECK: %[[ALL:.*]] = vector.insert %[[Y1]], %[[HALF]] [1]
  // CHECK: return %[[ALL]]
  %0 = math.cbrt %x : vector<2xf64>
  return %0 : vector<2xf64>
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

// Vectors that fill registers are passed to libmvec, wider ones in parts, others lane by lane.
// RUN: npir-opt %s --pass-pipeline="builtin.module(npir-libm-calls{vector-bits=256})" | FileCheck %s --check-prefix=VECTOR

// VECTOR-DAG: func.func private @_ZGVdN8v_tanhf(vector<8xf32>) -> vector<8xf32> attributes {llvm.readnone}
// VECTOR-DAG: func.func private @_ZGVdN4vv_pow(vector<4xf64>, vector<4xf64>) -> vector<4xf64>
// VECTOR-LABEL: func.func @registers
func.func @registers(%x: vector<8xf32>, %y: vector<8xf64>, %z: vector<2xf64>, %odd: vector<3xf64>) -> (vector<8xf32>, vector<8xf64>, vector<2xf64>, vector<3xf64>) {
  // VECTOR: call @_ZGVdN8v_tanhf(%{{.*}}) : (vector<8xf32>) -> vector<8xf32>
  %0 = math.tanh %x : vector<8xf32>
  // VECTOR: vector.shuffle %[[Y:.*]], %[[Y]] [0, 1, 2, 3]
  // VECTOR: %[[LOW:.*]] = call @_ZGVdN4vv_pow
  // VECTOR: vector.shuffle %[[Y]], %[[Y]] [4, 5, 6, 7]
  // VECTOR: %[[HIGH:.*]] = call @_ZGVdN4vv_pow
  // VECTOR: %[[WIDE:.*]] = vector.shuffle %[[HIGH]], %[[HIGH]] [0, 1, 2, 3]
  // VECTOR: vector.shuffle %[[LOW]], %[[WIDE]] [0, 1, 2, 3, 4, 5, 6, 7]
  %1 = math.powf %y, %y : vector<8xf64>
  // VECTOR: call @_ZGVbN2v_exp
  %2 = math.exp %z : vector<2xf64>
  // VECTOR-COUNT-3: call @cbrt
  %3 = math.cbrt %odd : vector<3xf64>
  return %0, %1, %2, %3 : vector<8xf32>, vector<8xf64>, vector<2xf64>, vector<3xf64>
}

// Powers of `f32` are written out in `f64`.
// CHECK-LABEL: func.func @powers
// CHECK-SAME: (%[[X:.*]]: vector<8xf32>, %[[Y:.*]]: vector<8xf32>, %[[Z:.*]]: f32)
func.func @powers(%x: vector<8xf32>, %y: vector<8xf32>, %z: f32) -> (vector<8xf32>, f32) {
  // CHECK-NOT: powf
  // CHECK: arith.extf %{{.*}} : vector<8xf32> to vector<8xf64>
  // CHECK: arith.divf %{{.*}} : vector<8xf64>
  // CHECK: arith.addf %{{.*}} fastmath<contract> : vector<8xf64>
  // CHECK: arith.truncf %{{.*}} : vector<8xf64> to vector<8xf32>
  %0 = math.powf %x, %y : vector<8xf32>
  // CHECK: math.powf %[[Z]], %[[Z]] : f32
  %1 = math.powf %z, %z : f32
  return %0, %1 : vector<8xf32>, f32
}
