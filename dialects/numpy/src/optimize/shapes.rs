//! Which size of a result is which size of an operand.

use npir_egraph::Class;
use npir_mlir::prelude::*;

use super::{Fact, Payload, Size};
use crate::shape::{axis_mask, normalize_axis};
use crate::{cast, elementwise, reduce, views};

/// The sizes of a type, those that only the run knows by the name of the value.
pub(super) fn fresh(class: Class, dims: &[i64]) -> Vec<Size> {
    let value = class.index();
    let named = dims.iter().enumerate().map(|(axis, &dim)| match dim {
        DYNAMIC => Size::Of { value, axis },
        n => Size::Known(n),
    });
    named.collect()
}

/// Whether the elements of the result are all elements of the first operand, which are all there.
pub(super) fn moves_elements(op: &str) -> bool {
    matches!(
        op,
        "numpy.transpose"
            | "numpy.broadcast_to"
            | "numpy.expand_dims"
            | "numpy.squeeze"
            | "numpy.flip"
            | "numpy.reshape"
            | "numpy.roll"
            | "tensor.cast"
    )
}

/// The size that a broadcast dimension has; `None` where it is not known which operand gives it.
fn broadcast(sizes: impl Iterator<Item = Size>) -> Option<Size> {
    let mut result = Size::Known(1);
    for size in sizes {
        result = match (result, size) {
            (a, b) if a == b => a,
            (Size::Known(1), other) | (other, Size::Known(1)) => other,
            (Size::Known(n), _) | (_, Size::Known(n)) => Size::Known(n),
            _ => return None,
        };
    }
    Some(result)
}

/// The sizes of the result of a node as far as they follow from those of its operands.
pub(super) fn of_node(
    op: &str,
    payload: &Payload<'_>,
    children: &[&Fact<'_>],
) -> Option<Vec<Option<Size>>> {
    let x = children.first()?;
    let all = |sizes: &[Size]| sizes.iter().map(|&size| Some(size)).collect();
    let axes = payload.attr("axes").and_then(I64Array::decode);
    if elementwise::row(op).is_some() {
        let rank = children.iter().map(|fact| fact.rank()).max()?;
        let of_axis = |axis: usize| {
            // Dimensions are counted from the last one.
            let own = |fact: &&&Fact<'_>| Some(fact.sizes[(axis + fact.rank()).checked_sub(rank)?]);
            broadcast(children.iter().filter_map(|fact| own(&fact)))
        };
        return Some((0..rank).map(of_axis).collect());
    }
    if reduce::is_reduction(op) {
        let mask = axis_mask(axes.as_deref(), x.rank()).ok()?;
        return Some(reduced(x, &mask, payload));
    }
    match op {
        "numpy.argmin" | "numpy.argmax" => {
            let axis = payload.attr("axis").and_then(I64::decode)?;
            let mut mask = vec![false; x.rank()];
            mask[normalize_axis(axis, x.rank()).ok()?] = true;
            Some(reduced(x, &mask, payload))
        }
        "numpy.transpose" => {
            let order = views::permutation(axes.as_deref(), x.rank()).ok()?;
            Some(order.into_iter().map(|d| Some(x.sizes[d])).collect())
        }
        "numpy.expand_dims" => {
            let mut own = x.sizes.iter();
            let new = views::expanded(&axes?, x.rank()).ok()?;
            let size = |is_new| match is_new {
                true => Some(Size::Known(1)),
                false => own.next().copied(),
            };
            Some(new.into_iter().map(size).collect())
        }
        "numpy.squeeze" => {
            let dims: Vec<_> = x.sizes.iter().map(|size| size.dim()).collect();
            let gone = views::squeezed(axes.as_deref(), &dims).ok()?;
            let kept = x.sizes.iter().zip(gone).filter(|(_, gone)| !gone);
            Some(kept.map(|(&size, _)| Some(size)).collect())
        }
        "numpy.matmul" => match (&x.sizes[..], &children.get(1)?.sizes[..]) {
            ([m, _], [_, n]) => Some(vec![Some(*m), Some(*n)]),
            ([m, _], [_]) => Some(vec![Some(*m)]),
            ([_], [_, n]) => Some(vec![Some(*n)]),
            _ => None,
        },
        "numpy.flip" | "numpy.roll" | "numpy.sort" | "numpy.set_slice" | "tensor.cast" => {
            Some(all(&x.sizes))
        }
        op if op == cast::NAME => Some(all(&x.sizes)),
        _ => None,
    }
}

/// The sizes that a reduction leaves.
fn reduced(x: &Fact<'_>, mask: &[bool], payload: &Payload<'_>) -> Vec<Option<Size>> {
    let keep = payload.attr("keepdims").is_some();
    let left = x.sizes.iter().zip(mask);
    left.filter_map(|(&size, &gone)| match (gone, keep) {
        (false, _) => Some(Some(size)),
        (true, true) => Some(Some(Size::Known(1))),
        (true, false) => None,
    })
    .collect()
}
