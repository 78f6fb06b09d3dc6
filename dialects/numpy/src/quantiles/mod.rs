//! Medians, quantiles and percentiles, with and without NaN: a routine of the runtime finds the elements around each
//! of them, and the value between is computed here.

mod method;

use npir_mlir::prelude::*;
use npir_tensor::{CheckKind, Library, Reshape, Routine, View};

use crate::cast;
use crate::elementwise::dtype::DType;
use crate::elementwise::{Body, Order};
use crate::lowering::{self, Along};
use crate::shape::{axis_mask, reduce_dims, shape_text};
use crate::sizes::{self, Cond};
use crate::types::{AnyArray, RealArray, check_declared, element_name};
use method::Method;

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Median,
    /// Parts of one.
    Quantile,
    /// Parts of a hundred.
    Percentile,
}

struct Row {
    name: &'static str,
    summary: &'static str,
    kind: Kind,
    skips_nan: bool,
}

static ROWS: &[Row] = &[
    Row {
        name: "numpy.median",
        summary: "Medians over axes",
        kind: Kind::Median,
        skips_nan: false,
    },
    Row {
        name: "numpy.nanmedian",
        summary: "Medians over axes of what is not NaN",
        kind: Kind::Median,
        skips_nan: true,
    },
    Row {
        name: "numpy.quantile",
        summary: "Quantiles over axes, `q` from 0 to 1",
        kind: Kind::Quantile,
        skips_nan: false,
    },
    Row {
        name: "numpy.nanquantile",
        summary: "Quantiles over axes of what is not NaN, `q` from 0 to 1",
        kind: Kind::Quantile,
        skips_nan: true,
    },
    Row {
        name: "numpy.percentile",
        summary: "Percentiles over axes, `q` from 0 to 100",
        kind: Kind::Percentile,
        skips_nan: false,
    },
    Row {
        name: "numpy.nanpercentile",
        summary: "Percentiles over axes of what is not NaN, `q` from 0 to 100",
        kind: Kind::Percentile,
        skips_nan: true,
    },
];

const AXES: &str = "`axes` lists the reduced axes, all without it; `keepdims` leaves them in the result with size 1.";
const MEDIAN: &str =
    "Of bool and integers the result is float64. Of no elements the median is NaN.";
const QUANTILE: &str = "\
`q` is an array of floats of at most two dimensions, which come first in the result. `method` is one of \
NumPy's, linear where missing. Between elements, the result has the floats of `q` if they are wider than those of \
the array, which are float64 for wide integers; with `weak`, for a single `q` of float64, those of the array alone. \
Methods that take elements leave their type. Of no elements it is an error, NaN without NaN.";

/// The ops.
pub fn ops() -> Vec<OpDef> {
    ROWS.iter().map(define).collect()
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    let lower = |row: &'static Row| {
        ConversionPattern::new(row.name, move |op, cx, rw| match row.kind {
            Kind::Median => lower_median(row, op, cx, rw),
            _ => lower_quantile(row, op, cx, rw),
        })
    };
    ROWS.iter().map(lower).collect()
}

fn define(row: &'static Row) -> OpDef {
    let of = match row.kind {
        Kind::Median => AnyArray::constraint(),
        _ => RealArray::constraint(),
    };
    let mut def = OpDef::new(row.name).operand("x", of);
    let (description, assembly) = match row.kind {
        Kind::Median => (
            MEDIAN,
            "$x (`axes` $axes^)? (`keepdims` $keepdims^)? attr-dict `:` type($x) `->` type($result)",
        ),
        _ => {
            def = def
                .operand("q", RealArray::constraint())
                .optional_attribute("method", Enum::<Method>::constraint())
                .unit_attribute("weak");
            (
                QUANTILE,
                "$x `,` $q (`method` $method^)? (`axes` $axes^)? (`keepdims` $keepdims^)? (`weak` $weak^)? \
                 attr-dict `:` type($x) `,` type($q) `->` type($result)",
            )
        }
    };
    def.doc(&format!("{}\n\n{AXES} {description}", row.summary))
        .optional_attribute("axes", I64Array::constraint())
        .unit_attribute("keepdims")
        .result("result", of)
        .traits(&[Trait::Pure])
        .assembly(assembly)
        .verify(|op| check_declared(op.result_value(0).ty(), infer(&InferCx::of(op))?))
        .infer(|cx| Ok(vec![infer(cx)?]))
}

fn method_of(attr: Option<Attribute<'_>>) -> Method {
    attr.and_then(Enum::<Method>::decode)
        .unwrap_or(Method::Linear)
}

