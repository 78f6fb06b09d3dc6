//! Calls: functions of the user are followed, those of NumPy become operations, others run if all is known.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use npir::mlir::prelude::*;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::tree::{Expr, ParameterKind};
use crate::value::{Closure, Module, Value};

use super::{Capture, Captured, Stop};

/// Calls of the user's functions inside of each other, at most: a recursion has no end here.
const DEEPEST: usize = 50;

/// The arguments of a call.
pub(super) struct Arguments<'c> {
    pub(super) positional: Vec<Value<'c>>,
    pub(super) keywords: Vec<(String, Value<'c>)>,
}

/// Python's own functions that have no effect and depend on nothing but their arguments.
const PURE: [&str; 24] = [
    "abs",
    "all",
    "any",
    "bool",
    "complex",
    "dict",
    "divmod",
    "enumerate",
    "float",
    "hash",
    "int",
    "isinstance",
    "issubclass",
    "len",
    "list",
    "max",
    "min",
    "pow",
    "range",
    "reversed",
    "round",
    "slice",
    "sorted",
    "str",
];

/// Methods of NumPy's numbers that make numbers of numbers.
const OF_NUMBERS: [&str; 8] = [
    "astype",
    "bit_count",
    "conj",
    "conjugate",
    "is_integer",
    "item",
    "round",
    "tolist",
];

