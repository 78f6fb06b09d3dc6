//! Transposed operands: what is computed of them, transposed. So a program on arrays that lie column by column becomes one
//! on their transposes, which lie row by row, and where axes change places is chosen with everything else, by cost.

use npir_egraph::Fidelity::{Exact, Numpy};
use npir_egraph::{Class, Rule};
use npir_mlir::prelude::*;

use super::build::{Place, applied, expanded, with};
use super::{DOUBLE, FLOATS, Listed, list, sample};
use crate::cast;
use crate::elementwise::row;
use crate::optimize::{Payload, Size};
use crate::reduce;
use crate::shape::{axis_mask, normalize_axis};
use crate::views::permutation;

/// Reductions over `axes` beside those of the table.
const OVER_AXES: [&str; 5] = [
    "numpy.var",
    "numpy.std",
    "numpy.nanvar",
    "numpy.nanstd",
    "numpy.ptp",
];

/// Positions along `axis`.
const POSITIONS: [&str; 2] = ["numpy.argmin", "numpy.argmax"];

/// What goes along `axis` and keeps the shape.
const SCANS: [&str; 6] = [
    "numpy.cumsum",
    "numpy.cumprod",
    "numpy.nancumsum",
    "numpy.nancumprod",
    "numpy.maximum_accumulate",
    "numpy.minimum_accumulate",
];

/// Which axis of `x` each of the transposed array `t` is; `None` where only axes of size 1 change places.
fn order_of(m: &Place<'_, '_>) -> Option<Vec<usize>> {
    let fact = m.fact_of("x");
    let node = m.node("t");
    let axes = node.payload().attr("axes").and_then(I64Array::decode);
    let order = permutation(axes.as_deref(), fact.rank()).ok()?;
    let long = |axis: &&usize| fact.sizes[**axis] != Size::Known(1);
    let turns = !order.iter().filter(long).is_sorted();
    turns.then_some(order)
}

/// `x` with its axes in another order; itself where they stay.
fn transposed(m: &mut Place<'_, '_>, x: Class, order: &[usize]) -> Option<Class> {
    if order.is_sorted() {
        return Some(x);
    }
    let axes: Vec<_> = order.iter().map(|&axis| axis as i64).collect();
    let axes = m.domain().ctx().i64_array(&axes);
    with(m, "numpy.transpose", &[("axes", axes)], &[x])
}

/// The array that transposed by `order` is `y`.
fn turned_back(m: &mut Place<'_, '_>, y: Class, order: &[usize]) -> Option<Class> {
    let is_turned = |node: &npir_egraph::NodeRef<'_, _>| {
        let node: &npir_egraph::NodeRef<'_, crate::optimize::Numpy<'_>> = node;
        let axes = node.payload().attr("axes").and_then(I64Array::decode);
        node.op() == "numpy.transpose"
            && permutation(axes.as_deref(), order.len()).is_ok_and(|own| own == order)
    };
    if let Some(node) = m.graph().nodes(y).find(is_turned) {
        return Some(node.child(0));
    }
    let mut back = vec![0; order.len()];
    for (place, &axis) in order.iter().enumerate() {
        back[axis] = place;
    }
    transposed(m, y, &back)
}

/// The elementwise function `e` of `xᵖ` and others.
fn of_function(m: &mut Place<'_, '_>) -> Option<Class> {
    let order = order_of(m)?;
    let node = m.node("e");
    let (op, payload) = (node.op().to_owned(), *node.payload());
    let operands: Vec<_> = node.children().collect();
    let computed = row(&op).is_some_and(|row| row.guard.is_none()) || op == cast::NAME;
    let rank = order.len();
    if !computed || payload.ty.rank() != rank {
        return None;
    }
    let mut turned = Vec::new();
    for operand in operands {
        let missing = rank - m.fact(operand).rank();
        turned.push(if missing == rank {
            operand
        } else {
            let leading: Vec<_> = (0..missing).collect();
            let whole = expanded(m, operand, &leading)?;
            turned_back(m, whole, &order)?
        });
    }
    let made = applied(m, &op, &payload, &turned)?;
    transposed(m, made, &order)
}

/// The op `e` of `xᵖ` alone with another attribute.
fn with_attr<'c>(
    m: &mut Place<'_, 'c>,
    payload: Payload<'c>,
    name: &str,
    attr: Attribute<'c>,
) -> Option<Class> {
    let mut attrs = payload.attrs.as_dict()?;
    attrs.retain(|(other, _)| *other != name);
    attrs.push((name, attr));
    let (op, x) = (m.node("e").op().to_owned(), m.class("x"));
    with(m, &op, &attrs, &[x])
}

