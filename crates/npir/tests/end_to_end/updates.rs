//! Arguments that a program updates: written in place in the caller's memory, without copies; and
//! inputs, which are never copied whatever their layout.

use npir::prelude::*;
use npir_runtime::{CopyReason, RunErrorKind, RunReport};

use crate::harness::{Case, Session, check, compile};
use crate::samples::{DTYPES, Random, mlir, moderate, numbers};
use crate::value::{Layout, Placed, Value};

/// Calls a function whose arguments are all updated.
fn update(exe: &Executable, name: &str, arrays: &mut [&mut Placed]) -> (Vec<Value>, RunReport) {
    let function = exe.function(name).unwrap_or_else(|e| panic!("{e}"));
    let mut args: Vec<_> = arrays
        .iter_mut()
        .map(|p| Arg::ViewMut(p.view_mut()))
        .collect();
    let (results, report) = function
        .call_with_report(&mut args)
        .unwrap_or_else(|e| panic!("{e}"));
    (results.iter().map(Value::of).collect(), report)
}

const LAYOUTS: [Layout; 6] = [
    Layout::C,
    Layout::Fortran,
    Layout::Strided,
    Layout::Reversed,
    Layout::Misaligned,
    Layout::Scattered,
];

#[test]
fn elementwise_in_place() {
    let mut source = String::new();
    for dtype in DTYPES {
        let ty = mlir(dtype);
        for (kind, sizes) in [("dynamic", "?x?x"), ("static", "5x70x")] {
            let t = format!("tensor<{sizes}{ty}>");
            source += &format!(
                "func.func @{kind}_{ty}(%a: {t} {{numpy.updates = 0 : i64}}) -> {t} {{
                   %0 = numpy.add %a, %a : {t}, {t} -> {t}
                   return %0 : {t}
                 }}\n"
            );
        }
    }
    let exe = compile(&source);
    let _session = Session::start();
    let mut random = Random(70);
    for dtype in DTYPES {
        let value = moderate(dtype, 350, &mut random).reshaped(&[5, 70]);
        let twice = npir_testing::oracle()
            .eval("a + a", &[("a", &value.to_array())])
            .expect("NumPy adds");
        for kind in ["dynamic", "static"] {
            for layout in LAYOUTS {
                let mut placed = value.place(layout);
                let at = placed.as_ptr();
                let (results, report) =
                    update(&exe, &format!("{kind}_{}", mlir(dtype)), &mut [&mut placed]);
                assert!(results.is_empty() && report.copies.is_empty(), "{report:?}");
                assert_eq!(placed.as_ptr(), at);
                assert_eq!(
                    placed.value(),
                    Value::of(&twice),
                    "{dtype} {kind} {layout:?}"
                );
                assert!(placed.surroundings_untouched(), "{dtype} {kind} {layout:?}");
            }
        }
    }
}

