// What the optimizer knows nothing of stays, with a remark; what is around it is optimized.
// RUN: npir-opt %s --npir-optimize 2>%t.words | FileCheck %s
// RUN: FileCheck %s --check-prefix=WORDS --input-file=%t.words --implicit-check-not=remark

// CHECK-LABEL: func.func @f
// CHECK: %[[S:.*]] = numpy.square %{{.*}}
// CHECK: %[[SHAPE:.*]] = shape.shape_of %[[S]]
// CHECK: return %[[SHAPE]]
// WORDS: unknown-ops.mlir:[[@LINE+5]]:8: remark: the optimizer knows nothing of this op: it stays as it is
// WORDS: shape.shape_of
func.func @f(%x: tensor<?xf64>) -> (tensor<?xindex>, tensor<?xindex>) {
  %n = numpy.negative %x : tensor<?xf64> -> tensor<?xf64>
  %s = numpy.square %n : tensor<?xf64> -> tensor<?xf64>
  %0 = shape.shape_of %s : tensor<?xf64> -> tensor<?xindex>
  %1 = shape.shape_of %n : tensor<?xf64> -> tensor<?xindex>
  return %0, %1 : tensor<?xindex>, tensor<?xindex>
}
