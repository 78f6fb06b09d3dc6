//! What the lowering works on: a loop nest over flat memory.
//!
//! A [`Kernel`] says for each operand which element a point touches, as
//! `start + Σ stride[d]·i_d`, so that loops only ever add strides. Nests become
//! kernels once per version of the code; merging the partial results of threads is a
//! kernel too.

use super::index::Ix;
use super::lane::Address;
use crate::access::linear;
use crate::schedule::{IteratorKind, Schedule};
use npir_mlir::prelude::*;

/// One axis of the iteration space: the points `0 .. extent`.
#[derive(Clone, Copy)]
pub(super) struct Axis<'c> {
    pub(super) kind: IteratorKind,
    pub(super) extent: Ix<'c>,
}

/// Memory as the lowering addresses it.
#[derive(Clone)]
pub(super) struct Layout<'c> {
    /// A one-dimensional memref of unit stride over the same memory, offset zero.
    pub(super) flat: Val<'c>,
    /// The element of coordinate zero.
    pub(super) offset: Ix<'c>,
    /// Elements per step of each dimension.
    pub(super) strides: Vec<Ix<'c>>,
}

impl<'c> Layout<'c> {
    /// Builds what is needed to address `memref`.
    pub(super) fn new(rw: Rewriter<'c>, memref: Val<'c>) -> Self {
        let ty = memref.ty();
        let rank = ty.rank();
        let known = ty
            .strides_and_offset()
            .unwrap_or_else(|| (vec![DYNAMIC; rank], DYNAMIC));
        let all_known = known.1 != DYNAMIC && !known.0.contains(&DYNAMIC);
        let metadata = (!all_known).then(|| rw.memref_metadata(memref));
        let strides = (0..rank)
            .map(|dim| match (&metadata, known.0[dim]) {
                (Some((.., strides)), DYNAMIC) => Ix::Val(strides[dim]),
                (_, stride) => Ix::Const(stride),
            })
            .collect();
        let offset = match (&metadata, known.1) {
            (Some((_, offset, ..)), DYNAMIC) => Ix::Val(*offset),
            (_, offset) => Ix::Const(offset),
        };
        let flat = if rank == 1 && known == (vec![1], 0) {
            memref
        } else {
            // The size is a formality: no access is checked against it.
            let size = OpFold::Value(rw.const_index(i64::MAX));
            rw.memref_reinterpret_cast(memref, OpFold::Static(0), &[size], &[OpFold::Static(1)])
        };
        Self {
            flat,
            offset,
            strides,
        }
    }
}

/// How one operand moves over its memory.
#[derive(Clone)]
pub(super) struct Access<'c> {
    /// See [`Layout::flat`].
    pub(super) flat: Val<'c>,
    /// The element of point zero, without `divided`.
    pub(super) start: Ix<'c>,
    /// Elements per step of each axis, without `divided`.
    pub(super) strides: Vec<Ix<'c>>,
    /// Terms that divide: an expression over the axes, times a stride.
    pub(super) divided: Vec<(AffineExpr<'c>, Ix<'c>)>,
    /// The axes that the element depends on.
    pub(super) depends: Vec<bool>,
}

impl<'c> Access<'c> {
    /// The access of `map` to memory of that layout.
    ///
    /// An axis along which the operand stands still (stride zero) is one that an
    /// input does not depend on; an output depends on all axes of its map.
    pub(super) fn new(
        rw: Rewriter<'c>,
        layout: &Layout<'c>,
        map: AffineMap<'c>,
        output: bool,
    ) -> Self {
        let rank = map.dim_count();
        let mut access = Self {
            flat: layout.flat,
            start: layout.offset,
            strides: vec![Ix::ZERO; rank],
            divided: Vec::new(),
            depends: vec![false; rank],
        };
        for (expr, &stride) in map_results(map).into_iter().zip(&layout.strides) {
            let term = linear(expr, rank);
            match &term {
                Some((factors, constant)) => {
                    access.start = access.start.add(rw, stride.mul(rw, Ix::Const(*constant)));
                    for (total, &factor) in access.strides.iter_mut().zip(factors) {
                        *total = total.add(rw, stride.mul(rw, Ix::Const(factor)));
                    }
                }
                None => access.divided.push((expr, stride)),
            }
            for axis in 0..rank {
                access.depends[axis] |= expr.is_function_of_dim(axis) && (output || term.is_none());
            }
        }
        for axis in 0..rank {
            access.depends[axis] |= access.strides[axis].constant() != Some(0);
        }
        access
    }

