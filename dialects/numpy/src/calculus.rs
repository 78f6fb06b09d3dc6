//! Differences and sums along axes: `gradient`, `trapezoid`, and `cross`, all made of other ops of this dialect.

use npir_mlir::prelude::*;
use npir_tensor::CheckKind;

use crate::compose::{self, Over};
use crate::elementwise::broadcast::broadcast_shapes;
use crate::elementwise::dtype::{Classes, DType};
use crate::shape::normalize_axis;
use crate::sizes;
use crate::types::{AnyArray, element_name, same_elements, verify_declared};

/// Second-order differences along an axis
///
/// The axis is the last one where missing. `spacing` is the distance of neighbours, a 0-d array (1 where missing), or a
/// vector of coordinates, of the result's type: that of the array, float64 for integers. At both ends differences are
/// of first order, with `second_order` of second.
#[op(
    "numpy.gradient",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x (`spacing` $spacing^)? (`axis` $axis^)? (`second_order` $second_order^)? attr-dict \
                `:` functional-type(operands, results)"
)]
pub struct Gradient {
    x: Operand<AnyArray>,
    spacing: OptionalOperand<AnyArray>,
    axis: OptionalAttr<I64>,
    second_order: UnitAttr,
    result: Output<AnyArray>,
}

/// The integral along an axis by the trapezoidal rule
///
/// The axis is the last one where missing. `x` has the coordinates, of the array's type: a vector along the axis, or an
/// array that broadcasts. Without it neighbours are `dx` apart, 1 where missing. The result is a float.
#[op(
    "numpy.trapezoid",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$y (`x` $x^)? (`dx` $dx^)? (`axis` $axis^)? attr-dict `:` functional-type(operands, results)"
)]
pub struct Trapezoid {
    y: Operand<AnyArray>,
    x: OptionalOperand<AnyArray>,
    dx: OptionalAttr<F64>,
    axis: OptionalAttr<I64>,
    result: Output<AnyArray>,
}

/// Cross products of vectors of three elements along an axis, the last one where missing
#[op(
    "numpy.cross",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$lhs `,` $rhs (`axis` $axis^)? attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)"
)]
pub struct Cross {
    lhs: Operand<AnyArray>,
    rhs: Operand<AnyArray>,
    axis: OptionalAttr<I64>,
    result: Output<AnyArray>,
}

verify_declared!(Gradient, Trapezoid, Cross);

/// The axis of an op, the last one where it has none.
fn axis_of(axis: Option<Attribute<'_>>, rank: usize) -> Result<usize, String> {
    normalize_axis(axis.and_then(I64::decode).unwrap_or(-1), rank)
}

/// The float or complex type of quotients of elements.
fn divided(x: Type<'_>) -> Result<DType, String> {
    match DType::of(x) {
        Some(dtype) if dtype.is_float() || dtype.is_complex() => Ok(dtype),
        Some(_) => Ok(DType::F64),
        None => Err("needs an array".to_string()),
    }
}

fn check_numbers(x: Type<'_>) -> Result<(), String> {
    match DType::of(x) {
        Some(dtype) if Classes::NUMERIC.contains(dtype.class()) => Ok(()),
        _ => Err(format!(
            "takes {} elements, not {}; cast first",
            Classes::NUMERIC.describe(),
            element_name(x)
        )),
    }
}

/// How many elements second differences at the ends need.
fn fewest(second_order: bool) -> i64 {
    if second_order { 3 } else { 2 }
}

impl InferTypes for Gradient<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let x = cx.operand_type(0)?;
        check_numbers(x)?;
        let axis = axis_of(cx.attr("axis"), x.rank())?;
        let (n, element) = (x.dims()[axis], divided(x)?.ty(cx.ctx));
        if n != DYNAMIC && n < fewest(cx.attr("second_order").is_some()) {
            return Err(TOO_SMALL.to_string());
        }
        if let Some(spacing) = cx.operands.get(1).map(|v| v.ty()) {
            if spacing.element() != element || spacing.rank() > 1 {
                return Err(format!(
                    "needs distances in a 0-d array or a vector of {element}, not {spacing}"
                ));
            }
            let m = spacing.dims().first().copied().unwrap_or(n);
            if n != m && n != DYNAMIC && m != DYNAMIC {
                return Err(format!(
                    "when 1d, distances must match the length of the corresponding dimension: {m} and {n}"
                ));
            }
        }
        Ok(vec![cx.ctx.tensor(&x.dims(), element)])
    }
}

