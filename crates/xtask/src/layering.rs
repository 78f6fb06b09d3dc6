//! Which crate may depend on which: the direction of the architecture, as a table.
//!
//! `mlir-sys ← mlir ← egraph ← dialects ← passes, cpu, gpu ← npir ← opt, python`; `runtime` stands
//! alone. Only ordinary and build dependencies are checked: a test may use whatever it tests.

use serde_json::Value;

use crate::failure::Result;
use crate::workspace;

/// Everything that stands on MLIR and below the dialects.
const FOUNDATION: &[&str] = &["npir-mlir", "npir-macros", "npir-egraph", "npir-machine"];
const DIALECTS: &[&str] = &["npir-numpy", "npir-tensor", "npir-loop", "npir-device"];
/// The raw foreign declarations, for the crates that hand whole modules to LLVM or run MLIR's tools.
const FOREIGN: &[&str] = &["npir-mlir-sys"];
const BACK_ENDS: &[&str] = &["npir-passes", "npir-cpu", "npir-gpu", "npir-runtime"];

/// Each crate and the groups of our crates that it may use. A new crate is a new line.
const ALLOWED: &[(&str, &[&[&str]])] = &[
    ("npir-macros", &[]),
    ("npir-mlir-sys", &[]),
    ("npir-runtime", &[]),
    // Numbers, and no IR.
    ("npir-machine", &[]),
    ("npir-mlir", &[&["npir-mlir-sys", "npir-macros"]]),
    ("npir-egraph", &[&["npir-mlir", "npir-macros"]]),
    // A dialect knows only the level directly below it.
    ("npir-device", &[FOUNDATION]),
    ("npir-loop", &[FOUNDATION, &["npir-device"]]),
    ("npir-tensor", &[FOUNDATION, &["npir-loop"]]),
    ("npir-numpy", &[FOUNDATION, &["npir-tensor"]]),
    ("npir-passes", &[FOUNDATION, DIALECTS]),
    (
        "npir-cpu",
        &[
            FOREIGN,
            FOUNDATION,
            &["npir-loop", "npir-device", "npir-runtime"],
        ],
    ),
    (
        "npir-gpu",
        &[
            FOREIGN,
            FOUNDATION,
            &["npir-loop", "npir-device", "npir-runtime"],
        ],
    ),
    ("npir", &[FOUNDATION, DIALECTS, BACK_ENDS]),
    (
        "npir-opt",
        &[FOREIGN, FOUNDATION, DIALECTS, BACK_ENDS, &["npir"]],
    ),
    ("npir-c", &[BACK_ENDS, &["npir"]]),
    ("npir-dispatch", &[&["npir-runtime"]]),
    (
        "npir-python",
        &[FOUNDATION, DIALECTS, BACK_ENDS, &["npir", "npir-dispatch"]],
    ),
    ("npir-testing", &[&["npir-runtime"]]),
    ("xtask", &[]),
];

/// Foreign crates that only some of ours may use, and why.
const RESERVED: &[(&str, &str, Users)] = &[
    ("melior", "links MLIR", Users::AllBut(WITHOUT_LLVM)),
    ("mlir-sys", "links MLIR", Users::AllBut(WITHOUT_LLVM)),
    ("llvm-sys", "links LLVM", Users::AllBut(WITHOUT_LLVM)),
    ("inkwell", "links LLVM", Users::AllBut(WITHOUT_LLVM)),
    (
        "egg",
        "stays behind npir-egraph's interface",
        Users::Only(&["npir-egraph"]),
    ),
    (
        "good_lp",
        "stays behind npir-egraph's interface",
        Users::Only(&["npir-egraph"]),
    ),
    (
        "highs",
        "stays behind npir-egraph's interface",
        Users::Only(&["npir-egraph"]),
    ),
    (
        "cc",
        "compiles C++, which only npir-mlir-sys holds",
        Users::Only(&["npir-mlir-sys"]),
    ),
    (
        "pyo3",
        "belongs to the Python modules",
        Users::Only(&["npir-python", "npir-dispatch"]),
    ),
];

