//! `Jit`: a Python function with its compiled versions.

use std::collections::HashSet;
use std::ffi::CString;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use npir_runtime::{
    Arg, Artifact, Dim, Function, RawArg, Results, RunError, RunErrorKind, RunReport,
};
use pyo3::exceptions::{PyTypeError, PyUserWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use smallvec::SmallVec;

use crate::arguments::{Leaf, Leaves, description, expected, overlap, same, take_apart};
use crate::results::{Assembly, exception};
use crate::spec::{FUNCTION, Guard, Spec};
use crate::vectorcall::{self, Vectorcall};

pyo3::create_exception!(
    npir,
    FallbackWarning,
    PyUserWarning,
    "A call runs in NumPy, for the reason that the text gives."
);

/// A compiled version.
struct Version {
    function: Function,
    spec: Spec,
    constants: Py<PyTuple>,
    /// Of `spec.globals`.
    fixed: Vec<Fixed>,
    /// Of `spec.hidden`.
    hidden: Vec<Place>,
    /// Arrays that calls had to copy.
    copies: AtomicUsize,
}

impl Version {
    fn new(artifact: &[u8], spec: &str, constants: Bound<'_, PyTuple>) -> PyResult<Version> {
        let bad = |what: String| {
            PyValueError::new_err(format!("the compiled function cannot be loaded: {what}"))
        };
        let artifact = Artifact::from_bytes(artifact).map_err(|e| bad(e.to_string()))?;
        let spec: Spec = serde_json::from_str(spec).map_err(|e| bad(e.to_string()))?;
        let place = |namespace: usize, name: &Option<String>| -> PyResult<Place> {
            Ok(Place::new(constants.get_item(namespace)?, name.as_deref()))
        };
        let fixed = spec.globals.iter().map(|guard| {
            let owner = constants.get_item(guard.namespace)?;
            let code = guard.name.as_deref() == Some("__code__");
            Ok(Fixed {
                place: place(guard.namespace, &guard.name)?,
                value: constants.get_item(guard.value)?.unbind(),
                equal: guard.equal,
                code: code.then(|| code_of(&owner)).flatten(),
            })
        });
        let hidden = spec.hidden.iter().map(|h| place(h.namespace, &h.name));
        let function = artifact
            .function(FUNCTION)
            .map_err(|e| bad(e.to_string()))?;
        if !agrees(&function, &spec) {
            return Err(bad("it does not take what its guards let through".into()));
        }
        Ok(Version {
            function,
            fixed: fixed.collect::<PyResult<_>>()?,
            hidden: hidden.collect::<PyResult<_>>()?,
            spec,
            constants: constants.unbind(),
            copies: AtomicUsize::new(0),
        })
    }

    /// The arguments of the compiled function, if all guards hold.
    fn fits<'py>(&self, py: Python<'py>, bound: &[Bound<'py, PyAny>]) -> Option<Leaves<'py>> {
        let constants = self.constants.bind(py);
        let mut leaves = Leaves::new();
        if bound.len() != self.spec.parameters.len() {
            return None;
        }
        for (guard, object) in self.spec.parameters.iter().zip(bound) {
            take_apart(guard, object, constants, &mut leaves)?;
        }
        for (hidden, place) in self.spec.hidden.iter().zip(&self.hidden) {
            let object = place.found(py).ok()??;
            take_apart(&hidden.guard, &object, constants, &mut leaves)?;
        }
        (self.fixed.iter().all(|fixed| fixed.holds(py)) && !overlap(&leaves)).then_some(leaves)
    }

    /// How many things fit this version, and the first one that does not.
    fn misfit(
        &self,
        py: Python<'_>,
        bound: &[Bound<'_, PyAny>],
        names: &[String],
    ) -> (usize, String) {
        let constants = self.constants.bind(py);
        let mut leaves = Leaves::new();
        let parameters = self.spec.parameters.iter().zip(bound).zip(names);
        for (i, ((guard, object), name)) in parameters.enumerate() {
            if take_apart(guard, object, constants, &mut leaves).is_none() {
                let why = format!(
                    "{name}: {}, compiled was {}",
                    description(object),
                    expected(guard, constants)
                );
                return (i, why);
            }
        }
        for (hidden, place) in self.spec.hidden.iter().zip(&self.hidden) {
            let object = place.found(py).ok().flatten();
            let fits = object
                .and_then(|object| take_apart(&hidden.guard, &object, constants, &mut leaves));
            if fits.is_none() {
                let why = format!("{} is something else now", place.name(py));
                return (bound.len(), why);
            }
        }
        let changed = self.fixed.iter().find(|fixed| !fixed.holds(py));
        let why = match changed {
            Some(fixed) => format!("{} is something else now", fixed.place.name(py)),
            None => "arguments share memory".into(),
        };
        (bound.len() + 1, why)
    }

    /// What the call returns; `Err` is a reason why it has to be made in NumPy.
    fn run<'py>(
        &self,
        py: Python<'py>,
        leaves: &[Leaf<'py>],
    ) -> PyResult<Result<Bound<'py, PyAny>, String>> {
        let (mut results, mut report) = (Results::new(), RunReport::default());
        let call = Call::new(leaves);
        // Another thread gets the interpreter's lock where that takes less time than the call.
        let status = match self.spec.loops || leaves.iter().any(Leaf::is_large) {
            true => py.detach(|| call.run(&self.function, &mut results, &mut report)),
            false => call.run(&self.function, &mut results, &mut report),
        };
        if !report.copies.is_empty() {
            self.copies
                .fetch_add(report.copies.len(), Ordering::Relaxed);
        }
        match status {
            Ok(()) => {}
            // Nothing has happened yet: NumPy does it.
            Err(error)
                if error.kind() == RunErrorKind::Unsupported
                    && !leaves.iter().any(Leaf::is_written) =>
            {
                return Ok(Err(error.to_string()));
            }
            Err(error) => return Err(exception(py, &error)),
        }
        let mut assembly = Assembly {
            results: &mut results,
            leaves,
            constants: self.constants.bind(py),
            shared: Vec::new(),
        };
        assembly.object(&self.spec.result).map(Ok)
    }
}

/// A call of a compiled function, which another thread state may make.
#[expect(
    clippy::large_enum_variant,
    reason = "it is on the stack, and the large one is the usual one"
)]
enum Call<'a> {
    /// Of arrays as they lie.
    Unchecked(SmallVec<[RawArg<'a>; 6]>),
    /// Of arrays that may have to be copied.
    Checked(Vec<Arg<'a>>),
}

impl<'a> Call<'a> {
    fn new(leaves: &'a [Leaf<'_>]) -> Call<'a> {
        let mut args = SmallVec::new();
        for leaf in leaves {
            match leaf.as_raw() {
                Some(arg) => args.push(arg),
                None => {
                    // SAFETY: what is written to shares memory with no other argument, see `Version::fits`. Other
                    // threads that write to arguments during the call have a race with any use of them, as in NumPy.
                    let args = leaves.iter().map(|leaf| unsafe { leaf.as_arg() });
                    return Call::Checked(args.collect());
                }
            }
        }
        Call::Unchecked(args)
    }

    fn run(
        self,
        function: &Function,
        results: &mut Results,
        report: &mut RunReport,
    ) -> Result<(), RunError> {
        match self {
            // SAFETY: guards have compared types, ranks and extents with what `agrees` has compared with the signature,
            // and `overlap` has looked at what is written to.
            Call::Unchecked(args) => unsafe { function.call_unchecked(&args, results, report) },
            Call::Checked(mut args) => {
                let (arrays, copies) = function.call_with_report(&mut args)?;
                results.extend(arrays.into_iter().map(Some));
                *report = copies;
                Ok(())
            }
        }
    }
}

