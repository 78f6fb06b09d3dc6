//! What the scheduler knows of one nest.

use std::collections::HashMap;

use super::machine::*;
use crate::access::{Stride, Walk};
use crate::forms::{
    BodyAccess, Form, accumulates_complex, block_vectorizable, body_accesses, lane_bits,
    widest_bits,
};
use crate::lower::versions::{operand_walks, sums};
use crate::nest::{Index, Nest};
use crate::schedule::IteratorKind;
use npir_machine::Work;
use npir_mlir::prelude::*;

/// A nest, analysed.
pub(super) struct Facts<'c> {
    pub(super) nest: Nest<'c>,
    pub(super) kinds: Vec<IteratorKind>,
    /// Points along each axis, where known.
    pub(super) extents: Vec<Option<i64>>,
    /// Inputs, then outputs.
    pub(super) walks: Vec<Walk>,
    pub(super) num_ins: usize,
    /// Per output, whether its element depends on an axis.
    pub(super) changes: Vec<Vec<bool>>,
    /// Whether reduction axes may be regrouped.
    pub(super) reassociates: bool,
    /// Whether body and combine region have vector forms.
    pub(super) vectorizable: bool,
    /// Whether any output is a floating-point sum.
    pub(super) sums: bool,
    /// Ops of the body.
    pub(super) num_ops: usize,
    /// Cycles of the body's ops, per vector.
    pub(super) op_cycles: f64,
    /// What ops and accesses cost.
    pub(super) rates: Rates,
    /// Bits of the widest number on lanes.
    pub(super) bits: i64,
    /// Axes whose index the body reads.
    pub(super) indexed: Vec<bool>,
}

impl<'c> Facts<'c> {
    pub(super) fn new(nest: Nest<'c>, rates: Rates) -> Self {
        let body = nest.body_block();
        let combine = nest.combine_block();
        let walks = operand_walks(nest);
        let num_ins = nest.inputs().len();
        let rank = nest.rank();
        let changes = nest.affine_maps()[num_ins..]
            .iter()
            .map(|map| {
                let results = map_results(*map);
                (0..rank)
                    .map(|axis| results.iter().any(|expr| expr.is_function_of_dim(axis)))
                    .collect()
            })
            .collect();
        let mut indexed = vec![false; rank];
        for op in body
            .ops()
            .into_iter()
            .flat_map(|op| op.find_all(Index::NAME))
        {
            indexed[Index::axis_of(op)] = true;
        }
        let same: Vec<bool> = walks[..num_ins]
            .iter()
            .map(|walk| (0..rank).all(|axis| walk.invariant(axis)))
            .collect();
        let inputs = nest.inputs().into_iter().zip(&same);
        let inputs = inputs.filter(|(_, same)| !**same).map(|(memref, _)| memref);
        let operands = inputs.chain(nest.outputs());
        let vectorizable = !accumulates_complex(nest)
            && block_vectorizable(body)
            && combine.is_none_or(block_vectorizable);
        let ops = body.ops();
        Self {
            nest,
            kinds: nest.iterator_kinds(),
            extents: nest.bounds().into_iter().map(OpFold::as_static).collect(),
            bits: operands
                .map(|memref| lane_bits(memref.ty().element()))
                .chain([widest_bits(body, &same)])
                .max()
                .unwrap_or(64),
            walks,
            num_ins,
            changes,
            reassociates: nest.reassociates(),
            vectorizable,
            sums: combine.is_some_and(|combine| sums(combine).contains(&true)),
            num_ops: ops.len().saturating_sub(1),
            op_cycles: ops.iter().map(|&op| cycles(op, &rates)).sum(),
            rates,
            indexed,
        }
    }

    pub(super) fn rank(&self) -> usize {
        self.kinds.len()
    }

    /// Points along an axis, a guess where not known.
    pub(super) fn extent(&self, axis: usize) -> i64 {
        self.extents[axis].unwrap_or(USUAL_EXTENT)
    }

    pub(super) fn is(&self, axis: usize, kind: IteratorKind) -> bool {
        self.kinds[axis] == kind
    }

    /// Which dimension of the first output an axis walks, for an order of loops; the
    /// axis itself where it walks none.
    pub(super) fn position_in_output(&self, axis: usize) -> usize {
        let map = self.nest.affine_maps().get(self.num_ins).copied();
        let results = map.map(map_results).unwrap_or_default();
        results
            .iter()
            .position(|expr| expr.is_function_of_dim(axis))
            .unwrap_or(axis)
    }

