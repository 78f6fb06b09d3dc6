//! Programs under construction: inputs, the choice of operations and operands, results.

use std::fmt::Write;

use npir_runtime::DType;

use super::value::{
    Dim, Trust, Value, broadcast, element, is_float, is_unsigned, limits, numpy, tensor,
    whole_limit,
};
use super::{Agreement, Choices, DTYPES, Fill, Input, Output, Program};

/// No value has more elements.
pub(crate) const MAX_ELEMENTS: usize = 2000;

/// What every Python program begins with. `bound` is the error of `r`, where operands are wrong by `e` and
/// the result is rounded: infinite where that may decide whether `r` overflows.
const PRELUDE: &str = "\
import warnings
warnings.simplefilter('ignore')
np.seterr(all='ignore')
def magnitude(x):
    return np.abs(np.asarray(x).astype(float))
def finite(x):
    x = magnitude(x)
    return np.where(np.isfinite(x), x, 0.0)
def bound(r, e, rounding=1.0):
    i = np.finfo(np.asarray(r).dtype)
    size = magnitude(r)
    all = e + rounding * float(i.eps) * finite(r) + 2 * float(i.smallest_subnormal)
    unsure = np.where(np.isfinite(size), size + all >= 0.99 * float(i.max), np.asarray(e) != 0)
    return np.where(unsure, np.inf, all)
def of_terms(r, e, size, count, scale=1.0):
    i = np.finfo(np.asarray(r).dtype)
    own = float(i.eps) * (count + 8) * size + 2 * (count + 1) * float(i.smallest_subnormal)
    unsure = np.where(np.isfinite(magnitude(r)), 0.0, np.where(np.asarray(e) != 0, np.inf, 0.0))
    lost = np.where(size >= 0.49 * float(i.max), np.inf, 0.0)
    return bound(r, 0.0) + (own + e) / scale + unsure + lost
def changed(a, at, v):
    a = np.array(a)
    a[at] = v
    return a
def scattered(a, ufunc, at, v):
    a = np.array(a)
    ufunc.at(a, at, np.broadcast_to(v, a[at].shape).copy())
    return a
";

/// A program under construction.
#[derive(Default)]
pub(crate) struct Maker {
    mlir: String,
    python: String,
    inputs: Vec<Input>,
    pub(crate) values: Vec<Value>,
    used: Vec<bool>,
    names: usize,
}

