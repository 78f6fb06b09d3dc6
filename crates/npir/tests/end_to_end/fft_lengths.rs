//! `numpy.fft_*` of every kind of length against NumPy: one point to many, primes, products, what is taken apart.

use npir::prelude::*;
use npir_runtime::{Array, DType, pool};
use npir_testing::{mlir_element, oracle};

use crate::harness::{Session, call, compile};
use crate::value::Value;

/// Name; whether the input and whether the result is real.
const TRANSFORMS: [(&str, bool, bool); 6] = [
    ("fft", false, false),
    ("ifft", false, false),
    ("fft", true, false),
    ("rfft", true, false),
    ("irfft", false, true),
    ("hfft", false, true),
];

/// A transform of rows in one precision.
struct Transform {
    function: String,
    numpy: &'static str,
    x: DType,
}

fn transforms() -> (Executable, Vec<Transform>) {
    let (mut source, mut all) = (String::new(), Vec::new());
    for (real, whole) in [(DType::F32, DType::C64), (DType::F64, DType::C128)] {
        for (i, (name, from_real, to_real)) in TRANSFORMS.into_iter().enumerate() {
            let function = format!("{name}{i}_{whole}");
            let x = if from_real { real } else { whole };
            let (from, to) = (
                mlir_element(x),
                mlir_element(if to_real { real } else { whole }),
            );
            source += &format!(
                "func.func @{function}(%x: tensor<?x?x{from}>, %i: tensor<i64>) -> tensor<?x?x{to}> {{
                   %0 = numpy.item %i : tensor<i64>
                   %n = arith.index_cast %0 : i64 to index
                   %1 = numpy.fft_{name} %x s %n : tensor<?x?x{from}> -> tensor<?x?x{to}>
                   return %1 : tensor<?x?x{to}>
                 }}\n"
            );
            all.push(Transform {
                function,
                numpy: name,
                x,
            });
        }
    }
    (compile(&source), all)
}

/// `rows` by `columns` random numbers.
fn random(dtype: DType, rows: usize, columns: usize) -> Value {
    let text = format!(
        "(lambda r: (r.standard_normal(({rows}, {columns})) + 1j * r.standard_normal(({rows}, {columns})))\
         .astype(np.complex128))(np.random.default_rng({columns}))"
    );
    let text = match dtype {
        DType::F32 | DType::F64 => format!("({text}).real.astype(np.{dtype})"),
        _ => format!("({text}).astype(np.{dtype})"),
    };
    let array = oracle().eval(&text, &[]);
    Value::of(&array.unwrap_or_else(|e| panic!("{text}: {e}")))
}

/// Checks a transform of `n` points of inputs with `columns` numbers.
fn check(exe: &Executable, transform: &Transform, rows: usize, columns: usize, n: usize) {
    let Transform { function, numpy, x } = transform;
    let _session = Session::start();
    let x = random(*x, rows, columns);
    let n = Value::scalar(n as i64);
    let mut results = Vec::new();
    for threads in [1, 2] {
        pool::set_num_threads(threads);
        let result = call(exe, function, &[&x, &n]);
        results.extend(result.unwrap_or_else(|e| panic!("{function} of {n:?}: {e}")));
    }
    assert!(
        results[0] == results[1],
        "{function} of {n:?}: threads change it"
    );
    // Errors of a transform grow with the logarithm of its length; they are relative to its norm.
    let program = format!(
        "e = np.fft.{numpy}(x, int(n))
bound = 4 * np.finfo(e.dtype).eps * (1 + np.log2(float(n))) * np.linalg.norm(e)
ok = np.array(r.dtype == e.dtype and r.shape == e.shape and np.linalg.norm(r - e) <= bound)"
    );
    let arrays: Vec<(&str, Array)> = vec![
        ("x", x.to_array()),
        ("n", n.to_array()),
        ("r", results[0].to_array()),
    ];
    let inputs: Vec<_> = arrays.iter().map(|(name, array)| (*name, array)).collect();
    let ok = oracle().run(&program, &inputs, &["ok"]);
    let ok = ok.unwrap_or_else(|e| panic!("{program}: {e}"));
    assert_eq!(
        Value::of(&ok[0]).bytes[0],
        1,
        "{function} of {n:?}, input {columns}"
    );
}

#[test]
fn short() {
    let (exe, transforms) = transforms();
    for n in (1..=70_usize).chain([97, 100, 101, 127, 128, 243, 256, 1000, 1009]) {
        for transform in &transforms {
            // As long as it has to be, longer, shorter.
            let columns = [n, n + 3, n / 2 + 1, n.div_ceil(3)][n % 4];
            check(&exe, transform, 1 + n % 3 * 5, columns, n);
        }
    }
}

#[test]
fn long() {
    let (exe, transforms) = transforms();
    // Powers, products, a prime, twice a prime, an odd product, a prime times what is large enough.
    let lengths = [
        1 << 16,
        1 << 18,
        65_537,
        131_074,
        99_225,
        177_147,
        200_000,
        32 * 4_099,
    ];
    for n in lengths {
        for transform in &transforms {
            check(&exe, transform, 1, n, n);
        }
    }
    for transform in &transforms {
        check(&exe, transform, 3, 150_001, 140_000);
        check(&exe, transform, 2, 70_001, 140_000);
    }
}

/// One number that is not finite makes all that depend on it such.
#[test]
fn not_finite() {
    let (exe, transforms) = transforms();
    let _session = Session::start();
    for n in [1, 2, 7, 30, 101, 70_000] {
        for transform in &transforms {
            for bad in ["np.nan", "np.inf"] {
                let text = format!("np.full((1, {n}), {bad}).astype(np.{})", transform.x);
                let x = oracle().eval(&text, &[]);
                let x = Value::of(&x.unwrap_or_else(|e| panic!("{text}: {e}")));
                let result = call(&exe, &transform.function, &[&x, &Value::scalar(n as i64)]);
                let result = result.unwrap_or_else(|e| panic!("{}: {e}", transform.function));
                let r = result[0].to_array();
                let ok = oracle().run("ok = ~np.isfinite(r).any()", &[("r", &r)], &["ok"]);
                let ok = ok.unwrap_or_else(|e| panic!("{e}"));
                assert_eq!(Value::of(&ok[0]).bytes[0], 1, "{}", transform.function);
            }
        }
    }
}
