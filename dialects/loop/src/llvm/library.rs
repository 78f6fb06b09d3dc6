//! `loop.library` for `loop-abi`: a call of `i32 npir_lib_NAME(ctx, call)`, where `call` describes the arrays, the
//! parameters and who asks.

use npir_mlir::prelude::*;

use super::build::{Icmp, LlvmBuild, descriptor_type};
use super::errors::Strings;
use super::runtime::Runtime;
use crate::library::{Library, type_code};
use crate::runtime_ops::ExitIf;

/// Bytes of `npir_library_array`: the address of a descriptor, the code of the element type, the rank.
const ARRAY_BYTES: usize = 16;

/// A call of the routine with everything it gets in stack memory; leaves the function when it fails.
///
/// # Errors
/// An element type that the runtime does not know.
pub(crate) fn lower_library<'c>(
    call: Library<'c>,
    call_context: Val<'c>,
    rw: Rewriter<'c>,
    runtime: &mut Runtime,
    strings: &mut Strings<'c>,
) -> Result<(), String> {
    let (ctx, op) = (rw.ctx(), call.op());
    rw.before(op);
    let operands: Vec<_> = call.ins().into_iter().chain(call.outs()).collect();
    let stack = |bytes: usize| {
        rw.llvm_stack(ctx.llvm_array(bytes.max(1), ctx.i(8)), 8)
            .result_value(0)
    };
    let arrays = stack(ARRAY_BYTES * operands.len());
    for (i, &memref) in operands.iter().enumerate() {
        let ty = memref.ty();
        let Some(code) = type_code(ty.element()) else {
            return Err(format!("passes on elements of type {}", ty.element()));
        };
        let descriptor_ty = descriptor_type(ctx, ty.rank());
        let descriptor = rw.llvm_stack(descriptor_ty, 8).result_value(0);
        rw.llvm_store(rw.cast_for_llvm(memref, descriptor_ty), descriptor, 8);
        let row = rw.llvm_offset(arrays, (ARRAY_BYTES * i) as u64);
        rw.llvm_store(descriptor, row, 8);
        rw.llvm_store(rw.llvm_i32(code), rw.llvm_offset(row, 8), 4);
        rw.llvm_store(rw.llvm_i32(ty.rank() as i64), rw.llvm_offset(row, 12), 4);
    }
    let numbers = call.params().unwrap_or_default();
    let params = stack(8 * numbers.len());
    for (i, &n) in numbers.iter().enumerate() {
        rw.llvm_store(rw.llvm_i64(n), rw.llvm_offset(params, 8 * i as u64), 8);
    }
    let caller = call.caller();
    let place = file_position(op.loc())
        .map(|p| p.to_string())
        .unwrap_or_default();
    let fields = [
        arrays,
        rw.llvm_i64(operands.len() as i64),
        params,
        rw.llvm_i64(numbers.len() as i64),
        strings.address(rw, &caller),
        rw.llvm_i64(caller.len() as i64),
        strings.address(rw, &place),
        rw.llvm_i64(place.len() as i64),
    ];
    let description = stack(8 * fields.len());
    for (i, &field) in fields.iter().enumerate() {
        rw.llvm_store(field, rw.llvm_offset(description, 8 * i as u64), 8);
    }
    let symbol = runtime.routine(call.routine());
    let status = rw
        .llvm_call(&symbol, &[call_context, description], &[ctx.i(32)])
        .result_value(0);
    let failed = rw.llvm_icmp(Icmp::Ne, status, rw.llvm_i32(0));
    ExitIf::build(rw, failed, status);
    rw.erase(op);
    Ok(())
}
