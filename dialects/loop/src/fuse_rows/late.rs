//! Ops that come after a group though they stand between its members: checks of what it reduces, such as that the places
//! of a scatter lie within what it adds to.
//!
//! Members after such a check run before it. They write only memory that nobody sees if it fails, and nowhere else:
//! places are kept within bounds. And whatever numbers they are given, they come to an end.

use super::sums::Sums;
use super::uses::{Member, Use};
use crate::nest::{Nest, Yield};
use npir_mlir::prelude::*;
use std::collections::HashSet;

/// What a member does before a check beside computing: it yields, and its reads and writes of memory are looked at.
const KEPT: [&str; 3] = [Yield::NAME, "memref.load", "memref.store"];

/// What MLIR 22 calls pure though processors trap where the divisor is zero.
const TRAPPING: [&str; 2] = ["arith.remsi", "arith.remui"];

/// The ops, in the making.
#[derive(Default)]
pub(super) struct Late<'c> {
    /// Each with its place among the steps.
    ops: Vec<(usize, Op<'c>)>,
    values: HashSet<usize>,
    checks: bool,
}

impl<'c> Late<'c> {
    /// Whether an op needs what is known late only.
    pub(super) fn is_needed_by(&self, op: Op<'c>) -> bool {
        let mut needed = false;
        op.walk_ops(&mut |op| {
            let operands = op.operand_values();
            needed |= operands.iter().any(|v| self.values.contains(&v.key()));
            Walk::Advance
        });
        needed
    }

    /// Whether a nest may be a member after what has come.
    pub(super) fn lets_run(&self, new: &Member<'c>) -> bool {
        !self.is_needed_by(new.nest.op()) && (!self.checks || keeps_to_itself(new))
    }

    /// Takes the op at step `i` to come after the group that `members` are; whether that is possible.
    pub(super) fn take(&mut self, i: usize, op: Op<'c>, members: &[&Member<'c>]) -> bool {
        let possible = match op.name() {
            "memref.load" => members.iter().any(|member| {
                matches!(member.sums, Some(Sums::All(_)))
                    && member.nest.outputs().contains(&op.operand(0))
            }),
            "loop.check" if self.is_needed_by(op) => {
                self.checks = members.iter().all(|member| {
                    let mut written = member.uses.iter().filter(|used| used.written);
                    written.all(Use::is_new)
                });
                self.checks
            }
            _ => is_pure(op) && op.num_regions() == 0 && self.is_needed_by(op),
        };
        if possible {
            self.ops.push((i, op));
            self.values
                .extend(op.result_values().iter().map(|v| v.key()));
        }
        possible
    }

    /// The ops before step `reach`.
    pub(super) fn before(self, reach: usize) -> Vec<Op<'c>> {
        let ops = self.ops.into_iter().filter(|(i, _)| *i < reach);
        ops.map(|(_, op)| op).collect()
    }
}

/// Whether a nest writes nothing but memory that begins in the function, finds no other places by itself, and computes
/// nothing that numbers could bring to a stop, as a division of integers by zero.
fn keeps_to_itself(member: &Member<'_>) -> bool {
    let nest = member.nest;
    let blocks = [Some(nest.body_block()), nest.combine_block()];
    let mut ops = blocks.into_iter().flatten().flat_map(|block| block.ops());
    let harmless = |op| is_pure(op) && !TRAPPING.contains(&op.name());
    if !ops.all(|op| harmless(op) || KEPT.contains(&op.name())) {
        return false;
    }

    let captured = member.nest.captured_memrefs();
    let own = match &member.sums {
        Some(Sums::At(scatter)) => captured.iter().all(|memref| *memref == scatter.dest),
        _ => captured.is_empty(),
    };
    own && member
        .uses
        .iter()
        .filter(|used| used.written)
        .all(Use::is_new)
}

/// Whether what a group does comes before a check of it.
pub(super) fn unchecked(late: &[Op<'_>]) -> bool {
    late.iter().any(|op| op.name() == "loop.check")
}

/// Moves ops to right before `place`, in order.
pub(super) fn put<'c>(rw: Rewriter<'c>, late: &[Op<'c>], place: Op<'c>) {
    for op in late {
        rw.move_before(*op, place);
    }
}

/// Keeps the places at which `nest` reads and writes `array` within its sizes, none of which is zero. Those that are
/// positions of the nest are so by themselves.
pub(super) fn keep_within<'c>(nest: Nest<'c>, array: Val<'c>, sizes: &[Val<'c>]) {
    for (name, first) in [("memref.load", 1), ("memref.store", 2)] {
        for op in nest.op().find_all(name) {
            if op.operand(first - 1) != array {
                continue;
            }
            rewrite_at(op, |rw| {
                for (d, size) in sizes.iter().enumerate() {
                    let place = op.operand(first + d);
                    let counts = |op: Op<'c>| op.name() == crate::nest::Index::NAME;
                    if !place.defining_op().is_some_and(counts) {
                        let last = rw.subi(*size, rw.const_index(1));
                        op.set_operand(first + d, rw.minui(place, last));
                    }
                }
            });
        }
    }
}
