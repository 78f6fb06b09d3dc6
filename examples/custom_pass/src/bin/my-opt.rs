//! A tool of one's own: `mlir-opt` with npir's dialects and passes, and `expand-power`.

use custom_pass::ExpandPower;
use npir::prelude::*;
use npir_mlir::prelude::*;

fn main() -> std::process::ExitCode {
    npir_opt::opt(Registry::standard().with_passes([ExpandPower::def()]))
}
