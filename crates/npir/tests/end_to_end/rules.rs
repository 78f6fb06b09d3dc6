//! Every rule of the optimizer: it fires where it should, not where it nearly should, and what it makes is right.

use std::sync::{Arc, Mutex};

use npir::numpy::optimize::Numpy;
use npir::numpy::rules::{self, Listed, Sample};
use npir::passes::optimize::Optimize;
use npir::prelude::*;
use npir_testing::{Tolerance, compare, compare_within, long_tests, mlir_element, oracle};

use crate::harness::{Session, call, compiler};
use crate::samples::{Random, moderate, picked, special};
use crate::value::Value;

/// Sizes of the dimensions; the rule must fire with the first ones.
const SIZES: [[&str; 3]; 5] = [
    ["5", "3", "4"],
    ["0", "3", "2"],
    ["1", "1", "1"],
    ["3", "2", "1"],
    ["2", "9", "17"],
];

/// Whether sizes are in the types.
#[derive(Clone, Copy, PartialEq)]
enum Dims {
    Static,
    Dynamic,
}

fn dtype(name: &str) -> DType {
    let all = [
        DType::Bool,
        DType::I8,
        DType::I16,
        DType::I32,
        DType::I64,
        DType::U8,
        DType::U16,
        DType::U32,
        DType::U64,
        DType::F16,
        DType::F32,
        DType::F64,
        DType::C64,
        DType::C128,
    ];
    all.into_iter()
        .find(|dtype| mlir_element(*dtype) == name)
        .unwrap_or_else(|| panic!("no element type {name}"))
}

/// Compiles a program with one rule, and says whether the rule was applied, and whether the plan has it.
fn compile_with(rule: &str, source: &str) -> Result<(Executable, bool, bool), String> {
    let remarks = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&remarks);
    let compiler = compiler()
        .optimizer(Optimizer::Off)
        .with_pass(Optimize::with_rule(rule))
        .on_remark(move |d| into.lock().unwrap().push(d.message.clone()));
    let exe = compiler
        .compile_source(source, "rule.mlir")
        .map_err(|e| e.to_string())?;
    let remarks = remarks.lock().unwrap();
    let named = format!("{rule} (");
    let applied = remarks.iter().any(|words| words.contains(&named));
    let used = remarks.iter().any(|words| words.starts_with(&named));
    Ok((exe, applied, used))
}

fn inputs(
    sample: &Sample,
    ty: &str,
    sizes: [&str; 3],
    fidelity: Fidelity,
) -> Vec<(&'static str, Value)> {
    let mut random = Random(7);
    let mut value = |name: &'static str, shape: Vec<usize>, element: String| {
        let (dtype, count) = (dtype(&element), shape.iter().product());
        let value = match fidelity {
            Fidelity::Exact => {
                let all = special(dtype);
                picked(&all, (0..count).map(|_| random.below(all.len())))
            }
            // Rules of real numbers are not for infinities.
            _ => moderate(dtype, count, &mut random),
        };
        (name, value.reshaped(&shape))
    };
    let all = sample.inputs(ty, sizes).into_iter();
    all.map(|(name, shape, element)| value(name, shape, element))
        .collect()
}

