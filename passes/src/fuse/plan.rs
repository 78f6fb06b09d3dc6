//! Chooses fusion groups for one block.
//!
//! Nodes are visited once, last to first, so that all users of a producer are placed before
//! it is. A group is emitted at the position of its last root; every root's outside users come
//! later and every operand comes earlier, hence the groups never form a cycle. Each step looks
//! at a bounded number of users, so planning is linear in the size of the block.

use std::collections::HashSet;

use npir_egraph::Chance;
use npir_tensor::Access;

use super::explain::Why;
use super::problem::{Generic, Limits, Node, NodeId, Problem, ValueId};

/// Users of one value looked at before an attempt is given up.
pub(super) const MAX_USERS: usize = 64;

/// One fused operation to emit.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Nodes whose results the group stores, ascending.
    pub(super) roots: Vec<NodeId>,
    /// All nodes computed in the body.
    pub(super) members: HashSet<NodeId>,
    /// Position at which it is emitted: its last root.
    pub(super) position: NodeId,
    /// Whether an operand is read otherwise than the members' own operands say.
    pub(super) changed: bool,
    pub(super) reductions: Vec<bool>,
    pub(super) unit: Vec<bool>,
    pub(super) associative: bool,
    pub(super) size: u32,
    /// Operands read: `(value, access)` that no member computes.
    pub(super) leaves: HashSet<(ValueId, Access)>,
}

/// A read of a value by a group.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) group: usize,
    /// From the group's iteration dimensions to the element read.
    pub(super) access: Access,
    /// Whether plain coordinates walk whole dimensions of the value.
    pub(super) full: bool,
    /// The member that reads.
    from: NodeId,
}

/// An occurrence of a producer inside a group: its own iteration dimensions as a function of
/// the group's.
#[derive(Clone, Debug)]
struct Instance {
    group: usize,
    access: Access,
    full: bool,
    from: NodeId,
}

/// What fusion does with a block.
#[derive(Debug)]
pub(super) struct Plan {
    /// Ordered by position. Every generic is in at least one.
    pub(super) groups: Vec<Group>,
    /// Values that other groups read and that are stored all the same, by the nodes that compute them, and why.
    pub(super) stored: Vec<(NodeId, Why)>,
}

/// What fusion does with `problem`. With `chance`, what only costs decide is decided by chance.
pub(super) fn plan(problem: &Problem, limits: Limits, chance: &mut Option<Chance>) -> Plan {
    let mut planner = Planner {
        problem,
        limits,
        chance,
        groups: Vec::new(),
        forward: Vec::new(),
        requests: vec![Vec::new(); problem.values.len()],
        pinned: vec![Vec::new(); problem.values.len()],
        duplicated: vec![0; problem.nodes.len()],
        stored: Vec::new(),
    };
    for position in (0..problem.nodes.len()).rev() {
        match &problem.nodes[position] {
            Node::Generic(generic) => planner.place(position, generic),
            Node::View(view) => planner.look_through(position, view),
            Node::Other => {}
        }
    }
    for (value, info) in problem.values.iter().enumerate() {
        if !info.splat && problem.producer(value).is_none() {
            planner.merge_readers(value);
        }
    }
    let mut groups: Vec<Group> = planner.groups.into_iter().flatten().collect();
    groups.sort_by_key(|g| g.position);
    let mut stored = planner.stored;
    stored.sort_by_key(|(position, _)| *position);
    Plan { groups, stored }
}

pub(super) struct Planner<'p, 'r> {
    pub(super) problem: &'p Problem,
    chance: &'r mut Option<Chance>,
    pub(super) limits: Limits,
    /// `None` where merged into another group.
    pub(super) groups: Vec<Option<Group>>,
    /// Where a merged group went (union-find).
    pub(super) forward: Vec<usize>,
    pub(super) requests: Vec<Vec<Request>>,
    /// Per value: positions of views that need it in memory.
    pub(super) pinned: Vec<Vec<NodeId>>,
    /// Per node: work that is repeated because the node was copied into several groups.
    duplicated: Vec<u32>,
    stored: Vec<(NodeId, Why)>,
}

