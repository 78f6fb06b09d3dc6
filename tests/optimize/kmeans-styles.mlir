// RUN: npir-opt %s --canonicalize --cse --npir-optimize=mode=relaxed --canonicalize --cse | FileCheck %s

// The distances of k-means as differences and as products become the same plan: norms of the centres less twice the
// products, and no norms of the rows.
// CHECK-LABEL: func.func @differences
// CHECK-DAG: %[[NORMS:.*]] = numpy.sum {{.*}} -> tensor<1x64xf64>
// CHECK-DAG: %[[PRODUCTS:.*]] = numpy.einsum "ac,bc->ab"
// CHECK: %[[TWICE:.*]] = numpy.multiply %[[PRODUCTS]]
// CHECK-NEXT: %[[REST:.*]] = numpy.subtract %[[NORMS]], %[[TWICE]]
// CHECK-NEXT: %[[LABELS:.*]] = numpy.argmin %[[REST]] axis 1
// CHECK-NEXT: return %[[LABELS]]
func.func @differences(%x: tensor<2000x16xf64>, %c: tensor<64x16xf64>) -> tensor<2000xi64> {
  %two = numpy.constant dense<2.0> : tensor<f64>
  %a = numpy.expand_dims %x axes [1] : tensor<2000x16xf64> -> tensor<2000x1x16xf64>
  %b = numpy.expand_dims %c axes [0] : tensor<64x16xf64> -> tensor<1x64x16xf64>
  %d = numpy.subtract %a, %b : tensor<2000x1x16xf64>, tensor<1x64x16xf64> -> tensor<2000x64x16xf64>
  %q = numpy.power %d, %two : tensor<2000x64x16xf64>, tensor<f64> -> tensor<2000x64x16xf64>
  %s = numpy.sum %q axes [2] : tensor<2000x64x16xf64> -> tensor<2000x64xf64>
  %r = numpy.sqrt %s : tensor<2000x64xf64> -> tensor<2000x64xf64>
  %m = numpy.argmin %r axis 1 : tensor<2000x64xf64> -> tensor<2000xi64>
  return %m : tensor<2000xi64>
}

// CHECK-LABEL: func.func @products
// CHECK-DAG: %[[NORMS:.*]] = numpy.sum {{.*}} -> tensor<64xf64>
// CHECK-DAG: %[[PRODUCTS:.*]] = numpy.matmul
// CHECK: %[[TWICE:.*]] = numpy.multiply %[[PRODUCTS]]
// CHECK-NEXT: %[[REST:.*]] = numpy.subtract %[[NORMS]], %[[TWICE]]
// CHECK-NEXT: %[[LABELS:.*]] = numpy.argmin %[[REST]] axis 1
// CHECK-NEXT: return %[[LABELS]]
func.func @products(%x: tensor<2000x16xf64>, %c: tensor<64x16xf64>) -> tensor<2000xi64> {
  %two = numpy.constant dense<2.0> : tensor<f64>
  %xx = numpy.square %x : tensor<2000x16xf64> -> tensor<2000x16xf64>
  %xs = numpy.sum %xx axes [1] keepdims : tensor<2000x16xf64> -> tensor<2000x1xf64>
  %cc = numpy.square %c : tensor<64x16xf64> -> tensor<64x16xf64>
  %cs = numpy.sum %cc axes [1] : tensor<64x16xf64> -> tensor<64xf64>
  %n = numpy.add %xs, %cs : tensor<2000x1xf64>, tensor<64xf64> -> tensor<2000x64xf64>
  %ct = numpy.transpose %c : tensor<64x16xf64> -> tensor<16x64xf64>
  %p = numpy.matmul %x, %ct : tensor<2000x16xf64>, tensor<16x64xf64> -> tensor<2000x64xf64>
  %t = numpy.multiply %p, %two : tensor<2000x64xf64>, tensor<f64> -> tensor<2000x64xf64>
  %d = numpy.subtract %n, %t : tensor<2000x64xf64>, tensor<2000x64xf64> -> tensor<2000x64xf64>
  %m = numpy.argmin %d axis 1 : tensor<2000x64xf64> -> tensor<2000xi64>
  return %m : tensor<2000xi64>
}

