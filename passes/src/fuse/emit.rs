//! Builds the operation of a fusion group.

use std::collections::{HashMap, HashSet};

use npir_mlir::prelude::*;
use npir_tensor::{ASSOCIATIVE, Access, Coord, Step, View as ViewOp, extent};

use super::plan::Group;
use super::problem::{Generic, Node, NodeId, Problem, ValueId};
use super::snapshot::{Snapshot, Splat, scalar_of};

/// Replaces the members of every group by one operation per group. Returns how many nodes were
/// fused away.
pub(super) fn emit<'c>(rw: Rewriter<'c>, snapshot: &Snapshot<'c>, groups: &[Group]) -> u64 {
    let mut emitter = Emitter {
        rw,
        snapshot,
        replaced: HashMap::new(),
    };
    let mut fused = HashSet::new();
    for group in groups {
        if group.members.len() > 1 || group.changed {
            emitter.emit_group(group);
            fused.extend(group.members.iter().copied());
        }
    }
    let mut erased = 0;
    for (node, &op) in snapshot.ops.iter().enumerate().rev() {
        let leftover = fused.contains(&node) || is_free(op);
        if leftover && op.is_unused() {
            rw.erase(op);
            erased += u64::from(fused.contains(&node));
        }
    }
    let emitted = groups
        .iter()
        .filter(|g| g.members.len() > 1 || g.changed)
        .count() as u64;
    erased.saturating_sub(emitted)
}

/// Ops that only served members.
fn is_free(op: Op<'_>) -> bool {
    matches!(
        op.name(),
        "tensor_ext.view" | "tensor.cast" | "tensor.empty" | "linalg.fill"
    )
}

/// Where an operand of a member comes from.
enum Source {
    /// Read from memory.
    Leaf(Leaf),
    /// Computed in the body: result `index` of `node`, whose iteration is `access`.
    Member {
        node: NodeId,
        index: usize,
        access: Access,
        full: bool,
    },
    /// A scalar that fills a tensor.
    Splat(ValueId),
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Leaf {
    value: ValueId,
    access: Access,
    /// Whether plain coordinates walk whole dimensions.
    full: bool,
}

/// Follows a read through views to a leaf, a member or a scalar.
fn resolve(problem: &Problem, group: &Group, value: ValueId, access: Access, full: bool) -> Source {
    let mut leaf = Leaf {
        value,
        access,
        full,
    };
    loop {
        if problem.values[leaf.value].splat {
            return Source::Splat(leaf.value);
        }
        if let Some(view) = problem.transparent_view(leaf.value) {
            let composed = view.access.compose(&leaf.access);
            if let Some(access) = composed.filter(Access::is_separable) {
                leaf = Leaf {
                    value: view.source,
                    access,
                    full: leaf.full && view.full,
                };
                continue;
            }
        }
        if let Some((node, generic)) = problem.producer(leaf.value)
            && group.members.contains(&node)
        {
            let index = generic.results.iter().position(|p| p.value == leaf.value);
            let access = index
                .and_then(|i| generic.iteration_of(i))
                .and_then(|inverse| inverse.compose(&leaf.access));
            if let (Some(index), Some(access)) = (index, access) {
                return Source::Member {
                    node,
                    index,
                    access,
                    full: leaf.full,
                };
            }
        }
        return Source::Leaf(leaf);
    }
}

struct Emitter<'c, 's> {
    rw: Rewriter<'c>,
    snapshot: &'s Snapshot<'c>,
    /// Values that emitted groups took over.
    replaced: HashMap<ValueId, Val<'c>>,
}

impl<'c> Emitter<'c, '_> {
    fn problem(&self) -> &Problem {
        &self.snapshot.problem
    }

    fn generic(&self, node: NodeId) -> &Generic {
        match &self.problem().nodes[node] {
            Node::Generic(generic) => generic,
            _ => unreachable!("groups hold generics only"),
        }
    }

