//! Arrays by the side of the diagonal that an element is on: `tril`, `triu`, `tri`, `eye`.
//!
//! Element `(i, j)` of the last two dimensions is left of diagonal `k` where `j - i <= k`.

use npir_mlir::prelude::*;

use crate::elementwise::Body;
use crate::elementwise::dtype::DType;
use crate::lowering::{self, Along};
use crate::sizes;
use crate::target_shape;
use crate::types::{AnyArray, check_declared, verify_declared};

/// The lower triangle: elements above diagonal `k` (0 where missing) are zero
///
/// A vector is repeated to a square matrix.
#[op(
    "numpy.tril",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x (`k` $k^)? attr-dict `:` type($x) `->` type($result)"
)]
pub struct Tril {
    x: Operand<AnyArray>,
    k: OptionalAttr<I64>,
    result: Output<AnyArray>,
}

/// The upper triangle: elements below diagonal `k` (0 where missing) are zero
///
/// A vector is repeated to a square matrix.
#[op(
    "numpy.triu",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x (`k` $k^)? attr-dict `:` type($x) `->` type($result)"
)]
pub struct Triu {
    x: Operand<AnyArray>,
    k: OptionalAttr<I64>,
    result: Output<AnyArray>,
}

/// Ones at and below diagonal `k` (0 where missing), zeros above
///
/// The shape has two sizes, static or `index` values; the result type says which ones.
#[op("numpy.tri", traits(Pure), interfaces(Verify))]
pub struct Tri {
    sizes: Variadic<IndexType>,
    shape: Attr<I64Array>,
    k: OptionalAttr<I64>,
    result: Output<AnyArray>,
}

/// Ones on diagonal `k` (0 where missing), zeros elsewhere
///
/// The shape has two sizes, static or `index` values; the result type says which ones.
#[op("numpy.eye", traits(Pure), interfaces(Verify))]
pub struct Eye {
    sizes: Variadic<IndexType>,
    shape: Attr<I64Array>,
    k: OptionalAttr<I64>,
    result: Output<AnyArray>,
}

verify_declared!(Tril, Triu);

/// A matrix of the shape of the last two dimensions; a vector is repeated.
fn infer_triangle<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
    let x: Type<'c> = cx.operand_type(0)?;
    match *x.dims().as_slice() {
        [] => Err("needs at least one dimension".to_string()),
        [n] => Ok(vec![cx.ctx.tensor(&[n, n], x.element())]),
        _ => Ok(vec![x]),
    }
}

impl InferTypes for Tril<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        infer_triangle(cx)
    }
}

impl InferTypes for Triu<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        infer_triangle(cx)
    }
}

fn verify_matrix(result: Type<'_>, shape: &[i64], operands: usize) -> Result<(), String> {
    if shape.len() != 2 {
        return Err(format!(
            "makes a matrix, but {} sizes are given",
            shape.len()
        ));
    }
    target_shape::check_sizes(shape, operands)?;
    check_declared(result, result.ctx().tensor(shape, result.element()))
}

impl Verify for Tri<'_> {
    fn verify(self) -> Result<(), String> {
        verify_matrix(self.result().ty(), &self.shape(), self.sizes().len())
    }
}

impl Verify for Eye<'_> {
    fn verify(self) -> Result<(), String> {
        verify_matrix(self.result().ty(), &self.shape(), self.sizes().len())
    }
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    let sized = |def: OpDef| {
        def.custom_assembly(
            |p| target_shape::parse(p, 0),
            |op, p| target_shape::print(op, p, 0),
        )
    };
    vec![
        Tril::def(),
        Triu::def(),
        sized(Tri::def()),
        sized(Eye::def()),
    ]
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![
        ConversionPattern::new(Tril::NAME, |op, cx, rw| {
            lower_triangle(op, cx, rw, CmpI::Sle)
        }),
        ConversionPattern::new(Triu::NAME, |op, cx, rw| {
            lower_triangle(op, cx, rw, CmpI::Sge)
        }),
        ConversionPattern::new(Tri::NAME, |op, cx, rw| {
            lower_ones(op, cx, rw, Tri::NAME, CmpI::Sle)
        }),
        ConversionPattern::new(Eye::NAME, |op, cx, rw| {
            lower_ones(op, cx, rw, Eye::NAME, CmpI::Eq)
        }),
    ]
}

/// Whether `j - i` compares with `k` as `side` says, for the last two of `rank` loops.
fn on_side<'c>(rw: Rewriter<'c>, op: Op<'c>, rank: usize, side: CmpI) -> Val<'c> {
    let k = op.attr("k").and_then(I64::decode).unwrap_or(0);
    let (i, j) = (rw.linalg_index(rank - 2), rw.linalg_index(rank - 1));
    rw.cmpi(side, rw.subi(j, i), rw.const_index(k))
}

fn lower_triangle<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>, side: CmpI) -> Match {
    let Some(dtype) = DType::of(op.operand(0).ty()) else {
        return no_match("not an array");
    };
    let x = cx.operand(0);
    let mut shape = sizes::all_of(rw, x);
    if let &[n] = shape.as_slice() {
        shape = vec![n, n];
    }
    let rank = shape.len();
    let own = x.ty().rank();
    let walks: Vec<_> = (rank - own..rank).map(Along::Loop).collect();
    let maps = [
        lowering::map(rw.ctx(), rank, &walks),
        lowering::identity_map(rw.ctx(), rank),
    ];
    let dest = lowering::empty(rw, &shape, x.ty().element());
    let iters = vec![Iter::Parallel; rank];
    let generic = rw.linalg_generic(&[x], &[dest], &maps, &iters, |rw, args| {
        let kept = on_side(rw, op, rank, side);
        let zero = lowering::zero(rw, args[0].ty());
        vec![Body::new(rw, dtype).select(kept, args[0], zero)]
    });
    lowering::replace(rw, op, cx, generic.result_value(0))
}

fn lower_ones<'c>(
    op: Op<'c>,
    cx: &ConvertCx<'_, 'c>,
    rw: Rewriter<'c>,
    name: &str,
    side: CmpI,
) -> Match {
    let Some(dtype) = DType::of(op.result_value(0).ty()) else {
        return no_match("not an array");
    };
    let shape = op.attr("shape").and_then(I64Array::decode);
    let sizes = target_shape::fill(&shape.unwrap_or_default(), cx.operands);
    target_shape::check_at_run_time(rw, name, &sizes);
    let element = dtype.storage_ty(rw.ctx());
    let value = lowering::elementwise(rw, &[], &sizes, element, |rw, _| {
        let one = on_side(rw, op, 2, side);
        let numbers = [1, 0].map(|n| lowering::number(rw, element, n));
        Body::new(rw, dtype).select(one, numbers[0], numbers[1])
    });
    lowering::replace(rw, op, cx, value)
}
