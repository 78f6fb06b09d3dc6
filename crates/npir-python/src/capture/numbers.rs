//! Numbers, element types and elementwise functions, with NumPy's rules of promotion: NumPy itself is asked.

use npir::builder::Tensor;
use npir::prelude::*;
use npir_dispatch::spec::NumberKind;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::value::{Class, Origin, Value};

use super::{Capture, Captured, Stop};

/// Python's operators and the functions of NumPy behind them, in the order of the syntax tree's classes.
const OPERATORS: [(&str, &str, &str); 19] = [
    ("Add", "add", "add"),
    ("Sub", "sub", "subtract"),
    ("Mult", "mul", "multiply"),
    ("Div", "truediv", "divide"),
    ("FloorDiv", "floordiv", "floor_divide"),
    ("Mod", "mod", "remainder"),
    ("Pow", "pow", "power"),
    ("MatMult", "matmul", "matmul"),
    ("LShift", "lshift", "left_shift"),
    ("RShift", "rshift", "right_shift"),
    ("BitOr", "or_", "bitwise_or"),
    ("BitXor", "xor", "bitwise_xor"),
    ("BitAnd", "and_", "bitwise_and"),
    ("Eq", "eq", "equal"),
    ("NotEq", "ne", "not_equal"),
    ("Lt", "lt", "less"),
    ("LtE", "le", "less_equal"),
    ("Gt", "gt", "greater"),
    ("GtE", "ge", "greater_equal"),
];

/// The function of Python's `operator` and that of NumPy for a class of the syntax tree.
pub(super) fn operator(class: &str) -> Option<(&'static str, &'static str)> {
    let row = OPERATORS.iter().find(|(name, ..)| *name == class)?;
    Some((row.1, row.2))
}

