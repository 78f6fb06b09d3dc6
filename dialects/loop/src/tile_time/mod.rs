//! `loop-tile-time`: iterations of a stencil run over rows that are still in the cache.
//!
//! A loop over time that works on whole arrays moves all of them through the caches in every iteration. Here several
//! iterations run at a time: rows come in waves, in each of which every iteration follows the one before at a distance
//! that what it reads leaves it (time skewing; D. Wonnacott, *Using time skewing to eliminate idle time due to memory
//! bandwidth and network limitations*, IPDPS 2000). For threads the rows are cut into parts that get smaller with every
//! iteration, so that they do not need each other, and what is left between two of them comes after both (split tiling;
//! S. Krishnamoorthy and others, *Effective automatic parallelization of stencil computations*, PLDI 2007).
//!
//! Nests stay what they are, and each point is computed as before: results do not change by a bit.

mod lies;
mod loops;
mod skew;

use crate::nest::{Index, Nest};
use crate::part::{copy, on_part, range, shift};
use crate::runtime_ops::ParallelFor;
use crate::scheduler::L2_SHARE;
use loops::{Ring, Statement, TimeLoop, reads_number};
use npir_mlir::prelude::*;

/// Bytes of the rows that a wave has in flight.
const WINDOW: i64 = 3 * L2_SHARE;
/// How many windows are less than what the caches keep from one iteration to the next.
const CACHED_WINDOWS: i64 = 10;
/// The part of a window that is a step of a wave.
const STEP: i64 = 6;
/// Fewest iterations at a time for which it is worth it.
const LEAST_ITERATIONS: i64 = 3;
/// Most iterations at a time: more save little.
const MOST_ITERATIONS: i64 = 32;
/// The most parts that rows are cut into.
const MOST_PARTS: i64 = 16;
/// How many times as many rows a part has as it loses to its neighbours.
const PART: i64 = 3;

/// Runs several iterations of loops over time block by block of rows.
///
/// Loops qualify that consist of nests with an axis of rows, all of whose points are independent; arrays that they write
/// must have rows in their first dimension, at offsets that are known. Loops may write in place, or carry arrays that
/// take turns: what one iteration computes is an operand of the next.
#[pass("loop-tile-time", dependent_dialects("arith", "scf", "memref"))]
#[derive(Clone)]
pub struct LoopTileTime {
    #[option(
        name = "threads",
        default = "true",
        description = "Spread parts of the rows over threads"
    )]
    threads: bool,
    #[option(
        name = "window",
        default = "0",
        description = "Bytes of the rows that a wave has in flight; 0 for as many as stay in the cache"
    )]
    window: i64,
    #[statistic(
        name = "tiled",
        description = "Loops that run several iterations at a time"
    )]
    tiled: Statistic,
}

impl Pass for LoopTileTime {
    fn run(&mut self, op: Op<'_>, _cx: &PassCx<'_>) -> PassResult {
        let mut loops = Vec::new();
        op.walk_ops(&mut |op| {
            if matches!(op.name(), Nest::NAME | ParallelFor::NAME) {
                return Walk::Skip;
            }
            if op.name() == "scf.for" {
                loops.push(op);
            }
            Walk::Advance
        });
        let window = match self.window {
            0 => WINDOW,
            window => window,
        };
        for op in loops {
            if let Some(tiling) = TimeLoop::of(op).and_then(|time| Tiling::new(time, window)) {
                tiling.emit(self.threads);
                self.tiled.add(1);
            }
        }
        Ok(())
    }
}

/// A loop and how it is tiled.
struct Tiling<'c> {
    time: TimeLoop<'c>,
    /// Iterations at a time.
    iterations: i64,
    /// Rows of a step of a wave.
    step: i64,
}

/// Of the parts of the rows, those that come first, or the gaps between them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Parts,
    Gaps,
}

/// The rows that a wave goes over.
struct Region<'c> {
    phase: Phase,
    /// The row where the part begins, or the two parts meet.
    at: Val<'c>,
    /// Whether it is the first part, and the last.
    first: Val<'c>,
    last: Val<'c>,
    /// Where the next part begins.
    end: Val<'c>,
}

