//! `numpy.slice` and `numpy.set_slice`: basic indexing to read and to write.

use npir_mlir::prelude::*;
use npir_tensor::{CheckKind, InsertView, View};

use crate::indexing::{self, Item, Items, Selection};
use crate::lowering;
use crate::shape::{check_broadcasts_to, shape_placeholder, shape_text};
use crate::sizes::{self, Cond};
use crate::types::{AnyArray, element_name, verify_declared};

/// Part of an array by basic indexing: `x[1:n:2, ::-1, 3, newaxis]`
///
/// Items are Python's: slices whose bounds count from the end when negative and are clamped to the
/// array, single positions whose dimension disappears and which must be in bounds, and `newaxis`.
/// Missing items at the end are whole dimensions. Bounds are numbers or `index` values.
#[op("numpy.slice", traits(Pure), interfaces(Verify, InferTypes, Fold))]
pub struct Slice {
    x: Operand<AnyArray>,
    bounds: Variadic<IndexType>,
    items: Attr<Items>,
    result: Output<AnyArray>,
}

impl InferTypes for Slice<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        let dims = indexing::infer(&x.dims(), cx.attr("items"), cx.operands.len() - 1)?;
        Ok(vec![cx.ctx.tensor(&dims, x.element())])
    }
}

verify_declared!(Slice, SetSlice);

impl<'c> Fold<'c> for Slice<'c> {
    /// Whole dimensions only: the array.
    fn fold(self, _: &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>> {
        let whole = self.items().iter().all(|item| *item == Item::ALL);
        (whole && self.x().ty() == self.result().ty()).then(|| vec![FoldResult::Value(self.x())])
    }
}

/// An array with a part of it replaced: `x[1:n:2, ::-1, 3] = value`
///
/// Items as for `numpy.slice`. The value broadcasts to the shape of the part; as in NumPy, leading
/// dimensions of size 1 that it has too many are dropped.
#[op("numpy.set_slice", traits(Pure), interfaces(Verify, InferTypes))]
pub struct SetSlice {
    x: Operand<AnyArray>,
    value: Operand<AnyArray>,
    bounds: Variadic<IndexType>,
    items: Attr<Items>,
    result: Output<AnyArray>,
}

impl InferTypes for SetSlice<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let (x, value) = (cx.operand_type(0)?, cx.operand_type(1)?);
        if x.element() != value.element() {
            return Err(format!(
                "sets {} elements to {} values; cast them first",
                element_name(x),
                element_name(value)
            ));
        }
        let part = indexing::infer(&x.dims(), cx.attr("items"), cx.operands.len() - 2)?;
        check_fits(&value.dims(), &part).map_err(|()| {
            format!(
                "could not broadcast input array from shape {} into shape {}",
                shape_text(&value.dims()),
                shape_text(&part)
            )
        })?;
        Ok(vec![x])
    }
}

/// The ops, with their assembly: `numpy.slice %x[…] : type -> type` and
/// `numpy.set_slice %x[…], %value : type, type -> type`.
pub fn ops() -> Vec<OpDef> {
    vec![
        Slice::def().custom_assembly(|p| parse(p, 1), |op, p| print(op, p, 1)),
        SetSlice::def().custom_assembly(|p| parse(p, 2), |op, p| print(op, p, 2)),
    ]
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![
        ConversionPattern::new(Slice::NAME, lower_slice),
        ConversionPattern::new(SetSlice::NAME, lower_set_slice),
    ]
}

fn parse(p: &mut Parser<'_>, arrays: usize) -> Parsed {
    let bounds = p.no_operands();
    let x = p.operand()?;
    let items = indexing::parse(p, &bounds)?;
    let items = Items::encode(p.ctx(), &items);
    p.set_attr("items", items);
    let mut operands = vec![x];
    for _ in 1..arrays {
        p.literal(",")?;
        operands.push(p.operand()?);
    }
    p.attr_dict()?;
    p.literal(":")?;
    for (i, operand) in operands.iter().enumerate() {
        if i > 0 {
            p.literal(",")?;
        }
        let ty = p.ty()?;
        p.resolve(operand, &[ty])?;
    }
    p.resolve_as(&bounds, p.ctx().index())?;
    p.literal("->")?;
    let result = p.ty()?;
    p.add_results(&[result]);
    Ok(())
}

