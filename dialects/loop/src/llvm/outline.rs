//! Bodies of parallel loops as functions of their own, called through the runtime's thread pool.

use std::collections::{HashMap, HashSet};

use npir_mlir::prelude::*;

use super::build::{Icmp, Linkage, LlvmBuild, linkage, literal};
use super::fields::read_before;
use super::layout::{MAX_ALIGN, layout};
use super::runtime::{Runtime, RuntimeFn, symbol_name};
use crate::runtime_ops::{ExitIf, ParallelFor};

/// A value that the body takes from around the loop, and its place in the environment.
struct Capture<'c> {
    value: Val<'c>,
    offset: u64,
    align: u64,
}

/// What the body of a loop uses from around it.
#[derive(Default)]
struct Captures<'c> {
    /// Values that travel through the environment.
    slots: Vec<Capture<'c>>,
    /// Constants, to be repeated in the body.
    constants: Vec<Op<'c>>,
    /// Every use in the body of a value from around it.
    uses: Vec<(Op<'c>, usize)>,
    /// Bytes of the environment.
    size: u64,
}

/// Outlines the outermost parallel loops of `function` and returns the new functions, which may hold further loops.
///
/// `i32 body(ctx, env, lo, hi)`: `env` points to the captured values in the caller's frame. One buffer in the entry
/// block serves all loops of the function, for they run one after another; it does not grow inside loops.
///
/// # Errors
/// A captured value that cannot be stored.
pub(crate) fn outline<'c>(
    rw: Rewriter<'c>,
    function: Op<'c>,
    runtime: &mut Runtime,
) -> Result<Vec<Op<'c>>, String> {
    let mut loops = Vec::new();
    function.walk_ops(&mut |op| match ParallelFor::cast(op) {
        Some(found) => {
            loops.push(found);
            Walk::Skip
        }
        None => Walk::Advance,
    });
    let Some(entry) = function.region(0).entry().filter(|_| !loops.is_empty()) else {
        return Ok(Vec::new());
    };
    let Some(call_context) = entry
        .args()
        .into_iter()
        .next()
        .filter(|v| v.ty().is_llvm_ptr())
    else {
        return Err("has no call context: has `loop-abi` been run?".into());
    };
    let base = symbol_name(function)
        .unwrap_or("anonymous")
        .trim_start_matches("npir_fn_");
    let ctx = rw.ctx();
    let mut env: Option<(Op<'c>, u64)> = None;
    let mut bodies = Vec::new();
    for (i, found) in loops.into_iter().enumerate() {
        let op = found.op();
        let rw = rw.at(op.loc());
        read_before(rw, op);
        let captures = captures(op, call_context)?;
        let symbol = match base.strip_prefix("npir_par_") {
            Some(outer) => format!("npir_par_{outer}_{i}"),
            None => format!("npir_par_{base}_{i}"),
        };
        rw.before(op);
        let env = if captures.slots.is_empty() {
            rw.llvm_null()
        } else {
            let (buffer, size) = env.get_or_insert_with(|| {
                rw.scoped(|rw| {
                    rw.at_start(entry);
                    (rw.llvm_stack(ctx.llvm_array(1, ctx.i(8)), MAX_ALIGN), 0)
                })
            });
            *size = captures.size.max(*size);
            buffer.set_attr(
                "elem_type",
                ctx.type_attr(ctx.llvm_array(*size as usize, ctx.i(8))),
            );
            let buffer = buffer.result_value(0);
            for slot in &captures.slots {
                rw.llvm_store(slot.value, rw.llvm_offset(buffer, slot.offset), slot.align);
            }
            buffer
        };
        let args = [
            call_context,
            rw.llvm_addressof(&symbol),
            env,
            found.n(),
            found.grain(),
        ];
        let symbol_of_for = runtime.symbol(RuntimeFn::ParallelFor);
        let status = rw
            .llvm_call(symbol_of_for, &args, &[ctx.i(32)])
            .result_value(0);
        let failed = rw.llvm_icmp(Icmp::Ne, status, rw.llvm_i32(0));
        ExitIf::build(rw, failed, status);
        bodies.push(body_function(
            rw,
            function,
            found,
            &symbol,
            captures,
            call_context,
        ));
        rw.erase(op);
    }
    Ok(bodies)
}

