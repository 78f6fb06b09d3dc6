//! Errors at run time: they say what went wrong, with the shapes and the place in the source, and
//! leave nothing behind. Also allocations that fail in the middle of a program.

use npir::prelude::*;
use npir_runtime::alloc::{memory_stats, set_memory_limit};
use npir_runtime::{RunError, RunErrorKind};

use crate::harness::{Session, call, compile};
use crate::value::Value;

/// Runs a function that must fail.
fn error(exe: &Executable, name: &str, inputs: &[&Value]) -> RunError {
    match call(exe, name, inputs) {
        Ok(results) => panic!("{name} gives {results:?}"),
        Err(e) => e,
    }
}

fn zeros(shape: &[usize]) -> Value {
    Value::new(&vec![0f64; shape.iter().product()], shape)
}

#[test]
fn messages_name_the_op_the_shapes_and_the_place() {
    let exe = compile(
        "func.func @add(%a: tensor<?x?xf64>, %b: tensor<?xf64>) -> tensor<?x?xf64> {
           %0 = numpy.add %a, %b : tensor<?x?xf64>, tensor<?xf64> -> tensor<?x?xf64>
           return %0 : tensor<?x?xf64>
         }
         func.func @where(%a: tensor<?xf64>, %b: tensor<?xf64>, %c: tensor<?x?xf64>) -> tensor<?x?xf64> {
           %0 = numpy.less %a, %a : tensor<?xf64>, tensor<?xf64> -> tensor<?xi1>
           %1 = numpy.where %0, %b, %c : tensor<?xi1>, tensor<?xf64>, tensor<?x?xf64> -> tensor<?x?xf64>
           return %1 : tensor<?x?xf64>
         }
         func.func @partly_static(%a: tensor<?x3xf64>, %b: tensor<4x3xf64>) -> tensor<4x3xf64> {
           %0 = numpy.maximum %a, %b : tensor<?x3xf64>, tensor<4x3xf64> -> tensor<4x3xf64>
           return %0 : tensor<4x3xf64>
         }
         func.func @second(%a: tensor<?xf64>, %b: tensor<?xf64>) -> tensor<?xf64> {
           %0 = numpy.exp %a : tensor<?xf64> -> tensor<?xf64>
           %1 = numpy.sum %0 : tensor<?xf64> -> tensor<f64>
           %2 = numpy.multiply %0, %1 : tensor<?xf64>, tensor<f64> -> tensor<?xf64>
           %3 = numpy.subtract %2, %b : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
           return %3 : tensor<?xf64>
         }",
    );
    let _session = Session::start();
    for (name, inputs, message, location) in [
        (
            "add",
            vec![zeros(&[3, 4]), zeros(&[5])],
            "numpy.add: shapes (3, 4) and (5,) do not broadcast",
            "test.mlir:2:17",
        ),
        (
            "add",
            vec![zeros(&[0, 2]), zeros(&[0])],
            "numpy.add: shapes (0, 2) and (0,) do not broadcast",
            "test.mlir:2:17",
        ),
        (
            "where",
            vec![zeros(&[2]), zeros(&[2]), zeros(&[3, 4])],
            "numpy.where: shapes (2,), (2,) and (3, 4) do not broadcast",
            "test.mlir:7:17",
        ),
        (
            "partly_static",
            vec![zeros(&[2, 3]), zeros(&[4, 3])],
            "numpy.maximum: shapes (2, 3) and (4, 3) do not broadcast",
            "test.mlir:11:17",
        ),
        (
            "second",
            vec![zeros(&[3]), zeros(&[2])],
            "numpy.subtract: shapes (3,) and (2,) do not broadcast",
            "test.mlir:18:17",
        ),
    ] {
        let inputs: Vec<_> = inputs.iter().collect();
        let e = error(&exe, name, &inputs);
        assert_eq!(
            (e.kind(), e.message(), e.location()),
            (RunErrorKind::ShapeMismatch, message, Some(location))
        );
        assert_eq!(e.to_string(), format!("{location}: {message}"));
    }
    // The same functions go on working.
    assert!(call(&exe, "add", &[&zeros(&[3, 4]), &zeros(&[4])]).is_ok());
    assert!(call(&exe, "partly_static", &[&zeros(&[1, 3]), &zeros(&[4, 3])]).is_ok());
}

