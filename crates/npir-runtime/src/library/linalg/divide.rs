//! Eigenvalues and eigenvectors of symmetric tridiagonal matrices by divide and conquer: the matrix is cut in halves, and
//! those again, by subtracting matrices of rank one; then the eigenvectors of the halves are merged (J. J. M. Cuppen, A
//! divide and conquer method for the symmetric tridiagonal eigenproblem, 1981; with the deflation of J. J. Dongarra, D.
//! C. Sorensen, A fully parallel algorithm for the symmetric eigenvalue problem, 1987).

use std::sync::{Mutex, PoisonError};

use faer::diag::{Diag, DiagRef};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{
    ComputeEigenvectors, SelfAdjointEvdParams, self_adjoint_evd_scratch,
    tridiagonal_self_adjoint_evd,
};
use faer::linalg::matmul::matmul;
use faer::{Accum, Auto, Mat, MatMut, MatRef, Par};

use super::secular::{LANES, Secular, refit, vector, vectorized};
use crate::library::{Failure, on_threads};
use crate::pool;

/// Rows of a matrix that is not divided.
const LEAF: usize = 32;
/// Eigenvectors that are computed at a time.
const COLUMNS: usize = 48;
/// Rows that a thread finds roots or weights for at a time.
const ROWS: usize = 4 * LANES;
/// Numbers below this are zero in a matrix of size about 1.
const TINY: f64 = 1e-290;

/// Runs `f` on each of some parts, on the threads of the pool.
///
/// # Errors
/// That of the first part that fails; a panic in one.
pub(super) fn on_parts<P: Send>(
    parts: Vec<P>,
    f: impl Fn(P) -> Result<(), Failure> + Sync,
) -> Result<(), Failure> {
    let parts: Vec<_> = parts.into_iter().map(|p| Mutex::new(Some(p))).collect();
    on_threads(parts.len(), 1, |mut range| {
        range.try_for_each(|i| {
            let part = parts[i]
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            part.map_or(Ok(()), &f)
        })
    })
}

/// The parts of a matrix with so many columns each, and the first column of each.
pub(super) fn columns<T>(a: MatMut<'_, T>, count: usize) -> Vec<(usize, MatMut<'_, T>)> {
    let mut parts = Vec::with_capacity(a.ncols().div_ceil(count));
    let (mut rest, mut at) = (a, 0);
    while rest.ncols() > 0 {
        let now = count.min(rest.ncols());
        let (part, later) = rest.split_at_col_mut(now);
        parts.push((at, part));
        (rest, at) = (later, at + now);
    }
    parts
}

/// Eigenvalues and eigenvectors of a Hermitian matrix.
pub(super) struct Decomposition<T> {
    /// In the order of the columns.
    pub(super) values: Vec<f64>,
    /// As columns of length 1.
    pub(super) vectors: Mat<T>,
    /// The order of the columns in which the values ascend.
    pub(super) order: Vec<usize>,
}

/// Which rows of the eigenvectors are computed.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Rows {
    All,
    /// The first and the last: what the eigenvalues need.
    Ends,
}

/// The decomposition of a part of the matrix.
struct Node<'a> {
    rows: Rows,
    /// Eigenvectors as columns; before it is merged, those of its halves, on the diagonal if they have all rows.
    vectors: MatMut<'a, f64>,
    work: MatMut<'a, f64>,
    values: &'a mut [f64],
    /// The order of the columns in which the values ascend.
    order: &'a mut [usize],
}

/// A power of two that makes a number about 1, exactly.
fn inverse_power(x: f64) -> f64 {
    f64::from_bits((2046 - (x.to_bits() >> 52).clamp(1, 2045)) << 52)
}

