//! The machine as the scheduler sees it, and every number that its choices rest on besides those of
//! [`npir_machine::Machine`].

use npir_machine::Work;

/// What schedules are made for.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// Bits of a vector register.
    pub vector_bits: i64,
    /// Whether nests may use more than one thread.
    pub threads: bool,
    /// What ops and accesses cost.
    pub rates: Rates,
}

/// What ops and accesses cost, in cycles.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// A vector of quotients.
    divide: f64,
    root: f64,
    exp: f64,
    log: f64,
    power: f64,
    sin: f64,
    tanh: f64,
    /// A lane of a gather.
    pub(super) gather_lane: f64,
    /// A lane of a scatter.
    pub(super) scatter_lane: f64,
}

impl Rates {
    /// Those of a machine: half a cycle for each cheap operation that a work takes.
    pub fn of(machine: &npir_machine::Machine) -> Self {
        let cycles = |work| CHEAP_OP * machine.operations(work);
        let lane = |seconds: f64| seconds * 1e9 / CYCLE_NS;
        Rates {
            divide: cycles(Work::Divide),
            root: cycles(Work::Root),
            exp: cycles(Work::Exp),
            log: cycles(Work::Log),
            power: cycles(Work::Power),
            sin: cycles(Work::Sin),
            tanh: cycles(Work::Tanh),
            gather_lane: lane(machine.elements.gather),
            scatter_lane: lane(machine.elements.scatter),
        }
    }

    /// Cycles of a vector of this work.
    pub(super) fn cycles(&self, work: Work) -> f64 {
        match work {
            Work::Add => CHEAP_OP,
            Work::Divide => self.divide,
            Work::Root => self.root,
            Work::Exp => self.exp,
            Work::Log => self.log,
            Work::Power => self.power,
            Work::Sin => self.sin,
            Work::Tanh => self.tanh,
        }
    }
}

impl Machine {
    /// Vector registers: 32 where vectors have 512 bits (AVX-512), else 16.
    pub(super) fn registers(self) -> i64 {
        if self.vector_bits >= 512 { 32 } else { 16 }
    }
}

/// Bytes of the first-level data cache that the innermost operands of a tile may take.
pub(super) const L1_SHARE: i64 = 32 << 10;
/// Bytes of the second-level cache that one operand of a tile may take.
pub(crate) const L2_SHARE: i64 = 256 << 10;
/// Bytes of a row that are added to sums in the cache before the next row: enough for
/// memory to follow, few enough to leave threads their share.
pub(super) const ROW_PIECE: i64 = 1 << 10;
/// Points per side of a tile where operands are contiguous along different axes: one
/// to four cache lines each way.
pub(super) const TRANSPOSE_TILE: i64 = 32;
/// Bytes of an array that no cache keeps until it is read: about those of the last level.
pub(crate) const UNCACHED: i64 = 32 << 20;
/// Fewest contiguous bytes that are worth storing past the caches: the first and the last few of each are not.
pub(super) const STREAMED_ROW: i64 = 2 << 10;
/// Fewest contiguous bytes of sums that are worth storing past the caches.
pub(super) const STREAMED_SUMS: i64 = 256;
/// Rows of the left operand that share a tile of the right one, in a contraction.
pub(crate) const CONTRACTION_ROWS: i64 = 64;
/// Columns of a tile.
pub(crate) const CONTRACTION_COLUMNS: i64 = 256;

/// Tiles that are not enough to balance threads, where they have half the usual rows.
pub(super) const FEW_TILES: i64 = 8;

/// Fewest rows of a contraction for which a copy of what they read pays.
pub(super) const PACKED_ROWS: i64 = 16;
/// Fewest vectors of columns for which a copy is better than sums along contiguous memory.
pub(super) const PACKED_VECTORS: i64 = 4;
/// Fewest rows of a contraction for which a copy pays that only keeps rows of an operand apart.
pub(super) const CONFLICTING_ROWS: i64 = 256;
/// Bytes between the rows of an operand, multiples of which fall into few sets of a cache.
pub(super) const CONFLICTING_STEP: i64 = 512;

/// Work below which a task costs more than it saves, in nanoseconds. Waking a parked
/// thread takes 10 to 50 microseconds, a spinning one 0.1.
pub(super) const TASK_NS: f64 = 2_000.0;
/// How many points a reduction that may end early has for each that it is expected to visit.
pub(super) const UNDECIDED: f64 = 128.0;
/// Iterations of the shared loops that are enough to balance threads.
pub(super) const ENOUGH_ITERATIONS: i64 = 64;
/// Nanoseconds per cycle.
pub(super) const CYCLE_NS: f64 = 0.25;
/// Bytes per cycle that a loop without arithmetic moves, out of cache.
pub(super) const BYTES_PER_CYCLE: f64 = 8.0;

/// Cycles of a cheap vector op.
pub(super) const CHEAP_OP: f64 = 0.5;
/// Cycles of a contiguous access.
pub(super) const ACCESS: f64 = 0.5;
/// Cycles per halving of a vector when its lanes are merged, per op of the combine region.
pub(super) const HALVING: f64 = 4.0;
/// Points along an axis whose extent is not known.
pub(super) const USUAL_EXTENT: i64 = 256;

/// Up to how many ops a body gets four vectors in flight, and two.
pub(super) const UNROLL_4_OPS: usize = 12;
/// See [`UNROLL_4_OPS`].
pub(super) const UNROLL_2_OPS: usize = 200;
/// From how many ops on, one after the other, a vector waits so long for its several accumulators that it takes as many
/// vectors in flight as the registers hold.
pub(super) const LONG_CHAIN: usize = 3;
/// The most points before the first test of one of many reductions that may end early.
pub(super) const FIRST_POINTS: i64 = 8;
/// Additions in a row that a partial sum may take before it joins a compensated total;
/// NumPy's pairwise summation takes 16.
pub(crate) const SUM_STEPS: i64 = 16;
/// The longest block of a sum, in points.
pub(crate) const SUM_BLOCK: i64 = 512;
/// Lanes beyond which a gather is no longer one instruction or two.
pub(super) const GATHER_LANES: i64 = 16;
/// The most elements of an output that every chunk of a parallel reduction copies.
pub(super) const PRIVATE_ELEMENTS: i64 = 4096;
