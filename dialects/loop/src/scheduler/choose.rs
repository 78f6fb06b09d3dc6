//! The choice of a schedule: one function per decision, in the order in which they are made.

use super::contraction::Contraction;
use super::facts::Facts;
use super::machine::*;
use super::stream::stream;
use crate::schedule::{IteratorKind, Schedule};
use IteratorKind::{Parallel, Reduction, Sequential};

/// A schedule for the nest on `machine`.
pub(super) fn choose(facts: &Facts<'_>, machine: Machine) -> Schedule {
    let rank = facts.rank();
    let mut schedule = Schedule::scalar(rank);
    if rank == 0 {
        return schedule;
    }
    match Contraction::of(facts, machine) {
        Some(contraction) => contraction.schedule(facts, machine, &mut schedule),
        None => {
            let lanes = best_lanes(facts, machine);
            schedule.order = order(facts, lanes);
            schedule.lanes = lanes.unwrap_or(schedule.order[rank - 1]);
            if let Some(axis) = lanes {
                schedule.vector = facts.width(axis, machine.vector_bits);
            }
            schedule.unroll = unroll(facts, machine, &schedule);
            share_row_vector(facts, &mut schedule);
            jam_reduction(facts, &mut schedule);
            tile_transposition(facts, &mut schedule);
            schedule.collapse = collapse(facts, &schedule);
            narrow(facts, &mut schedule);
            schedule.block = block(facts, &schedule);
        }
    }
    if machine.threads {
        share(facts, &mut schedule);
    }
    schedule.stream = stream(facts, &schedule);
    schedule
}

/// The axis whose lanes cost least per point; `None` where scalar code is best.
fn best_lanes(facts: &Facts<'_>, machine: Machine) -> Option<usize> {
    let mut best = (facts.cycles_per_point(0, 1), None);
    // From the last axis: memory tends to be contiguous there, and ties go to it.
    for axis in (0..facts.rank())
        .rev()
        .filter(|&axis| facts.may_hold_lanes(axis))
    {
        let width = facts.width(axis, machine.vector_bits);
        let cycles = facts.cycles_per_point(axis, width);
        if width > 1 && cycles < best.0 {
            best = (cycles, Some(axis));
        }
    }
    best.1
}

/// Loops from the outside: parallel axes as the outputs lie in memory, sequential and
/// reduction axes, then the lanes.
fn order(facts: &Facts<'_>, lanes: Option<usize>) -> Vec<usize> {
    let rank = facts.rank();
    if facts.kinds.contains(&Sequential) {
        // Whatever comes in order keeps its place; only parallel lanes move inside.
        let mut order: Vec<usize> = (0..rank).filter(|&axis| Some(axis) != lanes).collect();
        order.extend(lanes);
        return order;
    }
    let rest = |kind| (0..rank).filter(move |&axis| facts.is(axis, kind) && Some(axis) != lanes);
    let mut parallel: Vec<usize> = rest(Parallel).collect();
    parallel.sort_by_key(|&axis| facts.position_in_output(axis));
    parallel
        .into_iter()
        .chain(rest(Reduction))
        .chain(lanes)
        .collect()
}

/// Vectors in flight along the lanes: more for short bodies, no more than there are.
fn unroll(facts: &Facts<'_>, machine: Machine, schedule: &Schedule) -> i64 {
    let lanes = schedule.lanes;
    // Scalar code gains where it accumulates: by latency, and in accuracy.
    if schedule.vector == 1 && !(facts.is(lanes, Reduction) && facts.reassociates) {
        return 1;
    }
    let wanted = match facts.num_ops {
        n if n <= UNROLL_4_OPS => 4,
        n if n <= UNROLL_2_OPS => 2,
        _ => 1,
    };
    // Of each vector an input, its accumulators and an intermediate value are in registers.
    let several = facts.changes.len() > 1 && !facts.sums;
    let accumulates = facts.is(lanes, Reduction) && facts.reassociates && several;
    let waits = accumulates && wanted == 4 && facts.accumulator_chain() >= LONG_CHAIN;
    let wanted = match waits {
        true => wanted.max(machine.registers() / (facts.walks.len() as i64 + 2)),
        false => wanted,
    };
    // One of many reductions that may be decided soon is asked soon.
    let soon = facts.is(lanes, Reduction)
        && facts.kinds.contains(&Parallel)
        && facts.nest.absorbing().is_some();
    let wanted = match soon {
        true => wanted.min(FIRST_POINTS / schedule.vector).max(1),
        false => wanted,
    };
    // Lanes that are decided wait for the others, and each lane of a gather costs.
    let ins = &facts.walks[..facts.num_ins];
    let gathers = (ins.iter()).any(|walk| !walk.invariant(lanes) && !walk.contiguous(lanes));
    let one = facts.is(lanes, Parallel) && facts.nest.absorbing().is_some() && gathers;
    let wanted = if one { 1 } else { wanted };
    let vectors = facts.extents[lanes].map_or(wanted, |n| (n / schedule.vector).max(1));
    match vectors < wanted {
        true => 1 << vectors.ilog2(),
        false => wanted,
    }
}

