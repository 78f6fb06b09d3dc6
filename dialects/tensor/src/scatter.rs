//! `tensor_ext.scatter`: updates at computed places, in order.

use npir_mlir::prelude::*;
use std::ops::Range;

use crate::nest;

/// A tensor with updates combined into computed places.
///
/// With `k` index tensors of one shape `S`, `updates` has the shape `S ++ dest.shape[k:]`. For
/// every `s` in `S`, in row-major order, `dest[idx_0[s], …, idx_{k-1}[s], t…]` becomes
/// `combine(dest[…], updates[s, t…])`; places may repeat. The indices have been checked: they are
/// within bounds and not negative, whatever the signedness of their type.
#[op(
    "tensor_ext.scatter",
    traits(SingleBlock),
    interfaces(Verify, InferTypes, Effects, DestinationStyle, Bufferize),
    assembly = "$updates `into` $dest `at` $indices attr-dict `:` type($updates) `into` type($dest) `at` type($indices) $combine"
)]
pub struct Scatter {
    updates: Operand<AnyTensor>,
    dest: Operand<AnyTensor>,
    indices: Variadic<AnyTensor>,
    combine: Region,
    result: Output<AnyTensor>,
}

impl<'c> Scatter<'c> {
    /// `dest` with `updates` combined at `indices`; `combine(old, new)` builds the new element.
    pub fn create(
        rw: Rewriter<'c>,
        dest: Val<'c>,
        indices: &[Val<'c>],
        updates: Val<'c>,
        combine: impl FnOnce(Rewriter<'c>, Val<'c>, Val<'c>) -> Val<'c>,
    ) -> Val<'c> {
        let element = dest.ty().element();
        let mut operands = vec![updates, dest];
        operands.extend_from_slice(indices);
        rw.op(Self::NAME)
            .operands(&operands)
            .results(&[dest.ty()])
            .region_with(&[element, element], |rw, args| {
                let new = combine(rw, args[0], args[1]);
                rw.op(crate::Yield::NAME).operands(&[new]).build();
            })
            .build_value()
    }
}

impl Verify for Scatter<'_> {
    fn verify(self) -> Result<(), String> {
        let (dest, updates) = (self.dest().ty(), self.updates().ty());
        let indices = self.indices();
        let k = indices.len();
        if k == 0 || k > dest.rank() {
            return Err(format!(
                "expects between 1 and {} index tensors, got {k}",
                dest.rank()
            ));
        }
        if updates.element() != dest.element() {
            return Err(format!(
                "expects updates of the destination's element type {}, got {}",
                dest.element(),
                updates.element()
            ));
        }
        let places = indices[0].ty().dims();
        for index in &indices {
            let ty = index.ty();
            let element = ty.element();
            if !(element.is_int() || element.is_index()) {
                return Err(format!("expects indices of an integer type, got {ty}"));
            }
            if !compatible(&ty.dims(), &places) {
                return Err("expects index tensors of one shape".into());
            }
        }
        let expected: Vec<i64> = places.iter().chain(&dest.dims()[k..]).copied().collect();
        if !compatible(&updates.dims(), &expected) {
            return Err(format!(
                "expects updates of the shape of the indices followed by the destination's \
                 dimensions from {k}, got {updates}"
            ));
        }
        let args = self.combine().entry().map(|b| b.args()).unwrap_or_default();
        if args.len() != 2 || args.iter().any(|a| a.ty() != dest.element()) {
            return Err(format!(
                "expects a region with two arguments of type {}",
                dest.element()
            ));
        }
        let yielded = self.combine().entry().and_then(|b| b.terminator_op());
        let types = yielded.map(|y| y.operand_types()).unwrap_or_default();
        if types != [dest.element()] {
            return Err(format!("expects to yield one {}", dest.element()));
        }
        Ok(())
    }
}

/// Whether two shapes may be equal at run time.
fn compatible(a: &[i64], b: &[i64]) -> bool {
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|(&a, &b)| a == b || a == DYNAMIC || b == DYNAMIC)
}

impl InferTypes for Scatter<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        Ok(vec![cx.operand_type(1)?])
    }
}

impl<'c> Effects<'c> for Scatter<'c> {
    fn effects(self) -> Vec<Effect<'c>> {
        Vec::new() // indices out of bounds are undefined: free of effects, not speculatable
    }
}

impl DestinationStyle for Scatter<'_> {
    fn inits(self) -> Range<usize> {
        1..2
    }
}

impl<'c> Bufferize<'c> for Scatter<'c> {
    fn reads(self, _operand: usize) -> bool {
        true
    }

    fn writes(self, operand: usize) -> bool {
        operand == 1
    }

    fn aliases(self, operand: usize) -> Vec<(usize, Relation)> {
        match operand {
            1 => vec![(0, Relation::Equivalent)],
            _ => vec![],
        }
    }

    fn bufferize(self, rw: Rewriter<'c>, cx: &BufferizeCx<'c>) -> Result<(), String> {
        let updates = cx.buffer(self.updates())?;
        let dest = cx.buffer(self.dest())?;
        let indices = self
            .indices()
            .into_iter()
            .map(|i| cx.buffer(i))
            .collect::<Result<Vec<_>, _>>()?;
        let combine = self.combine().entry().ok_or("expects a combine region")?;
        nest::scatter(rw, dest, &indices, updates, |rw, old, new| {
            rw.inline_clone(combine, &[old, new])
        });
        cx.replace(self.op(), &[dest]);
        Ok(())
    }
}
