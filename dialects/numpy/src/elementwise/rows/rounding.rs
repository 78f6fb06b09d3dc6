//! Rounding to integers; integers and bools are their own.

use super::super::body::Body;
use super::super::constant::{Scalar, fold_float};
use super::super::dtype::{Classes, DType};
use super::super::table::ResultRule::{Float, Same};
use super::super::table::{Row, Rule};
use npir_mlir::prelude::*;

const RULES: &[Rule] = &[Rule::Idempotent, Rule::Nothing(Classes::BITS)];

/// The rows.
pub(super) const ROWS: &[Row] = &[
    Row::unary(
        "numpy.floor",
        Classes::REAL,
        Same,
        |b, x| round(b, "floor", x),
        "Largest integer not above x.",
    )
    .fold(|t, x| fold(t, x, f64::floor))
    .rules(RULES),
    Row::unary(
        "numpy.ceil",
        Classes::REAL,
        Same,
        |b, x| round(b, "ceil", x),
        "Smallest integer not below x.",
    )
    .fold(|t, x| fold(t, x, f64::ceil))
    .rules(RULES),
    Row::unary(
        "numpy.trunc",
        Classes::REAL,
        Same,
        |b, x| round(b, "trunc", x),
        "Integer part of x.",
    )
    .fold(|t, x| fold(t, x, f64::trunc))
    .rules(RULES),
    Row::unary(
        "numpy.rint",
        Classes::REAL,
        Float,
        |b, x| b.math("roundeven", x),
        "Nearest integer, ties to the even one.",
    )
    .fold(|t, x| fold(t, x, f64::round_ties_even))
    .rules(&[Rule::Idempotent]),
];

fn round<'c>(b: Body<'c>, name: &str, x: &[Val<'c>]) -> Val<'c> {
    if b.dtype.is_float() {
        b.math(name, x)
    } else {
        x[0]
    }
}

fn fold(dtype: DType, x: &[Scalar], round: fn(f64) -> f64) -> Option<Scalar> {
    match x[0] {
        Scalar::Float(v) => fold_float(dtype, round(v)),
        other => Some(other),
    }
}
