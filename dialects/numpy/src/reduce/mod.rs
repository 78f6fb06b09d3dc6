//! Reductions over axes: `numpy.sum`, `prod`, `min`, `max`, `any`, `all`, `count_nonzero`, `mean`
//! and those that leave out NaN, `nansum`, `nanprod`, `nanmin`, `nanmax`, `nanmean`; all from one
//! table. The conversion to the tensor level is in `lower`.

mod lower;
pub(crate) mod parts;

use npir_mlir::prelude::*;

use crate::elementwise::dtype::DType;
use crate::elementwise::{Body, Order};
use crate::lowering;
use crate::shape::{axis_mask, check_broadcasts_to, reduce_dims, shape_text};
use crate::types::{AnyArray, check_declared, element_name};

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
            (Self::Float, input) if input.is_int() || input.is_bool() => DType::F64,
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
    /// The value that no further element changes, of types without NaN.
    absorbing: Option<Identity>,
    /// NumPy's name of the operation in the error for an empty reduction, where that is an error.
    needs_elements: Option<&'static str>,
    divide_by_count: bool,
    /// NaN is left out.
    skips_nan: bool,
    /// Whether there is a value to start with: NumPy's `initial`.
    has_initial: bool,
    /// Whether a mask may choose the elements: NumPy's `where`.
    has_where: bool,
}

impl Reduction {
    /// A reduction with an identity, `initial` and `where`, of elements as they are.
    const fn new(
        name: &'static str,
        summary: &'static str,
        widening: Widening,
        identity: Identity,
        combine: Combine,
    ) -> Self {
        Reduction {
            name,
            summary,
            widening,
            term: Term::Element,
            identity,
            combine,
            absorbing: None,
            needs_elements: None,
            divide_by_count: false,
            skips_nan: false,
            has_initial: true,
            has_where: true,
        }
    }

    /// Decided where the accumulator holds that value.
    const fn ended_by(mut self, absorbing: Identity) -> Self {
        self.absorbing = Some(absorbing);
        self
    }

    /// Over the truth of elements, without `initial`.
    const fn of_truth(mut self) -> Self {
        self.term = Term::Truth;
        self.has_initial = false;
        self
    }

    /// Without `where`.
    const fn of_all(mut self) -> Self {
        self.has_where = false;
        self
    }

    /// Without identity: over no elements this is an error, in which NumPy says `what`.
    const fn of_some(mut self, what: &'static str) -> Self {
        self.needs_elements = Some(what);
        self
    }

    /// The sum divided by the number of elements, without `initial`.
    const fn averaged(mut self) -> Self {
        self.divide_by_count = true;
        self.has_initial = false;
        self
    }

    /// Whether it has the operand `where` or `initial`.
    fn takes(&self, operand: &str) -> bool {
        match operand {
            "where" => self.has_where,
            _ => self.has_initial,
        }
    }

    /// Without NaN.
    const fn skipping_nan(mut self) -> Self {
        self.skips_nan = true;
        self
    }
}

const ZERO: Identity = |rw, _, ty| lowering::zero(rw, ty);
const ONE: Identity = |rw, _, ty| lowering::number(rw, ty, 1);
const ADD: Combine = |body, acc, x| body.add(acc, x);
const MULTIPLY: Combine = |body, acc, x| body.mul(acc, x);

fn has_nan(dtype: DType) -> bool {
    dtype.is_float() || dtype.is_complex()
}

fn nan<'c>(rw: Rewriter<'c>, ty: Type<'c>) -> Val<'c> {
    if ty.is_complex() {
        lowering::complex(rw, ty, f64::NAN, f64::NAN)
    } else {
        rw.const_float(ty, f64::NAN)
    }
}

/// NaN where there is one, which yields to every number; else the last value in the order.
const NAN_OR_LARGEST: Identity = |rw, dtype, ty| match has_nan(dtype) {
    true => nan(rw, ty),
    false => lowering::largest(rw, dtype, ty),
};
/// NaN where there is one, which yields to every number; else the first value in the order.
const NAN_OR_SMALLEST: Identity = |rw, dtype, ty| match has_nan(dtype) {
    true => nan(rw, ty),
    false => lowering::smallest(rw, dtype, ty),
};

