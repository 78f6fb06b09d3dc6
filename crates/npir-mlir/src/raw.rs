//! Conversions between Rust values and the C API's.

use melior::ir::Location;
use mlir_sys::{MlirLocation, MlirStringRef};

/// A view of `s` for the C API; valid as long as `s`.
pub(crate) fn string_ref(s: &str) -> MlirStringRef {
    MlirStringRef {
        data: s.as_ptr().cast(),
        length: s.len(),
    }
}

/// The text behind a C API string.
///
/// # Safety
/// The bytes must live as long as the result and not change.
pub(crate) unsafe fn text<'a>(s: MlirStringRef) -> &'a str {
    if s.length == 0 {
        return "";
    }
    // SAFETY: the caller vouches for the bytes.
    let bytes = unsafe { std::slice::from_raw_parts(s.data.cast::<u8>(), s.length) };
    std::str::from_utf8(bytes).unwrap_or("<invalid UTF-8>")
}

/// A slice from a pointer that may be null when `n` is zero.
///
/// # Safety
/// `ptr` points to `n` values that live as long as the result.
pub(crate) unsafe fn slice<'a, T>(ptr: *const T, n: isize) -> &'a [T] {
    if n <= 0 {
        return &[];
    }
    // SAFETY: the caller vouches for the range.
    unsafe { std::slice::from_raw_parts(ptr, n as usize) }
}

/// # Safety
/// The raw location must be alive for `'c`.
pub(crate) unsafe fn location<'c>(raw: MlirLocation) -> Location<'c> {
    // SAFETY: passed on.
    unsafe { Location::from_raw(raw) }
}
