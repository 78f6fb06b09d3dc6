//! One op of all iterations in place of one op of each: over arrays with a leading axis, along which the iterations lie.

use npir_egraph::Fidelity;
use npir_mlir::prelude::*;

use crate::cast;
use crate::constant::Constant;
use crate::elementwise;
use crate::elementwise::dtype::DType;
use crate::full::Iota;
use crate::indexing::{Bound, Item, Items};
use crate::matmul::Matmul;
use crate::optimize::{Around, Numpy, Size, gives_value, result_type};
use crate::reduce;
use crate::scalar;
use crate::shape::{axis_mask, normalize_axis};
use crate::slice::Slice;
use crate::views::{self, BroadcastTo, ExpandDims, Flip, Squeeze, Transpose};

/// A value of the iterations.
#[derive(Clone, Copy)]
pub(super) enum Each<'c> {
    /// The same one in all of them.
    Same(Val<'c>),
    /// One array with theirs along its first axis.
    Own(Val<'c>),
}

/// How many iterations there are.
#[derive(Clone, Copy)]
pub(super) enum Trips<'c> {
    /// So many, at least one.
    Known(i64),
    /// As many as this `index` says; there may be none.
    Value(Val<'c>),
}

impl Trips<'_> {
    /// The size of the axis along which they lie.
    fn dim(self) -> i64 {
        match self {
            Trips::Known(n) => n,
            Trips::Value(_) => DYNAMIC,
        }
    }
}

/// Bytes that results of kernels may take together, and values that several ops use: a loop needs those of one iteration.
const MEMORY: i64 = 1 << 26;

/// They may be so many times as large as what all iterations result in.
const TIMES_RESULTS: i64 = 4;

/// Builds the ops, and takes them back where the loop turns out not to be one of independent iterations.
pub(super) struct Builder<'c> {
    rw: Rewriter<'c>,
    pub(super) trips: Trips<'c>,
    /// What is known of values of the program.
    pub(super) around: Around<'c>,
    fidelity: Fidelity,
    made: Vec<Op<'c>>,
    /// Bytes that may still be stored.
    room: i64,
}

/// Bytes of an array; 0 where that is not known, for each iteration then.
fn bytes_of(ty: Type<'_>) -> i64 {
    let bits = match DType::of(ty) {
        Some(dtype) if ty.is_tensor() && ty.has_static_shape() => i64::from(dtype.bits()),
        _ => return 0,
    };
    let dims = ty.dims();
    dims.iter().fold(bits, |n, &dim| n.saturating_mul(dim)) / 8
}

impl<'c> Builder<'c> {
    /// For so many iterations, which result in values of these types.
    pub(super) fn new(
        rw: Rewriter<'c>,
        trips: Trips<'c>,
        fidelity: Fidelity,
        results: &[Type<'c>],
    ) -> Self {
        let around = Around::new(Numpy::new(rw.ctx()));
        let results = results.iter().map(|ty| bytes_of(*ty));
        let results = results.fold(0, i64::saturating_add);
        Builder {
            rw,
            trips,
            around,
            fidelity,
            made: Vec::new(),
            room: MEMORY.max(results.saturating_mul(TIMES_RESULTS)),
        }
    }

    /// Takes back what was built.
    pub(super) fn undo(self) {
        for op in self.made.into_iter().rev() {
            self.rw.erase(op);
        }
    }

    pub(super) fn ctx(&self) -> &'c Context {
        self.rw.ctx()
    }

