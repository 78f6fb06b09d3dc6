//! The geometry that `view` and `insert_view` share: which elements of a tensor a strided view
//! walks, in mixed static and run-time numbers.

use npir_mlir::prelude::*;

use crate::mixed;

/// Offsets, sizes, steps and dims of a view:
/// `result[i…] = source[off_d + Σ_{j: dims[j] = d} i_j · step_j]`.
#[derive(Clone, Debug)]
pub struct Geometry<'c> {
    /// First element, one per source dimension.
    pub offsets: Vec<OpFold<'c>>,
    /// Extents of the result.
    pub sizes: Vec<OpFold<'c>>,
    /// Elements of the source between neighbours, one per result dimension. Without effect
    /// where `dims` says that the dimension repeats.
    pub steps: Vec<OpFold<'c>>,
    /// The source dimension that each result dimension walks; -1 where it repeats.
    pub dims: Vec<i64>,
}

impl<'c> Geometry<'c> {
    /// The type of the view on an element type.
    pub fn result_type(&self, ctx: &'c Context, element: Type<'c>) -> Type<'c> {
        ctx.tensor(&mixed::statics(&self.sizes), element)
    }

    /// The result dimensions that walk source dimension `d`.
    fn walkers(&self, d: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.dims.len()).filter(move |&j| self.dims[j] == d as i64)
    }

    /// Checks lengths, dims and, where all numbers are static, bounds against the source.
    pub fn verify(&self, source: &[i64]) -> Result<(), String> {
        let rank = source.len();
        if self.offsets.len() != rank {
            return Err(format!(
                "expects one offset per source dimension, got {} for rank {rank}",
                self.offsets.len()
            ));
        }
        let n = self.sizes.len();
        if self.steps.len() != n || self.dims.len() != n {
            return Err(format!(
                "expects as many steps and dims as sizes, got {} sizes, {} steps and {} dims",
                n,
                self.steps.len(),
                self.dims.len()
            ));
        }
        if let Some(d) = self.dims.iter().find(|&&d| d < -1 || d >= rank as i64) {
            return Err(format!("dims has {d}, but the source has rank {rank}"));
        }
        if let Some(size) = mixed::statics(&self.sizes)
            .iter()
            .find(|&&s| s < 0 && s != DYNAMIC)
        {
            return Err(format!("has the negative size {size}"));
        }
        if self.sizes.iter().any(|&s| mixed::is(s, 0)) {
            return Ok(()); // walks nothing
        }
        for (d, &extent) in source.iter().enumerate() {
            let Some((low, high)) = self.range(d) else {
                continue;
            };
            if low < 0 || (extent != DYNAMIC && high >= extent) {
                return Err(format!(
                    "walks elements {low} to {high} of source dimension {d}, which has size {}",
                    mixed::extent_text(extent)
                ));
            }
        }
        Ok(())
    }

    /// The smallest and largest static coordinate in source dimension `d`.
    fn range(&self, d: usize) -> Option<(i64, i64)> {
        let OpFold::Static(offset) = self.offsets[d] else {
            return None;
        };
        let (mut low, mut high) = (offset, offset);
        for j in self.walkers(d) {
            let (OpFold::Static(size), OpFold::Static(step)) = (self.sizes[j], self.steps[j])
            else {
                return None;
            };
            let last = size.checked_sub(1)?.checked_mul(step)?;
            low = low.checked_add(last.min(0))?;
            high = high.checked_add(last.max(0))?;
        }
        Some((low, high))
    }

    /// Whether the view is its source: same dimensions in order, from the first element, whole.
    /// `extent(d)` is the extent of source dimension `d` where known.
    pub fn is_identity(&self, rank: usize, extent: impl Fn(usize) -> Option<OpFold<'c>>) -> bool {
        self.dims.len() == rank
            && (0..rank).all(|d| {
                self.dims[d] == d as i64
                    && mixed::is(self.offsets[d], 0)
                    && (mixed::is(self.steps[d], 1) || mixed::is(self.sizes[d], 1))
                    && extent(d).is_some_and(|e| mixed::same(e, self.sizes[d]))
            })
    }

    /// `self` of a view with geometry `inner`, as one view of the inner source.
    pub fn compose(&self, rw: Rewriter<'c>, inner: &Self) -> Self {
        let mut offsets = inner.offsets.clone();
        for (j, &offset) in self.offsets.iter().enumerate() {
            if let Ok(d) = usize::try_from(inner.dims[j]) {
                let scaled = mixed::mul(rw, offset, inner.steps[j]);
                offsets[d] = mixed::add(rw, offsets[d], scaled);
            }
        }
        let mut steps = Vec::with_capacity(self.dims.len());
        let mut dims = Vec::with_capacity(self.dims.len());
        for (k, &j) in self.dims.iter().enumerate() {
            let d = usize::try_from(j).map_or(-1, |j| inner.dims[j]);
            dims.push(d);
            steps.push(if d < 0 {
                OpFold::Static(0)
            } else {
                mixed::mul(rw, self.steps[k], inner.steps[j as usize])
            });
        }
        Geometry {
            offsets,
            sizes: self.sizes.clone(),
            steps,
            dims,
        }
    }

    /// The view of a buffer: a reinterpret_cast that shares its memory.
    pub fn of_buffer(&self, rw: Rewriter<'c>, buffer: Val<'c>) -> Val<'c> {
        let mixed::Layout {
            mut offset,
            strides,
            ..
        } = mixed::layout(rw, buffer);
        // Backwards through nothing starts before the buffer, which MLIR does not let a constant say. A view
        // without elements may begin anywhere.
        if self.sizes.iter().any(|&size| mixed::is(size, 0)) {
            offset = OpFold::Static(0);
        } else {
            for (&first, &stride) in self.offsets.iter().zip(&strides) {
                let distance = mixed::mul(rw, first, stride);
                offset = mixed::add(rw, offset, distance);
            }
            // How many elements it has may be known only at run time; what begins before the buffer has none.
            if matches!(offset, OpFold::Static(n) if n < 0) {
                offset = OpFold::Static(0);
            }
        }
        let strides: Vec<_> = self
            .dims
            .iter()
            .zip(&self.steps)
            .map(|(&d, &step)| match usize::try_from(d) {
                Ok(d) => mixed::mul(rw, step, strides[d]),
                Err(_) => OpFold::Static(0),
            })
            .collect();
        rw.memref_reinterpret_cast(buffer, offset, &self.sizes, &strides)
    }
}