/// Whether NaN is among the elements of a type.
fn has_nan(x: DType) -> bool {
    x.is_float() || x.is_complex()
}

/// The type of a median.
fn median_dtype(x: DType) -> DType {
    if has_nan(x) { x } else { DType::F64 }
}

/// The narrowest float type with the elements of `x` and of `q`.
fn common_float(x: DType, q: DType) -> DType {
    [q, DType::F32]
        .into_iter()
        .find(|&float| x.fits_in(float) && q.fits_in(float))
        .unwrap_or(DType::F64)
}

/// The element type of a result.
fn result_dtype(x: DType, q: DType, method: Method, weak: bool) -> Result<DType, String> {
    if method.takes_elements() {
        return Ok(x);
    }
    if x.is_bool() {
        return Err("is not defined between bools; cast them first".to_string());
    }
    Ok(match weak {
        true => median_dtype(x),
        false => common_float(x, q),
    })
}

fn infer<'c>(cx: &InferCx<'c>) -> Result<Type<'c>, String> {
    let x = cx.operand_type(0)?;
    let dtype = DType::of(x).ok_or("needs an array")?;
    let axes = cx.attr("axes").and_then(I64Array::decode);
    let mask = axis_mask(axes.as_deref(), x.rank())?;
    let dims = reduce_dims(&x.dims(), &mask, cx.attr("keepdims").is_some());
    let Some(q) = cx.operands.get(1).map(|q| q.ty()) else {
        return Ok(cx.ctx.tensor(&dims, median_dtype(dtype).ty(cx.ctx)));
    };
    let of_q = DType::of(q).filter(|q| q.is_float());
    let of_q = of_q.ok_or_else(|| format!("needs q of floats, not of {}", element_name(q)))?;
    if q.rank() > 2 {
        let shape = shape_text(&q.dims());
        return Err(format!("q must be a scalar or 1d, not of shape {shape}"));
    }
    let weak = cx.attr("weak").is_some();
    if weak && (q.rank() != 0 || of_q != DType::F64) {
        return Err(format!(
            "needs a 0-d q of float64 where it is weak, not {q}"
        ));
    }
    let result = result_dtype(dtype, of_q, method_of(cx.attr("method")), weak)?;
    let dims = [q.dims(), dims].concat();
    Ok(cx.ctx.tensor(&dims, result.ty(cx.ctx)))
}

/// The elements that an op reduces, in rows.
struct Rows<'c> {
    /// With the reduced axes as one, the last.
    x: Val<'c>,
    dtype: DType,
    /// The sizes of the axes that are left.
    batch: Vec<OpFold<'c>>,
    /// How many elements are in a row.
    n: OpFold<'c>,
    /// How many are to be sorted in each row, as `i64`, where that is not `n`: an array of the shape `batch`.
    counts: Option<Val<'c>>,
    mask: Vec<bool>,
}

impl<'c> Rows<'c> {
    fn of(
        row: &Row,
        op: Op<'c>,
        cx: &ConvertCx<'_, 'c>,
        rw: Rewriter<'c>,
    ) -> Result<Self, NoMatch> {
        let original = op.operand(0).ty();
        let dtype = DType::of(original).ok_or_else(|| NoMatch::new("not an array"))?;
        let axes = op.attr("axes").and_then(I64Array::decode);
        let mask = axis_mask(axes.as_deref(), original.rank()).map_err(NoMatch::new)?;
        let kept: Vec<_> = (0..mask.len()).filter(|&d| !mask[d]).collect();
        let reduced: Vec<_> = (0..mask.len()).filter(|&d| mask[d]).collect();
        let mut x = cx.operand(0);
        let batch: Vec<_> = kept.iter().map(|&d| sizes::of(rw, x, d)).collect();
        let lengths: Vec<_> = reduced.iter().map(|&d| sizes::of(rw, x, d)).collect();
        let n = sizes::product(rw, &lengths);
        let order = [kept, reduced].concat();
        if order.iter().enumerate().any(|(i, &d)| i != d) {
            x = lowering::pick_dims(rw, x, &order);
        }
        if lengths.len() != 1 {
            x = Reshape::create(rw, x, &[&batch[..], &[n]].concat());
        }
        let counts = (row.skips_nan && has_nan(dtype)).then(|| numbers_in(rw, x, dtype, &batch));
        Ok(Rows {
            x,
            dtype,
            batch,
            n,
            counts,
            mask,
        })
    }