    /// An op whose result has a type that follows from its operands.
    pub(super) fn make(
        &mut self,
        op: &str,
        attrs: &[(&str, Attribute<'c>)],
        operands: &[Val<'c>],
    ) -> Option<Val<'c>> {
        let ctx = self.ctx();
        let types: Vec<_> = operands.iter().map(|value| value.ty()).collect();
        let ty = result_type(ctx, op, ctx.dict_attr(attrs), &types)?;
        Some(self.make_of_type(op, attrs, operands, ty))
    }

    fn make_of_type(
        &mut self,
        op: &str,
        attrs: &[(&str, Attribute<'c>)],
        operands: &[Val<'c>],
        ty: Type<'c>,
    ) -> Val<'c> {
        let builder = self.rw.op(op).operands(operands).results(&[ty]);
        let made = attrs
            .iter()
            .fold(builder, |builder, (name, value)| builder.attr(name, *value))
            .build();
        self.made.push(made);
        made.result_value(0)
    }

    /// An op as it is, with other operands.
    pub(super) fn copy(&mut self, op: Op<'c>, operands: &[Val<'c>]) -> Val<'c> {
        let copy = self.rw.clone_op(op);
        copy.set_operands(operands);
        self.made.push(copy);
        copy.result_value(0)
    }

    /// A 0-d array of an `i64`.
    pub(super) fn number(&mut self, n: i64) -> Val<'c> {
        let ctx = self.ctx();
        let ty = ctx.tensor(&[], ctx.i(64));
        let value = ctx.dense_splat(ty, ctx.i64_attr(n));
        self.make_of_type(Constant::NAME, &[("value", value)], &[], ty)
    }

    /// The number of iterations as a value, where only the run knows it.
    fn count(&self) -> Option<Val<'c>> {
        match self.trips {
            Trips::Known(_) => None,
            Trips::Value(count) => Some(count),
        }
    }

