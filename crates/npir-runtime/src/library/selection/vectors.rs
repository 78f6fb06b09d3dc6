//! Selection in vectors under AVX-512: what a mask chooses is moved together in a register and written whole; the next
//! vector overwrites what follows the chosen ones.

use std::arch::x86_64::*;

/// Elements that are looked at together: as many as a vector of bytes has.
const STEP: usize = 64;

/// How far a selection got.
pub(super) struct Done {
    /// Elements that were looked at, or left to others.
    pub(super) seen: usize,
    /// Elements that were chosen and written.
    pub(super) written: usize,
}

/// Whether the processor has the instructions.
pub(super) fn available() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi2")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("popcnt")
}

/// The bytes that are not zero of the next 64.
///
/// # Safety
/// The instructions are available, and the bytes can be read.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn chosen(mask: *const u8) -> u64 {
    // SAFETY: the caller's contract.
    let bytes = unsafe { _mm512_loadu_si512(mask.cast()) };
    _mm512_test_epi8_mask(bytes, bytes)
}

/// Writes those of `n` elements whose byte of the mask is not zero, one after another, as long as there is room for
/// 64 more and so many are left.
///
/// # Safety
/// The instructions are available; mask and elements can be read, and `room` elements be written.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,bmi2,popcnt")]
pub(super) unsafe fn compress<T: Copy>(
    mask: *const u8,
    from: *const T,
    n: usize,
    to: *mut T,
    room: usize,
) -> Done {
    const { assert!(size_of::<T>().is_power_of_two() && size_of::<T>() <= 16) };
    let lanes = STEP / size_of::<T>();
    let (mut seen, mut written) = (0, 0);
    while seen + STEP <= n && written + STEP <= room {
        // SAFETY: the mask has so many elements.
        let chosen = unsafe { chosen(mask.add(seen)) };
        for part in (0..STEP).step_by(lanes).filter(|_| chosen != 0) {
            let bits = chosen >> part;
            // SAFETY: within the elements.
            let v = unsafe { _mm512_loadu_si512(from.add(seen + part).cast()) };
            let (v, count) = match size_of::<T>() {
                1 => (_mm512_maskz_compress_epi8(bits, v), bits.count_ones()),
                2 => {
                    let bits = bits as u32;
                    (_mm512_maskz_compress_epi16(bits, v), bits.count_ones())
                }
                4 => {
                    let bits = bits as u16;
                    (_mm512_maskz_compress_epi32(bits, v), bits.count_ones())
                }
                8 => {
                    let bits = bits as u8;
                    (_mm512_maskz_compress_epi64(bits, v), bits.count_ones())
                }
                _ => {
                    // Both halves of an element.
                    let bits = (3 * _pdep_u64(bits & 0xf, 0x55)) as u8;
                    (_mm512_maskz_compress_epi64(bits, v), bits.count_ones() / 2)
                }
            };
            // SAFETY: no more than `part` of these 64 come before, and there is room for all.
            unsafe { _mm512_storeu_si512(to.add(written).cast(), v) };
            written += count as usize;
        }
        seen += STEP;
    }
    Done { seen, written }
}

/// As [`compress`], of the numbers from `first` on instead of elements.
///
/// # Safety
/// As [`compress`].
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,bmi2,popcnt")]
pub(super) unsafe fn positions(
    mask: *const u8,
    first: i64,
    n: usize,
    to: *mut i64,
    room: usize,
) -> Done {
    /// So few are written one by one.
    const FEW: u32 = 4;
    let eight = _mm512_set1_epi64(8);
    let lanes = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
    let (mut seen, mut written) = (0, 0);
    while seen + STEP <= n && written + STEP <= room {
        // SAFETY: the mask has so many elements.
        let mut chosen = unsafe { chosen(mask.add(seen)) };
        let start = first + seen as i64;
        seen += STEP;
        if chosen.count_ones() <= FEW {
            while chosen != 0 {
                // SAFETY: there is room for all.
                unsafe { *to.add(written) = start + i64::from(chosen.trailing_zeros()) };
                written += 1;
                chosen &= chosen - 1;
            }
            continue;
        }
        let mut numbers = _mm512_add_epi64(_mm512_set1_epi64(start), lanes);
        for part in (0..STEP).step_by(8) {
            let bits = (chosen >> part) as u8;
            let v = _mm512_maskz_compress_epi64(bits, numbers);
            // SAFETY: no more than `part` of these 64 come before, and there is room for all.
            unsafe { _mm512_storeu_si512(to.add(written).cast(), v) };
            written += bits.count_ones() as usize;
            numbers = _mm512_add_epi64(numbers, eight);
        }
    }
    Done { seen, written }
}
