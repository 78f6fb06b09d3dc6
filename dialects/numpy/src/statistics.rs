//! `numpy.var`, `std`, `nanvar`, `nanstd`, `ptp`, `nanargmin`, `nanargmax`: reductions that are
//! made of other ops of this dialect.
//!
//! A variance takes two passes over its input, the mean and then the squares of the differences,
//! which fuse into the second reduction: NumPy's algorithm and its accuracy, without its temporary.
//! Where the second pass would go through memory again, it is one pass over differences from a guess of the mean, and
//! a second one where the guess turns out to be bad (`one_pass`).

use npir_mlir::prelude::*;
use npir_tensor::CheckKind;

use crate::cast;
use crate::compose::{self, Over};
use crate::elementwise;
use crate::elementwise::dtype::DType;
use crate::reduce::check_where;
use crate::shape::{axis_mask, reduce_dims};
use crate::sizes::{self, Cond};
use crate::types::{AnyArray, RealArray, check_declared, element_name, verify_declared};
use crate::views::BroadcastTo;

/// One variance.
struct Variance {
    name: &'static str,
    summary: &'static str,
    root: bool,
    skips_nan: bool,
}

static VARIANCES: &[Variance] = &[
    Variance {
        name: "numpy.var",
        summary: "Variance over axes",
        root: false,
        skips_nan: false,
    },
    Variance {
        name: "numpy.std",
        summary: "Standard deviation over axes",
        root: true,
        skips_nan: false,
    },
    Variance {
        name: "numpy.nanvar",
        summary: "Variance over axes of what is not NaN; NaN where too few elements are left",
        root: false,
        skips_nan: true,
    },
    Variance {
        name: "numpy.nanstd",
        summary: "Standard deviation over axes of what is not NaN; NaN where too few elements are left",
        root: true,
        skips_nan: true,
    },
];

const VARIANCE_DESCRIPTION: &str = "\
The mean of the squared distances from the mean, divided by the number of elements less `ddof` (0 \
where missing). `axes` lists the reduced axes, negative ones counting from the end; without it all \
are reduced. `keepdims` leaves them in the result with size 1. Bool and integers are computed in \
float64, 16-bit floats in float32, others in their own type or in `dtype`. Of complex numbers the distance is the \
absolute value, and the result is real. Only elements count where \
the bool array `where`, broadcast to the shape of the input, is true.";

/// The difference of the maximum and the minimum over axes
///
/// `axes` lists the reduced axes, all without it; `keepdims` leaves them in the result with size 1.
/// Integers wrap. Over no elements it is an error.
#[op(
    "numpy.ptp",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x (`axes` $axes^)? (`keepdims` $keepdims^)? attr-dict `:` type($x) `->` type($result)"
)]
pub struct Ptp {
    x: Operand<AnyArray>,
    axes: OptionalAttr<I64Array>,
    keepdims: UnitAttr,
    result: Output<AnyArray>,
}

impl InferTypes for Ptp<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        if DType::of(x) == Some(DType::Bool) {
            return Err("subtracts numbers, not bool; cast first".to_string());
        }
        Ok(vec![reduced(cx, x, x.element())?])
    }
}

verify_declared!(Ptp, NanArgMin, NanArgMax);

/// Position of the first minimum along an axis of what is not NaN
///
/// Without `axis` the position is that in the flattened array. A row of nothing but NaN is an error.
#[op(
    "numpy.nanargmin",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x (`axis` $axis^)? (`keepdims` $keepdims^)? attr-dict `:` type($x) `->` type($result)"
)]
pub struct NanArgMin {
    x: Operand<AnyArray>,
    axis: OptionalAttr<I64>,
    keepdims: UnitAttr,
    result: Output<AnyArray>,
}

/// Position of the first maximum along an axis of what is not NaN
///
/// Without `axis` the position is that in the flattened array. A row of nothing but NaN is an error.
#[op(
    "numpy.nanargmax",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x (`axis` $axis^)? (`keepdims` $keepdims^)? attr-dict `:` type($x) `->` type($result)"
)]
pub struct NanArgMax {
    x: Operand<AnyArray>,
    axis: OptionalAttr<I64>,
    keepdims: UnitAttr,
    result: Output<AnyArray>,
}