const TOO_SMALL: &str = "Shape of array too small to calculate a numerical gradient, at least \
                         (edge_order + 1) elements are required.";

impl InferTypes for Trapezoid<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let y = cx.operand_type(0)?;
        check_numbers(y)?;
        let axis = axis_of(cx.attr("axis"), y.rank())?;
        let mut dims = y.dims();
        if let Some(x) = cx.operands.get(1).map(|v| v.ty()) {
            same_elements(y, x)?;
            if cx.attr("dx").is_some() {
                return Err("has coordinates, and a distance as well".to_string());
            }
            match *x.dims().as_slice() {
                [n] if n == dims[axis] || n == DYNAMIC || dims[axis] == DYNAMIC => {}
                ref own if own.len() == dims.len() => {
                    dims = broadcast_shapes(&[dims, own.to_vec()])?;
                }
                _ => return Err(format!("has coordinates of {x} for an array of {y}")),
            }
        }
        dims.remove(axis);
        Ok(vec![cx.ctx.tensor(&dims, divided(y)?.ty(cx.ctx))])
    }
}

impl InferTypes for Cross<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let (lhs, rhs) = (cx.operand_type(0)?, cx.operand_type(1)?);
        check_numbers(lhs)?;
        same_elements(lhs, rhs)?;
        let mut others = Vec::new();
        for ty in [lhs, rhs] {
            let mut dims = ty.dims();
            let n = dims.remove(axis_of(cx.attr("axis"), ty.rank())?);
            if n != 3 && n != DYNAMIC {
                return Err(format!("needs vectors of 3 elements, not of {n}"));
            }
            others.push(dims);
        }
        let mut dims = broadcast_shapes(&others)?;
        let axis = axis_of(cx.attr("axis"), dims.len() + 1)?;
        dims.insert(axis, 3);
        Ok(vec![cx.ctx.tensor(&dims, lhs.element())])
    }
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    vec![Gradient::def(), Trapezoid::def(), Cross::def()]
}

/// Their conversions to other ops of this dialect.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![
        ConversionPattern::new(Gradient::NAME, lower_gradient),
        ConversionPattern::new(Trapezoid::NAME, lower_trapezoid),
        ConversionPattern::new(Cross::NAME, lower_cross),
    ]
}

/// Arithmetic on arrays of the numpy level.
#[derive(Clone, Copy)]
struct Arrays<'c>(Rewriter<'c>);

impl<'c> Arrays<'c> {
    fn op(self, name: &str, a: Val<'c>, b: Val<'c>) -> Result<Val<'c>, NoMatch> {
        compose::op(self.0, name, &[a, b], &[])
    }

    fn add(self, a: Val<'c>, b: Val<'c>) -> Result<Val<'c>, NoMatch> {
        self.op("numpy.add", a, b)
    }

    fn sub(self, a: Val<'c>, b: Val<'c>) -> Result<Val<'c>, NoMatch> {
        self.op("numpy.subtract", a, b)
    }

    fn mul(self, a: Val<'c>, b: Val<'c>) -> Result<Val<'c>, NoMatch> {
        self.op("numpy.multiply", a, b)
    }

    fn div(self, a: Val<'c>, b: Val<'c>) -> Result<Val<'c>, NoMatch> {
        self.op("numpy.divide", a, b)
    }

    /// A number as an array like `like`.
    fn number(self, like: Val<'c>, value: f64) -> Val<'c> {
        let dtype = DType::of(like.ty()).unwrap_or(DType::F64);
        compose::cast(self.0, compose::float(self.0, DType::F64, value), dtype)
    }

    /// The sum of products.
    fn dot(self, terms: &[(Val<'c>, Val<'c>)]) -> Result<Val<'c>, NoMatch> {
        let mut sum = None;
        for &(a, b) in terms {
            let term = self.mul(a, b)?;
            sum = Some(match sum {
                Some(sum) => self.add(sum, term)?,
                None => term,
            });
        }
        sum.ok_or_else(|| NoMatch::new("nothing to add up"))
    }
}

