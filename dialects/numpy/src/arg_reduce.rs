//! `numpy.argmin` and `numpy.argmax`: positions of extremes, the first one of equal ones.
//!
//! Both become one generic with two accumulators, the best value and its position. Which of two
//! candidates wins is a total order on (value, position): better value first, a NaN before every
//! number, then the smaller position. So partial results combine in any order. The initial pair is the worst
//! value at position zero: it only stays where no element is better, and then position zero is the first.

use npir_mlir::prelude::*;
use npir_tensor::{ABSORBING, ASSOCIATIVE, CheckKind};

use crate::compose::{self, Over};
use crate::elementwise::dtype::DType;
use crate::elementwise::{Body, Order};
use crate::lowering::{self, Along};
use crate::reduce::parts::Parts;
use crate::shape::{axis_mask, normalize_axis, reduce_dims, shape_text};
use crate::sizes::{self, Cond};
use crate::types::{AnyArray, check_declared};

/// Which extreme is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extreme {
    Min,
    Max,
}

impl Extreme {
    const ALL: [Self; 2] = [Self::Min, Self::Max];

    fn op_name(self) -> &'static str {
        match self {
            Self::Min => "numpy.argmin",
            Self::Max => "numpy.argmax",
        }
    }

    fn summary(self) -> &'static str {
        match self {
            Self::Min => "Position of the first minimum along an axis; a NaN counts as one",
            Self::Max => "Position of the first maximum along an axis; a NaN counts as one",
        }
    }

    /// `argmin` for error messages, as NumPy says it.
    fn short_name(self) -> &'static str {
        &self.op_name()["numpy.".len()..]
    }
}

/// The two ops.
pub fn ops() -> Vec<OpDef> {
    Extreme::ALL.into_iter().map(define).collect()
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    Extreme::ALL
        .into_iter()
        .map(|which| {
            ConversionPattern::new(which.op_name(), move |op, cx, rw| lower(which, op, cx, rw))
        })
        .collect()
}

fn define(which: Extreme) -> OpDef {
    OpDef::new(which.op_name())
        .doc(&format!(
            "{}\n\nWithout `axis` the position is that in the flattened array. `keepdims` leaves \
             the reduced dimensions in the result with size 1.",
            which.summary()
        ))
        .operand("x", AnyArray::constraint())
        .optional_attribute("axis", I64::constraint())
        .unit_attribute("keepdims")
        .result("result", AnyArray::constraint())
        .traits(&[Trait::Pure])
        .assembly(
            "$x (`axis` $axis^)? (`keepdims` $keepdims^)? attr-dict \
             `:` type($x) `->` type($result)",
        )
        .verify(move |op| verify(which, op))
        .infer(|cx| {
            infer(
                cx.ctx,
                cx.operand_type(0)?,
                cx.attr("axis"),
                cx.attr("keepdims").is_some(),
            )
            .map(|ty| vec![ty])
        })
}

fn mask_of(axis: Option<Attribute<'_>>, rank: usize) -> Result<Vec<bool>, String> {
    let axis = axis.and_then(I64::decode);
    axis_mask(axis.as_ref().map(std::slice::from_ref), rank)
}

fn infer<'c>(
    ctx: &'c Context,
    x: Type<'c>,
    axis: Option<Attribute<'c>>,
    keepdims: bool,
) -> Result<Type<'c>, String> {
    let mask = mask_of(axis, x.rank())?;
    Ok(ctx.tensor(&reduce_dims(&x.dims(), &mask, keepdims), ctx.i(64)))
}

fn verify(which: Extreme, op: Op<'_>) -> Result<(), String> {
    let x = op.operand(0).ty();
    let inferred = infer(op.ctx(), x, op.attr("axis"), op.attr("keepdims").is_some())?;
    check_declared(op.result_value(0).ty(), inferred)?;
    let dims = x.dims();
    let mask = mask_of(op.attr("axis"), dims.len())?;
    if dims.iter().zip(mask).any(|(&d, reduced)| reduced && d == 0) {
        return Err(format!(
            "attempt to get {} of an empty sequence: input has shape {}",
            which.short_name(),
            shape_text(&dims)
        ));
    }
    Ok(())
}

