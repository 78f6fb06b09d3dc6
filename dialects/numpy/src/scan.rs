//! Running results along an axis: `cumsum`, `cumprod`, `nancumsum`, `nancumprod`,
//! `maximum_accumulate`, `minimum_accumulate`, all from one table; each becomes one scan. And the differences of
//! neighbours, `diff`.

use npir_mlir::prelude::*;
use npir_tensor::{Scan, ScanCode};

use crate::axes::flat;
use crate::cast;
use crate::compose;
use crate::elementwise::Body;
use crate::elementwise::dtype::DType;
use crate::lowering;
use crate::reduce::sum_dtype;
use crate::shape::{element_count, normalize_axis};
use crate::sizes;
use crate::types::{AnyArray, check_declared, verify_declared};

type Combine = for<'c> fn(Body<'c>, Val<'c>, Val<'c>) -> Val<'c>;

/// One row of the table.
struct Row {
    name: &'static str,
    summary: &'static str,
    kind: Kind,
    combine: Combine,
}

/// What kind of function of NumPy it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A sum or product: element types widen, and without an axis the array is flattened.
    Cumulative,
    /// The same, with this number in place of NaN.
    WithoutNan(i64),
    /// A `ufunc.accumulate`: element types stay, and the axis is 0 where missing.
    Accumulate,
}

/// The family. Adding a scan is adding a row.
static TABLE: &[Row] = &[
    Row {
        name: "numpy.cumsum",
        summary: "Running sum along an axis; 16-bit floats accumulate in f32",
        kind: Kind::Cumulative,
        combine: |body, sum, x| body.add(sum, x),
    },
    Row {
        name: "numpy.cumprod",
        summary: "Running product along an axis; 16-bit floats accumulate in f32",
        kind: Kind::Cumulative,
        combine: |body, product, x| body.mul(product, x),
    },
    Row {
        name: "numpy.nancumsum",
        summary: "Running sum along an axis of what is not NaN; 16-bit floats accumulate in f32",
        kind: Kind::WithoutNan(0),
        combine: |body, sum, x| body.add(sum, x),
    },
    Row {
        name: "numpy.nancumprod",
        summary: "Running product along an axis of what is not NaN; 16-bit floats accumulate in f32",
        kind: Kind::WithoutNan(1),
        combine: |body, product, x| body.mul(product, x),
    },
    Row {
        name: "numpy.maximum_accumulate",
        summary: "Running maximum along an axis; from a NaN on it is NaN",
        kind: Kind::Accumulate,
        combine: |body, greatest, x| body.maximum(greatest, x),
    },
    Row {
        name: "numpy.minimum_accumulate",
        summary: "Running minimum along an axis; from a NaN on it is NaN",
        kind: Kind::Accumulate,
        combine: |body, least, x| body.minimum(least, x),
    },
];

const CUMULATIVE_DESCRIPTION: &str = "\
Without `axis` the array is flattened. The element type of the result is NumPy's default, 64 bits \
wide for bool and integers, or the `dtype`: elements are cast to it first. Sums and products of \
floats may be grouped in any way.";
const ACCUMULATE_DESCRIPTION: &str = "Without `axis` it is axis 0.";

/// Differences of a higher order would take as many rounds of memory and code; they are numerically meaningless.
const MAX_ORDER: i64 = 1000;

/// Differences of neighbours along an axis, `n` times (once where missing)
///
/// The axis is the last one where missing. Of bool, whether neighbours differ.
#[op(
    "numpy.diff",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x (`n` $n^)? (`axis` $axis^)? attr-dict `:` type($x) `->` type($result)"
)]
pub struct Diff {
    x: Operand<AnyArray>,
    n: OptionalAttr<I64>,
    axis: OptionalAttr<I64>,
    result: Output<AnyArray>,
}

verify_declared!(Diff);

impl InferTypes for Diff<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        let n = cx.attr("n").and_then(I64::decode).unwrap_or(1);
        if n < 0 {
            return Err(format!("order must be non-negative but got {n}"));
        }
        let mut dims = x.dims();
        if dims.is_empty() {
            return Err("diff requires input that is at least one dimensional".to_string());
        }
        let axis = cx.attr("axis").and_then(I64::decode).unwrap_or(-1);
        let axis = normalize_axis(axis, dims.len())?;
        if n > MAX_ORDER && (dims[axis] == DYNAMIC || dims[axis] > n) {
            return Err(format!(
                "differences of order {n} are not supported, only up to {MAX_ORDER}"
            ));
        }
        if dims[axis] != DYNAMIC {
            dims[axis] = (dims[axis] - n).max(0);
        } else if n == 0 {
            return Ok(vec![x]);
        }
        Ok(vec![cx.ctx.tensor(&dims, x.element())])
    }
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    let mut ops: Vec<_> = TABLE.iter().map(define).collect();
    ops.push(Diff::def());
    ops
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    let scan = |row: &'static Row| {
        ConversionPattern::new(row.name, move |op, cx, rw| lower(row, op, cx, rw))
    };
    let mut patterns: Vec<_> = TABLE.iter().map(scan).collect();
    patterns.push(ConversionPattern::new(Diff::NAME, lower_diff));
    patterns
}

