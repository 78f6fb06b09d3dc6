//! The graph: classes of equal nodes, with the facts about each and where each node comes from.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use egg::{Analysis, DidMerge, EGraph, Id, Language};

use crate::domain::Domain;

/// A class of nodes that compute the same value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class(pub(crate) Id);

impl Class {
    /// The number of the class.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "e{}", self.index())
    }
}

/// A node as it is stored: the numbers of its op and payload. The order is by op first, which egg relies on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Node {
    pub(crate) op: u32,
    pub(crate) payload: u32,
    pub(crate) children: Box<[Id]>,
}

impl Language for Node {
    type Discriminant = u32;
    fn discriminant(&self) -> u32 {
        self.op
    }
    fn matches(&self, other: &Self) -> bool {
        self.op == other.op
            && self.payload == other.payload
            && self.children.len() == other.children.len()
    }
    fn children(&self) -> &[Id] {
        &self.children
    }
    fn children_mut(&mut self) -> &mut [Id] {
        &mut self.children
    }
}

/// Where a node comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The caller added it, with this number.
    Source(usize),
    /// A rule made it: its index in the set.
    Rule {
        /// Which rule.
        rule: usize,
        /// The sources that the matched nodes come from, ascending.
        sources: Vec<usize>,
        /// The rules that made the matched nodes, in the order in which they were applied.
        before: Vec<usize>,
    },
    /// Its facts say that it is a constant.
    Constant,
}

/// An origin with the order in which nodes were added.
#[derive(Clone, Debug)]
pub(crate) struct Dated {
    pub(crate) origin: Origin,
    pub(crate) at: u64,
}

/// Values with numbers, in the order in which they were met.
struct Numbered<T> {
    values: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T: Clone + Eq + std::hash::Hash> Numbered<T> {
    fn new() -> Self {
        Numbered {
            values: Vec::new(),
            numbers: HashMap::new(),
        }
    }

    fn number(&mut self, value: T) -> u32 {
        let next = self.values.len() as u32;
        match self.numbers.entry(value) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                self.values.push(new.key().clone());
                new.insert(next);
                next
            }
        }
    }
}

/// The analysis that egg runs: the domain's facts.
pub(crate) struct Facts<D: Domain> {
    pub(crate) domain: D,
    ops: Numbered<Box<str>>,
    payloads: Numbered<D::Payload>,
    /// The first contradiction, in words.
    pub(crate) conflict: Option<String>,
}

/// Facts of a class; a type of its own, for egg asks for `Debug`.
#[derive(Debug)]
pub(crate) struct Known<F>(pub(crate) F);

impl<D: Domain> Analysis<Node> for Facts<D> {
    type Data = Known<D::Fact>;

    fn make(graph: &mut EGraph<Node, Self>, node: &Node, id: Id) -> Self::Data {
        let children: Vec<_> = node.children.iter().map(|&c| &graph[c].data.0).collect();
        let this = &graph.analysis;
        Known(this.domain.fact(
            Class(id),
            &this.ops.values[node.op as usize],
            &this.payloads.values[node.payload as usize],
            &children,
        ))
    }

    fn merge(&mut self, a: &mut Self::Data, b: Self::Data) -> DidMerge {
        match self.domain.meet(&mut a.0, &b.0) {
            Ok(change) => DidMerge(change.first, change.second),
            Err(words) => {
                self.conflict.get_or_insert(words);
                DidMerge(false, false)
            }
        }
    }
}

/// A node of a graph.
pub struct NodeRef<'g, D: Domain> {
    graph: &'g Graph<D>,
    pub(crate) node: &'g Node,
}

impl<D: Domain> Clone for NodeRef<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<D: Domain> Copy for NodeRef<'_, D> {}

impl<'g, D: Domain> NodeRef<'g, D> {
    /// The name of its op.
    pub fn op(self) -> &'g str {
        self.graph.op_name(self.node.op)
    }
    /// Its payload.
    pub fn payload(self) -> &'g D::Payload {
        &self.graph.inner.analysis.payloads.values[self.node.payload as usize]
    }
    /// Number of children.
    pub fn num_children(self) -> usize {
        self.node.children.len()
    }
    /// Child `i`.
    pub fn child(self, i: usize) -> Class {
        Class(self.graph.inner.find(self.node.children[i]))
    }
    /// All children.
    pub fn children(self) -> impl Iterator<Item = Class> + 'g {
        (0..self.num_children()).map(move |i| self.child(i))
    }
    /// Whether both are the same node.
    pub fn is(self, other: Self) -> bool {
        self.node == other.node
    }
    /// Where it comes from.
    pub fn origin(self) -> &'g Origin {
        const UNKNOWN: &Origin = &Origin::Constant;
        self.graph
            .origins
            .get(self.node)
            .map_or(UNKNOWN, |dated| &dated.origin)
    }
}

/// Classes of equal nodes.
pub struct Graph<D: Domain> {
    pub(crate) inner: EGraph<Node, Facts<D>>,
    pub(crate) origins: HashMap<Node, Dated>,
    clock: u64,
}

