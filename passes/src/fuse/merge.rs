//! Merging of fusion groups: several results from one pass over the same data.

use std::collections::HashSet;

use npir_tensor::Access;

use super::plan::{MAX_USERS, Planner};
use super::problem::{Generic, NodeId, ValueId};

impl Planner<'_, '_> {
    /// Joins the new group of a stored producer with a group that reads it element by element,
    /// so that the value is stored and used in one pass.
    pub(super) fn merge_with_users(&mut self, group: usize, node: &Generic) {
        let mut group = group;
        for port in &node.results {
            let readers: Vec<usize> = self.requests[port.value]
                .iter()
                .take(MAX_USERS)
                .map(|r| r.group)
                .collect();
            for reader in readers {
                let (a, b) = (self.find(group), self.find(reader));
                if a != b && self.mergeable(a, b) {
                    group = self.merge(a, b);
                }
            }
        }
    }

    /// Merges groups that read the same elements of `value` in the same order.
    pub(super) fn merge_readers(&mut self, value: ValueId) {
        if self.limits.outputs < 2 || self.requests[value].len() < 2 {
            return;
        }
        let mut readers: Vec<(NodeId, usize, Access)> = Vec::new();
        for request in self.requests[value].clone() {
            let id = self.find(request.group);
            let group = self.group(id);
            if request.full && request.access.covers(&group.unit) {
                readers.push((group.position, id, request.access));
            }
        }
        readers.sort_by_key(|(position, id, _)| (*position, *id));
        readers.dedup_by_key(|(_, id, _)| *id);
        let mut current: Option<(usize, Access)> = None;
        for (_, id, access) in readers {
            let id = self.find(id);
            current = Some(match current {
                Some((c, a)) if a == access && self.find(c) != id => {
                    let c = self.find(c);
                    if self.mergeable(c, id) {
                        (self.merge(c, id), a)
                    } else {
                        (id, access)
                    }
                }
                Some((c, a)) if self.find(c) == id => (id, a),
                _ => (id, access),
            });
        }
    }

    fn mergeable(&mut self, a: usize, b: usize) -> bool {
        let (early, late) = if self.group(a).position < self.group(b).position {
            (a, b)
        } else {
            (b, a)
        };
        let (e, l) = (self.group(early), self.group(late));
        let outputs: usize = e
            .roots
            .iter()
            .chain(&l.roots)
            .map(|&r| self.generic(r).results.len())
            .sum();
        if e.reductions != l.reductions
            || e.associative != l.associative
            || outputs > self.limits.outputs
            || e.size.saturating_add(l.size) > self.limits.body
            || e.leaves.union(&l.leaves).count() > self.limits.operands
        {
            return false;
        }
        let target = l.position;
        let moved = e
            .members
            .iter()
            .any(|&m| self.overwritten(m, self.generic(m), target));
        !moved && self.users_allow(early, late) && self.decides(true)
    }

    /// Whether every use of what `early` stores is either after `late` or inside it at the
    /// very same iteration.
    fn users_allow(&mut self, early: usize, late: usize) -> bool {
        let target = self.group(late).position;
        for root in self.group(early).roots.clone() {
            let node = self.generic(root);
            for port in &node.results {
                let outside = self.problem.values[port.value]
                    .external
                    .iter()
                    .chain(&self.pinned[port.value]);
                if outside.take(MAX_USERS + 1).any(|&p| p <= target)
                    || self.requests[port.value].len() > MAX_USERS
                {
                    return false;
                }
                for request in self.requests[port.value].clone() {
                    let group = self.find(request.group);
                    let same = group == late
                        && request.full
                        && node.producer
                        && port.access.as_ref() == Some(&request.access);
                    let later = group != late && self.group(group).position > target;
                    if !same && !later && group != early {
                        return false;
                    }
                }
            }
        }
        true
    }

    /// Merges two groups that [`Self::mergeable`] accepted; returns the surviving one.
    fn merge(&mut self, a: usize, b: usize) -> usize {
        let gone = self.groups[b].take().expect("a live group");
        self.forward[b] = a;
        let g = self.group_mut(a);
        g.roots.extend(gone.roots);
        g.roots.sort_unstable();
        g.members.extend(gone.members);
        g.position = g.position.max(gone.position);
        g.changed |= gone.changed;
        g.size += gone.size;
        for (u, v) in g.unit.iter_mut().zip(gone.unit) {
            *u |= v;
        }
        g.leaves.extend(gone.leaves);
        let roots = g.roots.clone();
        let computed: HashSet<ValueId> = roots
            .iter()
            .flat_map(|&r| self.generic(r).results.iter().map(|p| p.value))
            .collect();
        self.group_mut(a)
            .leaves
            .retain(|(v, _)| !computed.contains(v));
        a
    }
}