    /// The value as it is now.
    fn current(&self, value: ValueId) -> Val<'c> {
        let replaced = self.replaced.get(&value);
        replaced.copied().unwrap_or(self.snapshot.values[value])
    }

    fn emit_group(&mut self, group: &Group) {
        let position = self.snapshot.ops[group.position];
        let rw = self.rw.at(position.loc());
        rw.before(position);
        let dims = group.reductions.len();

        let mut leaves = Leaves::default();
        let mut seen = HashSet::new();
        for &root in &group.roots {
            self.collect(
                group,
                root,
                Access::identity(dims),
                true,
                &mut leaves,
                &mut seen,
            );
        }
        let (mut ins, mut maps) = (Vec::new(), Vec::new());
        for leaf in &leaves.list {
            let (value, access) = self.operand(rw, group, leaf);
            ins.push(value);
            maps.push(access);
        }
        let (mut outs, mut out_maps) = (Vec::new(), Vec::new());
        for &root in &group.roots {
            let op = self.snapshot.ops[root];
            let results = &self.generic(root).results;
            for (i, port) in results.iter().enumerate() {
                outs.push(op.operand(op.num_operands() - results.len() + i));
                out_maps.extend(port.access.clone());
            }
        }
        self.define_extents(rw, group, &mut ins, &mut maps, &out_maps);
        maps.extend(out_maps);

        let ctx = rw.ctx();
        let maps: Vec<_> = maps.iter().filter_map(|a| a.to_map(ctx)).collect();
        let iterators: Vec<_> = group
            .reductions
            .iter()
            .map(|&r| if r { Iter::Reduction } else { Iter::Parallel })
            .collect();
        let fused = rw.linalg_generic(&ins, &outs, &maps, &iterators, |rw, args| {
            let mut body = Body {
                emitter: self,
                rw,
                group,
                leaves: &leaves,
                ins: &args[..leaves.list.len()],
                done: HashMap::new(),
            };
            let mut yielded = Vec::new();
            let mut next = ins.len();
            for &root in &group.roots {
                let n = self.generic(root).results.len();
                let outs = &args[next..next + n];
                yielded.extend(body.compute(root, &Access::identity(dims), true, outs));
                next += n;
            }
            yielded
        });
        self.copy_attributes(group, fused);
        let mut next = 0;
        for &root in &group.roots {
            for port in &self.generic(root).results.clone() {
                let new = fused.result_value(next);
                rw.replace_all_uses(self.snapshot.values[port.value], new);
                self.replaced.insert(port.value, new);
                next += 1;
            }
        }
    }

    fn copy_attributes(&self, group: &Group, fused: Op<'c>) {
        if group.associative {
            fused.set_attr(ASSOCIATIVE, self.rw.ctx().unit_attr());
        }
        if let [root] = group.roots.as_slice() {
            for (name, value) in self.snapshot.ops[*root].discardable_attrs() {
                fused.set_attr(name, value);
            }
        }
    }

    /// Lists what the group reads from memory.
    fn collect(
        &self,
        group: &Group,
        node: NodeId,
        access: Access,
        full: bool,
        leaves: &mut Leaves,
        seen: &mut HashSet<(NodeId, Access)>,
    ) {
        for port in &self.generic(node).ins {
            match self.operand_source(group, port.value, port.access.as_ref(), &access, full) {
                Source::Leaf(leaf) => leaves.add(leaf),
                Source::Member {
                    node, access, full, ..
                } => {
                    if seen.insert((node, access.clone())) {
                        self.collect(group, node, access, full, leaves, seen);
                    }
                }
                Source::Splat(_) => {}
            }
        }
    }

    fn operand_source(
        &self,
        group: &Group,
        value: ValueId,
        port: Option<&Access>,
        access: &Access,
        full: bool,
    ) -> Source {
        let composed = port
            .and_then(|p| p.compose(access))
            .expect("the planner composed the same accesses");
        resolve(self.problem(), group, value, composed, full)
    }

    /// The operand and access for a leaf: its own value where the access is an indexing map,
    /// a view of it elsewhere.
    fn operand(&self, rw: Rewriter<'c>, group: &Group, leaf: &Leaf) -> (Val<'c>, Access) {
        let value = self.current(leaf.value);
        if leaf.full {
            return (value, leaf.access.clone());
        }
        let mut walks: Vec<(usize, usize, &Step)> = Vec::new(); // (iteration dim, source dim, step)
        for (d, coord) in leaf.access.coords.iter().enumerate() {
            walks.extend(coord.terms.iter().map(|(i, step)| (*i, d, step)));
        }
        walks.sort_unstable_by_key(|w| w.0);
        let coords = leaf.access.coords.iter();
        let offsets: Vec<_> = coords.map(|c| OpFold::Static(c.offset)).collect();
        let sizes: Vec<_> = walks
            .iter()
            .map(|w| self.iteration_extent(rw, group, w.0))
            .collect();
        let steps: Vec<_> = walks.iter().map(|w| self.step(rw, w.2)).collect();
        let dims: Vec<_> = walks.iter().map(|w| w.1 as i64).collect();
        let view = ViewOp::create(rw, value, &offsets, &sizes, &steps, &dims);
        let access = Access {
            dims: leaf.access.dims,
            coords: walks.iter().map(|w| Coord::dim(w.0)).collect(),
        };
        (view, access)
    }

    /// A step as a number of the program.
    fn step(&self, rw: Rewriter<'c>, step: &Step) -> OpFold<'c> {
        let symbols = step.symbols.iter().map(|&s| OpFold::Value(self.current(s)));
        symbols.fold(OpFold::Static(step.factor), |product, s| {
            rw.fold_mul(product, s)
        })
    }

    /// The extent of iteration dimension `d`, from the operands of the roots.
    fn iteration_extent(&self, rw: Rewriter<'c>, group: &Group, d: usize) -> OpFold<'c> {
        for &root in &group.roots {
            let generic = self.generic(root);
            let ports = generic.results.iter().chain(&generic.ins);
            for port in ports {
                let coords = port.access.iter().flat_map(|a| a.coords.iter().enumerate());
                if let Some((r, _)) = coords.into_iter().find(|(_, c)| c.as_dim() == Some(d)) {
                    return self.value_extent(rw, port.value, r);
                }
            }
        }
        unreachable!("every iteration dimension has an operand that defines it")
    }

    /// The extent of dimension `d` of a value that may be about to disappear.
    fn value_extent(&self, rw: Rewriter<'c>, value: ValueId, d: usize) -> OpFold<'c> {
        let mut now = self.current(value);
        // The shape of a computed value is that of its initial value, which stays.
        while let Some(op) = now.defining_op() {
            now = match op.name() {
                "linalg.generic" => op.operand(op.num_operands() - op.num_results() + now.index()),
                "tensor.cast" if op.operand(0).ty().rank() == now.ty().rank() => op.operand(0),
                _ => break,
            };
        }
        extent(rw, now, d)
    }

    /// Adds an operand without memory for iteration dimensions that no other operand defines.
    fn define_extents(
        &self,
        rw: Rewriter<'c>,
        group: &Group,
        ins: &mut Vec<Val<'c>>,
        maps: &mut Vec<Access>,
        out_maps: &[Access],
    ) {
        let dims = group.reductions.len();
        let mut defined = vec![false; dims];
        for coord in maps.iter().chain(out_maps).flat_map(|a| &a.coords) {
            if let Some(d) = coord.as_dim() {
                defined[d] = true;
            }
        }
        let missing: Vec<_> = (0..dims).filter(|&d| !defined[d]).collect();
        if missing.is_empty() {
            return;
        }
        let sizes: Vec<_> = missing
            .iter()
            .map(|&d| self.iteration_extent(rw, group, d))
            .collect();
        let ctx = rw.ctx();
        let point = rw.tensor_empty(ctx.tensor(&[], ctx.i(8)), &[]);
        let steps = vec![OpFold::Static(0); missing.len()];
        let repeat = vec![-1; missing.len()];
        ins.push(ViewOp::create(rw, point, &[], &sizes, &steps, &repeat));
        maps.push(Access {
            dims,
            coords: missing.into_iter().map(Coord::dim).collect(),
        });
    }
}

/// The leaves of a group, in the order of their first use.
#[derive(Default)]
struct Leaves {
    list: Vec<Leaf>,
    index: HashMap<Leaf, usize>,
}

impl Leaves {
    fn add(&mut self, leaf: Leaf) {
        if !self.index.contains_key(&leaf) {
            self.index.insert(leaf.clone(), self.list.len());
            self.list.push(leaf);
        }
    }
}

/// The body of a fused operation while it is built.
struct Body<'c, 'b, 's> {
    emitter: &'b Emitter<'c, 's>,
    rw: Rewriter<'c>,
    group: &'b Group,
    leaves: &'b Leaves,
    ins: &'b [Val<'c>],
    /// Results of members, by the iteration they stand for.
    done: HashMap<(NodeId, Access), Vec<Val<'c>>>,
}

