//! Vectors of keys under AVX-512: what quicksort and the sorting network are made of.

use std::arch::x86_64::*;

/// An unsigned number of which vectors are sorted.
///
/// # Safety
/// A vector is `LANES` numbers, of any content.
pub(super) unsafe trait Lanes: Copy + Ord + Default {
    /// A register.
    type Vector: Copy;
    /// Numbers in a register: at most 32.
    const LANES: usize;
    /// The largest number.
    const LAST: Self;

    /// Whether the processor has the instructions.
    fn available() -> bool;
    /// Reads a vector at any alignment.
    ///
    /// # Safety
    /// The instructions are available, as for all of these; `from` is valid for a vector.
    unsafe fn load(from: *const Self) -> Self::Vector;
    /// Reads the lanes of `mask`; the others are those of `rest`.
    ///
    /// # Safety
    /// As [`Lanes::load`], for those lanes.
    unsafe fn load_lanes(from: *const Self, mask: u32, rest: Self::Vector) -> Self::Vector;
    /// Writes the lanes of `mask`.
    ///
    /// # Safety
    /// As [`Lanes::load_lanes`], for writes.
    unsafe fn store_lanes(to: *mut Self, mask: u32, v: Self::Vector);
    /// The same number in all lanes.
    ///
    /// # Safety
    /// The instructions are available.
    unsafe fn splat(self) -> Self::Vector;
    /// Lanes where `a < b`, or `a <= b`.
    ///
    /// # Safety
    /// The instructions are available.
    unsafe fn below<const OR_EQUAL: bool>(a: Self::Vector, b: Self::Vector) -> u32;
    /// The lanes of `mask`, moved together at the beginning.
    ///
    /// # Safety
    /// The instructions are available.
    unsafe fn compress(mask: u32, v: Self::Vector) -> Self::Vector;
    /// Writes the `COUNT` vectors at `from`: keys below the pivot (or equal to it) from `low` on, the others so that
    /// they end at `high`. May write any number on as many places as a vector has after the former and before the
    /// latter.
    ///
    /// # Safety
    /// The instructions are available; all places are valid, and those that are written may overlap those that are
    /// read.
    unsafe fn divide<const OR_EQUAL: bool, const COUNT: usize>(
        from: *const Self,
        pivot: Self::Vector,
        low: &mut *mut Self,
        high: &mut *mut Self,
    );
    /// The lesser and the greater number of each lane.
    ///
    /// # Safety
    /// The instructions are available.
    unsafe fn sort_lanes(a: Self::Vector, b: Self::Vector) -> (Self::Vector, Self::Vector);
    /// As [`Lanes::sort_lanes`], the other way round in the lanes of `greater`.
    ///
    /// # Safety
    /// The instructions are available.
    unsafe fn sort_into(
        a: Self::Vector,
        b: Self::Vector,
        greater: u32,
    ) -> (Self::Vector, Self::Vector);
    /// Lane `i ^ stride` in lane `i`.
    ///
    /// # Safety
    /// The instructions are available.
    unsafe fn across(v: Self::Vector, stride: usize) -> Self::Vector;
    /// Compares lanes `i` and `i ^ stride`; those of `greater` take the greater number, the others the lesser one.
    ///
    /// # Safety
    /// The instructions are available.
    unsafe fn exchange(v: Self::Vector, stride: usize, greater: u32) -> Self::Vector;
    /// Swaps the upper lanes of `a`, those `stride` above others, with the lower ones of `b`.
    ///
    /// # Safety
    /// The instructions are available.
    unsafe fn swap(a: Self::Vector, b: Self::Vector, stride: usize)
    -> (Self::Vector, Self::Vector);
    /// Deals the lanes out to `COUNT` piles, each to the next one, and lays these side by side; in reverse.
    ///
    /// # Safety
    /// The instructions are available.
    unsafe fn deal<const COUNT: usize>(v: Self::Vector) -> Self::Vector;
}

