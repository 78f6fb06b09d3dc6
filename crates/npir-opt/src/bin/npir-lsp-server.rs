//! The language server: `mlir-lsp-server` with npir's dialects.

use npir::prelude::*;

fn main() -> std::process::ExitCode {
    npir_opt::lsp_server(Registry::standard())
}
