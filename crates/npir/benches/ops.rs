//! Every operation against NumPy on a million elements: `cargo xtask ops [FILTER]`.
//!
//! The two take turns in one run, and the best time of each counts: other work on the machine makes times longer,
//! never shorter. A ratio above one says how many times faster npir is. Results go to new arrays on both sides.
//! `--write` puts the table into the book.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use npir::prelude::*;
use npir_numpy::elementwise::dtype::DType as Element;
use npir_numpy::elementwise::{Role, rows};
use npir_runtime::{Array, DType, Function};
use npir_testing::{mlir_element, oracle};

/// Elements of each array.
const N: usize = 1_000_000;
/// Rows and columns of a matrix of as many elements.
const SIDE: usize = 1_000;
/// Turns of each side.
const ROUNDS: usize = 5;
/// Calls in a turn.
const CALLS: usize = 3;
/// Below this ratio an operation counts as slower than NumPy.
const TIE: f64 = 0.9;

/// An input: what it is called in both programs, its type in ours, its value in NumPy's.
#[derive(Clone)]
struct Input {
    name: &'static str,
    ty: String,
    value: String,
}

/// One operation on one type.
struct Case {
    name: String,
    dtype: &'static str,
    /// Body of a function of the inputs.
    body: String,
    results: String,
    numpy: String,
    inputs: Vec<Input>,
}

struct Outcome {
    ours: Duration,
    numpy: Duration,
}

impl Outcome {
    fn ratio(&self) -> f64 {
        self.numpy.as_secs_f64() / self.ours.as_secs_f64()
    }
}

/// The types that are timed: MLIR's name, NumPy's, the dialect's.
const DTYPES: [(&str, &str, Element); 5] = [
    ("f64", "float64", Element::F64),
    ("f32", "float32", Element::F32),
    ("i64", "int64", Element::Int(64)),
    ("i32", "int32", Element::Int(32)),
    ("i1", "bool", Element::Bool),
];

/// An MLIR element type.
fn spelled(dtype: Element) -> &'static str {
    let dtype: DType = dtype.name().parse().unwrap_or_else(|e| panic!("{e}"));
    mlir_element(dtype)
}

/// A million numbers in which every function is defined, in no order.
fn numbers(numpy: &str, seed: usize) -> String {
    let random = format!("np.random.default_rng({seed})");
    match numpy {
        "bool" => format!("{random}.random({N}) < 0.5"),
        "float64" | "float32" => format!("({random}.random({N}) * 0.9 + 0.05).astype(np.{numpy})"),
        _ => format!("{random}.integers(1, 30, {N}).astype(np.{numpy})"),
    }
}

fn elementwise() -> Vec<Case> {
    let names = ["a", "b", "c"];
    let mut cases = Vec::new();
    for row in rows() {
        for (mlir, numpy, element) in DTYPES {
            if !row.accepts.contains(element.class()) {
                continue;
            }
            let inputs: Vec<_> = row
                .operands
                .iter()
                .enumerate()
                .map(|(i, (_, role))| {
                    let (ty, value) = match role {
                        Role::Value => (mlir, numbers(numpy, i)),
                        Role::Condition => ("i1", numbers("bool", i)),
                        Role::Exponent => ("i64", numbers("int64", i)),
                    };
                    Input {
                        name: names[i],
                        ty: format!("tensor<?x{ty}>"),
                        value,
                    }
                })
                .collect();
            let names = &names[..inputs.len()];
            let operands: Vec<_> = names.iter().map(|n| format!("%{n}")).collect();
            let types: Vec<_> = inputs.iter().map(|i| i.ty.as_str()).collect();
            let result = format!("tensor<?x{}>", spelled(row.result_dtype(element)));
            let numpy_name = row.numpy_name();
            cases.push(Case {
                name: numpy_name.to_owned(),
                dtype: numpy,
                body: format!(
                    "  %r = {} {} : {} -> {result}\n  return %r : {result}",
                    row.op,
                    operands.join(", "),
                    types.join(", ")
                ),
                results: result,
                numpy: format!("np.{numpy_name}({})", names.join(", ")),
                inputs,
            });
        }
    }
    cases
}

