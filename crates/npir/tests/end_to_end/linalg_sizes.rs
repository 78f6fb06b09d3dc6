//! `numpy.linalg_*` of stacks of matrices of every small size, and of a few larger ones, against NumPy.

use npir::prelude::*;
use npir_runtime::{DType, pool};
use npir_testing::{mlir_element, oracle};

use crate::harness::{Session, call, compile};
use crate::value::Value;

/// Operation with `{m}` for a stack of matrices, `{v}` of vectors, `{s}` of numbers and `{w}` of real vectors; results;
/// what NumPy says of `a` and `b`.
const OPERATIONS: [(&str, &[&str], &str); 9] = [
    (
        "numpy.linalg_cholesky %a : {m} -> {m}",
        &["{m}"],
        "L.cholesky(a)",
    ),
    (
        "numpy.linalg_cholesky upper %a : {m} -> {m}",
        &["{m}"],
        "L.cholesky(a, upper=True)",
    ),
    ("numpy.linalg_det %a : {m} -> {s}", &["{s}"], "L.det(a)"),
    (
        "numpy.linalg_slogdet %a : {m} -> {s}, {n}",
        &["{s}", "{n}"],
        "*L.slogdet(a)",
    ),
    ("numpy.linalg_inv %a : {m} -> {m}", &["{m}"], "L.inv(a)"),
    (
        "numpy.linalg_solve %a, %b : {m}, {m} -> {m}",
        &["{m}"],
        "L.solve(a, b)",
    ),
    (
        "numpy.linalg_eigvalsh %a : {m} -> {w}",
        &["{w}"],
        "L.eigvalsh(a)",
    ),
    (
        "numpy.linalg_svdvals %b : {m} -> {w}",
        &["{w}"],
        "L.svdvals(b)",
    ),
    (
        // The vectors are those of the values, and orthonormal.
        "numpy.linalg_eigh %a : {m} -> {w}, {m}",
        &["{w}", "{m}"],
        "L.eigvalsh(a), L.solve(a, r10 @ np.conj(np.swapaxes(r10, 1, 2)) @ r10 * r9[:, None])",
    ),
];

fn program(dtype: DType, part: &str) -> Executable {
    let e = mlir_element(dtype);
    let fill = |text: &str| {
        text.replace("{m}", &format!("tensor<?x?x?x{e}>"))
            .replace("{s}", &format!("tensor<?x{e}>"))
            .replace("{n}", &format!("tensor<?x{part}>"))
            .replace("{w}", &format!("tensor<?x?x{part}>"))
    };
    let (mut body, mut values, mut types) = (String::new(), Vec::new(), Vec::new());
    for (i, (op, results, _)) in OPERATIONS.iter().enumerate() {
        body += &format!("  %r{i}:{} = {}\n", results.len(), fill(op));
        for (k, ty) in results.iter().enumerate() {
            values.push(format!("%r{i}#{k}"));
            types.push(fill(ty));
        }
    }
    let (values, types) = (values.join(", "), types.join(", "));
    let m = fill("{m}");
    compile(&format!(
        "func.func @f(%a: {m}, %b: {m}) -> ({types}) {{\n{body}  return {values} : {types}\n}}"
    ))
}

#[test]
fn every_size() {
    for (dtype, part) in [
        (DType::F64, "f64"),
        (DType::C128, "f64"),
        (DType::F32, "f32"),
    ] {
        let exe = program(dtype, part);
        for n in (0..=35).chain([64, 100, 130]) {
            let _session = Session::start();
            let count = if n <= 20 { 40 } else { 3 };
            let inputs = format!(
                "r = np.random.default_rng({n})
b = r.standard_normal(({count}, {n}, {n}))
b = (b + 1j * r.standard_normal(b.shape)).astype(np.complex128)
b = (b if np.dtype(np.{dtype}).kind == 'c' else b.real).astype(np.{dtype})
a = (b @ np.conj(np.swapaxes(b, 1, 2)) / max({n}, 1) + np.eye({n})).astype(np.{dtype})"
            );
            let values = oracle().run(&inputs, &[], &["a", "b"]);
            let values = values.unwrap_or_else(|e| panic!("{inputs}: {e}"));
            let (a, b) = (Value::of(&values[0]), Value::of(&values[1]));
            pool::set_num_threads(1);
            let one = call(&exe, "f", &[&a, &b]).unwrap_or_else(|e| panic!("{n}: {e}"));
            pool::set_num_threads(2);
            let two = call(&exe, "f", &[&a, &b]).unwrap_or_else(|e| panic!("{n}: {e}"));
            assert!(one == two, "{n}: threads change results");
            let arrays: Vec<_> = [&a, &b]
                .into_iter()
                .chain(&one)
                .map(Value::to_array)
                .collect();
            let names: Vec<_> = ["a".to_owned(), "b".to_owned()]
                .into_iter()
                .chain((0..one.len()).map(|i| format!("r{i}")))
                .collect();
            let expected: Vec<_> = OPERATIONS.iter().map(|(.., numpy)| *numpy).collect();
            let results: Vec<_> = (0..one.len()).map(|i| format!("r{i}")).collect();
            let program = format!(
                "L = np.linalg
def near(r, e):
    e = np.asarray(e)
    size = max(1.0, np.abs(e).max(initial=0))
    same = r.dtype == e.dtype and r.shape == e.shape
    return same and bool(np.all(np.abs(r - e) <= 300 * np.finfo(e.dtype).eps * size))
bad = [i for i, (r, e) in enumerate(zip(({},), ({},))) if not near(r, e)]
bad = np.array(bad + [-1])",
                results.join(", "),
                expected.join(", ")
            );
            let inputs: Vec<_> = names.iter().map(String::as_str).zip(&arrays).collect();
            let bad = oracle().run(&program, &inputs, &["bad"]);
            let bad = bad.unwrap_or_else(|e| panic!("{program}: {e}"));
            let bad = bad[0].to_vec::<i64>().unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(bad, [-1], "results of {dtype}, {n} rows");
        }
    }
}

