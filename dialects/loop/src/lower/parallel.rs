//! Loops spread over threads.
//!
//! The parallel loops run as one range of numbers, from which the positions are
//! decoded; the range of the last of them stays a range, so that a chunk is a loop and
//! not single points. Reduction loops are cut into chunks whose number depends on the
//! sizes alone; each chunk accumulates into memory of its own, and the parts are merged
//! in order afterwards: the result does not depend on the number of threads.

use super::emit::{Emitter, for_range};
use super::index::{Ix, Span};
use super::kernel::{Access, Axis, Body, Kernel};
use super::state::{Accs, State};
use crate::runtime_ops::{ParallelFor, Release};
use crate::schedule::{IteratorKind, LoopSpec, Schedule};
use npir_mlir::prelude::*;

/// The most chunks that reduction loops are cut into.
const MAX_CHUNKS: i64 = 64;
/// Partial results of at most this many bytes live on the stack.
const MAX_STACK_BYTES: i64 = 4096;

impl<'c> Emitter<'_, 'c> {
    /// Emits the kernel with its first `schedule.parallel` loops spread over threads.
    pub(super) fn emit_parallel(&self, rw: Rewriter<'c>, state: &State<'c>) {
        let count = self.kernel.schedule.parallel;
        let kind = |depth: usize| self.kernel.axes[self.loops[depth].axis].kind;
        let first_reduction = (0..count).find(|&depth| kind(depth) == IteratorKind::Reduction);
        let trips = self.trips(rw, state);
        match first_reduction {
            Some(first) if self.kernel.privatizable(&self.reduced(first)) => {
                self.unless_decided(rw, |rw| self.emit_private(rw, state, first, &trips));
            }
            Some(first) => {
                // The parts of these outputs cannot be told apart: threads share what is left.
                let mut kernel = self.kernel.clone();
                kernel.schedule.parallel = first;
                Emitter::new(&kernel).run(rw);
            }
            None => {
                let total = product(rw, &trips);
                let grain = self.grain(rw, state);
                parallel_for(rw, total, grain, |rw, lo, hi| {
                    let accs = vec![None; self.kernel.outs.len()];
                    let span = Span::between(rw, lo, hi);
                    self.linear(rw, 0, span, &trips, state, accs);
                });
            }
        }
    }

    /// Points of an axis that threads get together: a tile, or what is in flight along the last of the parallel loops.
    /// The others are entered point by point.
    fn unit(&self, depth: usize) -> i64 {
        let LoopSpec { axis, tile } = self.loops[depth];
        let last = depth + 1 == self.kernel.schedule.parallel;
        let (copies, lanes) = self.in_flight(axis);
        tile.unwrap_or(if last { copies * lanes } else { 1 })
    }

    /// Units of each parallel loop.
    fn trips(&self, rw: Rewriter<'c>, state: &State<'c>) -> Vec<Ix<'c>> {
        let trips = (0..self.kernel.schedule.parallel).map(|depth| {
            let len = state.spans[self.loops[depth].axis].len;
            len.ceil_div(rw, Ix::Const(self.unit(depth)))
        });
        trips.collect()
    }

    /// The axes of the parallel loops from `first` on.
    fn reduced(&self, first: usize) -> Vec<usize> {
        self.loops[first..self.kernel.schedule.parallel]
            .iter()
            .map(|spec| spec.axis)
            .collect()
    }

    /// Units of the parallel loops that are worth a task.
    fn grain(&self, rw: Rewriter<'c>, state: &State<'c>) -> Ix<'c> {
        let parallel = &self.loops[..self.kernel.schedule.parallel];
        let mut points = Ix::ONE;
        for axis in 0..self.kernel.rank() {
            match parallel.iter().position(|spec| spec.axis == axis) {
                Some(depth) => points = points.mul(rw, Ix::Const(self.unit(depth))),
                None => points = points.mul(rw, state.spans[axis].len),
            }
        }
        Ix::Const(self.kernel.schedule.grain.max(1)).ceil_div(rw, points.max(rw, Ix::ONE))
    }

    /// Loops `first ..` of the parallel ones, over some numbers of their common range.
    fn linear(
        &self,
        rw: Rewriter<'c>,
        first: usize,
        span: Span<'c>,
        trips: &[Ix<'c>],
        state: &State<'c>,
        mut accs: Accs<'c>,
    ) -> Accs<'c> {
        let last = trips.len() - 1;
        if first == last {
            return self.emit(rw, last, self.iterations(rw, state, last, span), accs);
        }
        let mut state = state.clone();
        self.load(rw, first, &mut state);
        self.prefill(rw, first, &state);
        self.open(rw, first, &state, &mut accs);
        // Not zero: the range is not empty here, but a compiler may compute ahead.
        let row = trips[last].max(rw, Ix::ONE);
        let (lo, end) = (span.lo, span.end(rw));
        let rows = Span::between(rw, lo.div(rw, row), end.ceil_div(rw, row));
        let width = self.kernel.width();
        let mut accs = for_range(rw, rows, 1, accs, width, |rw, number, accs| {
            let start = number.mul(rw, row);
            let from = lo.sub(rw, start).max(rw, Ix::ZERO);
            let to = end.sub(rw, start).min(rw, row);
            let inner = self.decoded(rw, first, last, number, trips, &state);
            let part = self.iterations(rw, &inner, last, Span::between(rw, from, to));
            self.emit(rw, last, part, accs)
        });
        self.close(rw, first, &state, &mut accs);
        accs
    }

    /// The state inside loops `first .. last`, in iteration `number` of their common range.
    fn decoded(
        &self,
        rw: Rewriter<'c>,
        first: usize,
        last: usize,
        number: Ix<'c>,
        trips: &[Ix<'c>],
        state: &State<'c>,
    ) -> State<'c> {
        let mut positions = Vec::new();
        let mut rest = number;
        for depth in (first..last).rev() {
            if depth == first {
                positions.push(rest);
            } else {
                let trips = trips[depth].max(rw, Ix::ONE);
                positions.push(rest.rem(rw, trips));
                rest = rest.div(rw, trips);
            }
        }
        let mut state = state.clone();
        for (depth, position) in (first..last).zip(positions.into_iter().rev()) {
            self.load(rw, depth, &mut state);
            let spec = self.loops[depth];
            state = if spec.tile.is_some() {
                let only = Span {
                    lo: position,
                    len: Ix::ONE,
                };
                self.iterations(rw, &state, depth, only)
            } else {
                let at = state.spans[spec.axis].lo.add(rw, position);
                state.entered(rw, self.kernel, spec.axis, at, 1)
            };
        }
        state
    }

    /// The state with the span of a parallel loop cut to some of its iterations.
    fn iterations(
        &self,
        rw: Rewriter<'c>,
        state: &State<'c>,
        depth: usize,
        part: Span<'c>,
    ) -> State<'c> {
        let axis = self.loops[depth].axis;
        let span = state.spans[axis];
        let unit = Ix::Const(self.unit(depth));
        let begin = part.lo.mul(rw, unit);
        let end = part.end(rw).mul(rw, unit).min(rw, span.len);
        let len = end.sub(rw, begin);
        let lo = span.lo.add(rw, begin);
        state.narrowed(axis, Span { lo, len })
    }

    /// Parallel loops of which those from `first` on are reductions.
    fn emit_private(&self, rw: Rewriter<'c>, state: &State<'c>, first: usize, trips: &[Ix<'c>]) {
        let kernel = self.kernel;
        let reduced = self.reduced(first);
        let total = product(rw, &trips[first..]);
        let chunk = self.chunk(rw, state, total);
        let chunks = total.ceil_div(rw, chunk).max(rw, Ix::ONE);

        let parts: Vec<Part<'c>> = (0..kernel.outs.len())
            .map(|out| Part::new(rw, kernel, out, chunks))
            .collect();
        let mut private = kernel.clone();
        private.outs = parts.iter().map(|part| part.access.clone()).collect();
        let emitter = Emitter::new(&private);
        let start = State::new(&private);

        let outer = product(rw, &trips[..first]);
        let tasks = outer.mul(rw, chunks);
        parallel_for(rw, tasks, Ix::ONE, |rw, lo, hi| {
            let span = Span::between(rw, lo, hi);
            for_range(rw, span, 1, Vec::new(), 1, |rw, task, none| {
                let number = task.rem(rw, chunks);
                let outer = task.div(rw, chunks);
                let mut inner = emitter.decoded(rw, 0, first, outer, trips, &start);
                for (element, part) in inner.out_elements.iter_mut().zip(&parts) {
                    *element = element.add(rw, number.mul(rw, part.size));
                }
                let begin = number.mul(rw, chunk);
                let end = begin.add(rw, chunk).min(rw, total);
                let numbers = Span::between(rw, begin, end);
                let accs = vec![None; kernel.outs.len()];
                emitter.linear(rw, first, numbers, trips, &inner, accs);
                none
            });
        });
        let merge = self.merge_kernel(&parts, chunks, &reduced);
        Emitter::new(&merge).run(rw);
        for part in parts {
            if part.on_heap {
                rw.op(Release::NAME).operands(&[part.access.flat]).build();
            }
        }
    }

    /// How many units of the reduction loops make a chunk.
    fn chunk(&self, rw: Rewriter<'c>, state: &State<'c>, total: Ix<'c>) -> Ix<'c> {
        let even = total.ceil_div(rw, Ix::Const(MAX_CHUNKS));
        self.grain(rw, state).max(rw, even)
    }

    /// The kernel that merges the parts of all chunks into the outputs.
    fn merge_kernel(&self, parts: &[Part<'c>], chunks: Ix<'c>, reduced: &[usize]) -> Kernel<'c> {
        let kernel = self.kernel;
        let rank = kernel.rank();
        // The last reduced axis now counts chunks; the outputs do not depend on any other
        // axis than their own.
        let counter = reduced[reduced.len() - 1];
        let kept = &kernel.outs[0].depends;
        let axes = (0..rank)
            .map(|axis| match axis {
                axis if axis == counter => Axis {
                    kind: IteratorKind::Reduction,
                    extent: chunks,
                },
                axis if kept[axis] => kernel.axes[axis],
                axis => Axis {
                    kind: kernel.axes[axis].kind,
                    extent: Ix::ONE,
                },
            })
            .collect();
        let ins = parts
            .iter()
            .map(|part| {
                let mut access = part.access.clone();
                access.strides[counter] = part.size;
                access.depends[counter] = true;
                access
            })
            .collect();
        let schedule = &kernel.schedule;
        let mut merge = Schedule::scalar(rank);
        merge.order = schedule
            .order
            .iter()
            .copied()
            .filter(|&axis| axis != counter)
            .chain([counter])
            .collect();
        merge.block = i64::from(schedule.block > 0);
        merge.lanes = counter;
        if kept[schedule.lanes] {
            merge.lanes = schedule.lanes;
            merge.vector = schedule.vector;
        }
        Kernel {
            axes,
            ins,
            body: kernel
                .combine
                .map_or_else(|| kernel.body.clone(), Body::Merge),
            schedule: merge,
            absorbing: None,
            ..kernel.clone()
        }
    }

    fn prefill(&self, rw: Rewriter<'c>, depth: usize, state: &State<'c>) {
        for out in self.accumulators.prefilled_at(depth) {
            self.fill_rest(rw, out, state);
        }
    }
}

/// Memory for the partial results of one output, one after the other by chunk.
struct Part<'c> {
    access: Access<'c>,
    /// Elements per chunk.
    size: Ix<'c>,
    on_heap: bool,
}