/// Decomposes a symmetric matrix with `d` on the diagonal and `e` beside it, with some rows of the vectors.
///
/// # Errors
/// `not_converged` if some eigenvalue is not found, or some number is not finite.
pub(super) fn of_tridiagonal(
    mut d: Vec<f64>,
    mut e: Vec<f64>,
    rows: Rows,
    not_converged: &(impl Fn() -> Failure + Sync),
) -> Result<Decomposition<f64>, Failure> {
    let n = d.len();
    let largest = d.iter().chain(&e).fold(0.0f64, |m, x| m.max(x.abs()));
    let factor = inverse_power(largest);
    for x in d.iter_mut().chain(&mut e) {
        *x *= factor;
        if !x.is_finite() {
            return Err(not_converged());
        }
        if x.abs() < TINY {
            *x = 0.0;
        }
    }
    let mut depth = 0;
    while n.div_ceil(1 << depth) > LEAF {
        depth += 1;
    }
    let height = if rows == Rows::All { n } else { 2 };
    let (mut vectors, mut work) = (Mat::zeros(height, n), Mat::zeros(height, n));
    let mut order = vec![0; n];
    let bound = |level: usize, i: usize| (i * n) >> level;
    for i in 1..1 << depth {
        let at = bound(depth, i);
        let beside = e[at - 1].abs();
        d[at - 1] -= beside;
        d[at] -= beside;
    }
    for level in (0..=depth).rev() {
        let mut parts = Vec::with_capacity(1 << level);
        let mut rest = Node {
            rows,
            vectors: vectors.as_mut(),
            work: work.as_mut(),
            values: &mut d,
            order: &mut order,
        };
        for i in 0..1 << level {
            let (start, end) = (bound(level, i), bound(level, i + 1));
            let (node, later) = rest.split(end - start);
            let split = bound(level + 1, 2 * i + 1);
            parts.push((node, split - start, &e[start..end - 1]));
            rest = later;
        }
        let run = |(mut node, split, e): (Node, usize, &[f64])| match level == depth {
            true => node.leaf(e).ok_or_else(not_converged),
            false => node.merge(split, e[split - 1]),
        };
        if parts.len() < pool::num_threads() {
            // In parallel each.
            parts.into_iter().try_for_each(run)?;
        } else {
            on_parts(parts, run)?;
        }
    }
    d.iter_mut().for_each(|x| *x /= factor);
    Ok(Decomposition {
        values: d,
        vectors,
        order,
    })
}

/// The columns of the halves' eigenvectors that are merged, and what remains as it is.
struct Deflated {
    /// Columns in the order of their poles.
    kept: Vec<usize>,
    /// Those that are eigenvectors already.
    done: Vec<usize>,
    /// Of each column, whether it has numbers in the upper and in the lower half.
    halves: Vec<(bool, bool)>,
}

