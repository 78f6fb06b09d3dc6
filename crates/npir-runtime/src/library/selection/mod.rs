//! Selection by masks and counts, into arrays whose size was counted before.
//!
//! No routine writes more than its out has room for, whatever the ins hold by then.

use super::arrays::Plain;
use super::{Block, Call, Failure};
use crate::dtype::DType;

/// Elements that one word of a mask covers.
const WORD: usize = 8;

/// Writes values one after another, no more than there is room for.
struct Sink<T> {
    next: *mut T,
    stride: isize,
    room: usize,
}

impl<T: Plain> Sink<T> {
    fn of(block: &Block<'_>) -> Self {
        Sink {
            next: block.ptr(),
            stride: block.stride(0),
            room: block.size(0),
        }
    }

    fn push(&mut self, value: T) {
        if self.room > 0 {
            self.room -= 1;
            // SAFETY: an element of the block.
            unsafe { self.next.write_unaligned(value) };
            self.next = self.next.wrapping_offset(self.stride);
        }
    }

    /// Pushes those of a word of values whose byte of `chosen` is one. Where there is room for all, every one is
    /// written, and the next one takes the place of one that is not chosen: random masks cost no branches.
    fn push_chosen(&mut self, chosen: u64, value: impl Fn(usize) -> T) {
        if self.room < WORD {
            for k in (0..WORD).filter(|k| chosen >> (8 * k) & 0xff != 0) {
                self.push(value(k));
            }
            return;
        }
        let (first, mut count) = (self.next, 0);
        for k in 0..WORD {
            // SAFETY: fewer than `WORD` values come before, and there is room for `WORD`.
            unsafe {
                first
                    .wrapping_offset(count as isize * self.stride)
                    .write_unaligned(value(k))
            };
            count += (chosen >> (8 * k) & 1) as usize;
        }
        self.next = first.wrapping_offset(count as isize * self.stride);
        self.room -= count;
    }
}

/// Pushes `value(i)` for each position `i` of a vector of bytes, 0 or 1, that is 1.
fn push_where<T: Plain>(out: &mut Sink<T>, mask: &Block<'_>, n: usize, value: impl Fn(usize) -> T) {
    let (from, stride) = (mask.ptr::<u8>(), mask.stride(0));
    let mut start = 0;
    if stride == 1 {
        while start + WORD <= n {
            // SAFETY: within the mask.
            let word = unsafe { from.add(start).cast::<u64>().read_unaligned() };
            if word != 0 {
                out.push_chosen(word, |k| value(start + k));
            }
            start += WORD;
        }
    }
    for i in start..n {
        // SAFETY: within the mask.
        if unsafe { *from.offset(i as isize * stride) } != 0 {
            out.push(value(i));
        }
    }
}

/// Positions of ones of a mask.
pub(super) fn nonzero(call: &Call<'_>) -> Result<(), Failure> {
    call.for_each(&[1, 1], call.arrays[0].size(0), |blocks| {
        let mask = &blocks[0];
        push_where(&mut Sink::of(&blocks[1]), mask, mask.size(0), |i| i as i64);
        Ok(())
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
pub(super) fn compress(call: &Call<'_>) -> Result<(), Failure> {
    fn run<T: Plain>(blocks: &[Block<'_>]) {
        let (mask, x) = (&blocks[0], &blocks[1]);
        let (from, stride) = (x.ptr::<T>(), x.stride(0));
        let n = mask.size(0).min(x.size(0));
        push_where(&mut Sink::<T>::of(&blocks[2]), mask, n, |i| {
            // SAFETY: within the block.
            unsafe { from.offset(i as isize * stride).read_unaligned() }
        });
    }
    let run: fn(&[Block<'_>]) = for_type!(call.arrays[1].dtype(), run);
    call.for_each(&[1, 1, 1], call.arrays[0].size(0), |blocks| {
        run(blocks);
        Ok(())
    })
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
        let (counts, mut out) = (&blocks[0], Sink::<i64>::of(&blocks[1]));
        let (from, stride) = (counts.ptr::<i64>(), counts.stride(0));
        for i in 0..counts.size(0) {
            // SAFETY: within the block.
            let count = unsafe { from.offset(i as isize * stride).read_unaligned() };
            for _ in 0..count.min(out.room as i64) {
                out.push(i as i64);
            }
        }
        Ok(())
    })
}
