//! Where the emitter stands in a nest: ranges, positions, loaded inputs, open accumulators.

use super::index::{Ix, Span};
use super::kernel::{Access, Kernel};
use super::lane::{Address, Lane, Store};
use npir_mlir::prelude::*;

/// One of the points that run interleaved: an offset per axis, in units of one point
/// (one vector along the lane axis).
pub(super) type Point = Vec<i64>;

/// The points in flight that differ on the axes `depends`; the others are at zero.
///
/// Lexicographic, the first axis slowest; [`key`] is the position of a point.
pub(super) fn points(depends: &[bool], copies: &[i64]) -> Vec<Point> {
    let mut list = vec![vec![0; copies.len()]];
    for (axis, &n) in copies.iter().enumerate() {
        if depends[axis] && n > 1 {
            list = list
                .into_iter()
                .flat_map(|point| {
                    (0..n).map(move |i| {
                        let mut point = point.clone();
                        point[axis] = i;
                        point
                    })
                })
                .collect();
        }
    }
    list
}

/// Which of [`points`]`(depends, copies)` agrees with `point` on those axes.
pub(super) fn key(depends: &[bool], copies: &[i64], point: &[i64]) -> usize {
    let mut key = 0;
    for (axis, &n) in copies.iter().enumerate() {
        if depends[axis] {
            key = key * n as usize + point[axis] as usize;
        }
    }
    key
}

/// The part of the iteration space that code at the insertion point stands for.
#[derive(Clone)]
pub(super) struct State<'c> {
    /// The points of each axis that are to be walked.
    pub(super) spans: Vec<Span<'c>>,
    /// The position on each axis whose loop has been entered.
    pub(super) at: Vec<Option<Ix<'c>>>,
    /// Points in flight on each axis.
    pub(super) copies: Vec<i64>,
    /// Lanes that are points of the nest; all without one.
    pub(super) mask: Option<Val<'c>>,
    /// How vectors of the first output are stored.
    pub(super) store: Store,
    /// The element at the position, per input.
    pub(super) in_elements: Vec<Ix<'c>>,
    /// The element at the position, per output.
    pub(super) out_elements: Vec<Ix<'c>>,
    /// Inputs that have been loaded, by key; empty before.
    pub(super) loaded: Vec<Vec<Lane<'c>>>,
}

impl<'c> State<'c> {
    /// The whole nest.
    pub(super) fn new(kernel: &Kernel<'c>) -> Self {
        let rank = kernel.rank();
        Self {
            spans: kernel
                .axes
                .iter()
                .map(|axis| Span::to(axis.extent))
                .collect(),
            at: vec![None; rank],
            copies: vec![1; rank],
            mask: None,
            store: Store::Cached,
            in_elements: kernel.ins.iter().map(|access| access.start).collect(),
            out_elements: kernel.outs.iter().map(|access| access.start).collect(),
            loaded: vec![Vec::new(); kernel.ins.len()],
        }
    }

    /// The state with another span of an axis to walk.
    pub(super) fn narrowed(&self, axis: usize, span: Span<'c>) -> Self {
        let mut state = self.clone();
        state.spans[axis] = span;
        state
    }

    /// The state at position `at` of an axis, with `copies` points in flight from there.
    pub(super) fn entered(
        &self,
        rw: Rewriter<'c>,
        kernel: &Kernel<'c>,
        axis: usize,
        at: Ix<'c>,
        copies: i64,
    ) -> Self {
        let mut state = self.clone();
        state.at[axis] = Some(at);
        state.copies[axis] = copies;
        let step = |elements: &mut [Ix<'c>], accesses: &[Access<'c>]| {
            for (element, access) in elements.iter_mut().zip(accesses) {
                *element = element.add(rw, at.mul(rw, access.strides[axis]));
            }
        };
        step(&mut state.in_elements, &kernel.ins);
        step(&mut state.out_elements, &kernel.outs);
        state
    }

