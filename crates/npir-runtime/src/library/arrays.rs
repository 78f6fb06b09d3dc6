//! The arrays of a library call, and the blocks of them that one computation of its batch works on.

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::Failure;
use crate::dtype::DType;
use crate::error::RunErrorKind;
use crate::pool;

/// An array as it lies in memory. Strides are in elements.
#[derive(Clone, Copy)]
pub(crate) struct Array<'a> {
    /// The first element; at any alignment.
    data: *mut u8,
    dtype: DType,
    sizes: &'a [i64],
    strides: &'a [i64],
}

// SAFETY: the memory is valid during the call; blocks of different computations of a batch are disjoint where they
// are written.
unsafe impl Send for Array<'_> {}
// SAFETY: the same.
unsafe impl Sync for Array<'_> {}

impl<'a> Array<'a> {
    /// An array over valid memory; `None` if a size is negative.
    ///
    /// # Safety
    /// Every element that sizes and strides reach is valid memory while the array lives; what is written through
    /// blocks is not used otherwise.
    pub(super) unsafe fn new(
        data: *mut u8,
        dtype: DType,
        sizes: &'a [i64],
        strides: &'a [i64],
    ) -> Option<Array<'a>> {
        sizes.iter().all(|n| *n >= 0).then_some(Array {
            data,
            dtype,
            sizes,
            strides,
        })
    }

    /// The element type; integers have no sign here.
    pub(crate) fn dtype(&self) -> DType {
        self.dtype
    }

    /// The size of the dimension `from_end` before the end: 0 is the last.
    pub(crate) fn size(&self, from_end: usize) -> usize {
        let axis = self.sizes.len().checked_sub(from_end + 1);
        axis.map_or(1, |axis| self.sizes[axis] as usize)
    }
}

/// One call: its arrays, ins before outs, and its parameters.
pub(crate) struct Call<'a> {
    /// Ins, then outs.
    pub(crate) arrays: Vec<Array<'a>>,
    params: &'a [i64],
}

/// Work in units of about a floating-point operation that makes a thread worth its while.
const GRAIN: usize = 50_000;

impl<'a> Call<'a> {
    pub(super) fn new(arrays: Vec<Array<'a>>, params: &'a [i64]) -> Call<'a> {
        Call { arrays, params }
    }

    /// Parameter `i`.
    pub(crate) fn param(&self, i: usize) -> i64 {
        self.params.get(i).copied().unwrap_or(0)
    }

    /// The first element of an array of `i64`, which is the same for the whole batch; `None` if that is empty.
    pub(crate) fn number(&self, i: usize) -> Option<i64> {
        let array = &self.arrays[i];
        let is_empty = array.sizes.contains(&0);
        (!is_empty).then(|| Block::of(array, array.sizes.len(), 0).at(0, 0))
    }

    /// Runs `f` on the blocks of every element of the batch, on the threads of the pool. Block `i` has the last
    /// `ranks[i]` dimensions of array `i`; the dimensions before those are the batch. `work` is about how many
    /// operations one element takes.
    ///
    /// # Errors
    /// That of the first element that fails; arrays whose batches differ.
    pub(crate) fn for_each<F>(&self, ranks: &[usize], work: usize, f: F) -> Result<(), Failure>
    where
        F: Fn(&[Block<'a>]) -> Result<(), Failure> + Sync,
    {
        self.for_ranges(ranks, work, |batch, mut range| {
            range.try_for_each(|at| f(&batch.element(at)))
        })
    }

    /// As [`Call::for_each`], with ranges of the batch.
    ///
    /// # Errors
    /// That of the first range that fails; arrays whose batches differ.
    pub(crate) fn for_ranges<F>(&self, ranks: &[usize], work: usize, f: F) -> Result<(), Failure>
    where
        F: Fn(&Batch<'_, 'a>, Range<usize>) -> Result<(), Failure> + Sync,
    {
        let batch = self.batch(ranks)?;
        let grain = (GRAIN / work.max(1)).max(1);
        on_threads(batch.len(), grain, |range| f(&batch, range))
    }

    /// The arrays, split as in [`Call::for_each`].
    ///
    /// # Errors
    /// Arrays whose batches differ.
    pub(crate) fn batch(&self, ranks: &[usize]) -> Result<Batch<'_, 'a>, Failure> {
        let malformed = || Failure::contract("arrays do not agree in their batch");
        let mut leads = Vec::with_capacity(ranks.len());
        for (array, &rank) in self.arrays.iter().zip(ranks) {
            leads.push(array.sizes.len().checked_sub(rank).ok_or_else(malformed)?);
        }
        let first = self.arrays.first().zip(leads.first());
        let sizes = first.map_or(&[][..], |(array, &lead)| &array.sizes[..lead]);
        let agree = |(array, &lead): (&Array, &usize)| array.sizes[..lead] == *sizes;
        if self.arrays.len() != ranks.len() || !self.arrays.iter().zip(&leads).all(agree) {
            return Err(malformed());
        }
        Ok(Batch {
            arrays: &self.arrays,
            leads,
        })
    }
}

/// Runs `f` on parts of `0..n`, of at least `grain` each, on the threads of the pool.
///
/// # Errors
/// That of the first part that fails; a panic in one, if there are several.
pub(crate) fn on_threads<F>(n: usize, grain: usize, f: F) -> Result<(), Failure>
where
    F: Fn(Range<usize>) -> Result<(), Failure> + Sync,
{
    if n > 0 && n / grain.max(1) <= 1 {
        return f(0..n);
    }
    let failed: Mutex<Option<(usize, Failure)>> = Mutex::new(None);
    let part = |range: Range<usize>| {
        let at = range.start;
        let Err(failure) = f(range) else {
            return;
        };
        let mut slot = failed.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.as_ref().is_none_or(|(before, _)| at < *before) {
            *slot = Some((at, failure));
        }
    };
    pool::parallel_for(n, grain, part).map_err(|error| Failure {
        kind: RunErrorKind::Internal,
        message: error.message().to_owned(),
    })?;
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.map_or(Ok(()), |(_, failure)| Err(failure))
}

/// The arrays of a call, split into the dimensions of the batch and those of one element of it.
pub(crate) struct Batch<'b, 'a> {
    arrays: &'b [Array<'a>],
    leads: Vec<usize>,
}

