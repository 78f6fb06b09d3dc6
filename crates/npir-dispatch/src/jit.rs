//! `Jit`: a Python function with its compiled versions.

use std::collections::HashSet;
use std::ffi::CString;
use std::sync::{Arc, Mutex, PoisonError};

use npir_runtime::{Arg, Artifact, Function, RunErrorKind};
use pyo3::exceptions::{PyTypeError, PyUserWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::arguments::{Leaf, description, expected, overlap, same, take_apart};
use crate::results::{assemble, exception};
use crate::spec::{FUNCTION, Spec};

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
            Ok(Fixed {
                place: place(guard.namespace, &guard.name)?,
                value: constants.get_item(guard.value)?.unbind(),
                equal: guard.equal,
            })
        });
        let hidden = spec.hidden.iter().map(|h| place(h.namespace, &h.name));
        Ok(Version {
            function: artifact
                .function(FUNCTION)
                .map_err(|e| bad(e.to_string()))?,
            fixed: fixed.collect::<PyResult<_>>()?,
            hidden: hidden.collect::<PyResult<_>>()?,
            spec,
            constants: constants.unbind(),
        })
    }

    /// The arguments of the compiled function, if all guards hold.
    fn fits<'py>(&self, py: Python<'py>, bound: &[Bound<'py, PyAny>]) -> Option<Vec<Leaf<'py>>> {
        let constants = self.constants.bind(py);
        let mut leaves = Vec::with_capacity(bound.len());
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
        let mut leaves = Vec::new();
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
        // SAFETY: what is written to shares memory with no other argument, see `fits`. Other threads that write to
        // arguments during the call have a race with any use of them, as in NumPy.
        let mut args: Vec<Arg<'_>> = leaves.iter().map(|leaf| unsafe { leaf.as_arg() }).collect();
        let call = Call(&self.function, &mut args);
        // Another thread gets the interpreter's lock where that takes less time than the call.
        let results = match self.spec.loops || leaves.iter().any(Leaf::is_large) {
            true => py.detach(move || call.run()),
            false => call.run(),
        };
        let results = match results {
            Ok(results) => results,
            // Nothing has happened yet: NumPy does it.
            Err(error)
                if error.kind() == RunErrorKind::Unsupported
                    && !leaves.iter().any(Leaf::is_written) =>
            {
                return Ok(Err(error.to_string()));
            }
            Err(error) => return Err(exception(py, &error)),
        };
        let mut results: Vec<_> = results.into_iter().map(Some).collect();
        let constants = self.constants.bind(py);
        assemble(py, &self.spec.result, &mut results, leaves, constants).map(Ok)
    }
}

/// A call of a compiled function, which another thread state may make.
struct Call<'a, 'b>(&'a Function, &'a mut [Arg<'b>]);

impl Call<'_, '_> {
    fn run(self) -> Result<Vec<npir_runtime::Array>, npir_runtime::RunError> {
        self.0.call(self.1)
    }
}

// SAFETY: the arguments describe memory that the caller holds references to while it waits for the call.
unsafe impl Send for Call<'_, '_> {}

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
}

impl Fixed {
    fn holds(&self, py: Python<'_>) -> bool {
        let Ok(Some(found)) = self.place.found(py) else {
            return false;
        };
        let expected = self.value.bind(py);
        found.is(expected) || self.equal && same(&found, expected)
    }
}

/// A Python function that runs compiled where a compiled version fits.
#[pyclass(module = "npir._dispatch", frozen, dict, weakref, subclass)]
pub(crate) struct Jit {
    function: Py<PyAny>,
    /// Loads and returns the module of the compiler.
    compiler: Py<PyAny>,
    signature: Py<PyAny>,
    parameters: usize,
    /// Whether arguments can be passed by position as they come.
    plain: bool,
    versions: Mutex<Arc<[Arc<Version>]>>,
    fallbacks: Mutex<Vec<String>>,
    /// Types of arguments that no version could be compiled for.
    refused: Mutex<HashSet<Vec<usize>>>,
    /// Why versions after the first were compiled.
    recompilations: Mutex<Vec<String>>,
    strict: bool,
}

/// Versions of a function at most; beyond it runs in NumPy where none fits.
const MOST_VERSIONS: usize = 16;

#[pymethods]
impl Jit {
    #[new]
    fn new(
        py: Python<'_>,
        function: Py<PyAny>,
        compiler: Py<PyAny>,
        strict: bool,
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
            plain,
            versions: Mutex::new(Arc::default()),
            fallbacks: Mutex::default(),
            refused: Mutex::default(),
            recompilations: Mutex::default(),
            strict,
        })
    }

    #[pyo3(signature = (*args, **kwargs))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let bound = self.bind(py, args, kwargs)?;
        let versions = self
            .versions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let numpy = || self.function.bind(py).call(args, kwargs);
        let run = |version: &Version, leaves: &[Leaf<'py>]| match version.run(py, leaves)? {
            Ok(result) => Ok(result),
            Err(reason) => {
                self.report(py, reason)?;
                numpy()
            }
        };
        for version in versions.iter() {
            if let Some(leaves) = version.fits(py, &bound) {
                return run(version, &leaves);
            }
        }
        if versions.len() < MOST_VERSIONS
            && let Some(version) = self.compiled(py, &bound, !versions.is_empty())?
        {
            // The version that fits best says what is new.
            let names = self.names(py)?;
            let misfits = versions.iter().map(|v| v.misfit(py, &bound, &names));
            if let Some((_, why)) = misfits.max_by_key(|(fitting, _)| *fitting) {
                self.recompilations
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(why);
            }
            let mut all = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
            *all = all.iter().chain([&version]).cloned().collect();
            drop(all);
            if let Some(leaves) = version.fits(py, &bound) {
                return run(&version, &leaves);
            }
        }
        if versions.len() >= MOST_VERSIONS {
            self.report(py, format!(
                "{MOST_VERSIONS} versions are compiled: calls that fit none of them run in NumPy"
            ))?;
        }
        numpy()
    }

    /// Why versions after the first were compiled, in order: what did not fit the version before.
    #[getter]
    fn recompilations(&self) -> Vec<String> {
        self.recompilations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
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
        self.versions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
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
    fn report(&self, py: Python<'_>, reason: String) -> PyResult<()> {
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

    fn compiled<'py>(
        &self,
        py: Python<'py>,
        bound: &[Bound<'py, PyAny>],
        generalize: bool,
    ) -> PyResult<Option<Arc<Version>>> {
        let types = types_of(bound);
        let lock = || self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.strict && lock().contains(&types) {
            return Ok(None);
        }
        let arguments = PyTuple::new(py, bound)?;
        let compiler = self.compiler.bind(py).call0()?;
        let made = compiler.call_method1("compile", (&self.function, arguments, generalize))?;
        if let Ok((artifact, spec, constants)) =
            made.extract::<(Vec<u8>, String, Bound<'_, PyTuple>)>()
        {
            return Ok(Some(Arc::new(Version::new(&artifact, &spec, constants)?)));
        }
        let reason: String = made.extract()?;
        lock().insert(types);
        self.report(py, reason)?;
        Ok(None)
    }
}
