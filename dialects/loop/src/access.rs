//! How a nest's operands walk memory: strides, and the element that each axis moves by.
//!
//! The scheduler asks without creating code ([`Walk`]), the lowering then builds the
//! run-time strides for the same answers.

use npir_mlir::prelude::*;

/// What is known of a stride, in elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stride {
    /// Known now.
    Const(i64),
    /// Known at run time, and one there unless the program is unusual: the innermost
    /// dimension of an argument, or a view that keeps it.
    LikelyUnit,
    /// Known at run time.
    Dynamic,
}

impl Stride {
    fn times(self, factor: i64) -> Self {
        match self {
            _ if factor == 0 => Self::Const(0),
            Self::Const(s) => s.checked_mul(factor).map_or(Self::Dynamic, Self::Const),
            other if factor == 1 => other,
            _ => Self::Dynamic,
        }
    }

    fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Const(0), x) | (x, Self::Const(0)) => x,
            (Self::Const(a), Self::Const(b)) => a.checked_add(b).map_or(Self::Dynamic, Self::Const),
            _ => Self::Dynamic,
        }
    }
}

/// The strides of a memref, as far as types and defining ops tell.
pub(crate) fn strides(memref: Val<'_>) -> Vec<Stride> {
    let ty = memref.ty();
    let rank = ty.rank();
    let Some((known, _)) = ty.strides_and_offset() else {
        return vec![Stride::Dynamic; rank];
    };
    (0..rank)
        .map(|dim| match known[dim] {
            DYNAMIC => dynamic_stride(memref, dim),
            stride => Stride::Const(stride),
        })
        .collect()
}

fn dynamic_stride(memref: Val<'_>, dim: usize) -> Stride {
    let likely = match memref.defining_op() {
        Some(op) => match op.name() {
            "memref.cast" => return strides(op.operand(0))[dim],
            "memref.reinterpret_cast" => match reinterpret_stride(op, dim) {
                Some(OpFold::Static(stride)) => return Stride::Const(stride),
                Some(OpFold::Value(stride)) => likely_unit(stride),
                None => false,
            },
            _ => dim + 1 == memref.ty().rank(),
        },
        None => dim + 1 == memref.ty().rank(),
    };
    if likely {
        Stride::LikelyUnit
    } else {
        Stride::Dynamic
    }
}

/// Stride `dim` of a `memref.reinterpret_cast`.
fn reinterpret_stride<'c>(op: Op<'c>, dim: usize) -> Option<OpFold<'c>> {
    let list = |name: &str| op.attr(name).and_then(|attr| attr.as_int_array());
    let dynamic = |list: &[i64]| list.iter().filter(|&&n| n == DYNAMIC).count();
    let (offsets, sizes, strides) = (
        list("static_offsets")?,
        list("static_sizes")?,
        list("static_strides")?,
    );
    match *strides.get(dim)? {
        DYNAMIC => {
            let before = dynamic(&offsets) + dynamic(&sizes) + dynamic(&strides[..dim]);
            Some(OpFold::Value(op.operand(1 + before)))
        }
        stride => Some(OpFold::Static(stride)),
    }
}

/// Whether a stride computed by the program is one unless the program is unusual.
fn likely_unit(value: Val<'_>) -> bool {
    if let Some(constant) = value.constant_int() {
        return constant == 1;
    }
    let Some(op) = value.defining_op() else {
        return false;
    };
    match op.name() {
        // Results: base, offset, sizes, strides.
        "memref.extract_strided_metadata" => {
            let rank = op.operand(0).ty().rank();
            value.index() >= 2 + rank && {
                let dim = value.index() - 2 - rank;
                matches!(
                    strides(op.operand(0))[dim],
                    Stride::LikelyUnit | Stride::Const(1)
                )
            }
        }
        // A broadcast that may or may not take place: zero or the stride.
        "arith.select" => likely_unit(op.operand(1)) || likely_unit(op.operand(2)),
        "arith.muli" => likely_unit(op.operand(0)) && likely_unit(op.operand(1)),
        _ => false,
    }
}

