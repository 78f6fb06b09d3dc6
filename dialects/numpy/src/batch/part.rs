//! Parts of arrays that belong to the iterations of a loop.

use npir_mlir::prelude::*;

use crate::indexing::{Bound, Item};

/// Which part of a carried array belongs to an iteration: the items of an index, one of which is the counter.
#[derive(Clone, PartialEq)]
pub(super) struct Part<'c> {
    /// One for each dimension.
    pub(super) items: Vec<Item>,
    /// The values of bounds that are operands, but the counter.
    pub(super) bounds: Vec<Val<'c>>,
    /// The dimension that the counter selects.
    pub(super) axis: usize,
}

/// Positions of the counter's axis.
#[derive(Clone, Copy)]
pub(super) enum Range {
    /// From one to another.
    Known(i64, i64),
    /// All that there are; only the run knows how many.
    All,
}

impl<'c> Part<'c> {
    /// The parts of all iterations: the axis of the counter, sliced.
    pub(super) fn all(&self, range: Range) -> Vec<Item> {
        let mut items = self.items.clone();
        items[self.axis] = match range {
            Range::All => Item::ALL,
            Range::Known(low, high) => Item::Slice {
                start: Some(Bound::Static(low)),
                stop: Some(Bound::Static(high)),
                step: None,
            },
        };
        items
    }

    /// Where the axis of the counter is in the array of the parts of all iterations.
    pub(super) fn place(&self) -> usize {
        let before = self.items[..self.axis].iter();
        before
            .filter(|item| !matches!(item, Item::Index(_)))
            .count()
    }
}
