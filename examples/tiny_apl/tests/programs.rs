//! The sample programs compared with NumPy, and errors with their places.

use npir::prelude::*;
use npir_testing::{Tolerance, compare, oracle};

fn sample(name: &str) -> String {
    let path = format!("{}/programs/{name}.apl", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("the sample is there")
}

fn array(shape: &[usize], seed: u64) -> Array {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 40) as f64 / 1e6 - 8.0
    };
    let values: Vec<f64> = (0..shape.iter().product()).map(|_| next()).collect();
    Array::from_vec(values, shape).expect("it fits")
}

/// `program` gives what the Python expression gives for the same inputs.
fn like_numpy(program: &str, python: &str, inputs: &[(&str, Array)]) {
    let named: Vec<_> = inputs
        .iter()
        .map(|(n, x)| (n.to_string(), x.clone()))
        .collect();
    let ours = tiny_apl::run(program, "test.apl", &named).unwrap_or_else(|e| panic!("{e}"));
    let inputs: Vec<_> = inputs.iter().map(|(n, x)| (*n, x)).collect();
    let theirs = oracle().eval(python, &inputs).expect("NumPy runs it");
    compare(&ours, &theirs, Tolerance::Ulps(64)).unwrap_or_else(|e| panic!("{program}\n{e}"));
}

#[test]
fn samples() {
    let x = array(&[40, 3], 1);
    let (u, v) = (array(&[50], 3), array(&[50], 4));
    like_numpy(
        &sample("statistics"),
        "np.stack([x.mean(0), x.std(0)])",
        &[("x", x)],
    );
    like_numpy(
        &sample("regression"),
        "(lambda s: np.array([s, y.mean() - s * x.mean()]))(np.cov(x, y)[0, 1] / x.var(ddof=1))",
        &[("x", u), ("y", v)],
    );
}

#[test]
fn distances() {
    let (x, c) = (array(&[40, 3], 1), array(&[5, 3], 2));
    let python = "np.sqrt(np.maximum(0, (x**2).sum(1)[:, None] + (c**2).sum(1) - 2 * x @ c.T))";
    like_numpy(&sample("distances"), python, &[("x", x), ("c", c)]);
}

#[test]
fn primes() {
    let python = "np.array([2, 3, 5, 7, 11, 13, 17, 19, 23, 29], float)";
    like_numpy(&sample("primes"), python, &[]);
}

#[test]
fn functions() {
    let x = array(&[7], 9);
    let m = array(&[3, 4], 10);
    for (program, python) in [
        ("2×3+4", "np.array(14.0)"),
        ("¯1.5 2e3", "np.array([-1.5, 2e3])"),
        ("2 3⍴⍳6", "np.arange(6.0).reshape(2, 3)"),
        ("⍳0", "np.zeros(0)"),
        ("⍳≢x", "np.arange(7.0)"),
        ("(2,≢x)⍴5", "np.full((2, 7), 5.0)"),
        ("(≢x),≢m", "np.array([7.0, 3.0])"),
        ("3|x", "x % 3"),
        ("0.5⌈x⌊2", "np.maximum(0.5, np.minimum(x, 2))"),
        ("(x>0)/x", "x[x > 0]"),
        ("(x>0)∧x≤1", "((x > 0) & (x <= 1)) * 1.0"),
        ("~x<0", "(x >= 0) * 1.0"),
        ("∨/x>5", "(x > 5).any() * 1.0"),
        ("0 ¯1⌷m", "m[[0, -1]]"),
        ("⌈⌿m", "m.max(0)"),
        ("×/m", "m.prod(-1)"),
        ("m+.×⍉m", "m @ m.T"),
        ("x∘.-x", "x[:, None] - x"),
        ("*⍟|√x×x", "np.abs(x)"),
        ("a←3 ⋄ b←a×2 ⍝ six\n\na+b", "np.array(9.0)"),
    ] {
        like_numpy(program, python, &[("x", x.clone()), ("m", m.clone())]);
    }
}

#[test]
fn errors_have_places() {
    let vectors = [("x", array(&[3], 1)), ("y", array(&[4], 2))].map(|(n, x)| (n.to_string(), x));
    let deep = "(".repeat(100_000);
    for (program, message) in [
        // Of the text.
        ("a←1\n (a", "t.apl:2:4: error: expected ')'"),
        ("2+", "t.apl:1:3: error: expected a value, found '⋄'"),
        ("1.2.3", "t.apl:1:1: error: '1.2.3' is no number"),
        (
            "1 ? 2",
            "t.apl:1:3: error: expected the end of the statement",
        ),
        ("?", "t.apl:1:1: error: expected a value, found '?'"),
        ("∘.∘.∘.1", "t.apl:1:4: error: expected a value, found '.'"),
        ("⍝ nothing", "t.apl:1:1: error: the program has no value"),
        (&deep, "error: the statement is too long"),
        // Of compilation.
        ("x+nothing", "t.apl:1:3: error: 'nothing' has no value"),
        (
            "⍝ π\n⍉ 1 2 3 + 4 5",
            "t.apl:2:9: error: 'numpy.add' op shapes (3,) and (2,) do not broadcast",
        ),
        ("-/x", "t.apl:1:1: error: the function has no such meaning"),
        (
            "⍳x",
            "t.apl:1:1: error: a size must be a whole number or '≢x'",
        ),
        (
            "2 2⍴1 2 3",
            "t.apl:1:4: error: 'numpy.reshape' op cannot reshape",
        ),
        // Of a run, when the sizes are known.
        (
            "1\n2× x+y",
            "t.apl:2:5: error: numpy.add: shapes (3,) and (4,) do not broadcast",
        ),
        (
            "10⌷x",
            "t.apl:1:3: error: numpy.take: index 10 is out of bounds for axis 0 with size 3",
        ),
    ] {
        let error = tiny_apl::run(program, "t.apl", &vectors).expect_err(program);
        assert!(error.contains(message), "{message}\n{error}");
    }
    let error = tiny_apl::run("1\n2× x+y", "t.apl", &vectors).expect_err("shapes differ");
    assert!(
        error.ends_with("\n    2 | 2× x+y\n      |     ^"),
        "{error}"
    );
}
