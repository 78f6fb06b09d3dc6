//! From kernel to loops: the one recursion over the loops of a schedule.
//!
//! At each depth, in this order: inputs whose position is known are loaded, outputs
//! that will be accumulated in memory get their initial value, accumulators whose
//! element no deeper loop changes are opened (they live in SSA values from here on),
//! the loop runs, and the accumulators are stored.

use super::accumulate::Accumulators;
use super::body::{BodyEmitter, Instance};
use super::index::{Ix, Span};
use super::kernel::Kernel;
use super::lane::{Lane, Store, first_lanes};
use super::state::{Accs, Point, State, flatten, key, points, unflatten};
use crate::access::element_bytes;
use crate::schedule::{IteratorKind, LoopSpec};
use npir_mlir::prelude::*;

/// Bytes of a cache line.
pub(super) const CACHE_LINE: i64 = 64;

/// Emits the code of one kernel.
pub(super) struct Emitter<'k, 'c> {
    pub(super) kernel: &'k Kernel<'c>,
    pub(super) loops: Vec<LoopSpec>,
    pub(super) body: BodyEmitter<'k, 'c>,
    pub(super) accumulators: Accumulators,
    /// Per input, how many loops must have been entered before it can be loaded.
    load_depth: Vec<usize>,
}

impl<'k, 'c> Emitter<'k, 'c> {
    /// An emitter for `kernel`, whose schedule is valid for it.
    pub(super) fn new(kernel: &'k Kernel<'c>) -> Self {
        let loops = if kernel.rank() == 0 {
            Vec::new()
        } else {
            kernel.schedule.loops()
        };
        let load_depth = kernel
            .ins
            .iter()
            .map(|access| {
                loops
                    .iter()
                    .rposition(|spec| access.depends[spec.axis])
                    .map_or(0, |last| last + 1)
            })
            .collect();
        let accumulators = Accumulators::new(kernel, &loops);
        Self {
            kernel,
            loops,
            body: BodyEmitter::new(kernel),
            accumulators,
            load_depth,
        }
    }

    /// Emits the kernel at the insertion point.
    pub(super) fn run(&self, rw: Rewriter<'c>) {
        let state = State::new(self.kernel);
        let accs = vec![None; self.kernel.outs.len()];
        if self.kernel.schedule.parallel > 0 && !self.loops.is_empty() {
            self.emit_parallel(rw, &state);
        } else {
            self.emit(rw, 0, state, accs);
        }
    }

