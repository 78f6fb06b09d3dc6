//! Parts of what was computed: only the part is.

use npir_egraph::Fidelity::{Exact, Numpy};
use npir_egraph::{Class, Rule};
use npir_mlir::prelude::*;

use super::build::{Place, applied, axes_of, reduced, reduction, with};
use super::{DOUBLE, FLOATS, Listed, list, sample};
use crate::cast;
use crate::elementwise::row;
use crate::indexing::{Bound, Item, Items, adjust};
use crate::optimize::Size;
use crate::shape::normalize_axis;
use crate::views::permutation;

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

/// Whether the slice `s` has at most half of the elements: what is cut off need not be computed, and the rest is not cut
/// into pieces that overlap.
fn halves(m: &Place<'_, '_>) -> bool {
    let count = |class: Class| {
        let dims = m.fact(class).ty().dims();
        let known = !dims.contains(&DYNAMIC);
        known.then(|| dims.iter().map(|&dim| dim as f64).product::<f64>())
    };
    match (count(m.root()), count(m.node("s").child(0))) {
        (Some(part), Some(whole)) => 2.0 * part <= whole,
        _ => false,
    }
}

/// A slice of what is computed element by element: of the same elements of the operands.
fn of_elementwise(m: &mut Place<'_, '_>) -> Option<Class> {
    let whole = m.class("e");
    if !halves(m) {
        return None;
    }
    let fact = m.fact(whole);
    let (rank, sizes) = (fact.rank(), fact.sizes.clone());
    let items = items_of(m, rank)?;
    let computed = |node: &npir_egraph::NodeRef<'_, _>| {
        row(node.op()).is_some_and(|row| row.guard.is_none()) || node.op() == cast::NAME
    };
    let node = m.graph().nodes(whole).find(computed)?;
    let (op, payload) = (node.op().to_owned(), *node.payload());
    let operands: Vec<_> = node.children().collect();
    let mut parts = Vec::new();
    for operand in operands {
        let own = m.fact(operand);
        let lead = rank.checked_sub(own.rank())?;
        let mut cut = Vec::new();
        for (axis, &size) in own.sizes.iter().enumerate() {
            let (item, all) = (items[lead + axis], sizes[lead + axis]);
            cut.push(match item {
                _ if size == all => item,
                _ if size != Size::Known(1) => return None,
                // It is repeated.
                Item::Index(_) => Item::Index(Bound::Static(0)),
                _ => Item::ALL,
            });
        }
        parts.push(part(m, operand, &cut)?);
    }
    applied(m, &op, &payload, &parts)
}

/// A slice of a transposed array: the slice, transposed.
fn of_transposed(m: &mut Place<'_, '_>) -> Option<Class> {
    let x = m.class("x");
    if !halves(m) {
        return None;
    }
    let rank = m.fact(x).rank();
    let items = items_of(m, rank)?;
    let axes = m
        .node("t")
        .payload()
        .attr("axes")
        .and_then(I64Array::decode);
    let order = permutation(axes.as_deref(), rank).ok()?;
    let mut own = vec![Item::ALL; rank];
    for (item, &axis) in items.iter().zip(&order) {
        own[axis] = *item;
    }
    let cut = part(m, x, &own)?;
    let stays = |axis: &usize| !matches!(own[*axis], Item::Index(_));
    let left: Vec<_> = (0..rank).filter(stays).collect();
    let order = order.iter().filter(|axis| stays(axis));
    let order: Vec<_> = order
        .filter_map(|axis| left.iter().position(|other| other == axis))
        .map(|place| place as i64)
        .collect();
    let order = m.domain().ctx().i64_array(&order);
    with(m, "numpy.transpose", &[("axes", order)], &[cut])
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
        // f(x, y)[i] = f(x[i], y[i]), where that is at most half of it
        Rule::apply(
            "slice-of-elementwise",
            Exact,
            "f(x, y)[i] = f(x[i], y[i])",
            "(numpy.slice@s ?e)",
            of_elementwise,
        ),
        fires: sample(
            &["f64", "i8", "complex<f64>"],
            "x: 6x4x{t}, y: 4x{t}, z: 6x1x{t}",
            "%a = numpy.multiply %x, %y : tensor<6x4x{t}>, tensor<4x{t}> -> tensor<6x4x{t}>\n\
             %b = numpy.add %a, %z : tensor<6x4x{t}>, tensor<6x1x{t}> -> tensor<6x4x{t}>\n\
             %r = numpy.slice %b[1:6:2, -1] : tensor<6x4x{t}> -> tensor<3x{t}>",
            "3x{t}",
            "(x * y + z)[1:6:2, -1]",
        ),
        // Most of it.
        not: sample(
            DOUBLE,
            "x: 6x4x{t}",
            "%a = numpy.exp %x : tensor<6x4x{t}> -> tensor<6x4x{t}>\n\
             %r = numpy.slice %a[1:] : tensor<6x4x{t}> -> tensor<5x4x{t}>",
            "5x4x{t}",
            "np.exp(x)[1:]",
        );

        // xᵀ[i, j] = x[j, i]ᵀ, where that is at most half of it
        Rule::apply(
            "slice-of-transposed",
            Exact,
            "xᵀ[i, j] = x[j, i]ᵀ",
            "(numpy.slice@s (numpy.transpose@t ?x))",
            of_transposed,
        ),
        fires: sample(
            &["f64", "i8"],
            "x: 6x4x3x{t}",
            "%a = numpy.transpose %x axes [2, 0, 1] : tensor<6x4x3x{t}> -> tensor<3x6x4x{t}>\n\
             %r = numpy.slice %a[:, 2, 1:] : tensor<3x6x4x{t}> -> tensor<3x3x{t}>",
            "3x3x{t}",
            "x.transpose(2, 0, 1)[:, 2, 1:]",
        ),
        not: sample(
            DOUBLE,
            "x: 6x4x{t}",
            "%a = numpy.transpose %x : tensor<6x4x{t}> -> tensor<4x6x{t}>\n\
             %r = numpy.slice %a[1:] : tensor<4x6x{t}> -> tensor<3x6x{t}>",
            "3x6x{t}",
            "x.T[1:]",
        );

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