fn infer_position<'c>(cx: &InferCx<'c>) -> Result<Type<'c>, String> {
    let x = cx.operand_type(0)?;
    let axis = cx.attr("axis").and_then(I64::decode);
    let mask = axis_mask(axis.as_ref().map(std::slice::from_ref), x.rank())?;
    let dims = reduce_dims(&x.dims(), &mask, cx.attr("keepdims").is_some());
    Ok(cx.ctx.tensor(&dims, cx.ctx.i(64)))
}

impl InferTypes for NanArgMin<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        Ok(vec![infer_position(cx)?])
    }
}

impl InferTypes for NanArgMax<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        Ok(vec![infer_position(cx)?])
    }
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    let mut ops: Vec<_> = VARIANCES.iter().map(define).collect();
    ops.extend([Ptp::def(), NanArgMin::def(), NanArgMax::def()]);
    ops
}

/// Their conversions, to other ops of this dialect.
pub fn lowerings() -> Vec<ConversionPattern> {
    let variance = |row: &'static Variance| {
        ConversionPattern::new(row.name, move |op, cx, rw| lower_variance(row, op, cx, rw))
    };
    let mut patterns: Vec<_> = VARIANCES.iter().map(variance).collect();
    patterns.extend([
        ConversionPattern::new(Ptp::NAME, lower_ptp),
        ConversionPattern::new(NanArgMin::NAME, |op, _, rw| {
            lower_position(op, rw, "numpy.argmin", f64::INFINITY)
        }),
        ConversionPattern::new(NanArgMax::NAME, |op, _, rw| {
            lower_position(op, rw, "numpy.argmax", f64::NEG_INFINITY)
        }),
    ]);
    patterns
}

fn define(row: &'static Variance) -> OpDef {
    OpDef::new(row.name)
        .doc(&format!("{}\n\n{VARIANCE_DESCRIPTION}", row.summary))
        .operand("x", AnyArray::constraint())
        .optional_operand("where", RealArray::constraint())
        .optional_attribute("axes", I64Array::constraint())
        .unit_attribute("keepdims")
        .optional_attribute("dtype", TypeValue::constraint())
        .optional_attribute("ddof", F64::constraint())
        .result("result", RealArray::constraint())
        .traits(&[Trait::Pure])
        .assembly(
            "$x (`axes` $axes^)? (`keepdims` $keepdims^)? (`dtype` $dtype^)? (`ddof` $ddof^)? \
             (`where` $where^)? attr-dict `:` type($x) (`where` type($where)^)? `->` type($result)",
        )
        .verify(|op| check_declared(op.result_value(0).ty(), infer_variance(&InferCx::of(op))?))
        .infer(|cx| Ok(vec![infer_variance(cx)?]))
}

/// The type of a reduction of `x` with the attributes `axes` and `keepdims`.
fn reduced<'c>(cx: &InferCx<'c>, x: Type<'c>, element: Type<'c>) -> Result<Type<'c>, String> {
    let axes = cx.attr("axes").and_then(I64Array::decode);
    let mask = axis_mask(axes.as_deref(), x.rank())?;
    let dims = reduce_dims(&x.dims(), &mask, cx.attr("keepdims").is_some());
    Ok(cx.ctx.tensor(&dims, element))
}

fn infer_variance<'c>(cx: &InferCx<'c>) -> Result<Type<'c>, String> {
    let x = cx.operand_type(0)?;
    if let Some(chosen) = cx.operands.get(1) {
        check_where(chosen.ty(), x)?;
    }
    let result = result_dtype(x, cx.attr("dtype"))?;
    reduced(cx, x, result.ty(cx.ctx))
}

/// The element type of a variance.
fn result_dtype(x: Type<'_>, dtype: Option<Attribute<'_>>) -> Result<DType, String> {
    let complex = DType::of(x).is_some_and(DType::is_complex);
    match dtype.and_then(TypeValue::decode) {
        Some(dtype) => DType::of(dtype)
            .filter(|to| !dtype.is_shaped() && to.is_float() && !complex)
            .ok_or_else(|| format!("divides in floats, so its dtype cannot be {dtype}")),
        None => match DType::of(x) {
            Some(from) if from.is_float() => Ok(from),
            Some(from) if from.is_complex() => Ok(from.part()),
            Some(_) => Ok(DType::F64),
            None => Err(format!("has an input of {}", element_name(x))),
        },
    }
}

