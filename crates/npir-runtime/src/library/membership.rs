//! Whether elements are among others.
//!
//! Integers of a range that is not much larger than there are elements have a bit each; others are found in a hash
//! table with open addressing. A NaN is among nothing, and zeros of both signs are one.

use std::ops::Range;

use num_complex::Complex;

use super::arrays::Plain;
use super::{Block, Call, Failure};
use crate::dtype::DType;
use crate::pool;

/// What tells elements apart.
trait Number: Copy + Eq + Sync {
    /// What an empty place of a table holds.
    const EMPTY: Self;
    /// A number that few others have.
    fn hash(self) -> u64;
    /// The distance from `low`, where that is a place of a table.
    fn distance(self, low: u64) -> Option<usize>;
}

impl Number for u64 {
    const EMPTY: u64 = u64::MAX;

    #[inline(always)]
    fn hash(self) -> u64 {
        // The finalizer of SplitMix64 (Steele, Lea, Flood 2014).
        let x = (self ^ self >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ x >> 31
    }

    #[inline(always)]
    fn distance(self, low: u64) -> Option<usize> {
        usize::try_from(self.checked_sub(low)?).ok()
    }
}

impl Number for (u64, u64) {
    const EMPTY: (u64, u64) = (u64::MAX, u64::MAX);

    #[inline(always)]
    fn hash(self) -> u64 {
        (self.0.hash() ^ self.1).hash()
    }

    #[inline(always)]
    fn distance(self, _: u64) -> Option<usize> {
        None
    }
}

/// An element of an array.
trait Element: Plain + Sync {
    type Number: Number;
    /// The same for equal elements; `None` for NaN.
    fn number(self) -> Option<Self::Number>;
    /// Whether numbers are likely to be close to each other; then that as a place in their order.
    fn place(_: Self::Number) -> Option<u64> {
        None
    }
}

macro_rules! integers {
    ($($ty:ty),*) => {$(
        impl Element for $ty {
            type Number = u64;
            #[inline(always)]
            fn number(self) -> Option<u64> {
                // In the order of signed integers; the range of unsigned ones is no larger by it, but around zero.
                Some(self as i64 as u64 ^ 1 << 63)
            }
            fn place(number: u64) -> Option<u64> {
                Some(number)
            }
        }
    )*};
}

integers! { i8, i16, i32, i64 }

/// The bits of a float, those of positive zero for both; `None` for NaN.
#[inline(always)]
fn bits(x: f64) -> Option<u64> {
    (!x.is_nan()).then(|| (x + 0.0).to_bits())
}

macro_rules! floats {
    ($($ty:ty),*) => {$(
        impl Element for $ty {
            type Number = u64;
            #[inline(always)]
            fn number(self) -> Option<u64> {
                bits(self.into())
            }
        }
    )*};
}

floats! { half::f16, half::bf16, f32, f64 }

macro_rules! complex {
    ($($ty:ty),*) => {$(
        impl Element for Complex<$ty> {
            type Number = (u64, u64);
            fn number(self) -> Option<(u64, u64)> {
                Some((bits(self.re.into())?, bits(self.im.into())?))
            }
        }
    )*};
}

complex! { f32, f64 }

/// Numbers in a hash table whose size is a power of two, at most half full.
struct Table<N> {
    places: Vec<N>,
    /// Whether it holds the number that marks an empty place.
    has_empty: bool,
}

impl<N: Number> Table<N> {
    fn of(numbers: impl Iterator<Item = N>, count: usize) -> Self {
        let mut table = Table {
            places: vec![N::EMPTY; (2 * count).next_power_of_two()],
            has_empty: false,
        };
        for number in numbers {
            table.has_empty |= number == N::EMPTY;
            let at = table.find(number, table.first(number));
            table.places[at] = number;
        }
        table
    }

    /// Where the search for a number starts.
    #[inline(always)]
    fn first(&self, number: N) -> usize {
        number.hash() as usize & (self.places.len() - 1)
    }

    /// The place of a number, or the empty one where it would be, from `at` on.
    #[inline(always)]
    fn find(&self, number: N, mut at: usize) -> usize {
        while self.places[at] != number && self.places[at] != N::EMPTY {
            at = (at + 1) & (self.places.len() - 1);
        }
        at
    }

