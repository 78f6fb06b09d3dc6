//! Memory of compiled programs: random control flow computes what the interpreter computes and gives every block
//! back; so do programs that fail in the middle.
//!
//! The generator and the interpreter are those of the tests of the buffer passes.

#[path = "../../../../passes/tests/buffers/generate.rs"]
mod generate;
// Here programs run on tensors only.
#[allow(dead_code)]
#[path = "../../../../passes/tests/buffers/interp.rs"]
mod interp;

use std::sync::{Mutex, MutexGuard, PoisonError};

use generate::{Program, program};
use interp::{Machine, V};
use npir::prelude::*;
use npir_mlir::prelude::{Module, Op};
use npir_runtime::alloc::{memory_stats, set_memory_limit};
use npir_runtime::{ArrayViewMut, RunErrorKind, Scalar};

/// The tests watch counters of the whole process: one at a time.
fn alone() -> MutexGuard<'static, ()> {
    static RUNNING: Mutex<()> = Mutex::new(());
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn blocks() -> u64 {
    memory_stats().live_blocks
}

fn compile(source: &str) -> Executable {
    let compiled = Compiler::new(Registry::standard()).compile_source(source, "memory.mlir");
    compiled.unwrap_or_else(|e| panic!("{e}\n{source}"))
}

/// Values of argument `i`.
fn argument(i: usize) -> Vec<f64> {
    (0..4).map(|k| (100 * (i + 1) + 10 * k) as f64).collect()
}

/// Two conditions and a trip count.
fn controls(variant: usize) -> [i64; 3] {
    [
        (variant & 1) as i64,
        (variant >> 1 & 1) as i64,
        (variant % 3) as i64,
    ]
}

fn updated(p: &Program, arg: usize) -> Option<usize> {
    p.updates
        .iter()
        .find(|(a, _)| *a == arg)
        .map(|(_, result)| *result)
}

/// All results, updated ones included, by the interpreter.
fn expected(module: &Module<'_>, p: &Program, variant: usize) -> Vec<Vec<f64>> {
    // SAFETY: the module outlives the handle.
    let op = unsafe { Op::from_raw(module.as_operation().to_raw()) };
    let mut machine = Machine::new(op, false);
    let args = (0..p.args).map(|i| V::Tensor(argument(i)));
    let args = args.chain(controls(variant).map(V::Int)).collect();
    let results = machine.call("main", args).expect("the program is valid");
    results
        .iter()
        .map(|v| machine.elements(v).expect("a tensor"))
        .collect()
}

/// All results, updated ones included, by compiled code.
fn found(exe: &Executable, p: &Program, variant: usize) -> Vec<Vec<f64>> {
    let mut memory: Vec<Vec<f64>> = (0..p.args).map(argument).collect();
    let [a, b, n] = controls(variant);
    let mut args: Vec<Arg<'_>> = memory
        .iter_mut()
        .map(|m| Arg::ViewMut(ArrayViewMut::from_slice(m, &[4]).expect("four elements")))
        .collect();
    args.extend([Scalar::new(a != 0), Scalar::new(b != 0), Scalar::new(n)].map(Arg::Scalar));
    let returned = exe.run("main", &mut args).unwrap_or_else(|e| panic!("{e}"));
    drop(args);
    let mut returned = returned
        .iter()
        .map(|array| array.to_vec::<f64>().expect("float64"));
    let results =
        (0..p.results).map(
            |r| match (0..p.args).find(|arg| updated(p, *arg) == Some(r)) {
                Some(arg) => memory[arg].clone(),
                None => returned.next().expect("a result"),
            },
        );
    let results: Vec<_> = results.collect();
    for (i, values) in memory.iter().enumerate() {
        assert!(
            updated(p, i).is_some() || *values == argument(i),
            "argument {i} was written"
        );
    }
    results
}

#[test]
fn random_programs_give_everything_back() {
    let _alone = alone();
    let seeds = if npir_testing::long_tests() { 1000 } else { 25 };
    let compiler = Compiler::new(Registry::standard());
    let context = compiler.context();
    let before = blocks();
    for seed in 0..seeds {
        let p = program(seed);
        let module = compiler
            .parse(&context, p.text.as_bytes(), "memory.mlir")
            .unwrap_or_else(|e| panic!("{e}"));
        let exe = compile(&p.text);
        for variant in 0..6 {
            let (expected, found) = (expected(&module, &p, variant), found(&exe, &p, variant));
            assert_eq!(
                expected, found,
                "seed {seed}, variant {variant}\n{}",
                p.text
            );
            assert_eq!(
                blocks(),
                before,
                "seed {seed}, variant {variant} keeps memory\n{}",
                p.text
            );
        }
    }
}

/// A loop that allocates, and fails in its last iteration.
const FAILS_LATE: &str = r#"
func.func @main(%x: tensor<?xf64>, %n: index) -> tensor<?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %size = tensor.dim %x, %c0 : tensor<?xf64>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%t = %x) -> tensor<?xf64> {
    %ok = arith.cmpi slt, %i, %c5 : index
    loop.check %ok, value_error, "iteration {}" (%i : index)
    %new = func.call @double(%t, %size) : (tensor<?xf64>, index) -> tensor<?xf64>
    scf.yield %new : tensor<?xf64>
  }
  return %r : tensor<?xf64>
}
func.func private @double(%x: tensor<?xf64>, %n: index) -> tensor<?xf64> {
  %e = tensor.empty(%n) : tensor<?xf64>
  %r = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<?xf64>) outs(%e : tensor<?xf64>) {
  ^bb0(%a: f64, %b: f64):
    %s = arith.addf %a, %a : f64
    linalg.yield %s : f64
  } -> tensor<?xf64>
  return %r : tensor<?xf64>
}
"#;

