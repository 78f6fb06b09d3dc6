//! Programs and calls as C sees them.

use std::ffi::{CString, c_char};
use std::ptr;
use std::slice;

use npir_runtime::{Arg, ArgSpec, Artifact, Dim, Function as RtFunction, ResultSpec};

use crate::array::{NpirArray, boxed};
use crate::error::{Error, c_string, free, guard, handle, text};
use crate::view::{DType, View, dtype_of};

/// How to compile; made with everything at its default.
pub struct Options {
    /// `None`: this machine.
    cpu: Option<String>,
    threads: bool,
}

/// A compiled program.
pub struct Program {
    artifact: Artifact,
    names: Vec<CString>,
}

/// A function of a program, ready to be called; it keeps the code in memory by itself.
pub struct Function {
    function: RtFunction,
    parameters: Vec<Described>,
    results: Vec<Described>,
}

/// What a parameter or a result takes or is.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Parameter {
    /// The program's own name for a parameter; NULL for a result.
    pub name: *const c_char,
    /// Element type.
    pub dtype: DType,
    /// Number of axes.
    pub rank: i32,
    /// Extents, one per axis; -1 where any extent will do.
    pub shape: *const i64,
    /// Whether it is a value (`f64`), not an array of rank 0; both are passed as a view of rank 0.
    pub scalar: bool,
    /// Whether the call writes to the argument's memory; its view must be writable then.
    pub updated: bool,
}

struct Described {
    name: Option<CString>,
    shape: Vec<i64>,
    dtype: DType,
    scalar: bool,
    updated: bool,
}

impl Described {
    fn parameter(spec: &ArgSpec) -> Described {
        Described {
            name: Some(c_string(spec.name.clone())),
            shape: lengths(&spec.shape),
            dtype: dtype_of(spec.dtype),
            scalar: spec.scalar,
            updated: spec.updates.is_some(),
        }
    }

    fn result(spec: &ResultSpec) -> Described {
        Described {
            name: None,
            shape: lengths(&spec.shape),
            dtype: dtype_of(spec.dtype),
            scalar: spec.scalar,
            updated: false,
        }
    }

    fn as_c(&self) -> Parameter {
        Parameter {
            name: self.name.as_ref().map_or(ptr::null(), |name| name.as_ptr()),
            dtype: self.dtype,
            rank: self.shape.len() as i32,
            shape: self.shape.as_ptr(),
            scalar: self.scalar,
            updated: self.updated,
        }
    }
}

fn lengths(shape: &[Dim]) -> Vec<i64> {
    shape.iter().map(|&dim| dim.into()).collect()
}

impl Program {
    fn new(artifact: Artifact) -> *mut Program {
        let functions = &artifact.manifest().functions;
        let names = functions.iter().map(|f| c_string(f.name.clone())).collect();
        Box::into_raw(Box::new(Program { artifact, names }))
    }
}

#[cfg(feature = "compiler")]
mod compile {
    use super::{Error, Options, Program};
    use npir::CompileError;
    use npir::prelude::{Artifact, Compiler, CpuTarget, Registry, StandardRegistry};

    fn compiler(options: Option<&Options>) -> Result<Compiler, CompileError> {
        let mut compiler = Compiler::new(Registry::standard());
        if let Some(options) = options {
            compiler = compiler.threads(options.threads);
            if let Some(cpu) = &options.cpu {
                compiler = compiler.target(CpuTarget::named(cpu)?);
            }
        }
        Ok(compiler)
    }

    pub(super) fn source(
        source: &[u8],
        name: &str,
        options: Option<&Options>,
    ) -> Result<*mut Program, Error> {
        let compile = || -> Result<Artifact, CompileError> {
            let compiler = compiler(options)?;
            let context = compiler.context();
            let module = compiler.parse(&context, source, name)?;
            compiler.compile_artifact(&module)
        };
        Ok(Program::new(compile()?))
    }
}

#[cfg(not(feature = "compiler"))]
mod compile {
    use super::{Error, Options, Program};

    pub(super) fn source(_: &[u8], _: &str, _: Option<&Options>) -> Result<*mut Program, Error> {
        Err(Error::new(
            crate::error::NPIR_ERROR_COMPILE,
            "this library loads and runs programs; it was built without the compiler",
        ))
    }
}

/// Options at their defaults: code for this machine, on all threads.
#[unsafe(no_mangle)]
pub extern "C" fn npir_options_new() -> *mut Options {
    Box::into_raw(Box::new(Options {
        cpu: None,
        threads: true,
    }))
}

