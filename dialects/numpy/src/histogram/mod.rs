//! Histograms: `histogram`, `histogram_bin_edges`, and `digitize`.
//!
//! The bin of each element is computed in one pass, with one more bin for what is in none; then a scatter counts.

mod digitize;
mod uniform;

use npir_mlir::prelude::*;
use npir_tensor::{ASSOCIATIVE, CheckKind, Library, Routine, Scatter, View};

use crate::axes::flat;
use crate::cast;
use crate::compose::{self, Over};
use crate::elementwise::dtype::{Classes, DType};
use crate::elementwise::{Body, Order};
use crate::lowering;
use crate::shape::shape_text;
use crate::sizes::{self, Cond};
use crate::types::{AnyArray, RealArray, element_name, verify_declared};
use digitize::Digitize;
use uniform::Uniform;

/// A number of bins or the edges between them.
pub struct Bins;
impl TypeConstraint for Bins {
    const DESCRIPTION: &str = "an index or an array of bool, integer or float elements";
    fn check(ty: Type<'_>) -> bool {
        ty.is_index() || RealArray::check(ty)
    }
}

/// How many elements are in each bin, and the edges of the bins
///
/// `bins` is a number of bins of one width, or a vector of edges that do not fall, of the array's type. Without edges
/// the bins span the `range`, two 0-d arrays of `f64`, or that of the elements, and edges are floats: of the array's type,
/// or `f64` for bool and integers. The last bin contains its upper edge; what is in no bin is not counted. With `weights`,
/// of the array's shape, each element counts as its weight, and counts are of that type, otherwise `i64`. With `density`
/// counts are divided by the widths of the bins and by their sum, as `f64`, or `complex<f64>` with complex weights.
#[op(
    "numpy.histogram",
    traits(Pure, AttrSizedOperandSegments),
    interfaces(Verify, InferTypes),
    assembly = "$x `bins` $bins (`range` $low^ `,` $high)? (`weights` $weights^)? (`density` $density^)? attr-dict \
                `:` functional-type(operands, results)"
)]
pub struct Histogram {
    x: Operand<RealArray>,
    bins: Operand<Bins>,
    low: OptionalOperand<RealArray>,
    high: OptionalOperand<RealArray>,
    weights: OptionalOperand<AnyArray>,
    density: UnitAttr,
    counts: Output<AnyArray>,
    edges: Output<RealArray>,
}

/// The edges of the bins of `numpy.histogram`
///
/// `bins` is a number of bins of one width, `range` as for `numpy.histogram`.
#[op(
    "numpy.histogram_bin_edges",
    traits(Pure, AttrSizedOperandSegments),
    interfaces(Verify, InferTypes),
    assembly = "$x `bins` $bins (`range` $low^ `,` $high)? attr-dict `:` functional-type(operands, results)"
)]
pub struct HistogramBinEdges {
    x: Operand<RealArray>,
    bins: Operand<IndexType>,
    low: OptionalOperand<RealArray>,
    high: OptionalOperand<RealArray>,
    edges: Output<RealArray>,
}

/// What an op has, of operands in this order: array, bins, range, weights.
#[derive(Clone, Copy)]
struct Parts<V> {
    x: V,
    bins: V,
    range: Option<[V; 2]>,
    weights: Option<V>,
}

impl<V: Copy> Parts<V> {
    /// Of the operands of an op with that attribute `operandSegmentSizes`.
    fn of(operands: &[V], segments: Option<Attribute<'_>>) -> Option<Self> {
        let segments = segments?.as_int_array()?;
        let mut operands = operands.iter().copied();
        let mut next = |i: usize| match segments.get(i) {
            Some(1) => operands.next(),
            _ => None,
        };
        Some(Parts {
            x: next(0)?,
            bins: next(1)?,
            range: next(2).zip(next(3)).map(|(low, high)| [low, high]),
            weights: next(4),
        })
    }
}

fn parts<'c>(cx: &InferCx<'c>) -> Result<Parts<Val<'c>>, String> {
    Parts::of(&cx.operands, cx.attr("operandSegmentSizes"))
        .ok_or_else(|| "does not say which operands it has".to_string())
}

