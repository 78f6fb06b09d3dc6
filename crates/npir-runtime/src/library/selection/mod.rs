//! Selection by masks and counts, into arrays whose size was counted before.
//!
//! No routine writes more than its out has room for, whatever the ins hold by then.

#[cfg(target_arch = "x86_64")]
mod vectors;

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::arrays::{Elements, Plain};
use super::{Block, Call, Failure, on_threads};
use crate::dtype::DType;

/// Elements that one word of a mask covers.
const WORD: usize = 8;
/// Elements of a mask that are worth a thread.
const PART: usize = 1 << 15;

/// Writes values one after another, no more than there is room for.
struct Sink<'a, T> {
    out: Elements<'a, T>,
    next: usize,
    end: usize,
}

impl<'a, T: Plain> Sink<'a, T> {
    /// Into the places of `out` from `start` on, `room` at most.
    fn part(out: Elements<'a, T>, start: usize, room: usize) -> Self {
        Sink {
            out,
            next: start.min(out.len()),
            end: start.saturating_add(room).min(out.len()),
        }
    }

    fn room(&self) -> usize {
        self.end - self.next
    }

    fn push(&mut self, value: T) {
        if self.next < self.end {
            // SAFETY: an element of the part.
            unsafe { self.out.set(self.next, value) };
            self.next += 1;
        }
    }

    /// Pushes those of a word of values whose byte of `chosen` is one. Where there is room for all, every one is
    /// written, and the next one takes the place of one that is not chosen: random masks cost no branches.
    fn push_chosen(&mut self, chosen: u64, value: impl Fn(usize) -> T) {
        if self.room() < WORD {
            for k in (0..WORD).filter(|k| chosen >> (8 * k) & 0xff != 0) {
                self.push(value(k));
            }
            return;
        }
        for k in 0..WORD {
            // SAFETY: fewer than `WORD` values come before, and there is room for `WORD`.
            unsafe { self.out.set(self.next, value(k)) };
            self.next += (chosen >> (8 * k) & 1) as usize;
        }
    }

    /// Pushes `value(i)` for each position `i` of a part of a mask where that is one.
    ///
    /// # Safety
    /// It is a part of the mask.
    unsafe fn push_where(
        &mut self,
        mask: Elements<'_, u8>,
        part: Range<usize>,
        value: impl Fn(usize) -> T,
    ) {
        let mut start = part.start;
        if let Some(bytes) = mask.contiguous() {
            while start + WORD <= part.end {
                // SAFETY: within the mask.
                let word = unsafe { bytes.add(start).cast::<u64>().read_unaligned() };
                if word != 0 {
                    self.push_chosen(word, |k| value(start + k));
                }
                start += WORD;
            }
        }
        for i in start..part.end {
            // SAFETY: within the mask.
            if unsafe { mask.get(i) } != 0 {
                self.push(value(i));
            }
        }
    }
}

/// How many ones there are in a part of a vector of bytes that are 0 or 1.
///
/// # Safety
/// It is a part of the mask.
unsafe fn count(mask: Elements<'_, u8>, part: Range<usize>) -> usize {
    let Some(bytes) = mask.contiguous() else {
        // SAFETY: the caller's contract.
        return part.map(|i| usize::from(unsafe { mask.get(i) })).sum();
    };
    // SAFETY: the bytes follow each other; the caller's contract.
    let bytes = unsafe { std::slice::from_raw_parts(bytes.add(part.start), part.len()) };
    let (words, rest) = bytes.as_chunks::<WORD>();
    // Bytes of a sum of 255 words do not overflow.
    let sums = words.chunks(255).map(|words| {
        let sum: u64 = words.iter().map(|word| u64::from_ne_bytes(*word)).sum();
        sum.to_ne_bytes()
            .into_iter()
            .map(usize::from)
            .sum::<usize>()
    });
    sums.sum::<usize>() + rest.iter().map(|&byte| usize::from(byte)).sum::<usize>()
}

/// Calls `push` with parts of `0..n`, on the threads of the pool, and the places for what the mask chooses there.
fn in_parts<T: Plain + Sync>(
    mask: Elements<'_, u8>,
    n: usize,
    out: Elements<'_, T>,
    push: impl Fn(Range<usize>, Sink<'_, T>) + Sync,
) -> Result<(), Failure> {
    let parts = n.div_ceil(PART);
    if parts < 2 {
        push(0..n, Sink::part(out, 0, usize::MAX));
        return Ok(());
    }
    let part = |i: usize| i * PART..n.min((i + 1) * PART);
    let counts: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
    on_threads(parts, 1, |range| {
        for i in range {
            // SAFETY: within the mask.
            counts[i].store(unsafe { count(mask, part(i)) }, Ordering::Relaxed);
        }
        Ok(())
    })?;
    let mut end = 0;
    let places = counts.into_iter().map(|count| {
        let start = end;
        end += count.into_inner();
        start..end
    });
    let places: Vec<Range<usize>> = places.collect();
    on_threads(parts, 1, |range| {
        for i in range {
            push(part(i), Sink::part(out, places[i].start, places[i].len()));
        }
        Ok(())
    })
}

/// Positions of ones of a mask.
#[cfg_attr(
    not(target_arch = "x86_64"),
    expect(unused_mut, reason = "only vectors move on")
)]
pub(super) fn nonzero(call: &Call<'_>) -> Result<(), Failure> {
    call.for_each(&[1, 1], call.arrays[0].size(0), |blocks| {
        let (mask, out) = (Elements::of(blocks[0]), Elements::of(blocks[1]));
        in_parts(
            mask,
            mask.len(),
            out,
            |mut part, mut sink: Sink<'_, i64>| {
                #[cfg(target_arch = "x86_64")]
                if let (Some(bytes), Some(to), true) =
                    (mask.contiguous(), out.contiguous(), vectors::available())
                {
                    let (first, n) = (part.start, part.len());
                    // SAFETY: the instructions are there; within the mask and the sink.
                    let done = unsafe {
                        let (bytes, to) = (bytes.add(first), to.add(sink.next));
                        vectors::positions(bytes, first as i64, n, to, sink.room())
                    };
                    part.start += done.seen;
                    sink.next += done.written;
                }
                // SAFETY: within the mask.
                unsafe { sink.push_where(mask, part, |i| i as i64) };
            },
        )
    })
}

