//! A tool of one's own: `mlir-opt` with npir's dialects and passes, and the units.

use custom_dialect::{UnitsToNumpy, dialect};
use npir::prelude::*;
use npir_mlir::prelude::*;

fn main() -> std::process::ExitCode {
    let registry = Registry::standard().with(dialect());
    npir_opt::opt(registry.with_passes([UnitsToNumpy::def()]))
}
