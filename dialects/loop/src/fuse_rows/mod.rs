//! `loop-fuse-rows`: nests that follow each other on the same rows run block by block of rows, so that what one writes
//! is still in the cache when the next one reads it.
//!
//! This is the fusion of loops over a common tile, as *compute at* in Halide (J. Ragan-Kelley and others, *Halide*,
//! PLDI 2013): the nests stay what they are, each with a schedule of its own, and a loop over blocks of rows is put
//! around them. It needs no knowledge of what they compute: distances and their smallest, the passes of a
//! normalization, a product of matrices and what is done with its rows.

mod reduction;
mod scatter;
mod sums;
mod uses;

use crate::alias::Roots;
use crate::nest::{Index, Nest};
use crate::part::{on_part, range, shift};
use crate::runtime_ops::ParallelFor;
use crate::scheduler::{CONTRACTION_ROWS, L2_SHARE};
use npir_mlir::prelude::*;
use std::collections::HashSet;
use sums::Sums;
use uses::{Footprint, Member, Rows, Step, Use};

/// Bytes of the rows of a block, of all operands together.
const BLOCK_BYTES: i64 = L2_SHARE / 2;
/// Fewest rows of a block.
const LEAST_ROWS: i64 = 4;
/// Bytes that all blocks use of which the second level of the cache keeps the most, beside the rows of a block.
const L2_CROWDED: i64 = 2 * L2_SHARE;
/// Fewest rows of a block in that case.
const CROWDED_ROWS: i64 = 16;
/// Fewest rows of a block that are reduced, for each time that sums are read and written.
const REDUCED_ROWS: i64 = 32;
/// Least bytes of a block of rows that several axes number: what it costs to begin a block is small beside it.
const LEAST_BLOCK_BYTES: i64 = 1 << 14;
/// Fewest blocks: enough to balance threads.
const LEAST_BLOCKS: i64 = 16;
/// Bytes that have to stay in the cache for it to be worth a loop.
const LEAST_SAVED: i64 = 2 * L2_SHARE;
/// Most ops that a group reaches over: what bounds the time that a long program takes.
const MOST_STEPS: usize = 256;

