//! Accumulators: where they open and close, partial ones in lanes and slots, and
//! compensated sums.
//!
//! A sum along the innermost loop is accurate to a few units in the last place of the
//! sum of magnitudes: blocks are summed in `vector * unroll` interleaved partial sums,
//! and block sums are added with TwoSum (Knuth, TAOCP 2, 4.2.2), which keeps the exact
//! rounding error of each addition in a second accumulator.

use super::emit::Emitter;
use super::kernel::Kernel;
use super::lane::{Lane, Store};
use super::state::{Acc, Accs, State, key, points};
use crate::schedule::LoopSpec;
use npir_mlir::prelude::*;

/// When the accumulators of each output open, by loop depth.
pub(super) struct Accumulators {
    /// The depth from which on no loop changes the output's element.
    carry: Vec<usize>,
    /// The outermost loop that does not change it; past the last loop when there is none.
    first_reduction: Vec<usize>,
    /// Whether it is a sum that takes compensated steps.
    cascade: Vec<bool>,
    /// Whether the body reads the accumulator.
    used: Vec<bool>,
    has_inits: bool,
}

impl Accumulators {
    pub(super) fn new(kernel: &Kernel<'_>, loops: &[LoopSpec]) -> Self {
        let changes = |out: usize, spec: &LoopSpec| kernel.outs[out].depends[spec.axis];
        let outs = 0..kernel.outs.len();
        let carry: Vec<usize> = outs
            .clone()
            .map(|out| {
                loops
                    .iter()
                    .rposition(|spec| changes(out, spec))
                    .map_or(0, |last| last + 1)
            })
            .collect();
        let first_reduction = outs
            .clone()
            .map(|out| {
                loops
                    .iter()
                    .position(|spec| !changes(out, spec))
                    .unwrap_or(loops.len())
            })
            .collect();
        let has_inits = !kernel.inits.is_empty();
        let cascade = outs
            .clone()
            .map(|out| {
                let Some(last) = loops.last() else {
                    return false;
                };
                let one_block = carry[out] + 1 == loops.len()
                    && kernel.axes[last.axis]
                        .extent
                        .constant()
                        .is_some_and(|n| n <= kernel.schedule.block);
                kernel.schedule.block > 0
                    && has_inits
                    && kernel.sums[out]
                    && !changes(out, last)
                    && !one_block
            })
            .collect();
        let used = kernel
            .body
            .accumulators(kernel.outs.len())
            .into_iter()
            .map(|arg| arg.has_uses())
            .collect();
        Self {
            carry,
            first_reduction,
            cascade,
            used,
            has_inits,
        }
    }

    /// Whether any sum takes compensated steps.
    pub(super) fn cascades(&self) -> bool {
        self.cascade.contains(&true)
    }

    /// The outputs whose initial value goes to memory at that depth.
    pub(super) fn prefilled_at(&self, depth: usize) -> Vec<usize> {
        let outs = 0..self.carry.len();
        outs.filter(|&out| {
            self.has_inits && self.first_reduction[out] == depth && self.carry[out] > depth
        })
        .collect()
    }

    /// Whether the accumulator starts with the initial value where it opens.
    fn fresh(&self, out: usize) -> bool {
        self.has_inits && self.first_reduction[out] >= self.carry[out]
    }
}

