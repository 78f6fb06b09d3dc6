//! MLIR's tools with a registry.

use npir::Level;
use npir::mlir::dialect::Registry;
use npir::mlir::tools::{lsp_server_main, opt_main, reduce_main, translate_main};
use std::process::ExitCode;

const LOWER_TO: &str = "--npir-lower-to";

fn code(status: i32) -> ExitCode {
    ExitCode::from(u8::try_from(status.clamp(0, 255)).unwrap_or(1))
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
    let mut args = Vec::new();
    let mut given = std::env::args();
    while let Some(arg) = given.next() {
        let level = if arg == LOWER_TO {
            given.next()
        } else {
            match arg.strip_prefix(&format!("{LOWER_TO}=")) {
                Some(level) => Some(level.to_string()),
                None => {
                    args.push(arg);
                    continue;
                }
            }
        };
        let names: Vec<_> = Level::ALL.iter().skip(1).map(|l| l.name()).collect();
        match level.as_deref().and_then(Level::from_name).filter(|l| *l != Level::Numpy) {
            Some(level) => args.push(format!("{LOWER_TO}-{}", level.name())),
            None => {
                let found = level.map_or("nothing".into(), |l| format!("'{l}'"));
                eprintln!("npir-opt: {LOWER_TO} takes one of {}, but found {found}", names.join(", "));
                return ExitCode::from(1);
            }
        }
    }
    code(opt_main(&registry, "npir modular optimizer driver\n", &args))
}

/// `mlir-lsp-server` with `registry`, for the process's arguments.
pub fn lsp_server(registry: Registry) -> ExitCode {
    code(lsp_server_main(&registry, &std::env::args().collect::<Vec<_>>()))
}

/// `mlir-reduce` with `registry`, for the process's arguments.
pub fn reduce(registry: Registry) -> ExitCode {
    code(reduce_main(&registry, &std::env::args().collect::<Vec<_>>()))
}

/// `mlir-translate`, for the process's arguments.
pub fn translate() -> ExitCode {
    code(translate_main("npir translation driver", &std::env::args().collect::<Vec<_>>()))
}
