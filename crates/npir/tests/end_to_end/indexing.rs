//! Reading and writing parts of arrays against NumPy: set_slice, take, the `at` family, bincount,
//! concatenate.

use npir_runtime::{DType, RunErrorKind};

use crate::harness::{Case, check};
use crate::samples::{DTYPES, Random, any_bits, is_signed, is_unsigned, moderate, numbers};
use crate::value::Value;

fn counting(dtype: DType, shape: &[usize]) -> Value {
    let count = shape.iter().product::<usize>() as i64;
    numbers(dtype, &(0..count).collect::<Vec<_>>()).reshaped(shape)
}

/// Runs statements on a copy of `a` and gives it.
fn after(statement: &str) -> String {
    format!("(lambda d: (d, {statement})[0])(a.copy())")
}

#[test]
fn set_slice() {
    let mut cases = Vec::new();
    let list: &[(&[usize], &str, &[usize])] = &[
        (&[7], "[:]", &[7]),
        (&[7], "[1:4]", &[3]),
        (&[7], "[::-2]", &[4]),
        (&[7], "[2]", &[]),
        (&[7], "[-1:]", &[1]),
        (&[7], "[3:3]", &[0]),
        (&[7], "[1:6]", &[]),
        (&[7], "[1:6]", &[1, 1, 1]),
        (&[3, 5], "[1]", &[5]),
        (&[3, 5], "[:, 1]", &[3]),
        (&[3, 5], "[::-1, 1:4]", &[3, 3]),
        (&[3, 5], "[:, newaxis, ::2]", &[3, 1, 3]),
        (&[3, 5], "[newaxis, 1:]", &[2, 1]),
        (&[3, 5], "[1:, ::-1]", &[1, 5]),
        (&[3, 5], "[]", &[3, 5]),
        (&[3, 5], "[2, -1]", &[]),
        (&[0, 5], "[:, 1:]", &[4]),
        (&[2, 3, 4], "[:, 1, ::-3]", &[2, 2]),
        (&[2, 3, 4], "[1:, :, 2]", &[3]),
    ];
    for dtype in [DType::F64, DType::I8] {
        for (shape, items, value) in list {
            let python = if *items == "[]" {
                "[()]".into()
            } else {
                items.replace("newaxis", "None")
            };
            let case = || {
                Case::new(
                    format!("numpy.set_slice %a{items}, %b : {{a}}, {{b}} -> {{r}}"),
                    after(&format!("d.__setitem__(np.s_{python}, b)")),
                )
            };
            let inputs = [
                ("a", counting(dtype, shape)),
                ("b", numbers(dtype, &[-1, -2, -3, -4]).resized(value)),
            ];
            cases.push(case().run_everywhere(&inputs));
            cases.push(case().fixed().run_everywhere(&inputs));
        }
    }
    for dtype in DTYPES {
        cases.push(
            Case::new(
                "numpy.set_slice %a[1::2], %b : {a}, {b} -> {r}",
                after("d.__setitem__(np.s_[1::2], b)"),
            )
            .run_everywhere(&[
                ("a", counting(dtype, &[7])),
                ("b", numbers(dtype, &[1, 0, 3])),
            ]),
        );
    }
    // Bounds that are values.
    for (i, j) in [(0, 7), (1, 4), (-3, 100), (5, 2)] {
        cases.push(
            Case::new(
                "numpy.set_slice %a[%i:%j], %b : {a}, {b} -> {r}",
                after("d.__setitem__(slice(int(i), int(j)), b)"),
            )
            .run_everywhere(&[
                ("a", counting(DType::F32, &[7])),
                ("b", Value::scalar(-1f32)),
            ])
            .index("i", i)
            .index("j", j),
        );
    }
    cases.push(
        Case::new(
            "numpy.set_slice %a[1:4], %b : {a}, {b} -> {r}",
            after("d.__setitem__(np.s_[1:4], b)"),
        )
        .types("tensor<?xf64>")
        .run(&[
            ("a", counting(DType::F64, &[7])),
            ("b", counting(DType::F64, &[2])),
        ])
        .raises(
            RunErrorKind::ShapeMismatch,
            "numpy.set_slice: could not broadcast input array from shape (2,) into shape (3,)",
        ),
    );
    check(cases);
}

