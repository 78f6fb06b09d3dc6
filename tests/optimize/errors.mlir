// RUN: not npir-opt %s --npir-optimize=mode=fast 2>&1 | FileCheck %s --check-prefix MODE
// RUN: not npir-opt %s --npir-optimize=only=nonsense 2>&1 | FileCheck %s --check-prefix ONLY
// RUN: not npir-opt %s --npir-optimize=without=nonsense 2>&1 | FileCheck %s --check-prefix ONLY
// RUN: not npir-opt %s --npir-optimize=extract=best 2>&1 | FileCheck %s --check-prefix EXTRACT

// MODE: no mode 'fast': exact, numpy, relaxed or off
// ONLY: no rule 'nonsense'
// EXTRACT: no extraction 'best': joint or exact
func.func @f(%x: tensor<4xf64>) -> tensor<4xf64> {
  return %x : tensor<4xf64>
}
