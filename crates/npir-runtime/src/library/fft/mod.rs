//! Discrete Fourier transforms along a dimension, by the crate `rustfft`.
//!
//! The length of a transform is that of its out (of its real side); its input is cropped to that or continued with
//! zeros, as in NumPy. Transforms of real numbers are complex ones of half the length where that is even. Those of a
//! batch are taken a few at a time, so that dimensions which are not contiguous are read along their neighbours; a
//! long one is taken apart ([`split`]).

mod lines;
mod plans;
mod roots;
mod short;
mod split;

use num_complex::Complex;
use rustfft::FftNum;

use lines::{EvenReal, Half, Line, OddReal, Spectrum, ToEven, ToOdd, Whole};
use plans::{Plan, powers};

use super::arrays::{Elements, Plain};
use super::memory::{Memory, Number};
use super::{Batch, Call, Failure};
use crate::dtype::DType;

/// A real type with transforms.
trait Real: FftNum + Plain + Number {
    /// As an element of a complex array.
    type Whole: Plain + Sync + From<Complex<Self>> + Into<Complex<Self>>;
    fn of(x: f64) -> Self;
}

impl Real for f32 {
    type Whole = Complex<f32>;
    fn of(x: f64) -> f32 {
        x as f32
    }
}

impl Real for f64 {
    type Whole = Complex<f64>;
    fn of(x: f64) -> f64 {
        x
    }
}

/// Complex → complex; parameters: inverse, scale.
pub(super) fn fft(call: &Call) -> Result<(), Failure> {
    by_precision(call, complex::<f32>, complex::<f64>)
}

/// Real → complex, all of it; parameters: inverse, scale.
pub(super) fn fft_real(call: &Call) -> Result<(), Failure> {
    by_precision(call, full::<f32>, full::<f64>)
}

/// Real, length → the half that decides the other; parameters: scale, whether the results are conjugated.
pub(super) fn rfft(call: &Call) -> Result<(), Failure> {
    by_precision(call, half::<f32>, half::<f64>)
}

/// The half of a transform → real; parameters: scale, whether the input is conjugated.
pub(super) fn irfft(call: &Call) -> Result<(), Failure> {
    by_precision(call, inverse_half::<f32>, inverse_half::<f64>)
}

type Routine = fn(&Call) -> Result<(), Failure>;

fn by_precision(call: &Call, single: Routine, double: Routine) -> Result<(), Failure> {
    match call.arrays[0].dtype() {
        DType::F32 | DType::C64 => single(call),
        _ => double(call),
    }
}

/// What results are multiplied by: 1, 1 / n or 1 / √n.
fn scale<T: Real>(code: i64, n: usize) -> T {
    T::of(match code {
        0 => 1.0,
        1 => 1.0 / n as f64,
        _ => 1.0 / (n as f64).sqrt(),
    })
}

/// Operations of a transform, about.
fn work(n: usize) -> usize {
    5 * n * (n.max(2).ilog2() as usize + 1)
}

/// The fewest and the most lines that are transformed at once: a cache line of the smallest elements, and what makes
/// up for getting them.
const TOGETHER: (usize, usize) = (8, 64);

/// Points that are transformed at once, unless few lines have more.
const POINTS: usize = 4096;

