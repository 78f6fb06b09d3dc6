//! Where an array is not zero: `nonzero`, `flatnonzero`, `argwhere`, and `compress` and `extract`,
//! which take what is there.
//!
//! How many there are is counted in one pass, which gives the size of the result; a routine of the
//! runtime lists them in a second one.

use npir_mlir::prelude::*;
use npir_tensor::{CheckKind, InsertView, Library, Routine, View};

use crate::along::unravel;
use crate::axes::flat;
use crate::compose;
use crate::elementwise::convert::store;
use crate::elementwise::dtype::DType;
use crate::lowering;
use crate::shape::normalize_axis;
use crate::sizes::{self, Cond};
use crate::types::{AnyArray, RealArray, verify_declared};

/// The positions of what is not zero along each dimension, in row-major order
///
/// One vector of `i64` for each dimension; NaN is not zero. An array without dimensions is refused.
#[op(
    "numpy.nonzero",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x attr-dict `:` type($x) `->` type($positions)"
)]
pub struct Nonzero {
    x: Operand<AnyArray>,
    positions: VariadicOutput<AnyArray>,
}

/// The positions of what is not zero in the flattened array, as `i64`
#[op(
    "numpy.flatnonzero",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x attr-dict `:` type($x) `->` type($result)"
)]
pub struct Flatnonzero {
    x: Operand<AnyArray>,
    result: Output<AnyArray>,
}

/// The positions of what is not zero: a row of `i64` for each
#[op(
    "numpy.argwhere",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x attr-dict `:` type($x) `->` type($result)"
)]
pub struct Argwhere {
    x: Operand<AnyArray>,
    result: Output<AnyArray>,
}

/// The slices along an axis where a vector is true
///
/// Without `axis` those of the flattened array. The vector may be shorter than the axis; where it is
/// longer and true there, it is an error.
#[op(
    "numpy.compress",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$condition `,` $x (`axis` $axis^)? attr-dict \
                `:` type($condition) `,` type($x) `->` type($result)"
)]
pub struct Compress {
    condition: Operand<RealArray>,
    x: Operand<AnyArray>,
    axis: OptionalAttr<I64>,
    result: Output<AnyArray>,
}

/// The elements of the flattened array where the flattened condition is true, as a vector
///
/// Where the condition is longer and true there, it is an error.
#[op(
    "numpy.extract",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$condition `,` $x attr-dict `:` type($condition) `,` type($x) `->` type($result)"
)]
pub struct Extract {
    condition: Operand<RealArray>,
    x: Operand<AnyArray>,
    result: Output<AnyArray>,
}

verify_declared!(Flatnonzero, Argwhere, Compress, Extract, Nonzero);

impl InferTypes for Nonzero<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let rank = cx.operand_type(0)?.rank();
        if rank == 0 {
            return Err("is not allowed on 0d arrays".to_string());
        }
        Ok(vec![cx.ctx.tensor(&[DYNAMIC], cx.ctx.i(64)); rank])
    }
}

impl InferTypes for Flatnonzero<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        Ok(vec![cx.ctx.tensor(&[DYNAMIC], cx.ctx.i(64))])
    }
}

impl InferTypes for Argwhere<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let rank = cx.operand_type(0)?.rank() as i64;
        Ok(vec![cx.ctx.tensor(&[DYNAMIC, rank], cx.ctx.i(64))])
    }
}

impl InferTypes for Compress<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let (condition, x) = (cx.operand_type(0)?, cx.operand_type(1)?);
        if condition.rank() != 1 {
            return Err("condition must be a 1-d array".to_string());
        }
        let mut dims = x.dims();
        match cx.attr("axis").and_then(I64::decode) {
            Some(axis) => {
                let axis = normalize_axis(axis, dims.len())?;
                dims[axis] = DYNAMIC;
            }
            None => dims = vec![DYNAMIC],
        }
        Ok(vec![cx.ctx.tensor(&dims, x.element())])
    }
}

impl InferTypes for Extract<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(1)?;
        Ok(vec![cx.ctx.tensor(&[DYNAMIC], x.element())])
    }
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    vec![
        Nonzero::def(),
        Flatnonzero::def(),
        Argwhere::def(),
        Compress::def(),
        Extract::def(),
    ]
}

