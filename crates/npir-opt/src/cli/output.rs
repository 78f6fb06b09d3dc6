//! Text results: to standard output or to a file that appears whole or not at all.

use super::diagnostics::Failure;
use npir::runtime::atomic_file;
use std::io::Write;
use std::path::Path;

/// Writes `text` and a line end to `path`, or to standard output.
pub(crate) fn write(path: Option<&Path>, text: &str) -> Result<(), Failure> {
    let Some(path) = path else { return print(text) };
    atomic_file::write(path, |out| writeln!(out, "{}", text.trim_end()))
        .map_err(|e| Failure::Message(format!("cannot write {}: {e}", path.display())))
}

/// Writes `text` and a line end to standard output.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", text.trim_end())
        .and_then(|()| out.flush())
        .map_err(|e| Failure::Message(format!("cannot write to standard output: {e}")))
}