#[test]
fn errors_in_loops_and_callees_leave_nothing() {
    let exe = compile(
        "func.func private @step(%x: tensor<?xf64>, %i: tensor<?xi64>) -> tensor<?xf64> {
           %0 = numpy.take %x, %i axis 0 : tensor<?xf64>, tensor<?xi64> -> tensor<?xf64>
           %1 = numpy.add %0, %0 : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
           return %1 : tensor<?xf64>
         }
         func.func @loop(%x: tensor<?xf64>, %i: tensor<?xi64>, %n: index) -> (tensor<?xf64>, tensor<?xi64>) {
           %c0 = arith.constant 0 : index
           %c1 = arith.constant 1 : index
           %one = numpy.constant dense<1> : tensor<i64>
           %r:2 = scf.for %k = %c0 to %n step %c1 iter_args(%y = %x, %j = %i) -> (tensor<?xf64>, tensor<?xi64>) {
             %z = func.call @step(%y, %j) : (tensor<?xf64>, tensor<?xi64>) -> tensor<?xf64>
             %next = numpy.add %j, %one : tensor<?xi64>, tensor<i64> -> tensor<?xi64>
             scf.yield %z, %next : tensor<?xf64>, tensor<?xi64>
           }
           return %r#0, %r#1 : tensor<?xf64>, tensor<?xi64>
         }",
    );
    let session = Session::start();
    let (x, i) = (
        Value::vector(&[1.0, 2.0, 3.0, 4.0]),
        Value::vector(&[0i64, 1, 0, 1]),
    );
    let run = |n: i64| {
        let (x, i) = (x.to_array(), i.to_array());
        exe.run(
            "loop",
            &mut [(&x).into(), (&i).into(), Scalar::new(n).into()],
        )
        .map(|r| Value::of(&r[0]))
    };
    // After the third round position 4 is out of bounds.
    assert_eq!(run(3).expect("in bounds").shape, [4]);
    for n in [4, 100] {
        let e = run(n).expect_err("out of bounds");
        assert_eq!(e.kind(), RunErrorKind::IndexOutOfBounds);
        assert_eq!(
            e.message(),
            "numpy.take: index 4 is out of bounds for axis 0 with size 4"
        );
        assert_eq!(session.leaked(), (0, 0));
    }
}

/// Number, dtype, rank and extents of arguments, with the user's name for the argument.
#[test]
fn arguments_that_do_not_fit() {
    let exe = compile(
        "func.func @f(%a: tensor<?x3xf64> {numpy.name = \"weights\"}, %n: index) -> tensor<?x3xf64> {
           return %a : tensor<?x3xf64>
         }",
    );
    let _session = Session::start();
    let n = || Arg::from(Scalar::new(1i64));
    let run = |args: &mut [Arg<'_>]| exe.run("f", args).map(|_| ()).expect_err("it does not fit");
    let good = zeros(&[2, 3]).to_array();
    for (e, kind, words) in [
        (
            run(&mut [Arg::from(&good)]),
            RunErrorKind::Argument,
            &["2", "1"][..],
        ),
        (
            run(&mut [Arg::from(&zeros(&[2, 4]).to_array()), n()]),
            RunErrorKind::ShapeMismatch,
            &["weights", "4", "3"],
        ),
        (
            run(&mut [Arg::from(&zeros(&[3]).to_array()), n()]),
            RunErrorKind::Argument,
            &["weights"],
        ),
        (
            run(&mut [Arg::from(&Value::new(&[0f32; 6], &[2, 3]).to_array()), n()]),
            RunErrorKind::Argument,
            &["weights", "float32", "float64"],
        ),
        (
            run(&mut [Arg::from(&good), Scalar::new(1i32).into()]),
            RunErrorKind::Argument,
            &["int32", "int64"],
        ),
        (run(&mut [n(), n()]), RunErrorKind::Argument, &["weights"]),
    ] {
        assert_eq!(e.kind(), kind, "{e}");
        assert!(
            words.iter().all(|w| e.message().contains(w)),
            "{e} does not mention {words:?}"
        );
    }
    let unknown = exe.run("g", &mut []).expect_err("there is no g");
    assert!(
        unknown.message().contains("'g'") && unknown.message().contains('f'),
        "{unknown}"
    );
}

