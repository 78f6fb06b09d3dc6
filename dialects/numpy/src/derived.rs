//! Elementwise functions with parameters, which NumPy writes in terms of ufuncs: `numpy.round`,
//! `numpy.nan_to_num`, `numpy.isclose`. Each operation is rounded to the elements' type, as there.

use npir_mlir::prelude::*;

use crate::elementwise::broadcast::{Broadcast, broadcast_shapes};
use crate::elementwise::convert::{convert, load, store};
use crate::elementwise::dtype::{Classes, DType};
use crate::elementwise::{Body, Order};
use crate::lowering;
use crate::types::{AnyArray, check_inferred, element_name, same_elements, verify_declared};

/// Rounds to so many decimals, ties to even
///
/// Multiplies by a power of ten, rounds and divides (with negative decimals: divides, rounds and
/// multiplies), as NumPy does. Integers change with negative decimals only, by way of float64.
/// The parts of complex numbers are rounded each.
#[op(
    "numpy.round",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x (`decimals` $decimals^)? attr-dict `:` type($x) `->` type($result)"
)]
pub struct Round {
    x: Operand<AnyArray>,
    decimals: OptionalAttr<I64>,
    result: Output<AnyArray>,
}

/// Replaces NaN and infinities by numbers
///
/// NaN becomes `nan` (0 where missing), infinities `posinf` and `neginf` (where missing the largest
/// and smallest number of the type); part by part for complex numbers. Bool and integers stay.
#[op(
    "numpy.nan_to_num",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x (`nan` $nan^)? (`posinf` $posinf^)? (`neginf` $neginf^)? attr-dict \
                `:` type($x) `->` type($result)"
)]
pub struct NanToNum {
    x: Operand<AnyArray>,
    nan: OptionalAttr<F64>,
    posinf: OptionalAttr<F64>,
    neginf: OptionalAttr<F64>,
    result: Output<AnyArray>,
}

/// Whether two arrays agree within a tolerance, element by element
///
/// `|lhs - rhs| <= atol + rtol·|rhs|` with a finite `rhs`, or equal. Without them `rtol` is 1e-5 and
/// `atol` 1e-8. With `equal_nan` two NaN agree. Bool and integers are compared in float64.
#[op(
    "numpy.isclose",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$lhs `,` $rhs (`rtol` $rtol^)? (`atol` $atol^)? (`equal_nan` $equal_nan^)? attr-dict \
                `:` type($lhs) `,` type($rhs) `->` type($result)"
)]
pub struct Isclose {
    lhs: Operand<AnyArray>,
    rhs: Operand<AnyArray>,
    rtol: OptionalAttr<F64>,
    atol: OptionalAttr<F64>,
    equal_nan: UnitAttr,
    result: Output<AnyArray>,
}

impl InferTypes for Round<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        match DType::of(x) {
            Some(dtype) if Classes::NUMERIC.contains(dtype.class()) => Ok(vec![x]),
            _ => Err(format!(
                "takes {} elements, not {}; cast first",
                Classes::NUMERIC.describe(),
                element_name(x)
            )),
        }
    }
}

impl InferTypes for NanToNum<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        Ok(vec![cx.operand_type(0)?])
    }
}

impl InferTypes for Isclose<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let (lhs, rhs) = (cx.operand_type(0)?, cx.operand_type(1)?);
        same_elements(lhs, rhs)?;
        let dims = broadcast_shapes(&[lhs.dims(), rhs.dims()])?;
        Ok(vec![cx.ctx.tensor(&dims, cx.ctx.i(1))])
    }
}

verify_declared!(Round, NanToNum);

impl Verify for Isclose<'_> {
    fn verify(self) -> Result<(), String> {
        for (name, tolerance) in [("rtol", self.rtol()), ("atol", self.atol())] {
            if tolerance.is_some_and(|t| !t.is_finite()) {
                return Err(format!("needs a finite {name}"));
            }
        }
        check_inferred::<Self>(self.op())
    }
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    vec![Round::def(), NanToNum::def(), Isclose::def()]
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![
        ConversionPattern::new(Round::NAME, lower_round),
        ConversionPattern::new(NanToNum::NAME, lower_nan_to_num),
        ConversionPattern::new(Isclose::NAME, lower_isclose),
    ]
}