impl<'c, 'py> Capture<'_, 'c, 'py> {
    pub(super) fn call_expr(
        &mut self,
        function: &Expr,
        args: &[Expr],
        keywords: &[(Option<String>, Expr)],
    ) -> Captured<Value<'c>> {
        let function = self.definite(function)?;
        let positional = self.exprs(args)?;
        let mut named = Vec::new();
        for (name, value) in keywords {
            match name {
                Some(name) => named.push((name.clone(), self.expr(value)?)),
                None => {
                    let value = self.definite(value)?;
                    let Value::Dict(dict) = &value else {
                        return self.unsupported("a call with a dictionary of arguments");
                    };
                    for (key, item) in dict.items.borrow().iter() {
                        named.push((key.bind(self.py).extract()?, item.clone()));
                    }
                }
            }
        }
        self.call(
            &function,
            Arguments {
                positional,
                keywords: named,
            },
        )
    }

    pub(super) fn call(
        &mut self,
        function: &Value<'c>,
        args: Arguments<'c>,
    ) -> Captured<Value<'c>> {
        match function {
            Value::Function(closure) => self.inline(&closure.clone(), args),
            Value::Method(object, name) => self.method(&object.clone(), name, args),
            Value::Object(object) => {
                let object = object.bind(self.py).clone();
                self.call_object(&object, args)
            }
            _ => self.unsupported("a call of something that is no function"),
        }
    }

    fn call_object(
        &mut self,
        function: &Bound<'py, PyAny>,
        mut args: Arguments<'c>,
    ) -> Captured<Value<'c>> {
        let class = function.get_type().name()?.to_string();
        let module = match function.getattr("__module__") {
            Ok(module) if !module.is_none() => module.extract::<String>().unwrap_or_default(),
            _ => String::new(),
        };
        let of_numpy = module.split('.').next() == Some("numpy") || class == "ufunc";
        if class == "function" && !of_numpy {
            return self.follow(function, args);
        }
        if class == "type" && !of_numpy && module != "builtins" {
            return self.make_instance(function, args);
        }
        // Functions of NumPy and of Python need what is there.
        for value in args.positional.iter_mut() {
            *value = self.present(value)?;
        }
        for (_, value) in args.keywords.iter_mut() {
            *value = self.present(value)?;
        }
        let python = module == "builtins" || module == "math";
        let mixed = args
            .positional
            .iter()
            .position(|value| matches!(value, Value::Mixed(_)));
        if python
            && let Some(at) = mixed
            && let Value::Mixed(one) = &args.positional[at]
        {
            let first = one.first;
            let [a, b] = self.alternatives(one)?.map(|alternative| {
                let mut positional = args.positional.clone();
                positional[at] = alternative;
                Arguments {
                    positional,
                    keywords: args.keywords.clone(),
                }
            });
            return self.either(
                first,
                |this| this.call_object(function, a),
                |this| this.call_object(function, b),
            );
        }
        if let Ok(this) = function.getattr("__self__")
            && this.get_type().name()? == "ufunc"
        {
            let method: String = function.getattr("__name__")?.extract()?;
            let name: String = this.getattr("__name__")?.extract()?;
            return self.ufunc_method(&this, &name, &method, args);
        }
        let name: String = match function.getattr("__name__") {
            Ok(name) => name.extract()?,
            Err(_) => return self.unsupported(format!("a call of an object of class {class}")),
        };
        if let Ok(this) = function.getattr("__self__")
            && this.is_instance(&self.numpy()?.getattr("generic")?)?
        {
            // A number of NumPy that is known, and stays known where the method makes another one.
            if OF_NUMBERS.contains(&name.as_str()) {
                return self.run(function, &args);
            }
            return self.method(&self.made(&this), &name, args);
        }
        if of_numpy {
            let prefix = match module.as_str() {
                "numpy.linalg" | "numpy.fft" => module["numpy.".len()..].to_owned() + ".",
                _ => String::new(),
            };
            if class == "ufunc" {
                return self.call_ufunc(function, &name, args);
            }
            if class == "type" {
                return self.call_type(function, &name, args);
            }
            return self.call_numpy(function, &format!("{prefix}{name}"), args);
        }
        if module == "builtins" {
            if let Some(value) = self.builtin(&name, &args)? {
                return Ok(value);
            }
            let pure = PURE.contains(&name.as_str()) || class == "method_descriptor";
            // Methods of text and of numbers.
            let bound = function.getattr("__self__").is_ok_and(|this| {
                let class = this.get_type().name().map(|name| name.to_string());
                class.is_ok_and(|class| {
                    ["str", "int", "float", "complex", "bytes", "tuple"].contains(&class.as_str())
                })
            });
            if pure || bound {
                return self.run(function, &args);
            }
        }
        if module == "math"
            && let Some(value) = self.call_math(&name, &args)?
        {
            return Ok(value);
        }
        if module == "math" || module == "cmath" || module == "_operator" {
            return self.run(function, &args);
        }
        self.unsupported(format!("a call of {name}"))
    }

    /// Calls a function of Python now, with arguments that are known.
    pub(super) fn run(
        &mut self,
        function: &Bound<'py, PyAny>,
        args: &Arguments<'c>,
    ) -> Captured<Value<'c>> {
        let positional = self.objects(&args.positional)?;
        let keywords = PyDict::new(self.py);
        for (name, value) in &args.keywords {
            keywords.set_item(name, self.concrete(value)?)?;
        }
        let result = function.call(positional, Some(&keywords))?;
        Ok(self.made(&result))
    }

    /// Python's functions on values of compiled code, and on containers of them.
    fn builtin(&mut self, name: &str, args: &Arguments<'c>) -> Captured<Option<Value<'c>>> {
        if name == "dict" && args.positional.is_empty() {
            let mut items = Vec::new();
            for (key, value) in &args.keywords {
                let key = key.into_pyobject(self.py).map_err(PyErr::from)?;
                self.set_key(&mut items, key.as_any(), value.clone())?;
            }
            return Ok(Some(self.dict(items)));
        }
        if name == "range"
            && let Some(range) = self.range(args)?
        {
            return Ok(Some(range));
        }
        if ["zip", "enumerate", "reversed"].contains(&name)
            && let Some(items) = self.combined(name, args)?
        {
            return Ok(Some(items));
        }
        if let Some(value) = self.conversion(name, args)? {
            return Ok(Some(value));
        }
        if !args.keywords.is_empty() {
            return Ok(None);
        }
        let [first, ..] = args.positional.as_slice() else {
            return Ok(None);
        };
        Ok(match (name, first) {
            ("len", Value::Tuple(items)) => Some(self.int(items.len() as i64)),
            ("len", Value::Dict(dict)) => Some(self.int(dict.items.borrow().len() as i64)),
            ("len", Value::List(list)) => Some(self.int(list.items.borrow().len() as i64)),
            ("len", Value::Array(array)) => {
                let Some(n) = array.ty.dims().first().copied() else {
                    return self.unsupported("the length of an array of no dimensions");
                };
                if n < 0 {
                    let contents = self.read(array)?;
                    return self.extent(contents, 0).map(Some);
                }
                Some(self.int(n))
            }
            ("abs", Value::Array(_) | Value::Scalar(_)) => {
                Some(self.ufunc("absolute", &args.positional)?)
            }
            ("max" | "min", Value::Scalar(_) | Value::Number(..)) if args.positional.len() > 1 => {
                let mut best = first.clone();
                for item in &args.positional[1..] {
                    best = self.better(name, &best, item)?;
                }
                Some(best)
            }
            ("tuple", _) => Some(Value::Tuple(Rc::new(self.items(first)?))),
            ("list", _) => {
                let items = self.items(first)?;
                Some(self.list(items))
            }
            ("enumerate", Value::Tuple(_) | Value::List(_)) => {
                let items = self.items(first)?.into_iter().enumerate();
                let pairs =
                    items.map(|(i, item)| Value::Tuple(Rc::new(vec![self.int(i as i64), item])));
                Some(Value::Tuple(Rc::new(pairs.collect())))
            }
            ("zip", _) => {
                let columns = args
                    .positional
                    .iter()
                    .map(|value| self.items(value))
                    .collect::<Captured<Vec<_>>>()?;
                let n = columns.iter().map(Vec::len).min().unwrap_or(0);
                let row = |i: usize| {
                    Value::Tuple(Rc::new(columns.iter().map(|c| c[i].clone()).collect()))
                };
                Some(Value::Tuple(Rc::new((0..n).map(row).collect())))
            }
            ("reversed", Value::Tuple(_) | Value::List(_)) => {
                let items = self.items(first)?.into_iter().rev().collect();
                Some(Value::Tuple(Rc::new(items)))
            }
            ("sum", _) => {
                let mut total = match args.positional.get(1) {
                    Some(start) => start.clone(),
                    None => self.int(0),
                };
                for item in self.items(first)? {
                    total = self.binary("Add", &total, &item)?;
                }
                Some(total)
            }
            _ => None,
        })
    }

    /// Python's `max` and `min` of two numbers: the first one, unless the other is better.
    pub(super) fn better(
        &mut self,
        name: &str,
        a: &Value<'c>,
        b: &Value<'c>,
    ) -> Captured<Value<'c>> {
        let op = if name == "max" { "Gt" } else { "Lt" };
        let wins = self.binary(op, b, a)?;
        if let Some(wins) = self.truth(&wins)? {
            return Ok(if wins { b.clone() } else { a.clone() });
        }
        let wins = self.truth_tensor(&wins)?;
        self.either(wins, |_| Ok(b.clone()), |_| Ok(a.clone()))
    }

    /// Follows a call of a function of the user.
    pub(super) fn follow(
        &mut self,
        function: &Bound<'py, PyAny>,
        args: Arguments<'c>,
    ) -> Captured<Value<'c>> {
        let source = match self.choices.sources.of(function)? {
            Ok(source) => source,
            Err(reason) => return self.unsupported(reason),
        };
        let constants = self.constants.add(function);
        // The same function with other code is another one.
        let code = function.getattr("__code__")?;
        self.guard_attribute(constants, "__code__", &code);
        let around = self.closure_of(function)?;
        let mut defaults: HashMap<String, Value<'c>> = HashMap::new();
        let positional: Vec<&str> = (source.function.parameters.iter())
            .filter(|p| p.kind == ParameterKind::Positional)
            .map(|p| p.name.as_str())
            .collect();
        let values = function.getattr("__defaults__")?;
        if let Ok(values) = values.cast::<PyTuple>() {
            self.guard_attribute(constants, "__defaults__", values.as_any());
            for (name, value) in positional.iter().rev().zip(values.iter().rev()) {
                defaults.insert((*name).to_owned(), self.known(&value));
            }
        }
        let values = function.getattr("__kwdefaults__")?;
        if let Ok(values) = values.cast::<PyDict>() {
            let namespace = self.constants.add(values.as_any());
            for (name, value) in values {
                self.guard_global(namespace, Some(name.extract()?), &value);
                defaults.insert(name.extract()?, self.known(&value));
            }
        }
        let module = Module {
            globals: Rc::new(function.getattr("__globals__")?.unbind()),
            file: source.file.as_str().into(),
        };
        let defaults = source
            .function
            .parameters
            .iter()
            .map(|p| defaults.get(&p.name).cloned())
            .collect();
        let closure = Closure {
            function: source.function,
            defaults,
            around,
            module,
        };
        self.inline(&closure, args)
    }

    /// Runs a function on these arguments.
    fn inline(&mut self, closure: &Closure<'c>, args: Arguments<'c>) -> Captured<Value<'c>> {
        if self.depth >= DEEPEST {
            return self.unsupported(format!(
                "calls of {} inside of each other",
                closure.function.name
            ));
        }
        let scope = self.bind(closure, args)?;
        let scopes = [Rc::new(RefCell::new(scope))]
            .into_iter()
            .chain(closure.around.iter().cloned())
            .collect();
        let callers = self.callers.len();
        self.callers.extend(self.scopes.iter().cloned());
        let around = std::mem::replace(&mut self.scopes, scopes);
        let module = std::mem::replace(&mut self.module, closure.module.clone());
        let span = self.span;
        self.depth += 1;
        let result = self.body(&closure.function.body);
        self.depth -= 1;
        let inside = std::mem::replace(&mut self.module, module);
        self.scopes = around;
        self.callers.truncate(callers);
        result.map_err(|stop| match stop {
            Stop::Unsupported(mut what) => {
                what.file.get_or_insert(inside.file);
                what.call = Some(span);
                Stop::Unsupported(what)
            }
            other => other,
        })
    }

    fn bind(
        &mut self,
        closure: &Closure<'c>,
        args: Arguments<'c>,
    ) -> Captured<HashMap<String, Value<'c>>> {
        let function = &closure.function;
        let mut scope = HashMap::new();
        let mut positional = args.positional.into_iter();
        let mut keywords = args.keywords;
        for (parameter, default) in function.parameters.iter().zip(&closure.defaults) {
            let name = &parameter.name;
            let mut named = || {
                let at = keywords.iter().position(|(key, _)| key == name)?;
                Some(keywords.remove(at).1)
            };
            let value = match parameter.kind {
                ParameterKind::Rest => Some(Value::Tuple(Rc::new(positional.by_ref().collect()))),
                ParameterKind::KeywordRest => {
                    let mut items = Vec::new();
                    for (key, value) in std::mem::take(&mut keywords) {
                        let key = key.into_pyobject(self.py).map_err(PyErr::from)?;
                        self.set_key(&mut items, key.as_any(), value)?;
                    }
                    Some(self.dict(items))
                }
                ParameterKind::Positional => positional.next().or_else(&mut named),
                ParameterKind::Keyword => named(),
            };
            match value.or_else(|| default.clone()) {
                Some(value) => scope.insert(name.clone(), value),
                None => {
                    return self
                        .unsupported(format!("{}() misses its argument {name}", function.name));
                }
            };
        }
        if positional.next().is_some() || !keywords.is_empty() {
            return self.unsupported(format!("{}() has other parameters", function.name));
        }
        Ok(scope)
    }
}
