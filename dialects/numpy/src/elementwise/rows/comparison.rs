//! Comparisons and logic on truth values. NaN is unequal to everything and true.

use super::super::body::{Body, Order};
use super::super::constant::Scalar;
use super::super::dtype::{Classes, DType};
use super::super::table::ResultRule::Bool;
use super::super::table::{Row, Rule};
use npir_mlir::prelude::*;
use std::cmp::Ordering;

functions! {
    /// lhs == rhs.
    Equal(lhs, rhs) = compare(
        "numpy.equal",
        |b, x| b.cmp(Order::Equal, x[0], x[1]),
        |t, x| fold(t, x, |o| o == Some(Ordering::Equal)),
    )
    .commutative();

    /// lhs != rhs.
    NotEqual(lhs, rhs) = compare(
        "numpy.not_equal",
        |b, x| b.cmp(Order::NotEqual, x[0], x[1]),
        |t, x| fold(t, x, |o| o != Some(Ordering::Equal)),
    )
    .commutative();

    /// lhs < rhs.
    Less(lhs, rhs) = compare(
        "numpy.less",
        |b, x| b.cmp(Order::Less, x[0], x[1]),
        |t, x| fold(t, x, |o| o == Some(Ordering::Less)),
    );

    /// lhs <= rhs.
    LessEqual(lhs, rhs) = compare(
        "numpy.less_equal",
        |b, x| b.cmp(Order::LessEqual, x[0], x[1]),
        |t, x| fold(t, x, |o| o.is_some_and(Ordering::is_le)),
    );

    /// lhs > rhs.
    Greater(lhs, rhs) = compare(
        "numpy.greater",
        |b, x| b.cmp(Order::Greater, x[0], x[1]),
        |t, x| fold(t, x, |o| o == Some(Ordering::Greater)),
    );

    /// lhs >= rhs.
    GreaterEqual(lhs, rhs) = compare(
        "numpy.greater_equal",
        |b, x| b.cmp(Order::GreaterEqual, x[0], x[1]),
        |t, x| fold(t, x, |o| o.is_some_and(Ordering::is_ge)),
    );

    /// Whether both are true (not zero).
    LogicalAnd(lhs, rhs) = compare(
        "numpy.logical_and",
        |b, x| b.rw.andi(b.truth(x[0]), b.truth(x[1])),
        |_, x| truth(x[0].truth() && x[1].truth()),
    )
    .commutative()
    .rules(&[
        Rule::RightIdentity(1.0, Classes::BOOL),
        Rule::LeftIdentity(1.0, Classes::BOOL),
    ]);

    /// Whether at least one is true (not zero).
    LogicalOr(lhs, rhs) = compare(
        "numpy.logical_or",
        |b, x| b.rw.ori(b.truth(x[0]), b.truth(x[1])),
        |_, x| truth(x[0].truth() || x[1].truth()),
    )
    .commutative()
    .rules(&[
        Rule::RightIdentity(0.0, Classes::BOOL),
        Rule::LeftIdentity(0.0, Classes::BOOL),
    ]);

    /// Whether exactly one is true (not zero).
    LogicalXor(lhs, rhs) = compare(
        "numpy.logical_xor",
        |b, x| b.rw.xori(b.truth(x[0]), b.truth(x[1])),
        |_, x| truth(x[0].truth() != x[1].truth()),
    )
    .commutative()
    .rules(&[
        Rule::RightIdentity(0.0, Classes::BOOL),
        Rule::LeftIdentity(0.0, Classes::BOOL),
    ]);

    /// Whether x is false (zero).
    LogicalNot(x) = Row::new("numpy.logical_not", Classes::ALL, Bool, |b, x| b.not(b.truth(x[0])))
        .native_halves()
        .fold(|_, x| truth(!x[0].truth()))
        .rules(&[Rule::Involution]);
}

/// A function with a bool result.
const fn compare(
    op: &'static str,
    body: for<'c> fn(Body<'c>, &[Val<'c>]) -> Val<'c>,
    fold: fn(DType, &[Scalar]) -> Option<Scalar>,
) -> Row {
    Row::new(op, Classes::ALL, Bool, body)
        .native_halves()
        .fold(fold)
}

fn truth(value: bool) -> Option<Scalar> {
    Some(Scalar::Bool(value))
}

fn fold(dtype: DType, x: &[Scalar], holds: fn(Option<Ordering>) -> bool) -> Option<Scalar> {
    truth(holds(x[0].compare(x[1], dtype)))
}
