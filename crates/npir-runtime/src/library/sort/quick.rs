//! Quicksort and quickselect in vectors: keys below and above a pivot are moved together in registers and written to
//! both ends. See S. Gueron and V. Krasnov, "Fast Quicksort Implementation Using AVX Instructions" (2016), and, for
//! equal keys, O. Peters, "Pattern-defeating Quicksort" (2021).

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::network;
use super::scratch::{Shared, on_threads};
use super::vectors::Lanes;
use crate::library::Failure;
use crate::pool;

/// Keys of which the pivot is the median: of long, of middling, and of short arrays.
const SAMPLE: [usize; 3] = [64, 16, 8];
/// Keys of which the pivot is one near the key that is looked for.
const WIDE_SAMPLE: usize = 128;
/// From which length on an array is long, and middling.
const LENGTHS: [usize; 2] = [4096, 1024];
/// Vectors in flight when keys are divided, and when few are.
const UNROLL: usize = 8;
const UNROLL_FEW: usize = 2;

/// Keys that are worth a thread.
const PART: usize = 1 << 14;

/// Keys in one place, none of which is below `least`.
#[derive(Clone, Copy)]
struct Part<K> {
    start: usize,
    len: usize,
    least: K,
}

/// Sorts `keys` in ascending order, on the threads of the pool.
///
/// # Safety
/// The instructions are available.
pub(super) unsafe fn sort<K: Lanes + Send + Sync>(keys: &mut [K]) -> Result<(), Failure> {
    let (depth, wanted) = (depth(keys), 4 * pool::num_threads());
    if wanted == 4 || keys.len() <= 2 * PART {
        // SAFETY: the caller's contract.
        unsafe { run(keys, K::default(), depth) };
        return Ok(());
    }
    let all = Part {
        start: 0,
        len: keys.len(),
        least: K::default(),
    };
    let mut parts = vec![all];
    let shared = Shared::of(keys);
    // SAFETY: parts are disjoint, and each is worked on by one thread; the caller's contract.
    let slice = |part: &Part<K>| unsafe { shared.slice(part.start, part.len) };
    while parts.len() < wanted && parts.iter().any(|part| part.len > 2 * PART) {
        let next = Mutex::new(Vec::with_capacity(2 * parts.len()));
        on_threads(parts.len(), 1, |range| {
            for part in &parts[range] {
                let mut halves = [*part; 2];
                let mut count = 1;
                if part.len > 2 * PART {
                    // SAFETY: the caller's contract; there are enough keys.
                    let (cut, pivot, equal) = unsafe { cut(slice(part), part.least) };
                    halves[0].len = cut;
                    halves[1] = Part {
                        start: part.start + cut,
                        len: part.len - cut,
                        least: pivot,
                    };
                    if equal {
                        halves[0] = halves[1];
                    } else {
                        count = 2;
                    }
                }
                let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
                next.extend_from_slice(&halves[..count]);
            }
        })?;
        let next = next.into_inner().unwrap_or_else(PoisonError::into_inner);
        let stuck = next.len() <= parts.len();
        parts = next;
        if stuck {
            break;
        }
    }
    // The longest first, each to the next thread that has time.
    parts.sort_unstable_by_key(|part| std::cmp::Reverse(part.len));
    let next = AtomicUsize::new(0);
    on_threads(pool::num_threads(), 1, |_| {
        while let Some(part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
            // SAFETY: the caller's contract.
            unsafe { run(slice(part), part.least, depth) };
        }
    })
}

