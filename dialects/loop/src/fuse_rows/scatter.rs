//! Sums at places that are known at run time: `np.add.at`, `np.bincount`, histograms.
//!
//! Chunks of the rows sum into memory of their own, on several threads, and the parts are added in order. How many
//! chunks there are depends on sizes alone, so that results do not depend on the number of threads. Where the places are
//! many, there is one chunk, and no memory of its own.

use crate::nest::{Nest, NestParts};
use crate::part::size_of;
use crate::schedule::IteratorKind;
use npir_mlir::prelude::*;

/// The most chunks.
const MOST_CHUNKS: i64 = 64;
/// How many rows a chunk has at least for each place of its memory.
const ROWS_PER_PLACE: i64 = 8;
/// Fewest rows of a chunk.
const LEAST_ROWS: i64 = 1 << 15;

/// A nest that adds each row of something to the places that it has for it.
pub(super) struct Scatter<'c> {
    pub(super) dest: Val<'c>,
    add: &'c str,
}

impl<'c> Scatter<'c> {
    /// What a nest does that walks rows in order, and otherwise independent points, and stores nothing but such sums.
    pub(super) fn of(nest: Nest<'c>) -> Option<Self> {
        let kinds = nest.iterator_kinds();
        let (first, others) = kinds.split_first()?;
        if *first != IteratorKind::Sequential
            || !others.iter().all(|kind| *kind == IteratorKind::Parallel)
            || !nest.outputs().is_empty()
        {
            return None;
        }
        let (stores, loads) = (
            nest.op().find_all("memref.store"),
            nest.op().find_all("memref.load"),
        );
        let [store] = stores[..] else {
            return None;
        };
        let (sum, dest) = (store.operand(0), store.operand(1));
        let mut of_dest = loads.iter().filter(|op| op.operand(0).key() == dest.key());
        let (load, None) = (*of_dest.next()?, of_dest.next()) else {
            return None;
        };
        let keys = |op: Op<'c>, from| -> Vec<usize> {
            let places = op.operand_values();
            places[from..].iter().map(|place| place.key()).collect()
        };
        let add = sum.defining_op()?;
        let old = load.result_value(0);
        let adds = matches!(add.name(), "arith.addf" | "arith.addi")
            && add.operand_values().iter().any(|v| v.key() == old.key())
            && old.has_one_use()
            && sum.has_one_use();
        (adds && keys(store, 2) == keys(load, 1)).then_some(Self {
            dest,
            add: add.name(),
        })
    }

    /// The number of places; `None` where it is known at run time.
    pub(super) fn places(&self) -> Option<i64> {
        let dims = self.dest.ty().dims();
        dims.into_iter().try_fold(1i64, |places, n| {
            (n != DYNAMIC).then(|| places.saturating_mul(n))
        })
    }

    /// Whether so many rows may make more than one chunk.
    pub(super) fn may_be_cut(&self, rows: Option<i64>) -> bool {
        let enough = rows.is_none_or(|rows| rows >= 2 * LEAST_ROWS);
        let few = match (self.places(), rows) {
            (Some(places), Some(rows)) => places.saturating_mul(2 * ROWS_PER_PLACE) <= rows,
            _ => true,
        };
        enough && few
    }
}

/// How many chunks `rows` rows make, at least one.
pub(super) fn chunks<'c>(rw: Rewriter<'c>, scatters: &[&Scatter<'c>], rows: Val<'c>) -> Val<'c> {
    let index = |n| rw.const_index(n);
    let mut places = index(1);
    for scatter in scatters {
        let sizes = (0..scatter.dest.ty().rank()).map(|d| size_of(rw, scatter.dest, d));
        let size = sizes.fold(OpFold::Static(1), |size, n| rw.fold_mul(size, n));
        places = rw.maxsi(places, rw.materialize(size));
    }
    let by_places = rw.divsi(rw.divsi(rows, index(ROWS_PER_PLACE)), places);
    let by_rows = rw.divsi(rows, index(LEAST_ROWS));
    let most = rw.minsi(rw.minsi(by_places, by_rows), index(MOST_CHUNKS));
    rw.maxsi(most, index(1))
}

/// The memory of the chunks.
pub(super) struct Private<'c> {
    dest: Val<'c>,
    add: &'c str,
    /// Of each chunk the parts, one after the other.
    parts: Val<'c>,
    /// The sizes and strides of one.
    sizes: Vec<OpFold<'c>>,
    strides: Vec<OpFold<'c>>,
    size: OpFold<'c>,
    chunks: Val<'c>,
    /// Whether there is more than one chunk.
    several: Val<'c>,
}

