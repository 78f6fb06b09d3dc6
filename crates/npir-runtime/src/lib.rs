//! Arrays, memory, threads, errors and artifacts of compiled npir programs.
pub mod dtype;
pub mod error;
pub mod extents;
pub mod signature;

pub use dtype::{ByteOrder, DType, Element, Scalar, UnknownDType};
pub use error::{RunError, RunErrorKind};
pub use extents::Extents;
pub use signature::{ArgSpec, Dim, Manifest, ResultSpec, Signature};
