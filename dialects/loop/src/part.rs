//! Nests on parts of their memory.

use crate::nest::{Combine, Nest, NestParts};
use crate::schedule::IteratorKind;
use npir_mlir::prelude::*;

/// Builds a nest that does what `nest` does, with other bounds, on other memory. It has no schedule.
pub(crate) fn on_part<'c>(
    rw: Rewriter<'c>,
    nest: Nest<'c>,
    bounds: &[OpFold<'c>],
    ins: &[Val<'c>],
    outs: &[Val<'c>],
) -> Nest<'c> {
    on_part_from(rw, nest, bounds, ins, outs, &nest.initial_values())
}

/// As [`on_part`], with other initial values: with none it goes on from what is in memory.
pub(crate) fn on_part_from<'c>(
    rw: Rewriter<'c>,
    nest: Nest<'c>,
    bounds: &[OpFold<'c>],
    ins: &[Val<'c>],
    outs: &[Val<'c>],
    inits: &[Val<'c>],
) -> Nest<'c> {
    let maps = nest.affine_maps();
    let (in_maps, out_maps) = maps.split_at(ins.len());
    let with = |memrefs: &[Val<'c>], maps: &[AffineMap<'c>]| -> Vec<_> {
        memrefs.iter().copied().zip(maps.iter().copied()).collect()
    };
    let parts = NestParts {
        bounds,
        iterators: &nest.iterator_kinds(),
        ins: &with(ins, in_maps),
        outs: &with(outs, out_maps),
        inits,
    };
    let inline = |rw: Rewriter<'c>, block: Blk<'c>, a: &[Val<'c>], b: &[Val<'c>]| {
        rw.inline_clone(block, &[a, b].concat())
    };
    let new = Nest::create(
        rw,
        &parts,
        |rw, ins, accumulators| inline(rw, nest.body_block(), ins, accumulators),
        nest.combine_block()
            .map(|block| -> Combine<'_, 'c> { Box::new(move |rw, a, b| inline(rw, block, a, b)) }),
    );
    if let Some(value) = nest.absorbing() {
        new.op().set_attr(Nest::ABSORBING, value);
    }
    new
}

/// Builds a nest that visits arrays of equal `sizes` element by element. The body is given the elements of `ins` and what
/// those of `outs` are, and gives what they become.
pub(crate) fn elementwise<'c>(
    rw: Rewriter<'c>,
    sizes: &[OpFold<'c>],
    ins: &[Val<'c>],
    outs: &[Val<'c>],
    body: impl FnOnce(Rewriter<'c>, &[Val<'c>], &[Val<'c>]) -> Vec<Val<'c>>,
) {
    let rank = sizes.len();
    let axes: Vec<_> = (0..rank).map(|d| rw.ctx().dim_expr(d)).collect();
    let map = rw.ctx().affine_map(rank, &axes);
    let at = |memrefs: &[Val<'c>]| -> Vec<_> { memrefs.iter().map(|m| (*m, map)).collect() };
    let parts = NestParts {
        bounds: sizes,
        iterators: &vec![IteratorKind::Parallel; rank],
        ins: &at(ins),
        outs: &at(outs),
        inits: &[],
    };
    Nest::create(rw, &parts, body, None);
}

/// Copies an array into another one, element by element.
pub(crate) fn copy<'c>(rw: Rewriter<'c>, from: Val<'c>, to: Val<'c>) {
    elementwise(rw, &sizes_of(rw, from), &[from], &[to], |_, ins, _| {
        ins.to_vec()
    });
}

/// The sizes of a memref.
pub(crate) fn sizes_of<'c>(rw: Rewriter<'c>, memref: Val<'c>) -> Vec<OpFold<'c>> {
    let rank = memref.ty().rank();
    (0..rank).map(|d| size_of(rw, memref, d)).collect()
}

/// The size of a memref along a dimension.
pub(crate) fn size_of<'c>(rw: Rewriter<'c>, memref: Val<'c>, dim: usize) -> OpFold<'c> {
    match memref.ty().dims()[dim] {
        DYNAMIC => OpFold::Value(rw.memref_dim(memref, dim)),
        n => OpFold::Static(n),
    }
}

/// `memref` from an element on along some dimensions: `(dimension, begin, size)`.
pub(crate) fn range<'c>(
    rw: Rewriter<'c>,
    memref: Val<'c>,
    ranges: &[(usize, Val<'c>, OpFold<'c>)],
) -> Val<'c> {
    let (base, offset, _, strides) = rw.memref_metadata(memref);
    let known = memref.ty().strides_and_offset();
    let fixed = |n: i64, value| match n {
        DYNAMIC => OpFold::Value(value),
        n => OpFold::Static(n),
    };
    let (steps, first) = known.unwrap_or_else(|| (vec![DYNAMIC; strides.len()], DYNAMIC));
    let strides: Vec<_> = steps
        .into_iter()
        .zip(strides)
        .map(|(n, v)| fixed(n, v))
        .collect();
    let mut offset = fixed(first, offset);
    for &(dim, begin, _) in ranges {
        offset = rw.fold_add(offset, rw.fold_mul(OpFold::Value(begin), strides[dim]));
    }
    let size = |d: usize| match ranges.iter().find(|(dim, ..)| *dim == d) {
        Some(&(.., size)) => size,
        None => size_of(rw, memref, d),
    };
    let sizes: Vec<_> = (0..strides.len()).map(size).collect();
    rw.memref_reinterpret_cast(base, offset, &sizes, &strides)
}

/// Adds `begin` to a position.
pub(crate) fn shift<'c>(index: Op<'c>, begin: Val<'c>) {
    let position = index.result_value(0);
    let users = position.uses();
    rewrite_at(index, |rw| {
        rw.after(index);
        let moved = rw.addi(position, begin);
        for user in users {
            user.op.set_operand(user.operand, moved);
        }
    });
}
