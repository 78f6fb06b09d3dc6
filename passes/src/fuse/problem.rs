//! What the fusion planner knows about one block: plain data, no IR.
//!
//! Nodes are the operations of the block in program order; a node's index is its position.

use npir_tensor::Access;

/// Index of a value in [`Problem::values`].
pub(super) type ValueId = usize;
/// Index of a node in [`Problem::nodes`], which is also its position in the block.
pub(super) type NodeId = usize;

/// One block, as the planner sees it.
#[derive(Debug, Default)]
pub(super) struct Problem {
    /// Operations in program order.
    pub(super) nodes: Vec<Node>,
    /// Every value that a node defines or uses.
    pub(super) values: Vec<ValueInfo>,
}

impl Problem {
    /// The computation that defines `value` and may be moved to where the value is used.
    pub(super) fn producer(&self, value: ValueId) -> Option<(NodeId, &Generic)> {
        let node = self.values[value].def?;
        match &self.nodes[node] {
            Node::Generic(generic) if generic.producer => Some((node, generic)),
            _ => None,
        }
    }

    /// The view that defines `value`, if reading its source instead may be worth while.
    pub(super) fn transparent_view(&self, value: ValueId) -> Option<&View> {
        match &self.nodes[self.values[value].def?] {
            Node::View(view) if self.is_transparent(view) => Some(view),
            _ => None,
        }
    }

    /// Whether readers of `view` read its source instead.
    pub(super) fn is_transparent(&self, view: &View) -> bool {
        view.full || self.values[view.source].splat || self.producer(view.source).is_some()
    }
}

/// A tensor or scalar value.
#[derive(Clone, Debug, Default)]
pub(super) struct ValueInfo {
    /// The node that defines it; `None` for block arguments and values from outside.
    pub(super) def: Option<NodeId>,
    /// The value whose memory it shares (views, casts), itself otherwise.
    pub(super) root: ValueId,
    /// Whether every element is the same scalar: reading it costs nothing.
    pub(super) splat: bool,
    /// Positions of uses that fusion cannot absorb, ascending.
    pub(super) external: Vec<NodeId>,
    /// On roots: positions where the memory may be overwritten, ascending.
    pub(super) overwritten: Vec<NodeId>,
}

/// One operation.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// A structured computation.
    Generic(Generic),
    /// A result that only rearranges the elements of its source.
    View(View),
    /// Anything else.
    Other,
}

/// `result[i] = source[access(i)]`.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) source: ValueId,
    pub(super) result: ValueId,
    /// From the dimensions of the result to the coordinates of the source.
    pub(super) access: Access,
    /// Whether each plain coordinate walks its whole source dimension and no other
    /// coordinate moves: such a view is an indexing map.
    pub(super) full: bool,
}

/// An operand or result of a [`Generic`].
#[derive(Clone, Debug)]
pub(super) struct Port {
    pub(super) value: ValueId,
    /// From the iteration dimensions to the element; `None` when not affine.
    pub(super) access: Option<Access>,
}

/// A structured operation on tensors.
#[derive(Clone, Debug)]
pub(super) struct Generic {
    /// Per iteration dimension: is it a reduction?
    pub(super) reductions: Vec<bool>,
    /// Per iteration dimension: is its extent known to be one?
    pub(super) unit: Vec<bool>,
    pub(super) ins: Vec<Port>,
    pub(super) results: Vec<Port>,
    /// Values from outside that the body uses.
    pub(super) captures: Vec<ValueId>,
    /// Work per iteration, in units of one cheap arithmetic operation.
    pub(super) cost: u32,
    /// Operations in the body.
    pub(super) size: u32,
    /// Whether its results may be computed where they are used: all dimensions parallel,
    /// initial values unread, results addressed by permutations.
    pub(super) producer: bool,
    /// Whether partial results of its reduction may be combined in any grouping.
    pub(super) associative: bool,
}

impl Generic {
    /// The access of result `index` turned around: from an element to the iteration.
    pub(super) fn iteration_of(&self, index: usize) -> Option<Access> {
        self.results[index].access.as_ref()?.inverse()
    }
}

/// Bounds that keep a fused body, and the time to plan it, small.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Operations in one fused body.
    pub(super) body: u32,
    /// Operands read by one fused operation.
    pub(super) operands: usize,
    /// Results of one fused operation.
    pub(super) outputs: usize,
    /// Work per element that may be done twice to avoid storing a value.
    pub(super) recompute: u32,
}
