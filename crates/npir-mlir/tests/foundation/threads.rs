//! Passes on many functions at once, and many contexts at once.

use crate::support::*;
use crate::toy::passes::THREADS;
use npir_mlir::prelude::*;
use std::collections::HashSet;

const FUNCTIONS: usize = 2000;

fn program() -> String {
    let mut source = String::new();
    for i in 0..FUNCTIONS {
        source.push_str(&format!(
            "func.func @f{i}(%x: i32, %y: i32, %b: !toy.box<i{width}>) -> i32 {{
               %c = toy.constant {i} : i32
               %0 = toy.add %x, %c : i32, i32
               %1 = toy.scale %0 by {factor} : i32
               %2 = toy.add %1, %1 : i32, i32
               %3 = toy.add %y, %2 : i32, i32
               %u = toy.unbox %b : !toy.box<i{width}>
               toy.print %u : i{width}
               return %3 : i32
             }}\n",
            width = 1 + i % 61,
            factor = i % 7
        ));
    }
    source
}

fn run(threading: bool, pipeline: &str) -> String {
    let ctx = registry().context_with_threading(threading);
    let mut module = parse(&ctx, &program());
    run_pipeline(&mut module, pipeline, Verification::Each).unwrap();
    text(&module)
}

#[test]
fn many_functions_in_parallel_give_the_same_result() {
    let pipeline = "func.func(toy-churn,toy-mark,canonicalize,cse)";
    *THREADS.lock().unwrap() = Some(HashSet::new());
    let parallel = run(true, pipeline);
    let threads = THREADS.lock().unwrap().take().unwrap().len();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if cores > 1 {
        assert!(threads > 1, "ran on {threads} thread of {cores}");
    }
    let serial = run(false, pipeline);
    assert_eq!(parallel, serial);
    assert_eq!(parallel, run(true, pipeline));
    assert_eq!(count(&parallel, "toy.tag = \"marked:"), FUNCTIONS);
}

#[test]
fn errors_of_parallel_passes_come_in_order() {
    let ctx = registry().context_with_threading(true);
    let source: String = (0..200)
        .map(|i| format!("func.func @f{i}() {{ return }}\n"))
        .collect();
    let mut module = parse(&ctx, &source);
    let (result, diagnostics) = collect_diagnostics(&ctx, || {
        run_pipeline(&mut module, "func.func(toy-look)", Verification::Each)
    });
    assert_eq!(result, Ok(()));
    let lines: Vec<_> = diagnostics
        .iter()
        .map(|d| d.position.as_ref().unwrap().line)
        .collect();
    assert_eq!(lines.len(), 400);
    assert!(lines.is_sorted(), "{lines:?}");
}

#[test]
fn contexts_work_side_by_side() {
    let results: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    (0..5)
                        .map(|_| {
                            transformed(
                                "func.func @f(%x: i32, %b: !toy.box<i3>) -> i32 {
                                   %0 = toy.add %x, %x : i32, i32
                                   %u = toy.unbox %b : !toy.box<i3>
                                   toy.print %u : i3
                                   return %0 : i32
                                 }",
                                "func.func(toy-mark),canonicalize",
                            )
                        })
                        .next_back()
                        .unwrap()
                })
            })
            .collect();
        workers.into_iter().map(|w| w.join().unwrap()).collect()
    });
    assert!(results.iter().all(|r| *r == results[0]), "{results:?}");
}
