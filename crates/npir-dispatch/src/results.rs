//! Results of compiled functions as Python objects; arrays keep the memory that they were computed in.

use npir_runtime::{
    Array, DType, Frame, ResultView, RunError, RunErrorKind, RunReport, Scalar, alloc,
};
use numpy::{PY_ARRAY_API, PyArrayDescr, PyArrayDescrMethods, npyffi};
use pyo3::exceptions::*;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyCapsule, PyDict, PyFloat, PyList, PySlice, PyTuple};

use crate::arguments::Leaf;
use crate::memory;
use crate::spec::{Outcome, ViewItem, ViewSize, ViewStep};

/// What keeps an array's memory.
struct Memory(#[expect(dead_code, reason = "dropped with the last array that uses it")] Array);

/// NumPy's description of a type.
pub(crate) fn descr(py: Python<'_>, dtype: DType) -> PyResult<&Bound<'_, PyArrayDescr>> {
    static KNOWN: PyOnceLock<Vec<Option<Py<PyArrayDescr>>>> = PyOnceLock::new();
    let known = KNOWN.get_or_init(py, || {
        // NumPy has no bfloat16.
        let all = DType::all().map(|dtype| PyArrayDescr::new(py, dtype.name()).ok());
        all.map(|descr| descr.map(Bound::unbind)).collect()
    });
    match known.get(dtype as usize) {
        Some(Some(descr)) => Ok(descr.bind(py)),
        _ => Err(PyTypeError::new_err(format!(
            "NumPy has no {}",
            dtype.name()
        ))),
    }
}

/// The result of that number as a `numpy.ndarray` that has its memory, and whether its elements may lie in the same places.
fn ndarray<'py>(
    py: Python<'py>,
    results: &mut Frame<'_>,
    report: &mut RunReport,
    i: usize,
) -> PyResult<(Bound<'py, PyAny>, bool)> {
    if let Some(handler) = memory::handler(py)
        && let Some((block, result)) = results.take_block(i)
    {
        let overlaps = overlaps(result.shape, result.strides);
        // SAFETY: the result fills the block, which nobody else has.
        return match unsafe { new_array(py, result) } {
            Ok(new) => {
                // SAFETY: the array is new and of that block.
                unsafe { memory::give(&new, handler) };
                Ok((new, overlaps))
            }
            Err(error) => {
                // SAFETY: nobody has the block.
                unsafe { alloc::release(block) };
                Err(error)
            }
        };
    }
    let array = results
        .array(i, report)
        .map_err(|error| exception(py, &error))?;
    let overlaps = overlaps(array.shape(), array.strides());
    // SAFETY: the owner below keeps the memory.
    let new = unsafe {
        new_array(
            py,
            ResultView {
                dtype: array.dtype(),
                data: array.as_ptr().cast_mut(),
                shape: array.shape(),
                strides: array.strides(),
            },
        )?
    };
    let owner = PyCapsule::new_with_value(py, Memory(array), c"npir.memory")?;
    // SAFETY: the array has no base yet; the call takes over a reference to the owner.
    let status = unsafe {
        let array = new.as_ptr().cast();
        PY_ARRAY_API.PyArray_SetBaseObject(py, array, owner.into_ptr())
    };
    match status < 0 {
        true => Err(PyErr::fetch(py)),
        false => Ok((new, overlaps)),
    }
}

/// An array over memory that it does not own.
///
/// # Safety
/// The memory outlives the array.
unsafe fn new_array<'py>(py: Python<'py>, result: ResultView<'_>) -> PyResult<Bound<'py, PyAny>> {
    let descr = descr(py, result.dtype)?.clone();
    // SAFETY: the description is that of readable and writable memory. The call copies shape and strides, and takes over
    // a reference to the type.
    unsafe {
        let new = PY_ARRAY_API.PyArray_NewFromDescr(
            py,
            npyffi::get_type_object(py, npyffi::NpyTypes::PyArray_Type),
            descr.into_dtype_ptr(),
            result.shape.len() as std::ffi::c_int,
            result.shape.as_ptr().cast_mut().cast(),
            result.strides.as_ptr().cast_mut(),
            result.data.cast(),
            npyffi::NPY_ARRAY_WRITEABLE,
            std::ptr::null_mut(),
        );
        Bound::from_owned_ptr_or_err(py, new)
    }
}

/// Makes Python objects of what a call returns.
pub(crate) struct Assembly<'a, 'f, 'py> {
    /// Each is taken once.
    pub(crate) results: &'a mut Frame<'f>,
    pub(crate) report: &'a mut RunReport,
    pub(crate) leaves: &'a [Leaf<'a, 'py>],
    pub(crate) constants: &'a Bound<'py, PyTuple>,
    /// Results that several objects share, by their numbers.
    pub(crate) shared: Vec<(usize, Bound<'py, PyAny>)>,
}

impl<'py> Assembly<'_, '_, 'py> {
    /// The Python object that `outcome` says.
    pub(crate) fn object(&mut self, outcome: &Outcome) -> PyResult<Bound<'py, PyAny>> {
        let py = self.constants.py();
        Ok(match outcome {
            Outcome::None => py.None().into_bound(py),
            Outcome::Array(i) => self.result(*i)?,
            Outcome::Ordered { result, order } => {
                let array = self.result(*result)?;
                match order.letter() {
                    Some(letter) if !crate::lies(&array, *order) => {
                        array.call_method1("copy", (letter,))?
                    }
                    _ => array,
                }
            }
            Outcome::Shared { result, steps } => {
                let known = self.shared.iter().find(|(i, _)| i == result);
                let array = match known {
                    Some((_, array)) => array.clone(),
                    None => {
                        let array = self.result(*result)?;
                        self.shared.push((*result, array.clone()));
                        array
                    }
                };
                self.view(array, steps)?
            }
            Outcome::Scalar(i) => self.scalar(*i)?,
            Outcome::Number(i) => self.number(*i)?,
            Outcome::Argument(i) => self.argument(*i)?,
            Outcome::Either {
                holds,
                then,
                otherwise,
            } => {
                let holds = self.holds(*holds)?;
                self.object(if holds { then } else { otherwise })?
            }
            Outcome::View { argument, steps } => {
                let array = self.argument(*argument)?;
                self.view(array, steps)?
            }
            Outcome::Dict(items) => {
                let dict = PyDict::new(py);
                for (key, value) in items {
                    let value = self.object(value)?;
                    dict.set_item(self.constants.get_item(*key)?, value)?;
                }
                dict.into_any()
            }
            Outcome::Made(class, fields) => {
                let keywords = PyDict::new(py);
                for (name, value) in fields {
                    keywords.set_item(name, self.object(value)?)?;
                }
                self.constants.get_item(*class)?.call((), Some(&keywords))?
            }
            Outcome::Constant(i) => self.constants.get_item(*i)?,
            Outcome::Tuple(items) => PyTuple::new(py, self.objects(items)?)?.into_any(),
            Outcome::List(items) => PyList::new(py, self.objects(items)?)?.into_any(),
            Outcome::Named(class, items) => {
                let items = PyTuple::new(py, self.objects(items)?)?;
                self.constants.get_item(*class)?.call1(items)?
            }
        })
    }

    fn objects(&mut self, outcomes: &[Outcome]) -> PyResult<Vec<Bound<'py, PyAny>>> {
        outcomes.iter().map(|item| self.object(item)).collect()
    }

    /// Its elements lie in places of their own: compiled code may return a number that it has spread over an array as
    /// that number alone.
    fn result(&mut self, i: usize) -> PyResult<Bound<'py, PyAny>> {
        let (result, overlaps) = ndarray(self.constants.py(), self.results, self.report, i)?;
        match overlaps {
            true => result.call_method0("copy"),
            false => Ok(result),
        }
    }

    /// A number of NumPy.
    fn scalar(&self, i: usize) -> PyResult<Bound<'py, PyAny>> {
        let py = self.constants.py();
        let value = self.item(i)?;
        // SAFETY: the bytes are those of a value of that type, and are copied.
        unsafe {
            let new = PY_ARRAY_API.PyArray_Scalar(
                py,
                value.bytes().as_ptr().cast_mut().cast(),
                descr(py, value.dtype())?.as_dtype_ptr(),
                std::ptr::null_mut(),
            );
            Bound::from_owned_ptr_or_err(py, new)
        }
    }

    /// A number of Python.
    fn number(&self, i: usize) -> PyResult<Bound<'py, PyAny>> {
        let py = self.constants.py();
        let value = self.item(i)?;
        if let Some(value) = value.get::<f64>() {
            return Ok(PyFloat::new(py, value).into_any());
        }
        if let Some(value) = value.get::<i64>() {
            return Ok(value.into_pyobject(py)?.into_any());
        }
        if let Some(value) = value.get::<bool>() {
            return Ok(PyBool::new(py, value).to_owned().into_any());
        }
        self.scalar(i)?.call_method0("item")
    }

    /// The only element of a result.
    fn item(&self, i: usize) -> PyResult<Scalar> {
        self.results.item(i).ok_or_else(|| missing(i))
    }

    /// Whether a condition holds.
    fn holds(&self, i: usize) -> PyResult<bool> {
        Ok(self.item(i)? == Scalar::new(true))
    }

    /// The array that was passed.
    fn argument(&self, i: usize) -> PyResult<Bound<'py, PyAny>> {
        match self.leaves.get(i) {
            Some(Leaf::Array(leaf)) => Ok(leaf.array().clone().into_any()),
            _ => Err(PySystemError::new_err(format!("argument {i} is no array"))),
        }
    }

    fn view(&self, mut view: Bound<'py, PyAny>, steps: &[ViewStep]) -> PyResult<Bound<'py, PyAny>> {
        let py = view.py();
        for step in steps {
            view = match step {
                ViewStep::Index(items) => {
                    let index = items.iter().map(|item| self.view_item(item));
                    let index = index.collect::<PyResult<Vec<_>>>()?;
                    view.get_item(PyTuple::new(py, index)?)?
                }
                ViewStep::Transpose(axes) => view.call_method1("transpose", (axes.clone(),))?,
                ViewStep::Reshape(sizes) => {
                    let sizes = sizes.iter().map(|size| self.view_size(*size));
                    let sizes = sizes.collect::<PyResult<Vec<_>>>()?;
                    view.call_method1("reshape", (sizes,))?
                }
            };
        }
        Ok(view)
    }

    /// A position or a size of a view.
    fn view_size(&self, size: ViewSize) -> PyResult<Bound<'py, PyAny>> {
        let number = match size {
            ViewSize::Known(number) => number,
            ViewSize::Result(i) => {
                let known = self.item(i)?.get::<i64>();
                known.ok_or_else(|| missing(i))?
            }
        };
        Ok(number.into_pyobject(self.constants.py())?.into_any())
    }

    /// What stands between brackets.
    fn view_item(&self, item: &ViewItem) -> PyResult<Bound<'py, PyAny>> {
        let py = self.constants.py();
        Ok(match item {
            ViewItem::Position(size) => self.view_size(*size)?,
            ViewItem::NewAxis => py.None().into_bound(py),
            ViewItem::Slice(bounds) => {
                let mut parts = Vec::new();
                for bound in bounds {
                    parts.push(match bound {
                        Some(size) => self.view_size(*size)?,
                        None => py.None().into_bound(py),
                    });
                }
                py.get_type::<PySlice>().call1(PyTuple::new(py, parts)?)?
            }
        })
    }
}

