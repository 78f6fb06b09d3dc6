//! Powers of `f32`, computed in `f64`.

use super::guarded::Usual;
use super::lanes::{Lanes, Val};

/// `2 atanh(s) / (s ln 2)` for `s²` from 0 to `(√2 - 1)² / (√2 + 1)²`, within 2⁻³⁸: a polynomial in `s²` through the
/// Chebyshev nodes, lowest power first.
const LOGARITHM: [f64; 5] = [
    2.885390081790063,
    0.9617966733683199,
    0.5770835801876856,
    0.41167299389397133,
    0.34072517701359994,
];

/// `2^r` for `r` from -1/2 to 1/2, within 2⁻³³: a polynomial through the Chebyshev nodes, lowest power first.
const EXPONENTIAL: [f64; 7] = [
    0.9999999999595484,
    0.6931472067106202,
    0.2402265121359498,
    0.05550327214208318,
    0.009618025602984068,
    0.00134004321657627,
    0.00015469731969499148,
];

/// A power of two beyond which nothing but zero and infinity is left in `f32`.
const BEYOND: f64 = 300.0;

/// `log₂` of a positive finite number: that of the exponent, such that the rest is between `√½` and `√2`, and
/// `2 atanh((rest - 1) / (rest + 1))`.
fn log2<'c>(w: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    let (exponent, m) = w.split_exponent(x);
    let one = w.number(1.0);
    let s = w.div(w.sub(m, one), w.add(m, one));
    w.multiply_add(s, w.estrin(&LOGARITHM, w.mul(s, s)), exponent)
}

fn exp2<'c>(w: Lanes<'c>, power: Val<'c>) -> Val<'c> {
    let exponent = w.round_product(power, 1.0);
    let factor = w.estrin(&EXPONENTIAL, w.sub(power, exponent));
    w.mul(factor, w.power_of_two(exponent))
}

/// `x^y` of `f32`, for positive normal `x` and powers that are not too large for `f64`.
pub(super) fn usual_power_in_f64<'c>(v: Lanes<'c>, x: Val<'c>, y: Val<'c>) -> Usual<'c> {
    let w = v.wide();
    let power = w.mul(v.widen(y), log2(w, v.widen(x)));
    let bounded = w.less(w.abs(power), w.number(BEYOND));
    Usual {
        value: v.narrow(exp2(w, power)),
        holds: v.and(v.is_positive_normal(x), bounded),
    }
}

/// `size^y` of `f32`, for a size that is not negative: `2^(y log₂(size))` in `f64`, below 0.54 ulp.
pub(super) fn power_in_f64<'c>(v: Lanes<'c>, size: Val<'c>, y: Val<'c>) -> Val<'c> {
    let (w, infinity) = (v.wide(), f64::INFINITY);
    let wide = v.widen(size);
    let log = log2(w, wide);
    let finite = w.less(wide, w.number(infinity));
    let log = w.select(finite, log, wide);
    let is_zero = w.equal(wide, w.number(0.0));
    let log = w.select(is_zero, w.number(-infinity), log);
    let power = w.mul(v.widen(y), log);
    let power = w.at_least(w.at_most(power, BEYOND), -BEYOND);
    v.narrow(exp2(w, power))
}
