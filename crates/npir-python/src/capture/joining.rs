//! Functions that join arrays, take them apart and repeat them.

use npir::builder::{Bound, Index as Item, Tensor};
use npir::mlir::prelude::*;
use npir::prelude::DType;
use npir_dispatch::spec::NumberKind;

use crate::value::Value;

use super::making::mixed;
use super::parameters::Call;
use super::{Capture, Captured};

impl<'c> Capture<'_, 'c, '_> {
    /// `concatenate`, `stack` and their kin.
    pub(super) fn joined(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let parameter = match call.name {
            "concatenate" | "stack" => "arrays",
            _ => "tup",
        };
        let arrays = self.required(call, parameter)?;
        let arrays = self.items(&arrays)?;
        let dtype = self.dtype_of(call, "dtype")?;
        call.take("casting");
        let flattened = call.is_none("axis");
        let axis = self.integer_or(call, "axis", 0)?;
        self.join(call.name, &arrays, axis, flattened, dtype)
    }

    /// Arrays joined as `function` does it.
    pub(super) fn join(
        &mut self,
        function: &str,
        arrays: &[Value<'c>],
        axis: i64,
        flattened: bool,
        dtype: Option<DType>,
    ) -> Captured<Value<'c>> {
        if arrays.is_empty() {
            return self.unsupported("need at least one array to concatenate");
        }
        let dtype = match dtype {
            Some(dtype) => dtype,
            None => self.array_type(arrays)?,
        };
        let mut tensors = Vec::new();
        for array in arrays {
            let tensor = self.tensor_as(array, dtype)?;
            let rank = tensor.rank();
            let value = Value::Scalar(tensor);
            let shaped = match function {
                "hstack" if rank == 0 => self.with_rank("atleast_1d", &value)?,
                "vstack" => self.with_rank("atleast_2d", &value)?,
                "dstack" => self.with_rank("atleast_3d", &value)?,
                "column_stack" if rank < 2 => {
                    let row = self.with_rank("atleast_2d", &value)?;
                    self.transposed(&row, None)?
                }
                _ if flattened => {
                    let flat = self.f.reshape(tensor, &[OpFold::Static(-1)]);
                    Value::Scalar(self.built(flat)?)
                }
                _ => value,
            };
            tensors.push(self.tensor(&shaped)?);
        }
        let axis = match function {
            "hstack" => i64::from(tensors[0].rank() > 1),
            "dstack" => 2,
            "column_stack" => 1,
            _ => axis,
        };
        let op = if function == "stack" {
            "stack"
        } else {
            "concatenate"
        };
        let axis = self.f.rewriter().ctx().i64_attr(axis);
        let result = self.op(op, &tensors, &[("axis", axis)])?;
        Ok(self.new_array_like(result, arrays))
    }

