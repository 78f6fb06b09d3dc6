//! `npir-bufferize`: from tensors to buffers, through upstream's one-shot bufferization; results that update an
//! argument (`numpy.updates`) are written into the caller's memory.

mod aliasing;
mod carried;
mod destinations;
mod divide;
mod insertions;
mod repeated;

use std::collections::{HashMap, HashSet};

use npir_loop::runtime_ops::{Check, CheckKind};
use npir_mlir::prelude::*;
use npir_mlir::upstream::set_arg_attr;

use self::aliasing::{Flows, MayAlias, is_same_buffer};
use self::carried::repair_loops;
use self::destinations::{
    beginning, may_write, overwritable_input, reuse_inputs, separate_destinations,
};
use self::divide::divide;
use self::insertions::compute_insertions;
use self::repeated::copy_repeated;
use crate::buffers::{duplicate, is_buffer};
use crate::signature::{UPDATES, is_public, updates};

/// Upstream's pass with the options that fit callers' arrays: any strides at function boundaries, new buffers inside
/// loops.
const ONE_SHOT: &str = "builtin.module(one-shot-bufferize{bufferize-function-boundaries=true \
                        function-boundary-type-conversion=fully-dynamic-layout-map \
                        allow-return-allocs-from-loops=true})";

/// Argument attribute of upstream's analysis.
const WRITABLE: &str = "bufferization.writable";

/// Replaces tensors by buffers.
///
/// Arguments of public functions are read only, except those with `numpy.updates = r`: result `r` ends up in their
/// memory and is no result any more. Where the computation of `r` allows it, it takes place there, without a copy.
/// The memory of an updated argument is assumed not to overlap that of another argument.
#[pass(
    "npir-bufferize",
    on = "builtin.module",
    dependent_dialects("bufferization", "loop", "memref", "scf", "tensor")
)]
#[derive(Clone)]
pub struct Bufferize {}

impl Pass for Bufferize {
    fn run(&mut self, module: Op<'_>, cx: &PassCx<'_>) -> PassResult {
        let owned = OwnedRewriter::new(module.ctx());
        let rw = owned.get();
        separate_entries(rw, module);
        let mut entries = Vec::new();
        for f in functions(module) {
            let updates = if is_public(f) {
                updates(f).map_err(|why| report(f, &why))?
            } else {
                Vec::new()
            };
            mark_writable(f, &updates);
            for &(arg, result) in &updates {
                compute_in_place(rw, f, arg, result);
            }
            if !updates.is_empty() {
                entries.push((f, updates));
            }
        }
        for f in functions(module) {
            separate_destinations(rw, f);
            reuse_inputs(rw, f);
            copy_repeated(rw, f);
            divide(rw, f);
        }
        cx.run_pipeline(ONE_SHOT, module)?;
        for f in functions(module) {
            for i in 0..f.region(0).entry().map_or(0, |entry| entry.args().len()) {
                set_arg_attr(f, i, WRITABLE, None);
            }
            repair_loops(rw, f);
            compute_insertions(rw, f);
        }
        for (f, updates) in entries {
            write_updates(rw, f, &updates).map_err(|why| report(f, &why))?;
        }
        Ok(())
    }
}

fn report(op: Op<'_>, why: &str) -> PassError {
    op.emit_error(why);
    PassError::Reported
}

