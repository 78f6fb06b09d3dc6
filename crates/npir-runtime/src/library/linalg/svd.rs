//! What is computed by a singular value decomposition: `svd`, `singular_values`, `pinv`, `matrix_rank`, `lstsq`.

use std::cmp::Ordering;

use faer::linalg::solvers::Svd;
use faer::traits::ComplexField;
use faer::traits::math_utils::{abs, abs2, conj, mul_real, zero};
use faer::{Mat, MatRef, Side};

use super::eigen::{self, triangle_is_finite};
use super::{
    Block, Field, bidiagonal, cubic, dispatch, finiteness, hermitian, matrix, real, reduction,
    store, tridiagonal,
};
use crate::library::{Call, Failure};

/// `a` → `u`, `s`, `vᴴ`: full or thin, as the sizes of `u` and `vᴴ` say.
pub(in crate::library) fn svd(call: &Call) -> Result<(), Failure> {
    dispatch!(call.arrays[0], typed_svd(call))
}

/// `a` → `s`.
pub(in crate::library) fn singular_values(call: &Call) -> Result<(), Failure> {
    dispatch!(call.arrays[0], typed_values(call))
}

/// `a`, cutoff relative to the largest singular value → pseudo-inverse; parameter: whether the matrix is Hermitian, of
/// which the lower triangle is read.
pub(in crate::library) fn pinv(call: &Call) -> Result<(), Failure> {
    dispatch!(call.arrays[0], typed_pinv(call))
}

/// `a`, tolerance → how many singular values are larger; parameters: whether the tolerance is relative to the largest,
/// whether the matrix is Hermitian, of which the lower triangle is read.
pub(in crate::library) fn matrix_rank(call: &Call) -> Result<(), Failure> {
    dispatch!(call.arrays[0], typed_rank(call))
}

/// `a`, `b`, cutoff relative to the largest singular value → `x` of least norm that minimizes `‖b - a x‖`, squared
/// distances of the columns, rank, singular values.
pub(in crate::library) fn lstsq(call: &Call) -> Result<(), Failure> {
    dispatch!(call.arrays[0], typed_lstsq(call))
}

const NOT_CONVERGED: &str = "SVD did not converge";

/// NaN is an error, as in NumPy; `None` where an infinity makes everything NaN.
fn decompose<T: Field>(a: MatRef<'_, T>, thin: bool, why: &str) -> Result<Option<Svd<T>>, Failure> {
    match finiteness(a) {
        (true, _) => {
            let svd = if thin { Svd::new_thin(a) } else { Svd::new(a) };
            svd.map(Some).map_err(|_| Failure::lin_alg(why))
        }
        (false, true) => Err(Failure::lin_alg(why)),
        (false, false) => Ok(None),
    }
}

/// The singular values of a matrix, as [`decompose`].
fn values<T: Field>(a: MatRef<'_, T>) -> Result<Vec<T::Part>, Failure> {
    match finiteness(a) {
        (true, _) => {
            let values = bidiagonal::singular_values(a);
            let values = values.ok_or_else(|| Failure::lin_alg(NOT_CONVERGED))?;
            Ok(values.into_iter().map(real::<T>).collect())
        }
        (false, true) => Err(Failure::lin_alg(NOT_CONVERGED)),
        (false, false) => Ok(vec![real::<T>(f64::NAN); a.nrows().min(a.ncols())]),
    }
}

/// The singular values of a decomposition.
fn diagonal<T: Field>(svd: &Svd<T>) -> Vec<T::Part> {
    let s = svd.S().column_vector();
    s.iter().map(|x| T::real_part_impl(x)).collect()
}

