// The last step: parallel loops, checks and exits inside the LLVM dialect.

// RUN: npir-opt %s --split-input-file --verify-diagnostics --loop-finish-llvm | FileCheck %s
// RUN: npir-opt %s --split-input-file --verify-diagnostics --loop-finish-llvm | FileCheck %s --check-prefix=GONE
// GONE-NOT: loop.

// CHECK-DAG: llvm.func @npir_rt_raise({{.*}}) attributes {no_unwind, passthrough = ["cold"]}
// CHECK-DAG: llvm.mlir.global internal constant @[[MESSAGE:.*]]("index {} of {}")
// CHECK-DAG: llvm.mlir.global internal constant @[[PLACE:.*]]("user.py:7:3")

// CHECK-LABEL: llvm.func @f(
// CHECK-SAME: %[[CTX:.*]]: !llvm.ptr, %[[N:.*]]: i64, %[[OK:.*]]: i1) -> !llvm.struct<(i32, i64)>
llvm.func @f(%ctx: !llvm.ptr, %n: i64, %ok: i1) -> !llvm.struct<(i32, i64)> {
  // CHECK: %[[NUMBERS:.*]] = llvm.alloca %{{.*}} x !llvm.array<2 x i64>
  // CHECK: llvm.cond_br %[[OK]] weights([2000, 1]), ^[[HOLDS:bb[0-9]+]], ^[[RAISE:bb[0-9]+]]
  // CHECK: ^[[EXIT:bb[0-9]+]](%[[CODE:.*]]: i32):
  // CHECK: %[[P:.*]] = llvm.mlir.poison
  // CHECK: %[[R:.*]] = llvm.insertvalue %[[CODE]], %[[P]][0]
  // CHECK: llvm.return %[[R]]
  loop.check %ok, index_out_of_bounds, "index {} of {}" (%n, %n : i64, i64) loc("user.py":7:3)
  // CHECK: ^[[GOOD:bb[0-9]+]]:
  // CHECK: llvm.return
  // CHECK: ^[[HOLDS]]:
  // CHECK: %[[STATUS:.*]] = llvm.call @g
  %status = llvm.call @g(%ctx) : (!llvm.ptr) -> i32
  %zero = llvm.mlir.constant(0 : i32) : i32
  // CHECK: %[[FAILED:.*]] = llvm.icmp "ne" %[[STATUS]]
  %failed = llvm.icmp "ne" %status, %zero : i32
  // CHECK: llvm.cond_br %[[FAILED]] weights([1, 2000]), ^[[EXIT]](%[[STATUS]] : i32), ^[[GOOD]]
  loop.exit_if %failed, %status : i32
  %none = llvm.mlir.poison : !llvm.struct<(i32, i64)>
  %some = llvm.insertvalue %zero, %none[0] : !llvm.struct<(i32, i64)>
  %all = llvm.insertvalue %n, %some[1] : !llvm.struct<(i32, i64)>
  llvm.return %all : !llvm.struct<(i32, i64)>
}
// CHECK: ^[[RAISE]]:
// CHECK: llvm.store %[[N]], %[[NUMBERS]]
// CHECK: %[[SECOND:.*]] = llvm.getelementptr %[[NUMBERS]][8]
// CHECK: llvm.store %[[N]], %[[SECOND]]
// CHECK: %[[TEXT:.*]] = llvm.mlir.addressof @[[MESSAGE]]
// CHECK: %[[WHERE:.*]] = llvm.mlir.addressof @[[PLACE]]
// CHECK: llvm.call @npir_rt_raise(%[[CTX]], %{{.*}}, %[[TEXT]], %{{.*}}, %[[WHERE]], %{{.*}}, %[[NUMBERS]], %{{.*}})
// CHECK: llvm.br ^[[EXIT]](%{{.*}} : i32)

llvm.func @g(%ctx: !llvm.ptr) -> i32 {
  %zero = llvm.mlir.constant(0 : i32) : i32
  llvm.return %zero : i32
}

// -----

// Names, fusions and call sites have a position too; one string serves all checks that share it.
// CHECK-DAG: ("a.py:1:2")
// CHECK-DAG: ("b.py:3:4")
// CHECK-DAG: ("c.py:5:6")
// CHECK-COUNT-1: ("bad")
// CHECK-NOT: ("bad")
// CHECK-LABEL: llvm.func @places
llvm.func @places(%ctx: !llvm.ptr, %ok: i1) -> i32 {
  loop.check %ok, value_error, "bad" loc("x"("a.py":1:2))
  loop.check %ok, value_error, "bad" loc(fused["b.py":3:4, "z.py":9:9])
  loop.check %ok, value_error, "bad" loc(callsite("c.py":5:6 at "y.py":8:8))
  // A check without a position: no string, length 0.
  // CHECK: llvm.mlir.zero
  loop.check %ok, value_error, "bad" loc(unknown)
  %zero = llvm.mlir.constant(0 : i32) : i32
  llvm.return %zero : i32
}

// -----

