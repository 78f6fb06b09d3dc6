//! Reductions over axes: `numpy.sum`, `prod`, `min`, `max`, `any`, `all`, `count_nonzero`, `mean`
//! and those that leave out NaN, `nansum`, `nanprod`, `nanmin`, `nanmax`, `nanmean`; all from one
//! table, in `table`. The conversion to the tensor level is in `lower`.

mod lower;
pub(crate) mod parts;
mod table;

use npir_mlir::prelude::*;

use crate::elementwise::dtype::DType;
use crate::shape::{axis_mask, check_broadcasts_to, reduce_dims, shape_text};
use crate::types::{AnyArray, check_declared, element_name};
use table::{Reduction, TABLE, Term, Widening, has_nan};

const DESCRIPTION: &str = "\
`axes` lists the reduced axes, negative ones counting from the end; without it all are reduced, and \
with an empty list none is. `keepdims` leaves them in the result with size 1.";
const DTYPE_DESCRIPTION: &str = " The element type of the result is NumPy's default or the \
    `dtype`: elements are cast to it before they are combined.";
const WHERE_DESCRIPTION: &str = " Only elements count where the bool array `where`, broadcast to the shape of the input, is true.";
const INITIAL_DESCRIPTION: &str =
    " `initial` is a 0-d array of the result's element type that takes part in every reduction.";

/// The ops of the family.
pub fn ops() -> Vec<OpDef> {
    TABLE.iter().map(define).collect()
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    TABLE
        .iter()
        .map(|row| {
            ConversionPattern::new(row.name, move |op, cx, rw| lower::lower(row, op, cx, rw))
        })
        .collect()
}

/// The number of operands of each kind of a reduction that has nothing but its input: the value of
/// `operandSegmentSizes`.
pub const PLAIN_OPERANDS: [i32; 3] = [1, 0, 0];

fn define(row: &'static Reduction) -> OpDef {
    let mut doc = format!("{}\n\n{DESCRIPTION}", row.summary);
    let mut assembly = "$x (`axes` $axes^)? (`keepdims` $keepdims^)? ".to_owned();
    let mut types = "`:` type($x) ".to_owned();
    let mut def = OpDef::new(row.name)
        .operand("x", AnyArray::constraint())
        .optional_attribute("axes", I64Array::constraint())
        .unit_attribute("keepdims");
    if row.widening.has_dtype() {
        def = def.optional_attribute("dtype", TypeValue::constraint());
        assembly.push_str("(`dtype` $dtype^)? ");
        doc.push_str(DTYPE_DESCRIPTION);
    }
    def = def
        .optional_operand("where", AnyArray::constraint())
        .optional_operand("initial", AnyArray::constraint());
    for (name, text) in [
        ("where", WHERE_DESCRIPTION),
        ("initial", INITIAL_DESCRIPTION),
    ] {
        assembly.push_str(&format!("(`{name}` ${name}^)? "));
        types.push_str(&format!("(`{name}` type(${name})^)? "));
        if row.takes(name) {
            doc.push_str(text);
        }
    }
    def.doc(&doc)
        .result("result", AnyArray::constraint())
        .traits(&[Trait::Pure, Trait::AttrSizedOperandSegments])
        .assembly(&format!("{assembly} attr-dict {types} `->` type($result)"))
        .verify(move |op| verify(row, op))
        .infer(move |cx| Ok(vec![infer(row, cx)?]))
        .fold(move |op, _| fold(row, op))
}

/// Whether an op of this name is in the table.
pub(crate) fn is_reduction(op: &str) -> bool {
    TABLE.iter().any(|row| row.name == op)
}

/// Whether the reduction of no elements is an error.
pub(crate) fn needs_elements(op: &str) -> bool {
    let mut rows = TABLE.iter();
    rows.any(|row| row.name == op && row.needs_elements.is_some())
}

fn axes_of(axes: Option<Attribute<'_>>) -> Option<Vec<i64>> {
    axes.and_then(I64Array::decode)
}

/// The operands of one reduction, as types or values.
struct Operands<T> {
    x: T,
    chosen: Option<T>,
    initial: Option<T>,
}

impl<T: Copy> Operands<T> {
    /// Cuts a list of operands as `operandSegmentSizes` says.
    fn cut(all: &[T], segments: Option<Attribute<'_>>) -> Result<Self, String> {
        let segments = segments.and_then(|a| a.as_int_array()).unwrap_or_default();
        let (&[1, chosen, initial], Some((&x, rest))) = (segments.as_slice(), all.split_first())
        else {
            return Err("has operands that 'operandSegmentSizes' does not describe".to_string());
        };
        let mut rest = rest.iter().copied();
        let mut next = |present: i64| (present == 1).then(|| rest.next()).flatten();
        Ok(Operands {
            x,
            chosen: next(chosen),
            initial: next(initial),
        })
    }
}

