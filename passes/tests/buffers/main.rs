//! Random programs compute the same before and after bufferization and ownership, and free every buffer once.

mod generate;
mod interp;

use generate::{Program, program};
use interp::{Machine, V};
use npir_mlir::prelude::*;

fn registry() -> Registry {
    Registry::new()
        .with_upstream()
        .with(npir_loop::dialect())
        .with(npir_tensor::dialect())
        .with(npir_numpy::dialect())
        .with_passes(npir_passes::passes())
}

/// Values of argument `i`.
fn argument(i: usize) -> Vec<f64> {
    (0..4).map(|k| (100 * (i + 1) + 10 * k) as f64).collect()
}

/// Everything a caller sees: results (updated arguments included), and final argument values.
#[derive(PartialEq, Debug)]
struct Seen {
    results: Vec<Vec<f64>>,
    args: Vec<Vec<f64>>,
}

/// The scalar arguments: two conditions and a trip count.
fn controls(variant: usize) -> [V; 3] {
    [
        V::Int((variant & 1) as i64),
        V::Int((variant >> 1 & 1) as i64),
        V::Int((variant % 3) as i64),
    ]
}

fn on_tensors(module: Op<'_>, p: &Program, variant: usize) -> Result<Seen, String> {
    let mut machine = Machine::new(module, false);
    let mut args: Vec<V> = (0..p.args).map(|i| V::Tensor(argument(i))).collect();
    args.extend(controls(variant));
    let results = machine.call("main", args)?;
    let results: Vec<_> = results
        .iter()
        .map(|v| machine.elements(v))
        .collect::<Result<_, _>>()?;
    let args = (0..p.args).map(|i| match p.updates.iter().find(|(arg, _)| *arg == i) {
        Some((_, r)) => results[*r].clone(),
        None => argument(i),
    });
    Ok(Seen {
        args: args.collect(),
        results,
    })
}

fn on_buffers(module: Op<'_>, p: &Program, variant: usize) -> Result<Seen, String> {
    let mut machine = Machine::new(module, true);
    let memory: Vec<V> = (0..p.args)
        .map(|i| machine.borrowed(&argument(i), [1, 2, -1][(i + variant) % 3]))
        .collect();
    let args = memory.iter().cloned().chain(controls(variant)).collect();
    let returned = machine.call("main", args)?;
    let mut returned_values = Vec::new();
    for value in &returned {
        returned_values.push(machine.elements(value)?);
    }
    let args: Vec<_> = memory
        .iter()
        .map(|v| machine.elements(v))
        .collect::<Result<_, _>>()?;
    // Results do not share memory that they own.
    for (i, value) in returned.iter().enumerate() {
        if machine.overwrite(value, -1.0)? {
            for (j, other) in returned.iter().enumerate().filter(|(j, _)| *j != i) {
                if machine.elements(other)?.contains(&-1.0) {
                    return Err(format!("results {i} and {j} share memory"));
                }
            }
            machine.overwrite(value, -2.0)?;
        }
    }
    for value in &returned {
        machine.release(value)?;
    }
    if machine.live() > 0 {
        return Err(format!("{} buffers are never freed", machine.live()));
    }
    let mut rest = returned_values.into_iter();
    let results = (0..p.results).map(
        |r| match p.updates.iter().find(|(_, result)| *result == r) {
            Some((arg, _)) => args[*arg].clone(),
            None => rest.next().unwrap_or_default(),
        },
    );
    Ok(Seen {
        results: results.collect(),
        args: args.clone(),
    })
}

fn module_op<'c>(module: &'c Module<'c>) -> Op<'c> {
    // SAFETY: the module outlives the handle.
    unsafe { Op::from_raw(module.as_operation().to_raw()) }
}

fn check(ctx: &Context, seed: u64, pipeline: &str) -> Result<(), String> {
    let p = program(seed);
    let parse = || Module::parse(ctx, &p.text).ok_or("does not parse");
    let before = parse()?;
    let mut after = parse()?;
    run_pipeline(&mut after, pipeline, Verification::Each)?;
    let (before, after) = (module_op(&before), module_op(&after));
    for variant in 0..6 {
        let expected = on_tensors(before, &p, variant)?;
        let found = on_buffers(after, &p, variant)
            .map_err(|why| format!("variant {variant}: {why}\n{}", after.to_text()))?;
        if expected != found {
            return Err(format!(
                "variant {variant}: {expected:?} became {found:?}\n{}",
                after.to_text()
            ));
        }
    }
    Ok(())
}

#[test]
fn random_programs() {
    let registry = registry();
    let ctx = registry.context();
    let seeds = std::env::var("NPIR_TEST_LONG").map_or(400, |_| 20_000);
    for seed in 0..seeds {
        for pipeline in [
            "npir-bufferize,func.func(loop-ownership)",
            "npir-bufferize,canonicalize,cse,func.func(loop-ownership),canonicalize,cse",
        ] {
            let (result, diagnostics) = collect_diagnostics(&ctx, || check(&ctx, seed, pipeline));
            if let Err(why) = result {
                panic!(
                    "seed {seed}, {pipeline}: {why}\n{diagnostics:?}\n{}",
                    program(seed).text
                );
            }
        }
    }
}
