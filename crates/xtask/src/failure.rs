//! The one error type of the project commands: a message for the person at the terminal.

use std::fmt;

/// What went wrong and, where there is something to do about it, what to do.
#[derive(Debug)]
pub(crate) struct Failure(String);

/// Result of a project command or one of its steps.
pub(crate) type Result<T = ()> = std::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// A failed access to `path`.
    pub(crate) fn io(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
