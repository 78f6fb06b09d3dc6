//! `loop-fuse-rows`: nests that follow each other on the same rows run block by block of rows, so that what one writes
//! is still in the cache when the next one reads it.
//!
//! This is the fusion of loops over a common tile, as *compute at* in Halide (J. Ragan-Kelley and others, *Halide*,
//! PLDI 2013): the nests stay what they are, each with a schedule of its own, and a loop over blocks of rows is put
//! around them. It needs no knowledge of what they compute: distances and their smallest, the passes of a
//! normalization, a product of matrices and what is done with its rows.

mod blocks;
mod emit;
mod late;
mod reduction;
mod scatter;
mod sums;
mod uses;

use crate::alias::Roots;
use crate::nest::Nest;
use crate::runtime_ops::ParallelFor;
use crate::scheduler::L2_SHARE;
use blocks::{REDUCED_ROWS, Shape, Size, product};
pub(crate) use emit::loop_over_blocks;
use late::Late;
use npir_mlir::prelude::*;
use std::collections::HashSet;
use sums::Sums;
use uses::{Footprint, Member, Rows, Step, Use};

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
/// Of products of matrices blocks are tiles, rows and columns, for what comes next element by element; or bands of rows, which take
/// more of the cache, where something needs whole rows, such as another product, and its other operand is not too large.
///
/// Nests that sum over the rows qualify, too: chunks of the rows sum into memory of their own. Those that add at places
/// that are known at run time qualify alone, where places are few. Checks of what is reduced, such as whether places lie
/// within bounds, come after them where nobody sees what is done before they fail.
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
            let steps = ops.into_iter().map(|op| (op, Step::of(&mut roots, op)));
            let steps: Vec<_> = steps.collect();
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
    shape: Shape,
    footprint: Footprint,
    /// What is in the cache: rows and wholes.
    seen: HashSet<(usize, Rows)>,
    size: Size,
}

impl<'a, 'c> Growing<'a, 'c> {
    fn from(first: &'a Member<'c>, depth: usize, shape: Shape) -> Option<Self> {
        let mut new = Self {
            members: Vec::new(),
            depth,
            shape,
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
        let partly = |used: &Use<'_>| {
            let moves = used.rows.dim(depth - 1).is_some() && !used.rows.moves(depth);
            moves && self.shape != Shape::Tiles
        };
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
            // Points of a block share what does not move with each of its axes.
            let mut extends = self.shape.run(depth)..depth;
            let moves = extends.all(|axis| used.rows.dim(axis).is_some());
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
        size.blocks(self.shape, &new.counts(depth))?;
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
    shape: Shape,
    /// How far a block extends along each of them.
    blocks: Vec<i64>,
    /// What is found in the cache, in bytes, as far as sizes are known.
    saved: i64,
    /// The arrays of which only a block is in memory, which begin as a `memref.alloc`.
    local: Vec<Val<'c>>,
    /// Ops between the members that come after them.
    late: Vec<Op<'c>>,
}

impl<'a, 'c> Group<'a, 'c> {
    /// The group that begins with the first of `steps`, which end a block, and how many of them it reaches over: of the
    /// ways to number rows and of the shapes of blocks the one that finds most in the cache, and of those the one by
    /// fewest axes.
    fn at(steps: &'a [(Op<'c>, Step<'c>)]) -> Option<(Self, usize)> {
        let (group, reach) = Self::of_shapes(steps, &Shape::ALL)?;
        if group.shape != Shape::Bands {
            return Some((group, reach));
        }
        // Bands are for what tiles cannot do.
        let mut by_tiles = 0;
        let mut at = 0;
        while at < reach {
            let tiles = Self::of_shapes(&steps[at..], &[Shape::Tiles]);
            at += tiles.as_ref().map_or(1, |(_, reach)| *reach);
            by_tiles += tiles.map_or(0, |(group, _)| group.saved);
        }
        match group.saved > by_tiles.saturating_add(by_tiles / 4) {
            true => Some((group, reach)),
            false => Self::of_shapes(steps, &[Shape::Tiles, Shape::Rows]),
        }
    }

    /// The best group of one of some shapes; of equally good ones that of the last.
    fn of_shapes(steps: &'a [(Op<'c>, Step<'c>)], shapes: &[Shape]) -> Option<(Self, usize)> {
        let Some((_, Step::Member(ways))) = steps.first() else {
            return None;
        };
        let begins = ways.iter().flat_map(|first| {
            let depths = (1..=first.axes.len()).rev();
            depths.map(move |depth| (first, depth))
        });
        let begins: Vec<_> = begins.collect();
        let found = shapes.iter().flat_map(|shape| {
            let possible = begins.iter().filter(|(_, depth)| shape.suits(*depth));
            possible.filter_map(|(first, depth)| Self::within(steps, first, *depth, *shape))
        });
        found.max_by_key(|(group, _)| group.saved)
    }

    fn within(
        steps: &'a [(Op<'c>, Step<'c>)],
        first: &'a Member<'c>,
        depth: usize,
        shape: Shape,
    ) -> Option<(Self, usize)> {
        if shape == Shape::Tiles && !first.multiplies(depth) {
            return None;
        }
        let mut growing = Growing::from(first, depth, shape)?;
        // How many members, and steps, up to the last member that finds something in the cache.
        let mut kept = (1, 1, growing.size);
        let mut late = Late::default();
        for (i, (op, step)) in steps.iter().enumerate().take(MOST_STEPS).skip(1) {
            let added = match step {
                Step::Member(ways) => ways
                    .iter()
                    .filter(|new| late.lets_run(new))
                    .find_map(|new| growing.add(new)),
                _ => None,
            };
            match added {
                Some(true) => kept = (growing.members.len(), i + 1, growing.size),
                Some(false) => {}
                None if !late.is_needed_by(*op) && step.passes(&growing.footprint) => {}
                None if late.take(i, *op, &growing.members) => {}
                None => break,
            }
        }
        let (members, reach, size) = kept;
        growing.members.truncate(members);
        let late = late.before(reach);
        Some((Self::new(growing.members, depth, shape, size, late)?, reach))
    }

    fn new(
        members: Vec<&'a Member<'c>>,
        depth: usize,
        shape: Shape,
        size: Size,
        late: Vec<Op<'c>>,
    ) -> Option<Self> {
        let counts = members[0].counts(depth);
        let sizes: Vec<_> = counts.iter().map(|n| n.as_static()).collect();
        let total = product(&sizes);
        let few = |n: i64| n.saturating_mul(size.saved) < LEAST_SAVED;
        let alone = members.len() < 2 || total.is_some_and(few);
        let scatters = |member: &&Member<'c>| matches!(member.sums, Some(Sums::At(_)));
        if alone && !members.iter().any(scatters) {
            return None;
        }
        let multiplies = |member: &&Member<'_>| member.multiplies(depth + 1);
        if shape == Shape::Bands && !members.iter().any(multiplies) {
            return None;
        }
        let local = locals(&members, depth);
        Some(Self {
            blocks: size.blocks(shape, &counts)?,
            saved: total.map_or(size.saved, |n| n.saturating_mul(size.saved)),
            members,
            depth,
            shape,
            local,
            late,
        })
    }
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
