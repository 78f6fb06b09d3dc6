//! The `npir` command: `run`, `compile`, `info`.

mod compile;
mod diagnostics;
mod info;
mod inputs;
mod progress;
mod run;

use clap::{Parser, Subcommand};
use npir::prelude::*;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Compile and run NumPy-style array programs.
#[derive(Parser)]
#[command(name = "npir", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Compile a program (or take an artifact) and run one of its functions
    Run(run::RunArgs),
    /// Compile a program to an artifact, or show it at a level
    Compile(compile::CompileArgs),
    /// Show the functions of a program or an artifact
    Info(info::InfoArgs),
}

/// How to compile; shared by the commands that do.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// CPU to compile for, as LLVM names it (`x86-64-v3`, `znver4`); the default is this machine's
    #[arg(long, value_name = "CPU")]
    target_cpu: Option<String>,
    /// Do not spread loops over threads
    #[arg(long)]
    no_threads: bool,
}

impl Options {
    fn compiler(&self) -> Result<Compiler, String> {
        let mut compiler = Compiler::new(Registry::standard()).threads(!self.no_threads);
        if let Some(cpu) = &self.target_cpu {
            compiler = compiler.target(CpuTarget::named(cpu).map_err(|e| format!("--target-cpu: {e}"))?);
        }
        Ok(compiler)
    }
}

/// A program from a file: an artifact as it is, anything else is source.
fn is_artifact(path: &Path) -> Result<bool, String> {
    Artifact::is_artifact(path).map_err(|e| format!("cannot read {}: {e}", path.display()))
}

fn describe(path: &Path, error: &CompileError) -> String {
    diagnostics::render(path, error)
}

/// Runs the command of the process's arguments. Errors go to standard error, and the
/// exit code is 1 (2 for a malformed command line).
pub fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run(args) => args.run(),
        Command::Compile(args) => args.run(),
        Command::Info(args) => args.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{}", diagnostics::with_prefix(&message));
            ExitCode::FAILURE
        }
    }
}

fn read_source(path: &PathBuf) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|e| format!("cannot read {}: {e}", path.display()))
}
