//! Histograms, bins and equal distances, against NumPy.

use npir_runtime::{DType, RunErrorKind};

use crate::harness::{Case, check};
use crate::samples::{
    DTYPES, Random, any_bits, is_complex, is_float, joined, moderate, numbers, uniform,
};
use crate::value::Value;

const DTYPES_OF_WEIGHTS: [DType; 9] = [
    DType::Bool,
    DType::I8,
    DType::I64,
    DType::U16,
    DType::F16,
    DType::F32,
    DType::F64,
    DType::C64,
    DType::C128,
];

/// A histogram with operands besides the array, and NumPy's of the arguments.
fn histogram(operands: &str, types: &str, arguments: &str) -> Case {
    Case::new(
        format!(
            "%0:2 = numpy.histogram %a {operands} : ({{a}}, {types}) -> ({{r0}}, {{r1}})\n  return %0#0, %0#1 : {{r0}}, {{r1}}"
        ),
        format!("np.histogram(a, {arguments})"),
    )
    .results(2)
}

#[test]
fn bins_of_one_width() {
    let mut random = Random(90);
    let mut cases = Vec::new();
    for dtype in DTYPES {
        for (bins, shape) in [
            (10, &[400][..]),
            (37, &[7, 9]),
            (3, &[1]),
            (2, &[]),
            (1, &[0]),
            (10, &[3, 0]),
        ] {
            let count = shape.iter().product();
            let value = match bins {
                37 if !is_float(dtype) => any_bits(dtype, count, &mut random),
                _ => moderate(dtype, count, &mut random),
            };
            let inputs = [("a", value.reshaped(shape))];
            let case = histogram("bins %n", "index", "int(n)");
            cases.push(case.run_everywhere(&inputs).index("n", bins));
        }
        let value = moderate(dtype, 40, &mut random);
        cases.push(
            Case::new(
                "numpy.histogram_bin_edges %a bins %n : ({a}, index) -> {r}",
                "np.histogram_bin_edges(a, int(n))",
            )
            .run_everywhere(&[("a", value)])
            .index("n", 7),
        );
    }
    check(cases);
}

/// Elements that are the edges, and their neighbours.
#[test]
fn elements_at_the_edges() {
    let mut cases = Vec::new();
    for bins in [3, 10, 49, 100] {
        let step = 1.0 / bins as f64;
        let mut list = Vec::new();
        for i in 0..=bins {
            let edge = i as f64 * step;
            list.extend([edge, edge.next_up(), edge.next_down()]);
        }
        let single: Vec<_> = list.iter().map(|&x| x as f32).collect();
        for value in [Value::vector(&list), Value::vector(&single)] {
            let limits = [("l", Value::scalar(0.0)), ("h", Value::scalar(1.0))];
            let inputs = [("a", value), limits[0].clone(), limits[1].clone()];
            cases.push(
                histogram(
                    "bins %n range %l, %h",
                    "index, {l}, {h}",
                    "int(n), range=(float(l), float(h))",
                )
                .run_everywhere(&inputs)
                .index("n", bins),
            );
            cases.push(
                histogram("bins %n", "index", "int(n)")
                    .run(&inputs[..1])
                    .index("n", bins),
            );
        }
    }
    check(cases);
}

#[test]
fn given_ranges() {
    let mut random = Random(91);
    let mut cases = Vec::new();
    for dtype in DTYPES {
        for (low, high) in [
            (-2.0, 3.0),
            (0.0, 1.0),
            (0.1, 0.7),
            (1.0, 1.0),
            (500.0, 600.0),
        ] {
            let value = moderate(dtype, 300, &mut random);
            let mut case = histogram(
                "bins %n range %l, %h",
                "index, {l}, {h}",
                "int(n), range=(float(l), float(h))",
            );
            for value in [value, moderate(dtype, 0, &mut random)] {
                let inputs = [
                    ("a", value),
                    ("l", Value::scalar(low)),
                    ("h", Value::scalar(high)),
                ];
                case = case.run_everywhere(&inputs);
            }
            cases.push(case.index("n", 7));
        }
    }
    // A NaN is in no bin of a given range.
    let inputs = [
        ("a", Value::vector(&[f64::NAN, 1.0, f64::INFINITY, 0.5])),
        ("l", Value::scalar(0.0)),
        ("h", Value::scalar(2.0)),
    ];
    cases.push(
        histogram(
            "bins %n range %l, %h",
            "index, {l}, {h}",
            "int(n), range=(l, h)",
        )
        .run_everywhere(&inputs)
        .index("n", 4),
    );
    check(cases);
}

