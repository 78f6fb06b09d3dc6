//! Reads one block into the planner's terms.

use std::collections::HashMap;

use npir_machine::Machine;
use npir_mlir::prelude::*;
use npir_mlir::queries::destinations;
use npir_tensor::{ASSOCIATIVE, Access, Coord, Step, View as ViewOp, has_extent};

use super::cost::{body_cost, body_size};
use super::problem::{Generic, Node, NodeId, Port, Problem, ValueId, ValueInfo, View};

/// A block and what the planner knows about it; the vectors have the problem's indices.
pub(super) struct Snapshot<'c> {
    pub(super) problem: Problem,
    /// The operation of each node.
    pub(super) ops: Vec<Op<'c>>,
    /// The IR value of each value.
    pub(super) values: Vec<Val<'c>>,
}

/// Facts about maps and iterator lists, which many operations share, and the machine that costs are of.
pub(super) struct Cache {
    accesses: HashMap<usize, Option<Access>>,
    iterators: HashMap<usize, Vec<bool>>,
    machine: Machine,
}

impl Cache {
    pub(super) fn new(machine: Machine) -> Self {
        Cache {
            accesses: HashMap::new(),
            iterators: HashMap::new(),
            machine,
        }
    }

    fn access(&mut self, map: Attribute<'_>) -> Option<Access> {
        self.accesses
            .entry(map.raw().ptr as usize)
            .or_insert_with(|| map.as_affine_map().and_then(Access::from_map))
            .clone()
    }

    /// Per dimension: is it a reduction?
    fn reductions(&mut self, iterators: Attribute<'_>) -> Vec<bool> {
        let key = iterators.raw().ptr as usize;
        let read = || {
            let list = iterators.as_array().unwrap_or_default();
            list.iter()
                .map(|i| !i.to_text().contains("parallel"))
                .collect()
        };
        self.iterators.entry(key).or_insert_with(read).clone()
    }
}

/// The snapshot of `block`.
pub(super) fn read<'c>(block: Blk<'c>, cache: &mut Cache) -> Snapshot<'c> {
    let mut reader = Reader {
        snapshot: Snapshot {
            problem: Problem::default(),
            ops: block.ops(),
            values: Vec::new(),
        },
        ids: HashMap::new(),
        cache,
    };
    for position in 0..reader.snapshot.ops.len() {
        reader.read_op(position);
    }
    reader.snapshot
}

struct Reader<'c, 'a> {
    snapshot: Snapshot<'c>,
    ids: HashMap<usize, ValueId>,
    cache: &'a mut Cache,
}

