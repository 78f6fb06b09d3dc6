//! Complex elements in everything that is not elementwise, against NumPy.

use npir_runtime::DType;

use crate::harness::{Case, check};
use crate::samples::{
    DTYPES, Random, any_bits, is_complex, is_float, mlir, moderate, numbers, special,
};
use crate::value::Value;

const COMPLEX: [DType; 2] = [DType::C64, DType::C128];

/// Numbers with small whole parts: sums and products are exact in any order.
fn whole(dtype: DType, shape: &[usize], random: &mut Random) -> Value {
    let count: usize = shape.iter().product();
    let parts: Vec<_> = (0..2 * count).map(|_| random.below(7) as i64 - 3).collect();
    let part = if dtype == DType::C64 {
        DType::F32
    } else {
        DType::F64
    };
    Value {
        dtype,
        shape: shape.to_vec(),
        bytes: numbers(part, &parts).bytes,
    }
}

#[test]
fn reductions() {
    let mut random = Random(1);
    let mut cases = Vec::new();
    let names = [
        "sum",
        "prod",
        "mean",
        "any",
        "all",
        "count_nonzero",
        "min",
        "max",
        "argmin",
        "argmax",
    ];
    for dtype in COMPLEX {
        for name in names {
            for (axes, axis) in [("", "None"), ("[1]", "1"), ("[0]", "0")] {
                let attribute = match (name.starts_with("arg"), axes) {
                    (_, "") => String::new(),
                    (true, axes) => format!(" axis {}", axes.trim_matches(['[', ']'])),
                    (false, axes) => format!(" axes {axes}"),
                };
                let shapes: &[[usize; 2]] = match name {
                    "prod" => &[[2, 3], [1, 1]],
                    _ => &[[13, 37], [1, 200], [200, 1]],
                };
                let mut case = Case::new(
                    format!("numpy.{name} %a{attribute}"),
                    format!("np.{name}(a, axis={axis})"),
                );
                for shape in shapes {
                    case = case.run_everywhere(&[("a", whole(dtype, shape, &mut random))]);
                }
                cases.push(case);
            }
        }
    }
    check(cases);
}

#[test]
fn sums_over_nothing() {
    let mut cases = Vec::new();
    for dtype in COMPLEX {
        for name in ["sum", "prod", "any", "all", "count_nonzero"] {
            let none = Value::vector::<f64>(&[]).resized(&[0]);
            let none = Value { dtype, ..none };
            cases.push(
                Case::new(format!("numpy.{name} %a"), format!("np.{name}(a)")).run(&[("a", none)]),
            );
        }
    }
    check(cases);
}

/// The order is that of the real parts, then that of the imaginary parts; a NaN wins.
#[test]
fn extremes_of_special_values() {
    let mut random = Random(2);
    let mut cases = Vec::new();
    for dtype in COMPLEX {
        let special = special(dtype);
        for name in ["min", "max", "argmin", "argmax"] {
            let mut case = Case::new(format!("numpy.{name} %a"), format!("np.{name}(a)"));
            for _ in 0..40 {
                let picks: Vec<_> = (0..5).map(|_| random.below(special.len())).collect();
                let picked = crate::samples::picked(&special, picks.into_iter());
                case = case.run(&[("a", picked)]);
            }
            cases.push(case.any_zero());
        }
    }
    check(cases);
}

#[test]
fn reductions_without_nan() {
    let mut random = Random(3);
    let mut cases = Vec::new();
    for dtype in COMPLEX {
        for name in ["nansum", "nanprod", "nanmean"] {
            let mut value = whole(dtype, &[12], &mut random);
            let size = dtype.size();
            let nan = numbers_nan(dtype);
            value.bytes[3 * size..4 * size].copy_from_slice(&nan);
            let case = Case::new(format!("numpy.{name} %a"), format!("np.{name}(a)"))
                .tolerance(npir_testing::Tolerance::Norm(2));
            cases.push(case.run_everywhere(&[("a", value)]));
        }
    }
    check(cases);
}

/// 1 + NaN i.
fn numbers_nan(dtype: DType) -> Vec<u8> {
    match dtype {
        DType::C64 => [1f32.to_le_bytes(), f32::NAN.to_le_bytes()].concat(),
        _ => [1f64.to_le_bytes(), f64::NAN.to_le_bytes()].concat(),
    }
}

