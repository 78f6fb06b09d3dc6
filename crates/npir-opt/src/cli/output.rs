//! Text results: to standard output or to a file that appears whole or not at all.

use super::diagnostics::Failure;
use npir::runtime::atomic_file;
use std::io::Write;
use std::path::Path;

/// Whether a path stands for standard output.
pub(crate) fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Writes `text` and a line end to `path`, or to standard output, which `-` is, too.
pub(crate) fn write(path: Option<&Path>, text: &str) -> Result<(), Failure> {
    let Some(path) = path.filter(|path| !is_standard(path)) else {
        return print(text);
    };
    atomic_file::write(path, |out| writeln!(out, "{}", text.trim_end()))
        .map_err(|e| Failure::Message(format!("cannot write {}: {e}", path.display())))
}

/// Writes `text` and a line end to standard output.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    print_bytes(format!("{}\n", text.trim_end()).as_bytes())
}

/// Writes `bytes` to standard output.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .map_err(|e| Failure::Message(format!("cannot write to standard output: {e}")))
}
