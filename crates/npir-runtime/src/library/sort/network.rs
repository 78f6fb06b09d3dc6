//! Sorting of a few hundred numbers in vectors, by K. E. Batcher's bitonic network ("Sorting Networks and Their
//! Applications", 1968).
//!
//! Each lane of the registers is a column. Columns are sorted, side by side, then merged with their neighbours until
//! one run goes through all of them; in the end the lanes change places with the registers. So most comparisons are
//! between whole registers, which takes two instructions; those between lanes take three.
//!
//! Two runs are merged by comparing the first number of one with the last of the other, and so on, which leaves the
//! lesser half of the numbers in one and the greater half in the other. Both go up and down once, and halving the
//! distance of what is compared again and again puts them in order.

use super::vectors::{Lanes, upper};

/// Registers that a network takes at most: half of those there are, the others hold what is compared.
pub(super) const MOST: usize = 16;

/// Sorts at most [`MOST`] vectors of numbers in ascending order.
///
/// # Safety
/// The instructions are available.
#[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
pub(super) unsafe fn sort<K: Lanes>(keys: &mut [K]) {
    let vectors = keys.len().div_ceil(K::LANES).next_power_of_two();
    debug_assert!(vectors <= MOST);
    // SAFETY: the caller's contract.
    unsafe {
        match vectors {
            1 => network::<K, 1>(keys),
            2 => network::<K, 2>(keys),
            4 => network::<K, 4>(keys),
            8 => network::<K, 8>(keys),
            _ => network::<K, MOST>(keys),
        }
    }
}

/// Sorts at most `R` vectors, `R` a power of two.
///
/// # Safety
/// The instructions are available.
#[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
unsafe fn network<K: Lanes, const R: usize>(keys: &mut [K]) {
    let n = keys.len();
    // The lanes of vector `i` that have a number.
    let lanes = |i: usize| {
        let count = n.saturating_sub(i * K::LANES).min(K::LANES);
        ((1u64 << count) - 1) as u32
    };
    // SAFETY: only those lanes are read and written.
    unsafe {
        let mut v = [K::splat(K::LAST); R];
        for (i, v) in v.iter_mut().enumerate() {
            *v = K::load_lanes(keys.as_ptr().wrapping_add(i * K::LANES), lanes(i), *v);
        }
        columns::<K, R>(&mut v);
        merge_lanes::<K, R>(&mut v, 1);
        merge_lanes::<K, R>(&mut v, 2);
        merge_lanes::<K, R>(&mut v, 4);
        if K::LANES >= 16 {
            merge_lanes::<K, R>(&mut v, 8);
        }
        if K::LANES >= 32 {
            merge_lanes::<K, R>(&mut v, 16);
        }
        let places = transpose::<K, R>(&mut v);
        let to = keys.as_mut_ptr();
        for (v, i) in v.into_iter().zip(places) {
            K::store_lanes(to.wrapping_add(i * K::LANES), lanes(i), v);
        }
    }
}

/// Sorts each column.
///
/// # Safety
/// The instructions are available.
#[inline(always)]
unsafe fn columns<K: Lanes, const R: usize>(v: &mut [K::Vector; R]) {
    // SAFETY: the caller's contract.
    unsafe {
        if R >= 2 {
            fold::<K, R, 2>(v);
        }
        if R >= 4 {
            fold::<K, R, 4>(v);
            halve::<K, R, 1>(v);
        }
        if R >= 8 {
            fold::<K, R, 8>(v);
            halve::<K, R, 2>(v);
            halve::<K, R, 1>(v);
        }
        if R >= 16 {
            fold::<K, R, 16>(v);
            halve::<K, R, 4>(v);
            halve::<K, R, 2>(v);
            halve::<K, R, 1>(v);
        }
    }
}

