//! `numpy.linalg_*` against NumPy.

use npir_runtime::DType;
use npir_testing::long_tests;

use crate::library::{Row, check_each, check_rows};

/// Every row in every type of linear algebra; in the ordinary suite in one of each precision.
#[track_caller]
fn check_fields(rows: &[Row]) {
    let mut fields = vec![DType::F32, DType::C128];
    if long_tests() {
        fields.extend([DType::F64, DType::C64]);
    }
    check_each(&fields, rows);
}

#[test]
fn factors() {
    let mut rows = Vec::new();
    for shape in ["4, 4", "1, 1", "0, 0", "2, 3, 5, 5", "40, 40", "0, 3, 3"] {
        let a = format!("positive(DT, {shape})");
        rows.push(Row::new(
            "numpy.linalg_cholesky %a : {a} -> {r0}",
            &[("a", &a)],
            "L.cholesky(a)",
        ));
        rows.push(Row::new(
            "numpy.linalg_cholesky upper %a : {a} -> {r0}",
            &[("a", &a)],
            "L.cholesky(a, upper=True)",
        ));
    }
    let unitary = "near(np.conj(np.swapaxes(r0, -1, -2)) @ r0, \
                   np.broadcast_to(np.eye(r0.shape[-1], dtype=r0.dtype), r0.shape[:-2] + (r0.shape[-1],) * 2))";
    let shapes = [
        "4, 4",
        "5, 3",
        "3, 5",
        "2, 40, 17",
        "0, 3",
        "3, 0",
        "1, 1",
        "70, 50",
        "50, 70",
    ];
    let arrays = shapes.map(|shape| format!("fill(DT, {shape})"));
    // Several steps of reflections, most of which find nothing to reflect.
    let few = [
        "fill(DT, 60, 3) @ fill(DT, 3, 40)",
        "np.zeros((40, 60), DT)",
    ];
    for a in arrays.into_iter().chain(few.map(String::from)) {
        for (flag, mode) in [("", "reduced"), ("complete ", "complete")] {
            rows.push(
                Row::new(
                    format!("numpy.linalg_qr {flag}%a : {{a}} -> {{r0}}, {{r1}}"),
                    &[("a", &a)],
                    format!("tuple(L.qr(a, '{mode}'))"),
                )
                .holds(format!(
                    "{unitary} and near(r0 @ r1, a) and near(np.triu(r1), r1)"
                )),
            );
        }
        rows.push(
            Row::new(
                "numpy.linalg_qr_r %a : {a} -> {r0}",
                &[("a", &a)],
                "L.qr(a, 'r')",
            )
            .holds("near(np.conj(r0.swapaxes(-1, -2)) @ r0, np.conj(e0.swapaxes(-1, -2)) @ e0)"),
        );
    }
    check_fields(&rows);
}

