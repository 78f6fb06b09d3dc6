//! Scalar code of complex numbers, written out for their parts: operation by operation what NumPy's
//! loops do, so that infinities, NaN and signed zeros come out as there.

use npir_mlir::prelude::*;
use npir_tensor::{ComplexFunction, Libm};

use super::body::{Body, Order};
use super::convert::convert;
use super::dtype::DType;

impl<'c> Body<'c> {
    /// A body for the parts of a complex type; itself for other types.
    pub fn part(self) -> Body<'c> {
        Body::new(self.rw, self.dtype.part())
    }

    /// The real part; the number itself if the type is real.
    pub fn re(self, z: Val<'c>) -> Val<'c> {
        self.component(z, "complex.re", 0).unwrap_or(z)
    }

    /// The imaginary part; zero if the type is real.
    pub fn im(self, z: Val<'c>) -> Val<'c> {
        self.component(z, "complex.im", 1)
            .unwrap_or_else(|| self.int(0))
    }

    fn component(self, z: Val<'c>, name: &str, position: usize) -> Option<Val<'c>> {
        if !self.dtype.is_complex() {
            return None;
        }
        let created = z.defining_op().filter(|op| op.name() == "complex.create");
        Some(match created {
            Some(op) => op.operand(position),
            None => self
                .rw
                .op(name)
                .operands(&[z])
                .results(&[self.part().ty()])
                .build_value(),
        })
    }

    /// The complex number with these parts.
    pub fn complex(self, re: Val<'c>, im: Val<'c>) -> Val<'c> {
        self.rw
            .op("complex.create")
            .operands(&[re, im])
            .results(&[self.ty()])
            .build_value()
    }

    /// The complex number `re + 0i`.
    pub(super) fn real(self, re: Val<'c>) -> Val<'c> {
        self.complex(re, self.part().int(0))
    }

    /// `f` of each part.
    pub fn each_part(self, z: Val<'c>, f: impl Fn(Body<'c>, Val<'c>) -> Val<'c>) -> Val<'c> {
        let part = self.part();
        self.complex(f(part, self.re(z)), f(part, self.im(z)))
    }

    /// `f` of each part, of the number itself if the type is real.
    pub fn each_or_self(self, z: Val<'c>, f: impl Fn(Body<'c>, Val<'c>) -> Val<'c>) -> Val<'c> {
        if self.dtype.is_complex() {
            self.each_part(z, f)
        } else {
            f(self, z)
        }
    }

    /// `f` of the real and of the imaginary parts.
    pub(super) fn by_parts(
        self,
        a: Val<'c>,
        b: Val<'c>,
        f: impl Fn(Body<'c>, Val<'c>, Val<'c>) -> Val<'c>,
    ) -> Val<'c> {
        let part = self.part();
        let re = f(part, self.re(a), self.re(b));
        self.complex(re, f(part, self.im(a), self.im(b)))
    }

    /// The conjugate; the number itself if the type is real.
    pub fn conj(self, z: Val<'c>) -> Val<'c> {
        if !self.dtype.is_complex() {
            return z;
        }
        self.complex(self.re(z), self.part().neg(self.im(z)))
    }

    pub(super) fn complex_mul(self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        let (p, ar, ai, br, bi) = (self.part(), self.re(a), self.im(a), self.re(b), self.im(b));
        let re = p.sub(p.mul(ar, br), p.mul(ai, bi));
        self.complex(re, p.add(p.mul(ar, bi), p.mul(ai, br)))
    }

    /// R. L. Smith's algorithm (*Algorithm 116: Complex division*, 1962) with NumPy's treatment of
    /// zero: both parts divided by it.
    pub(super) fn complex_div(self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        let (p, ar, ai, br, bi) = (self.part(), self.re(a), self.im(a), self.re(b), self.im(b));
        let (abs_re, abs_im) = (p.abs(br), p.abs(bi));
        let re_leads = p.cmp(Order::GreaterEqual, abs_re, abs_im);
        let large = p.select(re_leads, br, bi);
        let small = p.select(re_leads, bi, br);
        let ratio = p.div(small, large);
        let scale = p.div(p.int(1), p.add(large, p.mul(small, ratio)));
        // With the leading part in front: (x + y·ratio) and (y - x·ratio), up to the sign.
        let re = p.select(
            re_leads,
            p.add(ar, p.mul(ai, ratio)),
            p.add(p.mul(ar, ratio), ai),
        );
        let im = p.select(
            re_leads,
            p.sub(ai, p.mul(ar, ratio)),
            p.sub(p.mul(ai, ratio), ar),
        );
        let quotient = self.complex(p.mul(re, scale), p.mul(im, scale));
        let zero = p.int(0);
        let by_zero = self.rw.andi(
            p.cmp(Order::Equal, abs_re, zero),
            p.cmp(Order::Equal, abs_im, zero),
        );
        let unbounded = self.complex(p.div(ar, abs_re), p.div(ai, abs_re));
        self.select(by_zero, unbounded, quotient)
    }

    /// `1 / z` as NumPy's `reciprocal` computes it, which has no case for zero.
    pub(super) fn complex_reciprocal(self, z: Val<'c>) -> Val<'c> {
        let (p, re, im) = (self.part(), self.re(z), self.im(z));
        let re_leads = p.cmp(Order::LessEqual, p.abs(im), p.abs(re));
        let large = p.select(re_leads, re, im);
        let small = p.select(re_leads, im, re);
        let ratio = p.div(small, large);
        let scale = p.add(large, p.mul(small, ratio));
        let (one, minus_one) = (p.int(1), p.int(-1));
        let real = p.div(p.select(re_leads, one, ratio), scale);
        let imaginary = p.div(p.select(re_leads, p.neg(ratio), minus_one), scale);
        self.complex(real, imaginary)
    }

    pub(super) fn complex_cmp(self, order: Order, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        let (rw, p) = (self.rw, self.part());
        let (ar, ai, br, bi) = (self.re(a), self.im(a), self.re(b), self.im(b));
        let strict = match order {
            Order::Equal => {
                return rw.andi(p.cmp(order, ar, br), p.cmp(order, ai, bi));
            }
            Order::NotEqual => {
                return rw.ori(p.cmp(order, ar, br), p.cmp(order, ai, bi));
            }
            Order::Less | Order::LessEqual => Order::Less,
            Order::Greater | Order::GreaterEqual => Order::Greater,
        };
        let no_nan = self.not(rw.cmpf(CmpF::Uno, ai, bi));
        let by_re = rw.andi(p.cmp(strict, ar, br), no_nan);
        let by_im = rw.andi(p.cmp(Order::Equal, ar, br), p.cmp(order, ai, bi));
        rw.ori(by_re, by_im)
    }

    /// `a` if it is NaN or `order` (greater or less) than `b`, else `b`. Unlike in comparisons, a NaN
    /// as imaginary part does not hide the order of the real parts.
    pub(super) fn complex_clip(self, order: Order, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        let (rw, p) = (self.rw, self.part());
        let (ar, ai, br, bi) = (self.re(a), self.im(a), self.re(b), self.im(b));
        let by_im = rw.andi(p.cmp(Order::Equal, ar, br), p.cmp(order, ai, bi));
        let taken = rw.ori(p.cmp(order, ar, br), by_im);
        self.select(rw.ori(self.is_nan(a), taken), a, b)
    }

    /// `z / |z|`, zero for zero; the limit for one infinite part, NaN for two.
    pub(super) fn complex_sign(self, z: Val<'c>) -> Val<'c> {
        let (rw, p, re, im) = (self.rw, self.part(), self.re(z), self.im(z));
        let (zero, nan) = (p.int(0), p.float(f64::NAN));
        let size = p.hypot(re, im);
        let infinite = |x| p.cmp(Order::Equal, p.abs(x), p.float(f64::INFINITY));
        let (re_infinite, im_infinite) = (infinite(re), infinite(im));
        let unit = |x: Val<'c>, own: Val<'c>, other: Val<'c>| {
            let limit = p.select(own, p.copysign(p.int(1), x), zero);
            let limit = p.select(rw.andi(own, other), nan, limit);
            let any = rw.ori(own, other);
            let finite = p.select(p.cmp(Order::Equal, size, zero), zero, p.div(x, size));
            p.select(any, limit, finite)
        };
        let known = self.complex(
            unit(re, re_infinite, im_infinite),
            unit(im, im_infinite, re_infinite),
        );
        self.select(p.is_nan(size), self.complex(nan, nan), known)
    }

    /// `function` of the C library, in `complex128`.
    pub fn libm(self, function: ComplexFunction, operands: &[Val<'c>]) -> Val<'c> {
        let (rw, wide) = (self.rw, DType::C128);
        let operands: Vec<_> = operands
            .iter()
            .map(|&v| convert(rw, v, self.dtype, wide))
            .collect();
        let value = Libm::build(rw, function, &operands, wide.compute_ty(rw.ctx())).result();
        convert(rw, value, wide, self.dtype)
    }

    /// The `math` operation `name` of a float, `function` of a complex number.
    pub(super) fn math_or(
        self,
        name: &str,
        function: ComplexFunction,
        operands: &[Val<'c>],
    ) -> Val<'c> {
        if self.dtype.is_complex() {
            self.libm(function, operands)
        } else {
            self.math(name, operands)
        }
    }
}

/// `z · factor` for a real factor.
fn scaled<'c>(b: Body<'c>, z: Val<'c>, factor: f64) -> Val<'c> {
    b.each_part(z, |part, x| part.mul(x, part.float(factor)))
}

/// `2^z` by way of `e^z`.
pub(super) fn complex_exp2<'c>(b: Body<'c>, z: Val<'c>) -> Val<'c> {
    b.libm(
        ComplexFunction::Exp,
        &[scaled(b, z, std::f64::consts::LN_2)],
    )
}

/// `e^z - 1`, accurate near 0: `expm1(x) cos(y) - 2 sin²(y/2) + i eˣ sin(y)`.
pub(super) fn complex_expm1<'c>(b: Body<'c>, z: Val<'c>) -> Val<'c> {
    let (p, x, y) = (b.part(), b.re(z), b.im(z));
    let half = p.math("sin", &[p.mul(y, p.float(0.5))]);
    let turned = p.mul(p.math("expm1", &[x]), p.math("cos", &[y]));
    let re = p.sub(turned, p.mul(p.mul(p.int(2), half), half));
    b.complex(re, p.mul(p.math("exp", &[x]), p.math("sin", &[y])))
}

/// The logarithm to base 2.
pub(super) fn complex_log2<'c>(b: Body<'c>, z: Val<'c>) -> Val<'c> {
    scaled(
        b,
        b.libm(ComplexFunction::Log, &[z]),
        std::f64::consts::LOG2_E,
    )
}

/// The logarithm to base 10.
pub(super) fn complex_log10<'c>(b: Body<'c>, z: Val<'c>) -> Val<'c> {
    scaled(
        b,
        b.libm(ComplexFunction::Log, &[z]),
        std::f64::consts::LOG10_E,
    )
}

/// `log(1 + z)` as NumPy has it: `log |1 + z| + i arg(1 + z)`.
pub(super) fn complex_log1p<'c>(b: Body<'c>, z: Val<'c>) -> Val<'c> {
    let (p, y) = (b.part(), b.im(z));
    let x = p.add(b.re(z), p.int(1));
    let re = p.math("log", &[p.hypot(x, y)]);
    b.complex(re, p.math("atan2", &[y, x]))
}

/// Whole exponents below this one are products in NumPy.
const LARGEST_WHOLE: f64 = 100.0;

impl<'c> Body<'c> {
    /// `base^exponent` as NumPy's `npy_cpow`: 1 for the exponent 0; of base 0 zero or NaN; products
    /// for small whole exponents; the C library's otherwise.
    ///
    /// In `complex128`: the C library's `cpowf` loses most digits.
    pub(super) fn complex_power(self, base: Val<'c>, exponent: Val<'c>) -> Val<'c> {
        if self.dtype == DType::C64 {
            let (rw, wide) = (self.rw, DType::C128);
            let [base, exponent] = [base, exponent].map(|z| convert(rw, z, self.dtype, wide));
            let power = Body::new(rw, wide).complex_power(base, exponent);
            return convert(rw, power, wide, self.dtype);
        }
        let (rw, p) = (self.rw, self.part());
        let (zero, one) = (p.int(0), p.int(1));
        let (ar, ai) = (self.re(base), self.im(base));
        let (br, bi) = (self.re(exponent), self.im(exponent));
        let is_zero = |x| p.cmp(Order::Equal, x, zero);
        let both_zero = |x, y| rw.andi(is_zero(x), is_zero(y));
        let near = p.cmp(Order::Less, p.abs(br), p.float(LARGEST_WHOLE));
        let whole = rw.andi(is_zero(bi), rw.andi(near, self.is_whole(br)));
        let general = rw.scf_if(
            whole,
            &[self.ty()],
            |rw| {
                let b = Body::new(rw, self.dtype);
                vec![b.whole_power(base, br)]
            },
            |rw| {
                let b = Body::new(rw, self.dtype);
                vec![b.libm(ComplexFunction::Pow, &[base, exponent])]
            },
        )[0];
        let nan = p.float(f64::NAN);
        let vanishes = p.cmp(Order::Greater, br, zero);
        let of_zero = p.select(vanishes, zero, nan);
        let power = self.select(both_zero(ar, ai), self.complex(of_zero, of_zero), general);
        self.select(both_zero(br, bi), self.complex(one, zero), power)
    }

    fn is_whole(self, x: Val<'c>) -> Val<'c> {
        let p = self.part();
        p.cmp(Order::Equal, p.math("trunc", &[x]), x)
    }

    /// `base^n` for a whole number `n` by squaring, the quotient of 1 and that for negative ones.
    fn whole_power(self, base: Val<'c>, n: Val<'c>) -> Val<'c> {
        let (rw, p, int) = (self.rw, self.part(), DType::Int(64));
        let count = convert(rw, p.abs(n), p.dtype, int);
        let (ty, count_ty) = (self.ty(), count.ty());
        let carried = rw.scf_while(
            &[self.int(1), base, count],
            &[ty, ty, count_ty],
            |rw, s| {
                let b = Body::new(rw, int);
                (b.cmp(Order::NotEqual, s[2], b.int(0)), s.to_vec())
            },
            |rw, s| {
                let (z, b) = (Body::new(rw, self.dtype), Body::new(rw, int));
                let one = b.int(1);
                let odd = b.cmp(Order::Equal, rw.andi(s[2], one), one);
                let product = z.select(odd, z.mul(s[0], s[1]), s[0]);
                vec![product, z.mul(s[1], s[1]), rw.shrui(s[2], one)]
            },
        );
        let negative = p.cmp(Order::Less, n, p.int(0));
        let inverse = self.div(self.int(1), carried[0]);
        let power = self.select(negative, inverse, carried[0]);
        // Left alone, so that an infinite part keeps the other one.
        self.select(p.cmp(Order::Equal, n, p.int(1)), base, power)
    }
}
