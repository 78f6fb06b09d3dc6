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
            // The last one may have the original, if nobody reads that.
            let kept = usize::from(all.len() == result.uses().len());
            for u in &all[kept.min(all.len())..] {
                rw.before(ancestor_beside(u.op, op));
                u.op.set_operand(u.operand, rw.clone_op(op).result_value(0));
            }
        }
    }
}

/// Whether an op writes a tensor result into the operand.
pub(super) fn is_destination(op: Op<'_>, operand: usize) -> bool {
    destinations(op).is_some_and(|all| all.contains(&operand))
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
            if let Some(input) = dead_input(op, out) {
                op.set_operand(out, input);
                rw.erase(empty);
            }
        }
    }
}

/// An input of the type of destination `out`, in memory of the function's own, of which every iteration reads the
/// element that it writes, and which has no other use.
fn dead_input<'c>(op: Op<'c>, out: usize) -> Option<Val<'c>> {
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
                && input.has_one_use()
                && def.block()?.key() == op.block()?.key()
                && begins_empty(input);
            fits.then_some(input)
        })
}

/// Whether a value is computed into memory that begins as a `tensor.empty`.
fn begins_empty(mut value: Val<'_>) -> bool {
    for _ in 0..MAX_DEPTH {
        let Some(op) = value.defining_op() else {
            return false;
        };
        if op.name() == "tensor.empty" {
            return true;
        }
        let Some(destination) = destinations(op).and_then(|mut all| all.nth(value.index())) else {
            return false;
        };
        value = op.operand(destination);
    }
    false
}
