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