/// Whole numbers, whose sums are exact.
fn weights(dtype: DType, count: usize, random: &mut Random) -> Value {
    let list: Vec<_> = (0..2 * count).map(|_| random.below(100) as i64).collect();
    let part = match dtype {
        DType::C64 => DType::F32,
        DType::C128 => DType::F64,
        _ => return numbers(dtype, &list[..count]),
    };
    let parts = numbers(part, &list);
    Value {
        dtype,
        shape: vec![count],
        ..parts
    }
}

#[test]
fn weights_and_densities() {
    let mut random = Random(92);
    let mut cases = Vec::new();
    for weight in DTYPES_OF_WEIGHTS {
        for dtype in [DType::F64, DType::U8] {
            for density in ["", "density"] {
                let python = match density {
                    "" => "",
                    _ => ", density=True",
                };
                let inputs = [
                    ("a", uniform(dtype, 60, &mut random).reshaped(&[12, 5])),
                    ("w", weights(weight, 60, &mut random).reshaped(&[12, 5])),
                ];
                let case = |operands: &str, types: &str, arguments: &str| {
                    let case = histogram(
                        &format!("{operands} {density}"),
                        types,
                        &format!("{arguments}{python}"),
                    );
                    case.ulps(if density.is_empty() { 0 } else { 4 })
                };
                cases.push(
                    case("bins %n weights %w", "index, {w}", "int(n), weights=w")
                        .run_everywhere(&inputs)
                        .index("n", 5),
                );
                // Running sums of float16 are none.
                if matches!(weight, DType::Bool | DType::F16) {
                    continue;
                }
                let edges = numbers(dtype, &[0, 1, 20, 50, 101]);
                let inputs = [inputs[0].clone(), inputs[1].clone(), ("e", edges)];
                cases.push(
                    case("bins %e weights %w", "{e}, {w}", "e, weights=w").run_everywhere(&inputs),
                );
            }
        }
    }
    check(cases);
}

#[test]
fn bins_between_edges() {
    let mut random = Random(93);
    let mut cases = Vec::new();
    for dtype in DTYPES.into_iter().filter(|&d| d != DType::Bool) {
        let value = joined(&[
            numbers(dtype, &[0, 1, 2, 3, 5, 8, 9, 20, 20, 19]),
            moderate(dtype, 90, &mut random),
        ]);
        for edges in [
            &[0, 1, 2, 5, 8, 20][..],
            &[1, 1, 1, 3],
            &[2, 20],
            &[4],
            &[],
            &[7, 7],
        ] {
            for (density, python) in [("", ""), ("density", ", density=True")] {
                let inputs = [("a", value.clone()), ("e", numbers(dtype, edges))];
                cases.push(
                    histogram(&format!("bins %e {density}"), "{e}", &format!("e{python}"))
                        .run_everywhere(&inputs)
                        .run(&[("a", moderate(dtype, 0, &mut random)), inputs[1].clone()]),
                );
            }
        }
    }
    let special = Value::vector(&[f64::NAN, 0.0, -0.0, f64::INFINITY, 1.0, f64::NEG_INFINITY]);
    for edges in [
        &[-0.0, 1.0][..],
        &[0.0, f64::INFINITY],
        &[f64::NEG_INFINITY, 0.0, 1.0],
        &[0.0, 1.0, f64::NAN],
    ] {
        let inputs = [("a", special.clone()), ("e", Value::vector(edges))];
        cases.push(histogram("bins %e", "{e}", "e").run_everywhere(&inputs));
    }
    check(cases);
}

#[test]
fn what_histograms_refuse() {
    let raises = |case: Case, message: &str| {
        case.types("tensor<?xi64>;tensor<?xf64>")
            .raises(RunErrorKind::Value, message)
    };
    let values = [("a", Value::vector(&[0.0, 1.0, f64::NAN]))];
    let number = [("a", Value::vector(&[1e300, 1e300]))];
    let plain = histogram("bins %n", "index", "int(n)");
    let range = |low: f64, high: f64| {
        histogram(
            "bins %n range %l, %h",
            "index, {l}, {h}",
            "int(n), range=(l, h)",
        )
        .run(&[
            ("a", Value::vector(&[0.0])),
            ("l", Value::scalar(low)),
            ("h", Value::scalar(high)),
        ])
        .index("n", 2)
    };
    let edges = histogram("bins %e", "{e}", "e").run(&[
        ("a", Value::vector(&[0.0])),
        ("e", Value::vector(&[0.0, 2.0, 1.0])),
    ]);
    let weights = histogram("bins %n weights %w", "index, {w}", "int(n), weights=w").run(&[
        ("a", Value::vector(&[0.0])),
        ("w", Value::vector(&[0.0, 2.0, 1.0])),
    ]);
    check(vec![
        raises(
            plain.clone().run(&values).index("n", 2),
            "numpy.histogram: autodetected range is not finite",
        ),
        raises(
            plain.clone().run(&number).index("n", 2),
            "Too many bins for data range. Cannot create 2 finite-sized bins.",
        ),
        raises(
            plain.run(&number).index("n", 0),
            "`bins` must be positive, when an integer: 0",
        ),
        raises(
            range(1.0, 0.0),
            "max must be larger than min in range parameter.",
        ),
        raises(range(0.0, f64::INFINITY), "supplied range is not finite"),
        raises(range(f64::NAN, 1.0), "supplied range is not finite"),
        raises(edges, "`bins` must increase monotonically, when an array"),
        weights
            .types("tensor<?xf64>;tensor<?xf64>")
            .index("n", 2)
            .raises(
                RunErrorKind::ShapeMismatch,
                "weights should have the same shape as a, but sizes are 3 and 1",
            ),
    ]);
}

