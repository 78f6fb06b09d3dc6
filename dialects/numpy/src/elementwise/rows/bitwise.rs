//! Operations on the bits of bools and integers.

use super::super::body::{Body, Order};
use super::super::constant::{Scalar, fold_int};
use super::super::dtype::{Classes, DType};
use super::super::table::ResultRule::{Byte, Same};
use super::super::table::{Row, Rule};
use npir_mlir::prelude::*;

const ZERO_IDENTITY: &[Rule] = &[
    Rule::RightIdentity(0.0, Classes::BITS),
    Rule::LeftIdentity(0.0, Classes::BITS),
];

functions! {
    /// Bits that both have; logical and for bool.
    BitwiseAnd(lhs, rhs) = Row::new(
        "numpy.bitwise_and",
        Classes::BITS,
        Same,
        |b, x| b.rw.andi(x[0], x[1]),
    )
    .commutative()
    .fold(|t, x| fold(t, x, |a, b| a & b))
    .rules(&[Rule::AllOnesIdentity]);

    /// Bits that at least one has; logical or for bool.
    BitwiseOr(lhs, rhs) = Row::new(
        "numpy.bitwise_or",
        Classes::BITS,
        Same,
        |b, x| b.rw.ori(x[0], x[1]),
    )
    .commutative()
    .fold(|t, x| fold(t, x, |a, b| a | b))
    .rules(ZERO_IDENTITY);

    /// Bits that exactly one has; logical xor for bool.
    BitwiseXor(lhs, rhs) = Row::new(
        "numpy.bitwise_xor",
        Classes::BITS,
        Same,
        |b, x| b.rw.xori(x[0], x[1]),
    )
    .commutative()
    .fold(|t, x| fold(t, x, |a, b| a ^ b))
    .rules(ZERO_IDENTITY);

    /// Bits that x has not; logical not for bool.
    Invert(x) = Row::new("numpy.invert", Classes::BITS, Same, |b, x| b.rw.xori(x[0], all_ones(b)))
        .fold(|t, x| match x[0] {
            Scalar::Bool(v) => Some(Scalar::Bool(!v)),
            Scalar::Int(v) => fold_int(t, !v),
            Scalar::Float(_) => None,
        })
        .rules(&[Rule::Involution]);

    /// lhs · 2**rhs, wrapping; 0 if rhs is not below the width.
    LeftShift(lhs, rhs) = Row::new(
        "numpy.left_shift",
        Classes::INT,
        Same,
        |b, x| left_shift(b, x[0], x[1]),
    )
    .fold(|t, x| {
        let n = x[1].int()? as u64;
        let shifted = if n < u64::from(t.bits()) {
            x[0].int()? << n
        } else {
            0
        };
        fold_int(t, shifted)
    })
    .rules(&[Rule::RightIdentity(0.0, Classes::INT)]);

    /// lhs / 2**rhs rounded down; all sign bits if rhs is not below the width.
    RightShift(lhs, rhs) = Row::new(
        "numpy.right_shift",
        Classes::INT,
        Same,
        |b, x| right_shift(b, x[0], x[1]),
    )
    .fold(|t, x| {
        let (v, n) = (x[0].int()?, x[1].int()? as u64);
        let inside = n < u64::from(t.bits());
        fold_int(
            t,
            match (t.is_unsigned(), inside) {
                (true, true) => ((v as u64) >> n) as i64,
                (true, false) => 0,
                (false, true) => v >> n,
                (false, false) => v >> 63,
            },
        )
    })
    .rules(&[Rule::RightIdentity(0.0, Classes::INT)]);

    /// Number of one bits in |x|.
    BitwiseCount(x) = Row::new("numpy.bitwise_count", Classes::INT, Byte, bitwise_count);
}

fn fold(dtype: DType, x: &[Scalar], f: fn(i64, i64) -> i64) -> Option<Scalar> {
    let value = f(x[0].int()?, x[1].int()?);
    Some(if dtype.is_bool() {
        Scalar::Bool(value != 0)
    } else {
        Scalar::Int(dtype.wrap(value))
    })
}

fn all_ones<'c>(b: Body<'c>) -> Val<'c> {
    b.int(-1)
}

/// Whether a shift by `n` keeps any bit (a negative `n` does not), and an amount that is always
/// defined: `n` if so, else 0.
fn amount<'c>(b: Body<'c>, n: Val<'c>) -> (Val<'c>, Val<'c>) {
    let width = b.int(i64::from(b.dtype.bits()));
    let inside = b.rw.cmpi(CmpI::Ult, n, width);
    (inside, b.select(inside, n, b.int(0)))
}

fn left_shift<'c>(b: Body<'c>, x: Val<'c>, n: Val<'c>) -> Val<'c> {
    let (inside, n) = amount(b, n);
    b.select(inside, b.rw.shli(x, n), b.int(0))
}

fn right_shift<'c>(b: Body<'c>, x: Val<'c>, n: Val<'c>) -> Val<'c> {
    let (inside, n) = amount(b, n);
    if b.dtype.is_unsigned() {
        return b.select(inside, b.rw.shrui(x, n), b.int(0));
    }
    // A shift by width - 1 leaves the sign only.
    let last = b.int(i64::from(b.dtype.bits()) - 1);
    b.rw.shrsi(x, b.select(inside, n, last))
}

/// The population count of the absolute value, as a byte.
fn bitwise_count<'c>(b: Body<'c>, x: &[Val<'c>]) -> Val<'c> {
    let magnitude = match b.dtype {
        DType::Int(_) => {
            let negative = b.cmp(Order::Less, x[0], b.int(0));
            b.select(negative, b.neg(x[0]), x[0])
        }
        _ => x[0],
    };
    let count = b.math("ctpop", &[magnitude]);
    if b.dtype.bits() == 8 {
        count
    } else {
        b.rw.trunci(count, b.rw.ctx().i(8))
    }
}
