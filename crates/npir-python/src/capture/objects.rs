//! Dictionaries, instances of the user's classes, and variables outside of the function that compiled code works on.

use std::cell::RefCell;
use std::rc::Rc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::value::{Dict, Instance, Value};

use super::calls::Arguments;
use super::guards::{is_plain_instance, lasts};
use super::indexing::Index;
use super::{Capture, Captured, Stop};

/// A variable outside of the function.
pub(crate) struct Outside {
    /// A dictionary or a cell.
    pub(super) namespace: Py<PyAny>,
    /// The key in the dictionary.
    pub(super) name: Option<String>,
}

impl Outside {
    pub(super) fn key(&self) -> (usize, Option<String>) {
        (self.namespace.as_ptr() as usize, self.name.clone())
    }

    /// What it is now.
    pub(super) fn value<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let namespace = self.namespace.bind(py);
        match &self.name {
            Some(name) => match namespace.cast::<PyDict>() {
                Ok(dict) => dict.get_item(name),
                Err(_) => Ok(None),
            },
            None => namespace.getattr("cell_contents").map(Some),
        }
    }
}

impl<'c, 'py> Capture<'_, 'c, 'py> {
    /// A variable outside of the function: what lasts is known, arrays and what holds them are passed to compiled code.
    pub(super) fn outside_value(
        &mut self,
        namespace: &Bound<'py, PyAny>,
        name: Option<&str>,
        object: &Bound<'py, PyAny>,
    ) -> Captured<Value<'c>> {
        let holds_arrays = npir_dispatch::array_of(object).is_some()
            || object.is_exact_instance_of::<pyo3::types::PyList>()
            || object.is_exact_instance_of::<PyDict>()
            || object.is_exact_instance_of::<PyTuple>() && !all_last(object)
            || is_plain_instance(object);
        if !holds_arrays {
            let at = self.constants.add(namespace);
            self.guard_global(at, name, object);
            return Ok(self.known(object));
        }
        let outside = Outside {
            namespace: namespace.clone().unbind(),
            name: name.map(str::to_owned),
        };
        match self.outside.get(&outside.key()) {
            Some(value) => Ok(value.clone()),
            None => Err(Stop::Outside(outside)),
        }
    }

    /// A dictionary that the function makes here.
    pub(super) fn dict(&self, items: Vec<(Rc<Py<PyAny>>, Value<'c>)>) -> Value<'c> {
        Value::Dict(Rc::new(Dict {
            items: RefCell::new(items),
            level: Some(self.conditional),
        }))
    }

    /// Puts a value under a key.
    pub(super) fn set_key(
        &self,
        items: &mut Vec<(Rc<Py<PyAny>>, Value<'c>)>,
        key: &Bound<'py, PyAny>,
        value: Value<'c>,
    ) -> Captured<()> {
        key.hash()?;
        for (known, old) in items.iter_mut() {
            if known.bind(self.py).eq(key)? {
                *old = value;
                return Ok(());
            }
        }
        items.push((Rc::new(key.clone().unbind()), value));
        Ok(())
    }

    /// What is under a key.
    pub(super) fn look_up(
        &self,
        dict: &Dict<'c>,
        key: &Bound<'py, PyAny>,
    ) -> Captured<Option<Value<'c>>> {
        for (known, value) in dict.items.borrow().iter() {
            if known.bind(self.py).eq(key)? {
                return Ok(Some(value.clone()));
            }
        }
        Ok(None)
    }

    /// `dict[index]`.
    pub(super) fn get_from_dict(
        &mut self,
        dict: &Dict<'c>,
        index: &Index<'c>,
    ) -> Captured<Value<'c>> {
        let key = self.object_index(index)?;
        match self.look_up(dict, &key)? {
            Some(value) => Ok(value),
            None => Err(Stop::Python(pyo3::exceptions::PyKeyError::new_err(
                key.unbind(),
            ))),
        }
    }

    /// `dict[index] = value`.
    pub(super) fn set_in_dict(
        &mut self,
        dict: &Dict<'c>,
        index: &Index<'c>,
        value: &Value<'c>,
    ) -> Captured<()> {
        self.may_change(dict.level)?;
        let key = self.object_index(index)?;
        self.set_key(&mut dict.items.borrow_mut(), &key, value.clone())
    }

    /// A method of a dictionary.
    pub(super) fn dict_method(
        &mut self,
        dict: &Dict<'c>,
        name: &str,
        args: &Arguments<'c>,
    ) -> Captured<Value<'c>> {
        let items = dict.items.borrow().clone();
        let key = |key: &Rc<Py<PyAny>>| Value::Object(key.clone());
        let all: Vec<Value<'c>> = match (name, args.positional.as_slice()) {
            ("keys", []) => items.iter().map(|(k, _)| key(k)).collect(),
            ("values", []) => items.into_iter().map(|(_, value)| value).collect(),
            ("items", []) => items
                .iter()
                .map(|(k, value)| Value::Tuple(Rc::new(vec![key(k), value.clone()])))
                .collect(),
            ("copy", []) => return Ok(self.dict(items)),
            ("get", [key, default @ ..]) => {
                let key = self.concrete(key)?;
                return Ok(match (self.look_up(dict, &key)?, default) {
                    (Some(value), _) => value,
                    (None, [default]) => default.clone(),
                    (None, _) => self.none(),
                });
            }
            _ => return self.unsupported(format!("the method {name} of a dictionary")),
        };
        Ok(Value::Tuple(Rc::new(all)))
    }

    /// An attribute of an instance of the user's class.
    pub(super) fn instance_attribute(
        &mut self,
        value: &Value<'c>,
        instance: &Instance<'c>,
        name: &str,
    ) -> Captured<Value<'c>> {
        let class = instance.class.bind(self.py).clone();
        let of_class = self
            .py
            .import("inspect")?
            .call_method1("getattr_static", (&class, name, self.py.None()))?;
        let kind = of_class.get_type().name()?.to_string();
        if kind == "property" {
            let getter = of_class.getattr("fget")?;
            let args = Arguments {
                positional: vec![value.clone()],
                keywords: vec![],
            };
            return self.follow(&getter, args);
        }
        if let Some((_, field)) = instance.fields.iter().find(|(field, _)| field == name) {
            return Ok(field.clone());
        }
        match kind.as_str() {
            "function" => Ok(Value::Method(Box::new(value.clone()), name.to_owned())),
            _ if of_class.is_none() || !lasts(&of_class) => {
                self.unsupported(format!("the attribute {name} of {}", class))
            }
            _ => {
                let at = self.constants.add(&class);
                self.guard_attribute(at, name, &of_class);
                Ok(self.known(&of_class))
            }
        }
    }

    /// A method of an instance of the user's class.
    pub(super) fn instance_method(
        &mut self,
        value: &Value<'c>,
        instance: &Instance<'c>,
        name: &str,
        mut args: Arguments<'c>,
    ) -> Captured<Value<'c>> {
        let class = instance.class.bind(self.py).clone();
        let function = class.getattr(name)?;
        let at = self.constants.add(&class);
        self.guard_attribute(at, name, &function);
        args.positional.insert(0, value.clone());
        self.follow(&function, args)
    }

    /// `Class(...)` of a dataclass whose `__init__` is the one that was generated.
    pub(super) fn make_instance(
        &mut self,
        class: &Bound<'py, PyAny>,
        args: Arguments<'c>,
    ) -> Captured<Value<'c>> {
        let generated = || -> PyResult<bool> {
            let code = class.getattr("__init__")?.getattr("__code__")?;
            let file: String = code.getattr("co_filename")?.extract()?;
            Ok(class.hasattr("__dataclass_fields__")?
                && !class.hasattr("__post_init__")?
                && file == "<string>"
                && class.getattr("__new__")?.is(&self
                    .py
                    .import("builtins")?
                    .getattr("object")?
                    .getattr("__new__")?))
        };
        if !generated().unwrap_or(false) {
            return self.unsupported(format!(
                "a call of the class {}",
                class.getattr("__name__")?
            ));
        }
        let mut positional = args.positional.into_iter();
        let mut keywords = args.keywords;
        let mut values = Vec::new();
        let all = class.getattr("__dataclass_fields__")?.cast_into::<PyDict>();
        for (name, field) in all.map_err(PyErr::from)? {
            let name: String = name.extract()?;
            if !field.getattr("init")?.is_truthy()? {
                return self.unsupported("a field that is not passed");
            }
            let only: bool = field.getattr("kw_only")?.is_truthy()?;
            let named = keywords.iter().position(|(key, _)| *key == name);
            let passed = match named {
                Some(at) => Some(keywords.remove(at).1),
                None if only => None,
                None => positional.next(),
            };
            let value = match passed {
                Some(value) => value,
                None => {
                    let default = field.getattr("default")?;
                    if !lasts(&default) {
                        return self.unsupported(format!("the field {name} without a value"));
                    }
                    self.known(&default)
                }
            };
            values.push((name, value));
        }
        if positional.next().is_some() || !keywords.is_empty() {
            return self.unsupported("a dataclass with other fields");
        }
        Ok(Value::Instance(Rc::new(Instance {
            class: Rc::new(class.clone().unbind()),
            fields: values,
            made: true,
        })))
    }
}

/// Whether all items of a tuple are the same in later calls.
fn all_last(tuple: &Bound<'_, PyAny>) -> bool {
    match tuple.cast_exact::<PyTuple>() {
        Ok(items) => items.iter().all(|item| all_last(&item)),
        Err(_) => lasts(tuple),
    }
}
