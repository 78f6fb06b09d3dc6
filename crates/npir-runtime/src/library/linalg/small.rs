//! Small matrices, of which there are many: plain loops in memory that is taken once for a part of the batch.

use faer::traits::math_utils::{conj, mul_real, one, sqrt, zero};

use super::cholesky::not_positive_definite;
use super::{Block, Field, real};
use crate::library::{Batch, Call, Failure};

/// Rows up to which a matrix is small.
pub(super) const SMALL: usize = 16;

/// A few matrices of the same number of rows, by rows: equations, or one matrix.
pub(super) struct Work<T> {
    rows: usize,
    /// The matrix.
    pub(super) a: Vec<T>,
    /// The right sides.
    pub(super) b: Vec<T>,
    /// The pivots of the elimination, up to the first zero.
    pub(super) pivots: Vec<T>,
}

impl<T: Field> Work<T> {
    /// Runs `f` on every element of a batch, with memory for `rows` by `rows` numbers and as many rows of `columns`.
    ///
    /// # Errors
    /// As [`Call::for_each`].
    pub(super) fn for_each<'a>(
        call: &Call<'a>,
        ranks: &[usize],
        (rows, columns): (usize, usize),
        f: impl Fn(&mut Work<T>, &Batch<'_, 'a>, usize) -> Result<(), Failure> + Sync,
    ) -> Result<(), Failure> {
        let operations = rows * rows * (rows + 3 * columns) + 20;
        call.for_ranges(ranks, operations, |batch, mut range| {
            let mut work = Work {
                rows,
                a: vec![zero::<T>(); rows * rows],
                b: vec![zero::<T>(); rows * columns],
                pivots: Vec::with_capacity(rows),
            };
            range.try_for_each(|at| f(&mut work, batch, at))
        })
    }

    /// Solves `a x = b` by elimination with partial pivoting: `x` is in `b` unless a pivot is zero. Whether the number of
    /// exchanges is odd.
    pub(super) fn solve(&mut self) -> bool {
        // Loops over a known number of rows are unrolled.
        match self.rows {
            1 => self.eliminate(1),
            2 => self.eliminate(2),
            3 => self.eliminate(3),
            4 => self.eliminate(4),
            n => self.eliminate(n),
        }
    }

    #[inline(always)]
    fn eliminate(&mut self, n: usize) -> bool {
        let Work { a, b, pivots, .. } = self;
        let columns = b.len() / n.max(1);
        let a = &mut a[..n * n];
        let b = &mut b[..n * columns];
        let mut odd = false;
        pivots.clear();
        for k in 0..n {
            let mut best = (k, T::abs1_impl(&a[k * n + k]));
            for i in k + 1..n {
                let size = T::abs1_impl(&a[i * n + k]);
                if size > best.1 {
                    best = (i, size);
                }
            }
            let p = best.0;
            if p != k {
                odd = !odd;
                for j in k..n {
                    a.swap(k * n + j, p * n + j);
                }
                for j in 0..columns {
                    b.swap(k * columns + j, p * columns + j);
                }
            }
            let pivot = a[k * n + k];
            pivots.push(pivot);
            if pivot == zero::<T>() {
                return odd;
            }
            let inverse = Inverse::of(pivot);
            let (above, below) = a.split_at_mut((k + 1) * n);
            let row = &above[k * n..];
            let (right, rest) = b.split_at_mut((k + 1) * columns);
            let right = &right[k * columns..];
            for i in 0..n - k - 1 {
                let factor = inverse.times(below[i * n + k]);
                for j in k + 1..n {
                    below[i * n + j] -= factor * row[j];
                }
                for (x, y) in rest[i * columns..].iter_mut().zip(right) {
                    *x -= factor * *y;
                }
            }
        }
        if columns > 0 {
            back(n, a, b, columns);
        }
        odd
    }

    /// Whether [`Work::solve`] met a pivot that is zero.
    pub(super) fn is_singular(&self) -> bool {
        self.pivots.last().is_some_and(|p| *p == zero::<T>())
    }

    /// The factor of a positive definite matrix of which the lower triangle is in `a`, in its place.
    ///
    /// # Errors
    /// The matrix is not positive definite.
    pub(super) fn cholesky(&mut self) -> Result<(), Failure> {
        match self.rows {
            1 => self.factor(1),
            2 => self.factor(2),
            3 => self.factor(3),
            4 => self.factor(4),
            n => self.factor(n),
        }
    }

    #[inline(always)]
    fn factor(&mut self, n: usize) -> Result<(), Failure> {
        let a = &mut self.a[..n * n];
        for j in 0..n {
            let d = T::real_part_impl(&a[j * n + j]);
            let is_positive = d > zero::<T::Part>();
            if !is_positive {
                return Err(not_positive_definite());
            }
            let d = T::from_real_impl(&sqrt(&d));
            a[j * n + j] = d;
            let inverse = Inverse::of(d);
            for i in j + 1..n {
                a[i * n + j] = inverse.times(a[i * n + j]);
            }
            for i in j + 1..n {
                let factor = a[i * n + j];
                for k in j + 1..i + 1 {
                    a[i * n + k] -= factor * conj(&a[k * n + j]);
                }
            }
        }
        Ok(())
    }
}

