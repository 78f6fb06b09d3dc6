//! Sums at places that are known at run time: `np.add.at`, `np.bincount`, histograms.

use super::sums::Parts;
use crate::nest::{Nest, NestParts};
use crate::schedule::IteratorKind;
use npir_mlir::prelude::*;

/// A nest that adds each row of something to the places that it has for it.
pub(super) struct Scatter<'c> {
    pub(super) dest: Val<'c>,
    add: &'c str,
}

impl<'c> Scatter<'c> {
    /// What a nest does that walks rows in order, and otherwise independent points, and stores nothing but such sums.
    pub(super) fn of(nest: Nest<'c>) -> Option<Self> {
        let kinds = nest.iterator_kinds();
        let (first, others) = kinds.split_first()?;
        if *first != IteratorKind::Sequential
            || !others.iter().all(|kind| *kind == IteratorKind::Parallel)
            || !nest.outputs().is_empty()
        {
            return None;
        }
        let (stores, loads) = (
            nest.op().find_all("memref.store"),
            nest.op().find_all("memref.load"),
        );
        let [store] = stores[..] else {
            return None;
        };
        let (sum, dest) = (store.operand(0), store.operand(1));
        let mut of_dest = loads.iter().filter(|op| op.operand(0).key() == dest.key());
        let (load, None) = (*of_dest.next()?, of_dest.next()) else {
            return None;
        };
        let keys = |op: Op<'c>, from| -> Vec<usize> {
            let places = op.operand_values();
            places[from..].iter().map(|place| place.key()).collect()
        };
        let add = sum.defining_op()?;
        let old = load.result_value(0);
        let adds = matches!(add.name(), "arith.addf" | "arith.addi")
            && add.operand_values().iter().any(|v| v.key() == old.key())
            && old.has_one_use()
            && sum.has_one_use();
        (adds && keys(store, 2) == keys(load, 1)).then_some(Self {
            dest,
            add: add.name(),
        })
    }
}

/// The memory of the chunks: where there is one chunk, what there is.
pub(super) struct Private<'c> {
    dest: Val<'c>,
    add: &'c str,
    parts: Parts<'c>,
    /// Whether there is more than one chunk.
    several: Val<'c>,
}

impl<'c> Private<'c> {
    pub(super) fn new(rw: Rewriter<'c>, scatter: &Scatter<'c>, chunks: OpFold<'c>) -> Self {
        let (several, count) = match chunks {
            OpFold::Static(n) => {
                let own = if n > 1 { n } else { 0 };
                (rw.const_bool(n > 1), OpFold::Static(own))
            }
            OpFold::Value(n) => {
                let several = rw.cmpi(CmpI::Sgt, n, rw.const_index(1));
                let own = rw.select(several, n, rw.const_index(0));
                (several, OpFold::Value(own))
            }
        };
        Self {
            dest: scatter.dest,
            add: scatter.add,
            parts: Parts::new(rw, scatter.dest, count),
            several,
        }
    }

    /// Where a chunk adds: zeros of its own, or what there is.
    pub(super) fn target(&self, rw: Rewriter<'c>, chunk: Val<'c>) -> Val<'c> {
        let ty = self.dest.ty();
        let (dims, element) = (ty.dims(), ty.element());
        // What both have in common.
        let steps = ty.strides_and_offset().map(|(steps, _)| steps);
        let steps = steps.unwrap_or_else(|| vec![DYNAMIC; dims.len()]);
        let steps = steps.into_iter().zip(self.parts.strides());
        let steps: Vec<_> = steps
            .map(|(step, own)| {
                if own.as_static() == Some(step) {
                    step
                } else {
                    DYNAMIC
                }
            })
            .collect();
        let anywhere = rw.ctx().memref_strided(&dims, element, DYNAMIC, &steps);
        let own = |rw: Rewriter<'c>| {
            let zero = rw.const_number(element, 0);
            vec![rw.memref_cast(self.parts.begin(rw, chunk, zero), anywhere)]
        };
        let shared = |rw: Rewriter<'c>| vec![rw.memref_cast(self.dest, anywhere)];
        rw.scf_if(self.several, &[anywhere], own, shared)[0]
    }

    /// Adds the parts to what there was.
    pub(super) fn merge(&self, rw: Rewriter<'c>) {
        rw.scf_when(self.several, |rw| {
            let (bounds, iterators) = self.parts.space();
            let parts = NestParts {
                bounds: &bounds,
                iterators: &iterators,
                ins: &[self.parts.all(rw)],
                outs: &[(self.dest, self.parts.map_of_one(rw))],
                inits: &[],
            };
            Nest::create(
                rw,
                &parts,
                |rw, ins, sums| {
                    let add = rw.op(self.add).operands(&[sums[0], ins[0]]);
                    vec![add.results(&[sums[0].ty()]).build_value()]
                },
                None,
            );
        });
    }
}

/// Lets a nest that adds to `dest` add to `target`.
pub(super) fn retarget<'c>(nest: Nest<'c>, dest: Val<'c>, target: Val<'c>) {
    for (name, operand) in [("memref.load", 0), ("memref.store", 1)] {
        for op in nest.op().find_all(name) {
            if op.operand(operand).key() == dest.key() {
                op.set_operand(operand, target);
            }
        }
    }
}
