//! What fusion says of its choices: which operations are one pass over their elements, and why values between passes are
//! stored.

use std::fmt;

use npir_mlir::prelude::*;

use super::plan::Plan;
use super::problem::{Node, NodeId};
use super::snapshot::Snapshot;

/// Why a value that kernels read is stored and not computed where it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It is a reduction, whose result is complete only at its end.
    Reduction,
    /// It is returned, or something reads it that is no kernel.
    Wanted,
    /// Its users would compute each element several times, with so much work.
    Work(u32),
    /// The kernel would have too many operations.
    Body,
    /// The kernel would read too many arrays.
    Operands,
    /// Its users are many, or read places that do not say which elements they are.
    Access,
    /// What it reads is overwritten before it is used.
    Overwritten,
    /// It writes to places that follow no order.
    Place,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Reduction => f.write_str("it is a reduction, of which others need the end"),
            Why::Wanted => f.write_str("it is returned, or read by what is not fused"),
            Why::Work(work) => write!(
                f,
                "its users would compute each element several times, with the work of {work} additions"
            ),
            Why::Body => f.write_str("the pass would have too many operations"),
            Why::Operands => f.write_str("the pass would read too many arrays"),
            Why::Access => f.write_str(
                "it is read in places that do not say which elements they are, or too often",
            ),
            Why::Overwritten => f.write_str("what it reads is overwritten before it is used"),
            Why::Place => f.write_str("it writes to places in no order"),
        }
    }
}

/// Says it in remarks: a pass at its last operation, a value at what computes it.
pub(super) fn report(snapshot: &Snapshot<'_>, plan: &Plan) {
    for group in &plan.groups {
        let Some(&last) = group.roots.last() else {
            continue;
        };
        let mut members: Vec<_> = group.members.iter().copied().collect();
        members.sort_unstable();
        let own = place(snapshot, last);
        let places: Vec<_> = members
            .iter()
            .filter(|&&member| member != last)
            .filter_map(|&member| place(snapshot, member))
            .filter(|other| Some(other) != own.as_ref())
            .collect();
        let mut text = match places.is_empty() {
            true => "a pass of its own".to_owned(),
            false => format!("in one pass with what is at {}", listed(&places)),
        };
        if !snapshot.ops[last]
            .result_values()
            .iter()
            .any(|value| value.ty().is_tensor())
        {
            continue;
        }
        let reads: std::collections::BTreeSet<_> =
            group.leaves.iter().map(|(value, _)| *value).collect();
        let stores: usize = group
            .roots
            .iter()
            .map(|&root| match &snapshot.problem.nodes[root] {
                Node::Generic(generic) => generic.results.len(),
                _ => 0,
            })
            .sum();
        text += &format!(
            "; it reads {} and writes {}",
            counted(reads.len()),
            counted(stores)
        );
        snapshot.ops[last].emit_remark(&text);
    }
    for (node, why) in &plan.stored {
        // Where readers are in the same kernel after all, it is stored for others only.
        let own = plan.groups.iter().find(|group| group.roots.contains(node));
        let Some(Node::Generic(generic)) = snapshot.problem.nodes.get(*node) else {
            continue;
        };
        let values: Vec<_> = generic.results.iter().map(|port| port.value).collect();
        let read_elsewhere = plan.groups.iter().any(|group| {
            let reads = group.leaves.iter().any(|(value, _)| values.contains(value));
            reads && own.is_none_or(|own| own.position != group.position)
        });
        if read_elsewhere {
            snapshot.ops[*node].emit_remark(&format!("stored between passes: {why}"));
        }
    }
}

fn counted(arrays: usize) -> String {
    match arrays {
        1 => "1 array".to_owned(),
        n => format!("{n} arrays"),
    }
}

/// The first of some places, and how many there are besides.
fn listed(places: &[String]) -> String {
    const MOST: usize = 8;
    let mut unique: Vec<&str> = Vec::new();
    for place in places {
        if !unique.contains(&place.as_str()) {
            unique.push(place);
        }
    }
    let rest = unique.len().saturating_sub(MOST);
    let shown = unique[..unique.len() - rest].join(", ");
    match rest {
        0 => shown,
        n => format!("{shown} and {n} more"),
    }
}

/// Line and column of what an operation stands for.
fn place(snapshot: &Snapshot<'_>, node: NodeId) -> Option<String> {
    let position = file_position(snapshot.ops[node].loc())?;
    Some(format!("{}:{}", position.line, position.column))
}
