//! Which memrefs may be in the same memory.

use crate::nest::Nest;
use npir_mlir::prelude::*;
use std::collections::HashMap;

/// What the memory behind a memref is to that behind others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// New, and never that of a value that is not a view of it.
    New,
    /// An argument of a function: that of no other argument, if it is written.
    Argument,
    /// Neither can be seen.
    Unknown,
}

/// The value that views of some memory are made of.
#[derive(Clone, Copy)]
pub(crate) struct Root {
    /// The same for the same value.
    pub(crate) key: usize,
    pub(crate) origin: Origin,
}

/// The roots of memrefs. Each is looked at once: this is to be made anew when uses of memory have changed.
#[derive(Default)]
pub(crate) struct Roots(HashMap<usize, Origin>);

impl Roots {
    pub(crate) fn of(&mut self, memref: Val<'_>) -> Root {
        let value = root(memref);
        let key = value.key();
        let origin = *self.0.entry(key).or_insert_with(|| origin(value));
        Root { key, origin }
    }
}

/// The memref that `memref` is a view of.
pub(crate) fn root(mut memref: Val<'_>) -> Val<'_> {
    while let Some(op) = memref.defining_op().filter(|op| is_view(*op)) {
        memref = op.operand(0);
    }
    memref
}

fn origin(root: Val<'_>) -> Origin {
    match root.defining_op() {
        Some(op) if op.name() == "memref.alloc" && !escapes_from(root, None) => Origin::New,
        Some(_) => Origin::Unknown,
        None => {
            let owner = root.parent_block().and_then(|block| block.parent_op());
            match owner.is_some_and(|op| op.name() == "func.func") {
                true => Origin::Argument,
                false => Origin::Unknown,
            }
        }
    }
}

/// Whether memory may become that of another value in the same block: by a loop, a branch or a call, but for `user`. What
/// the end of the block hands on is no other value of the block.
pub(crate) fn escapes_from(memref: Val<'_>, user: Option<Op<'_>>) -> bool {
    let block = memref.parent_block();
    memref.uses().into_iter().any(|used| {
        let op = used.op;
        let kept = matches!(op.name(), Nest::NAME | "memref.load" | "memref.dim")
            || op.name() == "memref.store" && used.operand != 0
            || op.next().is_none() && op.block() == block
            || Some(op) == user;
        match is_view(op) && used.operand == 0 {
            _ if kept => false,
            true => op
                .result_values()
                .into_iter()
                .any(|view| view.ty().is_memref() && escapes_from(view, user)),
            false => true,
        }
    })
}
