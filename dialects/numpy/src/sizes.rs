//! Arithmetic on sizes and conditions while lowering: static where the types say so, emitted
//! otherwise. What is known statically leaves no code behind.

use npir_mlir::prelude::*;
use npir_tensor::{Check, CheckKind};

/// A condition that is decided now or at run time.
#[derive(Clone, Copy)]
pub enum Cond<'c> {
    /// Decided while lowering.
    Known(bool),
    /// An `i1` value.
    Value(Val<'c>),
}

impl<'c> Cond<'c> {
    /// Both hold.
    pub fn and(self, rw: Rewriter<'c>, other: Self) -> Self {
        match (self, other) {
            (Self::Known(false), _) | (_, Self::Known(false)) => Self::Known(false),
            (Self::Known(true), rest) | (rest, Self::Known(true)) => rest,
            (Self::Value(a), Self::Value(b)) => Self::Value(rw.andi(a, b)),
        }
    }

    /// At least one holds.
    pub fn or(self, rw: Rewriter<'c>, other: Self) -> Self {
        match (self, other) {
            (Self::Known(true), _) | (_, Self::Known(true)) => Self::Known(true),
            (Self::Known(false), rest) | (rest, Self::Known(false)) => rest,
            (Self::Value(a), Self::Value(b)) => Self::Value(rw.ori(a, b)),
        }
    }

    /// The condition as an `i1` value.
    pub fn value(self, rw: Rewriter<'c>) -> Val<'c> {
        match self {
            Self::Known(known) => rw.const_bool(known),
            Self::Value(value) => value,
        }
    }
}

/// The size as an `index` value.
pub fn value<'c>(rw: Rewriter<'c>, size: OpFold<'c>) -> Val<'c> {
    match size {
        OpFold::Static(n) => rw.const_index(n),
        OpFold::Value(v) => v,
    }
}

/// The size of dimension `axis` of a tensor: static, or the value that the tensor was created with
/// where that is near, else a `tensor.dim`.
pub fn of<'c>(rw: Rewriter<'c>, tensor: Val<'c>, axis: usize) -> OpFold<'c> {
    npir_tensor::extent(rw, tensor, axis)
}

/// How many operations deep sizes are compared: a broadcast of three shapes is five deep.
const SAME_DEPTH: usize = 6;

/// Whether two sizes are known to be the same number: equal constants, the same value, or values
/// computed in the same way from the same dimensions.
pub fn same<'c>(a: OpFold<'c>, b: OpFold<'c>) -> bool {
    match (a, b) {
        (OpFold::Static(a), OpFold::Static(b)) => a == b,
        (OpFold::Value(a), OpFold::Value(b)) => same_value(a, b, SAME_DEPTH),
        _ => false,
    }
}

/// Whether two values are results of the same pure operations, at most `depth` deep.
fn same_value<'c>(a: Val<'c>, b: Val<'c>, depth: usize) -> bool {
    if a == b {
        return true;
    }
    let (Some(x), Some(y)) = (a.defining_op(), b.defining_op()) else {
        return false;
    };
    let pure_size_op =
        ["arith.constant", "arith.cmpi", "arith.select", "tensor.dim"].contains(&x.name());
    pure_size_op
        && depth > 0
        && x.name() == y.name()
        && x.attr("value") == y.attr("value")
        && x.attr("predicate") == y.attr("predicate")
        && x.num_operands() == y.num_operands()
        && (0..x.num_operands()).all(|i| same_value(x.operand(i), y.operand(i), depth - 1))
}

/// All sizes of a tensor.
pub fn all_of<'c>(rw: Rewriter<'c>, tensor: Val<'c>) -> Vec<OpFold<'c>> {
    npir_tensor::extents(rw, tensor)
}

/// The sizes as a tensor type states them.
pub fn dims(sizes: &[OpFold<'_>]) -> Vec<i64> {
    sizes
        .iter()
        .map(|size| match size {
            OpFold::Static(n) => *n,
            OpFold::Value(_) => DYNAMIC,
        })
        .collect()
}

/// The sizes that are only known at run time, in order.
pub fn dynamic<'c>(sizes: &[OpFold<'c>]) -> Vec<Val<'c>> {
    sizes
        .iter()
        .filter_map(|size| match size {
            OpFold::Static(_) => None,
            OpFold::Value(v) => Some(*v),
        })
        .collect()
}

/// Applies `known` where both sides are static, `emit` otherwise.
fn binary<'c>(
    rw: Rewriter<'c>,
    a: OpFold<'c>,
    b: OpFold<'c>,
    known: impl Fn(i64, i64) -> i64,
    emit: impl Fn(Rewriter<'c>, Val<'c>, Val<'c>) -> Val<'c>,
) -> OpFold<'c> {
    match (a, b) {
        (OpFold::Static(a), OpFold::Static(b)) => OpFold::Static(known(a, b)),
        _ => OpFold::Value(emit(rw, value(rw, a), value(rw, b))),
    }
}

/// `a + b`, wrapping.
pub fn add<'c>(rw: Rewriter<'c>, a: OpFold<'c>, b: OpFold<'c>) -> OpFold<'c> {
    match (a, b) {
        (OpFold::Static(0), rest) | (rest, OpFold::Static(0)) => rest,
        _ => binary(rw, a, b, i64::wrapping_add, |rw, a, b| rw.addi(a, b)),
    }
}

/// `a - b`, wrapping.
pub fn sub<'c>(rw: Rewriter<'c>, a: OpFold<'c>, b: OpFold<'c>) -> OpFold<'c> {
    match b {
        OpFold::Static(0) => a,
        _ => binary(rw, a, b, i64::wrapping_sub, |rw, a, b| rw.subi(a, b)),
    }
}

