// --npir-lower-to stops at a level, in every spelling that LLVM's command lines allow.
// RUN: npir-opt %s --npir-lower-to=tensor | FileCheck %s --check-prefix TENSOR
// RUN: npir-opt %s --npir-lower-to loop | FileCheck %s --check-prefix LOOP
// RUN: npir-opt %s -npir-lower-to=device | FileCheck %s --check-prefix DEVICE
// RUN: npir-opt %s --npir-lower-to-llvm | FileCheck %s --check-prefix LLVM
// It is a pass like others: before it and after it others may come.
// RUN: npir-opt %s --cse --npir-lower-to=tensor --canonicalize | FileCheck %s --check-prefix TENSOR
// A program may enter at any level, in two steps or in one.
// RUN: npir-opt %s --npir-lower-to=tensor | npir-opt --npir-lower-to=loop | FileCheck %s --check-prefix LOOP
// RUN: npir-opt %s --npir-lower-to=loop | npir-opt --npir-lower-to=llvm | FileCheck %s --check-prefix LLVM
// RUN: not npir-opt %s --npir-lower-to=gpu 2>&1 | FileCheck %s --check-prefix BAD
// RUN: not npir-opt %s --npir-lower-to 2>&1 | FileCheck %s --check-prefix NONE

// TENSOR: linalg.generic
// TENSOR-NOT: numpy.
// LOOP: loop.nest
// LOOP-NOT: tensor<
// DEVICE: vector.load
// DEVICE-NOT: loop.nest
// LLVM: llvm.func @npir_entry_f
// LLVM-NOT: func.func
// BAD: npir-opt: --npir-lower-to takes one of tensor, loop, device, llvm, but found 'gpu'
// NONE: npir-opt: --npir-lower-to takes one of tensor, loop, device, llvm, but found nothing
func.func @f(%x: tensor<64xf64>) -> tensor<64xf64> {
  %0 = numpy.sqrt %x : tensor<64xf64> -> tensor<64xf64>
  return %0 : tensor<64xf64>
}
