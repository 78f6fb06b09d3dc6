//! A block as a graph: which ops are nodes, which values are wanted, and where everything is.

use std::collections::{HashMap, HashSet};

use npir_egraph::{Class, Graph, NodeRef};
use npir_mlir::prelude::*;
use npir_numpy::optimize::{Around, LEAF, LEAF_INDEX, LEAF_SIZES, LEAF_VALUE, Numpy, Payload};

use super::BlockGraph;

/// Dialects besides those with algebra whose ops are in programs of the first level.
const FAMILIAR: [&str; 8] = [
    "arith",
    "builtin",
    "cf",
    "func",
    "math",
    "scf",
    "tensor",
    "tensor_ext",
];

/// What an op of the block is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Role {
    /// It computes the value of a class.
    Node(Class),
    /// It stays where it is.
    Stays,
}

/// A value from elsewhere, or from an op that stays.
pub(super) struct Leaf<'c> {
    pub(super) value: Val<'c>,
    class: Class,
    /// How many ops of the block are before it.
    position: usize,
}

/// A block.
pub(super) struct Region<'c> {
    pub(super) ops: Vec<(Op<'c>, Role)>,
    pub(super) leaves: Vec<Leaf<'c>>,
    owner: Op<'c>,
    /// Classes of values that ops which stay, or other blocks, use.
    wanted: Vec<Class>,
}

impl<'c> Region<'c> {
    /// Reads a block; `None` for one that is in no op.
    pub(super) fn read(block: Blk<'c>, domain: Numpy<'c>) -> Option<(Self, BlockGraph<'c>)> {
        let ops = block.ops();
        let owner = block.parent_op()?;
        let ctx = owner.ctx();
        let mut reader = Reader {
            ctx,
            graph: Graph::new(domain),
            classes: HashMap::new(),
            leaves: Vec::new(),
            positions: HashMap::new(),
            around: Around::new(domain),
            num_ops: ops.len(),
        };
        for (index, op) in ops.iter().enumerate() {
            for result in op.result_values() {
                reader.positions.insert(result.key(), index + 1);
            }
        }
        let mut roles = Vec::new();
        for (index, &op) in ops.iter().enumerate() {
            if !is_value(op) {
                roles.push((op, Role::Stays));
                continue;
            }
            let children: Vec<_> = op
                .operand_values()
                .into_iter()
                .map(|value| reader.class_of(value))
                .collect();
            let payload = Payload {
                attrs: ctx.dict_attr(&op.attrs()),
                ty: op.result_value(0).ty(),
            };
            let class = reader.graph.add(index, op.name(), payload, &children);
            reader.classes.insert(op.result_value(0).key(), class);
            roles.push((op, Role::Node(class)));
        }
        let nodes: HashSet<_> = roles
            .iter()
            .filter(|(_, role)| matches!(role, Role::Node(_)))
            .map(|(op, _)| op.key())
            .collect();
        let mut wanted = Vec::new();
        for (op, role) in &roles {
            let Role::Node(class) = role else { continue };
            let mut uses = op.result_value(0).uses().into_iter();
            if uses.any(|used| !nodes.contains(&used.op.key())) {
                wanted.push(*class);
            }
        }
        let region = Region {
            ops: roles,
            leaves: reader.leaves,
            owner,
            wanted,
        };
        Some((region, reader.graph))
    }

    /// The values that are wanted.
    pub(super) fn roots(&self, graph: &BlockGraph<'c>) -> Vec<(Class, ())> {
        let mut seen = HashSet::new();
        let classes = self.wanted.iter().map(|&class| graph.find(class));
        classes
            .filter(|class| seen.insert(*class))
            .map(|class| (class, ()))
            .collect()
    }

    /// How each class is computed as the program stands: leaves, then ops in their order.
    pub(super) fn original(&self) -> Vec<(Class, usize)> {
        let leaves = self.leaves.iter().enumerate();
        let leaves = leaves.map(|(index, leaf)| (leaf.class, self.ops.len() + index));
        let ops = self.ops.iter().enumerate();
        let ops = ops.filter_map(|(index, (_, role))| match role {
            Role::Node(class) => Some((*class, index)),
            Role::Stays => None,
        });
        leaves.chain(ops).collect()
    }

    /// The function that the block is in, and the op whose block it is if that is another one.
    pub(super) fn name(&self) -> String {
        let mut function = self.owner;
        while function.name() != "func.func"
            && let Some(around) = function.block().and_then(|block| block.parent_op())
        {
            function = around;
        }
        let symbol = function.attr("sym_name").and_then(|name| name.as_str());
        let symbol = symbol.unwrap_or(function.name());
        match function.key() == self.owner.key() {
            true => symbol.to_owned(),
            false => format!("{symbol}, {}", self.owner.name()),
        }
    }

