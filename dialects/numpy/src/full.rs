//! Arrays made from a few numbers: `numpy.full`, `numpy.iota`, `numpy.arange`.

use npir_mlir::prelude::*;

use crate::cast;
use crate::elementwise::Body;
use crate::elementwise::dtype::{Classes, DType};
use crate::lowering;
use crate::target_shape;
use crate::types::{AnyArray, check_declared, element_name, verify_declared};

/// An array whose elements all have one value
///
/// The value is a 0-d array. The shape is a list of static sizes and `index` values.
#[op("numpy.full", traits(Pure), interfaces(Verify, InferTypes, Fold))]
pub struct Full {
    value: Operand<AnyArray>,
    sizes: Variadic<IndexType>,
    shape: Attr<I64Array>,
    result: Output<AnyArray>,
}

impl InferTypes for Full<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let value = cx.operand_type(0)?;
        if value.rank() != 0 {
            return Err(format!("needs a 0-d array as value, got {value}"));
        }
        let shape = cx
            .attr("shape")
            .and_then(I64Array::decode)
            .ok_or("needs a shape")?;
        target_shape::check_sizes(&shape, cx.operands.len() - 1)?;
        Ok(vec![cx.ctx.tensor(&shape, value.element())])
    }
}

verify_declared!(Full, Arange);

impl<'c> Fold<'c> for Full<'c> {
    /// A constant value in a static shape is a constant.
    fn fold(self, operands: &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>> {
        let ty = self.result().ty();
        let value = operands.first()?.as_ref()?.splat_value()?;
        ty.has_static_shape()
            .then(|| vec![FoldResult::Attr(ty.ctx().dense_splat(ty, value))])
    }
}

/// The numbers 0, 1, 2, …
///
/// The size is static or an `index` value; the result type says which numbers. Integers wrap.
#[op("numpy.iota", traits(Pure), interfaces(Verify))]
pub struct Iota {
    sizes: Variadic<IndexType>,
    shape: Attr<I64Array>,
    result: Output<AnyArray>,
}

impl Verify for Iota<'_> {
    fn verify(self) -> Result<(), String> {
        let (ty, shape) = (self.result().ty(), self.shape());
        check_count(&shape, self.sizes().len())?;
        check_numbers(ty)?;
        check_declared(ty, ty.ctx().tensor(&shape, ty.element()))
    }
}

/// The numbers start, start + step, … as NumPy's `arange` fills them
///
/// Start and step are 0-d arrays of the result's type. Element `i` is `start + i · d` with
/// `d = (start + step) - start`, rounded at each operation (16-bit floats only at the end); the
/// first two are `start` and `start + step` exactly. Integers wrap.
#[op("numpy.arange", traits(Pure), interfaces(Verify, InferTypes))]
pub struct Arange {
    start: Operand<AnyArray>,
    step: Operand<AnyArray>,
    sizes: Variadic<IndexType>,
    shape: Attr<I64Array>,
    result: Output<AnyArray>,
}

impl InferTypes for Arange<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let (start, step) = (cx.operand_type(0)?, cx.operand_type(1)?);
        if start != step || start.rank() != 0 {
            return Err(format!(
                "needs 0-d arrays of one type, got {start} and {step}"
            ));
        }
        check_numbers(start)?;
        let shape = cx
            .attr("shape")
            .and_then(I64Array::decode)
            .ok_or("needs a size")?;
        check_count(&shape, cx.operands.len() - 2)?;
        Ok(vec![cx.ctx.tensor(&shape, start.element())])
    }
}

/// Checks that a shape is one valid size.
fn check_count(shape: &[i64], num_operands: usize) -> Result<(), String> {
    if shape.len() != 1 {
        return Err(format!(
            "has one dimension, but {} sizes are given",
            shape.len()
        ));
    }
    target_shape::check_sizes(shape, num_operands)
}

/// Checks that elements are numbers: not bool.
fn check_numbers(ty: Type<'_>) -> Result<(), String> {
    match DType::of(ty) {
        Some(dtype) if Classes::NUMERIC.contains(dtype.class()) => Ok(()),
        _ => Err(format!("counts in numbers, not in {}", element_name(ty))),
    }
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    let mixed = |def: OpDef, arrays: usize| {
        def.custom_assembly(
            move |p| target_shape::parse(p, arrays),
            move |op, p| target_shape::print(op, p, arrays),
        )
    };
    vec![
        mixed(Full::def(), 1),
        mixed(Iota::def(), 0),
        mixed(Arange::def(), 2),
    ]
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![
        ConversionPattern::new(Full::NAME, |op, cx, rw| {
            let sizes = sizes_of(rw, op, Full::NAME, &cx.operands[1..]);
            let scalar = rw.tensor_extract(cx.operands[0], &[]);
            lowering::replace(rw, op, cx, lowering::filled(rw, &sizes, scalar))
        }),
        ConversionPattern::new(Iota::NAME, lower_iota),
        ConversionPattern::new(Arange::NAME, lower_arange),
    ]
}

fn sizes_of<'c>(rw: Rewriter<'c>, op: Op<'c>, name: &str, operands: &[Val<'c>]) -> Vec<OpFold<'c>> {
    let shape = op
        .attr("shape")
        .and_then(I64Array::decode)
        .unwrap_or_default();
    let sizes = target_shape::fill(&shape, operands);
    target_shape::check_at_run_time(rw, name, &sizes);
    sizes
}

/// The loop position as an element of `dtype`, rounded where it is a float.
fn position<'c>(rw: Rewriter<'c>, dtype: DType) -> Val<'c> {
    let i = rw.index_cast(rw.linalg_index(0), rw.ctx().i(64));
    cast::scalar(rw, i, DType::Int(64), dtype)
}

fn lower_iota<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let Some(dtype) = DType::of(op.result_value(0).ty()) else {
        return no_match("not an array");
    };
    let sizes = sizes_of(rw, op, Iota::NAME, cx.operands);
    let element = dtype.storage_ty(rw.ctx());
    let value = lowering::elementwise(rw, &[], &sizes, element, |rw, _| position(rw, dtype));
    lowering::replace(rw, op, cx, value)
}

fn lower_arange<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let Some(dtype) = DType::of(op.result_value(0).ty()) else {
        return no_match("not an array");
    };
    let sizes = sizes_of(rw, op, Arange::NAME, &cx.operands[2..]);
    let element = dtype.storage_ty(rw.ctx());
    let start = rw.tensor_extract(cx.operands[0], &[]);
    let step = rw.tensor_extract(cx.operands[1], &[]);
    // 16-bit floats: the second element is rounded, the distance and the others are not before
    // the end.
    let wide = dtype.widened();
    let body = Body::new(rw, wide);
    let first = cast::scalar(rw, start, dtype, wide);
    let next = body.add(first, cast::scalar(rw, step, dtype, wide));
    let next = cast::scalar(rw, next, wide, dtype);
    let distance = body.sub(cast::scalar(rw, next, dtype, wide), first);
    let value = lowering::elementwise(rw, &[], &sizes, element, |rw, _| {
        let i = rw.linalg_index(0);
        let body = Body::new(rw, wide);
        let place = position(rw, wide.part());
        // Each part of a complex number counts on its own.
        let reached = body.each_or_self(distance, |part, step| part.mul(place, step));
        let reached = cast::scalar(rw, body.add(first, reached), wide, dtype);
        let is = |n| rw.cmpi(CmpI::Eq, i, rw.const_index(n));
        let body = Body::new(rw, dtype);
        let reached = body.select(is(1), next, reached);
        body.select(is(0), start, reached)
    });
    lowering::replace(rw, op, cx, value)
}
