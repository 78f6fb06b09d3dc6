//! Elements at positions that differ from row to row: `take_along_axis`, `put_along_axis`; and `put`,
//! at positions in the flattened array.

use npir_mlir::prelude::*;
use npir_tensor::{CheckKind, Scatter, View};

use crate::axes::flat;
use crate::elementwise::broadcast::broadcast_shapes;
use crate::indices::Positions;
use crate::lowering;
use crate::shape::{
    check_broadcasts_to, element_count, normalize_axis, shape_placeholder, shape_text,
};
use crate::sizes::{self, Cond};
use crate::types::{AnyArray, IntegerArray, element_name, verify_declared};

/// Elements at listed positions along an axis, listed for each row on its own
///
/// `indices` has as many dimensions as the array and broadcasts against it in all but the axis.
/// Without `axis` both are flattened. Negative positions count from the end; one out of bounds is an
/// error.
#[op(
    "numpy.take_along_axis",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x `,` $indices (`axis` $axis^)? attr-dict \
                `:` type($x) `,` type($indices) `->` type($result)"
)]
pub struct TakeAlongAxis {
    x: Operand<AnyArray>,
    indices: Operand<IntegerArray>,
    axis: OptionalAttr<I64>,
    result: Output<AnyArray>,
}

/// An array with the elements at listed positions along an axis replaced
///
/// Positions as for `numpy.take_along_axis`, with an axis; `values` broadcasts to their shape. Where
/// a position is listed again, the last value stays.
#[op(
    "numpy.put_along_axis",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x `,` $indices `,` $values `axis` $axis attr-dict \
                `:` type($x) `,` type($indices) `,` type($values) `->` type($result)"
)]
pub struct PutAlongAxis {
    x: Operand<AnyArray>,
    indices: Operand<IntegerArray>,
    values: Operand<AnyArray>,
    axis: Attr<I64>,
    result: Output<AnyArray>,
}

/// An array with the elements at listed positions of the flattened array replaced
///
/// Values are repeated as often as there are positions; without values nothing changes. Where a
/// position is listed again, the last value stays. Negative positions count from the end; one out of
/// bounds is an error.
#[op(
    "numpy.put",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x `,` $indices `,` $values attr-dict \
                `:` type($x) `,` type($indices) `,` type($values) `->` type($result)"
)]
pub struct Put {
    x: Operand<AnyArray>,
    indices: Operand<IntegerArray>,
    values: Operand<AnyArray>,
    result: Output<AnyArray>,
}

verify_declared!(TakeAlongAxis, PutAlongAxis, Put);

/// The shape of positions along `axis` of an array: theirs, broadcast against the other axes.
fn listed_dims(x: &[i64], indices: &[i64], axis: usize) -> Result<Vec<i64>, String> {
    if x.len() != indices.len() {
        return Err(format!(
            "`indices` and `arr` must have the same number of dimensions: {} and {}",
            indices.len(),
            x.len()
        ));
    }
    let mut others = x.to_vec();
    others[axis] = 1;
    broadcast_shapes(&[others, indices.to_vec()])
        .map_err(|e| format!("the array (without axis {axis}) and `indices`: {e}"))
}

impl InferTypes for TakeAlongAxis<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let (x, indices) = (cx.operand_type(0)?, cx.operand_type(1)?);
        let dims = match cx.attr("axis").and_then(I64::decode) {
            Some(axis) => {
                let axis = normalize_axis(axis, x.rank())?;
                listed_dims(&x.dims(), &indices.dims(), axis)?
            }
            None => vec![element_count(&indices.dims())?.unwrap_or(DYNAMIC)],
        };
        Ok(vec![cx.ctx.tensor(&dims, x.element())])
    }
}

fn check_values(x: Type<'_>, values: Type<'_>) -> Result<(), String> {
    if x.element() == values.element() {
        return Ok(());
    }
    Err(format!(
        "sets {} elements to {} values; cast them first",
        element_name(x),
        element_name(values)
    ))
}

impl InferTypes for PutAlongAxis<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let (x, indices, values) = (
            cx.operand_type(0)?,
            cx.operand_type(1)?,
            cx.operand_type(2)?,
        );
        let axis = cx
            .attr("axis")
            .and_then(I64::decode)
            .ok_or("needs an axis")?;
        let axis = normalize_axis(axis, x.rank())?;
        let target = listed_dims(&x.dims(), &indices.dims(), axis)?;
        check_values(x, values)?;
        check_broadcasts_to(&values.dims(), &target).map_err(|_| {
            format!(
                "shape mismatch: value array of shape {} could not be broadcast to indexing result \
                 of shape {}",
                shape_text(&values.dims()),
                shape_text(&target)
            )
        })?;
        Ok(vec![x])
    }
}

