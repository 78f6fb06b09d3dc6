//! Between arrays and scalars: `numpy.item`, `numpy.from_scalar`, and sizes as `index` values:
//! `numpy.dim`, `numpy.shape`, `numpy.size`.

use npir_mlir::prelude::*;
use npir_tensor::CheckKind;

use crate::elementwise::dtype::DType;
use crate::lowering;
use crate::shape::{element_count, normalize_axis, shape_placeholder, shape_text};
use crate::sizes::{self, Cond};
use crate::types::{AnyArray, ArrayScalar};

/// The only element of an array, as a scalar
///
/// For conditions and bounds of `scf`. Every size must be 1.
#[op(
    "numpy.item",
    traits(Pure),
    interfaces(Verify, InferTypes, Fold),
    assembly = "$x attr-dict `:` type($x)"
)]
pub struct Item {
    x: Operand<AnyArray>,
    result: Output<ArrayScalar>,
}

impl InferTypes for Item<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        let dims = x.dims();
        if dims.iter().any(|&d| d != 1 && d != DYNAMIC) {
            return Err(format!(
                "can only convert an array of size 1 to a scalar, not one of shape {}",
                shape_text(&dims)
            ));
        }
        Ok(vec![x.element()])
    }
}

impl Verify for Item<'_> {
    fn verify(self) -> Result<(), String> {
        same_type(self.result().ty(), Self::infer(&InferCx::of(self.op()))?[0])
    }
}

impl<'c> Fold<'c> for Item<'c> {
    /// The element of a constant, or the scalar that the array was made from.
    fn fold(self, operands: &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>> {
        if let Some(value) = operands
            .first()?
            .as_ref()
            .and_then(|attr| attr.splat_value())
        {
            return (!self.result().ty().is_unsigned()).then(|| vec![FoldResult::Attr(value)]);
        }
        let made = self.x().defining_op().and_then(FromScalar::cast)?.x();
        (made.ty() == self.result().ty()).then(|| vec![FoldResult::Value(made)])
    }
}

/// A scalar as a 0-d array; an `index` becomes an `i64`
#[op(
    "numpy.from_scalar",
    traits(Pure),
    interfaces(Verify, InferTypes, Fold),
    assembly = "$x attr-dict `:` type($x)"
)]
pub struct FromScalar {
    x: Operand<ArrayScalar>,
    result: Output<AnyArray>,
}

impl InferTypes for FromScalar<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let ty = cx.operand_type(0)?;
        Ok(vec![cx.ctx.tensor(
            &[],
            if ty.is_index() { cx.ctx.i(64) } else { ty },
        )])
    }
}

impl Verify for FromScalar<'_> {
    fn verify(self) -> Result<(), String> {
        same_type(self.result().ty(), Self::infer(&InferCx::of(self.op()))?[0])
    }
}

impl<'c> Fold<'c> for FromScalar<'c> {
    /// The array of a constant, or the 0-d array that the scalar came from.
    fn fold(self, operands: &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>> {
        let ty = self.result().ty();
        if let Some(value) = operands.first()? {
            let ctx = ty.ctx();
            let value = match value.as_int() {
                Some(bits) if ty.element() != value.attr_type() => ctx.int_attr(ty.element(), bits),
                _ => *value,
            };
            return Some(vec![FoldResult::Attr(ctx.dense_splat(ty, value))]);
        }
        let from = self.x().defining_op().and_then(Item::cast)?.x();
        (from.ty() == ty).then(|| vec![FoldResult::Value(from)])
    }
}

/// One size of an array; a negative axis counts from the end
#[op(
    "numpy.dim",
    traits(Pure),
    interfaces(Verify, InferTypes, Fold),
    assembly = "$x `axis` $axis attr-dict `:` type($x)"
)]
pub struct Dim {
    x: Operand<AnyArray>,
    axis: Attr<I64>,
    result: Output<IndexType>,
}

impl InferTypes for Dim<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let axis = cx
            .attr("axis")
            .and_then(I64::decode)
            .ok_or("needs an axis")?;
        normalize_axis(axis, cx.operand_type(0)?.rank())?;
        Ok(vec![cx.ctx.index()])
    }
}

impl Verify for Dim<'_> {
    fn verify(self) -> Result<(), String> {
        Self::infer(&InferCx::of(self.op())).map(|_| ())
    }
}

impl<'c> Fold<'c> for Dim<'c> {
    fn fold(self, _: &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>> {
        let dims = self.x().ty().dims();
        let size = dims[normalize_axis(self.axis(), dims.len()).ok()?];
        (size != DYNAMIC).then(|| vec![FoldResult::Attr(self.op().ctx().index_attr(size))])
    }
}

