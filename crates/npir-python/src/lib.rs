//! The module `npir._compiler`: captures functions of Python and compiles them.

mod capture;
mod source;
mod tree;
mod value;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use npir::StandardRegistry as _;
use npir::prelude::{Compiler, Registry};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

fn compiler() -> &'static Compiler {
    static COMPILER: OnceLock<Compiler> = OnceLock::new();
    COMPILER.get_or_init(|| Compiler::new(Registry::standard()))
}

/// Compiles `function` for such arguments, one for each of its parameters.
///
/// Returns `(artifact, spec, constants)`, or a string: the place and the reason why the function cannot be compiled.
/// With `generalize`, arrays of other extents may be passed later.
#[pyfunction]
fn compile<'py>(
    py: Python<'py>,
    function: &Bound<'py, PyAny>,
    arguments: &Bound<'py, PyTuple>,
    generalize: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let mut made = capture::compile(compiler(), function, arguments, generalize)?;
    if generalize && made.is_err() {
        made = capture::compile(compiler(), function, arguments, false)?;
    }
    let program = match made {
        Ok(program) => program,
        Err(reason) => return Ok(reason.into_pyobject(py)?.into_any()),
    };
    let failed = |what: String| PyRuntimeError::new_err(what);
    let artifact = program
        .artifact
        .to_bytes()
        .map_err(|e| failed(e.to_string()))?;
    let spec = serde_json::to_string(&program.spec).map_err(|e| failed(e.to_string()))?;
    let constants = PyTuple::new(py, program.constants)?;
    Ok((PyBytes::new(py, &artifact), spec, constants)
        .into_pyobject(py)?
        .into_any())
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
    module.add_function(wrap_pyfunction!(functions, module)?)?;
    module.add_function(wrap_pyfunction!(compile, module)?)
}
