//! Long chains of updates of one array, and arrays with many uses, divided before one-shot bufferization.
//!
//! For each operand that it places, upstream's analysis compares every read with every write of the memory that the
//! operand may share: cubic in the number of ops on one array. A *cut* passes a value on as a buffer and takes it
//! back as a new tensor, of which the analysis does not know that it shares memory with anything before; so the cost
//! of a program is that of its pieces, linear in their number. A cut counts as a write: where something before it is
//! still read after it, the analysis copies. What it cannot see is a write after the cut to something before it that
//! shares the memory, so cuts are made only where nothing that may share it is used any more, or is in other memory
//! for certain.
//!
//! An array that nobody writes needs no analysis at all: its uses are divided into groups, each of which reads from a
//! tensor of its own.

use std::collections::HashMap;

use npir_mlir::prelude::*;

use super::WRITABLE;
use super::destinations::{is_destination, may_write};

/// Values and uses of values on one piece of memory, after which a chain is cut.
const PIECE: usize = 40;

/// The same in the body of a loop. Upstream does not see through a cut that what the loop carries stays in one place,
/// and copies it in every iteration, a small price beside that many ops.
const PIECE_IN_LOOP: usize = 4 * PIECE;

/// Divides the ops on one array in every block of `function`.
pub(super) fn divide<'c>(rw: Rewriter<'c>, function: Op<'c>) {
    let mut blocks = Vec::new();
    blocks.extend(function.region(0).blocks());
    function.walk_ops(&mut |op| {
        // Scalar bodies of structured ops and the like hold no tensors.
        if op.name().starts_with("scf.") {
            blocks.extend(op.regions().into_iter().flat_map(RegExt::blocks));
        }
        Walk::Advance
    });
    for block in blocks {
        let in_loop = block
            .parent_op()
            .is_some_and(|op| matches!(op.name(), "scf.for" | "scf.while"));
        let piece = if in_loop { PIECE_IN_LOOP } else { PIECE };
        if block.ops().len() > piece / 2 {
            divide_reads(rw, block);
            cut_block(rw, block, piece);
        }
    }
}

/// Divides the uses of values that are only read.
fn divide_reads<'c>(rw: Rewriter<'c>, block: Blk<'c>) {
    let mut values = block.args();
    values.extend(block.ops().into_iter().flat_map(OpExt::result_values));
    let mut place: Option<HashMap<usize, usize>> = None;
    for value in values {
        if !value.ty().is_tensor() {
            continue;
        }
        let mut uses = value.uses();
        if uses.len() <= PIECE || !(is_read_only_argument(value) || is_only_read(value)) {
            continue;
        }
        let place = place.get_or_insert_with(|| places(&block.ops()));
        uses.sort_by_key(|u| (place_in(u.op, block, place), u.operand));
        let rw = rw.at(value.value_loc());
        rw.after_value(value);
        let unit = rw.ctx().unit_attr();
        let buffer = rw
            .op("bufferization.to_buffer")
            .operands(&[value])
            .results(&[buffer_type(value)])
            .attr("read_only", unit)
            .build_value();
        for group in uses.chunks(PIECE) {
            let tensor = rw
                .op("bufferization.to_tensor")
                .operands(&[buffer])
                .results(&[value.ty()])
                .attr("restrict", unit)
                .build_value();
            for u in group {
                u.op.set_operand(u.operand, tensor);
            }
        }
    }
}

/// Whether a value is an argument whose memory is a caller's, not to be written.
fn is_read_only_argument(value: Val<'_>) -> bool {
    value.is_block_arg()
        && value
            .parent_block()
            .and_then(|block| block.parent_op())
            .and_then(|f| f.attr("arg_attrs")?.as_array()?.get(value.index()).copied())
            .and_then(|attrs| attrs.dict_get(WRITABLE))
            .is_some_and(|writable| writable == value.ctx().bool_attr(false))
}

/// Whether the memory in which a value is defined is read by all its users: no result is in it but views, which are
/// themselves only read.
fn is_only_read(value: Val<'_>) -> bool {
    let is_fresh = value.defining_op().is_some_and(|op| {
        destinations(op).is_some()
            && (0..op.num_operands()).all(|i| {
                !shared_results(op, i).contains(&value.index())
                    || op
                        .operand(i)
                        .defining_op()
                        .is_some_and(|def| def.name() == "tensor.empty")
            })
    });
    is_fresh && has_only_readers(value)
}

