//! Reductions at the tensor level: one generic over the input that starts from the identity, plus
//! an elementwise step where the accumulator is not yet the result (16-bit floats, the division of
//! a mean, a value to start with).

use npir_mlir::prelude::*;
use npir_tensor::{ABSORBING, ASSOCIATIVE, CheckKind};

use super::parts::Parts;
use super::table::{Reduction, Term, has_nan};
use super::{Operands, axes_of};
use crate::cast;
use crate::compose;
use crate::elementwise::Body;
use crate::elementwise::convert::{load, store};
use crate::elementwise::dtype::DType;
use crate::lowering::{self, Along};
use crate::shape::{axis_mask, shape_placeholder};
use crate::sizes::{self, Cond};

pub(super) fn lower<'c>(
    row: &Reduction,
    op: Op<'c>,
    cx: &ConvertCx<'_, 'c>,
    rw: Rewriter<'c>,
) -> Match {
    let ctx = rw.ctx();
    let operands =
        Operands::cut(cx.operands, op.attr("operandSegmentSizes")).map_err(NoMatch::new)?;
    let x = operands.x;
    let (Some(from), Some(to)) = (
        DType::of(op.operand(0).ty()),
        DType::of(op.result_value(0).ty()),
    ) else {
        return no_match("not an array");
    };
    let rank = x.ty().rank();
    let mask = axis_mask(axes_of(op.attr("axes")).as_deref(), rank).map_err(NoMatch::new)?;
    let all = sizes::all_of(rw, x);
    let pick = |reduced: bool| -> Vec<_> {
        let picked = all.iter().zip(&mask).filter(|(_, m)| **m == reduced);
        picked.map(|(s, _)| *s).collect()
    };
    let (kept, reduced) = (pick(false), pick(true));
    if operands.initial.is_none() {
        check_elements(row, op, rw, &reduced);
    }
    let mut inputs = vec![x];
    if let Some(chosen) = operands.chosen {
        inputs.push(broadcast_mask(row, rw, chosen, &all));
    }

    // Comparing 16-bit floats is exact; adding and multiplying them is not.
    let narrow = to.is_half() && row.widening.has_dtype();
    let accumulator = if narrow { DType::F32 } else { to };
    let acc_ty = accumulator.storage_ty(ctx);
    let identity = (row.identity)(rw, accumulator, acc_ty);
    let parts = Parts(accumulator);
    // Where not every element counts, those that do are counted.
    let skips_nan = row.skips_nan && has_nan(from);
    let counts = row.divide_by_count && (skips_nan || operands.chosen.is_some());
    let starts = parts.split(rw, identity).into_iter();
    let mut inits: Vec<_> = starts.map(|v| lowering::filled(rw, &kept, v)).collect();
    if counts {
        let zero = rw.const_int(ctx.i(64), 0);
        inits.push(lowering::filled(rw, &kept, zero));
    }

    let walks: Vec<_> = (0..rank).filter(|&d| !mask[d]).map(Along::Loop).collect();
    let mut maps = vec![lowering::identity_map(ctx, rank); inputs.len()];
    maps.resize(inputs.len() + inits.len(), lowering::map(ctx, rank, &walks));
    let iters: Vec<_> = mask
        .iter()
        .map(|&r| if r { Iter::Reduction } else { Iter::Parallel })
        .collect();
    let masked = operands.chosen.is_some();
    let generic = rw.linalg_generic(&inputs, &inits, &maps, &iters, |rw, args| {
        let body = Body::new(rw, accumulator);
        let (acc, count) = parts.join(rw, &args[inputs.len()..]);
        let mut term = match row.term {
            Term::Element => cast::scalar(rw, args[0], from, accumulator),
            Term::Truth => {
                let truth = lowering::is_true(rw, from, args[0]);
                rw.extui(truth, acc_ty)
            }
        };
        let mut takes_part = None;
        if masked {
            takes_part = Some(load(rw, args[1], DType::Bool));
        }
        if skips_nan {
            let element = Body::new(rw, from);
            let [a, b] = match from.is_complex() {
                true => [element.re(args[0]), element.im(args[0])],
                false => [args[0]; 2],
            };
            let number = rw.cmpf(CmpF::Ord, a, b);
            takes_part = Some(takes_part.map_or(number, |chosen| rw.andi(chosen, number)));
        }
        if let Some(takes_part) = takes_part {
            term = body.select(takes_part, term, identity);
        }
        let mut results = parts.split(rw, (row.combine)(body, acc, term));
        if let (Some(count), Some(takes_part)) = (count, takes_part) {
            results.push(rw.addi(count, rw.extui(takes_part, ctx.i(64))));
        }
        results
    });
    generic.set_attr(ASSOCIATIVE, ctx.unit_attr());
    if let Some(absorbing) = row.absorbing.filter(|_| accumulator.is_byte()) {
        let value = absorbing(rw, accumulator, acc_ty);
        if let Some(number) = value.constant_attr() {
            generic.set_attr(ABSORBING, number);
        }
    }
    let mut value = generic.result_value(0);

    if narrow || to.is_complex() || row.divide_by_count || operands.initial.is_some() {
        let fixed_count = (row.divide_by_count && !counts).then(|| {
            let n = sizes::product(rw, &reduced);
            rw.index_cast(sizes::value(rw, n), ctx.i(64))
        });
        let initial = operands.initial.map(|initial| {
            let initial = rw.tensor_extract(initial, &[]);
            cast::scalar(rw, initial, to, accumulator)
        });
        let inputs: Vec<_> = generic.result_values().into_iter().collect();
        let element = to.storage_ty(ctx);
        value = lowering::elementwise(rw, &inputs, &kept, element, |rw, args| {
            let body = Body::new(rw, accumulator);
            let (mut value, count) = parts.join(rw, &args[..inputs.len()]);
            if let Some(count) = count.or(fixed_count) {
                // NumPy divides complex numbers by the count in complex128.
                let wide = match to.is_complex() {
                    true => DType::C128,
                    false => accumulator,
                };
                let count = cast::scalar(rw, count, DType::Int(64), wide);
                let sum = cast::scalar(rw, value, accumulator, wide);
                let mean = Body::new(rw, wide).div(sum, count);
                value = cast::scalar(rw, mean, wide, accumulator);
            }
            if let Some(initial) = initial {
                let [a, b] = [initial, value].map(|v| load(rw, v, accumulator));
                value = store(rw, (row.combine)(body, a, b), accumulator);
            }
            cast::scalar(rw, value, accumulator, to)
        });
    }
    if op.attr("keepdims").is_some() {
        value = lowering::insert_unit_dims(rw, value, &mask);
    }
    lowering::replace(rw, op, cx, value)
}

