//! `tensor_ext.libm`: functions of complex numbers that the C library computes.

use npir_mlir::prelude::*;

attr_enum! {
    /// A function of `complex.h`.
    pub enum ComplexFunction {
        /// e to the power of z.
        Exp = "cexp",
        /// Natural logarithm.
        Log = "clog",
        /// Square root.
        Sqrt = "csqrt",
        /// Power of two numbers.
        Pow = "cpow",
        /// Sine.
        Sin = "csin",
        /// Cosine.
        Cos = "ccos",
        /// Tangent.
        Tan = "ctan",
        /// Inverse sine.
        Asin = "casin",
        /// Inverse cosine.
        Acos = "cacos",
        /// Inverse tangent.
        Atan = "catan",
        /// Hyperbolic sine.
        Sinh = "csinh",
        /// Hyperbolic cosine.
        Cosh = "ccosh",
        /// Hyperbolic tangent.
        Tanh = "ctanh",
        /// Inverse hyperbolic sine.
        Asinh = "casinh",
        /// Inverse hyperbolic cosine.
        Acosh = "cacosh",
        /// Inverse hyperbolic tangent.
        Atanh = "catanh",
    }
}

/// `complex<f64>`.
pub struct DoubleComplex;

impl TypeConstraint for DoubleComplex {
    const DESCRIPTION: &'static str = "complex<f64>";

    fn check(t: Type<'_>) -> bool {
        t.is_complex() && t.complex_element().bit_width() == 64
    }
}

/// A function of the C library on `complex<f64>` scalars, in the body of a computation.
///
/// The result is the C library's, branch cuts and special values (C standard, annex G) included.
#[op(
    "tensor_ext.libm",
    traits(Pure),
    interfaces(Verify),
    assembly = "$function $operands attr-dict `:` type($operands) `->` type($result)"
)]
pub struct Libm {
    function: Attr<Enum<ComplexFunction>>,
    operands: Variadic<DoubleComplex>,
    result: Output<DoubleComplex>,
}

impl Verify for Libm<'_> {
    fn verify(self) -> Result<(), String> {
        let (function, found) = (self.function(), self.operands().len());
        let expected = if function == ComplexFunction::Pow {
            2
        } else {
            1
        };
        if found == expected {
            Ok(())
        } else {
            Err(format!(
                "takes {expected} operands for {}, got {found}",
                function.word()
            ))
        }
    }
}
