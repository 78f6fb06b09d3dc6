//! Ops that look at an array in another way and move no element: `transpose`, `broadcast_to`,
//! `expand_dims`, `squeeze`, `flip`. All become one `tensor_ext.view`.

use npir_mlir::prelude::*;
use npir_tensor::{CheckKind, View};

use crate::lowering;
use crate::shape::{
    axis_mask, check_broadcasts_to, normalize_axis, reduce_dims, shape_placeholder, shape_text,
};
use crate::sizes::{self, Cond};
use crate::target_shape;
use crate::types::{AnyArray, verify_declared};

/// Permutes the dimensions
///
/// Dimension `i` of the result is dimension `axes[i]` of the input. Without `axes` the order is
/// reversed.
#[op(
    "numpy.transpose",
    traits(Pure),
    interfaces(Verify, InferTypes, Fold),
    assembly = "$x (`axes` $axes^)? attr-dict `:` type($x) `->` type($result)"
)]
pub struct Transpose {
    x: Operand<AnyArray>,
    axes: OptionalAttr<I64Array>,
    result: Output<AnyArray>,
}

pub(crate) fn permutation(axes: Option<&[i64]>, rank: usize) -> Result<Vec<usize>, String> {
    let Some(axes) = axes else {
        return Ok((0..rank).rev().collect());
    };
    if axes.len() != rank {
        return Err(format!(
            "axes don't match array: {} axes for dimension {rank}",
            axes.len()
        ));
    }
    axis_mask(Some(axes), rank).map_err(|message| match message.starts_with("duplicate") {
        true => "repeated axis in transpose".to_string(),
        false => message,
    })?;
    axes.iter()
        .map(|&axis| normalize_axis(axis, rank))
        .collect()
}

impl InferTypes for Transpose<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        let axes = cx.attr("axes").and_then(I64Array::decode);
        let dims = x.dims();
        let order = permutation(axes.as_deref(), dims.len())?;
        let dims: Vec<_> = order.into_iter().map(|d| dims[d]).collect();
        Ok(vec![cx.ctx.tensor(&dims, x.element())])
    }
}

verify_declared!(Transpose, BroadcastTo, ExpandDims, Squeeze, Flip);

impl<'c> Fold<'c> for Transpose<'c> {
    /// A permutation that changes nothing is the input.
    fn fold(self, _: &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>> {
        let order = permutation(self.axes().as_deref(), self.x().ty().rank()).ok()?;
        let identity = order.iter().enumerate().all(|(i, &d)| i == d);
        (identity && self.x().ty() == self.result().ty()).then(|| vec![FoldResult::Value(self.x())])
    }
}

/// Repeats an array along dimensions of size 1 and new leading ones
///
/// The shape is a list of static sizes and `index` values.
#[op(
    "numpy.broadcast_to",
    traits(Pure),
    interfaces(Verify, InferTypes, Fold)
)]
pub struct BroadcastTo {
    x: Operand<AnyArray>,
    sizes: Variadic<IndexType>,
    shape: Attr<I64Array>,
    result: Output<AnyArray>,
}

impl InferTypes for BroadcastTo<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        let shape = cx
            .attr("shape")
            .and_then(I64Array::decode)
            .ok_or("needs a shape")?;
        target_shape::check_sizes(&shape, cx.operands.len() - 1)?;
        check_broadcasts_to(&x.dims(), &shape)?;
        Ok(vec![cx.ctx.tensor(&shape, x.element())])
    }
}

impl<'c> Fold<'c> for BroadcastTo<'c> {
    /// To its own static shape, an array is itself.
    fn fold(self, _: &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>> {
        let ty = self.x().ty();
        (ty == self.result().ty() && ty.has_static_shape())
            .then(|| vec![FoldResult::Value(self.x())])
    }
}