/// Where there is no identity, no elements are an error.
fn check_elements<'c>(row: &Reduction, op: Op<'c>, rw: Rewriter<'c>, reduced: &[OpFold<'c>]) {
    let Some(what) = row.needs_elements else {
        return;
    };
    let mut nonempty = Cond::Known(true);
    for &size in reduced {
        let some = sizes::compare(rw, CmpI::Ne, size, OpFold::Static(0));
        nonempty = nonempty.and(rw, some);
    }
    let message = format!(
        "{}: zero-size array to reduction operation {what} which has no identity",
        compose::caller(op)
    );
    sizes::check(rw, nonempty, CheckKind::ValueError, &message, &[]);
}

/// The mask `where` under the shape of the input.
fn broadcast_mask<'c>(
    row: &Reduction,
    rw: Rewriter<'c>,
    chosen: Val<'c>,
    shape: &[OpFold<'c>],
) -> Val<'c> {
    let own = sizes::all_of(rw, chosen);
    let fits = lowering::broadcasts_to(rw, &own, shape);
    let message = format!(
        "{}: 'where' of shape {} does not broadcast to {}",
        row.name,
        shape_placeholder(own.len()),
        shape_placeholder(shape.len())
    );
    let args: Vec<_> = own.iter().chain(shape).copied().collect();
    sizes::check(rw, fits, CheckKind::ShapeMismatch, &message, &args);
    lowering::broadcast(rw, chosen, shape)
}
