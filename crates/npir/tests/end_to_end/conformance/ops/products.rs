//! Products of matrices and vectors.

use super::{Inputs, Make, Op};

/// An array of shape (r, c) and one of shape (c, 3).
fn matrices(m: &mut Make<'_>) -> Inputs {
    let inner = m.size(1);
    vec![m.array("a"), m.of("b", &[inner, 3])]
}

/// An array of shape (r, c) and a vector of c elements.
fn matrix_and_vector(m: &mut Make<'_>) -> Inputs {
    let inner = m.size(1);
    vec![m.array("a"), m.of("b", &[inner])]
}

/// A vector of r elements and an array of shape (r, c).
fn vector_and_matrix(m: &mut Make<'_>) -> Inputs {
    let rows = m.size(0);
    vec![m.of("b", &[rows]), m.array("a")]
}

/// An array of shape (r, c) and one of shape (3, c).
fn rows(m: &mut Make<'_>) -> Inputs {
    let inner = m.size(1);
    vec![m.array("a"), m.of("b", &[3, inner])]
}

/// A few rows of an array, and a small one.
fn small(m: &mut Make<'_>) -> Inputs {
    let shape: Vec<_> = m.shape.iter().map(|n| (*n).min(6)).collect();
    vec![
        m.of("a", &shape),
        m.of("b", if shape.is_empty() { &[] } else { &[2, 3] }),
    ]
}

/// A matrix, and a stack of them.
fn stack(m: &mut Make<'_>) -> Inputs {
    let inner = m.size(1);
    vec![m.array("a"), m.of("b", &[2, inner, 3])]
}

/// Vectors along the last axis, of two shapes.
fn vectors(m: &mut Make<'_>) -> Inputs {
    let (rows, columns) = (m.size(0), m.size(1));
    vec![m.of("a", &[rows, 1, columns]), m.of("b", &[3, columns])]
}

macro_rules! product {
    ($name:literal) => {
        Op::new(
            $name,
            concat!("numpy.", $name, " %a, %b"),
            concat!("np.", $name, "(a, b)"),
        )
    };
}

/// A vector, and one of five elements.
fn sequences(m: &mut Make<'_>) -> Inputs {
    let size = m.size(0).max(1);
    vec![m.of("a", &[size]), m.of("v", &[5])]
}

pub(super) const OPS: &[Op] = &[
    product!("matmul").inputs(matrices).broadcast(stack),
    product!("vecdot").inputs(|m| m.two()).broadcast(vectors),
    product!("matvec").inputs(matrix_and_vector).broadcast(|m| {
        let (rows, columns) = (m.size(0), m.size(1));
        vec![m.of("a", &[2, 1, rows, columns]), m.of("b", &[3, columns])]
    }),
    Op::new("vecmat", "numpy.vecmat %b, %a", "np.vecmat(b, a)")
        .inputs(vector_and_matrix)
        .broadcast(|m| {
            let (rows, columns) = (m.size(0), m.size(1));
            vec![m.of("b", &[3, rows]), m.of("a", &[2, 1, rows, columns])]
        }),
    product!("dot").any_rank().inputs(|m| match m.shape.len() {
        0 => m.two(),
        _ => matrices(m),
    }),
    product!("vdot").any_rank().inputs(|m| m.two()),
    product!("inner")
        .any_rank()
        .inputs(|m| match m.shape.len() {
            0 => m.two(),
            _ => rows(m),
        }),
    product!("outer").inputs(small),
    product!("kron").inputs(small),
    Op::new(
        "tensordot",
        "numpy.tensordot %a, %b lhs_axes [1] rhs_axes [0]",
        "np.tensordot(a, b, ([1], [0]))",
    )
    .inputs(matrices),
    Op::new(
        "einsum",
        "numpy.einsum \"ij,jk->ki\", %a, %b : {a}, {b} -> {r}",
        "np.einsum('ij,jk->ki', a, b)",
    )
    .scalar(
        "numpy.einsum \",->\", %a, %b : {a}, {b} -> {r}",
        "np.einsum(',->', a, b)",
    )
    .inputs(|m| match m.shape.len() {
        0 => m.two(),
        _ => matrices(m),
    })
    .broadcast(|m| {
        let rows = m.size(0);
        vec![m.of("a", &[rows, 1]), m.of("b", &[5, 3])]
    }),
    Op::new(
        "linalg_multi_dot",
        "numpy.linalg_multi_dot %a, %b, %c",
        "np.linalg.multi_dot([a, b, c])",
    )
    .inputs(|m| {
        let mut inputs = matrices(m);
        inputs.push(m.of("c", &[3, 4]));
        inputs
    }),
    Op::new("convolve", "numpy.convolve %a, %v", "np.convolve(a, v)").inputs(sequences),
    Op::new(
        "correlate",
        "numpy.correlate %a, %v mode same",
        "np.correlate(a, v, 'same')",
    )
    .inputs(sequences),
];
