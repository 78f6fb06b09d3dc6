//! Functions that pick, choose, replace, insert and remove elements.

use std::rc::Rc;

use npir::builder::{Bound, Index as Item, Tensor};
use npir::mlir::prelude::*;
use npir::prelude::DType;
use npir_dispatch::spec::NumberKind;
use pyo3::prelude::*;

use crate::value::{Array, Value, dtype_of};

use super::calls::Arguments;
use super::parameters::{Call, Types};
use super::{Capture, Captured};

impl<'c> Capture<'_, 'c, '_> {
    pub(super) fn where_function(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let condition = self.required(call, "condition")?;
        let (Some(x), Some(y)) = (call.take("x"), call.take("y")) else {
            call.set("a", condition);
            return self.nonzero(call);
        };
        let condition = self.tensor_as(&condition, DType::Bool)?;
        let dtype = self.common(&[x.clone(), y.clone()])?;
        self.check_weak(&x, dtype)?;
        self.check_weak(&y, dtype)?;
        let operands = [
            condition,
            self.tensor_as(&x, dtype)?,
            self.tensor_as(&y, dtype)?,
        ];
        let result = self.op("where", &operands, &[])?;
        Ok(self.new_array_like(result, &[x, y]))
    }

    pub(super) fn nonzero(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let x = self.operand(call, "a")?;
        let positions = self.op_all("nonzero", &[x], &[])?;
        let positions = positions.into_iter().map(|p| self.new_array(p)).collect();
        Ok(Value::Tuple(Rc::new(positions)))
    }

    pub(super) fn take_function(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let x = self.operand(call, "a")?;
        let indices = self.required(call, "indices")?;
        let mut indices = self.positions(&indices)?;
        let axis = call
            .take("axis")
            .map(|axis| self.integer(&axis))
            .transpose()?;
        let mode = self.word_of(call, "mode")?;
        if let Some(mode) = mode.filter(|mode| mode != "raise") {
            let n = match axis {
                Some(axis) => {
                    let at = self.axis_in(axis, x.rank())?;
                    self.extent(x, at)?
                }
                None => self.element_count(x)?,
            };
            indices = self.within(&mode, indices, &n)?;
        }
        let ctx = self.f.rewriter().ctx();
        let attrs = Vec::from_iter(axis.map(|axis| ("axis", ctx.i64_attr(axis))));
        self.operation("take", &[x, indices], &attrs)
    }

