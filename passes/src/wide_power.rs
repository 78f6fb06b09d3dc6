//! Powers of vectors of `f32`, computed in `f64`.

use npir_mlir::prelude::*;

/// `2 atanh(s) / (s ln 2)` for `s²` from 0 to `(√2 - 1)² / (√2 + 1)²`, within 2⁻³⁸: a polynomial in `s²` through the
/// Chebyshev nodes, lowest power first.
const LOGARITHM: [f64; 5] = [
    2.885390081790063,
    0.9617966733683199,
    0.5770835801876856,
    0.41167299389397133,
    0.34072517701359994,
];

/// `2^r` for `r` from -1/2 to 1/2, within 2⁻³³: a polynomial through the Chebyshev nodes, lowest power first.
const EXPONENTIAL: [f64; 7] = [
    0.9999999999595484,
    0.6931472067106202,
    0.2402265121359498,
    0.05550327214208318,
    0.009618025602984068,
    0.00134004321657627,
    0.00015469731969499148,
];

/// Bits of the significand of `f64`.
const SIGNIFICAND: i64 = 52;
/// The bits of `√½`: significands from there on belong to the next exponent.
const ROOT_OF_HALF: i64 = 0x3FE6_A09E_0000_0000;
/// Added to exponents, so that they are positive.
const BIAS: i64 = 1024;
/// A power of two beyond which nothing but zero and infinity is left in `f32`.
const BEYOND: f64 = 300.0;

/// Vectors of so many lanes.
#[derive(Clone, Copy)]
struct Lanes<'c> {
    rw: Rewriter<'c>,
    count: i64,
}

impl<'c> Lanes<'c> {
    fn of(self, element: Type<'c>) -> Type<'c> {
        self.rw.ctx().vector(&[self.count], element)
    }

    fn wide(self) -> Type<'c> {
        self.of(self.rw.ctx().f64())
    }

