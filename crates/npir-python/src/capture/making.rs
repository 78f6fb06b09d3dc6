//! Functions that make arrays.

use std::rc::Rc;

use npir::builder::{Index as Item, Tensor, tensor_type};
use npir::mlir::prelude::*;
use npir::prelude::DType;
use npir_dispatch::spec::NumberKind;
use pyo3::prelude::*;

use crate::value::{Layout, Value, is_integer};

use super::calls::Arguments;
use super::parameters::Call;
use super::{Capture, Captured};

impl<'c> Capture<'_, 'c, '_> {
    /// `zeros`, `ones`, `empty`, `full`.
    pub(super) fn filled(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let shape = self.required(call, "shape")?;
        let shape = self.shape_of(&shape)?;
        let value = self.fill_value(call)?;
        let dtype = match self.dtype_of(call, "dtype")? {
            Some(dtype) => dtype,
            None if call.name == "full" => {
                let tensor = self.tensor(&value)?;
                self.dtype(tensor)?
            }
            None => DType::F64,
        };
        let columns = self.word_of(call, "order")?.as_deref() == Some("F");
        let array = self.full_array(&value, dtype, &shape)?;
        Ok(match columns {
            true => {
                let contents = self.tensor(&array)?;
                self.new_f_array(contents)
            }
            false => array,
        })
    }

    fn fill_value(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        match call.name {
            "full" | "full_like" => self.required(call, "fill_value"),
            "ones" | "ones_like" => Ok(self.int(1)),
            _ => Ok(self.int(0)),
        }
    }

    fn full_array(
        &mut self,
        value: &Value<'c>,
        dtype: DType,
        shape: &[OpFold<'c>],
    ) -> Captured<Value<'c>> {
        self.check_weak(value, dtype)?;
        // NumPy makes an array of a float first, and casts that.
        let value = match self.number_kind(value) {
            Some(NumberKind::Float) => self.tensor_as(value, dtype)?,
            _ => self.stored(value, dtype)?,
        };
        let array = match value.rank() {
            0 => self.f.full(value, shape),
            _ => self.f.broadcast_to(value, shape),
        };
        let array = self.built(array)?;
        Ok(self.new_c_array(array))
    }

    /// `zeros_like` and its kin.
    pub(super) fn filled_like(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let name = match call.name {
            "empty_like" => "prototype",
            _ => "a",
        };
        let prototype = self.required(call, name)?;
        let like = self.tensor(&prototype)?;
        let value = self.fill_value(call)?;
        let dtype = match self.dtype_of(call, "dtype")? {
            Some(dtype) => dtype,
            None => self.dtype(like)?,
        };
        call.take("order");
        let sizes = match call.take("shape") {
            Some(shape) => self.shape_of(&shape)?,
            None => self.sizes(like)?,
        };
        let array = self.full_array(&value, dtype, &sizes)?;
        let contents = self.tensor(&array)?;
        Ok(self.new_array_like(contents, &[prototype]))
    }