impl<D: Domain> Graph<D> {
    /// An empty graph.
    pub fn new(domain: D) -> Self {
        Graph {
            inner: EGraph::new(Facts {
                domain,
                ops: Numbered::new(),
                payloads: Numbered::new(),
                conflict: None,
            }),
            origins: HashMap::new(),
            clock: 0,
        }
    }

    /// The domain.
    pub fn domain(&self) -> &D {
        &self.inner.analysis.domain
    }

    /// Adds a node of the program, unless it is there; `source` is the caller's number for where it comes from.
    pub fn add(
        &mut self,
        source: usize,
        op: &str,
        payload: D::Payload,
        children: &[Class],
    ) -> Class {
        self.add_from(Origin::Source(source), op, payload, children)
    }

    pub(crate) fn add_from(
        &mut self,
        origin: Origin,
        op: &str,
        payload: D::Payload,
        children: &[Class],
    ) -> Class {
        let op = self.number_of(op);
        let payload = self.inner.analysis.payloads.number(payload);
        let children = children.iter().map(|c| self.inner.find(c.0)).collect();
        self.insert(
            origin,
            Node {
                op,
                payload,
                children,
            },
        )
    }

    fn insert(&mut self, origin: Origin, node: Node) -> Class {
        let is_new = self.inner.lookup(node.clone()).is_none();
        let id = self.inner.add(node.clone());
        if is_new {
            self.clock += 1;
            let dated = Dated {
                origin,
                at: self.clock,
            };
            self.origins.insert(node, dated);
            self.add_constant(id);
        }
        Class(self.inner.find(id))
    }

    /// A class whose facts say that it is a constant has the constant's node.
    fn add_constant(&mut self, id: Id) {
        let known = self.domain().constant(&self.inner[id].data.0);
        if let Some((op, payload)) = known {
            let op = self.number_of(op);
            let payload = self.inner.analysis.payloads.number(payload);
            let node = Node {
                op,
                payload,
                children: Box::new([]),
            };
            if self.inner.lookup(node.clone()) == Some(self.inner.find(id)) {
                return;
            }
            let constant = self.insert(Origin::Constant, node);
            self.inner.union(id, constant.0);
        }
    }

    /// Two classes are one from now on.
    pub(crate) fn unite(&mut self, a: Class, b: Class) -> bool {
        let changed = self.inner.union(a.0, b.0);
        if changed {
            self.add_constant(self.inner.find(a.0));
        }
        changed
    }

    /// Restores congruence after unions: equal nodes of equal children become one.
    pub(crate) fn rebuild(&mut self) {
        self.inner.rebuild();
        let old = std::mem::take(&mut self.origins);
        for (mut node, dated) in old {
            for child in &mut node.children {
                *child = self.inner.find(*child);
            }
            // The earliest stays, whatever the order of this loop.
            match self.origins.entry(node) {
                Entry::Occupied(mut known) if known.get().at > dated.at => {
                    known.insert(dated);
                }
                Entry::Occupied(_) => {}
                Entry::Vacant(new) => {
                    new.insert(dated);
                }
            }
        }
    }

    /// The class that a class is part of by now.
    pub fn find(&self, class: Class) -> Class {
        Class(self.inner.find(class.0))
    }

    /// What is known of the value of a class.
    pub fn fact(&self, class: Class) -> &D::Fact {
        &self.inner[class.0].data.0
    }

    /// All classes, ascending.
    pub fn classes(&self) -> Vec<Class> {
        let mut classes: Vec<_> = self.inner.classes().map(|class| Class(class.id)).collect();
        classes.sort_unstable();
        classes
    }

    /// The nodes of a class.
    pub fn nodes(&self, class: Class) -> impl Iterator<Item = NodeRef<'_, D>> {
        let nodes = self.inner[class.0].nodes.iter();
        nodes.map(move |node| NodeRef { graph: self, node })
    }

    /// Number of nodes.
    pub fn num_nodes(&self) -> usize {
        self.inner.total_size()
    }

    /// Number of classes.
    pub fn num_classes(&self) -> usize {
        self.inner.number_of_classes()
    }

    pub(crate) fn node<'g>(&'g self, node: &'g Node) -> NodeRef<'g, D> {
        NodeRef { graph: self, node }
    }

    /// The number of an op, which it has from its first use on.
    pub(crate) fn number_of(&mut self, op: &str) -> u32 {
        match self.inner.analysis.ops.numbers.get(op) {
            Some(&number) => number,
            None => self.inner.analysis.ops.number(op.into()),
        }
    }

    fn op_name(&self, op: u32) -> &str {
        &self.inner.analysis.ops.values[op as usize]
    }

    /// The classes that have a node of `op`, ascending.
    pub(crate) fn classes_of(&self, op: u32) -> Vec<Id> {
        let mut classes: Vec<Id> = self
            .inner
            .classes_for_op(&op)
            .map(|ids| ids.collect())
            .unwrap_or_default();
        classes.sort_unstable();
        classes
    }
}
