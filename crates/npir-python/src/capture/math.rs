//! Python's `math` on numbers of the program: NumPy's functions, with Python's errors.

use npir::builder::{CheckKind, Tensor};
use npir::prelude::*;
use npir_dispatch::spec::NumberKind;

use crate::value::{Origin, Value};

use super::calls::Arguments;
use super::items::number;
use super::{Capture, Captured};

/// What a function of `math` returns, and where it raises.
#[derive(Clone, Copy, PartialEq)]
enum Result {
    /// A float; `ValueError` where it is NaN and no argument is, `OverflowError` where it is infinite and no argument
    /// is.
    Float,
    /// The same, but infinite is a `ValueError`, too: the function has poles.
    Poles,
    /// A bool.
    Bool,
    /// An integer.
    Int,
}

/// Functions of `math` by their names there and in NumPy.
const FUNCTIONS: [(&str, &str, Result); 35] = [
    ("sqrt", "sqrt", Result::Float),
    ("cbrt", "cbrt", Result::Float),
    ("exp", "exp", Result::Float),
    ("exp2", "exp2", Result::Float),
    ("expm1", "expm1", Result::Float),
    ("log", "log", Result::Poles),
    ("log2", "log2", Result::Poles),
    ("log10", "log10", Result::Poles),
    ("log1p", "log1p", Result::Poles),
    ("sin", "sin", Result::Float),
    ("cos", "cos", Result::Float),
    ("tan", "tan", Result::Float),
    ("asin", "arcsin", Result::Float),
    ("acos", "arccos", Result::Float),
    ("atan", "arctan", Result::Float),
    ("atan2", "arctan2", Result::Float),
    ("sinh", "sinh", Result::Float),
    ("cosh", "cosh", Result::Float),
    ("tanh", "tanh", Result::Float),
    ("asinh", "arcsinh", Result::Float),
    ("acosh", "arccosh", Result::Float),
    ("atanh", "arctanh", Result::Poles),
    ("pow", "power", Result::Poles),
    ("hypot", "hypot", Result::Float),
    ("fmod", "fmod", Result::Float),
    ("copysign", "copysign", Result::Float),
    ("fabs", "absolute", Result::Float),
    ("degrees", "degrees", Result::Float),
    ("radians", "radians", Result::Float),
    ("isnan", "isnan", Result::Bool),
    ("isinf", "isinf", Result::Bool),
    ("isfinite", "isfinite", Result::Bool),
    ("floor", "floor", Result::Int),
    ("ceil", "ceil", Result::Int),
    ("trunc", "trunc", Result::Int),
];

impl<'c> Capture<'_, 'c, '_> {
    /// `math.name(...)` of numbers of the program; `None` where all are known, or the function is none of these.
    pub(super) fn call_math(
        &mut self,
        name: &str,
        args: &Arguments<'c>,
    ) -> Captured<Option<Value<'c>>> {
        let dynamic = |value: &Value<'c>| {
            matches!(
                value,
                Value::Number(..) | Value::Scalar(_) | Value::Mixed(_)
            )
        };
        let row = FUNCTIONS.iter().find(|(known, ..)| *known == name);
        let Some((_, numpy, result)) = row else {
            return Ok(None);
        };
        if !args.positional.iter().any(dynamic) || !args.keywords.is_empty() {
            return Ok(None);
        }
        let arity = match *numpy {
            "arctan2" | "power" | "hypot" | "fmod" | "copysign" => 2,
            _ => 1,
        };
        if args.positional.len() != arity {
            return self.unsupported(format!(
                "math.{name} with {} arguments",
                args.positional.len()
            ));
        }
        let mut operands = Vec::new();
        for value in &args.positional {
            operands.push(self.real(value)?);
        }
        let value = self.f.named(&format!("numpy.{numpy}"), &operands, &[]);
        let value = self.built(value)?;
        Ok(Some(match result {
            Result::Bool => Value::Number(NumberKind::Bool, value, Origin::default()),
            Result::Int => self.truncated(value)?,
            Result::Float | Result::Poles => {
                self.check_result("isnan", value, &operands, CheckKind::ValueError, DOMAIN)?;
                let (kind, message) = match result {
                    Result::Poles => (CheckKind::ValueError, DOMAIN),
                    _ => (CheckKind::Overflow, "math range error"),
                };
                self.check_result("isinf", value, &operands, kind, message)?;
                Value::Number(NumberKind::Float, value, Origin::default())
            }
        }))
    }

    /// A number as Python's float of it.
    fn real(&mut self, value: &Value<'c>) -> Captured<Tensor<'c>> {
        let complex = match value {
            Value::Scalar(tensor) => {
                matches!(self.dtype(*tensor)?, DType::C64 | DType::C128)
            }
            Value::Mixed(mixed) => self.dtype(mixed.value)? == DType::C128,
            _ => self.number_kind(value) == Some(NumberKind::Complex),
        };
        if complex || matches!(value, Value::Array(_)) {
            return self.unsupported("a function of math on something that is no real number");
        }
        self.tensor_as(value, DType::F64)
    }

    /// A result may be NaN or infinite only where an argument is.
    fn check_result(
        &mut self,
        test: &str,
        value: Tensor<'c>,
        operands: &[Tensor<'c>],
        kind: CheckKind,
        message: &str,
    ) -> Captured<()> {
        let build = |name: &str, operands: &[Tensor<'c>]| {
            let result = self.f.named(&format!("numpy.{name}"), operands, &[]);
            self.built(result)
        };
        let special = build(test, &[value])?;
        let mut holds = build("logical_not", &[special])?;
        for operand in operands {
            // What is infinite may give what is not a number only with an error.
            let given = build(test, &[*operand])?;
            holds = build("logical_or", &[holds, given])?;
        }
        self.require_tensor(holds, kind, message)
    }

    /// A float of whole value as an integer of Python.
    pub(super) fn truncated(&mut self, value: Tensor<'c>) -> Captured<Value<'c>> {
        const LIMIT: f64 = 9_223_372_036_854_774_784.0;
        for (op, limit) in [("greater_equal", -LIMIT), ("less_equal", LIMIT)] {
            let limit = self.f.constant(Scalar::new(limit));
            let limit = self.built(limit)?;
            let holds = self.f.named(&format!("numpy.{op}"), &[value, limit], &[]);
            let holds = self.built(holds)?;
            self.require_tensor(
                holds,
                CheckKind::Unsupported,
                "a float that is no integer of 64 bits becomes one",
            )?;
        }
        let cast = self.f.cast(value, DType::I64);
        Ok(number(self.built(cast)?, None))
    }
}

/// What Python says where a function has no value.
const DOMAIN: &str = "math domain error";
