//! New arrays from the elements of others in another arrangement: `stack`, `tile`, `repeat`,
//! `roll`.

use npir_mlir::prelude::*;
use npir_tensor::{CheckKind, InsertView, Library, Reshape, Routine, View};

use crate::axes::flat;
use crate::compose;
use crate::indices::Positions;
use crate::lowering::{self, Along};
use crate::shape::{element_count, normalize_axis, shape_placeholder, shape_text};
use crate::sizes::{self, Cond};
use crate::target_shape;
use crate::types::{AnyArray, IntegerArray, verify_declared};

/// Arrays of one shape side by side along a new axis
///
/// `axis` is a position in the result; a negative one counts from its end.
#[op(
    "numpy.stack",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$inputs `axis` $axis attr-dict `:` type($inputs) `->` type($result)"
)]
pub struct Stack {
    inputs: Variadic<AnyArray>,
    axis: Attr<I64>,
    result: Output<AnyArray>,
}

/// The array repeated as a whole
///
/// `reps` has a number of repetitions for each dimension of the result, static or an `index` value;
/// where the array or the list is shorter, ones are put in front.
#[op("numpy.tile", traits(Pure), interfaces(Verify, InferTypes))]
pub struct Tile {
    x: Operand<AnyArray>,
    sizes: Variadic<IndexType>,
    reps: Attr<I64Array>,
    result: Output<AnyArray>,
}

/// Each element repeated
///
/// `times` times, or as often as `counts` says: one number, or one for each place along the axis.
/// Without `axis` the array is flattened.
#[op(
    "numpy.repeat",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x (`times` $times^)? (`counts` $counts^)? (`axis` $axis^)? attr-dict \
                `:` type($x) (`counts` type($counts)^)? `->` type($result)"
)]
pub struct Repeat {
    x: Operand<AnyArray>,
    counts: OptionalOperand<IntegerArray>,
    times: OptionalAttr<I64>,
    axis: OptionalAttr<I64>,
    result: Output<AnyArray>,
}

/// Elements moved along axes; what leaves at one end enters at the other
///
/// `shift` has a distance for each of `axes`, static or an `index` value. Without `axes` there is one
/// distance, and the array moves as if it were flattened.
#[op("numpy.roll", traits(Pure), interfaces(Verify, InferTypes))]
pub struct Roll {
    x: Operand<AnyArray>,
    sizes: Variadic<IndexType>,
    shift: Attr<I64Array>,
    axes: OptionalAttr<I64Array>,
    result: Output<AnyArray>,
}

verify_declared!(Stack, Tile, Repeat, Roll);

impl InferTypes for Stack<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let first = cx
            .operand_type(0)
            .map_err(|_| "need at least one array to stack")?;
        let mut dims = first.dims();
        for input in &cx.operands {
            let ty = input.ty();
            if ty.element() != first.element() {
                return Err("operands have different element types; cast them first".to_string());
            }
            let own = ty.dims();
            let fits = own.len() == dims.len()
                && dims.iter_mut().zip(&own).all(|(known, &size)| {
                    if *known == DYNAMIC {
                        *known = size;
                    }
                    size == DYNAMIC || *known == size
                });
            if !fits {
                return Err(format!(
                    "all input arrays must have the same shape, but there are {} and {}",
                    shape_text(&first.dims()),
                    shape_text(&own)
                ));
            }
        }
        let axis = cx
            .attr("axis")
            .and_then(I64::decode)
            .ok_or("needs an axis")?;
        let axis = normalize_axis(axis, dims.len() + 1)?;
        dims.insert(axis, cx.operands.len() as i64);
        Ok(vec![cx.ctx.tensor(&dims, first.element())])
    }
}

/// `a · b` where both are static.
fn scaled(a: i64, b: i64) -> Result<i64, String> {
    match (a, b) {
        (DYNAMIC, _) | (_, DYNAMIC) => Ok(DYNAMIC),
        _ => a.checked_mul(b).ok_or("the array is too big".to_string()),
    }
}

impl InferTypes for Tile<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        let mut reps = cx
            .attr("reps")
            .and_then(I64Array::decode)
            .ok_or("needs reps")?;
        target_shape::check_sizes(&reps, cx.operands.len() - 1)?;
        let mut dims = x.dims();
        let rank = reps.len().max(dims.len());
        let ones = |list: &[i64]| vec![1; rank - list.len()];
        reps.splice(0..0, ones(&reps));
        dims.splice(0..0, ones(&dims));
        let dims = dims.iter().zip(&reps).map(|(&d, &r)| scaled(d, r));
        let dims = dims.collect::<Result<Vec<_>, _>>()?;
        element_count(&dims)?;
        Ok(vec![cx.ctx.tensor(&dims, x.element())])
    }
}

