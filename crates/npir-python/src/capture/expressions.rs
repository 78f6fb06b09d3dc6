//! Expressions.

use std::rc::Rc;

use npir::mlir::prelude::*;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyModule, PyTuple};

use crate::tree::{Clause, Expr, ExprKind, Function};
use crate::value::{Closure, Value};

use super::{Capture, Captured};

impl<'c, 'py> Capture<'_, 'c, 'py> {
    pub(super) fn expr(&mut self, expr: &Expr) -> Captured<Value<'c>> {
        let around = std::mem::replace(&mut self.span, expr.span);
        self.f
            .at(&self.module.file, expr.span.line, expr.span.column + 1);
        let value = self.expr_kind(&expr.kind)?;
        self.span = around;
        Ok(value)
    }

    fn expr_kind(&mut self, kind: &ExprKind) -> Captured<Value<'c>> {
        Ok(match kind {
            ExprKind::Constant(object) => self.known(&object.bind(self.py).clone()),
            ExprKind::Name(name) => self.name(name)?,
            ExprKind::Attribute(object, name) => {
                let object = self.expr(object)?;
                self.attribute(&object, name)?
            }
            ExprKind::Binary { op, left, right } => {
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                self.binary(op, &left, &right)?
            }
            ExprKind::Unary { op, operand } => {
                let operand = self.expr(operand)?;
                self.unary(op, &operand)?
            }
            ExprKind::Bool(and, operands) => {
                let mut value = self.none();
                for (i, operand) in operands.iter().enumerate() {
                    value = self.expr(operand)?;
                    let last = i + 1 == operands.len();
                    match self.truth(&value)? {
                        Some(truth) if truth != *and => break,
                        Some(_) => {}
                        None if last => {}
                        None => return self.unsupported("a condition that depends on values"),
                    }
                }
                value
            }
            ExprKind::Compare { left, ops, others } => self.compare(left, ops, others)?,
            ExprKind::IfElse { test, body, orelse } => {
                let test = self.expr(test)?;
                match self.truth(&test)? {
                    Some(holds) => self.expr(if holds { body } else { orelse })?,
                    None => return self.unsupported("a condition that depends on values"),
                }
            }
            ExprKind::Call {
                function,
                args,
                keywords,
            } => self.call_expr(function, args, keywords)?,
            ExprKind::Subscript(object, index) => {
                let object = self.expr(object)?;
                let index = self.index(index)?;
                self.get_item(&object, &index)?
            }
            ExprKind::Tuple(items) => Value::Tuple(Rc::new(self.exprs(items)?)),
            ExprKind::List(items) => {
                let items = self.exprs(items)?;
                self.list(items)
            }
            ExprKind::Lambda(function) => {
                let closure = Closure {
                    function: function.clone(),
                    defaults: self.defaults(function)?,
                    around: self.scopes.clone(),
                    module: self.module.clone(),
                };
                Value::Function(Rc::new(closure))
            }
            ExprKind::Comprehension { element, clauses } => {
                let mut items = Vec::new();
                // Its variables are its own.
                self.scopes.insert(0, Rc::default());
                let result = self.comprehension(element, clauses, &mut items);
                self.scopes.remove(0);
                result?;
                self.list(items)
            }
            ExprKind::Slice { .. } | ExprKind::Starred(_) => {
                return self.unsupported("a slice outside of an index");
            }
            ExprKind::Other(kind) => return self.unsupported(format!("the expression {kind}")),
        })
    }

    /// Values of a list of expressions, `*items` taken apart.
    pub(super) fn exprs(&mut self, exprs: &[Expr]) -> Captured<Vec<Value<'c>>> {
        let mut values = Vec::new();
        for expr in exprs {
            match &expr.kind {
                ExprKind::Starred(inner) => {
                    let inner = self.expr(inner)?;
                    values.extend(self.items(&inner)?);
                }
                _ => values.push(self.expr(expr)?),
            }
        }
        Ok(values)
    }

    pub(super) fn defaults(&mut self, function: &Function) -> Captured<Vec<Option<Value<'c>>>> {
        let defaults = function.parameters.iter().map(|p| p.default.as_ref());
        defaults
            .map(|expr| expr.map(|expr| self.expr(expr)).transpose())
            .collect()
    }

    fn comprehension(
        &mut self,
        element: &Expr,
        clauses: &[Clause],
        items: &mut Vec<Value<'c>>,
    ) -> Captured<()> {
        let Some((clause, rest)) = clauses.split_first() else {
            items.push(self.expr(element)?);
            return Ok(());
        };
        let values = self.expr(&clause.iter)?;
        for value in self.items(&values)? {
            self.assign(&clause.target, value)?;
            let mut holds = true;
            for condition in &clause.conditions {
                let condition = self.expr(condition)?;
                match self.truth(&condition)? {
                    Some(truth) => holds &= truth,
                    None => return self.unsupported("a condition that depends on values"),
                }
            }
            if holds {
                self.comprehension(element, rest, items)?;
            }
        }
        Ok(())
    }

    fn name(&mut self, name: &str) -> Captured<Value<'c>> {
        for scope in &self.scopes {
            if let Some(value) = scope.borrow().get(name) {
                return Ok(value.clone());
            }
        }
        let globals = self.module.globals.bind(self.py).clone();
        let globals = globals.cast_into::<PyDict>().map_err(PyErr::from)?;
        if let Some(object) = globals.get_item(name)? {
            let namespace = self.constants.add(globals.as_any());
            self.guard_global(namespace, Some(name), &object);
            return Ok(self.known(&object));
        }
        match self.py.import("builtins")?.getattr(name) {
            Ok(object) => Ok(self.known(&object)),
            Err(_) => self.unsupported(format!("the name {name} has no value here")),
        }
    }

    fn attribute(&mut self, value: &Value<'c>, name: &str) -> Captured<Value<'c>> {
        match value {
            Value::Array(_) | Value::Scalar(_) => self.array_attribute(value, name),
            Value::List(_) | Value::Number(..) => {
                Ok(Value::Method(Box::new(value.clone()), name.to_owned()))
            }
            Value::Object(object) => {
                let object = object.bind(self.py).clone();
                let found = object.getattr(name)?;
                if let Ok(module) = object.cast::<PyModule>() {
                    // NumPy and the standard library stay as they are.
                    if !self.is_settled(module)? {
                        let namespace = self.constants.add(&module.dict().into_any());
                        self.guard_global(namespace, Some(name), &found);
                    }
                    return Ok(self.known(&found));
                }
                if object.is_instance_of::<pyo3::types::PyType>() || self.is_of_numpy(&object)? {
                    return Ok(self.known(&found));
                }
                self.unsupported(format!(
                    "the attribute {name} of {}",
                    object.get_type().name()?
                ))
            }
            Value::Unusable(why) => self.unsupported(why.to_string()),
            Value::Named(class, items) => {
                let fields: Vec<String> = class.bind(self.py).getattr("_fields")?.extract()?;
                match fields.iter().position(|field| field == name) {
                    Some(i) => Ok(items[i].clone()),
                    None => self.unsupported(format!("the attribute {name}")),
                }
            }
            Value::Tuple(_) | Value::Method(..) | Value::Function(_) => {
                self.unsupported(format!("the attribute {name}"))
            }
        }
    }

    fn is_settled(&self, module: &Bound<'py, PyModule>) -> Captured<bool> {
        let name = module.name()?.to_string();
        let top = name.split('.').next().unwrap_or_default().to_owned();
        Ok(top == "numpy" || top == "math" || top == "operator" || top == "cmath")
    }

    /// Whether an object is NumPy's own and does not change: a type of elements, limits of a type, a function.
    fn is_of_numpy(&self, object: &Bound<'py, PyAny>) -> Captured<bool> {
        let module: String = object.get_type().getattr("__module__")?.extract()?;
        let array = npir_dispatch::array_of(object).is_some();
        Ok(module.split('.').next() == Some("numpy") && !array)
    }

    fn unary(&mut self, op: &str, value: &Value<'c>) -> Captured<Value<'c>> {
        if op == "Not" {
            return match self.truth(value)? {
                Some(truth) => Ok(self.bool(!truth)),
                None => self.unsupported("a condition that depends on values"),
            };
        }
        let (python, numpy) = match op {
            "USub" => ("neg", "negative"),
            "UAdd" => ("pos", "positive"),
            _ => ("invert", "invert"),
        };
        match value {
            Value::Array(_) | Value::Scalar(_) => self.ufunc(numpy, std::slice::from_ref(value)),
            _ => {
                let object = self.concrete(value)?;
                let result = self
                    .py
                    .import("operator")?
                    .call_method1(python, (object,))?;
                Ok(self.known(&result))
            }
        }
    }

    pub(super) fn bool(&self, value: bool) -> Value<'c> {
        self.object(
            &pyo3::types::PyBool::new(self.py, value)
                .to_owned()
                .into_any(),
        )
    }

    fn compare(&mut self, left: &Expr, ops: &[String], others: &[Expr]) -> Captured<Value<'c>> {
        let mut left = self.expr(left)?;
        let mut result: Option<Value<'c>> = None;
        for (op, other) in ops.iter().zip(others) {
            let right = self.expr(other)?;
            let value = self.comparison(op, &left, &right)?;
            left = right;
            result = match result {
                None => Some(value),
                Some(before) => match self.truth(&before)? {
                    Some(true) => Some(value),
                    Some(false) => return Ok(before),
                    None => return self.unsupported("a chain of comparisons of arrays"),
                },
            };
        }
        Ok(result.unwrap_or_else(|| self.none()))
    }

    fn comparison(&mut self, op: &str, left: &Value<'c>, right: &Value<'c>) -> Captured<Value<'c>> {
        let python = match op {
            "Is" | "IsNot" => {
                let known = |value: &Value<'c>| match value {
                    Value::Object(object) => Some(object.bind(self.py).clone()),
                    _ => None,
                };
                let is = match (known(left), known(right)) {
                    (Some(a), Some(b)) => a.is(&b),
                    // None, True and such are known.
                    _ if known(left).is_some() || known(right).is_some() => false,
                    _ => match (left, right) {
                        // One array may be passed twice.
                        (Value::Array(_), Value::Array(_))
                            if !self.same(left, right)
                                && self.tag(left).is_some()
                                && self.tag(right).is_some() =>
                        {
                            return self.unsupported("whether two arguments are the same array");
                        }
                        (Value::Array(_), Value::Array(_)) | (Value::List(_), Value::List(_)) => {
                            self.same(left, right)
                        }
                        _ => return self.unsupported("whether two numbers are the same object"),
                    },
                };
                return Ok(self.bool(is == (op == "Is")));
            }
            "In" | "NotIn" => "contains",
            _ => return self.binary(op, left, right),
        };
        let (item, container) = (self.concrete(left)?, self.concrete(right)?);
        let holds = self
            .py
            .import("operator")?
            .call_method1(python, (container, item))?
            .is_truthy()?;
        Ok(self.bool(holds == (op == "In")))
    }

    /// What iteration over a value yields.
    pub(super) fn items(&mut self, value: &Value<'c>) -> Captured<Vec<Value<'c>>> {
        match value {
            Value::Tuple(items) | Value::Named(_, items) => Ok(items.to_vec()),
            Value::List(list) => Ok(list.now()),
            Value::Array(array) => {
                let Some(n) = array
                    .ty
                    .dims()
                    .first()
                    .and_then(|n| usize::try_from(*n).ok())
                else {
                    return self.unsupported("a loop over an array of unknown length");
                };
                let mut items = Vec::new();
                for i in 0..n {
                    let index = self.int(i as i64);
                    items.push(self.get_item(value, &super::indexing::Index::one(index))?);
                }
                Ok(items)
            }
            Value::Object(_) => {
                let object = self.concrete(value)?;
                let allowed = [
                    "range",
                    "str",
                    "tuple",
                    "list",
                    "dict_keys",
                    "zip",
                    "enumerate",
                    "reversed",
                ];
                let class = object.get_type().name()?.to_string();
                if !allowed.contains(&class.as_str()) {
                    return self.unsupported(format!("a loop over {class}"));
                }
                let items = object.try_iter()?.collect::<PyResult<Vec<_>>>()?;
                Ok(items.iter().map(|item| self.known(item)).collect())
            }
            _ => self.unsupported("a loop over a number or a function"),
        }
    }

    pub(super) fn int(&self, value: i64) -> Value<'c> {
        match value.into_pyobject(self.py) {
            Ok(object) => self.object(&object.into_any()),
            Err(never) => match never {},
        }
    }

    /// A tuple of objects that are known.
    pub(super) fn objects(&self, values: &[Value<'c>]) -> Captured<Bound<'py, PyTuple>> {
        let values = values
            .iter()
            .map(|value| self.concrete(value))
            .collect::<Captured<Vec<_>>>()?;
        Ok(PyTuple::new(self.py, values)?)
    }
}
