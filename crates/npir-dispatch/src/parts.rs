//! Functions that run part by part.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;

use crate::jit::Jit;

/// What runs instead of a function that cannot be compiled as a whole.
pub(crate) struct Parts {
    pub(crate) function: Py<PyAny>,
    calls: AtomicUsize,
}

/// After so many calls parts of which none is compiled are given up: the function itself is faster.
pub(crate) const CALLS_OF_PARTS: usize = 4;

impl Parts {
    pub(crate) fn new(function: Py<PyAny>) -> Parts {
        let calls = AtomicUsize::new(0);
        Parts { function, calls }
    }

    /// How often it was called before, where that is still of interest.
    pub(crate) fn called(&self) -> usize {
        let calls = self.calls.load(Ordering::Relaxed);
        if calls <= CALLS_OF_PARTS {
            self.calls.store(calls + 1, Ordering::Relaxed);
        }
        calls
    }
}

/// Whether some part of a function is compiled, or some part of a part.
pub(crate) fn is_compiled(function: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = function.py();
    let mut todo = vec![function.clone().unbind()];
    let mut seen = HashSet::new();
    while let Some(function) = todo.pop() {
        if !seen.insert(function.as_ptr()) {
            continue;
        }
        for part in function
            .bind(py)
            .getattr("__npir_parts__")?
            .call0()?
            .try_iter()?
        {
            let part = part?;
            let part = part.cast::<Jit>()?.get();
            if part.has_versions() {
                return Ok(true);
            }
            todo.extend(part.parts(py));
        }
    }
    Ok(false)
}
