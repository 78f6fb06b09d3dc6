//! The error function.

use super::coefficients::{ERF, ERFC, ERFC_FIRST, ERFC_LOG};
use super::exponential::{powers, reduce};
use super::lanes::{Lanes, Pair, Val};

/// From here on, complements are computed instead.
const EDGE: f64 = 0.75;

/// `e^(x²) erfc(x) (x + shift)` is almost constant.
const SHIFT: f64 = 1.0;
/// About the middle of `1 / (x + shift)`, for a polynomial of small terms.
const MIDDLE: f64 = 0.3125;

/// `erf x / x - 1` where `x` is small.
fn small_factor<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    v.polynomial(&ERF, v.mul(x, x))
}

/// `erf x`: `x + x p(x²)` where it is small, `1 - e^g(x)` beyond.
pub(crate) fn erf<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    let (one, edge) = (v.number(1.0), v.number(EDGE));
    let size = v.abs(x);
    let small = v.multiply_add(size, small_factor(v, x), size);
    let bounded = v.at_most(size, v.pick(5.95, 3.95));
    let power = v.polynomial(&ERFC_LOG, v.sub(bounded, edge));
    let (exponent, factor) = powers(v, power);
    let scale = v.power_of_two(exponent);
    let large = v.minus_product(v.sub(one, scale), scale, factor);
    let result = v.select(v.less(size, edge), small, large);
    v.copysign(result, x)
}

/// `erfc x = 1 - erf x`: `e^(-x²) r p(r - 5/16)` with `r = 1 / (x + 1)` where `x` is large, and 2 minus that of `-x`.
pub(crate) fn erfc<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    let one = v.number(1.0);
    let near = v.ordered_sum(one, v.neg(x));
    let small = v.add(near.hi, v.minus_product(near.lo, x, small_factor(v, x)));

    let size = v.at_most(v.abs(x), v.pick(28.0, 11.0));
    let below = v.sum(size, v.number(SHIFT));
    let r = v.div(one, below.hi);
    let lost = v.minus_product(v.residual(one, r, below.hi), r, below.lo);
    let t = v.sub(r, v.number(MIDDLE));
    let first = v.constant(ERFC_FIRST);
    let series = v.ordered_sum(first.hi, v.mul(t, v.polynomial(&ERFC, t)));
    let series_lo = v.add(series.lo, first.lo);
    let Pair { hi, lo } = v.product(r, series.hi);
    let factor = Pair {
        hi,
        lo: v.multiply_add(r, series_lo, lo),
    };
    // What r has lost changes r p(r) and x; both together are, roughly, this.
    let lost = v.multiply_add(lost, v.mul(r, v.number(0.6)), lost);

    let square = v.product(size, size);
    let reduced = reduce(v, v.neg(square.hi));
    let exponential = v.ordered_sum(one, reduced.hi);
    let whole = v.add(exponential.hi, reduced.lo);
    let rest = v.multiply_add(
        v.sub(lost, square.lo),
        whole,
        v.add(exponential.lo, reduced.lo),
    );
    let Pair { hi, lo } = v.product(exponential.hi, factor.hi);
    let lo = v.multiply_add(exponential.hi, factor.lo, lo);
    let lo = v.multiply_add(rest, factor.hi, lo);
    let large = v.scale(v.add(hi, lo), reduced.exponent);
    let negative = v.less(x, v.number(0.0));
    let large = v.select(negative, v.sub(v.number(2.0), large), large);
    v.select(v.less(v.abs(x), v.number(EDGE)), small, large)
}