impl<'c> Reader<'c, '_> {
    fn id(&mut self, value: Val<'c>) -> ValueId {
        let Snapshot {
            problem, values, ..
        } = &mut self.snapshot;
        *self.ids.entry(value.key()).or_insert_with(|| {
            let id = values.len();
            values.push(value);
            problem.values.push(ValueInfo {
                root: id,
                ..ValueInfo::default()
            });
            id
        })
    }

    fn info(&mut self, id: ValueId) -> &mut ValueInfo {
        &mut self.snapshot.problem.values[id]
    }

    fn define(&mut self, position: NodeId, value: Val<'c>) -> ValueId {
        let id = self.id(value);
        self.info(id).def = Some(position);
        id
    }

    fn pin(&mut self, position: NodeId, value: Val<'c>) {
        let id = self.id(value);
        self.info(id).external.push(position);
    }

    fn overwrite(&mut self, position: NodeId, value: Val<'c>) {
        let id = self.id(value);
        let root = self.info(id).root;
        self.info(root).overwritten.push(position);
    }

    fn read_op(&mut self, position: NodeId) {
        let op = self.snapshot.ops[position];
        let node = if let Some(generic) = self.read_generic(position, op) {
            Node::Generic(generic)
        } else if let Some(view) = self.read_view(position, op) {
            Node::View(view)
        } else {
            self.read_other(position, op);
            Node::Other
        };
        self.snapshot.problem.nodes.push(node);
    }

    fn read_generic(&mut self, position: NodeId, op: Op<'c>) -> Option<Generic> {
        if op.name() != "linalg.generic" {
            return None;
        }
        let outs = op.num_results();
        let ins = op.num_operands().checked_sub(outs)?;
        let operands = op.operand_values();
        if outs == 0 || operands.iter().any(|v| v.ty().is_memref()) {
            return None;
        }
        let block = op.region(0).entry()?;
        let captures = captures(block)?;
        let reductions = self.cache.reductions(op.attr("iterator_types")?);
        let maps = op.attr("indexing_maps")?.as_array()?;
        let accesses: Vec<_> = maps.iter().map(|&m| self.cache.access(m)).collect();
        if accesses.len() != operands.len() {
            return None;
        }
        let mut unit = vec![false; reductions.len()];
        for (operand, access) in operands.iter().zip(&accesses) {
            let dims = operand.ty();
            let dims = if dims.is_shaped() {
                dims.dims()
            } else {
                Vec::new()
            };
            for (c, &n) in access.iter().flat_map(|a| &a.coords).zip(&dims) {
                if let (Some(d), 1) = (c.as_dim(), n) {
                    unit[d] = true;
                }
            }
        }
        let mut ports = Vec::with_capacity(ins);
        for (&value, access) in operands.iter().zip(&accesses).take(ins) {
            let id = self.id(value);
            if access.is_none() || !value.ty().is_tensor() {
                self.pin(position, value);
            }
            ports.push(Port {
                value: id,
                access: access.clone(),
            });
        }
        let mut capture_ids = Vec::new();
        for value in captures {
            self.pin(position, value);
            capture_ids.push(self.id(value));
        }
        for &value in &operands[ins..] {
            self.pin(position, value);
            self.overwrite(position, value);
        }
        let results: Vec<Port> = (0..outs)
            .map(|i| Port {
                value: self.define(position, op.result_value(i)),
                access: accesses[ins + i].clone(),
            })
            .collect();
        let unread = block.args()[ins..].iter().all(|a| !a.has_uses());
        let permuted = results
            .iter()
            .all(|p| p.access.as_ref().is_some_and(Access::is_permutation));
        Some(Generic {
            producer: unread && permuted && !reductions.contains(&true),
            reductions,
            unit,
            ins: ports,
            results,
            captures: capture_ids,
            cost: body_cost(block, &self.cache.machine),
            size: body_size(block),
            associative: op.attr(ASSOCIATIVE).is_some(),
        })
    }

    fn read_view(&mut self, position: NodeId, op: Op<'c>) -> Option<View> {
        let (source, access, full) = match ViewOp::cast(op) {
            Some(view) => {
                let (access, full) = self.view_access(view)?;
                (view.source(), access, full)
            }
            None if op.name() == "tensor.cast" => {
                let source = op.operand(0);
                let ranked = |v: Val<'c>| v.ty().to_text().starts_with("tensor<*");
                if ranked(source) || ranked(op.result_value(0)) {
                    return None;
                }
                (source, Access::identity(source.ty().rank()), true)
            }
            None => return None,
        };
        for &value in &op.operand_values()[1..] {
            self.pin(position, value);
        }
        let source = self.id(source);
        let result = self.define(position, op.result_value(0));
        self.share_root(source, result);
        let splat = self.info(source).splat;
        self.info(result).splat = splat;
        Some(View {
            source,
            result,
            access,
            full,
        })
    }

    /// The access of a view with static offsets, and whether it walks whole dimensions only.
    /// Steps that are values become symbols: the ids of the values.
    fn view_access(&mut self, view: ViewOp<'c>) -> Option<(Access, bool)> {
        let g = view.geometry();
        let mut coords = Vec::with_capacity(g.offsets.len());
        for offset in &g.offsets {
            match offset {
                OpFold::Static(n) => coords.push(Coord::constant(*n)),
                OpFold::Value(_) => return None,
            }
        }
        for (j, &d) in g.dims.iter().enumerate() {
            let Ok(d) = usize::try_from(d) else { continue };
            let step = match g.steps[j] {
                OpFold::Static(0) => continue,
                OpFold::Static(n) => Step::constant(n),
                OpFold::Value(v) => Step::symbol(self.id(v)),
            };
            coords[d].terms.push((j, step));
        }
        let source = view.source();
        let access = Access {
            dims: g.dims.len(),
            coords,
        };
        let whole = |(d, c): (usize, &Coord)| {
            let walker = c.as_dim();
            walker.is_none_or(|j| has_extent(source, d, g.sizes[j]))
        };
        let full = access.is_projected() && access.coords.iter().enumerate().all(whole);
        Some((access, full))
    }

    /// Both values live in the same memory.
    fn share_root(&mut self, source: ValueId, result: ValueId) {
        let root = self.info(source).root;
        self.info(result).root = root;
    }

    fn read_other(&mut self, position: NodeId, op: Op<'c>) {
        for value in op.operand_values() {
            self.pin(position, value);
        }
        self.note_overwrites(position, op);
        for value in op.result_values() {
            self.define(position, value);
        }
        if op.num_regions() > 0 {
            op.walk_ops(&mut |inner| {
                if inner.key() != op.key() {
                    for value in inner.operand_values() {
                        if self.ids.contains_key(&value.key()) {
                            self.pin(position, value);
                        }
                    }
                    self.note_overwrites(position, inner);
                }
                Walk::Advance
            });
        }
        if scalar_of(op).is_some() {
            let id = self.id(op.result_value(0));
            self.info(id).splat = true;
        }
        if shares_memory(op) {
            let (source, result) = (self.id(op.operand(0)), self.id(op.result_value(0)));
            self.share_root(source, result);
        }
    }

    /// Destinations may be updated in place; so may, in loops and calls, what has the type of a
    /// result.
    fn note_overwrites(&mut self, position: NodeId, op: Op<'c>) {
        if let Some(range) = destinations(op) {
            for i in range {
                if self.ids.contains_key(&op.operand(i).key()) {
                    self.overwrite(position, op.operand(i));
                }
            }
            return;
        }
        let results: Vec<_> = op
            .result_types()
            .into_iter()
            .filter(|t| t.is_tensor())
            .collect();
        if results.is_empty() || shares_memory(op) {
            return;
        }
        for value in op.operand_values() {
            if self.ids.contains_key(&value.key()) && results.contains(&value.ty()) {
                self.overwrite(position, value);
            }
        }
    }
}

