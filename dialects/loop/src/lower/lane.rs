//! Values as the points of one vector see them, and the memory they read and write.
//!
//! A value of the scalar body becomes one of three forms: the same on all lanes, the
//! numbers `base, base + 1, …`, or a vector. Keeping the first two apart from the
//! third is what turns `x[i, j]` along `j` into one load instead of a gather.

use super::complex;
use super::index::Ix;
use super::pieces;
use npir_mlir::prelude::*;

/// One value on all lanes of a vector.
#[derive(Clone, Copy)]
pub(super) enum Lane<'c> {
    /// The same scalar on every lane.
    Uniform(Val<'c>),
    /// `base + lane`, an integer or index; the value is `base`.
    Step(Val<'c>),
    /// One element per lane.
    Vector(Val<'c>),
}

impl<'c> Lane<'c> {
    /// The value as one SSA value: a vector of `width` lanes, or with `width` 1 the scalar.
    pub(super) fn widen(self, rw: Rewriter<'c>, width: i64) -> Val<'c> {
        match self {
            Self::Uniform(v) | Self::Step(v) if width == 1 => v,
            Self::Vector(v) => v,
            Self::Uniform(v) if v.ty().is_complex() => {
                let [re, im] = ["complex.re", "complex.im"]
                    .map(|name| Self::Uniform(complex::scalar_part(rw, v, name)).widen(rw, width));
                complex::join(rw, re, im, width)
            }
            Self::Uniform(v) => rw.vector_broadcast(v, vector_type(v.ty(), width)),
            Self::Step(base) => {
                let ty = vector_type(base.ty(), width);
                rw.addi(rw.vector_broadcast(base, ty), iota(rw, base.ty(), width))
            }
        }
    }

    /// The inverse of [`Lane::widen`].
    pub(super) fn of(value: Val<'c>, width: i64) -> Self {
        if width == 1 {
            Self::Uniform(value)
        } else {
            Self::Vector(value)
        }
    }

    /// `self + other` on integers.
    pub(super) fn add(self, rw: Rewriter<'c>, other: Self, width: i64) -> Self {
        match (self, other) {
            (Self::Uniform(a), Self::Uniform(b)) => Self::Uniform(rw.addi(a, b)),
            (Self::Step(a), Self::Uniform(b)) | (Self::Uniform(a), Self::Step(b)) => {
                Self::Step(rw.addi(a, b))
            }
            (a, b) => Self::Vector(rw.addi(a.widen(rw, width), b.widen(rw, width))),
        }
    }

    /// `op(self, other)` for an integer op without a form of its own for steps.
    fn binary(
        self,
        rw: Rewriter<'c>,
        other: Self,
        width: i64,
        op: impl Fn(Rewriter<'c>, Val<'c>, Val<'c>) -> Val<'c>,
    ) -> Self {
        match (self, other) {
            (Self::Uniform(a), Self::Uniform(b)) => Self::Uniform(op(rw, a, b)),
            (a, b) => Self::Vector(op(rw, a.widen(rw, width), b.widen(rw, width))),
        }
    }
}

/// The type of `width` lanes of `element`; `element` itself for one lane. Of complex numbers the
/// parts lie side by side.
pub(super) fn vector_type<'c>(element: Type<'c>, width: i64) -> Type<'c> {
    if width == 1 {
        element
    } else if element.is_complex() {
        let part = element.complex_element();
        element.ctx().vector(&[2 * width], part)
    } else {
        element.ctx().vector(&[width], element)
    }
}

/// The vector `0, 1, …, width - 1` of an integer or index type.
pub(super) fn iota<'c>(rw: Rewriter<'c>, element: Type<'c>, width: i64) -> Val<'c> {
    let index = rw.ctx().index();
    let steps = rw.vector_step(width);
    if element == index {
        steps
    } else {
        rw.index_cast(steps, vector_type(element, width))
    }
}

/// The value of an affine expression whose dimensions are `dims`.
///
/// Division rounds toward minus infinity and a remainder is never negative, as affine
/// maps have it. Symbols do not occur in the maps of a nest.
pub(super) fn eval_affine<'c>(
    rw: Rewriter<'c>,
    expr: AffineExpr<'c>,
    dims: &[Lane<'c>],
    width: i64,
) -> Lane<'c> {
    if expr.is_dim() {
        return dims[expr.dim_position()];
    }
    if expr.is_constant() {
        return Lane::Uniform(rw.const_index(expr.constant_value()));
    }
    let lhs = eval_affine(rw, expr.lhs(), dims, width);
    let rhs = eval_affine(rw, expr.rhs(), dims, width);
    if expr.is_add() {
        lhs.add(rw, rhs, width)
    } else if expr.is_mul() {
        lhs.binary(rw, rhs, width, |rw, a, b| rw.muli(a, b))
    } else if expr.is_mod() {
        lhs.binary(rw, rhs, width, floor_mod)
    } else if expr.is_floor_div() {
        lhs.binary(rw, rhs, width, floor_div)
    } else {
        // ceil(a / b) = floor((a + b - 1) / b), for b > 0 as affine expressions require.
        let one = Lane::Uniform(rw.const_index(-1));
        let above = lhs.add(rw, rhs.add(rw, one, width), width);
        above.binary(rw, rhs, width, floor_div)
    }
}

fn splat_like<'c>(rw: Rewriter<'c>, scalar: Val<'c>, like: Val<'c>) -> Val<'c> {
    if like.ty().is_vector() {
        rw.vector_broadcast(scalar, like.ty())
    } else {
        scalar
    }
}

