//! `tensor-interchange`: loops over computations element by element become computations of loops, element by element.

mod parts;

use npir_mlir::prelude::*;
use npir_tensor::View;

/// Turns an `scf.for` around one `linalg.generic`, which computes each element of what the loop carries from the same
/// elements of what it has carried, into a `linalg.generic` with the loop as its innermost dimension.
///
/// This is loop interchange (M. Wolfe, *High Performance Compilers for Parallel Computing*, 1996): an element takes all
/// iterations in registers or in the nearest cache, where the loop went through memory in each. What else the
/// computation reads does not change in the loop, or is the part of an array that the counter selects. Polynomials by
/// Horner's scheme, iterated maps and steps in time of independent things are such loops.
#[pass(
    "tensor-interchange",
    on = "func.func",
    dependent_dialects("arith", "complex", "linalg", "tensor", "tensor_ext")
)]
#[derive(Clone)]
pub struct Interchange {
    #[statistic(name = "interchanged", description = "Loops that went inside")]
    interchanged: Statistic,
}

impl Pass for Interchange {
    fn run(&mut self, function: Op<'_>, cx: &PassCx<'_>) -> PassResult {
        let mut interchanged = 0;
        let mut loops = Vec::new();
        function.walk_ops(&mut |op| {
            if op.name().starts_with("linalg.") {
                return Walk::Skip;
            }
            loops.extend(Some(op).filter(|op| op.name() == "scf.for"));
            Walk::Advance
        });
        for op in loops {
            if let Some(inner) = Loop::of(op) {
                rewrite_at(op, |rw| inner.interchange(rw));
                interchanged += 1;
            }
        }
        self.interchanged.add(interchanged);
        if interchanged == 0 {
            cx.preserve_all_analyses();
        }
        Ok(())
    }
}

