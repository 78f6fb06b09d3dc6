//! Choices between arrays, grids, differences and integrals, against NumPy.

use npir_runtime::{DType, RunErrorKind};

use crate::harness::{Case, check};
use crate::samples::{Random, WITH_COMPLEX, any_bits, is_float, moderate, numbers};
use crate::value::Value;

#[test]
fn chosen_by_index() {
    let mut random = Random(120);
    let mut cases = Vec::new();
    for dtype in WITH_COMPLEX {
        for (mode, python) in [
            ("", ""),
            (" mode wrap", ", mode='wrap'"),
            (" mode clip", ", mode='clip'"),
        ] {
            for of in [DType::I64, DType::U16] {
                let mut case = Case::new(
                    format!("numpy.choose %i, %a, %b, %c{mode}"),
                    format!("np.choose(i, [a, b, c]{python})"),
                );
                for shape in [[4, 6], [1, 1], [0, 6]] {
                    let low = if mode.is_empty() || of == DType::U16 {
                        0
                    } else {
                        -7
                    };
                    let span = if mode.is_empty() { 3 } else { 14 };
                    let list: Vec<_> = (0..shape[0] * 6)
                        .map(|_| random.below(span) as i64 + low)
                        .collect();
                    let of_shape = |shape: &[usize], random: &mut Random| {
                        moderate(dtype, shape.iter().product(), random).reshaped(shape)
                    };
                    case = case.run_everywhere(&[
                        ("i", numbers(of, &list).reshaped(&[shape[0], 6])),
                        ("a", of_shape(&shape, &mut random)),
                        ("b", of_shape(&[6], &mut random)),
                        ("c", of_shape(&[1, 1], &mut random)),
                    ]);
                }
                cases.push(case);
            }
        }
    }
    let inputs = [
        ("i", Value::vector(&[0i64, 2])),
        ("a", Value::vector(&[1.0, 2.0])),
        ("b", Value::vector(&[3.0, 4.0])),
    ];
    cases.push(
        Case::new("numpy.choose %i, %a, %b", "np.choose(i, [a, b])")
            .types("tensor<?xf64>")
            .run(&inputs)
            .raises(
                RunErrorKind::Value,
                "numpy.choose: invalid entry in choice array",
            ),
    );
    cases.push(Case::new("numpy.choose %i, %a", "np.choose(i, [a])").run(&[
        ("i", Value::new(&[0i64, 0, 0, 0], &[2, 2])),
        ("a", Value::vector(&[1.0, 2.0])),
    ]));
    check(cases);
}

#[test]
fn chosen_by_conditions_and_masks() {
    let mut random = Random(121);
    let mut cases = Vec::new();
    for dtype in WITH_COMPLEX {
        let mut select = Case::new(
            "numpy.select %c, %d choices %a, %b default %e : ({c}, {d}, {a}, {b}, {e}) -> {r}",
            "np.select([c, d], [a, b], e)",
        );
        for shape in [[3, 8], [1, 1], [0, 8]] {
            let count = shape[0] * shape[1];
            let value = |shape: &[usize], random: &mut Random| {
                moderate(dtype, shape.iter().product(), random).reshaped(shape)
            };
            select = select.run_everywhere(&[
                (
                    "c",
                    any_bits(DType::Bool, count, &mut random).reshaped(&shape),
                ),
                ("d", any_bits(DType::Bool, shape[1], &mut random)),
                ("a", value(&shape, &mut random)),
                ("b", value(&[1], &mut random)),
                ("e", value(&[], &mut random)),
            ]);
        }
        cases.push(select);
        for (name, numpy) in [
            ("putmask", "(np.putmask(x := a.copy(), m, v), x)[1]"),
            (
                "place",
                "(np.place(x := np.ascontiguousarray(a), m, v), x)[1]",
            ),
        ] {
            let numpy = numpy.replace("np.ascontiguousarray(a)", "a.copy()");
            for shape in [&[5, 9][..], &[20], &[]] {
                let mut case = Case::new(format!("numpy.{name} %a, %m, %v"), numpy.clone());
                let count = shape.iter().product();
                for given in [1, 4, 30] {
                    case = case.run_everywhere(&[
                        ("a", moderate(dtype, count, &mut random).reshaped(shape)),
                        (
                            "m",
                            any_bits(DType::Bool, count, &mut random).reshaped(shape),
                        ),
                        ("v", moderate(dtype, given, &mut random)),
                    ]);
                }
                let none = numbers(DType::Bool, &vec![0; count]).reshaped(shape);
                let inputs = [
                    ("a", moderate(dtype, count, &mut random).reshaped(shape)),
                    ("m", none),
                    ("v", moderate(dtype, 0, &mut random)),
                ];
                cases.push(case.run(&inputs));
            }
        }
    }
    let inputs = [
        ("a", Value::vector(&[0.0, 1.0])),
        ("m", numbers(DType::Bool, &[1, 0])),
        ("v", numbers(DType::F64, &[])),
    ];
    cases.push(
        Case::new(
            "numpy.place %a, %m, %v",
            "(np.place(x := a.copy(), m, v), x)[1]",
        )
        .types("tensor<?xf64>")
        .run(&inputs)
        .raises(
            RunErrorKind::Value,
            "numpy.place: Cannot insert from an empty array!",
        ),
    );
    check(cases);
}

