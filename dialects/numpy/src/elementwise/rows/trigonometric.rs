//! Trigonometric and hyperbolic functions and their inverses.

use super::super::body::{Body, Order};
use super::super::dtype::{Classes, DType};
use super::super::table::ResultRule::Float;
use super::super::table::Row;
use npir_mlir::prelude::*;

functions! {
    /// Sine of an angle in radians.
    Sin(x) = math!("numpy.sin", "sin");

    /// Cosine of an angle in radians.
    Cos(x) = math!("numpy.cos", "cos");

    /// Tangent of an angle in radians.
    Tan(x) = math!("numpy.tan", "tan");

    /// Inverse sine, in radians.
    Arcsin(x) = math!("numpy.arcsin", "asin");

    /// Inverse cosine, in radians.
    Arccos(x) = math!("numpy.arccos", "acos");

    /// Inverse tangent, in radians.
    Arctan(x) = math!("numpy.arctan", "atan");

    /// Angle of the point (rhs, lhs), in radians.
    Arctan2(lhs, rhs) = Row::new("numpy.arctan2", Classes::REAL, Float, |b, x| b.math("atan2", x));

    /// Hyperbolic sine.
    Sinh(x) = math!("numpy.sinh", "sinh");

    /// Hyperbolic cosine.
    Cosh(x) = math!("numpy.cosh", "cosh");

    /// Hyperbolic tangent.
    Tanh(x) = math!("numpy.tanh", "tanh");

    /// Inverse hyperbolic sine.
    Arcsinh(x) = math!("numpy.arcsinh", "asinh");

    /// Inverse hyperbolic cosine.
    Arccosh(x) = math!("numpy.arccosh", "acosh");

    /// Inverse hyperbolic tangent.
    Arctanh(x) = math!("numpy.arctanh", "atanh");

    /// sqrt(lhs² + rhs²) without overflow; infinite if either is.
    Hypot(lhs, rhs) = Row::new("numpy.hypot", Classes::REAL, Float, |b, x| hypot(b, x[0], x[1]))
        .commutative();

    /// Radians to degrees.
    Degrees(x) = Row::new(
        "numpy.degrees",
        Classes::REAL,
        Float,
        |b, x| scale(b, x[0], 180.0, std::f64::consts::PI),
    );

    /// Degrees to radians.
    Radians(x) = Row::new(
        "numpy.radians",
        Classes::REAL,
        Float,
        |b, x| scale(b, x[0], std::f64::consts::PI, 180.0),
    );
}

/// `x · (numerator / denominator)`, the ratio rounded in the type of `x` as NumPy does.
fn scale<'c>(b: Body<'c>, x: Val<'c>, numerator: f64, denominator: f64) -> Val<'c> {
    let ratio = match b.dtype {
        DType::F32 => f64::from(numerator as f32 / denominator as f32),
        _ => numerator / denominator,
    };
    b.mul(x, b.float(ratio))
}

fn hypot<'c>(b: Body<'c>, x: Val<'c>, y: Val<'c>) -> Val<'c> {
    let (x, y) = (b.abs(x), b.abs(y));
    let finite = match b.dtype {
        DType::F64 => scaled_hypot(b, x, y),
        _ => wide_hypot(b, x, y),
    };
    let infinity = b.float(f64::INFINITY);
    let infinite = b.rw.ori(
        b.cmp(Order::Equal, x, infinity),
        b.cmp(Order::Equal, y, infinity),
    );
    b.select(infinite, infinity, finite)
}

/// In `f64`, where the squares of `f32` numbers are exact and cannot overflow.
fn wide_hypot<'c>(b: Body<'c>, x: Val<'c>, y: Val<'c>) -> Val<'c> {
    let wide = Body::new(b.rw, DType::F64);
    let (x, y) = (b.rw.extf(x, wide.ty()), b.rw.extf(y, wide.ty()));
    let sum = wide.add(wide.mul(x, x), wide.mul(y, y));
    b.rw.truncf(wide.math("sqrt", &[sum]), b.ty())
}

/// `sqrt(x² + y²)` of non-negative numbers, scaled out of overflow and underflow and corrected by
/// one Newton step (C. F. Borges, *An Improved Algorithm for hypot(a,b)*, 2019): below 1 ulp.
fn scaled_hypot<'c>(b: Body<'c>, x: Val<'c>, y: Val<'c>) -> Val<'c> {
    // A NaN is kept by one of the two.
    let swapped = b.cmp(Order::Less, x, y);
    let large = b.select(swapped, y, x);
    let small = b.select(swapped, x, y);
    let huge = b.cmp(Order::Greater, large, b.float(2f64.powi(510)));
    let tiny = b.cmp(Order::Less, small, b.float(2f64.powi(-459)));
    let pick = |huge_case: f64, tiny_case: f64| {
        let rest = b.select(tiny, b.float(tiny_case), b.int(1));
        b.select(huge, b.float(huge_case), rest)
    };
    let (down, up) = (
        pick(2f64.powi(-600), 2f64.powi(600)),
        pick(2f64.powi(600), 2f64.powi(-600)),
    );
    let (p, q) = (b.mul(large, down), b.mul(small, down));
    let sum = b.math("sqrt", &[b.add(b.mul(p, p), b.mul(q, q))]);
    let two = b.int(2);
    // The error of `sum²`, grouped by which leg is close to the sum.
    let near = b.cmp(Order::LessEqual, sum, b.mul(two, q));
    let by_q = b.sub(sum, q);
    let near_error = b.add(
        b.mul(p, b.sub(b.mul(two, by_q), p)),
        b.mul(b.sub(by_q, b.mul(two, b.sub(p, q))), by_q),
    );
    let by_p = b.sub(sum, p);
    let far_error = b.add(
        b.mul(b.mul(two, by_p), b.sub(p, b.mul(two, q))),
        b.add(b.mul(b.sub(b.mul(b.int(4), by_p), q), q), b.mul(by_p, by_p)),
    );
    let error = b.select(near, near_error, far_error);
    let corrected = b.sub(sum, b.div(error, b.mul(two, sum)));
    // Where the small leg hardly shows, or both are zero, the scaled sum may be 0 or infinite.
    let negligible = b.cmp(
        Order::LessEqual,
        small,
        b.mul(large, b.float(2f64.powi(-54))),
    );
    b.select(negligible, b.add(large, small), b.mul(corrected, up))
}
