//! `loop-fuse-rows`: nests that follow each other on the same rows run block by block of rows, so that what one writes
//! is still in the cache when the next one reads it.
//!
//! This is the fusion of loops over a common tile, as *compute at* in Halide (J. Ragan-Kelley and others, *Halide*,
//! PLDI 2013): the nests stay what they are, each with a schedule of its own, and a loop over blocks of rows is put
//! around them. It needs no knowledge of what they compute: distances and their smallest, the passes of a
//! normalization, a product of matrices and what is done with its rows.

use crate::access::results;
use crate::nest::{Index, Nest};
use crate::part::{on_part, range};
use crate::runtime_ops::ParallelFor;
use crate::schedule::IteratorKind;
use crate::scheduler::{CONTRACTION_ROWS, L2_SHARE};
use npir_mlir::prelude::*;

/// Bytes of the rows of a block, of all operands together.
const BLOCK_BYTES: i64 = L2_SHARE / 2;
/// Fewest rows of a block.
const LEAST_ROWS: i64 = 4;
/// Fewest blocks: enough to balance threads.
const LEAST_BLOCKS: i64 = 16;
/// Bytes that have to stay in the cache for it to be worth a loop.
const LEAST_SAVED: i64 = 2 * L2_SHARE;

/// Runs nests that follow each other on the same rows block by block.
///
/// Nests qualify that have an axis of the same size, all of whose points are independent, along which each writes the
/// first dimension of its outputs; what one of them writes the others read in the same rows only. What is not used
/// after them takes the memory of one block for each thread instead of an array. Ops between them that do not depend on
/// them come first.
#[pass("loop-fuse-rows", dependent_dialects("arith", "scf", "memref"))]
#[derive(Clone)]
pub struct LoopFuseRows {
    #[option(
        name = "threads",
        default = "true",
        description = "Spread blocks over threads"
    )]
    threads: bool,
    #[statistic(name = "fused", description = "Nests that share a loop over rows")]
    fused: Statistic,
    #[statistic(
        name = "local",
        description = "Arrays of which only a block is in memory"
    )]
    local: Statistic,
}

impl Pass for LoopFuseRows {
    fn run(&mut self, op: Op<'_>, _cx: &PassCx<'_>) -> PassResult {
        let mut blocks = Vec::new();
        op.walk_ops(&mut |op| {
            if matches!(op.name(), Nest::NAME | ParallelFor::NAME) {
                return Walk::Skip;
            }
            blocks.extend(op.regions().into_iter().flat_map(|region| region.blocks()));
            Walk::Advance
        });
        for block in blocks {
            let ops = block.ops();
            let mut at = 0;
            while at < ops.len() {
                let Some((group, count)) = Group::at(&ops[at..]) else {
                    at += 1;
                    continue;
                };
                self.fused.add(group.members.len() as i64);
                self.local.add(group.local.len() as i64);
                group.emit(self.threads);
                at += count;
            }
        }
        Ok(())
    }
}

/// How a memref lies to the rows of a nest.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rows {
    /// Each row may use all of it.
    Whole,
    /// The rows are those of this dimension.
    Along(usize),
}

/// A memref that a nest uses.
#[derive(Clone, Copy)]
struct Use<'c> {
    memref: Val<'c>,
    rows: Rows,
    written: bool,
}

impl Use<'_> {
    /// Whether both are the same rows of the same memory, or the same whole.
    fn same_rows(&self, other: &Self) -> bool {
        self.memref.key() == other.memref.key() && self.rows == other.rows
    }
}

/// A nest that may be run row by row.
struct Member<'c> {
    nest: Nest<'c>,
    /// The axis that walks the rows.
    axis: usize,
    uses: Vec<Use<'c>>,
}

impl<'c> Member<'c> {
    fn of(op: Op<'c>) -> Option<Self> {
        let nest = Nest::cast(op).filter(|nest| nest.schedule().is_none())?;
        let (ins, outs, maps) = (nest.inputs(), nest.outputs(), nest.affine_maps());
        let first = results(*maps.get(ins.len())?).first().copied()?;
        let axis = first.is_dim().then(|| first.dim_position())?;
        if nest.iterator_kinds()[axis] != IteratorKind::Parallel || writes_by_itself(nest) {
            return None;
        }
        let mut uses = Vec::new();
        for (i, (memref, map)) in ins.iter().chain(&outs).zip(maps).enumerate() {
            let written = i >= ins.len();
            let coordinates = results(map);
            let mut moving =
                (0..coordinates.len()).filter(|&d| coordinates[d].is_function_of_dim(axis));
            let rows = match (moving.next(), moving.next()) {
                (None, _) => Rows::Whole,
                (Some(d), None) if coordinates[d].is_dim() => Rows::Along(d),
                _ => return None,
            };
            if written && rows != Rows::Along(0) {
                return None;
            }
            uses.push(Use {
                memref: *memref,
                rows,
                written,
            });
        }
        uses.extend(nest.captured_memrefs().into_iter().map(|memref| Use {
            memref,
            rows: Rows::Whole,
            written: false,
        }));
        Some(Self { nest, axis, uses })
    }

