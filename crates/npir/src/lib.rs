//! Compile and run NumPy-style array programs.
//!
//! ```no_run
//! use npir::prelude::*;
//!
//! let compiler = Compiler::new(Registry::standard());
//! let exe = compiler.compile_source(
//!     r#"
//!     func.func @axpy(%a: tensor<f64>, %x: tensor<?xf64>, %y: tensor<?xf64>) -> tensor<?xf64> {
//!       %0 = numpy.multiply %a, %x : tensor<f64>, tensor<?xf64> -> tensor<?xf64>
//!       %1 = numpy.add %0, %y : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
//!       return %1 : tensor<?xf64>
//!     }"#,
//!     "axpy.mlir",
//! )?;
//! let x = Array::from_slice(&[1.0, 2.0, 3.0], &[3])?;
//! let y = Array::from_slice(&[10.0, 20.0, 30.0], &[3])?;
//! let results = exe.run("axpy", &mut [Scalar::new(2.0f64).into(), (&x).into(), (&y).into()])?;
//! println!("{}", results[0]); // [12.0, 24.0, 36.0]
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! This crate is the façade: it owns no op, no pass and no code generation, only the
//! order in which they run. Invariants: no panic reaches a caller; errors carry the
//! source location and the user's names; everything public is `Send + Sync` where its
//! documentation says so. One MLIR context serves one thread; a [`Compiler`] and an
//! [`Executable`] serve any number.

pub mod builder;
pub mod calibrate;
mod compiler;
mod error;
mod executable;
mod registry;

pub use compiler::{Compiler, machine_of};
pub use error::CompileError;
pub use executable::Executable;
pub use npir_passes::pipeline::{Extraction, Level, Optimizer};
pub use registry::StandardRegistry;

pub use npir_cpu as cpu;
pub use npir_egraph as egraph;
pub use npir_machine as machine;
pub use npir_mlir as mlir;
pub use npir_numpy as numpy;
pub use npir_passes as passes;
pub use npir_runtime as runtime;

/// The environment variable that names the description of the machine for the `npir` command and for Python.
pub const MACHINE_VARIABLE: &str = "NPIR_MACHINE";

/// What most users need.
pub mod prelude {
    pub use crate::builder::{Func, ProgramBuilder, Tensor};
    pub use crate::{
        CompileError, Compiler, Executable, Extraction, Level, Optimizer, StandardRegistry,
    };
    pub use npir_cpu::CpuTarget;
    pub use npir_egraph::Fidelity;
    pub use npir_mlir::dialect::Registry;
    pub use npir_runtime::{Arg, Array, ArrayView, ArrayViewMut, Artifact, DType, Scalar};
}
