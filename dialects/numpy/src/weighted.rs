//! Weighted means and covariances: `average`, `cov`, `corrcoef`, made of other ops of this dialect.

use npir_mlir::prelude::*;
use npir_tensor::CheckKind;

use crate::compose::{self, Over};
use crate::elementwise::dtype::DType;
use crate::shape::{axis_mask, normalize_axis, reduce_dims, shape_text};
use crate::sizes::{self, Cond};
use crate::types::{AnyArray, same_elements, verify_declared};

/// Weighted means over axes
///
/// `weights` has the array's shape, or the sizes of the `axes` in their order, and its element type; the result is a
/// float. `keepdims` leaves the axes with size 1. Weights whose sum is zero are an error.
#[op(
    "numpy.average",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x `weights` $weights (`axes` $axes^)? (`keepdims` $keepdims^)? attr-dict \
                `:` type($x) `weights` type($weights) `->` type($result)"
)]
pub struct Average {
    x: Operand<AnyArray>,
    weights: Operand<AnyArray>,
    axes: OptionalAttr<I64Array>,
    keepdims: UnitAttr,
    result: Output<AnyArray>,
}

/// The covariances of the rows of a matrix, in float64 or complex128
///
/// With `columns` those of its columns. Sums are divided by the number of observations less `ddof`, 1 where missing. A
/// vector, or a matrix known to have a single row, has one variance, a 0-d array.
#[op(
    "numpy.cov",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x (`columns` $columns^)? (`ddof` $ddof^)? attr-dict `:` type($x) `->` type($result)"
)]
pub struct Cov {
    x: Operand<AnyArray>,
    columns: UnitAttr,
    ddof: OptionalAttr<I64>,
    result: Output<AnyArray>,
}

/// The correlation coefficients of the rows of a matrix, in float64 or complex128
///
/// With `columns` those of its columns. A vector, or a matrix known to have a single row, has one, a 0-d array.
#[op(
    "numpy.corrcoef",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x (`columns` $columns^)? attr-dict `:` type($x) `->` type($result)"
)]
pub struct Corrcoef {
    x: Operand<AnyArray>,
    columns: UnitAttr,
    result: Output<AnyArray>,
}

verify_declared!(Average, Cov, Corrcoef);

/// The type of means of elements.
fn mean_dtype(x: Type<'_>) -> Result<DType, String> {
    match DType::of(x) {
        Some(dtype) if dtype.is_float() || dtype.is_complex() => Ok(dtype),
        Some(_) => Ok(DType::F64),
        None => Err("needs an array".to_string()),
    }
}

/// The axes in their order, all where there are none.
fn listed(axes: Option<Attribute<'_>>, rank: usize) -> Result<Vec<usize>, String> {
    match axes.and_then(I64Array::decode) {
        Some(axes) => axes
            .iter()
            .map(|&axis| normalize_axis(axis, rank))
            .collect(),
        None => Ok((0..rank).collect()),
    }
}

impl InferTypes for Average<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let (x, weights) = (cx.operand_type(0)?, cx.operand_type(1)?);
        same_elements(x, weights)?;
        let axes = cx.attr("axes").and_then(I64Array::decode);
        let mask = axis_mask(axes.as_deref(), x.rank())?;
        let (dims, own) = (x.dims(), weights.dims());
        let chosen = listed(cx.attr("axes"), x.rank())?;
        let chosen: Vec<_> = chosen.into_iter().map(|d| dims[d]).collect();
        let fits = |dims: &[i64]| {
            let same = |(&a, &b): (&i64, &i64)| a == b || a == DYNAMIC || b == DYNAMIC;
            dims.len() == own.len() && dims.iter().zip(&own).all(same)
        };
        if !fits(&dims) && !fits(&chosen) {
            return Err(format!(
                "Shape of weights must be consistent with shape of a along specified axis: {} and {}",
                shape_text(&own),
                shape_text(&dims)
            ));
        }
        let dims = reduce_dims(&dims, &mask, cx.attr("keepdims").is_some());
        Ok(vec![cx.ctx.tensor(&dims, mean_dtype(x)?.ty(cx.ctx))])
    }
}

/// The type that covariances are computed in.
fn covariance_dtype(x: Type<'_>) -> Result<DType, String> {
    match DType::of(x) {
        Some(dtype) if dtype.is_complex() => Ok(DType::C128),
        Some(_) => Ok(DType::F64),
        None => Err("needs an array".to_string()),
    }
}

