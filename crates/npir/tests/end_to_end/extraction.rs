//! The exact extraction of the optimizer: it finds the least of all plans by the costs of the numpy dialect, and what it
//! chooses computes the same.

use std::fmt::Write as _;

use npir::egraph::{End, ExactLimits, Fidelity};
use npir::mlir::melior::ir::operation::OperationRef;
use npir::passes::optimize::ablation::{Compared, compare};
use npir::prelude::*;
use npir_testing::{Tolerance, compare as compare_arrays};

use crate::harness::{Session, call, compiler};
use crate::samples::Random;
use crate::value::Value;

/// Plans of a block up to which all are looked at.
const EVERY: usize = 20_000;

/// A program of a few operations on matrices and vectors, which rules apply to. Sizes are such that kernels are limited
/// by memory, by computing, or by neither.
fn random_program(seed: u64) -> String {
    let mut random = Random(seed);
    let n = [8, 60, 700][random.below(3)];
    let (matrix, vector) = (format!("tensor<{n}x{n}xf64>"), format!("tensor<{n}xf64>"));
    let mut text =
        format!("func.func @f(%a: {matrix}, %b: {matrix}, %u: {vector}) -> (RESULTS) {{\n");
    let mut matrices = vec!["%a".to_owned(), "%b".to_owned()];
    let mut vectors = vec!["%u".to_owned()];
    for i in 0..2 + random.below(5) {
        let mut recent = |values: &[String]| values[random.below(values.len())].clone();
        let (x, y, u) = (recent(&matrices), recent(&matrices), recent(&vectors));
        let (op, is_matrix) = match random.below(9) {
            0 => (
                format!("multiply {x}, {x} : {matrix}, {matrix} -> {matrix}"),
                true,
            ),
            1 => (
                format!("add {x}, {y} : {matrix}, {matrix} -> {matrix}"),
                true,
            ),
            2 => (format!("negative {x} : {matrix} -> {matrix}"), true),
            3 => (format!("transpose {x} : {matrix} -> {matrix}"), true),
            4 => (
                format!("matmul {x}, {y} : {matrix}, {matrix} -> {matrix}"),
                true,
            ),
            5 => (
                format!("matmul {x}, {u} : {matrix}, {vector} -> {vector}"),
                false,
            ),
            6 => (format!("sum {x} axes [1] : {matrix} -> {vector}"), false),
            7 => (format!("slice {x}[3] : {matrix} -> {vector}"), false),
            _ => (format!("exp {x} : {matrix} -> {matrix}"), true),
        };
        let _ = writeln!(text, "  %v{i} = numpy.{op}");
        let values = if is_matrix {
            &mut matrices
        } else {
            &mut vectors
        };
        values.push(format!("%v{i}"));
    }
    let (x, u) = (&matrices[matrices.len() - 1], &vectors[vectors.len() - 1]);
    let _ = writeln!(text, "  return {x}, {u} : {matrix}, {vector}\n}}");
    text.replace("RESULTS", &format!("{matrix}, {vector}"))
}

fn compared(source: &str, every: usize) -> Vec<Compared> {
    let compiler = compiler();
    let context = compiler.context();
    let module = compiler
        .parse(&context, source.as_bytes(), "test.mlir")
        .unwrap();
    // SAFETY: the module is alive during the call.
    let root = unsafe { OperationRef::from_raw(module.as_operation().to_raw()) };
    let limits = ExactLimits::default();
    compare(root, Fidelity::Relaxed, limits, every).unwrap_or_else(|e| panic!("{e}\n{source}"))
}

#[test]
fn the_exact_search_finds_the_least_of_all_plans() {
    let (mut all, mut beaten, mut again) = (0, 0, 0);
    for seed in 0..600 {
        let source = random_program(seed);
        for block in compared(&source, EVERY) {
            assert_eq!(block.proof.end, End::Proven, "{:?}\n{source}", block.proof);
            assert!(block.exact.time <= block.joint.time, "{source}");
            // The program says what plans cost, but for what kernels read across: that is found out by judging plans.
            again += usize::from(block.proof.rounds > 1);
            let Some(least) = block.least else { continue };
            let apart = (block.exact.time - least).abs();
            assert!(
                apart <= 2e-5 * least,
                "{} is not {least}\n{source}",
                block.exact.time
            );
            all += 1;
            beaten += usize::from(block.joint.time > 1.0001 * least);
        }
    }
    println!(
        "{all} programs with all plans, the joint search missed the best in {beaten}; {again} solved twice"
    );
    assert!(all >= 200);
    assert!(again <= all / 20, "{again} solved twice");
}

