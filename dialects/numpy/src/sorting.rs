//! Order: `sort`, `argsort`, `partition`, `argpartition`, `searchsorted`, `unique`, by routines of the
//! runtime. NaN comes last. Complex numbers are in the order of their real parts, then of their imaginary ones.

use npir_mlir::prelude::*;
use npir_tensor::{CheckKind, Library, Reshape, Routine, Scan, ScanCode, Scatter};

use crate::axes::flat;
use crate::elementwise::dtype::DType;
use crate::elementwise::{Body, Order};
use crate::indices::Positions;
use crate::lowering;
use crate::masks::Chosen;
use crate::shape::{element_count, normalize_axis, shape_text};
use crate::sizes;
use crate::types::{AnyArray, IntegerArray, element_name, verify_declared};

/// The elements in ascending order along an axis
///
/// The axis is the last one where missing; with `flat` the array is flattened. With `stable`, zeros of
/// different signs keep their order.
#[op(
    "numpy.sort",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x (`axis` $axis^)? (`flat` $flat^)? (`stable` $stable^)? attr-dict \
                `:` type($x) `->` type($result)"
)]
pub struct Sort {
    x: Operand<AnyArray>,
    axis: OptionalAttr<I64>,
    flat: UnitAttr,
    stable: UnitAttr,
    result: Output<AnyArray>,
}

/// The positions of elements in ascending order along an axis, as `i64`; equal ones keep their order
///
/// The axis is the last one where missing; with `flat` the array is flattened.
#[op(
    "numpy.argsort",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x (`axis` $axis^)? (`flat` $flat^)? attr-dict `:` type($x) `->` type($result)"
)]
pub struct Argsort {
    x: Operand<AnyArray>,
    axis: OptionalAttr<I64>,
    flat: UnitAttr,
    result: Output<AnyArray>,
}

/// The elements with the one that sorting puts at `kth` there, none greater before it, none less after it
///
/// Along the last axis where `axis` is missing; with `flat` the array is flattened.
#[op(
    "numpy.partition",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x `kth` $kth (`axis` $axis^)? (`flat` $flat^)? attr-dict \
                `:` type($x) `->` type($result)"
)]
pub struct Partition {
    x: Operand<AnyArray>,
    kth: Attr<I64>,
    axis: OptionalAttr<I64>,
    flat: UnitAttr,
    result: Output<AnyArray>,
}

/// The positions of elements in an order in which the one that sorting puts at `kth` is there, as `i64`
///
/// None before it is greater, none after it less. Along the last axis where `axis` is missing; with
/// `flat` the array is flattened.
#[op(
    "numpy.argpartition",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x `kth` $kth (`axis` $axis^)? (`flat` $flat^)? attr-dict \
                `:` type($x) `->` type($result)"
)]
pub struct Argpartition {
    x: Operand<AnyArray>,
    kth: Attr<I64>,
    axis: OptionalAttr<I64>,
    flat: UnitAttr,
    result: Output<AnyArray>,
}

/// Where values belong in a sorted vector, as `i64`: before equal elements, with `right` after them
///
/// With `sorter` the vector is `sorted[sorter]`.
#[op(
    "numpy.searchsorted",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$sorted `,` $values (`right` $right^)? (`sorter` $sorter^)? attr-dict \
                `:` type($sorted) `,` type($values) (`sorter` type($sorter)^)? `->` type($result)"
)]
pub struct Searchsorted {
    sorted: Operand<AnyArray>,
    values: Operand<AnyArray>,
    sorter: OptionalOperand<IntegerArray>,
    right: UnitAttr,
    result: Output<AnyArray>,
}

/// The different elements of the flattened array, in ascending order; all NaN are one, which is the first in that order
///
/// Further results, as `i64`, in this order: with `index` where each is first in the array, with
/// `inverse`, of the array's shape, which of them each element is, with `counts` how often each is there.
#[op(
    "numpy.unique",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x (`index` $index^)? (`inverse` $inverse^)? (`counts` $counts^)? attr-dict \
                `:` type($x) `->` type($found)"
)]
pub struct Unique {
    x: Operand<AnyArray>,
    index: UnitAttr,
    inverse: UnitAttr,
    counts: UnitAttr,
    found: VariadicOutput<AnyArray>,
}

verify_declared!(Sort, Argsort, Partition, Argpartition, Searchsorted, Unique);