const PROGRAMS: &str = "
  // a[1:] = a[:-1], which overlaps itself
  func.func @shift(%a: tensor<?xf64> {numpy.updates = 0 : i64}) -> tensor<?xf64> {
    %0 = numpy.slice %a[:-1] : tensor<?xf64> -> tensor<?xf64>
    %1 = numpy.set_slice %a[1:], %0 : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
    return %1 : tensor<?xf64>
  }
  func.func @reverse(%a: tensor<?xf64> {numpy.updates = 0 : i64}) -> tensor<?xf64> {
    %0 = numpy.flip %a : tensor<?xf64> -> tensor<?xf64>
    return %0 : tensor<?xf64>
  }
  func.func @transpose(%a: tensor<?x?xf64> {numpy.updates = 0 : i64}) -> tensor<?x?xf64> {
    %0 = numpy.transpose %a : tensor<?x?xf64> -> tensor<?x?xf64>
    return %0 : tensor<?x?xf64>
  }
  func.func @swap(%a: tensor<?xf64> {numpy.updates = 0 : i64}, %b: tensor<?xf64> {numpy.updates = 1 : i64}) -> (tensor<?xf64>, tensor<?xf64>) {
    return %b, %a : tensor<?xf64>, tensor<?xf64>
  }
  func.func @rotate(%a: tensor<?xf64> {numpy.updates = 2 : i64}, %b: tensor<?xf64> {numpy.updates = 0 : i64}, %c: tensor<?xf64> {numpy.updates = 1 : i64})
      -> (tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64>) {
    %0 = numpy.add %a, %b : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
    return %a, %b, %c, %0 : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>, tensor<?xf64>
  }
  // Both results of the same old values.
  func.func @fibonacci(%a: tensor<?xf64> {numpy.updates = 0 : i64}, %b: tensor<?xf64> {numpy.updates = 1 : i64}) -> (tensor<?xf64>, tensor<?xf64>) {
    %0 = numpy.add %a, %b : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
    return %b, %0 : tensor<?xf64>, tensor<?xf64>
  }
  func.func @add_at(%a: tensor<?xf64> {numpy.updates = 0 : i64}, %i: tensor<?xi64>, %v: tensor<?xf64>) -> (tensor<?xf64>, tensor<f64>) {
    %0 = numpy.add_at %a[%i], %v : tensor<?xf64>[tensor<?xi64>], tensor<?xf64> -> tensor<?xf64>
    %1 = numpy.sum %0 : tensor<?xf64> -> tensor<f64>
    return %0, %1 : tensor<?xf64>, tensor<f64>
  }
  // The old value is returned, too.
  func.func @old_and_new(%a: tensor<?xf64> {numpy.updates = 1 : i64}) -> (tensor<?xf64>, tensor<?xf64>) {
    %0 = numpy.negative %a : tensor<?xf64> -> tensor<?xf64>
    return %a, %0 : tensor<?xf64>, tensor<?xf64>
  }
  func.func @unchanged(%a: tensor<?xf64> {numpy.updates = 0 : i64}) -> tensor<?xf64> {
    return %a : tensor<?xf64>
  }
  func.func @constant(%a: tensor<4xf64> {numpy.updates = 0 : i64}) -> tensor<4xf64> {
    %0 = numpy.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf64>
    return %0 : tensor<4xf64>
  }
  // a += 1 many times, and b as well: loop-carried, in place
  func.func @loop(%a: tensor<?xf64> {numpy.updates = 0 : i64}, %n: index) -> tensor<?xf64> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %one = numpy.constant dense<1.0> : tensor<f64>
    %0 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a) -> tensor<?xf64> {
      %1 = numpy.add %x, %one : tensor<?xf64>, tensor<f64> -> tensor<?xf64>
      scf.yield %1 : tensor<?xf64>
    }
    return %0 : tensor<?xf64>
  }
  func.func @swap_loop(%a: tensor<?xf64> {numpy.updates = 0 : i64}, %b: tensor<?xf64> {numpy.updates = 1 : i64}, %n: index) -> (tensor<?xf64>, tensor<?xf64>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %0:2 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a, %y = %b) -> (tensor<?xf64>, tensor<?xf64>) {
      %1 = numpy.add %x, %y : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
      scf.yield %y, %1 : tensor<?xf64>, tensor<?xf64>
    }
    return %0#0, %0#1 : tensor<?xf64>, tensor<?xf64>
  }
  func.func @branch(%a: tensor<?xf64> {numpy.updates = 0 : i64}, %p: i1) -> tensor<?xf64> {
    %0 = scf.if %p -> tensor<?xf64> {
      %1 = numpy.negative %a : tensor<?xf64> -> tensor<?xf64>
      scf.yield %1 : tensor<?xf64>
    } else {
      scf.yield %a : tensor<?xf64>
    }
    return %0 : tensor<?xf64>
  }
  // The new value has another size than the argument.
  func.func @resize(%a: tensor<?xf64> {numpy.updates = 0 : i64}) -> tensor<?xf64> {
    %0 = numpy.slice %a[1:] : tensor<?xf64> -> tensor<?xf64>
    return %0 : tensor<?xf64>
  }
  func.func @from_other(%a: tensor<?xf64> {numpy.updates = 0 : i64}, %b: tensor<?xf64>) -> (tensor<?xf64>, tensor<?xf64>) {
    %0 = numpy.add %a, %b : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
    %1 = numpy.subtract %b, %a : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
    return %0, %1 : tensor<?xf64>, tensor<?xf64>
  }
  func.func @scalar(%a: tensor<f64> {numpy.updates = 0 : i64}) -> tensor<f64> {
    %0 = numpy.exp %a : tensor<f64> -> tensor<f64>
    return %0 : tensor<f64>
  }";

