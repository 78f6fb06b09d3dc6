//! Powers with a constant exponent that is a small whole number, or half of one.

use npir_mlir::prelude::*;

/// The largest exponent.
const LARGEST: f64 = 64.0;

/// The exponent of `x^y`, if [`constant_power`] takes it.
pub(crate) fn constant_exponent(y: Val<'_>) -> Option<f64> {
    let source = y
        .defining_op()
        .filter(|op| op.name() == "vector.broadcast")
        .map_or(y, |op| op.operand(0));
    let value = source.constant_attr()?;
    let exponent = value.splat_value().unwrap_or(value).as_float()?;
    let halves = 2.0 * exponent;
    (exponent.abs() <= LARGEST && halves.fract() == 0.0 && exponent != 0.0).then_some(exponent)
}

/// A number as the sum of two: what it is rounded to, and the rest, which is NaN where the first is no finite number.
#[derive(Clone, Copy)]
struct Sum<'c> {
    high: Val<'c>,
    low: Option<Val<'c>>,
}

/// `x^exponent` of numbers or vectors, with the special values of C's `pow`, by products: of `f32` in `f64`, below 0.51
/// ulp; of `f64` as sums of two numbers, whose errors a fused multiplication and addition gives exactly (T. Dekker, *A
/// floating-point technique for extending the available precision*, 1971), below 0.51 ulp, too, and 1.01 where the result
/// is subnormal. The exponent is one that [`constant_exponent`] gives.
pub(crate) fn constant_power<'c>(rw: Rewriter<'c>, x: Val<'c>, exponent: f64) -> Val<'c> {
    let own = x.ty();
    let narrow = own.element().bit_width() == 32;
    let wide = |like: Type<'c>| {
        let f64 = rw.ctx().f64();
        match like.is_vector() {
            true => rw.ctx().vector(&like.dims(), f64),
            false => f64,
        }
    };
    let x = if narrow { rw.extf(x, wide(own)) } else { x };
    let chain = Chain {
        rw,
        ty: x.ty(),
        exact: !narrow,
    };
    let power = chain.power(x, exponent);
    if narrow { rw.truncf(power, own) } else { power }
}

struct Chain<'c> {
    rw: Rewriter<'c>,
    ty: Type<'c>,
    /// Whether sums of two numbers are needed.
    exact: bool,
}

impl<'c> Chain<'c> {
    fn power(&self, x: Val<'c>, exponent: f64) -> Val<'c> {
        let rw = self.rw;
        let whole = exponent.fract() == 0.0;
        let base = Sum { high: x, low: None };
        let base = if whole { base } else { self.root(x) };
        let base = if exponent < 0.0 {
            self.inverse(base)
        } else {
            base
        };
        let mut rest = (if whole { exponent } else { 2.0 * exponent }).abs() as u32;
        let (mut result, mut square) = (None, base);
        while rest > 0 {
            if rest & 1 == 1 {
                result = Some(result.map_or(square, |r| self.product(r, square)));
            }
            rest >>= 1;
            if rest > 0 {
                square = self.product(square, square);
            }
        }
        let Sum { high, low } = result.unwrap_or(base);
        let Some(low) = low else {
            return high;
        };
        let size = rw.math("absf", &[low]);
        let finite = rw.cmpf(CmpF::Olt, size, self.number(f64::INFINITY));
        // The sum of zeros has no sign of its own.
        let sum = rw.math("copysign", &[rw.addf(high, low), high]);
        rw.select(finite, sum, high)
    }

    fn number(&self, value: f64) -> Val<'c> {
        let (rw, f64) = (self.rw, self.ty.element());
        let value = rw.ctx().float_attr(f64, value);
        match self.ty.is_vector() {
            true => rw.const_attr(rw.ctx().dense_splat(self.ty, value)),
            false => rw.const_attr(value),
        }
    }

    fn fma(&self, a: Val<'c>, b: Val<'c>, c: Val<'c>) -> Val<'c> {
        self.rw.math("fma", &[a, b, c])
    }

    fn product(&self, a: Sum<'c>, b: Sum<'c>) -> Sum<'c> {
        let high = self.rw.mulf(a.high, b.high);
        if !self.exact {
            return Sum { high, low: None };
        }
        let mut low = self.fma(a.high, b.high, self.rw.negf(high));
        if let Some(rest) = b.low {
            low = self.fma(a.high, rest, low);
        }
        if let Some(rest) = a.low {
            low = self.fma(rest, b.high, low);
        }
        let low = Some(low);
        Sum { high, low }
    }

    fn inverse(&self, x: Sum<'c>) -> Sum<'c> {
        let one = self.number(1.0);
        let high = self.rw.divf(one, x.high);
        if !self.exact {
            return Sum { high, low: None };
        }
        let minus = self.rw.negf(high);
        let mut rest = self.fma(x.high, minus, one);
        if let Some(low) = x.low {
            rest = self.fma(low, minus, rest);
        }
        let low = Some(self.rw.mulf(rest, high));
        Sum { high, low }
    }

    /// The square root as powers by halves see it: that of minus infinity is infinite, that of minus zero is zero.
    fn root(&self, x: Val<'c>) -> Sum<'c> {
        let rw = self.rw;
        let infinity = self.number(f64::INFINITY);
        let lowest = rw.cmpf(CmpF::Oeq, x, self.number(f64::NEG_INFINITY));
        let x = rw.addf(rw.select(lowest, infinity, x), self.number(0.0));
        let high = rw.math("sqrt", &[x]);
        if !self.exact {
            return Sum { high, low: None };
        }
        let rest = self.fma(high, rw.negf(high), x);
        let low = Some(rw.divf(rest, rw.addf(high, high)));
        Sum { high, low }
    }
}
