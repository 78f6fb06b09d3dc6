//! The loop over blocks that a group becomes.

use super::Group;
use super::late;
use super::sums::Sums;
use super::uses::Use;
use crate::lower::index::Ix;
use crate::nest::{Index, Nest};
use crate::part::{on_part, range, shift};
use crate::runtime_ops::ParallelFor;
use npir_mlir::prelude::*;

/// Marks loops over blocks. What is there in front of one, and read in it as it is, nothing in it writes.
const BLOCKS: &str = "loop.blocks";

/// The loop over blocks that `op` is in, or the threads that a loop over blocks is spread over.
pub(crate) fn loop_over_blocks(op: Op<'_>) -> Option<Op<'_>> {
    let marked = |op: Op<'_>| op.attr(BLOCKS).is_some();
    let around = op.parent()?;
    (marked(around) || marked(op) && around.name() == ParallelFor::NAME).then_some(around)
}

/// Runs `body` for each of `low..high`, in order.
fn over<'c>(
    rw: Rewriter<'c>,
    low: Val<'c>,
    high: Val<'c>,
    body: impl FnOnce(Rewriter<'c>, Val<'c>),
) {
    rw.op("scf.for")
        .operands(&[low, high, rw.const_index(1)])
        .attr(BLOCKS, rw.ctx().unit_attr())
        .region_with(&[low.ty()], |rw, args| {
            body(rw, args[0]);
            rw.op("scf.yield").build();
        })
        .build();
}

/// A block: where it begins along each axis that numbers rows and how many points it has there, and the parts of memory
/// that are known for it.
#[derive(Clone)]
struct Place<'c> {
    begins: Vec<Val<'c>>,
    sizes: Vec<OpFold<'c>>,
    parts: Vec<(Use<'c>, Val<'c>)>,
}

impl<'c> Place<'c> {
    /// The part of what a nest uses.
    fn part(&mut self, rw: Rewriter<'c>, used: &Use<'c>) -> Val<'c> {
        let used = used.within(self.begins.len());
        let moving =
            |axis: usize| Some((used.rows.dim(axis)?, self.begins[axis], self.sizes[axis]));
        let ranges: Vec<_> = (0..self.begins.len()).filter_map(moving).collect();
        if ranges.is_empty() {
            return used.memref;
        }
        match self
            .parts
            .iter()
            .find(|(other, _)| other.key() == used.key())
        {
            Some((_, part)) => *part,
            None => {
                let new = range(rw, used.memref, &ranges);
                self.parts.push((used, new));
                new
            }
        }
    }
}

/// The numbers of a loop over blocks.
struct Numbers<'c> {
    /// The sizes of the axes.
    counts: Vec<Val<'c>>,
    /// How far a block extends along each.
    steps: Vec<Val<'c>>,
    /// How many blocks there are along each.
    blocks: Vec<Val<'c>>,
}