/// A vector as an array of `rank` dimensions that lies along `axis`.
fn along<'c>(rw: Rewriter<'c>, x: Val<'c>, axis: usize, rank: usize) -> Result<Val<'c>, NoMatch> {
    let axes: Vec<_> = (0..rank as i64).filter(|&d| d != axis as i64).collect();
    match axes.is_empty() {
        true => Ok(x),
        false => compose::op(
            rw,
            "numpy.expand_dims",
            &[x],
            &[("axes", rw.ctx().i64_array(&axes))],
        ),
    }
}

fn lower_gradient<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (a, rank) = (Arrays(rw), op.operand(0).ty().rank());
    let axis = axis_of(op.attr("axis"), rank).map_err(NoMatch::new)?;
    let second = op.attr("second_order").is_some();
    let dtype = divided(op.operand(0).ty()).map_err(NoMatch::new)?;
    let n = sizes::of(rw, cx.operand(0), axis);
    let enough = sizes::compare(rw, CmpI::Sge, n, OpFold::Static(fewest(second)));
    let message = format!("{}: {TOO_SMALL}", Gradient::NAME);
    sizes::check(rw, enough, CheckKind::ValueError, &message, &[]);

    let f = compose::cast(rw, op.operand(0), dtype);
    let spacing = op.operand_values().get(1).copied();
    let coordinates = spacing.filter(|s| s.ty().rank() == 1);
    let part = |start, stop| compose::part(rw, f, axis, Some(start), stop);
    let end = |at: i64| part(at, (at != -1).then_some(at + 1));
    let (before, here, after) = (part(0, Some(-2))?, part(1, Some(-1))?, part(2, None)?);
    let number = |value| a.number(f, value);

    let (middle, distance_at): (Val<'c>, [Val<'c>; 4]) = match coordinates {
        None => {
            let h = spacing.unwrap_or_else(|| number(1.0));
            let both = a.mul(number(2.0), h)?;
            (a.div(a.sub(after, before)?, both)?, [h; 4])
        }
        Some(x) => {
            let m = sizes::of(rw, cx.operand(1), 0);
            let same = sizes::equal(rw, n, m);
            let message = format!(
                "{}: when 1d, distances must match the length of the corresponding dimension: {{}} and {{}}",
                Gradient::NAME
            );
            sizes::check(rw, same, CheckKind::ValueError, &message, &[m, n]);
            let diff = along(rw, compose::op(rw, "numpy.diff", &[x], &[])?, axis, rank)?;
            let h = |start, stop| compose::part(rw, diff, axis, Some(start), stop);
            let (h1, h2) = (h(0, Some(-1))?, h(1, None)?);
            let sum = a.add(h1, h2)?;
            let minus = compose::op(rw, "numpy.negative", &[h2], &[])?;
            let left = a.div(minus, a.mul(h1, sum)?)?;
            let center = a.div(a.sub(h2, h1)?, a.mul(h1, h2)?)?;
            let right = a.div(h1, a.mul(h2, sum)?)?;
            let middle = a.dot(&[(left, before), (center, here), (right, after)])?;
            // The second and the last but one are there with three elements or more.
            let inner = if second { 1 } else { 0 };
            let last = |at: i64| h(at, (at != -1).then_some(at + 1));
            (
                middle,
                [
                    h(0, Some(1))?,
                    h(inner, Some(inner + 1))?,
                    last(-1 - inner)?,
                    last(-1)?,
                ],
            )
        }
    };
    let [first, next, previous, last] = distance_at;
    let ends = match (second, coordinates) {
        (false, _) => [
            a.div(a.sub(end(1)?, end(0)?)?, first)?,
            a.div(a.sub(end(-1)?, end(-2)?)?, last)?,
        ],
        (true, None) => {
            let at = |places: [i64; 3], numbers: [f64; 3]| {
                let mut terms = Vec::new();
                for (place, value) in places.into_iter().zip(numbers) {
                    terms.push((a.div(number(value), first)?, end(place)?));
                }
                a.dot(&terms)
            };
            [
                at([0, 1, 2], [-1.5, 2.0, -0.5])?,
                at([-3, -2, -1], [0.5, -2.0, 1.5])?,
            ]
        }
        (true, Some(_)) => {
            let twice = |h| a.mul(number(2.0), h);
            let minus = |x| compose::op(rw, "numpy.negative", &[x], &[]);
            let sum = a.add(first, next)?;
            let low = [
                (minus(a.add(twice(first)?, next)?)?, a.mul(first, sum)?, 0),
                (sum, a.mul(first, next)?, 1),
                (minus(first)?, a.mul(next, sum)?, 2),
            ];
            let sum = a.add(previous, last)?;
            let high = [
                (last, a.mul(previous, sum)?, -3),
                (minus(a.add(last, previous)?)?, a.mul(previous, last)?, -2),
                (a.add(twice(last)?, previous)?, a.mul(last, sum)?, -1),
            ];
            let total = |terms: [(Val<'c>, Val<'c>, i64); 3]| {
                let mut products = Vec::new();
                for (above, below, place) in terms {
                    products.push((a.div(above, below)?, end(place)?));
                }
                a.dot(&products)
            };
            [total(low)?, total(high)?]
        }
    };
    let axis = ("axis", rw.ctx().i64_attr(axis as i64));
    let parts = [ends[0], middle, ends[1]];
    let value = compose::op(rw, "numpy.concatenate", &parts, &[axis])?;
    compose::replace(rw, op, value)
}

