//! Statements that raise, and contexts that do nothing to compiled code.

use npir::builder::CheckKind;
use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

use crate::tree::{Expr, ExprKind};
use crate::value::Value;

use super::expressions::Test;
use super::flow::Flow;
use super::{Capture, Captured, Stop};

/// Exceptions, and the kinds of errors of compiled code that become them.
const KINDS: [(&str, CheckKind); 6] = [
    ("ValueError", CheckKind::ValueError),
    ("IndexError", CheckKind::IndexOutOfBounds),
    ("OverflowError", CheckKind::Overflow),
    ("ZeroDivisionError", CheckKind::ZeroDivision),
    ("MemoryError", CheckKind::Memory),
    ("AssertionError", CheckKind::Assertion),
];

impl<'c> Capture<'_, 'c, '_> {
    /// `assert test, message`.
    pub(super) fn assert(&mut self, test: &Expr, message: Option<&Expr>) -> Captured<Flow<'c>> {
        let optimized: i64 = self
            .py
            .import("sys")?
            .getattr("flags")?
            .getattr("optimize")?
            .extract()?;
        if optimized > 0 {
            return Ok(Flow::Normal);
        }
        let holds = match self.test(test)? {
            Test::Known(true) => return Ok(Flow::Normal),
            Test::Known(false) => self.bool_tensor(false)?,
            Test::Unknown(holds) => holds,
        };
        let message = match message {
            None => Some(String::new()),
            Some(message) => self.text(message),
        };
        self.require_or_repeat(holds, CheckKind::Assertion, message)?;
        Ok(Flow::Normal)
    }

    /// `raise error`.
    pub(super) fn raise(&mut self, error: Option<&Expr>) -> Captured<Flow<'c>> {
        let Some(error) = error else {
            return self.unsupported("a raise without an exception");
        };
        let (class, args) = match &error.kind {
            ExprKind::Call {
                function,
                args,
                keywords,
            } if keywords.is_empty() => (self.expr(function)?, args.as_slice()),
            _ => (self.expr(error)?, &[][..]),
        };
        let class = self.concrete(&class)?;
        let exception = class.cast::<PyType>().is_ok_and(|class| {
            class
                .is_subclass_of::<PyBaseException>()
                .unwrap_or_default()
        });
        if !exception {
            return self.unsupported("a raise of something that is no class of exceptions");
        }
        let name = class.getattr("__name__")?.extract::<String>()?;
        let builtin = self
            .py
            .import("builtins")?
            .getattr(name.as_str())
            .is_ok_and(|own| own.is(&class));
        let kind = KINDS.iter().find(|(known, _)| builtin && *known == name);
        let message = match args {
            [] => Some(String::new()),
            [one] => self.text(one),
            _ => None,
        };
        let never = self.bool_tensor(false)?;
        match kind {
            Some((_, kind)) => self.require_or_repeat(never, *kind, message)?,
            None => self.require_or_repeat(never, CheckKind::Unsupported, None)?,
        }
        Ok(Flow::Raise)
    }

    /// Raises an error of `kind` unless the 0-d bool holds. Without a message that is known the call is repeated in
    /// NumPy, which is possible if nothing is written to arguments.
    fn require_or_repeat(
        &mut self,
        holds: npir::builder::Tensor<'c>,
        kind: CheckKind,
        message: Option<String>,
    ) -> Captured<()> {
        match message {
            Some(message) => self.require_tensor(holds, kind, &message),
            None if self.choices.written.is_empty() => self.require_tensor(
                holds,
                CheckKind::Unsupported,
                "an exception of the function's own",
            ),
            None => self.unsupported("an exception whose text depends on values"),
        }
    }

    /// A text that is known.
    fn text(&mut self, expr: &Expr) -> Option<String> {
        // Texts made of values of the program are found out by running the function.
        match &expr.kind {
            ExprKind::Constant(object) => {
                let object = object.bind(self.py);
                object.cast::<PyString>().ok()?.extract().ok()
            }
            _ => None,
        }
    }

    /// `with context:` of contexts that change nothing in compiled code: `numpy.errstate` that does not raise.
    pub(super) fn harmless_context(&mut self, context: &Expr) -> Captured<()> {
        let ExprKind::Call {
            function,
            args,
            keywords,
        } = &context.kind
        else {
            return self.unsupported("the statement With");
        };
        let function = self.expr(function)?;
        let Value::Object(function) = function else {
            return self.unsupported("the statement With");
        };
        let errstate = self.numpy()?.getattr("errstate")?;
        if !function.bind(self.py).is(&errstate) || !args.is_empty() {
            return self.unsupported("the statement With");
        }
        for (_, value) in keywords {
            let value = self.expr(value)?;
            let quiet = match self.concrete(&value)?.extract::<String>() {
                Ok(text) => text == "ignore" || text == "warn",
                Err(_) => false,
            };
            if !quiet {
                return Err(Stop::unsupported(
                    context.span,
                    "floating-point errors that raise",
                ));
            }
        }
        Ok(())
    }
}
