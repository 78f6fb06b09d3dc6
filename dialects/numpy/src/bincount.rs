//! `numpy.bincount`: how often each non-negative integer occurs, or the sum of weights at each.

use npir_mlir::prelude::*;
use npir_tensor::{CheckKind, Scatter, View};

use crate::elementwise::Body;
use crate::elementwise::dtype::DType;
use crate::indices::Positions;
use crate::lowering;
use crate::shape::{shape_placeholder, shape_text};
use crate::sizes;
use crate::types::{AnyArray, IntegerArray, RealArray, check_inferred, element_name};

/// Counts of each value of a vector of non-negative integers
///
/// The result has one entry for each integer from 0 to the largest value, at least `minlength`
/// entries, and is `i64`; with `weights` (`f64`, one per value) it holds their sums, in order, and
/// is `f64`. A negative value is an error.
#[op(
    "numpy.bincount",
    traits(Pure, AttrSizedOperandSegments),
    interfaces(Verify, InferTypes),
    assembly = "$x (`weights` $weights^)? (`minlength` $minlength^)? attr-dict \
                `:` functional-type(operands, results)"
)]
pub struct Bincount {
    x: Operand<IntegerArray>,
    weights: OptionalOperand<RealArray>,
    minlength: OptionalOperand<IndexType>,
    result: Output<AnyArray>,
}

impl InferTypes for Bincount<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        if x.rank() != 1 {
            return Err(format!(
                "counts in a vector, not in shape {}",
                shape_text(&x.dims())
            ));
        }
        let weights = cx
            .operands
            .get(1)
            .map(|v| v.ty())
            .filter(|ty| ty.is_tensor());
        let mut element = cx.ctx.i(64);
        if let Some(weights) = weights {
            element = cx.ctx.f64();
            if weights.element() != element {
                return Err(format!(
                    "needs float64 weights, not {}",
                    element_name(weights)
                ));
            }
            let (a, b) = (x.dims(), weights.dims());
            let agree = b.len() == 1 && (a[0] == b[0] || a[0] == DYNAMIC || b[0] == DYNAMIC);
            if !agree {
                return Err(format!(
                    "the weights and list don't have the same length: shapes {} and {}",
                    shape_text(&b),
                    shape_text(&a)
                ));
            }
        }
        Ok(vec![cx.ctx.tensor(&[DYNAMIC], element)])
    }
}

impl Verify for Bincount<'_> {
    fn verify(self) -> Result<(), String> {
        if let Some(n) = self
            .minlength()
            .and_then(|v| v.constant_int())
            .filter(|&n| n < 0)
        {
            return Err(format!("'minlength' must not be negative: {n}"));
        }
        check_inferred::<Self>(self.op())
    }
}

/// The op.
pub fn ops() -> Vec<OpDef> {
    vec![Bincount::def()]
}

/// Its conversion to the tensor level: the range of values, then a scatter that adds.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![ConversionPattern::new(Bincount::NAME, lower)]
}

fn lower<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let ctx = rw.ctx();
    let name = Bincount::NAME;
    let x = cx.operands[0];
    let weights = cx.operands.get(1).copied().filter(|v| v.ty().is_tensor());
    let minlength = cx.operands[1..]
        .last()
        .copied()
        .filter(|v| v.ty().is_index());
    let length = sizes::of(rw, x, 0);
    let (zero, one) = (OpFold::Static(0), OpFold::Static(1));
    if let Some(weights) = weights {
        let other = sizes::of(rw, weights, 0);
        let agree = sizes::equal(rw, length, other);
        let message = format!(
            "{name}: the weights and list don't have the same length: shapes {0} and {0}",
            shape_placeholder(1)
        );
        sizes::check(
            rw,
            agree,
            CheckKind::ShapeMismatch,
            &message,
            &[other, length],
        );
    }

    let positions = Positions::of_operand(op, cx, rw, 0)?;
    let (low, high) = positions.range(rw);
    let valid = sizes::compare(rw, CmpI::Sge, low, zero);
    let message = format!("{name}: 'list' argument must have no negative elements: {{}}");
    sizes::check(rw, valid, CheckKind::ValueError, &message, &[low]);
    let countable = sizes::compare(rw, CmpI::Slt, high, OpFold::Static(i64::MAX));
    let message = format!("{name}: the array is too big");
    sizes::check(rw, countable, CheckKind::ValueError, &message, &[]);
    let mut bins = sizes::add(rw, high, one);
    if let Some(minlength) = minlength {
        let minlength = OpFold::Value(minlength).simplify();
        let valid = sizes::compare(rw, CmpI::Sge, minlength, zero);
        let message = format!("{name}: 'minlength' must not be negative: {{}}");
        sizes::check(rw, valid, CheckKind::ValueError, &message, &[minlength]);
        bins = sizes::max(rw, bins, minlength);
    }

    let counted = if weights.is_some() {
        DType::F64
    } else {
        DType::Int(64)
    };
    let element = counted.storage_ty(ctx);
    let start = lowering::number(rw, element, 0);
    let dest = lowering::filled(rw, &[bins], start);
    let updates = match weights {
        Some(weights) => {
            lowering::conform(rw, weights, ctx.tensor(&sizes::dims(&[length]), element))
        }
        None => {
            let unit = lowering::number(rw, element, 1);
            let unit = lowering::filled(rw, &[], unit);
            View::create(rw, unit, &[], &[length], &[zero], &[-1])
        }
    };
    let positions = positions.bounded(bins).resolve_all(rw, &[length], bins);
    let result = Scatter::create(rw, dest, &[positions], updates, |rw, old, new| {
        Body::new(rw, counted).add(old, new)
    });
    lowering::replace(rw, op, cx, result)
}
