//! Discrete Fourier transforms along a dimension, by the crates `rustfft` and `realfft`.
//!
//! The length of a transform is that of its out (of its real side); its input is cropped to that or continued with
//! zeros, as in NumPy. Transforms of a batch are taken a few at a time, so that dimensions which are not contiguous are
//! read and written along their neighbours.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftNum, FftPlanner};

use super::arrays::Plain;
use super::{Batch, Block, Call, Failure};
use crate::dtype::DType;

/// A real type with transforms.
trait Real: FftNum + Plain {
    /// As an element of a complex array.
    type Whole: Plain + From<Complex<Self>> + Into<Complex<Self>>;
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

/// Transforms taken at once: a cache line of the smallest elements.
const TOGETHER: usize = 8;

/// Plans kept; more are forgotten at once.
const MAX_PLANS: usize = 64;

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

/// The plan of a kind and a length, made once.
fn plan<P: ?Sized + 'static>(kind: u8, n: usize, make: impl FnOnce() -> Arc<P>) -> Arc<P>
where
    Arc<P>: Any + Send + Sync,
{
    type Plans = HashMap<(TypeId, u8, usize), Arc<dyn Any + Send + Sync>>;
    static PLANS: LazyLock<Mutex<Plans>> = LazyLock::new(Mutex::default);
    let key = (TypeId::of::<P>(), kind, n);
    let mut plans = PLANS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(plan) = plans
        .get(&key)
        .and_then(|plan| plan.downcast_ref::<Arc<P>>())
    {
        return plan.clone();
    }
    let plan = make();
    if plans.len() >= MAX_PLANS {
        plans.clear();
    }
    plans.insert(key, Arc::new(plan.clone()));
    plan
}

fn complex_plan<T: Real>(n: usize, inverse: bool) -> Arc<dyn Fft<T>> {
    plan(u8::from(inverse), n, || {
        let mut planner = FftPlanner::new();
        match inverse {
            true => planner.plan_fft_inverse(n),
            false => planner.plan_fft_forward(n),
        }
    })
}

fn real_plan<T: Real>(n: usize) -> Arc<dyn RealToComplex<T>> {
    plan(0, n, || RealFftPlanner::new().plan_fft_forward(n))
}

fn inverse_real_plan<T: Real>(n: usize) -> Arc<dyn ComplexToReal<T>> {
    plan(0, n, || RealFftPlanner::new().plan_fft_inverse(n))
}

/// Rows of `width` elements: one buffer for a few transforms.
struct Rows<T> {
    elements: Vec<T>,
    width: usize,
}

impl<T: Copy> Rows<T> {
    fn new(width: usize, filler: T) -> Rows<T> {
        Rows {
            elements: vec![filler; width * TOGETHER],
            width,
        }
    }

    fn row(&mut self, k: usize) -> &mut [T] {
        &mut self.elements[k * self.width..(k + 1) * self.width]
    }

