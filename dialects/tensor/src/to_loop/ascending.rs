//! Positions that an accumulator holds are before the one that is visited.
//!
//! A reduction along one axis that keeps the position of some element asks whether the new position is before the
//! one it holds, since partial results may be merged in any order. Each accumulator meets its points in ascending
//! order, so in the body, if not in `combine`, the answer is no: what hangs on it goes away.

use npir_loop::{Index, IteratorKind, Nest};
use npir_mlir::prelude::*;

/// Simplifies the body of a nest that has a `combine` region and initial values.
pub(super) fn simplify<'c>(rw: Rewriter<'c>, nest: Nest<'c>) {
    let body = nest.body_block();
    let later: Vec<Val<'c>> = body
        .ops()
        .into_iter()
        .filter(|op| op.name() == "arith.cmpi" && is_never(nest, *op))
        .map(|op| op.result_value(0))
        .collect();
    if later.is_empty() {
        return;
    }
    later.into_iter().for_each(|value| is_false(rw, value));
    for op in body.ops().into_iter().rev() {
        let unused = op.result_values().iter().all(|value| !value.has_uses());
        if unused
            && op.num_results() > 0
            && op.num_regions() == 0
            && op.name().starts_with("arith.")
        {
            rw.erase(op);
        }
    }
}

/// Whether `compare` is `new < held`, where `held` is an accumulator that starts with zero and becomes positions along
/// the only reduction axis, of which `new` is one.
fn is_never<'c>(nest: Nest<'c>, compare: Op<'c>) -> bool {
    let less = compare.attr("predicate").and_then(|p| p.as_int()) == Some(CmpI::Slt as i64);
    let (new, held) = (compare.operand(0), compare.operand(1));
    let outs = nest.outputs().len();
    let args = nest.body_block().args();
    let accumulators = &args[args.len() - outs..];
    let Some(out) = accumulators.iter().position(|arg| *arg == held) else {
        return false;
    };
    let starts_with_zero = nest
        .initial_values()
        .get(out)
        .and_then(|init| init.constant_attr()?.as_int())
        == Some(0);
    let yielded = nest.body_block().terminator_op().map(|op| op.operand(out));
    let keeps = yielded
        .and_then(|value| value.defining_op())
        .is_some_and(|op| {
            op.name() == "arith.select" && op.operand(1) == new && op.operand(2) == held
        });
    less && starts_with_zero && keeps && is_position(nest, new)
}

/// Whether `value` is the position along the only reduction axis.
fn is_position<'c>(nest: Nest<'c>, value: Val<'c>) -> bool {
    let cast = value
        .defining_op()
        .filter(|op| op.name() == "arith.index_cast");
    let index = cast.and_then(|op| op.operand(0).defining_op());
    let Some(axis) = index
        .filter(|op| op.name() == Index::NAME)
        .map(Index::axis_of)
    else {
        return false;
    };
    let kinds = nest.iterator_kinds();
    let others = kinds.iter().enumerate().filter(|(d, _)| *d != axis);
    kinds[axis] == IteratorKind::Reduction
        && value.ty().bit_width() == 64
        && others
            .into_iter()
            .all(|(_, kind)| *kind == IteratorKind::Parallel)
}

/// Makes the users of a value simpler that is false.
fn is_false<'c>(rw: Rewriter<'c>, value: Val<'c>) {
    for user in value.uses() {
        let op = user.op;
        let result = match op.name() {
            "arith.andi" => {
                is_false(rw, op.result_value(0));
                continue;
            }
            "arith.ori" => op.operand(usize::from(op.operand(0) == value)),
            _ => continue,
        };
        rw.replace_all_uses(op.result_value(0), result);
    }
}
