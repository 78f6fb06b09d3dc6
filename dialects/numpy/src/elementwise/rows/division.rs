//! Division with remainder as NumPy has it: integers by zero give 0, the smallest integer by -1
//! wraps, and the result of `remainder` has the sign of the divisor.

use super::super::body::{Body, Order};
use super::super::constant::{Scalar, fold_float};
use super::super::dtype::{Classes, DType};
use super::super::table::ResultRule::{Double, Same};
use super::super::table::{Row, Rule};
use npir_mlir::prelude::*;

functions! {
    /// Quotient; float64 for bool and integers.
    Divide(lhs, rhs) = Row::new("numpy.divide", Classes::ALL, Double, |b, x| b.div(x[0], x[1]))
        .fold(|t, x| match (x[0], x[1]) {
            (Scalar::Float(a), Scalar::Float(b)) => fold_float(t, a / b),
            _ => None,
        })
        .rules(&[Rule::RightIdentity(1.0, Classes::FLOAT)]);

    /// Quotient rounded down; 0 for integers divided by zero.
    FloorDivide(lhs, rhs) = Row::new(
        "numpy.floor_divide",
        Classes::NUMBER,
        Same,
        |b, x| floor_divide(b, x[0], x[1]),
    )
    .fold(|t, x| fold_division(t, x, |a, b| floor_div_mod(a, b).0, |a, b| a / b))
    .rules(&[Rule::RightIdentity(1.0, Classes::INT)]);

    /// Remainder of floor_divide, with the sign of rhs; 0 for integers modulo zero.
    Remainder(lhs, rhs) = Row::new(
        "numpy.remainder",
        Classes::NUMBER,
        Same,
        |b, x| remainder(b, x[0], x[1]),
    )
    .fold(|t, x| fold_division(t, x, |a, b| floor_div_mod(a, b).1, |a, b| a % b));

    /// Remainder of division rounded to zero, with the sign of lhs; 0 for integers modulo zero.
    Fmod(lhs, rhs) = Row::new("numpy.fmod", Classes::NUMBER, Same, |b, x| fmod(b, x[0], x[1]))
        .fold(|t, x| fold_division(t, x, i64::wrapping_rem, |a, b| a % b));

    /// 1 / x; rounded to zero for integers.
    Reciprocal(x) = Row::new("numpy.reciprocal", Classes::NUMERIC, Same, |b, x| reciprocal(b, x[0]));
}

/// `(⌊a / b⌋, a - b⌊a / b⌋)` for `b ≠ 0`, wrapping.
fn floor_div_mod(a: i64, b: i64) -> (i64, i64) {
    let (quotient, rest) = (a.wrapping_div(b), a.wrapping_rem(b));
    if rest != 0 && (rest < 0) != (b < 0) {
        (quotient - 1, rest + b)
    } else {
        (quotient, rest)
    }
}

/// Folds an integer division with 0 for division by zero.
fn fold_division(
    dtype: DType,
    x: &[Scalar],
    signed: fn(i64, i64) -> i64,
    unsigned: fn(u64, u64) -> u64,
) -> Option<Scalar> {
    let (a, b) = (x[0].int()?, x[1].int()?);
    let value = match (b, dtype) {
        (0, _) => 0,
        (_, DType::UInt(_)) => unsigned(a as u64, b as u64) as i64,
        _ => signed(a, b),
    };
    Some(Scalar::Int(dtype.wrap(value)))
}

/// Conditions on a divisor, and one that is safe to divide by: `1` in place of `0` and `-1`.
struct Divisor<'c> {
    is_zero: Val<'c>,
    /// `None` for unsigned integers.
    is_minus_one: Option<Val<'c>>,
    safe: Val<'c>,
}

fn divisor<'c>(b: Body<'c>, y: Val<'c>) -> Divisor<'c> {
    let is_zero = b.cmp(Order::Equal, y, b.int(0));
    let is_minus_one = (!b.dtype.is_unsigned()).then(|| b.cmp(Order::Equal, y, b.int(-1)));
    let unsafe_ = is_minus_one.map_or(is_zero, |m| b.rw.ori(is_zero, m));
    Divisor {
        is_zero,
        is_minus_one,
        safe: b.select(unsafe_, b.int(1), y),
    }
}

/// Quotient rounded down.
fn floor_divide<'c>(b: Body<'c>, x: Val<'c>, y: Val<'c>) -> Val<'c> {
    if b.dtype.is_float() {
        return float_divmod(b, x, y).0;
    }
    let d = divisor(b, y);
    let quotient = match d.is_minus_one {
        None => b.rw.divui(x, d.safe),
        Some(is_minus_one) => {
            let quotient = b.rw.divsi(x, d.safe);
            let rest = b.rw.subi(x, b.rw.muli(quotient, d.safe));
            let down = b.rw.subi(quotient, b.int(1));
            let floor = b.select(needs_step(b, rest, y), down, quotient);
            b.select(is_minus_one, b.neg(x), floor)
        }
    };
    b.select(d.is_zero, b.int(0), quotient)
}

