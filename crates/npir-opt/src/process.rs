//! What a command-line tool in Rust has to set up to behave like any other.

/// Lets the process end when nobody reads its output any more (`npir-opt … | head`), as C programs
/// do; Rust turns that into an error of every write instead.
pub(crate) fn end_quietly_with_the_reader() {
    #[cfg(unix)]
    // SAFETY: called at the start of `main`, with a handler that the system provides.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
}

/// Lets the first Ctrl-C end an exact search for the best plan, which goes on with the best one so far; where none is
/// under way, or it is slow to end, the process ends as others do.
pub(crate) fn interrupt_searches() {
    #[cfg(unix)]
    {
        extern "C" fn on_interrupt(signal: libc::c_int) {
            if !npir::passes::optimize::interrupt() {
                // SAFETY: both may be called in the handler of a signal; the signal comes when the handler returns.
                unsafe {
                    libc::signal(signal, libc::SIG_DFL);
                    libc::raise(signal);
                }
            }
        }
        let handler = on_interrupt as extern "C" fn(libc::c_int) as libc::sighandler_t;
        // SAFETY: called at the start of `main`; the handler touches an atomic number and what the system provides.
        unsafe {
            if libc::signal(libc::SIGINT, handler) == libc::SIG_IGN {
                libc::signal(libc::SIGINT, libc::SIG_IGN);
            }
        }
    }
}

/// The process's arguments.
///
/// # Errors
/// The first one that is not UTF-8.
pub(crate) fn arguments() -> Result<Vec<String>, String> {
    std::env::args_os()
        .map(|arg| {
            arg.into_string()
                .map_err(|arg| format!("the argument {arg:?} is not UTF-8"))
        })
        .collect()
}
