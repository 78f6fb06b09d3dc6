// Every array op in every form: text, generic text and bytecode are the same program.
// RUN: npir-opt %s | npir-opt | FileCheck %s
// RUN: npir-opt %s --mlir-print-op-generic | npir-opt | FileCheck %s
// RUN: npir-opt %s --emit-bytecode | npir-opt | FileCheck %s

func.func @consts() -> (tensor<2x3xf64>, tensor<i1>, tensor<3xui8>, tensor<3xi1>, tensor<0xf32>) {
  // CHECK: numpy.constant dense<{{.*}}> : tensor<2x3xf64>
  %a = numpy.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf64>
  // CHECK: numpy.constant dense<true> : tensor<i1>
  %b = numpy.constant dense<true> : tensor<i1>
  // CHECK: numpy.constant dense<[1, 255, 3]> : tensor<3xui8>
  %c = numpy.constant dense<[1, 255, 3]> : tensor<3xui8>
  // CHECK: numpy.constant dense<[true, false, true]> : tensor<3xi1>
  %d = numpy.constant dense<[true, false, true]> : tensor<3xi1>
  // CHECK: numpy.constant dense<> : tensor<0xf32>
  %e = numpy.constant dense<> : tensor<0xf32>
  return %a, %b, %c, %d, %e : tensor<2x3xf64>, tensor<i1>, tensor<3xui8>, tensor<3xi1>, tensor<0xf32>
}
func.func @makers(%v: tensor<f32>, %n: index) -> (tensor<2x?xf32>, tensor<?xi32>, tensor<5xf32>) {
  // CHECK: numpy.full %{{.*}} shape [2, %{{.*}}] : tensor<f32> -> tensor<2x?xf32>
  %f = numpy.full %v shape [2, %n] : tensor<f32> -> tensor<2x?xf32>
  // CHECK: numpy.iota shape [%{{.*}}] : tensor<?xi32>
  %i = numpy.iota shape [%n] : tensor<?xi32>
  // CHECK: numpy.arange %{{.*}}, %{{.*}} shape [5] : tensor<f32>, tensor<f32> -> tensor<5xf32>
  %a = numpy.arange %v, %v shape [5] : tensor<f32>, tensor<f32> -> tensor<5xf32>
  return %f, %i, %a : tensor<2x?xf32>, tensor<?xi32>, tensor<5xf32>
}
func.func @scalars(%x: tensor<1x?xi1>, %y: tensor<4x?xui16>, %s: i1) -> (i1, index, index, index, index, tensor<i1>) {
  // CHECK: numpy.item %{{.*}} : tensor<1x?xi1>
  %a = numpy.item %x : tensor<1x?xi1>
  // CHECK: numpy.dim %{{.*}} axis -1 : tensor<4x?xui16>
  %d = numpy.dim %y axis -1 : tensor<4x?xui16>
  // CHECK: numpy.shape %{{.*}} : tensor<4x?xui16>
  %s2:2 = numpy.shape %y : tensor<4x?xui16>
  // CHECK: numpy.size %{{.*}} : tensor<4x?xui16>
  %z = numpy.size %y : tensor<4x?xui16>
  // CHECK: numpy.from_scalar %{{.*}} : i1
  %t = numpy.from_scalar %s : i1
  return %a, %d, %s2#0, %s2#1, %z, %t : i1, index, index, index, index, tensor<i1>
}
func.func @reduce(%x: tensor<?x3xf16>, %b: tensor<4xi1>, %u: tensor<2x2xui8>) -> (tensor<3xf16>, tensor<?x1xf16>, tensor<i64>, tensor<ui64>, tensor<f16>, tensor<3xi1>, tensor<i64>) {
  // CHECK: numpy.sum %{{.*}} axes [0] : tensor<?x3xf16> -> tensor<3xf16>
  %s = numpy.sum %x axes [0] : tensor<?x3xf16> -> tensor<3xf16>
  // CHECK: numpy.max %{{.*}} axes [-1] keepdims : tensor<?x3xf16> -> tensor<?x1xf16>
  %m = numpy.max %x axes [-1] keepdims : tensor<?x3xf16> -> tensor<?x1xf16>
  // CHECK: numpy.sum %{{.*}} : tensor<4xi1> -> tensor<i64>
  %c = numpy.sum %b : tensor<4xi1> -> tensor<i64>
  // CHECK: numpy.prod %{{.*}} : tensor<2x2xui8> -> tensor<ui64>
  %p = numpy.prod %u : tensor<2x2xui8> -> tensor<ui64>
  // CHECK: numpy.mean %{{.*}} : tensor<?x3xf16> -> tensor<f16>
  %me = numpy.mean %x : tensor<?x3xf16> -> tensor<f16>
  // CHECK: numpy.any %{{.*}} axes [0] : tensor<?x3xf16> -> tensor<3xi1>
  %an = numpy.any %x axes [0] : tensor<?x3xf16> -> tensor<3xi1>
  // CHECK: numpy.count_nonzero %{{.*}} : tensor<?x3xf16> -> tensor<i64>
  %cn = numpy.count_nonzero %x : tensor<?x3xf16> -> tensor<i64>
  return %s, %m, %c, %p, %me, %an, %cn : tensor<3xf16>, tensor<?x1xf16>, tensor<i64>, tensor<ui64>, tensor<f16>, tensor<3xi1>, tensor<i64>
}
func.func @arg(%x: tensor<?x3xf64>, %u: tensor<2x2xui8>) -> (tensor<?xi64>, tensor<1x1xi64>) {
  // CHECK: numpy.argmin %{{.*}} axis 1 : tensor<?x3xf64> -> tensor<?xi64>
  %s = numpy.argmin %x axis 1 : tensor<?x3xf64> -> tensor<?xi64>
  // CHECK: numpy.argmax %{{.*}} keepdims : tensor<2x2xui8> -> tensor<1x1xi64>
  %m = numpy.argmax %u keepdims : tensor<2x2xui8> -> tensor<1x1xi64>
  return %s, %m : tensor<?xi64>, tensor<1x1xi64>
}
func.func @mm(%x: tensor<?x3xf32>, %y: tensor<3xf32>, %b: tensor<1x5x3xi8>, %c: tensor<?x3x?xi8>, %h: tensor<2xi1>, %f: tensor<?xf16>) -> (tensor<?xf32>, tensor<?x5x?xi8>, tensor<i1>, tensor<f16>) {
  // CHECK: numpy.matmul %{{.*}}, %{{.*}} : tensor<?x3xf32>, tensor<3xf32> -> tensor<?xf32>
  %0 = numpy.matmul %x, %y : tensor<?x3xf32>, tensor<3xf32> -> tensor<?xf32>
  // CHECK: numpy.matmul %{{.*}}, %{{.*}} : tensor<1x5x3xi8>, tensor<?x3x?xi8> -> tensor<?x5x?xi8>
  %1 = numpy.matmul %b, %c : tensor<1x5x3xi8>, tensor<?x3x?xi8> -> tensor<?x5x?xi8>
  // CHECK: numpy.matmul %{{.*}}, %{{.*}} : tensor<2xi1>, tensor<2xi1> -> tensor<i1>
  %2 = numpy.matmul %h, %h : tensor<2xi1>, tensor<2xi1> -> tensor<i1>
  // CHECK: numpy.matmul %{{.*}}, %{{.*}} : tensor<?xf16>, tensor<?xf16> -> tensor<f16>
  %3 = numpy.matmul %f, %f : tensor<?xf16>, tensor<?xf16> -> tensor<f16>
  return %0, %1, %2, %3 : tensor<?xf32>, tensor<?x5x?xi8>, tensor<i1>, tensor<f16>
}
func.func @views(%x: tensor<2x?x3xi1>, %n: index) -> (tensor<3x?x2xi1>, tensor<?x2xf32>, tensor<1x2x1x?x3xi1>, tensor<2x3xi1>, tensor<2x?x3xi1>) {
  // CHECK: numpy.transpose %{{.*}} : tensor<2x?x3xi1> -> tensor<3x?x2xi1>
  %t = numpy.transpose %x : tensor<2x?x3xi1> -> tensor<3x?x2xi1>
  // CHECK: numpy.constant dense<1.000000e+00> : tensor<f32>
  %v = numpy.constant dense<1.0> : tensor<f32>
  // CHECK: numpy.broadcast_to %{{.*}} shape [%{{.*}}, 2] : tensor<f32> -> tensor<?x2xf32>
  %b = numpy.broadcast_to %v shape [%n, 2] : tensor<f32> -> tensor<?x2xf32>
  // CHECK: numpy.expand_dims %{{.*}} axes [0, 2] : tensor<2x?x3xi1> -> tensor<1x2x1x?x3xi1>
  %e = numpy.expand_dims %x axes [0, 2] : tensor<2x?x3xi1> -> tensor<1x2x1x?x3xi1>
  // CHECK: numpy.squeeze %{{.*}} axes [1] : tensor<2x?x3xi1> -> tensor<2x3xi1>
  %s = numpy.squeeze %x axes [1] : tensor<2x?x3xi1> -> tensor<2x3xi1>
  // CHECK: numpy.flip %{{.*}} axes [1] : tensor<2x?x3xi1> -> tensor<2x?x3xi1>
  %f = numpy.flip %x axes [1] : tensor<2x?x3xi1> -> tensor<2x?x3xi1>
  return %t, %b, %e, %s, %f : tensor<3x?x2xi1>, tensor<?x2xf32>, tensor<1x2x1x?x3xi1>, tensor<2x3xi1>, tensor<2x?x3xi1>
}
func.func @reshape(%x: tensor<?x4xf32>, %n: index, %y: tensor<2x6xf32>) -> (tensor<?xf32>, tensor<?x2xf32>, tensor<3x4xf32>, tensor<?x?xf32>) {
  // CHECK: numpy.reshape %{{.*}} shape [-1] : tensor<?x4xf32> -> tensor<?xf32>
  %a = numpy.reshape %x shape [-1] : tensor<?x4xf32> -> tensor<?xf32>
  // CHECK: numpy.reshape %{{.*}} shape [%{{.*}}, 2] : tensor<?x4xf32> -> tensor<?x2xf32>
  %b = numpy.reshape %x shape [%n, 2] : tensor<?x4xf32> -> tensor<?x2xf32>
  // CHECK: numpy.reshape %{{.*}} shape [3, -1] : tensor<2x6xf32> -> tensor<3x4xf32>
  %c = numpy.reshape %y shape [3, -1] : tensor<2x6xf32> -> tensor<3x4xf32>
  // CHECK: numpy.reshape %{{.*}} shape [%{{.*}}, -1] : tensor<2x6xf32> -> tensor<?x?xf32>
  %d = numpy.reshape %y shape [%n, -1] : tensor<2x6xf32> -> tensor<?x?xf32>
  return %a, %b, %c, %d : tensor<?xf32>, tensor<?x2xf32>, tensor<3x4xf32>, tensor<?x?xf32>
}
func.func @slice(%x: tensor<10x?xf32>, %i: index, %j: index, %v: tensor<?xf32>) -> (tensor<3xf32>, tensor<?x1x?xf32>, tensor<10x?xf32>, tensor<?xf32>) {
  // CHECK: numpy.slice %{{.*}}[1:8:3, %{{.*}}] : tensor<10x?xf32> -> tensor<3xf32>
  %a = numpy.slice %x[1:8:3, %i] : tensor<10x?xf32> -> tensor<3xf32>
  // CHECK: numpy.slice %{{.*}}[::-2, newaxis, %{{.*}}:%{{.*}}:%{{.*}}] : tensor<10x?xf32> -> tensor<?x1x?xf32>
  %b = numpy.slice %x[::-2, newaxis, %i:%j:%i] : tensor<10x?xf32> -> tensor<?x1x?xf32>
  // CHECK: numpy.set_slice %{{.*}}[::-1, 2], %{{.*}} : tensor<10x?xf32>, tensor<?xf32> -> tensor<10x?xf32>
  %c = numpy.set_slice %x[::-1, 2], %v : tensor<10x?xf32>, tensor<?xf32> -> tensor<10x?xf32>
  // CHECK: numpy.slice %{{.*}}[-1] : tensor<10x?xf32> -> tensor<?xf32>
  %d = numpy.slice %x[-1] : tensor<10x?xf32> -> tensor<?xf32>
  return %a, %b, %c, %d : tensor<3xf32>, tensor<?x1x?xf32>, tensor<10x?xf32>, tensor<?xf32>
}
func.func @take(%x: tensor<10x?x3xf32>, %i: tensor<2x?xi32>, %u: tensor<?xui64>) -> (tensor<10x2x?x3xf32>, tensor<?xf32>) {
  // CHECK: numpy.take %{{.*}}, %{{.*}} axis 1 : tensor<10x?x3xf32>, tensor<2x?xi32> -> tensor<10x2x?x3xf32>
  %a = numpy.take %x, %i axis 1 : tensor<10x?x3xf32>, tensor<2x?xi32> -> tensor<10x2x?x3xf32>
  // CHECK: numpy.take %{{.*}}, %{{.*}} : tensor<10x?x3xf32>, tensor<?xui64> -> tensor<?xf32>
  %b = numpy.take %x, %u : tensor<10x?x3xf32>, tensor<?xui64> -> tensor<?xf32>
  return %a, %b : tensor<10x2x?x3xf32>, tensor<?xf32>
}
func.func @at(%x: tensor<?x3xf32>, %i: tensor<?xi64>, %v: tensor<?x3xf32>, %w: tensor<5xi8>) -> (tensor<?x3xf32>, tensor<?x3xf32>) {
  // CHECK: numpy.add_at %{{.*}} [%{{.*}}], %{{.*}} : tensor<?x3xf32> [tensor<?xi64>], tensor<?x3xf32> -> tensor<?x3xf32>
  %a = numpy.add_at %x[%i], %v : tensor<?x3xf32>[tensor<?xi64>], tensor<?x3xf32> -> tensor<?x3xf32>
  // CHECK: numpy.constant dense<2.000000e+00> : tensor<f32>
  %c = numpy.constant dense<2.0> : tensor<f32>
  // CHECK: numpy.maximum_at %{{.*}} [%{{.*}}, %{{.*}}], %{{.*}} : tensor<?x3xf32> [tensor<?xi64>, tensor<5xi8>], tensor<f32> -> tensor<?x3xf32>
  %b = numpy.maximum_at %a[%i, %w], %c : tensor<?x3xf32>[tensor<?xi64>, tensor<5xi8>], tensor<f32> -> tensor<?x3xf32>
  return %a, %b : tensor<?x3xf32>, tensor<?x3xf32>
}
func.func @bin(%x: tensor<?xi64>, %u: tensor<7xui8>, %w: tensor<?xf64>, %n: index) -> (tensor<?xi64>, tensor<?xf64>) {
  // CHECK: numpy.bincount %{{.*}} minlength %{{.*}} : (tensor<?xi64>, index) -> tensor<?xi64>
  %a = numpy.bincount %x minlength %n : (tensor<?xi64>, index) -> tensor<?xi64>
  // CHECK: numpy.bincount %{{.*}} weights %{{.*}} : (tensor<7xui8>, tensor<?xf64>) -> tensor<?xf64>
  %b = numpy.bincount %u weights %w : (tensor<7xui8>, tensor<?xf64>) -> tensor<?xf64>
  return %a, %b : tensor<?xi64>, tensor<?xf64>
}
func.func @cat(%x: tensor<?x3xi1>, %y: tensor<2x?xi1>) -> tensor<?x3xi1> {
  // CHECK: numpy.concatenate %{{.*}}, %{{.*}} axis 0 : tensor<?x3xi1>, tensor<2x?xi1> -> tensor<?x3xi1>
  %a = numpy.concatenate %x, %y axis 0 : tensor<?x3xi1>, tensor<2x?xi1> -> tensor<?x3xi1>
  return %a : tensor<?x3xi1>
}

