//! The `npir` command and its commands, one module each.

mod calibrate;
mod compile;
mod diagnostics;
mod explain;
mod fmt;
mod info;
mod inputs;
mod layout;
mod man;
mod output;
mod progress;
mod reduce;
mod run;

use clap::{CommandFactory, Parser, Subcommand};
use diagnostics::Failure;
use npir::mlir::diagnostics::Severity;
use npir::prelude::*;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Compile and run NumPy-style array programs.
#[derive(Parser)]
#[command(name = "npir", version, max_term_width = 100)]
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
    /// Say what the optimizer does with a program, and why
    Explain(explain::ExplainArgs),
    /// Show the functions of a program or an artifact
    Info(info::InfoArgs),
    /// Find the smallest program that a script still accepts
    Reduce(reduce::ReduceArgs),
    /// Give programs their normal layout; names and comments stay
    Fmt(fmt::FmtArgs),
    /// Measure what this machine does at most: memory, arithmetic, threads
    Calibrate(calibrate::CalibrateArgs),
    /// Print a script that completes npir's commands and options in a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write manual pages of all tools to a folder
    Man(man::ManArgs),
}

/// How to compile; shared by the commands that do.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// CPU to compile for, as LLVM names it (`x86-64-v3`, `znver4`, `neoverse-v1`), or several for an artifact, of which
    /// a machine takes the best that it can run; the default is this machine's
    #[arg(long, value_name = "CPU", value_delimiter = ',')]
    target_cpu: Vec<String>,
    /// Do not spread loops over threads
    #[arg(long)]
    no_threads: bool,
    /// How faithful rewrites must be: to the bit, as NumPy promises, as real numbers, or none at all
    #[arg(
        long,
        value_name = "MODE",
        value_parser = ["exact", "numpy", "relaxed", "off"],
        default_value = "numpy"
    )]
    optimize: String,
    /// How the optimizer chooses among plans: by local search, or by an integer program after it (small programs)
    #[arg(
        long,
        value_name = "METHOD",
        value_parser = ["joint", "exact"],
        default_value = "joint"
    )]
    extract: String,
    /// The machine that costs are of, a file of `npir calibrate`; without it those of an ordinary server
    #[arg(long, value_name = "FILE")]
    machine: Option<PathBuf>,
    /// Take plans and fusions by chance, the same for the same seed, to see what others than the chosen ones cost
    #[arg(long, value_name = "SEED")]
    sample: Option<u32>,
    /// List copies that had to be made and other remarks
    #[arg(long)]
    remarks: bool,
}

impl Options {
    /// A compiler that reports its warnings, and on request its remarks, on standard error.
    fn compiler(&self, file: &Path) -> Result<Compiler, Failure> {
        let (file, remarks) = (file.to_path_buf(), self.remarks);
        let mut compiler = Compiler::new(Registry::standard())
            .threads(!self.no_threads)
            .optimizer(self.optimizer())
            .extraction(self.extraction())
            .sample(self.sample)
            .on_remark(move |d| {
                if remarks || d.severity == Severity::Warning {
                    eprintln!("{}", diagnostics::remark(&file, d));
                }
            });
        let targets = self.target_cpu.iter().map(|cpu| CpuTarget::named(cpu));
        let targets = targets.collect::<Result<Vec<_>, _>>();
        compiler =
            compiler.targets(targets.map_err(|e| Failure::Message(format!("--target-cpu: {e}")))?);
        match self.machine_file() {
            Some(file) => compiler.clone().machine_file(file).or_else(|e| {
                eprintln!(
                    "{}",
                    diagnostics::warning(&format!("{e}; the default is used"))
                );
                Ok(compiler)
            }),
            None => Ok(compiler),
        }
    }

    /// The description of a machine, of the option or of the environment variable that Python takes too.
    fn machine_file(&self) -> Option<PathBuf> {
        let around = || std::env::var_os(npir::MACHINE_VARIABLE).map(PathBuf::from);
        let named = self.machine.clone().or_else(around);
        named.filter(|file| !file.as_os_str().is_empty())
    }

    fn optimizer(&self) -> Optimizer {
        // The command line takes no other name.
        Optimizer::from_name(&self.optimize).unwrap_or_default()
    }

    fn extraction(&self) -> Extraction {
        // The command line takes no other name.
        Extraction::from_name(&self.extract).unwrap_or_default()
    }

    /// Compile options are of no use for an artifact, and nothing that is of no use is taken.
    fn refuse_for_artifact(&self, file: &Path) -> Result<(), Failure> {
        let is_default =
            self.optimizer() == Optimizer::default() && self.extraction() == Extraction::default();
        let is_sample = self.machine.is_some() || self.sample.is_some();
        if !self.target_cpu.is_empty() || self.no_threads || is_sample || !is_default {
            let file = file.display();
            return Err(Failure::Message(format!(
                "{file} is an artifact, so options of the compiler do not apply"
            )));
        }
        Ok(())
    }
}

/// Whether a file is to be loaded, not compiled: it says so in its first bytes or in its name.
fn is_artifact(path: &Path) -> Result<bool, Failure> {
    let begins_so = Artifact::is_artifact(path).map_err(|e| unreadable(path, &e))?;
    Ok(begins_so || path.extension().is_some_and(|e| e == "npir"))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Message(format!("cannot read {}: {error}", path.display()))
}

fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "npir", &mut script);
    output::print(&String::from_utf8_lossy(&script))
}

/// Runs the command of the process's arguments. Errors go to standard error, and the
/// exit code is 1 (2 for a malformed command line).
pub fn main() -> ExitCode {
    crate::process::end_quietly_with_the_reader();
    crate::process::interrupt_searches();
    npir::cpu::install_fatal_error_note();
    let result = match Cli::parse().command {
        Command::Run(args) => args.run(),
        Command::Compile(args) => args.run(),
        Command::Explain(args) => args.run(),
        Command::Info(args) => args.run(),
        Command::Calibrate(args) => args.run(),
        Command::Fmt(args) => args.run(),
        Command::Completions { shell } => completions(shell),
        Command::Man(args) => args.run(Cli::command()),
        Command::Reduce(args) => args.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}", failure.text());
            ExitCode::FAILURE
        }
    }
}
