//! Reductions over the rows, such as sums of columns and products `x.T @ y`.

use super::sums::Parts;
use crate::lower::versions::sums;
use crate::nest::{Combine, Nest, NestParts};
use crate::part::{elementwise, on_part, on_part_from, sizes_of};
use crate::schedule::IteratorKind;
use npir_mlir::prelude::*;

/// A nest that reduces along an axis.
pub(super) struct Reduction {
    pub(super) axis: usize,
    /// Whether it leaves more than one number for each output: vectors hold several of these, and go on from memory.
    several: bool,
}

impl Reduction {
    /// The outermost reduction of a nest that begins with initial values, and whose outputs are alike. Sums of
    /// floating-point numbers that leave a single number are none: they are compensated, from their first to their last
    /// element.
    pub(super) fn of(nest: Nest<'_>) -> Option<Self> {
        let kinds = nest.iterator_kinds();
        let axis = kinds.iter().position(|k| *k == IteratorKind::Reduction)?;
        let several = kinds
            .iter()
            .zip(nest.bounds())
            .any(|(kind, size)| *kind == IteratorKind::Parallel && size.as_static() != Some(1));
        let combine = nest.combine_block()?;
        let outputs = nest.outputs();
        let maps = nest.affine_maps();
        let maps = &maps[nest.inputs().len()..];
        let alike = outputs
            .windows(2)
            .all(|pair| pair[0].ty().dims() == pair[1].ty().dims())
            && maps.windows(2).all(|pair| pair[0] == pair[1]);
        let fits = alike
            && !nest.initial_values().is_empty()
            && !kinds.contains(&IteratorKind::Sequential)
            && nest.absorbing().is_none()
            && (several || !sums(combine).contains(&true));
        fits.then_some(Self { axis, several })
    }
}

impl Reduction {
    /// The nest on a block of the rows, which goes on from `targets`.
    pub(super) fn on_block<'c>(
        &self,
        rw: Rewriter<'c>,
        nest: Nest<'c>,
        bounds: &[OpFold<'c>],
        ins: &[Val<'c>],
        targets: &[Val<'c>],
    ) -> Nest<'c> {
        if self.several {
            return on_part_from(rw, nest, bounds, ins, targets, &[]);
        }
        // Vectors hold points of the rows, and begin with initial values.
        let like = |out: &Val<'c>| {
            let sizes = sizes_of(rw, *out)
                .into_iter()
                .filter_map(|size| match size {
                    OpFold::Static(_) => None,
                    OpFold::Value(size) => Some(size),
                });
            let sizes: Vec<_> = sizes.collect();
            let ty = rw.ctx().memref(&out.ty().dims(), out.ty().element());
            rw.memref_alloc(ty, &sizes)
        };
        let found: Vec<_> = targets.iter().map(like).collect();
        let new = on_part(rw, nest, bounds, ins, &found);
        if let (Some(first), Some(combine)) = (targets.first(), nest.combine_block()) {
            elementwise(
                rw,
                &sizes_of(rw, *first),
                &found,
                targets,
                |rw, found, sums| rw.inline_clone(combine, &[sums, found].concat()),
            );
        }
        new
    }
}

/// The memory of the chunks.
pub(super) struct Private<'c> {
    nest: Nest<'c>,
    /// For each output.
    parts: Vec<Parts<'c>>,
}

impl<'c> Private<'c> {
    pub(super) fn new(rw: Rewriter<'c>, nest: Nest<'c>, chunks: OpFold<'c>) -> Self {
        let outputs = nest.outputs().into_iter();
        let parts = outputs.map(|out| Parts::new(rw, out, chunks)).collect();
        Self { nest, parts }
    }

    /// Where a chunk adds, full of the initial values.
    pub(super) fn targets(&self, rw: Rewriter<'c>, chunk: Val<'c>) -> Vec<Val<'c>> {
        let begins = self.parts.iter().zip(self.nest.initial_values());
        begins
            .map(|(parts, value)| parts.begin(rw, chunk, value))
            .collect()
    }

    /// Merges the parts of all chunks into the outputs.
    pub(super) fn merge(&self, rw: Rewriter<'c>) {
        let (Some(first), Some(combine)) = (self.parts.first(), self.nest.combine_block()) else {
            return;
        };
        let (bounds, iterators) = first.space();
        let ins: Vec<_> = self.parts.iter().map(|parts| parts.all(rw)).collect();
        let outs = self.nest.outputs().into_iter().zip(&self.parts);
        let outs: Vec<_> = outs
            .map(|(out, parts)| (out, parts.map_of_one(rw)))
            .collect();
        let parts = NestParts {
            bounds: &bounds,
            iterators: &iterators,
            ins: &ins,
            outs: &outs,
            inits: &self.nest.initial_values(),
        };
        let merge = |rw: Rewriter<'c>, sums: &[Val<'c>], parts: &[Val<'c>]| {
            rw.inline_clone(combine, &[sums, parts].concat())
        };
        let whole: Combine<'_, 'c> = Box::new(merge);
        Nest::create(
            rw,
            &parts,
            |rw, parts, sums| merge(rw, sums, parts),
            Some(whole),
        );
    }
}
