//! A pass of one's own on npir's programs: `expand-power`.
//!
//! NumPy computes `x ** 3` with `pow`, and so does npir, to the last bit. Who can do with a few
//! ulps more has it computed with two multiplications, which are several times faster:
//!
//! ```text
//! x^n = x^(n-k) * x^k, with k the largest power of two below n
//! ```
//!
//! The pass is used through the library in `main.rs`, and on the command line by `my-opt`.

use npir::numpy::elementwise::{Multiply, Power};
use npir_mlir::prelude::*;

/// Write powers with a small constant exponent as multiplications
///
/// Rewrites `numpy.power` of floats where the exponent is a 0-d constant that is a whole number
/// from 2 to `max-exponent`. The result may differ from NumPy's in the last bits.
#[pass("expand-power", on = "func.func")]
#[derive(Clone)]
pub struct ExpandPower {
    /// The largest exponent that is expanded; one of `n` takes at most `2 * log2(n)` multiplications.
    #[option(default = "16", description = "Largest exponent that is expanded")]
    pub max_exponent: i64,
    #[statistic(name = "expanded", description = "Number of powers that were expanded")]
    expanded: Statistic,
}

impl ExpandPower {
    /// A pass that expands powers up to `max_exponent`.
    pub fn up_to(max_exponent: i64) -> Self {
        ExpandPower {
            max_exponent,
            ..Self::default()
        }
    }

    /// The exponent of a power, if it is one that is expanded.
    fn exponent(&self, power: Power<'_>) -> Option<i64> {
        let (base, exponent) = (power.lhs(), power.rhs());
        // Nothing may be broadcast: the products have the shape of the base.
        if !base.ty().element().is_float()
            || exponent.ty().rank() != 0
            || base.ty() != power.result().ty()
        {
            return None;
        }
        let value = exponent.constant_attr()?.splat_value()?.as_float()?;
        let whole = value as i64;
        (value == whole as f64 && (2..=self.max_exponent).contains(&whole)).then_some(whole)
    }
}

impl Pass for ExpandPower {
    fn run(&mut self, function: Op<'_>, _: &PassCx<'_>) -> PassResult {
        let powers = function.find_all(Power::NAME);
        for power in powers.into_iter().filter_map(Power::cast) {
            if let Some(n) = self.exponent(power) {
                rewrite_at(power.op(), |rw| -> Result<(), String> {
                    let product = chain(rw, power.lhs(), n)?;
                    rw.replace(power.op(), &[product]);
                    Ok(())
                })?;
                self.expanded.add(1);
            }
        }
        Ok(())
    }
}

/// `x^n` for `n >= 1`, by squaring.
fn chain<'c>(rw: Rewriter<'c>, x: Val<'c>, n: i64) -> Result<Val<'c>, String> {
    let multiply = |a, b| Multiply::build_inferred(rw, a, b).map(Multiply::result);
    let (mut result, mut square, mut rest) = (None, x, n);
    loop {
        if rest & 1 == 1 {
            result = Some(match result {
                Some(result) => multiply(result, square)?,
                None => square,
            });
        }
        rest >>= 1;
        match result {
            Some(result) if rest == 0 => return Ok(result),
            _ => square = multiply(square, square)?,
        }
    }
}
