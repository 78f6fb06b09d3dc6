//! Variances, reductions without NaN, masks and starting values of reductions, against NumPy.

use npir_runtime::{DType, RunErrorKind};
use npir_testing::{Tolerance, compare, compare_within, oracle};

use crate::harness::{Case, Session, call, check, compile};
use crate::samples::{
    DTYPES, Random, any_bits, is_float, joined, mlir, moderate, numbers, special,
};
use crate::value::Value;

const SHAPES: &[&[usize]] = &[&[13, 5], &[1, 70], &[130, 1], &[3, 3]];

/// Numbers, with NaN among them where the dtype has it.
fn with_nan(dtype: DType, count: usize, random: &mut Random) -> Value {
    let mut value = moderate(dtype, count, random);
    if is_float(dtype) {
        let nan = match dtype {
            DType::F16 => half::f16::NAN.to_le_bytes().to_vec(),
            DType::F32 => f32::NAN.to_le_bytes().to_vec(),
            _ => f64::NAN.to_le_bytes().to_vec(),
        };
        for element in value.bytes.chunks_mut(nan.len()) {
            if random.below(4) == 0 {
                element.copy_from_slice(&nan);
            }
        }
    }
    value
}

fn over(rank: usize, k: usize) -> (String, String) {
    match k % 4 {
        _ if rank < 2 => (String::new(), "axis=None".into()),
        0 => (String::new(), "axis=None".into()),
        1 => (" axes [0]".into(), "axis=(0,)".into()),
        2 => (
            " axes [-1] keepdims".into(),
            "axis=(-1,), keepdims=True".into(),
        ),
        _ => (
            " axes [0, 1] keepdims".into(),
            "axis=(0, 1), keepdims=True".into(),
        ),
    }
}

fn every_dtype(names: &[&str], ulps: impl Fn(&str, DType) -> u64) {
    let mut random = Random(40);
    let mut cases = Vec::new();
    for dtype in DTYPES {
        for name in names {
            if *name == "ptp" && dtype == DType::Bool {
                continue;
            }
            for k in 0..4 {
                let (op, python) = over(2, k);
                // NumPy rounds float16 in between; here it is rounded once.
                let exact = matches!(*name, "nanmin" | "nanmax" | "ptp");
                let numpy = match dtype {
                    DType::F16 if !exact => {
                        format!("np.{name}(a.astype('f4'), {python}).astype('f2')")
                    }
                    _ => format!("np.{name}(a, {python})"),
                };
                let mut case = Case::new(format!("numpy.{name} %a{op}"), numpy)
                    .ulps(ulps(name, dtype))
                    .any_zero();
                for shape in SHAPES {
                    let value = with_nan(dtype, shape.iter().product(), &mut random);
                    case = case.run_everywhere(&[("a", value.reshaped(shape))]);
                }
                cases.push(case);
            }
        }
    }
    check(cases);
}

#[test]
fn reductions_without_nan() {
    every_dtype(
        &["nansum", "nanprod", "nanmin", "nanmax", "nanmean"],
        |name, dtype| match (name, dtype) {
            ("nanmin" | "nanmax", _) => 0,
            (_, DType::F16) => 8,
            (_, DType::F32 | DType::F64) => 64,
            _ => 2,
        },
    );
}

#[test]
fn variances_and_ptp() {
    every_dtype(
        &["var", "std", "nanvar", "nanstd", "ptp"],
        |name, dtype| match (name, dtype) {
            ("ptp", _) => 0,
            (_, DType::F16) => 2,
            _ => 16,
        },
    );
}

#[test]
fn static_and_scalar_shapes() {
    let mut random = Random(41);
    let mut cases = Vec::new();
    for name in ["nansum", "nanmax", "nanmean", "var", "nanstd", "ptp"] {
        for shape in [&[][..], &[7], &[3, 4], &[2, 3, 4]] {
            let value = with_nan(DType::F64, shape.iter().product(), &mut random).reshaped(shape);
            let case = Case::new(format!("numpy.{name} %a"), format!("np.{name}(a)")).ulps(16);
            cases.push(case.clone().fixed().run_everywhere(&[("a", value.clone())]));
            cases.push(case.run_everywhere(&[("a", value)]));
        }
    }
    check(cases);
}

#[test]
fn degrees_of_freedom() {
    let mut cases = Vec::new();
    for (ddof, text) in [("1", "1.0"), ("0.5", "0.5"), ("3", "3.0"), ("7", "7.0")] {
        for name in ["var", "std", "nanvar", "nanstd"] {
            let case = Case::new(
                format!("%0 = numpy.{name} %a ddof {text} : {{a}} -> {{r}}\n  return %0 : {{r}}"),
                format!("np.{name}(a, ddof={ddof})"),
            );
            cases.push(
                case.ulps(4)
                    .run(&[("a", Value::vector(&[1.0, 2.5, -4.0]))])
                    .run(&[("a", Value::vector(&[1.0, f64::NAN, 3.0, 8.0]))])
                    .run(&[("a", Value::vector(&[1.0, f64::INFINITY, 3.0]))]),
            );
        }
    }
    // The mean of a variance is large against it.
    let mut random = Random(42);
    let large: Vec<f64> = (0..1000).map(|_| 1e8 + random.unit()).collect();
    cases.push(
        Case::new("numpy.var %a", "np.var(a)")
            .ulps(64)
            .run_everywhere(&[("a", Value::vector(&large))]),
    );
    check(cases);
}

