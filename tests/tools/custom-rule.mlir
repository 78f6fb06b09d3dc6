// Rules of another crate, about its own op and NumPy's, in that crate's own tool: examples/custom_rule.
// RUN: angles-opt %s --npir-optimize="mode=relaxed explain=true" 2>%t.relaxed | FileCheck %s
// RUN: FileCheck %s --check-prefix=WHY --input-file=%t.relaxed
// RUN: angles-opt %s --npir-optimize=mode=exact | FileCheck %s --check-prefix=EXACT
// RUN: angles-opt %s --npir-optimize="mode=relaxed algebras=none" | FileCheck %s --check-prefix=NONE
// RUN: angles-opt %s --npir-optimize="mode=relaxed without=cos-of-wrap" | FileCheck %s --check-prefix=WITHOUT
// RUN: not angles-opt %s --npir-optimize=algebras=degrees 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// What is left is NumPy's.
// RUN: angles-opt %s --npir-optimize=mode=exact --angles-to-numpy --npir-lower-to=llvm | FileCheck %s --check-prefix=LLVM
// It is no part of npir's own tool.
// RUN: not npir-opt %s --npir-optimize 2>&1 | FileCheck %s --check-prefix=DIALECT

// WHY-DAG: remark: wrap-of-sum (relaxed): wrap(wrap(x) + y) = wrap(x + y)
// WHY-DAG: cos-of-wrap (relaxed): cos(wrap(x)) = cos(x)
// UNKNOWN: no algebra 'degrees'
// LLVM: llvm.func @{{.*}}along
// DIALECT: Dialect `angles' not found

// CHECK-LABEL: func.func @along
// CHECK-NOT: angles.wrap
// CHECK: %[[SUM:.*]] = numpy.add
// CHECK-NEXT: numpy.cos %[[SUM]]
// WITHOUT-LABEL: func.func @along
// WITHOUT-COUNT-1: angles.wrap
// WITHOUT-NOT: angles.wrap
// WITHOUT-LABEL: func.func @twice
func.func @along(%x: tensor<?xf64>, %by: tensor<?xf64>) -> tensor<?xf64> {
  %0 = angles.wrap %x : tensor<?xf64>
  %1 = numpy.add %0, %by : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
  %2 = angles.wrap %1 : tensor<?xf64>
  %3 = numpy.cos %2 : tensor<?xf64> -> tensor<?xf64>
  return %3 : tensor<?xf64>
}

// EXACT-LABEL: func.func @twice
// EXACT-COUNT-1: angles.wrap
// EXACT-NOT: angles.wrap
// NONE-LABEL: func.func @twice
// NONE-COUNT-2: angles.wrap
// A block without an op of NumPy's has the rules too.
func.func @twice(%x: tensor<4x?xf32>) -> tensor<4x?xf32> {
  %0 = angles.wrap %x : tensor<4x?xf32>
  %1 = angles.wrap %0 : tensor<4x?xf32>
  return %1 : tensor<4x?xf32>
}
