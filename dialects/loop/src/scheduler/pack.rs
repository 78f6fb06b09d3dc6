//! `loop-pack`: what every row of a product of matrices reads anew lies in memory as it is read.

use super::contraction::Contraction;
use super::facts::Facts;
use super::machine::Machine;
use crate::access::results;
use crate::nest::{Nest, NestParts};
use crate::part::{on_part, size_of};
use crate::schedule::IteratorKind;
use npir_mlir::prelude::*;

/// Copies operands of contractions, such as `c.T` in `x @ c.T`, so that the columns of the result are contiguous in
/// them, and operands whose rows lie 512 bytes or a multiple apart.
///
/// Without that, the elements for a vector of columns are gathered one by one for every few rows, or rows drive each
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
        };
        for nest in op.find_all(Nest::NAME).into_iter().filter_map(Nest::cast) {
            let operands = worth_copying(nest, machine);
            if operands.is_empty() {
                continue;
            }
            rewrite_at(nest.op(), |rw| {
                let mut ins = nest.inputs();
                for &(operand, dim) in &operands {
                    ins[operand] = packed(rw, ins[operand], dim);
                }
                on_part(rw, nest, &nest.bounds(), &ins, &nest.outputs());
                rw.erase(nest.op());
            });
            self.packed.add(operands.len() as i64);
        }
        Ok(())
    }
}

/// The inputs of a contraction that are worth a copy; of each the dimension that the columns walk.
fn worth_copying(nest: Nest<'_>, machine: Machine) -> Vec<(usize, usize)> {
    if nest.schedule().is_some() {
        return Vec::new();
    }
    let facts = Facts::new(nest);
    let Some(contraction) = Contraction::of(&facts, machine) else {
        return Vec::new();
    };
    let maps = nest.affine_maps();
    let column = contraction.column;
    (0..facts.num_ins)
        .filter(|&i| contraction.packs(&facts, machine, i))
        .filter_map(|i| {
            let coordinates = results(maps[i]);
            let plain = coordinates.iter().all(|expr| expr.is_dim());
            let dim = coordinates
                .iter()
                .position(|expr| expr.is_function_of_dim(column))?;
            plain.then_some((i, dim))
        })
        .collect()
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
    let ctx = rw.ctx();
    let axes: Vec<_> = (0..rank).map(|d| ctx.dim_expr(d)).collect();
    let map = ctx.affine_map(rank, &axes);
    let parts = NestParts {
        bounds: &sizes,
        iterators: &vec![IteratorKind::Parallel; rank],
        ins: &[(memref, map)],
        outs: &[(copy, map)],
        inits: &[],
    };
    Nest::create(rw, &parts, |_, ins, _| ins.to_vec(), None);
    copy
}