/// A part is set to another part of the same array, which overlaps it.
#[test]
fn set_slice_of_itself() {
    let body = |read: &str, write: &str| {
        format!(
            "  %0 = numpy.slice %a{read} : {{a}} -> tensor<?xf64>\n  \
             %1 = numpy.set_slice %a{write}, %0 : {{a}}, tensor<?xf64> -> {{a}}\n  return %1 : {{a}}"
        )
    };
    let mut cases = Vec::new();
    for (read, write) in [
        ("[1:]", "[:-1]"),
        ("[:-1]", "[1:]"),
        ("[::-1]", "[:]"),
        ("[:3]", "[4:]"),
        ("[:]", "[::-1]"),
        ("[::2]", "[3:]"),
    ] {
        cases.push(
            Case::new(
                body(read, write),
                after(&format!("d.__setitem__(np.s_{write}, d[np.s_{read}])")),
            )
            .run_everywhere(&[("a", counting(DType::F64, &[7]))]),
        );
    }
    // Twice, so that the second one works on a buffer of the program's own.
    let twice = "  %0 = numpy.add %a, %a : {a}, {a} -> {a}\n  %1 = numpy.slice %0[:-1] : {a} -> tensor<?xf64>\n  \
                 %2 = numpy.set_slice %0[1:], %1 : {a}, tensor<?xf64> -> {a}\n  \
                 %3 = numpy.slice %2[1:] : {a} -> tensor<?xf64>\n  %4 = numpy.set_slice %2[:-1], %3 : {a}, tensor<?xf64> -> {a}\n  \
                 return %4 : {a}";
    cases.push(
        Case::new(twice, "(lambda d: (d, d.__setitem__(np.s_[1:], d[:-1].copy()), d.__setitem__(np.s_[:-1], d[1:].copy()))[0])(a + a)")
            .run_everywhere(&[("a", counting(DType::F64, &[9]))]),
    );
    check(cases);
}

/// An array that repeats elements of another one is written as if each were its own.
#[test]
fn writes_into_broadcast_arrays() {
    let begin = "  %0 = numpy.add %a, %a : {a}, {a} -> {a}\n  \
                 %1 = numpy.broadcast_to %0 shape [3, 4] : {a} -> tensor<3x4xf64>\n";
    let end = "  return %2 : tensor<3x4xf64>";
    let scatter = "  %2 = numpy.add_at %1[%i], %b : tensor<3x4xf64>[{i}], {b} -> tensor<3x4xf64>\n";
    let set = "  %2 = numpy.set_slice %1[1], %b : tensor<3x4xf64>, {b} -> tensor<3x4xf64>\n";
    let carried = "  %c0 = arith.constant 0 : index\n  %c1 = arith.constant 1 : index\n  \
                   %c2 = arith.constant 2 : index\n  \
                   %2 = scf.for %k = %c0 to %c2 step %c1 iter_args(%x = %1) -> tensor<3x4xf64> {\n  \
                   %3 = numpy.add_at %x[%i], %b : tensor<3x4xf64>[{i}], {b} -> tensor<3x4xf64>\n  \
                   scf.yield %3 : tensor<3x4xf64>\n  }\n";
    let start = "np.broadcast_to(a + a, (3, 4)).copy()";
    let numpy = |statement: &str| format!("(lambda d: (d, {statement})[0])({start})");
    let inputs = |a: &[usize]| {
        [
            ("a", counting(DType::F64, a)),
            ("b", counting(DType::F64, &[4])),
            ("i", numbers(DType::I64, &[1, 1])),
        ]
    };
    let mut cases = Vec::new();
    for (body, statement) in [
        (scatter, "np.add.at(d, i, b)"),
        (set, "d.__setitem__(1, b)"),
        (carried, "[np.add.at(d, i, b) for _ in range(2)]"),
    ] {
        for shape in [&[4][..], &[3, 1], &[1, 4], &[3, 4], &[]] {
            for fixed in [false, true] {
                let case = Case::new(format!("{begin}{body}{end}"), numpy(statement))
                    .types("tensor<3x4xf64>")
                    .run_everywhere(&inputs(shape));
                cases.push(if fixed { case.fixed() } else { case });
            }
        }
    }
    check(cases);
}

