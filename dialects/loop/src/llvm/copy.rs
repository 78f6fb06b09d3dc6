//! `loop.copy_row` for `loop-abi`: LLVM's `memcpy`.

use npir_mlir::prelude::*;

use super::build::{LlvmBuild, descriptor_type, field};
use crate::access::element_bytes;
use crate::runtime_ops::CopyRow;

/// A copy of a row → `llvm.intr.memcpy` of as many bytes.
///
/// # Errors
/// An element type that arrays do not have.
pub(crate) fn lower_copy_row<'c>(copy: CopyRow<'c>, rw: Rewriter<'c>) -> Result<(), String> {
    let (ctx, op) = (rw.ctx(), copy.op());
    let element = copy.source().ty().element();
    let Some(item) = element_bytes(element) else {
        return Err(format!("copies elements of type {element}"));
    };
    rw.before(op);
    let bytes = |count: Val<'c>| {
        let count = rw.index_cast(count, ctx.i(64));
        rw.llvm_binary("llvm.mul", count, rw.llvm_i64(item as i64))
    };
    let address = |memref: Val<'c>, position: Val<'c>| {
        let descriptor = rw.cast_for_llvm(memref, descriptor_type(ctx, 1));
        let start = rw.llvm_extract(descriptor, &[field::ALIGNED], ctx.llvm_ptr());
        rw.llvm_byte(start, bytes(position))
    };
    let target = address(copy.target(), copy.to());
    let source = address(copy.source(), copy.from());
    rw.op("llvm.intr.memcpy")
        .operands(&[target, source, bytes(copy.count())])
        .attr("isVolatile", ctx.bool_attr(false))
        .build();
    rw.erase(op);
    Ok(())
}
