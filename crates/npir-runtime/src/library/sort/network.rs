//! Sorting of a few hundred numbers in vectors, by K. E. Batcher's bitonic network ("Sorting Networks and Their
//! Applications", 1968).

use std::mem::MaybeUninit;

use super::vectors::Lanes;

/// Vectors that a network takes at most.
pub(super) const MOST: usize = 32;

/// Sorts at most [`MOST`] vectors of numbers in ascending order.
///
/// # Safety
/// The instructions are available.
#[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
pub(super) unsafe fn sort<K: Lanes>(keys: &mut [K]) {
    let vectors = keys.len().div_ceil(K::LANES).next_power_of_two();
    debug_assert!(vectors <= MOST);
    let mut block = [MaybeUninit::<K::Vector>::uninit(); MOST];
    // SAFETY: `vectors` registers are filled with the keys, and with the largest number after them.
    unsafe {
        let to = block.as_mut_ptr().cast::<K>();
        let last = K::splat(K::LAST);
        for v in keys.len() / K::LANES..vectors {
            K::store(to.add(v * K::LANES), last);
        }
        std::ptr::copy_nonoverlapping(keys.as_ptr(), to, keys.len());
        let block = std::slice::from_raw_parts_mut(block.as_mut_ptr().cast(), vectors);
        match vectors {
            1 => network::<K, 1>(block),
            2 => network::<K, 2>(block),
            4 => network::<K, 4>(block),
            8 => network::<K, 8>(block),
            16 => network::<K, 16>(block),
            _ => network::<K, MOST>(block),
        }
        std::ptr::copy_nonoverlapping(block.as_ptr().cast(), keys.as_mut_ptr(), keys.len());
    }
}

/// # Safety
/// The instructions are available.
#[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
unsafe fn network<K: Lanes, const COUNT: usize>(block: &mut [K::Vector]) {
    let Ok(block) = <&mut [K::Vector; COUNT]>::try_from(block) else {
        return;
    };
    // SAFETY: the caller's contract.
    unsafe {
        // Runs within each vector; those of odd vectors descend.
        for (i, vector) in block.iter_mut().enumerate() {
            let mut v = K::exchange::<1>(*vector, const { greater(1, 2) });
            v = K::exchange::<2>(v, const { greater(2, 4) });
            v = K::exchange::<1>(v, const { greater(1, 4) });
            if K::LANES >= 16 {
                v = K::exchange::<4>(v, const { greater(4, 8) });
                v = K::exchange::<2>(v, const { greater(2, 8) });
                v = K::exchange::<1>(v, const { greater(1, 8) });
            }
            if K::LANES == 32 {
                v = K::exchange::<8>(v, const { greater(8, 16) });
                v = K::exchange::<4>(v, const { greater(4, 16) });
                v = K::exchange::<2>(v, const { greater(2, 16) });
                v = K::exchange::<1>(v, const { greater(1, 16) });
            }
            *vector = within::<K>(v, i % 2 == 0);
        }
        let mut run = 2;
        while run <= COUNT {
            let mut stride = run / 2;
            while stride > 0 {
                for start in (0..COUNT).step_by(2 * stride) {
                    let up = start & run == 0;
                    for i in start..start + stride {
                        let (least, greatest) = K::sort_lanes(block[i], block[i + stride]);
                        (block[i], block[i + stride]) = if up {
                            (least, greatest)
                        } else {
                            (greatest, least)
                        };
                    }
                }
                stride /= 2;
            }
            for (i, vector) in block.iter_mut().enumerate() {
                *vector = within::<K>(*vector, i & run == 0);
            }
            run *= 2;
        }
    }
}

/// Makes a bitonic run of one vector ascending, or descending.
///
/// # Safety
/// The instructions are available.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,popcnt,bmi2")]
unsafe fn within<K: Lanes>(mut v: K::Vector, up: bool) -> K::Vector {
    let flip = if up { 0 } else { u32::MAX };
    // SAFETY: the caller's contract.
    unsafe {
        if K::LANES == 32 {
            v = K::exchange::<16>(v, const { greater(16, 0) } ^ flip);
        }
        if K::LANES >= 16 {
            v = K::exchange::<8>(v, const { greater(8, 0) } ^ flip);
        }
        v = K::exchange::<4>(v, const { greater(4, 0) } ^ flip);
        v = K::exchange::<2>(v, const { greater(2, 0) } ^ flip);
        K::exchange::<1>(v, const { greater(1, 0) } ^ flip)
    }
}

/// The lanes that take the greater number of two that are `stride` apart, where runs of `run` lanes ascend and descend
/// in turn.
const fn greater(stride: u32, run: u32) -> u32 {
    let (mut lane, mut mask) = (0, 0);
    while lane < 32 {
        if (lane & stride != 0) != (lane & run != 0) {
            mask |= 1 << lane;
        }
        lane += 1;
    }
    mask
}
