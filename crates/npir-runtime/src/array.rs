//! Arrays that npir owns, and borrowed views of anybody's memory, at any stride and alignment.
//!
//! An [`Array`] is a value: clones share their buffer, and [`Array::view_mut`] copies it first if it
//! is shared. All three types convert from and to `ndarray` without copying.

use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::Arc;

use crate::alloc;
use crate::dtype::{DType, Element, Scalar};
use crate::error::{RunError, human_bytes};
use crate::extents::{Extents, ShapeDisplay, checked_len};
use crate::layout::Layout;

/// Why an array could not be made or seen in a certain way.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ArrayError {
    /// The product of the extents does not fit the address space.
    #[error("the size of an array of shape {} and dtype {dtype} overflows", ShapeDisplay(.shape))]
    SizeOverflow {
        /// The shape asked for.
        shape: Vec<usize>,
        /// The dtype asked for.
        dtype: DType,
    },
    /// A slice or vector with another number of elements than the shape has.
    #[error("{len} elements do not fill shape {}", ShapeDisplay(.shape))]
    Length {
        /// Elements given.
        len: usize,
        /// The shape asked for.
        shape: Vec<usize>,
    },
    /// Another dtype than the Rust type asked for.
    #[error("the array has dtype {found}, not {expected}")]
    DType {
        /// The dtype of the Rust type.
        expected: DType,
        /// The dtype of the array.
        found: DType,
    },
    /// The elements are not aligned as Rust requires, or a stride is not a whole number of elements.
    #[error("the elements are not aligned for {dtype}; copy the array first")]
    Unaligned {
        /// The dtype of the array.
        dtype: DType,
    },
    /// No memory, or the memory limit is reached.
    #[error("unable to allocate {} for an array", human_bytes(*.bytes))]
    OutOfMemory {
        /// Bytes asked for.
        bytes: u64,
    },
}

impl From<ArrayError> for RunError {
    fn from(error: ArrayError) -> RunError {
        match error {
            ArrayError::OutOfMemory { bytes } => RunError::out_of_memory(bytes),
            ArrayError::SizeOverflow { .. } => RunError::out_of_memory(u64::MAX),
            other => RunError::argument(other.to_string()),
        }
    }
}

/// What is called when the last array that uses foreign memory goes.
pub type DropFn = Box<dyn FnOnce() + Send>;

enum Buffer {
    /// A reference to a block of the allocator.
    Npir(NonNull<u8>),
    Foreign(Arc<Foreign>),
}

/// Memory of somebody else.
struct Foreign {
    drop: Option<DropFn>,
    read_only: bool,
}

// SAFETY: the closure is only touched in `drop`, so nothing is reachable through a shared reference.
unsafe impl Sync for Foreign {}

// SAFETY: a block may be freed on any thread.
unsafe impl Send for Buffer {}
// SAFETY: nothing is reachable through a shared reference.
unsafe impl Sync for Buffer {}

impl Buffer {
    fn foreign(drop: DropFn, read_only: bool) -> Buffer {
        Buffer::Foreign(Arc::new(Foreign {
            drop: Some(drop),
            read_only,
        }))
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Buffer {
        match self {
            Buffer::Npir(block) => {
                // SAFETY: the buffer has a reference, so the block is live.
                unsafe { alloc::retain(*block) };
                Buffer::Npir(*block)
            }
            Buffer::Foreign(foreign) => Buffer::Foreign(Arc::clone(foreign)),
        }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Buffer::Npir(block) = self {
            // SAFETY: the buffer has a reference to the block, which is in no call's list.
            unsafe {
                if alloc::drop_reference(*block) {
                    alloc::free(*block);
                }
            }
        }
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        if let Some(drop) = self.drop.take() {
            drop();
        }
    }
}

/// An owned n-dimensional array with shared, reference-counted memory.
#[derive(Clone)]
pub struct Array {
    pub(crate) layout: Layout,
    buffer: Buffer,
}

// SAFETY: the memory is only written through `&mut Array` while the buffer is not shared.
unsafe impl Send for Array {}
// SAFETY: the same.
unsafe impl Sync for Array {}

/// A borrowed array that is only read.
#[derive(Clone)]
pub struct ArrayView<'a> {
    pub(crate) layout: Layout,
    pub(crate) life: PhantomData<&'a u8>,
}

// SAFETY: behaves like `&'a [T]` of a Sync element type.
unsafe impl Send for ArrayView<'_> {}
// SAFETY: the same.
unsafe impl Sync for ArrayView<'_> {}

