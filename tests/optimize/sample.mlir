// Plans by chance: the same for the same seed, others for others, and every one of them computes the program.
// RUN: npir-opt %s --npir-optimize="mode=relaxed sample=1" > %t.once
// RUN: npir-opt %s --npir-optimize="mode=relaxed sample=1" > %t.twice
// RUN: diff %t.once %t.twice
// RUN: FileCheck %s --input-file=%t.once --check-prefix=LEFT
// RUN: npir-opt %s --npir-optimize="mode=relaxed sample=3" | FileCheck %s --check-prefix=RIGHT

// LEFT: numpy.matmul {{.*}} : tensor<100x200xf64>, tensor<200x300xf64> -> tensor<100x300xf64>
// RIGHT: numpy.matmul {{.*}} : tensor<200x300xf64>, tensor<300x2xf64> -> tensor<200x2xf64>
// RIGHT-NOT: tensor<100x300xf64>

func.func @product(%a: tensor<100x200xf64>, %b: tensor<200x300xf64>, %c: tensor<300x2xf64>) -> tensor<100x2xf64> {
  %0 = numpy.matmul %a, %b : tensor<100x200xf64>, tensor<200x300xf64> -> tensor<100x300xf64>
  %1 = numpy.matmul %0, %c : tensor<100x300xf64>, tensor<300x2xf64> -> tensor<100x2xf64>
  return %1 : tensor<100x2xf64>
}
