//! Reductions over axes: `numpy.sum`, `prod`, `min`, `max`, `any`, `all`, `count_nonzero`, `mean`,
//! all from one table.
//!
//! Each becomes one generic over the input that starts from the identity, plus an elementwise step
//! where the accumulator is not yet the result (16-bit floats, the division of a mean).

use npir_mlir::prelude::*;
use npir_tensor::{ASSOCIATIVE, CheckKind};

use crate::cast;
use crate::elementwise::Body;
use crate::elementwise::dtype::DType;
use crate::lowering::{self, Along};
use crate::shape::{axis_mask, reduce_dims, shape_text};
use crate::sizes::{self, Cond};
use crate::types::{RealArray, check_declared};

/// How the result element type follows from the input's where the program does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Widening {
    /// The input's type.
    Same,
    /// Bool and narrow integers become 64 bits wide, as NumPy's `sum` and `prod` do.
    Wide,
    /// Bool and integers become `f64`.
    Float,
    /// `bool`.
    Bool,
    /// `i64`.
    Count,
}

impl Widening {
    fn default_result(self, input: DType) -> DType {
        match (self, input) {
            (Self::Bool, _) => DType::Bool,
            (Self::Count, _) | (Self::Wide, DType::Bool | DType::Int(_)) => DType::Int(64),
            (Self::Wide, DType::UInt(_)) => DType::UInt(64),
            (Self::Float, input) if !input.is_float() => DType::F64,
            (_, input) => input,
        }
    }

    /// Whether the program may ask for another result type: NumPy's `dtype` argument.
    fn has_dtype(self) -> bool {
        matches!(self, Self::Wide | Self::Float)
    }
}

/// Which value an element contributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Term {
    /// The element, cast to the accumulator's type.
    Element,
    /// 1 for a nonzero element, else 0.
    Truth,
}

type Combine = for<'c> fn(Body<'c>, Val<'c>, Val<'c>) -> Val<'c>;
type Identity = for<'c> fn(Rewriter<'c>, DType, Type<'c>) -> Val<'c>;

/// One row of the table: everything that tells one reduction from another.
struct Reduction {
    name: &'static str,
    summary: &'static str,
    widening: Widening,
    term: Term,
    identity: Identity,
    combine: Combine,
    /// NumPy's name of the operation in the error for an empty reduction, where that is an error.
    needs_elements: Option<&'static str>,
    divide_by_count: bool,
}

/// The family. Adding a reduction is adding a row.
static TABLE: &[Reduction] = &[
    Reduction {
        name: "numpy.sum",
        summary: "Sum over axes; 16-bit floats accumulate in f32",
        widening: Widening::Wide,
        term: Term::Element,
        identity: |rw, _, ty| lowering::zero(rw, ty),
        combine: |body, acc, x| body.add(acc, x),
        needs_elements: None,
        divide_by_count: false,
    },
    Reduction {
        name: "numpy.prod",
        summary: "Product over axes; 16-bit floats accumulate in f32",
        widening: Widening::Wide,
        term: Term::Element,
        identity: |rw, _, ty| lowering::number(rw, ty, 1),
        combine: |body, acc, x| body.mul(acc, x),
        needs_elements: None,
        divide_by_count: false,
    },
    Reduction {
        name: "numpy.min",
        summary: "Minimum over axes; a NaN wins",
        widening: Widening::Same,
        term: Term::Element,
        identity: lowering::largest,
        combine: |body, acc, x| body.minimum(acc, x),
        needs_elements: Some("minimum"),
        divide_by_count: false,
    },
    Reduction {
        name: "numpy.max",
        summary: "Maximum over axes; a NaN wins",
        widening: Widening::Same,
        term: Term::Element,
        identity: lowering::smallest,
        combine: |body, acc, x| body.maximum(acc, x),
        needs_elements: Some("maximum"),
        divide_by_count: false,
    },
    Reduction {
        name: "numpy.any",
        summary: "Whether any element over axes is nonzero; NaN is",
        widening: Widening::Bool,
        term: Term::Truth,
        identity: |rw, _, ty| lowering::zero(rw, ty),
        combine: |body, acc, x| body.add(acc, x),
        needs_elements: None,
        divide_by_count: false,
    },
    Reduction {
        name: "numpy.all",
        summary: "Whether all elements over axes are nonzero; NaN is",
        widening: Widening::Bool,
        term: Term::Truth,
        identity: |rw, _, ty| lowering::number(rw, ty, 1),
        combine: |body, acc, x| body.mul(acc, x),
        needs_elements: None,
        divide_by_count: false,
    },
    Reduction {
        name: "numpy.count_nonzero",
        summary: "How many elements over axes are nonzero",
        widening: Widening::Count,
        term: Term::Truth,
        identity: |rw, _, ty| lowering::zero(rw, ty),
        combine: |body, acc, x| body.add(acc, x),
        needs_elements: None,
        divide_by_count: false,
    },
    Reduction {
        name: "numpy.mean",
        summary: "Arithmetic mean over axes; NaN over no elements",
        widening: Widening::Float,
        term: Term::Element,
        identity: |rw, _, ty| lowering::zero(rw, ty),
        combine: |body, acc, x| body.add(acc, x),
        needs_elements: None,
        divide_by_count: true,
    },
];