#[test]
fn grids() {
    let mut random = Random(122);
    let mut cases = Vec::new();
    for dtype in WITH_COMPLEX {
        for (options, python) in [
            ("", ""),
            (" ij", ", indexing='ij'"),
            (" sparse", ", sparse=True"),
            (" ij sparse", ", indexing='ij', sparse=True"),
        ] {
            let inputs = [
                ("a", moderate(dtype, 5, &mut random)),
                ("b", moderate(dtype, 3, &mut random)),
                ("c", moderate(dtype, 2, &mut random)),
            ];
            let meshgrid = |names: &[&str]| {
                let list = |f: &dyn Fn(usize, &str) -> String| {
                    let parts: Vec<_> = names.iter().enumerate().map(|(i, n)| f(i, n)).collect();
                    parts.join(", ")
                };
                let (operands, types) = (
                    list(&|_, n| format!("%{n}")),
                    list(&|_, n| format!("{{{n}}}")),
                );
                let (results, values) = (
                    list(&|i, _| format!("{{r{i}}}")),
                    list(&|i, _| format!("%{i}")),
                );
                let n = names.len();
                Case::new(
                    format!("{values} = numpy.meshgrid {operands}{options} : {types} -> {results}\n  return {values} : {results}"),
                    format!("np.meshgrid({}{python})", names.join(", ")),
                )
                .results(n)
            };
            cases.push(meshgrid(&["a", "b"]).run_everywhere(&inputs[..2]));
            cases.push(meshgrid(&["a", "b", "c"]).run_everywhere(&inputs));
        }
    }
    let none = [
        ("a", Value::vector(&[1.0])),
        ("b", numbers(DType::F64, &[])),
    ];
    cases.push(
        Case::new(
            "%0, %1 = numpy.meshgrid %a, %b : {a}, {b} -> {r0}, {r1}\n  return %0, %1 : {r0}, {r1}",
            "np.meshgrid(a, b)",
        )
        .results(2)
        .run(&none),
    );
    for (dtype, numpy) in [(DType::I64, "i8"), (DType::U8, "u1"), (DType::F32, "f4")] {
        let a = ("a", numbers(dtype, &[0]));
        cases.push(
            Case::new(
                "numpy.indices shape [3, %n, 2] : {r}",
                format!("np.indices((3, int(n), 2), '{numpy}')"),
            )
            .run(&[a])
            .index("n", 4),
        );
    }
    cases.push(
        Case::new("numpy.indices shape [] : {r}", "np.indices(())")
            .run(&[("a", Value::vector(&[1.0]))]),
    );
    check(cases);
}

