//! `cargo xtask reference`: writes the reference pages of the book from the definitions.
//!
//! The definitions are known to programs that link MLIR, which this one does not: the test that compares the
//! pages writes them.

use crate::failure::Result;
use crate::process;
use crate::setup;
use crate::workspace;

/// The test, told to write.
const WRITE: [&str; 5] = [
    "test",
    "--locked",
    "--package=npir-opt",
    "--test",
    "reference",
];

pub(crate) fn run() -> Result {
    process::heading("Set-up");
    setup::toolchain()?;
    process::heading("Reference pages");
    process::run(
        process::cargo()
            .args(WRITE)
            .env("NPIR_WRITE_REFERENCE", "1")
            .current_dir(workspace::root()),
    )
}
