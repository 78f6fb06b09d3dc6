//! `qr` and `qr_r`: `a = q r` with the columns of `q` orthonormal and `r` upper triangular, by Householder reflections.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::householder::{
    apply_block_householder_on_the_left_in_place_scratch,
    apply_block_householder_on_the_left_in_place_with_conj,
};
use faer::linalg::qr::no_pivoting::factor::{
    QrParams, qr_in_place, qr_in_place_scratch, recommended_block_size,
};
use faer::traits::math_utils::{imag, is_finite, nan, zero};
use faer::{Auto, Conj, Mat, MatRef, Par};

use super::{Field, cubic, dispatch, fill, matrix, store};
use crate::library::{Call, Failure};

/// `a` → `q`, `r`: reduced or complete, as the sizes of `q` say.
pub(in crate::library) fn run(call: &Call) -> Result<(), Failure> {
    dispatch!(call.arrays[0], typed(call, &[2, 2, 2]))
}

/// `a` → `r`, reduced.
pub(in crate::library) fn run_r(call: &Call) -> Result<(), Failure> {
    dispatch!(call.arrays[0], typed(call, &[2, 2]))
}

fn typed<T: Field>(call: &Call, ranks: &[usize]) -> Result<(), Failure> {
    let (m, n) = (call.arrays[0].size(1), call.arrays[0].size(0));
    call.for_each(ranks, 4 * cubic(m, n), |blocks| {
        let mut storage = Mat::new();
        let a = matrix::<T>(&blocks[0], &mut storage);
        if m == 0 || n == 0 {
            if let [_, q, _] = blocks {
                store(q, Mat::<T>::identity(q.size(0), q.size(1)).as_ref());
            }
            return Ok(());
        }
        let factors = Factors::new(a);
        let poisoned = poisoned_from(a);
        let r = |i: usize, j: usize| {
            if i > j {
                zero::<T>()
            } else if i >= poisoned {
                nan::<T>()
            } else {
                factors.reduced[(i, j)]
            }
        };
        if let [_, q, _] = blocks {
            let mut columns = factors.orthonormal(q.size(1));
            let kept = poisoned.min(columns.ncols());
            columns.subcols_mut(kept, q.size(1) - kept).fill(nan::<T>());
            store(q, columns.as_ref());
        }
        fill(&blocks[blocks.len() - 1], r);
        Ok(())
    })
}

/// The first reflection that is NaN, as an element of its column is infinite or NaN: so are the columns of `q` and the
/// rows of `r` from there on. A single element that is real is not reflected.
fn poisoned_from<T: Field>(a: MatRef<'_, T>) -> usize {
    let (m, n) = (a.nrows(), a.ncols());
    let real = T::IS_REAL || (m == 1 && imag(&a[(0, 0)]) == zero());
    let reflections = n.min(if real { m - 1 } else { m });
    let finite = |j: &usize| (0..m).all(|i| is_finite(&a[(i, *j)]));
    (0..reflections).find(|j| !finite(j)).unwrap_or(usize::MAX)
}

/// Up to how many elements a matrix is reduced in the steps of [`STEP`], and up to how many in those of faer.
const MEDIUM: std::ops::RangeInclusive<usize> = 32 * 32..=1024 * 1024;
/// Columns that are reduced one by one before the others follow all at once: faer's steps are twice as long or more and
/// cut again, which takes up to half as long again.
const STEP: usize = 16;

/// Reflections that make a matrix triangular.
struct Factors<T> {
    /// The triangle `r`, below it the reflections.
    reduced: Mat<T>,
    /// The coefficients of some reflections at a time.
    coefficients: Mat<T>,
}

impl<T: Field> Factors<T> {
    fn new(a: MatRef<'_, T>) -> Self {
        let (m, n) = (a.nrows(), a.ncols());
        let mut params = <QrParams as Auto<T>>::auto();
        let mut step = recommended_block_size::<T>(m, n);
        if MEDIUM.contains(&m.saturating_mul(n)) {
            step = STEP;
            params.blocking_threshold = usize::MAX;
        }
        let mut reduced = a.to_owned();
        let mut coefficients = Mat::zeros(step, m.min(n));
        let scratch = qr_in_place_scratch::<T>(m, n, step, Par::Seq, params.into());
        let mut memory = MemBuffer::new(scratch);
        qr_in_place(
            reduced.as_mut(),
            coefficients.as_mut(),
            Par::Seq,
            MemStack::new(&mut memory),
            params.into(),
        );
        Self {
            reduced,
            coefficients,
        }
    }

    /// The first columns of `q`. Those before a reflection's own are still the identity's when it is applied, from the
    /// last one on, and do not change.
    fn orthonormal(&self, columns: usize) -> Mat<T> {
        let (rows, size) = (self.reduced.nrows(), self.coefficients.ncols());
        let step = self.coefficients.nrows();
        let mut q = Mat::identity(rows, columns);
        let mut memory = MemBuffer::new(apply_block_householder_on_the_left_in_place_scratch::<T>(
            rows, step, columns,
        ));
        for first in (0..size).step_by(step).rev() {
            let count = step.min(size - first);
            let (rows, columns) = (rows - first, columns - first);
            apply_block_householder_on_the_left_in_place_with_conj(
                self.reduced.as_ref().submatrix(first, first, rows, count),
                self.coefficients.as_ref().submatrix(0, first, count, count),
                Conj::No,
                q.as_mut().submatrix_mut(first, first, rows, columns),
                Par::Seq,
                MemStack::new(&mut memory),
            );
        }
        q
    }
}
