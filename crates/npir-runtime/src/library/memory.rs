//! Working memory of routines, from the caching allocator: used again from call to call, without new pages.

use std::ptr::NonNull;

use num_complex::Complex;

use super::Failure;
use crate::alloc;
use crate::error::RunErrorKind;

/// Numbers of which a content of zero bytes is zero.
///
/// # Safety
/// As it says; no destructor, and no alignment above that of a cache line.
pub(super) unsafe trait Number: Copy + Send + Sync {}

// SAFETY: floats.
unsafe impl Number for f32 {}
// SAFETY: the same.
unsafe impl Number for f64 {}
// SAFETY: two of them.
unsafe impl<T: Number> Number for Complex<T> {}

/// A block of memory for numbers, aligned to a cache line, of any content at first.
pub(super) struct Memory<T> {
    data: NonNull<T>,
    len: usize,
}

// SAFETY: the memory belongs to the value.
unsafe impl<T: Number> Send for Memory<T> {}
// SAFETY: shared, it only gives its address away.
unsafe impl<T: Number> Sync for Memory<T> {}

impl<T: Number> Memory<T> {
    /// Memory for `len` numbers.
    ///
    /// # Errors
    /// There is not so much.
    pub(super) fn new(len: usize) -> Result<Memory<T>, Failure> {
        let bytes = len.checked_mul(size_of::<T>());
        let data = bytes.and_then(|bytes| alloc::alloc(bytes as u64));
        let data = data.ok_or_else(|| Failure {
            kind: RunErrorKind::Memory,
            message: format!("no memory for {len} numbers to work with"),
        })?;
        Ok(Memory {
            data: data.cast(),
            len,
        })
    }

    /// The first number.
    pub(super) fn ptr(&self) -> *mut T {
        self.data.as_ptr()
    }

    /// All of it, filled with zeros.
    pub(super) fn zeroed(&mut self) -> &mut [T] {
        // SAFETY: `len` numbers, ours alone; zero bytes are numbers.
        unsafe {
            self.data.write_bytes(0, self.len);
            std::slice::from_raw_parts_mut(self.data.as_ptr(), self.len)
        }
    }
}

impl<T> Drop for Memory<T> {
    fn drop(&mut self) {
        // SAFETY: the block is ours.
        unsafe { alloc::free(self.data.cast()) };
    }
}
