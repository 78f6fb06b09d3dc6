//! Expressions as functions of the module: those that are rarely needed, and those of which a program has many.

use npir_mlir::prelude::*;

use crate::libm::has_symbol;

use super::lanes::{Lanes, Val};

/// How often a function is called.
#[derive(Clone, Copy)]
pub(super) enum Use {
    Often,
    Rarely,
}

/// Calls a function of numbers like `v`'s; makes it with `body` where the module has none of that name yet.
pub(super) fn call<'c>(
    v: Lanes<'c>,
    module: Op<'c>,
    name: &str,
    often: Use,
    operands: &[Val<'c>],
    body: impl FnOnce(Lanes<'c>, &[Val<'c>]) -> Val<'c>,
) -> Val<'c> {
    let ty = operands[0].ty();
    let symbol = format!("npir_{name}_{}x{}", ty.dims()[0], ty.element());
    if let Some(block) = module.region(0).entry()
        && !has_symbol(block, &symbol)
    {
        let ctx = module.ctx();
        let owned = OwnedRewriter::new(ctx);
        let rw = owned.get().at(module.loc());
        rw.at_end(block);
        let types = vec![ty; operands.len()];
        let func = rw.func(&symbol, &types, &[ty], |rw, args| {
            let result = body(v.with(rw), args);
            rw.func_return(&[result]);
        });
        func.set_attr("sym_visibility", ctx.str_attr("private"));
        let attributes = match often {
            Use::Often => r#"["noinline"]"#,
            Use::Rarely => r#"["cold", "noinline"]"#,
        };
        if let Some(attributes) = ctx.parse_attr(attributes) {
            func.set_attr("passthrough", attributes);
        }
    }
    let call = v.rewriter().func_call(&symbol, operands, &[ty]);
    call.result_value(0)
}