const DESCRIPTION: &str = "\
`axes` lists the reduced axes, negative ones counting from the end; without it all are reduced, and \
with an empty list none is. `keepdims` leaves them in the result with size 1. The element type of \
the result is NumPy's default, or for `sum`, `prod` and `mean` the `dtype`: elements are cast to it \
before they are combined.";

/// The ops of the family.
pub fn ops() -> Vec<OpDef> {
    TABLE.iter().map(define).collect()
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    TABLE
        .iter()
        .map(|row| ConversionPattern::new(row.name, move |op, cx, rw| lower(row, op, cx, rw)))
        .collect()
}

fn define(row: &'static Reduction) -> OpDef {
    let def = OpDef::new(row.name)
        .doc(&format!("{}\n\n{DESCRIPTION}", row.summary))
        .operand("x", RealArray::constraint())
        .optional_attribute("axes", I64Array::constraint())
        .unit_attribute("keepdims");
    let (def, dtype) = if row.widening.has_dtype() {
        let def = def.optional_attribute("dtype", TypeValue::constraint());
        (def, "(`dtype` $dtype^)?")
    } else {
        (def, "")
    };
    def.result("result", RealArray::constraint())
        .traits(&[Trait::Pure])
        .assembly(&format!(
            "$x (`axes` $axes^)? (`keepdims` $keepdims^)? {dtype} attr-dict \
             `:` type($x) `->` type($result)"
        ))
        .verify(move |op| verify(row, op))
        .infer(move |cx| Ok(vec![infer(row, cx)?]))
        .fold(move |op, _| fold(row, op))
}

fn axes_of(axes: Option<Attribute<'_>>) -> Option<Vec<i64>> {
    axes.and_then(I64Array::decode)
}

fn infer<'c>(row: &Reduction, cx: &InferCx<'c>) -> Result<Type<'c>, String> {
    let x = cx.operand_type(0)?;
    let mask = axis_mask(axes_of(cx.attr("axes")).as_deref(), x.rank())?;
    let from = DType::of(x).ok_or("has an input that is no array")?;
    let to = match cx.attr("dtype").and_then(TypeValue::decode) {
        None => row.widening.default_result(from),
        Some(dtype) => DType::of(dtype)
            .filter(|to| !dtype.is_shaped() && !to.is_complex())
            .ok_or_else(|| format!("has a dtype {dtype} that is no real element type"))?,
    };
    if row.divide_by_count && !to.is_float() {
        return Err(format!(
            "divides in floats, so its dtype cannot be {}",
            to.name()
        ));
    }
    if from.is_float() && !to.is_float() && row.term == Term::Element {
        return Err(format!(
            "cannot accumulate {} elements in {}; cast them first",
            from.name(),
            to.name()
        ));
    }
    let dims = reduce_dims(&x.dims(), &mask, cx.attr("keepdims").is_some());
    Ok(cx.ctx.tensor(&dims, to.ty(cx.ctx)))
}

