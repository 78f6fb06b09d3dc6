//! NumPy's functions and methods as operations.

use std::collections::HashMap;

use npir::builder::{Tensor, element_type};
use npir::mlir::prelude::*;
use npir::prelude::DType;
use npir_dispatch::spec::NumberKind;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::value::{Value, is_integer};

use super::calls::Arguments;
use super::{Capture, Captured};

/// Elements of an array that is put into the program as it is, at most.
const LARGEST_CONSTANT: usize = 4096;

/// Functions of NumPy that make arrays out of what is known.
const MAKERS: [&str; 9] = [
    "arange", "linspace", "eye", "identity", "tri", "array", "hanning", "hamming", "logspace",
];

/// Functions of NumPy about types, that are run as they are.
const QUESTIONS: [&str; 8] = [
    "result_type",
    "promote_types",
    "can_cast",
    "issubdtype",
    "min_scalar_type",
    "broadcast_shapes",
    "isscalar",
    "normalize_axis_index",
];

/// Names of a function's arguments, with what was passed.
pub(super) struct Bound<'c> {
    function: String,
    values: HashMap<&'static str, Value<'c>>,
}

impl<'c> Bound<'c> {
    pub(super) fn take(&mut self, name: &str) -> Option<Value<'c>> {
        self.values.remove(name)
    }
}

