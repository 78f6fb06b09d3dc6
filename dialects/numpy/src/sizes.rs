//! Arithmetic on sizes and conditions while lowering: static where the types say so, emitted
//! otherwise. What is known statically leaves no code behind.

use npir_mlir::prelude::*;
use npir_tensor::{Check, CheckKind};

/// A condition that is decided now or at run time.
#[derive(Clone, Copy)]
pub(crate) enum Cond<'c> {
    /// Decided while lowering.
    Known(bool),
    /// An `i1` value.
    Value(Val<'c>),
}

impl<'c> Cond<'c> {
    /// Both hold.
    pub(crate) fn and(self, rw: Rewriter<'c>, other: Self) -> Self {
        match (self, other) {
            (Self::Known(false), _) | (_, Self::Known(false)) => Self::Known(false),
            (Self::Known(true), rest) | (rest, Self::Known(true)) => rest,
            (Self::Value(a), Self::Value(b)) => Self::Value(rw.andi(a, b)),
        }
    }

    /// At least one holds.
    pub(crate) fn or(self, rw: Rewriter<'c>, other: Self) -> Self {
        match (self, other) {
            (Self::Known(true), _) | (_, Self::Known(true)) => Self::Known(true),
            (Self::Known(false), rest) | (rest, Self::Known(false)) => rest,
            (Self::Value(a), Self::Value(b)) => Self::Value(rw.ori(a, b)),
        }
    }

    /// The condition as an `i1` value.
    pub(crate) fn value(self, rw: Rewriter<'c>) -> Val<'c> {
        match self {
            Self::Known(known) => rw.const_bool(known),
            Self::Value(value) => value,
        }
    }
}

/// The size as an `index` value.
pub(crate) fn value<'c>(rw: Rewriter<'c>, size: OpFold<'c>) -> Val<'c> {
    match size {
        OpFold::Static(n) => rw.const_index(n),
        OpFold::Value(v) => v,
    }
}

/// The size of dimension `axis` of a tensor: static, or the value that the tensor was created with
/// where that is near, else a `tensor.dim`.
pub(crate) fn of<'c>(rw: Rewriter<'c>, tensor: Val<'c>, axis: usize) -> OpFold<'c> {
    npir_tensor::extent(rw, tensor, axis)
}

/// How many operations deep sizes are compared: a broadcast of three shapes is five deep.
const SAME_DEPTH: usize = 6;

/// Whether two sizes are known to be the same number: equal constants, the same value, or values
/// computed in the same way from the same dimensions.
pub(crate) fn same<'c>(a: OpFold<'c>, b: OpFold<'c>) -> bool {
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
pub(crate) fn all_of<'c>(rw: Rewriter<'c>, tensor: Val<'c>) -> Vec<OpFold<'c>> {
    npir_tensor::extents(rw, tensor)
}

/// The sizes as a tensor type states them.
pub(crate) fn dims(sizes: &[OpFold<'_>]) -> Vec<i64> {
    sizes
        .iter()
        .map(|size| match size {
            OpFold::Static(n) => *n,
            OpFold::Value(_) => DYNAMIC,
        })
        .collect()
}

/// The sizes that are only known at run time, in order.
pub(crate) fn dynamic<'c>(sizes: &[OpFold<'c>]) -> Vec<Val<'c>> {
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
pub(crate) fn add<'c>(rw: Rewriter<'c>, a: OpFold<'c>, b: OpFold<'c>) -> OpFold<'c> {
    match (a, b) {
        (OpFold::Static(0), rest) | (rest, OpFold::Static(0)) => rest,
        _ => binary(rw, a, b, i64::wrapping_add, |rw, a, b| rw.addi(a, b)),
    }
}

/// `a - b`, wrapping.
pub(crate) fn sub<'c>(rw: Rewriter<'c>, a: OpFold<'c>, b: OpFold<'c>) -> OpFold<'c> {
    match b {
        OpFold::Static(0) => a,
        _ => binary(rw, a, b, i64::wrapping_sub, |rw, a, b| rw.subi(a, b)),
    }
}

/// `a * b`, wrapping.
pub(crate) fn mul<'c>(rw: Rewriter<'c>, a: OpFold<'c>, b: OpFold<'c>) -> OpFold<'c> {
    match (a, b) {
        (OpFold::Static(1), rest) | (rest, OpFold::Static(1)) => rest,
        _ => binary(rw, a, b, i64::wrapping_mul, |rw, a, b| rw.muli(a, b)),
    }
}

/// The smaller one, signed.
pub(crate) fn min<'c>(rw: Rewriter<'c>, a: OpFold<'c>, b: OpFold<'c>) -> OpFold<'c> {
    binary(rw, a, b, i64::min, |rw, a, b| rw.minsi(a, b))
}

/// The larger one, signed.
pub(crate) fn max<'c>(rw: Rewriter<'c>, a: OpFold<'c>, b: OpFold<'c>) -> OpFold<'c> {
    binary(rw, a, b, i64::max, |rw, a, b| rw.maxsi(a, b))
}