#[test]
fn gradients_and_integrals() {
    let mut random = Random(123);
    let mut cases = Vec::new();
    for dtype in WITH_COMPLEX.into_iter().filter(|&d| d != DType::Bool) {
        let own = match dtype {
            d if is_float(d) || matches!(d, DType::C64 | DType::C128) => dtype,
            _ => DType::F64,
        };
        let rounds = if own == DType::F16 { 8 } else { 64 };
        let value = |shape: &[usize], random: &mut Random| {
            // NumPy subtracts unsigned numbers as they are.
            moderate(dtype, shape.iter().product(), random).reshaped(shape)
        };
        for (order, python) in [("", ""), (" second_order", ", edge_order=2")] {
            let axis = if order.is_empty() { 0 } else { -1 };
            let plain = [("a", value(&[3, 9], &mut random))];
            let call = |spacing: &str, types: &str| {
                format!("numpy.gradient %a{spacing} axis {axis}{order} : ({{a}}{types}) -> {{r}}")
            };
            cases.push(
                Case::new(call("", ""), format!("np.gradient(a, axis={axis}{python})"))
                    .tolerance(npir_testing::Tolerance::Norm(rounds))
                    .any_zero()
                    .run_everywhere(&plain),
            );
            let scaled = [plain[0].clone(), ("h", numbers(own, &[2]).reshaped(&[]))];
            cases.push(
                Case::new(
                    call(" spacing %h", ", {h}"),
                    format!("np.gradient(a, h[()], axis={axis}{python})"),
                )
                .tolerance(npir_testing::Tolerance::Norm(rounds))
                .any_zero()
                .run_everywhere(&scaled),
            );
            let square = value(&[6, 6], &mut random);
            let places = [("a", square), ("h", numbers(own, &[0, 1, 3, 4, 8, 16]))];
            if !matches!(dtype, DType::F16) {
                cases.push(
                    Case::new(
                        call(" spacing %h", ", {h}"),
                        format!("np.gradient(a, h, axis={axis}{python})"),
                    )
                    .tolerance(npir_testing::Tolerance::Norm(4096))
                    .any_zero()
                    .run_everywhere(&places),
                );
            }
        }
        for (axis, python) in [("", ""), (" axis 0", ", axis=0")] {
            let a = ("a", value(&[5, 5], &mut random));
            cases.push(
                Case::new(
                    format!("numpy.trapezoid %a dx 0.25{axis} : ({{a}}) -> {{r}}"),
                    format!("np.trapezoid(a, dx=0.25{python})"),
                )
                .tolerance(npir_testing::Tolerance::Norm(rounds))
                .any_zero()
                .run_everywhere(std::slice::from_ref(&a)),
            );
            for x in [
                numbers(dtype, &[0, 1, 2, 4, 7]),
                value(&[5, 5], &mut random),
            ] {
                let inputs = [a.clone(), ("x", x)];
                cases.push(
                    Case::new(
                        format!("numpy.trapezoid %a x %x{axis} : ({{a}}, {{x}}) -> {{r}}"),
                        format!("np.trapezoid(a, x{python})"),
                    )
                    .tolerance(npir_testing::Tolerance::Norm(4096))
                    .any_zero()
                    .run_everywhere(&inputs),
                );
            }
        }
    }
    let short = [("a", Value::vector(&[1.0, 2.0]))];
    cases.push(
        Case::new(
            "numpy.gradient %a second_order : ({a}) -> {r}",
            "np.gradient(a, edge_order=2)",
        )
        .types("tensor<?xf64>")
        .run(&short)
        .raises(
            RunErrorKind::Value,
            "numpy.gradient: Shape of array too small",
        ),
    );
    check(cases);
}

