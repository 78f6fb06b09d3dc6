//! `loop-promote-to-stack`: small buffers that stay in their function, on its stack instead of the heap. LLVM then
//! keeps the single numbers among them in registers.

use npir_loop::runtime_ops::ParallelFor;
use npir_mlir::prelude::*;

use crate::buffers::is_buffer;

/// Moves small buffers of static shape from the heap to the stack.
///
/// A buffer qualifies if it has at most `max-bytes` bytes and nothing keeps it longer than the iteration or the call
/// that allocates it: it is read and written, viewed, and passed to functions that return no buffers, but not
/// returned, yielded, selected or handed to loops. Buffers of several elements take `max-total-bytes` of a function
/// together at most; single elements do not count, most of them need no memory in the end.
#[pass(
    "loop-promote-to-stack",
    on = "func.func",
    dependent_dialects("memref")
)]
#[derive(Clone)]
pub struct PromoteToStack {
    #[option(
        name = "max-bytes",
        default = "1024",
        description = "bytes of the largest buffer"
    )]
    max_bytes: i64,
    #[option(
        name = "max-total-bytes",
        default = "65536",
        description = "bytes of all buffers of several elements in one function"
    )]
    max_total_bytes: i64,
    #[statistic(name = "promoted", description = "Buffers that are on the stack now")]
    promoted: Statistic,
}

impl Pass for PromoteToStack {
    fn run(&mut self, function: Op<'_>, _cx: &PassCx<'_>) -> PassResult {
        let rewriter = OwnedRewriter::new(function.ctx());
        let mut left = self.max_total_bytes;
        for alloc in function.find_all("memref.alloc") {
            let buffer = alloc.result_value(0);
            let Some(bytes) = static_bytes(buffer.ty()).filter(|n| *n <= self.max_bytes) else {
                continue;
            };
            let cost = if has_one_element(buffer.ty()) {
                0
            } else {
                bytes
            };
            if cost > left || !stays(buffer) {
                continue;
            }
            let Some(block) = frame(alloc) else { continue };
            left -= cost;
            let rw = rewriter.get().at(alloc.loc());
            rw.at_start(block);
            let local = rw
                .op("memref.alloca")
                .results(&[buffer.ty()])
                .optional_attr("alignment", alloc.attr("alignment"))
                .attr("operandSegmentSizes", rw.ctx().i32_array(&[0, 0]))
                .build_value();
            rw.replace(alloc, &[local]);
            self.promoted.add(1);
        }
        Ok(())
    }
}

/// The size of a contiguous buffer of static shape.
fn static_bytes(ty: Type<'_>) -> Option<i64> {
    let bytes = ty.element().bit_width().div_ceil(8);
    let identity = ty == ty.ctx().memref(&ty.dims(), ty.element());
    let size = ty.dims().into_iter().try_fold(bytes as i64, |n, dim| {
        n.checked_mul(dim).filter(|_| dim != DYNAMIC)
    })?;
    (identity && bytes > 0).then_some(size)
}

fn has_one_element(ty: Type<'_>) -> bool {
    ty.dims().into_iter().all(|dim| dim == 1)
}

/// Whether nothing holds on to the buffer after its last visible use.
fn stays(buffer: Val<'_>) -> bool {
    buffer.uses().into_iter().all(|u| {
        let op = u.op;
        if is_view(op) {
            return op
                .result_values()
                .into_iter()
                .filter(|v| is_buffer(*v))
                .all(stays);
        }
        let is_stored = op.name() == "memref.store" && u.operand == 0;
        let is_terminator = op.next().is_none();
        op.num_regions() == 0
            && !is_terminator
            && !is_stored
            && op.name() != "memref.extract_aligned_pointer_as_index"
            && !op.result_values().into_iter().any(is_buffer)
    })
}

/// The block at whose start stack memory of `op`'s frame is allocated: that of the function, or of the body that
/// threads run.
fn frame(op: Op<'_>) -> Option<Blk<'_>> {
    let mut around = op.parent()?;
    while around.name() != "func.func" && around.name() != ParallelFor::NAME {
        around = around.parent()?;
    }
    around.region(0).entry()
}
