// Vectors of complex numbers: parts side by side, as in memory.
// RUN: npir-opt %s --split-input-file --loop-schedule='vector-bits=256 threads=false' | FileCheck %s --check-prefix=PLAN
// RUN: npir-opt %s --split-input-file --loop-schedule='vector-bits=256 threads=false' --lower-loop-nest --cse | FileCheck %s

#id = affine_map<(i) -> (i)>

// Four lanes of two parts each: one load for both, shuffled apart.
// PLAN-LABEL: func.func @imaginary
// PLAN: schedule <vector = 4
// CHECK-LABEL: func.func @imaginary
// CHECK: %[[PARTS:.*]] = builtin.unrealized_conversion_cast %{{.*}} : memref<{{.*}}complex<f64>{{.*}}> to memref<{{.*}}xf64{{.*}}>
// CHECK: %[[BOTH:.*]] = vector.load %[[PARTS]][%{{.*}}] {alignment = 1 : i64} : {{.*}}, vector<8xf64>
// CHECK: vector.shuffle %[[BOTH]], %{{.*}} [1, 3, 5, 7]
func.func @imaginary(%z: memref<1024xcomplex<f64>>, %y: memref<1024xf64>) {
  loop.nest bounds [1024] iterators [parallel]
      ins(%z : memref<1024xcomplex<f64>>) outs(%y : memref<1024xf64>) maps [#id, #id]
  body (%a: complex<f64>, %out: f64) {
    %0 = complex.im %a : complex<f64>
    loop.yield %0 : f64
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>

// Parts are joined before they are stored.
// CHECK-LABEL: func.func @turned
// CHECK: %[[JOINED:.*]] = vector.shuffle %{{.*}}, %{{.*}} [0, 4, 1, 5, 2, 6, 3, 7]
// CHECK: vector.store %[[JOINED]], %{{.*}} : {{.*}}, vector<8xf64>
func.func @turned(%z: memref<1024xcomplex<f64>>, %y: memref<1024xcomplex<f64>>) {
  loop.nest bounds [1024] iterators [parallel]
      ins(%z : memref<1024xcomplex<f64>>) outs(%y : memref<1024xcomplex<f64>>) maps [#id, #id]
  body (%a: complex<f64>, %out: complex<f64>) {
    %0 = complex.re %a : complex<f64>
    %1 = complex.im %a : complex<f64>
    %2 = arith.negf %1 : f64
    %3 = complex.create %2, %0 : complex<f64>
    loop.yield %3 : complex<f64>
  }
  return
}

// -----

#id = affine_map<(i) -> (i)>
#zero = affine_map<(i) -> ()>

// An accumulator is no vector of complex numbers.
// PLAN-LABEL: func.func @accumulated
// PLAN-NOT: vector =
// CHECK-LABEL: func.func @accumulated
// CHECK-NOT: vector<
func.func @accumulated(%z: memref<1024xcomplex<f64>>, %y: memref<complex<f64>>) {
  loop.nest bounds [1024] iterators [reduction]
      ins(%z : memref<1024xcomplex<f64>>) outs(%y : memref<complex<f64>>) maps [#id, #zero]
  body (%a: complex<f64>, %acc: complex<f64>) {
    %0 = complex.re %a : complex<f64>
    %1 = complex.im %acc : complex<f64>
    %2 = complex.create %0, %1 : complex<f64>
    loop.yield %2 : complex<f64>
  }
  return
}
