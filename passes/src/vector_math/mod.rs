//! Elementary functions of vectors, written out: below 1.5 ulp, with the special values of C's functions.
//!
//! Each is one expression without branches for `f32` and `f64`, single numbers and vectors of any length. Errors
//! of products and sums that matter are kept in lower parts ([`lanes::Pair`]); machines without a fused multiplication and
//! addition find them by Dekker's products (*A floating-point technique for extending the available precision*, 1971).

mod coefficients;
mod error;
mod exponential;
mod far;
mod hyperbolic;
mod inverse;
mod lanes;
mod logarithm;
mod outlined;
mod power;
mod trigonometric;
mod wide_power;

use npir_mlir::prelude::*;

use lanes::Lanes;
use outlined::Use;

pub(crate) use error::{erf, erfc};
pub(crate) use exponential::{exp, exp2, expm1};
pub(crate) use hyperbolic::{acosh, asinh, atanh, cosh, sinh, tanh};
pub(crate) use inverse::{acos, asin, atan, atan2};
pub(crate) use lanes::Products;
pub(crate) use logarithm::{log, log1p, log2, log10};
pub(crate) use power::{cbrt, pow};
pub(crate) use trigonometric::{cos, sin, tan};

/// How a function of vectors is written out.
#[derive(Clone, Copy)]
pub(crate) enum Expression {
    /// Of one number.
    Unary(for<'c> fn(Lanes<'c>, Val<'c>) -> Val<'c>),
    /// Of two.
    Binary(for<'c> fn(Lanes<'c>, Val<'c>, Val<'c>) -> Val<'c>),
    /// Of one that is not large; libm computes it for others.
    Periodic(for<'c> fn(Lanes<'c>, Val<'c>) -> Val<'c>),
}

/// Where an expression is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Where it is needed.
    Inline,
    /// In a function of the module, which is called.
    Function,
}

impl Expression {
    /// The function `op` of vectors at the rewriter's place, in `module`, which gets functions where they are needed.
    pub(crate) fn write<'c>(
        self,
        rw: Rewriter<'c>,
        module: Op<'c>,
        op: &str,
        operands: &[Val<'c>],
        products: Products,
        place: Place,
    ) -> Val<'c> {
        let v = Lanes::new(rw, operands[0].ty(), products);
        let body = |v: Lanes<'c>, operands: &[Val<'c>]| match self {
            Expression::Unary(function) => function(v, operands[0]),
            Expression::Binary(function) => function(v, operands[0], operands[1]),
            Expression::Periodic(function) => {
                let near = function(v, operands[0]);
                far::corrected(v, module, op, operands[0], near)
            }
        };
        match place {
            Place::Inline => body(v, operands),
            Place::Function => {
                let name = op.trim_start_matches("math.");
                outlined::call(v, module, name, Use::Often, operands, body)
            }
        }
    }
}
