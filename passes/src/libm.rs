//! `npir-libm-calls`: functions that the C library computes and LLVM does not.
//!
//! The upstream conversions leave two gaps: `expm1` and `log1p` become `exp(x) - 1` and
//! `log(1 + x)`, which have no correct digits near zero, and functions without an LLVM intrinsic
//! stay behind as vectors. Here they become calls of libm, lane by lane, or of glibc's vector functions (libmvec,
//! within 4 ulp); and so do functions of complex numbers, whose upstream expansions lose infinities and signs of zero.
//! Powers of vectors of `f32` are written out instead: in `f64` they are faster and more accurate,
//! unless registers have 128 bits. Powers by small whole numbers and their halves are products.

use npir_mlir::prelude::*;
use npir_tensor::Libm;

use crate::constant_power::{constant_exponent, constant_power};
use crate::wide_power::wide_power;

/// A `math` operation and the C function of `double`; that of `float` has an `f` appended.
struct Entry {
    op: &'static str,
    function: &'static str,
    /// Whether LLVM calls the function by itself for single numbers.
    llvm_knows: bool,
}

const fn ours(op: &'static str, function: &'static str) -> Entry {
    Entry {
        op,
        function,
        llvm_knows: false,
    }
}

const fn llvms(op: &'static str, function: &'static str) -> Entry {
    Entry {
        op,
        function,
        llvm_knows: true,
    }
}

/// Each is in glibc's libmvec, too.
const FUNCTIONS: [Entry; 24] = [
    llvms("math.acos", "acos"),
    ours("math.acosh", "acosh"),
    llvms("math.asin", "asin"),
    ours("math.asinh", "asinh"),
    llvms("math.atan", "atan"),
    llvms("math.atan2", "atan2"),
    ours("math.atanh", "atanh"),
    ours("math.cbrt", "cbrt"),
    llvms("math.cos", "cos"),
    llvms("math.cosh", "cosh"),
    ours("math.erf", "erf"),
    ours("math.erfc", "erfc"),
    llvms("math.exp", "exp"),
    llvms("math.exp2", "exp2"),
    ours("math.expm1", "expm1"),
    llvms("math.log", "log"),
    llvms("math.log10", "log10"),
    ours("math.log1p", "log1p"),
    llvms("math.log2", "log2"),
    llvms("math.powf", "pow"),
    llvms("math.sin", "sin"),
    llvms("math.sinh", "sinh"),
    llvms("math.tan", "tan"),
    llvms("math.tanh", "tanh"),
];

/// Calls libm for functions that LLVM has not, or not accurately, and libmvec for vectors.
///
/// Takes `math` operations on `f32`, `f64` and one-dimensional vectors of them; powers of vectors of `f32` are written
/// out, and powers by constants such as 3 or -1.5 are products. With `vector-bits`, vectors that fill registers of at most that width are passed to the functions of glibc's
/// libmvec, register by register; other vectors are taken apart.
#[pass(
    "npir-libm-calls",
    on = "builtin.module",
    dependent_dialects("func", "vector", "arith", "math")
)]
#[derive(Clone)]
pub struct LibmCalls {
    #[option(
        name = "vector-bits",
        default = "0",
        description = "bits of the widest registers that x86-64's libmvec may use; 0 for no libmvec"
    )]
    vector_bits: i64,
    #[option(
        name = "fma",
        default = "true",
        description = "a fused multiplication and addition is one instruction; without it powers of `f64` are calls"
    )]
    fma: bool,
    /// Calls created.
    #[statistic(name = "num-calls", description = "Calls created")]
    calls: Statistic,
}

impl Pass for LibmCalls {
    fn run(&mut self, module: Op<'_>, _: &PassCx<'_>) -> PassResult {
        let (mut functions, mut own) = (Vec::new(), Vec::new());
        module.walk_ops(&mut |op| {
            let name = op.name();
            if name.starts_with("math.") {
                let entry = FUNCTIONS.iter().find(|entry| entry.op == name);
                functions.extend(entry.map(|entry| (op, entry)));
            }
            own.extend(Libm::cast(op));
            Walk::Advance
        });
        for (op, entry) in functions {
            self.calls.add(self.rewrite(module, op, entry));
        }
        for libm in own {
            call(module, libm);
            self.calls.add(1);
        }
        Ok(())
    }
}