/// What one updated vector of each layout becomes.
fn becomes(exe: &Executable, name: &str, before: &[f64], after: &[f64], results: &[&[f64]]) {
    for layout in LAYOUTS {
        let mut placed = Value::vector(before).place(layout);
        let (found, report) = update(exe, name, &mut [&mut placed]);
        assert_eq!(placed.value(), Value::vector(after), "{name} {layout:?}");
        assert!(placed.surroundings_untouched(), "{name} {layout:?}");
        let results: Vec<_> = results.iter().map(|r| Value::vector(r)).collect();
        assert_eq!(found, results, "{name} {layout:?}");
        assert!(
            report
                .copies
                .iter()
                .all(|c| c.reason == CopyReason::ResultAliases),
            "{name} {layout:?}: {report:?}"
        );
    }
}

#[test]
fn one_argument() {
    let exe = compile(PROGRAMS);
    let _session = Session::start();
    becomes(
        &exe,
        "shift",
        &[1.0, 2.0, 3.0, 4.0],
        &[1.0, 1.0, 2.0, 3.0],
        &[],
    );
    becomes(&exe, "shift", &[1.0], &[1.0], &[]);
    becomes(&exe, "reverse", &[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0], &[]);
    becomes(&exe, "reverse", &[], &[], &[]);
    becomes(
        &exe,
        "old_and_new",
        &[1.0, 2.0],
        &[-1.0, -2.0],
        &[&[1.0, 2.0]],
    );
    becomes(&exe, "unchanged", &[1.0, 2.0], &[1.0, 2.0], &[]);
    becomes(&exe, "constant", &[0.0; 4], &[1.0, 2.0, 3.0, 4.0], &[]);
    becomes(&exe, "constant", &[5.0; 4], &[1.0, 2.0, 3.0, 4.0], &[]);
    for layout in LAYOUTS {
        let mut square = Value::new(&[1.0, 2.0, 3.0, 4.0], &[2, 2]).place(layout);
        update(&exe, "transpose", &mut [&mut square]);
        assert_eq!(
            square.value(),
            Value::new(&[1.0, 3.0, 2.0, 4.0], &[2, 2]),
            "{layout:?}"
        );
        let mut scalar = Value::scalar(0.0).place(layout);
        update(&exe, "scalar", &mut [&mut scalar]);
        assert_eq!(scalar.value(), Value::scalar(1.0));
    }
    // What has another shape afterwards cannot be written in place.
    let mut oblong = Value::new(&[1.0, 2.0], &[1, 2]).place(Layout::C);
    let e = exe
        .run("transpose", &mut [oblong.view_mut().into()])
        .expect_err("another shape");
    assert_eq!(e.kind(), RunErrorKind::ShapeMismatch, "{e}");
    let mut vector = Value::vector(&[1.0, 2.0]).place(Layout::C);
    let e = exe
        .run("resize", &mut [vector.view_mut().into()])
        .expect_err("another size");
    assert_eq!(e.kind(), RunErrorKind::ShapeMismatch, "{e}");
}

#[test]
fn several_arguments() {
    let exe = compile(PROGRAMS);
    let _session = Session::start();
    for (left, right) in [
        (Layout::C, Layout::C),
        (Layout::Reversed, Layout::Strided),
        (Layout::Misaligned, Layout::Scattered),
    ] {
        let mut a = Value::vector(&[1.0, 2.0, 3.0]).place(left);
        let mut b = Value::vector(&[10.0, 20.0, 30.0]).place(right);
        let (_, report) = update(&exe, "swap", &mut [&mut a, &mut b]);
        assert_eq!(
            (a.value(), b.value()),
            (
                Value::vector(&[10.0, 20.0, 30.0]),
                Value::vector(&[1.0, 2.0, 3.0])
            )
        );
        assert!(report.copies.is_empty(), "{report:?}");

        update(&exe, "fibonacci", &mut [&mut a, &mut b]);
        assert_eq!(
            (a.value(), b.value()),
            (
                Value::vector(&[1.0, 2.0, 3.0]),
                Value::vector(&[11.0, 22.0, 33.0])
            )
        );

        let mut c = Value::vector(&[7.0, 8.0, 9.0]).place(Layout::C);
        let (results, _) = update(&exe, "rotate", &mut [&mut a, &mut b, &mut c]);
        assert_eq!(results, [Value::vector(&[12.0, 24.0, 36.0])]);
        assert_eq!(a.value(), Value::vector(&[7.0, 8.0, 9.0]));
        assert_eq!(b.value(), Value::vector(&[1.0, 2.0, 3.0]));
        assert_eq!(c.value(), Value::vector(&[11.0, 22.0, 33.0]));
        assert!([&a, &b, &c].iter().all(|p| p.surroundings_untouched()));

        for n in [0i64, 1, 2, 5] {
            let mut a = Value::vector(&[1.0; 9]).place(left);
            let mut b = Value::vector(&[10.0; 9]).place(right);
            let results = exe
                .run(
                    "swap_loop",
                    &mut [
                        a.view_mut().into(),
                        b.view_mut().into(),
                        Scalar::new(n).into(),
                    ],
                )
                .expect("it runs");
            assert!(results.is_empty());
            let (mut x, mut y) = (1.0, 10.0);
            for _ in 0..n {
                (x, y) = (y, x + y);
            }
            assert_eq!(
                (a.value(), b.value()),
                (Value::vector(&[x; 9]), Value::vector(&[y; 9])),
                "{n} rounds"
            );
        }
    }
}

