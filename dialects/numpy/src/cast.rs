//! `numpy.cast`: NumPy's `astype`, between all element types.

use npir_mlir::prelude::*;

use crate::elementwise::broadcast::Broadcast;
use crate::elementwise::constant::Scalar;
use crate::elementwise::convert::{convert, load, store};
use crate::elementwise::dtype::DType;
use crate::lowering;
use crate::shape::shape_text;
use crate::types::AnyArray;

/// The operation's name.
pub const NAME: &str = "numpy.cast";

const DOC: &str = "\
Converts the elements of an array to another type, as NumPy's astype.

Floats become integers by truncation; NaN and what does not fit give what x86 gives: the smallest \
integer of 32 or 64 bits, cut to width for narrower types. Everything but zero becomes true, NaN \
included. Integers become floats rounded to nearest, 16-bit ones by way of float32. Integers wrap.";

/// The operation.
pub fn ops() -> Vec<OpDef> {
    vec![
        OpDef::new(NAME)
            .doc(DOC)
            .operand("x", AnyArray::constraint())
            .result("result", AnyArray::constraint())
            .traits(&[Trait::Pure])
            .assembly("$x attr-dict `:` type($x) `->` type($result)")
            .verify(verify)
            .fold(fold)
            .canonicalize(|| {
                vec![Pattern::on(
                    NAME,
                    "numpy-skip-lossless-cast",
                    1,
                    skip_lossless,
                )]
            }),
    ]
}

/// Its conversion to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![ConversionPattern::new(NAME, lower)]
}

/// One scalar of a body, in the form it has in memory below the numpy level (`i8` for bool),
/// converted from `from` to `to`.
pub fn scalar<'c>(rw: Rewriter<'c>, value: Val<'c>, from: DType, to: DType) -> Val<'c> {
    if from == to {
        return value;
    }
    store(rw, convert(rw, load(rw, value, from), from, to), to)
}

fn verify(op: Op<'_>) -> Result<(), String> {
    let (from, to) = (op.operand(0).ty().dims(), op.result_value(0).ty().dims());
    let agrees = from.len() == to.len()
        && from
            .iter()
            .zip(&to)
            .all(|(&from, &to)| to == DYNAMIC || to == from);
    if agrees {
        return Ok(());
    }
    Err(format!(
        "cannot change shape {} to {}",
        shape_text(&from),
        shape_text(&to)
    ))
}

/// A cast to the same type is nothing; constants are converted; of two casts the first one is
/// skipped where it loses nothing.
fn fold<'c>(op: Op<'c>, constants: &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>> {
    let (x, result) = (op.operand(0), op.result_value(0).ty());
    if x.ty() == result {
        return Some(vec![FoldResult::Value(x)]);
    }
    let (from, to) = (DType::of(x.ty())?, DType::of(result)?);
    if let Some(constant) = constants[0] {
        let value = Scalar::of_attr(constant, from)?.convert(from, to)?;
        return Some(vec![FoldResult::Attr(value.splat(result)?)]);
    }
    let inner = skipped(op)?;
    (inner.ty() == result).then(|| vec![FoldResult::Value(inner)])
}

/// The operand of the cast before `op`, if `op` can take that itself.
fn skipped<'c>(op: Op<'c>) -> Option<Val<'c>> {
    let x = op.operand(0);
    let inner = x
        .defining_op()
        .filter(|inner| inner.name() == NAME)?
        .operand(0);
    let (first, middle) = (DType::of(inner.ty())?, DType::of(x.ty())?);
    let last = DType::of(op.result_value(0).ty())?;
    let whole = |dtype: DType| dtype.is_int() || dtype.is_bool();
    // By way of a float, integers that do not fit the last type do not wrap, and 16-bit floats are
    // rounded once and not twice.
    let differs = whole(first) && !whole(middle) && (last.is_int() || last.is_half());
    (first.fits_in(middle) && !differs).then_some(inner)
}

/// Of two casts the first one is skipped where it loses nothing.
fn skip_lossless<'c>(op: Op<'c>, rw: Rewriter<'c>) -> Match {
    let Some(inner) = skipped(op) else {
        return no_match("no lossless cast before this one");
    };
    rw.modify(op, || op.set_operand(0, inner));
    Ok(())
}

fn lower<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (Some(from), Some(to)) = (
        DType::of(op.operand(0).ty()),
        DType::of(op.result_value(0).ty()),
    ) else {
        return no_match("not an array");
    };
    let space = Broadcast::new(rw, NAME, cx.operands);
    let value = space.generic(rw, to.storage_ty(rw.ctx()), &[true], |rw, args| {
        scalar(rw, args[0], from, to)
    });
    lowering::replace(rw, op, cx, value)
}
