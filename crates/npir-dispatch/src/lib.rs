//! The module `npir._dispatch`: calls of compiled functions. It knows nothing of the compiler, which is asked through
//! a callable when no compiled version fits.
//!
//! Invariants: an argument is looked at once and never copied; a version runs only if all its guards hold.

mod arguments;
mod check;
mod jit;
mod memory;
mod parts;
mod results;
pub mod spec;
mod vectorcall;
mod version;

use npir_runtime::DType;
use numpy::{PyArrayDescr, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use spec::{NumberKind, Order};

/// Element type and shape of an array that compiled code can take.
pub fn array_of(object: &Bound<'_, PyAny>) -> Option<(DType, Vec<usize>)> {
    let array = object.cast_exact::<PyUntypedArray>().ok()?;
    Some((arguments::dtype_of(array)?, array.shape().to_vec()))
}

/// Whether an array's elements lie in an order; not of anything else.
pub fn lies(object: &Bound<'_, PyAny>, order: Order) -> bool {
    let array = object.cast::<PyUntypedArray>();
    // SAFETY: an array's own description.
    array.is_ok_and(|array| check::lies(unsafe { (*array.as_array_ptr()).fields.flags }, order))
}

/// The kind of a Python number, and whether compiled code has this number.
pub fn number_of(object: &Bound<'_, PyAny>) -> Option<(NumberKind, bool)> {
    let (kind, value) = arguments::number(object)?;
    Some((kind, value.is_some()))
}

/// Whether two objects behave alike in compiled code.
pub fn same(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> bool {
    arguments::same(a, b)
}

/// The type of a number of NumPy.
pub fn scalar_of(object: &Bound<'_, PyAny>) -> Option<DType> {
    Some(arguments::numpy_scalar(object)?.0)
}

/// Looks NumPy's functions up, once for each extension module. The bindings panic if they cannot, so no exception may get
/// in between: another thread than the main one runs no signal handlers.
///
/// # Errors
/// `ImportError` if NumPy is not there, or none that the bindings know.
pub fn find_numpy(py: Python<'_>) -> PyResult<()> {
    py.import("numpy")?;
    let find = || Python::attach(|py| drop(PyArrayDescr::of::<bool>(py)));
    let found = py.detach(|| std::thread::spawn(find).join());
    found.map_err(|_| PyImportError::new_err("NumPy's functions cannot be found"))
}

/// How many threads compiled code uses.
#[pyfunction]
fn threads() -> usize {
    npir_runtime::pool::num_threads()
}

/// What the processor can do, as far as compiled code asks.
#[pyfunction]
fn processor() -> Vec<&'static str> {
    npir_runtime::cpu::host_features()
}

/// 32 bytes that tell data apart: BLAKE3.
#[pyfunction]
fn digest<'py>(py: Python<'py>, data: &[u8]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, blake3::hash(data).as_bytes())
}

/// The module.
#[pymodule(gil_used = false)]
fn _dispatch(module: &Bound<'_, PyModule>) -> PyResult<()> {
    find_numpy(module.py())?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add(
        "FallbackWarning",
        module.py().get_type::<jit::FallbackWarning>(),
    )?;
    module.add_function(wrap_pyfunction!(threads, module)?)?;
    module.add_function(wrap_pyfunction!(processor, module)?)?;
    module.add_function(wrap_pyfunction!(digest, module)?)?;
    module.add_function(wrap_pyfunction!(vectorcall::vectorcall_type, module)?)?;
    module.add_class::<jit::Jit>()
}
