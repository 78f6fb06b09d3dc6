//! `loop-ownership`: who frees which buffer. Inserts `loop.retain` and `loop.release` so that every allocation has as
//! many releases as it has owners, on every path.
//!
//! The rules, per block of structured control flow:
//! - *Owned* by a block are the buffers it allocates, the memref results of calls and of region ops in it, and its
//!   own memref arguments (of loops; those of a function are borrowed, as are constants and stack memory).
//! - A view shares the owner of its source: the descriptor carries the allocated pointer.
//! - Terminators and the initial values of loops *claim* one owner for each memref operand. The claim is served by
//!   moving the block's own, where that is the last use, else by a retain.
//! - What a block owns and does not move it releases after the last use, where the uses in nested regions count at
//!   the op that holds them.
//!
//! One walk, linear in the size of the function. On an error compiled code returns at once and the runtime frees
//! everything of the call, so error paths need no releases.

use std::collections::HashMap;

use npir_loop::runtime_ops::{Release, Retain};
use npir_mlir::prelude::*;

use crate::buffers::is_buffer;

/// Makes the ownership of buffers explicit.
///
/// Expects bufferized functions with structured control flow; see the module's documentation for the rules.
/// `memref.dealloc`, `loop.release` and `loop.retain` that are there already are dropped (ownership is decided here)
/// and `bufferization.clone` becomes another owner of the same buffer.
#[pass(
    "loop-ownership",
    on = "func.func",
    dependent_dialects("loop", "memref")
)]
#[derive(Clone)]
pub struct Ownership {}

impl Pass for Ownership {
    fn run(&mut self, function: Op<'_>, _cx: &PassCx<'_>) -> PassResult {
        let region = function.region(0);
        let Some(entry) = region.entry() else {
            return Ok(());
        };
        let rewriter = OwnedRewriter::new(function.ctx());
        let mut walk = OwnershipWalk {
            rw: rewriter.get(),
            holders: HashMap::new(),
            owned: Vec::new(),
            path: Vec::new(),
        };
        for arg in entry.args().into_iter().filter(|arg| is_buffer(*arg)) {
            walk.holders.insert(arg.key(), Holder::Borrowed);
        }
        walk.region(region, 0).map_err(|(op, why)| {
            op.emit_error(&why);
            PassError::Reported
        })
    }
}

/// Who frees the memory behind a memref.
#[derive(Clone, Copy)]
enum Holder {
    /// Nobody in this function.
    Borrowed,
    /// The owned buffer with this index.
    Owned(usize),
}

/// A buffer that a block owns.
struct Owned<'c> {
    value: Val<'c>,
    /// Depth of the owning block.
    depth: usize,
    /// The last op of the owning block that uses it, perhaps in a nested region.
    last: Option<Op<'c>>,
    /// Uses by `last`, and how many of them are claims.
    uses: usize,
    claims: usize,
    /// Its address has escaped as a number: it lives as long as the block.
    pinned: bool,
    moved: bool,
}

/// An operand that takes an owner with it, of a buffer that the same block owns.
struct Claim<'c> {
    op: Op<'c>,
    value: Val<'c>,
    owned: usize,
}

/// What an op does with the buffers it produces.
enum Produces {
    /// A new owner for each.
    Owners,
    /// Another view of the first operand.
    View,
    /// One of several operands: the choice gets an owner of its own.
    Choice,
    /// Memory that nobody frees.
    Borrowed,
    /// The same buffer once more, with an owner of its own.
    Clone,
}

/// What is known about an op with memref results.
fn produces(op: Op<'_>) -> Option<Produces> {
    Some(match op.name() {
        "memref.alloc"
        | "func.call"
        | "scf.if"
        | "scf.for"
        | "scf.while"
        | "scf.index_switch"
        | "scf.execute_region"
        | "memref.alloca_scope" => Produces::Owners,
        "arith.select" => Produces::Choice,
        "memref.get_global" | "memref.alloca" => Produces::Borrowed,
        "bufferization.clone" => Produces::Clone,
        _ if is_view(op) => Produces::View,
        _ => return None,
    })
}

/// Ops that say who frees what, which is decided here alone: lowerings that need a buffer for a while say so, too.
fn decides_ownership(op: Op<'_>) -> bool {
    matches!(op.name(), "memref.dealloc" | Release::NAME | Retain::NAME)
}

