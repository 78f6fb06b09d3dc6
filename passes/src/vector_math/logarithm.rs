//! Logarithms: `log x = k ln 2 + log m` with `m` between `√½` and `√2`, and for `m = 1 + f`, `s = f / (2 + f)`,
//! `log m = 2 atanh s = f - f²/2 + s (f²/2 + s² q(s²))`.

use super::coefficients::LOG;
use super::exponential::LN2;
use super::lanes::{Constant, Lanes, Pair, Val};

/// A logarithm: `exponent · ln 2 + hi + lo`.
pub(super) struct Logarithm<'c> {
    pub(super) exponent: Val<'c>,
    pub(super) hi: Val<'c>,
    pub(super) lo: Val<'c>,
}

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

/// The logarithm of `m` near one times `2^exponent`; `low` is added to `m`.
fn near_one<'c>(
    v: Lanes<'c>,
    m: Val<'c>,
    exponent: Val<'c>,
    low: Option<Val<'c>>,
) -> Logarithm<'c> {
    let f = v.sub(m, v.number(1.0));
    let s = v.div(f, v.add(f, v.number(2.0)));
    let z = v.mul(s, s);
    let half_square = v.mul(v.mul(f, f), v.number(0.5));
    let hi = v.sub(f, half_square);
    let lost = v.sub(v.sub(f, hi), half_square);
    let lost = match low {
        None => lost,
        // low / m
        Some(low) => v.multiply_add(
            low,
            v.multiply_add(f, v.sub(f, v.number(1.0)), v.number(1.0)),
            lost,
        ),
    };
    let series = v.multiply_add(z, v.polynomial(&LOG, z), half_square);
    let lo = v.multiply_add(s, series, lost);
    Logarithm { exponent, hi, lo }
}

/// The logarithm of a positive finite number.
fn logarithm<'c>(v: Lanes<'c>, x: Val<'c>) -> Logarithm<'c> {
    let (m, exponent) = normal_parts(v, x);
    near_one(v, m, exponent, None)
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
    // Where the exponent is larger, there is no lower part.
    let scale = v.power_of_two(v.neg(v.at_most(exponent, v.pick(1000.0, 120.0))));
    let exponent = more.map_or(exponent, |more| v.add(exponent, more));
    natural(v, near_one(v, m, exponent, Some(v.mul(x.lo, scale))))
}

fn natural<'c>(v: Lanes<'c>, log: Logarithm<'c>) -> Val<'c> {
    let ln2 = v.constant(LN2);
    let sum = v.ordered_sum(v.mul(log.exponent, ln2.hi), log.hi);
    let lo = v.multiply_add(log.exponent, ln2.lo, log.lo);
    v.add(sum.hi, v.add(sum.lo, lo))
}

/// `log / ln base` in two parts, without the exponent.
fn times<'c>(v: Lanes<'c>, log: &Logarithm<'c>, factor: Pair<'c>) -> Pair<'c> {
    let Pair { hi, lo } = v.product(log.hi, factor.hi);
    let lo = v.multiply_add(log.hi, factor.lo, lo);
    let lo = v.multiply_add(log.lo, factor.hi, lo);
    Pair { hi, lo }
}

/// `result` with the values of the logarithm of zero, infinity, NaN and negative numbers: `x - pole`.
fn with_limits<'c>(v: Lanes<'c>, x: Val<'c>, pole: f64, result: Val<'c>) -> Val<'c> {
    let (pole, infinity) = (v.number(pole), f64::INFINITY);
    let result = v.select(v.less(x, v.number(infinity)), result, x);
    let limit = v.select(v.equal(x, pole), v.number(-infinity), v.number(f64::NAN));
    v.select(v.greater(x, pole), result, limit)
}

/// `ln x`.
pub(crate) fn log<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    let result = natural(v, logarithm(v, x));
    with_limits(v, x, 0.0, result)
}

/// `log₂ x`; whole numbers for powers of two.
pub(crate) fn log2<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    let log = logarithm(v, x);
    let rest = times(v, &log, v.constant(LOG2_E));
    let sum = v.ordered_sum(log.exponent, rest.hi);
    with_limits(v, x, 0.0, v.add(sum.hi, v.add(sum.lo, rest.lo)))
}

/// `log₁₀ x`.
pub(crate) fn log10<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    let log = logarithm(v, x);
    let rest = times(v, &log, v.constant(LOG10_E));
    let of_two = v.constant(LOG10_2);
    let sum = v.ordered_sum(v.mul(log.exponent, of_two.hi), rest.hi);
    let lo = v.multiply_add(log.exponent, of_two.lo, rest.lo);
    with_limits(v, x, 0.0, v.add(sum.hi, v.add(sum.lo, lo)))
}

/// `ln(1 + x)`.
pub(crate) fn log1p<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    let result = log_of_sum(v, v.sum(v.number(1.0), x), None);
    with_limits(v, x, -1.0, v.copysign(result, x))
}
