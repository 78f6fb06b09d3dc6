//! `cargo xtask demo`: from nothing to a result on real data.

use crate::failure::Result;
use crate::process;
use crate::setup;
use crate::workspace;

/// The program that the demo runs.
const DEMO: [&str; 3] = ["run", "--locked", "--package=kmeans"];

pub(crate) fn run() -> Result {
    process::heading("Set-up");
    let ready = setup::run()?;
    process::heading("Build and run k-means");
    process::run(
        process::cargo()
            .args(DEMO)
            .env("NPIR_PYTHON", &ready.python)
            .current_dir(workspace::root()),
    )
}