#[test]
fn masks() {
    let mut random = Random(43);
    let mut cases = Vec::new();
    for name in [
        "sum", "prod", "mean", "any", "all", "nansum", "nanmean", "var", "nanvar",
    ] {
        for dtype in [DType::F64, DType::I16, DType::Bool, DType::U64, DType::F32] {
            for k in 0..3 {
                let (op, python) = over(2, k);
                let mut case = Case::new(
                    format!("%0 = numpy.{name} %a{op} where %m : {{a}} where {{m}} -> {{r}}\n  return %0 : {{r}}"),
                    format!("np.{name}(a, {python}, where=m)"),
                )
                .ulps(64)
                .any_zero();
                // Of the shape of the array, of one row, of one column, of one element.
                for (shape, mask) in [
                    ([6, 9], [6, 9]),
                    ([70, 3], [1, 3]),
                    ([3, 70], [3, 1]),
                    ([4, 4], [1, 1]),
                ] {
                    let value = moderate(dtype, shape[0] * shape[1], &mut random).reshaped(&shape);
                    let mask =
                        any_bits(DType::Bool, mask[0] * mask[1], &mut random).reshaped(&mask);
                    case = case.run_everywhere(&[("a", value), ("m", mask)]);
                }
                cases.push(case);
            }
        }
    }
    check(cases);
}

#[test]
fn starting_values() {
    let mut random = Random(44);
    let mut cases = Vec::new();
    for name in ["sum", "prod", "min", "max", "nanmin", "nanmax", "nansum"] {
        for dtype in [DType::F64, DType::I32, DType::Bool, DType::U8] {
            let widens = !matches!(name, "min" | "max" | "nanmin" | "nanmax");
            let started = match dtype {
                DType::I32 | DType::Bool if widens => DType::I64,
                DType::U8 if widens => DType::U64,
                other => other,
            };
            for masked in [false, true] {
                let (op, types, python) = match masked {
                    true => (" where %m", " where {m}", ", where=m"),
                    false => ("", "", ""),
                };
                let mut case = Case::new(
                    format!("%0 = numpy.{name} %a axes [0]{op} initial %i : {{a}}{types} initial {{i}} -> {{r}}\n  return %0 : {{r}}"),
                    format!("np.{name}(a, axis=0, initial=i[()]{python})"),
                )
                .ulps(16)
                .any_zero();
                for shape in [[5, 3], [0, 3], [4, 0]] {
                    let count = shape[0] * shape[1];
                    let value = moderate(dtype, count, &mut random).reshaped(&shape);
                    let initial = moderate(started, 1, &mut random).reshaped(&[]);
                    let mut inputs = vec![("a", value), ("i", initial)];
                    if masked {
                        let mask = any_bits(DType::Bool, count, &mut random).reshaped(&shape);
                        inputs.push(("m", mask));
                    }
                    case = case.run(&inputs);
                }
                cases.push(case);
            }
        }
    }
    check(cases);
}

#[test]
fn positions_without_nan() {
    let mut random = Random(45);
    let mut cases = Vec::new();
    for name in ["nanargmin", "nanargmax"] {
        for dtype in DTYPES {
            for (op, python) in [
                ("", ""),
                (" axis 0", ", 0"),
                (" axis -1 keepdims", ", -1, keepdims=True"),
            ] {
                let value = joined(&[
                    with_nan(dtype, 40, &mut random),
                    numbers(dtype, &[0, 1, 2, 1, 0, 2, 2, 1, 0, 0]),
                ])
                .reshaped(&[5, 10]);
                let mut value = value;
                // Every row and column has a number.
                let size = dtype.size();
                for i in 0..10 {
                    let at = ((i % 5) * 10 + i) * size;
                    let one = numbers(dtype, &[1]).bytes;
                    value.bytes[at..at + size].copy_from_slice(&one);
                }
                cases.push(
                    Case::new(
                        format!("numpy.{name} %a{op}"),
                        format!("np.{name}(a{python})"),
                    )
                    .run_everywhere(&[("a", value)]),
                );
            }
        }
        let nan = Value::new(&[1.0, f64::NAN, 2.0, f64::NAN], &[2, 2]);
        cases.push(
            Case::new(
                format!("numpy.{name} %a axis 0"),
                format!("np.{name}(a, 0)"),
            )
            .types("tensor<?xi64>")
            .run(&[("a", nan)])
            .raises(RunErrorKind::Value, "All-NaN slice encountered"),
        );
    }
    check(cases);
}

