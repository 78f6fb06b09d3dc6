//! Sums, products, signs.

use super::super::body::{Body, Order};
use super::super::constant::{Scalar, fold_float, fold_int};
use super::super::dtype::{Classes, DType};
use super::super::table::ResultRule::{Float, Part, Same};
use super::super::table::{Row, Rule};
use npir_mlir::prelude::*;

functions! {
    /// Sum; logical or for bool.
    Add(lhs, rhs) = Row::new("numpy.add", Classes::ALL, Same, |b, x| b.add(x[0], x[1]))
        .commutative()
        .fold(|t, x| arithmetic(t, x, |a, b| a | b, i64::wrapping_add, |a, b| a + b))
        .rules(&[
            Rule::RightIdentity(0.0, Classes::BITS),
            Rule::LeftIdentity(0.0, Classes::BITS),
            Rule::RightIdentity(-0.0, Classes::FLOAT),
            Rule::LeftIdentity(-0.0, Classes::FLOAT),
        ]);

    /// Difference.
    Subtract(lhs, rhs) = Row::new("numpy.subtract", Classes::NUMERIC, Same, |b, x| b.sub(x[0], x[1]))
        .fold(|t, x| arithmetic(t, x, |a, _| a, i64::wrapping_sub, |a, b| a - b))
        .rules(&[Rule::RightIdentity(0.0, Classes::NUMBER)]);

    /// Product; logical and for bool.
    Multiply(lhs, rhs) = Row::new("numpy.multiply", Classes::ALL, Same, |b, x| b.mul(x[0], x[1]))
        .commutative()
        .fold(|t, x| arithmetic(t, x, |a, b| a & b, i64::wrapping_mul, |a, b| a * b))
        .rules(&[
            Rule::RightIdentity(1.0, Classes::REAL),
            Rule::LeftIdentity(1.0, Classes::REAL),
        ]);

    /// Numerical negative; integers wrap.
    Negative(x) = Row::new("numpy.negative", Classes::NUMERIC, Same, |b, x| b.neg(x[0]))
        .native_halves()
        .fold(|t, x| match x[0] {
            Scalar::Float(v) => Some(Scalar::Float(-v)),
            Scalar::Int(v) => fold_int(t, v.wrapping_neg()),
            Scalar::Bool(_) => None,
        })
        .rules(&[Rule::Involution]);

    /// The value itself.
    Positive(x) = Row::new("numpy.positive", Classes::NUMERIC, Same, |_, x| x[0])
        .native_halves()
        .rules(&[Rule::Nothing(Classes::NUMERIC)]);

    /// Absolute value, a float of complex numbers; the smallest signed integer is its own.
    Absolute(x) = Row::new("numpy.absolute", Classes::ALL, Part, |b, x| b.abs(x[0]))
        .native_halves()
        .fold(|t, x| match x[0] {
            Scalar::Float(v) => Some(Scalar::Float(v.abs())),
            Scalar::Int(v) if !t.is_unsigned() => fold_int(t, v.wrapping_abs()),
            other => Some(other),
        })
        .rules(&[
            Rule::Idempotent,
            Rule::Nothing(Classes::BOOL.or(Classes::UNSIGNED)),
        ]);

    /// Absolute value as a float.
    Fabs(x) = Row::new("numpy.fabs", Classes::REAL, Float, |b, x| b.abs(x[0]))
        .native_halves()
        .rules(&[Rule::Idempotent]);

    /// -1, 0 or 1, of complex numbers x / |x|; NaN for NaN.
    Sign(x) = Row::new("numpy.sign", Classes::NUMERIC, Same, sign)
        .native_halves()
        .fold(|t, x| match x[0] {
            Scalar::Float(v) if v.is_nan() => Some(Scalar::Float(v)),
            Scalar::Float(v) => Some(Scalar::Float(if v == 0.0 { 0.0 } else { v.signum() })),
            Scalar::Int(v) if t.is_unsigned() => Some(Scalar::Int(i64::from(v != 0))),
            Scalar::Int(v) => Some(Scalar::Int(v.signum())),
            Scalar::Bool(_) => None,
        })
        .rules(&[Rule::Idempotent]);

    /// x · x; integers wrap.
    Square(x) = Row::new("numpy.square", Classes::NUMERIC, Same, |b, x| b.mul(x[0], x[0]))
        .fold(|t, x| match x[0] {
            Scalar::Float(v) => fold_float(t, v * v),
            Scalar::Int(v) => fold_int(t, v.wrapping_mul(v)),
            Scalar::Bool(_) => None,
        });

    /// 0 for negative lhs, rhs for zero, 1 for positive, NaN for NaN.
    Heaviside(lhs, rhs) = Row::new("numpy.heaviside", Classes::REAL, Float, heaviside)
        .native_halves();
}

/// Folds `+ - *` by class.
fn arithmetic(
    dtype: DType,
    x: &[Scalar],
    bools: fn(bool, bool) -> bool,
    ints: fn(i64, i64) -> i64,
    floats: fn(f64, f64) -> f64,
) -> Option<Scalar> {
    match (x[0], x[1]) {
        (Scalar::Bool(a), Scalar::Bool(b)) => Some(Scalar::Bool(bools(a, b))),
        (Scalar::Int(a), Scalar::Int(b)) => fold_int(dtype, ints(a, b)),
        (Scalar::Float(a), Scalar::Float(b)) => fold_float(dtype, floats(a, b)),
        _ => None,
    }
}

/// `x > 0 → 1, x < 0 → -1, x = 0 → +0`, and NaN stays NaN.
fn sign<'c>(b: Body<'c>, x: &[Val<'c>]) -> Val<'c> {
    if b.dtype.is_complex() {
        return b.complex_sign(x[0]);
    }
    let (x, zero, one) = (x[0], b.int(0), b.int(1));
    let positive = b.cmp(Order::Greater, x, zero);
    if b.dtype.is_unsigned() {
        return b.select(positive, one, zero);
    }
    let negative = b.cmp(Order::Less, x, zero);
    let rest = if b.dtype.is_float() {
        b.select(b.is_nan(x), x, zero)
    } else {
        zero
    };
    let at_most_zero = b.select(negative, b.int(-1), rest);
    b.select(positive, one, at_most_zero)
}

/// `x < 0 → 0, x = 0 → h, x > 0 → 1`, and NaN stays NaN.
fn heaviside<'c>(b: Body<'c>, x: &[Val<'c>]) -> Val<'c> {
    let (x, at_zero, zero) = (x[0], x[1], b.int(0));
    let is_zero = b.cmp(Order::Equal, x, zero);
    let positive = b.cmp(Order::Greater, x, zero);
    let negative = b.cmp(Order::Less, x, zero);
    let not_negative = b.select(positive, b.int(1), x);
    let away = b.select(negative, zero, not_negative);
    b.select(is_zero, at_zero, away)
}