/// A borrowed array that may be written; no element is reachable through two indices.
pub struct ArrayViewMut<'a> {
    pub(crate) layout: Layout,
    pub(crate) life: PhantomData<&'a mut u8>,
}

// SAFETY: behaves like `&'a mut [T]` of a Send element type.
unsafe impl Send for ArrayViewMut<'_> {}
// SAFETY: the same.
unsafe impl Sync for ArrayViewMut<'_> {}

macro_rules! accessors {
    ($($ty:ty),*) => {$(
        impl $ty {
            /// The element type.
            pub fn dtype(&self) -> DType {
                self.layout.dtype
            }

            /// Extents, one per axis.
            pub fn shape(&self) -> &[usize] {
                &self.layout.shape
            }

            /// Byte strides, one per axis.
            pub fn strides(&self) -> &[isize] {
                &self.layout.strides
            }

            /// Number of axes.
            pub fn rank(&self) -> usize {
                self.layout.shape.len()
            }

            /// Number of elements.
            pub fn len(&self) -> usize {
                self.layout.len()
            }

            /// Whether there are no elements.
            pub fn is_empty(&self) -> bool {
                self.layout.is_empty()
            }

            /// Bytes of all elements.
            pub fn nbytes(&self) -> usize {
                self.len() * self.dtype().size()
            }

            /// Address of the element with all indices 0 (dangling if there are no elements).
            pub fn as_ptr(&self) -> *const u8 {
                self.layout.data
            }

            /// Whether the elements lie in C order without gaps.
            pub fn is_c_contiguous(&self) -> bool {
                self.layout.is_c_contiguous()
            }

            /// Whether the elements lie in Fortran order without gaps.
            pub fn is_f_contiguous(&self) -> bool {
                self.layout.is_f_contiguous()
            }

            /// Whether two different indices may be the same memory; exact for slices of an array, else it may say
            /// yes where no two are.
            pub fn may_overlap_itself(&self) -> bool {
                self.layout.may_overlap_itself()
            }

            /// The elements in C order.
            ///
            /// # Errors
            /// Another dtype than `T`'s.
            pub fn to_vec<T: Element>(&self) -> Result<Vec<T>, ArrayError> {
                check_dtype::<T>(self.dtype())?;
                let len = self.len();
                let mut out: Vec<T> = Vec::with_capacity(len);
                let to = Layout::contiguous(out.as_mut_ptr().cast(), self.dtype(), self.shape());
                // SAFETY: the vector has room for exactly these elements and is new.
                unsafe {
                    self.layout.copy_to(&to);
                    out.set_len(len);
                }
                Ok(out)
            }

            /// The only element of an array with one element.
            pub fn item(&self) -> Option<Scalar> {
                if self.len() != 1 {
                    return None;
                }
                // SAFETY: the array has an element, and it is readable.
                let bytes = unsafe { std::slice::from_raw_parts(self.layout.data, self.dtype().size()) };
                Scalar::from_bytes(self.dtype(), bytes)
            }

            /// A copy of the elements in C order, in memory of the npir allocator.
            ///
            /// # Errors
            /// No memory.
            pub fn to_array(&self) -> Result<Array, ArrayError> {
                let copy = Array::uninit(self.dtype(), self.shape())?;
                // SAFETY: both describe valid memory, and the new one overlaps nothing.
                unsafe { self.layout.copy_to(&copy.layout) };
                Ok(copy)
            }
        }

        impl fmt::Debug for $ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", self.dtype(), ShapeDisplay(self.shape()))
            }
        }

        impl fmt::Display for $ty {
            /// The elements in nested brackets, shortened if there are more than 1000.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                // SAFETY: the layout describes readable, valid elements.
                unsafe { self.layout.write_elements(f) }
            }
        }
    )*};
}

accessors!(Array, ArrayView<'_>, ArrayViewMut<'_>);

impl Array {
    /// An array whose elements have yet to be written.
    pub(crate) fn uninit(dtype: DType, shape: &[usize]) -> Result<Array, ArrayError> {
        let len = checked_len(shape, dtype.size()).ok_or_else(|| overflow(dtype, shape))?;
        let bytes = (len * dtype.size()) as u64;
        let block = alloc::alloc(bytes).ok_or(ArrayError::OutOfMemory { bytes })?;
        Ok(Array {
            layout: Layout::contiguous(block.as_ptr(), dtype, shape),
            buffer: Buffer::Npir(block),
        })
    }

