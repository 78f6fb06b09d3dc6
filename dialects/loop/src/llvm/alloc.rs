//! Memory for `loop-abi`: allocation with a checked size, reference counts, and memory that nobody owns.

use npir_mlir::prelude::*;

use super::build::{Icmp, LlvmBuild, descriptor_type, field};
use super::runtime::{Runtime, RuntimeFn};
use crate::access::element_bytes;
use crate::runtime_ops::{Check, CheckKind};

/// Status that a function returns after an error.
pub(crate) const FAILED: i64 = 1;

/// `memref.alloc` → `npir_rt_alloc` of a size that cannot wrap around, and a descriptor in row-major order.
///
/// A negative extent and a product above 2⁶⁴-1 both ask for `UINT64_MAX` bytes, which the runtime refuses.
///
/// # Errors
/// What the runtime's allocator cannot do: layouts, memory spaces, large alignments, unusual element types.
pub(crate) fn lower_alloc<'c>(
    op: Op<'c>,
    call_context: Val<'c>,
    rw: Rewriter<'c>,
    runtime: &mut Runtime,
) -> Result<(), String> {
    let ty = op.result_value(0).ty();
    let ctx = rw.ctx();
    rw.before(op);
    let dims = ty.dims();
    if ctx.memref(&dims, ty.element()) != ty {
        return Err(format!(
            "allocates {ty}: only row-major layouts can be allocated"
        ));
    }
    if op
        .attr("alignment")
        .and_then(|a| a.as_int())
        .is_some_and(|a| a > 64)
    {
        return Err("asks for more than the allocator's alignment of 64 bytes".into());
    }
    let Some(item) = element_bytes(ty.element()) else {
        return Err(format!("allocates elements of type {}", ty.element()));
    };

    let mut dynamic = op.operand_values().into_iter();
    let mut sizes = Vec::with_capacity(dims.len());
    for &dim in &dims {
        sizes.push(match dim {
            DYNAMIC => match dynamic.next() {
                Some(size) => rw.index_cast(size, ctx.i(64)),
                None => return Err("has fewer operands than dynamic extents".into()),
            },
            _ => rw.llvm_i64(dim),
        });
    }
    let bytes = checked_bytes(rw, &dims, &sizes, item);
    let ptr_ty = ctx.llvm_ptr();
    let alloc = runtime.symbol(RuntimeFn::Alloc);
    let ptr = rw
        .llvm_call(alloc, &[call_context, bytes], &[ptr_ty])
        .result_value(0);
    // The runtime has recorded the error; the check adds the location.
    let done = rw.llvm_icmp(Icmp::Ne, ptr, rw.llvm_null());
    Check::build(
        rw,
        done,
        CheckKind::Memory,
        "unable to allocate an array".into(),
        &[],
    );

    let mut descriptor = rw.llvm_poison(descriptor_type(ctx, dims.len()));
    descriptor = rw.llvm_insert(descriptor, ptr, &[field::ALLOCATED]);
    descriptor = rw.llvm_insert(descriptor, ptr, &[field::ALIGNED]);
    descriptor = rw.llvm_insert(descriptor, rw.llvm_i64(0), &[field::OFFSET]);
    for (i, &size) in sizes.iter().enumerate() {
        descriptor = rw.llvm_insert(descriptor, size, &[field::SIZES, i as i64]);
    }
    let mut stride = rw.llvm_i64(1);
    for (i, &size) in sizes.iter().enumerate().rev() {
        descriptor = rw.llvm_insert(descriptor, stride, &[field::STRIDES, i as i64]);
        if i > 0 {
            stride = rw.llvm_binary("llvm.mul", stride, size);
        }
    }
    let memref = rw.cast_for_llvm(descriptor, ty);
    rw.replace(op, &[memref]);
    Ok(())
}

/// `item · Π sizes`, or `UINT64_MAX` when that wraps around or an extent is negative.
fn checked_bytes<'c>(rw: Rewriter<'c>, dims: &[i64], sizes: &[Val<'c>], item: u64) -> Val<'c> {
    let known = dims
        .iter()
        .filter(|&&d| d != DYNAMIC)
        .try_fold(item, |n, &d| n.checked_mul(u64::try_from(d).ok()?));
    let Some(known) = known else {
        return rw.llvm_i64(-1);
    };
    let (i1, i64) = (rw.ctx().i(1), rw.ctx().i(64));
    let pair = rw.ctx().llvm_struct(&[i64, i1]);
    let mut bytes = rw.llvm_i64(known as i64);
    let mut bad: Option<Val> = None;
    for (_, &size) in dims.iter().zip(sizes).filter(|(d, _)| **d == DYNAMIC) {
        let product = rw
            .op("llvm.intr.umul.with.overflow")
            .operands(&[bytes, size])
            .results(&[pair])
            .build_value();
        bytes = rw.llvm_extract(product, &[0], i64);
        let wrapped = rw.llvm_extract(product, &[1], i1);
        let negative = rw.llvm_icmp(Icmp::Slt, size, rw.llvm_i64(0));
        let new = rw.llvm_binary("llvm.or", wrapped, negative);
        bad = Some(match bad {
            Some(old) => rw.llvm_binary("llvm.or", old, new),
            None => new,
        });
    }
    match bad {
        Some(bad) => rw.llvm_select(bad, rw.llvm_i64(-1), bytes),
        None => bytes,
    }
}

/// A retain, a release or a deallocation → a call with the allocated pointer of the operand.
pub(crate) fn lower_count<'c>(op: Op<'c>, f: RuntimeFn, rw: Rewriter<'c>, runtime: &mut Runtime) {
    rw.before(op);
    let memref = op.operand(0);
    let ctx = rw.ctx();
    let descriptor = rw.cast_for_llvm(memref, descriptor_type(ctx, memref.ty().rank()));
    let allocated = rw.llvm_extract(descriptor, &[field::ALLOCATED], ctx.llvm_ptr());
    rw.llvm_call(runtime.symbol(f), &[allocated], &[]);
    rw.erase(op);
}

/// Marks the memory of a constant or of the stack as borrowed.
///
/// Upstream gives such memrefs an allocated pointer that is no allocation of ours (for constants the number
/// `0xdeadbeef`); counting references through it would write there.
pub(crate) fn mark_borrowed<'c>(op: Op<'c>, rw: Rewriter<'c>) {
    let memref = op.result_value(0);
    let uses = memref.uses();
    rw.after(op);
    let ty = memref.ty();
    let descriptor = rw.cast_for_llvm(memref, descriptor_type(rw.ctx(), ty.rank()));
    let borrowed = rw.llvm_insert(descriptor, rw.llvm_null(), &[field::ALLOCATED]);
    let borrowed = rw.cast_for_llvm(borrowed, ty);
    for u in uses {
        u.op.set_operand(u.operand, borrowed);
    }
}