fn print<'c>(op: Op<'c>, p: &mut Printer<'c>, arrays: usize) {
    let operands = op.operand_values();
    let items = op.attr("items").and_then(Items::decode).unwrap_or_default();
    p.text(" ");
    p.operand(operands[0]);
    indexing::print(p, &items, &operands[arrays..]);
    for &operand in &operands[1..arrays] {
        p.text(", ");
        p.operand(operand);
    }
    p.attr_dict(op, &["items"]);
    p.text(" : ");
    p.types(&op.operand_types()[..arrays]);
    p.text(" -> ");
    p.types(&op.result_types());
}

/// What an op's index expression selects from its first operand.
fn selection<'c>(
    op: Op<'c>,
    cx: &ConvertCx<'_, 'c>,
    rw: Rewriter<'c>,
    name: &str,
    arrays: usize,
) -> Selection<'c> {
    let items = op.attr("items").and_then(Items::decode).unwrap_or_default();
    indexing::select(rw, name, cx.operand(0), &items, &cx.operands[arrays..])
}

fn lower_slice<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let Selection {
        offsets,
        sizes,
        steps,
        dims,
    } = selection(op, cx, rw, Slice::NAME, 1);
    let view = View::create(rw, cx.operand(0), &offsets, &sizes, &steps, &dims);
    lowering::replace(rw, op, cx, view)
}

fn lower_set_slice<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (x, mut value) = (cx.operand(0), cx.operand(1));
    let mut part = selection(op, cx, rw, SetSlice::NAME, 2);
    value = fitted(
        rw,
        &format!(
            "{}: could not broadcast input array from shape",
            SetSlice::NAME
        ),
        "into shape",
        value,
        &part.sizes,
    );
    // New axes have size 1 and no place in the array: the value is seen without them.
    let placed: Vec<_> = (0..part.dims.len())
        .filter(|&j| part.dims[j] >= 0)
        .collect();
    if placed.len() < part.dims.len() {
        value = lowering::pick_dims(rw, value, &placed);
        let keep = |list: &[OpFold<'c>]| placed.iter().map(|&j| list[j]).collect::<Vec<_>>();
        (part.sizes, part.steps) = (keep(&part.sizes), keep(&part.steps));
        part.dims = placed.iter().map(|&j| part.dims[j]).collect();
    }
    let Selection {
        offsets,
        sizes,
        steps,
        dims,
    } = part;
    let result = InsertView::create(rw, value, x, &offsets, &sizes, &steps, &dims);
    lowering::replace(rw, op, cx, result)
}

/// Whether a value of shape `own` can be assigned to a part of shape `part`, as far as static sizes
/// tell: it broadcasts, after leading dimensions of size 1 that it has too many.
pub(crate) fn check_fits(own: &[i64], part: &[i64]) -> Result<(), ()> {
    let extra = own.len().saturating_sub(part.len());
    let droppable = own[..extra].iter().all(|&d| d == 1 || d == DYNAMIC);
    if droppable && check_broadcasts_to(&own[extra..], part).is_ok() {
        Ok(())
    } else {
        Err(())
    }
}

/// `value` under the shape `part` that it is assigned to, checked at run time; the error says
/// `{before} {its shape} {between} {part}`.
pub(crate) fn fitted<'c>(
    rw: Rewriter<'c>,
    before: &str,
    between: &str,
    mut value: Val<'c>,
    part: &[OpFold<'c>],
) -> Val<'c> {
    let own = sizes::all_of(rw, value);
    let extra = own.len().saturating_sub(part.len());
    let mut fits = Cond::Known(true);
    for &size in &own[..extra] {
        let one = sizes::equal(rw, size, OpFold::Static(1));
        fits = fits.and(rw, one);
    }
    let rest = lowering::broadcasts_to(rw, &own[extra..], part);
    let fits = fits.and(rw, rest);
    let message = format!(
        "{before} {} {between} {}",
        shape_placeholder(own.len()),
        shape_placeholder(part.len())
    );
    let args: Vec<_> = own.iter().chain(part).copied().collect();
    sizes::check(rw, fits, CheckKind::ShapeMismatch, &message, &args);
    if extra > 0 {
        value = lowering::pick_dims(rw, value, &(extra..own.len()).collect::<Vec<_>>());
    }
    lowering::broadcast(rw, value, part)
}
