//! Integer arrays as positions along a dimension: the bounds check in one pass over them, and the
//! wrap of negative ones.

use npir_mlir::prelude::*;
use npir_tensor::{ASSOCIATIVE, CheckKind};

use crate::arg_reduce;
use crate::elementwise::dtype::DType;
use crate::lowering;
use crate::sizes::{self, Cond};

/// An array of positions, in converted form.
#[derive(Clone, Copy)]
pub(crate) struct Positions<'c> {
    /// The array.
    pub(crate) array: Val<'c>,
    dtype: DType,
    /// Set where all positions are known to be in `0..bound`.
    bound: Option<OpFold<'c>>,
}

impl<'c> Positions<'c> {
    /// The positions that operand `i` of `op` lists.
    ///
    /// # Errors
    /// No match where it is no array.
    pub(crate) fn of_operand(
        op: Op<'c>,
        cx: &ConvertCx<'_, 'c>,
        rw: Rewriter<'c>,
        i: usize,
    ) -> Result<Self, NoMatch> {
        let (original, array) = (op.operand(i), cx.operand(i));
        let dtype = DType::of(original.ty()).ok_or_else(|| NoMatch::new("not an array"))?;
        let bound = arg_reduce::bound(rw, original, array);
        Ok(Self {
            array,
            dtype,
            bound,
        })
    }

    /// Positions, as `i64`, that are known to be in `0..bound`.
    pub(crate) fn known(array: Val<'c>, bound: OpFold<'c>) -> Self {
        Self {
            array,
            dtype: DType::Int(64),
            bound: Some(bound),
        }
    }

    /// The same positions in another arrangement.
    pub(crate) fn with_array(self, array: Val<'c>) -> Self {
        Self { array, ..self }
    }

    /// The same numbers as `i64`, seen under the shape `shape`.
    pub(crate) fn widened(self, rw: Rewriter<'c>, shape: &[OpFold<'c>]) -> Val<'c> {
        let array = lowering::broadcast(rw, self.array, shape);
        if matches!(self.dtype, DType::Int(64)) {
            return array;
        }
        let i64_ty = rw.ctx().i(64);
        lowering::elementwise(rw, &[array], shape, i64_ty, |rw, args| {
            self.as_i64(rw, args[0])
        })
    }

    /// The same positions, now known to be in `0..bound`.
    pub(crate) fn bounded(self, bound: OpFold<'c>) -> Self {
        Self {
            bound: Some(bound),
            ..self
        }
    }

    /// Raises an error at run time if a position is out of bounds for dimension `axis` of size `n`;
    /// it names one such position.
    pub(crate) fn check(self, rw: Rewriter<'c>, op_name: &str, axis: usize, n: OpFold<'c>) {
        if self.bound.is_some_and(|bound| fits_in(bound, n)) {
            return;
        }
        let (low, high) = self.range(rw);
        let least = sizes::sub(rw, OpFold::Static(0), n);
        let above = sizes::compare(rw, CmpI::Sge, low, least);
        let below = sizes::compare(rw, CmpI::Slt, high, n);
        let offender = sizes::select(rw, above, high, low);
        let inside: Cond<'c> = above.and(rw, below);
        let message =
            format!("{op_name}: index {{}} is out of bounds for axis {axis} with size {{}}");
        sizes::check(
            rw,
            inside,
            CheckKind::IndexOutOfBounds,
            &message,
            &[offender, n],
        );
    }

    /// The smallest and the largest position, but at most 0 and at least -1, which they are where
    /// none is listed.
    pub(crate) fn range(self, rw: Rewriter<'c>) -> (OpFold<'c>, OpFold<'c>) {
        let ctx = rw.ctx();
        let (rank, i64_ty) = (self.array.ty().rank(), ctx.i(64));
        let inits = [0, -1].map(|bound| {
            let bound = rw.const_int(i64_ty, bound);
            lowering::filled(rw, &[], bound)
        });
        let out = lowering::map(ctx, rank, &[]);
        let maps = [lowering::identity_map(ctx, rank), out, out];
        let iters = vec![Iter::Reduction; rank];
        let generic = rw.linalg_generic(&[self.array], &inits, &maps, &iters, |rw, args| {
            let value = self.as_i64(rw, args[0]);
            vec![rw.minsi(args[1], value), rw.maxsi(args[2], value)]
        });
        generic.set_attr(ASSOCIATIVE, ctx.unit_attr());
        let scalar = |i| {
            let scalar = rw.tensor_extract(generic.result_value(i), &[]);
            OpFold::Value(rw.index_cast(scalar, ctx.index()))
        };
        (scalar(0), scalar(1))
    }

    /// An element as an `i64`. Values that no `i64` holds become the largest one, which is out of
    /// bounds for every array.
    fn as_i64(self, rw: Rewriter<'c>, element: Val<'c>) -> Val<'c> {
        let i64_ty = rw.ctx().i(64);
        match self.dtype {
            DType::UInt(64) => {
                let most = rw.const_int(i64_ty, i64::MAX);
                rw.minui(element, most)
            }
            DType::Int(64) => element,
            DType::Int(_) => rw.extsi(element, i64_ty),
            _ => rw.extui(element, i64_ty),
        }
    }

    /// Whether no position is negative.
    fn is_natural(self) -> bool {
        self.dtype.is_unsigned() || self.bound.is_some()
    }

    /// The position that a checked element means along a dimension of size `n`, as an `index`.
    pub(crate) fn resolve(self, rw: Rewriter<'c>, element: Val<'c>, n: Val<'c>) -> Val<'c> {
        let index = rw.index_cast(self.as_i64(rw, element), rw.ctx().index());
        if self.is_natural() {
            return index;
        }
        let zero = rw.const_index(0);
        let negative = rw.cmpi(CmpI::Slt, index, zero);
        let from_end = rw.addi(index, n);
        rw.select(negative, from_end, index)
    }

    /// The checked positions seen under the shape `shape` and counted from the start of a dimension
    /// of size `n`: signless integers of which none is negative.
    pub(crate) fn resolve_all(
        self,
        rw: Rewriter<'c>,
        shape: &[OpFold<'c>],
        n: OpFold<'c>,
    ) -> Val<'c> {
        let array = lowering::broadcast(rw, self.array, shape);
        // Narrow unsigned ones would read as negative below this level.
        let as_they_are = match self.dtype {
            DType::UInt(width) => width == 64,
            _ => self.bound.is_some(),
        };
        if as_they_are {
            return array;
        }
        let i64_ty = rw.ctx().i(64);
        let n = sizes::value(rw, n);
        lowering::elementwise(rw, &[array], shape, i64_ty, |rw, args| {
            let index = self.resolve(rw, args[0], n);
            rw.index_cast(index, i64_ty)
        })
    }
}

/// Whether positions below `bound` are positions along a dimension of size `n`.
fn fits_in(bound: OpFold<'_>, n: OpFold<'_>) -> bool {
    match (bound, n) {
        (OpFold::Static(bound), OpFold::Static(n)) => bound <= n,
        _ => sizes::same(bound, n),
    }
}
