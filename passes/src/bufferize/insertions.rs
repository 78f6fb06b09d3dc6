//! Results that are copied into a part of another array, computed there at once.
//!
//! What is inserted has a buffer of its own after one-shot bufferization, and a copy. Where the computation can be
//! moved in front of the copy, over everything between, it writes to the part itself. The idea is MLIR's
//! `eliminate-empty-tensors`; on buffers it needs no help of the analysis, and also takes updates in place.

use npir_mlir::prelude::*;

use super::aliasing::{Flows, MayAlias, is_same_buffer};
use super::destinations::is_destination;

/// Ops between a computation and the copy of its result that are looked at.
const MAX_BETWEEN: usize = 200;

/// Lets computations of `f` write into what their results would be copied to.
pub(super) fn compute_insertions<'c>(rw: Rewriter<'c>, f: Op<'c>) {
    let mut aliases = None;
    for copy in f.find_all("memref.copy") {
        let (from, to) = (copy.operand(0), copy.operand(1));
        let Some((writers, readers)) = users(copy) else {
            continue;
        };
        if !fits(from, to) {
            continue;
        }
        let aliases = aliases.get_or_insert_with(|| MayAlias::of(f, Flows::All));
        let alone = writers.len() == 1;
        if !writers
            .iter()
            .all(|w| can_write(*w, from, to, alone, aliases))
            || !can_sink(&writers, copy, aliases)
            || !stays(to, copy, &readers, aliases)
        {
            continue;
        }
        for &writer in &writers {
            writer.move_op_before(copy);
        }
        rw.erase(copy);
        let alloc = from.defining_op();
        from.replace_all_uses_with(to);
        if let Some(alloc) = alloc {
            rw.erase(alloc);
        }
    }
}

/// The computations beside `copy`, in order, that alone write the buffer that it reads, which is allocated there, and
/// those that read it after the copy.
fn users<'c>(copy: Op<'c>) -> Option<(Vec<Op<'c>>, Vec<Op<'c>>)> {
    let from = copy.operand(0);
    let alloc = from
        .defining_op()
        .filter(|op| op.name() == "memref.alloc")?;
    let beside = |op: Op<'c>| op.block().map(BlkExt::key) == copy.block().map(BlkExt::key);
    let (mut writers, mut readers): (Vec<Op<'c>>, Vec<Op<'c>>) = Default::default();
    for u in from.uses() {
        if u.op.key() == copy.key() {
            continue;
        }
        if !u.op.name().starts_with("linalg.") || !beside(u.op) {
            return None;
        }
        let before = u.op.is_before(copy);
        if !before && is_destination(u.op, u.operand) {
            return None;
        }
        let users = match before {
            true => &mut writers,
            false => &mut readers,
        };
        if users.iter().all(|op| op.key() != u.op.key()) {
            users.push(u.op);
        }
    }
    writers.sort_by(|a, b| match a.is_before(*b) {
        true => std::cmp::Ordering::Less,
        false => std::cmp::Ordering::Greater,
    });
    (beside(alloc) && !writers.is_empty()).then_some((writers, readers))
}

/// Whether nothing changes `to` after `copy` until all `readers` have read it.
fn stays<'c>(to: Val<'c>, copy: Op<'c>, readers: &[Op<'c>], aliases: &mut MayAlias) -> bool {
    let mut left = readers.len();
    let mut next = copy.next();
    for _ in 0..MAX_BETWEEN {
        if left == 0 {
            return true;
        }
        let Some(op) = next else { return false };
        let mut changed = Vec::new();
        op.walk_ops(&mut |inner| {
            changed.extend(written(inner));
            Walk::Advance
        });
        if changed.iter().any(|value| aliases.query(*value, to)) {
            return false;
        }
        left -= usize::from(readers.iter().any(|reader| reader.key() == op.key()));
        next = op.next();
    }
    left == 0
}

/// Whether a buffer like `from` may be replaced by `to`: of equal sizes, as far as types tell.
fn fits(from: Val<'_>, to: Val<'_>) -> bool {
    let (a, b) = (from.ty(), to.ty());
    a.element() == b.element() && a.dims() == b.dims()
}

/// The operands that an op writes, if it is known which.
fn written<'c>(op: Op<'c>) -> Vec<Val<'c>> {
    match (op.name(), destinations(op)) {
        (_, Some(outs)) => outs.map(|i| op.operand(i)).collect(),
        ("memref.copy", _) => vec![op.operand(1)],
        ("memref.load" | "memref.dim", _) => Vec::new(),
        _ if is_view(op) => Vec::new(),
        _ => buffers(op.operand_values()),
    }
}

