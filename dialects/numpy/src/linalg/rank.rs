//! `numpy.linalg_pinv` and `numpy.linalg_matrix_rank`: what is decided by singular values above a tolerance.

use npir_mlir::prelude::*;
use npir_tensor::Routine;

use super::solve::check_f64;
use super::{
    Out, broadcast_stacks, check_square, common_stack, computed, epsilon, library, matrices,
    operand, reduction, replace, result_dtype, scaled_size, square,
};
use crate::compose;
use crate::elementwise::dtype::DType;
use crate::lowering;
use crate::sizes;
use crate::types::{AnyArray, RealArray, verify_declared};

/// NumPy's relative cutoff of the pseudo-inverse.
const RCOND: f64 = 1e-15;

/// Moore-Penrose pseudo-inverses
///
/// Singular values up to `rcond` times the largest one of their matrix count as zero. `rcond` is an `f64` array that
/// broadcasts with the stack; without it that is 1e-15. With `hermitian` matrices are square, only their lower triangles
/// are read, and a matrix that is not finite gives NaN.
#[op(
    "numpy.linalg_pinv",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "(`hermitian` $hermitian^)? $a (`rcond` $rcond^)? attr-dict `:` functional-type(operands, results)"
)]
pub struct PInv {
    a: Operand<AnyArray>,
    rcond: OptionalOperand<RealArray>,
    hermitian: UnitAttr,
    result: Output<AnyArray>,
}

/// The stack of a matrix and of the number in operand 1, if there is one.
fn stack_with_number(cx: &InferCx<'_>, what: &str) -> Result<(Vec<i64>, i64, i64), String> {
    let dims = cx.operand_type(0)?.dims();
    let (stack, m, n) = matrices(&dims)?;
    if cx.attr("hermitian").is_some() {
        square(&dims)?;
    }
    let stack = match cx.operands.get(1) {
        Some(number) => {
            check_f64(number.ty(), usize::MAX, what)?;
            common_stack(stack, &number.ty().dims())?
        }
        None => stack.to_vec(),
    };
    Ok((stack, m, n))
}

impl InferTypes for PInv<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let element = result_dtype(cx.operand_type(0)?)?.ty(cx.ctx);
        let (mut dims, m, n) = stack_with_number(cx, "rcond")?;
        dims.extend([n, m]);
        Ok(vec![cx.ctx.tensor(&dims, element)])
    }
}

verify_declared!(PInv, MatrixRank);

/// A matrix and a number for each, seen under one stack, which comes with them.
fn together<'c>(
    rw: Rewriter<'c>,
    name: &str,
    a: Val<'c>,
    number: Val<'c>,
) -> Result<(Val<'c>, Val<'c>, Vec<OpFold<'c>>), NoMatch> {
    let sizes = sizes::all_of(rw, a);
    let (stack, m, n) = matrices(&sizes).map_err(NoMatch::new)?;
    let stack = broadcast_stacks(rw, name, stack, &sizes::all_of(rw, number));
    let a = lowering::broadcast(rw, a, &[&stack[..], &[m, n]].concat());
    Ok((a, lowering::broadcast(rw, number, &stack), stack))
}

/// The parameter of the routines that says whether matrices are Hermitian; then they are checked to be square.
fn hermitian<'c>(op: Op<'c>, rw: Rewriter<'c>, name: &str, sizes: &[OpFold<'c>]) -> i64 {
    let is_hermitian = op.attr("hermitian").is_some();
    if is_hermitian {
        check_square(rw, name, sizes);
    }
    i64::from(is_hermitian)
}

/// The conversion of `pinv` to the tensor level.
pub(super) fn pinv_lowering() -> ConversionPattern {
    ConversionPattern::new(PInv::NAME, |op, cx, rw| {
        let dtype = computed(result_dtype(op.operand(0).ty()).map_err(NoMatch::new)?);
        let a = operand(op, cx, rw, 0, dtype)?;
        let rcond = match cx.operands.get(1) {
            Some(&rcond) => rcond,
            None => compose::float(rw, DType::F64, RCOND),
        };
        let (a, rcond, mut sizes) = together(rw, PInv::NAME, a, rcond)?;
        let own = sizes::all_of(rw, a);
        let (_, m, n) = matrices(&own).map_err(NoMatch::new)?;
        let params = [hermitian(op, rw, PInv::NAME, &own)];
        sizes.extend([n, m]);
        let out = Out(sizes, dtype);
        let results = library(rw, Routine::PInv, PInv::NAME, &[a, rcond], &[out], &params);
        replace(rw, op, cx, &results)
    })
}

/// Ranks of matrices
///
/// The number of singular values above a tolerance, an `f64` array that broadcasts with the stack: `tol` itself, or
/// with `relative` `tol` times the largest singular value. Without `tol` it is relative, the precision times the larger
/// size. With `hermitian` matrices are square, and only their lower triangles are read: absolute values of eigenvalues are
/// counted. An array of fewer than two dimensions has rank 1, or 0 if all its elements are zero.
#[op(
    "numpy.linalg_matrix_rank",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "(`relative` $relative^)? (`hermitian` $hermitian^)? $a (`tol` $tol^)? attr-dict `:` functional-type(operands, results)"
)]
pub struct MatrixRank {
    a: Operand<AnyArray>,
    tol: OptionalOperand<RealArray>,
    relative: UnitAttr,
    hermitian: UnitAttr,
    result: Output<RealArray>,
}

impl InferTypes for MatrixRank<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let a = cx.operand_type(0)?;
        result_dtype(a)?;
        let stack = match a.rank() {
            0 | 1 => vec![],
            _ => stack_with_number(cx, "tol")?.0,
        };
        Ok(vec![cx.ctx.tensor(&stack, cx.ctx.i(64))])
    }
}

/// The conversion of `matrix_rank` to the tensor level.
pub(super) fn lowering() -> ConversionPattern {
    ConversionPattern::new(MatrixRank::NAME, |op, cx, rw| {
        let name = MatrixRank::NAME;
        if op.operand(0).ty().rank() < 2 {
            let any = reduction(rw, "numpy.any", op.operand(0), None, false)?;
            return compose::replace(rw, op, compose::cast(rw, any, DType::Int(64)));
        }
        let result = result_dtype(op.operand(0).ty()).map_err(NoMatch::new)?;
        let a = operand(op, cx, rw, 0, computed(result))?;
        let own = sizes::all_of(rw, a);
        let (_, m, n) = matrices(&own).map_err(NoMatch::new)?;
        let (tol, relative) = match cx.operands.get(1) {
            Some(&tol) => (tol, op.attr("relative").is_some()),
            None => (scaled_size(rw, m, n, epsilon(result)), true),
        };
        let (a, tol, stack) = together(rw, name, a, tol)?;
        let out = Out(stack, DType::Int(64));
        let params = [i64::from(relative), hermitian(op, rw, name, &own)];
        let results = library(rw, Routine::MatrixRank, name, &[a, tol], &[out], &params);
        replace(rw, op, cx, &results)
    })
}
