//! `loop-pack`: what every row of a product of matrices reads anew lies in memory as it is read.

use super::contraction::{Contraction, Packing};
use super::facts::Facts;
use super::machine::{CONFLICTING_ROWS, CONFLICTING_STEP, CONTRACTION_ROWS, Machine, Rates};
use crate::fuse_rows::loop_over_blocks;
use crate::nest::Nest;
use crate::part::{on_part, size_of};
use crate::runtime_ops::ParallelFor;
use npir_mlir::prelude::*;

/// Copies operands of contractions, such as `c.T` in `x @ c.T`, so that the columns of the result are contiguous in
/// them, and operands whose rows lie 512 bytes or a multiple apart.
///
/// Where only a call can tell, it decides. Without a copy, the elements for a vector of columns are gathered one by one for every few rows, or rows drive each
/// other out of the cache. The copy is made once for all rows of the result, as in every BLAS (K. Goto and R. van de
/// Geijn, *Anatomy of high-performance matrix multiplication*, 2008); where there are few rows it is not worth it. Loops
/// over blocks of rows that all use the operand have one copy.
#[pass("loop-pack", dependent_dialects("arith", "memref"))]
#[derive(Clone)]
pub struct LoopPack {
    #[option(
        name = "vector-bits",
        default = "256",
        description = "Bits of a vector register; 0 for scalar code"
    )]
    vector_bits: i64,
    #[statistic(name = "packed", description = "Operands that are copied")]
    packed: Statistic,
}

impl Pass for LoopPack {
    fn run(&mut self, op: Op<'_>, _cx: &PassCx<'_>) -> PassResult {
        let machine = Machine {
            vector_bits: self.vector_bits,
            threads: false,
            rates: Rates::of(&npir_machine::Machine::default()),
        };
        for nest in op.find_all(Nest::NAME).into_iter().filter_map(Nest::cast) {
            let operands = worth_copying(nest, machine);
            if operands.is_empty() {
                continue;
            }
            let mut ins = nest.inputs();
            for operand in &operands {
                rewrite_at(operand.place.op, |rw| {
                    ins[operand.input] = operand.packed(rw, nest);
                });
            }
            rewrite_at(nest.op(), |rw| {
                on_part(rw, nest, &nest.bounds(), &ins, &nest.outputs());
                rw.erase(nest.op());
            });
            self.packed.add(operands.len() as i64);
        }
        Ok(())
    }
}

/// Where an input is copied: before an op, once for all that the loops that it is in front of do with it.
struct Place<'c> {
    op: Op<'c>,
    /// How often the loops run, as far as that is known there.
    rounds: Vec<Rounds<'c>>,
}

/// How often a loop runs.
enum Rounds<'c> {
    /// As many as this.
    Count(Val<'c>),
    /// From the first to the second.
    Range(Val<'c>, Val<'c>),
}

impl<'c> Place<'c> {
    /// In front of all loops over blocks around a nest that leave `memref` as it is.
    fn of(nest: Nest<'c>, memref: Val<'c>) -> Self {
        let mut place = Self {
            op: nest.op(),
            rounds: Vec::new(),
        };
        while let Some(around) = loop_over_blocks(place.op)
            && is_outside(memref, around)
            && !is_written(memref, around)
        {
            place.rounds.push(match around.name() {
                ParallelFor::NAME => Rounds::Count(around.operand(0)),
                _ => Rounds::Range(around.operand(0), around.operand(1)),
            });
            place.op = around;
        }
        // A loop over a part of the rounds of one around it stands for nothing of its own.
        let op = place.op;
        place.rounds.retain(|rounds| match rounds {
            Rounds::Count(count) => is_outside(*count, op),
            Rounds::Range(low, high) => is_outside(*low, op) && is_outside(*high, op),
        });
        place
    }

    /// How often the nest runs for one copy, if that is known.
    fn known_rounds(&self) -> Option<i64> {
        let number = |value: &Val<'_>| value.constant_attr()?.as_int();
        self.rounds.iter().try_fold(1i64, |total, rounds| {
            let n = match rounds {
                Rounds::Count(count) => number(count)?,
                Rounds::Range(low, high) => number(high)? - number(low)?,
            };
            Some(total.saturating_mul(n.max(0)))
        })
    }