/// Their conversions.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![
        ConversionPattern::new(Nonzero::NAME, |op, cx, rw| {
            let positions = lower_positions(op, cx, rw, Nonzero::NAME)?;
            let pairs = positions.iter().zip(op.result_types());
            let values = pairs.map(|(&v, ty)| lowering::conform(rw, v, ty));
            rw.replace(op, &values.collect::<Vec<_>>());
            Ok(())
        }),
        ConversionPattern::new(Flatnonzero::NAME, |op, cx, rw| {
            let mask = truth(op, cx, rw, 0)?;
            let mask = flat(rw, mask);
            let found = Chosen::of(rw, mask).positions(rw, Flatnonzero::NAME);
            lowering::replace(rw, op, cx, found)
        }),
        ConversionPattern::new(Argwhere::NAME, lower_argwhere),
        ConversionPattern::new(Compress::NAME, lower_compress),
        ConversionPattern::new(Extract::NAME, lower_extract),
    ]
}

/// Whether each element of operand `i` is not zero, as bytes.
fn truth<'c>(
    op: Op<'c>,
    cx: &ConvertCx<'_, 'c>,
    rw: Rewriter<'c>,
    i: usize,
) -> Result<Val<'c>, NoMatch> {
    let x = cx.operand(i);
    let dtype = DType::of(op.operand(i).ty()).ok_or_else(|| NoMatch::new("not an array"))?;
    if dtype.is_bool() {
        return Ok(x);
    }
    let shape = sizes::all_of(rw, x);
    let byte = DType::Bool.storage_ty(rw.ctx());
    Ok(lowering::elementwise(rw, &[x], &shape, byte, |rw, args| {
        store(rw, lowering::is_true(rw, dtype, args[0]), DType::Bool)
    }))
}

/// A vector of bytes that are 0 or 1, and how many are 1.
#[derive(Clone, Copy)]
pub(crate) struct Chosen<'c> {
    mask: Val<'c>,
    count: OpFold<'c>,
}

impl<'c> Chosen<'c> {
    /// Counts in `mask`.
    pub(crate) fn of(rw: Rewriter<'c>, mask: Val<'c>) -> Self {
        let ctx = rw.ctx();
        let zero = rw.const_int(ctx.i(64), 0);
        let start = lowering::filled(rw, &[], zero);
        let maps = [lowering::identity_map(ctx, 1), lowering::map(ctx, 1, &[])];
        let count = rw.linalg_generic(&[mask], &[start], &maps, &[Iter::Reduction], |rw, args| {
            vec![rw.addi(args[1], rw.extui(args[0], ctx.i(64)))]
        });
        count.set_attr(npir_tensor::ASSOCIATIVE, ctx.unit_attr());
        let count = rw.tensor_extract(count.result_value(0), &[]);
        let count = OpFold::Value(rw.index_cast(count, ctx.index()));
        Self { mask, count }
    }

    /// The positions of ones, as `i64`.
    pub(crate) fn positions(self, rw: Rewriter<'c>, op_name: &str) -> Val<'c> {
        let dest = lowering::empty(rw, &[self.count], rw.ctx().i(64));
        Library::create(rw, Routine::Nonzero, op_name, &[self.mask], &[dest], &[])[0]
    }

    /// The elements of the vector `x` where the mask is one, which is so nowhere beyond their number.
    pub(crate) fn elements(self, rw: Rewriter<'c>, op_name: &str, x: Val<'c>) -> Val<'c> {
        let dest = lowering::empty(rw, &[self.count], x.ty().element());
        Library::create(
            rw,
            Routine::Compress,
            op_name,
            &[self.mask, x],
            &[dest],
            &[],
        )[0]
    }
}

fn lower_positions<'c>(
    op: Op<'c>,
    cx: &ConvertCx<'_, 'c>,
    rw: Rewriter<'c>,
    op_name: &str,
) -> Result<Vec<Val<'c>>, NoMatch> {
    let mask = truth(op, cx, rw, 0)?;
    let shape = sizes::all_of(rw, mask);
    let mask = flat(rw, mask);
    let found = Chosen::of(rw, mask).positions(rw, op_name);
    Ok(unravel(rw, found, &shape))
}

