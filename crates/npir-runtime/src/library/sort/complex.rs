//! Order of complex numbers, NumPy's: by their real parts, equal ones by their imaginary parts. Those with a NaN come
//! last: those with an imaginary one, then those with a real one, then those with both.

use num_complex::Complex;

use super::WORK;
use super::element::Element;
use super::order::Key;
use super::positions::Positions;
use super::scratch::{Bits, Scratch};
use crate::library::arrays::Plain;
use crate::library::{Block, Call, Failure};

/// Numbers with equal real parts that are sorted where they are.
const FEW: usize = 64;

/// What orders a complex number.
type Place = (u8, u64, u64);

/// Complex numbers in memory.
#[derive(Clone, Copy)]
struct Numbers<'a, T: Element> {
    bits: Bits<'a, [T::Key; 2]>,
}

impl<'a, T: Element> Numbers<'a, T>
where
    Complex<T>: Plain,
{
    fn of(block: &Block<'a>) -> Self {
        Numbers {
            bits: Bits::of::<Complex<T>>(block),
        }
    }

    fn len(self) -> usize {
        self.bits.len()
    }

    fn place(self, i: usize) -> Place {
        place::<T>(self.bits.get(i))
    }

    /// Positions in ascending order of the numbers, equal ones in their order.
    fn order(self) -> Result<Scratch<u64>, Failure> {
        let reals = Scratch::of(self.bits, |number, _| place::<T>(number).1)?;
        let mut order = order_of(&reals)?;
        for run in order.chunk_by_mut(|&a, &b| reals[a as usize] == reals[b as usize]) {
            if run.len() > FEW {
                let old = run.to_vec();
                let imaginary: Vec<u64> = old.iter().map(|&i| self.place(i as usize).2).collect();
                let inner = order_of(&imaginary)?;
                let pairs = run.iter_mut().zip(inner.iter());
                pairs.for_each(|(to, &from)| *to = old[from as usize]);
            } else if run.len() > 1 {
                run.sort_by_key(|&i| self.place(i as usize).2);
            }
        }
        let nan = |found, number| found | (place::<T>(number).0 > 0);
        if self.bits.fold(0..self.len(), false, nan) {
            order.sort_by_key(|&i| self.place(i as usize).0);
        }
        Ok(order)
    }
}

/// The places of both parts, behind which parts are NaN.
#[inline(always)]
fn place<T: Element>([real, imaginary]: [T::Key; 2]) -> Place {
    let part = |bits| {
        let place = T::place(bits, false);
        (u8::from(place == T::Key::LAST), place.into())
    };
    let ((real_nan, real), (imaginary_nan, imaginary)) = (part(real), part(imaginary));
    (2 * real_nan + imaginary_nan, real, imaginary)
}

/// Positions in ascending order of numbers, equal ones in their order.
fn order_of(numbers: &[u64]) -> Result<Scratch<u64>, Failure> {
    let positions = Positions::<i64>::of(Bits::over(numbers), true)?;
    let mut order = positions.sorted(None, None)?;
    let position = positions.position();
    order
        .iter_mut()
        .for_each(|number| *number = position(*number));
    Ok(order)
}

/// Runs a function on the vectors of a call: ins and an out.
fn for_each<'a>(
    call: &Call<'a>,
    run: impl Fn(&[Block<'a>]) -> Result<(), Failure> + Sync,
) -> Result<(), Failure> {
    let ranks = [1; 3];
    call.for_each(
        &ranks[..call.arrays.len()],
        call.arrays[0].size(0) * WORK,
        |blocks| run(blocks),
    )
}

/// The numbers in ascending order, which are also partitioned around any position.
pub(super) fn sort<T: Element>(call: &Call<'_>) -> Result<(), Failure>
where
    Complex<T>: Plain,
{
    for_each(call, |blocks| {
        let (numbers, out) = (Numbers::<T>::of(&blocks[0]), Numbers::<T>::of(&blocks[1]));
        let order = numbers.order()?;
        out.bits.write(|i| numbers.bits.get(order[i] as usize))
    })
}

/// The positions of numbers in ascending order, stable.
pub(super) fn argsort<T: Element>(call: &Call<'_>) -> Result<(), Failure>
where
    Complex<T>: Plain,
{
    for_each(call, |blocks| {
        let order = Numbers::<T>::of(&blocks[0]).order()?;
        Bits::<u64>::of::<i64>(&blocks[1]).write(|i| order[i])
    })
}

/// Where numbers belong in a sorted vector. Parameters: none, right.
pub(super) fn searchsorted<T: Element>(call: &Call<'_>) -> Result<(), Failure>
where
    Complex<T>: Plain,
{
    let right = call.param(1) != 0;
    for_each(call, |blocks| {
        let (sorted, values) = (Numbers::<T>::of(&blocks[0]), Numbers::<T>::of(&blocks[1]));
        Bits::<u64>::of::<i64>(&blocks[2]).write(|i| {
            let wanted = values.place(i);
            let (mut start, mut end) = (0, sorted.len());
            while start < end {
                let middle = start + (end - start) / 2;
                let found = sorted.place(middle);
                if found < wanted || (right && found == wanted) {
                    start = middle + 1;
                } else {
                    end = middle;
                }
            }
            start as u64
        })
    })
}

/// The numbers that sorting would put at positions, which are listed for each vector. A position beyond the vector is
/// its last one. Of no numbers all are NaN. Parameters: none; nan, with which all are the last number where that has a
/// NaN.
pub(super) fn ranks<T: Element>(call: &Call<'_>) -> Result<(), Failure>
where
    Complex<T>: Plain,
{
    let nan = call.param(1) != 0;
    for_each(call, |blocks| {
        let (numbers, positions, out) = (
            Numbers::<T>::of(&blocks[0]),
            &blocks[1],
            Numbers::<T>::of(&blocks[2]),
        );
        let n = numbers.len();
        if n == 0 {
            let nothing = T::bits(T::Key::LAST, false);
            return out.bits.write(|_| [nothing; 2]);
        }
        let order = numbers.order()?;
        let number = |i: usize| numbers.bits.get(order[i] as usize);
        let all = nan && place::<T>(number(n - 1)).0 > 0;
        let at = |i| match all {
            true => n - 1,
            false => positions.at::<i64>(i, 0).clamp(0, n as i64 - 1) as usize,
        };
        let at: Vec<usize> = (0..positions.size(0)).map(at).collect();
        out.bits
            .write(|i| number(at.get(i).copied().unwrap_or(n - 1)))
    })
}