/// Inserts dimensions of size 1
///
/// `axes` are positions in the result; negative ones count from its end.
#[op(
    "numpy.expand_dims",
    traits(Pure),
    interfaces(Verify, InferTypes, Fold),
    assembly = "$x `axes` $axes attr-dict `:` type($x) `->` type($result)"
)]
pub struct ExpandDims {
    x: Operand<AnyArray>,
    axes: Attr<I64Array>,
    result: Output<AnyArray>,
}

/// Which dimensions of the result are new.
pub(crate) fn expanded(axes: &[i64], rank: usize) -> Result<Vec<bool>, String> {
    axis_mask(Some(axes), rank + axes.len()).map_err(|message| {
        if message.starts_with("duplicate") {
            "repeated axis".to_string()
        } else {
            message
        }
    })
}

impl InferTypes for ExpandDims<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        let axes = cx
            .attr("axes")
            .and_then(I64Array::decode)
            .ok_or("needs axes")?;
        let mask = expanded(&axes, x.rank())?;
        let mut own = x.dims().into_iter();
        let dims: Vec<_> = mask
            .iter()
            .map(|&new| if new { 1 } else { own.next().unwrap_or(1) })
            .collect();
        Ok(vec![cx.ctx.tensor(&dims, x.element())])
    }
}

impl<'c> Fold<'c> for ExpandDims<'c> {
    /// No new dimensions: the input.
    fn fold(self, _: &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>> {
        (self.x().ty() == self.result().ty()).then(|| vec![FoldResult::Value(self.x())])
    }
}

/// Removes dimensions of size 1
///
/// Without `axes` all that the type states are removed; then no size may be dynamic. With `axes`
/// these, and one that is not 1 is an error.
#[op(
    "numpy.squeeze",
    traits(Pure),
    interfaces(Verify, InferTypes, Fold),
    assembly = "$x (`axes` $axes^)? attr-dict `:` type($x) `->` type($result)"
)]
pub struct Squeeze {
    x: Operand<AnyArray>,
    axes: OptionalAttr<I64Array>,
    result: Output<AnyArray>,
}

/// Which dimensions of the input are removed.
pub(crate) fn squeezed(axes: Option<&[i64]>, dims: &[i64]) -> Result<Vec<bool>, String> {
    let Some(axes) = axes else {
        if dims.contains(&DYNAMIC) {
            return Err(format!(
                "the rank of the result depends on sizes in {}: give the axes",
                shape_text(dims)
            ));
        }
        return Ok(dims.iter().map(|&d| d == 1).collect());
    };
    let mask = axis_mask(Some(axes), dims.len())?;
    if dims
        .iter()
        .zip(&mask)
        .any(|(&d, &gone)| gone && d != 1 && d != DYNAMIC)
    {
        return Err(format!(
            "cannot select an axis to squeeze out which has size not equal to one: \
             input has shape {}",
            shape_text(dims)
        ));
    }
    Ok(mask)
}

impl InferTypes for Squeeze<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        let axes = cx.attr("axes").and_then(I64Array::decode);
        let dims = x.dims();
        let mask = squeezed(axes.as_deref(), &dims)?;
        Ok(vec![
            cx.ctx
                .tensor(&reduce_dims(&dims, &mask, false), x.element()),
        ])
    }
}

impl<'c> Fold<'c> for Squeeze<'c> {
    /// No removed dimensions: the input.
    fn fold(self, _: &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>> {
        (self.x().ty() == self.result().ty()).then(|| vec![FoldResult::Value(self.x())])
    }
}

/// Reverses the order of elements along axes; all of them without `axes`
#[op(
    "numpy.flip",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x (`axes` $axes^)? attr-dict `:` type($x) `->` type($result)"
)]
pub struct Flip {
    x: Operand<AnyArray>,
    axes: OptionalAttr<I64Array>,
    result: Output<AnyArray>,
}

