//! Singular values without vectors: faer's reduction to two diagonals, then the differential quotient-difference
//! algorithm with shifts (K. V. Fernando, B. N. Parlett, Accurate singular values and differential qd algorithms, 1994).
//! Shifts are guesses from the last two rows, or where these fail Laguerre's bound of the smallest eigenvalue, from the
//! traces of the inverse and of its square.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::solvers::Qr;
use faer::linalg::svd::bidiag::{bidiag_in_place, bidiag_in_place_scratch};
use faer::traits::math_utils::abs;
use faer::{Mat, MatRef, Par};

use super::{Field, balance, multiply};

/// Sweeps for each singular value after which there is no hope.
const SWEEPS: usize = 50;

/// A square that changes no singular value of a matrix of size 1.
const TINY: f64 = f64::EPSILON * f64::EPSILON / 64.0;

/// Singular values in descending order of a matrix of finite numbers; `None` if they do not converge.
pub(super) fn singular_values<T: Field>(a: MatRef<'_, T>) -> Option<Vec<f64>> {
    let a = if a.nrows() < a.ncols() {
        a.transpose()
    } else {
        a
    };
    let (m, n) = (a.nrows(), a.ncols());
    if 6 * m > 11 * n {
        let factors = Qr::new(a);
        let mut r = Mat::<T>::zeros(n, n);
        r.copy_from_triangular_upper(factors.thin_R());
        return singular_values(r.as_ref());
    }
    let mut reduced = a.to_owned();
    let factor = balance(a);
    multiply(reduced.as_mut(), factor);
    let mut left = Mat::zeros(1, n);
    let mut right = Mat::zeros(1, n.saturating_sub(1));
    let scratch = bidiag_in_place_scratch::<T>(m, n, Par::Seq, Default::default());
    let mut memory = MemBuffer::new(scratch);
    bidiag_in_place(
        reduced.as_mut(),
        left.as_mut(),
        right.as_mut(),
        Par::Seq,
        MemStack::new(&mut memory),
        Default::default(),
    );
    let d = (0..n).map(|i| abs(&reduced[(i, i)]).into()).collect();
    let e = (1..n).map(|i| abs(&reduced[(i - 1, i)]).into()).collect();
    let mut values = of_bidiagonal(d, e)?;
    values.iter_mut().for_each(|x| *x /= factor);
    Some(values)
}

/// Singular values in descending order of the matrix with the positive numbers `d` on the diagonal and `e` above it.
fn of_bidiagonal(d: Vec<f64>, e: Vec<f64>) -> Option<Vec<f64>> {
    let largest = d.iter().chain(&e).fold(0.0f64, |m, x| m.max(*x));
    if largest == 0.0 {
        return Some(d);
    }
    if !largest.is_finite() {
        return None;
    }
    let square = |x: f64| (x / largest).powi(2);
    let n = d.len();
    let mut qd = Diagonals {
        q: d.into_iter().map(square).collect(),
        e: e.into_iter().map(square).collect(),
        next: (vec![0.0; n], vec![0.0; n]),
        values: Vec::with_capacity(n),
        sweeps: SWEEPS * n,
    };
    let mut blocks = vec![(0, n, Shift::default())];
    while let Some((start, end, shift)) = blocks.pop() {
        qd.block(start, end, shift, &mut blocks)?;
    }
    let mut values = qd.values;
    for x in &mut values {
        *x = x.max(0.0).sqrt() * largest;
    }
    values.sort_unstable_by(|a, b| b.total_cmp(a));
    Some(values)
}

/// A sum with what its roundings have lost: shifts are many, and small beside their sum.
#[derive(Clone, Copy, Default)]
struct Shift {
    sum: f64,
    rest: f64,
}

impl Shift {
    fn add(&mut self, x: f64) {
        let sum = self.sum + x;
        let added = sum - self.sum;
        self.rest += (self.sum - (sum - added)) + (x - added);
        self.sum = sum;
    }

    /// The sum and a number.
    fn plus(&self, x: f64) -> f64 {
        self.sum + (self.rest + x)
    }
}

/// Squares of two diagonals, and what has been found.
struct Diagonals {
    q: Vec<f64>,
    e: Vec<f64>,
    /// The same after a sweep.
    next: (Vec<f64>, Vec<f64>),
    /// Squares of singular values.
    values: Vec<f64>,
    /// Sweeps that are left.
    sweeps: usize,
}