const INTEGERS: [DType; 8] = [
    DType::I8,
    DType::I16,
    DType::I32,
    DType::I64,
    DType::U8,
    DType::U16,
    DType::U32,
    DType::U64,
];

#[test]
fn take() {
    let mut cases = Vec::new();
    for index in INTEGERS {
        let list: &[i64] = if is_unsigned(index) {
            &[0, 6, 3, 3, 1]
        } else {
            &[0, -1, 6, -7, 3, 3]
        };
        cases.push(
            Case::new("numpy.take %a, %b axis 0", "np.take(a, b, 0)").run_everywhere(&[
                ("a", counting(DType::F64, &[7])),
                ("b", numbers(index, list)),
            ]),
        );
    }
    let list: &[(&[usize], &[usize], &str, &str)] = &[
        (&[7], &[], " axis 0", "0"),
        (&[7], &[0], " axis 0", "0"),
        (&[3, 5], &[4], "", "None"),
        (&[3, 5], &[2, 3], " axis 0", "0"),
        (&[3, 5], &[2, 2], " axis 1", "1"),
        (&[3, 5], &[3], " axis -1", "-1"),
        (&[4, 3, 5], &[2, 1], " axis 1", "1"),
        (&[3, 0], &[2], " axis 0", "0"),
        (&[0, 3], &[0, 2], " axis 0", "0"),
        (&[1, 1], &[5], " axis 1", "1"),
    ];
    for dtype in [DType::F32, DType::Bool, DType::U16] {
        for (shape, indices, axis, python) in list {
            let positions = numbers(DType::I64, &[0, -1, 1, 2, -2, 0]);
            let positions = if shape.contains(&1) {
                numbers(DType::I64, &[0, -1])
            } else {
                positions
            };
            let inputs = [
                ("a", counting(dtype, shape)),
                ("b", positions.resized(indices)),
            ];
            let case = || {
                Case::new(
                    format!("numpy.take %a, %b{axis}"),
                    format!("np.take(a, b, {python})"),
                )
            };
            cases.push(case().run_everywhere(&inputs));
            cases.push(case().fixed().run_everywhere(&inputs));
        }
    }
    for (position, index) in [
        (7, DType::I64),
        (-8, DType::I64),
        (i64::MAX, DType::I64),
        (i64::MIN, DType::I64),
        (100, DType::I8),
        (-128, DType::I8),
        (200, DType::U8),
    ] {
        cases.push(
            Case::new("numpy.take %a, %b axis 0", "np.take(a, b, 0)")
                .types("tensor<?xf64>")
                .run_everywhere(&[
                    ("a", counting(DType::F64, &[7])),
                    ("b", numbers(index, &[0, 3, position, 1])),
                ])
                .raises(
                    RunErrorKind::IndexOutOfBounds,
                    format!("numpy.take: index {position} is out of bounds for axis 0 with size 7"),
                ),
        );
    }
    let huge = Value::vector(&[u64::MAX]);
    cases.push(
        Case::new(
            "numpy.take %a, %b axis 0",
            "np.take(a, b.astype(object), 0)",
        )
        .types("tensor<?xf64>")
        .run(&[("a", counting(DType::F64, &[7])), ("b", huge)])
        .raises(
            RunErrorKind::IndexOutOfBounds,
            "is out of bounds for axis 0 with size 7",
        ),
    );
    cases.push(
        Case::new("numpy.take %a, %b axis 1", "np.take(a, b, 1)")
            .types("tensor<?x?xf64>")
            .run(&[
                ("a", counting(DType::F64, &[2, 3])),
                ("b", numbers(DType::I64, &[3])),
            ])
            .raises(
                RunErrorKind::IndexOutOfBounds,
                "numpy.take: index 3 is out of bounds for axis 1 with size 3",
            ),
    );
    check(cases);
}

