//! The syntax tree of a function, proven to be the function's.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

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
fn of_function(function: &Bound<'_, PyAny>) -> PyResult<Result<Source, String>> {
    Ok(match syntax_tree(function)? {
        Ok((node, file)) => Ok(Source {
            function: Rc::new(tree::function(&node)?),
            file,
        }),
        Err(reason) => Err(reason),
    })
}

/// A `FunctionDef` or `Lambda` of the module `ast`, and its file.
type Node<'py> = (Bound<'py, PyAny>, String);

/// The tree of a Python function as Python has it; `Err` is a reason why there is none.
///
/// Parts of functions (`_parts.py`) have theirs with them.
///
/// The source that Python names may have changed since it was compiled: the whole file is compiled again, for what a
/// function is compiled to depends on the file's imports, and the code must be the function's in every instruction,
/// constant and name.
pub(crate) fn syntax_tree<'py>(
    function: &Bound<'py, PyAny>,
) -> PyResult<Result<Node<'py>, String>> {
    let py = function.py();
    if let Some(own) = function.getattr_opt("__npir_source__")? {
        return Ok(Ok(own.extract()?));
    }
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
    let flags: u32 = code.getattr("co_flags")?.extract()?;
    let Some(read) = File::read(py, &file, lines.concat(), flags & FUTURE)? else {
        return changed();
    };
    if !contains(read.compiled.bind(py), &code)? {
        return changed();
    }
    let named = |other: &&(String, usize, Py<PyAny>)| other.0 == name && other.1 == line;
    let mut found: Vec<_> = (read.functions.iter().filter(named))
        .map(|(_, _, node)| node.bind(py).clone())
        .collect();
    if found.len() > 1 {
        // Several lambdas in one line: what the code computes last is the body of the right one.
        let places = code.call_method0("co_positions")?;
        let places: Vec<Bound<'_, PyAny>> = places.try_iter()?.collect::<PyResult<_>>()?;
        let mut at = Vec::new();
        for node in found {
            let body = node.getattr("body")?;
            let mut place = Vec::new();
            for name in ["lineno", "end_lineno", "col_offset", "end_col_offset"] {
                place.push(match body.getattr(name) {
                    Ok(number) => number,
                    Err(_) => py.None().into_bound(py),
                });
            }
            let place = PyTuple::new(py, place)?;
            let mut same = false;
            for other in &places {
                same |= place.eq(other)?;
            }
            if same {
                at.push(node);
            }
        }
        found = at;
    }
    match found.as_slice() {
        [node] => Ok(Ok((node.clone(), file))),
        [] => Ok(Err(format!("{name} is no plain function"))),
        _ => Ok(Err(format!("several functions {name} begin in one line"))),
    }
}

/// A file of Python, taken apart once for all functions in it.
struct File {
    text: String,
    /// What it imports `from __future__`.
    future: u32,
    compiled: Py<PyAny>,
    /// The functions and lambdas in it: names, first lines, syntax trees.
    functions: Vec<(String, usize, Py<PyAny>)>,
}

/// Files whose functions are kept, at most.
const MOST_FILES: usize = 32;

impl File {
    /// The file of that name, which holds that text; `None` if that is no Python.
    fn read(py: Python<'_>, name: &str, text: String, future: u32) -> PyResult<Option<Arc<File>>> {
        static FILES: Mutex<BTreeMap<String, Arc<File>>> = Mutex::new(BTreeMap::new());
        // Nothing of Python runs while this is held.
        let files = || FILES.lock().unwrap_or_else(PoisonError::into_inner);
        let known = files().get(name).cloned();
        if let Some(known) = known.filter(|file| file.text == text && file.future == future) {
            return Ok(Some(known));
        }
        let ast = py.import("ast")?;
        let Ok(tree) = ast.call_method1("parse", (&text, name)) else {
            return Ok(None);
        };
        let compiled = py
            .import("builtins")?
            .call_method1("compile", (&tree, name, "exec", future, true))?;
        let mut functions = Vec::new();
        for node in ast.call_method1("walk", (&tree,))?.try_iter()? {
            let node = node?;
            let class = node.get_type().name()?.to_str()?.to_owned();
            if class != "FunctionDef" && class != "Lambda" {
                continue;
            }
            let decorators = node.getattr("decorator_list");
            let starts = match decorators.and_then(|list| list.get_item(0)) {
                Ok(decorator) => decorator.getattr("lineno")?.extract()?,
                Err(_) => node.getattr("lineno")?.extract()?,
            };
            let name = match class.as_str() {
                "Lambda" => "<lambda>".to_owned(),
                _ => node.getattr("name")?.extract()?,
            };
            functions.push((name, starts, node.unbind()));
        }
        let file = Arc::new(File {
            text,
            future,
            compiled: compiled.unbind(),
            functions,
        });
        let mut files = files();
        let dropped = match files.len() >= MOST_FILES {
            true => std::mem::take(&mut *files),
            false => BTreeMap::new(),
        };
        let replaced = files.insert(name.to_owned(), file.clone());
        drop(files);
        // Objects of Python go when nothing is held.
        drop((dropped, replaced));
        Ok(Some(file))
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
