//! Elementwise functions with two results: `numpy.divmod`, `numpy.modf`, `numpy.frexp`.

use npir_mlir::prelude::*;

use crate::elementwise::broadcast::{Broadcast, broadcast_shapes};
use crate::elementwise::convert::{convert, load, store};
use crate::elementwise::dtype::{Classes, DType};
use crate::elementwise::{Body, FloorDivide, Order, Remainder};
use crate::lowering;
use crate::types::{AnyArray, same_elements, verify_declared};

/// Quotient rounded down and remainder
///
/// The results of `floor_divide` and `remainder`, zero divisors included.
#[op(
    "numpy.divmod",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($quotient) `,` type($remainder)"
)]
pub struct Divmod {
    lhs: Operand<AnyArray>,
    rhs: Operand<AnyArray>,
    quotient: Output<AnyArray>,
    remainder: Output<AnyArray>,
}

/// Fractional and integral part, both with the sign of x
///
/// Of infinity the fractional part is zero. Bool and integers are computed in the smallest float
/// that NumPy takes for them.
#[op(
    "numpy.modf",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x attr-dict `:` type($x) `->` type($fractional) `,` type($integral)"
)]
pub struct Modf {
    x: Operand<AnyArray>,
    fractional: Output<AnyArray>,
    integral: Output<AnyArray>,
}

/// Mantissa in [0.5, 1) and exponent of a power of two, whose product is x
///
/// The exponent is int32, and 0 for zero, NaN and infinities, which are their own mantissa. Bool and
/// integers are computed in the smallest float that NumPy takes for them.
#[op(
    "numpy.frexp",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x attr-dict `:` type($x) `->` type($mantissa) `,` type($exponent)"
)]
pub struct Frexp {
    x: Operand<AnyArray>,
    mantissa: Output<AnyArray>,
    exponent: Output<AnyArray>,
}

/// Checks the element type of an operand.
fn element_of(x: Type<'_>, accepts: Classes) -> Result<DType, String> {
    let dtype = DType::of(x).ok_or("takes arrays")?;
    if accepts.contains(dtype.class()) {
        return Ok(dtype);
    }
    Err(format!(
        "takes {} elements, not {}; cast first",
        accepts.describe(),
        dtype.name()
    ))
}

impl InferTypes for Divmod<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let (lhs, rhs) = (cx.operand_type(0)?, cx.operand_type(1)?);
        element_of(lhs, Classes::NUMBER)?;
        same_elements(lhs, rhs)?;
        let dims = broadcast_shapes(&[lhs.dims(), rhs.dims()])?;
        Ok(vec![cx.ctx.tensor(&dims, lhs.element()); 2])
    }
}

impl InferTypes for Modf<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        let float = element_of(x, Classes::REAL)?.float_of();
        Ok(vec![x.with_element(float.ty(cx.ctx)); 2])
    }
}

impl InferTypes for Frexp<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        let float = element_of(x, Classes::REAL)?.float_of();
        Ok(vec![
            x.with_element(float.ty(cx.ctx)),
            x.with_element(cx.ctx.i(32)),
        ])
    }
}

verify_declared!(Divmod, Modf, Frexp);

/// The ops.
pub fn ops() -> Vec<OpDef> {
    vec![Divmod::def(), Modf::def(), Frexp::def()]
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![
        ConversionPattern::new(Divmod::NAME, |op, cx, rw| {
            lower(
                op,
                cx,
                rw,
                |dtype| dtype,
                |b, x| {
                    let (floor_divide, remainder) = (FloorDivide::ROW.body, Remainder::ROW.body);
                    [floor_divide(b, x), remainder(b, x)]
                },
            )
        }),
        ConversionPattern::new(Modf::NAME, |op, cx, rw| {
            lower(op, cx, rw, DType::float_of, |b, x| modf(b, x[0]))
        }),
        ConversionPattern::new(Frexp::NAME, |op, cx, rw| {
            lower(op, cx, rw, DType::float_of, |b, x| frexp(b, x[0]))
        }),
    ]
}

