//! `lower-loop-nest`: loop nests to loops, vectors and threads, as their schedules say.
//!
//! `versions` turns a nest into kernels, `emit` turns a kernel into loops; `accumulate`,
//! `exit`, `copy` and `parallel` are the parts of it that know about accumulators, reductions
//! that end early, copies of rows and threads, `body`, `lane` and `pieces` vectorize the scalar code.

mod accumulate;
mod body;
mod complex;
mod copy;
mod emit;
mod exit;
pub(crate) mod index;
mod kernel;
mod lane;
mod merge;
mod parallel;
mod pieces;
mod state;
pub(crate) mod versions;

use crate::nest::Nest;
use crate::schedule::Schedule;
use emit::Emitter;
use kernel::Kernel;
use npir_mlir::prelude::*;
use versions::versions;

/// Lowers `loop.nest` to `scf`, `vector`, `memref`, `arith` and `loop.parallel_for`.
///
/// A nest without a schedule becomes scalar loops in the order of its axes.
#[pass(
    "lower-loop-nest",
    dependent_dialects("arith", "scf", "memref", "vector", "ub")
)]
#[derive(Clone)]
pub struct LowerLoopNest {}

impl Pass for LowerLoopNest {
    fn run(&mut self, op: Op<'_>, _cx: &PassCx) -> PassResult {
        for nest in op.find_all(Nest::NAME) {
            if let Some(nest) = Nest::cast(nest) {
                lower_nest(nest);
            }
        }
        Ok(())
    }
}

/// Replaces one nest by its code.
pub fn lower_nest(nest: Nest<'_>) {
    let op = nest.op();
    rewrite_at(op, |rw| {
        let schedule = nest
            .schedule()
            .unwrap_or_else(|| Schedule::scalar(nest.rank()));
        let code = versions(rw, nest, schedule);
        emit_first(rw, &code.tested, &code.otherwise);
        rw.erase(op);
    });
}

/// Emits the first kernel whose test holds, `otherwise` where none does.
fn emit_first<'c>(rw: Rewriter<'c>, tested: &[(Val<'c>, Kernel<'c>)], otherwise: &Kernel<'c>) {
    let Some(((condition, kernel), rest)) = tested.split_first() else {
        return Emitter::new(otherwise).run(rw);
    };
    let first = |rw| {
        Emitter::new(kernel).run(rw);
        Vec::new()
    };
    let others = |rw| {
        emit_first(rw, rest, otherwise);
        Vec::new()
    };
    rw.scf_if(*condition, &[], first, others);
}
