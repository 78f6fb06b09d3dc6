//! Parts of arrays that a mask selects.

use npir_egraph::Fidelity::{Exact, Numpy, Relaxed};
use npir_egraph::{Class, Rule};
use npir_mlir::prelude::*;

use super::build::{Place, broadcast_to, expanded, reduced, with};
use super::{FLOATS, INTS, Listed, is_float, is_int, list, sample};
use crate::cast;
use crate::elementwise::row;
use crate::indexing::Items;
use crate::optimize::{Fact, Payload};

/// How far rules look for what a value is made of.
const DEPTH: usize = 12;

fn is_bool(fact: &Fact<'_>) -> bool {
    fact.dtype().is_some_and(|dtype| dtype.is_bool())
}

/// Whether the only index is a mask of the leading dimensions of what it selects from, whatever the sizes turn out to be.
fn by_leading_mask(m: &Place<'_, '_>, payload: &Payload<'_>, x: Class, mask: Class) -> bool {
    let (fx, mask) = (m.fact(x), m.fact(mask));
    let no_others = payload
        .attr("items")
        .and_then(Items::decode)
        .is_some_and(|items| items.is_empty());
    no_others && is_bool(mask) && mask.rank() > 0 && fx.sizes.starts_with(&mask.sizes)
}

/// Whether the only index is a mask of the shape of what it selects from.
fn by_mask(m: &Place<'_, '_>, payload: &Payload<'_>, x: Class, mask: Class) -> bool {
    m.fact(mask).rank() == m.fact(x).rank() && by_leading_mask(m, payload, x, mask)
}

/// The reduction `r` over the elements of an array for which a mask holds; `axes` and the mask are for that array.
fn reduction_where(m: &mut Place<'_, '_>, x: Class, mask: Class, axes: &[usize]) -> Option<Class> {
    let ctx = m.domain().ctx();
    let node = m.node("r");
    let (op, payload) = (node.op().to_owned(), *node.payload());
    let axes: Vec<_> = axes.iter().map(|&axis| axis as i64).collect();
    let mut attrs = vec![
        ("axes", ctx.i64_array(&axes)),
        ("operandSegmentSizes", ctx.i32_array(&WITH_MASK)),
    ];
    for name in ["keepdims", "dtype"] {
        attrs.extend(payload.attr(name).map(|value| (name, value)));
    }
    with(m, &op, &attrs, &[x, mask])
}

/// The operands of a reduction that has a mask.
const WITH_MASK: [i32; 3] = [1, 1, 0];

/// The reduction `r` of what a mask selects, over at least all of that.
fn of_selected(m: &mut Place<'_, '_>) -> Option<Class> {
    let (x, mask) = (m.class("x"), m.class("c"));
    if !by_leading_mask(m, m.node("i").payload(), x, mask) {
        return None;
    }
    let (rank, depth) = (m.fact(x).rank(), m.fact(mask).rank());
    let (over, keepdims) = reduced(m.node("r").payload(), rank - depth + 1)?;
    // The dimensions of the mask are one dimension of what it selects.
    if !over[0] || keepdims && depth > 1 {
        return None;
    }
    let others = (depth..rank).filter(|axis| over[axis - depth + 1]);
    let axes: Vec<_> = (0..depth).chain(others).collect();
    let rest: Vec<_> = (depth..rank).collect();
    let mask = expanded(m, mask, &rest)?;
    reduction_where(m, x, mask, &axes)
}

/// The sum `r` of what a mask selects, and zeros.
fn of_selection(m: &mut Place<'_, '_>) -> Option<Class> {
    let chosen = m.node("r").child(0);
    m.fact_of("z").is_zero().then(|| sum_of_chosen(m, chosen))?
}

/// The sum `r` of products with the numbers 0 and 1 of a mask.
fn of_mask_product(m: &mut Place<'_, '_>) -> Option<Class> {
    let products = m.node("r").child(0);
    sum_of_chosen(m, products)
}

