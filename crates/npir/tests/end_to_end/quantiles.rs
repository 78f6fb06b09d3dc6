//! Medians, quantiles and percentiles, against NumPy.

use npir_runtime::{DType, RunErrorKind};

use crate::harness::{Case, check};
use crate::samples::{DTYPES, Random, any_bits, is_float, joined, moderate, numbers, special};
use crate::value::Value;

const METHODS: [&str; 13] = [
    "inverted_cdf",
    "averaged_inverted_cdf",
    "closest_observation",
    "interpolated_inverted_cdf",
    "hazen",
    "weibull",
    "linear",
    "median_unbiased",
    "normal_unbiased",
    "lower",
    "higher",
    "midpoint",
    "nearest",
];

/// Axes as an op has them, and as an argument.
const AXES: [(&str, &str); 4] = [
    ("", "axis=None"),
    (" axes [0]", "axis=0"),
    (" axes [-1] keepdims", "axis=-1, keepdims=True"),
    (" axes [0, 1] keepdims", "axis=(0, 1), keepdims=True"),
];

/// Numbers, of which some are NaN where the dtype has it.
fn some_nan(dtype: DType, count: usize, random: &mut Random) -> Value {
    let mut value = moderate(dtype, count, random);
    if is_float(dtype) {
        // The exponent of all ones, and a bit below.
        let nan = special(dtype);
        let size = dtype.size();
        let nan = nan.bytes.chunks(size).find(|e| {
            let top = u16::from_le_bytes([e[size - 2], e[size - 1]]);
            match dtype {
                DType::F16 => top == 0x7e00,
                DType::F32 => top == 0x7fc0,
                _ => top == 0x7ff8,
            }
        });
        let nan = nan.map(<[u8]>::to_vec).unwrap_or_default();
        assert!(!nan.is_empty());
        for element in value.bytes.chunks_mut(size) {
            if random.below(5) == 0 {
                element.copy_from_slice(&nan);
            }
        }
    }
    value
}

#[test]
fn medians() {
    let mut random = Random(110);
    let mut cases = Vec::new();
    for dtype in DTYPES {
        for (name, masked) in [("median", false), ("nanmedian", true)] {
            for (axes, python) in AXES {
                let numpy = match (dtype, masked) {
                    // NumPy rounds the sum of two.
                    (DType::F16, true) => {
                        format!("np.asarray(np.{name}(a.astype('f4'), {python})).astype('f2')")
                    }
                    _ => format!("np.asarray(np.{name}(a, {python}))"),
                };
                let mut case = Case::new(format!("numpy.{name} %a{axes}"), numpy).any_zero();
                for shape in [[1, 1], [5, 4], [2, 33], [70, 3]] {
                    let count = shape[0] * shape[1];
                    let value = match masked {
                        true => some_nan(dtype, count, &mut random),
                        false => moderate(dtype, count, &mut random),
                    };
                    case = case.run_everywhere(&[("a", value.reshaped(&shape))]);
                }
                let value = some_nan(dtype, 12, &mut random).reshaped(&[3, 4]);
                cases.push(case.run(&[("a", value)]));
            }
            for shape in [&[][..], &[9], &[0], &[2, 3, 4]] {
                let value = some_nan(dtype, shape.iter().product(), &mut random).reshaped(shape);
                let case = Case::new(
                    format!("numpy.{name} %a"),
                    format!(
                        "np.asarray(np.{name}(a.astype(np.result_type(a, 'f4') if a.dtype == 'f2' else a.dtype))).astype('f2' if a.dtype == 'f2' else 'f4' if a.dtype == 'f4' else 'f8')"
                    ),
                );
                cases.push(case.any_zero().run(&[("a", value)]));
            }
        }
    }
    check(cases);
}

#[test]
fn methods() {
    let mut random = Random(111);
    let mut cases = Vec::new();
    let q = Value::vector(&[0.0, 0.1, 0.25, 0.5, 0.6, 0.75, 0.99, 1.0, 1.0 / 3.0]);
    for (k, method) in METHODS.into_iter().enumerate() {
        for (j, dtype) in DTYPES.into_iter().enumerate() {
            let takes = [
                "lower",
                "higher",
                "nearest",
                "inverted_cdf",
                "closest_observation",
            ];
            if dtype == DType::Bool && !takes.contains(&method) {
                continue;
            }
            let (axes, python) = AXES[(j + k) % 4];
            let mut case = Case::new(
                format!("numpy.quantile %a, %q method {method}{axes}"),
                format!("np.quantile(a, q, method='{method}', {python})"),
            )
            .any_zero();
            for shape in [[1, 1], [2, 7], [9, 4], [1, 20]] {
                let value = moderate(dtype, shape[0] * shape[1], &mut random).reshaped(&shape);
                case = case.run_everywhere(&[("a", value), ("q", q.clone())]);
            }
            cases.push(case);
        }
    }
    check(cases);
}