fn lower<'c>(which: Extreme, op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (ctx, x) = (rw.ctx(), cx.operand(0));
    let Some(dtype) = DType::of(op.operand(0).ty()) else {
        return no_match("not an array");
    };
    let rank = x.ty().rank();
    let mask = mask_of(op.attr("axis"), rank).map_err(NoMatch::new)?;
    let all = sizes::all_of(rw, x);
    let kept: Vec<_> = all
        .iter()
        .zip(&mask)
        .filter(|(_, m)| !**m)
        .map(|(s, _)| *s)
        .collect();

    let mut nonempty = Cond::Known(true);
    for (&size, _) in all.iter().zip(&mask).filter(|(_, m)| **m) {
        let some = sizes::compare(rw, CmpI::Ne, size, OpFold::Static(0));
        nonempty = nonempty.and(rw, some);
    }
    let message = format!(
        "{}: attempt to get {} of an empty sequence",
        which.op_name(),
        which.short_name()
    );
    sizes::check(rw, nonempty, CheckKind::ValueError, &message, &[]);

    let reduced: Vec<_> = (0..rank).filter(|&d| mask[d]).collect();
    if reduced == [rank.wrapping_sub(1)] && dtype.is_int() && dtype.bits() <= 16 {
        return first_equal(which, op, rw);
    }

    // Sizes that the flattened position needs, outside the body.
    let strides: Vec<_> = reduced
        .iter()
        .skip(1)
        .map(|&d| sizes::value(rw, all[d]))
        .collect();

    let (value_ty, i64_ty) = (dtype.storage_ty(ctx), ctx.i(64));
    let worst = match which {
        Extreme::Min => lowering::largest(rw, dtype, value_ty),
        Extreme::Max => lowering::smallest(rw, dtype, value_ty),
    };
    let first = rw.const_int(i64_ty, 0);
    let parts = Parts(dtype);
    let starts = parts.split(rw, worst).into_iter().chain([first]);
    let inits: Vec<_> = starts.map(|v| lowering::filled(rw, &kept, v)).collect();
    let walks: Vec<_> = (0..rank).filter(|&d| !mask[d]).map(Along::Loop).collect();
    let out = lowering::map(ctx, rank, &walks);
    let mut maps = vec![lowering::identity_map(ctx, rank)];
    maps.resize(1 + inits.len(), out);
    let iters: Vec<_> = mask
        .iter()
        .map(|&r| if r { Iter::Reduction } else { Iter::Parallel })
        .collect();
    let generic = rw.linalg_generic(&[x], &inits, &maps, &iters, |rw, args| {
        let new = args[0];
        let (old, old_at) = parts.join(rw, &args[1..]);
        let old_at = old_at.unwrap_or(first);
        let mut at = None;
        for (k, &d) in reduced.iter().enumerate() {
            let i = rw.linalg_index(d);
            at = Some(match at {
                None => i,
                Some(outer) => rw.addi(rw.muli(outer, strides[k - 1]), i),
            });
        }
        let at = at.unwrap_or_else(|| rw.const_index(0));
        let new_at = rw.index_cast(at, i64_ty);
        let earlier = rw.cmpi(CmpI::Slt, new_at, old_at);
        let wins = wins(rw, which, dtype, new, old, earlier);
        // A bool is a byte here, which is selected as it is.
        let taken = match dtype.is_complex() {
            true => Body::new(rw, dtype).select(wins, new, old),
            false => rw.select(wins, new, old),
        };
        let mut results = parts.split(rw, taken);
        results.push(rw.select(wins, new_at, old_at));
        results
    });
    generic.set_attr(ASSOCIATIVE, ctx.unit_attr());
    // Along one axis positions ascend: the first of the best values stays.
    if reduced.len() == 1 && dtype.is_byte() {
        let best = match which {
            Extreme::Min => lowering::smallest(rw, dtype, value_ty),
            Extreme::Max => lowering::largest(rw, dtype, value_ty),
        };
        if let Some(number) = best.constant_attr() {
            generic.set_attr(ABSORBING, number);
        }
    }
    let mut value = generic.result_value(inits.len() - 1);
    if op.attr("keepdims").is_some() {
        value = lowering::insert_unit_dims(rw, value, &mask);
    }
    lowering::replace(rw, op, cx, value)
}

