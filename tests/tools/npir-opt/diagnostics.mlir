// Several programs in one file, and expected diagnostics beside their lines.
// RUN: npir-opt %s --split-input-file --verify-diagnostics
// An error that nobody expects, or an expected one that does not come, fails.
// RUN: not npir-opt %s --split-input-file 2>&1 | FileCheck %s
// RUN: echo '// expected-error@+1 {{never}}' > %t.mlir
// RUN: echo 'func.func private @f()' >> %t.mlir
// RUN: not npir-opt %t.mlir --verify-diagnostics 2>&1 | FileCheck %s --check-prefix NEVER

// NEVER: expected error "never" was not produced

func.func @fine(%x: tensor<3xf64>) -> tensor<3xf64> {
  %0 = numpy.negative %x : tensor<3xf64> -> tensor<3xf64>
  return %0 : tensor<3xf64>
}

// -----

func.func @shapes(%x: tensor<3xf64>, %y: tensor<4xf64>) -> tensor<3xf64> {
  // CHECK: diagnostics.mlir:[[#@LINE+2]]:8: error: 'numpy.add' op
  // expected-error@+1 {{shapes (3,) and (4,) do not broadcast}}
  %0 = numpy.add %x, %y : tensor<3xf64>, tensor<4xf64> -> tensor<3xf64>
  return %0 : tensor<3xf64>
}

// -----

func.func @elements(%x: tensor<3xf64>, %y: tensor<3xf32>) -> tensor<3xf64> {
  // CHECK: diagnostics.mlir:[[#@LINE+2]]:8: error: 'numpy.add' op
  // expected-error@+1 {{operands have element types float64 and float32; cast one first}}
  %0 = numpy.add %x, %y : tensor<3xf64>, tensor<3xf32> -> tensor<3xf64>
  return %0 : tensor<3xf64>
}