/// Compares the first register of every `M` with the last one, the second with the last but one, and so on.
///
/// # Safety
/// The instructions are available.
#[inline(always)]
unsafe fn fold<K: Lanes, const R: usize, const M: usize>(v: &mut [K::Vector; R]) {
    for k in 0..R / 2 {
        let (start, i) = (k / (M / 2) * M, k % (M / 2));
        let (a, b) = (start + i, start + M - 1 - i);
        // SAFETY: the caller's contract.
        (v[a], v[b]) = unsafe { K::sort_lanes(v[a], v[b]) };
    }
}

/// Compares registers `S` apart.
///
/// # Safety
/// The instructions are available.
#[inline(always)]
unsafe fn halve<K: Lanes, const R: usize, const S: usize>(v: &mut [K::Vector; R]) {
    for k in 0..R / 2 {
        let a = k / S * 2 * S + k % S;
        // SAFETY: the caller's contract.
        (v[a], v[a + S]) = unsafe { K::sort_lanes(v[a], v[a + S]) };
    }
}

/// Merges runs of `lanes` columns, each with the next one.
///
/// # Safety
/// The instructions are available.
#[inline(always)]
unsafe fn merge_lanes<K: Lanes, const R: usize>(v: &mut [K::Vector; R], lanes: usize) {
    // SAFETY: the caller's contract.
    unsafe {
        let mirror = 2 * lanes - 1;
        if R == 1 {
            v[0] = K::exchange(v[0], mirror, upper(lanes));
        }
        for a in 0..R / 2 {
            let b = R - 1 - a;
            let (x, y) = K::sort_into(v[a], K::across(v[b], mirror), upper(lanes));
            (v[a], v[b]) = (x, K::across(y, mirror));
        }
        for stride in [8, 4, 2, 1] {
            if stride < lanes {
                for v in v.iter_mut() {
                    *v = K::exchange(*v, stride, upper(stride));
                }
            }
        }
        if R >= 16 {
            halve::<K, R, 8>(v);
        }
        if R >= 8 {
            halve::<K, R, 4>(v);
        }
        if R >= 4 {
            halve::<K, R, 2>(v);
        }
        if R >= 2 {
            halve::<K, R, 1>(v);
        }
    }
}

/// Brings columns that make one run, one after the other, into the order of memory, in which each register has its
/// place.
///
/// Number `i` of column `c` belongs at `R·c + i`. So the bits of a register's number and of a lane's change places: one
/// of each at a time, then what is left among the lanes, or among the registers.
///
/// # Safety
/// The instructions are available.
#[inline(always)]
unsafe fn transpose<K: Lanes, const R: usize>(v: &mut [K::Vector; R]) -> [usize; R] {
    let (rows, columns) = (R.ilog2() as usize, K::LANES.ilog2() as usize);
    // SAFETY: the caller's contract.
    unsafe {
        if R >= 2 {
            swap::<K, R, 1>(v);
        }
        if R >= 4 {
            swap::<K, R, 2>(v);
        }
        if R >= 8 {
            swap::<K, R, 4>(v);
        }
        if R >= 16 && K::LANES >= 16 {
            swap::<K, R, 8>(v);
        }
        if R < K::LANES {
            for v in v.iter_mut() {
                *v = K::deal::<R>(*v);
            }
        }
    }
    std::array::from_fn(|i| match rows.checked_sub(columns) {
        Some(more) => (i >> columns) | (i % K::LANES) << more,
        None => i,
    })
}

/// Swaps the bit `S` of a register's number with a bit of the lane's: the same one, or where there are fewer registers
/// than lanes, the one as far from the highest.
///
/// # Safety
/// The instructions are available.
#[inline(always)]
unsafe fn swap<K: Lanes, const R: usize, const S: usize>(v: &mut [K::Vector; R]) {
    let stride = S * (K::LANES / R).max(1);
    for k in 0..R / 2 {
        let a = k / S * 2 * S + k % S;
        // SAFETY: the caller's contract.
        (v[a], v[a + S]) = unsafe { K::swap(v[a], v[a + S], stride) };
    }
}
