//! Products, linear algebra and Fourier transforms.

use std::rc::Rc;

use npir::builder::{Tensor, tensor_type};
use npir::mlir::prelude::*;
use npir::prelude::DType;
use pyo3::prelude::*;

use crate::value::Value;

use super::making::mixed;
use super::parameters::{Call, KEEPDIMS, Types};
use super::{Capture, Captured};

impl<'c> Capture<'_, 'c, '_> {
    pub(super) fn tensordot(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let names = match call.name {
            "tensordot" => ["a", "b"],
            _ => ["x1", "x2"],
        };
        let (a, b) = (
            self.required(call, names[0])?,
            self.required(call, names[1])?,
        );
        let operands = self.operands(&[a, b], Types::Common)?;
        let rank = operands[0].rank() as i64;
        let (left, right) = match call.take("axes") {
            None => ((rank - 2..rank).collect(), vec![0, 1]),
            Some(Value::Tuple(pair)) if pair.len() == 2 => {
                (self.integers(&pair[0])?, self.integers(&pair[1])?)
            }
            Some(Value::List(pair)) if pair.now().len() == 2 => {
                let pair = pair.now();
                (self.integers(&pair[0])?, self.integers(&pair[1])?)
            }
            Some(n) => {
                let n = self.integer(&n)?;
                ((rank - n..rank).collect(), (0..n).collect())
            }
        };
        let ctx = self.f.rewriter().ctx();
        let attrs = [
            ("lhs_axes", ctx.i64_array(&left)),
            ("rhs_axes", ctx.i64_array(&right)),
        ];
        let result = self.op("tensordot", &operands, &attrs)?;
        Ok(self.new_array(result))
    }

    pub(super) fn einsum(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let operands = self.required(call, "operands")?;
        let mut operands = self.items(&operands)?;
        if operands.is_empty() {
            return self.unsupported("must specify the einstein sum subscripts string");
        }
        let subscripts = operands.remove(0);
        call.take("optimize");
        let operands = self.operands(&operands, Types::Common)?;
        let subscripts = self.word(&subscripts)?.replace(' ', "");
        let subscripts = self.f.rewriter().ctx().str_attr(&subscripts);
        self.operation("einsum", &operands, &[("subscripts", subscripts)])
    }

    pub(super) fn cross(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (a, b) = (self.required(call, "a")?, self.required(call, "b")?);
        let axis = self.integer_or(call, "axis", -1)?;
        for parameter in ["axisa", "axisb", "axisc"] {
            if self.integer_or(call, parameter, axis)? != axis {
                return self.unsupported("numpy.cross along different axes");
            }
        }
        let operands = self.operands(&[a, b], Types::Common)?;
        let axis = self.f.rewriter().ctx().i64_attr(axis);
        self.operation("cross", &operands, &[("axis", axis)])
    }

    pub(super) fn multi_dot(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let arrays = self.required(call, "arrays")?;
        let arrays = self.items(&arrays)?;
        let operands = self.operands(&arrays, Types::Common)?;
        self.operation("linalg_multi_dot", &operands, &[])
    }