fn buffers<'c>(values: Vec<Val<'c>>) -> Vec<Val<'c>> {
    values
        .into_iter()
        .filter(|v| crate::buffers::is_buffer(*v))
        .collect()
}

/// Whether a computation into `from` is the same into `to`: it reads nothing there, except, if it is `alone` with it, what
/// it then writes, element by element.
fn can_write<'c>(
    writer: Op<'c>,
    from: Val<'c>,
    to: Val<'c>,
    alone: bool,
    aliases: &mut MayAlias,
) -> bool {
    let Some(outs) = destinations(writer) else {
        return false;
    };
    if read_inside(writer)
        .iter()
        .any(|value| aliases.query(*value, to))
    {
        return false;
    }
    let maps = writer
        .attr("indexing_maps")
        .and_then(|a| a.as_array())
        .unwrap_or_default();
    let out = outs
        .clone()
        .find(|i| writer.operand(*i).key() == from.key());
    (0..writer.num_operands()).all(|i| {
        let value = writer.operand(i);
        if value.key() == from.key() {
            return outs.contains(&i);
        }
        if !crate::buffers::is_buffer(value) || !aliases.query(value, to) {
            return true;
        }
        let in_place = alone
            && out.is_some_and(|out| {
                maps.get(i).is_some_and(|map| Some(map) == maps.get(out))
                    && is_permutation(maps[i])
                    && (is_same_buffer(value, to) || is_same_view(value, to))
            });
        in_place && !outs.contains(&i)
    })
}

/// The buffers that the body of a computation reads by itself.
fn read_inside<'c>(op: Op<'c>) -> Vec<Val<'c>> {
    let mut found = Vec::new();
    op.walk_ops(&mut |inner| {
        if inner.key() != op.key() {
            found.extend(buffers(inner.operand_values()));
        }
        Walk::Advance
    });
    found
}

fn is_permutation(map: Attribute<'_>) -> bool {
    map.as_affine_map()
        .and_then(npir_tensor::Access::from_map)
        .is_some_and(|access| access.is_permutation())
}

/// Whether two views show the same elements of one buffer in the same order.
fn is_same_view<'c>(a: Val<'c>, b: Val<'c>) -> bool {
    let (Some(a), Some(b)) = (a.defining_op(), b.defining_op()) else {
        return false;
    };
    let keys =
        |op: Op<'c>| -> Vec<_> { op.operand_values().into_iter().map(ValExt::key).collect() };
    let lists = ["static_offsets", "static_sizes", "static_strides"];
    a.name() == "memref.reinterpret_cast"
        && a.name() == b.name()
        && keys(a) == keys(b)
        && lists.iter().all(|name| a.attr(name) == b.attr(name))
}

/// Whether the computations may take place at `end` as well: nothing between writes what they read, or touches what
/// they write.
fn can_sink<'c>(writers: &[Op<'c>], end: Op<'c>, aliases: &mut MayAlias) -> bool {
    let mut moving: Vec<Op<'c>> = Vec::new();
    let mut next = writers.first().copied();
    for _ in 0..MAX_BETWEEN {
        let Some(op) = next else { return false };
        if op.key() == end.key() {
            return true;
        }
        next = op.next();
        if writers.iter().any(|w| w.key() == op.key()) {
            moving.push(op);
            continue;
        }
        if !moving.iter().all(|w| commute(*w, op, aliases)) {
            return false;
        }
    }
    false
}

/// Whether a computation may take place after `other` instead of before it.
fn commute<'c>(writer: Op<'c>, other: Op<'c>, aliases: &mut MayAlias) -> bool {
    let (mut touched, mut changed) = (Vec::new(), Vec::new());
    let mut visit = |op: Op<'c>| {
        if !is_view(op) && op.name() != "memref.dim" {
            touched.extend(buffers(op.operand_values()));
        }
        changed.extend(written(op));
        Walk::Advance
    };
    other.walk_ops(&mut visit);
    let results = buffers(written(writer));
    let mut read = buffers(writer.operand_values());
    read.extend(read_inside(writer));
    let mut meet =
        |a: &[Val<'c>], b: &[Val<'c>]| a.iter().any(|x| b.iter().any(|y| aliases.query(*x, *y)));
    !meet(&results, &touched) && !meet(&read, &changed)
}