/// The axis along which an op sorts; `None` where it flattens.
fn axis_of<'c>(
    attr: impl Fn(&str) -> Option<Attribute<'c>>,
    rank: usize,
) -> Result<Option<usize>, String> {
    let axis = attr("axis").and_then(I64::decode);
    match (attr("flat").is_some(), axis) {
        (true, None) => Ok(None),
        (true, Some(_)) => Err("has an axis, but the array is flattened".to_string()),
        (false, axis) => normalize_axis(axis.unwrap_or(-1), rank).map(Some),
    }
}

/// The shape of what an op sorts, checked with `kth` where it has one.
fn sorted_dims(cx: &InferCx<'_>) -> Result<Vec<i64>, String> {
    let dims = cx.operand_type(0)?.dims();
    let axis = axis_of(|name| cx.attr(name), dims.len())?;
    let dims = match axis {
        Some(_) => dims,
        None => vec![element_count(&dims)?.unwrap_or(DYNAMIC)],
    };
    if let Some(kth) = cx.attr("kth").and_then(I64::decode) {
        let n = dims[axis.unwrap_or(0)];
        if n != DYNAMIC && !(-n..n).contains(&kth) {
            return Err(format!("kth(={kth}) out of bounds ({n})"));
        }
    }
    Ok(dims)
}

impl InferTypes for Sort<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let element = cx.operand_type(0)?.element();
        Ok(vec![cx.ctx.tensor(&sorted_dims(cx)?, element)])
    }
}

impl InferTypes for Argsort<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        Ok(vec![cx.ctx.tensor(&sorted_dims(cx)?, cx.ctx.i(64))])
    }
}

impl InferTypes for Partition<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        Sort::infer(cx)
    }
}

impl InferTypes for Argpartition<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        Argsort::infer(cx)
    }
}

impl InferTypes for Searchsorted<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let (sorted, values) = (cx.operand_type(0)?, cx.operand_type(1)?);
        if sorted.rank() != 1 {
            return Err(format!(
                "searches in a vector, not in shape {}",
                shape_text(&sorted.dims())
            ));
        }
        if sorted.element() != values.element() {
            return Err(format!(
                "searches for {} values among {} elements; cast one first",
                element_name(values),
                element_name(sorted)
            ));
        }
        if cx
            .operands
            .get(2)
            .is_some_and(|sorter| sorter.ty().rank() != 1)
        {
            return Err("sorter must be 1-D array".to_string());
        }
        Ok(vec![cx.ctx.tensor(&values.dims(), cx.ctx.i(64))])
    }
}

impl InferTypes for Unique<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let (x, i64_ty) = (cx.operand_type(0)?, cx.ctx.i(64));
        let has = |name| cx.attr(name).is_some();
        let mut types = vec![cx.ctx.tensor(&[DYNAMIC], x.element())];
        if has("index") {
            types.push(cx.ctx.tensor(&[DYNAMIC], i64_ty));
        }
        if has("inverse") {
            types.push(cx.ctx.tensor(&x.dims(), i64_ty));
        }
        if has("counts") {
            types.push(cx.ctx.tensor(&[DYNAMIC], i64_ty));
        }
        Ok(types)
    }
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    vec![
        Sort::def(),
        Argsort::def(),
        Partition::def(),
        Argpartition::def(),
        Searchsorted::def(),
        Unique::def(),
    ]
}

/// Their conversions.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![
        ConversionPattern::new(Sort::NAME, |op, cx, rw| {
            let stable = i64::from(op.attr("stable").is_some());
            along_axis(op, cx, rw, Routine::Sort, &[stable])
        }),
        ConversionPattern::new(Argsort::NAME, |op, cx, rw| {
            along_axis(op, cx, rw, Routine::Argsort, &[])
        }),
        ConversionPattern::new(Partition::NAME, |op, cx, rw| {
            let kth = op.attr("kth").and_then(I64::decode).unwrap_or(0);
            along_axis(op, cx, rw, Routine::Partition, &[kth])
        }),
        ConversionPattern::new(Argpartition::NAME, |op, cx, rw| {
            let kth = op.attr("kth").and_then(I64::decode).unwrap_or(0);
            along_axis(op, cx, rw, Routine::Argpartition, &[kth])
        }),
        ConversionPattern::new(Searchsorted::NAME, lower_searchsorted),
        ConversionPattern::new(Unique::NAME, lower_unique),
    ]
}