    /// Whether lanes may lie along an axis.
    pub(super) fn may_hold_lanes(&self, axis: usize) -> bool {
        if self.extents[axis] == Some(1) {
            return false;
        }
        match self.kinds[axis] {
            IteratorKind::Parallel => self.vectorizable,
            IteratorKind::Reduction => self.vectorizable && self.reassociates,
            IteratorKind::Sequential => false,
        }
    }

    /// The memory that the body accesses by itself, with lanes along `axis`.
    pub(super) fn body_accesses(&self, axis: usize) -> Vec<BodyAccess<'c>> {
        let varying: Vec<bool> = self.walks[..self.num_ins]
            .iter()
            .map(|walk| !walk.invariant(axis))
            .collect();
        body_accesses(self.nest, axis, &varying)
    }

    /// Lanes of a vector along `axis` with registers of `vector_bits`.
    pub(super) fn width(&self, axis: usize, vector_bits: i64) -> i64 {
        let most = (vector_bits / self.bits).max(1);
        let width = 1 << most.ilog2();
        let scattered = self
            .walks
            .iter()
            .any(|walk| !walk.contiguous(axis) && !walk.invariant(axis))
            || self
                .body_accesses(axis)
                .iter()
                .any(|access| access.form != Form::Uniform && !access.contiguous());
        if scattered {
            width.min(GATHER_LANES)
        } else {
            width
        }
    }

    /// Cycles per point with `width` lanes along `axis`; `axis` does not matter for one lane.
    pub(super) fn cycles_per_point(&self, axis: usize, width: i64) -> f64 {
        if width == 1 {
            let accesses = self.walks.len() + self.scalar_accesses();
            return self.op_cycles + ACCESS * accesses as f64;
        }
        let mut cycles = self.op_cycles;
        for (i, walk) in self.walks.iter().enumerate() {
            let output = i >= self.num_ins;
            cycles += match (walk.invariant(axis), walk.contiguous(axis)) {
                (true, _) => 0.0,
                (_, true) if walk.strides[axis] == Stride::Const(-1) => 2.0 * ACCESS,
                (_, true) => ACCESS,
                _ if output => self.rates.scatter_lane * width as f64,
                _ => self.rates.gather_lane * width as f64,
            };
        }
        for access in self.body_accesses(axis) {
            cycles += match (access.form, access.contiguous(), access.store) {
                (Form::Uniform, ..) | (_, true, _) => ACCESS,
                (.., true) => self.rates.scatter_lane * width as f64,
                _ => self.rates.gather_lane * width as f64,
            };
        }
        let extent = self.extent(axis).max(1);
        let vectors = extent / width + i64::from(extent % width != 0);
        let merge = match self.kinds[axis] {
            IteratorKind::Reduction => HALVING * f64::from(width.ilog2()),
            _ => 0.0,
        };
        (cycles * vectors as f64 + merge) / extent as f64
    }

    /// The most ops of the body, one after the other, from an accumulator to what replaces one.
    pub(super) fn accumulator_chain(&self) -> usize {
        let body = self.nest.body_block();
        let args = body.args().into_iter().skip(self.num_ins);
        let mut behind: HashMap<usize, usize> = args.map(|arg| (arg.key(), 0)).collect();
        let mut longest = 0;
        for op in body.ops() {
            let operands = op.operand_values();
            let before = operands.iter().filter_map(|v| behind.get(&v.key())).max();
            let Some(&before) = before else { continue };
            longest = longest.max(before);
            behind.extend(op.result_values().iter().map(|v| (v.key(), before + 1)));
        }
        longest
    }

    fn scalar_accesses(&self) -> usize {
        let ops = self.nest.body_block().ops();
        ops.iter()
            .filter(|op| matches!(op.name(), "memref.load" | "memref.store"))
            .count()
    }

    /// Bytes that a point moves, counting each operand where it changes with the innermost axis.
    pub(super) fn bytes_per_point(&self, innermost: usize) -> f64 {
        let moving = self.walks.iter().filter(|walk| !walk.invariant(innermost));
        moving.map(|walk| walk.bits as f64 / 8.0).sum()
    }
}

fn cycles(op: Op<'_>, rates: &Rates) -> f64 {
    match op.name() {
        Index::NAME | "memref.load" | "memref.store" => 0.0,
        _ if op.num_regions() > 0 => rates.cycles(Work::Exp),
        "arith.constant" => 0.0,
        name => rates.cycles(Work::of_scalar_op(name).unwrap_or(Work::Add)),
    }
}