fn infer_covariance<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
    let x = cx.operand_type(0)?;
    let element = covariance_dtype(x)?.ty(cx.ctx);
    let variables = match (x.dims().as_slice(), cx.attr("columns").is_some()) {
        ([] | [_], _) => 1,
        (&[rows, _], false) => rows,
        (&[_, columns], true) => columns,
        _ => return Err("m has more than 2 dimensions".to_string()),
    };
    let dims = if variables == 1 {
        vec![]
    } else {
        vec![variables; 2]
    };
    Ok(vec![cx.ctx.tensor(&dims, element)])
}

impl InferTypes for Cov<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        infer_covariance(cx)
    }
}

impl InferTypes for Corrcoef<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        infer_covariance(cx)
    }
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    vec![Average::def(), Cov::def(), Corrcoef::def()]
}

/// Their conversions to other ops of this dialect.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![
        ConversionPattern::new(Average::NAME, lower_average),
        ConversionPattern::new(Cov::NAME, |op, cx, rw| {
            let ddof = op.attr("ddof").and_then(I64::decode).unwrap_or(1);
            let value = covariances(op, cx, rw, ddof)?;
            compose::replace(rw, op, value)
        }),
        ConversionPattern::new(Corrcoef::NAME, lower_corrcoef),
    ]
}

fn lower_average<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let ctx = rw.ctx();
    let dtype = mean_dtype(op.operand(0).ty()).map_err(NoMatch::new)?;
    let [x, mut weights] = [0, 1].map(|i| compose::cast(rw, op.operand(i), dtype));
    let rank = x.ty().rank();
    let axes = listed(op.attr("axes"), rank).map_err(NoMatch::new)?;
    let own = sizes::all_of(rw, cx.operand(1));
    let expected: Vec<_> = match own.len() == rank {
        true => (0..rank).collect(),
        false => axes.clone(),
    };
    for (&size, &d) in own.iter().zip(&expected) {
        let of_x = sizes::of(rw, cx.operand(0), d);
        let same = sizes::equal(rw, size, of_x);
        let message = format!(
            "{}: Shape of weights must be consistent with shape of a along specified axis, but sizes are {{}} and {{}}",
            Average::NAME
        );
        sizes::check(rw, same, CheckKind::ShapeMismatch, &message, &[size, of_x]);
    }
    if own.len() != rank {
        let mut order: Vec<_> = (0..axes.len()).collect();
        order.sort_by_key(|&i| axes[i]);
        let order: Vec<_> = order.into_iter().map(|i| i as i64).collect();
        let order = ("axes", ctx.i64_array(&order));
        weights = compose::op(rw, "numpy.transpose", &[weights], &[order])?;
        let others: Vec<_> = (0..rank)
            .filter(|d| !axes.contains(d))
            .map(|d| d as i64)
            .collect();
        let others = ("axes", ctx.i64_array(&others));
        weights = compose::op(rw, "numpy.expand_dims", &[weights], &[others])?;
    }
    let over = Over {
        axes: op.attr("axes"),
        keepdims: op.attr("keepdims").is_some(),
        chosen: None,
        dtype: None,
    };
    let scale = compose::reduction(rw, "numpy.sum", weights, &over)?;
    let zero = compose::cast(rw, compose::float(rw, DType::F64, 0.0), dtype);
    let none = compose::op(rw, "numpy.equal", &[scale, zero], &[])?;
    let none = compose::reduction(rw, "numpy.any", none, &Over::axis(ctx, None))?;
    let none = rw.tensor_extract(compose::cast(rw, none, DType::Int(64)), &[]);
    let some = Cond::Value(rw.cmpi(CmpI::Eq, none, rw.const_int(ctx.i(64), 0)));
    let message = format!(
        "{}: Weights sum to zero, can't be normalized",
        Average::NAME
    );
    sizes::check(rw, some, CheckKind::ZeroDivision, &message, &[]);
    let products = compose::op(rw, "numpy.multiply", &[x, weights], &[])?;
    let sum = compose::reduction(rw, "numpy.sum", products, &over)?;
    let value = compose::op(rw, "numpy.divide", &[sum, scale], &[])?;
    compose::replace(rw, op, value)
}