/// Large arrays, whose variance takes one pass where the first elements give a good guess of the mean.
#[test]
fn variances_of_large_arrays() {
    let (rows, columns) = (60_000, 5);
    let n = rows * columns;
    let mut random = Random(31);
    let uniform: Vec<f64> = (0..n).map(|_| random.unit()).collect();
    let mut sorted = uniform.clone();
    sorted.sort_by(f64::total_cmp);
    let with = |i: usize, x: f64| {
        let mut list = uniform.clone();
        list[i] = x;
        list
    };
    let scaled = |shift: f64, scale: f64| uniform.iter().map(|x| shift + scale * x).collect();
    let lists: [(&str, Vec<f64>); 10] = [
        ("uniform", uniform.clone()),
        ("far from zero", scaled(1000.0, 1.0)),
        ("sorted", sorted),
        ("one value", vec![0.1; n]),
        ("an early outlier", with(3, 1e6)),
        ("large", scaled(0.0, 1e18)),
        ("small", scaled(0.0, 1e-17)),
        ("NaN", with(200_001, f64::NAN)),
        ("an early infinity", with(1, f64::INFINITY)),
        ("a late infinity", with(n - 1, f64::NEG_INFINITY)),
    ];
    let session = Session::start();
    for (what, list) in lists {
        for (ty, dtype) in [("f64", DType::F64), ("f32", DType::F32)] {
            let value = match dtype {
                DType::F64 => Value::vector(&list),
                _ => Value::vector(&list.iter().map(|&x| x as f32).collect::<Vec<_>>()),
            };
            let value = value.reshaped(&[rows, columns]);
            for (axes, result) in [
                ("", String::new()),
                ("axes [0] keepdims", format!("1x{columns}x")),
            ] {
                let source = format!(
                    "func.func @f(%a: tensor<{rows}x{columns}x{ty}>) -> tensor<{result}{ty}> {{\n\
                     %r = numpy.var %a {axes} : tensor<{rows}x{columns}x{ty}> -> tensor<{result}{ty}>\n\
                     return %r : tensor<{result}{ty}>\n}}"
                );
                let exe = compile(&source);
                let ours = call(&exe, "f", &[&value]).expect("it runs");
                let axis = if result.is_empty() {
                    "None"
                } else {
                    "0, keepdims=True"
                };
                let array = value.to_array();
                let exact = format!("np.var(a.astype(np.longdouble), axis={axis}).astype(a.dtype)");
                let bound = format!(
                    "(lambda e: 8 * np.spacing(np.abs(e)) + 2 * np.abs(np.var(a, axis={axis}) - e))({exact})"
                );
                let ask = |text: &str| oracle().eval(text, &[("a", &array)]).expect("NumPy knows");
                let (exact, bound) = (ask(&exact), ask(&bound));
                let finite = ask("np.isfinite(a).all()").to_string().contains("rue");
                let outcome = match finite {
                    true => compare_within(&ours[0].to_array(), &exact, &bound),
                    false => compare(&ours[0].to_array(), &exact, Tolerance::Ulps(64)),
                };
                outcome.unwrap_or_else(|e| panic!("{what}, {ty}, {axes}: {e}"));
            }
        }
    }
    assert_eq!(session.leaked(), (0, 0));
}

#[test]
fn empty_and_special() {
    let mut cases = Vec::new();
    for name in [
        "nansum", "nanprod", "nanmean", "var", "std", "nanvar", "nanstd",
    ] {
        for shape in [&[0][..], &[0, 3], &[3, 0]] {
            let value = numbers(DType::F64, &[]).reshaped(shape);
            cases.push(
                Case::new(format!("numpy.{name} %a"), format!("np.{name}(a)")).run(&[("a", value)]),
            );
        }
    }
    let all_nan = Value::new(&[f64::NAN, f64::NAN, 1.0, f64::NAN], &[2, 2]);
    for name in [
        "nanmin", "nanmax", "nanmean", "nanvar", "nansum", "nanprod", "nanstd",
    ] {
        cases.push(
            Case::new(
                format!("numpy.{name} %a axes [1]"),
                format!("np.{name}(a, axis=1)"),
            )
            .run_everywhere(&[("a", all_nan.clone())]),
        );
    }
    for name in ["nanmin", "nanmax"] {
        for dtype in DTYPES {
            cases.push(
                Case::new(format!("numpy.{name} %a"), format!("np.{name}(a)"))
                    .any_zero()
                    .run_everywhere(&[("a", special(dtype))]),
            );
        }
        cases.push(
            Case::new(
                format!("numpy.{name} %a axes [0]"),
                format!("np.{name}(a, axis=0)"),
            )
            .types(format!("tensor<?x{}>", mlir(DType::F64)))
            .run(&[("a", numbers(DType::F64, &[]).reshaped(&[0, 3]))])
            .raises(RunErrorKind::Value, "which has no identity"),
        );
    }
    check(cases);
}
