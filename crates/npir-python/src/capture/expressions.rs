//! Expressions.

use std::rc::Rc;

use npir::mlir::prelude::*;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyModule, PyTuple};

use npir::builder::{CheckKind, Tensor};
use npir_dispatch::spec::NumberKind;

use crate::tree::{Clause, Expr, ExprKind, Function};
use crate::value::{Absent, Class, Closure, Origin, Value};

use super::flow::Flow;
use super::{Capture, Captured};

/// Whether something holds.
pub(super) enum Test<'c> {
    Known(bool),
    /// A 0-d bool of the program says it.
    Unknown(Tensor<'c>),
}

/// A bool of Python.
fn truth(tensor: Tensor<'_>) -> Value<'_> {
    Value::Number(NumberKind::Bool, tensor, Origin::default())
}

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
                let object = self.definite(object)?;
                self.attribute(&object, name)?
            }
            ExprKind::Binary { op, left, right } => {
                let (left, right) = (self.definite(left)?, self.definite(right)?);
                self.binary(op, &left, &right)?
            }
            ExprKind::Unary { op, operand } if op == "Not" => match self.test(operand)? {
                Test::Known(holds) => self.bool(!holds),
                Test::Unknown(holds) => {
                    let not = self.f.logical_not(holds);
                    truth(self.built(not)?)
                }
            },
            ExprKind::Unary { op, operand } => {
                let operand = self.definite(operand)?;
                self.unary(op, &operand)?
            }
            ExprKind::Bool(and, operands) => self.bool_expr(*and, operands)?,
            ExprKind::Compare { left, ops, others } => self.compare(left, ops, others)?,
            ExprKind::IfElse { test, body, orelse } => match self.test(test)? {
                Test::Known(true) => self.expr(body)?,
                Test::Known(false) => self.expr(orelse)?,
                Test::Unknown(condition) => {
                    self.either(condition, |this| this.expr(body), |this| this.expr(orelse))?
                }
            },
            ExprKind::Call {
                function,
                args,
                keywords,
            } => self.call_expr(function, args, keywords)?,
            ExprKind::Subscript(object, index) => {
                let object = self.definite(object)?;
                let index = self.index(index)?;
                self.get_item(&object, &index)?
            }
            ExprKind::Tuple(items) => Value::Tuple(Rc::new(self.exprs(items)?)),
            ExprKind::List(items) => {
                let items = self.exprs(items)?;
                self.list(items)
            }
            ExprKind::Dict(pairs) => {
                let mut items = Vec::new();
                for (key, value) in pairs {
                    let key = self.expr(key)?;
                    let key = self.concrete(&key)?;
                    let value = self.expr(value)?;
                    self.set_key(&mut items, &key, value)?;
                }
                self.dict(items)
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
        let found = self.scopes.iter().find_map(|scope| {
            let value = scope.borrow().get(name).cloned()?;
            Some((scope.clone(), value))
        });
        match found {
            Some((scope, Value::Optional(optional))) if optional.absent == Absent::Unbound => {
                let why = format!(
                    "cannot access local variable '{name}' where it is not associated with a value"
                );
                self.require_tensor(optional.there, CheckKind::Unbound, &why)?;
                // From here on it has one.
                scope
                    .borrow_mut()
                    .insert(name.to_owned(), optional.value.clone());
                return Ok(optional.value.clone());
            }
            Some((_, value)) => return Ok(value),
            None => {}
        }
        let globals = self.module.globals.bind(self.py).clone();
        let globals = globals.cast_into::<PyDict>().map_err(PyErr::from)?;
        if let Some(object) = globals.get_item(name)? {
            // NumPy's own stay as they are.
            let module = globals.get_item("__name__")?;
            let module = module.and_then(|name| name.extract::<String>().ok());
            if module.is_some_and(|name| name.split('.').next() == Some("numpy")) {
                return Ok(self.known(&object));
            }
            return self.outside_value(globals.as_any(), Some(name), &object);
        }
        match self.py.import("builtins")?.getattr(name) {
            Ok(object) => Ok(self.known(&object)),
            Err(_) => self.unsupported(format!("the name {name} has no value here")),
        }
    }

    fn attribute(&mut self, value: &Value<'c>, name: &str) -> Captured<Value<'c>> {
        match value {
            Value::Array(_) | Value::Scalar(_) => self.array_attribute(value, name),
            Value::Instance(instance) => {
                let instance = instance.clone();
                self.instance_attribute(value, &instance, name)
            }
            Value::List(_) | Value::Number(..) | Value::Dict(_) => {
                Ok(Value::Method(Box::new(value.clone()), name.to_owned()))
            }
            Value::Object(object) => {
                let object = object.bind(self.py).clone();
                let found = object.getattr(name)?;
                if let Ok(module) = object.cast::<PyModule>() {
                    // NumPy and the standard library stay as they are.
                    if !self.is_settled(module)? {
                        return self.outside_value(&module.dict().into_any(), Some(name), &found);
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
            Value::Unusable(why, made) => self.unusable(why, *made),
            Value::Named(class, items) => {
                let fields: Vec<String> = class.bind(self.py).getattr("_fields")?.extract()?;
                match fields.iter().position(|field| field == name) {
                    Some(i) => Ok(items[i].clone()),
                    None => self.unsupported(format!("the attribute {name}")),
                }
            }
            Value::Mixed(mixed) => match mixed.classes {
                [Class::NumPy(_), _] | [_, Class::NumPy(_)] => {
                    self.unsupported("an attribute of a number whose class depends on values")
                }
                _ => Ok(Value::Method(Box::new(value.clone()), name.to_owned())),
            },
            Value::Tuple(_)
            | Value::Method(..)
            | Value::Function(_)
            | Value::Items(_)
            | Value::Optional(_) => self.unsupported(format!("the attribute {name}")),
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
        let (python, numpy) = match op {
            "USub" => ("neg", "negative"),
            "UAdd" => ("pos", "positive"),
            _ => ("invert", "invert"),
        };
        match value {
            Value::Array(_) | Value::Scalar(_) => self.ufunc(numpy, std::slice::from_ref(value)),
            Value::Mixed(mixed) => {
                let [a, b] = self.alternatives(mixed)?;
                self.either(
                    mixed.first,
                    |this| this.unary(op, &a),
                    |this| this.unary(op, &b),
                )
            }
            Value::Number(kind, ..) => self.number_unary(op, *kind, value),
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
        let left = self.expr(left)?;
        self.chain(left, ops, others)
    }

    /// `left op other op …`, each value computed once, and only where those before it hold.
    fn chain(&mut self, left: Value<'c>, ops: &[String], others: &[Expr]) -> Captured<Value<'c>> {
        let ([op, ops @ ..], [other, others @ ..]) = (ops, others) else {
            return Ok(left);
        };
        let right = self.expr(other)?;
        let value = self.comparison(op, &left, &right)?;
        if ops.is_empty() {
            return Ok(value);
        }
        match self.truth(&value)? {
            Some(true) => self.chain(right, ops, others),
            Some(false) => Ok(value),
            None => {
                let condition = self.truth_tensor(&value)?;
                self.either(
                    condition,
                    |this| this.chain(right, ops, others),
                    |_| Ok(value.clone()),
                )
            }
        }
    }

    /// `and` and `or`.
    fn bool_expr(&mut self, and: bool, operands: &[Expr]) -> Captured<Value<'c>> {
        let [first, rest @ ..] = operands else {
            return self.unsupported("an expression without operands");
        };
        let value = self.expr(first)?;
        if rest.is_empty() {
            return Ok(value);
        }
        match self.truth(&value)? {
            Some(truth) if truth == and => self.bool_expr(and, rest),
            Some(_) => Ok(value),
            None => {
                let condition = self.truth_tensor(&value)?;
                self.either(
                    condition,
                    |this| match and {
                        true => this.bool_expr(and, rest),
                        false => Ok(value.clone()),
                    },
                    |this| match and {
                        true => Ok(value.clone()),
                        false => this.bool_expr(and, rest),
                    },
                )
            }
        }
    }

    /// Whether an expression holds. Only that is asked: its operands may be of different types.
    pub(super) fn test(&mut self, expr: &Expr) -> Captured<Test<'c>> {
        match &expr.kind {
            ExprKind::Bool(and, operands) => {
                let (and, operands) = (*and, operands.as_slice());
                self.test_all(and, operands)
            }
            ExprKind::Unary { op, operand } if op == "Not" => Ok(match self.test(operand)? {
                Test::Known(holds) => Test::Known(!holds),
                Test::Unknown(holds) => {
                    let not = self.f.logical_not(holds);
                    Test::Unknown(self.built(not)?)
                }
            }),
            _ => {
                let value = self.expr(expr)?;
                self.holds(&value)
            }
        }
    }

    fn holds(&mut self, value: &Value<'c>) -> Captured<Test<'c>> {
        if let Value::Optional(optional) = value {
            // None does not hold.
            let there = optional.there;
            let inner = optional.value.clone();
            let value = self.either(
                there,
                |this| {
                    Ok(match this.holds(&inner)? {
                        Test::Known(holds) => this.bool(holds),
                        Test::Unknown(holds) => truth(holds),
                    })
                },
                |this| Ok(this.bool(false)),
            )?;
            return self.holds(&value);
        }
        Ok(match self.truth(value)? {
            Some(holds) => Test::Known(holds),
            None => Test::Unknown(self.truth_tensor(value)?),
        })
    }

    fn test_all(&mut self, and: bool, operands: &[Expr]) -> Captured<Test<'c>> {
        let [first, rest @ ..] = operands else {
            return Ok(Test::Known(and));
        };
        match self.test(first)? {
            Test::Known(holds) if holds != and => Ok(Test::Known(holds)),
            Test::Known(_) => self.test_all(and, rest),
            Test::Unknown(condition) if rest.is_empty() => Ok(Test::Unknown(condition)),
            Test::Unknown(condition) => {
                let others = |this: &mut Self| {
                    Ok(match this.test_all(and, rest)? {
                        Test::Known(holds) => this.bool(holds),
                        Test::Unknown(holds) => truth(holds),
                    })
                };
                let decided = |this: &mut Self| Ok(this.bool(!and));
                let value = match and {
                    true => self.either(condition, others, decided)?,
                    false => self.either(condition, decided, others)?,
                };
                self.holds(&value)
            }
        }
    }

    /// As [`Capture::test`], as a 0-d bool.
    pub(super) fn condition(&mut self, test: &Expr) -> Captured<Tensor<'c>> {
        match self.test(test)? {
            Test::Known(holds) => self.bool_tensor(holds),
            Test::Unknown(holds) => Ok(holds),
        }
    }

    /// `then` or `otherwise`, which have to be of one type.
    pub(super) fn either(
        &mut self,
        condition: Tensor<'c>,
        then: impl FnOnce(&mut Self) -> Captured<Value<'c>>,
        otherwise: impl FnOnce(&mut Self) -> Captured<Value<'c>>,
    ) -> Captured<Value<'c>> {
        const CHOSEN: &str = "<chosen>";
        self.if_else(
            condition,
            |this| {
                let value = then(this)?;
                this.set(CHOSEN, value);
                Ok(Flow::Normal)
            },
            |this| {
                let value = otherwise(this)?;
                this.set(CHOSEN, value);
                Ok(Flow::Normal)
            },
        )?;
        let value = self
            .scopes
            .first()
            .and_then(|scope| scope.borrow_mut().remove(CHOSEN));
        match value {
            Some(Value::Unusable(..)) | None => {
                self.unsupported("values of different types, depending on values")
            }
            Some(value) => Ok(value),
        }
    }

    /// The value of an expression that has to be there.
    pub(super) fn definite(&mut self, expr: &Expr) -> Captured<Value<'c>> {
        let value = self.expr(expr)?;
        self.present(&value)
    }

    /// Something that has to be there to be used.
    pub(super) fn present(&mut self, value: &Value<'c>) -> Captured<Value<'c>> {
        let Value::Optional(optional) = value else {
            return Ok(value.clone());
        };
        self.require_tensor(
            optional.there,
            CheckKind::Unsupported,
            "None is used as a value",
        )?;
        self.present(&optional.value)
    }

    pub(super) fn comparison(
        &mut self,
        op: &str,
        left: &Value<'c>,
        right: &Value<'c>,
    ) -> Captured<Value<'c>> {
        let is_none = |value: &Value<'c>| matches!(value, Value::Object(o) if o.is_none(self.py));
        let python = match (op, left, right) {
            ("Is" | "IsNot", Value::Optional(optional), other)
            | ("Is" | "IsNot", other, Value::Optional(optional))
                if is_none(other) =>
            {
                let there = optional.there;
                return Ok(match op {
                    "IsNot" => truth(there),
                    _ => {
                        let not = self.f.logical_not(there);
                        truth(self.built(not)?)
                    }
                });
            }
            ("Is" | "IsNot", ..) => {
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
            ("In" | "NotIn", ..) => "contains",
            _ => {
                let (left, right) = (self.present(left)?, self.present(right)?);
                return self.binary(op, &left, &right);
            }
        };
        if let Value::Dict(dict) = right {
            let dict = dict.clone();
            let key = self.concrete(left)?;
            let holds = self.look_up(&dict, &key)?.is_some();
            return Ok(self.bool(holds == (op == "In")));
        }
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
            Value::Dict(dict) => Ok(dict
                .items
                .borrow()
                .iter()
                .map(|(key, _)| Value::Object(key.clone()))
                .collect()),
            Value::Items(items) => {
                let items = items.clone();
                self.all_items(&items)
            }
            Value::Optional(_) => {
                let value = self.present(value)?;
                self.items(&value)
            }
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