/// Whether elements may lie in the same place; strides in any unit.
fn overlaps(shape: &[usize], strides: &[isize]) -> bool {
    // Usually the first dimension is the outermost.
    let (mut inner, mut ordered) = (0, true);
    for (&n, &stride) in shape.iter().zip(strides).rev().filter(|(n, _)| **n > 1) {
        ordered &= stride.unsigned_abs() > inner;
        inner += stride.unsigned_abs() * (n - 1);
    }
    if ordered {
        return false;
    }
    let mut dims: Vec<(usize, usize)> = (strides.iter().zip(shape))
        .filter(|(_, n)| **n > 1)
        .map(|(stride, n)| (stride.unsigned_abs(), n - 1))
        .collect();
    dims.sort_unstable();
    let mut inner = 0;
    dims.into_iter().any(|(stride, steps)| {
        let overlaps = stride <= inner;
        inner += stride * steps;
        overlaps
    })
}

fn missing(i: usize) -> PyErr {
    PySystemError::new_err(format!("result {i} is missing"))
}

/// The exception that NumPy would raise.
pub(crate) fn exception(py: Python<'_>, error: &RunError) -> PyErr {
    let message = error.message().to_owned();
    let new = match error.kind() {
        RunErrorKind::ShapeMismatch | RunErrorKind::Value => PyValueError::new_err(message),
        RunErrorKind::IndexOutOfBounds => PyIndexError::new_err(message),
        RunErrorKind::Overflow => PyOverflowError::new_err(message),
        RunErrorKind::ZeroDivision => PyZeroDivisionError::new_err(message),
        RunErrorKind::Memory => PyMemoryError::new_err(message),
        RunErrorKind::Argument => PyTypeError::new_err(message),
        RunErrorKind::Unsupported => PyNotImplementedError::new_err(message),
        RunErrorKind::Assertion => PyAssertionError::new_err(message),
        RunErrorKind::Unbound => PyUnboundLocalError::new_err(message),
        RunErrorKind::Internal => PyRuntimeError::new_err(message),
        RunErrorKind::LinAlg => match lin_alg_error(py) {
            Ok(class) => match class.call1((message,)) {
                Ok(value) => PyErr::from_value(value),
                Err(other) => other,
            },
            Err(other) => other,
        },
    };
    if let Some(location) = error.location() {
        // Without the note the exception is as good.
        let _ = new
            .value(py)
            .call_method1("add_note", (format!("in compiled code of {location}"),));
    }
    new
}

fn lin_alg_error(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.import("numpy.linalg")?.getattr("LinAlgError")
}
