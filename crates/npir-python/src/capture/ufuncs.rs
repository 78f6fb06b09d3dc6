//! Elementwise functions with all that they can be passed, and their methods `reduce`, `accumulate`, `outer` and `at`.

use npir::builder::{Index as Item, Tensor};
use npir::prelude::DType;
use npir_dispatch::spec::NumberKind;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::value::Value;

use super::calls::Arguments;
use super::{Capture, Captured};

/// What an elementwise function is passed by name.
#[derive(Default)]
struct Options<'c> {
    out: Option<Value<'c>>,
    condition: Option<Value<'c>>,
    dtype: Option<DType>,
    casting: Option<String>,
}

impl<'c, 'py> Capture<'_, 'c, 'py> {
    /// An elementwise function that the program calls.
    pub(super) fn call_ufunc(
        &mut self,
        function: &Bound<'py, PyAny>,
        name: &str,
        mut args: Arguments<'c>,
    ) -> Captured<Value<'c>> {
        if !self.is_numpys(function, name)? {
            return self.unsupported(format!("{name}, which is not NumPy's"));
        }
        let mut options = Options::default();
        for (key, value) in std::mem::take(&mut args.keywords) {
            let none = matches!(&value, Value::Object(o) if o.is_none(self.py));
            match key.as_str() {
                _ if none => {}
                "out" => options.out = Some(value),
                "where" => match &value {
                    Value::Object(_)
                        if self
                            .concrete(&value)?
                            .is(pyo3::types::PyBool::new(self.py, true).as_any()) => {}
                    _ => options.condition = Some(value),
                },
                "dtype" => options.dtype = Some(self.dtype_named(&self.concrete(&value)?)?),
                "casting" => options.casting = Some(self.word(&value)?),
                // How the result lies in memory is not seen, and subclasses are not compiled.
                "order" | "subok" => {}
                _ => return self.unsupported(format!("the argument {key} of numpy.{name}")),
            }
        }
        let mixed = args.positional.iter().any(|v| matches!(v, Value::Mixed(_)));
        if mixed
            && (options.out.is_some() || options.condition.is_some() || options.dtype.is_some())
        {
            return self.unsupported("a number whose class depends on values, with such arguments");
        }
        let (inputs, outputs) = self.arity(name)?;
        if mixed && args.positional.len() == inputs && outputs == 1 {
            return self.ufunc(name, &args.positional);
        }
        if args.positional.len() > inputs {
            let outs: Vec<_> = args.positional.drain(inputs..).collect();
            if options.out.is_some() || outs.len() > outputs {
                return self.unsupported(format!("numpy.{name} with such arguments"));
            }
            options.out = Some(Value::Tuple(outs.into()));
        }
        let known = args
            .positional
            .iter()
            .all(|value| self.is_known_number(value));
        if known && options.out.is_none() && options.condition.is_none() && options.dtype.is_none()
        {
            let function = self.numpy()?.getattr(name)?;
            return self.run(&function, &args);
        }
        let results = self.elementwise(name, &args.positional, &options)?;
        let outs = match &options.out {
            None => vec![None; results.len()],
            Some(Value::Tuple(items)) => {
                let none = |v: &Value<'c>| matches!(v, Value::Object(o) if o.is_none(self.py));
                let mut outs: Vec<_> = items
                    .iter()
                    .map(|item| (!none(item)).then(|| item.clone()))
                    .collect();
                outs.resize(results.len(), None);
                outs
            }
            Some(one) => {
                let mut outs = vec![Some(one.clone())];
                outs.resize(results.len(), None);
                outs
            }
        };
        let mut values = Vec::new();
        for (result, out) in results.into_iter().zip(outs) {
            values.push(match out {
                // Where the condition does not hold, NumPy leaves whatever is in the new array.
                None => self.result_like(result, &args.positional),
                Some(out) => {
                    let result = self.selected(result, &options, &out)?;
                    let result = self.result(result);
                    self.put_out(&out, &result, true)?
                }
            });
        }
        Ok(match values.len() {
            1 => values.remove(0),
            _ => Value::Tuple(values.into()),
        })
    }

    /// The result where the condition holds, and what `out` has elsewhere.
    fn selected(
        &mut self,
        result: Tensor<'c>,
        options: &Options<'c>,
        out: &Value<'c>,
    ) -> Captured<Tensor<'c>> {
        let Some(condition) = &options.condition else {
            return Ok(result);
        };
        let condition = self.bools(condition)?;
        let result = self.result(result);
        self.check_in_place(out, &result)?;
        let old = self.tensor(out)?;
        let result = self.tensor_as(&result, self.dtype(old)?)?;
        self.op("where", &[condition, result, old], &[])
    }

    /// A condition, which has to be of bools.
    pub(super) fn bools(&mut self, value: &Value<'c>) -> Captured<Tensor<'c>> {
        let tensor = self.tensor(value)?;
        match self.dtype(tensor)? {
            DType::Bool => Ok(tensor),
            _ => self.unsupported("where is no array of bools"),
        }
    }

    /// How many arguments and results an elementwise function has.
    fn arity(&self, name: &str) -> Captured<(usize, usize)> {
        let function = self.numpy()?.getattr(name)?;
        let count = |name| -> PyResult<usize> { function.getattr(name)?.extract() };
        Ok((count("nin")?, count("nout")?))
    }

    /// `function(*values)`, an elementwise function of NumPy with one result.
    pub(super) fn ufunc(&mut self, name: &str, values: &[Value<'c>]) -> Captured<Value<'c>> {
        if let Some(value) = self.ufunc_of_mixed(name, values)? {
            return Ok(value);
        }
        let results = self.elementwise(name, values, &Options::default())?;
        match results.as_slice() {
            [one] => Ok(self.result_like(*one, values)),
            _ => self.unsupported(format!("numpy.{name} in this place")),
        }
    }

    /// As [`Self::ufunc`], of a function with several results.
    pub(super) fn ufunc_all(
        &mut self,
        name: &str,
        values: &[Value<'c>],
    ) -> Captured<Vec<Value<'c>>> {
        let results = self.elementwise(name, values, &Options::default())?;
        let made = results.into_iter().map(|x| self.result_like(x, values));
        Ok(made.collect())
    }

    /// A function of a number whose class depends on the call, where the types depend on the class.
    fn ufunc_of_mixed(&mut self, name: &str, values: &[Value<'c>]) -> Captured<Option<Value<'c>>> {
        let at = values
            .iter()
            .position(|value| matches!(value, Value::Mixed(_)));
        let Some((at, Value::Mixed(mixed))) = at.map(|at| (at, &values[at])) else {
            return Ok(None);
        };
        let [a, b] = self.alternatives(mixed)?.map(|one| {
            let mut values = values.to_vec();
            values[at] = one;
            values
        });
        let function = self.numpy()?.getattr(name)?;
        let options = Options::default();
        if self.loops(&function, &a, &options)? == self.loops(&function, &b, &options)? {
            return Ok(None);
        }
        self.either(
            mixed.first,
            |this| this.ufunc(name, &a),
            |this| this.ufunc(name, &b),
        )
        .map(Some)
    }

    fn elementwise(
        &mut self,
        name: &str,
        values: &[Value<'c>],
        options: &Options<'c>,
    ) -> Captured<Vec<Tensor<'c>>> {
        // `clip` is a function with an elementwise function of that name behind it.
        let function = match name {
            "clip" => self.py.import("numpy._core.umath")?.getattr(name)?,
            _ => self.numpy()?.getattr(name)?,
        };
        let inputs: usize = function.getattr("nin")?.extract()?;
        if inputs != values.len() {
            return self.unsupported(format!("numpy.{name} with {} arguments", values.len()));
        }
        let loops = self.loops(&function, values, options)?;
        let mut operands = Vec::new();
        for (i, value) in values.iter().enumerate() {
            let dtype = match (name, i) {
                // Exponents of any width do the same.
                ("ldexp", 1) => DType::I64,
                _ => loops[i],
            };
            self.check_weak(value, dtype)?;
            operands.push(self.tensor_as(value, dtype)?);
        }
        let results = self.op_all(name, &operands, &[])?;
        for (i, result) in results.iter().enumerate() {
            let expected = loops[inputs + i];
            if self.dtype(*result)? != expected {
                return self.unsupported(format!("numpy.{name} with results of type {expected}"));
            }
        }
        Ok(results)
    }

    /// The types of operands and results that NumPy computes with.
    fn loops(
        &self,
        function: &Bound<'py, PyAny>,
        values: &[Value<'c>],
        options: &Options<'c>,
    ) -> Captured<Vec<DType>> {
        let inputs = values.len();
        let outputs: usize = function.getattr("nout")?.extract()?;
        let mut types = values
            .iter()
            .map(|value| self.type_of(value))
            .collect::<Captured<Vec<_>>>()?;
        // NumPy takes Python's numbers alone as arrays of their types.
        if values.iter().all(|value| self.is_number(value)) {
            for (ty, value) in types.iter_mut().zip(values) {
                let kind = self.number_kind(value).unwrap_or(NumberKind::Float);
                *ty = self.dtype_object(kind.dtype())?;
            }
        }
        types.extend(std::iter::repeat_n(
            self.py.None().into_bound(self.py),
            outputs,
        ));
        let keywords = PyDict::new(self.py);
        if let Some(dtype) = options.dtype {
            let mut signature = vec![self.py.None().into_bound(self.py); inputs];
            signature.extend(std::iter::repeat_n(
                self.dtype_object(dtype)?.into_any(),
                outputs,
            ));
            keywords.set_item("signature", PyTuple::new(self.py, signature)?)?;
        }
        if let Some(casting) = &options.casting {
            keywords.set_item("casting", casting)?;
        }
        let types = PyTuple::new(self.py, types)?;
        let loops = function.call_method("resolve_dtypes", (types,), Some(&keywords))?;
        let mut dtypes = Vec::new();
        for dtype in loops.try_iter()? {
            dtypes.push(self.dtype_named(&dtype?)?);
        }
        Ok(dtypes)
    }

    fn is_number(&self, value: &Value<'c>) -> bool {
        match value {
            Value::Number(..) => true,
            Value::Object(object) => npir_dispatch::number_of(object.bind(self.py)).is_some(),
            _ => false,
        }
    }

    pub(super) fn is_known_number(&self, value: &Value<'c>) -> bool {
        match value {
            Value::Object(object) => npir_dispatch::array_of(object.bind(self.py)).is_none(),
            _ => false,
        }
    }

    /// A method of an elementwise function.
    pub(super) fn ufunc_method(
        &mut self,
        function: &Bound<'py, PyAny>,
        name: &str,
        method: &str,
        args: Arguments<'c>,
    ) -> Captured<Value<'c>> {
        if !self.is_numpys(function, name)? {
            return self.unsupported(format!("{name}, which is not NumPy's"));
        }
        match method {
            "at" if args.keywords.is_empty() => {
                self.ufunc_at(name, &args.positional)?;
                Ok(self.none())
            }
            "reduce" | "accumulate" => {
                let functions = [
                    ("add", "sum", "cumsum"),
                    ("multiply", "prod", "cumprod"),
                    ("maximum", "max", "maximum.accumulate"),
                    ("minimum", "min", "minimum.accumulate"),
                    ("logical_and", "all", ""),
                    ("logical_or", "any", ""),
                ];
                let reduce = method == "reduce";
                let found = functions.iter().find(|row| row.0 == name);
                let function = match found {
                    Some((_, function, _)) if reduce => *function,
                    Some((_, _, function)) if !function.is_empty() => *function,
                    _ => return self.unsupported(format!("numpy.{name}.{method}")),
                };
                self.along_first(function, reduce, args)
            }
            "outer" => match args.positional.as_slice() {
                [a, b] if args.keywords.is_empty() => {
                    let (x, y) = (self.tensor(a)?, self.tensor(b)?);
                    let mut items = vec![Item::ALL; x.rank()];
                    items.extend(std::iter::repeat_n(Item::NewAxis, y.rank()));
                    let x = super::indexing::slice(&self.f, x, &items, &[]);
                    let x = self.built(x)?;
                    let x = self.result(x);
                    let mut values = self.ufunc_all(name, &[x, b.clone()])?;
                    Ok(match values.len() {
                        1 => values.remove(0),
                        _ => Value::Tuple(values.into()),
                    })
                }
                _ => self.unsupported(format!("numpy.{name}.outer with such arguments")),
            },
            _ => self.unsupported(format!("numpy.{name}.{method}")),
        }
    }

    /// A reduction or running result, along the first axis where none is named.
    fn along_first(
        &mut self,
        function: &str,
        reduce: bool,
        mut args: Arguments<'c>,
    ) -> Captured<Value<'c>> {
        let names: &[&str] = match reduce {
            true => &["a", "axis", "dtype", "out", "keepdims", "initial", "where"],
            false => &["a", "axis", "dtype", "out"],
        };
        let positional = std::mem::take(&mut args.positional);
        if positional.len() > names.len() {
            return self.unsupported("too many arguments");
        }
        let given = positional.into_iter().zip(names);
        let mut keywords: Vec<_> = given.map(|(v, name)| ((*name).to_owned(), v)).collect();
        keywords.append(&mut args.keywords);
        if keywords.iter().all(|(name, _)| name != "axis") {
            keywords.push(("axis".to_owned(), self.int(0)));
        }
        // Logical reductions give bool, whatever `dtype` says.
        let args = Arguments {
            positional: Vec::new(),
            keywords,
        };
        self.table(function, args)
    }

    /// Python's numbers as operands: integers have to fit the type that they adapt to, otherwise NumPy raises.
    pub(super) fn check_weak(&mut self, value: &Value<'c>, dtype: DType) -> Captured<()> {
        match value {
            Value::Object(object) => {
                let object = object.bind(self.py);
                if matches!(npir_dispatch::number_of(object), Some((NumberKind::Int, _))) {
                    // An overflow is an exception here.
                    self.numpy()?
                        .call_method1("asarray", (object, self.dtype_object(dtype)?))?;
                }
                Ok(())
            }
            Value::Number(NumberKind::Int, _, origin) => {
                let (low, high) = origin.bounds.unwrap_or((i64::MIN, i64::MAX));
                let (least, most) = limits(dtype);
                let fits = least <= low && high <= most;
                match (fits, origin.leaf) {
                    (true, _) => Ok(()),
                    (false, Some(leaf)) if !self.choices.general.numbers => {
                        Err(super::Stop::Specialize(leaf))
                    }
                    // NumPy raises.
                    (false, _) => {
                        for (op, limit) in [("GtE", least), ("LtE", most)] {
                            let limit = self.int(limit);
                            let holds = self.comparison(op, value, &limit)?;
                            let why = format!("a Python integer out of bounds for {dtype}");
                            self.require(&holds, self.overflow_kind(), &why)?;
                        }
                        Ok(())
                    }
                }
            }
            _ => Ok(()),
        }
    }
}

/// The least and the greatest `int64` that a type holds exactly, or rounds as NumPy does.
pub(super) fn limits(dtype: DType) -> (i64, i64) {
    match dtype {
        DType::Bool => (0, 1),
        DType::I8 => (i8::MIN.into(), i8::MAX.into()),
        DType::I16 => (i16::MIN.into(), i16::MAX.into()),
        DType::I32 => (i32::MIN.into(), i32::MAX.into()),
        DType::U8 => (0, u8::MAX.into()),
        DType::U16 => (0, u16::MAX.into()),
        DType::U32 => (0, u32::MAX.into()),
        DType::U64 => (0, i64::MAX),
        DType::F16 | DType::BF16 => (-(1 << 8), 1 << 8),
        DType::F32 | DType::C64 => (-(1 << 24), 1 << 24),
        DType::I64 | DType::F64 | DType::C128 => (i64::MIN, i64::MAX),
    }
}
