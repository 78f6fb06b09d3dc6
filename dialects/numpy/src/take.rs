//! `numpy.take`: elements of an array at the positions that an integer array lists.

use npir_mlir::prelude::*;
use npir_tensor::Reshape as TensorReshape;

use crate::compose;
use crate::indices::Positions;
use crate::lowering::{self, Along};
use crate::shape::{element_count, normalize_axis, shape_text};
use crate::sizes;
use crate::types::{AnyArray, IntegerArray, verify_declared};

/// Elements at listed positions along an axis
///
/// The shape of `indices` takes the place of the axis. Without `axis` positions are those in the
/// flattened array. Negative positions count from the end; one out of bounds is an error.
#[op(
    "numpy.take",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x `,` $indices (`axis` $axis^)? attr-dict \
                `:` type($x) `,` type($indices) `->` type($result)"
)]
pub struct Take {
    x: Operand<AnyArray>,
    indices: Operand<IntegerArray>,
    axis: OptionalAttr<I64>,
    result: Output<AnyArray>,
}

/// The shape of the result, and the size of the dimension that positions refer to.
fn infer_dims(dims: &[i64], indices: &[i64], axis: Option<i64>) -> Result<(Vec<i64>, i64), String> {
    match axis {
        None => Ok((indices.to_vec(), element_count(dims)?.unwrap_or(DYNAMIC))),
        Some(axis) => {
            let axis = normalize_axis(axis, dims.len())?;
            let result = [&dims[..axis], indices, &dims[axis + 1..]].concat();
            Ok((result, dims[axis]))
        }
    }
}

impl InferTypes for Take<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let (x, indices) = (cx.operand_type(0)?, cx.operand_type(1)?);
        let axis = cx.attr("axis").and_then(I64::decode);
        let (result, size) = infer_dims(&x.dims(), &indices.dims(), axis)?;
        if size == 0 && element_count(&indices.dims())?.is_some_and(|n| n > 0) {
            return Err(format!(
                "cannot do a non-empty take from an empty axis: array has shape {}",
                shape_text(&x.dims())
            ));
        }
        Ok(vec![cx.ctx.tensor(&result, x.element())])
    }
}

verify_declared!(Take);

/// The op.
pub fn ops() -> Vec<OpDef> {
    vec![Take::def()]
}

/// Its conversion to the tensor level: the check, then one generic over the result that extracts.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![ConversionPattern::new(Take::NAME, lower)]
}

fn lower<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let ctx = rw.ctx();
    let mut x = cx.operand(0);
    let positions = Positions::of_operand(op, cx, rw, 1)?;
    let axis = match op.attr("axis").and_then(I64::decode) {
        Some(axis) => normalize_axis(axis, x.ty().rank()).map_err(NoMatch::new)?,
        None => {
            let all = sizes::all_of(rw, x);
            let total = sizes::product(rw, &all);
            x = TensorReshape::create(rw, x, &[total]);
            0
        }
    };
    let own = sizes::all_of(rw, x);
    let listed = sizes::all_of(rw, positions.array);
    let n = own[axis];
    positions.check(rw, compose::caller(op), axis, n);

    let mut result = own[..axis].to_vec();
    result.extend(&listed);
    result.extend(&own[axis + 1..]);
    let rank = result.len();
    let dest = lowering::empty(rw, &result, x.ty().element());
    let walks: Vec<_> = (axis..axis + listed.len()).map(Along::Loop).collect();
    let maps = [
        lowering::map(ctx, rank, &walks),
        lowering::identity_map(ctx, rank),
    ];
    let n = sizes::value(rw, n);
    let generic = rw.linalg_generic(
        &[positions.array],
        &[dest],
        &maps,
        &vec![Iter::Parallel; rank],
        |rw, args| {
            let at = positions.resolve(rw, args[0], n);
            let coords: Vec<_> = (0..own.len())
                .map(|d| match d.cmp(&axis) {
                    std::cmp::Ordering::Less => rw.linalg_index(d),
                    std::cmp::Ordering::Equal => at,
                    std::cmp::Ordering::Greater => rw.linalg_index(d + listed.len() - 1),
                })
                .collect();
            vec![rw.tensor_extract(x, &coords)]
        },
    );
    lowering::replace(rw, op, cx, generic.result_value(0))
}
