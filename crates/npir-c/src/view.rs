//! Views: arrays in memory that somebody else owns.

use npir_runtime::{Array, ArrayView, ArrayViewMut, DType as Element, extents::checked_len};

use crate::error::Error;

/// An element type, one of the constants below.
pub type DType = i32;

/// One byte, 0 or 1.
pub const NPIR_BOOL: DType = 0;
/// 8-bit signed integer.
pub const NPIR_INT8: DType = 1;
/// 16-bit signed integer.
pub const NPIR_INT16: DType = 2;
/// 32-bit signed integer.
pub const NPIR_INT32: DType = 3;
/// 64-bit signed integer.
pub const NPIR_INT64: DType = 4;
/// 8-bit unsigned integer.
pub const NPIR_UINT8: DType = 5;
/// 16-bit unsigned integer.
pub const NPIR_UINT16: DType = 6;
/// 32-bit unsigned integer.
pub const NPIR_UINT32: DType = 7;
/// 64-bit unsigned integer.
pub const NPIR_UINT64: DType = 8;
/// IEEE half precision.
pub const NPIR_FLOAT16: DType = 9;
/// The upper half of a `float`.
pub const NPIR_BFLOAT16: DType = 10;
/// `float`.
pub const NPIR_FLOAT32: DType = 11;
/// `double`.
pub const NPIR_FLOAT64: DType = 12;
/// Two `float`: real and imaginary part.
pub const NPIR_COMPLEX64: DType = 13;
/// Two `double`: real and imaginary part.
pub const NPIR_COMPLEX128: DType = 14;

/// The constants and what they mean, in one place.
const DTYPES: [(DType, Element); 15] = [
    (NPIR_BOOL, Element::Bool),
    (NPIR_INT8, Element::I8),
    (NPIR_INT16, Element::I16),
    (NPIR_INT32, Element::I32),
    (NPIR_INT64, Element::I64),
    (NPIR_UINT8, Element::U8),
    (NPIR_UINT16, Element::U16),
    (NPIR_UINT32, Element::U32),
    (NPIR_UINT64, Element::U64),
    (NPIR_FLOAT16, Element::F16),
    (NPIR_BFLOAT16, Element::BF16),
    (NPIR_FLOAT32, Element::F32),
    (NPIR_FLOAT64, Element::F64),
    (NPIR_COMPLEX64, Element::C64),
    (NPIR_COMPLEX128, Element::C128),
];

pub(crate) fn dtype_of(dtype: Element) -> DType {
    DTYPES
        .iter()
        .find(|(_, element)| *element == dtype)
        .map_or(-1, |(code, _)| *code)
}

pub(crate) fn element_of(dtype: DType) -> Result<Element, Error> {
    DTYPES
        .iter()
        .find(|(code, _)| *code == dtype)
        .map(|(_, element)| *element)
        .ok_or_else(|| Error::argument(format!("{dtype} is no dtype")))
}

/// A strided array that somebody else owns.
#[repr(C)]
pub struct View {
    /// The element with all indices 0, at any alignment; may be NULL if there are no elements.
    pub data: *mut std::ffi::c_void,
    /// Element type.
    pub dtype: DType,
    /// Number of axes; 0 for a single value.
    pub rank: i32,
    /// Extents, one per axis.
    pub shape: *const i64,
    /// Bytes from one element to the next, one per axis, of any sign; NULL for C order without gaps.
    pub strides: *const i64,
    /// Whether the memory may be written: required of arguments that a function updates.
    pub writable: bool,
}

/// A rank and the numbers behind a pointer.
///
/// # Safety
/// `numbers` is NULL or points to `rank` numbers.
pub(crate) unsafe fn numbers<'a>(
    numbers: *const i64,
    rank: i32,
    name: &str,
) -> Result<&'a [i64], Error> {
    let rank = usize::try_from(rank)
        .map_err(|_| Error::argument(format!("a rank of {rank} is negative")))?;
    if rank == 0 {
        Ok(&[])
    } else if numbers.is_null() {
        Err(Error::argument(format!("{name} is NULL")))
    } else {
        // SAFETY: the caller's promise.
        Ok(unsafe { std::slice::from_raw_parts(numbers, rank) })
    }
}

/// Extents that are not negative.
pub(crate) fn extents(shape: &[i64]) -> Result<Vec<usize>, Error> {
    let extent = |&n: &i64| usize::try_from(n).ok();
    (shape.iter().map(extent).collect::<Option<_>>())
        .ok_or_else(|| Error::argument(format!("shape {shape:?} has a negative extent")))
}

/// A view, checked.
pub(crate) struct Checked {
    pub(crate) data: *mut u8,
    pub(crate) dtype: Element,
    pub(crate) shape: Vec<usize>,
    pub(crate) strides: Vec<isize>,
}

impl View {
    /// # Safety
    /// The pointers are NULL or point to `rank` numbers.
    pub(crate) unsafe fn check(&self) -> Result<Checked, Error> {
        let dtype = element_of(self.dtype)?;
        // SAFETY: the caller's promise.
        let shape = extents(unsafe { numbers(self.shape, self.rank, "shape") }?)?;
        let len = checked_len(&shape, dtype.size())
            .ok_or_else(|| Error::argument(format!("the size of shape {shape:?} overflows")))?;
        if self.data.is_null() && len > 0 {
            return Err(Error::argument("data is NULL"));
        }
        let strides = if self.strides.is_null() {
            npir_runtime::extents::c_strides(&shape, dtype.size()).to_vec()
        } else {
            // SAFETY: the caller's promise.
            let strides = unsafe { numbers(self.strides, self.rank, "strides") }?;
            strides.iter().map(|&s| s as isize).collect()
        };
        Ok(Checked {
            data: self.data.cast(),
            dtype,
            shape,
            strides,
        })
    }

    /// What describes an array of ours; the pointers live as long as it.
    pub(crate) fn of(array: &Array, writable: bool) -> View {
        View {
            data: array.as_ptr().cast_mut().cast(),
            dtype: dtype_of(array.dtype()),
            rank: array.rank() as i32,
            shape: array.shape().as_ptr().cast(),
            strides: array.strides().as_ptr().cast(),
            writable,
        }
    }
}

impl Checked {
    /// # Safety
    /// For `'a` the memory is readable and written by nobody else; booleans are 0 or 1.
    pub(crate) unsafe fn read<'a>(&self) -> ArrayView<'a> {
        // SAFETY: the caller's promise.
        unsafe { ArrayView::from_raw(self.data, self.dtype, &self.shape, &self.strides) }
    }

    /// # Safety
    /// As [`Checked::read`], and the memory is writable.
    pub(crate) unsafe fn write<'a>(&self) -> Result<ArrayViewMut<'a>, Error> {
        // SAFETY: the caller's promise.
        if unsafe { self.read() }.may_overlap_itself() {
            return Err(Error::argument(
                "a writable view must not have two elements in one place",
            ));
        }
        // SAFETY: the caller's promise, and the check.
        Ok(unsafe { ArrayViewMut::from_raw(self.data, self.dtype, &self.shape, &self.strides) })
    }
}
