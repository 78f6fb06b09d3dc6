//! Memory of the runtime that NumPy arrays own: NumPy gives it back through a handler of ours, see "Memory management in
//! NumPy" in its reference and NEP 49.

use std::ffi::{c_char, c_void};
use std::mem::offset_of;
use std::ptr::{self, NonNull};

use npir_runtime::alloc;
use numpy::npyffi;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyCapsule;

/// `PyDataMem_Handler`.
#[repr(C)]
struct Handler {
    name: [c_char; 127],
    version: u8,
    allocator: Allocator,
}

/// `PyDataMemAllocator`.
#[repr(C)]
struct Allocator {
    ctx: *mut c_void,
    malloc: unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void,
    calloc: unsafe extern "C" fn(*mut c_void, usize, usize) -> *mut c_void,
    realloc: unsafe extern "C" fn(*mut c_void, *mut c_void, usize) -> *mut c_void,
    free: unsafe extern "C" fn(*mut c_void, *mut c_void, usize),
}

// SAFETY: the functions may be called on any thread, and there is no context.
unsafe impl Sync for Handler {}

static HANDLER: Handler = Handler {
    name: name(),
    version: 1,
    allocator: Allocator {
        ctx: ptr::null_mut(),
        malloc,
        calloc,
        realloc,
        free,
    },
};

const fn name() -> [c_char; 127] {
    let mut name = [0; 127];
    let text = b"npir";
    let mut i = 0;
    while i < text.len() {
        name[i] = text[i] as c_char;
        i += 1;
    }
    name
}

fn pointer(block: Option<NonNull<u8>>) -> *mut c_void {
    block.map_or(ptr::null_mut(), |block| block.as_ptr().cast())
}

unsafe extern "C" fn malloc(_: *mut c_void, size: usize) -> *mut c_void {
    pointer(alloc::allocate(size))
}

unsafe extern "C" fn calloc(_: *mut c_void, count: usize, size: usize) -> *mut c_void {
    let block = count.checked_mul(size).and_then(|bytes| {
        let block = alloc::allocate(bytes)?;
        // SAFETY: the block has so many bytes.
        unsafe { block.write_bytes(0, bytes) };
        Some(block)
    });
    pointer(block)
}

unsafe extern "C" fn realloc(_: *mut c_void, data: *mut c_void, size: usize) -> *mut c_void {
    pointer(match NonNull::new(data.cast()) {
        // SAFETY: NumPy resizes what this handler has given.
        Some(block) => unsafe { alloc::resize(block, size) },
        None => alloc::allocate(size),
    })
}

unsafe extern "C" fn free(_: *mut c_void, data: *mut c_void, _: usize) {
    if let Some(block) = NonNull::new(data.cast()) {
        // SAFETY: NumPy gives back what this handler has given.
        unsafe { alloc::release(block) };
    }
}

/// `PyArrayObject_fields` as of NumPy 1.22, of which the bindings leave out the end.
#[repr(C)]
struct Fields {
    start: npyffi::PyArrayObject_fields,
    buffer_info: *mut c_void,
    mem_handler: *mut ffi::PyObject,
}

/// The place of an array's memory handler.
///
/// # Safety
/// `array` is an array of NumPy.
unsafe fn place(array: *mut ffi::PyObject) -> *mut *mut ffi::PyObject {
    let offset = offset_of!(npyffi::PyArrayObject, fields) + offset_of!(Fields, mem_handler);
    // SAFETY: the caller's contract.
    unsafe { array.byte_add(offset).cast() }
}

/// Our handler, in the capsule that NumPy wants; `None` where arrays have no such place that we know.
pub(crate) fn handler(py: Python<'_>) -> Option<&Bound<'_, PyAny>> {
    static CAPSULE: PyOnceLock<Option<Py<PyAny>>> = PyOnceLock::new();
    let capsule = CAPSULE.get_or_init(py, || {
        let new = py.import("numpy").and_then(|numpy| {
            let array = numpy.call_method1("empty", (1,))?;
            let fields = array
                .get_type()
                .getattr("__basicsize__")?
                .extract::<usize>()?;
            let end = offset_of!(npyffi::PyArrayObject, fields) + size_of::<Fields>();
            // SAFETY: an array, and so large that the place is in it. NumPy's own handler is a capsule of that name.
            let known = fields >= end
                && unsafe {
                    let found = *place(array.as_ptr());
                    !found.is_null() && ffi::PyCapsule_IsValid(found, c"mem_handler".as_ptr()) == 1
                };
            if !known {
                return Ok(None);
            }
            // SAFETY: the handler lives as long as the process.
            let capsule = unsafe {
                let data = (&raw const HANDLER).cast_mut().cast();
                let capsule = ffi::PyCapsule_New(data, c"mem_handler".as_ptr(), None);
                Bound::from_owned_ptr_or_err(py, capsule)?
            };
            Ok(Some(capsule.cast_into::<PyCapsule>()?.into_any().unbind()))
        });
        new.unwrap_or_default()
    });
    capsule.as_ref().map(|capsule| capsule.bind(py))
}

/// Makes `array` the owner of its memory.
///
/// # Safety
/// `array` is a NumPy array without a base, made by [`npyffi::PyArrayAPI::PyArray_NewFromDescr`] of memory that
/// [`alloc::release`] may give back. `handler` is [`handler`].
pub(crate) unsafe fn give(array: &Bound<'_, PyAny>, handler: &Bound<'_, PyAny>) {
    // SAFETY: the caller's contract; the place is empty, for NumPy did not allocate the memory.
    unsafe {
        *place(array.as_ptr()) = handler.clone().into_ptr();
        let array = array.as_ptr().cast::<npyffi::PyArrayObject>();
        (*array).fields.flags |= npyffi::NPY_ARRAY_OWNDATA;
    }
}