fn at(name: &str, indices: usize) -> Case {
    let (op, types, python) = match indices {
        1 => ("%i", "{i}", "i"),
        _ => ("%i, %j", "{i}, {j}", "(i, j)"),
    };
    let ufunc = name.trim_end_matches("_at");
    Case::new(
        format!("numpy.{name} %a[{op}], %b : {{a}}[{types}], {{b}} -> {{r}}"),
        // Broadcast by hand: `add.at` of NumPy 2.4 reads out of bounds where it has to repeat values.
        after(&format!(
            "np.{ufunc}.at(d, {python}, np.broadcast_to(b, d[{python}].shape).copy())"
        )),
    )
}

#[test]
fn at_family() {
    let mut random = Random(50);
    let mut cases = Vec::new();
    for name in [
        "add_at",
        "subtract_at",
        "multiply_at",
        "minimum_at",
        "maximum_at",
    ] {
        for dtype in DTYPES
            .into_iter()
            .filter(|d| *d != DType::Bool || name != "subtract_at")
        {
            let many: Vec<_> = (0..60)
                .map(|_| random.below(9) as i64 - if random.below(2) == 0 { 9 } else { 0 })
                .collect();
            cases.push(at(name, 1).run_everywhere(&[
                ("a", any_bits(dtype, 9, &mut random)),
                ("b", moderate(dtype, 60, &mut random)),
                ("i", numbers(DType::I64, &many)),
            ]));
        }
    }
    let list: &[(&[usize], &[usize], &[usize])] = &[
        (&[5], &[], &[]),
        (&[5], &[4], &[]),
        (&[5], &[4], &[1]),
        (&[5], &[0], &[0]),
        (&[5], &[2, 3], &[3]),
        (&[5], &[2, 3], &[2, 1]),
        (&[5, 3], &[4], &[4, 3]),
        (&[5, 3], &[4], &[3]),
        (&[5, 3], &[4], &[4, 1]),
        (&[5, 0], &[4], &[4, 1]),
        (&[5, 2, 3], &[2, 2], &[2, 2, 2, 3]),
    ];
    for (shape, indices, values) in list {
        for fixed in [false, true] {
            let case = at("add_at", 1).run_everywhere(&[
                ("a", counting(DType::F64, shape)),
                ("b", moderate(DType::F64, 60, &mut random).resized(values)),
                (
                    "i",
                    numbers(DType::I32, &[1, -1, 1, 0, 4, 1]).resized(indices),
                ),
            ]);
            cases.push(if fixed { case.fixed() } else { case });
        }
    }
    let pairs: &[(&[usize], &[usize], &[usize])] = &[
        (&[4], &[4], &[4]),
        (&[4, 1], &[3], &[4, 3]),
        (&[], &[3], &[]),
        (&[2], &[1], &[2]),
    ];
    for (i, j, values) in pairs {
        for fixed in [false, true] {
            let case = at("add_at", 2).run_everywhere(&[
                ("a", counting(DType::F64, &[5, 4])),
                ("b", moderate(DType::F64, 60, &mut random).resized(values)),
                ("i", numbers(DType::I64, &[1, -1, 1, 0]).resized(i)),
                ("j", numbers(DType::U8, &[3, 0, 3, 2]).resized(j)),
            ]);
            cases.push(if fixed { case.fixed() } else { case });
        }
    }
    for index in INTEGERS {
        let list: &[i64] = if is_signed(index) {
            &[0, -1, 4, 4]
        } else {
            &[0, 3, 4, 4]
        };
        cases.push(at("add_at", 1).run_everywhere(&[
            ("a", counting(DType::F64, &[5])),
            ("b", moderate(DType::F64, 4, &mut random)),
            ("i", numbers(index, list)),
        ]));
    }
    for position in [5, -6] {
        cases.push(
            at("add_at", 1)
                .types("tensor<?xf64>")
                .run_everywhere(&[
                    ("a", counting(DType::F64, &[5])),
                    ("b", Value::scalar(1.0)),
                    ("i", numbers(DType::I64, &[0, position])),
                ])
                .raises(
                    RunErrorKind::IndexOutOfBounds,
                    format!(
                        "numpy.add_at: index {position} is out of bounds for axis 0 with size 5"
                    ),
                ),
        );
    }
    cases.push(
        at("add_at", 1)
            .types("tensor<?xf64>")
            .run(&[
                ("a", counting(DType::F64, &[5])),
                ("b", counting(DType::F64, &[3])),
                ("i", numbers(DType::I64, &[0, 1])),
            ])
            .raises(
                RunErrorKind::ShapeMismatch,
                "numpy.add_at: values of shape (3,) do not broadcast to (2,)",
            ),
    );
    cases.push(
        at("add_at", 2)
            .types("tensor<?x?xf64>")
            .run(&[
                ("a", counting(DType::F64, &[5, 5])),
                ("b", Value::scalar(1.0)),
                ("i", numbers(DType::I64, &[0, 1])),
                ("j", numbers(DType::I64, &[0, 1, 2])),
            ])
            .raises(
                RunErrorKind::ShapeMismatch,
                "numpy.add_at: index arrays of shapes (2,) (3,) do not broadcast",
            ),
    );
    check(cases);
}