/// Takes a sample through one set of types and sizes.
fn check(
    listed: &Listed<'_>,
    sample: &Sample,
    ty: &str,
    sizes: [&str; 3],
    dims: Dims,
) -> Result<(bool, bool), String> {
    let name = listed.rule.name();
    let in_types = match dims {
        Dims::Static => sizes,
        Dims::Dynamic => ["?"; 3],
    };
    let source = sample.source(ty, in_types);
    let fail = |e: String| format!("{e}\n{source}");
    let (with, applied, used) = compile_with(name, &source).map_err(fail)?;
    let plain = match listed.fidelity {
        Fidelity::Exact => Some(
            compiler()
                .optimizer(Optimizer::Off)
                .compile_source(&source, "rule.mlir")
                .map_err(|e| fail(e.to_string()))?,
        ),
        _ => None,
    };
    let session = Session::start();
    let values = inputs(sample, ty, sizes, listed.fidelity);
    let refs: Vec<_> = values.iter().map(|(_, value)| value).collect();
    let run = |exe: &Executable| {
        let result = call(exe, "f", &refs).map_err(|e| fail(format!("it raises {e}")))?;
        Ok::<_, String>(result[0].to_array())
    };
    let ours = run(&with)?;
    let unchanged = plain.as_ref().map(run).transpose()?;
    let arrays: Vec<_> = values
        .iter()
        .map(|(name, value)| (*name, value.to_array()))
        .collect();
    let named: Vec<_> = arrays.iter().map(|(name, array)| (*name, array)).collect();
    let expression = sample.expression(sizes);
    let theirs = oracle()
        .eval(&expression, &named)
        .map_err(|e| fail(format!("NumPy: {e}")))?;
    let agreed = match &unchanged {
        Some(unchanged) => compare(&ours, unchanged, Tolerance::Bitwise)
            .map_err(|e| format!("not the same bits as without the rule: {e}"))
            .and_then(|()| {
                compare(&ours, &theirs, Tolerance::Ulps(8)).map_err(|e| format!("not NumPy's: {e}"))
            }),
        None => {
            let bound = format!(
                "(lambda r: np.full(np.shape(r), (1e-12 if r.dtype.itemsize >= 8 else 1e-4) * \
                 (1 + np.max(np.abs(r), initial=0.0)) * (r.dtype.kind in 'fc')))(np.asarray({expression}))"
            );
            let bound = oracle()
                .eval(&bound, &named)
                .map_err(|e| fail(format!("NumPy: {e}")))?;
            compare_within(&ours, &theirs, &bound).map_err(|e| format!("not NumPy's: {e}"))
        }
    };
    drop((ours, unchanged, theirs, arrays));
    drop(session);
    agreed.map_err(fail)?;
    Ok((applied, used))
}

/// Takes a rule through everything.
fn failures_of(listed: &Listed<'_>) -> Vec<String> {
    let name = listed.rule.name();
    let mut failures = Vec::new();
    for (sample, fires) in [(listed.fires, true), (listed.near_miss, false)] {
        let has_sizes = ["{n}", "{m}"]
            .iter()
            .any(|size| sample.arguments.contains(size));
        // A shape that is written in the body cannot be left open.
        let closed = ["shape [", "dense<[", "x1x"]
            .iter()
            .any(|text| sample.body.contains(text));
        let sizes = match (has_sizes, long_tests()) {
            (false, _) => &SIZES[..1],
            (true, false) => &SIZES[..3],
            (true, true) => &SIZES[..],
        };
        for (t, &ty) in sample.types.iter().enumerate() {
            for (s, &sizes) in sizes.iter().enumerate() {
                // One element type in every size, the others in the first one.
                if s > 0 && t > 0 {
                    continue;
                }
                for dims in [Dims::Static, Dims::Dynamic] {
                    if dims == Dims::Dynamic && (closed || t > 0) {
                        continue;
                    }
                    let (applied, used) = match check(listed, &sample, ty, sizes, dims) {
                        Ok(outcome) => outcome,
                        Err(e) => {
                            failures.push(format!("{name}, {ty} {sizes:?}: {e}"));
                            continue;
                        }
                    };
                    let misses = fires && dims == Dims::Static && !used;
                    if s == 0 && (misses || !fires && applied) {
                        let what = if fires { "does not fire" } else { "fires" };
                        let source = sample.source(ty, sizes);
                        failures.push(format!("{name} {what}, {ty}\n{source}"));
                    }
                }
            }
        }
    }
    failures
}

#[test]
fn every_rule_fires_is_right_and_stays_away_from_its_near_miss() {
    let threads = 2;
    let share = |thread: usize| -> Vec<String> {
        let all = rules::all().into_iter().skip(thread).step_by(threads);
        all.flat_map(|listed| failures_of(&listed)).collect()
    };
    let failures: Vec<String> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || share(thread)))
            .collect();
        let joined = handles.into_iter().map(|handle| handle.join());
        joined
            .flat_map(|failures| failures.unwrap_or_else(|_| vec!["a thread panicked".into()]))
            .collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn rules_say_what_they_are() {
    let all = rules::all();
    let context = compiler().context();
    for fidelity in Fidelity::ALL {
        let set = rules::up_to(Numpy::new(&context), fidelity).unwrap();
        let count = all
            .iter()
            .filter(|listed| listed.fidelity <= fidelity)
            .count();
        assert_eq!(set.len(), count);
        for index in 0..set.len() {
            let (name, equation, _) = set.describe(index);
            assert!(equation.contains('='), "{name} has no equation");
        }
    }
}
