//! More ways to look at an array: `swapaxes`, `moveaxis`, `rot90`, `ravel`, `diagonal`, and `trace`.
//!
//! The first three become one view; `diagonal` is a generic whose input map walks two dimensions
//! with one loop, which fuses into what reads it.

use npir_mlir::prelude::*;
use npir_tensor::{Reshape, View};

use crate::compose::{self, Over};
use crate::lowering::{self, Along};
use crate::shape::{element_count, normalize_axis};
use crate::sizes;
use crate::types::{AnyArray, verify_declared};

/// Exchanges two dimensions
#[op(
    "numpy.swapaxes",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x `axes` $axes attr-dict `:` type($x) `->` type($result)"
)]
pub struct Swapaxes {
    x: Operand<AnyArray>,
    axes: Attr<I64Array>,
    result: Output<AnyArray>,
}

/// Moves dimensions to new places
///
/// Dimension `source[i]` of the input is dimension `destination[i]` of the result; the others keep
/// their order.
#[op(
    "numpy.moveaxis",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x `from` $source `to` $destination attr-dict `:` type($x) `->` type($result)"
)]
pub struct Moveaxis {
    x: Operand<AnyArray>,
    source: Attr<I64Array>,
    destination: Attr<I64Array>,
    result: Output<AnyArray>,
}

/// Rotates by 90 degrees, `k` times (once where missing), in the plane of two axes
///
/// From the first axis toward the second; without `axes` these are 0 and 1.
#[op(
    "numpy.rot90",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x (`k` $k^)? (`axes` $axes^)? attr-dict `:` type($x) `->` type($result)"
)]
pub struct Rot90 {
    x: Operand<AnyArray>,
    k: OptionalAttr<I64>,
    axes: OptionalAttr<I64Array>,
    result: Output<AnyArray>,
}

/// The elements in row-major order, in one dimension
#[op(
    "numpy.ravel",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x attr-dict `:` type($x) `->` type($result)"
)]
pub struct Ravel {
    x: Operand<AnyArray>,
    result: Output<AnyArray>,
}

/// The diagonals of the matrices in two dimensions
///
/// `axes` are 0 and 1 where missing; the diagonal is the last dimension of the result. `offset`
/// counts diagonals toward the right, of the second axis.
#[op(
    "numpy.diagonal",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x (`offset` $offset^)? (`axes` $axes^)? attr-dict `:` type($x) `->` type($result)"
)]
pub struct Diagonal {
    x: Operand<AnyArray>,
    offset: OptionalAttr<I64>,
    axes: OptionalAttr<I64Array>,
    result: Output<AnyArray>,
}

/// The sums of diagonals
///
/// `offset` and `axes` as for `numpy.diagonal`, `dtype` as for `numpy.sum`.
#[op(
    "numpy.trace",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x (`offset` $offset^)? (`axes` $axes^)? (`dtype` $dtype^)? attr-dict \
                `:` type($x) `->` type($result)"
)]
pub struct Trace {
    x: Operand<AnyArray>,
    offset: OptionalAttr<I64>,
    axes: OptionalAttr<I64Array>,
    dtype: OptionalAttr<TypeValue>,
    result: Output<AnyArray>,
}

verify_declared!(Swapaxes, Moveaxis, Rot90, Ravel, Diagonal, Trace);

/// The order of dimensions after exchanging two.
fn swapped(axes: Option<Attribute<'_>>, rank: usize) -> Result<Vec<usize>, String> {
    let axes = axes.and_then(I64Array::decode).unwrap_or_default();
    let &[a, b] = axes.as_slice() else {
        return Err(format!("exchanges two axes, not {}", axes.len()));
    };
    let mut order: Vec<_> = (0..rank).collect();
    order.swap(normalize_axis(a, rank)?, normalize_axis(b, rank)?);
    Ok(order)
}

