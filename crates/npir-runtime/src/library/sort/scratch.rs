//! Vectors of numbers in memory, and loops over them on the threads of the pool.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut, Range};
use std::ptr::NonNull;

use super::super::Failure;
use super::super::arrays::{Block, Plain};
use crate::alloc;
use crate::error::RunErrorKind;

/// Numbers that are worth a thread.
const GRAIN: usize = 1 << 14;

/// Runs `f` on parts of `0..n`, of at least `grain` each, on the threads of the pool.
pub(super) fn on_threads(
    n: usize,
    grain: usize,
    f: impl Fn(Range<usize>) + Sync,
) -> Result<(), Failure> {
    super::super::on_threads(n, grain, |range| {
        f(range);
        Ok(())
    })
}

/// Why there is no result.
pub(super) fn no_memory(len: usize) -> Failure {
    Failure {
        kind: RunErrorKind::Memory,
        message: format!("no memory to sort {len} elements"),
    }
}

/// A slice of which threads work on disjoint parts.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a, K> {
    data: *mut K,
    len: usize,
    borrowed: PhantomData<&'a mut [K]>,
}

// SAFETY: whoever takes parts of it says that they are disjoint.
unsafe impl<K: Send> Send for Shared<'_, K> {}
// SAFETY: the same.
unsafe impl<K: Send> Sync for Shared<'_, K> {}

impl<'a, K> Shared<'a, K> {
    pub(super) fn of(keys: &'a mut [K]) -> Self {
        Shared {
            data: keys.as_mut_ptr(),
            len: keys.len(),
            borrowed: PhantomData,
        }
    }

    /// A part.
    ///
    /// # Safety
    /// Nobody else has any of it.
    pub(super) unsafe fn slice(&self, start: usize, len: usize) -> &'a mut [K] {
        assert!(start <= self.len && len <= self.len - start);
        // SAFETY: within the slice; the caller's contract.
        unsafe { std::slice::from_raw_parts_mut(self.data.add(start), len) }
    }
}

/// The elements of a block of one dimension, as bits.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a, K> {
    data: *mut K,
    stride: isize,
    len: usize,
    block: PhantomData<&'a K>,
}

// SAFETY: ins are only read, and each element of an out is written by one thread.
unsafe impl<K: Sync> Sync for Bits<'_, K> {}

impl<'a, K: Copy + Send + Sync> Bits<'a, K> {
    /// Those of elements as large as `K`.
    pub(super) fn of<T: Plain>(block: &Block<'a>) -> Self {
        const { assert!(size_of::<T>() == size_of::<K>()) };
        Bits {
            data: block.ptr::<T>().cast(),
            stride: block.stride(0),
            len: block.size(0),
            block: PhantomData,
        }
    }

    /// Those of a slice.
    pub(super) fn over(numbers: &'a [K]) -> Self {
        Bits {
            data: numbers.as_ptr().cast_mut(),
            stride: 1,
            len: numbers.len(),
            block: PhantomData,
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Element `i`.
    #[inline(always)]
    pub(super) fn get(&self, i: usize) -> K {
        assert!(i < self.len);
        // SAFETY: within the block.
        unsafe { self.read(i) }
    }

    /// # Safety
    /// `i` is below the length.
    #[inline(always)]
    unsafe fn read(&self, i: usize) -> K {
        // SAFETY: the caller's contract.
        unsafe { self.data.offset(i as isize * self.stride).read_unaligned() }
    }

    /// Calls `f` with every element and its position, in order, from `start`.
    #[inline(always)]
    fn each(self, range: Range<usize>, mut f: impl FnMut(usize, K)) {
        debug_assert!(range.end <= self.len);
        if self.stride == 1 {
            for i in range {
                // SAFETY: below the length.
                f(i, unsafe { self.data.add(i).read_unaligned() });
            }
        } else {
            for i in range {
                // SAFETY: below the length.
                f(i, unsafe { self.read(i) });
            }
        }
    }

    /// Folds a part of the elements.
    pub(super) fn fold<A: Copy>(
        self,
        range: Range<usize>,
        start: A,
        f: impl Fn(A, K) -> A + Copy,
    ) -> A {
        let mut folded = start;
        in_vectors(|| {
            let mut local = start;
            self.each(range, |_, x| local = f(local, x));
            folded = local;
        });
        folded
    }

    /// Writes `value(i)` to every element, on the threads of the pool.
    pub(super) fn write(&self, value: impl Fn(usize) -> K + Sync) -> Result<(), Failure> {
        on_threads(self.len, GRAIN, |range| {
            for i in range {
                let at = self.data.wrapping_offset(i as isize * self.stride);
                // SAFETY: within the block.
                unsafe { at.write_unaligned(value(i)) };
            }
        })
    }
}

/// Runs loops with the vectors that most processors have.
#[inline(always)]
fn in_vectors(run: impl FnOnce()) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        unsafe fn avx2(run: impl FnOnce()) {
            run();
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the instructions are there.
            return unsafe { avx2(run) };
        }
    }
    run();
}

