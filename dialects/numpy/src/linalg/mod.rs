//! `numpy.linalg_*`: dense linear algebra on stacks of matrices, by the runtime's library.
//!
//! As in NumPy, the last two dimensions are the matrices and those before them a stack; integers and bools compute in
//! `float64`, 16-bit floats are refused. What is shared is here: element types, squareness, the library call.

pub mod cholesky;

use npir_mlir::prelude::*;
use npir_tensor::{CheckKind, Library, Routine};

use crate::cast;
use crate::elementwise::dtype::DType;
use crate::lowering;
use crate::shape::{shape_placeholder, shape_text};
use crate::sizes;

/// The ops.
pub fn ops() -> Vec<OpDef> {
    vec![cholesky::Cholesky::def()]
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![cholesky::lowering()]
}

/// The type that a matrix of this type is computed in.
///
/// # Errors
/// NumPy's message for a type that linear algebra does not take.
fn computed(array: Type<'_>) -> Result<DType, String> {
    match DType::of(array) {
        Some(dtype) if dtype.is_bool() || dtype.is_int() => Ok(DType::F64),
        Some(dtype) if !dtype.is_half() => Ok(dtype),
        Some(dtype) => Err(format!(
            "array type {} is unsupported in linalg",
            dtype.name()
        )),
        None => Err("not an array".to_string()),
    }
}

/// Splits the shape of a stack of matrices into the stack, rows and columns.
///
/// # Errors
/// NumPy's message where there are fewer than two dimensions.
fn matrices(dims: &[i64]) -> Result<(&[i64], i64, i64), String> {
    match dims {
        [stack @ .., rows, columns] => Ok((stack, *rows, *columns)),
        _ => Err(format!(
            "{}-dimensional array given. Array must be at least two-dimensional",
            dims.len()
        )),
    }
}

/// NumPy's message for matrices that are not square.
const NOT_SQUARE: &str = "Last 2 dimensions of the array must be square";

/// Checks that matrices are square as far as their type says, and gives stack and size.
///
/// # Errors
/// NumPy's messages.
fn square(dims: &[i64]) -> Result<(&[i64], i64), String> {
    let (stack, rows, columns) = matrices(dims)?;
    match (rows, columns) {
        (DYNAMIC, n) | (n, DYNAMIC) => Ok((stack, n)),
        (m, n) if m == n => Ok((stack, n)),
        _ => Err(format!(
            "{NOT_SQUARE}, but they have shape {}",
            shape_text(dims)
        )),
    }
}

/// Checks at run time that matrices are square.
fn check_square<'c>(rw: Rewriter<'c>, name: &str, sizes: &[OpFold<'c>]) {
    let [.., rows, columns] = *sizes else { return };
    let same = sizes::equal(rw, rows, columns);
    let message = format!(
        "{name}: {NOT_SQUARE}, but they have shape {}",
        shape_placeholder(sizes.len())
    );
    sizes::check(rw, same, CheckKind::ShapeMismatch, &message, sizes);
}

/// A converted operand with elements of `to`.
fn operand<'c>(
    op: Op<'c>,
    cx: &ConvertCx<'_, 'c>,
    rw: Rewriter<'c>,
    i: usize,
    to: DType,
) -> Result<Val<'c>, NoMatch> {
    let value = cx.operands[i];
    let from = DType::of(op.operand(i).ty()).ok_or_else(|| NoMatch::new("not an array"))?;
    if from == to {
        return Ok(value);
    }
    let sizes = sizes::all_of(rw, value);
    let element = to.storage_ty(rw.ctx());
    Ok(lowering::elementwise(
        rw,
        &[value],
        &sizes,
        element,
        |rw, args| cast::scalar(rw, args[0], from, to),
    ))
}

/// A new array that a routine fills: its sizes and element type.
struct Out<'c>(Vec<OpFold<'c>>, DType);

/// The results of a routine, in new arrays.
fn library<'c>(
    rw: Rewriter<'c>,
    routine: Routine,
    caller: &str,
    ins: &[Val<'c>],
    outs: &[Out<'c>],
    params: &[i64],
) -> Vec<Val<'c>> {
    let empty =
        |Out(sizes, dtype): &Out<'c>| lowering::empty(rw, sizes, dtype.storage_ty(rw.ctx()));
    let outs: Vec<_> = outs.iter().map(empty).collect();
    Library::create(rw, routine, caller, ins, &outs, params)
}
