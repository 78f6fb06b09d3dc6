//! Arguments of a call: whether they are what a version was compiled for, and where their memory is.

use std::ops::Deref;

use npir_runtime::{Arg, ArrayView, ArrayViewMut, DType, RawArg, Scalar};
use numpy::{PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods, npyffi};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyComplex, PyFloat, PyInt, PyTuple};
use smallvec::SmallVec;

use crate::spec::{Guard, NumberKind};

/// The type of an array's elements, if compiled code can have it: native byte order, no structure.
pub(crate) fn dtype_of(array: &Bound<'_, PyUntypedArray>) -> Option<DType> {
    let descr = array.dtype();
    let number = npir_dtype(descr.num())?;
    (descr.byteorder() != swapped_order()).then_some(number)
}

/// The byte order that is not this machine's.
fn swapped_order() -> u8 {
    if cfg!(target_endian = "little") {
        b'>'
    } else {
        b'<'
    }
}

/// The type that a type number of NumPy stands for.
fn npir_dtype(number: std::ffi::c_int) -> Option<DType> {
    use npyffi::NPY_TYPES::*;
    let is = |ty: npyffi::NPY_TYPES| number == ty as std::ffi::c_int;
    let table = [
        (NPY_BOOL, DType::Bool),
        (NPY_BYTE, DType::I8),
        (NPY_SHORT, DType::I16),
        (NPY_INT, DType::I32),
        (NPY_LONG, DType::I64),
        (NPY_LONGLONG, DType::I64),
        (NPY_UBYTE, DType::U8),
        (NPY_USHORT, DType::U16),
        (NPY_UINT, DType::U32),
        (NPY_ULONG, DType::U64),
        (NPY_ULONGLONG, DType::U64),
        (NPY_HALF, DType::F16),
        (NPY_FLOAT, DType::F32),
        (NPY_DOUBLE, DType::F64),
        (NPY_CFLOAT, DType::C64),
        (NPY_CDOUBLE, DType::C128),
    ];
    table
        .into_iter()
        .find(|(ty, _)| is(*ty))
        .map(|(_, dtype)| dtype)
}

/// Arguments of the compiled function, in order.
pub(crate) struct Leaves<'a, 'py> {
    all: SmallVec<[Leaf<'a, 'py>; 6]>,
    /// Whether all elements of arrays lie in whole steps, so that compiled code can use them where they are.
    pub(crate) whole: bool,
    /// Whether work on all elements of an array takes longer than to give the interpreter's lock away.
    pub(crate) large: bool,
}

impl<'a, 'py> Leaves<'a, 'py> {
    #[inline]
    pub(crate) fn new() -> Leaves<'a, 'py> {
        Leaves {
            all: SmallVec::new(),
            whole: true,
            large: false,
        }
    }

    /// Adds an array, `large` or not.
    ///
    /// # Safety
    /// `array` is an instance of `numpy.ndarray` with elements of type `dtype`.
    #[inline]
    pub(crate) unsafe fn push_array(
        &mut self,
        array: Held<'a, 'py>,
        dtype: DType,
        written: bool,
        large: bool,
    ) {
        let leaf = ArrayLeaf {
            array,
            dtype,
            written,
            reversed: None,
        };
        self.large |= large;
        self.whole &= is_whole(leaf.array(), dtype);
        self.all.push(Leaf::Array(leaf));
    }

    /// Adds an array with its axes in reverse, `large` or not, that is not written to.
    ///
    /// # Safety
    /// As for [`Leaves::push_array`].
    pub(crate) unsafe fn push_columns(&mut self, array: Held<'a, 'py>, dtype: DType, large: bool) {
        let mut leaf = ArrayLeaf {
            array,
            dtype,
            written: false,
            reversed: None,
        };
        let (shape, strides) = (leaf.array().shape(), leaf.array().strides());
        leaf.reversed = Some(Box::new(Reversed {
            shape: shape.iter().rev().copied().collect(),
            strides: strides.iter().rev().copied().collect(),
        }));
        self.large |= large;
        self.all.push(Leaf::Array(leaf));
    }

    #[inline]
    pub(crate) fn push_number(&mut self, value: Scalar) {
        self.all.push(Leaf::Number(value));
    }
}

/// Whether an array's elements lie in whole steps.
#[inline]
fn is_whole(array: &Bound<'_, PyUntypedArray>, dtype: DType) -> bool {
    const CONTIGUOUS: std::ffi::c_int =
        npyffi::NPY_ARRAY_C_CONTIGUOUS | npyffi::NPY_ARRAY_F_CONTIGUOUS;
    // SAFETY: an array's own description.
    if unsafe { (*array.as_array_ptr()).fields.flags } & CONTIGUOUS != 0 {
        return true;
    }
    let part = dtype.size() as isize - 1;
    let dims = array.shape().iter().zip(array.strides());
    dims.into_iter()
        .all(|(&n, &stride)| n < 2 || stride & part == 0)
}

/// Whether work on so many elements takes longer than to give the interpreter's lock away.
pub(crate) fn is_large(elements: usize) -> bool {
    elements > 16_384
}

