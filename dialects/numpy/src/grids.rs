//! Coordinates of grids: `meshgrid`, `indices`.

use npir_mlir::prelude::*;
use npir_tensor::View;

use crate::axes::flat;
use crate::cast;
use crate::elementwise::Body;
use crate::elementwise::dtype::{Classes, DType};
use crate::lowering;
use crate::shape::element_count;
use crate::sizes;
use crate::target_shape;
use crate::types::{AnyArray, check_declared, element_name, verify_declared};

/// The coordinates of a grid whose lines are at the elements of vectors, one array for each
///
/// The first vector counts columns and the second one rows; with `ij` dimension `i` is that of vector `i`. With
/// `sparse` the other sizes of each result are 1. Other arrays are flattened.
#[op(
    "numpy.meshgrid",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$vectors (`ij` $ij^)? (`sparse` $sparse^)? attr-dict `:` type($vectors) `->` type($grids)"
)]
pub struct Meshgrid {
    vectors: Variadic<AnyArray>,
    ij: UnitAttr,
    sparse: UnitAttr,
    grids: VariadicOutput<AnyArray>,
}

/// The positions along each dimension of an array of a shape, stacked along a new first dimension
///
/// The result type says which numbers.
#[op("numpy.indices", traits(Pure), interfaces(Verify))]
pub struct Indices {
    sizes: Variadic<IndexType>,
    shape: Attr<I64Array>,
    result: Output<AnyArray>,
}

/// The dimension of the grid along which vector `i` lies.
fn dimension(i: usize, ij: bool) -> usize {
    if i < 2 && !ij { 1 - i } else { i }
}

/// The same for `count` vectors: a single one has but one.
fn dimensions(count: usize, ij: bool) -> Vec<usize> {
    (0..count).map(|i| dimension(i, ij || count < 2)).collect()
}

impl InferTypes for Meshgrid<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let along = dimensions(cx.operands.len(), cx.attr("ij").is_some());
        let mut sizes = vec![1; along.len()];
        for (vector, &d) in cx.operands.iter().zip(&along) {
            sizes[d] = element_count(&vector.ty().dims())?.unwrap_or(DYNAMIC);
        }
        let grid = |(vector, &d): (&Val<'c>, &usize)| {
            let mut own = sizes.clone();
            if cx.attr("sparse").is_some() {
                own = vec![1; along.len()];
                own[d] = sizes[d];
            }
            cx.ctx.tensor(&own, vector.ty().element())
        };
        Ok(cx.operands.iter().zip(&along).map(grid).collect())
    }
}

impl Verify for Indices<'_> {
    fn verify(self) -> Result<(), String> {
        let (ty, shape) = (self.result().ty(), self.shape());
        target_shape::check_sizes(&shape, self.sizes().len())?;
        let numbers = DType::of(ty).is_some_and(|d| Classes::NUMERIC.contains(d.class()));
        if !numbers {
            let name = element_name(ty);
            return Err(format!("counts in numbers, not in {name}"));
        }
        let dims = [&[shape.len() as i64], &shape[..]].concat();
        check_declared(ty, ty.ctx().tensor(&dims, ty.element()))
    }
}

verify_declared!(Meshgrid);

/// The ops.
pub fn ops() -> Vec<OpDef> {
    let indices = Indices::def().custom_assembly(
        |p| target_shape::parse(p, 0),
        |op, p| target_shape::print(op, p, 0),
    );
    vec![Meshgrid::def(), indices]
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![
        ConversionPattern::new(Meshgrid::NAME, lower_meshgrid),
        ConversionPattern::new(Indices::NAME, lower_indices),
    ]
}

/// Each grid is a view of its vector.
fn lower_meshgrid<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let along = dimensions(cx.operands.len(), op.attr("ij").is_some());
    let vectors: Vec<_> = cx.operands.iter().map(|&v| flat(rw, v)).collect();
    let mut shape = vec![OpFold::Static(1); along.len()];
    for (&vector, &d) in vectors.iter().zip(&along) {
        shape[d] = sizes::of(rw, vector, 0);
    }
    let (zero, one) = (OpFold::Static(0), OpFold::Static(1));
    let mut grids = Vec::new();
    for ((&vector, &d), ty) in vectors.iter().zip(&along).zip(op.result_types()) {
        let mut own = shape.clone();
        if op.attr("sparse").is_some() {
            own = vec![one; along.len()];
            own[d] = shape[d];
        }
        let (mut steps, mut walks) = (vec![zero; along.len()], vec![-1; along.len()]);
        (steps[d], walks[d]) = (one, 0);
        let grid = View::create(rw, vector, &[zero], &own, &steps, &walks);
        grids.push(lowering::conform(rw, grid, cx.convert(ty)?));
    }
    rw.replace(op, &grids);
    Ok(())
}

fn lower_indices<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (Some(view), Some(dtype)) = (Indices::cast(op), DType::of(op.result_value(0).ty())) else {
        return no_match("not an array");
    };
    let shape = target_shape::fill(&view.shape(), cx.operands);
    target_shape::check_at_run_time(rw, Indices::NAME, &shape);
    let rank = shape.len();
    let whole = [&[OpFold::Static(rank as i64)], &shape[..]].concat();
    target_shape::check_at_run_time(rw, Indices::NAME, &whole);
    let i64_ty = rw.ctx().i(64);
    let element = dtype.storage_ty(rw.ctx());
    let value = lowering::elementwise(rw, &[], &whole, element, |rw, _| {
        let body = Body::new(rw, DType::Int(64));
        let which = rw.linalg_index(0);
        let mut place = rw.const_int(i64_ty, 0);
        for d in 0..rank {
            let this = rw.cmpi(CmpI::Eq, which, rw.const_index(d as i64));
            let at = rw.index_cast(rw.linalg_index(d + 1), i64_ty);
            place = body.select(this, at, place);
        }
        cast::scalar(rw, place, DType::Int(64), dtype)
    });
    lowering::replace(rw, op, cx, value)
}
