//! Fills that only start the accumulators of the reduction that follows.
//!
//! Reductions that start alike share one fill after common subexpressions are merged; then
//! bufferization fills one buffer and copies it for the others. Both forms are recognized.

use npir_mlir::prelude::*;

/// How a buffer gets its starting value.
struct Start<'c> {
    scalar: Val<'c>,
    /// The op that only serves to do so: a fill, or a copy of a filled buffer.
    by: Op<'c>,
}

/// For each out of the reduction `generic` the scalar that its buffer starts with, and the fills
/// and copies that put it there; `None` unless every out is an allocation of its own, or a part of one, that starts
/// so and is not looked at before `generic`.
pub(super) fn starting_values<'c>(
    generic: Op<'c>,
    outs: &[Val<'c>],
    ins: &[Val<'c>],
) -> Option<(Vec<Val<'c>>, Vec<Op<'c>>)> {
    let distinct = outs.iter().enumerate().all(|(i, o)| !outs[..i].contains(o));
    if !distinct || outs.iter().any(|o| ins.contains(o)) {
        return None;
    }
    // Copies first: a filled buffer may have been read by those that go away.
    let mut starts: Vec<Option<Start<'c>>> = Vec::new();
    for &out in outs {
        starts.push(copied_start(generic, out));
    }
    let copies: Vec<usize> = starts.iter().flatten().map(|s| s.by.key()).collect();
    for (start, &out) in starts.iter_mut().zip(outs) {
        if start.is_none() {
            let filled = filled_start(generic, out, &copies);
            *start = Some(filled.or_else(|| part_start(generic, out, ins))?);
        }
    }
    let starts: Vec<Start<'c>> = starts.into_iter().flatten().collect();
    let scalars = starts.iter().map(|s| s.scalar).collect();
    Some((scalars, starts.iter().map(|s| s.by).collect()))
}

/// The uses of an allocation before `op`, by their ancestor in `op`'s block; `None` if the buffer
/// is no allocation or used by `op` in another way than as an operand, or outside the block.
fn uses_before<'c>(op: Op<'c>, buffer: Val<'c>) -> Option<Vec<Use<'c>>> {
    buffer
        .defining_op()
        .filter(|op| op.name() == "memref.alloc")?;
    let block = op.block()?;
    let mut before = Vec::new();
    for user in buffer.uses() {
        let mut ancestor = user.op;
        while ancestor.block().is_none_or(|b| b.key() != block.key()) {
            ancestor = ancestor.parent()?;
        }
        let nested = ancestor.key() != user.op.key();
        if ancestor.key() == op.key() {
            if nested {
                return None; // the body reads it
            }
        } else if ancestor.is_before(op) {
            if nested {
                return None;
            }
            before.push(user);
        }
    }
    Some(before)
}

/// A fill that is the only use before `op`, apart from reads by the copies `gone`.
fn filled_start<'c>(op: Op<'c>, buffer: Val<'c>, gone: &[usize]) -> Option<Start<'c>> {
    let mut start = None;
    for user in uses_before(op, buffer)? {
        match user.op.name() {
            "linalg.fill" if user.operand == 1 && start.is_none() => {
                start = Some(Start {
                    scalar: user.op.operand(0),
                    by: user.op,
                });
            }
            "memref.copy" if user.operand == 0 && gone.contains(&user.op.key()) => {}
            _ => return None,
        }
    }
    start
}

/// The fill right before `op` of a part of an allocation that `op` reads nothing of.
fn part_start<'c>(op: Op<'c>, buffer: Val<'c>, ins: &[Val<'c>]) -> Option<Start<'c>> {
    let home = |mut value: Val<'c>| {
        while let Some(view) = value
            .defining_op()
            .filter(|op| matches!(op.name(), "memref.reinterpret_cast" | "memref.cast"))
        {
            value = view.operand(0);
        }
        value
    };
    let is_alloc = |v: Val<'c>| {
        v.defining_op()
            .is_some_and(|op| op.name() == "memref.alloc")
    };
    let function =
        std::iter::successors(Some(op), |op| op.parent()).find(|op| op.name() == "func.func")?;
    let arguments = function.region(0).entry().map(BlkExt::args)?;
    let own = home(buffer);
    // Neither other allocations nor arguments share memory with it.
    let apart = |v: &Val<'c>| {
        let other = home(*v);
        other != own && (is_alloc(other) || arguments.contains(&other))
    };
    let buffers = ins.iter().filter(|v| v.ty().is_memref());
    let fill = op.previous().filter(|fill| fill.name() == "linalg.fill")?;
    let fits = fill.operand(1) == buffer && is_alloc(own) && buffers.into_iter().all(apart);
    fits.then(|| Start {
        scalar: fill.operand(0),
        by: fill,
    })
}

/// A copy of a filled buffer that is the only use before `op`.
fn copied_start<'c>(op: Op<'c>, buffer: Val<'c>) -> Option<Start<'c>> {
    let [only] = uses_before(op, buffer)?[..] else {
        return None;
    };
    if only.op.name() != "memref.copy" || only.operand != 1 {
        return None;
    }
    let mut scalar = None;
    for user in uses_before(only.op, only.op.operand(0))? {
        match user.op.name() {
            "linalg.fill" if user.operand == 1 && scalar.is_none() => {
                scalar = Some(user.op.operand(0));
            }
            "memref.copy" if user.operand == 0 => {}
            _ => return None,
        }
    }
    Some(Start {
        scalar: scalar?,
        by: only.op,
    })
}

/// The allocation of `buffer`, if the fill that uses it is its only use.
pub(super) fn only_filled(buffer: Val<'_>) -> Option<Op<'_>> {
    let alloc = buffer.defining_op()?;
    (alloc.name() == "memref.alloc" && buffer.has_one_use()).then_some(alloc)
}
