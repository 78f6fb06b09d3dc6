//! Errors as C sees them, and the guard around every function that can fail.

use std::any::Any;
use std::ffi::{CStr, CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use npir_runtime::{ArrayError, ArtifactError, DlpackError, NpyError, RunError, RunErrorKind};

/// What went wrong; named after the exception that NumPy would raise, where there is one.
pub type ErrorKind = i32;

/// The library or a program broke its contract.
pub const NPIR_ERROR_INTERNAL: ErrorKind = 0;
/// A wrong number or kind of arguments, dtype or rank; a NULL that must not be; text that is not UTF-8 (`TypeError`).
pub const NPIR_ERROR_ARGUMENT: ErrorKind = 1;
/// Shapes that do not fit together (`ValueError`).
pub const NPIR_ERROR_SHAPE: ErrorKind = 2;
/// An index outside its axis (`IndexError`).
pub const NPIR_ERROR_INDEX: ErrorKind = 3;
/// A value that an operation does not accept (`ValueError`).
pub const NPIR_ERROR_VALUE: ErrorKind = 4;
/// A number that does not fit (`OverflowError`).
pub const NPIR_ERROR_OVERFLOW: ErrorKind = 5;
/// Division by zero where NumPy raises (`ZeroDivisionError`).
pub const NPIR_ERROR_ZERO_DIVISION: ErrorKind = 6;
/// A matrix that linear algebra cannot work with (`LinAlgError`).
pub const NPIR_ERROR_LINALG: ErrorKind = 7;
/// Memory could not be allocated (`MemoryError`).
pub const NPIR_ERROR_MEMORY: ErrorKind = 8;
/// A file could not be read or written, or holds something else (`OSError`).
pub const NPIR_ERROR_FILE: ErrorKind = 9;
/// The program could not be compiled; the message holds every diagnostic, with its location.
pub const NPIR_ERROR_COMPILE: ErrorKind = 10;
/// What a program means, but its compiled form cannot do (`NotImplementedError`).
pub const NPIR_ERROR_UNSUPPORTED: ErrorKind = 11;
/// An assertion of a program that does not hold (`AssertionError`).
pub const NPIR_ERROR_ASSERTION: ErrorKind = 12;
/// A variable of a program without a value (`UnboundLocalError`).
pub const NPIR_ERROR_UNBOUND: ErrorKind = 13;

/// Why a function failed.
pub struct Error {
    kind: ErrorKind,
    message: CString,
    location: Option<CString>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error {
            kind,
            message: c_string(message.into()),
            location: None,
        }
    }

    pub(crate) fn argument(message: impl Into<String>) -> Error {
        Error::new(NPIR_ERROR_ARGUMENT, message)
    }

    /// The same error, and what it is about.
    pub(crate) fn about(self, what: &str) -> Error {
        let message = format!("{what}: {}", self.message.to_string_lossy());
        Error {
            message: c_string(message),
            ..self
        }
    }

    fn panicked(panic: &(dyn Any + Send)) -> Error {
        let text = (panic.downcast_ref::<&str>().copied())
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("unknown");
        Error::new(NPIR_ERROR_INTERNAL, format!("internal error: {text}"))
    }
}

/// Text for C; a NUL inside ends it.
pub(crate) fn c_string(text: String) -> CString {
    let mut bytes = text.into_bytes();
    if let Some(end) = bytes.iter().position(|&b| b == 0) {
        bytes.truncate(end);
    }
    CString::new(bytes).unwrap_or_default()
}

impl From<RunError> for Error {
    fn from(error: RunError) -> Error {
        let kind = match error.kind() {
            RunErrorKind::ShapeMismatch => NPIR_ERROR_SHAPE,
            RunErrorKind::IndexOutOfBounds => NPIR_ERROR_INDEX,
            RunErrorKind::Value => NPIR_ERROR_VALUE,
            RunErrorKind::Overflow => NPIR_ERROR_OVERFLOW,
            RunErrorKind::ZeroDivision => NPIR_ERROR_ZERO_DIVISION,
            RunErrorKind::LinAlg => NPIR_ERROR_LINALG,
            RunErrorKind::Memory => NPIR_ERROR_MEMORY,
            RunErrorKind::Argument => NPIR_ERROR_ARGUMENT,
            RunErrorKind::Unsupported => NPIR_ERROR_UNSUPPORTED,
            RunErrorKind::Assertion => NPIR_ERROR_ASSERTION,
            RunErrorKind::Unbound => NPIR_ERROR_UNBOUND,
            RunErrorKind::Internal => NPIR_ERROR_INTERNAL,
        };
        Error {
            location: error.location().map(|l| c_string(l.to_owned())),
            ..Error::new(kind, error.message())
        }
    }
}

