//! Expressions on single numbers and vectors of `f32` and `f64`, written once.

use npir_mlir::prelude::*;

use super::coefficients::Coefficients;

pub(super) use npir_mlir::prelude::Val;

/// What numbers have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precision {
    /// `f32`.
    Single,
    /// `f64`.
    Double,
}

/// What `a·b + c` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Products {
    /// One instruction, rounded once.
    Fused,
    /// Two, each rounded.
    Rounded,
}

/// Numbers of one type, and how they are computed with.
#[derive(Clone, Copy)]
pub(crate) struct Lanes<'c> {
    rw: Rewriter<'c>,
    ty: Type<'c>,
    precision: Precision,
    products: Products,
}

/// The sum of two numbers, the lower one small.
#[derive(Clone, Copy)]
pub(super) struct Pair<'c> {
    pub(super) hi: Val<'c>,
    pub(super) lo: Val<'c>,
}

/// A number in two parts, for `f64` and for `f32`.
pub(super) type Constant = [(f64, f64); 2];

impl<'c> Lanes<'c> {
    /// Numbers of the type `f32` or `f64`, or a vector of those.
    pub(super) fn new(rw: Rewriter<'c>, ty: Type<'c>, products: Products) -> Self {
        let precision = match ty.element().bit_width() {
            32 => Precision::Single,
            _ => Precision::Double,
        };
        Self {
            rw,
            ty,
            precision,
            products,
        }
    }

    /// As many numbers of `f64`.
    pub(super) fn wide(self) -> Self {
        Self::new(self.rw, self.of(self.rw.ctx().f64()), self.products)
    }

    /// The same at another place.
    pub(super) fn with(self, rw: Rewriter<'c>) -> Self {
        Self { rw, ..self }
    }

