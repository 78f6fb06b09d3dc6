// RUN: npir-opt %s --pass-pipeline='builtin.module(func.func(tensor-fuse),canonicalize,cse)' --split-input-file | FileCheck %s

// The top of a diamond is computed once.
// CHECK-LABEL: func.func @diamond
// CHECK: linalg.generic
// CHECK-NEXT: ^bb0(%[[X:.*]]: f64, %{{.*}}: f64):
// CHECK-NEXT: %[[E:.*]] = math.exp %[[X]]
// CHECK-NEXT: %[[A:.*]] = math.sqrt %[[E]]
// CHECK-NEXT: %[[B:.*]] = math.sin %[[E]]
// CHECK-NEXT: %[[S:.*]] = arith.addf %[[A]], %[[B]]
// CHECK-NEXT: linalg.yield %[[S]]
// CHECK-NOT: linalg.generic
// CHECK: return
#id = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>
func.func @diamond(%x: tensor<8xf64>) -> tensor<8xf64> {
  %e = tensor.empty() : tensor<8xf64>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<8xf64>) outs(%e : tensor<8xf64>) {
  ^bb0(%a0: f64, %o: f64):
    %t = math.exp %a0 : f64
    linalg.yield %t : f64
  } -> tensor<8xf64>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%0 : tensor<8xf64>) outs(%e : tensor<8xf64>) {
  ^bb0(%a0: f64, %o: f64):
    %t = math.sqrt %a0 : f64
    linalg.yield %t : f64
  } -> tensor<8xf64>
  %2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%0 : tensor<8xf64>) outs(%e : tensor<8xf64>) {
  ^bb0(%a0: f64, %o: f64):
    %t = math.sin %a0 : f64
    linalg.yield %t : f64
  } -> tensor<8xf64>
  %3 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%1, %2 : tensor<8xf64>, tensor<8xf64>) outs(%e : tensor<8xf64>) {
  ^bb0(%a0: f64, %a1: f64, %o: f64):
    %t = arith.addf %a0, %a1 : f64
    linalg.yield %t : f64
  } -> tensor<8xf64>
  return %3 : tensor<8xf64>
}

// -----

// Two reductions of one array share a pass over it.
// CHECK-LABEL: func.func @siblings
// CHECK: %[[R:.*]]:2 = linalg.generic {{.*}} iterator_types = ["reduction"]} ins(%{{.*}} : tensor<8xf64>) outs(%{{.*}}, %{{.*}} : tensor<f64>, tensor<f64>) attrs = {tensor_ext.associative}
// CHECK-NEXT: ^bb0(%[[X:.*]]: f64, %[[S:.*]]: f64, %[[M:.*]]: f64):
// CHECK-NEXT: %[[A:.*]] = arith.addf %[[S]], %[[X]]
// CHECK-NEXT: %[[B:.*]] = arith.maximumf %[[M]], %[[X]]
// CHECK-NEXT: linalg.yield %[[A]], %[[B]]
// CHECK: return %[[R]]#0, %[[R]]#1
#id = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>
func.func @siblings(%x: tensor<8xf64>, %i: tensor<f64>, %j: tensor<f64>) -> (tensor<f64>, tensor<f64>) {
  %0 = linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]} ins(%x : tensor<8xf64>) outs(%i : tensor<f64>) attrs = {tensor_ext.associative} {
  ^bb0(%a0: f64, %o: f64):
    %t = arith.addf %o, %a0 : f64
    linalg.yield %t : f64
  } -> tensor<f64>
  %1 = linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]} ins(%x : tensor<8xf64>) outs(%j : tensor<f64>) attrs = {tensor_ext.associative} {
  ^bb0(%a0: f64, %o: f64):
    %t = arith.maximumf %o, %a0 : f64
    linalg.yield %t : f64
  } -> tensor<f64>
  return %0, %1 : tensor<f64>, tensor<f64>
}

