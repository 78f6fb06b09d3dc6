//! Reductions against NumPy: axes, keepdims, result dtypes, empty and 0-d arrays, ties and NaN.
//! How accurate sums are is in `accuracy`.

use npir_runtime::{DType, RunErrorKind};

use crate::harness::{Case, check};
use crate::samples::{DTYPES, Random, any_bits, is_float, is_nan, mlir, numbers, special};
use crate::value::Value;

const SHAPES: &[&[usize]] = &[
    &[],
    &[1],
    &[7],
    &[130],
    &[3, 5],
    &[1, 70],
    &[65, 3],
    &[4, 3, 5],
    &[2, 1, 3, 2],
];

/// The subsets of the axes of `rank` dimensions, in the form of the op and of NumPy; every second
/// one counts from the end.
fn subsets(rank: usize) -> Vec<(String, String)> {
    let mut list = vec![(String::new(), "None".to_owned())];
    for mask in 0..1usize << rank {
        let axes: Vec<_> = (0..rank)
            .filter(|d| mask >> d & 1 == 1)
            .map(|d| {
                if mask % 2 == 1 {
                    d as i64 - rank as i64
                } else {
                    d as i64
                }
            })
            .map(|d| d.to_string())
            .collect();
        let text = axes.join(", ");
        let tuple = if axes.is_empty() {
            "()".to_owned()
        } else {
            format!("({text},)")
        };
        list.push((format!(" axes [{text}]"), tuple));
    }
    list
}

/// Values for which reductions are exact in any order.
fn exact(dtype: DType, count: usize, random: &mut Random) -> Value {
    match dtype {
        DType::Bool => any_bits(dtype, count, random),
        d if is_float(d) => numbers(
            d,
            &(0..count)
                .map(|_| random.below(9) as i64 - 4)
                .collect::<Vec<_>>(),
        ),
        d => any_bits(d, count, random),
    }
}

fn reduce(name: &str, axes: &(String, String), keepdims: bool) -> Case {
    let keep = if keepdims { " keepdims" } else { "" };
    let python = if keepdims { "True" } else { "False" };
    Case::new(
        format!("numpy.{name} %a{}{keep}", axes.0),
        format!("np.{name}(a, axis={}, keepdims={python})", axes.1),
    )
}

/// Every reduction on every dtype; on whole numbers, so that the order of a sum does not matter.
fn every_dtype(names: &[&str]) {
    let mut random = Random(20);
    let mut cases = Vec::new();
    for dtype in DTYPES {
        for name in names {
            for (axes, keepdims) in [
                (("", "None"), false),
                ((" axes [1]", "(1,)"), false),
                ((" axes [0]", "(0,)"), true),
            ] {
                let mut case = reduce(name, &(axes.0.into(), axes.1.into()), keepdims);
                // A product of many small numbers overflows in another place: of few it does not.
                let shapes: &[[usize; 2]] = match (*name, is_float(dtype)) {
                    ("prod", true) => &[[2, 3], [3, 2], [1, 1]],
                    _ => &[[13, 37], [40, 3], [1, 1], [1, 200], [200, 1]],
                };
                for shape in shapes {
                    let count = shape[0] * shape[1];
                    let value = match (*name, dtype) {
                        // Sums that are exact in float64.
                        ("mean", DType::I64 | DType::U64) => numbers(
                            dtype,
                            &(0..count)
                                .map(|_| (random.next() >> 20) as i64)
                                .collect::<Vec<_>>(),
                        ),
                        _ => exact(dtype, count, &mut random),
                    };
                    let value = value.reshaped(shape);
                    case = case.run_everywhere(&[("a", value)]);
                }
                if matches!(*name, "mean") {
                    case = case.ulps(1);
                }
                cases.push(case);
            }
        }
    }
    check(cases);
}

#[test]
fn sums_and_products_of_every_dtype() {
    every_dtype(&["sum", "prod", "mean"]);
}

#[test]
fn extrema_of_every_dtype() {
    every_dtype(&["min", "max"]);
}

#[test]
fn truth_of_every_dtype() {
    every_dtype(&["any", "all", "count_nonzero"]);
}

