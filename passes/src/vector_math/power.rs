//! Powers and roots.

use super::coefficients::{self, POWER_LOG};
use super::exponential::{LN2, reduce};
use super::guarded::{Guarded, Rare, Usual};
use super::lanes::{Lanes, Pair, Val};
use super::logarithm::normal_parts;
use super::wide_power::{power_in_f64, usual_power_in_f64};

/// Two thirds.
const TWO_THIRDS: (f64, f64) = (0.6666666666666666, 3.700743415417188e-17);

/// The logarithm of `m 2^exponent` of `f64`, with ten bits more than fit into one.
fn log<'c>(v: Lanes<'c>, m: Val<'c>, exponent: Val<'c>) -> Pair<'c> {
    let f = v.sub(m, v.number(1.0));
    let s = v.quotient(
        Pair {
            hi: f,
            lo: v.number(0.0),
        },
        v.sum(v.number(2.0), f),
    );
    let Pair { hi: z, lo } = v.product(s.hi, s.hi);
    let z_lo = v.multiply_add(v.add(s.hi, s.hi), s.lo, lo);
    // 2 atanh s = 2 s + s z (2/3 + z p(z))
    let factor = v.ordered_sum(
        v.number(TWO_THIRDS.0),
        v.mul(z, v.polynomial(&POWER_LOG, z)),
    );
    let factor_lo = v.add(factor.lo, v.number(TWO_THIRDS.1));
    let Pair { hi: cube, lo } = v.product(s.hi, z);
    let cube_lo = v.multiply_add(s.hi, z_lo, v.multiply_add(s.lo, z, lo));
    let Pair { hi: term, lo } = v.product(cube, factor.hi);
    let term_lo = v.multiply_add(cube, factor_lo, v.multiply_add(cube_lo, factor.hi, lo));
    let sum = v.ordered_sum(v.add(s.hi, s.hi), term);
    let lo = v.add(sum.lo, v.add(v.add(s.lo, s.lo), term_lo));
    let ln2 = v.constant(LN2);
    let whole = v.ordered_sum(v.mul(exponent, ln2.hi), sum.hi);
    let lo = v.multiply_add(exponent, ln2.lo, v.add(whole.lo, lo));
    v.ordered_sum(whole.hi, lo)
}

/// `x^y`; usual are positive normal `x` and powers far from the ends.
pub(crate) const POW: Guarded = Guarded {
    usual: |v, args| v.pick(usual_power_by_sums as OfTwo, usual_power_in_f64)(v, args[0], args[1]),
    rare: Rare::All(|v, args| pow(v, args[0], args[1])),
};

type OfTwo = for<'c> fn(Lanes<'c>, Val<'c>, Val<'c>) -> Usual<'c>;

fn usual_power_by_sums<'c>(v: Lanes<'c>, x: Val<'c>, y: Val<'c>) -> Usual<'c> {
    let (exponent, m) = v.split_exponent(x);
    let log = log(v, m, exponent);
    let product = v.product(y, log.hi);
    let rest = v.multiply_add(y, log.lo, product.lo);
    let (exponent, factor) = exponential(v, product.hi, rest);
    let bounded = v.less(v.abs(product.hi), v.number(700.0));
    Usual {
        value: v.mul(factor, v.power_of_two(exponent)),
        holds: v.and(v.is_positive_normal(x), bounded),
    }
}

/// `n` and `f` of `e^(power + rest) = f 2ⁿ`.
fn exponential<'c>(v: Lanes<'c>, power: Val<'c>, rest: Val<'c>) -> (Val<'c>, Val<'c>) {
    let one = v.number(1.0);
    let reduced = reduce(v, power);
    let near = v.add(one, v.add(reduced.hi, reduced.lo));
    let lo = v.multiply_add(rest, near, reduced.lo);
    let sum = v.ordered_sum(one, reduced.hi);
    (reduced.exponent, v.add(sum.hi, v.add(sum.lo, lo)))
}