impl InferTypes for Put<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        check_values(x, cx.operand_type(2)?)?;
        Ok(vec![x])
    }
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    vec![TakeAlongAxis::def(), PutAlongAxis::def(), Put::def()]
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![
        ConversionPattern::new(TakeAlongAxis::NAME, lower_take),
        ConversionPattern::new(PutAlongAxis::NAME, lower_put_along),
        ConversionPattern::new(Put::NAME, lower_put),
    ]
}

/// The shape of positions, checked at run time.
fn listed_shape<'c>(
    rw: Rewriter<'c>,
    op_name: &str,
    x: &[OpFold<'c>],
    indices: &[OpFold<'c>],
    axis: usize,
) -> Vec<OpFold<'c>> {
    let mut agree = Cond::Known(true);
    let mut shape = Vec::new();
    for d in 0..x.len() {
        let own = if d == axis { OpFold::Static(1) } else { x[d] };
        let (size, fits) = lowering::broadcast_size(rw, own, indices[d]);
        agree = agree.and(rw, fits);
        shape.push(size);
    }
    let message = format!(
        "{op_name}: array of shape {0} and `indices` of shape {0} do not broadcast outside axis {axis}",
        shape_placeholder(x.len())
    );
    let args: Vec<_> = x.iter().chain(indices).copied().collect();
    sizes::check(rw, agree, CheckKind::ShapeMismatch, &message, &args);
    shape
}

fn lower_take<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let mut x = cx.operand(0);
    let mut positions = Positions::of_operand(op, cx, rw, 1)?;
    let axis = match op.attr("axis").and_then(I64::decode) {
        Some(axis) => normalize_axis(axis, x.ty().rank()).map_err(NoMatch::new)?,
        None => {
            x = flat(rw, x);
            positions = positions.with_array(flat(rw, positions.array));
            0
        }
    };
    let (own, listed) = (sizes::all_of(rw, x), sizes::all_of(rw, positions.array));
    let shape = listed_shape(rw, TakeAlongAxis::NAME, &own, &listed, axis);
    positions.check(rw, TakeAlongAxis::NAME, axis, own[axis]);
    // Where the array is repeated along another axis, it is read as such.
    let mut seen = shape.clone();
    seen[axis] = own[axis];
    let x = lowering::broadcast(rw, x, &seen);
    let indices = lowering::broadcast(rw, positions.array, &shape);
    let n = sizes::value(rw, own[axis]);
    let value = lowering::elementwise(rw, &[indices], &shape, x.ty().element(), |rw, args| {
        let mut coords: Vec<_> = (0..shape.len()).map(|d| rw.linalg_index(d)).collect();
        coords[axis] = positions.resolve(rw, args[0], n);
        rw.tensor_extract(x, &coords)
    });
    lowering::replace(rw, op, cx, value)
}

fn lower_put_along<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let name = PutAlongAxis::NAME;
    let (x, values) = (cx.operand(0), cx.operand(2));
    let positions = Positions::of_operand(op, cx, rw, 1)?;
    let own = sizes::all_of(rw, x);
    let axis = op.attr("axis").and_then(I64::decode).unwrap_or(0);
    let axis = normalize_axis(axis, own.len()).map_err(NoMatch::new)?;
    let listed = sizes::all_of(rw, positions.array);
    let shape = listed_shape(rw, name, &own, &listed, axis);
    positions.check(rw, name, axis, own[axis]);

    let given = sizes::all_of(rw, values);
    let fits = lowering::broadcasts_to(rw, &given, &shape);
    let message = format!(
        "{name}: shape mismatch: value array of shape {} could not be broadcast to indexing result of \
         shape {}",
        shape_placeholder(given.len()),
        shape_placeholder(shape.len())
    );
    let args: Vec<_> = given.iter().chain(&shape).copied().collect();
    sizes::check(rw, fits, CheckKind::ShapeMismatch, &message, &args);
    let values = lowering::broadcast(rw, values, &shape);
    let places: Vec<_> = (0..own.len())
        .map(|d| {
            if d == axis {
                return positions.resolve_all(rw, &shape, own[d]);
            }
            // An axis of size 1 is repeated: its place is always 0.
            let repeated = sizes::equal(rw, own[d], OpFold::Static(1));
            let step = sizes::select(rw, repeated, OpFold::Static(0), OpFold::Static(1));
            counted(rw, &shape, d, OpFold::Static(0), step)
        })
        .collect();
    let result = Scatter::create(rw, x, &places, values, |_, _, new| new);
    lowering::replace(rw, op, cx, result)
}