// CHECK: llvm.func @npir_rt_parallel_for(!llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64) -> i32 attributes {no_unwind}
// CHECK-LABEL: llvm.func @npir_fn_nested(
// CHECK-SAME: %[[CTX:.*]]: !llvm.ptr, %[[N:.*]]: i64, %[[M:.*]]: !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>, %[[V:.*]]: vector<8xf64>) -> i32
llvm.func @npir_fn_nested(%ctx: !llvm.ptr, %n: i64,
    %m: !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>, %v: vector<8xf64>) -> i32 {
  // The environment is in the entry block, aligned for vectors.
  // CHECK: %[[ENV:.*]] = llvm.alloca %{{.*}} x !llvm.array<128 x i8> {alignment = 64 : i64}
  %zero = llvm.mlir.constant(0 : i32) : i32
  %one = llvm.mlir.constant(1 : i64) : i64
  llvm.br ^loop
^loop:
  // Of an array, the body gets what it reads.
  // CHECK: %[[DATA:.*]] = llvm.extractvalue %[[M]][1]
  // CHECK: llvm.store %[[DATA]], %[[ENV]]
  // CHECK: %[[SECOND:.*]] = llvm.getelementptr %[[ENV]][64]
  // CHECK: llvm.store %[[V]], %[[SECOND]] {alignment = 64 : i64}
  // CHECK: %[[BODY:.*]] = llvm.mlir.addressof @npir_par_nested_0
  // CHECK: %[[STATUS:.*]] = llvm.call @npir_rt_parallel_for(%[[CTX]], %[[BODY]], %[[ENV]], %[[N]], %{{.*}}) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64) -> i32
  // CHECK: llvm.icmp "ne" %[[STATUS]]
  // CHECK: llvm.cond_br %{{.*}} weights([1, 2000])
  loop.parallel_for %n grain %one : i64, i64 {
  ^bb0(%lo: i64, %hi: i64):
    %p = llvm.extractvalue %m[1] : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
    llvm.br ^inner(%lo : i64)
  ^inner(%i: i64):
    %q = llvm.getelementptr %p[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f64
    llvm.store %v, %q : vector<8xf64>, !llvm.ptr
    loop.parallel_for %hi grain %one : i64, i64 {
    ^bb0(%lo2: i64, %hi2: i64):
      %same = llvm.icmp "eq" %lo2, %i : i64
      loop.check %same, value_error, "inner"
      llvm.call @npir_rt_release(%ctx) : (!llvm.ptr) -> ()
      loop.yield
    }
    %next = llvm.add %i, %one : i64
    %more = llvm.icmp "slt" %next, %hi : i64
    llvm.cond_br %more, ^inner(%next : i64), ^done
  ^done:
    loop.yield
  }
  llvm.return %zero : i32
}
llvm.func @npir_rt_release(!llvm.ptr)

// CHECK-LABEL: llvm.func internal @npir_par_nested_0(
// CHECK-SAME: %[[C:.*]]: !llvm.ptr, %[[E:.*]]: !llvm.ptr {llvm.noalias, llvm.readonly}, %[[LO:.*]]: i64, %[[HI:.*]]: i64) -> i32
// CHECK: llvm.load %[[E]]
// CHECK: llvm.getelementptr %[[E]][64]
// CHECK: llvm.load %{{.*}} {alignment = 64 : i64} : !llvm.ptr -> vector<8xf64>
// CHECK: llvm.br ^[[FIRST:bb[0-9]+]](%[[LO]], %[[HI]] : i64, i64)
// CHECK: ^[[FIRST]](%{{.*}}: i64, %[[HERE:.*]]: i64):
// CHECK: llvm.call @npir_rt_parallel_for(%[[C]], %{{.*}}, %{{.*}}, %[[HERE]], %{{.*}})
// CHECK: llvm.return %{{.*}} : i32

// CHECK-LABEL: llvm.func internal @npir_par_nested_0_0(
// CHECK-SAME: %[[C:.*]]: !llvm.ptr,
// CHECK: llvm.cond_br %{{.*}} weights([2000, 1])
// CHECK: llvm.call @npir_rt_release(%[[C]])
// CHECK: llvm.call @npir_rt_raise(%[[C]],

// -----

// A loop that uses nothing from outside needs no environment.
// CHECK-LABEL: llvm.func @alone
llvm.func @alone(%ctx: !llvm.ptr, %n: i64) -> i32 {
  // CHECK-NOT: llvm.alloca
  // CHECK: %[[NULL:.*]] = llvm.mlir.zero
  // CHECK: llvm.call @npir_rt_parallel_for(%{{.*}}, %{{.*}}, %[[NULL]],
  loop.parallel_for %n grain %n : i64, i64 {
  ^bb0(%lo: i64, %hi: i64):
    loop.yield
  }
  %zero = llvm.mlir.constant(0 : i32) : i32
  llvm.return %zero : i32
}

// -----

// Stack memory of fixed size in a loop moves out of it; addresses may go backwards.
// CHECK-LABEL: llvm.func @stack
llvm.func @stack(%ctx: !llvm.ptr, %n: i64, %p: !llvm.ptr) -> i32 {
  %one = llvm.mlir.constant(1 : i64) : i64
  %zero = llvm.mlir.constant(0 : i32) : i32
  // CHECK: llvm.alloca %{{.*}} x !llvm.array<8 x f64>
  // CHECK: ^[[LOOP:bb[0-9]+]]
  llvm.br ^loop(%one : i64)
^loop(%i: i64):
  %m = llvm.alloca %one x !llvm.array<8 x f64> : (i64) -> !llvm.ptr
  // CHECK: llvm.mul %{{.*}}, %{{.*}} overflow<nsw> : i64
  %j = llvm.mul %i, %n overflow<nsw, nuw> : i64
  // CHECK: llvm.getelementptr inbounds %{{.*}}[%{{.*}}] : (!llvm.ptr, i64) -> !llvm.ptr, f64
  %q = llvm.getelementptr inbounds|nuw %p[%j] : (!llvm.ptr, i64) -> !llvm.ptr, f64
  llvm.store %m, %q : !llvm.ptr, !llvm.ptr
  // CHECK: llvm.add %{{.*}}, %{{.*}} : i64
  %next = llvm.add %i, %one overflow<nuw> : i64
  %more = llvm.icmp "slt" %next, %n : i64
  llvm.cond_br %more, ^loop(%next : i64), ^done
^done:
  llvm.return %zero : i32
}

// -----

// A parallel body gets the fields of an array that it reads: here the size that was put in, once, and not the pointer.
// CHECK-LABEL: llvm.func internal @kernel(
// CHECK-SAME: %[[CTX:.*]]: !llvm.ptr, %[[N:.*]]: i64) -> i32
llvm.func internal @kernel(%ctx: !llvm.ptr, %allocated: !llvm.ptr, %aligned: !llvm.ptr, %n: i64) -> i32 {
  %none = llvm.mlir.poison : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
  %one = llvm.insertvalue %allocated, %none[0] : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
  %two = llvm.insertvalue %aligned, %one[1] : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
  %m = llvm.insertvalue %n, %two[3, 0] : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
  // CHECK-NOT: llvm.insertvalue
  // CHECK: llvm.alloca %{{.*}} x !llvm.array<8 x i8>
  // CHECK: llvm.store %[[N]]
  // CHECK: llvm.call @npir_rt_parallel_for
  loop.parallel_for %n grain %n : i64, i64 {
  ^bb0(%lo: i64, %hi: i64):
    %again = llvm.extractvalue %m[3, 0] : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
    %size = llvm.extractvalue %m[3, 0] : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
    %both = llvm.icmp "eq" %size, %again : i64
    loop.check %both, value_error, "sizes"
    loop.yield
  }
  %zero = llvm.mlir.constant(0 : i32) : i32
  llvm.return %zero : i32
}

// What nobody reads is not passed, nor computed.
// CHECK-LABEL: llvm.func @caller(
// CHECK-NOT: llvm.insertvalue
// CHECK-NOT: llvm.extractvalue
// CHECK: llvm.call @kernel(%{{.*}}, %{{.*}}) : (!llvm.ptr, i64) -> i32
llvm.func @caller(%ctx: !llvm.ptr, %p: !llvm.ptr, %n: i64) -> i32 {
  %none = llvm.mlir.poison : !llvm.struct<(ptr, ptr)>
  %some = llvm.insertvalue %p, %none[0] : !llvm.struct<(ptr, ptr)>
  %q = llvm.extractvalue %some[0] : !llvm.struct<(ptr, ptr)>
  %status = llvm.call @kernel(%ctx, %q, %q, %n) : (!llvm.ptr, !llvm.ptr, !llvm.ptr, i64) -> i32
  llvm.return %status : i32
}

// A function whose address is taken keeps its parameters.
// CHECK-LABEL: llvm.func internal @taken(%{{.*}}: !llvm.ptr, %{{.*}}: i64)
llvm.func internal @taken(%ctx: !llvm.ptr, %n: i64) -> i32 {
  %zero = llvm.mlir.constant(0 : i32) : i32
  llvm.return %zero : i32
}
llvm.func @takes(%ctx: !llvm.ptr) -> !llvm.ptr {
  %p = llvm.mlir.addressof @taken : !llvm.ptr
  llvm.return %p : !llvm.ptr
}

// -----

// expected-error @+1 {{does not return a status: has `loop-abi` been run?}}
llvm.func @no_status(%ctx: !llvm.ptr, %ok: i1) {
  loop.check %ok, value_error, "bad"
  llvm.return
}

// -----

// Who waits for this function sees what it has stored past the caches.
// CHECK-LABEL: llvm.func @streams(
// CHECK: llvm.store {{.*}}nontemporal
// CHECK: llvm.fence seq_cst
// CHECK-NEXT: llvm.return
llvm.func @streams(%ctx: !llvm.ptr, %p: !llvm.ptr, %v: vector<8xf64>) -> !llvm.struct<(i32)> {
  %none = llvm.mlir.zero : !llvm.struct<(i32)>
  llvm.store %v, %p {alignment = 64 : i64, nontemporal} : vector<8xf64>, !llvm.ptr
  llvm.return %none : !llvm.struct<(i32)>
}
