// The calling convention: context in, status out, entry points, allocation, reference counts, borrowed memory.

// RUN: npir-opt %s --split-input-file --verify-diagnostics --loop-abi | FileCheck %s

// CHECK: llvm.func @npir_rt_alloc(!llvm.ptr, i64) -> (!llvm.ptr {llvm.align = 64 : i64, llvm.noalias, llvm.noundef})
// CHECK: llvm.func @npir_rt_retain(!llvm.ptr)
// CHECK: llvm.func @npir_rt_release(!llvm.ptr)

// A declaration that nobody calls goes; a C function stays as it is.
// CHECK-NOT: func.func private @unused
func.func private @unused(f64) -> f64
// CHECK: func.func private @c_function(f64) -> f64 attributes {loop.extern}
func.func private @c_function(f64) -> f64 attributes {loop.extern}

// The name of a user's function cannot capture the C library's.
// CHECK-LABEL: func.func private @npir_fn_pow(
// CHECK-SAME: %{{.*}}: !llvm.ptr, %{{.*}}: f64) -> (i32, f64) attributes {llvm.linkage = #llvm.linkage<internal>}
// CHECK: %[[OK:.*]] = llvm.mlir.constant(0 : i32)
// CHECK: return %[[OK]], %{{.*}} : i32, f64
// CHECK-NOT: npir_entry_pow
func.func private @pow(%x: f64) -> f64 {
  return %x : f64
}

// CHECK-LABEL: func.func private @npir_fn_f(
// CHECK-SAME: %[[CTX:[^:]*]]: !llvm.ptr,
func.func @f(%a: memref<?xf64, strided<[?], offset: ?>>, %n: index, %x: f64) -> (memref<?x3xf64>, f64)
    attributes {npir.signature = {name = "f"}} {
  // CHECK: %[[CALL:.*]]:2 = call @npir_fn_pow(%[[CTX]], %{{.*}}) : (!llvm.ptr, f64) -> (i32, f64)
  // CHECK: %[[BAD:.*]] = llvm.icmp "ne" %[[CALL]]#0
  // CHECK: loop.exit_if %[[BAD]], %[[CALL]]#0 : i32
  %p = func.call @pow(%x) : (f64) -> f64
  // CHECK: call @c_function(%[[CALL]]#1) : (f64) -> f64
  %c = func.call @c_function(%p) : (f64) -> f64
  // CHECK: %[[N:.*]] = arith.index_cast %{{.*}} : index to i64
  // CHECK: %[[PRODUCT:.*]] = "llvm.intr.umul.with.overflow"(%{{.*}}, %[[N]])
  // CHECK: %[[BYTES:.*]] = llvm.extractvalue %[[PRODUCT]][0]
  // CHECK: %[[WRAPS:.*]] = llvm.extractvalue %[[PRODUCT]][1]
  // CHECK: %[[NEGATIVE:.*]] = llvm.icmp "slt" %[[N]]
  // CHECK: %[[WRONG:.*]] = llvm.or %[[WRAPS]], %[[NEGATIVE]]
  // CHECK: %[[ALL:.*]] = llvm.mlir.constant(-1 : i64)
  // CHECK: %[[SIZE:.*]] = llvm.select %[[WRONG]], %[[ALL]], %[[BYTES]]
  // CHECK: %[[PTR:.*]] = llvm.call @npir_rt_alloc(%[[CTX]], %[[SIZE]])
  // CHECK: %[[DONE:.*]] = llvm.icmp "ne" %[[PTR]]
  // CHECK: loop.check %[[DONE]], memory, "unable to allocate an array"
  %m = memref.alloc(%n) {alignment = 64 : i64} : memref<?x3xf64>
  // CHECK: %[[DESCRIPTOR:.*]] = builtin.unrealized_conversion_cast %{{.*}} : memref<?x3xf64> to !llvm.struct
  // CHECK: %[[ALLOCATED:.*]] = llvm.extractvalue %[[DESCRIPTOR]][0]
  // CHECK: llvm.call @npir_rt_retain(%[[ALLOCATED]])
  loop.retain %m : memref<?x3xf64>
  // CHECK: llvm.call @npir_rt_release
  loop.release %m : memref<?x3xf64>
  // CHECK: return %{{.*}} : i32, memref<?x3xf64>, f64
  return %m, %c : memref<?x3xf64>, f64
}
// CHECK-LABEL: func.func @npir_entry_f(
// CHECK-SAME: %[[CTX:[^:]*]]: !llvm.ptr, %[[ARGS:[^:]*]]: !llvm.ptr, %[[RESULTS:[^:]*]]: !llvm.ptr) -> i32
// CHECK-SAME: npir.signature = {name = "f"}
// CHECK: %[[P0:.*]] = llvm.load %[[ARGS]]
// CHECK: %[[D0:.*]] = llvm.load %[[P0]] : !llvm.ptr -> !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
// CHECK: builtin.unrealized_conversion_cast %[[D0]] {{.*}} to memref<?xf64, strided<[?], offset: ?>>
// CHECK: llvm.getelementptr %[[ARGS]][8]
// CHECK: arith.index_cast %{{.*}} : i64 to index
// CHECK: %[[R:.*]]:3 = call @npir_fn_f(%[[CTX]],
// CHECK: loop.exit_if
// CHECK: llvm.store %{{.*}} : !llvm.struct<(ptr, ptr, i64, array<2 x i64>, array<2 x i64>)>, !llvm.ptr
// CHECK: llvm.getelementptr %[[RESULTS]][8]
// CHECK: llvm.store %[[R]]#2, %{{.*}} : f64, !llvm.ptr

