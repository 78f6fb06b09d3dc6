//! Arrays as sets: `isin`, by a routine of the runtime, and what is made of it and `unique`: `union1d`, `intersect1d`,
//! `setdiff1d`, `setxor1d`. A NaN is an element of nothing.

use npir_mlir::prelude::*;
use npir_tensor::{Library, Reshape, Routine};

use crate::axes::flat;
use crate::compose;
use crate::elementwise::dtype::DType;
use crate::lowering;
use crate::sizes;
use crate::types::{AnyArray, same_elements, verify_declared};

/// Whether each element is among the elements of another array; with `invert` whether it is not
#[op(
    "numpy.isin",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x `,` $test (`invert` $invert^)? attr-dict `:` type($x) `,` type($test) `->` type($result)"
)]
pub struct Isin {
    x: Operand<AnyArray>,
    test: Operand<AnyArray>,
    invert: UnitAttr,
    result: Output<AnyArray>,
}

/// The different elements of two arrays, in ascending order
#[op(
    "numpy.union1d",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)"
)]
pub struct Union1d {
    lhs: Operand<AnyArray>,
    rhs: Operand<AnyArray>,
    result: Output<AnyArray>,
}

/// The different elements that two arrays have in common, in ascending order
///
/// With `indices` there are two more results: where each is first in the one flattened array and in the other, as `i64`.
#[op(
    "numpy.intersect1d",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$lhs `,` $rhs (`indices` $indices^)? attr-dict `:` type($lhs) `,` type($rhs) `->` type($found)"
)]
pub struct Intersect1d {
    lhs: Operand<AnyArray>,
    rhs: Operand<AnyArray>,
    indices: UnitAttr,
    found: VariadicOutput<AnyArray>,
}

/// The different elements of the first array that are not in the second one, in ascending order
#[op(
    "numpy.setdiff1d",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)"
)]
pub struct Setdiff1d {
    lhs: Operand<AnyArray>,
    rhs: Operand<AnyArray>,
    result: Output<AnyArray>,
}

/// The different elements that are in one of two arrays only, in ascending order
#[op(
    "numpy.setxor1d",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)"
)]
pub struct Setxor1d {
    lhs: Operand<AnyArray>,
    rhs: Operand<AnyArray>,
    result: Output<AnyArray>,
}

verify_declared!(Isin, Union1d, Setdiff1d, Setxor1d, Intersect1d);

/// Both operands, which have elements of one type.
fn alike<'c>(cx: &InferCx<'c>) -> Result<[Type<'c>; 2], String> {
    let (lhs, rhs) = (cx.operand_type(0)?, cx.operand_type(1)?);
    same_elements(lhs, rhs)?;
    Ok([lhs, rhs])
}

impl InferTypes for Isin<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let [x, _] = alike(cx)?;
        Ok(vec![cx.ctx.tensor(&x.dims(), cx.ctx.i(1))])
    }
}

impl InferTypes for Union1d<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let [x, _] = alike(cx)?;
        Ok(vec![cx.ctx.tensor(&[DYNAMIC], x.element())])
    }
}

impl InferTypes for Setdiff1d<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        Union1d::infer(cx)
    }
}

impl InferTypes for Setxor1d<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        Union1d::infer(cx)
    }
}

impl InferTypes for Intersect1d<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let mut types = Union1d::infer(cx)?;
        if cx.attr("indices").is_some() {
            types.extend([cx.ctx.tensor(&[DYNAMIC], cx.ctx.i(64)); 2]);
        }
        Ok(types)
    }
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    vec![
        Isin::def(),
        Union1d::def(),
        Intersect1d::def(),
        Setdiff1d::def(),
        Setxor1d::def(),
    ]
}

