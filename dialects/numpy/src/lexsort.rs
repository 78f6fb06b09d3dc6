//! `numpy.lexsort` and `numpy.random_permutation`: orders that are made of `argsort`.

use npir_mlir::prelude::*;

use crate::compose;
use crate::shape::{normalize_axis, shape_text};
use crate::target_shape;
use crate::types::{AnyArray, check_declared, verify_declared};

/// The positions of elements in the order of several keys along an axis, as `i64`; the last key counts most
///
/// Keys have one shape. The axis is the last one where missing. Where all keys are equal elements keep their order.
#[op(
    "numpy.lexsort",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$keys (`axis` $axis^)? attr-dict `:` type($keys) `->` type($result)"
)]
pub struct Lexsort {
    keys: Variadic<AnyArray>,
    axis: OptionalAttr<I64>,
    result: Output<AnyArray>,
}

/// A random order of the numbers from 0 to before the size, as `i64`
///
/// The stable order of what `numpy.random_integers` gives from the least to before the greatest `i64` for this key and
/// `draw`: it depends on nothing else.
#[op("numpy.random_permutation", traits(Pure), interfaces(Verify))]
pub struct RandomPermutation {
    key: Operand<AnyArray>,
    sizes: Variadic<IndexType>,
    shape: Attr<I64Array>,
    draw: OptionalAttr<I64>,
    result: Output<AnyArray>,
}

verify_declared!(Lexsort);

impl InferTypes for Lexsort<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let first = cx
            .operand_type(0)
            .map_err(|_| "need sequence of keys with len > 0")?;
        let mut dims = first.dims();
        for key in &cx.operands[1..] {
            let own = key.ty().dims();
            let differ = |(&a, &b): (&i64, &i64)| a != b && a != DYNAMIC && b != DYNAMIC;
            if own.len() != dims.len() || own.iter().zip(&dims).any(differ) {
                return Err(format!(
                    "all keys need to be the same shape, but they have {} and {}",
                    shape_text(&dims),
                    shape_text(&own)
                ));
            }
            for (d, &n) in dims.iter_mut().zip(&own) {
                *d = if *d == DYNAMIC { n } else { *d };
            }
        }
        normalize_axis(
            cx.attr("axis").and_then(I64::decode).unwrap_or(-1),
            dims.len(),
        )?;
        Ok(vec![cx.ctx.tensor(&dims, cx.ctx.i(64))])
    }
}

impl Verify for RandomPermutation<'_> {
    fn verify(self) -> Result<(), String> {
        let (ty, shape) = (self.result().ty(), self.shape());
        if shape.len() != 1 {
            return Err(format!("is a vector, but {} sizes are given", shape.len()));
        }
        target_shape::check_sizes(&shape, self.sizes().len())?;
        check_declared(ty, ty.ctx().tensor(&shape, ty.ctx().i(64)))
    }
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    let permutation = RandomPermutation::def().custom_assembly(
        |p| target_shape::parse(p, 1),
        |op, p| target_shape::print(op, p, 1),
    );
    vec![Lexsort::def(), permutation]
}

/// Their conversions to other ops of this dialect.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![
        ConversionPattern::new(Lexsort::NAME, lower_lexsort),
        ConversionPattern::new(RandomPermutation::NAME, lower_permutation),
    ]
}

/// Sorting by one key after another, stable, from the one that counts least.
fn lower_lexsort<'c>(op: Op<'c>, _: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let axis = op.attr("axis").and_then(I64::decode).unwrap_or(-1);
    let axis = [("axis", rw.ctx().i64_attr(axis))];
    let keys = op.operand_values();
    let mut order = compose::op(rw, "numpy.argsort", &keys[..1], &axis)?;
    for &key in &keys[1..] {
        let sorted = compose::op(rw, "numpy.take_along_axis", &[key, order], &axis)?;
        let next = compose::op(rw, "numpy.argsort", &[sorted], &axis)?;
        order = compose::op(rw, "numpy.take_along_axis", &[order, next], &axis)?;
    }
    compose::replace(rw, op, order)
}

fn lower_permutation<'c>(op: Op<'c>, _: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let given = op.operand_values();
    let bounds = [i64::MIN, i64::MAX].map(|bound| compose::integer(rw, bound));
    let operands = [&given[..1], &bounds, &given[1..]].concat();
    let mut numbers = rw
        .op("numpy.random_integers")
        .operands(&operands)
        .results(&[op.result_value(0).ty()]);
    for name in ["shape", "draw"] {
        if let Some(value) = op.attr(name) {
            numbers = numbers.attr(name, value);
        }
    }
    let order = compose::op(rw, "numpy.argsort", &[numbers.build_value()], &[])?;
    compose::replace(rw, op, order)
}
