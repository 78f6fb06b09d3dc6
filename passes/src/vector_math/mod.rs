//! Elementary functions of vectors, written out: below 1.5 ulp, with the special values of C's functions.
//!
//! Each is an expression for `f32` and `f64`, single numbers and vectors of any length; of some there is a shorter one for usual
//! arguments, with a branch for others. Errors
//! of products and sums that matter are kept in lower parts ([`lanes::Pair`]); machines without a fused multiplication and
//! addition find them by Dekker's products (*A floating-point technique for extending the available precision*, 1971).

mod coefficients;
mod error;
mod exponential;
mod guarded;
mod hyperbolic;
mod inverse;
mod lanes;
mod logarithm;
mod outlined;
mod power;
mod trigonometric;
mod wide_power;

use npir_mlir::prelude::*;

use guarded::Guarded;
use lanes::Lanes;
use outlined::Use;

pub(crate) use error::{erf, erfc};
pub(crate) use exponential::{exp, exp2, expm1};
pub(crate) use hyperbolic::{acosh, asinh, atanh, cosh, sinh, tanh};
pub(crate) use inverse::{acos, asin, atan, atan2};
pub(crate) use lanes::Products;
pub(crate) use logarithm::{LOG, LOG1P, LOG2, LOG10};
pub(crate) use power::{CBRT, POW};
pub(crate) use trigonometric::{COS, SIN, TAN};

/// How a function of vectors is written out.
#[derive(Clone, Copy)]
pub(crate) enum Expression {
    /// Of one number.
    Unary(for<'c> fn(Lanes<'c>, Val<'c>) -> Val<'c>),
    /// Of two.
    Binary(for<'c> fn(Lanes<'c>, Val<'c>, Val<'c>) -> Val<'c>),
    /// With a branch for arguments that are not usual.
    Guarded(Guarded),
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
    /// The function `op` of vectors at the rewriter's place, in `module`, which gets functions where they are needed: its
    /// values for each of `calls`, which are side by side.
    pub(crate) fn write<'c>(
        self,
        rw: Rewriter<'c>,
        module: Op<'c>,
        op: &str,
        calls: &[Vec<Val<'c>>],
        products: Products,
        place: Place,
    ) -> Vec<Val<'c>> {
        let v = Lanes::new(rw, calls[0][0].ty(), products);
        let name = op.trim_start_matches("math.");
        let body = |v: Lanes<'c>, operands: &[Val<'c>]| match self {
            Expression::Unary(function) => function(v, operands[0]),
            Expression::Binary(function) => function(v, operands[0], operands[1]),
            Expression::Guarded(guarded) => guarded.write(v, module, op, &[operands.to_vec()])[0],
        };
        match (place, self) {
            (Place::Inline, Expression::Guarded(guarded)) => guarded.write(v, module, op, calls),
            (Place::Inline, _) => calls.iter().map(|operands| body(v, operands)).collect(),
            (Place::Function, _) => {
                let call = |operands: &Vec<Val<'c>>| {
                    outlined::call(v, module, name, Use::Often, operands, body)
                };
                calls.iter().map(call).collect()
            }
        }
    }
}
