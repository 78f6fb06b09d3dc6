//! Stores forwarded to where a copy would take them.
//!
//! `tmp = f(…); copy tmp, view` computes into `view` itself when nobody can tell: `tmp` has no
//! other use, nothing in between touches the memory of `view`, and the nest reads that memory, if
//! at all, only at the element that it is about to store.

use npir_loop::{IteratorKind, Nest};
use npir_mlir::prelude::*;

use crate::Access;

/// Ops looked at between a nest and its copy.
const MAX_DISTANCE: usize = 64;
/// Ops looked through when two values are compared, and when a view is moved.
const MAX_DEPTH: usize = 16;

/// Makes the nest before `copy` store where the copy would. The copy and the temporary are gone
/// then.
pub(super) fn forward<'c>(rw: Rewriter<'c>, copy: Op<'c>) -> bool {
    forwarding(copy).is_some_and(|plan| {
        for op in plan.hoisted {
            rw.move_before(op, plan.nest.op());
        }
        let nest = plan.nest.op();
        rw.modify(nest, || nest.set_operand(plan.operand, copy.operand(1)));
        rw.erase(copy);
        rw.erase(plan.temporary);
        true
    })
}

struct Forwarding<'c> {
    nest: Nest<'c>,
    /// The nest's operand that becomes the destination.
    operand: usize,
    temporary: Op<'c>,
    /// Ops that make the destination, to go before the nest, in order.
    hoisted: Vec<Op<'c>>,
}

fn forwarding<'c>(copy: Op<'c>) -> Option<Forwarding<'c>> {
    let (source, dest) = (copy.operand(0), copy.operand(1));
    let temporary = source
        .defining_op()
        .filter(|op| op.name() == "memref.alloc")?;
    let uses = source.uses();
    let [a, b] = uses.as_slice() else { return None };
    let user = if a.op.key() == copy.key() { b } else { a };
    let nest = Nest::cast(user.op)?;
    if nest.op().block()?.key() != copy.block()?.key() {
        return None;
    }
    let between = between(nest.op(), copy)?;
    let outs = nest.outputs();
    let first_out = nest.op().num_operands() - nest.initial_values().len() - outs.len();
    let out = user.operand.checked_sub(first_out)?;
    let starts = !nest.initial_values().is_empty();
    let accumulators = nest.body_block().args();
    let accumulator = accumulators[accumulators.len() - outs.len() + out];
    if out >= outs.len() || (!starts && accumulator.has_uses()) {
        return None;
    }
    let hoisted = hoisting(dest, &between)?;
    let memory = root(dest);
    if between.into_iter().any(|op| touches(op, memory)) {
        return None;
    }
    stores_last(nest, out, dest, memory)?;
    Some(Forwarding {
        nest,
        operand: user.operand,
        temporary,
        hoisted,
    })
}

/// The value whose memory `memref` shows.
fn root<'c>(memref: Val<'c>) -> Val<'c> {
    let mut value = memref;
    while let Some(op) = value.defining_op() {
        match op.name() {
            "memref.reinterpret_cast" | "memref.cast" | "memref.subview" => value = op.operand(0),
            "memref.extract_strided_metadata" => value = op.operand(0),
            _ => break,
        }
    }
    value
}

/// Whether two roots are known to be different memory.
fn distinct(a: Val<'_>, b: Val<'_>) -> bool {
    let alloc = |v: Val<'_>| {
        v.defining_op()
            .is_some_and(|op| op.name() == "memref.alloc")
    };
    let argument = |v: Val<'_>| {
        let owner = v.parent_block().and_then(|b| b.parent_op());
        v.is_block_arg() && owner.is_some_and(|op| op.name() == "func.func")
    };
    let global = |v: Val<'_>| {
        v.defining_op()
            .is_some_and(|op| op.name() == "memref.get_global")
    };
    let identified = |v: Val<'_>| alloc(v) || argument(v) || global(v);
    // Memory that is allocated after the other value exists is not in it.
    let fresh_after = |new: Val<'_>, old: Val<'_>| {
        let made_in = new.parent_block().and_then(|b| b.parent_op());
        let old_in = old.parent_block().and_then(|b| b.parent_op());
        let inside = made_in
            .zip(old_in)
            .is_some_and(|(made, old)| made.is_within(old));
        alloc(new) && old.is_block_arg() && inside
    };
    a != b && ((identified(a) && identified(b)) || fresh_after(a, b) || fresh_after(b, a))
}

