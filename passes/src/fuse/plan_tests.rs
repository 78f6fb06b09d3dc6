//! The planner on small hand-made blocks.

use npir_tensor::{Access, Coord, Step};

use super::plan::{Group, plan};
use super::problem::{Generic, Limits, Node, NodeId, Port, Problem, ValueId, ValueInfo, View};

const LIMITS: Limits = Limits {
    body: 100,
    operands: 20,
    outputs: 4,
    recompute: 2,
};

#[derive(Default)]
struct Block(Problem);

impl Block {
    fn value(&mut self, def: Option<NodeId>) -> ValueId {
        let id = self.0.values.len();
        self.0.values.push(ValueInfo {
            def,
            root: id,
            ..ValueInfo::default()
        });
        id
    }

    fn argument(&mut self) -> ValueId {
        self.value(None)
    }

    fn generic(
        &mut self,
        ins: &[(ValueId, Access)],
        out: Access,
        red: &[bool],
        cost: u32,
    ) -> ValueId {
        let result = self.value(Some(self.0.nodes.len()));
        let port = |value, access| Port {
            value,
            access: Some(access),
        };
        self.0.nodes.push(Node::Generic(Generic {
            reductions: red.to_vec(),
            unit: vec![false; red.len()],
            ins: ins.iter().map(|(v, a)| port(*v, a.clone())).collect(),
            results: vec![port(result, out.clone())],
            captures: Vec::new(),
            cost,
            size: cost.max(1),
            producer: !red.contains(&true) && out.is_permutation(),
            associative: red.contains(&true),
        }));
        result
    }

    /// An elementwise op of one dimension.
    fn map(&mut self, ins: &[ValueId], cost: u32) -> ValueId {
        let id = Access::identity(1);
        let ins: Vec<_> = ins.iter().map(|v| (*v, id.clone())).collect();
        self.generic(&ins, id, &[false], cost)
    }

    /// A sum of one dimension.
    fn sum(&mut self, v: ValueId) -> ValueId {
        let out = Access {
            dims: 1,
            coords: Vec::new(),
        };
        self.generic(&[(v, Access::identity(1))], out, &[true], 1)
    }

    fn view(&mut self, source: ValueId, access: Access, full: bool) -> ValueId {
        let result = self.value(Some(self.0.nodes.len()));
        self.0.values[result].root = self.0.values[source].root;
        self.0.nodes.push(Node::View(View {
            source,
            result,
            access,
            full,
        }));
        result
    }

    fn use_here(&mut self, v: ValueId) -> NodeId {
        let position = self.0.nodes.len();
        self.0.values[v].external.push(position);
        self.0.nodes.push(Node::Other);
        position
    }

    fn overwrite_here(&mut self, v: ValueId) {
        let position = self.use_here(v);
        let root = self.0.values[v].root;
        self.0.values[root].overwritten.push(position);
    }

    fn plan(&self) -> Vec<Group> {
        plan(&self.0, LIMITS, &mut None).groups
    }
}

fn members(group: &Group) -> Vec<NodeId> {
    let mut list: Vec<_> = group.members.iter().copied().collect();
    list.sort_unstable();
    list
}

fn project(dims: usize, picked: &[usize]) -> Access {
    Access {
        dims,
        coords: picked.iter().map(|&d| Coord::dim(d)).collect(),
    }
}

#[test]
fn a_diamond_is_one_group_and_its_top_is_computed_once() {
    let mut b = Block::default();
    let x = b.argument();
    let a = b.map(&[x], 10);
    let l = b.map(&[a], 1);
    let r = b.map(&[a], 1);
    let y = b.map(&[l, r], 1);
    b.use_here(y);
    let groups = b.plan();
    assert_eq!(groups.len(), 1);
    assert_eq!(members(&groups[0]), [0, 1, 2, 3]);
}

#[test]
fn broadcast_difference_reduces_without_an_intermediate() {
    // ((x[:, None, :] - c[None, :, :]) ** 2).sum(-1)
    let mut b = Block::default();
    let (x, c) = (b.argument(), b.argument());
    let xv = b.view(x, project(3, &[0, 2]), true);
    let cv = b.view(c, project(3, &[1, 2]), true);
    let id = Access::identity(3);
    let d = b.generic(
        &[(xv, id.clone()), (cv, id.clone())],
        id.clone(),
        &[false; 3],
        1,
    );
    let q = b.generic(&[(d, id.clone())], id.clone(), &[false; 3], 1);
    let s = b.generic(&[(q, id)], project(3, &[0, 1]), &[false, false, true], 1);
    b.use_here(s);
    let groups = b.plan();
    assert_eq!(groups.len(), 1);
    assert_eq!(members(&groups[0]), [2, 3, 4]);
    assert!(groups[0].changed);
}

#[test]
fn a_reduction_is_stored_before_it_is_read() {
    let mut b = Block::default();
    let x = b.argument();
    let s = b.sum(x);
    let scalar = Access {
        dims: 1,
        coords: Vec::new(),
    };
    let y = b.generic(
        &[(x, Access::identity(1)), (s, scalar)],
        Access::identity(1),
        &[false],
        1,
    );
    b.use_here(y);
    let groups = b.plan();
    assert_eq!(groups.len(), 2);
}

#[test]
fn expensive_work_is_not_repeated_under_a_broadcast() {
    let mut b = Block::default();
    let x = b.argument();
    let e = b.map(&[x], 10);
    let v = b.view(e, project(2, &[0]), true);
    let y = b.generic(
        &[(v, Access::identity(2))],
        Access::identity(2),
        &[false; 2],
        1,
    );
    b.use_here(y);
    assert_eq!(b.plan().len(), 2);
}

