//! Bins of one width: NumPy's rule for their edges, and for the bin of an element.

use npir_mlir::prelude::*;
use npir_tensor::{ASSOCIATIVE, CheckKind};

use super::{Binned, Parts, any_neighbours};
use crate::axes::flat;
use crate::cast;
use crate::elementwise::dtype::DType;
use crate::elementwise::{Body, Order};
use crate::linspace::Points;
use crate::lowering;
use crate::sizes::{self, Cond};
use crate::target_shape;

/// The type of the edges of bins for elements of this type.
pub(super) fn edge_dtype(dtype: DType) -> DType {
    match dtype {
        _ if dtype.is_float() => dtype,
        _ => DType::F64,
    }
}

/// Bins of one width.
pub(super) struct Uniform<'c> {
    /// The elements, in one dimension.
    x: Val<'c>,
    dtype: DType,
    edge: DType,
    /// The outer edges, of the edges' type.
    outer: [Val<'c>; 2],
    /// Their distance, in the type that elements are divided in.
    span: Val<'c>,
    divided: DType,
    bins: OpFold<'c>,
    pub(super) edges: Val<'c>,
    /// The same.
    points: Points<'c>,
}

/// The outer edges, before the edges between them are made.
struct Outer<'c> {
    /// In the type that edges are computed in.
    ends: [Val<'c>; 2],
    computed: DType,
    /// Their distance, as `computed`.
    span: Val<'c>,
    /// Whether there is no element that could tell.
    unknown: Cond<'c>,
}

impl<'c> Uniform<'c> {
    pub(super) fn of(
        op: Op<'c>,
        rw: Rewriter<'c>,
        parts: &Parts<Val<'c>>,
    ) -> Result<Self, NoMatch> {
        let dtype = match DType::of(op.operand(0).ty()) {
            // A bool is a byte below the numpy level, and NumPy's histogram takes it as one.
            Some(DType::Bool) => DType::UInt(8),
            Some(dtype) => dtype,
            None => return Err(NoMatch::new("not an array")),
        };
        let (name, edge) = (op.name(), edge_dtype(dtype));
        let one = OpFold::Static(1);
        let bins = OpFold::Value(parts.bins).simplify();
        let positive = sizes::compare(rw, CmpI::Sge, bins, one);
        let message = format!("{name}: `bins` must be positive, when an integer: {{}}");
        sizes::check(rw, positive, CheckKind::ValueError, &message, &[bins]);
        let count = sizes::add(rw, bins, one);
        target_shape::check_at_run_time(rw, name, &[count]);

        let x = flat(rw, parts.x);
        let outer = match parts.range {
            Some(range) => given(rw, name, range),
            None => detected(rw, name, x, dtype),
        };
        let Outer {
            ends,
            computed,
            span,
            unknown,
        } = outer;
        let body = Body::new(rw, computed);
        let finite = Cond::Value(is_finite(body, body.sub(ends[1], ends[0])));
        let message = format!("{name}: the range of the bins is too large");
        sizes::check(rw, finite, CheckKind::ValueError, &message, &[]);

        let points = Points::new(rw, computed, ends, count, false);
        let [zero_f64, one_f64] = [0, 1].map(|n| Body::new(rw, DType::F64).int(n));
        let units = Points::new(rw, DType::F64, [zero_f64, one_f64], count, false);
        let element = edge.storage_ty(rw.ctx());
        let edges = lowering::elementwise(rw, &[], &[count], element, |rw, _| {
            let i = rw.linalg_index(0);
            let value = cast::scalar(rw, points.at(rw, i), computed, edge);
            match unknown {
                // From 0 to 1 NumPy computes in float64.
                Cond::Value(unknown) if computed != DType::F64 => {
                    let unit = cast::scalar(rw, units.at(rw, i), DType::F64, edge);
                    rw.select(unknown, unit, value)
                }
                _ => value,
            }
        });
        let meet = any_neighbours(rw, edge, edges, Order::GreaterEqual);
        let apart = Cond::Value(rw.xori(meet, rw.const_bool(true)));
        let message =
            format!("{name}: Too many bins for data range. Cannot create {{}} finite-sized bins.");
        sizes::check(rw, apart, CheckKind::ValueError, &message, &[bins]);
        Ok(Uniform {
            x,
            dtype,
            edge,
            outer: ends.map(|end| cast::scalar(rw, end, computed, edge)),
            span,
            divided: computed,
            bins,
            edges,
            points,
        })
    }