impl InferTypes for Flip<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        axis_mask(
            cx.attr("axes").and_then(I64Array::decode).as_deref(),
            x.rank(),
        )?;
        Ok(vec![x])
    }
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    let broadcast_to = BroadcastTo::def().custom_assembly(
        |p| target_shape::parse(p, 1),
        |op, p| target_shape::print(op, p, 1),
    );
    vec![
        Transpose::def(),
        broadcast_to,
        ExpandDims::def(),
        Squeeze::def(),
        Flip::def(),
    ]
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![
        ConversionPattern::new(Transpose::NAME, lower_transpose),
        ConversionPattern::new(BroadcastTo::NAME, lower_broadcast_to),
        ConversionPattern::new(ExpandDims::NAME, lower_expand_dims),
        ConversionPattern::new(Squeeze::NAME, lower_squeeze),
        ConversionPattern::new(Flip::NAME, lower_flip),
    ]
}

fn lower_transpose<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let axes = op.attr("axes").and_then(I64Array::decode);
    let order = permutation(axes.as_deref(), cx.operand(0).ty().rank()).map_err(NoMatch::new)?;
    lowering::replace(rw, op, cx, lowering::pick_dims(rw, cx.operands[0], &order))
}

fn lower_broadcast_to<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let shape = op
        .attr("shape")
        .and_then(I64Array::decode)
        .unwrap_or_default();
    let (x, target) = (
        cx.operands[0],
        target_shape::fill(&shape, &cx.operands[1..]),
    );
    target_shape::check_at_run_time(rw, BroadcastTo::NAME, &target);
    let own = sizes::all_of(rw, x);
    let fits = lowering::broadcasts_to(rw, &own, &target);
    let message = format!(
        "{}: shape {} does not broadcast to {}",
        BroadcastTo::NAME,
        shape_placeholder(own.len()),
        shape_placeholder(target.len())
    );
    let args: Vec<_> = own.iter().chain(&target).copied().collect();
    sizes::check(rw, fits, CheckKind::ShapeMismatch, &message, &args);
    lowering::replace(rw, op, cx, lowering::broadcast(rw, x, &target))
}

fn lower_expand_dims<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let axes = op
        .attr("axes")
        .and_then(I64Array::decode)
        .unwrap_or_default();
    let mask = expanded(&axes, cx.operand(0).ty().rank()).map_err(NoMatch::new)?;
    lowering::replace(
        rw,
        op,
        cx,
        lowering::insert_unit_dims(rw, cx.operands[0], &mask),
    )
}

fn lower_squeeze<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let x = cx.operands[0];
    let axes = op.attr("axes").and_then(I64Array::decode);
    let mask = squeezed(axes.as_deref(), &op.operand(0).ty().dims()).map_err(NoMatch::new)?;
    let mut single = Cond::Known(true);
    for d in (0..mask.len()).filter(|&d| mask[d]) {
        let size = sizes::of(rw, x, d);
        let one = sizes::equal(rw, size, OpFold::Static(1));
        single = single.and(rw, one);
    }
    let message = format!(
        "{}: cannot select an axis to squeeze out which has size not equal to one",
        Squeeze::NAME
    );
    sizes::check(rw, single, CheckKind::ValueError, &message, &[]);
    let kept: Vec<_> = (0..mask.len()).filter(|&d| !mask[d]).collect();
    lowering::replace(rw, op, cx, lowering::pick_dims(rw, x, &kept))
}

fn lower_flip<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let x = cx.operands[0];
    let all = sizes::all_of(rw, x);
    let axes = op.attr("axes").and_then(I64Array::decode);
    let mask = axis_mask(axes.as_deref(), all.len()).map_err(NoMatch::new)?;
    let (zero, one) = (OpFold::Static(0), OpFold::Static(1));
    let last = |d: usize| {
        if mask[d] {
            sizes::sub(rw, all[d], one)
        } else {
            zero
        }
    };
    let offsets: Vec<_> = (0..all.len()).map(last).collect();
    let steps: Vec<_> = mask
        .iter()
        .map(|&back| OpFold::Static(if back { -1 } else { 1 }))
        .collect();
    let dims: Vec<_> = (0..all.len() as i64).collect();
    lowering::replace(
        rw,
        op,
        cx,
        View::create(rw, x, &offsets, &all, &steps, &dims),
    )
}
