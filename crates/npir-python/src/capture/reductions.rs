//! Reductions, weighted means, traces.

use npir::builder::{Tensor, element_type};
use npir::mlir::prelude::*;
use npir::prelude::DType;
use npir_dispatch::spec::NumberKind;
use pyo3::prelude::*;

use crate::value::{Origin, Value, is_integer};

use super::parameters::{AXES, Call, DTYPE, KEEPDIMS};
use super::shaping::is_complex;
use super::{Capture, Captured};

impl<'c> Capture<'_, 'c, '_> {
    pub(super) fn reduction(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let op = match call.name {
            "amin" => "min",
            "amax" => "max",
            other => other,
        };
        let x = self.operand(call, "a")?;
        let ctx = self.f.rewriter().ctx();
        let dtype = match call.take("dtype") {
            Some(dtype) => Some(self.dtype_named(&self.concrete(&dtype)?)?),
            None => None,
        };
        // Imaginary parts are dropped first.
        let x = match dtype {
            Some(dtype) if is_complex(self.dtype(x)?) && !is_complex(dtype) => {
                self.tensor_as(&Value::Scalar(x), dtype)?
            }
            _ => x,
        };
        let mut attrs = Vec::new();
        attrs.extend(self.attribute_of(call, &AXES)?);
        attrs.extend(self.attribute_of(call, &KEEPDIMS)?);
        attrs.extend(dtype.map(|dtype| ("dtype", ctx.type_attr(element_type(ctx, dtype)))));
        if call.has("ddof") && call.has("correction") {
            return self.unsupported("ddof and correction together");
        }
        if let Some(ddof) = call.take("ddof").or_else(|| call.take("correction")) {
            let ddof = self.number(&ddof)?;
            attrs.push(("ddof", ctx.float_attr(ctx.f64(), ddof)));
        }
        let condition = match call.take("where") {
            None => None,
            Some(Value::Object(object))
                if object
                    .bind(self.py)
                    .is(pyo3::types::PyBool::new(self.py, true).as_any()) =>
            {
                None
            }
            Some(condition) => Some(self.bools(&condition)?),
        };
        let initial = match call.take("initial") {
            None => None,
            Some(initial) => {
                let dtype = match dtype {
                    Some(dtype) => dtype,
                    None => accumulator(op, self.dtype(x)?),
                };
                self.check_weak(&initial, dtype)?;
                Some(self.tensor_as(&initial, dtype)?)
            }
        };
        let spread = matches!(op, "var" | "std" | "nanvar" | "nanstd");
        let segments = [
            1,
            i32::from(condition.is_some()),
            i32::from(initial.is_some()),
        ];
        if !spread {
            attrs.push(("operandSegmentSizes", ctx.i32_array(&segments)));
        }
        let operands: Vec<_> = [Some(x), condition, initial]
            .into_iter()
            .flatten()
            .collect();
        self.operation(op, &operands, &attrs)
    }

    /// `count_nonzero`, a number of Python where all is counted.
    pub(super) fn count_nonzero(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let x = self.operand(call, "a")?;
        let all = !call.has("axis");
        let ctx = self.f.rewriter().ctx();
        let mut attrs = vec![("operandSegmentSizes", ctx.i32_array(&[1, 0, 0]))];
        attrs.extend(self.attribute_of(call, &AXES)?);
        let keep = self.attribute_of(call, &KEEPDIMS)?;
        let kept = keep.is_some();
        attrs.extend(keep);
        let result = self.op("count_nonzero", &[x], &attrs)?;
        Ok(match all && !kept && self.counts_as_int()? {
            true => Value::Number(
                NumberKind::Int,
                result,
                Origin {
                    leaf: None,
                    bounds: Some((0, 1 << 47)),
                },
            ),
            false => self.result(result),
        })
    }

    /// Whether this NumPy's `count_nonzero` gives a number of Python.
    fn counts_as_int(&self) -> Captured<bool> {
        let count = self.numpy()?.call_method1("count_nonzero", (0,))?;
        Ok(count.is_exact_instance_of::<pyo3::types::PyInt>())
    }