/// `a * b`, wrapping.
pub fn mul<'c>(rw: Rewriter<'c>, a: OpFold<'c>, b: OpFold<'c>) -> OpFold<'c> {
    match (a, b) {
        (OpFold::Static(1), rest) | (rest, OpFold::Static(1)) => rest,
        _ => binary(rw, a, b, i64::wrapping_mul, |rw, a, b| rw.muli(a, b)),
    }
}

/// The smaller one, signed.
pub fn min<'c>(rw: Rewriter<'c>, a: OpFold<'c>, b: OpFold<'c>) -> OpFold<'c> {
    binary(rw, a, b, i64::min, |rw, a, b| rw.minsi(a, b))
}

/// The larger one, signed.
pub fn max<'c>(rw: Rewriter<'c>, a: OpFold<'c>, b: OpFold<'c>) -> OpFold<'c> {
    binary(rw, a, b, i64::max, |rw, a, b| rw.maxsi(a, b))
}

/// `a / b` for `a >= 0` and `b > 0`.
pub fn divide<'c>(rw: Rewriter<'c>, a: OpFold<'c>, b: OpFold<'c>) -> OpFold<'c> {
    match b {
        OpFold::Static(1) => a,
        _ => binary(rw, a, b, |a, b| a / b.max(1), |rw, a, b| rw.divui(a, b)),
    }
}

/// A comparison; only those named unsigned are.
pub fn compare<'c>(rw: Rewriter<'c>, predicate: CmpI, a: OpFold<'c>, b: OpFold<'c>) -> Cond<'c> {
    match (a, b) {
        (OpFold::Static(a), OpFold::Static(b)) => Cond::Known(match predicate {
            CmpI::Eq => a == b,
            CmpI::Ne => a != b,
            CmpI::Slt => a < b,
            CmpI::Sle => a <= b,
            CmpI::Sgt => a > b,
            CmpI::Sge => a >= b,
            CmpI::Ult => (a as u64) < b as u64,
            CmpI::Ule => a as u64 <= b as u64,
            CmpI::Ugt => a as u64 > b as u64,
            CmpI::Uge => a as u64 >= b as u64,
        }),
        _ if same(a, b) => Cond::Known(matches!(
            predicate,
            CmpI::Eq | CmpI::Sle | CmpI::Sge | CmpI::Ule | CmpI::Uge
        )),
        _ => Cond::Value(rw.cmpi(predicate, value(rw, a), value(rw, b))),
    }
}

/// `a == b`.
pub fn equal<'c>(rw: Rewriter<'c>, a: OpFold<'c>, b: OpFold<'c>) -> Cond<'c> {
    compare(rw, CmpI::Eq, a, b)
}

/// `yes` where the condition holds, `no` elsewhere.
pub fn select<'c>(rw: Rewriter<'c>, cond: Cond<'c>, yes: OpFold<'c>, no: OpFold<'c>) -> OpFold<'c> {
    match (cond, yes, no) {
        (Cond::Known(known), ..) => {
            if known {
                yes
            } else {
                no
            }
        }
        _ if same(yes, no) => yes,
        (Cond::Value(cond), ..) => OpFold::Value(rw.select(cond, value(rw, yes), value(rw, no))),
    }
}

/// The product of non-negative sizes, and whether it is below 2^63. As in NumPy, sizes of zero are
/// left out of the overflow test. Where the condition fails the product means nothing.
pub fn product<'c>(rw: Rewriter<'c>, sizes: &[OpFold<'c>]) -> (OpFold<'c>, Cond<'c>) {
    let (mut known, mut fits, mut empty) = (1i64, Cond::Known(true), Cond::Known(false));
    let mut dynamic = Vec::new();
    for &size in sizes {
        match size {
            OpFold::Static(0) => empty = Cond::Known(true),
            OpFold::Static(n) => match known.checked_mul(n) {
                Some(product) => known = product,
                None => fits = Cond::Known(false),
            },
            OpFold::Value(v) => dynamic.push(v),
        }
    }
    let mut total = OpFold::Static(known);
    let (zero, one) = (OpFold::Static(0), OpFold::Static(1));
    for &v in &dynamic {
        let size = OpFold::Value(v);
        let is_zero = equal(rw, size, zero);
        empty = empty.or(rw, is_zero);
        let factor = select(rw, is_zero, one, size);
        if let OpFold::Static(1) = total {
            total = factor;
            continue;
        }
        let i64_ty = rw.ctx().i(64);
        let wide = |size| rw.index_cast(value(rw, size), i64_ty);
        let mul = rw
            .op("arith.mulsi_extended")
            .operands(&[wide(total), wide(factor)])
            .results(&[i64_ty, i64_ty])
            .build();
        let (low, high) = (mul.result_value(0), mul.result_value(1));
        let none = rw.const_int(i64_ty, 0);
        let no_high = Cond::Value(rw.cmpi(CmpI::Eq, high, none));
        let no_sign = Cond::Value(rw.cmpi(CmpI::Sge, low, none));
        fits = fits.and(rw, no_high).and(rw, no_sign);
        total = OpFold::Value(rw.index_cast(low, rw.ctx().index()));
    }
    (select(rw, empty, zero, total), fits)
}

/// Raises an error of `kind` at run time unless `cond` holds. `message` has one `{}` per argument.
pub fn check<'c>(
    rw: Rewriter<'c>,
    cond: Cond<'c>,
    kind: CheckKind,
    message: &str,
    args: &[OpFold<'c>],
) {
    if let Cond::Known(true) = cond {
        return;
    }
    let args: Vec<_> = args.iter().map(|&size| value(rw, size)).collect();
    Check::create(rw, cond.value(rw), kind, message, &args);
}
