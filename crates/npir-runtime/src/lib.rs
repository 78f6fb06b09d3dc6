//! Arrays, memory, threads, errors and artifacts of compiled npir programs.
//!
//! This crate is what a compiled program needs in order to run, and all that it needs.
//!
//! Invariants:
//! - It knows no IR and links neither LLVM nor MLIR; no other crate of the workspace is below it.
//! - Compiled code reaches the process through one table only ([`symbols`]), whether it came from an
//!   artifact ([`Artifact`]) or from a JIT. The C side of the contract is `include/npir_runtime.h`.
//! - Inputs are used where they lie. Each copy that has to be made is listed in a [`RunReport`].
//! - Errors are values: [`RunError`], [`ArrayError`], [`NpyError`], [`ArtifactError`], [`LoadError`],
//!   [`DlpackError`].
//!   Nothing that a file or a caller contains makes this crate panic, or allocate from an unchecked size.
//! - Every block that a call allocates is its result or freed at its end, also after an error.
//! - One thread pool ([`pool`]) and one allocator ([`alloc`]) per process. Everything public is
//!   `Send + Sync`, but for borrowed arguments that say otherwise.
//!
//! Environment: `NPIR_NUM_THREADS`, `NPIR_SPIN_US`, `NPIR_CACHE_BYTES`, `NPIR_MEMORY_LIMIT`.
//!
//! Arrays go in and out without copies:
//!
//! ```
//! use npir_runtime::{Array, ArrayView, npy};
//!
//! let x = ndarray::array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
//! let view = ArrayView::from(&x);
//! assert_eq!(view.to_string(), "[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]");
//!
//! let folder = tempfile::tempdir()?;
//! npy::write(folder.path().join("x.npy"), view)?;
//! let y: Array = npy::read(folder.path().join("x.npy"))?;
//! assert_eq!(y.as_ndarray::<f64>()?, x.into_dyn());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A compiled program is an artifact; its functions check their arguments and update in place:
//!
//! ```no_run
//! use npir_runtime::{Arg, Array, Artifact, Scalar};
//!
//! let program = Artifact::load("kmeans.npir")?;
//! let lloyd = program.function("lloyd")?;
//! let x = npir_runtime::npy::read("digits.npy")?;
//! let mut centres = npir_runtime::npy::read("start.npy")?;
//! let results: Vec<Array> = lloyd.call(&mut [
//!     Arg::from(&x),
//!     Arg::from(centres.view_mut()?),
//!     Arg::from(Scalar::new(100i64)),
//! ])?;
//! println!("labels {}", results[0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod alloc;
mod arg;
pub mod array;
pub mod artifact;
pub mod atomic_file;
pub mod context;
mod copy;
pub mod cpu;
pub mod dlpack;
pub mod dtype;
pub mod error;
pub mod extents;
pub mod frame;
mod half_float;
mod interop;
mod layout;
mod library;
pub mod loader;
mod magazine;
pub mod npy;
mod npy_header;
pub mod pool;
pub mod program;
mod relocation;
pub mod sanitizer;
pub mod signature;
pub mod symbols;

pub use arg::Arg;
pub use array::{Array, ArrayError, ArrayView, ArrayViewMut};
pub use artifact::{Artifact, ArtifactError};
pub use context::CallContext;
pub use dlpack::DlpackError;
pub use dtype::{ByteOrder, DType, Element, Scalar, UnknownDType};
pub use error::{RunError, RunErrorKind};
pub use extents::Extents;
pub use frame::{Frame, RawArg, ResultView};
pub use loader::{LoadError, LoadedObject};
pub use npy::{NpyError, NpyReason};
pub use program::{CopyReason, CopyRemark, EntryFn, Function, RunReport};
pub use signature::{ArgSpec, Dim, Image, Manifest, ResultSpec, Signature};
