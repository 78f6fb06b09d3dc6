//! `numpy.sliding_window_view`, and what is summed over windows: `numpy.convolve`, `numpy.correlate`.

use npir_mlir::prelude::*;
use npir_tensor::{CheckKind, InsertView, View};

use crate::contract::Contraction;
use crate::elementwise::Body;
use crate::elementwise::dtype::DType;
use crate::lowering;
use crate::shape::{normalize_axis, shape_placeholder, shape_text};
use crate::sizes::{self, Cond};
use crate::target_shape;
use crate::types::{AnyArray, same_elements, verify_declared};

/// All windows of given sizes into an array
///
/// `window` lists their sizes, static ones and `index` values, one for each of `axes`; without `axes` for each dimension.
/// The dimensions of the windows come last; along a dimension of size n there are n - w + 1 windows of size w. The
/// windows share the elements of `x`.
#[op(
    "numpy.sliding_window_view",
    traits(Pure),
    interfaces(Verify, InferTypes)
)]
pub struct SlidingWindowView {
    x: Operand<AnyArray>,
    sizes: Variadic<IndexType>,
    window: Attr<I64Array>,
    axes: OptionalAttr<I64Array>,
    result: Output<AnyArray>,
}

attr_enum! {
    /// For which distances between two sequences a sum is computed.
    pub enum Mode {
        /// For all at which they overlap.
        Full = "full",
        /// As many as the longer one has elements, from the middle of all.
        Same = "same",
        /// For those at which they overlap completely.
        Valid = "valid",
    }
}

/// The sums of products of one sequence and another one that is reversed and moved along it
///
/// Of n and k elements there are n + k - 1 sums; with `mode` `same` the max(n, k) in the middle, with `valid` the
/// max(n, k) - min(n, k) + 1 of complete overlaps.
#[op(
    "numpy.convolve",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$a `,` $v (`mode` $mode^)? attr-dict `:` type($a) `,` type($v) `->` type($result)"
)]
pub struct Convolve {
    a: Operand<AnyArray>,
    v: Operand<AnyArray>,
    mode: OptionalAttr<Enum<Mode>>,
    result: Output<AnyArray>,
}

/// The sums of products of one sequence and another one, conjugated, that is moved along it
///
/// `mode` is as for `numpy.convolve`, `valid` where missing. Where the second sequence is the longer one, the sums are those of
/// exchanged sequences in the opposite order.
#[op(
    "numpy.correlate",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$a `,` $v (`mode` $mode^)? attr-dict `:` type($a) `,` type($v) `->` type($result)"
)]
pub struct Correlate {
    a: Operand<AnyArray>,
    v: Operand<AnyArray>,
    mode: OptionalAttr<Enum<Mode>>,
    result: Output<AnyArray>,
}

verify_declared!(SlidingWindowView, Convolve, Correlate);

/// The dimension that each window size is for.
fn window_axes(
    axes: Option<Attribute<'_>>,
    windows: usize,
    rank: usize,
) -> Result<Vec<usize>, String> {
    let Some(axes) = axes.and_then(I64Array::decode) else {
        if windows != rank {
            return Err(format!(
                "Since axis is None, must provide window_shape for all dimensions of `x`; got {windows} window_shape \
                 elements and `x.ndim` is {rank}."
            ));
        }
        return Ok((0..rank).collect());
    };
    if axes.len() != windows {
        return Err(format!(
            "Must provide matching length window_shape and axis; got {windows} window_shape elements and {} axes elements.",
            axes.len()
        ));
    }
    axes.iter()
        .map(|&axis| normalize_axis(axis, rank))
        .collect()
}

