//! Where computations put their results, chosen before one-shot bufferization: apart from each other, or in the place of
//! an input that is not needed any more.

use npir_mlir::prelude::*;
use npir_tensor::Access;

/// Destinations looked through to find where memory begins.
const MAX_DEPTH: usize = 16;

/// Gives each computation a destination of its own, allocated and filled when it is needed: common-subexpression
/// elimination merges equal ones, and results in a merged one would be taken for one array, or begin with a copy.
pub(super) fn separate_destinations<'c>(rw: Rewriter<'c>, f: Op<'c>) {
    for name in ["linalg.fill", "tensor.empty"] {
        for op in f.find_all(name) {
            let result = op.result_value(0);
            let written = result
                .uses()
                .into_iter()
                .filter(|u| is_destination(u.op, u.operand));
            let all: Vec<_> = written.collect();
            // What begins in a branch or in each round of a loop begins there: elsewhere it would begin with what is in
            // memory, a copy.
            let (inside, beside): (Vec<_>, Vec<_>) = all
                .iter()
                .partition(|u| name == "linalg.fill" && is_inside(u.op, op));
            // The last one may have the original, if nobody reads that.
            let kept = usize::from(all.len() == result.uses().len()).min(beside.len());
            let separate = |u: &Use<'c>, place: Op<'c>| {
                rw.before(place);
                u.op.set_operand(u.operand, rw.clone_op(op).result_value(0));
            };
            for u in &beside[kept..] {
                separate(u, ancestor_beside(u.op, op));
            }
            for u in inside {
                separate(&u, u.op);
                // Memory of its own, too: the next round may still read what the last one left.
                let fill = u.op.operand(u.operand).defining_op();
                if let Some(fill) = fill
                    && let Some(empty) = fill.operand(1).defining_op()
                    && empty.name() == "tensor.empty"
                {
                    rw.before(fill);
                    fill.set_operand(1, rw.clone_op(empty).result_value(0));
                }
            }
            if !result.has_uses() {
                rw.erase(op);
            }
        }
    }
}

/// Whether `op` is in a branch or a loop in which `other` is not.
fn is_inside<'c>(op: Op<'c>, other: Op<'c>) -> bool {
    op.block().map(BlkExt::key) != other.block().map(BlkExt::key)
}

/// Whether an op writes a tensor result into the operand.
pub(super) fn is_destination(op: Op<'_>, operand: usize) -> bool {
    destinations(op).is_some_and(|all| all.contains(&operand))
}

/// Whether a use may lead to a write to the memory of the value: directly, through views, or in regions. What the
/// terminator of `block` passes on is not written in the block.
pub(super) fn may_write<'c>(u: &Use<'c>, block: Blk<'c>) -> bool {
    let shared = shared_results(u.op, u.operand);
    let passes_on = u.op.num_results() == 0 && u.op.next().is_none();
    let leaves = passes_on && u.op.block().is_none_or(|b| b.key() != block.key());
    is_destination(u.op, u.operand)
        || leaves
        || (u.op.num_regions() > 0 && !shared.is_empty())
        || shared.into_iter().any(|result| {
            let uses = u.op.result_value(result).uses();
            uses.iter().any(|u| may_write(u, block))
        })
}

/// `op`, or the op around it in the block of `other`.
fn ancestor_beside<'c>(mut op: Op<'c>, other: Op<'c>) -> Op<'c> {
    let key = |op: Op<'c>| op.block().map(BlkExt::key);
    while key(op) != key(other) {
        let Some(parent) = op.parent() else { break };
        op = parent;
    }
    op
}

/// Lets elementwise computations write over an input that nobody else needs, in place of a new array.
pub(super) fn reuse_inputs<'c>(rw: Rewriter<'c>, f: Op<'c>) {
    for op in f.find_all("linalg.generic") {
        for out in destinations(op).into_iter().flatten() {
            let Some(empty) = op.operand(out).defining_op() else {
                continue;
            };
            if empty.name() != "tensor.empty" || !empty.result_value(0).has_one_use() {
                continue;
            }
            let dead = |input: Val<'c>| {
                let begin = beginning(input, MAX_DEPTH).and_then(ValExt::defining_op);
                input.has_one_use() && begin.is_some_and(|op| op.name() == "tensor.empty")
            };
            if let Some(input) = overwritable_input(op, out, dead) {
                op.set_operand(out, input);
                rw.erase(empty);
            }
        }
    }
}

/// An input of the type of destination `out`, computed beside `op`, of which every iteration reads the element that it
/// writes, and which is `dead` after.
pub(super) fn overwritable_input<'c>(
    op: Op<'c>,
    out: usize,
    dead: impl Fn(Val<'c>) -> bool,
) -> Option<Val<'c>> {
    let maps = op.attr("indexing_maps")?.as_array()?;
    let map = maps.get(out)?.as_affine_map()?;
    let formals = op.region(0).entry()?.args();
    if formals.get(out)?.has_uses() || !Access::from_map(map)?.is_permutation() {
        return None;
    }
    let first = destinations(op)?.start;
    (0..first)
        .map(|i| (i, op.operand(i)))
        .find_map(|(i, input)| {
            let def = input.defining_op()?;
            let fits = maps[i] == maps[out]
                && input.ty() == op.operand(out).ty()
                && def.block()?.key() == op.block()?.key()
                && dead(input);
            fits.then_some(input)
        })
}

/// The value whose memory a value is computed into, at most `depth` destinations back.
pub(super) fn beginning<'c>(mut value: Val<'c>, depth: usize) -> Option<Val<'c>> {
    for _ in 0..depth {
        let destination = value.defining_op().and_then(|op| {
            let i = destinations(op)?.nth(value.index())?;
            Some(op.operand(i))
        });
        match destination {
            Some(before) => value = before,
            None => return Some(value),
        }
    }
    None
}