    /// An array over a block that a call has given up.
    ///
    /// # Safety
    /// `block` is live, in no call's list and has no other user; `layout` lies inside it.
    pub(crate) unsafe fn from_block(block: NonNull<u8>, layout: Layout) -> Array {
        Array {
            layout,
            buffer: Buffer::Npir(block),
        }
    }

    /// Another array over the same memory.
    ///
    /// # Safety
    /// `layout` lies inside the memory of `self`.
    pub(crate) unsafe fn with_layout(&self, layout: Layout) -> Array {
        Array {
            layout,
            buffer: self.buffer.clone(),
        }
    }

    /// A C-contiguous array of zeros.
    ///
    /// # Errors
    /// A size that overflows, or no memory.
    pub fn zeros(dtype: DType, shape: &[usize]) -> Result<Array, ArrayError> {
        let array = Array::uninit(dtype, shape)?;
        // SAFETY: the block has this many bytes, and all dtypes accept zero bytes.
        unsafe { std::ptr::write_bytes(array.layout.data, 0, array.nbytes()) };
        Ok(array)
    }

    /// A C-contiguous copy of `elements`.
    ///
    /// # Errors
    /// Another number of elements than `shape` has, or no memory.
    pub fn from_slice<T: Element>(elements: &[T], shape: &[usize]) -> Result<Array, ArrayError> {
        ArrayView::from_slice(elements, shape)?.to_array()
    }

    /// The elements of a vector, without a copy.
    ///
    /// # Errors
    /// Another number of elements than `shape` has.
    pub fn from_vec<T: Element>(elements: Vec<T>, shape: &[usize]) -> Result<Array, ArrayError> {
        let layout = slice_layout(elements.as_ptr(), elements.len(), shape)?;
        Ok(Array {
            layout,
            buffer: Buffer::foreign(Box::new(move || drop(elements)), false),
        })
    }

    /// A rank-0 array with one element.
    ///
    /// # Errors
    /// No memory.
    pub fn from_scalar(value: Scalar) -> Result<Array, ArrayError> {
        let array = Array::uninit(value.dtype(), &[])?;
        let bytes = value.bytes();
        // SAFETY: the block has the size of the element.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), array.layout.data, bytes.len()) };
        Ok(array)
    }

    /// An array over memory that somebody else owns, given back through `drop`.
    ///
    /// # Safety
    /// Until `drop` is called, every element that `shape` and the byte `strides` reach from `data` is
    /// readable and writable, a valid value of `dtype`, and nobody else writes it.
    pub unsafe fn from_foreign(
        data: *mut u8,
        dtype: DType,
        shape: &[usize],
        strides: &[isize],
        drop: DropFn,
    ) -> Array {
        Array {
            layout: foreign_layout(data, dtype, shape, strides),
            buffer: Buffer::foreign(drop, false),
        }
    }

    /// As [`Array::from_foreign`], over memory that must not be written: [`Array::view_mut`] copies it.
    ///
    /// # Safety
    /// As [`Array::from_foreign`], but the elements need not be writable.
    pub unsafe fn from_foreign_read_only(
        data: *const u8,
        dtype: DType,
        shape: &[usize],
        strides: &[isize],
        drop: DropFn,
    ) -> Array {
        Array {
            layout: foreign_layout(data, dtype, shape, strides),
            buffer: Buffer::foreign(drop, true),
        }
    }

    /// A view of the whole array.
    pub fn view(&self) -> ArrayView<'_> {
        ArrayView {
            layout: self.layout.clone(),
            life: PhantomData,
        }
    }

    /// A writable view of the whole array, which is copied first if another array shares its memory, if the
    /// memory is read-only, or if its elements overlap each other.
    ///
    /// # Errors
    /// No memory for the copy.
    pub fn view_mut(&mut self) -> Result<ArrayViewMut<'_>, ArrayError> {
        if !self.is_writable() || self.layout.may_overlap_itself() {
            *self = self.to_array()?;
        }
        Ok(ArrayViewMut {
            layout: self.layout.clone(),
            life: PhantomData,
        })
    }

    /// This array if it is C-contiguous, else a copy that is.
    ///
    /// # Errors
    /// No memory for the copy.
    pub fn to_contiguous(&self) -> Result<Array, ArrayError> {
        if self.is_c_contiguous() {
            Ok(self.clone())
        } else {
            self.to_array()
        }
    }

    /// Whether the memory may be written through this array: it is not read-only, and no other array shares it.
    pub fn is_writable(&self) -> bool {
        let read_only = matches!(&self.buffer, Buffer::Foreign(foreign) if foreign.read_only);
        !read_only && !self.is_shared()
    }

    /// Whether another array shares this one's memory.
    pub fn is_shared(&self) -> bool {
        match &self.buffer {
            // SAFETY: the buffer has a reference, so the block is live.
            Buffer::Npir(block) => unsafe { alloc::is_shared(*block) },
            Buffer::Foreign(foreign) => Arc::strong_count(foreign) > 1,
        }
    }
}

