//! Every operation against NumPy on a million elements: `cargo xtask ops [FILTER]`.
//!
//! The two take turns in one run, and the best time of each counts: other work on the machine makes times longer,
//! never shorter. A ratio above one says how many times faster npir is. Results go to new arrays on both sides.
//! `--write` puts the table into the book. An operation is timed with the element types that its row names, those of
//! [`inputs::TYPES`] at most.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use arguments::Arguments;
use inputs::{Input, TYPES, Type, Types, numbers};
use npir::prelude::*;
use npir_numpy::elementwise::dtype::DType as Element;
use npir_numpy::elementwise::{Role, rows};
use npir_runtime::{Array, DType, Function};
use npir_testing::{mlir_element, oracle};

mod arguments;
mod arrays;
mod inputs;
mod linear;
mod rows;

/// Turns of each side.
const ROUNDS: usize = 5;
/// Turns of each side where npir is not the faster one by then.
const MORE_ROUNDS: usize = 10;
/// The fewest and the most calls in a turn. The other side's turn leaves its own arrays in the caches.
const CALLS: [usize; 2] = [3, 100];
/// No more calls in a turn that has taken this long.
const TURN: Duration = Duration::from_millis(8);
/// No more turns for an operation that has taken this long.
const ENOUGH: Duration = Duration::from_secs(3);
/// Waits until the threads of NumPy's process rest: those of its BLAS spin for some 25 ms after a product, and would
/// take a processor away from what is timed next.
const REST: &str = "busy = True\nwhile busy:\n    begin = time.process_time()\n    time.sleep(0.002)\n    \
                    busy = time.process_time() - begin > 0.001";
/// Below this ratio an operation counts as slower than NumPy.
const TIE: f64 = 0.9;

/// One operation on one type.
struct Case {
    name: String,
    dtype: &'static str,
    /// Body of a function of the inputs.
    body: String,
    results: Vec<String>,
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

/// An MLIR element type.
fn spelled(dtype: Element) -> &'static str {
    let dtype: DType = dtype.name().parse().unwrap_or_else(|e| panic!("{e}"));
    mlir_element(dtype)
}

/// Whether `text` names the value `%name`.
fn names(text: &str, name: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        rest = &rest[at + 1..];
        let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
        if &rest[..end] == name {
            return true;
        }
    }
    false
}

fn elementwise() -> Vec<Case> {
    let names = ["a", "b", "c"];
    let mut cases = Vec::new();
    for row in rows() {
        for Type {
            mlir,
            numpy,
            element,
        } in Types::ALL.each()
        {
            if !row.accepts.contains(element.class()) {
                continue;
            }
            let inputs: Vec<_> = row
                .operands
                .iter()
                .enumerate()
                .map(|(i, (_, role))| {
                    let (ty, numpy) = match role {
                        Role::Value => (mlir, numpy),
                        Role::Condition => ("i1", "bool"),
                        Role::Exponent => ("i64", "int64"),
                    };
                    Input {
                        name: names[i],
                        ty: format!("tensor<?x{ty}>"),
                        value: numbers(numpy, i, inputs::N),
                        transposed: false,
                    }
                })
                .collect();
            let names = &names[..inputs.len()];
            let operands: Vec<_> = names.iter().map(|n| format!("%{n}")).collect();
            let types: Vec<_> = inputs.iter().map(|i| i.ty.as_str()).collect();
            let result = format!("tensor<?x{}>", spelled(row.result_dtype(element)));
            let numpy_name = row.numpy_name();
            // NumPy answers a view, or its argument.
            let copied = match numpy_name {
                "real" => true,
                "imag" => element.is_complex(),
                _ => false,
            };
            let (suffix, copy) = if copied {
                (", copied", ".copy()")
            } else {
                ("", "")
            };
            cases.push(Case {
                name: format!("{numpy_name}{suffix}"),
                dtype: numpy,
                body: format!(
                    "{} {} : {} -> {result}",
                    row.op,
                    operands.join(", "),
                    types.join(", ")
                ),
                results: vec![result],
                numpy: format!("np.{numpy_name}({}){copy}", names.join(", ")),
                inputs,
            });
        }
    }
    cases
}

fn others() -> Vec<Case> {
    let mut cases = Vec::new();
    let families = rows::FAMILIES.iter().flatten();
    for row in families.chain(arrays::ROWS).chain(linear::ROWS) {
        for ty in row.types.each() {
            let (e, numpy) = (ty.mlir, ty.numpy);
            let sum = match ty.element {
                Element::UInt(_) => "ui64",
                Element::Bool | Element::Int(_) => "i64",
                _ => e,
            };
            let (float, complex, real) = match ty.element {
                Element::F32 => (e, "complex<f32>", e),
                Element::C64 => (e, e, "f32"),
                Element::C128 => (e, e, "f64"),
                _ => ("f64", "complex<f64>", "f64"),
            };
            let fill = |text: &str| {
                text.replace("{v}", &format!("tensor<?x{e}>"))
                    .replace("{m}", &format!("tensor<?x?x{e}>"))
                    .replace("{b}", &format!("tensor<?x?x?x{e}>"))
                    .replace("{e}", e)
                    .replace("{s}", sum)
                    .replace("{f}", float)
                    .replace("{c}", complex)
                    .replace("{r}", real)
                    .replace("{numpy}", numpy)
            };
            let inputs = inputs::all(ty).into_iter();
            cases.push(Case {
                name: row.name.to_owned(),
                dtype: numpy,
                body: fill(row.op),
                results: row.results.iter().map(|r| fill(r)).collect(),
                numpy: fill(row.numpy),
                inputs: inputs.filter(|i| names(row.op, i.name)).collect(),
            });
        }
    }
    cases
}