/// Crates that build and run where LLVM and MLIR are not present.
const WITHOUT_LLVM: &[&str] = &[
    "npir-runtime",
    "npir-dispatch",
    "npir-testing",
    "npir-macros",
    "xtask",
];

enum Users {
    Only(&'static [&'static str]),
    AllBut(&'static [&'static str]),
}

/// One dependency of a workspace member.
struct Dependency {
    user: String,
    used: String,
    /// Whether it is one of the workspace's own crates.
    own: bool,
}

/// Checks the whole workspace; returns one line for each finding.
pub(crate) fn check() -> Result<Vec<String>> {
    let metadata = workspace::metadata()?;
    let members: Vec<&str> = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|package| package["name"].as_str())
        .collect();
    let dependencies: Vec<Dependency> = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(dependencies_of)
        .collect();
    let mut findings: Vec<String> = members
        .iter()
        .filter(|member| member.starts_with("npir") && allowed(member).is_none())
        .map(|member| {
            format!("{member} has no line in the layering table (crates/xtask/src/layering.rs)")
        })
        .collect();
    findings.extend(dependencies.iter().filter_map(judge));
    Ok(findings)
}

fn dependencies_of(package: &Value) -> Vec<Dependency> {
    let user = package["name"].as_str().unwrap_or_default();
    package["dependencies"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|dependency| dependency["kind"] != "dev")
        .map(|dependency| Dependency {
            user: user.to_owned(),
            used: dependency["name"].as_str().unwrap_or_default().to_owned(),
            own: dependency["path"].is_string(),
        })
        .collect()
}

fn allowed(user: &str) -> Option<&'static [&'static [&'static str]]> {
    ALLOWED
        .iter()
        .find(|(name, _)| *name == user)
        .map(|(_, groups)| *groups)
}

fn judge(dependency: &Dependency) -> Option<String> {
    let Dependency { user, used, own } = dependency;
    if *own {
        let groups = allowed(user)?;
        let fine = groups.iter().any(|group| group.contains(&used.as_str()));
        return (!fine).then(|| {
            format!("{user} depends on {used}, against the direction of the architecture")
        });
    }
    let (_, reason, users) = RESERVED.iter().find(|(name, ..)| name == used)?;
    let fine = match users {
        Users::Only(only) => only.contains(&user.as_str()),
        Users::AllBut(without) => !without.contains(&user.as_str()),
    };
    (!fine).then(|| format!("{user} depends on {used}, which {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependency(user: &str, used: &str, own: bool) -> Dependency {
        Dependency {
            user: user.into(),
            used: used.into(),
            own,
        }
    }

    #[test]
    fn the_workspace_keeps_the_direction() {
        assert_eq!(check().unwrap(), Vec::<String>::new());
    }

    #[test]
    fn upward_and_skipping_dependencies_are_found() {
        assert!(judge(&dependency("npir-mlir", "npir-numpy", true)).is_some());
        assert!(judge(&dependency("npir-numpy", "npir-loop", true)).is_some());
        assert!(judge(&dependency("npir-runtime", "npir-mlir", true)).is_some());
        assert!(judge(&dependency("npir-numpy", "npir-tensor", true)).is_none());
    }

    #[test]
    fn reserved_crates_are_found() {
        assert!(judge(&dependency("npir-runtime", "inkwell", false)).is_some());
        assert!(judge(&dependency("npir-numpy", "egg", false)).is_some());
        assert!(judge(&dependency("npir-mlir", "melior", false)).is_none());
    }

    #[test]
    fn the_table_names_only_crates_that_have_a_line() {
        for name in ALLOWED
            .iter()
            .flat_map(|(_, groups)| *groups)
            .copied()
            .flatten()
        {
            assert!(allowed(name).is_some(), "{name}");
        }
    }
}
