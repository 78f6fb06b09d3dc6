//! Random whole programs against NumPy: each is printed, parsed, verified at every level, compiled and
//! run on special values in several memory layouts.
//!
//! `NPIR_RANDOM_PROGRAMS` says how many, `NPIR_RANDOM_SEED` which. A program that fails is made
//! smaller, and then shown in both languages.

use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use npir::mlir::melior::Context;
use npir::mlir::melior::ir::Module;
use npir::mlir::melior::ir::operation::{OperationLike, OperationRef};
use npir::mlir::pass::PassDecl as _;
use npir::mlir::source::to_bytecode;
use npir::passes::optimize::Optimize;
use npir::prelude::*;
use npir_testing::programs::{Agreement, Fill, Genes, Input, Program, genes};
use npir_testing::{Tolerance, compare, compare_within, long_tests, oracle};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use crate::harness::{Session, compiler, trace};
use crate::samples::{Random, any_bits, is_unsigned, moderate, numbers, picked, special};
use crate::value::{Layout, Placed, Value};

fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// The elements of an input.
fn fill(input: &Input) -> Value {
    let mut random = Random(input.seed);
    let count = input.shape.iter().product();
    let value = match input.fill {
        Fill::Small => {
            let low = if is_unsigned(input.dtype) { 0 } else { -4 };
            let list: Vec<_> = (0..count).map(|_| random.below(9) as i64 + low).collect();
            numbers(input.dtype, &list)
        }
        Fill::Moderate => moderate(input.dtype, count, &mut random),
        Fill::Any => any_bits(input.dtype, count, &mut random),
        Fill::Special => {
            let all = special(input.dtype);
            picked(&all, (0..count).map(|_| random.below(all.len())))
        }
    };
    value.reshaped(&input.shape)
}

/// The layout of an input in the first or a later run.
fn layout(input: &Input, run: usize) -> Layout {
    match run {
        0 => Layout::C,
        _ => Layout::ALL[(input.seed as usize / 7 + run) % Layout::ALL.len()],
    }
}

/// Text and bytecode of a module are the same module.
fn round_trips(
    compiler: &Compiler,
    context: &Context,
    module: &Module<'_>,
    bytecode: bool,
) -> Result<(), String> {
    let text = module.as_operation().to_string();
    let again = compiler
        .parse(context, text.as_bytes(), "printed.mlir")
        .map_err(|e| format!("what is printed is not parsed: {e}\n{text}"))?;
    if again.as_operation().to_string() != text {
        return Err(format!(
            "text changes when it is parsed and printed:\n{text}\n{}",
            again.as_operation()
        ));
    }
    if bytecode {
        // SAFETY: the module is alive during the call.
        let op = unsafe { OperationRef::from_raw(module.as_operation().to_raw()) };
        let bytes = to_bytecode(op);
        let again = compiler
            .parse(context, &bytes, "bytecode")
            .map_err(|e| format!("bytecode is not read: {e}"))?;
        if again.as_operation().to_string() != text {
            return Err(format!(
                "bytecode changes the program:\n{text}\n{}",
                again.as_operation()
            ));
        }
    }
    Ok(())
}

/// Compiles level by level; every level verifies and round-trips. Some programs pass all stages at each level: a
/// program may be given at any level, and those above have nothing to do. The optimizer is off or in one of the modes
/// that keep NumPy's results, and in half of the programs takes whatever its rules make.
fn build(program: &Program) -> Result<Executable, String> {
    let size = program.mlir.len();
    let optimizer = Optimizer::ALL[size % 3];
    let compiler = compiler().optimizer(optimizer);
    let context = compiler.context();
    let mut module = compiler
        .parse(&context, program.mlir.as_bytes(), "random.mlir")
        .map_err(|e| format!("it is not parsed: {e}"))?;
    round_trips(&compiler, &context, &module, true)?;
    if let Optimizer::UpTo(fidelity) = optimizer
        && (size / 3).is_multiple_of(2)
    {
        let pass = Optimize::preferring(fidelity).pipeline_text();
        compiler
            .run_passes(&context, &mut module, &pass)
            .map_err(|e| format!("it is not optimized: {e}"))?;
        round_trips(&compiler, &context, &module, false).map_err(|e| format!("optimized: {e}"))?;
    }
    let from_any_level = size.is_multiple_of(8);
    for level in Level::ALL {
        let lowered = if from_any_level {
            compiler.lower(&context, &mut module, level)
        } else {
            let passes = compiler.stage(level).map_err(|e| e.to_string())?;
            compiler.run_passes(&context, &mut module, &passes)
        };
        lowered.map_err(|e| format!("no way to {level:?}: {e}"))?;
        if !module.as_operation().verify() {
            return Err(format!("invalid at {level:?}"));
        }
        round_trips(&compiler, &context, &module, false)
            .map_err(|e| format!("at {level:?}: {e}"))?;
    }
    compiler.compile(&module).map_err(|e| e.to_string())
}

