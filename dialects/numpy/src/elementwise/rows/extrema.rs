//! Extrema, clipping and selection.

use super::super::body::{Body, Order};
use super::super::constant::Scalar;
use super::super::dtype::{Classes, DType};
use super::super::table::ResultRule::Same;
use super::super::table::{Row, Rule};
use npir_mlir::prelude::*;
use std::cmp::Ordering;

functions! {
    /// The greater value, NaN if either is.
    Maximum(lhs, rhs) = Row::new("numpy.maximum", Classes::ALL, Same, |b, x| b.maximum(x[0], x[1]))
        .native_halves()
        .fold(|t, x| Some(extremum(t, Ordering::Greater, x)));

    /// The smaller value, NaN if either is.
    Minimum(lhs, rhs) = Row::new("numpy.minimum", Classes::ALL, Same, |b, x| b.minimum(x[0], x[1]))
        .native_halves()
        .fold(|t, x| Some(extremum(t, Ordering::Less, x)));

    /// The greater value; a NaN yields to a number.
    Fmax(lhs, rhs) = Row::new(
        "numpy.fmax",
        Classes::ALL,
        Same,
        |b, x| ignore_nan(b, Order::Greater, x[0], x[1]),
    )
    .native_halves();

    /// The smaller value; a NaN yields to a number.
    Fmin(lhs, rhs) = Row::new(
        "numpy.fmin",
        Classes::ALL,
        Same,
        |b, x| ignore_nan(b, Order::Less, x[0], x[1]),
    )
    .native_halves();

    /// minimum(maximum(x, min), max).
    Clip(x, min, max) = Row::new(
        "numpy.clip",
        Classes::ALL,
        Same,
        |b, x| b.clip(x[0], x[1], x[2]),
    )
    .native_halves();

    /// x where the condition holds, y elsewhere.
    Where(condition: Condition, x, y) = Row::new(
        "numpy.where",
        Classes::ALL,
        Same,
        |b, x| b.select(x[0], x[1], x[2]),
    )
    .native_halves()
    .fold(|_, x| Some(if x[0].truth() { x[1] } else { x[2] }))
    .rules(&[Rule::ConstantCondition]);
}

/// The constant that is `greatest` (greater or less) of two: a NaN, or the one that compares so. Of
/// equal ones the second, of `f16` the first, as in [`Body::maximum`].
fn extremum(dtype: DType, greatest: Ordering, x: &[Scalar]) -> Scalar {
    let takes_first = match x[0].compare(x[1], dtype) {
        None => matches!(x[0], Scalar::Float(v) if v.is_nan()),
        Some(Ordering::Equal) => dtype == DType::F16,
        Some(order) => order == greatest,
    };
    if takes_first { x[0] } else { x[1] }
}

/// `a` if `a order b`, else `b`; but not `b` if that is NaN.
fn ignore_nan<'c>(b: Body<'c>, order: Order, x: Val<'c>, y: Val<'c>) -> Val<'c> {
    // A NaN in `x` makes the comparison false, so that `y` is taken.
    let picked = b.pick(order, x, y);
    if b.dtype.is_float() || b.dtype.is_complex() {
        b.select(b.is_nan(y), x, picked)
    } else {
        picked
    }
}