/// Lanes along a few points that no other axis continues: a vector of just those, for one with a mask costs more. Where
/// iterations come in order and read what was written before, processors wait for what a mask has written, so there is
/// none.
fn narrow(facts: &Facts<'_>, schedule: &mut Schedule) {
    let few = facts.extents[schedule.lanes]
        .filter(|n| *n > 0 && *n < schedule.vector && schedule.collapse == 0)
        .filter(|_| facts.is(schedule.lanes, Parallel));
    if let Some(n) = few {
        let waits = facts.kinds.contains(&Sequential) && n.count_ones() != 1;
        schedule.vector = match waits {
            true => 1,
            false => (n as u64).next_power_of_two() as i64,
        };
    }
}

/// A product of rows and a vector, `S[i] += A[i, k]·x[k]`: several rows per visit of `x`,
/// whose accumulators fill the registers instead of several vectors of one row.
fn share_row_vector(facts: &Facts<'_>, schedule: &mut Schedule) {
    let rank = facts.rank();
    let lanes = schedule.lanes;
    let plain = rank >= 2
        && schedule.vector > 1
        && facts.is(lanes, Reduction)
        && facts.reassociates
        && facts.num_ops <= UNROLL_4_OPS
        && facts.nest.absorbing().is_none()
        && schedule.order[rank - 1] == lanes;
    let row = schedule.order[rank.saturating_sub(2)];
    if !plain || !facts.is(row, Parallel) {
        return;
    }
    let ins = &facts.walks[..facts.num_ins];
    let shared = ins
        .iter()
        .any(|walk| walk.invariant(row) && !walk.invariant(lanes));
    let moving = ins
        .iter()
        .any(|walk| !walk.invariant(row) && !walk.invariant(lanes));
    if shared && moving {
        schedule.jam[row] = facts.extents[row].map_or(4, |n| n.clamp(1, 4));
        // The parts of a complex sum are two outputs.
        let outputs = facts.changes.len() as i64;
        schedule.unroll = schedule.unroll.min((2 / outputs.max(1)).max(1));
    }
}

/// A reduction over an axis outside the lanes, `S[j] += A[i, j]`: several rows per
/// visit of `S`, of which a tile stays in the first level of the cache.
fn jam_reduction(facts: &Facts<'_>, schedule: &mut Schedule) {
    let rank = facts.rank();
    if rank < 2 || schedule.vector == 1 {
        return;
    }
    let (outer, lanes) = (schedule.order[rank - 2], schedule.lanes);
    if !facts.is(lanes, Parallel) || !facts.is(outer, Reduction) {
        return;
    }
    let long = facts.num_ops > UNROLL_4_OPS;
    let mut ins = facts.walks[..facts.num_ins].iter();
    if long && facts.reassociates {
        return;
    }
    if long && ins.all(|walk| walk.invariant(outer) || walk.invariant(lanes)) {
        // A loop of its own for each vector: the accumulators stay in registers.
        schedule.order.swap(rank - 2, rank - 1);
        return;
    }
    if facts.nest.absorbing().is_some() && facts.bits <= 16 {
        // Accumulators in registers, so that the loop can end when they are decided.
        schedule.order.swap(rank - 2, rank - 1);
        return;
    }
    schedule.unroll = schedule.unroll.min(2);
    let rows = if long { 1 } else { 8 };
    schedule.jam[outer] = facts.extents[outer].map_or(rows, |n| n.clamp(1, rows));
    let size = round_up(
        ROW_PIECE / (facts.bits / 8).max(1),
        schedule.vector * schedule.unroll,
    );
    // Small outputs are reduced in private copies instead; see `share`.
    let small = facts.extents[lanes].is_some_and(|n| n <= size);
    if !small {
        schedule.tile[lanes] = size;
    }
}

/// Operands that are contiguous along different axes: square tiles, so that every cache
/// line that is loaded is used up.
fn tile_transposition(facts: &Facts<'_>, schedule: &mut Schedule) {
    let lanes = schedule.lanes;
    if facts.kinds.iter().any(|&kind| kind != Parallel)
        || schedule.tile.iter().any(|&size| size > 0)
    {
        return;
    }
    let across = |axis: usize| {
        axis != lanes
            && facts.walks.iter().any(|walk| {
                walk.contiguous(axis) && !walk.contiguous(lanes) && !walk.invariant(lanes)
            })
    };
    if let Some(axis) = (0..facts.rank()).find(|&axis| across(axis)) {
        for axis in [axis, lanes] {
            if facts.extents[axis].is_none_or(|n| n > TRANSPOSE_TILE) {
                schedule.tile[axis] = TRANSPOSE_TILE;
            }
        }
        schedule.unroll = schedule
            .unroll
            .min((TRANSPOSE_TILE / schedule.vector).max(1));
    }
}

