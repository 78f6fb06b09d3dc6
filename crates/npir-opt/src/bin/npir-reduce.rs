//! The test case reducer: `mlir-reduce` with npir's dialects and passes.

use npir::prelude::*;

fn main() -> std::process::ExitCode {
    npir_opt::reduce(Registry::standard())
}