#[test]
fn singular_values() {
    let mut rows = Vec::new();
    for shape in ["4, 4", "5, 3", "3, 5", "2, 20, 7", "0, 3", "3, 0", "1, 1"] {
        let a = format!("fill(DT, {shape})");
        for (flag, full) in [("", "False"), ("full_matrices ", "True")] {
            rows.push(
                Row::new(
                    format!("numpy.linalg_svd {flag}%a : {{a}} -> {{r0}}, {{r1}}, {{r2}}"),
                    &[("a", &a)],
                    format!("tuple(L.svd(a, {full}))"),
                )
                .holds(
                    "near(r1, e1) and near((r0[..., :r1.shape[-1]] * r1[..., None, :]) @ r2[..., :r1.shape[-1], :], a) \
                     and near(r2 @ np.conj(np.swapaxes(r2, -1, -2)), \
                     np.broadcast_to(np.eye(r2.shape[-2], dtype=r2.dtype), r2.shape[:-2] + (r2.shape[-2],) * 2))",
                ),
            );
        }
        rows.push(Row::new(
            "numpy.linalg_svdvals %a : {a} -> {r0}",
            &[("a", &a)],
            "L.svdvals(a)",
        ));
        rows.push(
            Row::new(
                "numpy.linalg_pinv %a : ({a}) -> {r0}",
                &[("a", &a)],
                "L.pinv(a)",
            )
            .holds("near(r0, e0, 4000)"),
        );
        rows.push(Row::new(
            "numpy.linalg_matrix_rank %a : ({a}) -> {r0}",
            &[("a", &a)],
            "np.asarray(L.matrix_rank(a), np.int64)",
        ));
    }
    let low = "fill(DT, 6, 2) @ fill(DT, 2, 5)";
    rows.push(Row::new(
        "numpy.linalg_matrix_rank %a : ({a}) -> {r0}",
        &[("a", low)],
        "L.matrix_rank(a)",
    ));
    rows.push(
        Row::new(
            "numpy.linalg_matrix_rank %a tol %t : ({a}, {t}) -> {r0}",
            &[("a", low), ("t", "np.array([0.0, 1.5, 1e9])")],
            "L.matrix_rank(a, t)",
        )
        .holds("near(r0[1:], e0[1:]) and r0[0] >= 2"),
    );
    rows.push(Row::new(
        "numpy.linalg_matrix_rank relative %a tol %t : ({a}, {t}) -> {r0}",
        &[("a", low), ("t", "np.array(1e-3)")],
        "L.matrix_rank(a, rtol=t)",
    ));
    rows.push(
        Row::new(
            "numpy.linalg_pinv %a rcond %t : ({a}, {t}) -> {r0}",
            &[("a", low), ("t", "np.array([0.01, 2.0])")],
            "L.pinv(np.stack([a, a]), t)",
        )
        .holds("near(r0, e0, 4000)"),
    );
    // Indefinite, singular; of the upper triangle nothing is read.
    for shape in ["4, 4", "2, 7, 7", "1, 1", "0, 0", "30, 30"] {
        let a = format!(
            "(lambda x: (x - 2 * x[..., :1] * np.conj(x[..., :1].swapaxes(-1, -2))).astype(DT))\
             ((lambda x: x @ np.conj(x.swapaxes(-1, -2)))(fill(DT, {shape})[..., 1:])) \
             + np.triu(fill(DT, {shape}), 1)"
        );
        rows.push(
            Row::new(
                "numpy.linalg_pinv hermitian %a rcond %t : ({a}, {t}) -> {r0}",
                &[("a", &a), ("t", "np.array(1e-3)")],
                "L.pinv(a, 1e-3, hermitian=True)",
            )
            .holds("near(r0, e0, 20000)"),
        );
        rows.push(Row::new(
            "numpy.linalg_matrix_rank relative hermitian %a tol %t : ({a}, {t}) -> {r0}",
            &[("a", &a), ("t", "np.array(1e-3)")],
            "np.asarray(L.matrix_rank(a, rtol=1e-3, hermitian=True), np.int64)",
        ));
    }
    for a in ["np.zeros(3, DT)", "np.array(2, DT)", "fill(DT, 4)"] {
        rows.push(Row::new(
            "numpy.linalg_matrix_rank %a : ({a}) -> {r0}",
            &[("a", a)],
            "np.asarray(L.matrix_rank(a), np.int64)",
        ));
    }
    check_fields(&rows);
}

#[test]
fn eigenvalues() {
    let mut rows = Vec::new();
    for shape in ["4, 4", "1, 1", "0, 0", "2, 3, 5, 5", "30, 30"] {
        let a = format!("fill(DT, {shape})");
        for (flag, uplo) in [("", "L"), ("upper ", "U")] {
            rows.push(
                Row::new(
                    format!("numpy.linalg_eigh {flag}%a : {{a}} -> {{r0}}, {{r1}}"),
                    &[("a", &a)],
                    format!("tuple(L.eigh(a, '{uplo}'))"),
                )
                .holds(
                    "near(r0, e0) and near((r1 * r0[..., None, :]) @ np.conj(np.swapaxes(r1, -1, -2)), \
                     (e1 * e0[..., None, :]) @ np.conj(np.swapaxes(e1, -1, -2)))",
                ),
            );
            rows.push(Row::new(
                format!("numpy.linalg_eigvalsh {flag}%a : {{a}} -> {{r0}}"),
                &[("a", &a)],
                format!("L.eigvalsh(a, '{uplo}')"),
            ));
        }
        let complex = "np.result_type(a, np.complex64)";
        rows.push(
            Row::new(
                "numpy.linalg_eig %a : {a} -> {r0}, {r1}",
                &[("a", &a)],
                format!("tuple(x.astype({complex}) for x in L.eig(a))"),
            )
            .holds(
                "near(a @ r1, r1 * r0[..., None, :], 4000) \
                 and near(L.norm(r1, axis=-2), np.ones(r0.shape, r0.real.dtype)) \
                 and near(r0.sum(-1), e0.sum(-1), 4000) and near((r0 ** 2).sum(-1), (e0 ** 2).sum(-1), 4000)",
            ),
        );
        rows.push(
            Row::new(
                "numpy.linalg_eigvals %a : {a} -> {r0}",
                &[("a", &a)],
                format!("L.eigvals(a).astype({complex})"),
            )
            .holds("near(r0.sum(-1), e0.sum(-1), 4000) and near((r0 ** 3).sum(-1), (e0 ** 3).sum(-1), 40000)"),
        );
    }
    check_fields(&rows);
}

