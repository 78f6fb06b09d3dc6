//! From kernel to loops: the one recursion over the loops of a schedule.
//!
//! At each depth, in this order: inputs whose position is known are loaded, outputs
//! that will be accumulated in memory get their initial value, accumulators whose
//! element no deeper loop changes are opened (they live in SSA values from here on),
//! the loop runs, and the accumulators are stored.

use super::accumulate::Accumulators;
use super::body::{BodyEmitter, Instance};
use super::index::Ix;
use super::kernel::Kernel;
use super::lane::{Lane, first_lanes};
use super::state::{Accs, Point, State, flatten, key, points, unflatten};
use crate::schedule::{IteratorKind, LoopSpec};
use npir_mlir::prelude::*;

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
        let mut accs = match self.loops.get(depth) {
            None => self.innermost(rw, &state, accs),
            Some(spec) => match spec.tile {
                Some(size) => self.tile_loop(rw, depth, spec.axis, size, &state, accs),
                None if depth + 1 == self.loops.len() && self.accumulators.cascades() => {
                    self.block_loop(rw, depth, spec.axis, &state, accs)
                }
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
        let Some((&axis, rest)) = axes.split_first() else {
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
        let (lo, len) = (state.lo[axis], state.len[axis]);
        let whole = len.round_down(rw, width);
        for_range(rw, lo, whole, width, Vec::new(), 1, |rw, at, accs| {
            self.fill(rw, out, &state.entered(rw, kernel, axis, at, 1), rest);
            accs
        });
        let left = len.sub(rw, whole);
        if width > 1 && left.constant() != Some(0) {
            self.masked_range(
                rw,
                axis,
                lo.add(rw, whole),
                left,
                state,
                Vec::new(),
                |rw, state, accs| {
                    self.fill(rw, out, &state, rest);
                    accs
                },
            );
        }
    }

    fn tile_loop(
        &self,
        rw: Rewriter<'c>,
        depth: usize,
        axis: usize,
        size: i64,
        state: &State<'c>,
        accs: Accs<'c>,
    ) -> Accs<'c> {
        let (lo, len) = (state.lo[axis], state.len[axis]);
        for_range(
            rw,
            lo,
            len,
            size,
            accs,
            self.kernel.width(),
            |rw, at, accs| {
                let part = part_of(rw, lo, len, at, size);
                self.emit(rw, depth + 1, state.narrowed(axis, at, part), accs)
            },
        )
    }

    /// The innermost loop in blocks whose plain sums join a compensated total.
    fn block_loop(
        &self,
        rw: Rewriter<'c>,
        depth: usize,
        axis: usize,
        state: &State<'c>,
        accs: Accs<'c>,
    ) -> Accs<'c> {
        let schedule = &self.kernel.schedule;
        let step = if axis == schedule.lanes {
            schedule.vector * schedule.unroll
        } else {
            schedule.jam[axis]
        };
        let size = (schedule.block + step - 1) / step * step;
        let (lo, len) = (state.lo[axis], state.len[axis]);
        for_range(
            rw,
            lo,
            len,
            size,
            accs,
            self.kernel.width(),
            |rw, at, accs| {
                let part = part_of(rw, lo, len, at, size);
                let block = self.begin_block(rw, &accs);
                let block = self.point_loop(rw, depth, &state.narrowed(axis, at, part), block);
                self.end_block(rw, accs, block)
            },
        )
    }

    /// The loop over the points of an axis.
    fn point_loop(
        &self,
        rw: Rewriter<'c>,
        depth: usize,
        state: &State<'c>,
        accs: Accs<'c>,
    ) -> Accs<'c> {
        let (kernel, axis) = (self.kernel, self.loops[depth].axis);
        let schedule = &kernel.schedule;
        let (lo, len) = (state.lo[axis], state.len[axis]);
        let width = kernel.width();
        let lanes = axis == schedule.lanes;
        let copies = if lanes {
            schedule.unroll
        } else {
            schedule.jam[axis]
        };
        let step = if lanes { width * copies } else { copies };

        let whole = len.round_down(rw, step);
        let accs = if whole.constant() == Some(0) {
            accs
        } else {
            let wide = if lanes {
                self.widen(rw, accs, copies)
            } else {
                accs
            };
            let wide = for_range(rw, lo, whole, step, wide, width, |rw, at, accs| {
                self.emit(
                    rw,
                    depth + 1,
                    state.entered(rw, kernel, axis, at, copies),
                    accs,
                )
            });
            if lanes { self.narrow(rw, wide) } else { wide }
        };
        let left = len.sub(rw, whole);
        let begin = lo.add(rw, whole);
        match left.constant() {
            Some(0) => accs,
            _ if step == 1 => accs,
            _ if lanes && width > 1 => {
                self.masked_range(rw, axis, begin, left, state, accs, |rw, state, accs| {
                    self.emit(rw, depth + 1, state, accs)
                })
            }
            _ => for_range(rw, begin, left, 1, accs, width, |rw, at, accs| {
                self.emit(rw, depth + 1, state.entered(rw, kernel, axis, at, 1), accs)
            }),
        }
    }

    /// Vectors over `[lo, lo + len)` of the lane axis, the last of which may be partial.
    fn masked_range(
        &self,
        rw: Rewriter<'c>,
        axis: usize,
        lo: Ix<'c>,
        len: Ix<'c>,
        state: &State<'c>,
        accs: Accs<'c>,
        body: impl FnOnce(Rewriter<'c>, State<'c>, Accs<'c>) -> Accs<'c>,
    ) -> Accs<'c> {
        let width = self.kernel.width();
        let end = lo.add(rw, len);
        for_range(rw, lo, len, width, accs, width, |rw, at, accs| {
            let mut state = state.entered(rw, self.kernel, axis, at, 1);
            if len.constant().is_none_or(|len| len % width != 0) {
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

/// How many of `[lo, lo + len)` are in the part of `size` points that begins at `at`.
fn part_of<'c>(rw: Rewriter<'c>, lo: Ix<'c>, len: Ix<'c>, at: Ix<'c>, size: i64) -> Ix<'c> {
    match len.constant() {
        Some(len) if len % size == 0 => Ix::Const(size),
        Some(len) if len <= size => Ix::Const(len),
        _ => lo.add(rw, len).sub(rw, at).min(rw, Ix::Const(size)),
    }
}

/// `for at in lo .. lo + len step`, with accumulators of `width` lanes carried around;
/// straight code when there is one iteration, nothing when there is none.
pub(super) fn for_range<'c>(
    rw: Rewriter<'c>,
    lo: Ix<'c>,
    len: Ix<'c>,
    step: i64,
    accs: Accs<'c>,
    width: i64,
    body: impl FnOnce(Rewriter<'c>, Ix<'c>, Accs<'c>) -> Accs<'c>,
) -> Accs<'c> {
    match len.constant() {
        Some(len) if len <= 0 => accs,
        Some(len) if len <= step => body(rw, lo, accs),
        _ => {
            let end = lo.add(rw, len).value(rw);
            let inits = flatten(rw, &accs, width);
            let results = rw.scf_for(
                lo.value(rw),
                end,
                rw.const_index(step),
                &inits,
                |rw, at, carried| {
                    let accs = body(rw, Ix::Val(at), unflatten(&accs, carried, width));
                    flatten(rw, &accs, width)
                },
            );
            unflatten(&accs, &results, width)
        }
    }
}