    pub(super) fn rewriter(self) -> Rewriter<'c> {
        self.rw
    }

    /// Whether products are fused with sums.
    pub(super) fn is_fused(self) -> bool {
        self.products == Products::Fused
    }

    /// The one for the numbers' precision.
    pub(super) fn pick<T>(self, double: T, single: T) -> T {
        match self.precision {
            Precision::Double => double,
            Precision::Single => single,
        }
    }

    /// As many of the type.
    fn of(self, element: Type<'c>) -> Type<'c> {
        match self.ty.is_vector() {
            true => self.rw.ctx().vector(&self.ty.dims(), element),
            false => element,
        }
    }

    fn bits_type(self) -> Type<'c> {
        self.of(self.rw.ctx().i(self.pick(64, 32)))
    }

    fn splat(self, ty: Type<'c>, value: Attribute<'c>) -> Val<'c> {
        let value = match ty.is_vector() {
            true => self.rw.ctx().dense_splat(ty, value),
            false => value,
        };
        self.rw.const_attr(value)
    }

    /// A constant.
    pub(super) fn number(self, value: f64) -> Val<'c> {
        let value = self.rw.ctx().float_attr(self.ty.element(), value);
        self.splat(self.ty, value)
    }

    /// A constant in two parts.
    pub(super) fn constant(self, [double, single]: Constant) -> Pair<'c> {
        let (hi, lo) = self.pick(double, single);
        let [hi, lo] = [hi, lo].map(|part| self.number(part));
        Pair { hi, lo }
    }

    fn integer(self, value: i64) -> Val<'c> {
        let ty = self.bits_type();
        self.splat(ty, self.rw.ctx().int_attr(ty.element(), value))
    }

    pub(super) fn add(self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.rw.addf(a, b)
    }

    pub(super) fn sub(self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.rw.subf(a, b)
    }

    pub(super) fn mul(self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.rw.mulf(a, b)
    }

    pub(super) fn div(self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.rw.divf(a, b)
    }

    pub(super) fn neg(self, a: Val<'c>) -> Val<'c> {
        self.rw.negf(a)
    }

    pub(super) fn abs(self, a: Val<'c>) -> Val<'c> {
        self.rw.math("absf", &[a])
    }

    pub(super) fn sqrt(self, a: Val<'c>) -> Val<'c> {
        self.rw.math("sqrt", &[a])
    }

    /// `size` with the sign of another number.
    pub(super) fn copysign(self, size: Val<'c>, sign: Val<'c>) -> Val<'c> {
        self.rw.math("copysign", &[size, sign])
    }

    /// Whether it is a whole number, or infinite. Processors without fused products may round by calls only: there the
    /// size is added to a number whose last digit is one.
    pub(super) fn is_whole(self, a: Val<'c>) -> Val<'c> {
        match self.products {
            Products::Fused => self.equal(self.rw.math("floor", &[a]), a),
            Products::Rounded => {
                let limit = self.power(self.digits());
                let size = self.at_most(self.abs(a), limit);
                let shift = self.number(limit);
                self.equal(self.sub(self.add(size, shift), shift), size)
            }
        }
    }

    /// Not of NaN.
    pub(super) fn less(self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.rw.cmpf(CmpF::Olt, a, b)
    }

    /// Not of NaN.
    pub(super) fn greater(self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.rw.cmpf(CmpF::Ogt, a, b)
    }

    /// Not of NaN.
    pub(super) fn equal(self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.rw.cmpf(CmpF::Oeq, a, b)
    }

    /// Whether one is NaN.
    pub(super) fn unordered(self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.rw.cmpf(CmpF::Uno, a, b)
    }

    /// Of what comparisons give.
    pub(super) fn and(self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.rw.andi(a, b)
    }

    /// Of what comparisons give.
    pub(super) fn or(self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.rw.ori(a, b)
    }

    /// Of what comparisons give.
    pub(super) fn xor(self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.rw.xori(a, b)
    }

    /// Of what a comparison gives.
    pub(super) fn not(self, a: Val<'c>) -> Val<'c> {
        let yes = self.splat(a.ty(), self.rw.ctx().bool_attr(true));
        self.rw.xori(a, yes)
    }

    pub(super) fn select(self, mask: Val<'c>, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.rw.select(mask, a, b)
    }

    /// Numbers of `f32` as ones of `f64`.
    pub(super) fn widen(self, a: Val<'c>) -> Val<'c> {
        self.rw.extf(a, self.wide().ty)
    }

    /// Numbers of `f64` rounded to these.
    pub(super) fn narrow(self, a: Val<'c>) -> Val<'c> {
        self.rw.truncf(a, self.ty)
    }

    /// `a·b + c`.
    pub(super) fn multiply_add(self, a: Val<'c>, b: Val<'c>, c: Val<'c>) -> Val<'c> {
        match self.products {
            Products::Fused => self.rw.math("fma", &[a, b, c]),
            Products::Rounded => self.add(self.mul(a, b), c),
        }
    }

    /// Digits of the significand that are stored.
    fn digits(self) -> i64 {
        self.pick(52, 23)
    }

    /// What exponents are stored with.
    fn bias(self) -> i64 {
        self.pick(1023, 127)
    }

    /// A number from which on the last digit is one, for negative summands as well.
    fn whole_shift(self) -> f64 {
        1.5 * self.power(self.digits())
    }

    fn power(self, exponent: i64) -> f64 {
        2f64.powi(exponent as i32)
    }

    fn bits(self, a: Val<'c>) -> Val<'c> {
        self.rw.bitcast(a, self.bits_type())
    }

    fn float(self, bits: Val<'c>) -> Val<'c> {
        self.rw.bitcast(bits, self.ty)
    }

    fn shift_left(self, a: Val<'c>, by: i64) -> Val<'c> {
        self.rw.shli(a, self.integer(by))
    }

    /// The lowest bits are those of a whole number, in two's complement, and `more`.
    fn whole_bits(self, n: Val<'c>, more: i64) -> Val<'c> {
        let shift = self.number(self.whole_shift() + more as f64);
        self.bits(self.add(n, shift))
    }

    /// `2ⁿ` of whole `n` for which it is neither subnormal nor infinite.
    pub(super) fn power_of_two(self, n: Val<'c>) -> Val<'c> {
        let bits = self.whole_bits(n, self.bias());
        self.float(self.shift_left(bits, self.digits()))
    }

    /// Whether a whole number is odd.
    pub(super) fn is_odd(self, n: Val<'c>) -> Val<'c> {
        let last = self.rw.andi(self.whole_bits(n, 0), self.integer(1));
        self.rw.cmpi(CmpI::Ne, last, self.integer(0))
    }

    /// `x`, negated where the last bit but one of a whole number is set.
    pub(super) fn negate_by(self, x: Val<'c>, n: Val<'c>) -> Val<'c> {
        let width = self.pick(64, 32);
        let sign = self.shift_left(self.whole_bits(n, 0), width - 2);
        let sign = self.rw.andi(sign, self.integer(-1 << (width - 1)));
        self.float(self.rw.xori(self.bits(x), sign))
    }

    /// `k` and `m` from `√½` to `√2` of `x = m 2^k`, of positive normal numbers. Anything for others.
    pub(super) fn split_exponent(self, x: Val<'c>) -> (Val<'c>, Val<'c>) {
        let rw = self.rw;
        let root_of_half = self.pick(0x3FE6_A09E_0000_0000, 0x3F35_04F3);
        // Added to exponents, so that they are positive.
        let more = self.bias() + 1;
        let digits = self.integer(self.digits());
        let bits = self.bits(x);
        let exponent = rw.addi(bits, self.integer((more << self.digits()) - root_of_half));
        let exponent = rw.shrui(exponent, digits);
        // The bits of a power of two and a small whole number are those of their sum.
        let shift = self.power(self.digits());
        let shift_bits = self.pick(shift.to_bits() as i64, i64::from((shift as f32).to_bits()));
        let whole = self.float(rw.ori(exponent, self.integer(shift_bits)));
        let whole = self.sub(whole, self.number(shift + more as f64));
        let rest = rw.subi(bits, rw.shli(exponent, digits));
        let rest = rw.addi(rest, self.integer(more << self.digits()));
        (whole, self.float(rest))
    }

    /// Whether it is positive and neither zero, subnormal, infinite nor NaN. Bits of positive numbers are in their order; shifted
    /// such that the smallest normal one has the smallest bits, all others are beyond infinity.
    pub(super) fn is_positive_normal(self, x: Val<'c>) -> Val<'c> {
        let shift = self.pick(
            i64::MIN.wrapping_sub(f64::MIN_POSITIVE.to_bits() as i64),
            i64::from(i32::MIN.wrapping_sub(f32::MIN_POSITIVE.to_bits() as i32)),
        );
        let bits = self.rw.addi(self.bits(x), self.integer(shift));
        let least = self.pick(i64::MIN, i64::from(i32::MIN));
        let infinity = least + ((2 * self.bias()) << self.digits());
        self.rw.cmpi(CmpI::Slt, bits, self.integer(infinity))
    }

    /// `m / x` where that is a power of two and `m` is near one; zero where `x` is so large that it would be subnormal.
    pub(super) fn ratio_of_powers(self, m: Val<'c>, x: Val<'c>) -> Val<'c> {
        let exponents = self.rw.subi(self.bits(m), self.bits(x));
        let one = self.integer(self.bias() << self.digits());
        let bits = self.rw.addi(exponents, one);
        self.float(self.rw.maxsi(bits, self.integer(0)))
    }

    /// The upper half of the digits.
    fn upper_half(self, x: Val<'c>) -> Val<'c> {
        let mask = self.integer(self.pick(-1 << 27, -1 << 12));
        self.float(self.rw.andi(self.bits(x), mask))
    }

    /// `x`, which is at most `limit`; NaN for NaN.
    pub(super) fn at_most(self, x: Val<'c>, limit: f64) -> Val<'c> {
        let limit = self.number(limit);
        self.select(self.greater(x, limit), limit, x)
    }

    /// `x`, which is at least `limit`; NaN for NaN.
    pub(super) fn at_least(self, x: Val<'c>, limit: f64) -> Val<'c> {
        let limit = self.number(limit);
        self.select(self.less(x, limit), limit, x)
    }

    /// `c - a·b`, rounded once where that is one instruction.
    pub(super) fn minus_product(self, c: Val<'c>, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.multiply_add(self.neg(a), b, c)
    }

    /// `a·b` without an error, unless it is too large or too small.
    pub(super) fn product(self, a: Val<'c>, b: Val<'c>) -> Pair<'c> {
        let hi = self.mul(a, b);
        if self.is_fused() {
            let lo = self.multiply_add(a, b, self.neg(hi));
            return Pair { hi, lo };
        }
        // Dekker, with significands cut instead of rounded.
        let (a_hi, b_hi) = (self.upper_half(a), self.upper_half(b));
        let (a_lo, b_lo) = (self.sub(a, a_hi), self.sub(b, b_hi));
        let lo = self.sub(self.mul(a_hi, b_hi), hi);
        let lo = self.add(lo, self.mul(a_hi, b_lo));
        let lo = self.add(lo, self.mul(a_lo, b_hi));
        let lo = self.add(lo, self.mul(a_lo, b_lo));
        Pair { hi, lo }
    }

    /// `c - a·b` where that is small beside `c`, rounded once.
    pub(super) fn residual(self, c: Val<'c>, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        if self.is_fused() {
            return self.minus_product(c, a, b);
        }
        let product = self.product(a, b);
        self.sub(self.sub(c, product.hi), product.lo)
    }

    /// `a + b` without an error (Knuth).
    pub(super) fn sum(self, a: Val<'c>, b: Val<'c>) -> Pair<'c> {
        let hi = self.add(a, b);
        let other = self.sub(hi, a);
        let lo = self.sub(a, self.sub(hi, other));
        let lo = self.add(lo, self.sub(b, other));
        Pair { hi, lo }
    }

    /// `a + b` without an error, where `a` is zero or not smaller than `b` (Dekker).
    pub(super) fn ordered_sum(self, a: Val<'c>, b: Val<'c>) -> Pair<'c> {
        let hi = self.add(a, b);
        let lo = self.add(self.sub(a, hi), b);
        Pair { hi, lo }
    }

    /// `a / b`; `b` must not be larger or smaller than the reciprocals of normal numbers.
    pub(super) fn quotient(self, a: Pair<'c>, b: Pair<'c>) -> Pair<'c> {
        let reciprocal = self.div(self.number(1.0), b.hi);
        let hi = self.mul(a.hi, reciprocal);
        let rest = self.residual(a.hi, hi, b.hi);
        let rest = self.add(rest, self.minus_product(a.lo, hi, b.lo));
        let lo = self.mul(rest, reciprocal);
        Pair { hi, lo }
    }

    /// A polynomial: its lowest term, and `x` times the rest by Estrin's scheme, which would round the largest terms
    /// again and again.
    pub(super) fn polynomial(self, coefficients: &Coefficients, x: Val<'c>) -> Val<'c> {
        let coefficients = self.pick(coefficients.double, coefficients.single);
        let rest = self.estrin(&coefficients[1..], x);
        self.multiply_add(rest, x, self.number(coefficients[0]))
    }

    /// A polynomial by Estrin's scheme.
    pub(super) fn estrin(self, coefficients: &[f64], x: Val<'c>) -> Val<'c> {
        let mut terms: Vec<_> = coefficients.iter().map(|&c| self.number(c)).collect();
        let mut power = x;
        loop {
            let pairs = terms.chunks(2).map(|pair| match *pair {
                [low, high] => self.multiply_add(high, power, low),
                _ => pair[0],
            });
            terms = pairs.collect();
            if let [whole] = terms[..] {
                return whole;
            }
            power = self.mul(power, power);
        }
    }

    /// The nearest whole number to `x·factor`, which must be below `2⁵¹`, or `2²²`; of two the even one.
    pub(super) fn round_product(self, x: Val<'c>, factor: f64) -> Val<'c> {
        let shift = self.number(self.pick(1.5 * 2f64.powi(52), 1.5 * 2f64.powi(23)));
        let shifted = self.multiply_add(x, self.number(factor), shift);
        self.sub(shifted, shift)
    }

    /// `x·2ⁿ`, rounded once, for whole `n` of at most twice the size of exponents.
    pub(super) fn scale(self, x: Val<'c>, n: Val<'c>) -> Val<'c> {
        let half = self.round_product(n, 0.5);
        let rest = self.sub(n, half);
        self.mul(
            self.mul(x, self.power_of_two(half)),
            self.power_of_two(rest),
        )
    }
}
