//! Elements that sorting would put at some positions, found without sorting all.
//!
//! The numbers of elements are counted in bins over their range; only those in a bin with a wanted position are looked
//! at again.

use super::{Element, unsigned};
use crate::dtype::DType;
use crate::error::RunErrorKind;
use crate::library::{Block, Call, Failure};

/// The base-2 logarithm of the number of bins.
const BITS: u32 = 14;
/// As many numbers are sorted in part, in place.
const SMALL: usize = 1 << BITS;
/// For as many positions each one is looked for on its own.
const FEW: usize = 4;
/// About how many operations an element takes.
const WORK: usize = 6;

/// `n` numbers, of which `key(i)` is number `i`, if `keep` wants it.
fn collect(
    n: usize,
    key: impl Fn(usize) -> u64,
    count: usize,
    keep: impl Fn(u64) -> bool,
) -> Result<Vec<u64>, Failure> {
    let mut kept = Vec::new();
    kept.try_reserve_exact(count).map_err(|_| Failure {
        kind: RunErrorKind::Memory,
        message: format!("no memory for {count} elements"),
    })?;
    kept.extend((0..n).map(key).filter(|&key| keep(key)));
    Ok(kept)
}

/// Appends the numbers that belong at `positions`, which ascend and are below the length.
fn pick_of(mut keys: Vec<u64>, positions: &[usize], found: &mut Vec<u64>) {
    if positions.len() > FEW {
        keys.sort_unstable();
        found.extend(positions.iter().map(|&at| keys[at]));
        return;
    }
    let mut start = 0;
    for &at in positions {
        if at >= start {
            keys[start..].select_nth_unstable(at - start);
            start = at + 1;
        }
        found.push(keys[at]);
    }
}

/// Numbers among which the wanted ones are, and their positions there.
struct Narrowed {
    keys: Vec<u64>,
    positions: Vec<usize>,
    /// Whether all are from one bin.
    together: bool,
}

/// The same of `n` numbers, of which `key(i)` is number `i`, between `low` and `high`.
fn pick_of_many(
    n: usize,
    key: impl Fn(usize) -> u64,
    bounds: [u64; 2],
    positions: &[usize],
    found: &mut Vec<u64>,
) -> Result<(), Failure> {
    let mut left = narrow(n, key, bounds, positions)?;
    while left.together && left.keys.len() > SMALL {
        let bounds = range(left.keys.len(), |i| left.keys[i]);
        if bounds[0] == bounds[1] {
            break;
        }
        left = narrow(left.keys.len(), |i| left.keys[i], bounds, &left.positions)?;
    }
    pick_of(left.keys, &left.positions, found);
    Ok(())
}

/// The numbers in the bins with wanted positions.
fn narrow(
    n: usize,
    key: impl Fn(usize) -> u64,
    [low, high]: [u64; 2],
    positions: &[usize],
) -> Result<Narrowed, Failure> {
    let shift = (64 - BITS).saturating_sub((high - low).leading_zeros());
    let bin = |key: u64| ((key - low) >> shift) as usize;
    let mut counts = vec![0usize; 1 << BITS];
    for i in 0..n {
        counts[bin(key(i))] += 1;
    }
    // Positions become those among the numbers that are kept.
    let mut wanted = vec![false; 1 << BITS];
    let mut positions = positions.to_vec();
    let mut rest = &mut positions[..];
    let (mut before, mut kept, mut bins) = (0, 0, 0);
    for (&count, wanted) in counts.iter().zip(&mut wanted) {
        let here = rest.partition_point(|&at| at < before + count);
        let (inside, later) = rest.split_at_mut(here);
        if here > 0 {
            inside.iter_mut().for_each(|at| *at = *at - before + kept);
            *wanted = true;
            kept += count;
            bins += 1;
        }
        rest = later;
        before += count;
    }
    Ok(Narrowed {
        keys: collect(n, key, kept, |key| wanted[bin(key)])?,
        positions,
        together: bins == 1,
    })
}

/// The least and the greatest of `n` numbers.
fn range(n: usize, key: impl Fn(usize) -> u64) -> [u64; 2] {
    let (mut low, mut high) = (u64::MAX, 0);
    for i in 0..n {
        let key = key(i);
        low = low.min(key);
        high = high.max(key);
    }
    [low, high]
}

/// The elements that sorting would put at positions, which are listed for each vector. A position beyond the vector is
/// its last one. Of no elements all are NaN, or the largest integer. Parameters: unsigned; nan, with which all are NaN
/// where one element is.
pub(in crate::library) fn ranks(call: &Call<'_>) -> Result<(), Failure> {
    fn run<T: Element>(blocks: &[Block<'_>], unsigned: bool, nan: bool) -> Result<(), Failure>
    where
        T::Key: Into<u64> + TryFrom<u64>,
    {
        let [x, positions, out] = blocks else {
            return Ok(());
        };
        let (n, m) = (x.size(0), positions.size(0).min(out.size(0)));
        let largest = u64::MAX >> (64 - 8 * size_of::<T>());
        let (from, step) = (x.ptr::<T>(), x.stride(0));
        let key = |i: usize| -> u64 {
            // SAFETY: below the size.
            let element = unsafe { from.offset(i as isize * step).read_unaligned() };
            element.key(unsigned).into()
        };
        let [low, high] = range(n, key);
        let write = |i: usize, key: u64| {
            let to = out.ptr::<T>().wrapping_offset(i as isize * out.stride(0));
            if let Ok(key) = T::Key::try_from(key) {
                // SAFETY: below the size.
                unsafe { to.write_unaligned(T::of_key(key, unsigned)) };
            }
        };
        if n == 0 || (nan && high == largest) {
            (0..m).for_each(|i| write(i, largest));
            return Ok(());
        }
        let at = |i| positions.at::<i64>(i, 0).clamp(0, n as i64 - 1) as usize;
        let mut order: Vec<_> = (0..m).map(|i| (at(i), i)).collect();
        order.sort_unstable();
        let ascending: Vec<_> = order.iter().map(|(at, _)| *at).collect();
        let mut found = Vec::with_capacity(m);
        if n <= SMALL {
            pick_of(collect(n, key, n, |_| true)?, &ascending, &mut found);
        } else {
            pick_of_many(n, key, [low, high], &ascending, &mut found)?;
        }
        for ((_, i), key) in order.into_iter().zip(found) {
            write(i, key);
        }
        Ok(())
    }
    let (unsigned, nan) = (unsigned(call), call.param(1) != 0);
    let run: fn(&[Block<'_>], bool, bool) -> Result<(), Failure> =
        for_element!(call.arrays[0].dtype(), run);
    call.for_each(&[1, 1, 1], call.arrays[0].size(0) * WORK, |blocks| {
        run(blocks, unsigned, nan)
    })
}