#[test]
fn equations() {
    let mut rows = Vec::new();
    for shape in ["4, 4", "1, 1", "0, 0", "2, 3, 5, 5", "30, 30"] {
        let a = format!("fill(DT, {shape})");
        rows.push(
            Row::new(
                "numpy.linalg_det %a : {a} -> {r0}",
                &[("a", &a)],
                "L.det(a)",
            )
            .holds("near(r0, e0, 4000)"),
        );
        rows.push(
            Row::new(
                "numpy.linalg_slogdet %a : {a} -> {r0}, {r1}",
                &[("a", &a)],
                "tuple(L.slogdet(a))",
            )
            .holds("near(r0, e0, 4000) and near(r1, e1, 4000)"),
        );
        rows.push(
            Row::new(
                "numpy.linalg_inv %a : {a} -> {r0}",
                &[("a", &a)],
                "L.inv(a)",
            )
            .holds("near(r0, e0, 40000)"),
        );
    }
    for (a, b) in [
        ("4, 4", "4"),
        ("4, 4", "4, 2"),
        ("3, 4, 4", "4"),
        ("3, 4, 4", "1, 4, 2"),
        ("4, 4", "2, 4, 3"),
        ("0, 0", "0, 3"),
        ("2, 1, 4, 4", "3, 4, 1"),
    ] {
        let (a, b) = (format!("positive(DT, {a})"), format!("fill(DT, {b})"));
        rows.push(
            Row::new(
                "numpy.linalg_solve %a, %b : {a}, {b} -> {r0}",
                &[("a", &a), ("b", &b)],
                "L.solve(a, b)",
            )
            .holds("near(r0, e0, 4000)"),
        );
    }
    for (a, b) in [
        ("fill(DT, 5, 3)", "5, 2"),
        ("fill(DT, 5, 3)", "5"),
        ("fill(DT, 3, 5)", "3, 2"),
        ("fill(DT, 4, 4)", "4"),
        ("fill(DT, 6, 2) @ fill(DT, 2, 4)", "6, 1"),
        ("np.zeros((0, 3), DT)", "0, 2"),
        ("np.zeros((3, 0), DT)", "3"),
    ] {
        let b = format!("fill(DT, {b})");
        rows.push(
            Row::new(
                "numpy.linalg_lstsq %a, %b : ({a}, {b}) -> ({r0}, {r1}, tensor<i32>, {r3})",
                &[("a", a), ("b", &b)],
                "L.lstsq(a, b)",
            )
            .holds("near(r0, e0, 40000) and near(r1, e1, 40000) and near(r2, e2) and near(r3, e3)"),
        );
    }
    rows.push(Row::new(
        "numpy.linalg_lstsq %a, %b rcond %c : ({a}, {b}, {c}) -> ({r0}, {r1}, tensor<i32>, {r3})",
        &[("a", "fill(DT, 5, 3)"), ("b", "fill(DT, 5)"), ("c", "np.array(0.5)")],
        "L.lstsq(a, b, c[()])",
    ).holds("near(r0, e0, 4000) and near(r2, e2)"));
    // The types of their results cannot say how many residuals there are.
    for row in &mut rows {
        row.only_dynamic = row.op.contains("lstsq");
    }
    check_fields(&rows);
}

