//! The pass `numpy-to-tensor`: from the numpy level to the tensor level.
//!
//! Every numpy op has its conversion pattern beside its definition; here are the types (bool arrays
//! become bytes, unsigned integers signless), the signatures of functions and the values that `scf`
//! carries, and upstream's ops that only move arrays whose elements change.

use npir_mlir::prelude::*;

use crate::constant;
use crate::elementwise::convert::{load, store};
use crate::elementwise::dtype::DType;

/// Convert the numpy level to the tensor level
///
/// Arrays of bool become tensors of bytes that are 0 or 1, unsigned integers become signless ones
/// with unsigned operations; scalars of bool stay `i1`. What static shapes do not decide is checked
/// at run time by `tensor_ext.check`. Ops of other dialects stay.
#[pass(
    "numpy-to-tensor",
    on = "builtin.module",
    dependent_dialects("arith", "complex", "linalg", "math", "scf", "tensor", "tensor_ext")
)]
#[derive(Clone)]
pub struct NumpyToTensor {}

impl Pass for NumpyToTensor {
    fn run(&mut self, op: Op<'_>, _: &PassCx) -> PassResult {
        let converter = TypeConverter::new().rule(convert_type);
        let target = ConversionTarget::new(op.ctx())
            .legal_dialects(&["builtin"])
            .illegal_dialects(&["numpy"])
            .unknown_dynamically_legal(|op| Some(has_storage_types(op)));
        Conversion::new(&converter, target)
            .patterns(&crate::lowerings())
            .patterns(&upstream_lowerings())
            .func_types()
            .scf_types()
            .run_partial(op)?;
        Ok(())
    }
}

/// The tensor level's form of a type of the numpy level.
fn convert_type(ty: Type<'_>) -> Converted<'_> {
    match DType::of(ty) {
        Some(dtype) if ty.is_tensor() => Converted::To(ty.with_element(dtype.storage_ty(ty.ctx()))),
        // A scalar.
        Some(dtype) if !ty.is_shaped() => Converted::To(dtype.compute_ty(ty.ctx())),
        _ => Converted::To(ty),
    }
}

/// Whether all types of an op belong to the tensor level.
fn has_storage_types(op: Op<'_>) -> bool {
    let stays = |ty: Type<'_>| matches!(convert_type(ty), Converted::To(to) if to == ty);
    op.operand_types().into_iter().all(stays) && op.result_types().into_iter().all(stays)
}

/// Upstream's ops that move arrays without looking into them: the same op on converted types.
const MOVING: &[&str] = &[
    "arith.select",
    "tensor.cast",
    "tensor.collapse_shape",
    "tensor.concat",
    "tensor.dim",
    "tensor.empty",
    "tensor.expand_shape",
    "tensor.extract_slice",
    "tensor.insert_slice",
    "tensor.reshape",
];

fn upstream_lowerings() -> Vec<ConversionPattern> {
    let mut patterns: Vec<_> = MOVING
        .iter()
        .map(|name| ConversionPattern::new(name, rebuild))
        .collect();
    patterns.extend([
        ConversionPattern::new("arith.constant", |op, cx, rw| {
            let ty = cx.convert(op.result_value(0).ty())?;
            let value = op
                .attr("value")
                .and_then(|value| constant::storage_value(value, ty));
            let value = value.ok_or_else(|| NoMatch::new("the value has no dense elements"))?;
            let new = rw
                .op("arith.constant")
                .attr("value", value)
                .results(&[ty])
                .build();
            rw.replace(op, &new.result_values());
            Ok(())
        }),
        ConversionPattern::new("tensor.extract", |op, cx, rw| {
            let dtype = element_type(op.operand(0))?;
            let stored = rw.tensor_extract(cx.operand(0), &cx.operands[1..]);
            rw.replace(op, &[load(rw, stored, dtype)]);
            Ok(())
        }),
        ConversionPattern::new("tensor.insert", |op, cx, rw| {
            let dtype = element_type(op.operand(1))?;
            let stored = store(rw, cx.operand(0), dtype);
            let new = rw.tensor_insert(stored, cx.operand(1), &cx.operands[2..]);
            rw.replace(op, &[new]);
            Ok(())
        }),
        ConversionPattern::new("tensor.from_elements", |op, cx, rw| {
            let dtype = element_type(op.result_value(0))?;
            let stored: Vec<_> = cx.operands.iter().map(|&v| store(rw, v, dtype)).collect();
            let ty = cx.convert(op.result_value(0).ty())?;
            rw.replace(op, &[rw.tensor_from_elements(&stored, ty)]);
            Ok(())
        }),
    ]);
    patterns
}

fn element_type(array: Val<'_>) -> Result<DType, NoMatch> {
    DType::of(array.ty()).ok_or_else(|| NoMatch::new("not an array"))
}

/// The same op on converted operands, with converted result types.
fn rebuild<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let results = op.result_types().into_iter().map(|ty| cx.convert(ty));
    let results = results.collect::<Result<Vec<_>, _>>()?;
    let mut new = rw.op(op.name()).operands(cx.operands).results(&results);
    for (name, value) in op.attrs() {
        new = new.attr(name, value);
    }
    rw.replace(op, &new.build().result_values());
    Ok(())
}