impl Diagonals {
    /// Finds the values of the rows from `start` to `end`, from which `shift` has been subtracted. A block that falls
    /// into two is put aside.
    fn block(
        &mut self,
        start: usize,
        mut end: usize,
        mut shift: Shift,
        aside: &mut Vec<(usize, usize, Shift)>,
    ) -> Option<()> {
        if self.q[start] < self.q[end - 1] {
            // The smallest ones are found first, at the end.
            self.q[start..end].reverse();
            self.e[start..end - 1].reverse();
        }
        loop {
            let last = end - 1;
            if last == start {
                self.values.push(shift.plus(self.q[last]));
                return Some(());
            }
            let relative = f64::EPSILON * f64::EPSILON * shift.plus(self.q[last]);
            if self.e[last - 1] <= relative {
                self.values.push(shift.plus(self.q[last]));
                end = last;
                continue;
            }
            if let Some(cut) = (start..last).rev().find(|i| self.e[*i] <= TINY) {
                aside.extend([(start, cut + 1, shift), (cut + 1, end, shift)]);
                return Some(());
            }
            if last == start + 1 {
                let (a, b) = of_two(self.q[start], self.e[start], self.q[last]);
                self.values.extend([shift.plus(a), shift.plus(b)]);
                return Some(());
            }
            self.sweeps = self.sweeps.checked_sub(1)?;
            let guess = self.guess(start, last);
            let less = match guess.filter(|guess| self.sweep(start, end, *guess)) {
                Some(less) => less,
                None => {
                    let bound = self.bound(start, end);
                    let mut less = [bound, 0.9 * bound, 0.0].into_iter();
                    less.find(|less| self.sweep(start, end, *less))?
                }
            };
            shift.add(less);
            self.q[start..end].copy_from_slice(&self.next.0[start..end]);
            self.e[start..last].copy_from_slice(&self.next.1[start..last]);
        }
    }

    /// The smaller eigenvalue of the last two rows, less what the row before them may take from it: when these are almost
    /// apart from the others, close to the smallest eigenvalue, and rarely above it.
    fn guess(&self, start: usize, last: usize) -> Option<f64> {
        let (a, e, b) = (self.q[last - 1], self.e[last - 1], self.q[last]);
        if last < start + 2 || e > 3.0 * b {
            return None;
        }
        let coupling = 4.0 * (e / a) * (self.e[last - 2] / a);
        let guess = of_two(a, e, b).1 * (1.0 - coupling);
        (guess > 0.0 && guess.is_finite()).then_some(guess)
    }

    /// A bound from below of the eigenvalues, close to the smallest one if that is far from the others.
    fn bound(&self, start: usize, end: usize) -> f64 {
        let count = (end - start) as f64;
        // On the diagonal of the inverse; the squares to the right of it.
        let (mut on, mut beside) = (0.0, 0.0);
        let (mut trace, mut squares) = (0.0, 0.0);
        for k in (start..end).rev() {
            let inverse = 1.0 / self.q[k];
            let e = if k + 1 < end { self.e[k] } else { 0.0 };
            beside = e * inverse * (on * on + beside);
            on = (1.0 + e * on) * inverse;
            trace += on;
            squares += on * on + 2.0 * beside;
        }
        let spread = (count - 1.0) * (count * squares - trace * trace).max(0.0);
        let bound = count / (trace + spread.sqrt()) * (1.0 - 1e-9);
        // A number that vanishes has no inverse.
        if bound.is_finite() { bound } else { 0.0 }
    }

    /// One step with a shift; false if that was above an eigenvalue.
    fn sweep(&mut self, start: usize, end: usize, shift: f64) -> bool {
        let (q, e) = (&self.q[start..end], &self.e[start..end - 1]);
        let next = (
            &mut self.next.0[start..end],
            &mut self.next.1[start..end - 1],
        );
        let mut d = q[0] - shift;
        let mut least = d;
        let pairs = q[1..].iter().zip(e).zip(next.0.iter_mut().zip(next.1));
        for ((q, e), (next_q, next_e)) in pairs {
            *next_q = d + e;
            let ratio = q / *next_q;
            *next_e = e * ratio;
            d = d * ratio - shift;
            least = least.min(d);
        }
        next.0[e.len()] = d;
        least >= 0.0 && d.is_finite()
    }
}

/// Eigenvalues of two rows.
fn of_two(a: f64, e: f64, b: f64) -> (f64, f64) {
    let root = ((a - b).powi(2) + e * (e + 2.0 * (a + b))).sqrt();
    let larger = (a + b + e + root) / 2.0;
    (larger, a * (b / larger))
}
