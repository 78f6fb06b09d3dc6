//! Work in scalar bodies, in units of one cheap arithmetic operation.

use npir_mlir::prelude::*;

/// A division, a square root or a load from a computed place.
const SLOW: u32 = 4;
/// An elementary function.
const FUNCTION: u32 = 16;

/// Work of one run of `block`.
pub(super) fn body_cost(block: Blk<'_>) -> u32 {
    block.ops().into_iter().map(op_cost).sum()
}

/// Number of operations in `block`, without constants and the terminator.
pub(super) fn body_size(block: Blk<'_>) -> u32 {
    let counts = |op: &Op<'_>| !matches!(op.name(), "arith.constant" | "linalg.yield");
    block.ops().iter().filter(|op| counts(op)).count() as u32
}

fn op_cost(op: Op<'_>) -> u32 {
    let name = op.name();
    match name {
        "arith.constant" | "linalg.yield" | "linalg.index" | "arith.index_cast"
        | "arith.index_castui" | "arith.bitcast" | "scf.yield" => 0,
        "arith.divf" | "arith.remf" | "arith.divsi" | "arith.divui" | "arith.remsi"
        | "arith.remui" | "arith.ceildivsi" | "arith.ceildivui" | "arith.floordivsi"
        | "math.sqrt" | "math.rsqrt" | "tensor.extract" | "memref.load" => SLOW,
        "math.absf" | "math.absi" | "math.copysign" | "math.fma" | "math.floor" | "math.ceil"
        | "math.trunc" | "math.roundeven" | "math.isnan" | "math.isinf" | "math.isfinite" => 1,
        _ if op.num_regions() > 0 => {
            let blocks = op.regions().into_iter().flat_map(|r| r.blocks());
            blocks.map(body_cost).sum::<u32>().saturating_add(SLOW)
        }
        _ if name.starts_with("math.") || name.ends_with(".call") => FUNCTION,
        _ => 1,
    }
}