    /// The numbers first, first + 1, …, one for each iteration.
    pub(super) fn counting(&mut self, first: i64) -> Option<Val<'c>> {
        let (ctx, trips) = (self.ctx(), self.trips.dim());
        let shape = ctx.i64_array(&[trips]);
        let ty = ctx.tensor(&[trips], ctx.i(64));
        let sizes: Vec<_> = self.count().into_iter().collect();
        let counting = self.make_of_type(Iota::NAME, &[("shape", shape)], &sizes, ty);
        if first == 0 {
            return Some(counting);
        }
        let first = self.number(first);
        self.make("numpy.add", &[], &[counting, first])
    }

    /// `x` under a permutation of its axes.
    pub(super) fn transposed(&mut self, x: Val<'c>, order: &[usize]) -> Option<Val<'c>> {
        if order.iter().enumerate().all(|(i, &axis)| i == axis) {
            return Some(x);
        }
        let order: Vec<_> = order.iter().map(|&axis| axis as i64).collect();
        let order = self.ctx().i64_array(&order);
        self.make(Transpose::NAME, &[("axes", order)], &[x])
    }

    /// The value of each iteration along the first axis.
    pub(super) fn spread(&mut self, value: Each<'c>) -> Option<Val<'c>> {
        match value {
            Each::Own(value) => Some(value),
            Each::Same(value) => {
                let trips = self.trips.dim();
                let dims: Vec<_> = [trips].into_iter().chain(value.ty().dims()).collect();
                self.broadcast(value, &dims)
            }
        }
    }

    /// `x` repeated to a shape whose first axis is that of the iterations; sizes behind it that only the run knows are those
    /// of `x`.
    pub(super) fn broadcast(&mut self, x: Val<'c>, dims: &[i64]) -> Option<Val<'c>> {
        let own = x.ty().dims();
        if own == dims {
            return Some(x);
        }
        let mut operands = vec![x];
        for (axis, &dim) in dims.iter().enumerate() {
            match (axis, dim) {
                (0, DYNAMIC) => operands.push(self.count()?),
                (_, DYNAMIC) => {
                    let axis = (axis + own.len()).checked_sub(dims.len())?;
                    if own[axis] != DYNAMIC {
                        return None;
                    }
                    operands.push(self.size(x, axis));
                }
                _ => {}
            }
        }
        let shape = self.ctx().i64_array(dims);
        self.make(BroadcastTo::NAME, &[("shape", shape)], &operands)
    }

    /// The size of a dimension of `x` that only the run knows.
    fn size(&mut self, x: Val<'c>, axis: usize) -> Val<'c> {
        let size = self.rw.tensor_dim(x, axis);
        self.made.extend(size.defining_op());
        size
    }

    /// A value that broadcasts with those of `rank` dimensions in an iteration: new ones of size 1 come in front of its own.
    pub(super) fn aligned(&mut self, value: Each<'c>, rank: usize) -> Option<Val<'c>> {
        let Each::Own(value) = value else {
            let Each::Same(value) = value else {
                return None;
            };
            return Some(value);
        };
        let own = value.ty().rank() - 1;
        let new: Vec<_> = (1..=rank.checked_sub(own)? as i64).collect();
        if new.is_empty() {
            return Some(value);
        }
        let axes = self.ctx().i64_array(&new);
        self.make(ExpandDims::NAME, &[("axes", axes)], &[value])
    }

    /// Counts what must be stored; `None` where it is too much, or nobody knows how much each iteration adds.
    fn store(&mut self, value: Val<'c>) -> Option<Val<'c>> {
        if self.grows(value) {
            return None;
        }
        self.room = self.room.saturating_sub(bytes_of(value.ty()));
        (self.room >= 0).then_some(value)
    }

    /// Whether only the run knows how large the values of an array's iterations are.
    fn grows(&self, value: Val<'c>) -> bool {
        self.count().is_some() && value.ty().dims()[1..].contains(&DYNAMIC)
    }

    /// Whether an op without regions gives a value whatever its operands are.
    pub(super) fn cannot_fail(&mut self, op: Op<'c>) -> bool {
        if cannot_fail(op) {
            return true;
        }
        let facts: Vec<_> = op
            .operand_values()
            .into_iter()
            .map(|value| self.around.fact(value))
            .collect();
        self.count().is_some() && gives_value(op.name(), &facts.iter().collect::<Vec<_>>())
    }

    /// Whether `x` has the shape of `like`, or sizes that say whether it is repeated to that.
    pub(super) fn fits(&mut self, x: Val<'c>, like: Val<'c>) -> bool {
        let behind = |value: Val<'c>| {
            let (own, rank) = (value.ty().dims(), like.ty().rank());
            let first = usize::from(own.len() == rank);
            own[first..].contains(&DYNAMIC)
        };
        let known = !behind(x) && !behind(like);
        known || self.around.fact(x).same_shape(&self.around.fact(like))
    }

    /// Whether a dimension of an array has the size that an `index` says.
    pub(super) fn has_size(&mut self, x: Val<'c>, axis: usize, size: Val<'c>) -> bool {
        let size: Option<Size> = self.around.fact(size).size;
        size.is_some() && self.around.fact(x).sizes.get(axis).copied() == size
    }

    /// `op` of all iterations; at least one operand is their own. `None` where it is not known how.
    pub(super) fn of_all(&mut self, op: Op<'c>, operands: &[Each<'c>]) -> Option<Val<'c>> {
        let (name, ty) = (op.name(), op.result_value(0).ty());
        if !self.cannot_fail(op) {
            return None;
        }
        let trips = self.trips.dim();
        if elementwise::row(name).is_some() || name == cast::NAME {
            let own = operands.iter().map(|&value| self.aligned(value, ty.rank()));
            let own = own.collect::<Option<Vec<_>>>()?;
            let dims: Vec<_> = [trips].into_iter().chain(ty.dims()).collect();
            let ty = self.ctx().tensor(&dims, ty.element());
            let value = self.make_of_type(name, &op.attrs(), &own, ty);
            let counts = |each: &Each<'c>| match each {
                Each::Own(value) => value
                    .defining_op()
                    .is_some_and(|op| op.name() == Iota::NAME),
                Each::Same(_) => false,
            };
            // Labels beside the counter: sums by position take their place, which need no such array.
            let labels = name == "numpy.equal" && operands.iter().any(counts);
            return match op.result_value(0).uses().len() {
                0 | 1 => Some(value),
                _ if labels && self.grows(value) => Some(value),
                _ => self.store(value),
            };
        }
        if reduce::is_reduction(name) {
            let value = self.reduction(op, operands)?;
            return self.store(value);
        }
        match (name, operands) {
            ("numpy.argmin" | "numpy.argmax", &[Each::Own(x)]) => {
                let rank = x.ty().rank() - 1;
                let axis = match op.attr("axis").and_then(I64::decode) {
                    Some(axis) => normalize_axis(axis, rank).ok()?,
                    None if rank == 1 => 0,
                    None => return None,
                };
                let axis = self.ctx().i64_attr(axis as i64 + 1);
                let value = self.make(name, &with(op, "axis", axis), &[x])?;
                self.store(value)
            }
            (Matmul::NAME, &[a, b]) => {
                let grows = |each| matches!(each, Each::Own(value) if self.grows(value));
                if grows(a) || grows(b) {
                    return None;
                }
                let value = self.product(a, b)?;
                self.store(value)
            }
            (_, &[Each::Own(x)]) => self.view(op, x),
            _ => None,
        }
    }

    fn reduction(&mut self, op: Op<'c>, operands: &[Each<'c>]) -> Option<Val<'c>> {
        let segments = op.attr("operandSegmentSizes")?.as_int_array()?;
        let (&[1, chosen, 0], Some((&x, masks))) = (&segments[..], operands.split_first()) else {
            return None;
        };
        let element = DType::of(op.result_value(0).ty())?;
        let reorders = !element.is_int() && !element.is_bool();
        if reorders && self.fidelity == Fidelity::Exact {
            return None;
        }
        let x = self.spread(x)?;
        let rank = x.ty().rank() - 1;
        let axes = op.attr("axes").and_then(I64Array::decode);
        let mask = axis_mask(axes.as_deref(), rank).ok()?;
        let axes: Vec<_> = (0..rank).filter(|&axis| mask[axis]).collect();
        let axes: Vec<_> = axes.into_iter().map(|axis| axis as i64 + 1).collect();
        let axes = self.ctx().i64_array(&axes);
        let mut own = vec![x];
        if chosen == 1 {
            own.push(self.aligned(*masks.first()?, rank)?);
        }
        self.make(op.name(), &with(op, "axes", axes), &own)
    }

    /// Products of vectors and matrices, of which one may be the same in all iterations.
    fn product(&mut self, a: Each<'c>, b: Each<'c>) -> Option<Val<'c>> {
        let rank = |value| match value {
            Each::Same(value) => value.ty().rank(),
            Each::Own(value) => value.ty().rank() - 1,
        };
        if self.fidelity == Fidelity::Exact {
            return None;
        }
        match (a, rank(a), b, rank(b)) {
            // Vectors are the rows of a matrix.
            (Each::Own(a), 1, Each::Same(b), 1 | 2) => self.make(Matmul::NAME, &[], &[a, b]),
            (Each::Same(a), 2, Each::Own(b), 1) => {
                let a = self.transposed(a, &[1, 0])?;
                self.make(Matmul::NAME, &[], &[b, a])
            }
            (Each::Same(a), 1, Each::Own(b), 1) => self.make(Matmul::NAME, &[], &[b, a]),
            (Each::Own(a), 2, Each::Same(b), 2) => self.make(Matmul::NAME, &[], &[a, b]),
            (Each::Same(a), 2, Each::Own(b), 2) => self.make(Matmul::NAME, &[], &[a, b]),
            (Each::Own(a), 2, Each::Own(b), 2) => self.make(Matmul::NAME, &[], &[a, b]),
            _ => None,
        }
    }

    fn view(&mut self, op: Op<'c>, x: Val<'c>) -> Option<Val<'c>> {
        let ctx = self.ctx();
        let rank = x.ty().rank() - 1;
        let behind = |axes: Vec<usize>| -> Vec<i64> {
            axes.into_iter().map(|axis| axis as i64 + 1).collect()
        };
        let named = op.attr("axes").and_then(I64Array::decode);
        let listed = |mask: Vec<bool>| (0..mask.len()).filter(|&axis| mask[axis]).collect();
        match op.name() {
            Transpose::NAME => {
                let order = views::permutation(named.as_deref(), rank).ok()?;
                let order = [vec![0], behind(order)].concat();
                self.make(op.name(), &[("axes", ctx.i64_array(&order))], &[x])
            }
            ExpandDims::NAME => {
                let new = listed(views::expanded(&named?, rank).ok()?);
                self.make(op.name(), &[("axes", ctx.i64_array(&behind(new)))], &[x])
            }
            Squeeze::NAME => {
                let gone = listed(views::squeezed(named.as_deref(), &x.ty().dims()[1..]).ok()?);
                self.make(op.name(), &[("axes", ctx.i64_array(&behind(gone)))], &[x])
            }
            Flip::NAME => {
                let axes = listed(axis_mask(named.as_deref(), rank).ok()?);
                self.make(op.name(), &[("axes", ctx.i64_array(&behind(axes)))], &[x])
            }
            name @ (BroadcastTo::NAME | crate::reshape::Reshape::NAME) => {
                let dims = op.result_value(0).ty().dims();
                let shape: Vec<_> = [self.trips.dim()].into_iter().chain(dims).collect();
                if name == BroadcastTo::NAME {
                    let x = self.aligned(Each::Own(x), shape.len() - 1)?;
                    return self.broadcast(x, &shape);
                }
                let operands: Vec<_> = [x].into_iter().chain(self.count()).collect();
                self.make(name, &[("shape", ctx.i64_array(&shape))], &operands)
            }
            Slice::NAME => {
                let items = op.attr("items").and_then(Items::decode)?;
                let items: Vec<_> = [Item::ALL].into_iter().chain(items).collect();
                self.make(op.name(), &[("items", Items::encode(ctx, &items))], &[x])
            }
            _ => None,
        }
    }
}

