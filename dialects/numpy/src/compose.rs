//! Numpy ops that conversions of other numpy ops are made of: what a function is in terms of others
//! is said at this level, and their own conversions and fusion do the rest.
//!
//! Operands are values of the numpy level: those of the op that is converted, not their converted
//! form.

use npir_mlir::prelude::*;

use crate::cast;
use crate::elementwise::dtype::DType;
use crate::indexing::{Bound, Item, Items};

/// The op `name` on `operands`, with attributes, of an inferred type.
///
/// # Errors
/// No match where its type cannot be inferred; the reason is a diagnostic.
pub(crate) fn op<'c>(
    rw: Rewriter<'c>,
    name: &str,
    operands: &[Val<'c>],
    attrs: &[(&str, Attribute<'c>)],
) -> Result<Val<'c>, NoMatch> {
    let builder = rw.op(name).operands(operands).infer();
    let builder = attrs
        .iter()
        .fold(builder, |builder, (name, value)| builder.attr(name, *value));
    let op = builder
        .try_build()
        .ok_or_else(|| NoMatch::new(format!("the operands do not fit {name}")))?;
    Ok(op.result_value(0))
}

/// The attribute of an op that is part of another one's conversion: the name in its messages.
const CALLER: &str = "numpy.caller";

/// What an op is called in its messages: the op of the program that it is made for, or itself.
pub(crate) fn caller<'c>(op: Op<'c>) -> &'c str {
    let given = op.attr(CALLER).and_then(|name| name.as_str());
    given.unwrap_or(op.name())
}

/// A value that [`op`] has made, whose messages are those of the op that it is made for.
pub(crate) fn called<'c>(made: Val<'c>, by: Op<'c>) -> Val<'c> {
    if let Some(op) = made.defining_op() {
        op.set_attr(CALLER, by.ctx().str_attr(caller(by)));
    }
    made
}

/// Which elements a reduction combines.
#[derive(Clone)]
pub(crate) struct Over<'c> {
    /// The reduced axes; all without.
    pub(crate) axes: Option<Attribute<'c>>,
    /// Whether they stay, with size 1.
    pub(crate) keepdims: bool,
    /// A mask of the elements that count.
    pub(crate) chosen: Option<Val<'c>>,
    /// The element type, where it is not NumPy's default.
    pub(crate) dtype: Option<Attribute<'c>>,
}

impl<'c> Over<'c> {
    /// All elements along one axis, or all that there are.
    pub(crate) fn axis(ctx: &'c Context, axis: Option<usize>) -> Self {
        Over {
            axes: axis.map(|axis| ctx.i64_array(&[axis as i64])),
            keepdims: false,
            chosen: None,
            dtype: None,
        }
    }

    /// With the reduced axes kept.
    pub(crate) fn keeping(&self) -> Self {
        Over {
            keepdims: true,
            ..self.clone()
        }
    }

    /// Without a mask.
    pub(crate) fn everything(&self) -> Self {
        Over {
            chosen: None,
            ..self.clone()
        }
    }
}

/// The reduction `name` of `x`.
///
/// # Errors
/// As [`op`].
pub(crate) fn reduction<'c>(
    rw: Rewriter<'c>,
    name: &str,
    x: Val<'c>,
    over: &Over<'c>,
) -> Result<Val<'c>, NoMatch> {
    let ctx = rw.ctx();
    let mut operands = vec![x];
    operands.extend(over.chosen);
    let segments = [1, i32::from(over.chosen.is_some()), 0];
    let mut attrs = vec![("operandSegmentSizes", ctx.i32_array(&segments))];
    attrs.extend(over.axes.map(|axes| ("axes", axes)));
    attrs.extend(over.dtype.map(|dtype| ("dtype", dtype)));
    if over.keepdims {
        attrs.push(("keepdims", ctx.unit_attr()));
    }
    op(rw, name, &operands, &attrs)
}

/// `x` with elements of `dtype`.
pub(crate) fn cast<'c>(rw: Rewriter<'c>, x: Val<'c>, dtype: DType) -> Val<'c> {
    if DType::of(x.ty()) == Some(dtype) {
        return x;
    }
    let ty = x.ty().with_element(dtype.ty(rw.ctx()));
    rw.op(cast::NAME)
        .operands(&[x])
        .results(&[ty])
        .build_value()
}

/// The float `value` as a 0-d array.
pub(crate) fn float<'c>(rw: Rewriter<'c>, dtype: DType, value: f64) -> Val<'c> {
    if dtype.is_complex() {
        return cast(rw, float(rw, dtype.part(), value), dtype);
    }
    let (ctx, element) = (rw.ctx(), dtype.ty(rw.ctx()));
    let splat = ctx.dense_splat(ctx.tensor(&[], element), ctx.float_attr(element, value));
    rw.const_attr(splat)
}

/// The 0-d array of `i64` of a number.
pub(crate) fn integer<'c>(rw: Rewriter<'c>, value: i64) -> Val<'c> {
    let (ctx, element) = (rw.ctx(), rw.ctx().i(64));
    let splat = ctx.dense_splat(ctx.tensor(&[], element), ctx.int_attr(element, value));
    rw.const_attr(splat)
}

/// The elements of `x` from `start` to before `stop` along an axis, as in `x[:, start:stop]`.
///
/// # Errors
/// As [`op`].
pub(crate) fn part<'c>(
    rw: Rewriter<'c>,
    x: Val<'c>,
    axis: usize,
    start: Option<i64>,
    stop: Option<i64>,
) -> Result<Val<'c>, NoMatch> {
    let mut items = vec![Item::ALL; axis];
    items.push(Item::Slice {
        start: start.map(Bound::Static),
        stop: stop.map(Bound::Static),
        step: None,
    });
    let items = Items::encode(rw.ctx(), &items);
    op(rw, "numpy.slice", &[x], &[("items", items)])
}

/// The elements of `x` at a position along an axis, as in `x[:, at]`.
///
/// # Errors
/// As [`op`].
pub(crate) fn at<'c>(
    rw: Rewriter<'c>,
    x: Val<'c>,
    axis: usize,
    at: i64,
) -> Result<Val<'c>, NoMatch> {
    let mut items = vec![Item::ALL; axis];
    items.push(Item::Index(Bound::Static(at)));
    let items = Items::encode(rw.ctx(), &items);
    op(rw, "numpy.slice", &[x], &[("items", items)])
}

/// `x` converted back to the declared type of `op`, which it replaces.
pub(crate) fn replace<'c>(rw: Rewriter<'c>, op: Op<'c>, x: Val<'c>) -> Match {
    let ty = op.result_value(0).ty();
    let value = if x.ty() == ty {
        x
    } else {
        rw.tensor_cast(x, ty)
    };
    rw.replace(op, &[value]);
    Ok(())
}

/// The square of the absolute value, without the root that the absolute value of a complex number is: it overflows as
/// NumPy's does.
pub(crate) fn squared<'c>(rw: Rewriter<'c>, x: Val<'c>) -> Result<Val<'c>, NoMatch> {
    let square = |x| op(rw, "numpy.square", &[x], &[]);
    if !DType::of(x.ty()).is_some_and(DType::is_complex) {
        return square(x);
    }
    let part = |name| op(rw, name, &[x], &[]).and_then(square);
    let parts = [part("numpy.real")?, part("numpy.imag")?];
    op(rw, "numpy.add", &parts, &[])
}