impl LibmCalls {
    /// Replaces `op` by calls; says how many.
    fn rewrite<'c>(&self, module: Op<'c>, op: Op<'c>, entry: &Entry) -> i64 {
        let vector_bits = self.vector_bits;
        let operands = op.operand_values();
        let ty = op.result_value(0).ty();
        let element = ty.element();
        let bits = element.bit_width() as i64;
        // 16-bit floats are brought to `f32` before.
        let scalar = match bits {
            64 => entry.function.to_owned(),
            32 => format!("{}f", entry.function),
            _ => return 0,
        };
        if ty.rank() > 1 || !(ty == element || ty.is_vector()) {
            return 0;
        }
        if entry.function == "pow"
            && (bits == 32 || self.fma)
            && let Some(exponent) = constant_exponent(operands[1])
        {
            rewrite_at(op, |rw| {
                rw.replace(op, &[constant_power(rw, operands[0], exponent)])
            });
            return 0;
        }
        // Of two `f64` at a time libmvec is faster.
        if ty.is_vector() && scalar == "powf" && vector_bits != 128 {
            rewrite_at(op, |rw| {
                rw.replace(op, &[wide_power(rw, operands[0], operands[1])])
            });
            return 0;
        }
        let lanes = ty.dims().first().copied();
        if let Some(n) = lanes
            && let Some((class, width)) = register(n * bits, vector_bits)
        {
            let part = width / bits;
            let signature = "v".repeat(operands.len());
            let symbol = format!("_ZGV{class}N{part}{signature}_{scalar}");
            let part_ty = module.ctx().vector(&[part], element);
            declare(module, &symbol, &vec![part_ty; operands.len()], part_ty);
            rewrite_at(op, |rw| {
                let result = by_parts(rw, &operands, n / part, part, |parts| {
                    rw.func_call(&symbol, parts, &[part_ty]).result_value(0)
                });
                rw.replace(op, &[result]);
            });
            return n / part;
        }
        if entry.llvm_knows {
            return 0;
        }
        declare(module, &scalar, &vec![element; operands.len()], element);
        rewrite_at(op, |rw| {
            let call = |lanes: &[Val<'c>]| rw.func_call(&scalar, lanes, &[element]).result_value(0);
            let result = match lanes {
                None => call(&operands),
                Some(n) => (0..n).fold(operands[0], |all, i| {
                    let lanes: Vec<_> = operands.iter().map(|x| rw.vector_extract(*x, i)).collect();
                    rw.vector_insert(call(&lanes), all, i)
                }),
            };
            rw.replace(op, &[result]);
            lanes.unwrap_or(1)
        })
    }
}

/// The widest registers of at most `limit` bits that `bits` bits fill, by the letter of libmvec's names.
fn register(bits: i64, limit: i64) -> Option<(char, i64)> {
    [('e', 512), ('d', 256), ('b', 128)]
        .into_iter()
        .find(|(_, width)| *width <= limit && bits % width == 0)
}

/// Computes vectors of `count` parts of `part` lanes part by part.
fn by_parts<'c>(
    rw: Rewriter<'c>,
    operands: &[Val<'c>],
    count: i64,
    part: i64,
    call: impl Fn(&[Val<'c>]) -> Val<'c>,
) -> Val<'c> {
    if count == 1 {
        return call(operands);
    }
    let lanes = |from: i64, n: i64| (from..from + n).collect::<Vec<_>>();
    let mut all: Option<Val<'c>> = None;
    for i in 0..count {
        let parts: Vec<_> = operands
            .iter()
            .map(|x| rw.vector_shuffle(*x, *x, &lanes(i * part, part)))
            .collect();
        let next = call(&parts);
        all = Some(match all {
            None => next,
            Some(before) => {
                // Both operands of a shuffle have one length in LLVM: the new part is widened first.
                let mut widened = lanes(0, part);
                widened.resize((i * part) as usize, 0);
                let next = rw.vector_shuffle(next, next, &widened);
                rw.vector_shuffle(before, next, &lanes(0, (i + 1) * part))
            }
        });
    }
    all.unwrap_or(operands[0])
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