fn floor_mod<'c>(rw: Rewriter<'c>, a: Val<'c>, b: Val<'c>) -> Val<'c> {
    let rem = rw.remsi(a, b);
    let zero = splat_like(rw, rw.const_index(0), a);
    let negative = rw.cmpi(CmpI::Slt, rem, zero);
    rw.select(negative, rw.addi(rem, b), rem)
}

fn floor_div<'c>(rw: Rewriter<'c>, a: Val<'c>, b: Val<'c>) -> Val<'c> {
    rw.divsi(rw.subi(a, floor_mod(rw, a, b)), b)
}

/// Where whole vectors are stored that lie side by side.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Store {
    /// In the caches, at any address.
    Cached,
    /// In memory, past the caches, at addresses that the size of a vector divides.
    Streamed,
}

/// Where the lanes of a vector lie in a flat memref of unit stride.
#[derive(Clone, Copy)]
pub(super) struct Address<'c> {
    /// The element of lane 0, without what `lanes` adds.
    base: Ix<'c>,
    /// Elements from one lane to the next, without what `lanes` adds.
    step: Ix<'c>,
    /// What else each lane adds: a vector of `index`.
    lanes: Option<Val<'c>>,
}

impl<'c> Address<'c> {
    /// Lanes `step` apart, from `base` on.
    pub(super) fn strided(base: Ix<'c>, step: Ix<'c>) -> Self {
        Self {
            base,
            step,
            lanes: None,
        }
    }

    /// Adds `index * stride`, with `index` of type `index`.
    pub(super) fn add(&mut self, rw: Rewriter<'c>, index: Lane<'c>, stride: Ix<'c>, width: i64) {
        match index {
            Lane::Uniform(v) => self.base = self.base.add(rw, Ix::Val(v).mul(rw, stride)),
            Lane::Step(base) => {
                self.base = self.base.add(rw, Ix::Val(base).mul(rw, stride));
                self.step = self.step.add(rw, stride);
            }
            Lane::Vector(v) => {
                let term = match stride {
                    Ix::Const(1) => v,
                    stride => rw.muli(v, Lane::Uniform(stride.value(rw)).widen(rw, width)),
                };
                self.lanes = Some(self.lanes.map_or(term, |sum| rw.addi(sum, term)));
            }
        }
    }

