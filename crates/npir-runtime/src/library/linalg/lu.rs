//! What is computed by an LU decomposition with partial pivoting: `slogdet`, `det`, `inv`, `solve`.

use faer::linalg::solvers::{DenseSolveCore, PartialPivLu, Solve};
use faer::traits::ComplexField;
use faer::traits::math_utils::{abs, one, zero};
use faer::{Mat, MatRef};

use super::small::{self, SMALL, Work};
use super::{Block, Field, balance, cubic, dispatch, matrix, multiply, real, store};
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

/// A matrix of numbers that may have no inverse because they are so small, multiplied with the factor that is returned.
fn lifted<'m, T: Field>(a: MatRef<'m, T>, storage: &'m mut Mat<T>) -> (MatRef<'m, T>, f64) {
    let factor = balance(a);
    if factor <= 1.0 {
        return (a, 1.0);
    }
    *storage = a.to_owned();
    multiply(storage.as_mut(), factor);
    (storage.as_ref(), factor)
}

fn singular() -> Failure {
    Failure::lin_alg("Singular matrix")
}

fn is_singular<T: Field>(lu: &PartialPivLu<T>) -> bool {
    pivots(lu).0.last().is_some_and(|p| *p == zero::<T>())
}

/// Calls `f` with the pivots of every matrix of the batch, whether the number of its row exchanges is odd, and the blocks
/// of the outs, which are numbers.
fn for_pivots<T: Field>(
    call: &Call,
    ranks: &[usize],
    f: impl Fn(&[T], bool, &[Block]) + Sync,
) -> Result<(), Failure> {
    let n = call.arrays[0].size(0);
    if n <= SMALL {
        return Work::<T>::for_each(call, ranks, (n, 0), |work, batch, at| {
            small::read(&batch.block(0, at), &mut work.a);
            let odd = work.solve();
            f(&work.pivots, odd, &batch.element(at)[1..]);
            Ok(())
        });
    }
    call.for_each(ranks, cubic(n, n) / 3, |blocks| {
        let mut storage = Mat::new();
        let (pivots, odd) = pivots(&PartialPivLu::new(matrix::<T>(&blocks[0], &mut storage)));
        f(&pivots, odd, &blocks[1..]);
        Ok(())
    })
}

fn typed_slogdet<T: Field>(call: &Call) -> Result<(), Failure> {
    for_pivots::<T>(call, &[2, 0, 0], |pivots, odd, outs| {
        let mut sign = if odd { -one::<T>() } else { one::<T>() };
        let mut log = 0.0f64;
        for pivot in pivots {
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
        outs[0].fill(|_, _| sign);
        outs[1].fill(|_, _| real::<T>(log));
    })
}

fn typed_det<T: Field>(call: &Call) -> Result<(), Failure> {
    for_pivots::<T>(call, &[2, 0], |pivots, odd, outs| {
        let start = if odd { -one::<T>() } else { one::<T>() };
        let det = match pivots.last() {
            Some(last) if *last == zero::<T>() => zero::<T>(),
            _ => pivots.iter().fold(start, |det, pivot| det * *pivot),
        };
        outs[0].fill(|_, _| det);
    })
}

fn typed_inv<T: Field>(call: &Call) -> Result<(), Failure> {
    let n = call.arrays[0].size(0);
    let quiet = call.param(0) != 0;
    if n <= SMALL {
        return Work::<T>::for_each(call, &[2, 2], (n, n), |work, batch, at| {
            small::read(&batch.block(0, at), &mut work.a);
            small::identity(n, &mut work.b);
            work.solve();
            if !work.is_singular() {
                small::write(&batch.block(1, at), &work.b);
            } else if quiet {
                batch.block(1, at).fill(|_, _| T::nan_impl());
            } else {
                return Err(singular());
            }
            Ok(())
        });
    }
    call.for_each(&[2, 2], cubic(n, n), |blocks| {
        let (mut storage, mut copy) = (Mat::new(), Mat::new());
        let (a, factor) = lifted(matrix::<T>(&blocks[0], &mut storage), &mut copy);
        let lu = PartialPivLu::new(a);
        if is_singular(&lu) {
            if !quiet {
                return Err(singular());
            }
            blocks[1].fill(|_, _| T::nan_impl());
        } else {
            let mut inverse = lu.inverse();
            multiply(inverse.as_mut(), factor);
            store(&blocks[1], inverse.as_ref());
        }
        Ok(())
    })
}

fn typed_solve<T: Field>(call: &Call) -> Result<(), Failure> {
    let (n, columns) = (call.arrays[0].size(0), call.arrays[1].size(0));
    let work = (cubic(n, n) / 3).saturating_add(n.saturating_mul(n).saturating_mul(columns));
    if n <= SMALL && columns <= SMALL {
        return Work::<T>::for_each(call, &[2, 2, 2], (n, columns), |work, batch, at| {
            small::read(&batch.block(0, at), &mut work.a);
            small::read(&batch.block(1, at), &mut work.b);
            work.solve();
            if work.is_singular() {
                return Err(singular());
            }
            small::write(&batch.block(2, at), &work.b);
            Ok(())
        });
    }
    call.for_each(&[2, 2, 2], work, |blocks| {
        let (mut storage, mut right, mut copy) = (Mat::new(), Mat::new(), Mat::new());
        let (a, factor) = lifted(matrix::<T>(&blocks[0], &mut storage), &mut copy);
        let lu = PartialPivLu::new(a);
        if is_singular(&lu) {
            return Err(singular());
        }
        let mut x = matrix::<T>(&blocks[1], &mut right).to_owned();
        lu.solve_in_place(x.as_mut());
        multiply(x.as_mut(), factor);
        store(&blocks[2], x.as_ref());
        Ok(())
    })
}
