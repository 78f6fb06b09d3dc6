//! Elementwise operations and casts.

use npir_runtime::DType;

use super::Choices;
use super::maker::Maker;
use super::value::{
    Dim, Trust, Value, broadcast, is_float, is_int, is_unsigned, numpy, whole_limit,
};

/// Exact functions of one float.
const FLOAT: [&str; 10] = [
    "negative",
    "absolute",
    "square",
    "sqrt",
    "floor",
    "rint",
    "ceil",
    "trunc",
    "reciprocal",
    "sign",
];

/// Those of one integer.
const INT: [&str; 6] = [
    "negative", "absolute", "square", "sign", "invert", "positive",
];

/// Functions of floats that are wrong by a few units in the last place, in npir and in NumPy.
const TRANSCENDENTAL: [&str; 12] = [
    "exp", "log", "sin", "tanh", "cos", "log1p", "expm1", "exp2", "arctan", "cbrt", "log2",
    "arcsinh",
];

type Interval = (f64, f64);

fn hull(list: &[f64]) -> Interval {
    let low = list.iter().copied().fold(f64::INFINITY, f64::min);
    let high = list.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (low, high)
}

/// The whole numbers that a function of whole numbers gives, if it gives such.
fn interval(name: &str, all: &[Option<Interval>]) -> Option<Interval> {
    let a = all.first().copied()??;
    let size = a.0.abs().max(a.1.abs());
    match name {
        "negative" => return Some((-a.1, -a.0)),
        "absolute" => return Some((0.0, size)),
        "square" => return Some((0.0, size * size)),
        "sign" => return Some((-1.0, 1.0)),
        "floor" | "rint" | "ceil" | "trunc" | "positive" => return Some(a),
        _ => {}
    }
    let b = all.get(1).copied()??;
    Some(match name {
        "add" => (a.0 + b.0, a.1 + b.1),
        "subtract" => (a.0 - b.1, a.1 - b.0),
        "multiply" => hull(&[a.0 * b.0, a.0 * b.1, a.1 * b.0, a.1 * b.1]),
        "maximum" | "fmax" => (a.0.max(b.0), a.1.max(b.1)),
        "minimum" | "fmin" => (a.0.min(b.0), a.1.min(b.1)),
        _ => return None,
    })
}

/// Whether the sign of a zero among the operands decides more than the sign of a zero.
fn tells_zeros_apart(name: &str) -> bool {
    matches!(
        name,
        "divide" | "reciprocal" | "floor_divide" | "remainder" | "fmod"
    )
}

/// Whether a result may be either of two zeros: NumPy's choice depends on how its loop is vectorized, and on whether
/// the limits of `clip` are scalars.
fn chooses_between_zeros(name: &str) -> bool {
    matches!(name, "maximum" | "minimum" | "fmax" | "fmin" | "clip")
}

impl Maker {
    /// Adds an elementwise operation on these operands.
    pub(crate) fn elementwise(
        &mut self,
        c: &mut Choices<'_>,
        name: &str,
        operands: &[usize],
        dtype: DType,
    ) -> Option<usize> {
        let values: Vec<Value> = operands.iter().map(|i| self.values[*i].clone()).collect();
        let shapes: Vec<&[Dim]> = values.iter().map(|v| v.dims.as_slice()).collect();
        let dims = broadcast(&shapes)?;
        let mut trust = values.iter().map(|v| v.trust).max().unwrap_or(Trust::Bits);
        if trust == Trust::Numbers && (tells_zeros_apart(name) || !is_float(dtype)) {
            if tells_zeros_apart(name) {
                return None;
            }
            trust = Trust::Bits;
        }
        if is_float(dtype) && chooses_between_zeros(name) {
            trust = trust.max(Trust::Numbers);
        }
        let names: Vec<_> = values.iter().map(|v| format!("%{}", v.name)).collect();
        let types: Vec<_> = values.iter().map(Value::ty).collect();
        let arguments: Vec<_> = values.iter().map(|v| v.name.clone()).collect();
        let result = self.emit(
            c,
            &format!("{name} {} : {}", names.join(", "), types.join(", ")),
            &format!("np.{name}({})", arguments.join(", ")),
            dtype,
            dims,
            trust,
        );
        self.uses(operands);
        let known: Vec<_> = values.iter().map(|v| v.whole).collect();
        self.set_whole(result, interval(name, &known));
        Some(result)
    }

