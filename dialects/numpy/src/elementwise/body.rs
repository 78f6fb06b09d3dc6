//! Scalar code of the elementwise functions: the operations that table rows are made of, each for
//! every element type it makes sense for.
//!
//! Inside a body `bool` is `i1` and unsigned integers are signless; whether an operation is signed
//! is decided by [`Body::dtype`], the NumPy type. No emitted operation is undefined or poison for
//! any input, except where a `select` in front of every use discards it.

use npir_mlir::prelude::*;

use super::dtype::DType;

/// Emits scalar operations on elements of one NumPy type.
#[derive(Clone, Copy)]
pub struct Body<'c> {
    /// Where the operations go.
    pub rw: Rewriter<'c>,
    /// The NumPy type that the operands have: decides signedness and width.
    pub dtype: DType,
}

/// The order of two elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `a == b`; false for NaN.
    Equal,
    /// `a != b`; true for NaN.
    NotEqual,
    /// `a < b`; false for NaN.
    Less,
    /// `a <= b`; false for NaN.
    LessEqual,
    /// `a > b`; false for NaN.
    Greater,
    /// `a >= b`; false for NaN.
    GreaterEqual,
}

impl<'c> Body<'c> {
    /// A body for elements of `dtype` at the insertion point of `rw`.
    pub fn new(rw: Rewriter<'c>, dtype: DType) -> Self {
        Body { rw, dtype }
    }

