//! Conversion of one scalar between element types, as NumPy's `astype` on x86 does it.
//!
//! Floats become integers by truncation; where NaN or the truncated value does not fit, the result
//! is what the processor's conversion gives: the smallest integer of the 32-bit (for narrower
//! types: then cut to width) or 64-bit type. 16-bit floats convert to and from integers through
//! `f32`.

use npir_mlir::prelude::*;

use super::body::{Body, Order};
use super::dtype::DType;

/// `value` of type `from` as an element of type `to`; both in compute form (`i1` for bool,
/// signless integers). From complex to real the imaginary part is dropped.
pub fn convert<'c>(rw: Rewriter<'c>, value: Val<'c>, from: DType, to: DType) -> Val<'c> {
    if from == to {
        return value;
    }
    if from.is_complex() || to.is_complex() {
        return convert_complex(rw, value, from, to);
    }
    if to.is_bool() {
        return Body::new(rw, from).truth(value);
    }
    let signed = matches!(from, DType::Int(_));
    let ty = to.compute_ty(rw.ctx());
    match (from.is_float(), to.is_float()) {
        (true, true) => float_to_float(rw, value, from, to),
        (true, false) => float_to_int(rw, value, from, to),
        (false, true) => {
            let wide = to.widened();
            let wide_ty = wide.compute_ty(rw.ctx());
            let value = if signed {
                rw.sitofp(value, wide_ty)
            } else {
                rw.uitofp(value, wide_ty)
            };
            float_to_float(rw, value, wide, to)
        }
        (false, false) if from.bits() > to.bits() => rw.trunci(value, ty),
        (false, false) if from.bits() == to.bits() => value,
        (false, false) if signed => rw.extsi(value, ty),
        (false, false) => rw.extui(value, ty),
    }
}

/// The conversions with a complex type on either side.
fn convert_complex<'c>(rw: Rewriter<'c>, value: Val<'c>, from: DType, to: DType) -> Val<'c> {
    let part = |dtype| {
        if dtype == DType::C64 {
            DType::F32
        } else {
            DType::F64
        }
    };
    let (real, imaginary) = if from.is_complex() {
        let part_ty = part(from).compute_ty(rw.ctx());
        let get = |name| {
            rw.op(name)
                .operands(&[value])
                .results(&[part_ty])
                .build_value()
        };
        (get("complex.re"), Some(get("complex.im")))
    } else {
        (value, None)
    };
    let from = if from.is_complex() { part(from) } else { from };
    if to.is_complex() {
        let element = Body::new(rw, part(to));
        let real = convert(rw, real, from, element.dtype);
        let imaginary = imaginary.map_or(element.int(0), |im| convert(rw, im, from, element.dtype));
        let ty = to.compute_ty(rw.ctx());
        return rw
            .op("complex.create")
            .operands(&[real, imaginary])
            .results(&[ty])
            .build_value();
    }
    let real = convert(rw, real, from, to);
    match imaginary {
        Some(im) if to.is_bool() => rw.ori(real, convert(rw, im, from, to)),
        _ => real,
    }
}

/// Rounds to the nearest, ties to even.
fn float_to_float<'c>(rw: Rewriter<'c>, value: Val<'c>, from: DType, to: DType) -> Val<'c> {
    let ctx = rw.ctx();
    match (from, to) {
        _ if from == to => value,
        (DType::F16 | DType::BF16, DType::F16 | DType::BF16) => {
            let single = rw.extf(value, ctx.f32());
            float_to_float(rw, single, DType::F32, to)
        }
        (DType::F64, DType::F16 | DType::BF16) => {
            let single = single_rounded_to_odd(rw, value);
            float_to_float(rw, single, DType::F32, to)
        }
        _ if from.bits() < to.bits() => rw.extf(value, to.compute_ty(ctx)),
        _ => rw.truncf(value, to.compute_ty(ctx)),
    }
}

/// An `f64` as an `f32` such that rounding that to a 16-bit float rounds only once: truncated, and
/// the last bit set if anything was cut off (S. Boldo and G. Melquiond, *Emulation of FMA and
/// correctly rounded sums: proved algorithms using rounding to odd*, 2008).
fn single_rounded_to_odd<'c>(rw: Rewriter<'c>, value: Val<'c>) -> Val<'c> {
    let (double, single, int) = (
        Body::new(rw, DType::F64),
        Body::new(rw, DType::F32),
        Body::new(rw, DType::Int(32)),
    );
    let nearest = rw.truncf(value, single.ty());
    let back = rw.extf(nearest, double.ty());
    let bits = single.bits_of(nearest);
    let overshot = double.cmp(Order::Greater, double.abs(back), double.abs(value));
    let truncated = int.select(overshot, int.sub(bits, int.int(1)), bits);
    // Ordered: a NaN is not inexact, it stays as it is.
    let inexact = rw.cmpf(CmpF::One, back, value);
    let odd = int.select(inexact, rw.ori(truncated, int.int(1)), truncated);
    single.from_bits(odd)
}

/// Truncation as x86 does it.
fn float_to_int<'c>(rw: Rewriter<'c>, value: Val<'c>, from: DType, to: DType) -> Val<'c> {
    let wide = from.widened();
    let b = Body::new(rw, wide);
    let value = float_to_float(rw, value, from, wide);
    match to {
        DType::UInt(64) => {
            // At or above 2^63, what is above it is converted and the top bit flipped.
            let limit = b.float(TWO_TO_63);
            let large = b.cmp(Order::GreaterEqual, value, limit);
            let reduced = b.select(large, b.sub(value, limit), value);
            let low = truncate(b, reduced, 64);
            let int = Body::new(rw, DType::Int(64));
            let flip = int.select(large, int.int(i64::MIN), int.int(0));
            rw.xori(low, flip)
        }
        DType::Int(64) => truncate(b, value, 64),
        DType::UInt(32) => rw.trunci(truncate(b, value, 64), rw.ctx().i(32)),
        DType::Int(32) => truncate(b, value, 32),
        _ => rw.trunci(truncate(b, value, 32), to.compute_ty(rw.ctx())),
    }
}

const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

/// The signed integer of `width` bits, its smallest value if the truncated float does not fit.
/// (`fptosi` is poison there, and the `select` does not take it.)
fn truncate<'c>(b: Body<'c>, value: Val<'c>, width: u32) -> Val<'c> {
    let int = Body::new(b.rw, DType::Int(width));
    // All of [-2^(w-1) - 1, -2^(w-1)] gives the smallest value either way.
    let limit = b.float(TWO_TO_63 / 2f64.powi(64 - width as i32));
    let fits = b.cmp(Order::Less, b.abs(value), limit);
    let converted = b.rw.fptosi(value, int.ty());
    int.select(fits, converted, int.int(int.dtype.int_min()))
}

/// `value` as read from memory below the numpy level (`i8` for bool) in compute form.
pub fn load<'c>(rw: Rewriter<'c>, value: Val<'c>, dtype: DType) -> Val<'c> {
    match dtype {
        DType::Bool => {
            let zero = rw.const_int(value.ty(), 0);
            rw.cmpi(CmpI::Ne, value, zero)
        }
        _ => value,
    }
}

/// A value in compute form as it is written to memory below the numpy level.
pub fn store<'c>(rw: Rewriter<'c>, value: Val<'c>, dtype: DType) -> Val<'c> {
    match dtype {
        DType::Bool => rw.extui(value, dtype.storage_ty(rw.ctx())),
        _ => value,
    }
}