/// Replaces `op` by one generic with two results. Elements are computed with in what `loop_dtype`
/// gives for theirs, 16-bit floats in `f32`.
fn lower<'c>(
    op: Op<'c>,
    cx: &ConvertCx<'_, 'c>,
    rw: Rewriter<'c>,
    loop_dtype: fn(DType) -> DType,
    body: fn(Body<'c>, &[Val<'c>]) -> [Val<'c>; 2],
) -> Match {
    let Some(from) = DType::of(op.operand(0).ty()) else {
        return no_match("not an array");
    };
    let within = loop_dtype(from).widened();
    let mut results = Vec::new();
    for result in op.result_values() {
        let Some(to) = DType::of(result.ty()) else {
            return no_match("not an array");
        };
        results.push(to);
    }
    let space = Broadcast::new(rw, op.name(), cx.operands);
    let elements: Vec<_> = results.iter().map(|to| to.storage_ty(rw.ctx())).collect();
    let values = space.generic_of(rw, &elements, &vec![true; cx.operands.len()], |rw, args| {
        let wide = |arg: &Val<'c>| convert(rw, load(rw, *arg, from), from, within);
        let args: Vec<_> = args.iter().map(wide).collect();
        let values = body(Body::new(rw, within), &args).into_iter().zip(&results);
        let stored = values.map(|(value, &to)| {
            // An exponent is computed as it is stored.
            let given = if to.is_float() { within } else { to };
            store(rw, convert(rw, value, given, to), to)
        });
        stored.collect()
    });
    let mut replacements = Vec::new();
    for (value, result) in values.into_iter().zip(op.result_values()) {
        replacements.push(lowering::conform(rw, value, cx.convert(result.ty())?));
    }
    rw.replace(op, &replacements);
    Ok(())
}

fn modf<'c>(b: Body<'c>, x: Val<'c>) -> [Val<'c>; 2] {
    let whole = b.math("trunc", &[x]);
    let infinite = b.cmp(Order::Equal, b.abs(x), b.float(f64::INFINITY));
    let rest = b.select(infinite, b.int(0), b.sub(x, whole));
    [b.copysign(rest, x), whole]
}

/// The bits of the exponent, and the number with those of 0.5; subnormal numbers are scaled before.
fn frexp<'c>(b: Body<'c>, x: Val<'c>) -> [Val<'c>; 2] {
    let (digits, bias) = match b.dtype {
        DType::F64 => (53, 1022),
        _ => (24, 126),
    };
    let (rw, int) = (b.rw, b.as_bits());
    let size = b.abs(x);
    let is_zero = b.cmp(Order::Equal, size, b.int(0));
    let finite = b.cmp(Order::Less, size, b.float(f64::INFINITY));
    let subnormal = b.cmp(Order::Less, size, b.float(2f64.powi(-bias)));
    let scaled = b.select(subnormal, b.mul(x, b.float(2f64.powi(digits))), x);
    let bits = b.bits_of(scaled);
    let (digits, bias) = (i64::from(digits), i64::from(bias));
    let exponent_bits = (2 * bias + 3) << (digits - 1);
    let biased = rw.shrui(rw.andi(bits, int.int(exponent_bits)), int.int(digits - 1));
    let correction = int.select(subnormal, int.int(bias + digits), int.int(bias));
    let kept = rw.andi(bits, int.int(!exponent_bits));
    let mantissa = b.from_bits(rw.ori(kept, int.int(bias << (digits - 1))));
    let has_exponent = rw.andi(finite, b.not(is_zero));
    let exponent = int.select(has_exponent, int.sub(biased, correction), int.int(0));
    [
        b.select(has_exponent, mantissa, x),
        convert(rw, exponent, int.dtype, DType::Int(32)),
    ]
}
