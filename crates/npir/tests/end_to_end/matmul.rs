//! `numpy.matmul` against NumPy: every combination of ranks, dtypes, stacks that broadcast.

use npir_runtime::{DType, RunErrorKind};

use crate::harness::{Case, check};
use crate::samples::{DTYPES, Random, any_bits, is_float, mlir, moderate, numbers};
use crate::value::Value;

/// Whole numbers, whose products and sums are exact in every type but `bool`.
fn exact(dtype: DType, shape: &[usize], random: &mut Random) -> Value {
    let count = shape.iter().product();
    let value = match is_float(dtype) {
        true => numbers(
            dtype,
            &(0..count)
                .map(|_| random.below(7) as i64 - 3)
                .collect::<Vec<_>>(),
        ),
        false => any_bits(dtype, count, random),
    };
    value.reshaped(shape)
}

fn matmul() -> Case {
    Case::new("numpy.matmul %a, %b", "np.matmul(a, b)")
}

const SHAPES: &[(&[usize], &[usize])] = &[
    (&[4], &[4]),
    (&[0], &[0]),
    (&[1], &[1]),
    (&[3, 4], &[4]),
    (&[4], &[4, 5]),
    (&[3, 4], &[4, 5]),
    (&[1, 1], &[1, 1]),
    (&[3, 0], &[0, 5]),
    (&[0, 4], &[4, 5]),
    (&[3, 4], &[4, 0]),
    (&[17, 33], &[33, 9]),
    (&[64, 70], &[70, 65]),
    // A deep sum in parts, and rows that share sets of the cache.
    (&[30, 3000], &[3000, 24]),
    (&[300, 128], &[128, 64]),
    (&[2, 3, 4], &[2, 4, 5]),
    (&[2, 3, 4], &[1, 4, 5]),
    (&[2, 3, 4], &[4, 5]),
    (&[3, 4], &[2, 4, 5]),
    (&[2, 3, 4], &[4]),
    (&[4], &[2, 4, 5]),
    (&[5, 1, 3, 4], &[2, 4, 1]),
    (&[0, 3, 4], &[1, 4, 5]),
    (&[2, 1, 2, 3], &[1, 3, 3, 2]),
];

#[test]
fn all_ranks() {
    let mut random = Random(40);
    let mut cases = Vec::new();
    for dtype in [DType::F64, DType::I32] {
        for (a, b) in SHAPES {
            let inputs = [
                ("a", exact(dtype, a, &mut random)),
                ("b", exact(dtype, b, &mut random)),
            ];
            cases.push(matmul().run_everywhere(&inputs));
            cases.push(matmul().fixed().run_everywhere(&inputs));
        }
    }
    check(cases);
}

#[test]
fn all_dtypes() {
    let mut random = Random(41);
    let mut cases = Vec::new();
    for dtype in DTYPES.into_iter().chain([DType::BF16]) {
        for fixed in [false, true] {
            let mut case = matmul();
            let shapes: &[(&[usize], &[usize])] = &[
                (&[5, 7], &[7, 3]),
                (&[1, 40], &[40, 1]),
                (&[20, 20], &[20, 20]),
            ];
            for (a, b) in if fixed { &shapes[..1] } else { shapes } {
                case = case.run_everywhere(&[
                    ("a", exact(dtype, a, &mut random)),
                    ("b", exact(dtype, b, &mut random)),
                ]);
            }
            cases.push(if fixed { case.fixed() } else { case });
        }
    }
    check(cases);
}