    #[inline(always)]
    fn contains(&self, number: N, at: usize) -> bool {
        let found = self.places[self.find(number, at)];
        found == number && (number != N::EMPTY || self.has_empty)
    }
}

/// A set of numbers.
enum Set<N> {
    /// Compared one by one.
    Few(Vec<N>),
    /// A bit for each number from `low` on.
    Bits { low: u64, words: Vec<u64> },
    /// Looked up.
    Table(Table<N>),
}

/// As many numbers are compared faster than looked up.
const FEW: usize = 4;
/// Numbers that are looked up at a time, so that the memory they are in arrives at a time.
const BATCH: usize = 16;

impl<N: Number> Set<N> {
    /// The set of `numbers`, which will be asked for `queries` numbers. `place` is that of [`Element`].
    fn of(
        numbers: impl Iterator<Item = N> + Clone,
        queries: usize,
        place: fn(N) -> Option<u64>,
    ) -> Set<N> {
        let few: Vec<_> = numbers.clone().take(FEW + 1).collect();
        if few.len() <= FEW {
            return Set::Few(few);
        }
        let count = numbers.clone().count();
        let places = numbers.clone().filter_map(place);
        if let (Some(low), Some(high)) = (places.clone().min(), places.max()) {
            // A bit for each of them takes less memory than a table would.
            let room = 64 * (count as u64 + queries as u64 / 8);
            if high - low < room {
                let mut words = vec![0; (high - low) as usize / 64 + 1];
                for at in numbers.filter_map(|n| n.distance(low)) {
                    words[at / 64] |= 1 << (at % 64);
                }
                return Set::Bits { low, words };
            }
        }
        Set::Table(Table::of(numbers, count))
    }

    /// Calls `found` for each position of the range with whether its number is in the set.
    #[inline(always)]
    fn ask(
        &self,
        range: Range<usize>,
        number: impl Fn(usize) -> Option<N>,
        mut found: impl FnMut(usize, bool),
    ) {
        match self {
            Set::Few(few) => {
                for i in range {
                    found(i, number(i).is_some_and(|n| few.contains(&n)));
                }
            }
            Set::Bits { low, words } => {
                for i in range {
                    let at = number(i)
                        .and_then(|n| n.distance(*low))
                        .unwrap_or(usize::MAX);
                    let word = words.get(at / 64).copied().unwrap_or(0);
                    found(i, word >> (at % 64) & 1 != 0);
                }
            }
            Set::Table(table) => {
                let mut start = range.start;
                while start < range.end {
                    let end = range.end.min(start + BATCH);
                    let mut places = [(None, 0); BATCH];
                    for (i, place) in (start..end).zip(&mut places) {
                        let number = number(i);
                        let at = number.map_or(0, |n| table.first(n));
                        *place = (number, at);
                        touch(&table.places[at]);
                    }
                    for (i, (number, at)) in (start..end).zip(places) {
                        found(i, number.is_some_and(|n| table.contains(n, at)));
                    }
                    start = end;
                }
            }
        }
    }
}

/// Asks for memory that will be read.
#[inline(always)]
fn touch<T>(place: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, of valid memory.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

/// Elements that a thread looks up at least.
const GRAIN: usize = 8192;

/// For each element of a vector whether it is an element of another. Parameter: invert.
pub(super) fn isin(call: &Call<'_>) -> Result<(), Failure> {
    fn run<T: Element>(blocks: &[Block<'_>], invert: bool) -> Result<(), Failure> {
        let [x, test, out] = blocks else {
            return Ok(());
        };
        // SAFETY: below the sizes.
        let element = |block: &Block<'_>, i: usize| unsafe {
            let at = block.ptr::<T>().offset(i as isize * block.stride(0));
            at.read_unaligned()
        };
        let n = x.size(0).min(out.size(0));
        let numbers = (0..test.size(0)).filter_map(|i| element(test, i).number());
        let set = Set::of(numbers, n, T::place);
        let (x, out) = (Shared(x), Shared(out));
        let part = |range: Range<usize>| {
            let (x, out) = (x.block(), out.block());
            let (to, stride) = (out.ptr::<u8>(), out.stride(0));
            let number = |i| element(x, i).number();
            set.ask(range, number, |i, found| {
                // SAFETY: below the size, and only in this range.
                unsafe {
                    to.offset(i as isize * stride)
                        .write(u8::from(found != invert))
                };
            });
        };
        pool::parallel_for(n, GRAIN, part).map_err(|error| Failure::contract(error.message()))
    }
    let run: fn(&[Block<'_>], bool) -> Result<(), Failure> = match call.arrays[0].dtype() {
        DType::Bool | DType::I8 | DType::U8 => run::<i8>,
        DType::I16 | DType::U16 => run::<i16>,
        DType::I32 | DType::U32 => run::<i32>,
        DType::I64 | DType::U64 => run::<i64>,
        DType::F16 => run::<half::f16>,
        DType::BF16 => run::<half::bf16>,
        DType::F32 => run::<f32>,
        DType::F64 => run::<f64>,
        DType::C64 => run::<Complex<f32>>,
        DType::C128 => run::<Complex<f64>>,
    };
    let invert = call.param(0) != 0;
    call.for_each(&[1, 1, 1], usize::MAX, |blocks| run(blocks, invert))
}

/// A block that several threads use.
struct Shared<'b, 'a>(&'b Block<'a>);

// SAFETY: threads write different elements.
unsafe impl Send for Shared<'_, '_> {}
// SAFETY: the same.
unsafe impl Sync for Shared<'_, '_> {}

impl<'b, 'a> Shared<'b, 'a> {
    fn block(&self) -> &'b Block<'a> {
        self.0
    }
}