#[test]
fn programs_of_the_exact_extraction_compute_the_same() {
    let mut random = Random(5);
    for seed in 0..24 {
        let source = random_program(3 * seed).replace("700", "12");
        let size = if source.contains("8x8") {
            8
        } else if source.contains("60x60") {
            60
        } else {
            12
        };
        let mut values = |count: usize| -> Vec<f64> {
            (0..count).map(|_| random.below(9) as f64 - 4.0).collect()
        };
        let inputs = [
            Value::vector(&values(size * size)).reshaped(&[size, size]),
            Value::vector(&values(size * size)).reshaped(&[size, size]),
            Value::vector(&values(size)),
        ];
        let inputs: Vec<_> = inputs.iter().collect();
        let run = |extraction| {
            let compiler = compiler().extraction(extraction);
            let exe = compiler.compile_source(&source, "test.mlir").unwrap();
            let _session = Session::start();
            call(&exe, "f", &inputs).unwrap()
        };
        let (joint, exact) = (run(Extraction::Joint), run(Extraction::Exact));
        for (joint, exact) in joint.iter().zip(&exact) {
            let (joint, exact) = (joint.to_array(), exact.to_array());
            compare_arrays(&exact, &joint, Tolerance::Largest(64))
                .unwrap_or_else(|e| panic!("{e}\n{source}"));
        }
    }
}

#[test]
fn limits_are_remarks_with_the_gap() {
    let source = "func.func @f(%x: tensor<700xf64>) -> tensor<700xf64> {
        %y = numpy.multiply %x, %x : tensor<700xf64>, tensor<700xf64> -> tensor<700xf64>
        return %y : tensor<700xf64>
    }";
    let compiler = compiler();
    let context = compiler.context();
    let mut module = compiler
        .parse(&context, source.as_bytes(), "test.mlir")
        .unwrap();
    let remarks = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let into = std::sync::Arc::clone(&remarks);
    let compiler = compiler.on_remark(move |d| into.lock().unwrap().push(d.message.clone()));
    let passes = "func.func(npir-optimize{mode=relaxed extract=exact variables=5})";
    compiler.run_passes(&context, &mut module, passes).unwrap();
    let remarks = remarks.lock().unwrap();
    let expected = "the exact search stopped early: the limit of variables was reached; the best plan may be cheaper by 100.0 %";
    assert!(
        remarks.iter().any(|remark| remark == expected),
        "{remarks:?}"
    );
}

/// Whoever interrupts does so to all searches of the process: this one has a process of its own.
#[test]
fn interrupted_searches_give_the_best_plan_so_far() {
    let this = std::env::current_exe().unwrap_or_else(|e| panic!("{e}"));
    let test = "extraction::an_interrupted_search_is_a_remark_with_the_gap";
    let output = std::process::Command::new(this)
        .args(["--exact", "--ignored", test])
        .output()
        .unwrap_or_else(|e| panic!("{e}"));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

#[test]
#[ignore = "run by interrupted_searches_give_the_best_plan_so_far"]
fn an_interrupted_search_is_a_remark_with_the_gap() {
    let source = "func.func @f(%x: tensor<700xf64>) -> (tensor<700xf64>, tensor<1xindex>) {
        %y = numpy.multiply %x, %x : tensor<700xf64>, tensor<700xf64> -> tensor<700xf64>
        %s = shape.shape_of %y : tensor<700xf64> -> tensor<1xindex>
        return %y, %s : tensor<700xf64>, tensor<1xindex>
    }";
    let compiler = compiler();
    let context = compiler.context();
    let remarks = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let into = std::sync::Arc::clone(&remarks);
    let compiler = compiler.on_remark(move |d| into.lock().unwrap().push(d.message.clone()));
    let passes = "func.func(npir-optimize{mode=relaxed extract=exact})";
    let expected = "the exact search stopped early: it was interrupted; the best plan may be cheaper by 100.0 %";
    let is_said = || remarks.lock().unwrap().iter().any(|said| said == expected);
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|threads| {
        // Somebody without patience, who may be late for a search as short as this.
        threads.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                npir::passes::optimize::interrupt();
                std::hint::spin_loop();
            }
        });
        for _ in 0..300 {
            let mut module = compiler
                .parse(&context, source.as_bytes(), "test.mlir")
                .unwrap();
            compiler.run_passes(&context, &mut module, passes).unwrap();
            if is_said() {
                break;
            }
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert!(is_said(), "{:?}", remarks.lock().unwrap());
}
