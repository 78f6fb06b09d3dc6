//! The one place where a Rust panic inside an MLIR callback is caught.
//!
//! MLIR is compiled without exceptions, so nothing may unwind through it. Every
//! `extern "C"` function of this crate runs its body through [`guard`].

use crate::diagnostics::{Severity, emit};
use melior::ir::Location;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `body`. A panic becomes an error diagnostic at `location` that names
/// `what` (the callback of which op or pass), and the result is `None`.
pub(crate) fn guard<T>(location: Location<'_>, what: &str, body: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(value) => Some(value),
        Err(panic) => {
            let text = panic
                .downcast_ref::<&str>()
                .map(|s| (*s).to_string())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "no message".into());
            emit(
                location,
                Severity::Error,
                &format!("internal error in {what}: {text}"),
                &[],
            );
            None
        }
    }
}