/// Operations that are not elementwise, in the dialect and in NumPy. `{v}` is a vector and `{m}` a matrix of the
/// type, `{e}` the element type; `{s}` the type that sums have. Results follow the arrow.
const OTHERS: &[(&str, &str, &str, &str)] = &[
    (
        "sum",
        "numpy.sum %v : {v} -> tensor<{s}>",
        "np.sum(v)",
        "tensor<{s}>",
    ),
    (
        "sum, axis 0",
        "numpy.sum %m axes [0] : {m} -> tensor<?x{s}>",
        "np.sum(m, axis=0)",
        "tensor<?x{s}>",
    ),
    (
        "sum, axis 1",
        "numpy.sum %m axes [1] : {m} -> tensor<?x{s}>",
        "np.sum(m, axis=1)",
        "tensor<?x{s}>",
    ),
    (
        "prod",
        "numpy.prod %v : {v} -> tensor<{s}>",
        "np.prod(v)",
        "tensor<{s}>",
    ),
    (
        "min",
        "numpy.min %v : {v} -> tensor<{e}>",
        "np.min(v)",
        "tensor<{e}>",
    ),
    (
        "max, axis 0",
        "numpy.max %m axes [0] : {m} -> tensor<?x{e}>",
        "np.max(m, axis=0)",
        "tensor<?x{e}>",
    ),
    (
        "max, axis 1",
        "numpy.max %m axes [1] : {m} -> tensor<?x{e}>",
        "np.max(m, axis=1)",
        "tensor<?x{e}>",
    ),
    (
        "argmin",
        "numpy.argmin %v : {v} -> tensor<i64>",
        "np.argmin(v)",
        "tensor<i64>",
    ),
    (
        "argmax, axis 1",
        "numpy.argmax %m axis 1 : {m} -> tensor<?xi64>",
        "np.argmax(m, axis=1)",
        "tensor<?xi64>",
    ),
    (
        "argmax, axis 0",
        "numpy.argmax %m axis 0 : {m} -> tensor<?xi64>",
        "np.argmax(m, axis=0)",
        "tensor<?xi64>",
    ),
    (
        "add, broadcast row",
        "numpy.add %m, %row : {m}, {v} -> {m}",
        "np.add(m, row)",
        "{m}",
    ),
    (
        "take",
        "numpy.take %v, %i axis 0 : {v}, tensor<?xi64> -> {v}",
        "np.take(v, i)",
        "{v}",
    ),
];

fn others() -> Vec<Case> {
    let mut cases = Vec::new();
    for (mlir, numpy, _) in DTYPES.into_iter().filter(|(mlir, ..)| *mlir != "i1") {
        let sum = if mlir.starts_with('i') { "i64" } else { mlir };
        let fill = |text: &str| {
            text.replace("{v}", &format!("tensor<?x{mlir}>"))
                .replace("{m}", &format!("tensor<?x?x{mlir}>"))
                .replace("{e}", mlir)
                .replace("{s}", sum)
        };
        let all = [
            ("v", "{v}", numbers(numpy, 7)),
            (
                "m",
                "{m}",
                format!("({}).reshape({SIDE}, {SIDE})", numbers(numpy, 8)),
            ),
            ("row", "{v}", format!("({})[:{SIDE}]", numbers(numpy, 9))),
            (
                "i",
                "tensor<?xi64>",
                format!("np.random.default_rng(1).integers(0, {N}, {N})"),
            ),
        ];
        for (name, op, expression, results) in OTHERS {
            let inputs: Vec<_> = all
                .iter()
                .filter(|(name, ..)| op.contains(&format!("%{name}")))
                .map(|(name, ty, value)| Input {
                    name,
                    ty: fill(ty),
                    value: value.clone(),
                })
                .collect();
            let results = fill(results);
            cases.push(Case {
                name: (*name).to_owned(),
                dtype: numpy,
                body: format!("  %r = {}\n  return %r : {results}", fill(op)),
                results,
                numpy: (*expression).to_owned(),
                inputs,
            });
        }
    }
    cases
}

fn function(case: &Case) -> Result<Function, Box<dyn Error>> {
    let args: Vec<_> = case
        .inputs
        .iter()
        .map(|i| format!("%{}: {}", i.name, i.ty))
        .collect();
    let source = format!(
        "func.func @f({}) -> {} {{\n{}\n}}",
        args.join(", "),
        case.results,
        case.body
    );
    let exe = Compiler::new(Registry::standard()).compile_source(&source, "ops.mlir")?;
    Ok(exe.function("f")?.clone())
}