/// What NumPy computes: the results, and the bounds of the inexact ones.
fn ask_numpy(program: &Program, values: &[Value]) -> Result<(Vec<Array>, Vec<Array>), String> {
    let arrays: Vec<_> = values.iter().map(Value::to_array).collect();
    let inputs: Vec<_> = program
        .inputs
        .iter()
        .zip(&arrays)
        .map(|(input, array)| (input.name.as_str(), array))
        .collect();
    let mut names: Vec<&str> = program.outputs.iter().map(|o| o.name.as_str()).collect();
    for output in &program.outputs {
        if let Agreement::Within(bound) = &output.agreement {
            names.push(bound);
        }
    }
    let mut results = oracle()
        .run(&program.python, &inputs, &names)
        .map_err(|e| format!("NumPy: {e}"))?;
    let bounds = results.split_off(program.outputs.len());
    Ok((results, bounds))
}

/// Runs the program in one layout of its inputs: its results, of which some are updated inputs.
fn run(
    program: &Program,
    exe: &Executable,
    values: &[Value],
    at: usize,
) -> Result<Vec<Array>, String> {
    let mut placed: Vec<Placed> = program
        .inputs
        .iter()
        .zip(values)
        .map(|(input, value)| value.place(layout(input, at)))
        .collect();
    let mut args: Vec<Arg<'_>> = program
        .inputs
        .iter()
        .zip(&mut placed)
        .map(|(input, placed)| match input.updates {
            Some(_) => Arg::ViewMut(placed.view_mut()),
            None => Arg::View(placed.view()),
        })
        .collect();
    let returned = exe
        .run("f", &mut args)
        .map_err(|e| format!("it raises {e}"))?;
    drop(args);
    let mut returned = returned.into_iter();
    let mut results = Vec::new();
    for i in 0..program.outputs.len() {
        let mut inputs = program.inputs.iter();
        results.push(match inputs.position(|input| input.updates == Some(i)) {
            Some(argument) => placed[argument].value().to_array(),
            None => returned.next().ok_or("a result is missing")?,
        });
    }
    for ((input, placed), value) in program.inputs.iter().zip(&placed).zip(values) {
        if !placed.surroundings_untouched() {
            return Err(format!("memory around {} was written to", input.name));
        }
        if input.updates.is_none() && placed.value() != *value {
            return Err(format!("input {} was written to", input.name));
        }
    }
    Ok(results)
}

/// Compares results as closely as the program says, with the bounds of the inexact ones.
fn compare_all(
    program: &Program,
    ours: &[Array],
    theirs: &[Array],
    bounds: &[Array],
) -> Result<(), String> {
    let mut bounds = bounds.iter();
    for (i, output) in program.outputs.iter().enumerate() {
        let outcome = match &output.agreement {
            Agreement::Bits => compare(&ours[i], &theirs[i], Tolerance::Bitwise),
            Agreement::Numbers => compare(&ours[i], &theirs[i], Tolerance::Ulps(0)),
            Agreement::Within(_) => {
                let bound = bounds.next().ok_or("a bound is missing")?;
                compare_within(&ours[i], &theirs[i], bound)
            }
        };
        outcome.map_err(|e| format!("result {i}, {}: {e}", output.name))?;
    }
    Ok(())
}

/// What is wrong with a program, if anything.
fn check(program: &Program) -> Result<(), String> {
    trace(|| format!("{}\n{}", program.mlir, program.python));
    let exe = build(program)?;
    let session = Session::start();
    let values: Vec<_> = program.inputs.iter().map(fill).collect();
    let expected = ask_numpy(program, &values)?;
    for at in 0..3 {
        let layouts: Vec<_> = program.inputs.iter().map(|i| layout(i, at)).collect();
        run(program, &exe, &values, at)
            .and_then(|ours| compare_all(program, &ours, &expected.0, &expected.1))
            .map_err(|e| format!("in {layouts:?}: {e}"))?;
    }
    drop(expected);
    nothing_lost(&session)
}

fn nothing_lost(session: &Session) -> Result<(), String> {
    match session.leaked() {
        (0, 0) => Ok(()),
        (bytes, blocks) => Err(format!(
            "{bytes} bytes in {blocks} blocks are not given back"
        )),
    }
}

/// Compiles a program after a pass of the optimizer; nothing where that leaves the program as it is.
fn compile_with(program: &Program, pass: Option<Optimize>) -> Result<Option<Executable>, String> {
    let compiler = compiler().optimizer(Optimizer::Off);
    let context = compiler.context();
    let fail = |e: String| format!("it does not compile: {e}");
    let mut module = compiler
        .parse(&context, program.mlir.as_bytes(), "random.mlir")
        .map_err(|e| fail(e.to_string()))?;
    if let Some(pass) = pass {
        let before = module.as_operation().to_string();
        compiler
            .run_passes(&context, &mut module, &pass.pipeline_text())
            .map_err(|e| fail(e.to_string()))?;
        if module.as_operation().to_string() == before {
            return Ok(None);
        }
    }
    let exe = compiler.compile(&module).map_err(|e| fail(e.to_string()))?;
    Ok(Some(exe))
}

