//! Arrays as C sees them.

use std::ffi::{CString, c_char, c_void};
use std::ptr::{self, NonNull};

use npir_runtime::dlpack::{DLManagedTensor, DLManagedTensorVersioned};
use npir_runtime::npy;
use npir_runtime::{Array, DlpackError};

use crate::error::{Error, c_string, free, guard, handle, text};
use crate::view::{DType, View, element_of, extents, numbers};

/// An array, which owns its memory alone or together with others.
pub struct NpirArray(pub(crate) Array);

pub(crate) fn boxed(array: Array) -> *mut NpirArray {
    Box::into_raw(Box::new(NpirArray(array)))
}

/// An array of zeros in C order.
///
/// # Safety
/// `shape` points to `rank` extents.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_array_zeros(
    dtype: DType,
    rank: i32,
    shape: *const i64,
    error: *mut *mut Error,
) -> *mut NpirArray {
    // SAFETY: the caller's promise.
    unsafe {
        guard(error, ptr::null_mut(), || {
            let shape = extents(numbers(shape, rank, "shape")?)?;
            Ok(boxed(Array::zeros(element_of(dtype)?, &shape)?))
        })
    }
}

/// A copy of a view's elements, in C order.
///
/// # Safety
/// `view` describes readable memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_array_copy(
    view: *const View,
    error: *mut *mut Error,
) -> *mut NpirArray {
    // SAFETY: the caller's promise.
    unsafe {
        guard(error, ptr::null_mut(), || {
            let view = handle(view, "view")?.check()?;
            Ok(boxed(view.read().to_array()?))
        })
    }
}

/// An array over memory of the caller's, without a copy. When the last array that uses it goes, `release` is called
/// with `context`, on any thread; NULL if there is nothing to release. On failure it is not called.
///
/// # Safety
/// Until then the memory that `view` describes is readable (writable if the view says so), and nobody writes to it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_array_wrap(
    view: *const View,
    release: Option<unsafe extern "C" fn(*mut c_void)>,
    context: *mut c_void,
    error: *mut *mut Error,
) -> *mut NpirArray {
    struct Context(*mut c_void);
    // SAFETY: the caller lets it be released on any thread.
    unsafe impl Send for Context {}
    impl Context {
        fn get(self) -> *mut c_void {
            self.0
        }
    }
    // SAFETY: the caller's promise.
    unsafe {
        guard(error, ptr::null_mut(), || {
            let view = handle(view, "view")?;
            let (writable, view) = (view.writable, view.check()?);
            let context = Context(context);
            let drop = Box::new(move || {
                let context = context.get();
                if let Some(release) = release {
                    release(context);
                }
            });
            let (shape, strides) = (&view.shape, &view.strides);
            Ok(boxed(if writable {
                Array::from_foreign(view.data, view.dtype, shape, strides, drop)
            } else {
                Array::from_foreign_read_only(view.data, view.dtype, shape, strides, drop)
            }))
        })
    }
}

/// Describes an array's memory in `view`, to be read only; valid until the array is freed.
///
/// # Safety
/// `array` is a handle, and `view` may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_array_view(
    array: *const NpirArray,
    view: *mut View,
    error: *mut *mut Error,
) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        guard(error, false, || {
            let array = handle(array, "array")?;
            handle(view, "view")?;
            view.write(View::of(&array.0, false));
            Ok(true)
        })
    }
}

/// Describes an array's memory in `view`, to be written too; valid until the array is freed. The elements move to new
/// memory first if another array shares theirs or if it is read-only.
///
/// # Safety
/// `array` is a handle, and `view` may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_array_view_mut(
    array: *mut NpirArray,
    view: *mut View,
    error: *mut *mut Error,
) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        guard(error, false, || {
            handle(array, "array")?;
            handle(view, "view")?;
            let array = &mut (*array).0;
            array.view_mut()?;
            view.write(View::of(array, true));
            Ok(true)
        })
    }
}

/// The elements in nested brackets, shortened if there are more than 1000; freed by `npir_string_free`.
///
/// # Safety
/// `array` is a handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_array_to_string(
    array: *const NpirArray,
    error: *mut *mut Error,
) -> *mut c_char {
    // SAFETY: the caller's promise.
    unsafe {
        guard(error, ptr::null_mut(), || {
            let array = handle(array, "array")?;
            Ok(c_string(array.0.to_string()).into_raw())
        })
    }
}

