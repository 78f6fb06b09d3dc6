//! `numpy.linalg_solve` and `numpy.linalg_lstsq`: systems of linear equations.

use npir_mlir::prelude::*;
use npir_tensor::{CheckKind, Routine, View};

use super::{
    Out, broadcast_stacks, check_square, common_stack, computed, library, matrices, operand,
    replace, result_dtype, scaled_size, square,
};
use crate::elementwise::dtype::DType;
use crate::lowering;
use crate::shape::{shape_placeholder, shape_text};
use crate::sizes::{self, Cond};
use crate::types::{AnyArray, RealArray, same_elements, verify_declared};

/// Solutions `x` of `a · x = b`
///
/// As in NumPy 2, a vector `b` is one right side, any other `b` a stack of matrices whose columns are right sides;
/// stacks broadcast. A singular matrix is an error.
#[op(
    "numpy.linalg_solve",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$a `,` $b attr-dict `:` type($a) `,` type($b) `->` type($result)"
)]
pub struct Solve {
    a: Operand<AnyArray>,
    b: Operand<AnyArray>,
    result: Output<AnyArray>,
}

impl InferTypes for Solve<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let (a, b) = (cx.operand_type(0)?, cx.operand_type(1)?);
        same_elements(a, b)?;
        let element = result_dtype(a)?.ty(cx.ctx);
        let (a, b) = (a.dims(), b.dims());
        let (a_stack, n) = square(&a)?;
        let (b_stack, rows, columns) = match b[..] {
            [rows] => (&[][..], rows, None),
            [ref stack @ .., rows, columns] => (stack, rows, Some(columns)),
            [] => return Err("needs a right side of at least one dimension".to_string()),
        };
        if n != DYNAMIC && rows != DYNAMIC && n != rows {
            return Err(mismatch(&shape_text(&a), &shape_text(&b)));
        }
        let mut dims = common_stack(a_stack, b_stack)?;
        dims.push(if n == DYNAMIC { rows } else { n });
        dims.extend(columns);
        Ok(vec![cx.ctx.tensor(&dims, element)])
    }
}

fn mismatch(a: &str, b: &str) -> String {
    format!("matrices of shape {a} do not fit right sides of shape {b}")
}

verify_declared!(Solve, LstSq);

/// The conversion of `solve` to the tensor level.
pub(super) fn lowering() -> ConversionPattern {
    ConversionPattern::new(Solve::NAME, |op, cx, rw| {
        let dtype = computed(result_dtype(op.operand(0).ty()).map_err(NoMatch::new)?);
        let a = operand(op, cx, rw, 0, dtype)?;
        let b = operand(op, cx, rw, 1, dtype)?;
        let is_vector = b.ty().rank() == 1;
        let (a_sizes, b_sizes) = (sizes::all_of(rw, a), sizes::all_of(rw, b));
        check_square(rw, Solve::NAME, &a_sizes);
        let b = if is_vector { column(rw, b) } else { b };
        let (a_stack, n, _) = matrices(&a_sizes).map_err(NoMatch::new)?;
        let column_sizes = sizes::all_of(rw, b);
        let (b_stack, rows, columns) = matrices(&column_sizes).map_err(NoMatch::new)?;
        check_rows(rw, Solve::NAME, n, rows, &a_sizes, &b_sizes);
        let stack = broadcast_stacks(rw, Solve::NAME, a_stack, b_stack);
        let square = [&stack[..], &[n, n]].concat();
        let right = [&stack[..], &[n, columns]].concat();
        let a = lowering::broadcast(rw, a, &square);
        let b = lowering::broadcast(rw, b, &right);
        let out = Out(right, dtype);
        let x = library(rw, Routine::Solve, Solve::NAME, &[a, b], &[out], &[])[0];
        let kept = x.ty().rank() - usize::from(is_vector);
        let x = match is_vector {
            true => lowering::pick_dims(rw, x, &(0..kept).collect::<Vec<_>>()),
            false => x,
        };
        replace(rw, op, cx, &[x])
    })
}

/// A vector as a matrix of one column.
fn column<'c>(rw: Rewriter<'c>, vector: Val<'c>) -> Val<'c> {
    lowering::insert_unit_dims(rw, vector, &[false, true])
}