    /// The type that values have in common as arrays: numbers of Python are of NumPy's types for them.
    pub(super) fn array_type(&mut self, values: &[Value<'c>]) -> Captured<DType> {
        let mut arrays = Vec::new();
        for value in values {
            let tensor = self.tensor(value)?;
            arrays.push(Value::Scalar(tensor));
        }
        self.common(&arrays)
    }

    /// A list of numbers or arrays of the program as an array.
    pub(super) fn stacked(&mut self, value: &Value<'c>) -> Captured<Tensor<'c>> {
        let items = self.items(value)?;
        if items.is_empty() {
            return self.unsupported("an empty list as an array");
        }
        let dtype = self.array_type(&items)?;
        let tensors = items
            .iter()
            .map(|item| self.tensor_as(item, dtype))
            .collect::<Captured<Vec<_>>>()?;
        let axis = self.f.rewriter().ctx().i64_attr(0);
        self.op("stack", &tensors, &[("axis", axis)])
    }

    pub(super) fn append(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let arrays = [self.required(call, "arr")?, self.required(call, "values")?];
        let axis = call
            .take("axis")
            .map(|axis| self.integer(&axis))
            .transpose()?;
        self.join(
            "concatenate",
            &arrays,
            axis.unwrap_or(0),
            axis.is_none(),
            None,
        )
    }

    /// Nested lists of arrays, the innermost along the last axis.
    pub(super) fn block_matrix(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let arrays = self.required(call, "arrays")?;
        fn depth(value: &Value<'_>) -> usize {
            match value {
                Value::List(list) => 1 + list.now().first().map_or(0, depth),
                _ => 0,
            }
        }
        let depth = depth(&arrays);
        let result = self.block_of(&arrays, depth, depth)?;
        Ok(self.new_array(result))
    }

    fn block_of(&mut self, value: &Value<'c>, depth: usize, most: usize) -> Captured<Tensor<'c>> {
        let Value::List(list) = value else {
            if depth > 0 {
                return self.unsupported("List depths are mismatched.");
            }
            let tensor = self.tensor(value)?;
            let missing = most.saturating_sub(tensor.rank());
            let mut items = vec![Item::NewAxis; missing];
            items.extend(vec![Item::ALL; tensor.rank()]);
            let shaped = super::indexing::slice(&self.f, tensor, &items, &[]);
            return self.built(shaped);
        };
        let mut parts = Vec::new();
        for item in list.now() {
            parts.push(Value::Scalar(self.block_of(
                &item,
                depth.saturating_sub(1),
                most,
            )?));
        }
        let joined = self.join("concatenate", &parts, -(depth as i64), false, None)?;
        self.tensor(&joined)
    }

    /// `split` and its kin: a list of views.
    pub(super) fn split(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "ary")?;
        let sections = self.required(call, "indices_or_sections")?;
        let shape = self.tensor(&value)?.shape();
        let axis = match call.name {
            "vsplit" => 0,
            "hsplit" => i64::from(shape.len() > 1),
            "dsplit" => 2,
            _ => self.integer_or(call, "axis", 0)?,
        };
        let axis = self.axis_in(axis, shape.len())?;
        let Some(n) = shape[axis] else {
            return self.unsupported("a split of an axis of unknown size");
        };
        let several = matches!(sections, Value::Tuple(_) | Value::List(_));
        let mut bounds: Vec<i64> = vec![0];
        if several {
            bounds.extend(self.integers(&sections)?);
            bounds.push(n as i64);
        } else {
            let count = self.integer(&sections)?;
            if count <= 0 || call.name != "array_split" && n as i64 % count != 0 {
                return self.unsupported("array split does not result in an equal division");
            }
            let (least, more) = (n as i64 / count, n as i64 % count);
            for i in 0..count {
                bounds.push(bounds[i as usize] + least + i64::from(i < more));
            }
        }
        let mut parts = Vec::new();
        for pair in bounds.windows(2) {
            let mut items = vec![Item::ALL; shape.len()];
            items[axis] = Item::Slice {
                start: Some(Bound::Static(pair[0])),
                stop: Some(Bound::Static(pair[1])),
                step: None,
            };
            parts.push(self.sliced(&value, items)?);
        }
        Ok(self.list(parts))
    }

    pub(super) fn unstack(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "x")?;
        let rank = self.tensor(&value)?.rank();
        let axis = self.integer_or(call, "axis", 0)?;
        let axis = self.axis_in(axis, rank)?;
        let mut order: Vec<i64> = (0..rank as i64).collect();
        let moved = order.remove(axis);
        order.insert(0, moved);
        let first = self.transposed(&value, Some(order))?;
        let parts = self.items(&first)?;
        Ok(Value::Tuple(parts.into()))
    }

    pub(super) fn tile(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let x = self.operand(call, "A")?;
        let reps = self.required(call, "reps")?;
        let (reps, sizes) = mixed(&self.shape_of(&reps)?);
        let operands = [&[x], sizes.as_slice()].concat();
        let reps = self.f.rewriter().ctx().i64_array(&reps);
        let result = self.op("tile", &operands, &[("reps", reps)])?;
        Ok(self.new_array(result))
    }

    /// The elements again and again until a shape is full.
    pub(super) fn resize(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let x = self.operand(call, "a")?;
        let shape = self.required(call, "new_shape")?;
        let shape = self.integers(&shape)?;
        let flat = self.f.reshape(x, &[OpFold::Static(-1)]);
        let flat = self.built(flat)?;
        let [Some(n)] = flat.shape()[..] else {
            return self.unsupported("numpy.resize of an array of unknown shape");
        };
        let count: i64 = shape.iter().product();
        if n == 0 || count < 0 {
            return self.unsupported("numpy.resize of no elements");
        }
        let reps = (count + n as i64 - 1) / n as i64;
        let reps = self.f.rewriter().ctx().i64_array(&[reps.max(1)]);
        let repeated = self.op("tile", &[flat], &[("reps", reps)])?;
        let stop = Item::Slice {
            start: None,
            stop: Some(Bound::Static(count)),
            step: None,
        };
        let part = self.f.slice(repeated, &[stop]);
        let part = self.built(part)?;
        let shape: Vec<_> = shape.into_iter().map(OpFold::Static).collect();
        let result = self.f.reshape(part, &shape);
        let result = self.built(result)?;
        Ok(self.new_c_array(result))
    }

    pub(super) fn repeat(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let x = self.operand(call, "a")?;
        let repeats = self.required(call, "repeats")?;
        let ctx = self.f.rewriter().ctx();
        let axis = call
            .take("axis")
            .map(|axis| self.integer(&axis))
            .transpose()?;
        let mut operands = vec![x];
        let mut attrs = Vec::from_iter(axis.map(|axis| ("axis", ctx.i64_attr(axis))));
        match self.integer(&repeats) {
            Ok(times) => attrs.push(("times", ctx.i64_attr(times))),
            Err(_) => operands.push(self.positions(&repeats)?),
        }
        let result = self.op("repeat", &operands, &attrs)?;
        Ok(self.new_array(result))
    }

    pub(super) fn roll(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let x = self.operand(call, "a")?;
        let shift = self.required(call, "shift")?;
        let ctx = self.f.rewriter().ctx();
        let (mut shift, sizes) = mixed(&self.shape_of(&shift)?);
        let mut attrs = Vec::new();
        if let Some(axis) = call.take("axis") {
            let axes = self.integers(&axis)?;
            if shift.len() == 1 && sizes.is_empty() {
                shift = vec![shift[0]; axes.len()];
            }
            attrs.push(("axes", ctx.i64_array(&axes)));
        }
        attrs.push(("shift", ctx.i64_array(&shift)));
        let operands = [&[x], sizes.as_slice()].concat();
        let result = self.op("roll", &operands, &attrs)?;
        Ok(self.new_array(result))
    }

    pub(super) fn pad(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "array")?;
        let x = self.tensor(&value)?;
        let widths = self.required(call, "pad_width")?;
        let mode = self
            .word_of(call, "mode")?
            .unwrap_or_else(|| "constant".into());
        let (mut widths, sizes) = self.margins(&widths, x.rank())?;
        if !["constant", "edge", "reflect", "symmetric", "wrap"].contains(&mode.as_str()) {
            return self.unsupported(format!("the mode {mode} of numpy.pad"));
        }
        let mut operands = vec![x];
        if mode == "constant" {
            let constant = call.take("constant_values").unwrap_or_else(|| self.int(0));
            if matches!(constant, Value::Tuple(_) | Value::List(_)) {
                return self.unsupported("several constants of numpy.pad");
            }
            operands.push(self.stored(&constant, self.dtype(x)?)?);
        }
        operands.extend(sizes);
        let ctx = self.f.rewriter().ctx();
        widths.truncate(2 * x.rank());
        let widths = ctx.i64_array(&widths);
        let result = self.op(&format!("pad_{mode}"), &operands, &[("widths", widths)])?;
        Ok(self.new_c_array(result))
    }