/// The order of dimensions after moving some.
fn moved(cx_attrs: [Option<Attribute<'_>>; 2], rank: usize) -> Result<Vec<usize>, String> {
    let mut lists = Vec::new();
    for (attr, name) in cx_attrs.into_iter().zip(["source", "destination"]) {
        let axes = attr.and_then(I64Array::decode).unwrap_or_default();
        let axes = axes.iter().map(|&axis| normalize_axis(axis, rank));
        let axes = axes.collect::<Result<Vec<_>, _>>()?;
        if (0..axes.len()).any(|i| axes[..i].contains(&axes[i])) {
            return Err(format!("repeated axis in `{name}` argument"));
        }
        lists.push(axes);
    }
    let [source, destination] = [&lists[0], &lists[1]];
    if source.len() != destination.len() {
        return Err(
            "`source` and `destination` arguments must have the same number of elements".into(),
        );
    }
    let mut pairs: Vec<_> = destination.iter().zip(source).collect();
    pairs.sort();
    let mut order: Vec<_> = (0..rank).filter(|d| !source.contains(d)).collect();
    for (&to, &from) in pairs {
        order.insert(to, from);
    }
    Ok(order)
}

/// Two different axes, 0 and 1 where missing.
fn plane(axes: Option<Attribute<'_>>, rank: usize) -> Result<[usize; 2], String> {
    let axes = axes.and_then(I64Array::decode).unwrap_or(vec![0, 1]);
    let &[a, b] = axes.as_slice() else {
        return Err(format!("needs two axes, not {}", axes.len()));
    };
    if rank < 2 {
        return Err(format!(
            "requires an array of at least two dimensions, not {rank}"
        ));
    }
    let (a, b) = (normalize_axis(a, rank)?, normalize_axis(b, rank)?);
    if a == b {
        return Err("axis1 and axis2 cannot be the same".to_string());
    }
    Ok([a, b])
}

fn permuted<'c>(cx: &InferCx<'c>, order: &[usize]) -> Result<Vec<Type<'c>>, String> {
    let x = cx.operand_type(0)?;
    let dims = x.dims();
    let dims: Vec<_> = order.iter().map(|&d| dims[d]).collect();
    Ok(vec![cx.ctx.tensor(&dims, x.element())])
}

impl InferTypes for Swapaxes<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        permuted(cx, &swapped(cx.attr("axes"), cx.operand_type(0)?.rank())?)
    }
}

impl InferTypes for Moveaxis<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let attrs = [cx.attr("source"), cx.attr("destination")];
        permuted(cx, &moved(attrs, cx.operand_type(0)?.rank())?)
    }
}

impl InferTypes for Rot90<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let rank = cx.operand_type(0)?.rank();
        let [a, b] = plane(cx.attr("axes"), rank)?;
        let mut order: Vec<_> = (0..rank).collect();
        if cx.attr("k").and_then(I64::decode).unwrap_or(1) % 2 != 0 {
            order.swap(a, b);
        }
        permuted(cx, &order)
    }
}

impl InferTypes for Ravel<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        let count = element_count(&x.dims())?.unwrap_or(DYNAMIC);
        Ok(vec![cx.ctx.tensor(&[count], x.element())])
    }
}

fn diagonal_dims(cx: &InferCx<'_>) -> Result<Vec<i64>, String> {
    let dims = cx.operand_type(0)?.dims();
    let [a, b] = plane(cx.attr("axes"), dims.len())?;
    let offset = cx.attr("offset").and_then(I64::decode).unwrap_or(0);
    let mut result: Vec<_> = (0..dims.len())
        .filter(|d| ![a, b].contains(d))
        .map(|d| dims[d])
        .collect();
    result.push(match (dims[a], dims[b]) {
        (DYNAMIC, _) | (_, DYNAMIC) => DYNAMIC,
        (n, m) => {
            let rows = n.saturating_add(offset.min(0));
            rows.min(m.saturating_sub(offset.max(0))).max(0)
        }
    });
    Ok(result)
}

impl InferTypes for Diagonal<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let element = cx.operand_type(0)?.element();
        Ok(vec![cx.ctx.tensor(&diagonal_dims(cx)?, element)])
    }
}

impl InferTypes for Trace<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let mut dims = diagonal_dims(cx)?;
        dims.pop();
        let dtype = crate::reduce::sum_dtype(cx.operand_type(0)?, cx.attr("dtype"))?;
        Ok(vec![cx.ctx.tensor(&dims, dtype.ty(cx.ctx))])
    }
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    vec![
        Swapaxes::def(),
        Moveaxis::def(),
        Rot90::def(),
        Ravel::def(),
        Diagonal::def(),
        Trace::def(),
    ]
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![
        ConversionPattern::new(Swapaxes::NAME, |op, cx, rw| {
            let x = cx.operand(0);
            let order = swapped(op.attr("axes"), x.ty().rank()).map_err(NoMatch::new)?;
            lowering::replace(rw, op, cx, lowering::pick_dims(rw, x, &order))
        }),
        ConversionPattern::new(Moveaxis::NAME, |op, cx, rw| {
            let x = cx.operand(0);
            let attrs = [op.attr("source"), op.attr("destination")];
            let order = moved(attrs, x.ty().rank()).map_err(NoMatch::new)?;
            lowering::replace(rw, op, cx, lowering::pick_dims(rw, x, &order))
        }),
        ConversionPattern::new(Rot90::NAME, lower_rot90),
        ConversionPattern::new(Ravel::NAME, |op, cx, rw| {
            lowering::replace(rw, op, cx, flat(rw, cx.operand(0)))
        }),
        ConversionPattern::new(Diagonal::NAME, lower_diagonal),
        ConversionPattern::new(Trace::NAME, lower_trace),
    ]
}

