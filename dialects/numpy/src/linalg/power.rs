//! `numpy.linalg_matrix_power`: integer powers of matrices.

use npir_mlir::prelude::*;

use super::{check_square, result_dtype, square};
use crate::cast;
use crate::compose;
use crate::elementwise::dtype::DType;
use crate::lowering;
use crate::sizes;
use crate::types::{AnyArray, verify_declared};

/// Integer powers of square matrices
///
/// By squaring and multiplying, in the element type of the matrix; integers wrap. Power 0 is the identity; a negative
/// power is that of the inverse, where integers become float64 and a singular matrix is an error.
#[op(
    "numpy.linalg_matrix_power",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$a `to` $n attr-dict `:` type($a) `->` type($result)"
)]
pub struct MatrixPower {
    a: Operand<AnyArray>,
    n: Attr<I64>,
    result: Output<AnyArray>,
}

impl InferTypes for MatrixPower<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let a = cx.operand_type(0)?;
        let n = cx
            .attr("n")
            .and_then(I64::decode)
            .ok_or("needs an exponent")?;
        let element = match n < 0 {
            true => result_dtype(a)?.ty(cx.ctx),
            false => a.element(),
        };
        let dims = a.dims();
        let (stack, size) = square(&dims)?;
        Ok(vec![
            cx.ctx.tensor(&[stack, &[size, size]].concat(), element),
        ])
    }
}

verify_declared!(MatrixPower);

/// Its conversion: products of matrices.
pub(super) fn lowering() -> ConversionPattern {
    ConversionPattern::new(MatrixPower::NAME, |op, cx, rw| {
        let Some(power) = MatrixPower::cast(op) else {
            return no_match("not a matrix power");
        };
        let n = power.n();
        let sizes = sizes::all_of(rw, cx.operands[0]);
        check_square(rw, MatrixPower::NAME, &sizes);
        if n == 0 {
            let dtype = DType::of(power.a().ty()).ok_or_else(|| NoMatch::new("not an array"))?;
            return lowering::replace(rw, op, cx, identity(rw, &sizes, dtype));
        }
        let mut square = power.a();
        if n < 0 {
            square = compose::op(rw, "numpy.linalg_inv", &[square], &[])?;
        }
        let product = |a, b| compose::op(rw, "numpy.matmul", &[a, b], &[]);
        if n.unsigned_abs() == 3 {
            let cube = product(product(square, square)?, square)?;
            return compose::replace(rw, op, cube);
        }
        let (mut result, mut rest) = (None, n.unsigned_abs());
        loop {
            if rest & 1 == 1 {
                result = Some(match result {
                    None => square,
                    Some(result) => product(result, square)?,
                });
            }
            rest >>= 1;
            if rest == 0 {
                break;
            }
            square = product(square, square)?;
        }
        compose::replace(rw, op, result.unwrap_or(square))
    })
}

/// Identity matrices.
fn identity<'c>(rw: Rewriter<'c>, sizes: &[OpFold<'c>], dtype: DType) -> Val<'c> {
    let element = dtype.storage_ty(rw.ctx());
    let rank = sizes.len();
    lowering::elementwise(rw, &[], sizes, element, |rw, _| {
        let diagonal = rw.cmpi(
            CmpI::Eq,
            rw.linalg_index(rank - 2),
            rw.linalg_index(rank - 1),
        );
        cast::scalar(rw, diagonal, DType::Bool, dtype)
    })
}