    /// `cumulative_sum` and `cumulative_prod`, which may begin with the neutral element.
    pub(super) fn cumulative(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (op, neutral) = match call.name {
            "cumulative_sum" => ("cumsum", 0),
            _ => ("cumprod", 1),
        };
        let x = self.operand(call, "x")?;
        let axis = match call.take("axis") {
            Some(axis) => self.integer(&axis)?,
            None if x.rank() == 1 => 0,
            None => {
                return self.unsupported("cumulative results of several dimensions need an axis");
            }
        };
        let ctx = self.f.rewriter().ctx();
        let mut attrs = vec![("axis", ctx.i64_attr(axis))];
        attrs.extend(self.attribute_of(call, &DTYPE)?);
        let result = self.op(op, &[x], &attrs)?;
        if !self.flag_of(call, "include_initial")? {
            return Ok(self.result(result));
        }
        let at = self.axis_in(axis, result.rank())?;
        let mut sizes = self.sizes(result)?;
        sizes[at] = OpFold::Static(1);
        let neutral = self.tensor_as(&self.int(neutral), self.dtype(result)?)?;
        let first = self.f.full(neutral, &sizes);
        let first = self.built(first)?;
        self.operation(
            "concatenate",
            &[first, result],
            &[("axis", ctx.i64_attr(axis))],
        )
    }

    pub(super) fn average(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let a = self.required(call, "a")?;
        if self.flag_of(call, "returned")? {
            return self.unsupported("the argument returned of numpy.average");
        }
        let mut attrs = Vec::new();
        attrs.extend(self.attribute_of(call, &AXES)?);
        attrs.extend(self.attribute_of(call, &KEEPDIMS)?);
        let Some(weights) = call.take("weights") else {
            let x = self.tensor(&a)?;
            let segments = self.f.rewriter().ctx().i32_array(&[1, 0, 0]);
            attrs.push(("operandSegmentSizes", segments));
            return self.operation("mean", &[x], &attrs);
        };
        let mut dtype = self.common(&[a.clone(), weights.clone()])?;
        let integral = |dtype| is_integer(dtype) || dtype == DType::Bool;
        let own = self.tensor(&a)?;
        if integral(self.dtype(own)?) {
            let wide = self.constant_float_array()?;
            dtype = self.common(&[a.clone(), weights.clone(), wide])?;
        }
        let operands = [self.tensor_as(&a, dtype)?, self.tensor_as(&weights, dtype)?];
        self.operation("average", &operands, &attrs)
    }

    /// Something of type `float64`.
    fn constant_float_array(&mut self) -> Captured<Value<'c>> {
        Ok(Value::Scalar(self.tensor_as(&self.int(0), DType::F64)?))
    }

    pub(super) fn trace(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let of_stacks = call.name == "linalg.trace";
        let x = self.operand(call, if of_stacks { "x" } else { "a" })?;
        let ctx = self.f.rewriter().ctx();
        let offset = self.integer_or(call, "offset", 0)?;
        let default = if of_stacks { [-2, -1] } else { [0, 1] };
        let axes = [
            self.integer_or(call, "axis1", default[0])?,
            self.integer_or(call, "axis2", default[1])?,
        ];
        let mut attrs = vec![
            ("offset", ctx.i64_attr(offset)),
            ("axes", ctx.i64_array(&axes)),
        ];
        attrs.extend(self.attribute_of(call, &DTYPE)?);
        self.operation("trace", &[x], &attrs)
    }

    /// The root of a sum of squares and the like, of a tensor without further ado.
    pub(super) fn reduced(
        &mut self,
        op: &str,
        x: Tensor<'c>,
        axes: Option<&[i64]>,
    ) -> Captured<Tensor<'c>> {
        let ctx = self.f.rewriter().ctx();
        let mut attrs = vec![("operandSegmentSizes", ctx.i32_array(&[1, 0, 0]))];
        attrs.extend(axes.map(|axes| ("axes", ctx.i64_array(axes))));
        self.op(op, &[x], &attrs)
    }
}

/// The type in which a reduction adds up.
fn accumulator(op: &str, dtype: DType) -> DType {
    use DType::*;
    match (op, dtype) {
        ("sum" | "prod" | "nansum" | "nanprod", Bool | I8 | I16 | I32) => I64,
        ("sum" | "prod" | "nansum" | "nanprod", U8 | U16 | U32) => U64,
        _ => dtype,
    }
}
