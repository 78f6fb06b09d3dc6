//! Elements that sorting would put at some positions, found without sorting all.

use super::order::Key;
use super::scratch::{Bits, Scratch};
use super::{Element, complex, complex_by, for_element, unsigned};
use crate::dtype::DType;
use crate::library::{Block, Call, Failure};

/// For as many positions each one is looked for on its own.
const FEW: usize = 4;
/// About how many operations an element takes.
const WORK: usize = 6;

/// The elements that sorting would put at positions, which are listed for each vector. A position beyond the vector is
/// its last one. Of no elements all are NaN, or the largest integer. Parameters: unsigned; nan, with which all are NaN
/// where one element is.
pub(in crate::library) fn ranks(call: &Call<'_>) -> Result<(), Failure> {
    fn run<T: Element>(blocks: &[Block<'_>], unsigned: bool, nan: bool) -> Result<(), Failure> {
        let [x, positions, out] = blocks else {
            return Ok(());
        };
        let (elements, out) = (Bits::<T::Key>::of::<T>(x), Bits::<T::Key>::of::<T>(out));
        let (n, m) = (elements.len(), positions.size(0).min(out.len()));
        let greatest = move |a: T::Key, bits| a.max(T::key(bits, unsigned));
        let is_nan = nan && elements.fold(0..n, T::Key::default(), greatest) == T::Key::LAST;
        let mut found = vec![T::Key::LAST; out.len()];
        if n > 0 && !is_nan {
            let mut keys = Scratch::of(elements, move |bits, _| T::key(bits, unsigned))?;
            let at = |i| positions.at::<i64>(i, 0).clamp(0, n as i64 - 1) as usize;
            let mut order: Vec<_> = (0..m).map(|i| (at(i), i)).collect();
            order.sort_unstable();
            if m > FEW {
                T::Key::sort(&mut keys)?;
            }
            let mut start = 0;
            for (at, i) in order {
                if m <= FEW && at >= start {
                    T::Key::select(&mut keys[start..], at - start)?;
                    start = at + 1;
                }
                found[i] = keys[at];
            }
        }
        out.write(|i| T::bits(found[i], unsigned))
    }
    complex_by!(call, ranks);
    let (unsigned, nan) = (unsigned(call), call.param(1) != 0);
    let run: fn(&[Block<'_>], bool, bool) -> Result<(), Failure> =
        for_element!(call.arrays[0].dtype(), run);
    call.for_each(&[1, 1, 1], call.arrays[0].size(0) * WORK, |blocks| {
        run(blocks, unsigned, nan)
    })
}
