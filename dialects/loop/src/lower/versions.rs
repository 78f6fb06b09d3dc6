//! Kernels for a nest: which strides each version of the code relies on.
//!
//! Vectors want unit strides, and many are known only at run time. Where a nest needs
//! such strides to be one, it is lowered twice, behind one test of them all: the
//! scheduled code for when they are, simpler code for when they are not. So it is where sizes
//! decide at run time whether outputs are stored past the caches.

use super::emit::CACHE_LINE;
use super::index::Ix;
use super::kernel::{Access, Axis, Body, Kernel, Layout};
use crate::access::{Stride, Walk, element_bits, element_bytes, strides};
use crate::forms::{Form, body_accesses};
use crate::nest::Nest;
use crate::schedule::{IteratorKind, Schedule};
use npir_mlir::prelude::*;

/// The code to emit for a nest.
pub(super) struct Versions<'c> {
    /// Tests, each an `i1`, and what to run where it is the first to hold.
    pub(super) tested: Vec<(Val<'c>, Kernel<'c>)>,
    /// What to run where none holds.
    pub(super) otherwise: Kernel<'c>,
}

/// Builds the kernels of `nest` for `schedule`, and what they need, at the insertion point.
pub(super) fn versions<'c>(rw: Rewriter<'c>, nest: Nest<'c>, schedule: Schedule) -> Versions<'c> {
    let general = kernel(rw, nest, schedule);
    let lanes = general.schedule.lanes;
    // Scalar code takes any stride as it comes.
    if general.width() == 1 {
        let mut kernel = general;
        collapse(rw, &mut kernel);
        return Versions {
            tested: Vec::new(),
            otherwise: kernel,
        };
    }
    let walks = operand_walks(nest);
    let mut fast = general.clone();
    let mut tested: Vec<Val<'c>> = Vec::new();
    let mut narrow = false;
    let expected = nest.unit_strides();
    let accesses = fast.ins.iter_mut().chain(&mut fast.outs);
    for (i, (access, walk)) in accesses.zip(&walks).enumerate() {
        let likely = walk.strides[lanes] == Stride::LikelyUnit || expected.contains(&(i as i64));
        if let Ix::Val(stride) = access.strides[lanes]
            && likely
            && !walk.divides[lanes]
        {
            tested.push(stride);
            access.strides[lanes] = Ix::ONE;
            narrow |= !gathers(walk.bits);
        }
    }
    let varying: Vec<bool> = general
        .ins
        .iter()
        .map(|access| access.depends[lanes])
        .collect();
    for access in body_accesses(nest, lanes, &varying) {
        let (Form::Step, Some(dim)) = (access.form, access.dim) else {
            continue;
        };
        let layout = fast
            .captured
            .iter_mut()
            .find(|(key, _)| *key == access.memref.key());
        let Some((_, layout)) = layout else { continue };
        if let Ix::Val(stride) = layout.strides[dim]
            && strides(access.memref)[dim] == Stride::LikelyUnit
        {
            tested.push(stride);
            layout.strides[dim] = Ix::ONE;
            narrow |= !gathers(element_bits(access.memref.ty().element()));
        }
    }
    let large = streams(rw, &fast);
    collapse(rw, &mut fast);
    let streaming = match large {
        Streams::Never => None,
        Streams::Always => {
            fast.streams = true;
            None
        }
        Streams::Where(condition) => {
            let streaming = Kernel {
                streams: true,
                ..fast.clone()
            };
            Some((condition, streaming))
        }
    };
    if tested.is_empty() {
        return Versions {
            tested: streaming.into_iter().collect(),
            otherwise: fast,
        };
    }
    let unit = all_one(rw, &tested);
    let streaming = streaming.map(|(large, kernel)| (rw.andi(unit, large), kernel));
    let mut slow = general;
    slow.schedule = simplified(&slow, narrow);
    Versions {
        tested: streaming.into_iter().chain([(unit, fast)]).collect(),
        otherwise: slow,
    }
}

/// When a kernel stores its first output past the caches.
enum Streams<'c> {
    Never,
    Always,
    /// Where this `i1` holds.
    Where(Val<'c>),
}

/// Least bytes of a vector that is stored past the caches: those of one cache line leave the processor together.
const LEAST_STREAMED: i64 = 16;

