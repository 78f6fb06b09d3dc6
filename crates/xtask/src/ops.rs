//! `cargo xtask ops`, `cargo xtask vector-math`, `cargo xtask compile-times`, `cargo xtask optimizer-times` and `cargo xtask
//! extraction`: what operations, compilation and the choice of plans take.

use crate::failure::Result;
use crate::process;
use crate::setup;
use crate::workspace;

/// Every operation timed beside NumPy. `options`: a text that the operation's name and dtype contain, `--write` for
/// the page of the book. In the profile that the tests have built already: what programs run is optimized in it.
pub(crate) fn run(options: &[&str]) -> Result {
    bench("Operations beside NumPy", "ops", "dev", &[], options)
}

/// Errors and times of elementary functions of vectors. `options`: a text that the function's name contains, `--write`
/// for the page of the book. In the profile that the tests have built already, as [`run`].
pub(crate) fn vector_math(options: &[&str]) -> Result {
    bench("Functions of vectors", "vector_math", "dev", &[], options)
}

/// Programs compiled, as releases do it. `options`: a text that the program's name and number of operations contain,
/// `--write` for the page of the book.
pub(crate) fn compile_times(options: &[&str]) -> Result {
    bench(
        "Programs by their number of operations",
        "compile",
        "bench",
        &[],
        options,
    )
}

/// What the optimizer takes of that, as releases do it. `options`: a text that the program's name contains, `--write` for
/// the page of the book.
pub(crate) fn optimizer_times(options: &[&str]) -> Result {
    bench(
        "Programs in the optimizer",
        "optimizer",
        "bench",
        &[],
        options,
    )
}

/// The ways of the optimizer to choose a plan beside each other, in the profile that the tests have built already.
/// `options`: a text that the file's name contains, `--write` for the page of the book.
pub(crate) fn extraction(options: &[&str]) -> Result {
    let features = [workspace::FEATURES];
    bench(
        "Ways to choose a plan",
        "extraction",
        "dev",
        &features,
        options,
    )
}

fn bench(heading: &str, name: &str, profile: &str, features: &[&str], options: &[&str]) -> Result {
    process::heading("Set-up");
    let ready = setup::run()?;
    process::heading(heading);
    process::run(
        process::cargo()
            .args([
                "bench",
                "--locked",
                "--package=npir",
                "--profile",
                profile,
                "--bench",
                name,
            ])
            .args(features)
            .arg("--")
            .args(options)
            .env("NPIR_PYTHON", &ready.python)
            .current_dir(workspace::root()),
    )
}