#[test]
fn bincount() {
    let mut random = Random(51);
    let mut cases = Vec::new();
    let plain = || Case::new("numpy.bincount %a : ({a}) -> {r}", "np.bincount(a)");
    for dtype in INTEGERS.into_iter().filter(|d| *d != DType::U64) {
        let list: Vec<_> = (0..100).map(|_| random.below(30) as i64).collect();
        cases.push(
            plain()
                .run_everywhere(&[("a", numbers(dtype, &list))])
                .run_everywhere(&[("a", numbers(dtype, &[]))])
                .run_everywhere(&[("a", numbers(dtype, &[0]))])
                .run_everywhere(&[("a", numbers(dtype, &[100, 100]))]),
        );
    }
    // NumPy does not cast uint64 to int64 by itself.
    cases.push(
        Case::new(
            "numpy.bincount %a : ({a}) -> {r}",
            "np.bincount(a.astype(np.int64))",
        )
        .run(&[("a", numbers(DType::U64, &[3, 1, 3]))]),
    );
    let list: Vec<_> = (0..100).map(|_| random.below(30) as i64).collect();
    let weighted = |n: usize, random: &mut Random| {
        [
            ("a", numbers(DType::I64, &list[..n])),
            ("b", moderate(DType::F64, n, random)),
        ]
    };
    for n in [0, 1, 100] {
        cases.push(
            // Of nothing NumPy gives int64.
            Case::new(
                "numpy.bincount %a weights %b : ({a}, {b}) -> {r}",
                "np.bincount(a, b).astype(float)",
            )
            .types("tensor<?xf64>")
            .run_everywhere(&weighted(n, &mut random)),
        );
    }
    for minlength in [0, 1, 7, 40] {
        let a = [("a", numbers(DType::I64, &list))];
        cases.push(
            Case::new(
                "numpy.bincount %a minlength %m : ({a}, index) -> {r}",
                "np.bincount(a, minlength=int(m))",
            )
            .run_everywhere(&a)
            .run_everywhere(&[("a", numbers(DType::I64, &[]))])
            .index("m", minlength),
        );
        cases.push(
            Case::new(
                "numpy.bincount %a weights %b minlength %m : ({a}, {b}, index) -> {r}",
                "np.bincount(a, b, int(m))",
            )
            .run_everywhere(&weighted(100, &mut random))
            .index("m", minlength),
        );
    }
    let negative = "'list' argument must have no negative elements";
    for (dtype, list) in [
        (DType::I64, [1, -1, 2]),
        (DType::I8, [-128, 0, 5]),
        (DType::I64, [i64::MIN, 0, 0]),
    ] {
        cases.push(
            plain()
                .types("tensor<?xi64>")
                .run(&[("a", numbers(dtype, &list))])
                .raises(RunErrorKind::Value, negative),
        );
    }
    cases.push(
        Case::new(
            "numpy.bincount %a minlength %m : ({a}, index) -> {r}",
            "np.bincount(a, minlength=int(m))",
        )
        .types("tensor<?xi64>")
        .run(&[("a", numbers(DType::I64, &[1]))])
        .index("m", -1)
        .raises(RunErrorKind::Value, "'minlength' must not be negative"),
    );
    cases.push(
        Case::new(
            "numpy.bincount %a weights %b : ({a}, {b}) -> {r}",
            "np.bincount(a, b)",
        )
        .types("tensor<?xf64>")
        .run(&[
            ("a", numbers(DType::I64, &[1, 2])),
            ("b", Value::vector(&[1.0])),
        ])
        .raises(
            RunErrorKind::ShapeMismatch,
            "the weights and list don't have the same length",
        ),
    );
    check(cases);
}

