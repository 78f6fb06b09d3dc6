//! From the loop level to the LLVM dialect: the calling convention (`loop-abi`, before upstream's conversions) and
//! what no upstream pass knows (`loop-finish-llvm`, after them).
//!
//! Contract with the runtime. Every compiled function is `i32 f(ctx, args…)` and further results; 0 means success,
//! anything else that an error has been recorded in the context. A public function `f` is entered through
//! `i32 npir_entry_f(ctx, args, results)`, whose arrays hold one pointer per argument and result: to a memref
//! descriptor `{allocated, aligned, offset, sizes[rank], strides[rank]}` or to a scalar.
//! On an error the function returns at once: the context owns every allocation of the call and frees it.

mod abi;
mod alloc;
mod brain_floats;
mod build;
mod copy;
mod entry;
mod errors;
mod fields;
mod finish;
mod layout;
mod library;
mod outline;
mod runtime;

pub use abi::{EXTERN, LoopAbi};
pub use entry::entry_symbol;
pub use finish::LoopFinishLlvm;