    /// Positions brought into a range of `n` as `mode` says.
    fn within(&mut self, mode: &str, indices: Tensor<'c>, n: &Value<'c>) -> Captured<Tensor<'c>> {
        let size = self.tensor_as(n, DType::I64)?;
        match mode {
            "wrap" => self.op("remainder", &[indices, size], &[]),
            "clip" => {
                let (zero, one) = (self.int(0), self.int(1));
                let zero = self.tensor_as(&zero, DType::I64)?;
                let one = self.tensor_as(&one, DType::I64)?;
                let last = self.op("subtract", &[size, one], &[])?;
                self.op("clip", &[indices, zero, last], &[])
            }
            _ => self.unsupported(format!("the mode {mode}")),
        }
    }

    /// The array that a function changes.
    fn changed(&mut self, call: &mut Call<'c>, name: &str) -> Captured<(Array<'c>, DType)> {
        let value = self.required(call, name)?;
        match &value {
            Value::Array(array) => match dtype_of(array.ty) {
                Some(dtype) => Ok((array.clone(), dtype)),
                None => self.unsupported("an element type that NumPy does not have"),
            },
            _ => self.unsupported(format!("numpy.{} of what is no array", call.name)),
        }
    }

    /// `put`, `place`, `putmask`.
    pub(super) fn put(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (target, at, values) = match call.name {
            "put" => ("a", "ind", "v"),
            "place" => ("arr", "mask", "vals"),
            _ => ("a", "mask", "values"),
        };
        let (array, dtype) = self.changed(call, target)?;
        let at = self.required(call, at)?;
        let values = self.required(call, values)?;
        let contents = self.read(&array)?;
        let at = match call.name {
            "put" => {
                let indices = self.positions(&at)?;
                match self.word_of(call, "mode")?.filter(|mode| mode != "raise") {
                    Some(mode) => {
                        let n = self.element_count(contents)?;
                        self.within(&mode, indices, &n)?
                    }
                    None => indices,
                }
            }
            _ => self.tensor_as(&at, DType::Bool)?,
        };
        let values = self.stored(&values, dtype)?;
        let values = match (call.name, values.rank()) {
            ("putmask", _) => values,
            _ => {
                let flat = self.f.reshape(values, &[OpFold::Static(-1)]);
                self.built(flat)?
            }
        };
        let new = self.op(call.name, &[contents, at, values], &[])?;
        self.write(&array, new)?;
        Ok(self.none())
    }

    pub(super) fn put_along_axis(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (array, dtype) = self.changed(call, "arr")?;
        let indices = self.required(call, "indices")?;
        let indices = self.positions(&indices)?;
        let values = self.required(call, "values")?;
        let values = self.stored(&values, dtype)?;
        let axis = self.required(call, "axis")?;
        let axis = self.f.rewriter().ctx().i64_attr(self.integer(&axis)?);
        let contents = self.read(&array)?;
        let new = self.op(
            "put_along_axis",
            &[contents, indices, values],
            &[("axis", axis)],
        )?;
        self.write(&array, new)?;
        Ok(self.none())
    }

    pub(super) fn copy_to(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (array, dtype) = self.changed(call, "dst")?;
        let source = self.required(call, "src")?;
        let condition = call.take("where");
        call.take("casting");
        let target = Value::Array(array.clone());
        let value = match &source {
            Value::Object(_) | Value::Number(..) => {
                let object = self.dtype_object(dtype)?;
                let kind: String = object.getattr("kind")?.extract()?;
                // Bools fit everywhere, integers and floats into their kind and those behind it.
                let least = match self.number_kind(&source) {
                    Some(NumberKind::Int) => "iufc",
                    Some(NumberKind::Float) => "fc",
                    Some(NumberKind::Complex) => "c",
                    Some(NumberKind::Bool) | None => "biufc",
                };
                if !least.contains(&kind) {
                    return self.unsupported("a number of another kind than the array");
                }
                self.check_weak(&source, dtype)?;
                Value::Scalar(self.tensor_as(&source, dtype)?)
            }
            other => other.clone(),
        };
        self.check_in_place(&target, &value)?;
        let mut new = self.tensor_as(&value, dtype)?;
        if let Some(condition) = condition {
            let condition = self.bools(&condition)?;
            let old = self.read(&array)?;
            new = self.op("where", &[condition, new, old], &[])?;
        }
        self.set_item(
            &target,
            &super::indexing::Index::everything(self.py),
            &Value::Scalar(new),
        )?;
        Ok(self.none())
    }

    pub(super) fn fill_diagonal(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (array, dtype) = self.changed(call, "a")?;
        let value = self.required(call, "val")?;
        let dims = array.ty.dims();
        let [Ok(rows), Ok(columns)] = [dims.first(), dims.get(1)].map(|n| match n {
            Some(&n) if n != DYNAMIC => Ok(n),
            _ => Err(()),
        }) else {
            return self.unsupported("numpy.fill_diagonal of an array of unknown shape");
        };
        if dims.len() != 2 {
            return self.unsupported("numpy.fill_diagonal of other than two dimensions");
        }
        let contents = self.read(&array)?;
        let value = self.stored(&value, dtype)?;
        let flat = self.f.reshape(contents, &[OpFold::Static(-1)]);
        let flat = self.built(flat)?;
        let end = columns * columns.min(rows);
        let item = Item::Slice {
            start: None,
            stop: Some(Bound::Static(end)),
            step: Some(Bound::Static(columns + 1)),
        };
        let value = match value.rank() {
            0 => value,
            _ => return self.unsupported("numpy.fill_diagonal with several values"),
        };
        let new = self.f.set_slice(flat, value, &[item]);
        let new = self.built(new)?;
        let shape = [OpFold::Static(rows), OpFold::Static(columns)];
        let new = self.f.reshape(new, &shape);
        let new = self.built(new)?;
        self.write(&array, new)?;
        Ok(self.none())
    }

    pub(super) fn choose(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let a = self.required(call, "a")?;
        let choices = self.required(call, "choices")?;
        let choices = self.items(&choices)?;
        let mut operands = vec![self.positions(&a)?];
        let dtype = self.array_type(&choices)?;
        for choice in &choices {
            operands.push(self.tensor_as(choice, dtype)?);
        }
        let ctx = self.f.rewriter().ctx();
        let mode = self.word_of(call, "mode")?;
        let attrs = Vec::from_iter(mode.map(|mode| ("mode", ctx.str_attr(&mode))));
        self.operation("choose", &operands, &attrs)
    }

    pub(super) fn select(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let conditions = self.required(call, "condlist")?;
        let choices = self.required(call, "choicelist")?;
        let default = call.take("default").unwrap_or_else(|| self.int(0));
        let (conditions, mut choices) = (self.items(&conditions)?, self.items(&choices)?);
        if conditions.len() != choices.len() || conditions.is_empty() {
            return self.unsupported("list of cases must be same length as list of conditions");
        }
        choices.push(default);
        let mut operands = Vec::new();
        for condition in &conditions {
            operands.push(self.bools(condition)?);
        }
        operands.extend(self.operands(&choices, Types::Common)?);
        let n = conditions.len() as i32;
        let segments = self.f.rewriter().ctx().i32_array(&[n, n, 1]);
        let result = self.op("select", &operands, &[("operandSegmentSizes", segments)])?;
        Ok(self.new_array(result))
    }

    pub(super) fn piecewise(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let x = self.required(call, "x")?;
        let conditions = self.required(call, "condlist")?;
        let functions = self.required(call, "funclist")?;
        let rest = self.required(call, "args")?;
        let (functions, rest) = (self.items(&functions)?, self.items(&rest)?);
        let mut conditions = match &conditions {
            Value::Tuple(_) | Value::List(_) => self.items(&conditions)?,
            one => vec![one.clone()],
        };
        let tensor = self.tensor(&x)?;
        let dtype = self.dtype(tensor)?;
        if functions.len() == conditions.len() + 1 {
            // The last function is for where no condition holds.
            let mut any = conditions[0].clone();
            for condition in &conditions[1..] {
                any = self.ufunc("logical_or", &[any, condition.clone()])?;
            }
            conditions.push(self.ufunc("logical_not", &[any])?);
        }
        if functions.len() != conditions.len() || conditions.is_empty() {
            return self.unsupported("numpy.piecewise with another number of functions");
        }
        let zero = self.int(0);
        let zero = self.tensor_as(&zero, dtype)?;
        let sizes = self.sizes(tensor)?;
        let zeros = self.f.full(zero, &sizes);
        let mut result = self.built(zeros)?;
        for (condition, function) in conditions.iter().zip(&functions) {
            let condition = self.bools(condition)?;
            let callable = match function {
                Value::Function(_) | Value::Method(..) => true,
                Value::Object(object) => object.bind(self.py).is_callable(),
                _ => false,
            };
            let value = if callable {
                // It is called with the elements that the condition selects; elementwise functions do the same to all.
                let index = super::indexing::Index::one(self.result(condition));
                let part = self.get_item(&x, &index)?;
                let positional = std::iter::once(part).chain(rest.iter().cloned()).collect();
                let value = self.call(
                    function,
                    Arguments {
                        positional,
                        keywords: Vec::new(),
                    },
                )?;
                self.stored(&value, dtype)?
            } else {
                self.stored(function, dtype)?
            };
            let old = self.new_array(result);
            let index = super::indexing::Index::one(self.result(condition));
            self.set_item(&old, &index, &Value::Scalar(value))?;
            result = self.tensor(&old)?;
        }
        Ok(self.new_array(result))
    }

    /// The places along an axis of known length that `delete` and `insert` are about.
    fn places(
        &mut self,
        call: &mut Call<'c>,
    ) -> Captured<(Tensor<'c>, usize, usize, Vec<i64>, bool)> {
        let mut x = self.operand(call, "arr")?;
        let obj = self.required(call, "obj")?;
        let axis = match call.take("axis") {
            Some(axis) => self.axis_in(self.integer(&axis)?, x.rank())?,
            None => {
                let flat = self.f.reshape(x, &[OpFold::Static(-1)]);
                x = self.built(flat)?;
                0
            }
        };
        let Some(n) = x.shape()[axis] else {
            return self.unsupported(format!("numpy.{} of an axis of unknown size", call.name));
        };
        let object = self.concrete(&obj)?;
        let one = self.integer(&obj).is_ok();
        let most = if call.name == "insert" { n + 1 } else { n };
        let range = self.py.import("builtins")?.getattr("range")?;
        let mut places = Vec::new();
        if object.cast::<pyo3::types::PySlice>().is_ok() {
            let whole = range.call1((n,))?;
            places = whole
                .get_item(object)?
                .try_iter()?
                .map(|i| i?.extract())
                .collect::<PyResult<_>>()?;
        } else {
            for place in self.integers(&obj)? {
                let found = if place < 0 { place + n as i64 } else { place };
                if found < 0 || found >= most as i64 {
                    return Err(super::Stop::Python(
                        pyo3::exceptions::PyIndexError::new_err(format!(
                            "index {place} is out of bounds for axis {axis} with size {n}"
                        )),
                    ));
                }
                places.push(found);
            }
        }
        Ok((x, axis, n, places, one))
    }

    pub(super) fn delete(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (x, axis, n, places, _) = self.places(call)?;
        let kept: Vec<i64> = (0..n as i64).filter(|i| !places.contains(i)).collect();
        let bytes: Vec<u8> = kept.iter().flat_map(|i| i.to_ne_bytes()).collect();
        let kept = self.f.constant_array(DType::I64, &[kept.len()], &bytes);
        let kept = self.built(kept)?;
        let axis = self.f.rewriter().ctx().i64_attr(axis as i64);
        let result = self.op("take", &[x, kept], &[("axis", axis)])?;
        Ok(self.new_array(result))
    }

    pub(super) fn insert(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let values = self.required(call, "values")?;
        let (x, axis, n, places, one) = self.places(call)?;
        let dtype = self.dtype(x)?;
        let mut values = self.stored(&values, dtype)?;
        let rank = x.rank();
        let mut sizes = self.sizes(x)?;
        if one && values.rank() > 0 {
            // As NumPy's moveaxis(values, 0, axis), so that a row may be inserted as a column.
            if values.rank() > rank {
                return self.unsupported("numpy.insert of values of more dimensions");
            }
            let missing = rank - values.rank();
            let mut items = vec![Item::NewAxis; missing];
            items.extend(vec![Item::ALL; values.rank()]);
            let more = super::indexing::slice(&self.f, values, &items, &[]);
            let more = self.built(more)?;
            let moved = Value::Scalar(more);
            let mut order: Vec<i64> = (1..rank as i64).collect();
            order.insert(axis, 0);
            let moved = self.transposed(&moved, Some(order))?;
            values = self.tensor(&moved)?;
        }
        let count = match (one, values.rank()) {
            (true, 0) => 1,
            (true, _) => match values.shape()[axis] {
                Some(n) => n,
                None => {
                    return self
                        .unsupported("numpy.insert of a number of values that is not known");
                }
            },
            _ => places.len(),
        };
        sizes[axis] = OpFold::Static(count as i64);
        let values = self.f.broadcast_to(values, &sizes);
        let values = self.built(values)?;
        // Which element of the array followed by the values comes where.
        let mut inserted: Vec<(i64, i64)> = match one {
            true => (0..count as i64).map(|i| (places[0], i)).collect(),
            false => places
                .iter()
                .enumerate()
                .map(|(i, p)| (*p, i as i64))
                .collect(),
        };
        inserted.sort_by_key(|pair| pair.0);
        let mut order: Vec<i64> = Vec::new();
        let mut next = inserted.into_iter().peekable();
        for i in 0..=n as i64 {
            while let Some((_, value)) = next.next_if(|(place, _)| *place == i) {
                order.push(n as i64 + value);
            }
            order.extend((i < n as i64).then_some(i));
        }
        let bytes: Vec<u8> = order.iter().flat_map(|i| i.to_ne_bytes()).collect();
        let order = self.f.constant_array(DType::I64, &[order.len()], &bytes);
        let order = self.built(order)?;
        let axis = self.f.rewriter().ctx().i64_attr(axis as i64);
        let all = self.op("concatenate", &[x, values], &[("axis", axis)])?;
        let result = self.op("take", &[all, order], &[("axis", axis)])?;
        Ok(self.new_array(result))
    }

    /// A function of the program on each vector along an axis, one after another.
    pub(super) fn apply_along_axis(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let function = self.required(call, "func1d")?;
        let axis = self.required(call, "axis")?;
        let value = self.required(call, "arr")?;
        let rest = self.required(call, "args")?;
        let rest = self.items(&rest)?;
        let rank = self.tensor(&value)?.rank();
        let axis = self.axis_in(self.integer(&axis)?, rank)?;
        if rank != 2 {
            return self.unsupported("numpy.apply_along_axis of other than two dimensions");
        }
        let rows = match axis {
            1 => value,
            _ => self.transposed(&value, None)?,
        };
        let mut results = Vec::new();
        for row in self.items(&rows)? {
            if results.len() >= MOST_VECTORS {
                return self.unsupported("numpy.apply_along_axis of many vectors");
            }
            let positional = std::iter::once(row).chain(rest.iter().cloned()).collect();
            let args = Arguments {
                positional,
                keywords: Vec::new(),
            };
            let result = self.call(&function, args)?;
            results.push(Value::Scalar(self.tensor(&result)?));
        }
        let stacked = self.join("stack", &results, 0, false, None)?;
        match (self.tensor(&stacked)?.rank(), axis) {
            (1, _) | (2, 1) => Ok(stacked),
            (2, _) => self.transposed(&stacked, None),
            _ => self.unsupported("numpy.apply_along_axis of such a function"),
        }
    }
}

/// Vectors that a function is applied to one by one, at most.
const MOST_VECTORS: usize = 64;