#[test]
fn a_failed_call_gives_everything_back() {
    let _alone = alone();
    let exe = compile(FAILS_LATE);
    let x = [1.0; 1000];
    let before = blocks();
    let run = |n: i64| {
        let view = ArrayView::from_slice(&x, &[1000]).expect("a thousand elements");
        exe.run("main", &mut [Arg::View(view), Arg::Scalar(Scalar::new(n))])
    };
    let results = run(5).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        results[0].to_vec::<f64>().expect("float64"),
        vec![32.0; 1000]
    );
    assert_eq!(blocks(), before + 1);
    drop(results);
    assert_eq!(blocks(), before);
    let error = run(9).expect_err("the sixth iteration fails");
    assert_eq!(error.kind(), RunErrorKind::Value);
    assert!(error.to_string().contains("iteration 5"), "{error}");
    assert!(error.to_string().contains("memory.mlir:9:5"), "{error}");
    assert_eq!(blocks(), before);
}

#[test]
fn sizes_that_cannot_be_are_errors() {
    let _alone = alone();
    let exe = compile(
        r#"
func.func @main(%n: index, %m: index) -> tensor<?x?xf64> {
  %x = arith.constant 1.0 : f64
  %e = tensor.empty(%n, %m) : tensor<?x?xf64>
  %r = linalg.fill ins(%x : f64) outs(%e : tensor<?x?xf64>) -> tensor<?x?xf64>
  return %r : tensor<?x?xf64>
}
"#,
    );
    let before = blocks();
    let run = |n: i64, m: i64| {
        exe.run(
            "main",
            &mut [Arg::Scalar(Scalar::new(n)), Arg::Scalar(Scalar::new(m))],
        )
    };
    for (n, m) in [
        (1 << 40, 1 << 40),
        (1 << 32, 1 << 29),
        (-1, 3),
        (3, -1),
        (-1, -1),
        (1 << 60, 1),
        (i64::MAX, i64::MAX),
    ] {
        let error = run(n, m).expect_err("no such array");
        assert_eq!(error.kind(), RunErrorKind::Memory, "{n} x {m}: {error}");
        assert_eq!(blocks(), before);
    }
    for (n, m) in [(0, 0), (0, 5), (3, 0), (2, 3)] {
        let results = run(n, m).unwrap_or_else(|e| panic!("{n} x {m}: {e}"));
        assert_eq!(results[0].shape(), [n as usize, m as usize]);
    }
    assert_eq!(blocks(), before);
}

#[test]
fn a_refused_allocation_is_an_error() {
    let _alone = alone();
    let exe = compile(FAILS_LATE);
    let x = vec![1.0; 1 << 20];
    let before = blocks();
    set_memory_limit(Some(memory_stats().live + (12 << 20)));
    let view = ArrayView::from_slice(&x, &[1 << 20]).expect("a million elements");
    let result = exe.run(
        "main",
        &mut [Arg::View(view), Arg::Scalar(Scalar::new(5i64))],
    );
    set_memory_limit(None);
    let error = result.expect_err("two buffers of 8 MiB are above the limit");
    assert_eq!(error.kind(), RunErrorKind::Memory, "{error}");
    assert_eq!(blocks(), before);
}

/// Labels of the nearest of 64 centres, for 40,000 rows: the distances of all would take 20 MB.
const NEAREST: &str = r#"
func.func @nearest(%x: tensor<40000x16xf64>, %c: tensor<64x16xf64>) -> tensor<40000xi64> {
  %t = numpy.transpose %c : tensor<64x16xf64> -> tensor<16x64xf64>
  %products = numpy.matmul %x, %t : tensor<40000x16xf64>, tensor<16x64xf64> -> tensor<40000x64xf64>
  %distances = numpy.negative %products : tensor<40000x64xf64> -> tensor<40000x64xf64>
  %labels = numpy.argmin %distances axis 1 : tensor<40000x64xf64> -> tensor<40000xi64>
  return %labels : tensor<40000xi64>
}
"#;

#[test]
fn nests_on_the_same_rows_need_a_block_each() {
    let _alone = alone();
    let exe = compile(NEAREST);
    let value = |i: usize| ((i * 7919) % 1013) as f64;
    let x: Vec<f64> = (0..40_000 * 16).map(value).collect();
    let c: Vec<f64> = (0..64 * 16).map(|i| value(3 * i + 1)).collect();
    let before = blocks();
    let run = || {
        let x = ArrayView::from_slice(&x, &[40_000, 16]).expect("all rows");
        let c = ArrayView::from_slice(&c, &[64, 16]).expect("all centres");
        exe.run("nearest", &mut [Arg::View(x), Arg::View(c)])
    };
    // Labels, and for each thread a block of rows.
    let room = 40_000 * 8 + (1 << 20);
    set_memory_limit(Some(memory_stats().live + room));
    let results = run();
    set_memory_limit(None);
    let labels = results.expect("there is memory for blocks");
    let found = labels[0].to_vec::<i64>().expect("labels");
    for (i, label) in found.iter().enumerate() {
        let product = |k: usize| (0..16).map(|j| x[i * 16 + j] * c[k * 16 + j]).sum::<f64>();
        let largest = (0..64).fold(0, |best, k| match product(k) > product(best) {
            true => k,
            false => best,
        });
        assert_eq!(*label as usize, largest, "row {i}");
    }
    drop(labels);
    // Too little for a block: an error in the body that threads run.
    set_memory_limit(Some(memory_stats().live + 40_000 * 8 + (16 << 10)));
    let refused = run();
    set_memory_limit(None);
    let error = refused.expect_err("no memory for blocks");
    assert_eq!(error.kind(), RunErrorKind::Memory, "{error}");
    assert_eq!(blocks(), before);
}