/// Where an input of the computation is read.
enum Input<'c> {
    /// What the loop carries, by its number.
    Carried(usize),
    /// The same in all iterations.
    Fixed(Val<'c>),
    /// The part of an array that the counter selects.
    Selected(View<'c>, Selection),
    /// A number that is computed from the counter.
    Scalar(Val<'c>),
}

/// The index `scale * counter + shift` along a dimension.
#[derive(Clone, Copy)]
struct Selection {
    dim: usize,
    scale: i64,
    shift: i64,
}

/// What the loop hands on.
enum Next {
    /// A result of the computation.
    Result(usize),
    /// What it has carried.
    Carried(usize),
}

struct Loop<'c> {
    op: Op<'c>,
    generic: Op<'c>,
    inputs: Vec<Input<'c>>,
    next: Vec<Next>,
}

impl<'c> Loop<'c> {
    fn of(op: Op<'c>) -> Option<Self> {
        let body = op.region(0).entry()?;
        let args = body.args();
        let (&counter, carried) = args.split_first()?;
        let mut ops = body.ops();
        let yields = ops.pop()?;
        let mut generics = ops.iter().filter(|op| op.name() == "linalg.generic");
        let (generic, None) = (*generics.next()?, generics.next()) else {
            return None;
        };
        let others_are_pure = ops
            .iter()
            .all(|op| op.key() == generic.key() || op.num_regions() == 0 && is_pure(*op));
        let rank = generic.result_types().first()?.rank();
        if carried.is_empty() || rank == 0 || !others_are_pure || !is_elementwise(generic, rank) {
            return None;
        }
        let number = |value: Val<'c>| carried.iter().position(|arg| arg.key() == value.key());
        let next = yields.operand_values().into_iter().map(|value| {
            let result = generic.result_values();
            let result = result.iter().position(|result| result.key() == value.key());
            match result {
                Some(result) => Some(Next::Result(result)),
                None => number(value).map(Next::Carried),
            }
        });
        let next = next.collect::<Option<Vec<_>>>()?;
        let ins = num_inputs(generic)?;
        let maps = maps(generic)?;
        let inputs = (0..ins).map(|i| {
            let value = generic.operand(i);
            if let Some(number) = number(value) {
                return is_identity(maps[i]).then_some(Input::Carried(number));
            }
            if is_outside(value, op) {
                return Some(Input::Fixed(value));
            }
            let source = value.defining_op()?;
            // A number as an array.
            let boxed = source.name() == "tensor.from_elements" && value.ty().rank() == 0;
            let value = if boxed { source.operand(0) } else { value };
            match View::cast(source) {
                Some(view) if value.ty().is_tensor() => selected(view, op, counter),
                _ => (!value.ty().is_tensor() && depends_only(value, op, counter))
                    .then_some(Input::Scalar(value)),
            }
        });
        let inputs = inputs.collect::<Option<Vec<_>>>()?;
        // What is carried goes nowhere else, and what the computation captures can be computed in it.
        let elsewhere = carried.iter().any(|arg| {
            let mut uses = arg.uses().into_iter();
            uses.any(|used| ![generic.key(), yields.key()].contains(&used.op.key()))
        });
        let captures_known = captured(generic)
            .into_iter()
            .all(|value| is_outside(value, op) || depends_only(value, op, counter));
        let same_type = carried
            .iter()
            .zip(yields.operand_types())
            .all(|(arg, ty)| arg.ty() == ty && ty.is_tensor() && ty.rank() == rank);
        (!elsewhere && captures_known && same_type).then_some(Self {
            op,
            generic,
            inputs,
            next,
        })
    }

    fn interchange(&self, rw: Rewriter<'c>) {
        let ctx = rw.ctx();
        let (low, high, step) = (self.op.operand(0), self.op.operand(1), self.op.operand(2));
        let trips = trips(rw, low, high, step);
        let body = self.generic.region(0).entry();
        let (Some(body), Some(maps), Some(loop_body)) =
            (body, maps(self.generic), self.op.region(0).entry())
        else {
            return;
        };
        let rank = self.generic.result_types()[0].rank();
        let deeper = |map: AffineMap<'c>| ctx.affine_map(rank + 1, &map_results(map));
        let (mut ins, mut in_maps) = (Vec::new(), Vec::new());
        for (input, map) in self.inputs.iter().zip(&maps) {
            match input {
                Input::Fixed(value) => {
                    ins.push(*value);
                    in_maps.push(deeper(*map));
                }
                Input::Selected(view, selection) => {
                    ins.push(all_selected(rw, *view, *selection, low, trips, step));
                    let mut coordinates = vec![ctx.dim_expr(rank)];
                    coordinates.extend(map_results(*map));
                    in_maps.push(ctx.affine_map(rank + 1, &coordinates));
                }
                Input::Carried(_) | Input::Scalar(_) => {}
            }
        }
        // Says how many iterations there are.
        ins.push(rw.tensor_empty_of(&[trips], ctx.i(8)));
        in_maps.push(ctx.affine_map(rank + 1, &[ctx.dim_expr(rank)]));
        let inits = &self.op.operand_values()[3..];
        let types: Vec<_> = inits.iter().map(|init| init.ty().element()).collect();
        let outs = parts::split_arrays(rw, inits);
        let identity: Vec<_> = (0..rank).map(|d| ctx.dim_expr(d)).collect();
        in_maps.extend(outs.iter().map(|_| ctx.affine_map(rank + 1, &identity)));
        let mut iterators = vec![Iter::Parallel; rank];
        iterators.push(Iter::Reduction);
        let new = rw.linalg_generic(&ins, &outs, &in_maps, &iterators, |rw, args| {
            let (read, carried) = args.split_at(ins.len());
            let carried = parts::join(rw, &types, carried);
            let mut mapping = IrMapping::new();
            let counter = rw.linalg_index(rank);
            let counter = rw.addi(low, rw.muli(counter, step));
            mapping.map(loop_body.args()[0], counter);
            let mut read = read.iter();
            for (input, formal) in self.inputs.iter().zip(body.args()) {
                let actual = match input {
                    Input::Carried(number) => carried[*number],
                    Input::Fixed(_) | Input::Selected(..) => match read.next() {
                        Some(value) => *value,
                        None => continue,
                    },
                    Input::Scalar(value) => computed(rw, *value, self.op, &mut mapping),
                };
                mapping.map(formal, actual);
            }
            for value in captured(self.generic) {
                if !is_outside(value, self.op) {
                    computed(rw, value, self.op, &mut mapping);
                }
            }
            let mut ops = body.ops();
            let yields = ops.pop();
            for op in ops {
                rw.clone_with(op, &mut mapping);
            }
            let results: Vec<_> = yields
                .into_iter()
                .flat_map(|op| op.operand_values())
                .map(|value| mapping.lookup(value))
                .collect();
            let handed_on = self.next.iter().map(|next| match next {
                Next::Result(i) => results[*i],
                Next::Carried(i) => carried[*i],
            });
            parts::split(rw, &handed_on.collect::<Vec<_>>())
        });
        let results = parts::join_arrays(rw, &self.op.result_values(), &new.result_values());
        rw.replace(self.op, &results);
    }
}

fn maps(generic: Op<'_>) -> Option<Vec<AffineMap<'_>>> {
    let maps = generic.attr("indexing_maps")?.as_array()?;
    maps.into_iter().map(|map| map.as_affine_map()).collect()
}

fn is_identity(map: AffineMap<'_>) -> bool {
    let mut coordinates = map_results(map).into_iter().enumerate();
    coordinates.len() == map.dim_count()
        && coordinates.all(|(d, expr)| expr.is_dim() && expr.dim_position() == d)
}

fn num_inputs(generic: Op<'_>) -> Option<usize> {
    let segments = generic.attr("operandSegmentSizes")?.as_int_array()?;
    usize::try_from(*segments.first()?).ok()
}

/// Whether a computation has parallel dimensions only, and results that lie as they do and do not read what was there.
fn is_elementwise(generic: Op<'_>, rank: usize) -> bool {
    let (Some(ins), Some(maps)) = (num_inputs(generic), maps(generic)) else {
        return false;
    };
    let parallel = generic
        .attr("iterator_types")
        .and_then(|kinds| kinds.as_array())
        .is_some_and(|kinds| {
            kinds.len() == rank && kinds.iter().all(|kind| kind.to_text().contains("parallel"))
        });
    let formals = generic.region(0).entry().map(|body| body.args());
    let unread = formals.is_some_and(|formals| !formals[ins..].iter().any(|f| f.has_uses()));
    parallel && unread && maps[ins..].iter().all(|map| is_identity(*map))
}

/// Values of the loop that a computation uses in its body.
fn captured(generic: Op<'_>) -> Vec<Val<'_>> {
    let mut found: Vec<Val<'_>> = Vec::new();
    generic.walk_ops(&mut |inner| {
        for value in inner.operand_values() {
            let owner = value.parent_block().and_then(|block| block.parent_op());
            let within = owner.is_some_and(|owner| owner.is_within(generic));
            let known = found.iter().any(|other| other.key() == value.key());
            if inner.key() != generic.key() && !within && !known {
                found.push(value);
            }
        }
        Walk::Advance
    });
    found
}

/// Whether a value is there before the loop.
fn is_outside(value: Val<'_>, op: Op<'_>) -> bool {
    let owner = value.parent_block().and_then(|block| block.parent_op());
    !owner.is_some_and(|owner| owner.is_within(op))
}

/// Whether a number is computed from the counter and from what is there before the loop.
fn depends_only<'c>(value: Val<'c>, op: Op<'c>, counter: Val<'c>) -> bool {
    value.key() == counter.key()
        || is_outside(value, op)
        || value.defining_op().is_some_and(|source| {
            source.num_regions() == 0
                && !value.ty().is_tensor()
                && source
                    .operand_values()
                    .into_iter()
                    .all(|operand| depends_only(operand, op, counter))
        })
}

/// A number of the loop, computed anew from what `mapping` has for the counter.
fn computed<'c>(
    rw: Rewriter<'c>,
    value: Val<'c>,
    op: Op<'c>,
    mapping: &mut IrMapping<'c>,
) -> Val<'c> {
    if let Some(value) = mapping.get(value) {
        return value;
    }
    let Some(source) = value.defining_op().filter(|_| !is_outside(value, op)) else {
        return value;
    };
    for operand in source.operand_values() {
        computed(rw, operand, op, mapping);
    }
    rw.clone_with(source, mapping);
    mapping.lookup(value)
}

