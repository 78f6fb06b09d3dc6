//! `npir-libm-calls`: functions that the C library computes and LLVM does not.
//!
//! The upstream conversions leave two gaps: `expm1` and `log1p` become `exp(x) - 1` and
//! `log(1 + x)`, which have no correct digits near zero, and functions without an LLVM intrinsic
//! stay behind as vectors. Here functions of numbers become calls of libm; and so do functions of complex numbers, whose
//! upstream expansions lose infinities and signs of zero. Functions of vectors are written out: see
//! `vector_math`. Powers by small whole numbers and their halves are products.

use npir_mlir::prelude::*;
use npir_tensor::Libm;

use crate::constant_power::{constant_exponent, constant_power};
use crate::vector_math::Expression::{Binary, Guarded, Unary};
use crate::vector_math::{self, Expression, Place, Products};

/// A `math` operation and the C function of `double`; that of `float` has an `f` appended.
struct Entry {
    op: &'static str,
    function: &'static str,
    /// What it is of vectors.
    vectors: Expression,
    /// Whether LLVM calls the function by itself for single numbers.
    llvm_knows: bool,
}

const fn ours(op: &'static str, function: &'static str, vectors: Expression) -> Entry {
    Entry {
        op,
        function,
        vectors,
        llvm_knows: false,
    }
}

const fn llvms(op: &'static str, function: &'static str, vectors: Expression) -> Entry {
    Entry {
        op,
        function,
        vectors,
        llvm_knows: true,
    }
}

/// Powers.
const POWER: &str = "math.powf";

const FUNCTIONS: [Entry; 24] = [
    llvms("math.acos", "acos", Unary(vector_math::acos)),
    ours("math.acosh", "acosh", Unary(vector_math::acosh)),
    llvms("math.asin", "asin", Unary(vector_math::asin)),
    ours("math.asinh", "asinh", Unary(vector_math::asinh)),
    llvms("math.atan", "atan", Unary(vector_math::atan)),
    llvms("math.atan2", "atan2", Binary(vector_math::atan2)),
    ours("math.atanh", "atanh", Unary(vector_math::atanh)),
    ours("math.cbrt", "cbrt", Guarded(vector_math::CBRT)),
    llvms("math.cos", "cos", Guarded(vector_math::COS)),
    llvms("math.cosh", "cosh", Unary(vector_math::cosh)),
    ours("math.erf", "erf", Unary(vector_math::erf)),
    ours("math.erfc", "erfc", Unary(vector_math::erfc)),
    llvms("math.exp", "exp", Unary(vector_math::exp)),
    llvms("math.exp2", "exp2", Unary(vector_math::exp2)),
    ours("math.expm1", "expm1", Unary(vector_math::expm1)),
    llvms("math.log", "log", Guarded(vector_math::LOG)),
    llvms("math.log10", "log10", Guarded(vector_math::LOG10)),
    ours("math.log1p", "log1p", Guarded(vector_math::LOG1P)),
    llvms("math.log2", "log2", Guarded(vector_math::LOG2)),
    llvms(POWER, "pow", Guarded(vector_math::POW)),
    llvms("math.sin", "sin", Guarded(vector_math::SIN)),
    llvms("math.sinh", "sinh", Unary(vector_math::sinh)),
    llvms("math.tan", "tan", Guarded(vector_math::TAN)),
    llvms("math.tanh", "tanh", Unary(vector_math::tanh)),
];

/// Writes functions of vectors out, and calls libm for functions of numbers that LLVM has not, or not accurately.
///
/// Takes `math` operations on `f32`, `f64` and one-dimensional vectors of them. Functions of vectors are written out,
/// below 1.5 ulp, but for powers of `f64` without fused products, which are left to libm lane by lane. Rare
/// arguments, such as zeros of logarithms and huge angles, are computed in functions of the module. Powers by constants such as 3 or -1.5 are
/// products.
#[pass(
    "npir-libm-calls",
    on = "builtin.module",
    dependent_dialects("func", "vector", "arith", "math", "scf")
)]
#[derive(Clone)]
pub struct LibmCalls {
    #[option(
        name = "fma",
        default = "true",
        description = "a fused multiplication and addition is one instruction"
    )]
    fma: bool,
    /// Calls created.
    #[statistic(name = "num-calls", description = "Calls created")]
    calls: Statistic,
}