impl InferTypes for Repeat<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        let times = cx.attr("times").and_then(I64::decode);
        let counts = cx.operands.get(1).map(|v| v.ty());
        let mut dims = x.dims();
        let axis = match cx.attr("axis").and_then(I64::decode) {
            Some(axis) => normalize_axis(axis, dims.len())?,
            None => {
                dims = vec![element_count(&dims)?.unwrap_or(DYNAMIC)];
                0
            }
        };
        dims[axis] = match (times, counts) {
            (Some(times), None) if times < 0 => {
                return Err("repeats may not contain negative values".to_string());
            }
            (Some(times), None) => scaled(dims[axis], times)?,
            (None, Some(counts)) => {
                let (n, own) = (dims[axis], counts.dims());
                let fits = match *own.as_slice() {
                    [] | [1 | DYNAMIC] => true,
                    [k] => k == n || n == DYNAMIC,
                    _ => return Err("needs counts of at most one dimension".to_string()),
                };
                if !fits {
                    return Err(format!(
                        "operands could not be broadcast together with shape {} {}",
                        shape_text(&[n]),
                        shape_text(&own)
                    ));
                }
                DYNAMIC
            }
            _ => return Err("needs either 'times' or 'counts'".to_string()),
        };
        element_count(&dims)?;
        Ok(vec![cx.ctx.tensor(&dims, x.element())])
    }
}

impl InferTypes for Roll<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        let shift = cx
            .attr("shift")
            .and_then(I64Array::decode)
            .ok_or("needs a shift")?;
        let axes = cx.attr("axes").and_then(I64Array::decode);
        let dynamic = shift.iter().filter(|&&n| n == DYNAMIC).count();
        if dynamic != cx.operands.len() - 1 {
            return Err("has a distance for each dynamic one in operands".to_string());
        }
        for &axis in axes.iter().flatten() {
            normalize_axis(axis, x.rank())?;
        }
        let wanted = axes.as_ref().map_or(1, Vec::len);
        if shift.len() != wanted {
            return Err(format!("needs {wanted} distances, not {}", shift.len()));
        }
        Ok(vec![x])
    }
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    let listed = |def: OpDef, name: &'static str| {
        def.custom_assembly(
            move |p| target_shape::parse_list(p, 1, name),
            move |op, p| target_shape::print_list(op, p, 1, name),
        )
    };
    vec![
        Stack::def(),
        listed(Tile::def(), "reps"),
        Repeat::def(),
        listed(Roll::def(), "shift"),
    ]
}

/// Their conversions.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![
        ConversionPattern::new(Stack::NAME, lower_stack),
        ConversionPattern::new(Tile::NAME, lower_tile),
        ConversionPattern::new(Repeat::NAME, lower_repeat),
        ConversionPattern::new(Roll::NAME, lower_roll),
    ]
}

fn lower_stack<'c>(op: Op<'c>, _: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    check_alike(rw, op);
    let rank = op.operand(0).ty().rank() + 1;
    let axis = op.attr("axis").and_then(I64::decode).unwrap_or(0);
    let axis = normalize_axis(axis, rank).map_err(NoMatch::new)? as i64;
    let axes = rw.ctx().i64_array(&[axis]);
    let expand = |x: Val<'c>| compose::op(rw, "numpy.expand_dims", &[x], &[("axes", axes)]);
    let inputs = op.operand_values().into_iter().map(expand);
    let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
    let along = [("axis", rw.ctx().i64_attr(axis))];
    compose::replace(
        rw,
        op,
        compose::op(rw, "numpy.concatenate", &inputs, &along)?,
    )
}

/// Checks that all operands have the shape of the first.
fn check_alike<'c>(rw: Rewriter<'c>, op: Op<'c>) {
    let operands = op.operand_values().into_iter();
    let shapes: Vec<_> = operands.map(|x| sizes::all_of(rw, x)).collect();
    for shape in &shapes[1..] {
        let same = shapes[0].iter().zip(shape);
        let alike = same.fold(Cond::Known(true), |alike, (&a, &b)| {
            let same = sizes::equal(rw, a, b);
            alike.and(rw, same)
        });
        let message = format!(
            "{}: all input arrays must have the same shape, not {1} and {1}",
            op.name(),
            shape_placeholder(shape.len())
        );
        let args: Vec<_> = shapes[0].iter().chain(shape).copied().collect();
        sizes::check(rw, alike, CheckKind::ShapeMismatch, &message, &args);
    }
}

