//! Moves what does not change in a loop in front of it: kernels and elementary functions of values from outside, and
//! what they need. Only what cannot fail is moved, for the loop may not run at all.

use std::collections::HashSet;

use npir_mlir::prelude::*;
use npir_numpy::optimize::{Numbers, Numpy, Profile, cannot_fail};

use super::region::{Region, Role};

/// The loops that are known to run the ops of their regions again and again.
const LOOPS: [&str; 3] = ["scf.for", "scf.while", "scf.parallel"];

/// Additions per element from which an elementwise function is worth the memory.
const WORTH: f64 = 24.0;

/// Moves what it can out of `block`; returns how many ops.
pub(super) fn hoist<'c>(block: Blk<'c>, domain: Numpy<'c>, numbers: &Numbers) -> usize {
    let Some(around) = block.parent_op().filter(|op| LOOPS.contains(&op.name())) else {
        return 0;
    };
    let Some((region, graph)) = Region::read(block, domain) else {
        return 0;
    };
    let mut invariant = HashSet::new();
    let mut wanted = Vec::new();
    for (index, (op, role)) in region.ops.iter().enumerate() {
        let Role::Node(class) = role else { continue };
        let outside = |value: Val<'_>| match value.defining_op() {
            Some(op) => invariant.contains(&op.key()) || !op.is_within(around),
            None => value
                .parent_block()
                .is_some_and(|owner| owner.parent_op().is_some_and(|op| !op.is_within(around))),
        };
        let own = graph
            .nodes(*class)
            .find(|node| *node.origin() == npir_egraph::Origin::Source(index));
        let Some(node) = own else { continue };
        if op.operand_values().into_iter().all(outside) && cannot_fail(&graph, node) {
            invariant.insert(op.key());
            let worth = match numbers.profile(&graph, *class, node) {
                Profile::Given | Profile::View => false,
                Profile::Inline(work) => work >= WORTH,
                Profile::Reduction(_)
                | Profile::Contraction(_)
                | Profile::Gather(_)
                | Profile::Scatter(_)
                | Profile::Other(_) => true,
            };
            if worth {
                wanted.push(*op);
            }
        }
    }
    // With everything inside the loop that they need.
    let mut moved = HashSet::new();
    while let Some(op) = wanted.pop() {
        if moved.insert(op.key()) {
            let needs = op.operand_values().into_iter();
            let inside = needs.filter_map(|value| value.defining_op());
            wanted.extend(inside.filter(|op| invariant.contains(&op.key())));
        }
    }
    for (op, _) in &region.ops {
        if moved.contains(&op.key()) {
            op.move_op_before(around);
        }
    }
    moved.len()
}
