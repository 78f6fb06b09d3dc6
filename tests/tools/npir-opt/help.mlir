// RUN: npir-opt --show-dialects | FileCheck %s --check-prefix DIALECTS
// RUN: npir-opt --help | FileCheck %s
// RUN: npir-opt --version | FileCheck %s --check-prefix VERSION
// RUN: npir-opt --list-passes | FileCheck %s --check-prefix LIST

// DIALECTS-DAG: linalg
// DIALECTS-DAG: loop
// DIALECTS-DAG: numpy
// DIALECTS-DAG: tensor_ext

// CHECK: OVERVIEW: npir modular optimizer driver
// CHECK: --npir-lower-to=tensor|loop|device|llvm is short for the pipeline --npir-lower-to-LEVEL
// CHECK: --canonicalize - Canonicalize operations
// CHECK: --loop-schedule - Chooses a schedule for every loop.nest
// CHECK: --vector-bits=<long> - Bits of a vector register; 0 for scalar code
// CHECK: --numpy-to-tensor - {{.}}
// CHECK: --npir-lower-to-loop - Lower a program of any level to the loop level

// VERSION: LLVM version 22

// LIST-DAG: canonicalize
// LIST-DAG: numpy-to-tensor