fn typed_svd<T: Field>(call: &Call) -> Result<(), Failure> {
    let (m, n) = (call.arrays[0].size(1), call.arrays[0].size(0));
    call.for_each(&[2, 2, 1, 2], 10 * cubic(m, n), |blocks| {
        let [a, u, s, vh] = blocks else {
            return Err(Failure::contract("svd fills three arrays"));
        };
        let mut storage = Mat::new();
        let a = matrix::<T>(a, &mut storage);
        if m == 0 || n == 0 {
            store(u, Mat::<T>::identity(u.size(0), u.size(1)).as_ref());
            store(vh, Mat::<T>::identity(vh.size(0), vh.size(1)).as_ref());
            return Ok(());
        }
        let thin = u.size(1) == m.min(n) && vh.size(0) == m.min(n);
        match decompose(a, thin, NOT_CONVERGED)? {
            Some(svd) => {
                store(u, svd.U());
                s.write(&diagonal(&svd));
                let v = svd.V();
                vh.fill(|i, j| conj(&v[(j, i)]));
            }
            None => {
                u.fill(|_, _| T::nan_impl());
                s.fill(|_, _| real::<T>(f64::NAN));
                vh.fill(|_, _| T::nan_impl());
            }
        }
        Ok(())
    })
}

fn typed_values<T: Field>(call: &Call) -> Result<(), Failure> {
    let (m, n) = (call.arrays[0].size(1), call.arrays[0].size(0));
    call.for_each(&[2, 1], 4 * cubic(m, n), |blocks| {
        if m > 0 && n > 0 {
            let mut storage = Mat::new();
            blocks[1].write(&values(matrix::<T>(&blocks[0], &mut storage))?);
        }
        Ok(())
    })
}

fn typed_rank<T: Field>(call: &Call) -> Result<(), Failure> {
    let (m, n) = (call.arrays[0].size(1), call.arrays[0].size(0));
    let (relative, is_hermitian) = (call.param(0) != 0, call.param(1) != 0);
    call.for_each(&[2, 0, 0], 4 * cubic(m, n), |blocks| {
        let mut storage = Mat::new();
        let values = match (m > 0 && n > 0, is_hermitian) {
            (false, _) => vec![],
            (_, false) => values(matrix::<T>(&blocks[0], &mut storage))?,
            (_, true) => sizes_of_eigenvalues(hermitian::<T>(&blocks[0], &mut storage))?,
        };
        let tolerance = cutoff::<T>(blocks[1].at(0, 0), if relative { &values } else { &[] });
        let rank = values.iter().filter(|s| **s > tolerance).count();
        blocks[2].fill(|_, _| rank as i64);
        Ok(())
    })
}

/// A number, times the largest singular value if there is one; in the precision of the elements.
fn cutoff<T: Field>(factor: f64, values: &[T::Part]) -> T::Part {
    let largest = values.first().map_or(1.0, |s| (*s).into());
    real::<T>(factor * largest)
}

fn typed_pinv<T: Field>(call: &Call) -> Result<(), Failure> {
    let (m, n) = (call.arrays[0].size(1), call.arrays[0].size(0));
    let is_hermitian = call.param(0) != 0;
    call.for_each(&[2, 0, 2], 12 * cubic(m, n), |blocks| {
        let mut storage = Mat::new();
        if m == 0 || n == 0 {
            return Ok(());
        }
        if is_hermitian {
            let a = hermitian::<T>(&blocks[0], &mut storage);
            return hermitian_pinv(a, blocks[1].at(0, 0), &blocks[2]);
        }
        let a = matrix::<T>(&blocks[0], &mut storage);
        match decompose(a, true, NOT_CONVERGED)? {
            Some(svd) => {
                let values = diagonal(&svd);
                let cutoff = cutoff::<T>(blocks[1].at(0, 0), &values);
                let scaled = scaled_rows(svd.U(), &values, cutoff);
                store(&blocks[2], (svd.V() * scaled).as_ref());
            }
            None => blocks[2].fill(|_, _| T::nan_impl()),
        }
        Ok(())
    })
}

