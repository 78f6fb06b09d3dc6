//! Hermitian matrices: their reduction to three diagonals by Householder reflections, and their eigenvectors.

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::tridiag::{tridiag_in_place, tridiag_in_place_scratch};
use faer::linalg::evd::{
    ComputeEigenvectors, SelfAdjointEvdParams, self_adjoint_evd, self_adjoint_evd_scratch,
};
use faer::linalg::householder::{
    apply_block_householder_sequence_on_the_left_in_place_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj,
};
use faer::linalg::qr::no_pivoting::factor::recommended_block_size;
use faer::traits::ComplexField;
use faer::traits::math_utils::{abs, conj, mul_real, one, zero};
use faer::{Auto, Conj, Mat, MatMut, MatRef, Par, Side};

use super::divide::{Decomposition, Rows, columns, of_tridiagonal, on_parts};
use super::{Field, balance, multiply, scale};
use crate::library::Failure;

/// Columns that reflections are applied to at a time, at least.
const COLUMNS: usize = 32;

/// Rows of a matrix that faer decomposes as a whole.
const SMALL: usize = 32;

/// A matrix of three diagonals, and the reflections that lead to it.
pub(super) struct Reduced<T> {
    /// The diagonal and the one below it; below that the reflections.
    matrix: Mat<T>,
    /// The coefficients of some reflections at a time.
    coefficients: Mat<T>,
    /// What the matrix was multiplied with before.
    pub(super) factor: f64,
}

impl<T: Field> Reduced<T> {
    /// Reduces a matrix of finite numbers, of which the lower triangle is read; `block` is how many reflections will be
    /// applied at a time.
    pub(super) fn new(lower: MatRef<'_, T>, block: usize) -> Self {
        let n = lower.nrows();
        let mut matrix = Mat::<T>::zeros(n, n);
        matrix.copy_from_triangular_lower(lower);
        let factor = balance(matrix.as_ref());
        multiply(matrix.as_mut(), factor);
        let mut coefficients = Mat::zeros(block, n.saturating_sub(1));
        let scratch = tridiag_in_place_scratch::<T>(n, Par::Seq, Default::default());
        let mut memory = MemBuffer::new(scratch);
        tridiag_in_place(
            matrix.as_mut(),
            coefficients.as_mut(),
            Par::Seq,
            MemStack::new(&mut memory),
            Default::default(),
        );
        Self {
            matrix,
            coefficients,
            factor,
        }
    }

    /// The numbers on the diagonal.
    pub(super) fn diagonal(&self) -> Vec<f64> {
        let rows = 0..self.matrix.nrows();
        rows.map(|i| T::real_part_impl(&self.matrix[(i, i)]).into())
            .collect()
    }

    /// The numbers below the diagonal.
    pub(super) fn beside(&self) -> Vec<T> {
        let rows = 1..self.matrix.nrows();
        rows.map(|i| self.matrix[(i, i - 1)]).collect()
    }

    /// Vectors for the matrix as it was, from vectors for the reduced one.
    fn reflect(&self, vectors: MatMut<'_, T>) {
        let rest = self.matrix.nrows() - 1;
        if rest == 0 {
            return;
        }
        let block = self.coefficients.nrows();
        let scratch = apply_block_householder_sequence_on_the_left_in_place_scratch::<T>(
            rest,
            block,
            vectors.ncols(),
        );
        let mut memory = MemBuffer::new(scratch);
        apply_block_householder_sequence_on_the_left_in_place_with_conj(
            self.matrix.as_ref().submatrix(1, 0, rest, rest),
            self.coefficients.as_ref(),
            Conj::No,
            vectors.subrows_mut(1, rest),
            Par::Seq,
            MemStack::new(&mut memory),
        );
    }
}

/// The largest size of a number in the lower triangle.
fn lower_max<T: Field>(lower: MatRef<'_, T>) -> f64 {
    let n = lower.nrows();
    let columns = (0..n).map(|j| lower.submatrix(j, j, n - j, 1).norm_max().into());
    columns.fold(0.0, f64::max)
}

/// As [`of_lower`]; neither squares nor inverses of the numbers are out of range.
fn small<T: Field>(lower: MatRef<'_, T>) -> Option<Decomposition<T>> {
    let n = lower.nrows();
    let mut values = Diag::<T>::zeros(n);
    let mut vectors = Mat::zeros(n, n);
    let params = <SelfAdjointEvdParams as Auto<T>>::auto();
    let scratch =
        self_adjoint_evd_scratch::<T>(n, ComputeEigenvectors::Yes, Par::Seq, params.into());
    let mut memory = MemBuffer::new(scratch);
    self_adjoint_evd(
        lower,
        values.as_mut(),
        Some(vectors.as_mut()),
        Par::Seq,
        MemStack::new(&mut memory),
        params.into(),
    )
    .ok()?;
    let values = values.column_vector().iter();
    Some(Decomposition {
        values: values.map(|x| T::real_part_impl(x).into()).collect(),
        vectors,
        order: (0..n).collect(),
    })
}

/// Decomposes a matrix of finite numbers that is not empty, of which one triangle is read, on the threads of the pool.
///
/// # Errors
/// `not_converged` if some eigenvalue is not found.
pub(super) fn decompose<T: Field>(
    a: MatRef<'_, T>,
    side: Side,
    not_converged: &(impl Fn() -> Failure + Sync),
) -> Result<Decomposition<T>, Failure> {
    if side == Side::Lower {
        return of_lower(a, not_converged);
    }
    let mut found = of_lower(a.transpose(), not_converged)?;
    if !T::IS_REAL {
        // The transpose is the conjugate.
        for column in found.vectors.col_iter_mut() {
            column.iter_mut().for_each(|x| *x = conj(x));
        }
    }
    Ok(found)
}

fn of_lower<T: Field>(
    lower: MatRef<'_, T>,
    not_converged: &(impl Fn() -> Failure + Sync),
) -> Result<Decomposition<T>, Failure> {
    let n = lower.nrows();
    if n <= SMALL && scale(lower_max(lower)) == 1.0 {
        return small(lower).ok_or_else(not_converged);
    }
    let reduced = Reduced::new(lower, recommended_block_size::<T>(n, n));
    let beside = reduced.beside();
    let size = |x: &T| match T::IS_REAL {
        true => T::real_part_impl(x).into(),
        false => abs(x).into(),
    };
    let e = beside.iter().map(size).collect();
    let Decomposition {
        mut values,
        vectors,
        order,
    } = of_tridiagonal(reduced.diagonal(), e, Rows::All, not_converged)?;
    values.iter_mut().for_each(|x| *x /= reduced.factor);
    // Rows times these make complex numbers beside the diagonal real.
    let mut turns = vec![one::<T>()];
    for x in beside {
        let (before, length) = (turns[turns.len() - 1], abs(&x));
        turns.push(match length == zero() {
            true => one(),
            false => mul_real(&(x * before), &T::Part::recip_impl(&length)),
        });
    }
    let mut vectors = T::turned(vectors, |i| turns[i]);
    // An even number of parts, such that two threads have the same to do.
    let count = n.div_ceil(2 * n.div_ceil(2 * COLUMNS).max(1));
    on_parts(columns(vectors.as_mut(), count), |(_, part)| {
        reduced.reflect(part);
        Ok(())
    })?;
    Ok(Decomposition {
        values,
        vectors,
        order,
    })
}
