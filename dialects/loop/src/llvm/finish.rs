//! `loop-finish-llvm`: what is left of the loop dialect when everything around it is in the LLVM dialect.

use npir_mlir::prelude::*;

use super::brain_floats;
use super::errors::{Exits, Strings};
use super::fields::drop_unread;
use super::outline::outline;
use super::runtime::Runtime;
use crate::runtime_ops::{Check, ExitIf};

/// Replaces the last ops of the loop dialect by calls of the runtime and branches.
///
/// Parallel loops become functions that the thread pool calls; checks become branches to code that raises; failures
/// of callees leave the function. Of arrays, functions get the fields of the descriptor that they read. Stack memory of fixed size moves to the entry block, so that loops do not grow the
/// stack. Address computations lose the promise that nothing is negative, which upstream's lowering of memrefs makes
/// and arrays with negative strides break. Functions that store past the caches wait for that before they return. `bf16`
/// values become integers.
#[pass(
    "loop-finish-llvm",
    on = "builtin.module",
    dependent_dialects("llvm", "loop")
)]
#[derive(Clone)]
pub struct LoopFinishLlvm {}

impl Pass for LoopFinishLlvm {
    fn run(&mut self, module: Op<'_>, _cx: &PassCx<'_>) -> PassResult {
        let Some(module_body) = module.region(0).entry() else {
            return Ok(());
        };
        let owned = OwnedRewriter::new(module.ctx());
        let rw = owned.get();
        let mut strings = Strings::new(module_body);
        let mut runtime = Runtime::default();
        let mut work: Vec<_> = module_body
            .ops()
            .into_iter()
            .filter(|op| has_body(*op))
            .collect();
        while let Some(function) = work.pop() {
            let done = outline(rw, function, &mut runtime).and_then(|bodies| {
                work.extend(bodies);
                finish(rw, function, &mut strings, &mut runtime)
            });
            if let Err(why) = done {
                function.emit_error(&why);
                return Err(PassError::Reported);
            }
        }
        let functions: Vec<_> = module_body
            .ops()
            .into_iter()
            .filter(|op| has_body(*op))
            .collect();
        drop_unread(rw, &functions);
        for function in functions {
            brain_floats::to_integers(rw, function);
        }
        runtime.declare(rw, module);
        Ok(())
    }
}

fn has_body(op: Op<'_>) -> bool {
    op.name() == "llvm.func" && !op.region(0).is_empty()
}

fn finish<'c>(
    rw: Rewriter<'c>,
    function: Op<'c>,
    strings: &mut Strings<'c>,
    runtime: &mut Runtime,
) -> Result<(), String> {
    let blocks = function.region(0).blocks();
    let Some(&entry) = blocks.first() else {
        return Ok(());
    };
    let Some(call_context) = entry.args().into_iter().next() else {
        return Ok(());
    };
    let mut exits = Exits::new(rw, function, call_context, strings, runtime);
    let mut streams = false;
    for block in blocks {
        // From the end, so that splitting a block moves each op once.
        for op in block.ops().into_iter().rev() {
            match op.name() {
                "loop.check" => {
                    if let Some(check) = Check::cast(op) {
                        exits.check(check)?;
                    }
                }
                "loop.exit_if" => {
                    if let Some(exit) = ExitIf::cast(op) {
                        exits.exit_if(exit)?;
                    }
                }
                "llvm.alloca" if block.key() != entry.key() => to_entry(rw, op, entry),
                "llvm.store" if op.attr("nontemporal").is_some() => streams = true,
                "llvm.getelementptr" | "llvm.mul" | "llvm.add" => drop_unsigned_wrap_flags(op),
                _ => {}
            }
        }
    }
    if streams {
        fence_returns(rw, function);
    }
    Ok(())
}

/// Nothing that other threads do after `function` comes before its stores past the caches, which processors do not order.
fn fence_returns<'c>(rw: Rewriter<'c>, function: Op<'c>) {
    /// `seq_cst`, as the LLVM dialect numbers orderings: the weaker ones are no instruction on x86.
    const SEQUENTIALLY_CONSISTENT: i64 = 7;
    for op in function.find_all("llvm.return") {
        rw.before(op);
        let ordering = rw.ctx().i64_attr(SEQUENTIALLY_CONSISTENT);
        rw.op("llvm.fence").attr("ordering", ordering).build();
    }
}

/// Moves stack memory of a fixed size to the start of the entry block.
fn to_entry<'c>(rw: Rewriter<'c>, op: Op<'c>, entry: Blk<'c>) {
    let Some(count) = op
        .operand(0)
        .defining_op()
        .filter(|def| def.name() == "llvm.mlir.constant")
    else {
        return;
    };
    let Some(first) = entry.first_op() else {
        return;
    };
    rw.before(first);
    let count = rw.clone_op(count);
    op.set_operand(0, count.result_value(0));
    rw.move_before(op, first);
}
