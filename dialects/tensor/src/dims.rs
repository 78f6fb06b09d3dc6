//! Extents of tensors: found without emitting code where an op says them.

use npir_mlir::prelude::*;

use crate::{InsertView, Reshape, Scan, Scatter, View, mixed};

/// Ops looked through before giving up.
const MAX_DEPTH: usize = 32;

/// The extent of dimension `d` of `tensor`, if it is static or an op before it already has the
/// value. Emits nothing.
pub fn known_extent<'c>(tensor: Val<'c>, d: usize) -> Option<OpFold<'c>> {
    let mut tensor = tensor;
    for _ in 0..MAX_DEPTH {
        match tensor.ty().dims()[d] {
            DYNAMIC => {}
            n => return Some(OpFold::Static(n)),
        }
        let op = tensor.defining_op()?;
        if let Some(view) = View::cast(op) {
            return Some(view.geometry().sizes[d]);
        }
        if let Some(reshape) = Reshape::cast(op) {
            return Some(reshape.sizes()[d]);
        }
        tensor = if let Some(dest) = destination(op) {
            dest
        } else {
            match op.name() {
                "tensor.empty" => {
                    let before = tensor.ty().dims()[..d]
                        .iter()
                        .filter(|&&n| n == DYNAMIC)
                        .count();
                    return Some(OpFold::Value(op.operand(before)));
                }
                "tensor.cast" | "tensor.insert" => {
                    let index = usize::from(op.name() == "tensor.insert");
                    op.operand(index)
                }
                "linalg.generic" | "linalg.fill" => {
                    let inits = op.num_operands() - op.num_results();
                    op.operand(inits + tensor.index())
                }
                _ => return None,
            }
        };
    }
    None
}

/// The extent of dimension `d` of `tensor`; emits `tensor.dim` where nothing else says it.
pub fn extent<'c>(rw: Rewriter<'c>, tensor: Val<'c>, d: usize) -> OpFold<'c> {
    known_extent(tensor, d).unwrap_or_else(|| OpFold::Value(rw.tensor_dim(tensor, d)))
}

/// All extents of `tensor`.
pub fn extents<'c>(rw: Rewriter<'c>, tensor: Val<'c>) -> Vec<OpFold<'c>> {
    (0..tensor.ty().rank())
        .map(|d| extent(rw, tensor, d))
        .collect()
}

/// Whether dimension `d` of `tensor` is known to have extent `size`.
pub fn has_extent<'c>(tensor: Val<'c>, d: usize, size: OpFold<'c>) -> bool {
    if known_extent(tensor, d).is_some_and(|e| mixed::same(e, size)) {
        return true;
    }
    // `size` may be the extent of another tensor of the same shape, or of this one.
    let OpFold::Value(v) = size else { return false };
    let Some(op) = v.defining_op().filter(|op| op.name() == "tensor.dim") else {
        return false;
    };
    op.operand(0) == tensor && op.operand(1).constant_int() == Some(d as i64)
}

/// The tensor that an op of this dialect updates: its result has the same shape.
fn destination(op: Op<'_>) -> Option<Val<'_>> {
    InsertView::cast(op)
        .map(|insert| insert.dest())
        .or_else(|| Scatter::cast(op).map(|scatter| scatter.dest()))
        .or_else(|| Scan::cast(op).map(|scan| scan.dest()))
}

/// `tensor.dim` of an op of this dialect, answered by the op.
pub(crate) fn patterns() -> Vec<Pattern> {
    vec![Pattern::on(
        "tensor.dim",
        "extent-of-tensor-ext",
        1,
        |op: Op, rw| {
            let from_here = op
                .operand(0)
                .defining_op()
                .is_some_and(|def| def.name().starts_with("tensor_ext."));
            let index = op
                .operand(1)
                .constant_int()
                .and_then(|d| usize::try_from(d).ok());
            let Some(d) = index.filter(|&d| from_here && d < op.operand(0).ty().rank()) else {
                return no_match("not a dimension of an op of this dialect");
            };
            let source = op.operand(0);
            let value = match (known_extent(source, d), source.defining_op()) {
                (Some(size), _) => mixed::value(rw, size),
                (None, Some(def)) => match destination(def) {
                    Some(dest) => rw.tensor_dim(dest, d),
                    None => return no_match("the extent is not known"),
                },
                (None, None) => return no_match("a block argument"),
            };
            rw.replace(op, &[value]);
            Ok(())
        },
    )]
}
