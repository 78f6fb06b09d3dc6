//! The C functions of the runtime that compiled code calls, and their declarations.

use std::collections::{BTreeSet, HashSet};

use npir_mlir::prelude::*;

use super::build::{declare, literal};
use crate::library::Routine;

/// A function of the runtime.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum RuntimeFn {
    /// `void *npir_rt_alloc(ctx, u64 bytes)`; null on failure, which is then recorded.
    Alloc,
    /// `void npir_rt_retain(void *allocated)`.
    Retain,
    /// `void npir_rt_release(void *allocated)`.
    Release,
    /// `void npir_rt_raise(ctx, i32 kind, fmt, fmt_len, loc, loc_len, i64 *args, u64 nargs)`.
    Raise,
    /// `i32 npir_rt_parallel_for(ctx, body, env, i64 n, i64 grain)`.
    ParallelFor,
}

impl RuntimeFn {
    /// Every function, in the order in which they are declared.
    const ALL: [RuntimeFn; 5] = [
        RuntimeFn::Alloc,
        RuntimeFn::Retain,
        RuntimeFn::Release,
        RuntimeFn::Raise,
        RuntimeFn::ParallelFor,
    ];

    /// Its C symbol.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            RuntimeFn::Alloc => "npir_rt_alloc",
            RuntimeFn::Retain => "npir_rt_retain",
            RuntimeFn::Release => "npir_rt_release",
            RuntimeFn::Raise => "npir_rt_raise",
            RuntimeFn::ParallelFor => "npir_rt_parallel_for",
        }
    }

    fn declare<'c>(self, rw: Rewriter<'c>) {
        let ctx = rw.ctx();
        let (ptr, i32, i64) = (ctx.llvm_ptr(), ctx.i(32), ctx.i(64));
        match self {
            RuntimeFn::Alloc => {
                let op = declare(rw, self.symbol(), &[ptr, i64], Some(ptr));
                let fresh = "[{llvm.noalias, llvm.noundef, llvm.align = 64 : i64}]";
                op.set_attr("res_attrs", literal(ctx, fresh));
            }
            RuntimeFn::Retain | RuntimeFn::Release => {
                declare(rw, self.symbol(), &[ptr], None);
            }
            RuntimeFn::Raise => {
                let args = [ptr, i32, ptr, i64, ptr, i64, ptr, i64];
                let op = declare(rw, self.symbol(), &args, None);
                op.set_attr("passthrough", literal(ctx, r#"["cold"]"#));
            }
            RuntimeFn::ParallelFor => {
                declare(rw, self.symbol(), &[ptr, ptr, ptr, i64, i64], Some(i32));
            }
        }
    }
}

/// Which functions of the runtime a module turned out to need.
#[derive(Default)]
pub(crate) struct Runtime {
    used: HashSet<RuntimeFn>,
    routines: BTreeSet<String>,
}

impl Runtime {
    /// The symbol of `f`, which will be declared.
    pub(crate) fn symbol(&mut self, f: RuntimeFn) -> &'static str {
        self.used.insert(f);
        f.symbol()
    }

    /// The symbol of a routine of the runtime's library, which will be declared:
    /// `i32 npir_lib_NAME(ctx, npir_library_call *)`.
    pub(crate) fn routine(&mut self, routine: Routine) -> String {
        let symbol = routine.symbol();
        self.routines.insert(symbol.clone());
        symbol
    }

    /// Declares at the start of the module what is used and not declared yet.
    pub(crate) fn declare(&self, rw: Rewriter<'_>, module: Op<'_>) {
        let Some(body) = module.region(0).entry() else {
            return;
        };
        let present: HashSet<&str> = body.ops().into_iter().filter_map(symbol_name).collect();
        rw.at_start(body);
        for f in RuntimeFn::ALL {
            if self.used.contains(&f) && !present.contains(f.symbol()) {
                f.declare(rw);
            }
        }
        let (ptr, i32) = (rw.ctx().llvm_ptr(), rw.ctx().i(32));
        for symbol in self
            .routines
            .iter()
            .filter(|s| !present.contains(s.as_str()))
        {
            declare(rw, symbol, &[ptr, ptr], Some(i32));
        }
    }
}

/// The name that a symbol op defines.
pub(crate) fn symbol_name<'c>(op: Op<'c>) -> Option<&'c str> {
    op.attr("sym_name")?.as_str()
}
