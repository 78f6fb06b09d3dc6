//! Functions of each element that are no elementwise functions for NumPy, and questions about arrays.

use npir::builder::Tensor;
use npir::mlir::prelude::*;
use npir::prelude::DType;
use npir_dispatch::spec::NumberKind;
use pyo3::prelude::*;

use crate::value::{Origin, Value};

use super::parameters::Call;
use super::{Capture, Captured};

impl<'c> Capture<'_, 'c, '_> {
    pub(super) fn clip(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "a")?;
        let low = call.take("a_min").or_else(|| call.take("min"));
        let high = call.take("a_max").or_else(|| call.take("max"));
        match (low, high) {
            (None, None) => self.ufunc("positive", &[value]),
            (Some(low), None) => self.ufunc("maximum", &[value, low]),
            (None, Some(high)) => self.ufunc("minimum", &[value, high]),
            (Some(low), Some(high)) => self.ufunc("clip", &[value, low, high]),
        }
    }

    pub(super) fn fix(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "x")?;
        self.ufunc("trunc", &[value])
    }

    pub(super) fn nan_to_num(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "x")?;
        let x = self.tensor(&value)?;
        let in_place = match call.take("copy") {
            Some(copy) => !self.concrete(&copy)?.is_truthy()?,
            None => false,
        };
        let ctx = self.f.rewriter().ctx();
        let mut attrs = Vec::new();
        for name in ["nan", "posinf", "neginf"] {
            if let Some(number) = call.take(name) {
                attrs.push((name, ctx.float_attr(ctx.f64(), self.number(&number)?)));
            }
        }
        let result = self.op("nan_to_num", &[x], &attrs)?;
        match (&value, in_place) {
            (Value::Array(array), true) => {
                self.write(array, result)?;
                Ok(value)
            }
            _ => Ok(self.result(result)),
        }
    }

    pub(super) fn angle(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let z = self.operand(call, "z")?;
        let degrees = self.flag_of(call, "deg")?;
        let angle = self.op("angle", &[z], &[])?;
        let angle = self.result(angle);
        match degrees {
            true => {
                let factor = self.constant_number(180.0 / std::f64::consts::PI)?;
                self.ufunc("multiply", &[angle, factor])
            }
            false => Ok(angle),
        }
    }

    pub(super) fn sinc(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let x = self.operand(call, "x")?;
        self.operation("sinc", &[x], &[])
    }

    /// `iscomplex` and `isreal`.
    pub(super) fn is_part(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "x")?;
        let imag = self.part_of(&value, true)?;
        let function = if call.name == "isreal" {
            "equal"
        } else {
            "not_equal"
        };
        let zero = self.int(0);
        self.ufunc(function, &[imag, zero])
    }

    /// `isclose` and `allclose`.
    pub(super) fn is_close(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (a, b) = (self.required(call, "a")?, self.required(call, "b")?);
        // Integers are compared as floats.
        let mut dtype = self.common(&[a.clone(), b.clone()])?;
        if crate::value::is_integer(dtype) || dtype == DType::Bool {
            dtype = DType::F64;
        }
        let operands = [self.tensor_as(&a, dtype)?, self.tensor_as(&b, dtype)?];
        let ctx = self.f.rewriter().ctx();
        let mut attrs = Vec::new();
        for name in ["rtol", "atol"] {
            if let Some(number) = call.take(name) {
                attrs.push((name, ctx.float_attr(ctx.f64(), self.number(&number)?)));
            }
        }
        if self.flag_of(call, "equal_nan")? {
            attrs.push(("equal_nan", ctx.unit_attr()));
        }
        let close = self.op("isclose", &operands, &attrs)?;
        match call.name {
            "isclose" => Ok(self.result(close)),
            _ => {
                let all = self.reduced("all", close, None)?;
                Ok(self.python_bool(all))
            }
        }
    }

    /// `array_equal` and `array_equiv`.
    pub(super) fn array_equal(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (a, b) = (self.required(call, "a1")?, self.required(call, "a2")?);
        let (x, y) = (self.tensor(&a)?, self.tensor(&b)?);
        let nan = self.flag_of(call, "equal_nan")?;
        let (s, t) = (x.shape(), y.shape());
        if call.name == "array_equal" {
            let differ =
                |p: &Option<usize>, q: &Option<usize>| p.zip(*q).is_some_and(|(p, q)| p != q);
            if s.len() != t.len() || s.iter().zip(&t).any(|(p, q)| differ(p, q)) {
                return Ok(self.bool(false));
            }
        }
        if s.iter().chain(&t).any(Option::is_none) {
            return self.unsupported(format!("numpy.{} of arrays of unknown shapes", call.name));
        }
        let mut equal = self.ufunc("equal", &[a.clone(), b.clone()])?;
        if nan {
            let (p, q) = (self.ufunc("isnan", &[a])?, self.ufunc("isnan", &[b])?);
            let both = self.ufunc("logical_and", &[p, q])?;
            equal = self.ufunc("logical_or", &[equal, both])?;
        }
        let equal = self.tensor(&equal)?;
        let all = self.reduced("all", equal, None)?;
        Ok(self.python_bool(all))
    }

    /// `isneginf` and `isposinf`.
    pub(super) fn is_infinite(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "x")?;
        let infinite = self.ufunc("isinf", std::slice::from_ref(&value))?;
        let mut sign = self.ufunc("signbit", &[value])?;
        if call.name == "isposinf" {
            sign = self.ufunc("logical_not", &[sign])?;
        }
        self.ufunc("logical_and", &[infinite, sign])
    }

    /// `ndim`, `shape`, `size` and questions about element types.
    pub(super) fn question(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let name = match call.name {
            "isscalar" => "element",
            "iscomplexobj" | "isrealobj" => "x",
            _ => "a",
        };
        let value = self.required(call, name)?;
        let tensor = self.tensor(&value)?;
        let complex = super::shaping::is_complex(self.dtype(tensor)?);
        match call.name {
            "isscalar" => Ok(self.bool(matches!(value, Value::Number(..) | Value::Scalar(_)))),
            "iscomplexobj" => Ok(self.bool(complex)),
            "isrealobj" => Ok(self.bool(!complex)),
            "size" => match call.take("axis") {
                Some(axis) => {
                    let axis = self.axis_in(self.integer(&axis)?, tensor.rank())?;
                    self.extent(tensor, axis)
                }
                None => self.element_count(tensor),
            },
            other => self.array_attribute(&value, other),
        }
    }

    /// How many elements an array has.
    pub(super) fn element_count(&mut self, x: Tensor<'c>) -> Captured<Value<'c>> {
        let mut count = self.int(1);
        for i in 0..x.rank() {
            let n = self.extent(x, i)?;
            count = self.binary("Mult", &count, &n)?;
        }
        Ok(count)
    }

    /// The size of a dimension, as Python has it.
    pub(super) fn extent(&mut self, x: Tensor<'c>, axis: usize) -> Captured<Value<'c>> {
        if let Some(n) = x.shape()[axis] {
            return Ok(self.int(n as i64));
        }
        let size = self.f.dim(x, axis as i64);
        let size = self.built(size)?;
        let tensor = self.op("from_scalar", &[Tensor::from_value(size)], &[])?;
        let tensor = match self.dtype(tensor)? {
            DType::I64 => tensor,
            _ => return self.unsupported("a size that is no int64"),
        };
        let origin = Origin {
            leaf: None,
            bounds: Some((0, LARGEST_SIZE)),
        };
        Ok(Value::Number(NumberKind::Int, tensor, origin))
    }
}

/// No dimension of an array in memory is larger.
pub(super) const LARGEST_SIZE: i64 = 1 << 47;
