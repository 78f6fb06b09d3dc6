//! Contractions against NumPy: `einsum`, `dot`, `inner`, `outer`, `vdot`, `tensordot`, `kron`, `linalg_multi_dot`.

use npir_runtime::{DType, RunErrorKind};

use crate::library::{Row, check_each, check_rows};

const DTYPES: [DType; 6] = [
    DType::F64,
    DType::F32,
    DType::C128,
    DType::I32,
    DType::U8,
    DType::Bool,
];

#[track_caller]
fn check_dtypes(rows: &[Row]) {
    check_each(&DTYPES, rows);
}

fn pair(op: &str, a: &str, b: &str, numpy: &str) -> Row {
    Row::new(
        format!("numpy.{op} : {{a}}, {{b}} -> {{r0}}"),
        &[
            ("a", &format!("fill(DT, {a})")),
            ("b", &format!("fill(DT, {b})")),
        ],
        numpy,
    )
}

#[test]
fn subscripts() {
    let mut rows = Vec::new();
    for (subscripts, a, b) in [
        ("ij,jk->ik", "3, 4", "4, 5"),
        ("ij,jk", "3, 4", "4, 5"),
        ("ij,ij->", "3, 4", "3, 4"),
        ("ij,kj->ki", "3, 4", "5, 4"),
        ("i,j->ji", "3", "4"),
        ("bij,bjk->bik", "2, 3, 4", "2, 4, 5"),
        ("...ij,...jk->...ik", "2, 1, 3, 4", "3, 4, 5"),
        ("...ij,jk", "2, 3, 4", "4, 5"),
        ("ii,i->i", "4, 4", "4"),
        ("ijk,ilm->jl", "2, 3, 4", "2, 5, 6"),
        ("ij,jk->ik", "3, 0", "0, 5"),
        ("ij,j->i", "3, 1", "4"),
    ] {
        rows.push(pair(
            &format!("einsum \"{subscripts}\", %a, %b"),
            a,
            b,
            &format!("np.einsum('{subscripts}', a, b)"),
        ));
    }
    for (subscripts, a) in [
        ("ij->ji", "3, 4"),
        ("ij->", "3, 4"),
        ("ij->j", "3, 4"),
        ("ii", "4, 4"),
        ("ii->i", "4, 4"),
        ("ba", "3, 4"),
        ("...i->i...", "2, 3, 4"),
        ("iij->j", "3, 3, 4"),
    ] {
        rows.push(Row::new(
            format!("numpy.einsum \"{subscripts}\", %a : {{a}} -> {{r0}}"),
            &[("a", &format!("fill(DT, {a})"))],
            format!("np.einsum('{subscripts}', a)"),
        ));
    }
    for subscripts in ["ij,jk,kl->il", "ij,jk,kl", "ij,jk,kl->", "ij,jk,kl->lji"] {
        rows.push(Row::new(
            format!("numpy.einsum \"{subscripts}\", %a, %b, %c : {{a}}, {{b}}, {{c}} -> {{r0}}"),
            &[
                ("a", "fill(DT, 3, 4)"),
                ("b", "fill(DT, 4, 5)"),
                ("c", "fill(DT, 5, 2)"),
            ],
            format!("np.einsum('{subscripts}', a, b, c)"),
        ));
    }
    check_dtypes(&rows);
}

#[test]
fn products_by_position() {
    let mut rows = Vec::new();
    for (a, b) in [
        ("4", "4"),
        ("3, 4", "4"),
        ("3, 4", "4, 5"),
        ("4", "4, 5"),
        ("2, 3, 4", "5, 4, 6"),
        ("3, 0", "0, 2"),
    ] {
        rows.push(pair("dot %a, %b", a, b, "np.dot(a, b)"));
    }
    for (a, b) in [("4", "4"), ("3, 4", "4"), ("2, 3, 4", "5, 4")] {
        rows.push(pair("inner %a, %b", a, b, "np.inner(a, b)"));
    }
    for (a, b) in [("4", "3"), ("2, 3", "2, 2"), ("0", "3")] {
        rows.push(pair("outer %a, %b", a, b, "np.outer(a, b)"));
        rows.push(pair("kron %a, %b", a, b, "np.kron(a, b)"));
    }
    rows.push(pair("kron %a, %b", "2, 3", "4", "np.kron(a, b)"));
    rows.push(pair("kron %a, %b", "3", "2, 3, 2", "np.kron(a, b)"));
    for (a, b) in [("4", "4"), ("2, 3", "3, 2"), ("2, 3", "6"), ("0", "0")] {
        rows.push(pair("vdot %a, %b", a, b, "np.vdot(a, b)"));
    }
    for (a, b, axes, numpy) in [
        ("2, 3, 4", "3, 4, 5", "", "2"),
        (
            "2, 3, 4",
            "4, 3, 5",
            "lhs_axes [1, 2] rhs_axes [1, 0]",
            "([1, 2], [1, 0])",
        ),
        (
            "3, 4",
            "5, 4",
            "lhs_axes [-1] rhs_axes [-1]",
            "([-1], [-1])",
        ),
        ("2", "3", "lhs_axes [] rhs_axes []", "0"),
    ] {
        rows.push(pair(
            &format!("tensordot %a, %b {axes}"),
            a,
            b,
            &format!("np.tensordot(a, b, {numpy})"),
        ));
    }
    for name in ["dot", "inner"] {
        rows.push(Row::new(
            format!("numpy.{name} %a, %b : {{a}}, {{b}} -> {{r0}}"),
            &[("a", "fill(DT, 1)[0]"), ("b", "fill(DT, 3, 4)")],
            format!("np.{name}(a, b)"),
        ));
    }
    check_dtypes(&rows);
}