impl<'c> Group<'_, 'c> {
    /// Puts the loop in the place of the last member.
    pub(super) fn emit(self, threads: bool) {
        let last = &self.members[self.members.len() - 1];
        let counts = last.counts(self.depth);
        rewrite_at(last.nest.op(), |rw| {
            let counts: Vec<_> = counts.into_iter().map(|n| rw.materialize(n)).collect();
            let steps: Vec<_> = self.blocks.iter().map(|n| rw.const_index(*n)).collect();
            let along = |axis: usize| match self.blocks[axis] {
                1 => counts[axis],
                _ => rw.ceildivsi(counts[axis], steps[axis]),
            };
            let blocks = (0..self.depth).map(along).collect();
            let numbers = Numbers {
                counts,
                steps,
                blocks,
            };
            let summing = self.members.iter();
            let summing = summing.filter_map(|member| Some((member.nest, member.sums.as_ref()?)));
            match summing.collect::<Vec<_>>() {
                none if none.is_empty() => self.emit_lines(rw, threads, &numbers),
                summing => self.emit_chunks(rw, threads, &numbers, &summing),
            }
            late::put(rw, &self.late, last.nest.op());
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

    /// Blocks in the order of all other axes than that which they move along, and then of that one. Blocks that follow each other
    /// along it share what does not move with it.
    fn emit_lines(&self, rw: Rewriter<'c>, threads: bool, numbers: &Numbers<'c>) {
        let run = self.shape.run(self.depth);
        let all = numbers.blocks[run];
        let others: Vec<usize> = (0..self.depth).filter(|axis| *axis != run).collect();
        if others.is_empty() {
            return spread(rw, threads, all, |rw, low, high| {
                let local = self.locals(rw);
                let place = self.first_place(rw, numbers);
                self.emit_run(rw, numbers, &place, [low, high], &local, &[]);
            });
        }
        let total = numbers.blocks.iter().copied().reduce(|n, m| rw.muli(n, m));
        let length = rw.maxsi(all, rw.const_index(1));
        spread(rw, threads, total.unwrap_or(all), |rw, low, high| {
            let local = self.locals(rw);
            let (first, end) = (rw.divui(low, length), rw.ceildivsi(high, length));
            over(rw, first, end, |rw, line| {
                let mut place = self.first_place(rw, numbers);
                let mut left = line;
                for (i, &axis) in others.iter().enumerate().rev() {
                    let number = match i {
                        0 => left,
                        _ => rw.remui(left, numbers.blocks[axis]),
                    };
                    if i > 0 {
                        left = rw.divui(left, numbers.blocks[axis]);
                    }
                    self.set(rw, numbers, &mut place, axis, number);
                }
                let shared = self.members.iter().flat_map(|member| &member.uses);
                for used in shared.filter(|used| used.rows.dim(run).is_none()) {
                    place.part(rw, used);
                }
                let begin = rw.muli(line, all);
                let first = rw.maxsi(rw.subi(low, begin), rw.const_index(0));
                let end = rw.minsi(rw.subi(high, begin), all);
                self.emit_run(rw, numbers, &place, [first, end], &local, &[]);
            });
        });
    }

    /// Chunks of the blocks add into memory of their own.
    fn emit_chunks(
        &self,
        rw: Rewriter<'c>,
        threads: bool,
        numbers: &Numbers<'c>,
        summing: &[(Nest<'c>, &Sums<'c>)],
    ) {
        let run = self.shape.run(self.depth);
        let blocks = numbers.blocks[run];
        let rows = self.members[0].counts(self.depth)[run];
        let most = match threads {
            true => summing
                .iter()
                .map(|(nest, sums)| sums.chunks(rw, *nest, rows))
                .reduce(|a, b| a.min(rw, b))
                .unwrap_or(Ix::ONE),
            false => Ix::ONE,
        };
        let count = Ix::from(rows).ceil_div(rw, Ix::Const(self.blocks[run]));
        let each = count.ceil_div(rw, most).max(rw, Ix::ONE);
        let chunks = OpFold::from(count.ceil_div(rw, each));
        let each = each.value(rw);
        let private: Vec<_> = summing
            .iter()
            .map(|(nest, sums)| sums.private(rw, *nest, chunks))
            .collect();
        spread(rw, threads, rw.materialize(chunks), |rw, low, high| {
            let local = self.locals(rw);
            let place = self.first_place(rw, numbers);
            over(rw, low, high, |rw, chunk| {
                let sums: Vec<_> = private.iter().map(|p| p.targets(rw, chunk)).collect();
                let first = rw.muli(chunk, each);
                let end = rw.minsi(rw.addi(first, each), blocks);
                self.emit_run(rw, numbers, &place, [first, end], &local, &sums);
            });
        });
        for parts in &private {
            parts.merge(rw);
        }
    }

    /// Blocks of a range, one after the other along the axis that they move along.
    fn emit_run(
        &self,
        rw: Rewriter<'c>,
        numbers: &Numbers<'c>,
        place: &Place<'c>,
        [low, high]: [Val<'c>; 2],
        local: &[Val<'c>],
        sums: &[Vec<Val<'c>>],
    ) {
        over(rw, low, high, |rw, block| {
            let mut place = place.clone();
            self.set(rw, numbers, &mut place, self.shape.run(self.depth), block);
            self.emit_block(rw, place, local, sums);
        });
    }

    /// The block at the beginning of all axes.
    fn first_place(&self, rw: Rewriter<'c>, numbers: &Numbers<'c>) -> Place<'c> {
        Place {
            begins: vec![rw.const_index(0); self.depth],
            sizes: numbers.counts.iter().map(|n| OpFold::Value(*n)).collect(),
            parts: Vec::new(),
        }
    }

    /// Moves a place to a block along an axis.
    fn set(
        &self,
        rw: Rewriter<'c>,
        numbers: &Numbers<'c>,
        place: &mut Place<'c>,
        axis: usize,
        number: Val<'c>,
    ) {
        let block = self.blocks[axis];
        if block == 1 {
            place.begins[axis] = number;
            place.sizes[axis] = OpFold::Static(1);
            return;
        }
        let size = numbers.steps[axis];
        let begin = rw.muli(number, size);
        place.begins[axis] = begin;
        place.sizes[axis] = match self.members[0].counts(self.depth)[axis] {
            OpFold::Static(n) if n % block == 0 => OpFold::Static(block),
            _ => {
                let left = rw.subi(numbers.counts[axis], begin);
                OpFold::Value(rw.minsi(left, size))
            }
        };
    }

    /// Memory for a block of each array that only members use.
    fn locals(&self, rw: Rewriter<'c>) -> Vec<Val<'c>> {
        let block_of = |array: &Val<'c>| {
            let ty = array.ty();
            let mut dims = ty.dims();
            dims[..self.depth].copy_from_slice(&self.blocks);
            rw.memref_alloc(rw.ctx().memref(&dims, ty.element()), &[])
        };
        self.local.iter().map(block_of).collect()
    }

    /// The nests on a block.
    fn emit_block(
        &self,
        rw: Rewriter<'c>,
        mut place: Place<'c>,
        local: &[Val<'c>],
        sums: &[Vec<Val<'c>>],
    ) {
        let mut sums = sums.iter();
        let part = |place: &mut Place<'c>, used: &Use<'c>| {
            let mut arrays = self.local.iter();
            match arrays.position(|array| array.key() == used.memref.key()) {
                Some(i) => local[i],
                None => place.part(rw, used),
            }
        };
        for member in &self.members {
            let nest = member.nest;
            let count = nest.inputs().len();
            let (ins, rest) = member.uses.split_at(count);
            let outs = &rest[..nest.outputs().len()];
            let mut bounds = nest.bounds();
            let axes = &member.axes[..self.depth];
            for (axis, size) in axes.iter().zip(&place.sizes) {
                bounds[*axis] = *size;
            }
            let mut parts = |uses: &[Use<'c>]| -> Vec<_> {
                let parts = uses.iter().map(|used| part(&mut place, used));
                parts.collect()
            };
            let ins = parts(ins);
            let summing = member.sums.as_ref();
            let new = match summing.and_then(|kind| Some((kind, sums.next()?))) {
                Some((kind, targets)) => kind.on_block(
                    rw,
                    nest,
                    &bounds,
                    &ins,
                    targets,
                    late::unchecked(&self.late),
                ),
                None => on_part(rw, nest, &bounds, &ins, &parts(outs)),
            };
            for index in new.op().find_all(Index::NAME) {
                let mut begins = axes.iter().zip(&place.begins);
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
