// RUN: npir-opt %s --split-input-file --verify-diagnostics | npir-opt --split-input-file | FileCheck %s
// RUN: npir-opt %s --split-input-file --verify-diagnostics --npir-lower-to=tensor | FileCheck %s --check-prefix=TENSOR

// CHECK-LABEL: func @round_trip
func.func @round_trip(%k: tensor<ui64>, %l: tensor<i64>, %h: tensor<i64>, %n: index) {
  // CHECK: numpy.random_uniform %{{.*}} shape [%{{.*}}, 3] {draw = 4 : i64} : tensor<ui64> -> tensor<?x3xf32>
  %0 = numpy.random_uniform %k shape [%n, 3] {draw = 4 : i64} : tensor<ui64> -> tensor<?x3xf32>
  // CHECK: numpy.random_standard_normal %{{.*}} shape [5] : tensor<ui64> -> tensor<5xf64>
  %1 = numpy.random_standard_normal %k shape [5] : tensor<ui64> -> tensor<5xf64>
  // CHECK: numpy.random_integers %{{.*}}, %{{.*}}, %{{.*}} shape [5] : tensor<ui64>, tensor<i64>, tensor<i64> -> tensor<5xui8>
  %2 = numpy.random_integers %k, %l, %h shape [5] : tensor<ui64>, tensor<i64>, tensor<i64> -> tensor<5xui8>
  return
}

// Numbers are made where they are used: one loop, no array of them.
// TENSOR-LABEL: func @noise
// TENSOR: linalg.generic
// TENSOR-NOT: linalg.generic
func.func @noise(%k: tensor<ui64>, %x: tensor<100xf64>) -> tensor<100xf64> {
  %0 = numpy.random_uniform %k shape [100] : tensor<ui64> -> tensor<100xf64>
  %1 = numpy.add %x, %0 : tensor<100xf64>, tensor<100xf64> -> tensor<100xf64>
  return %1 : tensor<100xf64>
}

// -----

func.func @key(%k: tensor<2xui64>) {
  // expected-error@+1 {{needs a 0-d array of uint64, got tensor<2xui64>}}
  %0 = numpy.random_uniform %k shape [5] : tensor<2xui64> -> tensor<5xf64>
  return
}

// -----

func.func @type(%k: tensor<ui64>) {
  // expected-error@+1 {{has no numbers of type int32}}
  %0 = numpy.random_uniform %k shape [5] : tensor<ui64> -> tensor<5xi32>
  return
}
