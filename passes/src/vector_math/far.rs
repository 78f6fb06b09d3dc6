//! Arguments too large for an expression, which are rare: a function of the module calls libm for them.

use npir_mlir::prelude::*;

use super::lanes::{Lanes, Val};
use super::outlined::{self, Use};
use super::trigonometric::limit;

/// `near`, but where `x` is beyond the limit what libm says of `op`.
pub(super) fn corrected<'c>(
    v: Lanes<'c>,
    module: Op<'c>,
    op: &str,
    x: Val<'c>,
    near: Val<'c>,
) -> Val<'c> {
    let rw = v.rewriter();
    let any = rw.vector_reduction("or", is_far(v, x));
    let op = op.trim_start_matches("math.");
    let name = format!("far_{op}");
    let correct = |rw: Rewriter<'c>| {
        let operands = [x, near];
        outlined::call(
            v.with(rw),
            module,
            &name,
            Use::Rarely,
            &operands,
            |v, args| {
                let rw = v.rewriter();
                let [x, near] = [args[0], args[1]];
                let all = (0..x.ty().dims()[0]).fold(near, |all, i| {
                    let lane = rw.vector_extract(x, i);
                    rw.vector_insert(rw.math(op, &[lane]), all, i)
                });
                v.select(is_far(v, x), all, near)
            },
        )
    };
    rw.scf_if(any, &[x.ty()], |rw| vec![correct(rw)], |_| vec![near])[0]
}

fn is_far<'c>(v: Lanes<'c>, x: Val<'c>) -> Val<'c> {
    v.greater(v.abs(x), v.number(limit(v)))
}
