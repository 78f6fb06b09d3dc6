//! Logarithms: `log x = k ln 2 + log m` with `m` between `√½` and `√2`, and for `m = 1 + f`, `s = f / (2 + f)`,
//! `log m = 2 atanh s = f - f²/2 + s (f²/2 + s² q(s²))`. Where `k` is not zero, it is not much smaller than `log m`, whose last
//! digits then do not matter (FreeBSD's `e_log.c` sums in this order).

use super::coefficients;
use super::exponential::LN2;
use super::guarded::{Guarded, Rare, Usual};
use super::lanes::{Constant, Lanes, Pair, Val};

/// `log₁₀ 2`, with an upper part whose products with exponents have no error.
const LOG10_2: Constant = [
    (0.3010299956640665, -8.532344317057107e-14),
    (0.301025390625, 4.605039066518657e-06),
];
/// `1 / ln 2`.
const LOG2_E: Constant = [
    (std::f64::consts::LOG2_E, 2.0355273740931033e-17),
    (1.4426950216293335, 1.925963033500011e-08),
];
/// `1 / ln 10`.
const LOG10_E: Constant = [
    (std::f64::consts::LOG10_E, 1.098319650216765e-17),
    (0.4342944920063019, -1.0103049952192578e-08),
];

/// `log m = first - half_square + s series` of a number near one.
struct NearOne<'c> {
    first: Val<'c>,
    half_square: Val<'c>,
    s: Val<'c>,
    series: Val<'c>,
}

fn near_one<'c>(v: Lanes<'c>, m: Val<'c>) -> NearOne<'c> {
    let first = v.sub(m, v.number(1.0));
    let s = v.div(first, v.add(first, v.number(2.0)));
    let z = v.mul(s, s);
    let half_square = v.mul(v.mul(first, first), v.number(0.5));
    let series = v.multiply_add(z, v.polynomial(&coefficients::LOG, z), half_square);
    NearOne {
        first,
        half_square,
        s,
        series,
    }
}

/// `m` and `k` of `x = m 2^k`, also of subnormal numbers.
pub(super) fn normal_parts<'c>(v: Lanes<'c>, x: Val<'c>) -> (Val<'c>, Val<'c>) {
    let digits = v.pick(54, 25);
    let subnormal = v.less(
        x,
        v.number(v.pick(f64::MIN_POSITIVE, f64::from(f32::MIN_POSITIVE))),
    );
    let larger = v.mul(x, v.number(2f64.powi(digits)));
    let (exponent, m) = v.split_exponent(v.select(subnormal, larger, x));
    let shift = v.select(subnormal, v.number(f64::from(digits)), v.number(0.0));
    (m, v.sub(exponent, shift))
}

/// `log(x.hi + x.lo) + more ln 2`, where the sum is positive and not subnormal.
pub(super) fn log_of_sum<'c>(v: Lanes<'c>, x: Pair<'c>, more: Option<Val<'c>>) -> Val<'c> {
    let (exponent, m) = v.split_exponent(x.hi);
    let low = v.mul(x.lo, v.ratio_of_powers(m, x.hi));
    let exponent = more.map_or(exponent, |more| v.add(exponent, more));
    natural(v, exponent, m, Some(low))
}

/// `exponent ln 2 + log(m + low)`.
fn natural<'c>(v: Lanes<'c>, exponent: Val<'c>, m: Val<'c>, low: Option<Val<'c>>) -> Val<'c> {
    let near = near_one(v, m);
    let (f, ln2) = (near.first, v.constant(LN2));
    let rest = v.mul(exponent, ln2.lo);
    let rest = match low {
        None => rest,
        // low / m
        Some(low) => v.multiply_add(
            low,
            v.multiply_add(f, v.sub(f, v.number(1.0)), v.number(1.0)),
            rest,
        ),
    };
    let rest = v.multiply_add(near.s, near.series, rest);
    let log = v.sub(f, v.sub(near.half_square, rest));
    v.multiply_add(exponent, ln2.hi, log)
}