/// The order of the axes that are left of `order` without those that are `gone`, by their places in the transposed array.
fn left(order: &[usize], gone: &[bool]) -> Vec<usize> {
    let kept: Vec<_> = (0..order.len())
        .filter(|&i| !gone[i])
        .map(|i| order[i])
        .collect();
    let place = |axis: &usize| kept.iter().filter(|other| *other < axis).count();
    kept.iter().map(place).collect()
}

/// The reduction or scan `e` of `xᵖ`.
fn of_reduction(m: &mut Place<'_, '_>) -> Option<Class> {
    let order = order_of(m)?;
    let rank = order.len();
    let node = m.node("e");
    let (op, payload) = (node.op().to_owned(), *node.payload());
    if node.num_children() != 1 {
        return None;
    }
    let keepdims = payload.attr("keepdims").is_some();
    let op = op.as_str();
    let ctx = m.domain().ctx();
    if SCANS.contains(&op) || POSITIONS.contains(&op) {
        let axis = payload.attr("axis").and_then(I64::decode)?;
        let axis = normalize_axis(axis, rank).ok()?;
        let own = ctx.i64_attr(order[axis] as i64);
        let made = with_attr(m, payload, "axis", own)?;
        let mut gone = vec![false; rank];
        gone[axis] = POSITIONS.contains(&op) && !keepdims;
        return transposed(m, made, &left(&order, &gone));
    }
    if !reduce::is_reduction(op) && !OVER_AXES.contains(&op) {
        return None;
    }
    let axes = payload.attr("axes").and_then(I64Array::decode);
    let mask = axis_mask(axes.as_deref(), rank).ok()?;
    let mut own: Vec<_> = (0..rank)
        .filter(|&i| mask[i])
        .map(|i| order[i] as i64)
        .collect();
    own.sort_unstable();
    let made = with_attr(m, payload, "axes", ctx.i64_array(&own))?;
    let gone: Vec<_> = mask.iter().map(|&reduced| reduced && !keepdims).collect();
    transposed(m, made, &left(&order, &gone))
}

pub(super) fn rules<'c>() -> Vec<Listed<'c>> {
    list! { "layouts";
        // f(xᵖ, y) = f(x, y with the axes back)ᵖ
        Rule::apply(
            "function-of-transposed",
            Exact,
            "f(xᵀ, y) = f(x, yᵀ)ᵀ",
            "(_@e (numpy.transpose@t ?x))",
            of_function,
        ),
        fires: sample(
            &["f64", "i8", "complex<f64>"],
            "x: 6x4x{t}, y: 6x{t}, z: {t}",
            "%a = numpy.transpose %x : tensor<6x4x{t}> -> tensor<4x6x{t}>\n\
             %b = numpy.multiply %a, %y : tensor<4x6x{t}>, tensor<6x{t}> -> tensor<4x6x{t}>\n\
             %r = numpy.add %z, %b : tensor<{t}>, tensor<4x6x{t}> -> tensor<4x6x{t}>",
            "4x6x{t}",
            "z + x.T * y",
        ),
        // Which dimension of the result the axes of x are, is not known before x is repeated.
        not: sample(
            DOUBLE,
            "x: 6x4x{t}, y: 2x4x6x{t}",
            "%a = numpy.transpose %x : tensor<6x4x{t}> -> tensor<4x6x{t}>\n\
             %r = numpy.multiply %a, %y : tensor<4x6x{t}>, tensor<2x4x6x{t}> -> tensor<2x4x6x{t}>",
            "2x4x6x{t}",
            "x.T * y",
        );

        // Σ(xᵖ) = (Σ x)ᵖ over the axes that those of the sum were
        Rule::apply(
            "reduction-of-transposed",
            Numpy,
            "Σᵢ xᵀᵢⱼ = Σᵢ xⱼᵢ",
            "(_@e (numpy.transpose@t ?x))",
            of_reduction,
        ),
        fires: sample(
            FLOATS,
            "x: {n}x{m}x3x{t}",
            "%a = numpy.transpose %x axes [2, 0, 1] : tensor<{n}x{m}x3x{t}> -> tensor<3x{n}x{m}x{t}>\n\
             %r = numpy.sum %a axes [-1] : tensor<3x{n}x{m}x{t}> -> tensor<3x{n}x{t}>",
            "3x{n}x{t}",
            "x.transpose(2, 0, 1).sum(-1)",
        ),
        // A median is no reduction of the table.
        not: sample(
            DOUBLE,
            "x: {n}x{m}x{t}",
            "%a = numpy.transpose %x : tensor<{n}x{m}x{t}> -> tensor<{m}x{n}x{t}>\n\
             %r = numpy.median %a axes [1] : tensor<{m}x{n}x{t}> -> tensor<{m}x{t}>",
            "{m}x{t}",
            "np.median(x.T, 1)",
        );
    }
}