#[test]
fn types_of_quantiles() {
    let mut random = Random(112);
    let mut cases = Vec::new();
    for dtype in DTYPES.into_iter().filter(|&d| d != DType::Bool) {
        let value = moderate(dtype, 30, &mut random).reshaped(&[6, 5]);
        for (name, of) in [
            ("quantile", 1.0),
            ("percentile", 100.0),
            ("nanquantile", 1.0),
        ] {
            let weak = [("a", value.clone()), ("q", Value::scalar(0.3 * of))];
            cases.push(
                Case::new(
                    format!("numpy.{name} %a, %q axes [0] weak"),
                    format!("np.{name}(a, float(q), axis=0)"),
                )
                .any_zero()
                .run_everywhere(&weak),
            );
            let single = Value::new(&[0.2 * of as f32, 0.9 * of as f32], &[1, 2]);
            let single = [("a", value.clone()), ("q", single)];
            cases.push(
                Case::new(
                    format!("numpy.{name} %a, %q axes [-1]"),
                    format!("np.{name}(a, q, axis=-1)"),
                )
                .any_zero()
                .run_everywhere(&single),
            );
        }
    }
    check(cases);
}

#[test]
fn quantiles_without_nan() {
    let mut random = Random(113);
    let mut cases = Vec::new();
    for dtype in [DType::F16, DType::F64, DType::U8] {
        for (name, q) in [
            ("nanquantile", [0.0, 0.4, 1.0]),
            ("nanpercentile", [1.0, 50.0, 77.0]),
        ] {
            for (k, method) in METHODS.into_iter().enumerate() {
                let (axes, python) = AXES[k % 4];
                let mut case = Case::new(
                    format!("numpy.{name} %a, %q method {method}{axes}"),
                    format!("np.{name}(a, q, method='{method}', {python})"),
                )
                .any_zero();
                for shape in [[6, 9], [20, 3]] {
                    let mut value = some_nan(dtype, shape[0] * shape[1], &mut random);
                    // The type of NumPy's result is that of the first row.
                    let one = numbers(dtype, &[1]).bytes;
                    value.bytes[..one.len()].copy_from_slice(&one);
                    let q = Value::vector(&q);
                    case = case.run_everywhere(&[("a", value.reshaped(&shape)), ("q", q)]);
                }
                cases.push(case);
            }
        }
    }
    let q = || ("q", Value::vector(&[0.5, 0.1]));
    let nan = Value::new(&[1.0, f64::NAN, f64::NAN, f64::NAN], &[2, 2]);
    cases.push(
        Case::new(
            "numpy.nanquantile %a, %q axes [1]",
            "np.nanquantile(a, q, axis=1)",
        )
        .run_everywhere(&[("a", nan.clone()), q()]),
    );
    cases.push(
        Case::new(
            "numpy.quantile %a, %q axes [1]",
            "np.quantile(a, q, axis=1)",
        )
        .run_everywhere(&[("a", nan), q()]),
    );
    let none = numbers(DType::F64, &[]).reshaped(&[2, 0]);
    cases.push(
        Case::new(
            "numpy.nanquantile %a, %q axes [1]",
            "np.full((2, 2), np.nan)",
        )
        .run(&[("a", none), q()]),
    );
    check(cases);
}

/// Enough elements to be counted in bins; alike, close together, far apart.
#[test]
fn many_elements() {
    let mut random = Random(114);
    let mut cases = Vec::new();
    let q = Value::vector(&[0.0, 1e-4, 0.3, 0.5, 0.5, 0.9, 1.0]);
    for dtype in [
        DType::I8,
        DType::U16,
        DType::I32,
        DType::F16,
        DType::F32,
        DType::F64,
    ] {
        let n = 40_000;
        let close: Vec<_> = (0..n).map(|_| random.below(3) as i64 + 50).collect();
        let values = [
            any_bits(dtype, n, &mut random),
            moderate(dtype, n, &mut random),
            numbers(dtype, &close),
            joined(&[numbers(dtype, &close), special(dtype)]),
        ];
        let mut quantile = Case::new(
            "numpy.quantile %a, %q method lower",
            "np.quantile(a, q, method='lower')",
        )
        .any_zero();
        let mut median = Case::new("numpy.nanmedian %a", "np.asarray(np.nanmedian(a.astype('f4') if a.dtype == 'f2' else a)).astype('f2' if a.dtype == 'f2' else 'f4' if a.dtype == 'f4' else 'f8')")
            .any_zero();
        for value in values {
            quantile = quantile.run(&[("a", value.clone()), ("q", q.clone())]);
            median = median.run(&[("a", value)]);
        }
        cases.extend([quantile, median]);
    }
    check(cases);
}

#[test]
fn what_quantiles_refuse() {
    let quantile =
        || Case::new("numpy.quantile %a, %q", "np.quantile(a, q)").types("tensor<?xf64>");
    let values = || ("a", Value::vector(&[1.0, 2.0]));
    let mut cases = Vec::new();
    for q in [-0.1, 1.5, f64::NAN] {
        let inputs = [values(), ("q", Value::vector(&[0.5, q]))];
        cases.push(quantile().run(&inputs).raises(
            RunErrorKind::Value,
            "numpy.quantile: Quantiles must be in the range [0, 1]",
        ));
    }
    let inputs = [values(), ("q", Value::vector(&[101.0]))];
    cases.push(
        Case::new("numpy.percentile %a, %q", "np.percentile(a, q)")
            .types("tensor<?xf64>")
            .run(&inputs)
            .raises(
                RunErrorKind::Value,
                "numpy.percentile: Percentiles must be in the range [0, 100]",
            ),
    );
    let inputs = [
        ("a", numbers(DType::F64, &[])),
        ("q", Value::vector(&[0.5])),
    ];
    cases.push(quantile().run(&inputs).raises(
        RunErrorKind::IndexOutOfBounds,
        "index -1 is out of bounds for axis 0 with size 0",
    ));
    check(cases);
}
