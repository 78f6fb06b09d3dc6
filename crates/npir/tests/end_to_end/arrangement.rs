//! Views, new arrangements, masks, positions and running results, against NumPy.

use npir_runtime::{DType, RunErrorKind};

use crate::harness::{Case, check};
use crate::samples::{DTYPES, Random, any_bits, is_float, moderate, numbers};
use crate::value::Value;

/// Different whole numbers in a scrambled order.
fn grid(dtype: DType, shape: &[usize]) -> Value {
    let count: usize = shape.iter().product();
    let scrambled: Vec<_> = (0..count as i64).map(|i| i * 37 % 101 - 50).collect();
    numbers(dtype, &scrambled).reshaped(shape)
}

fn x(shape: &[usize]) -> Value {
    grid(DType::F64, shape)
}

fn ints(list: &[i64], shape: &[usize]) -> Value {
    numbers(DType::I64, list).reshaped(shape)
}

/// The operation with unknown and with known sizes, in every layout.
fn both(op: &str, numpy: &str, inputs: &[(&'static str, Value)]) -> [Case; 2] {
    let case = Case::new(op, numpy).run_everywhere(inputs);
    [case.clone(), case.fixed()]
}

/// The same where the size of the result depends on the data.
fn counted(op: &str, numpy: &str, inputs: &[(&'static str, Value)], types: &str) -> [Case; 2] {
    both(op, numpy, inputs).map(|case| case.types(types))
}

#[test]
fn more_views() {
    let mut cases = Vec::new();
    let cube = [("a", x(&[2, 3, 4]))];
    let matrix = [("a", x(&[3, 4]))];
    cases.extend(both(
        "numpy.swapaxes %a axes [0, -1]",
        "np.swapaxes(a, 0, -1)",
        &cube,
    ));
    cases.extend(both(
        "numpy.moveaxis %a from [0] to [-1]",
        "np.moveaxis(a, 0, -1)",
        &cube,
    ));
    cases.extend(both(
        "numpy.moveaxis %a from [0, 1] to [-1, 0]",
        "np.moveaxis(a, [0, 1], [-1, 0])",
        &cube,
    ));
    cases.extend(both("numpy.ravel %a", "np.ravel(a)", &cube));
    for k in -1..5 {
        cases.extend(both(
            &format!("numpy.rot90 %a k {k}"),
            &format!("np.rot90(a, {k})"),
            &matrix,
        ));
        cases.extend(both(
            &format!("numpy.rot90 %a k {k} axes [2, 0]"),
            &format!("np.rot90(a, {k}, (2, 0))"),
            &cube,
        ));
    }
    for offset in [-5, -2, 0, 1, 3, 9] {
        cases.extend(both(
            &format!("numpy.diagonal %a offset {offset}"),
            &format!("np.diagonal(a, {offset})"),
            &matrix,
        ));
        cases.extend(both(
            &format!("numpy.diagonal %a offset {offset} axes [-1, 0]"),
            &format!("np.diagonal(a, {offset}, -1, 0)"),
            &cube,
        ));
        cases.extend(both(
            &format!("numpy.trace %a offset {offset}"),
            &format!("np.trace(a, {offset})"),
            &[("a", grid(DType::I8, &[3, 4]))],
        ));
        for name in ["tril", "triu"] {
            for value in [
                x(&[2, 3, 4]),
                grid(DType::Bool, &[4, 3]),
                grid(DType::U16, &[5]),
            ] {
                cases.extend(both(
                    &format!("numpy.{name} %a k {offset}"),
                    &format!("np.{name}(a, {offset})"),
                    &[("a", value)],
                ));
            }
        }
    }
    check(cases);
}

#[test]
fn arrangements() {
    let mut cases = Vec::new();
    let matrix = [("a", x(&[3, 4]))];
    let vector = [("a", grid(DType::I16, &[7]))];
    let two = [("a", x(&[3, 4])), ("b", x(&[3, 4]))];
    for axis in [0, 1, -1] {
        cases.extend(both(
            &format!("numpy.stack %a, %b axis {axis}"),
            &format!("np.stack([a, b], {axis})"),
            &two,
        ));
    }
    for (axis, python) in [("", "None"), (" axis 0", "0"), (" axis -1", "-1")] {
        for times in [0, 1, 3] {
            cases.extend(both(
                &format!("numpy.repeat %a times {times}{axis}"),
                &format!("np.repeat(a, {times}, {python})"),
                &matrix,
            ));
        }
    }
    let counts = [("a", x(&[3, 4])), ("c", ints(&[0, 3, 1, 2], &[4]))];
    cases.push(
        Case::new(
            "%0 = numpy.repeat %a counts %c axis 1 : {a} counts {c} -> {r}\n  return %0 : {r}",
            "np.repeat(a, c, 1)",
        )
        .run_everywhere(&counts),
    );
    for (reps, python) in [
        ("[2]", "2"),
        ("[2, 3]", "(2, 3)"),
        ("[2, 1, 3]", "(2, 1, 3)"),
        ("[0, 2]", "(0, 2)"),
        ("[]", "()"),
    ] {
        for inputs in [&matrix, &vector] {
            cases.extend(both(
                &format!("numpy.tile %a reps {reps}"),
                &format!("np.tile(a, {python})"),
                inputs,
            ));
        }
    }
    for (shift, axes) in [
        ("3", "0"),
        ("-2", "1"),
        ("100", "-1"),
        ("2, -1", "0, 1"),
        ("2, 2", "0, 0"),
    ] {
        cases.extend(both(
            &format!(
                "%0 = numpy.roll %a shift [{shift}] {{axes = array<i64: {axes}>}} : {{a}} -> {{a}}\n  return %0 : {{a}}"
            ),
            &format!("np.roll(a, ({shift},), ({axes},))"),
            &matrix,
        ));
    }
    cases.extend(both("numpy.roll %a shift [5]", "np.roll(a, 5)", &matrix));
    cases.extend(both(
        "numpy.roll %a shift [5]",
        "np.roll(a, 5)",
        &[("a", x(&[0, 3]))],
    ));
    for n in [0, 1, 2, 5] {
        cases.extend(both(
            &format!("numpy.diff %a n {n}"),
            &format!("np.diff(a, {n})"),
            &matrix,
        ));
        cases.extend(both(
            &format!("numpy.diff %a n {n} axis 0"),
            &format!("np.diff(a, {n}, 0)"),
            &[("a", grid(DType::Bool, &[5, 4]))],
        ));
    }
    check(cases);
}

#[test]
fn margins() {
    let mut cases = Vec::new();
    for mode in ["edge", "reflect", "symmetric", "wrap"] {
        for (widths, python) in [
            ("[0, 0, 0, 0]", "[[0, 0], [0, 0]]"),
            ("[1, 2, 3, 0]", "[[1, 2], [3, 0]]"),
            ("[7, 9, 11, 5]", "[[7, 9], [11, 5]]"),
        ] {
            for dtype in [DType::F64, DType::Bool, DType::I8] {
                cases.extend(both(
                    &format!("numpy.pad_{mode} %a widths {widths}"),
                    &format!("np.pad(a, {python}, '{mode}')"),
                    &[("a", grid(dtype, &[3, 4]))],
                ));
            }
        }
        let one = [("a", x(&[1]))];
        let op = format!("numpy.pad_{mode} %a widths [3, 4]");
        let numpy = format!("np.pad(a, [3, 4], '{mode}')");
        cases.extend(both(&op, &numpy, &one));
        cases.push(
            Case::new(op, numpy)
                .types("tensor<?xf64>")
                .run(&[("a", x(&[0]))])
                .raises(RunErrorKind::Value, "can't extend empty axis 0"),
        );
    }
    for shape in [[3, 4], [0, 2]] {
        cases.extend(both(
            "numpy.pad_constant %a, %c widths [1, 2, 3, 0]",
            "np.pad(a, [[1, 2], [3, 0]], constant_values=c)",
            &[("a", x(&shape)), ("c", Value::scalar(7.0))],
        ));
    }
    check(cases);
}

#[test]
fn positions_along_an_axis() {
    let mut cases = Vec::new();
    let listed = ints(&[0, 2, -1, 1, 1, -3, 0, 0, 2, 1, -2, 2], &[3, 4]);
    for axis in [0, 1, -1] {
        cases.extend(both(
            &format!("numpy.take_along_axis %a, %i axis {axis}"),
            &format!("np.take_along_axis(a, i, {axis})"),
            &[("a", x(&[3, 4])), ("i", listed.clone())],
        ));
    }
    cases.extend(both(
        "numpy.take_along_axis %a, %i axis 1",
        "np.take_along_axis(a, i, 1)",
        &[("a", x(&[1, 4])), ("i", ints(&[1, 2, 0, 0], &[2, 2]))],
    ));
    cases.extend(both(
        "numpy.take_along_axis %a, %i",
        "np.take_along_axis(a, i, None)",
        &[("a", x(&[3, 4])), ("i", ints(&[1, 2, -1], &[3]))],
    ));
    cases.push(
        Case::new(
            "numpy.take_along_axis %a, %i axis 1",
            "np.take_along_axis(a, i, 1)",
        )
        .types("tensor<?x?xf64>")
        .run(&[("a", x(&[3, 4])), ("i", ints(&[0, 4, 0], &[3, 1]))])
        .raises(
            RunErrorKind::IndexOutOfBounds,
            "index 4 is out of bounds for axis 1 with size 4",
        ),
    );
    let changed = |change: &str| format!("[(b := a.copy()), {change}, b][2]");
    cases.extend(both(
        "numpy.put_along_axis %a, %i, %v axis 1",
        &changed("np.put_along_axis(b, i, v, 1)"),
        &[
            ("a", x(&[3, 4])),
            ("i", ints(&[1, 1, 0, 2, -1, 3], &[3, 2])),
            ("v", x(&[3, 2])),
        ],
    ));
    for (count, shape) in [(6, &[2, 3][..]), (2, &[2]), (0, &[0])] {
        cases.extend(both(
            "numpy.put %a, %i, %v",
            &changed("np.put(b, i, v)"),
            &[
                ("a", x(&[2, 3, 4])),
                ("i", ints(&[1, 5, 23, -2, 3, 3], &[2, 3])),
                ("v", x(&[count]).reshaped(shape)),
            ],
        ));
    }
    check(cases);
}

#[test]
fn masks_of_every_dtype() {
    let mut random = Random(50);
    let mut cases = Vec::new();
    for dtype in DTYPES {
        let mut value = moderate(dtype, 60, &mut random);
        for element in value.bytes.chunks_mut(dtype.size()).step_by(3) {
            element.fill(0);
        }
        let cube = [("a", value.clone().reshaped(&[3, 4, 5]))];
        let vector = [("a", value)];
        let three = "tensor<?xi64>, tensor<?xi64>, tensor<?xi64>";
        cases.push(
            Case::new(
                format!("%0:3 = numpy.nonzero %a : {{a}} -> {three}\n  return %0#0, %0#1, %0#2 : {three}"),
                "np.nonzero(a)",
            )
            .types(three)
            .results(3)
            .run_everywhere(&cube),
        );
        cases.extend(counted(
            "numpy.nonzero %a",
            "np.nonzero(a)[0]",
            &vector,
            "tensor<?xi64>",
        ));
        cases.extend(counted(
            "numpy.flatnonzero %a",
            "np.flatnonzero(a)",
            &cube,
            "tensor<?xi64>",
        ));
        cases.extend(counted(
            "numpy.argwhere %a",
            "np.argwhere(a)",
            &cube,
            "tensor<?x3xi64>",
        ));
        let mask = any_bits(DType::Bool, 60, &mut random);
        let chosen = [("m", mask.reshaped(&[3, 4, 5])), ("a", cube[0].1.clone())];
        cases.push(
            Case::new(
                "%0 = numpy.index %a[array %m] : {a}, {m} -> {r}\n  return %0 : {r}",
                "a[m]",
            )
            .run_everywhere(&chosen),
        );
        cases.push(Case::new("numpy.extract %m, %a", "np.extract(m, a)").run_everywhere(&chosen));
    }
    let some = [
        ("c", Value::vector(&[true, false, true])),
        ("a", x(&[3, 4])),
    ];
    cases.push(
        Case::new("numpy.compress %c, %a axis 1", "np.compress(c, a, 1)").run_everywhere(&some),
    );
    cases.push(Case::new("numpy.compress %c, %a", "np.compress(c, a)").run_everywhere(&some));
    check(cases);
}

#[test]
fn indexing_with_arrays() {
    let mut cases = Vec::new();
    let i = || ("i", ints(&[0, 2, -1], &[3]));
    let j = || ("j", numbers(DType::I32, &[1, 3]).reshaped(&[2, 1]));
    let k = || ("k", ints(&[3, 1], &[2]));
    let m = || ("m", Value::vector(&[true, false, true]));
    let (a, b, c) = (
        ("a", x(&[3, 4])),
        ("a", x(&[3, 5, 4])),
        ("a", x(&[5, 3, 4])),
    );
    // What is between the brackets in the dialect and in NumPy, and the inputs.
    type Indexed = (&'static str, &'static str, Vec<(&'static str, Value)>);
    let table: &[Indexed] = &[
        ("array %i", "i", vec![a.clone(), i()]),
        (":, array %i", ":, i", vec![a.clone(), i()]),
        ("array %i, array %j", "i, j", vec![a.clone(), i(), j()]),
        (
            "array %i, :, array %j",
            "i, :, j",
            vec![b.clone(), i(), j()],
        ),
        (
            ":, array %i, array %j",
            ":, i, j",
            vec![c.clone(), i(), j()],
        ),
        ("1, :, array %i", "1, :, i", vec![c.clone(), i()]),
        (":, 1, array %i", ":, 1, i", vec![c.clone(), i()]),
        (
            "newaxis, array %i, 1:4:2, newaxis, array %j",
            "None, i, 1:4:2, None, j",
            vec![b.clone(), i(), j()],
        ),
        (
            "::-1, array %i, newaxis",
            "::-1, i, None",
            vec![b.clone(), i()],
        ),
        ("array %m, 1", "m, 1", vec![a.clone(), m()]),
        ("array %m, array %k", "m, k", vec![a.clone(), m(), k()]),
        (":, array %m", ":, m", vec![c.clone(), m()]),
        (
            "array %k, :, array %m",
            "k, :, m",
            vec![("a", x(&[5, 2, 3])), k(), m()],
        ),
        ("array %z", "z", vec![a.clone(), ("z", ints(&[], &[0, 2]))]),
    ];
    for (items, python, inputs) in table {
        let types: Vec<_> = inputs[1..]
            .iter()
            .map(|(name, _)| format!("{{{name}}}"))
            .collect();
        let types = types.join(", ");
        cases.push(
            Case::new(
                format!(
                    "%0 = numpy.index %a[{items}] : {{a}}, {types} -> {{r}}\n  return %0 : {{r}}"
                ),
                format!("a[{python}]"),
            )
            .run_everywhere(inputs),
        );
        for value in [Value::scalar(9.5), x(&[1])] {
            let mut with_value = inputs.clone();
            with_value.push(("v", value));
            cases.push(
                Case::new(
                    format!("%0 = numpy.set_index %a[{items}], %v : {{a}}, {{v}}, {types} -> {{a}}\n  return %0 : {{a}}"),
                    format!("[(b := a.copy()), b.__setitem__(np.index_exp[{python}], v), b][2]"),
                )
                .run_everywhere(&with_value),
            );
        }
    }
    // As many values as elements that are chosen, in order; the last one of a repeated position.
    let chosen = Value::new(&[true, false, true, true, false, false], &[2, 3]);
    cases.push(
        Case::new(
            "%0 = numpy.set_index %a[array %m], %v : {a}, {v}, {m} -> {a}\n  return %0 : {a}",
            "[(b := a.copy()), b.__setitem__(m, v), b][2]",
        )
        .run_everywhere(&[("a", x(&[2, 3])), ("m", chosen.clone()), ("v", x(&[3]))]),
    );
    cases.push(
        Case::new(
            "%0 = numpy.set_index %a[array %i], %v : {a}, {v}, {i} -> {a}\n  return %0 : {a}",
            "[(b := a.copy()), b.__setitem__(i, v), b][2]",
        )
        .run_everywhere(&[
            ("a", x(&[3])),
            ("i", ints(&[1, 0, 1], &[3])),
            ("v", x(&[3])),
        ]),
    );
    cases.push(
        Case::new(
            "%0 = numpy.set_index %a[array %m], %v : {a}, {v}, {m} -> {a}\n  return %0 : {a}",
            "[(b := a.copy()), b.__setitem__(m, v), b][2]",
        )
        .types("tensor<?x?xf64>")
        .run(&[("a", x(&[2, 3])), ("m", chosen), ("v", x(&[2]))])
        .raises(
            RunErrorKind::ShapeMismatch,
            "could not be broadcast to indexing result of shape (3,)",
        ),
    );
    check(cases);
}

#[test]
fn running_results() {
    let mut random = Random(51);
    let mut cases = Vec::new();
    for dtype in DTYPES {
        for name in ["cumsum", "cumprod", "nancumsum", "nancumprod"] {
            for (axis, python) in [("", "None"), (" axis 0", "0"), (" axis -1", "-1")] {
                let numpy = match dtype {
                    DType::F16 => format!("np.{name}(a.astype('f4'), {python}).astype('f2')"),
                    _ => format!("np.{name}(a, {python})"),
                };
                let mut case = Case::new(format!("numpy.{name} %a{axis}"), numpy).ulps(8);
                for shape in [[1, 1], [4, 5], [9, 2], [2, 19], [0, 3], [3, 0]] {
                    // Sums and products that are exact in any order, and do not overflow 16 bits.
                    let count = shape[0] * shape[1];
                    let choices: &[i64] = match (name.ends_with("prod"), is_float(dtype)) {
                        (true, true) => &[1, -1, 1, 2],
                        (true, false) => &[1, 3, -1, 7],
                        _ => &[0, 1, 5, -3],
                    };
                    let list: Vec<_> = (0..count).map(|_| choices[random.below(4)]).collect();
                    case = case.run_everywhere(&[("a", numbers(dtype, &list).reshaped(&shape))]);
                }
                cases.push(case);
            }
        }
        for name in ["maximum", "minimum"] {
            for axis in [0, 1, -1] {
                let mut case = Case::new(
                    format!("numpy.{name}_accumulate %a axis {axis}"),
                    format!("np.{name}.accumulate(a, {axis})"),
                )
                .any_zero();
                for shape in [[1, 1], [40, 5], [3, 40], [0, 3]] {
                    let value = any_bits(dtype, shape[0] * shape[1], &mut random);
                    case = case.run_everywhere(&[("a", value.reshaped(&shape))]);
                }
                cases.push(case);
            }
        }
    }
    let nan = Value::vector(&[
        1.0,
        f64::NAN,
        2.0,
        f64::INFINITY,
        f64::NAN,
        -1.0,
        f64::NEG_INFINITY,
    ]);
    for name in ["nancumsum", "nancumprod", "cumsum", "cumprod"] {
        cases.push(
            Case::new(format!("numpy.{name} %a"), format!("np.{name}(a)"))
                .run_everywhere(&[("a", nan.clone())]),
        );
    }
    check(cases);
}
