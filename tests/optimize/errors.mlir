// RUN: not npir-opt %s --npir-optimize=mode=fast 2>&1 | FileCheck %s --check-prefix MODE
// RUN: not npir-opt %s --npir-optimize=only=nonsense 2>&1 | FileCheck %s --check-prefix ONLY
// RUN: not npir-opt %s --npir-optimize=without=nonsense 2>&1 | FileCheck %s --check-prefix ONLY

// MODE: no mode 'fast': exact, numpy, relaxed or off
// ONLY: no rule 'nonsense'
func.func @f(%x: tensor<4xf64>) -> tensor<4xf64> {
  return %x : tensor<4xf64>
}