// -----

// A value that is returned and used is stored in the pass that uses it.
// CHECK-LABEL: func.func @stored_and_used
// CHECK: %[[R:.*]]:2 = linalg.generic
// CHECK-NEXT: ^bb0(%[[X:.*]]: f64, %{{.*}}: f64, %{{.*}}: f64):
// CHECK-NEXT: %[[E:.*]] = math.exp %[[X]]
// CHECK-NEXT: %[[S:.*]] = math.sin %[[E]]
// CHECK-NEXT: linalg.yield %[[E]], %[[S]]
// CHECK: return %[[R]]#0, %[[R]]#1
#id = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>
func.func @stored_and_used(%x: tensor<8xf64>) -> (tensor<8xf64>, tensor<8xf64>) {
  %e = tensor.empty() : tensor<8xf64>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<8xf64>) outs(%e : tensor<8xf64>) {
  ^bb0(%a0: f64, %o: f64):
    %t = math.exp %a0 : f64
    linalg.yield %t : f64
  } -> tensor<8xf64>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%0 : tensor<8xf64>) outs(%e : tensor<8xf64>) {
  ^bb0(%a0: f64, %o: f64):
    %t = math.sin %a0 : f64
    linalg.yield %t : f64
  } -> tensor<8xf64>
  return %0, %1 : tensor<8xf64>, tensor<8xf64>
}

// -----

// softmax: the exponentials are expensive and stored, the cheap difference moves into them.
// CHECK-LABEL: func.func @softmax
// CHECK-COUNT-4: linalg.generic
// CHECK-NOT: linalg.generic
// CHECK: return
#id = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>
func.func @softmax(%x: tensor<8xf64>, %i: tensor<f64>, %j: tensor<f64>) -> tensor<8xf64> {
  %e = tensor.empty() : tensor<8xf64>
  %m = linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]} ins(%x : tensor<8xf64>) outs(%i : tensor<f64>) attrs = {tensor_ext.associative} {
  ^bb0(%a0: f64, %o: f64):
    %t = arith.maximumf %o, %a0 : f64
    linalg.yield %t : f64
  } -> tensor<f64>
  %d = linalg.generic {indexing_maps = [#id, #none, #id], iterator_types = ["parallel"]} ins(%x, %m : tensor<8xf64>, tensor<f64>) outs(%e : tensor<8xf64>) {
  ^bb0(%a0: f64, %a1: f64, %o: f64):
    %t = arith.subf %a0, %a1 : f64
    linalg.yield %t : f64
  } -> tensor<8xf64>
  %p = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%d : tensor<8xf64>) outs(%e : tensor<8xf64>) {
  ^bb0(%a0: f64, %o: f64):
    %t = math.exp %a0 : f64
    linalg.yield %t : f64
  } -> tensor<8xf64>
  %s = linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]} ins(%p : tensor<8xf64>) outs(%j : tensor<f64>) attrs = {tensor_ext.associative} {
  ^bb0(%a0: f64, %o: f64):
    %t = arith.addf %o, %a0 : f64
    linalg.yield %t : f64
  } -> tensor<f64>
  %q = linalg.generic {indexing_maps = [#id, #none, #id], iterator_types = ["parallel"]} ins(%p, %s : tensor<8xf64>, tensor<f64>) outs(%e : tensor<8xf64>) {
  ^bb0(%a0: f64, %a1: f64, %o: f64):
    %t = arith.divf %a0, %a1 : f64
    linalg.yield %t : f64
  } -> tensor<8xf64>
  return %q : tensor<8xf64>
}

// -----

