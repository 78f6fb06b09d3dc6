//! Calls of NumPy's functions: by the table, by NumPy itself where all is known, and `out`.

use std::collections::HashMap;
use std::sync::OnceLock;

use npir::builder::Tensor;
use npir::mlir::prelude::*;
use npir::prelude::DType;
use npir_dispatch::spec::{NumberKind, Order};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::value::{Value, is_integer};

use super::calls::Arguments;
use super::parameters::{Call, How, Op, Row, Types};
use super::{Capture, Captured, Stop, table};

/// Elements of an array that is put into the program as it is, at most.
const LARGEST_CONSTANT: usize = 4096;

/// Functions of NumPy that have no rows and make arrays out of what is known.
const MAKERS: [&str; 23] = [
    "logspace",
    "geomspace",
    "hanning",
    "hamming",
    "blackman",
    "bartlett",
    "kaiser",
    "tril_indices",
    "triu_indices",
    "diag_indices",
    "mask_indices",
    "polyder",
    "polyint",
    "polymul",
    "polyadd",
    "polysub",
    "polydiv",
    "poly",
    "roots",
    "fromiter",
    "trim_zeros",
    "packbits",
    "unpackbits",
];

/// Functions whose arguments say how many elements the result has.
const SIZED: [&str; 20] = [
    "arange",
    "linspace",
    "logspace",
    "geomspace",
    "eye",
    "identity",
    "tri",
    "indices",
    "hanning",
    "hamming",
    "blackman",
    "bartlett",
    "kaiser",
    "tril_indices",
    "triu_indices",
    "diag_indices",
    "fft.fftfreq",
    "fft.rfftfreq",
    "resize",
    "tile",
];

/// Functions that are never run ahead: what they make may be large, is random memory or is written to.
const NOT_AHEAD: [&str; 9] = [
    "zeros",
    "ones",
    "empty",
    "full",
    "zeros_like",
    "ones_like",
    "empty_like",
    "full_like",
    "repeat",
];

/// Functions of NumPy about types and sizes, that are run as they are.
const QUESTIONS: [&str; 10] = [
    "promote_types",
    "can_cast",
    "issubdtype",
    "min_scalar_type",
    "broadcast_shapes",
    "normalize_axis_index",
    "isdtype",
    "common_type",
    "mintypecode",
    "iterable",
];

/// The table's rows by name.
fn rows() -> &'static HashMap<&'static str, &'static Row> {
    static ROWS: OnceLock<HashMap<&'static str, &'static Row>> = OnceLock::new();
    ROWS.get_or_init(|| table::all().map(|row| (row.name, row)).collect())
}

