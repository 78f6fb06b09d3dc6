//! Views against NumPy: reshape, transpose, broadcast_to, expand_dims, squeeze, flip, slices.

use npir_runtime::{DType, RunErrorKind};

use crate::harness::{Case, check};
use crate::samples::{DTYPES, numbers};
use crate::value::Value;

/// 0, 1, 2, … of a shape.
fn counting(dtype: DType, shape: &[usize]) -> Value {
    let count = shape.iter().product::<usize>() as i64;
    numbers(dtype, &(0..count).collect::<Vec<_>>()).reshaped(shape)
}

/// The case with dynamic and with static types, in every layout.
fn both(case: impl Fn() -> Case, inputs: &[(&'static str, Value)]) -> [Case; 2] {
    [
        case().run_everywhere(inputs),
        case().fixed().run_everywhere(inputs),
    ]
}

#[test]
fn every_dtype() {
    let mut cases = Vec::new();
    for dtype in DTYPES {
        let a = [("a", counting(dtype, &[3, 4]))];
        for (op, numpy) in [
            ("numpy.transpose %a", "a.T"),
            ("numpy.flip %a", "np.flip(a)"),
            ("numpy.slice %a[::-2, 1:] : {a} -> {r}", "a[::-2, 1:]"),
            ("numpy.reshape %a shape [2, 6]", "a.reshape(2, 6)"),
        ] {
            let types = format!("tensor<2x6x{}>", crate::samples::mlir(dtype));
            let case = Case::new(op, numpy);
            let case = if op.contains("reshape") {
                case.types(types)
            } else {
                case
            };
            cases.push(case.run_everywhere(&a));
        }
    }
    check(cases);
}

#[test]
fn reshape() {
    let mut cases = Vec::new();
    let shapes: &[(&[usize], &[i64])] = &[
        (&[], &[]),
        (&[], &[1, 1]),
        (&[1], &[]),
        (&[6], &[2, 3]),
        (&[6], &[-1]),
        (&[6], &[3, -1]),
        (&[2, 3], &[6]),
        (&[2, 3], &[3, 2]),
        (&[2, 3], &[1, 2, 1, 3]),
        (&[4, 6], &[2, 2, 3, 2]),
        (&[2, 3, 4], &[-1, 4]),
        (&[2, 3, 4], &[6, -1]),
        (&[2, 3, 4], &[4, 3, 2]),
        (&[0], &[0, 5]),
        (&[0, 4], &[-1, 4]),
        (&[3, 0], &[0, 7]),
        (&[1, 3, 1], &[3]),
    ];
    for (from, to) in shapes {
        let list = to.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
        let numpy = if to.is_empty() {
            "a.reshape(())".to_owned()
        } else {
            format!("a.reshape(({list},))")
        };
        let a = [("a", counting(DType::I32, from))];
        // The result type states the sizes that the op does.
        let sizes: String = to
            .iter()
            .map(|n| if *n < 0 { "?x".into() } else { format!("{n}x") })
            .collect();
        let op = format!("numpy.reshape %a shape [{list}]");
        cases.push(
            Case::new(op.clone(), numpy.clone())
                .types(format!("tensor<{sizes}i32>"))
                .run_everywhere(&a),
        );
        cases.push(Case::new(op, numpy).fixed().run_everywhere(&a));
    }
    // Sizes that are values.
    let dynamic = |a: &[usize], m: i64, n: i64, numpy: &str| {
        Case::new("numpy.reshape %a shape [%m, %n]", numpy)
            .types("tensor<?x?xi32>")
            .run_everywhere(&[("a", counting(DType::I32, a))])
            .index("m", m)
            .index("n", n)
    };
    cases.push(dynamic(&[3, 4], 2, 6, "a.reshape(m, n)"));
    cases.push(dynamic(&[3, 4], 12, 1, "a.reshape(m, n)"));
    cases.push(dynamic(&[0, 4], 3, 0, "a.reshape(m, n)"));
    let wrong = "numpy.reshape: cannot reshape array of shape (3, 4) into shape (5, 2)";
    cases
        .push(dynamic(&[3, 4], 5, 2, "a.reshape(m, n)").raises(RunErrorKind::ShapeMismatch, wrong));
    let negative = "negative dimensions are not allowed: size -3";
    cases.push(dynamic(&[3, 4], -3, -4, "a.reshape(m, n)").raises(RunErrorKind::Value, negative));
    let infer = |a: &[usize], m: i64| {
        Case::new("numpy.reshape %a shape [-1, %m]", "a.reshape(-1, m)")
            .types("tensor<?x?xi32>")
            .run_everywhere(&[("a", counting(DType::I32, a))])
            .index("m", m)
    };
    cases.push(infer(&[3, 4], 6));
    cases.push(infer(&[3, 4], 5).raises(
        RunErrorKind::ShapeMismatch,
        "cannot reshape array of shape (3, 4) into shape (-1, 5)",
    ));
    cases.push(infer(&[0, 4], 0).raises(
        RunErrorKind::ShapeMismatch,
        "cannot reshape array of shape (0, 4) into shape (-1, 0)",
    ));
    check(cases);
}

#[test]
fn transpose() {
    let mut cases = Vec::new();
    let list: &[(&[usize], &str, &str)] = &[
        (&[], "", ""),
        (&[5], "", ""),
        (&[3, 4], "", ""),
        (&[3, 4], " axes [0, 1]", "0, 1"),
        (&[3, 4], " axes [-1, 0]", "-1, 0"),
        (&[2, 3, 4], " axes [2, 0, 1]", "2, 0, 1"),
        (&[2, 3, 4], " axes [1, -1, 0]", "1, -1, 0"),
        (&[2, 0, 4], "", ""),
        (&[2, 3, 1, 5], " axes [3, 1, 2, 0]", "3, 1, 2, 0"),
        (&[70, 65], "", ""),
    ];
    for (shape, axes, python) in list {
        let numpy = if python.is_empty() {
            "np.transpose(a)".into()
        } else {
            format!("np.transpose(a, ({python}))")
        };
        let case = || Case::new(format!("numpy.transpose %a{axes}"), numpy.clone());
        cases.extend(both(case, &[("a", counting(DType::F64, shape))]));
    }
    check(cases);
}

#[test]
fn broadcast_to() {
    let mut cases = Vec::new();
    let list: &[(&[usize], &[usize])] = &[
        (&[], &[]),
        (&[], &[3]),
        (&[], &[0]),
        (&[1], &[4]),
        (&[4], &[4]),
        (&[4], &[2, 4]),
        (&[3, 1], &[3, 4]),
        (&[3, 1], &[2, 3, 4]),
        (&[1, 0], &[5, 0]),
        (&[1], &[0]),
        (&[1, 4, 1], &[3, 4, 2]),
    ];
    for (from, to) in list {
        let text = to
            .iter()
            .map(usize::to_string)
            .collect::<Vec<_>>()
            .join(", ");
        let sizes: String = to.iter().map(|n| format!("{n}x")).collect();
        let numpy = if to.is_empty() {
            "np.broadcast_to(a, ())".into()
        } else {
            format!("np.broadcast_to(a, ({text},))")
        };
        let case = || {
            Case::new(
                format!("numpy.broadcast_to %a shape [{text}]"),
                numpy.clone(),
            )
            .types(format!("tensor<{sizes}i16>"))
        };
        cases.extend(both(case, &[("a", counting(DType::I16, from))]));
    }
    let dynamic = |a: &[usize], m: i64, n: i64| {
        Case::new(
            "numpy.broadcast_to %a shape [%m, %n]",
            "np.broadcast_to(a, (m, n))",
        )
        .types("tensor<?x?xi16>")
        .run_everywhere(&[("a", counting(DType::I16, a))])
        .index("m", m)
        .index("n", n)
    };
    cases.push(dynamic(&[3, 1], 3, 5));
    cases.push(dynamic(&[1], 2, 0));
    cases.push(dynamic(&[3, 4], 2, 4).raises(
        RunErrorKind::ShapeMismatch,
        "numpy.broadcast_to: shape (3, 4) does not broadcast to (2, 4)",
    ));
    cases.push(
        dynamic(&[3, 4], 3, -4).raises(RunErrorKind::Value, "negative dimensions are not allowed"),
    );
    check(cases);
}

#[test]
fn expand_squeeze_flip() {
    let mut cases = Vec::new();
    let list: &[(&[usize], &str, &str)] = &[
        (&[], "numpy.expand_dims %a axes [0]", "np.expand_dims(a, 0)"),
        (
            &[3],
            "numpy.expand_dims %a axes [-1]",
            "np.expand_dims(a, -1)",
        ),
        (
            &[3, 4],
            "numpy.expand_dims %a axes [0, 2]",
            "np.expand_dims(a, (0, 2))",
        ),
        (
            &[3, 4],
            "numpy.expand_dims %a axes [-2, 0]",
            "np.expand_dims(a, (-2, 0))",
        ),
        (
            &[0],
            "numpy.expand_dims %a axes [1]",
            "np.expand_dims(a, 1)",
        ),
        (&[1], "numpy.squeeze %a axes [0]", "np.squeeze(a, 0)"),
        (
            &[3, 1, 4, 1],
            "numpy.squeeze %a axes [1, -1]",
            "np.squeeze(a, (1, -1))",
        ),
        (
            &[3, 1, 4, 1],
            "numpy.squeeze %a axes []",
            "np.squeeze(a, ())",
        ),
        (&[1, 0, 1], "numpy.squeeze %a axes [0]", "np.squeeze(a, 0)"),
        (&[], "numpy.flip %a", "np.flip(a)"),
        (&[5], "numpy.flip %a", "np.flip(a)"),
        (&[0], "numpy.flip %a", "np.flip(a)"),
        (&[3, 4], "numpy.flip %a", "np.flip(a)"),
        (&[3, 4], "numpy.flip %a axes [1]", "np.flip(a, 1)"),
        (
            &[3, 4, 2],
            "numpy.flip %a axes [-1, 0]",
            "np.flip(a, (-1, 0))",
        ),
        (&[3, 0], "numpy.flip %a axes [0]", "np.flip(a, 0)"),
    ];
    for (shape, op, numpy) in list {
        cases.extend(both(
            || Case::new(*op, *numpy),
            &[("a", counting(DType::U8, shape))],
        ));
    }
    let a = [("a", counting(DType::F32, &[3, 1, 4, 1]))];
    cases.push(
        Case::new("numpy.squeeze %a", "np.squeeze(a)")
            .fixed()
            .run_everywhere(&a),
    );
    cases.push(
        Case::new("numpy.squeeze %a axes [0]", "np.squeeze(a, 0)")
            .types("tensor<?x?x?xf32>")
            .run(&a)
            .raises(RunErrorKind::Value, "numpy.squeeze: cannot select an axis to squeeze out which has size not equal to one"),
    );
    check(cases);
}

/// Basic indexing with constant bounds.
#[test]
fn slices() {
    let mut cases = Vec::new();
    let items = [
        "[:]",
        "[1:]",
        "[:-1]",
        "[::2]",
        "[::-1]",
        "[-3:]",
        "[:3:]",
        "[5:1:-1]",
        "[5:1:-2]",
        "[100:]",
        "[:100]",
        "[-100:100]",
        "[::7]",
        "[::-7]",
        "[6::-1]",
        "[3:3]",
        "[4:2]",
        "[2:4:-1]",
        "[-1]",
        "[0]",
        "[newaxis]",
        "[newaxis, ::2, newaxis]",
        "[-2:-5:-1]",
        "[:-100]",
        "[-100:]",
        "[::9223372036854775807]",
        "[::-9223372036854775807]",
    ];
    for n in [0usize, 1, 2, 7] {
        for text in items {
            let python = text.replace("newaxis", "None");
            let out_of_bounds = n == 0 && (text == "[-1]" || text == "[0]");
            let case = || {
                Case::new(
                    format!("numpy.slice %a{text} : {{a}} -> {{r}}"),
                    format!("a{python}"),
                )
            };
            let a = [("a", counting(DType::I64, &[n]))];
            if out_of_bounds {
                let message = format!(
                    "numpy.slice: index {} is out of bounds for axis 0 with size 0",
                    &text[1..text.len() - 1]
                );
                cases.push(
                    case()
                        .types("tensor<i64>")
                        .run(&a)
                        .raises(RunErrorKind::IndexOutOfBounds, message),
                );
            } else {
                cases.extend(both(case, &a));
            }
        }
    }
    let items = [
        "[1:, ::-1]",
        "[::-1, 2]",
        "[-1, ::2]",
        "[0, 0]",
        "[:, newaxis, 1]",
        "[newaxis, 1]",
        "[1]",
        "[]",
        "[0:0, :]",
        "[::2, -2:-4:-1]",
        "[newaxis, :, newaxis, :, newaxis]",
    ];
    for text in items {
        let python = if text == "[]" {
            "[()]".into()
        } else {
            text.replace("newaxis", "None")
        };
        let case = || {
            Case::new(
                format!("numpy.slice %a{text} : {{a}} -> {{r}}"),
                format!("a{python}"),
            )
        };
        cases.extend(both(case, &[("a", counting(DType::F32, &[3, 5]))]));
    }
    check(cases);
}

/// A slice that turns out to be empty begins before its array.
#[test]
fn empty_slices_before_the_begin() {
    let body = |last: &str| {
        format!(
            "%x = numpy.negative %a : {{a}} -> {{a}}
             {last}
             return %0 : {{r}}"
        )
    };
    let mut cases = Vec::new();
    for j in [5, 0, -9] {
        let update = "%v = numpy.constant dense<7.0> : tensor<f64>
             %0 = numpy.set_slice %x[-3::2, -5:%j:-3], %v : {a}, tensor<f64> -> {r}";
        let sorted = "%s = numpy.sort %x axis 1 : {a} -> {a}
             %0 = numpy.slice %s[-3::2, -5:%j:-3] : {a} -> {r}";
        for (last, numpy, ty) in [
            (update, "-a", "tensor<3x4xf64>"),
            (
                sorted,
                "np.sort(-a, 1)[-3::2, -5:int(j):-3]",
                "tensor<2x?xf64>",
            ),
        ] {
            cases.push(
                Case::new(body(last), numpy)
                    .fixed()
                    .types(ty)
                    .run_everywhere(&[("a", counting(DType::F64, &[3, 4]))])
                    .index("j", j),
            );
        }
    }
    check(cases);
}

/// Basic indexing with bounds that are values.
#[test]
fn slices_with_value_bounds() {
    let mut cases = Vec::new();
    for (start, stop, step) in [
        (0, 7, 1),
        (1, 5, 2),
        (-3, 100, 1),
        (5, 1, -1),
        (5, 1, -2),
        (100, -100, -3),
        (-100, -1, 2),
        (3, 3, 1),
        (4, 2, 1),
        (2, 4, -1),
        (i64::MIN, i64::MAX, 1),
        (i64::MAX, i64::MIN, -1),
        (0, 7, i64::MAX),
        (6, -100, i64::MIN + 1),
        (0, 7, i64::MIN),
    ] {
        for n in [0usize, 1, 7] {
            cases.push(
                Case::new(
                    "numpy.slice %a[%i:%j:%k] : {a} -> {r}",
                    "a[int(i):int(j):int(k)]",
                )
                .run_everywhere(&[("a", counting(DType::I64, &[n]))])
                .index("i", start)
                .index("j", stop)
                .index("k", step),
            );
        }
    }
    let a = || [("a", counting(DType::I64, &[7]))];
    cases.push(
        Case::new("numpy.slice %a[::%k] : {a} -> {r}", "a[::int(k)]")
            .types("tensor<?xi64>")
            .run(&a())
            .index("k", 0)
            .raises(RunErrorKind::Value, "slice step cannot be zero"),
    );
    for i in [0, 6, -1, -7] {
        cases.push(
            Case::new("numpy.slice %a[%i] : {a} -> {r}", "a[int(i)]")
                .run_everywhere(&a())
                .index("i", i),
        );
    }
    for i in [7, -8, i64::MAX, i64::MIN] {
        cases.push(
            Case::new("numpy.slice %a[%i] : {a} -> {r}", "a[int(i)]")
                .types("tensor<i64>")
                .run(&a())
                .index("i", i)
                .raises(
                    RunErrorKind::IndexOutOfBounds,
                    format!("numpy.slice: index {i} is out of bounds for axis 0 with size 7"),
                ),
        );
    }
    cases.push(
        Case::new(
            "numpy.slice %a[%i:, newaxis, :%j:-1] : {a} -> {r}",
            "a[int(i):, None, :int(j):-1]",
        )
        .run_everywhere(&[("a", counting(DType::F64, &[4, 6]))])
        .index("i", 1)
        .index("j", 2),
    );
    check(cases);
}

/// Chains of views are one view.
#[test]
fn views_of_views() {
    let list: &[(&str, &str, &[usize])] = &[
        (
            "  %0 = numpy.slice %a[::-1, 1:] : {a} -> tensor<?x?xf64>\n  %1 = numpy.transpose %0 : tensor<?x?xf64> -> tensor<?x?xf64>\n  \
             %2 = numpy.slice %1[::2, -1] : tensor<?x?xf64> -> tensor<?xf64>\n  return %2 : tensor<?xf64>",
            "a[::-1, 1:].T[::2, -1]",
            &[5, 6],
        ),
        (
            "  %0 = numpy.transpose %a : {a} -> tensor<?x?xf64>\n  %1 = numpy.reshape %0 shape [-1] : tensor<?x?xf64> -> tensor<?xf64>\n  \
             %2 = numpy.flip %1 : tensor<?xf64> -> tensor<?xf64>\n  return %2 : tensor<?xf64>",
            "np.flip(a.T.reshape(-1))",
            &[5, 6],
        ),
        (
            "  %0 = numpy.expand_dims %a axes [1] : {a} -> tensor<?x1x?xf64>\n  \
             %1 = numpy.broadcast_to %0 shape [5, 3, 6] : tensor<?x1x?xf64> -> tensor<5x3x6xf64>\n  \
             %2 = numpy.flip %1 axes [0, 2] : tensor<5x3x6xf64> -> tensor<5x3x6xf64>\n  \
             %3 = numpy.slice %2[1:4, 1] : tensor<5x3x6xf64> -> tensor<3x6xf64>\n  return %3 : tensor<3x6xf64>",
            "np.flip(np.broadcast_to(a[:, None], (5, 3, 6)), (0, 2))[1:4, 1]",
            &[5, 6],
        ),
        (
            "  %0 = numpy.flip %a axes [1] : {a} -> tensor<?x?xf64>\n  %1 = numpy.add %0, %a : tensor<?x?xf64>, {a} -> tensor<?x?xf64>\n  \
             %2 = numpy.transpose %1 : tensor<?x?xf64> -> tensor<?x?xf64>\n  %3 = numpy.sum %2 axes [0] : tensor<?x?xf64> -> tensor<?xf64>\n  \
             return %3 : tensor<?xf64>",
            "(np.flip(a, 1) + a).T.sum(0)",
            &[5, 6],
        ),
    ];
    let case = |(body, numpy, shape): &(&str, &str, &[usize])| {
        let types = if body.contains("-> tensor<3x6xf64>") {
            "tensor<3x6xf64>"
        } else {
            "tensor<?xf64>"
        };
        Case::new(*body, *numpy)
            .types(types)
            .run_everywhere(&[("a", counting(DType::F64, shape))])
    };
    let mut cases: Vec<_> = list.iter().map(case).collect();
    // Backwards through an array without elements that the program itself makes.
    cases.push(
        Case::new(
            "  %0 = numpy.concatenate %a, %a axis 0 : {a}, {a} -> tensor<0xi8>\n  \
             %1 = numpy.slice %0[::-3] : tensor<0xi8> -> tensor<0xi8>\n  return %1, %0 : tensor<0xi8>, tensor<0xi8>",
            "np.concatenate((a, a))[::-3], a",
        )
        .results(2)
        .fixed()
        .run_everywhere(&[("a", counting(DType::I8, &[0]))]),
    );
    check(cases);
}