/// Bytes from which on a second pass would go through memory.
const LARGE: i64 = 1 << 20;

/// How many elements the guess of a mean is the mean of.
const SAMPLE: i64 = 64;

fn axes_of(over: &Over<'_>) -> Option<Vec<i64>> {
    over.axes.and_then(I64Array::decode)
}

/// Whether a value is not computed where it is used.
fn is_in_memory(x: Val<'_>) -> bool {
    let inline = |op: Op<'_>| elementwise::row(op.name()).is_some() || op.name() == cast::NAME;
    !x.defining_op().is_some_and(inline)
}

/// The axis along which elements give a good guess of the mean over axes, where one pass is worth it: for a large array of
/// which no part can be done before the next one. Rows are: they stay in the cache between two passes over each.
pub(crate) fn guess_axis(ty: Type<'_>, axes: Option<&[i64]>) -> Option<usize> {
    let (dtype, dims) = (DType::of(ty)?, ty.dims());
    let mask = axis_mask(axes, dims.len()).ok()?;
    if !ty.has_static_shape()
        || !dtype.is_float()
        || dtype.bits() < 32
        || mask.first() != Some(&true)
    {
        return None;
    }
    let reduced = || (0..dims.len()).filter(|&axis| mask[axis]);
    let count = reduced().try_fold(1i64, |n, axis| n.checked_mul(dims[axis]))?;
    let bytes = dims
        .iter()
        .try_fold(i64::from(dtype.bits()) / 8, |n, &dim| n.checked_mul(dim))?;
    let axis = reduced().max_by_key(|&axis| dims[axis])?;
    (bytes >= LARGE && count >= 16 * SAMPLE).then_some(axis)
}

/// Σ (x - mean)².
fn squares_from<'c>(
    rw: Rewriter<'c>,
    x: Val<'c>,
    mean: Val<'c>,
    over: &Over<'c>,
) -> Result<Val<'c>, NoMatch> {
    let distance = compose::op(rw, "numpy.subtract", &[x, mean], &[])?;
    let square = compose::squared(rw, distance)?;
    compose::reduction(rw, "numpy.sum", square, over)
}

