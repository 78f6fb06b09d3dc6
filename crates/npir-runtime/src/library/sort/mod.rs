//! Sorting, positions in sorted arrays, partial sorting.
//!
//! Elements are mapped to unsigned numbers in the same order, NaN last. What numbers integers are is for a parameter
//! to say: 1 for unsigned ones and bools.

#[cfg(target_arch = "x86_64")]
mod bitonic;
mod radix;
mod scratch;

use super::arrays::Plain;
use super::{Block, Call, Failure};
use crate::dtype::DType;
use scratch::Scratch;

/// An element with an order.
trait Element: Plain {
    type Key: radix::Key + Into<u64>;
    /// A number for each element, in their order. Zeros of both signs differ.
    fn key(self, unsigned: bool) -> Self::Key;
    /// An element with that number.
    fn of_key(key: Self::Key, unsigned: bool) -> Self;
    /// A number for each element, the same for equal ones.
    fn place(self, unsigned: bool) -> Self::Key {
        self.key(unsigned)
    }
}

macro_rules! integers {
    ($($ty:ty: $key:ty;)*) => {$(
        impl Element for $ty {
            type Key = $key;
            #[inline(always)]
            fn key(self, unsigned: bool) -> $key {
                let sign = if unsigned { 0 } else { <$key>::MAX / 2 + 1 };
                self as $key ^ sign
            }
            #[inline(always)]
            fn of_key(key: $key, unsigned: bool) -> $ty {
                let sign = if unsigned { 0 } else { <$key>::MAX / 2 + 1 };
                (key ^ sign) as $ty
            }
        }
    )*};
}

integers! { i8: u8; i16: u16; i32: u32; i64: u64; }

macro_rules! floats {
    ($($ty:ty: $key:ty, $zero:expr;)*) => {$(
        impl Element for $ty {
            type Key = $key;
            #[inline(always)]
            fn key(self, _: bool) -> $key {
                const SIGN: $key = <$key>::MAX / 2 + 1;
                let bits = self.to_bits();
                // Larger magnitudes of negative numbers are smaller.
                let key = if bits & SIGN == 0 { bits | SIGN } else { !bits };
                if self.is_nan() { <$key>::MAX } else { key }
            }
            #[inline(always)]
            fn of_key(key: $key, _: bool) -> $ty {
                const SIGN: $key = <$key>::MAX / 2 + 1;
                <$ty>::from_bits(if key & SIGN == 0 { !key } else { key ^ SIGN })
            }
            #[inline(always)]
            fn place(self, unsigned: bool) -> $key {
                if self == $zero { <$ty>::key($zero, unsigned) } else { self.key(unsigned) }
            }
        }
    )*};
}

floats! {
    half::f16: u16, half::f16::ZERO;
    half::bf16: u16, half::bf16::ZERO;
    f32: u32, 0.0;
    f64: u64, 0.0;
}

/// A function of the element type of an array.
macro_rules! for_element {
    ($dtype:expr, $function:ident) => {
        match $dtype {
            DType::Bool | DType::I8 | DType::U8 => $function::<i8>,
            DType::I16 | DType::U16 => $function::<i16>,
            DType::I32 | DType::U32 => $function::<i32>,
            DType::I64 | DType::U64 => $function::<i64>,
            DType::F16 => $function::<half::f16>,
            DType::BF16 => $function::<half::bf16>,
            DType::F32 => $function::<f32>,
            DType::F64 => $function::<f64>,
            DType::C64 | DType::C128 => {
                return Err(Failure::contract("complex numbers have no order"));
            }
        }
    };
}

mod ranks;
pub(super) use ranks::ranks;

/// Operations that sorting takes for each element.
const WORK: usize = 30;

fn unsigned(call: &Call<'_>) -> bool {
    call.param(0) != 0
}

/// Element `i` of a vector.
///
/// # Safety
/// `i` is below its size.
unsafe fn get<T: Plain>(x: &Block<'_>, i: usize) -> T {
    // SAFETY: the caller's contract.
    unsafe {
        x.ptr::<T>()
            .offset(i as isize * x.stride(0))
            .read_unaligned()
    }
}

fn keys<T: Element>(x: &Block<'_>, unsigned: bool) -> Result<Scratch<T::Key>, Failure> {
    // SAFETY: below the size.
    Scratch::of(x.size(0), |i| unsafe { get::<T>(x, i) }.key(unsigned))
}

/// Sorts numbers in ascending order.
fn sort_keys<K: radix::Key>(keys: &mut Scratch<K>) -> Result<(), Failure> {
    let mut room = Scratch::of(keys.len(), |_| K::default())?;
    radix::sort(keys, &mut room);
    Ok(())
}

fn write_keys<T: Element>(out: &Block<'_>, keys: &[T::Key], unsigned: bool) {
    let (to, stride) = (out.ptr::<T>(), out.stride(0));
    for (i, &key) in keys.iter().enumerate().take(out.size(0)) {
        // SAFETY: below the size.
        unsafe {
            to.offset(i as isize * stride)
                .write_unaligned(T::of_key(key, unsigned))
        };
    }
}