    pub(super) fn sizes(&mut self, x: Tensor<'c>) -> Captured<Vec<OpFold<'c>>> {
        let mut sizes = Vec::new();
        for (i, n) in x.shape().into_iter().enumerate() {
            sizes.push(match n {
                Some(n) => OpFold::Static(n as i64),
                None => {
                    let size = self.f.dim(x, i as i64);
                    OpFold::Value(self.built(size)?)
                }
            });
        }
        Ok(sizes)
    }

    /// `array`, `asarray` and their kin.
    pub(super) fn as_array(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let name = match call.name {
            "array" => "object",
            _ => "a",
        };
        let value = self.required(call, name)?;
        let dtype = self.dtype_of(call, "dtype")?;
        let never = match call.take("copy") {
            Some(copy) => !self.concrete(&copy)?.is_truthy()?,
            None => false,
        };
        let order = self.word_of(call, "order")?;
        let order = order.or_else(|| call.default("order").map(str::to_owned));
        let mut dimensions = self.integer_or(call, "ndmin", 0)?;
        if matches!(call.name, "ascontiguousarray" | "asfortranarray") {
            dimensions = 1;
        }
        if call.name == "asarray_chkfinite" || call.has("requirements") {
            return self.unsupported(format!("numpy.{}", call.name));
        }
        let same = match (&value, dtype) {
            (Value::Array(array), Some(dtype)) => crate::value::dtype_of(array.ty) == Some(dtype),
            (Value::Array(_), None) => true,
            _ => false,
        };
        let copies = matches!(call.name, "copy" | "array") && !never;
        if same && !copies && dimensions <= self.tensor(&value)?.rank() as i64 {
            // What is not of this order is copied.
            let ordered = match (call.name, order.as_deref()) {
                ("ascontiguousarray", _) | (_, Some("C")) => self.is_c_order(&value)?,
                ("asfortranarray", _) | (_, Some("F")) => Some(false),
                _ => Some(true),
            };
            match ordered {
                Some(true) => return Ok(value),
                Some(false) => {}
                None => {
                    let contents = self.tensor(&value)?;
                    let view = self.possible_view(&value, contents, None);
                    if let Some(buffer) = self.buffers.last_mut() {
                        buffer.layout = Layout::Rows;
                    }
                    return Ok(view);
                }
            }
        }
        let mut tensor = match dtype {
            Some(dtype) => {
                self.check_weak(&value, dtype)?;
                self.tensor_as(&value, dtype)?
            }
            None => self.tensor(&value)?,
        };
        let missing = (dimensions.max(0) as usize).saturating_sub(tensor.rank());
        if missing > 0 {
            let mut items = vec![Item::NewAxis; missing];
            items.extend(vec![Item::ALL; tensor.rank()]);
            let more = super::indexing::slice(&self.f, tensor, &items, &[]);
            tensor = self.built(more)?;
        }
        let c = order.as_deref() == Some("C") || call.name == "ascontiguousarray";
        Ok(match c || !matches!(value, Value::Array(_)) {
            true => self.new_c_array(tensor),
            false if call.name == "asfortranarray" || order.as_deref() == Some("F") => {
                self.new_f_array(tensor)
            }
            false => self.new_array_like(tensor, &[value]),
        })
    }

    pub(super) fn astype_function(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "x")?;
        let dtype = self.required(call, "dtype")?;
        let dtype = self.dtype_named(&self.concrete(&dtype)?)?;
        let tensor = self.tensor_as(&value, dtype)?;
        Ok(self.new_array_like(tensor, &[value]))
    }

    /// `arange` of bounds that the program computes: of integers.
    pub(super) fn arange(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let first = self.required(call, "start_or_stop")?;
        let (start, stop) = match call.take("stop") {
            Some(stop) => (first, stop),
            None => (self.int(0), first),
        };
        let step = call.take("step").unwrap_or_else(|| self.int(1));
        let dtype = match self.dtype_of(call, "dtype")? {
            Some(dtype) => dtype,
            None => self.common(&[start.clone(), stop.clone(), step.clone()])?,
        };
        let common = self.common(&[start.clone(), stop.clone(), step.clone()])?;
        let known = self
            .concrete(&step)
            .ok()
            .and_then(|step| step.extract::<i64>().ok());
        let Some(by) = known.filter(|by| *by != 0 && is_integer(common)) else {
            self.know_numbers(&[start, stop, step])?;
            return self.unsupported("numpy.arange of numbers that depend on values");
        };
        // ceil((stop - start) / step), not below 0.
        let [from, to] = [&start, &stop].map(|value| self.tensor_as(value, DType::I64));
        let (from, to) = (from?, to?);
        let distance = self.op("subtract", &[to, from], &[])?;
        let by_value = self.int(by);
        let by_tensor = self.tensor_as(&by_value, DType::I64)?;
        let negative = self.op("negative", &[distance], &[])?;
        let floor = self.op("floor_divide", &[negative, by_tensor], &[])?;
        let count = self.op("negative", &[floor], &[])?;
        let zero = self.int(0);
        let zero = self.tensor_as(&zero, DType::I64)?;
        let count = self.op("maximum", &[count, zero], &[])?;
        let size = self.size_of(&Value::Scalar(count))?;
        let OpFold::Value(size) = size else {
            return self.unsupported("numpy.arange of such bounds");
        };
        let ctx = self.f.rewriter().ctx();
        let operands = [
            self.tensor_as(&start, dtype)?,
            self.tensor_as(&step, dtype)?,
            Tensor::from_value(size),
        ];
        let array = self.op("arange", &operands, &[("shape", ctx.i64_array(&[DYNAMIC]))])?;
        Ok(self.new_c_array(array))
    }

