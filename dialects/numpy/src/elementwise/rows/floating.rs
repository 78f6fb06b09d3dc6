//! Questions about floats and operations on their representation.

use super::super::body::{Body, Order};
use super::super::constant::Scalar;
use super::super::convert::convert;
use super::super::dtype::{Classes, DType};
use super::super::table::ResultRule::{Bool, Float};
use super::super::table::Row;
use npir_mlir::prelude::*;

functions! {
    /// Whether x is NaN.
    Isnan(x) = Row::new("numpy.isnan", Classes::ALL, Bool, |b, x| b.is_nan(x[0]))
        .native_halves()
        .fold(|_, x| Some(Scalar::Bool(x[0].float().is_some_and(f64::is_nan))));

    /// Whether x is infinite.
    Isinf(x) = Row::new(
        "numpy.isinf",
        Classes::ALL,
        Bool,
        |b, x| magnitude(b, Order::Equal, x[0], false),
    )
    .native_halves()
    .fold(|_, x| Some(Scalar::Bool(x[0].float().is_some_and(f64::is_infinite))));

    /// Whether x is neither NaN nor infinite.
    Isfinite(x) = Row::new(
        "numpy.isfinite",
        Classes::ALL,
        Bool,
        |b, x| magnitude(b, Order::Less, x[0], true),
    )
    .native_halves()
    .fold(|_, x| Some(Scalar::Bool(x[0].float().is_none_or(f64::is_finite))));

    /// Whether the sign bit is set; -0.0 has it.
    Signbit(x) = Row::new("numpy.signbit", Classes::REAL, Bool, signbit)
        .on_bits();

    /// Magnitude of lhs with the sign bit of rhs.
    Copysign(lhs, rhs) = Row::new(
        "numpy.copysign",
        Classes::REAL,
        Float,
        |b, x| b.copysign(x[0], x[1]),
    )
    .on_bits();

    /// The float after lhs in the direction of rhs.
    Nextafter(lhs, rhs) = Row::new(
        "numpy.nextafter",
        Classes::REAL,
        Float,
        |b, x| nextafter(b, x[0], x[1]),
    )
    .on_bits();

    /// Distance to the next float away from zero, with the sign of x; of `float16` to the next greater one.
    Spacing(x) = Row::new("numpy.spacing", Classes::REAL, Float, |b, x| spacing(b, x[0]))
        .on_bits();

    /// x · 2**exponent, rounded once.
    Ldexp(x, exponent: Exponent) = Row::new(
        "numpy.ldexp",
        Classes::REAL,
        Float,
        |b, x| ldexp(b, x[0], x[1]),
    );
}

/// `|x| order ∞`; `otherwise` for types without infinity. Of complex numbers both parts are asked:
/// all must agree to `otherwise`.
fn magnitude<'c>(b: Body<'c>, order: Order, x: Val<'c>, otherwise: bool) -> Val<'c> {
    if b.dtype.is_complex() {
        let [re, im] = [b.re(x), b.im(x)].map(|x| magnitude(b.part(), order, x, otherwise));
        return if otherwise {
            b.rw.andi(re, im)
        } else {
            b.rw.ori(re, im)
        };
    }
    if !b.dtype.is_float() {
        return b.rw.const_bool(otherwise);
    }
    b.cmp(order, b.abs(x), b.float(f64::INFINITY))
}

