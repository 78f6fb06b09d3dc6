//! Undefined behaviour made visible, in the programs of the other tests and in ones that have it on purpose.
//!
//! With `NPIR_SANITIZE` set (`cargo xtask test --sanitize`) every program of this binary is compiled with checks of its
//! memory accesses, for AddressSanitizer's runtime, and with [`PoisonIsGarbage`]: results that LLVM leaves open become
//! numbers that no test expects.

use std::path::PathBuf;
use std::process::Command;

use npir::prelude::{Arg, Array, ArrayView, Compiler, DType, Level, Scalar, StandardRegistry};
use npir_cpu::Checks;
use npir_mlir::prelude::*;

use crate::harness::compile;
use crate::value::{Layout, Value};

/// A compiler with the checks that this run asks for.
pub(crate) fn checked(compiler: Compiler) -> Compiler {
    match std::env::var_os("NPIR_SANITIZE") {
        Some(_) => visible(compiler).checks(Checks::Memory),
        None => compiler,
    }
}

/// A compiler whose programs show poison.
fn visible(compiler: Compiler) -> Compiler {
    compiler.with_pass_at(Level::Device, PoisonIsGarbage::default())
}

/// Give numbers that stand out where LLVM gives poison
///
/// A float that no integer is near enough to, a shift by as many bits as there are, a division by zero: the op gets
/// operands for which it is defined, and its result is replaced. What a program does not use stays unseen, as it may. Flags that
/// promise no overflow or no NaN are errors, but for `index`.
#[pass("poison-is-garbage", on = "builtin.module")]
#[derive(Clone)]
struct PoisonIsGarbage {}

