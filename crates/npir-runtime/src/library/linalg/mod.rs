//! Dense linear algebra, by the crate `faer`; errors and conventions are NumPy's, which computes in double precision
//! whatever the precision of the input.
//!
//! A matrix is used where it lies if its elements are aligned, and copied otherwise. Each computation of a batch runs
//! on one thread, but for eigenvectors of Hermitian matrices. Small matrices have loops of their own ([`small`]).

mod bidiagonal;
pub(super) mod cholesky;
mod divide;
pub(super) mod eigen;
pub(super) mod lu;
pub(super) mod qr;
mod reduction;
mod secular;
mod small;
pub(super) mod svd;
mod tridiagonal;

use std::ops::Range;

use faer::traits::math_utils::{from_f64, is_finite, is_nan, mul_real};
use faer::traits::{ComplexField, RealField};
use faer::{Mat, MatMut, MatRef, c64};

use super::Block;
use crate::library::arrays::Plain;

/// The element types that faer computes with.
pub(super) trait Field: ComplexField<Real = Self::Part> + Plain {
    /// The real type.
    type Part: RealField<Real = Self::Part> + Field<Part = Self::Part> + PartialOrd + Into<f64>;
    /// The complex type.
    type Whole: Field<Part = Self::Part>;
    /// Eigenvalues and, on request, eigenvectors of a matrix of finite elements; `None` if they do not converge.
    fn eigen(a: MatRef<'_, Self>, vectors: bool) -> Option<Eigen<Self::Whole>>;
    /// A real matrix with each row times a number of length 1; reals of length 1 are all 1 here.
    fn turned(a: Mat<f64>, rows: impl Fn(usize) -> Self) -> Mat<Self>;
}

/// Eigenvalues, and eigenvectors as the columns of a matrix.
pub(super) type Eigen<T> = (Vec<T>, Option<Mat<T>>);

macro_rules! fields {
    ($($ty:ty, $part:ty, $whole:ty, $new:path, $turned:expr;)*) => {$(
        impl Field for $ty {
            type Part = $part;
            type Whole = $whole;

            fn eigen(a: MatRef<'_, $ty>, vectors: bool) -> Option<Eigen<$whole>> {
                if !vectors {
                    return Some((a.eigenvalues().ok()?, None));
                }
                let eigen = $new(a).ok()?;
                let values = eigen.S().column_vector().iter().copied().collect();
                Some((values, Some(eigen.U().to_owned())))
            }

            fn turned(a: Mat<f64>, rows: impl Fn(usize) -> $ty) -> Mat<$ty> {
                $turned(a, rows)
            }
        }
    )*};
}

fields! {
    f64, f64, c64, faer::linalg::solvers::Eigen::new_from_real, |a, _| a;
    c64, f64, c64, faer::linalg::solvers::Eigen::new, turned;
}

fn turned(a: Mat<f64>, rows: impl Fn(usize) -> c64) -> Mat<c64> {
    let rows: Vec<_> = (0..a.nrows()).map(rows).collect();
    Mat::from_fn(a.nrows(), a.ncols(), |i, j| rows[i] * a[(i, j)])
}

/// Calls a function that is generic over the element type `T` of an array of it.
macro_rules! dispatch {
    ($array:expr, $function:ident($($arg:expr),*)) => {
        match $array.dtype() {
            crate::dtype::DType::F64 => $function::<f64>($($arg),*),
            crate::dtype::DType::C128 => $function::<num_complex::Complex<f64>>($($arg),*),
            _ => Err(Failure::contract("not an element type of linear algebra")),
        }
    };
}
use dispatch;

/// Multiplications of a dense decomposition of an `m` by `n` matrix, about.
fn cubic(m: usize, n: usize) -> usize {
    m.saturating_mul(n).saturating_mul(m.min(n))
}

/// A matrix: the block itself, or a copy of it in `storage` where its elements are not aligned.
fn matrix<'m, T: Field>(block: &'m Block, storage: &'m mut Mat<T>) -> MatRef<'m, T> {
    let data = block.ptr::<T>().cast_const();
    let (m, n) = (block.size(0), block.size(1));
    if data.is_aligned() {
        // SAFETY: the elements are valid, aligned, and nobody writes to them during the call.
        return unsafe { MatRef::from_raw_parts(data, m, n, block.stride(0), block.stride(1)) };
    }
    *storage = Mat::from_fn(m, n, |i, j| block.at(i, j));
    storage.as_ref()
}

/// As [`matrix`], for a Hermitian matrix: the imaginary parts of its diagonal count as zero, as in LAPACK.
fn hermitian<'m, T: Field>(block: &'m Block, storage: &'m mut Mat<T>) -> MatRef<'m, T> {
    if T::IS_REAL {
        return matrix(block, storage);
    }
    *storage = Mat::from_fn(block.size(0), block.size(1), |i, j| {
        let x = block.at::<T>(i, j);
        if i == j {
            T::from_real_impl(&T::real_part_impl(&x))
        } else {
            x
        }
    });
    storage.as_ref()
}

/// Rows and columns of a part of a matrix of which rows and columns are in the cache.
const TILE: usize = 16;

/// Fills a block with the numbers of a function of row and column, in no order.
fn fill<T: Field>(block: &Block, element: impl Fn(usize, usize) -> T) {
    fill_rows(block, 0..block.size(0), element);
}

/// As [`fill`], some rows only.
fn fill_rows<T: Field>(block: &Block, all: Range<usize>, element: impl Fn(usize, usize) -> T) {
    let n = block.size(1);
    let data = block.ptr::<T>();
    for rows in all.clone().step_by(TILE) {
        for columns in (0..n).step_by(TILE) {
            for i in rows..all.end.min(rows + TILE) {
                let row = data.wrapping_offset(i as isize * block.stride(0));
                for j in columns..n.min(columns + TILE) {
                    let at = row.wrapping_offset(j as isize * block.stride(1));
                    // SAFETY: an element of an out, ours alone.
                    unsafe { at.write_unaligned(element(i, j)) };
                }
            }
        }
    }
}

/// Fills a block with a matrix of its shape.
fn store<T: Field>(block: &Block, from: MatRef<'_, T>) {
    fill(block, |i, j| from[(i, j)]);
}

/// Whether all elements are finite, and whether some element is a NaN.
fn finiteness<T: Field>(a: MatRef<'_, T>) -> (bool, bool) {
    let (mut finite, mut nan) = (true, false);
    for column in a.col_iter() {
        for x in column.iter() {
            if !is_finite(x) {
                finite = false;
                nan |= is_nan(x);
            }
        }
    }
    (finite, nan)
}

/// What to multiply a matrix with before it is reduced, such that squares neither overflow nor vanish.
fn balance<T: Field>(a: MatRef<'_, T>) -> f64 {
    scale(a.norm_max().into())
}

/// As [`balance`], for a matrix with this largest number.
fn scale(largest: f64) -> f64 {
    match largest {
        // The inverse of the smallest ones would be infinite.
        1e-100..=1e100 => 1.0,
        _ if largest > 0.0 && largest.is_finite() => 1.0 / largest.max(1e-300),
        _ => 1.0,
    }
}

/// Multiplies a matrix with a number.
fn multiply<T: Field>(a: MatMut<'_, T>, factor: f64) {
    if factor != 1.0 {
        let factor = real::<T>(factor);
        for column in a.col_iter_mut() {
            column.iter_mut().for_each(|x| *x = mul_real(x, &factor));
        }
    }
}

/// A real number of a type.
fn real<T: Field>(x: f64) -> T::Part {
    from_f64::<T::Part>(x)
}