    /// The address relative to its base, per lane.
    fn offsets(&self, rw: Rewriter<'c>, width: i64) -> Val<'c> {
        let steps = match self.step {
            Ix::Const(0) => None,
            Ix::Const(1) => Some(iota(rw, rw.ctx().index(), width)),
            step => {
                let lanes = iota(rw, rw.ctx().index(), width);
                Some(rw.muli(lanes, Lane::Uniform(step.value(rw)).widen(rw, width)))
            }
        };
        match (steps, self.lanes) {
            (Some(a), Some(b)) => rw.addi(a, b),
            (Some(a), None) | (None, Some(a)) => a,
            (None, None) => Lane::Uniform(rw.const_index(0)).widen(rw, width),
        }
    }

    /// The position of each lane where they do not lie side by side, if accesses one by one are
    /// best: those at fixed distances, and all of complex numbers.
    fn pieces(
        &self,
        rw: Rewriter<'c>,
        flat: Val<'c>,
        width: i64,
        mask: Option<Val<'c>>,
    ) -> Option<Vec<Ix<'c>>> {
        let complex = flat.ty().element().is_complex();
        let strided = match self.step.constant() {
            Some(0 | 1) => false,
            Some(-1) => complex,
            _ => true,
        };
        let scattered = match self.lanes {
            None => strided,
            Some(_) => complex,
        };
        let at = |lane| {
            let position = self.base.add(rw, self.step.mul(rw, Ix::Const(lane)));
            match self.lanes {
                None => position,
                Some(lanes) => position.add(rw, Ix::Val(rw.vector_extract(lanes, lane))),
            }
        };
        (width > 1 && scattered && mask.is_none()).then(|| (0..width).map(at).collect())
    }

    /// Whether all lanes are one element.
    fn stands_still(&self) -> bool {
        self.lanes.is_none() && self.step.constant() == Some(0)
    }

    /// The address of the parts of complex numbers at this address.
    fn of_parts(&self, rw: Rewriter<'c>, width: i64) -> Self {
        let two = Ix::Const(2);
        let base = self.base.mul(rw, two);
        if self.lanes.is_none() && self.step.constant() == Some(1) {
            return Self::strided(base, Ix::Const(1));
        }
        let double = |n| Lane::Uniform(rw.const_index(n)).widen(rw, width);
        let first = rw.muli(self.offsets(rw, width), double(2));
        let second = rw.addi(first, double(1));
        Self {
            base,
            step: Ix::ZERO,
            lanes: Some(complex::join(rw, first, second, width)),
        }
    }

