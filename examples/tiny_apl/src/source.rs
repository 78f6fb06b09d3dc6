//! The text of a program, places in it, and errors at them.

use npir::mlir::diagnostics::{Diagnostic, FilePosition, Severity};
use npir::prelude::*;

/// Line and column, from 1; a column is a character.
pub(crate) type At = (u32, u32);

#[derive(Clone, Copy)]
pub(crate) struct Source<'s> {
    pub(crate) file: &'s str,
    pub(crate) text: &'s str,
}

impl Source<'_> {
    /// The characters without comments, each with its place; lines end in `⋄`.
    pub(crate) fn characters(self) -> Vec<(char, At)> {
        let mut found = Vec::new();
        for (line, text) in (1..).zip(self.text.lines()) {
            let code = text.chars().take_while(|c| *c != '⍝').chain(['⋄']);
            found.extend((1..).zip(code).map(|(column, c)| (c, (line, column))));
        }
        found
    }

    /// An error of ours, like those that npir reports itself.
    pub(crate) fn error(self, (line, column): At, message: impl Into<String>) -> CompileError {
        CompileError::Diagnostics(vec![Diagnostic {
            severity: Severity::Error,
            message: message.into(),
            position: Some(FilePosition {
                file: self.file.into(),
                line,
                column,
            }),
            notes: Vec::new(),
        }])
    }

    /// An error message with its place, `file:line:column`, and the line with a caret.
    pub(crate) fn show(self, at: Option<&str>, message: &str) -> String {
        let Some(at) = at else {
            return format!("error: {message}");
        };
        let mut numbers = at
            .rsplitn(3, ':')
            .map(|part| part.parse().unwrap_or(0_usize));
        let (column, line) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        let mut lines = self.text.lines();
        let text = lines.nth(line.wrapping_sub(1)).unwrap_or_default();
        format!(
            "{at}: error: {message}\n{line:>5} | {text}\n      | {:>column$}",
            '^'
        )
    }
}