/// The attributes of an op with another value for one.
fn with<'c>(op: Op<'c>, name: &'static str, value: Attribute<'c>) -> Vec<(&'c str, Attribute<'c>)> {
    let others = op.attrs().into_iter().filter(|(own, _)| *own != name);
    others.chain([(name, value)]).collect()
}

/// Whether an op without regions gives a value whatever its operands are: it may be computed where the program might not
/// have come. Its arrays have sizes that are known.
pub(super) fn cannot_fail(op: Op<'_>) -> bool {
    let fixed = |ty: &Type<'_>| !ty.is_tensor() || ty.has_static_shape();
    if !op.operand_types().iter().all(fixed) || !op.result_types().iter().all(fixed) {
        return false;
    }
    let name = op.name();
    if let Some(row) = elementwise::row(name) {
        return row.guard.is_none();
    }
    if reduce::is_reduction(name) || matches!(name, "numpy.argmin" | "numpy.argmax") {
        let has_elements = !op.operand(0).ty().dims().contains(&0);
        return has_elements || reduce::is_reduction(name) && !reduce::needs_elements(name);
    }
    let known_bounds = || {
        let items = op.attr("items").and_then(Items::decode);
        let bounds = items.iter().flatten().flat_map(Item::bounds);
        let mut bounds = bounds.filter(|&bound| bound == Bound::Operand);
        items.is_some() && bounds.next().is_none()
    };
    match name {
        Slice::NAME => known_bounds(),
        name => {
            [
                cast::NAME,
                Constant::NAME,
                Matmul::NAME,
                Transpose::NAME,
                ExpandDims::NAME,
                Squeeze::NAME,
                Flip::NAME,
                BroadcastTo::NAME,
                crate::reshape::Reshape::NAME,
                crate::full::Full::NAME,
                crate::full::Iota::NAME,
                scalar::FromScalar::NAME,
                scalar::Item::NAME,
            ]
            .contains(&name)
                || matches!(name, "arith.constant" | "arith.index_cast")
        }
    }
}
