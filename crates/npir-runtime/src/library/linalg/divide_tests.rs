//! Eigenvalues and eigenvectors of spectra that are hard: clustered, graded, glued, tiny, huge.

use faer::Mat;

use super::{Rows, of_tridiagonal};
use crate::library::Failure;

/// Checks that the vectors are orthonormal, and what the matrix makes of them.
fn check(name: &str, d: Vec<f64>, e: Vec<f64>) {
    let n = d.len();
    let context = format!("{name}, {n} rows");
    let failure = || Failure::lin_alg("not converged");
    let found = of_tridiagonal(d.clone(), e.clone(), Rows::All, &failure);
    let found = found.unwrap_or_else(|f| panic!("{context}: {f:?}"));
    let size = d.iter().chain(&e).fold(0.0f64, |m, x| m.max(x.abs()));
    // Such that the residual can be computed.
    let unit = if size == 0.0 { 1.0 } else { size };
    let q = Mat::from_fn(n, n, |i, j| found.vectors[(i, found.order[j])]);
    let w: Vec<f64> = found.order.iter().map(|&j| found.values[j]).collect();
    assert!(w.is_sorted(), "{context}: {w:?}");
    let ends = of_tridiagonal(d.clone(), e.clone(), Rows::Ends, &failure);
    let ends = ends.unwrap_or_else(|f| panic!("{context}: {f:?}"));
    let limit = 4.0 * (16.0 + n as f64).min(60.0) * f64::EPSILON;
    for (w, &j) in w.iter().zip(&ends.order) {
        let difference = (w / unit - ends.values[j] / unit).abs();
        assert!(difference <= limit, "{context}: {difference}");
    }
    let product = q.transpose() * &q;
    let rest = product - Mat::<f64>::identity(n, n);
    assert!(
        rest.norm_max() <= limit,
        "{context}: {}",
        rest.norm_max() / f64::EPSILON
    );
    for j in 0..n {
        for i in 0..n {
            let mut sum = (d[i] / unit) * q[(i, j)] - (w[j] / unit) * q[(i, j)];
            if i > 0 {
                sum += (e[i - 1] / unit) * q[(i - 1, j)];
            }
            if i + 1 < n {
                sum += (e[i] / unit) * q[(i + 1, j)];
            }
            assert!(sum.abs() <= limit, "{context}: {}", sum / f64::EPSILON);
        }
    }
}

/// Numbers from -1/2 to 1/2.
fn random(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let next = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    };
    (0..count).map(next).collect()
}

/// Spectra in which everything, nothing or a part is deflated; numbers of every size.
#[test]
fn spectra() {
    for n in [1, 2, 3, 31, 32, 33, 64, 65, 100, 129, 200, 350] {
        let less = n - 1;
        let diagonal = random(n, 1);
        let beside = random(less, 2);
        let times = |x: &[f64], factor: f64| x.iter().map(|x| x * factor).collect::<Vec<_>>();
        let powers = |base: f64, count: usize, factor: f64| {
            let numbers = (0..count).map(|i| factor * base.powi(i as i32));
            numbers.collect::<Vec<_>>()
        };
        let reversed = |mut x: Vec<f64>| {
            x.reverse();
            x
        };
        check("random", diagonal.clone(), beside.clone());
        check("no diagonal", vec![0.0; n], beside.clone());
        check("zero", vec![0.0; n], vec![0.0; less]);
        check("diagonal", diagonal.clone(), vec![0.0; less]);
        check("second differences", vec![2.0; n], vec![-1.0; less]);
        check("identity, almost", vec![1.0; n], times(&beside, 1e-12));
        check(
            "two values",
            (0..n).map(|i| f64::from(i as u32 % 2)).collect(),
            vec![1e-7; less],
        );
        check("small beside", diagonal.clone(), times(&beside, 1e-13));
        let far = |i: usize, period: usize| (i % period).abs_diff(period / 2) as f64;
        check(
            "Wilkinson",
            (0..n).map(|i| far(i, n)).collect(),
            vec![1.0; less],
        );
        let glue = |i: usize| if i % 21 == 20 { 1e-9 } else { 1.0 };
        let glued: Vec<_> = (0..n).map(|i| far(i, 21)).collect();
        check("glued", glued, (0..less).map(glue).collect());
        for base in [0.9, 0.1] {
            check("graded", powers(base, n, 1.0), powers(base, less, 0.4));
            let (d, e) = (powers(base, n, 1.0), powers(base, less, 0.4));
            check("graded, from below", reversed(d), reversed(e));
        }
        for factor in [1e-290, 1e-160, 1e160, 1e307] {
            check("scaled", times(&diagonal, factor), times(&beside, factor));
        }
    }
}

/// What is not finite is an error.
#[test]
fn infinities() {
    for x in [f64::INFINITY, f64::NAN] {
        let failure = || Failure::lin_alg("not converged");
        assert!(of_tridiagonal(vec![1.0, x, 2.0], vec![1.0, 1.0], Rows::All, &failure).is_err());
    }
}