/// Transforms every line of a batch by complex transforms of `n` points.
fn transform<'a, T, L, F>(
    call: &Call<'a>,
    ranks: &[usize],
    n: usize,
    inverse: bool,
    line: F,
) -> Result<(), Failure>
where
    T: Real,
    L: Line<T>,
    F: Fn(&Batch<'_, 'a>, usize) -> L + Sync,
{
    let plan = match &*plans::plan::<T>(n, inverse) {
        Plan::Split(split) => {
            let batch = call.batch(ranks)?;
            for at in 0..batch.len() {
                split.run(&line(&batch, at))?;
            }
            return Ok(());
        }
        Plan::Whole(plan) => plan.clone(),
    };
    call.for_ranges(ranks, work(n), |batch, range| {
        let most = (POINTS / n).clamp(TOGETHER.0, TOGETHER.1).min(range.len());
        let mut memory = Memory::new(n * most + plan.get_inplace_scratch_len())?;
        let (points, scratch) = memory.zeroed().split_at_mut(n * most);
        let mut lines = Vec::with_capacity(most);
        let mut rest = range;
        while !rest.is_empty() {
            let (start, end) = (rest.start, rest.end.min(rest.start + most));
            rest.start = end;
            lines.clear();
            lines.extend((start..end).map(|at| line(batch, at)));
            short::transform(&*plan, &lines, points, scratch);
        }
        Ok(())
    })
}

fn complex<T: Real>(call: &Call) -> Result<(), Failure> {
    let n = call.arrays[1].size(0);
    if n == 0 {
        return Ok(());
    }
    let scale = scale::<T>(call.param(1), n);
    transform(call, &[1, 1], n, call.param(0) != 0, |batch, at| Whole {
        x: Elements::of(batch.block(0, at)),
        out: Elements::of(batch.block(1, at)),
        scale,
    })
}

fn full<T: Real>(call: &Call) -> Result<(), Failure> {
    let n = call.arrays[1].size(0);
    let scale = scale::<T>(call.param(1), n);
    // The inverse transform of real numbers is the conjugate of the forward one.
    let conjugate = call.param(0) != 0;
    real::<T>(call, &[1, 1], n, scale, conjugate)
}

fn half<T: Real>(call: &Call) -> Result<(), Failure> {
    // The length is the same for the whole batch; its array may be empty.
    let n = call.number(1).unwrap_or(0) as usize;
    if n > 0 && n / 2 + 1 != call.arrays[2].size(0) {
        return Err(Failure::contract("a transform of another length"));
    }
    let scale = scale::<T>(call.param(0), n);
    real::<T>(call, &[1, 0, 1], n, scale, call.param(1) != 0)
}

/// Transforms of the first array's real numbers into the last one.
fn real<'a, T: Real>(
    call: &Call<'a>,
    ranks: &[usize],
    n: usize,
    scale: T,
    conjugate: bool,
) -> Result<(), Failure> {
    if n == 0 {
        return Ok(());
    }
    let spectrum = |batch: &Batch<'_, 'a>, at| Spectrum {
        out: Elements::of(batch.block(ranks.len() - 1, at)),
        n,
        scale,
        conjugate,
    };
    if !n.is_multiple_of(2) {
        return transform(call, ranks, n, false, |batch, at| OddReal {
            x: Elements::of(batch.block(0, at)),
            to: spectrum(batch, at),
        });
    }
    let powers = &*powers::<T>(n);
    transform(call, ranks, n / 2, false, |batch, at| EvenReal {
        x: Elements::of(batch.block(0, at)),
        to: spectrum(batch, at),
        powers,
    })
}

fn inverse_half<'a, T: Real>(call: &Call<'a>) -> Result<(), Failure> {
    let n = call.arrays[1].size(0);
    if n == 0 {
        return Ok(());
    }
    let scale = scale::<T>(call.param(0), n);
    let conjugate = call.param(1) != 0;
    let half = |batch: &Batch<'_, 'a>, at| Half {
        x: Elements::of(batch.block(0, at)),
        n,
        conjugate,
    };
    if !n.is_multiple_of(2) {
        return transform(call, &[1, 1], n, true, |batch, at| ToOdd {
            half: half(batch, at),
            out: Elements::of(batch.block(1, at)),
            scale,
        });
    }
    let powers = &*powers::<T>(n);
    transform(call, &[1, 1], n / 2, true, |batch, at| ToEven {
        half: half(batch, at),
        out: Elements::of(batch.block(1, at)),
        scale,
        powers,
    })
}