#[test]
fn all_subsets_of_axes() {
    let mut random = Random(21);
    let mut cases = Vec::new();
    for (name, dtype) in [
        ("sum", DType::I32),
        ("max", DType::F64),
        ("any", DType::Bool),
    ] {
        for rank in 0..=4 {
            for axes in subsets(rank) {
                for keepdims in [false, true] {
                    let mut case = reduce(name, &axes, keepdims);
                    for shape in SHAPES.iter().filter(|s| s.len() == rank) {
                        let value =
                            exact(dtype, shape.iter().product(), &mut random).reshaped(shape);
                        case = case.run_everywhere(&[("a", value)]);
                    }
                    cases.push(case);
                }
            }
        }
    }
    check(cases);
}

#[test]
fn static_shapes() {
    let mut random = Random(22);
    let mut cases = Vec::new();
    for (name, dtype) in [
        ("sum", DType::F64),
        ("prod", DType::U8),
        ("min", DType::F32),
        ("all", DType::I16),
        ("mean", DType::F64),
        ("count_nonzero", DType::F16),
    ] {
        for shape in SHAPES {
            for axes in subsets(shape.len()).into_iter().take(4) {
                let value = exact(dtype, shape.iter().product(), &mut random).reshaped(shape);
                cases.push(
                    reduce(name, &axes, false)
                        .fixed()
                        .ulps(2)
                        .run_everywhere(&[("a", value)]),
                );
            }
        }
    }
    check(cases);
}

/// Over no elements, and of no elements.
#[test]
fn empty_arrays() {
    let mut cases = Vec::new();
    for name in ["sum", "prod", "any", "all", "count_nonzero", "mean"] {
        for dtype in [DType::F64, DType::I8, DType::Bool, DType::F16] {
            for shape in [&[0][..], &[0, 3], &[3, 0], &[2, 0, 4]] {
                for axes in subsets(shape.len()).into_iter().take(3) {
                    for fixed in [false, true] {
                        let case = reduce(name, &axes, false)
                            .run(&[("a", numbers(dtype, &[]).reshaped(shape))]);
                        cases.push(if fixed { case.fixed() } else { case });
                    }
                }
            }
        }
    }
    // Extrema have no identity, but may be taken along an axis that has elements.
    for name in ["min", "max", "argmin", "argmax"] {
        let along = |axis: usize| {
            let text = if name.starts_with("arg") {
                format!(" axis {axis}")
            } else {
                format!(" axes [{axis}]")
            };
            Case::new(
                format!("numpy.{name} %a{text}"),
                format!("np.{name}(a, axis={axis})"),
            )
        };
        let value = Value::new::<f64>(&[], &[0, 3]);
        cases.push(along(1).run(&[("a", value.clone())]));
        let message = match name {
            "min" => "zero-size array to reduction operation minimum which has no identity",
            "max" => "zero-size array to reduction operation maximum which has no identity",
            "argmin" => "attempt to get argmin of an empty sequence",
            _ => "attempt to get argmax of an empty sequence",
        };
        let ty = if name.starts_with("arg") {
            "tensor<?xi64>"
        } else {
            "tensor<?xf64>"
        };
        cases.push(
            along(0)
                .types(ty)
                .run(&[("a", value)])
                .raises(RunErrorKind::Value, message),
        );
    }
    check(cases);
}

