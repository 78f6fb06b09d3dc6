//! Loops over one axis of an array whose iterations do not depend on each other, as ops of whole arrays.
//!
//! `for j in range(k): C[j] = f(C[j], X, Y[j], j)` is `C[:k] = f` of all rows at once: each op of the body becomes one op
//! over arrays with a leading axis, along which the iterations lie. What JAX calls `vmap` (J. Bradbury et al., *JAX:
//! composable transformations of Python+NumPy programs*, 2018), for loops that were written. Branches become selections.

mod ops;
mod stack;

use std::collections::HashMap;

use npir_egraph::Fidelity;
use npir_mlir::prelude::*;

use crate::constant::Constant;
use crate::indexing::{Bound, Item, Items, adjust};
use crate::scalar;
use crate::slice::{SetSlice, Slice};
use ops::{Builder, Each, cannot_fail};
pub use stack::whole_stack;

/// A value in an iteration.
#[derive(Clone, Copy)]
enum Value<'c> {
    Each(Each<'c>),
    /// The counter and so much, as a number or as a 0-d array.
    Counter(i64),
    /// An array that the loop carries: as it was, or with the part of this iteration replaced; parts lie along the first
    /// axis.
    Carried(usize, Option<Val<'c>>),
}

/// Which part of a carried array belongs to an iteration: the items of an index, one of which is the counter.
#[derive(Clone, PartialEq)]
struct Part<'c> {
    /// One for each dimension.
    items: Vec<Item>,
    /// The values of bounds that are operands, but the counter.
    bounds: Vec<Val<'c>>,
    /// The dimension that the counter selects.
    axis: usize,
}

impl<'c> Part<'c> {
    /// The parts of all iterations: the axis of the counter, sliced.
    fn all(&self, low: i64, high: i64) -> Vec<Item> {
        let mut items = self.items.clone();
        items[self.axis] = Item::Slice {
            start: Some(Bound::Static(low)),
            stop: Some(Bound::Static(high)),
            step: None,
        };
        items
    }

    /// Where the axis of the counter is in the array of the parts of all iterations.
    fn place(&self) -> usize {
        let before = self.items[..self.axis].iter();
        before
            .filter(|item| !matches!(item, Item::Index(_)))
            .count()
    }
}

/// Where a program may not have come: in a branch.
#[derive(Clone, Copy, PartialEq)]
enum Path {
    Certain,
    Branch,
}

/// A loop with its iterations computed at once in front of it.
pub struct Whole<'c> {
    op: Op<'c>,
    results: Vec<Val<'c>>,
}

impl<'c> Whole<'c> {
    /// Computes the iterations of an `scf.for` at once, in front of it; `None` where they depend on each other or have
    /// ops for which it is not known how. Their number and all sizes must be known. Sums of floats are computed in
    /// another order, so not with [`Fidelity::Exact`].
    pub fn of(op: Op<'c>, fidelity: Fidelity) -> Option<Self> {
        let bound = |i: usize| op.operand(i).constant_int();
        let (low, high, step) = (bound(0)?, bound(1)?, bound(2)?);
        let body = op.region(0).entry()?;
        if step != 1 || high <= low || op.num_results() == 0 {
            return None;
        }
        rewrite_at(op, |rw| {
            let mut walk = Walker {
                op,
                low,
                high,
                builder: Builder::new(rw, high - low, fidelity, &op.result_types()),
                values: HashMap::new(),
                parts: vec![None; op.num_results()],
            };
            let results = walk.results(body);
            match results {
                Some(results) => Some(Whole { op, results }),
                None => {
                    walk.builder.undo();
                    None
                }
            }
        })
    }

    /// Puts what was computed in the place of the loop.
    pub fn replace(self) {
        rewrite_at(self.op, |rw| rw.replace(self.op, &self.results));
    }
}

struct Walker<'c> {
    op: Op<'c>,
    low: i64,
    high: i64,
    builder: Builder<'c>,
    /// What values of the body are, by key.
    values: HashMap<usize, Value<'c>>,
    /// Which part of each carried array is the iteration's.
    parts: Vec<Option<Part<'c>>>,
}