/// Raises where right sides have not as many rows as the matrices.
fn check_rows<'c>(
    rw: Rewriter<'c>,
    name: &str,
    expected: OpFold<'c>,
    rows: OpFold<'c>,
    a: &[OpFold<'c>],
    b: &[OpFold<'c>],
) {
    let fits = sizes::equal(rw, expected, rows);
    let (left, right) = (shape_placeholder(a.len()), shape_placeholder(b.len()));
    let message = format!("{name}: {}", mismatch(&left, &right));
    let all: Vec<_> = a.iter().chain(b).copied().collect();
    sizes::check(rw, fits, CheckKind::ShapeMismatch, &message, &all);
}

/// Least-squares solutions of `a · x = b`
///
/// `x` of least norm that minimizes the distance of `a · x` from `b`, a vector or the columns of a matrix; the squared
/// distances, which are empty where the rank is below the number of columns or there are no more rows than columns;
/// the rank; the singular values. Singular values up to `rcond` (0-d, `f64`) times the largest one count as zero;
/// without it that is the precision of `float64`
/// times the larger size, and a negative one is that precision.
#[op(
    "numpy.linalg_lstsq",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$a `,` $b (`rcond` $rcond^)? attr-dict `:` functional-type(operands, results)"
)]
pub struct LstSq {
    a: Operand<AnyArray>,
    b: Operand<AnyArray>,
    rcond: OptionalOperand<RealArray>,
    x: Output<AnyArray>,
    residuals: Output<RealArray>,
    rank: Output<RealArray>,
    s: Output<RealArray>,
}

impl InferTypes for LstSq<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let ctx = cx.ctx;
        let (a, b) = (cx.operand_type(0)?, cx.operand_type(1)?);
        same_elements(a, b)?;
        if let Some(rcond) = cx.operands.get(2) {
            check_f64(rcond.ty(), 0, "rcond")?;
        }
        let dtype = result_dtype(a)?;
        let (a, b) = (a.dims(), b.dims());
        let [m, n] = a[..] else {
            return Err(format!(
                "{}-dimensional array given. Array must be two-dimensional",
                a.len()
            ));
        };
        if b.is_empty() || b.len() > 2 {
            return Err(format!(
                "needs one or two dimensions of right sides, not shape {}",
                shape_text(&b)
            ));
        }
        if m != DYNAMIC && b[0] != DYNAMIC && m != b[0] {
            return Err(mismatch(&shape_text(&a), &shape_text(&b)));
        }
        let x = [&[n], &b[1..]].concat();
        let s = match (m, n) {
            (DYNAMIC, _) | (_, DYNAMIC) => DYNAMIC,
            _ => m.min(n),
        };
        let real = dtype.part().ty(ctx);
        Ok(vec![
            ctx.tensor(&x, dtype.ty(ctx)),
            ctx.tensor(&[DYNAMIC], real),
            ctx.tensor(&[], ctx.i(32)),
            ctx.tensor(&[s], real),
        ])
    }
}

/// Checks that an operand is an `f64` array of at most `rank` dimensions.
///
/// # Errors
/// What it is instead.
pub(super) fn check_f64(ty: Type<'_>, rank: usize, what: &str) -> Result<(), String> {
    match DType::of(ty) {
        Some(DType::F64) if ty.rank() <= rank => Ok(()),
        _ => Err(format!(
            "needs a float64 array of at most {rank} dimensions as '{what}', not {ty}"
        )),
    }
}

/// The conversion of `lstsq` to the tensor level.
pub(super) fn lstsq_lowering() -> ConversionPattern {
    ConversionPattern::new(LstSq::NAME, |op, cx, rw| {
        let name = LstSq::NAME;
        let dtype = computed(result_dtype(op.operand(0).ty()).map_err(NoMatch::new)?);
        let a = operand(op, cx, rw, 0, dtype)?;
        let b = operand(op, cx, rw, 1, dtype)?;
        let is_vector = b.ty().rank() == 1;
        let (a_sizes, b_sizes) = (sizes::all_of(rw, a), sizes::all_of(rw, b));
        let [m, n] = a_sizes[..] else {
            return no_match("not a matrix");
        };
        check_rows(rw, name, m, b_sizes[0], &a_sizes, &b_sizes);
        let b = if is_vector { column(rw, b) } else { b };
        let columns = sizes::of(rw, b, 1);
        let rcond = match cx.operands.get(2) {
            Some(&rcond) => rcond,
            None => scaled_size(rw, m, n, f64::EPSILON),
        };
        let real = dtype.part();
        let outs = [
            Out(vec![n, columns], dtype),
            Out(vec![columns], real),
            Out(vec![], DType::Int(32)),
            Out(vec![sizes::min(rw, m, n)], real),
        ];
        let mut results = library(rw, Routine::LstSq, name, &[a, b, rcond], &outs, &[]);
        if is_vector {
            results[0] = lowering::pick_dims(rw, results[0], &[0]);
        }
        let rank = rw.index_cast(rw.tensor_extract(results[2], &[]), rw.ctx().index());
        let full = sizes::equal(rw, OpFold::Value(rank), n);
        let tall = sizes::compare(rw, CmpI::Sgt, m, n);
        let determined = Cond::and(full, rw, tall);
        let count = sizes::select(rw, determined, columns, OpFold::Static(0));
        let (zero, one) = (OpFold::Static(0), OpFold::Static(1));
        results[1] = View::create(rw, results[1], &[zero], &[count], &[one], &[0]);
        replace(rw, op, cx, &results)
    })
}