/// Which operands of an op claim an owner: from this one on.
fn first_claim(name: &str) -> Option<usize> {
    match name {
        "func.return" | "scf.yield" | "scf.while" | "memref.alloca_scope.return" => Some(0),
        "scf.condition" => Some(1),
        "scf.for" => Some(3),
        _ => None,
    }
}

/// Whether the blocks of an op own their memref arguments.
fn blocks_own_arguments(name: &str) -> bool {
    matches!(name, "scf.for" | "scf.while")
}

type Failure<'c> = (Op<'c>, String);

struct OwnershipWalk<'c> {
    rw: Rewriter<'c>,
    holders: HashMap<usize, Holder>,
    owned: Vec<Owned<'c>>,
    /// The op being visited in each enclosing block, outermost first.
    path: Vec<Op<'c>>,
}

impl<'c> OwnershipWalk<'c> {
    fn region(&mut self, region: Reg<'c>, depth: usize) -> Result<(), Failure<'c>> {
        match region.blocks()[..] {
            [] => Ok(()),
            [block] => self.block(block, depth),
            [entry, ..] => {
                let Some(op) = entry.parent_op() else {
                    return Ok(());
                };
                Err((
                    op,
                    "has branches between blocks: run `lift-cf-to-scf` before bufferization".into(),
                ))
            }
        }
    }

    fn block(&mut self, block: Blk<'c>, depth: usize) -> Result<(), Failure<'c>> {
        let mut own = Vec::new();
        if depth > 0 {
            self.block_arguments(block, depth, &mut own)?;
        }
        let mut claims = Vec::new();
        let ops = block.ops();
        let terminator = block.terminator_op();
        for op in ops {
            self.path.truncate(depth);
            self.path.push(op);
            if decides_ownership(op) {
                self.rw.erase(op);
                continue;
            }
            self.operands(op, depth, terminator, &mut claims)?;
            for region in op.regions() {
                self.region(region, depth + 1)?;
            }
            self.path.truncate(depth + 1);
            self.results(op, depth, &mut own)?;
        }
        for claim in claims {
            let owned = &mut self.owned[claim.owned];
            let last = owned.last.is_some_and(|op| op.key() == claim.op.key());
            let dies = terminator.is_some_and(|t| t.key() == claim.op.key());
            if last && !owned.moved && (dies || (owned.uses == owned.claims && !owned.pinned)) {
                owned.moved = true;
            } else {
                self.retain_before(claim.op, claim.value);
            }
        }
        for i in own {
            self.release(i, block, terminator);
        }
        Ok(())
    }

    fn block_arguments(
        &mut self,
        block: Blk<'c>,
        depth: usize,
        own: &mut Vec<usize>,
    ) -> Result<(), Failure<'c>> {
        for arg in block.args().into_iter().filter(|arg| is_buffer(*arg)) {
            match block.parent_op() {
                Some(op) if !blocks_own_arguments(op.name()) => {
                    return Err((
                        op,
                        "has a region with memref arguments: who owns them?".into(),
                    ));
                }
                _ => own.push(self.own(arg, depth)),
            }
        }
        Ok(())
    }

    /// Registers an owned buffer of the block at `depth`.
    fn own(&mut self, value: Val<'c>, depth: usize) -> usize {
        let index = self.owned.len();
        self.holders.insert(value.key(), Holder::Owned(index));
        self.owned.push(Owned {
            value,
            depth,
            last: None,
            uses: 0,
            claims: 0,
            pinned: false,
            moved: false,
        });
        index
    }

    fn operands(
        &mut self,
        op: Op<'c>,
        depth: usize,
        terminator: Option<Op<'c>>,
        claims: &mut Vec<Claim<'c>>,
    ) -> Result<(), Failure<'c>> {
        let first_claim = first_claim(op.name());
        let is_terminator = terminator.is_some_and(|t| t.key() == op.key());
        for i in 0..op.num_operands() {
            let value = op.operand(i);
            if !is_buffer(value) {
                continue;
            }
            let claiming = first_claim.is_some_and(|first| i >= first);
            if is_terminator && !claiming {
                return Err((
                    op,
                    "passes on a buffer in a way that ownership does not know".into(),
                ));
            }
            match self.holders.get(&value.key()).copied() {
                Some(Holder::Owned(index)) => {
                    let pins = op.name() == "memref.extract_aligned_pointer_as_index";
                    let here = self.touch(index, depth, pins);
                    match (claiming, here) {
                        (true, true) => {
                            self.owned[index].claims += 1;
                            claims.push(Claim {
                                op,
                                value,
                                owned: index,
                            });
                        }
                        (true, false) => self.retain_before(op, value),
                        (false, _) => {}
                    }
                }
                Some(Holder::Borrowed) if claiming => self.retain_before(op, value),
                Some(Holder::Borrowed) => {}
                None => {
                    return Err((op, format!("uses operand {i}, a buffer that nobody owns")));
                }
            }
        }
        Ok(())
    }

