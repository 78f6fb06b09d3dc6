//! Sums of the rows that belong together.

use npir_egraph::Fidelity::Relaxed;
use npir_egraph::{Class, Rule};
use npir_mlir::prelude::*;

use super::build::{Place, with};
use super::{FLOATS, Listed, is_float, list, sample};
use crate::cast;
use crate::constant::Constant;
use crate::elementwise::constant::Scalar;
use crate::optimize::{Payload, Size, View};

/// The axis of a value of two dimensions along which it walks a vector; along the other one it is repeated.
fn vector_axis(view: &View) -> Option<usize> {
    // Dimensions are counted from the last one.
    let lead = 2usize.checked_sub(view.dims.len())?;
    let mut walked = (0..view.dims.len()).filter(|&axis| view.dims[axis].is_some());
    let axis = walked.next()?;
    walked.next().is_none().then_some(lead + axis)
}

/// The labels l where `a` is the matrix with a 1 at [lⱼ, j] for each j and 0 elsewhere.
fn labels_of(m: &Place<'_, '_>, a: Class) -> Option<Class> {
    let graph = m.graph();
    let outer = View::of(graph, a);
    let turned = match outer.dims[..] {
        [Some(0), Some(1)] => false,
        [Some(1), Some(0)] => true,
        _ => return None,
    };
    let cast = graph
        .nodes(outer.base)
        .find(|node| node.op() == cast::NAME)?;
    let mut inner = graph.nodes(cast.child(0));
    let equal = inner.find(|node| node.op() == "numpy.equal")?;
    let (first, second) = (equal.child(0), equal.child(1));
    [(first, second), (second, first)]
        .into_iter()
        .find_map(|(labels, numbers)| {
            let (labels, numbers) = (View::of(graph, labels), View::of(graph, numbers));
            let (along, across) = (vector_axis(&labels)?, vector_axis(&numbers)?);
            let is_iota = graph
                .nodes(numbers.base)
                .any(|node| node.op() == "numpy.iota");
            let Size::Known(count) = *graph.fact(numbers.base).sizes.first()? else {
                return None;
            };
            // Each label must have its row: a sum by position knows no others.
            let (low, high) = graph.fact(labels.base).bounds?;
            let fits = is_iota && low >= 0 && high < count && along != across;
            (fits && (along == 1) != turned).then_some(labels.base)
        })
}

/// Σ over the rows of x with each label, by adding each row where it belongs.
fn segment_sums(m: &mut Place<'_, '_>) -> Option<Class> {
    let (a, x) = (m.class("a"), m.class("x"));
    let labels = labels_of(m, a)?;
    let (fl, fx, sums) = (m.fact(labels), m.fact(x), m.fact(m.root()));
    let fits = fx.rank() == 2 && is_float(fx) && fl.rank() == 1 && fl.sizes[0] == fx.sizes[0];
    let ty = sums.ty();
    if !fits || !ty.has_static_shape() {
        return None;
    }
    let zeros = Scalar::Float(0.0).splat(ty)?;
    let attrs = m.domain().ctx().dict_attr(&[("value", zeros)]);
    let zeros = m.add(Constant::NAME, Payload { attrs, ty }, &[]);
    with(m, "numpy.add_at", &[], &[zeros, labels, x])
}

pub(super) fn rules<'c>() -> Vec<Listed<'c>> {
    list! { "segments";
        // (l = i)ᵀ·x: sums of the rows with equal labels. 0·∞ is no part of them.
        Rule::apply(
            "one-hot-product",
            Relaxed,
            "Σⱼ [lⱼ = i]·xⱼ = add.at(0, l, x)",
            "(numpy.matmul ?a ?x)",
            segment_sums,
        ),
        fires: sample(
            FLOATS,
            "s: {n}x{m}x{t}, x: {n}x{k}x{t}",
            "%l = numpy.argmin %s axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>\n\
             %i = numpy.iota shape [{m}] : tensor<{m}xi64>\n\
             %a = numpy.expand_dims %l axes [1] : tensor<{n}xi64> -> tensor<{n}x1xi64>\n\
             %e = numpy.equal %a, %i : tensor<{n}x1xi64>, tensor<{m}xi64> -> tensor<{n}x{m}xi1>\n\
             %c = numpy.cast %e : tensor<{n}x{m}xi1> -> tensor<{n}x{m}x{t}>\n\
             %h = numpy.transpose %c : tensor<{n}x{m}x{t}> -> tensor<{m}x{n}x{t}>\n\
             %r = numpy.matmul %h, %x : tensor<{m}x{n}x{t}>, tensor<{n}x{k}x{t}> -> tensor<{m}x{k}x{t}>",
            "{m}x{k}x{t}",
            "(s.argmin(1)[:, None] == np.arange({m})).astype(x.dtype).T @ x",
        ),
        // Labels that may be anything: those that are no row add nothing.
        not: sample(
            FLOATS,
            "l: {n}xi64, x: {n}x{k}x{t}",
            "%i = numpy.iota shape [3] : tensor<3xi64>\n\
             %a = numpy.expand_dims %l axes [1] : tensor<{n}xi64> -> tensor<{n}x1xi64>\n\
             %e = numpy.equal %a, %i : tensor<{n}x1xi64>, tensor<3xi64> -> tensor<{n}x3xi1>\n\
             %c = numpy.cast %e : tensor<{n}x3xi1> -> tensor<{n}x3x{t}>\n\
             %h = numpy.transpose %c : tensor<{n}x3x{t}> -> tensor<3x{n}x{t}>\n\
             %r = numpy.matmul %h, %x : tensor<3x{n}x{t}>, tensor<{n}x{k}x{t}> -> tensor<3x{k}x{t}>",
            "3x{k}x{t}",
            "(l[:, None] == np.arange(3)).astype(x.dtype).T @ x",
        );
    }
}
