//! Fills that only start the accumulators of the reduction that follows.

use npir_mlir::prelude::*;
use std::collections::HashMap;

/// Ops looked at between a fill and its reduction.
const MAX_DISTANCE: usize = 24;

/// For each out of the reduction `generic` the scalar that its buffer was just filled with, and
/// the fills; `None` unless all outs were filled and nothing has looked at them since.
pub(super) fn starting_values<'c>(
    generic: Op<'c>,
    outs: &[Val<'c>],
    ins: &[Val<'c>],
) -> Option<(Vec<Val<'c>>, Vec<Op<'c>>)> {
    let mut fills: HashMap<usize, Op<'c>> = HashMap::new();
    let distinct = outs.iter().enumerate().all(|(i, o)| !outs[..i].contains(o));
    if !distinct || outs.iter().any(|o| ins.contains(o)) {
        return None;
    }
    let mut at = generic;
    for _ in 0..MAX_DISTANCE {
        at = at.previous()?;
        if at.name() == "linalg.fill" && at.num_operands() == 2 {
            let buffer = at.operand(1);
            if outs.contains(&buffer) {
                fills.entry(buffer.key()).or_insert(at);
                if fills.len() == outs.len() {
                    break;
                }
                continue;
            }
            if is_fresh(buffer) {
                continue;
            }
            return None;
        }
        if !is_harmless(at) {
            return None;
        }
    }
    let fills: Vec<Op<'c>> = outs
        .iter()
        .map(|o| fills.get(&o.key()).copied())
        .collect::<Option<_>>()?;
    Some((fills.iter().map(|f| f.operand(0)).collect(), fills))
}

/// Whether the buffer is an allocation of its own.
fn is_fresh(buffer: Val<'_>) -> bool {
    buffer
        .defining_op()
        .is_some_and(|op| op.name() == "memref.alloc")
}

/// Whether the op neither reads nor writes memory.
fn is_harmless(op: Op<'_>) -> bool {
    const ON_DESCRIPTORS: [&str; 6] = [
        "memref.alloc",
        "memref.dim",
        "memref.cast",
        "memref.extract_strided_metadata",
        "memref.reinterpret_cast",
        "memref.get_global",
    ];
    ON_DESCRIPTORS.contains(&op.name())
        || (op.num_regions() == 0
            && (op.name().starts_with("arith.") || op.name().starts_with("math.")))
}