#[test]
fn loops_branches_and_scatter() {
    let exe = compile(PROGRAMS);
    let _session = Session::start();
    for layout in LAYOUTS {
        for n in [0, 1, 7] {
            let mut a = Value::vector(&[1.0, 2.0, 3.0]).place(layout);
            exe.run(
                "loop",
                &mut [a.view_mut().into(), Scalar::new(i64::from(n)).into()],
            )
            .expect("it runs");
            let n = f64::from(n);
            assert_eq!(a.value(), Value::vector(&[1.0 + n, 2.0 + n, 3.0 + n]));
        }
        for p in [false, true] {
            let mut a = Value::vector(&[1.0, 2.0]).place(layout);
            exe.run("branch", &mut [a.view_mut().into(), Scalar::new(p).into()])
                .expect("it runs");
            assert_eq!(
                a.value(),
                Value::vector(&if p { [-1.0, -2.0] } else { [1.0, 2.0] })
            );
        }
        let mut a = Value::vector(&[1.0, 2.0, 3.0]).place(layout);
        let (i, v) = (
            Value::vector(&[0i64, 2, 0, -1]).place(layout),
            Value::vector(&[1.0, 2.0, 3.0, 4.0]).place(layout),
        );
        let function = exe.function("add_at").expect("it is there");
        let (results, report) = function
            .call_with_report(&mut [a.view_mut().into(), i.view().into(), v.view().into()])
            .expect("in bounds");
        assert_eq!(a.value(), Value::vector(&[5.0, 2.0, 9.0]));
        assert_eq!(Value::of(&results[0]), Value::scalar(16.0));
        assert!(
            report.copies.is_empty() && a.surroundings_untouched(),
            "{report:?}"
        );
        // An index out of bounds: nothing is updated yet when it is found.
        let wrong = Value::vector(&[0i64, 3]).place(Layout::C);
        let ones = Value::vector(&[1.0, 1.0]).place(Layout::C);
        let e = exe
            .run(
                "add_at",
                &mut [a.view_mut().into(), wrong.view().into(), ones.view().into()],
            )
            .expect_err("out of bounds");
        assert_eq!(e.kind(), RunErrorKind::IndexOutOfBounds);
        assert_eq!(a.value(), Value::vector(&[5.0, 2.0, 9.0]));
    }
}

