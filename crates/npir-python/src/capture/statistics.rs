//! Statistics, differences, integrals, interpolation.

use std::rc::Rc;

use npir::builder::Tensor;
use npir::mlir::prelude::*;
use npir::prelude::DType;
use pyo3::prelude::*;

use crate::value::{Value, is_integer};

use super::parameters::{AXES, Call, KEEPDIMS, Types};
use super::{Capture, Captured};

impl<'c> Capture<'_, 'c, '_> {
    /// `percentile`, `quantile` and those without NaN.
    pub(super) fn quantile(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let x = self.operand(call, "a")?;
        let q = self.required(call, "q")?;
        let ctx = self.f.rewriter().ctx();
        let mut attrs = Vec::new();
        if let Some(method) = self.word_of(call, "method")? {
            attrs.push(("method", ctx.str_attr(&method)));
        }
        attrs.extend(self.attribute_of(call, &AXES)?);
        attrs.extend(self.attribute_of(call, &KEEPDIMS)?);
        let tensor = self.tensor(&q)?;
        let dtype = self.dtype(tensor)?;
        let operand = match is_integer(dtype) || dtype == DType::Bool {
            true => self.tensor_as(&q, DType::F64)?,
            false => tensor,
        };
        // A number of Python takes the type of the array.
        let weak = match &q {
            Value::Number(..) => true,
            Value::Object(object) => npir_dispatch::number_of(object.bind(self.py)).is_some(),
            _ => false,
        };
        attrs.extend(weak.then(|| ("weak", ctx.unit_attr())));
        self.operation(call.name, &[x, operand], &attrs)
    }

    /// `cov` and `corrcoef`.
    pub(super) fn covariance(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let name = if call.name == "cov" { "m" } else { "x" };
        let m = self.required(call, name)?;
        let columns = match call.take("rowvar") {
            Some(rows) => self.flag_value(&rows)?.then_some(()).is_none(),
            None => false,
        };
        let x = match call.take("y") {
            None => self.tensor(&m)?,
            Some(y) if !columns => {
                let rows = [
                    self.with_rank("atleast_2d", &m)?,
                    self.with_rank("atleast_2d", &y)?,
                ];
                let both = self.join("concatenate", &rows, 0, false, None)?;
                self.tensor(&both)?
            }
            Some(_) => return self.unsupported("the argument y of numpy.cov with columns"),
        };
        let ctx = self.f.rewriter().ctx();
        let mut attrs = Vec::new();
        attrs.extend(columns.then(|| ("columns", ctx.unit_attr())));
        if call.name == "cov" {
            let biased = self.flag_of(call, "bias")?;
            let ddof = call
                .take("ddof")
                .map(|ddof| self.integer(&ddof))
                .transpose()?;
            let ddof = ddof.unwrap_or(if biased { 0 } else { 1 });
            attrs.push(("ddof", ctx.i64_attr(ddof)));
        }
        let dtype = self.dtype_of(call, "dtype")?;
        if dtype.is_some_and(|dtype| dtype != DType::F64) {
            return self.unsupported(format!("the argument dtype of numpy.{}", call.name));
        }
        let result = self.op(call.name, &[x], &attrs)?;
        Ok(match call.name {
            "cov" => self.new_array(result),
            _ => self.result(result),
        })
    }

    /// Whether a value that is known is true.
    fn flag_value(&self, value: &Value<'c>) -> Captured<bool> {
        Ok(self.concrete(value)?.is_truthy()?)
    }