#[test]
fn cross_products() {
    let mut random = Random(124);
    let mut cases = Vec::new();
    for dtype in WITH_COMPLEX.into_iter().filter(|&d| d != DType::Bool) {
        for (axis, python, shapes) in [
            ("", "", [&[4, 3][..], &[4, 3]]),
            ("", "", [&[3], &[2, 5, 3]]),
            (" axis 0", ", axis=0", [&[3, 4], &[3, 4]]),
            (" axis 0", ", axis=0", [&[3, 0], &[3, 1]]),
        ] {
            let inputs = [("a", shapes[0]), ("b", shapes[1])].map(|(name, shape)| {
                (
                    name,
                    moderate(dtype, shape.iter().product(), &mut random).reshaped(shape),
                )
            });
            cases.push(
                Case::new(
                    format!("numpy.cross %a, %b{axis}"),
                    format!("np.cross(a, b{python})"),
                )
                .tolerance(npir_testing::Tolerance::Norm(4))
                .any_zero()
                .run_everywhere(&inputs),
            );
        }
    }
    let inputs = [
        ("a", Value::vector(&[1.0; 4])),
        ("b", Value::vector(&[1.0; 4])),
    ];
    cases.push(
        Case::new("numpy.cross %a, %b", "np.cross(a, b)")
            .types("tensor<3xf64>")
            .run(&inputs)
            .raises(
                RunErrorKind::Value,
                "numpy.cross: needs vectors of 3 elements, not of 4",
            ),
    );
    check(cases);
}

#[test]
fn interpolated() {
    let mut random = Random(125);
    let mut cases = Vec::new();
    let points = |list: &[f64]| ("p", Value::vector(list));
    let few = [-3.0, -1.0, 0.5, 0.5, 2.0, 7.0];
    for shape in [&[40][..], &[5, 6], &[], &[0]] {
        let mut x = moderate(DType::F64, shape.iter().product(), &mut random).reshaped(shape);
        if shape == [40] {
            let special = [
                f64::NAN,
                f64::INFINITY,
                f64::NEG_INFINITY,
                0.5,
                -3.0,
                7.0,
                -1.0,
            ];
            let special = Value::vector(&special);
            x.bytes[..special.bytes.len()].copy_from_slice(&special.bytes);
        }
        for values in [
            [1.0, -2.0, 4.0, 3.0, 3.0, 0.25],
            [
                1.0,
                f64::INFINITY,
                f64::INFINITY,
                2.0,
                f64::NEG_INFINITY,
                f64::NAN,
            ],
        ] {
            let inputs = [
                ("x", x.clone()),
                points(&few),
                ("f", Value::vector(&values)),
            ];
            cases.push(
                Case::new(
                    "numpy.interp %x, %p, %f : ({x}, {p}, {f}) -> {r}",
                    "np.interp(x, p, f)",
                )
                .run_everywhere(&inputs),
            );
            let ends = [("l", Value::scalar(-9.0)), ("h", Value::scalar(9.0))];
            let all = [&inputs[..], &ends].concat();
            cases.push(
                Case::new(
                    "numpy.interp %x, %p, %f left %l right %h : ({x}, {p}, {f}, {l}, {h}) -> {r}",
                    "np.interp(x, p, f, left=l, right=h)",
                )
                .run_everywhere(&all),
            );
        }
        let one = [("x", x), points(&[1.0]), ("f", Value::vector(&[5.0]))];
        cases.push(
            Case::new(
                "numpy.interp %x, %p, %f : ({x}, {p}, {f}) -> {r}",
                "np.interp(x, p, f)",
            )
            .run_everywhere(&one),
        );
    }
    let none = [
        ("x", Value::vector(&[1.0])),
        points(&[]),
        ("f", Value::vector::<f64>(&[])),
    ];
    cases.push(
        Case::new(
            "numpy.interp %x, %p, %f : ({x}, {p}, {f}) -> {r}",
            "np.interp(x, p, f)",
        )
        .types("tensor<?xf64>")
        .run(&none)
        .raises(
            RunErrorKind::Value,
            "numpy.interp: array of sample points is empty",
        ),
    );
    check(cases);
}
