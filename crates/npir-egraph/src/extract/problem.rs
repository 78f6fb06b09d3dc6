//! The slots that may be needed and the ways to fill them.

use std::collections::HashMap;

use super::{ALWAYS, Cost, Way};
use crate::domain::Domain;
use crate::graph::{Class, Graph, NodeRef};

/// A position in the original program.
pub(super) type Rank = usize;

/// The place of a node in its class, when its value is there, and a way to compute it.
type Found<S, N> = (usize, Rank, Way<S, N>);

/// One way to fill a slot.
#[derive(Clone, Debug)]
pub(super) struct Choice<N> {
    /// The node, by its place in the class; `None` for a conversion from the one child.
    pub(super) node: Option<usize>,
    pub(super) children: Vec<usize>,
    pub(super) time: f64,
    pub(super) note: Option<N>,
}

/// A class in a state.
#[derive(Clone, Debug)]
pub(super) struct Slot<S, N> {
    pub(super) class: Class,
    pub(super) state: S,
    pub(super) options: Vec<Choice<N>>,
}

/// Everything that extraction may choose from.
#[derive(Debug)]
pub(super) struct Problem<S, N> {
    pub(super) slots: Vec<Slot<S, N>>,
    pub(super) roots: Vec<usize>,
    /// The slots of each class.
    of_class: HashMap<Class, Vec<usize>>,
}

impl<S: Copy + Ord, N: Clone> Problem<S, N> {
    pub(super) fn new<D: Domain, C: Cost<D, State = S, Note = N>>(
        graph: &Graph<D>,
        cost: &C,
        roots: &[(Class, S)],
        available: impl Fn(NodeRef<'_, D>) -> Rank,
    ) -> Self {
        let mut problem = Problem {
            slots: Vec::new(),
            roots: Vec::new(),
            of_class: HashMap::new(),
        };
        let mut ranks = Vec::new();
        let mut ways: HashMap<Class, Vec<Found<S, N>>> = HashMap::new();
        problem.roots = roots
            .iter()
            .map(|&(class, state)| problem.slot(graph.find(class), state))
            .collect();
        // Slots are numbered as they are met; each is filled when it is its turn.
        let mut next = 0;
        while next < problem.slots.len() {
            let Slot { class, state, .. } = problem.slots[next];
            let all = ways.entry(class).or_insert_with(|| {
                let nodes = graph.nodes(class).enumerate();
                nodes
                    .flat_map(|(index, node)| {
                        let rank = match node.num_children() {
                            0 => available(node),
                            _ => ALWAYS,
                        };
                        let ways = cost.ways(graph, class, node);
                        ways.into_iter().map(move |way| (index, rank, way))
                    })
                    .collect()
            });
            let fitting: Vec<_> = all
                .iter()
                .filter(|(_, _, way)| way.result == state)
                .map(|(index, rank, way)| {
                    let children = graph.nodes(class).nth(*index);
                    let children: Vec<_> =
                        children.into_iter().flat_map(|n| n.children()).collect();
                    (*index, *rank, way.clone(), children)
                })
                .collect();
            let (mut options, mut own) = (Vec::new(), Vec::new());
            for (index, rank, way, children) in fitting {
                let children = children.into_iter().zip(way.children);
                let children: Vec<_> = children.map(|(c, s)| problem.slot(c, s)).collect();
                own.push(rank);
                options.push(Choice {
                    node: Some(index),
                    children,
                    time: way.time,
                    note: Some(way.note),
                });
            }
            for (from, time) in cost.conversions(graph, class, state) {
                let from = problem.slot(class, from);
                own.push(ALWAYS);
                options.push(Choice {
                    node: None,
                    children: vec![from],
                    time,
                    note: None,
                });
            }
            problem.slots[next].options = options;
            ranks.push(own);
            next += 1;
        }
        problem.keep_earliest(&ranks);
        problem
    }

    fn slot(&mut self, class: Class, state: S) -> usize {
        let known = self.of_class.entry(class).or_default();
        let found = known.iter().find(|&&slot| self.slots[slot].state == state);
        if let Some(&slot) = found {
            return slot;
        }
        let next = self.slots.len();
        known.push(next);
        self.slots.push(Slot {
            class,
            state,
            options: Vec::new(),
        });
        next
    }

    /// Drops every way to fill a slot that is there later than another one: what the original computes early must not
    /// wait for what only comes later.
    fn keep_earliest(&mut self, ranks: &[Vec<Rank>]) {
        let mut earliest = vec![Rank::MAX; self.slots.len()];
        let users = self.users();
        let mut queue: std::collections::VecDeque<usize> = (0..self.slots.len()).collect();
        let mut queued = vec![true; self.slots.len()];
        let rank_of = |option: &Choice<N>, own: Rank, earliest: &[Rank]| {
            let children = option.children.iter().map(|&child| earliest[child]);
            children.fold(own, Rank::max)
        };
        while let Some(slot) = queue.pop_front() {
            queued[slot] = false;
            let options = self.slots[slot].options.iter().zip(&ranks[slot]);
            let best = options
                .map(|(option, &own)| rank_of(option, own, &earliest))
                .min()
                .unwrap_or(Rank::MAX);
            if best < earliest[slot] {
                earliest[slot] = best;
                for &user in &users[slot] {
                    if !std::mem::replace(&mut queued[user], true) {
                        queue.push_back(user);
                    }
                }
            }
        }
        for (number, (slot, own)) in self.slots.iter_mut().zip(ranks).enumerate() {
            let mut own = own.iter();
            slot.options.retain(|option| {
                let rank = rank_of(option, *own.next().unwrap_or(&ALWAYS), &earliest);
                rank != Rank::MAX && rank <= earliest[number]
            });
        }
    }
}

impl<S: Copy + Ord, N> Problem<S, N> {
    /// The slots of a class.
    pub(super) fn slots_of(&self, class: Class) -> &[usize] {
        self.of_class.get(&class).map_or(&[], |slots| slots)
    }

    /// For each slot the slots that some way of filling them takes it.
    pub(super) fn users(&self) -> Vec<Vec<usize>> {
        let mut users = vec![Vec::new(); self.slots.len()];
        for (user, slot) in self.slots.iter().enumerate() {
            for &child in slot.options.iter().flat_map(|option| &option.children) {
                if users[child].last() != Some(&user) {
                    users[child].push(user);
                }
            }
        }
        users
    }

    /// The slots that a choice needs, each after those that it depends on; `None` where it depends on itself.
    pub(super) fn order(&self, choice: &[usize]) -> Option<Vec<usize>> {
        const FRESH: u8 = 0;
        const OPEN: u8 = 1;
        const DONE: u8 = 2;
        let mut state = vec![FRESH; self.slots.len()];
        let mut order = Vec::new();
        let mut stack: Vec<(usize, usize)> = Vec::new();
        for &root in &self.roots {
            if state[root] == FRESH {
                state[root] = OPEN;
                stack.push((root, 0));
            }
            while let Some((slot, next)) = stack.pop() {
                let option = self.slots[slot].options.get(choice[slot])?;
                match option.children.get(next) {
                    None => {
                        state[slot] = DONE;
                        order.push(slot);
                    }
                    Some(&child) => {
                        stack.push((slot, next + 1));
                        match state[child] {
                            FRESH => {
                                state[child] = OPEN;
                                stack.push((child, 0));
                            }
                            OPEN => return None,
                            _ => {}
                        }
                    }
                }
            }
        }
        Some(order)
    }
}
