//! Integer arrays as positions along a dimension: the bounds check in one pass over them, and the
//! wrap of negative ones.

use npir_mlir::prelude::*;
use npir_tensor::{ASSOCIATIVE, CheckKind};

use crate::elementwise::dtype::DType;
use crate::lowering;
use crate::sizes::{self, Cond};

/// An element of an index array as an `i64`. Values that no `i64` holds become the largest one,
/// which is out of bounds for every array.
pub fn as_i64<'c>(rw: Rewriter<'c>, value: Val<'c>, dtype: DType) -> Val<'c> {
    let i64_ty = rw.ctx().i(64);
    match dtype {
        DType::UInt(64) => {
            let most = rw.const_int(i64_ty, i64::MAX);
            rw.minui(value, most)
        }
        DType::Int(64) => value,
        DType::Int(_) => rw.extsi(value, i64_ty),
        _ => rw.extui(value, i64_ty),
    }
}

/// The position that an element means along a dimension of size `n`: negative ones count from the
/// end. The element has passed [`check`].
pub fn position<'c>(rw: Rewriter<'c>, value: Val<'c>, dtype: DType, n: Val<'c>) -> Val<'c> {
    let index = rw.index_cast(as_i64(rw, value, dtype), rw.ctx().index());
    if dtype.is_unsigned() {
        return index;
    }
    let zero = rw.const_index(0);
    let negative = rw.cmpi(CmpI::Slt, index, zero);
    let from_end = rw.addi(index, n);
    rw.select(negative, from_end, index)
}

/// The smallest and the largest element as `i64` scalars, but at most `low` and at least `high`,
/// which they are for no elements.
pub fn range<'c>(
    rw: Rewriter<'c>,
    indices: Val<'c>,
    dtype: DType,
    low: i64,
    high: i64,
) -> (Val<'c>, Val<'c>) {
    let ctx = rw.ctx();
    let (rank, i64_ty) = (indices.ty().rank(), ctx.i(64));
    let inits = [low, high].map(|bound| {
        let bound = rw.const_int(i64_ty, bound);
        lowering::filled(rw, &[], bound)
    });
    let out = lowering::map(ctx, rank, &[]);
    let maps = [lowering::identity_map(ctx, rank), out, out];
    let iters = vec![Iter::Reduction; rank];
    let generic = rw.linalg_generic(&[indices], &inits, &maps, &iters, |rw, args| {
        let value = as_i64(rw, args[0], dtype);
        vec![rw.minsi(args[1], value), rw.maxsi(args[2], value)]
    });
    generic.set_attr(ASSOCIATIVE, ctx.unit_attr());
    let scalar = |i| rw.tensor_extract(generic.result_value(i), &[]);
    (scalar(0), scalar(1))
}

/// Raises an error at run time if an element is out of bounds for a dimension of size `n`; it names
/// one such element.
pub fn check<'c>(
    rw: Rewriter<'c>,
    op_name: &str,
    indices: Val<'c>,
    dtype: DType,
    axis: usize,
    n: OpFold<'c>,
) {
    let (low, high) = range(rw, indices, dtype, 0, -1);
    let index_ty = rw.ctx().index();
    let low = OpFold::Value(rw.index_cast(low, index_ty));
    let high = OpFold::Value(rw.index_cast(high, index_ty));
    let least = sizes::sub(rw, OpFold::Static(0), n);
    let above = sizes::compare(rw, CmpI::Sge, low, least);
    let below = sizes::compare(rw, CmpI::Slt, high, n);
    let offender = sizes::select(rw, above, high, low);
    let inside: Cond<'c> = above.and(rw, below);
    let message = format!("{op_name}: index {{}} is out of bounds for axis {axis} with size {{}}");
    sizes::check(
        rw,
        inside,
        CheckKind::IndexOutOfBounds,
        &message,
        &[offender, n],
    );
}

/// The array of positions that an index array of shape `shape` means along a dimension of size `n`:
/// `i64`, not negative. Unsigned 64-bit positions, which the check has found small, are used as they are.
pub fn normalized<'c>(
    rw: Rewriter<'c>,
    indices: Val<'c>,
    shape: &[OpFold<'c>],
    dtype: DType,
    n: OpFold<'c>,
) -> Val<'c> {
    if dtype == DType::UInt(64) {
        return indices;
    }
    let i64_ty = rw.ctx().i(64);
    let n = rw.index_cast(sizes::value(rw, n), i64_ty);
    lowering::elementwise(rw, &[indices], shape, i64_ty, |rw, args| {
        let value = as_i64(rw, args[0], dtype);
        if dtype.is_unsigned() {
            return value;
        }
        let zero = rw.const_int(i64_ty, 0);
        let negative = rw.cmpi(CmpI::Slt, value, zero);
        let from_end = rw.addi(value, n);
        rw.select(negative, from_end, value)
    })
}
