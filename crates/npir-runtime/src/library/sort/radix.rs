//! Sorting of unsigned numbers by their digits.
//!
//! Numbers of 32 bits are distributed by one digit after the other, from the lowest. Wider ones are distributed from
//! the top down: a level cuts the range between the smallest and the largest of its numbers into up to 2¹² buckets of
//! equal width and sorts each on its own; few numbers, and what is still together after [`LEVELS`] levels, are sorted
//! by comparison. See P. McIlroy, K. Bostic and M. McIlroy, "Engineering Radix Sort" (1993), and, for buckets by value,
//! K.-D. Neubert, "The Flashsort Algorithm" (1998).

/// A number that is sorted.
pub(super) trait Digits: Copy + Ord {
    /// Its bits.
    const BITS: u32;
    /// `self - other`, for `other <= self`.
    fn minus(self, other: Self) -> Self;
    /// The number of bits without leading zeros.
    fn width(self) -> u32;
    /// The bits above the lowest `shift`, cut to a `usize`.
    fn above(self, shift: u32) -> usize;
}

macro_rules! digits {
    ($($ty:ty)*) => {$(
        impl Digits for $ty {
            const BITS: u32 = <$ty>::BITS;
            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            #[inline(always)]
            fn width(self) -> u32 {
                <$ty>::BITS - self.leading_zeros()
            }
            #[inline(always)]
            fn above(self, shift: u32) -> usize {
                (self >> shift) as usize
            }
        }
    )*};
}

digits! { u32 u64 }

/// How many numbers are not worth a level, as a power of two.
const FEW: u32 = 5;
/// Bits of a digit of short numbers.
const SHORT_DIGIT: u32 = 11;
/// Short numbers that are worth the tables of digits.
const MANY: usize = 2048;
/// Bits of the largest digit of a level.
const MAX_DIGIT: u32 = 12;
/// Levels before clusters are left to comparison.
const LEVELS: u32 = 5;

/// Sorts `keys` in ascending order, with `room` of the same length for what is in between.
pub(super) fn sort<K: Digits>(keys: &mut [K], room: &mut [K]) {
    if u32::try_from(keys.len()).is_err() {
        keys.sort_unstable();
    } else if K::BITS <= 32 && keys.len() >= MANY {
        digits(keys, room);
    } else {
        level(keys, room, true, LEVELS);
    }
}

/// One digit after the other, from the lowest.
fn digits<K: Digits>(keys: &mut [K], room: &mut [K]) {
    const SIZE: usize = 1 << SHORT_DIGIT;
    let count = K::BITS.div_ceil(SHORT_DIGIT);
    let digit = |key: K, d: u32| key.above(d * SHORT_DIGIT) & (SIZE - 1);
    let mut places = [[0u32; SIZE]; 3];
    for &key in keys.iter() {
        for d in 0..count {
            places[d as usize][digit(key, d)] += 1;
        }
    }
    let n = keys.len();
    let (mut from, mut to, mut moved) = (keys, room, false);
    for d in 0..count {
        let places = &mut places[d as usize];
        if places[digit(from[0], d)] as usize == n {
            continue; // all have this digit
        }
        let mut sum = 0;
        for place in places.iter_mut() {
            sum += std::mem::replace(place, sum);
        }
        for &key in from.iter() {
            let place = &mut places[digit(key, d)];
            to[*place as usize] = key;
            *place += 1;
        }
        std::mem::swap(&mut from, &mut to);
        moved = !moved;
    }
    if moved {
        to.copy_from_slice(from);
    }
}

/// Sorts `from`, with `to` of the same length as room: in `from` if `stay`, else into `to`.
fn level<K: Digits>(from: &mut [K], to: &mut [K], stay: bool, levels: u32) {
    let n = from.len();
    if n <= 1 << FEW || levels == 0 {
        let keys = if stay {
            from
        } else {
            to.copy_from_slice(from);
            to
        };
        return keys.sort_unstable();
    }
    let (mut low, mut high) = (from[0], from[0]);
    for &key in from.iter() {
        low = low.min(key);
        high = high.max(key);
    }
    let range = high.minus(low).width();
    if range == 0 {
        if !stay {
            to.copy_from_slice(from);
        }
        return;
    }
    // Buckets are half full on the average.
    let digit = (n.ilog2() + 2).saturating_sub(FEW);
    let digit = digit.clamp(3, MAX_DIGIT).min(range);
    let shift = range - digit;
    // A digit is below 2^digit, as it counts from the smallest key; the mask saves the bounds check.
    let digit_of = |key: K| key.minus(low).above(shift) & ((1 << MAX_DIGIT) - 1);
    let mut ends = [0u32; 1 << MAX_DIGIT];
    for &key in from.iter() {
        ends[digit_of(key)] += 1;
    }
    let mut sum = 0;
    for end in &mut ends[..1 << digit] {
        sum += std::mem::replace(end, sum);
    }
    for &key in from.iter() {
        let place = &mut ends[digit_of(key)];
        to[*place as usize] = key;
        *place += 1;
    }
    if shift == 0 {
        if stay {
            from.copy_from_slice(to);
        }
        return;
    }
    let mut start = 0;
    for &end in &ends[..1 << digit] {
        let bucket = start..end as usize;
        start = bucket.end;
        match bucket.len() {
            0 => {}
            1 if stay => from[bucket.start] = to[bucket.start],
            1 => {}
            _ => level(
                &mut to[bucket.clone()],
                &mut from[bucket],
                !stay,
                levels - 1,
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::order::tests::random;
    use super::*;

    fn check<K: Digits + std::fmt::Debug>(mut keys: Vec<K>) {
        let mut expected = keys.clone();
        expected.sort_unstable();
        let mut room = keys.clone();
        sort(&mut keys, &mut room);
        assert!(keys == expected, "{} keys", keys.len());
    }

    #[test]
    fn all_kinds_of_keys_are_sorted() {
        for n in [0, 1, 2, 9, 48, 100, 512, 513, 5000, 70_000] {
            let keys = random(n);
            check(keys.clone());
            check(keys.iter().map(|&k| k as u32).collect::<Vec<_>>());
            check(keys.iter().map(|&k| k % 7).collect::<Vec<_>>());
            // Clusters: every level takes few keys off.
            check(keys.iter().map(|&k| 1u64 << (k % 64)).collect::<Vec<_>>());
            check(
                keys.iter()
                    .map(|&k| u64::MAX >> (k % 64))
                    .collect::<Vec<_>>(),
            );
            check((0..n as u64).collect::<Vec<_>>());
            check((0..n as u64).rev().collect::<Vec<_>>());
            check(vec![3u32; n]);
        }
    }
}
