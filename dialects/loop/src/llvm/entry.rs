//! Entry points: `npir_entry_<name>(ctx, args, results) -> i32`, the uniform way into a public function.

use npir_mlir::prelude::*;

use super::build::{Icmp, LlvmBuild, descriptor_type, field};
use crate::runtime_ops::{Check, CheckKind, ExitIf};

/// The C symbol of the entry point of a public function.
pub fn entry_symbol(name: &str) -> String {
    format!("npir_entry_{name}")
}

/// Adds the entry point of `f`, after it: it reads the arguments through the pointers in `args`, calls `inner`, and
/// on success writes the results through the pointers in `results`.
///
/// Arrays are checked against what the types of the arguments say about extents and strides, because the function
/// relies on it.
///
/// # Errors
/// A type that cannot cross the boundary.
pub(crate) fn add_entry<'c>(
    rw: Rewriter<'c>,
    f: Op<'c>,
    symbol: &str,
    inner: &str,
    arg_types: &[Type<'c>],
    result_types: &[Type<'c>],
) -> Result<Op<'c>, String> {
    let ctx = rw.ctx();
    let (ptr, i32) = (ctx.llvm_ptr(), ctx.i(32));
    let rw = rw.at(f.loc());
    rw.after(f);
    let entry = rw
        .op("func.func")
        .attr("sym_name", ctx.str_attr(symbol))
        .attr(
            "function_type",
            ctx.type_attr(ctx.function(&[ptr; 3], &[i32])),
        )
        .regions(1)
        .build();
    let body = rw.create_block(entry.region(0), &[ptr; 3]);
    let [call_context, args, results] = body.args()[..] else {
        return Err("has no entry block".into());
    };

    let mut operands = vec![call_context];
    for (i, &ty) in arg_types.iter().enumerate() {
        let slot = rw.llvm_load(rw.llvm_offset(args, 8 * i as u64), ptr, 0);
        operands.push(read_argument(rw, slot, ty, i)?);
    }
    let mut types = vec![i32];
    types.extend(result_types);
    let call = rw
        .op("func.call")
        .operands(&operands)
        .results(&types)
        .attr("callee", ctx.symbol_attr(inner))
        .build();
    let status = call.result_value(0);
    let failed = rw.llvm_icmp(Icmp::Ne, status, rw.llvm_i32(0));
    ExitIf::build(rw, failed, status);
    for (i, &value) in call.result_values()[1..].iter().enumerate() {
        let slot = rw.llvm_load(rw.llvm_offset(results, 8 * i as u64), ptr, 0);
        write_result(rw, value, slot).map_err(|why| format!("result {i}: {why}"))?;
    }
    rw.op("func.return").operands(&[rw.llvm_i32(0)]).build();
    Ok(entry)
}

/// How a scalar is stored: its type in memory.
fn stored_scalar<'c>(ctx: &'c Context, ty: Type<'c>) -> Option<Type<'c>> {
    if ty.is_index() {
        Some(ctx.i(64))
    } else if ty.is_int() && ty.bit_width() == 1 {
        Some(ctx.i(8))
    } else if ty.is_complex() {
        let part = ty.complex_element();
        Some(ctx.llvm_struct(&[part, part]))
    } else if ty.is_float() || (ty.is_int() && [8, 16, 32, 64].contains(&ty.bit_width())) {
        Some(ty)
    } else {
        None
    }
}

fn read_argument<'c>(
    rw: Rewriter<'c>,
    slot: Val<'c>,
    ty: Type<'c>,
    i: usize,
) -> Result<Val<'c>, String> {
    let ctx = rw.ctx();
    if ty.is_memref() {
        let descriptor = rw.llvm_load(slot, descriptor_type(ctx, ty.rank()), 0);
        check_descriptor(rw, descriptor, ty, i);
        return Ok(rw.cast_for_llvm(descriptor, ty));
    }
    let Some(stored) = stored_scalar(ctx, ty) else {
        return Err(format!(
            "argument {i}: a public function cannot take a value of type {ty}"
        ));
    };
    let value = rw.llvm_load(slot, stored, 0);
    Ok(if ty.is_index() {
        rw.index_cast(value, ty)
    } else if ty.is_complex() {
        rw.cast_for_llvm(value, ty)
    } else if stored != ty {
        rw.llvm_icmp(Icmp::Ne, value, rw.llvm_const(stored, 0))
    } else {
        value
    })
}

fn write_result<'c>(rw: Rewriter<'c>, value: Val<'c>, slot: Val<'c>) -> Result<(), String> {
    let (ctx, ty) = (rw.ctx(), value.ty());
    let stored = if ty.is_memref() {
        descriptor_type(ctx, ty.rank())
    } else {
        stored_scalar(ctx, ty)
            .ok_or_else(|| format!("a public function cannot return a value of type {ty}"))?
    };
    let value = if ty.is_index() {
        rw.index_cast(value, stored)
    } else if ty.is_memref() || ty.is_complex() {
        rw.cast_for_llvm(value, stored)
    } else if stored != ty {
        rw.extui(value, stored)
    } else {
        value
    };
    rw.llvm_store(value, slot, 0);
    Ok(())
}

/// Checks the extents, strides and offset that the type of argument `i` promises.
fn check_descriptor<'c>(rw: Rewriter<'c>, descriptor: Val<'c>, ty: Type<'c>, i: usize) {
    let i64 = rw.ctx().i(64);
    let (strides, offset) = ty.strides_and_offset().unwrap_or_default();
    let read = |path: &[i64]| rw.llvm_extract(descriptor, path, i64);
    let check = |holds: Val<'c>, message: String, args: &[Val<'c>]| {
        Check::build(rw, holds, CheckKind::ShapeMismatch, message, args);
    };
    for (axis, &dim) in ty.dims().iter().enumerate() {
        let size = read(&[field::SIZES, axis as i64]);
        if dim != DYNAMIC {
            let holds = rw.llvm_icmp(Icmp::Eq, size, rw.llvm_i64(dim));
            let message = format!("argument {i}: axis {axis} has {{}} elements instead of {dim}");
            check(holds, message, &[size]);
        }
        if strides[axis] != DYNAMIC {
            let stride = read(&[field::STRIDES, axis as i64]);
            let holds = rw.llvm_icmp(Icmp::Eq, stride, rw.llvm_i64(strides[axis]));
            let irrelevant = rw.llvm_icmp(Icmp::Sle, size, rw.llvm_i64(1));
            let holds = rw.llvm_binary("llvm.or", holds, irrelevant);
            let message = format!(
                "argument {i}: axis {axis} has a stride of {{}} elements instead of {}",
                strides[axis]
            );
            check(holds, message, &[stride]);
        }
    }
    if offset != DYNAMIC {
        let found = read(&[field::OFFSET]);
        let holds = rw.llvm_icmp(Icmp::Eq, found, rw.llvm_i64(offset));
        let message = format!("argument {i}: begins at element {{}} instead of {offset}");
        check(holds, message, &[found]);
    }
}