fn streams<'c>(rw: Rewriter<'c>, kernel: &Kernel<'c>) -> Streams<'c> {
    let (Some(out), least) = (kernel.outs.first(), kernel.schedule.stream) else {
        return Streams::Never;
    };
    let contiguous = out.strides[kernel.schedule.lanes].constant() == Some(1);
    let bytes = element_bytes(out.flat.ty().element()).map_or(0, |bytes| bytes as i64);
    if least == 0 || !contiguous || bytes * kernel.width() < LEAST_STREAMED {
        return Streams::Never;
    }
    let mut tests = Vec::new();
    // Vectors of one place along the lanes begin a cache line in all rows or in none.
    let order = &kernel.schedule.order;
    let inner = order
        .iter()
        .rev()
        .take_while(|axis| **axis != kernel.schedule.lanes);
    for axis in inner.filter(|axis| out.depends[**axis]) {
        match out.strides[*axis].mul(rw, Ix::Const(bytes)) {
            Ix::Const(step) if step % CACHE_LINE == 0 => {}
            Ix::Const(_) => return Streams::Never,
            Ix::Val(step) => {
                let beyond = rw.andi(step, rw.const_index(CACHE_LINE - 1));
                tests.push(rw.cmpi(CmpI::Eq, beyond, rw.const_index(0)));
            }
        }
    }
    let axes = kernel.axes.iter().zip(&out.depends);
    let extents = axes.filter(|(_, depends)| **depends);
    let size = extents.fold(Ix::Const(bytes), |size, (axis, _)| {
        size.mul(rw, axis.extent)
    });
    match size {
        _ if least == 1 => {}
        Ix::Const(size) if size >= least => {}
        Ix::Const(_) => return Streams::Never,
        Ix::Val(size) => tests.push(rw.cmpi(CmpI::Sge, size, rw.const_index(least))),
    }
    match tests[..] {
        [] => Streams::Always,
        _ => Streams::Where(all(rw, &tests)),
    }
}

