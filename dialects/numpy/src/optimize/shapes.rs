//! Which size of a result is which size of an operand.

use npir_mlir::prelude::*;

use super::{Fact, LEAF, LEAF_SIZES, Payload, Size};
use crate::full::{Arange, Full, Iota};
use crate::reshape::Reshape;
use crate::shape::{axis_mask, normalize_axis};
use crate::views::BroadcastTo;
use crate::{cast, einsum, elementwise, reduce, views};

/// The sizes of a type, those that only the run knows by the number of the value.
pub(super) fn fresh(value: usize, dims: &[i64]) -> Vec<Size> {
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

/// Sizes as an attribute, for leaves: two numbers each.
pub(super) fn encode<'c>(ctx: &'c Context, sizes: &[Size]) -> Attribute<'c> {
    let pairs = sizes.iter().flat_map(|size| match *size {
        Size::Known(n) => [-1, n],
        Size::Of { value, axis } => [value as i64, axis as i64],
    });
    ctx.i64_array(&pairs.collect::<Vec<_>>())
}

fn decode(payload: &Payload<'_>) -> Option<Vec<Size>> {
    let pairs = payload.attr(LEAF_SIZES).and_then(I64Array::decode)?;
    let sizes = pairs.chunks_exact(2).map(|pair| match *pair {
        [-1, n] => Some(Size::Known(n)),
        [value, axis] => Some(Size::Of {
            value: usize::try_from(value).ok()?,
            axis: usize::try_from(axis).ok()?,
        }),
        _ => None,
    });
    sizes.collect()
}

/// The size that an integer is; one of its own where nothing is known of an `index`.
pub(super) fn of_index(
    number: usize,
    op: &str,
    payload: &Payload<'_>,
    children: &[&Fact<'_>],
) -> Option<Size> {
    let known = match (op, children) {
        (LEAF, _) => decode(payload).and_then(|sizes| sizes.first().copied()),
        ("arith.constant", _) => payload
            .attr("value")
            .and_then(|value| value.as_int())
            .map(Size::Known),
        ("arith.index_cast", [x]) => x.size,
        ("tensor.dim", [x, axis]) => match axis.size {
            Some(Size::Known(axis)) => usize::try_from(axis)
                .ok()
                .and_then(|axis| x.sizes.get(axis).copied()),
            _ => None,
        },
        _ => None,
    };
    let is_index = payload.ty == payload.ty.ctx().index();
    known.or_else(|| {
        is_index.then_some(Size::Of {
            value: number,
            axis: 0,
        })
    })
}

/// The sizes that an op is asked for, of which operands give those that only the run knows.
fn asked(payload: &Payload<'_>, operands: &[&Fact<'_>]) -> Option<Vec<Option<Size>>> {
    let mut operands = operands.iter();
    let shape = payload.attr("shape").and_then(I64Array::decode)?;
    let size = |n| match n {
        DYNAMIC => operands.next().and_then(|operand| operand.size),
        // A size that is to be inferred.
        n if n < 0 => None,
        n => Some(Size::Known(n)),
    };
    Some(shape.into_iter().map(size).collect())
}

/// The sizes of the result of a node as far as they follow from those of its operands.
pub(super) fn of_node(
    op: &str,
    payload: &Payload<'_>,
    children: &[&Fact<'_>],
) -> Option<Vec<Option<Size>>> {
    let all = |sizes: &[Size]| sizes.iter().map(|&size| Some(size)).collect();
    if op == LEAF {
        return decode(payload).map(|sizes| all(&sizes));
    }
    let x = children.first()?;
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
        "numpy.einsum" => {
            let ranks: Vec<_> = children.iter().map(|fact| fact.rank()).collect();
            let places = einsum::labelled(payload.attrs, &ranks)?.into_iter();
            let size = |(operand, axis): (usize, usize)| children[operand].sizes[axis];
            Some(
                places
                    .map(|places| broadcast(places.into_iter().map(size)))
                    .collect(),
            )
        }
        "numpy.flip" | "numpy.roll" | "numpy.sort" | "numpy.set_slice" | "tensor.cast" => {
            Some(all(&x.sizes))
        }
        op if op == cast::NAME => Some(all(&x.sizes)),
        Iota::NAME => asked(payload, children),
        Full::NAME | BroadcastTo::NAME | Reshape::NAME => asked(payload, &children[1..]),
        Arange::NAME => asked(payload, children.get(2..)?),
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
