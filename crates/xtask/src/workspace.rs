//! Where things are: the repository root, the target folder, and what `cargo metadata` says.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::failure::{Failure, Result};
use crate::process;

/// What tests and checks build beside the defaults: the exact extraction, with its solver.
pub(crate) const FEATURES: &str = "--features=npir/exact";

/// The repository root.
pub(crate) fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest
        .ancestors()
        .nth(2)
        .map_or(manifest.clone(), Path::to_path_buf)
}

/// `cargo metadata` of the workspace members; needs no network and no lock file.
pub(crate) fn metadata() -> Result<Value> {
    let text = process::capture(
        process::cargo()
            .args(["metadata", "--format-version", "1", "--no-deps"])
            .current_dir(root()),
    )?;
    serde_json::from_str(&text).map_err(|error| {
        Failure::new(format!(
            "cannot read the output of `cargo metadata`: {error}"
        ))
    })
}

/// The folder that cargo builds into.
pub(crate) fn target_dir() -> Result<PathBuf> {
    metadata()?["target_directory"]
        .as_str()
        .map(PathBuf::from)
        .ok_or_else(|| Failure::new("`cargo metadata` names no target directory"))
}

/// All files below `folder` whose name ends with `suffix`, sorted; build outputs and hidden folders are skipped.
pub(crate) fn files(folder: &Path, suffix: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_path_buf()];
    while let Some(folder) = pending.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| Failure::io(&folder, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| Failure::io(&folder, &error))?;
            let path = entry.path();
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                let skipped = name.starts_with('.')
                    || name.starts_with("target")
                    || path.ends_with("docs/book");
                if !skipped {
                    pending.push(path);
                }
            } else if name.ends_with(suffix) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
