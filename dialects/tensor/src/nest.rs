//! Building `loop.nest`s from buffers.

use npir_loop::{Index, IteratorKind, Nest, NestParts};
use npir_mlir::prelude::*;

/// The extent of dimension `d` of a buffer, from its type or the op that makes it, else a
/// `memref.dim`.
pub(crate) fn buffer_extent<'c>(rw: Rewriter<'c>, buffer: Val<'c>, d: usize) -> OpFold<'c> {
    let mut source = buffer;
    loop {
        match source.ty().dims()[d] {
            DYNAMIC => {}
            n => return OpFold::Static(n),
        }
        let Some(op) = source.defining_op() else {
            break;
        };
        let dynamic_before = |list: &[i64]| list.iter().filter(|&&n| n == DYNAMIC).count();
        match op.name() {
            "memref.cast" if op.operand(0).ty().rank() == source.ty().rank() => {
                source = op.operand(0);
            }
            "memref.alloc" => {
                let before = dynamic_before(&source.ty().dims()[..d]);
                return OpFold::Value(op.operand(before));
            }
            "memref.reinterpret_cast" => {
                let list = |name: &str| op.attr(name).and_then(|a| a.as_int_array());
                let (Some(offsets), Some(sizes)) = (list("static_offsets"), list("static_sizes"))
                else {
                    break;
                };
                if sizes[d] != DYNAMIC {
                    return OpFold::Static(sizes[d]);
                }
                let before = 1 + dynamic_before(&offsets) + dynamic_before(&sizes[..d]);
                return OpFold::Value(op.operand(before));
            }
            _ => break,
        }
    }
    OpFold::Value(rw.memref_dim(source, d))
}

/// All extents of a buffer.
pub(crate) fn buffer_extents<'c>(rw: Rewriter<'c>, buffer: Val<'c>) -> Vec<OpFold<'c>> {
    (0..buffer.ty().rank())
        .map(|d| buffer_extent(rw, buffer, d))
        .collect()
}

/// `(d0, …, d_{rank-1}) -> (d_from, …, d_{to-1})`
pub(crate) fn range_map<'c>(
    ctx: &'c Context,
    rank: usize,
    dims: std::ops::Range<usize>,
) -> AffineMap<'c> {
    let exprs: Vec<_> = dims.map(|d| ctx.dim_expr(d)).collect();
    ctx.affine_map(rank, &exprs)
}

/// A nest that copies `from` to `to`, element by element.
pub(crate) fn copy<'c>(rw: Rewriter<'c>, from: Val<'c>, to: Val<'c>) -> Nest<'c> {
    let fixed = from.ty().dims();
    let known = |(d, bound)| match fixed[d] {
        DYNAMIC => bound,
        n => OpFold::Static(n),
    };
    let bounds = buffer_extents(rw, to).into_iter().enumerate();
    let bounds: Vec<_> = bounds.map(known).collect();
    let rank = bounds.len();
    let map = range_map(rw.ctx(), rank, 0..rank);
    let parts = NestParts {
        bounds: &bounds,
        iterators: &vec![IteratorKind::Parallel; rank],
        ins: &[(from, map)],
        outs: &[(to, map)],
        inits: &[],
    };
    Nest::create(rw, &parts, |_, ins, _| vec![ins[0]], None)
}

/// A nest that stores `scalar` everywhere in `to`.
pub(crate) fn fill<'c>(rw: Rewriter<'c>, scalar: Val<'c>, to: Val<'c>) -> Nest<'c> {
    let bounds = buffer_extents(rw, to);
    let rank = bounds.len();
    let parts = NestParts {
        bounds: &bounds,
        iterators: &vec![IteratorKind::Parallel; rank],
        ins: &[],
        outs: &[(to, range_map(rw.ctx(), rank, 0..rank))],
        inits: &[],
    };
    Nest::create(rw, &parts, |_, _, _| vec![scalar], None)
}

/// A nest that combines `updates` into `dest` at `indices`, in order.
///
/// The places are walked one after the other; below them, the elements of one place are
/// independent of each other.
pub(crate) fn scatter<'c>(
    rw: Rewriter<'c>,
    dest: Val<'c>,
    indices: &[Val<'c>],
    updates: Val<'c>,
    combine: impl FnOnce(Rewriter<'c>, Val<'c>, Val<'c>) -> Vec<Val<'c>>,
) -> Nest<'c> {
    let ctx = rw.ctx();
    let bounds = buffer_extents(rw, updates);
    let rank = bounds.len();
    let places = indices.first().map_or(0, |i| i.ty().rank());
    let kind = |d| {
        if d < places {
            IteratorKind::Sequential
        } else {
            IteratorKind::Parallel
        }
    };
    let iterators: Vec<_> = (0..rank).map(kind).collect();
    let place = range_map(ctx, rank, 0..places);
    let mut ins: Vec<_> = indices.iter().map(|&i| (i, place)).collect();
    ins.push((updates, range_map(ctx, rank, 0..rank)));
    let parts = NestParts {
        bounds: &bounds,
        iterators: &iterators,
        ins: &ins,
        outs: &[],
        inits: &[],
    };
    let body = |rw: Rewriter<'c>, ins: &[Val<'c>], _: &[Val<'c>]| {
        let raw = &ins[..indices.len()];
        let mut at: Vec<_> = raw.iter().map(|&i| as_index(rw, i)).collect();
        at.extend((places..rank).map(|d| Index::create(rw, d)));
        let old = rw.memref_load(dest, &at);
        let merged = combine(rw, old, ins[indices.len()]);
        rw.memref_store(merged[0], dest, &at);
        Vec::new()
    };
    Nest::create(rw, &parts, body, None)
}

/// A checked index of any integer type as `index`. It is not negative, so that zero extension
/// serves signed and unsigned types.
fn as_index<'c>(rw: Rewriter<'c>, value: Val<'c>) -> Val<'c> {
    if value.ty().is_index() {
        value
    } else {
        rw.index_castui(value, rw.ctx().index())
    }
}
