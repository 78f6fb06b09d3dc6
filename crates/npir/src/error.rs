//! Why a program could not be compiled.

use npir_cpu::{CodegenError, JitError, TargetError};
use npir_machine::MachineError;
use npir_mlir::diagnostics::{Diagnostic, Severity};
use npir_runtime::ArtifactError;
use std::fmt;

/// Compilation failed. `Display` gives what a user should read.
#[derive(Debug)]
#[non_exhaustive]
pub enum CompileError {
    /// The source file could not be read.
    Read {
        /// Its path.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// The program is wrong: what MLIR and the passes reported, in order.
    Diagnostics(Vec<Diagnostic>),
    /// A processor that cannot be compiled for.
    Target(TargetError),
    /// A description of a machine that cannot be used.
    Machine {
        /// Its path.
        path: String,
        /// Why.
        error: MachineError,
    },
    /// No machine code.
    Codegen(CodegenError),
    /// The code could not be loaded.
    Jit(JitError),
    /// An inconsistent manifest, or an artifact that cannot be written.
    Artifact(ArtifactError),
    /// There is no function of that name.
    NoFunction {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// Anything else, in words.
    Other(String),
}

impl CompileError {
    /// The diagnostics behind it, errors first seen first; empty for other kinds.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            CompileError::Diagnostics(list) => list,
            _ => &[],
        }
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompileError::Read { path, error } => write!(f, "cannot read {path}: {error}"),
            CompileError::Diagnostics(list) => {
                let mut errors = list
                    .iter()
                    .filter(|d| d.severity == Severity::Error)
                    .peekable();
                if errors.peek().is_none() {
                    return f.write_str("compilation failed without a diagnostic");
                }
                let mut first = true;
                for d in errors {
                    if !first {
                        writeln!(f)?;
                    }
                    first = false;
                    write!(f, "{d}")?;
                }
                Ok(())
            }
            CompileError::Target(e) => write!(f, "{e}"),
            CompileError::Machine { path, error } => write!(f, "{path} is not used: {error}"),
            CompileError::Codegen(e) => write!(f, "code generation: {e}"),
            CompileError::Jit(e) => write!(f, "loading the code: {e}"),
            CompileError::Artifact(e) => write!(f, "{e}"),
            CompileError::NoFunction { name, known } => {
                write!(f, "there is no public function '{name}'")?;
                match known.as_slice() {
                    [] => f.write_str("; the program has none"),
                    names => write!(f, "; the program has: {}", names.join(", ")),
                }
            }
            CompileError::Other(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for CompileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            CompileError::Read { error, .. } => Some(error),
            CompileError::Target(e) => Some(e),
            CompileError::Machine { error, .. } => Some(error),
            CompileError::Codegen(e) => Some(e),
            CompileError::Jit(e) => Some(e),
            CompileError::Artifact(e) => Some(e),
            _ => None,
        }
    }
}

impl From<CodegenError> for CompileError {
    fn from(e: CodegenError) -> Self {
        CompileError::Codegen(e)
    }
}
impl From<JitError> for CompileError {
    fn from(e: JitError) -> Self {
        CompileError::Jit(e)
    }
}
impl From<ArtifactError> for CompileError {
    fn from(e: ArtifactError) -> Self {
        CompileError::Artifact(e)
    }
}
impl From<TargetError> for CompileError {
    fn from(e: TargetError) -> Self {
        CompileError::Target(e)
    }
}
