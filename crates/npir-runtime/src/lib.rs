//! Arrays, memory, threads, errors and artifacts of compiled npir programs.
pub mod alloc;
pub mod array;
mod atomic_file;
pub mod context;
pub mod dtype;
pub mod error;
pub mod extents;
mod half_float;
mod layout;
pub mod npy;
mod npy_header;
pub mod pool;
pub mod program;
pub mod signature;
pub mod symbols;

pub use array::{Array, ArrayError, ArrayView, ArrayViewMut};
pub use context::CallContext;
pub use dtype::{ByteOrder, DType, Element, Scalar, UnknownDType};
pub use error::{RunError, RunErrorKind};
pub use extents::Extents;
pub use program::{Arg, CopyReason, CopyRemark, EntryFn, Function, RunReport};
pub use signature::{ArgSpec, Dim, Manifest, ResultSpec, Signature};
