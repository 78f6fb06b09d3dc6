//! Pass `tensor-fuse`: fusion of structured computations on tensors.

mod cost;
mod emit;
mod explain;
mod merge;
mod plan;
#[cfg(test)]
mod plan_tests;
mod problem;
mod snapshot;

use npir_egraph::Chance;
use npir_machine::Machine;
use npir_mlir::prelude::*;

use problem::Limits;

/// Fuses elementwise computations into the computations that use them.
///
/// Producers whose dimensions are all parallel move into the `linalg.generic` that reads them,
/// also through views with static numbers, when every element is still computed once or is cheap.
/// Reductions keep their place. Groups that read the same elements become one operation with
/// several results. Nothing that is read moves past an update of the same memory.
#[pass(
    "tensor-fuse",
    on = "func.func",
    dependent_dialects("arith", "linalg", "tensor", "tensor_ext")
)]
#[derive(Clone)]
pub struct TensorFuse {
    #[option(
        name = "max-body",
        default = "160",
        description = "operations in one fused body"
    )]
    max_body: i64,
    #[option(
        name = "max-operands",
        default = "32",
        description = "operands of one fused operation"
    )]
    max_operands: i64,
    #[option(
        name = "max-outputs",
        default = "4",
        description = "results of one fused operation"
    )]
    max_outputs: i64,
    #[option(
        name = "max-recompute",
        default = "2",
        description = "cheap operations per element that may be done twice to avoid storing a value"
    )]
    max_recompute: i64,
    #[option(description = "the machine that costs are of: a file of `npir calibrate`")]
    machine: String,
    #[option(
        default = "-1",
        description = "decides by chance, with this seed, where fusion is a matter of cost; -1 for none"
    )]
    sample: i64,
    #[option(
        default = "false",
        description = "reports which operations are one pass, and why values between passes are stored"
    )]
    explain: bool,
    #[statistic(name = "fused", description = "Operations fused away")]
    fused: Statistic,
}

impl TensorFuse {
    /// The pass with the costs of this machine.
    pub fn on(machine: &Machine) -> Self {
        TensorFuse {
            machine: machine.to_option(),
            ..Self::default()
        }
    }

    /// The same pass, which reports what it does.
    pub fn explaining(self) -> Self {
        TensorFuse {
            explain: true,
            ..self
        }
    }

    /// The same pass, which decides by chance where there is a seed.
    pub fn sampling(self, seed: Option<u32>) -> Self {
        TensorFuse {
            sample: seed.map_or(-1, i64::from),
            ..self
        }
    }
}

impl Pass for TensorFuse {
    fn run(&mut self, op: Op<'_>, _cx: &PassCx<'_>) -> PassResult {
        let at_least_one = |n: i64| n.max(1);
        let limits = Limits {
            body: u32::try_from(at_least_one(self.max_body)).unwrap_or(u32::MAX),
            operands: at_least_one(self.max_operands) as usize,
            outputs: at_least_one(self.max_outputs) as usize,
            recompute: u32::try_from(self.max_recompute.max(0)).unwrap_or(u32::MAX),
        };
        let warn = |words: &str| op.emit_warning(words);
        let machine = Machine::from_option_or_default(&self.machine, warn);
        let mut chance = u64::try_from(self.sample).ok().map(Chance::new);
        let mut cache = snapshot::Cache::new(machine);
        let mut blocks = Vec::new();
        op.walk_ops(&mut |inner| {
            if inner.name().starts_with("linalg.") {
                return Walk::Skip;
            }
            blocks.extend(inner.regions().into_iter().flat_map(|r| r.blocks()));
            Walk::Advance
        });
        let owned = OwnedRewriter::new(op.ctx());
        for block in blocks {
            let snapshot = snapshot::read(block, &mut cache);
            let plan = plan::plan(&snapshot.problem, limits, &mut chance);
            if self.explain {
                explain::report(&snapshot, &plan);
            }
            let fused = emit::emit(owned.get(), &snapshot, &plan.groups);
            self.fused.add(fused as i64);
        }
        Ok(())
    }
}
