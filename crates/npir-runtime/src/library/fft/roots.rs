//! Roots of unity.

use std::f64::consts::FRAC_PI_2;

use num_complex::Complex;

use super::Real;

/// `exp(∓2πi m / n)`, correct to the last bits: the angle is taken from the nearest quarter turn.
pub(super) fn root<T: Real>(m: usize, n: usize, inverse: bool) -> Complex<T> {
    let (m, n) = (m as i128 % n as i128, n as i128);
    let quarters = (4 * m + n / 2) / n;
    let rest = 4 * m - quarters * n;
    let (sin, cos) = (FRAC_PI_2 * rest as f64 / n as f64).sin_cos();
    let (re, im) = match quarters % 4 {
        0 => (cos, sin),
        1 => (-sin, cos),
        2 => (-cos, -sin),
        _ => (sin, -cos),
    };
    Complex::new(T::of(re), T::of(if inverse { im } else { -im }))
}

/// The powers `w^0, w^1, …` of a root of unity, few of which are stored: `w^k` is a product of two beyond the first
/// ones.
pub(super) struct Powers<T> {
    fine: Vec<Complex<T>>,
    coarse: Vec<Complex<T>>,
}

/// Powers that are stored one by one.
const FINE: usize = 4096;

impl<T: Real> Powers<T> {
    /// `count` powers of `exp(-2πi / n)`.
    pub(super) fn new(n: usize, count: usize) -> Powers<T> {
        Powers {
            fine: (0..count.min(FINE)).map(|k| root(k, n, false)).collect(),
            coarse: (0..count.div_ceil(FINE))
                .map(|k| root(k * FINE, n, false))
                .collect(),
        }
    }

    #[inline(always)]
    pub(super) fn get(&self, k: usize) -> Complex<T> {
        match k < FINE {
            true => self.fine[k],
            false => self.fine[k % FINE] * self.coarse[k / FINE],
        }
    }

    /// How many are stored.
    pub(super) fn weight(&self) -> usize {
        self.fine.len() + self.coarse.len()
    }
}