fn verify(row: &Reduction, op: Op<'_>) -> Result<(), String> {
    let x = op.operand(0).ty();
    check_declared(op.result_value(0).ty(), infer(row, &InferCx::of(op))?)?;
    if let Some(what) = row.needs_elements {
        let dims = x.dims();
        let mask = axis_mask(axes_of(op.attr("axes")).as_deref(), dims.len())?;
        if dims.iter().zip(mask).any(|(&d, reduced)| reduced && d == 0) {
            return Err(format!(
                "zero-size array to reduction operation {what} which has no identity: \
                 input has shape {}",
                shape_text(&dims)
            ));
        }
    }
    Ok(())
}

/// A reduction over no axes that changes no element is its input.
fn fold<'c>(row: &Reduction, op: Op<'c>) -> Option<Vec<FoldResult<'c>>> {
    let x = op.operand(0);
    let none = axes_of(op.attr("axes"))?.is_empty();
    let same = x.ty() == op.result_value(0).ty();
    let keeps = row.term == Term::Element || DType::of(x.ty()) == Some(DType::Bool);
    (none && same && keeps && !row.divide_by_count).then(|| vec![FoldResult::Value(x)])
}

fn lower<'c>(row: &Reduction, op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (ctx, x) = (rw.ctx(), cx.operand(0));
    let (from, to) = match (
        DType::of(op.operand(0).ty()),
        DType::of(op.result_value(0).ty()),
    ) {
        (Some(from), Some(to)) => (from, to),
        _ => return no_match("not an array"),
    };
    let rank = x.ty().rank();
    let mask = axis_mask(axes_of(op.attr("axes")).as_deref(), rank).map_err(NoMatch::new)?;
    let all = sizes::all_of(rw, x);
    let pick = |reduced: bool| -> Vec<_> {
        all.iter()
            .zip(&mask)
            .filter(|(_, m)| **m == reduced)
            .map(|(s, _)| *s)
            .collect()
    };
    let (kept, reduced) = (pick(false), pick(true));

    if let Some(what) = row.needs_elements {
        let mut nonempty = Cond::Known(true);
        for &size in &reduced {
            let some = sizes::compare(rw, CmpI::Ne, size, OpFold::Static(0));
            nonempty = nonempty.and(rw, some);
        }
        let message = format!(
            "{}: zero-size array to reduction operation {what} which has no identity",
            row.name
        );
        sizes::check(rw, nonempty, CheckKind::ValueError, &message, &[]);
    }

    // Comparing 16-bit floats is exact; adding and multiplying them is not.
    let narrow = to.is_half() && row.widening.has_dtype();
    let accumulator = if narrow { DType::F32 } else { to };
    let acc_ty = accumulator.storage_ty(ctx);
    let identity = (row.identity)(rw, accumulator, acc_ty);
    let init = lowering::filled(rw, &kept, identity);
    let walks: Vec<_> = (0..rank).filter(|&d| !mask[d]).map(Along::Loop).collect();
    let maps = [
        lowering::identity_map(ctx, rank),
        lowering::map(ctx, rank, &walks),
    ];
    let iters: Vec<_> = mask
        .iter()
        .map(|&r| if r { Iter::Reduction } else { Iter::Parallel })
        .collect();
    let generic = rw.linalg_generic(&[x], &[init], &maps, &iters, |rw, args| {
        let term = match row.term {
            Term::Element => cast::scalar(rw, args[0], from, accumulator),
            Term::Truth => {
                let truth = lowering::is_true(rw, from, args[0]);
                rw.extui(truth, acc_ty)
            }
        };
        vec![(row.combine)(Body::new(rw, accumulator), args[1], term)]
    });
    generic.set_attr(ASSOCIATIVE, ctx.unit_attr());
    let mut value = generic.result_value(0);

    if narrow || row.divide_by_count {
        let count = row.divide_by_count.then(|| {
            let n = sizes::product(rw, &reduced);
            let n = rw.index_cast(sizes::value(rw, n), ctx.i(64));
            rw.sitofp(n, acc_ty)
        });
        value = lowering::elementwise(rw, &[value], &kept, to.storage_ty(ctx), |rw, args| {
            let mean = count.map_or(args[0], |count| rw.divf(args[0], count));
            cast::scalar(rw, mean, accumulator, to)
        });
    }
    if op.attr("keepdims").is_some() {
        value = lowering::insert_unit_dims(rw, value, &mask);
    }
    lowering::replace(rw, op, cx, value)
}
