//! Plans of transforms, made once.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rustfft::{Fft, FftPlanner};

use super::Real;
use super::roots::Powers;
use super::split::Split;

/// How complex numbers are transformed.
pub(super) enum Plan<T> {
    /// At once, on one thread.
    Whole(Arc<dyn Fft<T>>),
    /// Taken apart.
    Split(Split<T>),
}

/// Numbers that kept plans hold, about; when there would be more, all are forgotten.
const MAX_NUMBERS: usize = 1 << 22;

/// What is kept, and how many numbers that is.
#[derive(Default)]
struct Kept {
    plans: HashMap<(TypeId, usize, bool), Arc<dyn Any + Send + Sync>>,
    numbers: usize,
}

/// What belongs to a type, a length and a direction, and about how many numbers it holds.
fn kept<P: Any + Send + Sync>(
    n: usize,
    inverse: bool,
    make: impl FnOnce() -> (P, usize),
) -> Arc<P> {
    static KEPT: LazyLock<Mutex<Kept>> = LazyLock::new(Mutex::default);
    let key = (TypeId::of::<P>(), n, inverse);
    let lock = || KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let known = lock().plans.get(&key).cloned();
    if let Some(Ok(plan)) = known.map(Arc::downcast::<P>) {
        return plan;
    }
    let (plan, numbers) = make();
    let plan = Arc::new(plan);
    let mut kept = lock();
    if kept.numbers.saturating_add(numbers) > MAX_NUMBERS {
        *kept = Kept::default();
    }
    if numbers <= MAX_NUMBERS && kept.plans.insert(key, plan.clone()).is_none() {
        kept.numbers += numbers;
    }
    plan
}

/// The plan of a complex transform of `n` points.
pub(super) fn plan<T: Real>(n: usize, inverse: bool) -> Arc<Plan<T>> {
    kept(n, inverse, || match Split::new(n, inverse) {
        Some(split) => {
            let weight = split.weight();
            (Plan::Split(split), weight)
        }
        // Primes need several times their length.
        None => (Plan::Whole(whole(n, inverse)), 2 * n),
    })
}

/// One that is not taken apart.
pub(super) fn whole<T: Real>(n: usize, inverse: bool) -> Arc<dyn Fft<T>> {
    let mut planner = FftPlanner::new();
    match inverse {
        true => planner.plan_fft_inverse(n),
        false => planner.plan_fft_forward(n),
    }
}

/// The roots of unity that a transform of `n` real numbers needs, `n` even: `n / 4 + 1` powers of the first one.
pub(super) fn powers<T: Real>(n: usize) -> Arc<Powers<T>> {
    kept(n, false, || {
        let powers = Powers::new(n, n / 4 + 1);
        let weight = powers.weight();
        (powers, weight)
    })
}
