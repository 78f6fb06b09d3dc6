//! Buffers that loops carry from one iteration to the next, after one-shot bufferization.
//!
//! Two repairs. Upstream lets a loop carry one buffer in two places (`scf.yield %v, %v`), and then an update of the
//! one changes the other; here the second becomes a copy. So does what an `scf.while` takes into its next iteration
//! from around it. And upstream copies, in every iteration, each buffer that an
//! `scf.while` passes on or an `scf.for` exchanges, although nobody else can see the original; here it is passed on
//! itself. Ownership by reference counts makes both shapes of loop legal.

use std::collections::HashMap;

use npir_mlir::prelude::*;

use super::aliasing::{Flows, MayAlias};
use crate::buffers::{duplicate, is_buffer, strip_casts};

/// Both repairs, for every loop of `function`.
pub(super) fn repair_loops<'c>(rw: Rewriter<'c>, function: Op<'c>) {
    separate(rw, function);
    let mut loops = Vec::new();
    function.walk_ops(&mut |op| {
        if matches!(op.name(), "scf.for" | "scf.while") {
            loops.push(op);
        }
        Walk::Advance
    });
    for op in loops {
        if let Some(end) = op.region(0).entry().and_then(|block| block.terminator_op()) {
            forward_copies(rw, op, end);
        }
    }
}

/// Gives values that leave a block side by side memory of their own: what loops carry, and what functions return.
///
/// Inside a loop, the buffers that it carries are distinct because this has been seen to for the last iteration.
fn separate<'c>(rw: Rewriter<'c>, function: Op<'c>) {
    let mut ends = Vec::new();
    function.walk_ops(&mut |op| {
        let carries = op
            .parent()
            .is_some_and(|p| matches!(p.name(), "scf.for" | "scf.while"));
        if op.name() == "func.return" || (op.name() == "scf.yield" && carries) {
            ends.push(op);
        }
        Walk::Advance
    });
    let mut aliases: Option<MayAlias> = None;
    for end in ends {
        let buffers: Vec<_> = (0..end.num_operands())
            .filter(|i| is_buffer(end.operand(*i)))
            .collect();
        // Upstream lets `scf.while` carry buffers from around it, and then writes to them.
        let around = end.parent().filter(|op| op.name() == "scf.while");
        if buffers.len() < 2 && (around.is_none() || buffers.is_empty()) {
            continue;
        }
        let aliases = aliases.get_or_insert_with(|| MayAlias::of(function, Flows::Forward));
        let mut seen: HashMap<usize, Vec<Val<'c>>> = HashMap::new();
        for i in buffers {
            let value = end.operand(i);
            let others = seen.entry(aliases.class(value)).or_default();
            let twice = others.iter().any(|other| !are_carried_apart(value, *other));
            let older = around.is_some_and(|op| aliases.is_older(value, op));
            if older || twice {
                let rw = rw.at(end.loc());
                rw.before(end);
                end.set_operand(i, duplicate(rw, value));
            } else {
                others.push(value);
            }
        }
    }
}

/// Whether two values are different results of one loop, or different buffers that it carries: these are distinct.
fn are_carried_apart<'c>(a: Val<'c>, b: Val<'c>) -> bool {
    let (a, b) = (strip_casts(a), strip_casts(b));
    let source = |v: Val<'c>| match v.defining_op() {
        Some(op) => Some(op)
            .filter(|op| matches!(op.name(), "scf.for" | "scf.while"))
            .map(OpExt::key),
        None => v.parent_block().map(BlkExt::key),
    };
    a.key() != b.key() && source(a).is_some() && source(a) == source(b)
}

/// A copy that can be saved: the terminator's `operand` is a new buffer filled from argument `source`.
struct SavedCopy<'c> {
    operand: usize,
    alloc: Op<'c>,
    copy: Op<'c>,
    source: Val<'c>,
}

/// Passes on block arguments themselves where copies of them, made right before the terminator `end`, are passed on.
///
/// Legal when the memory of the argument has no other name: it is passed on once, and whatever the loop's other end
/// feeds into it is a new buffer or another argument that goes nowhere else. The initial value may be overwritten by
/// the loop, says the analysis. By induction, no two buffers that the loop carries share memory.
fn forward_copies<'c>(rw: Rewriter<'c>, op: Op<'c>, end: Op<'c>) {
    let Some(block) = end.block() else { return };
    for saved in copies_before(end) {
        let source = saved.source;
        let others = (0..end.num_operands()).filter(|i| *i != saved.operand);
        if others
            .map(|i| end.operand(i))
            .any(|v| strip_casts(v).key() == source.key())
            || !only_read_or_passed(source, None)
        {
            continue;
        }
        let Some(feed) = feed(op, block, source) else {
            continue;
        };
        let target = end.operand(saved.operand).ty();
        if !feed_is_exclusive(op, &feed, &saved, end) || !retype(rw, op, &feed, source, target) {
            continue;
        }
        end.set_operand(saved.operand, source);
        rw.erase(saved.copy);
        rw.erase(saved.alloc);
    }
}

