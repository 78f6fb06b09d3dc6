//! Sorting of unsigned numbers: by vectors where the processor has them, else by their digits; short ones by counting.

use std::sync::{Mutex, PoisonError};

#[cfg(target_arch = "x86_64")]
use super::quick;
use super::radix;
use super::scratch::{Shared, no_memory, on_threads};
#[cfg(target_arch = "x86_64")]
use super::vectors::Lanes;
use crate::library::Failure;

/// A number that is sorted.
pub(super) trait Key: Copy + Ord + Default + Send + Sync + Into<u64> {
    /// The largest number.
    const LAST: Self;
    /// Sorts in ascending order.
    fn sort(keys: &mut [Self]) -> Result<(), Failure>;
    /// Puts the number that belongs at `at`, below the length, there, none greater before it, none less after it.
    fn select(keys: &mut [Self], at: usize) -> Result<(), Failure>;
}

/// Bytes that are worth a table.
const MANY_BYTES: usize = 64;
/// Numbers of 16 bits that are worth a table.
const MANY_SHORTS: usize = 1 << 16;
/// Numbers to count that are worth a thread.
const GRAIN: usize = 1 << 17;

impl Key for u8 {
    const LAST: u8 = u8::MAX;

    fn sort(keys: &mut [u8]) -> Result<(), Failure> {
        if keys.len() < MANY_BYTES || u32::try_from(keys.len()).is_err() {
            keys.sort_unstable();
            return Ok(());
        }
        // Equal bytes in a row would wait for each other in one table.
        let counts = count(keys, 256, |part, counts| {
            let mut tables = [[0u32; 256]; 4];
            let (fours, rest) = part.as_chunks::<4>();
            for four in fours {
                for (table, &key) in tables.iter_mut().zip(four) {
                    table[key as usize] += 1;
                }
            }
            for &key in rest {
                tables[0][key as usize] += 1;
            }
            for table in tables {
                counts.iter_mut().zip(table).for_each(|(a, b)| *a += b);
            }
        })?;
        write_runs(keys, &counts, |value| value as u8)
    }

    fn select(keys: &mut [u8], _: usize) -> Result<(), Failure> {
        Self::sort(keys)
    }
}

impl Key for u16 {
    const LAST: u16 = u16::MAX;

    fn sort(keys: &mut [u16]) -> Result<(), Failure> {
        if keys.len() >= MANY_SHORTS && u32::try_from(keys.len()).is_ok() {
            let counts = count(keys, 1 << 16, |part, counts| {
                for &key in part {
                    counts[key as usize] += 1;
                }
            })?;
            return write_runs(keys, &counts, |value| value as u16);
        }
        #[cfg(target_arch = "x86_64")]
        if u16::available() {
            // SAFETY: the instructions are there.
            return unsafe { quick::sort(keys) };
        }
        keys.sort_unstable();
        Ok(())
    }

    fn select(keys: &mut [u16], at: usize) -> Result<(), Failure> {
        #[cfg(target_arch = "x86_64")]
        if u16::available() {
            // SAFETY: the instructions are there.
            return unsafe { quick::select(keys, at) };
        }
        keys.select_nth_unstable(at);
        Ok(())
    }
}

macro_rules! wide {
    ($($key:ty)*) => {$(
        impl Key for $key {
            const LAST: $key = <$key>::MAX;

            fn sort(keys: &mut [$key]) -> Result<(), Failure> {
                #[cfg(target_arch = "x86_64")]
                if <$key>::available() {
                    // SAFETY: the instructions are there.
                    return unsafe { quick::sort(keys) };
                }
                let mut room = Vec::new();
                room.try_reserve_exact(keys.len()).map_err(|_| no_memory(keys.len()))?;
                room.extend_from_slice(keys);
                radix::sort(keys, &mut room);
                Ok(())
            }

            fn select(keys: &mut [$key], at: usize) -> Result<(), Failure> {
                #[cfg(target_arch = "x86_64")]
                if <$key>::available() {
                    // SAFETY: the instructions are there.
                    return unsafe { quick::select(keys, at) };
                }
                keys.select_nth_unstable(at);
                Ok(())
            }
        }
    )*};
}