fn signbit<'c>(b: Body<'c>, x: &[Val<'c>]) -> Val<'c> {
    if b.dtype.is_float() {
        let int = b.as_bits();
        return int.cmp(Order::Less, b.bits_of(x[0]), int.int(0));
    }
    if b.dtype.is_unsigned() || b.dtype.is_bool() {
        return b.rw.const_bool(false);
    }
    b.cmp(Order::Less, x[0], b.int(0))
}

/// The next float less the float, which is exact.
fn spacing<'c>(b: Body<'c>, x: Val<'c>) -> Val<'c> {
    let (int, float) = (b.as_bits(), Body::new(b.rw, b.dtype.widened()));
    let bits = b.bits_of(x);
    let one = int.int(1);
    let away = int.add(bits, one);
    let next = match b.dtype {
        DType::F16 => {
            let negative = int.cmp(Order::Less, bits, int.int(0));
            int.select(negative, int.sub(bits, one), away)
        }
        _ => away,
    };
    let wide = |x| convert(b.rw, x, b.dtype, float.dtype);
    let value = wide(x);
    let is_zero = float.cmp(Order::Equal, value, float.int(0));
    let next = wide(b.from_bits(int.select(is_zero, one, next)));
    let infinite = float.cmp(Order::Equal, float.abs(value), float.float(f64::INFINITY));
    let distance = float.sub(next, value);
    let distance = float.select(infinite, float.float(f64::NAN), distance);
    convert(b.rw, distance, float.dtype, b.dtype)
}

/// `x · 2^n` by powers of two that are all normal numbers. On the way down each keeps all digits of
/// what is still to be rounded: only the last product can be subnormal.
fn ldexp<'c>(b: Body<'c>, x: Val<'c>, n: Val<'c>) -> Val<'c> {
    let (largest, digits) = match b.dtype {
        DType::F64 => (1023, 53),
        _ => (127, 24),
    };
    let int = Body::new(b.rw, DType::Int(64));
    let smallest = 1 - largest;
    let (up, down) = (largest, smallest + digits);
    let power = |n: i64| b.float(2f64.powi(n as i32));
    let (mut value, mut rest) = (x, n);
    for _ in 0..2 {
        let large = int.cmp(Order::Greater, rest, int.int(largest));
        let small = int.cmp(Order::Less, rest, int.int(smallest));
        let factor = b.select(small, power(down), b.int(1));
        value = b.mul(value, b.select(large, power(up), factor));
        let step = int.select(small, int.int(down), int.int(0));
        rest = int.sub(rest, int.select(large, int.int(up), step));
    }
    let rest = int.pick(Order::Less, rest, int.int(largest));
    let rest = int.pick(Order::Greater, rest, int.int(smallest));
    let biased = int.add(rest, int.int(largest));
    let bits = Body::new(b.rw, DType::Int(b.dtype.bits()));
    let exponent = convert(b.rw, biased, int.dtype, bits.dtype);
    let shift = bits.int(digits - 1);
    b.mul(value, b.from_bits(b.rw.shli(exponent, shift)))
}

/// One step on the bits, which for each sign are ordered like the magnitudes.
fn nextafter<'c>(b: Body<'c>, x: Val<'c>, y: Val<'c>) -> Val<'c> {
    let (int, float) = (b.as_bits(), Body::new(b.rw, b.dtype.widened()));
    let (x_bits, y_bits) = (b.bits_of(x), b.bits_of(y));
    let (x, y) = (
        convert(b.rw, x, b.dtype, float.dtype),
        convert(b.rw, y, b.dtype, float.dtype),
    );
    let up = float.cmp(Order::Less, x, y);
    let positive = int.cmp(Order::Greater, x_bits, int.int(0));
    let one = int.int(1);
    let inward = int.rw.xori(up, positive);
    let stepped = int.select(inward, int.sub(x_bits, one), int.add(x_bits, one));
    // From zero: the smallest subnormal with the sign of the direction.
    let sign = int.rw.andi(y_bits, int.int(int.dtype.int_min()));
    let from_zero = int.rw.ori(sign, one);
    let is_zero = float.cmp(Order::Equal, x, float.int(0));
    let moved = int.select(is_zero, from_zero, stepped);
    // Zeros compare equal: NumPy returns the second one, of `f16` the first one.
    let same = float.cmp(Order::Equal, x, y);
    let number = int.select(
        same,
        if b.dtype == DType::F16 {
            x_bits
        } else {
            y_bits
        },
        moved,
    );
    // NaN if either is.
    let rest = int.select(float.is_nan(y), y_bits, number);
    b.from_bits(int.select(float.is_nan(x), x_bits, rest))
}
