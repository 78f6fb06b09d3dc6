// RUN: npir-opt %s --npir-optimize=mode=relaxed | FileCheck %s
// RUN: npir-opt %s --npir-optimize=mode=exact | FileCheck %s --check-prefix EXACT
// RUN: npir-opt %s --npir-optimize=mode=off | FileCheck %s --check-prefix OFF
// RUN: npir-opt %s --npir-optimize="mode=relaxed without=argmin-plus-constant" | FileCheck %s --check-prefix WITHOUT
// RUN: npir-opt %s --npir-optimize="mode=relaxed explain=true" 2>&1 >/dev/null | FileCheck %s --check-prefix WHY
// RUN: npir-opt %s --npir-optimize="mode=relaxed explain=true nodes=20" 2>&1 >/dev/null | FileCheck %s --check-prefix FULL

// The distances become a contraction, and what is the same for all centres drops out.
// CHECK-LABEL: func.func @assign
// CHECK-SAME: (%[[X:.*]]: tensor<1000x16xf64>, %[[C:.*]]: tensor<32x16xf64>)
// CHECK: %[[NORMS:.*]] = numpy.sum
// CHECK: %[[PRODUCTS:.*]] = numpy.einsum "ac,bc->ab", %[[X]], %[[C]]
// CHECK: %[[TWICE:.*]] = numpy.multiply %[[PRODUCTS]]
// CHECK: %[[REST:.*]] = numpy.subtract %[[NORMS]], %[[TWICE]]
// CHECK-NEXT: %[[LABELS:.*]] = numpy.argmin %[[REST]] axis 1
// CHECK-NEXT: return %[[LABELS]]

// EXACT-LABEL: func.func @assign
// EXACT-NOT: numpy.einsum
// EXACT: numpy.argmin

// OFF-LABEL: func.func @assign
// OFF: numpy.expand_dims
// OFF: numpy.multiply
// OFF: numpy.argmin

// WITHOUT-LABEL: func.func @assign
// WITHOUT: numpy.einsum
// WITHOUT: %[[SUM:.*]] = numpy.add
// WITHOUT: numpy.argmin %[[SUM]]

// WHY: kmeans.mlir:[[@LINE+5]]:1: remark: estimated {{.*}} µs instead of {{.*}} µs; the best rejected plan has
// WHY: kmeans.mlir:[[@LINE+9]]:8: remark: multiply-itself, then squared-distances (relaxed): Σ (a - b)² = Σ a² + Σ b² - 2·Σ a·b
// WHY: kmeans.mlir:[[@LINE+9]]:8: remark: multiply-itself, then squared-distances, then argmin-plus-constant (relaxed): argmin(x + c) = argmin(x)

// FULL: remark: the optimizer stopped early: the limit of nodes was reached at rule '
func.func @assign(%x: tensor<1000x16xf64>, %c: tensor<32x16xf64>) -> tensor<1000xi64> {
  %a = numpy.expand_dims %x axes [1] : tensor<1000x16xf64> -> tensor<1000x1x16xf64>
  %b = numpy.expand_dims %c axes [0] : tensor<32x16xf64> -> tensor<1x32x16xf64>
  %d = numpy.subtract %a, %b : tensor<1000x1x16xf64>, tensor<1x32x16xf64> -> tensor<1000x32x16xf64>
  %q = numpy.multiply %d, %d : tensor<1000x32x16xf64>, tensor<1000x32x16xf64> -> tensor<1000x32x16xf64>
  %s = numpy.sum %q axes [-1] : tensor<1000x32x16xf64> -> tensor<1000x32xf64>
  %m = numpy.argmin %s axis 1 : tensor<1000x32xf64> -> tensor<1000xi64>
  return %m : tensor<1000xi64>
}
