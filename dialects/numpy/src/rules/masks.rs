//! Parts of arrays that a mask selects.

use npir_egraph::Fidelity::Exact;
use npir_egraph::{Class, Rule};
use npir_mlir::prelude::*;

use super::build::Place;
use super::{FLOATS, Listed, is_int, list, sample};
use crate::cast;
use crate::elementwise::row;
use crate::indexing::Items;
use crate::optimize::Payload;

/// How far rules look for what a value is made of.
const DEPTH: usize = 12;

/// Whether the only index is a mask of the shape of what it selects from.
fn by_mask(m: &Place<'_, '_>, payload: &Payload<'_>, x: Class, mask: Class) -> bool {
    let (fx, mask) = (m.fact(x), m.fact(mask));
    let no_others = payload
        .attr("items")
        .and_then(Items::decode)
        .is_some_and(|items| items.is_empty());
    no_others
        && mask.dtype().is_some_and(|dtype| dtype.is_bool())
        && mask.rank() == fx.rank()
        && mask.sizes == fx.sizes
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
    }
}