#[test]
fn a_cheap_value_is_recomputed_by_groups_that_cannot_merge() {
    // d = x - 1; v = sum(d); y = d / v
    let mut b = Block::default();
    let x = b.argument();
    let d = b.map(&[x], 1);
    let v = b.sum(d);
    let scalar = Access {
        dims: 1,
        coords: Vec::new(),
    };
    let y = b.generic(
        &[(d, Access::identity(1)), (v, scalar)],
        Access::identity(1),
        &[false],
        4,
    );
    b.use_here(y);
    let groups = b.plan();
    assert_eq!(groups.len(), 2);
    assert_eq!(members(&groups[0]), [0, 1]);
    assert_eq!(members(&groups[1]), [0, 2]);
}

#[test]
fn an_expensive_value_with_two_groups_is_stored() {
    let mut b = Block::default();
    let x = b.argument();
    let d = b.map(&[x], 20);
    let v = b.sum(d);
    let scalar = Access {
        dims: 1,
        coords: Vec::new(),
    };
    let y = b.generic(
        &[(d, Access::identity(1)), (v, scalar)],
        Access::identity(1),
        &[false],
        4,
    );
    b.use_here(y);
    assert_eq!(b.plan().len(), 3);
}

#[test]
fn siblings_share_one_pass() {
    let mut b = Block::default();
    let x = b.argument();
    let s = b.sum(x);
    let q = b.sum(x);
    b.use_here(s);
    b.use_here(q);
    let groups = b.plan();
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0].roots, [0, 1]);
}

#[test]
fn siblings_that_depend_on_each_other_stay_apart() {
    let mut b = Block::default();
    let x = b.argument();
    let s = b.sum(x);
    let between = b.use_here(s);
    let made = b.value(Some(between));
    let id = Access::identity(1);
    let scalar = Access {
        dims: 1,
        coords: Vec::new(),
    };
    let q = b.generic(&[(x, id), (made, scalar.clone())], scalar, &[true], 1);
    b.use_here(q);
    assert_eq!(b.plan().len(), 2);
}

#[test]
fn a_returned_intermediate_is_stored_in_the_same_pass() {
    let mut b = Block::default();
    let x = b.argument();
    let a = b.map(&[x], 10);
    let y = b.map(&[a], 1);
    b.use_here(a);
    b.use_here(y);
    let groups = b.plan();
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0].roots, [0, 1]);
}

#[test]
fn a_use_in_between_keeps_an_intermediate_apart() {
    let mut b = Block::default();
    let x = b.argument();
    let a = b.map(&[x], 10);
    b.use_here(a);
    let y = b.map(&[a], 1);
    b.use_here(y);
    assert_eq!(b.plan().len(), 2);
}

#[test]
fn reads_do_not_move_past_an_update_in_place() {
    let mut b = Block::default();
    let x = b.argument();
    let a = b.map(&[x], 10);
    b.overwrite_here(x);
    let y = b.map(&[a], 1);
    b.use_here(y);
    assert_eq!(b.plan().len(), 2);
}

#[test]
fn a_slice_of_a_producer_computes_only_the_slice() {
    let mut b = Block::default();
    let x = b.argument();
    let a = b.map(&[x], 10);
    let slice = Access {
        dims: 1,
        coords: vec![Coord {
            offset: 1,
            terms: vec![(0, Step::constant(2))],
        }],
    };
    let v = b.view(a, slice, false);
    let y = b.map(&[v], 1);
    b.use_here(y);
    let groups = b.plan();
    assert_eq!(groups.len(), 1);
    assert_eq!(members(&groups[0]), [0, 2]);
}

#[test]
fn long_chains_split_at_the_body_limit() {
    let mut b = Block::default();
    let mut v = b.argument();
    for _ in 0..5000 {
        v = b.map(&[v], 1);
    }
    b.use_here(v);
    let groups = b.plan();
    assert_eq!(groups.len(), 50);
    assert!(groups.iter().all(|g| g.members.len() <= 100));
}

#[test]
fn positions_follow_dependences_on_random_programs() {
    let mut state = 12345u64;
    let mut random = |n: usize| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as usize % n
    };
    for _ in 0..50 {
        let mut b = Block::default();
        let mut values = vec![b.argument(), b.argument()];
        for _ in 0..200 {
            let (x, y) = (values[random(values.len())], values[values.len() - 1]);
            match random(6) {
                0 => {
                    b.use_here(x);
                }
                1 => {
                    b.sum(x);
                }
                _ => values.push(b.map(&[x, y], 1 + random(4) as u32)),
            }
        }
        b.use_here(values[values.len() - 1]);
        check_order(&b);
    }
}

/// Every operand of a group is computed in it or stored by an earlier group, and every node
/// with uses is computed somewhere.
fn check_order(b: &Block) {
    let groups = b.plan();
    let mut stored = std::collections::HashMap::new();
    for group in &groups {
        for &root in &group.roots {
            assert!(stored.insert(root, group.position).is_none());
        }
    }
    for group in &groups {
        for &m in &group.members {
            let Node::Generic(g) = &b.0.nodes[m] else {
                panic!("a member is a generic")
            };
            for port in &g.ins {
                let Some(def) = b.0.values[port.value].def else {
                    continue;
                };
                let before = stored.get(&def).is_some_and(|&p| p < group.position);
                assert!(group.members.contains(&def) || before, "{m} reads {def}");
            }
        }
    }
    for (v, info) in b.0.values.iter().enumerate() {
        let Some(def) = info.def else { continue };
        if let Some(&first) = info.external.first() {
            let position = stored[&def];
            assert!(
                position < first,
                "value {v} is stored at {position}, used at {first}"
            );
        }
    }
}
