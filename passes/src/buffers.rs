//! What the buffer passes know about ops on memrefs, in one place.

use npir_mlir::prelude::*;

/// Whether a value is a buffer.
pub(crate) fn is_buffer(value: Val<'_>) -> bool {
    value.ty().is_memref()
}

/// The value behind casts, which change only the type.
pub(crate) fn strip_casts(mut value: Val<'_>) -> Val<'_> {
    while let Some(cast) = value.defining_op().filter(|op| op.name() == "memref.cast") {
        value = cast.operand(0);
    }
    value
}

/// A copy of a buffer in new memory, of the same type.
pub(crate) fn duplicate<'c>(rw: Rewriter<'c>, value: Val<'c>) -> Val<'c> {
    let ty = value.ty();
    let dims = ty.dims();
    let dynamic = dims.iter().enumerate().filter(|(_, dim)| **dim == DYNAMIC);
    let sizes: Vec<_> = dynamic
        .map(|(axis, _)| rw.memref_dim(value, axis))
        .collect();
    let copy = rw.memref_alloc(rw.ctx().memref(&dims, ty.element()), &sizes);
    rw.memref_copy(value, copy);
    rw.memref_cast(copy, ty)
}
