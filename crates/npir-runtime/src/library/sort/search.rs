//! Where elements belong in a sorted vector.

use super::element::Element;
use super::scratch::Bits;
use super::{WORK, complex, complex_by, for_element, unsigned};
use crate::dtype::DType;
use crate::library::{Block, Call, Failure};

/// Before equal elements, or after them. Parameters: unsigned, right.
pub(in crate::library) fn searchsorted(call: &Call<'_>) -> Result<(), Failure> {
    fn run<T: Element>(blocks: &[Block<'_>], unsigned: bool, right: bool) -> Result<(), Failure> {
        let [sorted, values, out] = blocks else {
            return Ok(());
        };
        let (sorted, values) = (
            Bits::<T::Key>::of::<T>(sorted),
            Bits::<T::Key>::of::<T>(values),
        );
        let n = sorted.len();
        Bits::<u64>::of::<i64>(out).write(|i| {
            let wanted = T::place(values.get(i), unsigned);
            let (mut base, mut left) = (0, n);
            while left > 0 {
                let half = left / 2;
                let found = T::place(sorted.get(base + half), unsigned);
                let before = found < wanted || (right && found == wanted);
                base += if before { left - half } else { 0 };
                left = half;
            }
            base as u64
        })
    }
    complex_by!(call, searchsorted);
    let (unsigned, right) = (unsigned(call), call.param(1) != 0);
    let run: fn(&[Block<'_>], bool, bool) -> Result<(), Failure> =
        for_element!(call.arrays[0].dtype(), run);
    call.for_each(&[1, 1, 1], call.arrays[1].size(0) * WORK, |blocks| {
        run(blocks, unsigned, right)
    })
}