/// Memory runs out at every point of a program in turn: each time a `MemoryError`, and nothing is
/// leaked; with enough memory the result is right.
#[test]
fn memory_runs_out_anywhere() {
    let exe = compile(
        "func.func private @square(%x: tensor<?xf64>) -> tensor<?xf64> {
           %0 = numpy.multiply %x, %x : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
           return %0 : tensor<?xf64>
         }
         func.func @f(%x: tensor<?xf64>, %i: tensor<?xi64>, %k: index) -> (tensor<?xf64>, tensor<?xf64>, tensor<?x?xf64>) {
           %c0 = arith.constant 0 : index
           %c1 = arith.constant 1 : index
           %0 = numpy.slice %x[::-1] : tensor<?xf64> -> tensor<?xf64>
           %s = numpy.sum %0 : tensor<?xf64> -> tensor<f64>
           %r:2 = scf.for %n = %c0 to %k step %c1 iter_args(%a = %x, %b = %0) -> (tensor<?xf64>, tensor<?xf64>) {
             %c = numpy.add %a, %b : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
             %d = func.call @square(%c) : (tensor<?xf64>) -> tensor<?xf64>
             %m = numpy.max %d : tensor<?xf64> -> tensor<f64>
             %e = numpy.divide %d, %m : tensor<?xf64>, tensor<f64> -> tensor<?xf64>
             scf.yield %b, %e : tensor<?xf64>, tensor<?xf64>
           }
           %t = numpy.take %r#1, %i axis 0 : tensor<?xf64>, tensor<?xi64> -> tensor<?xf64>
           %u = numpy.add_at %r#0[%i], %t : tensor<?xf64>[tensor<?xi64>], tensor<?xf64> -> tensor<?xf64>
           %v = numpy.add %u, %s : tensor<?xf64>, tensor<f64> -> tensor<?xf64>
           %col = numpy.expand_dims %t axes [1] : tensor<?xf64> -> tensor<?x1xf64>
           %w = numpy.multiply %col, %v : tensor<?x1xf64>, tensor<?xf64> -> tensor<?x?xf64>
           return %v, %t, %w : tensor<?xf64>, tensor<?xf64>, tensor<?x?xf64>
         }",
    );
    let session = Session::start();
    let x: Vec<f64> = (0..200).map(|i| f64::from(i % 17) + 1.0).collect();
    let i: Vec<i64> = (0..50).map(|i| i * 3 - 60).collect();
    let run = || {
        let x = ArrayView::from_slice(&x, &[200]).expect("a view");
        let i = ArrayView::from_slice(&i, &[50]).expect("a view");
        exe.run("f", &mut [x.into(), i.into(), Scalar::new(5i64).into()])
    };
    let expected: Vec<_> = run()
        .expect("there is memory")
        .iter()
        .map(Value::of)
        .collect();
    let base = memory_stats().live;
    let mut failures = 0;
    let mut room = 0;
    loop {
        set_memory_limit(Some(base + room));
        let outcome = run().map(|results| results.iter().map(Value::of).collect::<Vec<_>>());
        set_memory_limit(None);
        match outcome {
            Ok(results) => {
                assert_eq!(results, expected);
                break;
            }
            Err(e) => {
                assert_eq!(e.kind(), RunErrorKind::Memory, "{e}");
                failures += 1;
            }
        }
        assert_eq!(session.leaked(), (0, 0), "with room for {room} bytes");
        room += 64;
        assert!(room < 1 << 20, "the program never runs");
    }
    assert!(
        failures > 30,
        "only {failures} places where memory runs out"
    );
}