/// Their conversions.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![
        ConversionPattern::new(Isin::NAME, lower_isin),
        ConversionPattern::new(Union1d::NAME, |op, _, rw| {
            let both = [op.operand(0), op.operand(1)];
            let value = unique(rw, joined(rw, both)?)?;
            compose::replace(rw, op, value)
        }),
        ConversionPattern::new(Intersect1d::NAME, lower_intersect1d),
        ConversionPattern::new(Setdiff1d::NAME, |op, _, rw| {
            let value = without(rw, op.operand(0), op.operand(1))?;
            compose::replace(rw, op, value)
        }),
        ConversionPattern::new(Setxor1d::NAME, |op, _, rw| {
            let (a, b) = (op.operand(0), op.operand(1));
            let only = [without(rw, a, b)?, without(rw, b, a)?];
            let value = compose::op(rw, "numpy.sort", &[joined(rw, only)?], &[])?;
            compose::replace(rw, op, value)
        }),
    ]
}

fn lower_isin<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let shape = sizes::all_of(rw, cx.operand(0));
    let ins = [flat(rw, cx.operand(0)), flat(rw, cx.operand(1))];
    let count = sizes::of(rw, ins[0], 0);
    let dest = lowering::empty(rw, &[count], DType::Bool.storage_ty(rw.ctx()));
    let params = [i64::from(op.attr("invert").is_some())];
    let mut found = Library::create(rw, Routine::IsIn, Isin::NAME, &ins, &[dest], &params)[0];
    if shape.len() != 1 {
        found = Reshape::create(rw, found, &shape);
    }
    lowering::replace(rw, op, cx, found)
}

/// The elements of two arrays, one after another.
fn joined<'c>(rw: Rewriter<'c>, arrays: [Val<'c>; 2]) -> Result<Val<'c>, NoMatch> {
    let ravel = |x| compose::op(rw, "numpy.ravel", &[x], &[]);
    let operands = [ravel(arrays[0])?, ravel(arrays[1])?];
    let axis = ("axis", rw.ctx().i64_attr(0));
    compose::op(rw, "numpy.concatenate", &operands, &[axis])
}

fn unique<'c>(rw: Rewriter<'c>, x: Val<'c>) -> Result<Val<'c>, NoMatch> {
    compose::op(rw, "numpy.unique", &[x], &[])
}

/// Whether elements of `x` are in `test`, or are not.
fn isin<'c>(rw: Rewriter<'c>, x: Val<'c>, test: Val<'c>, invert: bool) -> Result<Val<'c>, NoMatch> {
    let invert = invert.then(|| ("invert", rw.ctx().unit_attr()));
    let attrs: Vec<_> = invert.into_iter().collect();
    compose::op(rw, Isin::NAME, &[x, test], &attrs)
}

/// The different elements of `x` that are not in `other`.
fn without<'c>(rw: Rewriter<'c>, x: Val<'c>, other: Val<'c>) -> Result<Val<'c>, NoMatch> {
    let x = unique(rw, x)?;
    let chosen = isin(rw, x, other, true)?;
    compose::op(rw, "numpy.extract", &[chosen, x], &[])
}

fn lower_intersect1d<'c>(op: Op<'c>, _: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (a, b) = (op.operand(0), op.operand(1));
    let extract = |mask, x| compose::op(rw, "numpy.extract", &[mask, x], &[]);
    let mut results = Vec::new();
    if op.attr("indices").is_none() {
        let a = unique(rw, a)?;
        results.push(extract(isin(rw, a, b, false)?, a)?);
    } else {
        for (x, other) in [(a, b), (b, a)] {
            let found = rw.op("numpy.unique").operands(&[x]).infer();
            let found = found.attr("index", rw.ctx().unit_attr()).try_build();
            let found = found.ok_or_else(|| NoMatch::new("no unique elements"))?;
            let (values, places) = (found.result_value(0), found.result_value(1));
            let common = isin(rw, values, other, false)?;
            if results.is_empty() {
                results.push(extract(common, values)?);
            }
            results.push(extract(common, places)?);
        }
    }
    rw.replace(op, &results);
    Ok(())
}