impl InferTypes for SlidingWindowView<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        let window = cx
            .attr("window")
            .and_then(I64Array::decode)
            .ok_or("needs a window")?;
        target_shape::check_sizes(&window, cx.operands.len() - 1)?;
        let mut dims = x.dims();
        for (axis, &size) in window_axes(cx.attr("axes"), window.len(), dims.len())?
            .into_iter()
            .zip(&window)
        {
            dims[axis] = match (dims[axis], size) {
                (DYNAMIC, _) | (_, DYNAMIC) => DYNAMIC,
                (n, size) if size > n => {
                    let (window, shape) = (shape_text(&window), shape_text(&x.dims()));
                    return Err(format!(
                        "window shape cannot be larger than input array shape: {window} and {shape}"
                    ));
                }
                (n, size) => n - size + 1,
            };
        }
        dims.extend(&window);
        Ok(vec![cx.ctx.tensor(&dims, x.element())])
    }
}

fn mode_of(attr: Option<Attribute<'_>>, default: Mode) -> Mode {
    attr.and_then(Enum::<Mode>::decode).unwrap_or(default)
}

fn infer_sums<'c>(cx: &InferCx<'c>, default: Mode) -> Result<Vec<Type<'c>>, String> {
    let (a, v) = (cx.operand_type(0)?, cx.operand_type(1)?);
    same_elements(a, v)?;
    let (&[n], &[k]) = (&a.dims()[..], &v.dims()[..]) else {
        return Err(format!(
            "needs arrays of one dimension, not of {} and {}",
            a.rank(),
            v.rank()
        ));
    };
    for (size, name) in [(n, "a"), (k, "v")] {
        if size == 0 {
            return Err(format!("{name} cannot be empty"));
        }
    }
    let size = if n == DYNAMIC || k == DYNAMIC {
        DYNAMIC
    } else {
        match mode_of(cx.attr("mode"), default) {
            Mode::Full => n.checked_add(k - 1).ok_or("the array is too big")?,
            Mode::Same => n.max(k),
            Mode::Valid => n.max(k) - n.min(k) + 1,
        }
    };
    Ok(vec![cx.ctx.tensor(&[size], a.element())])
}

impl InferTypes for Convolve<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        infer_sums(cx, Mode::Full)
    }
}

impl InferTypes for Correlate<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        infer_sums(cx, Mode::Valid)
    }
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    let windows = SlidingWindowView::def().custom_assembly(
        |p| target_shape::parse_list(p, 1, "window"),
        |op, p| target_shape::print_list(op, p, 1, "window"),
    );
    vec![windows, Convolve::def(), Correlate::def()]
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![
        ConversionPattern::new(SlidingWindowView::NAME, lower_windows),
        ConversionPattern::new(Convolve::NAME, lower_convolve),
        ConversionPattern::new(Correlate::NAME, lower_correlate),
    ]
}

fn lower_windows<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let x = cx.operands[0];
    let window = op
        .attr("window")
        .and_then(I64Array::decode)
        .unwrap_or_default();
    let window = target_shape::fill(&window, &cx.operands[1..]);
    let own = sizes::all_of(rw, x);
    let axes = window_axes(op.attr("axes"), window.len(), own.len()).map_err(NoMatch::new)?;
    let (name, one) = (SlidingWindowView::NAME, OpFold::Static(1));
    target_shape::check_at_run_time(rw, name, &window);
    let mut all = own.clone();
    let mut fits = Cond::Known(true);
    for (&axis, &size) in axes.iter().zip(&window) {
        let inside = sizes::compare(rw, CmpI::Sle, size, all[axis]);
        fits = fits.and(rw, inside);
        let rest = sizes::sub(rw, all[axis], size);
        all[axis] = sizes::add(rw, rest, one);
    }
    let message = format!(
        "{name}: window shape cannot be larger than input array shape: {} and {}",
        shape_placeholder(window.len()),
        shape_placeholder(own.len())
    );
    let args: Vec<_> = window.iter().chain(&own).copied().collect();
    sizes::check(rw, fits, CheckKind::ValueError, &message, &args);
    all.extend(&window);
    let counted = sizes::product_fits(rw, &all);
    let message = format!("{name}: the array is too big");
    sizes::check(rw, counted, CheckKind::ValueError, &message, &[]);
    let dims: Vec<_> = (0..own.len()).chain(axes).map(|d| d as i64).collect();
    let offsets = vec![OpFold::Static(0); own.len()];
    let steps = vec![one; all.len()];
    let view = View::create(rw, x, &offsets, &all, &steps, &dims);
    lowering::replace(rw, op, cx, view)
}