impl<'a> Batch<'_, 'a> {
    /// The blocks of element `at`, one for each array.
    pub(crate) fn element(&self, at: usize) -> Vec<Block<'a>> {
        let arrays = self.arrays.iter().zip(&self.leads);
        arrays
            .map(|(array, &lead)| Block::of(array, lead, at))
            .collect()
    }

    /// The block of array `i` for element `at`.
    pub(crate) fn block(&self, i: usize, at: usize) -> Block<'a> {
        Block::of(&self.arrays[i], self.leads[i], at)
    }

    /// How many elements there are.
    pub(crate) fn len(&self) -> usize {
        let first = self.arrays.first().zip(self.leads.first());
        let sizes = first.map_or(&[][..], |(array, &lead)| &array.sizes[..lead]);
        sizes.iter().product::<i64>() as usize
    }
}

/// The part of an array that one computation works on.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a> {
    data: *mut u8,
    dtype: DType,
    sizes: &'a [i64],
    strides: &'a [i64],
}

// SAFETY: as for arrays.
unsafe impl Sync for Block<'_> {}

/// What lies in memory as an element of a [`DType`].
///
/// # Safety
/// `SIZE` bytes of any content are a value.
pub(crate) unsafe trait Plain: Copy {
    /// Whether arrays of this type hold it.
    fn is(dtype: DType) -> bool;
}

macro_rules! plain {
    ($($ty:ty: $($dtype:ident)|*;)*) => {$(
        // SAFETY: numbers.
        unsafe impl Plain for $ty {
            fn is(dtype: DType) -> bool {
                matches!(dtype, $(DType::$dtype)|*)
            }
        }
    )*};
}

plain! {
    u8: Bool | U8 | I8;
    i8: I8;
    i16: I16;
    u16: I16 | U16;
    i32: I32;
    u32: I32 | U32;
    i64: I64;
    u64: I64 | U64;
    half::f16: F16;
    half::bf16: BF16;
    f32: F32;
    f64: F64;
    num_complex::Complex<f32>: C64;
    num_complex::Complex<f64>: C128;
}

impl<'a> Block<'a> {
    /// The dimensions of `array` from `lead` on, at place `at` of the batch in row-major order.
    fn of(array: &Array<'a>, lead: usize, at: usize) -> Block<'a> {
        let mut rest = at as i64;
        let mut offset = 0i64;
        for d in (0..lead).rev() {
            let size = array.sizes[d].max(1);
            offset += rest % size * array.strides[d];
            rest /= size;
        }
        Block {
            data: array
                .data
                .wrapping_offset((offset * array.dtype.size() as i64) as isize),
            dtype: array.dtype,
            sizes: &array.sizes[lead..],
            strides: &array.strides[lead..],
        }
    }

    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        self.sizes.iter().product::<i64>() as usize
    }

    /// Size of dimension `d`.
    pub(crate) fn size(&self, d: usize) -> usize {
        self.sizes[d] as usize
    }

    /// Distance in elements along dimension `d`.
    pub(crate) fn stride(&self, d: usize) -> isize {
        self.strides[d] as isize
    }

    /// The address of the first element.
    ///
    /// # Panics
    /// When the elements are not `T`: a routine and its row disagree.
    pub(crate) fn ptr<T: Plain>(&self) -> *mut T {
        assert!(T::is(self.dtype), "elements of {:?}", self.dtype);
        self.data.cast()
    }

