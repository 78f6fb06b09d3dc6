//! Extrema, clipping and selection.

use super::super::body::{Body, Order};
use super::super::constant::Scalar;
use super::super::dtype::{Classes, DType};
use super::super::table::ResultRule::Same;
use super::super::table::{Role, Row, Rule};
use npir_mlir::prelude::*;
use std::cmp::Ordering;

/// The rows.
pub(super) const ROWS: &[Row] = &[
    Row::binary(
        "numpy.maximum",
        Classes::REAL,
        Same,
        |b, x| b.maximum(x[0], x[1]),
        "The greater value, NaN if either is.",
    )
    .native_halves()
    .fold(|t, x| Some(extremum(t, Ordering::Greater, x))),
    Row::binary(
        "numpy.minimum",
        Classes::REAL,
        Same,
        |b, x| b.minimum(x[0], x[1]),
        "The smaller value, NaN if either is.",
    )
    .native_halves()
    .fold(|t, x| Some(extremum(t, Ordering::Less, x))),
    Row::binary(
        "numpy.fmax",
        Classes::REAL,
        Same,
        |b, x| ignore_nan(b, Order::Greater, x[0], x[1]),
        "The greater value; a NaN yields to a number.",
    )
    .native_halves(),
    Row::binary(
        "numpy.fmin",
        Classes::REAL,
        Same,
        |b, x| ignore_nan(b, Order::Less, x[0], x[1]),
        "The smaller value; a NaN yields to a number.",
    )
    .native_halves(),
    Row::nary(
        "numpy.clip",
        &[
            ("x", Role::Value),
            ("min", Role::Value),
            ("max", Role::Value),
        ],
        Classes::REAL,
        Same,
        |b, x| b.minimum(b.maximum(x[0], x[1]), x[2]),
        "minimum(maximum(x, min), max).",
    )
    .native_halves(),
    Row::nary(
        "numpy.where",
        &[
            ("condition", Role::Condition),
            ("x", Role::Value),
            ("y", Role::Value),
        ],
        Classes::REAL,
        Same,
        |b, x| b.select(x[0], x[1], x[2]),
        "x where the condition holds, y elsewhere.",
    )
    .native_halves()
    .fold(|_, x| Some(if x[0].truth() { x[1] } else { x[2] }))
    .rules(&[Rule::ConstantCondition]),
];

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
    if b.dtype.is_float() {
        b.select(b.is_nan(y), x, picked)
    } else {
        picked
    }
}
