//! A compiled program in memory.

use crate::error::CompileError;
use npir_cpu::LoadedObject;
use npir_runtime::program::EntryFn;
use npir_runtime::{Arg, Array, Artifact, Function, Manifest, RunError, RunErrorKind};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A compiled program, ready to run; `Send + Sync`, and cheap to clone.
#[derive(Clone)]
pub struct Executable {
    artifact: Arc<Artifact>,
    functions: Arc<BTreeMap<String, Function>>,
}

impl Executable {
    pub(crate) fn link(artifact: Artifact, code: LoadedObject) -> Result<Self, CompileError> {
        let code = Arc::new(code);
        let mut functions = BTreeMap::new();
        for signature in &artifact.manifest().functions {
            let address = code.lookup(&signature.symbol)?;
            // SAFETY: the code generator gives every `npir_entry_*` this type, and the
            // code lives as long as the function keeps it.
            let function = unsafe {
                let entry = std::mem::transmute::<*const (), EntryFn>(address);
                Function::new(signature.clone(), entry, code.clone())
            };
            let function = function.map_err(|e| CompileError::Other(e.to_string()))?;
            functions.insert(signature.name.clone(), function);
        }
        Ok(Executable {
            artifact: Arc::new(artifact),
            functions: Arc::new(functions),
        })
    }

    /// The public functions' names, sorted.
    pub fn function_names(&self) -> Vec<&str> {
        self.functions.keys().map(String::as_str).collect()
    }

    /// A function by name; it keeps the code alive by itself.
    ///
    /// # Errors
    /// [`CompileError::NoFunction`].
    pub fn function(&self, name: &str) -> Result<Function, CompileError> {
        self.functions
            .get(name)
            .cloned()
            .ok_or_else(|| CompileError::NoFunction {
                name: name.into(),
                known: self.functions.keys().cloned().collect(),
            })
    }

    /// Calls function `name`. Arrays are used where they lie, at any stride and
    /// alignment; arguments that the program updates are written in place and must be
    /// `Arg::ViewMut`. Returns the other results, in order.
    ///
    /// # Errors
    /// An unknown function; arguments that do not fit (count, dtype, rank, static
    /// extents); or what the program itself raised (shapes that do not broadcast, an
    /// index out of bounds, no memory), with the source location.
    pub fn run(&self, name: &str, args: &mut [Arg<'_>]) -> Result<Vec<Array>, RunError> {
        match self.function(name) {
            Ok(function) => function.call(args),
            Err(e) => Err(RunError::new(RunErrorKind::Argument, e.to_string())),
        }
    }

    /// Signatures, target and versions.
    pub fn manifest(&self) -> &Manifest {
        self.artifact.manifest()
    }

    /// The program as an artifact, which `npir-runtime` alone can load and run.
    pub fn artifact(&self) -> &Artifact {
        &self.artifact
    }

    /// Writes the artifact to a file, atomically.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), CompileError> {
        Ok(self.artifact.save(path)?)
    }
}
