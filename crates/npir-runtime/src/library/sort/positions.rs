//! Positions of elements in ascending order.
//!
//! A number is sorted whose lower bits are an element's position and whose upper bits are its place in the order: so
//! equal elements keep their order. Where the bits that are left do not tell all places apart, elements that are still
//! together are put in order afterwards.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::element::Element;
use super::order::Key;
use super::scratch::{Bits, Scratch, Shared, on_threads};
use crate::library::Failure;

/// Elements still together that are sorted where they lie.
const FEW: usize = 64;
/// Positions that are worth a thread.
const GRAIN: usize = 1 << 13;

/// Elements whose positions are wanted.
pub(super) struct Positions<'a, T: Element> {
    elements: Bits<'a, T::Key>,
    unsigned: bool,
    /// The least place; 0 where all places have room.
    least: u64,
    /// Bits of a place that have no room.
    shift: u32,
    /// Bits of a position.
    bits: u32,
}

impl<'a, T: Element> Positions<'a, T> {
    /// Those of the elements.
    ///
    /// # Errors
    /// A panic in a thread.
    pub(super) fn of(elements: Bits<'a, T::Key>, unsigned: bool) -> Result<Self, Failure> {
        let n = elements.len();
        let mut positions = Positions {
            elements,
            unsigned,
            least: 0,
            shift: 0,
            bits: usize::BITS - n.saturating_sub(1).leading_zeros(),
        };
        if n > 0 && size_of::<T>() as u32 * 8 + positions.bits > u64::BITS {
            let (least, greatest) = positions.bounds()?;
            let width = u64::BITS - (greatest - least).leading_zeros();
            positions.least = least;
            positions.shift = (width + positions.bits).saturating_sub(u64::BITS);
        }
        Ok(positions)
    }

    /// They in ascending order of the elements. With `at`, the one that belongs there is there, none of a greater
    /// element before it and none of a lesser one after it. The numbers are in the memory of `out`, if there is one,
    /// where that can be.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn sorted(
        &self,
        out: Option<Bits<'_, u64>>,
        at: Option<usize>,
    ) -> Result<Scratch<u64>, Failure> {
        let (least, shift, unsigned) = (self.least, self.shift, self.unsigned);
        let room = self.bits;
        let number = move |bits: T::Key, i: usize| {
            let place: u64 = T::place(bits, unsigned).into();
            // No more than one element has the position 0, which takes no bits.
            ((place - least) >> shift).checked_shl(room).unwrap_or(0) | i as u64
        };
        let mut numbers = match out {
            Some(out) => Scratch::within(out, self.elements, number)?,
            None => Scratch::of(self.elements, number)?,
        };
        match at {
            None => {
                u64::sort(&mut numbers)?;
                self.finish(&mut numbers)?;
            }
            Some(at) if at < numbers.len() => {
                u64::select(&mut numbers, at)?;
                self.finish_at(&mut numbers, at);
            }
            Some(_) => {}
        }
        Ok(numbers)
    }

    /// The position that a number has.
    pub(super) fn position(&self) -> impl Fn(u64) -> u64 + Copy + Sync + use<'a, T> {
        let mask = (1 << self.bits) - 1;
        move |number| number & mask
    }

    /// The bits of its place that a number has.
    #[inline(always)]
    fn upper(&self, number: u64) -> u64 {
        number >> self.bits
    }

    fn place(&self, number: u64) -> u64 {
        let bits = self.elements.get(self.position()(number) as usize);
        T::place(bits, self.unsigned).into()
    }

    /// The least and the greatest place.
    fn bounds(&self) -> Result<(u64, u64), Failure> {
        let bounds = Mutex::new((u64::MAX, 0));
        let unsigned = self.unsigned;
        on_threads(self.elements.len(), GRAIN, |range| {
            let join =
                |(least, greatest): (u64, u64), (low, high)| (least.min(low), greatest.max(high));
            let part = self.elements.fold(range, (u64::MAX, 0), move |part, bits| {
                let place: u64 = T::place(bits, unsigned).into();
                join(part, (place, place))
            });
            let mut bounds = bounds.lock().unwrap_or_else(PoisonError::into_inner);
            *bounds = join(*bounds, part);
        })?;
        Ok(bounds.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts in order what is still together in sorted numbers.
    fn finish(&self, numbers: &mut [u64]) -> Result<(), Failure> {
        if self.shift == 0 {
            return Ok(());
        }
        let n = numbers.len();
        // Where the first run begins that begins at `i` or after it, found before any thread writes.
        let begin = |numbers: &[u64], i: usize| {
            let same = |i: &usize| *i > 0 && self.upper(numbers[*i]) == self.upper(numbers[*i - 1]);
            (i..n).find(|i| !same(i)).unwrap_or(n)
        };
        let parts = n / GRAIN + 1;
        let bounds: Vec<usize> = (0..=parts).map(|k| begin(numbers, n * k / parts)).collect();
        let shared = Shared::of(numbers);
        on_threads(parts, 1, |range: Range<usize>| {
            let (start, end) = (bounds[range.start], bounds[range.end]);
            // SAFETY: parts are disjoint.
            let part = unsafe { shared.slice(start, end - start) };
            for run in part.chunk_by_mut(|a, b| self.upper(*a) == self.upper(*b)) {
                if run.len() > 1 {
                    self.sort_run(run);
                }
            }
        })
    }

    /// As [`Positions::finish`], after a selection.
    fn finish_at(&self, numbers: &mut [u64], at: usize) {
        if self.shift == 0 {
            return;
        }
        let upper = self.upper(numbers[at]);
        let (before, after) = numbers.split_at_mut(at);
        let low = divide(before, |number| self.upper(number) < upper);
        let high = at + divide(after, |number| self.upper(number) <= upper);
        self.sort_run(&mut numbers[low..high]);
    }

    /// Sorts numbers that differ in their positions only by the places of the elements, equal ones by position.
    fn sort_run(&self, run: &mut [u64]) {
        let order =
            |&a: &u64, &b: &u64| -> Ordering { self.place(a).cmp(&self.place(b)).then(a.cmp(&b)) };
        if run.len() <= FEW {
            return run.sort_unstable_by(order);
        }
        let mut pairs: Vec<(u64, u64)> = run.iter().map(|&a| (self.place(a), a)).collect();
        pairs.sort_unstable();
        let pairs = run.iter_mut().zip(pairs);
        pairs.for_each(|(to, (_, from))| *to = from);
    }
}

/// Moves the numbers that fit to the left; how many there are.
fn divide(numbers: &mut [u64], fits: impl Fn(u64) -> bool) -> usize {
    let mut count = 0;
    for i in 0..numbers.len() {
        let number = numbers[i];
        numbers.swap(i, count);
        count += usize::from(fits(number));
    }
    count
}
