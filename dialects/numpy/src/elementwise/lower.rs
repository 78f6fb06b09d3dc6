//! From an elementwise operation to one `linalg.generic` over the common shape.
//!
//! Memory holds `i8` for bool and signless integers. The body reads an element, brings it to the
//! type that the row computes in, runs the row's scalar code and writes the result's element.
//! Constant operands are constants of the body.

use npir_mlir::prelude::*;

use super::body::Body;
use super::broadcast::Broadcast;
use super::constant::Scalar;
use super::convert::{convert, load, store};
use super::dtype::DType;
use super::table::Row;
use crate::lowering;

/// The conversion pattern of `row`.
pub(super) fn lowering(row: &'static Row) -> ConversionPattern {
    ConversionPattern::new(row.op, move |op, cx, rw| lower(row, op, cx, rw))
}

fn lower<'c>(row: &Row, op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let Some(dtype) = DType::of(op.operand(row.first_value()).ty()) else {
        return no_match("not an array");
    };
    let (body_dtype, result_dtype) = (row.body_dtype(dtype), row.result_dtype(dtype));
    let sources: Vec<_> = row.operand_dtypes(dtype).collect();
    let targets: Vec<_> = row.operand_dtypes(body_dtype).collect();
    let constants: Vec<_> = (0..sources.len())
        .map(|i| {
            constant(op.operand(i), cx.operand(i), sources[i])
                .and_then(|scalar| scalar.convert(sources[i], targets[i]))
        })
        .collect();
    if let Some(guard) = row.guard {
        guard(rw, dtype, cx.operands, &constants);
    }
    let keep: Vec<_> = constants.iter().map(Option::is_none).collect();
    let element = result_dtype.storage_ty(rw.ctx());
    let space = Broadcast::new(rw, row.op, cx.operands);
    let value = space.generic(rw, element, &keep, |rw, args| {
        let mut args = args.iter();
        let elements: Vec<_> = (0..sources.len())
            .filter_map(|i| match constants[i] {
                Some(scalar) => Some(scalar.emit(rw, targets[i])),
                None => args
                    .next()
                    .map(|arg| convert(rw, load(rw, *arg, sources[i]), sources[i], targets[i])),
            })
            .collect();
        let value = (row.body)(Body::new(rw, body_dtype), &elements);
        let value = convert(rw, value, row.body_result_dtype(dtype), result_dtype);
        store(rw, value, result_dtype)
    });
    lowering::replace(rw, op, cx, value)
}

/// The scalar that all elements of an operand equal, if that is known: from the numpy-level
/// constant, or from what it was converted to.
fn constant(original: Val<'_>, converted: Val<'_>, dtype: DType) -> Option<Scalar> {
    original
        .constant_attr()
        .or_else(|| converted.constant_attr())
        .and_then(|attr| Scalar::of_attr(attr, dtype))
}
