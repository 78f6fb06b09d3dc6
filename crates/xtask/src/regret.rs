//! `cargo xtask regret`: the plans that the compiler chooses beside others of the same programs.

use std::process::Command;

use crate::failure::Result;
use crate::process;
use crate::python;
use crate::setup;
use crate::workspace;

/// Hands the arguments to `bench/regret.py`, with a development build of the `npir` command: it makes the same code as a
/// release.
pub(crate) fn run(arguments: &[&str]) -> Result {
    let script = workspace::root().join("bench/regret.py");
    if arguments.contains(&"--help") || arguments.contains(&"-h") {
        let python = python::TESTS.ensure()?;
        return process::run(Command::new(python).arg(script).args(arguments));
    }
    process::heading("Set-up");
    let ready = setup::run()?;
    process::heading("Build");
    process::run(
        process::cargo()
            .args(["build", "--locked", "--package=npir-opt", "--bin=npir"])
            .current_dir(workspace::root()),
    )?;
    process::heading("Plans");
    let target = workspace::target_dir()?;
    let folder = target.join("bench");
    process::run(
        Command::new(&ready.python)
            .arg(script)
            .args(arguments)
            .arg("--tool")
            .arg(target.join("debug/npir"))
            .arg("--folder")
            .arg(&folder),
    )
}
