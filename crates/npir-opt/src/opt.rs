//! MLIR's tools with a registry.

use crate::process::{arguments, end_quietly_with_the_reader, interrupt_searches};
use npir::Level;
use npir::mlir::dialect::Registry;
use npir::mlir::tools::{lsp_server_main, opt_main, reduce_main, translate_main};
use std::process::ExitCode;

const LOWER_TO: &str = "npir-lower-to";

fn code(status: i32) -> ExitCode {
    ExitCode::from(u8::try_from(status.clamp(0, 255)).unwrap_or(1))
}

/// The start of every tool: its arguments, or the exit code.
fn start() -> Result<Vec<String>, ExitCode> {
    end_quietly_with_the_reader();
    interrupt_searches();
    arguments().map_err(|message| {
        eprintln!("error: {message}");
        ExitCode::FAILURE
    })
}

/// `mlir-opt` with `registry`, for the process's arguments.
///
/// Besides every flag of `mlir-opt` it takes `--npir-lower-to=tensor|loop|device|llvm`,
/// short for the pipelines `--npir-lower-to-tensor` …, at its place among the passes.
///
/// ```no_run
/// use npir::prelude::*;
/// // A tool of your own: npir's dialects and passes, and yours.
/// fn main() -> std::process::ExitCode {
///     npir_opt::opt(Registry::standard() /* .with_pass(MyPass::def()) */)
/// }
/// ```
pub fn opt(registry: Registry) -> ExitCode {
    let args = match start() {
        Ok(args) => args,
        Err(code) => return code,
    };
    let tool = args
        .first()
        .and_then(|arg| arg.rsplit('/').next())
        .unwrap_or("npir-opt")
        .to_string();
    let levels = levels().join("|");
    let title = format!(
        "npir modular optimizer driver\n\n--{LOWER_TO}={levels} is short for the pipeline --{LOWER_TO}-LEVEL\n"
    );
    match with_pipelines(args) {
        Ok(args) => code(opt_main(&registry, &title, &args)),
        Err(message) => {
            eprintln!("{tool}: {message}");
            ExitCode::FAILURE
        }
    }
}

/// The levels that programs are lowered to.
fn levels() -> Vec<&'static str> {
    Level::ALL
        .iter()
        .filter(|l| **l != Level::Numpy)
        .map(|l| l.name())
        .collect()
}

/// The arguments with `--npir-lower-to=LEVEL` or `--npir-lower-to LEVEL` as the name of its pipeline.
fn with_pipelines(given: Vec<String>) -> Result<Vec<String>, String> {
    let mut given = given.into_iter();
    let mut args = Vec::new();
    while let Some(arg) = given.next() {
        if arg == "--" {
            args.push(arg);
            args.extend(given);
            break;
        }
        let flag = arg.strip_prefix("--").or_else(|| arg.strip_prefix('-'));
        let level = match flag.and_then(|flag| flag.strip_prefix(LOWER_TO)) {
            Some("") => given.next(),
            Some(rest) if rest.starts_with('=') => Some(rest[1..].to_string()),
            _ => {
                args.push(arg);
                continue;
            }
        };
        match level {
            Some(level) if levels().contains(&level.as_str()) => {
                args.push(format!("--{LOWER_TO}-{level}"))
            }
            found => {
                let found = found.map_or("nothing".into(), |l| format!("'{l}'"));
                return Err(format!(
                    "--{LOWER_TO} takes one of {}, but found {found}",
                    levels().join(", ")
                ));
            }
        }
    }
    Ok(args)
}

/// Runs one of MLIR's other tools on the process's arguments.
fn run(tool: impl FnOnce(&[String]) -> i32) -> ExitCode {
    match start() {
        Ok(args) => code(tool(&args)),
        Err(code) => code,
    }
}

/// `mlir-lsp-server` with `registry`, for the process's arguments.
pub fn lsp_server(registry: Registry) -> ExitCode {
    run(|args| lsp_server_main(&registry, args))
}

/// `mlir-reduce` with `registry`, for the process's arguments.
pub fn reduce(registry: Registry) -> ExitCode {
    run(|args| reduce_main(&registry, args))
}

/// `mlir-translate`, for the process's arguments.
pub fn translate() -> ExitCode {
    run(|args| translate_main("npir translation driver", args))
}

#[cfg(test)]
mod tests {
    use super::with_pipelines;

    fn rewritten(args: &[&str]) -> Result<Vec<String>, String> {
        with_pipelines(args.iter().map(|a| (*a).to_string()).collect())
    }

    #[test]
    fn a_level_is_the_name_of_a_pipeline() {
        let expected = ["npir-opt", "a.mlir", "--cse", "--npir-lower-to-loop"];
        for flag in [
            &["--npir-lower-to=loop"][..],
            &["-npir-lower-to=loop"],
            &["--npir-lower-to", "loop"],
        ] {
            let given = [&["npir-opt", "a.mlir", "--cse"], flag].concat();
            assert_eq!(rewritten(&given).unwrap(), expected);
        }
        let untouched = [
            "npir-opt",
            "--npir-lower-to-loop",
            "--npir-lower-to-x",
            "--",
            "--npir-lower-to",
        ];
        assert_eq!(rewritten(&untouched).unwrap(), untouched);
    }

    #[test]
    fn other_levels_are_refused() {
        for (level, found) in [
            ("--npir-lower-to=numpy", "'numpy'"),
            ("--npir-lower-to=", "''"),
            ("--npir-lower-to", "nothing"),
        ] {
            let message = rewritten(&["npir-opt", level]).unwrap_err();
            assert_eq!(
                message,
                format!(
                    "--npir-lower-to takes one of tensor, loop, device, llvm, but found {found}"
                )
            );
        }
    }
}