/// Solves `u x = b` for the upper triangle `u` of `a`, in the place of `b`.
#[inline(always)]
fn back<T: Field>(n: usize, a: &[T], b: &mut [T], columns: usize) {
    for k in (0..n).rev() {
        let (above, row) = b.split_at_mut(k * columns);
        let row = &mut row[..columns];
        let inverse = Inverse::of(a[k * n + k]);
        for x in row.iter_mut() {
            *x = inverse.times(*x);
        }
        for i in 0..k {
            let factor = a[i * n + k];
            for (x, y) in above[i * columns..].iter_mut().zip(&*row) {
                *x -= factor * *y;
            }
        }
    }
}

/// Divides by a number.
struct Inverse<T: Field> {
    inverse: T,
    /// What the number was multiplied with: one so small has no inverse.
    scale: Option<T::Part>,
}

impl<T: Field> Inverse<T> {
    #[inline(always)]
    fn of(x: T) -> Inverse<T> {
        let inverse = T::recip_impl(&x);
        if T::is_finite_impl(&inverse) {
            return Inverse {
                inverse,
                scale: None,
            };
        }
        let scale = real::<T>(2.0f64.powi(600));
        Inverse {
            inverse: T::recip_impl(&mul_real(&x, &scale)),
            scale: Some(scale),
        }
    }

    #[inline(always)]
    fn times(&self, x: T) -> T {
        match &self.scale {
            None => x * self.inverse,
            Some(scale) => mul_real(&(x * self.inverse), scale),
        }
    }
}

/// Calls `f` with the row, the column and the place of each element of a matrix, row by row.
#[inline(always)]
fn each<T: Field>(block: &Block, mut f: impl FnMut(usize, usize, *mut T)) {
    let data = block.ptr::<T>();
    let (down, along) = (block.stride(0), block.stride(1));
    for i in 0..block.size(0) {
        let row = data.wrapping_offset(i as isize * down);
        for j in 0..block.size(1) {
            f(i, j, row.wrapping_offset(j as isize * along));
        }
    }
}

/// Reads a matrix.
pub(super) fn read<T: Field>(block: &Block, to: &mut [T]) {
    let mut to = to.iter_mut();
    each::<T>(block, |_, _, at| {
        if let Some(to) = to.next() {
            // SAFETY: an element of an in.
            *to = unsafe { at.read_unaligned() };
        }
    });
}

/// Reads one triangle of a Hermitian matrix as the lower one.
pub(super) fn read_triangle<T: Field>(block: &Block, upper: bool, to: &mut [T]) {
    let n = block.size(0);
    each::<T>(block, |i, j, at| {
        let place = match upper {
            false if i >= j => i * n + j,
            true if i <= j => j * n + i,
            _ => return,
        };
        // SAFETY: an element of an in.
        let x = unsafe { at.read_unaligned() };
        to[place] = if upper { conj(&x) } else { x };
    });
}

/// Writes a matrix.
pub(super) fn write<T: Field>(block: &Block, from: &[T]) {
    let mut from = from.iter();
    each::<T>(block, |_, _, at| {
        if let Some(x) = from.next() {
            // SAFETY: an element of an out, ours alone.
            unsafe { at.write_unaligned(*x) };
        }
    });
}

/// Writes a lower triangle, or its adjoint, and zeros.
pub(super) fn write_triangle<T: Field>(block: &Block, upper: bool, from: &[T]) {
    let n = block.size(0);
    each::<T>(block, |i, j, at| {
        let x = match upper {
            false if i >= j => from[i * n + j],
            true if i <= j => conj(&from[j * n + i]),
            _ => zero::<T>(),
        };
        // SAFETY: an element of an out, ours alone.
        unsafe { at.write_unaligned(x) };
    });
}

/// The matrix with ones on the diagonal.
pub(super) fn identity<T: Field>(n: usize, to: &mut [T]) {
    to.fill(zero::<T>());
    to.iter_mut().step_by(n + 1).for_each(|x| *x = one::<T>());
}
