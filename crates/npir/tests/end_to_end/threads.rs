//! One compiler and one executable for many threads at once.

use npir::prelude::*;
use npir_runtime::RunErrorKind;

use crate::harness::{Session, call, compiler};
use crate::value::Value;

const THREADS: usize = 8;

/// A program that depends on the number: `x` shifted and scaled, its sum, and what `take` gives.
fn program(number: usize) -> String {
    format!(
        "func.func @f{number}(%x: tensor<?xf64>, %i: tensor<?xi64>) -> (tensor<?xf64>, tensor<f64>) {{
           %k = numpy.constant dense<{number}.0> : tensor<f64>
           %0 = numpy.multiply %x, %k : tensor<?xf64>, tensor<f64> -> tensor<?xf64>
           %1 = numpy.flip %0 : tensor<?xf64> -> tensor<?xf64>
           %2 = numpy.add %1, %x : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
           %3 = numpy.take %2, %i axis 0 : tensor<?xf64>, tensor<?xi64> -> tensor<?xf64>
           %4 = numpy.sum %2 : tensor<?xf64> -> tensor<f64>
           return %3, %4 : tensor<?xf64>, tensor<f64>
         }}"
    )
}

/// Runs the program of a number and checks what it gives; an index out of bounds as well.
fn check(exe: &Executable, number: usize, n: usize) {
    let name = format!("f{number}");
    let x: Vec<_> = (0..n).map(|i| (i % 1000) as f64).collect();
    let result: Vec<_> = (0..n)
        .map(|i| number as f64 * x[n - 1 - i] + x[i])
        .collect();
    let positions = [0, n as i64 - 1, n as i64 / 2];
    let taken: Vec<_> = positions.iter().map(|i| result[*i as usize]).collect();
    let x = Value::vector(&x);
    let results = call(exe, &name, &[&x, &Value::vector(&positions)]);
    assert_eq!(
        results.expect("the positions are in bounds"),
        [
            Value::vector(&taken),
            Value::scalar(result.iter().sum::<f64>())
        ],
        "{name} of {n}"
    );
    let e = call(exe, &name, &[&x, &Value::vector(&[n as i64])]).expect_err("out of bounds");
    assert_eq!(e.kind(), RunErrorKind::IndexOutOfBounds);
    assert_eq!(
        e.message(),
        format!("numpy.take: index {n} is out of bounds for axis 0 with size {n}")
    );
}

/// Every thread compiles programs of its own with the same compiler, and runs them and those of
/// everybody; some calls are large enough to be split among the runtime's own threads.
#[test]
fn compiling_and_running() {
    let compiler = compiler();
    let _session = Session::start();
    let shared = compiler
        .compile_source(program(1), "shared.mlir")
        .expect("a valid program");
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (compiler, shared) = (&compiler, &shared);
            scope.spawn(move || {
                for round in 0..2 {
                    let number = 2 + thread * 2 + round;
                    let own = compiler
                        .compile_source(program(number), "own.mlir")
                        .expect("a valid program");
                    for n in [1, 7, 1000, 100_000] {
                        check(&own, number, n);
                        check(shared, 1, n);
                    }
                    let broken = program(number).replace("tensor<f64>\n", "tensor<f32>\n");
                    let e = compiler
                        .compile_source(broken, "broken.mlir")
                        .map(|_| ())
                        .expect_err("types differ");
                    assert!(e.to_string().contains("broken.mlir:"), "{e}");
                }
            });
        }
    });
}

/// Executables outlive what made them, and functions outlive executables.
#[test]
fn functions_keep_their_code() {
    let _session = Session::start();
    let function = {
        let exe = compiler()
            .compile_source(program(3), "test.mlir")
            .expect("a valid program");
        exe.function("f3").expect("it is there")
    };
    let handles: Vec<_> = (0..THREADS)
        .map(|_| {
            let function = function.clone();
            std::thread::spawn(move || {
                let (x, i) = (
                    Value::vector(&[1.0, 2.0]).to_array(),
                    Value::vector(&[1i64]).to_array(),
                );
                let results = function
                    .call(&mut [(&x).into(), (&i).into()])
                    .expect("in bounds");
                results.iter().map(Value::of).collect::<Vec<_>>()
            })
        })
        .collect();
    drop(function);
    for handle in handles {
        let results = handle.join().expect("no thread panics");
        assert_eq!(results, [Value::vector(&[5.0]), Value::scalar(12.0)]);
    }
}