    /// Widths of margins before and after each axis: one, a pair, or a pair for each axis.
    fn margins(&mut self, value: &Value<'c>, rank: usize) -> Captured<(Vec<i64>, Vec<Tensor<'c>>)> {
        let is_list = |value: &Value<'c>| matches!(value, Value::Tuple(_) | Value::List(_));
        let pair = |this: &mut Self, value: &Value<'c>| -> Captured<[OpFold<'c>; 2]> {
            let sizes = this.shape_of(value)?;
            match sizes.as_slice() {
                [one] => Ok([*one, *one]),
                [before, after] => Ok([*before, *after]),
                _ => this.unsupported("margins of numpy.pad that are no pairs"),
            }
        };
        if matches!(value, Value::Number(NumberKind::Int, ..) | Value::Object(_)) || !is_list(value)
        {
            let both = pair(self, value)?;
            return Ok(mixed(&both.repeat(rank)));
        }
        let items = self.items(value)?;
        let mut sizes = Vec::new();
        if items.iter().any(is_list) {
            for item in &items {
                sizes.extend(pair(self, item)?);
            }
            if items.len() == 1 {
                sizes = sizes.repeat(rank);
            }
        } else {
            sizes = pair(self, value)?.repeat(rank);
        }
        if sizes.len() != 2 * rank {
            return self.unsupported("margins of numpy.pad for another number of dimensions");
        }
        Ok(mixed(&sizes))
    }
}
