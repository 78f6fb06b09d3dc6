//! `numpy.reshape`: the same elements in row-major order under another shape.

use npir_mlir::prelude::*;
use npir_tensor::{CheckKind, Reshape as TensorReshape};

use crate::lowering;
use crate::shape::{element_count, shape_placeholder, shape_text};
use crate::sizes;
use crate::target_shape;
use crate::types::{AnyArray, verify_declared};

/// The entry of a shape that says: whatever makes the number of elements right.
const INFER: i64 = -1;

/// Gives an array another shape with as many elements
///
/// The shape is a list of static sizes and `index` values; one static size may be -1 and is then
/// computed from the others.
#[op(
    "numpy.reshape",
    traits(Pure),
    interfaces(Verify, InferTypes, Fold, Canonicalize)
)]
pub struct Reshape {
    x: Operand<AnyArray>,
    sizes: Variadic<IndexType>,
    shape: Attr<I64Array>,
    result: Output<AnyArray>,
}

/// The static result sizes for elements of shape `dims` and the wanted shape.
fn infer_dims(dims: &[i64], shape: &[i64]) -> Result<Vec<i64>, String> {
    let total = element_count(dims)?;
    let wrong = || {
        let shape: Vec<_> = shape.to_vec();
        let total = total.map_or("?".to_string(), |n| n.to_string());
        format!(
            "cannot reshape array of size {total} and shape {} into shape {}",
            shape_text(dims),
            shape_text(&shape)
        )
    };
    let unknown = shape.iter().filter(|&&n| n == INFER).count();
    if unknown > 1 {
        return Err("can only specify one unknown dimension".to_string());
    }
    let given: Vec<_> = shape.iter().copied().filter(|&n| n != INFER).collect();
    let known = element_count(&given)?;
    let filled = match (total, known) {
        (Some(total), Some(known)) if unknown == 1 => {
            if known == 0 || total % known != 0 {
                return Err(wrong());
            }
            total / known
        }
        (Some(total), Some(known)) if total != known => return Err(wrong()),
        // With -1 among sizes whose product is zero the size of it could be anything.
        (_, Some(0)) if unknown == 1 => return Err(wrong()),
        _ => DYNAMIC,
    };
    Ok(shape
        .iter()
        .map(|&n| if n == INFER { filled } else { n })
        .collect())
}

impl InferTypes for Reshape<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        let shape = cx
            .attr("shape")
            .and_then(I64Array::decode)
            .ok_or("needs a shape")?;
        let given: Vec<_> = shape.iter().copied().filter(|&n| n != INFER).collect();
        target_shape::check_sizes(&given, cx.operands.len() - 1)?;
        Ok(vec![
            cx.ctx.tensor(&infer_dims(&x.dims(), &shape)?, x.element()),
        ])
    }
}

verify_declared!(Reshape);

impl<'c> Fold<'c> for Reshape<'c> {
    /// To its own static shape, or to its only possible one dimension, an array is itself.
    fn fold(self, _: &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>> {
        let ty = self.x().ty();
        let same = ty == self.result().ty();
        let forced = ty.has_static_shape() || self.shape() == [INFER];
        (same && forced).then(|| vec![FoldResult::Value(self.x())])
    }
}

impl Canonicalize for Reshape<'_> {
    fn patterns() -> Vec<Pattern> {
        // reshape(reshape(x, a), b) = reshape(x, b): both keep row-major order.
        vec![Pattern::on(
            Reshape::NAME,
            "numpy-reshape-of-reshape",
            1,
            |op, rw| {
                let op = Reshape::wrap(op);
                let inner = op
                    .x()
                    .defining_op()
                    .and_then(Reshape::cast)
                    .ok_or_else(|| NoMatch::new("the input is no reshape"))?;
                // A run-time error of the inner one must stay; static shapes have none.
                if !inner.x().ty().has_static_shape() || !inner.result().ty().has_static_shape() {
                    return no_match("the inner reshape may fail at run time");
                }
                rw.modify(op.op(), || op.op().set_operand(0, inner.x()));
                Ok(())
            },
        )]
    }
}

/// The op, with its assembly.
pub fn ops() -> Vec<OpDef> {
    vec![Reshape::def().custom_assembly(
        |p| target_shape::parse(p, 1),
        |op, p| target_shape::print(op, p, 1),
    )]
}

/// Its conversion to the tensor level, with the check that the numbers of elements agree.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![ConversionPattern::new(Reshape::NAME, lower)]
}

fn lower<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let x = cx.operands[0];
    let shape = op
        .attr("shape")
        .and_then(I64Array::decode)
        .unwrap_or_default();
    let own = sizes::all_of(rw, x);
    let total = sizes::product(rw, &own);
    let place = shape.iter().position(|&n| n == INFER);
    let given: Vec<_> = shape.iter().copied().filter(|&n| n != INFER).collect();
    let mut target = target_shape::fill(&given, &cx.operands[1..]);
    target_shape::check_at_run_time(rw, Reshape::NAME, &target);
    let known = sizes::product(rw, &target);

    let agrees = match place {
        None => sizes::equal(rw, known, total),
        Some(place) => {
            // filled = total / known, where known divides total and is not zero.
            let one = OpFold::Static(1);
            let divisor = sizes::max(rw, known, one);
            let filled = sizes::divide(rw, total, divisor);
            let product = sizes::mul(rw, filled, divisor);
            let exact = sizes::equal(rw, product, total);
            let nonzero = sizes::compare(rw, CmpI::Ne, known, OpFold::Static(0));
            target.insert(place, filled);
            exact.and(rw, nonzero)
        }
    };
    let wanted: Vec<_> = (0..shape.len())
        .map(|d| if Some(d) == place { "-1" } else { "{}" })
        .collect();
    let wanted = match wanted.as_slice() {
        [only] => format!("({only},)"),
        many => format!("({})", many.join(", ")),
    };
    let message = format!(
        "{}: cannot reshape array of shape {} into shape {wanted}",
        Reshape::NAME,
        shape_placeholder(own.len())
    );
    let mut args = own;
    args.extend(
        target
            .iter()
            .enumerate()
            .filter(|&(d, _)| Some(d) != place)
            .map(|(_, s)| *s),
    );
    sizes::check(rw, agrees, CheckKind::ShapeMismatch, &message, &args);
    let value = TensorReshape::create(rw, x, &target);
    lowering::replace(rw, op, cx, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unknown_size_is_computed() {
        assert_eq!(infer_dims(&[2, 3], &[3, -1]), Ok(vec![3, 2]));
        assert_eq!(infer_dims(&[2, 3], &[-1]), Ok(vec![6]));
        assert_eq!(infer_dims(&[0, 3], &[-1, 3]), Ok(vec![0, 3]));
        assert_eq!(infer_dims(&[DYNAMIC, 3], &[-1]), Ok(vec![DYNAMIC]));
        assert_eq!(infer_dims(&[], &[1, 1]), Ok(vec![1, 1]));
    }

    #[test]
    fn numbers_of_elements_must_agree() {
        assert!(infer_dims(&[2, 3], &[4, -1]).is_err());
        assert!(infer_dims(&[2, 3], &[7]).is_err());
        assert!(infer_dims(&[0, 3], &[0, -1]).is_err());
        assert!(infer_dims(&[2, 3], &[-1, -1]).is_err());
        assert!(infer_dims(&[DYNAMIC], &[0, -1]).is_err());
    }
}
