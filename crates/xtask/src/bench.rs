//! `cargo xtask bench`: programs beside every peer, in one run.

use std::process::Command;

use crate::dist;
use crate::failure::Result;
use crate::process;
use crate::python;
use crate::setup;
use crate::workspace;

/// Hands the arguments to `bench/run.py`, with a release of npir and the peers' environments. Peers that cannot be
/// installed are left out, and said to be.
pub(crate) fn run(arguments: &[&str]) -> Result {
    let script = workspace::root().join("bench/run.py");
    // Before minutes of building.
    if arguments.contains(&"--help") || arguments.contains(&"-h") {
        let python = python::PEERS.ensure()?;
        return process::run(Command::new(python).arg(script).args(arguments));
    }
    process::heading("Set-up");
    setup::toolchain()?;
    let python = python::PEERS.ensure()?;
    let mut environments = Vec::new();
    for (option, environment) in [("--svml", python::SVML), ("--torch", python::TORCH)] {
        match environment.ensure() {
            Ok(python) => environments.push((option, python)),
            Err(failure) => println!("Left out: {failure}"),
        }
    }

    process::heading("Static release build");
    let target = python::build_release()?;
    dist::build(&["--package=npir-opt", "--bin=npir"])?;
    let site = target.join("python");
    python::lay_out(&target.join("release"), &site.join("npir"))?;

    process::heading("Benchmark");
    let mut command = Command::new(&python);
    command
        .arg(script)
        .args(arguments)
        .arg("--tool")
        .arg(target.join("release/npir"))
        .arg("--site")
        .arg(&site)
        .arg("--folder")
        .arg(workspace::target_dir()?.join("bench"))
        .arg("--python")
        .arg(&python)
        .env("PYTHONPATH", &site);
    for (option, python) in environments {
        command.arg(option).arg(python);
    }
    process::run(&mut command)
}