/// Σ (x - mean)² = Σ (x - g)² - (Σ (x - g))² / n for a guess g, the mean of the first elements along `axis`: two sums in
/// one pass.
///
/// With δ = mean - g and the variance σ² the difference loses as much as 1 + δ²/σ² says (T. Chan, G. Golub, R. LeVeque,
/// *Algorithms for computing the sample variance*, 1983). Where that is more than 4/3 somewhere, or squares are not in the
/// range of normal numbers, the second pass is made, from the mean that the sums give.
fn one_pass<'c>(
    rw: Rewriter<'c>,
    x: Val<'c>,
    over: &Over<'c>,
    dtype: DType,
    axis: usize,
) -> Result<Val<'c>, NoMatch> {
    let dims = x.ty().dims();
    let mask = axis_mask(axes_of(over).as_deref(), dims.len()).map_err(NoMatch::new)?;
    let mut sample = x;
    let mut count = 1;
    for d in (0..dims.len()).filter(|&d| mask[d]) {
        count *= dims[d];
        let stop = if d == axis { SAMPLE } else { 1 };
        sample = compose::part(rw, sample, d, None, Some(stop))?;
    }
    // What leading axes are reduced to is repeated along them as it is.
    let leading = mask.windows(2).all(|pair| pair[0] || !pair[1]);
    let own = Over {
        keepdims: !leading,
        ..over.clone()
    };
    let guess = compose::reduction(rw, "numpy.mean", sample, &own)?;
    let distance = compose::op(rw, "numpy.subtract", &[x, guess], &[])?;
    let square = compose::op(rw, "numpy.square", &[distance], &[])?;
    let sum = compose::reduction(rw, "numpy.sum", distance, &own)?;
    let squares = compose::reduction(rw, "numpy.sum", square, &own)?;

    let count = compose::float(rw, dtype, count as f64);
    let more = compose::op(rw, "numpy.divide", &[sum, count], &[])?;
    let mean = compose::op(rw, "numpy.add", &[guess, more], &[])?;
    // n·δ²
    let lost = compose::op(rw, "numpy.multiply", &[sum, more], &[])?;
    let once = compose::op(rw, "numpy.subtract", &[squares, lost], &[])?;
    let four = compose::float(rw, dtype, 4.0);
    let amplified = compose::op(rw, "numpy.multiply", &[lost, four], &[])?;
    let near = compose::op(rw, "numpy.less_equal", &[amplified, squares], &[])?;
    let (smallest, infinity) = match dtype {
        DType::F64 => (1e-270, f64::INFINITY),
        _ => (1e-24, f64::INFINITY),
    };
    let above = compose::float(rw, dtype, smallest);
    let below = compose::float(rw, dtype, infinity);
    let above = compose::op(rw, "numpy.greater", &[squares, above], &[])?;
    let below = compose::op(rw, "numpy.less", &[squares, below], &[])?;
    let normal = compose::op(rw, "numpy.logical_and", &[above, below], &[])?;
    let good = compose::op(rw, "numpy.logical_and", &[near, normal], &[])?;
    let good = compose::reduction(rw, "numpy.all", good, &Over::axis(rw.ctx(), None))?;
    let good = compose::op(rw, "numpy.item", &[good], &[])?;
    let mut failed = None;
    let results = rw.scf_if(
        good,
        &[once.ty()],
        |_| vec![once],
        |rw| match squares_from(rw, x, mean, &own) {
            Ok(sum) => vec![sum],
            Err(reason) => {
                failed = Some(reason);
                vec![once]
            }
        },
    );
    if let Some(reason) = failed {
        return Err(reason);
    }
    match own.keepdims == over.keepdims {
        true => Ok(results[0]),
        false if over.keepdims => expanded(rw, results[0], &mask),
        // Over axes of size 1.
        false => compose::reduction(rw, "numpy.sum", results[0], over),
    }
}

/// The result of a reduction with the axes that it has dropped.
fn expanded<'c>(rw: Rewriter<'c>, x: Val<'c>, mask: &[bool]) -> Result<Val<'c>, NoMatch> {
    let axes = (0..mask.len()).filter(|&axis| mask[axis]);
    let axes: Vec<_> = axes.map(|axis| axis as i64).collect();
    let axes = rw.ctx().i64_array(&axes);
    compose::op(rw, "numpy.expand_dims", &[x], &[("axes", axes)])
}

