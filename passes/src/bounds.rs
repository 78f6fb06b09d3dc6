//! `scf-fold-bounds`: comparisons of numbers that are computed from loops' counters.

use npir_mlir::prelude::*;
use npir_tensor::Check;
use std::ops::RangeInclusive;

/// Folds comparisons of numbers that are computed from the counters of `scf.for`, selections by them, and checks that
/// then hold.
///
/// A counter lies between the loop's bounds, so that indices are not counted from the end and need no check: `x[i]` in
/// `for i in range(len(x))`, or `x[i + 1]` where the numbers are known.
#[pass("scf-fold-bounds", on = "func.func", dependent_dialects("arith"))]
#[derive(Clone)]
pub struct FoldBounds {
    #[statistic(name = "folded", description = "Comparisons folded")]
    folded: Statistic,
}

impl Pass for FoldBounds {
    fn run(&mut self, function: Op<'_>, cx: &PassCx<'_>) -> PassResult {
        let mut folded = 0;
        for op in function.find_all("scf.for") {
            // In order: a selection that is gone leaves a number that the next comparison is made of.
            for comparison in op.find_all("arith.cmpi") {
                if let Some(holds) = known(op, comparison) {
                    replace(comparison, holds);
                    folded += 1;
                }
            }
        }
        self.folded.add(folded);
        if folded == 0 {
            cx.preserve_all_analyses();
        }
        Ok(())
    }
}

fn replace(comparison: Op<'_>, holds: bool) {
    for user in comparison.result_value(0).uses() {
        match user.op.name() {
            "arith.select" if user.operand == 0 => {
                let chosen = user.op.operand(if holds { 1 } else { 2 });
                rewrite_at(user.op, |rw| rw.replace(user.op, &[chosen]));
            }
            Check::NAME if user.operand == 0 && holds => {
                rewrite_at(user.op, |rw| rw.erase(user.op));
            }
            _ => {}
        }
    }
    rewrite_at(comparison, |rw| {
        let value = rw.const_attr(rw.ctx().bool_attr(holds));
        rw.replace(comparison, &[value]);
    });
}

/// What a comparison in the loop `op` gives, if that is known.
fn known(op: Op<'_>, comparison: Op<'_>) -> Option<bool> {
    // As `CmpIPredicate` of the arith dialect numbers them.
    let predicate = comparison.attr("predicate")?.as_int()?;
    let (a, b) = (comparison.operand(0), comparison.operand(1));
    let counter = op.region(0).entry()?.args()[0];
    let counts_up =
        op.operand(0).constant_int() >= Some(0) && op.operand(2).constant_int() > Some(0);
    let is_counter = counts_up && a.key() == counter.key();
    let (low, high) = match (range(a), range(b)) {
        (Some(low), Some(high)) => (low, high),
        // How many iterations there are is not known, but the counter is below that number.
        _ if is_counter && b.key() == op.operand(1).key() => {
            return [2, 6].contains(&predicate).then_some(true);
        }
        (None, Some(high)) if is_counter && *high.end() <= 0 => {
            return match predicate {
                2 => Some(false),
                5 => Some(true),
                _ => None,
            };
        }
        _ => return None,
    };
    let signless = *low.start() >= 0 && *high.start() >= 0;
    let below = low.end() < high.start();
    let not_below = low.start() >= high.end();
    match predicate {
        2 if below => Some(true),
        2 if not_below => Some(false),
        5 if not_below => Some(true),
        5 if below => Some(false),
        6 if signless && below => Some(true),
        6 if signless && not_below => Some(false),
        _ => None,
    }
}

/// Between which numbers a value lies that is computed from constants and counters.
fn range(value: Val<'_>) -> Option<RangeInclusive<i64>> {
    if let Some(number) = value.constant_int() {
        return Some(number..=number);
    }
    let Some(op) = value.defining_op() else {
        return counted(value);
    };
    let operand = |i: usize| range(op.operand(i));
    let corners = |of: fn(i64, i64) -> Option<i64>| {
        let (a, b) = (operand(0)?, operand(1)?);
        let corners = [
            of(*a.start(), *b.start())?,
            of(*a.start(), *b.end())?,
            of(*a.end(), *b.start())?,
            of(*a.end(), *b.end())?,
        ];
        Some(corners.into_iter().min()?..=corners.into_iter().max()?)
    };
    match op.name() {
        "arith.index_cast" if op.operand(0).ty().is_index() || value.ty().is_index() => {
            // Of 64 bits or more than the number has: nothing is lost.
            let bits = |ty: Type<'_>| if ty.is_index() { 64 } else { ty.bit_width() };
            (bits(value.ty()) == 64).then(|| operand(0))?
        }
        "arith.addi" => corners(i64::checked_add),
        "arith.subi" => corners(i64::checked_sub),
        "arith.muli" => corners(i64::checked_mul),
        _ => None,
    }
}

/// Between which numbers the counter of a loop with known bounds lies.
fn counted(value: Val<'_>) -> Option<RangeInclusive<i64>> {
    let block = value.parent_block()?;
    let op = block.parent_op().filter(|op| op.name() == "scf.for")?;
    if block.args()[0].key() != value.key() {
        return None;
    }
    let [low, high, step] = [0, 1, 2].map(|i| op.operand(i).constant_int());
    let (low, high, step) = (low?, high?, step.filter(|step| *step > 0)?);
    // Where there is no iteration, nothing is computed.
    let distance = high.checked_sub(low)?.checked_sub(1)?;
    (distance >= 0).then(|| low..=low + distance / step * step)
}
