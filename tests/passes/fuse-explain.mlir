// What fusion says: what is one pass, and why a value between passes is stored.
// RUN: npir-opt %s --numpy-to-tensor --canonicalize --tensor-fuse="explain=true" -o /dev/null 2>%t.words
// RUN: FileCheck %s --input-file=%t.words
// RUN: npir-opt %s --numpy-to-tensor --canonicalize --tensor-fuse="explain=true max-body=2" -o /dev/null 2>&1 | FileCheck %s --check-prefix=BODY
// Without being asked it says nothing.
// RUN: npir-opt %s --numpy-to-tensor --canonicalize --tensor-fuse -o /dev/null 2>&1 | FileCheck %s --check-prefix=SILENT --allow-empty
// SILENT-NOT: remark
// By chance, but the same for the same seed; some seeds decide otherwise than costs do.
// RUN: npir-opt %s --numpy-to-tensor --canonicalize --tensor-fuse=sample=3 > %t.once
// RUN: npir-opt %s --numpy-to-tensor --canonicalize --tensor-fuse=sample=3 > %t.twice
// RUN: diff %t.once %t.twice
// RUN: npir-opt %s --numpy-to-tensor --canonicalize --tensor-fuse > %t.chosen
// RUN: not diff %t.chosen %t.once > /dev/null

func.func @f(%x: tensor<100x8xf64>, %y: tensor<8xf64>) -> (tensor<100xf64>, tensor<100x8xf64>) {
  // CHECK-DAG: fuse-explain.mlir:[[@LINE+1]]:8: remark: stored between passes: its users would compute each element several times, with the work of {{[0-9]+}} additions
  %e = numpy.exp %y : tensor<8xf64> -> tensor<8xf64>
  %p = numpy.multiply %x, %e : tensor<100x8xf64>, tensor<8xf64> -> tensor<100x8xf64>
  // BODY: fuse-explain.mlir:[[@LINE+1]]:8: remark: stored between passes: the pass would have too many operations
  %n = numpy.negative %p : tensor<100x8xf64> -> tensor<100x8xf64>
  %q = numpy.absolute %n : tensor<100x8xf64> -> tensor<100x8xf64>
  // CHECK-DAG: fuse-explain.mlir:[[@LINE+2]]:8: remark: in one pass with what is at {{.*}}; it reads 1 array and writes 1 array
  // CHECK-DAG: fuse-explain.mlir:[[@LINE+1]]:8: remark: stored between passes: it is a reduction, of which others need the end
  %s = numpy.sum %q axes [1] : tensor<100x8xf64> -> tensor<100xf64>
  %k = numpy.expand_dims %s axes [1] : tensor<100xf64> -> tensor<100x1xf64>
  %r = numpy.divide %q, %k : tensor<100x8xf64>, tensor<100x1xf64> -> tensor<100x8xf64>
  return %s, %r : tensor<100xf64>, tensor<100x8xf64>
}
