//! Calls without a tuple of arguments (PEP 590), which `#[pyclass]` does not have.

use std::ffi::{c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use pyo3::exceptions::PySystemError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::jit::{Jit, Ran};

/// `vectorcallfunc`.
pub(crate) type Vectorcall = unsafe extern "C" fn(
    *mut ffi::PyObject,
    *const *mut ffi::PyObject,
    usize,
    *mut ffi::PyObject,
) -> *mut ffi::PyObject;

/// `Py_TPFLAGS_HAVE_VECTORCALL`: a stable bit, whose name the limited API has from 3.12 on.
const HAVE_VECTORCALL: std::ffi::c_ulong = 1 << 11;

/// What Python calls for `callable(*args)`, where `callable` is an instance of [`Jit`].
///
/// # Safety
/// As CPython calls such functions: attached, with `count` arguments by position, the highest bit aside, and one more
/// for each of `names`, which is a tuple or null.
pub(crate) unsafe extern "C" fn call(
    callable: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the caller is attached.
    let py = unsafe { Python::assume_attached() };
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the caller's contract; `Bound` is a pointer that is not null.
        let (jit, args, names) = unsafe {
            let count = count & (usize::MAX >> 1);
            let jit = Borrowed::from_ptr(py, callable).cast_unchecked::<Jit>();
            let names = Borrowed::from_ptr_or_opt(py, names);
            let names = names.map(|names| names.cast_unchecked::<PyTuple>());
            let all = count + names.map_or(0, |names| names.len());
            let args: &[Bound<'_, PyAny>] = match all {
                0 => &[],
                _ => std::slice::from_raw_parts(args.cast(), all),
            };
            (jit, args.split_at(count), names)
        };
        made(py, jit.get(), args, names.as_deref())
    }));
    let error = match outcome {
        Ok(Ok(result)) => return result.into_ptr(),
        Ok(Err(error)) => error,
        Err(_) => PySystemError::new_err("npir panicked; this is a bug"),
    };
    error.restore(py);
    ptr::null_mut()
}

fn made<'py>(
    py: Python<'py>,
    jit: &Jit,
    (args, named): (&[Bound<'py, PyAny>], &[Bound<'py, PyAny>]),
    names: Option<&Bound<'py, PyTuple>>,
) -> PyResult<Bound<'py, PyAny>> {
    if named.is_empty() && jit.takes(args.len()) {
        match jit.run_fitting(py, args)? {
            Ran::Done(result) => return Ok(result),
            Ran::Undone(reason) => {
                jit.report(py, reason)?;
                return jit.function().bind(py).call1(PyTuple::new(py, args)?);
            }
            Ran::Unfit => {}
        }
    }
    // With all that objects of Rust may need to be dropped.
    Python::attach(|_| {
        let tuple = PyTuple::new(py, args)?;
        let keywords = PyDict::new(py);
        for (name, value) in names.into_iter().flatten().zip(named) {
            keywords.set_item(name, value)?;
        }
        jit.__call__(py, &tuple, Some(&keywords))
    })
}

/// A class that inherits all from `base`, a subclass of `Jit`, and whose instances Python calls by [`call`].
#[pyfunction]
pub(crate) fn vectorcall_type<'py>(base: &Bound<'py, PyType>) -> PyResult<Bound<'py, PyType>> {
    let py = base.py();
    // Where the function pointer is in all instances: they begin with what Rust's class has.
    let instance = Bound::new(py, Jit::nothing(py)?)?;
    let place = (&raw const instance.get().vectorcall) as usize - instance.as_ptr() as usize;
    let name: &'static std::ffi::CStr = c"npir.Jit";
    let mut members = [
        ffi::PyMemberDef {
            name: c"__vectorcalloffset__".as_ptr(),
            type_code: ffi::Py_T_PYSSIZET,
            offset: place as isize,
            flags: ffi::Py_READONLY,
            doc: ptr::null(),
        },
        // SAFETY: the end of the list is all zeros.
        unsafe { std::mem::zeroed() },
    ];
    let mut slots = [
        ffi::PyType_Slot {
            slot: ffi::Py_tp_members,
            pfunc: members.as_mut_ptr().cast::<c_void>(),
        },
        ffi::PyType_Slot {
            slot: 0,
            pfunc: ptr::null_mut(),
        },
    ];
    let mut spec = ffi::PyType_Spec {
        name: name.as_ptr().cast::<c_char>(),
        basicsize: 0 as c_int,
        itemsize: 0,
        flags: (ffi::Py_TPFLAGS_DEFAULT | HAVE_VECTORCALL) as u32,
        slots: slots.as_mut_ptr(),
    };
    let bases = PyTuple::new(py, [base])?;
    // SAFETY: the description is valid and copied.
    let new = unsafe {
        let new = ffi::PyType_FromSpecWithBases(&raw mut spec, bases.as_ptr());
        Bound::from_owned_ptr_or_err(py, new)?
    };
    new.setattr("__doc__", base.getattr("__doc__")?)?;
    Ok(new.cast_into::<PyType>()?)
}