// SAFETY: the arguments describe memory that the caller holds references to while it waits for the call.
unsafe impl Send for Call<'_> {}

/// Whether all that guards let through is what the function takes.
fn agrees(function: &Function, spec: &Spec) -> bool {
    let mut leaves = Vec::new();
    let hidden = spec.hidden.iter().map(|hidden| &hidden.guard);
    spec.parameters
        .iter()
        .chain(hidden)
        .for_each(|guard| guard.leaves(&mut leaves));
    let args = &function.signature().args;
    leaves.len() == args.len()
        && leaves.iter().zip(args).all(|(guard, arg)| match guard {
            Guard::Array {
                dtype,
                shape,
                written,
                ..
            } => {
                let extents = shape.iter().zip(&arg.shape);
                *dtype == arg.dtype
                    && !arg.scalar
                    && (*written || arg.updates.is_none())
                    && shape.len() == arg.shape.len()
                    && extents.into_iter().all(|(known, wanted)| match wanted {
                        Dim::Static(n) => *known == Some(*n),
                        Dim::Dynamic => true,
                    })
            }
            Guard::Scalar { dtype } => *dtype == arg.dtype && arg.shape.is_empty(),
            Guard::Number(kind) => kind.dtype() == arg.dtype && arg.shape.is_empty(),
            // A bool that is not used.
            _ => arg.dtype == npir_runtime::DType::Bool && arg.shape.is_empty(),
        })
}

/// Versions in the order in which they were made; readers take no lock.
#[derive(Default)]
struct Versions {
    first: OnceLock<Box<Node>>,
}