/// The kernel of a nest that relies on nothing but types.
fn kernel<'c>(rw: Rewriter<'c>, nest: Nest<'c>, schedule: Schedule) -> Kernel<'c> {
    let axes = nest
        .bounds()
        .into_iter()
        .zip(nest.iterator_kinds())
        .map(|(extent, kind)| Axis {
            kind,
            extent: match extent.simplify() {
                OpFold::Static(n) => Ix::Const(n),
                OpFold::Value(v) => Ix::Val(v),
            },
        })
        .collect();
    let mut layouts: Vec<(usize, Layout<'c>)> = Vec::new();
    let mut layout = |memref: Val<'c>| -> Layout<'c> {
        if let Some((_, layout)) = layouts.iter().find(|(key, _)| *key == memref.key()) {
            return layout.clone();
        }
        let layout = Layout::new(rw, memref);
        layouts.push((memref.key(), layout.clone()));
        layout
    };
    let maps = nest.affine_maps();
    let (in_maps, out_maps) = maps.split_at(nest.inputs().len());
    let ins = nest.inputs().into_iter().zip(in_maps);
    let ins = ins
        .map(|(memref, &map)| Access::new(rw, &layout(memref), map, false))
        .collect();
    let outs = nest.outputs().into_iter().zip(out_maps);
    let outs = outs
        .map(|(memref, &map)| Access::new(rw, &layout(memref), map, true))
        .collect();
    let captured = nest
        .captured_memrefs()
        .into_iter()
        .map(|memref| (memref.key(), layout(memref)))
        .collect();
    let combine = nest.combine_block();
    Kernel {
        anchor: nest.op(),
        axes,
        ins,
        outs,
        inits: nest.initial_values(),
        body: Body::Map(nest.body_block()),
        combine,
        absorbing: nest.absorbing().map(|value| rw.const_attr(value)),
        sums: combine.map_or_else(Vec::new, sums),
        captured,
        schedule,
        streams: false,
    }
}

/// Walks of all inputs, then all outputs.
pub(crate) fn operand_walks(nest: Nest<'_>) -> Vec<Walk> {
    let operands = nest.inputs().into_iter().chain(nest.outputs());
    operands
        .zip(nest.affine_maps())
        .map(|(memref, map)| Walk::new(memref, map))
        .collect()
}

/// Which outputs a combine region merges by a floating-point addition.
pub(crate) fn sums(combine: Blk<'_>) -> Vec<bool> {
    let args = combine.args();
    let outs = args.len() / 2;
    let Some(terminator) = combine.terminator_op() else {
        return vec![false; outs];
    };
    let is_sum = |(out, value): (usize, Val<'_>)| {
        value.defining_op().is_some_and(|op| {
            let operands = op.operand_values();
            op.name() == "arith.addf"
                && (operands == [args[out], args[outs + out]]
                    || operands == [args[outs + out], args[out]])
        })
    };
    terminator
        .operand_values()
        .into_iter()
        .enumerate()
        .map(is_sum)
        .collect()
}

/// Whether machines gather elements of that size.
fn gathers(bits: i64) -> bool {
    matches!(bits, 32 | 64)
}

/// Rows of a reduction that run side by side where its strides are not one.
const ROWS: i64 = 8;

/// The schedule where strides are not what vectors want.
fn simplified(kernel: &Kernel<'_>, narrow: bool) -> Schedule {
    let schedule = &kernel.schedule;
    let mut simple = schedule.clone();
    simple.jam.fill(1);
    simple.collapse = 0;
    simple.stream = 0;
    if kernel.axes[schedule.lanes].kind != IteratorKind::Reduction {
        simple.unroll = 1;
        if narrow {
            simple.vector = 1;
        }
    } else {
        // Gathered lanes cost more than what they add. Rows side by side share the cache
        // lines of an operand that is contiguous across them.
        simple.vector = 1;
        if let Some(row) = row_around_lanes(kernel) {
            simple.jam[row] = ROWS / kernel.outs.len().min(2) as i64;
            simple.unroll = 1;
        }
    }
    if simple.block > 0 {
        simple.block = simple
            .block
            .min(crate::scheduler::sum_block(simple.vector * simple.unroll));
    }
    simple
}

/// The parallel axis next around the innermost lanes, not counting axes of one point.
fn row_around_lanes(kernel: &Kernel<'_>) -> Option<usize> {
    let mut around = kernel.schedule.order.iter().rev().copied();
    let next = |axis: &usize| kernel.axes[*axis].extent.constant() != Some(1);
    (around.next() == Some(kernel.schedule.lanes))
        .then(|| around.find(next))?
        .filter(|&axis| kernel.axes[axis].kind == IteratorKind::Parallel)
}

fn all_one<'c>(rw: Rewriter<'c>, strides: &[Val<'c>]) -> Val<'c> {
    let one = rw.const_index(1);
    let mut distinct: Vec<Val<'c>> = Vec::new();
    for &stride in strides {
        if !distinct.iter().any(|other| other.key() == stride.key()) {
            distinct.push(stride);
        }
    }
    let tests: Vec<Val<'c>> = distinct
        .iter()
        .map(|&stride| rw.cmpi(CmpI::Eq, stride, one))
        .collect();
    all(rw, &tests)
}

/// The conjunction of `i1` values.
fn all<'c>(rw: Rewriter<'c>, conditions: &[Val<'c>]) -> Val<'c> {
    match conditions {
        [] => rw.const_bool(true),
        [first, rest @ ..] => rest.iter().fold(*first, |all, &next| rw.andi(all, next)),
    }
}

/// The most comparisons that a run-time merge of axes is worth.
const MAX_COMPARISONS: usize = 12;

/// Merges the innermost `collapse` axes of the schedule into the lane axis where every
/// operand lies contiguously across them.
///
/// Axis `a` merges into the lane axis `b` of `n` points when each operand moves `n`
/// times as far along `a` as along `b`; then `b` gets all points and `a` one. Where
/// that is known at run time only, the extents are chosen there: the code is the same.
fn collapse<'c>(rw: Rewriter<'c>, kernel: &mut Kernel<'c>) {
    let schedule = kernel.schedule.clone();
    if schedule.collapse < 2 || kernel.rank() < 2 {
        return;
    }
    let lane = schedule.lanes;
    let merged = &schedule.order[kernel.rank() - schedule.collapse..kernel.rank() - 1];
    let mut whole = kernel.axes[lane].extent;
    let mut condition: Option<Val<'c>> = None;
    let mut comparisons = 0;
    for &axis in merged.iter().rev() {
        let mut tests: Vec<Val<'c>> = condition.into_iter().collect();
        for access in kernel.ins.iter().chain(&kernel.outs) {
            if access.divides(axis) || access.divides(lane) {
                return;
            }
            match (access.strides[axis], access.strides[lane].mul(rw, whole)) {
                (Ix::Const(a), Ix::Const(b)) if a == b => {}
                (Ix::Const(_), Ix::Const(_)) => return,
                (Ix::Val(a), Ix::Val(b)) if a.key() == b.key() => {}
                (a, b) => {
                    comparisons += 1;
                    tests.push(rw.cmpi(CmpI::Eq, a.value(rw), b.value(rw)));
                }
            }
        }
        if comparisons > MAX_COMPARISONS {
            return;
        }
        let extent = kernel.axes[axis].extent;
        whole = whole.mul(rw, extent);
        if tests.is_empty() {
            kernel.axes[axis].extent = Ix::ONE;
            kernel.axes[lane].extent = whole;
        } else {
            let test = all(rw, &tests);
            kernel.axes[axis].extent = Ix::select(rw, test, Ix::ONE, extent);
            kernel.axes[lane].extent = Ix::select(rw, test, whole, kernel.axes[lane].extent);
            condition = Some(test);
        }
    }
}

/// Whether two axes of these kinds may be one.
pub(crate) fn mergeable(a: IteratorKind, b: IteratorKind) -> bool {
    a == b && a != IteratorKind::Sequential
}