fn lower_trapezoid<'c>(op: Op<'c>, _: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (a, y) = (Arrays(rw), op.operand(0));
    let rank = y.ty().rank();
    let axis = axis_of(op.attr("axis"), rank).map_err(NoMatch::new)?;
    let dtype = divided(y.ty()).map_err(NoMatch::new)?;
    let after = compose::part(rw, y, axis, Some(1), None)?;
    let before = compose::part(rw, y, axis, None, Some(-1))?;
    let sum = a.add(after, before)?;
    let products = match op.operand_values().get(1) {
        None => {
            let dx = op.attr("dx").and_then(F64::decode).unwrap_or(1.0);
            let sum = compose::cast(rw, sum, dtype);
            a.mul(a.number(sum, dx), sum)?
        }
        Some(&x) if x.ty().rank() == 1 => {
            let distance = compose::op(rw, "numpy.diff", &[x], &[])?;
            a.mul(along(rw, distance, axis, rank)?, sum)?
        }
        Some(&x) => {
            let own = ("axis", rw.ctx().i64_attr(axis as i64));
            a.mul(compose::op(rw, "numpy.diff", &[x], &[own])?, sum)?
        }
    };
    let products = compose::cast(rw, products, dtype);
    let halves = a.div(products, a.number(products, 2.0))?;
    let over = Over::axis(rw.ctx(), Some(axis));
    let value = compose::reduction(rw, "numpy.sum", halves, &over)?;
    compose::replace(rw, op, value)
}

fn lower_cross<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let a = Arrays(rw);
    let mut elements = Vec::new();
    for i in 0..2 {
        let x = op.operand(i);
        let axis = axis_of(op.attr("axis"), x.ty().rank()).map_err(NoMatch::new)?;
        let n = sizes::of(rw, cx.operand(i), axis);
        let three = sizes::equal(rw, n, OpFold::Static(3));
        let message = format!("{}: needs vectors of 3 elements, not of {{}}", Cross::NAME);
        sizes::check(rw, three, CheckKind::ValueError, &message, &[n]);
        for k in 0..3 {
            elements.push(compose::at(rw, x, axis, k)?);
        }
    }
    let (lhs, rhs) = elements.split_at(3);
    let mut parts = Vec::new();
    for (i, j) in [(1, 2), (2, 0), (0, 1)] {
        parts.push(a.sub(a.mul(lhs[i], rhs[j])?, a.mul(lhs[j], rhs[i])?)?);
    }
    let rank = parts[0].ty().rank() + 1;
    let axis = axis_of(op.attr("axis"), rank).map_err(NoMatch::new)?;
    let axis = ("axis", rw.ctx().i64_attr(axis as i64));
    let value = compose::op(rw, "numpy.stack", &parts, &[axis])?;
    compose::replace(rw, op, value)
}
