//! The combine region of a reduction, cut out of its body.
//!
//! A body computes `acc' = c(acc, m(ins))`. What does not depend on the accumulators is `m`; what
//! remains is `c`. Where `c` uses one mapped value per accumulator, of its type, the same `c` merges
//! two partial accumulators; conditions on the mapped values alone (is it NaN?) belong to `c`.
//! Accumulators that do not take part in each other's step are cut apart, so that reductions which
//! share a body (and mapped values) each get their own `c`.

use npir_mlir::prelude::*;
use std::collections::{HashMap, HashSet};

/// How to merge partial accumulators with the ops of a body.
pub(super) struct Combine<'c> {
    components: Vec<Component<'c>>,
    accumulators: usize,
}

/// Accumulators that take part in each other's step.
struct Component<'c> {
    /// `(which accumulator, its argument, the mapped value that joins it, its new value)`.
    members: Vec<(usize, Val<'c>, Val<'c>, Val<'c>)>,
    /// The ops of `c`, in the order of the body.
    ops: Vec<Op<'c>>,
}

impl<'c> Combine<'c> {
    /// Cuts `c` out of `body`, whose last `outs` arguments are the accumulators.
    pub(super) fn of(body: Blk<'c>, outs: usize) -> Option<Self> {
        let args = body.args();
        let accumulators = &args[args.len().checked_sub(outs)?..];
        let yielded = body.terminator_op()?.operand_values();
        let ops = body.ops();
        let (_, ops) = ops.split_last()?;
        if yielded.len() != outs {
            return None;
        }

        // Which accumulators a value depends on, as sets that merge.
        let mut sets = Sets::new(outs);
        let mut depends: HashMap<usize, usize> = HashMap::new();
        for (k, acc) in accumulators.iter().enumerate() {
            depends.insert(acc.key(), k);
        }
        for op in ops {
            let used: Vec<usize> = op
                .operand_values()
                .iter()
                .filter_map(|v| depends.get(&v.key()).copied())
                .collect();
            let Some(&first) = used.first() else { continue };
            if op.num_regions() > 0 {
                return None;
            }
            used.iter().for_each(|&k| sets.join(first, k));
            for result in op.result_values() {
                depends.insert(result.key(), first);
            }
        }
        for (k, new) in yielded.iter().enumerate() {
            // Without a dependence the last element wins: not a reduction.
            sets.join(k, *depends.get(&new.key())?);
        }

        let mut components = Vec::new();
        for root in 0..outs {
            if sets.find(root) != root {
                continue;
            }
            let part: Vec<Op<'c>> = ops
                .iter()
                .copied()
                .filter(|op| {
                    let used = op.operand_values().into_iter();
                    let mut sources = used.filter_map(|v| depends.get(&v.key()).copied());
                    sources.next().is_some_and(|k| sets.find(k) == root)
                })
                .collect();
            let members = (0..outs).filter(|&k| sets.find(k) == root);
            let members: Vec<_> = members.map(|k| (k, accumulators[k], yielded[k])).collect();
            components.push(Component::of(&members, &part, &depends)?);
        }
        Some(Combine {
            components,
            accumulators: outs,
        })
    }