/// Replaces `op` by a generic over the broadcast operands, whose elements of type `from` are
/// computed with in `within` and give elements of type `to`.
fn lower_as<'c>(
    op: Op<'c>,
    cx: &ConvertCx<'_, 'c>,
    rw: Rewriter<'c>,
    [within, to]: [DType; 2],
    body: impl FnOnce(Body<'c>, &[Val<'c>]) -> Val<'c>,
) -> Match {
    let Some(from) = DType::of(op.operand(0).ty()) else {
        return no_match("not an array");
    };
    let space = Broadcast::new(rw, op.name(), cx.operands);
    let (keep, element) = (vec![true; cx.operands.len()], to.storage_ty(rw.ctx()));
    let value = space.generic(rw, element, &keep, |rw, args| {
        let wide = |arg: &Val<'c>| convert(rw, load(rw, *arg, from), from, within);
        let args: Vec<_> = args.iter().map(wide).collect();
        let value = body(Body::new(rw, within), &args);
        let given = if to.is_bool() { to } else { within };
        store(rw, convert(rw, value, given, to), to)
    });
    lowering::replace(rw, op, cx, value)
}

fn lower_round<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (Some(round), Some(dtype)) = (Round::cast(op), DType::of(op.operand(0).ty())) else {
        return no_match("not an array");
    };
    let decimals = round.decimals().unwrap_or(0);
    if dtype.is_int() && decimals >= 0 {
        return lowering::replace(rw, op, cx, cx.operand(0));
    }
    let within = if dtype.is_int() { DType::F64 } else { dtype };
    let power = 10f64.powf(decimals.unsigned_abs() as f64);
    lower_as(op, cx, rw, [within, dtype], |b, x| {
        b.each_or_self(x[0], |part, x| {
            let power = part.float(power);
            match decimals {
                0 => nearest(part, x),
                1.. => part.div(nearest(part, part.mul(x, power)), power),
                _ => part.mul(nearest(part, part.div(x, power)), power),
            }
        })
    })
}

/// The nearest whole number, ties to even.
fn nearest<'c>(b: Body<'c>, x: Val<'c>) -> Val<'c> {
    let wide = Body::new(b.rw, b.dtype.widened());
    let whole = wide.math("roundeven", &[convert(b.rw, x, b.dtype, wide.dtype)]);
    convert(b.rw, whole, wide.dtype, b.dtype)
}

fn lower_nan_to_num<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (Some(view), Some(dtype)) = (NanToNum::cast(op), DType::of(op.operand(0).ty())) else {
        return no_match("not an array");
    };
    if !(dtype.is_float() || dtype.is_complex()) {
        return lowering::replace(rw, op, cx, cx.operand(0));
    }
    let largest = dtype.part().largest();
    let nan = view.nan().unwrap_or(0.0);
    let posinf = view.posinf().unwrap_or(largest);
    let neginf = view.neginf().unwrap_or(-largest);
    lower_as(op, cx, rw, [dtype, dtype], |b, x| {
        b.each_or_self(x[0], |part, x| {
            let replace = |x, condition, by| part.select(condition, part.float(by), x);
            let is = |limit| part.cmp(Order::Equal, x, part.float(limit));
            let known = replace(x, part.is_nan(x), nan);
            let bounded = replace(known, is(f64::INFINITY), posinf);
            replace(bounded, is(f64::NEG_INFINITY), neginf)
        })
    })
}

fn lower_isclose<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (Some(view), Some(dtype)) = (Isclose::cast(op), DType::of(op.operand(0).ty())) else {
        return no_match("not an array");
    };
    let within = match dtype {
        DType::Bool | DType::Int(_) | DType::UInt(_) => DType::F64,
        other => other,
    };
    let rtol = view.rtol().unwrap_or(1e-5);
    let atol = view.atol().unwrap_or(1e-8);
    lower_as(op, cx, rw, [within, DType::Bool], |b, x| {
        let (rw, part, x, y) = (b.rw, b.part(), x[0], x[1]);
        let size = b.abs(y);
        let bound = part.add(part.float(atol), part.mul(part.float(rtol), size));
        let near = part.cmp(Order::LessEqual, b.abs(b.sub(x, y)), bound);
        let is_finite = |x| part.cmp(Order::Less, part.abs(x), part.float(f64::INFINITY));
        let mut finite = is_finite(b.re(y));
        if b.dtype.is_complex() {
            finite = rw.andi(finite, is_finite(b.im(y)));
        }
        let agree = rw.ori(rw.andi(near, finite), b.cmp(Order::Equal, x, y));
        if view.equal_nan() {
            rw.ori(agree, rw.andi(b.is_nan(x), b.is_nan(y)))
        } else {
            agree
        }
    })
}