struct Node {
    version: Version,
    next: OnceLock<Box<Node>>,
}

impl Versions {
    fn iter(&self) -> impl Iterator<Item = &Version> {
        let first = self.first.get();
        std::iter::successors(first, |node| node.next.get()).map(|node| &node.version)
    }

    fn push(&self, version: Version) -> &Version {
        let mut node = Box::new(Node {
            version,
            next: OnceLock::new(),
        });
        let mut place = &self.first;
        loop {
            match place.set(node) {
                Ok(()) => break,
                Err(back) => {
                    node = back;
                    // Another version is there.
                    if let Some(there) = place.get() {
                        place = &there.next;
                    }
                }
            }
        }
        match place.get() {
            Some(node) => &node.version,
            None => unreachable!("it was put there"),
        }
    }
}

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

/// Something outside of the arguments: a variable in a dictionary or a cell, or an attribute.
struct Place {
    namespace: Py<PyAny>,
    name: Option<Py<PyString>>,
}

impl Place {
    fn new(namespace: Bound<'_, PyAny>, name: Option<&str>) -> Place {
        let py = namespace.py();
        Place {
            namespace: namespace.unbind(),
            name: name.map(|name| PyString::intern(py, name).unbind()),
        }
    }

    /// What is there now.
    fn found<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let namespace = self.namespace.bind(py);
        match &self.name {
            Some(name) => match namespace.cast::<PyDict>() {
                Ok(dict) => dict.get_item(name),
                Err(_) => namespace.getattr(name).map(Some),
            },
            None => namespace
                .getattr(pyo3::intern!(py, "cell_contents"))
                .map(Some),
        }
    }

    fn name(&self, py: Python<'_>) -> String {
        match &self.name {
            Some(name) => name.bind(py).to_string(),
            None => "a variable around".into(),
        }
    }
}

/// What must still be at a place.
struct Fixed {
    place: Place,
    value: Py<PyAny>,
    /// Whether an equal object of the same type will do.
    equal: bool,
    /// Of the code of a function, where it is: to look there is ten times as fast as to ask for the attribute.
    code: Option<*const *mut pyo3::ffi::PyObject>,
}

// SAFETY: the pointer is to an object that `place` keeps, and it is read by who is attached.
unsafe impl Send for Fixed {}
// SAFETY: the same.
unsafe impl Sync for Fixed {}

/// Where in a function its code is; `None` if it is no plain function, or if that cannot be found out.
fn code_of(function: &Bound<'_, PyAny>) -> Option<*const *mut pyo3::ffi::PyObject> {
    let class = function.get_type();
    let code = function.getattr("__code__").ok()?;
    if class.name().ok()? != "function" {
        return None;
    }
    let size: usize = class.getattr("__basicsize__").ok()?.extract().ok()?;
    let words = size / size_of::<usize>();
    let start = function
        .as_ptr()
        .cast::<*mut pyo3::ffi::PyObject>()
        .cast_const();
    // SAFETY: words of the object; the first two are not looked at.
    let mut places = (2..words).map(|i| unsafe { start.add(i) });
    // SAFETY: as above.
    let is_code =
        |place: &*const *mut pyo3::ffi::PyObject| unsafe { place.read() } == code.as_ptr();
    let found = places.find(is_code)?;
    // Twice there would be two meanings.
    places.all(|place| !is_code(&place)).then_some(found)
}

impl Fixed {
    fn holds(&self, py: Python<'_>) -> bool {
        if let Some(code) = self.code {
            // SAFETY: a word of the function object, which is alive.
            return unsafe { code.read() } == self.value.as_ptr();
        }
        let Ok(Some(found)) = self.place.found(py) else {
            return false;
        };
        let expected = self.value.bind(py);
        found.is(expected) || self.equal && same(&found, expected)
    }
}

/// What the compiler makes of a function, and the cache keeps: the artifact, the specification, the constants.
type Parts<'py> = (Vec<u8>, String, Bound<'py, PyTuple>);

/// What became of a call.
pub(crate) enum Ran<'py> {
    /// It returned.
    Done(Bound<'py, PyAny>),
    /// Nothing has happened: for this reason NumPy has to make it.
    Undone(String),
    /// No version fits.
    Unfit,
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
    compilations: AtomicUsize,
    cache_hits: AtomicUsize,
    /// Why versions are not on disk.
    uncached: Mutex<Vec<String>>,
    signature: Py<PyAny>,
    parameters: usize,
    /// Whether arguments can be passed by position as they come.
    plain: bool,
    versions: Versions,
    fallbacks: Mutex<Vec<String>>,
    /// Types of arguments that no version could be compiled for.
    refused: Mutex<HashSet<Vec<usize>>>,
    /// Why versions after the first were compiled.
    recompilations: Mutex<Vec<String>>,
    strict: bool,
    /// What Python calls without a tuple of arguments.
    pub(crate) vectorcall: Vectorcall,
}