/// Of these one triangle is computed, in blocks from 128 rows on.
#[test]
fn products_with_oneself() {
    let mut rows = Vec::new();
    for (op, shape, numpy) in [
        ("inner %a, %a", "1, 40", "np.inner(a, a)"),
        ("inner %a, %a", "128, 32", "np.inner(a, a)"),
        ("inner %a, %a", "257, 33", "np.inner(a, a)"),
        ("inner %a, %a", "300, 31", "np.inner(a, a)"),
        ("inner %a, %a", "0, 40", "np.inner(a, a)"),
        ("inner %a, %a", "0, 3", "np.inner(a, a)"),
        ("inner %a, %a", "260, 0", "np.inner(a, a)"),
        ("einsum \"ki,kj->ij\", %a, %a", "50, 513", "a.T @ a"),
        ("einsum \"ik,jk->ji\", %a, %a", "300, 40", "(a @ a.T).T"),
        (
            "einsum \"bik,bjk->bij\", %a, %a",
            "2, 300, 40",
            "a @ a.transpose(0, 2, 1)",
        ),
        (
            "einsum \"bik,bjk->ij\", %a, %a",
            "3, 300, 40",
            "np.einsum('bik,bjk->ij', a, a)",
        ),
        (
            "einsum \"bik,cik->bci\", %a, %a",
            "260, 2, 40",
            "np.einsum('bik,cik->bci', a, a)",
        ),
    ] {
        rows.push(Row::new(
            format!("numpy.{op} : {{a}}, {{a}} -> {{r0}}"),
            &[("a", &format!("fill(DT, {shape})"))],
            numpy,
        ));
    }
    check_each(
        &[DType::F64, DType::F32, DType::C64, DType::I16, DType::Bool],
        &rows,
    );
}

/// Canonicalization writes such sums as differences, of which the parts are added all the same.
#[test]
fn sums_of_negative_terms() {
    let rows = ["3", "1000", "40, 30"].map(|shape| {
        let mut row = Row::new(
            "numpy.negative %a : {a} -> {a}\n%s = numpy.sum %0 : {a} -> {r0}",
            &[("a", &format!("fill(DT, {shape})"))],
            "np.sum(-a)",
        );
        row.only_dynamic = true;
        row.last = "%s";
        row
    });
    let all = [DType::F64, DType::F32, DType::I64, DType::C128];
    check_each(&all, &rows);
    let mut ones = Row::new(
        "numpy.constant dense<-1> : tensor<i64>
         %v = numpy.full %0 shape [1000] : tensor<i64> -> tensor<1000xi64>
         %s = numpy.matmul %a, %v : {a}, tensor<1000xi64> -> {r0}",
        &[("a", "fill(np.int64, 1000)")],
        "np.matmul(a, np.full(1000, -1))",
    );
    ones.last = "%s";
    check_rows(vec![ones]);
}

#[test]
fn chains_of_matrices() {
    let rows = [("3, 4", "2, 5"), ("4", "2, 5"), ("3, 4", "2"), ("4", "2")].map(|(a, d)| {
        Row::new(
            "numpy.linalg_multi_dot %a, %b, %c, %d : {a}, {b}, {c}, {d} -> {r0}",
            &[
                ("a", &format!("fill(DT, {a})")),
                ("b", "fill(DT, 4, 7)"),
                ("c", "fill(DT, 7, 2)"),
                ("d", &format!("fill(DT, {d})")),
            ],
            "np.linalg.multi_dot([a, b, c, d])",
        )
    });
    let all = [DType::F32, DType::C128, DType::I32];
    check_each(&all, &rows);
}

#[test]
fn shapes_that_do_not_align() {
    let row = |op: &str, result: &str| {
        Row::new(
            format!("numpy.{op} : {{a}}, {{b}} -> {{r0}}"),
            &[("a", "np.ones((3, 4))"), ("b", "np.ones((5, 2))")],
            result,
        )
        .raises(
            RunErrorKind::ShapeMismatch,
            "shapes (3, 4) and (5, 2) do not align",
        )
    };
    let named = |op: &str, b: &str, message: &str| {
        Row::new(
            format!("numpy.{op} : {{a}}, {{b}} -> {{r0}}"),
            &[("a", "np.ones((3, 4))"), ("b", b)],
            "a[:, 0]",
        )
        .raises(RunErrorKind::ShapeMismatch, message)
    };
    check_rows(vec![
        named(
            "vecdot %a, %b",
            "np.ones((3, 5))",
            "numpy.vecdot: shapes (3, 4) and (3, 5) do not align: 4 (dim 1) != 5 (dim 1)",
        ),
        named(
            "vecdot %a, %b",
            "np.ones((2, 4))",
            "numpy.vecdot: shapes (3, 4) and (2, 4): the stacks do not broadcast",
        ),
        named(
            "matvec %a, %b",
            "np.ones(5)",
            "numpy.matvec: shapes (3, 4) and (5,) do not align: 4 (dim 1) != 5 (dim 0)",
        ),
        Row::new(
            "numpy.vecmat %b, %a : {b}, {a} -> {r0}",
            &[("a", "np.ones((3, 4))"), ("b", "np.ones(4)")],
            "a[0]",
        )
        .raises(
            RunErrorKind::ShapeMismatch,
            "numpy.vecmat: shapes (4,) and (3, 4) do not align: 4 (dim 0) != 3 (dim 0)",
        ),
        row("dot %a, %b", "a"),
        row("inner %a, %b", "a"),
        row("einsum \"ij,jk\", %a, %b", "a"),
        row("tensordot %a, %b lhs_axes [0] rhs_axes [0]", "a"),
    ]);
}