/// The CPU to compile for, as LLVM names it (`x86-64-v3`, `znver4`); NULL for this machine. A name that is not known
/// is an error of the compilation.
///
/// # Safety
/// `options` is a handle, and `cpu` NULL or text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_options_set_cpu(
    options: *mut Options,
    cpu: *const c_char,
    error: *mut *mut Error,
) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        guard(error, false, || {
            handle(options, "options")?;
            (*options).cpu = if cpu.is_null() {
                None
            } else {
                Some(text(cpu, "cpu")?.to_owned())
            };
            Ok(true)
        })
    }
}

/// Whether loops may be spread over threads.
///
/// # Safety
/// `options` is a handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_options_set_threads(
    options: *mut Options,
    threads: bool,
    error: *mut *mut Error,
) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        guard(error, false, || {
            handle(options, "options")?;
            (*options).threads = threads;
            Ok(true)
        })
    }
}

/// Frees options.
///
/// # Safety
/// `options` is a handle or NULL, and not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_options_free(options: *mut Options) {
    // SAFETY: the caller's promise.
    unsafe { free(options) }
}

/// Compiles a program, text or bytecode of any level. `name` is what errors call it (`axpy.mlir`); `options` may be
/// NULL.
///
/// # Safety
/// `source` points to `length` bytes, and `name` ends in NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_compile(
    source: *const c_char,
    length: usize,
    name: *const c_char,
    options: *const Options,
    error: *mut *mut Error,
) -> *mut Program {
    // SAFETY: the caller's promise.
    unsafe {
        guard(error, ptr::null_mut(), || {
            if source.is_null() {
                return Err(Error::argument("source is NULL"));
            }
            let source = slice::from_raw_parts(source.cast::<u8>(), length);
            compile::source(source, text(name, "name")?, options.as_ref())
        })
    }
}

/// Compiles a file, text or bytecode of any level; `options` may be NULL.
///
/// # Safety
/// `path` ends in NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_compile_file(
    path: *const c_char,
    options: *const Options,
    error: *mut *mut Error,
) -> *mut Program {
    // SAFETY: the caller's promise.
    unsafe {
        guard(error, ptr::null_mut(), || {
            let path = text(path, "path")?;
            let source = std::fs::read(path).map_err(|why| {
                Error::new(
                    crate::error::NPIR_ERROR_FILE,
                    format!("cannot read {path}: {why}"),
                )
            })?;
            compile::source(&source, path, options.as_ref())
        })
    }
}

/// Loads an artifact: what `npir compile` or `npir_program_save` wrote, from a source that is trusted.
///
/// # Safety
/// `path` ends in NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_program_load(
    path: *const c_char,
    error: *mut *mut Error,
) -> *mut Program {
    // SAFETY: the caller's promise.
    unsafe {
        guard(error, ptr::null_mut(), || {
            Ok(Program::new(Artifact::load(text(path, "path")?)?))
        })
    }
}

/// Writes a program as an artifact, which is there whole or not at all.
///
/// # Safety
/// `program` is a handle, and `path` ends in NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_program_save(
    program: *const Program,
    path: *const c_char,
    error: *mut *mut Error,
) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        guard(error, false, || {
            handle(program, "program")?
                .artifact
                .save(text(path, "path")?)?;
            Ok(true)
        })
    }
}

/// Number of functions.
///
/// # Safety
/// `program` is a handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_program_num_functions(program: *const Program) -> usize {
    // SAFETY: the caller's promise.
    unsafe { program.as_ref() }.map_or(0, |p| p.names.len())
}

/// The name of a function, or NULL if there are not so many.
///
/// # Safety
/// `program` is a handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_program_function_name(
    program: *const Program,
    index: usize,
) -> *const c_char {
    // SAFETY: the caller's promise.
    unsafe { program.as_ref() }
        .and_then(|p| p.names.get(index))
        .map_or(ptr::null(), |name| name.as_ptr())
}

/// A function by name.
///
/// # Safety
/// `program` is a handle, and `name` ends in NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_program_function(
    program: *const Program,
    name: *const c_char,
    error: *mut *mut Error,
) -> *mut Function {
    // SAFETY: the caller's promise.
    unsafe {
        guard(error, ptr::null_mut(), || {
            let program = handle(program, "program")?;
            let function = program.artifact.function(text(name, "name")?)?;
            let signature = function.signature();
            let parameters = signature.args.iter().map(Described::parameter).collect();
            let results = signature
                .returned()
                .map(|(_, r)| Described::result(r))
                .collect();
            Ok(Box::into_raw(Box::new(Function {
                function,
                parameters,
                results,
            })))
        })
    }
}

/// Frees a program; functions of it stay usable.
///
/// # Safety
/// `program` is a handle or NULL, and not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_program_free(program: *mut Program) {
    // SAFETY: the caller's promise.
    unsafe { free(program) }
}

