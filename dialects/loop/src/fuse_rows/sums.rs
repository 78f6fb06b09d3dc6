//! Sums over the rows: chunks of the rows sum into memory of their own, on several threads, and the parts are merged in
//! order.
//!
//! How many chunks there are depends on sizes alone, so that results do not depend on the number of threads.

use super::late::keep_within;
use super::reduction::{self, Reduction};
use super::scatter::{self, Scatter, retarget};
use crate::lower::index::Ix;
use crate::nest::Nest;
use crate::part::{elementwise, on_part, size_of};
use crate::schedule::IteratorKind;
use npir_mlir::prelude::*;

/// The most chunks.
const MOST_CHUNKS: i64 = 64;
/// How many points a chunk has at least for each place of its memory.
const POINTS_PER_PLACE: i64 = 8;
/// Fewest points of a chunk.
const LEAST_POINTS: i64 = 1 << 15;

/// What a nest sums over the rows.
pub(super) enum Sums<'c> {
    /// At places that are known at run time. Where these are many, there is one chunk, and no memory of its own.
    At(Scatter<'c>),
    /// To the same places for every row.
    All(Reduction),
}

impl<'c> Sums<'c> {
    /// Where the sums go.
    fn dests(&self, nest: Nest<'c>) -> Vec<Val<'c>> {
        match self {
            Self::At(scatter) => vec![scatter.dest],
            Self::All(_) => nest.outputs(),
        }
    }

    /// The axis of the rows.
    fn axis(&self) -> usize {
        match self {
            Self::At(_) => 0,
            Self::All(reduction) => reduction.axis,
        }
    }

    /// Whether the rows may make more than one chunk.
    pub(super) fn may_be_cut(&self, nest: Nest<'c>) -> bool {
        let points = product(nest.bounds().into_iter().map(|n| n.as_static()));
        let places = |dest: Val<'c>| {
            let dims = dest.ty().dims().into_iter();
            product(dims.map(|n| (n != DYNAMIC).then_some(n)))
        };
        points.is_none_or(|points| {
            let few = |places: i64| places.saturating_mul(2 * POINTS_PER_PLACE) <= points;
            let mut dests = self.dests(nest).into_iter();
            points >= 2 * LEAST_POINTS && dests.all(|dest| places(dest).is_none_or(few))
        })
    }

    /// How many chunks `rows` rows make, at least one.
    pub(super) fn chunks(&self, rw: Rewriter<'c>, nest: Nest<'c>, rows: OpFold<'c>) -> Ix<'c> {
        let places = self.dests(nest).into_iter().map(|dest| {
            let sizes = (0..dest.ty().rank()).map(|d| Ix::from(size_of(rw, dest, d)));
            sizes.fold(Ix::ONE, |size, n| size.mul(rw, n))
        });
        let places = places.fold(Ix::ONE, |most, n| most.max(rw, n));
        let others = nest.bounds().into_iter().enumerate();
        let others = others.filter(|(axis, _)| *axis != self.axis());
        let points = others.fold(Ix::from(rows), |points, (_, n)| points.mul(rw, n.into()));
        let by_places = points.div(rw, Ix::Const(POINTS_PER_PLACE)).div(rw, places);
        let by_points = points.div(rw, Ix::Const(LEAST_POINTS));
        let most = by_places.min(rw, by_points);
        most.min(rw, Ix::Const(MOST_CHUNKS)).max(rw, Ix::ONE)
    }

    /// Memory for the sums of each chunk.
    pub(super) fn private(
        &self,
        rw: Rewriter<'c>,
        nest: Nest<'c>,
        chunks: OpFold<'c>,
    ) -> Private<'c> {
        match self {
            Self::At(scatter) => Private::At(scatter::Private::new(rw, scatter, chunks)),
            Self::All(_) => Private::All(reduction::Private::new(rw, nest, chunks)),
        }
    }