/// Runs a function for the element type of an array.
macro_rules! for_type {
    ($dtype:expr, $function:ident) => {
        match $dtype {
            DType::Bool | DType::I8 | DType::U8 => $function::<u8>,
            DType::I16 | DType::U16 => $function::<u16>,
            DType::F16 => $function::<half::f16>,
            DType::BF16 => $function::<half::bf16>,
            DType::I32 | DType::U32 => $function::<u32>,
            DType::F32 => $function::<f32>,
            DType::I64 | DType::U64 => $function::<u64>,
            DType::F64 => $function::<f64>,
            DType::C64 => $function::<num_complex::Complex<f32>>,
            DType::C128 => $function::<num_complex::Complex<f64>>,
        }
    };
}

/// Elements where a mask is one.
#[cfg_attr(
    not(target_arch = "x86_64"),
    expect(unused_mut, reason = "only vectors move on")
)]
pub(super) fn compress(call: &Call<'_>) -> Result<(), Failure> {
    fn run<T: Plain + Sync>(blocks: &[Block<'_>]) -> Result<(), Failure> {
        let (mask, x) = (Elements::of(blocks[0]), Elements::<T>::of(blocks[1]));
        let (n, out) = (mask.len().min(x.len()), Elements::of(blocks[2]));
        in_parts(mask, n, out, |mut part, mut sink: Sink<'_, T>| {
            #[cfg(target_arch = "x86_64")]
            if let (Some(bytes), Some(from), Some(to), true) = (
                mask.contiguous(),
                x.contiguous(),
                out.contiguous(),
                vectors::available(),
            ) {
                let (first, n) = (part.start, part.len());
                // SAFETY: the instructions are there; within the mask, the elements and the sink.
                let done = unsafe {
                    let (bytes, from) = (bytes.add(first), from.add(first));
                    vectors::compress(bytes, from, n, to.add(sink.next), sink.room())
                };
                part.start += done.seen;
                sink.next += done.written;
            }
            // SAFETY: within the mask and the elements.
            unsafe { sink.push_where(mask, part, |i| x.get(i)) };
        })
    }
    let run: fn(&[Block<'_>]) -> Result<(), Failure> = for_type!(call.arrays[1].dtype(), run);
    call.for_each(&[1, 1, 1], call.arrays[0].size(0), run)
}

/// Each element as often as the size of the out says.
pub(super) fn repeat(call: &Call<'_>) -> Result<(), Failure> {
    fn run<T: Plain>(blocks: &[Block<'_>]) {
        let (x, to) = (&blocks[0], &blocks[1]);
        let (from, stride) = (x.ptr::<T>(), x.stride(0));
        let times = to.size(0).checked_div(x.size(0)).unwrap_or(0);
        let (mut next, step) = (to.ptr::<T>(), to.stride(0));
        for i in 0..x.size(0) {
            // SAFETY: within the blocks: the out has `times` places for each element.
            unsafe {
                let value = from.offset(i as isize * stride).read_unaligned();
                for _ in 0..times {
                    next.write_unaligned(value);
                    next = next.wrapping_offset(step);
                }
            }
        }
    }
    let run: fn(&[Block<'_>]) = for_type!(call.arrays[0].dtype(), run);
    call.for_each(&[1, 1], call.arrays[1].size(0), |blocks| {
        run(blocks);
        Ok(())
    })
}

/// Each position as often as the number there says.
pub(super) fn expand(call: &Call<'_>) -> Result<(), Failure> {
    call.for_each(&[1, 1], call.arrays[1].size(0), |blocks| {
        let counts = &blocks[0];
        let mut out = Sink::<i64>::part(Elements::of(blocks[1]), 0, usize::MAX);
        let (from, stride) = (counts.ptr::<i64>(), counts.stride(0));
        for i in 0..counts.size(0) {
            // SAFETY: within the block.
            let count = unsafe { from.offset(i as isize * stride).read_unaligned() };
            for _ in 0..count.min(out.room() as i64) {
                out.push(i as i64);
            }
        }
        Ok(())
    })
}