    pub(crate) fn unary(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let x = self.pick(c, |_| true)?;
        let (dtype, exact) = (self.values[x].dtype, self.values[x].is_exact());
        if !exact {
            let name = c.of(&["negative", "absolute"]);
            let result = self.elementwise(c, name, &[x], dtype)?;
            let bound = self.values[x].bound();
            self.set_bound(result, &bound);
            return Some(());
        }
        let (name, result) = match dtype {
            DType::Bool => (c.of(&["logical_not", "invert"]), DType::Bool),
            d if is_float(d) && c.one_in(5) => (
                c.of(&["isnan", "isfinite", "isinf", "logical_not"]),
                DType::Bool,
            ),
            d if is_float(d) => (c.of(&FLOAT), d),
            _ if c.one_in(6) => ("logical_not", DType::Bool),
            d => (c.of(&INT), d),
        };
        self.elementwise(c, name, &[x], result).map(|_| ())
    }

    pub(crate) fn transcendental(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let x = self.pick(c, |v| is_float(v.dtype) && v.trust == Trust::Bits)?;
        let name = c.of(&TRANSCENDENTAL);
        let v = self.values[x].clone();
        let result = self.emit(
            c,
            &format!("{name} %{} : {}", v.name, v.ty()),
            &format!("np.{name}({})", v.name),
            v.dtype,
            v.dims,
            Trust::Bounded,
        );
        self.uses(&[x]);
        let bound = format!("bound({}, 0.0, 6.0)", self.values[result].name);
        self.set_bound(result, &bound);
        Some(())
    }

    pub(crate) fn binary(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let a = self.pick(c, |_| true)?;
        let b = self.partner(c, a, false);
        let (a, b) = if c.one_in(2) { (b, a) } else { (a, b) };
        let dtype = self.values[a].dtype;
        if !(self.values[a].is_exact() && self.values[b].is_exact()) {
            return self.inexact(c, a, b);
        }
        let list: &[&str] = match dtype {
            DType::Bool => &[
                "add",
                "multiply",
                "maximum",
                "bitwise_and",
                "minimum",
                "bitwise_xor",
            ],
            d if is_float(d) => &[
                "add",
                "multiply",
                "subtract",
                "maximum",
                "divide",
                "minimum",
                "floor_divide",
                "remainder",
                "fmax",
                "fmod",
                "fmin",
            ],
            d if is_unsigned(d) => &[
                "add",
                "multiply",
                "subtract",
                "maximum",
                "minimum",
                "floor_divide",
                "remainder",
                "bitwise_and",
                "bitwise_or",
                "bitwise_xor",
                "left_shift",
                "right_shift",
                "divide",
                "power",
                "fmod",
            ],
            _ => &[
                "add",
                "multiply",
                "subtract",
                "maximum",
                "minimum",
                "floor_divide",
                "remainder",
                "bitwise_and",
                "bitwise_or",
                "bitwise_xor",
                "left_shift",
                "right_shift",
                "divide",
                "fmod",
            ],
        };
        let name = c.of(list);
        let result = match (name, is_float(dtype)) {
            ("divide", false) => DType::F64,
            _ => dtype,
        };
        self.elementwise(c, name, &[a, b], result).map(|_| ())
    }

    /// Arithmetic on values that are within bounds.
    fn inexact(&mut self, c: &mut Choices<'_>, a: usize, b: usize) -> Option<()> {
        let name = c.of(&["add", "multiply", "subtract", "maximum", "minimum"]);
        let dtype = self.values[a].dtype;
        let result = self.elementwise(c, name, &[a, b], dtype)?;
        let (x, y) = (&self.values[a], &self.values[b]);
        let (ex, ey) = (x.bound(), y.bound());
        let e = match name {
            "multiply" => format!(
                "magnitude({}) * {ey} + magnitude({}) * {ex} + {ex} * {ey}",
                x.name, y.name
            ),
            _ => format!("{ex} + {ey}"),
        };
        let bound = format!("bound({}, {e})", self.values[result].name);
        self.set_bound(result, &bound);
        Some(())
    }

