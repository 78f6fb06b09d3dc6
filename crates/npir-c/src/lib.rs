//! The C interface of npir: `include/npir.h` and the library behind it.
//!
//! Every function takes and returns plain C types and handles. Invariants:
//! - Nothing unwinds into the caller: a panic is an error of kind `NPIR_ERROR_INTERNAL`.
//! - What can fail takes a last parameter `error`. It may be NULL; else it receives a handle that the caller frees,
//!   or stays as it is when nothing failed.
//! - A handle that a function returns is the caller's, freed by the function named after its type. Freeing NULL does
//!   nothing. Text and numbers that a function points to belong to the handle that they were asked of.
//! - Programs and functions may be used by any number of threads at once; other handles by one at a time.
//! - Arrays go in where they lie, at any stride and alignment, and results are handed out without copies.
//!
//! Without the feature `compiler` the library is small, needs neither LLVM nor MLIR, and runs artifacts only.

pub mod array;
pub mod error;
pub mod program;
pub mod view;

use std::ffi::c_char;

/// The version of the library, such as `0.1.0`.
#[unsafe(no_mangle)]
pub extern "C" fn npir_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Whether this library compiles programs; if not, it loads and runs those that were compiled before.
#[unsafe(no_mangle)]
pub extern "C" fn npir_can_compile() -> bool {
    cfg!(feature = "compiler")
}

/// Threads that programs run on.
#[unsafe(no_mangle)]
pub extern "C" fn npir_num_threads() -> usize {
    npir_runtime::pool::num_threads()
}

/// Sets the number of threads that programs run on, at least 1.
#[unsafe(no_mangle)]
pub extern "C" fn npir_set_num_threads(threads: usize) {
    npir_runtime::pool::set_num_threads(threads);
}