impl<'c> Tiling<'c> {
    /// `None` where all is in the cache anyway, or rows are too long for several iterations to be.
    fn new(time: TimeLoop<'c>, window: i64) -> Option<Self> {
        let row = time.row_bytes.max(1);
        let cached = CACHED_WINDOWS.saturating_mul(window);
        if time
            .rows()
            .is_some_and(|rows| rows.saturating_mul(row) < cached)
        {
            return None;
        }
        let step = (window / STEP / row).max(1);
        let skew = &time.skew;
        let room = window / row - step - skew.down.most() - skew.reach;
        let most = time
            .iterations()
            .map_or(MOST_ITERATIONS, |n| n.min(MOST_ITERATIONS));
        let iterations = (room / skew.down.each.max(1)).min(most);
        (iterations >= LEAST_ITERATIONS).then_some(Self {
            time,
            iterations,
            step,
        })
    }

    /// Rows that a part loses to its neighbours.
    fn lost(&self) -> i64 {
        let skew = &self.time.skew;
        let each = skew.down.each + skew.up.each;
        each * self.iterations + skew.down.most() + skew.up.most() + skew.reach + 1
    }

    fn emit(self, threads: bool) {
        let op = self.time.op;
        rewrite_at(op, |rw| {
            let [zero, one] = [0, 1].map(|n| rw.const_index(n));
            let (lower, upper, step) = (op.operand(0), op.operand(1), op.operand(2));
            let total = match self.time.iterations() {
                Some(n) => rw.const_index(n),
                None => rw.maxsi(rw.ceildivsi(rw.subi(upper, lower), step), zero),
            };
            let rings: Vec<Vec<Val<'c>>> = self
                .time
                .rings
                .iter()
                .map(|ring| arrays(rw, ring))
                .collect();
            let mut outside = IrMapping::new();
            for alloc in self
                .time
                .body
                .ops()
                .into_iter()
                .filter(|op| op.name() == "memref.alloc")
            {
                let carried = self.time.rings.iter().flat_map(|ring| &ring.members);
                if !carried
                    .into_iter()
                    .any(|member| *member == alloc.result_value(0))
                {
                    rw.clone_with(alloc, &mut outside);
                }
            }
            let rows: Vec<Val<'c>> = self
                .time
                .statements
                .iter()
                .map(|s| rw.materialize(rows(s)))
                .collect();
            let most = rows[1..].iter().fold(rows[0], |most, n| rw.maxsi(most, *n));
            let parts = rw.divsi(most, rw.const_index(PART * self.lost()));
            let parts = rw.maxsi(rw.minsi(parts, rw.const_index(MOST_PARTS)), one);
            let part = rw.maxsi(rw.ceildivsi(most, parts), one);
            // Rounding up may have left none for the last one.
            let parts = rw.maxsi(rw.ceildivsi(most, part), one);
            let gaps = rw.subi(parts, one);
            let block = rw.const_index(self.iterations);
            rw.scf_for(zero, total, block, &[], |rw, begin, _| {
                let count = rw.minsi(rw.subi(total, begin), block);
                let now = Now {
                    begin,
                    count,
                    rings: &rings,
                    rows: &rows,
                    outside: &outside,
                };
                for (phase, regions) in [(Phase::Parts, parts), (Phase::Gaps, gaps)] {
                    spread(rw, threads, regions, |rw, i| {
                        let number = match phase {
                            Phase::Parts => i,
                            Phase::Gaps => rw.addi(i, one),
                        };
                        let at = rw.muli(number, part);
                        let region = Region {
                            phase,
                            at,
                            first: rw.cmpi(CmpI::Eq, number, zero),
                            last: rw.cmpi(CmpI::Eq, number, gaps),
                            end: rw.addi(at, part),
                        };
                        self.wave(rw, &region, &now);
                    });
                }
                Vec::new()
            });
            let results = self.results(rw, &rings, total);
            rw.replace(op, &results);
        });
    }