/// A view that repeats, in row-major order: dimensions of repetitions before those of the array.
fn lower_tile<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let x = cx.operands[0];
    let reps = op
        .attr("reps")
        .and_then(I64Array::decode)
        .unwrap_or_default();
    let reps = target_shape::fill(&reps, &cx.operands[1..]);
    let own = sizes::all_of(rw, x);
    let rank = own.len().max(reps.len());
    let one = OpFold::Static(1);
    let (mut sizes, mut steps, mut dims, mut result) = (vec![], vec![], vec![], vec![]);
    let mut all = Vec::new();
    for d in 0..rank {
        let rep = (d + reps.len()).checked_sub(rank).map_or(one, |i| reps[i]);
        let axis = (d + own.len()).checked_sub(rank);
        let size = axis.map_or(one, |i| own[i]);
        sizes.extend([rep, size]);
        steps.extend([OpFold::Static(0), one]);
        dims.extend([-1, axis.map_or(-1, |i| i as i64)]);
        all.extend([rep, size]);
        result.push((rep, size));
    }
    target_shape::check_at_run_time(rw, Tile::NAME, &all);
    let view = View::create(
        rw,
        x,
        &vec![OpFold::Static(0); own.len()],
        &sizes,
        &steps,
        &dims,
    );
    let result: Vec<_> = result
        .into_iter()
        .map(|(rep, size)| sizes::mul(rw, rep, size))
        .collect();
    lowering::replace(rw, op, cx, Reshape::create(rw, view, &result))
}

fn lower_repeat<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let mut x = cx.operands[0];
    let axis = match op.attr("axis").and_then(I64::decode) {
        Some(axis) => normalize_axis(axis, x.ty().rank()).map_err(NoMatch::new)?,
        None => {
            x = flat(rw, x);
            0
        }
    };
    let mut shape = sizes::all_of(rw, x);
    let n = shape[axis];
    // Which place along the axis each one of the result shows.
    let mut places = None;
    let times = op.attr("times").and_then(I64::decode).map(OpFold::Static);
    shape[axis] = match times {
        Some(times) => {
            let mut all = shape.clone();
            all.push(times);
            target_shape::check_at_run_time(rw, Repeat::NAME, &all);
            sizes::mul(rw, n, times)
        }
        None => {
            let listed = listed_places(op, cx, rw, n)?;
            places = Some(listed);
            sizes::of(rw, listed, 0)
        }
    };
    target_shape::check_at_run_time(rw, Repeat::NAME, &shape);
    let (ctx, rank) = (rw.ctx(), shape.len());
    let dest = lowering::empty(rw, &shape, x.ty().element());
    if times.is_some() && axis + 1 == rank {
        // Short runs of one element have no good form as a loop nest.
        let value = Library::create(rw, Routine::Repeat, Repeat::NAME, &[x], &[dest], &[])[0];
        return lowering::replace(rw, op, cx, value);
    }
    let mut maps = Vec::new();
    if places.is_some() {
        maps.push(lowering::map(ctx, rank, &[Along::Loop(axis)]));
    }
    maps.push(lowering::identity_map(ctx, rank));
    let inputs: Vec<_> = places.into_iter().collect();
    let iters = vec![Iter::Parallel; rank];
    let generic = rw.linalg_generic(&inputs, &[dest], &maps, &iters, |rw, args| {
        let mut coords: Vec<_> = (0..rank).map(|d| rw.linalg_index(d)).collect();
        coords[axis] = match times {
            Some(times) => {
                let times = sizes::max(rw, times, OpFold::Static(1));
                rw.divui(coords[axis], sizes::value(rw, times))
            }
            None => rw.index_cast(args[0], ctx.index()),
        };
        vec![rw.tensor_extract(x, &coords)]
    });
    lowering::replace(rw, op, cx, generic.result_value(0))
}