// -----

// What a static type promises about a caller's array is checked.
// CHECK-LABEL: func.func @npir_entry_contiguous
// CHECK: loop.check %{{.*}}, shape_mismatch, "argument 0: axis 0 has {} elements instead of 4" (%{{.*}} : i64)
// CHECK: loop.check %{{.*}}, shape_mismatch, "argument 0: axis 0 has a stride of {} elements instead of 1" (%{{.*}} : i64)
// CHECK: loop.check %{{.*}}, shape_mismatch, "argument 0: begins at element {} instead of 0" (%{{.*}} : i64)
func.func @contiguous(%a: memref<4xf64>) {
  return
}

// -----

// Scalars in memory: bools are bytes, complex numbers pairs.
// CHECK-LABEL: func.func @npir_entry_scalars
// CHECK: %[[BYTE:.*]] = llvm.load %{{.*}} : !llvm.ptr -> i8
// CHECK: %[[BOOL:.*]] = llvm.icmp "ne" %[[BYTE]]
// CHECK: llvm.load %{{.*}} : !llvm.ptr -> !llvm.struct<(f32, f32)>
// CHECK: call @npir_fn_scalars(%{{.*}}, %[[BOOL]],
// CHECK: arith.extui %{{.*}} : i1 to i8
func.func @scalars(%b: i1, %z: complex<f32>) -> (i1, complex<f32>) {
  return %b, %z : i1, complex<f32>
}

// -----

// Nobody owns constants and stack memory, whatever upstream puts into the descriptor.
memref.global "private" constant @c : memref<2xf64> = dense<[1.0, 2.0]>
// CHECK-LABEL: func.func private @npir_fn_constant
func.func @constant() -> memref<2xf64> {
  // CHECK: %[[GLOBAL:.*]] = memref.get_global @c
  // CHECK: %[[D:.*]] = builtin.unrealized_conversion_cast %[[GLOBAL]]
  // CHECK: %[[NULL:.*]] = llvm.mlir.zero
  // CHECK: llvm.insertvalue %[[NULL]], %[[D]][0]
  // CHECK: %[[BORROWED:.*]] = builtin.unrealized_conversion_cast
  // CHECK: return %{{.*}}, %[[BORROWED]]
  %c = memref.get_global @c : memref<2xf64>
  return %c : memref<2xf64>
}

