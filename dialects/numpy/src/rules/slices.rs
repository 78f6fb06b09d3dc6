//! Parts of what was computed: only the part is.

use npir_egraph::Fidelity::{Exact, Numpy};
use npir_egraph::{Class, Rule};
use npir_mlir::prelude::*;

use super::build::{Place, axes_of, reduced, reduction, with};
use super::{DOUBLE, FLOATS, Listed, list, sample};
use crate::indexing::{Bound, Item, Items, adjust};
use crate::optimize::Size;
use crate::shape::normalize_axis;

/// The items of the slice `s`, one for each of `rank` dimensions; `None` with new axes, bounds from the run, or a position
/// that the run may find to be out of bounds.
fn items_of(m: &Place<'_, '_>, rank: usize) -> Option<Vec<Item>> {
    let mut items = m
        .node("s")
        .payload()
        .attr("items")
        .and_then(Items::decode)?;
    let known = |item: &Item| *item != Item::NewAxis && !item.bounds().any(|b| b == Bound::Operand);
    if items.len() > rank || !items.iter().all(known) {
        return None;
    }
    items.resize(rank, Item::ALL);
    let sizes = &m.fact(m.node("s").child(0)).sizes;
    let fails = |(item, size): (&Item, &Size)| {
        matches!(item, Item::Index(_)) && !matches!(size, Size::Known(_))
    };
    (!items.iter().zip(sizes).any(fails)).then_some(items)
}

/// A part of a value; the value itself for all of it.
fn part(m: &mut Place<'_, '_>, x: Class, items: &[Item]) -> Option<Class> {
    if items.iter().all(|item| *item == Item::ALL) {
        return Some(x);
    }
    let items = Items::encode(m.domain().ctx(), &items.to_vec());
    with(m, "numpy.slice", &[("items", items)], &[x])
}

/// (a·b)[i, j] = a[i]·b[:, j]
fn of_product(m: &mut Place<'_, '_>) -> Option<Class> {
    let (a, b) = (m.class("a"), m.class("b"));
    let (fa, fb) = (m.fact(a), m.fact(b));
    if fa.rank() != 2 || fb.rank() != 2 || fa.sizes[1] != fb.sizes[0] {
        return None;
    }
    let items = items_of(m, 2)?;
    let rows = part(m, a, &[items[0], Item::ALL])?;
    let columns = part(m, b, &[Item::ALL, items[1]])?;
    m.build("numpy.matmul", None, &[rows, columns])
}

/// The reduction `r` of a part of `x`: what is cut off is no part of any sum.
fn of_reduction(m: &mut Place<'_, '_>) -> Option<Class> {
    let x = m.class("x");
    let payload = *m.node("r").payload();
    let (mask, keepdims) = reduced(&payload, m.fact(x).rank())?;
    let items = items_of(m, payload.ty.rank())?;
    let mut left = items.into_iter();
    let mut own = Vec::new();
    for &gone in &mask {
        own.push(match (gone, keepdims) {
            (false, _) => left.next()?,
            (true, false) => Item::ALL,
            // The one element that is left must stay as it is.
            (true, true) => left.next().filter(|item| *item == Item::ALL)?,
        });
    }
    if payload.attr("dtype").is_some() {
        return None;
    }
    let stays = |axis: &usize| !matches!(own[*axis], Item::Index(_));
    let places: Vec<_> = (0..mask.len()).filter(stays).collect();
    let axes: Vec<_> = axes_of(&places.iter().map(|&axis| mask[axis]).collect::<Vec<_>>());
    let cut = part(m, x, &own)?;
    let op = m.node("r").op().to_owned();
    reduction(m, &op, cut, &axes, keepdims)
}

/// A slice of arrays one after another that lies in one of them.
fn of_concatenated(m: &mut Place<'_, '_>) -> Option<Class> {
    let whole = m.class("c");
    let rank = m.fact(whole).rank();
    let mut items = items_of(m, rank)?;
    let graph = m.graph();
    let node = graph
        .nodes(whole)
        .find(|node| node.op() == "numpy.concatenate")?;
    let axis = node.payload().attr("axis").and_then(I64::decode)?;
    let axis = normalize_axis(axis, rank).ok()?;
    let inputs: Vec<_> = node.children().collect();
    let first = graph.fact(*inputs.first()?);
    // Whatever the sizes turn out to be, the arrays fit together.
    let fits = |input: &Class| {
        let sizes = &graph.fact(*input).sizes;
        (0..rank).all(|d| d == axis || sizes[d] == first.sizes[d])
    };
    let known = |input: &Class| match graph.fact(*input).sizes[axis] {
        Size::Known(n) => Some(n),
        Size::Of { .. } => None,
    };
    let sizes: Vec<_> = inputs.iter().map(known).collect::<Option<_>>()?;
    if !inputs.iter().all(fits) {
        return None;
    }
    let number = |bound: Bound| match bound {
        Bound::Static(n) => Some(n),
        Bound::Operand => None,
    };
    let total: i64 = sizes.iter().sum();
    let (low, high, step) = match items[axis] {
        Item::Index(at) => {
            let at = number(at)?;
            let at = if at < 0 { at + total } else { at };
            (at, at, 1)
        }
        Item::Slice { start, stop, step } => {
            let step = step.map_or(Some(1), number).filter(|step| *step > 0)?;
            let bound = |bound: Option<Bound>| bound.and_then(number);
            let (low, count) = adjust(total, bound(start), bound(stop), step);
            if count == 0 {
                return None;
            }
            (low, low + (count - 1) * step, step)
        }
        Item::NewAxis => return None,
    };
    let mut offset = 0;
    for (&input, size) in inputs.iter().zip(sizes) {
        if offset <= low && high < offset + size {
            let (start, stop) = (low - offset, high - offset + 1);
            items[axis] = match items[axis] {
                Item::Index(_) => Item::Index(Bound::Static(start)),
                _ if step == 1 && start == 0 && stop == size => Item::ALL,
                _ => Item::Slice {
                    start: Some(Bound::Static(start)),
                    stop: Some(Bound::Static(stop)),
                    step: Some(Bound::Static(step)),
                },
            };
            return part(m, input, &items);
        }
        offset += size;
    }
    None
}