/// For each place along the repeated axis the place of the input, of size `n`, that it shows.
fn listed_places<'c>(
    op: Op<'c>,
    cx: &ConvertCx<'_, 'c>,
    rw: Rewriter<'c>,
    n: OpFold<'c>,
) -> Result<Val<'c>, NoMatch> {
    let counts = Positions::of_operand(op, cx, rw, 1)?;
    let own = sizes::all_of(rw, counts.array);
    let fits = lowering::broadcasts_to(rw, &own, &[n]);
    let message = format!(
        "{}: operands could not be broadcast together with shape ({{}},) {}",
        Repeat::NAME,
        shape_placeholder(own.len())
    );
    let args: Vec<_> = [n].iter().chain(&own).copied().collect();
    sizes::check(rw, fits, CheckKind::ShapeMismatch, &message, &args);
    let (low, _) = counts.range(rw);
    let valid = sizes::compare(rw, CmpI::Sge, low, OpFold::Static(0));
    let message = format!("{}: repeats may not contain negative values.", Repeat::NAME);
    sizes::check(rw, valid, CheckKind::ValueError, &message, &[]);

    let counts = counts.widened(rw, &[n]);
    let i64_ty = rw.ctx().i(64);
    let zero = rw.const_int(i64_ty, 0);
    let start = lowering::filled(rw, &[], zero);
    let maps = [
        lowering::identity_map(rw.ctx(), 1),
        lowering::map(rw.ctx(), 1, &[]),
    ];
    let total = rw.linalg_generic(
        &[counts],
        &[start],
        &maps,
        &[Iter::Reduction],
        |rw, args| vec![rw.addi(args[1], args[0])],
    );
    total.set_attr(npir_tensor::ASSOCIATIVE, rw.ctx().unit_attr());
    let total = rw.tensor_extract(total.result_value(0), &[]);
    let total = OpFold::Value(rw.index_cast(total, rw.ctx().index()));
    target_shape::check_at_run_time(rw, Repeat::NAME, &[total]);
    let dest = lowering::empty(rw, &[total], i64_ty);
    Ok(Library::create(rw, Routine::Expand, Repeat::NAME, &[counts], &[dest], &[])[0])
}

/// Two parts along each axis, and every combination of them.
fn lower_roll<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let axes = op.attr("axes").and_then(I64Array::decode);
    let shift = op
        .attr("shift")
        .and_then(I64Array::decode)
        .unwrap_or_default();
    let shift = target_shape::fill(&shift, &cx.operands[1..]);
    let original = cx.operands[0];
    let shape = sizes::all_of(rw, original);
    let x = match axes {
        Some(_) => original,
        None => flat(rw, original),
    };
    let all = sizes::all_of(rw, x);
    let rank = all.len();
    let mut distance: Vec<Option<OpFold<'c>>> = vec![None; rank];
    for (&axis, &by) in axes.unwrap_or(vec![0]).iter().zip(&shift) {
        let d = normalize_axis(axis, rank).map_err(NoMatch::new)?;
        distance[d] = Some(distance[d].map_or(by, |sum| sizes::add(rw, sum, by)));
    }
    let (zero, one) = (OpFold::Static(0), OpFold::Static(1));
    let mut pieces = vec![(vec![zero; rank], vec![zero; rank], all.clone())];
    for (d, by) in distance.into_iter().enumerate() {
        let Some(by) = by else { continue };
        // 0 <= by < n, where there is anything to move.
        let n = sizes::max(rw, all[d], one);
        let by = sizes::floor_modulo(rw, by, n);
        let by = sizes::min(rw, by, all[d]);
        let rest = sizes::sub(rw, all[d], by);
        pieces = pieces
            .into_iter()
            .flat_map(|(from, to, size)| {
                // What stays in front moves up by `by`; the last `by` come to the front.
                let part = |start, goal, length| {
                    let (mut from, mut to, mut size) = (from.clone(), to.clone(), size.clone());
                    (from[d], to[d], size[d]) = (start, goal, length);
                    (from, to, size)
                };
                [part(zero, by, rest), part(rest, zero, by)]
            })
            .collect();
    }
    let steps = vec![one; rank];
    let dims: Vec<_> = (0..rank as i64).collect();
    let mut value = lowering::empty(rw, &all, x.ty().element());
    for (from, to, size) in pieces {
        let part = View::create(rw, x, &from, &size, &steps, &dims);
        value = InsertView::create(rw, part, value, &to, &size, &steps, &dims);
    }
    if shape.len() != rank {
        value = Reshape::create(rw, value, &shape);
    }
    lowering::replace(rw, op, cx, value)
}