/// An input that overlaps an updated argument is copied first, and said so.
#[test]
fn inputs_that_overlap_updates() {
    let exe = compile(PROGRAMS);
    let _session = Session::start();
    let function = exe.function("from_other").expect("it is there");
    for shift in [0isize, 1, 2, 3, 4, 7] {
        let mut memory: Vec<f64> = (0..12).map(f64::from).collect();
        let old = memory.clone();
        let base = memory.as_mut_ptr();
        let at = |first: isize| -> Vec<f64> { (0..4).map(|i| old[(first + i) as usize]).collect() };
        // SAFETY: both lie inside `memory`, which nothing else uses during the call.
        let (a, b) = unsafe {
            (
                ArrayViewMut::from_raw(base.cast(), DType::F64, &[4], &[8]),
                ArrayView::from_raw(base.offset(shift).cast(), DType::F64, &[4], &[8]),
            )
        };
        let (results, report) = function
            .call_with_report(&mut [a.into(), b.into()])
            .expect("it runs");
        let sum: Vec<_> = at(0).iter().zip(at(shift)).map(|(a, b)| a + b).collect();
        let difference: Vec<_> = at(0).iter().zip(at(shift)).map(|(a, b)| b - a).collect();
        assert_eq!(&memory[..4], sum, "shift {shift}");
        assert_eq!(memory[4..], old[4..], "shift {shift}");
        assert_eq!(
            results[0].to_vec::<f64>().expect("f64"),
            difference,
            "shift {shift}"
        );
        let overlaps = report
            .copies
            .iter()
            .filter(|c| matches!(c.reason, CopyReason::OverlapsUpdated(_)))
            .count();
        assert_eq!(
            overlaps,
            usize::from(shift < 4),
            "shift {shift}: {report:?}"
        );
    }
    // Two updated arguments that overlap are refused.
    let mut memory = [0f64; 6];
    let base: *mut u8 = memory.as_mut_ptr().cast();
    // SAFETY: as above; the call refuses them before it writes.
    let (a, b) = unsafe {
        (
            ArrayViewMut::from_raw(base, DType::F64, &[4], &[8]),
            ArrayViewMut::from_raw(base.add(16), DType::F64, &[4], &[8]),
        )
    };
    let e = exe
        .run("swap", &mut [a.into(), b.into()])
        .expect_err("they overlap");
    assert_eq!(e.kind(), RunErrorKind::Value, "{e}");
}

/// Every kind of kernel uses its inputs where they lie: `check` fails on any copy of an input.
#[test]
fn inputs_are_never_copied() {
    let x =
        numbers(DType::F64, &(0..60).map(|i| i % 13 - 6).collect::<Vec<_>>()).reshaped(&[6, 10]);
    let i = numbers(DType::I64, &[0, 5, -1, 2, 2, 3]);
    let a = || vec![("a", x.clone())];
    let b = || vec![("a", x.clone()), ("b", x.clone())];
    let with_i = || vec![("a", x.clone()), ("i", i.clone())];
    let list = [
        ("numpy.negative %a", "-a", a()),
        ("numpy.add %a, %b", "a + b", b()),
        ("numpy.sum %a axes [0]", "a.sum(0)", a()),
        ("numpy.sum %a axes [1]", "a.sum(1)", a()),
        ("numpy.max %a", "a.max()", a()),
        ("numpy.argmin %a axis 1", "a.argmin(1)", a()),
        ("numpy.take %a, %i axis 0", "a[i]", with_i()),
        (
            "numpy.add_at %a[%i], %a : {a}[{i}], {a} -> {r}",
            "(lambda d: (d, np.add.at(d, i, a))[0])(a.copy())",
            with_i(),
        ),
        (
            "numpy.concatenate %a, %b axis 1",
            "np.concatenate((a, b), 1)",
            b(),
        ),
        (
            "numpy.bincount %i : ({i}) -> {r}",
            "np.bincount(i + 1)",
            vec![("i", numbers(DType::I64, &[1, 6, 0, 3, 3, 4]))],
        ),
        ("numpy.transpose %a", "a.T", a()),
        ("numpy.reshape %a shape [-1]", "a.reshape(-1)", a()),
        ("numpy.slice %a[::-1, 2:] : {a} -> {r}", "a[::-1, 2:]", a()),
        (
            "numpy.set_slice %a[1], %b : {a}, {b} -> {r}",
            "(lambda d: (d, d.__setitem__(1, b))[0])(a.copy())",
            vec![("a", x.clone()), ("b", numbers(DType::F64, &[4]))],
        ),
    ];
    let cases = list.map(|(op, numpy, inputs)| {
        let numpy = if op.contains("bincount") {
            "np.bincount(i)"
        } else {
            numpy
        };
        Case::new(op, numpy).run_everywhere(&inputs)
    });
    let product = Case::new("numpy.matmul %a, %b", "a @ b")
        .run_everywhere(&[("a", x.clone()), ("b", x.clone().reshaped(&[10, 6]))]);
    check(cases.into_iter().chain([product]).collect());
}