/// An operation: adds to the program, if there is something to apply it to.
type Op = fn(&mut Maker, &mut Choices<'_>) -> Option<()>;

/// More often used operations are there more than once.
const OPS: [Op; 41] = [
    Maker::unary,
    Maker::binary,
    Maker::reduce,
    Maker::slice,
    Maker::binary,
    Maker::transpose,
    Maker::select,
    Maker::cast,
    Maker::compare,
    Maker::reshape,
    Maker::set_slice,
    Maker::arg_reduce,
    Maker::take,
    Maker::scatter,
    Maker::concatenate,
    Maker::matmul,
    Maker::broadcast_to,
    Maker::bincount,
    Maker::flip,
    Maker::expand_dims,
    Maker::squeeze,
    Maker::transcendental,
    Maker::clip,
    Maker::logic,
    Maker::full,
    Maker::binary,
    Maker::unary,
    Maker::set_slice,
    Maker::reduce,
    Maker::slice,
    Maker::binary,
    Maker::sort,
    Maker::running,
    Maker::roll,
    Maker::pad,
    Maker::einsum,
    Maker::repeat,
    Maker::chosen,
    Maker::tile,
    Maker::diff,
    Maker::matmul,
];

impl Maker {
    pub(crate) fn input(&mut self, c: &mut Choices<'_>) {
        let dtype = c.of(&DTYPES);
        let rank = c.of(&[2, 1, 3, 0, 2, 1, 4]);
        let dims: Vec<Dim> = (0..rank)
            .map(|_| {
                let size = match rank {
                    1 => c.of(&[3, 5, 1, 17, 0, 70, 8, 300]),
                    2 => c.of(&[3, 4, 1, 7, 2, 0, 33, 4, 1]),
                    _ => c.of(&[2, 3, 1, 5, 2, 3, 1, 0, 4]),
                };
                Dim {
                    size,
                    known: c.one_in(2),
                }
            })
            .collect();
        let fill = c.of(&[Fill::Small, Fill::Moderate, Fill::Special, Fill::Any]);
        let name = format!("a{}", self.inputs.len());
        let whole = match (fill, dtype) {
            (_, DType::Bool) => Some((0.0, 1.0)),
            (Fill::Small, d) if is_unsigned(d) => Some((0.0, 8.0)),
            (Fill::Small, _) => Some((-4.0, 4.0)),
            (_, d) if is_float(d) => None,
            (_, d) => Some(limits(d)),
        };
        self.inputs.push(Input {
            name: name.clone(),
            dtype,
            shape: dims.iter().map(|d| d.size).collect(),
            fill,
            seed: c.below(1 << 16) as u64,
            updates: None,
        });
        self.push(Value {
            name,
            dtype,
            dims,
            trust: Trust::Bits,
            whole,
        });
    }

    /// Adds the chosen operation, or the next one that there is something for.
    pub(crate) fn op(&mut self, c: &mut Choices<'_>) {
        let first = c.below(OPS.len());
        for k in 0..OPS.len() {
            if OPS[(first + k) % OPS.len()](self, c).is_some() {
                return;
            }
        }
    }

    fn push(&mut self, value: Value) -> usize {
        self.values.push(value);
        self.used.push(false);
        self.values.len() - 1
    }

    pub(crate) fn fresh(&mut self) -> String {
        self.names += 1;
        format!("v{}", self.names - 1)
    }

    /// One of the values that fit, recent ones first.
    pub(crate) fn pick(&self, c: &mut Choices<'_>, fits: impl Fn(&Value) -> bool) -> Option<usize> {
        let all: Vec<_> = (0..self.values.len())
            .filter(|i| fits(&self.values[*i]))
            .collect();
        let last = all.len().checked_sub(1)?;
        Some(all[last - c.below(all.len())])
    }

    /// A value of this dtype that broadcasts with `with` to an array that is not too large: `with`
    /// itself, or another one, cast if need be.
    pub(crate) fn partner(&mut self, c: &mut Choices<'_>, with: usize, exact: bool) -> usize {
        let dims = self.values[with].dims.clone();
        let dtype = self.values[with].dtype;
        let fits = |v: &Value| {
            (!exact || v.is_exact())
                && broadcast(&[&v.dims, &dims])
                    .is_some_and(|d| d.iter().map(|d| d.size).product::<usize>() <= MAX_ELEMENTS)
        };
        if c.one_in(4)
            && let Some(other) = self.pick(c, |v| v.dtype != dtype && fits(v))
            && let Some(cast) = self.cast_to(other, dtype)
        {
            return cast;
        }
        self.pick(c, |v| v.dtype == dtype && fits(v))
            .unwrap_or(with)
    }

    /// Adds a line to the program in MLIR: an operation whose result is no value of its own.
    pub(crate) fn line(&mut self, text: &str) {
        let _ = writeln!(self.mlir, "  {text}");
    }

    /// Adds an operation: its text after `=` and before the result type, the Python expression, and
    /// what its value is. Types say less than they could now and then.
    pub(crate) fn emit(
        &mut self,
        c: &mut Choices<'_>,
        text: &str,
        python: &str,
        dtype: DType,
        mut dims: Vec<Dim>,
        trust: Trust,
    ) -> usize {
        if c.one_in(6) {
            let at = c.below(dims.len() + 1);
            if let Some(dim) = dims.get_mut(at) {
                dim.known = false;
            }
        }
        self.emit_as(text, python, dtype, dims, trust)
    }

    /// As [`Maker::emit`], with exactly this type.
    pub(crate) fn emit_as(
        &mut self,
        text: &str,
        python: &str,
        dtype: DType,
        dims: Vec<Dim>,
        trust: Trust,
    ) -> usize {
        let name = self.fresh();
        let _ = writeln!(
            self.mlir,
            "  %{name} = numpy.{text} -> {}",
            tensor(&dims, dtype)
        );
        let _ = writeln!(self.python, "{name} = np.asarray({python})");
        let whole = (!is_float(dtype)).then(|| limits(dtype));
        self.push(Value {
            name,
            dtype,
            dims,
            trust,
            whole,
        })
    }

    /// Says that the elements of a value are whole numbers in an interval. Integers outside of their
    /// type wrap, and may be any.
    pub(crate) fn set_whole(&mut self, value: usize, interval: Option<(f64, f64)>) {
        let v = &mut self.values[value];
        let (low, high) = match is_float(v.dtype) {
            true => (-whole_limit(v.dtype), whole_limit(v.dtype)),
            false => limits(v.dtype),
        };
        match interval.filter(|(a, b)| *a >= low && *b <= high) {
            Some(interval) => v.whole = Some(interval),
            None => v.whole = (!is_float(v.dtype)).then_some((low, high)),
        }
    }

    /// Sets the bound of an inexact value.
    pub(crate) fn set_bound(&mut self, value: usize, bound: &str) {
        let v = &self.values[value];
        if v.trust == Trust::Bounded {
            let _ = writeln!(
                self.python,
                "e_{0} = np.broadcast_to(np.asarray({bound}, float), {0}.shape)",
                v.name
            );
        }
    }

    /// An index operand: the size of a dimension that has this size, or a constant.
    pub(crate) fn index(&mut self, c: &mut Choices<'_>, n: usize) -> String {
        let name = self.fresh();
        let has = |v: &Value| v.dims.iter().any(|d| d.size == n);
        let text = match self.pick(c, has) {
            Some(v) => {
                let v = &self.values[v];
                let axis = v.dims.iter().position(|d| d.size == n).unwrap_or(0);
                format!("numpy.dim %{} axis {axis} : {}", v.name, v.ty())
            }
            None => format!("arith.constant {n} : index"),
        };
        let _ = writeln!(self.mlir, "  %{name} = {text}");
        name
    }

    /// A 0-d constant, a whole number.
    pub(crate) fn constant(&mut self, dtype: DType, n: i64) -> usize {
        let (text, python) = match dtype {
            DType::Bool => (
                (n != 0).to_string(),
                if n != 0 { "True" } else { "False" }.into(),
            ),
            d if is_float(d) => (format!("{n}.0"), n.to_string()),
            _ => (n.to_string(), n.to_string()),
        };
        let name = self.fresh();
        let _ = writeln!(
            self.mlir,
            "  %{name} = numpy.constant dense<{text}> : tensor<{}>",
            element(dtype)
        );
        let _ = writeln!(
            self.python,
            "{name} = np.asarray({python}, {})",
            numpy(dtype)
        );
        let value = Value {
            name,
            dtype,
            dims: vec![],
            trust: Trust::Bits,
            whole: None,
        };
        let value = self.push(value);
        // Only an operand: not worth a result.
        self.used[value] = true;
        self.set_whole(value, Some((n as f64, n as f64)));
        value
    }

    pub(crate) fn uses(&mut self, values: &[usize]) {
        for v in values {
            self.used[*v] = true;
        }
    }

    /// Which values are results, and which of them are written into arguments.
    pub(crate) fn finish(mut self, c: &mut Choices<'_>) -> Program {
        let mut results: Vec<usize> = (0..self.values.len())
            .filter(|i| *i >= self.inputs.len() && (!self.used[*i] || c.one_in(5)))
            .collect();
        if results.is_empty() {
            results.push(self.values.len() - 1);
        }
        let mut free: Vec<usize> = (0..results.len()).collect();
        for i in 0..self.inputs.len() {
            if !c.one_in(3) {
                continue;
            }
            let of = &self.values[i];
            let fits = |r: &usize| {
                let v = &self.values[results[*r]];
                v.dtype == of.dtype && v.dims == of.dims
            };
            let fitting: Vec<_> = free.iter().copied().filter(fits).collect();
            if !fitting.is_empty() {
                let chosen = c.of(&fitting);
                free.retain(|r| *r != chosen);
                self.inputs[i].updates = Some(chosen);
            }
        }
        let parameters: Vec<_> = self
            .inputs
            .iter()
            .zip(&self.values)
            .map(|(input, value)| {
                let attribute = match input.updates {
                    Some(r) => format!(" {{numpy.updates = {r} : i64}}"),
                    None => String::new(),
                };
                format!("%{}: {}{attribute}", value.name, value.ty())
            })
            .collect();
        let chosen: Vec<_> = results.iter().map(|r| &self.values[*r]).collect();
        let types: Vec<_> = chosen.iter().map(|v| v.ty()).collect();
        let names: Vec<_> = chosen.iter().map(|v| format!("%{}", v.name)).collect();
        let mlir = format!(
            "func.func @f({}) -> ({}) {{\n{}  return {} : {}\n}}\n",
            parameters.join(", "),
            types.join(", "),
            self.mlir,
            names.join(", "),
            types.join(", ")
        );
        let outputs = chosen
            .iter()
            .map(|v| Output {
                name: v.name.clone(),
                agreement: match v.trust {
                    Trust::Bits => Agreement::Bits,
                    Trust::Numbers => Agreement::Numbers,
                    Trust::Bounded => Agreement::Within(format!("e_{}", v.name)),
                },
            })
            .collect();
        Program {
            mlir,
            python: format!("{PRELUDE}{}", self.python),
            inputs: self.inputs,
            outputs,
        }
    }
}
