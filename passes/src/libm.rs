//! `npir-libm-calls`: functions that the C library computes and LLVM does not.
//!
//! The upstream conversions leave two gaps: `expm1` and `log1p` become `exp(x) - 1` and
//! `log(1 + x)`, which have no correct digits near zero, and functions without an LLVM intrinsic
//! stay behind as vectors. Here they become calls of libm, lane by lane; and so do functions of
//! complex numbers, whose upstream expansions lose infinities and signs of zero.

use npir_mlir::prelude::*;
use npir_tensor::Libm;

/// `math` operations of one operand, and the C function of `double`; that of `float` has an `f`
/// appended.
const FUNCTIONS: [(&str, &str); 8] = [
    ("math.acosh", "acosh"),
    ("math.asinh", "asinh"),
    ("math.atanh", "atanh"),
    ("math.cbrt", "cbrt"),
    ("math.erf", "erf"),
    ("math.erfc", "erfc"),
    ("math.expm1", "expm1"),
    ("math.log1p", "log1p"),
];

/// Calls libm for functions that LLVM has not, or not accurately.
///
/// Takes `math` operations on `f32`, `f64` and one-dimensional vectors of them, which are taken
/// apart.
#[pass(
    "npir-libm-calls",
    on = "builtin.module",
    dependent_dialects("func", "vector")
)]
#[derive(Clone)]
pub struct LibmCalls {
    /// Calls created.
    #[statistic(name = "num-calls", description = "Calls created")]
    calls: Statistic,
}

impl Pass for LibmCalls {
    fn run(&mut self, module: Op<'_>, _: &PassCx<'_>) -> PassResult {
        for (op_name, function) in FUNCTIONS {
            for op in module.find_all(op_name) {
                self.calls.add(rewrite(module, op, function));
            }
        }
        for op in module.find_all(Libm::NAME) {
            if let Some(libm) = Libm::cast(op) {
                call(module, libm);
                self.calls.add(1);
            }
        }
        Ok(())
    }
}

/// Replaces `op` by calls of `function`; says how many.
fn rewrite(module: Op<'_>, op: Op<'_>, function: &str) -> i64 {
    let x = op.operand(0);
    let (ty, element) = (x.ty(), x.ty().element());
    let symbol = match element.bit_width() {
        64 => function.to_owned(),
        32 => format!("{function}f"),
        // 16-bit floats are brought to `f32` before.
        _ => return 0,
    };
    if ty.rank() > 1 || !(ty == element || ty.is_vector()) {
        return 0;
    }
    declare(module, &symbol, &[element], element);
    rewrite_at(op, |rw| {
        let call = |x| rw.func_call(&symbol, &[x], &[element]).result_value(0);
        let lanes = ty.dims().first().copied();
        let result = match lanes {
            None => call(x),
            Some(n) => (0..n).fold(x, |all, i| {
                let lane = rw.vector_extract(x, i);
                rw.vector_insert(call(lane), all, i)
            }),
        };
        rw.replace(op, &[result]);
        lanes.unwrap_or(1)
    })
}

/// Replaces a function of complex numbers by a call. A number of two `double`s is passed in two
/// registers either way: as C passes it, and as LLVM passes a struct of them.
fn call(module: Op<'_>, libm: Libm<'_>) {
    let (symbol, operands) = (libm.function().word(), libm.operands());
    let ty = libm.result().ty();
    declare(module, symbol, &vec![ty; operands.len()], ty);
    rewrite_at(libm.op(), |rw| {
        let value = rw.func_call(symbol, &operands, &[ty]).result_value(0);
        rw.replace(libm.op(), &[value]);
    });
}

/// Makes sure that the module declares `symbol`.
fn declare(module: Op<'_>, symbol: &str, operands: &[Type<'_>], result: Type<'_>) {
    let Some(body) = module.region(0).entry() else {
        return;
    };
    let declared = body
        .ops()
        .into_iter()
        .any(|op| op.attr("sym_name").and_then(|name| name.as_str()) == Some(symbol));
    if declared {
        return;
    }
    let ctx = module.ctx();
    let owned = OwnedRewriter::new(ctx);
    let rw = owned.get().at(module.loc());
    rw.at_start(body);
    rw.op("func.func")
        .attr("sym_name", ctx.str_attr(symbol))
        .attr("sym_visibility", ctx.str_attr("private"))
        .attr(
            "function_type",
            ctx.type_attr(ctx.function(operands, &[result])),
        )
        .attr("llvm.readnone", ctx.unit_attr())
        .regions(1)
        .build();
}