fn time_ours(f: &Function, inputs: &[Array]) -> Result<Duration, Box<dyn Error>> {
    let mut best = Duration::MAX;
    for _ in 0..CALLS {
        let mut args: Vec<Arg<'_>> = inputs.iter().map(|a| a.view().into()).collect();
        let begin = Instant::now();
        let results = f.call(&mut args)?;
        best = best.min(begin.elapsed());
        drop(results);
    }
    Ok(best)
}

fn time_numpy(case: &Case, inputs: &[Array]) -> Result<Duration, Box<dyn Error>> {
    let program = format!(
        "import time\nbest = 1e9\nfor _ in range({CALLS}):\n    begin = time.perf_counter()\n    r = {}\n    \
         best = min(best, time.perf_counter() - begin)\n    del r\nbest = np.array(best)",
        case.numpy
    );
    let named: Vec<_> = case.inputs.iter().map(|i| i.name).zip(inputs).collect();
    let seconds = oracle().run(&program, &named, &["best"])?[0].to_vec::<f64>()?;
    Ok(Duration::from_secs_f64(seconds[0]))
}

fn measure(case: &Case) -> Result<Outcome, Box<dyn Error>> {
    let f = function(case)?;
    let inputs = case
        .inputs
        .iter()
        .map(|i| oracle().eval(&i.value, &[]))
        .collect::<Result<Vec<_>, _>>()?;
    let mut outcome = Outcome {
        ours: Duration::MAX,
        numpy: Duration::MAX,
    };
    for _ in 0..ROUNDS {
        outcome.ours = outcome.ours.min(time_ours(&f, &inputs)?);
        outcome.numpy = outcome.numpy.min(time_numpy(case, &inputs)?);
    }
    Ok(outcome)
}

/// The page of the book.
fn page(outcomes: &BTreeMap<String, BTreeMap<&str, Outcome>>) -> String {
    let mut text = String::from(
        "# Speed of each operation\n\n\
         How many times faster than NumPy each operation is on arrays of a million elements, both writing to new\n\
         arrays, best times of one run in which the two take turns. npir uses the threads of the machine, two here.\n\
         Zero: NumPy returns its argument. Measured by `cargo xtask ops --write`.\n\n",
    );
    let columns: Vec<_> = DTYPES.iter().map(|(_, numpy, _)| *numpy).collect();
    let _ = writeln!(text, "| operation | {} |", columns.join(" | "));
    let _ = writeln!(text, "|---|{}", "---:|".repeat(columns.len()));
    for (name, by_dtype) in outcomes {
        let cells: Vec<_> = columns
            .iter()
            .map(|dtype| {
                by_dtype
                    .get(dtype)
                    .map_or(String::new(), |o| format!("{:.1}", o.ratio()))
            })
            .collect();
        let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
    }
    text
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut write = false;
    let mut filter = String::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--write" => write = true,
            "--bench" => {}
            _ => filter = argument,
        }
    }
    let mut outcomes: BTreeMap<String, BTreeMap<&str, Outcome>> = BTreeMap::new();
    let (mut slower, mut failed) = (Vec::new(), 0);
    for case in elementwise().into_iter().chain(others()) {
        let label = format!("{} {}", case.name, case.dtype);
        if !label.contains(&filter) {
            continue;
        }
        match measure(&case) {
            Ok(outcome) => {
                println!(
                    "{label:32} {:8.3} ns/element, NumPy {:8.3}, ratio {:6.2}",
                    outcome.ours.as_secs_f64() * 1e9 / N as f64,
                    outcome.numpy.as_secs_f64() * 1e9 / N as f64,
                    outcome.ratio()
                );
                if outcome.ratio() < TIE {
                    slower.push((label, outcome.ratio()));
                }
                outcomes
                    .entry(case.name)
                    .or_default()
                    .insert(case.dtype, outcome);
            }
            Err(error) => {
                failed += 1;
                println!("{label:32} {error}");
            }
        }
    }
    for (label, ratio) in &slower {
        println!("slower than NumPy: {label}, ratio {ratio:.2}");
    }
    if write {
        let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/op-speed.md");
        std::fs::write(&book, page(&outcomes))?;
    }
    if failed > 0 {
        return Err(format!("{failed} operations did not run").into());
    }
    Ok(())
}