/// What `op`'s region uses from around it; the call context is a parameter of every function and needs no slot.
fn captures<'c>(op: Op<'c>, call_context: Val<'c>) -> Result<Captures<'c>, String> {
    let mut inside = HashSet::new();
    op.walk_ops(&mut |inner| {
        if inner.key() != op.key() {
            inside.extend(inner.result_values().into_iter().map(ValExt::key));
        }
        for region in inner.regions() {
            for block in region.blocks() {
                inside.extend(block.args().into_iter().map(ValExt::key));
            }
        }
        Walk::Advance
    });
    let mut captures = Captures::default();
    let mut seen = HashSet::new();
    let mut bad = None;
    op.walk_ops(&mut |inner| {
        if inner.key() == op.key() {
            return Walk::Advance;
        }
        for (i, value) in inner.operand_values().into_iter().enumerate() {
            if inside.contains(&value.key()) {
                continue;
            }
            captures.uses.push((inner, i));
            if value.key() == call_context.key() || !seen.insert(value.key()) {
                continue;
            }
            match value.defining_op().filter(|def| is_constant(*def)) {
                Some(def) => captures.constants.push(def),
                None => match layout(value.ty()) {
                    Some(room) => {
                        let offset = captures.size.next_multiple_of(room.align);
                        captures.size = offset + room.size;
                        captures.slots.push(Capture {
                            value,
                            offset,
                            align: room.align,
                        });
                    }
                    None => bad = Some(value),
                },
            }
        }
        Walk::Advance
    });
    match bad {
        Some(value) => Err(format!(
            "uses a value of type {} from outside the loop",
            value.ty()
        )),
        None => Ok(captures),
    }
}

/// Ops that are cheaper to repeat than to pass on.
fn is_constant(op: Op<'_>) -> bool {
    op.num_results() == 1
        && [
            "llvm.mlir.constant",
            "llvm.mlir.zero",
            "llvm.mlir.poison",
            "llvm.mlir.addressof",
        ]
        .contains(&op.name())
}

/// The function made of a loop's body, after `after` in the module.
fn body_function<'c>(
    rw: Rewriter<'c>,
    after: Op<'c>,
    found: ParallelFor<'c>,
    symbol: &str,
    captures: Captures<'c>,
    call_context: Val<'c>,
) -> Op<'c> {
    let ctx = rw.ctx();
    let (ptr, i32, i64) = (ctx.llvm_ptr(), ctx.i(32), ctx.i(64));
    let params = [ptr, ptr, i64, i64];
    rw.after(after);
    let body = rw
        .op("llvm.func")
        .attr("sym_name", ctx.str_attr(symbol))
        .attr(
            "function_type",
            ctx.type_attr(ctx.llvm_function(i32, &params)),
        )
        .attr("linkage", linkage(ctx, Linkage::Internal))
        .attr(
            "arg_attrs",
            literal(ctx, "[{}, {llvm.noalias, llvm.readonly}, {}, {}]"),
        )
        .regions(1)
        .build();
    let entry = rw.create_block(body.region(0), &params);
    let args = entry.args();
    let mut inner: HashMap<usize, Val<'c>> = HashMap::from([(call_context.key(), args[0])]);
    for def in &captures.constants {
        inner.insert(def.result_value(0).key(), rw.clone_op(*def).result_value(0));
    }
    for slot in &captures.slots {
        let place = rw.llvm_offset(args[1], slot.offset);
        inner.insert(
            slot.value.key(),
            rw.llvm_load(place, slot.value.ty(), slot.align),
        );
    }
    for (op, operand) in captures.uses {
        if let Some(value) = inner.get(&op.operand(operand).key()) {
            op.set_operand(operand, *value);
        }
    }
    let blocks = found.body().blocks();
    // A block to move the others before; it goes again.
    let end = rw.create_block(body.region(0), &[]);
    rw.inline_region_before(found.body(), end);
    rw.erase_block(end);
    for block in &blocks {
        for op in block
            .ops()
            .into_iter()
            .filter(|op| op.name() == "loop.yield")
        {
            let rw = rw.at(op.loc());
            rw.before(op);
            rw.op("llvm.return").operands(&[rw.llvm_i32(0)]).build();
            rw.erase(op);
        }
    }
    rw.at_end(entry);
    rw.llvm_br(blocks[0], &[args[2], args[3]]);
    body
}