impl From<ArrayError> for Error {
    fn from(error: ArrayError) -> Error {
        RunError::from(error).into()
    }
}

impl From<ArtifactError> for Error {
    fn from(error: ArtifactError) -> Error {
        let kind = match error.reason() {
            ArtifactError::UnknownFunction { .. } => NPIR_ERROR_ARGUMENT,
            _ => NPIR_ERROR_FILE,
        };
        Error::new(kind, error.to_string())
    }
}

impl From<NpyError> for Error {
    fn from(error: NpyError) -> Error {
        Error::new(NPIR_ERROR_FILE, error.to_string())
    }
}

impl From<DlpackError> for Error {
    fn from(error: DlpackError) -> Error {
        Error::argument(error.to_string())
    }
}

#[cfg(feature = "compiler")]
impl From<npir::CompileError> for Error {
    fn from(error: npir::CompileError) -> Error {
        let kind = match error {
            npir::CompileError::Read { .. } => NPIR_ERROR_FILE,
            npir::CompileError::Target(_) => NPIR_ERROR_ARGUMENT,
            _ => NPIR_ERROR_COMPILE,
        };
        Error::new(kind, error.to_string())
    }
}

/// Runs the body of a function; on failure stores the error and returns `otherwise`.
///
/// # Safety
/// `error` is NULL or may be written.
pub(crate) unsafe fn guard<T>(
    error: *mut *mut Error,
    otherwise: T,
    body: impl FnOnce() -> Result<T, Error>,
) -> T {
    let failed = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => return value,
        Ok(Err(failed)) => failed,
        Err(panic) => Error::panicked(&*panic),
    };
    if !error.is_null() {
        // SAFETY: the caller's promise.
        unsafe { *error = Box::into_raw(Box::new(failed)) };
    }
    otherwise
}

/// What a handle points to.
///
/// # Safety
/// The handle is NULL or valid for `'a`.
pub(crate) unsafe fn handle<'a, T>(pointer: *const T, name: &str) -> Result<&'a T, Error> {
    // SAFETY: the caller's promise.
    unsafe { pointer.as_ref() }.ok_or_else(|| Error::argument(format!("{name} is NULL")))
}

/// Text that a caller passes.
///
/// # Safety
/// `text` is NULL or ends in NUL, and lives for `'a`.
pub(crate) unsafe fn text<'a>(text: *const c_char, name: &str) -> Result<&'a str, Error> {
    if text.is_null() {
        return Err(Error::argument(format!("{name} is NULL")));
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(text) }
        .to_str()
        .map_err(|_| Error::argument(format!("{name} is not UTF-8")))
}

/// Frees a handle.
///
/// # Safety
/// `pointer` is NULL or came from `Box::into_raw` and is not used again.
pub(crate) unsafe fn free<T>(pointer: *mut T) {
    if !pointer.is_null() {
        // A destructor that panics leaks; there is nobody to tell.
        // SAFETY: the caller's promise.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(unsafe { Box::from_raw(pointer) })));
    }
}

/// What went wrong: one of `NPIR_ERROR_*`.
///
/// # Safety
/// `error` is a handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_error_kind(error: *const Error) -> ErrorKind {
    // SAFETY: the caller's promise.
    unsafe { error.as_ref() }.map_or(NPIR_ERROR_INTERNAL, |e| e.kind)
}

/// What went wrong, in words, without the location of a run-time error.
///
/// # Safety
/// `error` is a handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_error_message(error: *const Error) -> *const c_char {
    // SAFETY: the caller's promise.
    unsafe { error.as_ref() }.map_or(c"no error".as_ptr(), |e| e.message.as_ptr())
}

/// `file:line:column` of the source that raised a run-time error, or NULL.
///
/// # Safety
/// `error` is a handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_error_location(error: *const Error) -> *const c_char {
    // SAFETY: the caller's promise.
    unsafe { error.as_ref() }
        .and_then(|e| e.location.as_ref())
        .map_or(ptr::null(), |l| l.as_ptr())
}

/// Frees an error.
///
/// # Safety
/// `error` is a handle or NULL, and not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_error_free(error: *mut Error) {
    // SAFETY: the caller's promise.
    unsafe { free(error) }
}
