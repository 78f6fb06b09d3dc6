//! The module `npir._compiler`: captures functions of Python and compiles them.

mod capture;
mod source;
mod tree;
mod value;

use std::collections::BTreeMap;
use std::ffi::CString;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use npir::machine::Machine;
use npir::prelude::{CompileError, Compiler, CpuTarget, Level, Registry};
use npir::{MACHINE_VARIABLE, StandardRegistry as _};
use npir_dispatch::spec::General;
use pyo3::exceptions::{PyRuntimeError, PyRuntimeWarning};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

use capture::Refusal;
use tree::Span;

fn compiler() -> &'static Compiler {
    static COMPILER: OnceLock<Compiler> = OnceLock::new();
    COMPILER.get_or_init(|| {
        let compiler = Compiler::new(Registry::standard());
        match described() {
            Ok(Some(machine)) => compiler.machine(machine),
            // What is wrong has been said when the module was imported.
            Ok(None) | Err(_) => compiler,
        }
    })
}

/// The machine of the file that the environment names.
fn described() -> Result<Option<Machine>, CompileError> {
    match std::env::var_os(MACHINE_VARIABLE).filter(|file| !file.is_empty()) {
        Some(file) => npir::machine_of(file, &CpuTarget::host()?).map(Some),
        None => Ok(None),
    }
}

/// Compiles `function` for such arguments, one for each of its parameters.
///
/// Returns `(artifact, spec, constants)`, or `(reason, part)` where it cannot be compiled: the place and the reason, and
/// where the statement and the expression that are to blame begin and end, or `None`. `general` says whether shapes and
/// numbers may be others in later calls, see [`General`]. A `part` of a function is not worth compiling where it has
/// neither arrays nor loops: the reason is empty.
#[pyfunction]
fn compile<'py>(
    py: Python<'py>,
    function: &Bound<'py, PyAny>,
    arguments: &Bound<'py, PyTuple>,
    general: (bool, bool),
    part: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let compiler = compiler();
    let make: &capture::Make<'_, _> = &|_, module| compiler.compile_artifact(&module);
    let (shapes, numbers) = general;
    let general = General { shapes, numbers };
    let mut made = capture::capture(compiler, function, arguments, general, make)?;
    if general != General::default() && made.is_err() {
        made = capture::capture(compiler, function, arguments, General::default(), make)?;
    }
    let program = match made {
        Ok(program) if part && !program.worthwhile => Err(Refusal::from(String::new())),
        made => made,
    };
    let program = match program {
        Ok(program) => program,
        Err(refusal) => return refused(py, refusal),
    };
    let failed = |what: String| PyRuntimeError::new_err(what);
    let artifact = program.made.to_bytes().map_err(|e| failed(e.to_string()))?;
    let spec = serde_json::to_string(&program.spec).map_err(|e| failed(e.to_string()))?;
    let constants = PyTuple::new(py, program.constants)?;
    Ok((PyBytes::new(py, &artifact), spec, constants)
        .into_pyobject(py)?
        .into_any())
}

/// `(reason, part)`.
fn refused(py: Python<'_>, refusal: Refusal) -> PyResult<Bound<'_, PyAny>> {
    let place = |span: Span| (span.line, span.column, span.end_line, span.end_column);
    let part = refusal
        .part
        .map(|[statement, expression]| (place(statement), place(expression)));
    Ok((refusal.reason, part).into_pyobject(py)?.into_any())
}

/// The program that `function` becomes for such arguments at each level, as text, or a reason why there is none.
#[pyfunction]
fn lower<'py>(
    py: Python<'py>,
    function: &Bound<'py, PyAny>,
    arguments: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    let compiler = compiler();
    let made = capture::capture(
        compiler,
        function,
        arguments,
        General::default(),
        &|context, module| {
            let mut texts = vec![
                ("llvm_ir", compiler.emit_llvm_ir(&module)?),
                ("asm", compiler.emit_assembly(&module)?),
            ];
            let mut module = module;
            for level in Level::ALL {
                compiler.lower(context, &mut module, level)?;
                texts.push((level.name(), module.as_operation().to_string()));
            }
            Ok(texts)
        },
    )?;
    match made {
        Ok(program) => {
            let texts = PyDict::new(py);
            for (level, text) in program.made {
                texts.set_item(level, text)?;
            }
            Ok(texts.into_any())
        }
        Err(refusal) => Ok(refusal.reason.into_pyobject(py)?.into_any()),
    }
}

/// What the optimizer does to the program that `function` becomes for such arguments, a line for each remark, or
/// `(reason, part)` as [`compile`] returns it where there is no program.
#[pyfunction]
fn explain<'py>(
    py: Python<'py>,
    function: &Bound<'py, PyAny>,
    arguments: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    let remarks = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&remarks);
    let compiler = compiler().clone().on_remark(move |remark| {
        let mut all = into.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(remark.to_string());
    });
    let made = capture::capture(
        &compiler,
        function,
        arguments,
        General::default(),
        &|context, mut module| compiler.explain(context, &mut module),
    )?;
    if let Err(refusal) = made {
        return refused(py, refusal);
    }
    let all = remarks.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(PyList::new(py, all.iter())?.into_any())
}

/// The syntax tree of a function, a `FunctionDef` or `Lambda` that nobody else may change, and its file; `None` if its
/// source is not at hand.
#[pyfunction]
fn syntax_tree<'py>(function: &Bound<'py, PyAny>) -> PyResult<Option<(Bound<'py, PyAny>, String)>> {
    Ok(source::syntax_tree(function)?.ok())
}

/// What code is compiled for: the processor and its features.
#[pyfunction]
fn target() -> PyResult<(String, String)> {
    let host = CpuTarget::host().map_err(|e| PyRuntimeError::new_err(e.to_string()))?;
    Ok((host.cpu().to_owned(), host.features().join(" ")))
}

/// NumPy's functions that are compiled, by their names below `numpy`: the names of their parameters.
#[pyfunction]
fn functions() -> BTreeMap<&'static str, Vec<&'static str>> {
    let names = |row: &'static capture::Row| row.parameters.iter().map(|p| p.name).collect();
    capture::functions()
        .map(|row| (row.name, names(row)))
        .collect()
}

/// The module.
#[pymodule]
fn _compiler(module: &Bound<'_, PyModule>) -> PyResult<()> {
    npir_dispatch::find_numpy(module.py())?;
    if let Err(error) = described() {
        let warning = module.py().get_type::<PyRuntimeWarning>();
        let words = CString::new(format!("{error}; the default is used"))?;
        PyErr::warn(module.py(), &warning, &words, 1)?;
    }
    module.add_function(wrap_pyfunction!(functions, module)?)?;
    for function in [
        wrap_pyfunction!(lower, module)?,
        wrap_pyfunction!(explain, module)?,
        wrap_pyfunction!(target, module)?,
        wrap_pyfunction!(syntax_tree, module)?,
    ] {
        module.add_function(function)?;
    }
    module.add_function(wrap_pyfunction!(compile, module)?)
}
