//! How long the optimizer takes: `cargo xtask optimizer-times`.
//!
//! A time is that of the pass `npir-optimize` with all rules, on a program that has gone through the passes before it:
//! best of several. The last three lines are what is asked for: the median of the programs of the benchmark, and the
//! slowest of the generated programs of 500 and of 5,000 operations. `--write` puts them into the book.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use algebra::algebra;
use arguments::Arguments;
use generated::mixed;
use npir::passes::pipeline::BEFORE_OPTIMIZER;
use npir::prelude::*;

#[path = "ops/algebra.rs"]
mod algebra;
#[path = "ops/arguments.rs"]
mod arguments;
#[path = "ops/generated.rs"]
mod generated;

/// A program is optimized again until this much time is over, twice at least.
const ENOUGH: Duration = Duration::from_millis(300);

/// The pass with all rules.
const OPTIMIZE: &str = "func.func(npir-optimize{mode=relaxed})";

fn measure(source: &str, name: &str) -> Result<Duration, Box<dyn Error>> {
    let compiler = Compiler::new(Registry::standard());
    let (mut best, begin) = (Duration::MAX, Instant::now());
    for turn in 0.. {
        if turn >= 2 && begin.elapsed() > ENOUGH {
            break;
        }
        let context = compiler.context();
        let mut module = compiler.parse(&context, source.as_bytes(), name)?;
        compiler.run_passes(&context, &mut module, BEFORE_OPTIMIZER)?;
        let start = Instant::now();
        compiler.run_passes(&context, &mut module, OPTIMIZE)?;
        best = best.min(start.elapsed());
    }
    Ok(best)
}

/// The time of a program, printed.
fn timed(source: &str, name: &str) -> Result<f64, Box<dyn Error>> {
    let seconds = measure(source, name)?.as_secs_f64();
    println!("{name:40} {:8.2} ms", seconds * 1e3);
    Ok(seconds)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::of_process()?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench/mlir");
    let mut files = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    files.sort();
    let mut programs = Vec::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if arguments.want(&name) {
            programs.push(timed(&std::fs::read_to_string(&file)?, &name)?);
        }
    }
    programs.sort_by(f64::total_cmp);
    // What is measured, and milliseconds.
    let mut lines: Vec<(String, f64)> = Vec::new();
    if let Some(median) = programs.get(programs.len() / 2) {
        let name = format!("median of {} programs of the benchmark", programs.len());
        lines.push((name, median * 1e3));
    }
    for size in [500, 5_000] {
        let mut slowest: Option<f64> = None;
        for (kind, program) in [
            ("mixed", mixed as fn(usize) -> String),
            ("algebra", algebra),
        ] {
            let name = format!("{kind}, {size} operations");
            if arguments.want(&name) {
                let seconds = timed(&program(size), &name)?;
                slowest = Some(slowest.map_or(seconds, |slowest| slowest.max(seconds)));
            }
        }
        if let Some(slowest) = slowest {
            lines.push((format!("{size} operations"), slowest * 1e3));
        }
    }
    let build = match cfg!(debug_assertions) {
        true => "a development build",
        false => "a release",
    };
    let mut page = format!(
        "# Time to optimize\n\n\
         What the pass `npir-optimize` takes with all rules, in {build}, on one thread: the programs of\n\
         [the benchmark](bench.md), and the slower one of two generated programs of 500 and of 5,000 operations, *mixed* and\n\
         *algebra* as in [Ways to choose a plan](extraction.md). What is asked for is 20 ms, 100 ms and 2 s, in a release. Measured by\n\
         `cargo xtask optimizer-times --write`.\n\n\
         | programs | time |\n|---|---:|\n"
    );
    for (name, time) in lines {
        println!("{name}: {time:.2} ms");
        let _ = writeln!(page, "| {name} | {time:.2} ms |");
    }
    arguments.finish("optimizer-time.md", &page)
}
