//! `numpy.fft_fftfreq`, `fft_rfftfreq`, `fft_fftshift`, `fft_ifftshift`.

use npir_mlir::prelude::*;
use npir_tensor::{CheckKind, InsertView, View};

use crate::lowering;
use crate::shape::normalize_axis;
use crate::sizes;
use crate::types::{AnyArray, RealArray, check_declared, verify_declared};

/// The frequencies of a transform of `n` points
///
/// `0, 1, …, -2, -1` divided by `n * d`, where `d` is the distance between samples, 1 without it.
#[op(
    "numpy.fft_fftfreq",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$n (`d` $d^)? attr-dict `:` type($result)"
)]
pub struct FftFreq {
    n: Operand<IndexType>,
    d: OptionalAttr<F64>,
    result: Output<RealArray>,
}

/// The frequencies of the first half of a transform of `n` points
///
/// `0, 1, …, n / 2` divided by `n * d`, where `d` is the distance between samples, 1 without it.
#[op(
    "numpy.fft_rfftfreq",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$n (`d` $d^)? attr-dict `:` type($result)"
)]
pub struct RFftFreq {
    n: Operand<IndexType>,
    d: OptionalAttr<F64>,
    result: Output<RealArray>,
}

/// The type of the frequencies; `half` of a half.
fn infer_frequencies<'c>(cx: &InferCx<'c>, half: bool) -> Result<Type<'c>, String> {
    let n = cx.operands.first().and_then(|n| n.constant_int());
    let n = n.unwrap_or(DYNAMIC);
    if n < 0 && n != DYNAMIC {
        return Err(format!("negative dimensions are not allowed: size {n}"));
    }
    if n == 0 || cx.attr("d").and_then(F64::decode) == Some(0.0) {
        return Err("division by zero: neither 'n' nor 'd' can be 0".to_string());
    }
    let count = match n {
        DYNAMIC => DYNAMIC,
        n if half => n / 2 + 1,
        n => n,
    };
    Ok(cx.ctx.tensor(&[count], cx.ctx.f64()))
}

impl InferTypes for FftFreq<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        Ok(vec![infer_frequencies(cx, false)?])
    }
}

verify_declared!(FftFreq, RFftFreq);

impl InferTypes for RFftFreq<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        Ok(vec![infer_frequencies(cx, true)?])
    }
}

fn lower_frequencies<'c>(
    op: Op<'c>,
    cx: &ConvertCx<'_, 'c>,
    rw: Rewriter<'c>,
    half: bool,
) -> Match {
    let (i64, f64) = (rw.ctx().i(64), rw.ctx().f64());
    let n = OpFold::Value(cx.operands[0]).simplify();
    let positive = sizes::compare(rw, CmpI::Sgt, n, OpFold::Static(0));
    let message = format!("{}: cannot divide by {{}} points", op.name());
    sizes::check(rw, positive, CheckKind::ZeroDivision, &message, &[n]);
    let one = OpFold::Static(1);
    let pairs = sizes::divide(rw, n, OpFold::Static(2));
    let count = if half { sizes::add(rw, pairs, one) } else { n };
    // The first place of the negative frequencies: (n - 1) / 2 + 1 = n - n / 2.
    let negative = sizes::sub(rw, n, pairs);
    let (points, negative) = (sizes::value(rw, n), sizes::value(rw, negative));
    let d = op.attr("d").and_then(F64::decode).unwrap_or(1.0);
    let span = rw.mulf(
        rw.sitofp(rw.index_cast(points, i64), f64),
        rw.const_float(f64, d),
    );
    let unit = rw.divf(rw.const_float(f64, 1.0), span);
    let value = lowering::elementwise(rw, &[], &[count], f64, |rw, _| {
        let mut i = rw.linalg_index(0);
        if !half {
            let wraps = rw.cmpi(CmpI::Sge, i, negative);
            i = rw.select(wraps, rw.subi(i, points), i);
        }
        rw.mulf(rw.sitofp(rw.index_cast(i, i64), f64), unit)
    });
    lowering::replace(rw, op, cx, value)
}

/// A shift by half of the size of each axis.
struct Shift {
    name: &'static str,
    summary: &'static str,
    /// Whether it undoes the other one: an odd size is shifted by one less or more.
    inverse: bool,
}

static SHIFTS: &[Shift] = &[
    Shift {
        name: "numpy.fft_fftshift",
        summary: "The frequency 0 moved to the middle",
        inverse: false,
    },
    Shift {
        name: "numpy.fft_ifftshift",
        summary: "Inverse of `fft_fftshift`",
        inverse: true,
    },
];

