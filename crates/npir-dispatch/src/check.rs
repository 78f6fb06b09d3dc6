//! Guards as calls check them: constants and NumPy's descriptions of types are looked up once.

use std::ffi::c_int;

use npir_runtime::{DType, Scalar};
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods, npyffi};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::arguments::{Held, Leaves, dtype_of, is_large, number, numpy_scalar, same};
use crate::results::descr;
use crate::spec::{Guard, NumberKind, Order};

/// A [`Guard`] with the objects that it names.
pub(crate) enum Check {
    Array(ArrayCheck),
    Other(OtherCheck),
}

/// A guard of something that is no array.
pub(crate) enum OtherCheck {
    Scalar(DType),
    Number(NumberKind),
    Known(Py<PyAny>),
    Constant(Py<PyAny>),
    Tuple(Vec<Check>),
    List(Vec<Check>),
    Dict(Vec<(Py<PyAny>, Check)>),
    Object(Py<PyAny>, Vec<(String, Check)>),
}

/// What an array must be.
pub(crate) struct ArrayCheck {
    /// `numpy.ndarray`, of which it is no subclass.
    class: *mut ffi::PyTypeObject,
    /// NumPy's description of the type of elements that most arrays have.
    descr: *mut npyffi::PyArray_Descr,
    dtype: DType,
    shape: Vec<Option<usize>>,
    /// Whether it has many elements, where the shape says that.
    large: Option<bool>,
    order: Order,
    written: bool,
}

// SAFETY: the pointers are to objects that live as long as NumPy, and only compared.
unsafe impl Send for ArrayCheck {}
// SAFETY: the same.
unsafe impl Sync for ArrayCheck {}

impl Check {
    /// # Errors
    /// A guard that names a constant that is not there, or a type that NumPy does not have.
    pub(crate) fn new(guard: &Guard, constants: &Bound<'_, PyTuple>) -> PyResult<Check> {
        let py = constants.py();
        let constant = |at: usize| constants.get_item(at).map(Bound::unbind);
        let all = |guards: &[Guard]| -> PyResult<Vec<Check>> {
            guards.iter().map(|g| Check::new(g, constants)).collect()
        };
        Ok(match guard {
            Guard::Array {
                dtype,
                shape,
                written,
                order,
            } => Check::Array(ArrayCheck {
                // SAFETY: attached; NumPy is there, for there are arrays.
                class: unsafe { npyffi::get_type_object(py, npyffi::NpyTypes::PyArray_Type) },
                descr: descr(py, *dtype)?.as_dtype_ptr(),
                dtype: *dtype,
                shape: shape.clone(),
                large: shape
                    .iter()
                    .try_fold(1usize, |size, n| Some(size.saturating_mul((*n)?)))
                    .map(is_large),
                order: *order,
                written: *written,
            }),
            Guard::Scalar { dtype } => OtherCheck::Scalar(*dtype).into(),
            Guard::Number(kind) => OtherCheck::Number(*kind).into(),
            Guard::Known(at) => OtherCheck::Known(constant(*at)?).into(),
            Guard::Constant(at) => OtherCheck::Constant(constant(*at)?).into(),
            Guard::Tuple(items) => OtherCheck::Tuple(all(items)?).into(),
            Guard::List(items) => OtherCheck::List(all(items)?).into(),
            Guard::Dict(items) => {
                let items = items
                    .iter()
                    .map(|(key, guard)| Ok((constant(*key)?, Check::new(guard, constants)?)));
                OtherCheck::Dict(items.collect::<PyResult<_>>()?).into()
            }
            Guard::Object { class, fields } => {
                let fields = fields
                    .iter()
                    .map(|(name, guard)| Ok((name.clone(), Check::new(guard, constants)?)));
                OtherCheck::Object(constant(*class)?, fields.collect::<PyResult<_>>()?).into()
            }
        })
    }

    /// Adds what `object` becomes to `leaves`; `None` if it is not what is expected.
    #[inline]
    pub(crate) fn take<'a, 'py>(
        &self,
        object: Held<'a, 'py>,
        leaves: &mut Leaves<'a, 'py>,
    ) -> Option<()> {
        match self {
            Check::Array(check) => check.take(object, leaves),
            Check::Other(check) => check.take(&object, leaves),
        }
    }

    /// Whether it lets arrays through that are written to.
    pub(crate) fn writes(&self) -> bool {
        match self {
            Check::Array(check) => check.written,
            Check::Other(check) => check.writes(),
        }
    }
}

impl From<OtherCheck> for Check {
    fn from(check: OtherCheck) -> Check {
        Check::Other(check)
    }
}