/// A view whose only number of the loop is an index, made of the counter, along a dimension that the result has not.
fn selected<'c>(view: View<'c>, op: Op<'c>, counter: Val<'c>) -> Option<Input<'c>> {
    let geometry = view.geometry();
    let outside = |n: &OpFold<'c>| match n {
        OpFold::Static(_) => true,
        OpFold::Value(v) => is_outside(*v, op),
    };
    let dim = geometry.offsets.iter().position(|n| !outside(n))?;
    let OpFold::Value(index) = geometry.offsets[dim] else {
        return None;
    };
    let (scale, shift) = linear(index, counter)?;
    let others = geometry
        .offsets
        .iter()
        .enumerate()
        .filter(|(d, _)| *d != dim);
    let fixed = others
        .map(|(_, n)| n)
        .chain(&geometry.sizes)
        .chain(&geometry.steps)
        .all(outside);
    let dropped = !geometry.dims.contains(&(dim as i64));
    let selection = Selection { dim, scale, shift };
    (fixed && dropped && is_outside(view.source(), op)).then_some(Input::Selected(view, selection))
}

/// A number as `scale * counter + shift`.
fn linear<'c>(value: Val<'c>, counter: Val<'c>) -> Option<(i64, i64)> {
    if value.key() == counter.key() {
        return Some((1, 0));
    }
    if let Some(number) = value.constant_int() {
        return Some((0, number));
    }
    let op = value.defining_op()?;
    let operand = |i: usize| linear(op.operand(i), counter);
    match op.name() {
        "arith.index_cast" => operand(0),
        "arith.addi" => {
            let ((a, b), (c, d)) = (operand(0)?, operand(1)?);
            Some((a.checked_add(c)?, b.checked_add(d)?))
        }
        "arith.subi" => {
            let ((a, b), (c, d)) = (operand(0)?, operand(1)?);
            Some((a.checked_sub(c)?, b.checked_sub(d)?))
        }
        "arith.muli" => {
            let ((a, b), (c, d)) = (operand(0)?, operand(1)?);
            // One of them is a constant.
            (a == 0 || c == 0).then_some(())?;
            let scale = a.checked_mul(d)?.checked_add(c.checked_mul(b)?)?;
            Some((scale, b.checked_mul(d)?))
        }
        _ => None,
    }
}