/// Runs nests that follow each other on the same rows block by block.
///
/// Nests qualify that have axes of the same sizes, all of whose points are independent, along which each writes the
/// first dimensions of its outputs: rows are numbered by one axis, or by several, such as matrices of a stack and their
/// rows. What one of them writes the others read in the same rows only. What is not used after them takes the memory of one block for each thread instead of an array. Ops between them that do not depend on
/// them come first.
///
/// Nests that sum over the rows qualify, too: chunks of the rows sum into memory of their own. Those that add at places
/// that are known at run time qualify alone, where places are few.
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
            let mut roots = Roots::default();
            let ops = block.ops();
            let steps: Vec<_> = ops.into_iter().map(|op| Step::of(&mut roots, op)).collect();
            let mut at = 0;
            while at < steps.len() {
                let Some((group, count)) = Group::at(&steps[at..]) else {
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

/// Nests that run block by block, in the making.
struct Growing<'a, 'c> {
    members: Vec<&'a Member<'c>>,
    /// How many axes number the rows.
    depth: usize,
    footprint: Footprint,
    /// What is in the cache: rows and wholes.
    seen: HashSet<(usize, Rows)>,
    size: Size,
}

/// Bytes of what a group uses.
#[derive(Clone, Copy, Default)]
struct Size {
    /// A row of all that moves with the rows.
    row: i64,
    /// What each block uses for all of its rows.
    whole: i64,
    /// What members find in the cache, in each row: once for each that does.
    saved: i64,
    /// Fewest rows of a block for members.
    least: i64,
}

impl Size {
    /// The most rows of a block that stays in the cache, where that makes enough blocks of enough rows. Rows of a block
    /// differ in the last of the axes, whose sizes are `counts`.
    fn most_rows(self, counts: &[OpFold<'_>]) -> Option<i64> {
        let mut most = BLOCK_BYTES / self.row.max(1);
        if let Some(total) = known(counts) {
            most = most.min(total / LEAST_BLOCKS);
        }
        if let Some(n) = counts.last().and_then(|n| n.as_static()) {
            most = most.min(n);
        }
        let bytes = most.saturating_mul(self.row);
        let enough = counts.len() == 1 || bytes >= LEAST_BLOCK_BYTES;
        (enough && most >= self.least_rows()).then_some(most)
    }

    /// What each block reads again comes from the second level of the cache, most of it, or is worth it.
    fn least_rows(self) -> i64 {
        let least = match self.whole {
            ..=L2_SHARE => LEAST_ROWS,
            ..=L2_CROWDED => CROWDED_ROWS,
            _ => CONTRACTION_ROWS,
        };
        least.max(self.least)
    }
}

impl<'a, 'c> Growing<'a, 'c> {
    fn from(first: &'a Member<'c>, depth: usize) -> Option<Self> {
        let mut new = Self {
            members: Vec::new(),
            depth,
            footprint: Footprint::default(),
            seen: HashSet::new(),
            size: Size::default(),
        };
        new.add(first)?;
        Some(new)
    }

    /// Adds a member, if it can follow the others in each block of rows; whether it finds any of its rows in the cache.
    fn add(&mut self, new: &'a Member<'c>) -> Option<bool> {
        let depth = self.depth;
        let first = self.members.first().unwrap_or(&new);
        let uses: Vec<_> = new.uses.iter().map(|used| used.within(depth)).collect();
        let mut conflicts = uses
            .iter()
            .map(|used| self.footprint.conflicts(used, depth));
        // What moves with the last axis only, as columns of the right operand of a product, is no row.
        let partly = |used: &Use<'_>| used.rows.dim(depth - 1).is_some() && !used.rows.moves(depth);
        if !first.same_rows(new, depth)
            || uses.iter().any(partly)
            || conflicts.any(|conflicts| conflicts)
        {
            return None;
        }
        let mut size = self.size;
        let mut mine = HashSet::new();
        for used in uses.iter().filter(|used| mine.insert(used.key())) {
            let bytes = used.bytes();
            // All rows of a block share what does not move with the last axis.
            let moves = used.rows.dim(depth - 1).is_some();
            let sum = match (moves, self.seen.contains(&used.key())) {
                (false, true) => continue,
                (false, false) => &mut size.whole,
                (true, true) => &mut size.saved,
                (true, false) => &mut size.row,
            };
            let bytes = match moves {
                false => bytes.unwrap_or(i64::MAX),
                true => bytes?,
            };
            *sum = sum.saturating_add(bytes);
        }
        if matches!(new.sums, Some(Sums::All(_))) {
            size.least = size.least.max(REDUCED_ROWS);
        }
        size.most_rows(&new.counts(depth))?;
        let shares = size.saved > self.size.saved;
        self.size = size;
        self.seen.extend(mine);
        for used in &uses {
            self.footprint.add(used, depth);
        }
        self.members.push(new);
        Some(shares)
    }
}

/// Nests that run block by block.
struct Group<'a, 'c> {
    members: Vec<&'a Member<'c>>,
    /// How many axes number the rows.
    depth: usize,
    /// What is found in the cache, in bytes, as far as sizes are known.
    saved: i64,
    /// The arrays of which only a block is in memory, which begin as a `memref.alloc`.
    local: Vec<Val<'c>>,
    /// Rows of a block.
    rows: i64,
}

impl<'a, 'c> Group<'a, 'c> {
    /// The group that begins with the first of `steps`, which end a block, and how many of them it reaches over: of the
    /// ways to number rows the one that finds most in the cache, and of those the one by fewest axes.
    fn at(steps: &'a [Step<'c>]) -> Option<(Self, usize)> {
        let Some(Step::Member(ways)) = steps.first() else {
            return None;
        };
        let begins = ways.iter().flat_map(|first| {
            let depths = (1..=first.axes.len()).rev();
            depths.map(move |depth| (first, depth))
        });
        let found = begins.filter_map(|(first, depth)| Self::within(steps, first, depth));
        found.max_by_key(|(group, _)| group.saved)
    }

    fn within(steps: &'a [Step<'c>], first: &'a Member<'c>, depth: usize) -> Option<(Self, usize)> {
        let mut growing = Growing::from(first, depth)?;
        // How many members, and steps, up to the last member that finds something in the cache.
        let mut kept = (1, 1, growing.size);
        for (i, step) in steps.iter().enumerate().take(MOST_STEPS).skip(1) {
            let added = match step {
                Step::Member(ways) => ways.iter().find_map(|new| growing.add(new)),
                _ => None,
            };
            match added {
                Some(true) => kept = (growing.members.len(), i + 1, growing.size),
                Some(false) => {}
                None if step.passes(&growing.footprint) => {}
                None => break,
            }
        }
        let (members, reach, size) = kept;
        growing.members.truncate(members);
        Some((Self::new(growing.members, depth, size)?, reach))
    }

    fn new(members: Vec<&'a Member<'c>>, depth: usize, size: Size) -> Option<Self> {
        let counts = members[0].counts(depth);
        let total = known(&counts);
        let few = |n: i64| n.saturating_mul(size.saved) < LEAST_SAVED;
        let alone = members.len() < 2 || total.is_some_and(few);
        let scatters = |member: &&Member<'c>| matches!(member.sums, Some(Sums::At(_)));
        if alone && !members.iter().any(scatters) {
            return None;
        }
        let most = size.most_rows(&counts)?;
        let last = counts.last().and_then(|n| n.as_static());
        let rows = Some(even(last, most)).filter(|rows| *rows >= size.least_rows());
        let local = locals(&members, depth);
        Some(Self {
            members,
            depth,
            saved: total.map_or(size.saved, |n| n.saturating_mul(size.saved)),
            local,
            rows: rows.unwrap_or(most),
        })
    }

    /// Puts the loop in the place of the last member.
    fn emit(self, threads: bool) {
        let last = &self.members[self.members.len() - 1];
        let place = last.nest.op();
        let counts = last.counts(self.depth);
        rewrite_at(place, |rw| {
            let rows = rw.const_index(self.rows);
            let one = rw.const_index(1);
            let counts: Vec<_> = counts.into_iter().map(|n| rw.materialize(n)).collect();
            let (outer, count) = (&counts[..self.depth - 1], counts[self.depth - 1]);
            let blocks_of_last = rw.ceildivsi(count, rows);
            let blocks = outer.iter().fold(blocks_of_last, |n, m| rw.muli(n, *m));
            let summing = self.members.iter();
            let summing: Vec<_> = summing
                .filter_map(|member| Some((member.nest, member.sums.as_ref()?)))
                .collect();
            let of_blocks = |rw: Rewriter<'c>, low, high, local: &[_], sums: &[Vec<_>]| {
                rw.scf_for(low, high, one, &[], |rw, block, _| {
                    let mut begins = Vec::new();
                    let (mut left, mut size) = (block, blocks_of_last);
                    for &next in outer.iter().rev() {
                        begins.push(rw.remui(left, size));
                        left = rw.divui(left, size);
                        size = next;
                    }
                    begins.push(left);
                    begins[0] = rw.muli(begins[0], rows);
                    begins.reverse();
                    self.emit_block(rw, &begins, local, sums);
                    Vec::new()
                });
            };
            let locals = |rw| -> Vec<_> {
                let blocks = self.local.iter().map(|array| self.block_of(rw, *array));
                blocks.collect()
            };
            if summing.is_empty() {
                return spread(rw, threads, blocks, |rw, low, high| {
                    of_blocks(rw, low, high, &locals(rw), &[]);
                });
            }
            let most = match threads {
                true => summing
                    .iter()
                    .map(|(nest, sums)| sums.chunks(rw, *nest, count))
                    .reduce(|a, b| rw.minsi(a, b))
                    .unwrap_or(one),
                false => one,
            };
            let each = rw.ceildivsi(blocks, most);
            let chunks = rw.ceildivsi(blocks, rw.maxsi(each, one));
            let private: Vec<_> = summing
                .iter()
                .map(|(nest, sums)| sums.private(rw, *nest, chunks))
                .collect();
            spread(rw, threads, chunks, |rw, low, high| {
                let local = locals(rw);
                rw.scf_for(low, high, one, &[], |rw, chunk, _| {
                    let sums: Vec<_> = private.iter().map(|p| p.targets(rw, chunk)).collect();
                    let first = rw.muli(chunk, each);
                    let end = rw.minsi(rw.addi(first, each), blocks);
                    of_blocks(rw, first, end, &local, &sums);
                    Vec::new()
                });
            });
            for parts in &private {
                parts.merge(rw);
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
        dims[..self.depth].fill(1);
        dims[self.depth - 1] = self.rows;
        rw.memref_alloc(rw.ctx().memref(&dims, array.ty().element()), &[])
    }

    /// The nests on a block of rows, from the one at `begins` on.
    fn emit_block(
        &self,
        rw: Rewriter<'c>,
        begins: &[Val<'c>],
        local: &[Val<'c>],
        sums: &[Vec<Val<'c>>],
    ) {
        let mut sums = sums.iter();
        let last = self.depth - 1;
        let mut sizes = vec![OpFold::Static(1); self.depth];
        sizes[last] = match self.members[0].counts(self.depth)[last] {
            OpFold::Static(n) if n % self.rows == 0 => OpFold::Static(self.rows),
            count => {
                let left = rw.subi(rw.materialize(count), begins[last]);
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
            let used = used.within(self.depth);
            let moving = |axis| Some((used.rows.dim(axis)?, begins[axis], sizes[axis]));
            let ranges: Vec<_> = (0..self.depth).filter_map(moving).collect();
            if ranges.is_empty() {
                return used.memref;
            }
            match parts.iter().find(|(other, _)| other.key() == used.key()) {
                Some((_, part)) => *part,
                None => {
                    let new = range(rw, used.memref, &ranges);
                    parts.push((used, new));
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
            let axes = &member.axes[..self.depth];
            for (axis, size) in axes.iter().zip(&sizes) {
                bounds[*axis] = *size;
            }
            let ins: Vec<_> = ins.iter().map(&mut part).collect();
            let summing = member.sums.as_ref();
            let new = match summing.and_then(|kind| Some((kind, sums.next()?))) {
                Some((kind, targets)) => kind.on_block(rw, nest, &bounds, &ins, targets),
                None => {
                    let outs: Vec<_> = outs.iter().map(&mut part).collect();
                    on_part(rw, nest, &bounds, &ins, &outs)
                }
            };
            for index in new.op().find_all(Index::NAME) {
                let mut begins = axes.iter().zip(begins);
                if let Some((_, begin)) = begins.find(|(axis, _)| **axis == Index::axis_of(index)) {
                    shift(index, *begin);
                }
            }
        }
    }
}

/// Runs `body` on ranges of `0..count`, spread over threads or not.
fn spread<'c>(
    rw: Rewriter<'c>,
    threads: bool,
    count: Val<'c>,
    body: impl FnOnce(Rewriter<'c>, Val<'c>, Val<'c>),
) {
    match threads {
        true => ParallelFor::create(rw, count, rw.const_index(1), body),
        false => body(rw, rw.const_index(0), count),
    }
}

/// The product of sizes; `None` where one is known at run time.
fn known(counts: &[OpFold<'_>]) -> Option<i64> {
    let mut counts = counts.iter();
    counts.try_fold(1i64, |total, n| Some(total.saturating_mul(n.as_static()?)))
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
fn locals<'c>(members: &[&Member<'c>], depth: usize) -> Vec<Val<'c>> {
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
                uses.clone().count() > 0 && uses.into_iter().all(|used| used.rows.leads(depth))
            })
        });
        if by_members {
            found.push(memref);
        }
    }
    found
}
