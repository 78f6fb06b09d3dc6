//! Powers, roots, exponentials and logarithms.

use super::super::body::{Body, Order};
use super::super::complex::{
    complex_exp2, complex_expm1, complex_log1p, complex_log2, complex_log10,
};
use super::super::constant::{Scalar, fold_float};
use super::super::dtype::{Classes, DType};
use super::super::table::ResultRule::{Float, Same, Widest};
use super::super::table::{Row, Rule};
use crate::lowering;
use crate::sizes::{self, Cond};
use npir_machine::Work;
use npir_mlir::prelude::*;
use npir_tensor::{ASSOCIATIVE, CheckKind, ComplexFunction};

functions! {
    /// lhs to the power of rhs; integers wrap, and a negative exponent of one is an error.
    Power(lhs, rhs) = Row::new("numpy.power", Classes::NUMERIC, Same, |b, x| power(b, x[0], x[1]))
        .guard(refuse_negative_exponents)
        .rules(&[Rule::RightIdentity(1.0, Classes::NUMBER)])
        .work(Work::Power);

    /// lhs to the power of rhs in float64 or complex128.
    FloatPower(lhs, rhs) = Row::new("numpy.float_power", Classes::ALL, Widest, |b, x| {
        if b.dtype.is_complex() {
            b.complex_power(x[0], x[1])
        } else {
            b.math("powf", x)
        }
    })
        .work(Work::Power);

    /// Square root; NaN for negative numbers.
    Sqrt(x) = math!("numpy.sqrt", "sqrt", ComplexFunction::Sqrt)
        .fold(|t, x| fold_float(t, x[0].float()?.sqrt()))
        .work(Work::Root);

    /// Cube root.
    Cbrt(x) = math!("numpy.cbrt", "cbrt")
        .work(Work::Log);

    /// e to the power of x.
    Exp(x) = math!("numpy.exp", "exp", ComplexFunction::Exp);

    /// 2 to the power of x.
    Exp2(x) = Row::new("numpy.exp2", Classes::ALL, Float, |b, x| complex_or(b, "exp2", x[0], complex_exp2));

    /// exp(x) - 1, accurate near 0.
    Expm1(x) = Row::new("numpy.expm1", Classes::ALL, Float, |b, x| complex_or(b, "expm1", x[0], complex_expm1));

    /// Natural logarithm.
    Log(x) = math!("numpy.log", "log", ComplexFunction::Log)
        .work(Work::Log);

    /// Logarithm to base 2.
    Log2(x) = Row::new("numpy.log2", Classes::ALL, Float, |b, x| complex_or(b, "log2", x[0], complex_log2))
        .work(Work::Log);

    /// Logarithm to base 10.
    Log10(x) = Row::new("numpy.log10", Classes::ALL, Float, |b, x| complex_or(b, "log10", x[0], complex_log10))
        .work(Work::Log);

    /// log(1 + x), accurate near 0.
    Log1p(x) = Row::new("numpy.log1p", Classes::ALL, Float, |b, x| complex_or(b, "log1p", x[0], complex_log1p))
        .work(Work::Log);

    /// log(exp(lhs) + exp(rhs)) without overflow.
    Logaddexp(lhs, rhs) = Row::new(
        "numpy.logaddexp",
        Classes::REAL,
        Float,
        |b, x| {
            log_add_exp(b, x, std::f64::consts::LN_2, |b, d| {
                b.math("log1p", &[b.math("exp", &[d])])
            })
        },
    )
    .commutative()
        .work(Work::Power);

    /// log2(2**lhs + 2**rhs) without overflow.
    Logaddexp2(lhs, rhs) = Row::new(
        "numpy.logaddexp2",
        Classes::REAL,
        Float,
        |b, x| {
            log_add_exp(b, x, 1.0, |b, d| {
                let log1p = b.math("log1p", &[b.math("exp2", &[d])]);
                b.mul(log1p, b.float(std::f64::consts::LOG2_E))
            })
        },
    )
    .commutative()
        .work(Work::Power);
}

/// The `math` operation `name` of a float, `complex` of a complex number.
fn complex_or<'c>(
    b: Body<'c>,
    name: &str,
    x: Val<'c>,
    complex: fn(Body<'c>, Val<'c>) -> Val<'c>,
) -> Val<'c> {
    if b.dtype.is_complex() {
        complex(b, x)
    } else {
        b.math(name, &[x])
    }
}

/// NumPy's error for integers to negative powers.
fn refuse_negative_exponents<'c>(
    rw: Rewriter<'c>,
    dtype: DType,
    operands: &[Val<'c>],
    constants: &[Option<Scalar>],
) {
    if !matches!(dtype, DType::Int(_)) {
        return;
    }
    let valid = match constants[1].and_then(Scalar::int) {
        Some(exponent) => Cond::Known(exponent >= 0),
        None => Cond::Value(no_element_is_negative(rw, dtype, operands[1])),
    };
    let message = "numpy.power: integers to negative integer powers are not allowed";
    sizes::check(rw, valid, CheckKind::ValueError, message, &[]);
}