/// NaN, infinities and signed zeros.
#[test]
fn special_values() {
    let mut cases = Vec::new();
    for dtype in DTYPES.into_iter().filter(|d| is_float(*d)) {
        let special = special(dtype);
        let size = dtype.size();
        let kept: Vec<u8> = special
            .bytes
            .chunks(size)
            .filter(|e| !is_nan(dtype, e))
            .flatten()
            .copied()
            .collect();
        let ordered = Value {
            dtype,
            shape: vec![kept.len() / size],
            bytes: kept,
        };
        for name in [
            "min",
            "max",
            "any",
            "all",
            "count_nonzero",
            "argmin",
            "argmax",
        ] {
            let case = Case::new(format!("numpy.{name} %a"), format!("np.{name}(a)"))
                .run_everywhere(&[("a", special.clone())])
                .run_everywhere(&[("a", ordered.clone())])
                .run_everywhere(&[("a", special.resized(&[200]))]);
            cases.push(case);
        }
    }
    // Zeros of both signs are equal: the sign of the result is open.
    let zeros = Value::vector(&[0.0, -0.0, 0.0, -0.0]);
    for name in ["min", "max", "sum", "prod"] {
        cases.push(
            Case::new(format!("numpy.{name} %a"), format!("np.{name}(a)"))
                .any_zero()
                .run(&[("a", zeros.clone())]),
        );
    }
    // Sums that overflow, and infinities that cancel.
    for list in [
        vec![f64::MAX, f64::MAX],
        vec![f64::INFINITY, f64::NEG_INFINITY],
        vec![1.0, f64::NAN],
        vec![f64::INFINITY, 1.0],
    ] {
        for name in ["sum", "prod", "mean"] {
            let value = Value::vector(&list);
            cases.push(
                Case::new(format!("numpy.{name} %a"), format!("np.{name}(a)")).run(&[("a", value)]),
            );
        }
    }
    check(cases);
}

/// The first of equal extremes, and the first NaN, wherever they are.
#[test]
fn arg_extrema() {
    let mut random = Random(23);
    let mut cases = Vec::new();
    for dtype in DTYPES {
        for name in ["argmin", "argmax"] {
            for (op, python) in [
                ("", "None"),
                (" axis 0", "0"),
                (" axis -1", "-1"),
                (" axis 0 keepdims", "0, keepdims=True"),
            ] {
                let mut case = Case::new(
                    format!("numpy.{name} %a{op}"),
                    format!("np.{name}(a, axis={python})"),
                );
                for shape in [[1, 1], [3, 70], [130, 2], [9, 9], [1, 300]] {
                    let count = shape[0] * shape[1];
                    // Few values, so that there are many ties.
                    let few: Vec<_> = (0..count).map(|_| random.below(4) as i64).collect();
                    case = case.run_everywhere(&[("a", numbers(dtype, &few).reshaped(&shape))]);
                    case = case.run_everywhere(&[(
                        "a",
                        any_bits(dtype, count, &mut random).reshaped(&shape),
                    )]);
                }
                cases.push(case);
            }
        }
    }
    // A NaN in each place, and two.
    for n in [1usize, 2, 8, 9, 40] {
        for name in ["argmin", "argmax"] {
            let mut case = Case::new(format!("numpy.{name} %a"), format!("np.{name}(a)"));
            for at in 0..n {
                let mut list: Vec<f64> = (0..n).map(|i| ((i * 7) % 5) as f64).collect();
                list[at] = f64::NAN;
                list[(at * 3 + 1) % n] = f64::NAN;
                case = case.run(&[("a", Value::vector(&list))]);
            }
            cases.push(case);
        }
    }
    // All equal to the worst value there is.
    for (name, worst) in [("argmin", f64::INFINITY), ("argmax", f64::NEG_INFINITY)] {
        let case = Case::new(format!("numpy.{name} %a"), format!("np.{name}(a)"));
        cases.push(case.run(&[("a", Value::vector(&[worst; 21]))]));
    }
    for dtype in [DType::I8, DType::U64, DType::I64] {
        for name in ["argmin", "argmax"] {
            for bits in [0u64, u64::MAX, 0x7fff_ffff_ffff_ffff, 0x8080_8080_8080_8080] {
                let bytes = bits.to_le_bytes()[..dtype.size()].repeat(11);
                let value = Value {
                    dtype,
                    shape: vec![11],
                    bytes,
                };
                cases.push(
                    Case::new(format!("numpy.{name} %a"), format!("np.{name}(a)"))
                        .run(&[("a", value)]),
                );
            }
        }
    }
    check(cases);
}