/// Whether a program computes the same with all rules as without: the same bits in the mode `exact`, and what differs
/// from NumPy's within bounds in the mode `numpy`. In half of the programs rules apply whatever it costs.
fn check_rules(program: &Program, fired: &AtomicUsize) -> Result<(), String> {
    trace(|| format!("{}\n{}", program.mlir, program.python));
    let session = Session::start();
    let values: Vec<_> = program.inputs.iter().map(fill).collect();
    let mut plain = None;
    for fidelity in [Fidelity::Exact, Fidelity::Numpy] {
        let pass = match (program.mlir.len() / 3).is_multiple_of(2) {
            true => Optimize::preferring(fidelity),
            false => Optimize::with_fidelity(fidelity),
        };
        let Some(exe) = compile_with(program, Some(pass))? else {
            continue;
        };
        if plain.is_none() {
            let exe = compile_with(program, None)?.ok_or("it is not compiled")?;
            plain = Some(run(program, &exe, &values, 0)?);
        }
        let plain = plain.as_deref().unwrap_or_default();
        let ours = run(program, &exe, &values, 0).map_err(|e| format!("{fidelity}: {e}"))?;
        let outcome = match fidelity {
            Fidelity::Exact => ours
                .iter()
                .zip(plain)
                .try_for_each(|(ours, plain)| compare(ours, plain, Tolerance::Bitwise))
                .map_err(|e| e.to_string()),
            _ => {
                // Each of the two may be as far from NumPy.
                let (_, bounds) = ask_numpy(&with_bounds_twice(program), &values)?;
                compare_all(program, &ours, plain, &bounds)
            }
        };
        outcome.map_err(|e| format!("with rules, {fidelity}: {e}"))?;
    }
    fired.fetch_add(usize::from(plain.is_some()), Ordering::Relaxed);
    drop(plain);
    nothing_lost(&session)
}

/// The program with bounds that are twice as large.
fn with_bounds_twice(program: &Program) -> Program {
    let mut program = program.clone();
    for output in &mut program.outputs {
        if let Agreement::Within(bound) = &mut output.agreement {
            let twice = format!("{bound}_twice");
            let _ = writeln!(program.python, "\n{twice} = 2 * {bound}");
            *bound = twice;
        }
    }
    program
}

fn describe(program: &Program) -> String {
    let mut text = program.mlir.clone();
    for input in &program.inputs {
        let _ = writeln!(
            text,
            "{}: {} {:?} = {}",
            input.name,
            input.dtype,
            input.shape,
            fill(input).to_array()
        );
    }
    text + &program.python
}

/// Runs random programs, chosen by a seed and the number of the thread.
fn campaign(
    count: u32,
    seed: u64,
    stream: u8,
    check: &(dyn Fn(&Program) -> Result<(), String> + Sync),
) -> Result<(), String> {
    let config = Config {
        cases: count,
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    let mut bytes = [stream; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let outcome = runner.run(&genes(3..=25), |genes: Genes| {
        check(&Program::new(&genes)).map_err(TestCaseError::fail)
    });
    outcome.map_err(|e| match e {
        proptest::test_runner::TestError::Fail(reason, genes) => {
            format!("{reason}\n{}", describe(&Program::new(&genes)))
        }
        other => other.to_string(),
    })
}

/// Runs as many random programs as the environment says, on two threads, with different programs for each `stream`.
fn campaigns(
    default: u64,
    stream: u8,
    check: &(dyn Fn(&Program) -> Result<(), String> + Sync),
) -> u64 {
    let count = from_environment("NPIR_RANDOM_PROGRAMS", default);
    let seed = from_environment("NPIR_RANDOM_SEED", 1);
    println!("{count} random programs, NPIR_RANDOM_SEED={seed}");
    let threads = 2u64;
    let failures: Vec<String> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|thread| {
                let share = (count + thread) / threads;
                scope.spawn(move || campaign(share as u32, seed, stream + thread as u8, check))
            })
            .collect();
        handles
            .into_iter()
            .filter_map(|h| match h.join() {
                Ok(outcome) => outcome.err(),
                Err(_) => Some("a thread panicked".into()),
            })
            .collect()
    });
    assert!(
        failures.is_empty(),
        "NPIR_RANDOM_SEED={seed}\n{}",
        failures.join("\n\n")
    );
    count
}

#[test]
fn programs() {
    campaigns(if long_tests() { 50_000 } else { 500 }, 0, &check);
}

#[test]
fn with_rules_and_without() {
    let fired = AtomicUsize::new(0);
    let check = |program: &Program| check_rules(program, &fired);
    let count = campaigns(if long_tests() { 20_000 } else { 500 }, 2, &check);
    let fired = fired.into_inner() as u64;
    println!("rules fired in {fired} of {count} programs");
    assert!(
        count < 100 || fired * 5 > count,
        "rules fire in {fired} of {count} programs"
    );
}
