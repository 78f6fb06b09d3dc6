//! What is computed by an LU decomposition with partial pivoting: `slogdet`, `det`, `inv`, `solve`.

use faer::Mat;
use faer::linalg::solvers::{DenseSolveCore, PartialPivLu, Solve};
use faer::traits::ComplexField;
use faer::traits::math_utils::{abs, one, zero};

use super::{Field, cubic, dispatch, matrix, real, store};
use crate::library::{Call, Failure};

/// `a` → sign, natural logarithm of the absolute value of the determinant.
pub(in crate::library) fn slogdet(call: &Call) -> Result<(), Failure> {
    dispatch!(call.arrays[0], typed_slogdet(call))
}

/// `a` → determinant.
pub(in crate::library) fn det(call: &Call) -> Result<(), Failure> {
    dispatch!(call.arrays[0], typed_det(call))
}

/// `a` → inverse; parameter: whether a singular matrix has an inverse of NaN instead of being an error.
pub(in crate::library) fn inv(call: &Call) -> Result<(), Failure> {
    dispatch!(call.arrays[0], typed_inv(call))
}

/// `a`, `b` → `x` with `a x = b`.
pub(in crate::library) fn solve(call: &Call) -> Result<(), Failure> {
    dispatch!(call.arrays[0], typed_solve(call))
}

/// The pivots in order, up to the first zero, and whether the number of row exchanges is odd. After a zero pivot the
/// decomposition means nothing.
fn pivots<T: Field>(lu: &PartialPivLu<T>) -> (Vec<T>, bool) {
    let u = lu.U();
    let mut pivots = Vec::with_capacity(u.ncols());
    for i in 0..u.ncols() {
        pivots.push(u[(i, i)]);
        if u[(i, i)] == zero::<T>() {
            break;
        }
    }
    let (to, _) = lu.P().arrays();
    let mut seen = vec![false; to.len()];
    let mut odd = false;
    for start in 0..to.len() {
        let mut at = start;
        while !std::mem::replace(&mut seen[at], true) {
            at = to[at];
            // A cycle of k elements is k - 1 exchanges.
            odd ^= at != start;
        }
    }
    (pivots, odd)
}

/// The absolute value as an element.
fn abs_of<T: Field>(x: &T) -> T {
    T::from_real_impl(&abs(x))
}

fn is_singular<T: Field>(lu: &PartialPivLu<T>) -> bool {
    pivots(lu).0.last().is_some_and(|p| *p == zero::<T>())
}

fn typed_slogdet<T: Field>(call: &Call) -> Result<(), Failure> {
    let n = call.arrays[0].size(0);
    call.for_each(&[2, 0, 0], cubic(n, n) / 3, |blocks| {
        let mut storage = Mat::new();
        let (pivots, odd) = pivots(&PartialPivLu::new(matrix::<T>(&blocks[0], &mut storage)));
        let mut sign = if odd { -one::<T>() } else { one::<T>() };
        let mut log = 0.0f64;
        for pivot in &pivots {
            let size: f64 = abs(pivot).into();
            if size == 0.0 {
                (sign, log) = (zero::<T>(), f64::NEG_INFINITY);
                break;
            }
            // For real numbers exactly the sign, also of an infinity; NaN stays NaN.
            let unit = match (
                T::IS_REAL,
                *pivot == abs_of(pivot),
                *pivot == -abs_of(pivot),
            ) {
                (true, true, _) => one::<T>(),
                (true, _, true) => -one::<T>(),
                _ => ComplexField::mul_real_impl(pivot, &real::<T>(1.0 / size)),
            };
            sign *= unit;
            log += size.ln();
        }
        blocks[1].fill(|_, _| sign);
        blocks[2].fill(|_, _| real::<T>(log));
        Ok(())
    })
}

fn typed_det<T: Field>(call: &Call) -> Result<(), Failure> {
    let n = call.arrays[0].size(0);
    call.for_each(&[2, 0], cubic(n, n) / 3, |blocks| {
        let mut storage = Mat::new();
        let (pivots, odd) = pivots(&PartialPivLu::new(matrix::<T>(&blocks[0], &mut storage)));
        let start = if odd { -one::<T>() } else { one::<T>() };
        let det = match pivots.last() {
            Some(last) if *last == zero::<T>() => zero::<T>(),
            _ => pivots.iter().fold(start, |det, pivot| det * *pivot),
        };
        blocks[1].fill(|_, _| det);
        Ok(())
    })
}

fn typed_inv<T: Field>(call: &Call) -> Result<(), Failure> {
    let n = call.arrays[0].size(0);
    let quiet = call.param(0) != 0;
    call.for_each(&[2, 2], cubic(n, n), |blocks| {
        let mut storage = Mat::new();
        let lu = PartialPivLu::new(matrix::<T>(&blocks[0], &mut storage));
        if is_singular(&lu) {
            if !quiet {
                return Err(Failure::lin_alg("Singular matrix"));
            }
            blocks[1].fill(|_, _| T::nan_impl());
        } else {
            store(&blocks[1], lu.inverse().as_ref());
        }
        Ok(())
    })
}

fn typed_solve<T: Field>(call: &Call) -> Result<(), Failure> {
    let (n, columns) = (call.arrays[0].size(0), call.arrays[1].size(0));
    let work = (cubic(n, n) / 3).saturating_add(n.saturating_mul(n).saturating_mul(columns));
    call.for_each(&[2, 2, 2], work, |blocks| {
        let (mut storage, mut right) = (Mat::new(), Mat::new());
        let lu = PartialPivLu::new(matrix::<T>(&blocks[0], &mut storage));
        if is_singular(&lu) {
            return Err(Failure::lin_alg("Singular matrix"));
        }
        let mut x = matrix::<T>(&blocks[1], &mut right).to_owned();
        lu.solve_in_place(x.as_mut());
        store(&blocks[2], x.as_ref());
        Ok(())
    })
}
