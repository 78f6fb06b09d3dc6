//! `numpy.random_*`: counter-based random numbers by Philox4x32-10.
//!
//! Element `i` of an array (in row-major order) is a function of the key, the number `draw` and `i` alone: the block of
//! four 32-bit words `w` of the cipher with the key (low half, high half of `key`) at the counter `(low half of i, high
//! half of i, low half of draw, high half of draw)`. Streams with other keys or draws are independent, and no number
//! depends on threads, on the shape beside `i`, or on other numbers. Everything is elementwise and fuses.
//!
//! Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

use npir_mlir::prelude::*;
use npir_tensor::CheckKind;

use crate::elementwise::dtype::{Classes, DType};
use crate::lowering;
use crate::sizes;
use crate::target_shape;
use crate::types::{AnyArray, check_declared, element_name};

/// Multipliers of the first and the third word.
const MULTIPLIERS: [i64; 2] = [0xD251_1F53, 0xCD9E_8D57];
/// What is added to the halves of the key between rounds.
const WEYL: [i64; 2] = [0x9E37_79B9, 0xBB67_AE85];
/// Rounds of the cipher.
const ROUNDS: usize = 10;
/// The low 32 bits.
const WORD: i64 = 0xFFFF_FFFF;

/// What is made of a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Distribution {
    Uniform,
    Normal,
    Integers,
}

struct Row {
    name: &'static str,
    summary: &'static str,
    description: &'static str,
    distribution: Distribution,
    results: Classes,
}

static ROWS: &[Row] = &[
    Row {
        name: "numpy.random_uniform",
        summary: "Random numbers, uniform in [0, 1)",
        description: "float64 has the upper 53 bits of `w0 + 2^32 w1` times 2^-53, float32 the upper 24 bits of `w0` \
                      times 2^-24.",
        distribution: Distribution::Uniform,
        results: Classes::FLOAT,
    },
    Row {
        name: "numpy.random_standard_normal",
        summary: "Random numbers of the standard normal distribution",
        description: "By Box and Muller: `sqrt(-2 log(1 - u)) cos(2 pi v)`, where `u` is the uniform number of `w0, w1` \
                      and `v` that of `w2, w3` (float32: of `w0` and of `w2`).",
        distribution: Distribution::Normal,
        results: Classes::FLOAT,
    },
    Row {
        name: "numpy.random_integers",
        summary: "Random integers from `low` to before `high`, 0-d arrays of int64",
        description: "`low` plus the upper 64 bits of the product of `w0 + 2^32 w1` and `high - low`: no number is likelier \
                      than another by more than 2^-64 times that difference. `low` not below `high` is an error.",
        distribution: Distribution::Integers,
        results: Classes::INT,
    },
];

impl Row {
    /// How many arrays come before the sizes: the key, and bounds.
    fn arrays(&self) -> usize {
        match self.distribution {
            Distribution::Integers => 3,
            _ => 1,
        }
    }

    fn verify(&self, op: Op<'_>) -> Result<(), String> {
        let (operands, result) = (op.operand_types(), op.result_value(0).ty());
        let expected = [DType::UInt(64), DType::Int(64), DType::Int(64)];
        for (ty, dtype) in operands.iter().zip(expected).take(self.arrays()) {
            if ty.rank() != 0 || DType::of(*ty) != Some(dtype) {
                return Err(format!("needs a 0-d array of {}, got {ty}", dtype.name()));
            }
        }
        let fits = |dtype: &DType| self.results.contains(dtype.class()) && !dtype.is_half();
        if DType::of(result).filter(fits).is_none() {
            return Err(format!("has no numbers of type {}", element_name(result)));
        }
        let shape = op
            .attr("shape")
            .and_then(I64Array::decode)
            .unwrap_or_default();
        target_shape::check_sizes(&shape, operands.len() - self.arrays())?;
        check_declared(result, op.ctx().tensor(&shape, result.element()))
    }
}

fn define(row: &'static Row) -> OpDef {
    let mut def = OpDef::new(row.name)
        .doc(&format!(
            "{}\n\n{} The key is a 0-d array of uint64. Another `draw` gives other numbers for the same key.",
            row.summary, row.description
        ))
        .operand("key", AnyArray::constraint());
    if row.distribution == Distribution::Integers {
        def = def
            .operand("low", AnyArray::constraint())
            .operand("high", AnyArray::constraint());
    }
    def.variadic_operand("sizes", IndexType::constraint())
        .attribute("shape", I64Array::constraint())
        .optional_attribute("draw", I64::constraint())
        .result("result", AnyArray::constraint())
        .traits(&[Trait::Pure])
        .custom_assembly(
            move |p| target_shape::parse(p, row.arrays()),
            move |op, p| target_shape::print(op, p, row.arrays()),
        )
        .verify(move |op| row.verify(op))
}

/// Arithmetic on words and halves, in `i64`.
#[derive(Clone, Copy)]
struct Words<'c>(Rewriter<'c>);

