//! Transposed, reshaped, flipped and repeated arrays.

use npir_egraph::Fidelity::Exact;
use npir_egraph::{Class, Rule};
use npir_mlir::prelude::*;

use super::build::{Place, with};
use super::{DOUBLE, Listed, Pattern, list, sample};
use crate::optimize::{Fact, Size};
use crate::views;

/// Whether every size is a number: then nothing about a reshaped array can fail at run time.
fn is_static(fact: &Fact<'_>) -> bool {
    fact.sizes.iter().all(|size| matches!(size, Size::Known(_)))
}

/// The two transposes `p` and `q` as one, or none.
fn transposed_twice(m: &mut Place<'_, '_>) -> Option<Class> {
    let x = m.class("x");
    let rank = m.fact(x).rank();
    let order = |name| {
        let axes = m
            .node(name)
            .payload()
            .attr("axes")
            .and_then(I64Array::decode);
        views::permutation(axes.as_deref(), rank).ok()
    };
    let (inner, outer) = (order("p")?, order("q")?);
    let both: Vec<_> = outer.iter().map(|&d| inner[d] as i64).collect();
    if both.iter().enumerate().all(|(i, &d)| i as i64 == d) {
        return Some(x);
    }
    let axes = m.domain().ctx().i64_array(&both);
    with(m, "numpy.transpose", &[("axes", axes)], &[x])
}