    /// Reads an element per lane from `flat`. Lanes where `mask` is off read nothing and yield zero.
    pub(super) fn load(
        &self,
        rw: Rewriter<'c>,
        flat: Val<'c>,
        width: i64,
        mask: Option<Val<'c>>,
    ) -> Lane<'c> {
        if let Some(positions) = self.pieces(rw, flat, width, mask) {
            return Lane::Vector(pieces::load(rw, flat, &positions));
        }
        let element = flat.ty().element();
        if element.is_complex() && width > 1 && !self.stands_still() {
            let mask = mask.map(|mask| complex::twice(rw, mask, width));
            let memory = complex::memory(rw, flat);
            return self.of_parts(rw, width).load(rw, memory, 2 * width, mask);
        }
        let base = self.base.value(rw);
        let ty = vector_type(element, width);
        let vector = match (self.step, self.lanes) {
            _ if width == 1 => return Lane::Uniform(unaligned(rw, rw.memref_load(flat, &[base]))),
            (Ix::Const(0), None) => {
                return Lane::Uniform(unaligned(rw, rw.memref_load(flat, &[base])));
            }
            (Ix::Const(1), None) => match mask {
                None => rw.vector_load(flat, &[base], ty),
                Some(mask) => {
                    let none = zero_vector(rw, ty);
                    rw.op("vector.maskedload")
                        .operands(&[flat, base, mask, none])
                        .results(&[ty])
                        .build()
                        .result_value(0)
                }
            },
            (Ix::Const(-1), None) if mask.is_none() => {
                let first = self.base.sub(rw, Ix::Const(width - 1)).value(rw);
                reverse(rw, unaligned(rw, rw.vector_load(flat, &[first], ty)), width)
            }
            _ => {
                let offsets = self.offsets(rw, width);
                let (mask, none) = (
                    mask.unwrap_or_else(|| full_mask(rw, width)),
                    zero_vector(rw, ty),
                );
                let operands = [flat, base, offsets, mask, none];
                rw.op("vector.gather")
                    .operands(&operands)
                    .results(&[ty])
                    .build()
                    .result_value(0)
            }
        };
        Lane::Vector(unaligned(rw, vector))
    }

    /// Writes an element per lane to `flat`. Lanes where `mask` is off write nothing.
    pub(super) fn store(
        &self,
        rw: Rewriter<'c>,
        flat: Val<'c>,
        value: Lane<'c>,
        width: i64,
        mask: Option<Val<'c>>,
    ) {
        self.store_as(rw, flat, value, width, mask, Store::Cached);
    }

    /// As [`Address::store`], in one of two ways.
    pub(super) fn store_as(
        &self,
        rw: Rewriter<'c>,
        flat: Val<'c>,
        value: Lane<'c>,
        width: i64,
        mask: Option<Val<'c>>,
        way: Store,
    ) {
        if let Some(positions) = self.pieces(rw, flat, width, mask) {
            return pieces::store(rw, flat, value.widen(rw, width), &positions);
        }
        if flat.ty().element().is_complex() && width > 1 && !self.stands_still() {
            let parts = Lane::Vector(value.widen(rw, width));
            let mask = mask.map(|mask| complex::twice(rw, mask, width));
            let memory = complex::memory(rw, flat);
            return self
                .of_parts(rw, width)
                .store_as(rw, memory, parts, 2 * width, mask, way);
        }
        let base = self.base.value(rw);
        let store = match (self.step, self.lanes, value) {
            (Ix::Const(0), None, Lane::Uniform(scalar)) => {
                rw.op("memref.store").operands(&[scalar, flat, base])
            }
            (.., Lane::Uniform(scalar)) if width == 1 => {
                rw.op("memref.store").operands(&[scalar, flat, base])
            }
            (Ix::Const(1), None, value) => {
                let value = value.widen(rw, width);
                match mask {
                    None if way == Store::Streamed => {
                        let ty = value.ty();
                        let bits = ty.dims()[0] * ty.element().bit_width() as i64;
                        let store = rw.op("vector.store").operands(&[value, flat, base]);
                        let store = store.attr("nontemporal", rw.ctx().bool_attr(true));
                        store.attr("alignment", rw.ctx().i64_attr(bits / 8)).build();
                        return;
                    }
                    None => rw.op("vector.store").operands(&[value, flat, base]),
                    Some(mask) => rw
                        .op("vector.maskedstore")
                        .operands(&[flat, base, mask, value]),
                }
            }
            (Ix::Const(-1), None, value) if mask.is_none() => {
                let value = reverse(rw, value.widen(rw, width), width);
                let first = self.base.sub(rw, Ix::Const(width - 1)).value(rw);
                rw.op("vector.store").operands(&[value, flat, first])
            }
            (_, _, value) => {
                let value = value.widen(rw, width);
                let offsets = self.offsets(rw, width);
                let mask = mask.unwrap_or_else(|| full_mask(rw, width));
                rw.op("vector.scatter")
                    .operands(&[flat, base, offsets, mask, value])
            }
        };
        store.attr("alignment", rw.ctx().i64_attr(1)).build();
    }
}

/// Marks the access that defines `value` as one at any address: inputs need not be aligned.
pub(super) fn unaligned<'c>(rw: Rewriter<'c>, value: Val<'c>) -> Val<'c> {
    if let Some(op) = value.defining_op() {
        op.set_attr("alignment", rw.ctx().i64_attr(1));
    }
    value
}

fn reverse<'c>(rw: Rewriter<'c>, vector: Val<'c>, width: i64) -> Val<'c> {
    let order: Vec<i64> = (0..width).rev().collect();
    rw.vector_shuffle(vector, vector, &order)
}

/// A mask of `width` lanes, all on.
fn full_mask<'c>(rw: Rewriter<'c>, width: i64) -> Val<'c> {
    let ty = rw.ctx().vector(&[width], rw.ctx().i(1));
    rw.const_attr(rw.ctx().dense_splat(ty, rw.ctx().bool_attr(true)))
}

fn zero_vector<'c>(rw: Rewriter<'c>, ty: Type<'c>) -> Val<'c> {
    let element = ty.element();
    let zero = rw.ctx().number_attr(element, 0);
    rw.const_attr(rw.ctx().dense_splat(ty, zero))
}

/// The mask of the first `count` of `width` lanes.
pub(super) fn first_lanes<'c>(rw: Rewriter<'c>, count: Ix<'c>, width: i64) -> Val<'c> {
    // The lowering of create_mask compares in 32 bits.
    let count = count.min(rw, Ix::Const(width)).value(rw);
    let ty = rw.ctx().vector(&[width], rw.ctx().i(1));
    rw.op("vector.create_mask")
        .operands(&[count])
        .results(&[ty])
        .build()
        .result_value(0)
}