/// What a view selects in all iterations, the iterations first.
fn all_selected<'c>(
    rw: Rewriter<'c>,
    view: View<'c>,
    selection: Selection,
    low: Val<'c>,
    trips: OpFold<'c>,
    step: Val<'c>,
) -> Val<'c> {
    let Selection { dim, scale, shift } = selection;
    let scaled = |value: Val<'c>| rw.fold_mul(OpFold::Value(value), OpFold::Static(scale));
    let mut geometry = view.geometry();
    geometry.offsets[dim] = rw.fold_add(scaled(low), OpFold::Static(shift)).simplify();
    geometry.sizes.insert(0, trips);
    geometry.steps.insert(0, scaled(step).simplify());
    geometry.dims.insert(0, dim as i64);
    View::of(rw, view.source(), &geometry)
}

/// The number of iterations.
fn trips<'c>(rw: Rewriter<'c>, low: Val<'c>, high: Val<'c>, step: Val<'c>) -> OpFold<'c> {
    if let (Some(low), Some(high), Some(step)) =
        (low.constant_int(), high.constant_int(), step.constant_int())
        && step > 0
    {
        let distance = high.saturating_sub(low).max(0);
        return OpFold::Static(distance / step + i64::from(distance % step != 0));
    }
    let distance = rw.maxsi(rw.subi(high, low), rw.const_index(0));
    OpFold::Value(rw.ceildivsi(distance, step))
}