impl<'p> Planner<'p, '_> {
    pub(super) fn find(&mut self, mut group: usize) -> usize {
        while self.forward[group] != group {
            self.forward[group] = self.forward[self.forward[group]];
            group = self.forward[group];
        }
        group
    }

    pub(super) fn group(&self, id: usize) -> &Group {
        self.groups[id].as_ref().expect("a live group")
    }

    pub(super) fn group_mut(&mut self, id: usize) -> &mut Group {
        self.groups[id].as_mut().expect("a live group")
    }

    /// Whether `value` must exist in memory whatever the groups do.
    fn escapes(&self, value: ValueId) -> bool {
        !self.problem.values[value].external.is_empty() || !self.pinned[value].is_empty()
    }

    /// Reads of a view become reads of its source where the source can be addressed directly.
    fn look_through(&mut self, position: NodeId, view: &super::problem::View) {
        let mut pin = self.escapes(view.result);
        if self.problem.is_transparent(view) {
            let mut kept = Vec::new();
            for request in std::mem::take(&mut self.requests[view.result]) {
                let full = request.full && view.full;
                let access = view
                    .access
                    .compose(&request.access)
                    .filter(|a| a.is_separable());
                let group = self.find(request.group);
                match access {
                    Some(access) => {
                        let g = self.group_mut(group);
                        g.leaves.remove(&(view.result, request.access));
                        g.leaves.insert((view.source, access.clone()));
                        g.changed = true;
                        self.requests[view.source].push(Request {
                            access,
                            full,
                            ..request
                        });
                    }
                    None => {
                        pin = true;
                        kept.push(request);
                    }
                }
            }
            self.requests[view.result] = kept;
        } else {
            pin |= !self.requests[view.result].is_empty();
        }
        if pin {
            self.pinned[view.source].push(position);
        }
    }

    /// Where the groups need the results of `node`.
    fn instances(&mut self, node: &Generic) -> Option<Vec<Instance>> {
        let mut found: Vec<Instance> = Vec::new();
        for (index, port) in node.results.iter().enumerate() {
            if self.requests[port.value].len() > MAX_USERS {
                return None;
            }
            let inverse = node.iteration_of(index)?;
            for request in self.requests[port.value].clone() {
                let group = self.find(request.group);
                let access = inverse.compose(&request.access)?;
                let known = found
                    .iter()
                    .any(|i| i.group == group && i.access == access && i.from == request.from);
                if !known {
                    found.push(Instance {
                        group,
                        access,
                        full: request.full,
                        from: request.from,
                    });
                }
            }
        }
        Some(found)
    }

    fn place(&mut self, position: NodeId, node: &Generic) {
        let is_read = node
            .results
            .iter()
            .any(|port| !self.requests[port.value].is_empty());
        let instances = if node.producer {
            self.instances(node)
        } else {
            None
        };
        let Some(mut instances) = instances.filter(|i| !i.is_empty()) else {
            for port in &node.results {
                self.merge_readers(port.value);
            }
            if is_read {
                let why = match (node.reductions.contains(&true), node.producer) {
                    (true, _) => Why::Reduction,
                    (false, true) => Why::Access,
                    (false, false) => Why::Place,
                };
                self.stored.push((position, why));
            }
            self.add_root(position, node);
            return;
        };
        if node.results.iter().any(|p| self.escapes(p.value)) {
            self.stored.push((position, Why::Wanted));
            let group = self.add_root(position, node);
            self.merge_with_users(group, node);
            return;
        }
        if instances.iter().any(|i| i.group != instances[0].group) {
            for port in &node.results {
                self.merge_readers(port.value);
            }
            for i in &mut instances {
                i.group = self.find(i.group);
            }
        }
        let worth = self.worth_absorbing(node, &instances);
        let why = match self.decides(worth) {
            true => self.can_absorb(position, node, &instances).err(),
            false => Some(Why::Work(node.cost)),
        };
        match why {
            None => self.absorb(position, node, &instances),
            Some(why) => {
                self.stored.push((position, why));
                let group = self.add_root(position, node);
                self.merge_with_users(group, node);
            }
        }
    }

    /// What becomes of a decision by costs: by chance, one of four is another one.
    pub(super) fn decides(&mut self, worth: bool) -> bool {
        match self.chance {
            Some(chance) => worth != (chance.below(4) == 0),
            None => worth,
        }
    }

    /// Whether computing `node` where it is used costs no more than storing its results.
    fn worth_absorbing(&mut self, node: &Generic, instances: &[Instance]) -> bool {
        if node.cost == 0 {
            return true;
        }
        let chain = instances
            .iter()
            .map(|i| self.duplicated[i.from])
            .max()
            .unwrap_or(0);
        let cheap = node.cost.saturating_add(chain) <= self.limits.recompute;
        let injective = instances
            .iter()
            .all(|i| i.access.covers(&self.group(i.group).unit));
        if !injective {
            return cheap && node.reductions.is_empty();
        }
        let copies = distinct(instances);
        if copies == 1 {
            return true;
        }
        // Traffic per element: copies·reads when repeated; reads, a store (which also
        // fetches the line) and one load per copy when stored.
        let reads = node
            .ins
            .iter()
            .filter(|p| p.access.as_ref().is_some_and(|a| a.covers(&node.unit)))
            .count();
        cheap && copies * reads <= reads + 2 + copies
    }

    fn can_absorb(
        &mut self,
        position: NodeId,
        node: &Generic,
        instances: &[Instance],
    ) -> Result<(), Why> {
        for (n, instance) in instances.iter().enumerate() {
            let first = !instances[..n]
                .iter()
                .any(|i| i.group == instance.group && i.access == instance.access);
            let group = self.group(instance.group);
            if first {
                let copies = instances
                    .iter()
                    .filter(|i| i.group == instance.group)
                    .count() as u32;
                if group.size.saturating_add(node.size.max(1) * copies) > self.limits.body {
                    return Err(Why::Body);
                }
                if group.leaves.len() + node.ins.len() > self.limits.operands + 1 {
                    return Err(Why::Operands);
                }
            }
            let readable = node.ins.iter().all(|port| {
                let composed = port
                    .access
                    .as_ref()
                    .and_then(|a| a.compose(&instance.access));
                composed.is_some_and(|a| instance.full || a.is_separable())
            });
            if !readable {
                return Err(Why::Access);
            }
            if self.overwritten(position, node, group.position) {
                return Err(Why::Overwritten);
            }
        }
        Ok(())
    }

    /// Whether something `node` reads may be overwritten between `from` and `to`.
    /// Moving the read past such a write is legal on tensors but costs a copy in memory.
    pub(super) fn overwritten(&self, from: NodeId, node: &Generic, to: NodeId) -> bool {
        let reads = node.ins.iter().map(|p| p.value);
        reads.chain(node.captures.iter().copied()).any(|v| {
            let writes = &self.problem.values[self.problem.values[v].root].overwritten;
            let next = writes.partition_point(|&w| w <= from);
            writes.get(next).is_some_and(|&w| w < to)
        })
    }

    fn absorb(&mut self, position: NodeId, node: &Generic, instances: &[Instance]) {
        if distinct(instances) > 1 {
            let chain = instances.iter().map(|i| self.duplicated[i.from]).max();
            self.duplicated[position] = node.cost + chain.unwrap_or(0);
        }
        for port in &node.results {
            for request in std::mem::take(&mut self.requests[port.value]) {
                let group = self.find(request.group);
                self.group_mut(group)
                    .leaves
                    .remove(&(port.value, request.access));
            }
        }
        let mut done: HashSet<(usize, &Access)> = HashSet::new();
        for instance in instances {
            if done.insert((instance.group, &instance.access)) {
                self.add_member(
                    instance.group,
                    position,
                    node,
                    &instance.access,
                    instance.full,
                );
            }
        }
    }

    /// Adds `node`, computed at `access`, to `group` and asks for its operands.
    fn add_member(
        &mut self,
        group: usize,
        position: NodeId,
        node: &Generic,
        access: &Access,
        full: bool,
    ) {
        let problem = self.problem;
        let g = self.group_mut(group);
        g.members.insert(position);
        g.size = g.size.saturating_add(node.size.max(1));
        for port in &node.ins {
            let composed = port.access.as_ref().and_then(|a| a.compose(access));
            let Some(composed) = composed else {
                continue; // only a root's own operand: pinned by the problem
            };
            if problem.values[port.value].splat {
                self.group_mut(group).changed = true;
                continue;
            }
            self.group_mut(group)
                .leaves
                .insert((port.value, composed.clone()));
            let request = Request {
                group,
                access: composed,
                full,
                from: position,
            };
            let known = self.requests[port.value]
                .iter()
                .rev()
                .take(MAX_USERS)
                .any(|r| r.group == group && r.from == position && r.access == request.access);
            if !known {
                self.requests[port.value].push(request);
            }
        }
    }

    fn add_root(&mut self, position: NodeId, node: &Generic) -> usize {
        let id = self.groups.len();
        self.forward.push(id);
        self.groups.push(Some(Group {
            roots: vec![position],
            position,
            reductions: node.reductions.clone(),
            unit: node.unit.clone(),
            associative: node.associative,
            ..Group::default()
        }));
        let identity = Access::identity(node.reductions.len());
        self.add_member(id, position, node, &identity, true);
        id
    }

    pub(super) fn generic(&self, node: NodeId) -> &'p Generic {
        let problem: &'p Problem = self.problem;
        match &problem.nodes[node] {
            Node::Generic(g) => g,
            _ => unreachable!("groups hold generics only"),
        }
    }
}

/// Number of times a producer would be computed: distinct `(group, access)` pairs.
fn distinct(instances: &[Instance]) -> usize {
    let pairs: HashSet<_> = instances.iter().map(|i| (i.group, &i.access)).collect();
    pairs.len()
}