    /// The index along `axis` of a point in flight.
    pub(super) fn index(
        &self,
        rw: Rewriter<'c>,
        kernel: &Kernel<'c>,
        axis: usize,
        point: &[i64],
    ) -> Lane<'c> {
        let at = self.at[axis].unwrap_or(self.spans[axis].lo);
        let span = if axis == kernel.schedule.lanes {
            kernel.width()
        } else {
            1
        };
        let at = at.add(rw, Ix::Const(point[axis] * span)).value(rw);
        if axis == kernel.schedule.lanes && kernel.width() > 1 {
            Lane::Step(at)
        } else {
            Lane::Uniform(at)
        }
    }

    /// The address of an operand at a point in flight, and the width of the access there.
    ///
    /// `element` is the operand's element at the position.
    pub(super) fn address(
        &self,
        rw: Rewriter<'c>,
        kernel: &Kernel<'c>,
        access: &Access<'c>,
        element: Ix<'c>,
        point: &[i64],
    ) -> (Address<'c>, i64) {
        let lanes = kernel.schedule.lanes;
        let in_lanes = kernel.width() > 1 && access.depends[lanes] && self.at[lanes].is_some();
        let mut element = element;
        for (axis, &offset) in point.iter().enumerate() {
            if offset != 0 && access.depends[axis] {
                let span = if axis == lanes { kernel.width() } else { 1 };
                element = element.add(rw, access.strides[axis].mul(rw, Ix::Const(offset * span)));
            }
        }
        let width = if in_lanes { kernel.width() } else { 1 };
        let mut address = access.address(element, in_lanes.then_some(lanes));
        if !access.divided.is_empty() {
            let dims: Vec<Lane<'c>> = (0..kernel.rank())
                .map(|axis| self.index(rw, kernel, axis, point))
                .collect();
            for &(expr, stride) in &access.divided {
                let term = super::lane::eval_affine(rw, expr, &dims, width);
                address.add(rw, term, stride, width);
            }
        }
        (address, width)
    }
}

/// The open accumulators of one output.
#[derive(Clone)]
pub(super) struct Acc<'c> {
    /// Values by key, then by slot: independent partial accumulators, of which there is
    /// more than one while vectors along a reduction axis are in flight. `None` where
    /// nobody reads what memory held.
    pub(super) slots: Vec<Vec<Option<Lane<'c>>>>,
    /// By key, what memory held, to be merged in the end.
    pub(super) before: Vec<Option<Lane<'c>>>,
    /// The running errors of a compensated sum, like `slots`.
    pub(super) errors: Option<Vec<Vec<Lane<'c>>>>,
    /// Whether lanes and slots are partial accumulators, to be merged in the end.
    pub(super) partial: bool,
}

/// The open accumulators, per output.
pub(super) type Accs<'c> = Vec<Option<Acc<'c>>>;

/// The values that loops carry, in order.
pub(super) fn flatten<'c>(rw: Rewriter<'c>, accs: &Accs<'c>, width: i64) -> Vec<Val<'c>> {
    let mut values = Vec::new();
    for acc in accs.iter().flatten() {
        values.extend(
            acc.slots
                .iter()
                .flatten()
                .flatten()
                .map(|lane| lane.widen(rw, width)),
        );
        let errors = acc.errors.iter().flatten().flatten();
        values.extend(errors.map(|lane| lane.widen(rw, width)));
    }
    values
}

/// The inverse of [`flatten`]: `like` with other values.
pub(super) fn unflatten<'c>(like: &Accs<'c>, values: &[Val<'c>], width: i64) -> Accs<'c> {
    let mut values = values.iter().map(|&value| Lane::of(value, width));
    let mut accs = like.clone();
    for acc in accs.iter_mut().flatten() {
        for slot in acc.slots.iter_mut().flatten().flatten() {
            *slot = values.next().unwrap_or(*slot);
        }
        for error in acc.errors.iter_mut().flatten().flatten() {
            *error = values.next().unwrap_or(*error);
        }
    }
    accs
}