    /// Counts a use at `depth` of an owned buffer; whether its own block is at that depth.
    fn touch(&mut self, index: usize, depth: usize, pins: bool) -> bool {
        let owned = &mut self.owned[index];
        let at = self.path[owned.depth];
        if owned.last.is_none_or(|last| last.key() != at.key()) {
            owned.last = Some(at);
            owned.uses = 0;
            owned.claims = 0;
        }
        owned.uses += 1;
        owned.pinned |= pins;
        owned.depth == depth
    }

    fn results(
        &mut self,
        op: Op<'c>,
        depth: usize,
        own: &mut Vec<usize>,
    ) -> Result<(), Failure<'c>> {
        let buffers: Vec<_> = op
            .result_values()
            .into_iter()
            .filter(|v| is_buffer(*v))
            .collect();
        if buffers.is_empty() {
            return Ok(());
        }
        let Some(produces) = produces(op) else {
            return Err((
                op,
                "produces a buffer, and ownership does not know who owns it".into(),
            ));
        };
        for value in buffers {
            match produces {
                Produces::Owners => own.push(self.own(value, depth)),
                Produces::Borrowed => {
                    self.holders.insert(value.key(), Holder::Borrowed);
                }
                Produces::View => {
                    let source = self.holders.get(&op.operand(0).key()).copied();
                    let Some(source) = source else {
                        return Err((op, "views something that is not a buffer".into()));
                    };
                    self.holders.insert(value.key(), source);
                }
                Produces::Choice => {
                    let rw = self.rw.at(op.loc());
                    rw.after(op);
                    let retain = Retain::build(rw, value);
                    self.use_ends_at(op, retain.op());
                    let index = self.own(value, depth);
                    self.owned[index].last = Some(retain.op());
                    own.push(index);
                }
                Produces::Clone => {
                    let rw = self.rw.at(op.loc());
                    rw.before(op);
                    let source = op.operand(0);
                    Retain::build(rw, source);
                    // A value of its own even where the types agree: each owner has its own last use.
                    let cast = rw
                        .op("memref.cast")
                        .operands(&[source])
                        .results(&[value.ty()])
                        .build();
                    let same = cast.result_value(0);
                    self.use_ends_at(op, cast);
                    rw.replace(op, &[same]);
                    own.push(self.own(same, depth));
                }
            }
        }
        Ok(())
    }

    /// What `op`, of the innermost block, uses last is used last by `later` in its place.
    fn use_ends_at(&mut self, op: Op<'c>, later: Op<'c>) {
        for operand in op.operand_values() {
            if let Some(Holder::Owned(index)) = self.holders.get(&operand.key()) {
                let last = &mut self.owned[*index].last;
                if last.is_some_and(|last| last.key() == op.key()) {
                    *last = Some(later);
                }
            }
        }
    }

    fn retain_before(&self, op: Op<'c>, value: Val<'c>) {
        let rw = self.rw.at(op.loc());
        rw.before(op);
        Retain::build(rw, value);
    }

    /// Releases an owned buffer of `block` after its last use, unless it was moved.
    fn release(&self, index: usize, block: Blk<'c>, terminator: Option<Op<'c>>) {
        let owned = &self.owned[index];
        if owned.moved {
            return;
        }
        let value = owned.value;
        let rw = self.rw.at(value.value_loc());
        let after = owned.last.or_else(|| value.defining_op());
        match (after, terminator) {
            (_, Some(end)) if owned.pinned => rw.before(end),
            (Some(op), Some(end)) if op.key() == end.key() => rw.before(end),
            (Some(op), _) => rw.after(op),
            (None, _) => rw.at_start(block),
        }
        Release::build(rw, value);
    }
}
