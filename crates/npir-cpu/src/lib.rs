//! Machine code for the host processor: from an MLIR module in the LLVM dialect to an ELF object,
//! and from an object to callable addresses in this process.
//!
//! Invariants: this crate knows no dialect of npir (it starts where only LLVM-dialect operations
//! are left) and no runtime symbol (the caller says which external names exist and where). Nothing
//! here aborts the process on bad input as long as LLVM itself reports the problem.

#[cfg(not(all(unix, target_pointer_width = "64")))]
compile_error!("npir-cpu emits ELF objects for 64-bit Unix hosts");

// Brings the shim's link directives (where MLIR's libraries lie) into every binary.
use npir_mlir_sys as _;

pub mod codegen;
pub mod error;
pub mod jit;
mod link;
mod llvm;
mod parts;
pub mod pipeline;
mod straight_line;
pub mod target;

pub use codegen::{
    Checks, CodegenOptions, ENTRY_PREFIX, IrStage, Object, OptLevel, compile_object, emit_assembly,
    emit_llvm_ir, register_translations,
};
pub use error::{CodegenError, JitError, TargetError};
pub use jit::{Jit, LoadedObject};
pub use llvm::install_fatal_error_note;
pub use pipeline::lower_to_llvm_pipeline;
pub use target::{Arch, CpuTarget};