/// The ops between two ops of a block; `None` if there are many, or the second does not follow the first.
///
/// Walks instead of asking for the order of ops, which is numbered anew after insertions: quadratic.
fn between<'c>(from: Op<'c>, to: Op<'c>) -> Option<Vec<Op<'c>>> {
    let mut ops = Vec::new();
    let mut next = from.next()?;
    while next.key() != to.key() {
        ops.push(next);
        next = next.next().filter(|_| ops.len() < MAX_DISTANCE)?;
    }
    Some(ops)
}

/// Whether an op may read or write `memory`, or end the function.
fn touches<'c>(op: Op<'c>, memory: Val<'c>) -> bool {
    if is_descriptor(op) {
        return false;
    }
    let known = matches!(op.name(), "memref.load" | "memref.store" | "memref.copy")
        || op.name() == "linalg.fill"
        || op.name() == Nest::NAME;
    let mut touched: Vec<Val<'c>> = op.operand_values();
    if let Some(nest) = Nest::cast(op) {
        touched.extend(nest.captured_memrefs());
    }
    touched.retain(|v| v.ty().is_memref());
    !known || touched.iter().any(|&v| !distinct(root(v), memory))
}

/// The nest touches `memory` only through `dest`, at the element that it stores.
fn stores_last<'c>(nest: Nest<'c>, out: usize, dest: Val<'c>, memory: Val<'c>) -> Option<()> {
    let away = |v: Val<'c>| distinct(root(v), memory);
    let others = nest.outputs().into_iter().enumerate();
    let mut elsewhere = others.filter(|(k, _)| *k != out).map(|(_, v)| v);
    if !elsewhere.all(away) || !nest.captured_memrefs().into_iter().all(away) {
        return None;
    }
    let (ins, maps) = (nest.inputs(), nest.affine_maps());
    let stored = maps[ins.len() + out];
    let parallel = nest
        .iterator_kinds()
        .iter()
        .all(|k| *k == IteratorKind::Parallel);
    let own_element = || parallel && Access::from_map(stored).is_some_and(|a| a.is_permutation());
    for (&input, &map) in ins.iter().zip(&maps) {
        let same_place = || map == stored && own_element() && equivalent(input, dest, MAX_DEPTH);
        if !away(input) && !same_place() {
            return None;
        }
    }
    Some(())
}

/// Whether the op only computes numbers or descriptors: it may move and be repeated.
fn is_descriptor(op: Op<'_>) -> bool {
    const NAMES: [&str; 6] = [
        "memref.alloc",
        "memref.dim",
        "memref.cast",
        "memref.extract_strided_metadata",
        "memref.reinterpret_cast",
        "memref.get_global",
    ];
    let scalar = op.name().starts_with("arith.") || op.name().starts_with("math.");
    op.num_regions() == 0 && (scalar || NAMES.contains(&op.name()))
}

/// Whether two values are computed alike from the same values.
fn equivalent(a: Val<'_>, b: Val<'_>, depth: usize) -> bool {
    if a == b {
        return true;
    }
    let (Some(x), Some(y)) = (a.defining_op(), b.defining_op()) else {
        return false;
    };
    depth > 0
        && a.index() == b.index()
        && x.name() == y.name()
        && is_descriptor(x)
        && x.name() != "memref.alloc"
        && x.attrs() == y.attrs()
        && x.num_operands() == y.num_operands()
        && (0..x.num_operands()).all(|i| equivalent(x.operand(i), y.operand(i), depth - 1))
}

/// The ops of `between` that must move before all of these to make `value` available there, in order.
fn hoisting<'c>(value: Val<'c>, between: &[Op<'c>]) -> Option<Vec<Op<'c>>> {
    let mut list = Vec::new();
    collect(value, between, MAX_DEPTH, &mut list)?;
    Some(list)
}

fn collect<'c>(
    value: Val<'c>,
    between: &[Op<'c>],
    depth: usize,
    list: &mut Vec<Op<'c>>,
) -> Option<()> {
    let Some(op) = value.defining_op() else {
        return Some(());
    };
    let is_in = |ops: &[Op<'c>]| ops.iter().any(|o| o.key() == op.key());
    if !is_in(between) || is_in(list) {
        return Some(());
    }
    if !is_descriptor(op) || op.name() == "memref.alloc" || depth == 0 {
        return None;
    }
    for operand in op.operand_values() {
        collect(operand, between, depth - 1, list)?;
    }
    list.push(op);
    Some(())
}