/// How many of the innermost axes can be one, where memory is contiguous across them.
fn collapse(facts: &Facts<'_>, schedule: &Schedule) -> usize {
    let lanes = schedule.lanes;
    let plain = |axis: usize| {
        facts.kinds[axis] == facts.kinds[lanes]
            && schedule.tile[axis] == 0
            && schedule.jam[axis] == 1
            && !facts.indexed[axis]
            && !facts.walks.iter().any(|walk| walk.divides[axis])
            && facts.nest.captured_memrefs().is_empty()
    };
    let moves = schedule.vector > 1 && schedule.order.last() == Some(&lanes);
    let count = schedule
        .order
        .iter()
        .rev()
        .take_while(|&&axis| plain(axis))
        .count();
    if moves && count > 1 { count } else { 0 }
}

/// The block of compensated sums, for sums along the innermost axis.
fn block(facts: &Facts<'_>, schedule: &Schedule) -> i64 {
    let innermost = schedule.order[facts.rank() - 1];
    if !facts.sums || !facts.reassociates || !facts.is(innermost, Reduction) {
        return 0;
    }
    let in_lanes = innermost == schedule.lanes;
    sum_block(if in_lanes {
        schedule.vector * schedule.unroll
    } else {
        1
    })
}

/// The block of a sum with that many partial sums side by side.
pub(crate) fn sum_block(partial_sums: i64) -> i64 {
    (SUM_STEPS * partial_sums).min(SUM_BLOCK)
}

/// Spreads outer loops over threads where there is enough to do.
fn share(facts: &Facts<'_>, schedule: &mut Schedule) {
    let innermost = schedule.order[facts.rank() - 1];
    let arithmetic = facts.cycles_per_point(schedule.lanes, schedule.vector);
    let traffic = facts.bytes_per_point(innermost) / BYTES_PER_CYCLE;
    let mut ns = arithmetic.max(traffic).max(CYCLE_NS) * CYCLE_NS;
    if facts.nest.absorbing().is_some() {
        ns /= UNDECIDED;
    }
    schedule.grain = (TASK_NS / ns).ceil().clamp(1.0, 1e9) as i64;

    let points = facts
        .extents
        .iter()
        .try_fold(1i64, |points, extent| points.checked_mul((*extent)?));
    if points.is_some_and(|points| points <= schedule.grain) {
        schedule.grain = 0;
        return;
    }
    schedule.parallel = shared_loops(facts, schedule);
    if schedule.parallel == 0 {
        schedule.grain = 0;
    }
}

/// How many of the outermost loops can be shared, no more than it takes.
fn shared_loops(facts: &Facts<'_>, schedule: &Schedule) -> usize {
    let loops = schedule.loops();
    let in_flight = |axis: usize| {
        schedule.jam[axis] > 1 || (axis == schedule.lanes && schedule.vector * schedule.unroll > 1)
    };
    let mut count = 0;
    let mut iterations = 1i64;
    for spec in &loops {
        let whole = spec.tile.is_none();
        if !facts.is(spec.axis, Parallel)
            || (whole && schedule.tile[spec.axis] > 0)
            || iterations >= ENOUGH_ITERATIONS
        {
            break;
        }
        count += 1;
        let extent = facts.extents[spec.axis].unwrap_or(ENOUGH_ITERATIONS);
        iterations = iterations.saturating_mul(
            spec.tile
                .map_or(extent, |size| extent / size + i64::from(extent % size != 0)),
        );
        // Merged axes may turn out to have one point each, but for the last.
        if schedule.collapse > 1
            && schedule.order[facts.rank() - schedule.collapse..].contains(&spec.axis)
        {
            iterations = 1;
        }
        if whole && in_flight(spec.axis) {
            return count;
        }
    }
    if iterations < ENOUGH_ITERATIONS {
        count + shared_reductions(facts, schedule, count)
    } else {
        count
    }
}

/// How many reduction loops after the first `count` loops can be shared, each chunk
/// accumulating into memory of its own.
fn shared_reductions(facts: &Facts<'_>, schedule: &Schedule, count: usize) -> usize {
    let loops = schedule.loops();
    let alike = facts.changes.windows(2).all(|pair| pair[0] == pair[1]);
    if !facts.reassociates || !alike || loops[..count].iter().any(|spec| spec.tile.is_some()) {
        return 0;
    }
    let copied = (0..facts.rank()).filter(|&axis| facts.changes[0][axis]);
    let size = copied
        .map(|axis| facts.extents[axis])
        .try_fold(1i64, |size, extent| size.checked_mul(extent?));
    if size.is_none_or(|size| size > PRIVATE_ELEMENTS) {
        return 0;
    }
    let mut more = 0;
    for spec in &loops[count..] {
        let lanes = spec.axis == schedule.lanes && schedule.vector * schedule.unroll > 1;
        let whole = spec.tile.is_none();
        if !facts.is(spec.axis, Reduction) || (whole && schedule.tile[spec.axis] > 0) {
            break;
        }
        more += 1;
        if whole && (lanes || schedule.jam[spec.axis] > 1) {
            break;
        }
    }
    more
}

/// `n` rounded up to a multiple of `step`, at least one.
pub(super) fn round_up(n: i64, step: i64) -> i64 {
    (n.max(1) + step - 1) / step * step
}
