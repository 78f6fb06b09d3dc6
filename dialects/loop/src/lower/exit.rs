//! Reductions that end early: once an accumulator holds the absorbing value, the rest of the
//! points does not matter.
//!
//! Points run in blocks that double in size, with a test after each: a reduction that is
//! decided soon costs next to nothing, one that never is hardly notices the tests.

use super::emit::Emitter;
use super::index::{Ix, Span};
use super::lane::Lane;
use super::state::{Accs, State, flatten, unflatten};
use crate::schedule::IteratorKind;
use npir_mlir::prelude::*;

/// Steps of the longest block, in steps of the first one.
const LONGEST: i64 = 64;
/// Points before the first test of a loop around the lanes.
const FIRST_ROWS: i64 = 16;
/// Points that are tried before threads are asked to help.
const FIRST_TRY: i64 = 4096;

impl<'c> Emitter<'_, 'c> {
    /// Whether the loop at `depth` reduces into open accumulators that may be decided early.
    pub(super) fn may_end(&self, depth: usize, accs: &Accs<'c>) -> bool {
        let axis = self.loops[depth].axis;
        self.kernel.absorbing.is_some()
            && self.kernel.axes[axis].kind == IteratorKind::Reduction
            && accs[0]
                .as_ref()
                .is_some_and(|acc| acc.slots.iter().flatten().all(Option::is_some))
    }

    /// The loop over the points of a reduction axis, until the accumulators are decided.
    pub(super) fn ending_loop(
        &self,
        rw: Rewriter<'c>,
        depth: usize,
        state: &State<'c>,
        accs: Accs<'c>,
    ) -> Accs<'c> {
        let axis = self.loops[depth].axis;
        let (copies, lanes) = self.in_flight(axis);
        let first = if axis == self.kernel.schedule.lanes {
            copies * lanes
        } else {
            copies * FIRST_ROWS
        };
        let span = state.spans[axis];
        if span.len.constant().is_some_and(|len| len <= first) {
            return self.point_loop(rw, depth, state, accs);
        }
        let width = self.kernel.width();
        let end = span.end(rw);
        let mut inits = vec![span.lo.value(rw), rw.const_index(first)];
        inits.extend(flatten(rw, &accs, width));
        let types: Vec<Type<'c>> = inits.iter().map(|value| value.ty()).collect();
        let block = |rw: Rewriter<'c>, args: &[Val<'c>]| {
            let (at, size) = (Ix::Val(args[0]), Ix::Val(args[1]));
            let len = end.sub(rw, at).min(rw, size);
            let part = state.narrowed(axis, Span { lo: at, len });
            let before = unflatten(&accs, &args[2..], width);
            let after = self.point_loop(rw, depth, &part, before);
            let next = at.add(rw, len);
            let size = size.add(rw, size).min(rw, Ix::Const(first * LONGEST));
            let left = rw.cmpi(CmpI::Slt, next.value(rw), end.value(rw));
            let open = rw.xori(self.decided(rw, state, &after), rw.const_bool(true));
            let mut values = vec![next.value(rw), size.value(rw)];
            values.extend(flatten(rw, &after, width));
            (rw.andi(left, open), values)
        };
        let results = rw.scf_while(&inits, &types, block, |_, args| args.to_vec());
        unflatten(&accs, &results[2..], width)
    }

    /// Whether the first output's accumulators are decided: of those that are merged in the end
    /// one each, of the others all.
    fn decided(&self, rw: Rewriter<'c>, state: &State<'c>, accs: &Accs<'c>) -> Val<'c> {
        let no = || rw.const_bool(false);
        let (Some(absorbing), Some(acc)) = (self.kernel.absorbing, accs[0].as_ref()) else {
            return no();
        };
        let width = self.kernel.width();
        let goal = Lane::Uniform(absorbing).widen(rw, width);
        let equal = |lane: &Lane<'c>| rw.cmpi(CmpI::Eq, lane.widen(rw, width), goal);
        let reduced = |kind: &str, lanes: Val<'c>| match width {
            1 => lanes,
            _ => rw.vector_reduction(kind, lanes),
        };
        let keys = acc.slots.iter().filter_map(|slots| {
            let slots = slots.iter().flatten().map(equal);
            slots.reduce(|a, b| rw.ori(a, b))
        });
        if acc.partial {
            let keys = keys.map(|lanes| reduced("or", lanes));
            return keys.reduce(|a, b| rw.andi(a, b)).unwrap_or_else(no);
        }
        let Some(mut lanes) = keys.reduce(|a, b| rw.andi(a, b)) else {
            return no();
        };
        if let Some(mask) = state.mask {
            let off = rw.cmpi(CmpI::Eq, mask, Lane::Uniform(no()).widen(rw, width));
            lanes = rw.ori(lanes, off);
        }
        reduced("and", lanes)
    }

    /// Runs `code`, but where the first points of a single output may decide it, only if they do not.
    pub(super) fn unless_decided(&self, rw: Rewriter<'c>, code: impl FnOnce(Rewriter<'c>)) {
        let kernel = self.kernel;
        let Some(absorbing) = kernel
            .absorbing
            .filter(|_| !kernel.outs[0].depends.contains(&true))
        else {
            return code(rw);
        };
        let mut first = kernel.clone();
        first.schedule.parallel = 0;
        for (position, &axis) in kernel.schedule.order.iter().rev().enumerate() {
            let most = if position == 0 { FIRST_TRY } else { 1 };
            let extent = &mut first.axes[axis].extent;
            *extent = extent.min(rw, Ix::Const(most));
        }
        Emitter::new(&first).run(rw);
        let out = &kernel.outs[0];
        let (address, _) =
            State::new(kernel).address(rw, kernel, out, out.start, &vec![0; kernel.rank()]);
        let value = address.load(rw, out.flat, 1, None).widen(rw, 1);
        let open = rw.cmpi(CmpI::Ne, value, absorbing);
        let code = |rw| {
            code(rw);
            Vec::new()
        };
        rw.scf_if(open, &[], code, |_| Vec::new());
    }
}
