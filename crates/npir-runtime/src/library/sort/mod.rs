//! Sorting, positions in sorted arrays, partial sorting.
//!
//! Elements are mapped to unsigned numbers in the same order, NaN last. What numbers integers are is for a parameter
//! to say: 1 for unsigned ones and bools. Complex numbers have two such numbers.

mod complex;
mod element;
#[cfg(target_arch = "x86_64")]
mod network;
mod order;
mod positions;
#[cfg(target_arch = "x86_64")]
mod quick;
mod radix;
mod ranks;
mod scratch;
mod search;
#[cfg(target_arch = "x86_64")]
mod vectors;

use super::{Block, Call, Failure};
use crate::dtype::DType;
use element::Element;
use order::Key;
use positions::Positions;
pub(super) use ranks::ranks;
use scratch::{Bits, Scratch};
pub(super) use search::searchsorted;

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
                return Err(Failure::contract(
                    "complex numbers have routines of their own",
                ));
            }
        }
    };
}
use for_element;

/// Leaves complex numbers to a function of the type of their parts.
macro_rules! complex_by {
    ($call:expr, $function:ident) => {
        match $call.arrays[0].dtype() {
            DType::C64 => return complex::$function::<f32>($call),
            DType::C128 => return complex::$function::<f64>($call),
            _ => {}
        }
    };
}
use complex_by;

/// Operations that sorting takes for each element.
const WORK: usize = 30;

fn unsigned(call: &Call<'_>) -> bool {
    call.param(0) != 0
}

/// The position that a parameter names: negative ones count from the end. Beyond the end if there is none.
fn at(call: &Call<'_>) -> usize {
    let (at, n) = (call.param(1), call.arrays[0].size(0) as i64);
    let at = if at < 0 { at + n } else { at };
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// Puts the numbers of elements into an order, and the elements with these numbers into `out`.
fn reorder<T: Element>(
    x: &Block<'_>,
    out: &Block<'_>,
    unsigned: bool,
    order: impl FnOnce(&mut [T::Key]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let (x, out) = (Bits::of::<T>(x), Bits::of::<T>(out));
    let mut keys = Scratch::within(out, x, move |bits, _| T::key(bits, unsigned))?;
    order(&mut keys)?;
    keys.finish(out, move |key| T::bits(key, unsigned))
}

/// The elements in ascending order. Parameters: unsigned, stable. Only zeros of different signs tell a stable order.
pub(super) fn sort(call: &Call<'_>) -> Result<(), Failure> {
    fn run<T: Element>(blocks: &[Block<'_>], unsigned: bool, stable: bool) -> Result<(), Failure> {
        let [x, out] = blocks else { return Ok(()) };
        let elements = Bits::<T::Key>::of::<T>(x);
        let zeros = move |found, bits| found | (T::key(bits, unsigned) != T::place(bits, unsigned));
        if stable && elements.fold(0..elements.len(), false, zeros) {
            let positions = Positions::<T>::of(elements, unsigned)?;
            let numbers = positions.sorted(None, None)?;
            let out = Bits::of::<T>(out);
            let position = positions.position();
            return out.write(|i| elements.get(position(numbers[i]) as usize));
        }
        reorder::<T>(x, out, unsigned, T::Key::sort)
    }
    complex_by!(call, sort);
    let (unsigned, stable) = (unsigned(call), call.param(1) != 0);
    let run: fn(&[Block<'_>], bool, bool) -> Result<(), Failure> =
        for_element!(call.arrays[0].dtype(), run);
    call.for_each(&[1, 1], call.arrays[0].size(0) * WORK, |blocks| {
        run(blocks, unsigned, stable)
    })
}

/// The positions of elements in ascending order, stable. Parameter: unsigned.
pub(super) fn argsort(call: &Call<'_>) -> Result<(), Failure> {
    positions(call, None)
}

/// The positions of elements in an order in which the one that belongs at a position is there, smaller ones before it
/// and larger ones after it. Parameters: unsigned, position.
pub(super) fn argpartition(call: &Call<'_>) -> Result<(), Failure> {
    positions(call, Some(at(call)))
}

fn positions(call: &Call<'_>, at: Option<usize>) -> Result<(), Failure> {
    fn run<T: Element>(
        blocks: &[Block<'_>],
        unsigned: bool,
        at: Option<usize>,
    ) -> Result<(), Failure> {
        let [x, out] = blocks else { return Ok(()) };
        let out = Bits::of::<i64>(out);
        let positions = Positions::<T>::of(Bits::of::<T>(x), unsigned)?;
        let numbers = positions.sorted(Some(out), at)?;
        let position = positions.position();
        numbers.finish(out, position)
    }
    complex_by!(call, argsort);
    type Run = fn(&[Block<'_>], bool, Option<usize>) -> Result<(), Failure>;
    let unsigned = unsigned(call);
    let run: Run = for_element!(call.arrays[0].dtype(), run);
    call.for_each(&[1, 1], call.arrays[0].size(0) * WORK, |blocks| {
        run(blocks, unsigned, at)
    })
}

/// The elements with the one that belongs at a position there, smaller ones before it and larger ones after it.
/// Parameters: unsigned, position.
pub(super) fn partition(call: &Call<'_>) -> Result<(), Failure> {
    fn run<T: Element>(blocks: &[Block<'_>], unsigned: bool, at: usize) -> Result<(), Failure> {
        let [x, out] = blocks else { return Ok(()) };
        reorder::<T>(x, out, unsigned, |keys| match at < keys.len() {
            true => T::Key::select(keys, at),
            false => Ok(()),
        })
    }
    complex_by!(call, sort);
    let (unsigned, at) = (unsigned(call), at(call));
    let run: fn(&[Block<'_>], bool, usize) -> Result<(), Failure> =
        for_element!(call.arrays[0].dtype(), run);
    call.for_each(&[1, 1], call.arrays[0].size(0) * 4, |blocks| {
        run(blocks, unsigned, at)
    })
}
