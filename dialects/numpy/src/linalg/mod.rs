//! `numpy.linalg_*`: dense linear algebra on stacks of matrices, by the runtime's library.
//!
//! As in NumPy, the last two dimensions are the matrices and those before them a stack; everything is computed in
//! `float64` or `complex128`, and results are rounded to the type of the input, integers and bools counting as
//! `float64`. 16-bit floats are refused. What is shared is here: element types, squareness, stacks, the library call.

mod decompositions;
mod norms;
mod power;
mod rank;
mod solve;

use npir_mlir::prelude::*;
use npir_tensor::{CheckKind, Library, Routine};

use crate::cast;
use crate::compose;
use crate::elementwise::broadcast::broadcast_shapes;
use crate::elementwise::dtype::DType;
use crate::lowering;
use crate::shape::{shape_placeholder, shape_text};
use crate::sizes;

pub use norms::{Cond, Norm, NormKind};
pub use power::MatrixPower;
pub use rank::{MatrixRank, PInv};
pub use solve::{LstSq, Solve};

/// The ops.
pub fn ops() -> Vec<OpDef> {
    let mut ops = decompositions::ops();
    ops.extend([
        Cond::def(),
        LstSq::def(),
        MatrixPower::def(),
        MatrixRank::def(),
        Norm::def(),
        PInv::def(),
        Solve::def(),
    ]);
    ops
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    let mut patterns = decompositions::lowerings();
    patterns.extend([
        norms::lowering(),
        norms::cond_lowering(),
        power::lowering(),
        rank::pinv_lowering(),
        rank::lowering(),
        solve::lowering(),
        solve::lstsq_lowering(),
    ]);
    patterns
}

/// The type of the results for a matrix of this type.
///
/// # Errors
/// NumPy's message for a type that linear algebra does not take.
fn result_dtype(array: Type<'_>) -> Result<DType, String> {
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

/// The type that a result is computed in: as in NumPy, one of double precision.
fn computed(result: DType) -> DType {
    match result.is_complex() {
        true => DType::C128,
        false => DType::F64,
    }
}

/// Splits the shape of a stack of matrices into the stack, rows and columns.
///
/// # Errors
/// NumPy's message where there are fewer than two dimensions.
fn matrices<T: Copy>(shape: &[T]) -> Result<(&[T], T, T), String> {
    match shape {
        [stack @ .., rows, columns] => Ok((stack, *rows, *columns)),
        _ => Err(format!(
            "{}-dimensional array given. Array must be at least two-dimensional",
            shape.len()
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
    sizes::check(rw, same, CheckKind::LinAlg, &message, sizes);
}

/// The shape that stacks have together.
///
/// # Errors
/// Which shapes do not broadcast.
fn common_stack(a: &[i64], b: &[i64]) -> Result<Vec<i64>, String> {
    broadcast_shapes(&[a.to_vec(), b.to_vec()])
}

/// The run-time form of [`common_stack`]; raises where they do not broadcast.
fn broadcast_stacks<'c>(
    rw: Rewriter<'c>,
    name: &str,
    a: &[OpFold<'c>],
    b: &[OpFold<'c>],
) -> Vec<OpFold<'c>> {
    let rank = a.len().max(b.len());
    let own =
        |sizes: &[OpFold<'c>], d: usize| (d + sizes.len()).checked_sub(rank).map(|i| sizes[i]);
    let message = format!(
        "{name}: the stacks {} and {} do not broadcast",
        shape_placeholder(a.len()),
        shape_placeholder(b.len())
    );
    let all: Vec<_> = a.iter().chain(b).copied().collect();
    let size = |d: usize| match (own(a, d), own(b, d)) {
        (Some(a), Some(b)) => {
            let (size, fits) = lowering::broadcast_size(rw, a, b);
            sizes::check(rw, fits, CheckKind::ShapeMismatch, &message, &all);
            size
        }
        (Some(size), None) | (None, Some(size)) => size,
        (None, None) => OpFold::Static(1),
    };
    (0..rank).map(size).collect()
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
    let cast = |rw, args: &[Val<'c>]| cast::scalar(rw, args[0], from, to);
    Ok(lowering::elementwise(rw, &[value], &sizes, element, cast))
}

/// `factor` times the larger of two sizes, as a 0-d array of `f64`.
fn scaled_size<'c>(rw: Rewriter<'c>, m: OpFold<'c>, n: OpFold<'c>, factor: f64) -> Val<'c> {
    let f64 = rw.ctx().f64();
    let size = match sizes::max(rw, m, n) {
        OpFold::Static(size) => rw.const_float(f64, size as f64),
        OpFold::Value(size) => rw.sitofp(rw.index_cast(size, rw.ctx().i(64)), f64),
    };
    let scaled = rw.mulf(size, rw.const_float(f64, factor));
    rw.tensor_from_elements(&[scaled], rw.ctx().tensor(&[], f64))
}

/// The distance from 1 to the next number.
fn epsilon(dtype: DType) -> f64 {
    match dtype.part() {
        DType::F32 => f64::from(f32::EPSILON),
        _ => f64::EPSILON,
    }
}

/// The reduction `name` of `x` over axes, all without.
///
/// # Errors
/// As [`compose::op`].
fn reduction<'c>(
    rw: Rewriter<'c>,
    name: &str,
    x: Val<'c>,
    axes: Option<&[i64]>,
    keepdims: bool,
) -> Result<Val<'c>, NoMatch> {
    let ctx = rw.ctx();
    let mut attrs = vec![("operandSegmentSizes", ctx.i32_array(&[1, 0, 0]))];
    attrs.extend(axes.map(|axes| ("axes", ctx.i64_array(axes))));
    if keepdims {
        attrs.push(("keepdims", ctx.unit_attr()));
    }
    compose::op(rw, name, &[x], &attrs)
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
    let outs: Vec<_> = outs
        .iter()
        .map(|Out(sizes, dtype)| lowering::empty(rw, sizes, dtype.storage_ty(rw.ctx())))
        .collect();
    Library::create(rw, routine, caller, ins, &outs, params)
}

/// Replaces an op by arrays that were computed in double precision.
fn replace<'c>(rw: Rewriter<'c>, op: Op<'c>, cx: &ConvertCx<'_, 'c>, values: &[Val<'c>]) -> Match {
    let mut results = Vec::new();
    for (&value, declared) in values.iter().zip(op.result_types()) {
        let ty = cx.convert(declared)?;
        let (Some(from), Some(to)) = (DType::of(value.ty()), DType::of(declared)) else {
            return no_match("not an array");
        };
        let value = match from == to {
            true => value,
            false => {
                let sizes = sizes::all_of(rw, value);
                lowering::elementwise(rw, &[value], &sizes, ty.element(), |rw, args| {
                    cast::scalar(rw, args[0], from, to)
                })
            }
        };
        results.push(lowering::conform(rw, value, ty));
    }
    rw.replace(op, &results);
    Ok(())
}
