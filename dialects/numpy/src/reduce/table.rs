//! The table of reductions: what they combine, and how.

use npir_mlir::prelude::*;

use crate::elementwise::dtype::DType;
use crate::elementwise::{Body, Order};
use crate::lowering;

/// How the result element type follows from the input's where the program does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Widening {
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
    pub(super) fn default_result(self, input: DType) -> DType {
        match (self, input) {
            (Self::Bool, _) => DType::Bool,
            (Self::Count, _) | (Self::Wide, DType::Bool | DType::Int(_)) => DType::Int(64),
            (Self::Wide, DType::UInt(_)) => DType::UInt(64),
            (Self::Float, input) if input.is_int() || input.is_bool() => DType::F64,
            (_, input) => input,
        }
    }

    /// Whether the program may ask for another result type: NumPy's `dtype` argument.
    pub(super) fn has_dtype(self) -> bool {
        matches!(self, Self::Wide | Self::Float)
    }
}

/// Which value an element contributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Term {
    /// The element, cast to the accumulator's type.
    Element,
    /// 1 for a nonzero element, else 0.
    Truth,
}

pub(super) type Combine = for<'c> fn(Body<'c>, Val<'c>, Val<'c>) -> Val<'c>;
pub(super) type Identity = for<'c> fn(Rewriter<'c>, DType, Type<'c>) -> Val<'c>;

/// One row of the table: everything that tells one reduction from another.
pub(super) struct Reduction {
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) widening: Widening,
    pub(super) term: Term,
    pub(super) identity: Identity,
    pub(super) combine: Combine,
    /// The value that no further element changes, of types without NaN.
    pub(super) absorbing: Option<Identity>,
    /// NumPy's name of the operation in the error for an empty reduction, where that is an error.
    pub(super) needs_elements: Option<&'static str>,
    pub(super) divide_by_count: bool,
    /// NaN is left out.
    pub(super) skips_nan: bool,
    /// Whether there is a value to start with: NumPy's `initial`.
    pub(super) has_initial: bool,
    /// Whether a mask may choose the elements: NumPy's `where`.
    pub(super) has_where: bool,
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
    pub(super) fn takes(&self, operand: &str) -> bool {
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

pub(super) fn has_nan(dtype: DType) -> bool {
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
pub(super) static TABLE: &[Reduction] = &[
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