    fn count(&self) -> OpFold<'c> {
        self.nest.bounds()[self.axis]
    }

    /// Whether it can follow `before` in each block of rows.
    fn follows(&self, before: &Self) -> bool {
        let same_count = match (self.count(), before.count()) {
            (OpFold::Static(a), OpFold::Static(b)) => a == b,
            (OpFold::Value(a), OpFold::Value(b)) => a.key() == b.key(),
            _ => false,
        };
        same_count
            && self.uses.iter().all(|b| {
                before.uses.iter().all(|a| {
                    let same =
                        a.memref.key() == b.memref.key() && [a.rows, b.rows] == [Rows::Along(0); 2];
                    same || !conflict(a, b)
                })
            })
    }

    /// The memrefs whose rows it finds in the cache after `before`.
    fn shared_with(&self, before: &Self) -> impl Iterator<Item = Use<'c>> {
        self.uses
            .iter()
            .copied()
            .filter(|b| b.rows != Rows::Whole && before.uses.iter().any(|a| a.same_rows(b)))
    }
}

/// Whether the body of a nest stores to memory.
fn writes_by_itself(nest: Nest<'_>) -> bool {
    !nest.op().find_all("memref.store").is_empty()
}

/// Whether the order of two uses matters.
fn conflict(a: &Use<'_>, b: &Use<'_>) -> bool {
    (a.written || b.written) && may_alias(a.memref, b.memref)
}

/// Where the memory of a memref comes from, as far as can be seen.
fn root(mut memref: Val<'_>) -> Val<'_> {
    const VIEWS: [&str; 7] = [
        "memref.cast",
        "memref.subview",
        "memref.reinterpret_cast",
        "memref.transpose",
        "memref.collapse_shape",
        "memref.expand_shape",
        "memref.extract_strided_metadata",
    ];
    while let Some(op) = memref.defining_op().filter(|op| VIEWS.contains(&op.name())) {
        memref = op.operand(0);
    }
    memref
}

fn may_alias(a: Val<'_>, b: Val<'_>) -> bool {
    let (a, b) = (root(a), root(b));
    if a.key() == b.key() {
        return true;
    }
    let alone = |memref: Val<'_>| match memref.defining_op() {
        // New memory is that of no other value that has been there before; and of none after, if it goes nowhere.
        Some(op) => op.name() == "memref.alloc" && !escapes(memref),
        None => false,
    };
    // Arguments of a function that are written to share memory with no other one.
    let argument = |memref: Val<'_>| {
        let owner = memref.parent_block().and_then(|block| block.parent_op());
        memref.defining_op().is_none() && owner.is_some_and(|op| op.name() == "func.func")
    };
    !(alone(a) || alone(b) || argument(a) && argument(b))
}

/// Whether memory may become that of another value in the same block: by a loop, a branch or a call. What the end of the
/// block hands on is no other value of the block.
fn escapes(memref: Val<'_>) -> bool {
    let block = memref.parent_block();
    memref.uses().into_iter().any(|used| {
        let op = used.op;
        let kept = matches!(op.name(), Nest::NAME | "memref.load" | "memref.dim")
            || op.name() == "memref.store" && used.operand != 0
            || op.next().is_none() && op.block() == block;
        let view = op
            .result_values()
            .into_iter()
            .find(|value| value.ty().is_memref());
        match view {
            _ if kept => false,
            Some(view) if root(view).key() == root(memref).key() => escapes(view),
            _ => true,
        }
    })
}

/// Nests that run block by block.
struct Group<'c> {
    members: Vec<Member<'c>>,
    /// The arrays of which only a block is in memory, which begin as a `memref.alloc`.
    local: Vec<Val<'c>>,
    /// Rows of a block.
    rows: i64,
}