macro_rules! lanes {
    ($($key:ty: $lanes:literal, $mask:ty, $load:ident, $load_lanes:ident, $store_lanes:ident,
       $splat:ident ($signed:ty), $lt:ident, $le:ident, $compress:ident, $divide:ident, $min:ident, $max:ident,
       $mask_max:ident, $permute:ident, $mask_permute:ident, $order:ident, $features:literal, [$($feature:tt)+];)*) => {$(
        // SAFETY: registers of 64 bytes.
        unsafe impl Lanes for $key {
            type Vector = __m512i;
            const LANES: usize = $lanes;
            const LAST: Self = <$key>::MAX;

            fn available() -> bool {
                $(is_x86_feature_detected!($feature))&&+
            }
            #[inline]
            #[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
            unsafe fn load(from: *const Self) -> __m512i {
                // SAFETY: the caller's contract.
                unsafe { $load(from.cast()) }
            }
            #[inline]
            #[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
            unsafe fn load_lanes(from: *const Self, mask: u32, rest: __m512i) -> __m512i {
                // SAFETY: the caller's contract.
                unsafe { $load_lanes(rest, mask as $mask, from.cast()) }
            }
            #[inline]
            #[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
            unsafe fn store_lanes(to: *mut Self, mask: u32, v: __m512i) {
                // SAFETY: the caller's contract.
                unsafe { $store_lanes(to.cast(), mask as $mask, v) }
            }
            #[inline]
            #[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
            unsafe fn splat(self) -> __m512i {
                $splat(self as $signed)
            }
            #[inline]
            #[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
            unsafe fn below<const OR_EQUAL: bool>(a: __m512i, b: __m512i) -> u32 {
                if OR_EQUAL { u32::from($le(a, b)) } else { u32::from($lt(a, b)) }
            }
            #[inline]
            #[target_feature(enable = $features)]
            unsafe fn compress(mask: u32, v: __m512i) -> __m512i {
                $compress(mask as $mask, v)
            }
            #[inline]
            #[target_feature(enable = $features)]
            unsafe fn divide<const OR_EQUAL: bool, const COUNT: usize>(
                from: *const Self,
                pivot: __m512i,
                low: &mut *mut Self,
                high: &mut *mut Self,
            ) {
                // SAFETY: the caller's contract.
                unsafe {
                    let mut vectors = [pivot; COUNT];
                    for (i, v) in vectors.iter_mut().enumerate() {
                        *v = Self::load(from.add(i * $lanes));
                    }
                    for v in vectors {
                        let below = Self::below::<OR_EQUAL>(v, pivot);
                        let count = below.count_ones() as usize;
                        $divide(*low, *high, below as $mask, v);
                        *low = low.add(count);
                        *high = high.sub($lanes - count);
                    }
                }
            }
            #[inline]
            #[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
            unsafe fn sort_lanes(a: __m512i, b: __m512i) -> (__m512i, __m512i) {
                ($min(a, b), $max(a, b))
            }
            #[inline]
            #[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
            unsafe fn sort_into(a: __m512i, b: __m512i, greater: u32) -> (__m512i, __m512i) {
                let least = $min(a, b);
                let greater = greater as $mask;
                ($mask_max(least, greater, a, b), $mask_max(least, !greater, a, b))
            }
            #[inline]
            #[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
            unsafe fn across(v: __m512i, stride: usize) -> __m512i {
                $permute($order(stride as i64), v)
            }
            #[inline]
            #[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
            unsafe fn exchange(v: __m512i, stride: usize, greater: u32) -> __m512i {
                let other = $permute($order(stride as i64), v);
                $mask_max($min(v, other), greater as $mask, v, other)
            }
            #[inline]
            #[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
            unsafe fn swap(a: __m512i, b: __m512i, stride: usize) -> (__m512i, __m512i) {
                let (order, upper) = ($order(stride as i64), upper(stride) as $mask);
                ($mask_permute(a, upper, order, b), $mask_permute(b, !upper, order, a))
            }
            #[inline]
            #[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
            unsafe fn deal<const COUNT: usize>(v: __m512i) -> __m512i {
                let order: &[$key; $lanes] = const {
                    let mut order = [0; $lanes];
                    let mut lane = 0;
                    while lane < $lanes {
                        order[lane] = (lane / COUNT + lane % COUNT * ($lanes / COUNT)) as $key;
                        lane += 1;
                    }
                    &{ order }
                };
                // SAFETY: a vector.
                $permute(unsafe { Self::load(order.as_ptr()) }, v)
            }
        }
    )*};
}

/// The lanes whose number has the bit `stride`.
#[inline(always)]
pub(super) const fn upper(stride: usize) -> u32 {
    (u32::MAX / ((1 << stride) + 1)) << stride
}

/// For each mask of eight lanes the order that puts its lanes first: one permutation is cheaper than two compressions.
static ORDERS: [[u8; 8]; 256] = {
    let mut orders = [[0; 8]; 256];
    let mut mask = 0;
    while mask < 256 {
        let (mut at, mut wanted) = (0, 2);
        while wanted > 0 {
            wanted -= 1;
            let mut lane = 0;
            while lane < 8 {
                if mask >> lane & 1 == wanted {
                    orders[mask][at] = lane as u8;
                    at += 1;
                }
                lane += 1;
            }
        }
        mask += 1;
    }
    orders
};

