//! Sorting of a few hundred 64-bit numbers in vectors of eight, by K. E. Batcher's bitonic network ("Sorting Networks
//! and Their Applications", 1968).

use std::arch::x86_64::*;

/// Numbers that a network takes at most.
pub(super) const MOST: usize = 512;
const LANES: usize = 8;

/// Whether the processor has the instructions.
pub(super) fn available() -> bool {
    is_x86_feature_detected!("avx512f")
}

/// Sorts at most [`MOST`] numbers in ascending order.
///
/// # Safety
/// The instructions are [`available`].
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn sort(keys: &mut [u64]) {
    let count = keys.len().max(1).next_power_of_two().max(LANES);
    debug_assert!(keys.len() <= MOST);
    let mut block = [_mm512_set1_epi64(-1); MOST / LANES];
    // SAFETY: a vector is eight numbers, and `keys` are no more than the block holds.
    unsafe {
        let to = block.as_mut_ptr().cast::<u64>();
        std::ptr::copy_nonoverlapping(keys.as_ptr(), to, keys.len());
    }
    network(&mut block[..count / LANES]);
    // SAFETY: as above.
    unsafe {
        let from = block.as_ptr().cast::<u64>();
        std::ptr::copy_nonoverlapping(from, keys.as_mut_ptr(), keys.len());
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn network(block: &mut [__m512i]) {
    // Runs of two, four and eight within each vector.
    for (i, vector) in block.iter_mut().enumerate() {
        let up = if i % 2 == 0 { 0xff } else { 0 };
        // Pairs up and down, then fours.
        let mut v = exchange::<1>(*vector, 0b0110_0110);
        v = exchange::<2>(v, 0b0011_1100);
        v = exchange::<1>(v, 0b0101_1010);
        *vector = within(v, up);
    }
    let mut run = 2;
    while run <= block.len() {
        let mut stride = run / 2;
        while stride > 0 {
            for start in (0..block.len()).step_by(2 * stride) {
                let up = start & run == 0;
                let (low, high) = block[start..start + 2 * stride].split_at_mut(stride);
                for (a, b) in low.iter_mut().zip(high) {
                    let (least, greatest) = (_mm512_min_epu64(*a, *b), _mm512_max_epu64(*a, *b));
                    (*a, *b) = if up {
                        (least, greatest)
                    } else {
                        (greatest, least)
                    };
                }
            }
            stride /= 2;
        }
        for (i, vector) in block.iter_mut().enumerate() {
            let up = if i & run == 0 { 0xff } else { 0 };
            *vector = within(*vector, up);
        }
        run *= 2;
    }
}

/// Makes a bitonic run of eight ascending, where `up` is all ones, or descending.
#[inline]
#[target_feature(enable = "avx512f")]
fn within(v: __m512i, up: u8) -> __m512i {
    let v = exchange::<4>(v, !(0b1111_0000 ^ up));
    let v = exchange::<2>(v, !(0b1100_1100 ^ up));
    exchange::<1>(v, !(0b1010_1010 ^ up))
}

/// Compares lanes `STRIDE` apart; those of `greater` take the greater number.
#[inline]
#[target_feature(enable = "avx512f")]
fn exchange<const STRIDE: i64>(v: __m512i, greater: u8) -> __m512i {
    let s = STRIDE;
    let order = _mm512_set_epi64(7 ^ s, 6 ^ s, 5 ^ s, 4 ^ s, 3 ^ s, 2 ^ s, 1 ^ s, s);
    let other = _mm512_permutexvar_epi64(order, v);
    let least = _mm512_min_epu64(v, other);
    _mm512_mask_max_epu64(least, greater, v, other)
}