    /// All iterations on the rows of a region, a few rows of each at a time.
    fn wave(&self, rw: Rewriter<'c>, region: &Region<'c>, now: &Now<'_, 'c>) {
        let (down, up) = (&self.time.skew.down, &self.time.skew.up);
        let index = |n| rw.const_index(n);
        let (zero, one) = (index(0), index(1));
        let later = rw.subi(now.count, one);
        // Statement `k` has row `i` of iteration `t` in wave `i + down[k] + down.each * t`.
        let delayed = |rows: &[Val<'c>]| -> Val<'c> {
            let ends = rows.iter().zip(&down.statements);
            let mut ends = ends.map(|(n, delay)| rw.addi(*n, rw.const_index(*delay)));
            let first = ends.next().unwrap_or(zero);
            ends.fold(first, |most, end| rw.maxsi(most, end))
        };
        let whole = rw.addi(delayed(now.rows), rw.muli(later, index(down.each)));
        let (begin, end) = match region.phase {
            Phase::Parts => (region.at, rw.select(region.last, whole, region.end)),
            Phase::Gaps => {
                let sums = down.statements.iter().zip(&up.statements);
                let widest = sums.map(|(a, b)| a + b).max().unwrap_or(0);
                let grown = rw.muli(later, index(down.each + up.each));
                let end = rw.addi(rw.addi(region.at, index(widest)), grown);
                (region.at, rw.minsi(end, whole))
            }
        };
        rw.scf_for(begin, end, index(self.step), &[], |rw, wave, _| {
            rw.scf_for(zero, now.count, one, &[], |rw, t, _| {
                self.iteration(rw, region, now, wave, t);
                Vec::new()
            });
            Vec::new()
        });
    }

    /// What a wave has of an iteration.
    fn iteration(
        &self,
        rw: Rewriter<'c>,
        region: &Region<'c>,
        now: &Now<'_, 'c>,
        wave: Val<'c>,
        t: Val<'c>,
    ) {
        let time = &self.time;
        let (down, up) = (&time.skew.down, &time.skew.up);
        let index = |n| rw.const_index(n);
        let zero = index(0);
        let number = rw.addi(now.begin, t);
        let mut mapping = now.outside.clone();
        let (lower, step) = (time.op.operand(0), time.op.operand(2));
        let at = rw.addi(lower, rw.muli(number, step));
        let args = time.body.args();
        mapping.map(args[0], at);
        for (ring, arrays) in time.rings.iter().zip(now.rings) {
            for (version, member) in ring.members.iter().enumerate() {
                let array = turn(rw, arrays, rw.addi(number, index(version as i64)));
                mapping.map(*member, array);
            }
        }
        let mut statements = time.statements.iter().enumerate();
        let ops = time.body.ops();
        for &op in &ops[..ops.len() - 1] {
            if Nest::cast(op).is_none() {
                if is_pure(op) || reads_number(op) {
                    rw.clone_with(op, &mut mapping);
                }
                continue;
            }
            let Some((k, statement)) = statements.next() else {
                continue;
            };
            let [before, after] = [down, up]
                .map(|delays| rw.addi(index(delays.statements[k]), rw.muli(t, index(delays.each))));
            let lowest = match region.phase {
                Phase::Parts => rw.select(region.first, zero, rw.addi(region.at, after)),
                Phase::Gaps => rw.maxsi(zero, rw.subi(region.at, before)),
            };
            let highest = match region.phase {
                Phase::Parts => {
                    let end = rw.subi(region.end, before);
                    rw.select(region.last, now.rows[k], rw.minsi(end, now.rows[k]))
                }
                Phase::Gaps => rw.minsi(now.rows[k], rw.addi(region.at, after)),
            };
            let first = rw.subi(wave, before);
            let low = rw.maxsi(lowest, first);
            let high = rw.minsi(highest, rw.addi(first, index(self.step)));
            let any = rw.cmpi(CmpI::Slt, low, high);
            rw.scf_when(any, |rw| {
                let rows = OpFold::Value(rw.subi(high, low));
                on_rows(rw, statement, &mut mapping.clone(), low, rows);
            });
        }
    }

    /// What the loop carried, after all iterations.
    fn results(&self, rw: Rewriter<'c>, rings: &[Vec<Val<'c>>], total: Val<'c>) -> Vec<Val<'c>> {
        let args = self.time.body.args();
        let carried = &args[1..];
        let of = |arg: &Val<'c>| {
            let found = self
                .time
                .rings
                .iter()
                .zip(rings)
                .find_map(|(ring, arrays)| {
                    let version = ring.members.iter().position(|member| member == arg)?;
                    Some((version, arrays))
                });
            let (version, arrays) = found?;
            Some(turn(
                rw,
                arrays,
                rw.addi(total, rw.const_index(version as i64)),
            ))
        };
        carried.iter().filter_map(of).collect()
    }
}