/// `x^y` with the special values of C's `pow`.
fn pow<'c>(v: Lanes<'c>, x: Val<'c>, y: Val<'c>) -> Val<'c> {
    let one = v.number(1.0);
    let size = v.abs(x);
    let power = v.pick::<fn(Lanes<'c>, Val<'c>, Val<'c>) -> Val<'c>>(power_by_sums, power_in_f64);
    let result = power(v, size, y);

    // Also where the other number is NaN, or infinite.
    let is_one = v.or(v.equal(size, one), v.equal(y, v.number(0.0)));
    let result = v.select(is_one, one, result);
    let whole = v.is_whole(y);
    let odd = v.and(whole, v.not(v.is_whole(v.mul(y, v.number(0.5)))));
    let result = v.select(odd, v.copysign(result, x), result);
    let negative = v.less(x, v.number(0.0));
    let finite = v.less(size, v.number(f64::INFINITY));
    let undefined = v.and(v.and(negative, finite), v.not(whole));
    v.select(undefined, v.number(f64::NAN), result)
}

/// `size^y` of `f64`, for a size that is not negative: `e^(y log(size))`, the logarithm in two parts.
fn power_by_sums<'c>(v: Lanes<'c>, size: Val<'c>, y: Val<'c>) -> Val<'c> {
    let (zero, one, infinity) = (v.number(0.0), v.number(1.0), v.number(f64::INFINITY));
    let (m, exponent) = normal_parts(v, size);
    let log = log(v, m, exponent);
    // Powers beyond are zero, one or infinity.
    let bounded = v.at_least(v.at_most(y, 2f64.powi(70)), -2f64.powi(70));
    let product = v.product(bounded, log.hi);
    let rest = v.multiply_add(bounded, log.lo, product.lo);
    let power = v.at_least(v.at_most(product.hi, 710.0), -746.0);
    // Beyond, the rest is as large.
    let rest = v.select(v.equal(power, product.hi), rest, zero);
    let (exponent, factor) = exponential(v, power, rest);
    let result = v.scale(factor, exponent);

    let ends = v.or(v.equal(size, zero), v.equal(size, infinity));
    let grows = v.xor(v.less(y, zero), v.greater(size, one));
    let result = v.select(ends, v.select(grows, infinity, zero), result);
    v.select(v.unordered(size, y), v.number(f64::NAN), result)
}

/// The cube root of `m 2^exponent`: `m^(-1/3)` by a polynomial and a step of third order, `m` times its square, and a last
/// step with what is left of `m`.
fn root_of_parts<'c>(v: Lanes<'c>, m: Val<'c>, exponent: Val<'c>) -> Val<'c> {
    let one = v.number(1.0);
    let third = v.round_product(exponent, 1.0 / 3.0);
    let rest = v.minus_product(exponent, third, v.number(3.0));
    let root = v.polynomial(&coefficients::CBRT, m);
    let error = v.minus_product(one, v.mul(v.mul(root, root), root), m);
    // (1 - error)^(-1/3) = 1 + error/3 + 2 error²/9 + …
    let factor = v.multiply_add(error, v.number(2.0 / 9.0), v.number(1.0 / 3.0));
    let root = v.multiply_add(root, v.mul(error, factor), root);
    // The root of 2^-rest, which is -1, 0, or 1.
    let more = v.select(v.less(rest, v.number(0.0)), v.number(2f64.cbrt()), one);
    let more = v.select(
        v.greater(rest, v.number(0.0)),
        v.number(0.5f64.cbrt()),
        more,
    );
    let root = v.mul(root, more);
    let m = v.mul(m, v.power_of_two(rest));
    let square = v.mul(root, root);
    let result = v.mul(m, square);
    let rest = v.residual(m, v.mul(result, result), result);
    let result = v.multiply_add(rest, v.mul(square, v.number(1.0 / 3.0)), result);
    v.mul(result, v.power_of_two(third))
}

/// The cube root.
pub(crate) const CBRT: Guarded = Guarded {
    usual: |v, x| {
        let size = v.abs(x[0]);
        let (exponent, m) = v.split_exponent(size);
        Usual {
            value: v.copysign(root_of_parts(v, m, exponent), x[0]),
            holds: v.is_positive_normal(size),
        }
    },
    rare: Rare::All(|v, x| {
        let size = v.abs(x[0]);
        let (m, exponent) = normal_parts(v, size);
        let result = v.copysign(root_of_parts(v, m, exponent), x[0]);
        let above = v.greater(size, v.number(0.0));
        let usual = v.and(above, v.less(size, v.number(f64::INFINITY)));
        v.select(usual, result, x[0])
    }),
};
