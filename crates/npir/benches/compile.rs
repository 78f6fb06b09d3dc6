//! How long programs take to compile, by their number of operations: `cargo xtask compile-times`.
//!
//! A time is that of a whole [`Compiler::compile_source`], from the text to a function that can be called, with a
//! context of its own: best of several. `--write` puts the table into the book.

use std::error::Error;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use arguments::Arguments;
use generated::{Random, VECTOR, mixed};
use npir::prelude::*;

#[path = "ops/arguments.rs"]
mod arguments;
#[path = "ops/generated.rs"]
mod generated;

/// Operations in a program.
const SIZES: [usize; 5] = [20, 2_500, 5_000, 10_000, 20_000];
/// A program is compiled again until this much time is over, twice at least.
const ENOUGH: Duration = Duration::from_secs(2);

/// `n` operations element by element on vectors.
fn elementwise(n: usize) -> String {
    let mut random = Random(1);
    let mut text = format!("func.func @f(%a: {VECTOR}, %b: {VECTOR}) -> {VECTOR} {{\n");
    let mut values = vec!["%a".to_owned(), "%b".to_owned()];
    for i in 0..n {
        let op = random.of(&["add", "subtract", "multiply", "maximum"]);
        let (x, y) = (random.recent(&values, 20), random.recent(&values, 20));
        let _ = writeln!(
            text,
            "  %v{i} = numpy.{op} {x}, {y} : {VECTOR}, {VECTOR} -> {VECTOR}"
        );
        values.push(format!("%v{i}"));
    }
    let _ = writeln!(text, "  return {} : {VECTOR}\n}}", values[values.len() - 1]);
    text
}

fn measure(source: &str) -> Result<Duration, Box<dyn Error>> {
    let compiler = Compiler::new(Registry::standard());
    let (mut best, begin) = (Duration::MAX, Instant::now());
    for turn in 0.. {
        if turn >= 2 && begin.elapsed() > ENOUGH {
            break;
        }
        let start = Instant::now();
        drop(
            compiler
                .compile_source(source, "program.mlir")?
                .function("f")?,
        );
        best = best.min(start.elapsed());
    }
    Ok(best)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::of_process()?;
    let mut page = String::from(
        "# Time to compile\n\n\
         From the text of a program to a function that can be called, in one process, on a machine of two cores, best\n\
         of several. All sizes are dynamic. *Elementwise*: additions, products and maxima of vectors, of values computed\n\
         shortly before. *Mixed*: half of that on matrices, and functions, broadcasts, reductions, views and products of\n\
         matrices. A program returns its last values: what they do not need is removed first. Measured by\n\
         `cargo xtask compile-times --write`.\n\n\
         | program | operations | time | per operation |\n|---|---:|---:|---:|\n",
    );
    for (name, program) in [
        ("elementwise", elementwise as fn(usize) -> String),
        ("mixed", mixed),
    ] {
        for n in SIZES {
            if !arguments.want(&format!("{name} {n}")) {
                continue;
            }
            let seconds = measure(&program(n))?.as_secs_f64();
            let time = if seconds < 1.0 {
                format!("{:.0} ms", seconds * 1e3)
            } else {
                format!("{seconds:.1} s")
            };
            let each = seconds * 1e3 / n as f64;
            println!("{name:12} {n:6} operations {time:>8}, {each:.2} ms each");
            let _ = writeln!(page, "| {name} | {n} | {time} | {each:.2} ms |");
        }
    }
    arguments.finish("compile-time.md", &page)
}