/// Terminator operands that are copies of block arguments, made where nothing but other copies follows.
fn copies_before<'c>(end: Op<'c>) -> Vec<SavedCopy<'c>> {
    let mut saved = Vec::new();
    let mut at = end.previous();
    while let Some(op) = at {
        at = op.previous();
        match op.name() {
            "memref.alloc" | "memref.cast" | "memref.dim" => {}
            name if name.starts_with("arith.") => {}
            "memref.copy" => {
                let (source, copy) = (strip_casts(op.operand(0)), op.operand(1));
                let uses = copy.uses();
                let passed = uses.iter().find(|u| u.op.key() == end.key());
                let alloc = copy.defining_op().filter(|a| {
                    a.name() == "memref.alloc"
                        && a.block().map(BlkExt::key) == end.block().map(BlkExt::key)
                });
                let own = source.is_block_arg()
                    && source.parent_block().map(BlkExt::key) == end.block().map(BlkExt::key);
                if let (Some(passed), Some(alloc), true, 2) = (passed, alloc, own, uses.len()) {
                    saved.push(SavedCopy {
                        operand: passed.operand,
                        alloc,
                        copy: op,
                        source,
                    });
                } else if alloc.is_none() {
                    break;
                }
            }
            _ => break,
        }
    }
    saved
}

/// Where a loop's block argument comes from: an operand of the loop, and one of the terminator that comes round.
struct Feed<'c> {
    init: usize,
    end: Op<'c>,
    operand: usize,
}

fn feed<'c>(op: Op<'c>, block: Blk<'c>, arg: Val<'c>) -> Option<Feed<'c>> {
    match op.name() {
        "scf.for" => {
            let k = arg.index().checked_sub(1)?;
            Some(Feed {
                init: k + 3,
                end: block.terminator_op()?,
                operand: k,
            })
        }
        "scf.while" if op.region(0).entry()?.key() == block.key() => {
            let k = arg.index();
            Some(Feed {
                init: k,
                end: op.region(1).entry()?.terminator_op()?,
                operand: k,
            })
        }
        _ => None,
    }
}

/// Whether what comes round is memory without another name.
fn feed_is_exclusive<'c>(op: Op<'c>, feed: &Feed<'c>, saved: &SavedCopy<'c>, end: Op<'c>) -> bool {
    // A loop that passes the copy back to where it came from.
    if feed.end.key() == end.key() && feed.operand == saved.operand {
        return true;
    }
    let root = strip_casts(feed.end.operand(feed.operand));
    let fresh = root
        .defining_op()
        .is_some_and(|def| def.name() == "memref.alloc")
        || (root.is_block_arg()
            && root
                .parent_block()
                .and_then(|b| b.parent_op())
                .is_some_and(|p| p.key() == op.key()));
    let local = root.parent_block().map(BlkExt::key) == feed.end.block().map(BlkExt::key);
    fresh && local && only_read_or_passed(root, Some((feed.end, feed.operand)))
}

/// Whether a buffer gets no second name: apart from views it is only read, written and passed on by `passed`.
fn only_read_or_passed<'c>(root: Val<'c>, passed: Option<(Op<'c>, usize)>) -> bool {
    let mut work = vec![root];
    while let Some(value) = work.pop() {
        for u in value.uses() {
            if passed.is_some_and(|(end, operand)| u.op.key() == end.key() && u.operand == operand)
            {
                continue;
            }
            if is_view(u.op) {
                work.extend(u.op.result_values().into_iter().filter(|v| is_buffer(*v)));
            } else if u.op.name().ends_with(".yield")
                || matches!(u.op.name(), "scf.condition" | "func.return")
                || u.op.result_types().iter().any(|t| t.is_memref())
            {
                return false;
            }
        }
    }
    true
}

/// Gives the argument `arg` the type `target`, with everything that feeds it; false when that is impossible.
fn retype<'c>(
    rw: Rewriter<'c>,
    op: Op<'c>,
    feed: &Feed<'c>,
    arg: Val<'c>,
    target: Type<'c>,
) -> bool {
    let old = arg.ty();
    if old == target {
        return true;
    }
    let round = strip_casts(feed.end.operand(feed.operand));
    if op.name() != "scf.while" || round.ty() != target {
        return false;
    }
    let init = strip_casts(op.operand(feed.init));
    let rw = rw.at(op.loc());
    rw.before(op);
    let init = if init.ty() == target {
        init
    } else {
        strip_casts(duplicate(rw, init))
    };
    if init.ty() != target {
        return false;
    }
    op.set_operand(feed.init, init);
    feed.end.set_operand(feed.operand, round);
    let uses = arg.uses();
    arg.set_ty(target);
    if let Some(block) = arg.parent_block() {
        rw.at_start(block);
        let same = rw.memref_cast(arg, old);
        for u in uses {
            u.op.set_operand(u.operand, same);
        }
    }
    true
}
