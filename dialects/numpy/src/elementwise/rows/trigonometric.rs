//! Trigonometric and hyperbolic functions and their inverses.

use super::super::body::Body;
use super::super::dtype::{Classes, DType};
use super::super::table::ResultRule::Float;
use super::super::table::Row;
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
    Sinh(x) = math!("numpy.sinh", "sinh", ComplexFunction::Sinh);

    /// Hyperbolic cosine.
    Cosh(x) = math!("numpy.cosh", "cosh", ComplexFunction::Cosh);

    /// Hyperbolic tangent.
    Tanh(x) = math!("numpy.tanh", "tanh", ComplexFunction::Tanh);

    /// Inverse hyperbolic sine.
    Arcsinh(x) = math!("numpy.arcsinh", "asinh", ComplexFunction::Asinh);

    /// Inverse hyperbolic cosine.
    Arccosh(x) = math!("numpy.arccosh", "acosh", ComplexFunction::Acosh);

    /// Inverse hyperbolic tangent.
    Arctanh(x) = math!("numpy.arctanh", "atanh", ComplexFunction::Atanh);

    /// sqrt(lhs² + rhs²) without overflow; infinite if either is.
    Hypot(lhs, rhs) = Row::new("numpy.hypot", Classes::REAL, Float, |b, x| b.hypot(x[0], x[1]))
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