    /// The same as a value.
    fn rounds(&self, rw: Rewriter<'c>) -> Val<'c> {
        let one = rw.const_index(1);
        self.rounds.iter().fold(one, |total, rounds| {
            let n = match rounds {
                Rounds::Count(count) => *count,
                Rounds::Range(low, high) => rw.subi(*high, *low),
            };
            rw.muli(total, n)
        })
    }
}

/// Whether a value is there in front of `op`.
fn is_outside(value: Val<'_>, op: Op<'_>) -> bool {
    match value.defining_op() {
        Some(definition) => !definition.is_within(op),
        None => value
            .parent_block()
            .and_then(|block| block.parent_op())
            .is_some_and(|owner| !owner.is_within(op)),
    }
}

/// Whether an op inside of `around` writes to the memory of a value.
fn is_written(memref: Val<'_>, around: Op<'_>) -> bool {
    let mut memory = memref;
    while let Some(op) = memory.defining_op().filter(|op| is_view(*op)) {
        memory = op.operand(0);
    }
    let mut views = vec![memory];
    while let Some(view) = views.pop() {
        for user in view.uses() {
            if is_view(user.op) && user.operand == 0 {
                views.extend(user.op.result_values());
            }
            let writes = match Nest::cast(user.op) {
                Some(nest) => nest.outputs().contains(&view),
                None => match user.op.name() {
                    "memref.store" | "memref.copy" => user.operand == 1,
                    _ => false,
                },
            };
            if writes && user.op.is_within(around) {
                return true;
            }
        }
    }
    false
}

/// An input of a contraction that is worth a copy.
struct Operand<'c> {
    input: usize,
    place: Place<'c>,
    /// The dimension that the columns walk.
    column: usize,
    /// Where a call decides.
    condition: Option<Condition<'c>>,
}

/// What a call looks at.
struct Condition<'c> {
    /// The dimension that the depth walks, whose step may be bad.
    depth: usize,
    /// The rows of the nest, at most, and how many have to share a copy.
    rows: (OpFold<'c>, i64),
    /// How deep the contraction is, and how deep it has to be.
    depths: (OpFold<'c>, i64),
}

fn worth_copying<'c>(nest: Nest<'c>, machine: Machine) -> Vec<Operand<'c>> {
    if nest.schedule().is_some() {
        return Vec::new();
    }
    let facts = Facts::new(nest, machine.rates);
    let Some(contraction) = Contraction::of(&facts, machine) else {
        return Vec::new();
    };
    let (maps, bounds, ins) = (nest.affine_maps(), nest.bounds(), nest.inputs());
    let rows = at_most(bounds[contraction.row]);
    let operand = |input: usize| {
        let place = Place::of(nest, ins[input]);
        let all_rows = match place.rounds.is_empty() {
            true => facts.extents[contraction.row],
            false => place
                .known_rounds()
                .zip(rows.as_static())
                .map(|(n, rows)| n.saturating_mul(rows)),
        };
        let packing = contraction.packs(&facts, machine, input, all_rows);
        let coordinates = map_results(maps[input]);
        let plain = coordinates.iter().all(|expr| expr.is_dim());
        let walked = |axis| {
            let mut dims = coordinates.iter();
            dims.position(|expr| expr.is_function_of_dim(axis))
        };
        let condition = match packing {
            _ if !plain => return None,
            Packing::No => return None,
            Packing::Yes => None,
            Packing::IfConflicting => Some(Condition {
                depth: walked(contraction.depth)?,
                rows: (rows, CONFLICTING_ROWS),
                depths: (bounds[contraction.depth], CONTRACTION_ROWS),
            }),
        };
        Some(Operand {
            input,
            place,
            column: walked(contraction.column)?,
            condition,
        })
    };
    (0..facts.num_ins).filter_map(operand).collect()
}

