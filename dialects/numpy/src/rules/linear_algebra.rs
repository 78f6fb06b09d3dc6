//! Products of matrices and systems of equations.

use npir_egraph::Fidelity::{Exact, Numpy, Relaxed};
use npir_egraph::{Class, Rule};
use npir_mlir::prelude::*;

use super::build::{Place, reduced, reduction};
use super::{DOUBLE, FLOATS, Listed, Pattern, is_float, is_int, list, sample};
use crate::views;

/// Whether three arrays of these ranks fit together for certain: matrices, with a vector at an end perhaps.
fn fit(m: &Place<'_, '_>, ranks: [&[usize]; 3]) -> bool {
    let [a, b, c] = ["a", "b", "c"].map(|name| m.fact_of(name));
    let pairs = [a, b, c].into_iter().zip(ranks);
    let ranks = pairs
        .into_iter()
        .all(|(fact, ranks)| ranks.contains(&fact.rank()));
    ranks && a.sizes.last() == b.sizes.first() && b.sizes.last() == c.sizes.first()
}

/// Whether two matrices fit together for certain.
fn two_fit(m: &Place<'_, '_>) -> bool {
    let (a, b) = (m.fact_of("a"), m.fact_of("b"));
    a.rank() == 2 && b.rank() == 2 && a.sizes[1] == b.sizes[0]
}

/// Whether the node `t` turns a matrix.
fn turns(m: &Place<'_, '_>) -> bool {
    let axes = m
        .node("t")
        .payload()
        .attr("axes")
        .and_then(I64Array::decode);
    views::permutation(axes.as_deref(), 2).is_ok_and(|order| order == [1, 0])
}

/// The sum `s` over the rows or columns of a·b, or both: of the rows of a and the columns of b.
fn sums_of_product(m: &mut Place<'_, '_>) -> Option<Class> {
    let payload = *m.node("s").payload();
    let (mask, keepdims) = reduced(&payload, 2)?;
    let (mut a, mut b) = (m.class("a"), m.class("b"));
    let plain = payload.attr("dtype").is_none() && is_float(m.fact(a));
    if !plain || !two_fit(m) || keepdims || mask == [false, false] {
        return None;
    }
    if mask[0] {
        a = reduction(m, "numpy.sum", a, &[0], false)?;
    }
    if mask[1] {
        b = reduction(m, "numpy.sum", b, &[1], false)?;
    }
    m.build("numpy.matmul", None, &[a, b])
}