/// The sum `r` of the elements of `x` for which `c` holds, where both broadcast to the shape of `like`.
fn sum_of_chosen(m: &mut Place<'_, '_>, like: Class) -> Option<Class> {
    let (mut x, mask) = (m.class("x"), m.class("c"));
    let whole = m.fact(like);
    if !is_bool(m.fact(mask)) || !whole.covers(m.fact(mask)) {
        return None;
    }
    let (over, _) = reduced(m.node("r").payload(), whole.rank())?;
    if !whole.same_shape(m.fact(x)) {
        let fits = whole.ty().has_static_shape() && whole.covers(m.fact(x));
        let shape = fits.then(|| whole.ty().dims())?;
        x = broadcast_to(m, x, &shape)?;
    }
    let axes: Vec<_> = (0..over.len()).filter(|&axis| over[axis]).collect();
    reduction_where(m, x, mask, &axes)
}

/// The array of the shape of the mask of which `x` are the elements that the mask selects: what `x` is made of element by
/// element, computed for all elements.
fn of_all(m: &mut Place<'_, '_>, x: Class, mask: Class, depth: usize) -> Option<Class> {
    if m.fact(x).rank() == 0 {
        return Some(x);
    }
    let nodes: Vec<_> = m
        .graph()
        .nodes(x)
        .map(|node| {
            let children: Vec<_> = node.children().collect();
            (node.op().to_owned(), *node.payload(), children)
        })
        .collect();
    for (op, payload, children) in &nodes {
        if let ("numpy.index", [from, by]) = (op.as_str(), children.as_slice())
            && *by == mask
            && by_mask(m, payload, *from, mask)
        {
            return Some(*from);
        }
    }
    let deeper = depth.checked_sub(1)?;
    nodes.iter().find_map(|(op, payload, children)| {
        // A negative power of an integer is an error, also of one that the mask leaves out.
        let may_raise = op == "numpy.power" && is_int(m.fact(x));
        if may_raise || row(op).is_none() && op != cast::NAME && op != "numpy.where" {
            return None;
        }
        let children: Option<Vec<_>> = children
            .iter()
            .map(|child| of_all(m, *child, mask, deeper))
            .collect();
        m.build(op, Some(payload), &children?)
    })
}

/// x with the elements that the mask selects replaced by such ones.
fn where_masked(m: &mut Place<'_, '_>) -> Option<Class> {
    let (x, value, mask) = (m.class("x"), m.class("v"), m.class("c"));
    let payload = *m.node("s").payload();
    let same_type = m.fact(x).dtype() == m.fact(value).dtype();
    if !same_type || !by_mask(m, &payload, x, mask) {
        return None;
    }
    let all = of_all(m, value, mask, DEPTH)?;
    m.build("numpy.where", None, &[mask, all, x])
}

