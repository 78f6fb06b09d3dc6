// Loops over computations element by element go inside of them.
// RUN: npir-opt %s --scf-fold-bounds --tensor-interchange --canonicalize | FileCheck %s

#i = affine_map<(i) -> (i)>
#s = affine_map<(i) -> ()>

// CHECK-DAG: #[[X:.*]] = affine_map<(d0, d1) -> (d0)>
// CHECK-DAG: #[[K:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func.func @horner
// CHECK-SAME: %[[X0:.*]]: tensor<?xf64>, %[[C:.*]]: tensor<?xf64>, %[[START:.*]]: tensor<?xf64>
// CHECK-NOT: scf.for
// CHECK-NOT: tensor_ext.check
// CHECK: linalg.generic {indexing_maps = [#[[X]], #[[K]], #[[K]], #[[X]]], iterator_types = ["parallel", "reduction"]}
// CHECK-SAME: outs(%[[START]] : tensor<?xf64>)
// CHECK-NEXT: ^bb0(%[[A:.*]]: f64, %[[B:.*]]: f64, %{{.*}}: i8, %[[SUM:.*]]: f64):
// CHECK-NEXT: %[[P:.*]] = arith.mulf %[[SUM]], %[[A]]
// CHECK-NEXT: %[[T:.*]] = arith.addf %[[P]], %[[B]]
// CHECK-NEXT: linalg.yield %[[T]]
func.func @horner(%x: tensor<?xf64>, %c: tensor<?xf64>, %start: tensor<?xf64>) -> tensor<?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %c, %c0 : tensor<?xf64>
  %m = tensor.dim %x, %c0 : tensor<?xf64>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%sum = %start) -> (tensor<?xf64>) {
    %negative = arith.cmpi slt, %i, %c0 : index
    %wrapped = arith.addi %i, %n : index
    %at = arith.select %negative, %wrapped, %i : index
    %inside = arith.cmpi ult, %at, %n : index
    tensor_ext.check %inside, index_out_of_bounds, "index {} is out of bounds" (%i : index)
    %k = tensor_ext.view %c[%at] sizes [] steps [] dims [] : tensor<?xf64> -> tensor<f64>
    %e = tensor.empty(%m) : tensor<?xf64>
    %g = linalg.generic {indexing_maps = [#i, #i, #s, #i], iterator_types = ["parallel"]}
        ins(%sum, %x, %k : tensor<?xf64>, tensor<?xf64>, tensor<f64>) outs(%e : tensor<?xf64>) {
    ^bb0(%a: f64, %b: f64, %d: f64, %o: f64):
      %p = arith.mulf %a, %b : f64
      %t = arith.addf %p, %d : f64
      linalg.yield %t : f64
    } -> tensor<?xf64>
    scf.yield %g : tensor<?xf64>
  }
  return %r : tensor<?xf64>
}

// Two arrays that change places, numbers computed from the counter, and indices where the numbers are known.
// CHECK-LABEL: func.func @exchange
// CHECK-SAME: %[[A0:.*]]: tensor<9xf64>, %[[B0:.*]]: tensor<9xf64>, %[[T0:.*]]: tensor<7xf64>
// CHECK-NOT: scf.for
// CHECK-NOT: tensor_ext.check
// CHECK: tensor_ext.view %[[T0]][1] sizes [3] steps [2] dims [0]
// CHECK: linalg.generic
// CHECK-SAME: outs(%[[A0]], %[[B0]] :
// CHECK-NEXT: ^bb0(%{{.*}}: f64, %{{.*}}: i8, %[[A:.*]]: f64, %[[B:.*]]: f64):
// CHECK: linalg.index 1
// CHECK: linalg.yield %[[B]], %
func.func @exchange(%x: tensor<9xf64>, %y: tensor<9xf64>, %t: tensor<7xf64>) -> (tensor<9xf64>, tensor<9xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c7 = arith.constant 7 : index
  %e = tensor.empty() : tensor<9xf64>
  %r:2 = scf.for %i = %c0 to %c3 step %c1 iter_args(%a = %x, %b = %y) -> (tensor<9xf64>, tensor<9xf64>) {
    %double = arith.muli %i, %c2 : index
    %at = arith.addi %double, %c1 : index
    %inside = arith.cmpi ult, %at, %c7 : index
    tensor_ext.check %inside, index_out_of_bounds, "index {} is out of bounds" (%at : index)
    %k = tensor_ext.view %t[%at] sizes [] steps [] dims [] : tensor<7xf64> -> tensor<f64>
    %n = arith.index_cast %i : index to i64
    %f = arith.sitofp %n : i64 to f64
    %g = linalg.generic {indexing_maps = [#i, #s, #i], iterator_types = ["parallel"]}
        ins(%a, %k : tensor<9xf64>, tensor<f64>) outs(%e : tensor<9xf64>) {
    ^bb0(%p: f64, %q: f64, %o: f64):
      %s = arith.mulf %p, %f : f64
      %u = arith.addf %s, %q : f64
      linalg.yield %u : f64
    } -> tensor<9xf64>
    scf.yield %b, %g : tensor<9xf64>, tensor<9xf64>
  }
  return %r#0, %r#1 : tensor<9xf64>, tensor<9xf64>
}

// What reads other elements than its own stays, and so does a check that may fail.
#shifted = affine_map<(i) -> (i + 1)>
// CHECK-LABEL: func.func @neighbours
// CHECK: scf.for
// CHECK-LABEL: func.func @unknown
// CHECK: scf.for
// CHECK: tensor_ext.check
func.func @neighbours(%x: tensor<9xf64>, %n: index) -> tensor<9xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<9xf64>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> (tensor<9xf64>) {
    %g = linalg.generic {indexing_maps = [affine_map<(i) -> (8 - i)>, #i], iterator_types = ["parallel"]}
        ins(%a : tensor<9xf64>) outs(%e : tensor<9xf64>) {
    ^bb0(%p: f64, %o: f64):
      %s = arith.mulf %p, %p : f64
      linalg.yield %s : f64
    } -> tensor<9xf64>
    scf.yield %g : tensor<9xf64>
  }
  return %r : tensor<9xf64>
}
func.func @unknown(%x: tensor<9xf64>, %t: tensor<7xf64>, %n: index) -> tensor<9xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c7 = arith.constant 7 : index
  %e = tensor.empty() : tensor<9xf64>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> (tensor<9xf64>) {
    %inside = arith.cmpi ult, %i, %c7 : index
    tensor_ext.check %inside, index_out_of_bounds, "index {} is out of bounds" (%i : index)
    %k = tensor_ext.view %t[%i] sizes [] steps [] dims [] : tensor<7xf64> -> tensor<f64>
    %g = linalg.generic {indexing_maps = [#i, #s, #i], iterator_types = ["parallel"]}
        ins(%a, %k : tensor<9xf64>, tensor<f64>) outs(%e : tensor<9xf64>) {
    ^bb0(%p: f64, %q: f64, %o: f64):
      %s = arith.mulf %p, %q : f64
      linalg.yield %s : f64
    } -> tensor<9xf64>
    scf.yield %g : tensor<9xf64>
  }
  return %r : tensor<9xf64>
}
