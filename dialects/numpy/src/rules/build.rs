//! What rules in Rust build their right sides with.

use npir_egraph::{Class, Match};
use npir_mlir::prelude::*;

use crate::cast;
use crate::constant::Constant;
use crate::elementwise::constant::Scalar;
use crate::elementwise::dtype::DType;
use crate::optimize::{Numpy, Payload};
use crate::reduce::PLAIN_OPERANDS;
use crate::shape::axis_mask;

pub(super) type Place<'m, 'c> = Match<'m, Numpy<'c>>;

/// A 0-d constant.
pub(super) fn number(m: &mut Place<'_, '_>, dtype: DType, value: f64) -> Option<Class> {
    let scalar = match dtype {
        _ if dtype.is_float() => Scalar::Float(value),
        _ if dtype.is_int() => Scalar::Int(value as i64),
        _ => return None,
    };
    let ctx = m.domain().ctx();
    let ty = ctx.tensor(&[], dtype.ty(ctx));
    let attrs = ctx.dict_attr(&[("value", scalar.splat(ty)?)]);
    Some(m.add(Constant::NAME, Payload { attrs, ty }, &[]))
}

/// A constant array of zeros.
pub(super) fn zeros(m: &mut Place<'_, '_>, dtype: DType, shape: &[i64]) -> Option<Class> {
    let zero = match dtype {
        _ if dtype.is_float() => Scalar::Float(0.0),
        _ if dtype.is_int() => Scalar::Int(0),
        _ => return None,
    };
    let ctx = m.domain().ctx();
    let ty = ctx.tensor(shape, dtype.ty(ctx));
    let attrs = ctx.dict_attr(&[("value", zero.splat(ty)?)]);
    Some(m.add(Constant::NAME, Payload { attrs, ty }, &[]))
}

/// An op with attributes.
pub(super) fn with<'c>(
    m: &mut Place<'_, 'c>,
    op: &str,
    attrs: &[(&str, Attribute<'c>)],
    children: &[Class],
) -> Option<Class> {
    let like = m.domain().attrs(attrs);
    m.build(op, Some(&like), children)
}

/// A reduction over axes.
pub(super) fn reduction(
    m: &mut Place<'_, '_>,
    op: &str,
    x: Class,
    axes: &[usize],
    keepdims: bool,
) -> Option<Class> {
    let ctx = m.domain().ctx();
    let axes: Vec<_> = axes.iter().map(|&axis| axis as i64).collect();
    let mut attrs = vec![
        ("axes", ctx.i64_array(&axes)),
        ("operandSegmentSizes", ctx.i32_array(&PLAIN_OPERANDS)),
    ];
    if keepdims {
        attrs.push(("keepdims", ctx.unit_attr()));
    }
    with(m, op, &attrs, &[x])
}

/// New dimensions of size 1, at these places of the result; the value itself for none.
pub(super) fn expanded(m: &mut Place<'_, '_>, x: Class, axes: &[usize]) -> Option<Class> {
    if axes.is_empty() {
        return Some(x);
    }
    let ctx = m.domain().ctx();
    let axes: Vec<_> = axes.iter().map(|&axis| axis as i64).collect();
    with(
        m,
        "numpy.expand_dims",
        &[("axes", ctx.i64_array(&axes))],
        &[x],
    )
}

/// A value repeated to a shape.
pub(super) fn broadcast_to(m: &mut Place<'_, '_>, x: Class, shape: &[i64]) -> Option<Class> {
    let shape = m.domain().ctx().i64_array(shape);
    with(m, "numpy.broadcast_to", &[("shape", shape)], &[x])
}

/// An elementwise function or cast of other operands than the node with that payload has.
pub(super) fn applied<'c>(
    m: &mut Place<'_, 'c>,
    op: &str,
    payload: &Payload<'c>,
    operands: &[Class],
) -> Option<Class> {
    if op != cast::NAME {
        return m.build(op, None, operands);
    }
    // A cast says its type.
    let ctx = m.domain().ctx();
    let dims = m.fact(*operands.first()?).ty().dims();
    let ty = ctx.tensor(&dims, payload.ty.element());
    let attrs = payload.attrs;
    Some(m.add(cast::NAME, Payload { attrs, ty }, operands))
}

/// Which axes of an operand of `rank` dimensions a reduction reduces, and whether they stay.
pub(super) fn reduced(payload: &Payload<'_>, rank: usize) -> Option<(Vec<bool>, bool)> {
    let axes = payload.attr("axes").and_then(I64Array::decode);
    let mask = axis_mask(axes.as_deref(), rank).ok()?;
    Some((mask, payload.attr("keepdims").is_some()))
}

/// The axes that a mask names.
pub(super) fn axes_of(mask: &[bool]) -> Vec<usize> {
    (0..mask.len()).filter(|&axis| mask[axis]).collect()
}