impl<'a> ArrayView<'a> {
    /// A C-contiguous view of `elements`.
    ///
    /// # Errors
    /// Another number of elements than `shape` has.
    pub fn from_slice<T: Element>(
        elements: &'a [T],
        shape: &[usize],
    ) -> Result<ArrayView<'a>, ArrayError> {
        Ok(ArrayView {
            layout: slice_layout(elements.as_ptr(), elements.len(), shape)?,
            life: PhantomData,
        })
    }

    /// A view of foreign memory; strides in bytes.
    ///
    /// # Safety
    /// For `'a`, every element that `shape` and `strides` reach from `data` is readable, a valid value
    /// of `dtype` (bool: 0 or 1) and not written by anybody else. Any alignment.
    pub unsafe fn from_raw(
        data: *const u8,
        dtype: DType,
        shape: &[usize],
        strides: &[isize],
    ) -> ArrayView<'a> {
        assert_eq!(shape.len(), strides.len(), "one stride per axis");
        ArrayView {
            layout: Layout {
                data: data.cast_mut(),
                dtype,
                shape: Extents::from_slice(shape),
                strides: Extents::from_slice(strides),
            },
            life: PhantomData,
        }
    }
}

impl<'a> ArrayViewMut<'a> {
    /// A C-contiguous writable view of `elements`.
    ///
    /// # Errors
    /// Another number of elements than `shape` has.
    pub fn from_slice<T: Element>(
        elements: &'a mut [T],
        shape: &[usize],
    ) -> Result<ArrayViewMut<'a>, ArrayError> {
        Ok(ArrayViewMut {
            layout: slice_layout(elements.as_mut_ptr(), elements.len(), shape)?,
            life: PhantomData,
        })
    }

    /// A writable view of foreign memory; strides in bytes.
    ///
    /// # Safety
    /// As for [`ArrayView::from_raw`], and the elements are writable, used by nobody else for `'a`, and
    /// each reachable through one index only.
    pub unsafe fn from_raw(
        data: *mut u8,
        dtype: DType,
        shape: &[usize],
        strides: &[isize],
    ) -> ArrayViewMut<'a> {
        // SAFETY: the caller's contract is stronger.
        let view = unsafe { ArrayView::from_raw(data, dtype, shape, strides) };
        ArrayViewMut {
            layout: view.layout,
            life: PhantomData,
        }
    }

    /// A view that only reads.
    pub fn view(&self) -> ArrayView<'_> {
        ArrayView {
            layout: self.layout.clone(),
            life: PhantomData,
        }
    }
}

impl<'a> From<&'a Array> for ArrayView<'a> {
    fn from(array: &'a Array) -> ArrayView<'a> {
        array.view()
    }
}

fn foreign_layout(data: *const u8, dtype: DType, shape: &[usize], strides: &[isize]) -> Layout {
    assert_eq!(shape.len(), strides.len(), "one stride per axis");
    Layout {
        data: data.cast_mut(),
        dtype,
        shape: Extents::from_slice(shape),
        strides: Extents::from_slice(strides),
    }
}

pub(crate) fn overflow(dtype: DType, shape: &[usize]) -> ArrayError {
    ArrayError::SizeOverflow {
        shape: shape.to_vec(),
        dtype,
    }
}

pub(crate) fn check_dtype<T: Element>(found: DType) -> Result<(), ArrayError> {
    if T::DTYPE == found {
        Ok(())
    } else {
        Err(ArrayError::DType {
            expected: T::DTYPE,
            found,
        })
    }
}

fn slice_layout<T: Element>(
    data: *const T,
    len: usize,
    shape: &[usize],
) -> Result<Layout, ArrayError> {
    let wanted = checked_len(shape, T::DTYPE.size()).ok_or_else(|| overflow(T::DTYPE, shape))?;
    if wanted != len {
        return Err(ArrayError::Length {
            len,
            shape: shape.to_vec(),
        });
    }
    Ok(Layout::contiguous(data.cast_mut().cast(), T::DTYPE, shape))
}

#[cfg(test)]
#[path = "array_tests.rs"]
mod tests;