impl Pass for PoisonIsGarbage {
    fn run(&mut self, module: Op<'_>, _: &PassCx<'_>) -> PassResult {
        let mut ops = Vec::new();
        module.walk_ops(&mut |op| {
            ops.push(op);
            Walk::Advance
        });
        for op in ops {
            check_flags(op)?;
            match op.name() {
                "arith.fptosi" | "arith.fptoui" => {
                    rewrite_at(op, |rw| replace(rw, op, fits(rw, op), None));
                }
                "arith.shli" | "arith.shrsi" | "arith.shrui" => {
                    rewrite_at(op, |rw| {
                        let bits = op.operand(1).ty().element().bit_width();
                        let bits = number(rw, op.operand(1).ty(), bits as i64);
                        replace(rw, op, rw.cmpi(CmpI::Ult, op.operand(1), bits), None);
                    });
                }
                "arith.divsi" | "arith.remsi" | "arith.divui" | "arith.remui"
                    if !op.operand(0).ty().element().is_index() =>
                {
                    rewrite_at(op, |rw| replace(rw, op, divides(rw, op), Some(1)));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Promises that the numbers of a program may break.
fn check_flags(op: Op<'_>) -> Result<(), String> {
    let has = |name: &str, words: &[&str]| {
        let text = op.attr(name).map(|a| a.to_string()).unwrap_or_default();
        words.iter().any(|word| text.contains(word))
    };
    let on_numbers = op.num_results() == 1 && !op.result_value(0).ty().element().is_index();
    if on_numbers && has("overflowFlags", &["nsw", "nuw"]) {
        return Err(format!("{op} promises that nothing overflows"));
    }
    match has("fastmath", &["nnan", "ninf", "<fast>"]) {
        true => Err(format!("{op} promises finite numbers")),
        false => Ok(()),
    }
}

/// A number, in every lane of a vector.
fn number<'c>(rw: Rewriter<'c>, ty: Type<'c>, n: i64) -> Val<'c> {
    spread(rw, ty, rw.const_int(ty.element(), n))
}

fn spread<'c>(rw: Rewriter<'c>, ty: Type<'c>, lane: Val<'c>) -> Val<'c> {
    match ty.element() == ty {
        true => lane,
        false => rw.vector_broadcast(lane, ty),
    }
}

/// Whether a float, without its fraction, is in the range of the result.
fn fits<'c>(rw: Rewriter<'c>, op: Op<'c>) -> Val<'c> {
    let (x, to) = (op.operand(0), op.result_value(0).ty().element());
    let bits = to.bit_width() as i32;
    let (low, high) = match op.name() {
        "arith.fptosi" => (-(2f64.powi(bits - 1)), 2f64.powi(bits - 1)),
        _ => (0.0, 2f64.powi(bits)),
    };
    let float = |n: f64| spread(rw, x.ty(), rw.const_float(x.ty().element(), n));
    // The number below the lowest one is a float itself, or else nothing lies between them.
    let digits = match x.ty().element().bit_width() {
        16 if x.ty().element().is_bf16() => 8,
        16 => 11,
        32 => 24,
        _ => 53,
    };
    let above = match bits <= digits {
        true => rw.cmpf(CmpF::Ogt, x, float(low - 1.0)),
        false => rw.cmpf(CmpF::Oge, x, float(low)),
    };
    rw.andi(above, rw.cmpf(CmpF::Olt, x, float(high)))
}

/// Whether a division is defined.
fn divides<'c>(rw: Rewriter<'c>, op: Op<'c>) -> Val<'c> {
    let (a, b) = (op.operand(0), op.operand(1));
    let some = rw.cmpi(CmpI::Ne, b, number(rw, b.ty(), 0));
    if op.name().ends_with("ui") {
        return some;
    }
    let lowest = number(
        rw,
        a.ty(),
        1i64.wrapping_shl(a.ty().element().bit_width() as u32 - 1),
    );
    let in_range = rw.ori(
        rw.cmpi(CmpI::Ne, a, lowest),
        rw.cmpi(CmpI::Ne, b, number(rw, b.ty(), -1)),
    );
    rw.andi(some, in_range)
}

/// What stands where LLVM has poison.
const GARBAGE: i64 = 0x5a5a_5a5a_5a5a_5a5a;

/// Replaces the result where it is not defined; with `operand` also the second operand, by that.
fn replace<'c>(rw: Rewriter<'c>, op: Op<'c>, defined: Val<'c>, operand: Option<i64>) {
    let other = operand.map(|n| {
        let b = op.operand(1);
        rw.select(defined, b, number(rw, b.ty(), n))
    });
    let same = rw.clone_op(op);
    if let Some(other) = other {
        same.set_operand(1, other);
    }
    let result = same.result_value(0);
    let bits = result.ty().element().bit_width();
    let garbage = GARBAGE >> (64 - bits);
    let shown = rw.select(defined, result, number(rw, result.ty(), garbage));
    rw.replace(op, &[shown]);
}

fn shown(source: &str, inputs: &[&Value]) -> Vec<Value> {
    let exe = visible(Compiler::new(Registry::standard()))
        .compile_source(source, "test.mlir")
        .unwrap_or_else(|e| panic!("{e}\n{source}"));
    let placed: Vec<_> = inputs.iter().map(|v| v.place(Layout::C)).collect();
    let mut args: Vec<Arg<'_>> = placed.iter().map(|p| p.view().into()).collect();
    let results = exe.run("f", &mut args).unwrap_or_else(|e| panic!("{e}"));
    results.iter().map(Value::of).collect()
}

/// A program that maps each element with an op of `arith`.
fn map(from: &str, to: &str, body: &str) -> String {
    format!(
        "func.func @f(%x: tensor<?x{from}>) -> tensor<?x{to}> {{
           %c0 = arith.constant 0 : index
           %n = tensor.dim %x, %c0 : tensor<?x{from}>
           %e = tensor.empty(%n) : tensor<?x{to}>
           %0 = linalg.generic {{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
             iterator_types = [\"parallel\"]}} ins(%x : tensor<?x{from}>) outs(%e : tensor<?x{to}>) {{
           ^bb0(%a: {from}, %b: {to}):
             {body}
             linalg.yield %r : {to}
           }} -> tensor<?x{to}>
           return %0 : tensor<?x{to}>
         }}"
    )
}

#[test]
fn poison_is_seen() {
    let _session = crate::harness::Session::start();
    let cast = map("f64", "i32", "%r = arith.fptosi %a : f64 to i32");
    let x = Value::vector(&[1.5, 1e30, -2147483648.9, f64::NAN, 2147483648.0, -7.0]);
    let garbage = 0x5a5a_5a5a;
    let expected = Value::vector(&[1, garbage, i32::MIN, garbage, garbage, -7]);
    assert_eq!(shown(&cast, &[&x]), [expected]);

    let shift = map(
        "i32",
        "i32",
        "%c = arith.constant 1 : i32\n %r = arith.shli %c, %a : i32",
    );
    let x = Value::vector(&[0, 31, 32, -1, 5]);
    let expected = Value::vector(&[1, i32::MIN, garbage, garbage, 32]);
    assert_eq!(shown(&shift, &[&x]), [expected]);

    let division = map(
        "i32",
        "i32",
        "%c = arith.constant -2147483648 : i32\n %r = arith.divsi %c, %a : i32",
    );
    let x = Value::vector(&[1, 0, -1, 2]);
    let expected = Value::vector(&[i32::MIN, garbage, garbage, i32::MIN / 2]);
    assert_eq!(shown(&division, &[&x]), [expected]);
}

#[test]
fn promises_about_numbers_are_refused() {
    for body in [
        "%r = arith.addi %a, %a overflow<nsw> : i32",
        "%f = arith.sitofp %a : i32 to f32\n %g = arith.addf %f, %f fastmath<nnan> : f32\n %r = arith.bitcast %g : f32 to i32",
    ] {
        let source = map("i32", "i32", body);
        let error =
            visible(Compiler::new(Registry::standard())).compile_source(source, "test.mlir");
        let text = error.err().map(|e| e.to_string()).unwrap_or_default();
        assert!(text.contains("promises"), "{body}: {text}");
    }
}

/// AddressSanitizer's runtime, if the C compiler of this machine has it.
fn runtime() -> Option<PathBuf> {
    let answer = Command::new("cc")
        .arg("-print-file-name=libasan.so")
        .output()
        .ok()?;
    let path = PathBuf::from(String::from_utf8(answer.stdout).ok()?.trim());
    path.is_absolute().then(|| path.canonicalize().ok())?
}

/// Runs tests of this binary that are ignored otherwise, with the sanitizer; gives what they print on standard error.
fn sanitized(test: &str, runtime: &PathBuf) -> String {
    let this = std::env::current_exe().unwrap_or_else(|e| panic!("{e}"));
    let output = Command::new(this)
        .args([
            "--exact",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
            test,
        ])
        .env("LD_PRELOAD", runtime)
        .env("ASAN_OPTIONS", "detect_leaks=0")
        .env("NPIR_SANITIZE", "1")
        .output()
        .unwrap_or_else(|e| panic!("{e}"));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.success() {
        true => String::new(),
        false => text,
    }
}

#[test]
fn accesses_out_of_bounds_are_reported() {
    let Some(runtime) = runtime() else {
        println!("the C compiler has no AddressSanitizer");
        return;
    };
    for test in [
        "read_behind_an_array",
        "write_behind_a_result",
        "read_of_a_released_array",
    ] {
        let report = sanitized(&format!("sanitizer::{test}"), &runtime);
        assert!(
            report.contains("ERROR: AddressSanitizer"),
            "{test}: {report}"
        );
    }
    let report = sanitized("sanitizer::accesses_in_bounds", &runtime);
    assert_eq!(report, "");
}

/// Element `at` of an array of four, which nothing checks.
fn element(at: i64) -> Vec<Value> {
    let exe = compile(
        "func.func @f(%x: tensor<?xf64>, %i: index) -> tensor<f64> {
           %0 = tensor.extract %x[%i] : tensor<?xf64>
           %1 = tensor.from_elements %0 : tensor<f64>
           return %1 : tensor<f64>
         }",
    );
    let x = Value::vector(&[1.0, 2.0, 3.0, 4.0]).place(Layout::C);
    let mut args = [Arg::from(x.view()), Scalar::new(at).into()];
    let results = exe.run("f", &mut args).unwrap_or_else(|e| panic!("{e}"));
    results.iter().map(Value::of).collect()
}

