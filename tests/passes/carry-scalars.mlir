// RUN: npir-opt %s --pass-pipeline='builtin.module(func.func(tensor-carry-scalars),canonicalize)' | FileCheck %s
// RUN: npir-opt %s --npir-lower-to=device | FileCheck %s --check-prefix=DEVICE

// CHECK-LABEL: func.func @for
// CHECK: %[[INIT:.*]] = tensor.extract %{{.*}}[] : tensor<f64>
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[INIT]], %{{.*}} = %{{.*}}) -> (f64, tensor<4xf64>)
// CHECK: tensor.from_elements
// CHECK-NOT: memref
// DEVICE-LABEL: func.func @for
// DEVICE: scf.for {{.*}} -> (f64)
// DEVICE-NOT: memref.alloc
// DEVICE: scf.yield %{{.*}} : f64
func.func @for(%start: tensor<f64>, %x: tensor<4xf64>, %n: index) -> (tensor<f64>, tensor<4xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %sum, %y = scf.for %i = %c0 to %n step %c1 iter_args(%a = %start, %v = %x) -> (tensor<f64>, tensor<4xf64>) {
    %e = tensor.extract %x[%i] : tensor<4xf64>
    %old = tensor.extract %a[] : tensor<f64>
    %new = arith.addf %old, %e : f64
    %next = tensor.from_elements %new : tensor<f64>
    %w = tensor.insert %new into %v[%i] : tensor<4xf64>
    scf.yield %next, %w : tensor<f64>, tensor<4xf64>
  }
  return %sum, %y : tensor<f64>, tensor<4xf64>
}

// What goes around in a `while` and what it hands on are two lists.
// CHECK-LABEL: func.func @while
// CHECK: scf.while (%{{.*}} = %{{.*}}) : (i64) -> (i64, i64)
// CHECK: scf.condition(%{{.*}}) %{{.*}}, %{{.*}} : i64, i64
// CHECK: ^bb0(%{{.*}}: i64, %{{.*}}: i64)
// CHECK: scf.yield %{{.*}} : i64
func.func @while(%start: tensor<i64>) -> (tensor<i64>, tensor<i64>) {
  %c2 = arith.constant 2 : i64
  %c100 = arith.constant 100 : i64
  %last, %more = scf.while (%a = %start) : (tensor<i64>) -> (tensor<i64>, tensor<i64>) {
    %e = tensor.extract %a[] : tensor<i64>
    %twice = arith.muli %e, %c2 : i64
    %less = arith.cmpi slt, %e, %c100 : i64
    %both = tensor.from_elements %twice : tensor<i64>
    scf.condition(%less) %a, %both : tensor<i64>, tensor<i64>
  } do {
  ^bb0(%b: tensor<i64>, %c: tensor<i64>):
    %x = tensor.extract %b[] : tensor<i64>
    %y = tensor.extract %c[] : tensor<i64>
    %z = arith.addi %x, %y : i64
    %next = tensor.from_elements %z : tensor<i64>
    scf.yield %next : tensor<i64>
  }
  return %last, %more : tensor<i64>, tensor<i64>
}

// CHECK-LABEL: func.func @if
// CHECK: scf.if %{{.*}} -> (complex<f32>)
func.func @if(%p: i1, %x: tensor<complex<f32>>, %y: tensor<complex<f32>>) -> tensor<complex<f32>> {
  %0 = scf.if %p -> (tensor<complex<f32>>) {
    %a = tensor.extract %x[] : tensor<complex<f32>>
    %b = complex.neg %a : complex<f32>
    %c = tensor.from_elements %b : tensor<complex<f32>>
    scf.yield %c : tensor<complex<f32>>
  } else {
    scf.yield %y : tensor<complex<f32>>
  }
  return %0 : tensor<complex<f32>>
}
