//! Scalar constants: the value of a splat operand, read from and written to attributes, and the
//! arithmetic on them that constant folding uses.

use std::cmp::Ordering;

use half::{bf16, f16};
use npir_mlir::prelude::*;

use super::dtype::DType;

/// A constant element. Integers are the bits of an `i64`, wrapped to their type
/// (see [`DType::wrap`]); floats are exactly representable in their type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// `bool`.
    Bool(bool),
    /// Any signed or unsigned integer.
    Int(i64),
    /// Any real float.
    Float(f64),
}

impl Scalar {
    /// The element that all elements of `attr` equal, where `attr` is a scalar attribute or a
    /// splat elements attribute with elements of type `dtype`.
    pub fn of_attr(attr: Attribute<'_>, dtype: DType) -> Option<Scalar> {
        if attr.is_dense_elements() && attr.attr_type().dims().contains(&0) {
            return None;
        }
        let attr = attr.splat_value().unwrap_or(attr);
        match dtype {
            _ if dtype.is_float() => attr.as_float().map(Scalar::Float),
            DType::Bool => attr.as_int().map(|bits| Scalar::Bool(bits != 0)),
            _ if dtype.is_int() => attr.as_int().map(|bits| Scalar::Int(dtype.wrap(bits))),
            _ => None,
        }
    }

    /// A splat of this value as an attribute of the tensor type `ty`, which is numpy-level; `None`
    /// where its shape is not static.
    pub fn splat<'c>(self, ty: Type<'c>) -> Option<Attribute<'c>> {
        let (ctx, dtype) = (ty.ctx(), DType::of(ty)?);
        ty.has_static_shape()
            .then(|| ctx.dense_splat(ty, self.attr(ctx, dtype)))
    }

    /// The value converted from `from` to `to`, where that is exact or `to` is a float; as NumPy's
    /// `astype` rounds it.
    pub fn convert(self, from: DType, to: DType) -> Option<Scalar> {
        if from == to {
            return Some(self);
        }
        if to.is_bool() {
            return Some(Scalar::Bool(self.truth()));
        }
        match self {
            Scalar::Float(v) if to.is_float() => Some(Scalar::Float(round_to(to, v))),
            Scalar::Float(_) => None,
            _ if to.is_int() => Some(Scalar::Int(to.wrap(self.int()?))),
            _ if to.is_float() => {
                let bits = self.int()?;
                // Directly to `f32`, which 16-bit floats are rounded from.
                let (single, double) = match from.is_unsigned() {
                    true => (bits as u64 as f32, bits as u64 as f64),
                    false => (bits as f32, bits as f64),
                };
                let v = if to == DType::F64 {
                    double
                } else {
                    f64::from(single)
                };
                Some(Scalar::Float(round_to(to, v)))
            }
            _ => None,
        }
    }

    /// Emits the constant as a value of `dtype` in compute form.
    pub fn emit<'c>(self, rw: Rewriter<'c>, dtype: DType) -> Val<'c> {
        let ty = dtype.compute_ty(rw.ctx());
        match self {
            Scalar::Bool(b) => rw.const_int(ty, i64::from(b)),
            Scalar::Int(v) => rw.const_int(ty, v),
            Scalar::Float(v) => rw.const_float(ty, v),
        }
    }

    /// The scalar attribute of numpy-level type `dtype`.
    pub fn attr<'c>(self, ctx: &'c Context, dtype: DType) -> Attribute<'c> {
        match self {
            Scalar::Bool(b) => ctx.int_attr(dtype.ty(ctx), i64::from(b)),
            Scalar::Int(v) => ctx.int_attr(dtype.ty(ctx), v),
            Scalar::Float(v) => ctx.float_attr(dtype.ty(ctx), v),
        }
    }

    /// The value as an integer's bits; `None` for floats.
    pub fn int(self) -> Option<i64> {
        match self {
            Scalar::Bool(b) => Some(i64::from(b)),
            Scalar::Int(v) => Some(v),
            Scalar::Float(_) => None,
        }
    }

    /// The value as a float; `None` for integers and bools.
    pub fn float(self) -> Option<f64> {
        match self {
            Scalar::Float(v) => Some(v),
            _ => None,
        }
    }

    /// NumPy's truth value: nonzero, NaN included.
    pub fn truth(self) -> bool {
        match self {
            Scalar::Bool(b) => b,
            Scalar::Int(v) => v != 0,
            Scalar::Float(v) => v != 0.0,
        }
    }

    /// The order of two elements of `dtype`; `None` if one is NaN.
    pub fn compare(self, other: Scalar, dtype: DType) -> Option<Ordering> {
        match (self, other) {
            (Scalar::Float(a), Scalar::Float(b)) => a.partial_cmp(&b),
            (Scalar::Int(a), Scalar::Int(b)) if dtype.is_unsigned() => {
                Some((a as u64).cmp(&(b as u64)))
            }
            (a, b) => Some(a.int()?.cmp(&b.int()?)),
        }
    }

    /// Whether this is exactly the number `v` of type `dtype`; `-0.0` and `0.0` are different.
    pub fn is(self, v: f64) -> bool {
        match self {
            Scalar::Bool(b) => v == f64::from(u8::from(b)),
            Scalar::Int(i) => v == i as f64,
            Scalar::Float(f) => f.to_bits() == v.to_bits(),
        }
    }
}

