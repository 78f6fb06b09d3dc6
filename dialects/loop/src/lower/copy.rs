//! Rows that are copied as they are: long ones by `memcpy`.
//!
//! The system's `memcpy` knows what the processor offers for blocks of a few kilobytes and more, such as stores that
//! do not read the lines they replace; vectors of loads and stores have no way to ask for it.

use super::emit::Emitter;
use super::index::{Ix, Span};
use super::kernel::{Access, Kernel};
use super::state::{Accs, State};
use crate::access::element_bytes;
use crate::nest::Yield;
use crate::runtime_ops::CopyRow;
use crate::schedule::IteratorKind;
use npir_mlir::prelude::*;

/// From that many bytes on a call costs less than vectors of loads and stores.
const LONG: i64 = 4096;

/// The input whose elements the kernel stores unchanged, side by side along its lanes.
pub(super) fn copied_input(kernel: &Kernel<'_>) -> Option<usize> {
    let [out] = &kernel.outs[..] else { return None };
    let lanes = kernel.schedule.lanes;
    let copies = kernel.rank() > 0
        && kernel.inits.is_empty()
        && kernel.combine.is_none()
        && kernel.axes[lanes].kind == IteratorKind::Parallel;
    if !copies {
        return None;
    }
    let block = kernel.body.block();
    let only = block.first_op()?;
    if only.name() != Yield::NAME {
        return None;
    }
    let key = only.operand(0).key();
    let args = block.args();
    let input = args.iter().position(|arg| arg.key() == key)?;
    let side_by_side = |access: &Access<'_>| {
        access.divided.is_empty() && access.strides[lanes].constant() == Some(1)
    };
    let source = kernel.ins.get(input)?;
    (side_by_side(source) && side_by_side(out)).then_some(input)
}

impl<'c> Emitter<'_, 'c> {
    /// The loop over the lanes at `depth`, as one copy where it is long; `None` where it copies no row or knows that
    /// none is long.
    pub(super) fn copying_loop(
        &self,
        rw: Rewriter<'c>,
        depth: usize,
        state: &State<'c>,
    ) -> Option<Accs<'c>> {
        let input = copied_input(self.kernel)?;
        let axis = self.loops.get(depth)?.axis;
        let innermost = depth + 1 == self.loops.len() && axis == self.kernel.schedule.lanes;
        if !innermost || state.mask.is_some() || state.copies.iter().any(|&copies| copies > 1) {
            return None;
        }
        let memory = self.kernel.outs[0].flat.ty();
        let long = LONG / element_bytes(memory.element())? as i64;
        let span = state.spans[axis];
        let accs = vec![None; self.kernel.outs.len()];
        match span.len.constant() {
            Some(len) if len < long => return None,
            Some(_) => self.copy(rw, input, state, span),
            None => {
                let is_long = rw.cmpi(CmpI::Sge, span.len.value(rw), rw.const_index(long));
                let copied = |rw| {
                    self.copy(rw, input, state, span);
                    Vec::new()
                };
                let in_vectors = |rw| {
                    self.point_loop(rw, depth, state, accs.clone());
                    Vec::new()
                };
                rw.scf_if(is_long, &[], copied, in_vectors);
            }
        }
        Some(accs)
    }

    fn copy(&self, rw: Rewriter<'c>, input: usize, state: &State<'c>, span: Span<'c>) {
        let at = |element: Ix<'c>| element.add(rw, span.lo).value(rw);
        let (from, to) = (at(state.in_elements[input]), at(state.out_elements[0]));
        let (source, target) = (self.kernel.ins[input].flat, self.kernel.outs[0].flat);
        CopyRow::build(rw, source, from, target, to, span.len.value(rw));
    }
}