#[test]
fn result_dtypes() {
    let mut random = Random(24);
    let mut cases = Vec::new();
    for name in ["sum", "prod", "mean"] {
        for from in DTYPES {
            for to in DTYPES {
                let refused = (is_float(from) || name == "mean") && !is_float(to);
                if refused {
                    continue;
                }
                let value = match is_float(from) || is_float(to) {
                    true => numbers(from, &[1, 2, 3, 1, 2, 1, 0, 4, 1, 1, 2]),
                    false => any_bits(from, 50, &mut random),
                };
                cases.push(
                    Case::new(
                        format!("numpy.{name} %a dtype {}", mlir(to)),
                        format!("np.{name}(a, dtype=np.{})", to.name()),
                    )
                    .ulps(1)
                    .run_everywhere(&[("a", value)]),
                );
            }
        }
    }
    check(cases);
}

/// `bfloat16` accumulates in `float32`, as `float16` does.
#[test]
fn bfloat16() {
    let mut random = Random(25);
    let mut cases = Vec::new();
    for name in [
        "sum",
        "mean",
        "min",
        "max",
        "any",
        "all",
        "count_nonzero",
        "argmin",
        "argmax",
    ] {
        let value = exact(DType::BF16, 77, &mut random).reshaped(&[7, 11]);
        cases.push(
            Case::new(format!("numpy.{name} %a"), format!("np.{name}(a)"))
                .run_everywhere(&[("a", value)]),
        );
    }
    check(cases);
}

/// What decides a reduction before its end, in each part of the code: in the first points, in the first block, far
/// behind, in the last few elements, twice, and nowhere. Two of them in a row tell the first position from the second.
#[test]
fn reductions_that_are_decided_early() {
    const N: usize = 20_000;
    let places = [
        &[][..],
        &[0],
        &[37, 38],
        &[255, 256],
        &[5_000, 5_100],
        &[7_001, 13_000],
        &[N - 3],
        &[N - 1],
    ];
    let mut cases = Vec::new();
    for (dtype, usual, decisive) in [
        (DType::Bool, 0, 1),
        (DType::Bool, 1, 0),
        (DType::U8, 3, 255),
        (DType::I8, 3, -128),
    ] {
        let vector = |places: &[usize], n: usize| {
            let mut list = vec![usual; n];
            places.iter().for_each(|&at| list[at] = decisive);
            numbers(dtype, &list)
        };
        let names = ["any", "all", "min", "max", "argmin", "argmax"];
        for name in &names[if dtype == DType::Bool { 0 } else { 2 }..] {
            let whole = || Case::new(format!("numpy.{name} %a"), format!("np.{name}(a)"));
            let mut case = whole();
            for places in places {
                case = case.run(&[("a", vector(places, N))]);
            }
            cases.push(case);
            for axis in ["0", "1"] {
                let spelled = match name.starts_with("arg") {
                    true => format!("axis {axis}"),
                    false => format!("axes [{axis}]"),
                };
                let mut case = Case::new(
                    format!("numpy.{name} %a {spelled}"),
                    format!("np.{name}(a, axis={axis})"),
                );
                let odd = [0usize, 1, 300, 301, 1_400, 39_999];
                for (rows, columns) in [(5, 8_000), (8_000, 5), (1, 40_000)] {
                    let value = vector(&odd, 40_000).reshaped(&[rows, columns]);
                    case = case.run(&[("a", value)]);
                }
                let value = vector(&odd, 40_000).reshaped(&[200, 200]);
                case = case.run_everywhere(&[("a", value)]);
                cases.push(case);
            }
        }
    }
    for name in ["dot", "matmul"] {
        let mut case = Case::new(format!("numpy.{name} %a, %b"), format!("np.{name}(a, b)"));
        for places in places {
            let ones = numbers(DType::Bool, &vec![1; N]);
            let mut list = vec![0; N];
            places.iter().for_each(|&at| list[at] = 1);
            case = case.run(&[("a", numbers(DType::Bool, &list)), ("b", ones)]);
        }
        cases.push(case);
    }
    // Long enough for threads.
    for name in ["any", "argmax"] {
        let mut case = Case::new(format!("numpy.{name} %a"), format!("np.{name}(a)"));
        for places in [&[][..], &[5_999_990], &[3_000_000, 5_000_000]] {
            let mut list = vec![0; 6_000_000];
            places.iter().for_each(|&at| list[at] = 1);
            case = case.run(&[("a", numbers(DType::Bool, &list))]);
        }
        cases.push(case);
    }
    check(cases);
}