/// An affine expression as `Σ factor[d]·d + constant`; `None` when it divides.
pub(crate) fn linear(expr: AffineExpr<'_>, rank: usize) -> Option<(Vec<i64>, i64)> {
    if expr.is_dim() {
        let mut factors = vec![0; rank];
        *factors.get_mut(expr.dim_position())? = 1;
        return Some((factors, 0));
    }
    if expr.is_constant() {
        return Some((vec![0; rank], expr.constant_value()));
    }
    if expr.is_add() {
        let ((mut a, x), (b, y)) = (linear(expr.lhs(), rank)?, linear(expr.rhs(), rank)?);
        for (a, b) in a.iter_mut().zip(b) {
            *a = a.checked_add(b)?;
        }
        return Some((a, x.checked_add(y)?));
    }
    if expr.is_mul() {
        let (a, b) = (linear(expr.lhs(), rank)?, linear(expr.rhs(), rank)?);
        let is_constant = |(factors, _): &(Vec<i64>, i64)| factors.iter().all(|&f| f == 0);
        let ((factors, x), k) = match (is_constant(&a), is_constant(&b)) {
            (_, true) => (a, b.1),
            (true, false) => (b, a.1),
            (false, false) => return None,
        };
        let factors = factors
            .into_iter()
            .map(|f| f.checked_mul(k))
            .collect::<Option<_>>()?;
        return Some((factors, x.checked_mul(k)?));
    }
    None
}

/// How one operand moves along each axis of its nest.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    /// Elements per step of each axis; meaningless where `divides`.
    pub(crate) strides: Vec<Stride>,
    /// Axes that go through a division or remainder.
    pub(crate) divides: Vec<bool>,
    /// Bits of an element.
    pub(crate) bits: i64,
}

impl Walk {
    /// The walk of `memref` under `map`.
    pub(crate) fn new(memref: Val<'_>, map: AffineMap<'_>) -> Self {
        let rank = map.dim_count();
        let mut walk = Self {
            strides: vec![Stride::Const(0); rank],
            divides: vec![false; rank],
            bits: element_bits(memref.ty().element()),
        };
        for (expr, stride) in map_results(map).into_iter().zip(strides(memref)) {
            match linear(expr, rank) {
                Some((factors, _)) => {
                    for (total, factor) in walk.strides.iter_mut().zip(factors) {
                        *total = total.plus(stride.times(factor));
                    }
                }
                None => {
                    for axis in 0..rank {
                        walk.divides[axis] |= expr.is_function_of_dim(axis);
                    }
                }
            }
        }
        walk
    }

    /// Whether one vector instruction reaches the neighbours along `axis`.
    pub(crate) fn contiguous(&self, axis: usize) -> bool {
        !self.divides[axis]
            && matches!(
                self.strides[axis],
                Stride::Const(1 | -1) | Stride::LikelyUnit
            )
    }

    /// Whether all points along `axis` share one element.
    pub(crate) fn invariant(&self, axis: usize) -> bool {
        !self.divides[axis] && self.strides[axis] == Stride::Const(0)
    }
}

/// Bits of an element in memory; `index` has 64.
pub(crate) fn element_bits(element: Type<'_>) -> i64 {
    (element.bit_width() as i64).max(1)
}

/// Bytes of one element in memory, padding included, as LLVM lays it out for 64-bit targets; `None` for types that
/// arrays do not have.
pub(crate) fn element_bytes(ty: Type<'_>) -> Option<u64> {
    if ty.is_index() {
        Some(8)
    } else if ty.is_complex() {
        Some(2 * element_bytes(ty.complex_element())?)
    } else if ty.is_int() || ty.is_float() {
        let bytes = ty.bit_width().div_ceil(8) as u64;
        (bytes <= 16).then(|| bytes.next_power_of_two())
    } else {
        None
    }
}