impl<'c, 'py> Capture<'_, 'c, 'py> {
    pub(super) fn numpy(&self) -> Captured<Bound<'py, PyAny>> {
        Ok(self.py.import("numpy")?.into_any())
    }

    pub(super) fn dtype_object(&self, dtype: DType) -> Captured<Bound<'py, PyAny>> {
        Ok(self.numpy()?.call_method1("dtype", (dtype.name(),))?)
    }

    /// The type that a `numpy.dtype`, or what NumPy takes for one, is.
    pub(super) fn dtype_named(&self, object: &Bound<'py, PyAny>) -> Captured<DType> {
        let dtype = self.numpy()?.call_method1("dtype", (object,))?;
        let name: String = dtype.getattr("name")?.extract()?;
        let native: bool = dtype.getattr("isnative")?.extract()?;
        match DType::all().find(|dtype| dtype.name() == name) {
            Some(found) if native => Ok(found),
            _ => self.unsupported(format!("elements of type {name}")),
        }
    }

    /// The object that a value is in every call.
    pub(super) fn concrete(&self, value: &Value<'c>) -> Captured<Bound<'py, PyAny>> {
        match value {
            Value::Object(object) => Ok(object.bind(self.py).clone()),
            Value::Number(
                _,
                _,
                Origin {
                    leaf: Some(leaf), ..
                },
            ) => Err(Stop::Specialize(*leaf)),
            Value::Unusable(why, made) => self.unusable(why, *made),
            Value::Tuple(items) => {
                let items = items
                    .iter()
                    .map(|item| self.concrete(item))
                    .collect::<Captured<Vec<_>>>()?;
                Ok(PyTuple::new(self.py, items)?.into_any())
            }
            Value::List(list) => {
                let items = list
                    .now()
                    .iter()
                    .map(|item| self.concrete(item))
                    .collect::<Captured<Vec<_>>>()?;
                Ok(pyo3::types::PyList::new(self.py, items)?.into_any())
            }
            _ => self.unsupported("a value that has to be known to compile"),
        }
    }

    /// The operand's type as `resolve_dtypes` takes it: Python's types of numbers adapt to the others.
    pub(super) fn type_of(&self, value: &Value<'c>) -> Captured<Bound<'py, PyAny>> {
        let weak = |kind| {
            let name = match kind {
                NumberKind::Bool => return self.dtype_object(DType::Bool),
                NumberKind::Int => "int",
                NumberKind::Float => "float",
                NumberKind::Complex => "complex",
            };
            Ok(self.py.import("builtins")?.getattr(name)?)
        };
        match value {
            Value::Number(kind, ..) => weak(*kind),
            Value::Scalar(tensor) => self.dtype_object(self.dtype(*tensor)?),
            Value::Array(array) => match crate::value::dtype_of(array.ty) {
                Some(dtype) => self.dtype_object(dtype),
                None => self.unsupported("an element type that NumPy does not have"),
            },
            Value::Object(object) => {
                let object = object.bind(self.py);
                match npir_dispatch::number_of(object) {
                    Some((kind, _)) => weak(kind),
                    None => {
                        let array = self.plain_array(object)?;
                        Ok(array.getattr("dtype")?)
                    }
                }
            }
            Value::Named(..) => self.unsupported("a named tuple as operand"),
            Value::Tuple(_) | Value::List(_) => {
                let object = self.concrete(value)?;
                Ok(self.plain_array(&object)?.getattr("dtype")?)
            }
            // Both classes give the same, or the operation is made for each of them.
            Value::Mixed(mixed) => match mixed.classes[0] {
                Class::NumPy(dtype) => self.dtype_object(dtype),
                Class::Python(kind) => weak(kind),
            },
            Value::Unusable(why, made) => self.unusable(why, *made),
            Value::Method(..)
            | Value::Function(_)
            | Value::Items(_)
            | Value::Optional(_)
            | Value::Dict(_)
            | Value::Instance(_) => self.unsupported("an operand that is no number and no array"),
        }
    }

    /// A number of NumPy, or a list of numbers, as an array. An array that the function knows from outside may change
    /// between calls.
    pub(super) fn plain_array(&self, object: &Bound<'py, PyAny>) -> Captured<Bound<'py, PyAny>> {
        if npir_dispatch::array_of(object).is_some() {
            return self.unsupported("an array from outside of the function");
        }
        Ok(self.numpy()?.call_method1("asarray", (object,))?)
    }

    /// A value as a tensor of `dtype`.
    pub(super) fn tensor_as(&mut self, value: &Value<'c>, dtype: DType) -> Captured<Tensor<'c>> {
        let tensor = match value {
            Value::Object(_) | Value::Tuple(_) | Value::List(_) if self.concrete(value).is_ok() => {
                let object = self.concrete(value)?;
                let array = self.plain_array(&object)?;
                let array = array.call_method1("astype", (self.dtype_object(dtype)?,))?;
                return self.constant_array(&array, dtype);
            }
            Value::Number(_, tensor, _) | Value::Scalar(tensor) => *tensor,
            Value::Mixed(mixed) => mixed.value,
            Value::Array(array) => self.read(array)?,
            Value::Object(_) | Value::Tuple(_) | Value::List(_) => self.stacked(value)?,
            Value::Optional(_) => {
                let value = self.present(value)?;
                return self.tensor_as(&value, dtype);
            }
            Value::Unusable(why, made) => return self.unusable(why, *made),
            Value::Method(..)
            | Value::Function(_)
            | Value::Items(_)
            | Value::Named(..)
            | Value::Dict(_)
            | Value::Instance(_) => {
                return self.unsupported("an operand that is no number and no array");
            }
        };
        if self.dtype(tensor)? == dtype {
            return Ok(tensor);
        }
        let cast = self.f.cast(tensor, dtype);
        self.built(cast)
    }

    /// A value as a tensor of NumPy's type for it.
    pub(super) fn tensor(&mut self, value: &Value<'c>) -> Captured<Tensor<'c>> {
        match value {
            Value::Number(_, tensor, _) | Value::Scalar(tensor) => Ok(*tensor),
            Value::Array(array) => self.read(array),
            Value::Object(_) | Value::Tuple(_) | Value::List(_) => {
                let Ok(object) = self.concrete(value) else {
                    return self.stacked(value);
                };
                let array = self.plain_array(&object)?;
                let dtype = self.dtype_named(&array.getattr("dtype")?)?;
                self.constant_array(&array, dtype)
            }
            Value::Mixed(mixed) if mixed.classes[0].dtype() == mixed.classes[1].dtype() => {
                Ok(mixed.value)
            }
            Value::Mixed(_) => self.unsupported("a number whose type depends on values"),
            Value::Optional(_) => {
                let value = self.present(value)?;
                self.tensor(&value)
            }
            Value::Unusable(why, made) => self.unusable(why, *made),
            Value::Method(..)
            | Value::Function(_)
            | Value::Items(_)
            | Value::Named(..)
            | Value::Dict(_)
            | Value::Instance(_) => self.unsupported("an operand that is no number and no array"),
        }
    }

    pub(super) fn constant_array(
        &mut self,
        array: &Bound<'py, PyAny>,
        dtype: DType,
    ) -> Captured<Tensor<'c>> {
        let bytes = array
            .call_method0("tobytes")?
            .cast_into::<PyBytes>()
            .map_err(PyErr::from)?;
        let shape: Vec<usize> = array.getattr("shape")?.extract()?;
        let constant = self.f.constant_array(dtype, &shape, bytes.as_bytes());
        self.built(constant)
    }

    /// `left op right`, where `op` is a class of the syntax tree.
    pub(super) fn binary(
        &mut self,
        op: &str,
        left: &Value<'c>,
        right: &Value<'c>,
    ) -> Captured<Value<'c>> {
        let Some((python, numpy)) = operator(op) else {
            return self.unsupported(format!("the operator {op}"));
        };
        if let Some(value) = self.mixed(op, left, right)? {
            return Ok(value);
        }
        let of_python = |value: &Value<'c>| {
            !matches!(value, Value::Array(_) | Value::Scalar(_) | Value::Mixed(_))
        };
        if of_python(left) && of_python(right) {
            return self.python_binary(python, numpy, left, right);
        }
        if numpy == "power"
            && let Some(value) = self.known_power(left, right)?
        {
            return Ok(value);
        }
        self.ufunc(numpy, &[left.clone(), right.clone()])
    }

    /// `left op right` where one is a number whose class depends on the call and the other one of Python's.
    fn mixed(
        &mut self,
        op: &str,
        left: &Value<'c>,
        right: &Value<'c>,
    ) -> Captured<Option<Value<'c>>> {
        let (mixed, other, first) = match (left, right) {
            (Value::Mixed(mixed), other) => (*mixed, other, true),
            (other, Value::Mixed(mixed)) => (*mixed, other, false),
            _ => return Ok(None),
        };
        // With an array or a number of NumPy the function of NumPy knows what to do.
        if matches!(other, Value::Array(_) | Value::Scalar(_)) {
            return Ok(None);
        }
        let [a, b] = self.alternatives(&mixed)?;
        let sides = |one: Value<'c>| match first {
            true => (one, other.clone()),
            false => (other.clone(), one),
        };
        let (a, b) = (sides(a), sides(b));
        self.either(
            mixed.first,
            |this| this.binary(op, &a.0, &a.1),
            |this| this.binary(op, &b.0, &b.1),
        )
        .map(Some)
    }

    /// Operators of Python's own objects.
    fn python_binary(
        &mut self,
        python: &str,
        numpy: &str,
        left: &Value<'c>,
        right: &Value<'c>,
    ) -> Captured<Value<'c>> {
        if let (Value::Tuple(a), Value::Tuple(b), "add") = (left, right, python) {
            return Ok(Value::Tuple(std::rc::Rc::new(
                [a.as_slice(), b.as_slice()].concat(),
            )));
        }
        let dynamic = matches!(left, Value::Number(..)) || matches!(right, Value::Number(..));
        if dynamic && let Some(value) = self.number_binary(numpy, left, right)? {
            return Ok(value);
        }
        let (left, right) = (self.concrete(left)?, self.concrete(right)?);
        let result = self
            .py
            .import("operator")?
            .call_method1(python, (left, right))?;
        Ok(self.made(&result))
    }

    /// Powers that NumPy computes in another way.
    fn known_power(
        &mut self,
        base: &Value<'c>,
        exponent: &Value<'c>,
    ) -> Captured<Option<Value<'c>>> {
        let (Value::Array(array), Value::Object(exponent)) = (base, exponent) else {
            return Ok(None);
        };
        let exponent = exponent.bind(self.py);
        if npir_dispatch::number_of(exponent).is_none() {
            return Ok(None);
        }
        let Ok(number) = exponent.extract::<f64>() else {
            return Ok(None);
        };
        let inexact = matches!(
            crate::value::dtype_of(array.ty),
            Some(DType::F16 | DType::F32 | DType::F64 | DType::C64 | DType::C128)
        );
        let name = match number {
            2.0 => "square",
            1.0 if inexact => "positive",
            0.5 if inexact => "sqrt",
            -1.0 if inexact => "reciprocal",
            _ => return Ok(None),
        };
        if !inexact && !exponent.is_exact_instance_of::<pyo3::types::PyInt>() {
            return Ok(None);
        }
        self.ufunc(name, std::slice::from_ref(base)).map(Some)
    }

    /// The truth of a value, `None` where it depends on the call.
    pub(super) fn truth(&self, value: &Value<'c>) -> Captured<Option<bool>> {
        Ok(match value {
            Value::Object(object) => Some(object.bind(self.py).is_truthy()?),
            Value::Tuple(items) | Value::Named(_, items) => Some(!items.is_empty()),
            Value::List(list) => Some(!list.items.borrow().is_empty()),
            Value::Dict(dict) => Some(!dict.items.borrow().is_empty()),
            Value::Method(..) | Value::Function(_) => Some(true),
            Value::Items(_) | Value::Optional(_) | Value::Instance(_) => {
                return self.unsupported("the truth of such a thing");
            }
            Value::Number(
                _,
                _,
                Origin {
                    leaf: Some(leaf), ..
                },
            ) => return Err(Stop::Specialize(*leaf)),
            Value::Unusable(why, made) => return self.unusable(why, *made),
            Value::Number(..) | Value::Scalar(_) | Value::Array(_) | Value::Mixed(_) => None,
        })
    }
}
