//! `cargo xtask peers`: a Python script that measures npir beside other packages.

use std::path::Path;
use std::process::Command;

use crate::failure::{Failure, Result};
use crate::process;
use crate::python;
use crate::setup;

/// Runs the script that `arguments` begins with, and hands the others on. In an environment with the pinned packages of
/// `bench/requirements.txt`, and with npir as releases have it.
pub(crate) fn run(arguments: &[&str]) -> Result {
    let [script, options @ ..] = arguments else {
        return Err(Failure::new(
            "`peers` needs a script, such as examples/python/kmeans.py",
        ));
    };
    // Before minutes of building.
    if !Path::new(script).is_file() {
        return Err(Failure::new(format!("there is no script `{script}`")));
    }
    process::heading("Set-up");
    setup::toolchain()?;
    let python = python::PEERS.ensure()?;

    process::heading("Static release build");
    let target = python::build_release()?;
    let site = target.join("python");
    python::lay_out(&target.join("release"), &site.join("npir"))?;

    process::heading(script);
    process::run(
        Command::new(python)
            .arg(script)
            .args(options)
            .env("PYTHONPATH", site),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_needed_before_anything_is_built() {
        assert!(run(&[]).unwrap_err().to_string().contains("needs a script"));
        let failure = run(&["no/such.py", "--all-shapes"])
            .unwrap_err()
            .to_string();
        assert_eq!(failure, "there is no script `no/such.py`");
    }
}