impl<'c> Private<'c> {
    pub(super) fn new(rw: Rewriter<'c>, scatter: &Scatter<'c>, chunks: Val<'c>) -> Self {
        let dest = scatter.dest;
        let rank = dest.ty().rank();
        let sizes: Vec<_> = (0..rank).map(|d| size_of(rw, dest, d)).collect();
        let mut strides = vec![OpFold::Static(1); rank];
        let mut size = OpFold::Static(1);
        for d in (0..rank).rev() {
            strides[d] = size;
            size = rw.fold_mul(size, sizes[d]);
        }
        let several = rw.cmpi(CmpI::Sgt, chunks, rw.const_index(1));
        let count = rw.select(several, chunks, rw.const_index(0));
        let elements = rw.muli(count, rw.materialize(size));
        let ty = rw.ctx().memref(&[DYNAMIC], dest.ty().element());
        let parts = rw.memref_alloc(ty, &[elements]);
        Self {
            dest,
            add: scatter.add,
            parts,
            sizes,
            strides,
            size,
            chunks,
            several,
        }
    }

    /// All parts as one array, the chunks first, or that of one chunk.
    fn view(&self, rw: Rewriter<'c>, chunk: Option<Val<'c>>) -> Val<'c> {
        let (base, ..) = rw.memref_metadata(self.parts);
        match chunk {
            Some(chunk) => {
                let offset = rw.fold_mul(OpFold::Value(chunk), self.size);
                rw.memref_reinterpret_cast(base, offset, &self.sizes, &self.strides)
            }
            None => {
                let sizes = [&[OpFold::Value(self.chunks)], &self.sizes[..]].concat();
                let strides = [&[self.size], &self.strides[..]].concat();
                rw.memref_reinterpret_cast(base, OpFold::Static(0), &sizes, &strides)
            }
        }
    }

    fn axes(&self, rw: Rewriter<'c>) -> Vec<AffineExpr<'c>> {
        let ctx = rw.ctx();
        (0..self.sizes.len()).map(|d| ctx.dim_expr(d)).collect()
    }

    /// Where a chunk adds: zeros of its own, or what there is.
    pub(super) fn target(&self, rw: Rewriter<'c>, chunk: Val<'c>) -> Val<'c> {
        let ty = self.dest.ty();
        let anywhere = rw.ctx().memref_any_layout(&ty.dims(), ty.element());
        let own = |rw: Rewriter<'c>| {
            let part = self.view(rw, Some(chunk));
            let rank = self.sizes.len();
            let map = rw.ctx().affine_map(rank, &self.axes(rw));
            let parts = NestParts {
                bounds: &self.sizes,
                iterators: &vec![IteratorKind::Parallel; rank],
                ins: &[],
                outs: &[(part, map)],
                inits: &[],
            };
            Nest::create(
                rw,
                &parts,
                |rw, _, _| vec![rw.const_number(ty.element(), 0)],
                None,
            );
            vec![rw.memref_cast(part, anywhere)]
        };
        let shared = |rw: Rewriter<'c>| vec![rw.memref_cast(self.dest, anywhere)];
        rw.scf_if(self.several, &[anywhere], own, shared)[0]
    }

    /// Adds the parts to what there was.
    pub(super) fn merge(&self, rw: Rewriter<'c>) {
        rw.scf_when(self.several, |rw| {
            let ctx = rw.ctx();
            let rank = self.sizes.len();
            let axes = self.axes(rw);
            let all = [&[ctx.dim_expr(rank)], &axes[..]].concat();
            let bounds = [&self.sizes[..], &[OpFold::Value(self.chunks)]].concat();
            let mut iterators = vec![IteratorKind::Parallel; rank];
            iterators.push(IteratorKind::Reduction);
            let parts = NestParts {
                bounds: &bounds,
                iterators: &iterators,
                ins: &[(self.view(rw, None), ctx.affine_map(rank + 1, &all))],
                outs: &[(self.dest, ctx.affine_map(rank + 1, &axes))],
                inits: &[],
            };
            Nest::create(
                rw,
                &parts,
                |rw, ins, sums| {
                    let add = rw.op(self.add).operands(&[sums[0], ins[0]]);
                    vec![add.results(&[sums[0].ty()]).build_value()]
                },
                None,
            );
        });
    }
}

/// Lets a nest that adds to `dest` add to `target`.
pub(super) fn retarget<'c>(nest: Nest<'c>, dest: Val<'c>, target: Val<'c>) {
    for (name, operand) in [("memref.load", 0), ("memref.store", 1)] {
        for op in nest.op().find_all(name) {
            if op.operand(operand).key() == dest.key() {
                op.set_operand(operand, target);
            }
        }
    }
}