impl OtherCheck {
    fn take<'py>(&self, object: &Bound<'py, PyAny>, leaves: &mut Leaves<'_, 'py>) -> Option<()> {
        let py = object.py();
        match self {
            OtherCheck::Scalar(dtype) => {
                let (found, value) = numpy_scalar(object)?;
                leaves.push_number(value);
                (found == *dtype).then_some(())
            }
            OtherCheck::Number(kind) => {
                let (found, value) = number(object)?;
                leaves.push_number(value?);
                (found == *kind).then_some(())
            }
            OtherCheck::Known(constant) => {
                leaves.push_number(Scalar::new(false));
                same(object, constant.bind(py)).then_some(())
            }
            OtherCheck::Constant(constant) => same(object, constant.bind(py)).then_some(()),
            OtherCheck::Tuple(checks) => {
                take_all(checks, object.cast_exact::<PyTuple>().ok()?.iter(), leaves)
            }
            OtherCheck::List(checks) => {
                take_all(checks, object.cast_exact::<PyList>().ok()?.iter(), leaves)
            }
            OtherCheck::Dict(items) => {
                let dict = object.cast_exact::<PyDict>().ok()?;
                (dict.len() == items.len()).then_some(())?;
                items.iter().try_for_each(|(key, check)| {
                    let value = dict.get_item(key.bind(py)).ok()??;
                    check.take(Held::Own(value), leaves)
                })
            }
            OtherCheck::Object(class, fields) => {
                let same = object.get_type().is(class.bind(py));
                let own = object
                    .getattr("__dict__")
                    .ok()?
                    .cast_into::<PyDict>()
                    .ok()?;
                (same && own.len() == fields.len()).then_some(())?;
                fields.iter().try_for_each(|(name, check)| {
                    let value = own.get_item(name).ok()??;
                    check.take(Held::Own(value), leaves)
                })
            }
        }
    }

    fn writes(&self) -> bool {
        match self {
            OtherCheck::Tuple(items) | OtherCheck::List(items) => items.iter().any(Check::writes),
            OtherCheck::Dict(items) => items.iter().any(|(_, check)| check.writes()),
            OtherCheck::Object(_, fields) => fields.iter().any(|(_, check)| check.writes()),
            OtherCheck::Scalar(_)
            | OtherCheck::Number(_)
            | OtherCheck::Known(_)
            | OtherCheck::Constant(_) => false,
        }
    }
}

/// Items that are as many as there are checks, each by its own.
fn take_all<'py>(
    checks: &[Check],
    items: impl ExactSizeIterator<Item = Bound<'py, PyAny>>,
    leaves: &mut Leaves<'_, 'py>,
) -> Option<()> {
    (items.len() == checks.len()).then_some(())?;
    let mut pairs = checks.iter().zip(items);
    pairs.try_for_each(|(check, item)| check.take(Held::Own(item), leaves))
}

/// Whether the elements of an array with these flags lie in this order.
#[inline]
pub(crate) fn lies(flags: c_int, order: Order) -> bool {
    let rows = flags & npyffi::NPY_ARRAY_C_CONTIGUOUS != 0;
    let columns = flags & npyffi::NPY_ARRAY_F_CONTIGUOUS != 0 && !rows;
    match order {
        Order::Any => true,
        Order::NotColumns => !columns,
        Order::Rows => rows,
        Order::Columns => columns,
    }
}

impl ArrayCheck {
    #[inline]
    fn take<'a, 'py>(&self, object: Held<'a, 'py>, leaves: &mut Leaves<'a, 'py>) -> Option<()> {
        // SAFETY: an object has a type; one of this very class is an array.
        let array = unsafe {
            if ffi::Py_TYPE(object.as_ptr()) != self.class {
                return None;
            }
            object.cast_unchecked::<PyUntypedArray>()
        };
        // SAFETY: an array's own description.
        let fields = unsafe { &(*array.as_array_ptr()).fields };
        let shape = array.shape();
        let fits = shape.len() == self.shape.len()
            && shape
                .iter()
                .zip(&self.shape)
                .all(|(n, expected)| expected.is_none_or(|m| m == *n))
            && (fields.descr == self.descr || dtype_of(array) == Some(self.dtype))
            && (!self.written || fields.flags & npyffi::NPY_ARRAY_WRITEABLE != 0)
            && lies(fields.flags, self.order);
        if fits {
            let large = match self.large {
                Some(large) => large,
                None => is_large(shape.iter().product()),
            };
            // SAFETY: it is an array of that type.
            unsafe {
                match self.order {
                    Order::Columns => leaves.push_columns(object, self.dtype, large),
                    _ => leaves.push_array(object, self.dtype, self.written, large),
                }
            };
        }
        fits.then_some(())
    }
}