/// Rounds a float that is the correctly rounded `f64` (or exact `f32`) result of one operation to
/// `dtype`.
pub fn round_to(dtype: DType, v: f64) -> f64 {
    match dtype {
        DType::F16 => f16::from_f64(v).to_f64(),
        DType::BF16 => bf16::from_f64(v).to_f64(),
        DType::F32 => f64::from(v as f32),
        _ => v,
    }
}

/// Folds an integer operation: wraps the result to `dtype`.
pub fn fold_int(dtype: DType, v: i64) -> Option<Scalar> {
    dtype.is_int().then(|| Scalar::Int(dtype.wrap(v)))
}

/// Folds a float operation that IEEE 754 rounds correctly (`+ - * / sqrt` and the exact ones), given
/// its `f64` result. Rounding that to `f32` or a 16-bit float is again correct: `f64` has more than
/// twice their precision plus two bits (Figueroa, *When is double rounding innocuous?*, 1995).
pub fn fold_float(dtype: DType, v: f64) -> Option<Scalar> {
    dtype.is_float().then(|| Scalar::Float(round_to(dtype, v)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_zeros_are_told_apart() {
        assert!(Scalar::Float(0.0).is(0.0));
        assert!(!Scalar::Float(-0.0).is(0.0));
        assert!(Scalar::Float(-0.0).is(-0.0));
        assert!(Scalar::Int(1).is(1.0));
        assert!(!Scalar::Int(2).is(1.0));
    }

    #[test]
    fn nan_is_true() {
        assert!(Scalar::Float(f64::NAN).truth());
        assert!(!Scalar::Float(-0.0).truth());
    }

    #[test]
    fn results_are_rounded_to_their_type() {
        let big = Scalar::Int(i64::MAX);
        assert_eq!(
            big.convert(DType::Int(64), DType::F32),
            Some(Scalar::Float(2f64.powi(63)))
        );
        assert_eq!(
            big.convert(DType::Int(64), DType::Int(8)),
            Some(Scalar::Int(-1))
        );
        assert_eq!(
            Scalar::Int(-1).convert(DType::UInt(64), DType::F64),
            Some(Scalar::Float(2f64.powi(64)))
        );
        assert_eq!(Scalar::Float(1.5).convert(DType::F32, DType::Int(8)), None);
        assert_eq!(fold_float(DType::F16, 2049.0), Some(Scalar::Float(2048.0)));
        assert_eq!(
            fold_float(DType::F16, 1e6),
            Some(Scalar::Float(f64::INFINITY))
        );
        assert_eq!(
            fold_float(DType::F32, 0.1),
            Some(Scalar::Float(0.1f32 as f64))
        );
        assert_eq!(fold_int(DType::Int(8), 200), Some(Scalar::Int(-56)));
        assert_eq!(fold_int(DType::F32, 1), None);
    }
}
