//! Which buffers of a bufferized function may share memory, and which certainly are the same: what is needed to
//! write results into arguments.

use std::collections::{HashMap, HashSet};

use npir_mlir::prelude::*;

use crate::buffers::is_buffer;

/// Which moves of values count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flows {
    /// All.
    All,
    /// Those that leave a block; not what comes into a loop's block from before it and from its last iteration.
    Forward,
}

/// A partition of a function's memrefs: values in different classes do not share memory, as far as the function's own
/// ops decide (different arguments are assumed not to overlap).
///
/// Flow-insensitive, by union-find: almost linear.
pub(crate) struct MayAlias {
    flows: Flows,
    index: HashMap<usize, usize>,
    parent: Vec<usize>,
    /// For each root, when the first member of the class is defined, in program order.
    first: Vec<usize>,
    /// When each op with regions begins.
    begin: HashMap<usize, usize>,
    clock: usize,
}

impl MayAlias {
    /// Looks at every op of `function`.
    pub(crate) fn of(function: Op<'_>, flows: Flows) -> Self {
        let mut classes = MayAlias {
            flows,
            index: HashMap::new(),
            parent: Vec::new(),
            first: Vec::new(),
            begin: HashMap::new(),
            clock: 0,
        };
        classes.regions(function);
        classes
    }

    fn regions(&mut self, op: Op<'_>) {
        self.begin.insert(op.key(), self.clock);
        for block in op.regions().into_iter().flat_map(RegExt::blocks) {
            self.define(block.args());
            for inner in block.ops() {
                if inner.num_regions() > 0 {
                    self.regions(inner);
                }
                self.define(inner.result_values());
                self.add(inner);
            }
        }
    }

    /// Notes when buffers are defined.
    fn define(&mut self, values: Vec<Val<'_>>) {
        self.clock += 1;
        for value in values.into_iter().filter(|v| is_buffer(*v)) {
            let root = self.root(value.key());
            self.first[root] = self.first[root].min(self.clock);
        }
    }

    /// Whether a memref may share memory with one that is defined before `op`, an op with regions, begins.
    pub(crate) fn is_older(&mut self, value: Val<'_>, op: Op<'_>) -> bool {
        let root = self.root(value.key());
        self.begin
            .get(&op.key())
            .is_none_or(|begin| self.first[root] <= *begin)
    }

    /// Whether two memrefs may share memory.
    pub(crate) fn query(&mut self, a: Val<'_>, b: Val<'_>) -> bool {
        self.class(a) == self.class(b)
    }

    fn add(&mut self, op: Op<'_>) {
        let buffers = |values: Vec<Val<'_>>| -> Vec<usize> {
            values
                .into_iter()
                .filter(|v| is_buffer(*v))
                .map(ValExt::key)
                .collect()
        };
        match op.name() {
            "memref.alloc" | "memref.alloca" | "memref.get_global" | "bufferization.clone" => {}
            "scf.for" | "scf.if" | "scf.while" => {
                for (from, to) in flows(op) {
                    if self.flows == Flows::All || !to.is_block_arg() {
                        self.join(from, to);
                    }
                }
            }
            _ => {
                let mut all = buffers(op.result_values());
                for block in op.successors() {
                    all.extend(buffers(block.args()));
                }
                let regions = op
                    .regions()
                    .into_iter()
                    .flat_map(RegExt::blocks)
                    .collect::<Vec<_>>();
                for block in &regions {
                    all.extend(buffers(block.args()));
                }
                if all.is_empty() {
                    return;
                }
                all.extend(buffers(op.operand_values()));
                for end in regions.iter().filter_map(|b| b.terminator_op()) {
                    all.extend(buffers(end.operand_values()));
                }
                for pair in all.windows(2) {
                    self.join_keys(pair[0], pair[1]);
                }
            }
        }
    }

    fn join(&mut self, a: Val<'_>, b: Val<'_>) {
        if is_buffer(a) {
            self.join_keys(a.key(), b.key());
        }
    }

    fn join_keys(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parent[a.max(b)] = a.min(b);
        self.first[a.min(b)] = self.first[a].min(self.first[b]);
    }

    /// A name for the class of a memref.
    pub(crate) fn class(&mut self, value: Val<'_>) -> usize {
        self.root(value.key())
    }

    fn root(&mut self, key: usize) -> usize {
        let next = self.parent.len();
        let mut at = *self.index.entry(key).or_insert(next);
        if at == next {
            self.parent.push(next);
            self.first.push(usize::MAX);
        }
        while self.parent[at] != at {
            self.parent[at] = self.parent[self.parent[at]];
            at = self.parent[at];
        }
        at
    }
}

/// Pairs of values of an `scf` op of which the first may become the second.
fn flows<'c>(op: Op<'c>) -> Vec<(Val<'c>, Val<'c>)> {
    let block = |i: usize| {
        (i < op.num_regions())
            .then(|| op.region(i).entry())
            .flatten()
    };
    let yielded = |i: usize| {
        let end = block(i).and_then(|b| b.terminator_op());
        end.map(|end| end.operand_values()).unwrap_or_default()
    };
    let args = |i: usize| block(i).map(BlkExt::args).unwrap_or_default();
    let results = op.result_values();
    let mut pairs = Vec::new();
    let mut flow = |from: &[Val<'c>], to: &[Val<'c>]| {
        pairs.extend(from.iter().copied().zip(to.iter().copied()));
    };
    match op.name() {
        "scf.if" => {
            flow(&yielded(0), &results);
            flow(&yielded(1), &results);
        }
        "scf.for" => {
            let (inits, args) = (op.operand_values().split_off(3), args(0).split_off(1));
            flow(&inits, &args);
            flow(&inits, &results);
            flow(&yielded(0), &args);
            flow(&yielded(0), &results);
        }
        "scf.while" => {
            let passed = yielded(0).split_off(1);
            flow(&op.operand_values(), &args(0));
            flow(&yielded(1), &args(0));
            flow(&passed, &args(1));
            flow(&passed, &results);
        }
        _ => {}
    }
    pairs
}

/// Whether `value` certainly is `buffer`: the same elements at the same places.
///
/// Follows casts, selections, and `scf` results all of whose sources are `buffer` (by induction over iterations).
pub(crate) fn is_same_buffer<'c>(value: Val<'c>, buffer: Val<'c>) -> bool {
    let mut seen = HashSet::new();
    let mut work = vec![value];
    while let Some(v) = work.pop() {
        if v.key() == buffer.key() || !seen.insert(v.key()) {
            continue;
        }
        match sources(v) {
            Some(sources) => work.extend(sources),
            None => return false,
        }
    }
    true
}

/// The values that `value` is one of; `None` if it is something new.
fn sources(value: Val<'_>) -> Option<Vec<Val<'_>>> {
    let op = match value.defining_op() {
        Some(op) => op,
        None => value.parent_block()?.parent_op()?,
    };
    match op.name() {
        "memref.cast" => Some(vec![op.operand(0)]),
        "arith.select" => Some(vec![op.operand(1), op.operand(2)]),
        "scf.for" | "scf.if" | "scf.while" => {
            let from = flows(op)
                .into_iter()
                .filter(|(_, to)| to.key() == value.key());
            Some(from.map(|(from, _)| from).collect())
        }
        _ => None,
    }
}