/// The elements in ascending order. Parameters: unsigned, stable. Only zeros of different signs tell a stable order.
pub(super) fn sort(call: &Call<'_>) -> Result<(), Failure> {
    fn run<T: Element>(blocks: &[Block<'_>], unsigned: bool, stable: bool) -> Result<(), Failure> {
        let [x, out] = blocks else { return Ok(()) };
        let zeros = |i| {
            // SAFETY: below the size.
            let element = unsafe { get::<T>(x, i) };
            element.key(unsigned) != element.place(unsigned)
        };
        if stable && (0..x.size(0)).any(zeros) {
            let (to, stride) = (out.ptr::<T>(), out.stride(0));
            return each_in_order::<T>(x, unsigned, |i, at| {
                // SAFETY: positions of elements.
                unsafe {
                    to.offset(i as isize * stride)
                        .write_unaligned(get::<T>(x, at))
                };
            });
        }
        let mut keys = keys::<T>(x, unsigned)?;
        sort_keys(&mut keys)?;
        write_keys::<T>(out, &keys, unsigned);
        Ok(())
    }
    let (unsigned, stable) = (unsigned(call), call.param(1) != 0);
    let run: fn(&[Block<'_>], bool, bool) -> Result<(), Failure> =
        for_element!(call.arrays[0].dtype(), run);
    call.for_each(&[1, 1], call.arrays[0].size(0) * WORK, |blocks| {
        run(blocks, unsigned, stable)
    })
}

/// Calls `f` with each place in ascending order and the position of the element there, equal ones in the order they
/// have.
fn each_in_order<T: Element>(
    x: &Block<'_>,
    unsigned: bool,
    mut f: impl FnMut(usize, usize),
) -> Result<(), Failure> {
    // The position decides between equal keys: it is part of the number that is sorted.
    // SAFETY: below the size.
    let place = |i| -> u64 { unsafe { get::<T>(x, i) }.place(unsigned).into() };
    let n = x.size(0);
    if size_of::<T>() <= 4 && u32::try_from(n).is_ok() {
        let mut pairs = Scratch::of(n, |i| place(i) << 32 | i as u64)?;
        sort_keys(&mut pairs)?;
        let positions = pairs
            .iter()
            .map(|pair| (pair & u64::from(u32::MAX)) as usize);
        positions.enumerate().for_each(|(i, at)| f(i, at));
    } else {
        let mut pairs = Scratch::of(n, |i| u128::from(place(i)) << 64 | i as u128)?;
        sort_keys(&mut pairs)?;
        let positions = pairs.iter().map(|&pair| pair as u64 as usize);
        positions.enumerate().for_each(|(i, at)| f(i, at));
    }
    Ok(())
}

/// The positions of elements in ascending order, stable. Parameter: unsigned.
pub(super) fn argsort(call: &Call<'_>) -> Result<(), Failure> {
    fn run<T: Element>(blocks: &[Block<'_>], unsigned: bool) -> Result<(), Failure> {
        let [x, out] = blocks else { return Ok(()) };
        let (to, stride, room) = (out.ptr::<i64>(), out.stride(0), out.size(0));
        each_in_order::<T>(x, unsigned, |i, at| {
            if i < room {
                // SAFETY: below the size.
                unsafe { to.offset(i as isize * stride).write_unaligned(at as i64) };
            }
        })
    }
    let unsigned = unsigned(call);
    let run: fn(&[Block<'_>], bool) -> Result<(), Failure> =
        for_element!(call.arrays[0].dtype(), run);
    call.for_each(&[1, 1], call.arrays[0].size(0) * WORK, |blocks| {
        run(blocks, unsigned)
    })
}

/// The elements with the one that belongs at a position there, smaller ones before it and larger ones after it.
/// Parameters: unsigned, position.
pub(super) fn partition(call: &Call<'_>) -> Result<(), Failure> {
    fn run<T: Element>(blocks: &[Block<'_>], unsigned: bool, at: usize) -> Result<(), Failure> {
        let [x, out] = blocks else { return Ok(()) };
        let mut keys = keys::<T>(x, unsigned)?;
        if at < keys.len() {
            keys.select_nth_unstable(at);
        }
        write_keys::<T>(out, &keys, unsigned);
        Ok(())
    }
    let n = call.arrays[0].size(0);
    let at = call.param(1);
    let at = if at < 0 { at + n as i64 } else { at };
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    let unsigned = unsigned(call);
    let run: fn(&[Block<'_>], bool, usize) -> Result<(), Failure> =
        for_element!(call.arrays[0].dtype(), run);
    call.for_each(&[1, 1], n * 4, |blocks| run(blocks, unsigned, at))
}

/// Where elements belong in a sorted vector: before equal ones, or after them. Parameters: unsigned, right.
pub(super) fn searchsorted(call: &Call<'_>) -> Result<(), Failure> {
    fn run<T: Element>(blocks: &[Block<'_>], unsigned: bool, right: bool) {
        let [sorted, values, out] = blocks else {
            return;
        };
        let (to, stride) = (out.ptr::<i64>(), out.stride(0));
        let n = sorted.size(0);
        for i in 0..values.size(0) {
            // SAFETY: below the size.
            let wanted = unsafe { get::<T>(values, i) }.place(unsigned);
            let (mut base, mut left) = (0, n);
            while left > 0 {
                let half = left / 2;
                // SAFETY: below the size.
                let found = unsafe { get::<T>(sorted, base + half) }.place(unsigned);
                if found < wanted || (right && found == wanted) {
                    base += half + 1;
                    left -= half + 1;
                } else {
                    left = half;
                }
            }
            // SAFETY: below the size.
            unsafe { to.offset(i as isize * stride).write_unaligned(base as i64) };
        }
    }
    let (unsigned, right) = (unsigned(call), call.param(1) != 0);
    let run: fn(&[Block<'_>], bool, bool) = for_element!(call.arrays[0].dtype(), run);
    call.for_each(&[1, 1, 1], call.arrays[1].size(0) * WORK, |blocks| {
        run(blocks, unsigned, right);
        Ok(())
    })
}