/// The matrix of covariances; a 0-d array of one variable.
fn covariances<'c>(
    op: Op<'c>,
    cx: &ConvertCx<'_, 'c>,
    rw: Rewriter<'c>,
    ddof: i64,
) -> Result<Val<'c>, NoMatch> {
    let ctx = rw.ctx();
    let dtype = covariance_dtype(op.operand(0).ty()).map_err(NoMatch::new)?;
    let mut x = compose::cast(rw, op.operand(0), dtype);
    let columns = op.attr("columns").is_some() && x.ty().rank() == 2;
    let observations = match (x.ty().rank(), columns) {
        (0, _) => OpFold::Static(1),
        (rank, false) => sizes::of(rw, cx.operand(0), rank - 1),
        (_, true) => sizes::of(rw, cx.operand(0), 0),
    };
    if columns {
        x = compose::op(rw, "numpy.transpose", &[x], &[])?;
    }
    while x.ty().rank() < 2 {
        let axes = ("axes", ctx.i64_array(&[0]));
        x = compose::op(rw, "numpy.expand_dims", &[x], &[axes])?;
    }
    let over = Over::axis(ctx, Some(1)).keeping();
    let mean = compose::reduction(rw, "numpy.mean", x, &over)?;
    let x = compose::op(rw, "numpy.subtract", &[x, mean], &[])?;
    let mut other = compose::op(rw, "numpy.transpose", &[x], &[])?;
    if dtype.is_complex() {
        other = compose::op(rw, "numpy.conjugate", &[other], &[])?;
    }
    let products = compose::op(rw, "numpy.matmul", &[x, other], &[])?;
    // Fewer observations than degrees of freedom count as none.
    let factor = sizes::sub(rw, observations, OpFold::Static(ddof));
    let factor = sizes::max(rw, factor, OpFold::Static(0));
    let factor = rw.index_cast(sizes::value(rw, factor), ctx.i(64));
    let factor = rw.tensor_from_elements(&[factor], ctx.tensor(&[], ctx.i(64)));
    let factor = compose::cast(rw, factor, DType::F64);
    let one = compose::float(rw, DType::F64, 1.0);
    let factor = compose::op(rw, "numpy.divide", &[one, factor], &[])?;
    let factor = compose::cast(rw, factor, dtype);
    let value = compose::op(rw, "numpy.multiply", &[products, factor], &[])?;
    if op.result_value(0).ty().rank() == 2 {
        return Ok(value);
    }
    let axes = ("axes", ctx.i64_array(&[0, 1]));
    compose::op(rw, "numpy.squeeze", &[value], &[axes])
}

fn lower_corrcoef<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let ctx = rw.ctx();
    let mut value = covariances(op, cx, rw, 1)?;
    if value.ty().rank() == 0 {
        let value = compose::op(rw, "numpy.divide", &[value, value], &[])?;
        return compose::replace(rw, op, value);
    }
    let dtype = covariance_dtype(op.operand(0).ty()).map_err(NoMatch::new)?;
    let variances = compose::op(rw, "numpy.diagonal", &[value], &[])?;
    let variances = match dtype.is_complex() {
        true => compose::op(rw, "numpy.real", &[variances], &[])?,
        false => variances,
    };
    let deviations = compose::op(rw, "numpy.sqrt", &[variances], &[])?;
    let deviations = compose::cast(rw, deviations, dtype);
    for axis in [1, 0] {
        let axes = ("axes", ctx.i64_array(&[axis]));
        let along = compose::op(rw, "numpy.expand_dims", &[deviations], &[axes])?;
        value = compose::op(rw, "numpy.divide", &[value, along], &[])?;
    }
    let bounds = [-1.0, 1.0].map(|bound| compose::float(rw, DType::F64, bound));
    let clip = |x| compose::op(rw, "numpy.clip", &[x, bounds[0], bounds[1]], &[]);
    if !dtype.is_complex() {
        return compose::replace(rw, op, clip(value)?);
    }
    let part = |name| compose::op(rw, name, &[value], &[]).and_then(clip);
    let [real, imaginary] = [part("numpy.real")?, part("numpy.imag")?];
    let value = joined(rw, real, imaginary)?;
    compose::replace(rw, op, value)
}

/// The complex numbers of two arrays of parts.
fn joined<'c>(rw: Rewriter<'c>, real: Val<'c>, imaginary: Val<'c>) -> Result<Val<'c>, NoMatch> {
    let shape = sizes::all_of(rw, real);
    let element = DType::C128.storage_ty(rw.ctx());
    let parts = [real, imaginary];
    Ok(crate::lowering::elementwise(
        rw,
        &parts,
        &shape,
        element,
        |rw, args| crate::elementwise::Body::new(rw, DType::C128).complex(args[0], args[1]),
    ))
}
