//! How large blocks are.

use crate::scheduler::{CONTRACTION_COLUMNS, CONTRACTION_ROWS, L2_SHARE, UNCACHED};
use npir_mlir::prelude::*;

/// Bytes of the rows of a block, of all operands together.
const BLOCK_BYTES: i64 = L2_SHARE / 2;
/// Fewest rows of a block.
const LEAST_ROWS: i64 = 4;
/// Bytes that all blocks use of which the second level of the cache keeps the most, beside the rows of a block.
const L2_CROWDED: i64 = 2 * L2_SHARE;
/// Fewest rows of a block in that case.
const CROWDED_ROWS: i64 = 16;
/// Fewest rows of a block that are reduced, for each time that sums are read and written.
pub(super) const REDUCED_ROWS: i64 = 32;
/// Least bytes of a block of rows that several axes number: what it costs to begin a block is small beside it.
const LEAST_BLOCK_BYTES: i64 = 1 << 14;
/// Most bytes of a tile, of all operands together.
const TILE_BYTES: i64 = 2 * L2_SHARE;
/// Most bytes of a band of rows, of all operands together: in the second level of the cache and a share of the last.
const BAND_BYTES: i64 = 16 * L2_SHARE;
/// Most bytes that every band reads again, from the last level of the cache.
const MOST_SHARED: i64 = UNCACHED / 2;
/// Rows of a block are better a multiple of this: as many as kernels have in flight.
const ROW_STEP: i64 = 8;
/// Columns of a tile are a multiple of this: vectors of the widest registers.
const COLUMN_STEP: i64 = 32;
/// Fewest blocks: enough to balance threads.
const LEAST_BLOCKS: i64 = 16;

/// What a block is, of the points of the axes that number rows. One point of each axis before those that are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A range of the last axis that takes most of the cache: products of matrices of which something needs whole rows, such
    /// as another product.
    Bands,
    /// A range of the last axis but one, rows, and of the last, columns: products of matrices, of which a tile is left in
    /// the cache for what comes next.
    Tiles,
    /// A range of the last axis.
    Rows,
}

impl Shape {
    /// All of them, the one that costs least the last.
    pub(super) const ALL: [Self; 3] = [Self::Bands, Self::Tiles, Self::Rows];

    /// Whether rows that so many axes number can have blocks of this shape.
    pub(super) fn suits(self, depth: usize) -> bool {
        depth >= if self == Self::Tiles { 2 } else { 1 }
    }

    /// The first of the axes along which a block extends, which blocks that follow each other move along.
    pub(super) fn run(self, depth: usize) -> usize {
        match self {
            Self::Rows | Self::Bands => depth - 1,
            Self::Tiles => depth - 2,
        }
    }
}

/// Bytes of what a group uses. A point is one of all axes that number rows.
#[derive(Clone, Copy, Default)]
pub(super) struct Size {
    /// What moves with each axis of a block, for each point.
    pub(super) row: i64,
    /// What each block uses for several of its points.
    pub(super) whole: i64,
    /// What members find in the cache, for each point: once for each that does.
    pub(super) saved: i64,
    /// Fewest rows of a block for members.
    pub(super) least: i64,
}

impl Size {
    /// How far blocks that stay in the cache extend along each of the axes, whose sizes are `counts`; `None` where that
    /// makes too few of them, or too small ones.
    pub(super) fn blocks(self, shape: Shape, counts: &[OpFold<'_>]) -> Option<Vec<i64>> {
        let sizes: Vec<_> = counts.iter().map(|n| n.as_static()).collect();
        match shape {
            Shape::Rows => {
                let most = BLOCK_BYTES / self.row.max(1);
                self.rows(&sizes, most, self.least_rows())
            }
            Shape::Bands if self.whole > MOST_SHARED => None,
            Shape::Bands => {
                let most = (BAND_BYTES / self.row.max(1)).min(CONTRACTION_ROWS);
                self.rows(&sizes, most, CONTRACTION_ROWS)
            }
            Shape::Tiles => self.tile(&sizes),
        }
    }

    /// At most and at least so many rows.
    fn rows(self, sizes: &[Option<i64>], mut most: i64, least: i64) -> Option<Vec<i64>> {
        let (last, outer) = sizes.split_last()?;
        if let Some(total) = product(sizes) {
            most = most.min(total / LEAST_BLOCKS);
        }
        if let Some(n) = *last {
            most = most.min(n);
        }
        let bytes = most.saturating_mul(self.row);
        let enough = outer.is_empty() || bytes >= LEAST_BLOCK_BYTES;
        if !enough || most < least {
            return None;
        }
        let even = even(*last, most, &[ROW_STEP, 4, 1]).filter(|rows| *rows >= least);
        let mut blocks = vec![1; outer.len()];
        blocks.push(even.unwrap_or(most));
        Some(blocks)
    }

    /// What each block reads again comes from the second level of the cache, most of it, or is worth it.
    fn least_rows(self) -> i64 {
        let least = match self.whole {
            whole if whole <= L2_SHARE => LEAST_ROWS,
            whole if whole <= L2_CROWDED => CROWDED_ROWS,
            _ => CONTRACTION_ROWS,
        };
        least.max(self.least)
    }

    fn tile(self, sizes: &[Option<i64>]) -> Option<Vec<i64>> {
        let [outer @ .., rows, columns] = sizes else {
            return None;
        };
        let mut blocks = vec![1; outer.len()];
        let near = |n: Option<i64>, wanted: i64, step| {
            let even = n.and_then(|_| even(n, wanted + wanted / 2, &[step]));
            even.unwrap_or(wanted)
        };
        blocks.push(near(*rows, CONTRACTION_ROWS, ROW_STEP));
        blocks.push(near(*columns, CONTRACTION_COLUMNS, COLUMN_STEP));
        let points: i64 = blocks.iter().product();
        let counts = sizes.iter().zip(&blocks);
        let counts: Vec<_> = counts
            .map(|(n, block)| Some((*n)? / block + i64::from((*n)? % block != 0)))
            .collect();
        let enough = product(&counts).is_none_or(|blocks| blocks >= LEAST_BLOCKS);
        (enough && self.row.saturating_mul(points) <= TILE_BYTES).then_some(blocks)
    }
}

/// The product of sizes; `None` where one is known at run time.
pub(super) fn product(sizes: &[Option<i64>]) -> Option<i64> {
    let mut sizes = sizes.iter();
    sizes.try_fold(1i64, |total, n| Some(total.saturating_mul((*n)?)))
}

/// The most points, at most `most` and more than half of that, that divide all `n`, if that is known, and are a multiple of the
/// first of `steps` for which there are such.
fn even(n: Option<i64>, most: i64, steps: &[i64]) -> Option<i64> {
    let divides = |points: &i64| n.is_none_or(|n| n % points == 0);
    steps.iter().find_map(|step| {
        let mut fitting = (most / 2 + 1..=most).rev();
        fitting.find(|points| points % step == 0 && divides(points))
    })
}