pub(super) fn rules<'c>() -> Vec<Listed<'c>> {
    list! { "masks";
        // x[c] = f(y[c]) is x = where(c, f(y), x)
        Rule::apply(
            "masked-update",
            Exact,
            "set_index(x, c, f(y[c])) = where(c, f(y), x)",
            "(numpy.set_index@s ?x ?v ?c)",
            where_masked,
        ),
        fires: sample(
            FLOATS,
            "x: {n}x{m}x{t}, y: {n}x{m}x{t}, c: {n}x{m}xi1, a: {t}",
            "%y1 = numpy.index %y[array %c] : tensor<{n}x{m}x{t}>, tensor<{n}x{m}xi1> -> tensor<?x{t}>\n\
             %y2 = numpy.multiply %y1, %y1 : tensor<?x{t}>, tensor<?x{t}> -> tensor<?x{t}>\n\
             %x1 = numpy.index %x[array %c] : tensor<{n}x{m}x{t}>, tensor<{n}x{m}xi1> -> tensor<?x{t}>\n\
             %s = numpy.add %y2, %x1 : tensor<?x{t}>, tensor<?x{t}> -> tensor<?x{t}>\n\
             %v = numpy.multiply %s, %a : tensor<?x{t}>, tensor<{t}> -> tensor<?x{t}>\n\
             %r = numpy.set_index %x[array %c], %v : tensor<{n}x{m}x{t}>, tensor<?x{t}>, tensor<{n}x{m}xi1> -> tensor<{n}x{m}x{t}>",
            "{n}x{m}x{t}",
            "np.where(c, (y * y + x) * a, x)",
        ),
        // Other elements than the ones that are replaced.
        not: sample(
            FLOATS,
            "x: {n}x{m}x{t}, y: {n}x{m}x{t}, c: {n}x{m}xi1",
            "%y1 = numpy.index %y[array %c] : tensor<{n}x{m}x{t}>, tensor<{n}x{m}xi1> -> tensor<?x{t}>\n\
             %v = numpy.flip %y1 : tensor<?x{t}> -> tensor<?x{t}>\n\
             %r = numpy.set_index %x[array %c], %v : tensor<{n}x{m}x{t}>, tensor<?x{t}>, tensor<{n}x{m}xi1> -> tensor<{n}x{m}x{t}>",
            "{n}x{m}x{t}",
            "(lambda z: (z.__setitem__(c, y[c][::-1]), z)[1])(x.copy())",
        );

        // Σ x[c] is the sum of those elements of x, of integers
        Rule::apply(
            "masked-sum-integers",
            Exact,
            "Σ x[c] = Σ x where c",
            "(numpy.sum@r (numpy.index@i ?x ?c))",
            |m| is_int(m.fact_of("x")).then(|| of_selected(m))?,
        ),
        fires: sample(
            INTS,
            "x: {n}x{m}x{t}, c: {n}xi1",
            "%a = numpy.index %x[array %c] : tensor<{n}x{m}x{t}>, tensor<{n}xi1> -> tensor<?x{m}x{t}>\n\
             %r = numpy.sum %a axes [0] : tensor<?x{m}x{t}> -> tensor<{m}x{w}>",
            "{m}x{w}",
            "x[c].sum(0)",
        ),
        // Along another axis each row that is selected stays.
        not: sample(
            INTS,
            "x: {n}x{m}x{t}, c: {n}xi1",
            "%a = numpy.index %x[array %c] : tensor<{n}x{m}x{t}>, tensor<{n}xi1> -> tensor<?x{m}x{t}>\n\
             %r = numpy.sum %a axes [1] : tensor<?x{m}x{t}> -> tensor<?x{w}>",
            "?x{w}",
            "x[c].sum(1)",
        );

        // The same of floats: NumPy leaves the order of a sum open
        Rule::apply(
            "masked-sum",
            Numpy,
            "Σ x[c] = Σ x where c",
            "(numpy.sum@r (numpy.index@i ?x ?c))",
            |m| is_float(m.fact_of("x")).then(|| of_selected(m))?,
        ),
        fires: sample(
            FLOATS,
            "x: {n}x{m}x{t}, c: {n}xi1",
            "%a = numpy.index %x[array %c] : tensor<{n}x{m}x{t}>, tensor<{n}xi1> -> tensor<?x{m}x{t}>\n\
             %r = numpy.sum %a axes [0] : tensor<?x{m}x{t}> -> tensor<{m}x{t}>",
            "{m}x{t}",
            "x[c].sum(0)",
        ),
        // Along another axis nothing of what is selected is added.
        not: sample(
            FLOATS,
            "x: {n}x{m}x{t}, c: {n}xi1",
            "%a = numpy.index %x[array %c] : tensor<{n}x{m}x{t}>, tensor<{n}xi1> -> tensor<?x{m}x{t}>\n\
             %r = numpy.sum %a axes [1] : tensor<?x{m}x{t}> -> tensor<?x{t}>",
            "?x{t}",
            "x[c].sum(1)",
        );

        // The mean of what a mask selects
        Rule::apply(
            "masked-mean",
            Numpy,
            "mean x[c] = mean x where c",
            "(numpy.mean@r (numpy.index@i ?x ?c))",
            of_selected,
        ),
        fires: sample(
            FLOATS,
            "x: {n}x{m}x{t}, c: {n}xi1",
            "%a = numpy.index %x[array %c] : tensor<{n}x{m}x{t}>, tensor<{n}xi1> -> tensor<?x{m}x{t}>\n\
             %r = numpy.mean %a axes [0] : tensor<?x{m}x{t}> -> tensor<{m}x{t}>",
            "{m}x{t}",
            "x[c].mean(0)",
        ),
        // Along another axis nothing of what is selected is added.
        not: sample(
            FLOATS,
            "x: {n}x{m}x{t}, c: {n}xi1",
            "%a = numpy.index %x[array %c] : tensor<{n}x{m}x{t}>, tensor<{n}xi1> -> tensor<?x{m}x{t}>\n\
             %r = numpy.mean %a axes [1] : tensor<?x{m}x{t}> -> tensor<?x{t}>",
            "?x{t}",
            "x[c].mean(1)",
        );

        // Whether any that a mask selects is true
        Rule::apply(
            "masked-any",
            Exact,
            "any x[c] = any x where c",
            "(numpy.any@r (numpy.index@i ?x ?c))",
            of_selected,
        ),
        fires: sample(
            &["f64", "i8", "i1"],
            "x: {n}x{m}x{t}, c: {n}xi1",
            "%a = numpy.index %x[array %c] : tensor<{n}x{m}x{t}>, tensor<{n}xi1> -> tensor<?x{m}x{t}>\n\
             %r = numpy.any %a axes [0] : tensor<?x{m}x{t}> -> tensor<{m}xi1>",
            "{m}xi1",
            "x[c].any(0)",
        ),
        // Along another axis nothing of what is selected is added.
        not: sample(
            &["f64", "i8", "i1"],
            "x: {n}x{m}x{t}, c: {n}xi1",
            "%a = numpy.index %x[array %c] : tensor<{n}x{m}x{t}>, tensor<{n}xi1> -> tensor<?x{m}x{t}>\n\
             %r = numpy.any %a axes [1] : tensor<?x{m}x{t}> -> tensor<?xi1>",
            "?xi1",
            "x[c].any(1)",
        );

        // Whether all that a mask selects are true
        Rule::apply(
            "masked-all",
            Exact,
            "all x[c] = all x where c",
            "(numpy.all@r (numpy.index@i ?x ?c))",
            of_selected,
        ),
        fires: sample(
            &["f64", "i8", "i1"],
            "x: {n}x{m}x{t}, c: {n}xi1",
            "%a = numpy.index %x[array %c] : tensor<{n}x{m}x{t}>, tensor<{n}xi1> -> tensor<?x{m}x{t}>\n\
             %r = numpy.all %a axes [0] : tensor<?x{m}x{t}> -> tensor<{m}xi1>",
            "{m}xi1",
            "x[c].all(0)",
        ),
        // Along another axis nothing of what is selected is added.
        not: sample(
            &["f64", "i8", "i1"],
            "x: {n}x{m}x{t}, c: {n}xi1",
            "%a = numpy.index %x[array %c] : tensor<{n}x{m}x{t}>, tensor<{n}xi1> -> tensor<?x{m}x{t}>\n\
             %r = numpy.all %a axes [1] : tensor<?x{m}x{t}> -> tensor<?xi1>",
            "?xi1",
            "x[c].all(1)",
        );

        // Σ where(c, x, 0) is the sum of the elements of x for which c holds, of integers
        Rule::apply(
            "sum-of-selection-integers",
            Exact,
            "Σ where(c, x, 0) = Σ x where c",
            "(numpy.sum@r (numpy.where ?c ?x ?z))",
            |m| is_int(m.fact_of("x")).then(|| of_selection(m))?,
        ),
        fires: sample(
            INTS,
            "c: {n}x1xi1, x: {n}x{m}x{t}",
            "%z = numpy.constant dense<0> : tensor<{t}>\n\
             %a = numpy.where %c, %x, %z : tensor<{n}x1xi1>, tensor<{n}x{m}x{t}>, tensor<{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.sum %a axes [0] : tensor<{n}x{m}x{t}> -> tensor<{m}x{w}>",
            "{m}x{w}",
            "np.where(c, x, np.zeros_like(x)).sum(0)",
        ),
        not: sample(
            INTS,
            "c: {n}x1xi1, x: {n}x{m}x{t}",
            "%z = numpy.constant dense<1> : tensor<{t}>\n\
             %a = numpy.where %c, %x, %z : tensor<{n}x1xi1>, tensor<{n}x{m}x{t}>, tensor<{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.sum %a axes [0] : tensor<{n}x{m}x{t}> -> tensor<{m}x{w}>",
            "{m}x{w}",
            "np.where(c, x, np.ones_like(x)).sum(0)",
        );

        // The same of floats: without the zeros the order of the sum is another one
        Rule::apply(
            "sum-of-selection",
            Numpy,
            "Σ where(c, x, 0) = Σ x where c",
            "(numpy.sum@r (numpy.where ?c ?x ?z))",
            |m| is_float(m.fact_of("x")).then(|| of_selection(m))?,
        ),
        fires: sample(
            FLOATS,
            "c: {n}x1xi1, x: {m}x{t}",
            "%z = numpy.constant dense<0.0> : tensor<{t}>\n\
             %a = numpy.where %c, %x, %z : tensor<{n}x1xi1>, tensor<{m}x{t}>, tensor<{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.sum %a axes [0] : tensor<{n}x{m}x{t}> -> tensor<{m}x{t}>",
            "{m}x{t}",
            "np.where(c, x, x.dtype.type(0)).sum(0)",
        ),
        not: sample(
            FLOATS,
            "c: {n}x1xi1, x: {n}x{m}x{t}",
            "%z = numpy.constant dense<0.0> : tensor<{t}>\n\
             %a = numpy.where %c, %x, %z : tensor<{n}x1xi1>, tensor<{n}x{m}x{t}>, tensor<{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.max %a axes [] : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>",
            "{n}x{m}x{t}",
            "np.where(c, x, x.dtype.type(0))",
        );

        // Σ x·[c] is the sum of the elements of x for which c holds, of integers
        Rule::apply(
            "sum-of-mask-product-integers",
            Exact,
            "Σ x·[c] = Σ x where c",
            "(numpy.sum@r (numpy.multiply ?x (numpy.cast ?c)))",
            |m| is_int(m.fact_of("x")).then(|| of_mask_product(m))?,
        ),
        fires: sample(
            INTS,
            "c: {n}x1xi1, x: {n}x{m}x{t}",
            "%h = numpy.cast %c : tensor<{n}x1xi1> -> tensor<{n}x1x{t}>\n\
             %a = numpy.multiply %h, %x : tensor<{n}x1x{t}>, tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.sum %a axes [0] : tensor<{n}x{m}x{t}> -> tensor<{m}x{w}>",
            "{m}x{w}",
            "(c * x).sum(0)",
        ),
        // No mask.
        not: sample(
            INTS,
            "c: {n}x1xi16, x: {n}x{m}x{t}",
            "%h = numpy.cast %c : tensor<{n}x1xi16> -> tensor<{n}x1x{t}>\n\
             %a = numpy.multiply %h, %x : tensor<{n}x1x{t}>, tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.sum %a axes [0] : tensor<{n}x{m}x{t}> -> tensor<{m}x{w}>",
            "{m}x{w}",
            "(c.astype(x.dtype) * x).sum(0)",
        );

        // The same of floats: 0·∞ is no part of the sum
        Rule::apply(
            "sum-of-mask-product",
            Relaxed,
            "Σ x·[c] = Σ x where c",
            "(numpy.sum@r (numpy.multiply ?x (numpy.cast ?c)))",
            |m| is_float(m.fact_of("x")).then(|| of_mask_product(m))?,
        ),
        fires: sample(
            FLOATS,
            "c: {n}x1xi1, x: {m}x{t}",
            "%h = numpy.cast %c : tensor<{n}x1xi1> -> tensor<{n}x1x{t}>\n\
             %a = numpy.multiply %h, %x : tensor<{n}x1x{t}>, tensor<{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.sum %a axes [0] : tensor<{n}x{m}x{t}> -> tensor<{m}x{t}>",
            "{m}x{t}",
            "(c * x).sum(0)",
        ),
        not: sample(
            FLOATS,
            "c: {n}x1xi1, x: {m}x{t}",
            "%h = numpy.cast %c : tensor<{n}x1xi1> -> tensor<{n}x1x{t}>\n\
             %a = numpy.add %h, %x : tensor<{n}x1x{t}>, tensor<{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.sum %a axes [0] : tensor<{n}x{m}x{t}> -> tensor<{m}x{t}>",
            "{m}x{t}",
            "(c + x).sum(0)",
        );
    }
}