/// Reads a `.npy` file.
///
/// # Safety
/// `path` ends in NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_array_read_npy(
    path: *const c_char,
    error: *mut *mut Error,
) -> *mut NpirArray {
    // SAFETY: the caller's promise.
    unsafe {
        guard(error, ptr::null_mut(), || {
            Ok(boxed(npy::read(text(path, "path")?)?))
        })
    }
}

/// Writes a `.npy` file, which is there whole or not at all.
///
/// # Safety
/// `array` is a handle, and `path` ends in NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_array_write_npy(
    array: *const NpirArray,
    path: *const c_char,
    error: *mut *mut Error,
) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        guard(error, false, || {
            let array = handle(array, "array")?;
            npy::write(text(path, "path")?, &array.0)?;
            Ok(true)
        })
    }
}

/// An array over a DLPack tensor's memory, without a copy. The tensor is given back when the last array that uses it
/// goes; on failure it stays the caller's.
///
/// # Safety
/// `tensor` is valid, and nobody else gives it back or writes to its memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_array_from_dlpack(
    tensor: *mut DLManagedTensorVersioned,
    error: *mut *mut Error,
) -> *mut NpirArray {
    // SAFETY: the caller's promise.
    unsafe {
        guard(error, ptr::null_mut(), || {
            let tensor = NonNull::new(tensor).ok_or_else(|| Error::argument("tensor is NULL"))?;
            Ok(boxed(Array::from_dlpack(tensor)?))
        })
    }
}

/// As `npir_array_from_dlpack`, for producers older than DLPack 1.0.
///
/// # Safety
/// As `npir_array_from_dlpack`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_array_from_dlpack_unversioned(
    tensor: *mut DLManagedTensor,
    error: *mut *mut Error,
) -> *mut NpirArray {
    // SAFETY: the caller's promise.
    unsafe {
        guard(error, ptr::null_mut(), || {
            let tensor = NonNull::new(tensor).ok_or_else(|| Error::argument("tensor is NULL"))?;
            Ok(boxed(Array::from_dlpack_unversioned(tensor)?))
        })
    }
}

/// The array as a DLPack tensor over the same memory, marked read-only if another array shares it. The handle is
/// freed, also on failure.
///
/// # Safety
/// `array` is a handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_array_into_dlpack(
    array: *mut NpirArray,
    error: *mut *mut Error,
) -> *mut DLManagedTensorVersioned {
    // SAFETY: the caller's promise.
    unsafe { export(array, error, Array::into_dlpack) }
}

/// As `npir_array_into_dlpack`, for consumers older than DLPack 1.0; shared memory is copied.
///
/// # Safety
/// `array` is a handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_array_into_dlpack_unversioned(
    array: *mut NpirArray,
    error: *mut *mut Error,
) -> *mut DLManagedTensor {
    // SAFETY: the caller's promise.
    unsafe { export(array, error, Array::into_dlpack_unversioned) }
}

/// # Safety
/// `array` is a handle, and `error` NULL or writable.
unsafe fn export<T>(
    array: *mut NpirArray,
    error: *mut *mut Error,
    into: impl FnOnce(Array) -> Result<NonNull<T>, DlpackError>,
) -> *mut T {
    // SAFETY: the caller's promise.
    unsafe {
        guard(error, ptr::null_mut(), || {
            handle(array, "array")?;
            Ok(into(Box::from_raw(array).0)?.as_ptr())
        })
    }
}

/// Frees an array; its memory goes when the last array that uses it does.
///
/// # Safety
/// `array` is a handle or NULL, and not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_array_free(array: *mut NpirArray) {
    // SAFETY: the caller's promise.
    unsafe { free(array) }
}

/// Frees text that `npir_array_to_string` returned.
///
/// # Safety
/// `text` came from there or is NULL, and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_string_free(text: *mut c_char) {
    if !text.is_null() {
        // SAFETY: the caller's promise.
        drop(unsafe { CString::from_raw(text) });
    }
}
