// MLIR's other tools, with npir's dialects.
// RUN: npir-opt %s --npir-lower-to=llvm | npir-translate --mlir-to-llvmir | FileCheck %s --check-prefix TRANSLATE
// RUN: npir-reduce %s --reduction-tree="traversal-mode=0 test=%S/Inputs/has_sqrt.sh" | FileCheck %s --check-prefix REDUCE
// RUN: %python %S/Inputs/lsp.py %s | FileCheck %s --check-prefix LSP

// TRANSLATE: define i32 @npir_entry_f(
// REDUCE: numpy.sqrt
// REDUCE-NOT: numpy.negative
// LSP: operands have element types float64 and float32; cast one first
func.func @f(%x: tensor<64xf64>) -> tensor<64xf64> {
  %0 = numpy.sqrt %x : tensor<64xf64> -> tensor<64xf64>
  return %0 : tensor<64xf64>
}

func.func @g(%x: tensor<64xf64>) -> tensor<64xf64> {
  %0 = numpy.negative %x : tensor<64xf64> -> tensor<64xf64>
  return %0 : tensor<64xf64>
}