impl<'c> Group<'c> {
    /// The group that begins with the first of `ops`, which end a block, and how many ops it reaches over.
    fn at(ops: &[Op<'c>]) -> Option<(Self, usize)> {
        let mut members = vec![Member::of(ops[0])?];
        // How many members, and ops, up to the last member that finds something in the cache.
        let mut kept = (1, 1);
        for (i, &op) in ops.iter().enumerate().skip(1) {
            match Member::of(op).filter(|new| members.iter().all(|old| new.follows(old))) {
                Some(new) => {
                    let shares = members
                        .iter()
                        .any(|old| new.shared_with(old).next().is_some());
                    members.push(new);
                    if shares {
                        kept = (members.len(), i + 1);
                    }
                }
                None if passes(op, &members) => {}
                None => break,
            }
        }
        members.truncate(kept.0);
        let group = Self::new(members)?;
        Some((group, kept.1))
    }

    fn new(members: Vec<Member<'c>>) -> Option<Self> {
        if members.len() < 2 {
            return None;
        }
        let all = members.iter().flat_map(|member| &member.uses);
        let mut distinct: Vec<Use<'c>> = Vec::new();
        for used in all {
            if !distinct.iter().any(|other| other.same_rows(used)) {
                distinct.push(*used);
            }
        }
        let (whole, moving): (Vec<_>, Vec<_>) = distinct
            .into_iter()
            .partition(|used| used.rows == Rows::Whole);
        let widths: Option<Vec<i64>> = moving.iter().map(row_bytes).collect();
        let widths = widths?;
        let count = members[0].count().as_static();
        // What members find in the cache: once for each that does.
        let saved: i64 = moving
            .iter()
            .zip(&widths)
            .map(|(used, width)| {
                let users = members
                    .iter()
                    .filter(|member| member.uses.iter().any(|other| other.same_rows(used)));
                width.saturating_mul(users.count() as i64 - 1)
            })
            .fold(0, i64::saturating_add);
        if count.is_some_and(|n| n.saturating_mul(saved) < LEAST_SAVED) {
            return None;
        }
        let reused = whole
            .iter()
            .map(|used| static_bytes(used.memref.ty(), None).unwrap_or(i64::MAX))
            .fold(0, i64::saturating_add);
        // What each block reads again comes from the second level of the cache, or is worth it.
        let least = match reused <= L2_SHARE {
            true => LEAST_ROWS,
            false => CONTRACTION_ROWS,
        };
        let width = widths.into_iter().fold(0, i64::saturating_add);
        let most = BLOCK_BYTES / width.max(1);
        let rows = even(count, count.map_or(most, |n| most.min(n / LEAST_BLOCKS)));
        let local = locals(&members);
        (rows >= least).then_some(Self {
            members,
            local,
            rows,
        })
    }

    /// Puts the loop in the place of the last member.
    fn emit(self, threads: bool) {
        let last = &self.members[self.members.len() - 1];
        let place = last.nest.op();
        let count = last.count();
        rewrite_at(place, |rw| {
            let rows = rw.const_index(self.rows);
            let (zero, one) = (rw.const_index(0), rw.const_index(1));
            let count = rw.materialize(count);
            let blocks = rw.ceildivsi(count, rows);
            let run = |rw: Rewriter<'c>, low: Val<'c>, high: Val<'c>| {
                let local: Vec<_> = self
                    .local
                    .iter()
                    .map(|array| self.block_of(rw, *array))
                    .collect();
                rw.scf_for(low, high, one, &[], |rw, block, _| {
                    let begin = rw.muli(block, rows);
                    self.emit_block(rw, begin, &local);
                    Vec::new()
                });
            };
            match threads {
                true => ParallelFor::create(rw, blocks, one, run),
                false => run(rw, zero, blocks),
            }
        });
        for member in self.members.iter().rev() {
            rewrite_at(member.nest.op(), |rw| rw.erase(member.nest.op()));
        }
        for array in self.local {
            if let Some(op) = array.defining_op() {
                rewrite_at(op, |rw| rw.erase(op));
            }
        }
    }

    /// Memory for a block of rows of an array.
    fn block_of(&self, rw: Rewriter<'c>, array: Val<'c>) -> Val<'c> {
        let mut dims = array.ty().dims();
        dims[0] = self.rows;
        rw.memref_alloc(rw.ctx().memref(&dims, array.ty().element()), &[])
    }

    /// The nests on the rows from `begin` on.
    fn emit_block(&self, rw: Rewriter<'c>, begin: Val<'c>, local: &[Val<'c>]) {
        let count = self.members[0].count();
        let size = match count {
            OpFold::Static(n) if n % self.rows == 0 => OpFold::Static(self.rows),
            count => {
                let left = rw.subi(rw.materialize(count), begin);
                OpFold::Value(rw.minsi(left, rw.const_index(self.rows)))
            }
        };
        let mut parts: Vec<(Use<'c>, Val<'c>)> = Vec::new();
        let mut part = |used: &Use<'c>| {
            let place = self
                .local
                .iter()
                .position(|array| array.key() == used.memref.key());
            if let Some(place) = place {
                return local[place];
            }
            let Rows::Along(dim) = used.rows else {
                return used.memref;
            };
            match parts.iter().find(|(other, _)| other.same_rows(used)) {
                Some((_, part)) => *part,
                None => {
                    let new = range(rw, used.memref, &[(dim, begin, size)]);
                    parts.push((*used, new));
                    new
                }
            }
        };
        for member in &self.members {
            let nest = member.nest;
            let count = nest.inputs().len();
            let (ins, rest) = member.uses.split_at(count);
            let outs = &rest[..nest.outputs().len()];
            let mut bounds = nest.bounds();
            bounds[member.axis] = size;
            let [ins, outs] =
                [ins, outs].map(|uses| uses.iter().map(&mut part).collect::<Vec<_>>());
            let new = on_part(rw, nest, &bounds, &ins, &outs);
            for index in new.op().find_all(Index::NAME) {
                if Index::axis_of(index) == member.axis {
                    shift(index, begin);
                }
            }
        }
    }
}