    /// Builds `c(accumulators, parts)`.
    pub(super) fn build(
        &self,
        rw: Rewriter<'c>,
        accumulators: &[Val<'c>],
        parts: &[Val<'c>],
    ) -> Vec<Val<'c>> {
        let mut merged = vec![None; self.accumulators];
        for component in &self.components {
            let mut mapping = IrMapping::new();
            for &(k, acc, mapped, _) in &component.members {
                mapping.map(acc, accumulators[k]);
                mapping.map(mapped, parts[k]);
            }
            for &op in &component.ops {
                let rw = rw.at(op.loc());
                let Some(sum) = component.sum_of_differences(op) else {
                    rw.clone_with(op, &mut mapping);
                    continue;
                };
                let [a, b] = [0, 1].map(|i| mapping.lookup(op.operand(i)));
                let merge = rw.op(sum).operands(&[a, b]).results(&op.result_types());
                mapping.map(op.result_value(0), merge.build_value());
            }
            for &(k, _, _, new) in &component.members {
                merged[k] = Some(mapping.lookup(new));
            }
        }
        merged.into_iter().flatten().collect()
    }
}

impl<'c> Component<'c> {
    /// The op that merges what a step of the form `acc - x` accumulates: both parts are sums of what is taken away.
    /// Canonicalization writes a sum of negative numbers so.
    fn sum_of_differences(&self, op: Op<'c>) -> Option<&'static str> {
        let sum = match op.name() {
            "arith.subi" => "arith.addi",
            "arith.subf" => "arith.addf",
            _ => return None,
        };
        let is_mapped = |v: Val<'c>| self.members.iter().any(|(_, _, mapped, _)| *mapped == v);
        is_mapped(op.operand(1)).then_some(sum)
    }

    fn of(
        members: &[(usize, Val<'c>, Val<'c>)],
        part: &[Op<'c>],
        depends: &HashMap<usize, usize>,
    ) -> Option<Self> {
        let is_constant = |v: Val<'c>| v.constant_attr().is_some();
        let mut mapped: Vec<Val<'c>> = Vec::new();
        let mut constants: Vec<Val<'c>> = Vec::new();
        for v in part.iter().flat_map(|op| op.operand_values()) {
            let list = match () {
                () if depends.contains_key(&v.key()) => continue,
                () if is_constant(v) => &mut constants,
                () => &mut mapped,
            };
            if !list.contains(&v) {
                list.push(v);
            }
        }
        if mapped.is_empty() {
            // `count += 1`: the constant is what each element contributes.
            mapped = constants;
        }

        let mut paired = Vec::with_capacity(members.len());
        let mut partners: HashSet<usize> = HashSet::new();
        for &(k, acc, new) in members {
            let partner = partner(acc, new, &mapped)?;
            if !partners.insert(partner.key()) {
                return None;
            }
            paired.push((k, acc, partner, new));
        }

        let mut needed: HashSet<usize> = part.iter().map(|op| op.key()).collect();
        let mut ops = Vec::new();
        for op in part {
            for v in op.operand_values() {
                let known = depends.contains_key(&v.key()) || partners.contains(&v.key());
                if known {
                    continue;
                }
                if !v.ty().is_bool() && !is_constant(v) {
                    return None;
                }
                recompute(v, &partners, &mut needed, &mut ops)?;
            }
            ops.push(*op);
        }
        // `x - acc` changes the sign at each step: partial results do not merge.
        let alternates = |op: &Op<'c>| {
            let is_mapped = |v: Val<'c>| paired.iter().any(|(_, _, mapped, _)| *mapped == v);
            matches!(op.name(), "arith.subi" | "arith.subf") && is_mapped(op.operand(0))
        };
        if part.iter().any(alternates) {
            return None;
        }
        Some(Component {
            members: paired,
            ops,
        })
    }
}

/// The mapped value that joins `acc`: what the op that yields the new value uses beside it, or
/// else the only one of its type.
fn partner<'c>(acc: Val<'c>, new: Val<'c>, mapped: &[Val<'c>]) -> Option<Val<'c>> {
    let fits = |v: &Val<'c>| v.ty() == acc.ty();
    let used = new
        .defining_op()
        .map(|op| op.operand_values())
        .unwrap_or_default();
    let mut direct = mapped.iter().filter(|v| fits(v) && used.contains(v));
    let mut of_type = mapped.iter().filter(|v| fits(v));
    match (direct.next(), direct.next(), of_type.next(), of_type.next()) {
        (Some(one), None, ..) | (None, _, Some(one), None) => Some(*one),
        _ => None,
    }
}

/// Adds the ops that compute `v` from `partners` and constants to `ops`; `None` if it needs more.
fn recompute<'c>(
    v: Val<'c>,
    partners: &HashSet<usize>,
    needed: &mut HashSet<usize>,
    ops: &mut Vec<Op<'c>>,
) -> Option<()> {
    if partners.contains(&v.key()) {
        return Some(());
    }
    let op = v.defining_op()?;
    if needed.contains(&op.key()) {
        return Some(());
    }
    let pure = op.name().starts_with("arith.") || op.name().starts_with("math.");
    if !pure || op.num_regions() > 0 {
        return None;
    }
    for operand in op.operand_values() {
        recompute(operand, partners, needed, ops)?;
    }
    needed.insert(op.key());
    ops.push(op);
    Some(())
}

/// Disjoint sets of accumulators.
struct Sets(Vec<usize>);

impl Sets {
    fn new(n: usize) -> Self {
        Sets((0..n).collect())
    }

    /// The least member of the set of `k`.
    fn find(&self, mut k: usize) -> usize {
        while self.0[k] != k {
            k = self.0[k];
        }
        k
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        self.0[a.max(b)] = a.min(b);
    }
}