/// Numbers in memory of the caching allocator, or in that of an out which is overwritten in the end.
pub(super) struct Scratch<K> {
    data: NonNull<K>,
    len: usize,
    owned: bool,
}

// SAFETY: plain numbers.
unsafe impl<K: Sync> Sync for Scratch<K> {}

impl<K: Copy + Send + Sync> Scratch<K> {
    /// A number for each element and its position.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn of<B: Copy + Send + Sync>(
        elements: Bits<'_, B>,
        value: impl Fn(B, usize) -> K + Sync + Copy,
    ) -> Result<Self, Failure> {
        let len = elements.len;
        let bytes = len.checked_mul(size_of::<K>());
        let data = bytes.and_then(|bytes| alloc::alloc(bytes as u64));
        let Some(data) = data.map(NonNull::cast::<K>) else {
            return Err(no_memory(len));
        };
        // Blocks are aligned to a cache line.
        let scratch = Scratch {
            data,
            len,
            owned: true,
        };
        scratch.fill(elements, value)
    }

    /// As [`Scratch::of`], in the memory of `out` where that is contiguous: what is written to it in the end comes from
    /// these numbers, in their order ([`Scratch::finish`]).
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn within<B: Copy + Send + Sync>(
        out: Bits<'_, K>,
        elements: Bits<'_, B>,
        value: impl Fn(B, usize) -> K + Sync + Copy,
    ) -> Result<Self, Failure> {
        match NonNull::new(out.data) {
            Some(data) if data.is_aligned() && out.stride == 1 && out.len == elements.len => {
                let scratch = Scratch {
                    data,
                    len: out.len,
                    owned: false,
                };
                scratch.fill(elements, value)
            }
            _ => Self::of(elements, value),
        }
    }

    fn fill<B: Copy + Send + Sync>(
        self,
        elements: Bits<'_, B>,
        value: impl Fn(B, usize) -> K + Sync + Copy,
    ) -> Result<Self, Failure> {
        let to = Bits {
            data: self.data.as_ptr(),
            stride: 1,
            len: self.len,
            block: PhantomData,
        };
        on_threads(self.len, GRAIN, |range| {
            // Copies, which what is written cannot change: else no vectors.
            let (to, value, elements) = (to, value, elements);
            in_vectors(move || {
                // SAFETY: within the memory, once each.
                elements.each(range, |i, x| unsafe { to.data.add(i).write(value(x, i)) });
            });
        })?;
        Ok(self)
    }

    /// Writes `value` of every number to the element of `out` at its position; the numbers may be in its memory.
    ///
    /// # Errors
    /// A panic in a thread.
    pub(super) fn finish(
        mut self,
        out: Bits<'_, K>,
        value: impl Fn(K) -> K + Sync + Copy,
    ) -> Result<(), Failure> {
        let n = self.len;
        if self.owned {
            let numbers = &self[..];
            return out.write(|i| value(numbers[i]));
        }
        let shared = Shared::of(&mut self);
        on_threads(n, GRAIN, |range| {
            // SAFETY: parts are disjoint.
            let part = unsafe { shared.slice(range.start, range.len()) };
            in_vectors(move || part.iter_mut().for_each(|x| *x = value(*x)));
        })
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
        if self.owned {
            // SAFETY: the block is ours.
            unsafe { alloc::free(self.data.cast()) };
        }
    }
}