/// The functions with bodies.
fn functions(module: Op<'_>) -> Vec<Op<'_>> {
    let ops = module
        .region(0)
        .entry()
        .map(BlkExt::ops)
        .unwrap_or_default();
    ops.into_iter()
        .filter(|op| op.name() == "func.func" && !op.region(0).is_empty())
        .collect()
}

/// Functions that update arguments and are called from inside get a twin without updates for those calls: inside,
/// values are values.
fn separate_entries<'c>(rw: Rewriter<'c>, module: Op<'c>) {
    let ctx = module.ctx();
    let all = functions(module);
    let name_of = |f: Op<'c>| {
        f.attr("sym_name")
            .and_then(|a| a.as_str())
            .unwrap_or_default()
    };
    let mut taken: HashSet<String> = all.iter().map(|f| name_of(*f).to_owned()).collect();
    let mut calls: HashMap<&str, Vec<Op<'c>>> = HashMap::new();
    for call in module.find_all("func.call") {
        if let Some(callee) = call.attr("callee").and_then(|a| a.as_symbol()) {
            calls.entry(callee).or_default().push(call);
        }
    }
    for f in all {
        let updating = f
            .attr("arg_attrs")
            .is_some_and(|a| a.to_text().contains(UPDATES));
        if !updating || !is_public(f) || !calls.contains_key(name_of(f)) {
            continue;
        }
        let name = name_of(f);
        let mut symbol = format!("{name}_values");
        while !taken.insert(symbol.clone()) {
            symbol.push('_');
        }
        rw.after(f);
        let twin = rw.clone_op(f);
        twin.set_attr("sym_name", ctx.str_attr(&symbol));
        twin.set_attr("sym_visibility", ctx.str_attr("private"));
        twin.remove_attr("arg_attrs");
        twin.remove_attr(crate::signature::SIGNATURE);
        let mut redirect = calls.get(name).cloned().unwrap_or_default();
        redirect.extend(
            twin.find_all("func.call")
                .into_iter()
                .filter(|call| call.attr("callee").and_then(|a| a.as_symbol()) == Some(name)),
        );
        for call in redirect {
            call.set_attr("callee", ctx.symbol_attr(&symbol));
        }
    }
}

/// Arguments of public functions are not written, except updated ones. Inside, a caller copies what a callee writes.
fn mark_writable(f: Op<'_>, updates: &[(usize, usize)]) {
    let public = is_public(f);
    for (i, arg) in f
        .region(0)
        .entry()
        .map(BlkExt::args)
        .unwrap_or_default()
        .into_iter()
        .enumerate()
    {
        set_arg_attr(f, i, UPDATES, None);
        if public && arg.ty().is_tensor() {
            let writable = updates.iter().any(|(updated, _)| *updated == i);
            set_arg_attr(f, i, WRITABLE, Some(f.ctx().bool_attr(writable)));
        }
    }
}

fn return_op<'c>(f: Op<'c>) -> Option<Op<'c>> {
    let [block] = f.region(0).blocks()[..] else {
        return None;
    };
    block
        .terminator_op()
        .filter(|op| op.name() == "func.return")
}

/// Gives the computation of an updated result the argument's memory to write to, in place of a new buffer.
///
/// Follows destinations from the result up to a `tensor.empty`, whose content does not matter, and puts there what is
/// in the argument's memory: an input that is overwritten element by element, or the argument itself if nothing else
/// is written into it. The analysis still copies where the old values are needed later.
fn compute_in_place<'c>(rw: Rewriter<'c>, f: Op<'c>, arg: usize, result: usize) {
    let Some(end) = return_op(f) else { return };
    let Some(entry) = f.region(0).entry() else {
        return;
    };
    let Some(arg) = entry.args().get(arg).copied() else {
        return;
    };
    let mut value = end.operand(result);
    loop {
        let Some(op) = value.defining_op().filter(|_| value.has_one_use()) else {
            return;
        };
        let Some(destination) = destination(op, value.index()) else {
            return;
        };
        let init = op.operand(destination);
        let Some(empty) = init
            .defining_op()
            .filter(|def| def.name() == "tensor.empty")
        else {
            value = init;
            continue;
        };
        if init.ty() != arg.ty() {
            return;
        }
        let dead = |input: Val<'c>| {
            let is_before = |u: &Use<'c>| {
                u.op.block().map(BlkExt::key) == op.block().map(BlkExt::key) && u.op.is_before(op)
            };
            input
                .uses()
                .iter()
                .all(|u| u.op.key() == op.key() || is_before(u))
                && beginning(input, usize::MAX).is_some_and(|begin| begin.key() == arg.key())
        };
        if let Some(input) = overwritable_input(op, destination, dead) {
            op.set_operand(destination, input);
            if empty.is_unused() {
                rw.erase(empty);
            }
            return;
        }
        if arg.uses().iter().any(|u| may_write(u, entry)) {
            return;
        }
        rw.before(empty);
        let rw = rw.at(empty.loc());
        let mut sizes = empty.operand_values().into_iter();
        for (axis, dim) in arg.ty().dims().into_iter().enumerate() {
            if dim == DYNAMIC {
                let Some(size) = sizes.next() else { return };
                check_extent(rw, axis, rw.tensor_dim(arg, axis), size);
            }
        }
        op.set_operand(destination, arg);
        if empty.is_unused() {
            rw.erase(empty);
        }
        return;
    }
}