fn infer<'c>(row: &Reduction, cx: &InferCx<'c>) -> Result<Type<'c>, String> {
    let types: Vec<_> = cx.operands.iter().map(|v| v.ty()).collect();
    let operands = Operands::cut(&types, cx.attr("operandSegmentSizes"))?;
    let x = operands.x;
    let mask = axis_mask(axes_of(cx.attr("axes")).as_deref(), x.rank())?;
    let from = DType::of(x).ok_or("has an input that is no array")?;
    let to = result_dtype(row.widening, from, cx.attr("dtype"))?;
    if row.divide_by_count && !has_nan(to) {
        return Err(format!(
            "divides in floats, so its dtype cannot be {}",
            to.name()
        ));
    }
    let loses = from.is_float() && !has_nan(to) || from.is_complex() && !to.is_complex();
    if loses && row.term == Term::Element {
        return Err(format!(
            "cannot accumulate {} elements in {}; cast them first",
            from.name(),
            to.name()
        ));
    }
    let dims = reduce_dims(&x.dims(), &mask, cx.attr("keepdims").is_some());
    let result = cx.ctx.tensor(&dims, to.ty(cx.ctx));
    check_options(row, &operands, result)?;
    Ok(result)
}

fn result_dtype(
    widening: Widening,
    from: DType,
    dtype: Option<Attribute<'_>>,
) -> Result<DType, String> {
    match dtype.and_then(TypeValue::decode) {
        None => Ok(widening.default_result(from)),
        Some(dtype) => DType::of(dtype)
            .filter(|_| !dtype.is_shaped())
            .ok_or_else(|| format!("has a dtype {dtype} that is no element type")),
    }
}

/// The element type of sums and products of the elements of `x`: NumPy's default, or `dtype`.
///
/// # Errors
/// A dtype that is no element type, or an input that is no array.
pub(crate) fn sum_dtype(x: Type<'_>, dtype: Option<Attribute<'_>>) -> Result<DType, String> {
    let from = DType::of(x).ok_or("has an input that is no array")?;
    result_dtype(Widening::Wide, from, dtype)
}

/// Checks that `chosen` is a mask of `x`.
///
/// # Errors
/// Elements other than bool, or a shape that does not broadcast to that of `x`.
pub(crate) fn check_where(chosen: Type<'_>, x: Type<'_>) -> Result<(), String> {
    if DType::of(chosen) != Some(DType::Bool) {
        return Err(format!(
            "needs a bool array as 'where', not {} elements",
            element_name(chosen)
        ));
    }
    check_broadcasts_to(&chosen.dims(), &x.dims()).map_err(|e| format!("'where': {e}"))
}

/// Checks `where` and `initial`.
fn check_options(
    row: &Reduction,
    operands: &Operands<Type<'_>>,
    result: Type<'_>,
) -> Result<(), String> {
    for (name, operand) in [("where", operands.chosen), ("initial", operands.initial)] {
        if operand.is_some() && !row.takes(name) {
            return Err(format!("takes no '{name}'"));
        }
    }
    if let Some(chosen) = operands.chosen {
        check_where(chosen, operands.x)?;
        if let (Some(what), None) = (row.needs_elements, operands.initial) {
            return Err(format!(
                "reduction operation '{what}' does not have an identity, so to use a where mask \
                 one has to specify 'initial'"
            ));
        }
    }
    if let Some(initial) = operands.initial
        && (initial.rank() != 0 || initial.element() != result.element())
    {
        return Err(format!(
            "needs a 0-d array of {} as 'initial', not {initial}",
            element_name(result)
        ));
    }
    Ok(())
}

fn verify(row: &Reduction, op: Op<'_>) -> Result<(), String> {
    check_declared(op.result_value(0).ty(), infer(row, &InferCx::of(op))?)?;
    let operands = Operands::cut(&op.operand_types(), op.attr("operandSegmentSizes"))?;
    if let (Some(what), None) = (row.needs_elements, operands.initial) {
        let dims = operands.x.dims();
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
    let none = axes_of(op.attr("axes"))?.is_empty() && op.num_operands() == 1;
    let dtype = DType::of(x.ty())?;
    let same = x.ty() == op.result_value(0).ty();
    let keeps = match row.term {
        // A mean of one element has been rounded through the accumulator: nothing else changes it.
        Term::Element => !(row.divide_by_count || row.skips_nan && has_nan(dtype)),
        Term::Truth => dtype.is_bool(),
    };
    (none && same && keeps).then(|| vec![FoldResult::Value(x)])
}
