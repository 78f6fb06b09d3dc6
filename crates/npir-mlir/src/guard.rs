//! The one place where a Rust panic inside an MLIR callback is caught.
//!
//! MLIR is compiled without exceptions, so nothing may unwind through it. Every
//! `extern "C"` function of this crate runs its body through [`guard`].

use crate::diagnostics::{Severity, emit};
use melior::ir::Location;
use std::any::Any;
use std::cell::Cell;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static PANICS: Cell<u64> = const { Cell::new(0) };
}

/// How many panics have been caught on this thread. A pass compares before and
/// after: a driver that calls back may not hand on that a callback failed.
pub(crate) fn panics() -> u64 {
    PANICS.get()
}

/// Runs `body`. A panic becomes an error diagnostic at `location` that names
/// `what` (the callback of which op or pass), and the result is `None`.
///
/// `what` is only formatted when that happens.
pub(crate) fn guard<T>(
    location: Location<'_>,
    what: impl Display,
    body: impl FnOnce() -> T,
) -> Option<T> {
    match catch(what, body) {
        Ok(value) => Some(value),
        Err(message) => {
            emit(location, Severity::Error, &message, &[]);
            None
        }
    }
}

/// Runs `body`; a panic becomes the message of an error that is yet to be reported.
pub(crate) fn catch<T>(what: impl Display, body: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(body)).map_err(|panic| {
        PANICS.set(PANICS.get() + 1);
        let text = panic
            .downcast_ref::<&str>()
            .map(|s| (*s).to_string())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".into());
        drop_quietly(panic);
        format!("internal error in {what}: {text}")
    })
}

/// Drops a value of the user's; a panic of its destructor goes no further.
pub(crate) fn drop_quietly<T>(value: T) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        // Its own destructor may panic again: it is leaked.
        std::mem::forget::<Box<dyn Any + Send>>(panic);
    }
}