fn function(case: &Case) -> Result<Function, Box<dyn Error>> {
    let mut views = String::new();
    let mut args = Vec::new();
    for Input { name, ty, .. } in &case.inputs {
        args.push(format!("%{name}: {ty}"));
    }
    for (arg, Input { name, ty, .. }) in args
        .iter_mut()
        .zip(&case.inputs)
        .filter(|(_, i)| i.transposed)
    {
        *arg = format!("%{name}_stored: {ty}");
        let _ = writeln!(
            views,
            "  %{name} = numpy.transpose %{name}_stored : {ty} -> {ty}"
        );
    }
    let (count, results) = (case.results.len(), case.results.join(", "));
    let values: Vec<_> = (0..count).map(|i| format!("%r#{i}")).collect();
    let source = format!(
        "func.func @f({}) -> ({results}) {{\n{views}  %r:{count} = {}\n  return {} : {results}\n}}",
        args.join(", "),
        case.body,
        values.join(", "),
    );
    let exe = Compiler::new(Registry::standard()).compile_source(&source, "ops.mlir")?;
    Ok(exe.function("f")?.clone())
}

fn time_ours(f: &Function, inputs: &[Array]) -> Result<Duration, Box<dyn Error>> {
    let mut best = Duration::MAX;
    let [fewest, most] = CALLS;
    let turn = Instant::now();
    for call in 0..most {
        if call >= fewest && turn.elapsed() > TURN {
            break;
        }
        let mut args: Vec<Arg<'_>> = inputs.iter().map(|a| a.view().into()).collect();
        let begin = Instant::now();
        let results = f.call(&mut args)?;
        best = best.min(begin.elapsed());
        drop(results);
    }
    Ok(best)
}

fn time_numpy(case: &Case, inputs: &[Array]) -> Result<Duration, Box<dyn Error>> {
    let [fewest, most] = CALLS;
    let swapped = case.inputs.iter().filter(|i| i.transposed);
    let views: String = swapped.map(|i| format!("{0} = {0}.T\n", i.name)).collect();
    let program = format!(
        "import time\n{views}best = 1e9\nturn = time.perf_counter()\nfor call in range({most}):\n    \
         if call >= {fewest} and time.perf_counter() - turn > {}:\n        break\n    \
         begin = time.perf_counter()\n    r = {}\n    \
         best = min(best, time.perf_counter() - begin)\n    del r\nbest = np.array(best)\n{REST}",
        TURN.as_secs_f64(),
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
    let begin = Instant::now();
    for round in 0..MORE_ROUNDS {
        let decided = round >= ROUNDS && outcome.ratio() >= 1.0;
        if decided || round > 0 && begin.elapsed() > ENOUGH {
            break;
        }
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
         arrays, best times of one run in which the two take turns, each while the other's threads rest; what seems slower\n\
         is timed again at the end. npir uses the threads of the machine, two here.\n\
         Copied: NumPy alone would answer a view, and copies it here. Measured by `cargo xtask ops --write`.\n\n",
    );
    let columns: Vec<_> = TYPES.iter().map(|ty| ty.numpy).collect();
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

fn report(label: &str, outcome: &Outcome) {
    println!(
        "{label:42} {:9.3} ms, NumPy {:9.3}, ratio {:6.2}",
        outcome.ours.as_secs_f64() * 1e3,
        outcome.numpy.as_secs_f64() * 1e3,
        outcome.ratio()
    );
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::of_process()?;
    let mut outcomes: BTreeMap<String, BTreeMap<&str, Outcome>> = BTreeMap::new();
    let (mut again, mut failed) = (Vec::new(), 0);
    for case in elementwise().into_iter().chain(others()) {
        let label = format!("{} {}", case.name, case.dtype);
        if !arguments.want(&label) {
            continue;
        }
        match measure(&case) {
            Ok(outcome) => {
                report(&label, &outcome);
                let slower = outcome.ratio() < TIE;
                outcomes
                    .entry(case.name.clone())
                    .or_default()
                    .insert(case.dtype, outcome);
                if slower {
                    again.push((label, case));
                }
            }
            Err(error) => {
                failed += 1;
                println!("{label:42} {error}");
            }
        }
    }
    // The machine may have done something else at that moment: what is slower is so at another one, too.
    for (label, case) in &again {
        let more = measure(case)?;
        let by_dtype = outcomes.entry(case.name.clone()).or_default();
        if let Some(outcome) = by_dtype.get_mut(case.dtype) {
            outcome.ours = outcome.ours.min(more.ours);
            outcome.numpy = outcome.numpy.min(more.numpy);
            report(&format!("again: {label}"), outcome);
            if outcome.ratio() < TIE {
                println!("slower than NumPy: {label}, ratio {:.2}", outcome.ratio());
            }
        }
    }
    arguments.finish("op-speed.md", &page(&outcomes))?;
    if failed > 0 {
        return Err(format!("{failed} operations did not run").into());
    }
    Ok(())
}