fn lower_variance<'c>(
    row: &Variance,
    op: Op<'c>,
    cx: &ConvertCx<'_, 'c>,
    rw: Rewriter<'c>,
) -> Match {
    let (x, shape) = (op.operand(0), sizes::all_of(rw, cx.operands[0]));
    let result = result_dtype(x.ty(), op.attr("dtype")).map_err(NoMatch::new)?;
    let computed = result.widened();
    let mut over = Over {
        axes: op.attr("axes"),
        keepdims: op.attr("keepdims").is_some(),
        chosen: op.operand_values().get(1).copied(),
        dtype: None,
    };
    let from = DType::of(x.ty()).ok_or_else(|| NoMatch::new("not an array"))?;
    let skips_nan = row.skips_nan && (from.is_float() || from.is_complex());
    if skips_nan {
        let nan = compose::op(rw, "numpy.isnan", &[x], &[])?;
        let number = compose::op(rw, "numpy.logical_not", &[nan], &[])?;
        over.chosen = Some(match over.chosen {
            None => number,
            Some(chosen) => compose::op(rw, "numpy.logical_and", &[number, chosen], &[])?,
        });
    }
    let wide = match from.is_complex() {
        true => x,
        false => compose::cast(rw, x, computed),
    };
    let plain = over.chosen.is_none() && !from.is_complex() && wide.key() == x.key();
    let guess = (plain && is_in_memory(x)).then(|| guess_axis(x.ty(), axes_of(&over).as_deref()));
    let sum = match guess.flatten() {
        Some(axis) => one_pass(rw, x, &over, computed, axis)?,
        None => {
            let mean = compose::reduction(rw, "numpy.mean", wide, &over.keeping())?;
            squares_from(rw, wide, mean, &over)?
        }
    };

    let mut count = match over.chosen {
        None => {
            let mask = axis_mask(axes_of(&over).as_deref(), shape.len()).map_err(NoMatch::new)?;
            let reduced: Vec<_> = (0..shape.len())
                .filter(|&d| mask[d])
                .map(|d| shape[d])
                .collect();
            let count = sizes::product(rw, &reduced);
            let count = rw.index_cast(sizes::value(rw, count), rw.ctx().i(64));
            rw.tensor_from_elements(&[count], rw.ctx().tensor(&[], rw.ctx().i(64)))
        }
        Some(chosen) => {
            // Counted where it is broadcast: over the shape of the input.
            let dims = sizes::dims(&shape);
            let ty = rw.ctx().tensor(&dims, chosen.ty().element());
            let whole = BroadcastTo::build(rw, chosen, &sizes::dynamic(&shape), dims, ty).result();
            compose::reduction(rw, "numpy.count_nonzero", whole, &over.everything())?
        }
    };
    count = compose::cast(rw, count, computed);
    if let Some(ddof) = op.attr("ddof").and_then(F64::decode) {
        let ddof = compose::float(rw, computed, ddof);
        count = compose::op(rw, "numpy.subtract", &[count, ddof], &[])?;
    }
    let zero = compose::float(rw, computed, 0.0);
    let divisor = compose::op(rw, "numpy.maximum", &[count, zero], &[])?;
    let mut value = compose::op(rw, "numpy.divide", &[sum, divisor], &[])?;
    if row.skips_nan {
        let too_few = compose::op(rw, "numpy.less_equal", &[count, zero], &[])?;
        let nan = compose::float(rw, computed, f64::NAN);
        value = compose::op(rw, "numpy.where", &[too_few, nan, value], &[])?;
    }
    if row.root {
        value = compose::op(rw, "numpy.sqrt", &[value], &[])?;
    }
    compose::replace(rw, op, compose::cast(rw, value, result))
}

fn lower_ptp<'c>(op: Op<'c>, _: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let over = Over {
        axes: op.attr("axes"),
        keepdims: op.attr("keepdims").is_some(),
        chosen: None,
        dtype: None,
    };
    let max = compose::reduction(rw, "numpy.max", op.operand(0), &over)?;
    let min = compose::reduction(rw, "numpy.min", op.operand(0), &over)?;
    let [max, min] = [max, min].map(|value| compose::called(value, op));
    let value = compose::op(rw, "numpy.subtract", &[max, min], &[])?;
    compose::replace(rw, op, value)
}

/// NumPy's way: the extreme of the array with `worst` for NaN, once no row is known to be all NaN.
fn lower_position<'c>(op: Op<'c>, rw: Rewriter<'c>, positions: &str, worst: f64) -> Match {
    let mut x = op.operand(0);
    let ctx = rw.ctx();
    let attrs: Vec<_> = ["axis", "keepdims"]
        .into_iter()
        .filter_map(|name| op.attr(name).map(|value| (name, value)))
        .collect();
    if let Some(dtype) = DType::of(x.ty()).filter(|dtype| dtype.is_float() || dtype.is_complex()) {
        let nan = compose::op(rw, "numpy.isnan", &[x], &[])?;
        let over = |axes| Over {
            axes,
            keepdims: false,
            chosen: None,
            dtype: None,
        };
        let axis = op.attr("axis").and_then(I64::decode);
        let axes = axis.map(|axis| ctx.i64_array(&[axis]));
        let rows = compose::reduction(rw, "numpy.all", nan, &over(axes))?;
        let any = compose::reduction(rw, "numpy.any", rows, &over(None))?;
        let any = rw.tensor_extract(any, &[]);
        let valid = Cond::Value(rw.xori(any, rw.const_bool(true)));
        let message = format!("{}: All-NaN slice encountered", op.name());
        sizes::check(rw, valid, CheckKind::ValueError, &message, &[]);
        let worst = compose::float(rw, dtype, worst);
        x = compose::op(rw, "numpy.where", &[nan, worst, x], &[])?;
    }
    let value = compose::op(rw, positions, &[x], &attrs)?;
    compose::replace(rw, op, value)
}