    /// `histogram` and `histogram_bin_edges`.
    pub(super) fn histogram(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let a = self.required(call, "a")?;
        let bins = call.take("bins").unwrap_or_else(|| self.int(10));
        let edges_only = call.name == "histogram_bin_edges";
        let ctx = self.f.rewriter().ctx();
        let mut x = self.tensor(&a)?;
        let count = match &bins {
            Value::Tuple(_) | Value::List(_) | Value::Array(_) => None,
            one => Some(self.size_of(one)?),
        };
        let mut operands = Vec::new();
        let mut edges = None;
        match count {
            Some(OpFold::Static(n)) => {
                operands.push(Tensor::from_value(self.f.rewriter().const_index(n)));
            }
            Some(OpFold::Value(value)) => operands.push(Tensor::from_value(value)),
            None if edges_only => return self.unsupported("numpy.histogram_bin_edges of edges"),
            None => {
                // The edges that are returned are those that were passed.
                edges = Some(self.tensor(&bins)?);
                let both = self.operands(&[a, bins], Types::Common)?;
                x = both[0];
                operands.push(both[1]);
            }
        }
        operands.insert(0, x);
        let range = call.take("range");
        let mut segments = vec![1, 1, i32::from(range.is_some()), i32::from(range.is_some())];
        if let Some(range) = range {
            for limit in self.items(&range)? {
                operands.push(self.tensor_as(&limit, DType::F64)?);
            }
        }
        if edges_only {
            let attrs = [("operandSegmentSizes", ctx.i32_array(&segments))];
            let result = self.op("histogram_bin_edges", &operands, &attrs)?;
            return Ok(self.new_array(result));
        }
        let weights = call.take("weights");
        segments.push(i32::from(weights.is_some()));
        if let Some(weights) = weights {
            operands.push(self.tensor(&weights)?);
        }
        let mut attrs = vec![("operandSegmentSizes", ctx.i32_array(&segments))];
        attrs.extend(
            self.flag_of(call, "density")?
                .then(|| ("density", ctx.unit_attr())),
        );
        let results = self.op_all("histogram", &operands, &attrs)?;
        let edges = edges.unwrap_or(results[1]);
        let values = vec![self.new_array(results[0]), self.new_array(edges)];
        Ok(Value::Tuple(Rc::new(values)))
    }

    pub(super) fn bincount(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let x = self.required(call, "x")?;
        let x = self.positions(&x)?;
        let weights = match call.take("weights") {
            Some(weights) => Some(self.tensor_as(&weights, DType::F64)?),
            None => None,
        };
        if weights.is_some() && x.shape() == [Some(0)] {
            return self.unsupported("numpy.bincount of nothing with weights, which NumPy counts");
        }
        let least = match call.take("minlength") {
            Some(least) => Some(match self.size_of(&least)? {
                OpFold::Value(value) => Tensor::from_value(value),
                OpFold::Static(n) => Tensor::from_value(self.f.rewriter().const_index(n)),
            }),
            None => None,
        };
        let ctx = self.f.rewriter().ctx();
        let segments = [1, i32::from(weights.is_some()), i32::from(least.is_some())];
        let operands: Vec<_> = [Some(x), weights, least].into_iter().flatten().collect();
        let attrs = [("operandSegmentSizes", ctx.i32_array(&segments))];
        let result = self.op("bincount", &operands, &attrs)?;
        Ok(self.new_array(result))
    }

    pub(super) fn diff(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let mut value = self.required(call, "a")?;
        let n = self.integer_or(call, "n", 1)?;
        let axis = self.integer_or(call, "axis", -1)?;
        let rank = self.tensor(&value)?.rank();
        let at = self.axis_in(axis, rank)?;
        let (before, after) = (call.take("prepend"), call.take("append"));
        if before.is_some() || after.is_some() {
            let mut parts = Vec::new();
            for part in [before, Some(value), after].into_iter().flatten() {
                let tensor = self.tensor(&part)?;
                parts.push(match tensor.rank() {
                    0 => {
                        let shape = vec![OpFold::Static(1); rank];
                        let mut sizes = match parts.first() {
                            Some(Value::Array(_)) => {
                                let first = self.tensor(&parts[0])?;
                                self.sizes(first)?
                            }
                            _ => shape,
                        };
                        sizes[at] = OpFold::Static(1);
                        let full = self.f.broadcast_to(tensor, &sizes);
                        Value::Scalar(self.built(full)?)
                    }
                    _ => part,
                });
            }
            if rank > 1 && parts.iter().any(|part| matches!(part, Value::Scalar(_))) {
                return self.unsupported("a number before or behind rows in numpy.diff");
            }
            value = self.join("concatenate", &parts, axis, false, None)?;
        }
        let x = self.tensor(&value)?;
        let ctx = self.f.rewriter().ctx();
        let attrs = [("n", ctx.i64_attr(n)), ("axis", ctx.i64_attr(axis))];
        let result = self.op("diff", &[x], &attrs)?;
        Ok(self.new_array(result))
    }

