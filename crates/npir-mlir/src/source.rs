//! Source text and bytecode to modules.

use crate::ir::{Op, OpExt};
use crate::raw::{slice, string_ref};
use melior::Context;
use melior::ir::Module;
use mlir_sys::{MlirStringRef, mlirOperationWriteBytecode};
use npir_mlir_sys::*;
use std::ffi::c_void;

/// Parses and verifies text or bytecode. Locations name `filename`; block arguments
/// carry the names that the source gives them (`%x` becomes the location `"x"`).
///
/// Returns `None` after errors, which are diagnostics of the context.
pub fn parse_source<'c>(ctx: &'c Context, source: &[u8], filename: &str) -> Option<Module<'c>> {
    let text = MlirStringRef {
        data: source.as_ptr().cast(),
        length: source.len(),
    };
    // SAFETY: the source is copied; null means failure.
    unsafe { Module::from_option_raw(npirParseSource(ctx.to_raw(), text, string_ref(filename))) }
}

/// The op as bytecode, which [`parse_source`] reads.
pub fn to_bytecode(op: Op<'_>) -> Vec<u8> {
    unsafe extern "C" fn append(chunk: MlirStringRef, out: *mut c_void) {
        // SAFETY: `out` is the vector below; the chunk is alive during the call.
        unsafe {
            (*out.cast::<Vec<u8>>())
                .extend_from_slice(slice(chunk.data.cast(), chunk.length as isize))
        }
    }
    let mut bytes: Vec<u8> = Vec::new();
    // SAFETY: the op is alive, and the vector outlives the call.
    unsafe { mlirOperationWriteBytecode(op.raw(), Some(append), (&raw mut bytes).cast()) };
    bytes
}