/// Sizes that no memory has, and whose product overflows.
#[test]
fn arrays_that_are_too_big() {
    let exe = compile(
        "func.func @outer(%a: tensor<?xf64>, %b: tensor<?xf64>) -> tensor<f64> {
           %0 = numpy.expand_dims %a axes [1] : tensor<?xf64> -> tensor<?x1xf64>
           %1 = numpy.add %0, %b : tensor<?x1xf64>, tensor<?xf64> -> tensor<?x?xf64>
           %2 = numpy.transpose %1 : tensor<?x?xf64> -> tensor<?x?xf64>
           %3 = numpy.reshape %2 shape [-1] : tensor<?x?xf64> -> tensor<?xf64>
           %4 = numpy.sum %3 : tensor<?xf64> -> tensor<f64>
           return %4 : tensor<f64>
         }
         func.func @ones(%m: index, %n: index) -> tensor<?x?xf64> {
           %0 = numpy.constant dense<1.0> : tensor<f64>
           %1 = numpy.full %0 shape [%m, %n] : tensor<f64> -> tensor<?x?xf64>
           return %1 : tensor<?x?xf64>
         }",
    );
    let _session = Session::start();
    // One element seen 2^40 times: 2^80 elements, a number of bytes that no integer has.
    let element = 1.0f64;
    let n = 1usize << 40;
    let many = || {
        // SAFETY: with stride 0 every index is the one element.
        unsafe { ArrayView::from_raw((&raw const element).cast(), DType::F64, &[n], &[0]) }
    };
    let e = exe
        .run("outer", &mut [many().into(), many().into()])
        .expect_err("it does not fit");
    assert!(
        matches!(e.kind(), RunErrorKind::Memory | RunErrorKind::Value),
        "{e}"
    );
    for (m, n, kind) in [
        (1i64 << 31, 1i64 << 31, RunErrorKind::Memory),
        (1 << 40, 1 << 40, RunErrorKind::Value),
        (i64::MAX, 2, RunErrorKind::Value),
        (i64::MAX, 1, RunErrorKind::Memory),
        (i64::MAX, 0, RunErrorKind::Memory),
    ] {
        match exe.run("ones", &mut [Scalar::new(m).into(), Scalar::new(n).into()]) {
            Ok(results) => assert_eq!((n, results[0].shape()), (0, &[i64::MAX as usize, 0][..])),
            Err(e) => assert!(
                e.kind() == kind || e.kind() == RunErrorKind::Value,
                "{m} {n}: {e}"
            ),
        }
    }
}

#[test]
fn conditions_of_the_program_raise_what_they_say() {
    let kinds = [
        ("shape_mismatch", RunErrorKind::ShapeMismatch),
        ("index_out_of_bounds", RunErrorKind::IndexOutOfBounds),
        ("value_error", RunErrorKind::Value),
        ("overflow", RunErrorKind::Overflow),
        ("zero_division", RunErrorKind::ZeroDivision),
        ("memory", RunErrorKind::Memory),
        ("unsupported", RunErrorKind::Unsupported),
        ("assertion", RunErrorKind::Assertion),
        ("unbound", RunErrorKind::Unbound),
    ];
    let functions: String = kinds
        .iter()
        .map(|(name, _)| {
            format!(
                "func.func @{name}(%x: tensor<f64>) -> tensor<f64> {{
                   %0 = numpy.constant dense<0.0> : tensor<f64>
                   %1 = numpy.greater %x, %0 : tensor<f64>, tensor<f64> -> tensor<i1>
                   numpy.require %1 : tensor<i1>, {name}, \"{{x}} of {name}\"
                   return %x : tensor<f64>
                 }}\n"
            )
        })
        .collect();
    let exe = compile(&functions);
    let _session = Session::start();
    for (name, kind) in kinds {
        let (one, none) = (Value::new(&[1f64], &[]), Value::new(&[0f64], &[]));
        assert_eq!(
            call(&exe, name, &[&one]).expect("it holds"),
            std::slice::from_ref(&one)
        );
        let e = error(&exe, name, &[&none]);
        assert_eq!(e.kind(), kind);
        assert_eq!(e.message(), format!("{{x}} of {name}"));
    }
}