/// Several iterations.
struct Now<'a, 'c> {
    /// The first of them, and how many there are.
    begin: Val<'c>,
    count: Val<'c>,
    /// The arrays of each ring.
    rings: &'a [Vec<Val<'c>>],
    /// Rows of each statement.
    rows: &'a [Val<'c>],
    /// Arrays that each iteration makes anew, made once.
    outside: &'a IrMapping<'c>,
}

/// The number of rows of a statement.
fn rows<'c>(statement: &Statement<'c>) -> OpFold<'c> {
    statement.nest.bounds()[statement.axis]
}

/// A statement on `count` rows from `begin` on.
fn on_rows<'c>(
    rw: Rewriter<'c>,
    statement: &Statement<'c>,
    mapping: &mut IrMapping<'c>,
    begin: Val<'c>,
    count: OpFold<'c>,
) {
    let whole = rw.clone_with(statement.nest.op(), mapping);
    let Some(nest) = Nest::cast(whole) else {
        return;
    };
    let part = |(memref, moving): (Val<'c>, &Option<usize>)| match moving {
        Some(dim) => range(rw, memref, &[(*dim, begin, count)]),
        None => memref,
    };
    let (ins, outs) = statement.moving.split_at(nest.inputs().len());
    let ins: Vec<_> = nest.inputs().into_iter().zip(ins).map(part).collect();
    let outs: Vec<_> = nest.outputs().into_iter().zip(outs).map(part).collect();
    let mut bounds = nest.bounds();
    bounds[statement.axis] = count;
    let new = on_part(rw, nest, &bounds, &ins, &outs);
    for position in new.op().find_all(Index::NAME) {
        if Index::axis_of(position) == statement.axis {
            shift(position, begin);
        }
    }
    rw.erase(whole);
}

/// The arrays of a ring, in the order in which they take turns. What the loop may not write is copied.
fn arrays<'c>(rw: Rewriter<'c>, ring: &Ring<'c>) -> Vec<Val<'c>> {
    let ty = ring.members[0].ty();
    let mut all: Vec<_> = ring
        .inits
        .iter()
        .zip(&ring.owned)
        .map(|(init, owned)| match owned {
            true => *init,
            false => copy_of(rw, *init),
        })
        .collect();
    if ring.has_new() {
        all.push(rw.memref_alloc(ty, &[]));
    }
    all
}

/// New memory with what `array` holds.
fn copy_of<'c>(rw: Rewriter<'c>, array: Val<'c>) -> Val<'c> {
    let new = rw.memref_alloc(array.ty(), &[]);
    copy(rw, array, new);
    new
}

/// Array `number` of those that take turns.
fn turn<'c>(rw: Rewriter<'c>, arrays: &[Val<'c>], number: Val<'c>) -> Val<'c> {
    let (first, others) = (arrays[0], &arrays[1..]);
    if others.is_empty() {
        return first;
    }
    let place = rw.remui(number, rw.const_index(arrays.len() as i64));
    others.iter().enumerate().fold(first, |found, (i, array)| {
        let this = rw.cmpi(CmpI::Eq, place, rw.const_index(i as i64 + 1));
        rw.select(this, *array, found)
    })
}

/// Runs `body` for each of `0..count`, spread over threads or not.
fn spread<'c>(
    rw: Rewriter<'c>,
    threads: bool,
    count: Val<'c>,
    body: impl FnOnce(Rewriter<'c>, Val<'c>),
) {
    let (zero, one) = (rw.const_index(0), rw.const_index(1));
    let each = |rw: Rewriter<'c>, low, high| {
        rw.scf_for(low, high, one, &[], |rw, i, _| {
            body(rw, i);
            Vec::new()
        });
    };
    match threads {
        true => ParallelFor::create(rw, count, one, each),
        false => each(rw, zero, count),
    }
}