/// Writes element `at` of a new array of five.
fn written(at: i64) {
    let exe = compile(
        "func.func @f(%x: tensor<5xf32>, %i: index) -> tensor<5xf32> {
           %c = arith.constant 1.0 : f32
           %0 = numpy.add %x, %x : tensor<5xf32>, tensor<5xf32> -> tensor<5xf32>
           %1 = tensor.insert %c into %0[%i] : tensor<5xf32>
           return %1 : tensor<5xf32>
         }",
    );
    let x = Value::vector(&[1f32; 5]).place(Layout::C);
    let mut args = [Arg::from(x.view()), Scalar::new(at).into()];
    exe.run("f", &mut args).unwrap_or_else(|e| panic!("{e}"));
}

#[test]
#[ignore = "run by accesses_out_of_bounds_are_reported"]
fn accesses_in_bounds() {
    assert_eq!(element(3), [Value::scalar(4.0)]);
    written(4);
}

#[test]
#[ignore = "run by accesses_out_of_bounds_are_reported"]
fn read_behind_an_array() {
    element(4);
}

#[test]
#[ignore = "run by accesses_out_of_bounds_are_reported"]
fn write_behind_a_result() {
    written(5);
}

#[test]
#[ignore = "run by accesses_out_of_bounds_are_reported"]
fn read_of_a_released_array() {
    let x = Array::from_slice(&[1.0; 4], &[4]).unwrap_or_else(|e| panic!("{e}"));
    let address = x.as_ptr();
    drop(x);
    let exe = compile(
        "func.func @f(%x: tensor<4xf64>) -> tensor<f64> {
           %0 = numpy.sum %x : tensor<4xf64> -> tensor<f64>
           return %0 : tensor<f64>
         }",
    );
    // SAFETY: none: the memory is no array any more, and the read is reported.
    let view = unsafe { ArrayView::from_raw(address, DType::F64, &[4], &[8]) };
    let _ = exe.run("f", &mut [view.into()]);
}
