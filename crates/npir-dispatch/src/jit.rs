//! `Jit`: a Python function with its compiled versions.

use std::collections::HashMap;
use std::ffi::CString;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyException, PyTypeError, PyUserWarning};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::arguments::Leaves;
use crate::parts::{CALLS_OF_PARTS, Parts, is_compiled};
use crate::spec::General;
use crate::vectorcall::{self, Vectorcall};
use crate::version::{Version, Versions};

pyo3::create_exception!(
    npir,
    FallbackWarning,
    PyUserWarning,
    "A call runs in NumPy, for the reason that the text gives."
);

/// Arguments by their types: classes, and of arrays the elements and the number of dimensions.
fn types_of(bound: &[Bound<'_, PyAny>]) -> Vec<usize> {
    let mut types = Vec::new();
    for object in bound {
        types.push(object.get_type_ptr() as usize);
        if let Some((dtype, shape)) = crate::array_of(object) {
            types.extend([dtype as usize, shape.len()]);
        }
    }
    types
}

/// What the compiler makes of a function, and the cache keeps: the artifact, the specification, the constants.
type Made<'py> = (Vec<u8>, String, Bound<'py, PyTuple>);

/// What became of a call.
pub(crate) enum Ran<'py> {
    /// It returned.
    Done(Bound<'py, PyAny>),
    /// Nothing has happened: for this reason NumPy has to make it.
    Undone(String),
    /// No version fits.
    Unfit,
}

/// What has happened to a function, its parts included.
#[pyclass(module = "npir._dispatch", frozen)]
#[derive(Default)]
pub(crate) struct Record {
    compilations: AtomicUsize,
    /// Why versions after the first were compiled.
    recompilations: Mutex<Vec<String>>,
    /// Why calls ran in NumPy, each reason once.
    fallbacks: Mutex<Vec<String>>,
    cache_hits: AtomicUsize,
    /// Why versions were not kept in the cache on disk, each reason once.
    uncached: Mutex<Vec<String>>,
    /// Arrays that calls had to copy.
    copies: AtomicUsize,
}

/// The strings in there.
fn locked(strings: &Mutex<Vec<String>>) -> MutexGuard<'_, Vec<String>> {
    strings.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A Python function that runs compiled where a compiled version fits.
#[pyclass(module = "npir._dispatch", frozen, dict, weakref, subclass)]
pub(crate) struct Jit {
    function: Py<PyAny>,
    /// Loads and returns the module of the compiler.
    compiler: Py<PyAny>,
    /// Compiled versions on disk, if they are kept there.
    cache: Option<Py<PyAny>>,
    /// Whether the cache has been asked.
    loaded: AtomicBool,
    record: Py<Record>,
    signature: Py<PyAny>,
    parameters: usize,
    /// Whether arguments can be passed by position as they come.
    plain: bool,
    versions: Versions,
    /// Whether a version has run in this process. Until then the next one is made for the shapes of its first call,
    /// whatever is on disk.
    used: AtomicBool,
    /// Types of arguments that no version could be compiled for, and what runs instead of the function, if something
    /// does.
    refused: Mutex<HashMap<Vec<usize>, Option<Parts>>>,
    /// Makes a function of parts, in which all but what cannot be compiled is compiled.
    split: Option<Py<PyAny>>,
    /// Whether it is a part of a function.
    part: bool,
    strict: bool,
    /// What Python calls without a tuple of arguments.
    pub(crate) vectorcall: Vectorcall,
}

/// Versions of a function at most; beyond it runs in NumPy where none fits.
const MOST_VERSIONS: usize = 16;