fn define(row: &'static Row) -> OpDef {
    let (description, dtype) = match row.kind {
        Kind::Accumulate => (ACCUMULATE_DESCRIPTION, ""),
        _ => (CUMULATIVE_DESCRIPTION, "(`dtype` $dtype^)?"),
    };
    let mut def = OpDef::new(row.name)
        .doc(&format!("{}\n\n{description}", row.summary))
        .operand("x", AnyArray::constraint())
        .optional_attribute("axis", I64::constraint());
    if !dtype.is_empty() {
        def = def.optional_attribute("dtype", TypeValue::constraint());
    }
    def.result("result", AnyArray::constraint())
        .traits(&[Trait::Pure])
        .assembly(&format!(
            "$x (`axis` $axis^)? {dtype} attr-dict `:` type($x) `->` type($result)"
        ))
        .verify(move |op| check_declared(op.result_value(0).ty(), infer(row, &InferCx::of(op))?))
        .infer(move |cx| Ok(vec![infer(row, cx)?]))
}

/// The axis, where the array is not flattened.
fn axis_of(row: &Row, axis: Option<Attribute<'_>>, rank: usize) -> Result<Option<usize>, String> {
    match (axis.and_then(I64::decode), row.kind) {
        (Some(axis), _) => normalize_axis(axis, rank).map(Some),
        (None, Kind::Accumulate) => match rank {
            0 => Err("cannot accumulate on a scalar".to_string()),
            _ => Ok(Some(0)),
        },
        (None, _) => Ok(None),
    }
}

fn infer<'c>(row: &Row, cx: &InferCx<'c>) -> Result<Type<'c>, String> {
    let x = cx.operand_type(0)?;
    let dims = match axis_of(row, cx.attr("axis"), x.rank())? {
        Some(_) => x.dims(),
        None => vec![element_count(&x.dims())?.unwrap_or(DYNAMIC)],
    };
    let from = DType::of(x).ok_or("has an input that is no array")?;
    let to = match row.kind {
        Kind::Accumulate => from,
        _ => sum_dtype(x, cx.attr("dtype"))?,
    };
    let drops = match from {
        _ if from.is_complex() => !to.is_complex(),
        _ => from.is_float() && !(to.is_float() || to.is_complex()),
    };
    if drops {
        return Err(format!(
            "cannot accumulate {} elements in {}; cast them first",
            from.name(),
            to.name()
        ));
    }
    Ok(cx.ctx.tensor(&dims, to.ty(cx.ctx)))
}

fn lower<'c>(row: &Row, op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (Some(from), Some(to)) = (
        DType::of(op.operand(0).ty()),
        DType::of(op.result_value(0).ty()),
    ) else {
        return no_match("not an array");
    };
    let mut x = cx.operand(0);
    let axis = axis_of(row, op.attr("axis"), x.ty().rank()).map_err(NoMatch::new)?;
    if axis.is_none() {
        x = flat(rw, x);
    }
    let shape = sizes::all_of(rw, x);
    // Comparing 16-bit floats is exact; adding and multiplying them is not.
    let running = match row.kind {
        Kind::Accumulate => to,
        _ => to.widened(),
    };
    let ctx = rw.ctx();
    let dest = lowering::empty(rw, &shape, to.storage_ty(ctx));
    let running_ty = running.storage_ty(ctx);
    let code = ScanCode {
        term: |rw: Rewriter<'c>, element: Val<'c>| {
            let term = cast::scalar(rw, element, from, running);
            match row.kind {
                Kind::WithoutNan(neutral) if from.is_float() || from.is_complex() => {
                    let nan = Body::new(rw, from).is_nan(element);
                    let neutral = lowering::number(rw, running_ty, neutral);
                    Body::new(rw, running).select(nan, neutral, term)
                }
                _ => term,
            }
        },
        combine: |rw, a, b| (row.combine)(Body::new(rw, running), a, b),
        finish: |rw, value| cast::scalar(rw, value, running, to),
    };
    let value = Scan::create(rw, x, dest, axis.unwrap_or(0), running_ty, code);
    lowering::replace(rw, op, cx, value)
}

fn lower_diff<'c>(op: Op<'c>, _: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let mut x = op.operand(0);
    let rank = x.ty().rank();
    let axis = op.attr("axis").and_then(I64::decode).unwrap_or(-1);
    let axis = normalize_axis(axis, rank).map_err(NoMatch::new)?;
    let difference = match DType::of(x.ty()) {
        Some(DType::Bool) => "numpy.not_equal",
        _ => "numpy.subtract",
    };
    let n = op.attr("n").and_then(I64::decode).unwrap_or(1);
    let extent = x.ty().dims()[axis];
    if extent != DYNAMIC && n >= extent {
        let empty = compose::part(rw, x, axis, Some(0), Some(0))?;
        return compose::replace(rw, op, empty);
    }
    for _ in 0..n {
        let next = compose::part(rw, x, axis, Some(1), None)?;
        let this = compose::part(rw, x, axis, None, Some(-1))?;
        x = compose::op(rw, difference, &[next, this], &[])?;
    }
    compose::replace(rw, op, x)
}
