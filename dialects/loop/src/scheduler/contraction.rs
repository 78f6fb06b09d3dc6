//! Contractions, `C[i, j] += A[i, k]·B[k, j]` and their like: several rows and columns
//! in flight, so that what is loaded serves more than one of them.
//!
//! Their sums go without compensation, as in every BLAS: the accumulators of the rows
//! and columns in flight fill the registers.

use super::choose::round_up;
use super::facts::Facts;
use super::machine::*;
use crate::access::Stride;
use crate::schedule::{IteratorKind, Schedule};
use IteratorKind::{Parallel, Reduction, Sequential};

/// The axes of a contraction.
#[derive(Clone, Copy)]
pub(super) struct Contraction {
    /// Moves the output and one input.
    pub(super) row: usize,
    /// Moves the output, contiguously, and another input.
    pub(super) column: usize,
    /// Moves both inputs, not the output.
    pub(super) depth: usize,
}

/// Whether an operand is copied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    No,
    Yes,
    /// Where its rows turn out to lie [`CONFLICTING_STEP`] or a multiple apart, and to be many.
    IfConflicting,
}

impl Contraction {
    /// The contraction that a nest is, if its vectors are worth filling.
    pub(super) fn of(facts: &Facts<'_>, machine: Machine) -> Option<Self> {
        let plain = facts.vectorizable
            && facts.num_ops <= UNROLL_4_OPS
            && !facts.kinds.contains(&Sequential)
            && !facts.indexed.contains(&true)
            && facts.nest.captured_memrefs().is_empty();
        if !plain || facts.rank() < 3 {
            return None;
        }
        let (ins, outs) = facts.walks.split_at(facts.num_ins);
        let of = |kind| {
            (0..facts.rank())
                .rev()
                .filter(move |&axis| facts.is(axis, kind))
        };
        // Moves along the first two axes, not along the third.
        let moves = |a: usize, b: usize, not: usize| {
            ins.iter()
                .any(|walk| !walk.invariant(a) && !walk.invariant(b) && walk.invariant(not))
        };
        for column in of(Parallel).filter(|&axis| outs.iter().all(|walk| walk.contiguous(axis))) {
            let width = facts.width(column, machine.vector_bits);
            if width == 1 || facts.extents[column].is_some_and(|n| 2 * n < width) {
                continue;
            }
            for depth in of(Reduction) {
                for row in of(Parallel).filter(|&row| row != column) {
                    if moves(row, depth, column) && moves(column, depth, row) {
                        return Some(Self { row, column, depth });
                    }
                }
            }
        }
        None
    }

    /// Sets everything but what is shared between threads.
    pub(super) fn schedule(self, facts: &Facts<'_>, machine: Machine, schedule: &mut Schedule) {
        if along(facts, self.column) {
            self.held(facts, machine, schedule);
        } else if self.gathers(facts, machine) {
            self.gathered(facts, machine, schedule);
        } else {
            self.deep(facts, machine, schedule);
        }
    }

    /// Whether vectors of columns are gathered, one element after the other.
    pub(super) fn gathers(self, facts: &Facts<'_>, machine: Machine) -> bool {
        let deep = || along(facts, self.depth) && self.deep_is_cheaper(facts, machine);
        !along(facts, self.column) && !deep()
    }

    /// Whether a copy of an input that so many rows share, contiguous along columns, pays for itself.
    pub(super) fn packs(
        self,
        facts: &Facts<'_>,
        machine: Machine,
        input: usize,
        rows: Option<i64>,
    ) -> Packing {
        let walk = &facts.walks[input];
        let extent = |axis: usize| {
            if axis == self.row {
                rows
            } else {
                facts.extents[axis]
            }
        };
        let few = |axis: usize, least: i64| extent(axis).is_some_and(|n| n < least);
        if walk.invariant(self.column) || !walk.invariant(self.row) || few(self.row, PACKED_ROWS) {
            return Packing::No;
        }
        if !walk.contiguous(self.column) {
            let width = facts.width(self.column, machine.vector_bits);
            let vectors = !few(self.column, PACKED_VECTORS * width);
            return match self.gathers(facts, machine) || vectors {
                true => Packing::Yes,
                false => Packing::No,
            };
        }
        // A panel whose rows lie such steps apart has room for a part of it only in the first level of the cache.
        let step = match walk.strides[self.depth] {
            Stride::Const(step) => Some(step.saturating_mul(walk.bits) / 8),
            _ => None,
        };
        let conflicts = |step: i64| step != 0 && step % CONFLICTING_STEP == 0;
        if step.is_some_and(|step| !conflicts(step))
            || few(self.row, CONFLICTING_ROWS)
            || few(self.depth, CONTRACTION_ROWS)
            || few(self.column, PACKED_VECTORS)
        {
            return Packing::No;
        }
        match step.and(rows).and(extent(self.depth)) {
            Some(_) => Packing::Yes,
            None => Packing::IfConflicting,
        }
    }

