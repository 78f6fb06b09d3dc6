//! The one place where a Rust panic inside an MLIR callback is caught.
//!
//! MLIR is compiled without exceptions, so nothing may unwind through it. Every
//! `extern "C"` function of this crate runs its body through [`guard`].

use crate::diagnostics::{Severity, emit};
use melior::ir::Location;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// How many guards this thread is in.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// Where the last caught panic happened.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Inside a guard a panic is reported once, as a diagnostic; outside, the hook that was
/// there before does what it did.
fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            if DEPTH.get() == 0 {
                return previous(info);
            }
            PLACE.set(info.location().map(|at| format!("{}:{}", at.file(), at.line())));
        }));
    });
}

/// Runs `body`. A panic becomes an error diagnostic at `location` that names
/// `what` (the callback of which op or pass), and the result is `None`.
pub(crate) fn guard<T>(location: Location<'_>, what: &str, body: impl FnOnce() -> T) -> Option<T> {
    install_hook();
    DEPTH.set(DEPTH.get() + 1);
    let outcome = catch_unwind(AssertUnwindSafe(body));
    DEPTH.set(DEPTH.get() - 1);
    match outcome {
        Ok(value) => Some(value),
        Err(panic) => {
            let text = panic
                .downcast_ref::<&str>()
                .map(|s| (*s).to_string())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_else(|| "no message".into());
            let place = PLACE.take().map(|at| format!(" ({at})")).unwrap_or_default();
            emit(
                location,
                Severity::Error,
                &format!("internal error in {what}: {text}{place}"),
                &[],
            );
            None
        }
    }
}