/// Checks that both sequences have elements; their sizes.
fn sequences<'c>(op: Op<'c>, [a, v]: [Val<'c>; 2], rw: Rewriter<'c>) -> [OpFold<'c>; 2] {
    [(a, "a"), (v, "v")].map(|(x, name)| {
        let size = sizes::of(rw, x, 0);
        let some = sizes::compare(rw, CmpI::Ne, size, OpFold::Static(0));
        let message = format!("{}: {name} cannot be empty", op.name());
        sizes::check(rw, some, CheckKind::ValueError, &message, &[]);
        size
    })
}

/// One of two results, by which of two sequences is the longer one.
fn by_length<'c>(
    op: Op<'c>,
    cx: &ConvertCx<'_, 'c>,
    rw: Rewriter<'c>,
    [n, k]: [OpFold<'c>; 2],
    first_longer: impl FnOnce(Rewriter<'c>) -> Val<'c>,
    second_longer: impl FnOnce(Rewriter<'c>) -> Val<'c>,
) -> Match {
    let ty = op.result_value(0).ty();
    let ty = rw.ctx().tensor(&ty.dims(), cx.operand(0).ty().element());
    let value = match sizes::compare(rw, CmpI::Sge, n, k) {
        Cond::Known(true) => first_longer(rw),
        Cond::Known(false) => second_longer(rw),
        Cond::Value(longer) => rw.scf_if(
            longer,
            &[ty],
            |rw| vec![lowering::conform(rw, first_longer(rw), ty)],
            |rw| vec![lowering::conform(rw, second_longer(rw), ty)],
        )[0],
    };
    lowering::replace(rw, op, cx, value)
}

fn lower_convolve<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (Some(dtype), [a, v]) = (
        DType::of(op.operand(0).ty()),
        [cx.operand(0), cx.operand(1)],
    ) else {
        return no_match("not an array");
    };
    let mode = mode_of(op.attr("mode"), Mode::Full);
    let both = sequences(op, [a, v], rw);
    let sums =
        |rw, long, short| Sums::new(rw, op.name(), dtype, long, reversed(rw, short)).of_mode(mode);
    by_length(op, cx, rw, both, |rw| sums(rw, a, v), |rw| sums(rw, v, a))
}

fn lower_correlate<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (Some(dtype), [a, mut v]) = (
        DType::of(op.operand(0).ty()),
        [cx.operand(0), cx.operand(1)],
    ) else {
        return no_match("not an array");
    };
    let mode = mode_of(op.attr("mode"), Mode::Valid);
    let both = sequences(op, [a, v], rw);
    if dtype.is_complex() {
        v = lowering::elementwise(rw, &[v], &both[1..], v.ty().element(), |rw, args| {
            Body::new(rw, dtype).conj(args[0])
        });
    }
    by_length(
        op,
        cx,
        rw,
        both,
        |rw| Sums::new(rw, op.name(), dtype, a, v).of_mode(mode),
        |rw| reversed(rw, Sums::new(rw, op.name(), dtype, v, a).of_mode(mode)),
    )
}

/// A sequence from its end to its begin.
fn reversed<'c>(rw: Rewriter<'c>, x: Val<'c>) -> Val<'c> {
    let (size, one) = (sizes::of(rw, x, 0), OpFold::Static(1));
    let last = sizes::sub(rw, size, one);
    View::create(rw, x, &[last], &[size], &[OpFold::Static(-1)], &[0])
}

/// `count` elements of a sequence.
fn part<'c>(rw: Rewriter<'c>, x: Val<'c>, from: OpFold<'c>, count: OpFold<'c>) -> Val<'c> {
    View::create(rw, x, &[from], &[count], &[OpFold::Static(1)], &[0])
}