// Means of clusters by a loop of masks, by a matrix of zeros and ones, and by means over masks of all clusters at once:
// the rows of each cluster are added where they belong, in one pass.
// CHECK-LABEL: func.func @masks
// CHECK: %[[LABELS:.*]] = numpy.argmin
// CHECK-NOT: scf.for
// CHECK-DAG: numpy.add_at {{.*}} [%[[LABELS]]], %arg0 : tensor<64x16xf64>
// CHECK-DAG: numpy.add_at {{.*}} [%[[LABELS]]], {{.*}} : tensor<64xi64>
// CHECK: numpy.divide
// CHECK: return
func.func @masks(%x: tensor<2000x16xf64>, %d: tensor<2000x64xf64>, %c: tensor<64x16xf64>) -> tensor<64x16xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %l = numpy.argmin %d axis 1 : tensor<2000x64xf64> -> tensor<2000xi64>
  %r = scf.for %i = %c0 to %c64 step %c1 iter_args(%now = %c) -> (tensor<64x16xf64>) {
    %j = numpy.from_scalar %i : index
    %m = numpy.equal %l, %j : tensor<2000xi64>, tensor<i64> -> tensor<2000xi1>
    %s = numpy.index %x[array %m] : tensor<2000x16xf64>, tensor<2000xi1> -> tensor<?x16xf64>
    %w = numpy.mean %s axes [0] : tensor<?x16xf64> -> tensor<16xf64>
    %f = numpy.set_slice %now[%i], %w : tensor<64x16xf64>, tensor<16xf64> -> tensor<64x16xf64>
    scf.yield %f : tensor<64x16xf64>
  }
  return %r : tensor<64x16xf64>
}

// CHECK-LABEL: func.func @one_hot
// CHECK: %[[LABELS:.*]] = numpy.argmin
// CHECK-DAG: numpy.add_at {{.*}} [%[[LABELS]]], %arg0 : tensor<64x16xf64>
// CHECK-DAG: numpy.add_at {{.*}} [%[[LABELS]]], {{.*}} : tensor<64xi64>
// CHECK: numpy.divide
// CHECK: return
func.func @one_hot(%x: tensor<2000x16xf64>, %d: tensor<2000x64xf64>) -> tensor<64x16xf64> {
  %l = numpy.argmin %d axis 1 : tensor<2000x64xf64> -> tensor<2000xi64>
  %e = numpy.eye shape [64, 64] : tensor<64x64xf64>
  %m = numpy.index %e[array %l] : tensor<64x64xf64>, tensor<2000xi64> -> tensor<2000x64xf64>
  %t = numpy.transpose %m : tensor<2000x64xf64> -> tensor<64x2000xf64>
  %s = numpy.matmul %t, %x : tensor<64x2000xf64>, tensor<2000x16xf64> -> tensor<64x16xf64>
  %n = numpy.sum %m axes [0] : tensor<2000x64xf64> -> tensor<64xf64>
  %k = numpy.expand_dims %n axes [1] : tensor<64xf64> -> tensor<64x1xf64>
  %r = numpy.divide %s, %k : tensor<64x16xf64>, tensor<64x1xf64> -> tensor<64x16xf64>
  return %r : tensor<64x16xf64>
}

// CHECK-LABEL: func.func @at_once
// CHECK: %[[LABELS:.*]] = numpy.argmin
// CHECK-DAG: numpy.add_at {{.*}} [%[[LABELS]]], %arg0 : tensor<64x16xf64>
// CHECK-DAG: numpy.add_at {{.*}} [%[[LABELS]]], {{.*}} : tensor<64xi64>
// CHECK: numpy.divide
// CHECK: return
func.func @at_once(%x: tensor<2000x16xf64>, %d: tensor<2000x64xf64>) -> tensor<64x16xf64> {
  %l = numpy.argmin %d axis 1 : tensor<2000x64xf64> -> tensor<2000xi64>
  %zero = numpy.constant dense<0> : tensor<i64>
  %one = numpy.constant dense<1> : tensor<i64>
  %i = numpy.arange %zero, %one shape [64] : tensor<i64>, tensor<i64> -> tensor<64xi64>
  %j = numpy.slice %i[:, newaxis] : tensor<64xi64> -> tensor<64x1xi64>
  %m = numpy.equal %l, %j : tensor<2000xi64>, tensor<64x1xi64> -> tensor<64x2000xi1>
  %h = numpy.slice %m[:, :, newaxis] : tensor<64x2000xi1> -> tensor<64x2000x1xi1>
  %b = numpy.cast %h : tensor<64x2000x1xi1> -> tensor<64x2000x1xf64>
  %p = numpy.multiply %b, %x : tensor<64x2000x1xf64>, tensor<2000x16xf64> -> tensor<64x2000x16xf64>
  %s = numpy.sum %p axes [1] : tensor<64x2000x16xf64> -> tensor<64x16xf64>
  %n = numpy.sum %m axes [1] : tensor<64x2000xi1> -> tensor<64xi64>
  %k = numpy.slice %n[:, newaxis] : tensor<64xi64> -> tensor<64x1xi64>
  %f = numpy.cast %k : tensor<64x1xi64> -> tensor<64x1xf64>
  %r = numpy.divide %s, %f : tensor<64x16xf64>, tensor<64x1xf64> -> tensor<64x16xf64>
  return %r : tensor<64x16xf64>
}
