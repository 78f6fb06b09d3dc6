//! Rounding to integers; integers and bools are their own.

use super::super::body::Body;
use super::super::constant::{Scalar, fold_float};
use super::super::dtype::{Classes, DType};
use super::super::table::ResultRule::{Float, Same};
use super::super::table::{Row, Rule};
use npir_mlir::prelude::*;

const RULES: &[Rule] = &[Rule::Idempotent, Rule::Nothing(Classes::BITS)];

functions! {
    /// Largest integer not above x.
    Floor(x) = Row::new("numpy.floor", Classes::REAL, Same, |b, x| round(b, "floor", x))
        .fold(|t, x| fold(t, x, f64::floor))
        .rules(RULES);

    /// Smallest integer not below x.
    Ceil(x) = Row::new("numpy.ceil", Classes::REAL, Same, |b, x| round(b, "ceil", x))
        .fold(|t, x| fold(t, x, f64::ceil))
        .rules(RULES);

    /// Integer part of x.
    Trunc(x) = Row::new("numpy.trunc", Classes::REAL, Same, |b, x| round(b, "trunc", x))
        .fold(|t, x| fold(t, x, f64::trunc))
        .rules(RULES);

    /// Nearest integer, ties to the even one.
    Rint(x) = Row::new("numpy.rint", Classes::ALL, Float, |b, x| rint(b, x[0]))
        .fold(|t, x| fold(t, x, f64::round_ties_even))
        .rules(&[Rule::Idempotent]);
}

fn rint<'c>(b: Body<'c>, x: Val<'c>) -> Val<'c> {
    if b.dtype.is_complex() {
        return b.each_part(x, rint);
    }
    b.math("roundeven", &[x])
}

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