fn has_only_readers(value: Val<'_>) -> bool {
    value.uses().into_iter().all(|u| {
        let shared = shared_results(u.op, u.operand);
        let leaves = u.op.num_results() == 0 || u.op.num_regions() > 0 && !shared.is_empty();
        !is_destination(u.op, u.operand)
            && !leaves
            && shared
                .into_iter()
                .all(|result| has_only_readers(u.op.result_value(result)))
    })
}

fn cut_block<'c>(rw: Rewriter<'c>, block: Blk<'c>, piece: usize) {
    for class in Sharing::of(block).classes() {
        let mut before = 0; // the last use of what shares the memory and is defined so far
        let mut size = 0;
        for (i, member) in class.iter().enumerate() {
            let last = member.last_use;
            size += 1 + member.uses;
            let rest: usize = class[i + 1..].len();
            if size >= piece
                && before <= member.defined
                && last > member.defined
                && rest > piece / 4
            {
                cut(rw, member.value);
                (before, size) = (last, 0);
            } else {
                before = before.max(last);
            }
        }
    }
}

/// Passes `value` on to its users through a buffer.
fn cut<'c>(rw: Rewriter<'c>, value: Val<'c>) {
    let rw = rw.at(value.value_loc());
    let uses = value.uses();
    rw.after_value(value);
    let buffer = rw
        .op("bufferization.to_buffer")
        .operands(&[value])
        .results(&[buffer_type(value)])
        .build_value();
    let unit = rw.ctx().unit_attr();
    let tensor = rw
        .op("bufferization.to_tensor")
        .operands(&[buffer])
        .results(&[value.ty()])
        .attr("restrict", unit)
        .attr("writable", unit)
        .build_value();
    for u in uses {
        u.op.set_operand(u.operand, tensor);
    }
}

/// The type that the buffer of `value` will have, if it is written in place all along: contiguous in memory that
/// begins as a `tensor.empty`, of any strides where it may be a caller's.
fn buffer_type<'c>(value: Val<'c>) -> Type<'c> {
    let (ctx, ty) = (value.ctx(), value.ty());
    let mut at = value;
    while let Some(op) = at.defining_op() {
        match op.name() {
            "tensor.empty" => return ctx.memref(&ty.dims(), ty.element()),
            "bufferization.to_tensor" => return op.operand(0).ty(),
            _ => {}
        }
        let Some(destination) = destinations(op).and_then(|mut all| all.nth(at.index())) else {
            break;
        };
        at = op.operand(destination);
    }
    ctx.memref_any_layout(&ty.dims(), ty.element())
}

/// A tensor that is defined in a block. Places are numbers of ops in the block; arguments are defined at 0.
struct Member<'c> {
    value: Val<'c>,
    defined: usize,
    uses: usize,
    last_use: usize,
    /// The last use that may write to the memory, or lets others do so.
    last_write: usize,
}

/// A partition of the tensors that the ops of a block define and use: those in different classes never share memory.
struct Sharing<'c> {
    members: Vec<Member<'c>>,
    index: HashMap<usize, usize>,
    parent: Vec<usize>,
    /// For each root, the last use of a member, and the last that may write.
    last: Vec<(usize, usize)>,
}

impl<'c> Sharing<'c> {
    fn of(block: Blk<'c>) -> Self {
        let mut sharing = Sharing {
            members: Vec::new(),
            index: HashMap::new(),
            parent: Vec::new(),
            last: Vec::new(),
        };
        let ops = block.ops();
        let place = places(&ops);
        for arg in block.args() {
            sharing.define(arg, 0, block, &place);
        }
        for (i, &op) in (1..).zip(&ops) {
            for result in op.result_values() {
                sharing.define(result, i, block, &place);
            }
            for operand in 0..op.num_operands() {
                let value = op.operand(operand);
                for result in shared_results(op, operand) {
                    let result = op.result_value(result);
                    // A write over what is still read, and only read, goes to new memory.
                    let copies =
                        is_destination(op, operand) && sharing.is_only_read_after(value, i);
                    if !copies {
                        sharing.join(value, result);
                    }
                }
            }
            if op.num_regions() > 0 && destinations(op).is_none() {
                sharing.join_captured(op);
            }
        }
        sharing
    }