/// `a / b` for `a >= 0` and `b > 0`.
pub(crate) fn divide<'c>(rw: Rewriter<'c>, a: OpFold<'c>, b: OpFold<'c>) -> OpFold<'c> {
    match b {
        OpFold::Static(1) => a,
        _ => binary(rw, a, b, |a, b| a / b.max(1), |rw, a, b| rw.divui(a, b)),
    }
}

/// The remainder of `a` by `b > 0` that is not negative.
pub(crate) fn floor_modulo<'c>(rw: Rewriter<'c>, a: OpFold<'c>, b: OpFold<'c>) -> OpFold<'c> {
    let emit = |rw: Rewriter<'c>, a, b| {
        let remainder = rw.remsi(a, b);
        let negative = rw.cmpi(CmpI::Slt, remainder, rw.const_index(0));
        rw.select(negative, rw.addi(remainder, b), remainder)
    };
    binary(rw, a, b, |a, b| a.rem_euclid(b.max(1)), emit)
}

/// A comparison; only those named unsigned are.
pub(crate) fn compare<'c>(
    rw: Rewriter<'c>,
    predicate: CmpI,
    a: OpFold<'c>,
    b: OpFold<'c>,
) -> Cond<'c> {
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
pub(crate) fn equal<'c>(rw: Rewriter<'c>, a: OpFold<'c>, b: OpFold<'c>) -> Cond<'c> {
    compare(rw, CmpI::Eq, a, b)
}

/// `yes` where the condition holds, `no` elsewhere.
pub(crate) fn select<'c>(
    rw: Rewriter<'c>,
    cond: Cond<'c>,
    yes: OpFold<'c>,
    no: OpFold<'c>,
) -> OpFold<'c> {
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

/// Whether a size is known not to be negative.
pub(crate) fn is_natural(size: OpFold<'_>) -> bool {
    match size {
        OpFold::Static(n) => n >= 0,
        OpFold::Value(v) => v.defining_op().is_some_and(|op| op.name() == "tensor.dim"),
    }
}

/// The product of sizes, wrapping.
pub(crate) fn product<'c>(rw: Rewriter<'c>, sizes: &[OpFold<'c>]) -> OpFold<'c> {
    sizes
        .iter()
        .fold(OpFold::Static(1), |total, &size| mul(rw, total, size))
}

/// Whether the product of non-negative sizes is below 2^63. As in NumPy, sizes of zero are left out
/// of it, so that every part of a product that passes is below 2^63 too.
pub(crate) fn product_fits<'c>(rw: Rewriter<'c>, sizes: &[OpFold<'c>]) -> Cond<'c> {
    let (zero, one) = (OpFold::Static(0), OpFold::Static(1));
    let (mut total, mut fits) = (one, Cond::Known(true));
    for &size in sizes {
        let factor = match size {
            OpFold::Static(n) => OpFold::Static(n.max(1)),
            OpFold::Value(_) => max(rw, size, one),
        };
        total = match (total, factor) {
            (OpFold::Static(1), rest) | (rest, OpFold::Static(1)) => rest,
            (OpFold::Static(a), OpFold::Static(b)) => match a.checked_mul(b) {
                Some(product) => OpFold::Static(product),
                None => return Cond::Known(false),
            },
            _ => {
                let i64_ty = rw.ctx().i(64);
                let [a, b] = [total, factor].map(|f| rw.index_cast(value(rw, f), i64_ty));
                let mul = rw
                    .op("arith.mulsi_extended")
                    .operands(&[a, b])
                    .results(&[i64_ty, i64_ty])
                    .build();
                let [low, high] = [0, 1]
                    .map(|i| OpFold::Value(rw.index_cast(mul.result_value(i), rw.ctx().index())));
                let small = equal(rw, high, zero);
                let positive = compare(rw, CmpI::Sge, low, zero);
                fits = fits.and(rw, small).and(rw, positive);
                low
            }
        };
    }
    fits
}

/// Whether the sum of non-negative sizes is below 2^63.
pub(crate) fn sum_fits<'c>(rw: Rewriter<'c>, sizes: &[OpFold<'c>]) -> Cond<'c> {
    let (mut total, mut fits) = (OpFold::Static(0), Cond::Known(true));
    for &size in sizes {
        total = match (total, size) {
            (OpFold::Static(a), OpFold::Static(b)) => match a.checked_add(b) {
                Some(sum) => OpFold::Static(sum),
                None => return Cond::Known(false),
            },
            (OpFold::Static(0), rest) | (rest, OpFold::Static(0)) => rest,
            _ => add(rw, total, size),
        };
        if !is_natural(total) {
            let natural = compare(rw, CmpI::Sge, total, OpFold::Static(0));
            fits = fits.and(rw, natural);
        }
    }
    fits
}

/// Raises an error at run time where a sum of non-negative sizes is no size.
pub(crate) fn check_sum<'c>(rw: Rewriter<'c>, op_name: &str, sizes: &[OpFold<'c>]) {
    let fits = sum_fits(rw, sizes);
    let message = format!("{op_name}: the array is too big");
    check(rw, fits, CheckKind::ValueError, &message, &[]);
}

/// Raises an error of `kind` at run time unless `cond` holds. `message` has one `{}` per argument.
pub(crate) fn check<'c>(
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