    /// The maps of a generic over `lead` loops and the rows: of an operand of the shape `batch`.
    fn batch_map(&self, ctx: &'c Context, lead: usize) -> AffineMap<'c> {
        let loops = lead + self.batch.len();
        let walks: Vec<_> = (lead..loops).map(Along::Loop).collect();
        lowering::map(ctx, loops, &walks)
    }

    /// How many elements count, as `i64`, given the element of `counts` if there is such an array.
    fn count(&self, rw: Rewriter<'c>, counted: Option<Val<'c>>) -> Val<'c> {
        counted.unwrap_or_else(|| rw.index_cast(sizes::value(rw, self.n), rw.ctx().i(64)))
    }

    /// The elements at positions, which are a vector for each row, in an array like that.
    fn elements(&self, rw: Rewriter<'c>, name: &str, positions: Val<'c>) -> Val<'c> {
        let shape = sizes::all_of(rw, positions);
        let dest = lowering::empty(rw, &shape, self.x.ty().element());
        let unsigned = matches!(self.dtype, DType::Bool | DType::UInt(_));
        let poisoned = has_nan(self.dtype) && self.counts.is_none();
        let params = [i64::from(unsigned), i64::from(poisoned)];
        let ins = [self.x, positions];
        Library::create(rw, Routine::Ranks, name, &ins, &[dest], &params)[0]
    }

    /// Raises an error where there is nothing to take an element of.
    fn check(&self, rw: Rewriter<'c>, name: &str) {
        let some = sizes::compare(rw, CmpI::Ne, self.n, OpFold::Static(0));
        let message = format!("{name}: index -1 is out of bounds for axis 0 with size 0");
        sizes::check(rw, some, CheckKind::IndexOutOfBounds, &message, &[]);
    }
}

/// How many elements of each row are not NaN.
fn numbers_in<'c>(rw: Rewriter<'c>, x: Val<'c>, dtype: DType, batch: &[OpFold<'c>]) -> Val<'c> {
    let (ctx, rank) = (rw.ctx(), x.ty().rank());
    let i64_ty = ctx.i(64);
    let zeros = lowering::filled(rw, batch, rw.const_int(i64_ty, 0));
    let walks: Vec<_> = (0..rank - 1).map(Along::Loop).collect();
    let maps = [
        lowering::identity_map(ctx, rank),
        lowering::map(ctx, rank, &walks),
    ];
    let mut iters = vec![Iter::Parallel; rank - 1];
    iters.push(Iter::Reduction);
    let counted = rw.linalg_generic(&[x], &[zeros], &maps, &iters, |rw, args| {
        let body = Body::new(rw, dtype);
        let number = body.not(body.is_nan(args[0]));
        vec![rw.addi(args[1], rw.extui(number, i64_ty))]
    });
    counted.set_attr(npir_tensor::ASSOCIATIVE, ctx.unit_attr());
    counted.result_value(0)
}

/// `array` with dimensions of size 1 where the axes were.
fn keep_dims<'c>(
    rw: Rewriter<'c>,
    op: Op<'c>,
    array: Val<'c>,
    lead: usize,
    mask: &[bool],
) -> Val<'c> {
    if op.attr("keepdims").is_none() {
        return array;
    }
    let mask = [&vec![false; lead][..], mask].concat();
    lowering::insert_unit_dims(rw, array, &mask)
}

