//! Accumulators at the tensor level.

use npir_mlir::prelude::*;

use crate::elementwise::Body;
use crate::elementwise::dtype::DType;

/// How an accumulator of this type is held: a complex number as two real ones, which are summed
/// like any others.
pub(crate) struct Parts(pub DType);

impl Parts {
    /// The parts of a value.
    pub(crate) fn split<'c>(&self, rw: Rewriter<'c>, value: Val<'c>) -> Vec<Val<'c>> {
        let body = Body::new(rw, self.0);
        if self.0.is_complex() {
            vec![body.re(value), body.im(value)]
        } else {
            vec![value]
        }
    }

    /// The value whose parts `values` begin with, and the value that follows them.
    pub(crate) fn join<'c>(
        &self,
        rw: Rewriter<'c>,
        values: &[Val<'c>],
    ) -> (Val<'c>, Option<Val<'c>>) {
        if self.0.is_complex() {
            let value = Body::new(rw, self.0).complex(values[0], values[1]);
            (value, values.get(2).copied())
        } else {
            (values[0], values.get(1).copied())
        }
    }
}
