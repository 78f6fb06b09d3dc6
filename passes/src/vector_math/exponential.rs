//! Exponentials: `e^x = 2ⁿ e^r`, `n` the nearest whole number to `x / ln 2`.

use super::coefficients::{EXP, EXP2};
use super::lanes::{Constant, Lanes, Pair, Val};

/// `ln 2`, with an upper part whose products with exponents have no error.
pub(super) const LN2: Constant = [
    (0.6931471805601177, -1.7239444525614835e-13),
    (0.693145751953125, 1.428606765330187e-06),
];

/// `e^x = 2^exponent (1 + rest.hi + rest.lo)`.
pub(super) struct Reduced<'c> {
    pub(super) exponent: Val<'c>,
    /// `r`.
    pub(super) hi: Val<'c>,
    /// `e^r - 1 - r`.
    pub(super) lo: Val<'c>,
}

/// Divides by `ln 2`, with what the rest does not hold in the lower part. `x` must not be larger than exponents allow.
pub(super) fn reduce<'c>(v: Lanes<'c>, x: Val<'c>) -> Reduced<'c> {
    let ln2 = v.constant(LN2);
    let exponent = v.round_product(x, std::f64::consts::LOG2_E);
    let exact = v.minus_product(x, exponent, ln2.hi);
    let hi = v.minus_product(exact, exponent, ln2.lo);
    let lost = v.minus_product(v.sub(exact, hi), exponent, ln2.lo);
    let lo = v.multiply_add(v.mul(hi, hi), v.polynomial(&EXP, hi), lost);
    Reduced { exponent, hi, lo }
}

/// `e^x`.
pub(crate) fn exp<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    let x = v.at_most(x, v.pick(710.0, 89.0));
    let x = v.at_least(x, v.pick(-746.0, -104.5));
    let (exponent, factor) = powers(v, x);
    v.scale(v.add(factor, v.number(1.0)), exponent)
}

/// `n` and `e^r - 1` of `e^x = 2ⁿ e^r`. `x` must not be larger than exponents allow.
pub(super) fn powers<'c>(v: Lanes<'c>, x: Val<'c>) -> (Val<'c>, Val<'c>) {
    let ln2 = v.constant(LN2);
    let exponent = v.round_product(x, std::f64::consts::LOG2_E);
    let rest = v.minus_product(v.minus_product(x, exponent, ln2.hi), exponent, ln2.lo);
    let factor = v.multiply_add(v.mul(rest, rest), v.polynomial(&EXP, rest), rest);
    (exponent, factor)
}

/// `2^x`.
pub(crate) fn exp2<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    let x = v.at_most(x, v.pick(1024.5, 128.5));
    let x = v.at_least(x, v.pick(-1076.0, -151.0));
    let exponent = v.round_product(x, 1.0);
    let rest = v.sub(x, exponent);
    let factor = v.mul(rest, v.number(std::f64::consts::LN_2));
    let factor = v.multiply_add(v.mul(rest, rest), v.polynomial(&EXP2, rest), factor);
    v.scale(v.add(factor, v.number(1.0)), exponent)
}

/// `(e^x - 1) / 2^shift`, in two parts of which the lower one is small; for `shift` at least 1 up to the logarithm of
/// the largest number and `shift - 1` times `ln 2` more.
pub(super) fn scaled_expm1<'c>(v: Lanes<'c>, x: Val<'c>, shift: i32) -> Pair<'c> {
    let Reduced { exponent, hi, lo } = reduce(v, x);
    let scale = v.power_of_two(v.sub(exponent, v.number(f64::from(shift))));
    let one = v.number(2f64.powi(-shift));
    let Pair { hi, lo: rest } = v.ordered_sum(v.sub(scale, one), v.mul(scale, hi));
    let lo = v.multiply_add(scale, lo, rest);
    Pair { hi, lo }
}

/// Below it, functions such as `expm1` and `sinh` are their argument.
pub(super) fn is_tiny<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    v.less(v.abs(x), v.number(v.pick(2f64.powi(-54), 2f64.powi(-25))))
}

/// `e^x - 1`.
pub(crate) fn expm1<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    let y = v.at_most(x, v.pick(710.0, 89.0));
    let y = v.at_least(y, v.pick(-40.0, -20.0));
    let half = scaled_expm1(v, y, 1);
    let half = v.add(half.hi, half.lo);
    v.select(is_tiny(v, x), x, v.add(half, half))
}