#[pymethods]
impl Jit {
    #[new]
    #[pyo3(signature = (function, compiler, strict, cache=None, split=None, record=None))]
    fn new(
        py: Python<'_>,
        function: Py<PyAny>,
        compiler: Py<PyAny>,
        strict: bool,
        cache: Option<Py<PyAny>>,
        split: Option<Py<PyAny>>,
        record: Option<Py<Record>>,
    ) -> PyResult<Jit> {
        let signature = py
            .import("inspect")?
            .call_method1("signature", (&function,))?;
        let parameters = signature.getattr("parameters")?;
        let mut plain = true;
        for parameter in parameters.call_method0("values")?.try_iter()? {
            let kind: i32 = parameter?.getattr("kind")?.extract()?;
            plain &= kind <= 1;
        }
        Ok(Jit {
            parameters: parameters.len()?,
            signature: signature.unbind(),
            function,
            compiler,
            cache,
            plain,
            strict,
            split,
            part: record.is_some(),
            record: match record {
                Some(record) => record,
                None => Py::new(py, Record::default())?,
            },
            ..Jit::nothing(py)?
        })
    }

    #[pyo3(signature = (*args, **kwargs))]
    pub(crate) fn __call__<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        // What does not fit the parameters raises there, in Python's words.
        if let Ok(bound) = self.bind(py, args, kwargs)
            && let Some(result) = self.call_bound(py, &bound)?
        {
            return Ok(result);
        }
        self.function.bind(py).call(args, kwargs)
    }

    // What a function is made of may refer to it: the parts of a function do.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.function)?;
        visit.call(&self.cache)?;
        visit.call(&self.split)?;
        let refused = self.refused.try_lock();
        for parts in refused.iter().flat_map(|refused| refused.values()) {
            visit.call(parts.as_ref().map(|parts| &parts.function))?;
        }
        Ok(())
    }

    /// Why versions after the first were compiled, in order: what did not fit the version before.
    #[getter]
    fn recompilations(&self) -> Vec<String> {
        locked(&self.record.get().recompilations).clone()
    }

    /// Whether versions are kept on disk.
    #[getter]
    fn cache(&self) -> bool {
        self.cache.is_some()
    }

    /// Whether what cannot be compiled raises.
    #[getter]
    fn strict(&self) -> bool {
        self.strict
    }

    /// The arguments of a call, one for each parameter.
    #[pyo3(signature = (*args, **kwargs))]
    fn bind_arguments<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.bind(py, args, kwargs)?)
    }

    /// What has happened, for functions that are parts of this one.
    #[getter]
    fn record(&self, py: Python<'_>) -> Py<Record> {
        self.record.clone_ref(py)
    }

    /// How many versions were compiled.
    #[getter]
    fn compilations(&self) -> usize {
        self.record.get().compilations.load(Ordering::Relaxed)
    }

    /// How many arrays calls have copied: arguments whose elements lie so that compiled code cannot use them, results
    /// that are the memory of something else.
    #[getter]
    fn copies(&self) -> usize {
        self.record.get().copies.load(Ordering::Relaxed)
    }

    /// How many versions came from the cache on disk.
    #[getter]
    fn cache_hits(&self) -> usize {
        self.record.get().cache_hits.load(Ordering::Relaxed)
    }

    /// Why versions were not kept in the cache on disk, each reason once.
    #[getter]
    fn uncached(&self) -> Vec<String> {
        locked(&self.record.get().uncached).clone()
    }

    /// Why calls ran in NumPy, each reason once.
    #[getter]
    fn fallbacks(&self) -> Vec<String> {
        locked(&self.record.get().fallbacks).clone()
    }
}

impl Jit {
    /// A function that cannot be called.
    pub(crate) fn nothing(py: Python<'_>) -> PyResult<Jit> {
        Ok(Jit {
            function: py.None(),
            compiler: py.None(),
            cache: None,
            loaded: AtomicBool::new(false),
            record: Py::new(py, Record::default())?,
            signature: py.None(),
            parameters: 0,
            plain: false,
            versions: Versions::default(),
            used: AtomicBool::new(false),
            refused: Mutex::default(),
            split: None,
            part: false,
            strict: false,
            vectorcall: vectorcall::call,
        })
    }

    /// Whether so many arguments by position are one for each parameter.
    pub(crate) fn takes(&self, count: usize) -> bool {
        self.plain && count == self.parameters
    }

