//! Work in scalar bodies, in units of one cheap arithmetic operation.

use npir_machine::{Machine, Work};
use npir_mlir::prelude::*;

/// Work of one run of `block`.
pub(super) fn body_cost(block: Blk<'_>, machine: &Machine) -> u32 {
    let costs = block.ops().into_iter().map(|op| op_cost(op, machine));
    costs.fold(0, u32::saturating_add)
}

/// Number of operations in `block`, without constants and the terminator.
pub(super) fn body_size(block: Blk<'_>) -> u32 {
    let counts = |op: &Op<'_>| !matches!(op.name(), "arith.constant" | "linalg.yield");
    block.ops().iter().filter(|op| counts(op)).count() as u32
}

fn op_cost(op: Op<'_>, machine: &Machine) -> u32 {
    let name = op.name();
    let takes = |work: Work| machine.operations(work).round() as u32;
    match name {
        "linalg.yield" | "linalg.index" | "scf.yield" => 0,
        "tensor.extract" | "memref.load" => {
            (machine.elements.gather / machine.elements.add).round() as u32
        }
        _ if op.num_regions() > 0 => {
            let blocks = op.regions().into_iter().flat_map(|r| r.blocks());
            let inside = blocks.map(|block| body_cost(block, machine));
            inside.fold(takes(Work::Divide), u32::saturating_add)
        }
        _ if name.ends_with(".call") => takes(Work::Power),
        _ => Work::of_scalar_op(name).map_or(0, takes),
    }
}