/// The family. Adding a reduction is adding a row.
static TABLE: &[Reduction] = &[
    Reduction::new(
        "numpy.sum",
        "Sum over axes; 16-bit floats accumulate in f32",
        Widening::Wide,
        ZERO,
        ADD,
    ),
    Reduction::new(
        "numpy.prod",
        "Product over axes; 16-bit floats accumulate in f32",
        Widening::Wide,
        ONE,
        MULTIPLY,
    ),
    Reduction::new(
        "numpy.min",
        "Minimum over axes; a NaN wins",
        Widening::Same,
        lowering::largest,
        |body, acc, x| body.minimum(acc, x),
    )
    .ended_by(lowering::smallest)
    .of_some("minimum"),
    Reduction::new(
        "numpy.max",
        "Maximum over axes; a NaN wins",
        Widening::Same,
        lowering::smallest,
        |body, acc, x| body.maximum(acc, x),
    )
    .ended_by(lowering::largest)
    .of_some("maximum"),
    Reduction::new(
        "numpy.any",
        "Whether any element over axes is nonzero; NaN is",
        Widening::Bool,
        ZERO,
        ADD,
    )
    .ended_by(ONE)
    .of_truth(),
    Reduction::new(
        "numpy.all",
        "Whether all elements over axes are nonzero; NaN is",
        Widening::Bool,
        ONE,
        MULTIPLY,
    )
    .ended_by(ZERO)
    .of_truth(),
    Reduction::new(
        "numpy.count_nonzero",
        "How many elements over axes are nonzero",
        Widening::Count,
        ZERO,
        ADD,
    )
    .of_truth()
    .of_all(),
    Reduction::new(
        "numpy.mean",
        "Arithmetic mean over axes; NaN over no elements",
        Widening::Float,
        ZERO,
        ADD,
    )
    .averaged(),
    Reduction::new(
        "numpy.nansum",
        "Sum over axes of what is not NaN; 16-bit floats accumulate in f32",
        Widening::Wide,
        ZERO,
        ADD,
    )
    .skipping_nan(),
    Reduction::new(
        "numpy.nanprod",
        "Product over axes of what is not NaN; 16-bit floats accumulate in f32",
        Widening::Wide,
        ONE,
        MULTIPLY,
    )
    .skipping_nan(),
    Reduction::new(
        "numpy.nanmin",
        "Minimum over axes of what is not NaN; NaN where all elements are",
        Widening::Same,
        NAN_OR_LARGEST,
        |body, acc, x| numeric_extreme(body, Order::Less, acc, x),
    )
    .of_some("fmin"),
    Reduction::new(
        "numpy.nanmax",
        "Maximum over axes of what is not NaN; NaN where all elements are",
        Widening::Same,
        NAN_OR_SMALLEST,
        |body, acc, x| numeric_extreme(body, Order::Greater, acc, x),
    )
    .of_some("fmax"),
    Reduction::new(
        "numpy.nanmean",
        "Arithmetic mean over axes of what is not NaN; NaN over no such elements",
        Widening::Float,
        ZERO,
        ADD,
    )
    .averaged()
    .skipping_nan(),
];

/// The lesser or greater of two; the number of a number and a NaN.
fn numeric_extreme<'c>(body: Body<'c>, order: Order, acc: Val<'c>, x: Val<'c>) -> Val<'c> {
    let picked = body.pick(order, acc, x);
    if !has_nan(body.dtype) {
        return picked;
    }
    // A NaN in `acc` makes the comparison false, so that `x` is taken.
    let mut keeps = body.is_nan(x);
    if body.dtype.is_complex() {
        // What a reduction begins with yields to a number of which one part is NaN.
        let part = body.part();
        let [re, im] = [body.re(acc), body.im(acc)].map(|x| part.is_nan(x));
        let begin = body.rw.andi(re, im);
        keeps = body.rw.select(begin, body.rw.const_bool(false), keeps);
    }
    body.select(keeps, acc, picked)
}

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