pub(super) fn rules<'c>() -> Vec<Listed<'c>> {
    list! { "linear algebra";
        // (a·b)·c = a·(b·c)
        Pattern {
            name: "matmul-right",
            fidelity: Relaxed,
            equation: "(a·b)·c = a·(b·c)",
            left: "(numpy.matmul (numpy.matmul ?a ?b) ?c)",
            right: "(numpy.matmul ?a (numpy.matmul ?b ?c))",
        }
        .rule()
        .when(|m| is_float(m.fact_of("a")) && fit(m, [&[2], &[2], &[1, 2]])),
        fires: sample(
            FLOATS,
            "a: {n}x{m}x{t}, b: {m}x{k}x{t}, c: {k}x{n}x{t}",
            "%x = numpy.matmul %a, %b : tensor<{n}x{m}x{t}>, tensor<{m}x{k}x{t}> -> tensor<{n}x{k}x{t}>\n\
             %r = numpy.matmul %x, %c : tensor<{n}x{k}x{t}>, tensor<{k}x{n}x{t}> -> tensor<{n}x{n}x{t}>",
            "{n}x{n}x{t}",
            "a @ b @ c",
        ),
        // A vector in the middle.
        not: sample(
            FLOATS,
            "a: {n}x{m}x{t}, b: {m}x{t}, c: {n}x{k}x{t}",
            "%x = numpy.matmul %a, %b : tensor<{n}x{m}x{t}>, tensor<{m}x{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.matmul %x, %c : tensor<{n}x{t}>, tensor<{n}x{k}x{t}> -> tensor<{k}x{t}>",
            "{k}x{t}",
            "(a @ b) @ c",
        );

        // a·(b·c) = (a·b)·c
        Pattern {
            name: "matmul-left",
            fidelity: Relaxed,
            equation: "a·(b·c) = (a·b)·c",
            left: "(numpy.matmul ?a (numpy.matmul ?b ?c))",
            right: "(numpy.matmul (numpy.matmul ?a ?b) ?c)",
        }
        .rule()
        .when(|m| is_float(m.fact_of("a")) && fit(m, [&[1, 2], &[2], &[2]])),
        fires: sample(
            FLOATS,
            "a: {n}x{m}x{t}, b: {m}x{k}x{t}, c: {k}x{n}x{t}",
            "%x = numpy.matmul %b, %c : tensor<{m}x{k}x{t}>, tensor<{k}x{n}x{t}> -> tensor<{m}x{n}x{t}>\n\
             %r = numpy.matmul %a, %x : tensor<{n}x{m}x{t}>, tensor<{m}x{n}x{t}> -> tensor<{n}x{n}x{t}>",
            "{n}x{n}x{t}",
            "a @ (b @ c)",
        ),
        not: sample(
            FLOATS,
            "a: {n}x{m}x{t}, b: {m}x{k}x{t}, c: {k}x{t}",
            "%x = numpy.matmul %b, %c : tensor<{m}x{k}x{t}>, tensor<{k}x{t}> -> tensor<{m}x{t}>\n\
             %r = numpy.matmul %a, %x : tensor<{n}x{m}x{t}>, tensor<{m}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "a @ (b @ c)",
        );

        // (a·b)·c = a·(b·c), of integers, which wrap
        Pattern {
            name: "matmul-right-integers",
            fidelity: Exact,
            equation: "(a·b)·c = a·(b·c)",
            left: "(numpy.matmul (numpy.matmul ?a ?b) ?c)",
            right: "(numpy.matmul ?a (numpy.matmul ?b ?c))",
        }
        .rule()
        .when(|m| is_int(m.fact_of("a")) && fit(m, [&[2], &[2], &[1, 2]])),
        fires: sample(
            &["i64", "i8"],
            "a: {n}x{m}x{t}, b: {m}x{k}x{t}, c: {k}x{n}x{t}",
            "%x = numpy.matmul %a, %b : tensor<{n}x{m}x{t}>, tensor<{m}x{k}x{t}> -> tensor<{n}x{k}x{t}>\n\
             %r = numpy.matmul %x, %c : tensor<{n}x{k}x{t}>, tensor<{k}x{n}x{t}> -> tensor<{n}x{n}x{t}>",
            "{n}x{n}x{t}",
            "a @ b @ c",
        ),
        not: sample(
            &["f64", "f32"],
            "a: {n}x{m}x{t}, b: {m}x{k}x{t}, c: {k}x{n}x{t}",
            "%x = numpy.matmul %a, %b : tensor<{n}x{m}x{t}>, tensor<{m}x{k}x{t}> -> tensor<{n}x{k}x{t}>\n\
             %r = numpy.matmul %x, %c : tensor<{n}x{k}x{t}>, tensor<{k}x{n}x{t}> -> tensor<{n}x{n}x{t}>",
            "{n}x{n}x{t}",
            "a @ b @ c",
        );

        // (a·b)ᵀ = bᵀ·aᵀ
        Pattern {
            name: "transpose-of-product",
            fidelity: Numpy,
            equation: "(a·b)ᵀ = bᵀ·aᵀ",
            left: "(numpy.transpose@t (numpy.matmul ?a ?b))",
            right: "(numpy.matmul (numpy.transpose@t ?b) (numpy.transpose@t ?a))",
        }
        .rule()
        .when(|m| two_fit(m) && turns(m)),
        fires: sample(
            &["f64", "i64"],
            "a: {n}x{k}x{t}, b: {k}x{m}x{t}",
            "%p = numpy.matmul %a, %b : tensor<{n}x{k}x{t}>, tensor<{k}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.transpose %p : tensor<{n}x{m}x{t}> -> tensor<{m}x{n}x{t}>",
            "{m}x{n}x{t}",
            "(a @ b).T",
        ),
        not: sample(
            DOUBLE,
            "a: {n}x{k}x{t}, b: {k}x{m}x{t}",
            "%p = numpy.matmul %a, %b : tensor<{n}x{k}x{t}>, tensor<{k}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.transpose %p axes [0, 1] : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>",
            "{n}x{m}x{t}",
            "a @ b",
        );

        // Σᵢ (a·b)ᵢⱼ = (Σᵢ aᵢ)·b, and along the other axis
        Rule::apply(
            "sum-of-product",
            Relaxed,
            "Σᵢ (a·b)ᵢⱼ = (Σᵢ aᵢ)·bⱼ",
            "(numpy.sum@s (numpy.matmul ?a ?b))",
            sums_of_product,
        ),
        fires: sample(
            FLOATS,
            "a: {n}x{k}x{t}, b: {k}x{m}x{t}",
            "%p = numpy.matmul %a, %b : tensor<{n}x{k}x{t}>, tensor<{k}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.sum %p axes [-1] : tensor<{n}x{m}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "(a @ b).sum(-1)",
        ),
        // Products of the elements, not of the matrices, are summed.
        not: sample(
            FLOATS,
            "a: {n}x{k}x{t}, b: {k}x{m}x{t}",
            "%p = numpy.matmul %a, %b : tensor<{n}x{k}x{t}>, tensor<{k}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %q = numpy.square %p : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.sum %q axes [-1] : tensor<{n}x{m}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.square(a @ b).sum(-1)",
        );

        // a⁻¹·b = solve(a, b)
        Pattern {
            name: "solve",
            fidelity: Relaxed,
            equation: "a⁻¹·b = solve(a, b)",
            left: "(numpy.matmul (numpy.linalg_inv ?a) ?b)",
            right: "(numpy.linalg_solve ?a ?b)",
        }
        .rule()
        .when(|m| {
            let (a, b) = (m.fact_of("a"), m.fact_of("b"));
            let fits = a.rank() == 2 && matches!(b.rank(), 1 | 2);
            fits && is_float(a) && a.sizes[0] == a.sizes[1] && a.sizes[1] == b.sizes[0]
        }),
        fires: sample(
            DOUBLE,
            "p: 4x4x{t}, b: 4x{m}x{t}",
            "%i = numpy.constant dense<[[9.0, 0.0, 0.0, 0.0], [0.0, 9.0, 0.0, 0.0], [0.0, 0.0, 9.0, 0.0], \
             [0.0, 0.0, 0.0, 9.0]]> : tensor<4x4x{t}>\n\
             %s = numpy.tanh %p : tensor<4x4x{t}> -> tensor<4x4x{t}>\n\
             %a = numpy.add %s, %i : tensor<4x4x{t}>, tensor<4x4x{t}> -> tensor<4x4x{t}>\n\
             %v = numpy.linalg_inv %a : tensor<4x4x{t}> -> tensor<4x4x{t}>\n\
             %r = numpy.matmul %v, %b : tensor<4x4x{t}>, tensor<4x{m}x{t}> -> tensor<4x{m}x{t}>",
            "4x{m}x{t}",
            "np.linalg.inv(np.tanh(p) + 9 * np.eye(4)) @ b",
        ),
        // The inverse on the right.
        not: sample(
            DOUBLE,
            "p: 4x4x{t}, b: {m}x4x{t}",
            "%i = numpy.constant dense<[[9.0, 0.0, 0.0, 0.0], [0.0, 9.0, 0.0, 0.0], [0.0, 0.0, 9.0, 0.0], \
             [0.0, 0.0, 0.0, 9.0]]> : tensor<4x4x{t}>\n\
             %s = numpy.tanh %p : tensor<4x4x{t}> -> tensor<4x4x{t}>\n\
             %a = numpy.add %s, %i : tensor<4x4x{t}>, tensor<4x4x{t}> -> tensor<4x4x{t}>\n\
             %v = numpy.linalg_inv %a : tensor<4x4x{t}> -> tensor<4x4x{t}>\n\
             %r = numpy.matmul %b, %v : tensor<{m}x4x{t}>, tensor<4x4x{t}> -> tensor<{m}x4x{t}>",
            "{m}x4x{t}",
            "b @ np.linalg.inv(np.tanh(p) + 9 * np.eye(4))",
        );
    }
}