/// Number of arguments that a call takes.
///
/// # Safety
/// `function` is a handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_function_num_args(function: *const Function) -> usize {
    // SAFETY: the caller's promise.
    unsafe { function.as_ref() }.map_or(0, |f| f.parameters.len())
}

/// Number of results that a call returns; those that go to updated arguments are not among them.
///
/// # Safety
/// `function` is a handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_function_num_results(function: *const Function) -> usize {
    // SAFETY: the caller's promise.
    unsafe { function.as_ref() }.map_or(0, |f| f.results.len())
}

/// Describes an argument; what it points to belongs to the function.
///
/// # Safety
/// `function` is a handle, and `parameter` may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_function_arg(
    function: *const Function,
    index: usize,
    parameter: *mut Parameter,
    error: *mut *mut Error,
) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        guard(error, false, || {
            let list = &handle(function, "function")?.parameters;
            describe(list, index, parameter, "argument")
        })
    }
}

/// Describes a result; what it points to belongs to the function.
///
/// # Safety
/// `function` is a handle, and `result` may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_function_result(
    function: *const Function,
    index: usize,
    result: *mut Parameter,
    error: *mut *mut Error,
) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        guard(error, false, || {
            let list = &handle(function, "function")?.results;
            describe(list, index, result, "result")
        })
    }
}

/// # Safety
/// `out` is NULL or may be written.
unsafe fn describe(
    list: &[Described],
    index: usize,
    out: *mut Parameter,
    what: &str,
) -> Result<bool, Error> {
    // SAFETY: the caller's promise.
    unsafe { handle(out, what) }?;
    let found = list.get(index).ok_or_else(|| {
        Error::argument(format!("there is no {what} {index}, only {}", list.len()))
    })?;
    // SAFETY: not null, and the caller's promise.
    unsafe { out.write(found.as_c()) };
    Ok(true)
}

/// Frees a function.
///
/// # Safety
/// `function` is a handle or NULL, and not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_function_free(function: *mut Function) {
    // SAFETY: the caller's promise.
    unsafe { free(function) }
}

/// Calls a function on `num_args` arrays, where they lie, and stores handles of its `num_results` results. Updated
/// arguments are written in place. Returns false on failure; all results are NULL then, and updated arguments hold
/// unspecified values.
///
/// # Safety
/// `args` and `results` point to as many views and places. During the call the arguments' memory is readable
/// (writable where the view says so), nobody else writes to it, and booleans are 0 or 1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn npir_call(
    function: *const Function,
    args: *const View,
    num_args: usize,
    results: *mut *mut NpirArray,
    num_results: usize,
    error: *mut *mut Error,
) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        guard(error, false, || {
            if num_results > 0 && results.is_null() {
                return Err(Error::argument("results is NULL"));
            }
            for i in 0..num_results {
                results.add(i).write(ptr::null_mut());
            }
            if num_args > 0 && args.is_null() {
                return Err(Error::argument("args is NULL"));
            }
            let views = if num_args == 0 {
                &[]
            } else {
                slice::from_raw_parts(args, num_args)
            };
            let function = handle(function, "function")?;
            if num_results != function.results.len() {
                return Err(Error::argument(format!(
                    "{}: returns {} arrays, and there is place for {num_results}",
                    function.function.signature().name,
                    function.results.len()
                )));
            }
            let mut list = arguments(function, views)?;
            let made = function.function.call(&mut list)?;
            for (i, array) in made.into_iter().enumerate() {
                results.add(i).write(boxed(array));
            }
            Ok(true)
        })
    }
}

/// # Safety
/// As for [`npir_call`].
unsafe fn arguments<'a>(function: &Function, views: &'a [View]) -> Result<Vec<Arg<'a>>, Error> {
    let specs = &function.function.signature().args;
    let named = |i: usize, error: Error| match specs.get(i) {
        Some(spec) => error.about(&format!(
            "{}: argument `{}`",
            function.function.signature().name,
            spec.name
        )),
        None => error,
    };
    let convert = |(i, view): (usize, &View)| -> Result<Arg<'a>, Error> {
        let spec = specs.get(i);
        // SAFETY: the caller's promise.
        let checked = unsafe { view.check() }?;
        if view.writable && spec.is_some_and(|s| s.updates.is_some()) {
            // SAFETY: the caller's promise.
            let written = unsafe { checked.write() }?;
            return Ok(written.into());
        }
        // SAFETY: the caller's promise.
        let read = unsafe { checked.read() };
        match read.item() {
            Some(value) if spec.is_some_and(|s| s.scalar) && read.rank() == 0 => Ok(value.into()),
            _ => Ok(read.into()),
        }
    };
    views
        .iter()
        .enumerate()
        .map(|(i, view)| convert((i, view)).map_err(|e| named(i, e)))
        .collect()
}