/// All sizes of an array, one `index` each
#[op(
    "numpy.shape",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x attr-dict `:` type($x)"
)]
pub struct Shape {
    x: Operand<AnyArray>,
    sizes: VariadicOutput<IndexType>,
}

impl InferTypes for Shape<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        Ok(vec![cx.ctx.index(); cx.operand_type(0)?.rank()])
    }
}

impl Verify for Shape<'_> {
    fn verify(self) -> Result<(), String> {
        let (results, rank) = (self.op().num_results(), self.x().ty().rank());
        if results == rank {
            Ok(())
        } else {
            Err(format!(
                "has {results} results for an array of dimension {rank}"
            ))
        }
    }
}

/// The number of elements of an array
#[op(
    "numpy.size",
    traits(Pure),
    interfaces(InferTypes, Fold),
    assembly = "$x attr-dict `:` type($x)"
)]
pub struct Size {
    x: Operand<AnyArray>,
    result: Output<IndexType>,
}

impl InferTypes for Size<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        Ok(vec![cx.ctx.index()])
    }
}

impl<'c> Fold<'c> for Size<'c> {
    fn fold(self, _: &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>> {
        let count = element_count(&self.x().ty().dims()).ok()??;
        Some(vec![FoldResult::Attr(self.op().ctx().index_attr(count))])
    }
}

fn same_type(declared: Type<'_>, inferred: Type<'_>) -> Result<(), String> {
    if declared == inferred {
        Ok(())
    } else {
        Err(format!(
            "has result type {declared}, but {inferred} is inferred"
        ))
    }
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    vec![
        Item::def(),
        FromScalar::def(),
        Dim::def(),
        Shape::def(),
        Size::def(),
    ]
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![
        ConversionPattern::new(Item::NAME, |op, cx, rw| lower_item(op, cx.operand(0), rw)),
        ConversionPattern::new(FromScalar::NAME, lower_from_scalar),
        ConversionPattern::new(Dim::NAME, |op, cx, rw| {
            let axis = op.attr("axis").and_then(I64::decode).unwrap_or(0);
            let axis = normalize_axis(axis, cx.operand(0).ty().rank()).map_err(NoMatch::new)?;
            let size = sizes::of(rw, cx.operands[0], axis);
            rw.replace(op, &[sizes::value(rw, size)]);
            Ok(())
        }),
        ConversionPattern::new(Shape::NAME, |op, cx, rw| {
            let all = sizes::all_of(rw, cx.operands[0]);
            let values: Vec<_> = all.into_iter().map(|size| sizes::value(rw, size)).collect();
            rw.replace(op, &values);
            Ok(())
        }),
        ConversionPattern::new(Size::NAME, |op, cx, rw| {
            let all = sizes::all_of(rw, cx.operands[0]);
            let count = sizes::product(rw, &all);
            rw.replace(op, &[sizes::value(rw, count)]);
            Ok(())
        }),
    ]
}

fn lower_item<'c>(op: Op<'c>, x: Val<'c>, rw: Rewriter<'c>) -> Match {
    let all = sizes::all_of(rw, x);
    let mut single = Cond::Known(true);
    for &size in &all {
        let one = sizes::equal(rw, size, OpFold::Static(1));
        single = single.and(rw, one);
    }
    let message = format!(
        "{}: can only convert an array of size 1 to a scalar, not one of shape {}",
        Item::NAME,
        shape_placeholder(all.len())
    );
    sizes::check(rw, single, CheckKind::ValueError, &message, &all);
    let zero = rw.const_index(0);
    let mut scalar = rw.tensor_extract(x, &vec![zero; all.len()]);
    // Scalars keep bool as i1.
    if let Some(dtype @ DType::Bool) = DType::of(op.operand(0).ty()) {
        scalar = lowering::is_true(rw, dtype, scalar);
    }
    rw.replace(op, &[scalar]);
    Ok(())
}

fn lower_from_scalar<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let x = cx.operand(0);
    let scalar = match x.ty() {
        ty if ty.is_index() => rw.index_cast(x, rw.ctx().i(64)),
        ty if ty.is_bool() => rw.extui(x, rw.ctx().i(8)),
        _ => x,
    };
    let ty = rw.ctx().tensor(&[], scalar.ty());
    lowering::replace(rw, op, cx, rw.tensor_from_elements(&[scalar], ty))
}
