//! Polynomials by their coefficients, the highest first.

use npir::mlir::prelude::*;
use npir::prelude::DType;
use pyo3::prelude::*;

use crate::value::Value;

use super::calls::Arguments;
use super::parameters::Call;
use super::{Capture, Captured};

impl<'c> Capture<'_, 'c, '_> {
    /// A function of the table with such arguments.
    pub(super) fn numpy_call(
        &mut self,
        name: &str,
        positional: &[Value<'c>],
    ) -> Captured<Value<'c>> {
        let args = Arguments {
            positional: positional.to_vec(),
            keywords: Vec::new(),
        };
        self.table(name, args)
    }

    /// A polynomial by Horner's rule, as NumPy evaluates it.
    pub(super) fn polyval(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (p, x) = (self.required(call, "p")?, self.required(call, "x")?);
        let tensor = self.tensor(&x)?;
        let x = match x {
            Value::Array(_) => x,
            _ => Value::Scalar(tensor),
        };
        // Coefficients are an array, whatever they are passed as.
        let p = match p {
            Value::Array(_) => p,
            other => {
                let p = self.tensor(&other)?;
                self.new_c_array(p)
            }
        };
        let sizes = self.sizes(tensor)?;
        let zero = self.int(0);
        let zero = self.tensor_as(&zero, self.dtype(tensor)?)?;
        let zeros = self.f.full(zero, &sizes);
        let zeros = self.built(zeros)?;
        let mut value = self.new_array(zeros);
        for coefficient in self.items(&p)? {
            let product = self.ufunc("multiply", &[value, x.clone()])?;
            value = self.ufunc("add", &[product, coefficient])?;
        }
        Ok(value)
    }

    /// Coefficients by least squares, as NumPy finds them; the warning of a low rank is not given.
    pub(super) fn polyfit(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (x, y) = (self.required(call, "x")?, self.required(call, "y")?);
        let degree = self.required(call, "deg")?;
        let degree = self.integer(&degree)?;
        let zero = self.constant_number(0.0)?;
        let (x, y) = (self.as_new(&x)?, self.as_new(&y)?);
        let x = self.ufunc("add", &[x, zero.clone()])?;
        let y = self.ufunc("add", &[y, zero])?;
        let points = self.tensor(&x)?;
        let rank = self.tensor(&y)?.rank();
        if degree < 0 || points.rank() != 1 || !(1..=2).contains(&rank) {
            return self.unsupported("numpy.polyfit of such arrays");
        }
        let (rows, columns) = (points.shape()[0], self.tensor(&y)?.shape()[0]);
        if rows.is_none() || rows != columns || rows == Some(0) {
            return self.unsupported("numpy.polyfit of arrays of unknown or different lengths");
        }
        let dtype = self.dtype(points)?;
        let limits = self
            .numpy()?
            .call_method1("finfo", (self.dtype_object(dtype)?,))?;
        let eps: f64 = limits.getattr("eps")?.call_method0("item")?.extract()?;
        let cutoff = match call.take("rcond") {
            Some(rcond) => rcond,
            None => self.constant_number(rows.unwrap_or(0) as f64 * eps)?,
        };
        let order = self.int(degree + 1);
        let mut lhs = self.numpy_call("vander", &[x, order])?;
        let mut rhs = y;
        if let Some(weights) = call.take("w") {
            let zero = self.constant_number(0.0)?;
            let weights = self.as_new(&weights)?;
            let weights = self.ufunc("add", &[weights, zero])?;
            let column = self.int(1);
            let column = self.numpy_call("expand_dims", &[weights.clone(), column])?;
            lhs = self.ufunc("multiply", &[lhs, column.clone()])?;
            let factor = if rank == 2 { column } else { weights };
            rhs = self.ufunc("multiply", &[rhs, factor])?;
        }
        let squares = self.ufunc("multiply", &[lhs.clone(), lhs.clone()])?;
        let axis = self.int(0);
        let sums = self.numpy_call("sum", &[squares, axis])?;
        let scale = self.ufunc("sqrt", &[sums])?;
        let lhs = self.ufunc("divide", &[lhs, scale.clone()])?;
        let solved = self.numpy_call("linalg.lstsq", &[lhs, rhs, cutoff])?;
        let c = self.items(&solved)?.remove(0);
        let rows = self.transposed(&c, None)?;
        let scaled = self.ufunc("divide", &[rows, scale])?;
        self.transposed(&scaled, None)
    }

