//! The mains of MLIR's tools, with our dialects and passes.

use crate::dialect::Registry;
use crate::raw::string_ref;
use npir_mlir_sys::*;
use std::ffi::{CString, c_char, c_int};

fn with_args(args: &[String], run: impl FnOnce(c_int, *mut *mut c_char) -> c_int) -> i32 {
    // LLVM's command line keeps pointers into the arguments: they live forever.
    let mut raw: Vec<*mut c_char> = args
        .iter()
        .map(|a| {
            CString::new(a.replace('\0', ""))
                .unwrap_or_default()
                .into_raw()
        })
        .collect();
    let n = raw.len() as c_int;
    raw.push(std::ptr::null_mut());
    let argv = Box::leak(raw.into_boxed_slice());
    run(n, argv.as_mut_ptr())
}

/// `mlir-opt` with this registry; the exit code. `args[0]` is the program's name.
pub fn opt_main(registry: &Registry, title: &str, args: &[String]) -> i32 {
    // SAFETY: arguments and registry live during the call.
    let status = with_args(args, |n, argv| unsafe {
        npirOptMain(n, argv, string_ref(title), registry.inner().to_raw())
    });
    let wanted = args.iter().any(|a| {
        let flag = a.trim_start_matches('-');
        a.starts_with('-') && matches!(flag, "mlir-pass-statistics" | "mlir-pass-statistics=true")
    });
    // SAFETY: a constant of the build.
    if wanted && !unsafe { npirStatisticsEnabled() } {
        // MLIR has printed the heading of a report without entries.
        eprint!("{}", crate::statistics::report());
    }
    status
}

/// `mlir-lsp-server` with this registry; serves until its input ends.
pub fn lsp_server_main(registry: &Registry, args: &[String]) -> i32 {
    // SAFETY: arguments and registry live during the call.
    with_args(args, |n, argv| unsafe {
        npirLspMain(n, argv, registry.inner().to_raw())
    })
}

/// `mlir-reduce` with this registry.
pub fn reduce_main(registry: &Registry, args: &[String]) -> i32 {
    let ctx = registry.context();
    ctx.load_all_available_dialects();
    // SAFETY: arguments and context live during the call.
    with_args(args, |n, argv| unsafe {
        npirReduceMain(n, argv, ctx.to_raw())
    })
}

/// `mlir-translate` with every upstream translation.
pub fn translate_main(title: &str, args: &[String]) -> i32 {
    // SAFETY: arguments live during the call.
    with_args(args, |n, argv| unsafe {
        npirTranslateMain(n, argv, string_ref(title))
    })
}