    pub(super) fn ediff1d(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let x = self.operand(call, "ary")?;
        let flat = self.f.reshape(x, &[OpFold::Static(-1)]);
        let flat = self.built(flat)?;
        let dtype = self.dtype(flat)?;
        if dtype == DType::Bool {
            return self.unsupported("a difference of bools");
        }
        let difference = self.op("diff", &[flat], &[])?;
        let mut parts = Vec::new();
        let (end, begin) = (call.take("to_end"), call.take("to_begin"));
        if let Some(begin) = begin {
            parts.push(self.edge_of(&begin, dtype)?);
        }
        parts.push(Value::Scalar(difference));
        if let Some(end) = end {
            parts.push(self.edge_of(&end, dtype)?);
        }
        match parts.len() {
            1 => Ok(self.new_array(difference)),
            _ => self.join("concatenate", &parts, 0, false, None),
        }
    }

    /// Numbers that are put beside differences, in their type.
    fn edge_of(&mut self, value: &Value<'c>, dtype: DType) -> Captured<Value<'c>> {
        let tensor = self.tensor(value)?;
        let (from, to) = (self.dtype(tensor)?, dtype);
        let (from, to) = (self.dtype_object(from)?, self.dtype_object(to)?);
        let fits = self
            .numpy()?
            .call_method1("can_cast", (from, to, "same_kind"))?;
        if !fits.is_truthy()? {
            return self.unsupported("edges of another kind than the differences");
        }
        let tensor = self.tensor_as(value, dtype)?;
        let flat = self.f.reshape(tensor, &[OpFold::Static(-1)]);
        Ok(Value::Scalar(self.built(flat)?))
    }

    pub(super) fn gradient(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let x = self.operand(call, "f")?;
        let spacings = self.required(call, "varargs")?;
        let spacings = self.items(&spacings)?;
        let second = self.integer_or(call, "edge_order", 1)? == 2;
        let axes = match call.take("axis") {
            Some(axis) => self.integers(&axis)?,
            None => (0..x.rank() as i64).collect(),
        };
        let dtype = match self.dtype(x)? {
            dtype if is_integer(dtype) => DType::F64,
            DType::Bool => return self.unsupported("numpy.gradient of bools"),
            dtype => dtype,
        };
        if spacings.len() > 1 && spacings.len() != axes.len() {
            return self.unsupported("numpy.gradient with another number of spacings than axes");
        }
        let ctx = self.f.rewriter().ctx();
        let mut results = Vec::new();
        for (i, axis) in axes.iter().enumerate() {
            let mut operands = vec![x];
            if let Some(spacing) = spacings.get(i).or(spacings.first()) {
                let common = self.common(std::slice::from_ref(spacing))?;
                if matches!(dtype, DType::F32 | DType::F16) && common == DType::F64 {
                    let weak = !matches!(spacing, Value::Array(_) | Value::Scalar(_));
                    if !weak {
                        return self.unsupported("a spacing of wider floats in numpy.gradient");
                    }
                }
                operands.push(self.tensor_as(spacing, dtype)?);
            }
            let mut attrs = vec![("axis", ctx.i64_attr(*axis))];
            attrs.extend(second.then(|| ("second_order", ctx.unit_attr())));
            let result = self.op("gradient", &operands, &attrs)?;
            results.push(self.new_array(result));
        }
        Ok(match results.len() {
            1 => results.remove(0),
            _ => Value::Tuple(Rc::new(results)),
        })
    }

    pub(super) fn trapezoid(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let y = self.required(call, "y")?;
        let ctx = self.f.rewriter().ctx();
        let axis = self.integer_or(call, "axis", -1)?;
        let mut attrs = vec![("axis", ctx.i64_attr(axis))];
        let operands = match call.take("x") {
            Some(x) => self.operands(&[y, x], Types::Common)?,
            None => {
                if let Some(dx) = call.take("dx") {
                    attrs.push(("dx", ctx.float_attr(ctx.f64(), self.number(&dx)?)));
                }
                vec![self.tensor(&y)?]
            }
        };
        self.operation("trapezoid", &operands, &attrs)
    }

    pub(super) fn interp(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let mut operands = Vec::new();
        for name in ["x", "xp", "fp"] {
            operands.push(self.operand(call, name)?);
        }
        let mut segments = vec![1, 1, 1];
        for name in ["left", "right"] {
            let value = call.take(name);
            segments.push(i32::from(value.is_some()));
            if let Some(value) = value {
                operands.push(self.tensor_as(&value, DType::F64)?);
            }
        }
        let segments = self.f.rewriter().ctx().i32_array(&segments);
        self.operation("interp", &operands, &[("operandSegmentSizes", segments)])
    }
}
