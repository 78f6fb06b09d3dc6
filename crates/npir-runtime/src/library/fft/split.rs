//! Long transforms, on all threads: those of `n = r c` points are `c` transforms of `r` points, a rotation of every
//! number, and `r` transforms of `c` points, each of which fits a cache ("four-step": D. H. Bailey, FFTs in external or
//! hierarchical memory, 1990).

use std::sync::Arc;

use num_complex::Complex;
use rustfft::Fft;

use super::lines::Line;
use super::roots::root;
use super::{Real, plans};
use crate::library::memory::Memory;
use crate::library::{Failure, on_threads};

/// Shorter transforms are taken as a whole, each on one thread.
pub(super) const LONG: usize = 1 << 16;

/// The fewest points that either side has.
const SHORT: usize = 32;

/// Rotations of a column that are stored one by one.
const FINE: usize = 32;

/// Parts of what remains of a transform that make a thread worth its while.
const GRAIN: usize = 1 << 12;

/// Bytes of neighbours that are read and written at once.
const NEIGHBOURS: usize = 128;

/// A transform of `rows * columns` points.
pub(super) struct Split<T> {
    rows: usize,
    columns: usize,
    /// Of `rows` points.
    down: Arc<dyn Fft<T>>,
    /// Of `columns` points.
    across: Arc<dyn Fft<T>>,
    /// For each column `c` the first powers of `w^c`, where `w^n` is 1.
    fine: Vec<Complex<T>>,
    /// For each column `c` the powers of `w^(FINE c)`.
    coarse: Vec<Complex<T>>,
}

impl<T: Real> Split<T> {
    /// The plan of a transform of `n` points; `None` if it is short or has no factors for it.
    pub(super) fn new(n: usize, inverse: bool) -> Option<Split<T>> {
        if n < LONG {
            return None;
        }
        let rows = (SHORT..=n.isqrt()).rev().find(|r| n.is_multiple_of(*r))?;
        let columns = n / rows;
        let powers = |step: usize, count: usize| {
            let column = move |c| (0..count).map(move |k| root(c * k * step, n, inverse));
            (0..columns).flat_map(column).collect()
        };
        Some(Split {
            rows,
            columns,
            down: plans::whole(rows, inverse),
            across: plans::whole(columns, inverse),
            fine: powers(1, FINE),
            coarse: powers(FINE, rows.div_ceil(FINE)),
        })
    }

    /// Numbers that the plan holds.
    pub(super) fn weight(&self) -> usize {
        self.fine.len() + self.coarse.len()
    }

    /// Transforms a line.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn run(&self, line: &impl Line<T>) -> Result<(), Failure> {
        on_threads(line.before(), GRAIN, |part| {
            line.prepare(part);
            Ok(())
        })?;
        let between = Memory::new(self.rows * self.columns)?;
        self.first(line, &between)?;
        self.second(&between, line)?;
        on_threads(line.rest(), GRAIN, |part| {
            line.finish(part);
            Ok(())
        })
    }

    /// Transforms the columns of the line, and stores them rotated as rows.
    fn first(&self, line: &impl Line<T>, to: &Memory<Complex<T>>) -> Result<(), Failure> {
        let (rows, columns) = (self.rows, self.columns);
        let zero = Complex::new(T::zero(), T::zero());
        let len = line.len().min(rows * columns);
        in_parts(columns, &*self.down, |start, count, points, scratch| {
            let all = len.saturating_sub(start).div_ceil(columns);
            // SAFETY: the points of a part are ours, `count * rows` of them; point `at` is below the length.
            across(count, all.min(rows), |r, k| unsafe {
                let at = r * columns + start + k;
                let z = if at < len { line.load(at) } else { zero };
                points.add(k * rows + r).write(z);
            });
            for k in 0..count {
                // SAFETY: the same.
                unsafe {
                    points
                        .add(k * rows + all.min(rows))
                        .write_bytes(0, rows - all.min(rows))
                };
            }
            // SAFETY: the same; all of them are written.
            let points = unsafe { std::slice::from_raw_parts_mut(points, count * rows) };
            self.down.process_with_scratch(points, scratch);
            for (k, column) in points.chunks_exact(rows).enumerate() {
                // SAFETY: a row of the memory, which only this thread uses.
                unsafe { self.rotate(start + k, column, to.ptr().add((start + k) * rows)) };
            }
        })
    }

    /// Stores column `c`, each number rotated.
    ///
    /// # Safety
    /// `to` is memory for the column.
    unsafe fn rotate(&self, c: usize, column: &[Complex<T>], to: *mut Complex<T>) {
        let coarse = self.rows.div_ceil(FINE);
        let fine = &self.fine[c * FINE..(c + 1) * FINE];
        let coarse = &self.coarse[c * coarse..(c + 1) * coarse];
        for (i, (from, turn)) in column.chunks(FINE).zip(coarse).enumerate() {
            for (j, (z, w)) in from.iter().zip(fine).enumerate() {
                // SAFETY: within the column.
                unsafe { to.add(i * FINE + j).write(z * (w * turn)) };
            }
        }
    }

    /// Transforms the columns of what [`Split::first`] stored.
    fn second(&self, from: &Memory<Complex<T>>, line: &impl Line<T>) -> Result<(), Failure> {
        let (rows, columns) = (self.rows, self.columns);
        in_parts(rows, &*self.across, |start, count, points, scratch| {
            // SAFETY: the points of a part are ours, `count * columns` of them; `first` has written all it stores.
            across(count, columns, |c, k| unsafe {
                let z = from.ptr().add(c * rows + start + k).read();
                points.add(k * columns + c).write(z);
            });
            // SAFETY: the same; all of them are written.
            let slice = unsafe { std::slice::from_raw_parts_mut(points, count * columns) };
            self.across.process_with_scratch(slice, scratch);
            // SAFETY: the same; no other part has these elements of the line.
            across(count, columns, |c, k| unsafe {
                line.store(start + k + rows * c, points.add(k * columns + c).read());
            });
        })
    }
}

/// Calls `f(i, k)` for all `i` below `count` and `k` below `neighbours`, those in the inner loop.
#[inline(always)]
fn across(neighbours: usize, count: usize, mut f: impl FnMut(usize, usize)) {
    if neighbours == 8 {
        for i in 0..count {
            for k in 0..8 {
                f(i, k);
            }
        }
    } else {
        for i in 0..count {
            for k in 0..neighbours {
                f(i, k);
            }
        }
    }
}

/// Calls `f` with the first of a few of `count` transforms, how many they are, memory for their points, and what the
/// plan needs, on the threads of the pool.
fn in_parts<T: Real>(
    count: usize,
    plan: &dyn Fft<T>,
    f: impl Fn(usize, usize, *mut Complex<T>, &mut [Complex<T>]) + Sync,
) -> Result<(), Failure> {
    let together = NEIGHBOURS / size_of::<Complex<T>>();
    on_threads(count.div_ceil(together), 1, |range| {
        let points = Memory::new(plan.len() * together)?;
        let mut scratch = Memory::new(plan.get_inplace_scratch_len())?;
        let scratch = scratch.zeroed();
        for part in range {
            let start = part * together;
            f(start, together.min(count - start), points.ptr(), scratch);
        }
        Ok(())
    })
}