/// Puts the key that belongs at `at` there, lesser ones before it and greater ones after it; long arrays are cut on
/// two threads.
///
/// # Safety
/// The instructions are available.
pub(super) unsafe fn select<K: Lanes + Send + Sync>(
    mut keys: &mut [K],
    mut at: usize,
) -> Result<(), Failure> {
    let (mut least, mut depth) = (K::default(), depth(keys));
    while keys.len() > network::MOST * K::LANES {
        if depth == 0 {
            keys.select_nth_unstable(at);
            return Ok(());
        }
        depth -= 1;
        // SAFETY: the caller's contract.
        let (pivot, (cut, equal)) = unsafe {
            if keys.len() >= 4 * PART {
                let pivot = pivot_near(keys, at);
                (pivot, cut_halves(keys, pivot, least)?)
            } else {
                let pivot = match keys.len() >= LENGTHS[0] {
                    true => pivot_near(keys, at),
                    false => pivot(keys),
                };
                (pivot, cut_at(keys, pivot, least))
            }
        };
        let (left, right) = keys.split_at_mut(cut);
        if at >= left.len() {
            at -= left.len();
            (keys, least) = (right, pivot);
        } else if equal {
            return Ok(());
        } else {
            keys = left;
        }
    }
    // SAFETY: the caller's contract.
    unsafe { network::sort(keys) };
    Ok(())
}

/// As [`cut_at`], each half on a thread of its own: the greater keys of the first half then change places with the
/// lesser ones of the second. The number of threads changes nothing.
///
/// # Safety
/// The instructions are available.
unsafe fn cut_halves<K: Lanes + Send + Sync>(
    keys: &mut [K],
    pivot: K,
    least: K,
) -> Result<(usize, bool), Failure> {
    let (n, half) = (keys.len(), keys.len() / 2);
    let cuts = [const { AtomicUsize::new(0) }; 2];
    let shared = Shared::of(keys);
    on_threads(2, 1, |range| {
        for i in range {
            // SAFETY: halves are disjoint; the caller's contract.
            let (cut, _) = unsafe {
                let part = shared.slice(i * half, if i == 0 { half } else { n - half });
                cut_at(part, pivot, least)
            };
            cuts[i].store(cut, Ordering::Relaxed);
        }
    })?;
    let [first, second] = cuts.map(AtomicUsize::into_inner);
    let (left, right) = keys.split_at_mut(half);
    let moved = second.min(half - first);
    left[first..first + moved].swap_with_slice(&mut right[second - moved..second]);
    Ok((first + second, pivot == least))
}

/// Levels after which pivots were too bad to go on.
fn depth<K>(keys: &[K]) -> u32 {
    2 * keys.len().max(1).ilog2() + 8
}

/// Sorts keys none of which is below `least`.
///
/// # Safety
/// The instructions are available.
#[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
unsafe fn run<K: Lanes>(mut keys: &mut [K], mut least: K, mut depth: u32) {
    // SAFETY: the caller's contract.
    unsafe {
        while keys.len() > network::MOST * K::LANES {
            if depth == 0 {
                return keys.sort_unstable();
            }
            depth -= 1;
            let (cut, pivot, equal) = cut(keys, least);
            let (left, right) = keys.split_at_mut(cut);
            if !equal {
                run(left, least, depth);
            }
            (keys, least) = (right, pivot);
        }
        network::sort(keys);
    }
}

/// Cuts more keys than a network takes, none below `least`, at a pivot: lesser ones come to the left. Where the pivot
/// is `least` (the third result) all keys to the left equal it.
///
/// # Safety
/// The instructions are available.
#[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
pub(super) unsafe fn cut<K: Lanes>(keys: &mut [K], least: K) -> (usize, K, bool) {
    // SAFETY: the caller's contract.
    unsafe {
        let pivot = pivot(keys);
        let (cut, equal) = cut_at(keys, pivot, least);
        (cut, pivot, equal)
    }
}

/// As [`cut`], at a given pivot.
///
/// # Safety
/// The instructions are available.
#[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
unsafe fn cut_at<K: Lanes>(keys: &mut [K], pivot: K, least: K) -> (usize, bool) {
    let equal = pivot == least;
    // SAFETY: the caller's contract.
    let cut = unsafe {
        match (equal, keys.len() < LENGTHS[1]) {
            (true, true) => partition::<K, true, UNROLL_FEW>(keys, pivot),
            (true, false) => partition::<K, true, UNROLL>(keys, pivot),
            (false, true) => partition::<K, false, UNROLL_FEW>(keys, pivot),
            (false, false) => partition::<K, false, UNROLL>(keys, pivot),
        }
    };
    (cut, equal)
}

