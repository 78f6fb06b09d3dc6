//! The one path on which errors, warnings and remarks about the IR travel.

use crate::raw::{string_ref, text};
use melior::ir::{Location, operation::OperationLike};
use melior::{
    Context,
    diagnostic::{DiagnosticHandlerId, DiagnosticSeverity},
};
use npir_mlir_sys::*;
use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};

/// How serious a [`Diagnostic`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The operation that reports it fails.
    Error,
    /// Suspicious, but the work goes on.
    Warning,
    /// Information, for instance about a fallback.
    Remark,
}

/// Emits one diagnostic at `location`, with notes attached.
pub fn emit(
    location: Location<'_>,
    severity: Severity,
    message: &str,
    notes: &[(Location<'_>, String)],
) {
    let locations: Vec<_> = notes.iter().map(|(l, _)| l.to_raw()).collect();
    let texts: Vec<_> = notes.iter().map(|(_, t)| string_ref(t)).collect();
    // SAFETY: the location is alive and the slices outlive the call.
    unsafe {
        npirEmitDiagnostic(
            location.to_raw(),
            severity as i32,
            string_ref(message),
            notes.len() as isize,
            locations.as_ptr(),
            texts.as_ptr(),
        );
    }
}

/// Emits `'dialect.op' op message` at the op, as MLIR's own verifiers do.
pub fn emit_op_error<'c: 'a, 'a>(op: &impl OperationLike<'c, 'a>, message: &str) {
    // SAFETY: the op is alive.
    unsafe { npirEmitOpError(op.to_raw(), string_ref(message)) }
}

/// A position in a source file: name, line and column, both from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePosition {
    /// File name as the location spells it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

impl fmt::Display for FilePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// The first file position inside `location` (through names, fusions and call
/// sites); `None` when it has none.
pub fn file_position(location: Location<'_>) -> Option<FilePosition> {
    let mut file = string_ref("");
    let (mut line, mut column) = (0, 0);
    // SAFETY: the location is alive and the out pointers are valid.
    let found =
        unsafe { npirLocationFilePosition(location.to_raw(), &mut file, &mut line, &mut column) };
    found.then(|| FilePosition {
        // SAFETY: the name is interned in the context.
        file: unsafe { text(file) }.to_string(),
        line,
        column,
    })
}

/// A diagnostic as a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error, warning or remark.
    pub severity: Severity,
    /// The message.
    pub message: String,
    /// Where in the source, when known.
    pub position: Option<FilePosition>,
    /// Attached notes.
    pub notes: Vec<Diagnostic>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = &self.position {
            write!(f, "{position}: ")?;
        }
        let kind = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Remark => "remark",
        };
        write!(f, "{kind}: {}", self.message)?;
        for note in &self.notes {
            write!(f, "\n  note: ")?;
            if let Some(position) = &note.position {
                write!(f, "{position}: ")?;
            }
            write!(f, "{}", note.message)?;
        }
        Ok(())
    }
}

/// The text of a diagnostic. Names from damaged bytecode can be any bytes: the text ends before them.
fn message(diagnostic: &melior::diagnostic::Diagnostic<'_>) -> String {
    let mut text = String::new();
    if write!(text, "{diagnostic}").is_err() {
        text.push_str("<invalid UTF-8>");
    }
    text
}

fn convert(diagnostic: &melior::diagnostic::Diagnostic<'_>) -> Diagnostic {
    Diagnostic {
        severity: match diagnostic.severity() {
            DiagnosticSeverity::Error => Severity::Error,
            DiagnosticSeverity::Warning => Severity::Warning,
            _ => Severity::Remark,
        },
        message: message(diagnostic),
        position: file_position(diagnostic.location()),
        notes: (0..diagnostic.note_count())
            .filter_map(|i| diagnostic.note(i).ok())
            .map(|note| convert(&note))
            .collect(),
    }
}

/// Runs `body` with a handler that collects every diagnostic of `context`.
/// Nothing is printed. Diagnostics come in the order in which MLIR reports them.
pub fn collect_diagnostics<T>(context: &Context, body: impl FnOnce() -> T) -> (T, Vec<Diagnostic>) {
    let collected = Arc::new(Mutex::new(Vec::new()));
    let sink = collected.clone();
    let id = context.attach_diagnostic_handler(move |diagnostic| {
        let converted = convert(&diagnostic);
        if let Ok(mut list) = sink.lock() {
            list.push(converted);
        }
        true
    });
    // Also when `body` panics the context gets its old handler back.
    struct Detach<'a>(&'a Context, Option<DiagnosticHandlerId>);
    impl Drop for Detach<'_> {
        fn drop(&mut self) {
            if let Some(id) = self.1.take() {
                self.0.detach_diagnostic_handler(id);
            }
        }
    }
    let attached = Detach(context, Some(id));
    let value = body();
    drop(attached);
    let list = collected
        .lock()
        .map(|mut l| std::mem::take(&mut *l))
        .unwrap_or_default();
    (value, list)
}