impl<'c> Body<'c, '_, '_> {
    /// What `node` yields at `access`; `outs` are its accumulators, for a root.
    fn compute(
        &mut self,
        node: NodeId,
        access: &Access,
        full: bool,
        outs: &[Val<'c>],
    ) -> Vec<Val<'c>> {
        let key = (node, access.clone());
        if let Some(values) = self.done.get(&key) {
            return values.clone();
        }
        let op = self.emitter.snapshot.ops[node];
        let Some(block) = op.region(0).entry() else {
            unreachable!("a generic has a body")
        };
        let formals = block.args();
        let mut mapping = IrMapping::new();
        let ports = &self.emitter.generic(node).ins;
        for (port, &formal) in ports.iter().zip(&formals) {
            if formal.has_uses() {
                let actual = self.read(port.value, port.access.as_ref(), access, full);
                mapping.map(formal, actual);
            }
        }
        for (&formal, &actual) in formals[ports.len()..].iter().zip(outs) {
            mapping.map(formal, actual);
        }
        let mut yielded = Vec::new();
        for inner in block.ops() {
            match inner.name() {
                "linalg.yield" => {
                    let values = inner.operand_values();
                    yielded = values.into_iter().map(|v| mapping.lookup(v)).collect();
                }
                "linalg.index" => {
                    let d = inner.attr("dim").and_then(|a| a.as_int()).unwrap_or(0);
                    let index = self.index(&access.coords[d as usize]);
                    mapping.map(inner.result_value(0), index);
                }
                _ => {
                    self.rw.at(inner.loc()).clone_with(inner, &mut mapping);
                }
            }
        }
        self.done.insert(key, yielded.clone());
        yielded
    }