/// Sums of products in any order: 40 units in the last place of the largest sum of magnitudes.
#[test]
fn general_floats() {
    let mut random = Random(42);
    let mut cases = Vec::new();
    for dtype in [DType::F32, DType::F64] {
        for (m, k, n) in [(30, 50, 20), (7, 300, 9), (128, 64, 96)] {
            let a = moderate(dtype, m * k, &mut random).reshaped(&[m, k]);
            let b = moderate(dtype, k * n, &mut random).reshaped(&[k, n]);
            // The product is compared after the magnitudes are taken out: |a·b - exact| ≤ ε |a|·|b|.
            let ty = mlir(dtype);
            let body = format!(
                "  %p = numpy.matmul %a, %b : {{a}}, {{b}} -> {{a}}\n\
                 \x20 %x = numpy.absolute %a : {{a}} -> {{a}}\n\
                 \x20 %y = numpy.absolute %b : {{b}} -> {{b}}\n\
                 \x20 %s = numpy.matmul %x, %y : {{a}}, {{b}} -> {{a}}\n\
                 \x20 %d = numpy.subtract %p, %e : {{a}}, tensor<?x?x{ty}> -> {{a}}\n\
                 \x20 %m = numpy.absolute %d : {{a}} -> {{a}}\n\
                 \x20 %eps = numpy.constant dense<{}> : tensor<{ty}>\n\
                 \x20 %t = numpy.multiply %s, %eps : {{a}}, tensor<{ty}> -> {{a}}\n\
                 \x20 %c = numpy.less_equal %m, %t : {{a}}, {{a}} -> tensor<?x?xi1>\n\
                 \x20 return %c : tensor<?x?xi1>",
                if dtype == DType::F32 {
                    "8.0e-6"
                } else {
                    "1.5e-14"
                }
            );
            let exact = reference(&a, &b, [m, k, n]);
            cases.push(
                Case::new(body, "np.ones((a.shape[0], b.shape[1]), bool)")
                    .types("tensor<?x?xi1>")
                    .run_everywhere(&[("a", a), ("b", b), ("e", exact)]),
            );
        }
    }
    check(cases);
}

/// The product, accumulated in `f64`.
fn reference(a: &Value, b: &Value, [m, k, n]: [usize; 3]) -> Value {
    let get = |v: &Value, i: usize| -> f64 {
        let e = &v.bytes[i * v.dtype.size()..(i + 1) * v.dtype.size()];
        match e.try_into() {
            Ok(e) => f64::from_le_bytes(e),
            Err(_) => f64::from(f32::from_le_bytes([e[0], e[1], e[2], e[3]])),
        }
    };
    let mut bytes = Vec::new();
    for i in 0..m {
        for j in 0..n {
            let sum = (0..k).map(|l| get(a, i * k + l) * get(b, l * n + j)).sum();
            bytes.extend(crate::samples::float_bytes(a.dtype, sum));
        }
    }
    Value {
        dtype: a.dtype,
        shape: vec![m, n],
        bytes,
    }
}

#[test]
fn infinities_and_nan() {
    let list = [
        1.0,
        f64::INFINITY,
        f64::NAN,
        -0.0,
        0.0,
        f64::MAX,
        1e-320,
        -1.0,
        f64::NEG_INFINITY,
    ];
    let a = Value::new(&list, &[9, 1]);
    let b = Value::new(&list, &[1, 9]);
    check(vec![
        matmul().any_zero().run_everywhere(&[("a", a), ("b", b)]),
    ]);
}

#[test]
fn shapes_that_do_not_fit() {
    let value = |shape: &[usize]| numbers(DType::F64, &[1]).resized(shape);
    let wrong = |a: &[usize], b: &[usize], ty: &str, message: &str| {
        matmul()
            .types(ty)
            .run(&[("a", value(a)), ("b", value(b))])
            .raises(RunErrorKind::ShapeMismatch, message)
    };
    check(vec![
        wrong(
            &[3, 4],
            &[5, 2],
            "tensor<?x?xf64>",
            "numpy.matmul: shapes (3, 4) and (5, 2) do not align: 4 (dim 1) != 5 (dim 0)",
        ),
        wrong(
            &[3],
            &[4],
            "tensor<f64>",
            "numpy.matmul: shapes (3,) and (4,) do not align: 3 (dim 0) != 4 (dim 0)",
        ),
        wrong(
            &[2, 3, 4],
            &[3, 4, 5],
            "tensor<?x?x?xf64>",
            "numpy.matmul: shapes (2, 3, 4) and (3, 4, 5)",
        ),
    ]);
}