    /// Emits loop `depth` and what surrounds it; returns the accumulators still open.
    pub(super) fn emit(
        &self,
        rw: Rewriter<'c>,
        depth: usize,
        mut state: State<'c>,
        mut accs: Accs<'c>,
    ) -> Accs<'c> {
        self.load(rw, depth, &mut state);
        for out in self.accumulators.prefilled_at(depth) {
            self.fill_rest(rw, out, &state);
        }
        self.open(rw, depth, &state, &mut accs);
        if let Some(accs) = self.copying_loop(rw, depth, &state) {
            return accs;
        }
        let mut accs = match self.loops.get(depth) {
            None => self.innermost(rw, &state, accs),
            Some(spec) => match spec.tile {
                Some(size) => self.tile_loop(rw, depth, size, &state, accs),
                None if depth + 1 == self.loops.len() && self.accumulators.cascades() => {
                    self.block_loop(rw, depth, &state, accs)
                }
                None if self.may_end(depth, &accs) => self.ending_loop(rw, depth, &state, accs),
                None => self.point_loop(rw, depth, &state, accs),
            },
        };
        self.close(rw, depth, &state, &mut accs);
        accs
    }

    /// Loads the inputs whose position is known from `depth` on.
    pub(super) fn load(&self, rw: Rewriter<'c>, depth: usize, state: &mut State<'c>) {
        for (i, access) in self.kernel.ins.iter().enumerate() {
            if self.load_depth[i] == depth {
                let mut loaded = Vec::new();
                for point in points(&access.depends, &state.copies) {
                    let (address, width) =
                        state.address(rw, self.kernel, access, state.in_elements[i], &point);
                    loaded.push(address.load(rw, access.flat, width, state.mask));
                }
                state.loaded[i] = loaded;
            }
        }
    }

    /// Stores the initial value of an output over all it has in the rest of the nest.
    pub(super) fn fill_rest(&self, rw: Rewriter<'c>, out: usize, state: &State<'c>) {
        let depends = &self.kernel.outs[out].depends;
        let order = self.kernel.schedule.order.iter().copied();
        let unvisited: Vec<usize> = order
            .filter(|&axis| depends[axis] && state.at[axis].is_none())
            .collect();
        self.fill(rw, out, state, &unvisited);
    }

    /// Stores the initial value of an output over the rest of the range of `axes`.
    fn fill(&self, rw: Rewriter<'c>, out: usize, state: &State<'c>, axes: &[usize]) {
        let kernel = self.kernel;
        let Some((&axis, deeper)) = axes.split_first() else {
            let access = &kernel.outs[out];
            for point in points(&access.depends, &state.copies) {
                let (address, width) =
                    state.address(rw, kernel, access, state.out_elements[out], &point);
                address.store(
                    rw,
                    access.flat,
                    Lane::Uniform(kernel.inits[out]),
                    width,
                    state.mask,
                );
            }
            return;
        };
        let width = if axis == kernel.schedule.lanes {
            kernel.width()
        } else {
            1
        };
        let (whole, rest) = state.spans[axis].split(rw, width);
        for_range(rw, whole, width, Vec::new(), 1, |rw, at, accs| {
            self.fill(rw, out, &state.entered(rw, kernel, axis, at, 1), deeper);
            accs
        });
        if width > 1 && !rest.is_empty() {
            let state = state.narrowed(axis, rest);
            self.masked_loop(rw, axis, &state, Vec::new(), |rw, state, accs| {
                self.fill(rw, out, &state, deeper);
                accs
            });
        }
    }

    fn tile_loop(
        &self,
        rw: Rewriter<'c>,
        depth: usize,
        size: i64,
        state: &State<'c>,
        accs: Accs<'c>,
    ) -> Accs<'c> {
        let axis = self.loops[depth].axis;
        let span = state.spans[axis];
        let width = self.kernel.width();
        for_range(rw, span, size, accs, width, |rw, at, accs| {
            let tile = state.narrowed(axis, span.part(rw, at, size));
            self.emit(rw, depth + 1, tile, accs)
        })
    }

    /// The innermost loop in blocks whose plain sums join a compensated total.
    fn block_loop(
        &self,
        rw: Rewriter<'c>,
        depth: usize,
        state: &State<'c>,
        accs: Accs<'c>,
    ) -> Accs<'c> {
        let axis = self.loops[depth].axis;
        let (copies, lanes) = self.in_flight(axis);
        let step = copies * lanes;
        let size = (self.kernel.schedule.block + step - 1) / step * step;
        let span = state.spans[axis];
        let width = self.kernel.width();
        for_range(rw, span, size, accs, width, |rw, at, accs| {
            let block = state.narrowed(axis, span.part(rw, at, size));
            let sums = self.point_loop(rw, depth, &block, self.begin_block(&accs));
            self.end_block(rw, accs, sums)
        })
    }

    /// Copies of the body, and points of each, that a step along `axis` takes.
    pub(super) fn in_flight(&self, axis: usize) -> (i64, i64) {
        let schedule = &self.kernel.schedule;
        if axis == schedule.lanes {
            (schedule.unroll, self.kernel.width())
        } else {
            (schedule.jam[axis], 1)
        }
    }

    /// The loop over the points of an axis.
    pub(super) fn point_loop(
        &self,
        rw: Rewriter<'c>,
        depth: usize,
        state: &State<'c>,
        accs: Accs<'c>,
    ) -> Accs<'c> {
        let (kernel, axis) = (self.kernel, self.loops[depth].axis);
        let (copies, lanes) = self.in_flight(axis);
        let (step, width) = (copies * lanes, kernel.width());
        let streamed;
        let (state, accs) = match kernel.streams && lanes > 1 {
            true => {
                let (head, mut state) = self.head(rw, axis, state);
                let accs = self.masked_loop(rw, axis, &head, accs, |rw, inner, accs| {
                    self.emit(rw, depth + 1, inner, accs)
                });
                state.store = Store::Streamed;
                streamed = state;
                (&streamed, accs)
            }
            false => (state, accs),
        };
        let (whole, rest) = state.spans[axis].split(rw, step);
        let single = |rw, at, accs, copies| {
            let inner = state.entered(rw, kernel, axis, at, copies);
            self.emit(rw, depth + 1, inner, accs)
        };
        let accs = if whole.is_empty() {
            accs
        } else if axis == kernel.schedule.lanes {
            let wide = self.widen(rw, accs, copies);
            let wide = for_range(rw, whole, step, wide, width, |rw, at, accs| {
                single(rw, at, accs, copies)
            });
            self.narrow(rw, wide)
        } else {
            for_range(rw, whole, step, accs, width, |rw, at, accs| {
                single(rw, at, accs, copies)
            })
        };
        if step == 1 || rest.is_empty() {
            accs
        } else if lanes > 1 {
            let state = state.narrowed(axis, rest);
            self.masked_loop(rw, axis, &state, accs, |rw, inner, accs| {
                self.emit(rw, depth + 1, inner, accs)
            })
        } else {
            for_range(rw, rest, 1, accs, width, |rw, at, accs| {
                single(rw, at, accs, 1)
            })
        }
    }

    /// The points of the lane axis up to the first whose element of the first output begins a cache line, and the
    /// others: there are none where elements lie across cache lines.
    fn head(&self, rw: Rewriter<'c>, axis: usize, state: &State<'c>) -> (State<'c>, State<'c>) {
        let access = &self.kernel.outs[0];
        let span = state.spans[axis];
        let element = state.out_elements[0].add(rw, span.lo);
        let bytes = element_bytes(access.flat.ty().element()).map_or(1, |bytes| bytes as i64);
        let pointer = rw
            .op("memref.extract_aligned_pointer_as_index")
            .operands(&[access.flat])
            .results(&[rw.ctx().index()])
            .build_value();
        let address = Ix::Val(pointer).add(rw, element.mul(rw, Ix::Const(bytes)));
        let gap = Ix::ZERO.sub(rw, address).value(rw);
        let gap = Ix::Val(rw.andi(gap, rw.const_index(CACHE_LINE - 1)));
        let whole = rw.cmpi(
            CmpI::Eq,
            gap.rem(rw, Ix::Const(bytes)).value(rw),
            rw.const_index(0),
        );
        let gap = gap.div(rw, Ix::Const(bytes)).min(rw, span.len);
        let len = Ix::select(rw, whole, gap, span.len);
        let rest = Span {
            lo: span.lo.add(rw, len),
            len: span.len.sub(rw, len),
        };
        let head = Span { lo: span.lo, len };
        (state.narrowed(axis, head), state.narrowed(axis, rest))
    }

    /// Vectors over the lane axis, the last of which may be partial.
    fn masked_loop(
        &self,
        rw: Rewriter<'c>,
        axis: usize,
        state: &State<'c>,
        accs: Accs<'c>,
        body: impl FnOnce(Rewriter<'c>, State<'c>, Accs<'c>) -> Accs<'c>,
    ) -> Accs<'c> {
        let width = self.kernel.width();
        let span = state.spans[axis];
        let end = span.end(rw);
        for_range(rw, span, width, accs, width, |rw, at, accs| {
            let mut state = state.entered(rw, self.kernel, axis, at, 1);
            if span.len.constant().is_none_or(|len| len % width != 0) {
                state.mask = Some(first_lanes(rw, end.sub(rw, at), width));
            }
            body(rw, state, accs)
        })
    }

    /// The body at all points in flight.
    fn innermost(&self, rw: Rewriter<'c>, state: &State<'c>, mut accs: Accs<'c>) -> Accs<'c> {
        let kernel = self.kernel;
        // Points of an ordered axis feed each other's accumulators: one after the other.
        let ordered: Vec<bool> = (0..kernel.rank())
            .map(|axis| {
                axis != kernel.schedule.lanes && kernel.axes[axis].kind != IteratorKind::Parallel
            })
            .collect();
        let free: Vec<bool> = ordered.iter().map(|&ordered| !ordered).collect();
        for first in points(&ordered, &state.copies) {
            let group: Vec<Point> = points(&free, &state.copies)
                .into_iter()
                .map(|point| point.iter().zip(&first).map(|(a, b)| a + b).collect())
                .collect();
            let instances = group
                .iter()
                .map(|point| self.instance(rw, state, &accs, point))
                .collect();
            let yielded = self
                .body
                .emit(rw, kernel.body.block(), kernel.width(), instances);
            for (point, values) in group.iter().zip(yielded) {
                self.accumulate(rw, state, &mut accs, point, &values);
            }
        }
        accs
    }

    fn instance(
        &self,
        rw: Rewriter<'c>,
        state: &State<'c>,
        accs: &Accs<'c>,
        point: &[i64],
    ) -> Instance<'c> {
        let kernel = self.kernel;
        let ins = kernel.ins.iter().zip(&state.loaded);
        let ins = ins
            .map(|(access, loaded)| loaded[key(&access.depends, &state.copies, point)])
            .collect();
        let outs = (0..kernel.outs.len())
            .map(|out| self.accumulator(rw, state, accs, out, point))
            .collect();
        let axes = (0..kernel.rank())
            .map(|axis| state.index(rw, kernel, axis, point))
            .collect();
        Instance::new(
            kernel.body.block(),
            kernel.body.arrange(ins, outs),
            axes,
            state.mask,
        )
    }
}

/// `for at in span step`, with accumulators of `width` lanes carried around; straight
/// code when there is one iteration, nothing when there is none.
pub(super) fn for_range<'c>(
    rw: Rewriter<'c>,
    span: Span<'c>,
    step: i64,
    accs: Accs<'c>,
    width: i64,
    body: impl FnOnce(Rewriter<'c>, Ix<'c>, Accs<'c>) -> Accs<'c>,
) -> Accs<'c> {
    match span.len.constant() {
        Some(len) if len <= 0 => accs,
        Some(len) if len <= step => body(rw, span.lo, accs),
        _ => {
            let (lo, end) = (span.lo.value(rw), span.end(rw).value(rw));
            let inits = flatten(rw, &accs, width);
            let step = rw.const_index(step);
            let results = rw.scf_for(lo, end, step, &inits, |rw, at, carried| {
                let accs = body(rw, Ix::Val(at), unflatten(&accs, carried, width));
                flatten(rw, &accs, width)
            });
            unflatten(&accs, &results, width)
        }
    }
}