/// The elements in row-major order, in one dimension; the array itself where it has one.
pub(crate) fn flat<'c>(rw: Rewriter<'c>, x: Val<'c>) -> Val<'c> {
    if x.ty().rank() == 1 {
        return x;
    }
    let all = sizes::all_of(rw, x);
    let total = sizes::product(rw, &all);
    Reshape::create(rw, x, &[total])
}

fn lower_rot90<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let x = cx.operand(0);
    let mut all = sizes::all_of(rw, x);
    let rank = all.len();
    let [a, b] = plane(op.attr("axes"), rank).map_err(NoMatch::new)?;
    let k = op
        .attr("k")
        .and_then(I64::decode)
        .unwrap_or(1)
        .rem_euclid(4);
    // One turn brings result[i, j] = x[j, n - 1 - i]; three x[m - 1 - j, i].
    let back = match k {
        1 => [false, true],
        2 => [true, true],
        3 => [true, false],
        _ => [false, false],
    };
    let mut offsets = vec![OpFold::Static(0); rank];
    let mut steps = vec![OpFold::Static(1); rank];
    let mut dims: Vec<_> = (0..rank as i64).collect();
    for (axis, back) in [a, b].into_iter().zip(back) {
        if back {
            offsets[axis] = sizes::sub(rw, all[axis], OpFold::Static(1));
            steps[axis] = OpFold::Static(-1);
        }
    }
    if k % 2 == 1 {
        all.swap(a, b);
        steps.swap(a, b);
        dims.swap(a, b);
    }
    let view = View::create(rw, x, &offsets, &all, &steps, &dims);
    lowering::replace(rw, op, cx, view)
}

fn lower_diagonal<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let x = cx.operand(0);
    let mut all = sizes::all_of(rw, x);
    let rank = all.len();
    let [a, b] = plane(op.attr("axes"), rank).map_err(NoMatch::new)?;
    let offset = op.attr("offset").and_then(I64::decode).unwrap_or(0);
    let (down, right) = (offset.min(0).saturating_neg(), offset.max(0));
    let zero = OpFold::Static(0);
    let rows = sizes::sub(rw, all[a], OpFold::Static(down));
    let columns = sizes::sub(rw, all[b], OpFold::Static(right));
    let length = sizes::min(rw, rows, columns);
    let length = sizes::max(rw, length, zero);
    let mut offsets = vec![zero; rank];
    (offsets[a], offsets[b]) = (OpFold::Static(down), OpFold::Static(right));
    (all[a], all[b]) = (length, length);
    let steps = vec![OpFold::Static(1); rank];
    let dims: Vec<_> = (0..rank as i64).collect();
    let square = View::create(rw, x, &offsets, &all, &steps, &dims);

    let rest: Vec<_> = (0..rank).filter(|d| ![a, b].contains(d)).collect();
    let walks: Vec<_> = (0..rank)
        .map(|d| Along::Loop(rest.iter().position(|&r| r == d).unwrap_or(rank - 2)))
        .collect();
    let mut shape: Vec<_> = rest.iter().map(|&d| all[d]).collect();
    shape.push(length);
    let dest = lowering::empty(rw, &shape, x.ty().element());
    let maps = [
        lowering::map(rw.ctx(), rank - 1, &walks),
        lowering::identity_map(rw.ctx(), rank - 1),
    ];
    let iters = vec![Iter::Parallel; rank - 1];
    let generic = rw.linalg_generic(&[square], &[dest], &maps, &iters, |_, args| vec![args[0]]);
    lowering::replace(rw, op, cx, generic.result_value(0))
}

fn lower_trace<'c>(op: Op<'c>, _: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let attrs: Vec<_> = ["offset", "axes"]
        .into_iter()
        .filter_map(|name| op.attr(name).map(|value| (name, value)))
        .collect();
    let diagonal = compose::op(rw, Diagonal::NAME, &[op.operand(0)], &attrs)?;
    let over = Over {
        axes: Some(rw.ctx().i64_array(&[-1])),
        keepdims: false,
        chosen: None,
        dtype: op.attr("dtype"),
    };
    let sum = compose::reduction(rw, "numpy.sum", diagonal, &over)?;
    compose::replace(rw, op, sum)
}
