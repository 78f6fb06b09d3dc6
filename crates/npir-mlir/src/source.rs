//! Source text and bytecode to modules.

use crate::raw::string_ref;
use melior::Context;
use melior::ir::Module;
use npir_mlir_sys::*;

/// Parses and verifies text or bytecode. Locations name `filename`; block arguments
/// carry the names that the source gives them (`%x` becomes the location `"x"`).
///
/// Returns `None` after errors, which are diagnostics of the context.
pub fn parse_source<'c>(ctx: &'c Context, source: &[u8], filename: &str) -> Option<Module<'c>> {
    let text = mlir_sys::MlirStringRef { data: source.as_ptr().cast(), length: source.len() };
    // SAFETY: the source is copied; null means failure.
    unsafe { Module::from_option_raw(npirParseSource(ctx.to_raw(), text, string_ref(filename))) }
}
