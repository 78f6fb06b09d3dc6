//! A tool of one's own: `mlir-opt` with npir's dialects and passes, angles, and an optimizer that knows them.

use custom_rule::{AnglesToNumpy, algebra, dialect};
use npir::prelude::*;
use npir_mlir::prelude::*;
use std::process::ExitCode;

fn main() -> ExitCode {
    match Registry::standard().with(dialect()).with_algebra(algebra()) {
        Ok(registry) => npir_opt::opt(registry.with_passes([AnglesToNumpy::def()])),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