/// From so many times on, a function of vectors of one type is no longer written where it is needed: a loop has five to
/// seven copies of its body.
const MANY: usize = 40;

/// A function of numbers of a type.
type Kind<'c> = (String, Type<'c>);

fn kind<'c>(op: Op<'c>) -> Kind<'c> {
    (op.name().to_string(), op.result_value(0).ty())
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
        let mut counts: Vec<(Kind<'_>, usize)> = Vec::new();
        for (op, _) in &functions {
            let kind = kind(*op);
            match counts.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, count)) => *count += 1,
                None => counts.push((kind, 1)),
            }
        }
        let mut rest = functions.as_slice();
        while let [(op, entry), ..] = rest {
            let kind = kind(*op);
            let many = (counts.iter()).any(|(other, count)| *other == kind && *count > MANY);
            let place = if many { Place::Function } else { Place::Inline };
            let (together, others) = rest.split_at(side_by_side(rest));
            let ops: Vec<_> = together.iter().map(|(op, _)| *op).collect();
            self.calls.add(self.rewrite(module, &ops, entry, place));
            rest = others;
        }
        for libm in own {
            call(module, libm);
            self.calls.add(1);
        }
        Ok(())
    }
}

/// How many of the first functions are one function of vectors of one type, op after op, of which none reads another one:
/// what streams of vectors are, op by op.
fn side_by_side(functions: &[(Op<'_>, &Entry)]) -> usize {
    let (first, entry) = functions[0];
    // Powers by constants are products, each its own.
    let alone = |op: Op<'_>| op.name() == POWER && constant_exponent(op.operand(1)).is_some();
    let guarded = matches!(entry.vectors, Guarded(_)) && first.result_value(0).ty().is_vector();
    if !guarded || alone(first) {
        return 1;
    }
    let mut results = vec![first.result_value(0)];
    for pair in functions.windows(2) {
        let (before, op) = (pair[0].0, pair[1].0);
        let follows = before.next().is_some_and(|next| next == op);
        let reads = op.operand_values().iter().any(|v| results.contains(v));
        if !follows || reads || kind(op) != kind(first) || alone(op) {
            break;
        }
        results.push(op.result_value(0));
    }
    results.len()
}

impl LibmCalls {
    /// Replaces ops that are [`side_by_side`] by an expression or calls; says how many calls.
    fn rewrite<'c>(&self, module: Op<'c>, ops: &[Op<'c>], entry: &Entry, place: Place) -> i64 {
        let [op, ..] = *ops else { return 0 };
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
        // Without fused products, sums of two numbers take twice as long as libm.
        let is_call = entry.function == "pow" && bits == 64 && !self.fma;
        if ty.is_vector() && !is_call {
            let products = match self.fma {
                true => Products::Fused,
                false => Products::Rounded,
            };
            // The last one has the operands of all before it, and nothing lies between that reads a result.
            let calls: Vec<_> = ops.iter().map(|op| op.operand_values()).collect();
            rewrite_at(ops[ops.len() - 1], |rw| {
                let values = (entry.vectors).write(rw, module, entry.op, &calls, products, place);
                for (&op, value) in ops.iter().zip(values) {
                    rw.replace(op, &[value]);
                }
            });
            return 0;
        }
        if entry.llvm_knows {
            return 0;
        }
        declare(module, &scalar, &vec![element; operands.len()], element);
        rewrite_at(op, |rw| {
            let call = rw.func_call(&scalar, &operands, &[element]);
            rw.replace(op, &[call.result_value(0)]);
        });
        1
    }
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

/// Whether the module of that body has something of the name.
pub(crate) fn has_symbol(body: Blk<'_>, symbol: &str) -> bool {
    let mut ops = body.ops().into_iter();
    ops.any(|op| op.attr("sym_name").and_then(|name| name.as_str()) == Some(symbol))
}

/// Makes sure that the module declares `symbol`.
fn declare(module: Op<'_>, symbol: &str, operands: &[Type<'_>], result: Type<'_>) {
    let Some(body) = module.region(0).entry() else {
        return;
    };
    if has_symbol(body, symbol) {
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