    /// Calls `f` with the distance in elements of every row (run along the last dimension) from the first element, in
    /// row-major order.
    fn rows(&self, mut f: impl FnMut(isize)) {
        let outer = self.sizes.len().saturating_sub(1);
        if self.len() == 0 {
            return;
        }
        let mut index = vec![0i64; outer];
        let mut offset = 0i64;
        loop {
            f(offset as isize);
            let mut d = outer;
            loop {
                let Some(next) = d.checked_sub(1) else { return };
                d = next;
                index[d] += 1;
                offset += self.strides[d];
                if index[d] < self.sizes[d] {
                    break;
                }
                offset -= index[d] * self.strides[d];
                index[d] = 0;
            }
        }
    }

    /// Length and stride of a row.
    fn row(&self) -> (usize, isize) {
        match (self.sizes.last(), self.strides.last()) {
            (Some(&n), Some(&stride)) => (n as usize, stride as isize),
            _ => (1, 1),
        }
    }

    /// Fills the block with elements in row-major order, as many as there are places.
    pub(crate) fn write<T: Plain>(&self, from: &[T]) {
        let data = self.ptr::<T>();
        let (n, stride) = self.row();
        let mut rest = from;
        self.rows(|offset| {
            let row = data.wrapping_offset(offset);
            let (now, later) = rest.split_at(n);
            for (i, &x) in now.iter().enumerate() {
                // SAFETY: the elements of an out are valid to write and ours alone.
                unsafe { row.wrapping_offset(i as isize * stride).write_unaligned(x) };
            }
            rest = later;
        });
    }

    /// Fills a matrix (or a column, of a block of one dimension) with `f(row, column)`.
    pub(crate) fn fill<T: Plain>(&self, f: impl Fn(usize, usize) -> T) {
        let data = self.ptr::<T>();
        let (rows, columns) = self.extents();
        for i in 0..rows {
            for j in 0..columns {
                let at = data.wrapping_offset(self.distance(i, j));
                // SAFETY: as in `write`.
                unsafe { at.write_unaligned(f(i, j)) };
            }
        }
    }

    /// The element at a row and a column of a matrix, or a row of a column.
    #[inline]
    pub(crate) fn at<T: Plain>(&self, i: usize, j: usize) -> T {
        let (rows, columns) = self.extents();
        assert!(i < rows && j < columns);
        let at = self.ptr::<T>().wrapping_offset(self.distance(i, j));
        // SAFETY: within the block, as asserted; valid to read.
        unsafe { at.read_unaligned() }
    }

    /// Rows and columns of a block of at most two dimensions.
    fn extents(&self) -> (usize, usize) {
        match *self.sizes {
            [] => (1, 1),
            [n] => (n as usize, 1),
            [m, n] => (m as usize, n as usize),
            _ => (0, 0),
        }
    }

    fn distance(&self, i: usize, j: usize) -> isize {
        let strides = self.strides.iter().zip([i, j]);
        strides
            .map(|(&stride, i)| stride as isize * i as isize)
            .sum()
    }
}

/// The elements of a block of one dimension.
#[derive(Clone, Copy)]
pub(crate) struct Elements<'a, T> {
    data: *mut T,
    stride: isize,
    len: usize,
    block: PhantomData<&'a T>,
}

// SAFETY: ins are only read, and each element of an out is used by one thread at a time.
unsafe impl<T: Sync> Sync for Elements<'_, T> {}

impl<'a, T: Plain> Elements<'a, T> {
    /// Those of a block.
    ///
    /// # Panics
    /// As [`Block::ptr`]; a block of another rank.
    pub(crate) fn of(block: Block<'a>) -> Elements<'a, T> {
        assert!(block.sizes.len() == 1);
        Elements {
            data: block.ptr(),
            stride: block.stride(0),
            len: block.size(0),
            block: PhantomData,
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Distance in elements.
    pub(crate) fn stride(&self) -> isize {
        self.stride
    }

    /// The address of the first one, where they follow each other and are aligned.
    pub(crate) fn contiguous(&self) -> Option<*mut T> {
        (self.stride == 1 && self.data.is_aligned()).then_some(self.data)
    }

    /// Element `i`.
    ///
    /// # Safety
    /// `i` is below the length, and nobody writes the element now.
    #[inline(always)]
    pub(crate) unsafe fn get(&self, i: usize) -> T {
        debug_assert!(i < self.len);
        let at = self.data.wrapping_offset(i as isize * self.stride);
        // SAFETY: within the block.
        unsafe { at.read_unaligned() }
    }

    /// Sets element `i` of an out.
    ///
    /// # Safety
    /// `i` is below the length, and nobody else uses the element now.
    #[inline(always)]
    pub(crate) unsafe fn set(&self, i: usize, x: T) {
        debug_assert!(i < self.len);
        let at = self.data.wrapping_offset(i as isize * self.stride);
        // SAFETY: within the block.
        unsafe { at.write_unaligned(x) };
    }
}
