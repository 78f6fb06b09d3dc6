//! `cargo xtask setup`: makes a machine ready to build and test, or says what it lacks.

use std::path::PathBuf;
use std::process::Command;

use crate::apt::{self, Needs, Obstacle};
use crate::failure::{Failure, Result};
use crate::llvm::{self, Need, Prefix, State};
use crate::process;
use crate::python;
use crate::workspace;

/// LLVM/MLIR with its headers and libraries.
const NEEDS: Needs<'_> = Needs {
    what: "LLVM/MLIR 22",
    space_kib: 4 << 20,
    advice: "\nDebian 12 has LLVM 22 in its security archive (bookworm-security): add it to the sources of apt.\n\
             On another release add an archive that has it, or install LLVM/MLIR 22 elsewhere and set LLVM_SYS_221_PREFIX, \
             MLIR_SYS_220_PREFIX, TABLEGEN_220_PREFIX and LIBCLANG_PATH.",
};

/// What a ready machine offers to the other commands.
pub(crate) struct Ready {
    /// Prefix of LLVM/MLIR 22.
    pub(crate) llvm: PathBuf,
    /// The Python of the tests.
    pub(crate) python: PathBuf,
}

impl Ready {
    /// The folder of LLVM's tools.
    pub(crate) fn llvm_bin(&self) -> PathBuf {
        self.llvm.join("bin")
    }
}

/// Checks LLVM/MLIR and the test environment; installs what is missing where that is possible.
pub(crate) fn run() -> Result<Ready> {
    let llvm = toolchain()?;
    let python = python::TESTS.ensure()?;
    println!("Python test environment: {}.", python.display());
    Ok(Ready { llvm, python })
}

/// Checks LLVM/MLIR alone; installs what is missing where that is possible.
pub(crate) fn toolchain() -> Result<PathBuf> {
    let prefix = llvm::prefix(|name| std::env::var(name).ok())?;
    let mut state = llvm::inspect(&prefix.path);
    let tools = missing_tools();
    let complete = matches!(state, State::Complete(_)) && tools.is_empty();
    if !complete {
        if let Some(refusal) = refusal(&prefix, &state) {
            return Err(refusal);
        }
        let mut packages = match &state {
            State::Missing(_) => llvm::PACKAGES.to_vec(),
            _ => Vec::new(),
        };
        packages.extend(tools);
        install(&state, &packages)?;
        state = llvm::inspect(&prefix.path);
    }
    match state {
        State::Complete(version) => {
            println!(
                "LLVM/MLIR {version} at {}: complete.",
                prefix.path.display()
            );
            Ok(prefix.path)
        }
        State::Missing(missing) => Err(Failure::new(format!(
            "the packages are installed, but LLVM/MLIR 22 at {} still lacks:\n{}",
            prefix.path.display(),
            llvm::describe(&missing)
        ))),
        State::WrongVersion(version) => Err(Failure::new(format!(
            "{} holds LLVM {version}, not 22",
            prefix.path.display()
        ))),
    }
}

/// Packages for what the build needs beside LLVM: a C++ standard library, a Python with venv, and CMake for the solver of
/// the exact extraction.
fn missing_tools() -> Vec<&'static str> {
    let mut packages = Vec::new();
    if process::capture(Command::new("g++").arg("--version")).is_err() {
        packages.push("g++");
    }
    if process::capture(Command::new("cmake").arg("--version")).is_err() {
        packages.push("cmake");
    }
    if !python::can_make_environments() {
        packages.push("python3-venv");
    }
    packages
}