/// The type of the edges.
fn infer_edges<'c>(ctx: &'c Context, parts: &Parts<Val<'c>>) -> Result<Type<'c>, String> {
    let (x, bins) = (parts.x.ty(), parts.bins.ty());
    let dtype = DType::of(x).ok_or("needs an array")?;
    for bound in parts.range.iter().flatten() {
        if bound.ty() != ctx.tensor(&[], ctx.f64()) {
            let ty = bound.ty();
            return Err(format!("needs a range of 0-d arrays of float64, got {ty}"));
        }
    }
    if bins.is_index() {
        let count = parts.bins.constant_int();
        if let Some(n) = count.filter(|&n| n < 1) {
            return Err(format!("`bins` must be positive, when an integer: {n}"));
        }
        let size = count.map_or(Some(DYNAMIC), |n| n.checked_add(1));
        let size = size.ok_or("the array is too big")?;
        let element = uniform::edge_dtype(dtype).ty(ctx);
        return Ok(ctx.tensor(&[size], element));
    }
    if bins.rank() != 1 {
        let shape = shape_text(&bins.dims());
        return Err(format!("`bins` must be 1d, when an array, not {shape}"));
    }
    if bins.element() != x.element() || !Classes::NUMBER.contains(dtype.class()) {
        return Err(format!(
            "sorts {} elements into bins between {} edges; cast both to one type of integers or floats first",
            element_name(x),
            element_name(bins)
        ));
    }
    if parts.range.is_some() {
        return Err("has edges, so that no range can be given".to_string());
    }
    Ok(bins)
}

/// The element type of counts.
fn count_dtype(weights: Option<Type<'_>>, density: bool) -> Option<DType> {
    let counted = match weights {
        Some(weights) => DType::of(weights)?,
        None => DType::Int(64),
    };
    Some(match density {
        false => counted,
        true if counted.is_complex() => DType::C128,
        true => DType::F64,
    })
}

impl InferTypes for Histogram<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let parts = parts(cx)?;
        let edges = infer_edges(cx.ctx, &parts)?;
        let weights = parts.weights.map(ValExt::ty);
        if let Some(weights) = weights {
            let (dims, own) = (parts.x.ty().dims(), weights.dims());
            let differ = |(&a, &b): (&i64, &i64)| a != b && a != DYNAMIC && b != DYNAMIC;
            if dims.len() != own.len() || dims.iter().zip(&own).any(differ) {
                return Err(format!(
                    "weights should have the same shape as a: shapes {} and {}",
                    shape_text(&own),
                    shape_text(&dims)
                ));
            }
            let bool_weights = DType::of(weights).is_some_and(DType::is_bool);
            if bool_weights && !parts.bins.ty().is_index() {
                return Err("cannot add up bool weights between edges; cast them first".to_string());
            }
        }
        let dtype = count_dtype(weights, cx.attr("density").is_some()).ok_or("needs arrays")?;
        let count = match edges.dims()[0] {
            DYNAMIC => DYNAMIC,
            n => (n - 1).max(0),
        };
        Ok(vec![cx.ctx.tensor(&[count], dtype.ty(cx.ctx)), edges])
    }
}

verify_declared!(Histogram, HistogramBinEdges);

impl InferTypes for HistogramBinEdges<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        Ok(vec![infer_edges(cx.ctx, &parts(cx)?)?])
    }
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    vec![Histogram::def(), HistogramBinEdges::def(), Digitize::def()]
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![
        ConversionPattern::new(Histogram::NAME, lower_histogram),
        ConversionPattern::new(HistogramBinEdges::NAME, |op, cx, rw| {
            let uniform = Uniform::of(op, rw, &converted(op, cx)?)?;
            lowering::replace(rw, op, cx, uniform.edges)
        }),
        ConversionPattern::new(Digitize::NAME, digitize::lower),
    ]
}

fn converted<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>) -> Result<Parts<Val<'c>>, NoMatch> {
    Parts::of(cx.operands, op.attr("operandSegmentSizes"))
        .ok_or_else(|| NoMatch::new("not a histogram"))
}

/// The bin of each element, the number of bins, and their edges.
struct Binned<'c> {
    /// A vector of `i64`; what is in no bin has the number of bins.
    places: Val<'c>,
    bins: OpFold<'c>,
    edges: Val<'c>,
    edge: DType,
}

