//! Index arithmetic that folds constants while it builds, so that static shapes
//! lower to code without a trace of the general case.

use npir_mlir::prelude::*;

/// An index that is known now or at run time.
#[derive(Clone, Copy)]
pub(crate) enum Ix<'c> {
    /// Known now.
    Const(i64),
    /// Known at run time, of type `index`.
    Val(Val<'c>),
}

impl<'c> From<OpFold<'c>> for Ix<'c> {
    fn from(index: OpFold<'c>) -> Self {
        match index.simplify() {
            OpFold::Static(n) => Self::Const(n),
            OpFold::Value(v) => Self::Val(v),
        }
    }
}

impl<'c> From<Ix<'c>> for OpFold<'c> {
    fn from(index: Ix<'c>) -> Self {
        match index {
            Ix::Const(n) => Self::Static(n),
            Ix::Val(v) => Self::Value(v),
        }
    }
}

impl<'c> Ix<'c> {
    /// Zero.
    pub(crate) const ZERO: Self = Self::Const(0);
    /// One.
    pub(crate) const ONE: Self = Self::Const(1);

    /// The index as a value.
    pub(crate) fn value(self, rw: Rewriter<'c>) -> Val<'c> {
        match self {
            Self::Const(n) => rw.const_index(n),
            Self::Val(v) => v,
        }
    }

    /// The constant, if it is one.
    pub(crate) fn constant(self) -> Option<i64> {
        match self {
            Self::Const(n) => Some(n),
            Self::Val(_) => None,
        }
    }

    /// `self + other`.
    pub(crate) fn add(self, rw: Rewriter<'c>, other: Self) -> Self {
        match (self, other) {
            (Self::Const(a), Self::Const(b)) if a.checked_add(b).is_some() => Self::Const(a + b),
            (Self::Const(0), x) | (x, Self::Const(0)) => x,
            (a, b) => Self::Val(rw.addi(a.value(rw), b.value(rw))),
        }
    }

    /// `self - other`.
    pub(crate) fn sub(self, rw: Rewriter<'c>, other: Self) -> Self {
        match (self, other) {
            (Self::Const(a), Self::Const(b)) if a.checked_sub(b).is_some() => Self::Const(a - b),
            (x, Self::Const(0)) => x,
            (Self::Val(a), Self::Val(b)) if a.key() == b.key() => Self::ZERO,
            (a, b) => Self::Val(rw.subi(a.value(rw), b.value(rw))),
        }
    }

    /// `self * other`.
    pub(crate) fn mul(self, rw: Rewriter<'c>, other: Self) -> Self {
        match (self, other) {
            (Self::Const(a), Self::Const(b)) if a.checked_mul(b).is_some() => Self::Const(a * b),
            (Self::Const(0), _) | (_, Self::Const(0)) => Self::ZERO,
            (Self::Const(1), x) | (x, Self::Const(1)) => x,
            (a, b) => Self::Val(rw.muli(a.value(rw), b.value(rw))),
        }
    }

    /// The lesser of two signed indices.
    pub(crate) fn min(self, rw: Rewriter<'c>, other: Self) -> Self {
        match (self, other) {
            (Self::Const(a), Self::Const(b)) => Self::Const(a.min(b)),
            (a, b) => Self::Val(rw.minsi(a.value(rw), b.value(rw))),
        }
    }

    /// The greater of two signed indices.
    pub(crate) fn max(self, rw: Rewriter<'c>, other: Self) -> Self {
        match (self, other) {
            (Self::Const(a), Self::Const(b)) => Self::Const(a.max(b)),
            (a, b) => Self::Val(rw.maxsi(a.value(rw), b.value(rw))),
        }
    }

    /// `floor(self / other)` of non-negative numbers, `other > 0`.
    pub(crate) fn div(self, rw: Rewriter<'c>, other: Self) -> Self {
        match (self, other) {
            (Self::Const(a), Self::Const(b)) => Self::Const(a / b),
            (x, Self::Const(1)) => x,
            (a, b) => Self::Val(rw.divui(a.value(rw), b.value(rw))),
        }
    }

    /// `self mod other` of non-negative numbers, `other > 0`.
    pub(crate) fn rem(self, rw: Rewriter<'c>, other: Self) -> Self {
        match (self, other) {
            (Self::Const(a), Self::Const(b)) => Self::Const(a % b),
            (_, Self::Const(1)) => Self::ZERO,
            (a, b) => Self::Val(rw.remui(a.value(rw), b.value(rw))),
        }
    }

    /// `ceil(self / other)` of non-negative numbers, `other > 0`.
    pub(crate) fn ceil_div(self, rw: Rewriter<'c>, other: Self) -> Self {
        match (self, other) {
            (x, Self::Const(1)) => x,
            (a, b) => a.add(rw, b.sub(rw, Self::ONE)).div(rw, b),
        }
    }

    /// The largest multiple of `step > 0` that is at most `self`.
    pub(crate) fn round_down(self, rw: Rewriter<'c>, step: i64) -> Self {
        if step == 1 {
            self
        } else {
            self.sub(rw, self.rem(rw, Self::Const(step)))
        }
    }

    /// `condition ? self : other`, with `condition` an `i1`.
    pub(crate) fn select(rw: Rewriter<'c>, condition: Val<'c>, yes: Self, no: Self) -> Self {
        match (yes, no) {
            (Self::Const(a), Self::Const(b)) if a == b => yes,
            _ => Self::Val(rw.select(condition, yes.value(rw), no.value(rw))),
        }
    }
}

/// The points `lo .. lo + len` of an axis, or of a range of numbers.
#[derive(Clone, Copy)]
pub(super) struct Span<'c> {
    pub(super) lo: Ix<'c>,
    pub(super) len: Ix<'c>,
}

impl<'c> Span<'c> {
    /// The points `0 .. len`.
    pub(super) fn to(len: Ix<'c>) -> Self {
        Self { lo: Ix::ZERO, len }
    }

    /// The points `lo .. end`.
    pub(super) fn between(rw: Rewriter<'c>, lo: Ix<'c>, end: Ix<'c>) -> Self {
        let len = end.sub(rw, lo);
        Self { lo, len }
    }

    /// One past the last point.
    pub(super) fn end(self, rw: Rewriter<'c>) -> Ix<'c> {
        self.lo.add(rw, self.len)
    }

    /// The longest prefix that steps of `step` divide, and the rest.
    pub(super) fn split(self, rw: Rewriter<'c>, step: i64) -> (Self, Self) {
        let whole = self.len.round_down(rw, step);
        let rest = Self {
            lo: self.lo.add(rw, whole),
            len: self.len.sub(rw, whole),
        };
        let whole = Self {
            lo: self.lo,
            len: whole,
        };
        (whole, rest)
    }

    /// The part of at most `size` points that begins at `at`, one of `lo + size * k`.
    pub(super) fn part(self, rw: Rewriter<'c>, at: Ix<'c>, size: i64) -> Self {
        let len = match self.len.constant() {
            Some(len) if len % size == 0 => Ix::Const(size),
            Some(len) if len <= size => Ix::Const(len),
            _ => self.end(rw).sub(rw, at).min(rw, Ix::Const(size)),
        };
        Self { lo: at, len }
    }

    /// Whether there is no point, for all that is known.
    pub(super) fn is_empty(self) -> bool {
        self.len.constant() == Some(0)
    }
}
