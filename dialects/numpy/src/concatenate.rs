//! `numpy.concatenate`: arrays one after another along an axis.

use npir_mlir::prelude::*;
use npir_tensor::{CheckKind, InsertView};

use crate::compose;
use crate::lowering;
use crate::shape::{normalize_axis, shape_placeholder, shape_text};
use crate::sizes::{self, Cond};
use crate::types::{AnyArray, same_elements, verify_declared};

/// Arrays one after another along an axis
///
/// All have one element type and agree in the sizes of the other dimensions.
#[op(
    "numpy.concatenate",
    traits(Pure),
    interfaces(Verify, InferTypes, Fold),
    assembly = "$inputs `axis` $axis attr-dict `:` type($inputs) `->` type($result)"
)]
pub struct Concatenate {
    inputs: Variadic<AnyArray>,
    axis: Attr<I64>,
    result: Output<AnyArray>,
}

impl InferTypes for Concatenate<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let first = cx
            .operand_type(0)
            .map_err(|_| "need at least one array to concatenate")?;
        let mut dims = first.dims();
        if dims.is_empty() {
            return Err("zero-dimensional arrays cannot be concatenated".to_string());
        }
        let axis = cx
            .attr("axis")
            .and_then(I64::decode)
            .ok_or("needs an axis")?;
        let axis = normalize_axis(axis, dims.len())?;
        for (k, input) in cx.operands.iter().enumerate().skip(1) {
            let (ty, own) = (input.ty(), input.ty().dims());
            same_elements(first, ty)?;
            let mismatch = || {
                format!(
                    "all the input array dimensions except for the concatenation axis must match \
                     exactly, but the arrays at index 0 and {k} have shapes {} and {}",
                    shape_text(&first.dims()),
                    shape_text(&own)
                )
            };
            if own.len() != dims.len() {
                return Err(mismatch());
            }
            for (d, (known, &size)) in dims.iter_mut().zip(&own).enumerate() {
                *known = match (*known, size) {
                    (a, b) if d == axis && a != DYNAMIC && b != DYNAMIC => {
                        a.checked_add(b).ok_or("the array is too big")?
                    }
                    _ if d == axis => DYNAMIC,
                    (DYNAMIC, b) => b,
                    (a, DYNAMIC) => a,
                    (a, b) if a == b => a,
                    _ => return Err(mismatch()),
                };
            }
        }
        Ok(vec![cx.ctx.tensor(&dims, first.element())])
    }
}

verify_declared!(Concatenate);

impl<'c> Fold<'c> for Concatenate<'c> {
    /// One array alone is itself.
    fn fold(self, _: &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>> {
        let op = self.op();
        let alone = op.num_operands() == 1 && op.operand(0).ty() == op.result_value(0).ty();
        alone.then(|| vec![FoldResult::Value(op.operand(0))])
    }
}

/// The op.
pub fn ops() -> Vec<OpDef> {
    vec![Concatenate::def()]
}

/// Its conversion to the tensor level: each array is inserted into a new one.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![ConversionPattern::new(Concatenate::NAME, lower)]
}

fn lower<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let first = cx.operands[0];
    let shapes: Vec<_> = cx.operands.iter().map(|&x| sizes::all_of(rw, x)).collect();
    let rank = shapes[0].len();
    let axis = op.attr("axis").and_then(I64::decode).unwrap_or(0);
    let axis = normalize_axis(axis, rank).map_err(NoMatch::new)?;
    let mut result = shapes[0].clone();
    for shape in &shapes[1..] {
        let mut agree = Cond::Known(true);
        for d in (0..rank).filter(|&d| d != axis) {
            let same = sizes::equal(rw, shapes[0][d], shape[d]);
            agree = agree.and(rw, same);
            if let OpFold::Static(_) = shape[d] {
                result[d] = shape[d];
            }
        }
        let message = format!(
            "{}: shapes {1} and {1} differ outside axis {axis}",
            Concatenate::NAME,
            shape_placeholder(rank)
        );
        let args: Vec<_> = shapes[0].iter().chain(shape).copied().collect();
        sizes::check(rw, agree, CheckKind::ShapeMismatch, &message, &args);
        result[axis] = sizes::add(rw, result[axis], shape[axis]);
    }
    let along: Vec<_> = shapes.iter().map(|shape| shape[axis]).collect();
    sizes::check_sum(rw, compose::caller(op), &along);
    let mut value = lowering::empty(rw, &result, first.ty().element());
    let steps = vec![OpFold::Static(1); rank];
    let dims: Vec<_> = (0..rank as i64).collect();
    let mut offsets = vec![OpFold::Static(0); rank];
    for (&input, shape) in cx.operands.iter().zip(&shapes) {
        value = InsertView::create(rw, input, value, &offsets, shape, &steps, &dims);
        offsets[axis] = sizes::add(rw, offsets[axis], shape[axis]);
    }
    lowering::replace(rw, op, cx, value)
}