impl<'c> Emitter<'_, 'c> {
    /// Opens the accumulators whose element is known from `depth` on.
    pub(super) fn open(
        &self,
        rw: Rewriter<'c>,
        depth: usize,
        state: &State<'c>,
        accs: &mut Accs<'c>,
    ) {
        let kernel = self.kernel;
        let schedule = &kernel.schedule;
        for (out, access) in kernel.outs.iter().enumerate() {
            if self.accumulators.carry[out] != depth {
                continue;
            }
            let innermost = depth == self.loops.len();
            let in_flight = if kernel.rank() == 0 {
                1
            } else {
                kernel.width() * schedule.unroll
            };
            let partial = in_flight > 1 && !access.depends[schedule.lanes];
            let fresh = self.accumulators.fresh(out);
            let mut acc = Acc {
                slots: Vec::new(),
                before: Vec::new(),
                errors: None,
                partial,
            };
            for point in points(&access.depends, &state.copies) {
                let init = || Some(Lane::Uniform(kernel.inits[out]));
                let memory = || {
                    let (address, width) =
                        state.address(rw, kernel, access, state.out_elements[out], &point);
                    Some(address.load(rw, access.flat, width, state.mask))
                };
                let (slot, before) = match (fresh, partial) {
                    (true, _) => (init(), None),
                    (false, true) => (init(), memory()),
                    (false, false) if innermost && !self.accumulators.used[out] => (None, None),
                    (false, false) => (memory(), None),
                };
                acc.slots.push(vec![slot]);
                acc.before.push(before);
            }
            if self.accumulators.cascade[out] {
                let zero = rw.const_float(access.flat.ty().element(), 0.0);
                acc.errors = Some(vec![vec![Lane::Uniform(zero)]; acc.slots.len()]);
            }
            accs[out] = Some(acc);
        }
    }

    /// Stores the accumulators that [`Emitter::open`] opened at `depth`.
    pub(super) fn close(
        &self,
        rw: Rewriter<'c>,
        depth: usize,
        state: &State<'c>,
        accs: &mut Accs<'c>,
    ) {
        let kernel = self.kernel;
        let closing: Vec<usize> = (0..accs.len())
            .filter(|&out| self.accumulators.carry[out] == depth)
            .collect();
        for out in &closing {
            self.settle(rw, accs[*out].as_mut());
        }
        for group in self.groups(&closing) {
            self.merge_lanes(rw, &group, accs);
        }
        for out in closing {
            let access = &kernel.outs[out];
            let Some(acc) = accs[out].take() else {
                continue;
            };
            for (point, slots) in points(&access.depends, &state.copies).iter().zip(acc.slots) {
                if let Some(value) = slots[0] {
                    let (address, width) =
                        state.address(rw, kernel, access, state.out_elements[out], point);
                    let way = match out {
                        0 => state.store,
                        _ => Store::Cached,
                    };
                    address.store_as(rw, access.flat, value, width, state.mask, way);
                }
            }
        }
    }

    /// The accumulator that `point` continues.
    pub(super) fn accumulator(
        &self,
        rw: Rewriter<'c>,
        state: &State<'c>,
        accs: &Accs<'c>,
        out: usize,
        point: &[i64],
    ) -> Lane<'c> {
        let (k, slot) = self.slot(state, accs, out, point);
        let held = accs[out].as_ref().and_then(|acc| acc.slots[k][slot]);
        // Nobody reads an accumulator that holds nothing; any value of the type will do.
        held.unwrap_or_else(|| Lane::Uniform(self.placeholder(rw, out)))
    }

    /// Makes `values` the accumulators that `point` continued.
    pub(super) fn accumulate(
        &self,
        rw: Rewriter<'c>,
        state: &State<'c>,
        accs: &mut Accs<'c>,
        point: &[i64],
        values: &[Lane<'c>],
    ) {
        let width = self.kernel.width();
        for (out, &value) in values.iter().enumerate() {
            let (k, slot) = self.slot(state, accs, out, point);
            let Some(acc) = accs[out].as_mut() else {
                continue;
            };
            let value = match (state.mask, acc.partial, acc.slots[k][slot]) {
                (Some(mask), true, Some(old)) => {
                    Lane::Vector(rw.select(mask, value.widen(rw, width), old.widen(rw, width)))
                }
                _ => value,
            };
            acc.slots[k][slot] = Some(value);
        }
    }

    fn slot(
        &self,
        state: &State<'c>,
        accs: &Accs<'c>,
        out: usize,
        point: &[i64],
    ) -> (usize, usize) {
        let k = key(&self.kernel.outs[out].depends, &state.copies, point);
        let partial = accs[out].as_ref().is_some_and(|acc| acc.partial);
        let slot = if partial {
            point[self.kernel.schedule.lanes] as usize
        } else {
            0
        };
        (k, slot)
    }

    pub(super) fn placeholder(&self, rw: Rewriter<'c>, out: usize) -> Val<'c> {
        match self.kernel.inits.get(out) {
            Some(&init) => init,
            None => {
                let ty = self.kernel.outs[out].flat.ty().element();
                rw.op("ub.poison").results(&[ty]).build_value()
            }
        }
    }

    /// Gives each partial accumulator `slots` slots; all but the first begin anew.
    pub(super) fn widen(&self, rw: Rewriter<'c>, mut accs: Accs<'c>, slots: i64) -> Accs<'c> {
        let slots = slots as usize;
        for (out, acc) in accs.iter_mut().enumerate() {
            let Some(acc) = acc.as_mut().filter(|acc| acc.partial) else {
                continue;
            };
            for key in &mut acc.slots {
                key.resize(slots, Some(Lane::Uniform(self.kernel.inits[out])));
            }
            for key in acc.errors.iter_mut().flatten() {
                let zero = rw.const_float(self.kernel.inits[out].ty(), 0.0);
                key.resize(slots, Lane::Uniform(zero));
            }
        }
        accs
    }

    /// Merges the slots of partial accumulators into one, as a tree.
    pub(super) fn narrow(&self, rw: Rewriter<'c>, mut accs: Accs<'c>) -> Accs<'c> {
        let partial: Vec<usize> = (0..accs.len())
            .filter(|&out| accs[out].as_ref().is_some_and(|a| a.partial))
            .collect();
        for group in self.groups(&partial) {
            let keys = accs[group[0]].as_ref().map_or(0, |acc| acc.slots.len());
            for k in 0..keys {
                let slots = accs[group[0]].as_ref().map_or(0, |acc| acc.slots[k].len());
                let of = |slot: usize, accs: &Accs<'c>| -> Vec<Lane<'c>> {
                    group
                        .iter()
                        .filter_map(|&out| accs[out].as_ref()?.slots[k][slot])
                        .collect()
                };
                let mut parts: Vec<Vec<Lane<'c>>> =
                    (0..slots).map(|slot| of(slot, &accs)).collect();
                while parts.len() > 1 {
                    let upper = parts.split_off(parts.len().div_ceil(2));
                    for (low, high) in parts.iter_mut().zip(upper) {
                        *low = self.merge(rw, self.kernel.width(), &group, low, &high);
                    }
                }
                for (&out, value) in group.iter().zip(parts.pop().unwrap_or_default()) {
                    let Some(acc) = accs[out].as_mut() else {
                        continue;
                    };
                    acc.slots[k] = vec![Some(value)];
                    if let Some(errors) = acc.errors.as_mut() {
                        let width = self.kernel.width();
                        let wide = errors[k].iter().map(|error| error.widen(rw, width));
                        let sum = wide.reduce(|sum, error| rw.addf(sum, error));
                        errors[k] = sum.map(|sum| Lane::of(sum, width)).into_iter().collect();
                    }
                }
            }
        }
        accs
    }

    /// The accumulators inside a block: compensated sums begin anew.
    pub(super) fn begin_block(&self, accs: &Accs<'c>) -> Accs<'c> {
        let mut accs = accs.clone();
        for (out, acc) in accs.iter_mut().enumerate() {
            let Some(acc) = acc.as_mut().filter(|acc| acc.errors.is_some()) else {
                continue;
            };
            acc.errors = None;
            for slots in &mut acc.slots {
                slots.fill(Some(Lane::Uniform(self.kernel.inits[out])));
            }
        }
        accs
    }

    /// The accumulators after a block: its sums are added to the totals in `outer`.
    pub(super) fn end_block(
        &self,
        rw: Rewriter<'c>,
        mut outer: Accs<'c>,
        block: Accs<'c>,
    ) -> Accs<'c> {
        let width = self.kernel.width();
        for (acc, block) in outer.iter_mut().zip(block) {
            let (Some(acc), Some(block)) = (acc.as_mut(), block) else {
                continue;
            };
            let Some(errors) = acc.errors.as_mut() else {
                *acc = block;
                continue;
            };
            let slots = acc.slots.iter_mut().flatten();
            let added = block.slots.iter().flatten();
            for ((slot, added), error) in slots.zip(added).zip(errors.iter_mut().flatten()) {
                let (Some(total), Some(added)) = (*slot, *added) else {
                    continue;
                };
                let (sum, lost) = two_sum(rw, total.widen(rw, width), added.widen(rw, width));
                *slot = Some(Lane::of(sum, width));
                *error = Lane::of(rw.addf(error.widen(rw, width), lost), width);
            }
        }
        outer
    }

    /// Adds the compensation to compensated sums.
    fn settle(&self, rw: Rewriter<'c>, acc: Option<&mut Acc<'c>>) {
        let width = self.kernel.width();
        let Some(acc) = acc else { return };
        let Some(errors) = acc.errors.take() else {
            return;
        };
        let slots = acc.slots.iter_mut().flatten();
        for (slot, error) in slots.zip(errors.into_iter().flatten()) {
            let Some(sum) = *slot else { continue };
            let (sum, error) = (sum.widen(rw, width), error.widen(rw, width));
            // The error of an infinite sum is a NaN that says nothing, and adding a zero
            // would turn a sum of negative zeros positive.
            let zero = Lane::Uniform(rw.const_float(sum.ty().element(), 0.0)).widen(rw, width);
            let matters = rw.cmpf(CmpF::One, error, zero);
            let total = rw.select(matters, rw.addf(sum, error), sum);
            *slot = Some(Lane::of(total, width));
        }
    }

    /// Outputs that accumulate over the same axes, and so may depend on each other when merged.
    pub(super) fn groups(&self, outs: &[usize]) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for &out in outs {
            let depends = |out: usize| &self.kernel.outs[out].depends;
            match groups
                .iter_mut()
                .find(|group| depends(group[0]) == depends(out))
            {
                Some(group) => group.push(out),
                None => groups.push(vec![out]),
            }
        }
        groups
    }
}

/// `a + b` rounded, and the error of rounding: their sum is exactly `a + b`.
fn two_sum<'c>(rw: Rewriter<'c>, a: Val<'c>, b: Val<'c>) -> (Val<'c>, Val<'c>) {
    let sum = rw.addf(a, b);
    let b_part = rw.subf(sum, a);
    let a_part = rw.subf(sum, b_part);
    let lost = rw.addf(rw.subf(a, a_part), rw.subf(b, b_part));
    (sum, lost)
}