/// A median is the mean of two elements, which are one where their number is odd.
fn lower_median<'c>(row: &Row, op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (ctx, i64_ty) = (rw.ctx(), rw.ctx().i(64));
    let rows = Rows::of(row, op, cx, rw)?;
    let rank = rows.batch.len();
    let two = OpFold::Static(2);
    let shape = [&rows.batch[..], &[two]].concat();
    let counts: Vec<_> = rows.counts.into_iter().collect();
    let walks: Vec<_> = (0..rank).map(Along::Loop).collect();
    let of_rows = lowering::map(ctx, rank + 1, &walks);
    let mut maps = vec![of_rows; counts.len()];
    maps.push(lowering::identity_map(ctx, rank + 1));
    let dest = lowering::empty(rw, &shape, i64_ty);
    let iters = vec![Iter::Parallel; rank + 1];
    let positions = rw.linalg_generic(&counts, &[dest], &maps, &iters, |rw, args| {
        let count = rows.count(rw, rows.counts.map(|_| args[0]));
        let one = rw.const_int(i64_ty, 1);
        let side = rw.index_cast(rw.linalg_index(rank), i64_ty);
        // (n - 1) / 2 and n / 2
        let above = rw.subi(rw.addi(count, side), one);
        let above = rw.maxsi(above, rw.const_int(i64_ty, 0));
        vec![rw.shrui(above, one)]
    });
    let middle = rows.elements(rw, op.name(), positions.result_value(0));

    let result = median_dtype(rows.dtype);
    let wide = result.widened();
    let element = result.storage_ty(ctx);
    let halves = [0, 1].map(|i| {
        let mut offsets = vec![OpFold::Static(0); rank];
        offsets.push(OpFold::Static(i));
        let steps = vec![OpFold::Static(1); rank];
        let dims: Vec<_> = (0..rank as i64).collect();
        View::create(rw, middle, &offsets, &rows.batch, &steps, &dims)
    });
    let ins = [&halves[..], &counts[..]].concat();
    let value = lowering::elementwise(rw, &ins, &rows.batch, element, |rw, args| {
        let body = Body::new(rw, wide);
        let [low, high] = [0, 1].map(|i| cast::scalar(rw, args[i], rows.dtype, wide));
        let mean = body.div(body.add(low, high), body.int(2));
        let count = rows.count(rw, rows.counts.map(|_| args[2]));
        let (zero, one) = (rw.const_int(i64_ty, 0), rw.const_int(i64_ty, 1));
        let odd = rw.cmpi(CmpI::Ne, rw.andi(count, one), zero);
        let none = rw.cmpi(CmpI::Eq, count, zero);
        let value = body.select(odd, low, mean);
        let nan = body.each_or_self(value, |part, _| part.float(f64::NAN));
        let value = body.select(none, nan, value);
        cast::scalar(rw, value, wide, result)
    });
    let value = keep_dims(rw, op, value, 0, &rows.mask);
    lowering::replace(rw, op, cx, value)
}

/// The quantiles in one dimension, as parts of one.
fn checked_quantiles<'c>(
    row: &Row,
    op: Op<'c>,
    cx: &ConvertCx<'_, 'c>,
    rw: Rewriter<'c>,
    dtype: DType,
) -> Val<'c> {
    let mut q = crate::axes::flat(rw, cx.operand(1));
    let count = sizes::of(rw, q, 0);
    let (ctx, i64_ty) = (rw.ctx(), rw.ctx().i(64));
    if row.kind == Kind::Percentile {
        let element = dtype.storage_ty(ctx);
        q = lowering::elementwise(rw, &[q], &[count], element, |rw, args| {
            let body = Body::new(rw, dtype);
            body.div(args[0], body.int(100))
        });
    }
    let none = lowering::filled(rw, &[], rw.const_int(i64_ty, 0));
    let maps = [lowering::identity_map(ctx, 1), lowering::map(ctx, 1, &[])];
    let outside = rw.linalg_generic(&[q], &[none], &maps, &[Iter::Reduction], |rw, args| {
        let body = Body::new(rw, dtype);
        let above = body.cmp(Order::GreaterEqual, args[0], body.int(0));
        let inside = rw.andi(above, body.cmp(Order::LessEqual, args[0], body.int(1)));
        vec![rw.ori(args[1], rw.extui(body.not(inside), i64_ty))]
    });
    outside.set_attr(npir_tensor::ASSOCIATIVE, ctx.unit_attr());
    let outside = rw.tensor_extract(outside.result_value(0), &[]);
    let inside = Cond::Value(rw.cmpi(CmpI::Eq, outside, rw.const_int(i64_ty, 0)));
    let what = match row.kind {
        Kind::Percentile => "Percentiles must be in the range [0, 100]",
        _ => "Quantiles must be in the range [0, 1]",
    };
    let message = format!("{}: {what}", op.name());
    sizes::check(rw, inside, CheckKind::ValueError, &message, &[]);
    q
}