// A cheap difference is computed again by the pass that cannot run together with the first.
// CHECK-LABEL: func.func @recompute
// CHECK-COUNT-2: linalg.generic
// CHECK-NOT: linalg.generic
// CHECK: return
#id = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>
func.func @recompute(%x: tensor<8xf64>, %y: tensor<f64>, %j: tensor<f64>) -> tensor<8xf64> {
  %e = tensor.empty() : tensor<8xf64>
  %d = linalg.generic {indexing_maps = [#id, #none, #id], iterator_types = ["parallel"]} ins(%x, %y : tensor<8xf64>, tensor<f64>) outs(%e : tensor<8xf64>) {
  ^bb0(%a0: f64, %a1: f64, %o: f64):
    %t = arith.subf %a0, %a1 : f64
    linalg.yield %t : f64
  } -> tensor<8xf64>
  %s = linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]} ins(%d : tensor<8xf64>) outs(%j : tensor<f64>) attrs = {tensor_ext.associative} {
  ^bb0(%a0: f64, %o: f64):
    %t = arith.addf %o, %a0 : f64
    linalg.yield %t : f64
  } -> tensor<f64>
  %q = linalg.generic {indexing_maps = [#id, #none, #id], iterator_types = ["parallel"]} ins(%d, %s : tensor<8xf64>, tensor<f64>) outs(%e : tensor<8xf64>) {
  ^bb0(%a0: f64, %a1: f64, %o: f64):
    %t = arith.divf %a0, %a1 : f64
    linalg.yield %t : f64
  } -> tensor<8xf64>
  return %q : tensor<8xf64>
}

// -----

// An expensive value is not computed again for every row that it is broadcast to.
// CHECK-LABEL: func.func @broadcast
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel"]
// CHECK: math.exp
// CHECK: linalg.generic {indexing_maps = [#{{.*}}, #{{.*}}], iterator_types = ["parallel", "parallel"]} ins(%{{.*}} : tensor<8xf64>)
// CHECK: math.sin
#id = affine_map<(i) -> (i)>
#id2 = affine_map<(i, j) -> (i, j)>
func.func @broadcast(%x: tensor<8xf64>) -> tensor<5x8xf64> {
  %e = tensor.empty() : tensor<8xf64>
  %f = tensor.empty() : tensor<5x8xf64>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<8xf64>) outs(%e : tensor<8xf64>) {
  ^bb0(%a0: f64, %o: f64):
    %t = math.exp %a0 : f64
    linalg.yield %t : f64
  } -> tensor<8xf64>
  %v = tensor_ext.view %0[0] sizes [5, 8] steps [0, 1] dims [-1, 0] : tensor<8xf64> -> tensor<5x8xf64>
  %1 = linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]} ins(%v : tensor<5x8xf64>) outs(%f : tensor<5x8xf64>) {
  ^bb0(%a0: f64, %o: f64):
    %t = math.sin %a0 : f64
    linalg.yield %t : f64
  } -> tensor<5x8xf64>
  return %1 : tensor<5x8xf64>
}

// -----

// Nothing is read later than an update of the same memory.
// CHECK-LABEL: func.func @update
// CHECK: math.exp
// CHECK: tensor.insert
// CHECK: math.sin
#id = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>
func.func @update(%x: tensor<8xf64>, %v: f64) -> (tensor<8xf64>, tensor<8xf64>) {
  %c0 = arith.constant 0 : index
  %e = tensor.empty() : tensor<8xf64>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<8xf64>) outs(%e : tensor<8xf64>) {
  ^bb0(%a0: f64, %o: f64):
    %t = math.exp %a0 : f64
    linalg.yield %t : f64
  } -> tensor<8xf64>
  %u = tensor.insert %v into %x[%c0] : tensor<8xf64>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%0 : tensor<8xf64>) outs(%e : tensor<8xf64>) {
  ^bb0(%a0: f64, %o: f64):
    %t = math.sin %a0 : f64
    linalg.yield %t : f64
  } -> tensor<8xf64>
  return %1, %u : tensor<8xf64>, tensor<8xf64>
}

// -----

