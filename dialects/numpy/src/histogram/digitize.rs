//! `numpy.digitize`: in which bin each element is.

use npir_mlir::prelude::*;
use npir_tensor::{CheckKind, Library, Reshape, Routine, View};

use super::any_neighbours;
use crate::axes::flat;
use crate::elementwise::dtype::{Classes, DType};
use crate::elementwise::{Body, Order};
use crate::lowering;
use crate::shape::shape_text;
use crate::sizes::{self, Cond};
use crate::types::{AnyArray, RealArray, element_name, verify_declared};

/// In which bin each element is, as `i64`, for a vector of edges that rises or falls
///
/// The number of edges before the element: bin `i` contains its edge `i - 1`, on the left of rising edges, and with
/// `right` the other one. Edges that neither rise nor fall are an error.
#[op(
    "numpy.digitize",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x `,` $bins (`right` $right^)? attr-dict `:` type($x) `,` type($bins) `->` type($result)"
)]
pub struct Digitize {
    x: Operand<RealArray>,
    bins: Operand<RealArray>,
    right: UnitAttr,
    result: Output<AnyArray>,
}

verify_declared!(Digitize);

impl InferTypes for Digitize<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let (x, bins) = (cx.operand_type(0)?, cx.operand_type(1)?);
        if bins.rank() != 1 {
            let shape = shape_text(&bins.dims());
            return Err(format!("needs a vector of edges, not shape {shape}"));
        }
        let numbers = DType::of(x).is_some_and(|d| Classes::NUMBER.contains(d.class()));
        if bins.element() != x.element() || !numbers {
            return Err(format!(
                "sorts {} elements into bins between {} edges; cast both to one type of integers or floats first",
                element_name(x),
                element_name(bins)
            ));
        }
        Ok(vec![cx.ctx.tensor(&x.dims(), cx.ctx.i(64))])
    }
}

/// Whether edges rise, as `i1`; NumPy asks the first two that differ, and a NaN is not greater.
fn rises<'c>(rw: Rewriter<'c>, dtype: DType, edges: Val<'c>) -> Val<'c> {
    let ctx = rw.ctx();
    let n = sizes::of(rw, edges, 0);
    let some = sizes::compare(rw, CmpI::Sgt, n, OpFold::Static(1)).value(rw);
    // The first edge that differs from edge 0, or edge 0.
    let index = ctx.index();
    let n = sizes::value(rw, n);
    let rises = |rw: Rewriter<'c>| {
        let (zero, one) = (rw.const_index(0), rw.const_index(1));
        let first = rw.tensor_extract(edges, &[zero]);
        let at = rw.scf_while(
            &[one],
            &[index],
            |rw, args| {
                let inside = rw.cmpi(CmpI::Slt, args[0], n);
                let at = rw.select(inside, args[0], zero);
                let edge = rw.tensor_extract(edges, &[at]);
                let equal = Body::new(rw, dtype).cmp(Order::Equal, edge, first);
                (rw.andi(inside, equal), vec![args[0]])
            },
            |rw, args| vec![rw.addi(args[0], one)],
        )[0];
        let inside = rw.cmpi(CmpI::Slt, at, n);
        let at = rw.select(inside, at, zero);
        let edge = rw.tensor_extract(edges, &[at]);
        let less = Body::new(rw, dtype).cmp(Order::Less, first, edge);
        let alike = rw.xori(inside, rw.const_bool(true));
        vec![rw.ori(alike, less)]
    };
    rw.scf_if(some, &[ctx.i(1)], rises, |rw| vec![rw.const_bool(true)])[0]
}

/// As a search in the edges, backwards where they fall.
pub(super) fn lower<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let Some(dtype) = DType::of(op.operand(0).ty()) else {
        return no_match("not an array");
    };
    let (edges, i64_ty) = (cx.operand(1), rw.ctx().i(64));
    let rises = rises(rw, dtype, edges);
    let [up, down] = [Order::Less, Order::Greater].map(|o| any_neighbours(rw, dtype, edges, o));
    let turns = rw.select(rises, down, up);
    let steady = Cond::Value(rw.xori(turns, rw.const_bool(true)));
    let message = format!(
        "{}: bins must be monotonically increasing or decreasing",
        Digitize::NAME
    );
    sizes::check(rw, steady, CheckKind::ValueError, &message, &[]);

    let (zero, one) = (OpFold::Static(0), OpFold::Static(1));
    let n = sizes::of(rw, edges, 0);
    let top = sizes::sub(rw, n, one);
    let top = sizes::max(rw, top, zero);
    let rising = Cond::Value(rises);
    let offset = sizes::select(rw, rising, zero, top);
    let step = sizes::select(rw, rising, one, OpFold::Static(-1));
    let sorted = View::create(rw, edges, &[offset], &[n], &[step], &[0]);
    let shape = sizes::all_of(rw, cx.operand(0));
    let values = flat(rw, cx.operand(0));
    let count = sizes::of(rw, values, 0);
    let dest = lowering::empty(rw, &[count], i64_ty);
    let right = op.attr("right").is_some();
    let params = [i64::from(dtype.is_unsigned()), i64::from(!right)];
    let ins = [sorted, values];
    let before = Library::create(
        rw,
        Routine::Searchsorted,
        Digitize::NAME,
        &ins,
        &[dest],
        &params,
    )[0];
    let n = rw.index_cast(sizes::value(rw, n), i64_ty);
    let mut bins = lowering::elementwise(rw, &[before], &[count], i64_ty, |rw, args| {
        rw.select(rises, args[0], rw.subi(n, args[0]))
    });
    if shape.len() != 1 {
        bins = Reshape::create(rw, bins, &shape);
    }
    lowering::replace(rw, op, cx, bins)
}