    /// Reads the beginning of each block; what it does not have is `zero`.
    fn read<E: Plain + Into<T>>(&mut self, blocks: &[Block], zero: T) {
        let count = blocks.first().map_or(0, Block::len).min(self.width);
        if let [block] = blocks {
            for i in 0..count {
                self.elements[i] = block.at::<E>(i, 0).into();
            }
        } else {
            for i in 0..count {
                for (k, block) in blocks.iter().enumerate() {
                    self.elements[k * self.width + i] = block.at::<E>(i, 0).into();
                }
            }
        }
        for k in 0..blocks.len() {
            self.row(k)[count..].fill(zero);
        }
    }
}

/// Writes `f(k, i)` to element `i` of block `k`.
fn write<E: Plain>(blocks: &[Block], mut f: impl FnMut(usize, usize) -> E) {
    let count = blocks.first().map_or(0, Block::len);
    for i in 0..count {
        for (k, block) in blocks.iter().enumerate() {
            block.set(i, f(k, i));
        }
    }
}

/// The parts of a range that are transformed at once.
fn parts(range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range
        .step_by(TOGETHER)
        .map(move |lo| lo..(lo + TOGETHER).min(end))
}

/// Runs `f` on a few transforms at a time; `n` is their length.
fn transform<F>(call: &Call, ranks: &[usize], n: usize, f: F) -> Result<(), Failure>
where
    F: Fn(&Batch, Range<usize>) -> Result<(), Failure> + Sync,
{
    match n {
        0 => Ok(()),
        _ => call.for_ranges(ranks, work(n), f),
    }
}

fn complex<T: Real>(call: &Call) -> Result<(), Failure> {
    let n = call.arrays[1].size(0);
    let plan = complex_plan::<T>(n.max(1), call.param(0) != 0);
    let scale = scale::<T>(call.param(1), n);
    let zero = Complex::new(T::zero(), T::zero());
    transform(call, &[1, 1], n, |batch, range| {
        let mut rows = Rows::new(n, zero);
        let mut scratch = vec![zero; plan.get_inplace_scratch_len()];
        for part in parts(range) {
            rows.read::<T::Whole>(&batch.blocks(0, part.clone()), zero);
            for k in 0..part.len() {
                plan.process_with_scratch(rows.row(k), &mut scratch);
            }
            write::<T::Whole>(&batch.blocks(1, part), |k, i| {
                (rows.elements[k * n + i] * scale).into()
            });
        }
        Ok(())
    })
}

/// Forward transforms of real rows: the half in `spectrum`.
fn forward<T: Real>(
    plan: &dyn RealToComplex<T>,
    row: &mut [T],
    spectrum: &mut [Complex<T>],
    scratch: &mut [Complex<T>],
) -> Result<(), Failure> {
    plan.process_with_scratch(row, spectrum, scratch)
        .map_err(|_| Failure::contract("a transform of another length"))
}

fn full<T: Real>(call: &Call) -> Result<(), Failure> {
    let n = call.arrays[1].size(0);
    let plan = real_plan::<T>(n.max(1));
    let inverse = call.param(0) != 0;
    let scale = scale::<T>(call.param(1), n);
    let (width, zero) = (n / 2 + 1, Complex::new(T::zero(), T::zero()));
    transform(call, &[1, 1], n, |batch, range| {
        let (mut rows, mut spectra) = (Rows::new(n, T::zero()), Rows::new(width, zero));
        let mut scratch = plan.make_scratch_vec();
        for part in parts(range) {
            rows.read::<T>(&batch.blocks(0, part.clone()), T::zero());
            for k in 0..part.len() {
                forward(&*plan, rows.row(k), spectra.row(k), &mut scratch)?;
            }
            write::<T::Whole>(&batch.blocks(1, part), |k, i| {
                let mirrored = i >= width;
                let z = spectra.elements[k * width + if mirrored { n - i } else { i }] * scale;
                // The inverse transform of real numbers is the conjugate of the forward one.
                if mirrored != inverse { z.conj() } else { z }.into()
            });
        }
        Ok(())
    })
}

fn half<T: Real>(call: &Call) -> Result<(), Failure> {
    let width = call.arrays[2].size(0);
    // The length is the same for the whole batch; its array may be empty.
    let n = call.number(1).unwrap_or(0) as usize;
    if n > 0 && n / 2 + 1 != width {
        return Err(Failure::contract("a transform of another length"));
    }
    let plan = real_plan::<T>(n.max(1));
    let scale = scale::<T>(call.param(0), n);
    let conjugate = call.param(1) != 0;
    let zero = Complex::new(T::zero(), T::zero());
    transform(call, &[1, 0, 1], n, |batch, range| {
        let (mut rows, mut spectra) = (Rows::new(n, T::zero()), Rows::new(width, zero));
        let mut scratch = plan.make_scratch_vec();
        for part in parts(range) {
            rows.read::<T>(&batch.blocks(0, part.clone()), T::zero());
            for k in 0..part.len() {
                forward(&*plan, rows.row(k), spectra.row(k), &mut scratch)?;
            }
            write::<T::Whole>(&batch.blocks(2, part), |k, i| {
                let z = spectra.elements[k * width + i] * scale;
                if conjugate { z.conj() } else { z }.into()
            });
        }
        Ok(())
    })
}

fn inverse_half<T: Real>(call: &Call) -> Result<(), Failure> {
    let n = call.arrays[1].size(0);
    let plan = inverse_real_plan::<T>(n.max(1));
    let scale = scale::<T>(call.param(0), n);
    let conjugate = call.param(1) != 0;
    let (width, zero) = (n / 2 + 1, Complex::new(T::zero(), T::zero()));
    transform(call, &[1, 1], n, |batch, range| {
        let (mut rows, mut spectra) = (Rows::new(n, T::zero()), Rows::new(width, zero));
        let mut scratch = plan.make_scratch_vec();
        for part in parts(range) {
            spectra.read::<T::Whole>(&batch.blocks(0, part.clone()), zero);
            for k in 0..part.len() {
                let spectrum = spectra.row(k);
                if conjugate {
                    spectrum.iter_mut().for_each(|z| *z = z.conj());
                }
                // These two are real; imaginary parts are not looked at.
                spectrum[0].im = T::zero();
                if n.is_multiple_of(2) {
                    spectrum[n / 2].im = T::zero();
                }
                plan.process_with_scratch(spectrum, rows.row(k), &mut scratch)
                    .map_err(|_| Failure::contract("a transform of another length"))?;
            }
            write::<T>(&batch.blocks(1, part), |k, i| {
                rows.elements[k * n + i] * scale
            });
        }
        Ok(())
    })
}
