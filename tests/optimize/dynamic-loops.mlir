// RUN: npir-opt %s --split-input-file --canonicalize --cse --npir-optimize=mode=relaxed --canonicalize --cse | FileCheck %s

// The loop of masks of k-means, where only the run knows how many centres there are: the same plan as that of whole arrays,
// also in a loop over iterations, with sizes that follow from those of the arguments.
// CHECK-LABEL: func.func @iterations
// CHECK-SAME: (%[[X:[a-z0-9]*]]: tensor<?x16xf64>, %[[C:[a-z0-9]*]]: tensor<?x16xf64>
// CHECK: scf.for {{.*}} iter_args(%[[NOW:[a-z0-9]*]] = %[[C]])
// CHECK: %[[LABELS:.*]] = numpy.argmin
// CHECK-NOT: scf.for
// CHECK-DAG: numpy.add_at {{.*}} [%[[LABELS]]], %[[X]] : tensor<?x16xf64>
// CHECK-DAG: numpy.add_at {{.*}} [%[[LABELS]]], {{.*}} : tensor<?xi64>
// CHECK: numpy.divide
// CHECK: %[[NEXT:.*]] = numpy.where {{.*}}, %[[NOW]]
// CHECK: scf.yield %[[NEXT]]
func.func @iterations(%x: tensor<?x16xf64>, %c: tensor<?x16xf64>, %n: index) -> tensor<?x16xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %k = tensor.dim %c, %c0 : tensor<?x16xf64>
  %e = numpy.expand_dims %x axes [1] : tensor<?x16xf64> -> tensor<?x1x16xf64>
  %r = scf.for %it = %c0 to %n step %c1 iter_args(%old = %c) -> (tensor<?x16xf64>) {
    %s = numpy.subtract %e, %old : tensor<?x1x16xf64>, tensor<?x16xf64> -> tensor<?x?x16xf64>
    %q = numpy.square %s : tensor<?x?x16xf64> -> tensor<?x?x16xf64>
    %t = numpy.sum %q axes [2] : tensor<?x?x16xf64> -> tensor<?x?xf64>
    %l = numpy.argmin %t axis 1 : tensor<?x?xf64> -> tensor<?xi64>
    %new = scf.for %i = %c0 to %k step %c1 iter_args(%now = %old) -> (tensor<?x16xf64>) {
      %j = numpy.from_scalar %i : index
      %m = numpy.equal %l, %j : tensor<?xi64>, tensor<i64> -> tensor<?xi1>
      %a = numpy.any %m : tensor<?xi1> -> tensor<i1>
      %b = numpy.item %a : tensor<i1>
      %f = scf.if %b -> (tensor<?x16xf64>) {
        %w = numpy.index %x[array %m] : tensor<?x16xf64>, tensor<?xi1> -> tensor<?x16xf64>
        %v = numpy.mean %w axes [0] : tensor<?x16xf64> -> tensor<16xf64>
        %g = numpy.set_slice %now[%i], %v : tensor<?x16xf64>, tensor<16xf64> -> tensor<?x16xf64>
        scf.yield %g : tensor<?x16xf64>
      } else {
        scf.yield %now : tensor<?x16xf64>
      }
      scf.yield %f : tensor<?x16xf64>
    }
    scf.yield %new : tensor<?x16xf64>
  }
  return %r : tensor<?x16xf64>
}

// -----

// How many times the body runs has nothing to do with the array: a row may be missing, which is an error of that iteration.
// CHECK-LABEL: func.func @another_number
// CHECK: scf.for
// CHECK: numpy.set_slice
func.func @another_number(%c: tensor<?x16xf64>, %k: index) -> tensor<?x16xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %k step %c1 iter_args(%now = %c) -> (tensor<?x16xf64>) {
    %v = numpy.slice %now[%i] : tensor<?x16xf64> -> tensor<16xf64>
    %s = numpy.square %v : tensor<16xf64> -> tensor<16xf64>
    %f = numpy.set_slice %now[%i], %s : tensor<?x16xf64>, tensor<16xf64> -> tensor<?x16xf64>
    scf.yield %f : tensor<?x16xf64>
  }
  return %r : tensor<?x16xf64>
}

// -----

// Rows of another array may be longer or shorter, which is no error where there is no iteration.
// CHECK-LABEL: func.func @other_rows
// CHECK: scf.for
// CHECK: numpy.set_slice
func.func @other_rows(%x: tensor<?x?xf64>, %c: tensor<?x?xf64>) -> tensor<?x?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %k = tensor.dim %c, %c0 : tensor<?x?xf64>
  %r = scf.for %i = %c0 to %k step %c1 iter_args(%now = %c) -> (tensor<?x?xf64>) {
    %v = numpy.max %x axes [0] : tensor<?x?xf64> -> tensor<?xf64>
    %w = numpy.slice %now[%i] : tensor<?x?xf64> -> tensor<?xf64>
    %s = numpy.add %v, %w : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
    %f = numpy.set_slice %now[%i], %s : tensor<?x?xf64>, tensor<?xf64> -> tensor<?x?xf64>
    scf.yield %f : tensor<?x?xf64>
  }
  return %r : tensor<?x?xf64>
}

// -----

// What all iterations store together may be of any size: an array of each for each element.
// CHECK-LABEL: func.func @large
// CHECK: scf.for
// CHECK: numpy.set_slice
func.func @large(%x: tensor<?xf64>, %c: tensor<?xf64>) -> tensor<?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %k = tensor.dim %c, %c0 : tensor<?xf64>
  %r = scf.for %i = %c0 to %k step %c1 iter_args(%now = %c) -> (tensor<?xf64>) {
    %v = numpy.slice %now[%i] : tensor<?xf64> -> tensor<f64>
    %d = numpy.subtract %x, %v : tensor<?xf64>, tensor<f64> -> tensor<?xf64>
    %e = numpy.exp %d : tensor<?xf64> -> tensor<?xf64>
    %s = numpy.sum %e : tensor<?xf64> -> tensor<f64>
    %p = numpy.prod %e : tensor<?xf64> -> tensor<f64>
    %w = numpy.add %s, %p : tensor<f64>, tensor<f64> -> tensor<f64>
    %f = numpy.set_slice %now[%i], %w : tensor<?xf64>, tensor<f64> -> tensor<?xf64>
    scf.yield %f : tensor<?xf64>
  }
  return %r : tensor<?xf64>
}

// -----

// A size that is to be inferred is no number.
// CHECK-LABEL: func.func @inferred
// CHECK: %[[FLAT:.*]] = numpy.reshape {{.*}} -> tensor<?xf64>
// CHECK: numpy.square %[[FLAT]] : tensor<?xf64> -> tensor<?xf64>
func.func @inferred(%x: tensor<?x3xf64>) -> tensor<?xf64> {
  %f = numpy.reshape %x shape [-1] : tensor<?x3xf64> -> tensor<?xf64>
  %two = numpy.constant dense<2.0> : tensor<f64>
  %q = numpy.power %f, %two : tensor<?xf64>, tensor<f64> -> tensor<?xf64>
  return %q : tensor<?xf64>
}