/// Bins between given edges.
fn between_edges<'c>(
    op: Op<'c>,
    rw: Rewriter<'c>,
    parts: &Parts<Val<'c>>,
) -> Result<Binned<'c>, NoMatch> {
    let dtype = DType::of(op.operand(0).ty()).ok_or_else(|| NoMatch::new("not an array"))?;
    let (zero, one) = (OpFold::Static(0), OpFold::Static(1));
    let (edges, x) = (parts.bins, flat(rw, parts.x));
    let falls = any_neighbours(rw, dtype, edges, Order::Greater);
    let message = format!(
        "{}: `bins` must increase monotonically, when an array",
        op.name()
    );
    let rises = Cond::Value(rw.xori(falls, rw.const_bool(true)));
    sizes::check(rw, rises, CheckKind::ValueError, &message, &[]);

    let (count, n) = (sizes::of(rw, x, 0), sizes::of(rw, edges, 0));
    let i64_ty = rw.ctx().i(64);
    let dest = lowering::empty(rw, &[count], i64_ty);
    let params = [i64::from(dtype.is_unsigned()), 1];
    let before = Library::create(
        rw,
        Routine::Searchsorted,
        op.name(),
        &[edges, x],
        &[dest],
        &params,
    )[0];
    let top = sizes::sub(rw, n, one);
    let bins = sizes::max(rw, top, zero);
    let element = edges.ty().element();
    let some = sizes::compare(rw, CmpI::Sgt, n, zero).value(rw);
    let top = sizes::value(rw, top);
    let upper = rw.scf_if(
        some,
        &[element],
        |rw| vec![rw.tensor_extract(edges, &[top])],
        |rw| vec![lowering::zero(rw, element)],
    )[0];
    let number = |rw: Rewriter<'c>, size| rw.index_cast(sizes::value(rw, size), i64_ty);
    let (n, last, nowhere) = (
        number(rw, n),
        number(rw, sizes::sub(rw, bins, one)),
        number(rw, bins),
    );
    let places = lowering::elementwise(rw, &[before, x], &[count], i64_ty, |rw, args| {
        let (zero, one) = (rw.const_int(i64_ty, 0), rw.const_int(i64_ty, 1));
        let body = Body::new(rw, dtype);
        let both_nan = rw.andi(body.is_nan(args[1]), body.is_nan(upper));
        let on_top = rw.ori(body.cmp(Order::Equal, args[1], upper), both_nan);
        let below_top = rw.cmpi(CmpI::Slt, args[0], n);
        let inside = rw.andi(rw.cmpi(CmpI::Sgt, args[0], zero), rw.ori(below_top, on_top));
        let inside = rw.andi(inside, rw.cmpi(CmpI::Sgt, nowhere, zero));
        rw.select(inside, rw.minsi(rw.subi(args[0], one), last), nowhere)
    });
    Ok(Binned {
        places,
        bins,
        edges,
        edge: dtype,
    })
}

/// Whether two neighbours of a vector are in that order, as `i1`.
fn any_neighbours<'c>(rw: Rewriter<'c>, dtype: DType, x: Val<'c>, order: Order) -> Val<'c> {
    let (ctx, i64_ty) = (rw.ctx(), rw.ctx().i(64));
    let [before, after] = neighbours(rw, x);
    let none = lowering::filled(rw, &[], rw.const_int(i64_ty, 0));
    let each = lowering::identity_map(ctx, 1);
    let maps = [each, each, lowering::map(ctx, 1, &[])];
    let ins = [before, after];
    let any = rw.linalg_generic(&ins, &[none], &maps, &[Iter::Reduction], |rw, args| {
        let found = Body::new(rw, dtype).cmp(order, args[0], args[1]);
        vec![rw.ori(args[2], rw.extui(found, i64_ty))]
    });
    any.set_attr(ASSOCIATIVE, ctx.unit_attr());
    let any = rw.tensor_extract(any.result_value(0), &[]);
    rw.cmpi(CmpI::Ne, any, rw.const_int(i64_ty, 0))
}

/// Two views of a vector: without its last element, and without its first one.
fn neighbours<'c>(rw: Rewriter<'c>, x: Val<'c>) -> [Val<'c>; 2] {
    let (zero, one) = (OpFold::Static(0), OpFold::Static(1));
    let pairs = sizes::sub(rw, sizes::of(rw, x, 0), one);
    let pairs = sizes::max(rw, pairs, zero);
    [zero, one].map(|start| View::create(rw, x, &[start], &[pairs], &[one], &[0]))
}

