//! `cargo xtask ops`: every operation timed beside NumPy.

use crate::failure::Result;
use crate::process;
use crate::setup;
use crate::workspace;

/// The benchmark, in the profile that the tests have built already: it is an optimized one.
const BENCH: [&str; 6] = [
    "bench",
    "--locked",
    "--profile=dev",
    "--package=npir",
    "--bench=ops",
    "--",
];

/// Passes `options` on: a text that the operation's name and dtype contain, `--write` for the page of the book.
pub(crate) fn run(options: &[&str]) -> Result {
    process::heading("Set-up");
    let ready = setup::run()?;
    process::heading("Operations beside NumPy");
    process::run(
        process::cargo()
            .args(BENCH)
            .args(options)
            .env("NPIR_PYTHON", &ready.python)
            .current_dir(workspace::root()),
    )
}
