//! Trigonometric functions, by the nearest multiple of `π/2`.

use super::coefficients;
use super::guarded::{Guarded, Rare, Usual};
use super::lanes::{Lanes, Pair, Val};

/// `π/2` in parts. Where products are rounded, those with the number of quarter turns have no error.
const FUSED: [&[f64]; 2] = [
    &[
        std::f64::consts::FRAC_PI_2,
        6.123233995736766e-17,
        -1.4973849048591698e-33,
    ],
    &[
        1.5707963705062866,
        -4.371138828673793e-08,
        -1.7151245100058819e-15,
    ],
];
const ROUNDED: [&[f64]; 2] = [
    &[
        1.5707963267341256,
        6.077100506303966e-11,
        2.0222662487111665e-21,
        8.4784276603689e-32,
    ],
    &[
        1.57080078125,
        -4.453584551811218e-06,
        -8.706138032721356e-10,
        6.223371969669989e-14,
    ],
];

/// Sizes of arguments from which on the parts of `π/2` are too few, or the products not exact.
fn limit(v: Lanes<'_>) -> f64 {
    if v.is_fused() {
        v.pick(2f64.powi(28), 2f64.powi(17))
    } else {
        v.pick(2f64.powi(20), 2f64.powi(12))
    }
}

fn near<'c>(v: Lanes<'c>, x: Val<'c>, value: Val<'c>) -> Usual<'c> {
    let holds = v.less(v.abs(x), v.number(limit(v)));
    Usual { value, holds }
}

/// `sin x`.
pub(crate) const SIN: Guarded = Guarded {
    usual: |v, x| near(v, x[0], sin(v, x[0])),
    rare: Rare::Libm,
};
/// `cos x`.
pub(crate) const COS: Guarded = Guarded {
    usual: |v, x| near(v, x[0], cos(v, x[0])),
    rare: Rare::Libm,
};
/// `tan x`.
pub(crate) const TAN: Guarded = Guarded {
    usual: |v, x| near(v, x[0], tan(v, x[0])),
    rare: Rare::Libm,
};

/// `x = turns · π/2 + rest`, the rest at most `π/4`. The lower part may be larger than the last digit of the upper one where that
/// is so small that it is its own sine.
struct Reduced<'c> {
    turns: Val<'c>,
    rest: Pair<'c>,
}

fn reduce<'c>(v: Lanes<'c>, x: Val<'c>) -> Reduced<'c> {
    let [double, single] = if v.is_fused() { FUSED } else { ROUNDED };
    let parts = v.pick(double, single);
    let turns = v.round_product(x, std::f64::consts::FRAC_2_PI);
    let part = |i: usize| v.number(parts[i]);
    let first = v.minus_product(x, turns, part(0));
    // The first rest is a multiple of what the last digit of the product counts: the sum has no error.
    let second = v.product(turns, part(1));
    let Pair { hi, lo } = v.ordered_sum(first, v.neg(second.hi));
    let mut lo = if v.is_fused() {
        v.sub(lo, second.lo)
    } else {
        lo
    };
    for i in 2..parts.len() {
        lo = v.minus_product(lo, turns, part(i));
    }
    // Where products are rounded, the parts are short, and the lower sum is not small.
    let rest = match v.is_fused() {
        true => Pair { hi, lo },
        false => v.ordered_sum(hi, lo),
    };
    Reduced { turns, rest }
}

/// `sin(rest)` in two parts.
fn sine<'c>(v: Lanes<'c>, Pair { hi, lo }: Pair<'c>) -> Val<'c> {
    let z = v.mul(hi, hi);
    let factor = v.mul(z, v.polynomial(&coefficients::SIN, z));
    v.add(hi, v.multiply_add(hi, factor, lo))
}

/// `cos(rest) = 1 - z/2 + z² p(z) - hi lo`.
fn cosine<'c>(v: Lanes<'c>, Pair { hi, lo }: Pair<'c>) -> Val<'c> {
    let one = v.number(1.0);
    let z = v.mul(hi, hi);
    let half = v.mul(z, v.number(0.5));
    let near = v.sub(one, half);
    let lost = v.minus_product(v.sub(v.sub(one, near), half), hi, lo);
    v.add(
        near,
        v.multiply_add(v.mul(z, z), v.polynomial(&coefficients::COS, z), lost),
    )
}

/// The sine of `x` after so many quarter turns more.
fn sine_after<'c>(v: Lanes<'c>, x: Val<'c>, more: f64) -> Val<'c> {
    let Reduced { turns, rest } = reduce(v, x);
    let turns = v.add(turns, v.number(more));
    let result = v.select(v.is_odd(turns), cosine(v, rest), sine(v, rest));
    v.negate_by(result, turns)
}

/// `x` where that is zero, which has a sign.
fn zero_or<'c>(v: Lanes<'c>, x: Val<'c>, result: Val<'c>) -> Val<'c> {
    v.select(v.equal(x, v.number(0.0)), x, result)
}

/// `sin x` below [`limit`].
fn sin<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    zero_or(v, x, sine_after(v, x, 0.0))
}

/// `cos x` below [`limit`].
fn cos<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    sine_after(v, x, 1.0)
}

/// `tan x` below [`limit`]: that of the rest, or the negative of its reciprocal.
fn tan<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    let Reduced { turns, rest } = reduce(v, x);
    let z = v.mul(rest.hi, rest.hi);
    let factor = v.mul(z, v.polynomial(&coefficients::TAN, z));
    // tan(hi + lo) = tan(hi) + lo / cos²(hi), and that is 1 + z roughly.
    let lo = v.multiply_add(rest.hi, factor, v.multiply_add(rest.lo, z, rest.lo));
    let tangent = v.ordered_sum(rest.hi, lo);
    let (zero, one) = (v.number(0.0), v.number(1.0));
    let odd = v.is_odd(turns);
    let above = Pair {
        hi: v.select(odd, one, tangent.hi),
        lo: v.select(odd, zero, tangent.lo),
    };
    let below = Pair {
        hi: v.select(odd, v.neg(tangent.hi), one),
        lo: v.select(odd, v.neg(tangent.lo), zero),
    };
    let result = v.quotient(above, below);
    zero_or(v, x, v.add(result.hi, result.lo))
}
