// The tools that tests call are those of LLVM/MLIR 22, and Python has NumPy 2.

// RUN: mlir-opt --version | FileCheck %s --check-prefix=LLVM
// LLVM: LLVM version 22.

// RUN: %python -c "import numpy; print(numpy.__version__)" | FileCheck %s --check-prefix=NUMPY
// NUMPY: {{^}}2.

// RUN: mlir-opt %s --canonicalize | FileCheck %s
// RUN: not mlir-opt %s --no-such-pass

// CHECK-LABEL: func.func @five
// CHECK-NEXT: %[[FIVE:.*]] = arith.constant 5 : i32
// CHECK-NEXT: return %[[FIVE]] : i32
func.func @five() -> i32 {
  %0 = arith.constant 2 : i32
  %1 = arith.constant 3 : i32
  %2 = arith.addi %0, %1 : i32
  return %2 : i32
}
