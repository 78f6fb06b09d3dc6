//! The transforms: a table. Each is a sequence of transforms along one axis, which are calls of a routine.

use npir_mlir::prelude::*;
use npir_tensor::{CheckKind, Library, Routine};

use crate::cast;
use crate::elementwise::dtype::DType;
use crate::lowering;
use crate::shape::normalize_axis;
use crate::sizes;
use crate::types::{AnyArray, check_declared};

attr_enum! {
    /// Which direction is divided by the number of points.
    pub enum FftNorm {
        /// The inverse one.
        Backward = "backward",
        /// Both, by its root.
        Ortho = "ortho",
        /// The forward one.
        Forward = "forward",
    }
}

/// What a transform goes from and to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Complex numbers, or real ones taken as such.
    Complex,
    /// Real numbers to the half of their transform, along the last axis.
    Real,
    /// Such a half to real numbers.
    ToReal,
}

/// The axes without `axes`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Axes {
    /// The last one; a transform has one axis.
    One,
    /// The last two.
    Two,
    /// All, or as many of the last as there are sizes.
    All,
}

struct Row {
    name: &'static str,
    summary: &'static str,
    kind: Kind,
    /// Whether it is the inverse by name: the direction that `backward` divides.
    inverse: bool,
    /// Whether the complex side is conjugated, which swaps the direction of the exponent.
    conjugate: bool,
    axes: Axes,
}

const fn row(
    name: &'static str,
    summary: &'static str,
    kind: Kind,
    inverse: bool,
    axes: Axes,
) -> Row {
    Row {
        name,
        summary,
        kind,
        inverse,
        conjugate: false,
        axes,
    }
}

static ROWS: &[Row] = &[
    row(
        "numpy.fft_fft",
        "Fourier transform along an axis",
        Kind::Complex,
        false,
        Axes::One,
    ),
    row(
        "numpy.fft_ifft",
        "Inverse Fourier transform along an axis",
        Kind::Complex,
        true,
        Axes::One,
    ),
    row(
        "numpy.fft_fft2",
        "Fourier transform along two axes",
        Kind::Complex,
        false,
        Axes::Two,
    ),
    row(
        "numpy.fft_ifft2",
        "Inverse Fourier transform along two axes",
        Kind::Complex,
        true,
        Axes::Two,
    ),
    row(
        "numpy.fft_fftn",
        "Fourier transform along several axes",
        Kind::Complex,
        false,
        Axes::All,
    ),
    row(
        "numpy.fft_ifftn",
        "Inverse Fourier transform along several axes",
        Kind::Complex,
        true,
        Axes::All,
    ),
    row(
        "numpy.fft_rfft",
        "Fourier transform of real numbers along an axis",
        Kind::Real,
        false,
        Axes::One,
    ),
    row(
        "numpy.fft_irfft",
        "Inverse of `fft_rfft`",
        Kind::ToReal,
        true,
        Axes::One,
    ),
    row(
        "numpy.fft_rfft2",
        "Fourier transform of real numbers along two axes",
        Kind::Real,
        false,
        Axes::Two,
    ),
    row(
        "numpy.fft_irfft2",
        "Inverse of `fft_rfft2`",
        Kind::ToReal,
        true,
        Axes::Two,
    ),
    row(
        "numpy.fft_rfftn",
        "Fourier transform of real numbers along several axes",
        Kind::Real,
        false,
        Axes::All,
    ),
    row(
        "numpy.fft_irfftn",
        "Inverse of `fft_rfftn`",
        Kind::ToReal,
        true,
        Axes::All,
    ),
    Row {
        conjugate: true,
        ..row(
            "numpy.fft_hfft",
            "Fourier transform of Hermitian numbers along an axis",
            Kind::ToReal,
            false,
            Axes::One,
        )
    },
    Row {
        conjugate: true,
        ..row(
            "numpy.fft_ihfft",
            "Inverse of `fft_hfft`",
            Kind::Real,
            true,
            Axes::One,
        )
    },
];

const DESCRIPTION: &str = "\
`s` has the number of points along each axis, `index` values: the input is cropped to that or continued with zeros. \
Without it that is the size of the input, of a half of `m` numbers `2 (m - 1)`. `axes` counts from the end where \
negative. `norm` says which direction is divided by the number of points: `backward` (the inverse one, as without it), \
`forward`, or `ortho`, both by its root. Of real numbers the last axis of the result has the first half of the \
transform, `n / 2 + 1` numbers. float32 and complex64 are computed as such, 16-bit floats in float32 (the real results of one axis are rounded to their type), others in \
float64. No points are an error.";

/// The ops.
pub(super) fn ops() -> Vec<OpDef> {
    ROWS.iter().map(define).collect()
}

/// Their conversions to the tensor level.
pub(super) fn lowerings() -> Vec<ConversionPattern> {
    let lower = |row: &'static Row| {
        ConversionPattern::new(row.name, move |op, cx, rw| lower(row, op, cx, rw))
    };
    ROWS.iter().map(lower).collect()
}