/// Remainder with the sign of the divisor.
fn remainder<'c>(b: Body<'c>, x: Val<'c>, y: Val<'c>) -> Val<'c> {
    if b.dtype.is_float() {
        return float_divmod(b, x, y).1;
    }
    let d = divisor(b, y);
    // The safe divisor 1 leaves the remainder 0 that `0` and `-1` must give.
    if b.dtype.is_unsigned() {
        return b.rw.remui(x, d.safe);
    }
    let rest = b.rw.remsi(x, d.safe);
    b.select(needs_step(b, rest, y), b.rw.addi(rest, y), rest)
}

/// Remainder with the sign of the dividend.
fn fmod<'c>(b: Body<'c>, x: Val<'c>, y: Val<'c>) -> Val<'c> {
    match b.dtype {
        t if t.is_float() => b.rw.remf(x, y),
        DType::UInt(_) => b.rw.remui(x, divisor(b, y).safe),
        _ => b.rw.remsi(x, divisor(b, y).safe),
    }
}

/// Whether a truncated division with remainder `rest` by `y` must step down to be a floored one:
/// the remainder is not zero and its sign is not that of the divisor.
fn needs_step<'c>(b: Body<'c>, rest: Val<'c>, y: Val<'c>) -> Val<'c> {
    let zero = b.int(0);
    let inexact = b.cmp(Order::NotEqual, rest, zero);
    let rest_negative = b.cmp(Order::Less, rest, zero);
    let y_negative = b.cmp(Order::Less, y, zero);
    b.rw.andi(inexact, b.rw.xori(rest_negative, y_negative))
}

/// Floored quotient and remainder of floats, operation by operation as in NumPy's `npy_divmod`.
fn float_divmod<'c>(b: Body<'c>, x: Val<'c>, y: Val<'c>) -> (Val<'c>, Val<'c>) {
    let zero = b.int(0);
    let by_zero = b.cmp(Order::Equal, y, zero);
    let ratio = b.div(x, y);
    let rest = b.rw.remf(x, y);
    // `x - rest` is very nearly a multiple of `y`.
    let quotient = b.div(b.sub(x, rest), y);
    let step = needs_step(b, rest, y);
    let quotient = b.select(step, b.sub(quotient, b.int(1)), quotient);
    let exact = b.cmp(Order::Equal, rest, zero);
    let stepped = b.select(step, b.add(rest, y), rest);
    let modulus = b.select(exact, b.copysign(zero, y), stepped);
    // Snap to the nearest integer, and keep the sign of a zero quotient.
    let floor = b.math("floor", &[quotient]);
    let far = b.cmp(Order::Greater, b.sub(quotient, floor), b.float(0.5));
    let snapped = b.select(far, b.add(floor, b.int(1)), floor);
    let vanishes = b.cmp(Order::Equal, quotient, zero);
    let floored = b.select(vanishes, b.copysign(zero, ratio), snapped);
    (
        b.select(by_zero, ratio, floored),
        b.select(by_zero, rest, modulus),
    )
}

/// `1 / x`; integers as C converts the `double` quotient: 1 and -1 are their own, all others give
/// 0, and zero gives the smallest 32-bit or 64-bit signed integer.
fn reciprocal<'c>(b: Body<'c>, x: Val<'c>) -> Val<'c> {
    if b.dtype.is_complex() {
        return b.complex_reciprocal(x);
    }
    if b.dtype.is_float() {
        return b.div(b.int(1), x);
    }
    let is_one = b.cmp(Order::Equal, x, b.int(1));
    let own = match b.dtype {
        DType::Int(_) => b.rw.ori(is_one, b.cmp(Order::Equal, x, b.int(-1))),
        _ => is_one,
    };
    let rest = match b.dtype {
        DType::Int(32 | 64) => {
            let is_zero = b.cmp(Order::Equal, x, b.int(0));
            b.select(is_zero, b.int(b.dtype.int_min()), b.int(0))
        }
        _ => b.int(0),
    };
    b.select(own, x, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integer_folds_follow_numpy() {
        let floor = |t, a, b| {
            fold_division(
                t,
                &[Scalar::Int(a), Scalar::Int(b)],
                |a, b| floor_div_mod(a, b).0,
                |a, b| a / b,
            )
        };
        assert_eq!(floor(DType::Int(8), -128, -1), Some(Scalar::Int(-128)));
        assert_eq!(
            floor(DType::Int(64), i64::MIN, -1),
            Some(Scalar::Int(i64::MIN))
        );
        assert_eq!(floor(DType::Int(32), 7, 0), Some(Scalar::Int(0)));
        assert_eq!(floor(DType::Int(32), -7, 2), Some(Scalar::Int(-4)));
        assert_eq!(floor(DType::UInt(64), -1, 2), Some(Scalar::Int(i64::MAX)));
        assert_eq!(floor_div_mod(7, -2), (-4, -1));
        assert_eq!(floor_div_mod(-6, 3), (-2, 0));
    }
}
