//! Which LLVM/MLIR the build uses, and whether it is complete.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Result};
use crate::process;

/// Where Debian installs LLVM 22, and what `.cargo/config.toml` sets when the environment does not.
pub(crate) const DEFAULT_PREFIX: &str = "/usr/lib/llvm-22";

/// The major version that the bindings are made for.
const MAJOR: &str = "22";

/// The variables that name the prefix, read by the build scripts of llvm-sys, mlir-sys and tblgen.
const PREFIX_VARIABLES: [&str; 3] = [
    "LLVM_SYS_221_PREFIX",
    "MLIR_SYS_220_PREFIX",
    "TABLEGEN_220_PREFIX",
];

/// One thing that must be there, and the Debian package that brings it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    /// What it is, in words.
    pub(crate) what: &'static str,
    /// Where it is; relative to the prefix unless it starts with `/`.
    path: &'static str,
    /// The package.
    package: &'static str,
}

const fn need(what: &'static str, path: &'static str, package: &'static str) -> Need {
    Need {
        what,
        path,
        package,
    }
}

const NEEDS: &[Need] = &[
    need("llvm-config", "bin/llvm-config", "llvm-22-dev"),
    need("LLVM headers", "include/llvm/IR/Module.h", "llvm-22-dev"),
    need("LLVM static libraries", "lib/libLLVMCore.a", "llvm-22-dev"),
    need(
        "MLIR headers",
        "include/mlir/IR/MLIRContext.h",
        "libmlir-22-dev",
    ),
    need(
        "MLIR C API headers",
        "include/mlir-c/IR.h",
        "libmlir-22-dev",
    ),
    need("MLIR shared library", "lib/libMLIR.so", "libmlir-22-dev"),
    need("MLIR static libraries", "lib/libMLIRIR.a", "libmlir-22-dev"),
    need(
        "MLIR C API libraries",
        "lib/libMLIRCAPIIR.a",
        "libmlir-22-dev",
    ),
    need("mlir-opt", "bin/mlir-opt", "mlir-22-tools"),
    need("mlir-tblgen", "bin/mlir-tblgen", "mlir-22-tools"),
    need("FileCheck", "bin/FileCheck", "llvm-22-tools"),
    need("lit", "bin/lit", "llvm-22-tools"),
    need("not", "bin/not", "llvm-22-tools"),
    need("split-file", "bin/split-file", "llvm-22-tools"),
    need("clang++", "bin/clang++", "clang-22"),
    need("libclang", "lib/libclang.so", "libclang-22-dev"),
    need("Polly", "lib/libPolly.a", "libpolly-22-dev"),
    need("zstd headers", "/usr/include/zstd.h", "libzstd-dev"),
    need("zlib headers", "/usr/include/zlib.h", "zlib1g-dev"),
];

/// The packages that bring everything in [`NEEDS`].
pub(crate) const PACKAGES: &[&str] = &[
    "llvm-22-dev",
    "libmlir-22-dev",
    "mlir-22-tools",
    "llvm-22-tools",
    "clang-22",
    "libclang-22-dev",
    "libpolly-22-dev",
    "libzstd-dev",
    "zlib1g-dev",
];

/// The prefix that the build will use.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Prefix {
    pub(crate) path: PathBuf,
    /// The variable that names it, when somebody chose another one than [`DEFAULT_PREFIX`].
    pub(crate) chosen_by: Option<&'static str>,
}

/// What [`inspect`] found at a prefix.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Everything is there; the full version.
    Complete(String),
    /// These are not.
    Missing(Vec<Need>),
    /// An LLVM of another version.
    WrongVersion(String),
}

/// Reads the prefix from the variables, given a way to look a variable up.
///
/// Fails when they disagree: the parts of one program would then be of two LLVMs.
pub(crate) fn prefix(variable: impl Fn(&str) -> Option<String>) -> Result<Prefix> {
    let values = PREFIX_VARIABLES.map(|name| {
        let value = variable(name).filter(|value| !value.is_empty());
        (
            name,
            PathBuf::from(value.as_deref().unwrap_or(DEFAULT_PREFIX)),
        )
    });
    let (first, path) = &values[0];
    if let Some((other, different)) = values.iter().find(|(_, other)| other != path) {
        return Err(Failure::new(format!(
            "{first} is {}, but {other} is {}.\nAll of {} must name the same LLVM/MLIR {MAJOR}.",
            path.display(),
            different.display(),
            PREFIX_VARIABLES.join(", ")
        )));
    }
    let chosen_by = (path != Path::new(DEFAULT_PREFIX)).then_some(*first);
    Ok(Prefix {
        path: path.clone(),
        chosen_by,
    })
}

/// Checks version, headers, libraries and tools at `prefix`.
pub(crate) fn inspect(prefix: &Path) -> State {
    let config = prefix.join("bin/llvm-config");
    if config.exists() {
        let version = process::capture(Command::new(&config).arg("--version"));
        match version.as_deref().map(str::trim) {
            Ok(version) if version.split('.').next() == Some(MAJOR) => {}
            Ok(version) => return State::WrongVersion(version.to_owned()),
            Err(failure) => return State::WrongVersion(format!("unknown ({failure})")),
        }
    }
    let missing: Vec<Need> = NEEDS
        .iter()
        .filter(|need| !present(prefix, need))
        .copied()
        .collect();
    if !missing.is_empty() {
        return State::Missing(missing);
    }
    let version = process::capture(Command::new(&config).arg("--version"));
    State::Complete(version.unwrap_or_default().trim().to_owned())
}

/// The lines that say what is missing.
pub(crate) fn describe(missing: &[Need]) -> String {
    let lines: Vec<String> = missing
        .iter()
        .map(|need| {
            format!(
                "  - {} ({}, Debian package {})",
                need.what, need.path, need.package
            )
        })
        .collect();
    lines.join("\n")
}

fn present(prefix: &Path, need: &Need) -> bool {
    // A system header may lie elsewhere on systems that are not Debian; the compiler finds it there.
    let system = need.path.starts_with('/');
    prefix.join(need.path).exists() || (system && !Path::new("/etc/debian_version").exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_prefix_without_variables() {
        let prefix = prefix(|_| None).unwrap();
        assert_eq!(
            prefix,
            Prefix {
                path: DEFAULT_PREFIX.into(),
                chosen_by: None
            }
        );
    }

    #[test]
    fn chosen_prefix_names_its_variable() {
        let prefix = prefix(|_| Some("/opt/llvm".into())).unwrap();
        assert_eq!(prefix.chosen_by, Some("LLVM_SYS_221_PREFIX"));
    }

    #[test]
    fn disagreeing_variables_are_named() {
        let failure =
            prefix(|name| (name == "MLIR_SYS_220_PREFIX").then(|| "/opt/mlir".into())).unwrap_err();
        let text = failure.to_string();
        assert!(text.contains("MLIR_SYS_220_PREFIX is /opt/mlir"), "{text}");
        assert!(text.contains(DEFAULT_PREFIX), "{text}");
    }

    #[test]
    fn missing_prefix_lists_every_need() {
        let State::Missing(missing) = inspect(Path::new("/nowhere")) else {
            panic!("nothing is at /nowhere");
        };
        assert!(missing.iter().any(|need| need.what == "MLIR headers"));
        assert!(describe(&missing).contains("Debian package libmlir-22-dev"));
    }

    #[test]
    fn every_needed_package_is_installed_by_setup() {
        for need in NEEDS {
            assert!(PACKAGES.contains(&need.package), "{}", need.package);
        }
    }
}