impl<'c> Part<'c> {
    fn new(rw: Rewriter<'c>, kernel: &Kernel<'c>, out: usize, chunks: Ix<'c>) -> Self {
        let output = &kernel.outs[out];
        let element = output.flat.ty().element();
        // Row-major in the order of the loops, lanes innermost.
        let lanes = kernel.schedule.lanes;
        let mut order: Vec<usize> = kernel.schedule.order.clone();
        order.retain(|&axis| output.depends[axis] && axis != lanes);
        if output.depends[lanes] {
            order.push(lanes);
        }
        let mut strides = vec![Ix::ZERO; kernel.rank()];
        let mut size = Ix::ONE;
        for &axis in order.iter().rev() {
            strides[axis] = size;
            size = size.mul(rw, kernel.axes[axis].extent);
        }
        let bytes = element.bit_width().div_ceil(8) as i64;
        let fits = |n: &i64| {
            n.checked_mul(MAX_CHUNKS * bytes)
                .is_some_and(|total| total <= MAX_STACK_BYTES)
        };
        let on_stack = size.constant().filter(fits);
        let flat = match on_stack {
            Some(size) => stack_array(rw, kernel.anchor, size * MAX_CHUNKS, element),
            None => {
                let count = chunks.mul(rw, size).value(rw);
                rw.memref_alloc(rw.ctx().memref(&[DYNAMIC], element), &[count])
            }
        };
        let depends = output.depends.clone();
        let access = Access {
            flat,
            start: Ix::ZERO,
            strides,
            divided: Vec::new(),
            depends,
        };
        Self {
            access,
            size,
            on_heap: on_stack.is_none(),
        }
    }
}