    fn bits(self) -> Type<'c> {
        self.of(self.rw.ctx().i(64))
    }

    fn splat(self, element: Type<'c>, value: Attribute<'c>) -> Val<'c> {
        let value = self.rw.ctx().dense_splat(self.of(element), value);
        self.rw.const_attr(value)
    }

    fn number(self, value: f64) -> Val<'c> {
        let ty = self.rw.ctx().f64();
        self.splat(ty, self.rw.ctx().float_attr(ty, value))
    }

    fn narrow(self, value: f64) -> Val<'c> {
        let ty = self.rw.ctx().f32();
        self.splat(ty, self.rw.ctx().float_attr(ty, value))
    }

    fn integer(self, value: i64) -> Val<'c> {
        let ty = self.rw.ctx().i(64);
        self.splat(ty, self.rw.ctx().int_attr(ty, value))
    }

    /// Shifts left.
    fn shl(self, x: Val<'c>, by: i64) -> Val<'c> {
        let operands = [x, self.integer(by)];
        let shift = self.rw.op("arith.shli").operands(&operands);
        shift.results(&[x.ty()]).build_value()
    }

    /// A polynomial, by Estrin's scheme.
    fn polynomial(self, coefficients: &[f64], x: Val<'c>) -> Val<'c> {
        let mut terms: Vec<_> = coefficients.iter().map(|&c| self.number(c)).collect();
        let mut power = x;
        while terms.len() > 1 {
            let pairs = terms.chunks(2).map(|pair| match *pair {
                [low, high] => self.rw.multiply_add(high, power, low),
                _ => pair[0],
            });
            terms = pairs.collect();
            power = self.rw.mulf(power, power);
        }
        terms[0]
    }

    /// The binary logarithm of positive normal numbers. Anything for others.
    fn log2(self, x: Val<'c>) -> Val<'c> {
        let rw = self.rw;
        let bits = rw.bitcast(x, self.bits());
        let bias = BIAS << SIGNIFICAND;
        let exponent = rw.addi(bits, self.integer(bias - ROOT_OF_HALF));
        let exponent = rw.shrui(exponent, self.integer(SIGNIFICAND));
        // The bits of 2⁵² and an integer are those of their sum.
        let shift = 2f64.powi(SIGNIFICAND as i32);
        let whole = rw.ori(exponent, self.integer(shift.to_bits() as i64));
        let whole = rw.bitcast(whole, self.wide());
        let whole = rw.subf(whole, self.number(shift + BIAS as f64));
        let rest = rw.subi(bits, self.shl(exponent, SIGNIFICAND));
        let rest = rw.addi(rest, self.integer(bias));
        let rest = rw.bitcast(rest, self.wide());
        let one = self.number(1.0);
        let s = rw.divf(rw.subf(rest, one), rw.addf(rest, one));
        let factor = self.polynomial(&LOGARITHM, rw.mulf(s, s));
        self.rw.multiply_add(s, factor, whole)
    }

    /// Two to the power of `x`, which must not be large; NaN for NaN.
    fn exp2(self, x: Val<'c>) -> Val<'c> {
        let rw = self.rw;
        // Large enough that its last bit is the one of one.
        let round = self.number(1.5 * 2f64.powi(SIGNIFICAND as i32));
        let rounded = rw.addf(x, round);
        let rest = rw.subf(x, rw.subf(rounded, round));
        let factor = self.polynomial(&EXPONENTIAL, rest);
        let exponent = self.shl(rw.bitcast(rounded, self.bits()), SIGNIFICAND);
        let bits = rw.addi(rw.bitcast(factor, self.bits()), exponent);
        rw.bitcast(bits, self.wide())
    }
}

/// `x^y` of vectors of `f32` with the special values of C's `powf`: `2^(y log₂|x|)` in `f64`, below 0.54 ulp.
///
/// `log₂` is that of the exponent, such that the rest is between `√½` and `√2`, and `2 atanh((rest - 1) / (rest + 1))`.
pub(crate) fn wide_power<'c>(rw: Rewriter<'c>, x: Val<'c>, y: Val<'c>) -> Val<'c> {
    let count = x.ty().dims()[0];
    let v = Lanes { rw, count };
    let size = rw.math("absf", &[x]);
    let (zero, one) = (v.narrow(0.0), v.narrow(1.0));
    let infinity = f64::INFINITY;
    let finite = rw.cmpf(CmpF::Olt, size, v.narrow(infinity));

    let wide = rw.extf(size, v.wide());
    let log = rw.select(finite, v.log2(wide), wide);
    let is_zero = rw.cmpf(CmpF::Oeq, size, zero);
    let log = rw.select(is_zero, v.number(-infinity), log);
    let power = rw.mulf(rw.extf(y, v.wide()), log);
    // Comparisons with NaN do not hold: it stays.
    let (most, least) = (v.number(BEYOND), v.number(-BEYOND));
    let power = rw.select(rw.cmpf(CmpF::Ogt, power, most), most, power);
    let power = rw.select(rw.cmpf(CmpF::Olt, power, least), least, power);
    let result = rw.truncf(v.exp2(power), x.ty());

    // Also where the other number is NaN, or infinite.
    let is_one = rw.ori(rw.cmpf(CmpF::Oeq, size, one), rw.cmpf(CmpF::Oeq, y, zero));
    let result = rw.select(is_one, one, result);
    let is_whole = |x: Val<'c>| rw.cmpf(CmpF::Oeq, rw.math("floor", &[x]), x);
    let not = |x: Val<'c>| rw.xori(x, v.splat(rw.ctx().i(1), rw.ctx().bool_attr(true)));
    let whole = is_whole(y);
    let odd = rw.andi(whole, not(is_whole(rw.mulf(y, v.narrow(0.5)))));
    let signed = rw.math("copysign", &[result, x]);
    let result = rw.select(odd, signed, result);
    let negative = rw.andi(finite, rw.cmpf(CmpF::Olt, x, zero));
    let undefined = rw.andi(negative, not(whole));
    rw.select(undefined, v.narrow(f64::NAN), result)
}
