//! How errors look on a terminal: position, message, the source line with a caret.

use npir::CompileError;
use npir::mlir::diagnostics::{Diagnostic, Severity};
use std::io::IsTerminal;
use std::path::Path;

struct Paint {
    red: &'static str,
    bold: &'static str,
    off: &'static str,
}

/// Colours on a terminal (unless `NO_COLOR` is set), nothing otherwise.
fn paint() -> Paint {
    if std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        Paint { red: "\x1b[1;31m", bold: "\x1b[1m", off: "\x1b[0m" }
    } else {
        Paint { red: "", bold: "", off: "" }
    }
}

/// The message after `error: ` unless it already says that it is one.
pub(crate) fn with_prefix(message: &str) -> String {
    if message.contains("error: ") {
        return message.to_string();
    }
    let p = paint();
    format!("{}error:{} {message}", p.red, p.off)
}

/// All errors of `error`, each with its source line.
pub(crate) fn render(path: &Path, error: &CompileError) -> String {
    let list: Vec<_> = error.diagnostics().iter().filter(|d| d.severity == Severity::Error).collect();
    if list.is_empty() {
        return format!("{}: {error}", path.display());
    }
    let source = std::fs::read_to_string(path).unwrap_or_default();
    let name = path.display().to_string();
    let p = paint();
    let mut out = Vec::new();
    for d in list {
        out.push(match &d.position {
            Some(at) => format!("{}{at}:{} {}error:{} {}", p.bold, p.off, p.red, p.off, d.message),
            None => format!("{}{name}:{} {}error:{} {}", p.bold, p.off, p.red, p.off, d.message),
        });
        out.extend(excerpt(&source, &name, d));
        for note in &d.notes {
            // MLIR attaches the printed op to each verifier error; the source line says it better.
            if note.message.starts_with("see current operation") {
                continue;
            }
            out.push(match &note.position {
                Some(at) => format!("{at}: note: {}", note.message),
                None => format!("note: {}", note.message),
            });
            out.extend(excerpt(&source, &name, note));
        }
    }
    out.join("\n")
}

fn excerpt(source: &str, name: &str, d: &Diagnostic) -> Option<String> {
    let at = d.position.as_ref().filter(|at| at.file == name)?;
    let line = source.lines().nth(at.line.checked_sub(1)? as usize)?;
    let column = (at.column.max(1) - 1) as usize;
    let indent: String = line.chars().take(column).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let p = paint();
    Some(format!("{:>5} | {line}\n      | {indent}{}^{}", at.line, p.red, p.off))
}
