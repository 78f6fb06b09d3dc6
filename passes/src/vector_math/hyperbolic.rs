//! Hyperbolic functions and their inverses, by `expm1` and `log1p` in two parts.

use super::coefficients::TANH;
use super::exponential::{Reduced, is_tiny, powers, reduce, scaled_expm1};
use super::lanes::{Lanes, Pair, Val};
use super::logarithm::log_of_sum;

/// Beyond it, `1 + x` is `x`, and `√(1 + x²)` is, too.
fn large<'c>(v: Lanes<'c>) -> f64 {
    v.pick(2f64.powi(60), 2f64.powi(30))
}

/// `tanh x`: `x + x p(x²)` where it is small, `1 - 2 / (e^2x + 1)` beyond.
pub(crate) fn tanh<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    let one = v.number(1.0);
    let size = v.at_most(v.abs(x), v.pick(20.0, 10.0));
    let square = v.mul(size, size);
    let factor = v.mul(square, v.polynomial(&TANH, square));
    let small = v.multiply_add(size, factor, size);
    let (exponent, factor) = powers(v, v.add(size, size));
    let scale = v.power_of_two(exponent);
    let below = v.multiply_add(scale, factor, v.add(scale, one));
    let large = v.sub(one, v.div(v.number(2.0), below));
    let result = v.select(v.less(size, v.number(0.625)), small, large);
    v.copysign(result, x)
}

/// `sinh x = (E + E / (E + 1)) / 2`, `E = e^x - 1`; a quarter of `E` is finite wherever the result is.
pub(crate) fn sinh<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    let size = v.at_most(v.abs(x), v.pick(710.48, 89.5));
    let Pair { hi, lo } = scaled_expm1(v, size, 2);
    let quarter = v.ordered_sum(hi, lo);
    let bounded = v.at_most(quarter.hi, large(v));
    let four = v.number(4.0);
    let Pair { hi, lo } = v.sum(v.mul(bounded, four), v.number(1.0));
    let below = Pair {
        hi,
        lo: v.multiply_add(quarter.lo, four, lo),
    };
    let rest = v.quotient(
        Pair {
            hi: bounded,
            lo: quarter.lo,
        },
        below,
    );
    let sum = v.ordered_sum(quarter.hi, rest.hi);
    let half = v.add(sum.hi, v.add(sum.lo, v.add(quarter.lo, rest.lo)));
    let result = v.copysign(v.add(half, half), x);
    v.select(is_tiny(v, x), x, result)
}

/// `cosh x = (e^|x| + 1 / e^|x|) / 2`, with a quarter of `e^|x|`.
pub(crate) fn cosh<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    let size = v.at_most(v.abs(x), v.pick(710.48, 89.5));
    let Reduced { exponent, hi, lo } = reduce(v, size);
    let scale = v.power_of_two(v.sub(exponent, v.number(2.0)));
    let sum = v.ordered_sum(scale, v.mul(scale, hi));
    let rest = v.multiply_add(scale, lo, sum.lo);
    let other = v.div(v.number(1.0 / 16.0), v.add(sum.hi, rest));
    let half = v.add(sum.hi, v.add(rest, other));
    v.add(half, half)
}

/// `log1p(f)`; of large numbers, `log x + ln 2` for `x` in the place of `1 + f`.
fn inverse<'c>(v: Lanes<'c>, x: Val<'c>, f: Pair<'c>) -> Val<'c> {
    let is_large = v.greater(x, v.number(large(v)));
    let Pair { hi, lo } = v.sum(v.number(1.0), f.hi);
    let hi = v.select(is_large, x, hi);
    let lo = v.select(is_large, v.number(0.0), v.add(lo, f.lo));
    let more = v.select(is_large, v.number(1.0), v.number(0.0));
    log_of_sum(v, Pair { hi, lo }, Some(more))
}

/// `asinh x = log1p(x + x² / (1 + √(1 + x²)))` for positive `x`.
pub(crate) fn asinh<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    let (size, one) = (v.abs(x), v.number(1.0));
    let bounded = v.at_most(size, large(v));
    let square = v.mul(bounded, bounded);
    let root = v.sqrt(v.add(square, one));
    let rest = v.div(square, v.add(root, one));
    let result = inverse(v, size, v.ordered_sum(bounded, rest));
    let finite = v.less(size, v.number(f64::INFINITY));
    v.select(finite, v.copysign(result, x), x)
}

/// `acosh x = log1p(t + √(t (t + 2)))`, `t = x - 1`.
pub(crate) fn acosh<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    let bounded = v.at_most(x, large(v));
    let t = v.sub(bounded, v.number(1.0));
    let Pair { hi, lo } = v.sum(t, v.number(2.0));
    let Pair {
        hi: square,
        lo: rest,
    } = v.product(t, hi);
    let rest = v.multiply_add(t, lo, rest);
    let root = v.sqrt(square);
    let rest = v.add(v.residual(square, root, root), rest);
    let twice = v.add(root, root);
    // Zero at one.
    let rest = v.div(
        rest,
        v.select(v.greater(root, v.number(0.0)), twice, v.number(1.0)),
    );
    let sum = v.sum(t, root);
    let f = Pair {
        hi: sum.hi,
        lo: v.add(sum.lo, rest),
    };
    let result = inverse(v, x, f);
    let result = v.select(v.less(x, v.number(f64::INFINITY)), result, x);
    v.select(v.less(x, v.number(1.0)), v.number(f64::NAN), result)
}

/// `atanh x = log1p(2 x / (1 - x)) / 2` for positive `x`.
pub(crate) fn atanh<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    let (size, one) = (v.abs(x), v.number(1.0));
    let below = v.ordered_sum(one, v.neg(size));
    let twice = Pair {
        hi: v.add(size, size),
        lo: v.number(0.0),
    };
    let f = v.quotient(twice, below);
    let Pair { hi, lo } = v.sum(one, f.hi);
    let result = log_of_sum(
        v,
        Pair {
            hi,
            lo: v.add(lo, f.lo),
        },
        None,
    );
    let result = v.mul(result, v.number(0.5));
    let limit = v.select(
        v.equal(size, one),
        v.number(f64::INFINITY),
        v.number(f64::NAN),
    );
    let result = v.select(v.less(size, one), result, limit);
    let result = v.copysign(result, x);
    v.select(is_tiny(v, x), x, result)
}