fn define(row: &'static Row) -> OpDef {
    OpDef::new(row.name)
        .doc(&format!("{}\n\n{DESCRIPTION}", row.summary))
        .operand("x", AnyArray::constraint())
        .variadic_operand("s", IndexType::constraint())
        .optional_attribute("axes", I64Array::constraint())
        .optional_attribute("norm", Enum::<FftNorm>::constraint())
        .result("result", AnyArray::constraint())
        .traits(&[Trait::Pure])
        .assembly(
            "$x (`s` $s^)? (`axes` $axes^)? (`norm` $norm^)? attr-dict \
             `:` type($x) `->` type($result)",
        )
        .verify(move |op| {
            let inferred = row.infer(&InferCx::of(op))?;
            check_declared(op.result_value(0).ty(), inferred)
        })
        .infer(move |cx| Ok(vec![row.infer(cx)?]))
}

/// The complex or real type that numbers are transformed in.
fn computed(x: Type<'_>) -> Result<DType, String> {
    match DType::of(x) {
        Some(dtype) if dtype.is_half() => Ok(DType::F32),
        Some(dtype) if dtype.is_bool() || dtype.is_int() => Ok(DType::F64),
        Some(dtype) => Ok(dtype),
        None => Err("not an array".to_string()),
    }
}

/// The complex type whose parts are of this type.
fn whole(dtype: DType) -> DType {
    match dtype.part() {
        DType::F32 => DType::C64,
        _ => DType::C128,
    }
}

/// A transform along one axis.
#[derive(Clone, Copy)]
struct Step {
    axis: usize,
    /// Which of the sizes is its length.
    size: usize,
    kind: Kind,
}

impl Row {
    /// The axes of an array of this rank, given the number of sizes.
    ///
    /// # Errors
    /// NumPy's messages.
    fn axes(&self, rank: usize, axes: Option<&[i64]>, sizes: usize) -> Result<Vec<usize>, String> {
        let default: Vec<i64> = match self.axes {
            Axes::One => vec![-1],
            Axes::Two => vec![-2, -1],
            Axes::All => {
                let count = if sizes == 0 { rank } else { sizes };
                (0..count as i64).map(|i| i - count as i64).collect()
            }
        };
        let axes = axes.unwrap_or(&default);
        if sizes != 0 && sizes != axes.len() {
            return Err("Shape and axes have different lengths.".to_string());
        }
        if axes.is_empty() {
            return Err("at least 1 axis must be transformed".to_string());
        }
        if self.axes == Axes::One && axes.len() != 1 {
            return Err(format!("transforms one axis, not {}", axes.len()));
        }
        axes.iter()
            .map(|&axis| normalize_axis(axis, rank))
            .collect()
    }

    /// The transforms in the order in which NumPy takes them: the one between real and complex numbers at the real end,
    /// the others from the last axis to the first.
    fn steps(&self, axes: &[usize]) -> Vec<Step> {
        let last = axes.len() - 1;
        let step = |(size, &axis): (usize, &usize)| Step {
            axis,
            size,
            kind: match size == last {
                true => self.kind,
                false => Kind::Complex,
            },
        };
        let steps = axes.iter().enumerate().map(step);
        match self.kind {
            Kind::ToReal => steps.collect(),
            _ => steps.rev().collect(),
        }
    }

    fn infer<'c>(&self, cx: &InferCx<'c>) -> Result<Type<'c>, String> {
        let x = cx.operand_type(0)?;
        let s: Vec<_> = cx.operands[1..].iter().map(|v| v.constant_int()).collect();
        let given = cx.attr("axes").and_then(I64Array::decode);
        let axes = self.axes(x.rank(), given.as_deref(), s.len())?;
        let dtype = computed(x)?;
        if self.kind == Kind::Real && dtype.is_complex() {
            return Err(format!("transforms real numbers, not {}", dtype.name()));
        }
        let own = x.dims();
        let mut dims = own.clone();
        for step in self.steps(&axes) {
            let n = match s.get(step.size) {
                Some(n) => n.unwrap_or(DYNAMIC),
                None => match (own[step.axis], step.kind) {
                    (DYNAMIC, _) => DYNAMIC,
                    (m, Kind::ToReal) => m
                        .saturating_sub(1)
                        .checked_mul(2)
                        .ok_or("the array is too big")?,
                    (m, _) => m,
                },
            };
            if n != DYNAMIC && n < 1 {
                return Err(no_points(&n.to_string()));
            }
            dims[step.axis] = match (n, step.kind) {
                (DYNAMIC, _) => DYNAMIC,
                (n, Kind::Real) => n / 2 + 1,
                (n, _) => n,
            };
        }
        let result = self.result(DType::of(x).unwrap_or(dtype), dtype, axes.len());
        Ok(cx.ctx.tensor(&dims, result.ty(cx.ctx)))
    }

    /// The element type of the result. As in NumPy, 16-bit floats of one transform to real numbers stay such.
    fn result(&self, from: DType, computed: DType, axes: usize) -> DType {
        match self.kind {
            Kind::ToReal if from.is_half() && axes == 1 => from,
            Kind::ToReal => computed.part(),
            _ => whole(computed),
        }
    }
}