    pub(super) fn linspace(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (start, stop) = (self.required(call, "start")?, self.required(call, "stop")?);
        let count = call.take("num").unwrap_or_else(|| self.int(50));
        let size = self.size_of(&count)?;
        let open = match call.take("endpoint") {
            Some(endpoint) => !self.concrete(&endpoint)?.is_truthy()?,
            None => false,
        };
        let dtype = self.dtype_of(call, "dtype")?;
        let one = self.constant_number(1.0)?;
        let common = self.common(&[start.clone(), stop.clone(), one])?;
        let operands = [
            self.tensor_as(&start, common)?,
            self.tensor_as(&stop, common)?,
        ];
        if operands.iter().any(|x| x.rank() > 0) {
            return self.unsupported("numpy.linspace between arrays");
        }
        let ctx = self.f.rewriter().ctx();
        let (shape, size) = match size {
            OpFold::Static(n) => (n, None),
            OpFold::Value(value) => (DYNAMIC, Some(Tensor::from_value(value))),
        };
        let operands: Vec<_> = operands.into_iter().chain(size).collect();
        let mut attrs = vec![("shape", ctx.i64_array(&[shape]))];
        attrs.extend(open.then(|| ("open", ctx.unit_attr())));
        let array = self.op("linspace", &operands, &attrs)?;
        let array = match dtype {
            Some(dtype) if is_integer(dtype) => {
                let floor = self.op("floor", &[array], &[])?;
                let floor = self.f.cast(floor, dtype);
                self.built(floor)?
            }
            Some(dtype) => {
                let array = self.new_array(array);
                self.tensor_as(&array, dtype)?
            }
            None => array,
        };
        Ok(self.new_c_array(array))
    }

