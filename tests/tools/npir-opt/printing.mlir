// What mlir-opt shows while passes run, npir-opt shows of npir's passes too.
// RUN: npir-opt %s --canonicalize --numpy-to-tensor --mlir-print-ir-after-all -o /dev/null 2>&1 | FileCheck %s --check-prefix AFTER
// RUN: npir-opt %s --numpy-to-tensor --mlir-print-ir-before=numpy-to-tensor -o /dev/null 2>&1 | FileCheck %s --check-prefix BEFORE
// RUN: npir-opt %s --numpy-to-tensor --mlir-timing -o /dev/null 2>&1 | FileCheck %s --check-prefix TIMING
// RUN: npir-opt %s --npir-lower-to=loop --dump-pass-pipeline -o /dev/null 2>&1 | FileCheck %s --check-prefix PIPELINE
// RUN: npir-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix GENERIC
// RUN: npir-opt %s --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s --check-prefix LOCATION

// AFTER: IR Dump After {{.*}}canonicalize
// AFTER: numpy.add
// AFTER: IR Dump After numpy-to-tensor (numpy-to-tensor)
// AFTER: linalg.generic
// BEFORE: IR Dump Before numpy-to-tensor (numpy-to-tensor)
// BEFORE: numpy.add
// TIMING: Execution time report
// TIMING: numpy-to-tensor
// PIPELINE: Pass Manager with {{[0-9]+}} passes:
// PIPELINE: npir-record-signature
// PIPELINE: numpy-to-tensor
// PIPELINE: loop-schedule{{.*}}vector-bits={{[0-9]+}}
// GENERIC: "numpy.add"(%{{.*}}, %{{.*}}) : (tensor<?xf64>, tensor<?xf64>) -> tensor<?xf64>
// LOCATION: numpy.add {{.*}} loc("{{.*}}printing.mlir":[[#@LINE+2]]:8)
func.func @f(%x: tensor<?xf64>, %y: tensor<?xf64>) -> tensor<?xf64> {
  %0 = numpy.add %x, %y : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}
