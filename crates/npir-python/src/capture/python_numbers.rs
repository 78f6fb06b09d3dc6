//! Python's own numbers in compiled code: integers of 64 bits that are checked, floats that raise where Python's do.
//!
//! What leaves the range of 64 bits, or would be rounded where Python does not round, is an error of kind
//! `unsupported`: the call is then made in NumPy.

use npir::builder::{CheckKind, Tensor};
use npir::prelude::*;
use npir_dispatch::spec::NumberKind;
use pyo3::prelude::*;

use crate::value::{Class, Mixed, Origin, Value, is_integer};

use super::items::{ANY, number};
use super::ufuncs::limits;
use super::{Capture, Captured, Stop};

/// Why integers cannot be as in Python.
const TOO_LARGE: &str = "an integer of Python leaves the range of 64 bits";
/// Why integers cannot be compared with floats, or divided.
const INEXACT: &str = "an integer of Python beyond 2**53 meets a float";
/// The largest integer up to which all integers are floats.
const EXACT: i64 = 1 << 53;

impl<'c> Capture<'_, 'c, '_> {
    /// `left op right`, `op` a function of NumPy, of Python's numbers of which one is a value of the program; `None`
    /// where both have to be known.
    pub(super) fn number_binary(
        &mut self,
        op: &str,
        left: &Value<'c>,
        right: &Value<'c>,
    ) -> Captured<Option<Value<'c>>> {
        let (Some(a), Some(b)) = (self.number_kind(left), self.number_kind(right)) else {
            return Ok(None);
        };
        for value in [left, right] {
            if let Value::Number(
                NumberKind::Int | NumberKind::Bool,
                _,
                Origin {
                    leaf: Some(leaf), ..
                },
            ) = value
                && !self.choices.general.numbers
            {
                return Err(Stop::Specialize(*leaf));
            }
        }
        let compares = COMPARISONS.contains(&op);
        use NumberKind::*;
        match (a, b) {
            (Complex, _) | (_, Complex) => self.complex_binary(op, left, right),
            (Bool, Bool) if ["bitwise_and", "bitwise_or", "bitwise_xor"].contains(&op) => {
                let result = self.of_type(op, left, right, DType::Bool)?;
                Ok(Some(Value::Number(Bool, result, Origin::default())))
            }
            (Float, _) | (_, Float) => self.float_binary(op, left, right),
            _ if compares => {
                let result = self.of_type(op, left, right, DType::I64)?;
                Ok(Some(Value::Number(Bool, result, Origin::default())))
            }
            _ if op == "divide" => {
                self.check_divisor(right, "division by zero")?;
                self.exact(left)?;
                self.exact(right)?;
                let result = self.of_type(op, left, right, DType::F64)?;
                Ok(Some(Value::Number(Float, result, Origin::default())))
            }
            _ => self.int_binary(op, left, right),
        }
    }

    fn complex_binary(
        &mut self,
        op: &str,
        left: &Value<'c>,
        right: &Value<'c>,
    ) -> Captured<Option<Value<'c>>> {
        let kind = match op {
            "add" | "subtract" | "multiply" => NumberKind::Complex,
            "equal" | "not_equal" => NumberKind::Bool,
            _ => return self.unsupported(format!("{op} of complex numbers of Python")),
        };
        if kind == NumberKind::Bool {
            self.exact(left)?;
            self.exact(right)?;
        }
        let result = self.of_type(op, left, right, DType::C128)?;
        Ok(Some(Value::Number(kind, result, Origin::default())))
    }

    fn float_binary(
        &mut self,
        op: &str,
        left: &Value<'c>,
        right: &Value<'c>,
    ) -> Captured<Option<Value<'c>>> {
        let kind = if COMPARISONS.contains(&op) {
            // Python compares integers with floats as they are.
            self.exact(left)?;
            self.exact(right)?;
            NumberKind::Bool
        } else {
            NumberKind::Float
        };
        match op {
            "divide" => self.check_divisor(right, "float division by zero")?,
            "floor_divide" => self.check_divisor(right, "float floor division by zero")?,
            "remainder" => self.check_divisor(right, "float modulo")?,
            "power" => return self.float_power(left, right).map(Some),
            "add" | "subtract" | "multiply" => {}
            _ if kind == NumberKind::Bool => {}
            _ => return Ok(None),
        }
        let result = self.of_type(op, left, right, DType::F64)?;
        Ok(Some(Value::Number(kind, result, Origin::default())))
    }

    fn float_power(&mut self, left: &Value<'c>, right: &Value<'c>) -> Captured<Value<'c>> {
        let [x, y] = [left, right].map(|value| self.tensor_as(value, DType::F64));
        let (x, y) = (x?, y?);
        let zero = self.tensor_as(&self.int(0), DType::F64)?;
        let build = |name: &str, operands: &[Tensor<'c>]| {
            let result = self.f.named(&format!("numpy.{name}"), operands, &[]);
            self.built(result)
        };
        // A root of a negative number is complex.
        let whole = build("floor", &[y])?;
        let whole = build("equal", &[whole, y])?;
        let positive = build("greater_equal", &[x, zero])?;
        let real = build("logical_or", &[whole, positive])?;
        let nonzero = build("not_equal", &[x, zero])?;
        let up = build("greater_equal", &[y, zero])?;
        let defined = build("logical_or", &[nonzero, up])?;
        let result = build("power", &[x, y])?;
        let infinite = build("isinf", &[result])?;
        let (a, b) = (build("isinf", &[x])?, build("isinf", &[y])?);
        let given = build("logical_or", &[a, b])?;
        let finite = build("logical_not", &[infinite])?;
        let fits = build("logical_or", &[given, finite])?;
        self.require_tensor(
            real,
            CheckKind::Unsupported,
            "a complex power of a float of Python",
        )?;
        self.require_tensor(
            defined,
            CheckKind::ZeroDivision,
            "0.0 cannot be raised to a negative power",
        )?;
        self.require_tensor(
            fits,
            CheckKind::Overflow,
            "(34, 'Numerical result out of range')",
        )?;
        Ok(Value::Number(NumberKind::Float, result, Origin::default()))
    }

    fn int_binary(
        &mut self,
        op: &str,
        left: &Value<'c>,
        right: &Value<'c>,
    ) -> Captured<Option<Value<'c>>> {
        let (x, y) = (
            self.bounds(left).unwrap_or(ANY),
            self.bounds(right).unwrap_or(ANY),
        );
        let corners = |op: fn(i128, i128) -> i128| {
            let all = [(x.0, y.0), (x.0, y.1), (x.1, y.0), (x.1, y.1)]
                .map(|(p, q)| op(i128::from(p), i128::from(q)));
            (
                all.into_iter().fold(i128::MAX, i128::min),
                all.into_iter().fold(i128::MIN, i128::max),
            )
        };
        let range = match op {
            "add" => corners(|p, q| p + q),
            "subtract" => corners(|p, q| p - q),
            "multiply" => corners(|p, q| p * q),
            "floor_divide" => {
                self.check_divisor(right, "integer division or modulo by zero")?;
                match y.0 > 0 {
                    true => corners(i128::div_euclid),
                    // The magnitude does not grow; the least integer has no opposite.
                    false => {
                        let most = i128::from(x.0).abs().max(i128::from(x.1).abs());
                        (-most, most)
                    }
                }
            }
            "remainder" => {
                self.check_divisor(right, "integer modulo by zero")?;
                (i128::from(y.0).min(-1) + 1, i128::from(y.1).max(1) - 1)
            }
            "bitwise_and" if x.0 >= 0 || y.0 >= 0 => {
                let most = match (x.0 >= 0, y.0 >= 0) {
                    (true, true) => x.1.min(y.1),
                    (true, false) => x.1,
                    _ => y.1,
                };
                (0, i128::from(most))
            }
            "bitwise_and" | "bitwise_or" | "bitwise_xor" => {
                (i128::from(i64::MIN), i128::from(i64::MAX))
            }
            "power" => return self.int_power(left, right),
            "left_shift" | "right_shift" => return self.shift(op, left, right, x, y).map(Some),
            _ => return Ok(None),
        };
        let result = self.of_type(op, left, right, DType::I64)?;
        let least = i128::from(i64::MIN);
        let most = i128::from(i64::MAX);
        if range.0 < least || range.1 > most {
            let fits = self.no_overflow(op, left, right, result)?;
            self.require_tensor(fits, CheckKind::Unsupported, TOO_LARGE)?;
        }
        let bounds = (
            range.0.clamp(least, most) as i64,
            range.1.clamp(least, most) as i64,
        );
        Ok(Some(number(result, Some(bounds))))
    }

    /// Whether an integer result is what it is without end.
    fn no_overflow(
        &mut self,
        op: &str,
        left: &Value<'c>,
        right: &Value<'c>,
        result: Tensor<'c>,
    ) -> Captured<Tensor<'c>> {
        let a = self.tensor_as(left, DType::I64)?;
        let b = self.tensor_as(right, DType::I64)?;
        let zero = self.tensor_as(&self.int(0), DType::I64)?;
        let build = |name: &str, operands: &[Tensor<'c>]| {
            let result = self.f.named(&format!("numpy.{name}"), operands, &[]);
            self.built(result)
        };
        match op {
            // Operands of one sign and a result of the other.
            "add" | "subtract" => {
                let p = build("bitwise_xor", &[a, result])?;
                let other = if op == "add" { result } else { a };
                let q = build("bitwise_xor", &[b, other])?;
                let both = build("bitwise_and", &[p, q])?;
                build("greater_equal", &[both, zero])
            }
            "multiply" => {
                let back = build("floor_divide", &[result, b])?;
                let same = build("equal", &[back, a])?;
                let nothing = build("equal", &[b, zero])?;
                let quotient = build("logical_or", &[same, nothing])?;
                // The least integer times -1 is itself, and so is its quotient.
                let p = build("bitwise_xor", &[a, b])?;
                let p = build("bitwise_xor", &[p, result])?;
                let sign = build("greater_equal", &[p, zero])?;
                let none = build("equal", &[result, zero])?;
                let sign = build("logical_or", &[sign, none])?;
                build("logical_and", &[quotient, sign])
            }
            // The least integer over -1.
            _ => {
                let least = self.tensor_as(&self.int(i64::MIN), DType::I64)?;
                let minus = self.tensor_as(&self.int(-1), DType::I64)?;
                let build = |name: &str, operands: &[Tensor<'c>]| {
                    let result = self.f.named(&format!("numpy.{name}"), operands, &[]);
                    self.built(result)
                };
                let p = build("not_equal", &[a, least])?;
                let q = build("not_equal", &[b, minus])?;
                build("logical_or", &[p, q])
            }
        }
    }

    /// A power with an exponent that is known: products.
    fn int_power(&mut self, base: &Value<'c>, exponent: &Value<'c>) -> Captured<Option<Value<'c>>> {
        let Some((n, most)) = self.bounds(exponent) else {
            return Ok(None);
        };
        if n != most || !(0..64).contains(&n) {
            return Ok(None);
        }
        let mut result = self.int(1);
        for bit in (0..6).rev() {
            result = self.binary("Mult", &result.clone(), &result)?;
            if n >> bit & 1 == 1 {
                result = self.binary("Mult", &result, base)?;
            }
        }
        Ok(Some(result))
    }

    fn shift(
        &mut self,
        op: &str,
        left: &Value<'c>,
        right: &Value<'c>,
        x: (i64, i64),
        y: (i64, i64),
    ) -> Captured<Value<'c>> {
        let zero = self.int(0);
        if y.0 < 0 {
            let holds = self.binary("GtE", right, &zero)?;
            self.require(&holds, CheckKind::ValueError, "negative shift count")?;
        }
        let result = self.of_type(op, left, right, DType::I64)?;
        if op == "right_shift" {
            return Ok(number(result, Some((x.0.min(0), x.1.max(0)))));
        }
        let back = number(result, None);
        let back = self.of_type("right_shift", &back, right, DType::I64)?;
        let a = self.tensor_as(left, DType::I64)?;
        let same = self.f.equal(back, a);
        let same = self.built(same)?;
        self.require_tensor(same, CheckKind::Unsupported, TOO_LARGE)?;
        Ok(number(result, None))
    }

    /// `op` of two numbers as numbers of `dtype`.
    fn of_type(
        &mut self,
        op: &str,
        left: &Value<'c>,
        right: &Value<'c>,
        dtype: DType,
    ) -> Captured<Tensor<'c>> {
        let operands = [self.tensor_as(left, dtype)?, self.tensor_as(right, dtype)?];
        let result = self.f.named(&format!("numpy.{op}"), &operands, &[]);
        self.built(result)
    }

    /// Python raises where a divisor is zero.
    fn check_divisor(&mut self, value: &Value<'c>, message: &str) -> Captured<()> {
        let never = match (self.bounds(value), self.constant_float(value)) {
            (Some((low, high)), _) => low > 0 || high < 0,
            (None, Some(number)) => number != 0.0,
            (None, None) => false,
        };
        if never {
            return Ok(());
        }
        let tensor = self.tensor(value)?;
        let zero = self.int(0);
        let dtype = self.dtype(tensor)?;
        let zero = self.tensor_as(&zero, dtype)?;
        let holds = self.f.not_equal(tensor, zero);
        let holds = self.built(holds)?;
        self.require_tensor(holds, CheckKind::ZeroDivision, message)
    }

    /// An integer that becomes a float has to be one.
    fn exact(&mut self, value: &Value<'c>) -> Captured<()> {
        let integer = matches!(
            self.number_kind(value),
            Some(NumberKind::Int | NumberKind::Bool)
        );
        let (low, high) = self.bounds(value).unwrap_or(ANY);
        if !integer || low >= -EXACT && high <= EXACT {
            return Ok(());
        }
        let tensor = self.tensor_as(value, DType::I64)?;
        self.exact_tensor(tensor)
    }

    fn exact_tensor(&mut self, tensor: Tensor<'c>) -> Captured<()> {
        for (op, limit) in [("greater_equal", -EXACT), ("less_equal", EXACT)] {
            let limit = self.tensor_as(&self.int(limit), DType::I64)?;
            let holds = self.f.named(&format!("numpy.{op}"), &[tensor, limit], &[]);
            let holds = self.built(holds)?;
            self.require_tensor(holds, CheckKind::Unsupported, INEXACT)?;
        }
        Ok(())
    }

    /// A number of `class` that is kept as one of `dtype` has to be one.
    pub(super) fn check_exact(
        &mut self,
        value: &Value<'c>,
        class: Class,
        dtype: DType,
    ) -> Captured<()> {
        let float = matches!(dtype, DType::F64 | DType::C128);
        match class {
            Class::Python(_) if float => self.exact(value),
            Class::NumPy(DType::U64) if float => {
                self.unsupported("an unsigned number that may be a float on another way")
            }
            Class::NumPy(DType::I64) if float => {
                let tensor = self.tensor(value)?;
                self.exact_tensor(tensor)
            }
            _ => Ok(()),
        }
    }

    /// A number that becomes an element of an array of integers has to fit: NumPy raises.
    pub(super) fn check_stored(
        &mut self,
        value: &Value<'c>,
        kind: NumberKind,
        dtype: DType,
    ) -> Captured<()> {
        match kind {
            NumberKind::Bool => Ok(()),
            NumberKind::Int => self.check_weak(value, dtype),
            NumberKind::Float => {
                let tensor = self.tensor(value)?;
                self.check_stored_float(tensor, dtype)
            }
            NumberKind::Complex => {
                self.unsupported("a complex number assigned to an array of integers")
            }
        }
    }

    /// A number of NumPy that is assigned to items or slices of an array of signed integers has to fit: NumPy takes
    /// it through an integer of Python there. Elsewhere it casts.
    pub(super) fn check_assigned(&mut self, value: &Value<'c>, dtype: DType) -> Captured<()> {
        let signed = matches!(dtype, DType::I8 | DType::I16 | DType::I32 | DType::I64);
        let Value::Scalar(tensor) = value else {
            return Ok(());
        };
        let (tensor, found) = (*tensor, self.dtype(*tensor)?);
        let (least, most) = limits(dtype);
        match found {
            _ if !signed || found == DType::Bool => Ok(()),
            DType::U64 => {
                let most = self.f.constant(Scalar::new(most as u64));
                self.check_stored_bound(tensor, "less_equal", most)
            }
            _ if is_integer(found) => {
                let (low, high) = limits(found);
                let bounds = [
                    ("greater_equal", least, low < least),
                    ("less_equal", most, high > most),
                ];
                for (op, limit, needed) in bounds {
                    if needed {
                        let limit = self.f.constant(Scalar::new(limit));
                        self.check_stored_bound(tensor, op, limit)?;
                    }
                }
                Ok(())
            }
            DType::F16 | DType::BF16 | DType::F32 | DType::F64 => {
                self.check_stored_float(tensor, dtype)
            }
            _ => Ok(()),
        }
    }

    /// A float that becomes an integer of `dtype` through one of Python's.
    fn check_stored_float(&mut self, tensor: Tensor<'c>, dtype: DType) -> Captured<()> {
        if !self.choices.written.is_empty() {
            let holds = self.f.equal(tensor, tensor);
            let holds = self.built(holds)?;
            let why = "cannot convert float NaN to integer";
            self.require_tensor(holds, CheckKind::ValueError, why)?;
        }
        // What is between the limits once it is rounded towards zero.
        let (least, most) = limits(dtype);
        let low = match dtype {
            DType::I64 => ("greater_equal", least as f64),
            _ => ("greater", least as f64 - 1.0),
        };
        let high = match dtype {
            DType::U64 => 2f64.powi(64),
            _ => most as f64 + 1.0,
        };
        for (op, limit) in [low, ("less", high)] {
            let limit = self.f.constant(Scalar::new(limit));
            self.check_stored_bound(tensor, op, limit)?;
        }
        Ok(())
    }

    fn check_stored_bound(
        &mut self,
        tensor: Tensor<'c>,
        op: &str,
        limit: Result<Tensor<'c>, CompileError>,
    ) -> Captured<()> {
        let limit = self.built(limit)?;
        let holds = self.f.named(&format!("numpy.{op}"), &[tensor, limit], &[]);
        let holds = self.built(holds)?;
        let kind = self.overflow_kind();
        let why = "a number that an array of integers cannot hold";
        self.require_tensor(holds, kind, why)
    }

    /// What a number that does not fit raises: repeated in NumPy, where that is possible, the error names the number.
    pub(super) fn overflow_kind(&self) -> CheckKind {
        match self.choices.written.is_empty() {
            true => CheckKind::Unsupported,
            false => CheckKind::Overflow,
        }
    }

    /// `-value`, `+value`, `~value` of a number of Python.
    pub(super) fn number_unary(
        &mut self,
        op: &str,
        kind: NumberKind,
        value: &Value<'c>,
    ) -> Captured<Value<'c>> {
        let int = matches!(kind, NumberKind::Int | NumberKind::Bool);
        match op {
            "USub" if int => self.negated(value),
            "UAdd" if int => self.python_int(value),
            "Invert" if int => {
                let minus = self.int(-1);
                let opposite = self.negated(value)?;
                self.binary("Add", &opposite, &minus)
            }
            "USub" | "UAdd" => {
                let tensor = self.tensor(value)?;
                let result = match op {
                    "USub" => self.f.negative(tensor),
                    _ => self.f.positive(tensor),
                };
                Ok(Value::Number(kind, self.built(result)?, Origin::default()))
            }
            _ => self.unsupported("a bitwise operator on a number that is no integer"),
        }
    }

    /// `-value` of an integer of Python.
    pub(super) fn negated(&mut self, value: &Value<'c>) -> Captured<Value<'c>> {
        let zero = self.int(0);
        self.binary("Sub", &zero, value)
    }

    /// An integer as Python's `operator.index` makes it.
    pub(super) fn python_int(&mut self, value: &Value<'c>) -> Captured<Value<'c>> {
        match value {
            Value::Number(
                NumberKind::Int | NumberKind::Bool,
                _,
                Origin {
                    leaf: Some(leaf), ..
                },
            ) if !self.choices.general.numbers => Err(Stop::Specialize(*leaf)),
            Value::Number(NumberKind::Int, ..) => Ok(value.clone()),
            Value::Number(NumberKind::Bool, ..) => {
                let tensor = self.tensor_as(value, DType::I64)?;
                Ok(number(tensor, Some((0, 1))))
            }
            Value::Scalar(tensor) => {
                let dtype = self.dtype(*tensor)?;
                if !is_integer(dtype) || dtype == DType::U64 {
                    return self.unsupported("a number that is no integer of Python");
                }
                let tensor = self.tensor_as(value, DType::I64)?;
                Ok(number(tensor, None))
            }
            Value::Object(object) => {
                let index = self.py.import("operator")?.getattr("index")?;
                let index = index.call1((object.bind(self.py),))?;
                Ok(self.known(&index))
            }
            _ => self.unsupported("something that is no integer"),
        }
    }

    pub(super) fn number_kind(&self, value: &Value<'c>) -> Option<NumberKind> {
        match value {
            Value::Number(kind, ..) => Some(*kind),
            Value::Object(object) => Some(npir_dispatch::number_of(object.bind(self.py))?.0),
            _ => None,
        }
    }

    fn constant_float(&self, value: &Value<'c>) -> Option<f64> {
        match value {
            Value::Object(object) => object.bind(self.py).extract().ok(),
            _ => None,
        }
    }

    /// The least and the greatest integer that a value may be.
    pub(super) fn bounds(&self, value: &Value<'c>) -> Option<(i64, i64)> {
        match value {
            Value::Number(NumberKind::Int, _, origin) => origin.bounds,
            Value::Number(NumberKind::Bool, ..) => Some((0, 1)),
            Value::Object(object) => {
                let object = object.bind(self.py);
                let integer = object.is_instance_of::<pyo3::types::PyInt>();
                let number: i64 = integer.then(|| object.extract().ok())??;
                Some((number, number))
            }
            _ => None,
        }
    }

    /// What a number of one of two classes is in each case.
    pub(super) fn alternatives(&mut self, mixed: &Mixed<'c>) -> Captured<[Value<'c>; 2]> {
        let mut values = Vec::new();
        for class in mixed.classes {
            let tensor = match self.dtype(mixed.value)? == class.dtype() {
                true => mixed.value,
                false => {
                    let cast = self.f.cast(mixed.value, class.dtype());
                    self.built(cast)?
                }
            };
            values.push(match class {
                Class::Python(kind) => Value::Number(kind, tensor, Origin::default()),
                Class::NumPy(_) => Value::Scalar(tensor),
            });
        }
        match <[Value<'c>; 2]>::try_from(values) {
            Ok(both) => Ok(both),
            Err(_) => self.unsupported("a number of no class"),
        }
    }

    /// Raises an error of `kind`, a kind of `numpy.require`, unless a value holds.
    pub(super) fn require(
        &mut self,
        holds: &Value<'c>,
        kind: CheckKind,
        message: &str,
    ) -> Captured<()> {
        if let Some(true) = self.truth(holds)? {
            return Ok(());
        }
        let holds = self.truth_tensor(holds)?;
        self.require_tensor(holds, kind, message)
    }

    /// As [`Capture::require`], of a 0-d bool.
    pub(super) fn require_tensor(
        &mut self,
        holds: Tensor<'c>,
        kind: CheckKind,
        message: &str,
    ) -> Captured<()> {
        let required = self.f.require(holds, kind, message);
        self.built(required)
    }
}

const COMPARISONS: [&str; 6] = [
    "equal",
    "not_equal",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
];
