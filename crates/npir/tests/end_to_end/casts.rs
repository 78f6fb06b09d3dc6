//! `numpy.cast` between all pairs of dtypes, against `astype`.

use npir_runtime::DType;

use crate::harness::{Case, check};
use crate::samples::{DTYPES, Random, any_bits, is_float, joined, mlir, moderate, special};
use crate::value::{Layout, Value};

/// Values of every kind. What C leaves undefined NumPy computes in different ways for vectors and
/// single elements: floats outside the range of the integer are left out, except where all
/// agree (see `out_of_range`).
fn values(from: DType, to: DType, random: &mut Random) -> Value {
    let all = joined(&[
        special(from),
        any_bits(from, 200, random),
        moderate(from, 100, random),
    ]);
    if !is_float(from) || is_float(to) || to == DType::Bool {
        return all;
    }
    let (low, high) = range(to);
    let size = from.size();
    let bytes = all.bytes.chunks(size).filter(|e| {
        let x = float(from, e);
        x > low && x < high
    });
    let bytes: Vec<u8> = bytes.flatten().copied().collect();
    Value {
        dtype: from,
        shape: vec![bytes.len() / size],
        bytes,
    }
}

/// The open interval of floats whose integer part is a value of an integer type.
fn range(to: DType) -> (f64, f64) {
    let bits = 8 * to.size() as i32;
    match mlir(to).starts_with('u') {
        true => (-1.0, 2f64.powi(bits)),
        false => (
            -(2f64.powi(bits - 1)) - if bits == 64 { 2048.0 } else { 1.0 },
            2f64.powi(bits - 1),
        ),
    }
}

fn float(dtype: DType, bytes: &[u8]) -> f64 {
    match (dtype, bytes) {
        (DType::F16, &[a, b]) => half::f16::from_le_bytes([a, b]).to_f64(),
        (DType::BF16, &[a, b]) => half::bf16::from_le_bytes([a, b]).to_f64(),
        (DType::F32, &[a, b, c, d]) => f64::from(f32::from_le_bytes([a, b, c, d])),
        (_, &[a, b, c, d, e, f, g, h]) => f64::from_le_bytes([a, b, c, d, e, f, g, h]),
        _ => f64::NAN,
    }
}

fn layouts() -> [Vec<Layout>; 3] {
    [
        vec![Layout::C],
        vec![Layout::Scattered],
        vec![Layout::Strided],
    ]
}

fn cast(to: DType, value: Value) -> Case {
    Case::new("numpy.cast %a", format!("a.astype(np.{})", numpy(to)))
        .run_in(&[("a", value)], &layouts())
}

fn numpy(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "bool",
        other => other.name(),
    }
}

#[test]
fn between_all_pairs() {
    let mut random = Random(10);
    let mut cases = Vec::new();
    for from in DTYPES {
        for to in DTYPES.into_iter().filter(|to| *to != from) {
            let value = values(from, to, &mut random);
            cases.push(
                cast(to, value.clone())
                    .run(&[("a", value.resized(&[0]))])
                    .run(&[("a", value.resized(&[3]))]),
            );
        }
    }
    check(cases);
}

/// Floats that no value of the integer type corresponds to, one at a time in 0-d arrays and many
/// at once: NumPy on x86 gives the same for both, and so the results are compared.
#[test]
fn floats_out_of_range() {
    let mut cases = Vec::new();
    for from in [DType::F16, DType::F32, DType::F64] {
        for to in [
            DType::I8,
            DType::I16,
            DType::I32,
            DType::I64,
            DType::U8,
            DType::U16,
        ] {
            cases.push(cast(to, special(from)));
        }
    }
    check(cases);
}

/// `bfloat16` by way of `float32`, as `ml_dtypes` does it.
#[test]
fn bfloat16() {
    let mut random = Random(11);
    let mut cases = Vec::new();
    for other in DTYPES {
        let value = values(DType::BF16, other, &mut random);
        cases.push(cast(other, value).wide_results());
        if other != DType::F64 {
            let value = values(other, DType::BF16, &mut random);
            let carrier = ("b", Value::vector(&[half::bf16::ONE]));
            // The second argument says that the results are rounded.
            cases.push(
                Case::new("numpy.cast %a : {a} -> {r}", "a.astype(np.float32)")
                    .run_in(&[("a", value), carrier], &[vec![Layout::C; 2]]),
            );
        }
    }
    check(cases);
}

#[test]
fn shapes_and_layouts() {
    let mut random = Random(12);
    let mut cases = Vec::new();
    for (from, to) in [
        (DType::F64, DType::F32),
        (DType::I8, DType::F64),
        (DType::U16, DType::I64),
        (DType::Bool, DType::F16),
        (DType::F32, DType::Bool),
    ] {
        for shape in [&[][..], &[1], &[0, 3], &[4, 5], &[2, 3, 4]] {
            let value = moderate(from, 60, &mut random).resized(shape);
            let case = || {
                Case::new("numpy.cast %a", format!("a.astype(np.{})", numpy(to)))
                    .run_everywhere(&[("a", value.clone())])
            };
            cases.extend([case(), case().fixed()]);
        }
    }
    check(cases);
}
