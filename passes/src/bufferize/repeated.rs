//! Views that show one element several times: nobody may write through them.

use npir_mlir::prelude::*;
use npir_mlir::queries::shared_results;
use npir_tensor::{Geometry, View};

/// Puts a copy in front of every use that may write into an array that repeats elements of another one.
///
/// One-shot bufferization takes a view for as many elements as it shows, and lets a scatter write in place
/// what is not needed any more: one write would change all the places where the element is seen.
pub(super) fn copy_repeated<'c>(rw: Rewriter<'c>, f: Op<'c>) {
    for op in f.find_all("tensor_ext.view") {
        if View::cast(op).is_some_and(|view| may_repeat(&view.geometry())) {
            copy_where_written(rw, op.result_value(0));
        }
    }
}

/// Whether neighbours along some dimension may be the same element.
fn may_repeat(geometry: &Geometry<'_>) -> bool {
    (0..geometry.sizes.len()).any(|j| {
        let single = matches!(geometry.sizes[j], OpFold::Static(0 | 1));
        let moves = matches!(geometry.steps[j], OpFold::Static(step) if step != 0);
        let walks = geometry.dims[j] >= 0 && moves;
        !(single || walks)
    })
}

fn copy_where_written<'c>(rw: Rewriter<'c>, value: Val<'c>) {
    for u in value.uses() {
        match u.op.name() {
            "tensor_ext.view" | "tensor.cast" => copy_where_written(rw, u.op.result_value(0)),
            // Shares memory only where that is contiguous, and then nothing repeats.
            "tensor_ext.reshape" => {}
            "scf.yield" | "scf.condition" => copy_for(rw, u),
            _ if !shared_results(u.op, u.operand).is_empty() => copy_for(rw, u),
            _ => {}
        }
    }
}

/// Gives a use a copy of its operand.
fn copy_for<'c>(rw: Rewriter<'c>, u: Use<'c>) {
    let value = u.op.operand(u.operand);
    rw.before(u.op);
    let copy = rw
        .op("bufferization.alloc_tensor")
        .operands(&[value])
        .results(&[value.ty()])
        .attr("operandSegmentSizes", rw.ctx().i32_array(&[0, 1, 0]))
        .build_value();
    u.op.set_operand(u.operand, copy);
}