impl Kernel<'_> {
    /// Whether the outputs can be accumulated privately over `reduced` axes: none of
    /// them depends on one, and all depend on the same other axes.
    fn privatizable(&self, reduced: &[usize]) -> bool {
        !self.outs.is_empty()
            && self.combine.is_some()
            && !self.inits.is_empty()
            && self
                .outs
                .iter()
                .all(|out| out.depends == self.outs[0].depends)
            && self
                .outs
                .iter()
                .all(|out| reduced.iter().all(|&axis| !out.depends[axis]))
    }
}

/// An array on the stack of the function around `anchor`, made once per call.
fn stack_array<'c>(rw: Rewriter<'c>, anchor: Op<'c>, size: i64, element: Type<'c>) -> Val<'c> {
    rw.scoped(|rw| {
        let function = anchor.enclosing("func.func");
        match function.and_then(|function| function.region(0).entry()) {
            Some(entry) => rw.at_start(entry),
            None => rw.before(anchor),
        }
        let ty = rw.ctx().memref(&[size], element);
        rw.op("memref.alloca")
            .attr("operandSegmentSizes", rw.ctx().i32_array(&[0, 0]))
            .results(&[ty])
            .build_value()
    })
}

fn product<'c>(rw: Rewriter<'c>, factors: &[Ix<'c>]) -> Ix<'c> {
    factors
        .iter()
        .fold(Ix::ONE, |product, &factor| product.mul(rw, factor))
}

/// `loop.parallel_for` over `[0, n)`.
fn parallel_for<'c>(
    rw: Rewriter<'c>,
    n: Ix<'c>,
    grain: Ix<'c>,
    body: impl FnOnce(Rewriter<'c>, Ix<'c>, Ix<'c>),
) {
    ParallelFor::create(rw, n.value(rw), grain.value(rw), |rw, lo, hi| {
        body(rw, Ix::Val(lo), Ix::Val(hi));
    });
}
