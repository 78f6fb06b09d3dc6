//! The combine region of a reduction, cut out of its body.
//!
//! A body computes `acc' = c(acc, m(ins))`. The part that does not depend on the accumulators is
//! `m`; what remains is `c`. Where `c` uses one mapped value per accumulator, of its type, the
//! same `c` merges two partial accumulators.

use npir_mlir::prelude::*;
use std::collections::HashSet;

/// How to merge partial accumulators with the ops of a body.
pub(super) struct Combine<'c> {
    /// The body's accumulator arguments.
    accumulators: Vec<Val<'c>>,
    /// For each accumulator the mapped value that joins it.
    mapped: Vec<Val<'c>>,
    /// The ops of `c`, in order, with the constants they use.
    ops: Vec<Op<'c>>,
    yielded: Vec<Val<'c>>,
}

impl<'c> Combine<'c> {
    /// Cuts `c` out of `body`, whose last `outs` arguments are the accumulators.
    pub(super) fn of(body: Blk<'c>, outs: usize) -> Option<Self> {
        let args = body.args();
        let accumulators = args[args.len().checked_sub(outs)?..].to_vec();
        let yielded = body.terminator_op()?.operand_values();
        let ops = body.ops();
        let (_, ops) = ops.split_last()?;

        let mut dependent: HashSet<usize> = accumulators.iter().map(|v| v.key()).collect();
        let mut part: Vec<Op<'c>> = Vec::new();
        let mut constants: Vec<Op<'c>> = Vec::new();
        for &op in ops {
            let touches = op
                .operand_values()
                .iter()
                .any(|v| dependent.contains(&v.key()));
            if touches {
                if op.num_regions() > 0 {
                    return None;
                }
                dependent.extend(op.result_values().iter().map(|v| v.key()));
                part.push(op);
            } else if op.name() == "arith.constant" {
                constants.push(op);
            }
        }
        if !yielded.iter().all(|v| dependent.contains(&v.key())) {
            return None; // the last element wins: not a reduction
        }

        let is_constant = |v: &Val<'c>| v.constant_attr().is_some();
        let mut mapped: Vec<Val<'c>> = Vec::new();
        for op in &part {
            for v in op.operand_values() {
                if !dependent.contains(&v.key()) && !is_constant(&v) && !mapped.contains(&v) {
                    mapped.push(v);
                }
            }
        }
        if mapped.is_empty() {
            // `count += 1`: the constant is what each element contributes.
            let only = part.first().filter(|_| part.len() == 1 && outs == 1)?;
            let contribution = only.operand_values().into_iter().find(is_constant)?;
            mapped.push(contribution);
            constants.clear();
        }
        let mapped = pair(&accumulators, &mapped, &yielded)?;
        constants.retain(|c| !mapped.contains(&c.result_value(0)));
        constants.extend(part);
        Some(Combine {
            accumulators,
            mapped,
            ops: constants,
            yielded,
        })
    }

    /// Builds `c(accumulators, parts)`.
    pub(super) fn build(
        &self,
        rw: Rewriter<'c>,
        accumulators: &[Val<'c>],
        parts: &[Val<'c>],
    ) -> Vec<Val<'c>> {
        let mut mapping = IrMapping::new();
        let formals = self.accumulators.iter().chain(&self.mapped);
        for (&formal, &actual) in formals.zip(accumulators.iter().chain(parts)) {
            mapping.map(formal, actual);
        }
        for &op in &self.ops {
            rw.at(op.loc()).clone_with(op, &mut mapping);
        }
        self.yielded.iter().map(|&v| mapping.lookup(v)).collect()
    }
}

/// The mapped value of each accumulator: the one that the op which yields its new value uses
/// beside it, or the only one of its type.
fn pair<'c>(
    accumulators: &[Val<'c>],
    mapped: &[Val<'c>],
    yielded: &[Val<'c>],
) -> Option<Vec<Val<'c>>> {
    if mapped.len() != accumulators.len() {
        return None;
    }
    let mut pairs = Vec::with_capacity(mapped.len());
    for (&acc, &new) in accumulators.iter().zip(yielded) {
        let fits = |v: &Val<'c>| v.ty() == acc.ty();
        let direct: Vec<Val<'c>> = new
            .defining_op()
            .map(|op| op.operand_values())
            .unwrap_or_default()
            .into_iter()
            .filter(|v| mapped.contains(v) && fits(v))
            .collect();
        let of_type: Vec<Val<'c>> = mapped.iter().copied().filter(fits).collect();
        let partner = match (direct.as_slice(), of_type.as_slice()) {
            ([one], _) | (_, [one]) => *one,
            _ => return None,
        };
        if pairs.contains(&partner) {
            return None;
        }
        pairs.push(partner);
    }
    Some(pairs)
}