/// `log(m) / ln base + more`, without the exponent.
fn times<'c>(v: Lanes<'c>, m: Val<'c>, factor: Pair<'c>, more: Option<Val<'c>>) -> Val<'c> {
    let near = near_one(v, m);
    let hi = v.sub(near.first, near.half_square);
    let lost = v.sub(v.sub(near.first, hi), near.half_square);
    let lo = v.multiply_add(near.s, near.series, lost);
    let small = match more {
        None => v.mul(hi, factor.lo),
        Some(more) => v.multiply_add(hi, factor.lo, more),
    };
    let small = v.multiply_add(lo, factor.hi, small);
    if v.is_fused() {
        return v.multiply_add(hi, factor.hi, small);
    }
    let product = v.product(hi, factor.hi);
    v.add(product.hi, v.add(product.lo, small))
}

/// `result` with the values of the logarithm of zero, infinity, NaN and negative numbers: `x - pole`.
fn with_limits<'c>(v: Lanes<'c>, x: Val<'c>, pole: f64, result: Val<'c>) -> Val<'c> {
    let (pole, infinity) = (v.number(pole), f64::INFINITY);
    let result = v.select(v.less(x, v.number(infinity)), result, x);
    let limit = v.select(v.equal(x, pole), v.number(-infinity), v.number(f64::NAN));
    v.select(v.greater(x, pole), result, limit)
}

/// A function of `m` and `k`.
type OfParts = for<'c> fn(Lanes<'c>, Val<'c>, Val<'c>) -> Val<'c>;

fn log_of_parts<'c>(v: Lanes<'c>, m: Val<'c>, exponent: Val<'c>) -> Val<'c> {
    natural(v, exponent, m, None)
}

fn log2_of_parts<'c>(v: Lanes<'c>, m: Val<'c>, exponent: Val<'c>) -> Val<'c> {
    v.add(exponent, times(v, m, v.constant(LOG2_E), None))
}

fn log10_of_parts<'c>(v: Lanes<'c>, m: Val<'c>, exponent: Val<'c>) -> Val<'c> {
    let of_two = v.constant(LOG10_2);
    let more = v.mul(exponent, of_two.lo);
    let rest = times(v, m, v.constant(LOG10_E), Some(more));
    v.multiply_add(exponent, of_two.hi, rest)
}

fn of_normal<'c>(v: Lanes<'c>, x: Val<'c>, function: OfParts) -> Usual<'c> {
    let (exponent, m) = v.split_exponent(x);
    Usual {
        value: function(v, m, exponent),
        holds: v.is_positive_normal(x),
    }
}

fn of_all<'c>(v: Lanes<'c>, x: Val<'c>, function: OfParts) -> Val<'c> {
    let (m, exponent) = normal_parts(v, x);
    with_limits(v, x, 0.0, function(v, m, exponent))
}

/// `ln x`.
pub(crate) const LOG: Guarded = Guarded {
    usual: |v, x| of_normal(v, x[0], log_of_parts),
    rare: Rare::All(|v, x| of_all(v, x[0], log_of_parts)),
};

/// `log₂ x`; whole numbers for powers of two.
pub(crate) const LOG2: Guarded = Guarded {
    usual: |v, x| of_normal(v, x[0], log2_of_parts),
    rare: Rare::All(|v, x| of_all(v, x[0], log2_of_parts)),
};

/// `log₁₀ x`.
pub(crate) const LOG10: Guarded = Guarded {
    usual: |v, x| of_normal(v, x[0], log10_of_parts),
    rare: Rare::All(|v, x| of_all(v, x[0], log10_of_parts)),
};

/// `ln(1 + x)` above -1.
fn log_of_next<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    let one = v.number(1.0);
    // The larger one first.
    let sum = v.ordered_sum(v.at_least(x, 1.0), v.select(v.less(x, one), x, one));
    v.copysign(log_of_sum(v, sum, None), x)
}

/// `ln(1 + x)`.
pub(crate) const LOG1P: Guarded = Guarded {
    usual: |v, x| {
        let above = v.greater(x[0], v.number(-1.0));
        Usual {
            value: log_of_next(v, x[0]),
            holds: v.and(above, v.less(x[0], v.number(f64::INFINITY))),
        }
    },
    rare: Rare::All(|v, x| with_limits(v, x[0], -1.0, log_of_next(v, x[0]))),
};