    /// The nest on a block of the rows, which adds to `targets`. Where places are `unchecked` it adds to others than it
    /// should rather than outside of what there is.
    pub(super) fn on_block(
        &self,
        rw: Rewriter<'c>,
        nest: Nest<'c>,
        bounds: &[OpFold<'c>],
        ins: &[Val<'c>],
        targets: &[Val<'c>],
        unchecked: bool,
    ) -> Nest<'c> {
        match self {
            Self::At(scatter) => {
                let dest = scatter.dest;
                let sizes = (0..dest.ty().rank()).map(|d| size_of(rw, dest, d));
                let sizes: Vec<_> = sizes.map(|size| rw.materialize(size)).collect();
                let mut bounds = bounds.to_vec();
                if unchecked {
                    // Nothing is added to nothing.
                    let (zero, one) = (rw.const_index(0), rw.const_index(1));
                    let smallest = sizes.iter().fold(one, |least, size| rw.minsi(least, *size));
                    let empty = rw.cmpi(CmpI::Eq, smallest, zero);
                    let rows = rw.materialize(bounds[0]);
                    bounds[0] = OpFold::Value(rw.select(empty, zero, rows));
                }
                let new = on_part(rw, nest, &bounds, ins, &[]);
                if unchecked {
                    keep_within(new, dest, &sizes);
                }
                retarget(new, dest, targets[0]);
                new
            }
            Self::All(reduction) => reduction.on_block(rw, nest, bounds, ins, targets),
        }
    }
}

/// The memory of the chunks of a nest.
pub(super) enum Private<'c> {
    At(scatter::Private<'c>),
    All(reduction::Private<'c>),
}

impl<'c> Private<'c> {
    /// Where a chunk adds, with what it begins with.
    pub(super) fn targets(&self, rw: Rewriter<'c>, chunk: Val<'c>) -> Vec<Val<'c>> {
        match self {
            Self::At(private) => vec![private.target(rw, chunk)],
            Self::All(private) => private.targets(rw, chunk),
        }
    }

    /// Merges what the chunks have.
    pub(super) fn merge(&self, rw: Rewriter<'c>) {
        match self {
            Self::At(private) => private.merge(rw),
            Self::All(private) => private.merge(rw),
        }
    }
}

/// Memory for an array like another one for each chunk, one after the other.
pub(super) struct Parts<'c> {
    memory: Val<'c>,
    /// The sizes and strides of one.
    sizes: Vec<OpFold<'c>>,
    strides: Vec<OpFold<'c>>,
    size: OpFold<'c>,
    chunks: OpFold<'c>,
}

impl<'c> Parts<'c> {
    pub(super) fn new(rw: Rewriter<'c>, like: Val<'c>, chunks: OpFold<'c>) -> Self {
        let rank = like.ty().rank();
        let sizes: Vec<_> = (0..rank).map(|d| size_of(rw, like, d)).collect();
        let mut strides = vec![OpFold::Static(1); rank];
        let mut size = OpFold::Static(1);
        for d in (0..rank).rev() {
            strides[d] = size;
            size = rw.fold_mul(size, sizes[d]);
        }
        let element = like.ty().element();
        let memory = match rw.fold_mul(chunks, size) {
            OpFold::Static(n) => rw.memref_alloc(rw.ctx().memref(&[n], element), &[]),
            OpFold::Value(n) => rw.memref_alloc(rw.ctx().memref(&[DYNAMIC], element), &[n]),
        };
        Self {
            memory,
            sizes,
            strides,
            size,
            chunks,
        }
    }

    /// Elements per step of each dimension of one.
    pub(super) fn strides(&self) -> &[OpFold<'c>] {
        &self.strides
    }

    /// That of one chunk, full of `value`.
    pub(super) fn begin(&self, rw: Rewriter<'c>, chunk: Val<'c>, value: Val<'c>) -> Val<'c> {
        let (base, ..) = rw.memref_metadata(self.memory);
        let offset = rw.fold_mul(OpFold::Value(chunk), self.size);
        let part = rw.memref_reinterpret_cast(base, offset, &self.sizes, &self.strides);
        elementwise(rw, &self.sizes, &[], &[part], |_, _, _| vec![value]);
        part
    }

    /// The points of all of them: those of one along the first axes, the chunks along the last.
    pub(super) fn space(&self) -> (Vec<OpFold<'c>>, Vec<IteratorKind>) {
        let bounds = [&self.sizes[..], &[self.chunks]].concat();
        let mut iterators = vec![IteratorKind::Parallel; self.sizes.len()];
        iterators.push(IteratorKind::Reduction);
        (bounds, iterators)
    }

    /// All of them as one array, and where each point of [`Parts::space`] is in it.
    pub(super) fn all(&self, rw: Rewriter<'c>) -> (Val<'c>, AffineMap<'c>) {
        let rank = self.sizes.len();
        let (base, ..) = rw.memref_metadata(self.memory);
        let sizes = [&[self.chunks], &self.sizes[..]].concat();
        let strides = [&[self.size], &self.strides[..]].concat();
        let all = rw.memref_reinterpret_cast(base, OpFold::Static(0), &sizes, &strides);
        let place = [&[rw.ctx().dim_expr(rank)], &axes(rw, rank)[..]].concat();
        (all, rw.ctx().affine_map(rank + 1, &place))
    }

    /// Where each point of [`Parts::space`] is in an array like one of them.
    pub(super) fn map_of_one(&self, rw: Rewriter<'c>) -> AffineMap<'c> {
        let rank = self.sizes.len();
        rw.ctx().affine_map(rank + 1, &axes(rw, rank))
    }
}

/// The product of sizes; `None` where one is known at run time.
fn product(mut sizes: impl Iterator<Item = Option<i64>>) -> Option<i64> {
    sizes.try_fold(1i64, |product, n| Some(product.saturating_mul(n?)))
}

fn axes<'c>(rw: Rewriter<'c>, count: usize) -> Vec<AffineExpr<'c>> {
    (0..count).map(|d| rw.ctx().dim_expr(d)).collect()
}