    /// The MLIR type of the operands.
    pub fn ty(self) -> Type<'c> {
        self.dtype.compute_ty(self.rw.ctx())
    }

    /// The element `v`, which must be a value of the type.
    pub fn int(self, v: i64) -> Val<'c> {
        if self.dtype.is_complex() {
            self.real(self.part().int(v))
        } else if self.dtype.is_float() {
            self.rw.const_float(self.ty(), v as f64)
        } else {
            self.rw.const_int(self.ty(), self.dtype.wrap(v))
        }
    }

    /// The float `v`, rounded to the type.
    pub fn float(self, v: f64) -> Val<'c> {
        if self.dtype.is_complex() {
            return self.real(self.part().float(v));
        }
        self.rw.const_float(self.ty(), v)
    }

    /// `a + b`, wrapping; logical or for bool.
    pub fn add(self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        match self.dtype {
            DType::Bool => self.rw.ori(a, b),
            t if t.is_complex() => self.by_parts(a, b, Body::add),
            t if t.is_float() => self.rw.addf(a, b),
            _ => self.rw.addi(a, b),
        }
    }

    /// `a - b`, wrapping.
    pub fn sub(self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        if self.dtype.is_complex() {
            self.by_parts(a, b, Body::sub)
        } else if self.dtype.is_float() {
            self.rw.subf(a, b)
        } else {
            self.rw.subi(a, b)
        }
    }

    /// `a · b`, wrapping; logical and for bool.
    pub fn mul(self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        match self.dtype {
            DType::Bool => self.rw.andi(a, b),
            t if t.is_complex() => self.complex_mul(a, b),
            t if t.is_float() => self.rw.mulf(a, b),
            _ => self.rw.muli(a, b),
        }
    }

    /// `sums + a · b`, of the real and the imaginary part if the type has them; floats are rounded once where the
    /// machine does that.
    pub(crate) fn add_product(self, sums: &[Val<'c>], a: Val<'c>, b: Val<'c>) -> Vec<Val<'c>> {
        let add = |sum, a, b| self.rw.multiply_add(a, b, sum);
        if self.dtype.is_complex() {
            let (ar, ai, br, bi) = (self.re(a), self.im(a), self.re(b), self.im(b));
            let re = add(add(sums[0], ar, br), self.part().neg(ai), bi);
            return vec![re, add(add(sums[1], ar, bi), ai, br)];
        }
        vec![match self.dtype.is_float() {
            true => add(sums[0], a, b),
            false => self.add(sums[0], self.mul(a, b)),
        }]
    }

    /// `a / b` of floats or complex numbers.
    pub fn div(self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        if self.dtype.is_complex() {
            return self.complex_div(a, b);
        }
        self.rw.divf(a, b)
    }

    /// `-a`, wrapping; the sign bit of a float flips.
    pub fn neg(self, a: Val<'c>) -> Val<'c> {
        if self.dtype.is_complex() {
            self.each_part(a, Body::neg)
        } else if self.dtype.is_float() {
            self.rw.negf(a)
        } else {
            self.rw.subi(self.int(0), a)
        }
    }

    /// `|a|`, real for complex numbers; the smallest integer is its own.
    pub fn abs(self, a: Val<'c>) -> Val<'c> {
        match self.dtype {
            DType::Int(_) => {
                let negative = self.cmp(Order::Less, a, self.int(0));
                self.rw.select(negative, self.neg(a), a)
            }
            t if t.is_complex() => self.part().hypot(self.re(a), self.im(a)),
            t if t.is_float() => self.math("absf", &[a]),
            _ => a,
        }
    }

    /// The `math` operation `name`.
    pub fn math(self, name: &str, operands: &[Val<'c>]) -> Val<'c> {
        self.rw.math(name, operands)
    }

    /// Compares; the result is `i1`. Complex numbers are ordered by their real parts, equal ones of
    /// those by their imaginary parts.
    pub fn cmp(self, order: Order, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        if self.dtype.is_complex() {
            return self.complex_cmp(order, a, b);
        }
        if self.dtype.is_float() {
            let predicate = match order {
                Order::Equal => CmpF::Oeq,
                Order::NotEqual => CmpF::Une,
                Order::Less => CmpF::Olt,
                Order::LessEqual => CmpF::Ole,
                Order::Greater => CmpF::Ogt,
                Order::GreaterEqual => CmpF::Oge,
            };
            return self.rw.cmpf(predicate, a, b);
        }
        let signed = matches!(self.dtype, DType::Int(_));
        let predicate = match (order, signed) {
            (Order::Equal, _) => CmpI::Eq,
            (Order::NotEqual, _) => CmpI::Ne,
            (Order::Less, true) => CmpI::Slt,
            (Order::LessEqual, true) => CmpI::Sle,
            (Order::Greater, true) => CmpI::Sgt,
            (Order::GreaterEqual, true) => CmpI::Sge,
            (Order::Less, false) => CmpI::Ult,
            (Order::LessEqual, false) => CmpI::Ule,
            (Order::Greater, false) => CmpI::Ugt,
            (Order::GreaterEqual, false) => CmpI::Uge,
        };
        self.rw.cmpi(predicate, a, b)
    }

    /// NumPy's truth value as `i1`: nonzero, NaN included.
    pub fn truth(self, a: Val<'c>) -> Val<'c> {
        if self.dtype.is_bool() {
            a
        } else {
            self.cmp(Order::NotEqual, a, self.int(0))
        }
    }

    /// Whether `a` (of a complex number, either part) is NaN, as `i1`; false for types without NaN.
    pub fn is_nan(self, a: Val<'c>) -> Val<'c> {
        if self.dtype.is_complex() {
            return self.rw.cmpf(CmpF::Uno, self.re(a), self.im(a));
        }
        if self.dtype.is_float() {
            self.rw.cmpf(CmpF::Uno, a, a)
        } else {
            self.rw.const_bool(false)
        }
    }

    /// `¬a` of `i1`.
    pub fn not(self, a: Val<'c>) -> Val<'c> {
        self.rw.xori(a, self.rw.const_bool(true))
    }

    /// `if cond { a } else { b }`.
    pub fn select(self, cond: Val<'c>, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        if self.dtype.is_complex() {
            return self.by_parts(a, b, |part, a, b| part.select(cond, a, b));
        }
        self.rw.select(cond, a, b)
    }

    /// Greater of two, NaN if either is NaN. Zeros of different signs compare equal: the second one
    /// is taken, of `f16` and complex numbers the first one, which is what NumPy computes on x86.
    pub fn maximum(self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.pick_nan(Order::Greater, a, b)
    }

    /// Smaller of two, NaN if either is NaN; zeros as in [`Body::maximum`].
    pub fn minimum(self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.pick_nan(Order::Less, a, b)
    }

    /// `minimum(maximum(x, min), max)`.
    pub fn clip(self, x: Val<'c>, min: Val<'c>, max: Val<'c>) -> Val<'c> {
        if self.dtype.is_complex() {
            let raised = self.complex_clip(Order::Greater, x, min);
            return self.complex_clip(Order::Less, raised, max);
        }
        self.minimum(self.maximum(x, min), max)
    }

    fn pick_nan(self, order: Order, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        // A NaN in `b` is picked by the comparison, which is then false.
        let picked = self.pick(order, a, b);
        if self.dtype.is_float() || self.dtype.is_complex() {
            self.select(self.is_nan(a), a, picked)
        } else {
            picked
        }
    }

    /// The greater or smaller of two, as `order` says; the second one if either is NaN, and zeros as
    /// in [`Body::maximum`].
    pub fn pick(self, order: Order, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        let rw = self.rw;
        match (self.dtype, order) {
            (DType::Bool, Order::Greater) => rw.ori(a, b),
            (DType::Bool, Order::Less) => rw.andi(a, b),
            (DType::Int(_), Order::Greater) => rw.maxsi(a, b),
            (DType::Int(_), Order::Less) => rw.minsi(a, b),
            (DType::UInt(_), Order::Greater) => rw.maxui(a, b),
            (DType::UInt(_), Order::Less) => rw.minui(a, b),
            (DType::F16, Order::Greater) => self.select(self.cmp(Order::GreaterEqual, a, b), a, b),
            (t, _) if t.is_complex() => {
                let order = match order {
                    Order::Greater => Order::GreaterEqual,
                    _ => Order::LessEqual,
                };
                self.select(self.cmp(order, a, b), a, b)
            }
            (t, Order::Less) if t.is_half() => self.select(self.cmp(Order::LessEqual, a, b), a, b),
            _ => self.select(self.cmp(order, a, b), a, b),
        }
    }

    /// The bits of a float as a signless integer of the same width.
    pub fn bits_of(self, a: Val<'c>) -> Val<'c> {
        self.rw
            .bitcast(a, self.rw.ctx().i(self.dtype.bits() as usize))
    }

    /// The integers as wide as this float type.
    pub fn as_bits(self) -> Body<'c> {
        Body::new(self.rw, DType::Int(self.dtype.bits()))
    }

    /// The float with these bits.
    pub fn from_bits(self, bits: Val<'c>) -> Val<'c> {
        self.rw.bitcast(bits, self.ty())
    }

    /// `|a|` with the sign bit of `b`.
    pub fn copysign(self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        let int = self.as_bits();
        let sign = int.int(int.dtype.int_min());
        let magnitude = int.int(!int.dtype.int_min());
        let kept = self.rw.andi(self.bits_of(a), magnitude);
        let taken = self.rw.andi(self.bits_of(b), sign);
        self.from_bits(self.rw.ori(kept, taken))
    }
}
