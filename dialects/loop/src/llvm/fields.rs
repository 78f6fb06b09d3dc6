//! Arrays between functions: only the fields of their descriptors that the other side reads.
//!
//! A descriptor of rank r has 3 + 2r fields, and a kernel reads one to three of them. To pass all on was a third of
//! the code of large programs.

use std::collections::{HashMap, HashSet};

use npir_mlir::prelude::*;

use super::build::{Linkage, LlvmBuild, linkage};
use super::runtime::symbol_name;

/// Takes the fields that the region of `op` reads of aggregates from around it before `op`.
pub(crate) fn read_before<'c>(rw: Rewriter<'c>, op: Op<'c>) {
    let mut reads = Vec::new();
    op.walk_ops(&mut |inner| {
        if inner.name() == "llvm.extractvalue" && !is_inside(inner.operand(0), op) {
            reads.push(inner);
        }
        Walk::Advance
    });
    let mut known: HashMap<(usize, Vec<i64>), Val<'c>> = HashMap::new();
    for read in reads {
        let Some(path) = position(read) else { continue };
        let value = match inserted(read.operand(0), &path) {
            Ok(value) => value,
            Err(aggregate) => {
                *known
                    .entry((aggregate.key(), path))
                    .or_insert_with_key(|(_, path)| {
                        rw.before(op);
                        rw.at(read.loc())
                            .llvm_extract(aggregate, path, read.result_value(0).ty())
                    })
            }
        };
        rw.replace(read, &[value]);
    }
}

/// Whether a value is defined below `op`.
fn is_inside<'c>(value: Val<'c>, op: Op<'c>) -> bool {
    let parent = value.parent_block().and_then(|block| block.parent_op());
    parent.is_some_and(|parent| parent.is_within(op))
}

fn position(op: Op<'_>) -> Option<Vec<i64>> {
    op.attr("position")?.as_i64_array()
}

/// The value that was put into `aggregate` at `path`, or the aggregate to read it from.
fn inserted<'c>(mut aggregate: Val<'c>, path: &[i64]) -> Result<Val<'c>, Val<'c>> {
    while let Some(insert) = aggregate.defining_op() {
        let Some(place) = position(insert).filter(|_| insert.name() == "llvm.insertvalue") else {
            break;
        };
        if place == path {
            return Ok(insert.operand(1));
        }
        if place.starts_with(path) || path.starts_with(&place) {
            break;
        }
        aggregate = insert.operand(0);
    }
    Err(aggregate)
}

/// Removes parameters that no internal function among `functions` reads, and what computed the arguments.
pub(crate) fn drop_unread<'c>(rw: Rewriter<'c>, functions: &[Op<'c>]) {
    for function in functions {
        tidy(rw, *function);
    }
    let mut calls: HashMap<&str, Vec<Op<'c>>> = HashMap::new();
    let mut values = HashSet::new();
    for function in functions {
        function.walk_ops(&mut |op| {
            match op.name() {
                "llvm.call" => {
                    if let Some(callee) = op.attr("callee").and_then(|c| c.as_symbol()) {
                        calls.entry(callee).or_default().push(op);
                    }
                }
                "llvm.mlir.addressof" => {
                    values.extend(op.attr("global_name").and_then(|name| name.as_symbol()));
                }
                _ => {}
            }
            Walk::Advance
        });
    }
    let internal = linkage(rw.ctx(), Linkage::Internal);
    let mut callers = HashMap::new();
    for function in functions {
        let Some(name) = symbol_name(*function) else {
            continue;
        };
        if function.attr("linkage") != Some(internal)
            || function.attr("arg_attrs").is_some()
            || values.contains(name)
        {
            continue;
        }
        let Some(read) = drop_parameters(*function) else {
            continue;
        };
        for call in calls.remove(name).unwrap_or_default() {
            let args = call.operand_values();
            let kept: Vec<_> = args
                .into_iter()
                .zip(&read)
                .filter_map(|(arg, read)| read.then_some(arg))
                .collect();
            let results: Vec<_> = call.result_values().iter().map(|v| v.ty()).collect();
            rw.before(call);
            if let Some(caller) = call.enclosing("llvm.func") {
                callers.insert(caller.key(), caller);
            }
            let new = rw.at(call.loc()).llvm_call(name, &kept, &results);
            rw.replace(call, &new.result_values());
        }
    }
    for caller in callers.into_values() {
        tidy(rw, caller);
    }
}

/// Removes the parameters that `function` does not read and says of each whether it stays, or nothing if all do.
fn drop_parameters(function: Op<'_>) -> Option<Vec<bool>> {
    let entry = function.region(0).entry()?;
    let result = function
        .attr("function_type")?
        .as_type()?
        .llvm_function_result()?;
    let args = entry.args();
    // The call context is every function's first.
    let read: Vec<bool> = args
        .iter()
        .enumerate()
        .map(|(i, arg)| i == 0 || arg.has_uses())
        .collect();
    if read.iter().all(|read| *read) {
        return None;
    }
    for i in (0..args.len()).rev().filter(|i| !read[*i]) {
        entry.erase_arg(i);
    }
    let types: Vec<_> = entry.args().iter().map(|arg| arg.ty()).collect();
    let ctx = function.ctx();
    function.set_attr(
        "function_type",
        ctx.type_attr(ctx.llvm_function(result, &types)),
    );
    Some(read)
}

/// Reads fields where they come from, and erases ops that only describe arrays and that nothing uses.
fn tidy<'c>(rw: Rewriter<'c>, function: Op<'c>) {
    for block in function.region(0).blocks().into_iter().rev() {
        for op in block.ops().into_iter().rev() {
            if op.name() == "llvm.extractvalue"
                && let Some(path) = position(op)
                && let Ok(value) = inserted(op.operand(0), &path)
            {
                rw.replace(op, &[value]);
            } else if op.is_unused() && describes(op) {
                rw.erase(op);
            }
        }
    }
}

/// Ops without effect that take arrays apart and put them together.
fn describes(op: Op<'_>) -> bool {
    [
        "llvm.insertvalue",
        "llvm.extractvalue",
        "llvm.mlir.poison",
        "llvm.mlir.undef",
        "llvm.mlir.constant",
        "llvm.mlir.zero",
    ]
    .contains(&op.name())
}
