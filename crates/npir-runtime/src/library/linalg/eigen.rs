//! Eigenvalues and eigenvectors: `eigh`, `eigvalsh` of Hermitian matrices, `eig`, `eigvals` of any.

use faer::traits::ComplexField;
use faer::traits::math_utils::{abs, abs2, conj, mul_real};
use faer::{Mat, MatRef, Side};

use super::reduction::decompose;
use super::tridiagonal::eigenvalues;
use super::{Eigen, Field, cubic, dispatch, fill_rows, finiteness, hermitian, matrix, real, store};
use crate::library::{Call, Failure, on_threads};

/// `a` → eigenvalues in ascending order, eigenvectors as columns; parameter: whether the upper triangle is read. The
/// other one is not looked at.
pub(in crate::library) fn eigh(call: &Call) -> Result<(), Failure> {
    dispatch!(call.arrays[0], typed_hermitian(call, &[2, 1, 2]))
}

/// `a` → eigenvalues; otherwise as `eigh`.
pub(in crate::library) fn eigvalsh(call: &Call) -> Result<(), Failure> {
    dispatch!(call.arrays[0], typed_hermitian(call, &[2, 1]))
}

/// `a` → complex eigenvalues, eigenvectors as columns of length 1 whose largest element is real.
pub(in crate::library) fn eig(call: &Call) -> Result<(), Failure> {
    dispatch!(call.arrays[0], typed_general(call, &[2, 1, 2]))
}

/// `a` → complex eigenvalues.
pub(in crate::library) fn eigvals(call: &Call) -> Result<(), Failure> {
    dispatch!(call.arrays[0], typed_general(call, &[2, 1]))
}

/// Rows of eigenvectors that make a thread worth its while.
const ROWS: usize = 64;

pub(super) const NOT_CONVERGED: &str = "Eigenvalues did not converge";

fn not_converged<E>(_: E) -> Failure {
    Failure::lin_alg(NOT_CONVERGED)
}

/// Whether one triangle of a matrix is finite.
pub(super) fn triangle_is_finite<T: Field>(a: MatRef<'_, T>, side: Side) -> bool {
    (0..a.ncols()).all(|j| {
        let rows = match side {
            Side::Lower => j..a.nrows(),
            Side::Upper => 0..j + 1,
        };
        let (start, count) = (rows.start, rows.len());
        finiteness(a.submatrix(start, j, count, 1)).0
    })
}

fn typed_hermitian<T: Field>(call: &Call, ranks: &[usize]) -> Result<(), Failure> {
    let n = call.arrays[0].size(0);
    let side = if call.param(0) != 0 {
        Side::Upper
    } else {
        Side::Lower
    };
    call.for_each(ranks, 4 * cubic(n, n), |blocks| {
        let mut storage = Mat::new();
        let a = hermitian::<T>(&blocks[0], &mut storage);
        if !triangle_is_finite(a, side) {
            blocks[1].fill(|_, _| real::<T>(f64::NAN));
            if let Some(vectors) = blocks.get(2) {
                vectors.fill(|_, _| T::nan_impl());
            }
            return Ok(());
        }
        if n == 0 {
            return Ok(());
        }
        match blocks.get(2) {
            None => {
                let values = eigenvalues(a, side).ok_or_else(|| not_converged(()))?;
                blocks[1].fill(|i, _| real::<T>(values[i]));
            }
            Some(vectors) => {
                let found = decompose(a, side, &|| not_converged(()))?;
                blocks[1].fill(|i, _| real::<T>(found.values[found.order[i]]));
                on_threads(n, ROWS, |rows| {
                    fill_rows(vectors, rows, |i, j| found.vectors[(i, found.order[j])]);
                    Ok(())
                })?;
            }
        }
        Ok(())
    })
}

fn typed_general<T: Field>(call: &Call, ranks: &[usize]) -> Result<(), Failure> {
    let n = call.arrays[0].size(0);
    call.for_each(ranks, 20 * cubic(n, n), |blocks| {
        let mut storage = Mat::new();
        let a = matrix::<T>(&blocks[0], &mut storage);
        if !finiteness(a).0 {
            return Err(Failure::lin_alg("Array must not contain infs or NaNs"));
        }
        if n == 0 {
            return Ok(());
        }
        let (values, vectors): Eigen<T::Whole> =
            T::eigen(a, blocks.len() > 2).ok_or_else(|| Failure::lin_alg(NOT_CONVERGED))?;
        blocks[1].write(&values);
        if let (Some(mut vectors), Some(block)) = (vectors, blocks.get(2)) {
            for j in 0..n {
                normalize(&mut vectors, j);
            }
            store(block, vectors.as_ref());
        }
        Ok(())
    })
}

/// Scales a column to length 1, and turns it such that its largest element is real.
fn normalize<T: Field>(vectors: &mut Mat<T>, j: usize) {
    let column = vectors.col(j);
    let length = column.iter().map(|x| abs2(x).into()).sum::<f64>().sqrt();
    let size = |x: &T| -> f64 { abs2(x).into() };
    let largest = column
        .iter()
        .copied()
        .reduce(|a, b| if size(&b) > size(&a) { b } else { a });
    let Some(largest) = largest.filter(|_| length > 0.0) else {
        return;
    };
    let is_real: f64 = T::imag_part_impl(&largest).into();
    let turn = match is_real == 0.0 {
        true => T::one_impl(),
        false => mul_real(&conj(&largest), &T::Part::recip_impl(&abs(&largest))),
    };
    let scale = real::<T>(1.0 / length);
    for x in vectors.col_mut(j).iter_mut() {
        *x = mul_real(&(*x * turn), &scale);
    }
}
