//! Eigenvalues of Hermitian matrices without vectors: faer's reduction to three diagonals, then the QL algorithm in the
//! variant of Pal, Walker and Kahan, which needs no square roots (B. N. Parlett, The Symmetric Eigenvalue Problem, 1980,
//! section 8.15), or divide and conquer.

use faer::traits::math_utils::abs;
use faer::{MatRef, Side};

use super::Field;
use super::divide::{self, Rows};
use super::reduction::Reduced;
use crate::library::Failure;

/// Sweeps for each eigenvalue after which there is no hope.
const SWEEPS: usize = 50;

/// Rows of a matrix that is divided: its eigenvalues are found on all threads, in registers.
const DIVIDED: usize = 128;

/// Eigenvalues in ascending order of a Hermitian matrix of finite numbers, of which one triangle is read; `None` if they
/// do not converge.
pub(super) fn eigenvalues<T: Field>(a: MatRef<'_, T>, side: Side) -> Option<Vec<f64>> {
    // The transpose has the same eigenvalues.
    let lower = if side == Side::Upper {
        a.transpose()
    } else {
        a
    };
    let reduced = Reduced::new(lower, 1);
    let mut d = reduced.diagonal();
    let mut e = reduced
        .beside()
        .iter()
        .map(|x| abs(x).into())
        .collect::<Vec<f64>>();
    if d.len() >= DIVIDED {
        let failure = || Failure::lin_alg("");
        let found = divide::of_tridiagonal(d, e, Rows::Ends, &failure).ok()?;
        d = found.order.iter().map(|&j| found.values[j]).collect();
    } else {
        of_tridiagonal(&mut d, &mut e)?;
    }
    d.iter_mut().for_each(|x| *x /= reduced.factor);
    Some(d)
}

/// Eigenvalues in ascending order of the symmetric matrix with `d` on the diagonal and `e` beside it, in `d`.
fn of_tridiagonal(d: &mut [f64], e: &mut [f64]) -> Option<()> {
    let largest = (d.iter().chain(&*e)).fold(0.0f64, |m, x| m.max(x.abs()));
    if largest > 0.0 && largest.is_finite() {
        // Squares neither overflow nor vanish.
        d.iter_mut().for_each(|x| *x /= largest);
        e.iter_mut().for_each(|x| *x = (*x / largest).powi(2));
        let mut sweeps = SWEEPS * d.len();
        let mut start = 0;
        while start < d.len() {
            let rest = (start..e.len()).find(|&i| is_negligible(d, e, i));
            let end = rest.unwrap_or(e.len()) + 1;
            block(&mut d[start..end], &mut e[start..end - 1], &mut sweeps)?;
            start = end;
        }
        d.iter_mut().for_each(|x| *x *= largest);
    }
    d.sort_unstable_by(f64::total_cmp);
    Some(())
}

/// Whether a square beside the diagonal of a matrix of size about 1 changes nothing.
#[inline(always)]
fn is_negligible(d: &[f64], e: &[f64], i: usize) -> bool {
    const TINY: f64 = f64::EPSILON * f64::EPSILON / 16.0;
    e[i] <= TINY || e[i] <= 4.0 * TINY * (d[i] * d[i + 1]).abs()
}

/// Eigenvalues of one block, of which `e` has the squares beside the diagonal.
fn block(d: &mut [f64], e: &mut [f64], sweeps: &mut usize) -> Option<()> {
    // Large numbers last: small eigenvalues are found first.
    if d[d.len() - 1].abs() < d[0].abs() {
        d.reverse();
        e.reverse();
    }
    let mut first = 0;
    while first + 1 < d.len() {
        let cut = (first..e.len()).find(|&i| is_negligible(d, e, i));
        let last = cut.unwrap_or(e.len());
        if let Some(cut) = cut {
            e[cut] = 0.0;
        }
        if last == first {
            first += 1;
        } else if last == first + 1 {
            (d[first], d[last]) = of_two(d[first], e[first], d[last]);
            first += 2;
        } else {
            *sweeps = sweeps.checked_sub(1)?;
            sweep(&mut d[first..=last], &mut e[first..last]);
        }
    }
    Some(())
}

/// Eigenvalues of two rows, the smaller one first; `e` is a square.
fn of_two(a: f64, e: f64, b: f64) -> (f64, f64) {
    let (middle, half) = ((a + b) / 2.0, (a - b) / 2.0);
    let distance = (half * half + e).sqrt();
    (middle - distance, middle + distance)
}

/// One step from the last row to the first, with the eigenvalue of the first two rows that is closer to the first as
/// shift.
fn sweep(d: &mut [f64], e: &mut [f64]) {
    let last = e.len();
    let beside = e[0].sqrt();
    let half = (d[1] - d[0]) / (2.0 * beside);
    let shift = d[0] - beside / (half + half.hypot(1.0).copysign(half));
    let (mut cosine, mut sine) = (1.0, 0.0);
    let mut gamma = d[last] - shift;
    let mut p = gamma * gamma;
    for i in (0..last).rev() {
        let square = e[i];
        let r = p + square;
        if i + 1 < last {
            e[i + 1] = sine * r;
        }
        let before = cosine;
        cosine = p / r;
        sine = square / r;
        let old = gamma;
        gamma = cosine * (d[i] - shift) - sine * old;
        d[i + 1] = old + (d[i] - gamma);
        p = match cosine == 0.0 {
            true => before * square,
            false => gamma * gamma / cosine,
        };
    }
    e[0] = sine * p;
    d[0] = shift + gamma;
}