fn no_points(n: &str) -> String {
    format!("Invalid number of FFT data points ({n}) specified.")
}

fn lower<'c>(row: &Row, op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let given = op.attr("axes").and_then(I64Array::decode);
    let s: Vec<_> = cx.operands[1..]
        .iter()
        .map(|&n| OpFold::Value(n).simplify())
        .collect();
    let mut value = cx.operands[0];
    let axes = row.axes(value.ty().rank(), given.as_deref(), s.len());
    let axes = axes.map_err(NoMatch::new)?;
    let from = DType::of(op.operand(0).ty()).ok_or_else(|| NoMatch::new("not an array"))?;
    let dtype = computed(op.operand(0).ty()).map_err(NoMatch::new)?;
    let start = if row.kind == Kind::ToReal {
        whole(dtype)
    } else {
        dtype
    };
    let own = sizes::all_of(rw, value);
    if from != start {
        let element = start.storage_ty(rw.ctx());
        value = lowering::elementwise(rw, &[value], &own, element, |rw, args| {
            cast::scalar(rw, args[0], from, start)
        });
    }
    let norm = op.attr("norm").and_then(Enum::<FftNorm>::decode);
    let scale = match (norm.unwrap_or(FftNorm::Backward), row.inverse) {
        (FftNorm::Ortho, _) => 2,
        (FftNorm::Backward, inverse) => i64::from(inverse),
        (FftNorm::Forward, inverse) => i64::from(!inverse),
    };
    for step in row.steps(&axes) {
        let n = match s.get(step.size) {
            Some(&n) => n,
            None if step.kind == Kind::ToReal => {
                let pairs = sizes::sub(rw, own[step.axis], OpFold::Static(1));
                sizes::mul(rw, pairs, OpFold::Static(2))
            }
            None => own[step.axis],
        };
        let some = sizes::compare(rw, CmpI::Sge, n, OpFold::Static(1));
        let message = format!("{}: {}", row.name, no_points("{}"));
        sizes::check(rw, some, CheckKind::ValueError, &message, &[n]);
        value = transform(row, step, rw, value, n, scale);
    }
    let result = row.result(from, dtype, axes.len());
    if result.is_half() {
        let sizes = sizes::all_of(rw, value);
        let element = result.storage_ty(rw.ctx());
        value = lowering::elementwise(rw, &[value], &sizes, element, |rw, args| {
            cast::scalar(rw, args[0], dtype, result)
        });
    }
    lowering::replace(rw, op, cx, value)
}

/// One transform of `n` points.
fn transform<'c>(
    row: &Row,
    step: Step,
    rw: Rewriter<'c>,
    value: Val<'c>,
    n: OpFold<'c>,
    scale: i64,
) -> Val<'c> {
    let ctx = rw.ctx();
    let rank = value.ty().rank();
    let element = value.ty().element();
    let last = step.axis == rank - 1;
    let order: Vec<_> = (0..rank)
        .filter(|&d| d != step.axis)
        .chain([step.axis])
        .collect();
    let source = if last {
        value
    } else {
        lowering::pick_dims(rw, value, &order)
    };
    let mut out = sizes::all_of(rw, source);
    out[rank - 1] = match step.kind {
        Kind::Real => {
            let pairs = sizes::divide(rw, n, OpFold::Static(2));
            sizes::add(rw, pairs, OpFold::Static(1))
        }
        _ => n,
    };
    let part = if element.is_complex() {
        element.complex_element()
    } else {
        element
    };
    let element_out = if step.kind == Kind::ToReal {
        part
    } else {
        ctx.complex(part)
    };
    let dest = lowering::empty(rw, &out, element_out);
    let inverse = i64::from(row.inverse);
    let conjugate = i64::from(row.conjugate);
    let call = |routine, ins: &[Val<'c>], params: [i64; 2]| {
        Library::create(rw, routine, row.name, ins, &[dest], &params)[0]
    };
    let result = match step.kind {
        Kind::Complex if element.is_complex() => call(Routine::Fft, &[source], [inverse, scale]),
        Kind::Complex => call(Routine::FftReal, &[source], [inverse, scale]),
        Kind::ToReal => call(Routine::IRFft, &[source], [scale, conjugate]),
        Kind::Real => {
            let length = rw.index_cast(sizes::value(rw, n), ctx.i(64));
            let length = rw.tensor_from_elements(&[length], ctx.tensor(&[], ctx.i(64)));
            let length = lowering::broadcast(rw, length, &out[..rank - 1]);
            call(Routine::RFft, &[source, length], [scale, conjugate])
        }
    };
    if last {
        return result;
    }
    let back: Vec<_> = (0..rank)
        .map(|d| order.iter().position(|&o| o == d).unwrap_or(d))
        .collect();
    lowering::pick_dims(rw, result, &back)
}
