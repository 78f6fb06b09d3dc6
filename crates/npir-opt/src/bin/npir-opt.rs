//! The modular optimizer driver: `mlir-opt` with npir's dialects and passes.

use npir::prelude::*;

fn main() -> std::process::ExitCode {
    npir_opt::opt(Registry::standard())
}