pub(super) fn rules<'c>() -> Vec<Listed<'c>> {
    list! { "views";
        // (xᵖ)ᵠ = x with the order of both
        Rule::apply(
            "transpose-transpose",
            Exact,
            "(xᵖ)ᵠ = xᵖᵠ",
            "(numpy.transpose@q (numpy.transpose@p ?x))",
            transposed_twice,
        ),
        fires: sample(
            &["f64", "i8"],
            "x: {n}x{m}x{k}x{t}",
            "%a = numpy.transpose %x axes [1, 2, 0] : tensor<{n}x{m}x{k}x{t}> -> tensor<{m}x{k}x{n}x{t}>\n\
             %r = numpy.transpose %a : tensor<{m}x{k}x{n}x{t}> -> tensor<{n}x{k}x{m}x{t}>",
            "{n}x{k}x{m}x{t}",
            "x.transpose(1, 2, 0).T",
        ),
        not: sample(
            DOUBLE,
            "x: {n}x{m}x{t}",
            "%a = numpy.flip %x : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.transpose %a : tensor<{n}x{m}x{t}> -> tensor<{m}x{n}x{t}>",
            "{m}x{n}x{t}",
            "np.flip(x).T",
        );

        // squeeze(expand_dims(x)) = x, where the shapes are the same again
        Pattern {
            name: "squeeze-expanded",
            fidelity: Exact,
            equation: "squeeze(expand_dims(x, a), a) = x",
            left: "(numpy.squeeze@s (numpy.expand_dims@e ?x))",
            right: "?x",
        }
        .rule()
        .when(|m| {
            let axes = |name| m.node(name).payload().attr("axes").and_then(I64Array::decode);
            let rank = m.fact_of("x").rank();
            let (Some(gone), Some(new)) = (axes("s"), axes("e")) else {
                return false;
            };
            let places = |axes: &[i64]| views::expanded(axes, rank).ok();
            gone.len() == new.len() && places(&gone) == places(&new)
        }),
        fires: sample(
            &["f64", "i8"],
            "x: {n}x{m}x{t}",
            "%a = numpy.expand_dims %x axes [0, -2] : tensor<{n}x{m}x{t}> -> tensor<1x{n}x1x{m}x{t}>\n\
             %r = numpy.squeeze %a axes [2, 0] : tensor<1x{n}x1x{m}x{t}> -> tensor<{n}x{m}x{t}>",
            "{n}x{m}x{t}",
            "np.squeeze(np.expand_dims(x, (0, -2)), (2, 0))",
        ),
        // One dimension of size 1 comes, another one goes.
        not: sample(
            DOUBLE,
            "x: {n}x1x{m}x{t}",
            "%a = numpy.expand_dims %x axes [0] : tensor<{n}x1x{m}x{t}> -> tensor<1x{n}x1x{m}x{t}>\n\
             %r = numpy.squeeze %a axes [2] : tensor<1x{n}x1x{m}x{t}> -> tensor<1x{n}x{m}x{t}>",
            "1x{n}x{m}x{t}",
            "np.squeeze(np.expand_dims(x, 0), 2)",
        );

        // reshape(reshape(x)) = reshape(x)
        Pattern {
            name: "reshape-reshaped",
            fidelity: Exact,
            equation: "reshape(reshape(x, s), t) = reshape(x, t)",
            left: "(numpy.reshape@r (numpy.reshape ?x))",
            right: "(numpy.reshape@r ?x)",
        }
        .rule()
        .when(|m| is_static(m.fact_of("x")) && is_static(m.fact(m.root()))),
        fires: sample(
            &["f64", "i8"],
            "x: 2x3x{t}",
            "%a = numpy.reshape %x shape [6] : tensor<2x3x{t}> -> tensor<6x{t}>\n\
             %r = numpy.reshape %a shape [3, -1] : tensor<6x{t}> -> tensor<3x2x{t}>",
            "3x2x{t}",
            "x.reshape(6).reshape(3, -1)",
        ),
        not: sample(
            DOUBLE,
            "x: 2x3x{t}",
            "%a = numpy.transpose %x : tensor<2x3x{t}> -> tensor<3x2x{t}>\n\
             %r = numpy.reshape %a shape [6] : tensor<3x2x{t}> -> tensor<6x{t}>",
            "6x{t}",
            "x.T.reshape(6)",
        );

        // reshape(x, shape of x) = x
        Pattern {
            name: "reshape-same",
            fidelity: Exact,
            equation: "reshape(x, shape(x)) = x",
            left: "(numpy.reshape ?x)",
            right: "?x",
        }
        .rule()
        .when(|m| is_static(m.fact_of("x")) && m.fact_of("x").same_shape(m.fact(m.root()))),
        fires: sample(
            &["f64", "i8"],
            "x: {n}x{m}x{t}",
            "%a = numpy.transpose %x : tensor<{n}x{m}x{t}> -> tensor<{m}x{n}x{t}>\n\
             %r = numpy.reshape %a shape [{m}, {n}] : tensor<{m}x{n}x{t}> -> tensor<{m}x{n}x{t}>",
            "{m}x{n}x{t}",
            "x.T.reshape({m}, {n})",
        ),
        not: sample(
            DOUBLE,
            "x: {n}x{m}x{t}",
            "%r = numpy.reshape %x shape [1, {n}, {m}] : tensor<{n}x{m}x{t}> -> tensor<1x{n}x{m}x{t}>",
            "1x{n}x{m}x{t}",
            "x.reshape(1, {n}, {m})",
        );

        // flip(flip(x)) = x along the same axes
        Pattern {
            name: "flip-flipped",
            fidelity: Exact,
            equation: "flip(flip(x)) = x",
            left: "(numpy.flip@a (numpy.flip@b ?x))",
            right: "?x",
        }
        .rule()
        .when(|m| {
            let rank = m.fact_of("x").rank();
            let axes = |name| {
                let axes = m.node(name).payload().attr("axes").and_then(I64Array::decode);
                crate::shape::axis_mask(axes.as_deref(), rank)
            };
            axes("a").is_ok() && axes("a") == axes("b")
        }),
        fires: sample(
            &["f64", "i8"],
            "x: {n}x{m}x{t}",
            "%a = numpy.flip %x axes [1] : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.flip %a axes [-1] : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>",
            "{n}x{m}x{t}",
            "np.flip(np.flip(x, 1), -1)",
        ),
        not: sample(
            DOUBLE,
            "x: {n}x{m}x{t}",
            "%a = numpy.flip %x axes [0] : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.flip %a axes [-1] : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>",
            "{n}x{m}x{t}",
            "np.flip(np.flip(x, 0), -1)",
        );
    }
}
