//! How errors and remarks look on a terminal: position, message, the source line with a caret.

use npir::CompileError;
use npir::mlir::diagnostics::{Diagnostic, Severity};
use npir::runtime::RunError;
use std::fmt::Display;
use std::io::IsTerminal;
use std::path::Path;

/// What a command fails with.
pub(crate) enum Failure {
    /// A message, still without `error:`.
    Message(String),
    /// Lines as they are to be printed.
    Rendered(String),
}

impl Failure {
    /// From anything that says what is wrong.
    pub(crate) fn new(message: impl Display) -> Self {
        Failure::Message(message.to_string())
    }
    /// The lines to print.
    pub(crate) fn text(&self) -> String {
        match self {
            Failure::Message(message) => {
                let p = paint();
                format!("{}error:{} {message}", p.error, p.off)
            }
            Failure::Rendered(lines) => lines.clone(),
        }
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Failure::Message(message)
    }
}

struct Paint {
    error: &'static str,
    remark: &'static str,
    bold: &'static str,
    off: &'static str,
}

/// Colours on a terminal (unless `NO_COLOR` is set), nothing otherwise.
fn paint() -> Paint {
    if std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        Paint {
            error: "\x1b[1;31m",
            remark: "\x1b[1;35m",
            bold: "\x1b[1m",
            off: "\x1b[0m",
        }
    } else {
        Paint {
            error: "",
            remark: "",
            bold: "",
            off: "",
        }
    }
}

/// A source file and its text, for excerpts.
struct Source {
    name: String,
    text: String,
}

impl Source {
    /// Bytecode and files that cannot be read have no text, and their errors no excerpt.
    fn of(path: &Path) -> Source {
        Source {
            name: path.display().to_string(),
            text: std::fs::read_to_string(path).unwrap_or_default(),
        }
    }

    /// The line with a caret below the column.
    fn excerpt(&self, file: &str, line: u32, column: u32) -> Option<String> {
        if file != self.name {
            return None;
        }
        let text = self.text.lines().nth(line.checked_sub(1)? as usize)?;
        let before = text.chars().take(column.max(1) as usize - 1);
        let indent: String = before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let p = paint();
        Some(format!(
            "{line:>5} | {text}\n      | {indent}{}^{}",
            p.error, p.off
        ))
    }
}

/// All errors of a compilation of the program in `path`, each with its source line.
pub(crate) fn compile_failure(path: &Path, error: &CompileError) -> Failure {
    let errors: Vec<_> = error
        .diagnostics()
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .collect();
    if errors.is_empty() {
        return Failure::Message(format!("{}: {error}", path.display()));
    }
    let source = Source::of(path);
    let lines: Vec<_> = errors.into_iter().flat_map(|d| lines(&source, d)).collect();
    Failure::Rendered(lines.join("\n"))
}

/// A warning or remark of a compilation.
pub(crate) fn remark(path: &Path, remark: &Diagnostic) -> String {
    lines(&Source::of(path), remark).join("\n")
}

/// A warning about no place in a program.
pub(crate) fn warning(message: &str) -> String {
    let p = paint();
    format!("{}warning:{} {message}", p.remark, p.off)
}

/// The error of a call, with the source line if the program came from `path`.
pub(crate) fn run_failure(path: &Path, error: &RunError) -> Failure {
    let Some((at, position)) = error.location().and_then(|at| Some((at, position(at)?))) else {
        return Failure::new(error);
    };
    let (file, line, column) = position;
    let p = paint();
    let mut lines = vec![format!(
        "{}{at}:{} {}error:{} {}",
        p.bold,
        p.off,
        p.error,
        p.off,
        error.message()
    )];
    lines.extend(Source::of(path).excerpt(file, line, column));
    Failure::Rendered(lines.join("\n"))
}

/// `file:line:column` in its parts.
fn position(at: &str) -> Option<(&str, u32, u32)> {
    let (rest, column) = at.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    Some((file, line.parse().ok()?, column.parse().ok()?))
}

fn lines(source: &Source, d: &Diagnostic) -> Vec<String> {
    let p = paint();
    let (colour, kind) = match d.severity {
        Severity::Error => (p.error, "error"),
        Severity::Warning => (p.remark, "warning"),
        Severity::Remark => (p.remark, "remark"),
    };
    let mut out = Vec::new();
    let mut add = |d: &Diagnostic, kind: &str, colour: &str, place: Option<&str>| {
        let at = d.position.as_ref().map(ToString::to_string);
        out.push(match at.as_deref().or(place) {
            Some(at) => format!(
                "{}{at}:{} {colour}{kind}:{} {}",
                p.bold, p.off, p.off, d.message
            ),
            None => format!("{colour}{kind}:{} {}", p.off, d.message),
        });
        out.extend(
            d.position
                .as_ref()
                .and_then(|at| source.excerpt(&at.file, at.line, at.column)),
        );
    };
    add(d, kind, colour, Some(&source.name));
    for note in &d.notes {
        // MLIR attaches the printed op to each verifier error; the source line says it better.
        if !note.message.starts_with("see current operation") {
            add(note, "note", "", None);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions() {
        assert_eq!(position("a:b.mlir:3:14"), Some(("a:b.mlir", 3, 14)));
        assert_eq!(position("a.mlir:3"), None);
        assert_eq!(position("unknown"), None);
    }

    #[test]
    fn excerpts_keep_tabs_and_survive_any_position() {
        let source = Source {
            name: "a".into(),
            text: "\tx = y\n".into(),
        };
        assert_eq!(
            source.excerpt("a", 1, 2).unwrap(),
            "    1 | \tx = y\n      | \t^"
        );
        for (line, column) in [(0, 1), (9, 1), (u32::MAX, u32::MAX)] {
            assert_eq!(source.excerpt("a", line, column), None);
        }
        assert!(source.excerpt("a", 1, u32::MAX).is_some());
        assert_eq!(source.excerpt("b", 1, 1), None);
    }
}
