//! `cargo xtask tidy`: format, lints, documentation and the project's own checks.
//!
//! Every check runs, so that one visit shows everything there is to repair.

use crate::diffs;
use crate::failure::{Failure, Result};
use crate::layering;
use crate::links;
use crate::process;
use crate::setup;
use crate::sources;
use crate::workspace;

pub(crate) fn run() -> Result {
    process::heading("Set-up");
    setup::toolchain()?;
    let root = workspace::root();
    let checks = [
        ("format", cargo(&["fmt", "--all", "--check"])),
        ("sources", report("sources", &sources::check(&root)?)),
        ("layering", report("layering", &layering::check()?)),
        ("links", report("links", &links::check(&root)?)),
        ("diffs", report("diffs", &diffs::check(&root)?)),
        (
            "lints",
            cargo(&[
                "clippy",
                "--locked",
                "--workspace",
                workspace::FEATURES,
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ]),
        ),
        (
            "documentation",
            cargo(&["doc", "--locked", "--workspace", "--no-deps", "--lib"]),
        ),
    ];
    let failed: Vec<&str> = checks
        .iter()
        .filter(|(_, passed)| !passed)
        .map(|(name, _)| *name)
        .collect();
    if failed.is_empty() {
        println!("\nTidy.");
        return Ok(());
    }
    Err(Failure::new(format!("not tidy: {}", failed.join(", "))))
}

/// Runs a cargo command; whether it found nothing.
fn cargo(arguments: &[&str]) -> bool {
    println!();
    let result = process::run(
        process::cargo()
            .args(arguments)
            .env("RUSTDOCFLAGS", "-D warnings")
            .current_dir(workspace::root()),
    );
    if let Err(failure) = &result {
        println!("{failure}");
    }
    result.is_ok()
}

/// Prints the findings of a check of our own; whether there are none.
fn report(name: &str, findings: &[String]) -> bool {
    println!("\n{name}: {} finding(s)", findings.len());
    for finding in findings {
        println!("  {finding}");
    }
    findings.is_empty()
}
