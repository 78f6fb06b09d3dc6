//! Compiled versions of a function: what they expect, and how they run.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use npir_runtime::{Arg, Artifact, Dim, Frame, Function, RunError, RunErrorKind, RunReport};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::arguments::{Held, Leaf, Leaves, description, expected, number, overlap, same};
use crate::check::Check;
use crate::results::{Assembly, exception};
use crate::spec::{FUNCTION, General, Guard, Order, Spec};

/// A compiled version.
pub(crate) struct Version {
    function: Function,
    spec: Spec,
    /// Of `spec.parameters`.
    parameters: Vec<Check>,
    constants: Py<PyTuple>,
    /// Of `spec.globals`.
    fixed: Vec<Fixed>,
    /// Of `spec.hidden`.
    hidden: Vec<(Place, Check)>,
    /// Whether arguments are written to.
    writes: bool,
}

impl Version {
    pub(crate) fn new(
        artifact: &[u8],
        spec: &str,
        constants: Bound<'_, PyTuple>,
    ) -> PyResult<Version> {
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
        let check = |guard: &Guard| Check::new(guard, &constants);
        let parameters = spec.parameters.iter().map(check);
        let parameters = parameters.collect::<PyResult<Vec<_>>>()?;
        let hidden = spec
            .hidden
            .iter()
            .map(|h| Ok((place(h.namespace, &h.name)?, check(&h.guard)?)));
        let hidden = hidden.collect::<PyResult<Vec<_>>>()?;
        let all = hidden.iter().map(|(_, check)| check);
        let function = artifact
            .function(FUNCTION)
            .map_err(|e| bad(e.to_string()))?;
        if !agrees(&function, &spec) {
            return Err(bad("it does not take what its guards let through".into()));
        }
        Ok(Version {
            function,
            fixed: fixed.collect::<PyResult<_>>()?,
            writes: parameters.iter().chain(all).any(Check::writes),
            parameters,
            hidden,
            spec,
            constants: constants.unbind(),
        })
    }

    /// Whether all guards hold; then `leaves`, which is empty, has the arguments of the compiled function.
    pub(crate) fn fits<'a, 'py>(
        &self,
        py: Python<'py>,
        bound: &'a [Bound<'py, PyAny>],
        leaves: &mut Leaves<'a, 'py>,
    ) -> bool {
        if bound.len() != self.parameters.len() {
            return false;
        }
        let mut given = self.parameters.iter().zip(bound);
        let mut hidden = self.hidden.iter();
        given.all(|(check, object)| check.take(Held::Argument(object), leaves).is_some())
            && hidden.all(|(place, check)| {
                let object = place.found(py).ok().flatten();
                object.is_some_and(|object| check.take(Held::Own(object), leaves).is_some())
            })
            && self.fixed.iter().all(|fixed| fixed.holds(py))
            && !(self.writes && overlap(leaves))
    }

    /// The first thing that does not fit this version.
    pub(crate) fn misfit(
        &self,
        py: Python<'_>,
        bound: &[Bound<'_, PyAny>],
        names: &[String],
    ) -> Misfit {
        let misfit = |fitting: usize, why: String, new: General| Misfit {
            fitting,
            why,
            general: self.spec.general.or(new),
        };
        let constants = self.constants.bind(py);
        let mut leaves = Leaves::new();
        let guards = self.spec.parameters.iter().zip(&self.parameters);
        let parameters = guards.zip(bound).zip(names);
        for (i, (((guard, check), object), name)) in parameters.enumerate() {
            if check.take(Held::Argument(object), &mut leaves).is_none() {
                let why = format!(
                    "{name}: {}, compiled was {}",
                    description(object),
                    expected(guard, constants)
                );
                return misfit(i, why, changed(guard, object));
            }
        }
        for (place, check) in &self.hidden {
            let object = place.found(py).ok().flatten();
            let fits = object.and_then(|object| check.take(Held::Own(object), &mut leaves));
            if fits.is_none() {
                let why = format!("{} is something else now", place.name(py));
                return misfit(bound.len(), why, ALL);
            }
        }
        let changed = self.fixed.iter().find(|fixed| !fixed.holds(py));
        let why = match changed {
            Some(fixed) => format!("{} is something else now", fixed.place.name(py)),
            None => "arguments share memory".into(),
        };
        misfit(bound.len() + 1, why, General::default())
    }

    /// What the call returns; `Err` is a reason why it has to be made in NumPy. Arrays that it had to copy are added to
    /// `copies`.
    pub(crate) fn run<'py>(
        &self,
        py: Python<'py>,
        leaves: &Leaves<'_, 'py>,
        copies: &AtomicUsize,
    ) -> PyResult<Result<Bound<'py, PyAny>, String>> {
        let mut frame = Frame::new(&self.function);
        let mut report = RunReport::default();
        let status = match self.spec.loops || leaves.large || !leaves.whole {
            // SAFETY: see `enter`; all elements lie in whole steps.
            false => unsafe {
                frame.fill(leaves.iter().map(Leaf::as_raw));
                frame.enter()
            },
            true => self.enter(py, &mut frame, &mut report, leaves),
        };
        if let Err(error) = status {
            return failure(py, &error, leaves);
        }
        let mut assembly = Assembly {
            results: &mut frame,
            report: &mut report,
            leaves,
            constants: self.constants.bind(py),
            shared: Vec::new(),
        };
        let object = assembly.object(&self.spec.result);
        if !report.copies.is_empty() {
            copies.fetch_add(report.copies.len(), Ordering::Relaxed);
        }
        object.map(Ok)
    }

    /// Calls the function where that may take long, or where arguments have to be copied.
    #[cold]
    fn enter(
        &self,
        py: Python<'_>,
        frame: &mut Frame<'_>,
        report: &mut RunReport,
        leaves: &Leaves<'_, '_>,
    ) -> Result<(), RunError> {
        // Another thread gets the interpreter's lock where that takes less time than the call.
        let long = self.spec.loops || leaves.large;
        if leaves.whole {
            // SAFETY: guards have compared types, ranks and extents with what `agrees` has compared with the signature,
            // and `overlap` has looked at what is written to. The leaves keep the memory.
            return unsafe {
                frame.fill(leaves.iter().map(Leaf::as_raw));
                match long {
                    true => py.detach(|| frame.enter()),
                    false => frame.enter(),
                }
            };
        }
        // SAFETY: what is written to shares memory with no other argument, see `Version::fits`. Other threads that write
        // to arguments during the call have a race with any use of them, as in NumPy.
        let args = leaves.iter().map(|leaf| unsafe { leaf.as_arg() });
        let mut args = Sendable(args.collect());
        match long {
            true => py.detach(|| args.call(frame, report)),
            false => args.call(frame, report),
        }
    }
}

