//! Stacks of values that are computed alike, as `np.stack([f(X, Y[j], j) for j in range(k)])` is where the list is written
//! out: ops of whole arrays.

use std::collections::HashMap;

use npir_egraph::Fidelity;
use npir_mlir::prelude::*;

use super::number_of;
use super::ops::{Builder, Each, Trips};
use crate::arrange::Stack;
use crate::indexing::{Bound, Item, Items};
use crate::shape::normalize_axis;
use crate::slice::Slice;

/// So many values at least: fewer are as good one by one.
const FEWEST: usize = 3;

/// Ops from a value that is stacked to what differs among them.
const DEPTH: usize = 24;

/// Computes the values that an op stacks at once, in front of it; `None` where they are not computed by the same ops, of the
/// same values, of numbers that count and of parts of arrays one after another. Sums of floats are computed in another
/// order, so not with [`Fidelity::Exact`].
pub fn whole_stack<'c>(op: Op<'c>, fidelity: Fidelity) -> Option<Val<'c>> {
    if op.name() != Stack::NAME || op.num_operands() < FEWEST {
        return None;
    }
    let values = op.operand_values();
    let ty = op.result_value(0).ty();
    if !ty.has_static_shape() {
        return None;
    }
    let axis = op.attr("axis").and_then(I64::decode)?;
    let axis = normalize_axis(axis, ty.rank()).ok()?;
    rewrite_at(op, |rw| {
        let mut walk = Walker {
            builder: Builder::new(rw, Trips::Known(values.len() as i64), fidelity, &[ty]),
            known: HashMap::new(),
        };
        match walk.result(&values, axis, ty) {
            Some(value) => Some(value),
            None => {
                walk.builder.undo();
                None
            }
        }
    })
}

struct Walker<'c> {
    builder: Builder<'c>,
    /// What lists of values are, by the key of the first one and the one after it.
    known: HashMap<(usize, usize), (Vec<usize>, Each<'c>)>,
}

impl<'c> Walker<'c> {
    fn result(&mut self, values: &[Val<'c>], axis: usize, ty: Type<'c>) -> Option<Val<'c>> {
        // Something must be computed.
        values[0]
            .defining_op()
            .filter(|op| op.name() != Slice::NAME)?;
        let Each::Own(value) = self.each(values, DEPTH)? else {
            return None;
        };
        let mut order: Vec<_> = (1..ty.rank()).collect();
        order.insert(axis, 0);
        let value = self.builder.transposed(value, &order)?;
        (value.ty() == ty).then_some(value)
    }

    /// Values as one value.
    fn each(&mut self, values: &[Val<'c>], depth: usize) -> Option<Each<'c>> {
        let keys: Vec<_> = values.iter().map(|value| value.key()).collect();
        if keys.iter().all(|key| *key == keys[0]) {
            return Some(Each::Same(values[0]));
        }
        let place = (keys[0], keys[1]);
        if let Some((all, each)) = self.known.get(&place)
            && *all == keys
        {
            return Some(*each);
        }
        let each = match self.counted(values) {
            Some(counting) => counting,
            None => Each::Own(self.computed(values, depth.checked_sub(1)?)?),
        };
        self.known.insert(place, (keys, each));
        Some(each)
    }

    /// The numbers n, n + 1, … as 0-d arrays of `i64`.
    fn counted(&mut self, values: &[Val<'c>]) -> Option<Each<'c>> {
        let ty = values[0].ty();
        if !ty.is_tensor() || ty.rank() != 0 || ty.element() != self.builder.ctx().i(64) {
            return None;
        }
        let first = number_of(values[0])?;
        let counts = values
            .iter()
            .zip(first..)
            .all(|(value, n)| number_of(*value) == Some(n));
        counts.then(|| self.builder.counting(first).map(Each::Own))?
    }

    /// Values that the same op computes.
    fn computed(&mut self, values: &[Val<'c>], depth: usize) -> Option<Val<'c>> {
        let ops = values.iter().map(|value| value.defining_op());
        let ops = ops.collect::<Option<Vec<_>>>()?;
        let first = ops[0];
        let alike = |op: &Op<'c>| {
            op.name() == first.name()
                && op.num_operands() == first.num_operands()
                && op.result_types() == first.result_types()
        };
        let simple = first.num_results() == 1 && first.num_regions() == 0 && is_pure(first);
        if !simple || !ops.iter().all(alike) {
            return None;
        }
        if let Some(parts) = self.parts(&ops) {
            return Some(parts);
        }
        if !ops.iter().all(|op| op.attrs() == first.attrs()) {
            return None;
        }
        let mut operands = Vec::new();
        for i in 0..first.num_operands() {
            let own: Vec<_> = ops.iter().map(|op| op.operand(i)).collect();
            operands.push(self.each(&own, depth)?);
        }
        self.builder.of_all(first, &operands)
    }

    /// Parts of one array, each at the position after that of the one before.
    fn parts(&mut self, ops: &[Op<'c>]) -> Option<Val<'c>> {
        let first = ops[0];
        let x = first.operand(0);
        let same = ops.iter().all(|op| op.operand(0).key() == x.key());
        if first.name() != Slice::NAME || first.num_operands() != 1 || !same {
            return None;
        }
        let all = ops
            .iter()
            .map(|op| op.attr("items").and_then(Items::decode));
        let all = all.collect::<Option<Vec<_>>>()?;
        let differs = |axis: &usize| {
            all.iter()
                .any(|items| items.get(*axis) != all[0].get(*axis))
        };
        let mut axes = (0..all[0].len()).filter(differs);
        let (axis, None) = (axes.next()?, axes.next()) else {
            return None;
        };
        let at = |items: &Vec<Item>| match items.get(axis) {
            Some(Item::Index(Bound::Static(at))) if items.len() == all[0].len() => Some(*at),
            _ => None,
        };
        let low = at(&all[0])?;
        let counts = all.iter().zip(low..).all(|(items, n)| at(items) == Some(n));
        let high = low + ops.len() as i64;
        if !counts || low < 0 || all[0].contains(&Item::NewAxis) {
            return None;
        }
        let mut items = all[0].clone();
        items[axis] = Item::Slice {
            start: Some(Bound::Static(low)),
            stop: Some(Bound::Static(high)),
            step: None,
        };
        let before = items[..axis].iter();
        let place = before
            .filter(|item| !matches!(item, Item::Index(_)))
            .count();
        let items = Items::encode(self.builder.ctx(), &items);
        let parts = self.builder.make(Slice::NAME, &[("items", items)], &[x])?;
        let mut order: Vec<_> = (0..parts.ty().rank()).collect();
        order.remove(place);
        order.insert(0, place);
        self.builder.transposed(parts, &order)
    }
}