    /// A value as an array: lists become new ones.
    fn as_new(&mut self, value: &Value<'c>) -> Captured<Value<'c>> {
        Ok(match value {
            Value::Array(_) => value.clone(),
            other => {
                let tensor = self.tensor(other)?;
                self.new_c_array(tensor)
            }
        })
    }

    /// `polyadd` and `polysub`.
    pub(super) fn polyadd(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (a, b) = (self.required(call, "a1")?, self.required(call, "a2")?);
        let (mut a, mut b) = (self.as_new(&a)?, self.as_new(&b)?);
        let lengths = [&a, &b].map(|p| Ok(self.tensor(p)?.shape().first().copied().flatten()));
        let [Ok::<_, super::Stop>(Some(n)), Ok(Some(m))] = lengths else {
            return self.unsupported(format!("numpy.{} of unknown lengths", call.name));
        };
        let ctx = self.f.rewriter().ctx();
        for (p, margin) in [(&mut a, m.saturating_sub(n)), (&mut b, n.saturating_sub(m))] {
            if margin > 0 {
                let x = self.tensor(p)?;
                let zero = self.int(0);
                let zero = self.tensor_as(&zero, self.dtype(x)?)?;
                let widths = ctx.i64_array(&[margin as i64, 0]);
                let padded = self.op("pad_constant", &[x, zero], &[("widths", widths)])?;
                *p = self.new_c_array(padded);
            }
        }
        let op = if call.name == "polyadd" {
            "add"
        } else {
            "subtract"
        };
        self.ufunc(op, &[a, b])
    }

    /// The integral, with a constant that is a number.
    pub(super) fn polyint(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let p = self.required(call, "p")?;
        let p = self.as_new(&p)?;
        let k = match call.take("k") {
            Some(k) if !matches!(k, Value::Tuple(_) | Value::List(_) | Value::Array(_)) => k,
            Some(_) => return self.unsupported("several constants of numpy.polyint"),
            None => self.int(0),
        };
        let [Some(n)] = self.tensor(&p)?.shape()[..] else {
            return self.unsupported("numpy.polyint of an unknown degree");
        };
        if self.integer_or(call, "m", 1)? != 1 {
            return self.unsupported("the argument m of numpy.polyint");
        }
        let powers: Vec<u8> = (1..=n as i64).rev().flat_map(i64::to_ne_bytes).collect();
        let powers = self.f.constant_array(DType::I64, &[n], &powers);
        let powers = self.built(powers)?;
        let powers = self.new_c_array(powers);
        let terms = self.ufunc("divide", &[p, powers])?;
        self.numpy_call("append", &[terms, k])
    }

    pub(super) fn polymul(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (a, b) = (self.required(call, "a1")?, self.required(call, "a2")?);
        self.numpy_call("convolve", &[a, b])
    }

    pub(super) fn polyder(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let p = self.required(call, "p")?;
        let mut p = self.as_new(&p)?;
        let m = self.integer_or(call, "m", 1)?;
        for _ in 0..m {
            let [Some(n @ 1..)] = self.tensor(&p)?.shape()[..] else {
                return self.unsupported("numpy.polyder of an unknown degree");
            };
            // Each coefficient but the last one, times its power.
            let powers: Vec<u8> = (1..n as i64).rev().flat_map(i64::to_ne_bytes).collect();
            let powers = self.f.constant_array(DType::I64, &[n - 1], &powers);
            let powers = self.built(powers)?;
            let powers = self.new_c_array(powers);
            let head = vec![npir::builder::Index::Slice {
                start: None,
                stop: Some(npir::builder::Bound::Static(n as i64 - 1)),
                step: None,
            }];
            let head = self.sliced(&p, head)?;
            p = self.ufunc("multiply", &[head, powers])?;
        }
        Ok(p)
    }
}
