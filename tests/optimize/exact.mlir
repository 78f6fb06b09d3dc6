// RUN: npir-opt %s --npir-optimize="mode=relaxed extract=exact" | FileCheck %s
// RUN: npir-opt %s --npir-optimize="mode=relaxed extract=exact explain=true" 2>&1 >/dev/null | FileCheck %s --check-prefix WHY
// RUN: npir-opt %s --npir-optimize="mode=relaxed extract=exact variables=10" 2>&1 >/dev/null | FileCheck %s --check-prefix VARIABLES
// RUN: npir-opt %s --npir-optimize="mode=relaxed extract=exact branches=0" 2>&1 >/dev/null | FileCheck %s --check-prefix BRANCHES

// The best plan, by the integer program, is that of the joint search.
// WHY: remark: estimated {{.*}}; no plan is better
// VARIABLES: remark: the exact search stopped early: the limit of variables was reached; the best plan may be cheaper by 100.0 %
// BRANCHES: remark: the exact search stopped early: the limit of branches was reached; the best plan may be cheaper by
// CHECK-LABEL: func.func @assign
// CHECK: %[[PRODUCTS:.*]] = numpy.einsum "ac,bc->ab"
// CHECK: %[[REST:.*]] = numpy.subtract
// CHECK-NEXT: numpy.argmin %[[REST]] axis 1
func.func @assign(%x: tensor<1000x16xf64>, %c: tensor<32x16xf64>) -> tensor<1000xi64> {
  %a = numpy.expand_dims %x axes [1] : tensor<1000x16xf64> -> tensor<1000x1x16xf64>
  %b = numpy.expand_dims %c axes [0] : tensor<32x16xf64> -> tensor<1x32x16xf64>
  %d = numpy.subtract %a, %b : tensor<1000x1x16xf64>, tensor<1x32x16xf64> -> tensor<1000x32x16xf64>
  %q = numpy.square %d : tensor<1000x32x16xf64> -> tensor<1000x32x16xf64>
  %s = numpy.sum %q axes [-1] : tensor<1000x32x16xf64> -> tensor<1000x32xf64>
  %m = numpy.argmin %s axis 1 : tensor<1000x32xf64> -> tensor<1000xi64>
  return %m : tensor<1000xi64>
}