// A reduction over computed indices keeps an operand that says how long it is, without memory.
// CHECK-LABEL: func.func @extent
// CHECK: %[[E:.*]] = tensor.empty() : tensor<i8>
// CHECK: %[[V:.*]] = tensor_ext.view %[[E]][] sizes [8] steps [0] dims [-1] : tensor<i8> -> tensor<8xi8>
// CHECK: linalg.generic {{.*}} ins(%[[V]] : tensor<8xi8>)
// CHECK-NEXT: ^bb0(%{{.*}}: i8, %[[ACC:.*]]: f64):
// CHECK: linalg.index 0
// CHECK: arith.addf %[[ACC]]
#id = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>
func.func @extent(%i: tensor<f64>) -> tensor<f64> {
  %e = tensor.empty() : tensor<8xf64>
  %0 = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]} outs(%e : tensor<8xf64>) {
  ^bb0(%o: f64):
    %n = linalg.index 0 : index
    %k = arith.index_cast %n : index to i64
    %t = arith.sitofp %k : i64 to f64
    linalg.yield %t : f64
  } -> tensor<8xf64>
  %s = linalg.generic {indexing_maps = [#id, #none], iterator_types = ["reduction"]} ins(%0 : tensor<8xf64>) outs(%i : tensor<f64>) attrs = {tensor_ext.associative} {
  ^bb0(%a0: f64, %o: f64):
    %t = arith.addf %o, %a0 : f64
    linalg.yield %t : f64
  } -> tensor<f64>
  return %s : tensor<f64>
}

// -----

// A strided slice of a computed array computes the slice; indices follow.
// CHECK-LABEL: func.func @slice
// CHECK: %[[V:.*]] = tensor_ext.view %{{.*}}[1] sizes [3] steps [2] dims [0] : tensor<8xf64> -> tensor<3xf64>
// CHECK: linalg.generic {{.*}} ins(%[[V]] : tensor<3xf64>)
// CHECK: %[[I:.*]] = linalg.index 0
// CHECK: %[[D:.*]] = arith.muli %[[I]], %{{.*}}
// CHECK: arith.addi %[[D]], %{{.*}}
// CHECK: math.sin
#id = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>
func.func @slice(%x: tensor<8xf64>) -> tensor<3xf64> {
  %e = tensor.empty() : tensor<8xf64>
  %f = tensor.empty() : tensor<3xf64>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<8xf64>) outs(%e : tensor<8xf64>) {
  ^bb0(%a0: f64, %o: f64):
    %n = linalg.index 0 : index
    %k = arith.index_cast %n : index to i64
    %h = arith.sitofp %k : i64 to f64
    %t = arith.mulf %h, %a0 : f64
    linalg.yield %t : f64
  } -> tensor<8xf64>
  %v = tensor_ext.view %0[1] sizes [3] steps [2] dims [0] : tensor<8xf64> -> tensor<3xf64>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%v : tensor<3xf64>) outs(%f : tensor<3xf64>) {
  ^bb0(%a0: f64, %o: f64):
    %t = math.sin %a0 : f64
    linalg.yield %t : f64
  } -> tensor<3xf64>
  return %1 : tensor<3xf64>
}

// -----

