//! Memory for the time of one call, from the caching allocator.

use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use super::super::Failure;
use crate::alloc;
use crate::error::RunErrorKind;

/// Numbers in memory of the caching allocator.
pub(super) struct Scratch<K> {
    data: NonNull<K>,
    len: usize,
}

impl<K: Copy> Scratch<K> {
    /// `len` numbers, the `i`-th one `value(i)`.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn of(len: usize, value: impl Fn(usize) -> K) -> Result<Self, Failure> {
        let bytes = len.checked_mul(size_of::<K>());
        let data = bytes.and_then(|bytes| alloc::alloc(bytes as u64));
        let Some(data) = data.map(NonNull::cast::<K>) else {
            return Err(Failure {
                kind: RunErrorKind::Memory,
                message: format!("no memory to sort {len} elements"),
            });
        };
        // Blocks are aligned to a cache line.
        for i in 0..len {
            // SAFETY: within the block.
            unsafe { data.add(i).write(value(i)) };
        }
        Ok(Scratch { data, len })
    }
}

impl<K> Deref for Scratch<K> {
    type Target = [K];
    fn deref(&self) -> &[K] {
        // SAFETY: `len` numbers that were written.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.len) }
    }
}

impl<K> DerefMut for Scratch<K> {
    fn deref_mut(&mut self) -> &mut [K] {
        // SAFETY: as above, and nobody else has them.
        unsafe { std::slice::from_raw_parts_mut(self.data.as_ptr(), self.len) }
    }
}

impl<K> Drop for Scratch<K> {
    fn drop(&mut self) {
        // SAFETY: the block is ours.
        unsafe { alloc::free(self.data.cast()) };
    }
}