/// The first parameter of the routines: whether integers have no sign.
fn unsigned(dtype: DType) -> i64 {
    i64::from(matches!(dtype, DType::Bool | DType::UInt(_)))
}

fn dtype_of(array: Val<'_>) -> Result<DType, NoMatch> {
    DType::of(array.ty()).ok_or_else(|| NoMatch::new("not an array"))
}

/// Calls a routine on the rows along the axis of `op`.
fn along_axis<'c>(
    op: Op<'c>,
    cx: &ConvertCx<'_, 'c>,
    rw: Rewriter<'c>,
    routine: Routine,
    params: &[i64],
) -> Match {
    let dtype = dtype_of(op.operand(0))?;
    let element = dtype_of(op.result_value(0))?.storage_ty(rw.ctx());
    let mut x = cx.operand(0);
    let axis = axis_of(|name| op.attr(name), x.ty().rank()).map_err(NoMatch::new)?;
    if axis.is_none() {
        x = flat(rw, x);
    }
    let rank = x.ty().rank();
    let axis = axis.unwrap_or(0);
    let mut order: Vec<_> = (0..rank).filter(|&d| d != axis).collect();
    order.push(axis);
    if let Some(kth) = op.attr("kth").and_then(I64::decode) {
        let n = sizes::of(rw, x, axis);
        // As unsigned numbers: a position below zero is a huge one.
        let from_end = if kth < 0 {
            sizes::add(rw, OpFold::Static(kth), n)
        } else {
            OpFold::Static(kth)
        };
        let inside = sizes::compare(rw, CmpI::Ult, from_end, n);
        let message = format!("{}: kth(={kth}) out of bounds ({{}})", op.name());
        sizes::check(rw, inside, CheckKind::ValueError, &message, &[n]);
    }
    let last = axis + 1 == rank;
    let rows = if last {
        x
    } else {
        lowering::pick_dims(rw, x, &order)
    };
    let shape = sizes::all_of(rw, rows);
    let dest = lowering::empty(rw, &shape, element);
    let mut all = vec![unsigned(dtype)];
    all.extend(params);
    let mut value = Library::create(rw, routine, op.name(), &[rows], &[dest], &all)[0];
    if !last {
        let back: Vec<_> = (0..rank)
            .map(|d| order.iter().position(|&o| o == d).unwrap_or(0))
            .collect();
        value = lowering::pick_dims(rw, value, &back);
    }
    lowering::replace(rw, op, cx, value)
}

fn lower_searchsorted<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let dtype = dtype_of(op.operand(0))?;
    let shape = sizes::all_of(rw, cx.operand(1));
    let values = flat(rw, cx.operand(1));
    let count = sizes::of(rw, values, 0);
    let dest = lowering::empty(rw, &[count], rw.ctx().i(64));
    let params = [unsigned(dtype), i64::from(op.attr("right").is_some())];
    let ins = [sorted_vector(op, cx, rw)?, values];
    let mut found = Library::create(
        rw,
        Routine::Searchsorted,
        Searchsorted::NAME,
        &ins,
        &[dest],
        &params,
    )[0];
    if shape.len() != 1 {
        found = Reshape::create(rw, found, &shape);
    }
    lowering::replace(rw, op, cx, found)
}

/// The vector that is searched, in the order of `sorter` where there is one.
fn sorted_vector<'c>(
    op: Op<'c>,
    cx: &ConvertCx<'_, 'c>,
    rw: Rewriter<'c>,
) -> Result<Val<'c>, NoMatch> {
    let x = cx.operand(0);
    if op.num_operands() < 3 {
        return Ok(x);
    }
    let (name, order) = (Searchsorted::NAME, Positions::of_operand(op, cx, rw, 2)?);
    let (n, listed) = (sizes::of(rw, x, 0), sizes::of(rw, order.array, 0));
    let same = sizes::equal(rw, n, listed);
    let message = format!("{name}: sorter.size must equal a.size, but they are {{}} and {{}}");
    sizes::check(rw, same, CheckKind::ValueError, &message, &[listed, n]);
    order.check(rw, name, 0, n);
    let extent = sizes::value(rw, n);
    let element = x.ty().element();
    Ok(lowering::elementwise(
        rw,
        &[order.array],
        &[listed],
        element,
        |rw, args| {
            let at = order.resolve(rw, args[0], extent);
            rw.tensor_extract(x, &[at])
        },
    ))
}

