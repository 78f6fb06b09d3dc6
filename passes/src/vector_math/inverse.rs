//! Inverses of trigonometric functions.

use super::coefficients::{ASIN, ATAN};
use super::lanes::{Constant, Lanes, Pair, Val};

/// `π` in two parts.
const PI: Constant = [
    (std::f64::consts::PI, 1.2246467991473532e-16),
    (3.1415927410125732, -8.742277657347586e-08),
];

/// `factor · π`, by a power of two.
fn pi<'c>(v: Lanes<'c>, factor: f64) -> Pair<'c> {
    v.constant(PI.map(|(hi, lo)| (hi * factor, lo * factor)))
}

fn choose<'c>(v: Lanes<'c>, mask: Val<'c>, a: Pair<'c>, b: Pair<'c>) -> Pair<'c> {
    Pair {
        hi: v.select(mask, a.hi, b.hi),
        lo: v.select(mask, a.lo, b.lo),
    }
}

fn zero<'c>(v: Lanes<'c>) -> Pair<'c> {
    let zero = v.number(0.0);
    Pair { hi: zero, lo: zero }
}

/// `base + t + lo`.
fn turned<'c>(v: Lanes<'c>, base: Pair<'c>, t: Val<'c>, lo: Val<'c>) -> Val<'c> {
    let sum = v.ordered_sum(base.hi, t);
    v.add(sum.hi, v.add(sum.lo, v.add(base.lo, lo)))
}

/// Of `|x|` up to one half `|x|`, else `√((1 - |x|) / 2)`, and `asin(s)/s - 1` of that.
struct ArcSine<'c> {
    small: Val<'c>,
    s: Val<'c>,
    factor: Val<'c>,
}

fn arc_sine<'c>(v: Lanes<'c>, x: Val<'c>) -> ArcSine<'c> {
    let half = v.number(0.5);
    let size = v.abs(x);
    let small = v.less(size, half);
    let square = v.select(
        small,
        v.mul(size, size),
        v.mul(v.sub(v.number(1.0), size), half),
    );
    let s = v.select(small, size, v.sqrt(square));
    let factor = v.mul(square, v.polynomial(&ASIN, square));
    ArcSine { small, s, factor }
}

/// `asin x`; `π/2 - 2 asin √((1 - x) / 2)` from one half on.
pub(crate) fn asin<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    let ArcSine { small, s, factor } = arc_sine(v, x);
    let base = choose(v, small, zero(v), pi(v, 0.5));
    let t = v.select(small, s, v.mul(s, v.number(-2.0)));
    let result = turned(v, base, t, v.mul(t, factor));
    v.copysign(result, x)
}

/// `acos x`: `π/2 - asin x` below one half, `2 asin √((1 - x) / 2)` above, `π` minus that of `-x` for negative ones.
pub(crate) fn acos<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    let ArcSine { small, s, factor } = arc_sine(v, x);
    let negative = v.less(x, v.number(0.0));
    let large = choose(v, negative, pi(v, 1.0), zero(v));
    let base = choose(v, small, pi(v, 0.5), large);
    let twice = v.add(s, s);
    let t = v.select(negative, v.neg(twice), twice);
    let t = v.select(small, v.neg(x), t);
    turned(v, base, t, v.mul(t, factor))
}

/// The angle whose tangent is a quotient of at most one: two parts.
fn arc_tangent<'c>(v: Lanes<'c>, Pair { hi, lo }: Pair<'c>) -> Pair<'c> {
    let z = v.mul(hi, hi);
    let factor = v.mul(z, v.polynomial(&ATAN, z));
    // lo / (1 + z), roughly.
    let lo = v.multiply_add(v.mul(lo, z), v.number(-0.5), lo);
    Pair {
        hi,
        lo: v.multiply_add(hi, factor, lo),
    }
}

/// `base + angle`, or `base - angle`.
fn turned_by<'c>(v: Lanes<'c>, base: Pair<'c>, back: Val<'c>, angle: Pair<'c>) -> Val<'c> {
    let angle = choose(
        v,
        back,
        Pair {
            hi: v.neg(angle.hi),
            lo: v.neg(angle.lo),
        },
        angle,
    );
    turned(v, base, angle.hi, angle.lo)
}

/// `atan x`; `π/2 - atan(1/x)` from one on.
pub(crate) fn atan<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    let one = v.number(1.0);
    let size = v.at_most(v.abs(x), v.pick(2f64.powi(60), 2f64.powi(30)));
    let large = v.greater(size, one);
    let exact = |hi| Pair {
        hi,
        lo: v.number(0.0),
    };
    let above = exact(v.select(large, one, size));
    let below = exact(v.select(large, size, one));
    let angle = arc_tangent(v, v.quotient(above, below));
    let base = choose(v, large, pi(v, 0.5), zero(v));
    v.copysign(turned_by(v, base, large, angle), x)
}

/// The angle of `x + i y`.
pub(crate) fn atan2<'c>(v: Lanes<'c>, y: Val<'c>, x: Val<'c>) -> Val<'c> {
    let (none, one) = (v.number(0.0), v.number(1.0));
    let infinity = v.number(f64::INFINITY);
    let [height, width] = [y, x].map(|x| v.abs(x));
    let steep = v.greater(height, width);
    let above = v.select(steep, width, height);
    let below = v.select(steep, height, width);
    // Quotients of zeros are zero here, those of infinities one.
    let both = v.select(v.equal(above, infinity), one, none);
    let endless = v.equal(below, infinity);
    let above = v.select(endless, both, above);
    let fixed = v.or(endless, v.equal(below, none));
    let below = v.select(fixed, one, below);
    // Such that neither the reciprocal nor parts of products are too large or too small.
    let (edge, step) = v.pick((900, 100), (100, 24));
    let power = |e: i32| v.number(2f64.powi(e));
    let faint = v.less(above, power(-edge));
    let scale = v.select(v.greater(below, power(edge)), power(-step), one);
    let scale = v.select(v.and(faint, v.less(below, one)), power(edge), scale);
    let exact = |hi| Pair {
        hi: v.mul(hi, scale),
        lo: none,
    };
    let quotient = v.quotient(exact(above), exact(below));
    // What is left of numbers that are almost subnormal is not known.
    let lo = v.select(v.less(v.mul(above, scale), power(-edge)), none, quotient.lo);
    let angle = arc_tangent(
        v,
        Pair {
            hi: quotient.hi,
            lo,
        },
    );
    let left = v.less(v.copysign(one, x), none);
    let flat = choose(v, left, pi(v, 1.0), zero(v));
    let base = choose(v, steep, pi(v, 0.5), flat);
    let result = turned_by(v, base, v.xor(steep, left), angle);
    v.select(v.unordered(x, y), v.number(f64::NAN), v.copysign(result, y))
}