fn lower_argwhere<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (zero, one) = (OpFold::Static(0), OpFold::Static(1));
    let rank = op.operand(0).ty().rank();
    if rank == 0 {
        let mask = flat(rw, truth(op, cx, rw, 0)?);
        let count = Chosen::of(rw, mask).count;
        let value = lowering::empty(rw, &[count, zero], rw.ctx().i(64));
        return lowering::replace(rw, op, cx, value);
    }
    let columns = lower_positions(op, cx, rw, Argwhere::NAME)?;
    let count = sizes::of(rw, columns[0], 0);
    let width = OpFold::Static(rank as i64);
    let mut value = lowering::empty(rw, &[count, width], rw.ctx().i(64));
    for (d, column) in columns.into_iter().enumerate() {
        let offsets = [zero, OpFold::Static(d as i64)];
        value = InsertView::create(rw, column, value, &offsets, &[count], &[one], &[0]);
    }
    lowering::replace(rw, op, cx, value)
}

fn lower_compress<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let axis = op.attr("axis");
    if axis.is_some() && op.operand(1).ty().rank() > 1 {
        let positions = compose::op(rw, Flatnonzero::NAME, &[op.operand(0)], &[])?;
        let axis: Vec<_> = axis.map(|axis| ("axis", axis)).into_iter().collect();
        let taken = compose::op(rw, "numpy.take", &[op.operand(1), positions], &axis)?;
        return compose::replace(rw, op, compose::called(taken, op));
    }
    let (mask, x) = (truth(op, cx, rw, 0)?, flat(rw, cx.operand(1)));
    check_beyond(rw, compose::caller(op), mask, sizes::of(rw, x, 0));
    let value = Chosen::of(rw, mask).elements(rw, Compress::NAME, x);
    lowering::replace(rw, op, cx, value)
}

/// Raises an error at run time if a mask is one anywhere from position `n` on; it names the last such position.
fn check_beyond<'c>(rw: Rewriter<'c>, op_name: &str, mask: Val<'c>, n: OpFold<'c>) {
    let (ctx, size) = (rw.ctx(), sizes::of(rw, mask, 0));
    if let Cond::Known(true) = sizes::compare(rw, CmpI::Sle, size, n) {
        return;
    }
    let start = sizes::min(rw, size, n);
    let (left, one) = (sizes::sub(rw, size, start), OpFold::Static(1));
    let rest = View::create(rw, mask, &[start], &[left], &[one], &[0]);
    let none = rw.const_int(ctx.i(64), -1);
    let init = lowering::filled(rw, &[], none);
    let maps = [lowering::identity_map(ctx, 1), lowering::map(ctx, 1, &[])];
    let last = rw.linalg_generic(&[rest], &[init], &maps, &[Iter::Reduction], |rw, args| {
        let chosen = lowering::is_true(rw, DType::Bool, args[0]);
        let at = rw.index_cast(rw.linalg_index(0), ctx.i(64));
        vec![rw.maxsi(args[1], rw.select(chosen, at, none))]
    });
    last.set_attr(npir_tensor::ASSOCIATIVE, ctx.unit_attr());
    let last = rw.tensor_extract(last.result_value(0), &[]);
    let last = OpFold::Value(rw.index_cast(last, ctx.index()));
    let inside = sizes::compare(rw, CmpI::Slt, last, OpFold::Static(0));
    let message = format!("{op_name}: index {{}} is out of bounds for axis 0 with size {{}}");
    let at = sizes::add(rw, start, last);
    let kind = CheckKind::IndexOutOfBounds;
    sizes::check(rw, inside, kind, &message, &[at, n]);
}

fn lower_extract<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (condition, x) = (op.operand(0), op.operand(1));
    let alike = condition.ty().dims() == x.ty().dims() && x.ty().has_static_shape();
    if !alike {
        // The sizes may differ where the condition is false.
        let flatten = |x| compose::op(rw, "numpy.ravel", &[x], &[]);
        let operands = [flatten(condition)?, flatten(x)?];
        let found = compose::op(rw, Compress::NAME, &operands, &[])?;
        return compose::replace(rw, op, compose::called(found, op));
    }
    let mask = flat(rw, truth(op, cx, rw, 0)?);
    let value = Chosen::of(rw, mask).elements(rw, Extract::NAME, flat(rw, cx.operand(1)));
    lowering::replace(rw, op, cx, value)
}