impl<'a, 'py> Deref for Leaves<'a, 'py> {
    type Target = [Leaf<'a, 'py>];

    #[inline]
    fn deref(&self) -> &[Leaf<'a, 'py>] {
        &self.all
    }
}

/// An object that is there as long as the call.
pub(crate) enum Held<'a, 'py> {
    /// The caller has it.
    Argument(&'a Bound<'py, PyAny>),
    /// From a place that may get another object meanwhile.
    Own(Bound<'py, PyAny>),
}

impl<'py> Deref for Held<'_, 'py> {
    type Target = Bound<'py, PyAny>;

    #[inline]
    fn deref(&self) -> &Bound<'py, PyAny> {
        match self {
            Held::Argument(object) => object,
            Held::Own(object) => object,
        }
    }
}

/// An argument of the compiled function.
pub(crate) enum Leaf<'a, 'py> {
    Array(ArrayLeaf<'a, 'py>),
    /// A number.
    Number(Scalar),
}

/// An array that is an argument.
pub(crate) struct ArrayLeaf<'a, 'py> {
    /// An instance of `numpy.ndarray`.
    array: Held<'a, 'py>,
    dtype: DType,
    /// Whether it is written to.
    written: bool,
    /// What compiled code sees of its axes, where that is not what NumPy sees.
    reversed: Option<Box<Reversed>>,
}

/// The axes of an array in reverse.
struct Reversed {
    shape: SmallVec<[usize; 4]>,
    strides: SmallVec<[isize; 4]>,
}

impl<'py> ArrayLeaf<'_, 'py> {
    #[inline]
    pub(crate) fn array(&self) -> &Bound<'py, PyUntypedArray> {
        // SAFETY: the contract of `Leaves::push_array`.
        unsafe { self.array.cast_unchecked() }
    }

    /// Extents and strides as compiled code sees them.
    #[inline]
    fn axes(&self) -> (&[usize], &[isize]) {
        match &self.reversed {
            Some(reversed) => (&reversed.shape, &reversed.strides),
            None => (self.array().shape(), self.array().strides()),
        }
    }
}

impl Leaf<'_, '_> {
    /// The argument.
    ///
    /// # Safety
    /// Nobody else writes to the array while the result lives, nor reads it if it is written to.
    pub(crate) unsafe fn as_arg(&self) -> Arg<'_> {
        match self {
            Leaf::Number(value) => Arg::Scalar(*value),
            Leaf::Array(leaf) => {
                let (data, dtype) = (data_of(leaf.array()), leaf.dtype);
                let (shape, strides) = leaf.axes();
                // SAFETY: NumPy's description of memory that the array keeps alive, and the caller's contract.
                unsafe {
                    match leaf.written {
                        true => Arg::ViewMut(ArrayViewMut::from_raw(data, dtype, shape, strides)),
                        false => Arg::View(ArrayView::from_raw(data, dtype, shape, strides)),
                    }
                }
            }
        }
    }

    /// The argument for a call that does not look at it.
    pub(crate) fn as_raw(&self) -> RawArg<'_> {
        match self {
            Leaf::Number(value) => RawArg::scalar(value),
            Leaf::Array(leaf) => {
                let (shape, strides) = leaf.axes();
                RawArg {
                    data: data_of(leaf.array()),
                    shape,
                    strides,
                }
            }
        }
    }

    /// Whether it is an array that is written to.
    pub(crate) fn is_written(&self) -> bool {
        matches!(self, Leaf::Array(leaf) if leaf.written)
    }

    /// The addresses that an array's elements lie between.
    fn extent(&self) -> Option<(isize, isize)> {
        let Leaf::Array(leaf) = self else {
            return None;
        };
        let array = leaf.array();
        if array.shape().contains(&0) {
            return None;
        }
        let start = data_of(array) as isize;
        let (mut low, mut high) = (start, start + leaf.dtype.size() as isize);
        for (&n, &stride) in array.shape().iter().zip(array.strides()) {
            let reach = (n as isize - 1) * stride;
            if reach < 0 {
                low += reach;
            } else {
                high += reach;
            }
        }
        Some((low, high))
    }
}

pub(crate) fn data_of(array: &Bound<'_, PyUntypedArray>) -> *mut u8 {
    // SAFETY: an array's own description.
    unsafe { (*array.as_array_ptr()).fields.data.cast() }
}

/// Whether an array that is written to may share memory with another one, or with itself.
pub(crate) fn overlap(leaves: &[Leaf<'_, '_>]) -> bool {
    leaves
        .iter()
        .enumerate()
        .filter(|(_, leaf)| leaf.is_written())
        .any(|(i, leaf)| {
            let Some((low, high)) = leaf.extent() else {
                return false;
            };
            let others = leaves.iter().enumerate().filter(|(j, _)| *j != i);
            let shared = others
                .filter_map(|(_, other)| other.extent())
                .any(|(l, h)| l < high && low < h);
            // SAFETY: the view is only asked how its elements lie.
            let itself = match unsafe { leaf.as_arg() } {
                Arg::ViewMut(view) => view.may_overlap_itself(),
                Arg::View(_) | Arg::Scalar(_) => false,
            };
            shared || itself
        })
}