wide! { u32 u64 }

/// How often each number below `values` is there; `add` counts those of a part.
fn count<K: Sync>(
    keys: &[K],
    values: usize,
    add: impl Fn(&[K], &mut [u32]) + Sync,
) -> Result<Vec<u32>, Failure> {
    let total = Mutex::new(vec![0; values]);
    on_threads(keys.len(), GRAIN, |range| {
        let mut counts = vec![0; values];
        add(&keys[range], &mut counts);
        let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
        total.iter_mut().zip(counts).for_each(|(a, b)| *a += b);
    })?;
    Ok(total.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Fills `keys` with each number as often as `counts` says.
fn write_runs<K: Copy + Send>(
    keys: &mut [K],
    counts: &[u32],
    key: impl Fn(usize) -> K + Sync,
) -> Result<(), Failure> {
    let starts: Vec<usize> = counts
        .iter()
        .scan(0, |end, &count| {
            let start = *end;
            *end += count as usize;
            Some(start)
        })
        .collect();
    let grain = counts.len() * GRAIN / keys.len().max(1) + 1;
    let shared = Shared::of(keys);
    on_threads(counts.len(), grain, |range| {
        for value in range {
            // SAFETY: runs of different numbers are disjoint.
            let run = unsafe { shared.slice(starts[value], counts[value] as usize) };
            run.fill(key(value));
        }
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// SplitMix64 (Steele, Lea, Flood 2014).
    pub(in super::super) fn random(count: usize) -> Vec<u64> {
        let mut state = 1u64;
        let next = |_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        (0..count).map(next).collect()
    }

    fn check<K: Key + std::fmt::Debug>(keys: impl Iterator<Item = K>) {
        let keys: Vec<K> = keys.collect();
        let mut expected = keys.clone();
        expected.sort_unstable();
        let mut sorted = keys.clone();
        K::sort(&mut sorted).unwrap();
        assert!(sorted == expected, "{} keys", keys.len());
        let n = keys.len();
        for at in [0, n / 3, n.saturating_sub(1)]
            .into_iter()
            .filter(|at| *at < n)
        {
            let mut part = keys.clone();
            K::select(&mut part, at).unwrap();
            let wanted = expected[at];
            assert!(part[at] == wanted, "{n} keys, {at}");
            assert!(
                part[..at].iter().all(|key| *key <= wanted),
                "{n} keys, {at}"
            );
            assert!(
                part[at..].iter().all(|key| *key >= wanted),
                "{n} keys, {at}"
            );
            part.sort_unstable();
            assert!(part == expected, "{n} keys, {at}");
        }
    }

    fn check_all(n: usize) {
        let keys = random(n);
        let each = || keys.iter().copied();
        check(each());
        check(each().map(|k| k as u32));
        check(each().map(|k| k as u16));
        check(each().map(|k| k as u8));
        // Few different ones, in clusters, sorted, all the same.
        check(each().map(|k| k % 7));
        check(each().map(|k| (k % 300) as u32));
        check(each().map(|k| (k % 9) as u16));
        check(each().map(|k| 1u64 << (k % 64)));
        check(each().map(|k| u64::MAX >> (k % 64)));
        check(0..n as u64);
        check((0..n as u32).rev());
        check(each().map(|_| u64::MAX));
        check(each().map(|_| 0u16));
    }

    #[test]
    fn all_kinds_of_keys_are_sorted() {
        // Every remainder of blocks and vectors, more than one network takes, more than one thread takes.
        (0..1200).step_by(7).for_each(check_all);
        [1023, 1024, 1025, 4097, 70_001, 200_003]
            .into_iter()
            .for_each(check_all);
    }
}