/// The failure for a state that installing Debian's packages would not repair.
fn refusal(prefix: &Prefix, state: &State) -> Option<Failure> {
    let path = prefix.path.display();
    let advice = format!(
        "Install LLVM/MLIR 22 there, or unset the variable to use Debian's packages at {}:\n\n    {}\n",
        llvm::DEFAULT_PREFIX,
        apt::command_line(llvm::PACKAGES)
    );
    match (state, prefix.chosen_by) {
        (State::WrongVersion(version), Some(variable)) => Some(Failure::new(format!(
            "{variable} is {path}, which holds LLVM {version}; npir needs LLVM/MLIR 22.\n{advice}"
        ))),
        (State::WrongVersion(version), None) => Some(Failure::new(format!(
            "{path} holds LLVM {version}; npir needs LLVM/MLIR 22. Set LLVM_SYS_221_PREFIX, MLIR_SYS_220_PREFIX \
             and TABLEGEN_220_PREFIX to the prefix of LLVM/MLIR 22."
        ))),
        (State::Missing(_), Some(variable)) if !prefix.path.exists() => Some(Failure::new(
            format!("{variable} is {path}, which does not exist.\n{advice}"),
        )),
        (State::Missing(missing), Some(variable)) => Some(Failure::new(format!(
            "{variable} is {path}, which is not a complete LLVM/MLIR 22. Missing:\n{}\n{advice}",
            llvm::describe(missing)
        ))),
        (State::Missing(_) | State::Complete(_), _) => None,
    }
}

fn install(state: &State, packages: &[&str]) -> Result {
    let missing: &[Need] = match state {
        State::Missing(missing) => missing,
        _ => &[],
    };
    match apt::obstacle() {
        Some(obstacle) => Err(Failure::new(cannot_install(obstacle, missing, packages))),
        None => {
            println!(
                "Installing Debian packages (up to 400 MB to download, 2 GB installed): {}.",
                packages.join(", ")
            );
            let folder = workspace::root().join("target");
            std::fs::create_dir_all(&folder).map_err(|error| Failure::io(&folder, &error))?;
            apt::install(packages, &folder.join("setup-apt.log"), &NEEDS)
        }
    }
}

fn cannot_install(obstacle: Obstacle, missing: &[Need], packages: &[&str]) -> String {
    let lacks = if missing.is_empty() {
        format!("this machine lacks {}.", packages.join(" and "))
    } else {
        format!(
            "LLVM/MLIR 22 at {} is not complete. Missing:\n{}",
            llvm::DEFAULT_PREFIX,
            llvm::describe(missing)
        )
    };
    match obstacle {
        Obstacle::NotRoot => format!(
            "{lacks}\nOnly root may install packages. Run\n\n    {}\n\nand then `cargo xtask setup` again.",
            apt::command_line(packages)
        ),
        Obstacle::NotDebian => format!(
            "{lacks}\nThis system has no apt. Install LLVM/MLIR 22 with headers, static and shared libraries and tools, \
             and set LLVM_SYS_221_PREFIX, MLIR_SYS_220_PREFIX and TABLEGEN_220_PREFIX to its prefix and LIBCLANG_PATH to \
             its library folder. On Debian 12 this is\n\n    {}\n",
            apt::command_line(packages)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_version_at_a_chosen_prefix_names_the_variable_and_the_remedy() {
        let prefix = Prefix {
            path: "/opt/llvm".into(),
            chosen_by: Some("LLVM_SYS_221_PREFIX"),
        };
        let text = refusal(&prefix, &State::WrongVersion("19.1.7".into()))
            .unwrap()
            .to_string();
        for part in [
            "LLVM_SYS_221_PREFIX is /opt/llvm",
            "holds LLVM 19.1.7",
            "libmlir-22-dev",
        ] {
            assert!(text.contains(part), "{part:?} in {text}");
        }
    }

    #[test]
    fn missing_packages_at_the_default_prefix_are_installed() {
        let prefix = Prefix {
            path: llvm::DEFAULT_PREFIX.into(),
            chosen_by: None,
        };
        assert!(refusal(&prefix, &State::Missing(Vec::new())).is_none());
    }

    #[test]
    fn a_user_without_rights_gets_the_command() {
        let text = cannot_install(Obstacle::NotRoot, &[], &["g++"]);
        assert!(
            text.contains("sudo apt-get install -y --no-install-recommends g++"),
            "{text}"
        );
    }
}