/// The first position of what is equal to the extreme, along the last axis. A vector holds eight times as many bytes as
/// positions, or four times as many 16-bit numbers: finding the extreme alone takes a fraction of the time, and of so few
/// values it mostly occurs again soon, where the search for it ends.
fn first_equal<'c>(which: Extreme, op: Op<'c>, rw: Rewriter<'c>) -> Match {
    let (ctx, x) = (rw.ctx(), op.operand(0));
    let last = x.ty().rank() as i64 - 1;
    let over = Over {
        axes: Some(ctx.i64_array(&[last])),
        keepdims: true,
        chosen: None,
        dtype: None,
    };
    // A pattern does not apply to what it makes: each of the two ops becomes the other.
    let (extreme, comparison, search) = match which {
        Extreme::Min => ("numpy.min", "numpy.equal", Extreme::Max),
        Extreme::Max => ("numpy.max", "numpy.not_equal", Extreme::Min),
    };
    let best = compose::reduction(rw, extreme, x, &over)?;
    let compared = compose::op(rw, comparison, &[x, best], &[])?;
    let mut attrs = vec![("axis", ctx.i64_attr(last))];
    attrs.extend(op.attr("keepdims").map(|unit| ("keepdims", unit)));
    let value = compose::op(rw, search.op_name(), &[compared], &attrs)?;
    compose::replace(rw, op, value)
}

/// Whether `new` comes before `old` in the order described above; `earlier` compares positions.
fn wins<'c>(
    rw: Rewriter<'c>,
    which: Extreme,
    dtype: DType,
    new: Val<'c>,
    old: Val<'c>,
    earlier: Val<'c>,
) -> Val<'c> {
    if dtype.is_complex() {
        let body = Body::new(rw, dtype);
        let order = match which {
            Extreme::Min => Order::Less,
            Extreme::Max => Order::Greater,
        };
        let (new_is_nan, old_is_nan) = (body.is_nan(new), body.is_nan(old));
        let better = rw.ori(body.cmp(order, new, old), new_is_nan);
        let better = rw.andi(better, body.not(old_is_nan));
        let equal = body.cmp(Order::Equal, new, old);
        let tied = rw.ori(equal, rw.andi(new_is_nan, old_is_nan));
        return rw.ori(better, rw.andi(tied, earlier));
    }
    if dtype.is_float() {
        // better: new < old, or new is a NaN and old is not.
        // tied: new <= old with no NaN, or new is a NaN; where old is better, neither holds.
        let (better, tied) = match which {
            Extreme::Min => (CmpF::Ult, CmpF::Ole),
            Extreme::Max => (CmpF::Ugt, CmpF::Oge),
        };
        let old_is_number = rw.cmpf(CmpF::Ord, old, old);
        let new_is_nan = rw.cmpf(CmpF::Uno, new, new);
        let better = rw.andi(rw.cmpf(better, new, old), old_is_number);
        let tied = rw.ori(rw.cmpf(tied, new, old), new_is_nan);
        return rw.ori(better, rw.andi(tied, earlier));
    }
    let better = match (which, dtype) {
        (Extreme::Min, DType::Int(_)) => CmpI::Slt,
        (Extreme::Max, DType::Int(_)) => CmpI::Sgt,
        (Extreme::Min, _) => CmpI::Ult,
        (Extreme::Max, _) => CmpI::Ugt,
    };
    let equal = rw.cmpi(CmpI::Eq, new, old);
    rw.ori(rw.cmpi(better, new, old), rw.andi(equal, earlier))
}

/// The size of the dimension that positions refer to, where `original` is a result of these ops
/// along an axis and `converted` what it was converted to: all positions are below it.
pub(crate) fn bound<'c>(
    rw: Rewriter<'c>,
    original: Val<'c>,
    converted: Val<'c>,
) -> Option<OpFold<'c>> {
    let op = original.defining_op()?;
    Extreme::ALL
        .into_iter()
        .find(|which| which.op_name() == op.name())?;
    let x = op.operand(0).ty();
    let axis = normalize_axis(op.attr("axis").and_then(I64::decode)?, x.rank()).ok()?;
    let generic = converted
        .defining_op()
        .filter(|op| op.name() == "linalg.generic");
    match (x.dims()[axis], generic) {
        (DYNAMIC, Some(generic)) => Some(sizes::of(rw, generic.operand(0), axis)),
        (DYNAMIC, None) => None,
        (n, _) => Some(OpFold::Static(n)),
    }
}
