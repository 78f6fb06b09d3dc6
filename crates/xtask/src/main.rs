//! Project commands: `cargo xtask setup | demo | python | test | ops | vector-math | compile-times | optimizer-times |
//! extraction | bench | regret | peers | emulate | tidy | dist | wheel`.
//!
//! This crate builds on a machine that has Rust and nothing else: no LLVM, no foreign library.
//! It owns every command that people and the build machines run, so that both run the same.

mod apt;
mod bench;
mod browser;
mod demo;
mod diffs;
mod dist;
mod emulate;
mod failure;
mod layering;
mod links;
mod llvm;
mod ops;
mod peers;
mod process;
mod progress;
mod python;
mod reference;
mod regret;
mod setup;
mod sources;
mod test;
mod tidy;
mod wheel;
mod workspace;

use std::process::ExitCode;

use failure::{Failure, Result};

const USAGE: &str = "\
Usage: cargo xtask <command>

  setup                    install or check LLVM/MLIR 22, the Python test environment and the browser of a test
  demo                     setup, build, and run k-means on real data
  python                   setup, and build the Python package into target/python
  test [--long] [FILTER]   setup, then all tests; --long adds the slow ones,
                           FILTER keeps the tests whose name contains it
  test --sanitize [FILTER] the conformance table and random programs (or the tests of whole programs
                           with FILTER in their name) with compiled code that checks its memory accesses
  ops [--write] [FILTER]   time every operation beside NumPy, those whose name contains FILTER;
                           --write puts the table into the book
  vector-math [--write] [FILTER]
                           errors and times of elementary functions, those whose name contains FILTER; --write
                           puts the table into the book
  compile-times [--write] [FILTER]
                           time compiling programs of 20 to 20,000 operations, those whose name and
                           number contain FILTER; --write puts the table into the book
  optimizer-times [--write] [FILTER]
                           time the optimizer alone: programs of the benchmark, and generated ones of 500 and 5,000
                           operations, those whose name contains FILTER; --write puts three numbers into the book
  extraction [--write] [FILTER]
                           compare the ways of the optimizer to choose a plan, for programs of files whose name
                           contains FILTER; --write puts the table into the book
  bench [PROGRAM...] [OPTIONS]
                           time programs beside every peer, those whose name contains a PROGRAM; --help lists
                           the options, among them --peer, --threads, --resume, --compare OLD.json and --write
  regret [PROGRAM...] [OPTIONS]
                           time the plans that the compiler chooses beside others of the same programs; --help
                           lists the options, among them --plans, --machine, --check and --write
  peers SCRIPT [ARGUMENTS]
                           run a Python script that measures a release of npir beside other packages,
                           with those of bench/requirements.txt in target/peers
  emulate                  programs compiled for 64-bit Arm, run by QEMU; needs its packages and Rust's library for Arm
  tidy                     format, lints, documentation and the project's own checks
  reference                write the reference pages of the book, docs/src/reference
  dist                     static, stripped release of the tools as a .tar.xz
  wheel                    the Python package with all it needs, for pip, tried in an environment of its own

Environment: LLVM_SYS_221_PREFIX, MLIR_SYS_220_PREFIX and TABLEGEN_220_PREFIX name the prefix of
LLVM/MLIR 22 (default /usr/lib/llvm-22), LIBCLANG_PATH the folder of its libclang.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the command; an `Ok` that is not success has already said why.
fn dispatch(arguments: &[String]) -> Result<ExitCode> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["setup"] => {
            setup::run()?;
            if let Some(left_out) = browser::ensure() {
                println!("{left_out}");
            }
        }
        ["demo"] => demo::run()?,
        ["python"] => python::build()?,
        ["test", options @ ..] => return test::run(&test::Options::parse(options)?),
        ["ops", options @ ..] => ops::run(options)?,
        ["vector-math", options @ ..] => ops::vector_math(options)?,
        ["compile-times", options @ ..] => ops::compile_times(options)?,
        ["optimizer-times", options @ ..] => ops::optimizer_times(options)?,
        ["extraction", options @ ..] => ops::extraction(options)?,
        ["bench", arguments @ ..] => bench::run(arguments)?,
        ["regret", arguments @ ..] => regret::run(arguments)?,
        ["emulate"] => emulate::run()?,
        ["peers", arguments @ ..] => peers::run(arguments)?,
        ["tidy"] => tidy::run()?,
        ["reference"] => reference::run()?,
        ["dist"] => dist::run()?,
        ["wheel"] => wheel::run()?,
        [] | ["help" | "--help" | "-h"] => print!("{USAGE}"),
        [
            command @ ("setup" | "demo" | "python" | "emulate" | "tidy" | "reference" | "dist"
            | "wheel"),
            ..,
        ] => {
            return Err(Failure::new(format!(
                "`{command}` takes no arguments\n\n{USAGE}"
            )));
        }
        [command, ..] => {
            return Err(Failure::new(format!(
                "unknown command `{command}`\n\n{USAGE}"
            )));
        }
    }
    Ok(ExitCode::SUCCESS)
}