    /// What a version that fits returns.
    pub(crate) fn run_fitting<'py>(
        &self,
        py: Python<'py>,
        bound: &[Bound<'py, PyAny>],
    ) -> PyResult<Ran<'py>> {
        for version in self.versions.iter() {
            let mut leaves = Leaves::new();
            if version.fits(py, bound, &mut leaves) {
                if !self.used.load(Ordering::Relaxed) {
                    self.used.store(true, Ordering::Relaxed);
                }
                return Ok(match version.run(py, &leaves, &self.record.get().copies)? {
                    Ok(result) => Ran::Done(result),
                    Err(reason) => Ran::Undone(reason),
                });
            }
        }
        Ok(Ran::Unfit)
    }

    /// What compiled code returns, if there is some or can be, for all of the function or for parts of it; `None` where
    /// the call has to be made in NumPy.
    pub(crate) fn call_bound<'py>(
        &self,
        py: Python<'py>,
        bound: &[Bound<'py, PyAny>],
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let mut ran = self.run_fitting(py, bound)?;
        if let Ran::Unfit = ran
            && self.load(py)?
        {
            ran = self.run_fitting(py, bound)?;
        }
        if let Ran::Unfit = ran {
            let count = self.versions.iter().count();
            if count >= MOST_VERSIONS {
                self.report(py, format!(
                    "{MOST_VERSIONS} versions are compiled: calls that fit none of them run in NumPy"
                ))?;
                return Ok(None);
            }
            // The version that fits best says what is new.
            let names = self.names(py)?;
            let misfits = self.versions.iter().map(|v| v.misfit(py, bound, &names));
            let misfit = misfits.max_by_key(|misfit| misfit.fitting);
            let general = match &misfit {
                Some(misfit) if self.used.load(Ordering::Relaxed) => misfit.general,
                _ => General::default(),
            };
            let version = match self.compiled(py, bound, general)? {
                Compiled::Version(version) => version,
                Compiled::Parts(parts) => {
                    let bound = PyTuple::new(py, bound)?;
                    return parts.bind(py).call1(bound).map(Some);
                }
                Compiled::Not => return Ok(None),
            };
            if let Some(misfit) = misfit {
                locked(&self.record.get().recompilations).push(misfit.why);
            }
            self.versions.push(*version);
            ran = self.run_fitting(py, bound)?;
        }
        match ran {
            Ran::Done(result) => Ok(Some(result)),
            Ran::Undone(reason) => {
                self.report(py, reason)?;
                Ok(None)
            }
            Ran::Unfit => Ok(None),
        }
    }

    /// Whether a version is compiled.
    pub(crate) fn has_versions(&self) -> bool {
        self.versions.iter().next().is_some()
    }

    /// What runs instead of the function, for arguments for which it cannot be compiled.
    pub(crate) fn parts(&self, py: Python<'_>) -> Vec<Py<PyAny>> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = refused.values().flatten();
        parts.map(|parts| parts.function.clone_ref(py)).collect()
    }

    /// The function as it was.
    pub(crate) fn function(&self) -> &Py<PyAny> {
        &self.function
    }

    /// One object for each parameter.
    fn bind<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        if self.plain && args.len() == self.parameters && kwargs.is_none_or(|k| k.is_empty()) {
            return Ok(args.iter().collect());
        }
        let bound = self.signature.bind(py).call_method("bind", args, kwargs)?;
        bound.call_method0("apply_defaults")?;
        let values = bound.getattr("arguments")?.call_method0("values")?;
        values.try_iter()?.collect()
    }

    /// Notes why a call, or a part of it, runs in NumPy, or raises it.
    pub(crate) fn report(&self, py: Python<'_>, reason: String) -> PyResult<()> {
        if self.strict {
            return Err(PyTypeError::new_err(reason));
        }
        let mut fallbacks = locked(&self.record.get().fallbacks);
        if reason.is_empty() || fallbacks.contains(&reason) {
            return Ok(());
        }
        fallbacks.push(reason.clone());
        drop(fallbacks);
        let text = CString::new(format!("a call runs in NumPy: {reason}"))?;
        PyErr::warn(py, &py.get_type::<FallbackWarning>(), &text, 1)
    }

    /// The names of the parameters.
    fn names(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        let parameters = self.signature.bind(py).getattr("parameters")?;
        let names = parameters.try_iter()?.map(|name| name?.extract());
        names.collect()
    }

    /// Takes the versions that are on disk; whether there are some.
    fn load(&self, py: Python<'_>) -> PyResult<bool> {
        let Some(cache) = &self.cache else {
            return Ok(false);
        };
        if self.loaded.swap(true, Ordering::Relaxed) {
            return Ok(false);
        }
        let found = cache
            .bind(py)
            .call_method1(pyo3::intern!(py, "load"), (&self.function,))?;
        let mut any = false;
        for parts in found.try_iter()? {
            let (artifact, spec, constants): Made<'_> = parts?.extract()?;
            // What cannot be loaded is compiled again.
            if let Ok(version) = Version::new(&artifact, &spec, constants) {
                self.versions.push(version);
                self.record.get().cache_hits.fetch_add(1, Ordering::Relaxed);
                any = true;
            }
        }
        Ok(any)
    }

    /// Puts a version on disk.
    fn store(&self, py: Python<'_>, made: &Bound<'_, PyAny>) -> PyResult<()> {
        let Some(cache) = &self.cache else {
            return Ok(());
        };
        let why = cache
            .bind(py)
            .call_method1(pyo3::intern!(py, "store"), (&self.function, made))?;
        if let Some(why) = why.extract::<Option<String>>()? {
            let mut all = locked(&self.record.get().uncached);
            if !all.contains(&why) {
                all.push(why);
            }
        }
        Ok(())
    }

    fn compiled<'py>(
        &self,
        py: Python<'py>,
        bound: &[Bound<'py, PyAny>],
        general: General,
    ) -> PyResult<Compiled> {
        let types = types_of(bound);
        let lock = || self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let known = match self.strict {
            true => None,
            false => lock().get(&types).map(|parts| {
                let parts = parts.as_ref();
                parts.map(|parts| (parts.function.clone_ref(py), parts.called()))
            }),
        };
        match known {
            Some(Some((function, CALLS_OF_PARTS))) if !is_compiled(function.bind(py))? => {
                lock().insert(types, None);
                return Ok(Compiled::Not);
            }
            Some(Some((function, _))) => return Ok(Compiled::Parts(function)),
            Some(None) => return Ok(Compiled::Not),
            None => {}
        }
        let arguments = PyTuple::new(py, bound)?;
        let compiler = self.compiler.bind(py).call0()?;
        let made = compiler.call_method1(
            "compile",
            (
                &self.function,
                arguments,
                (general.shapes, general.numbers),
                self.part,
            ),
        )?;
        if let Ok((artifact, spec, constants)) = made.extract::<Made<'_>>() {
            self.record
                .get()
                .compilations
                .fetch_add(1, Ordering::Relaxed);
            self.store(py, &made)?;
            let version = Version::new(&artifact, &spec, constants)?;
            return Ok(Compiled::Version(Box::new(version)));
        }
        let (reason, part): (String, Bound<'_, PyAny>) = made.extract()?;
        // It is not worth it where there is no reason.
        let split = self.split.as_ref().filter(|_| !reason.is_empty());
        self.report(py, reason)?;
        let split = split.map(|split| split.call1(py, (&self.function, part, &self.record)));
        let parts = match split.transpose() {
            Ok(parts) => parts.filter(|parts| !parts.is_none(py)),
            Err(error) if error.is_instance_of::<PyException>(py) => {
                self.report(py, format!("it cannot be taken apart: {error}"))?;
                None
            }
            Err(error) => return Err(error),
        };
        let kept = parts.as_ref().map(|parts| Parts::new(parts.clone_ref(py)));
        lock().insert(types, kept);
        Ok(parts.map_or(Compiled::Not, Compiled::Parts))
    }
}

/// What there is for arguments that no version fits.
enum Compiled {
    /// A new version.
    Version(Box<Version>),
    /// A function of compiled parts.
    Parts(Py<PyAny>),
    /// Nothing: NumPy.
    Not,
}
