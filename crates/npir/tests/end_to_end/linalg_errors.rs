//! What linear algebra refuses, with NumPy's messages.

use npir_runtime::RunErrorKind;

use crate::harness::compiler;
use crate::library::{Row, check_rows};

#[test]
fn bad_matrices() {
    use RunErrorKind::{LinAlg, ShapeMismatch};
    let error = |op: &str, a: &str, result: &str, kind, message: &str| {
        Row::new(format!("{op} : {{a}} -> {{r0}}"), &[("a", a)], result).raises(kind, message)
    };
    let (nan, inf) = ("np.full((2, 2), np.nan)", "np.full((2, 2), np.inf)");
    let singular = "np.array([[1.0, 2.0], [2.0, 4.0]])";
    let mut rows = vec![
        error(
            "numpy.linalg_cholesky %a",
            "-np.eye(3)",
            "a",
            LinAlg,
            "numpy.linalg_cholesky: Matrix is not positive definite",
        ),
        error(
            "numpy.linalg_cholesky %a",
            nan,
            "a",
            LinAlg,
            "Matrix is not positive definite",
        ),
        error(
            "numpy.linalg_inv %a",
            singular,
            "a",
            LinAlg,
            "numpy.linalg_inv: Singular matrix",
        ),
        error(
            "numpy.linalg_inv %a",
            "np.zeros((3, 3))",
            "a",
            LinAlg,
            "Singular matrix",
        ),
        error(
            "numpy.linalg_inv %a",
            "np.stack([np.eye(3), np.ones((3, 3))])",
            "a",
            LinAlg,
            "Singular matrix",
        ),
        error(
            "numpy.linalg_inv %a",
            "np.ones((2, 3))",
            "a",
            LinAlg,
            "Last 2 dimensions of the array must be square",
        ),
        error(
            "numpy.linalg_det %a",
            "np.ones((2, 3))",
            "a[0, 0]",
            LinAlg,
            "Last 2 dimensions of the array must be square",
        ),
        error(
            "numpy.linalg_svdvals %a",
            nan,
            "a[0]",
            LinAlg,
            "SVD did not converge",
        ),
        error(
            "numpy.linalg_eigvals %a",
            nan,
            "a[0] + 0j",
            LinAlg,
            "Array must not contain infs or NaNs",
        ),
        error(
            "numpy.linalg_eigvals %a",
            inf,
            "a[0] + 0j",
            LinAlg,
            "Array must not contain infs or NaNs",
        ),
        error(
            "numpy.linalg_matrix_power %a to -1",
            singular,
            "a",
            LinAlg,
            "Singular matrix",
        ),
        error(
            "numpy.linalg_matrix_power %a to 2",
            "np.ones((2, 3))",
            "a",
            LinAlg,
            "must be square",
        ),
        error(
            "numpy.linalg_cond %a",
            "np.ones((0, 3))",
            "np.array(1.0)",
            RunErrorKind::Value,
            "cond is not defined on empty arrays",
        ),
    ];
    rows.push(
        Row::new(
            "numpy.linalg_solve %a, %b : {a}, {b} -> {r0}",
            &[("a", singular), ("b", "np.ones(2)")],
            "b",
        )
        .raises(LinAlg, "numpy.linalg_solve: Singular matrix"),
    );
    rows.push(
        Row::new(
            "numpy.linalg_solve %a, %b : {a}, {b} -> {r0}",
            &[("a", singular), ("b", "np.ones(3)")],
            "b",
        )
        .raises(
            ShapeMismatch,
            "matrices of shape (2, 2) do not fit right sides of shape (3,)",
        ),
    );
    // Values, as in NumPy.
    rows.push(Row::new(
        "numpy.linalg_det %a : {a} -> {r0}",
        &[("a", "np.zeros((3, 3))")],
        "L.det(a)",
    ));
    rows.push(Row::new(
        "numpy.linalg_slogdet %a : {a} -> {r0}, {r1}",
        &[("a", "np.stack([np.zeros((3, 3)), -np.eye(3)])")],
        "tuple(L.slogdet(a))",
    ));
    rows.push(Row::new(
        "numpy.linalg_svdvals %a : {a} -> {r0}",
        &[("a", inf)],
        "L.svdvals(a)",
    ));
    rows.push(Row::new(
        "numpy.linalg_eigvalsh %a : {a} -> {r0}",
        &[("a", inf)],
        "L.eigvalsh(a)",
    ));
    rows.push(Row::new(
        "numpy.linalg_inv quiet %a : {a} -> {r0}",
        &[("a", singular)],
        "a * np.nan",
    ));
    // A NaN in each column, and right of the square: from its reflection on, all is.
    for (m, n) in [(3, 3), (4, 2), (2, 4), (1, 2)] {
        for j in 0..n {
            for part in ["", " + 0j"] {
                let i = m / 2;
                let a = format!(
                    "np.where(np.arange({m})[:, None] * {n} + np.arange({n}) == {i} * {n} + {j}, np.nan, \
                     np.arange({m} * {n}).reshape({m}, {n}) % 5 + 3.0 * np.eye({m}, {n})){part}"
                );
                rows.push(Row::new(
                    "numpy.linalg_qr %a : {a} -> {r0}, {r1}",
                    &[("a", a.as_str())],
                    "tuple(L.qr(a))",
                ));
            }
        }
    }
    check_rows(rows);
}

#[test]
fn bad_types_are_diagnosed() {
    for (op, message) in [
        (
            "numpy.linalg_inv %a : tensor<2x3xf64> -> tensor<2x2xf64>",
            "Last 2 dimensions of the array must be square",
        ),
        (
            "numpy.linalg_inv %a : tensor<3xf64> -> tensor<3xf64>",
            "1-dimensional array given. Array must be at least two-dimensional",
        ),
        (
            "numpy.linalg_inv %a : tensor<2x2xf16> -> tensor<2x2xf16>",
            "array type float16 is unsupported in linalg",
        ),
        (
            "numpy.linalg_solve %a, %a : tensor<2x2xf64>, tensor<3xf64> -> tensor<2xf64>",
            "do not fit right sides",
        ),
        (
            "numpy.linalg_norm %a ord 3.0 : tensor<2x2xf64> -> tensor<f64>",
            "Invalid norm order for matrices.",
        ),
        (
            "numpy.linalg_norm %a ord 1.0 : tensor<2x2x2xf64> -> tensor<f64>",
            "Improper number of dimensions to norm.",
        ),
        (
            "numpy.linalg_norm %a axes [0, 0] : tensor<2x2xf64> -> tensor<f64>",
            "Duplicate axes given.",
        ),
    ] {
        let ty = op
            .split(" : ")
            .nth(1)
            .and_then(|t| t.split([',', ' ']).next())
            .unwrap_or_default();
        let other = op.contains("%a, %a");
        let op = if other {
            op.replace("%a, %a", "%a, %b")
        } else {
            op.to_string()
        };
        let params = match other {
            true => "%a: tensor<2x2xf64>, %b: tensor<3xf64>".to_string(),
            false => format!("%a: {ty}"),
        };
        let source = format!("func.func @f({params}) {{\n  %0 = {op}\n  return\n}}\n");
        let error = compiler()
            .compile_source(&source, "test.mlir")
            .err()
            .map(|e| e.to_string());
        assert!(
            error.as_ref().is_some_and(|e| e.contains(message)),
            "{source}\n{error:?}"
        );
    }
}