/// A key that belongs somewhat beyond `at`, on the side of more keys: so the fewer ones are left, with the one that
/// belongs there. See R. W. Floyd and R. L. Rivest, "Expected Time Bounds for Selection" (1975).
///
/// # Safety
/// The instructions are available.
#[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
unsafe fn pivot_near<K: Lanes>(keys: &[K], at: usize) -> K {
    let mut sample = [K::default(); WIDE_SAMPLE];
    let step = keys.len() / WIDE_SAMPLE;
    for (i, key) in sample.iter_mut().enumerate() {
        *key = keys[i * step + (i * 7 + 3) % step.min(64)];
    }
    // SAFETY: the caller's contract; a network takes as many.
    unsafe { network::sort(&mut sample) };
    let place = at / step.max(1);
    let margin = WIDE_SAMPLE.isqrt();
    let place = match place < WIDE_SAMPLE / 2 {
        true => place + margin,
        false => place.saturating_sub(margin),
    };
    sample[place.min(WIDE_SAMPLE - 1)]
}

/// The median of some keys.
///
/// # Safety
/// The instructions are available.
#[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
unsafe fn pivot<K: Lanes>(keys: &[K]) -> K {
    let kind = LENGTHS
        .iter()
        .filter(|&&length| keys.len() < length)
        .count();
    let count = SAMPLE[kind];
    let mut sample = [K::default(); SAMPLE[0]];
    let step = keys.len() / count;
    for (i, key) in sample[..count].iter_mut().enumerate() {
        *key = keys[i * step + (i * 7 + 3) % step.min(64)];
    }
    // SAFETY: the caller's contract.
    unsafe { network::sort(&mut sample[..count]) };
    sample[count / 2]
}

/// Moves the keys below the pivot (or equal to it) to the left, the others to the right; how many are on the left.
///
/// The first and the last keys are set aside, so that there is room at both ends for what a block of keys brings: the
/// next block always comes from the end with less room.
///
/// # Safety
/// The instructions are available.
#[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
unsafe fn partition<K: Lanes, const OR_EQUAL: bool, const COUNT: usize>(
    keys: &mut [K],
    pivot: K,
) -> usize {
    let (n, lanes) = (keys.len(), K::LANES);
    let block = COUNT * lanes;
    debug_assert!(n >= 2 * block);
    let start = keys.as_mut_ptr();
    let mut aside = [MaybeUninit::<K>::uninit(); 3 * UNROLL * 32];
    let aside = aside.as_mut_ptr().cast::<K>();
    // What is no whole block, and a block.
    let tail = n % block + block;
    // SAFETY: all places are within `keys`, as is said below.
    unsafe {
        let pivot = pivot.splat();
        std::ptr::copy_nonoverlapping(start, aside, block);
        std::ptr::copy_nonoverlapping(start.add(n - tail), aside.add(block), tail);
        // Blocks between `left` and `right` are not read yet; keys are written before `low` and from `high` on.
        let (mut left, mut right) = (block, n - tail);
        let (mut low, mut high) = (start, start.add(n));
        while left < right {
            let from = if start.add(left).offset_from(low) <= high.offset_from(start.add(right)) {
                left += block;
                left - block
            } else {
                right -= block;
                right
            };
            // There is room for a whole block on both sides.
            K::divide::<OR_EQUAL, COUNT>(start.add(from), pivot, &mut low, &mut high);
        }
        for from in (0..block + tail).step_by(lanes) {
            let valid = first((block + tail - from).min(lanes));
            let v = K::load_lanes(aside.add(from), valid, pivot);
            let below = K::below::<OR_EQUAL>(v, pivot) & valid;
            let above = !below & valid;
            let (count, rest) = (below.count_ones() as usize, above.count_ones() as usize);
            K::store_lanes(low, first(count), K::compress(below, v));
            low = low.add(count);
            high = high.sub(rest);
            K::store_lanes(high, first(rest), K::compress(above, v));
        }
        debug_assert!(low == high);
        low.offset_from_unsigned(start)
    }
}

/// The first `count` lanes.
#[inline]
fn first(count: usize) -> u32 {
    ((1u64 << count) - 1) as u32
}