    /// Norms and condition numbers.
    pub(super) fn norm(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "x")?;
        let x = self.tensor(&value)?;
        let half = self.dtype(x)? == DType::F16 && call.name != "linalg.cond";
        let operands = match half {
            true => vec![x],
            false => self.operands(std::slice::from_ref(&value), Types::Linear)?,
        };
        let rank = operands[0].rank() as i64;
        let ctx = self.f.rewriter().ctx();
        let mut attrs = Vec::new();
        let parameter = if call.name == "linalg.cond" {
            "p"
        } else {
            "ord"
        };
        if let Some(ord) = call.take(parameter) {
            let ord = self.concrete(&ord)?;
            match ord.extract::<f64>() {
                Ok(f64::INFINITY) => attrs.push(("kind", ctx.str_attr("inf"))),
                Ok(f64::NEG_INFINITY) => attrs.push(("kind", ctx.str_attr("neg_inf"))),
                Ok(ord) => attrs.push(("ord", ctx.float_attr(ctx.f64(), ord))),
                Err(_) => attrs.push(("kind", ctx.str_attr(&ord.extract::<String>()?))),
            }
        }
        let op = match call.name {
            "linalg.cond" => "linalg_cond",
            "linalg.matrix_norm" => {
                attrs.push(("axes", ctx.i64_array(&[-2, -1])));
                "linalg_norm"
            }
            "linalg.vector_norm" if !call.has("axis") && rank != 1 => {
                return self.unsupported("numpy.linalg.vector_norm of a whole array");
            }
            _ => "linalg_norm",
        };
        if let Some(axis) = call.take("axis") {
            attrs.push(("axes", ctx.i64_array(&self.integers(&axis)?)));
        }
        if op == "linalg_norm" {
            attrs.extend(self.attribute_of(call, &KEEPDIMS)?);
        }
        self.operation(op, &operands, &attrs)
    }

    /// `pinv` and `matrix_rank`, which count small singular values as zero.
    pub(super) fn tolerant(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (op, matrix, absolute) = match call.name {
            "linalg.pinv" => ("linalg_pinv", "a", "rcond"),
            _ => ("linalg_matrix_rank", "A", "tol"),
        };
        let a = self.required(call, matrix)?;
        let mut operands = self.operands(&[a], Types::Linear)?;
        if op == "linalg_matrix_rank" && operands[0].rank() < 2 {
            return self.unsupported("the rank of what is no matrix");
        }
        let ctx = self.f.rewriter().ctx();
        let mut attrs = Vec::new();
        let relative = call.take("rtol");
        let tolerance = call.take(absolute);
        if relative.is_some() && tolerance.is_some() {
            return self.unsupported("two tolerances");
        }
        if relative.is_some() && op == "linalg_matrix_rank" {
            attrs.push(("relative", ctx.unit_attr()));
        }
        if let Some(tolerance) = relative.or(tolerance) {
            operands.push(self.tensor_as(&tolerance, DType::F64)?);
        }
        if self.flag_of(call, "hermitian")? {
            attrs.push(("hermitian", ctx.unit_attr()));
        }
        self.operation(op, &operands, &attrs)
    }

    pub(super) fn lstsq(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (a, b) = (self.required(call, "a")?, self.required(call, "b")?);
        let mut operands = self.operands(&[a, b], Types::Linear)?;
        if let Some(rcond) = call.take("rcond") {
            operands.push(self.tensor_as(&rcond, DType::F64)?);
        }
        let results = self.op_all("linalg_lstsq", &operands, &[])?;
        self.tuple_of(results)
    }

    /// Results as a tuple, those without dimensions as numbers.
    fn tuple_of(&mut self, results: Vec<Tensor<'c>>) -> Captured<Value<'c>> {
        let values = results.into_iter().map(|x| self.result(x)).collect();
        Ok(Value::Tuple(Rc::new(values)))
    }

    pub(super) fn qr(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let a = self.required(call, "a")?;
        let operands = self.operands(&[a], Types::Linear)?;
        let mode = self.word_of(call, "mode")?;
        let ctx = self.f.rewriter().ctx();
        let attrs = match mode.as_deref() {
            None | Some("reduced") => vec![],
            Some("complete") => vec![("complete", ctx.unit_attr())],
            Some("r") => return self.operation("linalg_qr_r", &operands, &[]),
            Some(other) => return self.unsupported(format!("the mode {other} of numpy.linalg.qr")),
        };
        let results = self.op_all("linalg_qr", &operands, &attrs)?;
        self.named_tuple("QRResult", results)
    }

    pub(super) fn svd(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let a = self.required(call, "a")?;
        let operands = self.operands(&[a], Types::Linear)?;
        let flag = |this: &Self, call: &mut Call<'c>, name: &str| match call.take(name) {
            None => Ok(true),
            Some(value) => Ok::<_, super::Stop>(this.concrete(&value)?.is_truthy()?),
        };
        let full = flag(self, call, "full_matrices")?;
        if !flag(self, call, "compute_uv")? {
            return self.operation("linalg_svdvals", &operands, &[]);
        }
        let ctx = self.f.rewriter().ctx();
        let attrs = Vec::from_iter(full.then(|| ("full_matrices", ctx.unit_attr())));
        let results = self.op_all("linalg_svd", &operands, &attrs)?;
        self.named_tuple("SVDResult", results)
    }

    pub(super) fn eigen(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let a = self.required(call, "a")?;
        let operands = self.operands(&[a], Types::Linear)?;
        let ctx = self.f.rewriter().ctx();
        let upper = self
            .word_of(call, "UPLO")?
            .is_some_and(|uplo| uplo.eq_ignore_ascii_case("u"));
        let attrs = Vec::from_iter(upper.then(|| ("upper", ctx.unit_attr())));
        let complex = super::shaping::is_complex(self.dtype(operands[0])?);
        let op = call.name.replace('.', "_");
        match call.name {
            "linalg.eig" | "linalg.eigvals" if !complex => self.unsupported(format!(
                "numpy.{}: whether results are complex depends on values",
                call.name
            )),
            "linalg.eigvals" | "linalg.eigvalsh" => self.operation(&op, &operands, &attrs),
            "linalg.eig" => {
                let results = self.op_all(&op, &operands, &attrs)?;
                self.named_tuple("EigResult", results)
            }
            _ => {
                let results = self.op_all(&op, &operands, &attrs)?;
                self.named_tuple("EighResult", results)
            }
        }
    }

    pub(super) fn slogdet(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let a = self.required(call, "a")?;
        let operands = self.operands(&[a], Types::Linear)?;
        let results = self.op_all("linalg_slogdet", &operands, &[])?;
        self.named_tuple("SlogdetResult", results)
    }

    /// Results as one of NumPy's named tuples.
    fn named_tuple(&mut self, class: &str, results: Vec<Tensor<'c>>) -> Captured<Value<'c>> {
        let class = self.py.import("numpy.linalg._linalg")?.getattr(class)?;
        let values = results.into_iter().map(|x| self.result(x)).collect();
        Ok(Value::Named(Rc::new(class.unbind()), Rc::new(values)))
    }

    /// `fftshift` and `ifftshift`.
    pub(super) fn shifted(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let x = self.operand(call, "x")?;
        if x.rank() == 0 {
            return self.unsupported("a shift of a number");
        }
        let ctx = self.f.rewriter().ctx();
        let axes = call
            .take("axes")
            .map(|axes| self.integers(&axes))
            .transpose()?;
        let attrs = Vec::from_iter(axes.map(|axes| ("axes", ctx.i64_array(&axes))));
        let result = self.op(&call.name.replace('.', "_"), &[x], &attrs)?;
        Ok(self.new_array(result))
    }

    /// `linalg.vecdot` along the last axis.
    pub(super) fn vecdot(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (a, b) = (self.required(call, "x1")?, self.required(call, "x2")?);
        self.ufunc("vecdot", &[a, b])
    }

    /// `linalg.outer`, of vectors alone.
    pub(super) fn outer_of_vectors(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (a, b) = (self.required(call, "x1")?, self.required(call, "x2")?);
        let operands = self.operands(&[a, b], Types::Common)?;
        if operands.iter().any(|x| x.rank() != 1) {
            return self.unsupported("an outer product of what are no vectors");
        }
        self.operation("outer", &operands, &[])
    }

    /// The transforms of `numpy.fft`.
    pub(super) fn fourier(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let x = self.operand(call, "a")?;
        let ctx = self.f.rewriter().ctx();
        let mut operands = vec![x];
        let mut attrs = Vec::new();
        let sizes = call.take("n").or_else(|| call.take("s"));
        if let Some(sizes) = sizes {
            let rw = self.f.rewriter();
            for size in self.shape_of(&sizes)? {
                let value = match size {
                    OpFold::Value(value) => value,
                    OpFold::Static(n) => rw.const_index(n),
                };
                operands.push(Tensor::from_value(value));
            }
        }
        if let Some(axes) = call.take("axis").or_else(|| call.take("axes")) {
            attrs.push(("axes", ctx.i64_array(&self.integers(&axes)?)));
        }
        if let Some(norm) = self.word_of(call, "norm")? {
            attrs.push(("norm", ctx.str_attr(&norm)));
        }
        let result = self.op(&call.name.replace('.', "_"), &operands, &attrs)?;
        Ok(self.new_array(result))
    }

    /// `fftfreq` and `rfftfreq` of a size that the program computes.
    pub(super) fn frequencies(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let n = self.required(call, "n")?;
        let size = self.size_of(&n)?;
        let ctx = self.f.rewriter().ctx();
        let mut attrs = Vec::new();
        if let Some(d) = call.take("d") {
            attrs.push(("d", ctx.float_attr(ctx.f64(), self.number(&d)?)));
        }
        let (shape, mut operands) = mixed(&[size]);
        if operands.is_empty() {
            operands.push(Tensor::from_value(self.f.rewriter().const_index(shape[0])));
        }
        let result = self.f.named_as(
            &format!("numpy.{}", call.name.replace('.', "_")),
            tensor_type(ctx, DType::F64, &[None]),
            &operands,
            &attrs,
        );
        let result = self.built(result)?;
        Ok(self.new_c_array(result))
    }
}
