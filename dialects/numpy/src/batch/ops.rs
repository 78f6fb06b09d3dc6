//! One op of all iterations in place of one op of each: over arrays with a leading axis, along which the iterations lie.

use npir_egraph::Fidelity;
use npir_mlir::prelude::*;

use crate::cast;
use crate::constant::Constant;
use crate::elementwise;
use crate::elementwise::dtype::DType;
use crate::indexing::{Bound, Item, Items};
use crate::matmul::Matmul;
use crate::optimize::result_type;
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

/// Bytes that results of kernels may take together, and values that several ops use: a loop needs those of one iteration.
const MEMORY: i64 = 1 << 26;

/// They may be so many times as large as what all iterations result in.
const TIMES_RESULTS: i64 = 4;

/// Builds the ops, and takes them back where the loop turns out not to be one of independent iterations.
pub(super) struct Builder<'c> {
    rw: Rewriter<'c>,
    /// How many iterations there are, at least one.
    pub(super) trips: i64,
    fidelity: Fidelity,
    made: Vec<Op<'c>>,
    /// Bytes that may still be stored.
    room: i64,
}

/// Bytes of an array; 0 where that is not known.
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
        trips: i64,
        fidelity: Fidelity,
        results: &[Type<'c>],
    ) -> Self {
        let results = results.iter().map(|ty| bytes_of(*ty));
        let results = results.fold(0, i64::saturating_add);
        Builder {
            rw,
            trips,
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

    /// The numbers first, first + 1, …, one for each iteration.
    pub(super) fn counting(&mut self, first: i64) -> Option<Val<'c>> {
        let ctx = self.ctx();
        let shape = ctx.i64_array(&[self.trips]);
        let ty = ctx.tensor(&[self.trips], ctx.i(64));
        let counting = self.make_of_type(crate::full::Iota::NAME, &[("shape", shape)], &[], ty);
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
                let dims: Vec<_> = [self.trips].into_iter().chain(value.ty().dims()).collect();
                self.broadcast(value, &dims)
            }
        }
    }

    pub(super) fn broadcast(&mut self, x: Val<'c>, dims: &[i64]) -> Option<Val<'c>> {
        if x.ty().dims() == dims {
            return Some(x);
        }
        let shape = self.ctx().i64_array(dims);
        self.make(BroadcastTo::NAME, &[("shape", shape)], &[x])
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

    /// Counts what must be stored; `None` where it is too much.
    fn store(&mut self, value: Val<'c>) -> Option<Val<'c>> {
        self.room = self.room.saturating_sub(bytes_of(value.ty()));
        (self.room >= 0).then_some(value)
    }

    /// `op` of all iterations; at least one operand is their own. `None` where it is not known how.
    pub(super) fn of_all(&mut self, op: Op<'c>, operands: &[Each<'c>]) -> Option<Val<'c>> {
        let (name, ty) = (op.name(), op.result_value(0).ty());
        if !cannot_fail(op) {
            return None;
        }
        if elementwise::row(name).is_some() || name == cast::NAME {
            let own = operands.iter().map(|&value| self.aligned(value, ty.rank()));
            let own = own.collect::<Option<Vec<_>>>()?;
            let dims: Vec<_> = [self.trips].into_iter().chain(ty.dims()).collect();
            let ty = self.ctx().tensor(&dims, ty.element());
            let value = self.make_of_type(name, &op.attrs(), &own, ty);
            return match op.result_value(0).uses().len() {
                0 | 1 => Some(value),
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
                let shape: Vec<_> = [self.trips].into_iter().chain(dims).collect();
                let x = match name == BroadcastTo::NAME {
                    true => self.aligned(Each::Own(x), shape.len() - 1)?,
                    false => x,
                };
                self.make(name, &[("shape", ctx.i64_array(&shape))], &[x])
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