#[test]
fn norms() {
    let mut rows = Vec::new();
    // The squares are infinite, as NumPy's are.
    rows.push(Row::new(
        "numpy.linalg_norm %x : {x} -> {r0}",
        &[("x", "fill(DT, 5) * 1e160")],
        "L.norm(x)",
    ));
    let orders = [
        ("", "None"),
        ("ord 0.0 ", "0"),
        ("ord 1.0 ", "1"),
        ("ord -1.0 ", "-1"),
        ("ord 2.0 ", "2"),
        ("ord -2.0 ", "-2"),
        ("ord 3.5 ", "3.5"),
        ("kind inf ", "np.inf"),
        ("kind neg_inf ", "-np.inf"),
        ("kind fro ", "'fro'"),
        ("kind nuc ", "'nuc'"),
    ];
    for (order, numpy) in orders {
        for keep in [false, true] {
            let (word, flag) = if keep {
                ("keepdims ", "True")
            } else {
                ("", "False")
            };
            let is_vector = !["'fro'", "'nuc'"].contains(&numpy);
            if is_vector {
                for (shape, axes, axis) in [
                    ("5", "", "None"),
                    ("3, 4", "axes [0] ", "0"),
                    ("2, 3, 4", "axes [-1] ", "-1"),
                ] {
                    rows.push(Row::new(
                        format!("numpy.linalg_norm %x {order}{axes}{word} : {{x}} -> {{r0}}"),
                        &[("x", &format!("fill(DT, {shape})"))],
                        format!("L.norm(x, {numpy}, {axis}, {flag})"),
                    ));
                }
            }
            if !["0", "3.5"].contains(&numpy) {
                for (shape, axes, axis) in [
                    ("3, 4", "", "None"),
                    ("2, 3, 4", "axes [0, 2] ", "(0, 2)"),
                    ("2, 3, 4", "axes [-1, 0] ", "(-1, 0)"),
                ] {
                    rows.push(Row::new(
                        format!("numpy.linalg_norm %x {order}{axes}{word} : {{x}} -> {{r0}}"),
                        &[("x", &format!("fill(DT, {shape})"))],
                        format!("L.norm(x, {numpy}, {axis}, {flag})"),
                    ));
                }
            }
        }
        if !["0", "3.5"].contains(&numpy) {
            rows.push(
                Row::new(
                    format!("numpy.linalg_cond %x {order} : {{x}} -> {{r0}}"),
                    &[("x", "positive(DT, 2, 4, 4)")],
                    format!("L.cond(x, {numpy})"),
                )
                .holds("near(r0, e0, 4000)"),
            );
            // NumPy has no nuclear norm of the inverse of a singular matrix.
            if numpy == "'nuc'" {
                continue;
            }
            rows.push(Row::new(
                format!("numpy.linalg_cond %x {order} : {{x}} -> {{r0}}"),
                &[("x", "np.zeros((2, 2), DT)")],
                format!("L.cond(x, {numpy})"),
            ));
        }
    }
    rows.push(Row::new(
        "numpy.linalg_norm %x : {x} -> {r0}",
        &[("x", "fill(DT, 2, 3, 4)")],
        "L.norm(x)",
    ));
    rows.push(Row::new(
        "numpy.linalg_norm %x : {x} -> {r0}",
        &[("x", "fill(DT, 0, 4)")],
        "L.norm(x)",
    ));
    check_fields(&rows);
    let whole: Vec<_> = rows.iter().map(|row| row.of(DType::U8)).collect();
    check_rows(whole);
}

#[test]
fn powers() {
    let mut rows = Vec::new();
    for n in [0, 1, 2, 3, 4, 5, 13, -1, -2, -3] {
        for shape in ["3, 3", "2, 4, 4", "0, 0"] {
            let dtypes: &[DType] = match n {
                0.. => &[DType::F32, DType::F64, DType::I32, DType::U8, DType::I64],
                _ => &[DType::F32, DType::F64],
            };
            let row = Row::new(
                format!("numpy.linalg_matrix_power %a to {n} : {{a}} -> {{r0}}"),
                &[("a", &format!("fill(DT, {shape})"))],
                format!("L.matrix_power(a, {n})"),
            )
            .holds("near(r0, e0, 40000)");
            rows.extend(dtypes.iter().map(|dtype| row.of(*dtype)));
        }
    }
    check_rows(rows);
}

#[test]
fn integers_are_computed_in_float64() {
    let rows = [
        Row::new(
            "numpy.linalg_det %a : {a} -> {r0}",
            &[("a", "fill(DT, 3, 3)")],
            "L.det(a)",
        ),
        Row::new(
            "numpy.linalg_solve %a, %b : {a}, {b} -> {r0}",
            &[("a", "(np.eye(3) * 2).astype(DT)"), ("b", "fill(DT, 3)")],
            "L.solve(a, b)",
        ),
        Row::new(
            "numpy.linalg_svdvals %a : {a} -> {r0}",
            &[("a", "fill(DT, 3, 4)")],
            "L.svdvals(a)",
        ),
    ];
    for dtype in [DType::Bool, DType::I8, DType::U16, DType::I64] {
        check_rows(rows.iter().map(|row| row.of(dtype)).collect());
    }
}