fn lower_quantile<'c>(row: &Row, op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (ctx, i64_ty) = (rw.ctx(), rw.ctx().i(64));
    let rows = Rows::of(row, op, cx, rw)?;
    let (Some(of_q), Some(result)) = (
        DType::of(op.operand(1).ty()),
        DType::of(op.result_value(0).ty()),
    ) else {
        return no_match("not an array");
    };
    let method = method_of(op.attr("method"));
    let q_shape = sizes::all_of(rw, cx.operand(1));
    let q = checked_quantiles(row, op, cx, rw, of_q);
    if !(row.skips_nan && result.is_float()) {
        rows.check(rw, op.name());
    }

    // Positions, of the shape batch, quantiles, 2; then in rows of the last two together.
    let (rank, m) = (rows.batch.len(), sizes::of(rw, q, 0));
    let two = OpFold::Static(2);
    let loops = rank + 2;
    let of_q_map = lowering::map(ctx, loops, &[Along::Loop(rank)]);
    let of_rows: Vec<_> = (0..rank).map(Along::Loop).collect();
    let of_rows = lowering::map(ctx, loops, &of_rows);
    let mut ins = vec![q];
    ins.extend(rows.counts);
    let mut maps = vec![of_q_map];
    maps.extend(rows.counts.map(|_| of_rows));
    maps.push(lowering::identity_map(ctx, loops));
    let shape = [&rows.batch[..], &[m, two]].concat();
    let dest = lowering::empty(rw, &shape, i64_ty);
    let iters = vec![Iter::Parallel; loops];
    let positions = rw.linalg_generic(&ins, &[dest], &maps, &iters, |rw, args| {
        let count = rows.count(rw, rows.counts.map(|_| args[1]));
        let place = method.place(rw, of_q, args[0], count);
        let first = rw.cmpi(CmpI::Eq, rw.linalg_index(rank + 1), rw.const_index(0));
        vec![rw.select(first, place.around[0], place.around[1])]
    });
    let flat = sizes::mul(rw, m, two);
    let flat = [&rows.batch[..], &[flat]].concat();
    let positions = Reshape::create(rw, positions.result_value(0), &flat);
    let found = rows.elements(rw, op.name(), positions);
    let found = Reshape::create(rw, found, &shape);

    // Quantiles first.
    let around = [0, 1].map(|i| {
        let mut offsets = vec![OpFold::Static(0); rank + 1];
        offsets.push(OpFold::Static(i));
        let sizes = [&[m], &rows.batch[..]].concat();
        let steps = vec![OpFold::Static(1); rank + 1];
        let dims: Vec<_> = std::iter::once(rank as i64).chain(0..rank as i64).collect();
        View::create(rw, found, &offsets, &sizes, &steps, &dims)
    });
    let shape = [&[m], &rows.batch[..]].concat();
    let mut value = around[0];
    if !method.takes_elements() {
        let whole = lowering::identity_map(ctx, rank + 1);
        let mut ins = vec![around[0], around[1], q];
        ins.extend(rows.counts);
        let mut maps = vec![whole, whole];
        maps.push(lowering::map(ctx, rank + 1, &[Along::Loop(0)]));
        maps.extend(rows.counts.map(|_| rows.batch_map(ctx, 1)));
        maps.push(whole);
        let dest = lowering::empty(rw, &shape, result.storage_ty(ctx));
        let iters = vec![Iter::Parallel; rank + 1];
        let between = rw.linalg_generic(&ins, &[dest], &maps, &iters, |rw, args| {
            let count = rows.count(rw, rows.counts.map(|_| args[3]));
            let weight = method.place(rw, of_q, args[2], count).weight;
            let ends = [args[0], args[1]];
            let value = interpolated(rw, rows.dtype, ends, [of_q, result], weight);
            let none = rw.cmpi(CmpI::Eq, count, rw.const_int(i64_ty, 0));
            let body = Body::new(rw, result);
            vec![body.select(none, body.float(f64::NAN), value)]
        });
        value = between.result_value(0);
    }
    if q_shape.len() != 1 {
        value = Reshape::create(rw, value, &[&q_shape[..], &rows.batch[..]].concat());
    }
    let value = keep_dims(rw, op, value, q_shape.len(), &rows.mask);
    lowering::replace(rw, op, cx, value)
}

/// The value at `weight`, of type `of_q`, between two elements, from the nearer one. Each operation is rounded to the
/// type that it has in NumPy: their difference to the elements' type.
fn interpolated<'c>(
    rw: Rewriter<'c>,
    dtype: DType,
    ends: [Val<'c>; 2],
    [of_q, result]: [DType; 2],
    weight: Val<'c>,
) -> Val<'c> {
    let (own, part, body) = (
        Body::new(rw, dtype),
        Body::new(rw, of_q),
        Body::new(rw, result),
    );
    let difference = cast::scalar(rw, own.sub(ends[1], ends[0]), dtype, result);
    let [low, high] = ends.map(|end| cast::scalar(rw, end, dtype, result));
    let near = part.cmp(Order::GreaterEqual, weight, part.float(0.5));
    let rest = part.sub(part.int(1), weight);
    let [weight, rest] = [weight, rest].map(|x| cast::scalar(rw, x, of_q, result));
    let from_low = body.add(low, body.mul(difference, weight));
    let from_high = body.sub(high, body.mul(difference, rest));
    body.select(near, from_high, from_low)
}