impl<'c> Words<'c> {
    fn constant(self, n: i64) -> Val<'c> {
        self.0.const_int(self.0.ctx().i(64), n)
    }

    fn low(self, x: Val<'c>) -> Val<'c> {
        self.0.andi(x, self.constant(WORD))
    }

    fn high(self, x: Val<'c>) -> Val<'c> {
        self.0.shrui(x, self.constant(32))
    }

    /// `low + 2^32 high`
    fn join(self, low: Val<'c>, high: Val<'c>) -> Val<'c> {
        self.0.ori(low, self.0.shli(high, self.constant(32)))
    }

    /// The block of the cipher at a counter.
    fn philox(self, key: Val<'c>, counter: [Val<'c>; 2]) -> [Val<'c>; 4] {
        let rw = self.0;
        let mut keys = [self.low(key), self.high(key)];
        let [i, draw] = counter;
        let mut words = [self.low(i), self.high(i), self.low(draw), self.high(draw)];
        for round in 0..ROUNDS {
            if round > 0 {
                for (key, step) in keys.iter_mut().zip(WEYL) {
                    *key = self.low(rw.addi(*key, self.constant(step)));
                }
            }
            let product = |word, by| rw.muli(word, self.constant(by));
            let a = product(words[0], MULTIPLIERS[0]);
            let b = product(words[2], MULTIPLIERS[1]);
            let mix = |product, word, key| rw.xori(rw.xori(self.high(product), word), key);
            words = [
                mix(b, words[1], keys[0]),
                self.low(b),
                mix(a, words[3], keys[1]),
                self.low(a),
            ];
        }
        words
    }

    /// A number in [0, 1) of two words; `f32` takes the first one.
    fn unit(self, dtype: DType, low: Val<'c>, high: Val<'c>) -> Val<'c> {
        let rw = self.0;
        let ty = dtype.compute_ty(rw.ctx());
        let (bits, scale) = match dtype {
            DType::F32 => (rw.shrui(low, self.constant(8)), 2f64.powi(-24)),
            _ => (
                rw.shrui(self.join(low, high), self.constant(11)),
                2f64.powi(-53),
            ),
        };
        rw.mulf(rw.sitofp(bits, ty), rw.const_float(ty, scale))
    }

    fn normal(self, dtype: DType, words: [Val<'c>; 4]) -> Val<'c> {
        let rw = self.0;
        let ty = dtype.compute_ty(rw.ctx());
        let number = |x| rw.const_float(ty, x);
        let u = self.unit(dtype, words[0], words[1]);
        let v = self.unit(dtype, words[2], words[3]);
        let log = rw.math("log", &[rw.subf(number(1.0), u)]);
        let radius = rw.math("sqrt", &[rw.mulf(number(-2.0), log)]);
        let angle = rw.mulf(v, number(std::f64::consts::TAU));
        rw.mulf(radius, rw.math("cos", &[angle]))
    }

    /// `low + ⌊x · (high - low) / 2^64⌋`
    fn between(self, x: Val<'c>, low: Val<'c>, high: Val<'c>) -> Val<'c> {
        let rw = self.0;
        let span = rw.subi(high, low);
        // The upper half of the product of 64-bit numbers, by products of words, which have lanes.
        let (a, b) = (
            [self.low(x), self.high(x)],
            [self.low(span), self.high(span)],
        );
        let carry = rw.addi(rw.muli(a[1], b[0]), self.high(rw.muli(a[0], b[0])));
        let middle = rw.addi(rw.muli(a[0], b[1]), self.low(carry));
        let top = rw.addi(rw.muli(a[1], b[1]), self.high(carry));
        rw.addi(low, rw.addi(top, self.high(middle)))
    }
}

fn lower<'c>(row: &Row, op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (ctx, i64) = (rw.ctx(), rw.ctx().i(64));
    let Some(dtype) = DType::of(op.result_value(0).ty()) else {
        return no_match("not an array");
    };
    let shape = op
        .attr("shape")
        .and_then(I64Array::decode)
        .unwrap_or_default();
    let (arrays, given) = cx.operands.split_at(row.arrays());
    let extents: Vec<_> = target_shape::fill(&shape, given)
        .into_iter()
        .map(OpFold::simplify)
        .collect();
    target_shape::check_at_run_time(rw, row.name, &extents);
    if let [_, low, high] = *arrays {
        let (low, high) = (rw.tensor_extract(low, &[]), rw.tensor_extract(high, &[]));
        let below = sizes::Cond::Value(rw.cmpi(CmpI::Slt, low, high));
        let message = format!("{}: low >= high", row.name);
        sizes::check(rw, below, CheckKind::ValueError, &message, &[]);
    }
    let draw = op.attr("draw").and_then(I64::decode).unwrap_or(0);
    let rank = extents.len();
    let values: Vec<_> = extents
        .iter()
        .map(|&n| rw.index_cast(sizes::value(rw, n), i64))
        .collect();
    let dest = lowering::empty(rw, &extents, dtype.storage_ty(ctx));
    let mut maps = vec![lowering::map(ctx, rank, &[]); arrays.len()];
    maps.push(lowering::identity_map(ctx, rank));
    let iters = vec![Iter::Parallel; rank];
    let generic = rw.linalg_generic(arrays, &[dest], &maps, &iters, |rw, args| {
        let words = Words(rw);
        let mut i = words.constant(0);
        for (d, &n) in values.iter().enumerate() {
            let at = rw.index_cast(rw.linalg_index(d), i64);
            i = if d == 0 {
                at
            } else {
                rw.addi(rw.muli(i, n), at)
            };
        }
        let block = words.philox(args[0], [i, words.constant(draw)]);
        let value = match row.distribution {
            Distribution::Uniform => words.unit(dtype, block[0], block[1]),
            Distribution::Normal => words.normal(dtype, block),
            Distribution::Integers => {
                let value = words.between(words.join(block[0], block[1]), args[1], args[2]);
                let ty = dtype.storage_ty(ctx);
                if ty == i64 {
                    value
                } else {
                    rw.trunci(value, ty)
                }
            }
        };
        vec![value]
    });
    lowering::replace(rw, op, cx, generic.result_value(0))
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    ROWS.iter().map(define).collect()
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    let lower = |row: &'static Row| {
        ConversionPattern::new(row.name, move |op, cx, rw| lower(row, op, cx, rw))
    };
    ROWS.iter().map(lower).collect()
}