/// What a call that failed raises, or why it has to be made in NumPy.
#[cold]
fn failure<'py>(
    py: Python<'py>,
    error: &RunError,
    leaves: &Leaves<'_, '_>,
) -> PyResult<Result<Bound<'py, PyAny>, String>> {
    // Then nothing has happened yet.
    let undone = error.kind() == RunErrorKind::Unsupported && !leaves.iter().any(Leaf::is_written);
    match undone {
        true => Ok(Err(error.to_string())),
        false => Err(exception(py, error)),
    }
}

/// Why a version does not fit a call.
pub(crate) struct Misfit {
    /// How many things fit.
    pub(crate) fitting: usize,
    /// The first one that does not.
    pub(crate) why: String,
    /// What a version has to allow that would fit both.
    pub(crate) general: General,
}

const ALL: General = General {
    shapes: true,
    numbers: true,
};

/// What differs of an argument from what a guard expects, if that can be allowed.
fn changed(guard: &Guard, object: &Bound<'_, PyAny>) -> General {
    match guard {
        Guard::Array { dtype, shape, .. } => General {
            shapes: crate::array_of(object).is_some_and(|(ty, dims)| {
                let differs = |(known, n): (&Option<usize>, &usize)| known.is_some_and(|m| m != *n);
                ty == *dtype && dims.len() == shape.len() && shape.iter().zip(&dims).any(differs)
            }),
            numbers: false,
        },
        Guard::Known(_) | Guard::Constant(_) | Guard::Number(_) | Guard::Scalar { .. } => General {
            shapes: false,
            numbers: number(object).is_some(),
        },
        // Something in them.
        Guard::Tuple(_) | Guard::List(_) | Guard::Dict(_) | Guard::Object { .. } => ALL,
    }
}

/// Arguments that another thread state may use.
struct Sendable<'a>(Vec<Arg<'a>>);

impl Sendable<'_> {
    fn call(&mut self, frame: &mut Frame<'_>, report: &mut RunReport) -> Result<(), RunError> {
        frame.call(&mut self.0, report)
    }
}

// SAFETY: the arguments describe memory that the caller holds references to while it waits for the call.
unsafe impl Send for Sendable<'_> {}

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
                order,
            } => {
                let mut shape = shape.clone();
                if *order == Order::Columns {
                    shape.reverse();
                }
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
pub(crate) struct Versions {
    first: OnceLock<Box<Node>>,
}

struct Node {
    version: Version,
    next: OnceLock<Box<Node>>,
}

impl Versions {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Version> {
        let first = self.first.get();
        std::iter::successors(first, |node| node.next.get()).map(|node| &node.version)
    }

    pub(crate) fn push(&self, version: Version) -> &Version {
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