/// Whether two objects are the same for compiled code: identical, or equal and of the same type.
pub(crate) fn same(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> bool {
    a.is(b) || a.get_type().is(b.get_type()) && is_plain(a) && a.eq(b).unwrap_or(false)
}

/// Whether equality of such objects means that they behave alike: numbers but for the sign of zero and NaN, text, and
/// what is made of them.
fn is_plain(object: &Bound<'_, PyAny>) -> bool {
    if let Ok(tuple) = object.cast_exact::<PyTuple>() {
        return tuple.iter().all(|item| is_plain(&item));
    }
    if let Ok(x) = object.cast_exact::<PyFloat>() {
        return x.value() != 0.0 && !x.value().is_nan();
    }
    let name = object.get_type().name();
    let plain = [
        "int", "bool", "str", "bytes", "NoneType", "slice", "ellipsis",
    ];
    name.is_ok_and(|name| name.to_str().is_ok_and(|name| plain.contains(&name)))
}

/// The number that a Python object is; its value is `None` where compiled code has no such number.
pub(crate) fn number(object: &Bound<'_, PyAny>) -> Option<(NumberKind, Option<Scalar>)> {
    if object.is_exact_instance_of::<PyBool>() {
        return Some((
            NumberKind::Bool,
            object.extract::<bool>().ok().map(Scalar::new),
        ));
    }
    if object.is_exact_instance_of::<PyInt>() {
        return Some((
            NumberKind::Int,
            object.extract::<i64>().ok().map(Scalar::new),
        ));
    }
    if object.is_exact_instance_of::<PyFloat>() {
        return Some((
            NumberKind::Float,
            object.extract::<f64>().ok().map(Scalar::new),
        ));
    }
    let z = object.cast_exact::<PyComplex>().ok()?;
    let bytes = [z.real().to_ne_bytes(), z.imag().to_ne_bytes()].concat();
    Some((NumberKind::Complex, Scalar::from_bytes(DType::C128, &bytes)))
}

/// The number of NumPy that an object is.
pub(crate) fn numpy_scalar(object: &Bound<'_, PyAny>) -> Option<(DType, Scalar)> {
    let generic = object.py().import("numpy").ok()?.getattr("generic").ok()?;
    if !object.is_instance(&generic).ok()? {
        return None;
    }
    let array = object.call_method0("__array__").ok()?;
    let array = array.cast::<PyUntypedArray>().ok()?;
    let dtype = dtype_of(array)?;
    // SAFETY: a 0-d array of that type has one element.
    let bytes = unsafe { std::slice::from_raw_parts(data_of(array), dtype.size()) };
    Some((dtype, Scalar::from_bytes(dtype, bytes)?))
}

/// What an argument is, as far as guards ask.
pub(crate) fn description(object: &Bound<'_, PyAny>) -> String {
    if let Ok(array) = object.cast_exact::<PyUntypedArray>() {
        let dtype = array.dtype().to_string();
        let dims: Vec<_> = array.shape().iter().map(ToString::to_string).collect();
        return format!("{dtype}[{}]", dims.join(", "));
    }
    let class = object.get_type().name();
    let class = class.map_or_else(|_| "an object".to_owned(), |name| name.to_string());
    match number(object).is_some() || class == "str" {
        true => object.repr().map_or(class, |text| text.to_string()),
        false => class,
    }
}

/// What a guard expects.
pub(crate) fn expected(guard: &Guard, constants: &Bound<'_, PyTuple>) -> String {
    let all = |items: &[Guard]| -> String {
        let items: Vec<_> = items.iter().map(|item| expected(item, constants)).collect();
        items.join(", ")
    };
    let constant = |at: usize| match constants.get_item(at) {
        Ok(object) => description(&object),
        Err(_) => "something else".to_owned(),
    };
    match guard {
        Guard::Array {
            dtype,
            shape,
            written,
            order,
        } => {
            let dims: Vec<_> = shape
                .iter()
                .map(|n| n.map_or("?".to_owned(), |n| n.to_string()))
                .collect();
            let written = if *written {
                " that can be written to"
            } else {
                ""
            };
            let order = match order.letter() {
                Some(letter) => format!(" in {letter} order"),
                None => String::new(),
            };
            format!("{}[{}]{written}{order}", dtype.name(), dims.join(", "))
        }
        Guard::Scalar { dtype } => format!("numpy.{}", dtype.name()),
        Guard::Number(kind) => match kind {
            NumberKind::Bool => "bool".into(),
            NumberKind::Int => "int".into(),
            NumberKind::Float => "float".into(),
            NumberKind::Complex => "complex".into(),
        },
        Guard::Constant(at) | Guard::Known(at) => constant(*at),
        Guard::Tuple(items) => format!("a tuple of {}", all(items)),
        Guard::List(items) => format!("a list of {}", all(items)),
        Guard::Dict(items) => {
            let keys: Vec<_> = items.iter().map(|(key, _)| constant(*key)).collect();
            format!("a dictionary with the keys {}", keys.join(", "))
        }
        Guard::Object { class, .. } => constant(*class),
    }
}