/// Numbers whose inverses or squares are out of range.
#[test]
fn extreme_numbers() {
    let exe = program(DType::F64, "f64");
    let _session = Session::start();
    for (scale, n) in [
        (1e-310, 2),
        (1e-310, 20),
        (1e-310, 70),
        (1e300, 3),
        (1e300, 30),
        (1e300, 70),
    ] {
        let inputs = format!("a = np.full((1, {n}, {n}), 0.25) + np.eye({n})\na *= {scale:e}");
        let a = oracle().run(&inputs, &[], &["a"]);
        let a = Value::of(&a.unwrap_or_else(|e| panic!("{inputs}: {e}"))[0]);
        let results = call(&exe, "f", &[&a, &a]).unwrap_or_else(|e| panic!("{scale}: {e}"));
        let arrays: Vec<_> = [&a]
            .into_iter()
            .chain(&results[6..])
            .map(Value::to_array)
            .collect();
        let program = format!(
            "e = np.linalg.eigvalsh(a / {scale:e})
ok = np.allclose(x, np.eye({n}), atol=1e-10) and np.allclose(w / {scale:e}, e, rtol=1e-10) \
             and np.allclose(s / {scale:e}, e[:, ::-1], rtol=1e-10) \
             and np.allclose(h / {scale:e}, e, rtol=1e-10) \
             and np.allclose(a / {scale:e} @ v, v * e[:, None], atol=1e-10)
ok = np.array(bool(ok))"
        );
        let inputs: Vec<_> = ["a", "x", "w", "s", "h", "v"]
            .into_iter()
            .zip(&arrays)
            .collect();
        let ok = oracle().run(&program, &inputs, &["ok"]);
        let ok = ok.unwrap_or_else(|e| panic!("{program}: {e}"));
        assert_eq!(Value::of(&ok[0]).bytes[0], 1, "{n} rows of {scale}");
    }
}

/// The parts of a single matrix are computed in parallel.
#[test]
fn eigenvectors_of_large_matrices() {
    for (dtype, part) in [
        (DType::F64, "f64"),
        (DType::C128, "f64"),
        (DType::F32, "f32"),
    ] {
        let e = mlir_element(dtype);
        let (m, w) = (format!("tensor<?x?x{e}>"), format!("tensor<?x{part}>"));
        let exe = compile(&format!(
            "func.func @f(%a: {m}) -> ({w}, {m}, {w}, {m}) {{
  %w, %v = numpy.linalg_eigh %a : {m} -> {w}, {m}
  %x, %y = numpy.linalg_eigh upper %a : {m} -> {w}, {m}
  return %w, %v, %x, %y : {w}, {m}, {w}, {m}
}}"
        ));
        // The second spectrum has a value for every tenth row only, the last one is made of tiny numbers.
        for (n, spectrum) in [
            (66, "r.standard_normal(n)"),
            (130, "np.arange(n) % (n // 10)"),
            (250, "r.standard_normal(n)"),
            (250, "0.9 ** np.arange(n)"),
            (130, "r.standard_normal(n) * 1e-30"),
        ] {
            let _session = Session::start();
            let inputs = format!(
                "n = {n}; r = np.random.default_rng(n)
q = r.standard_normal((n, n)) + (1j * r.standard_normal((n, n)) if np.dtype(np.{dtype}).kind == 'c' else 0)
q = np.linalg.qr(q)[0]
a = ((q * ({spectrum})) @ np.conj(q.T)).astype(np.{dtype})
a = (a + np.conj(a.T)) / 2"
            );
            let a = oracle().run(&inputs, &[], &["a"]);
            let a = Value::of(&a.unwrap_or_else(|e| panic!("{inputs}: {e}"))[0]);
            let run = |threads: usize| {
                pool::set_num_threads(threads);
                call(&exe, "f", &[&a]).unwrap_or_else(|e| panic!("{n}: {e}"))
            };
            let results = run(1);
            assert!(results == run(2), "{n}: threads change results");
            assert!(results == run(5), "{n}: threads change results");
            let arrays: Vec<_> = [&a]
                .into_iter()
                .chain(&results)
                .map(Value::to_array)
                .collect();
            let program = format!(
                "eps = np.finfo(np.float64 if a.dtype.itemsize // (1 + (a.dtype.kind == 'c')) == 8 else np.float32).eps
size = np.abs(np.linalg.eigvalsh(a)).max()
def holds(w, v):
    return np.all(np.diff(w) >= 0) and np.abs(a @ v - v * w).max() <= 100 * eps * size \
        and np.abs(np.conj(v.T) @ v - np.eye({n})).max() <= 200 * eps \
        and np.abs(w - np.linalg.eigvalsh(a)).max() <= 100 * eps * size
ok = np.array(bool(holds(w, v) and holds(x, y)))"
            );
            let names = ["a", "w", "v", "x", "y"].into_iter();
            let inputs: Vec<_> = names.zip(&arrays).collect();
            let ok = oracle().run(&program, &inputs, &["ok"]);
            let ok = ok.unwrap_or_else(|e| panic!("{program}: {e}"));
            assert_eq!(
                Value::of(&ok[0]).bytes[0],
                1,
                "{n} rows of {dtype}, {spectrum}"
            );
        }
    }
}