    /// What a leaf is: an argument of the block, or the op that computes it.
    pub(super) fn name_of_leaf(&self, leaf: usize) -> String {
        let Some(leaf) = self.leaves.get(leaf) else {
            return LEAF.to_owned();
        };
        if let Some(op) = leaf.value.defining_op() {
            return op.name().to_owned();
        }
        let arguments = leaf.value.parent_block().map(|block| block.args());
        let index = arguments
            .unwrap_or_default()
            .iter()
            .position(|argument| *argument == leaf.value);
        index.map_or_else(|| LEAF.to_owned(), |index| format!("argument {index}"))
    }

    /// How many ops of the block are before the value of a node without operands.
    pub(super) fn available(&self, node: NodeRef<'_, Numpy<'c>>) -> usize {
        let leaf = leaf_of(node).and_then(|index| self.leaves.get(index));
        leaf.map_or(0, |leaf| leaf.position)
    }

    /// The first op of each name that the optimizer knows nothing of: neither what it is equal to nor that it is a part of
    /// every program.
    pub(super) fn unknown_ops(&self, domain: Numpy<'c>) -> Vec<Op<'c>> {
        let mut seen = HashSet::new();
        let ops = self.ops.iter().map(|(op, _)| *op);
        ops.filter(|op| {
            let dialect = op.name().split('.').next().unwrap_or_default();
            !domain.owns(op.name()) && !FAMILIAR.contains(&dialect) && seen.insert(op.name())
        })
        .collect()
    }

    /// A remark or warning about the whole block.
    pub(super) fn report(&self, severity: Severity, words: &str) {
        match severity {
            Severity::Warning => self.owner.emit_warning(words),
            _ => self.owner.emit_remark(words),
        }
    }

    /// A remark at the last one of these ops.
    pub(super) fn report_at(&self, sources: &[usize], severity: Severity, words: &str) {
        let last = sources
            .iter()
            .rev()
            .find_map(|&source| self.ops.get(source));
        match last {
            Some((op, _)) => op.emit_remark(words),
            None => self.report(severity, words),
        }
    }

    /// The location of what a rule has made of these ops.
    pub(super) fn location(&self, sources: &[usize]) -> Location<'c> {
        let ctx = self.owner.ctx();
        let own: Vec<_> = sources
            .iter()
            .rev()
            .filter_map(|&source| self.ops.get(source))
            .map(|(op, _)| op.loc())
            .collect();
        match own[..] {
            [] => self.owner.loc(),
            [one] => one,
            _ => Location::fused(ctx, &own, ctx.unit_attr()),
        }
    }
}

/// The number of a leaf.
pub(super) fn leaf_of(node: NodeRef<'_, Numpy<'_>>) -> Option<usize> {
    let index = (node.op() == LEAF).then(|| node.payload().attr(LEAF_INDEX))?;
    usize::try_from(index?.as_int()?).ok()
}

/// Whether an op is a value by itself: it may be computed anywhere, in another way, or not at all.
fn is_value(op: Op<'_>) -> bool {
    op.num_results() == 1 && op.num_regions() == 0 && op.successors().is_empty() && is_pure(op)
}

struct Reader<'c> {
    ctx: &'c Context,
    graph: BlockGraph<'c>,
    classes: HashMap<usize, Class>,
    leaves: Vec<Leaf<'c>>,
    positions: HashMap<usize, usize>,
    around: Around<'c>,
    num_ops: usize,
}

impl<'c> Reader<'c> {
    fn class_of(&mut self, value: Val<'c>) -> Class {
        if let Some(&known) = self.classes.get(&value.key()) {
            return known;
        }
        let index = self.leaves.len();
        let mut attrs = vec![(LEAF_INDEX, self.ctx.i64_attr(index as i64))];
        attrs.push((LEAF_SIZES, self.around.sizes(value)));
        attrs.extend(value.constant_attr().map(|constant| (LEAF_VALUE, constant)));
        let payload = Payload {
            attrs: self.ctx.dict_attr(&attrs),
            ty: value.ty(),
        };
        let class = self.graph.add(self.num_ops + index, LEAF, payload, &[]);
        self.leaves.push(Leaf {
            value,
            class,
            position: self.positions.get(&value.key()).copied().unwrap_or(0),
        });
        self.classes.insert(value.key(), class);
        class
    }
}