// Filled and constant operands become scalars of the body.
// CHECK-LABEL: func.func @scalars
// CHECK-SAME: %{{.*}}: tensor<8xf64>, %[[S:.*]]: f64
// CHECK: linalg.generic {indexing_maps = [#{{.*}}, #{{.*}}], {{.*}} ins(%{{.*}} : tensor<8xf64>)
// CHECK-NEXT: ^bb0(%[[X:.*]]: f64, %{{.*}}: f64):
// CHECK-NEXT: %[[A:.*]] = arith.addf %[[X]], %[[S]]
// CHECK-NEXT: arith.mulf %[[A]], %{{.*}}
#id = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>
func.func @scalars(%x: tensor<8xf64>, %s: f64) -> tensor<8xf64> {
  %e = tensor.empty() : tensor<8xf64>
  %c = arith.constant dense<3.0> : tensor<8xf64>
  %f = linalg.fill ins(%s : f64) outs(%e : tensor<8xf64>) -> tensor<8xf64>
  %0 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%x, %f : tensor<8xf64>, tensor<8xf64>) outs(%e : tensor<8xf64>) {
  ^bb0(%a0: f64, %a1: f64, %o: f64):
    %t = arith.addf %a0, %a1 : f64
    linalg.yield %t : f64
  } -> tensor<8xf64>
  %1 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]} ins(%0, %c : tensor<8xf64>, tensor<8xf64>) outs(%e : tensor<8xf64>) {
  ^bb0(%a0: f64, %a1: f64, %o: f64):
    %t = arith.mulf %a0, %a1 : f64
    linalg.yield %t : f64
  } -> tensor<8xf64>
  return %1 : tensor<8xf64>
}

// -----

// The body of a loop is a block of its own.
// CHECK-LABEL: func.func @loop
// CHECK: scf.for
// CHECK: linalg.generic
// CHECK: math.exp
// CHECK-NEXT: math.sin
// CHECK-NOT: linalg.generic
// CHECK: return
#id = affine_map<(i) -> (i)>
#none = affine_map<(i) -> ()>
func.func @loop(%x: tensor<8xf64>, %n: index) -> tensor<8xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %k = %c0 to %n step %c1 iter_args(%y = %x) -> (tensor<8xf64>) {
  %e = tensor.empty() : tensor<8xf64>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%y : tensor<8xf64>) outs(%e : tensor<8xf64>) {
  ^bb0(%a0: f64, %o: f64):
    %t = math.exp %a0 : f64
    linalg.yield %t : f64
  } -> tensor<8xf64>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%0 : tensor<8xf64>) outs(%e : tensor<8xf64>) {
  ^bb0(%a0: f64, %o: f64):
    %t = math.sin %a0 : f64
    linalg.yield %t : f64
  } -> tensor<8xf64>
  scf.yield %1 : tensor<8xf64>
  }
  return %r : tensor<8xf64>
}

// -----

#id = affine_map<(i) -> (i)>

// A view that may repeat its source, decided at run time: the producer's operand is viewed instead.
// CHECK-LABEL: func.func @maybe_repeated
// CHECK-SAME: %[[X:.*]]: tensor<?xf64>, %[[N:.*]]: index, %[[M:.*]]: index, %[[S:.*]]: index
// CHECK: %[[V:.*]] = tensor_ext.view %[[X]][0] sizes [%[[M]]] steps [%[[S]]] dims [0]
// CHECK: linalg.generic {{.*}} ins(%[[V]] : tensor<?xf64>)
// CHECK-NEXT: ^bb0(%[[A:.*]]: f64, %{{.*}}: f64):
// CHECK-NEXT: %[[E:.*]] = math.exp %[[A]]
// CHECK-NEXT: math.sin %[[E]]
// CHECK-NOT: linalg.generic
func.func @maybe_repeated(%x: tensor<?xf64>, %n: index, %m: index, %s: index) -> tensor<?xf64> {
  %e = tensor.empty(%n) : tensor<?xf64>
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<?xf64>) outs(%e : tensor<?xf64>) {
  ^bb0(%a: f64, %o: f64):
    %t = math.exp %a : f64
    linalg.yield %t : f64
  } -> tensor<?xf64>
  %v = tensor_ext.view %0[0] sizes [%m] steps [%s] dims [0] : tensor<?xf64> -> tensor<?xf64>
  %f = tensor.empty(%m) : tensor<?xf64>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%v : tensor<?xf64>) outs(%f : tensor<?xf64>) {
  ^bb0(%a: f64, %o: f64):
    %t = math.sin %a : f64
    linalg.yield %t : f64
  } -> tensor<?xf64>
  return %1 : tensor<?xf64>
}