    fn read(
        &mut self,
        value: ValueId,
        port: Option<&Access>,
        access: &Access,
        full: bool,
    ) -> Val<'c> {
        let source = self
            .emitter
            .operand_source(self.group, value, port, access, full);
        match source {
            Source::Leaf(leaf) => self.ins[self.leaves.index[&leaf]],
            Source::Member {
                node,
                index,
                access,
                full,
            } => self.compute(node, &access, full, &[])[index],
            Source::Splat(value) => self.scalar(value),
        }
    }

    fn scalar(&self, value: ValueId) -> Val<'c> {
        let mut now = self.emitter.snapshot.values[value];
        loop {
            let Some(op) = now.defining_op() else {
                unreachable!("a splat has a definition")
            };
            match scalar_of(op) {
                Some(Splat::Value(v)) => return v,
                Some(Splat::Constant(attr)) => return self.rw.const_attr(attr),
                None => now = op.operand(0), // a view of it
            }
        }
    }

    /// The value of a coordinate in the iteration of the group.
    fn index(&self, coord: &Coord) -> Val<'c> {
        let rw = self.rw;
        let mut sum: Option<Val<'c>> = None;
        for (d, step) in &coord.terms {
            let mut term = rw.linalg_index(*d);
            if *step != Step::ONE {
                let step = self.emitter.step(rw, step);
                term = rw.muli(term, rw.materialize(step));
            }
            sum = Some(sum.map_or(term, |s| rw.addi(s, term)));
        }
        match sum {
            Some(sum) if coord.offset == 0 => sum,
            Some(sum) => rw.addi(sum, rw.const_index(coord.offset)),
            None => rw.const_index(coord.offset),
        }
    }
}
