// A pass that fails leaves a file that fails in the same way.
// RUN: not npir-opt %s --canonicalize --npir-bufferize --mlir-pass-pipeline-crash-reproducer=%t.mlir 2>&1 | FileCheck %s --check-prefixes FIRST,CHECK
// RUN: FileCheck %s --input-file %t.mlir --check-prefix FILE
// RUN: not npir-opt %t.mlir --run-reproducer 2>&1 | FileCheck %s
// One that holds the program as it is before the pass that fails.
// RUN: not npir-opt %s --canonicalize --npir-bufferize --mlir-pass-pipeline-crash-reproducer=%t.local.mlir --mlir-pass-pipeline-local-reproducer --mlir-disable-threading 2>&1 | FileCheck %s
// RUN: FileCheck %s --input-file %t.local.mlir --check-prefix LOCAL

// CHECK: error: op was not bufferized
// FIRST: Pipeline failed while executing [`npir-bufferize` on 'builtin.module' operation
// FIRST-SAME: reproducer generated at `{{.*}}.mlir`
// FILE: mlir_reproducer
// FILE: pipeline: "builtin.module({{.*}}canonicalize{{.*}}npir-bufferize
// LOCAL: mlir_reproducer
// LOCAL: pipeline: "builtin.module(
// LOCAL-NOT: canonicalize
func.func @f(%x: tensor<4xf64>) -> tensor<4xf64> {
  %0 = numpy.negative %x : tensor<4xf64> -> tensor<4xf64>
  return %0 : tensor<4xf64>
}
