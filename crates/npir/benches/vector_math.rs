//! Elementary functions of vectors: errors and times, `cargo xtask vector-math`.
//!
//! Errors are compared with extended precision; times are those of calls on one thread, best of many, with arrays in the
//! cache. `--write` puts the table into the book.

use std::error::Error;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use arguments::Arguments;
use npir::prelude::*;
use npir_runtime::{Arg, Array, DType};
use npir_testing::elementary::{FUNCTIONS, Function};

#[path = "ops/arguments.rs"]
mod arguments;

/// Arguments whose results are compared.
const COMPARED: usize = 2_000_000;
/// Numbers in the arrays of a call that is timed.
const TIMED: usize = 32_768;
/// A function is called again until this much time is over.
const ENOUGH: Duration = Duration::from_millis(300);

/// Seconds of a call.
fn time(exe: &Executable, symbol: &str, arguments: &[Array]) -> Result<f64, Box<dyn Error>> {
    let (mut best, begin) = (Duration::MAX, Instant::now());
    while begin.elapsed() < ENOUGH {
        let mut args: Vec<_> = arguments.iter().map(|a| Arg::View(a.view())).collect();
        let start = Instant::now();
        drop(exe.run(symbol, &mut args)?);
        best = best.min(start.elapsed());
    }
    Ok(best.as_secs_f64())
}

/// What a call takes that only copies.
fn copy(dtype: DType) -> (String, String) {
    let (name, array) = match dtype {
        DType::F32 => ("copy_f32", "tensor<?xf32>"),
        _ => ("copy_f64", "tensor<?xf64>"),
    };
    let source = format!(
        "func.func @{name}(%a: {array}) -> {array} {{\n  \
         %0 = numpy.absolute %a : {array} -> {array}\n  return %0 : {array}\n}}\n"
    );
    (name.into(), source)
}

/// The worst error, and nanoseconds for each number.
fn measure(exe: &Executable, f: &Function, dtype: DType) -> Result<(f64, f64), Box<dyn Error>> {
    let symbol = f.symbol(dtype);
    let arguments = f.arguments(dtype, COMPARED, 1)?;
    let mut args: Vec<_> = arguments.iter().map(|a| Arg::View(a.view())).collect();
    let result = exe.run(&symbol, &mut args)?;
    let worst = f.judge(&arguments, &result[0])?.worst;
    let seconds = time(exe, &symbol, &f.usual_arguments(dtype, TIMED)?)?;
    let base = time(exe, &copy(dtype).0, &f.usual_arguments(dtype, TIMED)?[..1])?;
    Ok((worst, (seconds - base) * 1e9 / TIMED as f64))
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::of_process()?;
    let dtypes = [DType::F64, DType::F32];
    let mut source = String::from("#id = affine_map<(i) -> (i)>\n");
    for dtype in dtypes {
        source.extend(FUNCTIONS.iter().map(|f| f.source(dtype)));
        source += &copy(dtype).1;
    }
    let compiler = Compiler::new(Registry::standard()).threads(false);
    let exe = compiler.compile_source(&source, "functions.mlir")?;
    let mut page = String::from(include_str!("vector_math.md"));
    for f in FUNCTIONS.iter().filter(|f| arguments.want(f.name)) {
        let _ = write!(page, "| {} |", f.name);
        for dtype in dtypes {
            let (worst, nanoseconds) = measure(&exe, f, dtype)?;
            println!("{:8} {dtype:8} {worst:.2} ulp {nanoseconds:6.2} ns", f.name);
            let _ = write!(page, " {worst:.2} | {nanoseconds:.2} |");
        }
        page.push('\n');
    }
    arguments.finish("vector-math.md", &page)
}