impl<'a> Node<'a> {
    /// The first rows, and the others.
    fn split(self, at: usize) -> (Node<'a>, Node<'a>) {
        let halves = |a: MatMut<'a, f64>| match self.rows {
            Rows::All => {
                let (first, .., second) = a.split_at_mut(at, at);
                (first, second)
            }
            Rows::Ends => a.split_at_col_mut(at),
        };
        let (vectors, other_vectors) = halves(self.vectors);
        let (work, other_work) = halves(self.work);
        let (values, other_values) = self.values.split_at_mut(at);
        let (order, other_order) = self.order.split_at_mut(at);
        let first = Node {
            rows: self.rows,
            vectors,
            work,
            values,
            order,
        };
        let second = Node {
            rows: self.rows,
            vectors: other_vectors,
            work: other_work,
            values: other_values,
            order: other_order,
        };
        (first, second)
    }

    /// A part that is small: by the QR algorithm.
    fn leaf(&mut self, e: &[f64]) -> Option<()> {
        let n = self.values.len();
        let mut params = <SelfAdjointEvdParams as Auto<f64>>::auto();
        params.recursion_threshold = usize::MAX;
        let scratch =
            self_adjoint_evd_scratch::<f64>(n, ComputeEigenvectors::Yes, Par::Seq, params.into());
        let mut memory = MemBuffer::new(scratch);
        let mut values = Diag::zeros(n);
        let mut beside = e.to_vec();
        beside.push(0.0);
        let mut storage = Mat::new();
        let mut vectors = self.vectors.as_mut();
        if self.rows == Rows::Ends {
            storage = Mat::zeros(n, n);
            vectors = storage.as_mut();
        }
        tridiagonal_self_adjoint_evd(
            DiagRef::from_slice(self.values),
            DiagRef::from_slice(&beside),
            values.as_mut(),
            Some(vectors),
            Par::Seq,
            MemStack::new(&mut memory),
            params.into(),
        )
        .ok()?;
        if self.rows == Rows::Ends {
            let ends = [storage.row(0), storage.row(n - 1)];
            for (i, end) in ends.into_iter().enumerate() {
                self.vectors.as_mut().row_mut(i).copy_from(end);
            }
        }
        for i in 0..n {
            (self.values[i], self.order[i]) = (values[i], i);
        }
        self.values.iter().all(|x| x.is_finite()).then_some(())
    }

    /// Merges the halves, of `split` rows and the others, which `beside` joins.
    fn merge(&mut self, split: usize, beside: f64) -> Result<(), Failure> {
        let n = self.values.len();
        for i in split..n {
            self.order[i] += split;
        }
        let values = &*self.values;
        // The halves are sorted already.
        self.order.sort_by(|&i, &j| values[i].total_cmp(&values[j]));
        let sign = std::f64::consts::FRAC_1_SQRT_2.copysign(beside);
        // The last row of the first half, the first row of the second.
        let (above, below) = match self.rows {
            Rows::All => (split - 1, split),
            Rows::Ends => (1, 0),
        };
        let mut z: Vec<f64> = (0..n)
            .map(|j| match j < split {
                true => self.vectors[(above, j)] * std::f64::consts::FRAC_1_SQRT_2,
                false => self.vectors[(below, j)] * sign,
            })
            .collect();
        let mut height = split;
        if self.rows == Rows::Ends {
            // What remains of each half.
            height = 1;
            let (mut first, mut second) = self.vectors.as_mut().split_at_col_mut(split);
            first.as_mut().row_mut(1).fill(0.0);
            second.as_mut().row_mut(0).fill(0.0);
        }
        let rho = 2.0 * beside.abs();
        let size = self.values.iter().fold(rho, |m, x| m.max(x.abs()));
        if size < TINY || rho == 0.0 {
            return Ok(());
        }
        let factor = inverse_power(size);
        let rho = rho * factor;
        let mut d: Vec<f64> = self.values.iter().map(|x| x * factor).collect();
        let Deflated { kept, done, halves } = self.deflate(split, rho, &mut d, &mut z);
        let count = kept.len();
        if count == 0 {
            return Ok(());
        }
        // Columns with an upper half only, with both, with a lower half only: their rows in the vectors of the merge.
        let mut rows: Vec<usize> = (0..count).collect();
        rows.sort_by_key(|&i| match halves[kept[i]] {
            (true, false) => 0,
            (true, true) => 1,
            _ => 2,
        });
        let upper = kept.iter().filter(|&&j| halves[j].0).count();
        let lower = kept.iter().filter(|&&j| halves[j].1).count();
        self.gather(height, rows.iter().map(|&i| kept[i]), &halves, &done);

        let poles: Vec<f64> = kept.iter().map(|&j| d[j]).collect();
        let weights: Vec<f64> = kept.iter().map(|&j| z[j] * z[j]).collect();
        let (mut origins, mut offsets) = (vec![0.0; count], vec![0.0; count]);
        let secular = Secular {
            poles: &poles,
            weights: &weights,
            rho,
        };
        let parts = origins.chunks_mut(ROWS).zip(offsets.chunks_mut(ROWS));
        on_parts(parts.enumerate().collect(), |(i, (origins, offsets))| {
            secular.roots(i * ROWS, origins, offsets);
            Ok(())
        })?;
        let d_rows: Vec<f64> = rows.iter().map(|&i| poles[i]).collect();
        let mut z_rows: Vec<f64> = rows.iter().map(|&i| z[kept[i]]).collect();
        let parts = d_rows.chunks(ROWS).zip(z_rows.chunks_mut(ROWS));
        on_parts(parts.collect(), |(d, z)| {
            refit(d, z, &poles, &origins, &offsets);
            Ok(())
        })?;

        let work = self.work.as_ref();
        let (merged, rest) = self.vectors.as_mut().split_at_col_mut(count);
        let (above, below) = work.split_at_row(height);
        on_parts(columns(merged, COLUMNS), |(first, out)| {
            let mut local = Mat::zeros(count, out.ncols());
            vectorized(
                #[inline(always)]
                || {
                    for (j, column) in local.col_iter_mut().enumerate() {
                        let at = first + j;
                        if let Some(column) = column.try_as_col_major_mut() {
                            let column = column.as_slice_mut();
                            vector(&d_rows, &z_rows, origins[at], offsets[at], column);
                        }
                    }
                },
            );
            let (out_above, out_below) = out.split_at_row_mut(height);
            let product = |out: MatMut<'_, f64>, a: MatRef<'_, f64>, b: MatRef<'_, f64>| {
                matmul(out, Accum::Replace, a, b, 1.0, Par::Seq);
            };
            product(out_above, above.subcols(0, upper), local.subrows(0, upper));
            let start = count - lower;
            product(
                out_below,
                below.subcols(0, lower),
                local.subrows(start, lower),
            );
            Ok(())
        })?;
        let mut rest = rest;
        rest.copy_from(work.subcols(count, n - count));
        for j in 0..count {
            self.values[j] = (origins[j] + offsets[j]) / factor;
        }
        for (i, &j) in done.iter().enumerate() {
            self.values[count + i] = d[j] / factor;
        }
        for (i, order) in self.order.iter_mut().enumerate() {
            *order = i;
        }
        let values = &*self.values;
        self.order.sort_by(|&i, &j| values[i].total_cmp(&values[j]));
        Ok(())
    }

    /// Finds columns that are eigenvectors of the whole, as their `z` is negligible or can be made so by a rotation with
    /// a column whose pole is close.
    fn deflate(&mut self, split: usize, rho: f64, d: &mut [f64], z: &mut [f64]) -> Deflated {
        const NEGLIGIBLE: f64 = 8.0 * f64::EPSILON;
        let n = d.len();
        let mut found = Deflated {
            kept: Vec::with_capacity(n),
            done: Vec::new(),
            halves: (0..n).map(|j| (j < split, j >= split)).collect(),
        };
        for i in 0..n {
            let j = self.order[i];
            if rho * z[j].abs() <= NEGLIGIBLE {
                found.done.push(j);
                continue;
            }
            if let Some(&before) = found.kept.last() {
                let length = z[j].hypot(z[before]);
                let (c, s) = (z[j] / length, -z[before] / length);
                let gap = d[j] - d[before];
                if (gap * c * s).abs() <= NEGLIGIBLE {
                    (z[j], z[before]) = (length, 0.0);
                    let (upper, lower) = found.halves[before];
                    found.halves[j].0 |= upper;
                    found.halves[j].1 |= lower;
                    self.rotate(before, j, c, s);
                    let (one, other) = (d[before], d[j]);
                    d[before] = one * c * c + other * s * s;
                    d[j] = one * s * s + other * c * c;
                    found.kept.pop();
                    found.done.push(before);
                }
            }
            found.kept.push(j);
        }
        found
    }

    /// Columns `i` and `j` become `c i + s j` and `c j - s i`.
    fn rotate(&mut self, i: usize, j: usize, c: f64, s: f64) {
        for row in 0..self.vectors.nrows() {
            let (x, y) = (self.vectors[(row, i)], self.vectors[(row, j)]);
            self.vectors[(row, i)] = c * x + s * y;
            self.vectors[(row, j)] = c * y - s * x;
        }
    }

    /// Copies the upper halves of columns, the lower ones, and behind them the columns that are done to `work`.
    fn gather(
        &mut self,
        split: usize,
        kept: impl ExactSizeIterator<Item = usize>,
        halves: &[(bool, bool)],
        done: &[usize],
    ) {
        let vectors = self.vectors.as_ref();
        let behind = kept.len();
        let (mut above, mut below) = self.work.as_mut().split_at_row_mut(split);
        let (mut upper, mut lower) = (0, 0);
        for j in kept {
            let (top, bottom) = vectors.col(j).split_at_row(split);
            if halves[j].0 {
                above.as_mut().col_mut(upper).copy_from(top);
                upper += 1;
            }
            if halves[j].1 {
                below.as_mut().col_mut(lower).copy_from(bottom);
                lower += 1;
            }
        }
        for (i, &j) in done.iter().enumerate() {
            self.work
                .as_mut()
                .col_mut(behind + i)
                .copy_from(vectors.col(j));
        }
    }
}

#[cfg(test)]
#[path = "divide_tests.rs"]
mod tests;