/// The operand that result `i` of a destination-style op is written into.
fn destination(op: Op<'_>, i: usize) -> Option<usize> {
    destinations(op)?.nth(i)
}

/// Raises where an updated argument has another extent than its new value.
fn check_extent<'c>(rw: Rewriter<'c>, axis: usize, old: Val<'c>, new: Val<'c>) {
    if old.key() == new.key() {
        return;
    }
    let same = rw.cmpi(CmpI::Eq, old, new);
    let message = format!(
        "an argument is updated in place: axis {axis} has {{}} elements, its new value {{}}"
    );
    Check::build(rw, same, CheckKind::ShapeMismatch, message, &[old, new]);
}

/// After bufferization: sees to it that updated arguments hold their results, and drops these from the function.
///
/// Results that are in place already cost nothing. The others are copied before the return, all at once in effect:
/// a value that shares memory with an argument about to be written goes through a temporary.
fn write_updates<'c>(
    rw: Rewriter<'c>,
    f: Op<'c>,
    updates: &[(usize, usize)],
) -> Result<(), String> {
    let Some(end) = return_op(f) else {
        return Err("updates arguments and has branches between blocks".into());
    };
    let rw = rw.at(end.loc());
    let args = f.region(0).entry().map(BlkExt::args).unwrap_or_default();
    let copies: Vec<_> = updates
        .iter()
        .map(|&(arg, result)| (args[arg], result))
        .filter(|&(arg, result)| !is_same_buffer(end.operand(result), arg))
        .collect();
    if !copies.is_empty() {
        let mut aliases = MayAlias::of(f, Flows::All);
        rw.before(end);
        for i in (0..end.num_operands()).filter(|i| is_buffer(end.operand(*i))) {
            let value = end.operand(i);
            // The arguments that are written before this value is read for the last time, or while it is read.
            let written = match copies.iter().position(|(_, result)| *result == i) {
                Some(at) => &copies[..=at],
                None if updates.iter().any(|(_, result)| *result == i) => &[], // in place
                None => &copies[..],
            };
            if written.iter().any(|(arg, _)| aliases.query(value, *arg)) {
                end.set_operand(i, duplicate(rw, value));
            }
        }
        for &(arg, result) in &copies {
            let value = end.operand(result);
            for (axis, dim) in arg.ty().dims().into_iter().enumerate() {
                if dim == DYNAMIC {
                    check_extent(
                        rw,
                        axis,
                        rw.memref_dim(arg, axis),
                        rw.memref_dim(value, axis),
                    );
                }
            }
            rw.memref_copy(value, arg);
        }
    }
    drop_results(f, end, updates);
    Ok(())
}

fn drop_results<'c>(f: Op<'c>, end: Op<'c>, updates: &[(usize, usize)]) {
    let ctx = f.ctx();
    let kept: Vec<_> = (0..end.num_operands())
        .filter(|i| updates.iter().all(|(_, result)| result != i))
        .collect();
    let values: Vec<_> = kept.iter().map(|i| end.operand(*i)).collect();
    let inputs = f.region(0).entry().map(BlkExt::args).unwrap_or_default();
    let inputs: Vec<_> = inputs.into_iter().map(ValExt::ty).collect();
    let results: Vec<_> = values.iter().map(|v| v.ty()).collect();
    end.set_operands(&values);
    f.set_attr(
        "function_type",
        ctx.type_attr(ctx.function(&inputs, &results)),
    );
    if let Some(attrs) = f.attr("res_attrs").and_then(|a| a.as_array()) {
        let attrs: Vec<_> = kept.iter().filter_map(|i| attrs.get(*i).copied()).collect();
        f.set_attr("res_attrs", ctx.array_attr(&attrs));
    }
}