// -----

// Sizes known to be too large are refused at run time, like the others.
// CHECK-LABEL: func.func private @npir_fn_huge
func.func @huge() -> memref<4294967296x4294967296xf64> {
  // CHECK: %[[ALL:.*]] = llvm.mlir.constant(-1 : i64)
  // CHECK: llvm.call @npir_rt_alloc(%{{.*}}, %[[ALL]])
  %m = memref.alloc() : memref<4294967296x4294967296xf64>
  return %m : memref<4294967296x4294967296xf64>
}

// -----

// CHECK-LABEL: func.func private @npir_fn_parallel
func.func @parallel(%n: index, %m: memref<?xindex>) {
  // CHECK: loop.parallel_for %{{.*}} grain %{{.*}} : i64, i64 {
  // CHECK-NEXT: ^bb0(%[[LO:.*]]: i64, %[[HI:.*]]: i64):
  // CHECK-NEXT: %[[I:.*]] = arith.index_cast %[[LO]] : i64 to index
  // CHECK: memref.store %{{.*}}, %{{.*}}[%[[I]]]
  loop.parallel_for %n grain %n : index, index {
  ^bb0(%lo: index, %hi: index):
    memref.store %hi, %m[%lo] : memref<?xindex>
    loop.yield
  }
  return
}

// -----

// Positions and counts of elements become bytes.
// CHECK-LABEL: func.func private @npir_fn_copy(
func.func private @copy(%a: memref<?xcomplex<f32>>, %b: memref<?xcomplex<f32>>, %from: index, %to: index, %n: index) {
  // CHECK: %[[TARGET:.*]] = llvm.extractvalue %{{.*}}[1]
  // CHECK: %[[ITEM:.*]] = llvm.mlir.constant(8 : i64)
  // CHECK: %[[TO:.*]] = llvm.mul %{{.*}}, %[[ITEM]]
  // CHECK: %[[D:.*]] = llvm.getelementptr %[[TARGET]][%[[TO]]] : (!llvm.ptr, i64) -> !llvm.ptr, i8
  // CHECK: %[[SOURCE:.*]] = llvm.extractvalue %{{.*}}[1]
  // CHECK: %[[S:.*]] = llvm.getelementptr %[[SOURCE]][%{{.*}}] : (!llvm.ptr, i64) -> !llvm.ptr, i8
  // CHECK: "llvm.intr.memcpy"(%[[D]], %[[S]], %{{.*}}) <{isVolatile = false}> : (!llvm.ptr, !llvm.ptr, i64) -> ()
  loop.copy_row %a at %from, %b at %to, %n : memref<?xcomplex<f32>>, memref<?xcomplex<f32>>
  return
}

// -----

// expected-error @+1 {{'func.func' op 'missing' is called but has no body}}
func.func private @missing(f64) -> f64
func.func @calls_missing(%x: f64) -> f64 {
  %y = func.call @missing(%x) : (f64) -> f64
  return %y : f64
}

// -----

func.func @column_major() {
  // expected-error @+1 {{only row-major layouts can be allocated}}
  %m = memref.alloc() : memref<4x4xf64, strided<[1, 4]>>
  return
}

// -----

func.func @aligned() {
  // expected-error @+1 {{asks for more than the allocator's alignment of 64 bytes}}
  %m = memref.alloc() {alignment = 4096 : i64} : memref<4xf64>
  return
}

// -----

// expected-error @+1 {{argument 0: a public function cannot take a value of type vector<4xf64>}}
func.func @vectors(%v: vector<4xf64>) {
  return
}

// -----

func.func @higher_order(%x: f64) -> f64 {
  // expected-error @+1 {{functions are not values}}
  %f = func.constant @higher_order : (f64) -> f64
  %y = func.call_indirect %f(%x) : (f64) -> f64
  return %y : f64
}