    fn define(
        &mut self,
        value: Val<'c>,
        defined: usize,
        block: Blk<'c>,
        place: &HashMap<usize, usize>,
    ) {
        if !value.ty().is_tensor() {
            return;
        }
        let uses = value.uses();
        let place_of = |u: &Use<'c>| place_in(u.op, block, place).unwrap_or(usize::MAX);
        let writes = uses.iter().filter(|u| may_write(u, block));
        self.add(Member {
            value,
            defined,
            uses: uses.len(),
            last_use: uses.iter().map(place_of).max().unwrap_or(defined),
            last_write: writes.map(place_of).max().unwrap_or(0),
        });
    }

    fn add(&mut self, member: Member<'c>) -> usize {
        let i = self.members.len();
        self.index.insert(member.value.key(), i);
        self.parent.push(i);
        self.last.push((member.last_use, member.last_write));
        self.members.push(member);
        i
    }

    /// The place of `value` among the members.
    fn member(&mut self, value: Val<'c>) -> usize {
        // What comes from around the block may be needed after it, or in the next iteration.
        self.index.get(&value.key()).copied().unwrap_or_else(|| {
            self.add(Member {
                value,
                defined: 0,
                uses: 0,
                last_use: usize::MAX,
                last_write: usize::MAX,
            })
        })
    }

    /// Whether what shares the memory of `value` is used after place `i`, but not written.
    fn is_only_read_after(&mut self, value: Val<'c>, i: usize) -> bool {
        let member = self.member(value);
        let root = self.root(member);
        let (last_use, last_write) = self.last[root];
        last_use > i && last_write <= i
    }

    /// The results of an op with regions may be what these yield: anything that they use from around it.
    fn join_captured(&mut self, op: Op<'c>) {
        let results: Vec<_> = op
            .result_values()
            .into_iter()
            .filter(|r| r.ty().is_tensor())
            .collect();
        let Some((&first, rest)) = results.split_first() else {
            return;
        };
        for &result in rest {
            self.join(result, first);
        }
        let mut used = Vec::new();
        op.walk_ops(&mut |inner| {
            used.extend(inner.operand_values());
            Walk::Advance
        });
        for value in used.into_iter().filter(|v| v.ty().is_tensor()) {
            let owner = value
                .defining_op()
                .or_else(|| value.parent_block()?.parent_op());
            if owner.is_none_or(|owner| !owner.is_within(op)) {
                self.join(value, first);
            }
        }
    }

    fn join(&mut self, operand: Val<'c>, result: Val<'c>) {
        let (a, b) = (self.member(operand), self.member(result));
        let (a, b) = (self.root(a), self.root(b));
        self.parent[a.max(b)] = a.min(b);
        let (of_a, of_b) = (self.last[a], self.last[b]);
        self.last[a.min(b)] = (of_a.0.max(of_b.0), of_a.1.max(of_b.1));
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.parent[at] != at {
            self.parent[at] = self.parent[self.parent[at]];
            at = self.parent[at];
        }
        at
    }

    /// The classes, each in the order of definition.
    fn classes(mut self) -> Vec<Vec<Member<'c>>> {
        let roots: Vec<_> = (0..self.members.len()).map(|i| self.root(i)).collect();
        let mut classes: Vec<Vec<Member<'c>>> = roots.iter().map(|_| Vec::new()).collect();
        for (root, member) in roots.into_iter().zip(self.members) {
            classes[root].push(member);
        }
        classes.retain(|class| class.len() > 1);
        for class in &mut classes {
            class.sort_by_key(|member| member.defined);
        }
        classes
    }
}

/// The places of ops, by key.
fn places(ops: &[Op<'_>]) -> HashMap<usize, usize> {
    (1..).zip(ops).map(|(i, op)| (op.key(), i)).collect()
}

/// The place of the op of `block` that is or contains `op`; `None` for ops outside.
fn place_in<'c>(mut op: Op<'c>, block: Blk<'c>, place: &HashMap<usize, usize>) -> Option<usize> {
    while op.block()?.key() != block.key() {
        op = op.parent()?;
    }
    place.get(&op.key()).copied()
}
