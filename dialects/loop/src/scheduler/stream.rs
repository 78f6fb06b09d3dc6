//! Which outputs are stored past the caches.
//!
//! A store into a cache reads the line first that it overwrites, and drives out what is there. A store past the caches
//! does neither, but who reads the line next gets it from memory.

use super::facts::Facts;
use super::machine::{STREAMED_ROW, STREAMED_SUMS, UNCACHED, UNROLL_4_OPS};
use crate::access::element_bytes;
use crate::nest::Nest;
use crate::runtime_ops::ParallelFor;
use crate::schedule::{IteratorKind, Schedule};
use npir_mlir::prelude::*;

/// From how many bytes on the first output is stored past the caches: where memory is what takes time, each element is
/// stored once, nothing reads it soon, and rows are long.
pub(super) fn stream(facts: &Facts<'_>, schedule: &Schedule) -> i64 {
    let (walk, outputs) = (facts.walks.get(facts.num_ins), facts.nest.outputs());
    let (Some(walk), Some(&array)) = (walk, outputs.first()) else {
        return 0;
    };
    let stored = match facts.is(schedule.lanes, IteratorKind::Parallel) {
        true if facts.kinds.contains(&IteratorKind::Reduction) => sums(facts, schedule),
        true => rows(facts, schedule),
        false => None,
    };
    let plain = schedule.vector > 1
        && facts.num_ops <= UNROLL_4_OPS
        && walk.contiguous(schedule.lanes)
        && !facts.kinds.contains(&IteratorKind::Sequential)
        && !reads(facts.nest, array);
    let bytes = element_bytes(array.ty().element()).filter(|_| plain);
    let (Some(stored), Some(bytes)) = (stored, bytes) else {
        return 0;
    };
    let row = stored.axes.iter().try_fold(bytes as i64, |row, axis| {
        Some(row.saturating_mul(facts.extents[*axis]?))
    });
    match row.is_none_or(|row| row >= stored.least) {
        true => least(facts.nest, array),
        false => 0,
    }
}

/// How the first output is stored.
struct Stored<'s> {
    /// The axes along which it is contiguous.
    axes: &'s [usize],
    /// Least bytes along them for which it pays to store them past the caches.
    least: i64,
}

/// Values of one point each, along the innermost axes.
fn rows<'s>(facts: &Facts<'_>, schedule: &'s Schedule) -> Option<Stored<'s>> {
    let args = facts.nest.body_block().args();
    let replaces = |arg: &Val<'_>| !arg.has_uses();
    let along = schedule.order.last() == Some(&schedule.lanes)
        && schedule.tile.iter().all(|size| *size == 0)
        && args.get(facts.num_ins).is_some_and(replaces);
    along.then(|| Stored {
        axes: &schedule.order[facts.rank() - schedule.collapse.max(1)..],
        least: STREAMED_ROW,
    })
}

/// Sums that are complete when they are stored, of inputs smaller than all of them: a few vectors of each of several
/// rows, and no part of a cache line.
fn sums<'s>(facts: &Facts<'_>, schedule: &'s Schedule) -> Option<Stored<'s>> {
    let sums = |axis: &usize| facts.is(*axis, IteratorKind::Reduction);
    let first = schedule.order.iter().position(sums)?;
    let (points, depth) = schedule.order.split_at(first);
    let whole = |axis: &usize| sums(axis) && schedule.tile[*axis] == 0;
    let once = !facts.nest.initial_values().is_empty()
        && depth.iter().all(whole)
        && facts.walks[..facts.num_ins]
            .iter()
            .all(|walk| points.iter().any(|axis| walk.invariant(*axis)))
        && points
            .iter()
            .all(|axis| facts.is(*axis, IteratorKind::Parallel));
    once.then_some(Stored {
        axes: std::slice::from_ref(&schedule.lanes),
        least: STREAMED_SUMS,
    })
}

/// Whether a nest reads what it writes.
fn reads(nest: Nest<'_>, array: Val<'_>) -> bool {
    let captured = nest.captured_memrefs();
    let mut read = nest.inputs().into_iter().chain(captured);
    read.any(|memref| memref.key() == array.key())
}

/// How large what a nest writes must be for no cache to keep it: always so, 1, where it is part of an array that is large
/// enough, which no other nest of the same block of rows uses.
fn least(nest: Nest<'_>, array: Val<'_>) -> i64 {
    if nest.op().enclosing(ParallelFor::NAME).is_none() {
        return UNCACHED;
    }
    let alone = array.uses().into_iter().all(|user| user.op == nest.op());
    match alone && size_of_whole(array).is_some_and(|bytes| bytes >= UNCACHED) {
        true => 1,
        false => 0,
    }
}

/// Bytes of the array that `part` is a part of; `None` where that is known at run time.
fn size_of_whole(part: Val<'_>) -> Option<i64> {
    let mut whole = part;
    while let Some(op) = whole.defining_op()
        && matches!(
            op.name(),
            "memref.reinterpret_cast"
                | "memref.extract_strided_metadata"
                | "memref.cast"
                | "memref.subview"
        )
    {
        whole = op.operand(0);
    }
    let bytes = element_bytes(whole.ty().element())? as i64;
    let sizes = whole.ty().dims().into_iter();
    sizes.into_iter().try_fold(bytes, |bytes, n| {
        (n != DYNAMIC).then(|| bytes.saturating_mul(n))
    })
}