/// Versions of a function at most; beyond it runs in NumPy where none fits.
const MOST_VERSIONS: usize = 16;

#[pymethods]
impl Jit {
    #[new]
    #[pyo3(signature = (function, compiler, strict, cache=None))]
    fn new(
        py: Python<'_>,
        function: Py<PyAny>,
        compiler: Py<PyAny>,
        strict: bool,
        cache: Option<Py<PyAny>>,
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
            ..Jit::nothing(py)
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

    /// Why versions after the first were compiled, in order: what did not fit the version before.
    #[getter]
    fn recompilations(&self) -> Vec<String> {
        self.recompilations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
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

    /// How many versions were compiled.
    #[getter]
    fn compilations(&self) -> usize {
        self.compilations.load(Ordering::Relaxed)
    }

    /// How many arrays calls have copied: arguments whose elements lie so that compiled code cannot use them, results
    /// that are the memory of something else.
    #[getter]
    fn copies(&self) -> usize {
        let versions = self.versions.iter();
        versions
            .map(|version| version.copies.load(Ordering::Relaxed))
            .sum()
    }

    /// How many versions came from the cache on disk.
    #[getter]
    fn cache_hits(&self) -> usize {
        self.cache_hits.load(Ordering::Relaxed)
    }

    /// Why versions were not kept in the cache on disk, each reason once.
    #[getter]
    fn uncached(&self) -> Vec<String> {
        self.uncached
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Why calls ran in NumPy, each reason once.
    #[getter]
    fn fallbacks(&self) -> Vec<String> {
        self.fallbacks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Jit {
    /// A function that cannot be called.
    pub(crate) fn nothing(py: Python<'_>) -> Jit {
        Jit {
            function: py.None(),
            compiler: py.None(),
            cache: None,
            loaded: AtomicBool::new(false),
            compilations: AtomicUsize::new(0),
            cache_hits: AtomicUsize::new(0),
            uncached: Mutex::default(),
            signature: py.None(),
            parameters: 0,
            plain: false,
            versions: Versions::default(),
            fallbacks: Mutex::default(),
            refused: Mutex::default(),
            recompilations: Mutex::default(),
            strict: false,
            vectorcall: vectorcall::call,
        }
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
            if let Some(leaves) = version.fits(py, bound) {
                return Ok(match version.run(py, &leaves)? {
                    Ok(result) => Ran::Done(result),
                    Err(reason) => Ran::Undone(reason),
                });
            }
        }
        Ok(Ran::Unfit)
    }

    /// What compiled code returns, if there is some or can be; `None` where the call has to be made in NumPy.
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
            let Some(version) = self.compiled(py, bound, count > 0)? else {
                return Ok(None);
            };
            // The version that fits best says what is new.
            let names = self.names(py)?;
            let misfits = self.versions.iter().map(|v| v.misfit(py, bound, &names));
            if let Some((_, why)) = misfits.max_by_key(|(fitting, _)| *fitting) {
                self.recompilations
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(why);
            }
            self.versions.push(version);
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

    /// Notes why a call runs in NumPy, or raises it.
    pub(crate) fn report(&self, py: Python<'_>, reason: String) -> PyResult<()> {
        if self.strict {
            return Err(PyTypeError::new_err(reason));
        }
        let mut fallbacks = self
            .fallbacks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if fallbacks.contains(&reason) {
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
            let (artifact, spec, constants): Parts<'_> = parts?.extract()?;
            // What cannot be loaded is compiled again.
            if let Ok(version) = Version::new(&artifact, &spec, constants) {
                self.versions.push(version);
                self.cache_hits.fetch_add(1, Ordering::Relaxed);
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
            let mut all = self.uncached.lock().unwrap_or_else(PoisonError::into_inner);
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
        generalize: bool,
    ) -> PyResult<Option<Version>> {
        let types = types_of(bound);
        let lock = || self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.strict && lock().contains(&types) {
            return Ok(None);
        }
        let arguments = PyTuple::new(py, bound)?;
        let compiler = self.compiler.bind(py).call0()?;
        let made = compiler.call_method1("compile", (&self.function, arguments, generalize))?;
        if let Ok((artifact, spec, constants)) = made.extract::<Parts<'_>>() {
            self.compilations.fetch_add(1, Ordering::Relaxed);
            self.store(py, &made)?;
            return Ok(Some(Version::new(&artifact, &spec, constants)?));
        }
        let reason: String = made.extract()?;
        lock().insert(types);
        self.report(py, reason)?;
        Ok(None)
    }
}