pub(super) fn rules<'c>() -> Vec<Listed<'c>> {
    list! { "slices";
        // (a·b)[i, j] = a[i]·b[:, j]
        Rule::apply(
            "slice-of-product",
            Numpy,
            "(a·b)[i, j] = a[i]·b[:, j]",
            "(numpy.slice@s (numpy.matmul ?a ?b))",
            of_product,
        ),
        fires: sample(
            FLOATS,
            "a: 6x{k}x{t}, b: {k}x{m}x{t}",
            "%p = numpy.matmul %a, %b : tensor<6x{k}x{t}>, tensor<{k}x{m}x{t}> -> tensor<6x{m}x{t}>\n\
             %r = numpy.slice %p[1:6:2, -1] : tensor<6x{m}x{t}> -> tensor<3x{t}>",
            "3x{t}",
            "(a @ b)[1:6:2, -1]",
        ),
        not: sample(
            FLOATS,
            "a: 2x6x{k}x{t}, b: {k}x{m}x{t}",
            "%p = numpy.matmul %a, %b : tensor<2x6x{k}x{t}>, tensor<{k}x{m}x{t}> -> tensor<2x6x{m}x{t}>\n\
             %r = numpy.slice %p[1, 1:6:2] : tensor<2x6x{m}x{t}> -> tensor<3x{m}x{t}>",
            "3x{m}x{t}",
            "(a @ b)[1, 1:6:2]",
        );

        // (Σ x)[i] = Σ x[i]
        Rule::apply(
            "slice-of-sum",
            Numpy,
            "(Σⱼ xᵢⱼ)[i] = Σⱼ x[i]ⱼ",
            "(numpy.slice@s (numpy.sum@r ?x))",
            of_reduction,
        ),
        fires: sample(
            FLOATS,
            "x: {n}x6x{m}x4x{t}",
            "%p = numpy.sum %x axes [0] : tensor<{n}x6x{m}x4x{t}> -> tensor<6x{m}x4x{t}>\n\
             %r = numpy.slice %p[2, :, 1:3] : tensor<6x{m}x4x{t}> -> tensor<{m}x2x{t}>",
            "{m}x2x{t}",
            "x.sum(0)[2, :, 1:3]",
        ),
        // The summed dimension itself is cut.
        not: sample(
            FLOATS,
            "x: {n}x6x{t}",
            "%p = numpy.sum %x axes [0] keepdims : tensor<{n}x6x{t}> -> tensor<1x6x{t}>\n\
             %r = numpy.slice %p[0, 1:3] : tensor<1x6x{t}> -> tensor<2x{t}>",
            "2x{t}",
            "x.sum(0, keepdims=True)[0, 1:3]",
        );

        // (max x)[i] = max x[i]
        Rule::apply(
            "slice-of-max",
            Numpy,
            "(maxⱼ xᵢⱼ)[i] = maxⱼ x[i]ⱼ",
            "(numpy.slice@s (numpy.max@r ?x))",
            of_reduction,
        ),
        fires: sample(
            FLOATS,
            "x: 3x6x{t}",
            "%p = numpy.max %x axes [0] keepdims : tensor<3x6x{t}> -> tensor<1x6x{t}>\n\
             %r = numpy.slice %p[:, 1:3] : tensor<1x6x{t}> -> tensor<1x2x{t}>",
            "1x2x{t}",
            "x.max(0, keepdims=True)[:, 1:3]",
        ),
        not: sample(
            DOUBLE,
            "x: 3x6x{t}",
            "%p = numpy.max %x axes [0] : tensor<3x6x{t}> -> tensor<6x{t}>\n\
             %r = numpy.slice %p[1:3, newaxis] : tensor<6x{t}> -> tensor<2x1x{t}>",
            "2x1x{t}",
            "x.max(0)[1:3, None]",
        );

        // concatenate(x, y)[i] = x[i] or y[i - n]
        Rule::apply(
            "slice-of-concatenated",
            Exact,
            "concatenate(x, y)[i] = y[i - n]",
            "(numpy.slice@s ?c)",
            of_concatenated,
        ),
        fires: sample(
            &["f64", "i8"],
            "x: {m}x3x{t}, y: {m}x7x{t}",
            "%c = numpy.concatenate %x, %y axis 1 : tensor<{m}x3x{t}>, tensor<{m}x7x{t}> -> tensor<{m}x10x{t}>\n\
             %r = numpy.slice %c[:, 4:-1:2] : tensor<{m}x10x{t}> -> tensor<{m}x3x{t}>",
            "{m}x3x{t}",
            "np.concatenate([x, y], 1)[:, 4:-1:2]",
        ),
        // The part is of both.
        not: sample(
            DOUBLE,
            "x: 3x{t}, y: 7x{t}",
            "%c = numpy.concatenate %x, %y axis 0 : tensor<3x{t}>, tensor<7x{t}> -> tensor<10x{t}>\n\
             %r = numpy.slice %c[2:5] : tensor<10x{t}> -> tensor<3x{t}>",
            "3x{t}",
            "np.concatenate([x, y])[2:5]",
        );
    }
}