/// The most that a size is, where it is the rest of something or a block of it.
fn at_most(size: OpFold<'_>) -> OpFold<'_> {
    let rest = match size {
        OpFold::Value(value) => value.defining_op().filter(|op| op.name() == "arith.minsi"),
        OpFold::Static(_) => None,
    };
    let block = rest.and_then(|op| {
        let numbers = op.operand_values().into_iter();
        numbers
            .filter_map(|value| value.constant_attr()?.as_int())
            .next()
    });
    block.map_or(size, OpFold::Static)
}

impl<'c> Operand<'c> {
    /// The copy, or what the call decides for.
    fn packed(&self, rw: Rewriter<'c>, nest: Nest<'c>) -> Val<'c> {
        let memref = nest.inputs()[self.input];
        let Some(Condition {
            depth,
            rows,
            depths,
        }) = &self.condition
        else {
            return packed(rw, memref, self.column);
        };
        let (_, _, _, strides) = rw.memref_metadata(memref);
        let bits = memref.ty().element().bit_width() as i64;
        let conflicting = rw.const_index((CONFLICTING_STEP * 8 / bits).max(1));
        let zero = rw.const_index(0);
        let step = strides[*depth];
        let rest = rw.remsi(step, conflicting);
        let mut condition = rw.andi(rw.cmpi(CmpI::Eq, rest, zero), rw.cmpi(CmpI::Ne, step, zero));
        let mut demand = |count: Val<'c>, least: i64| {
            let many = rw.cmpi(CmpI::Sge, count, rw.const_index(least));
            condition = rw.andi(condition, many);
        };
        match (rows, self.place.rounds.is_empty()) {
            ((OpFold::Static(_), _), true) => {}
            ((rows, least), _) => {
                let rows = match rows {
                    OpFold::Value(rows) if !is_outside(*rows, self.place.op) => OpFold::Static(1),
                    rows => *rows,
                };
                demand(rw.muli(self.place.rounds(rw), rw.materialize(rows)), *least);
            }
        }
        if let (OpFold::Value(depth), least) = depths {
            demand(*depth, *least);
        }
        let ty = memref.ty();
        let anywhere = rw.ctx().memref_any_layout(&ty.dims(), ty.element());
        rw.scf_if(
            condition,
            &[anywhere],
            |rw| vec![rw.memref_cast(packed(rw, memref, self.column), anywhere)],
            |rw| vec![rw.memref_cast(memref, anywhere)],
        )[0]
    }
}

/// So many elements, in an odd number of cache lines: rows one after the other fall into all sets of a cache.
fn padded<'c>(rw: Rewriter<'c>, n: OpFold<'c>, element: Type<'c>) -> OpFold<'c> {
    const LINE_BITS: i64 = 512;
    let line = (LINE_BITS / (element.bit_width() as i64).max(8)).max(1);
    match n {
        OpFold::Static(n) => OpFold::Static((((n + line - 1) / line) | 1) * line),
        OpFold::Value(n) => {
            let line = rw.const_index(line);
            let lines = rw.ori(rw.ceildivsi(n, line), rw.const_index(1));
            OpFold::Value(rw.muli(lines, line))
        }
    }
}

/// A copy of a memref that is contiguous along a dimension.
fn packed<'c>(rw: Rewriter<'c>, memref: Val<'c>, dim: usize) -> Val<'c> {
    let rank = memref.ty().rank();
    let sizes: Vec<_> = (0..rank).map(|d| size_of(rw, memref, d)).collect();
    let mut strides = vec![OpFold::Static(1); rank];
    let mut count = padded(rw, sizes[dim], memref.ty().element());
    for d in (0..rank).rev().filter(|&d| d != dim) {
        strides[d] = count;
        count = rw.fold_mul(count, sizes[d]);
    }
    let element = memref.ty().element();
    let flat = match count {
        OpFold::Static(n) => rw.memref_alloc(rw.ctx().memref(&[n], element), &[]),
        OpFold::Value(n) => rw.memref_alloc(rw.ctx().memref(&[DYNAMIC], element), &[n]),
    };
    let copy = rw.memref_reinterpret_cast(flat, OpFold::Static(0), &sizes, &strides);
    crate::part::copy(rw, memref, copy);
    copy
}
