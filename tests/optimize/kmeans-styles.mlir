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
