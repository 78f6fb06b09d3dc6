//! The syntax tree of a function, proven to be the function's.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::tree::{self, Function};

/// A function's tree, and the file that it stands in.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) function: Rc<Function>,
    pub(crate) file: String,
}

/// What was found out about functions during a compilation, by the address of their code.
#[derive(Default)]
pub(crate) struct Sources(RefCell<HashMap<usize, Result<Source, String>>>);

impl Sources {
    /// As [`of_function`], once for each code.
    pub(crate) fn of(&self, function: &Bound<'_, PyAny>) -> PyResult<Result<Source, String>> {
        let code = function.getattr("__code__")?.as_ptr() as usize;
        if let Some(known) = self.0.borrow().get(&code) {
            return Ok(known.clone());
        }
        let found = of_function(function)?;
        self.0.borrow_mut().insert(code, found.clone());
        Ok(found)
    }
}

/// The tree of a Python function; `Err` is a reason why there is none.
///
/// The source that Python names may have changed since it was compiled: the whole file is compiled again, for what a
/// function is compiled to depends on the file's imports, and the code must be the function's in every instruction,
/// constant and name.
fn of_function(function: &Bound<'_, PyAny>) -> PyResult<Result<Source, String>> {
    let py = function.py();
    let code = function.getattr("__code__")?;
    let file: String = code.getattr("co_filename")?.extract()?;
    let line: usize = code.getattr("co_firstlineno")?.extract()?;
    let name: String = code.getattr("co_name")?.extract()?;
    let globals = function.getattr("__globals__")?;
    let lines: Vec<String> = py
        .import("linecache")?
        .call_method1("getlines", (&file, globals))?
        .extract()?;
    if lines.is_empty() {
        return Ok(Err(format!("the source of {name} is not at hand")));
    }
    let changed = || {
        Ok(Err(format!(
            "the source of {name} has changed since it was loaded"
        )))
    };
    let ast = py.import("ast")?;
    let Ok(tree) = ast.call_method1("parse", (lines.concat(), &file)) else {
        return changed();
    };
    let flags: u32 = code.getattr("co_flags")?.extract()?;
    let future = flags & FUTURE;
    let compiled = py
        .import("builtins")?
        .call_method1("compile", (&tree, &file, "exec", future, true))?;
    if !contains(&compiled, &code)? {
        return changed();
    }
    let mut found = None;
    for node in ast.call_method1("walk", (&tree,))?.try_iter()? {
        let node = node?;
        let class = node.get_type().name()?.to_str()?.to_owned();
        if class != "FunctionDef" && class != "Lambda" {
            continue;
        }
        let starts: usize = match node
            .getattr("decorator_list")
            .and_then(|list| list.get_item(0))
        {
            Ok(decorator) => decorator.getattr("lineno")?.extract()?,
            Err(_) => node.getattr("lineno")?.extract()?,
        };
        let own_name: String = match class.as_str() {
            "Lambda" => "<lambda>".to_owned(),
            _ => node.getattr("name")?.extract()?,
        };
        if own_name == name && starts == line && found.replace(node).is_some() {
            return Ok(Err(format!("several functions {name} begin in one line")));
        }
    }
    match found {
        Some(node) => Ok(Ok(Source {
            function: Rc::new(tree::function(&node)?),
            file,
        })),
        None => Ok(Err(format!("{name} is no plain function"))),
    }
}

/// The flags of code that say what it imports `from __future__`.
const FUTURE: u32 = 0x1ff_0000;

/// Whether compiled code, or code among its constants, is the code of a function.
fn contains(compiled: &Bound<'_, PyAny>, code: &Bound<'_, PyAny>) -> PyResult<bool> {
    for constant in compiled.getattr("co_consts")?.try_iter()? {
        let constant = constant?;
        if constant.hasattr("co_code")? && (alike(&constant, code)? || contains(&constant, code)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether two pieces of code do the same.
fn alike(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> PyResult<bool> {
    const PARTS: [&str; 10] = [
        "co_name",
        "co_firstlineno",
        "co_code",
        "co_names",
        "co_varnames",
        "co_freevars",
        "co_cellvars",
        "co_argcount",
        "co_kwonlyargcount",
        "co_flags",
    ];
    for name in PARTS {
        if !a.getattr(name)?.eq(b.getattr(name)?)? {
            return Ok(false);
        }
    }
    let (x, y) = (a.getattr("co_consts")?, b.getattr("co_consts")?);
    let (x, y) = (x.cast_into::<PyTuple>()?, y.cast_into::<PyTuple>()?);
    if x.len() != y.len() {
        return Ok(false);
    }
    for (p, q) in x.iter().zip(y.iter()) {
        let same = match p.hasattr("co_code")? {
            true => q.hasattr("co_code")? && alike(&p, &q)?,
            false => p.get_type().is(q.get_type()) && p.repr()?.as_any().eq(q.repr()?)?,
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}
