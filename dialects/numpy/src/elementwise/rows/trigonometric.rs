//! Trigonometric and hyperbolic functions and their inverses.

use super::super::body::Body;
use super::super::convert::convert;
use super::super::dtype::{Classes, DType};
use super::super::table::ResultRule::{Double, Float};
use super::super::table::Row;
use npir_machine::Work;
use npir_mlir::prelude::*;
use npir_tensor::ComplexFunction;

functions! {
    /// Sine of an angle in radians.
    Sin(x) = math!("numpy.sin", "sin", ComplexFunction::Sin);

    /// Cosine of an angle in radians.
    Cos(x) = math!("numpy.cos", "cos", ComplexFunction::Cos);

    /// Tangent of an angle in radians.
    Tan(x) = math!("numpy.tan", "tan", ComplexFunction::Tan);

    /// Inverse sine, in radians.
    Arcsin(x) = math!("numpy.arcsin", "asin", ComplexFunction::Asin);

    /// Inverse cosine, in radians.
    Arccos(x) = math!("numpy.arccos", "acos", ComplexFunction::Acos);

    /// Inverse tangent, in radians.
    Arctan(x) = math!("numpy.arctan", "atan", ComplexFunction::Atan);

    /// Angle of the point (rhs, lhs), in radians.
    Arctan2(lhs, rhs) = Row::new("numpy.arctan2", Classes::REAL, Float, |b, x| b.math("atan2", x));

    /// Hyperbolic sine.
    Sinh(x) = math!("numpy.sinh", "sinh", ComplexFunction::Sinh)
        .work(Work::Tanh);

    /// Hyperbolic cosine.
    Cosh(x) = math!("numpy.cosh", "cosh", ComplexFunction::Cosh)
        .work(Work::Tanh);

    /// Hyperbolic tangent.
    Tanh(x) = math!("numpy.tanh", "tanh", ComplexFunction::Tanh)
        .work(Work::Tanh);

    /// Inverse hyperbolic sine.
    Arcsinh(x) = math!("numpy.arcsinh", "asinh", ComplexFunction::Asinh);

    /// Inverse hyperbolic cosine.
    Arccosh(x) = math!("numpy.arccosh", "acosh", ComplexFunction::Acosh);

    /// Inverse hyperbolic tangent.
    Arctanh(x) = math!("numpy.arctanh", "atanh", ComplexFunction::Atanh);

    /// sqrt(lhs² + rhs²) without overflow; infinite if either is.
    Hypot(lhs, rhs) = Row::new("numpy.hypot", Classes::REAL, Float, |b, x| b.hypot(x[0], x[1]))
        .commutative()
        .work(Work::Root);

    /// sin(πx) / (πx), 1 at 0.
    Sinc(x) = Row::new("numpy.sinc", Classes::ALL, Double, |b, x| sinc(b, x[0]))
        .native_halves();

    /// Radians to degrees.
    Degrees(x) = Row::new(
        "numpy.degrees",
        Classes::REAL,
        Float,
        |b, x| scale(b, x[0], 180.0, std::f64::consts::PI),
    )
        .work(Work::Add);

    /// Radians to degrees.
    Rad2deg(x) = Row::new(
        "numpy.rad2deg",
        Classes::REAL,
        Float,
        |b, x| scale(b, x[0], 180.0, std::f64::consts::PI),
    )
        .work(Work::Add);

    /// Degrees to radians.
    Deg2rad(x) = Row::new(
        "numpy.deg2rad",
        Classes::REAL,
        Float,
        |b, x| scale(b, x[0], std::f64::consts::PI, 180.0),
    )
        .work(Work::Add);

    /// Degrees to radians.
    Radians(x) = Row::new(
        "numpy.radians",
        Classes::REAL,
        Float,
        |b, x| scale(b, x[0], std::f64::consts::PI, 180.0),
    )
        .work(Work::Add);
}

/// As NumPy writes it, each operation rounded to the type: at whole numbers the result is the
/// rounding error of the product.
fn sinc<'c>(b: Body<'c>, x: Val<'c>) -> Val<'c> {
    let angle = b.each_or_self(x, |part, x| part.mul(x, part.float(std::f64::consts::PI)));
    // The smallest relative distance of floats; of complex numbers something small.
    let tiny = match b.dtype {
        DType::F16 => 2f64.powi(-10),
        DType::F32 => f64::from(f32::EPSILON),
        DType::F64 => f64::EPSILON,
        _ => 1e-20,
    };
    let angle = b.select(b.truth(angle), angle, b.float(tiny));
    let wide = Body::new(b.rw, b.dtype.widened());
    let sine = wide.math_or(
        "sin",
        ComplexFunction::Sin,
        &[convert(b.rw, angle, b.dtype, wide.dtype)],
    );
    b.div(convert(b.rw, sine, wide.dtype, b.dtype), angle)
}

/// `x · (numerator / denominator)`, the ratio rounded in the type of `x` as NumPy does.
fn scale<'c>(b: Body<'c>, x: Val<'c>, numerator: f64, denominator: f64) -> Val<'c> {
    let ratio = match b.dtype {
        DType::F32 => f64::from(numerator as f32 / denominator as f32),
        _ => numerator / denominator,
    };
    b.mul(x, b.float(ratio))
}