impl<'c, 'py> Capture<'_, 'c, 'py> {
    /// Assigns arguments to parameters by position and name. An argument that is NumPy's default `None` is left out.
    pub(super) fn arguments(
        &self,
        function: &str,
        names: &[&'static str],
        args: Arguments<'c>,
    ) -> Captured<Bound<'c>> {
        let mut values = HashMap::new();
        if args.positional.len() > names.len() {
            return self.unsupported(format!(
                "numpy.{function} with {} arguments",
                args.positional.len()
            ));
        }
        let positional = names.iter().copied().zip(args.positional);
        let mut all: Vec<_> = positional.collect();
        for (name, value) in args.keywords {
            match names.iter().find(|known| **known == name) {
                Some(known) => all.push((known, value)),
                None => {
                    return self.unsupported(format!("the argument {name} of numpy.{function}"));
                }
            }
        }
        for (name, value) in all {
            let none = matches!(&value, Value::Object(object) if object.is_none(self.py));
            if !none {
                values.insert(name, value);
            }
        }
        Ok(Bound {
            function: function.to_owned(),
            values,
        })
    }

    /// Whether nothing but what was taken was passed; defaults that mean nothing are let through.
    pub(super) fn nothing_left(&self, bound: &Bound<'c>) -> Captured<()> {
        match bound.values.keys().min() {
            None => Ok(()),
            Some(name) => {
                self.unsupported(format!("the argument {name} of numpy.{}", bound.function))
            }
        }
    }

    pub(super) fn required(&self, bound: &mut Bound<'c>, name: &str) -> Captured<Value<'c>> {
        match bound.take(name) {
            Some(value) => Ok(value),
            None => self.unsupported(format!("numpy.{} without {name}", bound.function)),
        }
    }

    pub(super) fn integers(&self, value: &Value<'c>) -> Captured<Vec<i64>> {
        let object = self.concrete(value)?;
        if let Ok(one) = object.extract::<i64>() {
            return Ok(vec![one]);
        }
        Ok(object.extract()?)
    }

    pub(super) fn integer(&self, value: &Value<'c>) -> Captured<i64> {
        let index = self
            .py
            .import("operator")?
            .call_method1("index", (self.concrete(value)?,))?;
        Ok(index.extract()?)
    }

    pub(super) fn flag(&self, value: Option<Value<'c>>) -> Captured<bool> {
        match value {
            None => Ok(false),
            Some(value) => Ok(self.concrete(&value)?.is_truthy()?),
        }
    }

    /// A shape, of which sizes may be values of the program.
    pub(super) fn shape_of(&mut self, value: &Value<'c>) -> Captured<Vec<OpFold<'c>>> {
        let items = match value {
            Value::Tuple(_) | Value::List(_) => self.items(value)?,
            one => vec![one.clone()],
        };
        let mut sizes = Vec::new();
        for item in items {
            sizes.push(match &item {
                Value::Number(NumberKind::Int, tensor, _) => {
                    let item = self.f.item(*tensor);
                    let item = self.built(item)?;
                    let rw = self.f.rewriter();
                    OpFold::Value(rw.index_cast(item, rw.ctx().index()))
                }
                known => OpFold::Static(self.integer(known)?),
            });
        }
        Ok(sizes)
    }

    /// An elementwise function that the program calls.
    pub(super) fn call_ufunc(
        &mut self,
        name: &str,
        mut args: Arguments<'c>,
    ) -> Captured<Value<'c>> {
        let out = args
            .keywords
            .iter()
            .position(|(key, _)| key == "out")
            .map(|i| args.keywords.remove(i).1);
        if let Some((key, _)) = args.keywords.first() {
            return self.unsupported(format!("the argument {key} of numpy.{name}"));
        }
        if args
            .positional
            .iter()
            .all(|value| self.is_known_number(value))
            && out.is_none()
        {
            let function = self.numpy()?.getattr(name)?;
            return self.run(&function, &args);
        }
        let result = self.ufunc(name, &args.positional)?;
        match out {
            None => Ok(result),
            Some(Value::Array(array)) => {
                self.store_in_place(&array, &result)?;
                Ok(Value::Array(array))
            }
            Some(_) => self.unsupported("out is no array"),
        }
    }

    pub(super) fn is_known_number(&self, value: &Value<'c>) -> bool {
        match value {
            Value::Object(object) => npir_dispatch::array_of(object.bind(self.py)).is_none(),
            _ => false,
        }
    }

    /// `np.float64(x)` and the other types of numbers; types such as `np.finfo`.
    pub(super) fn call_type(
        &mut self,
        class: &pyo3::Bound<'py, PyAny>,
        name: &str,
        args: Arguments<'c>,
    ) -> Captured<Value<'c>> {
        if let [value @ (Value::Array(_) | Value::Scalar(_) | Value::Number(..))] =
            args.positional.as_slice()
            && args.keywords.is_empty()
            && name != "ndarray"
        {
            let dtype = self.dtype_named(class)?;
            let tensor = self.tensor_as(value, dtype)?;
            return Ok(self.result(tensor));
        }
        if name == "ndarray" {
            return self.unsupported("numpy.ndarray");
        }
        self.run(class, &args)
    }

    /// A function of NumPy.
    pub(super) fn call_numpy(
        &mut self,
        function: &pyo3::Bound<'py, PyAny>,
        name: &str,
        args: Arguments<'c>,
    ) -> Captured<Value<'c>> {
        let known = args
            .positional
            .iter()
            .chain(args.keywords.iter().map(|(_, v)| v))
            .all(|v| self.concrete(v).is_ok());
        if known && QUESTIONS.contains(&name) {
            return self.run(function, &args);
        }
        if known && MAKERS.contains(&name) {
            let positional = self.objects(&args.positional)?;
            let keywords = pyo3::types::PyDict::new(self.py);
            for (key, value) in &args.keywords {
                keywords.set_item(key, self.concrete(value)?)?;
            }
            let array = function.call(positional, Some(&keywords))?;
            let size: usize = array.getattr("size")?.extract()?;
            if size <= LARGEST_CONSTANT {
                let value = self.constant_contents(&array)?;
                return Ok(self.new_array(value));
            }
        }
        self.table(name, args)
    }

    pub(super) fn constant_contents(
        &mut self,
        array: &pyo3::Bound<'py, PyAny>,
    ) -> Captured<Tensor<'c>> {
        let dtype = self.dtype_named(&array.getattr("dtype")?)?;
        self.constant_array(array, dtype)
    }

    /// `numpy.name(…)`.
    pub(super) fn table(&mut self, name: &str, args: Arguments<'c>) -> Captured<Value<'c>> {
        match name {
            "sum" | "prod" | "min" | "max" | "amin" | "amax" | "any" | "all" | "mean"
            | "nansum" | "nanprod" | "nanmin" | "nanmax" | "nanmean" | "count_nonzero" | "var"
            | "std" | "nanvar" | "nanstd" | "ptp" | "median" => self.reduction(name, args),
            "argmin" | "argmax" | "nanargmin" | "nanargmax" => {
                let mut bound = self.arguments(name, &["a", "axis", "out", "keepdims"], args)?;
                let x = self.required(&mut bound, "a")?;
                let x = self.tensor(&x)?;
                let mut attrs = Vec::from_iter(self.optional_integer(&mut bound, "axis", "axis")?);
                attrs.extend(self.optional_flag(&mut bound, "keepdims")?);
                self.nothing_left(&bound)?;
                self.operation(name, &[x], &attrs)
            }
            "cumsum" | "cumprod" | "nancumsum" | "nancumprod" => {
                let mut bound = self.arguments(name, &["a", "axis", "dtype", "out"], args)?;
                let x = self.required(&mut bound, "a")?;
                let x = self.tensor(&x)?;
                let mut attrs = Vec::from_iter(self.optional_integer(&mut bound, "axis", "axis")?);
                attrs.extend(self.optional_dtype(&mut bound)?);
                self.nothing_left(&bound)?;
                self.operation(name, &[x], &attrs)
            }
            "zeros" | "ones" | "empty" | "full" => self.filled(name, args),
            "zeros_like" | "ones_like" | "empty_like" | "full_like" => self.filled_like(name, args),
            "array" | "asarray" | "ascontiguousarray" | "copy" | "asanyarray" => {
                let mut bound =
                    self.arguments(name, &["a", "dtype"], rename(args, "object", "a"))?;
                let value = self.required(&mut bound, "a")?;
                let dtype = bound.take("dtype");
                self.nothing_left(&bound)?;
                let tensor = match dtype {
                    Some(dtype) => {
                        let dtype = self.dtype_named(&self.concrete(&dtype)?)?;
                        self.tensor_as(&value, dtype)?
                    }
                    None if name.starts_with("as") && matches!(value, Value::Array(_)) => {
                        return Ok(value);
                    }
                    None => self.tensor(&value)?,
                };
                Ok(self.new_array(tensor))
            }
            "where" if args.positional.len() == 3 && args.keywords.is_empty() => {
                let [condition, a, b] = [
                    &args.positional[0],
                    &args.positional[1],
                    &args.positional[2],
                ];
                let condition = self.tensor_as(condition, DType::Bool)?;
                let dtype = self.common(&[a.clone(), b.clone()])?;
                let (a, b) = (self.tensor_as(a, dtype)?, self.tensor_as(b, dtype)?);
                self.operation("where", &[condition, a, b], &[])
            }
            "clip" => {
                let mut bound = self.arguments(
                    name,
                    &["a", "a_min", "a_max"],
                    rename(rename(args, "min", "a_min"), "max", "a_max"),
                )?;
                let mut value = self.required(&mut bound, "a")?;
                for (key, function) in [("a_min", "maximum"), ("a_max", "minimum")] {
                    if let Some(limit) = bound.take(key) {
                        value = self.ufunc(function, &[value, limit])?;
                    }
                }
                self.nothing_left(&bound)?;
                Ok(value)
            }
            "dot" | "inner" | "outer" | "vdot" | "kron" => {
                let bound = self.arguments(name, &["a", "b"], args)?;
                let mut bound = bound;
                let (a, b) = (
                    self.required(&mut bound, "a")?,
                    self.required(&mut bound, "b")?,
                );
                let dtype = self.common(&[a.clone(), b.clone()])?;
                let operands = [self.tensor_as(&a, dtype)?, self.tensor_as(&b, dtype)?];
                self.operation(name, &operands, &[])
            }
            "concatenate" | "stack" | "vstack" | "hstack" => self.joined(name, args),
            "reshape" => {
                let mut bound =
                    self.arguments(name, &["a", "shape"], rename(args, "newshape", "shape"))?;
                let (value, shape) = (
                    self.required(&mut bound, "a")?,
                    self.required(&mut bound, "shape")?,
                );
                self.reshaped(&value, &shape)
            }
            "ravel" => {
                let mut bound = self.arguments(name, &["a"], args)?;
                let value = self.required(&mut bound, "a")?;
                let shape = self.int(-1);
                self.reshaped(&value, &shape)
            }
            "transpose" => {
                let mut bound = self.arguments(name, &["a", "axes"], args)?;
                let value = self.required(&mut bound, "a")?;
                let axes = bound
                    .take("axes")
                    .map(|axes| self.integers(&axes))
                    .transpose()?;
                self.transposed(&value, axes)
            }
            "sort" | "argsort" | "diff" | "flip" | "roll" | "linalg_inv" | "linalg_det"
            | "linalg_cholesky" | "linalg_norm" | "linalg_solve" | "trace" | "diagonal"
            | "expand_dims" | "squeeze" | "take" => self.simple(name, args),
            _ => self.unsupported(format!(
                "numpy.{}",
                name.replacen(
                    '_',
                    ".",
                    usize::from(name.starts_with("linalg_") || name.starts_with("fft_"))
                )
            )),
        }
    }

    /// Operations whose arguments are attributes of the same meaning.
    pub(super) fn simple(&mut self, name: &str, args: Arguments<'c>) -> Captured<Value<'c>> {
        let ctx = self.f.rewriter().ctx();
        let names: &[&'static str] = match name {
            "linalg_solve" => &["a", "b"],
            "linalg_inv" | "linalg_det" | "linalg_cholesky" => &["a"],
            "linalg_norm" => &["x", "ord", "axis", "keepdims"],
            "sort" | "argsort" => &["a", "axis"],
            "diff" => &["a", "n", "axis"],
            "roll" => &["a", "shift", "axis"],
            "take" => &["a", "indices", "axis"],
            "trace" | "diagonal" => &["a", "offset"],
            _ => &["a", "axis"],
        };
        let mut bound = self.arguments(name, names, rename(args, "m", "a"))?;
        let first = self.required(&mut bound, names[0])?;
        let mut operands = vec![self.tensor(&first)?];
        let linear = name.starts_with("linalg_") && self.dtype(operands[0])? != DType::F32;
        let mut attrs = Vec::new();
        match name {
            "linalg_solve" => {
                let b = self.required(&mut bound, "b")?;
                let dtype = self.common(&[first.clone(), b.clone()])?;
                let dtype = if is_integer(dtype) || dtype == DType::Bool {
                    DType::F64
                } else {
                    dtype
                };
                operands = vec![self.tensor_as(&first, dtype)?, self.tensor_as(&b, dtype)?];
            }
            "sort" | "argsort" => {
                // None flattens; left out, it is the last axis.
                attrs.extend(self.optional_integer(&mut bound, "axis", "axis")?);
            }
            "diff" => {
                attrs.extend(self.optional_integer(&mut bound, "n", "n")?);
                attrs.extend(self.optional_integer(&mut bound, "axis", "axis")?);
            }
            "trace" | "diagonal" => {
                attrs.extend(self.optional_integer(&mut bound, "offset", "offset")?)
            }
            "take" => {
                let indices = self.required(&mut bound, "indices")?;
                operands.push(self.tensor_as(&indices, DType::I64)?);
                attrs.extend(self.optional_integer(&mut bound, "axis", "axis")?);
            }
            "roll" => {
                let shift = self.required(&mut bound, "shift")?;
                attrs.push(("shift", ctx.i64_array(&self.integers(&shift)?)));
                if let Some(axis) = bound.take("axis") {
                    attrs.push(("axes", ctx.i64_array(&self.integers(&axis)?)));
                }
            }
            _ => {
                if let Some(axis) = bound.take("axis") {
                    attrs.push(("axes", ctx.i64_array(&self.integers(&axis)?)));
                }
                attrs.extend(self.optional_flag(&mut bound, "keepdims")?);
                let integral = linear && {
                    let dtype = self.dtype(operands[0])?;
                    is_integer(dtype) || dtype == DType::Bool
                };
                if integral {
                    operands = vec![self.tensor_as(&first, DType::F64)?];
                }
            }
        }
        self.nothing_left(&bound)?;
        self.operation(name, &operands, &attrs)
    }

    pub(super) fn reduction(&mut self, name: &str, args: Arguments<'c>) -> Captured<Value<'c>> {
        let names: &[&'static str] = match name {
            "mean" | "nanmean" => &["a", "axis", "dtype", "out", "keepdims", "where"],
            "var" | "std" | "nanvar" | "nanstd" => {
                &["a", "axis", "dtype", "out", "ddof", "keepdims", "where"]
            }
            "sum" | "prod" | "nansum" | "nanprod" => {
                &["a", "axis", "dtype", "out", "keepdims", "initial", "where"]
            }
            "count_nonzero" => &["a", "axis", "keepdims"],
            "median" => &["a", "axis", "out", "overwrite_input", "keepdims"],
            _ => &["a", "axis", "out", "keepdims", "initial", "where"],
        };
        let op = match name {
            "amin" => "min",
            "amax" => "max",
            other => other,
        };
        let mut bound = self.arguments(name, names, args)?;
        let x = self.required(&mut bound, "a")?;
        let x = self.tensor(&x)?;
        let ctx = self.f.rewriter().ctx();
        let mut attrs = Vec::new();
        if let Some(axis) = bound.take("axis") {
            attrs.push(("axes", ctx.i64_array(&self.integers(&axis)?)));
        }
        attrs.extend(self.optional_flag(&mut bound, "keepdims")?);
        attrs.extend(self.optional_dtype(&mut bound)?);
        if let Some(ddof) = bound.take("ddof") {
            let ddof: f64 = self.concrete(&ddof)?.extract()?;
            attrs.push(("ddof", ctx.float_attr(ctx.f64(), ddof)));
        }
        self.nothing_left(&bound)?;
        let segments = match op {
            "sum" | "prod" | "min" | "max" | "any" | "all" | "mean" | "count_nonzero"
            | "nansum" | "nanprod" | "nanmin" | "nanmax" | "nanmean" => {
                Some(ctx.i32_array(&[1, 0, 0]))
            }
            _ => None,
        };
        attrs.extend(segments.map(|segments| ("operandSegmentSizes", segments)));
        self.operation(op, &[x], &attrs)
    }

    pub(super) fn operation(
        &mut self,
        name: &str,
        operands: &[Tensor<'c>],
        attrs: &[(&str, Attribute<'c>)],
    ) -> Captured<Value<'c>> {
        let result = self.f.named(&format!("numpy.{name}"), operands, attrs);
        let result = self.built(result)?;
        Ok(self.result(result))
    }

    pub(super) fn optional_integer(
        &self,
        bound: &mut Bound<'c>,
        argument: &str,
        attr: &'static str,
    ) -> Captured<Option<(&'static str, Attribute<'c>)>> {
        let ctx = self.f.rewriter().ctx();
        let value = bound.take(argument);
        value
            .map(|value| Ok((attr, ctx.i64_attr(self.integer(&value)?))))
            .transpose()
    }

    pub(super) fn optional_flag(
        &self,
        bound: &mut Bound<'c>,
        name: &'static str,
    ) -> Captured<Option<(&'static str, Attribute<'c>)>> {
        let set = self.flag(bound.take(name))?;
        Ok(set.then(|| (name, self.f.rewriter().ctx().unit_attr())))
    }

    pub(super) fn optional_dtype(
        &self,
        bound: &mut Bound<'c>,
    ) -> Captured<Option<(&'static str, Attribute<'c>)>> {
        let Some(dtype) = bound.take("dtype") else {
            return Ok(None);
        };
        let dtype = self.dtype_named(&self.concrete(&dtype)?)?;
        let ctx = self.f.rewriter().ctx();
        Ok(Some(("dtype", ctx.type_attr(element_type(ctx, dtype)))))
    }

    /// The type that values have in common, Python's numbers adapting.
    pub(super) fn common(&mut self, values: &[Value<'c>]) -> Captured<DType> {
        let mut objects = Vec::new();
        for value in values {
            objects.push(match value {
                Value::Object(object)
                    if npir_dispatch::number_of(object.bind(self.py)).is_some() =>
                {
                    object.bind(self.py).clone()
                }
                Value::Number(NumberKind::Bool, ..) => self.dtype_object(DType::Bool)?,
                Value::Number(NumberKind::Int, ..) => self.concrete(&self.int(0))?,
                Value::Number(NumberKind::Float, ..) => 0.0f64
                    .into_pyobject(self.py)
                    .map_err(PyErr::from)?
                    .into_any(),
                Value::Number(NumberKind::Complex, ..) => {
                    pyo3::types::PyComplex::from_doubles(self.py, 0.0, 1.0).into_any()
                }
                other => {
                    let tensor = self.tensor(other)?;
                    self.dtype_object(self.dtype(tensor)?)?
                }
            });
        }
        let result = self
            .numpy()?
            .call_method1("result_type", PyTuple::new(self.py, objects)?)?;
        self.dtype_named(&result)
    }
}

fn rename<'c>(mut args: Arguments<'c>, from: &str, to: &str) -> Arguments<'c> {
    for (name, _) in &mut args.keywords {
        if name == from {
            *name = to.to_owned();
        }
    }
    args
}