impl<'c, 'py> Capture<'_, 'c, 'py> {
    /// A function of NumPy, `name` being the one below `numpy`.
    pub(super) fn call_numpy(
        &mut self,
        function: &Bound<'py, PyAny>,
        name: &str,
        args: Arguments<'c>,
    ) -> Captured<Value<'c>> {
        let known = args
            .positional
            .iter()
            .chain(args.keywords.iter().map(|(_, v)| v))
            .all(|v| self.concrete(v).is_ok());
        if name == "result_type" {
            return self.type_question(function, &args);
        }
        if known && QUESTIONS.contains(&name) {
            return self.run(function, &args);
        }
        let ahead = (MAKERS.contains(&name) || rows().contains_key(name))
            && self.is_numpys(function, name)?;
        let calls = (args.positional.iter()).any(|v| matches!(v, Value::Function(_)));
        if known
            && ahead
            && !calls
            && !NOT_AHEAD.contains(&name)
            && (!SIZED.contains(&name) || self.is_small(name, &args)?)
            && let Some(value) = self.run_maker(function, &args)?
        {
            return Ok(value);
        }
        if rows().contains_key(name) && self.is_numpys(function, name)? {
            return self.table(name, args);
        }
        if MAKERS.contains(&name) {
            // What can be known of them is.
            self.know_numbers(&args.positional)?;
        }
        let written = function.getattr("__wrapped__");
        let written = written.unwrap_or_else(|_| function.clone());
        match written.get_type().name()?.to_str()? {
            "function" => self.follow_numpy(&written, name, args),
            _ => self.unsupported(format!("numpy.{name}")),
        }
    }

    /// Asks for the values of arguments that are numbers.
    pub(super) fn know_numbers(&self, values: &[Value<'c>]) -> Captured<()> {
        for value in values {
            if let Value::Number(_, _, origin) = value
                && origin.leaf.is_some()
            {
                self.concrete(value)?;
            }
        }
        Ok(())
    }

    /// Whether a function is the one that NumPy has under this name, not one of a module of the same names.
    pub(super) fn is_numpys(&self, function: &Bound<'py, PyAny>, name: &str) -> Captured<bool> {
        let mut found = match name {
            "sliding_window_view" => self.py.import("numpy.lib.stride_tricks")?.into_any(),
            _ => self.numpy()?,
        };
        for part in name.split('.') {
            match found.getattr(part) {
                Ok(inner) => found = inner,
                Err(_) => return Ok(false),
            }
        }
        Ok(found.is(function))
    }

    /// A function that NumPy has written with its other functions: as one of the user's.
    fn follow_numpy(
        &mut self,
        function: &Bound<'py, PyAny>,
        name: &str,
        args: Arguments<'c>,
    ) -> Captured<Value<'c>> {
        let span = self.span;
        self.follow(function, args).map_err(|stop| match stop {
            // The place is the user's.
            Stop::Unsupported(what) => {
                Stop::unsupported(span, format!("numpy.{name}: {}", what.reason))
            }
            other => other,
        })
    }

    /// `result_type` of arrays and types.
    fn type_question(
        &mut self,
        function: &Bound<'py, PyAny>,
        args: &Arguments<'c>,
    ) -> Captured<Value<'c>> {
        let mut objects = Vec::new();
        for value in &args.positional {
            objects.push(match value {
                Value::Object(object) => object.bind(self.py).clone(),
                other => self.type_of(other)?,
            });
        }
        let result = function.call1(PyTuple::new(self.py, objects)?)?;
        Ok(self.object(&result))
    }

    /// Whether the result of a function that is told its size is small.
    fn is_small(&self, name: &str, args: &Arguments<'c>) -> Captured<bool> {
        let mut numbers = Vec::new();
        for value in args
            .positional
            .iter()
            .chain(args.keywords.iter().map(|(_, v)| v))
        {
            let object = self.concrete(value)?;
            let items: Vec<Bound<'py, PyAny>> = match object.cast_exact::<PyTuple>() {
                Ok(tuple) => tuple.iter().collect(),
                Err(_) => vec![object],
            };
            let numbers_of = items.iter().filter_map(|item| item.extract::<f64>().ok());
            numbers.extend(numbers_of);
        }
        let count: f64 = match (name, numbers.as_slice()) {
            ("arange", [start, stop, step]) => (stop - start) / step,
            ("arange", [start, stop]) => stop - start,
            (_, numbers) => numbers.iter().map(|n| n.abs().max(1.0)).product(),
        };
        let squared = name.ends_with("indices") || matches!(name, "eye" | "identity" | "tri");
        let count = if squared && numbers.len() == 1 {
            count * count
        } else {
            count
        };
        Ok(count <= LARGEST_CONSTANT as f64)
    }

    /// Runs a function that makes arrays now.
    fn run_maker(
        &mut self,
        function: &Bound<'py, PyAny>,
        args: &Arguments<'c>,
    ) -> Captured<Option<Value<'c>>> {
        let positional = self.objects(&args.positional)?;
        let keywords = pyo3::types::PyDict::new(self.py);
        for (key, value) in &args.keywords {
            keywords.set_item(key, self.concrete(value)?)?;
        }
        let made = function.call(positional, Some(&keywords))?;
        self.constant_value(&made)
    }

    /// Arrays that NumPy has made now, as constants; nothing where they are too large.
    pub(super) fn constant_value(
        &mut self,
        made: &Bound<'py, PyAny>,
    ) -> Captured<Option<Value<'c>>> {
        if let Ok(tuple) = made.cast_exact::<PyTuple>() {
            let mut values = Vec::new();
            for item in tuple.iter() {
                match self.constant_value(&item)? {
                    Some(value) => values.push(value),
                    None => return Ok(None),
                }
            }
            return Ok(Some(Value::Tuple(values.into())));
        }
        if npir_dispatch::array_of(made).is_none() {
            return Ok(Some(self.made(made)));
        }
        let size: usize = made.getattr("size")?.extract()?;
        if size > LARGEST_CONSTANT {
            return Ok(None);
        }
        let contents = self.constant_contents(made)?;
        Ok(Some(match npir_dispatch::lies(made, Order::Rows) {
            true => self.new_c_array(contents),
            false => self.new_array(contents),
        }))
    }

    pub(super) fn constant_contents(&mut self, array: &Bound<'py, PyAny>) -> Captured<Tensor<'c>> {
        let dtype = self.dtype_named(&array.getattr("dtype")?)?;
        self.constant_array(array, dtype)
    }

    /// `numpy.name(…)`.
    pub(super) fn table(&mut self, name: &str, args: Arguments<'c>) -> Captured<Value<'c>> {
        let Some(row) = rows().get(name) else {
            return self.unsupported(format!("numpy.{name}"));
        };
        let mut call = self.bound(row.name, row.parameters, args)?;
        self.run_row(row, &mut call)
    }

    /// The method `name` of an array, which a function of that name is for.
    pub(super) fn method_row(
        &mut self,
        name: &str,
        object: &Value<'c>,
        mut args: Arguments<'c>,
    ) -> Captured<Value<'c>> {
        let Some(row) = rows().get(name).filter(|_| is_method(name)) else {
            return self.unsupported(format!("the method {name} of an array"));
        };
        args.positional.insert(0, object.clone());
        let mut call = self.bound(row.name, row.parameters, args)?;
        self.run_row(row, &mut call)
    }

    /// A method of an array that has a row of its own.
    pub(super) fn run_method(
        &mut self,
        row: &'static Row,
        object: &Value<'c>,
        mut args: Arguments<'c>,
    ) -> Captured<Value<'c>> {
        args.positional.insert(0, object.clone());
        let mut call = self.bound(row.name, row.parameters, args)?;
        self.run_row(row, &mut call)
    }

    fn run_row(&mut self, row: &'static Row, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let out = call.take("out");
        if let Some(Value::Array(out)) = &out
            && let Some(dtype) = crate::value::dtype_of(out.ty)
            && accumulates(row.name)
            && !call.has("dtype")
        {
            // Sums are computed in the type of what they are written to.
            let dtype = self.dtype_object(dtype)?;
            call.set("dtype", self.object(&dtype));
        }
        let result = match &row.how {
            How::Op(op) => self.run_op(op, call)?,
            How::By(handler) => handler(self, call)?,
        };
        self.nothing_left(call)?;
        match out {
            None => Ok(result),
            Some(out) => self.put_out(&out, &result, false),
        }
    }

    /// Writes a result to the array that was passed as `out`, which becomes the result. Only an elementwise function may
    /// fill a larger one.
    pub(super) fn put_out(
        &mut self,
        out: &Value<'c>,
        result: &Value<'c>,
        larger: bool,
    ) -> Captured<Value<'c>> {
        let out = match out {
            Value::Tuple(items) if items.len() == 1 => &items[0],
            other => other,
        };
        let Value::Array(array) = out else {
            return self.unsupported("out is no array");
        };
        let found = self.tensor(result)?.value().ty().dims();
        let wanted = array.ty.dims();
        if !larger && (found != wanted || found.contains(&DYNAMIC) && found.len() > 1) {
            return self.unsupported("out of another shape than the result");
        }
        self.store_in_place(array, result)?;
        Ok(out.clone())
    }

    /// A function that is an operation.
    fn run_op(&mut self, op: &Op, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let values = op
            .operands
            .iter()
            .map(|name| self.required(call, name))
            .collect::<Captured<Vec<_>>>()?;
        let operands = self.operands(&values, op.types)?;
        let mut attrs = Vec::new();
        for attr in op.attributes {
            attrs.extend(self.attribute_of(call, attr)?);
        }
        let result = self.op(op.name, &operands, &attrs)?;
        Ok(match op.array {
            true => self.new_array_like(result, &values),
            false => self.result_like(result, &values),
        })
    }

    /// Values as operands of an operation.
    pub(super) fn operands(
        &mut self,
        values: &[Value<'c>],
        types: Types,
    ) -> Captured<Vec<Tensor<'c>>> {
        let dtype = match types {
            Types::Own => None,
            Types::Positions => {
                let mut operands = Vec::new();
                for (i, value) in values.iter().enumerate() {
                    operands.push(match i {
                        0 => self.tensor(value)?,
                        _ => self.positions(value)?,
                    });
                }
                return Ok(operands);
            }
            Types::Common => Some(self.common(values)?),
            Types::Linear => Some(self.linear(values)?),
        };
        values
            .iter()
            .map(|value| match dtype {
                Some(dtype) => self.tensor_as(value, dtype),
                None => self.tensor(value),
            })
            .collect()
    }

    /// The type in which NumPy's linear algebra computes.
    pub(super) fn linear(&mut self, values: &[Value<'c>]) -> Captured<DType> {
        for value in values {
            let tensor = self.tensor(value)?;
            if matches!(self.dtype(tensor)?, DType::F16 | DType::BF16) {
                return self.unsupported("linear algebra of 16-bit floats");
            }
        }
        match self.common(values)? {
            dtype if is_integer(dtype) || dtype == DType::Bool => Ok(DType::F64),
            dtype => Ok(dtype),
        }
    }

    /// Positions: integers as `int64`. Other numbers are refused, an empty list is not.
    pub(super) fn positions(&mut self, value: &Value<'c>) -> Captured<Tensor<'c>> {
        let tensor = self.tensor(value)?;
        let dtype = self.dtype(tensor)?;
        let empty = matches!(value, Value::List(_)) && tensor.shape() == [Some(0)];
        if dtype != DType::Bool && !is_integer(dtype) && !empty {
            return self.unsupported("positions that are no integers");
        }
        self.tensor_as(value, DType::I64)
    }

    /// The result of an operation.
    pub(super) fn op(
        &mut self,
        name: &str,
        operands: &[Tensor<'c>],
        attrs: &[(&str, Attribute<'c>)],
    ) -> Captured<Tensor<'c>> {
        let result = self.f.named(&format!("numpy.{name}"), operands, attrs);
        self.built(result)
    }

    /// The results of an operation that has several.
    pub(super) fn op_all(
        &mut self,
        name: &str,
        operands: &[Tensor<'c>],
        attrs: &[(&str, Attribute<'c>)],
    ) -> Captured<Vec<Tensor<'c>>> {
        let result = self.f.named_all(&format!("numpy.{name}"), operands, attrs);
        self.built(result)
    }

    /// The result of an operation, a number where it has no dimensions.
    pub(super) fn operation(
        &mut self,
        name: &str,
        operands: &[Tensor<'c>],
        attrs: &[(&str, Attribute<'c>)],
    ) -> Captured<Value<'c>> {
        let result = self.op(name, operands, attrs)?;
        Ok(self.result(result))
    }

    /// A number of Python that the program computes.
    pub(super) fn python_bool(&self, tensor: Tensor<'c>) -> Value<'c> {
        Value::Number(NumberKind::Bool, tensor, crate::value::Origin::default())
    }

    /// `np.float64(x)` and the other types of numbers; types such as `np.finfo`.
    pub(super) fn call_type(
        &mut self,
        class: &Bound<'py, PyAny>,
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

/// Whether the type of `out` is the one that a function computes in.
fn accumulates(name: &str) -> bool {
    matches!(
        name,
        "sum" | "prod" | "cumsum" | "cumprod" | "nansum" | "nanprod" | "trace"
    )
}

/// Whether arrays have a method of the name of a function, with the same parameters behind the array.
fn is_method(name: &str) -> bool {
    const METHODS: [&str; 28] = [
        "all",
        "any",
        "argmax",
        "argmin",
        "argpartition",
        "argsort",
        "choose",
        "cumprod",
        "cumsum",
        "diagonal",
        "dot",
        "max",
        "mean",
        "min",
        "nonzero",
        "prod",
        "ravel",
        "repeat",
        "round",
        "searchsorted",
        "squeeze",
        "std",
        "sum",
        "swapaxes",
        "take",
        "trace",
        "var",
        "put",
    ];
    METHODS.contains(&name)
}