/// Axes that are shifted in one pass over the elements: 2^n parts.
const AXES_TOGETHER: usize = 3;

/// The axes of a shift, all without any.
fn shifted_axes(rank: usize, axes: Option<Attribute<'_>>) -> Result<Vec<usize>, String> {
    let Some(axes) = axes.and_then(I64Array::decode) else {
        return Ok((0..rank).collect());
    };
    axes.iter()
        .map(|&axis| normalize_axis(axis, rank))
        .collect()
}

fn define_shift(row: &'static Shift) -> OpDef {
    OpDef::new(row.name)
        .doc(&format!(
            "{}\n\nAlong `axes`, all without them.",
            row.summary
        ))
        .operand("x", AnyArray::constraint())
        .optional_attribute("axes", I64Array::constraint())
        .result("result", AnyArray::constraint())
        .traits(&[Trait::Pure])
        .assembly("$x (`axes` $axes^)? attr-dict `:` type($x) `->` type($result)")
        .verify(move |op| {
            let x = op.operand(0).ty();
            shifted_axes(x.rank(), op.attr("axes"))?;
            check_declared(op.result_value(0).ty(), x)
        })
        .infer(move |cx| {
            let x = cx.operand_type(0)?;
            shifted_axes(x.rank(), cx.attr("axes"))?;
            Ok(vec![x])
        })
}

fn lower_shift<'c>(row: &Shift, op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let mut value = cx.operands[0];
    let axes = shifted_axes(value.ty().rank(), op.attr("axes")).map_err(NoMatch::new)?;
    // An axis that is given twice is shifted twice.
    let mut rest = axes;
    while !rest.is_empty() {
        let mut now: Vec<usize> = Vec::new();
        rest.retain(|axis| {
            let later = now.contains(axis) || now.len() == AXES_TOGETHER;
            if !later {
                now.push(*axis);
            }
            later
        });
        value = shift(row, rw, value, &now);
    }
    lowering::replace(rw, op, cx, value)
}

/// One pass: every combination of the two parts of each axis goes to its new place.
fn shift<'c>(row: &Shift, rw: Rewriter<'c>, value: Val<'c>, axes: &[usize]) -> Val<'c> {
    let all = sizes::all_of(rw, value);
    let rank = all.len();
    let steps = vec![OpFold::Static(1); rank];
    let dims: Vec<_> = (0..rank as i64).collect();
    // Elements from here on go to the front.
    let split = |axis: usize| {
        let half = sizes::divide(rw, all[axis], OpFold::Static(2));
        match row.inverse {
            true => half,
            false => sizes::sub(rw, all[axis], half),
        }
    };
    let splits: Vec<_> = axes.iter().map(|&axis| split(axis)).collect();
    let mut result = lowering::empty(rw, &all, value.ty().element());
    for choice in 0..1usize << axes.len() {
        let (mut from, mut to) = (vec![OpFold::Static(0); rank], vec![OpFold::Static(0); rank]);
        let mut extents = all.clone();
        for (k, (&axis, &split)) in axes.iter().zip(&splits).enumerate() {
            let rest = sizes::sub(rw, all[axis], split);
            if choice >> k & 1 == 0 {
                (to[axis], extents[axis]) = (rest, split);
            } else {
                (from[axis], extents[axis]) = (split, rest);
            }
        }
        let part = View::create(rw, value, &from, &extents, &steps, &dims);
        result = InsertView::create(rw, part, result, &to, &extents, &steps, &dims);
    }
    result
}

/// The ops.
pub(super) fn ops() -> Vec<OpDef> {
    let mut ops = vec![FftFreq::def(), RFftFreq::def()];
    ops.extend(SHIFTS.iter().map(define_shift));
    ops
}

/// Their conversions to the tensor level.
pub(super) fn lowerings() -> Vec<ConversionPattern> {
    let mut patterns = vec![
        ConversionPattern::new(FftFreq::NAME, |op, cx, rw| {
            lower_frequencies(op, cx, rw, false)
        }),
        ConversionPattern::new(RFftFreq::NAME, |op, cx, rw| {
            lower_frequencies(op, cx, rw, true)
        }),
    ];
    patterns.extend(SHIFTS.iter().map(|row| {
        ConversionPattern::new(row.name, move |op, cx, rw| lower_shift(row, op, cx, rw))
    }));
    patterns
}