/// The sums of products of a sequence and another one, not longer, that moves along it.
struct Sums<'c> {
    rw: Rewriter<'c>,
    name: &'c str,
    dtype: DType,
    long: Val<'c>,
    short: Val<'c>,
    /// The sizes of both.
    n: OpFold<'c>,
    k: OpFold<'c>,
}

impl<'c> Sums<'c> {
    fn new(rw: Rewriter<'c>, name: &'c str, dtype: DType, long: Val<'c>, short: Val<'c>) -> Self {
        let [n, k] = [long, short].map(|x| sizes::of(rw, x, 0));
        Sums {
            rw,
            name,
            dtype,
            long,
            short,
            n,
            k,
        }
    }

    /// At complete overlaps it is a product of the windows and the short sequence; where only a part overlaps, each
    /// sum is the product of two slices. Nothing is padded: zero times infinity is not zero.
    fn of_mode(&self, mode: Mode) -> Val<'c> {
        let (rw, zero, one) = (self.rw, OpFold::Static(0), OpFold::Static(1));
        let rest = sizes::sub(rw, self.n, self.k);
        let count = sizes::add(rw, rest, one);
        let windows = View::create(
            rw,
            self.long,
            &[zero],
            &[count, self.k],
            &[one, one],
            &[0, 0],
        );
        let over_windows = Contraction {
            inputs: vec![vec![0, 1], vec![1]],
            output: vec![0],
            broadcasts: false,
        };
        let complete = over_windows.lower(rw, self.name, self.dtype, &[windows, self.short]);
        // How many sums come before and after the complete ones.
        let edge = sizes::sub(rw, self.k, one);
        let [left, right] = match mode {
            Mode::Valid => return complete,
            Mode::Full => [edge, edge],
            Mode::Same => {
                let left = sizes::divide(rw, self.k, OpFold::Static(2));
                [left, sizes::sub(rw, edge, left)]
            }
        };
        sizes::check_sum(rw, self.name, &[count, left, right]);
        let before = sizes::add(rw, left, count);
        let total = sizes::add(rw, before, right);
        let value = lowering::empty(rw, &[total], self.long.ty().element());
        let value = InsertView::create(rw, complete, value, &[left], &[count], &[one], &[0]);
        let value = self.partial(value, left, |rw, i| {
            // The first sum before the complete ones lacks `left` elements of the short sequence.
            let lacks = sizes::sub(rw, left, i);
            let size = sizes::sub(rw, self.k, lacks);
            (
                i,
                part(rw, self.long, zero, size),
                part(rw, self.short, lacks, size),
            )
        });
        self.partial(value, right, |rw, i| {
            let from = sizes::add(rw, count, i);
            let size = sizes::sub(rw, self.n, from);
            let place = sizes::add(rw, before, i);
            (
                place,
                part(rw, self.long, from, size),
                part(rw, self.short, zero, size),
            )
        })
    }

    /// `value` with `count` sums of products of two slices in their places.
    fn partial(
        &self,
        value: Val<'c>,
        count: OpFold<'c>,
        slices: impl FnOnce(Rewriter<'c>, OpFold<'c>) -> (OpFold<'c>, Val<'c>, Val<'c>),
    ) -> Val<'c> {
        let rw = self.rw;
        if matches!(count, OpFold::Static(0)) {
            return value;
        }
        let dot = Contraction {
            inputs: vec![vec![0], vec![0]],
            output: vec![],
            broadcasts: false,
        };
        let [low, high, step] =
            [OpFold::Static(0), count, OpFold::Static(1)].map(|bound| sizes::value(rw, bound));
        rw.scf_for(low, high, step, &[value], |rw, i, values| {
            let (place, long, short) = slices(rw, OpFold::Value(i));
            let sum = dot.lower(rw, self.name, self.dtype, &[long, short]);
            let one = OpFold::Static(1);
            let sum = View::create(rw, sum, &[], &[one], &[OpFold::Static(0)], &[-1]);
            vec![InsertView::create(
                rw,
                sum,
                values[0],
                &[place],
                &[one],
                &[one],
                &[0],
            )]
        })[0]
    }
}