/// Views that the planner does not look through.
fn shares_memory(op: Op<'_>) -> bool {
    const VIEWS: [&str; 6] = [
        "tensor_ext.view",
        "tensor_ext.reshape",
        "tensor.cast",
        "tensor.extract_slice",
        "tensor.collapse_shape",
        "tensor.expand_shape",
    ];
    VIEWS.contains(&op.name())
}

/// What all elements of the result of `op` are, if they are one scalar.
pub(super) enum Splat<'c> {
    /// A scalar value.
    Value(Val<'c>),
    /// A number.
    Constant(Attribute<'c>),
}

/// The scalar that fills the result of a constant or a fill.
pub(super) fn scalar_of<'c>(op: Op<'c>) -> Option<Splat<'c>> {
    match op.name() {
        "linalg.fill" if op.num_results() == 1 => Some(Splat::Value(op.operand(0))),
        "arith.constant" if op.result_value(0).ty().is_tensor() => {
            op.attr("value")?.splat_value().map(Splat::Constant)
        }
        _ => None,
    }
}

/// The outside values that a body uses; `None` for a body that may not be moved into another.
fn captures<'c>(block: Blk<'c>) -> Option<Vec<Val<'c>>> {
    let mut found: Vec<Val<'c>> = Vec::new();
    let parent = block.parent_op()?;
    let mut movable = true;
    for op in block.ops() {
        op.walk_ops(&mut |inner| {
            let nested = inner.key() != op.key();
            movable &= !(nested && inner.name() == "linalg.index");
            for value in inner.operand_values() {
                let inside = value
                    .parent_block()
                    .and_then(|b| b.parent_op())
                    .is_some_and(|p| p.is_within(parent));
                if !inside && !found.contains(&value) {
                    found.push(value);
                }
            }
            Walk::Advance
        });
    }
    movable.then_some(found)
}