    /// Columns in lanes, and sums in registers as long as a tile is deep: vectors of a panel of `B`, which stays in the
    /// first level of the cache, serve several rows each; tiles of `A` and `C` stay in the second.
    fn held(self, facts: &Facts<'_>, machine: Machine, schedule: &mut Schedule) {
        schedule.order = self.order(facts, [self.column, self.row], [self.depth]);
        schedule.lanes = self.column;
        schedule.vector = facts.width(self.column, machine.vector_bits);
        schedule.unroll =
            facts.extents[self.column].map_or(2, |n| (n / schedule.vector).clamp(1, 2));
        // As many sums as leave registers for a vector of `B` each and for an element of `A`.
        let rows = machine.registers() / 4;
        schedule.jam[self.row] = facts.extents[self.row].map_or(rows, |n| n.clamp(1, rows));
        let bytes = (facts.bits / 8).max(1);
        let step = schedule.vector * schedule.unroll + schedule.jam[self.row];
        let depth = round_up(L1_SHARE / (step * bytes), 8);
        let reductions = facts
            .kinds
            .iter()
            .filter(|&&kind| kind == Reduction)
            .count();
        let columns = Tiles::of(facts.extents[self.column], CONTRACTION_COLUMNS);
        let mut rows = Tiles::of(facts.extents[self.row], CONTRACTION_ROWS);
        // Few tasks leave threads idle while the last ones end.
        if machine.threads && rows.count * columns.count < FEW_TILES {
            rows = Tiles::of(facts.extents[self.row], CONTRACTION_ROWS / 2);
        }
        let depths = Tiles::of(facts.extents[self.depth], depth);
        for (axis, tiles, step) in [
            (self.row, rows, schedule.jam[self.row]),
            (self.column, columns, schedule.vector * schedule.unroll),
            (self.depth, depths, 8),
        ] {
            let may = axis != self.depth || reductions == 1 || facts.reassociates;
            if may && tiles.count > 1 {
                schedule.tile[axis] = round_up(tiles.size, step);
            }
        }
    }

    /// Depth in lanes, where both inputs are contiguous: each vector of one input
    /// serves several of the other. The lanes of every sum are merged in the end.
    fn deep(self, facts: &Facts<'_>, machine: Machine, schedule: &mut Schedule) {
        schedule.order = self.order(facts, [self.row, self.column], [self.depth]);
        schedule.lanes = self.depth;
        schedule.vector = facts.width(self.depth, machine.vector_bits);
        for (axis, factor) in [(self.row, machine.registers() / 8), (self.column, 4)] {
            schedule.jam[axis] = facts.extents[axis].map_or(factor, |n| n.clamp(1, factor));
            if facts.extents[axis].is_none_or(|n| n > CONTRACTION_ROWS) {
                schedule.tile[axis] = CONTRACTION_ROWS;
            }
        }
    }

    /// Columns in lanes where they are not contiguous in the input: each gathered vector
    /// serves several rows, and the accumulators stay in registers.
    fn gathered(self, facts: &Facts<'_>, machine: Machine, schedule: &mut Schedule) {
        schedule.order = self.order(facts, [self.row, self.column], [self.depth]);
        schedule.lanes = self.column;
        schedule.vector = facts.width(self.column, machine.vector_bits);
        let rows = machine.registers() / 4;
        schedule.jam[self.row] = facts.extents[self.row].map_or(rows, |n| n.clamp(1, rows));
    }

    /// Whether [`Self::deep`] costs less than [`Self::gathered`], by cycles per point.
    fn deep_is_cheaper(self, facts: &Facts<'_>, machine: Machine) -> bool {
        let lanes = facts.width(self.column, machine.vector_bits) as f64;
        let deep = facts.width(self.depth, machine.vector_bits) as f64;
        let rows = (machine.registers() / 4) as f64;
        let merging = HALVING * deep.log2() / facts.extent(self.depth).max(1) as f64;
        facts.may_hold_lanes(self.depth)
            && CHEAP_OP / deep + merging < machine.rates.gather_lane / rows + CHEAP_OP / lanes
    }

    /// Other parallel axes, `outer`, other reductions, `inner`.
    fn order<const N: usize, const M: usize>(
        self,
        facts: &Facts<'_>,
        outer: [usize; N],
        inner: [usize; M],
    ) -> Vec<usize> {
        let other = |kind| {
            (0..facts.rank())
                .filter(move |axis| ![self.row, self.column, self.depth].contains(axis))
                .filter(move |&axis| facts.is(axis, kind))
        };
        other(Parallel)
            .chain(outer)
            .chain(other(Reduction))
            .chain(inner)
            .collect()
    }
}

/// Tiles of an axis: as many as make their sizes come closest to what is wanted, all of one size.
#[derive(Clone, Copy)]
struct Tiles {
    count: i64,
    size: i64,
}

impl Tiles {
    /// Of an axis that is known at run time only, any number of tiles of the wanted size.
    fn of(extent: Option<i64>, wanted: i64) -> Self {
        let Some(n) = extent else {
            return Self {
                count: FEW_TILES,
                size: wanted,
            };
        };
        let count = (n.saturating_add(wanted / 2) / wanted).max(1);
        Self {
            count,
            size: (n + count - 1) / count,
        }
    }
}

/// Whether all inputs that an axis moves are contiguous along it.
fn along(facts: &Facts<'_>, axis: usize) -> bool {
    let mut moving = facts.walks[..facts.num_ins]
        .iter()
        .filter(|walk| !walk.invariant(axis));
    moving.all(|walk| walk.contiguous(axis))
}