/// The numbers `start + i · step` along dimension `d` of `shape`, alike along the others.
pub(crate) fn counted<'c>(
    rw: Rewriter<'c>,
    shape: &[OpFold<'c>],
    d: usize,
    start: OpFold<'c>,
    step: OpFold<'c>,
) -> Val<'c> {
    let i64_ty = rw.ctx().i(64);
    let line = lowering::elementwise(rw, &[], &[shape[d]], i64_ty, |rw, _| {
        let i = OpFold::Value(rw.linalg_index(0));
        let i = sizes::mul(rw, i, step);
        let i = sizes::add(rw, i, start);
        rw.index_cast(sizes::value(rw, i), i64_ty)
    });
    spread(rw, line, shape, &[d])
}

/// `value` under `shape`: its dimension `i` is dimension `dims[i]`, along the others it repeats.
pub(crate) fn spread<'c>(
    rw: Rewriter<'c>,
    value: Val<'c>,
    shape: &[OpFold<'c>],
    dims: &[usize],
) -> Val<'c> {
    let walked: Vec<_> = (0..shape.len())
        .map(|d| dims.iter().position(|&w| w == d).map_or(-1, |i| i as i64))
        .collect();
    let steps: Vec<_> = walked
        .iter()
        .map(|&d| OpFold::Static(i64::from(d >= 0)))
        .collect();
    let offsets = vec![OpFold::Static(0); dims.len()];
    View::create(rw, value, &offsets, shape, &steps, &walked)
}

fn lower_put<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (x, values) = (cx.operand(0), flat(rw, cx.operand(2)));
    let positions = Positions::of_operand(op, cx, rw, 1)?;
    let positions = positions.with_array(flat(rw, positions.array));
    let own = sizes::all_of(rw, x);
    let total = sizes::product(rw, &own);
    positions.check(rw, Put::NAME, 0, total);

    let (zero, one) = (OpFold::Static(0), OpFold::Static(1));
    let (listed, given) = (sizes::of(rw, positions.array, 0), sizes::of(rw, values, 0));
    let none = sizes::equal(rw, given, zero);
    let count = sizes::select(rw, none, zero, listed);
    let used = View::create(rw, positions.array, &[zero], &[count], &[one], &[0]);
    let flat_positions = positions.with_array(used).resolve_all(rw, &[count], total);
    let places = unravel(rw, flat_positions, &own);
    let updates = if sizes::same(given, listed) {
        View::create(rw, values, &[zero], &[count], &[one], &[0])
    } else {
        let period = sizes::max(rw, given, one);
        lowering::elementwise(rw, &[], &[count], x.ty().element(), |rw, _| {
            let i = rw.remui(rw.linalg_index(0), sizes::value(rw, period));
            rw.tensor_extract(values, &[i])
        })
    };
    if own.is_empty() {
        // The last value stays: a 0-d array has one place.
        let grown = lowering::insert_unit_dims(rw, x, &[true]);
        let result = Scatter::create(rw, grown, &[flat_positions], updates, |_, _, new| new);
        return lowering::replace(rw, op, cx, lowering::first_of(rw, result));
    }
    let result = Scatter::create(rw, x, &places, updates, |_, _, new| new);
    lowering::replace(rw, op, cx, result)
}

/// Positions in a flattened array of shape `shape`, one vector of `i64`, as positions along each of
/// its dimensions.
pub(crate) fn unravel<'c>(
    rw: Rewriter<'c>,
    positions: Val<'c>,
    shape: &[OpFold<'c>],
) -> Vec<Val<'c>> {
    if shape.len() <= 1 {
        return vec![positions];
    }
    let (ctx, i64_ty) = (rw.ctx(), rw.ctx().i(64));
    let count = sizes::all_of(rw, positions);
    let below: Vec<_> = (1..shape.len())
        .map(|d| {
            let below = sizes::product(rw, &shape[d..]);
            let below = sizes::max(rw, below, OpFold::Static(1));
            rw.index_cast(sizes::value(rw, below), i64_ty)
        })
        .collect();
    let dests: Vec<_> = shape
        .iter()
        .map(|_| lowering::empty(rw, &count, i64_ty))
        .collect();
    let maps = vec![lowering::identity_map(ctx, 1); shape.len() + 1];
    let generic = rw.linalg_generic(
        &[positions],
        &dests,
        &maps,
        &[Iter::Parallel],
        |rw, args| {
            let mut rest = args[0];
            let mut places = Vec::new();
            for &below in &below {
                let place = rw.divui(rest, below);
                rest = rw.subi(rest, rw.muli(place, below));
                places.push(place);
            }
            places.push(rest);
            places
        },
    );
    generic.result_values()
}