/// Whether no element of an array of signed integers is negative, as `i1`.
fn no_element_is_negative<'c>(rw: Rewriter<'c>, dtype: DType, array: Val<'c>) -> Val<'c> {
    // The union of all sign bits.
    let ty = dtype.storage_ty(rw.ctx());
    let zero = rw.const_int(ty, 0);
    let rank = array.ty().rank();
    let init = lowering::filled(rw, &[], zero);
    let maps = [
        lowering::identity_map(rw.ctx(), rank),
        lowering::map(rw.ctx(), rank, &[]),
    ];
    let iterators = vec![Iter::Reduction; rank];
    let union = rw.linalg_generic(&[array], &[init], &maps, &iterators, |rw, args| {
        vec![rw.ori(args[1], args[0])]
    });
    union.set_attr(ASSOCIATIVE, rw.ctx().unit_attr());
    let bits = rw.tensor_extract(union.result_value(0), &[]);
    rw.cmpi(CmpI::Sge, bits, zero)
}

/// Largest constant exponent that is written out as a chain of products.
const LONGEST_CHAIN: i64 = 64;

fn power<'c>(b: Body<'c>, base: Val<'c>, exponent: Val<'c>) -> Val<'c> {
    if b.dtype.is_complex() {
        return b.complex_power(base, exponent);
    }
    let constant = exponent
        .constant_attr()
        .and_then(|attr| Scalar::of_attr(attr, b.dtype));
    if b.dtype.is_float() {
        // NumPy's short cuts for a single exponent: rounded better than `pow`, and the root of
        // minus infinity is NaN.
        return match constant {
            Some(Scalar::Float(0.0)) => b.int(1),
            Some(Scalar::Float(2.0)) => b.mul(base, base),
            Some(Scalar::Float(0.5)) => b.math("sqrt", &[base]),
            Some(Scalar::Float(-1.0)) => b.div(b.int(1), base),
            _ => b.math("powf", &[base, exponent]),
        };
    }
    match constant {
        Some(Scalar::Int(n @ 0..=LONGEST_CHAIN)) => chain(b, base, n),
        _ => power_by_squaring(b, base, exponent),
    }
}

/// `base^n` by squaring, written out.
fn chain<'c>(b: Body<'c>, base: Val<'c>, n: i64) -> Val<'c> {
    let (mut result, mut square, mut rest) = (None, base, n);
    while rest > 0 {
        if rest & 1 == 1 {
            result = Some(result.map_or(square, |r| b.mul(r, square)));
        }
        rest >>= 1;
        if rest > 0 {
            square = b.mul(square, square);
        }
    }
    result.unwrap_or_else(|| b.int(1))
}

/// `base^exponent` modulo 2^width by squaring. Negative exponents do not come here; if one did, it
/// would be taken as the unsigned number with the same bits.
fn power_by_squaring<'c>(b: Body<'c>, base: Val<'c>, exponent: Val<'c>) -> Val<'c> {
    let ty = b.ty();
    let loop_body = move |rw| Body::new(rw, b.dtype);
    b.rw.scf_while(
        &[b.int(1), base, exponent],
        &[ty, ty, ty],
        |rw, s| {
            let b = loop_body(rw);
            (b.cmp(Order::NotEqual, s[2], b.int(0)), s.to_vec())
        },
        |rw, s| {
            let b = loop_body(rw);
            let one = b.int(1);
            let odd = b.cmp(Order::Equal, rw.andi(s[2], one), one);
            let product = b.select(odd, b.mul(s[0], s[1]), s[0]);
            vec![product, b.mul(s[1], s[1]), rw.shrui(s[2], one)]
        },
    )[0]
}

/// `max(x, y) + log(1 + exp(-|x - y|))`, with NumPy's treatment of equal infinities.
fn log_add_exp<'c>(
    b: Body<'c>,
    x: &[Val<'c>],
    log_of_two: f64,
    log1p_exp: fn(Body<'c>, Val<'c>) -> Val<'c>,
) -> Val<'c> {
    let (x, y) = (x[0], x[1]);
    let difference = b.sub(x, y);
    let tail = log1p_exp(b, b.neg(b.abs(difference)));
    let larger = b.pick(Order::Greater, x, y);
    // `x - y` is NaN where either is; both terms of the sum then need not be looked at.
    let apart = b.select(b.is_nan(difference), difference, b.add(larger, tail));
    b.select(
        b.cmp(Order::Equal, x, y),
        b.add(x, b.float(log_of_two)),
        apart,
    )
}