/// The elements are sorted; a mask says where one differs from the one before it.
fn lower_unique<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (ctx, i64_ty) = (rw.ctx(), rw.ctx().i(64));
    let has = |name| op.attr(name).is_some();
    let dtype = dtype_of(op.operand(0))?;
    let shape = sizes::all_of(rw, cx.operand(0));
    let x = flat(rw, cx.operand(0));
    let count = sizes::of(rw, x, 0);
    let element = x.ty().element();
    let dest = |element| lowering::empty(rw, &[count], element);
    let library = |routine, params: &[i64], element| {
        Library::create(rw, routine, Unique::NAME, &[x], &[dest(element)], params)[0]
    };
    let order = (has("index") || has("inverse"))
        .then(|| library(Routine::Argsort, &[unsigned(dtype)], i64_ty));
    let sorted = match order {
        Some(order) => lowering::elementwise(rw, &[order], &[count], element, |rw, args| {
            let at = rw.index_cast(args[0], ctx.index());
            rw.tensor_extract(x, &[at])
        }),
        None => library(Routine::Sort, &[unsigned(dtype), 0], element),
    };
    let begins = lowering::elementwise(rw, &[sorted], &[count], ctx.i(8), |rw, args| {
        let (zero, one) = (rw.const_index(0), rw.const_index(1));
        let i = rw.linalg_index(0);
        let before = rw.maxsi(rw.subi(i, one), zero);
        let before = rw.tensor_extract(sorted, &[before]);
        let body = Body::new(rw, storage_dtype(dtype));
        let differs = body.cmp(Order::NotEqual, before, args[0]);
        let number = body.not(body.is_nan(before));
        let differs = rw.andi(differs, number);
        let first = rw.cmpi(CmpI::Eq, i, zero);
        rw.extui(rw.ori(first, differs), ctx.i(8))
    });
    let chosen = Chosen::of(rw, begins);
    let mut results = vec![chosen.elements(rw, Unique::NAME, sorted)];
    if let Some(order) = order.filter(|_| has("index")) {
        results.push(chosen.elements(rw, Unique::NAME, order));
    }
    if let Some(order) = order.filter(|_| has("inverse")) {
        // The number of beginnings up to an element, less one, where the element came from.
        let code = ScanCode {
            term: |rw: Rewriter<'c>, begins| rw.extui(begins, i64_ty),
            combine: |rw: Rewriter<'c>, a, b| rw.addi(a, b),
            finish: |_, value| value,
        };
        let ranks = Scan::create(rw, begins, dest(i64_ty), 0, i64_ty, code);
        let ranks = lowering::elementwise(rw, &[ranks], &[count], i64_ty, |rw, args| {
            rw.subi(args[0], rw.const_int(i64_ty, 1))
        });
        let inverse = Scatter::create(rw, dest(i64_ty), &[order], ranks, |_, _, new| new);
        results.push(match shape.len() {
            1 => inverse,
            _ => Reshape::create(rw, inverse, &shape),
        });
    }
    if has("counts") {
        results.push(run_lengths(rw, chosen.positions(rw, Unique::NAME), count));
    }
    let pairs = results.iter().zip(op.result_types());
    let results = pairs.map(|(&v, ty)| Ok(lowering::conform(rw, v, cx.convert(ty)?)));
    let results = results.collect::<Result<Vec<_>, NoMatch>>()?;
    rw.replace(op, &results);
    Ok(())
}

/// The type that elements in memory compare as: a bool is a byte there.
fn storage_dtype(dtype: DType) -> DType {
    match dtype {
        DType::Bool => DType::UInt(8),
        other => other,
    }
}

/// How far it is from each position to the next one, or to `end`.
fn run_lengths<'c>(rw: Rewriter<'c>, positions: Val<'c>, end: OpFold<'c>) -> Val<'c> {
    let i64_ty = rw.ctx().i(64);
    let runs = sizes::of(rw, positions, 0);
    let last = sizes::sub(rw, runs, OpFold::Static(1));
    let end = rw.index_cast(sizes::value(rw, end), i64_ty);
    lowering::elementwise(rw, &[positions], &[runs], i64_ty, |rw, args| {
        let i = rw.linalg_index(0);
        let last = sizes::value(rw, last);
        let next = rw.minsi(rw.addi(i, rw.const_index(1)), last);
        let next = rw.tensor_extract(positions, &[next]);
        let is_last = rw.cmpi(CmpI::Eq, i, last);
        rw.subi(rw.select(is_last, end, next), args[0])
    })
}
