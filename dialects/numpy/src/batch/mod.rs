//! Loops over one axis of an array whose iterations do not depend on each other, as ops of whole arrays.
//!
//! `for j in range(k): C[j] = f(C[j], X, Y[j], j)` is `C[:k] = f` of all rows at once: each op of the body becomes one op
//! over arrays with a leading axis, along which the iterations lie. What JAX calls `vmap` (J. Bradbury et al., *JAX:
//! composable transformations of Python+NumPy programs*, 2018), for loops that were written. Branches become selections.

mod ops;
mod part;
mod stack;

use std::collections::HashMap;

use npir_egraph::Fidelity;
use npir_mlir::prelude::*;

use crate::constant::Constant;
use crate::indexing::{Bound, Item, Items, adjust};
use crate::scalar;
use crate::slice::{SetSlice, Slice};
use ops::{Builder, Each, Trips};
use part::{Part, Range};
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
    /// ops for which it is not known how. Where only the run knows their number, they must be those of all positions of an
    /// axis, and what fits together must follow from sizes being those of the same dimensions. Sums of floats are computed in
    /// another order, so not with [`Fidelity::Exact`].
    pub fn of(op: Op<'c>, fidelity: Fidelity) -> Option<Self> {
        let bound = |i: usize| op.operand(i).constant_int();
        let (low, step) = (bound(0)?, bound(2)?);
        let body = op.region(0).entry()?;
        if step != 1 || op.num_results() == 0 {
            return None;
        }
        let (range, trips) = match bound(1) {
            Some(high) if high > low => (Range::Known(low, high), Trips::Known(high - low)),
            None if low == 0 => (Range::All, Trips::Value(op.operand(1))),
            _ => return None,
        };
        rewrite_at(op, |rw| {
            let mut walk = Walker {
                op,
                range,
                builder: Builder::new(rw, trips, fidelity, &op.result_types()),
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
    /// What the counter counts.
    range: Range,
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
        let path = match self.range {
            Range::Known(..) => Path::Certain,
            // It may count nothing.
            Range::All => Path::Branch,
        };
        let yielded = self.block(body, path)?;
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
            let may = path == Path::Certain || self.builder.cannot_fail(op);
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
                let like = self.part_before(*number, &own)?;
                let value = self.builder.aligned(value, like.ty().rank() - 1)?;
                let value = match self.builder.fits(value, like) {
                    true => self.builder.broadcast(value, &like.ty().dims())?,
                    false => return None,
                };
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
            Value::Counter(more) => Some(Each::Own(self.builder.counting(self.low() + more)?)),
            Value::Carried(..) => None,
        }
    }

    /// The first number of the counter.
    fn low(&self) -> i64 {
        match self.range {
            Range::Known(low, _) => low,
            Range::All => 0,
        }
    }

    /// The positions of an axis of `x` that the counter and so much selects, where it has them all.
    fn selects(&mut self, x: Val<'c>, axis: usize, more: i64) -> Option<Range> {
        let size = x.ty().dims()[axis];
        let inside = match self.range {
            Range::Known(low, high) => low + more >= 0 && high + more <= size,
            Range::All => more == 0 && self.builder.has_size(x, axis, self.op.operand(1)),
        };
        inside.then_some(match self.range {
            Range::Known(low, high) => Range::Known(low + more, high + more),
            Range::All => Range::All,
        })
    }

    /// The items of a slice whose operands from `first` on are bounds, one of which is the counter and so much, and what the
    /// counter selects.
    fn index(&mut self, op: Op<'c>, first: usize) -> Option<(Part<'c>, Range)> {
        let x = op.operand(0);
        let dims = x.ty().dims();
        let known = matches!(self.range, Range::Known(..));
        if known && !x.ty().has_static_shape() {
            return None;
        }
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
                        Value::Each(Each::Same(value)) if known => bounds.push(value),
                        _ => return None,
                    }
                    continue;
                }
                // Where there may be no iteration, it must not be out of bounds.
                Item::Index(Bound::Static(_)) if dims[d] == DYNAMIC => return None,
                Item::Index(Bound::Static(_)) | Item::NewAxis => continue,
                Item::Slice { start, stop, step } => (start, stop, step),
            };
            let fixed = |bound: Option<Bound>| match bound {
                None => Some(None),
                Some(Bound::Static(n)) => Some(Some(n)),
                Some(Bound::Operand) => None,
            };
            let step = fixed(step)?.unwrap_or(1);
            let (start, stop) = (fixed(start)?, fixed(stop)?);
            let whole = match dims[d] {
                DYNAMIC => start.unwrap_or(0) == 0 && stop.is_none(),
                size => adjust(size, start, stop, 1) == (0, size),
            };
            if step == 1 && whole {
                *item = Item::ALL;
            }
        }
        let (axis, more) = axis?;
        let range = self.selects(x, axis, more)?;
        let part = Part {
            items,
            bounds,
            axis,
        };
        Some((part, range))
    }

    /// The part of a carried array that `op` reads or writes, which is the iteration's own.
    fn part(&mut self, op: Op<'c>, first: usize, number: usize) -> Option<Part<'c>> {
        let (part, range) = self.index(op, first)?;
        if let (Range::Known(low, _), Range::Known(first, _)) = (self.range, range)
            && first != low
        {
            return None;
        }
        // Positions from outside might be out of bounds; they are the same in each iteration, and there is one.
        let known = self.parts[number].get_or_insert_with(|| part.clone());
        (*known == part).then_some(part)
    }

    /// The parts of a carried array before the loop, along the first axis.
    fn part_before(&mut self, number: usize, part: &Part<'c>) -> Option<Val<'c>> {
        let before = self.op.operand(3 + number);
        self.parts_of(before, part, self.range)
    }

    /// The parts of an array at such positions of the counter's axis, along the first axis.
    fn parts_of(&mut self, x: Val<'c>, part: &Part<'c>, range: Range) -> Option<Val<'c>> {
        let items = part.all(range);
        let parts = match items.iter().all(|item| *item == Item::ALL) {
            true => x,
            false => {
                let items = Items::encode(self.builder.ctx(), &items);
                let operands: Vec<_> = [x].into_iter().chain(part.bounds.iter().copied()).collect();
                self.builder
                    .make(Slice::NAME, &[("items", items)], &operands)?
            }
        };
        let place = part.place();
        let mut order: Vec<_> = (0..parts.ty().rank()).collect();
        order.remove(place);
        order.insert(0, place);
        self.builder.transposed(parts, &order)
    }

    /// What the counter selects of an array from outside.
    fn selected(&mut self, op: Op<'c>, x: Val<'c>, path: Path) -> Option<Val<'c>> {
        let (part, range) = self.index(op, 1)?;
        if path == Path::Branch && !part.bounds.is_empty() {
            return None;
        }
        self.parts_of(x, &part, range)
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
        let result = match (value, self.range) {
            // There may be no last iteration.
            (Value::Each(_) | Value::Counter(_), Range::All) => return None,
            (Value::Each(Each::Same(value)), _) => value,
            (Value::Each(Each::Own(value)), Range::Known(low, high)) => {
                if !ty.is_tensor() {
                    return None;
                }
                let last = vec![Item::Index(Bound::Static(high - low - 1))];
                let items = Items::encode(self.builder.ctx(), &last);
                self.builder
                    .make(Slice::NAME, &[("items", items)], &[value])?
            }
            (Value::Counter(more), Range::Known(_, high)) => {
                if !ty.is_tensor() {
                    return None;
                }
                self.builder.number(high - 1 + more)
            }
            (Value::Carried(own, _), _) if own != number => return None,
            (Value::Carried(_, None), _) => self.op.operand(3 + number),
            (Value::Carried(_, Some(parts)), range) => {
                let part = self.parts[number].clone()?;
                let before = self.op.operand(3 + number);
                let place = part.place();
                let mut order: Vec<_> = (1..parts.ty().rank()).collect();
                order.insert(place, 0);
                let parts = self.builder.transposed(parts, &order)?;
                let dims = before.ty().dims();
                let mut others = part.items.iter().enumerate();
                let whole = others.all(|(d, item)| d == part.axis || *item == Item::ALL);
                let all = match range {
                    Range::All => true,
                    Range::Known(low, high) => low == 0 && high == dims[part.axis],
                };
                match whole && all {
                    true => parts,
                    false => {
                        let items = part.all(range);
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