#[test]
fn products_of_matrices() {
    let mut random = Random(4);
    let mut cases = Vec::new();
    let shapes: [(&[usize], &[usize]); 6] = [
        (&[4], &[4]),
        (&[3, 4], &[4, 5]),
        (&[3, 0], &[0, 5]),
        (&[17, 33], &[33, 9]),
        (&[2, 3, 4], &[1, 4, 5]),
        (&[64, 70], &[70, 65]),
    ];
    for dtype in COMPLEX {
        for (a, b) in shapes {
            let inputs = [
                ("a", whole(dtype, a, &mut random)),
                ("b", whole(dtype, b, &mut random)),
            ];
            for fixed in [false, true] {
                // NumPy's sign of an exact zero depends on the order of its sums.
                let case = Case::new("numpy.matmul %a, %b", "np.matmul(a, b)").ulps(0);
                let case = case.run_everywhere(&inputs);
                cases.push(if fixed { case.fixed() } else { case });
            }
        }
    }
    check(cases);
}

#[test]
fn casts() {
    let mut random = Random(5);
    let mut cases = Vec::new();
    for dtype in COMPLEX {
        for other in DTYPES.into_iter().chain(COMPLEX) {
            for (from, to) in [(dtype, other), (other, dtype)] {
                if from == to {
                    continue;
                }
                // Out of an integer's range NumPy gives what its compiler made of it.
                let fits = to == DType::Bool || is_float(to) || is_complex(to);
                let value = if is_complex(from) && !fits {
                    moderate(from, 100, &mut random)
                } else {
                    crate::samples::joined(&[
                        special(from),
                        any_bits(from, 40, &mut random),
                        moderate(from, 40, &mut random),
                    ])
                };
                let numpy = match to {
                    DType::Bool => "bool".to_owned(),
                    to => format!("{to}"),
                };
                cases.push(
                    Case::new(
                        format!("numpy.cast %a : {{a}} -> tensor<?x{}>", mlir(to)),
                        format!("a.astype('{numpy}')"),
                    )
                    .run_everywhere(&[("a", value)]),
                );
            }
        }
    }
    check(cases);
}

#[test]
fn updates_at_positions() {
    let mut random = Random(6);
    let mut cases = Vec::new();
    for dtype in COMPLEX {
        assert!(is_complex(dtype));
        for name in ["add", "subtract", "multiply", "minimum", "maximum"] {
            let at = numbers(DType::I64, &[0, 3, 3, -1, 2, 3]);
            cases.push(
                Case::new(
                    format!("numpy.{name}_at %a[%i], %b : {{a}}[{{i}}], {{b}} -> {{r}}"),
                    format!("(np.{name}.at(c := a.copy(), i, b), c)[1]"),
                )
                .run(&[
                    ("a", whole(dtype, &[5], &mut random)),
                    ("i", at),
                    ("b", whole(dtype, &[6], &mut random)),
                ]),
            );
        }
    }
    check(cases);
}

#[test]
fn constants_and_parts() {
    let mut random = Random(7);
    let mut cases = Vec::new();
    for (dtype, numpy) in [(DType::C64, "complex64"), (DType::C128, "complex128")] {
        let ty = mlir(dtype);
        let text = format!(
            "%0 = numpy.constant dense<(2.0, -1.5)> : tensor<{ty}>\n\
             %1 = numpy.multiply %a, %0 : {{a}}, tensor<{ty}> -> {{a}}\n\
             %2 = numpy.constant dense<[(0.0, 1.0), (1.0, 0.0)]> : tensor<2x{ty}>\n\
             %3 = numpy.concatenate %1, %2 axis 0 : {{a}}, tensor<2x{ty}> -> {{a}}\n\
             %4 = numpy.take %3, %i axis 0 : {{a}}, {{i}} -> {{a}}\n\
             return %4 : {{a}}"
        );
        cases.push(
            Case::new(
                text,
                format!("np.concatenate([a * {numpy}(2 - 1.5j), np.array([1j, 1], '{numpy}')])[i]")
                    .replace(&format!("* {numpy}"), &format!("* np.{numpy}")),
            )
            .run(&[
                ("a", whole(dtype, &[5], &mut random)),
                ("i", numbers(DType::I64, &[6, 0, 5, 3])),
            ]),
        );
    }
    check(cases);
}