/// Adds `begin` to a position.
fn shift<'c>(index: Op<'c>, begin: Val<'c>) {
    let position = index.result_value(0);
    let users = position.uses();
    rewrite_at(index, |rw| {
        rw.after(index);
        let moved = rw.addi(position, begin);
        for user in users {
            user.op.set_operand(user.operand, moved);
        }
    });
}

/// Whether an op may come before all members instead of after them.
fn passes<'c>(op: Op<'c>, members: &[Member<'c>]) -> bool {
    let uses: Vec<Use<'c>> = match op.name() {
        "memref.alloc" => return true,
        "memref.load" => vec![Use {
            memref: op.operand(0),
            rows: Rows::Whole,
            written: false,
        }],
        Nest::NAME => {
            let Some(nest) = Nest::cast(op).filter(|nest| !writes_by_itself(*nest)) else {
                return false;
            };
            let used = |memref, written| Use {
                memref,
                rows: Rows::Whole,
                written,
            };
            let read = nest.inputs().into_iter().chain(nest.captured_memrefs());
            let written = nest.outputs().into_iter();
            read.map(|memref| used(memref, false))
                .chain(written.map(|memref| used(memref, true)))
                .collect()
        }
        _ => return is_pure(op),
    };
    let theirs = || members.iter().flat_map(|member| &member.uses);
    uses.iter()
        .all(|mine| theirs().all(|other| !conflict(mine, other)))
}

/// Bytes of a memref in each row; `None` where that is known at run time.
fn row_bytes(used: &Use<'_>) -> Option<i64> {
    match used.rows {
        Rows::Whole => None,
        Rows::Along(dim) => static_bytes(used.memref.ty(), Some(dim)),
    }
}

/// Bytes of a memref's elements, along all dimensions but one.
fn static_bytes(ty: Type<'_>, without: Option<usize>) -> Option<i64> {
    let element = ty.element().bit_width().div_ceil(8) as i64;
    let dims = ty.dims().into_iter().enumerate();
    dims.filter(|(d, _)| Some(*d) != without)
        .try_fold(element, |bytes, (_, n)| {
            (n != DYNAMIC).then(|| bytes.saturating_mul(n))
        })
}

/// A number of rows of at most `most`: one that divides all `n` and is more than half of that, where there is one, and
/// better a multiple of the rows that kernels have in flight.
fn even(n: Option<i64>, most: i64) -> i64 {
    let divides = |rows: &i64| n.is_none_or(|n| n % rows == 0);
    [8, 4, 1]
        .into_iter()
        .find_map(|step| {
            let fitting = most / 2 + 1..=most;
            fitting.rev().find(|rows| rows % step == 0 && divides(rows))
        })
        .unwrap_or(most)
}

/// The arrays that only members use, in the same rows.
fn locals<'c>(members: &[Member<'c>]) -> Vec<Val<'c>> {
    let mut found: Vec<Val<'c>> = Vec::new();
    let block = members[0].nest.op().block();
    for used in members.iter().flat_map(|member| &member.uses) {
        let memref = used.memref;
        let new = memref
            .defining_op()
            .is_some_and(|op| op.name() == "memref.alloc" && op.block() == block);
        if !new || !used.written || found.iter().any(|other| other.key() == memref.key()) {
            continue;
        }
        let by_members = memref.uses().into_iter().all(|user| {
            let member = members.iter().find(|member| member.nest.op() == user.op);
            member.is_some_and(|member| {
                let uses = member
                    .uses
                    .iter()
                    .filter(|used| used.memref.key() == memref.key());
                uses.clone().count() > 0 && uses.into_iter().all(|used| used.rows == Rows::Along(0))
            })
        });
        if by_members {
            found.push(memref);
        }
    }
    found
}