    /// Two factors that bring distances from the first edge to numbers of bins. They need not be those that division
    /// gives: the edges put right what is one too high or too low.
    fn scales(&self, rw: Rewriter<'c>, bins: Val<'c>) -> [Val<'c>; 2] {
        let body = Body::new(rw, DType::F64);
        // Of a span that is very small the quotient would be infinite.
        let small = body.cmp(Order::Less, self.span, body.float(2f64.powi(-900)));
        let first = body.select(small, body.float(2f64.powi(900)), body.int(1));
        [first, body.div(bins, body.mul(self.span, first))]
    }

    /// Edges `place` and `place + 1`.
    fn around(&self, rw: Rewriter<'c>, place: Val<'c>) -> [Val<'c>; 2] {
        let next = rw.addi(place, rw.const_index(1));
        // Computed they are the same numbers, and cost less than two reads anywhere.
        [place, next].map(|i| match (self.divided, self.edge) {
            (DType::F64, DType::F64) => self.points.at_apart(rw, i),
            _ => rw.tensor_extract(self.edges, &[i]),
        })
    }

    /// The bin of each element: from its distance to the first edge, then put right by the edges around it.
    pub(super) fn places(self, rw: Rewriter<'c>) -> Binned<'c> {
        let (i64_ty, index) = (rw.ctx().i(64), rw.ctx().index());
        let count = sizes::of(rw, self.x, 0);
        let bins = rw.index_cast(sizes::value(rw, self.bins), i64_ty);
        let one = rw.const_int(i64_ty, 1);
        let last = rw.subi(bins, one);
        let [first, end] = self.outer;
        let number = cast::scalar(rw, bins, DType::Int(64), self.divided);
        let scales = (self.divided == DType::F64).then(|| self.scales(rw, number));
        let places = lowering::elementwise(rw, &[self.x], &[count], i64_ty, |rw, args| {
            let (edge, wide) = (Body::new(rw, self.edge), Body::new(rw, self.divided));
            let zero = rw.const_int(i64_ty, 0);
            let value = cast::scalar(rw, args[0], self.dtype, self.edge);
            let above = edge.cmp(Order::GreaterEqual, value, first);
            let inside = rw.andi(above, edge.cmp(Order::LessEqual, value, end));
            let distance = cast::scalar(rw, edge.sub(value, first), self.edge, self.divided);
            let at = match scales {
                Some([first, second]) => wide.mul(wide.mul(distance, first), second),
                None => wide.mul(wide.div(distance, self.span), number),
            };
            let at = cast::scalar(rw, at, self.divided, DType::Int(64));
            // What is in no bin is somewhere else: edges are read in bounds all the same.
            let at = rw.minsi(rw.maxsi(at, zero), last);
            let place = rw.index_cast(at, index);
            let [lower, upper] = self.around(rw, place);
            let too_high = edge.cmp(Order::Less, value, lower);
            let too_low = edge.cmp(Order::GreaterEqual, value, upper);
            let too_low = rw.andi(too_low, rw.cmpi(CmpI::Ne, at, last));
            let at = rw.select(too_low, rw.addi(at, one), at);
            let below = rw.maxsi(rw.subi(at, one), zero);
            let at = rw.select(too_high, below, at);
            rw.select(inside, at, bins)
        });
        Binned {
            places,
            bins: self.bins,
            edges: self.edges,
            edge: self.edge,
        }
    }
}

fn is_finite<'c>(body: Body<'c>, x: Val<'c>) -> Val<'c> {
    body.cmp(Order::Less, body.abs(x), body.float(f64::INFINITY))
}

/// Edges half below and above, where there is no distance between them.
fn apart<'c>(body: Body<'c>, [low, high]: [Val<'c>; 2], same: Val<'c>) -> [Val<'c>; 2] {
    let half = body.float(0.5);
    [
        body.select(same, body.sub(low, half), low),
        body.select(same, body.add(high, half), high),
    ]
}

/// The range that the program gives.
fn given<'c>(rw: Rewriter<'c>, name: &str, range: [Val<'c>; 2]) -> Outer<'c> {
    let body = Body::new(rw, DType::F64);
    let range = range.map(|bound| rw.tensor_extract(bound, &[]));
    let [low, high] = range;
    let falls = body.cmp(Order::Greater, low, high);
    let message = format!("{name}: max must be larger than min in range parameter.");
    let rises = Cond::Value(body.not(falls));
    sizes::check(rw, rises, CheckKind::ValueError, &message, &[]);
    let finite = Cond::Value(rw.andi(is_finite(body, low), is_finite(body, high)));
    let message = format!("{name}: supplied range is not finite");
    sizes::check(rw, finite, CheckKind::ValueError, &message, &[]);
    let ends = apart(body, range, body.cmp(Order::Equal, low, high));
    Outer {
        ends,
        computed: DType::F64,
        span: body.sub(ends[1], ends[0]),
        unknown: Cond::Known(false),
    }
}

/// The range of the elements; of none, from 0 to 1.
fn detected<'c>(rw: Rewriter<'c>, name: &str, x: Val<'c>, dtype: DType) -> Outer<'c> {
    let (zero, count) = (OpFold::Static(0), sizes::of(rw, x, 0));
    let unknown = sizes::equal(rw, count, zero);
    let own = Body::new(rw, dtype);
    let [low, high] = extremes(rw, x, dtype);
    let edge = edge_dtype(dtype);
    let body = Body::new(rw, edge);
    if dtype.is_float() {
        let finite = rw.andi(is_finite(own, low), is_finite(own, high));
        let fine = Cond::Value(finite).or(rw, unknown);
        let message = format!("{name}: autodetected range is not finite");
        sizes::check(rw, fine, CheckKind::ValueError, &message, &[]);
    }
    let same = own.cmp(Order::Equal, low, high);
    let ends = [low, high].map(|end| cast::scalar(rw, end, dtype, edge));
    let [low_end, high_end] = apart(body, ends, same);
    let none = unknown.value(rw);
    let ends = [
        body.select(none, body.int(0), low_end),
        body.select(none, body.int(1), high_end),
    ];
    let mut span = body.sub(ends[1], ends[0]);
    if let DType::Int(width) | DType::UInt(width) = dtype {
        // Exact where float64 is not.
        let exact = cast::scalar(rw, own.sub(high, low), DType::UInt(width), edge);
        span = body.select(rw.ori(same, none), span, exact);
    }
    Outer {
        ends,
        computed: edge,
        span,
        unknown,
    }
}

/// The least and the greatest element; NaN if there is one.
fn extremes<'c>(rw: Rewriter<'c>, x: Val<'c>, dtype: DType) -> [Val<'c>; 2] {
    let ctx = rw.ctx();
    let ty = dtype.storage_ty(ctx);
    let starts = [
        lowering::largest(rw, dtype, ty),
        lowering::smallest(rw, dtype, ty),
    ];
    let inits = starts.map(|start| lowering::filled(rw, &[], start));
    let out = lowering::map(ctx, 1, &[]);
    let maps = [lowering::identity_map(ctx, 1), out, out];
    let both = rw.linalg_generic(&[x], &inits, &maps, &[Iter::Reduction], |rw, args| {
        let body = Body::new(rw, dtype);
        vec![
            body.minimum(args[1], args[0]),
            body.maximum(args[2], args[0]),
        ]
    });
    both.set_attr(ASSOCIATIVE, ctx.unit_attr());
    [0, 1].map(|i| rw.tensor_extract(both.result_value(i), &[]))
}