#[test]
fn digitized() {
    let mut random = Random(94);
    let mut cases = Vec::new();
    for dtype in DTYPES.into_iter().filter(|&d| d != DType::Bool) {
        for edges in [
            &[0, 1, 2, 5, 8, 20][..],
            &[20, 9, 9, 3, 1],
            &[1, 1, 1, 3],
            &[3, 3, 1],
            &[2, 2],
            &[4],
            &[],
        ] {
            for (right, python) in [("", ""), (" right", ", right=True")] {
                let value = joined(&[
                    numbers(dtype, &[0, 1, 2, 3, 5, 8, 9, 20, 4, 6]),
                    moderate(dtype, 14, &mut random),
                ]);
                let shape = [&[24][..], &[4, 6], &[], &[0, 2]][cases.len() % 4];
                let value = value.resized(&[shape.iter().product()]).reshaped(shape);
                cases.push(
                    Case::new(
                        format!("numpy.digitize %a, %e{right} : {{a}}, {{e}} -> {{r}}"),
                        format!("np.asarray(np.digitize(a, e{python}))"),
                    )
                    .run_everywhere(&[("a", value), ("e", numbers(dtype, edges))]),
                );
            }
        }
    }
    let special = Value::vector(&[f64::NAN, 0.0, -0.0, f64::INFINITY, 1.0, f64::NEG_INFINITY]);
    let digitize = || Case::new("numpy.digitize %a, %e", "np.digitize(a, e)");
    for edges in [
        &[0.0, 1.0, f64::NAN][..],
        &[1.0, f64::NAN],
        &[f64::NAN, f64::NAN],
        &[f64::NAN, 1.0, 0.0],
        &[f64::INFINITY, -0.0, 0.0],
    ] {
        let inputs = [("a", special.clone()), ("e", Value::vector(edges))];
        cases.push(digitize().run_everywhere(&inputs));
    }
    for edges in [[0.0, 2.0, 1.0], [2.0, 0.0, 1.0], [f64::NAN, 0.0, 1.0]] {
        let inputs = [("a", special.clone()), ("e", Value::vector(&edges))];
        cases.push(digitize().run(&inputs).types("tensor<?xi64>").raises(
            RunErrorKind::Value,
            "numpy.digitize: bins must be monotonically increasing or decreasing",
        ));
    }
    check(cases);
}

#[test]
fn equal_distances() {
    let mut cases = Vec::new();
    for dtype in DTYPES.into_iter().chain([DType::C64, DType::C128]) {
        for (open, python) in [("", ""), (" {open}", ", endpoint=False")] {
            for (start, stop) in [(5, -3), (2, 2), (-100, 100)] {
                let mut case = Case::new(
                    format!("numpy.linspace %a, %b shape [%n]{open} : {{a}}, {{b}} -> {{r}}"),
                    format!("np.linspace(a[()], b[()], int(n){python})"),
                );
                if is_complex(dtype) {
                    case = case.ulps(2);
                }
                let end = |n| numbers(dtype, &[n]).reshaped(&[]);
                let inputs = [("a", end(start)), ("b", end(stop))];
                let sizes = [0, 1, 2, 50];
                for n in [7, sizes[cases.len() % 4]] {
                    cases.push(case.clone().run(&inputs).index("n", n));
                }
            }
        }
    }
    // A step below the smallest number.
    let tiny = [
        ("a", Value::scalar(0.0)),
        ("b", Value::scalar(f64::from_bits(3))),
    ];
    cases.push(
        Case::new(
            "numpy.linspace %a, %b shape [%n] : {a}, {b} -> {r}",
            "np.linspace(a, b, int(n))",
        )
        .run(&tiny)
        .index("n", 9),
    );
    check(cases);
}