fn lower_histogram<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let parts = converted(op, cx)?;
    let binned = match parts.bins.ty().is_index() {
        true => Uniform::of(op, rw, &parts)?.places(rw),
        false => between_edges(op, rw, &parts)?,
    };
    let original = Parts::of(&op.operand_values(), op.attr("operandSegmentSizes"));
    let weights = original.and_then(|parts| parts.weights).map(ValExt::ty);
    let density = op.attr("density").is_some();
    let (Some(counted), Some(result)) =
        (count_dtype(weights, false), count_dtype(weights, density))
    else {
        return no_match("not an array");
    };
    // Integers wrap however wide they are counted in; a bool says whether there is one.
    let wide = match counted {
        _ if counted.is_complex() => DType::C128,
        _ if counted.is_float() => DType::F64,
        _ => DType::Int(64),
    };
    let (zero, one) = (OpFold::Static(0), OpFold::Static(1));
    let element = wide.storage_ty(rw.ctx());
    let length = sizes::of(rw, binned.places, 0);
    let updates = match parts.weights {
        Some(weights) => {
            check_shapes(rw, op.name(), parts.x, weights);
            let weights = flat(rw, weights);
            lowering::elementwise(rw, &[weights], &[length], element, |rw, args| {
                cast::scalar(rw, args[0], counted, wide)
            })
        }
        None => {
            let unit = lowering::filled(rw, &[], lowering::number(rw, element, 1));
            View::create(rw, unit, &[], &[length], &[zero], &[-1])
        }
    };
    let room = sizes::add(rw, binned.bins, one);
    let start = lowering::filled(rw, &[room], lowering::number(rw, element, 0));
    let sums = Scatter::create(rw, start, &[binned.places], updates, |rw, old, new| {
        Body::new(rw, wide).add(old, new)
    });
    let mut sums = View::create(rw, sums, &[zero], &[binned.bins], &[one], &[0]);
    if density {
        sums = to_density(rw, sums, &binned, [wide, counted, result])?;
    } else if wide != counted {
        let element = counted.storage_ty(rw.ctx());
        sums = lowering::elementwise(rw, &[sums], &[binned.bins], element, |rw, args| {
            cast::scalar(rw, args[0], wide, counted)
        });
    }
    let results = [sums, binned.edges].into_iter().zip(op.result_types());
    let results = results.map(|(v, ty)| Ok(lowering::conform(rw, v, cx.convert(ty)?)));
    let results = results.collect::<Result<Vec<_>, NoMatch>>()?;
    rw.replace(op, &results);
    Ok(())
}

/// Checks at run time that weights have the shape of the array.
fn check_shapes<'c>(rw: Rewriter<'c>, name: &str, x: Val<'c>, weights: Val<'c>) {
    let pairs = sizes::all_of(rw, x)
        .into_iter()
        .zip(sizes::all_of(rw, weights));
    for (size, own) in pairs {
        let same = sizes::equal(rw, size, own);
        let message =
            format!("{name}: weights should have the same shape as a, but sizes are {{}} and {{}}");
        sizes::check(rw, same, CheckKind::ShapeMismatch, &message, &[own, size]);
    }
}

/// Sums divided by the widths of the bins and by the sum of all, which has the type of counts.
fn to_density<'c>(
    rw: Rewriter<'c>,
    sums: Val<'c>,
    binned: &Binned<'c>,
    [wide, counted, result]: [DType; 3],
) -> Result<Val<'c>, NoMatch> {
    let (shape, element) = ([binned.bins], result.storage_ty(rw.ctx()));
    let sums = lowering::elementwise(rw, &[sums], &shape, element, |rw, args| {
        let count = cast::scalar(rw, args[0], wide, counted);
        cast::scalar(rw, count, counted, result)
    });
    let ends = neighbours(rw, binned.edges);
    let widths = lowering::elementwise(rw, &ends, &shape, element, |rw, args| {
        let width = Body::new(rw, binned.edge).sub(args[1], args[0]);
        let width = cast::scalar(rw, width, binned.edge, DType::F64);
        cast::scalar(rw, width, DType::F64, result)
    });
    let mut total = compose::reduction(rw, "numpy.sum", sums, &Over::axis(rw.ctx(), None))?;
    if counted.is_float() || counted.is_complex() {
        total = compose::cast(rw, compose::cast(rw, total, counted), result);
    }
    let density = compose::op(rw, "numpy.divide", &[sums, widths], &[])?;
    compose::op(rw, "numpy.divide", &[density, total], &[])
}