    /// Whether `axis` goes through a division.
    pub(super) fn divides(&self, axis: usize) -> bool {
        self.divided
            .iter()
            .any(|(expr, _)| expr.is_function_of_dim(axis))
    }

    /// The address of a vector along `lanes`, whose first element is `element`.
    pub(super) fn address(&self, element: Ix<'c>, lanes: Option<usize>) -> Address<'c> {
        Address::strided(element, lanes.map_or(Ix::ZERO, |axis| self.strides[axis]))
    }
}

/// The scalar code of a kernel.
#[derive(Clone)]
pub(super) enum Body<'c> {
    /// A block with arguments (inputs…, accumulators…).
    Map(Blk<'c>),
    /// A block with arguments (accumulators…, inputs…).
    Merge(Blk<'c>),
}

impl<'c> Body<'c> {
    /// The block.
    pub(super) fn block(&self) -> Blk<'c> {
        match self {
            Self::Map(block) | Self::Merge(block) => *block,
        }
    }

    /// The block arguments that stand for the accumulators.
    pub(super) fn accumulators(&self, outs: usize) -> Vec<Val<'c>> {
        let args = self.block().args();
        match self {
            Self::Map(_) => args[args.len() - outs..].to_vec(),
            Self::Merge(_) => args[..outs].to_vec(),
        }
    }

    /// The block's arguments in order, for one point.
    pub(super) fn arrange<T>(&self, ins: Vec<T>, accumulators: Vec<T>) -> Vec<T> {
        match self {
            Self::Map(_) => ins.into_iter().chain(accumulators).collect(),
            Self::Merge(_) => accumulators.into_iter().chain(ins).collect(),
        }
    }
}

/// A nest over flat memory, with the schedule for it.
#[derive(Clone)]
pub(super) struct Kernel<'c> {
    /// The nest that is lowered; what is the same for the whole kernel goes before it.
    pub(super) anchor: Op<'c>,
    pub(super) axes: Vec<Axis<'c>>,
    pub(super) ins: Vec<Access<'c>>,
    pub(super) outs: Vec<Access<'c>>,
    /// Where the accumulators start: none, or a scalar per output.
    pub(super) inits: Vec<Val<'c>>,
    pub(super) body: Body<'c>,
    /// Merges two partial accumulators; arguments (accumulators…, parts…).
    pub(super) combine: Option<Blk<'c>>,
    /// The value of the first accumulator after which no point changes any.
    pub(super) absorbing: Option<Val<'c>>,
    /// Outputs whose combination is a floating-point sum.
    pub(super) sums: Vec<bool>,
    /// Memory that the body reads and writes by itself, by the key of the memref.
    pub(super) captured: Vec<(usize, Layout<'c>)>,
    pub(super) schedule: Schedule,
    /// Whether the first output is stored past the caches. It is contiguous along the lanes.
    pub(super) streams: bool,
}

impl<'c> Kernel<'c> {
    /// The number of axes.
    pub(super) fn rank(&self) -> usize {
        self.axes.len()
    }

    /// The layout of memory that the body names.
    pub(super) fn layout(&self, memref: Val<'c>) -> Option<&Layout<'c>> {
        self.captured
            .iter()
            .find(|(key, _)| *key == memref.key())
            .map(|(_, layout)| layout)
    }

    /// Whether lanes of a vector are different points: not so for scalar code.
    pub(super) fn width(&self) -> i64 {
        if self.rank() == 0 {
            1
        } else {
            self.schedule.vector
        }
    }
}