#[test]
fn concatenate() {
    let mut cases = Vec::new();
    for dtype in DTYPES {
        cases.push(
            Case::new("numpy.concatenate %a, %b axis 0", "np.concatenate((a, b))").run_everywhere(
                &[
                    ("a", counting(dtype, &[3])),
                    ("b", numbers(dtype, &[5, 0, 1, 7])),
                ],
            ),
        );
    }
    let list: &[(&[usize], &[usize], i64)] = &[
        (&[0], &[0], 0),
        (&[3], &[0], 0),
        (&[2, 3], &[4, 3], 0),
        (&[2, 3], &[2, 1], 1),
        (&[2, 3], &[2, 5], -1),
        (&[2, 0], &[2, 3], 1),
        (&[2, 3, 4], &[2, 1, 4], 1),
    ];
    for (a, b, axis) in list {
        let inputs = [
            ("a", counting(DType::F64, a)),
            ("b", counting(DType::F64, b)),
        ];
        let case = || {
            Case::new(
                format!("numpy.concatenate %a, %b axis {axis}"),
                format!("np.concatenate((a, b), {axis})"),
            )
        };
        cases.push(case().run_everywhere(&inputs));
        cases.push(case().fixed().run_everywhere(&inputs));
    }
    cases.push(
        Case::new(
            "numpy.concatenate %a, %b, %a axis 1 : {a}, {b}, {a} -> {r}",
            "np.concatenate((a, b, a), 1)",
        )
        .run_everywhere(&[
            ("a", counting(DType::I32, &[2, 3])),
            ("b", counting(DType::I32, &[2, 2])),
        ]),
    );
    cases.push(
        Case::new("numpy.concatenate %a axis 0", "np.concatenate((a,))")
            .run_everywhere(&[("a", counting(DType::I32, &[3]))]),
    );
    cases.push(
        Case::new("numpy.concatenate %a, %b axis 0", "np.concatenate((a, b))")
            .types("tensor<?x?xf64>")
            .run(&[
                ("a", counting(DType::F64, &[2, 3])),
                ("b", counting(DType::F64, &[2, 4])),
            ])
            .raises(
                RunErrorKind::ShapeMismatch,
                "numpy.concatenate: shapes (2, 3) and (2, 4) differ outside axis 0",
            ),
    );
    check(cases);
}