/// Writes the lanes of `below` at `low` and the others before `high`, and anything beside them.
///
/// # Safety
/// As [`Lanes::divide`].
#[inline]
#[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
unsafe fn divide_8(low: *mut u64, high: *mut u64, below: u8, v: __m512i) {
    // SAFETY: the caller's contract.
    unsafe {
        let order = _mm_loadl_epi64(ORDERS[below as usize].as_ptr().cast());
        let v = _mm512_permutexvar_epi64(_mm512_cvtepu8_epi64(order), v);
        _mm512_storeu_si512(low.cast(), v);
        _mm512_storeu_si512(high.sub(8).cast(), v);
    }
}

/// As [`divide_8`].
///
/// # Safety
/// As [`Lanes::divide`].
#[inline]
#[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
unsafe fn divide_16(low: *mut u32, high: *mut u32, below: u16, v: __m512i) {
    let count = below.count_zeros();
    let rest = ((1u32 << count) - 1) as u16;
    // SAFETY: the caller's contract.
    unsafe {
        _mm512_storeu_si512(low.cast(), _mm512_maskz_compress_epi32(below, v));
        let above = _mm512_maskz_compress_epi32(!below, v);
        _mm512_mask_storeu_epi32(high.sub(count as usize).cast(), rest, above);
    }
}

/// As [`divide_8`].
///
/// # Safety
/// As [`Lanes::divide`].
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt,bmi2")]
unsafe fn divide_32(low: *mut u16, high: *mut u16, below: u32, v: __m512i) {
    let count = below.count_zeros();
    let rest = ((1u64 << count) - 1) as u32;
    // SAFETY: the caller's contract.
    unsafe {
        _mm512_storeu_si512(low.cast(), _mm512_maskz_compress_epi16(below, v));
        let above = _mm512_maskz_compress_epi16(!below, v);
        _mm512_mask_storeu_epi16(high.sub(count as usize).cast(), rest, above);
    }
}

/// The lane `s` apart from each.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn order_8(s: i64) -> __m512i {
    let lanes = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
    _mm512_xor_si512(lanes, _mm512_set1_epi64(s))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn order_16(s: i64) -> __m512i {
    let lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    _mm512_xor_si512(lanes, _mm512_set1_epi32(s as i32))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn order_32(s: i64) -> __m512i {
    #[rustfmt::skip]
    let lanes = _mm512_set_epi16(
        31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16,
        15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0,
    );
    _mm512_xor_si512(lanes, _mm512_set1_epi16(s as i16))
}

lanes! {
    u64: 8, u8, _mm512_loadu_si512, _mm512_mask_loadu_epi64, _mm512_mask_storeu_epi64,
        _mm512_set1_epi64 (i64), _mm512_cmplt_epu64_mask, _mm512_cmple_epu64_mask, _mm512_maskz_compress_epi64,
        divide_8, _mm512_min_epu64, _mm512_max_epu64, _mm512_mask_max_epu64, _mm512_permutexvar_epi64, _mm512_mask_permutexvar_epi64, order_8,
        "avx512f,avx512bw,popcnt,bmi2", ["avx512f" "avx512bw" "popcnt" "bmi2"];
    u32: 16, u16, _mm512_loadu_si512, _mm512_mask_loadu_epi32, _mm512_mask_storeu_epi32,
        _mm512_set1_epi32 (i32), _mm512_cmplt_epu32_mask, _mm512_cmple_epu32_mask, _mm512_maskz_compress_epi32,
        divide_16, _mm512_min_epu32, _mm512_max_epu32, _mm512_mask_max_epu32, _mm512_permutexvar_epi32, _mm512_mask_permutexvar_epi32, order_16,
        "avx512f,avx512bw,popcnt,bmi2", ["avx512f" "avx512bw" "popcnt" "bmi2"];
    u16: 32, u32, _mm512_loadu_si512, _mm512_mask_loadu_epi16, _mm512_mask_storeu_epi16,
        _mm512_set1_epi16 (i16), _mm512_cmplt_epu16_mask, _mm512_cmple_epu16_mask, _mm512_maskz_compress_epi16,
        divide_32, _mm512_min_epu16, _mm512_max_epu16, _mm512_mask_max_epu16, _mm512_permutexvar_epi16, _mm512_mask_permutexvar_epi16, order_32,
        "avx512f,avx512bw,avx512vbmi2,popcnt,bmi2", ["avx512f" "avx512bw" "avx512vbmi2" "popcnt" "bmi2"];
}