impl<'c> Walker<'c> {
    /// What the loop results in.
    fn results(&mut self, body: Blk<'c>) -> Option<Vec<Val<'c>>> {
        let args = body.args();
        let (counter, carried) = args.split_first()?;
        self.values.insert(counter.key(), Value::Counter(0));
        for (number, arg) in carried.iter().enumerate() {
            self.values.insert(arg.key(), Value::Carried(number, None));
        }
        let yielded = self.block(body, Path::Certain)?;
        let results = self.op.result_values();
        let pairs = yielded.into_iter().zip(results).enumerate();
        pairs
            .map(|(number, (value, result))| self.last(number, value, result.ty()))
            .collect()
    }

    /// What a value is.
    fn value(&self, value: Val<'c>) -> Value<'c> {
        let known = self.values.get(&value.key());
        known.copied().unwrap_or(Value::Each(Each::Same(value)))
    }

    /// What the terminator of a block hands on.
    fn block(&mut self, block: Blk<'c>, path: Path) -> Option<Vec<Value<'c>>> {
        let mut ops = block.ops();
        let end = ops.pop()?;
        for op in ops {
            if op.name() == "scf.if" {
                self.branch(op)?;
            } else {
                let value = self.op(op, path)?;
                self.values.insert(op.result_value(0).key(), value);
            }
        }
        Some(
            end.operand_values()
                .iter()
                .map(|v| self.value(*v))
                .collect(),
        )
    }

    /// An op without regions.
    fn op(&mut self, op: Op<'c>, path: Path) -> Option<Value<'c>> {
        if op.num_results() != 1 || op.num_regions() != 0 || !is_pure(op) {
            return None;
        }
        let operands: Vec<_> = op.operand_values().iter().map(|v| self.value(*v)).collect();
        let same = operands.iter().map(|value| match value {
            Value::Each(Each::Same(value)) => Some(*value),
            _ => None,
        });
        if let Some(same) = same.collect::<Option<Vec<_>>>() {
            let may = path == Path::Certain || cannot_fail(op);
            return may.then(|| Value::Each(Each::Same(self.builder.copy(op, &same))));
        }
        match (op.name(), &operands[..]) {
            (
                scalar::FromScalar::NAME | scalar::Item::NAME | "arith.index_cast",
                [value @ Value::Counter(_)],
            ) => return Some(*value),
            (scalar::FromScalar::NAME | scalar::Item::NAME, [value @ Value::Each(_)]) => {
                return Some(*value);
            }
            ("arith.addi" | "numpy.add", [Value::Counter(n), Value::Each(Each::Same(more))])
            | ("arith.addi" | "numpy.add", [Value::Each(Each::Same(more)), Value::Counter(n)]) => {
                if let Some(more) = number_of(*more) {
                    return Some(Value::Counter(n.checked_add(more)?));
                }
            }
            (
                "arith.subi" | "numpy.subtract",
                [Value::Counter(n), Value::Each(Each::Same(less))],
            ) => {
                if let Some(less) = number_of(*less) {
                    return Some(Value::Counter(n.checked_sub(less)?));
                }
            }
            (Slice::NAME, [Value::Carried(number, part), ..]) => {
                let own = self.part(op, 1, *number)?;
                let part = match part {
                    Some(part) => *part,
                    None => self.part_before(*number, &own)?,
                };
                return Some(Value::Each(Each::Own(part)));
            }
            (SetSlice::NAME, [Value::Carried(number, _), value, ..]) => {
                let value = self.each(*value)?;
                let own = self.part(op, 2, *number)?;
                let like = self.part_before(*number, &own)?.ty();
                let value = self.builder.aligned(value, like.rank() - 1)?;
                let value = self.builder.broadcast(value, &like.dims())?;
                return Some(Value::Carried(*number, Some(value)));
            }
            (Slice::NAME, [Value::Each(Each::Same(x)), bounds @ ..])
                if bounds
                    .iter()
                    .any(|bound| matches!(bound, Value::Counter(_))) =>
            {
                let own = self.selected(op, *x, path)?;
                return Some(Value::Each(Each::Own(own)));
            }
            _ => {}
        }
        let each = operands.into_iter().map(|value| self.each(value));
        let each = each.collect::<Option<Vec<_>>>()?;
        Some(Value::Each(Each::Own(self.builder.of_all(op, &each)?)))
    }

    /// A value that an op computes with.
    fn each(&mut self, value: Value<'c>) -> Option<Each<'c>> {
        match value {
            Value::Each(each) => Some(each),
            Value::Counter(more) => Some(Each::Own(self.builder.counting(self.low + more)?)),
            Value::Carried(..) => None,
        }
    }

    /// The items of a slice whose operands from `first` on are bounds, one of which is the counter and so much, and that
    /// number.
    fn index(&self, op: Op<'c>, first: usize, dims: &[i64]) -> Option<(Part<'c>, i64)> {
        let mut items = op.attr("items").and_then(Items::decode)?;
        if items.contains(&Item::NewAxis) || items.len() > dims.len() {
            return None;
        }
        items.resize(dims.len(), Item::ALL);
        let operands = op.operand_values();
        let mut operands = operands[first..].iter();
        let (mut axis, mut bounds) = (None, Vec::new());
        for (d, item) in items.iter_mut().enumerate() {
            let (start, stop, step) = match *item {
                Item::Index(Bound::Operand) => {
                    match self.value(*operands.next()?) {
                        Value::Counter(more) if axis.is_none() => axis = Some((d, more)),
                        Value::Each(Each::Same(value)) => bounds.push(value),
                        _ => return None,
                    }
                    continue;
                }
                Item::Index(Bound::Static(_)) | Item::NewAxis => continue,
                Item::Slice { start, stop, step } => (start, stop, step),
            };
            let fixed = |bound: Option<Bound>| match bound {
                None => Some(None),
                Some(Bound::Static(n)) => Some(Some(n)),
                Some(Bound::Operand) => None,
            };
            let step = fixed(step)?.unwrap_or(1);
            if step == 1 && adjust(dims[d], fixed(start)?, fixed(stop)?, 1) == (0, dims[d]) {
                *item = Item::ALL;
            }
        }
        let (axis, more) = axis?;
        let inside = self.low + more >= 0 && self.high + more <= dims[axis];
        inside.then_some((
            Part {
                items,
                bounds,
                axis,
            },
            more,
        ))
    }

    /// The part of a carried array that `op` reads or writes, which is the iteration's own.
    fn part(&mut self, op: Op<'c>, first: usize, number: usize) -> Option<Part<'c>> {
        let ty = op.operand(0).ty();
        if !ty.has_static_shape() {
            return None;
        }
        let (part, 0) = self.index(op, first, &ty.dims())? else {
            return None;
        };
        // Positions from outside might be out of bounds; they are the same in each iteration, and there is one.
        let known = self.parts[number].get_or_insert_with(|| part.clone());
        (*known == part).then_some(part)
    }

    /// The parts of a carried array before the loop, along the first axis.
    fn part_before(&mut self, number: usize, part: &Part<'c>) -> Option<Val<'c>> {
        let before = self.op.operand(3 + number);
        let (low, high) = (self.low, self.high);
        self.parts_of(before, part, low, high)
    }

    /// The parts of an array from one position of the counter's axis to another, along the first axis.
    fn parts_of(&mut self, x: Val<'c>, part: &Part<'c>, low: i64, high: i64) -> Option<Val<'c>> {
        let items = Items::encode(self.builder.ctx(), &part.all(low, high));
        let operands: Vec<_> = [x].into_iter().chain(part.bounds.iter().copied()).collect();
        let parts = self
            .builder
            .make(Slice::NAME, &[("items", items)], &operands)?;
        let place = part.place();
        let mut order: Vec<_> = (0..parts.ty().rank()).collect();
        order.remove(place);
        order.insert(0, place);
        self.builder.transposed(parts, &order)
    }

    /// What the counter selects of an array from outside.
    fn selected(&mut self, op: Op<'c>, x: Val<'c>, path: Path) -> Option<Val<'c>> {
        let ty = x.ty();
        if !ty.has_static_shape() {
            return None;
        }
        let (part, more) = self.index(op, 1, &ty.dims())?;
        if path == Path::Branch && !part.bounds.is_empty() {
            return None;
        }
        self.parts_of(x, &part, self.low + more, self.high + more)
    }

    /// A branch: what both sides compute, selected.
    fn branch(&mut self, op: Op<'c>) -> Option<()> {
        let condition = match self.value(op.operand(0)) {
            Value::Each(Each::Same(value)) => {
                let value = self.builder.make(scalar::FromScalar::NAME, &[], &[value])?;
                Each::Same(value)
            }
            Value::Each(own) => own,
            _ => return None,
        };
        let mut sides = Vec::new();
        for region in op.regions() {
            sides.push(self.block(region.entry()?, Path::Branch)?);
        }
        let [then, or_else] = &sides[..] else {
            return None;
        };
        for (i, (a, b)) in then.iter().zip(or_else).enumerate() {
            let result = op.result_value(i);
            let value = match (*a, *b) {
                (Value::Carried(x, None), Value::Carried(y, None)) if x == y => *a,
                (Value::Carried(x, a), Value::Carried(y, b)) if x == y => {
                    let part = self.parts[x].clone()?;
                    let mut parts = Vec::new();
                    for side in [a, b] {
                        parts.push(match side {
                            Some(value) => value,
                            None => self.part_before(x, &part)?,
                        });
                    }
                    let chosen =
                        self.choose(condition, Each::Own(parts[0]), Each::Own(parts[1]))?;
                    let chosen = self.builder.spread(chosen)?;
                    Value::Carried(x, Some(chosen))
                }
                (a, b) if result.ty().is_tensor() => {
                    let (a, b) = (self.each(a)?, self.each(b)?);
                    Value::Each(self.choose(condition, a, b)?)
                }
                _ => return None,
            };
            self.values.insert(result.key(), value);
        }
        Some(())
    }

    /// `a` where the condition holds, else `b`.
    fn choose(&mut self, condition: Each<'c>, a: Each<'c>, b: Each<'c>) -> Option<Each<'c>> {
        let rank = |value| match value {
            Each::Same(value) => value.ty().rank(),
            Each::Own(value) => value.ty().rank() - 1,
        };
        let all_same = [condition, a, b]
            .iter()
            .all(|value| matches!(value, Each::Same(_)));
        // In an iteration the condition has no dimensions.
        let widest = rank(a).max(rank(b));
        if rank(a) != rank(b) {
            return None;
        }
        let mut operands = Vec::new();
        for value in [condition, a, b] {
            operands.push(match (value, all_same) {
                (Each::Own(value), false) => {
                    // Its dimensions follow the axis of the iterations.
                    let missing = widest + 1 - value.ty().rank();
                    let first = value.ty().rank() as i64;
                    let new: Vec<_> = (first..first + missing as i64).collect();
                    match new.is_empty() {
                        true => value,
                        false => {
                            let axes = self.builder.ctx().i64_array(&new);
                            self.builder
                                .make("numpy.expand_dims", &[("axes", axes)], &[value])?
                        }
                    }
                }
                (Each::Same(value) | Each::Own(value), _) => value,
            });
        }
        let value = self.builder.make("numpy.where", &[], &operands)?;
        Some(match all_same {
            true => Each::Same(value),
            false => Each::Own(value),
        })
    }

    /// What the last iteration hands on.
    fn last(&mut self, number: usize, value: Value<'c>, ty: Type<'c>) -> Option<Val<'c>> {
        let result = match value {
            Value::Each(Each::Same(value)) => value,
            Value::Each(Each::Own(value)) => {
                if !ty.is_tensor() {
                    return None;
                }
                let last = vec![Item::Index(Bound::Static(self.high - self.low - 1))];
                let items = Items::encode(self.builder.ctx(), &last);
                self.builder
                    .make(Slice::NAME, &[("items", items)], &[value])?
            }
            Value::Counter(more) => {
                if !ty.is_tensor() {
                    return None;
                }
                self.builder.number(self.high - 1 + more)
            }
            Value::Carried(own, _) if own != number => return None,
            Value::Carried(_, None) => self.op.operand(3 + number),
            Value::Carried(_, Some(parts)) => {
                let part = self.parts[number].clone()?;
                let before = self.op.operand(3 + number);
                let place = part.place();
                let mut order: Vec<_> = (1..parts.ty().rank()).collect();
                order.insert(place, 0);
                let parts = self.builder.transposed(parts, &order)?;
                let dims = before.ty().dims();
                let mut others = part.items.iter().enumerate();
                let whole = others.all(|(d, item)| d == part.axis || *item == Item::ALL);
                match whole && self.low == 0 && self.high == dims[part.axis] {
                    true => parts,
                    false => {
                        let items = part.all(self.low, self.high);
                        let items = Items::encode(self.builder.ctx(), &items);
                        let mut operands = vec![before, parts];
                        operands.extend(&part.bounds);
                        self.builder
                            .make(SetSlice::NAME, &[("items", items)], &operands)?
                    }
                }
            }
        };
        (result.ty() == ty).then_some(result)
    }
}

/// The integer that a value is, as a number or as a 0-d array.
fn number_of(value: Val<'_>) -> Option<i64> {
    if let Some(number) = value.constant_int() {
        return Some(number);
    }
    let op = value
        .defining_op()
        .filter(|op| op.name() == Constant::NAME)?;
    (value.ty().rank() == 0).then(|| op.attr("value")?.splat_value()?.as_int())?
}
