//! `numpy.linalg_cholesky`

use npir_mlir::prelude::*;
use npir_tensor::Routine;

use super::{Out, check_square, computed, library, operand, square};
use crate::lowering;
use crate::sizes;
use crate::types::{AnyArray, check_declared};

/// Cholesky factors of Hermitian positive definite matrices
///
/// `l` with `a = l · lᴴ`, lower triangular; with `upper` the upper triangular `u` with `a = uᴴ · u`. Only that triangle
/// of `a` is read. A matrix that is not positive definite is an error.
#[op(
    "numpy.linalg_cholesky",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "(`upper` $upper^)? $a attr-dict `:` type($a) `->` type($result)"
)]
pub struct Cholesky {
    a: Operand<AnyArray>,
    upper: UnitAttr,
    result: Output<AnyArray>,
}

impl InferTypes for Cholesky<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let a = cx.operand_type(0)?;
        let element = computed(a)?.ty(cx.ctx);
        let dims = a.dims();
        let (stack, n) = square(&dims)?;
        let dims: Vec<_> = stack.iter().copied().chain([n, n]).collect();
        Ok(vec![cx.ctx.tensor(&dims, element)])
    }
}

impl Verify for Cholesky<'_> {
    fn verify(self) -> Result<(), String> {
        check_declared(self.result().ty(), Self::infer(&InferCx::of(self.op()))?[0])
    }
}

/// Its conversion to the tensor level.
pub fn lowering() -> ConversionPattern {
    ConversionPattern::new(Cholesky::NAME, |op, cx, rw| {
        let dtype = computed(op.operand(0).ty()).map_err(NoMatch::new)?;
        let a = operand(op, cx, rw, 0, dtype)?;
        let sizes = sizes::all_of(rw, a);
        check_square(rw, Cholesky::NAME, &sizes);
        let upper = i64::from(op.attr("upper").is_some());
        let out = Out(sizes, dtype);
        let results = library(
            rw,
            Routine::Cholesky,
            Cholesky::NAME,
            &[a],
            &[out],
            &[upper],
        );
        lowering::replace(rw, op, cx, results[0])
    })
}
