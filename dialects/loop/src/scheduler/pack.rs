//! `loop-pack`: what every row of a product of matrices reads anew lies in memory as it is read.

use super::contraction::{Contraction, Packing};
use super::facts::Facts;
use super::machine::{CONFLICTING_ROWS, CONFLICTING_STEP, CONTRACTION_ROWS, Machine, Rates};
use crate::nest::Nest;
use crate::part::{on_part, size_of};
use npir_mlir::prelude::*;

/// Copies operands of contractions, such as `c.T` in `x @ c.T`, so that the columns of the result are contiguous in
/// them, and operands whose rows lie 512 bytes or a multiple apart.
///
/// Where only a call can tell, it decides. Without a copy, the elements for a vector of columns are gathered one by one for every few rows, or rows drive each
/// other out of the cache. The copy is made once for all rows of the result, as in every BLAS (K. Goto and R. van de
/// Geijn, *Anatomy of high-performance matrix multiplication*, 2008); where there are few rows it is not worth it.
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
            rewrite_at(nest.op(), |rw| {
                let mut ins = nest.inputs();
                for operand in &operands {
                    ins[operand.input] = operand.packed(rw, nest);
                }
                on_part(rw, nest, &nest.bounds(), &ins, &nest.outputs());
                rw.erase(nest.op());
            });
            self.packed.add(operands.len() as i64);
        }
        Ok(())
    }
}

/// An input of a contraction that is worth a copy.
struct Operand {
    input: usize,
    /// The dimension that the columns walk.
    column: usize,
    /// Where a call decides: the dimension that the depth walks, and how long axes have to be.
    condition: Option<(usize, [(usize, i64); 2])>,
}

fn worth_copying(nest: Nest<'_>, machine: Machine) -> Vec<Operand> {
    if nest.schedule().is_some() {
        return Vec::new();
    }
    let facts = Facts::new(nest, machine.rates);
    let Some(contraction) = Contraction::of(&facts, machine) else {
        return Vec::new();
    };
    let maps = nest.affine_maps();
    let operand = |input: usize| {
        let packing = contraction.packs(&facts, machine, input);
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
            Packing::IfConflicting => Some((
                walked(contraction.depth)?,
                [
                    (contraction.row, CONFLICTING_ROWS),
                    (contraction.depth, CONTRACTION_ROWS),
                ],
            )),
        };
        Some(Operand {
            input,
            column: walked(contraction.column)?,
            condition,
        })
    };
    (0..facts.num_ins).filter_map(operand).collect()
}

impl Operand {
    /// The copy, or what the call decides for.
    fn packed<'c>(&self, rw: Rewriter<'c>, nest: Nest<'c>) -> Val<'c> {
        let memref = nest.inputs()[self.input];
        let Some((dim, axes)) = self.condition else {
            return packed(rw, memref, self.column);
        };
        let bounds = nest.bounds();
        let (_, _, _, strides) = rw.memref_metadata(memref);
        let bits = memref.ty().element().bit_width() as i64;
        let conflicting = rw.const_index((CONFLICTING_STEP * 8 / bits).max(1));
        let zero = rw.const_index(0);
        let rest = rw.remsi(strides[dim], conflicting);
        let mut condition = rw.andi(
            rw.cmpi(CmpI::Eq, rest, zero),
            rw.cmpi(CmpI::Ne, strides[dim], zero),
        );
        for (axis, least) in axes {
            if let OpFold::Value(count) = bounds[axis] {
                let many = rw.cmpi(CmpI::Sge, count, rw.const_index(least));
                condition = rw.andi(condition, many);
            }
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
