//! Functions that look at an array in another way: views, and the reshape that is one only for some layouts.

use std::rc::Rc;

use npir::builder::{Bound, Index as Item, Tensor};
use npir::mlir::prelude::*;
use pyo3::prelude::PyAnyMethods;

use crate::value::{Array, Step, Value};

use super::making::mixed;
use super::parameters::Call;
use super::{Capture, Captured};

impl<'c> Capture<'_, 'c, '_> {
    /// `reshape` and `ravel`.
    pub(super) fn reshape(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "a")?;
        let shape = match call.name {
            "ravel" => self.int(-1),
            _ => self.required(call, "shape")?,
        };
        let order = self.word_of(call, "order")?;
        let copy = match call.take("copy") {
            Some(copy) => Some(self.concrete(&copy)?.is_truthy()?),
            None => None,
        };
        match order.as_deref() {
            None | Some("C") => {}
            Some("F") => return self.reshaped_by_columns(&value, &shape),
            Some(other) => return self.unsupported(format!("the order {other}")),
        }
        match copy {
            Some(true) => {
                let shape = self.shape_of(&shape)?;
                let tensor = self.tensor(&value)?;
                let result = self.f.reshape(tensor, &shape);
                let result = self.built(result)?;
                Ok(self.new_c_array(result))
            }
            Some(false) => self.unsupported("a reshape that must not copy"),
            None => self.reshaped(&value, &shape, call.name),
        }
    }

    /// Another shape of the same elements, row by row. It is a view where NumPy is known to make one.
    fn reshaped(
        &mut self,
        value: &Value<'c>,
        shape: &Value<'c>,
        name: &str,
    ) -> Captured<Value<'c>> {
        let after = self.shape_of(shape)?;
        let tensor = self.tensor(value)?;
        let before = self.sizes(tensor)?;
        let result = self.f.reshape(tensor, &after);
        let result = self.built(result)?;
        let Value::Array(array) = value else {
            return Ok(self.new_c_array(result));
        };
        let after = self.sizes(result)?;
        let step = Step::Reshape { before, after };
        Ok(match self.is_c_order(value)? {
            Some(true) => self.view(array, step, result.value().ty()),
            // `ravel` copies where `reshape` may give a view with strides.
            _ => self.possible_view(value, result, (name != "ravel").then_some(step)),
        })
    }

    /// Another shape of the same elements, column by column.
    fn reshaped_by_columns(&mut self, value: &Value<'c>, shape: &Value<'c>) -> Captured<Value<'c>> {
        let mut after = self.shape_of(shape)?;
        after.reverse();
        let tensor = self.tensor(value)?;
        let columns = self.f.transpose(tensor, None);
        let columns = self.built(columns)?;
        let result = self.f.reshape(columns, &after);
        let result = self.built(result)?;
        let result = self.f.transpose(result, None);
        let result = self.built(result)?;
        Ok(self.possible_view(value, result, None))
    }

    pub(super) fn transpose(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "a")?;
        let axes = call.take("axes");
        let axes = axes.map(|axes| self.integers(&axes)).transpose()?;
        self.transposed(&value, axes)
    }

    pub(super) fn transposed(
        &mut self,
        value: &Value<'c>,
        axes: Option<Vec<i64>>,
    ) -> Captured<Value<'c>> {
        let tensor = self.tensor(value)?;
        let rank = tensor.rank();
        let axes = axes.unwrap_or_else(|| (0..rank as i64).rev().collect());
        let axes = axes
            .into_iter()
            .map(|axis| Ok(self.axis_in(axis, rank)? as i64))
            .collect::<Captured<Vec<_>>>()?;
        let result = self.f.transpose(tensor, Some(&axes));
        let result = self.built(result)?;
        match value {
            Value::Array(array) => Ok(self.view(array, Step::Transpose(axes), result.value().ty())),
            _ => Ok(self.new_array(result)),
        }
    }

    /// Swaps the last two dimensions.
    pub(super) fn matrix_transpose(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "x")?;
        self.last_transposed(&value)
    }

    pub(super) fn last_transposed(&mut self, value: &Value<'c>) -> Captured<Value<'c>> {
        let rank = self.tensor(value)?.rank() as i64;
        if rank < 2 {
            return self.unsupported("a matrix transpose of fewer than two dimensions");
        }
        let mut axes: Vec<i64> = (0..rank).collect();
        axes.swap(rank as usize - 1, rank as usize - 2);
        self.transposed(value, Some(axes))
    }

    pub(super) fn swapaxes(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "a")?;
        let rank = self.tensor(&value)?.rank();
        let (a, b) = (self.required(call, "axis1")?, self.required(call, "axis2")?);
        let (a, b) = (self.integer(&a)?, self.integer(&b)?);
        let (a, b) = (self.axis_in(a, rank)?, self.axis_in(b, rank)?);
        let mut axes: Vec<i64> = (0..rank as i64).collect();
        axes.swap(a, b);
        self.transposed(&value, Some(axes))
    }

    /// `moveaxis` and `rollaxis`.
    pub(super) fn moveaxis(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "a")?;
        let rank = self.tensor(&value)?.rank();
        let (source, destination) = match call.name {
            "rollaxis" => {
                let axis = self.required(call, "axis")?;
                let axis = self.axis_in(self.integer(&axis)?, rank)? as i64;
                let start = self.integer_or(call, "start", 0)?;
                let start = if start < 0 {
                    start + rank as i64
                } else {
                    start
                };
                if start < 0 || start > rank as i64 {
                    return self.unsupported("'start' is out of bounds");
                }
                (vec![axis], vec![start - i64::from(start > axis)])
            }
            _ => {
                let source = self.required(call, "source")?;
                let destination = self.required(call, "destination")?;
                (self.integers(&source)?, self.integers(&destination)?)
            }
        };
        let mut pairs = Vec::new();
        for (from, to) in source.iter().zip(&destination) {
            pairs.push((self.axis_in(*to, rank)?, self.axis_in(*from, rank)? as i64));
        }
        pairs.sort_unstable();
        let moved: Vec<i64> = pairs.iter().map(|pair| pair.1).collect();
        let mut order: Vec<i64> = (0..rank as i64)
            .filter(|axis| !moved.contains(axis))
            .collect();
        for (to, from) in pairs {
            if to > order.len() {
                return self.unsupported("axes that are moved to the same place");
            }
            order.insert(to, from);
        }
        if source.len() != destination.len() || order.len() != rank {
            return self
                .unsupported("`source` and `destination` must have the same number of axes");
        }
        self.transposed(&value, Some(order))
    }

    pub(super) fn squeeze(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "a")?;
        let shape = self.tensor(&value)?.shape();
        let axes = match call.take("axis") {
            Some(axis) => {
                let mut axes = Vec::new();
                for axis in self.integers(&axis)? {
                    axes.push(self.axis_in(axis, shape.len())?);
                }
                axes
            }
            None if shape.iter().any(Option::is_none) => {
                return self.unsupported("numpy.squeeze of an array of unknown shape");
            }
            None => (0..shape.len()).filter(|&i| shape[i] == Some(1)).collect(),
        };
        if axes.iter().any(|&axis| shape[axis].is_some_and(|n| n != 1)) {
            return self.unsupported(
                "cannot select an axis to squeeze out which has size not equal to one",
            );
        }
        if axes.iter().any(|&axis| shape[axis].is_none()) {
            return self.unsupported("numpy.squeeze of an axis of unknown size");
        }
        let items = (0..shape.len())
            .map(|i| match axes.contains(&i) {
                true => Item::Index(Bound::Static(0)),
                false => Item::ALL,
            })
            .collect();
        self.sliced(&value, items)
    }

    pub(super) fn expand_dims(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "a")?;
        let axes = self.required(call, "axis")?;
        let axes = self.integers(&axes)?;
        let rank = self.tensor(&value)?.rank() + axes.len();
        let mut places = Vec::new();
        for axis in axes {
            places.push(self.axis_in(axis, rank)?);
        }
        places.sort_unstable();
        places.dedup();
        if places.len() + self.tensor(&value)?.rank() != rank {
            return self.unsupported("repeated axis");
        }
        let items = (0..rank)
            .map(|i| match places.contains(&i) {
                true => Item::NewAxis,
                false => Item::ALL,
            })
            .collect();
        self.sliced(&value, items)
    }

    /// A view by basic indexing; of numbers a new array.
    pub(super) fn sliced(&mut self, value: &Value<'c>, items: Vec<Item>) -> Captured<Value<'c>> {
        let tensor = self.tensor(value)?;
        let result = super::indexing::slice(&self.f, tensor, &items, &[]);
        let result = self.built(result)?;
        match value {
            Value::Array(array) => {
                Ok(self.view(array, Step::Slice(items, vec![]), result.value().ty()))
            }
            _ => Ok(self.new_c_array(result)),
        }
    }

    /// `atleast_1d` and its kin.
    pub(super) fn at_least(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let values = self.required(call, "arys")?;
        let mut results = Vec::new();
        for value in self.items(&values)? {
            results.push(self.with_rank(call.name, &value)?);
        }
        Ok(match results.len() {
            1 => results.remove(0),
            _ => Value::Tuple(Rc::new(results)),
        })
    }

    /// An array with new dimensions as `atleast_…` gives it.
    pub(super) fn with_rank(&mut self, name: &str, value: &Value<'c>) -> Captured<Value<'c>> {
        let rank = self.tensor(value)?.rank();
        use Item::NewAxis as New;
        let items = match (name, rank) {
            ("atleast_1d", 0) => vec![New],
            ("atleast_2d", 0) => vec![New, New],
            ("atleast_2d", 1) => vec![New, Item::ALL],
            ("atleast_3d", 0) => vec![New, New, New],
            ("atleast_3d", 1) => vec![New, Item::ALL, New],
            ("atleast_3d", 2) => vec![Item::ALL, Item::ALL, New],
            _ if matches!(value, Value::Array(_)) => return Ok(value.clone()),
            _ => vec![Item::ALL; rank],
        };
        self.sliced(value, items)
    }

    pub(super) fn flip(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "m")?;
        let rank = self.tensor(&value)?.rank();
        if rank == 0 {
            return self.unsupported("a number that is flipped");
        }
        let axes = match (call.name, call.take("axis")) {
            ("flipud", _) => vec![0],
            ("fliplr", _) => vec![1],
            (_, None) => (0..rank as i64).collect(),
            (_, Some(axis)) => self.integers(&axis)?,
        };
        let mut items = vec![Item::ALL; rank];
        for axis in axes {
            items[self.axis_in(axis, rank)?] = BACKWARDS;
        }
        self.sliced(&value, items)
    }

    pub(super) fn rot90(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "m")?;
        let k = self.integer_or(call, "k", 1)?.rem_euclid(4);
        let rank = self.tensor(&value)?.rank();
        let axes = match call.take("axes") {
            Some(axes) => self.integers(&axes)?,
            None => vec![0, 1],
        };
        let [a, b] = axes.as_slice() else {
            return self.unsupported("len(axes) must be 2.");
        };
        let (a, b) = (self.axis_in(*a, rank)?, self.axis_in(*b, rank)?);
        if a == b {
            return self.unsupported("Axes must be different.");
        }
        let flipped = |this: &mut Self, value: &Value<'c>, axes: &[usize]| {
            let items = (0..rank).map(|i| match axes.contains(&i) {
                true => BACKWARDS,
                false => Item::ALL,
            });
            this.sliced(value, items.collect())
        };
        let mut order: Vec<i64> = (0..rank as i64).collect();
        order.swap(a, b);
        match k {
            0 => flipped(self, &value, &[]),
            1 => {
                let value = flipped(self, &value, &[b])?;
                self.transposed(&value, Some(order))
            }
            2 => flipped(self, &value, &[a, b]),
            _ => {
                let value = self.transposed(&value, Some(order))?;
                flipped(self, &value, &[b])
            }
        }
    }

    pub(super) fn broadcast_to(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "array")?;
        let shape = self.required(call, "shape")?;
        let sizes = self.shape_of(&shape)?;
        self.broadcast_view(&value, &sizes)
    }

    fn broadcast_view(&mut self, value: &Value<'c>, sizes: &[OpFold<'c>]) -> Captured<Value<'c>> {
        let (shape, operands) = mixed(sizes);
        let shape = self.f.rewriter().ctx().i64_array(&shape);
        self.read_only_view(value, "broadcast_to", &operands, &[("shape", shape)])
    }

    pub(super) fn broadcast_arrays(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let values = self.required(call, "args")?;
        let values = self.items(&values)?;
        let mut tensors = Vec::new();
        for value in &values {
            tensors.push(self.tensor(value)?);
        }
        let sizes = self.common_sizes(&tensors)?;
        let mut results = Vec::new();
        for value in &values {
            results.push(self.broadcast_view(value, &sizes)?);
        }
        Ok(Value::Tuple(Rc::new(results)))
    }

    /// The sizes that arrays broadcast to, which are known or the same value.
    pub(super) fn common_sizes(&mut self, tensors: &[Tensor<'c>]) -> Captured<Vec<OpFold<'c>>> {
        let rank = tensors.iter().map(|x| x.rank()).max().unwrap_or(0);
        let mut sizes = vec![OpFold::Static(1); rank];
        for x in tensors {
            let own = self.sizes(*x)?;
            let lead = rank - own.len();
            for (size, own) in sizes[lead..].iter_mut().zip(own) {
                match (&size, own) {
                    (_, OpFold::Static(1)) => {}
                    (OpFold::Static(1), own) => *size = own,
                    (OpFold::Static(a), OpFold::Static(b)) if *a == b => {}
                    (OpFold::Static(_), OpFold::Static(_)) => {
                        return self.unsupported(
                            "shape mismatch: objects cannot be broadcast to a single shape",
                        );
                    }
                    _ => return self.unsupported("arrays of unknown shapes that are broadcast"),
                }
            }
        }
        Ok(sizes)
    }

    pub(super) fn diagonal(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let of_stacks = call.name == "linalg.diagonal";
        let value = self.required(call, if of_stacks { "x" } else { "a" })?;
        let default = if of_stacks { [-2, -1] } else { [0, 1] };
        let offset = self.integer_or(call, "offset", 0)?;
        let axes = [
            self.integer_or(call, "axis1", default[0])?,
            self.integer_or(call, "axis2", default[1])?,
        ];
        let ctx = self.f.rewriter().ctx();
        let attrs = [
            ("offset", ctx.i64_attr(offset)),
            ("axes", ctx.i64_array(&axes)),
        ];
        self.read_only_view(&value, "diagonal", &[], &attrs)
    }

    pub(super) fn windows(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "x")?;
        let window = self.required(call, "window_shape")?;
        let (window, operands) = mixed(&self.shape_of(&window)?);
        let ctx = self.f.rewriter().ctx();
        let mut attrs = vec![("window", ctx.i64_array(&window))];
        if let Some(axis) = call.take("axis") {
            attrs.push(("axes", ctx.i64_array(&self.integers(&axis)?)));
        }
        self.read_only_view(&value, "sliding_window_view", &operands, &attrs)
    }

    /// A view that cannot be written to, made by an operation.
    pub(super) fn read_only_view(
        &mut self,
        value: &Value<'c>,
        op: &'static str,
        operands: &[Tensor<'c>],
        attrs: &[(&'static str, Attribute<'c>)],
    ) -> Captured<Value<'c>> {
        let step = Step::ReadOnly {
            op,
            operands: operands.to_vec(),
            attrs: attrs.to_vec(),
        };
        let tensor = self.tensor(value)?;
        let result = self.take(tensor, &step)?;
        match value {
            Value::Array(array) => Ok(self.view(array, step, result.value().ty())),
            _ => Ok(self.new_array(result)),
        }
    }

    /// The real or the imaginary part.
    pub(super) fn real_or_imag(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "val")?;
        self.part_of(&value, call.name == "imag")
    }

    pub(super) fn part_of(&mut self, value: &Value<'c>, imaginary: bool) -> Captured<Value<'c>> {
        let tensor = self.tensor(value)?;
        let op = if imaginary { "imag" } else { "real" };
        let complex = is_complex(self.dtype(tensor)?);
        match value {
            // The real part of a real array is the array.
            Value::Array(_) if !complex && !imaginary => Ok(value.clone()),
            Value::Array(Array { .. }) if complex => self.read_only_view(value, op, &[], &[]),
            Value::Array(_) => {
                let part = self.op(op, &[tensor], &[])?;
                Ok(self.new_array(part))
            }
            _ => self.operation(op, &[tensor], &[]),
        }
    }
}

/// A whole dimension, from its end to its start.
const BACKWARDS: Item = Item::Slice {
    start: None,
    stop: None,
    step: Some(Bound::Static(-1)),
};

/// Whether elements are complex.
pub(super) fn is_complex(dtype: npir::prelude::DType) -> bool {
    use npir::prelude::DType;
    matches!(dtype, DType::C64 | DType::C128)
}