/// Absolute values of the eigenvalues of a Hermitian matrix, in descending order; NaN where it is not finite.
fn sizes_of_eigenvalues<T: Field>(a: MatRef<'_, T>) -> Result<Vec<T::Part>, Failure> {
    if !triangle_is_finite(a, Side::Lower) {
        return Ok(vec![real::<T>(f64::NAN); a.nrows()]);
    }
    let values = tridiagonal::eigenvalues(a, Side::Lower);
    let mut values = values.ok_or_else(|| Failure::lin_alg(eigen::NOT_CONVERGED))?;
    values.iter_mut().for_each(|x| *x = x.abs());
    values.sort_unstable_by(|a, b| b.total_cmp(a));
    Ok(values.into_iter().map(real::<T>).collect())
}

/// The pseudo-inverse of a Hermitian matrix: `v w⁻¹ vᴴ`, where eigenvalues that are not above the cutoff count as
/// infinite.
fn hermitian_pinv<T: Field>(a: MatRef<'_, T>, factor: f64, out: &Block) -> Result<(), Failure> {
    if !triangle_is_finite(a, Side::Lower) {
        out.fill(|_, _| T::nan_impl());
        return Ok(());
    }
    let found = reduction::decompose(a, Side::Lower, &|| Failure::lin_alg(eigen::NOT_CONVERGED))?;
    let values: Vec<_> = found.values.into_iter().map(real::<T>).collect();
    let mut sizes: Vec<_> = values.iter().map(abs).collect();
    sizes.sort_unstable_by(|a, b| b.partial_cmp(a).unwrap_or(Ordering::Equal));
    let cutoff = cutoff::<T>(factor, &sizes);
    let v = found.vectors;
    let scaled = Mat::from_fn(values.len(), v.nrows(), |i, j| {
        match abs(&values[i]) > cutoff {
            true => mul_real(&conj(&v[(j, i)]), &T::Part::recip_impl(&values[i])),
            false => zero::<T>(),
        }
    });
    store(out, (v * scaled).as_ref());
    Ok(())
}

/// `s⁻¹ uᴴ`, where singular values that are not above the cutoff count as infinite.
fn scaled_rows<T: Field>(u: MatRef<'_, T>, values: &[T::Part], cutoff: T::Part) -> Mat<T> {
    Mat::from_fn(values.len(), u.nrows(), |i, j| match values[i] > cutoff {
        true => mul_real(&conj(&u[(j, i)]), &T::Part::recip_impl(&values[i])),
        false => zero::<T>(),
    })
}

fn typed_lstsq<T: Field>(call: &Call) -> Result<(), Failure> {
    let (m, n) = (call.arrays[0].size(1), call.arrays[0].size(0));
    let why = "SVD did not converge in Linear Least Squares";
    call.for_each(&[2, 2, 0, 2, 1, 0, 1], 12 * cubic(m, n), |blocks| {
        let [a, b, cut, x, residuals, rank, s] = blocks else {
            return Err(Failure::contract("lstsq fills four arrays"));
        };
        let (mut left, mut right) = (Mat::new(), Mat::new());
        let a = matrix::<T>(a, &mut left);
        let b = matrix::<T>(b, &mut right);
        let (mut solution, mut found) = (Mat::zeros(n, b.ncols()), 0);
        if m > 0 && n > 0 {
            let Some(svd) = decompose(a, true, why)? else {
                return Err(Failure::lin_alg(why));
            };
            let values = diagonal(&svd);
            // As in LAPACK, a negative number stands for the precision.
            let factor = Some(cut.at(0, 0))
                .filter(|f| *f >= 0.0)
                .unwrap_or(f64::EPSILON);
            let cutoff = cutoff::<T>(factor, &values);
            found = values.iter().filter(|s| **s > cutoff).count();
            solution = svd.V() * (scaled_rows(svd.U(), &values, cutoff) * b);
            s.write(&values);
        }
        store(x, solution.as_ref());
        let rest = b - a * &solution;
        residuals.fill(|j, _| {
            let sum = rest.col(j).iter().map(|x| abs2(x).into()).sum::<f64>();
            real::<T>(sum)
        });
        rank.fill(|_, _| found as i32);
        Ok(())
    })
}