    /// A number of Python that is known.
    pub(super) fn constant_number(&self, value: f64) -> Captured<Value<'c>> {
        let number = value.into_pyobject(self.py).map_err(PyErr::from)?;
        Ok(self.object(&number.into_any()))
    }

    /// `eye`, `identity`, `tri` of sizes that the program computes.
    pub(super) fn triangle(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let name = if call.name == "identity" { "n" } else { "N" };
        let rows = self.required(call, name)?;
        let columns = call.take("M").unwrap_or_else(|| rows.clone());
        let k = self.integer_or(call, "k", 0)?;
        let dtype = self.dtype_of(call, "dtype")?.unwrap_or(DType::F64);
        call.take("order");
        let sizes = [self.size_of(&rows)?, self.size_of(&columns)?];
        let op = if call.name == "tri" { "tri" } else { "eye" };
        let ctx = self.f.rewriter().ctx();
        let (shape, operands) = mixed(&sizes);
        let dims: Vec<_> = shape.iter().map(|n| usize::try_from(*n).ok()).collect();
        let result = self.f.named_as(
            &format!("numpy.{op}"),
            tensor_type(ctx, dtype, &dims),
            &operands,
            &[("shape", ctx.i64_array(&shape)), ("k", ctx.i64_attr(k))],
        );
        let result = self.built(result)?;
        Ok(self.new_c_array(result))
    }

    pub(super) fn indices(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let shape = self.required(call, "dimensions")?;
        let sizes = self.shape_of(&shape)?;
        let dtype = self.dtype_of(call, "dtype")?.unwrap_or(DType::I64);
        let ctx = self.f.rewriter().ctx();
        let (shape, operands) = mixed(&sizes);
        let dims = std::iter::once(Some(sizes.len()));
        let dims: Vec<_> = dims
            .chain(shape.iter().map(|n| usize::try_from(*n).ok()))
            .collect();
        let result = self.f.named_as(
            "numpy.indices",
            tensor_type(ctx, dtype, &dims),
            &operands,
            &[("shape", ctx.i64_array(&shape))],
        );
        let result = self.built(result)?;
        Ok(self.new_c_array(result))
    }

    /// A function of the positions along each dimension.
    pub(super) fn of_positions(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let function = self.required(call, "function")?;
        let shape = self.required(call, "shape")?;
        let dtype = match call.take("dtype") {
            Some(dtype) => dtype,
            None => self.object(&self.dtype_object(DType::F64)?.into_any()),
        };
        let grids = self.numpy_call("indices", &[shape, dtype])?;
        let positional = self.items(&grids)?;
        let args = Arguments {
            positional,
            keywords: Vec::new(),
        };
        self.call(&function, args)
    }

    pub(super) fn meshgrid(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let vectors = self.required(call, "xi")?;
        let vectors = self.items(&vectors)?;
        let sparse = self.flag_of(call, "sparse")?;
        let ij = self.word_of(call, "indexing")?.as_deref() == Some("ij");
        let mut operands = Vec::new();
        for vector in &vectors {
            operands.push(self.tensor(vector)?);
        }
        let ctx = self.f.rewriter().ctx();
        let mut attrs = Vec::new();
        attrs.extend(ij.then(|| ("ij", ctx.unit_attr())));
        attrs.extend(sparse.then(|| ("sparse", ctx.unit_attr())));
        let grids = self.op_all("meshgrid", &operands, &attrs)?;
        let grids = grids.into_iter().map(|grid| self.new_array(grid)).collect();
        Ok(Value::Tuple(Rc::new(grids)))
    }

    /// `diag` and `diagflat`: the diagonal of a matrix, or a matrix of that diagonal.
    pub(super) fn diag(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "v")?;
        let k = self.integer_or(call, "k", 0)?;
        let mut v = self.tensor(&value)?;
        let ctx = self.f.rewriter().ctx();
        if call.name == "diagflat" {
            let flat = self.f.reshape(v, &[OpFold::Static(-1)]);
            v = self.built(flat)?;
        }
        if v.rank() == 2 {
            let attrs = [("offset", ctx.i64_attr(k))];
            return self.read_only_view(&value, "diagonal", &[], &attrs);
        }
        if v.rank() != 1 {
            return self.unsupported("Input must be 1- or 2-d.");
        }
        // A matrix with the vector along its rows, of which the diagonal stays.
        let length = match v.shape()[0] {
            Some(n) => self.int(n as i64),
            None => self.extent(v, 0)?,
        };
        let margin = self.int(k.abs());
        let n = self.binary("Add", &length, &margin)?;
        let size = self.size_of(&n)?;
        let (before, after) = if k >= 0 { (k, 0) } else { (0, -k) };
        // Column j holds v[j - k], or where the diagonal is below the main one v[j].
        let zero = self.int(0);
        let zero = self.tensor_as(&zero, self.dtype(v)?)?;
        let widths = ctx.i64_array(&[before, after]);
        let padded = self.op("pad_constant", &[v, zero], &[("widths", widths)])?;
        let rows = self.f.broadcast_to(padded, &[size, size]);
        let rows = self.built(rows)?;
        let below = self.op("tril", &[rows], &[("k", ctx.i64_attr(k))]);
        let band = below?;
        let matrix = self.op("triu", &[band], &[("k", ctx.i64_attr(k))])?;
        Ok(self.new_c_array(matrix))
    }

    /// The powers of a vector as columns.
    pub(super) fn vander(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "x")?;
        let x = self.tensor(&value)?;
        let n = match call.take("N") {
            Some(n) => self.integer(&n)?,
            None => match x.shape().as_slice() {
                [Some(n)] => *n as i64,
                _ => return self.unsupported("numpy.vander of an array of unknown length"),
            },
        };
        let increasing = self.flag_of(call, "increasing")?;
        let one = self.int(1);
        let wide = Value::Scalar(self.tensor_as(&one, DType::I64)?);
        let dtype = self.common(&[value.clone(), wide])?;
        if x.rank() != 1 || n <= 0 {
            return self.unsupported("x must be a one-dimensional array or sequence.");
        }
        let x = self.tensor_as(&value, dtype)?;
        let one = self.tensor_as(&one, dtype)?;
        let sizes = self.sizes(x)?;
        let ones = self.f.full(one, &sizes);
        let mut columns = vec![self.built(ones)?];
        while columns.len() < n as usize {
            let next = self.op("multiply", &[columns[columns.len() - 1], x], &[])?;
            columns.push(next);
        }
        if !increasing {
            columns.reverse();
        }
        let axis = self.f.rewriter().ctx().i64_attr(1);
        let matrix = self.op("stack", &columns, &[("axis", axis)])?;
        Ok(self.new_c_array(matrix))
    }

    /// `ix_`: vectors along one dimension each; of bools the positions.
    pub(super) fn open_mesh(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let vectors = self.required(call, "args")?;
        let vectors = self.items(&vectors)?;
        let mut grids = Vec::new();
        for (i, vector) in vectors.iter().enumerate() {
            let mut x = self.tensor(vector)?;
            if x.rank() != 1 {
                return self.unsupported("Cross index must be 1 dimensional");
            }
            if self.dtype(x)? == DType::Bool {
                x = self.op("flatnonzero", &[x], &[])?;
            }
            let items: Vec<_> = (0..vectors.len())
                .map(|at| if at == i { Item::ALL } else { Item::NewAxis })
                .collect();
            let grid = super::indexing::slice(&self.f, x, &items, &[]);
            let grid = self.built(grid)?;
            grids.push(self.new_array(grid));
        }
        Ok(Value::Tuple(Rc::new(grids)))
    }
}

/// Sizes as an attribute and the operands for those that are values.
pub(super) fn mixed<'c>(sizes: &[OpFold<'c>]) -> (Vec<i64>, Vec<Tensor<'c>>) {
    let mut operands = Vec::new();
    let shape = sizes
        .iter()
        .map(|size| match size {
            OpFold::Static(n) => *n,
            OpFold::Value(value) => {
                operands.push(Tensor::from_value(*value));
                DYNAMIC
            }
        })
        .collect();
    (shape, operands)
}
