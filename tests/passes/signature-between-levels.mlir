// A program that was written to a file between two levels keeps its signature: the bool, the unsigned
// integer, and the result that an argument receives, which the function below does not return.

// RUN: npir-opt %s --npir-lower-to=tensor | npir-opt --npir-lower-to=tensor | FileCheck %s
// RUN: npir-opt %s --npir-lower-to=loop | npir-opt --npir-lower-to=loop | FileCheck %s
// RUN: npir-opt %s --npir-lower-to=device | npir-opt --npir-lower-to=device | FileCheck %s
// RUN: npir-opt %s --npir-lower-to=device | npir-opt --npir-lower-to=llvm | FileCheck %s

// CHECK: npir.signature = {arg_names = ["arg0", "arg1"], arg_types = [tensor<?xi1>, tensor<?xi1>], name = "f", result_types = [tensor<?xi1>, tensor<?xui8>], updates = array<i64: 0, -1>}
func.func @f(%arg0: tensor<?xi1> {numpy.updates = 0 : i64}, %arg1: tensor<?xi1>) -> (tensor<?xi1>, tensor<?xui8>) {
  %0 = numpy.logical_and %arg0, %arg1 : tensor<?xi1>, tensor<?xi1> -> tensor<?xi1>
  %1 = numpy.cast %arg1 : tensor<?xi1> -> tensor<?xui8>
  return %0, %1 : tensor<?xi1>, tensor<?xui8>
}