    pub(crate) fn compare(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let a = self.pick(c, Value::is_exact)?;
        let b = self.partner(c, a, true);
        let name = c.of(&[
            "less",
            "equal",
            "greater",
            "not_equal",
            "less_equal",
            "greater_equal",
        ]);
        self.elementwise(c, name, &[a, b], DType::Bool).map(|_| ())
    }

    pub(crate) fn logic(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let a = self.pick(c, Value::is_exact)?;
        let b = self.partner(c, a, true);
        let name = c.of(&["logical_and", "logical_or", "logical_xor"]);
        self.elementwise(c, name, &[a, b], DType::Bool).map(|_| ())
    }

    pub(crate) fn select(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let a = self.pick(c, |_| true)?;
        let b = self.partner(c, a, false);
        let both = broadcast(&[&self.values[a].dims, &self.values[b].dims])?;
        let condition = self.pick(c, |v| {
            let small = |d: Vec<Dim>| {
                d.iter().map(|d| d.size).product::<usize>() <= super::maker::MAX_ELEMENTS
            };
            v.dtype == DType::Bool && broadcast(&[&v.dims, &both]).is_some_and(small)
        })?;
        let dtype = self.values[a].dtype;
        let result = self.elementwise(c, "where", &[condition, a, b], dtype)?;
        let hull = match (self.values[a].whole, self.values[b].whole) {
            (Some(x), Some(y)) => Some((x.0.min(y.0), x.1.max(y.1))),
            _ => None,
        };
        self.set_whole(result, hull);
        let bound = format!(
            "np.where({}, {}, {})",
            self.values[condition].name,
            self.values[a].bound(),
            self.values[b].bound()
        );
        self.set_bound(result, &bound);
        Some(())
    }

    pub(crate) fn clip(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let x = self.pick(c, |v| v.dtype != DType::Bool && v.trust == Trust::Bits)?;
        let dtype = self.values[x].dtype;
        let low = if is_unsigned(dtype) {
            c.below(3) as i64
        } else {
            c.below(6) as i64 - 4
        };
        let high = low + c.below(7) as i64;
        let (low, high) = (self.constant(dtype, low), self.constant(dtype, high));
        let result = self.elementwise(c, "clip", &[x, low, high], dtype)?;
        let of = |v: usize| self.values[v].whole.map_or(0.0, |w| w.0);
        if self.values[x].whole.is_some() {
            let known = Some((of(low), of(high)));
            self.set_whole(result, known);
        }
        Some(())
    }

    /// The cast of a value, if both programs give the same.
    pub(crate) fn cast_to(&mut self, x: usize, dtype: DType) -> Option<usize> {
        let v = self.values[x].clone();
        if is_float(v.dtype) && is_int(dtype) {
            // Out of range the result of C's conversion is open.
            let (low, high) = v.whole?;
            let (least, most) = super::value::limits(dtype);
            if low < least || high > most {
                return None;
            }
        }
        if !v.is_exact() && !is_float(dtype) {
            return None;
        }
        let trust = match v.trust {
            Trust::Numbers if !is_float(dtype) => Trust::Bits,
            trust => trust,
        };
        let result = self.emit_as(
            &format!("cast %{} : {}", v.name, v.ty()),
            &format!("{}.astype({})", v.name, numpy(dtype)),
            dtype,
            v.dims.clone(),
            trust,
        );
        self.uses(&[x]);
        let kept = match dtype {
            DType::Bool => Some((0.0, 1.0)),
            d if is_float(d) => v
                .whole
                .filter(|w| -w.0 <= whole_limit(d) && w.1 <= whole_limit(d)),
            _ => v.whole,
        };
        self.set_whole(result, kept);
        let bound = format!("bound({}, {})", self.values[result].name, v.bound());
        self.set_bound(result, &bound);
        Some(result)
    }

    pub(crate) fn cast(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let dtype = c.of(&super::DTYPES);
        let x = self.pick(c, |v| v.dtype != dtype)?;
        self.cast_to(x, dtype).map(|_| ())
    }
}
